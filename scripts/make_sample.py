#!/usr/bin/env python3
"""Compile the marked sample articles into plain articles and one gold file.

Reads ``marked/NAME.LANG.txt`` in the sample folder and writes
``articles/NAME.LANG.txt`` (the same text with the marks removed, nothing else
changed) and ``gold.jsonl`` (one document a line, names in sorted order, ``en``
before ``zh``). The marks:

    ⟦LABEL|surface⟧                                          an entity
    ⟪type|stance|claimant|policy_area|targets|text⟫           a claim

``text`` may hold entities; entities hold nothing, claims hold no claims.
``claimant`` is the surface of an entity marked in the same document, or
``author``. ``targets`` is empty, or ``value;unit;by`` items joined by `` & ``.

    It ⟪commitment|support|Ningbo|housing|300;flats;2027|plans 300 flats by 2027⟫
    ⟦PLACE|宁波⟧⟪commitment|support|宁波|housing|300;套;2027年|计划2027年建成300套⟫

A mistake in a marked file stops the run before anything is written: one line
for each (file, line, what, what was expected), exit 1. Warnings never change
the exit status: they point at names marked in one place of a document and
unmarked in another.

    python scripts/make_sample.py            # compile
    python scripts/make_sample.py --check    # is what is committed up to date?
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "corpus" / "data" / "sample"
SCHEME = ROOT / "corpus" / "data" / "scheme.toml"
LANGS = ("en", "zh")
AUTHOR = "author"
OPEN = {"⟦": "⟧", "⟪": "⟫"}
MARKS = "⟦⟧⟪⟫"
CLAIM_FIELDS = 5  # header fields before a claim's text


class SampleError(Exception):
    """What is wrong with the run as a whole, in one line."""


@dataclass(frozen=True)
class Scheme:
    """The values that labels and claim attributes may take."""

    labels: tuple[str, ...]
    types: tuple[str, ...]
    stances: tuple[str, ...]
    policy_areas: tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """A marked mention; offsets are code points into the compiled text."""

    start: int
    end: int
    label: str
    text: str


@dataclass(frozen=True)
class Target:
    """A number that a claim commits to or reports, as strings of the text."""

    value: str
    unit: str
    by: str


@dataclass(frozen=True)
class Claim:
    """A marked claim; offsets are code points into the compiled text."""

    start: int
    end: int
    text: str
    type: str
    stance: str
    claimant: str
    policy_area: str
    targets: tuple[Target, ...]


@dataclass
class Document:
    """One compiled file: its text, its spans, and what is wrong with it."""

    name: str
    lang: str
    path: Path
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, line: int, what: str) -> None:
        self.errors.append(f"{self.path}:{line}: {what}")

    def line_of(self, offset: int) -> int:
        # Marks never hold a line break of their own, so compiled and marked lines agree.
        return self.text.count("\n", 0, offset) + 1

    def record(self) -> dict[str, object]:
        """The document in the form of the gold file."""
        return {
            "id": f"{self.name}.{self.lang}",
            "pair": self.name,
            "lang": self.lang,
            "text": self.text.removesuffix("\n"),
            "entities": [vars(entity) for entity in sorted(self.entities, key=lambda e: (e.start, e.end))],
            "claims": [
                {**vars(claim), "targets": [vars(target) for target in claim.targets]}
                for claim in sorted(self.claims, key=lambda c: (c.start, c.end))
            ],
        }


def load_scheme(path: Path) -> Scheme:
    """Read the allowed values from the toolkit's own scheme file."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        claims = data["claims"]
        return Scheme(
            labels=tuple(label["name"] for label in data["labels"]),
            types=names(claims["types"]),
            stances=names(claims["stances"]),
            policy_areas=names(claims["policy_areas"]),
        )
    except FileNotFoundError:
        raise SampleError(f"{path}: no such file; expected the annotation scheme (or name one with --scheme)") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SampleError(
            f"{path}: cannot read the scheme ({error!r}); expected [[labels]] with a name, and [claims] "
            "with types, stances and policy_areas"
        ) from None


def names(values: list[object]) -> tuple[str, ...]:
    """A list of names, or of tables that each have a name."""
    return tuple(value["name"] if isinstance(value, dict) else str(value) for value in values)


def parse(path: Path, scheme: Scheme) -> Document:
    """Read one marked file. What is wrong with it is left in ``errors``."""
    parts = path.name.split(".")
    doc = Document(name=".".join(parts[:-2]), lang=parts[-2] if len(parts) > 2 else "", path=path)
    if doc.lang not in LANGS or not doc.name:
        doc.error(1, f"file name {path.name!r}; expected NAME.en.txt or NAME.zh.txt")
        return doc
    try:
        marked = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        doc.error(1, f"not UTF-8 at byte {error.start}; expected UTF-8 without a byte order mark")
        return doc
    check_characters(doc, marked)
    read_marks(doc, marked, scheme)
    if not doc.errors:
        check_claims(doc)
        find_missed(doc)
    return doc


