"""What is in a web page, before anybody asks which of it is the article: its passages, and what its head says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from corpus.ingest.raw import meta_of
from corpus.language import HAN

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Kind = Literal["text", "heading", "caption"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a page that stands on lines of its own.

    `aside`: in a part that is never the article. `beside`: in one that by its class is not, as far as classes can be
    trusted. `linked`: there is a link in it. `place`: the number of the element that it and its neighbours stand in.
    """

    text: str
    tag: str
    kind: Kind
    aside: bool = False
    beside: bool = False
    linked: bool = False
    place: int = 0


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNSEEN = _names(
    "script style noscript template svg math head iframe frame object embed applet audio video canvas select datalist "
    "button textarea input rp rt map dialog"
)
_ASIDE = _names("nav footer aside menu")
_HEADINGS = _names("h1 h2 h3 h4 h5 h6 hgroup")
_BLOCKS = _HEADINGS | _names(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure footer form "
    "header hr html legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul br"
)
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f\xa0\u200b\ufeff]+")
_CJK = rf"{HAN}\u3000-\u303f\uff01-\uff60，。“”"
# A break between lines of the source is a space in English and nothing in Chinese.
_BROKEN = re.compile(rf"(?<=[{_CJK}])[ \t]*[\r\n][ \t\r\n]*(?=[{_CJK}])")
# What XML and print have no place for.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(slots=True)
class _Open:
    """An element that the walk is in."""

    tag: str
    place: int
    aside: bool
    beside: bool


def passages(tree: HtmlElement) -> Iterator[Passage]:
    """All passages of a page that can be seen, from top to bottom."""
    from lxml import etree

    cells = _cells_in_rows(tree)
    pieces: list[str] = []
    opened: list[_Open] = [_Open("body", 0, False, False)]
    linked = False
    walk = etree.iterwalk(tree, events=("start", "end"))
    for place, (event, node) in enumerate(walk, 1):
        tag = node.tag if isinstance(node.tag, str) else ""
        block = tag in _BLOCKS and node not in cells
        if block:
            yield from _flush(pieces, opened, linked)
            linked = False
        if event == "end":
            opened.pop()
            if tag in ("td", "th") and not block:
                pieces.append("\v")
            elif tag in _BLOCKS and not block:
                pieces.append(" ")
            if node.tail:
                pieces.append(node.tail)
            continue
        above = opened[-1]
        beside = above.beside or (tag not in ("html", "body", "main", "article") and bool(_words(node) & _BESIDE))
        opened.append(_Open(tag, place, above.aside or tag in _ASIDE, beside))
        if tag in _UNSEEN or not tag or _HIDDEN.search(node.get("style") or "") or node.get("hidden") is not None:
            # What is hidden ends, but nothing in it begins.
            walk.skip_subtree()
            continue
        linked = linked or (tag == "a" and node.get("href") is not None)
        if node.text:
            pieces.append(node.text)
    yield from _flush(pieces, opened, linked)


_BESIDE = _names(
    "ad ads advert advertisement banner breadcrumb breadcrumbs comment comments cookie cookies copyright footer hot menu nav "
    "navbar newsletter pagination promo recommend related share sharing sidebar social subscribe tags toolbar"
)


def _words(node: HtmlElement) -> set[str]:
    said = f"{node.get('class') or ''} {node.get('id') or ''}"
    return set(re.split(r"[^a-z]+", said.lower())) if len(said) <= 500 else set()


