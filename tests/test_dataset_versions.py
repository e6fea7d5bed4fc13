"""Versions of a dataset: without text and joined again, compared with one another, uploaded."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from corpus.cli import dataset_versions as cli
from corpus.dataset import build, join, upload
from corpus.dataset.build import build_without_text
from corpus.dataset.changes import DocumentChange, Summary
from corpus.dataset.copies import copies_in
from corpus.dataset.difference import Difference
from corpus.dataset.difference_page import render_difference
from corpus.dataset.features import arrow_schemas
from corpus.dataset.join import Article, articles_in, decoded
from corpus.dataset.join import join as join_texts
from corpus.dataset.manifest import read_manifest
from corpus.dataset.offsets import offsets_between
from corpus.dataset.places import Source, place_of
from corpus.dataset.raters import Rating, Ratings
from corpus.dataset.versions import last_two, latest, version_folder, version_folders
from corpus.dataset.without_text import rules_for, telling_names, without_text
from corpus.document import (
    Alignment,
    Bead,
    Claim,
    Document,
    Entity,
    Layer,
    Origin,
    Ref,
    Relation,
    Segments,
    Span,
    Target,
    Token,
)
from corpus.errors import InputError
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, ORIGINS, SEGMENTS, layers_table
from corpus.scheme import load_scheme
from corpus.store import Workspace

# Names that stand in no other file of a dataset, so that any piece of six characters tells where a text has got to.
EN = "Quvorn zethix\n\nQuvorn-plor Vyxum Dwobble blexed a gvimzup. Kwojd vluft zemq 5% ad 30,000 yuan sept 2031. Vyxum jwekd."
ZH = "鬻鬯匜彘鐾\n\n鬻鬯黻爨鼒匜齑籴鼐。黻爨将籴鼐5%，到2031年鬯建30万套鬲房。"


def words(text: str) -> tuple[Token, ...]:
    tokens, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        tokens.append(Token(start, start + len(word), "NN"))
        start += len(word)
    return tuple(tokens)


def entity(text: str, surface: str, label: str, link: str = "") -> Entity:
    start = text.index(surface)
    return Entity(Span.of(text, start, start + len(surface)), label, source="gold", link=link)


def claim(text: str, surface: str, **options: Any) -> Claim:
    start = text.index(surface)
    return Claim(Span.of(text, start, start + len(surface)), **{"type": "commitment", "stance": "support", **options})


_RARE = "鬻鬯匜彘鐾黻爨鼒齑籴鼐鬲"


def told(text: str, number: int) -> str:
    """Every article says the same in other letters: near-duplicates would all stand on one side."""
    by = number - 1
    latin = {ord(c): base + (ord(c) - base + by) % 26 for base in (65, 97) for c in map(chr, range(base, base + 26))}
    rare = {ord(c): ord(_RARE[(at + by) % len(_RARE)]) for at, c in enumerate(_RARE)}
    return "yuan".join(part.translate(latin | rare) for part in text.split("yuan"))


def english(number: int) -> Document:
    # The title stands in the text, the author does not.
    title = told("Quvorn zethix", number)
    meta = {"title": title, "author": "Pfidj Wexob", "date": "2024-03-01", "source": "River Daily"}
    return Document(f"a{number}.en", f"a{number}", "en", told(EN, number), source=f"a{number}.en.txt", meta=meta)


def chinese(number: int) -> Document:
    return Document(f"a{number}.zh", f"a{number}", "zh", told(ZH, number), source=f"a{number}.zh.txt")


def sentences(text: str) -> tuple[tuple[int, int], ...]:
    title = text.index("\n")
    middle = text.index(". " if "." in text else "。") + 1
    return (0, title), (title + 2, middle), (middle + (text[middle] == " "), len(text))


def gold_of(document: Document) -> Layer:
    text, number = document.text, int(document.id[1])

    def of(surface: str) -> str:
        return told(surface, number)

    if document.lang == "en":
        entities = (entity(text, of("Quvorn"), "PLACE", "place/q7"), entity(text, of("Vyxum Dwobble"), "FIRM"))
        # "30 000" is not as the text has it; the claimant is no mention, but stands in the text.
        targets = (Target("5%"), Target("30 000", "yuan", of("sept 2031")))
        said = of("Kwojd vluft zemq 5% ad 30,000 yuan sept 2031")
        claims = (claim(text, said, claimant=of("Vyxum"), targets=targets),)
        head, tail = text.index(of("Vyxum Dwobble")), ZH.index("黻爨")
        ends = Ref(document.id, "entity", head, head + 13), Ref(f"{document.pair}.zh", "entity", tail, tail + 2)
        return Layer(document.id, document.sha, "gold", "1 annotator", entities, claims, (Relation("same_as", *ends),))
    entities = (entity(text, of("鬻鬯"), "PLACE", "place/q7"), entity(text, of("黻爨"), "FIRM"))
    start = text.index(of("黻爨"))
    targets = (Target("30万", of("套鬲房"), "2031年"),)
    claims = (
        claim(text, of("鬯建30万套鬲房"), claimant=of("黻爨"), claimant_span=(start, start + 2), targets=targets),
    )
    return Layer(document.id, document.sha, "gold", "1 annotator", entities, claims)


def add_pair(workspace: Workspace, number: int) -> None:
    en, zh = english(number), chinese(number)
    workspace.append(DOCUMENTS, [en, zh])
    workspace.append(ORIGINS, [Origin(d.id, d.sha, d.source, "f" * 64, "utf-8", "text") for d in (en, zh)])
    workspace.append(SEGMENTS, [Segments(d.id, d.sha, sentences(d.text), words(d.text)) for d in (en, zh)])
    beads = tuple(Bead((a,), (b,), 0.9) for a, b in zip(sentences(en.text), sentences(zh.text), strict=True))
    workspace.append(ALIGNMENTS, [Alignment(en.pair, en.id, zh.id, en.sha, zh.sha, beads)])
    workspace.append(GOLD, [gold_of(en), gold_of(zh)])


def made(workspace: Workspace, **options: Any) -> Path:
    return Path(str(build(workspace, **options).notes["path"]))


def made_bare(workspace: Workspace, full: Path) -> Path:
    return full.parent / build_without_text(workspace, full.name)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace.create(tmp_path_factory.mktemp("versions") / "w")
    for number in range(1, 6):
        add_pair(made, number)
    raters = layers_table("raters")
    made.append(raters, [gold_of(english(1)), gold_of(chinese(2))])
    return made


@pytest.fixture(scope="module")
def full(workspace: Workspace) -> Path:
    people = {id: [Rating(id, "somebody", "2024-03-02", 61.5, "v1")] for id in ("a1.en", "a2.zh")}
    return made(workspace, ratings=Ratings(layers_table("raters"), people))


@pytest.fixture(scope="module")
def bare(workspace: Workspace, full: Path) -> Path:
    return made_bare(workspace, full)


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(1, 6):
        for document in (english(number), chinese(number)):
            (folder / f"{document.id}.txt").write_text(document.text, encoding="utf-8")
    return folder


def parquet(folder: Path) -> dict[str, Any]:
    return {path.relative_to(folder).as_posix(): pq.read_table(path) for path in sorted(folder.rglob("*.parquet"))}


def same(full: Path, joined: Path) -> None:
    before, after = parquet(full), parquet(joined)
    assert before.keys() == after.keys()
    for name, table in before.items():
        assert after[name].schema.equals(table.schema, check_metadata=True)
        assert after[name].to_pylist() == table.to_pylist()


def run_script(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(folder / "join.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


# Without text


def test_every_string_of_every_configuration_is_thought_of() -> None:
    mark = {"entities.text": "slice", "claims.text": "slice", "claims.claimant": "place"}
    targets = {f"claims.targets.{name}": "place" for name in ("value", "unit", "by")}
    expected = {
        "documents": {"text": "text", **mark, **targets, "meta.value": "place"},
        "ner": {"tokens": "tokens"},
        "ner_words": {"tokens": "tokens"},
        "claims": {
            **dict.fromkeys(("claimant", "claimant_id", "claimant_en", "claimant_zh", "quantities.unit"), "place"),
            **{path.removeprefix("claims."): rule for path, rule in targets.items()},
            "text": "slice",
            "context": "stretch",
        },
        "parallel": {
            **dict.fromkeys(("en", "zh"), "stretch"),
            "en_entities.text": "slice",
            "zh_entities.text": "slice",
        },
        "raters": {"text": "text", **mark, **targets},
    }
    schemas = arrow_schemas(load_scheme())
    rules = {config: {path: rule.rule for path, rule in rules_for(config, s).items()} for config, s in schemas.items()}
    # A new column has to be decided about here: what is text of an article, and how does it come back?
    assert rules == expected


def test_a_column_that_nobody_has_thought_of_counts_as_text() -> None:
    import pyarrow as pa

    schema = pa.schema([("document", pa.string()), ("summary", pa.string()), ("score", pa.float32())])
    assert {path: rule.rule for path, rule in rules_for("new", schema).items()} == {"summary": "place"}


def test_what_comes_back_is_what_was_there(bare: Path, full: Path, articles: Path, tmp_path: Path) -> None:
    rows = "\n".join(
        json.dumps({"id": p.stem, "text": p.read_text("utf-8"), "author": "Pfidj Wexob"}) for p in articles.iterdir()
    )
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    done = run_script(bare, tmp_path / "rows.jsonl", tmp_path / "out", "--json")
    assert (done.returncode, json.loads(done.stdout)["verified"]) == (0, True), done.stderr
    same(full, tmp_path / "out")
    assert read_manifest(tmp_path / "out").version == read_manifest(full).version
    from datasets import load_dataset

    for folder in (bare, tmp_path / "out"):
        for config in ("documents", "ner", "ner_words", "claims", "parallel", "raters"):
            loaded = load_dataset(str(folder), config, cache_dir=str(tmp_path / "cache"))
            assert all(len(split) for split in loaded.values())
            assert ("text" in loaded["train"].features) == (
                folder != bare and config in ("documents", "claims", "raters")
            )


def pieces_of(text: str) -> set[str]:
    found = {text[at : at + 6] for at in range(len(text) - 5)}
    return {piece for piece in found if any(ord(c) > 0x3000 or c.isalpha() for c in piece)}


def test_no_piece_of_a_text_is_in_any_file(bare: Path, full: Path) -> None:
    pieces = {piece for n in range(1, 6) for document in (english(n), chinese(n)) for piece in pieces_of(document.text)}
    pieces |= pieces_of("Pfidj Wexob")
    seen: list[str] = []
    for path in sorted(bare.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            seen += [data.decode("utf-8", "replace"), data.decode("utf-16-le", "replace")]
            if path.suffix == ".json":
                seen.append(json.dumps(json.loads(data), ensure_ascii=False))
            if path.suffix == ".parquet":
                # Decoded, with the metadata, and the least and greatest values that the file keeps of each column.
                seen += [json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False), str(pq.read_schema(path))]
                file = pq.ParquetFile(path)
                groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
                seen += [str(g.column(i).statistics) for g in groups for i in range(g.num_columns)]
    found = {piece for each in seen for piece in pieces if piece in each}
    assert not found
    # The same search finds them where they are.
    whole = json.dumps(pq.read_table(full / "documents" / "train.parquet").to_pylist(), ensure_ascii=False)
    assert any(piece in whole for piece in pieces)


def test_only_whole_texts_have_a_digest(bare: Path) -> None:
    shas = {document.sha for n in range(1, 6) for document in (english(n), chinese(n))}
    for config, table in ((path.split("/")[0], table) for path, table in parquet(bare).items()):
        text = json.dumps(table.to_pylist())
        long = {word for word in text.replace('"', " ").split() if len(word) == 64 and word.isalnum()}
        assert long <= (shas | {"f" * 64} if config == "documents" else set())


def test_metadata_that_is_in_no_text_is_withheld_and_counted(bare: Path, articles: Path, tmp_path: Path) -> None:
    manifest = read_manifest(bare)
    assert (manifest.text, manifest.extra["withheld"]) == (False, {"documents.meta.author": 5})
    found = join_texts(bare, articles_in(articles), tmp_path / "out")
    assert (found.agreeing, found.verified, found.withheld, found.filled) == (10, False, 5, 0)
    rows = [
        row for path, table in parquet(tmp_path / "out").items() if "documents" in path for row in table.to_pylist()
    ]
    meta = {each["key"]: each["value"] for row in rows if row["id"] == "a1.en" for each in row["meta"]}
    assert (meta["title"], meta["author"]) == ("Quvorn zethix", "")
    named = [replace(a, meta={"author": "Somebody Else"}) for a in articles_in(articles)]
    found = join_texts(bare, named, tmp_path / "named")
    assert (found.verified, found.filled) == (False, 5)
    assert "need not be those of the dataset" in found.lines()[-1]


def test_an_unchanged_version_gives_the_same_made_bare(workspace: Workspace, full: Path, bare: Path) -> None:
    before = (bare / "dataset.json").stat().st_mtime_ns
    assert made_bare(workspace, full) == bare
    assert (bare / "dataset.json").stat().st_mtime_ns == before
    assert (workspace.root / "datasets" / "latest").read_text().strip() == full.name
    with pytest.raises(InputError, match="without text already"):
        without_text(bare, bare.parent / "twice")


def test_a_version_without_its_documents_is_refused(growing: Workspace, tmp_path: Path) -> None:
    ner = made(growing, configs=("ner",))
    with pytest.raises(InputError, match="without the configuration documents"):
        without_text(ner, tmp_path / "out")
    with pytest.raises(InputError, match="without the configuration documents"):
        Difference(ner, ner)


def test_names_that_repeat_the_text_are_told() -> None:
    row = {"id": "rents-will-fall-in-lanxi.en", "text": "Rents will fall in Lanxi.", "provenance": {"source": "x.txt"}}
    assert telling_names(row) == ["rents-will-fall-in-lanxi.en"]
    assert telling_names({**row, "id": "兰溪市房租将下降", "text": "昨日，兰溪市房租将下降。"}) == ["兰溪市房租将下降"]
    assert telling_names({**row, "id": "rents.en", "pair": "2024/rents"}) == []


def test_telling_names_are_counted_and_said_before_an_upload(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    document = Document("rents-will-fall-in-lanxi.en", "", "en", "Rents will fall in Lanxi.")
    workspace.append(DOCUMENTS, [document])
    workspace.append(SEGMENTS, [Segments(document.id, document.sha, ((0, len(document.text)),), words(document.text))])
    workspace.append(GOLD, [Layer(document.id, document.sha, "gold", "1 annotator")])
    bare = made_bare(workspace, made(workspace))
    done = CliRunner().invoke(cli.push, ["group/news", str(bare), "--dry-run"])
    assert "whose id, file name or address repeats their text: 1" in done.stderr


TEXT = st.text(st.sampled_from('浙江ABab ,1"[]?\\\n'), max_size=30)


@given(TEXT, TEXT, TEXT)
def test_a_string_comes_back_from_its_place(value: str, text: str, other: str) -> None:
    place = place_of(value, [Source(text), Source(other[2:], "b", 2)])
    if place == join.WITHHELD:
        assert decoded(place, "a", {"a": text, "b": other}.__getitem__) == ""
    elif text and other:
        assert decoded(place, "a", {"a": text, "b": other}.__getitem__) == value
    # What is given as it is has no more letters in a row than a word has.
    given_letters = "".join(c if c.isalpha() else " " for c in place.replace(" of ", "").replace("lower", "")).split()
    assert all(len(run) <= 3 for run in given_letters if run != "b")


@given(
    st.text(st.sampled_from("Lanxi 兰溪"), min_size=1, max_size=12), st.text(st.sampled_from("Lanxi 兰溪"), max_size=40)
)
def test_where_a_text_has_a_string_only_its_place_is_given(value: str, text: str) -> None:
    if value in text:
        at = place_of(value, [Source(text)])
        start, end = map(int, at.strip("[]").split(":"))
        assert text[start:end] == value


# Joining


def test_any_copy_that_comes_to_the_same_text_will_do(bare: Path, full: Path, articles: Path, tmp_path: Path) -> None:
    text = english(1).text
    (articles / "a1.en.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n")
    (articles / "a2.en.txt").write_text(
        "".join(f"{line}  \n" for line in english(2).text.split("\n")), encoding="utf-8"
    )
    (articles / "a3.en.txt").write_text(
        f"Printed from the web\n\n{english(3).text}\n\nAll rights reserved", encoding="utf-8"
    )
    (articles / "a4.en.txt").rename(articles / "any other name.txt")
    (articles / "a4.zh.txt").write_bytes(chinese(4).text.encode("gb18030"))
    (articles / "a5.zh.txt").write_bytes(chinese(5).text.encode("utf-16"))
    found = join_texts(bare, articles_in(articles), tmp_path / "out")
    assert found.changed == {
        "a1.en": "byte-order mark, line ends (CRLF), final line breaks",
        "a2.en": "final line breaks, blanks at the ends of lines",
        "a3.en": "what stands around it left out (43 characters)",
    }
    assert (len(found.exact), found.missing, found.other) == (7, [], {})
    table = pq.read_table(tmp_path / "out" / "documents" / "train.parquet")
    assert (
        table.column("text").to_pylist()
        == pq.read_table(full / "documents" / "train.parquet").column("text").to_pylist()
    )


def test_composed_characters_agree(tmp_path: Path) -> None:
    text = "Lánxi"
    wanted = {"a": join.Wanted(join.sha(text), len(text))}
    found, _ = join.gather(wanted, [Article("a.txt", ("a",), "La\u0301nxi\n")], join.Texts())
    assert found.changed == {"a": "composed characters (NFC), final line breaks"}


def test_copies_that_are_broken_or_hold_other_metadata(bare: Path, tmp_path: Path) -> None:
    rows = [{"id": "x", "text": english(1).text, "meta": meta} for meta in (["a"], [{"key": "k", "value": "v"}], 3)]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    (tmp_path / "rows.jsonl").write_bytes(lines)
    assert [dict(found.meta).get("k") for found in articles_in(tmp_path / "rows.jsonl")] == [None, "v", None]
    whole = gzip.compress(lines)
    for name, data in (("cut", whole[:-12]), ("spoiled", whole[:12] + b"\xff" * 20 + whole[32:]), ("none", b"text")):
        path = tmp_path / f"{name}.jsonl.gz"
        path.write_bytes(data)
        done = run_script(bare, path, tmp_path / "out")
        assert done.returncode == 1
        assert "cannot be unpacked" in done.stderr, done.stderr


def test_the_folder_that_one_is_in_can_be_written_to(
    bare: Path, articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert join_texts(bare, articles_in(articles), Path()).agreeing == 10
    assert (tmp_path / "here" / "dataset.json").is_file()


def test_what_does_not_agree_is_named_and_nothing_is_written(bare: Path, articles: Path, tmp_path: Path) -> None:
    (articles / "a1.en.txt").write_text("Another text.", encoding="utf-8")
    (articles / "a2.zh.txt").unlink()
    (articles / "a2.zh.html").write_text("<p>page</p>", encoding="utf-8")
    (articles / "a3.zh.txt").unlink()
    done = run_script(bare, articles, tmp_path / "out")
    assert done.returncode == 1
    assert "7 of 10 documents have their text" in done.stderr
    assert f"a1.en: {articles}/a1.en.txt: another text (13 characters, expected {len(english(1).text)})" in done.stderr
    assert "a2.zh.html: such a file is not read by this script" in done.stderr
    assert "a3.zh: missing" in done.stderr
    assert "nothing written" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles"]
    assert run_script(bare, articles, tmp_path / "out", "--partial").returncode == 0
    manifest = read_manifest(tmp_path / "out")
    rows = [
        row for name, table in parquet(tmp_path / "out").items() if "documents" in name for row in table.to_pylist()
    ]
    assert {row["id"] for row in rows} == {f"a{n}.{lang}" for n in range(1, 6) for lang in ("en", "zh")} - {
        "a1.en",
        "a2.zh",
        "a3.zh",
    }
    assert (manifest.version, manifest.extra["joined"]["documents"]) == (
        f"{read_manifest(bare).extra['with_text']}-part",
        7,
    )
    parallel = [
        row["pair"]
        for name, table in parquet(tmp_path / "out").items()
        if "parallel" in name
        for row in table.to_pylist()
    ]
    assert set(parallel) == {"a4", "a5"}
    # Whatever refers to a text that is not there is gone with it, and no digest of short strings is left to guess from.
    assert all(row["text"] for row in rows)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda bare, out: (bare / "ner" / "train.parquet").write_bytes(b"PAR1"), "is damaged"),
        (lambda bare, out: (bare / "ner" / "train.parquet").unlink(), "missing"),
        (lambda bare, out: (bare / "join.json").unlink(), "no dataset without text"),
        (lambda bare, out: (out / "there").mkdir(parents=True), "is there already"),
    ],
)
def test_a_dataset_that_is_damaged_or_a_folder_in_the_way_is_refused(
    bare: Path, articles: Path, tmp_path: Path, harm: Any, said: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bare, copy)
    harm(copy, tmp_path / "out")
    done = run_script(copy, articles, tmp_path / "out")
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "documents").exists()


def test_articles_that_cannot_be_used_are_one_line(bare: Path, tmp_path: Path) -> None:
    assert "no such file" in run_script(bare, tmp_path / "nowhere", tmp_path / "out").stderr
    (tmp_path / "rows.jsonl").write_text("{", encoding="utf-8")
    assert "line 1: not JSON" in run_script(bare, tmp_path / "rows.jsonl", tmp_path / "out").stderr
    assert run_script(bare).returncode == 2


def test_a_workspace_and_packed_rows_and_parquet_are_read(
    bare: Path, full: Path, workspace: Workspace, tmp_path: Path
) -> None:
    join_texts(bare, articles_in(workspace.root), tmp_path / "one")
    same(full, tmp_path / "one")
    rows = "".join(
        json.dumps({"id": d.id, "text": d.text}) + "\n" for n in range(1, 6) for d in (english(n), chinese(n))
    )
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    assert join_texts(bare, articles_in(tmp_path / "rows.jsonl.gz"), tmp_path / "two").agreeing == 10
    assert join_texts(bare, articles_in(full / "documents"), tmp_path / "three").agreeing == 10


def test_hemu_reads_the_pages_that_a_script_does_not(tmp_path: Path) -> None:
    from corpus.ingest import ingest

    pages = tmp_path / "pages"
    pages.mkdir()
    for n in range(1, 4):
        body = "".join(
            f"<p>{line}, said officials of ward {n} in the town hall today.</p>"
            for line in ("Rents fell", "Taxes rose")
        )
        (pages / f"ward{n}.en.html").write_text(
            f"<html><head><title>W</title></head><body><article><h1>Ward {n}</h1>{body}</article></body></html>"
        )
    workspace = Workspace.create(tmp_path / "w")
    assert ingest(workspace, [pages]).done == 3
    for document in workspace.documents().values():
        workspace.append(
            SEGMENTS, [Segments(document.id, document.sha, ((0, len(document.text)),), words(document.text))]
        )
        workspace.append(
            GOLD, [Layer(document.id, document.sha, "gold", "1 annotator", (entity(document.text, "Ward", "PLACE"),))]
        )
    full = made(workspace)
    bare = made_bare(workspace, full)
    refused = run_script(bare, pages, tmp_path / "out")
    assert refused.returncode == 1
    assert "this is its file, but is not read by this script; hemu dataset join reads it" in refused.stderr
    done = CliRunner().invoke(cli.join, [str(bare), str(pages), str(tmp_path / "out"), "--json"], standalone_mode=False)
    assert (done.return_value, json.loads(done.stdout)["verified"]) == (0, True)
    same(full, tmp_path / "out")
    assert len(list(copies_in([pages]))) == 3


# Differences


@pytest.fixture
def growing(tmp_path: Path) -> Workspace:
    workspace = Workspace.create(tmp_path / "w")
    for number in range(1, 5):
        add_pair(workspace, number)
    return workspace


def differences(before: Path, after: Path) -> tuple[dict[str, DocumentChange], Summary]:
    found = Difference(before, after)
    return {change.id: change for change in found}, found.summary


def test_the_same_version_differs_in_nothing(full: Path) -> None:
    changes, summary = differences(full, full)
    assert (changes, summary.same, summary.documents) == ({}, True, {"unchanged": 10})


def test_every_kind_of_change_of_a_mark_is_named(growing: Workspace) -> None:
    first = made(growing)
    gold = gold_of(english(1))
    place, firm = gold.entities
    moved = Entity(Span.of(english(1).text, firm.start, firm.start + 5), "FIRM", source="gold")
    added = entity(english(1).text, "gvimzup", "POLICY")
    changed = replace(gold.claims[0], stance="oppose", targets=gold.claims[0].targets[:1])
    growing.append(
        GOLD, [replace(gold, entities=(replace(place, label="AGENCY"), moved, added), claims=(changed,), relations=())]
    )
    zh = gold_of(chinese(2))
    growing.append(GOLD, [replace(zh, entities=zh.entities[1:], claims=(replace(zh.claims[0], type="demand"),))])
    changes, summary = differences(first, made(growing))
    # Its other version has lost what joined the two.
    assert (changes.pop("a1.zh").columns, set(changes)) == (("links",), {"a1.en", "a2.zh"})
    said = [(c.what, c.kind, c.label, c.attributes) for c in changes["a1.en"].changes]
    assert said == [
        ("entity", "relabelled", "AGENCY", ("label",)),
        ("entity", "moved", "FIRM", ("edges",)),
        ("entity", "added", "POLICY", ()),
        ("claim", "changed", "commitment", ("stance", "targets")),
        ("relation", "removed", "same_as", ()),
    ]
    assert [(c.what, c.kind) for c in changes["a2.zh"].changes] == [("entity", "removed"), ("claim", "relabelled")]
    assert summary.relabelled == {"PLACE → AGENCY": 1, "commitment → demand": 1}
    assert summary.marks["entity"]["en"]["POLICY"] == {"added": 1}
    assert summary.documents == {"unchanged": 5, "changed": 3}
    assert "gold" in summary.settings


def test_marks_go_along_with_a_text_that_has_changed(growing: Workspace) -> None:
    first = made(growing)
    old = english(1)
    document = replace(old, text=old.text.replace("\n\n", "\n\nBefore all that. ", 1))
    shift = len("Before all that. ")
    gold = gold_of(old)
    late = [
        replace(e, span=Span(e.start + shift, e.end + shift, e.span.surface)) if e.start > 15 else e
        for e in gold.entities
    ]
    claims = [replace(c, span=Span(c.start + shift, c.end + shift, c.span.surface)) for c in gold.claims]
    relation = gold.relations[0]
    head = replace(relation.head, start=relation.head.start + shift, end=relation.head.end + shift)
    growing.append(DOCUMENTS, [document])
    growing.append(SEGMENTS, [Segments(document.id, document.sha, ((0, len(document.text)),), words(document.text))])
    layer = replace(
        gold, sha=document.sha, entities=tuple(late), claims=tuple(claims), relations=(replace(relation, head=head),)
    )
    growing.append(GOLD, [layer])
    changes, summary = differences(first, made(growing))
    change = changes["a1.en"]
    assert (change.text, change.characters) == (True, (len(old.text), len(document.text)))
    assert not change.changes
    assert {"sentences", "tokens"} <= set(change.columns)
    assert summary.documents["other text"] == 1


def test_documents_and_sides_and_schemes_are_compared(growing: Workspace) -> None:
    first = made(growing)
    add_pair(growing, 9)
    second = made(growing, held_out=frozenset({"a1", "a2", "a3"}))
    changes, summary = differences(first, second)
    assert changes["a9.en"].kind == "added"
    assert len(changes["a9.en"].changes) == 4
    moved = {id: change.split for id, change in changes.items() if change.kind == "changed"}
    sides = {
        row["id"]: path for path, table in parquet(first).items() if "documents" in path for row in table.to_pylist()
    }
    assert all(sides[id] == f"documents/{split[0]}.parquet" for id, split in moved.items())
    assert sum(summary.splits.values()) == summary.documents["moved"] == len(moved) > 0
    assert summary.settings["settings.held_out"] == ([], ["a1", "a2", "a3"])
    assert {"train", "test"} <= {split for pair in moved.values() for split in pair}
    backwards, _ = differences(second, first)
    assert backwards["a9.zh"].kind == "removed"


def test_the_names_of_two_schemes_are_compared(growing: Workspace, tmp_path: Path) -> None:
    shutil.copytree(growing.root, tmp_path / "other")
    scheme = tmp_path / "other" / "scheme.toml"
    text = scheme.read_text("utf-8").replace('name = "POLICY"', 'name = "PROGRAMME"')
    # Types are numbers in the files: in another order they are still the same types.
    first, second = text.index("[[claims.types]]"), text.index("[[claims.types]]", text.index("[[claims.types]]") + 1)
    third = text.index("[[claims.types]]", second + 1)
    scheme.write_text(text[:first] + text[second:third] + text[first:second] + text[third:], encoding="utf-8")
    changes, summary = differences(made(growing), made(Workspace.open(tmp_path / "other")))
    assert summary.scheme == {"labels": {"added": ["PROGRAMME"], "removed": ["POLICY"]}}
    assert not changes
    assert "scheme.digest" in summary.settings


def test_versions_without_text_can_be_compared(growing: Workspace) -> None:
    first = made_bare(growing, made(growing))
    gold = gold_of(english(1))
    growing.append(GOLD, [replace(gold, entities=gold.entities[:1])])
    whole = made(growing)
    second = made_bare(growing, whole)
    for after in (second, whole):
        changes, _ = differences(first, after)
        assert [(c.what, c.kind, c.label) for c in changes["a1.en"].changes] == [("entity", "removed", "FIRM")]


def test_the_command_prints_a_table_json_and_a_page(growing: Workspace, tmp_path: Path) -> None:
    made(growing)
    gold = gold_of(english(1))
    growing.append(GOLD, [replace(gold, entities=(replace(gold.entities[0], label="AGENCY"), gold.entities[1]))])
    made(growing)
    runner = CliRunner()
    done = runner.invoke(cli.diff, ["-w", str(growing.root)], standalone_mode=False)
    assert done.return_value == 0
    assert "entity AGENCY, English" in done.stdout
    assert "a1.en: 1 entity relabelled" in done.stdout
    row = json.loads(runner.invoke(cli.diff, ["-w", str(growing.root), "--json"]).stdout)
    assert [document["id"] for document in row["documents"]] == ["a1.en"]
    assert row["summary"]["relabelled"] == {"PLACE → AGENCY": 1}
    page = tmp_path / "diff.html"
    runner.invoke(cli.diff, ["-w", str(growing.root), "--html", str(page)])
    assert '<mark class="both">Quvorn</mark>' in page.read_text("utf-8")
    listed = json.loads(runner.invoke(cli.versions, ["-w", str(growing.root), "--json"]).stdout)
    assert [each["latest"] for each in listed] == [False, True]


def test_a_page_escapes_what_is_in_it(growing: Workspace) -> None:
    first = made(growing)
    document = Document("x.en", "", "en", "<script>alert(1)</script> rents fell.")
    growing.append(DOCUMENTS, [document])
    growing.append(SEGMENTS, [Segments(document.id, document.sha, ((0, len(document.text)),), words(document.text))])
    growing.append(GOLD, [Layer(document.id, document.sha, "gold", "1 annotator")])
    second = made(growing)
    growing.append(
        GOLD, [Layer(document.id, document.sha, "gold", "1 annotator", (entity(document.text, "<script>", "FIRM"),))]
    )
    assert "x.en" in render_difference(Difference(first, second))
    page = render_difference(Difference(second, made(growing)))
    assert "<script>" not in page
    assert '<mark class="after">&lt;script&gt;</mark>' in page


def test_versions_are_found_by_their_first_digits(growing: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no version of the dataset yet"):
        version_folder(growing.root, "latest")
    first = made(growing)
    with pytest.raises(InputError, match="only one version yet"):
        last_two(growing.root)
    add_pair(growing, 8)
    second = made(growing)
    assert version_folder(growing.root, first.name[:6]) == first
    assert (latest(growing.root), last_two(growing.root)) == (second, (first, second))
    assert version_folders(growing.root) == [first, second]
    with pytest.raises(InputError, match="there are: "):
        version_folder(growing.root, "nothing-like-it")
    with pytest.raises(InputError, match="no dataset of hemu"):
        Difference(tmp_path, second)
    growing.append(GOLD, [gold_of(english(1))])
    made(growing)
    assert last_two(growing.root) == (first, second)


@given(st.text(st.sampled_from("ab\n房 "), max_size=60), st.text(st.sampled_from("ab\n房 "), max_size=60))
def test_offsets_lead_to_the_same_characters(before: str, after: str) -> None:
    offsets = offsets_between(before, after)
    for start in range(len(before)):
        for end in range(start + 1, min(len(before), start + 4) + 1):
            if found := offsets.span(start, end):
                assert after[found[0] : found[1]] == before[start:end]
    assert offsets_between(before, before).span(0, len(before)) == ((0, len(before)) if before else None)


# Upload


@dataclass
class Hub:
    """The few endpoints of the Hub that an upload uses, with what was sent to them."""

    url: str = ""
    token: str = "hf_secretsecretsecret"
    status: int = 200
    private: dict[str, bool] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def answer(self, row: Any, status: int = 200) -> None:
        data = json.dumps(row).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_request(self) -> None:
        hub, path, body = self.hub, self.path.split("?")[0], self.body()
        hub.asked.append(f"{self.command} {path}")
        if not path.startswith("/store/") and self.headers.get("authorization") != f"Bearer {hub.token}":
            self.answer({"error": "Invalid username or password."}, 401)
        elif hub.status != 200 and path != "/api/validate-yaml":
            self.answer({"error": "You don't have the rights"}, hub.status)
        elif path == "/api/repos/create":
            row = json.loads(body)
            name = f"{row['organization']}/{row['name']}"
            there = name in hub.private
            hub.private.setdefault(name, row.get("visibility") == "private" or bool(row.get("private")))
            self.answer({"url": f"{hub.url}/datasets/{name}"}, 409 if there else 200)
        elif path == "/api/validate-yaml":
            self.answer({"errors": [], "warnings": []})
        elif path.startswith("/api/datasets/") and self.command == "GET":
            name = "/".join(path.split("/")[3:5])
            files = [{"rfilename": file} for file in hub.files]
            self.answer({"id": name, "private": hub.private[name], "siblings": files, "sha": "0" * 40, "tags": []})
        elif "/preupload/" in path:
            rows = [
                {
                    "path": f["path"],
                    "shouldIgnore": False,
                    "uploadMode": "lfs" if f["path"].endswith(".parquet") else "regular",
                }
                for f in json.loads(body)["files"]
            ]
            self.answer({"files": rows})
        elif path.endswith("/info/lfs/objects/batch"):
            actions = lambda oid: {"upload": {"href": f"{hub.url}/store/{oid}"}}  # noqa: E731
            self.answer(
                {
                    "transfer": "basic",
                    "objects": [{**o, "actions": actions(o["oid"])} for o in json.loads(body)["objects"]],
                }
            )
        elif path.startswith("/store/"):
            hub.stored[path.rpartition("/")[2]] = body
            self.answer({})
        elif "/commit/" in path:
            for line in body.splitlines():
                row = json.loads(line)
                value = row["value"]
                if row["key"] == "file":
                    hub.files[value["path"]] = base64.b64decode(value["content"])
                elif row["key"] == "lfsFile":
                    hub.files[value["path"]] = hub.stored[value["oid"]]
                elif row["key"] == "deletedFile":
                    del hub.files[value["path"]]
            hub.commits.append(f"{len(hub.commits) + 1:040x}")
            self.answer({"commitUrl": f"{hub.url}/datasets/o/n/commit/{hub.commits[-1]}", "commitOid": hub.commits[-1]})
        elif "/tag/" in path:
            tag = json.loads(body)["tag"]
            there = tag in hub.tags
            hub.tags.setdefault(tag, path.rpartition("/")[2])
            self.answer({}, 409 if there else 200)
        else:
            self.answer({"error": f"nothing at {path}"}, 404)

    do_GET = do_POST = do_PUT = handle_request  # noqa: N815


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    found = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": found}))
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    monkeypatch.setenv("HF_TOKEN", found.token)
    # Its own protocol for large files is not that of a server of a few lines.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    yield found
    server.shutdown()
    server.server_close()


def test_a_version_is_one_commit_and_a_tag(hub: Hub, full: Path, bare: Path) -> None:
    sent = upload.push(upload.prepare(full, "group/news"))
    assert hub.private == {"group/news": True}
    assert hub.files == {p.relative_to(full).as_posix(): p.read_bytes() for p in full.rglob("*") if p.is_file()}
    assert (len(hub.commits), hub.tags) == (1, {full.name: hub.commits[0]})
    assert (sent.commit, sent.removed, sent.url) == (hub.commits[0], 0, f"{hub.url}/datasets/group/news")
    hub.files |= {"NOTES.md": b"theirs", "ner/train-00000-of-00002.parquet": b"old"}
    again = upload.push(upload.prepare(bare, "group/news"))
    # What an earlier version has left is gone, what hemu has not made is still there.
    expected = {p.relative_to(bare).as_posix() for p in bare.rglob("*") if p.is_file()}
    assert (set(hub.files), again.removed) == ({*expected, "NOTES.md"}, 1)
    assert set(hub.tags) == {full.name, bare.name}


def test_a_dry_run_sends_nothing(hub: Hub, workspace: Workspace, full: Path) -> None:
    options = ["group/news", full.name, "-w", str(workspace.root), "--dry-run"]
    done = CliRunner().invoke(cli.push, options, standalone_mode=False)
    assert done.return_value == 0
    assert "to group/news, private" in done.stderr
    assert "documents/train.parquet" in done.stdout
    row = json.loads(CliRunner().invoke(cli.push, [*options, "--public", "--json"]).stdout)
    assert (row["sent"], row["private"], row["bytes"]) == (False, False, sum(size for _, size in row["files"]))
    assert hub.asked == []


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "token is not valid"), (403, "write access to group"), (404, "no such place"), (500, "the Hub failed")],
)
def test_a_refusal_is_one_line_without_the_token(hub: Hub, full: Path, status: int, said: str) -> None:
    hub.status = status
    with pytest.raises(InputError, match=said) as caught:
        upload.push(upload.prepare(full, "group/news"))
    assert hub.token not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not hub.files


def test_a_hub_that_is_not_there_and_a_token_that_is_not(
    hub: Hub, full: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(InputError, match="cannot be uploaded"):
        upload.push(upload.prepare(full, "group/news"))
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(InputError, match="set HF_TOKEN"):
        upload.push(upload.prepare(full, "group/news"))


def test_a_public_repository_is_not_taken_for_a_private_one(hub: Hub, full: Path) -> None:
    hub.private["group/news"] = False
    with pytest.raises(InputError, match="is public; say --public"):
        upload.push(upload.prepare(full, "group/news"))
    assert not hub.files
    upload.push(upload.prepare(full, "group/news", private=False))
    assert hub.files


def test_texts_that_may_not_be_passed_on_are_not(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    add_pair(workspace, 1)
    add_pair(workspace, 2)
    full = made(workspace)
    config = workspace.root / "hemu.toml"
    config.write_text(config.read_text("utf-8").replace("[dataset]", '[dataset]\ntext = "none"'), encoding="utf-8")
    with pytest.raises(InputError, match="hemu dataset --no-text"):
        upload.prepare(full, "group/news")
    runner = CliRunner()
    refused = runner.invoke(cli.push, ["group/news", "-w", str(workspace.root), "--dry-run"], standalone_mode=False)
    assert isinstance(refused.exception, InputError)
    bare = made_bare(Workspace.open(workspace.root), full)
    # The latest version is then sent without its text.
    done = runner.invoke(cli.push, ["group/news", "-w", str(workspace.root), "--dry-run", "--json"])
    assert json.loads(done.stdout)["version"] == bare.name
    # A manifest that says so does not make it so.
    row = json.loads((full / "dataset.json").read_text("utf-8"))
    (full / "dataset.json").write_text(json.dumps({**row, "text": False}), encoding="utf-8")
    with pytest.raises(InputError, match="holds the texts"):
        upload.prepare(full, "group/news")


@pytest.mark.parametrize("name", ["news", "group/", "a/b/c", "group/new s", "group/..", "-x/news"])
def test_a_name_that_is_none_is_refused(full: Path, name: str) -> None:
    with pytest.raises(InputError, match="expected OWNER/NAME"):
        upload.prepare(full, name)
