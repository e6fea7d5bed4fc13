"""Word documents (.docx): the text as it reads once all changes are accepted.

The file is taken apart here, with zipfile and lxml, rather than by a library for Word: what matters (tracked changes,
text boxes, footnotes, fields, bounds on size) is a walk over the XML that such a library does not make.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from corpus.ingest.names import name_of, printable
from corpus.ingest.page import date_of
from corpus.ingest.raw import RawDocument, meta_of
from corpus.report import Skipped

if TYPE_CHECKING:
    from lxml.etree import _Element

# Bounds; that of the file's size is in readers.py. A novel has about a tenth of these; pictures are never unpacked.
_PART_MAX = 32 << 20
_PARTS_MAX = 10_000
_DEPTH_MAX = 250
_HEADERS_MAX = 10

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# The same names in files saved as "Strict Open XML".
_STRICT = (
    ("http://purl.oclc.org/ooxml/wordprocessingml/main", _W[1:-1]),
    ("http://purl.oclc.org/ooxml/officeDocument/relationships", _R[1:-1]),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class _UnreadableError(Exception):
    """Why a file cannot be read, in a few words."""


def read_docx(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """A Word document: its paragraphs, headings, list items and table rows, a line each, then its notes.

    Tracked insertions are in the text, deletions and what was moved away are not; comments, hidden text, pictures, form
    instructions and the numbers that Word itself puts before headings and list items are left out. The cells of a row
    are divided by a tab, their paragraphs by a space; a text box follows the paragraph that it hangs on; footnotes and
    endnotes come at the end, in the order in which they are called. Headers and footers are left out, except where
    there is no other text. Title and author come from the document's properties; the date only where these say when
    it was issued, since the day on which a file was made says little.

    Skipped: what is no .docx, is protected by a password, has no text, or unpacks to more than 32 MiB of XML.
    """
    try:
        lines, meta = _read(data)
    except _UnreadableError as error:
        yield Skipped(shown, str(error))
        return
    name = name_of(path)
    yield RawDocument(name.id, name.pair, name.lang, "\n".join(lines), meta, printable(path.as_posix()), shown)


def _read(data: bytes) -> tuple[list[str], dict[str, str]]:
    if data.startswith(_OLE):
        protected = "EncryptedPackage".encode("utf-16-le") in data
        raise _UnreadableError(
            "protected by a password; save it without one"
            if protected
            else "an old Word file (.doc) under the name .docx; save it as .docx"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise _UnreadableError("broken: not a complete .docx file (a ZIP archive); save it again") from None
    with archive:
        _check(archive)
        main = _main_part(archive)
        body = _parse(archive, main)
        if body is None:
            raise _UnreadableError("no Word document in it; expected a .docx file")
        related = _related(archive, main)
        walk = _Walk()
        lines = list(walk.blocks(body.find(f"{_W}body")))
        for kind in ("footnotes", "endnotes"):
            lines += _notes(archive, related.get(kind, [])[:1], walk.called[kind])
        if not lines:
            for kind in ("header", "footer"):
                for part in related.get(kind, [])[:_HEADERS_MAX]:
                    lines += _Walk().blocks(_parse(archive, part))
            lines = list(dict.fromkeys(lines))
        if not lines:
            raise _UnreadableError("holds no text (only pictures?); run OCR first")
        return lines, _properties(archive)


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > _PARTS_MAX:
        raise _UnreadableError(f"of more than {_PARTS_MAX} parts; save the article alone")
    if any(entry.flag_bits & 1 for entry in entries):
        raise _UnreadableError("protected by a password; save it without one")


def _part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """A part, unpacked; never more than the bound, whatever size it declares."""
    try:
        with archive.open(name) as stream:
            data = stream.read(_PART_MAX + 1)
    except KeyError:
        return None
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise _UnreadableError(f"broken: {name} cannot be unpacked ({type(error).__name__}); save it again") from None
    if len(data) > _PART_MAX:
        raise _UnreadableError(f"unpacks to more than {_PART_MAX >> 20} MiB of text; save the article alone")
    return data


def _parse(archive: zipfile.ZipFile, name: str) -> _Element | None:
    from lxml import etree

    data = _part(archive, name)
    if data is None:
        return None
    for strict, usual in _STRICT:
        data = data.replace(strict.encode(), usual.encode())
    # No Office program writes a DTD; with none there are no entities to expand, and nothing is fetched.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser=parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _UnreadableError(f"broken: {name} is no well-formed XML; save it again") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _UnreadableError(f"{name} has a document type declaration, which no Word file has; save it again")
    return root


def _main_part(archive: zipfile.ZipFile) -> str:
    return next(iter(_related(archive, "").get("officeDocument", [])), "word/document.xml")


def _related(archive: zipfile.ZipFile, part: str) -> dict[str, list[str]]:
    """The parts that one refers to, by kind."""
    folder, name = posixpath.split(part)
    root = _parse(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    found: dict[str, list[str]] = {}
    for each in root if root is not None else ():
        target, kind = each.get("Target"), each.get("Type")
        if target and kind and each.get("TargetMode") != "External":
            place = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found.setdefault(kind.rsplit("/", 1)[-1], []).append(place)
    return found


def _notes(archive: zipfile.ZipFile, parts: Iterable[str], called: list[str]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        root = _parse(archive, part)
        notes = {note.get(f"{_W}id"): note for note in root} if root is not None else {}
        for number in dict.fromkeys(called):
            lines += _Walk().blocks(notes.get(number))
    return lines


# What is not in the text when all changes are accepted, or never was.
_LEFT_OUT = {
    f"{_W}{name}"
    for name in ("del", "moveFrom", "delText", "delInstrText", "instrText", "pPr", "sectPr", "tblPr", "tblGrid")
} | {f"{_W}{name}" for name in ("trPr", "tcPr", "sdtPr", "sdtEndPr", "fldData", "annotationRef", "object", "rt")}
# Of a drawing and its older equivalent only one is read; a formula is read as its characters.
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_MARKS = {"tab": " ", "ptab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}


class _Walk:
    """A walk over the XML of a part, that notes which notes are called."""

    def __init__(self) -> None:
        self.called: dict[str, list[str]] = {"footnotes": [], "endnotes": []}

    def blocks(self, root: _Element | None, depth: int = 0) -> Iterator[str]:
        """The lines of what is in an element: those of its paragraphs, and the rows of its tables."""
        if depth > _DEPTH_MAX:
            raise _UnreadableError(f"nested more than {_DEPTH_MAX} levels deep; save it again")
        runs_on: list[_Element] = []
        for node in root if root is not None else ():
            if node.tag in _LEFT_OUT or node.tag == _FALLBACK or not isinstance(node.tag, str):
                continue
            if node.tag == f"{_W}p":
                runs_on.append(node)
                # Where the end of a paragraph was deleted, the next one goes on from it.
                if node.find(f"{_W}pPr/{_W}rPr/{_W}del") is None:
                    yield from self._paragraph(runs_on, depth)
                    runs_on = []
            elif node.tag == f"{_W}tr":
                if node.find(f"{_W}trPr/{_W}del") is None:
                    yield from self._row(node, depth)
            else:
                yield from self.blocks(node, depth + 1)
        if runs_on:
            yield from self._paragraph(runs_on, depth)

    def _row(self, row: _Element, depth: int) -> Iterator[str]:
        cells = list(row.iterchildren(f"{_W}tc", f"{_W}sdt"))
        if len(cells) == 1:
            # A frame around a text, or a heading in a table.
            yield from self.blocks(cells[0], depth + 2)
            return
        line = "\t".join(" ".join(self.blocks(cell, depth + 2)) for cell in cells).strip("\t")
        if line.strip():
            yield line

    def _paragraph(self, paragraphs: list[_Element], depth: int) -> Iterator[str]:
        pieces: list[str] = []
        boxes: list[_Element] = []
        for paragraph in paragraphs:
            self._inline(paragraph, pieces, boxes, depth)
        for line in "".join(pieces).split("\n"):
            plain = line.strip()
            if plain:
                yield plain
        for box in boxes:
            yield from self.blocks(box, depth + 2)

    def _inline(self, node: _Element, pieces: list[str], boxes: list[_Element], depth: int) -> None:
        if depth > _DEPTH_MAX:
            raise _UnreadableError(f"nested more than {_DEPTH_MAX} levels deep; save it again")
        for child in node:
            tag = child.tag
            if not isinstance(tag, str) or tag in _LEFT_OUT or tag == _FALLBACK:
                continue
            if tag in (f"{_W}t", _MATH_TEXT):
                # A break between lines of the XML is no break in the text.
                pieces.append(re.sub(r"[\r\n]+", " ", child.text or ""))
            elif tag == f"{_W}txbxContent":
                boxes.append(child)
            elif tag == f"{_W}sym":
                pieces.append(_symbol(child))
            elif tag in (f"{_W}footnoteReference", f"{_W}endnoteReference"):
                self.called["footnotes" if "foot" in tag else "endnotes"].append(str(child.get(f"{_W}id")))
            elif tag.startswith(_W) and tag[len(_W) :] in _MARKS:
                pieces.append(_MARKS[tag[len(_W) :]])
            elif not (tag == f"{_W}r" and _hidden(child)):
                self._inline(child, pieces, boxes, depth + 1)


def _hidden(run: _Element) -> bool:
    mark = run.find(f"{_W}rPr/{_W}vanish")
    return mark is not None and mark.get(f"{_W}val", "true") not in ("0", "false", "off")


def _symbol(node: _Element) -> str:
    """A character of a symbol font: only where it is also one of Unicode, not in the private area of such fonts."""
    try:
        code = int(node.get(f"{_W}char", ""), 16)
    except ValueError:
        return ""
    return chr(code) if 0x20 <= code < 0xD800 or 0xF900 <= code < 0xFFFE else ""


_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
# What Word and its kin write where nobody has said anything.
_NOBODY = re.compile(
    r"(?:user|admin(?:istrator)?|microsoft.*|python-docx|windows.*|pc|lenovo|hp|dell|word|未定义|用户)?", re.I
)
_NO_TITLE = re.compile(
    r"(?:untitled.*|document ?\d*|文档 ?\d*|microsoft word.*|powerpoint.*|word document)?", re.IGNORECASE
)


def _properties(archive: zipfile.ZipFile) -> dict[str, str]:
    part = next(iter(_related(archive, "").get("core-properties", [])), "docProps/core.xml")
    try:
        root = _parse(archive, part)
    except _UnreadableError:
        return {}
    if root is None:
        return {}

    def said(tag: str) -> str:
        return re.sub(r"\s+", " ", root.findtext(tag) or "").strip()

    title, author = said(f"{_DC}title"), said(f"{_DC}creator")
    return meta_of(
        {
            "title": "" if _NO_TITLE.fullmatch(title) else title,
            "author": "" if _NOBODY.fullmatch(author) else author,
            "date": date_of(said(f"{_TERMS}issued") or said(f"{_DC}date")),
            "source": said(f"{_DC}publisher"),
            "licence": said(f"{_TERMS}license") or said(f"{_DC}rights"),
        }
    )
