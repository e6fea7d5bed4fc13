"""Whether articles need less and less correcting, as annotation goes on and models are trained anew."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from corpus.plots import COLORS, fitted, nice_ticks, number, text_width

_BINS = 20
_DOTS = 400
_MARKS = 12
_WIDTH, _HEIGHT = 1060, 320
_LABEL = 150.0


@dataclass(frozen=True, slots=True)
class Article:
    """An article as one person annotated it: the edits to its entities and claims, and how many it has in the end."""

    article: str
    annotator: str
    time: str
    version: str
    edits: int
    blank: int
    claim_edits: int
    characters: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Articles `first` to `last` in the order of annotation: edits an article (with the interval of its mean), for 1,000 characters,
    and what the pre-annotation saved: one minus edits through the edits that it takes from nothing."""

    name: str
    annotator: str
    first: int
    last: int
    articles: int
    edits: float
    low: float | None
    high: float | None
    per_thousand: float | None
    claim_edits: float
    saved: float | None
    since: str = ""
    until: str = ""


def stretch(name: str, annotator: str, first: int, last: int, articles: Sequence[Article]) -> Stretch:
    """The figures of some articles, of which there is at least one."""
    n = len(articles)
    edits, blank = sum(a.edits for a in articles), sum(a.blank for a in articles)
    characters, mean = sum(a.characters for a in articles), edits / n
    error = 1.96 * math.sqrt(sum((a.edits - mean) ** 2 for a in articles) / (n - 1) / n) if n > 1 else None
    return Stretch(
        name,
        annotator,
        first,
        last,
        n,
        mean,
        None if error is None else max(0.0, mean - error),
        None if error is None else mean + error,
        1000 * edits / characters if characters else None,
        sum(a.claim_edits for a in articles) / n,
        1 - edits / blank if blank else None,
        articles[0].time,
        articles[-1].time,
    )


def stretches(articles: Sequence[Article], annotator: str) -> list[Stretch]:
    """The articles, in the order of annotation, cut into twenty stretches at most; of one article each where they are few."""
    size = max(1, math.ceil(len(articles) / _BINS))
    cut = [articles[at : at + size] for at in range(0, len(articles), size)]
    return [
        stretch(str(n), annotator, 1 + (n - 1) * size, (n - 1) * size + len(part), part)
        for n, part in enumerate(cut, 1)
    ]


def versions(articles: Sequence[Article], annotator: str) -> list[Stretch]:
    """The same by the version of the prediction, in the order in which they first came; `first` is where that was."""
    found: dict[str, list[tuple[int, Article]]] = {}
    for at, article in enumerate(articles, 1):
        found.setdefault(article.version, []).append((at, article))
    return [stretch(name, annotator, rows[0][0], rows[-1][0], [a for _, a in rows]) for name, rows in found.items()]


def curve_chart(
    dots: Sequence[float],
    lines: Mapping[str, Sequence[tuple[float, float]]],
    changes: Mapping[int, str],
    *,
    title: str,
    x_label: str,
    y_label: str,
) -> str:
    """An SVG chart: a dot for each article (none where they are many), lines of means, and a mark where the model changed.

    `changes` are names by the number of the article from which on they hold.

    >>> curve_chart([3, 1], {"all": [(1, 3), (2, 1)]}, {2: "v2"}, title="Edits", x_label="", y_label="").count("<circle")
    4
    """
    count = max([len(dots), *(int(x) for points in lines.values() for x, _ in points)], default=1) or 1
    shown = dots if len(dots) <= _DOTS else ()
    # A single endless article would press all others to the ground.
    ceiling = sorted(dots)[int(0.98 * (len(dots) - 1))] if dots else 0.0
    ticks = nice_ticks(max([ceiling, *(y for points in lines.values() for _, y in points)], default=0) or 1)
    left, right = max(text_width(number(tick)) for tick in ticks) + 12, _WIDTH - 10.0
    top, bottom = (66.0 if changes else 46.0), _HEIGHT - 44.0

    def across(x: float) -> float:
        return left + 8 + (x - 1) / max(1, count - 1) * (right - left - 16)

    def up(y: float) -> float:
        return bottom - min(1.0, max(0.0, y / ticks[-1])) * (bottom - top)

    parts = [_text(left, 14, y_label, 0.75)]
    at = left + text_width(y_label) + 30
    for index, name in enumerate(lines):
        parts.append(f'<rect x="{at:.1f}" y="5" width="10" height="10" rx="1.5" fill="{_color(index)}"/>')
        parts.append(_text(at + 15, 14, name))
        at += text_width(name) + 34
    for tick in ticks:
        strong = 0.5 if tick == ticks[0] else 0.15
        parts.append(_line(left, up(tick), right, up(tick), f'stroke="currentColor" stroke-opacity="{strong}"'))
        parts.append(_text(left - 6, up(tick) + 4, number(tick), 0.75, "end"))
    for tick in dict.fromkeys([1, *(int(t) for t in nice_ticks(count, whole=True) if 1 < t <= count)]):
        parts.append(_text(across(tick), bottom + 16, number(tick), 0.75, "middle"))
    parts.append(_text((left + right) / 2, bottom + 36, x_label, 0.75, "middle"))
    free = 0.0
    for article, name in sorted(changes.items()):
        x = across(article)
        tip = f"<title>{_escaped(f'{name}: from article {article} on')}</title>"
        dashed = 'stroke="currentColor" stroke-opacity="0.55" stroke-dasharray="4 3"'
        parts.append(f"<g>{tip}{_line(x, top - 16, x, bottom, dashed)}</g>")
        room = min(_LABEL, text_width(name))
        if x >= free and len(changes) <= _MARKS:
            begins = min(x + 4, right - room)
            parts.append(_text(begins, top - 8, fitted(name, _LABEL), 0.75))
            free = begins + room + 8
    for x_value, y_value in enumerate(shown, 1):
        parts.append(
            f'<circle cx="{across(x_value):.1f}" cy="{up(y_value):.1f}" r="2.2" fill="currentColor" fill-opacity="0.25"/>'
        )
    for index, (name, points) in enumerate(lines.items()):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        if len(points) > 1:
            parts.append(f'<polyline points="{path}" fill="none" stroke="{_color(index)}" stroke-width="2"/>')
        for x, y in points:
            tip = f"<title>{_escaped(f'{name}, about article {number(round(x))}: {number(y)}')}</title>"
            parts.append(f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="4" fill="{_color(index)}">{tip}</circle>')
    said = "; ".join(f"{n}: " + ", ".join(f"{number(x)} → {number(y)}" for x, y in p) for n, p in lines.items())
    said += "".join(f"; from article {article} on {name}" for article, name in sorted(changes.items()))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'style="max-width:100%;height:auto" role="img" aria-label="{_escaped(f"{title}. {said}")}" font-size="12" '
        'fill="currentColor">' + "".join(parts) + "</svg>"
    )


def _color(index: int) -> str:
    return COLORS[index % len(COLORS)]


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def _text(x: float, y: float, text: str, opacity: float = 1.0, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill-opacity="{opacity}">{_escaped(text)}</text>'


def _escaped(text: str) -> str:
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text), quote=True)
