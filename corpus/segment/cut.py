"""Words of a run of Han characters: the algorithm and the tables of jieba (MIT), computed faster.

The best path through the dictionary, then a hidden Markov model over what is left of single characters, with the same
sums in the same order as `jieba.Tokenizer.cut`: over Han characters the words are the same, which the tests check.
What differs: logarithms are taken once, a word is looked up once, and the model keeps pointers instead of copying its
paths, so that a text without a stop costs no more than one with many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import log

from corpus.segment.dictionary import model_table

_NEVER = -3.14e100
# A name wins over the best way to cut it by this much (natural logarithm); against words that cross its edges it has
# no more than the probability of its parts.
_PREFERENCE = 1e-6

Emissions = Mapping[str, tuple[float, float, float, float]]


class Cutter:
    """Cuts runs of Han characters by a dictionary of word frequencies, as jieba keeps them.

    `words` are held together wherever no likelier words cross their edges, however rare the dictionary has them.
    """

    def __init__(self, frequencies: Mapping[str, int], total: int, words: Iterable[str] = ()) -> None:
        whole = log(total)
        # 0 marks what is only the beginning of a word: no probability is 1. Words share few frequencies.
        logs = {n: log(n) - whole if n else 0.0 for n in set(frequencies.values())}
        self._scores: dict[str, float] = dict(
            zip(frequencies, map(logs.__getitem__, frequencies.values()), strict=True)
        )
        self._unknown = log(1) - whole
        self._add(words)

    def _add(self, words: Iterable[str]) -> None:
        scores = self._scores
        # Short ones first: a long name is compared with the names in it.
        for word in sorted(set(words), key=lambda word: (len(word), word)):
            if len(word) < 2:
                continue
            score = self._route(word)[0][0] + _PREFERENCE
            scores[word] = max(score, scores.get(word) or score)
            for end in range(1, len(word)):
                scores.setdefault(word[:end], 0.0)

    def __contains__(self, word: str) -> bool:
        return bool(self._scores.get(word))

    def cut(self, run: str) -> list[str]:
        """The words of a run, which join to it again."""
        if len(run) == 1:
            return [run]
        ends = self._route(run)[1]
        scores = self._scores
        found: list[str] = []
        start = at = 0
        size = len(run)
        # From `start` to `at` the path has single characters only.
        while at < size:
            end = ends[at]
            if end - at > 1:
                if at - start == 1:
                    found.append(run[start])
                elif at > start:
                    found += self._rest(run[start:at], scores)
                found.append(run[at:end])
                start = end
            at = end
        if at - start == 1:
            found.append(run[start])
        elif at > start:
            found += self._rest(run[start:at], scores)
        return found

    @staticmethod
    def _rest(singles: str, scores: Mapping[str, float]) -> Iterable[str]:
        return singles if scores.get(singles) else _by_model(singles)

    def _route(self, run: str) -> tuple[list[float], list[int]]:
        """For each place the probability of the best path from it to the end, and the end of its first word."""
        get, unknown, size = self._scores.get, self._unknown, len(run)
        best = [0.0] * (size + 1)
        ends = [0] * size
        for start in range(size - 1, -1, -1):
            end = first = start + 1
            score = get(run[start])
            top = score + best[end] if score else None
            while score is not None and end < size:
                end += 1
                score = get(run[start:end])
                if score:
                    value = score + best[end]
                    if top is None or value >= top:
                        top, first = value, end
            best[start] = unknown + best[start + 1] if top is None else top
            ends[start] = first
        return best, ends


def _by_model(run: str) -> Iterator[str]:
    """Words of characters that no dictionary word joins, by jieba's hidden Markov model (Viterbi's algorithm)."""
    emissions, starts, moves = _model()
    never = (_NEVER, _NEVER, _NEVER, _NEVER)
    s_b, e_s, s_s, m_m, b_m, b_end, m_end, e_b = moves
    b, m, e, s = (start + emit for start, emit in zip(starts, emissions.get(run[0], never), strict=True))
    # For each character and state the state before it; of two that are equal, the later letter of the alphabet.
    back: list[tuple[str, str, str, str]] = [("", "", "", "")]
    for character in run[1:]:
        emit_b, emit_m, emit_e, emit_s = emissions.get(character, never)
        from_e, from_s = e + e_b + emit_b, s + s_b + emit_b
        new_b, back_b = (from_s, "S") if from_s >= from_e else (from_e, "E")
        from_b, from_m = b + b_m + emit_m, m + m_m + emit_m
        new_m, back_m = (from_m, "M") if from_m >= from_b else (from_b, "B")
        from_b, from_m = b + b_end + emit_e, m + m_end + emit_e
        new_e, back_e = (from_m, "M") if from_m >= from_b else (from_b, "B")
        from_e, from_s = e + e_s + emit_s, s + s_s + emit_s
        new_s, back_s = (from_s, "S") if from_s >= from_e else (from_e, "E")
        b, m, e, s = new_b, new_m, new_e, new_s
        back.append((back_b, back_m, back_e, back_s))
    state = "S" if s >= e else "E"
    ends: list[int] = []
    for place in range(len(run) - 1, -1, -1):
        if state in "ES":
            ends.append(place + 1)
        state = back[place]["BMES".index(state)]
    start = 0
    for end in reversed(ends):
        yield run[start:end]
        start = end


@lru_cache(maxsize=1)
def _model() -> tuple[Emissions, tuple[float, ...], tuple[float, ...]]:
    emit, start, trans = (model_table("finalseg", name) for name in ("prob_emit", "prob_start", "prob_trans"))
    characters = {character for state in "BMES" for character in emit[state]}
    emissions = {
        c: (emit["B"].get(c, _NEVER), emit["M"].get(c, _NEVER), emit["E"].get(c, _NEVER), emit["S"].get(c, _NEVER))
        for c in characters
    }
    moves = ("SB", "ES", "SS", "MM", "BM", "BE", "ME", "EB")
    return emissions, tuple(start[state] for state in "BMES"), tuple(trans[move[0]][move[1]] for move in moves)
