"""Stretches that are asked what they hold say the same as comparing each with each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corpus.stretches import Stretches

SPAN = st.tuples(st.integers(0, 20), st.integers(1, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(SPAN, max_size=6), SPAN)
def test_they_say_what_comparing_all_says(spans: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    start, end = asked
    found = Stretches(spans)
    assert found.hold(start, end) == any(s <= start and end <= e for s, e in spans)
    assert found.meet(start, end) == any(s < end and start < e for s, e in spans)
