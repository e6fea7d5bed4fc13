"""brat's standoff: a text and an .ann file a document, and the configuration that brat needs to show and check them.

Entities and claims are text-bound marks (T), a claim's type, stance and area are attributes (A), its claimant and what it is about
are relations (R), links to a knowledge base are normalisations (N). What brat has no line for (words for a claimant, targets,
relations to the other version) is a note (#) in JSON; a relation that begins at nothing marked is left out and counted. Offsets are code points, as brat's are. A mark that goes over a line break is
written in fragments, because a line of the .ann file holds its words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus.dataset.forms.names import file_name, index
from corpus.dataset.forms.source import Range, Record, Source
from corpus.document import AUTHOR, Claim, Entity, Ref
from corpus.errors import InputError
from corpus.scheme import Label, Scheme

# What ends a line for a reader of the .ann file: brat splits lines as Python does. A tab separates its fields.
_BREAKS = "\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_LINE = re.compile(f"[^{_BREAKS}]+")
_BREAK = re.compile(f"[{_BREAKS}]")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_OTHER = re.compile(r"[^A-Za-z0-9-]")


def write(source: Source, folder: Path) -> dict[str, int]:
    """`train/en/NAME.txt` and `.ann` and so on, `annotation.conf`, `visual.conf`, and `documents.csv`, which names the documents."""
    figures = dict.fromkeys(("documents", "entities", "claims", "relations", "relations left out", "in fragments"), 0)
    (folder / "annotation.conf").write_bytes(annotation_conf(source.scheme).encode())
    (folder / "visual.conf").write_bytes(visual_conf(source.scheme).encode())
    with index(folder) as add:
        for record in source.all():
            name = file_name(record.document.id)
            path = folder / record.split / record.document.lang
            path.mkdir(parents=True, exist_ok=True)
            (path / f"{name}.txt").write_bytes(record.document.text.encode())
            lines = _Lines(record, source.scheme)
            (path / f"{name}.ann").write_bytes("".join(f"{line}\n" for line in lines.all()).encode())
            add(f"{record.split}/{record.document.lang}/{name}.txt", record)
            figures["documents"] += 1
            figures["entities"] += len(record.entities)
            figures["claims"] += len(record.claims)
            figures["relations"] += len(lines.joined)
            figures["relations left out"] += lines.left_out
            figures["in fragments"] += lines.fragmented
    return figures


def brat_name(name: str) -> str:
    """A name as brat allows it, letters, digits, "-" and "_"; any other is written as its code point.

    >>> brat_name("law-crime"), brat_name("公司")
    ('law-crime', '_516C__53F8_')
    """
    if _PLAIN.fullmatch(name):
        return name
    return _OTHER.sub(lambda found: f"_{ord(found[0]):X}_", name)


def fragments(text: str, start: int, end: int) -> list[Range]:
    """The parts of `text[start:end]` that are on one line each, those of white space alone left out.

    >>> fragments("Ministry of\\n Finance", 0, 20)
    [(0, 11), (12, 20)]
    """
    return [found.span() for found in _LINE.finditer(text, start, end) if not found[0].isspace()]


class _Lines:
    """The lines of one .ann file."""

    def __init__(self, record: Record, scheme: Scheme) -> None:
        self.record, self.scheme = record, scheme
        self.text = record.document.text
        self.marks: list[str] = []
        self.others: list[str] = []
        self.joined: dict[tuple[str, str, str], None] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.ids: dict[Ref, str] = {}
        self.numbers: dict[str, int] = {}
        self.fragmented = self.left_out = 0

    def all(self) -> list[str]:
        for entity in self.record.entities:
            self._entity(entity)
        claims = [(claim, self._mark("claim", self.scheme.claim.name, claim)) for claim in self.record.claims]
        for claim, id in claims:
            self._claim(claim, id)
        for relation in self.record.relations:
            head, tail = self.ids.get(relation.head), self.ids.get(relation.tail)
            if head and tail:
                self._join(relation.label, head, tail)
            elif head:
                self.notes[head].setdefault("relations", []).append({"label": relation.label, **asdict(relation.tail)})
            else:
                self.left_out += 1
        for label, head, tail in self.joined:
            self.others.append(f"{self._id('R')}\t{brat_name(label)} Arg1:{head} Arg2:{tail}")
        notes = [f"{self._id('#')}\tAnnotatorNotes {id}\t{_json(note)}" for id, note in self.notes.items() if note]
        return [*self.marks, *self.others, *notes]

    def _id(self, letter: str) -> str:
        self.numbers[letter] = self.numbers.get(letter, 0) + 1
        return f"{letter}{self.numbers[letter]}"

    def _mark(self, kind: Any, label: str, mark: Entity | Claim) -> str:
        parts = fragments(self.text, mark.start, mark.end)
        if not parts:
            where = f"{self.record.document.id} {mark.start}-{mark.end}"
            raise InputError(f"{where}: only white space is marked, which brat cannot hold; correct the gold")
        id = self._id("T")
        self.ids.setdefault(Ref(self.record.document.id, kind, mark.start, mark.end), id)
        self.notes[id] = {}
        if (parts[0][0], parts[-1][1]) != (mark.start, mark.end):
            self.notes[id] |= {"start": mark.start, "end": mark.end}
        self.fragmented += len(parts) > 1
        places = ";".join(f"{start} {end}" for start, end in parts)
        words = " ".join(self.text[start:end] for start, end in parts)
        self.marks.append(f"{id}\t{brat_name(label)} {places}\t{words}")
        return id

    def _entity(self, entity: Entity) -> None:
        id = self._mark("entity", entity.label, entity)
        if entity.link and not re.search(r"\s", entity.link):
            words = self.marks[-1].rsplit("\t", 1)[1]
            self.others.append(f"{self._id('N')}\tReference {id} KB:{entity.link}\t{words}")
        elif entity.link:
            self.notes[id]["link"] = entity.link

    def _claim(self, claim: Claim, id: str) -> None:
        for name, value in (("Type", claim.type), ("Stance", claim.stance), ("Area", claim.policy_area)):
            if value:
                self.others.append(f"{self._id('A')}\t{name} {id} {brat_name(value)}")
        mention = claim.claimant_span and self.ids.get(Ref(self.record.document.id, "entity", *claim.claimant_span))
        if mention:
            self._join("claimant", id, mention)
        elif claim.claimant == AUTHOR and not claim.claimant_span:
            self.others.append(f"{self._id('A')}\tAuthor {id}")
        named = self.text[slice(*claim.claimant_span)] if claim.claimant_span else AUTHOR
        if claim.claimant != named:
            self.notes[id]["claimant"] = claim.claimant
        if claim.claimant_span and not mention:
            self.notes[id]["claimant_span"] = list(claim.claimant_span)
        if claim.targets:
            self.notes[id]["targets"] = [asdict(target) for target in claim.targets]

    def _join(self, label: str, head: str, tail: str) -> None:
        self.joined.setdefault((label, head, tail))


def _json(value: Any) -> str:
    """JSON on one line for every reader of lines."""
    return _BREAK.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def annotation_conf(scheme: Scheme) -> str:
    """The types that brat knows: labels and the claim as entities, relations between them, attributes of the claim."""
    kinds = {
        "entity": "|".join(brat_name(label.name) for label in scheme.labels),
        "claim": brat_name(scheme.claim.name),
    }
    relations = {relation.name: (relation.head, relation.tail) for relation in scheme.relations}
    relations.setdefault("claimant", ("claim", "entity"))
    lines = ["[entities]", *(brat_name(label.name) for label in (*scheme.labels, scheme.claim)), "[relations]"]
    lines += [f"{brat_name(name)}\tArg1:{kinds[head]}, Arg2:{kinds[tail]}" for name, (head, tail) in relations.items()]
    lines.append("<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>")
    lines += ["[events]", "[attributes]"]
    for name, values in (("Type", scheme.claim_types), ("Stance", scheme.stances), ("Area", scheme.policy_areas)):
        if values:
            lines.append(f"{name}\tArg:{kinds['claim']}, Value:{'|'.join(brat_name(value.name) for value in values)}")
    lines.append(f"Author\tArg:{kinds['claim']}")
    return "".join(f"{line}\n" for line in lines)


def visual_conf(scheme: Scheme) -> str:
    """How brat shows them: both names, and the colours of the scheme."""
    labels = (*scheme.labels, scheme.claim)
    lines = ["[labels]", *(" | ".join(_shown(label)) for label in labels), "[drawing]"]
    lines.append("SPAN_DEFAULT\tfgColor:black, bgColor:#dddddd, borderColor:darken")
    lines += [f"{brat_name(label.name)}\tbgColor:{label.color}" for label in labels]
    lines.append("ARC_DEFAULT\tcolor:black, dashArray:-, arrowHead:triangle-5")
    return "".join(f"{line}\n" for line in lines)


def _shown(label: Label) -> Iterable[str]:
    yield brat_name(label.name)
    for name in dict.fromkeys((f"{label.en} {label.zh}", label.en)):
        yield " ".join(name.replace("|", "/").split())
