#!/usr/bin/env python3
"""Turn a public set of named entities, as it is distributed, into gold of hemu: documents with our seven labels.

usage: public_sets.py SET FOLDER OUT.jsonl [--part train] [--lines 20] [--only-free]
       public_sets.py --list

FOLDER holds the files of the set. OUT.jsonl ("-": standard output) has one document a line for `hemu gold import`, each of
some sentences of the set, a line of text for a sentence. What becomes of the types of each set is data, in
public_sets.toml beside this script: where a set cannot tell two labels apart (its ORG may be an AGENCY, a FIRM or an ORG),
the knowledge base and the head words of names decide, and where these do not know the sentence is left out. Edges are
made those of the annotation guidelines: without brackets, the levels of an address apart.

The licence of each set stands there too. `--only-free` refuses a set whose licence does not let weights that were learnt
from it be passed on: for models that are to be published.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotators.rules import chinese, english
from annotators.rules.chinese_bodies import body_label, split_body
from annotators.rules.chinese_places import split_places
from annotators.rules.chinese_policies import find_titles
from annotators.rules.english_heads import label_of_name
from corpus.document import Document, Entity, Lang, Layer, Span, without_overlaps
from corpus.errors import HemuError, InputError
from corpus.jsonl import dump_row, output, row_of
from corpus.knowledge import knowledge
from corpus.segment import chinese_sentences

TABLE = Path(__file__).with_suffix(".toml")
LABELS = frozenset({"OFFICIAL", "PERSON", "FIRM", "AGENCY", "ORG", "PLACE", "POLICY"})
_BODIES = ("AGENCY", "FIRM", "ORG")
_PAIRS = {"《": "》", "〈": "〉", "（": "）", "(": ")", "“": "”", '"': '"', "【": "】", "「": "」"}

Marked = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a set, with its types as the set marks them: (start, end, type)."""

    text: str
    marks: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class PublicSet:
    """One set: where its sentences are and what becomes of its types (see public_sets.toml)."""

    name: str
    lang: Lang
    form: str
    folder: str
    files: Mapping[str, Sequence[str]]
    licence: str
    pass_on: bool
    silent: frozenset[str]
    types: Mapping[str, str]


def read_table(path: Path = TABLE) -> dict[str, PublicSet]:
    """The sets that the table knows, by name."""
    data: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: PublicSet(
            name,
            row["lang"],
            row["form"],
            row.get("folder", ""),
            row["files"],
            row["licence"],
            row["pass_on"],
            frozenset(row["silent"]),
            row["types"],
        )
        for name, row in data.items()
    }


