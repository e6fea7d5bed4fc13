"""What is read of a document once and serves all its pieces: normalised text, parse or tagged words, policy areas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from annotators import light
from annotators.claims.areas import Areas
from annotators.claims.cues import normal
from annotators.claims.tags import NO_TAGS, Tags, tags_of
from corpus.document import Item, Lang

if TYPE_CHECKING:
    from spacy.tokens import Doc


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, the same as the cues expect it, its parse (English; else None), its words (Chinese) and its areas."""

    text: str
    plain: str
    lang: Lang
    doc: Doc | None
    tags: Tags
    areas: Areas


def read(item: Item) -> Reading:
    """The reading of a document; that of the last few documents is kept."""
    return _read(item.document.text, item.document.lang, tuple(item.segments.sentences), light.is_on())


@lru_cache(maxsize=16)
def _read(text: str, lang: Lang, sentences: tuple[tuple[int, int], ...], _light: bool) -> Reading:
    plain = normal(text, lang)
    if lang == "zh":
        return Reading(text, plain, lang, None, tags_of(text, sentences), Areas.of(plain, lang))
    from corpus.segment.english import parse

    return Reading(text, plain, lang, parse(text), NO_TAGS, Areas.of(plain, lang))
