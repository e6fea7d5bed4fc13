"""From the gold of a workspace to the file of `annotators.gold_names`: what is learnt, and which labels may be proposed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotators.choose import choose
from annotators.gold_names import (
    FILE,
    SOURCE,
    GoldNames,
    Name,
    annotator_name,
    balance,
    labels_in_favour,
    learn,
    write,
)
from annotators.pipeline import Pipeline, groups_of
from annotators.traditional import as_simplified
from corpus.dedupe import split_keys
from corpus.document import LANGUAGES, Document, Entity, Lang, Layer
from corpus.report import Progress
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Head, Workspace

# Articles that say which labels are of use; beyond so many there is nothing more to learn from them.
_JUDGES = 200


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was written: the annotator's name (None where gold confirms nothing), how many names, and the labels that
    are proposed, by language. `articles` were looked at to tell."""

    annotator: str | None
    names: Mapping[Lang, int]
    admitted: Mapping[Lang, Sequence[str]]
    articles: int


def current(workspace: Workspace) -> str | None:
    """The annotator of the names that were confirmed when last somebody ran `hemu retrain`, None where there are none."""
    return annotator_name(workspace.root / "models" / FILE)


def refresh(
    workspace: Workspace,
    names: Sequence[str],
    *,
    leave_out: Collection[str] = (),
    weighed: bool = True,
    progress: Progress | None = None,
) -> Confirmed:
    """Learn the names that gold confirms, ask gold which labels of them are of use, and write the file.

    `names` are the other annotators, in the order of priority. `leave_out` are the documents that models are judged by:
    nothing is learnt from them. An article does not judge what is known from itself alone.
    """
    heads = {head.id: head for head in workspace.heads()}
    sides = split_keys(workspace)
    layers = {
        id: layer
        for id, layer in workspace.read(GOLD).items()
        if id in heads and heads[id].sha == layer.sha and id not in leave_out
    }
    judges = _judges(heads.values(), layers)
    documents = workspace.fetch(DOCUMENTS, {*layers, *(head.id for members in judges for head in members)})
    gold = {id: (documents[id], layer) for id, layer in layers.items()}
    articles = {id: sides.get(id, id) for id in gold}
    learnt = learn((document, layer, articles[id]) for id, (document, layer) in gold.items())
    path = workspace.root / "models" / FILE
    if not learnt:
        path.unlink(missing_ok=True)
        return Confirmed(None, {}, {}, 0)
    groups = [[documents[head.id] for head in members] for members in judges]
    admitted = _admitted(
        groups, gold, learnt, articles, [n for n in names if not n.startswith(f"{SOURCE}:")], weighed, progress
    )
    with workspace.writing():
        annotator = write(path, learnt, articles, admitted)
    kept = Counter(n.lang for n in learnt if n.label in admitted.get(n.lang, ()))
    return Confirmed(annotator, kept, admitted, len(groups))


def _judges(heads: Iterable[Head], gold: Collection[str]) -> list[list[Head]]:
    """The articles with gold, with their other versions; where they are many some, and mostly the same ones each time."""
    groups = [members for members in groups_of(heads) if any(member.id in gold for member in members)]
    groups.sort(key=lambda members: hashlib.sha256(members[0].id.encode("utf-8", "surrogatepass")).digest())
    return groups[:_JUDGES]


def _admitted(
    groups: Sequence[Sequence[Document]],
    gold: Mapping[str, tuple[Document, Layer]],
    learnt: Sequence[Name],
    articles: Mapping[str, str],
    others: Sequence[str],
    weighed: bool,
    progress: Progress | None,
) -> dict[Lang, list[str]]:
    pipeline = Pipeline(others, weighed=weighed)
    known = GoldNames(learnt, articles)
    order = [SOURCE, *pipeline.order]
    sums: dict[Lang, Counter[str]] = {lang: Counter() for lang in LANGUAGES}
    for number, members in enumerate(groups):
        if progress:
            progress(number, len(groups))
        group = as_simplified(pipeline.segmented(members))
        layers = pipeline.proposals(group)
        without = pipeline.choose(group, layers).group
        given = choose(group, [*layers, *known.annotate(group)], order, pipeline.links, pipeline.tables).group
        for bare, item in zip(without.items, given.items, strict=True):
            if item.document.id in gold:
                right: tuple[Entity, ...] = gold[item.document.id][1].entities
                sums[item.document.lang].update(balance(right, bare.entities, item.entities))
    return labels_in_favour(sums, {name.label for name in learnt})
