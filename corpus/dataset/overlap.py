"""What the texts on two sides of a split have in common: sentences, and runs of words, really compared.

Units are words, and single Han characters, folded as in `corpus.shingles` (case, width, punctuation, Traditional characters).
A run is 8 English words or 16 Han characters in a row; a sentence counts where it is no shorter. Bylines, links and
boilerplate are left out, as where near-duplicates are looked for; characters that fold to several stay as they are.

Everything is done with arrays over the characters of a text (prefix sums of a polynomial hash, modulo 2^64), a text at a
time; held are the runs of the two smaller sides, 8 bytes each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.dataset.sides import SPLITS, Split
from corpus.document import Document, Lang
from corpus.engine import batches
from corpus.language import HAN
from corpus.schema import DOCUMENTS
from corpus.script import simplified
from corpus.store import Workspace

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

RUN: Mapping[Lang, int] = {"en": 8, "zh": 16}
"""How many units a run has."""

_MOSTLY = 0.5
# Documents that are read at a time.
_BATCH = 64
# Documents that are named in the proof, at most.
_NAMED = 50

# The beginnings of hashes that are told apart at most: 64 MiB.
_BITS = 26

_APART = frozenset(["boilerplate", "related-link", "byline"])
_LETTER, _CHARACTER, _SPACE, _END, _POINT = 1, 2, 3, 4, 5
_ENDS = "。！？!?；;…\n"
_BASE = 0x9E3779B97F4A7C15
_STEP = np.uint64(_BASE)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """The hashes of a text's runs, in its order, and of its sentences; `size` is how many units a run has."""

    runs: Hashes
    sentences: Hashes
    size: int


@dataclass(slots=True)
class _Side:
    """What the texts of a side hold: prints by document; runs in ascending order with a document that has each."""

    prints: dict[str, Print] = field(default_factory=dict)
    count: int = 0
    runs: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    owners: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    sentences: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    # Which beginnings of hashes there are among the runs: nearly all that are not there are told by one look.
    beginnings: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, bool))

    def close(self) -> None:
        """All documents are there."""
        each = [own.runs for own in self.prints.values()]
        self.runs, first = np.unique(_joined(each), return_index=True)
        self.owners = np.repeat(np.arange(len(each)), [len(runs) for runs in each])[first]
        self.sentences = np.unique(_joined([own.sentences for own in self.prints.values()]))
        self.beginnings = np.zeros(1 << min(_BITS, max(1, (16 * len(self.runs)).bit_length())), bool)
        self.beginnings[_beginnings(self.runs, self.beginnings)] = True

    def find(self, runs: Hashes) -> tuple[NDArray[np.bool_], Numbers]:
        """Which of these runs are among the side's, and where."""
        maybe = np.flatnonzero(self.beginnings[_beginnings(runs, self.beginnings)])
        there, places = np.zeros(len(runs), bool), np.zeros(len(runs), np.int64)
        if len(maybe):
            there[maybe], places[maybe] = _within(runs[maybe], self.runs)
        return there, places


@dataclass(slots=True)
class _Shared:
    """What a side has in common with one that came before it: which of that one's runs and sentences."""

    runs: NDArray[np.bool_]
    sentences: NDArray[np.bool_]
    documents: int = 0
    mostly: list[str] = field(default_factory=list)
    longest: int = 0
    where: tuple[str, ...] = ()


def prove(workspace: Workspace, of: Mapping[str, Split]) -> dict[str, Any]:
    """What the texts of documents on two sides have in common; `of` is the side of each document.

    For each two sides ("train, test"): how many different `sentences` and `runs` stand on both; `documents`, how many of the
    first side have such a run; `longest_passage`, in words or characters, all of whose runs stand on the second side too (a
    bound: they may stand in several documents there), and `longest_in`, the document that has it and one on the second
    side that has its beginning; `mostly_shared`, the documents of either side half of whose runs stand on the other: those
    are near-duplicates in all but name. `runs_in_all` counts the runs of each side.

    Reads every text once, a text at a time.
    """

    def texts() -> Iterator[tuple[Document, Split]]:
        for split in reversed(SPLITS):
            for document in workspace.current(DOCUMENTS, [id for id, side in of.items() if side == split]):
                yield document, split

    return compared(texts())


