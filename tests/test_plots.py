"""Charts: every value is drawn to scale and said in words, nothing in a label does anything."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.plots import (
    COLORS,
    bar_chart,
    column_chart,
    fitted,
    line_chart,
    nice_ticks,
    number,
    stacked_bars,
    text_width,
)

SVG = "{http://www.w3.org/2000/svg}"


def rects(svg: str) -> list[ElementTree.Element]:
    return [r for r in ElementTree.fromstring(svg).iter(f"{SVG}rect") if r.get("width") != "10.0"]


def test_bars_are_as_long_as_their_values() -> None:
    widths = [float(r.get("width", 0)) for r in rects(bar_chart([("浙江", 40), ("北京", 10)], title="Places"))]
    assert widths[0] == pytest.approx(4 * widths[1], rel=0.02)


def test_a_chart_says_what_it_shows() -> None:
    root = ElementTree.fromstring(stacked_bars([("地点", (3, 2))], ["English", "中文"], title="Entities"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Entities. 地点 English 3, 中文 2"
    assert [t.text for r in rects(ElementTree.tostring(root, "unicode")) for t in r] == [
        "地点, English: 3",
        "地点, 中文: 2",
    ]


def test_parts_of_a_bar_follow_one_another_in_colours_of_their_own() -> None:
    first, second = rects(stacked_bars([("x", (3, 2))], ["a", "b"], title="t"))
    assert float(second.get("x", 0)) == pytest.approx(float(first.get("x", 0)) + float(first.get("width", 0)), abs=0.2)
    assert (first.get("fill"), second.get("fill")) == COLORS[:2]


def test_columns_stand_on_the_axis_and_within_the_chart() -> None:
    rows = [(f"2021-{month:02d}", (month, 2 * month)) for month in range(1, 13)]
    svg = column_chart(rows, ["en", "zh"], title="Months", height=200)
    drawn = rects(svg)
    assert len(drawn) == 24
    assert all(float(r.get("y", 0)) >= 0 and float(r.get("y", 0)) + float(r.get("height", 0)) <= 200 for r in drawn)
    beside = rects(column_chart(rows, ["en", "zh"], title="Months", stacked=False))
    bottoms = {round(float(r.get("y", 0)) + float(r.get("height", 0)), 0) for r in beside}
    assert len(bottoms) == 1


def test_labels_that_would_overlap_are_left_out() -> None:
    few, many = ([(f"{year}", (1,)) for year in range(1990, 1990 + n)] for n in (5, 300))
    for rows, least in ((few, 5), (many, 3)):
        svg = column_chart(rows, [""], title="Years", width=500)
        places = [float(x) for x in re.findall(r'<text x="([\d.]+)"[^>]*middle[^>]*>\d{4}<', svg)]
        assert least <= len(places) <= 20
        assert all(b - a >= text_width("2000") for a, b in pairwise(places))


def test_a_line_goes_through_its_points_in_their_order() -> None:
    svg = line_chart({"en": [(200, 0.8), (100, 0.4), (50, math.nan)], "zh": [(100, 0.6)]}, title="F1", y_range=(0, 1))
    [line] = re.findall(r'<polyline points="([^"]+)"', svg)
    (x1, y1), (x2, y2) = ([float(v) for v in point.split(",")] for point in line.split())
    assert (x1 < x2, y1 > y2) == (True, True)
    assert svg.count("<polyline") == 1
    assert "100 → 0.40, 200 → 0.80" in svg
    assert "nan" not in svg


@pytest.mark.parametrize("draw", [bar_chart, stacked_bars, column_chart, line_chart])
def test_nothing_to_draw_is_no_error(draw: object) -> None:
    if draw is line_chart:
        svg = line_chart({}, title="t")
    elif draw is bar_chart:
        svg = bar_chart([], title="t")
    else:
        svg = draw([], ["a"], title="t")  # type: ignore[operator]
    assert ElementTree.fromstring(svg).get("aria-label", "").startswith("t")


@given(
    st.lists(st.tuples(st.text(), st.floats(allow_nan=True, allow_infinity=True)), max_size=4),
    st.text(),
    st.dictionaries(st.text(), st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), max_size=3), max_size=3),
)
def test_any_text_and_number_make_a_chart_that_does_nothing(
    rows: list[tuple[str, float]], title: str, lines: dict[str, list[tuple[float, float]]]
) -> None:
    for svg in (
        bar_chart(rows, title=title),
        stacked_bars([(label, (value, value)) for label, value in rows], [title, "<b>"], title=title),
        column_chart([(label, (value,)) for label, value in rows], [title], title=title, x_label=title, y_label=title),
        line_chart(lines, title=title, x_label=title),
    ):
        tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg).iter()}
        assert tags <= {"svg", "rect", "text", "title", "line", "polyline", "polygon", "circle", "g"}


def test_markup_in_a_label_stays_text() -> None:
    svg = bar_chart([("<script>alert('x')</script>\"&", 1)], title='"><script>')
    assert "<script" not in svg
    ElementTree.fromstring(svg)


@given(st.floats(0, 1e12, allow_nan=False, allow_infinity=False))
def test_ticks_reach_over_the_highest_value(high: float) -> None:
    ticks = nice_ticks(high)
    assert ticks[0] == 0
    assert ticks[-1] >= high * (1 - 1e-9)
    assert len(ticks) <= 8
    assert all(tick == int(tick) for tick in nice_ticks(high, whole=True))


def test_chinese_is_twice_as_wide() -> None:
    assert text_width("共同富裕") == 48
    assert fitted("共同富裕示范区", 48) == "共同富…"
    assert fitted("共同富裕", 48) == "共同富裕"


def test_figures_are_written_for_people() -> None:
    assert [number(v) for v in (0, 1234567, 0.5, 12.34, math.nan, math.inf)] == [
        "0",
        "1,234,567",
        "0.50",
        "12.3",
        "–",
        "–",
    ]
