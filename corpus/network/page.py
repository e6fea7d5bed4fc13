"""The page of a network export: the discourse network, who agrees with whom, and the table as a heat map.

The pictures are SVG without scripts, and the same for the same data: positions come from the order of actors alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from corpus.network.graph import STANCES, Networks
from corpus.plots import escaped, fitted, number, svg

_ACTORS = 40
_CONCEPTS = 30
_TABLE_ACTORS = 200
_COLORS = {"support": "#0072B2", "oppose": "#D55E00", "neutral": "#8A8F98"}
_ROOM = 330


def network_page(made: Networks, *, title: str, note: str = "") -> str:
    """One self-contained HTML page; all names are escaped. Large networks show their most active actors."""
    from corpus.render import template

    view = {
        "title": title,
        "note": note,
        "colors": _COLORS,
        "affiliation": affiliation_svg(made),
        "agreement": agreement_svg(made),
        "table": _table(made),
        "tiles": [
            ("actors", number(len(made.actors))),
            ("concepts", number(len(made.concepts))),
            ("statements", number(sum(n for n, _ in made.table.values()))),
            ("pairs that agree", number(len(made.congruence))),
            ("pairs that disagree", number(len(made.conflict))),
        ],
        "left_out": max(0, len(made.actors) - _ACTORS),
    }
    return str(template("network.html").render(**view))


def affiliation_svg(made: Networks, *, actors: int = _ACTORS, concepts: int = _CONCEPTS) -> str:
    """The two-mode network: actors on the left, concepts on the right, a curve for each stance.

    Concepts stand in the order of what their actors' mean place is, so that curves cross less.
    """
    left, right = list(made.actors)[:actors], list(made.concepts)[:concepts]
    known = set(left), set(right)
    edges = {(a, c, s): n for (a, c, s), (n, _) in made.table.items() if a in known[0] and c in known[1]}
    right = [concept for concept in right if any(c == concept for _, c, _ in edges)]
    for _ in range(4):
        right = _by_mean(right, {(c, a): n for (a, c, _), n in edges.items()}, left)
        left = _by_mean(left, {(a, c): n for (a, c, _), n in edges.items()}, right)
    height = 26 * max(len(left), len(right), 1) + 20
    width = 2 * _ROOM + 320
    spots = {("a", id): _place(n, len(left), height) for n, id in enumerate(left)}
    spots |= {("c", name): _place(n, len(right), height) for n, name in enumerate(right)}
    most = max(edges.values(), default=1)
    parts = []
    for (a, c, s), n in sorted(edges.items(), key=lambda edge: edge[1]):
        y, z = spots["a", a], spots["c", c]
        shift = {"support": -2.5, "oppose": 2.5}.get(s, 0.0)
        x, end = _ROOM + 6, width - _ROOM - 6
        tip = f"{made.actors[a].name} – {c}: {s}, {number(n)}"
        parts.append(
            f'<path d="M{x} {y + shift:.1f} C{x + 120} {y + shift:.1f} {end - 120} {z + shift:.1f} {end} {z + shift:.1f}" '
            f'fill="none" stroke="{_COLORS.get(s, _COLORS["neutral"])}" stroke-opacity="0.6" '
            f'stroke-width="{1 + 5 * math.sqrt(n / most):.1f}"><title>{escaped(tip)}</title></path>'
        )
    for id in left:
        name, y = made.actors[id].name, spots["a", id]
        parts.append(f'<circle cx="{_ROOM}" cy="{y:.1f}" r="5" fill="currentColor"/>')
        parts.append(_label(_ROOM - 12, y + 4, name, "end"))
    for name in right:
        y = spots["c", name]
        parts.append(f'<rect x="{width - _ROOM - 5}" y="{y - 5:.1f}" width="10" height="10" fill="currentColor"/>')
        parts.append(_label(width - _ROOM + 12, y + 4, name, "start"))
    said = f"Discourse network: {len(left)} actors and {len(right)} concepts, {len(edges)} ties"
    return svg(width, height, said, parts)


def agreement_svg(made: Networks, *, actors: int = _ACTORS, size: int = 1060) -> str:
    """The one-mode networks in one picture: blue ties join actors who agree, red ones those who disagree.

    Actors stand in a circle, those with the same concepts beside one another.
    """
    present = {id for pair in (*made.congruence, *made.conflict) for id in pair}
    ids = [id for id in list(made.actors)[:actors] if id in present]
    if not ids:
        return ""
    ids, chosen = _beside(made, ids), set(ids)
    ties = [
        (a, b, shared, weight, side)
        for pairs, side in ((made.congruence, "support"), (made.conflict, "oppose"))
        for (a, b), (shared, weight) in pairs.items()
        if a in chosen and b in chosen
    ]
    height, radius = size, size / 2 - 235
    angles = {id: 2 * math.pi * n / len(ids) - math.pi / 2 for n, id in enumerate(ids)}
    xy = {id: (size / 2 + radius * math.cos(a), height / 2 + radius * math.sin(a)) for id, a in angles.items()}
    parts = []
    for a, b, shared, weight, side in sorted(ties, key=lambda tie: (tie[3], tie[0], tie[1])):
        (x, y), (z, w) = xy[a], xy[b]
        # Towards the middle; agreement and disagreement of the same two bend differently.
        bend = 0.35 if side == "support" else 0.6
        mid_x = (x + z) / 2 + (size / 2 - (x + z) / 2) * bend
        mid_y = (y + w) / 2 + (height / 2 - (y + w) / 2) * bend
        word = "agree" if side == "support" else "disagree"
        tip = f"{made.actors[a].name} – {made.actors[b].name}: {word} on {number(shared)} ({weight:.2f})"
        parts.append(
            f'<path d="M{x:.1f} {y:.1f} Q{mid_x:.1f} {mid_y:.1f} {z:.1f} {w:.1f}" fill="none" stroke="{_COLORS[side]}" '
            f'stroke-opacity="{0.2 + 0.5 * min(1.0, weight):.2f}" stroke-width="{1 + 3 * min(1.0, weight):.1f}">'
            f"<title>{escaped(tip)}</title></path>"
        )
    most = max(made.total(id) for id in ids)
    for id in ids:
        (x, y), angle, name = xy[id], angles[id], made.actors[id].name
        dot = 3.5 + 5 * math.sqrt(made.total(id) / most)
        tip = f"{name}: {number(made.total(id))} statements"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{dot:.1f}" fill="currentColor"><title>{escaped(tip)}</title></circle>'
        )
        right = math.cos(angle) >= 0
        turn = math.degrees(angle) + (0 if right else 180)
        shift = dot + 6 if right else -dot - 6
        label = _label(shift, 4, name, "start" if right else "end", room=218)
        parts.append(f'<g transform="translate({x:.1f} {y:.1f}) rotate({turn:.1f})">{label}</g>')
    agree = sum(side == "support" for *_, side in ties)
    said = f"Agreement: {len(ids)} actors, {agree} pairs that agree, {len(ties) - agree} that disagree"
    return svg(size, height, said, parts)


def _beside(made: Networks, ids: Sequence[str]) -> list[str]:
    """The actors, each followed by the one that shares most with it of those that are left."""
    sides: dict[str, set[tuple[str, str]]] = {id: set() for id in ids}
    for id, concept, stance in made.table:
        if id in sides:
            sides[id].add((concept, stance))
    left, order = list(ids), list[str]()
    while left:
        last = sides[order[-1]] if order else set()
        best = max(left, key=lambda id: (len(last & sides[id]) / max(1, len(last | sides[id])), -left.index(id)))
        left.remove(best)
        order.append(best)
    return order


def _table(made: Networks) -> dict[str, Any]:
    """The table as a heat map: a row an actor, a column a concept; the shade says how much, the letters which side."""
    concepts = made.concepts[:_CONCEPTS]
    cells: dict[tuple[str, str], dict[str, int]] = {}
    for (id, concept, stance), (n, _) in made.table.items():
        cells.setdefault((id, concept), {})[stance] = n
    most = max((sum(cell.values()) for cell in cells.values()), default=1)
    rows = []
    for id, actor in list(made.actors.items())[:_TABLE_ACTORS]:
        row = []
        for concept in concepts:
            cell = cells.get((id, concept), {})
            total = sum(cell.values())
            side = (
                "oppose"
                if cell.get("oppose", 0) > cell.get("support", 0)
                else "support"
                if cell.get("support")
                else "neutral"
            )
            shown = " ".join(
                f"{sign}{cell[stance]}" for stance, sign in zip(STANCES, "+−·", strict=True) if cell.get(stance)
            )
            row.append(
                {"shown": shown, "side": side, "shade": round(12 + 68 * math.sqrt(total / most)) if total else 0}
            )
        rows.append({"actor": actor, "cells": row, "total": made.total(id)})
    return {
        "concepts": concepts,
        "rows": rows,
        "more": max(0, len(made.actors) - _TABLE_ACTORS),
        "columns_more": max(0, len(made.concepts) - _CONCEPTS),
    }


def _by_mean(names: list[str], weights: Mapping[tuple[str, str], int], others: Sequence[str]) -> list[str]:
    places = {name: n / max(1, len(others)) for n, name in enumerate(others)}
    sums: dict[str, list[float]] = {name: [0.0, 0.0] for name in names}
    for (name, other), n in weights.items():
        if name in sums and other in places:
            sums[name][0] += n * places[other]
            sums[name][1] += n
    return sorted(names, key=lambda name: sums[name][0] / sums[name][1] if sums[name][1] else 1.0)


def _place(n: int, count: int, height: float) -> float:
    return 10 + (n + 0.5) * (height - 20) / max(1, count)


def _label(x: float, y: float, text: str, anchor: str, *, room: float = _ROOM - 16) -> str:
    shown = fitted(text, room)
    tip = f"<title>{escaped(text)}</title>" if shown != text else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{tip}{escaped(shown)}</text>'
