"""`hemu evaluate`: the figures by hand, how sure they are, what is better, the kinds of errors, the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from corpus.cli.evaluate import evaluate
from corpus.document import Claim, Document, Entity, Lang, Layer, Span
from corpus.errors_view import KINDS, all_mistakes, counts, mistakes, render_mistakes
from corpus.knowledge import entries_named
from corpus.metrics import PRF, count_edits, read_marked, score
from models.compare import differences, intervals
from models.counts import Axes, Counts, count, folded

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

    for arguments in (
        (files[1],),
        ("--without-known",),
        (files[1], "--gold", files[0], "--without-known"),
        (files[1], "--gold", files[0], "--split", "test"),
        (files[1], "--gold", files[0], "--model", files[0].parent),
    ):
        with pytest.raises(click.UsageError):
            run(*arguments)


# ---- how sure the figures are

LABELS = ("PLACE", "FIRM", "AGENCY")
WORDS = "ab cd ef gh ij kl mn op qr st"


def layer(id: str, marks: list[tuple[int, int, str]], claims: list[tuple[int, int, str]], text: str = WORDS) -> Layer:
    entities = tuple(Entity(Span.of(text, s, e), label) for s, e, label in marks)
    made = tuple(Claim(Span.of(text, s, e), kind, "support", "author", "") for s, e, kind in claims)
    return Layer(id, "", "", "", entities, made)


mark = st.tuples(st.integers(0, 20), st.integers(1, 6), st.sampled_from(LABELS))
marked = st.lists(mark, max_size=6).map(
    lambda found: sorted({(s, s + n): (s, s + n, label) for s, n, label in found}.values())
)
document = st.tuples(marked, marked, marked, marked)


@given(st.lists(document, max_size=5), st.booleans())
def test_the_sums_of_the_counts_give_the_scores(
    documents: list[tuple[list[tuple[int, int, str]], ...]], last: bool
) -> None:
    languages: dict[str, Lang] = {str(n): "zh" if n % 2 else "en" for n in range(len(documents))}
    gold = [layer(str(n), marks, claims) for n, (marks, _, claims, _) in enumerate(documents)]
    found = [layer(str(n), marks, claims) for n, (_, marks, _, claims) in enumerate(documents)]
    found = found if last else found[:-1]
    scores = score(gold, found, languages=languages)
    figures = intervals(count(Axes.of(gold, found, languages=languages), gold, found), draws=0)
    for lang, part in (("all", scores.all), *scores.languages.items()):
        wanted: dict[tuple[str, ...], PRF] = {("exact",): part.entities.strict, ("overlap",): part.entities.relaxed}
        wanted |= {("labels", label, "exact"): prf for label, prf in part.entities.labels.items()}
        wanted |= {("labels", label, "overlap"): prf for label, prf in part.entities.labels_relaxed.items()}
        for path, prf in wanted.items():
            for name in ("precision", "recall", "f1"):
                value = figures[lang, "entities", *path, name].value
                assert (value or 0.0) == pytest.approx(getattr(prf, name))
        if part.entities.blank_edits:
            assert figures[lang, "entities", "effort_saved"].value == pytest.approx(part.entities.effort_saved)
        assert (figures[lang, "claims", "match", "f1"].value or 0.0) == pytest.approx(part.claims.match.f1)
        for name in ("type", "stance", "claimant", "policy_area"):
            assert (figures[lang, "claims", name].value or 0.0) == pytest.approx(getattr(part.claims, name))


def of_articles(right: list[int], both: bool = False) -> Counts:
    """Articles of ten marks, of which so many are found; with `both`, in two versions."""
    text = "".join(f"{n} " for n in range(10))
    languages: dict[str, Lang] = {}
    gold, found, articles = [], [], {}
    for number, found_here in enumerate(right):
        for lang in ("en", "zh") if both else ("en",):
            id = f"{number}.{lang}"
            marks = [(2 * n, 2 * n + 1, "PLACE") for n in range(10)]
            languages[id], articles[id] = lang, str(number)
            gold.append(layer(id, marks, [], text))
            found.append(layer(id, marks[:found_here], [], text))
    return count(Axes.of(gold, found, languages=languages, articles=articles), gold, found)


EXACT = ("all", "entities", "exact", "f1")
RECALL = ("all", "entities", "exact", "recall")


def test_an_interval_is_that_of_the_mean() -> None:
    import numpy as np

    right = np.random.default_rng(1).integers(3, 10, 60)
    found = intervals(of_articles([int(n) for n in right]))[RECALL]
    # Recall over articles of equal size is the mean of their recalls: so its error is known.
    mean, error = float(right.mean() / 10), float(right.std() / 10 / 60**0.5)
    assert found.value == pytest.approx(mean)
    assert found.low == pytest.approx(mean - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(mean + 1.96 * error, abs=0.2 * error)


def test_both_versions_of_an_article_are_drawn_together() -> None:
    one, both = (intervals(of_articles([2, 5, 9, 4, 7, 1, 8, 6], both=b))[RECALL] for b in (False, True))
    assert both == one


def test_intervals_are_the_same_each_time_and_one_article_has_none() -> None:
    several = [1, 2, 3, 4, 6, 7, 9, 10, 4, 5]
    assert intervals(of_articles(several)) == intervals(of_articles(several))
    assert intervals(of_articles(several), draws=200, seed=1) != intervals(of_articles(several), draws=200)
    assert intervals(of_articles([4]))[EXACT].low is None
    assert intervals(of_articles([4, 5]), draws=0)[EXACT].low is None


def compared(after: list[int], before: list[int]) -> tuple[Counts, Counts]:
    text = "".join(f"{n} " for n in range(10))
    marks = [(2 * n, 2 * n + 1, "PLACE") for n in range(10)]
    ids = [str(n) for n in range(len(after))]
    gold = [layer(id, marks, [], text) for id in ids]
    sides = [[layer(id, marks[:n], [], text) for id, n in zip(ids, each, strict=True)] for each in (after, before)]
    axes = Axes.of(gold, *sides, languages=dict.fromkeys(ids, "en"))
    one, other = (count(axes, gold, side) for side in sides)
    return one, other


def test_few_articles_are_exchanged_in_every_way() -> None:
    # Better in each of five: of 32 ways to exchange them, this one and its mirror are as far apart.
    found = differences(*compared([6] * 5, [5] * 5))[EXACT]
    assert found.p == pytest.approx(2 / 32)
    assert found.better == 1
    assert found.value == pytest.approx(0.75 - 2 / 3)


def test_the_p_value_of_luck_is_even() -> None:
    import numpy as np

    random = np.random.default_rng(2)
    values = []
    for _ in range(60):
        after, before = (random.integers(0, 10, 15).tolist() for _ in range(2))
        values.append(differences(*compared(after, before), draws=300)[EXACT].p or 0.0)
    assert 0 < np.mean(np.array(values) < 0.05) + 0.01 < 0.15
    assert 0.35 < float(np.mean(values)) < 0.65


def test_equal_predictions_differ_in_nothing() -> None:
    found = differences(*compared([3, 4, 5], [3, 4, 5]))[EXACT]
    assert (found.value, found.low, found.high, found.better, found.p) == (0, 0, 0, 0.5, 1)
    assert found.p_holm is None


def test_p_values_of_labels_are_adjusted_for_their_number() -> None:
    text = "".join(f"{n} " for n in range(10))
    ids = [str(n) for n in range(8)]
    first = [(2 * n, 2 * n + 1, LABELS[n % 3]) for n in range(9)]
    gold = [layer(id, first, [], text) for id in ids]
    sides = [gold, [layer(id, first[1:] if int(id) % 4 else first[2:], [], text) for id in ids]]
    axes = Axes.of(gold, *sides, languages=dict.fromkeys(ids, "en"))
    found = differences(*(count(axes, gold, side) for side in sides))
    by_label = {label: found["all", "entities", "labels", label, "exact", "f1"] for label in LABELS}
    place, firm = by_label["PLACE"], by_label["FIRM"]
    assert place.p == pytest.approx(2 / 256)
    assert place.p_holm == pytest.approx(3 * 2 / 256)
    assert firm.p is not None
    assert firm.p_holm == pytest.approx(min(1.0, 2 * firm.p))


def test_seen_names_are_told_from_unseen_ones(tmp_path: Path) -> None:
    gold = marks(("Lanxi", "PLACE"), ("Hangzhou", "PLACE"), ("Guo Anmin", "OFFICIAL"), ("Tea Board", "AGENCY"))
    found = marks(("Lanxi", "PLACE"), ("Guo Anmin", "OFFICIAL"), ("opened", "FIRM"))
    learnt = [{"start": 0, "end": 5, "label": "PLACE"}, {"start": 6, "end": 10, "label": "FIRM"}]
    paths = [
        write(tmp_path / "gold.jsonl", gold),
        write(tmp_path / "found.jsonl", found),
        write(tmp_path / "learnt.jsonl", learnt, "LANXI Guo Anmin"),
    ]
    result = json.loads(run(paths[1], "--gold", paths[0], "--learnt-from", paths[2], "--json").stdout)
    entities = result["intervals"]["en"]["entities"]
    assert {kind: entities[kind]["recall"]["value"] for kind in ("seen", "unseen")} == {"seen": 1, "unseen": 0.333333}
    assert entities["unseen"]["precision"]["value"] == 0.5
    assert result["names"] == {"from": str(paths[2]), "known": 2, "documents": 1}
    shown = run(paths[1], "--gold", paths[0], "--learnt-from", paths[2]).stdout
    assert "unseen names" in shown
    assert "seen" not in json.loads(run(paths[1], "--gold", paths[0], "--json").stdout)["intervals"]["en"]["entities"]


def test_case_script_and_breaks_make_no_other_name() -> None:
    assert folded("Tea\nBoard") == folded("TEA  Board")
    assert folded("國務院") == folded("国务院")


def test_two_predictions_are_compared(files: tuple[Path, Path], tmp_path: Path) -> None:
    rows = [json.loads(files[0].read_text(encoding="utf-8")) | {"id": f"{n}.en"} for n in range(4)]
    worse = [row | {"entities": row["entities"][:3]} for row in rows]
    gold, found = tmp_path / "g.jsonl", tmp_path / "p.jsonl"
    for path, several in ((gold, rows), (found, worse)):
        path.write_text("".join(json.dumps(row) + "\n" for row in several), encoding="utf-8")
    arguments = (found, "--gold", gold, "--against", gold)
    against = json.loads(run(*arguments, "--json").stdout)["against"]
    assert against["what"] == str(gold)
    exact = against["en"]["entities"]["exact"]["f1"]
    assert (exact["value"], exact["better"], exact["p"]) == (round(6 / 7 - 1, 6), 0, 2 / 16)
    page = tmp_path / "page.html"
    shown = run(*arguments, "--html", page)
    assert "en, against g.jsonl" in shown.stdout
    assert "2,000 resamples of 4 articles; with so few" in shown.stderr
    html = page.read_text(encoding="utf-8")
    assert "<td>mean of labels</td>" in html
    assert "against" in html


# ---- models, in a workspace


@pytest.mark.slow
def test_a_model_alone_is_scored_on_what_it_has_not_learnt_from(tmp_path: Path) -> None:
    from test_train import workspace_of

    from models.retrain import retrain

    workspace = workspace_of(tmp_path / "w")
    first, second = (retrain(workspace, max_steps=steps) for steps in (60, 1))
    assert first["accepted"]
    result = json.loads(run("-w", workspace.root, "--model", first["path"], "--json").stdout)
    assert result["all"]["documents"] == len(first["held_out"])
    assert result["all"]["entities"] == first["after"]["scores"]["all"]["entities"]
    assert result["intervals"]["all"]["entities"] == first["figures"]["all"]["entities"]
    assert result["names"]["from"] == first["path"]
    arguments = ("-w", workspace.root, "--model", second["path"], "--against", "accepted")
    against = json.loads(run(*arguments, "--json").stdout)["against"]
    assert against["what"] == first["path"]
    assert against["all"]["entities"]["exact"]["f1"]["value"] == second["gate"]["difference"]["value"]
    # The spaCy folder of one language does, too; of a whole workspace, what was learnt is left out.
    scored = run("-w", workspace.root, "--model", f"{first['path']}/zh", "--split", "all", "--json")
    assert json.loads(scored.stdout)["all"]["documents"] == len(first["held_out"])
    assert "has learnt from are left out" in json.loads(scored.stdout)["notes"][0]
    from corpus.errors import HemuError

    with pytest.raises(HemuError, match="nothing is left to compare|no document with gold is left"):
        run("-w", workspace.root, "--model", first["path"], "--split", "train")
    with pytest.raises(HemuError, match="no model there"):
        run("-w", workspace.root, "--model", tmp_path)


def test_a_file_is_compared_with_a_layer_of_a_workspace_that_has_more(files: tuple[Path, Path], tmp_path: Path) -> None:
    from corpus.schema import DOCUMENTS, layers_table
    from corpus.store import Workspace

    gold, found = files
    workspace = Workspace.create(tmp_path / "w")
    documents = [Document(id, "", "en", text) for id, text in (("a.en", TEXT), ("b.en", "Another text."))]
    workspace.append(DOCUMENTS, documents)
    workspace.append(layers_table("other"), [Layer(d.id, d.sha, "other", "") for d in documents])
    result = json.loads(run(found, "--gold", gold, "-w", workspace.root, "--against", "other", "--json").stdout)
    assert result["against"]["what"] == "other"


@pytest.mark.slow
def test_the_pre_annotation_of_a_workspace_is_scored_by_split(tmp_path: Path) -> None:
    from test_train import workspace_of

    from corpus.schema import GOLD, layers_table

    workspace = workspace_of(tmp_path / "w")
    gold = workspace.read(GOLD)
    for name, cut in (("combined", 1), ("other", 2)):
        layers = [Layer(x.document, x.sha, name, "", x.entities[cut:]) for x in gold.values()]
        workspace.append(layers_table(name), layers)
    result = json.loads(run("-w", workspace.root, "--against", "other", "--json").stdout)
    assert result["all"]["documents"] == len(gold)
    assert result["against"]["all"]["entities"]["exact"]["f1"]["better"] == 1
    # Names that stand in the train split are seen; in its own documents all would be.
    assert result["names"]["from"] == "the train split"
    tested = json.loads(run("-w", workspace.root, "--split", "test", "--json").stdout)
    assert 0 < tested["all"]["documents"] <= result["names"]["documents"] < len(gold)
    unseen = tested["intervals"]["all"]["entities"]["unseen"]
    # The person of each article stands in no other.
    assert unseen["recall"]["value"] is not None
