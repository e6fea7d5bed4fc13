"""Near-duplicates: copies, updates and excerpts of one text, found in a workspace and joined into clusters.

Candidates are documents of one language whose fingerprints share enough (corpus/shingles.py); each candidate is then
compared shingle by shingle. How alike two texts are is said by containment, the share of the shorter text's shingles that
the other has too: an update adds paragraphs, a short copy is a part of the long one. Paragraphs that stand in many
otherwise different articles (about the agency, a quoted slogan) do not count.

A cluster is what such likeness, and being the two versions of one article, joins directly or through others. It is named
after its oldest member, so that names stay when the corpus grows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpus.document import Document
from corpus.report import Progress, StageReport
from corpus.schema import DOCUMENTS, Table
from corpus.shingles import Hashes, Sketch, shingle_set, sketch
from corpus.store import Head, Workspace

__all__ = ["CLUSTERS", "Cluster", "Edge", "Likeness", "Member", "clusters", "compare", "dedupe", "groups", "split_keys"]

Kind = Literal["same text", "near-duplicate", "contained"]

THRESHOLD = 0.5
"""From which containment on two texts are taken for copies of one."""

# Fewer shared shingles than this are a phrase that anybody may use.
_SHARED_MIN = 20
# Fingerprints are a sample: a candidate may show less likeness by them than it turns out to have.
_SLACK = 0.5
# Each document is compared with so many of those that share a hash with it and come before it: copies of copies are joined
# through one another, and a paragraph that all articles of a source share costs no more than this.
_NEIGHBOURS = 8
# A paragraph belongs to no story where so many documents have it that differ in the rest, of all that have it such a share.
_COMMON, _DIFFERENT = 5, 0.35
# Documents whose texts are held at a time.
_BATCH = 512
# Rows of the table in a shard.
_ROWS = 4096
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two texts are: `jaccard` is the share of their shingles that both have, `containment` of the shorter's."""

    kind: Kind
    jaccard: float
    containment: float


@dataclass(frozen=True, slots=True)
class Edge:
    """That a document is like an older one, `other`, whose text has the hash `sha`."""

    other: str
    sha: str
    kind: Kind
    jaccard: float
    containment: float


@dataclass(frozen=True, slots=True)
class Member:
    """A row of the table of clusters: what was found out about one document.

    `cluster` is the id of the oldest document of its cluster when it was found (see `clusters` for what holds now), `score`
    the containment of the likest other one, `edges` lead to older documents. The rest is the sketch by which later
    documents are compared with it.
    """

    document: str
    sha: str
    cluster: str
    score: float
    edges: tuple[Edge, ...]
    settings: str
    whole: int
    fingerprint: bytes
    paragraphs: bytes


_EDGE = pa.struct(
    [
        ("other", pa.string()),
        ("sha", pa.string()),
        ("kind", pa.string()),
        ("jaccard", pa.float64()),
        ("containment", pa.float64()),
    ]
)

_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("document", pa.string()),
    ("sha", pa.string()),
    ("cluster", pa.string()),
    ("score", pa.float64()),
    ("edges", pa.list_(_EDGE)),
    ("settings", pa.string()),
    ("whole", pa.uint64()),
    ("fingerprint", pa.binary()),
    ("paragraphs", pa.binary()),
]

