"""HTML pages: the article in a page, without navigation, scripts and what else stands around it.

trafilatura says which passages are the article; the text itself is taken from the page, so that no character is lost
or changed on the way: emoji, full-width spaces and rare characters stay, as do headings and captions in their places.
"""

from __future__ import annotations

import copy
import logging
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from corpus.document import Lang
from corpus.ingest.decode import NotTextError, decode
from corpus.ingest.names import name_of, printable
from corpus.ingest.page import Passage, passages, read_meta, tame
from corpus.ingest.raw import RawDocument
from corpus.language import HAN, contradicts
from corpus.report import Skipped

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Bounds: real article pages have less than a tenth of these.
_BYTES_MAX = 8 << 20
_ELEMENTS_MAX = 30_000
_DEPTH_MAX = 200
# An article shorter than this, in Han characters or Latin words, was not found: what was is a notice or a menu.
_UNITS_MIN = 15


def read_html(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """A saved web page: its headline and main text, a paragraph a line, and what it says of itself.

    Left out: menus, links to other articles, comments, scripts, forms, hidden parts. Kept as lines of their own:
    sub-headings, captions, list items, lines ended by <br>, rows of data tables (cells divided by a tab). A headline
    that stands apart from the text, or only in the head of the page, comes first. Runs of white space are one space,
    none where a line of the source breaks between Chinese characters; indents (　　) are dropped. The language said by
    <html lang> is used only where the text does not contradict it.

    A page of more than 8 MiB, 30,000 elements or 200 levels is skipped, as is one without an article of some length
    (15 Han characters or words) and one whose article holds characters that its encoding does not have.

    >>> page = "<title>河湾新闻</title><h1>河湾市修路</h1><p>　　河湾市今年将修建农村道路三十公里。<br>明年完工。</p>"
    >>> next(read_html(page.encode("gbk"), PurePath("roads.html"), "roads.html")).text
    '河湾市修路\\n河湾市今年将修建农村道路三十公里。\\n明年完工。'
    """
    if len(data) > _BYTES_MAX:
        yield Skipped(shown, f"page of more than {_BYTES_MAX >> 20} MiB; save the article alone as text")
        return
    try:
        text, encoding = decode_page(data)
    except NotTextError as error:
        yield Skipped(shown, str(error))
        return
    tree = _parse(text)
    if tree is None:
        yield Skipped(shown, "holds no HTML; check the file, or name it .txt if it is plain text")
        return
    bound = _beyond(tree)
    if bound:
        yield Skipped(shown, f"HTML {bound}; save the article alone as text")
        return
    said = str(tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "")
    meta = read_meta(tree)
    tame(tree)
    lines, title = _article(tree, meta.pop("headline", ""))
    found = "\n".join(lines)
    meta |= {"title": title} if title else {}
    if len(_UNIT.findall(found)) < _UNITS_MIN:
        yield Skipped(shown, "its main text cannot be found (built by a script?); save the article as text")
        return
    broken = found.count("\ufffd")
    if broken:
        yield Skipped(
            shown, f"{broken} characters of its text are broken (not {encoding}); save the page again as UTF-8"
        )
        return
    if encoding != "utf-8":
        meta["encoding"] = encoding
    name = name_of(path)
    lang = name.lang or _language(said, found)
    yield RawDocument(name.id, name.pair, lang, found, meta, printable(path.as_posix()), shown, encoding=encoding)


_UNIT = re.compile(rf"[{HAN}]|[A-Za-z\u00c0-\u024f]+")
_CHARSET = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE
)
# Labels as browsers read them: each is the largest of its family.
_CHARSETS = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "csgb2312", "cp936", "chinese"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cn-big5", "csbig5"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "ascii", "us-ascii", "windows-1252", "cp1252"), "cp1252"),
    "hz-gb-2312": "hz",
    "iso-8859-15": "iso-8859-15",
    "utf-8": "utf-8",
    "utf8": "utf-8",
}


def decode_page(data: bytes) -> tuple[str, str]:
    """The text of a page and its encoding.

    UTF-8 where it is valid, whatever the page says (many say gb2312 and are not); else what it says, where it is
    valid in that and that is no western encoding; else what `decode` finds. Where nothing fits, a page in what it says
    to be with up to one character in 500 broken is taken, those becoming U+FFFD.
    Raises NotTextError for what is no text.

    >>> decode_page('<meta charset="gb2312"><p>朱镕基</p>'.encode("gbk"))[1]
    'gb18030'
    """
    label = _CHARSET.search(data[:4096])
    said = _CHARSETS.get(label[1].decode("ascii").lower(), "") if label else ""
    if said not in ("", "utf-8", "cp1252") and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        for encoding in ("utf-8", said):
            try:
                # "hz" is 7-bit: such a page is valid UTF-8 too.
                if encoding != "utf-8" or said != "hz":
                    return data.decode(encoding), encoding
            except UnicodeDecodeError:
                continue
    try:
        return decode(data)
    except NotTextError:
        if not said or b"\0" in data:
            raise
        text = data.decode(said, "replace")
        if text.count("\ufffd") > len(text) / 500:
            raise
        return text, said


def _parse(text: str) -> HtmlElement | None:
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        # A NUL would end the page for the parser.
        tree = html.document_fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    return tree if _TAG.search(text) else None


_TAG = re.compile(r"<(?:!doctype\b|[a-z][a-z0-9]*[\s/>])", re.IGNORECASE)


def _beyond(tree: HtmlElement) -> str:
    """What of the tree is beyond the bounds, or ""."""
    from lxml import etree

    depth = elements = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if depth > _DEPTH_MAX:
            return f"nested more than {_DEPTH_MAX} levels deep"
        if elements > _ELEMENTS_MAX:
            return f"of more than {_ELEMENTS_MAX} elements"
    return ""


