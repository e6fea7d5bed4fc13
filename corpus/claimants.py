"""Whether a gold and a predicted claim are made by the same one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from corpus.document import AUTHOR, Claim, Document, Entity, Lang, Layer
from corpus.language import HAN

if TYPE_CHECKING:
    from corpus.metrics import Marked

_HAN = re.compile(f"[{HAN}]")

OneClaimant = Callable[[str, Claim, Claim], bool]
"""Whether a gold and a predicted claim of the document of this id have one claimant."""


def claimants(pairs: Sequence[tuple[Marked, Marked | None]], languages: Mapping[str, Lang]) -> OneClaimant:
    """What tells whether two claims have one claimant, from pairs of gold and predicted documents.

    The same text is one claimant, and so are two that name one linked entity: by the knowledge base, by `same_as`
    relations, or as the short and the full name in one article. Who is who is looked up when two texts first differ.
    """
    known: list[_WhoIsWho] = []

    def one(document: str, gold: Claim, predicted: Claim) -> bool:
        a, b = gold.claimant.strip(), predicted.claimant.strip()
        if a == b or AUTHOR in (a, b) or not a or not b:
            return a == b
        if not known:
            known.append(_WhoIsWho(pairs, languages))
        return known[0].same(document, gold, predicted)

    return one


class _WhoIsWho:
    """The actors of what is scored, gold and prediction taken together."""

    def __init__(self, pairs: Sequence[tuple[Marked, Marked | None]], languages: Mapping[str, Lang]) -> None:
        from corpus.network.actors import Actors

        self.actors = Actors()
        self.versions: dict[str, tuple[Document, Layer]] = {}
        articles: dict[str, str] = {}
        for gold, predicted in pairs:
            layers = (gold, predicted) if predicted is not None else (gold,)
            # Of two marks on the same stretch the one that is linked counts, and else that of gold.
            marks = {
                (e.start, e.end): e for e in sorted((e for x in reversed(layers) for e in x.entities), key=_is_linked)
            }
            relations = tuple(r for x in layers for r in getattr(x, "relations", ()))
            id = gold.document
            lang: Lang = languages.get(id) or _language(gold)
            claims = tuple(c for x in layers for c in x.claims)
            layer = Layer(id, gold.sha, "", "", tuple(marks[at] for at in sorted(marks)), claims, relations)
            self.versions[id] = (Document(id, "", lang, ""), layer)
            for relation in relations:
                articles[relation.head.document] = articles.get(relation.tail.document, relation.tail.document)
        together: dict[str, list[tuple[Document, Layer]]] = {}
        for id, version in self.versions.items():
            together.setdefault(articles.get(id, id), []).append(version)
        for versions in together.values():
            self.actors.add(versions)

    def same(self, document: str, gold: Claim, predicted: Claim) -> bool:
        one, other = (self.actors.of_claim(claim, *self.versions[document]) for claim in (gold, predicted))
        return one.id == other.id


def _is_linked(entity: Entity) -> bool:
    return bool(entity.link)


def _language(layer: Marked) -> Lang:
    """The language of a document of which nothing but its marks is known."""
    return "zh" if any(_HAN.search(e.span.surface) for e in layer.entities) else "en"
