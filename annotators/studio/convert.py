"""Between hemu's types and Label Studio's JSON: task, prediction, and an annotation back to layers.

Label Studio's `<Text>` counts Unicode code points of the original string, as hemu does, so that offsets cross as they
are. What it says of the words in a region is never taken over: it writes newlines as backslash and n, and may be stale.

A text with pull quotes is shown without them (see `annotators.repeats`): the task then says which stretches of the text
it shows, and offsets cross by these.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from annotators.repeats import Shown, quotes, shown_text
from annotators.studio import config
from annotators.studio.config import control
from annotators.studio.cut import Part
from corpus.claim_links import TRANSLATES
from corpus.document import (
    AUTHOR,
    LANGUAGES,
    Claim,
    Document,
    Entity,
    Group,
    Item,
    Lang,
    Ref,
    Relation,
    Span,
    Target,
    sorted_claims,
    sorted_entities,
    text_sha,
)
from corpus.errors import SchemeError, SpanError, StaleTextError, StudioError
from corpus.scheme import RelationLabel, Scheme

Json = dict[str, Any]

PLACEHOLDERS: dict[Lang, str] = {"en": "（no English version 无英文版）", "zh": "（无中文版 no Chinese version）"}
"""Shown where an article has one version only; nothing marked there is taken over."""

INTERNAL = ("key", "article", *(f"{name}_{lang}" for name in ("sha", "cut", "shown") for lang in LANGUAGES))
"""The fields of a task's data that say nothing to people."""

CLAIMANT_RELATION = "claimant"
"""The relation label that says who makes a claim, where the scheme has it."""


def task_key(group: Group, part: Part | None = None) -> str:
    """What makes a task the same task: the ids and texts of its documents, and the part of them that it holds, as a hash of
    32 hexadecimal digits."""
    content: list[Any] = [
        [item.document.id, item.document.lang, item.document.sha] for item in _by_lang(group).values()
    ]
    if part is not None:
        content.append([part.data()[key] for key in sorted(part.data())])
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def task_of(group: Group, part: Part | None = None) -> Json:
    """The data of a task: both texts, their documents' ids and hashes, and the task's key.

    The hash is that of the whole text, also where less of it is shown: `shown_en`, `shown_zh` then say what. The task of a
    part of an article (see `annotators.studio.cut`) says which one it is, and by `article` what the key of the whole is.
    Raises StudioError when a text holds what JSON or a database cannot (a lone surrogate, NUL).
    """
    items = _by_lang(group)
    data: Json = {"key": task_key(group, part), "pair": next(iter(items.values())).document.pair}
    if part is not None:
        data |= {"article": task_key(group), **part.data()}
    for lang in LANGUAGES:
        document = items[lang].document if lang in items else None
        if document is not None and (bad := re.search("[\x00\ud800-\udfff]", document.text)):
            raise StudioError(
                f"{document.id}: Label Studio cannot hold the character U+{ord(bad[0]):04X} at {bad.start()}; "
                "clean the source and ingest it again"
            )
        data[f"doc_{lang}"] = document.id if document else ""
        data[f"sha_{lang}"] = document.sha if document else ""
        data[f"text_{lang}"] = PLACEHOLDERS[lang]
        if document is not None:
            shown = shown_text(document) if part is None else part.shown(document)
            data[f"text_{lang}"] = shown.text
            if not shown.whole(document.text):
                data[f"shown_{lang}"] = " ".join(f"{start}-{end}" for start, end in shown.pieces)
    return data


def shown_in(data: Mapping[str, Any], document: Document) -> Shown:
    """What a task with that data shows of a document. StaleTextError where that is not what its text has there.

    >>> document = Document("a", "", "en", "a quote\\na story")
    >>> shown_in({"text_en": "a story", "shown_en": "8-15"}, document).pieces
    ((8, 15),)
    """
    said = data.get(f"shown_{document.lang}")
    if said is None:
        return Shown(document.text, ((0, len(document.text)),))
    try:
        pieces = [tuple(map(int, piece.split("-"))) for piece in str(said).split()]
        shown = Shown.of(document.text, [(start, end) for start, end in pieces])
    except (ValueError, StaleTextError) as error:
        raise StaleTextError(f"{document.id}: the task says that it shows {said!r} of its text ({error})") from None
    digest = data.get(f"digest_{document.lang}")
    if shown.text != data.get(f"text_{document.lang}") if digest is None else text_sha(shown.text) != digest:
        raise StaleTextError(f"{document.id}: what the task shows is not in its text; push the document again")
    return shown


