"""Build a dataset from gold: Parquet files, a manifest and a card, in a folder that appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.collector import rarely_collected
from corpus.dataset.about import about as about_of_workspace
from corpus.dataset.arrows import feed
from corpus.dataset.features import CONFIGS, arrow_schemas
from corpus.dataset.gather import Known, windows, with_gold
from corpus.dataset.manifest import (
    FORMAT,
    Gold,
    Manifest,
    SchemeNames,
    SetAside,
    Split,
    Splits,
    Sums,
    read_manifest,
    write_manifest,
)
from corpus.dataset.raters import Ratings, annotators, pseudonyms
from corpus.dataset.rows import Made, forget, make
from corpus.dataset.splits import SPLITS, By, SplitPlan, decide_splits
from corpus.dataset.write import ClaimRows, Sink
from corpus.document import Document
from corpus.engine import cores, map_batches
from corpus.errors import InputError, WorkspaceError
from corpus.report import Progress, Skipped, StageReport
from corpus.scheme import Scheme
from corpus.store import Head, Workspace, write_atomically
from corpus.temporary import sweep

Card = Callable[[Path, Manifest, Scheme], None]
"""What writes README.md and the like into a folder that is complete but for them."""

_MANY = 1500
"""From so many documents on several processes are worth their start."""

_NAMED = 5


def document_splits(
    workspace: Workspace, documents: Iterable[Document | Head], *, held_out: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The split of each document by its id, "" of those that are set aside (see `corpus.dataset.splits`): nobody may learn
    from these, nor be judged by them.

    `held_out` names pairs, or documents that stand alone, for the test split; InputError where one is not among them.
    """
    found = list(documents)
    sides = decide_splits(workspace, found, held_out=held_out, texts=False).of
    return {document.id: sides.get(document.id, "") for document in found}


def key_of(document: Document | Head) -> str:
    """The name of an article: its pair, or the id of a document that stands alone."""
    return document.pair or document.id


