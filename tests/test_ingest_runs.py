"""What a run of ingest does beside reading: patterns, pairs from a file, what was withdrawn, explaining, dry runs."""

import io
import os
import re
import sys
import time
import zipfile
from pathlib import Path

import pytest

import annotators
import corpus
from corpus.clean import Cleaned
from corpus.document import Document, Removal
from corpus.errors import InputError
from corpus.ingest import RawDocument, ingest
from corpus.ingest.find import OWN
from corpus.ingest.sources import suffix_of
from corpus.schema import DOCUMENTS, ORIGINS, REMOVALS
from corpus.store import Workspace

ENGLISH = "The ferry sails at noon, said the harbour master."
CHINESE = "港务长说，渡轮中午开船。"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def pairs_of(workspace: Workspace) -> dict[str, str]:
    return {d.id: d.pair for d in workspace.documents().values()}


def page(text: str) -> str:
    return f"<!DOCTYPE html><html><body><article><h1>Ferry</h1><p>{text * 9}</p></article></body></html>"


def packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


# Patterns.


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("in/*.txt", ["a"]),
        ("in/**/*.txt", ["a", "sub/b", "sub/deep/c"]),
        ("in/**", ["a", "sub/b", "sub/deep/c"]),
        ("in/sub/?.txt", ["b"]),
        ("in/s*", ["sub/b", "sub/deep/c"]),
        ("in/[a-b].txt", ["a"]),
        ("i*/**/deep/*", ["in/sub/deep/c"]),
    ],
)
def test_patterns(workspace: Workspace, tmp_path: Path, pattern: str, ids: list[str]) -> None:
    files = {
        "in/a.txt": "A.",
        "in/sub/b.txt": "B.",
        "in/sub/deep/c.txt": "C.",
        "in/.hid.txt": "D.",
        "in/.h/e.txt": "E.",
    }
    write(tmp_path, files)
    (tmp_path / "in" / "round").symlink_to(tmp_path / "in")
    ingest(workspace, [tmp_path / pattern])
    assert sorted(pairs_of(workspace)) == ids


def test_patterns_that_match_nothing_or_the_workspace(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, {"workspace/documents/x.txt": "Mine.", "[1].txt": "One."})
    with pytest.raises(InputError, match=r"\*\.html: matches no file"):
        ingest(workspace, [tmp_path / "*.html"])
    with pytest.raises(InputError, match="own tables"):
        ingest(workspace, [workspace.root / "documents" / "*.txt"])
    with pytest.raises(InputError, match="matches no file"):
        ingest(workspace, [workspace.root.parent / "w*" / "**" / "nothing"])
    # A file of that very name is no pattern.
    assert ingest(workspace, [tmp_path / "[1].txt"]).done == 1


def test_every_table_is_known_to_be_no_place_for_articles(workspace: Workspace) -> None:
    rooms = [Path(str(package.__file__)).parent for package in (corpus, annotators)]
    sources = [path.read_text("utf-8") for room in rooms for path in room.rglob("*.py")]
    tables = {
        name
        for source in sources
        for name in re.findall(r': Table\[[\w\[\], ]+\] = (?:Table|_plain)\(\s*"(\w+)"', source)
    }
    assert len(tables) > 15
    assert tables <= OWN
    (workspace.root / "sides").mkdir()
    with pytest.raises(InputError, match="own tables"):
        ingest(workspace, [workspace.root / "sides"])


def test_a_folder_that_is_named_like_a_file(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "in", {"x.txt/a.txt": "A.", "x.zip/b.txt": "B."})
    assert ingest(workspace, [tmp_path / "in", tmp_path / "in" / "x.zip"]).skipped == []
    assert sorted(pairs_of(workspace)) == ["x.txt/a", "x.zip/b"]


# Standard input.


@pytest.mark.parametrize(
    ("head", "suffix"),
    [
        (b"", ".txt"),
        (b"\xef\xbb\xbf\n {}", ".jsonl"),
        (b"<!-- saved --><html>", ".html"),
        (b"<3 hearts", ".txt"),
        (b"%PDF-1.7", ".pdf"),
        (b"PAR1", ".parquet"),
        (b"---\r\ntitle: Ferry\r\n---\r\nNoon.", ".md"),
        (b"---\nNoon.", ".txt"),
        (packed({"[Content_Types].xml": b"", "word/document.xml": b""}), ".docx"),
        (packed({"a.txt": b"", "b.docx": packed({"[Content_Types].xml": b""})}), ".zip"),
        (b"id\ttext\tlang\n", ".csv"),
        (b"Texts, sources, and dates\n", ".txt"),
        (b"Texts, sources, and dates\rof old computers\r", ".txt"),
        ("标题,正文\n".encode("gb18030"), ".csv"),
        (b"\x89PNG\0", ".txt"),
    ],
)
def test_what_comes_on_standard_input(head: bytes, suffix: str) -> None:
    assert suffix_of(head) == suffix


