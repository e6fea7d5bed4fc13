"""`hemu evaluate`: the figures by hand, the kinds of errors, the page, and what is left when known names are left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from corpus.cli.models import evaluate
from corpus.document import Document
from corpus.errors_view import KINDS, all_mistakes, counts, mistakes, render_mistakes
from corpus.knowledge import entries_named
from corpus.metrics import count_edits, read_marked

TEXT = "Lanxi <b>Tea</b> opened in Hangzhou with Guo Anmin & the Tea Board"


def marks(*found: tuple[str, str]) -> list[dict[str, object]]:
    return [{"start": (at := TEXT.index(words)), "end": at + len(words), "label": label} for words, label in found]


def write(path: Path, entities: list[dict[str, object]], text: str = TEXT) -> Path:
    row = {"id": "a.en", "lang": "en", "text": text, "entities": entities, "claims": []}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    gold = marks(("Lanxi", "PLACE"), ("Hangzhou", "PLACE"), ("Guo Anmin", "OFFICIAL"), ("Tea Board", "AGENCY"))
    found = marks(("Lanxi <b>Tea", "PLACE"), ("Hangzhou", "FIRM"), ("Board", "ORG"), ("opened", "FIRM"))
    return write(tmp_path / "gold.jsonl", gold), write(tmp_path / "found.jsonl", found)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(evaluate, [str(a) for a in arguments], standalone_mode=False, catch_exceptions=False)


def test_every_kind_of_error_is_counted(files: tuple[Path, Path]) -> None:
    gold, found = files
    result = json.loads(run(found, "--gold", gold, "--json").stdout)
    assert result["errors"] == {"en": dict.fromkeys(KINDS, 1)}
    entities = result["languages"]["en"]["entities"]
    assert (entities["strict"]["f1"], entities["relaxed"]["recall"]) == (0, 0.25)
    assert (entities["edits"], entities["blank_edits"], entities["effort_saved"]) == (6, 4, -0.5)
    shown = run(found, "--gold", gold).stdout
    assert "errors: boundary 1, label 1, boundary and label 1, missed 1, invented 1" in shown
    assert "correction effort saved -50.0 %" in shown


def test_the_page_shows_each_error_and_escapes_the_text(files: tuple[Path, Path], tmp_path: Path) -> None:
    gold, found = files
    page = tmp_path / "errors.html"
    run(found, "--gold", gold, "--html", page)
    html = page.read_text(encoding="utf-8")
    assert '<mark class="both">Lanxi</mark><mark class="predicted"> &lt;b&gt;Tea</mark>' in html
    assert '<mark class="gold">Tea </mark><mark class="both">Board</mark>' in html
    assert "<b>" not in html
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")


def test_a_page_without_errors(files: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "errors.html"
    run(files[0], "--gold", files[0], "--html", page)
    assert "No errors." in page.read_text(encoding="utf-8")


def test_a_document_that_was_not_predicted_is_missed(files: tuple[Path, Path]) -> None:
    wanted, _ = read_marked(str(files[0]))
    assert counts(all_mistakes(wanted, []))["missed"] == 4


def test_any_text_can_be_shown() -> None:
    text = "\ud800\x00😀兰溪\r\n"
    found = mistakes("a", [(0, 4, "PLACE")], [(3, 7, "FIRM")])
    page = render_mistakes(found, {"a": Document("a", "", "zh", text)}, title="t")
    assert "boundary and label" in page


span = st.tuples(st.integers(0, 9), st.integers(1, 4), st.sampled_from(["PLACE", "FIRM"]))
spans = st.lists(span, max_size=8).map(lambda found: {(s, s + n): (s, s + n, label) for s, n, label in found}.values())


@given(spans, spans)
def test_errors_add_up_to_the_edits(gold: list[tuple[int, int, str]], found: list[tuple[int, int, str]]) -> None:
    numbers = counts(mistakes("a", gold, found))
    assert sum(numbers.values()) + numbers["boundary and label"] == count_edits(gold, found)


def test_entries_named_in_a_gold_file_are_found_in_any_case() -> None:
    assert "agency/state-council" in entries_named({"en": ["the STATE council", "State council"], "zh": []})
    assert "agency/state-council" in entries_named({"zh": ["國務院"]})
    assert "agency/state-council" not in entries_named({"en": ["国务院"], "zh": ["State Council"]})


@pytest.mark.slow
def test_known_names_are_left_out_where_asked(tmp_path: Path) -> None:
    text = "Officials of Siemens and the Dutch firm Vopak met in Xuzhou."
    at = text.index("Siemens")
    gold = write(tmp_path / "gold.jsonl", [{"start": at, "end": at + 7, "label": "FIRM"}], text)
    with_all = json.loads(run("--gold", gold, "--json").stdout)
    without = json.loads(run("--gold", gold, "--json", "--without-known").stdout)
    assert with_all["left_out"] == []
    assert without["left_out"] == ["firm/siemens"]
    assert with_all["all"]["entities"]["strict"]["recall"] == 1


def test_what_does_not_go_together_is_refused(files: tuple[Path, Path]) -> None:
    import click

    for arguments in ((files[1],), ("--without-known",), (files[1], "--gold", files[0], "--without-known")):
        with pytest.raises(click.UsageError):
            run(*arguments)
