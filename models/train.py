"""Train an entity recogniser for one language from gold, on one core, the same way for the same seed.

A training that was interrupted goes on where it was (`models.checkpoint`), and ends with the weights that it would have
had; on a GPU, where sums are not the same each time, nearly.
"""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.document import Lang
from corpus.errors import InputError, ModelError
from corpus.report import Progress, Skipped
from corpus.schema import GOLD
from corpus.scheme import Scheme
from corpus.store import Workspace
from models.checkpoint import Checkpoints, Keeper
from models.config import Recipe, make_pipeline, read_recipe
from models.device import CPU, device, fast_products
from models.examples import Annotated, Examples, check_budget, make_examples
from models.sources import annotated, not_used, public_gold, silver_layers
from models.updates import go_through, seeded, updater
from models.work import replaced

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example
    from thinc.api import Optimizer

DEFAULT_SEED = 0
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A trained model: the folder that spaCy loads, and what it learnt from.

    What could not be taught is named: entities with an edge inside a token (`misaligned`) or that overlap another one, as
    (document, surface), of gold, silver and public sets together; and documents that were `skipped`. `resumed` is the
    number of updates that an earlier, interrupted call had made. `inputs` is a digest of all that the weights follow from.
    """

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
    public_documents: int = 0
    overlapping: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    words: int = 0
    resumed: int = 0
    device: str = CPU
    inputs: str = ""


def train(
    workspace: Workspace,
    lang: Lang,
    *,
    out: Path,
    seed: int = DEFAULT_SEED,
    leave_out: frozenset[str] = frozenset(),
    silver: bool = False,
    public: Sequence[Path] = (),
    max_steps: int | None = None,
    recipe: Recipe | None = None,
    gpu: str = "none",
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
) -> TrainResult:
    """Train on all gold of one language but the documents in `leave_out`, and write a spaCy model to the folder `out`.

    English begins with the vectors and the tok2vec weights of the general English model, Chinese with nothing but words
    and parts of speech; another `recipe` (`models.config.read_recipe`) may say otherwise. With `silver`, the
    pre-annotation of documents that have no gold is learnt first, but not that of near-duplicates or other versions of the
    documents in `leave_out`. Then come the files `public`, gold of others as JSON Lines, without what is a copy of a
    document of the workspace's gold or in `leave_out`. `max_steps` bounds the updates; without it they grow with the gold
    up to the bound in the configuration. An existing folder `out` is replaced. `gpu` as in `models.device.device`.

    Raises InputError where there is no gold to learn from, ModelError where too many entities cannot be taught, gold has
    labels that the scheme does not have, or the folder cannot be made.
    """
    layers = {id: layer for id, layer in workspace.read(GOLD).items() if id not in leave_out}
    gold = annotated(workspace, lang, layers)
    skipped = not_used(workspace, layers)
    extra: list[Annotated] = []
    if silver:
        pseudo = silver_layers(workspace, without=leave_out)
        extra = annotated(workspace, lang, pseudo)
        skipped += not_used(workspace, pseudo)
    others: list[Annotated] = []
    if public:
        others, more = public_gold(workspace, lang, public, gold=gold, leave_out=leave_out)
        skipped += more
    if not any(layer.entities for _, layer in gold):
        if not any(layer.entities for _, layer in others):
            raise InputError(f"{workspace.root}: no gold entities in {lang!r} to learn from; run: hemu adjudicate")
        gold, others = [*others, *gold], []
    return train_on(
        gold, lang, out=out, scheme=workspace.scheme, silver=extra, public=others, seed=seed, max_steps=max_steps,
        recipe=recipe, gpu=gpu, checkpoints=checkpoints, skipped=skipped, progress=progress,
    )  # fmt: skip


def train_on(
    gold: Sequence[Annotated],
    lang: Lang,
    *,
    out: Path,
    scheme: Scheme,
    silver: Sequence[Annotated] = (),
    public: Sequence[Annotated] = (),
    seed: int = DEFAULT_SEED,
    max_steps: int | None = None,
    recipe: Recipe | None = None,
    gpu: str = "none",
    checkpoints: Checkpoints | None = None,
    skipped: Sequence[Skipped] = (),
    progress: Progress | None = None,
) -> TrainResult:
    """Like `train`, from documents in hand; `skipped` goes into the result. Silver is learnt first, then `public`."""
    started = time.monotonic()
    recipe = recipe or read_recipe(lang)
    if recipe.lang != lang:
        raise InputError(f"{recipe.name}: the configuration is for language {recipe.lang!r}, the gold in {lang!r}")
    # Before the work, since spaCy makes one level of folders only, and only at the end.
    make_folder(out.parent)
    parts = {"silver": silver, "public": public, "gold": gold}
    for name, pairs in parts.items():
        _check_labels(pairs, scheme, name)
    with _quiet(), device(gpu) as where, seeded(seed):
        digest = _digest(recipe, scheme, parts, seed=seed, max_steps=max_steps, where=where)
        nlp, how = make_pipeline(recipe)
        if recipe.settings["general_english"]:
            nlp.vocab.vectors = _vectors(where)
        made = {name: _examples(nlp, pairs, recipe, name) for name, pairs in parts.items()}
        optimizer = _initialise(nlp, recipe, scheme, made["gold"].examples, how["optimizer"])
        keeper = Keeper(checkpoints or Checkpoints(), out, digest, nlp, optimizer)
        resumed = keeper.resume()
        settings = {
            **recipe.settings,
            "dropout": how["dropout"],
            "batcher": how["batcher"] if recipe.own_batches else None,
        }
        settings |= {key: how[key] for key in ("max_epochs", "max_steps")}
        epochs = [recipe.settings[key] for key in ("silver_epochs", "public_epochs", "epochs")]
        phases = [(part.examples, n) for part, n in zip(made.values(), epochs, strict=True)]
        with fast_products(nlp) if where == CPU else nullcontext():
            steps, words = go_through(
                phases, settings, updater(nlp, optimizer, how), seed=seed, max_steps=max_steps, progress=progress,
                first=resumed, after=keeper.after,
            )  # fmt: skip
        _describe(nlp, recipe, scheme, seed=seed, documents=len(gold), digest=digest)
        _write(nlp, optimizer, how, out)
        keeper.remove()
    return TrainResult(
        lang=lang,
        path=out,
        labels=scheme.label_names,
        seed=seed,
        documents=len(gold),
        entities=made["gold"].entities,
        silver_documents=len(silver),
        misaligned=[bad for part in made.values() for bad in part.misaligned],
        steps=steps,
        seconds=time.monotonic() - started,
        public_documents=len(public),
        overlapping=[bad for part in made.values() for bad in part.overlapping],
        skipped=[*skipped, *(Skipped(id, "has no text") for part in made.values() for id in part.empty)],
        words=words,
        resumed=resumed,
        device=where,
        inputs=digest,
    )


def make_folder(folder: Path) -> None:
    """Make the folder that a model is to lie in; ModelError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be made: {error.strerror}; name another folder for the model") from None


