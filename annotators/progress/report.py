"""What `progress` finds: plain values in rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from annotators.progress.curve import Article, Stretch
from annotators.progress.pace import Forecast
from annotators.progress.times import TimeRow
from corpus.document import Lang

ALL = "all"
"""In place of an annotator, a kind of text, a source, a label or a language: all of them together."""

DONE, BEGUN, SKIPPED, TODO, OUTDATED, APART = "done", "begun", "skipped", "to do", "of an earlier text", "not pushed"
STATES = (DONE, BEGUN, SKIPPED, TODO, OUTDATED, APART)


@dataclass(slots=True)
class StateRow:
    """How much is in a state: articles, tasks, and by language documents and the characters that annotators see of them.

    An article is done when all of its documents are; begun when some are, or there is a draft or a part of it.
    """

    state: str
    articles: int = 0
    tasks: int = 0
    documents: dict[Lang, int] = field(default_factory=dict)
    characters: dict[Lang, int] = field(default_factory=dict)


@dataclass(slots=True)
class PersonRow:
    """What one annotator ("all": everybody) has done in the chosen time.

    `done`, `skipped` and `drafts` are tasks; `documents`, `characters`, `entities` and `claims` are of the latest annotation of each
    document. `edits` are those to the entities of an article on average; `kept` the share of proposed entities that were left as they were.
    """

    annotator: str
    done: int = 0
    skipped: int = 0
    drafts: int = 0
    articles: int = 0
    documents: dict[Lang, int] = field(default_factory=dict)
    characters: dict[Lang, int] = field(default_factory=dict)
    entities: int = 0
    claims: int = 0
    seconds: float | None = None
    per_thousand: float | None = None
    edits: float | None = None
    kept: float | None = None
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class AssignedRow:
    """The articles that somebody was assigned, and what became of them in this person's project; `annotators` worked there."""

    person: str
    project: str
    annotators: tuple[str, ...]
    articles: int
    done: int
    begun: int
    skipped: int
    to_do: int
    characters_to_do: int


@dataclass(frozen=True, slots=True)
class LabelRow:
    """How many marks of a label there are by language: annotated (by annotator, too), in gold, and proposed where work is to do."""

    label: str
    lang: str
    done: int
    to_do: int
    gold: int
    annotators: dict[str, int]


@dataclass(slots=True)
class AcceptanceRow:
    """What became of the proposed marks of a source and a label in a language; the proposed label counts.

    `source` is "" where that is not known. `added` marks were made by hand: they are in the rows of all sources only.
    `annotator` is "all" but in the rows of all sources and labels of each annotator.
    """

    kind: str
    source: str
    label: str
    lang: str
    annotator: str = ALL
    kept: int = 0
    boundary: int = 0
    label_changed: int = 0
    both: int = 0
    attributes: int = 0
    deleted: int = 0
    added: int = 0

    @property
    def proposed(self) -> int:
        return self.kept + self.boundary + self.label_changed + self.both + self.attributes + self.deleted

    @property
    def accepted(self) -> float | None:
        """The share that was left as it was."""
        return self.kept / self.proposed if self.proposed else None

    @property
    def survived(self) -> float | None:
        """The share that was not deleted."""
        return 1 - self.deleted / self.proposed if self.proposed else None


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """Of the proposed claims that are still there, how many have each attribute as it was proposed; `whole` all of them."""

    source: str
    lang: str
    claims: int
    whole: int
    kept: dict[str, int]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The entities that one source proposes by itself in the annotated documents, whichever of them the pre-annotation took.

    `chosen` are in the pre-annotation, `right` in the annotation (same span and label), `near` overlap one of the same label there.
    `alone` no other source proposes, and of those `alone_right` are in the annotation.
    """

    source: str
    lang: str
    documents: int
    proposed: int
    chosen: int
    right: int
    near: int
    alone: int
    alone_right: int


@dataclass(slots=True)
class ProgressReport:
    """Everything that was found; `message` is the one line that says most. `curve`, `versions` and `articles` are the learning curve."""

    message: str
    states: list[StateRow] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    assigned: list[AssignedRow] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)
    gold: dict[Lang, int] = field(default_factory=dict)
    times: list[TimeRow] = field(default_factory=list)
    days: dict[str, int] = field(default_factory=dict)
    forecast: Forecast | None = None
    acceptance: list[AcceptanceRow] = field(default_factory=list)
    relabelled: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Labels that were changed most often: language, proposed, made of it, how often."""
    attributes: list[AttributeRow] = field(default_factory=list)
    sources: list[SourceRow] = field(default_factory=list)
    curve: list[Stretch] = field(default_factory=list)
    versions: list[Stretch] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show but the message."""
        return not self.states

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers."""
        row = asdict(self)
        for plain, one in zip(row["acceptance"], self.acceptance, strict=True):
            plain |= {"proposed": one.proposed, "accepted": one.accepted, "survived": one.survived}
        return row