def _language(said: str, text: str) -> Lang | None:
    plain = said.lower()
    lang: Lang | None = "zh" if plain.startswith("zh") else "en" if plain.startswith("en") else None
    return lang if lang and not contradicts(text, lang) else None


# Which passages are the article. Keys are compared without white space and what is not printed.
_SHINGLE = 8
_SHARE_MIN = 0.7
_LONG = {"zh": 25, "en": 60}
# How far from the long passages, in passages, short ones can lie.
_NEAR = 6


_FOOT = re.compile(
    r"版权所有|版權所有|ICP备|备案号|网站标识码|all rights reserved|copyright\s*(?:©|\(c\))|^©", re.IGNORECASE
)


def _article(tree: HtmlElement, title: str) -> tuple[list[str], str]:
    """The lines of the article in a page, and its title."""
    page = list(passages(tree))
    keys = [_key(passage.text) for passage in page]
    long = [len(key) >= (_LONG["zh"] if _han(key) else _LONG["en"]) for key in keys]
    lines, shingles = _extracted(tree)
    taken = [
        not passage.aside
        and (is_long or not passage.beside)
        and (key in lines or (len(key) >= _SHINGLE and _share(key, shingles) >= _SHARE_MIN))
        for passage, key, is_long in zip(page, keys, long, strict=True)
    ]
    # The foot of a page can be as long as a paragraph, or look like one.
    feet = [not is_long and bool(_FOOT.search(passage.text)) for passage, is_long in zip(page, long, strict=True)]
    known = [at for at in range(len(page)) if taken[at] and not feet[at]]
    sure = [at for at in known if long[at]] or known
    if not sure:
        return [], ""
    first = sure[0]
    foot = next((at for at in range(first, len(page)) if feet[at]), len(page))
    places = {page[at].place for at in sure} - {0}
    last = max(at for at in range(first, foot) if taken[at] and (long[at] or at == first or page[at].place in places))
    head = _headline(page, keys, taken, first, title)
    start = head if head is not None else max(0, first - _NEAR)
    kept = [
        at
        for at in range(start, min(foot, last + _NEAR + 1))
        if at == head
        # Below the text, what has a link leads elsewhere.
        or (taken[at] and (at <= last or page[at].place in places or not page[at].linked))
        or (at < last and _belongs(page, taken, at, first if head is not None else -1))
        # What stands among the paragraphs and has no link is one, though it is short.
        or (page[at].place in places and first < at and not page[at].linked and not page[at].aside | page[at].beside)
    ]
    above = [title] if title and head is None else []
    return above + [page[at].text for at in kept], page[head].text if head is not None else title


_BYLINE = re.compile(r"(?:written |reported )?by:? [A-Z]|(?:作者|記者|记者)\s*[：:]", re.IGNORECASE)


def _belongs(page: Sequence[Passage], taken: Sequence[bool], at: int, first: int) -> bool:
    """Whether a passage that was not taken is a caption, a heading of what follows it, or stands below the headline."""
    if page[at].aside or page[at].beside:
        return False
    if page[at].kind == "caption" or at < first:
        return not page[at].linked or bool(_BYLINE.match(page[at].text))
    return page[at].kind == "heading" and taken[at + 1]


def _headline(
    page: Sequence[Passage], keys: Sequence[str], taken: Sequence[bool], first: int, title: str
) -> int | None:
    """Where the headline stands: what the page's head says, or the last <h1> above the text."""
    wanted = _key(title)
    # A headline can be long enough to have been taken for the first paragraph.
    above = range(min(first + 2, len(page) - 1), -1, -1)
    found = [at for at in above if page[at].kind != "caption" and not page[at].linked and _is_title(keys[at], wanted)]
    found.sort(key=lambda at: (page[at].kind != "heading", page[at].aside, not taken[at]))
    if found:
        return found[0]
    return next((at for at in above if page[at].tag == "h1" and keys[at] and not page[at].aside), None)


def _is_title(key: str, title: str) -> bool:
    return (4 <= len(key) <= len(title) <= 3 * len(key) and key in title) or (
        4 <= len(title) <= len(key) <= 1.5 * len(title) and title in key
    )


def _extracted(tree: HtmlElement) -> tuple[set[str], set[str]]:
    """The lines that trafilatura takes for the article, and their shingles; none where it finds no article."""
    import trafilatura
    from trafilatura.settings import use_config

    # It warns of pages without an article, and does not say of which; the reader does.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    config = use_config()
    # Its 250 characters are for western languages: a Chinese article says as much in a third of that.
    config["DEFAULT"]["MIN_EXTRACTED_SIZE"] = "80"
    config["DEFAULT"]["MIN_OUTPUT_SIZE"] = "1"
    found = trafilatura.bare_extraction(
        copy.deepcopy(tree), config=config, include_comments=False, include_tables=True, favor_recall=True, fast=True
    )
    text = (getattr(found, "text", "") or "") if found is not None else ""
    lines = {_key(re.sub(r"^\s*- ", "", line)) for line in text.split("\n")} - {""}
    return lines, {shingle for line in lines for shingle in _shingles(line)}


def _key(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFC", text) if c.isprintable() and not c.isspace() and c != "|")


def _shingles(key: str) -> Iterator[str]:
    return (key[at : at + _SHINGLE] for at in range(len(key) - _SHINGLE + 1))


def _share(key: str, known: set[str]) -> float:
    found = [shingle in known for shingle in _shingles(key)]
    return sum(found) / len(found)


def _han(key: str) -> bool:
    return len(re.findall(f"[{HAN}]", key)) * 3 > len(key)