def compared(documents: Iterable[tuple[Document, Split]]) -> dict[str, Any]:
    """`prove`, of documents that come with their sides: first all of test, then validation, then train.

    >>> text = "Every dog in the village must have a licence by the first of May."
    >>> documents = [Document("a", "", "en", text), Document("b", "", "en", f"No, he said. {text}")]
    >>> compared(zip(documents, ["test", "train"]))["train, test"]["longest_passage"]
    14
    """
    sides: dict[Split, _Side] = {}
    shared: dict[tuple[Split, Split], _Shared] = {}
    for split, members in groupby(documents, key=lambda entry: entry[1]):
        if split in sides:
            raise ValueError("documents of one side must come together")
        pairs = {
            (split, other): _Shared(np.zeros(len(held.runs), bool), np.zeros(len(held.sentences), bool))
            for other, held in sides.items()
        }
        side = sides[split] = _Side()
        for batch in batches((document for document, _ in members), _BATCH):
            for document, found in zip(batch, prints_of(batch), strict=True):
                side.count += len(found.runs)
                # The last and largest side is compared with the others, and never held.
                if split != SPLITS[0]:
                    side.prints[document.id] = found
                for (_, other), common in pairs.items():
                    _note(common, document.id, found, sides[other])
        side.close()
        shared |= pairs
    result: dict[str, Any] = {"run": dict(RUN), "runs_in_all": {split: side.count for split, side in sides.items()}}
    for (split, other), common in shared.items():
        held = sides[other]
        back = [id for id, own in held.prints.items() if _is_mostly(common.runs[np.searchsorted(held.runs, own.runs)])]
        result[f"{split}, {other}"] = {
            "sentences": int(common.sentences.sum()),
            "runs": int(common.runs.sum()),
            "documents": common.documents,
            "longest_passage": common.longest,
            "longest_in": list(common.where),
            "mostly_shared": sorted({*common.mostly, *back})[:_NAMED],
        }
    return result


def _note(common: _Shared, id: str, found: Print, held: _Side) -> None:
    """Note what a document has in common with a side."""
    there, at = _within(found.sentences, held.sentences)
    common.sentences[at[there]] = True
    hits, at = held.find(found.runs)
    if not hits.any():
        return
    common.runs[at[hits]] = True
    common.documents += 1
    if _is_mostly(hits):
        common.mostly.append(id)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hits, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    best = int(lengths.argmax())
    length = int(lengths[best]) - 1 + found.size
    if length > common.longest:
        common.longest = length
        common.where = id, list(held.prints)[int(held.owners[at[edges[2 * best]]])]


def _is_mostly(hits: NDArray[np.bool_]) -> bool:
    return len(hits) > 0 and float(hits.mean()) >= _MOSTLY


def _within(some: Hashes, table: Hashes) -> tuple[NDArray[np.bool_], Numbers]:
    """Which of `some` are in the table, and where."""
    if not len(table):
        return np.zeros(len(some), bool), np.zeros(len(some), np.int64)
    at = np.minimum(np.searchsorted(table, some), len(table) - 1)
    return table[at] == some, at


def _beginnings(hashes: Hashes, table: NDArray[np.bool_]) -> Hashes:
    return hashes >> np.uint64(64 - (len(table).bit_length() - 1))


def _joined(hashes: Sequence[Hashes]) -> Hashes:
    return np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)


