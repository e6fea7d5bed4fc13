"""The learning curves as one HTML page: a chart with intervals and the law for each language, tables, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from corpus.plots import COLORS, nice_ticks, number, text_width
from corpus.render import LANGUAGE_NAMES, template
from models.curve_fit import Curve, LabelCurve, answer

_WIDTH, _HEIGHT = 620, 320
_BEYOND = COLORS[1]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a number of articles and an F1 are in the chart."""

    most: float
    low: float
    high: float
    left: float = 44.0
    right: float = _WIDTH - 12.0
    top: float = 34.0
    bottom: float = _HEIGHT - 44.0

    def x(self, articles: float) -> float:
        return self.left + articles / (self.most or 1) * (self.right - self.left)

    def y(self, f1: float) -> float:
        return self.bottom - (f1 - self.low) / ((self.high - self.low) or 1) * (self.bottom - self.top)


def curve_page(curves: Sequence[Curve], name: str) -> str:
    """One self-contained HTML page: no script, nothing from outside; `name` is that of the workspace."""
    from markupsafe import Markup

    sections = [
        {
            "id": f"curve-{curve.lang}",
            "title": LANGUAGE_NAMES[curve.lang],
            "answer": answer(curve, LANGUAGE_NAMES[curve.lang]),
            "curve": curve,
            # Drawn here, from numbers and escaped names.
            "chart": Markup(curve_chart(curve.all, title=f"F1 by articles, {LANGUAGE_NAMES[curve.lang]}")),
            "labels": [
                (label, Markup(curve_chart(label, title=f"F1 of {label.label} by articles"))) for label in curve.labels
            ],
        }
        for curve in curves
    ]
    return str(template("curve.html").render(name=name, sections=sections, percent=lambda share: f"{100 * share:.1f}"))


def curve_chart(curve: LabelCurve, *, title: str) -> str:
    """An SVG chart: what was measured, with intervals, and dashed what the law says of twice the gold."""
    outlook = curve.outlook
    shown = [size.f1 for size in curve.sizes] + ([outlook.double] if outlook else [])
    most = max([2.0 * outlook.articles if outlook else 0, *(size.learnt for size in curve.sizes)], default=1)
    ticks = nice_ticks(max((e.high for e in shown), default=1.0), min((e.low for e in shown), default=0.0))
    scale = _Scale(most, ticks[0], ticks[-1])
    parts = [_text(scale.left, 14, "F1")]
    for tick in ticks:
        parts.append(_line(scale.left, scale.y(tick), scale.right, scale.y(tick), 'stroke-opacity="0.15"'))
        parts.append(_text(scale.left - 6, scale.y(tick) + 4, number(100 * tick), "end"))
    for tick in nice_ticks(most, whole=True):
        if tick <= most:
            parts.append(_text(scale.x(tick), scale.bottom + 16, number(tick), "middle"))
    parts.append(_text((scale.left + scale.right) / 2, scale.bottom + 36, "articles to learn from", "middle"))
    if outlook and curve.sizes:
        parts += _law(curve, scale)
    upper = [(scale.x(size.learnt), scale.y(size.f1.high)) for size in curve.sizes]
    lower = [(scale.x(size.learnt), scale.y(size.f1.low)) for size in curve.sizes]
    if len(curve.sizes) > 1:
        band = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *reversed(lower)])
        parts.append(f'<polygon points="{band}" fill="{COLORS[0]}" fill-opacity="0.18"/>')
        path = " ".join(f"{scale.x(size.learnt):.1f},{scale.y(size.f1.value):.1f}" for size in curve.sizes)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLORS[0]}" stroke-width="2"/>')
    for size in curve.sizes:
        tip = f"{size.learnt} articles: F1 {_said(size.f1.value, size.f1.low, size.f1.high)}, {size.runs} runs"
        parts.append(
            f'<circle cx="{scale.x(size.learnt):.1f}" cy="{scale.y(size.f1.value):.1f}" r="4" fill="{COLORS[0]}">'
            f"<title>{escape(tip)}</title></circle>"
        )
    parts.append(_key(scale.left + 34, "measured", COLORS[0]))
    if outlook:
        parts.append(_key(scale.left + 60 + text_width("measured"), "power law", _BEYOND))
    said = "; ".join(f"{size.learnt} articles {100 * size.f1.value:.1f}" for size in curve.sizes)
    if outlook:
        said += f"; {2 * outlook.articles} articles perhaps {100 * outlook.double.value:.1f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'style="max-width:100%;height:auto" role="img" aria-label="{escape(f"{title}: {said}", quote=True)}" font-size="12" '
        'fill="currentColor">' + "".join(parts) + "</svg>"
    )


def _law(curve: LabelCurve, scale: _Scale) -> list[str]:
    """The law from the first size to twice the gold, and the interval there."""
    outlook = curve.outlook
    assert outlook is not None
    first = curve.sizes[0].learnt
    end = 2 * outlook.articles
    spots = [first + (end - first) * step / 40 for step in range(41)]
    path = " ".join(f"{scale.x(n):.1f},{scale.y(max(scale.low, outlook.at(n))):.1f}" for n in spots)
    double, x = outlook.double, scale.x(end)
    tip = f"{end} articles, as the law has it: F1 {_said(double.value, double.low, double.high)}"
    return [
        f'<polyline points="{path}" fill="none" stroke="{_BEYOND}" stroke-width="1.5" stroke-dasharray="5 4"/>',
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{scale.y(double.low):.1f}" y2="{scale.y(double.high):.1f}" '
        f'stroke="{_BEYOND}" stroke-width="2"/>',
        f'<circle cx="{x:.1f}" cy="{scale.y(double.value):.1f}" r="4" fill="{_BEYOND}"><title>{escape(tip)}</title></circle>',
    ]


def _said(value: float, low: float, high: float) -> str:
    return f"{100 * value:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _key(x: float, name: str, color: str) -> str:
    return f'<rect x="{x:.1f}" y="5" width="10" height="10" rx="1.5" fill="{color}"/>' + _text(x + 15, 14, name)


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" {style}/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill-opacity="0.8">{escape(text)}</text>'
