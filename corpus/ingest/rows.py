"""From a row (of JSON Lines, CSV, Parquet, a dataset) to the documents in it: one, or the two versions of an article."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from corpus.document import LANGUAGES, Lang, text_sha
from corpus.ingest.columns import META, Columns, field_of, language_of, rank_of, written
from corpus.ingest.names import name_of, printable, why_unsafe
from corpus.ingest.raw import RawDocument
from corpus.language import detect_language, split_name
from corpus.report import Skipped

_NAMED = 12
Row = Mapping[str, Any]
# The fields of a row; those of one language under (field, language).
Fields = dict[tuple[str, Lang | None], Any]


def documents_in(row: Row, path: PurePath, where: str, columns: Columns) -> Iterator[RawDocument | Skipped]:
    """The documents in one row of the file `path`: one, or two where the row holds the text in both languages.

    A row without an id gets one from the file's name and its text, so that it has the same wherever it stands. Of a
    row with both versions, the ids are the pair's name with ".en" and ".zh" after it.

    >>> rows = documents_in({"id": "rents", "text_en": "Rents.", "text_zh": "房租。"}, PurePath("n.csv"), "", Columns())
    >>> [(found.id, found.pair, found.lang) for found in rows]
    [('rents.en', 'rents', 'en'), ('rents.zh', 'rents', 'zh')]
    """
    fields = _fields(row, columns)
    texts = {lang: _text(fields.get(("text", lang))) for lang in (None, *LANGUAGES)}
    if problem := _problem(row, fields, columns):
        yield Skipped(where, problem)
        return
    both = [lang for lang in LANGUAGES if texts[lang]]
    if texts[None] and len(both) < 2:
        yield _single(fields, str(texts[None]), path, where)
    elif both:
        yield from _versions(fields, {lang: str(texts[lang]) for lang in both}, path, where)
    elif not any(field == "text" for field, _ in fields):
        yield Skipped(where, no_text(row, columns))
    elif any(text is None and fields.get(("text", lang)) is not None for lang, text in texts.items()):
        yield Skipped(where, "its text is no string")
    else:
        yield Skipped(where, "empty text")


def no_text(columns: Row | list[str], named: Columns) -> str:
    """Why rows with these columns are no articles: a column that was named, or any of text, is not among them."""
    names = [printable(str(name))[:40] for name in columns]
    has = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    asked = next(
        (name for name in (named.text, named.id, named.pair, named.lang) if name and name not in columns), None
    )
    wanted = f"named {asked!r}" if asked else "of text (text, content, body, text_en …); name it yourself"
    return f"has no column {wanted}; it has: {has or 'none'}"


def _fields(row: Row, columns: Columns) -> Fields:
    """The fields of a row under their usual names; what the user named goes before, then the more usual name."""
    fields: Fields = {}
    ranks: dict[tuple[str, Lang | None], int] = {}
    for column, value in _flat(row):
        key = field_of(column)
        if not key[0] or (key[0] == "text" and columns.text):
            continue
        rank = rank_of(column) if value not in (None, "") else 1000
        if rank < ranks.get(key, 10_000):
            fields[key], ranks[key] = value, rank
    if columns.pair and columns.pair != columns.id and field_of(columns.pair)[0] == "id":
        # Both versions have the same "id": it names their pair.
        fields.pop(("id", None), None)
    for field, named in (("text", columns.text), ("id", columns.id), ("pair", columns.pair), ("lang", columns.lang)):
        if named:
            fields[field, None] = _of_languages(row.get(named), fields) if field == "text" else row.get(named)
    return fields


def _of_languages(value: Any, fields: Fields) -> Any:
    """The value of the column of text that the user named; a mapping of languages is put into `fields` instead."""
    if not isinstance(value, Mapping):
        return value
    for name, text in value.items():
        if lang := language_of(str(name)):
            fields["text", lang] = text
    return None


def _flat(row: Row) -> Iterator[tuple[str, Any]]:
    """The columns of a row; a column that maps languages to texts ("translation": {"en", "zh"}) is one for each."""
    for column, value in row.items():
        if isinstance(column, str):
            if isinstance(value, Mapping):
                field = "text" if column.casefold() in ("translation", "translations") else field_of(column)[0]
                for name, text in value.items():
                    if field and isinstance(name, str) and (lang := language_of(name)):
                        yield f"{field}_{lang}", text
            else:
                yield column, value


def _text(value: Any) -> str | None:
    """The text in a column, "" where it is blank; None where the column holds no text at all.

    A list of texts is one of paragraphs.
    """
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    if not isinstance(value, str):
        return None
    return value if value.strip() else ""


def _problem(row: Row, fields: Fields, columns: Columns) -> str | None:
    """Why a row cannot be used whatever its text, or None."""
    if any(named and named not in row for named in (columns.text, columns.id, columns.pair, columns.lang)):
        return no_text(row, columns)
    for field in ("id", "pair", "lang"):
        value = fields.get((field, None))
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            return f"{field!r} is no string"
    for field in ("id", "pair"):
        value = _name(fields, field)
        # An empty cell is none.
        unsafe = why_unsafe(value) if value else None
        if unsafe:
            return unsafe.replace("the id", f"the {field}", 1)
    said = written(fields.get(("lang", None)))
    if said and not language_of(said):
        return f"lang is {said[:40]!r}; expected 'en' or 'zh'"
    return None


def _name(fields: Fields, field: str) -> str:
    return written(fields.get((field, None))).strip()


def _single(fields: Fields, text: str, path: PurePath, where: str) -> RawDocument:
    said = language_of(written(fields.get(("lang", None))))
    id, pair = _name(fields, "id"), _name(fields, "pair")
    if not id:
        # A version of a pair keeps its id when its text is corrected.
        id = f"{pair}.{said or detect_language(text)}" if pair else f"{name_of(path).id}-{text_sha(text)[:8]}"
    base, of_name = split_name(id)
    if ("pair", None) not in fields and of_name:
        pair = base
    return RawDocument(id, pair, said or of_name, text, _meta(fields, None), printable(path.as_posix()), where)


def _versions(fields: Fields, texts: dict[Lang, str], path: PurePath, where: str) -> Iterator[RawDocument | Skipped]:
    name = _name(fields, "id") or f"{name_of(path).id}-{text_sha(chr(0).join(texts.values()))[:8]}"
    pair = _name(fields, "pair") or name
    for lang, text in texts.items():
        id = written(fields.get(("id", lang))).strip() or f"{name}.{lang}"
        unsafe = why_unsafe(id)
        if unsafe:
            yield Skipped(where, unsafe)
            continue
        yield RawDocument(id, pair, lang, text, _meta(fields, lang), printable(path.as_posix()), where)


def _meta(fields: Fields, lang: Lang | None) -> dict[str, str]:
    meta = {}
    for name in META:
        for key in ((name, lang), (name, None)):
            value = written(fields.get(key), date=name == "date").strip()
            if value:
                meta[name] = value
                break
    return meta