def _check_labels(pairs: Iterable[Annotated], scheme: Scheme, what: str) -> None:
    for document, layer in pairs:
        for entity in layer.entities:
            if entity.label not in scheme.label_names:
                raise ModelError(
                    f"{document.id}: an entity of the {what} has the label {entity.label!r}, which the scheme does not have "
                    f"({', '.join(scheme.label_names)}); run: hemu migrate"
                )


def _digest(
    recipe: Recipe,
    scheme: Scheme,
    parts: Mapping[str, Sequence[Annotated]],
    *,
    seed: int,
    max_steps: int | None,
    where: str,
) -> str:
    """A digest of everything that the weights follow from."""
    from importlib.metadata import version

    made = hashlib.sha256()
    packages = {name: version(name) for name in ("hemu", "spacy", "thinc", "numpy")}
    base = [_general_name() if recipe.settings["general_english"] else "", *_files(recipe)]
    made.update(
        json.dumps([_FORMAT, recipe.text, list(scheme.label_names), seed, max_steps, where, packages, base]).encode()
    )
    for name, pairs in parts.items():
        made.update(name.encode())
        for document, layer in pairs:
            made.update(json.dumps([document.sha, [[e.start, e.end, e.label] for e in layer.entities]]).encode())
    return made.hexdigest()[:16]