def _flush(pieces: list[str], opened: list[_Open], linked: bool) -> Iterator[Passage]:
    text = _BROKEN.sub("", _CONTROLS.sub("", "".join("\t" if piece == "\v" else _quiet(piece) for piece in pieces)))
    pieces.clear()
    cells = [_SPACE.sub(" ", cell).strip(" \u3000") for cell in text.split("\t")]
    text = "\t".join(cells).strip(" \t\u3000\n")
    if not text:
        return
    # The innermost block says what a passage is, the one around it where it stands.
    blocks = [each for each in opened if each.tag in _BLOCKS and each.tag != "br"] or opened[:1]
    near = [each.tag for each in blocks[-3:]]
    heading = next((tag for tag in reversed(near) if tag in _HEADINGS), "")
    kind: Kind = "caption" if "figcaption" in near or "caption" in near else "heading" if heading else "text"
    around = blocks[-2] if blocks[-1].tag in _LINES and len(blocks) > 1 else blocks[-1]
    yield Passage(text, heading or near[-1], kind, opened[-1].aside, opened[-1].beside, linked, around.place)


_LINES = _HEADINGS | {"p", "div", "figcaption", "tr"}


def _quiet(piece: str) -> str:
    """A piece of text in which tabs, which divide cells here, and line separators are spaces."""
    return re.sub("[\t\v\u2028\u2029\x85]", " ", piece)


def _cells_in_rows(tree: HtmlElement) -> set[HtmlElement]:
    """The cells, and what is in them, of data tables: short cells, side by side, no table in them.

    The rows of any other table are layout, its cells passages of their own.
    """
    tables = list(tree.iter("table"))
    outer: set[HtmlElement] = set()
    for table in tables:
        above = next(table.iterancestors("table"), None)
        if above is not None:
            outer.add(above)
    found: set[HtmlElement] = set()
    for table in tables:
        if table in outer:
            continue
        cells = list(table.iter("td", "th"))
        rows = sum(1 for _ in table.iter("tr"))
        if 2 <= rows < len(cells) and all(_short(cell) for cell in cells):
            for cell in cells:
                found.add(cell)
                found.update(cell.iter("p", "div", "br"))
    return found


_CELL_MAX = 200


def _short(cell: HtmlElement) -> bool:
    return sum(len(piece.strip()) for piece in cell.itertext()) <= _CELL_MAX and cell.find(".//script") is None


def tame(tree: HtmlElement) -> None:
    """Make a form an ordinary part of the page: some systems wrap the whole page in one, article and all."""
    for form in list(tree.iter("form")):
        form.tag = "div"


# The names of <meta>, lower case, by what they tell, the surest first. The Chinese ones are those that the standard for
# government sites demands (国办发〔2017〕47号).
_NAMES = {
    "headline": ("articletitle", "og:title", "twitter:title", "dc.title", "citation_title"),
    "date": (
        "pubdate", "article:published_time", "og:published_time", "datepublished", "publishdate", "publish_date",
        "dc.date.issued", "dc.date", "date", "parsely-pub-date",
    ),
    "source": ("contentsource", "og:site_name", "dc.publisher", "publisher", "source", "application-name", "sitename"),
    "author": ("author", "article:author", "byl", "dc.creator", "parsely-author", "contenteditor"),
    "url": ("url", "og:url"),
    "licence": ("dc.rights.license", "dcterms.license", "license", "licence"),
}  # fmt: skip
_META_MAX = 300


def read_meta(tree: HtmlElement) -> dict[str, str]:
    """What a page says of itself, under the names of META, and its "headline" for the text.

    From <meta>, from the JSON-LD of the article, from <title> and links, and, where they do not say, from the line that
    Chinese sites have above the text (发布时间：…　来源：…). Nothing is guessed from addresses or from the text.
    """
    said: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = str(node.get("name") or node.get("property") or node.get("itemprop") or "").strip().lower()
        said.setdefault(name, _plain(node.get("content") or ""))
    found = {key: next((said[n] for n in names if said.get(n)), "") for key, names in _NAMES.items()}
    for key, value in _linked_data(tree).items():
        # This fills in what <meta> does not say.
        found[key] = found[key] or value
    node = next(tree.iter("title"), None)
    title = _plain(node.text_content()) if node is not None else ""
    found["headline"] = found["headline"] or _without_site(title)
    for link in tree.iter("link", "a"):
        rel = str(link.get("rel") or "").lower().split()
        key = "url" if "canonical" in rel else "licence" if "license" in rel else ""
        if key and not found[key]:
            found[key] = _plain(link.get("href") or "")
    if found["author"].startswith(("http:", "https:")):
        found["author"] = ""
    _from_line(tree, found)
    found["date"] = date_of(found["date"])
    return {**meta_of({**found, "title": found["headline"]}), "headline": found["headline"]}


