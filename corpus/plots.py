"""Charts as SVG text: bars, stacked bars, columns, lines. They need nothing outside, and say in words what they show.

A chart stands by itself in a file, or inline in a page, whose colour of text it takes. Colours are those of Okabe and Ito
(https://jfly.uni-koeln.de/color/), which colour-blind people can tell apart; lines have marks of different shapes, too.
Whatever is given as text is escaped.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F")
"""Of the first series, the second, and so on, over again where there are more."""

WIDTH = 500
"""Pixels; as wide as a chart is shown, so that its letters are as large as the others."""
_FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_SIZE = 12
_ROW = 22
_LEGEND = 22


def bar_chart(rows: Sequence[tuple[str, float]], *, title: str, width: int = WIDTH, color: str = COLORS[0]) -> str:
    """Horizontal bars, a row for each (label, value), with the value beside it.

    >>> bar_chart([("浙江", 3), ("<b>", 1)], title="Places").count("<rect")
    2
    """
    return stacked_bars([(label, (value,)) for label, value in rows], [""], title=title, width=width, colors=(color,))


def stacked_bars(
    rows: Sequence[tuple[str, Sequence[float]]],
    series: Sequence[str],
    *,
    title: str,
    width: int = WIDTH,
    colors: Sequence[str] = COLORS,
) -> str:
    """Horizontal bars of several parts, a row for each (label, values), and the sum beside it; `series` names the parts.

    Values are not negative; one that is no finite number counts as 0. Long labels are cut, whole in their tooltip.
    """
    rows = [(label, [_finite(value) for value in values]) for label, values in rows]
    label_room = min(width * 0.44, max((text_width(label) for label, _ in rows), default=0) + 10)
    value_room = max((text_width(number(sum(values))) for _, values in rows), default=0) + 12
    top = _LEGEND if len(series) > 1 else 4
    most = max((sum(values) for _, values in rows), default=0) or 1
    scale = max(10.0, width - label_room - value_room) / most
    parts = [_legend(series, colors, label_room)] if len(series) > 1 else []
    for index, (label, values) in enumerate(rows):
        y = top + index * _ROW
        parts.append(_text(label_room - 8, y + 15, fitted(label, label_room - 10), anchor="end", title=label))
        x = label_room
        for part, value in enumerate(values):
            if value > 0:
                named = f"{label}, {series[part]}" if part < len(series) and series[part] else label
                parts.append(
                    _rect(x, y + 3, value * scale, _ROW - 6, _color(colors, part), f"{named}: {number(value)}")
                )
                x += value * scale
        parts.append(_text(x + 6, y + 15, number(sum(values)), opacity=0.75))
    said = "; ".join(f"{label} {_sum_in_words(values, series)}" for label, values in rows[:40])
    return svg(width, top + len(rows) * _ROW + 4, f"{title}. {said}", parts)


def column_chart(
    rows: Sequence[tuple[str, Sequence[float]]],
    series: Sequence[str],
    *,
    title: str,
    x_label: str = "",
    y_label: str = "",
    width: int = WIDTH,
    height: int = 220,
    stacked: bool = True,
    colors: Sequence[str] = COLORS,
) -> str:
    """Columns over what has an order: a histogram (a row for each range), or a number for each month or year.

    The parts of a row stand upon one another, or side by side where not `stacked`. Labels that would run into one
    another are left out.
    """
    rows = [(label, [_finite(value) for value in values]) for label, values in rows]
    heights = [sum(values) if stacked else max(values, default=0) for _, values in rows]
    ticks = nice_ticks(max(heights, default=0) or 1, whole=all(value == int(value) for value in heights))
    frame = _Frame(width, height, ticks, bool(x_label), bool(y_label), len(series) > 1)
    parts = [_legend(series, colors, frame.left)] if len(series) > 1 else []
    parts += frame.grid(y_label, x_label)
    step = (frame.right - frame.left) / max(1, len(rows))
    gap = min(6.0, step * 0.2)
    every = _every([text_width(label) for label, _ in rows], step)
    for index, (label, values) in enumerate(rows):
        x, below = frame.left + index * step, 0.0
        for part, value in enumerate(values):
            named = f"{label}, {series[part]}" if part < len(series) and series[part] else label
            tip = f"{named}: {number(value)}"
            if stacked:
                top = frame.y(below + value)
                parts.append(_rect(x + gap / 2, top, step - gap, frame.y(below) - top, _color(colors, part), tip))
                below += value
            else:
                wide = (step - gap) / len(values)
                at = x + gap / 2 + part * wide
                parts.append(_rect(at, frame.y(value), wide, frame.y(0) - frame.y(value), _color(colors, part), tip))
        if index % every == 0:
            parts.append(_text(x + step / 2, frame.bottom + 16, label, anchor="middle", opacity=0.75))
    said = "; ".join(f"{label} {_sum_in_words(values, series)}" for label, values in rows[:60])
    return svg(width, height, f"{title}. {said}", parts)


def line_chart(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    *,
    title: str,
    x_label: str = "",
    y_label: str = "",
    y_range: tuple[float, float] | None = None,
    width: int = WIDTH,
    height: int = 260,
    colors: Sequence[str] = COLORS,
) -> str:
    """A line for each name, through its points (x, y) in the order of x: a score over the amount of training data.

    The y axis begins at 0 unless `y_range` says otherwise. Points that are no finite numbers are left out.

    >>> line_chart({"en": [(10, 0.4), (20, 0.6)]}, title="F1").count("<circle")
    2
    """
    kept = {
        name: sorted((x, y) for x, y in points if math.isfinite(x) and math.isfinite(y))
        for name, points in lines.items()
    }
    xs = [x for points in kept.values() for x, _ in points] or [0.0]
    ys = [y for points in kept.values() for _, y in points] or [0.0]
    low, high = y_range or (min(0.0, *ys), max(ys))
    ticks = [tick for tick in nice_ticks(high if high > low else low + 1, low) if y_range is None or tick <= high]
    frame = _Frame(width, height, ticks, bool(x_label), bool(y_label), len(kept) > 1)
    first, last = min(xs), max(xs)
    across = (frame.right - frame.left - 16) / ((last - first) or 1)
    parts = [_legend(list(kept), colors, frame.left, marks=True)] if len(kept) > 1 else []
    parts += frame.grid(y_label, x_label)
    placed = -math.inf
    for x in sorted(set(xs)):
        at, label = frame.left + 8 + (x - first) * across, number(x)
        if at - text_width(label) / 2 > placed + 8:
            parts.append(_text(at, frame.bottom + 16, label, anchor="middle", opacity=0.75))
            placed = at + text_width(label) / 2
    for index, (name, points) in enumerate(kept.items()):
        color = _color(colors, index)
        spots = [(frame.left + 8 + (x - first) * across, frame.y(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        if len(spots) > 1:
            parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        for (x, y), (value_x, value_y) in zip(spots, points, strict=True):
            tip = f"{name}: {number(value_x)}, {number(value_y)}"
            parts.append(f"<g><title>{escaped(tip)}</title>{_mark(x, y, index, color)}</g>")
    said = "; ".join(
        f"{name}: " + ", ".join(f"{number(x)} → {number(y)}" for x, y in points[:40]) for name, points in kept.items()
    )
    return svg(width, height, f"{title}. {said}", parts)


def text_width(text: str, size: float = _SIZE) -> float:
    """About how wide a text is in pixels: a Chinese character is as wide as it is high.

    >>> text_width("共同富裕") > text_width("plan")
    True
    """
    return sum(_advance(character) for character in text) * size


def fitted(text: str, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than `room` pixels."""
    if text_width(text) <= room:
        return text
    kept, used = [], text_width("…")
    for character in text:
        used += _advance(character) * _SIZE
        if used > room:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def number(value: float) -> str:
    """A figure as people read it: 12,500, 0.83, 3.

    >>> number(12500), number(0.8312), number(3.0)
    ('12,500', '0.83', '3')
    """
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2f}"