def without_texts(data: Mapping[str, Any]) -> Json:
    """The data of a task without the texts, which it says by a hash where `shown_in` needs them."""
    kept = {key: value for key, value in data.items() if not key.startswith("text_")}
    for lang in LANGUAGES:
        if data.get(f"shown_{lang}") is not None:
            kept[f"digest_{lang}"] = text_sha(str(data.get(f"text_{lang}")))
    return kept


def _by_lang(group: Group) -> dict[Lang, Item]:
    items: dict[Lang, Item] = {}
    for item in sorted(group.items, key=lambda item: item.document.lang):
        if item.document.lang in items:
            raise StudioError(
                f"{item.document.id}: a group holds two documents in {item.document.lang!r}; expected one a language"
            )
        items[item.document.lang] = item
    if not items:
        raise StudioError("a group without documents cannot be a task")
    return items


def prediction_of(
    group: Group,
    relations: Iterable[Relation],
    model_version: str,
    scheme: Scheme,
    *,
    shown: Mapping[str, Shown] | None = None,
) -> Json:
    """The entities and claims of the group's items and the relations between them, as a prediction.

    The results of one mark share an id made of its kind, language and offsets. A claim's claimant becomes a relation to
    its mention (the one it names, or else the nearest of the same words), the choice "author", or words. A relation
    whose ends are no marks of this group is left out: Label Studio would show nothing at all.

    `shown` is what the task shows of each document, by id, where that is not what `task_of` shows now. Marks on what is
    not shown are left out.
    Raises SpanError or SchemeError, naming the document, where a mark does not fit its text or the scheme.
    """
    items = _by_lang(group)
    seen = {item.document.id: shown_text(item.document) for item in items.values()} if shown is None else shown
    builder = _Builder(scheme, seen)
    for item in items.values():
        for entity in sorted_entities(item.entities):
            builder.add_entity(item.document, entity)
    for item in items.values():
        builder.add_claims(item)
    for relation in relations:
        builder.join(relation)
    scores = [result["score"] for result in builder.results]
    return {
        "model_version": model_version,
        "score": round(sum(scores) / len(scores), 4) if scores else 0.0,
        "result": [*builder.results, *builder.relations],
    }


def sources_of(group: Group, result: Iterable[Json]) -> dict[str, str]:
    """Who proposed each mark of a prediction that `prediction_of` made of the group, by the mark's id."""
    known: dict[tuple[str, str, int, int], str] = {}
    for item in group.items:
        lang: str = item.document.lang
        known |= {("e", lang, e.start, e.end): e.source for e in item.entities}
        known |= {("c", lang, c.start, c.end): c.source for c in item.claims}
    found = {}
    for entry in result:
        if entry["type"] == "labels":
            kind, lang, start, end = str(entry["id"]).split("-")[:4]
            if source := known.get((kind, lang, int(start), int(end))):
                found[str(entry["id"])] = source
    return found


