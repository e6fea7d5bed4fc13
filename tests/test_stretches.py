"""Stretches that are asked what they hold say the same as comparing each with each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corpus.stretches import Stretches, best_pairs

SPAN = st.tuples(st.integers(0, 20), st.integers(1, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(SPAN, max_size=6), SPAN)
def test_they_say_what_comparing_all_says(spans: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    start, end = asked
    found = Stretches(spans)
    assert found.hold(start, end) == any(s <= start and end <= e for s, e in spans)
    assert found.meet(start, end) == any(s < end and start < e for s, e in spans)


@given(st.lists(SPAN, max_size=6), st.lists(SPAN, max_size=6), st.sampled_from([0.0, 0.5]))
def test_the_best_pairs_are_those_of_comparing_all(
    a: list[tuple[int, int]], b: list[tuple[int, int]], least: float
) -> None:
    def shared(i: int, j: int) -> float:
        return max(0, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0])) / (max(a[i][1], b[j][1]) - min(a[i][0], b[j][0]))

    expected: list[tuple[int, int]] = []
    for part, i, j in sorted((-shared(i, j), i, j) for i in range(len(a)) for j in range(len(b))):
        if part and -part >= least and all(i != other and j != another for other, another in expected):
            expected.append((i, j))
    assert best_pairs(a, b, least) == expected
