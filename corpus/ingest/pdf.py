"""PDF files that have a text layer: their pages as lines, and the lines joined to paragraphs again.

Read with pdfium (by pypdfium2), not with pypdf: it knows the character sets of Chinese PDFs without embedded fonts, and says
where each character stands, which paragraphs cannot be told without.
"""

from __future__ import annotations

import re
import threading
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from statistics import median
from typing import Any

from corpus.ingest.archives import FREE, RATIO_MAX
from corpus.ingest.lines import Line, paragraphs, without_running
from corpus.ingest.names import name_of, printable
from corpus.ingest.raw import RawDocument, meta_of
from corpus.report import Skipped

# Bounds; that of the file's size is in readers.py.
_PAGES_MAX = 2_000
_PAGE_CHARACTERS_MAX = 200_000
_CHARACTERS_MAX = 10_000_000
# A stream is packed once; some programs pack it twice.
_LAYERS = 3
_PIECE = 1 << 16
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
# pdfium may be in one thread of a process only.
_LOCK = threading.Lock()


def read_pdf(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """A PDF: its text, a paragraph a line, in the order in which it is written in the file.

    Lines of a page become paragraphs again: a new one begins at an indent, a wider gap, another size of type, an item of
    a list, or after a line that ends well before its column does. English lines are joined by a space, a word divided
    by a hyphen at the end of a line becomes one word where it is written so elsewhere in the text or its second part
    cannot stand alone, else the hyphen stays; Chinese lines are joined without a space. A paragraph goes on over columns
    and pages. Left out: page numbers that stand alone at the top or bottom of a page, and lines there that stand, but
    for a number at their ends, in the same place on more than half of the pages. Ligatures and Kangxi radicals become
    the characters they stand for. Tables, footnotes and boxes stay where the file has them.

    Skipped: no text layer, a password, a broken file, a text layer without readable characters, more than 2,000 pages, and what unpacks
    to far more than any text does.
    """
    if _unfolds(data):
        yield Skipped(shown, f"unpacks to more than {RATIO_MAX} times its size, as no text does")
        return
    with _LOCK:
        found = _read(data)
    if isinstance(found, str):
        yield Skipped(shown, found)
        return
    pages, meta = found
    text = "\n".join(paragraphs(without_running(pages)))
    why = _unreadable(text)
    if why:
        yield Skipped(shown, why)
        return
    name = name_of(path)
    yield RawDocument(name.id, name.pair, name.lang, text, meta, printable(path.as_posix()), shown)


_STREAM = re.compile(rb"\bstream\r?\n")
# What stands before a stream says how it is packed.
_SAID = 2000


def _unfolds(data: bytes) -> bool:
    """Whether the text of a PDF, pictures aside, unpacks to more than any text does; pdfium would unpack it all.

    Only what is packed as nearly all is (Flate), and not encrypted, is looked at.
    """
    room = max(RATIO_MAX * len(data), FREE)
    for found in _STREAM.finditer(data):
        before = data[max(0, found.start() - _SAID) : found.start()]
        said = _ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), before[before.rfind(b" obj") + 1 :])
        packed = len(re.findall(rb"/(?:FlateDecode|Fl)\b", said))
        if not packed or b"/Image" in said:
            continue
        piece = _unpacked(data, found.end(), room)
        for _ in range(min(packed, _LAYERS) - 1):
            piece = _unpacked(piece, 0, room)
        room -= len(piece)
        if packed > _LAYERS or room < 0:
            return True
    return False


def _unpacked(data: bytes, start: int, room: int) -> bytes:
    """What begins at `start`, unpacked as far as it can be; where that is more than `room` bytes, one more than these."""
    unpacking, found = zlib.decompressobj(), bytearray()
    # A piece at a time: what follows the stream would be copied for each stream.
    for at in range(start, len(data), _PIECE):
        try:
            found += unpacking.decompress(data[at : at + _PIECE], room + 1 - len(found))
        except zlib.error:
            break
        if unpacking.eof or len(found) > room:
            break
    return bytes(found)