def _files(recipe: Recipe) -> Iterator[list[Any]]:
    """The files under the paths that a configuration names: pre-trained weights, vectors."""
    for value in recipe.config.interpolate().get("paths", {}).values():
        if isinstance(value, str) and Path(value).exists():
            for path in sorted([Path(value), *Path(value).rglob("*")]):
                if path.is_file():
                    yield [path.name, path.stat().st_size, path.stat().st_mtime_ns]


def _examples(nlp: Language, pairs: Sequence[Annotated], recipe: Recipe, what: str) -> Examples:
    made = make_examples(nlp, pairs, size=recipe.settings["stretch"])
    check_budget(made, recipe.settings["misaligned_budget"], f"{recipe.lang}, {what}")
    return made


def _general_english() -> Language:
    from corpus.segment.english import pipeline

    return pipeline()


def _general_name() -> str:
    from corpus.segment.english import model_name

    return model_name()


def _vectors(where: str) -> Any:
    vectors = _general_english().vocab.vectors
    # On a GPU they are moved there, which those of the pipeline that reads English must not be.
    return vectors if where == CPU else type(vectors)().from_bytes(vectors.to_bytes())


def _initialise(
    nlp: Language, recipe: Recipe, scheme: Scheme, examples: Sequence[Example], optimizer: Optimizer
) -> Optimizer:
    recogniser: Any = nlp.get_pipe("ner")
    # All labels of the scheme, so that a model's labels do not depend on what the gold happens to hold.
    for label in scheme.label_names:
        recogniser.add_label(label)
    try:
        nlp.initialize(lambda: examples, sgd=optimizer)
    except Exception as error:  # weights that are not there, a component without gold of its own: many kinds
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{recipe.name}: the pipeline cannot be set up ({reason})") from None
    if set(nlp.pipe_labels.get("ner", ())) != set(scheme.label_names):
        other = ", ".join(sorted(set(nlp.pipe_labels["ner"]).symmetric_difference(scheme.label_names)))
        raise ModelError(f"{recipe.name}: gives the recogniser other labels than those of the scheme ({other})")
    if recipe.settings["general_english"]:
        source: Any = _general_english().get_pipe("ner")
        try:
            recogniser.model.get_ref("tok2vec").from_bytes(source.model.get_ref("tok2vec").to_bytes())
        except (KeyError, ValueError, AttributeError) as error:
            raise ModelError(
                f"the installed English model cannot be built upon ({' '.join(str(error).split())[:120]}); "
                "its entity recogniser must be that of en_core_web_md or en_core_web_lg, version 3"
            ) from None
    return optimizer


def _describe(nlp: Language, recipe: Recipe, scheme: Scheme, *, seed: int, documents: int, digest: str) -> None:
    from importlib.metadata import version

    import models.words

    nlp.meta.update(
        name="hemu",
        description="Named entities of policy news",
        hemu={
            "labels": list(scheme.label_names),
            "scheme": scheme.version,
            "seed": seed,
            "documents": documents,
            "inputs": digest,
        },
    )
    if any(nlp.get_pipe_meta(name).factory == models.words.NAME for name in nlp.pipe_names):
        # `spacy package` makes a package of it that brings the component.
        nlp.meta["requirements"] = [f"hemu>={version('hemu')}"]


def _write(nlp: Language, optimizer: Optimizer, how: Mapping[str, Any], out: Path) -> None:
    with nlp.use_params(optimizer.averages or {}), replaced(out) as folder:
        written = how["before_to_disk"](nlp) if how["before_to_disk"] else nlp
        written.to_disk(folder)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # What spaCy says of entities whose edges are inside a token is counted and reported instead.
        warnings.filterwarnings("ignore", message=r"\[W030\]")
        yield
