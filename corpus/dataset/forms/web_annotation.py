"""W3C Web Annotation: an AnnotationCollection whose pages hold an annotation for each entity, claim and relation.

A target names the file of its text, its place in code points (TextPositionSelector) and its words with what stands around them
(TextQuoteSelector). Only terms of the standard's own context are used. Paths are relative: the folder can be put on any web server as
it is. What an annotation is called is made of the version and its place, so that it stays the same in every export of a version.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from corpus.dataset.forms.names import file_name, index
from corpus.dataset.forms.source import Record, Source
from corpus.document import Claim, Entity, Ref, Relation

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
COLLECTION = "collection.json"
PAGE = 5000
"""Annotations of a page."""

AROUND = 32
"""Characters before and after the words of a target."""

Json = dict[str, Any]


def write(source: Source, folder: Path) -> dict[str, int]:
    """`collection.json`, its pages (`train-0001.json` …), `texts/`, and `documents.csv`, which names the documents."""
    figures = dict.fromkeys(("documents", "entities", "claims", "relations"), 0)
    (folder / "texts").mkdir()
    with ExitStack() as stack:
        add, pages = stack.enter_context(index(folder)), stack.enter_context(_Pages(folder))
        for record in source.all():
            path = f"texts/{file_name(record.document.id)}.txt"
            (folder / path).write_bytes(record.document.text.encode())
            add(path, record)
            for annotation in annotations_of(record, path, source.manifest.version):
                pages.add(record.split, annotation)
            figures["documents"] += 1
            figures["entities"] += len(record.entities)
            figures["claims"] += len(record.claims)
            figures["relations"] += len(record.relations)
    collection: Json = {
        "@context": CONTEXT,
        "id": COLLECTION,
        "type": "AnnotationCollection",
        "label": f"{source.manifest.name}, version {source.manifest.version}",
        "total": pages.total,
    }
    if pages.names:
        collection |= {"first": pages.names[0], "last": pages.names[-1]}
    (folder / COLLECTION).write_bytes(f"{_dump(collection)}\n".encode())
    return figures


def annotations_of(record: Record, path: str, version: str) -> list[Json]:
    """The annotations of one document, whose text is at `path`."""
    text, document = record.document.text, record.document
    source = {"id": quote(path), "type": "Text", "format": "text/plain", "language": document.lang}
    seen: Counter[Ref] = Counter()

    def annotation(ref: Ref, motivation: str, bodies: list[Json]) -> Json:
        seen[ref] += 1
        selectors = [
            {"type": "TextPositionSelector", "start": ref.start, "end": ref.end},
            {
                "type": "TextQuoteSelector",
                "exact": text[ref.start : ref.end],
                "prefix": text[max(0, ref.start - AROUND) : ref.start],
                "suffix": text[ref.end : ref.end + AROUND],
            },
        ]
        return {
            "id": _name(version, ref, seen[ref]),
            "type": "Annotation",
            "motivation": motivation,
            "body": bodies,
            "target": {"type": "SpecificResource", "source": source, "selector": selectors},
        }

    found = [
        annotation(Ref(document.id, "entity", e.start, e.end), "classifying", list(_entity(e))) for e in record.entities
    ]
    found += [annotation(Ref(document.id, "claim", c.start, c.end), "classifying", _claim(c)) for c in record.claims]
    links: Counter[Relation] = Counter()
    for relation in record.relations:
        links[relation] += 1
        found.append(_link(version, relation, links[relation]))
    return found


def _name(version: str, ref: Ref, number: int) -> str:
    return _urn(version, ref.document, ref.kind, ref.start, ref.end, number)


def _urn(*parts: Any) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(["hemu", *parts])).urn


def _entity(entity: Entity) -> list[Json]:
    bodies = [_words("classifying", entity.label)]
    if entity.link:
        bodies.append(_words("identifying", entity.link))
    return bodies


def _claim(claim: Claim) -> list[Json]:
    tags = {"type": claim.type, "stance": claim.stance, "area": claim.policy_area}
    said = {
        **{key: value for key, value in tags.items() if value},
        "claimant": claim.claimant,
        **({"claimant_span": list(claim.claimant_span)} if claim.claimant_span else {}),
        "targets": [asdict(target) for target in claim.targets],
    }
    return [
        _words("classifying", "CLAIM"),
        *(_words("tagging", f"{key}:{value}") for key, value in tags.items() if value),
        {**_words("describing", _dump(said)), "format": "application/json"},
    ]


def _words(purpose: str, value: str) -> Json:
    return {"type": "TextualBody", "purpose": purpose, "value": value}


def _link(version: str, relation: Relation, number: int) -> Json:
    """A relation: its target is the annotation at its head, its body the one at its tail and what the relation is."""
    ends = [asdict(end) for end in (relation.head, relation.tail)]
    return {
        "id": _urn(version, relation.label, *ends, number),
        "type": "Annotation",
        "motivation": "linking",
        "body": [
            _words("tagging", relation.label),
            {"type": "SpecificResource", "purpose": "linking", "source": _name(version, relation.tail, 1)},
        ],
        "target": _name(version, relation.head, 1),
    }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Pages:
    """Writes annotations to pages, one a line, each page linked to the ones before and after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.total = self.held = self.number = 0
        self.split = ""
        self.file: IO[str] | None = None

    def __enter__(self) -> _Pages:
        return self

    def __exit__(self, kind: Any, *rest: Any) -> None:
        self._close("")

    def add(self, split: str, annotation: Json) -> None:
        if self.file is None or self.held == PAGE or split != self.split:
            self._next(split)
        assert self.file is not None
        self.file.write(f"{',' if self.held else ''}\n{_dump(annotation)}")
        self.held += 1
        self.total += 1

    def _next(self, split: str) -> None:
        self.number = self.number + 1 if split == self.split else 1
        name = f"{split}-{self.number:04}.json"
        self._close(name)
        head: Json = {
            "@context": CONTEXT,
            "id": name,
            "type": "AnnotationPage",
            "partOf": COLLECTION,
            "startIndex": self.total,
        }
        if self.names:
            head["prev"] = self.names[-1]
        self.file = (self.folder / name).open("w", encoding="utf-8", newline="\n")
        self.file.write(_dump(head)[:-1] + ',"items":[')
        self.names.append(name)
        self.split, self.held = split, 0

    def _close(self, following: str) -> None:
        if self.file is not None:
            self.file.write("\n]" + (f',"next":{_dump(following)}' if following else "") + "}\n")
            self.file.close()
            self.file = None