def prints_of(documents: Sequence[Document]) -> list[Print]:
    """The runs and sentences of each document's story, as hashes; of several documents at a time, which is faster.

    >>> texts = [" ".join(["word"] * n) for n in (7, 8, 9)]
    >>> [len(own.runs) for own in prints_of([Document("a", "", "en", text) for text in texts])]
    [0, 1, 2]
    """
    if not documents:
        return []
    fold, kinds_of = _tables()
    stories = [_story(document) + "\n" for document in documents]
    codes = fold[np.frombuffer("".join(stories).encode("utf-32-le", "surrogatepass"), np.uint32)]
    kinds = kinds_of[codes]
    letters, characters = kinds == _LETTER, kinds == _CHARACTER
    # The last character is a line break.
    starts = np.flatnonzero(characters | (letters & ~np.concatenate([[False], letters[:-1]])))
    ends = np.flatnonzero(characters | (letters & ~np.concatenate([letters[1:], [False]]))) + 1
    units = _stretches(codes.astype(np.uint64), starts, ends)
    edges = np.concatenate([[0], np.cumsum([len(story) for story in stories])])
    bounds = np.searchsorted(starts, edges)
    # A sentence ends at a mark of its own, or at a full stop before white space.
    stops = (kinds == _END) | ((kinds == _POINT) & (np.concatenate([kinds[1:], [0]]) == _SPACE))
    cuts = np.unique(np.concatenate([[0], np.searchsorted(starts, np.flatnonzero(stops)), bounds]))
    sizes = np.array([RUN[document.lang] for document in documents])
    long = np.diff(cuts) >= sizes[np.searchsorted(bounds, cuts[:-1], "right") - 1]
    sentence_starts = cuts[:-1][long]
    sentences = _stretches(units, sentence_starts, cuts[1:][long])
    counts = np.maximum(0, np.diff(bounds) - sizes + 1)
    firsts = np.concatenate([np.arange(a, a + n) for a, n in zip(bounds[:-1], counts, strict=True)])
    runs = _stretches(units, firsts, firsts + np.repeat(sizes, counts))
    own_runs = np.split(runs, np.cumsum(counts)[:-1])
    own_sentences = np.split(sentences, np.searchsorted(sentence_starts, bounds[1:-1]))
    return [Print(*each) for each in zip(own_runs, own_sentences, sizes.tolist(), strict=True)]


def _story(document: Document) -> str:
    text = document.text
    story = [text[block.start : block.end] for block in document.blocks if block.kind not in _APART]
    return "\n".join(story) or text


def _stretches(values: Hashes, starts: Numbers, ends: Numbers) -> Hashes:
    """A hash of each stretch of `values`: that of a stretch is the same wherever it stands."""
    powers, inverses = _powers(1 << max(10, len(values).bit_length()))
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(_mixed(values) * powers[: len(values)], out=sums[1:])
    return _mixed((sums[ends] - sums[starts]) * inverses[starts] + (ends - starts).astype(np.uint64))


@lru_cache(maxsize=2)
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """The powers of the base, and their inverses modulo 2^64."""
    both = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        powers = np.full(size, base, np.uint64)
        powers[0] = 1
        both.append(np.cumprod(powers))
    return both[0], both[1]


def _mixed(values: Hashes) -> Hashes:
    """Each number with its bits mixed (the finaliser of SplitMix64)."""
    values = values + _STEP
    values = (values ^ (values >> np.uint64(30))) * _MIX[0]
    values = (values ^ (values >> np.uint64(27))) * _MIX[1]
    return values ^ (values >> np.uint64(31))


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """What each code point is folded to, and what it is for the units of a text."""
    fold, kinds = np.arange(0x110000, dtype=np.uint32), np.zeros(0x110000, np.uint8)
    plane = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x10000))))
    for character, plain in zip(plane, simplified(plane), strict=True):
        # What becomes several characters stays as it is.
        folded = unicodedata.normalize("NFKC", plain).casefold()
        if len(folded) == 1 and folded != character:
            fold[ord(character)] = ord(folded)
    for kind, pattern in ((_LETTER, rf"[^\W_{HAN}]"), (_CHARACTER, f"[{HAN}]"), (_SPACE, r"\s")):
        kinds[[ord(character) for character in re.findall(pattern, plane)]] = kind
    kinds[0x20000:0x40000] = _CHARACTER
    kinds[[ord(character) for character in _ENDS]] = _END
    kinds[ord(".")] = _POINT
    return fold, kinds
