"""What a model is to learn from and to be judged by, and the version that follows from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.dataset.build import document_splits, key_of
from corpus.dedupe import split_keys
from corpus.document import LANGUAGES, Lang, Layer
from corpus.errors import InputError
from corpus.schema import GOLD, layer_row
from corpus.store import Workspace
from models.claims import config_text
from models.config import Recipe, read_recipe
from models.examples import Annotated
from models.public import Named, PublicSet, read_sets
from models.sources import annotated, silver_layers

_FORMAT = 4
_LEARNT = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model is to learn from and to be judged by, and the version that follows from it.

    `claims` are the languages whose gold has claims, where spotters of claims are to be trained. `public` is further gold,
    not judged by. `articles` names the article of each document to judge by: its versions and near-duplicates share it.
    `gold_digest` is that of the gold to learn from, `configs` are digests of the configurations.
    """

    version: str
    gold: dict[Lang, list[Annotated]]
    silver: dict[Lang, list[Annotated]]
    test: list[Annotated]
    claims: tuple[Lang, ...] = ()
    public: tuple[PublicSet, ...] = ()
    articles: Mapping[str, str] = field(default_factory=dict)
    gold_digest: str = ""
    configs: Mapping[Lang, str] = field(default_factory=dict)

    def of_others(self, lang: Lang) -> list[Annotated]:
        """What the public sets have in one language."""
        return [pair for found in self.public for pair in found.gold[lang]]

    def learnt(self) -> list[Annotated]:
        """All that is learnt from."""
        return [*flat(self.gold), *flat(self.silver), *(pair for lang in self.gold for pair in self.of_others(lang))]


def make_plan(
    workspace: Workspace,
    *,
    seed: int,
    held_out: frozenset[str],
    silver: bool,
    max_steps: int | None,
    claims: bool = False,
    public: Sequence[Named] = (),
    pinned: Iterable[str] = (),
    recipes: Mapping[Lang, Recipe] | None = None,
) -> Plan:
    """What there is to learn from, what to judge by, and the version. With `claims`, spotters of claims are trained too.

    The documents to judge by are those of the dataset's test split, of the pairs `held_out`, and those `pinned` that still
    have gold: what models were judged by stays so, wherever the splits are drawn as the corpus grows.

    Raises InputError where there is no gold, or nothing is left to learn from.
    """
    layers = workspace.read(GOLD)
    by_lang = {lang: annotated(workspace, lang, layers) for lang in LANGUAGES}
    everything = flat(by_lang)
    if not everything:
        raise InputError(f"{workspace.root}: no document has gold annotation to learn from; run: hemu adjudicate")
    keys = {document.id: key_of(document) for document, _ in everything}
    documents = [document for document, _ in everything]
    splits = document_splits(workspace, documents, held_out=held_out)
    if moved := {keys[id] for id in pinned if id in keys and splits[id] != "test"}:
        splits = document_splits(workspace, documents, held_out=held_out | moved)
    # What the splits have set aside is neither learnt from nor judged by.
    gold = {lang: [p for p in pairs if splits[p[0].id] in _LEARNT] for lang, pairs in by_lang.items()}
    gold = {lang: pairs for lang, pairs in gold.items() if any(layer.entities for _, layer in pairs)}
    if not gold:
        raise InputError(f"{workspace.root}: all gold is held out, nothing is left to learn from; annotate more")
    test = [p for p in everything if splits[p[0].id] == "test"]
    extra: dict[Lang, list[Annotated]] = {}
    if silver:
        # Copies of an article to judge by, and its other version, would tell the model what stands in it.
        combined = silver_layers(workspace, without=(document.id for document, _ in test))
        extra = {lang: annotated(workspace, lang, combined) for lang in gold}
    sets = tuple(read_sets(public, scheme=workspace.scheme, gold=flat(gold), test=test))
    spotted = tuple(lang for lang, pairs in gold.items() if claims and any(layer.claims for _, layer in pairs))
    parts = [json.dumps([_FORMAT, seed, silver, max_steps, workspace.scheme.version, *workspace.scheme.label_names])]
    configs = {lang: (recipes or {}).get(lang) or read_recipe(lang) for lang in gold}
    parts += [recipe.text for recipe in configs.values()]
    for what, pairs in (("gold", flat(gold)), ("silver", flat(extra)), ("test", test)):
        parts += [what, *_entity_lines(pairs)]
    parts += [json.dumps(["public", found.name, found.digest]) for found in sets]
    if spotted:
        parts += ["claims", config_text()]
        parts += [v.name for v in (*workspace.scheme.claim_types, *workspace.scheme.stances)]
        for pairs in (flat(gold), flat(extra), test):
            parts += [json.dumps([document.sha, _claim_marks(layer)]) for document, layer in pairs]
    sides = split_keys(workspace)
    return Plan(
        digest("\n".join(parts)),
        gold,
        extra,
        test,
        spotted,
        sets,
        {document.id: sides.get(document.id, keys[document.id]) for document, _ in test},
        digest("\n".join(_entity_lines(flat(gold)))),
        {lang: digest(recipe.text) for lang, recipe in configs.items()},
    )


def digest(text: str) -> str:
    """Twelve hexadecimal digits that follow from a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def flat(by_lang: Mapping[Lang, Sequence[Annotated]]) -> list[Annotated]:
    """The documents of all languages."""
    return [pair for pairs in by_lang.values() for pair in pairs]


def _entity_lines(pairs: Iterable[Annotated]) -> list[str]:
    return [json.dumps([document.sha, _marks(layer)]) for document, layer in pairs]


def _marks(layer: Layer) -> list[Any]:
    return [[e["start"], e["end"], e["label"]] for e in layer_row(layer)["entities"]]


def _claim_marks(layer: Layer) -> list[Any]:
    return [[c["start"], c["end"], c["type"], c["stance"]] for c in layer_row(layer)["claims"]]