def read_sentences(source: PublicSet, folder: Path, part: str) -> Iterator[Sentence]:
    """The sentences of one part of a set; InputError where its file is missing or not in the form of the set."""
    base = folder / source.folder if (folder / source.folder).is_dir() else folder
    names = source.files.get(part, ())
    path = next((base / name for name in names if (base / name).is_file()), None)
    if path is None:
        raise InputError(f"{base}: no file for part {part!r} of {source.name}; expected: {', '.join(names) or 'none'}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    if source.form == "json":
        return _json(text, str(path))
    return _columns(text, str(path), source)


def _json(text: str, where: str) -> Iterator[Sentence]:
    """One object a line: {"text", "label": {type: {surface: [[first, last], ...]}}}, the last character included."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            marks = [
                (start, last + 1, type)
                for type, surfaces in row["label"].items()
                for places in surfaces.values()
                for start, last in places
            ]
            yield Sentence(row["text"], tuple(sorted(marks)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{where}, line {number}: not in the form of CLUENER2020 ({error})") from None


_SPLIT = re.compile(r"[\t ]")


def _columns(text: str, where: str, source: PublicSet) -> Iterator[Sentence]:
    """A token a line with its tag (BIO, IOB2 or BMES), an empty line between sentences."""
    token_at, tag_at = (1, 2) if source.form == "iob2" else (0, 1)
    rows: list[tuple[str, str]] = []
    known: str | None = None
    for number, raw in enumerate([*text.split("\n"), ""], 1):
        line = raw.rstrip("\r")
        if source.form == "iob2" and line.startswith("# "):
            if line.startswith("# text = "):
                known = line.removeprefix("# text = ")
            continue
        cells = line.split("\t") if source.form == "iob2" else _SPLIT.split(line)
        if (
            line.strip()
            and len(cells) > 1
            and (len(cells) <= tag_at or not re.fullmatch(r"[OBIMES](-.+)?", cells[tag_at]))
        ):
            raise InputError(f"{where}, line {number}: expected a token and its tag, found {line[:40]!r}")
        if len(cells) > tag_at and cells[token_at]:
            rows.append((cells[token_at], cells[tag_at]))
        elif rows and (not line.strip() or not cells[token_at]):
            yield _joined(rows, known, source.lang)
            rows, known = [], None


def _joined(rows: Sequence[tuple[str, str]], known: str | None, lang: Lang) -> Sentence:
    """The text of tokens and the spans of their tags. Where the text is known the tokens are found in it."""
    text = ""
    places: list[tuple[int, int]] = []
    for token, _ in rows:
        if known is not None and (at := known.find(token, places[-1][1] if places else 0)) >= 0:
            places.append((at, at + len(token)))
            continue
        if known is not None:
            known, text, places = None, "", []
            return _joined(rows, None, lang)
        if lang == "en" and text and not _closes(token) and not text.endswith(("(", "[", "$", " ")):
            text += " "
        places.append((len(text), len(text) + len(token)))
        text += token
    marks: list[Marked] = []
    for (start, end), (_, tag) in zip(places, rows, strict=True):
        state, _, type = tag.partition("-")
        if state in ("I", "M", "E") and marks and marks[-1][2] == type and _touches(marks[-1][1], start, lang, known):
            marks[-1] = (marks[-1][0], end, type)
        elif state != "O":
            marks.append((start, end, type))
    return Sentence(known if known is not None else text, tuple(marks))


def _touches(end: int, start: int, lang: Lang, known: str | None) -> bool:
    return start - end <= (0 if lang == "zh" and known is None else 1)


def _closes(token: str) -> bool:
    return token in {",", ".", ";", ":", "!", "?", ")", "]", "%", "'s", "n't", "'re", "'ve", "'ll", "'"}


def convert(source: PublicSet, sentence: Sentence) -> tuple[Entity, ...] | str:
    """The entities of a sentence with our labels and edges, or the reason for leaving it out, in a word or two."""
    text, lang = sentence.text, source.lang
    if not text.strip() or any(not 0 <= s < e <= len(text) for s, e, _ in sentence.marks):
        return "broken"
    rules = _rules(text, lang)
    if source.silent & {e.label for e in rules}:
        return "unmarked label"
    officials = {(e.start, e.end) for e in rules if e.label == "OFFICIAL"}
    found: list[Entity] = []
    for mark in sentence.marks:
        start, end = trimmed(text, mark[0], mark[1])
        if start >= end:
            continue
        label = _decide(source, text, start, end, mark, officials)
        if label in ("drop", "unknown"):
            return "type left out" if label == "drop" else "unknown body"
        if label:
            found += [
                Entity(Span.of(text, s, e), name, source="gold") for s, e, name in _edges(text, start, end, label, lang)
            ]
    return without_overlaps(found)


def _rules(text: str, lang: Lang) -> tuple[Entity, ...]:
    if lang == "en":
        return english.find_entities(text)
    return chinese.find_entities(text, tuple(chinese_sentences(text)))


def _decide(source: PublicSet, text: str, start: int, end: int, mark: Marked, officials: set[tuple[int, int]]) -> str:
    """The label of one name; "" for none, "drop" and "unknown" where the sentence is to be left out."""
    name, lang = text[start:end], source.lang
    what = source.types.get(mark[2], "drop")
    if what in LABELS or what in ("drop", "none"):
        return "" if what == "none" else what
    if what == "person":
        return "OFFICIAL" if (start, end) in officials or known(name, lang) == "OFFICIAL" else "PERSON"
    if what == "title":
        if known(name, lang) == "POLICY" or _is_law(text, start, end, lang):
            return "POLICY"
        return "ORG" if _head(name, lang) == "ORG" else ""
    kind, _, otherwise = what.partition(" ")
    if kind != "body":
        raise InputError(f"{TABLE.name}, {source.name}: unknown treatment {what!r} of type {mark[2]!r}")
    label = known(name, lang) or _head(name, lang)
    return label if label in _BODIES else otherwise or "unknown"


def known(name: str, lang: Lang) -> str:
    """The label of a name in the knowledge base where all entries of that name, none of them unsure, agree; else ""."""
    entries = knowledge().lookup(name, lang)
    labels = {entry.label for entry in entries}
    return labels.pop() if len(labels) == 1 and not any(entry.unsure(name) for entry in entries) else ""


def _head(name: str, lang: Lang) -> str:
    return body_label(name) if lang == "zh" else label_of_name(name) or ""


def _is_law(text: str, start: int, end: int, lang: Lang) -> bool:
    if lang == "en":
        return label_of_name(text[start:end]) == "POLICY"
    quoted = f"《{text[start:end]}》"
    return any(label == "POLICY" for _, _, label in find_titles(quoted, 0, len(quoted)))


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The edges of a name without white space and without the brackets or quotation marks around or on one side of it.

    >>> trimmed("见《反垄断法》", 1, 7)
    (2, 6)
    """
    while start < end:
        surface = text[start:end]
        first, last = surface[0], surface[-1]
        if first.isspace() or (first in _PAIRS and (_PAIRS[first] == last or _PAIRS[first] not in surface[1:])):
            start += 1
        elif last.isspace() or (last in _PAIRS.values() and not any(_PAIRS.get(c) == last for c in surface[:-1])):
            end -= 1
        else:
            break
    return start, end


def _edges(text: str, start: int, end: int, label: str, lang: Lang) -> list[Marked]:
    """The names that one name is by the guidelines: the levels of an address, and those before a body."""
    if lang == "en":
        return [(start + 4 if text[start:end].lower().startswith("the ") else start, end, label)]
    if label == "PLACE":
        return [(s, e, label) for s, e in split_places(text, start, end)] or [(start, end, label)]
    if label == "AGENCY":
        pieces = split_body(text, start, end)
        if len(pieces) > 1 and pieces[-1][2] == label:
            return pieces
    return [(start, end, label)]


def documents(
    source: PublicSet, sentences: Iterable[Sentence], part: str, lines: int, counts: Counter[str]
) -> Iterator[tuple[Document, Layer]]:
    """Documents of `lines` sentences, each a line of the text. `counts` is told what was kept and left out."""
    kept: list[tuple[str, tuple[Entity, ...]]] = []
    number = 0
    for sentence in sentences:
        flat = Sentence(re.sub(r"[\r\n\u2028\u2029]", " ", sentence.text), sentence.marks)
        entities = convert(source, flat)
        if isinstance(entities, str):
            counts[f"left out: {entities}"] += 1
            continue
        counts["sentences"] += 1
        counts.update(e.label for e in entities)
        kept.append((flat.text, entities))
        if len(kept) == lines:
            number += 1
            yield _document(source, f"{source.name}-{part}-{number:05}", kept)
            kept = []
    if kept:
        yield _document(source, f"{source.name}-{part}-{number + 1:05}", kept)


def _document(source: PublicSet, name: str, kept: Sequence[tuple[str, tuple[Entity, ...]]]) -> tuple[Document, Layer]:
    text = "\n".join(line for line, _ in kept) + "\n"
    entities: list[Entity] = []
    at = 0
    for line, found in kept:
        entities += [Entity(Span.of(text, at + e.start, at + e.end), e.label, source="gold") for e in found]
        at += len(line) + 1
    document = Document(f"{name}.{source.lang}", "", source.lang, text)
    return document, Layer(document.id, document.sha, "gold", "", tuple(entities))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("set", nargs="?", help="the name of the set; see --list")
    parser.add_argument("folder", nargs="?", type=Path, help="the folder with its files")
    parser.add_argument("out", nargs="?", help='the file to write ("-": standard output)')
    parser.add_argument("--part", default="train", help="train (default), dev or test")
    parser.add_argument("--lines", type=int, default=20, help="sentences a document (default 20)")
    parser.add_argument("--only-free", action="store_true", help="refuse a set that lets no weights be passed on")
    parser.add_argument("--list", action="store_true", help="list the sets and their licences")
    args = parser.parse_args()
    table = read_table()
    if args.list:
        for known_set in table.values():
            weights = "weights may be passed on" if known_set.pass_on else "weights stay with you"
            print(f"{known_set.name}\t{known_set.lang}\t{known_set.licence}\t{weights}")
        return 0
    if args.out is None or args.lines < 1:
        parser.error("expected SET FOLDER OUT.jsonl, and at least one line a document")
    counts: Counter[str] = Counter()
    try:
        if args.set not in table:
            raise InputError(f"{args.set}: unknown set; expected one of: {', '.join(table)}")
        source = table[args.set]
        if args.only_free and not source.pass_on:
            raise InputError(f"{source.name}: licence: {source.licence}; weights learnt from it must not be passed on")
        with output(args.out) as stream:
            for document, layer in documents(
                source, read_sentences(source, args.folder, args.part), args.part, args.lines, counts
            ):
                stream.write(dump_row(row_of(document, layer.entities, ())) + "\n")
    except HemuError as error:
        print(f"public_sets.py: {error}", file=sys.stderr)
        return 1
    print(f"{source.name} {args.part}: {json.dumps(dict(counts.most_common()))}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
