"""A claim spotter that hemu has trained, as an annotator ("claims-model:PATH"), and what such a spotter learns from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annotators.claims import group_drafts, group_topics
from annotators.claims.find import Draft
from annotators.claims.spotter import LEAST, claims_of, reading
from annotators.lists import lists_digest
from annotators.registry import Stage
from annotators.traditional import as_simplified
from corpus.document import Claim, Group, Item, Lang, Layer
from corpus.errors import ModelError
from corpus.model_folder import locate, read_meta
from corpus.segment.spacy_models import load_model
from corpus.spotting import CLAIMS, STANCES, Odds, Reading, odds_of
from corpus.spotting_model import register

if TYPE_CHECKING:
    from collections import Counter

    from spacy.language import Language

NAME = "claims-model"


def readings(groups: Iterable[Group]) -> Iterator[tuple[str, Reading]]:
    """What a spotter is shown of each document, by id; the items of the groups hold their entities."""
    for group in groups:
        for item, found in group_drafts(as_simplified(group)):
            yield item.document.id, reading(item, found)


@dataclass
class ClaimsModel:
    """A trained spotter as an annotator; documents of another language are left out."""

    nlp: Language
    lang: Lang
    version: str
    types: frozenset[str]
    least: float = LEAST
    name: str = NAME
    stage: Stage = "claims"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each document of the group in the model's language."""
        if not self.types or all(item.document.lang != self.lang for item in group.items):
            return []
        topics = group_topics(group)
        return [
            Layer(
                item.document.id,
                item.document.sha,
                self.name,
                self.version,
                claims=self._claims(item, found, topics),
            )
            for item, found in group_drafts(group)
            if item.document.lang == self.lang
        ]

    def odds(self, item: Item, found: list[Draft]) -> list[Odds]:
        """What the model says of each draft of a document in its language."""
        return odds_of(self.nlp, reading(item, found))

    def _claims(self, item: Item, found: list[Draft], topics: Counter[str] | None) -> tuple[Claim, ...]:
        odds = self.odds(item, found)
        return claims_of(
            item, found, odds, types=self.types, least=self.least, topics=topics, source=self.name
        )  # fmt: skip


def trained_claims(path: str) -> ClaimsModel:
    """The spotter in the folder `path`, as `hemu train --claims` writes it, or in the installed package of that name.

    Where its meta data names the types that the gate admitted, it proposes those only. Raises ModelError, in one line,
    where the folder holds no model of spaCy, or one that spots no claims.
    """
    folder = locate(path)
    meta = read_meta(folder, "hemu train --claims")
    lang, pipes, own = meta["lang"], meta["pipeline"], meta.get("hemu") or {}
    if CLAIMS not in pipes or STANCES not in pipes or "features" not in own:
        raise ModelError(f"{path}: the model spots no claims; expected a folder that hemu train --claims wrote")
    register()
    nlp = load_model(folder)
    admitted = own.get("admitted")
    types = frozenset(nlp.pipe_labels.get(CLAIMS, ()) if admitted is None else admitted)
    # What it is shown comes from the cues: with other lists it says something else.
    return ClaimsModel(nlp, lang, f"{folder.name}-{_digest(folder)}-{lists_digest('claims', knowledge=False)}", types)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
