"""Train a claim spotter for one language from gold: which clauses are claims, of which type and stance.

What may be a claim in a text, and what is known of it, comes from outside (`Reader`), since this room does not know how
clauses are found. The model is a folder that spaCy loads; `corpus.spotting` says how a text is shown to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.document import Claim, Lang
from corpus.errors import InputError, ModelError
from corpus.report import Progress
from corpus.schema import GOLD
from corpus.scheme import Scheme
from corpus.segment.spacy_models import load_model
from corpus.spotting import CLAIMS, STANCES, Candidate, Reading, docs_of, features_of, log_odds, odds_of
from corpus.spotting_model import register
from corpus.store import Workspace, check_sha, write_atomically
from models.examples import Annotated
from models.logistic import fit_logistic
from models.sources import annotated, silver_layers
from models.train import DEFAULT_SEED, make_folder
from models.updates import run_updates, seeded
from models.work import replaced

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example
    from thinc.api import Config, Optimizer

Reader = Callable[[Sequence[Annotated]], Mapping[str, Reading]]
"""What makes the readings of documents with their layers, by id."""

LEAST = 0.5
"""A candidate is a gold claim when the two share this much of the characters of their union, as `corpus.metrics` says."""


START = (0.5, 0.0)
"""How the log odds of a model are scaled and moved where there is too little gold to find out."""


@dataclass(frozen=True, slots=True)
class ClaimsResult:
    """A trained spotter and what it learnt from; of the `claims`, `reached` are those that some candidate is."""

    lang: Lang
    path: Path
    types: tuple[str, ...]
    stances: tuple[str, ...]
    seed: int
    documents: int
    claims: int
    reached: int
    silver_documents: int
    steps: int = 0
    seconds: float = 0.0


def train_claims(
    workspace: Workspace,
    lang: Lang,
    *,
    out: Path,
    read: Reader,
    seed: int = DEFAULT_SEED,
    leave_out: frozenset[str] = frozenset(),
    silver: bool = False,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> ClaimsResult:
    """Train on the claims of all gold of one language but the documents in `leave_out`, and write the folder `out`.

    With `silver`, the claims of the pre-annotation of documents without gold are learnt first, but not those of
    near-duplicates or other versions of the documents in `leave_out`. Raises InputError where gold has no claims,
    ModelError where gold has types or stances that the scheme does not have, or the folder cannot be made.
    """
    layers = workspace.read(GOLD)
    gold = annotated(workspace, lang, {id: layer for id, layer in layers.items() if id not in leave_out})
    if not any(layer.claims for _, layer in gold):
        raise InputError(f"{workspace.root}: no gold claims in {lang!r} to learn from; run: hemu adjudicate")
    extra = annotated(workspace, lang, silver_layers(workspace, without=leave_out)) if silver else []
    return train_claims_on(
        gold, lang, out=out, read=read, scheme=workspace.scheme, silver=extra, seed=seed, max_steps=max_steps,
        progress=progress,
    )  # fmt: skip


def train_claims_on(
    gold: Sequence[Annotated],
    lang: Lang,
    *,
    out: Path,
    read: Reader,
    scheme: Scheme,
    silver: Sequence[Annotated] = (),
    seed: int = DEFAULT_SEED,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> ClaimsResult:
    """Like `train_claims`, from documents in hand."""
    started = time.monotonic()
    make_folder(out.parent)
    _check(gold, scheme)
    settings = dict(read_config()["training"])
    readings = {**read(silver), **read(gold)}
    features = features_of(readings[document.id] for document, _ in gold)

    def fit(pairs: Sequence[Annotated], tell: Progress | None) -> tuple[Language, Optimizer, int]:
        nlp = _blank(lang, len(features))
        nlp.meta.update(hemu={"features": features})
        phases = [_examples(nlp, part, readings, features, settings) for part in (silver, pairs)]
        if not phases[-1]:
            raise InputError(f"{out}: no clause of the gold documents may be a claim; nothing to learn from")
        optimizer = _initialise(nlp, scheme, phases[-1], settings)
        plan = list(zip(phases, (settings["silver_epochs"], settings["epochs"]), strict=True))
        return (
            nlp,
            optimizer,
            run_updates(nlp, optimizer, plan, settings, seed=seed, max_steps=max_steps, progress=tell),
        )

    calibration = list(START)
    with seeded(seed):
        judges = gold[:: settings["judges"]] if len(gold) >= 2 * settings["judges"] else []
        if judges:
            ids = {document.id for document, _ in judges}
            nlp, optimizer, _ = fit([pair for pair in gold if pair[0].id not in ids], None)
            with nlp.use_params(optimizer.averages):
                calibration = calibrated(nlp, judges, readings)
    with seeded(seed):
        nlp, optimizer, steps = fit(gold, progress)
        nlp.meta.update(
            name=f"hemu_claims_{lang}",
            description="Claims of policy news",
            hemu={
                "types": _names(scheme)[0],
                "stances": _names(scheme)[1],
                "features": features,
                "calibration": calibration,
                "scheme": scheme.version,
                "seed": seed,
                "documents": len(gold),
            },
        )
        with nlp.use_params(optimizer.averages), replaced(out) as folder:
            nlp.to_disk(folder)
    return ClaimsResult(
        lang=lang,
        path=out,
        types=tuple(_names(scheme)[0]),
        stances=tuple(_names(scheme)[1]),
        seed=seed,
        documents=len(gold),
        claims=sum(len(layer.claims) for _, layer in gold),
        reached=sum(len(set(_targets(readings[d.id], layer.claims).values())) for d, layer in gold),
        silver_documents=len(silver),
        steps=steps,
        seconds=time.monotonic() - started,
    )


def calibrated(nlp: Language, judges: Iterable[Annotated], readings: Mapping[str, Reading]) -> list[float]:
    """By what the log odds of a model are to be multiplied, and what is to be added, so that they are right on average
    in documents that it has not learnt from: Platt scaling, drawn to `START`."""
    rows, right = [], []
    for document, layer in judges:
        reading = readings[document.id]
        targets = _targets(reading, layer.claims)
        for n, odds in enumerate(odds_of(nlp, reading)):
            rows.append([log_odds(odds.claim), 1.0])
            right.append(float(n in targets))
    if not rows:
        return list(START)
    weights = fit_logistic(np.array(rows), np.array(right), np.array([5.0, 1.0]), np.array(START))
    return [round(max(0.0, float(weights[0])), 4), round(float(weights[1]), 4)]


def read_config() -> Config:
    """The configuration of the spotter, `models/configs/claims.cfg`."""
    from thinc.api import Config

    return Config().from_str(config_text())


def config_text() -> str:
    """The text of the configuration."""
    return (resources.files("models") / "configs" / "claims.cfg").read_text(encoding="utf-8")


def load_claims(folder: Path, scheme: Scheme) -> Language:
    """The spotter in `folder`, if its types and stances are those of the scheme; else ModelError."""
    register()
    nlp = load_model(folder)
    names = nlp.meta.get("hemu", {})
    for what, wanted in zip(("types", "stances"), _names(scheme), strict=True):
        if set(names.get(what, ())) != set(wanted):
            other = ", ".join(sorted(set(names.get(what, ())).symmetric_difference(wanted)))
            raise ModelError(
                f"{folder}: the model's {what} of claims differ from the scheme's ({other}); train it again"
            )
    return nlp


def _names(scheme: Scheme) -> tuple[list[str], list[str]]:
    return [kind.name for kind in scheme.claim_types], [stance.name for stance in scheme.stances]


def _check(gold: Iterable[Annotated], scheme: Scheme) -> None:
    types, stances = _names(scheme)
    for document, layer in gold:
        check_sha(document, layer.sha, f"the layer {layer.source!r}")
        for claim in layer.claims:
            for what, name, names in (("type", claim.type, types), ("stance", claim.stance, stances)):
                if name not in names:
                    raise ModelError(
                        f"{document.id}: a gold claim has the {what} {name!r}, which the scheme does not have "
                        f"({', '.join(names)}); run: hemu migrate"
                    )


def _blank(lang: Lang, features: int) -> Language:
    import spacy.util

    register()
    config = read_config()
    config.pop("training")
    config["nlp"]["lang"] = lang
    if lang == "zh":
        # Never used: the words are those of the reading. The default would load jieba.
        config["nlp"]["tokenizer"] = {"@tokenizers": "spacy.zh.ChineseTokenizer", "segmenter": "char"}
    for name in (CLAIMS, STANCES):
        config["components"][name]["model"]["features"] = features
    return spacy.util.load_model_from_config(config, auto_fill=True, validate=True)


def _initialise(nlp: Language, scheme: Scheme, examples: Sequence[Example], settings: Mapping[str, Any]) -> Optimizer:
    for name, labels in zip((CLAIMS, STANCES), _names(scheme), strict=True):
        component: Any = nlp.get_pipe(name)
        # All names of the scheme, so that what a model may say does not depend on what the gold happens to hold.
        for label in labels:
            component.add_label(label)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = settings["learn_rate"]
    optimizer.L2 = settings["weight_decay"]
    return optimizer


def _examples(
    nlp: Language,
    pairs: Iterable[Annotated],
    readings: Mapping[str, Reading],
    features: Sequence[str],
    settings: Mapping[str, Any],
) -> list[Example]:
    from spacy.training import Example

    out = []
    for document, layer in pairs:
        reading = readings[document.id]
        targets = _targets(reading, layer.claims)
        for doc, inside in docs_of(reading, nlp.vocab, features, settings["stretch"]):
            if inside:
                out.append(Example(doc, _reference(doc, [targets.get(n) for n in inside])))
    return out


def _reference(doc: Doc, claims: Sequence[Claim | None]) -> Doc:
    from spacy.tokens import Span

    from corpus.spotting import CANDIDATES

    reference = doc.copy()
    spans = list(zip(doc.spans[CANDIDATES], claims, strict=True))
    for key, name in ((CLAIMS, "type"), (STANCES, "stance")):
        reference.spans[key] = [
            Span(reference, span.start, span.end, label=getattr(claim, name)) for span, claim in spans if claim
        ]
    return reference


def _targets(reading: Reading, claims: Sequence[Claim]) -> dict[int, Claim]:
    """The gold claim that a candidate is, by the number of the candidate."""
    out: dict[int, Claim] = {}
    for n, candidate in enumerate(reading.candidates):
        shares = [(shared(candidate, claim.start, claim.end), -k) for k, claim in enumerate(claims)]
        best, k = max(shares, default=(0.0, 0))
        if best >= LEAST:
            out[n] = claims[-k]
    return out


def shared(candidate: Candidate, start: int, end: int) -> float:
    """How much of their union a candidate and a stretch share, with or without the candidate's subject.

    >>> shared(Candidate(0, 5, 10, {}), 5, 10), shared(Candidate(0, 0, 10, {}), 5, 10)
    (1.0, 0.5)
    """

    def share(first: int) -> float:
        common = min(candidate.end, end) - max(first, start)
        return max(0, common) / (max(candidate.end, end) - min(first, start))

    return max(share(candidate.start), share(candidate.body))


def note_admitted(folder: Path, names: Sequence[str]) -> None:
    """Write into the meta data of a model, of entities or of claims, the labels or types that it is to propose."""
    path = folder / "meta.json"
    meta = json.loads(path.read_text(encoding="utf-8"))
    meta["hemu"]["admitted"] = list(names)
    write_atomically(path, json.dumps(meta, ensure_ascii=False, indent=1).encode())
