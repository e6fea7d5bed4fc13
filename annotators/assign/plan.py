"""The plan of who annotates which article, kept in the workspace's table `assignments`.

The Community edition of Label Studio assigns nothing to anybody: each person gets a project of their own, which holds
their articles only. Nothing keeps people out of one another's projects; the name says whose it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import pyarrow as pa

from annotators.studio.tables import Annotation
from corpus.document import Document
from corpus.migration import Name, Names, renames
from corpus.schema import Table
from corpus.store import Workspace

Mode = Literal["normal", "blind", "planted"]
"""What an annotator is shown: the pre-annotation, nothing, or the pre-annotation with a few wrong marks."""

Kind = Literal["label", "boundary", "invented", "missing"]
KINDS: tuple[Kind, ...] = ("label", "boundary", "invented", "missing")

LONGEST = 50
"""Characters that Label Studio takes of a project's name."""

_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Planted:
    """One error in what is shown: a wrong label, a wrong boundary, a mention that is none, or a mention taken away.

    `start`, `end`, `label` are the mark of the pre-annotation (-1, -1, "" where it is invented), `wrong_…` what is shown in
    its place (-1, -1, "" where it is taken away). Offsets are those of the text with the hash `sha`.
    """

    kind: Kind
    document: str
    sha: str
    start: int = -1
    end: int = -1
    label: str = ""
    wrong_start: int = -1
    wrong_end: int = -1
    wrong_label: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """That a person annotates an article: `group` is the id of a pair, or of a document that stands alone.

    `title` is the person's project, `url` and `project` where that was last pushed to. One that is `reviewed` was looked at by
    somebody else, so that its planted marks need no undoing; a `withdrawn` one is the person's no more.
    """

    group: str
    person: str
    title: str
    documents: tuple[str, ...]
    mode: Mode = "normal"
    planted: tuple[Planted, ...] = ()
    created: str = ""
    reviewed: bool = False
    withdrawn: bool = False
    url: str = ""
    project: int = 0


_OFFSETS = ("start", "end", "wrong_start", "wrong_end")
_PLANTED = pa.struct(
    [
        (name, pa.int32() if name in _OFFSETS else pa.string())
        for name in ("kind", "document", "sha", "start", "end", "label", "wrong_start", "wrong_end", "wrong_label")
    ]
)
_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("group", pa.string()),
    ("person", pa.string()),
    ("title", pa.string()),
    # Not "documents", by which `hemu remove` would drop the whole row: what was planted in the other version of the article
    # has to be known as long as that is annotated. Nothing here is of the text.
    ("members", pa.list_(pa.string())),
    ("mode", pa.string()),
    ("planted", pa.list_(_PLANTED)),
    ("created", pa.string()),
    ("reviewed", pa.bool_()),
    ("withdrawn", pa.bool_()),
    ("url", pa.string()),
    ("project", pa.int64()),
]


def _row(assignment: Assignment) -> dict[str, Any]:
    row = asdict(assignment)
    return {**row, "members": list(row.pop("documents"))}


def _assignment(row: dict[str, Any]) -> Assignment:
    planted = tuple(Planted(**mark) for mark in row["planted"])
    documents = tuple(row["members"])
    return Assignment(
        **{**{k: v for k, v in row.items() if k != "members"}, "documents": documents, "planted": planted}
    )


ASSIGNMENTS: Table[Assignment] = Table(
    "assignments",
    pa.schema(_COLUMNS),
    lambda assignment: f"{assignment.group} {assignment.person}",
    _row,
    _assignment,
    ("group", "person"),
)


def _renamed(assignment: Assignment, names: Names) -> Assignment:
    """After a change of the scheme: its planted errors in the new names, without those whose label was dropped."""
    errors = []
    for error in assignment.planted:
        label, wrong = (names.get(Name("label", x), x) if x else x for x in (error.label, error.wrong_label))
        if label is not None and wrong is not None and (label != wrong or error.kind == "boundary"):
            errors.append(replace(error, label=label, wrong_label=wrong))
    return replace(assignment, planted=tuple(errors))


def group_name(documents: Sequence[Document]) -> str:
    """What a group is called in the plan: its pair, or its one document."""
    return documents[0].pair if len(documents) > 1 else documents[0].id


class Plan:
    """All assignments of a workspace, in the order in which they were made; the withdrawn ones count where that is said."""

    def __init__(self, assignments: Iterable[Assignment] = ()) -> None:
        self.all = list(assignments)
        self._by_document: dict[str, list[Assignment]] = {}
        self._by_task: dict[tuple[str, int, str], Assignment] = {}
        for one in self.all:
            for document in one.documents:
                self._by_document.setdefault(document, []).append(one)
                if one.project:
                    self._by_task[one.url, one.project, document] = one

    @classmethod
    def of(cls, workspace: Workspace) -> Plan:
        """The plan that a workspace holds, in the names of its scheme; an empty one where there is none."""
        rows = workspace.read(ASSIGNMENTS).values()
        names = renames(workspace) if rows else {}
        return cls(_renamed(one, names) if names and one.planted else one for one in rows)

    @property
    def live(self) -> Iterator[Assignment]:
        """Those that are not withdrawn."""
        return (one for one in self.all if not one.withdrawn)

    @property
    def titles(self) -> dict[str, str]:
        """The project of each person who ever had an article."""
        return {one.person: one.title for one in self.all}

    def holding(self, documents: Collection[str]) -> dict[str, Assignment]:
        """By person, the assignment that holds one of these documents.

        A version that joins an article later comes to whoever has the article.
        """
        found: dict[str, Assignment] = {}
        for document in documents:
            for one in self._by_document.get(document, ()):
                if not one.withdrawn:
                    found.setdefault(one.person, one)
        return found

    def of_annotation(self, annotation: Annotation) -> Assignment | None:
        """The assignment that an annotation was made on, withdrawn or not; None where it is not of this plan.

        Whoever made it: what counts is in whose project it was made, for that is what was shown.
        """
        return self._by_task.get((annotation.url, annotation.project, annotation.layer.document))

    def of_task(self, url: str, project: int, document: str) -> Assignment | None:
        """The same for any document in a project."""
        return self._by_task.get((url, project, document))


def title_for(base: str, person: str, taken: Collection[str]) -> str:
    """A project's name for a person, of 3 to 50 characters, that is none of those `taken`.

    >>> title_for("news", "anna@example.org", ())
    'news · anna'
    >>> title_for("news", "anna@example.com", {"news · anna"})
    'news · anna@example.com'
    """
    used = {title.casefold() for title in taken}
    local = person.split("@")[0] or person
    names = [local, person, *(f"{local} {number}" for number in range(2, len(used) + 3))]
    for name in names:
        title = _fitted(base, name)
        if title.casefold() not in used:
            return title
    raise AssertionError("more names than there are titles")


def _fitted(base: str, name: str) -> str:
    """Both with a dot between; what is too long is shortened, the base first, and a name from its middle."""
    room = LONGEST - len(_BETWEEN)
    if len(name) > room - min(len(base), 16):
        keep = room - min(len(base), 16) - 1
        name = f"{name[: keep - keep // 2]}…{name[-(keep // 2) :]}"
    base = base[: room - len(name)].rstrip()
    return f"{base}{_BETWEEN}{name}"
