"""CSV: documents, entities, claims and relations, for spreadsheets and for pandas or R.

UTF-8 with a byte order mark, without which Excel takes Chinese for something else. A cell whose text begins like a formula (= + - @, their
full-width forms, tab, a line break) or with an apostrophe gets an apostrophe before it, which a spreadsheet does not calculate; take one
apostrophe off the beginning of a text to have it as it was (`unescape`). Numbers are written as they are. A text
with the character NUL is refused: most readers of CSV, pandas among them, stop there without a word.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus.dataset.forms.names import whole_cells
from corpus.dataset.forms.source import Record, Source
from corpus.document import Ref

FORMULA = tuple("=+-@\t\r\n'＝＋－＠")
"""What an escaped cell begins with."""

_WHERE = ("document", "pair", "lang", "split")
_SPAN = ("start", "end", "text")
COLUMNS = {
    "documents": ("id", "pair", "lang", "split", "text", "source", "sha256", "gold", "meta"),
    "entities": (*_WHERE, *_SPAN, "label", "link"),
    "claims": (
        *(*_WHERE, *_SPAN, "type", "stance", "claimant", "claimant_start", "claimant_end", "policy_area", "targets"),
    ),
    "relations": (
        *(*_WHERE, "label", "head_kind", "head_start", "head_end"),
        *(f"tail_{name}" for name in ("document", "kind", "start", "end")),
    ),
}


def write(source: Source, folder: Path) -> dict[str, int]:
    """`documents.csv`, `entities.csv`, `claims.csv` and `relations.csv`."""
    figures = dict.fromkeys((*COLUMNS, "escaped cells"), 0)
    with ExitStack() as stack:
        writers = {}
        for name, columns in COLUMNS.items():
            file = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline=""))
            writers[name] = csv.writer(file)
            writers[name].writerow(columns)
        for record in source.all():
            for name, row in rows(record):
                cells = [escape(cell) if isinstance(cell, str) else cell for cell in row]
                figures["escaped cells"] += sum(a is not b for a, b in zip(cells, row, strict=True))
                writers[name].writerow(whole_cells(record.document.id, cells))
                figures[name] += 1
    return figures


def escape(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula.

    >>> escape("=SUM(A1)"), escape("'tis"), escape("浙江")
    ("'=SUM(A1)", "''tis", '浙江')
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def unescape(cell: str) -> str:
    """The way back from `escape`.

    >>> unescape("'=SUM(A1)"), unescape("''tis")
    ('=SUM(A1)', "'tis")
    """
    return cell[1:] if cell.startswith("'") else cell


def rows(record: Record) -> Iterator[tuple[str, list[Any]]]:
    """The rows of one document, each with the table that it belongs to. A number that is not known is None."""
    document = record.document
    where = [document.id, document.pair, document.lang, record.split]
    meta = _json(dict(document.meta)) if document.meta else ""
    yield "documents", [*where, document.text, document.source, document.sha, record.gold, meta]
    for e in record.entities:
        yield "entities", [*where, e.start, e.end, e.span.surface, e.label, e.link]
    for c in record.claims:
        claimant = c.claimant_span or (None, None)
        targets = _json([asdict(target) for target in c.targets]) if c.targets else ""
        span = [c.start, c.end, c.span.surface]
        yield "claims", [*where, *span, c.type, c.stance, c.claimant, *claimant, c.policy_area, targets]
    for r in record.relations:
        head = _ref(r.head)
        yield "relations", [*where, r.label, *head[1:], *_ref(r.tail)]


def _ref(ref: Ref) -> list[Any]:
    return [ref.document, ref.kind, ref.start, ref.end]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
