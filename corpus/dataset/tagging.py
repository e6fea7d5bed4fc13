"""`corpus.dataset.bio` for many documents at once: sentences, tokens and tags of entities, as arrays.

Places are those of `Texts`. What comes out is what `whole_sentences`, `split_tokens` and `encode` give, but that white space
at the edges of an entity is left out of it (no token holds white space).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus.dataset.arrows import Numbers, Texts, runs

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Ranges:
    """Stretches of the texts, from `starts` to `ends`."""

    starts: Numbers
    ends: Numbers


@dataclass(frozen=True, slots=True)
class Tagged:
    """Tokens with their tags (0 is "O", 2n + 1 begins label n, 2n + 2 goes on with it), and the sentences that hold them.

    `counts` says how many tokens a sentence has, `document` which text it is of, `number` the how many-th of its sentences.
    """

    starts: Numbers
    ends: Numbers
    tags: Numbers
    counts: Numbers
    document: Numbers
    number: Numbers


def stripped(texts: Texts, entities: Ranges) -> Ranges:
    """The entities without the white space at their edges; one of nothing else ends where it starts."""
    import numpy as np

    solid = np.flatnonzero(~texts.space)
    edge = np.append(solid, len(texts.points))
    starts = np.minimum(edge[np.searchsorted(solid, entities.starts)], entities.ends)
    before = np.searchsorted(solid, entities.ends) - 1
    ends = np.where(before >= 0, edge[before] + 1, 0)
    return Ranges(starts, np.maximum(starts, ends))


def tagged(texts: Texts, sentences: Ranges, entities: Ranges, labels: Numbers, words: Ranges | None) -> Tagged:
    """Sentences, tokens and tags. Without `words`, a token is a character; else they are split at the edges of entities.

    `entities` are `stripped`, and those that are empty are passed over.
    """
    import numpy as np

    size = len(texts.points)
    real = entities.ends > entities.starts
    first, last, kind = entities.starts[real], entities.ends[real], labels[real]
    whole = _joined(np.concatenate([sentences.starts, first]), np.concatenate([sentences.ends, last]))
    depth = np.zeros(size + 1, np.int64)
    np.add.at(depth, whole.starts, 1)
    np.add.at(depth, whole.ends, -1)
    inside = (np.cumsum(depth)[:size] > 0) & ~texts.space
    if words is None:
        starts = np.flatnonzero(inside)
        ends = starts + 1
    else:
        edge = np.zeros(size + 1, bool)
        for at in (words.starts, words.ends, first, last, whole.starts, whole.ends, texts.base):
            edge[at] = True
        edge[1:size] |= texts.space[1:] != texts.space[:-1]
        at = np.flatnonzero(edge)
        starts, ends = at[:-1], at[1:]
        kept = inside[starts] if len(starts) else np.zeros(0, bool)
        starts, ends = starts[kept], ends[kept]
    tags = np.zeros(len(starts), np.int64)
    begin, end = np.searchsorted(starts, first), np.searchsorted(ends, last)
    tags[runs(begin, end - begin + 1)] = np.repeat(2 * kind + 2, end - begin + 1)
    tags[begin] = 2 * kind + 1
    row = np.searchsorted(whole.starts, starts, "right") - 1
    counts = np.bincount(row, minlength=len(whole.starts))
    document = np.searchsorted(texts.base, whole.starts, "right") - 1
    number = np.arange(len(document)) - np.searchsorted(document, document)
    some = counts > 0
    return Tagged(starts, ends, tags, counts[some], document[some], number[some])


def _joined(starts: Numbers, ends: Numbers) -> Ranges:
    """The stretches in their order, joined where they overlap."""
    import numpy as np

    real = ends > starts
    starts, ends = starts[real], ends[real]
    if not len(starts):
        return Ranges(starts, ends)
    order = np.lexsort((ends, starts))
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    new = np.flatnonzero(np.append(True, starts[1:] >= reach[:-1]))
    return Ranges(starts[new], reach[np.append(new[1:], len(starts)) - 1])


def read_back(made: Tagged) -> tuple[Ranges, Numbers]:
    """The entities that the tags say, with their labels; none goes over the edge of a sentence."""
    import numpy as np

    tags = made.tags
    goes_on = (tags > 0) & (tags % 2 == 0)
    if len(tags):
        goes_on[0] = False
        before = tags[:-1]
        goes_on[1:] &= (before > 0) & (tags[1:] == before + before % 2)
        goes_on[np.cumsum(made.counts)[:-1]] = False
    begin = np.flatnonzero(tags % 2 == 1)
    stop = np.append(np.flatnonzero(~goes_on), len(tags))
    last = stop[np.searchsorted(stop, begin, "right")] - 1
    return Ranges(made.starts[begin], made.ends[last]), (tags[begin] - 1) // 2


def lost(entities: Ranges, labels: Numbers, made: Sequence[Tagged]) -> Numbers:
    """The numbers of the entities that cannot be read back from the tags."""
    import numpy as np

    size = 1 + max((int(ends.max(initial=0)) for ends in (entities.ends, *(one.ends for one in made))), default=0)
    kinds = 1 + int(max([labels.max(initial=0), *(one.tags.max(initial=0) for one in made)]))

    def keys(ranges: Ranges, labels: Numbers) -> Numbers:
        # Texts are of some megabytes together, so this stays far below 2 ** 63.
        found: Numbers = (ranges.starts * size + ranges.ends) * kinds + labels
        return found

    found = [keys(*read_back(one)) for one in made]
    return np.flatnonzero(~np.isin(keys(entities, labels), np.concatenate(found) if found else labels[:0]))
