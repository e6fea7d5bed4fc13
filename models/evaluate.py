"""Score a trained model alone on documents that have gold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.document import Document, Entity, Lang, Layer, Span, without_overlaps
from corpus.errors import ModelError
from corpus.metrics import Marked, Scores, score
from corpus.scheme import Scheme
from corpus.segment.spacy_models import encodable, load_model
from models.counts import Axes, Counts, Names, count
from models.examples import Annotated, stretches

if TYPE_CHECKING:
    from spacy.language import Language

_STRETCH = 1000


def evaluate_model(folders: Mapping[Lang, Path], gold: Sequence[Annotated], *, scheme: Scheme) -> Scores:
    """The scores of the models in `folders` (by language) on documents with gold.

    A document in a language without a model counts as predicted empty. Claims, which these models do not propose, are
    left out on both sides. Raises ModelError where a model cannot be loaded or its labels do not fit the scheme.
    """
    predicted = predict_all(folders, [document for document, _ in gold], scheme=scheme)
    return score(entities_only(gold), predicted, languages={document.id: document.lang for document, _ in gold})


def predict_all(folders: Mapping[Lang, Path], documents: Sequence[Document], *, scheme: Scheme) -> list[Layer]:
    """What the models in `folders` find in the documents; those in a language without a model are left out."""
    return [layer for lang in folders for layer in predict(folders[lang], documents, scheme=scheme)]


def entities_only(gold: Iterable[Annotated]) -> list[Layer]:
    """The gold without claims, which entity models do not propose."""
    return [Layer(layer.document, layer.sha, layer.source, "", layer.entities) for _, layer in gold]


def scored(
    gold: Sequence[Annotated],
    *predictions: Sequence[Marked],
    articles: Mapping[str, str],
    names: Names | None = None,
    judged: frozenset[str] | None = None,
) -> list[Counts]:
    """The counts of each prediction of the entities of `gold`, on the same axes, so that two can be compared."""
    wanted = entities_only(gold)
    languages = {document.id: document.lang for document, _ in gold}
    axes = Axes.of(wanted, *predictions, languages=languages, articles=articles)
    return [
        count(axes, wanted, [x for x in layers if x.document in languages], names=names, judged=judged)
        for layers in predictions
    ]


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
    nlp = _load(folder, _stamp(folder))
    labels = set(nlp.meta.get("hemu", {}).get("labels", ())) or set(nlp.pipe_labels.get("ner", ()))
    if labels != set(scheme.label_names):
        other = ", ".join(sorted(labels.symmetric_difference(scheme.label_names)))
        raise ModelError(f"{folder}: the model's labels differ from those of the scheme ({other}); train it again")
    return nlp


def _stamp(folder: Path) -> tuple[int, ...]:
    """Changes when another model is written to the folder."""
    files = (folder / "meta.json", folder / "config.cfg")
    return tuple(file.stat().st_mtime_ns for file in files if file.exists())


@lru_cache(maxsize=4)
def _load(folder: Path, _: tuple[int, ...]) -> Language:
    import models.words  # noqa: F401  (registers the component that Chinese models name)

    return load_model(folder)
