"""From a file that was found to what is to be read: itself, what is in it where it is an archive, standard input."""

from __future__ import annotations

import hashlib
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePath

from corpus.ingest.archives import is_archive, unpack
from corpus.ingest.decode import NotTextError, decode_beginning
from corpus.ingest.find import File
from corpus.ingest.raw import Source, opener
from corpus.ingest.tables import looks_like_csv
from corpus.report import Skipped

_HEAD = 1 << 16
# What a format's files begin with.
_MAGIC = ((b"PK\x03\x04", ".zip"), (b"\x1f\x8b", ".gz"), (b"%PDF-", ".pdf"), (b"PAR1", ".parquet"))
_PAGE = re.compile(
    # Possessive: comments could else be divided among the repetitions in more ways than there is time to try.
    r"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?:[^-]|-(?!->))*+-->\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE,
)
_FRONT = re.compile(r"---[ \t]*\r?\n(?:[ \t]*#[^\n]*+\n)*[A-Za-z][\w-]*[ \t]*:")


def sources_of(file: File) -> Iterator[Source | Skipped]:
    """What is to be read of a file; each can be opened until the next is asked for."""
    if file.path is None:
        yield from _standard_input(file)
        return
    try:
        status = file.path.stat()
    except OSError as error:
        yield Skipped(file.shown, f"cannot be read: {error.strerror}")
        return
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        # To open a pipe that nobody writes to would wait for ever.
        yield Skipped(file.shown, "is no regular file")
        return
    source = Source(file.relative, file.shown, opener(file.path), status.st_size, file.path)
    if is_archive(file.relative) and stat.S_ISREG(status.st_mode):
        yield from unpack(source)
    else:
        yield source


def _standard_input(file: File) -> Iterator[Source | Skipped]:
    # Kept in a file, since it may be larger than the memory and is read more than once.
    with tempfile.NamedTemporaryFile() as held:
        digest = hashlib.sha256()
        size = 0
        try:
            while piece := sys.stdin.buffer.read(1 << 20):
                held.write(piece)
                digest.update(piece)
                size += len(piece)
            held.flush()
        except OSError as error:
            yield Skipped(file.shown, f"cannot be read: {error.strerror}")
            return
        path = Path(held.name)
        with path.open("rb") as stream:
            suffix = suffix_of(stream.read(_HEAD))
        # A text from a pipe has no name: it gets one from what it says, so that the same text is the same document.
        rows = suffix in (".jsonl", ".csv", ".parquet", ".zip")
        name = "standard-input" if rows else f"standard-input-{digest.hexdigest()[:8]}"
        if suffix == ".gz":
            yield Skipped(file.shown, "is packed by gzip; unpack it: gzip -dc FILE | hemu ingest -")
            return
        source = Source(PurePath(name + suffix), file.shown, opener(path), size, path)
        if suffix == ".zip":
            yield from unpack(source)
        else:
            yield source


def suffix_of(head: bytes) -> str:
    """The extension that a file would have, from what it begins with: ".txt" where nothing says another.

    >>> suffix_of(b'{"text": "Rents."}'), suffix_of(b"<!DOCTYPE html><p>"), suffix_of("id,正文\\n1,房租".encode())
    ('.jsonl', '.html', '.csv')
    """
    for magic, suffix in _MAGIC:
        if head.startswith(magic):
            return _zipped(head) if suffix == ".zip" else suffix
    try:
        text = head.decode(decode_beginning(head), "replace").lstrip("\ufeff \t\r\n")
    except NotTextError:
        return ".txt"
    if text.startswith("{"):
        return ".jsonl"
    if _PAGE.match(text):
        return ".html"
    if _FRONT.match(text):
        return ".md"
    return ".csv" if looks_like_csv(re.split("[\r\n]", text, maxsplit=1)[0]) else ".txt"


def _zipped(head: bytes) -> str:
    # By the name of the first part: an archive of Word files has the names of theirs further on.
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return ".docx" if first.startswith((b"[Content_Types].xml", b"_rels/", b"word/", b"docProps/")) else ".zip"
