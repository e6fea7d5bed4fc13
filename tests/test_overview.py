"""The figures of a corpus and the page that shows them."""

import json
import re
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from corpus.cli.look import report
from corpus.document import (
    Alignment,
    Bead,
    Block,
    Claim,
    Document,
    Entity,
    Layer,
    Origin,
    Ref,
    Relation,
    Removal,
    Segments,
    Span,
    Token,
)
from corpus.look.dates import month_of
from corpus.look.frequent import Name
from corpus.look.overview import Bin, histogram, overview
from corpus.look.pages import report_page
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, ORIGINS, REMOVALS, SEGMENTS, layers_table
from corpus.store import Workspace

EVIL = "<script>alert('x')</script>"
EN, ZH = "Hemu builds flats.\nHemu builds.", "和睦建住房。\n實現富裕。"


def filled(root: Path, *, source: str = "Riverbend Daily", id: str = "a.en") -> Workspace:
    """Two versions of one article and a Chinese one alone, with something in every table."""
    made = Workspace.create(root)
    quote = Block(19, 31, "pull-quote", (0, 11))
    en = Document(id, "a", "en", EN, (Block(0, 18, "body"), quote), meta={"date": "17 Aug 2021", "source": source})
    zh = Document(
        "a.zh", "a", "zh", ZH, (Block(0, 6, "body"), Block(7, 12, "body", None, "en")), meta={"date": "2021-10"}
    )
    lone = Document("b.zh", "", "zh", "住房", meta={"source": source})
    made.append(DOCUMENTS, [en, zh, lone])
    tokens = (Token(0, 4), Token(5, 11), Token(12, 17), Token(17, 18))
    made.append(
        SEGMENTS, [Segments(en.id, en.sha, ((0, 18), (19, 31)), tokens), Segments(zh.id, zh.sha, ((0, 6), (7, 12)))]
    )
    beads = (Bead(((0, 18),), ((0, 6),), 0.9), Bead(((19, 31),), (), 0.0), Bead((), ((7, 12),), 0.0))
    made.append(ALIGNMENTS, [Alignment("a", en.id, zh.id, en.sha, zh.sha, beads)])
    hemu, hemu_again = Entity(Span.of(EN, 0, 4), "PLACE"), Entity(Span.of(EN, 19, 23), "PLACE")
    hemu_zh = Entity(Span.of(ZH, 0, 2), "PLACE")
    claim = Claim(Span.of(EN, 5, 17), "action", "support", "Hemu", "housing")
    same = Relation("same_as", Ref(en.id, "entity", 0, 4), Ref("a.zh", "entity", 0, 2))
    layers = [Layer(en.id, en.sha, "combined", "1", (hemu, hemu_again), (claim,), (same,))]
    layers += [Layer("a.zh", zh.sha, "combined", "1", (hemu_zh,)), Layer("b.zh", "0" * 64, "combined", "1", (hemu_zh,))]
    made.append(layers_table("combined"), layers)
    made.append(GOLD, [replace(layers[0], source="gold", entities=(hemu,))])
    made.append(
        ORIGINS, [Origin(en.id, en.sha, "a.txt", encoding="utf-8"), Origin("a.zh", zh.sha, "a.gb", encoding="gb18030")]
    )
    made.append(REMOVALS, [Removal("c.en", "", "0" * 64, "2022-01-01", "on request")])
    return made


def test_what_is_counted(workspace_root: Path) -> None:
    seen = overview(filled(workspace_root))
    assert (seen.documents, seen.pairs) == ({"en": 1, "zh": 2}, 1)
    assert (seen.sentences, seen.words["en"]) == ({"en": 2, "zh": 2}, 3)  # the full stop is no word
    assert (seen.unsegmented, seen.unannotated, seen.outdated) == (1, 1, 1)
    assert seen.entities == {"PLACE": {"en": 2, "zh": 1}}
    assert seen.gold_entities == {"PLACE": {"en": 1, "zh": 0}}
    assert seen.claims["area"] == {"housing": {"en": 1, "zh": 0}}
    assert seen.gold_documents == {"en": 1, "zh": 0}
    assert seen.months == {"2021-08": {"en": 1, "zh": 0}, "2021-10": {"en": 0, "zh": 1}}
    assert (seen.undated, seen.unsourced) == (1, 1)
    assert seen.incomplete == [("a.zh", "source"), ("b.zh", "date")]
    assert seen.blocks["pull-quote"] == {"en": 1, "zh": 0}
    assert (seen.repeated_quotes, seen.foreign) == ({"en": 1}, 1)
    assert seen.scripts == {"hant": 1, "": 1}
    assert seen.encodings == {"utf-8": 1, "gb18030": 1}
    assert (seen.removed, seen.clusters) == (1, None)


