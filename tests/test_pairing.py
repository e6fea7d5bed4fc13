"""Pairing by content: the partner is found among others, and an article without one gets none."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corpus.partners as partners_module
from corpus.blocks import find_blocks
from corpus.document import Document, Lang
from corpus.errors import InputError
from corpus.ingest.mapping import read_mapping
from corpus.pairing import Evidence, Match, _sentences, match, nearest, odds, profiles
from corpus.partners import Partner, mapping_text, pair_folders, pair_workspace, write_mapping
from corpus.removal import record, sweep
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

SAMPLE = Path(__file__).parent.parent / "corpus" / "data" / "sample" / "articles"
# The sample has these in one language only.
ALONE = {"semiconductor-brief.en", "school-meals.zh"}


def sample() -> dict[str, Document]:
    found: dict[str, Document] = {}
    for path in sorted(SAMPLE.glob("*.txt")):
        text = path.read_text(encoding="utf-8").strip()
        lang: Lang = "en" if path.stem.endswith(".en") else "zh"
        # The ids do not tell.
        found[path.stem] = Document(f"{len(found):02}", "", lang, text, find_blocks(text, lang))
    return found


def hemu(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", "from corpus.cli import main; main()", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True)


@pytest.fixture(scope="module")
def matched() -> tuple[dict[str, Document], list[Match]]:
    documents = sample()
    en = [d for d in documents.values() if d.lang == "en"]
    zh = [d for d in documents.values() if d.lang == "zh"]
    return documents, match(en, zh[::-1])


def test_each_article_of_the_sample_finds_its_partner(matched: tuple[dict[str, Document], list[Match]]) -> None:
    documents, found = matched
    names = {document.id: name for name, document in documents.items()}
    pairs = {(names[m.en].removesuffix(".en"), names[m.zh].removesuffix(".zh")) for m in found}
    assert pairs == {(name.removesuffix(".en"),) * 2 for name in names.values() if name.endswith(".en")} - {
        ("semiconductor-brief",) * 2
    }
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)


def test_without_partners_there_is_no_match() -> None:
    documents = sample()
    half = ["housing-rental", "elderly-care", "trade-tariffs", "semiconductor-brief"]
    en = [documents[f"{name}.en"] for name in half]
    zh = [d for name, d in documents.items() if d.lang == "zh" and name.removesuffix(".zh") not in half]
    assert match(en, zh) == []
    assert match(en, []) == match([], zh) == []


def test_one_story_among_others_on_its_subject() -> None:
    # Three notices on one subject, of which one is translated: another town, other figures.
    en = [
        Document(f"{n}", "", "en", f"{town} to build rental homes\nThe city of {town} will build {homes:,} homes for rent "
        f"by {year}, Mayor {mayor} said on Monday. Rents in {town} rose by {rise} percent last year. The homes will "
        f"stand near the {place}, and teachers and nurses will be the first who may apply.")
        for n, (town, homes, year, mayor, rise, place) in enumerate(
            [("Hangzhou", 4000, 2027, "Lin", 12.5, "new railway station"), ("Chengdu", 9500, 2029, "Zhao", 3.1, "old steel works"),
             ("Wuhan", 1200, 2026, "Qian", 7.8, "university hospital")]
        )
    ]  # fmt: skip
    zh = [
        Document(
            "成都",
            "",
            "zh",
            "成都将建租赁住房\n成都市市长赵某周一表示，到2029年该市将建设9500套租赁住房。去年成都房租上涨3.1%。"
            "新房将建在老钢铁厂附近，教师和护士可以优先申请。",
        )
    ]
    assert [(m.en, m.zh) for m in match(en, zh)] == [("1", "成都")]


def test_two_copies_of_the_partner_do_not_take_from_one_another() -> None:
    documents = sample()
    zh = documents["climate-carbon.zh"]
    copy = Document("copy", "", "zh", f"{zh.text}\n（完）", zh.blocks)
    (found,) = match([documents["climate-carbon.en"]], [copy, zh])
    assert found.zh in (zh.id, "copy")
    assert found.score > 0.8


def test_dates_far_apart_speak_against_a_pair() -> None:
    alike = Evidence(mean=0.6, high=0.45, low=0.4, head=0.6, marks=0.5)
    assert odds(replace(alike, days=1)) == odds(alike) > odds(replace(alike, days=60))


def test_nearest_is_symmetric_and_bounded() -> None:
    documents = sample()
    en = profiles([d for d in documents.values() if d.lang == "en"])
    zh = profiles([d for d in documents.values() if d.lang == "zh"])
    found = nearest(en, zh)
    assert len(found) == len(set(found)) <= len(en) * len(zh)
    assert nearest(en[:1], zh[:1]) == [(0, 0)]


@given(st.text(max_size=300), st.sampled_from(["en", "zh"]))
def test_sentences_of_any_text(text: str, lang: Lang) -> None:
    found = _sentences(text, lang)
    assert found
    assert "".join("".join(found).split()) == "".join(text.split()) or not text.strip()


@given(st.sampled_from(["", "\ud800", "\x00", "好" * 9000, "a" * 50_000, ".?!" * 900, "1,2.3"]))
@settings(max_examples=7, deadline=None)
def test_hostile_texts(text: str) -> None:
    found = match([Document("e", "", "en", text)], [Document("z", "", "zh", text)])
    assert all(0 <= m.score <= 1 for m in found)


def test_a_file_of_pairs_for_two_folders(tmp_path: Path) -> None:
    names = {"a1": "housing-rental", "a2": "semiconductor-brief", "a3": "trade-tariffs"}
    for name, article in names.items():
        (tmp_path / "en" / "2024").mkdir(parents=True, exist_ok=True)
        (tmp_path / "en" / "2024" / f"{name}.txt").write_text((SAMPLE / f"{article}.en.txt").read_text())
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "房.txt").write_text((SAMPLE / "housing-rental.zh.txt").read_text())
    (tmp_path / "zh" / 'b, "1".txt').write_text((SAMPLE / "trade-tariffs.zh.txt").read_text())
    (tmp_path / "zh" / "c.txt").write_text((SAMPLE / "school-meals.zh.txt").read_text())
    (tmp_path / "zh" / "d.txt").write_text("An English note in the wrong folder, about nothing in particular.")
    partners, report = pair_folders(tmp_path / "en", tmp_path / "zh")
    assert {(p.en, p.zh, p.pair) for p in partners} == {
        ("2024/a1.txt", "房.txt", "2024/a1"),
        ("2024/a3.txt", 'b, "1".txt', "2024/a3"),
    }
    assert [skipped.what for skipped in report.skipped] == [str(tmp_path / "zh" / "d.txt")]
    assert report.notes["without partner"] == 2
    done = hemu("pair", tmp_path / "en", tmp_path / "zh", "-o", tmp_path / "pairs.csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "pairs.csv").open(encoding="utf-8", newline="")))
    assert [(r["en"], r["zh"], r["pair"], float(r["score"])) for r in rows] == [
        (p.en, p.zh, p.pair, p.score) for p in partners
    ]
    read = read_mapping(tmp_path / "pairs.csv")
    assert not read.problems
    assert read.named["房.txt"] == ("2024/a1", "zh")


def test_one_folder_and_one_name_in_both(tmp_path: Path) -> None:
    for lang in ("en", "zh"):
        (tmp_path / lang).mkdir()
        (tmp_path / lang / "1.txt").write_text((SAMPLE / f"elderly-care.{lang}.txt").read_text())
    partners, report = pair_folders(tmp_path / "en", tmp_path / "zh")
    assert [(p.en, p.zh) for p in partners] == [("en/1.txt", "zh/1.txt")]
    assert report.notes["below"] == str(tmp_path)
    (partner,), _ = pair_folders(tmp_path, tmp_path)
    assert (partner.en, partner.zh) == ("en/1.txt", "zh/1.txt")


def test_a_folder_without_articles_in_its_language(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Rents in the city of Hewan rose.")
    with pytest.raises(InputError, match="no Chinese article"):
        pair_folders(tmp_path, tmp_path)
    done = hemu("pair", tmp_path, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert hemu("pair", tmp_path).returncode == 2


def test_pairs_in_a_workspace(tmp_path: Path) -> None:
    documents = sample()
    workspace = Workspace.create(tmp_path / "w")
    names = [
        "housing-rental.en",
        "trade-tariffs.en",
        "elderly-care.en",
        "housing-rental.zh",
        "trade-tariffs.zh",
        "school-meals.zh",
    ]
    rows = {
        name: Document(
            name if "rental" not in name else f"news/{name}", "", d.lang, d.text, d.blocks, "f", {"date": "2024-05-01"}
        )
        for name, d in documents.items()
        if name in names
    }
    # A pair that is complete already is left alone.
    done = [
        Document(f"done.{lang}", "trade-tariffs", lang, documents[f"climate-carbon.{lang}"].text)
        for lang in ("en", "zh")
    ]
    workspace.append(DOCUMENTS, [*rows.values(), *done])
    partners, report = pair_workspace(workspace)
    assert {(p.en, p.zh, p.pair) for p in partners} == {
        ("news/housing-rental.en", "news/housing-rental.zh", "news/housing-rental"),
        ("trade-tariffs.en", "trade-tariffs.zh", "trade-tariffs-2"),
    }
    assert report.notes["stored"] == 0
    assert len(workspace.shards("documents")) == 1
    said = hemu("pair", "-w", workspace.root, "--apply", "--json")
    assert said.returncode == 0, said.stderr
    assert len(json.loads(said.stdout)["pairs"]) == 2
    now = Workspace.open(workspace.root).documents()
    before = rows["housing-rental.zh"]
    after = now["news/housing-rental.zh"]
    assert (after.pair, after.text, after.blocks, after.meta) == (
        "news/housing-rental",
        before.text,
        before.blocks,
        before.meta,
    )
    assert now["elderly-care.en"].pair == ""
    assert now["done.zh"].pair == "trade-tariffs"
    assert pair_workspace(Workspace.open(workspace.root))[0] == []


def test_a_file_of_pairs_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_mapping(tmp_path / "none" / "pairs.csv", [])
    assert mapping_text([Partner("a", "b", "c", 1.0)]).splitlines() == ["en,zh,pair,score", "a,b,c,1.0000"]
    said = hemu("pair", tmp_path, tmp_path, "-o", tmp_path / "none" / "pairs.csv")
    assert (said.returncode, said.stderr.count("\n")) == (1, 1)
    assert "there is no folder" in said.stderr


def test_what_is_withdrawn_meanwhile_is_not_brought_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace.create(tmp_path / "w")
    documents = [Document("a.en", "", "en", "Rents fell."), Document("b.zh", "", "zh", "房租降了。")]
    workspace.append(DOCUMENTS, documents)

    def while_working(*_: object, **__: object) -> list[Match]:
        record(workspace, ["b.zh"])
        sweep(workspace, ["b.zh"])
        return [Match("a.en", "b.zh", 0.9)]

    monkeypatch.setattr(partners_module, "match", while_working)
    partners, report = pair_workspace(workspace, apply=True)
    assert (partners, report.notes["stored"]) == ([], 0)
    assert workspace.documents() == {"a.en": documents[0]}


def test_many_pairs_are_named_in_time_that_grows_with_their_number() -> None:
    named = partners_module._pair_names()
    began = time.monotonic()
    names = [named(f"article-{number}.en") for number in range(20_000)]
    assert time.monotonic() - began < 10, "a list of all names that a pair might get took a minute"
    assert len(set(names)) == len(names)
    assert named("article-0.en") == "article-0-2"
