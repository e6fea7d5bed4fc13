"""A workspace's own names: `knowledge.csv`, with the columns of the knowledge base, which wins over what hemu ships.

A row is kept as a dict of the columns `corpus.knowledge.COLUMNS`, as in the file; several names in one column are
separated by "|", a name with a question mark before it needs support from the text.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from corpus.document import LANGUAGES, Lang
from corpus.errors import InputError
from corpus.knowledge import COLUMNS, Entry, KnowledgeBase, csv_text, fold, knowledge, read_entries
from corpus.pinyin import fits, plain, spellings
from corpus.store import Workspace, write_atomically

FILE = "knowledge.csv"
"""The file in the folder of a workspace."""

Row = dict[str, str]

_NAMES = ("en", "en_aliases", "zh", "zh_aliases", "traditional")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
# What a name may not hold: the marks of the file's own format, line breaks and other controls.
_FORBIDDEN = re.compile(r"[|?\x00-\x1f\x7f\u2028\u2029\x85\ud800-\udfff]")
# Tags of jieba's dictionary for names: what is only a name is no common word.
_NAME_TAGS = ("ns", "nz", "nt", "nr", "nrt", "nrfg", "nsf", "eng")
_COMMON_FROM = 50


class Finding(NamedTuple):
    """Something to look at: which entry, what kind ("two labels", "common word", …), and what exactly."""

    id: str
    kind: str
    detail: str


class BadRow(NamedTuple):
    """A row that cannot be taken in: its line in the file, and why."""

    line: int
    why: str


def make_row(
    label: str,
    en: str = "",
    zh: str = "",
    aliases: Iterable[str] = (),
    *,
    id: str = "",
    labels: Collection[str],
    source: str = "own",
    pinyin: str = "",
) -> Row:
    """A row of these names, with its Traditional forms; an alias that has a Chinese character is a Chinese one.

    `pinyin` has the spellings of the Chinese names, separated by "|"; where it is empty they are made. A missing English
    or Chinese name is taken from the aliases. Raises InputError where a name or the label will not do.

    >>> row = make_row("AGENCY", "Lanxi Tea Office", "兰溪茶办", ["茶办"], labels={"AGENCY"})
    >>> row["id"], row["zh_aliases"], row["traditional"], row["pinyin"]
    ('agency/lanxi-tea-office', '茶办', '蘭谿茶辦|茶辦', 'Lanxi Chaban|Chaban')
    """
    if label not in labels:
        raise InputError(f"unknown label {label!r}; the scheme has: {', '.join(labels)}")
    names: dict[bool, dict[str, None]] = {False: {}, True: {}}
    for given, chinese in [(en, False), (zh, True), *((a, _HAN.search(a) is not None) for a in aliases)]:
        if name := _cleaned(given):
            names[chinese][name] = None
    english, chinese_names = list(names[False]), list(names[True])
    if not english and not chinese_names:
        raise InputError("no name; give one in English or in Chinese")
    if id and (_FORBIDDEN.search(id) or id != id.strip() or id[0] == "#"):
        raise InputError(f"{id!r} cannot be an id; use letters, digits, / and -")
    row = {
        **dict.fromkeys(COLUMNS, ""),
        "id": id or _made_id(label, (english or chinese_names)[0]),
        "label": label,
        "en": english[0] if english else "",
        "en_aliases": "|".join(english[1:]),
        "zh": chinese_names[0] if chinese_names else "",
        "zh_aliases": "|".join(chinese_names[1:]),
        "traditional": "|".join(traditional_names(chinese_names)),
        "source": source,
    }
    spelt = [spelling for part in pinyin.split("|") if (spelling := _cleaned(part))]
    return {**row, "pinyin": "|".join(spelt or spellings(row))}


def _cleaned(name: str) -> str:
    name = " ".join(name.split())
    plain = name.removeprefix("?").strip()
    if _FORBIDDEN.search(plain):
        raise InputError(f"{name!r} cannot be a name: it holds a mark (| or ?) or a control character")
    if plain and not any(c.isalnum() for c in plain):
        raise InputError(f"{name!r} cannot be a name: it has no letter")
    return ("?" if name.startswith("?") else "") + plain if plain else ""


def _made_id(label: str, name: str) -> str:
    plain = unicodedata.normalize("NFD", name.strip("?")).encode("ascii", "ignore").decode().lower()
    return f"{label.lower()}/{re.sub(r'[^a-z0-9]+', '-', plain).strip('-') or name.strip('?')}"


def traditional_names(names: Iterable[str]) -> tuple[str, ...]:
    """Traditional forms of Simplified names, as OpenCC writes them, in Taiwan and in Hong Kong; none that is the same.

    >>> traditional_names(["台湾", "北京"])
    ('臺灣', '台灣')
    """
    made: dict[str, None] = {}
    for name in names:
        for variant in ("s2t", "s2tw", "s2hk"):
            form = _converter(variant).convert(name)
            if form != name:
                made[form] = None
    return tuple(made)


@cache
def _converter(name: str) -> Any:
    import opencc

    return opencc.OpenCC(name)


def read_rows(path: Path) -> list[Row]:
    """The rows of a file with the columns `COLUMNS`; none where there is no file. Raises InputError."""
    if not path.exists():
        return []
    text = csv_text(path)
    list(read_entries(text, str(path), None))  # names what is not a row
    # A file written before there was pinyin lacks that column.
    blank = dict.fromkeys(COLUMNS, "")
    return [blank | row for row in csv.DictReader(line for line in text.splitlines() if line and line[0] != "#")]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write a file of own names, whole or not at all."""
    out = io.StringIO()
    out.write("# Names of this workspace; see: hemu kb --help\n")
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(rows)
    write_atomically(path, out.getvalue().encode())


