"""The types that every room shares: documents, spans, entities, claims, and what is known of a pair.

All are frozen. Offsets are half-open Unicode code points into `Document.text`, which never changes after
cleaning; whatever refers to a text carries its SHA-256 and is refused when the text differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpus.errors import SpanError

Lang = Literal["en", "zh"]
LANGUAGES: tuple[Lang, ...] = ("en", "zh")

BlockKind = Literal["headline", "dateline", "byline", "body", "caption", "pull-quote", "related-link", "boilerplate"]

AUTHOR = "author"
"""The claimant of what a text states in its own voice."""


def text_sha(text: str) -> str:
    """SHA-256 of a text as 64 hexadecimal digits; lone surrogates are hashed as they are.

    >>> text_sha("共同富裕")[:8]
    'd3cfcb4a'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`text[start:end] == surface`; build one with `Span.of`, or with `Span.checked` where the surface is given."""

    start: int
    end: int
    surface: str

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Span:
        """The span of `text` from `start` to `end` (code points, half-open).

        Raises SpanError when the offsets are no non-empty stretch of the text.

        >>> Span.of("浙江推进共同富裕", 4, 8).surface
        '共同富裕'
        """
        if not 0 <= start < end <= len(text):
            raise SpanError(f"span {start}-{end} is no stretch of a text of {len(text)} characters")
        return cls(start, end, text[start:end])

    @classmethod
    def checked(cls, text: str, start: int, end: int, surface: str) -> Span:
        """Like `of`, and raises SpanError when the text there is not `surface`."""
        span = cls.of(text, start, end)
        if span.surface != surface:
            raise SpanError(f"span {start}-{end} holds {span.surface!r}, expected {surface!r}: offsets are code points")
        return span

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one character."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Whether the other lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph and what it is.

    `repeats` is the passage that a pull quote repeats; `lang` its language where that is not the document's.
    """

    start: int
    end: int
    kind: BlockKind
    repeats: tuple[int, int] | None = None
    lang: Lang | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """An article in one language. `pair` joins the two versions of one article ("" where there is one only)."""

    id: str
    pair: str
    lang: Lang
    text: str
    blocks: tuple[Block, ...] = ()
    source: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha(self) -> str:
        return text_sha(self.text)

    def span(self, start: int, end: int) -> Span:
        """The span from `start` to `end` of this text; SpanError names the document."""
        try:
            return Span.of(self.text, start, end)
        except SpanError as error:
            raise SpanError(f"{self.id}: {error}") from None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document's text comes from: a file, and how its offsets lead back into that file as it was.

    `file_sha` is the SHA-256 of the file's bytes (of the file in an archive, where it was in one). `offsets` are the
    points (offset in the clean text, offset in the raw text) from which on the two run side by side, code points of the
    text as the reader found it; none where cleaning changed nothing.
    """

    document: str
    sha: str
    file: str
    file_sha: str = ""
    encoding: str = ""
    reader: str = ""
    offsets: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """The record that a document was withdrawn. It holds no text: `sha` tells the same text when it comes again."""

    document: str
    pair: str
    sha: str
    when: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a segmented text. `tag` is the part of speech where the segmenter gives one, else ""."""

    start: int
    end: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Segments:
    """Sentences (half-open code points, without the white space around them) and tokens of one document."""

    document: str
    sha: str
    sentences: tuple[tuple[int, int], ...]
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences that translate one another; either side may be empty. `score` is from 0 to 1."""

    en: tuple[tuple[int, int], ...]
    zh: tuple[tuple[int, int], ...]
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """The beads of one pair, in the order of both texts."""

    pair: str
    en: str
    zh: str
    en_sha: str
    zh_sha: str
    beads: tuple[Bead, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """A named mention. `score` is a confidence from 0 to 1, `source` who proposed it, `link` a knowledge-base id."""

    span: Span
    label: str
    score: float = 1.0
    source: str = ""
    link: str = ""

    @property
    def start(self) -> int:
        return self.span.start

    @property
    def end(self) -> int:
        return self.span.end


@dataclass(frozen=True, slots=True)
class Target:
    """A number that a claim commits to or reports, as the text has it."""

    value: str
    unit: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who commits to, does, demands, judges or credits what.

    `claimant` is the text of a mention, or `AUTHOR`; `claimant_span` says which mention, where that is known.
    """

    span: Span
    type: str
    stance: str
    claimant: str = AUTHOR
    policy_area: str = ""
    targets: tuple[Target, ...] = ()
    claimant_span: tuple[int, int] | None = None
    score: float = 1.0
    source: str = ""

    @property
    def start(self) -> int:
        return self.span.start

    @property
    def end(self) -> int:
        return self.span.end


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The address of an entity or a claim: document id and offsets. It outlives layers, which have ids of their own."""

    document: str
    kind: Literal["entity", "claim"]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A labelled arrow: claim `claimant` entity, claim `about` entity, or across versions entity `same_as` entity and claim
    `translates` claim."""

    label: str
    head: Ref
    tail: Ref
    score: float = 1.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says of one document. Layers are written beside one another and never over one another.

    A relation that crosses the two versions is held by the layer of the document of its head.
    """

    document: str
    sha: str
    source: str
    version: str
    entities: tuple[Entity, ...] = ()
    claims: tuple[Claim, ...] = ()
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A document and what has been found out about it so far: its segments and its combined entities and claims."""

    document: Document
    segments: Segments
    entities: tuple[Entity, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """What is annotated together: one document, or the two versions of an article with their sentence beads."""

    items: tuple[Item, ...]
    beads: tuple[Bead, ...] = ()

    def partner(self, document: str) -> Item | None:
        """The other version of `document`, if there is one."""
        return next((item for item in self.items if item.document.id != document), None)


def sorted_entities(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Entities in the order of the text."""
    return tuple(sorted(entities, key=lambda e: (e.start, e.end, e.label)))


def sorted_claims(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Claims in the order of the text."""
    return tuple(sorted(claims, key=lambda c: (c.start, c.end, c.type)))


def without_overlaps(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """The entities that are left when, of any that overlap, the earlier in `entities` wins; in text order.

    >>> text = "浙江省人民政府"
    >>> long, short = Entity(Span.of(text, 0, 7), "AGENCY"), Entity(Span.of(text, 0, 3), "PLACE")
    >>> [e.span.surface for e in without_overlaps([long, short])]
    ['浙江省人民政府']
    """
    kept: list[Entity] = []
    taken: set[int] = set()
    for entity in entities:
        stretch = range(entity.start, entity.end)
        if taken.isdisjoint(stretch):
            taken.update(stretch)
            kept.append(entity)
    return sorted_entities(kept)
