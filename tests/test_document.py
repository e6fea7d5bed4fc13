"""Spans check themselves, and overlaps are resolved in the order given."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document, Entity, Span, text_sha, without_overlaps
from corpus.errors import SpanError


@given(st.text(min_size=1), st.data())
def test_a_span_holds_the_text_between_its_offsets(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = Span.of(text, start, end)
    assert span == Span.checked(text, start, end, text[start:end])


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 0), (2, 1), (0, 5), (9, 12)])
def test_offsets_outside_the_text_are_refused(start: int, end: int) -> None:
    with pytest.raises(SpanError, match=f"{start}-{end}"):
        Span.of("共同富裕", start, end)


def test_a_span_with_another_surface_is_refused() -> None:
    with pytest.raises(SpanError, match="code points"):
        Span.checked("😀共同富裕", 0, 4, "共同富裕")


def test_a_documents_error_names_the_document() -> None:
    with pytest.raises(SpanError, match=r"a\.zh"):
        Document("a.zh", "a", "zh", "共同富裕").span(3, 9)


def test_a_text_with_a_lone_surrogate_has_a_digest() -> None:
    assert len(text_sha("\ud800 共")) == 64


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=12))
def test_what_is_left_does_not_overlap_and_the_first_always_stays(spans: list[tuple[int, int]]) -> None:
    text = "x" * 30
    entities = [Entity(Span.of(text, start, start + length), "PLACE") for start, length in spans]
    kept = without_overlaps(entities)
    assert all(a.end <= b.start for a, b in pairwise(kept))
    assert not entities or entities[0] in kept
    assert all(e in kept or any(e.span.overlaps(k.span) for k in kept) for e in entities)
