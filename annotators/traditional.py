"""Traditional Chinese is annotated as Simplified, which models, lists and rules are made for, and handed back as it was.

Offsets are the same in both (`corpus.script.simplified`); only words that are copied out of the text are translated back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from corpus.document import Claim, Document, Entity, Group, Item, Layer, Span, Target
from corpus.script import simplified


def as_simplified(group: Group) -> Group:
    """The group with its Chinese texts in Simplified characters; the group itself where they are that already."""
    items = tuple(_as_simplified(item) for item in group.items)
    return group if all(a is b for a, b in zip(items, group.items, strict=True)) else replace(group, items=items)


def _as_simplified(item: Item) -> Item:
    document = item.document
    text = simplified(document.text) if document.lang == "zh" else document.text
    if text == document.text:
        return item
    read = replace(document, text=text)
    return replace(item, document=read, segments=replace(item.segments, sha=read.sha))


def restored_items(items: Iterable[Item], group: Group) -> tuple[Item, ...]:
    """Items of a group that was read as Simplified, with the documents, segments and words of `group`."""
    return tuple(
        read
        if read.document is own.document
        else replace(
            own,
            entities=_entities(read.entities, own.document),
            claims=_claims(read.claims, read.document, own.document),
        )
        for read, own in zip(items, group.items, strict=True)
    )


def restored_layers(layers: Iterable[Layer], read: Group, group: Group) -> tuple[Layer, ...]:
    """Layers made of a group that was read as Simplified, as layers of `group`."""
    texts = {a.document.id: (a.document, b.document) for a, b in zip(read.items, group.items, strict=True)}
    result = []
    for layer in layers:
        before, after = texts[layer.document]
        if before is not after:
            entities, claims = _entities(layer.entities, after), _claims(layer.claims, before, after)
            layer = replace(layer, sha=after.sha, entities=entities, claims=claims)
        result.append(layer)
    return tuple(result)


def _entities(entities: Iterable[Entity], own: Document) -> tuple[Entity, ...]:
    return tuple(replace(entity, span=own.span(entity.start, entity.end)) for entity in entities)


def _claims(claims: Iterable[Claim], read: Document, own: Document) -> tuple[Claim, ...]:
    return tuple(
        replace(
            claim,
            span=own.span(claim.start, claim.end),
            claimant=own.text[slice(*claim.claimant_span)]
            if claim.claimant_span
            else _words(claim.claimant, read, own, Span(0, len(own.text), "")),
            targets=tuple(
                Target(*(_words(words, read, own, claim.span) for words in (target.value, target.unit, target.by)))
                for target in claim.targets
            ),
        )
        for claim in claims
    )


def _words(words: str, read: Document, own: Document, within: Span) -> str:
    """What `own` has where `words`, copied out of `read`, stand in it."""
    at = read.text.find(words, within.start, within.end) if words else -1
    return own.text[at : at + len(words)] if at >= 0 else words
