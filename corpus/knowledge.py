"""The knowledge base: names of places, bodies, firms, people and policies in English and Chinese.

It is a folder of CSV files (`corpus/data/knowledge/`, where README.md says where each comes from and under which
licence), one entry a row. A name that needs support from the text before it may be believed (和平 is a district and
a common word, "Reading" a town) is written with a question mark before it.

Matching folds what differs only in writing, character by character, so that offsets stay those of the text:
accents ("São Paulo" is found as "Sao Paulo"), typographic apostrophes and hyphens, and any white space. English
names are matched at word boundaries and by case; a name that the file writes without a capital ("common prosperity")
is matched in any case. Traditional Chinese is matched through the traditional names of each entry.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from importlib import resources
from pathlib import Path

from corpus.document import LANGUAGES, Lang
from corpus.errors import InputError

COLUMNS = (
    "id", "label", "en", "en_aliases", "zh", "zh_aliases", "traditional", "pinyin", "from", "to", "source",
)  # fmt: skip
# Files of own names written before there was pinyin are read as they are.
_WITHOUT_PINYIN = tuple(column for column in COLUMNS if column != "pinyin")

LABELS = frozenset({"OFFICIAL", "PERSON", "FIRM", "AGENCY", "ORG", "PLACE", "POLICY"})

Match = tuple[int, int, tuple["Entry", ...]]
Accept = Callable[[int, int, Sequence["Entry"]], bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entity and its names. The first name of each language is the one to show; either tuple may be empty.

    `start` and `end` are the years between which an office or a body existed, where that is known and matters.
    `spelling` is the column of pinyin as the file has it; it is taken apart only when `pinyin` is asked for.
    """

    id: str
    label: str
    en: tuple[str, ...]
    zh: tuple[str, ...]
    ambiguous: frozenset[str] = frozenset()
    start: str = ""
    end: str = ""
    source: str = ""
    spelling: str = ""

    @property
    def pinyin(self) -> tuple[str, ...]:
        """The Chinese names in Hanyu Pinyin without tones ("Zhongguo Renmin Yinhang"), each spelling once."""
        return tuple(name for name in self.spelling.split("|") if name)

    def unsure(self, name: str) -> bool:
        """Whether `name`, as found in a text, needs support before it may be taken for this entry."""
        return bool(self.ambiguous) and (name in self.ambiguous or fold(name) in self.ambiguous)

    def names(self, lang: Lang) -> tuple[str, ...]:
        """The names in one language; for Chinese, simplified before traditional."""
        return self.en if lang == "en" else self.zh


def fold(text: str) -> str:
    """`text` as it is compared, one character for each: plain apostrophe and hyphen, no accents, blanks for white space.

    >>> fold("São Paulo’s")
    "Sao Paulo's"
    """
    return text if text.isascii() and not _BLANKS.search(text) else _FOLDED.sub(_folded, text)


_BLANKS = re.compile(r"[^\S ]")
_FOLDED = re.compile(r"[\s’‘ʼ＇`´‐‑‒–—−－\u00c0-\u024f\u1e00-\u1eff•‧∙⋅・･．]")


def _folded(match: re.Match[str]) -> str:
    return _fold_character(match.group())


@cache
def _fold_character(character: str) -> str:
    if character in "’‘ʼ＇`´":
        return "'"
    if character in "‐‑‒–—−－":
        return "-"
    if character.isspace():
        return " "
    if "\u00c0" <= character <= "\u024f" or "\u1e00" <= character <= "\u1eff":
        base = unicodedata.normalize("NFD", character)[0]
        return {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i"}.get(base, base)
    # The middle dot of transliterated names is written in many ways.
    return "·"


class _Matcher:
    """Longest match of many names: a dictionary of the names, and of the lengths to try after each beginning."""

    def __init__(self, names: Iterable[tuple[str, Entry]], beginning: Callable[[str], str]) -> None:
        self.names: dict[str, list[Entry]] = {}
        self.lengths: dict[str, list[int]] = {}
        for name, entry in names:
            known = self.names.get(name)
            if known is None:
                self.names[name] = [entry]
            elif known[-1] is not entry:
                known.append(entry)
        lengths: dict[str, set[int]] = {}
        for name in self.names:
            lengths.setdefault(beginning(name), set()).add(len(name))
        self.lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}