@dataclass
class _Builder:
    """Collects the results and relations of one prediction."""

    scheme: Scheme
    shown: Mapping[str, Shown]
    results: list[Json] = field(default_factory=list)
    relations: list[Json] = field(default_factory=list)
    ids: dict[Ref, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    joined: set[tuple[str, str, str]] = field(default_factory=set)

    def add_entity(self, document: Document, entity: Entity) -> None:
        with _naming(document, entity.span):
            self.scheme.check_label(entity.label)
            mark = self._mark("entity", document, entity.span, entity.score)
        if mark is None:
            return
        if entity.link:
            mark["meta"] = {"link": entity.link}
        self._put(mark, config.LABEL, "labels", [entity.label])

    def add_claims(self, item: Item) -> None:
        mentions = [e for e in item.entities if Ref(item.document.id, "entity", e.start, e.end) in self.ids]
        for claim in sorted_claims(item.claims):
            self._add_claim(item, claim, mentions)

    def _add_claim(self, item: Item, claim: Claim, mentions: Sequence[Entity]) -> None:
        with _naming(item.document, claim.span):
            self.scheme.check_claim(claim.type, claim.stance, claim.policy_area)
            mark = self._mark("claim", item.document, claim.span, claim.score)
        if mark is None:
            return
        self._put(mark, config.LABEL, "labels", [self.scheme.claim.name])
        self._put(mark, config.TYPE, "choices", [claim.type])
        self._put(mark, config.STANCE, "choices", [claim.stance])
        if claim.policy_area:
            self._put(mark, config.AREA, "taxonomy", [[claim.policy_area]])
        if claim.targets:
            self._put(mark, config.TARGETS, "textarea", [target_line(target) for target in claim.targets])
        self._add_claimant(mark, item, claim, mentions)

    def _add_claimant(self, mark: Json, item: Item, claim: Claim, seen: Sequence[Entity]) -> None:
        if claim.claimant == AUTHOR and claim.claimant_span is None:
            self._put(mark, config.VOICE, "choices", [AUTHOR])
            return
        mention = mention_of(claim, seen)
        if mention is None and _quoted(item.document, claim):
            # The one that it names is on a pull quote, which is not shown.
            mention = mention_of(replace(claim, claimant_span=None), seen)
        label = next((r for r in self.scheme.relations if r.name == CLAIMANT_RELATION), None)
        if mention is not None and label is not None:
            self._join(label, mark["id"], self.ids[Ref(item.document.id, "entity", mention.start, mention.end)])
        elif claim.claimant.strip():
            self._put(mark, config.CLAIMANT, "textarea", [claim.claimant])

    def join(self, relation: Relation) -> None:
        label = next((r for r in self.scheme.relations if r.name == relation.label), None)
        if label is None and relation.label == TRANSLATES:
            return  # Found, not drawn: a scheme need not have it.
        if label is None:
            names = ", ".join(r.name for r in self.scheme.relations)
            raise SchemeError(f"{relation.head.document}: unknown relation {relation.label!r}; the scheme has: {names}")
        head, tail = self.ids.get(relation.head), self.ids.get(relation.tail)
        if head is not None and tail is not None:
            self._join(label, head, tail)

    def _join(self, label: RelationLabel, head: str, tail: str) -> None:
        if (label.name, head, tail) not in self.joined:
            self.joined.add((label.name, head, tail))
            value = config.relation_value(label)
            self.relations.append(
                {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": [value]}
            )

    def _mark(self, kind: Literal["entity", "claim"], document: Document, span: Span, score: float) -> Json | None:
        """What the results of one mark share; None where it is not shown.

        Its id has letters, digits and hyphens only: it becomes a CSS class.
        """
        Span.checked(document.text, span.start, span.end, span.surface)
        place = self.shown[document.id].inward(span.start, span.end)
        if place is None:
            return None
        name = id = f"{kind[0]}-{document.lang}-{span.start}-{span.end}"
        count = 1
        while id in self.taken:
            count += 1
            id = f"{name}-{count}"
        self.taken.add(id)
        self.ids.setdefault(Ref(document.id, kind, span.start, span.end), id)
        known = score if score == score else 0.0
        return {
            "id": id,
            "to_name": document.lang,
            "score": round(min(1.0, max(0.0, known)), 4),
            "span": Span(*place, span.surface),
        }

    def _put(self, mark: Json, name: str, kind: str, chosen: list[Any]) -> None:
        span: Span = mark["span"]
        value: Json = {"start": span.start, "end": span.end, "text": span.surface}
        value["text" if kind == "textarea" else kind] = chosen
        shared = {key: content for key, content in mark.items() if key != "span"}
        self.results.append({**shared, "from_name": control(name, mark["to_name"]), "type": kind, "value": value})


@contextmanager
def _naming(document: Document, span: Span) -> Iterator[None]:
    try:
        yield
    except (SpanError, SchemeError) as error:
        raise type(error)(f"{document.id} {span.start}-{span.end}: {error}") from None


def _quoted(document: Document, claim: Claim) -> bool:
    if (span := claim.claimant_span) is None:
        return False
    return any(span[0] < quote.cut[1] and quote.cut[0] < span[1] for quote in quotes(document))


def mention_of(claim: Claim, entities: Sequence[Entity]) -> Entity | None:
    """The mention that makes a claim: where the claim names it, else the nearest before it (or after) of the same words."""
    if claim.claimant_span is not None:
        return next((e for e in entities if (e.start, e.end) == claim.claimant_span), None)
    named = [e for e in entities if e.span.surface == claim.claimant]
    before = [e for e in named if e.start < claim.end]
    return max(before, key=lambda e: e.start) if before else min(named, key=lambda e: e.start, default=None)


def target_line(target: Target) -> str:
    """A target as one line: value, unit and time, with bars between; a bar within one is written after a backslash.

    >>> target_line(Target("200,000", "apartments", "2026")), target_line(Target("12万", "套"))
    ('200,000 | apartments | 2026', '12万 | 套')
    """
    parts = [re.sub(r"([\\|｜])", r"\\\1", part) for part in (target.value, target.unit, target.by)]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def parse_target(line: str) -> Target:
    """The target in a line as `target_line` writes it; the full-width bar serves as well.

    >>> parse_target("12万｜套｜2026年底")
    Target(value='12万', unit='套', by='2026年底')
    """
    parts = [""]
    for escaped, bar, other in re.findall(r"\\(.)|([|｜])|(.)", line, re.S):
        if bar and len(parts) < 3:
            parts.append("")
        else:
            parts[-1] += escaped or bar or other
    value, unit, by = (part.strip() for part in (*parts, "", "")[:3])
    return Target(value, unit, by)