CLUSTERS: Table[Member] = Table(
    "clusters",
    pa.schema(_COLUMNS),
    lambda member: member.document,
    asdict,
    lambda row: Member(**{**row, "edges": tuple(Edge(**edge) for edge in row["edges"])}),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Documents that belong together, oldest first, and what joins them: (newer, older, likeness).

    Members without an edge are the other versions of articles that have one.
    """

    id: str
    members: tuple[str, ...]
    edges: tuple[tuple[str, str, Likeness], ...]


def compare(
    a: Document, b: Document, *, threshold: float = THRESHOLD, without: frozenset[int] = frozenset()
) -> Likeness | None:
    """How alike two documents of one language are; None where neither is a copy, update or part of the other.

    `without` are the hashes of paragraphs that do not count. "near-duplicate": the share of shingles that both have
    reaches the threshold; "contained": only the share of the shorter text's does.

    >>> text = "The council of Hewan will build 4,000 homes for rent by 2027, the mayor said on Monday in a long speech "
    >>> text += "to the assembly. Rents in the city had risen by a third in four years, and wages by a tenth."
    >>> a = Document("a", "", "en", text)
    >>> compare(a, Document("b", "", "en", text.upper())).kind
    'same text'
    >>> compare(a, Document("c", "", "en", "The harvest in the north was good.")) is None
    True
    """
    if a.lang != b.lang:
        return None
    one, two = sketch(a).whole, sketch(b).whole
    return _likeness(one, shingle_set(a, without), two, shingle_set(b, without), threshold)


def _likeness(one: int, a: Hashes, two: int, b: Hashes, threshold: float) -> Likeness | None:
    if one and one == two:
        return Likeness("same text", 1.0, 1.0)
    shared = len(np.intersect1d(a, b, assume_unique=True))
    if shared < _SHARED_MIN:
        return None
    jaccard, containment = shared / (len(a) + len(b) - shared), shared / min(len(a), len(b))
    if containment < threshold:
        return None
    return Likeness("near-duplicate" if jaccard >= threshold else "contained", round(jaccard, 4), round(containment, 4))


def dedupe(workspace: Workspace, *, threshold: float = THRESHOLD, progress: Progress | None = None) -> StageReport:
    """Find the near-duplicates among the documents of a workspace; adds to its table of clusters.

    Each language by itself, then joined through pairs. Only documents that are new, or whose text has changed, are read
    and compared with all others; with another `threshold`, all. Texts are read a batch at a time; what is held of each
    document is some hundred bytes. Takes 1 to 2 ms for a document of 1,000 characters.
    """
    began = time.monotonic()
    report = StageReport("dedupe")
    settings = f"{_VERSION} {threshold:g}"
    with workspace.writing():
        heads = {head.id: head for head in workspace.heads()}
        stored = workspace.read(CLUSTERS)
        kept = {
            id for id, row in stored.items() if id in heads and (row.sha, row.settings) == (heads[id].sha, settings)
        }
        new = [id for id in heads if id not in kept]
        sketches = {id: _stored(stored[id]) for id in kept}
        for count, document in enumerate(workspace.current(DOCUMENTS, new), 1):
            sketches[document.id] = sketch(document)
            if progress:
                progress(count, len(new))
        edges = _edges((stored[id] for id in heads if id in kept), heads, kept)
        # What was joined to another only through a document that is gone, or has another text, is compared again.
        loose = {id for id in kept if any((edge.other, id) not in edges for edge in stored[id].edges)}
        edges |= _found(workspace, heads, sketches, loose.union(new), threshold, progress)
        names = _components(heads.values(), edges)
        best: dict[str, float] = {}
        older: dict[str, list[Edge]] = {}
        for (a, b), likeness in edges.items():
            older.setdefault(b, []).append(Edge(a, heads[a].sha, likeness.kind, likeness.jaccard, likeness.containment))
            for id in (a, b):
                best[id] = max(best.get(id, 0.0), likeness.containment)
        rows = []
        for id, head in heads.items():
            have = sketches[id]
            prints = have.fingerprint.astype("<u4").tobytes(), have.paragraphs.astype("<u8").tobytes()
            found = tuple(older.get(id, ()))
            row = Member(id, head.sha, names[id], best.get(id, 0.0), found, settings, have.whole, *prints)
            if stored.get(id) != row:
                rows.append(row)
            if len(rows) == _ROWS:
                workspace.append(CLUSTERS, rows)
                rows = []
        workspace.append(CLUSTERS, rows)
    report.done, report.unchanged = len(new), len(heads) - len(new)
    alike = {names[id] for edge in edges for id in edge}
    report.notes = {
        "clusters": len(alike),
        "in clusters": sum(name in alike for name in names.values()),
        **{kind: sum(edge.kind == kind for edge in edges.values()) for kind in get_args(Kind)},
    }
    report.seconds = time.monotonic() - began
    return report


def clusters(workspace: Workspace) -> dict[str, str]:
    """The cluster of each document: the id of the oldest document in it, its own where it stands alone.

    What `dedupe` has stored, as far as the texts are still the same, and the pairs as they are now; without `dedupe`, by
    pairs alone. Both versions of an article, and all copies of either, are in one cluster.
    """
    return _clusters(workspace, {head.id: head for head in workspace.heads()})


def _clusters(workspace: Workspace, heads: Mapping[str, Head]) -> dict[str, str]:
    return _components(heads.values(), _edges(workspace.current(CLUSTERS), heads, heads.keys()))


def split_keys(workspace: Workspace) -> dict[str, str]:
    """For each document what must stay on one side of a split: the pair, or else the id, of its cluster's oldest member.

    For a document without near-duplicates that is its own pair, or its own id.
    """
    heads = {head.id: head for head in workspace.heads()}
    return {id: heads[oldest].pair or oldest for id, oldest in _clusters(workspace, heads).items()}


def groups(workspace: Workspace) -> list[Cluster]:
    """The clusters that hold near-duplicates, in the order of their oldest members; not those that are but one pair."""
    heads = {head.id: head for head in workspace.heads()}
    edges = _edges(workspace.current(CLUSTERS), heads, heads.keys())
    names = _components(heads.values(), edges)
    joined: dict[str, list[tuple[str, str, Likeness]]] = {}
    for (a, b), likeness in edges.items():
        joined.setdefault(names[a], []).append((b, a, likeness))
    members: dict[str, list[str]] = {}
    for id, name in names.items():
        members.setdefault(name, []).append(id)
    return [Cluster(name, tuple(ids), tuple(joined[name])) for name, ids in members.items() if name in joined]


Edges = dict[tuple[str, str], Likeness]


def _edges(rows: Iterable[Member], heads: Mapping[str, Head], valid: Iterable[str]) -> Edges:
    """The stored edges (older, newer) of which both ends are valid and still have the text that was compared."""
    valid = valid if isinstance(valid, set) else set(valid)
    found: Edges = {}
    for row in rows:
        if row.document not in valid or heads[row.document].sha != row.sha:
            continue
        for edge in row.edges:
            if edge.other in valid and heads[edge.other].sha == edge.sha:
                found[edge.other, row.document] = Likeness(edge.kind, edge.jaccard, edge.containment)
    return found


def _components(heads: Iterable[Head], edges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The oldest document of each one's component, by edges and pairs (union-find; a root is always the oldest)."""
    order: dict[str, int] = {}
    root: dict[str, str] = {}
    pairs: dict[str, str] = {}

    def find(id: str) -> str:
        while root[id] != id:
            root[id] = root[root[id]]
            id = root[id]
        return id

    def join(a: str, b: str) -> None:
        older, newer = sorted((find(a), find(b)), key=order.__getitem__)
        root[newer] = older

    for head in heads:
        order[head.id] = len(order)
        root[head.id] = head.id
        if head.pair:
            join(pairs.setdefault(head.pair, head.id), head.id)
    for a, b in edges:
        join(a, b)
    return {id: find(id) for id in root}


def _stored(row: Member) -> Sketch:
    paragraphs = np.frombuffer(row.paragraphs, "<u8").reshape(-1, 2)
    return Sketch(row.whole, np.frombuffer(row.fingerprint, "<u4"), paragraphs)


def _found(
    workspace: Workspace,
    heads: Mapping[str, Head],
    sketches: Mapping[str, Sketch],
    new: set[str],
    threshold: float,
    progress: Progress | None,
) -> Edges:
    """The edges (older, newer) of which at least one end is new."""
    edges: Edges = {}
    for lang in ("en", "zh"):
        ids = [id for id, head in heads.items() if head.lang == lang]
        if new.isdisjoint(ids):
            continue
        common = frozenset(common_paragraphs([sketches[id].paragraphs for id in ids]).tolist())
        oldest: dict[int, str] = {}
        different = []
        for id in ids:
            whole = sketches[id].whole
            first = oldest.setdefault(whole, id) if whole else id
            if first == id:
                different.append(id)
            elif id in new or first in new:
                edges[first, id] = Likeness("same text", 1.0, 1.0)
        prints = [sketches[id].fingerprint for id in different]
        flags = np.array([id in new for id in different])
        todo = [(different[a], different[b]) for a, b in candidates(prints, flags, _SLACK * threshold)]
        edges |= _verified(workspace, todo, sketches, common, threshold, progress)
    return edges


def common_paragraphs(paragraphs: Sequence[Hashes]) -> Hashes:
    """The hashes of paragraphs that many documents have which otherwise differ; a row of each: hash, least shingle."""
    rows = []
    for number, own in enumerate(paragraphs):
        if len(own) < 2:
            continue
        hashes, first = np.unique(own[:, 0], return_index=True)
        least, second = np.sort(own[:, 1])[:2]
        # The least shingle of the rest of the document: texts that are much alike mostly have it in common.
        rest = np.where(own[first, 1] == least, second, least)
        rows.append(np.stack([hashes, rest, np.full(len(hashes), number, np.uint64)], axis=1))
    if not rows:
        return np.zeros(0, np.uint64)
    table = np.concatenate(rows)
    hashes, counts = np.unique(table[:, 0], return_counts=True)
    kinds = np.unique(table[:, :2], axis=0)[:, 0]
    different = np.unique(kinds, return_counts=True)[1]
    common: Hashes = hashes[(different >= _COMMON) & (different >= _DIFFERENT * counts)]
    return common


def candidates(prints: Sequence[NDArray[np.uint32]], new: NDArray[np.bool_], least: float) -> list[tuple[int, int]]:
    """Pairs of documents (older, newer, by number), one of them new, whose fingerprints share `least` of the smaller."""
    sizes = np.array([len(own) for own in prints])
    if not sizes.any():
        return []
    hashes = np.concatenate(list(prints))
    owners = np.repeat(np.arange(len(prints)), sizes)
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    keys = []
    for lag in range(1, min(_NEIGHBOURS + 1, len(hashes))):
        same = hashes[lag:] == hashes[:-lag]
        older, newer = owners[:-lag][same], owners[lag:][same]
        wanted = new[older] | new[newer]
        keys.append(older[wanted] * len(prints) + newer[wanted])
    if not keys:
        return []
    pairs, shared = np.unique(np.concatenate(keys), return_counts=True)
    older, newer = pairs // len(prints), pairs % len(prints)
    enough = shared >= np.maximum(1, least * np.minimum(sizes[older], sizes[newer]))
    return list(zip(older[enough].tolist(), newer[enough].tolist(), strict=True))


def _verified(
    workspace: Workspace,
    todo: Sequence[tuple[str, str]],
    sketches: Mapping[str, Sketch],
    common: frozenset[int],
    threshold: float,
    progress: Progress | None,
) -> Edges:
    edges: Edges = {}
    at = 0
    while at < len(todo):
        wanted: dict[str, None] = {}
        end = at
        while end < len(todo) and len(wanted) < _BATCH:
            wanted |= dict.fromkeys(todo[end])
            end += 1
        sets = {document.id: shingle_set(document, common) for document in workspace.current(DOCUMENTS, wanted)}
        for a, b in todo[at:end]:
            likeness = _likeness(sketches[a].whole, sets[a], sketches[b].whole, sets[b], threshold)
            if likeness:
                edges[a, b] = likeness
        at = end
        if progress:
            progress(at, len(todo))
    return edges
