"""Gold layers as training examples of spaCy: stretches of whole lines, with the entities that tokens can hold."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.document import Document, Entity, Layer, without_overlaps
from corpus.errors import ModelError
from corpus.segment.spacy_models import encodable
from corpus.store import check_sha

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example

Range = tuple[int, int]
Annotated = tuple[Document, Layer]


@dataclass
class Examples:
    """Training examples, how many entities they were made of, and those that cannot be taught, as (document, surface).

    `misaligned` are entities whose edges fall inside a token, or which begin with white space, which no recogniser of
    spaCy may find; `overlapping` those that share a character with another one that is taught. `empty` are the documents
    that have no text.
    """

    examples: list[Example] = field(default_factory=list)
    entities: int = 0
    misaligned: list[tuple[str, str]] = field(default_factory=list)
    overlapping: list[tuple[str, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def stretches(text: str, size: int, entities: Sequence[Entity] = ()) -> Iterator[Range]:
    """Cut a text into stretches of whole lines, of `size` characters or a little more, none through an entity.

    Joined again they are the text.

    >>> list(stretches("一行\\n二行\\n三行", 4))
    [(0, 6), (6, 8)]
    """
    start = 0
    for at, character in enumerate(text, 1):
        if character == "\n" and at - start >= size and not any(e.start < at < e.end for e in entities):
            yield start, at
            start = at
    if start < len(text):
        yield start, len(text)


def make_examples(nlp: Language, annotated: Iterable[Annotated], *, size: int) -> Examples:
    """Examples of `nlp`'s language from documents with a layer each; `size` is that of a stretch, in characters.

    An entity with an edge inside a token cannot be taught; it is named, and the tokens that it touches are left open
    rather than taught to hold no name. Of entities that overlap, the longest is taught, of the same length the first.
    Raises StaleTextError where a layer was made for another text.
    """
    from spacy.training import Example

    made = Examples()
    for document, layer in annotated:
        check_sha(document, layer.sha, f"the layer {layer.source!r}")
        if not document.text:
            made.empty.append(document.id)
        taught, overlapping = _apart(layer.entities)
        made.entities += len(layer.entities)
        made.overlapping += [(document.id, entity.span.surface) for entity in overlapping]
        for start, end in stretches(document.text, size, layer.entities):
            inside = [e for e in taught if start <= e.start and e.end <= end]
            covered = [e for e in overlapping if start <= e.start and e.end <= end]
            predicted = prepared(nlp, document.text[start:end])
            reference = predicted.copy()
            bad = _set_entities(reference, inside, covered, start)
            made.examples.append(Example(predicted, reference))
            made.misaligned += [(document.id, entity.span.surface) for entity in bad]
    return made


def _apart(entities: Sequence[Entity]) -> tuple[list[Entity], list[Entity]]:
    """Entities that do not overlap, in order, and those that do overlap one of these."""
    taught = without_overlaps(sorted(entities, key=lambda e: (e.start - e.end, e.start)))
    kept = {id(entity) for entity in taught}
    return list(taught), [entity for entity in entities if id(entity) not in kept]


def prepared(nlp: Language, text: str) -> Doc:
    """The text as the recogniser of `nlp` meets it: tokenised, and through all components before "ner" that do not learn."""
    doc = nlp.make_doc(encodable(text))
    frozen = nlp.config["training"].get("frozen_components", ())
    for name, component in nlp.pipeline:
        if name == "ner":
            break
        if name in frozen or not getattr(component, "is_trainable", False):
            doc = component(doc)
    return doc


def _set_entities(doc: Doc, entities: Sequence[Entity], covered: Sequence[Entity], origin: int) -> list[Entity]:
    """Set the entities of `doc`; those that its tokens cannot hold. Of the tokens of the `covered` ones nothing is said."""
    spans, bad = [], []
    open_tokens: set[int] = set()
    for entity in entities:
        start, end = entity.start - origin, entity.end - origin
        span = doc.char_span(start, end, label=entity.label)
        if span is None or span[0].is_space:
            bad.append(entity)
            open_tokens.update(_touched(doc, start, end))
        else:
            spans.append(span)
    for entity in covered:
        open_tokens.update(_touched(doc, entity.start - origin, entity.end - origin))
    open_tokens.difference_update(token.i for span in spans for token in span)
    doc.set_ents(spans, missing=[doc[i : i + 1] for i in sorted(open_tokens)], default="outside")
    return bad


def _touched(doc: Doc, start: int, end: int) -> list[int]:
    return [token.i for token in doc.char_span(start, end, alignment_mode="expand") or ()]


def check_budget(made: Examples, budget: float, what: str) -> None:
    """Raises ModelError where more than `budget` (a part of 1) of the entities cannot be taught."""
    lost = [*made.misaligned, *made.overlapping]
    if made.entities and len(lost) / made.entities > budget:
        why = "begin or end inside a token" if made.misaligned else ""
        why += f"{' or ' if why else ''}overlap another one" if made.overlapping else ""
        shown = "; ".join(f"{document}: {surface!r}" for document, surface in lost[:3])
        raise ModelError(
            f"{what}: {len(lost)} of {made.entities} entities {why} ({shown}); "
            f"expected at most {budget:.0%}: look at the edges of these entities"
        )


def write_docbin(made: Examples, path: Path) -> None:
    """Write the examples as a file that `spacy train` and `spacy debug data` read."""
    from spacy.tokens import DocBin

    DocBin(docs=(example.reference for example in made.examples), store_user_data=False).to_disk(path)


def shuffled(examples: Sequence[Example], size: int, rng: random.Random) -> Iterator[list[Example]]:
    """The examples in random order, in batches of `size`."""
    order = list(examples)
    rng.shuffle(order)
    for start in range(0, len(order), size):
        yield order[start : start + size]
