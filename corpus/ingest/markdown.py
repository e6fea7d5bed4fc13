"""Markdown files: front matter, and the text without the marks that Markdown adds to it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from pathlib import PurePath
from typing import Any

from corpus.ingest.decode import NotTextError, decode
from corpus.ingest.names import name_of, printable
from corpus.ingest.raw import RawDocument, meta_of
from corpus.report import Skipped


def read_markdown(data: bytes, path: PurePath, shown: str) -> Iterator[RawDocument | Skipped]:
    """Markdown: front matter (YAML, or TOML between "+++") becomes meta; what only marks the text up is taken off.

    Taken off: marks of headings, lists (not their numbers), quotes, emphasis, links, images, footnotes, code, tables,
    HTML tags and comments. Kept: all text, and all line breaks, so that lines correspond; rows of tables, their cells
    divided by a tab; the text of footnotes where it stands; code as it is. Where the front matter says no title, the
    first heading of the first level is one; it stays in the text. Front matter that is no valid YAML, as where a title
    holds ": ", is read line by line.

    >>> text = "---\\nauthors: [林岚, 方平]\\n---\\n# 河湾市**修路**\\n"
    >>> found = next(read_markdown(text.encode(), PurePath("a.md"), "a.md"))
    >>> found.text, found.meta
    ('河湾市修路\\n', {'title': '河湾市修路', 'author': '林岚, 方平'})
    """
    try:
        text, encoding = decode(data)
    except NotTextError as error:
        yield Skipped(shown, str(error))
        return
    name = name_of(path)
    fields, body = _front_matter(text.removeprefix("\ufeff"))
    body, title = without_marks(body)
    meta = meta_of({"title": title, **{key: value for key, value in fields.items() if value}})
    if encoding != "utf-8":
        meta["encoding"] = encoding
    source = printable(path.as_posix())
    yield RawDocument(name.id, name.pair, name.lang, body.lstrip("\r\n"), meta, source, shown, encoding=encoding)


_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\r?\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^(\w+)[ \t]*:([^\r\n]*)", re.MULTILINE)
# What is longer is read line by line: a parser of YAML is slow.
_YAML_MAX = 10_000


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The fields of the front matter, and the text after it; a text that only begins with a line stays whole."""
    front = _FRONT.match(text)
    if not front:
        return {}, text
    fields = _toml(front[2]) if front[1] == "+++" else _yaml(front[2])
    return ({}, text) if fields is None else (fields, text[front.end() :])


def _toml(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _yaml(text: str) -> dict[str, Any] | None:
    import yaml

    fields: Any = None
    # An alias can make a document of a few lines enormous, and no front matter needs one.
    if len(text) <= _YAML_MAX and not re.search(r"[:\[,-]\s*[&*]\w", text):
        try:
            # The base loader makes nothing but strings, lists and mappings: no "No" becomes False, no date another.
            fields = yaml.load(text, Loader=yaml.BaseLoader)
        except (yaml.YAMLError, RecursionError, ValueError):
            fields = None
    if not isinstance(fields, dict):
        lines = [(key, value.strip()) for key, value in _FIELD.findall(text)]
        fields = {key: value[1:-1] if _QUOTED.fullmatch(value) else value for key, value in lines}
        if not fields and text.strip():
            return None
    return {str(key): _value(value) for key, value in fields.items()}


_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def _value(value: Any) -> Any:
    """A value as meta_of takes it: of people given as mappings the names."""
    if isinstance(value, Mapping):
        return _value(value.get("name") or "")
    if isinstance(value, list):
        return [_value(each) for each in value if isinstance(each, str | Mapping)]
    return "" if value in ("~", "null", "Null", "NULL") else value


def _heading(found: re.Match[str]) -> str:
    """What a heading says: number signs at its end are marks too where a space is before them (not in "C#")."""
    line = found[1].rstrip(" \t")
    bare = line.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else line


# What Markdown adds to a text, each with what is left of it. No pattern may look over the same stretch again and again,
# since a line can be the whole of a large file: what repeats stops where its mark can begin anew, or is possessive.
_LINK = r"\((?:<[^<>\n]*+>|(?:[^()\s<]++|\([^()\s]*+\))*+)(?:\s++\"[^\"\n]*+\"\s*+)?\)"
_TAGS = (
    "a abbr article aside b big blockquote br caption center cite code col colgroup dd del details div dl dt em figcaption "
    "figure font footer h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li main mark nav ol p picture pre q s section small "
    "source span strike strong sub summary sup table tbody td tfoot th thead time tr u ul video wbr"
).replace(" ", "|")
_MARKUP = (
    # Footnotes: where they are called, and the mark before their text.
    (re.compile(r"^[ \t]{0,3}\[\^[^\[\]\s]{1,80}\]:[ \t]*", re.MULTILINE), ""),
    (re.compile(r"\[\^[^\[\]\s]{1,80}\]"), ""),
    # Where links lead, in lines of their own.
    (
        re.compile(
            r"^[ \t]{0,3}\[[^\[\]\n]{1,200}\]:[ \t]*\S++[ \t]*(?:\"[^\"\n]*+\"|'[^'\n]*+')?[ \t]*(?=\r?$)", re.MULTILINE
        ),
        "",
    ),
    (re.compile(r"!\[[^\[\]\n]*+\]\((?:[^()\n]++|\([^()\n]*+\))*+\)"), ""),
    (re.compile(rf"(?<!!)\[([^\[\]\n]*+)\]{_LINK}"), r"\1"),
    (re.compile(r"<((?:https?|ftp|mailto):[^<>\s]++)>"), r"\1"),
    (re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+([^\r\n]*)", re.MULTILINE), _heading),
    (re.compile(r"^[ \t]{0,3}=+[ \t]*+(?=\r?$)", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,3}(?:>[ \t]?){1,5}", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,3}(?:[-*_][ \t]*+){3,}+(?=\r?$)", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,12}[-*+][ \t]{1,4}(?:\[[ xX]\][ \t]+)?(?=[^ \t\r\n])", re.MULTILINE), ""),
    (re.compile(r"<br[ \t]*/?>(?:[ \t]*(?=\r?\n))?", re.IGNORECASE), "\n"),
    (re.compile(rf"</?(?:{_TAGS})(?:[ \t\r\n/][^<>]*+)?>", re.IGNORECASE), ""),
    (
        re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"),
        lambda m: unescape(m[0]).replace("\xa0", " "),
    ),
)
_STRONG = tuple((re.compile(rf"{mark}(?=\S)"), re.compile(rf"(?<=\S){mark}")) for mark in (r"\*\*", "__", "~~"))
_EMPHASIS = (
    re.compile(r"(?<![A-Za-z0-9_*])\*(?=[^\s*])([^*\n]++)(?<=[^\s*])\*(?![A-Za-z0-9_*])"),
    re.compile(r"(?<![\w/])_(?=[^\s_])([^_\n]++)(?<=[^\s_])_(?![\w/])"),
)
_REFERENCE = re.compile(r"(?<!!)\[([^\[\]\n]*+)\][ ]?\[([^\[\]\n]{0,200}+)\]")
_DEFINED = re.compile(r"^[ \t]{0,3}\[([^\[\]^\n][^\[\]\n]{0,199})\]:[ \t]*\S", re.MULTILINE)
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})([^\r\n]*)")
_TITLE = re.compile(r"^[ ]{0,3}#[ \t]+([^\r\n]*)|^(?=[^\s>#])([^\r\n]++)\r?\n=+[ \t]*+\r?$", re.MULTILINE)