def nice_ticks(high: float, low: float = 0.0, *, whole: bool = False) -> list[float]:
    """About five round numbers from at or below `low` to at or above `high`; with `whole`, without fractions.

    >>> nice_ticks(87)
    [0, 20, 40, 60, 80, 100]
    """
    span = max(high - low, 1e-9)
    power = 10 ** math.floor(math.log10(span / 4))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= span / 5)
    if whole:
        step = max(1, math.ceil(step))
    first = math.floor(low / step + 1e-9)
    last = max(first + 1, math.ceil(high / step - 1e-9))
    return [round(index * step, 10) for index in range(first, last + 1)]


# ---- parts of a chart


class _Frame:
    """The field of a chart with a vertical axis, and where a value is in it."""

    def __init__(self, width: int, height: int, ticks: Sequence[float], x: bool, y: bool, legend: bool) -> None:
        self.ticks = ticks
        self.left = max(text_width(number(tick)) for tick in ticks) + 12
        self.right = width - 8.0
        self.top = 8.0 + (_LEGEND if legend else 0) + (16 if y else 0)
        self.bottom = height - 24.0 - (18 if x else 0)

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        share = (value - low) / ((high - low) or 1)
        return self.bottom - min(1.0, max(0.0, share)) * (self.bottom - self.top)

    def grid(self, y_label: str, x_label: str) -> list[str]:
        parts = []
        for tick in self.ticks:
            y = self.y(tick)
            strong = 0.5 if tick == self.ticks[0] else 0.15
            parts.append(
                f'<line x1="{self.left:.1f}" x2="{self.right:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
                f'stroke="currentColor" stroke-opacity="{strong}"/>'
            )
            parts.append(_text(self.left - 6, y + 4, number(tick), anchor="end", opacity=0.75))
        if y_label:
            parts.append(_text(0, self.top - 10, y_label, opacity=0.75))
        if x_label:
            parts.append(_text((self.left + self.right) / 2, self.bottom + 36, x_label, anchor="middle", opacity=0.75))
        return parts


