"""Rows from text: JSON Lines, CSV and TSV, one at a time, so that a file can be larger than the memory."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from corpus.ingest.columns import field_of
from corpus.ingest.decode import NotTextError, decode_beginning
from corpus.ingest.raw import Rows, Source
from corpus.report import Skipped

LINE_MAX = 16 << 20
"""Characters of the longest row that is read."""
_SAMPLE = 1 << 20
# What stands for bytes that are no text. Not by "surrogateescape", which has no place for those below 128: the last
# byte of a UTF-16 file that was cut.
_BROKEN = "\udcff"
codecs.register_error("hemu-broken", lambda error: (_BROKEN, getattr(error, "end", 0)))


def read_jsonl(source: Source) -> Rows:
    """JSON Lines: `(where, row)` for each line that is a JSON object; a byte that is no text spoils its line only."""
    with _opened(source, newline="\n") as text:
        if isinstance(text, Skipped):
            yield text
            return
        for number, line in enumerate(_lines(text), 1):
            where = f"{source.shown}, line {number}"
            if line is None:
                yield Skipped(where, f"a line of more than {LINE_MAX >> 20} million characters")
            elif _BROKEN in line:
                yield Skipped(where, f"not valid {encoding_of(text)} text")
            elif line.strip():
                yield _json(line, where)


def _json(line: str, where: str) -> tuple[str, Mapping[str, Any]] | Skipped:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        # Not only JSONDecodeError: an integer of thousands of digits is a plain ValueError.
        return Skipped(where, "not JSON; expected one JSON object a line")
    return (where, row) if isinstance(row, dict) else Skipped(where, "no JSON object; expected one a line")


def _lines(text: TextIO) -> Iterator[str | None]:
    """The lines of a stream; None for one that is too long, which is passed over."""
    while line := text.readline(LINE_MAX):
        if len(line) < LINE_MAX or line.endswith("\n"):
            yield line
            continue
        while (rest := text.readline(LINE_MAX)) and not rest.endswith("\n"):
            pass
        yield None


def read_csv(source: Source) -> Rows:
    """CSV and TSV: `(where, row)` for each line below the header; line breaks within quotation marks are text.

    The separator is the one that divides the header best: comma, semicolon, tab or bar.
    """
    # The limit is the csv module's own and counts for the whole process: it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_MAX))
    with _opened(source, newline="") as text:
        if isinstance(text, Skipped):
            yield text
            return
        reader = csv.reader(_spoiled(text), delimiter=_delimiter(text, source))
        header: list[str] | None = None
        last = 0
        try:
            for cells in reader:
                number, last = last + 1, reader.line_num
                if cells and cells[-1].endswith(_END):
                    cells[-1] = cells[-1][:-1]
                    if re.search(r"[\r\n]", cells[-1].rstrip("\r\n")):
                        yield Skipped(f"{source.shown}, line {number}", _UNCLOSED)
                        return
                if header is None:
                    header = [cell.strip() for cell in cells] if any(cells) else None
                    if twice := _twice(header or ()):
                        yield Skipped(source.shown, f"two columns are named {twice[:40]!r}; rename one of them")
                        return
                elif any(cell.strip() for cell in cells):
                    yield _cells(header, cells, f"{source.shown}, line {number}", encoding_of(text))
        except csv.Error as error:
            why = _UNCLOSED if "field larger" in str(error) else f"{error}; the rest of the file is left out"
            yield Skipped(f"{source.shown}, line {last + 1}", why)


_UNCLOSED = "a quotation mark that nothing closes; the rest of the file is left out"
# No source decodes to it. It comes after the last line: within a cell where that is still open.
_END = "\ud800"


def _twice(header: Sequence[str]) -> str:
    """A column that a row cannot do without and that is there twice, or ""."""
    needed = ("text", "id", "pair", "lang")
    return next((name for name, count in Counter(header).items() if count > 1 and field_of(name)[0] in needed), "")


def _cells(
    header: Sequence[str], cells: Sequence[str], where: str, encoding: str
) -> tuple[str, Mapping[str, Any]] | Skipped:
    if len(cells) > len(header) and any(cells[len(header) :]):
        return Skipped(where, f"{len(cells)} cells, but the header has {len(header)}; put texts in quotation marks")
    if any(_BROKEN in cell for cell in cells):
        return Skipped(where, f"not valid {encoding} text")
    missing = [""] * (len(header) - len(cells))
    return where, dict(zip(header, [*cells, *missing], strict=False))


def _spoiled(text: TextIO) -> Iterator[str]:
    # A line of any length is held in memory by csv, field by field up to its limit.
    while line := text.readline(LINE_MAX):
        yield line
    yield _END


def _delimiter(text: TextIO, source: Source) -> str:
    usual = "\t" if source.relative.suffix.lower() == ".tsv" else ","
    header = text.readline(LINE_MAX).lstrip("\ufeff")
    while header and not header.strip():
        header = text.readline(LINE_MAX)
    text.seek(0)
    _pass_mark(text)

    def worth(delimiter: str) -> tuple[int, int, bool]:
        names = next(csv.reader([header], delimiter=delimiter), [])
        return sum(bool(field_of(name)[0]) for name in names), len(names), delimiter == usual

    return max((usual, ",", "\t", ";", "|"), key=worth)


def looks_like_csv(line: str) -> bool:
    """Whether a line is the header of a table of articles: two columns or more, text in one, half of them known."""
    for delimiter in ",\t;|":
        names = next(csv.reader([line], delimiter=delimiter), [])
        known = [field_of(name)[0] for name in names]
        if len(names) > 1 and "text" in known and 2 * sum(map(bool, known)) >= len(names):
            return True
    return False


class _Text(io.TextIOWrapper):
    """A text stream that knows what its encoding is called in a report."""

    named = ""


def encoding_of(text: TextIO) -> str:
    """The encoding of an opened source."""
    return text.named if isinstance(text, _Text) else ""


@contextmanager
def _opened(source: Source, *, newline: str) -> Iterator[TextIO | Skipped]:
    """A source as text, in the encoding of its first million bytes; what is not valid in it becomes a lone surrogate."""
    try:
        encoding = encoding_at_start(source)
    except NotTextError as error:
        yield Skipped(source.shown, str(error))
        return
    with _Text(source.open(), encoding=encoding, errors="hemu-broken", newline=newline) as text:
        text.named = encoding
        _pass_mark(text)
        yield text


def encoding_at_start(source: Source) -> str:
    """The encoding of a file, told from its first million bytes; NotTextError where they are no text."""
    with source.open() as stream:
        return decode_beginning(stream.read(_SAMPLE))


def _pass_mark(text: TextIO) -> None:
    if text.read(1) != "\ufeff":
        text.seek(0)
