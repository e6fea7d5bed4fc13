"""The figures of a corpus at a glance: what there is, how good it is, what is missing. `corpus.look.pages` makes a page of them."""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from corpus.document import LANGUAGES, Document, Lang
from corpus.look.columns import Columns, lists, made_for
from corpus.look.dates import month_of
from corpus.look.frequent import Name, frequent_names
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, ORIGINS, REMOVALS, SEGMENTS, layers_table
from corpus.script import script_of
from corpus.store import Workspace

ByLang = dict[str, dict[str, int]]
"""Numbers by a name, then by language."""

LOW_SCORE = 0.75
LOW_ALIGNED = 0.8
"""A pair is listed for checking where its beads score less on average, or a smaller share of its sentences has a partner."""

_BATCH = 64
_MARKS = ["document", "sha", "entities.list.element.label"]
_MARKS += [f"claims.list.element.{name}" for name in ("type", "stance", "policy_area")]
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts of at least `low` and less than `high` units (English words, Chinese characters); the last has no end."""

    low: int
    high: int | None
    number: int


@dataclass(frozen=True, slots=True)
class PairQuality:
    """How well one pair is aligned: the mean score of its beads, by length, and the share of sentences in them."""

    pair: str
    score: float
    aligned: float
    sentences: int


@dataclass(slots=True)
class Overview:
    """All figures, as plain values: `dataclasses.asdict` gives what JSON takes. Words leave out punctuation.

    `foreign` counts the blocks in another language than their document's. `outdated` counts what was made for
    another version of a text, and is in no other figure. `clusters` is None where near-duplicates were never looked for.
    """

    name: str
    documents: dict[str, int] = field(default_factory=dict)
    pairs: int = 0
    characters: dict[str, int] = field(default_factory=dict)
    sentences: dict[str, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    unsegmented: int = 0
    unannotated: int = 0
    outdated: int = 0
    months: ByLang = field(default_factory=dict)
    sources: ByLang = field(default_factory=dict)
    licences: ByLang = field(default_factory=dict)
    scripts: dict[str, int] = field(default_factory=dict)
    encodings: dict[str, int] = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)
    lengths: dict[str, list[Bin]] = field(default_factory=dict)
    blocks: ByLang = field(default_factory=dict)
    block_characters: ByLang = field(default_factory=dict)
    repeated_quotes: dict[str, int] = field(default_factory=dict)
    foreign: int = 0
    entities: ByLang = field(default_factory=dict)
    gold_entities: ByLang = field(default_factory=dict)
    claims: dict[str, ByLang] = field(default_factory=dict)
    gold_claims: dict[str, ByLang] = field(default_factory=dict)
    names: list[Name] = field(default_factory=list)
    gold_documents: dict[str, int] = field(default_factory=dict)
    annotations: dict[str, int] = field(default_factory=dict)
    annotations_skipped: int = 0
    annotations_withdrawn: int = 0
    aligned_pairs: int = 0
    beads: int = 0
    scores: list[Bin] = field(default_factory=list)
    without_partner: dict[str, int] = field(default_factory=dict)
    in_pairs: dict[str, int] = field(default_factory=dict)
    low_pairs: int = 0
    lowest: list[PairQuality] = field(default_factory=list)
    clusters: int | None = None
    in_clusters: int = 0
    removed: int = 0
    undated: int = 0
    unsourced: int = 0
    incomplete: list[tuple[str, str]] = field(default_factory=list)


def overview(workspace: Workspace, *, progress: Callable[[int, int | None], None] | None = None) -> Overview:
    """Count what is in a workspace; a few documents are held at a time.

    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> overview(Workspace.create(Path(mkdtemp()) / "news")).documents
    {'en': 0, 'zh': 0}
    """
    result = Overview(workspace.root.resolve().name)
    for counts in (result.documents, result.characters, result.sentences, result.words, result.gold_documents):
        counts.update(dict.fromkeys(LANGUAGES, 0))
    _heads(workspace, result)
    _texts(workspace, result, progress)
    _alignments(workspace, result)
    _annotations(workspace, result)
    result.names = frequent_names(workspace)
    _originals(workspace, result)
    if workspace.shards("clusters"):
        from corpus.dedupe import groups

        found = groups(workspace)
        result.clusters, result.in_clusters = len(found), sum(len(cluster.members) for cluster in found)
    result.removed = len(workspace.index(REMOVALS))
    return result


def histogram(values: Sequence[int], bins: int = 12) -> list[Bin]:
    """Values in at most about `bins` ranges of one round width, the last without end where a few are far above the rest.

    >>> histogram([120, 130, 480], bins=4)
    [Bin(low=100, high=200, number=2), Bin(low=200, high=300, number=0), Bin(low=300, high=400, number=0), \
Bin(low=400, high=500, number=1)]
    """
    if not values:
        return []
    ordered = sorted(values)
    # The longest 2 in 100 share a range, so that one endless text does not push all others into the first.
    top = ordered[int(0.98 * (len(ordered) - 1))] if len(ordered) >= 100 else ordered[-1]
    width = next(w for w in _round_widths() if (top - ordered[0]) // w < bins)
    first, last = ordered[0] // width, top // width
    numbers = Counter(min(value // width, last) for value in values)
    open_ended = ordered[-1] >= (last + 1) * width
    return [
        Bin(i * width, None if open_ended and i == last else (i + 1) * width, numbers[i])
        for i in range(first, last + 1)
    ]


def _round_widths() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def _add(table: ByLang, name: str, lang: str, number: int = 1) -> None:
    row = table.setdefault(name, dict.fromkeys(LANGUAGES, 0))
    row[lang] += number


def _heads(workspace: Workspace, result: Overview) -> None:
    pairs: dict[str, set[str]] = {}
    for head in workspace.heads():
        result.documents[head.lang] += 1
        if head.pair:
            pairs.setdefault(head.pair, set()).add(head.lang)
        date, source = month_of(head.meta.get("date", "")), head.meta.get("source", "").strip()
        missing = [name for name, value in (("date", date), ("source", source)) if not value]
        result.undated += not date
        result.unsourced += not source
        if missing and len(result.incomplete) < _LISTED:
            result.incomplete.append((head.id, " and ".join(missing)))
        if date:
            _add(result.months, date, head.lang)
        if source:
            _add(result.sources, source, head.lang)
        if licence := head.meta.get("licence", "").strip():
            _add(result.licences, licence, head.lang)
    result.pairs = sum(len(langs) == len(LANGUAGES) for langs in pairs.values())
    result.sources = _most(result.sources, 200)
    result.licences = _most(result.licences, 50)
    result.months = dict(sorted(result.months.items()))


def _most(table: ByLang, number: int) -> ByLang:
    return dict(sorted(table.items(), key=lambda row: (-sum(row[1].values()), row[0]))[:number])


def _texts(workspace: Workspace, result: Overview, progress: Callable[[int, int | None], None] | None) -> None:
    lengths: dict[str, array[int]] = {lang: array("q") for lang in LANGUAGES}
    scripts: Counter[str] = Counter()
    total, done = sum(result.documents.values()), 0
    segments = Columns(
        workspace, SEGMENTS, ["document", "sha", "sentences.list.element.start", "tokens.list.element.start"]
    )
    combined = Columns(workspace, layers_table("combined"), _MARKS)
    gold = Columns(workspace, GOLD, _MARKS)
    documents = workspace.current(DOCUMENTS)
    while batch := list(islice(documents, _BATCH)):
        shas = {document.id: (document.lang, document.sha) for document in batch}
        words = _words({document.id: document for document in batch}, shas, segments, result)
        for document in batch:
            lang = document.lang
            result.characters[lang] += len(document.text)
            if lang == "zh":
                scripts[script_of(document.text)] += 1
            _blocks(document, result)
            lengths[lang].append(words[document.id] if lang == "en" else len(document.text))
        annotated = _marks(combined, shas, result, result.entities, result.claims)
        result.unannotated += len(batch) - sum(annotated.values())
        for lang, number in _marks(gold, shas, result, result.gold_entities, result.gold_claims).items():
            result.gold_documents[lang] += number
        done += len(batch)
        if progress:
            progress(done, total)
    result.scripts = dict(scripts)
    result.lengths = {lang: histogram(values) for lang, values in lengths.items()}


def _blocks(document: Document, result: Overview) -> None:
    for block in document.blocks:
        _add(result.blocks, block.kind, document.lang)
        _add(result.block_characters, block.kind, document.lang, block.end - block.start)
        if block.repeats:
            result.repeated_quotes[document.lang] = result.repeated_quotes.get(document.lang, 0) + 1
        result.foreign += block.lang is not None and block.lang != document.lang


def _words(
    documents: Mapping[str, Document], shas: Mapping[str, tuple[Lang, str]], segments: Columns, result: Overview
) -> dict[str, int]:
    """The words of each document: tokens that begin with a letter or digit; what white space parts, where not segmented."""
    import numpy as np

    words: dict[str, int] = {}
    stale = 0
    for table in segments.take(documents):
        sentences, _ = lists(table, "sentences")
        tokens, values = lists(table, "tokens")
        starts = values.field("start").to_numpy()
        for row, (id, sha) in enumerate(made_for(table)):
            lang, current = shas[id]
            if sha != current:
                stale += 1
                continue
            codes = np.frombuffer(documents[id].text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
            words[id] = int(_alphanumeric()[codes[starts[tokens[row] : tokens[row + 1]]]].sum())
            result.words[lang] += words[id]
            result.sentences[lang] += int(sentences[row + 1] - sentences[row])
    result.outdated += stale
    result.unsegmented += len(documents) - len(words) - stale
    for id, document in documents.items():
        words.setdefault(id, len(document.text.split()))
    return words


@lru_cache(maxsize=1)
def _alphanumeric() -> Any:
    """For every code point whether it is a letter or digit."""
    import numpy as np

    return np.fromiter((chr(code).isalnum() for code in range(0x110000)), dtype=bool, count=0x110000)


def _marks(
    layers: Columns,
    shas: Mapping[str, tuple[Lang, str]],
    result: Overview,
    entities: ByLang,
    claims: dict[str, ByLang],
) -> dict[Lang, int]:
    """Count the entities and claims of these documents; returns how many documents have a valid layer."""
    valid: dict[Lang, int] = dict.fromkeys(LANGUAGES, 0)
    for table in layers.take(shas):
        places, values = lists(table, "entities")
        claimed, claim_values = lists(table, "claims")
        labels = values.field("label").to_pylist()
        kinds = {
            name: (claims.setdefault(name, {}), claim_values.field(column).to_pylist())
            for name, column in (("type", "type"), ("stance", "stance"), ("area", "policy_area"))
        }
        for row, (id, sha) in enumerate(made_for(table)):
            lang, current = shas[id]
            if sha != current:
                result.outdated += 1
                continue
            valid[lang] += 1
            for label in labels[places[row] : places[row + 1]]:
                _add(entities, label, lang)
            for target, column in kinds.values():
                for value in column[claimed[row] : claimed[row + 1]]:
                    _add(target, value or "none", lang)
    return valid


def _alignments(workspace: Workspace, result: Overview) -> None:
    result.without_partner.update(dict.fromkeys(LANGUAGES, 0))
    result.in_pairs.update(dict.fromkeys(LANGUAGES, 0))
    shas = {head.id: head.sha for head in workspace.heads()}
    scores: Counter[int] = Counter()
    worst: list[tuple[float, str, PairQuality]] = []
    for alignment in workspace.current(ALIGNMENTS):
        if (shas.get(alignment.en), shas.get(alignment.zh)) != (alignment.en_sha, alignment.zh_sha):
            result.outdated += alignment.en in shas and alignment.zh in shas
            continue
        result.aligned_pairs += 1
        weight = weighted = sentences = lone = 0.0
        for bead in alignment.beads:
            result.in_pairs["en"] += len(bead.en)
            result.in_pairs["zh"] += len(bead.zh)
            sentences += len(bead.en) + len(bead.zh)
            if bead.en and bead.zh:
                result.beads += 1
                scores[min(19, max(0, int(bead.score * 20)))] += 1
                length = sum(end - start for start, end in bead.en)
                weight, weighted = weight + length, weighted + length * bead.score
            else:
                result.without_partner["en"] += len(bead.en)
                result.without_partner["zh"] += len(bead.zh)
                lone += len(bead.en) + len(bead.zh)
        quality = PairQuality(
            alignment.pair,
            round(weighted / weight, 4) if weight else 0.0,
            round(1 - lone / sentences, 4) if sentences else 0.0,
            int(sentences),
        )
        if quality.score < LOW_SCORE or quality.aligned < LOW_ALIGNED:
            result.low_pairs += 1
        entry = (-min(quality.score / LOW_SCORE, quality.aligned / LOW_ALIGNED), quality.pair, quality)
        (heapq.heappush if len(worst) < _LISTED else heapq.heappushpop)(worst, entry)
    result.lowest = [quality for _, _, quality in sorted(worst, reverse=True)]
    result.scores = [Bin(5 * i, 5 * (i + 1), scores[i]) for i in range(20)] if scores else []


def _annotations(workspace: Workspace, result: Overview) -> None:
    latest: dict[tuple[str, int, str], tuple[str, bool, bool]] = {}
    columns = ["url", "id", "document", "annotator", "skipped", "withdrawn"]
    for row in workspace.rows("annotations", columns):
        latest[row["url"], row["id"], row["document"]] = (row["annotator"], row["skipped"], row["withdrawn"])
    counted: Counter[str] = Counter()
    for annotator, skipped, withdrawn in latest.values():
        result.annotations_withdrawn += withdrawn
        result.annotations_skipped += skipped and not withdrawn
        counted[annotator] += not skipped and not withdrawn
    result.annotations = dict(counted.most_common())


def _originals(workspace: Workspace, result: Overview) -> None:
    latest = {
        row["document"]: (row["encoding"] or "", row["reader"] or "")
        for row in workspace.rows(ORIGINS.name, ["document", "encoding", "reader"])
    }
    if latest:
        encodings = Counter(encoding or "unknown" for encoding, _ in latest.values())
        result.encodings = dict(encodings.most_common())
        result.readers = dict(Counter(reader or "unknown" for _, reader in latest.values()).most_common())
        return
    said = Counter(head.meta.get("encoding", "").lower() or "utf-8" for head in workspace.heads())
    result.encodings = dict(said.most_common())
