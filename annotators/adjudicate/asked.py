"""What adjudicators were asked: a row for each task of the project of disputes, with what everybody said at that time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from annotators.adjudicate.places import RELATION, Drawn, Kind, Place, What
from annotators.adjudicate.verdicts import Version, unwritten, written
from corpus.document import Claim, Layer
from corpus.schema import Row, Table

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of one document: its places, and what all annotators say, which is not asked.

    `made_of` is the version of gold made of the annotations at that time (see `annotations_version`).
    """

    document: str
    sha: str
    made_of: str
    annotators: tuple[str, ...]
    places: tuple[Place, ...]
    locked_entities: frozenset[tuple[int, int, str]]
    locked_claims: frozenset[Range]
    locked_relations: tuple[Drawn, ...]

    def versions(self, place: Place) -> tuple[Version, ...]:
        """Who says what of a place."""
        return tuple(
            Version(tuple(self.annotators[number] for number in by), what) for what, by in place.versions.items()
        )


def asked_of(annotators: Sequence[str], made_of: str, places: Sequence[Place], locked: Layer) -> Asked:
    """What is asked of a document; `locked` is what all its annotators say."""
    return Asked(
        locked.document,
        locked.sha,
        made_of,
        tuple(annotators),
        tuple(places),
        frozenset((e.start, e.end, e.label) for e in locked.entities),
        frozenset((c.start, c.end) for c in locked.claims),
        tuple(Drawn(r.label, r.head, r.tail) for r in locked.relations),
    )


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the project of disputes, `kept` as it was pushed: results of Label Studio with what each of them is."""

    key: str
    url: str
    project: int
    task: int
    documents: tuple[str, ...]
    asked: tuple[Asked, ...]
    kept: tuple[dict[str, Any], ...]


def _asked_row(asked: Asked) -> dict[str, Any]:
    return {
        "document": asked.document,
        "sha": asked.sha,
        "made_of": asked.made_of,
        "annotators": asked.annotators,
        "places": [
            {
                "kind": place.kind,
                "start": place.start,
                "end": place.end,
                "said": [written(what) for what in place.said],
                "proposed": written(place.proposed),
            }
            for place in asked.places
        ],
        "locked": {
            "entities": sorted(asked.locked_entities),
            "claims": sorted(asked.locked_claims),
            "relations": written(asked.locked_relations),
        },
    }


def _asked(row: dict[str, Any]) -> Asked:
    def place(one: dict[str, Any]) -> Place:
        kind: Kind = one["kind"]
        said: tuple[What, ...] = tuple(unwritten(kind, what) for what in one["said"])
        return Place(row["document"], kind, one["start"], one["end"], said, unwritten(kind, one["proposed"]))

    locked = row["locked"]
    relations = tuple(one for one in unwritten(RELATION, locked["relations"]) if isinstance(one, Drawn))
    return Asked(
        row["document"],
        row["sha"],
        row["made_of"],
        tuple(row["annotators"]),
        tuple(map(place, row["places"])),
        frozenset((start, end, label) for start, end, label in locked["entities"]),
        frozenset((start, end) for start, end in locked["claims"]),
        relations,
    )


def _row(task: Task) -> Row:
    return {
        "key": task.key,
        "url": task.url,
        "project": task.project,
        "task": task.task,
        "documents": list(task.documents),
        "asked": json.dumps([_asked_row(one) for one in task.asked], ensure_ascii=False),
        "kept": json.dumps(task.kept, ensure_ascii=False),
    }


_FIELDS: list[tuple[str, pa.DataType]] = [
    ("key", pa.string()),
    ("url", pa.string()),
    ("project", pa.int64()),
    ("task", pa.int64()),
    ("documents", pa.list_(pa.string())),
    ("asked", pa.large_string()),
    ("kept", pa.large_string()),
]

ASKED: Table[Task] = Table(
    "asked",
    pa.schema(_FIELDS),
    lambda task: f"{task.url} {task.project} {task.key}",
    _row,
    lambda row: Task(
        row["key"],
        row["url"],
        row["project"],
        row["task"],
        tuple(row["documents"]),
        tuple(map(_asked, json.loads(row["asked"]))),
        tuple(json.loads(row["kept"])),
    ),
    ("url", "project", "key"),
)


def claim_in(what: What) -> Claim | None:
    """The claim that is said, where there is one."""
    return next((one for one in what if isinstance(one, Claim)), None)