def test_comments_before_no_page_take_linear_time() -> None:
    began = time.process_time()
    assert suffix_of(b"<!--a-->" * 5000 + b"x") == ".txt"
    assert time.process_time() - began < 5


@pytest.mark.parametrize("data", [page(ENGLISH), f"id,text\nf,{ENGLISH[:-1]}", f'{{"id": "f", "text": "{ENGLISH}"}}'])
def test_a_page_or_rows_on_standard_input(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    data = data.replace("noon,", "noon")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    assert ingest(workspace, ["-"]).done == 1
    (document,) = workspace.documents().values()
    assert document.text.splitlines()[-1].startswith("The ferry sails")


# Faults of files.


def test_a_large_file_is_left_out_unread(workspace: Workspace, tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as file:
        file.truncate(200 << 20)
    write(tmp_path, {"a.txt": "A."})
    began = time.process_time()
    (left,) = ingest(workspace, [tmp_path / "large.txt", tmp_path / "a.txt"]).skipped
    assert time.process_time() - began < 1
    assert "larger than 64 MiB" in left.why
    assert list(pairs_of(workspace)) == ["a"]


def test_what_looks_damaged_is_named(workspace: Workspace, tmp_path: Path) -> None:
    files = {
        "line.txt": ENGLISH * 5000,
        "lines.txt": f"{ENGLISH}\n" * 5000,
        "bell.txt": f"{ENGLISH * 9}\a",
        "a.txt": "A.",
    }
    report = ingest(workspace, [write(tmp_path / "in", files)])
    assert report.done == 4
    assert report.notes["in one line"] == "1 (line)"
    assert report.notes["with control characters"] == "1 (bell)"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for the superuser")
def test_a_file_that_may_not_be_read(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "A.", "b.jsonl": "{}"})
    for name in ("a.txt", "b.jsonl"):
        (tmp_path / name).chmod(0)
    skipped = ingest(workspace, [tmp_path / "a.txt", tmp_path / "b.jsonl"]).skipped
    assert [s.why for s in skipped] == ["cannot be read: Permission denied"] * 2


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "zip", "gz", "html", "docx", "pdf"])
def test_no_format_reads_noise(workspace: Workspace, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").write_bytes(bytes(range(256)) * 50)
    (tmp_path / f"empty.{suffix}").write_bytes(b"")
    report = ingest(workspace, [tmp_path / f"a.{suffix}", tmp_path / f"empty.{suffix}"])
    assert (report.done, len(report.skipped)) == (0, 2)


# Pairs from a file.


@pytest.mark.parametrize("header", ["en,zh", "zh\ten\tscore", "EN;ZH;pair"])
def test_pairs_from_a_file(workspace: Workspace, tmp_path: Path, header: str) -> None:
    write(tmp_path / "in", {"ferry.txt": ENGLISH, "sub/渡轮.txt": CHINESE, "alone.txt": "Alone."})
    values = {"en": "ferry.txt", "zh": "sub/渡轮.txt", "score": "0.9", "pair": "f"}
    delimiter = next(d for d in ",\t;" if d in header)
    line = delimiter.join(values[name.lower()] for name in header.split(delimiter))
    (tmp_path / "pairs.csv").write_text(f"{header}\n{line}\n")
    report = ingest(workspace, [tmp_path / "in"], pairs=tmp_path / "pairs.csv")
    assert (report.done, report.skipped, report.notes["pairs"]) == (3, [], 1)
    pair = "f" if "pair" in header else "ferry"
    assert pairs_of(workspace) == {"alone": "", "ferry": pair, "sub/渡轮": pair}
    # Without the file of pairs they stay together.
    assert ingest(workspace, [tmp_path / "in"]).unchanged == 3


def test_pairs_of_what_is_there_already(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "in", {"ferry.txt": ENGLISH, "渡轮.txt": CHINESE})
    ingest(workspace, [tmp_path / "in"])
    (tmp_path / "pairs.tsv").write_text("en\tzh\nferry.txt\t渡轮\n")
    report = ingest(workspace, [], pairs=tmp_path / "pairs.tsv")
    assert (report.done, report.notes["changed"], report.skipped) == (2, 2, [])
    assert pairs_of(workspace) == {"ferry": "ferry", "渡轮": "ferry"}
    assert workspace.document("渡轮").text == CHINESE
    assert ingest(workspace, [], pairs=tmp_path / "pairs.tsv").done == 0


def test_faults_of_a_file_of_pairs(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.txt": ENGLISH, "b.txt": CHINESE, "c.txt": "A third."})
    lines = ["en,zh", "a.txt,b.txt", "c.txt,gone.txt", "a.txt,x", ",y", "z,z", "../w,v"]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    report = ingest(workspace, [tmp_path / "in"], pairs=tmp_path / "pairs.csv")
    assert report.done == 3
    said = {int(s.what.rsplit(" ", 1)[-1]): s.why for s in report.skipped}
    assert "'gone.txt'" in said[3]
    assert "has already" in said[4]
    assert "needs a name" in said[5]
    assert "as both versions" in said[6]
    assert said.keys() >= {3, 4, 5, 6}
    for bad in ("name,other\na,b\n", ""):
        (tmp_path / "bad.csv").write_text(bad)
        with pytest.raises(InputError, match="no columns 'en' and 'zh'"):
            ingest(workspace, [tmp_path / "in"], pairs=tmp_path / "bad.csv")
    (tmp_path / "none.csv").write_text("en,zh,score\n")
    assert ingest(workspace, [tmp_path / "in"], pairs=tmp_path / "none.csv").skipped == []
    with pytest.raises(InputError, match="cannot be read"):
        ingest(workspace, [tmp_path / "in"], pairs=tmp_path / "gone.csv")
    (tmp_path / "binary.csv").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(InputError, match="binary file"):
        ingest(workspace, [tmp_path / "in"], pairs=tmp_path / "binary.csv")


def test_a_file_of_pairs_with_languages_the_wrong_way_round(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.txt": ENGLISH, "b.txt": CHINESE})
    (tmp_path / "pairs.csv").write_text("zh,en\na.txt,b.txt\n")
    assert [s.why[:7] for s in ingest(workspace, [tmp_path / "in"], pairs=tmp_path / "pairs.csv").skipped] == [
        "said to"
    ] * 2
    ingest(workspace, [tmp_path / "in"])
    (left, *_) = ingest(workspace, [], pairs=tmp_path / "pairs.csv").skipped
    assert "other language" in left.why


# What was withdrawn.


def test_what_was_withdrawn_is_not_taken_again(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "in", {"a.txt": ENGLISH, "copy.txt": ENGLISH, "b.txt": "Another."})
    document = Document("a", "", "en", ENGLISH)
    workspace.append(REMOVALS, [Removal("a", "", document.sha, "2026-03-01T10:00:00+00:00", "asked for")])
    report = ingest(workspace, [path])
    assert list(pairs_of(workspace)) == ["b"]
    assert report.notes["withdrawn"] == 2
    assert [s.why for s in report.skipped] == [
        f"was withdrawn on 2026-03-01; to take it again: hemu ingest --restore {id}" for id in ("a", "copy")
    ]
    # The same id with another text is another article.
    write(path, {"a.txt": ENGLISH + " And more."})
    assert ingest(workspace, [path / "a.txt"]).done == 1
    write(path, {"a.txt": ENGLISH})
    (_, left) = ingest(workspace, [path / "a.txt"], restore=["b"]).skipped
    assert left.what == "--restore b"
    report = ingest(workspace, [path / "a.txt"], restore=["a"])
    assert (report.done, report.notes["restored"], report.skipped) == (1, 1, [])
    assert workspace.document("a").text == ENGLISH
    assert not list(workspace.rows(REMOVALS.name))
    assert ingest(workspace, [path]).skipped == []


# Explaining, dry runs, scale.


def test_explain(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "in", {"a.txt": "One.\r\nTwo.", "b.txt": "Three."})
    seen: list[tuple[str, str, list[str]]] = []

    def explain(document: Document, raw: RawDocument, cleaned: Cleaned) -> None:
        seen.append((document.id, raw.text, [change.what for change in cleaned.changes]))

    ingest(workspace, [path], explain=explain)
    assert seen == [("a", "One.\r\nTwo.", ["line ends"]), ("b", "Three.", [])]
    ingest(workspace, [path], explain=explain)
    assert len(seen) == 2


def test_a_dry_run_writes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "in", {"a.txt": "One.", "b.xyz": ""})
    before = sorted(workspace.root.rglob("*"))
    report = ingest(workspace, [path], dry_run=True)
    assert (report.done, len(report.skipped), report.notes["dry run"]) == (1, 1, "nothing was written")
    assert sorted(workspace.root.rglob("*")) == before


def test_origins_are_written_with_what_is_new(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "in", {"a.txt": "One.", "b.txt": "Two."})
    ingest(workspace, [path])
    write(path, {"b.txt": "Two, and more."})
    ingest(workspace, [path])
    assert [row["document"] for row in workspace.rows(ORIGINS.name)] == ["a", "b", "b"]
    assert workspace.read(ORIGINS)["b"].sha == workspace.document("b").sha


def test_many_documents(workspace: Workspace, tmp_path: Path) -> None:
    for shard in range(4):
        documents = [Document(f"{shard}-{n}", "", "en", f"Text {n}. " * 20) for n in range(5000)]
        workspace.append(DOCUMENTS, documents)
    path = write(tmp_path / "in", {"a.txt": "One."})
    began = time.process_time()
    assert ingest(workspace, [path]).done == 1
    assert time.process_time() - began < 3
