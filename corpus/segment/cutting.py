"""Sentences and tokens of a text."""

from __future__ import annotations

from dataclasses import dataclass

from corpus.document import Document, Lang, Segments, Token
from corpus.segment.sentences import chinese_sentences

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Method:
    """How Chinese is cut into words."""

    names: frozenset[str] = frozenset()
    """Names that are held together besides those of the knowledge base, in Simplified characters."""
    chinese: str = "jieba"
    """The segmenter: "jieba" or "rjieba"."""


@dataclass(slots=True)
class Cuts:
    """Sentences, tokens and their tags, plain: a document has thousands."""

    sentences: list[Range]
    tokens: list[Range]
    tags: list[str]


def segment_text(text: str, lang: Lang, method: Method | None = None) -> tuple[tuple[Range, ...], tuple[Token, ...]]:
    """Sentences and tokens of a text.

    >>> text = "“钱够用了。”他说。明年再看。"
    >>> [text[start:end] for start, end in segment_text(text, "zh")[0]]
    ['“钱够用了。”', '他说。', '明年再看。']
    """
    cuts = _cuts(text, lang, method or Method(), shared=True)
    return tuple(cuts.sentences), _tokens(cuts)


def segment(document: Document, method: Method | None = None) -> Segments:
    """Sentences and tokens of a document, bound to its text by hash; blocks in the other language by that language.

    >>> len(segment(Document("a.en", "", "en", "Rents fell. Wages rose.")).sentences)
    2
    """
    cuts = of_document(document, method or Method(), shared=True)
    return Segments(document.id, document.sha, tuple(cuts.sentences), _tokens(cuts))


def _tokens(cuts: Cuts) -> tuple[Token, ...]:
    return tuple(Token(start, end, tag) for (start, end), tag in zip(cuts.tokens, cuts.tags, strict=True))


def of_document(document: Document, method: Method, *, shared: bool) -> Cuts:
    """Sentences and tokens of a document, block by block in the language of each; for `shared` see `_cuts`."""
    stretches = stretches_of(document)
    if len(stretches) == 1:
        return _cuts(document.text, stretches[0][2], method, shared=shared)
    whole = Cuts([], [], [])
    for start, end, lang in stretches:
        cuts = _cuts(document.text[start:end], lang, method, shared=False)
        whole.sentences += [(start + a, start + b) for a, b in cuts.sentences]
        whole.tokens += [(start + a, start + b) for a, b in cuts.tokens]
        whole.tags += cuts.tags
    return whole


def stretches_of(document: Document) -> list[tuple[int, int, Lang]]:
    """The text in stretches of one language each."""
    found: list[tuple[int, int, Lang]] = []
    done, size = 0, len(document.text)
    for block in sorted(document.blocks, key=lambda block: block.start):
        start, end = max(block.start, done), min(block.end, size)
        if block.lang in (None, document.lang) or start >= end:
            continue
        if start > done:
            found.append((done, start, document.lang))
        found.append((start, end, block.lang or document.lang))
        done = end
    if done < size or not found:
        found.append((done, size, document.lang))
    return found


def _cuts(text: str, lang: Lang, method: Method, *, shared: bool) -> Cuts:
    """Sentences and tokens of a text in one language.

    With `shared`, an English text is parsed in full by `corpus.segment.english.parse`, which remembers its result for
    the annotators that ask for it next; without, only what is needed here is computed.
    """
    if lang == "zh":
        from corpus.segment.chinese import bounds

        tokens = [(a, b) for a, b in bounds(text, method.names, method.chinese) if not text[a].isspace()]
        return Cuts(list(chinese_sentences(text)), tokens, [""] * len(tokens))
    from corpus.segment.english import outline, outline_of, parse

    found = outline_of(parse(text)) if shared else outline(text)
    return Cuts(found.sentences, found.words, found.tags)
