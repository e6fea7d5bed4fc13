"""What `hemu evaluate` scores: gold, a prediction, perhaps another one to compare with, and what was learnt before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.cli.console import progress
from corpus.cli.show import layers_of

if TYPE_CHECKING:
    from corpus.document import Document, Lang, Layer
    from corpus.metrics import Marked
    from corpus.scheme import Scheme
    from corpus.store import Workspace
    from models.counts import Names

IN_USE = "accepted"
"""What `--against` calls the model in use."""

SPLITS = ("test", "validation", "train", "all")


@dataclass(frozen=True)
class Subject:
    """What is scored. `articles` says which documents are drawn together, `names` are those that were learnt.

    Names are told apart in the documents `judged`; `rival` is what is compared with. Without `claims`, models of entities
    are scored. `notes` are said to who asks, a line each.
    """

    gold: Sequence[Marked]
    found: Sequence[Marked]
    documents: Mapping[str, Document]
    articles: Mapping[str, str]
    names: Names | None = None
    judged: frozenset[str] | None = None
    names_from: str = ""
    rival: Sequence[Marked] | None = None
    rival_name: str = ""
    claims: bool = True
    notes: list[str] = field(default_factory=list)

    @property
    def languages(self) -> dict[str, Lang]:
        return {layer.document: self.documents[layer.document].lang for layer in self.gold}

    def only(self, ids: Iterable[str]) -> Subject:
        """The same for some of the documents."""
        kept = set(ids)
        rival = None if self.rival is None else [x for x in self.rival if x.document in kept]
        gold, found = ([x for x in layers if x.document in kept] for layers in (self.gold, self.found))
        return replace(self, gold=gold, found=found, rival=rival)


def of_files(
    gold: str, predicted: str | None, left_out: frozenset[str], model: Path | None, scheme: Scheme, learnt: str | None
) -> Subject:
    """A gold file, and a file that was predicted, or what a model or hemu itself finds in the texts of the gold file."""
    from corpus.jsonl import read_documents
    from corpus.metrics import read_marked
    from models.evaluate import predict_all

    wanted, _ = read_marked(gold)
    documents = {document.id: document for _, _, document in read_documents(gold)}
    articles = {id: document.pair or id for id, document in documents.items()}
    subject = Subject(wanted, (), documents, articles)
    if learnt is not None:
        subject = replace(subject, names=names_in(learnt), names_from=learnt)
    if model is not None:
        found: Sequence[Marked] = predict_all(model_folders(model), list(documents.values()), scheme=scheme)
        return _known_to(replace(subject, found=found, claims=False), model)
    if predicted is not None:
        return replace(subject, found=read_marked(predicted)[0])
    with tempfile.TemporaryDirectory() as temporary:
        path = str(Path(temporary) / "predicted.jsonl")
        _annotate(gold, path, left_out)
        return replace(subject, found=read_marked(path)[0])


def of_workspace(workspace: Workspace, layer: str, model: Path | None, split: str, learnt: str | None) -> Subject:
    """The gold of a workspace, and what a layer or a model says of its documents, in one split or in all."""
    from corpus.dataset.build import key_of
    from corpus.dataset.splits import plan_splits
    from corpus.dedupe import split_keys
    from corpus.errors import InputError
    from corpus.schema import GOLD
    from models.counts import names_of
    from models.evaluate import predict_all
    from models.gate import read_pin
    from models.versions import accepted

    gold = workspace.read(GOLD)
    if not gold:
        raise InputError(f"{workspace.root}: there is no gold yet; run: hemu adjudicate, or hemu gold import FILE")
    documents, sides = workspace.documents(), split_keys(workspace)
    current = {id: x for id, x in gold.items() if id in documents and documents[id].sha == x.sha}
    splits = plan_splits(workspace, [documents[id] for id in current]).of
    articles = {id: sides.get(id, key_of(documents[id])) for id in current}
    layers = layers_of(workspace, layer) if model is None else {}
    found = [x for x in layers.values() if x.document in gold and x.sha == gold[x.document].sha]
    wanted = list(gold.values()) if model is None else list(current.values())
    subject = Subject(wanted, found, documents, articles)
    in_train = [(documents[id], x) for id, x in current.items() if splits.get(id) == "train"]
    outside = frozenset(id for id in current if splits.get(id) != "train")
    if learnt is not None:
        subject = replace(subject, names=names_in(learnt), names_from=learnt)
    elif in_train:
        subject = replace(subject, names=names_of(in_train), judged=outside, names_from="the train split")
    if split != "all":
        chosen = {id for id in current if splits.get(id) == split}
        if model is not None and split == "test":
            # What models were judged by stays so, wherever the splits are drawn.
            pin = read_pin(workspace)
            chosen |= current.keys() & pin.documents.keys() if pin else set()
        subject = subject.only(chosen)
    if model is not None:
        subject = _known_to(subject, model)
        shown = [documents[x.document] for x in subject.gold]
        predicted = predict_all(model_folders(model), shown, scheme=workspace.scheme)
        subject = replace(subject, found=predicted, claims=False)
    elif layer == "combined" and (used := accepted(workspace)) is not None:
        taught = learnt_from(used) & {x.document for x in subject.gold}
        if taught:
            subject.notes.append(
                f"{len(taught)} of these {len(subject.gold)} documents taught the model in use, which flatters it; "
                "--split test scores the others"
            )
    if not subject.gold:
        raise InputError(f"{workspace.root}: no document with gold is left to score; choose another --split")
    return subject


def _known_to(subject: Subject, model: Path) -> Subject:
    """Without the documents that a model has learnt from, and with the names that it knows."""
    from models.counts import read_names

    taught = learnt_from(model)
    kept = [x.document for x in subject.gold if x.document not in taught]
    if len(kept) < len(subject.gold):
        subject.notes.append(f"{len(subject.gold) - len(kept)} documents that {model} has learnt from are left out")
        subject = subject.only(kept)
    names = read_names(model) or read_names(model.parent)
    if names is None:
        return subject
    return replace(subject, names=names, judged=None, names_from=str(model))


def with_rival(subject: Subject, against: str, scheme: Scheme, workspace: Workspace | None) -> Subject:
    """The same with what it is compared with: a prediction file, a model, the model in use, or a layer."""
    from corpus.errors import InputError
    from corpus.metrics import read_marked
    from models.evaluate import predict_all
    from models.versions import accepted

    path = Path(against).expanduser()
    model = accepted(workspace) if against == IN_USE and workspace is not None else path if path.is_dir() else None
    if against == IN_USE and workspace is None and not path.exists():
        raise InputError(f"--against {IN_USE}: name the workspace whose model is in use: -w FOLDER")
    if against == IN_USE and workspace is not None and model is None:
        raise InputError(f"{workspace.root}: no model is in use yet; run: hemu retrain")
    if model is not None:
        taught = learnt_from(model)
        kept = [x.document for x in subject.gold if x.document not in taught]
        if not kept:
            raise InputError(f"{model}: has learnt from all of these documents; nothing is left to compare on")
        if len(kept) < len(subject.gold):
            subject.notes.append(
                f"{len(subject.gold) - len(kept)} documents that {model} has learnt from are left out on both sides"
            )
            subject = subject.only(kept)
        shown = [subject.documents[x.document] for x in subject.gold]
        rival: Sequence[Marked] = predict_all(model_folders(model), shown, scheme=scheme)
        return replace(subject, rival=rival, rival_name=str(model), claims=False)
    shas = {x.document: subject.documents[x.document].sha for x in subject.gold}
    if path.is_file() or workspace is None:
        layers: Iterable[Marked] = (x for x in read_marked(against)[0] if x.document in shas)
    else:
        layers = (x for x in layers_of(workspace, against).values() if x.sha == shas.get(x.document))
    return replace(subject, rival=list(layers), rival_name=against)


def names_in(path: str) -> Names:
    """The names in a gold file that something has learnt from."""
    from corpus.metrics import read_marked
    from models.counts import folded

    layers, languages = read_marked(path)
    return frozenset((languages[x.document], e.label, folded(e.span.surface)) for x in layers for e in x.entities)


def model_folders(model: Path) -> dict[Lang, Path]:
    """The folders by language of a model: of `hemu retrain`, or one that spaCy loads."""
    import json

    from corpus.document import LANGUAGES
    from corpus.errors import ModelError
    from models.versions import folders

    found = folders(model)
    meta = model / "meta.json"
    if not found and meta.is_file():
        try:
            lang = json.loads(meta.read_text(encoding="utf-8")).get("lang")
        except (OSError, ValueError) as error:
            raise ModelError(f"{meta}: cannot be read ({error})") from None
        found = {name: model for name in LANGUAGES if name == lang}
    if not found:
        raise ModelError(
            f"{model}: no model there; expected a folder with en/ or zh/ as hemu train and retrain make it"
        )
    return found


def learnt_from(model: Path) -> frozenset[str]:
    """The documents that a model has learnt from, as far as that is recorded."""
    from models.versions import read_model

    for folder in (model, model.parent):
        if (folder / "model.json").is_file():
            return frozenset(read_model(folder).get("learnt_from", ()))
    return frozenset()


def known(gold: str) -> frozenset[str]:
    """The entries of the knowledge base with a name that is a mention in the gold file, in its language."""
    from corpus.knowledge import entries_named
    from corpus.metrics import read_marked

    layers, languages = read_marked(gold)
    names: dict[Lang, set[str]] = {"en": set(), "zh": set()}
    for layer in layers:
        names[languages[layer.document]].update(e.span.surface for e in layer.entities)
    return entries_named(names)


def without_claims(layers: Iterable[Marked]) -> list[Layer]:
    """The entities alone."""
    from corpus.document import Layer

    return [Layer(x.document, x.sha, "", "", x.entities) for x in layers]


def _annotate(gold: str, path: str, left_out: frozenset[str]) -> None:
    from annotators.pipe import annotate_rows

    if not left_out:
        with progress("annotate") as update:
            annotate_rows(gold, path, progress=update)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # In a process of its own: what this one has made from the knowledge base still holds all entries.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(_annotate_without, gold, path, left_out).result()


def _annotate_without(gold: str, path: str, left_out: frozenset[str]) -> None:
    from annotators.pipe import annotate_rows
    from corpus.knowledge import leave_out

    leave_out(left_out)
    annotate_rows(gold, path, workers=1)