@rarely_collected()
def build(
    workspace: Workspace,
    *,
    held_out: frozenset[str] = frozenset(),
    by: By = "hash",
    configs: Sequence[str] = CONFIGS,
    ratings: Ratings | None = None,
    agreement: dict[str, Any] | None = None,
    card: Card | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> StageReport:
    """Write the documents that have gold to `datasets/<version>/`, and the version to the file `datasets/latest`
    (where it has the configuration `documents`, or is the first).

    The version is made from the content: the same gold, annotations, scheme and settings give the same version, and
    nothing is written when it is there. `configs` are those to write: `documents`, `ner` (sentences with BIO tags;
    English by token, Chinese by character), `ner_words` (Chinese by word), `claims`, `parallel` (aligned sentences),
    `raters` (what each person marked: `ratings`). `held_out` names pairs (or single documents) for the test split; for
    the others see `corpus.dataset.splits`. `agreement` are plain figures for the card. Documents without gold are
    counted; those whose gold or segmentation does not fit their text, and those set aside by the splits, are named in the
    report. Memory does not grow with the number of documents, but for their names.

    Raises InputError where there is no gold, a held-out name is unknown, or entities overlap and cannot be written as
    tags; SchemeError where gold does not follow the scheme.

    Load it with `datasets.load_dataset("FOLDER/datasets/VERSION", "ner")`.
    """
    started = time.monotonic()
    report = StageReport("dataset")
    known = with_gold(workspace, report)
    # Texts are compared where they are published.
    texts = "documents" in configs
    plan = decide_splits(workspace, [one.head for one in known], held_out=held_out, by=by, texts=texts)
    for aside in plan.set_aside:
        report.skipped += [Skipped(id, aside.why) for id in aside.documents]
    known = [one for one in known if one.id in plan.of]
    if not known:
        raise InputError(f"{workspace.root}: every document with gold is set aside; {plan.set_aside[0].why}")
    run = _Run(workspace, known, plan, tuple(configs), ratings, agreement)
    temporary = workspace.folder("datasets") / f".{os.getpid()}.tmp"
    sweep(temporary.parent)
    try:
        try:
            made = run.write(temporary, workers, progress)
            folder = temporary.parent / made.version
            if _is_there(folder):
                report.unchanged = len(known)
            else:
                report.done = len(known)
                (card or _card())(temporary, made, workspace.scheme)
                with workspace.writing():
                    shutil.rmtree(folder, ignore_errors=True)
                    temporary.replace(folder)
            latest = folder.parent / "latest"
            if texts or not latest.exists():
                write_atomically(latest, f"{made.version}\n".encode())
        finally:
            run.abandon()
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise WorkspaceError(f"{temporary.parent}: cannot be written: {error.strerror or error}") from None
    rows = {config: sum(held.rows for held in sides.values()) for config, sides in made.configs.items()}
    without = report.notes.pop("documents without gold")
    documents = Counter(plan.of[one.id] for one in known)
    report.notes = {
        "version": made.version,
        "path": str(folder),
        **rows,
        **{f"{split} documents": documents[split] for split in SPLITS},
        "documents without gold": without,
        "entities lost in ner": made.lost_entities,
        "entities over the edge of an aligned sentence": run.over_edges,
        **{f"annotations left out: {why}": n for why, n in (ratings.left_out if ratings else {}).items() if n},
    }
    report.seconds = time.monotonic() - started
    return report


def build_without_text(workspace: Workspace, version: str, *, progress: Progress | None = None) -> str:
    """Make of a version one without texts, beside it (see `corpus.dataset.without_text`); returns the name of that.

    Raises InputError where the version has no texts.
    """
    from corpus.dataset.without_text import without_text

    folder = workspace.folder("datasets")
    temporary = folder / f".without.{os.getpid()}.tmp"
    try:
        try:
            temporary.mkdir(parents=True)
            made = without_text(folder / version, temporary, progress=progress)
            target = folder / made.version
            if not _is_there(target):
                _card()(temporary, made, workspace.scheme)
                with workspace.writing():
                    shutil.rmtree(target, ignore_errors=True)
                    temporary.replace(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return made.version


def _is_there(folder: Path) -> bool:
    """Whether the folder holds a version that is complete; one of an earlier form of the folder is built anew."""
    try:
        return (folder / "README.md").is_file() and bool(read_manifest(folder).version)
    except InputError:
        return False


def _card() -> Card:
    from corpus.dataset.card import write_card

    return write_card


@dataclass
class _Run:
    """One build: what is summed up while rows are written."""

    workspace: Workspace
    known: list[Known]
    plan: SplitPlan
    configs: tuple[str, ...]
    ratings: Ratings | None
    agreement: dict[str, Any] | None
    over_edges: int = 0
    sinks: dict[tuple[str, str], Sink] = field(default_factory=dict)
    claims: ClaimRows | None = None
    sums: dict[str, dict[str, dict[str, Counter[str]]]] = field(default_factory=dict)
    sources: Counter[str] = field(default_factory=Counter)
    years: Counter[str] = field(default_factory=Counter)

    def write(self, folder: Path, workers: int | None, progress: Progress | None) -> Manifest:
        """Write all files but the card into the folder; returns the manifest, which is written too."""
        workspace, ids = self.workspace, [one.id for one in self.known]
        schemas = arrow_schemas(workspace.scheme)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.claims = ClaimRows(folder / ".claims")
        names = pseudonyms(self.ratings, ids) if self.ratings else {}
        tasks = (
            (window, self.configs, workspace.scheme)
            for window in windows(workspace, self.known, self.plan.of, self.ratings, names)
        )
        gold, done = hashlib.sha256(), 0
        number = workers or (cores() if len(self.known) >= _MANY else 1)
        for made in map_batches(make, tasks, workers=number):
            self._refuse_lost(made)
            feed(gold, made.gold)
            self._add(made, folder, schemas)
            done += made.documents
            if progress:
                progress(done, len(self.known))
        waiting = {split: self._sink("claims", split, folder, schemas) for split in self.claims.splits()}
        self.claims.pour(waiting)
        shutil.rmtree(folder / ".claims", ignore_errors=True)
        configs = self._close(folder)
        manifest = self._manifest(configs, gold.hexdigest(), ids)
        write_manifest(folder, manifest)
        return manifest

    def abandon(self) -> None:
        """Close whatever is open."""
        forget()
        if self.claims:
            self.claims.abandon()
        for sink in self.sinks.values():
            sink.abandon()

    def _refuse_lost(self, made: Made) -> None:
        if made.lost:
            some = "; ".join(made.lost[:_NAMED]) + ("; …" if len(made.lost) > _NAMED else "")
            raise InputError(
                f"{len(made.lost)} gold entities overlap others and cannot be written as tags: {some}; correct the gold"
            )

    def _sink(self, config: str, split: str, folder: Path, schemas: dict[str, Any]) -> Sink:
        if (config, split) not in self.sinks:
            self.sinks[config, split] = Sink(folder / config, split, schemas[config])
        return self.sinks[config, split]

    def _add(self, made: Made, folder: Path, schemas: dict[str, Any]) -> None:
        assert self.claims is not None
        who = iter(self.claims.claimants.add(made.said))
        for config, sides in made.tables.items():
            for split, table in sides.items():
                if config == "claims":
                    self.claims.add(split, table, islice(who, len(table)))
                elif len(table):
                    self._sink(config, split, folder, schemas).add(table)
        self.over_edges += made.over_edges
        self.sources += made.sums.sources
        self.years += made.sums.years
        for what, of in made.sums.of.items():
            for split, by_lang in of.items():
                for lang, counts in by_lang.items():
                    self.sums.setdefault(what, {}).setdefault(split, {}).setdefault(lang, Counter()).update(counts)

    def _close(self, folder: Path) -> dict[str, dict[str, Split]]:
        found: dict[str, dict[str, Split]] = {}
        for config in CONFIGS:
            for split in SPLITS:
                sink = self.sinks.get((config, split))
                # A file without rows is one that `load_dataset` cannot read.
                if sink is not None and sink.rows:
                    found.setdefault(config, {})[split] = sink.close(folder)
        return found

    def _manifest(self, configs: dict[str, dict[str, Split]], gold: str, ids: Sequence[str]) -> Manifest:
        workspace, plan = self.workspace, self.plan
        scheme = _scheme(workspace.scheme)
        made = Counter(one.made for one in self.known)
        settings: dict[str, Any] = {
            "by": plan.by,
            "held_out": list(plan.proof.get("held_out", ())),
            **({"until": list(plan.until)} if plan.until else {}),
            "configs": [config for config in CONFIGS if config in self.configs],
        }
        name = workspace.setting("dataset", "name", "corpus")
        licence = workspace.setting("dataset", "licence", "other")
        citation = workspace.setting("dataset", "citation", "")
        about = about_of_workspace(workspace)
        digest = hashlib.sha256()
        for part in (FORMAT, name, licence, citation, about, settings, asdict(scheme), self.agreement):
            digest.update(json.dumps(part, sort_keys=True).encode())
        digest.update(json.dumps([[aside.documents, aside.why] for aside in plan.set_aside]).encode())
        digest.update(gold.encode())
        for (config, split), sink in sorted(self.sinks.items()):
            digest.update(f"\n{config} {split} {sink.rows} {sink.digest.hexdigest()}".encode())
        counted = annotators(self.ratings, ids) if self.ratings else None
        return Manifest(
            format=FORMAT,
            version=digest.hexdigest()[:12],
            name=name,
            licence=licence,
            citation=citation,
            text=True,
            hemu=metadata.version("hemu"),
            code=code_digest(),
            scheme=scheme,
            gold=Gold(gold, len(ids), dict(sorted(made.items()))),
            annotators=counted,
            agreement=self.agreement,
            settings=settings,
            configs=configs,
            splits=Splits(plan.proof, tuple(SetAside(a.documents, a.why) for a in plan.set_aside)),
            counts=self._sums(),
            lost_entities=0,
            extra={"about": about, "over_edges": self.over_edges},
        )

    def _sums(self) -> Sums:
        order = [split for split in SPLITS if split in self.sums.get("documents", {})]
        plain: dict[str, Any] = {
            what: {
                split: {lang: dict(counts) for lang, counts in sorted(of[split].items())}
                for split in order
                if split in of
            }
            for what, of in self.sums.items()
        }
        pairs: dict[str, set[str]] = {split: set() for split in order}
        langs: dict[str, set[str]] = {}
        for one in self.known:
            if one.pair:
                langs.setdefault(one.pair, set()).add(one.head.lang)
                pairs[self.plan.of[one.id]].add(one.pair)
        whole = {split: sum(len(langs[pair]) > 1 for pair in of) for split, of in pairs.items()}
        return Sums(**plain, pairs=whole, sources=_most(self.sources), years=dict(sorted(self.years.items())))


_SOURCES = 200


def _most(counts: Counter[str]) -> dict[str, int]:
    """The most frequent, "" for those without a name; what is beyond so many is counted as "…"."""
    order = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    found = dict(order[:_SOURCES])
    if len(order) > _SOURCES:
        found["…"] = sum(number for _, number in order[_SOURCES:])
    return found


def _scheme(scheme: Scheme) -> SchemeNames:
    said = json.dumps(asdict(scheme), sort_keys=True, ensure_ascii=True)
    return SchemeNames(
        scheme.version,
        hashlib.sha256(said.encode()).hexdigest()[:12],
        scheme.label_names,
        tuple(t.name for t in scheme.claim_types),
        tuple(s.name for s in scheme.stances),
        tuple(a.name for a in scheme.policy_areas),
    )


@cache
def code_digest() -> str:
    """A digest of the source files that make rows: 12 hexadecimal digits."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for name in _CODE:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]


_CODE = tuple(
    f"{name}.py"
    for name in [
        "arrows",
        "bio",
        "claim_rows",
        "claimants",
        "features",
        "gather",
        "held",
        "marks",
        "pair_rows",
        "rater_rows",
        "rows",
        "tagging",
    ]
)
