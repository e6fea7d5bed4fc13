"""Train an entity recogniser for one language from gold, on one core, the same way for the same seed."""

from __future__ import annotations

import random
import shutil
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from itertools import chain, islice
from itertools import count as count_up
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dedupe import split_keys
from corpus.document import Lang, Layer
from corpus.errors import InputError, ModelError
from corpus.report import Progress
from corpus.schema import GOLD, layers_table
from corpus.scheme import Scheme
from corpus.store import Workspace
from models.examples import Annotated, check_budget, make_examples, shuffled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.language import Language
    from spacy.training import Example
    from thinc.api import Config, Optimizer

DEFAULT_SEED = 0
SILVER = "combined"
"""The layer that stands in for gold where there is none: the pre-annotation."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A trained model: the folder that spaCy loads, and what it learnt from."""

    lang: Lang
    path: Path
    labels: tuple[str, ...]
    seed: int
    documents: int
    entities: int
    silver_documents: int
    misaligned: list[tuple[str, str]] = field(default_factory=list)
    steps: int = 0
    seconds: float = 0.0


def train(
    workspace: Workspace,
    lang: Lang,
    *,
    out: Path,
    seed: int = DEFAULT_SEED,
    leave_out: frozenset[str] = frozenset(),
    silver: bool = False,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> TrainResult:
    """Train on all gold of one language but the documents in `leave_out`, and write a spaCy model to the folder `out`.

    English begins with the vectors and the tok2vec weights of the general English model, Chinese with nothing but words
    and parts of speech. With `silver`, the pre-annotation of documents that have no gold is learnt first, but not that
    of near-duplicates or other versions of the documents in `leave_out`. `max_steps` bounds the updates; without it
    they grow with the gold up to the bound in the configuration. An existing folder `out` is replaced.

    Raises InputError where there is no gold to learn from, ModelError where too many entities have an edge inside a
    token or the folder cannot be made.
    """
    layers = workspace.read(GOLD)
    gold = annotated(workspace, lang, {id: layer for id, layer in layers.items() if id not in leave_out})
    extra: list[Annotated] = []
    if silver:
        extra = annotated(workspace, lang, silver_layers(workspace, without=leave_out))
    if not any(layer.entities for _, layer in gold):
        raise InputError(f"{workspace.root}: no gold entities in {lang!r} to learn from; run: hemu adjudicate")
    return train_on(
        gold, lang, out=out, scheme=workspace.scheme, silver=extra, seed=seed, max_steps=max_steps, progress=progress
    )


def silver_layers(workspace: Workspace, *, without: Iterable[str]) -> dict[str, Layer]:
    """The pre-annotation of documents that have no gold, by id, that a model may learn from.

    `without` are the documents to judge by. What is in their near-duplicate clusters (as `hemu dedupe` found them) or is
    their other version says what stands in them, and is left out too.
    """
    gold = workspace.read(GOLD)
    sides = split_keys(workspace)
    kept_apart = frozenset(without)
    closed = {sides[id] for id in kept_apart if id in sides}
    return {
        id: layer
        for id, layer in workspace.read(layers_table(SILVER)).items()
        if id not in gold and id not in kept_apart and sides.get(id) not in closed
    }


def annotated(workspace: Workspace, lang: Lang, layers: dict[str, Layer]) -> list[Annotated]:
    """The documents of one language with their layers, by id; those whose text has changed since are left out."""
    documents = workspace.documents()
    return [
        (documents[id], layers[id])
        for id in sorted(layers)
        if id in documents and documents[id].lang == lang and documents[id].sha == layers[id].sha
    ]


def train_on(
    gold: Sequence[Annotated],
    lang: Lang,
    *,
    out: Path,
    scheme: Scheme,
    silver: Sequence[Annotated] = (),
    seed: int = DEFAULT_SEED,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> TrainResult:
    """Like `train`, from documents in hand."""
    started = time.monotonic()
    # Before the work, since spaCy makes one level of folders only, and only at the end.
    make_folder(out.parent)
    config = read_config(lang)
    settings = dict(config.pop("training"))
    with _quiet(), seeded(seed):
        nlp = _blank(config, lang)
        made = make_examples(nlp, gold, size=settings["stretch"])
        check_budget(made, settings["misaligned_budget"], lang)
        pseudo = make_examples(nlp, silver, size=settings["stretch"])
        phases = [(pseudo.examples, settings["silver_epochs"]), (made.examples, settings["epochs"])]
        optimizer = _initialise(nlp, lang, scheme, made.examples)
        optimizer.learn_rate = settings["learn_rate"]
        steps = run_updates(nlp, optimizer, phases, settings, seed=seed, max_steps=max_steps, progress=progress)
        nlp.meta.update(
            name=f"hemu_{lang}",
            description="Named entities of policy news",
            hemu={"labels": list(scheme.label_names), "scheme": scheme.version, "seed": seed, "documents": len(gold)},
        )
        shutil.rmtree(out, ignore_errors=True)
        with nlp.use_params(optimizer.averages):
            nlp.to_disk(out)
    return TrainResult(
        lang=lang,
        path=out,
        labels=scheme.label_names,
        seed=seed,
        documents=len(gold),
        entities=made.entities,
        silver_documents=len(silver),
        misaligned=made.misaligned,
        steps=steps,
        seconds=time.monotonic() - started,
    )


def make_folder(folder: Path) -> None:
    """Make the folder that a model is to lie in; ModelError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be made: {error.strerror}; name another folder for the model") from None


def read_config(lang: Lang) -> Config:
    """The configuration of one language, `models/configs/<lang>.cfg`."""
    from thinc.api import Config

    return Config().from_str((resources.files("models") / "configs" / f"{lang}.cfg").read_text(encoding="utf-8"))


def _blank(config: Config, lang: Lang) -> Language:
    import spacy.util

    import models.words  # noqa: F401  (registers the component that zh.cfg names)

    nlp = spacy.util.load_model_from_config(config, auto_fill=True, validate=True)
    if lang == "en":
        nlp.vocab.vectors = _general_english().vocab.vectors
    return nlp


def _general_english() -> Language:
    from corpus.english import pipeline

    return pipeline()


def _initialise(nlp: Language, lang: Lang, scheme: Scheme, examples: Sequence[Example]) -> Optimizer:
    recogniser: Any = nlp.get_pipe("ner")
    # All labels of the scheme, so that a model's labels do not depend on what the gold happens to hold.
    for label in scheme.label_names:
        recogniser.add_label(label)
    optimizer = nlp.initialize(lambda: examples)
    if lang == "en":
        source: Any = _general_english().get_pipe("ner")
        try:
            recogniser.model.get_ref("tok2vec").from_bytes(source.model.get_ref("tok2vec").to_bytes())
        except (KeyError, ValueError, AttributeError) as error:
            raise ModelError(
                f"the installed English model cannot be built upon ({' '.join(str(error).split())[:120]}); "
                "its entity recogniser must be that of en_core_web_md or en_core_web_lg, version 3"
            ) from None
    return optimizer


def run_updates(
    nlp: Language,
    optimizer: Optimizer,
    phases: Iterable[tuple[Sequence[Example], int]],
    settings: dict[str, Any],
    *,
    seed: int,
    max_steps: int | None,
    progress: Progress | None,
) -> int:
    """Update `nlp` with the examples of each phase in turn, so many rounds of each; how many updates that were."""
    rng = random.Random(seed)
    plan = [(examples, *updates(len(examples), epochs, settings)) for examples, epochs in phases if examples]
    if plan:
        # A few articles are few updates a round: they are gone through more often.
        examples, size, count = plan[-1]
        a_round = -(-len(examples) // size)
        plan[-1] = (examples, size, max(count, -(-settings["min_steps"] // a_round) * a_round))
    total = sum(count for _, _, count in plan)
    total = total if max_steps is None else min(total, max_steps)
    steps = 0
    for examples, size, count in plan:
        batches = chain.from_iterable(shuffled(examples, size, rng) for _ in count_up())
        for batch in islice(batches, min(count, total - steps)):
            nlp.update(batch, sgd=optimizer, drop=settings["dropout"])
            steps += 1
            if progress:
                progress(steps, total)
    return steps


def updates(examples: int, epochs: int, settings: Mapping[str, Any]) -> tuple[int, int]:
    """The size of a batch and the number of updates for so many examples, by the settings of a language.

    A few articles take small batches and all rounds. A set of thousands of sentences would take hours so: there the
    batches grow up to "largest_batch", and then the updates end at "most_steps".

    >>> settings = {"batch": 4, "largest_batch": 32, "most_steps": 1000}
    >>> updates(100, 10, settings), updates(2000, 10, settings), updates(10000, 10, settings)
    ((4, 250), (20, 1000), (32, 1000))
    """
    most = settings["most_steps"]
    size = min(settings["largest_batch"], max(settings["batch"], -(-examples * epochs // most)))
    return size, min(most, -(-examples // size) * epochs)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers follow from `seed` while the block lasts; those of others do not change by it."""
    from thinc.api import fix_random_seed

    # spaCy and thinc draw from the global generators; what others draw after us should not be ours.
    state = random.getstate()
    fix_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # What spaCy says of entities whose edges are inside a token is counted and reported instead.
        warnings.filterwarnings("ignore", message=r"\[W030\]")
        yield
