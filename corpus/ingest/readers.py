"""A reader a format: from the bytes of a file to the documents in it, before cleaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from corpus.document import LANGUAGES, text_sha
from corpus.ingest.decode import NotTextError, decode
from corpus.ingest.names import name_of, printable, why_unsafe
from corpus.ingest.raw import RawDocument, Reader, meta_of
from corpus.language import split_name
from corpus.report import Skipped


def read_text(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """Plain text: the file is the article."""
    try:
        text, encoding = decode(data)
    except NotTextError as error:
        yield Skipped(shown, str(error))
        return
    name = name_of(path)
    meta = {} if encoding == "utf-8" else {"encoding": encoding}
    yield RawDocument(name.id, name.pair, name.lang, text, meta, printable(path.as_posix()), shown)


_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z_]+)[ \t]*:([^\r\n]*)", re.MULTILINE)


def _heading(found: re.Match[str]) -> str:
    """What a heading says: number signs at its end are marks too where a space is before them (not in "C#")."""
    line = found[1].rstrip(" \t")
    bare = line.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else line


# What Markdown adds to a text, each with what is left of it. No pattern may look over the same stretch again and again,
# since a line can be the whole of a large file: what repeats stops where its mark can begin anew, or is possessive.
_LINK = r"\((?:[^()\s]++|\([^()\s]*+\))*+(?:\s++\"[^\"\n]*+\"\s*+)?\)"
_MARKDOWN = (
    (re.compile(r"!\[[^\[\]\n]*+\]\((?:[^()\n]++|\([^()\n]*+\))*+\)"), ""),
    (re.compile(rf"(?<!!)\[([^\[\]\n]*+)\]{_LINK}"), r"\1"),
    (re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+([^\r\n]*)", re.MULTILINE), _heading),
    (re.compile(r"^[ \t]{0,3}>[ \t]?", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,3}(?:[-*_][ \t]*+){3,}+(?=\r?$)", re.MULTILINE), ""),
)
_STRONG = tuple((re.compile(rf"{mark}(?=\S)"), re.compile(rf"(?<=\S){mark}")) for mark in (r"\*\*", "__"))
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]++)(?<=[^\s*])\*(?![\w*])")


def _without_marks(text: str) -> str:
    """Markdown as plain text."""
    text = _without_comments(text)
    for mark, rest in _MARKDOWN:
        text = mark.sub(rest, text)
    if "**" in text or "__" in text:
        text = "\n".join(_without_strong(line) for line in text.split("\n"))
    return _EMPHASIS.sub(r"\1", text)


def _without_comments(text: str) -> str:
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts.append(text[at:start])
        at = end + 3
    return "".join([*parts, text[at:]])


def _without_strong(line: str) -> str:
    for opening, closing in _STRONG:
        parts, at = [], 0
        # Where an opening mark has no closing one after it, no later one has.
        while (start := opening.search(line, at)) and (end := closing.search(line, start.end() + 1)):
            parts += [line[at : start.start()], line[start.end() : end.start()]]
            at = end.end()
        line = "".join([*parts, line[at:]])
    return line


def read_markdown(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """Markdown: front matter becomes meta; marks of headings, links, images, quotes and emphasis are taken off."""
    for found in read_text(data, path, shown):
        if isinstance(found, Skipped):
            yield found
            continue
        text, meta = found.text, dict(found.meta)
        front = _FRONT_MATTER.match(text)
        if front:
            text = text[front.end() :]
            meta.update(meta_of({key: value.strip().strip("\"'") for key, value in _FIELD.findall(front[1])}))
        text = _without_marks(text).lstrip("\r\n")
        yield RawDocument(found.id, found.pair, found.lang, text, meta, found.source, shown)


def read_jsonl(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """JSON Lines: an article a line, `{"text": ..., "id"?, "pair"?, "lang"?, "title"?, "date"?, ...}`.

    A row without an id gets one from the file's name and its text, so that it has the same wherever it stands.
    """
    try:
        text, _ = decode(data)
    except NotTextError as error:
        yield Skipped(shown, str(error))
        return
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            yield _row(line, path, f"{shown}, line {number}")


def _row(line: str, path: PurePath, where: str) -> RawDocument | Skipped:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        # Not only JSONDecodeError: an integer of thousands of digits is a plain ValueError.
        return Skipped(where, "not JSON; expected one JSON object a line")
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return Skipped(where, "no JSON object with a string 'text'")
    if not row["text"].strip():
        return Skipped(where, "empty text")
    for key in ("id", "pair", "lang"):
        if row.get(key) is not None and not isinstance(row[key], str | int):
            return Skipped(where, f"{key!r} is no string")
    lang = row.get("lang") or None
    if lang is not None and lang not in LANGUAGES:
        return Skipped(where, f"lang is {lang!r}; expected 'en' or 'zh'")
    given = row.get("id")
    id = str(given) if given is not None else f"{name_of(path).id}-{text_sha(row['text'])[:8]}"
    unsafe = why_unsafe(id) or (row.get("pair") and why_unsafe(str(row["pair"])))
    if unsafe:
        return Skipped(where, str(unsafe))
    base, said = split_name(id)
    pair = str(row.get("pair") or "") if "pair" in row else (base if said else "")
    return RawDocument(id, pair, lang or said, row["text"], meta_of(row), printable(path.as_posix()), where)


READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
}
"""Readers by file extension (lower case)."""


def reader_for(path: PurePath) -> Reader | None:
    """The reader for a file's extension, or None."""
    return READERS.get(path.suffix.lower())


def known_formats() -> Iterable[str]:
    """The extensions that can be read, for messages."""
    return READERS
