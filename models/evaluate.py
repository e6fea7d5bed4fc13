"""Score a trained model alone on documents that have gold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.document import Document, Entity, Lang, Layer, Span, without_overlaps
from corpus.errors import ModelError
from corpus.metrics import Marked, Scores, score
from corpus.scheme import Scheme
from corpus.spacy_models import encodable, load_model
from models.examples import Annotated, stretches

if TYPE_CHECKING:
    from spacy.language import Language

_STRETCH = 1000


def evaluate(
    predicted: Iterable[Marked], gold: Iterable[Marked], *, languages: dict[str, Lang] | None = None
) -> Scores:
    """Score any prediction, of a model alone or of a whole pre-annotation; see `corpus.metrics.score`."""
    return score(gold, predicted, languages=languages)


def evaluate_model(folders: dict[Lang, Path], gold: Sequence[Annotated], *, scheme: Scheme) -> Scores:
    """The scores of the models in `folders` (by language) on documents with gold.

    A document in a language without a model counts as predicted empty. Claims, which these models do not propose, are
    left out on both sides. Raises ModelError where a model cannot be loaded or its labels do not fit the scheme.
    """
    documents = [document for document, _ in gold]
    predicted = [layer for lang in folders for layer in predict(folders[lang], documents, scheme=scheme)]
    entities_only = [Layer(layer.document, layer.sha, layer.source, "", layer.entities) for _, layer in gold]
    return score(entities_only, predicted, languages={document.id: document.lang for document in documents})


def predict(folder: Path, documents: Iterable[Document], *, scheme: Scheme) -> Iterator[Layer]:
    """What the model in `folder` finds in the documents that are in its language, without white space at the edges."""
    nlp = load(folder, scheme)
    for document in documents:
        if document.lang != nlp.lang:
            continue
        found: list[Entity] = []
        for start, end in stretches(document.text, _STRETCH):
            for ent in nlp(encodable(document.text[start:end])).ents:
                first = start + ent.end_char - len(ent.text.lstrip())
                last = start + ent.start_char + len(ent.text.rstrip())
                if first < last:
                    found.append(Entity(Span.of(document.text, first, last), ent.label_, source="model"))
        yield Layer(document.id, document.sha, "model", folder.parent.name, without_overlaps(found))


def load(folder: Path, scheme: Scheme) -> Language:
    """The spaCy model in `folder`, if its labels are those of the scheme.

    Raises ModelError where the folder holds no whole model, or one that was trained for other labels.
    """
    nlp = _load(folder)
    labels = set(nlp.meta.get("hemu", {}).get("labels", ())) or set(nlp.pipe_labels.get("ner", ()))
    if labels != set(scheme.label_names):
        other = ", ".join(sorted(labels.symmetric_difference(scheme.label_names)))
        raise ModelError(f"{folder}: the model's labels differ from those of the scheme ({other}); train it again")
    return nlp


@lru_cache(maxsize=4)
def _load(folder: Path) -> Language:
    import models.words  # noqa: F401  (registers the component that Chinese models name)

    return load_model(folder)
