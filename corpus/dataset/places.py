"""Where a string stands in the articles: the notation that takes its place in a dataset without text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from corpus.dataset.join import WITHHELD, TextOf
from corpus.document import AUTHOR

Row = dict[str, Any]
Range = tuple[int, int]

SAFE_META = ("date", "encoding", "id", "licence", "source", "url")
"""The metadata that is kept as it is."""

_LONGEST = 400
_PIECES, _GAP = 12, 3


@dataclass(frozen=True, slots=True)
class Source:
    """A text in which a string may stand: of which document ("" for the row's own), and which offset it begins at."""

    text: str
    document: str = ""
    offset: int = 0


def place_of(value: str, sources: Iterable[Source], near: Range | None = None) -> str:
    """The notation for a string (see `corpus.dataset.join.decoded`), `WITHHELD` where it stands in no source.

    The first source that has it counts, there the place nearest to `near`; then one that has it in other case; then one that
    has it in pieces. A figure without letters that stands nowhere is no text, and is given as it is.

    >>> place_of("30万套", [Source("新建住房 30万套。")]), place_of("30 000", [Source("30,000 homes")])
    ('[5:9]', '[0:2]" "[3:6]')
    """
    if not value:
        return value
    sources = list(sources)
    for source in sources:
        if (at := _nearest(source.text, value, near)) >= 0:
            return _piece(source, at, at + len(value))
    if len(value) <= _LONGEST:
        for source in sources:
            lower = source.text.lower()
            if len(lower) == len(source.text) and (at := lower.find(value)) >= 0:
                return _piece(source, at, at + len(value), lower=True)
        for source in sources:
            if pieces := _in_pieces(value, source):
                return pieces
    return literal(value) if not any(c.isalpha() for c in value) else WITHHELD


def literal(value: str) -> str:
    """The notation for a string that is given as it is.

    >>> literal("author"), literal("[sic]")
    ('author', '"[sic]"')
    """
    return json.dumps(value) if value[:1] in ("[", '"', WITHHELD) else value


def _piece(source: Source, start: int, end: int, *, lower: bool = False) -> str:
    of = f" of {json.dumps(source.document)}" if source.document else ""
    return f"[{source.offset + start}:{source.offset + end}{' lower' if lower else ''}{of}]"


def _nearest(text: str, value: str, near: Range | None) -> int:
    best, distance, at = -1, 0, text.find(value)
    while at >= 0:
        if near is None:
            return at
        away = max(near[0] - at, at + len(value) - near[1], 0)
        if best < 0 or away < distance:
            best, distance = at, away
        if at > near[1]:
            break
        at = text.find(value, at + 1)
    return best


def _in_pieces(value: str, source: Source) -> str:
    """A string as pieces of a text with a few characters between them; "" where too much of it would be seen."""
    lower = source.text.lower()
    lower = lower if len(lower) == len(source.text) else ""
    pieces: list[str] = []
    at = shown = gap = 0
    while at < len(value):
        length, found, small = 0, -1, False
        for text in (source.text, lower):
            size = length + 1 if length else 2
            while at + size <= len(value) and (place := text.find(value[at : at + size])) >= 0:
                length, found, small = size, place, text is lower
                size += 1
        if length:
            pieces.append(_piece(source, found, found + length, lower=small))
            at, gap = at + length, 0
        else:
            # One character, which may or may not stand somewhere.
            if gap == 0:
                pieces.append('""')
            pieces[-1] = json.dumps(json.loads(pieces[-1]) + value[at])
            shown += value[at].isalpha()
            at, gap = at + 1, gap + 1
        if gap > _GAP or len(pieces) > _PIECES:
            return ""
    return "".join(pieces) if 2 * shown <= len(value) else ""


@dataclass
class Places:
    """Where the strings of rows stand. `text_of` gives the text of a document ("" where it is not known).

    `partners` are the other documents of a pair, and `elsewhere` says where names stand that other articles write out:
    the fullest name of an actor may.
    """

    text_of: TextOf
    partners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)

    def place(
        self, config: str, path: str, value: str, beside: Row, row: Row, document: str, near: Range | None
    ) -> str:
        """The notation for the string at a path of a row; `beside` is what it stands beside, `near` what it is said of."""
        leaf = path.rpartition(".")[2]
        if leaf == "claimant" and value == AUTHOR:
            return literal(value)
        if leaf in ("claimant_id", "claimant_en", "claimant_zh") and not row.get("claimant_id", "").startswith("name/"):
            # An entry of the knowledge base, or the author.
            known = leaf == "claimant_id" or row["claimant_id"] == AUTHOR
            found = literal(value) if known else place_of(value, self._sources(document, row))
            return literal(value) if found == WITHHELD else found
        if leaf == "unit" and "number" in beside and _is_unit(value):
            return literal(value)
        if path == "meta.value" and beside["key"] in SAFE_META:
            return literal(value)
        if leaf == "claimant" and beside.get("claimant_start", -1) >= 0:
            start, end = beside["claimant_start"], beside["claimant_end"]
            if self.text_of(document)[start:end] == value:
                return f"[{start}:{end}]"
        near = next(
            ((each["start"], each["end"]) for each in (beside, row) if isinstance(each.get("start"), int)), None
        )
        prefix = next((p for p in ("name/en/", "name/zh/") if leaf == "claimant_id" and value.startswith(p)), "")
        found = place_of(value[len(prefix) :], self._sources(document, row), near)
        if found == WITHHELD:
            name = path if path != "meta.value" else f"meta.{beside['key']}"
            self.withheld[f"{config}.{name}"] = self.withheld.get(f"{config}.{name}", 0) + 1
            return found
        return json.dumps(prefix) + (found if found[:1] in ("[", '"') else json.dumps(found)) if prefix else found

    def _sources(self, document: str, row: Row) -> Iterator[Source]:
        yield Source(self.text_of(document))
        for other in self.partners.get(row.get("pair") or "", ()):
            if other != document:
                yield Source(self.text_of(other), other)
        for name in (row.get("claimant_en"), row.get("claimant_zh")):
            if name and name in self.elsewhere:
                other, start, end = self.elsewhere[name]
                yield Source(self.text_of(other)[start:end], other, start)


def _is_unit(value: str) -> bool:
    from corpus.targets.units import kind_of

    return bool(kind_of(value))