def without_marks(text: str) -> tuple[str, str]:
    """Markdown as plain text, and its first heading of the first level ("" where there is none)."""
    parts: list[str] = []
    title = ""
    known = {name.casefold() for name in _DEFINED.findall(text)}
    for stretch, code in _stretches(text.split("\n")):
        if code:
            parts.append("\n".join(stretch))
            continue
        prose = _hide(_without_elements(_without_comments("\n".join(_plain_tables(stretch)))))
        found = None if title else _TITLE.search(prose)
        if found:
            title = _show(_plain(found[0].split("\n")[0], known)).strip()
        parts.append(_show(_plain(prose, known)))
    return "\n".join(parts), title


def _plain(text: str, known: set[str]) -> str:
    if known:
        text = _REFERENCE.sub(lambda m: m[1] if (m[2] or m[1]).casefold() in known else m[0], text)
    for mark, rest in _MARKUP:
        text = mark.sub(rest, text)
    if "**" in text or "__" in text or "~~" in text:
        text = "\n".join(_without_strong(line) for line in text.split("\n"))
    for mark in _EMPHASIS:
        text = mark.sub(r"\1", text)
    return text


def _stretches(lines: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
    """The lines by stretches of prose and of fenced code; of each fence an empty line is left."""
    stretch: list[str] = []
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                yield [*stretch, ""], True
                stretch, fence = [], ""
                continue
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            if stretch:
                yield stretch, False
            stretch, fence = [""], mark[1]
            continue
        stretch.append(line)
    if stretch:
        yield stretch, bool(fence)


def _plain_tables(lines: Sequence[str]) -> Iterator[str]:
    """The lines with the cells of tables divided by tabs, and nothing in the line that divides their heads off."""
    inside = False
    for at, line in enumerate(lines):
        if _divides(line) and at and "|" in lines[at - 1]:
            inside = True
            yield "\r" if line.endswith("\r") else ""
            continue
        inside = inside and "|" in line
        head = not inside and "|" in line and at + 1 < len(lines) and _divides(lines[at + 1])
        yield _row(line) if inside or head else line


def _divides(line: str) -> bool:
    return "|" in line and "-" in line and not line.strip("|:- \t\r")


def _row(line: str) -> str:
    bare = line.strip()
    bare = bare.removeprefix("|")
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return "\t".join(cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", bare)) + "\r" * line.endswith(
        "\r"
    )


# Characters that stand for themselves, because of a backslash or in code, hide in a private area while marks are looked
# for. A text that uses that area itself keeps its backslashes.
_HIDDEN = 0x10F800
_USED = re.compile(f"[{chr(_HIDDEN)}-{chr(_HIDDEN + 0x7F)}]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]++)(?<!`)\1(?!`)")
_MARK = re.compile(r"[!-/:-@\[-`{-~]")


def _hide(text: str) -> str:
    if _USED.search(text):
        return text
    text = _ESCAPED.sub(lambda m: chr(_HIDDEN + ord(m[1])), text)
    return _CODE.sub(lambda m: _MARK.sub(lambda c: chr(_HIDDEN + ord(c[0])), m[2].strip() or m[2]), text)


def _show(text: str) -> str:
    return _USED.sub(lambda m: chr(ord(m[0]) - _HIDDEN), text)


_ELEMENTS = re.compile(r"<(script|style)\b[^<>]*+>", re.IGNORECASE)


def _without_elements(text: str) -> str:
    """The text without scripts and styles."""
    parts, at = [], 0
    lower = text.lower() if len(text.lower()) == len(text) else text
    while (start := _ELEMENTS.search(text, at)) and (end := lower.find(f"</{start[1].lower()}", start.end())) >= 0:
        parts.append(text[at : start.start()])
        close = text.find(">", end)
        at = close + 1 if close >= 0 else len(text)
    return "".join([*parts, text[at:]])


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