def check_characters(doc: Document, marked: str) -> None:
    if "\r" in marked:
        doc.error(marked[: marked.index("\r")].count("\n") + 1, "carriage return; expected line breaks of \\n alone")
    if marked.startswith("\ufeff"):
        doc.error(1, "byte order mark; expected none")
    if not marked.strip():
        doc.error(1, "the file is empty; expected an article")
    elif not marked.endswith("\n") or marked.endswith("\n\n"):
        doc.error(marked.count("\n"), "end of the file; expected exactly one final line break")
    for number, line in enumerate(marked.split("\n"), 1):
        if not unicodedata.is_normalized("NFC", line):
            doc.error(number, "text not in NFC; expected NFC (unicodedata.normalize('NFC', text))")


def read_marks(doc: Document, marked: str, scheme: Scheme) -> None:
    """Fill in the document's text, entities and claims from one pass over the marked text."""
    out: list[str] = []
    length = 0
    line = 1
    stack: list[tuple[str, int, int, list[str]]] = []  # mark, line, start in the compiled text, header
    position = 0
    while position < len(marked):
        character = marked[position]
        position += 1
        if character in OPEN:
            if stack and (character == "⟪" or stack[-1][0] == "⟦"):
                inner, outer = ("claim" if mark == "⟪" else "entity" for mark in (character, stack[-1][0]))
                doc.error(line, f"{inner} inside the {outer} of line {stack[-1][1]}; expected no overlap of the two")
                return
            wanted = 1 if character == "⟦" else CLAIM_FIELDS
            header = re.compile(rf"(?:[^|\n{MARKS}]*\|){{{wanted}}}").match(marked, position)
            if header is None:
                form = "⟦LABEL|surface⟧" if wanted == 1 else "⟪type|stance|claimant|policy_area|targets|text⟫"
                doc.error(line, f"{marked[position - 1 : position + 29]!r}; expected {form}")
                return
            stack.append((character, line, length, header.group()[:-1].split("|")))
            position = header.end()
        elif character in "⟧⟫":
            if not stack or OPEN[stack[-1][0]] != character:
                expected = f"{OPEN[stack[-1][0]]} for line {stack[-1][1]}" if stack else "no open mark to close"
                doc.error(line, f"unbalanced {character}; expected {expected}")
                return
            mark, opened, start, head = stack.pop()
            surface = "".join(out)[start:]
            check_surface(doc, opened, "entity" if mark == "⟦" else "claim", surface)
            if mark == "⟦":
                check_value(doc, opened, "label", head[0], scheme.labels)
                doc.entities.append(Entity(start, length, head[0], surface))
            else:
                read_claim(doc, opened, scheme, head, start, surface)
        else:
            out.append(character)
            length += 1
            line += character == "\n"
    if stack:
        doc.error(stack[-1][1], f"unbalanced {stack[-1][0]}; expected {OPEN[stack[-1][0]]} before the end of the file")
    doc.text = "".join(out)


def read_claim(doc: Document, line: int, scheme: Scheme, head: list[str], start: int, surface: str) -> None:
    kind, stance, claimant, area, targets = head
    check_value(doc, line, "claim type", kind, scheme.types)
    check_value(doc, line, "stance", stance, scheme.stances)
    check_value(doc, line, "policy area", area, scheme.policy_areas)
    found: list[Target] = []
    for item in targets.split(" & ") if targets else []:
        fields = item.split(";")
        if len(fields) != 3:
            doc.error(line, f"target {item!r}; expected value;unit;by (unit and by may be empty)")
        else:
            found.append(Target(*fields))
    doc.claims.append(Claim(start, start + len(surface), surface, kind, stance, claimant, area, tuple(found)))


