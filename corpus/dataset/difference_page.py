"""A page that shows what two versions of the dataset differ in, every change with the text around it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from corpus.dataset.changes import ADDED, CHANGED, CLAIM, REMOVED, Change, DocumentChange, table
from corpus.dataset.difference import Difference

_CONTEXT = 70
_SHOWN = 2000


def render_difference(difference: Difference, *, shown: int = _SHOWN) -> str:
    """One self-contained HTML page: the summary, then documents with their changes, the first `shown` changes in context.

    Of a document that was added or removed only how much is in it.
    """
    from corpus.render import template

    documents: list[dict[str, Any]] = []
    left = hidden = 0
    for change in difference:
        if left >= shown:
            hidden += 1
            continue
        documents.append(_document(change, difference))
        left += 1 + len(documents[-1]["changes"])
    header, rows = table(difference.summary)
    return str(
        template("difference.html").render(
            summary=difference.summary,
            documents=documents,
            hidden=hidden,
            header=header,
            rows=rows,
            moved=sorted(difference.summary.splits.items()),
            relabelled=sorted(difference.summary.relabelled.items(), key=lambda each: (-each[1], each[0])),
        )
    )


def _document(change: DocumentChange, difference: Difference) -> dict[str, Any]:
    texts = difference.texts(change.id) if change.kind == CHANGED and change.changes else ("", "")
    notes = []
    if change.kind != CHANGED:
        notes.append(f"{change.kind}, {change.split[0] or change.split[1]}, {sum(change.characters)} characters")
        notes.append(f"{len(change.changes)} marks")
    elif change.split[0] != change.split[1]:
        notes.append(" → ".join(change.split))
    if change.text:
        notes.append(f"other text, {change.characters[0]} → {change.characters[1]} characters")
    notes += [f"{name} changed" for name in change.columns]
    changes = [_shown(each, *texts, moved=change.text) for each in change.changes] if change.kind == CHANGED else []
    return {"id": change.id, "lang": change.lang, "notes": notes, "changes": changes}


def _shown(change: Change, before: str, after: str, *, moved: bool) -> dict[str, Any]:
    details = [_said(name, change) for name in change.attributes if name not in ("label", "type", "edges")]
    made = {"what": change.what, "kind": change.kind, "label": _label(change), "details": details}
    rows = [row for row in (change.before, change.after) if row is not None]
    if any("start" not in row for row in rows):
        return {**made, "texts": [], "details": [_joins(rows[0])]}
    if change.kind == REMOVED or (moved and change.after is None):
        return {**made, "texts": [_pieces(before, change.before, None)]}
    if change.kind == ADDED or not moved:
        return {**made, "texts": [_pieces(after, change.before, change.after)]}
    # In another text the offsets from before mean nothing: each version is shown by itself.
    return {**made, "texts": [_pieces(before, change.before, None), _pieces(after, None, change.after)]}


def _label(change: Change) -> str:
    name = "type" if change.what == CLAIM else "label"
    sides = [str(row[name]) for row in (change.before, change.after) if row is not None]
    return " → ".join(dict.fromkeys(sides))


def _said(name: str, change: Change) -> str:
    sides = [(row or {}).get(name) for row in (change.before, change.after)]
    return f"{name}: {_value(sides[0])} → {_value(sides[1])}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(" ".join(filter(None, map(str, each.values()))) for each in value) or "none"
    return str(value or "none")


def _joins(row: dict[str, Any]) -> str:
    ends = [f"{ref['document']} {ref['start']}–{ref['end']}" for ref in (row["head"], row["tail"])]
    return f"{ends[0]} → {ends[1]}"


def _pieces(text: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    """The text around in pieces: (text, whether it is marked before, whether after)."""
    spans = [(row["start"], row["end"]) if row else None for row in (before, after)]
    there = [span for span in spans if span]
    first, last = min(start for start, _ in there), max(end for _, end in there)
    if not text:
        return {"pieces": [(f"{first}–{last}", bool(spans[0]), bool(spans[1]))], "left": False, "right": False}
    start, end = max(0, first - _CONTEXT), min(len(text), last + _CONTEXT)
    cuts = sorted({start, end, *(at for span in there for at in span)})
    pieces = [(text[a:b], *(bool(span and span[0] <= a and b <= span[1]) for span in spans)) for a, b in pairwise(cuts)]
    return {"pieces": pieces, "left": start > 0, "right": end < len(text)}