def _plain(value: str) -> str:
    text = re.sub(r"\s+", " ", _CONTROLS.sub("", value)).strip()
    return text if len(text) <= _META_MAX else ""


_SITE = re.compile(rf"\s*[_|｜]\s*|\s+[-–—]+\s+|(?<=[{HAN}”」》])[-–—]+(?=[{HAN}])")


def _without_site(title: str) -> str:
    """A page's title without the names of the site and its sections after it."""
    first = _SITE.split(title, maxsplit=1)[0]
    return first if len(first) >= 4 else title


_ARTICLES = ("article", "newsarticle", "reportagenewsarticle", "blogposting", "report", "webpage")


def _linked_data(tree: HtmlElement) -> dict[str, str]:
    """What the JSON-LD in a page says of its article."""
    for node in tree.iter("script"):
        if "ld+json" not in str(node.get("type") or "").lower():
            continue
        try:
            data: Any = json.loads(node.text or "")
        except (ValueError, RecursionError):
            continue
        rows = data if isinstance(data, list) else data.get("@graph", [data]) if isinstance(data, dict) else []
        for row in rows if isinstance(rows, list) else []:
            kinds = row.get("@type") if isinstance(row, dict) else None
            if any(str(kind).lower() in _ARTICLES for kind in (kinds if isinstance(kinds, list) else [kinds])):
                fields = {"headline": "headline", "date": "datePublished", "source": "publisher", "author": "author"}
                fields |= {"url": "url", "licence": "license"}
                return {key: _plain(_name(row.get(name))) for key, name in fields.items()}
    return {}


def _name(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(name for one in value[:20] if (name := _name(one) if not isinstance(one, list) else ""))
    if isinstance(value, dict):
        value = value.get("name")
    return str(value) if isinstance(value, str | int) else ""


_DAY = r"(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}(?!\d)"
# "发布时间：2024-03-05 10:20　来源：河湾日报　作者：林岚", in one line or in three.
_LINE = {
    "date": re.compile(rf"(?:(?:发布|发文|更新)?(?:时间|日期)\s*[：:]\s*|^(?=.*来源\s*[：:]))({_DAY})"),
    "source": re.compile(r"(?:信息|稿件|文章)?来源\s*[：:]\s*([^\s：:|｜【】\[\]]{2,30})"),
    "author": re.compile(rf"(?:作者|记者)\s*[：:]\s*([{HAN}·]{{2,12}})(?![{HAN}·])"),
}
_LINE_MAX = 200


def _from_line(tree: HtmlElement, found: dict[str, str]) -> None:
    lacking = [key for key in _LINE if not found[key]]
    for passage in passages(tree) if lacking else ():
        if len(passage.text) <= _LINE_MAX:
            for key in lacking:
                match = _LINE[key].search(passage.text)
                if match and not found[key]:
                    found[key] = match[1]
        if all(found[key] for key in lacking):
            return


_DATE = re.compile(r"((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")


def date_of(text: str) -> str:
    """The day in a date as pages and files write it, as YYYY-MM-DD; what is no such date comes back as it is.

    >>> date_of("2024-03-05T10:20:00+08:00"), date_of("2024年3月5日"), date_of("5 March 2024")
    ('2024-03-05', '2024-03-05', '5 March 2024')
    """
    match = _DATE.search(text)
    if not match or not (1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
        return text
    return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
