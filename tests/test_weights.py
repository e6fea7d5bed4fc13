"""Weights choose between sources where they were fitted on these, and give scores that mean something."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.choose import choose
from annotators.explain import explain, lines, row
from annotators.weights import Mark, Table, best_set, candidates, shipped, table_for
from corpus.document import Document, Entity, Group, Item, Layer, Segments, Span

TEXT = "Heron Bank of Norway grew."
DOCUMENT = Document("d", "", "en", TEXT)
SOURCES = frozenset({"strong", "weak"})


def entity(surface: str, label: str, source: str, score: float = 0.8) -> Entity:
    start = TEXT.index(surface)
    return Entity(Span.of(TEXT, start, start + len(surface)), label, score, source)


def chosen(table: Table, *entities: Entity, order: tuple[str, ...] = ("strong", "weak")):  # type: ignore[no-untyped-def]
    layers = [Layer("d", DOCUMENT.sha, e.source, "1", (e,)) for e in entities]
    group = Group((Item(DOCUMENT, Segments("d", DOCUMENT.sha, ((0, len(TEXT)),))),))
    result = choose(group, layers, order, lambda group: [], [("en", table)])
    return result, layers


def marks(result) -> list[tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    return [(e.span.surface, e.label, e.source) for e in result.group.items[0].entities]


# Of reading without models: what was learnt of full reading decides where there are two versions only.
TRUST_WEAK = Table(SOURCES, True, True, 0.4, {"weak": 3.0, "strong": -3.0}, ())
SHORT, LONG = entity("Heron Bank", "FIRM", "strong"), entity("Heron Bank of Norway", "FIRM", "weak")


def test_the_weights_overrule_the_priorities_and_a_table_that_does_not_decide_gives_scores_only() -> None:
    result, _ = chosen(TRUST_WEAK, SHORT, LONG)
    assert marks(result) == [("Heron Bank of Norway", "FIRM", "weak")]
    scored = Table(SOURCES, False, False, 0.4, {"strong": 2.0}, ((0.0, 0.5), (1.0, 0.7)))
    result, _ = chosen(scored, SHORT, LONG)
    assert marks(result) == [("Heron Bank", "FIRM", "strong")]
    assert result.group.items[0].entities[0].score == pytest.approx(0.676, abs=0.001)


def test_an_article_without_another_version_is_left_to_the_priorities() -> None:
    result, _ = chosen(replace(TRUST_WEAK, fast=False), SHORT, LONG)
    assert marks(result) == [("Heron Bank", "FIRM", "strong")]


def test_a_span_that_is_too_unlikely_is_not_marked() -> None:
    result, layers = chosen(TRUST_WEAK, SHORT)
    assert marks(result) == []
    (explanation,) = explain(result, layers, ("strong", "weak"))
    assert lines(explanation, DOCUMENT)[1:] == [
        '  0-10 "Heron Bank" not marked',
        "      not FIRM (strong): too unlikely: 0.05, less than 0.40",
    ]


def test_a_source_that_the_weights_do_not_know_keeps_its_rank() -> None:
    other = entity("Norway", "PLACE", "model")
    last, _ = chosen(TRUST_WEAK, LONG, other, order=("strong", "weak", "model"))
    assert marks(last) == [("Heron Bank of Norway", "FIRM", "weak")]
    first, _ = chosen(TRUST_WEAK, LONG, other, order=("model", "strong", "weak"))
    assert marks(first) == [("Norway", "PLACE", "model")]
    beside, _ = chosen(TRUST_WEAK, SHORT, other, order=("strong", "weak", "model"))
    assert marks(beside) == [("Norway", "PLACE", "model")]


def test_without_a_table_for_all_the_sources_of_a_run_the_priorities_decide() -> None:
    assert table_for("en", frozenset({"strong"}), [("en", TRUST_WEAK)]) is None
    assert table_for("zh", SOURCES, [("en", TRUST_WEAK)]) is None
    assert table_for("en", SOURCES | {"more"}, [("en", TRUST_WEAK)]) is TRUST_WEAK
    result, _ = chosen(TRUST_WEAK, SHORT, LONG, order=("strong",))
    assert marks(result) == [("Heron Bank", "FIRM", "strong")]


def test_an_explanation_names_who_proposed_a_span_and_what_gave_way() -> None:
    result, layers = chosen(TRUST_WEAK, SHORT, LONG)
    (explanation,) = explain(result, layers, ("strong", "weak"))
    (span,) = row(explanation, DOCUMENT)["spans"]
    assert (span["text"], span["label"], span["sources"]) == ("Heron Bank of Norway", "FIRM", ["weak"])
    (rival,) = span["rivals"]
    assert (rival["source"], rival["text"]) == ("strong", "Heron Bank")
    assert rival["why"].startswith("less likely: ")


def test_every_proposal_is_in_the_explanation_once() -> None:
    draw = random.Random(1)
    entities = []
    for _ in range(40):
        start = draw.randrange(len(TEXT) - 1)
        span = Span.of(TEXT, start, draw.randrange(start + 1, len(TEXT)))
        entities.append(Entity(span, draw.choice(["FIRM", "PLACE"]), 0.8, draw.choice(["strong", "weak"])))
    distinct = {(e.start, e.end, e.label, e.source): e for e in entities}
    result, layers = chosen(TRUST_WEAK, *distinct.values())
    (explanation,) = explain(result, layers, ("strong", "weak"))
    told = set()
    for span in explanation.spans:
        told |= {(span.start, span.end, span.label, source) for source in span.sources}
        told |= {(r.start, r.end, r.label, r.source) for r in span.rivals}
    assert told == set(distinct)


GAINS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from(["A", "B"]), st.integers(-3, 9)),
    max_size=7,
)


@given(GAINS)
def test_the_best_set_is_the_best(spans: list[tuple[int, int, str, int]]) -> None:
    scored = [((start, start + size, label), float(gain)) for start, size, label, gain in spans]

    def free(some: tuple[tuple[Mark, float], ...]) -> bool:
        return all(a[1] <= b[0] or b[1] <= a[0] for (a, _), (b, _) in itertools.combinations(some, 2))

    subsets = itertools.chain.from_iterable(itertools.combinations(scored, n) for n in range(len(scored) + 1))
    best = max(sum(gain for _, gain in some) for some in subsets if free(some))
    found = best_set(scored)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))
    worth = {}
    for mark, gain in scored:
        worth[mark] = max(gain, worth.get(mark, gain))
    assert sum(worth[mark] for mark in found) == best


def test_the_score_rises_with_the_probability() -> None:
    for _, table in shipped():
        scores = [table.score(p / 100) for p in range(101)]
        assert scores == sorted(scores)
        assert 0 <= scores[0] <= scores[-1] <= 1


def test_the_shipped_weights_cover_the_annotators_of_a_new_workspace() -> None:
    from annotators.registry import DEFAULT

    for fast in (False, True):
        tables = [(lang, table) for lang, table in shipped() if table.fast == fast]
        assert table_for("en", frozenset(DEFAULT), tables)
        assert table_for("zh", frozenset(DEFAULT), tables)


@given(st.text(max_size=30))
def test_features_take_any_text(text: str) -> None:
    document = Document("d", "", "en", text)
    some = [Entity(Span.of(text, n, n + 1), "PLACE", 0.5, "weak") for n in range(len(text))]
    assert len(candidates(document, some, some)) == len(some)
