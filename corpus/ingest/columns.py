"""The columns of rows: which one holds the text, the id, the pair and so on, under the names that people give them."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from corpus.document import Lang
from corpus.language import language_of_folder

META = ("title", "date", "source", "author", "url", "licence")
"""What is kept of an article beside its text, where the format has a place for it."""

# For each field its usual names, the first of which goes before the next; lower case, without "_", "-" and blanks.
ALIASES: dict[str, tuple[str, ...]] = {
    "text": (
        *("text", "content", "body", "article", "fulltext", "articletext", "articlebody", "bodytext", "maintext"),
        *("articlecontent", "document", "story", "正文", "内容", "內容", "文本", "全文"),
    ),
    "id": ("id", "docid", "documentid", "articleid", "uid", "uuid", "guid", "编号", "編號"),
    "pair": ("pair", "pairid", "pairname"),
    "lang": ("lang", "language", "locale", "langcode", "languagecode", "inlanguage", "语言", "語言", "语种"),
    "title": ("title", "headline", "heading", "articletitle", "标题", "標題", "题目"),
    "date": (
        *("date", "published", "publishedat", "publisheddate", "publicationdate", "publishdate", "datepublished"),
        *("pubdate", "datetime", "timestamp", "publishtime", "日期", "时间", "發布日期", "发布日期", "发布时间"),
    ),
    "source": ("source", "publisher", "outlet", "publication", "newspaper", "sitename", "来源", "來源", "媒体"),
    "author": ("author", "authors", "byline", "creator", "writer", "reporter", "作者", "记者"),
    "url": ("url", "link", "uri", "href", "permalink", "sourceurl", "articleurl", "链接", "網址", "网址"),
    "licence": ("licence", "license", "rights", "许可"),
}
_FIELD = {name: field for field, names in ALIASES.items() for name in names}
_RANK = {name: rank for names in ALIASES.values() for rank, name in enumerate(names)}
_LANGUAGES: dict[str, Lang] = {
    **dict.fromkeys(("cn", "chi", "cmn", "汉语", "漢語", "中", "简体中文", "繁體中文", "简体", "繁體"), "zh"),
    **dict.fromkeys(("英语", "英語", "英"), "en"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that the user names; None: the usual names are looked for."""

    text: str | None = None
    id: str | None = None
    pair: str | None = None
    lang: str | None = None


def field_of(column: str) -> tuple[str, Lang | None]:
    """The field that a column holds ("" where it is none that is known), and for which of two languages.

    >>> field_of("Headline"), field_of("content_zh"), field_of("en-text"), field_of("English"), field_of("mood")
    (('title', None), ('text', 'zh'), ('text', 'en'), ('text', 'en'), ('', None))
    """
    name = column.strip().casefold()
    known = _FIELD.get(_bare(name))
    if known:
        return known, None
    lang = language_of(name)
    if lang:
        return "text", lang
    for parts in (re.fullmatch(r"(.+?)[ _.-](\w+(?:[_-]\w+)?)", name), re.fullmatch(r"(\w+?)[ _.-](.+)", name)):
        if parts:
            for base, said in ((parts[1], parts[2]), (parts[2], parts[1])):
                field, lang = _FIELD.get(_bare(base)), language_of(said)
                if field and lang:
                    return field, lang
    return "", None


def rank_of(column: str) -> int:
    """Where a column's name stands among those of its field: 0 is the most usual."""
    return _RANK.get(_bare(column.strip().casefold()), 0)


def _bare(name: str) -> str:
    return re.sub(r"[ _-]", "", name)


def language_of(said: str) -> Lang | None:
    """The language that a value of a column of languages says, or None: "zh-CN", "English", "中文".

    >>> language_of("zh_Hans"), language_of("English"), language_of("fr")
    ('zh', 'en', None)
    """
    plain = said.strip()
    return language_of_folder(plain) or _LANGUAGES.get(plain.casefold())


# Seconds and milliseconds since 1970 that are a date between 2001 and 2033; longer and shorter numbers are not.
_SECONDS = range(10**9, 2 * 10**9)
_MILLISECONDS = range(10**12, 2 * 10**12)


def written(value: Any, *, date: bool = False) -> str:
    """A value of a column as text; "" where it is none (nothing, not a number, a mapping).

    Dates and times are written as ISO 8601, whole numbers without a point, lists with commas. With `date`, a number
    that counts the seconds or milliseconds since 1970 is the time in UTC that it stands for.

    >>> written(2024.0), written(datetime.date(2024, 3, 1)), written(["Li Wei", "王芳"]), written(1709251200, date=True)
    ('2024', '2024-03-01', 'Li Wei, 王芳', '2024-03-01')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return ""
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time() and (value.tzinfo is None or not value.utcoffset())
        return (value.date() if midnight else value).isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _number(value, date=date)
    if isinstance(value, list | tuple):
        return ", ".join(part for each in value if not isinstance(each, list | tuple) and (part := written(each)))
    return ""


def _number(value: float | Decimal, *, date: bool) -> str:
    if not math.isfinite(value):
        return ""
    whole = int(value) if value == int(value) and -(10**18) < value < 10**18 else None
    if date and whole is not None and (whole in _SECONDS or whole in _MILLISECONDS):
        seconds = whole / 1000 if whole in _MILLISECONDS else whole
        return written(datetime.datetime.fromtimestamp(seconds, datetime.UTC))
    return str(whole) if whole is not None else str(value)
