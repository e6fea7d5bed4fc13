"""In which order articles are worth annotating: what the pre-annotation is unsure of first, and not all alike.

Uncertainty is the mean entropy of the calibrated scores of an article's marks, drawn to the mean of all where there are few, so
that neither a long article wins for its length nor a short one for a single mark. Diversity is a greedy choice: what is worth
most comes first, and is worth less the more like something chosen before it is (as in facility location and k-centre selection:
Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set approach"). Articles are compared by
the words with which they begin, hashed (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"). Copies of
what was chosen come last.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from corpus.document import Group
from corpus.language import HAN
from corpus.script import simplified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

# Characters of a text that are read: a headline and what the story is about.
_READ = {"en": 2400, "zh": 800}
_SIZE = 256
# Marks of the mean that each article is given in addition to its own.
_PRIOR = 8.0
# What an article of which all is sure is worth, where the least sure one is worth 1.
_LEAST = 0.2
# From this likeness on two articles are taken for copies.
_COPY = 0.9
# Articles chosen before the likeness of all others to them is worked out, and how many are looked at for each of these.
_BLOCK, _WIDTH = 32, 8

_UNITS = re.compile(rf"[{HAN}]+|[^\W\d_{HAN}]{{3,}}")


def entropy(probability: float) -> float:
    """The entropy of a yes or no of that probability, from 0 to 1 (bits); 1 where it is no number.

    >>> entropy(0.5), entropy(1.0), round(entropy(0.9), 2)
    (1.0, 0.0, 0.47)
    """
    if probability != probability:
        return 1.0
    p = min(1.0, max(0.0, probability))
    return 0.0 if p in (0.0, 1.0) else -(p * math.log2(p) + (1 - p) * math.log2(1 - p))


@dataclass
class Articles:
    """What is known of articles that are to be put in order; add each, then ask for orders of some of them.

    An article goes by the id of its first document. `clusters` are those of `corpus.dedupe`: of each, one article comes in its
    turn and the others last.
    """

    clusters: Mapping[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    _unsure: list[tuple[float, int]] = field(default_factory=list)
    _words: list[Numbers] = field(default_factory=list)
    _weights: list[Numbers] = field(default_factory=list)

    def add(self, group: Group) -> None:
        """Add an article with its pre-annotation."""
        import numpy as np

        scores = [e.score for item in group.items for e in item.entities]
        scores += [c.score for item in group.items for c in item.claims]
        self.names.append(group.items[0].document.id)
        self._unsure.append((sum(map(entropy, scores)), len(scores)))
        words: list[Numbers] = []
        weights: list[Numbers] = []
        for item in group.items:
            found, counts = np.unique(_hashes(item.document.text, item.document.lang), return_counts=True)
            weight = 1 + np.log(counts)
            norm = float(np.sqrt((weight**2).sum()))
            words.append(found)
            weights.append(weight / norm if norm else weight)
        self._words.append(np.concatenate(words))
        self._weights.append(np.concatenate(weights).astype(np.float32))

    def order(self, names: Collection[str] | None = None, *, done: Collection[str] = ()) -> list[str]:
        """The articles (those in `names`, where given) from the one to annotate next to the last.

        `done` are annotated already: they come first of all, and what is like them late.
        """
        import numpy as np

        rows = {name: row for row, name in enumerate(self.names) if names is None or name in names}
        if not rows:
            return []
        at = np.array(list(rows.values()))
        worth = self._worth()[at]
        vectors = self._vectors()[at]
        named = list(rows)
        first = [n for n, name in enumerate(named) if name in done]
        chosen = _greedy(worth, vectors, [self.clusters.get(name, name) for name in named], first)
        return [named[n] for n in chosen]

    def turns(self, names: Collection[str] | None = None, *, done: Collection[str] = ()) -> dict[str, float]:
        """What Label Studio is told, by article: from 0 for the next one to nearly 1 for the last.

        Its uncertainty sampling hands out the task with the lowest score of the prediction first, and so does its data manager when
        it sorts by the score.
        """
        order = self.order(names, done=done)
        return {name: number / len(order) for number, name in enumerate(order)}

    def _worth(self) -> Numbers:
        """What each is worth by its uncertainty alone: by rank, for what is calibrated well is not spread evenly."""
        import numpy as np

        total = np.array([s for s, _ in self._unsure])
        number = np.array([n for _, n in self._unsure])
        mean = total.sum() / max(1, number.sum())
        unsure = (total + _PRIOR * mean) / (number + _PRIOR)
        _, rank = np.unique(np.round(unsure, 9), return_inverse=True)
        top = max(1, int(rank.max()))
        worth: Numbers = _LEAST + (1 - _LEAST) * rank / top
        return worth

    def _vectors(self) -> Numbers:
        """A row of length 1 for each article: its words, rare ones counting for more, hashed to few numbers with signs."""
        import numpy as np

        lengths = [len(words) for words in self._words]
        words = np.concatenate(self._words)
        _, place, counts = np.unique(words, return_inverse=True, return_counts=True)
        rare = np.log((1 + len(lengths)) / counts)[place].clip(min=0.05)
        values = np.concatenate(self._weights) * rare
        sign = np.where(words & 1, 1.0, -1.0)
        cells = np.repeat(np.arange(len(lengths)), lengths) * _SIZE + (words >> 1) % _SIZE
        table = np.bincount(cells, values * sign, minlength=len(lengths) * _SIZE).reshape(-1, _SIZE)
        norm = np.sqrt((table**2).sum(1, keepdims=True))
        vectors: Numbers = (table / np.where(norm, norm, 1)).astype(np.float32)
        return vectors


def _hashes(text: str, lang: str) -> Numbers:
    """A number for each word of an English text and each two characters of a Chinese one, as far as they are read."""
    import numpy as np

    text = text[: _READ[lang]].casefold()
    if lang == "zh":
        text = simplified(text)
    found = []
    for run in _UNITS.findall(text):
        if run.isascii() or len(run) < 2 or lang == "en":
            found.append(_hash(run))
        else:
            found += [_hash(run[at : at + 2]) for at in range(len(run) - 1)]
    return np.array(found, np.int64)


@lru_cache(maxsize=1 << 18)
def _hash(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))


def _greedy(worth: Numbers, vectors: Numbers, clusters: Sequence[str], first: Sequence[int]) -> list[int]:
    """All rows, what is worth most after what was chosen before it coming first; copies after all others.

    Within a block of choices likeness is worked out among the candidates for it only, then once for everybody.
    """
    import numpy as np

    number = len(worth)
    like = np.zeros(number, np.float32)
    left = np.ones(number, bool)
    seen: set[str] = set()
    order: list[int] = []
    copies: list[int] = []

    def take(rows: Sequence[int]) -> None:
        if not rows:
            return
        order.extend(rows)
        seen.update(clusters[row] for row in rows)
        left[list(rows)] = False
        for start in range(0, len(rows), 256):
            np.maximum(like, (vectors @ vectors[list(rows[start : start + 256])].T).max(1), out=like)

    take(list(first))
    while left.any():
        value = np.where(left, worth * (1 - like.clip(0, 1)), -1.0)
        width = min(int(left.sum()), _BLOCK * _WIDTH)
        near = np.argpartition(-value, width - 1)[:width]
        # Equal ones in the order in which they came.
        near = near[np.lexsort((near, -value[near]))]
        own, among = like[near].copy(), vectors[near] @ vectors[near].T
        free = np.ones(width, bool)
        taken: list[int] = []
        while len(taken) < _BLOCK and free.any():
            best = int(np.argmax(np.where(free, worth[near] * (1 - own.clip(0, 1)), -1.0)))
            row = int(near[best])
            free[best] = False
            if own[best] >= _COPY or clusters[row] in seen:
                copies.append(row)
                left[row] = False
                continue
            taken.append(row)
            seen.add(clusters[row])
            own = np.maximum(own, among[best])
        take(taken)
    copies.sort(key=lambda row: (-float(worth[row]), row))
    return [*order, *copies]


def scores(groups: Iterable[Group], clusters: Mapping[str, str] | None = None) -> dict[str, float]:
    """`Articles.turns` of all these groups, by the id of each one's first document."""
    articles = Articles(clusters or {})
    for group in groups:
        articles.add(group)
    return articles.turns()
