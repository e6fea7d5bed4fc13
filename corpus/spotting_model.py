"""The network of a learnt claim spotter, an architecture of spaCy: the words of a candidate, pooled as in spaCy's span
categorizer, beside what is known of the candidate as numbers (its meaning, and features), and one choice over both.

`register` makes it known to spaCy, before a model is made or loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.spotting import KNOWN, MEANING

if TYPE_CHECKING:
    from thinc.api import Model

ARCHITECTURE = "hemu.ClaimSpans.v1"


def register() -> None:
    """Make the architecture known to spaCy; again does no harm."""
    from spacy.util import registry

    if not registry.has("architectures", ARCHITECTURE):
        registry.architectures.register(ARCHITECTURE, func=claim_spans)


def claim_spans(tok2vec: Model[Any, Any], reducer: Model[Any, Any], scorer: Model[Any, Any], features: int) -> Any:
    """A model of (Docs, spans) to scores. `features` is how many features are known of a candidate."""
    from spacy.ml.extract_spans import extract_spans
    from thinc.api import Model, chain, list2ragged, with_getitem

    words: Any = chain(with_getitem(0, chain(tok2vec, list2ragged())), extract_spans(), reducer)
    model: Any = Model(
        "claim_spans",
        _forward,
        init=_initialise,
        layers=[words, scorer],
        attrs={"dropout_rate": 0.0, "known": MEANING + features},
    )
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("reducer", reducer)
    model.set_ref("scorer", scorer)
    return model


def _initialise(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:  # noqa: N803  (thinc names them so)
    words, scorer = model.layers
    words.initialize(X=X)
    width = 0
    if X is not None:
        width = words.predict(X).shape[1]
    scorer.initialize(X=model.ops.alloc2f(1, width + model.attrs["known"]), Y=Y)


def _forward(model: Model[Any, Any], docs_spans: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    docs = docs_spans[0]
    words, scorer = model.layers
    pooled, back_words = words(docs_spans, is_train)
    numbers = _known(docs, pooled.shape[0], model.attrs["known"])
    rate = model.attrs["dropout_rate"] if is_train else 0.0
    if rate:
        # thinc's own dropout draws from the same generator, which the seed of the training sets.
        numbers = numbers * (np.random.uniform(size=numbers.shape) >= rate) / (1.0 - rate)
    ops: Any = model.ops
    both = ops.asarray2f(np.hstack([ops.to_numpy(pooled), numbers]).astype("float32"))
    scores, back_scores = scorer(both, is_train)

    def backprop(d_scores: Any) -> Any:
        d_both = back_scores(d_scores)
        return back_words(ops.as_contig(d_both[:, : pooled.shape[1]]))

    return scores, backprop


def _known(docs: Any, count: int, width: int) -> Any:
    """The numbers of the candidates of all Docs; zeros where spaCy asks with spans of its own to find out widths."""
    rows = [doc.user_data[KNOWN] for doc in docs if KNOWN in doc.user_data]
    if sum(len(row) for row in rows) != count:
        return np.zeros((count, width), np.float32)
    return np.vstack(rows) if rows else np.zeros((0, width), np.float32)