def test_names_stand_with_their_counterparts(workspace_root: Path) -> None:
    assert overview(filled(workspace_root)).names == [Name("PLACE", "Hemu", 2, "和睦", 1)]


def test_alignment_is_judged_by_pair(workspace_root: Path) -> None:
    seen = overview(filled(workspace_root))
    assert (seen.aligned_pairs, seen.beads, seen.low_pairs) == (1, 1, 1)
    assert seen.without_partner == {"en": 1, "zh": 1}
    assert seen.in_pairs == {"en": 2, "zh": 2}
    [pair] = seen.lowest
    assert (pair.pair, pair.score, pair.aligned, pair.sentences) == ("a", 0.9, 0.5, 4)
    assert [b for b in seen.scores if b.number] == [Bin(85, 90, 1)] or [b for b in seen.scores if b.number] == [
        Bin(90, 95, 1)
    ]


def test_the_lowest_pairs_come_first_and_no_more_than_can_be_read(workspace_root: Path) -> None:
    made = Workspace.create(workspace_root)
    en, zh = Document("x", "", "en", EN), Document("y", "", "zh", ZH)
    made.append(DOCUMENTS, [en, zh])
    made.append(
        ALIGNMENTS,
        [Alignment(f"{n:02d}", "x", "y", en.sha, zh.sha, (Bead(((0, 18),), ((0, 6),), n / 40),)) for n in range(40)],
    )
    seen = overview(made)
    assert [quality.pair for quality in seen.lowest] == [f"{n:02d}" for n in range(20)]
    assert seen.low_pairs == 30


@pytest.mark.parametrize(
    ("date", "month"),
    [
        ("2021-08-17", "2021-08"),
        ("20210817", "2021-08"),
        ("2021年8月17日", "2021-08"),
        ("2021/8/7 10:00", "2021-08"),
        ("Aug. 17, 2021", "2021-08"),
        ("17 September 2021", "2021-09"),
        ("03/04/2021", "2021"),  # March or April?
        ("2021-13-45", "2021"),
        ("May we say so", ""),
        ("1234", ""),
        ("", ""),
    ],
)
def test_the_month_of_a_date(date: str, month: str) -> None:
    assert month_of(date) == month


def test_a_histogram_counts_every_value() -> None:
    values = [*range(0, 1000, 7), 10**9]
    bins = histogram(values)
    assert sum(b.number for b in bins) == len(values)
    assert bins[-1].high is None
    assert 5 <= len(bins) <= 13
    assert histogram([5] * 3) == [Bin(5, 6, 3)]
    assert histogram([]) == []


class Page(HTMLParser):
    """The tags of a page, and whether each that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "col", "rect", "line", "circle", "polygon", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_the_page_needs_nothing_and_runs_nothing(workspace_root: Path) -> None:
    made = filled(workspace_root, source=EVIL, id=f"a{EVIL}.en")
    text = report_page(overview(made), made.scheme)
    page = Page(text)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object"}
    assert "&lt;script&gt;" in text
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") or name == "src" for name in attrs)]
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)|url\(|@import", text)


def test_every_chart_has_words_and_a_table(workspace_root: Path) -> None:
    made = filled(workspace_root)
    text = report_page(overview(made), made.scheme)
    charts = [attrs for tag, attrs in Page(text).tags if tag == "svg"]
    assert len(charts) >= 8
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    figures = re.findall(r"<figure.*?</figure>", text, re.DOTALL)
    assert len(figures) >= len(charts)
    assert all("<table>" in figure for figure in figures)
    assert "Place 地点" in text


def test_an_empty_workspace_has_a_page(workspace_root: Path) -> None:
    made = Workspace.create(workspace_root)
    text = report_page(overview(made), made.scheme)
    assert Page(text).open == []


def test_the_command(workspace_root: Path, tmp_path: Path) -> None:
    filled(workspace_root)
    path = tmp_path / "r.html"
    run = CliRunner()
    assert run.invoke(report, ["-w", str(workspace_root), "-o", str(path)], standalone_mode=False).return_value == 0
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    figures = json.loads(run.invoke(report, ["-w", str(workspace_root), "--json"], standalone_mode=False).stdout)
    assert figures == json.loads(json.dumps(asdict(overview(Workspace.open(workspace_root)))))
