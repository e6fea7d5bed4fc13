"""Layers into one pre-annotation: of spans that overlap, the one of the annotator named first wins."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from annotators.own_names import SOURCE as OWN_NAMES
from corpus.document import Entity, Group, Item, Layer, Ref, Relation, Span, without_overlaps

OFFICIAL, PERSON = "OFFICIAL", "PERSON"

_PEOPLE = frozenset({OFFICIAL, PERSON})
_BODIES = frozenset({"AGENCY", "ORG", "FIRM"})
_LISTS = "gazetteer"
_SURE = 0.9
# A chain of bodies with more characters is no name.
_LONGEST_BODY = 60
# Characters that part the parts of a name that is written in Chinese.
_DOTS = "·•・‧"


def combine_entities(layers: Sequence[Layer], priorities: Sequence[str]) -> tuple[Entity, ...]:
    """The entities chosen from the layers of one document, in text order.

    `priorities` names sources, the strongest first; a source not named comes last. Within one source the longer
    span wins, since the scheme takes the longest name. For the same reason a name from a list gives way to a longer
    name of the same kind around it, whichever source proposes that.
    """
    rank = {source: number for number, source in enumerate(priorities)}
    proposed = [entity for layer in layers for entity in layer.entities]
    near = _Near(proposed)
    proposed = [e for e in proposed if e.source != _LISTS or not _within_longer(e, near(e))]
    offices = {(e.start, e.end) for e in proposed if _is_known_official(e)}
    proposed = [
        replace(e, label=OFFICIAL) if e.label == PERSON and (e.start, e.end) in offices else e for e in proposed
    ]
    near = _Near(proposed)
    first = {id(e) for e in proposed if _holds_fragments(e, near(e))}
    proposed.sort(key=lambda e: (id(e) not in first, rank.get(e.source, len(rank)), e.start - e.end, e.start))
    return _with_offices(_chained(without_overlaps(proposed)))


class _Near:
    """Looks up the entities that may overlap one: in a long document, comparing all with all takes minutes."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self.entities = sorted(entities, key=lambda e: e.start)
        self.starts = [e.start for e in self.entities]
        self.longest = max((e.end - e.start for e in entities), default=0)

    def __call__(self, entity: Entity) -> list[Entity]:
        first = bisect_left(self.starts, entity.start - self.longest)
        return self.entities[first : bisect_left(self.starts, entity.end)]


def _kind(label: str) -> str:
    if label in _PEOPLE:
        return PERSON
    return "body" if label in _BODIES else label


def _within_longer(entity: Entity, proposed: Sequence[Entity]) -> bool:
    """Whether another source has a longer name of the same kind around this one."""
    return any(
        other.start <= entity.start
        and entity.end <= other.end
        and other.end - other.start > entity.end - entity.start
        and other.source != entity.source
        and _kind(other.label) == _kind(entity.label)
        for other in proposed
    )


def _is_known_official(entity: Entity) -> bool:
    """Whether a list has this name, in full, as that of somebody in office: then no title has to show it."""
    return entity.source == _LISTS and entity.label == OFFICIAL and entity.score >= _SURE


def _holds_fragments(entity: Entity, proposed: Sequence[Entity]) -> bool:
    """Whether a name from a list, in full and sure, has mere parts of it marked by others, and nothing across its edge."""
    if entity.source != _LISTS or entity.score < _SURE or entity.end - entity.start < 4:
        return False
    touching = [e for e in proposed if e.span.overlaps(entity.span) and e.source != _LISTS]
    return bool(touching) and all(
        entity.start <= e.start and e.end <= entity.end and e.end - e.start < entity.end - entity.start
        for e in touching
    )


def _chained(entities: Sequence[Entity]) -> list[Entity]:
    """Bodies of state that follow one another without a gap, as in Chinese, are one name (the scheme says so).

    Not so where each is known by itself or is one of the group's own names: 财政部教育部 are two.
    """
    joined: list[Entity] = []
    for entity in entities:
        last = joined[-1] if joined else None
        if last and last.end == entity.start and last.label == entity.label == "AGENCY" and _one_body(last, entity):
            span = Span(last.start, entity.end, last.span.surface + entity.span.surface)
            joined[-1] = replace(last, span=span, score=min(last.score, entity.score), link="")
        else:
            joined.append(entity)
    return joined


def _one_body(first: Entity, second: Entity) -> bool:
    from annotators.rules.chinese_known import side_by_side

    names = first.span.surface, second.span.surface
    if names[0] == names[1] or sum(map(len, names)) > _LONGEST_BODY or OWN_NAMES in (first.source, second.source):
        return False
    return not side_by_side("".join(names))


def _with_offices(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Who is an official in one mention is one in all that have the same words, whichever source found them.

    A mention by the last part of the name alone (Lin, 林德) is that person where no other one shares it.
    """
    officials = {e.span.surface for e in entities if e.label == OFFICIAL}
    full: dict[str, set[bool]] = {}
    for entity in entities:
        if entity.label in _PEOPLE:
            for part in _last_part(entity.span.surface):
                full.setdefault(part, set()).add(entity.span.surface in officials)
    officials |= {part for part, answers in full.items() if answers == {True}}
    return tuple(
        replace(e, label=OFFICIAL) if e.label == PERSON and e.span.surface in officials else e for e in entities
    )


def _last_part(name: str) -> Iterator[str]:
    """The last part of a name of several parts, as a mention may give it alone.

    >>> list(_last_part("乔·林德")), list(_last_part("Joe Lind")), list(_last_part("Lind"))
    (['林德'], ['Lind'], [])
    """
    for dot in _DOTS:
        if dot in name:
            last = name.rsplit(dot, 1)[1].strip()
            if len(last) > 1:
                yield last
            return
    if " " in name:
        yield name.rsplit(" ", 1)[1]


def share_offices(group: Group, relations: Sequence[Relation]) -> Group:
    """Who is an official in one version of an article is one in the other, where the two mentions are linked.

    `relations` are the `same_as` relations between the combined entities of the group.
    """
    labels = {_ref(item, e): e.label for item in group.items for e in item.entities}
    officials = {
        ref
        for relation in relations
        for ref, other in ((relation.head, relation.tail), (relation.tail, relation.head))
        if (labels.get(ref), labels.get(other)) == (PERSON, OFFICIAL)
    }
    if not officials:
        return group
    items = []
    for item in group.items:
        known = [replace(e, label=OFFICIAL) if _ref(item, e) in officials else e for e in item.entities]
        items.append(replace(item, entities=_with_offices(known)))
    return replace(group, items=tuple(items))


def _ref(item: Item, entity: Entity) -> Ref:
    return Ref(item.document.id, "entity", entity.start, entity.end)