def put(workspace: Workspace, rows: Sequence[Row], *, replace: bool = True) -> tuple[int, int]:
    """Take rows into the workspace's own names; returns how many are new and how many replaced one of the same id.

    Raises InputError where an id is there and `replace` is false; then nothing is written.
    """
    with workspace.writing():
        path = workspace.root / FILE
        kept = {row["id"]: row for row in read_rows(path)}
        new = sum(row["id"] not in kept for row in rows)
        for row in rows:
            if row["id"] in kept and not replace:
                raise InputError(f"{row['id']}: is in {FILE} already; use --replace, or another id")
            kept[row["id"]] = row
        write_rows(path, kept.values())
    return new, len(rows) - new


def read_table(path: Path, labels: Collection[str]) -> tuple[list[Row], list[BadRow]]:
    """Rows from a CSV file that a group wrote, and those that cannot be taken in.

    It has the columns en, zh, label and, if wished, id, pinyin, source and one or more whose name begins with "alias";
    several aliases in one cell are separated by "|" or ";". A file with the columns of `COLUMNS` will do too.
    Raises InputError where the file cannot be read or has no such columns.
    """
    reader = csv.reader(_numbered(csv_text(path)), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if "label" not in header or not {"en", "zh"} & set(header):
            raise InputError(
                f"{path}: expected the columns en, zh, label and aliases, found: {', '.join(header) or 'none'}"
            )
        rows: list[Row] = []
        bad: list[BadRow] = []
        lines: dict[str, int] = {}
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            try:
                row = _table_row(header, cells, labels)
                if row["id"] in lines:
                    raise InputError(f"{row['id']} comes twice; it is in line {lines[row['id']]} too")
            except InputError as error:
                bad.append(BadRow(line, str(error)))
                continue
            lines[row["id"]] = line
            rows.append(row)
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV: {error}") from None
    return rows, bad


def _numbered(text: str) -> Iterator[str]:
    """The lines, a comment as an empty one, so that the reader's line numbers are those of the file."""
    for line in text.split("\n"):
        yield "\n" if line.startswith("#") else line.removesuffix("\r") + "\n"


def _table_row(header: Sequence[str], cells: Sequence[str], labels: Collection[str]) -> Row:
    if len(cells) != len(header):
        raise InputError(f"{len(cells)} cells; expected {len(header)}: {','.join(cells)[:80]}")
    given = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    many = [value for name, value in given.items() if name.startswith("alias") or name in ("en_aliases", "zh_aliases")]
    aliases = [alias for value in many for alias in re.split(r"[|;；]", value)]
    row = make_row(
        given["label"], given.get("en", ""), given.get("zh", ""), aliases, id=given.get("id", ""), labels=labels,
        source=given.get("source") or "own", pinyin=given.get("pinyin", ""),
    )  # fmt: skip
    return {**row, "from": given.get("from", ""), "to": given.get("to", "")}


def check(rows: Sequence[Row], *, labels: Collection[str], base: KnowledgeBase | None = None) -> list[Finding]:
    """What is doubtful in rows: unknown labels, names with two labels, common words, duplicates, and names that have no
    Traditional form, no pinyin, or one that is not theirs.

    They are compared with one another and with `base` (what hemu ships).

    >>> row = make_row("ORG", "Harvest", "兰溪茶会", labels={"ORG"})
    >>> [finding.kind for finding in check([row], labels={"ORG"})]
    ['common word']
    """
    base = base or knowledge()
    found: list[Finding] = []
    labels_of: dict[tuple[str, str], dict[str, str]] = {}
    seen: set[str] = set()
    for row in rows:
        if row["label"] not in labels:
            found.append(Finding(row["id"], "unknown label", f"{row['label']}; the scheme has: {', '.join(labels)}"))
        if row["id"] in seen:
            found.append(Finding(row["id"], "duplicate", "the id comes twice"))
        seen.add(row["id"])
        entry = next(read_entries(_as_file(row), row["id"], None), None)
        if entry is None:
            found.append(Finding(row["id"], "no name", "give one in English or in Chinese, or delete the row"))
            continue
        found += _name_findings(entry, base, labels_of)
        missing = [form for form in traditional_names(_listed(row, "zh", "zh_aliases")) if form not in entry.zh]
        if missing:
            found.append(Finding(entry.id, "no Traditional form", ", ".join(missing)))
        found += _pinyin_findings(entry, row)
    return found


def _pinyin_findings(entry: Entry, row: Row) -> Iterator[Finding]:
    names = [name for name in _listed(row, "zh", "zh_aliases") if _HAN.search(name)]
    for spelling in entry.pinyin:
        if not any(fits(spelling, name) for name in names):
            yield Finding(
                entry.id, "pinyin of another name", f"{spelling}; expected {'|'.join(spellings(row)) or 'none'}"
            )
    lacking = [name for name in names if not any(fits(spelling, name) for spelling in entry.pinyin)]
    if lacking:
        yield Finding(entry.id, "no pinyin", ", ".join(lacking))


def _as_file(row: Row) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerows([COLUMNS, [row[column] for column in COLUMNS]])
    return out.getvalue()


def _listed(row: Row, *columns: str) -> list[str]:
    return [name.removeprefix("?") for column in columns for name in row[column].split("|") if name]


def _name_findings(
    entry: Entry, base: KnowledgeBase, labels_of: dict[tuple[str, str], dict[str, str]]
) -> Iterator[Finding]:
    twins: dict[str, list[str]] = {}
    for lang in LANGUAGES:
        for name in entry.names(lang):
            others = {other.id: other.label for other in base.lookup(name, lang)}
            known = labels_of.setdefault((lang, fold(name)), {})
            others |= known
            known[entry.id] = entry.label
            for id, label in others.items():
                if id != entry.id and label != entry.label and not entry.unsure(name):
                    yield Finding(entry.id, "two labels", f"{name}: {entry.label} here, {label} in {id}")
                elif id != entry.id and not entry.unsure(name):
                    twins.setdefault(id, []).append(name)
            if not entry.unsure(name) and common_word(name, base):
                yield Finding(entry.id, "common word", f"{name}: write it as ?{name} so that it needs support")
    for id, shared in twins.items():
        yield Finding(
            entry.id, "duplicate", f"{id} has the same {'names' if len(shared) > 1 else 'name'}: {', '.join(shared)}"
        )


def common_word(name: str, base: KnowledgeBase | None = None) -> bool:
    """Whether a name is also a word that is no name, by a dictionary or because hemu itself marks it with "?".

    >>> common_word("和平"), common_word("apple"), common_word("浙江")
    (True, True, False)
    """
    lang: Lang = "zh" if _HAN.search(name) else "en"
    if any(entry.unsure(name) for entry in (base or knowledge()).lookup(name, lang)):
        return True
    if lang == "en":
        return name.isalpha() and name.lower() in _english_words()
    from corpus.segment.dictionary import dictionary

    known = dictionary()
    return known.frequencies.get(name, 0) >= _COMMON_FROM and known.tags.get(name, "") not in _NAME_TAGS


@cache
def _english_words() -> frozenset[str]:
    file = resources.files("corpus") / "data" / "knowledge" / "common_words.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def search(base: KnowledgeBase, words: str) -> list[Entry]:
    """Entries whose id, one of whose names, or whose pinyin holds `words`, in any case; whole names first.

    Pinyin is found with or without tones and blanks, from the beginning of a word on.

    >>> search(knowledge(), "国务院办公厅")[0].label, search(knowledge(), "gongtongfuyu")[0].id
    ('AGENCY', 'policy/common-prosperity')
    """
    wanted = fold(words).lower()
    spelt = _spelling_pattern(words)
    found: tuple[list[Entry], ...] = ([], [], [], [])
    for entry in base.entries:
        names = [fold(name).lower() for name in (*entry.en, *entry.zh)]
        if wanted in names or wanted == entry.id:
            found[0].append(entry)
            continue
        match = spelt.search(_plain_spelling(entry.spelling)) if spelt and entry.spelling else None
        if match and match["end"] is not None and match["start"] != " ":
            found[1].append(entry)
        elif any(wanted in name for name in names) or wanted in entry.id:
            found[2].append(entry)
        elif match:
            found[3].append(entry)
    return [entry for entries in found for entry in entries]


def _spelling_pattern(words: str) -> re.Pattern[str] | None:
    """What finds `words` in a column of pinyin, written with any blanks; None where they are no pinyin."""
    letters = plain(words)
    if not (letters.isascii() and letters.isalpha()):
        return None
    return re.compile(f"(?P<start>^|[| ]){'[ ]?'.join(letters)}(?P<end>$|(?=[|]))?")


def _plain_spelling(spelling: str) -> str:
    return " ".join(map(plain, spelling.replace("|", " | ").split(" "))).replace(" | ", "|")


def annotator_name(workspace: Workspace) -> str | None:
    """The name under which the annotators read these names, `names:PATH@DIGEST`; None where there are none.

    It changes with the file, so that a process which has read the file before reads it again.
    """
    path = workspace.root / FILE
    if not path.exists():
        return None
    return f"names:{path.resolve()}@{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
