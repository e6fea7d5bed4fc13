"""JSON Lines at the edges: documents in, annotated documents out, in the form of a gold file.

One document a line: `{"id", "pair", "lang", "text", "entities": [...], "claims": [...]}`; see `docs/formats.md`.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, cast

from corpus.document import (
    AUTHOR,
    LANGUAGES,
    Claim,
    Document,
    Entity,
    Lang,
    Layer,
    Span,
    Target,
    sorted_claims,
    sorted_entities,
)
from corpus.errors import InputError, SchemeError, SpanError
from corpus.scheme import Scheme
from corpus.temporary import sweep, temporary_of
from corpus.terminal import Printed, behind

Row = dict[str, Any]


def read_rows(path: str) -> Iterator[tuple[str, Row]]:
    """`(where, object)` for each line of a JSON Lines file, "-" being standard input; empty lines are passed over.

    Raises InputError (naming file and line) where the file cannot be read, is not UTF-8, or a line is no JSON object.
    """
    name = "standard input" if path == "-" else path
    if path == "-" and sys.stdin is None:
        raise InputError("standard input is closed; name a file instead of '-'")
    try:
        stream: IO[bytes] = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    with stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            where = f"{name}, line {number}"
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                raise InputError(f"{where}: not UTF-8 text; expected JSON Lines, one document a line") from None
            except (ValueError, RecursionError) as error:
                # A ValueError that is no JSONDecodeError is a number of too many digits.
                reason = (
                    error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply or too long a number"
                )
                raise InputError(f"{where}: not JSON ({reason}); expected one JSON object a line") from None
            if not isinstance(row, dict):
                raise InputError(f"{where}: expected a JSON object, found {type(row).__name__}")
            yield where, row


def read_documents(path: str) -> Iterator[tuple[str, Row, Document]]:
    """`(where, object, document)` for each line; raises InputError where an id comes twice, or as `read_rows` does."""
    seen: set[str] = set()
    for where, row in read_rows(path):
        document = document_of(row, where)
        if document.id in seen:
            raise InputError(f"{where}: the id {document.id!r} came before; each document needs one of its own")
        seen.add(document.id)
        yield where, row, document


def document_of(row: Mapping[str, Any], where: str) -> Document:
    """The document in one row: needs "id", "lang" ("en" or "zh") and "text"; "pair" may be absent or null.

    >>> document_of({"id": "a.zh", "lang": "zh", "text": "共同富裕"}, "x.jsonl, line 1").lang
    'zh'
    """
    for key in ("id", "lang", "text"):
        if not isinstance(row.get(key), str):
            raise InputError(f"{where}: {key!r} is missing or no string; a document needs id, lang and text")
    if row["lang"] not in LANGUAGES:
        raise InputError(f"{where}: lang is {row['lang']!r}; expected 'en' or 'zh'")
    if not row["id"]:
        raise InputError(f"{where}: the id is empty; each document needs one of its own")
    pair = row.get("pair")
    if pair is not None and not isinstance(pair, str):
        raise InputError(f"{where}: 'pair' is no string; expected the name that joins two versions, or nothing")
    return Document(id=row["id"], pair=pair or "", lang=cast(Lang, row["lang"]), text=row["text"])


def layer_of(row: Mapping[str, Any], document: Document, where: str, *, scheme: Scheme, source: str) -> Layer:
    """The entities and claims of one row in the form of a gold file, checked against text and scheme.

    Raises InputError naming line and offsets where a span does not hold its text, a value is not in the scheme,
    entities overlap one another, or claims do.
    """
    try:
        entities = sorted_entities(
            Entity(_span(entry, document.text), scheme.check_label(entry["label"]), source=source)
            for entry in row.get("entities") or ()
        )
        claims = sorted_claims(_claim(entry, document.text, scheme, source) for entry in row.get("claims") or ())
    except (SpanError, SchemeError) as error:
        raise InputError(f"{where}, {document.id}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{where}, {document.id}: an entity or claim is not well formed ({error})") from None
    for what, spans in (("entities", [e.span for e in entities]), ("claims", [c.span for c in claims])):
        for first, second in pairwise(spans):
            if first.overlaps(second):
                raise InputError(
                    f"{where}, {document.id}: {what} overlap: {first.start}-{first.end} and {second.start}-{second.end};"
                    f" {what} must not overlap one another"
                )
    return Layer(document.id, document.sha, source, "", entities, claims)


def _span(entry: Mapping[str, Any], text: str) -> Span:
    start, end = entry["start"], entry["end"]
    if type(start) is not int or type(end) is not int:
        raise SpanError(f"offsets {start!r}-{end!r} are no integers")
    surface = entry.get("text")
    return Span.of(text, start, end) if surface is None else Span.checked(text, start, end, surface)


def _claim(entry: Mapping[str, Any], text: str, scheme: Scheme, source: str) -> Claim:
    area = entry.get("policy_area") or ""
    scheme.check_claim(entry["type"], entry["stance"], area)
    claimant, span = entry.get("claimant") or AUTHOR, entry.get("claimant_span")
    if not isinstance(claimant, str):
        raise SpanError(f"the claimant {claimant!r} is no string; expected the text of a mention, or {AUTHOR!r}")
    if span is not None:
        if not isinstance(span, list) or len(span) != 2 or not all(type(x) is int for x in span):
            raise SpanError(f"the claimant_span {str(span)[:40]} is no pair of offsets")
        Span.of(text, *span)
    return Claim(
        span=_span(entry, text),
        type=entry["type"],
        stance=entry["stance"],
        claimant=claimant,
        policy_area=area,
        targets=tuple(
            Target(str(t["value"]), str(t.get("unit") or ""), str(t.get("by") or ""))
            for t in entry.get("targets") or ()
        ),
        claimant_span=(span[0], span[1]) if span else None,
        source=source,
    )


def row_of(document: Document, entities: Iterable[Entity], claims: Iterable[Claim]) -> Row:
    """One document with its annotation, in the form of a gold file."""
    return {
        "id": document.id,
        "pair": document.pair,
        "lang": document.lang,
        "text": document.text,
        "entities": [
            {"start": e.start, "end": e.end, "label": e.label, "text": e.span.surface}
            for e in sorted_entities(entities)
        ],
        "claims": [
            {
                "start": c.start,
                "end": c.end,
                "text": c.span.surface,
                "type": c.type,
                "stance": c.stance,
                "claimant": c.claimant,
                "policy_area": c.policy_area,
                "targets": [{"value": t.value, "unit": t.unit, "by": t.by} for t in c.targets],
            }
            for c in sorted_claims(claims)
        ],
    }


def dump_row(row: Mapping[str, Any]) -> str:
    """One line of JSON Lines without its newline. A lone surrogate is written as an escape, all else as it is."""
    line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(row, ensure_ascii=True)
    return line


def refuse_same_file(input_path: str, output_path: str) -> None:
    """Raises InputError where the output of a pipe would replace its input, also through a link."""
    if "-" not in (input_path, output_path) and os.path.realpath(input_path) == os.path.realpath(output_path):
        raise InputError(f"{output_path}: is the input, which the output would replace; name another file")


@contextmanager
def output(path: str) -> Iterator[IO[str]]:
    """A UTF-8 text stream to `path`, or to standard output for "-".

    A file appears whole or not at all; a device or a pipe is written to as it stands. Raises InputError where the path
    is a folder or cannot be written.
    """
    if path == "-" and sys.stdout.isatty():
        # Not byte for byte: a person reads it.
        yield Printed.of(behind(sys.stdout))
        return
    if path == "-":
        stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n", write_through=True)
        try:
            yield stream
        finally:
            stream.detach()
        return
    target = Path(path)
    if target.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if target.exists() and not target.is_file():
        with _writing(path), target.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        return
    target = Path(os.path.realpath(target))  # so that a link stays one
    temporary = temporary_of(target)
    sweep(target.parent, target.name)
    try:
        with _writing(path):
            stream = temporary.open("w", encoding="utf-8", newline="\n")
        with stream:
            yield stream
        with _writing(path):
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