_WORD = re.compile(r"[^\W_]+")


def _first_two(name: str) -> str:
    return name[:2]


def _first_word(name: str) -> str:
    word = _WORD.match(name)
    return word.group() if word else name[:1]


def _any_case(name: str) -> bool:
    return name.islower() and name[:1].isalpha()


class KnowledgeBase:
    """Entries, looked up by id or name and found in texts. Get the shared one from `knowledge()`."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: tuple[Entry, ...] = tuple(entries)
        self._by_id = {entry.id: entry for entry in self.entries}

    # An index is built when its language is first asked for: a run over one language pays for one.
    @cached_property
    def _zh(self) -> _Matcher:
        return _Matcher(((fold(name), entry) for entry in self.entries for name in entry.zh), _first_two)

    @cached_property
    def _en(self) -> _Matcher:
        return _Matcher(((fold(n), entry) for entry in self.entries for n in entry.en if not _any_case(n)), _first_word)

    @cached_property
    def _lower(self) -> _Matcher:
        return _Matcher(((fold(n), entry) for entry in self.entries for n in entry.en if _any_case(n)), _first_word)

    @cached_property
    def _upper(self) -> _Matcher:
        """Places in capitals, as in datelines and headlines."""
        places = (entry for entry in self.entries if entry.label == "PLACE")
        names = ((fold(name).upper(), entry) for entry in places for name in entry.en if not entry.unsure(name))
        return _Matcher(((upper, entry) for upper, entry in names if len(upper) > 4), _first_word)

    def __len__(self) -> int:
        return len(self.entries)

    def by_id(self, id: str) -> Entry | None:
        """The entry of that id, None where there is none."""
        return self._by_id.get(id)

    def lookup(self, name: str, lang: Lang) -> list[Entry]:
        """The entries with exactly this name, the most specific source first; several where it is shared.

        >>> [entry.label for entry in knowledge().lookup("国务院", "zh")]
        ['AGENCY']
        """
        plain = fold(name)
        if lang == "zh":
            return list(self._zh.names.get(plain, ()))
        return [*self._en.names.get(plain, ()), *self._lower.names.get(plain.lower(), ())]

    def find(self, text: str, lang: Lang, accept: Accept | None = None) -> Iterator[Match]:
        """Names in `text` as (start, end, entries), left to right, the longest at each place, none inside another.

        Ambiguous names are found too: see `Entry.ambiguous`. The possessive 's and a leading "the" are left out.
        Where `accept` is given, a match that it refuses gives way to a shorter one at the same place.

        >>> text = "国务院支持浙江省"
        >>> [text[start:end] for start, end, _ in knowledge().find(text, "zh")]
        ['国务院', '浙江省']
        """
        return self._find_zh(text, accept) if lang == "zh" else self._find_en(text, accept)

    def _english(self, folded: str, lower: str, shouted: bool) -> Iterator[tuple[_Matcher, str]]:
        yield self._en, folded
        yield self._lower, lower
        if shouted:
            yield self._upper, folded

    def _find_zh(self, text: str, accept: Accept | None) -> Iterator[Match]:
        folded, names, lengths = fold(text), self._zh.names, self._zh.lengths
        position, size = 0, len(folded)
        while position < size:
            for length in lengths.get(folded[position : position + 2], ()):
                end = position + length
                if end > size:
                    continue
                entries = names.get(folded[position:end])
                if entries and _free(folded, position, end) and (accept is None or accept(position, end, entries)):
                    yield position, end, tuple(entries)
                    position = end
                    break
            else:
                position += 1

    def _find_en(self, text: str, accept: Accept | None) -> Iterator[Match]:
        folded = fold(text)
        # Case folding may change the length (İ); then only exact case is matched.
        lower = folded.lower() if len(folded.lower()) == len(folded) else folded
        end = 0
        for word in _WORD.finditer(folded):
            start = word.start()
            if start < end:
                continue
            best = 0
            found: list[Entry] = []
            shouted = word.group().isupper() and len(word.group()) > 2
            for matcher, source in self._english(folded, lower, shouted):
                for length in matcher.lengths.get(source[start : word.end()], ()):
                    if length < best:
                        break
                    stop = start + length
                    if stop > len(folded):
                        continue
                    entries = matcher.names.get(source[start:stop])
                    if entries and _bounded(folded, start, stop) and (accept is None or accept(start, stop, entries)):
                        found = [*found, *entries] if length == best else list(entries)
                        best = length
                        break
            if best:
                end = start + best
                yield start, end, tuple(dict.fromkeys(found))


def _free(text: str, start: int, end: int) -> bool:
    """Whether Latin letters or digits at the edges of a Chinese match are not cut out of a longer run of them."""
    first, last = text[start], text[end - 1]
    if first.isascii() and first.isalnum() and start and text[start - 1].isascii() and text[start - 1].isalnum():
        return False
    return not (last.isascii() and last.isalnum() and end < len(text) and text[end].isascii() and text[end].isalnum())


def _bounded(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (before.isalnum() or before in "_@#" or (after.isalnum() or after == "_"))


def read_entries(text: str, where: str, labels: Collection[str] | None = LABELS) -> Iterator[Entry]:
    """The entries in the CSV `text` with the columns `COLUMNS`; `where` names the file in errors.

    Lines that begin with `#` are comments. `labels` are those that a row may have, None for any. Raises InputError for
    a missing column, an unknown label, or what is no CSV.
    """
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if line and line[0] != "#"]
    rows = csv.reader(lines)
    header = next(rows, [])
    old = tuple(header) == _WITHOUT_PINYIN
    if not old and tuple(header) != COLUMNS:
        raise InputError(f"{where}: expected the columns {','.join(COLUMNS)}, found {','.join(header)}")
    width = len(COLUMNS)
    try:
        for row in rows:
            if old:
                row.insert(7, "")
            known = len(row) == width and row[0] and row[1] and (labels is None or row[1] in labels)
            if not known:
                shown = ",".join(row)[:200]
                raise InputError(f"{where}: not a row of id, known label and the other columns: {shown}")
            if entry := _entry(row):
                yield entry
    except csv.Error as error:
        raise InputError(f"{where}: not CSV: {error}; look for a quotation mark that is not closed") from None


_NONE: frozenset[str] = frozenset()


def _entry(row: list[str]) -> Entry | None:
    id, label, en, en_aliases, zh, zh_aliases, traditional, pinyin, start, end, source = row
    english = f"{en}|{en_aliases}" if en_aliases else en
    chinese = f"{zh}|{zh_aliases}" if zh_aliases else zh
    if traditional:
        chinese = f"{chinese}|{traditional}"
    en_names, zh_names = english.split("|"), chinese.split("|")
    # Written by hand, a list may be empty in places: "a||b", "a|".
    if not en or not zh or "||" in english or "||" in chinese or english[-1] == "|" or chinese[-1] == "|":
        en_names, zh_names = [name for name in en_names if name], [name for name in zh_names if name]
    ambiguous: frozenset[str] = _NONE
    if "?" in english or "?" in chinese:
        ambiguous = frozenset(fold(name[1:]) for name in en_names + zh_names if name[0] == "?")
        en_names = [plain for name in en_names if (plain := name.removeprefix("?"))]
        zh_names = [plain for name in zh_names if (plain := name.removeprefix("?"))]
    if not en_names and not zh_names:
        return None
    return Entry(id, label, tuple(en_names), tuple(zh_names), ambiguous, start, end, source, pinyin)


def knowledge(extra: Path | None = None, labels: Collection[str] | None = LABELS) -> KnowledgeBase:
    """The names that hemu ships, and those of `extra`: a CSV file, or a folder of them, with the columns `COLUMNS`.

    Entries of `extra` come first, their label one of `labels` (None: any). One with the id of a shipped entry replaces
    it, and a shipped entry loses a name that one of `extra` has. The same files are read once. Raises InputError.

    >>> knowledge().lookup("Hangzhou", "en")[0].zh[0]
    '杭州市'
    """
    if extra is None:
        return _shipped_base(_left_out)
    paths = sorted(extra.glob("*.csv")) if extra.is_dir() else [extra]
    texts = tuple((str(path), csv_text(path)) for path in paths)
    return _base_with(texts, None if labels is None else frozenset(labels), _left_out)


_left_out: frozenset[str] = frozenset()


def leave_out(ids: Iterable[str]) -> None:
    """From now on `knowledge()` is without the shipped entries of these ids, for this process.

    For measuring what the lists know of a test set. What has been made from the knowledge base before (dictionaries,
    annotators) keeps it: call this first, in a process of its own.
    """
    global _left_out
    _left_out = frozenset(ids)


def entries_named(names: Mapping[Lang, Collection[str]], base: KnowledgeBase | None = None) -> frozenset[str]:
    """The ids of the entries with any of these names, which are compared folded and, in English, in any case.

    >>> sorted(entries_named({"zh": ["国务院"], "en": ["Chaoyang District"]}))[0]
    'agency/state-council'
    """
    wanted = {lang: {fold(name).lower() for name in given} for lang, given in names.items()}
    entries = (base or knowledge()).entries
    return frozenset(
        entry.id
        for entry in entries
        if any(fold(name).lower() in given for lang, given in wanted.items() for name in entry.names(lang))
    )


@lru_cache(maxsize=1)
def _shipped_base(left_out: frozenset[str]) -> KnowledgeBase:
    return KnowledgeBase(_shipped_entries(left_out).values())


def _shipped_entries(left_out: frozenset[str]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for where, text in _shipped():
        for entry in read_entries(text, where):
            if entry.id not in left_out:
                entries.setdefault(entry.id, entry)
    return entries


@lru_cache(maxsize=4)
def _base_with(
    texts: tuple[tuple[str, str], ...], labels: frozenset[str] | None, left_out: frozenset[str]
) -> KnowledgeBase:
    own: dict[str, Entry] = {}
    for where, text in texts:
        for entry in read_entries(text, where, labels):
            own.setdefault(entry.id, entry)
    taken = {(lang, fold(name)) for entry in own.values() for lang in LANGUAGES for name in entry.names(lang)}
    entries = dict(own)
    for entry in _shipped_base(left_out).entries:
        if entry.id not in own:
            entries[entry.id] = _without(entry, taken)
    return KnowledgeBase(entry for entry in entries.values() if entry.en or entry.zh)


def _without(entry: Entry, taken: set[tuple[Lang, str]]) -> Entry:
    if not any(("en", fold(name)) in taken for name in entry.en) and not any(
        ("zh", fold(name)) in taken for name in entry.zh
    ):
        return entry
    left = {lang: tuple(name for name in entry.names(lang) if (lang, fold(name)) not in taken) for lang in LANGUAGES}
    return replace(entry, en=left["en"], zh=left["zh"])


@cache
def shipped_digest() -> str:
    """A digest of the names that hemu ships: whatever reads them is a new version when they change."""
    digest = hashlib.sha256()
    for _, text in _shipped():
        digest.update(text.encode())
    return digest.hexdigest()


def _shipped() -> Iterator[tuple[str, str]]:
    folder = resources.files("corpus") / "data" / "knowledge"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".csv"):
            yield f"{file.name} of hemu", file.read_text(encoding="utf-8")


def csv_text(path: Path) -> str:
    """The text of a CSV file, without the byte-order mark that spreadsheets write before it. Raises InputError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a UTF-8 CSV file: {error}") from None
