"""Chinese words with parts of speech: the algorithm and the tables of `jieba.posseg` (MIT), loaded and computed faster.

What `jieba.posseg.POSTokenizer.cut` gives, which the tests check. Its package reads the dictionary line by line when it
is imported, and its model of unknown words takes sums for every pair of states; here the model's tables are read when a
text first needs them, and a pair of states that cannot follow one another is left out of the sums.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from math import log

from corpus.segment.dictionary import model_table

State = tuple[str, str]

_NEVER = -3.14e100
_WORDS = re.compile("([\u4e00-\u9fd5a-zA-Z0-9+#&\\._]+)")
_SPACE = re.compile("(\r\n|\\s)")
_HAN = re.compile("([\u4e00-\u9fd5]+)")
_LATIN = re.compile("([\\.0-9]+|[a-zA-Z0-9]+)")
_ENGLISH = re.compile("[a-zA-Z0-9]+")
_NUMBER = re.compile("[\\.0-9]+")


class Tagger:
    """Cuts and tags by a dictionary of word frequencies, as `jieba.Tokenizer` keeps them, and of tags."""

    def __init__(self, frequencies: Mapping[str, int], total: int, tags: Mapping[str, str]) -> None:
        self._frequencies, self._tags = frequencies, tags
        self._whole = log(total)
        self._logs: dict[int, float] = {}

    def cut(self, text: str) -> Iterator[tuple[str, str]]:
        """The words and their tags; they join to the text again."""
        for number, block in enumerate(_WORDS.split(text)):
            if number % 2:
                yield from self._block(block)
                continue
            for n, piece in enumerate(_SPACE.split(block)):
                if n % 2:
                    yield piece, "x"
                else:
                    # As in jieba: a stretch that begins with a letter would be "eng", but none does.
                    yield from ((c, "m" if _NUMBER.match(c) else "x") for c in piece)

    def _block(self, block: str) -> Iterator[tuple[str, str]]:
        ends = self._route(block)
        tag = self._tags.get
        start = at = 0
        size = len(block)
        # From `start` to `at` the path has single characters only.
        while at < size:
            end = ends[at]
            if end - at > 1:
                if at > start:
                    yield from self._singles(block[start:at])
                word = block[at:end]
                yield word, tag(word, "x")
                start = end
            at = end
        if at > start:
            yield from self._singles(block[start:at])

    def _singles(self, run: str) -> Iterator[tuple[str, str]]:
        if len(run) == 1 or self._frequencies.get(run):
            return ((c, self._tags.get(c, "x")) for c in run)
        return self._unknown(run)

    @staticmethod
    def _unknown(run: str) -> Iterator[tuple[str, str]]:
        for number, stretch in enumerate(_HAN.split(run)):
            if number % 2:
                yield from _by_model(stretch)
                continue
            for piece in _LATIN.split(stretch):
                if piece:
                    yield piece, "m" if _NUMBER.match(piece) else "eng" if _ENGLISH.match(piece) else "x"

    def _route(self, run: str) -> list[int]:
        """For each place, the end of the first word of the best path from it; of two as good, the longer word."""
        get, logs, whole, size = self._frequencies.get, self._logs, self._whole, len(run)
        unknown = log(1) - whole
        best = [0.0] * (size + 1)
        ends = [0] * size
        for start in range(size - 1, -1, -1):
            end = first = start + 1
            number = get(run[start])
            top: float | None = None
            while number is not None:
                if number:
                    score = logs.get(number)
                    if score is None:
                        score = logs[number] = log(number) - whole
                    value = score + best[end]
                    if top is None or value >= top:
                        top, first = value, end
                if end == size:
                    break
                end += 1
                number = get(run[start:end])
            best[start] = unknown + best[start + 1] if top is None else top
            ends[start] = first
        return ends


def _by_model(run: str) -> Iterator[tuple[str, str]]:
    """Words of characters that no dictionary word joins, by jieba's hidden Markov model of words and tags (Viterbi)."""
    states, start, following, before, emit = _model()
    every = tuple(following)
    scores = {y: start[y] + emit[y].get(run[0], _NEVER) for y in states.get(run[0], every)}
    back: list[dict[State, State]] = []
    for character in run[1:]:
        reached = {y for x in scores for y in following[x]}
        possible = reached.intersection(states.get(character, every)) or reached or every
        now: dict[State, float] = {}
        pointers: dict[State, State] = {}
        for y in possible:
            emission = emit[y].get(character, _NEVER)
            moves = before.get(y, {})
            # Only states that can move on count, and those that cannot move here only where none can.
            found = [(scores[x] + move + emission, x) for x, move in moves.items() if x in scores]
            if not found:
                found = [(-float("inf"), x) for x in scores if following[x]]
            now[y], pointers[y] = max(found)
        scores = now
        back.append(pointers)
    state = max((score, y) for y, score in scores.items())[1]
    route = [state]
    for pointers in reversed(back):
        state = pointers[state]
        route.append(state)
    route.reverse()
    begin = done = 0
    for i, (place, tag) in enumerate(route):
        if place == "B":
            begin = i
        elif place in "ES":
            yield (run[begin : i + 1] if place == "E" else run[i]), tag
            done = i + 1
    if done < len(run):
        yield run[done:], route[done][1]


_Tables = tuple[
    Mapping[str, tuple[State, ...]],
    Mapping[State, float],
    Mapping[State, Mapping[State, float]],
    Mapping[State, Mapping[State, float]],
    Mapping[State, Mapping[str, float]],
]


@cache
def _model() -> _Tables:
    """The states of each character, and the logarithms: to start in a state, to move on from one, into one, to emit."""
    states, start, following, emit = (
        model_table("posseg", name) for name in ("char_state_tab", "prob_start", "prob_trans", "prob_emit")
    )
    before: dict[State, dict[State, float]] = {}
    for x, moves in following.items():
        for y, move in moves.items():
            before.setdefault(y, {})[x] = move
    return states, start, following, before, emit