def svg(width: float, height: float, said: str, parts: Sequence[str]) -> str:
    """A picture of these elements, as wide as there is room for; `said` is what it shows, in words."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" style="max-width:100%;height:auto" role="img" aria-label="{escaped(said)}" '
        f'font-family="{_FONT}" font-size="{_SIZE}" fill="currentColor">' + "".join(parts) + "</svg>"
    )


def _rect(x: float, y: float, width: float, height: float, color: str, tip: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{max(0.0, height):.1f}" rx="1.5" '
        f'fill="{escaped(color)}"><title>{escaped(tip)}</title></rect>'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", opacity: float = 1.0, title: str = "") -> str:
    tip = f"<title>{escaped(title)}</title>" if title and title != text else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill-opacity="{opacity}">{tip}{escaped(text)}</text>'


def _legend(series: Sequence[str], colors: Sequence[str], x: float, *, marks: bool = False) -> str:
    parts = []
    for index, name in enumerate(series):
        color = _color(colors, index)
        parts.append(_mark(x + 5, 9, index, color) if marks else _rect(x, 4, 10, 10, color, name))
        parts.append(_text(x + 15, 13, name))
        x += text_width(name) + 34
    return "".join(parts)


def _mark(x: float, y: float, index: int, color: str) -> str:
    r = 4
    if index % 4 == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{color}"/>'
    points = {
        1: ((-r, -r), (r, -r), (r, r), (-r, r)),
        2: ((0, -r - 1), (r + 1, r), (-r - 1, r)),
        3: ((0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0)),
    }[index % 4]
    path = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points)
    return f'<polygon points="{path}" fill="{color}"/>'


def _every(widths: Sequence[float], step: float) -> int:
    """Every how many of the labels there is room for."""
    return max(1, math.ceil((max(widths, default=0) + 10) / step)) if step else 1


def _sum_in_words(values: Sequence[float], series: Sequence[str]) -> str:
    if len(values) == 1:
        return number(values[0])
    return ", ".join(f"{name} {number(value)}" for name, value in zip(series, values, strict=False))


def _finite(value: float) -> float:
    return min(1e100, max(0.0, float(value))) if math.isfinite(value) else 0.0


def _color(colors: Sequence[str], index: int) -> str:
    return escaped(colors[index % len(colors)])


def escaped(text: str) -> str:
    """A text as it stands in SVG, in an attribute too."""
    return escape(xml_text(text), quote=True)


def xml_text(text: str) -> str:
    """The text with what XML 1.0 cannot hold (most controls, lone surrogates) replaced."""
    return _NOT_XML.sub("\ufffd", text)


_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _advance(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in "mwMW@%—…":
        return 0.95
    if character in "iljtfrI.,:;'|!()[] ":
        return 0.4
    return 0.7 if character.isupper() else 0.62