def check_value(doc: Document, line: int, what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        doc.error(line, f"unknown {what} {value!r}; expected one of {', '.join(allowed)}")


def check_surface(doc: Document, line: int, what: str, surface: str) -> None:
    if not surface:
        doc.error(line, f"empty {what}; expected text before its closing mark")
    elif surface != surface.strip():
        doc.error(line, f"{what} {surface!r} with whitespace at its edge; expected the span without it")
    elif "\n" in surface:
        doc.error(line, f"{what} {surface[:40]!r} over a line break; expected it within one line")


def check_claims(doc: Document) -> None:
    """Claimants are mentions of the document; targets are strings of it."""
    mentions = {entity.text for entity in doc.entities}
    for claim in doc.claims:
        line = doc.line_of(claim.start)
        if claim.claimant != AUTHOR and claim.claimant not in mentions:
            doc.error(line, f"claimant {claim.claimant!r} is not marked; expected a marked mention or {AUTHOR!r}")
        for target in claim.targets:
            for what, value in (("value", target.value), ("unit", target.unit)):
                if value not in claim.text or (what == "value" and not value):
                    doc.error(line, f"target {what} {value!r}; expected a string of the claim {claim.text[:40]!r}")
            if target.by not in doc.text:
                doc.error(line, f"target by {target.by!r}; expected a string of the document")
        if re.search(r"[。；;]$|[a-z]{2}\.$", claim.text):
            doc.warnings.append(f"{doc.path}:{line}: warning: claim ends in {claim.text[-1]!r}, which is left out")


def find_missed(doc: Document) -> None:
    """Warn about names that are marked once and occur unmarked elsewhere."""
    covered = bytearray(len(doc.text))
    for entity in doc.entities:
        covered[entity.start : entity.end] = b"\x01" * (entity.end - entity.start)
    for surface in sorted({entity.text for entity in doc.entities}):
        if doc.lang == "zh" and len(surface) < 2:
            continue
        pattern = re.escape(surface)
        if surface.isascii() or doc.lang == "en":
            edge = r"[A-Za-z0-9]" if doc.lang == "zh" else r"\w"  # \w would count Chinese characters
            pattern = rf"(?<!{edge}){pattern}(?!{edge})"
        for match in re.finditer(pattern, doc.text):
            if not any(covered[match.start() : match.end()]):
                around = doc.text[max(0, match.start() - 12) : match.end() + 12].replace("\n", " ")
                line = doc.line_of(match.start())
                doc.warnings.append(f"{doc.path}:{line}: warning: {surface!r} is unmarked here: …{around}…")


def compile_sample(folder: Path, scheme: Scheme) -> tuple[list[Document], dict[Path, str]]:
    """All documents of the folder, and what each output file should hold."""
    paths = sorted((folder / "marked").glob("*.txt"))
    if not paths:
        raise SampleError(f"{folder / 'marked'}: no marked files; expected NAME.en.txt or NAME.zh.txt")
    documents = sorted((parse(path, scheme) for path in paths), key=lambda doc: (doc.name, doc.lang))
    outputs = {folder / "articles" / f"{doc.name}.{doc.lang}.txt": doc.text for doc in documents}
    lines = [json.dumps(doc.record(), ensure_ascii=False) + "\n" for doc in documents]
    outputs[folder / "gold.jsonl"] = "".join(lines)
    return documents, outputs


def stale_outputs(folder: Path, outputs: dict[Path, str]) -> list[str]:
    """One line for each output file that is missing, out of date or without a source."""
    problems = []
    for path, content in outputs.items():
        if not path.is_file():
            problems.append(f"{path}: missing; run scripts/make_sample.py")
        elif path.read_bytes() != content.encode("utf-8"):
            problems.append(f"{path}: out of date; run scripts/make_sample.py")
    for path in sorted((folder / "articles").glob("*.txt")):
        if path not in outputs:
            problems.append(f"{path}: no marked file; expected {folder / 'marked' / path.name}, or this file deleted")
    return problems


def summary(documents: list[Document]) -> str:
    """Counts of what was compiled, in a few lines."""
    labels = Counter(entity.label for doc in documents for entity in doc.entities)
    types = Counter(claim.type for doc in documents for claim in doc.claims)
    rows = [f"{len(documents)} documents of {len({doc.name for doc in documents})} articles"]
    for title, counts in (("entities", labels), ("claims", types)):
        detail = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        rows.append(f"{sum(counts.values())} {title}: {detail}")
    return "\n".join(rows)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Compile marked sample articles into articles/ and gold.jsonl.",
        epilog="example: python scripts/make_sample.py --check",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE, help="sample folder (default: %(default)s)")
    parser.add_argument("--scheme", type=Path, default=SCHEME, help="scheme file (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if an output is not up to date")
    args = parser.parse_args(argv)
    try:
        documents, outputs = compile_sample(args.folder, load_scheme(args.scheme))
    except (SampleError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for doc in documents:
        for warning in doc.warnings:
            print(warning, file=sys.stderr)
    problems = [error for doc in documents for error in doc.errors]
    if not problems and args.check:
        problems = stale_outputs(args.folder, outputs)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        return 1
    if not args.check:
        (args.folder / "articles").mkdir(exist_ok=True)
        for path, content in outputs.items():
            path.write_text(content, encoding="utf-8", newline="\n")
    print(summary(documents))
    return 0


if __name__ == "__main__":
    sys.exit(main())