def _unreadable(text: str) -> str:
    """Why what a PDF gives is no text, or ""."""
    solid = re.sub(r"\s", "", text)
    if not solid:
        return "holds no text (a scan?); run OCR first"
    # Characters that a font draws but does not name.
    unnamed = sum(unicodedata.category(character) in ("Co", "Cn", "Cc") or character == "\ufffd" for character in solid)
    if unnamed > len(solid) / 10:
        return "its text layer is unreadable (its fonts do not say which characters they draw); run OCR first"
    return ""


def _read(data: bytes) -> tuple[list[list[Line]], dict[str, str]] | str:
    """The lines of each page, and the metadata; or why there are none."""
    import pypdfium2
    import pypdfium2.raw as raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            return "protected by a password; save it without one"
        return "broken: not a complete PDF file; save or download it again"
    try:
        if len(document) > _PAGES_MAX:
            return f"PDF of {len(document)} pages (at most {_PAGES_MAX}); split it"
        pages: list[list[Line]] = []
        room = _CHARACTERS_MAX
        broken = 0
        for number in range(len(document)):
            try:
                page = document[number]
                text_page = page.get_textpage()
            except pypdfium2.PdfiumError:
                broken += 1
                continue
            count = min(text_page.count_chars(), _PAGE_CHARACTERS_MAX)
            room -= count
            if room < 0:
                return f"PDF of more than {_CHARACTERS_MAX:,} characters; split it"
            pages.append(list(_lines(raw, text_page, count)))
            text_page.close()
            page.close()
        if broken:
            return f"broken: {broken} of its {len(document)} pages cannot be read; save or download it again"
        said = document.get_metadata_dict()
    finally:
        document.close()
    title, author = (_plain(said.get(key, "")) for key in ("Title", "Author"))
    # The day on which the file was made is there too, but says little about when the article appeared.
    return pages, meta_of(
        {"title": "" if _NO_TITLE.fullmatch(title) else title, "author": "" if _NO_TITLE.fullmatch(author) else author}
    )


_NO_TITLE = re.compile(
    r"(?:untitled.*|\(?(?:anonymous|unspecified|unknown)\)?|administrator|user|microsoft word.*|.*\.(?:docx?|indd|pdf|wps))?",
    re.IGNORECASE,
)
# Compatibility characters that fonts name by mistake: ligatures, and the radicals of a dictionary for the characters.
_COMPATIBLE = re.compile("[\u2e80-\u2fdf\ufb00-\ufb06]")


def _plain(value: str) -> str:
    return re.sub(r"[\s\x00-\x1f]+", " ", value).strip()


def _lines(raw: Any, page: Any, count: int) -> Iterator[Line]:
    """The lines of a page, upright and turned ones alike, in the order in which the file has them."""
    box = raw.FS_RECTF()
    text: list[str] = []
    edges: list[tuple[float, float, float, float]] = []
    for at in range(count):
        code = raw.FPDFText_GetUnicode(page, at)
        if code in (0x0A, 0x0D):
            if line := _line(text, edges, hyphen=False):
                yield line
            text, edges = [], []
            continue
        # A hyphen at the end of a line comes as U+0002, and the next line without a break before it.
        hyphen = code in (0x02, 0xFFFE)
        if code == 0 or (0xD800 <= code < 0xE000) or code > 0x10FFFF:
            continue
        if hyphen:
            if line := _line(text, edges, hyphen=True):
                yield line
            text, edges = [], []
            continue
        text.append(chr(code))
        if not chr(code).isspace() and raw.FPDFText_GetLooseCharBox(page, at, box):
            edges.append((box.left, box.right, box.bottom, box.top))
    if line := _line(text, edges, hyphen=False):
        yield line


def _line(text: list[str], edges: list[tuple[float, float, float, float]], *, hyphen: bool) -> Line | None:
    plain = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), "".join(text))
    plain = re.sub(r"[\x00-\x1f\x7f\xa0 ]+", " ", plain).strip()
    if not plain or not edges:
        return None
    left, right = min(edge[0] for edge in edges), max(edge[1] for edge in edges)
    bottom, top = median(edge[2] for edge in edges), median(edge[3] for edge in edges)
    return Line(plain + "-" * hyphen, left, right, bottom, top, hyphen)
