"""Sentences and tokens of a document.

Sentences: in order, not overlapping, within one line, without the white space around them; every character that is
not white space is in exactly one. Tokens: in order, not overlapping; every character that is not white space is in
exactly one, and none is white space alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from corpus.document import Document, Lang, Segments, Token
from corpus.language import HAN, LINE_BREAKS
from corpus.report import Progress, StageReport
from corpus.schema import SEGMENTS
from corpus.store import Workspace

Range = tuple[int, int]

_BATCH = 64

_LINE = re.compile(f"[^{LINE_BREAKS}]+")
_CLOSING = "”’」』）)】》〉］]｝}〗"
# Where a Chinese sentence can end: its stop (an ASCII one not inside an address or an entity such as &amp;), then
# closing quotes and brackets, of which some texts set off by spaces.
_STOP = re.compile(
    r"(?:[。！？；!?;｡]|…+|\.{3,})(?:[。！？!?…｡]|\.{3,})*"
    rf"(?:[^\S{LINE_BREAKS}]*[{re.escape(_CLOSING)}]|[\"'](?=\s|\Z|[{HAN}]))*"
)
_GOES_ON = re.compile(r"[、，,；;：:。.]|等|——")
_ENTITY = re.compile(r"&#?\w{1,8};\Z")


def segment_text(text: str, lang: Lang) -> tuple[tuple[Range, ...], tuple[Token, ...]]:
    """Sentences and tokens of a text.

    >>> text = "“钱够用了。”他说。明年再看。"
    >>> [text[start:end] for start, end in segment_text(text, "zh")[0]]
    ['“钱够用了。”', '他说。', '明年再看。']
    """
    return (_english if lang == "en" else _chinese)(text)


def segment(document: Document) -> Segments:
    """Sentences and tokens of a document, bound to its text by hash.

    >>> len(segment(Document("a.en", "", "en", "Rents fell. Wages rose.")).sentences)
    2
    """
    sentences, tokens = segment_text(document.text, document.lang)
    return Segments(document.id, document.sha, sentences, tokens)


def _english(text: str) -> tuple[tuple[Range, ...], tuple[Token, ...]]:
    from corpus.english import parse

    doc = parse(text)
    sentences = [_trimmed(text, span.start_char, span.end_char) for span in doc.sents] if len(doc) else []
    tokens = (Token(token.idx, token.idx + len(token.text), token.pos_) for token in doc if not token.text.isspace())
    return tuple(s for s in sentences if s[0] < s[1]), tuple(tokens)


def _chinese(text: str) -> tuple[tuple[Range, ...], tuple[Token, ...]]:
    from corpus.chinese import words

    tokens = (token for token in words(text) if not text[token.start : token.end].isspace())
    return tuple(chinese_sentences(text)), tuple(tokens)


def chinese_sentences(text: str) -> Iterator[Range]:
    """The sentences of a Chinese text: up to 。！？； and …… with the closing quotes and brackets after them, or the line.

    What has neither letter nor digit (a stray dash or dot) is no sentence: it goes to the one before it in its line,
    else to the one after it.

    >>> text = "房租降了吗？降了！（完）"
    >>> [text[start:end] for start, end in chinese_sentences(text)]
    ['房租降了吗？', '降了！', '（完）']
    """
    for line in _LINE.finditer(text):
        pending: list[Range] = []
        for start, end in _cuts(text, line.start(), line.end()):
            if pending and not (_has_word(text, start, end) and _has_word(text, *pending[-1])):
                pending[-1] = (pending[-1][0], end)
            else:
                pending.append((start, end))
        yield from pending


def _cuts(text: str, start: int, end: int) -> Iterator[Range]:
    for match in _STOP.finditer(text, start, end):
        if not _ends_sentence(text, match, end):
            continue
        piece = _trimmed(text, start, match.end())
        if piece[0] < piece[1]:
            yield piece
        start = match.end()
    piece = _trimmed(text, start, end)
    if piece[0] < piece[1]:
        yield piece


def _ends_sentence(text: str, match: re.Match[str], line_end: int) -> bool:
    stop, after = match[0][0], text[match.end() : min(line_end, match.end() + 2)]
    if stop in "?!;":
        return not re.match(r"[A-Za-z0-9=&/]", after) and not (
            stop == ";" and _ENTITY.search(text, max(0, match.start() - 10), match.start() + 1)
        )
    if stop in "….":
        return not _GOES_ON.match(after)
    return True


def _has_word(text: str, start: int, end: int) -> bool:
    return any(character.isalnum() for character in text[start:end])


def _trimmed(text: str, start: int, end: int) -> Range:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def segment_workspace(workspace: Workspace, progress: Progress | None = None) -> StageReport:
    """Segment the documents of a workspace that are new, or whose text has changed since; adds to its segments.

    What is done is kept batch by batch: a run that is broken off goes on where it stopped.
    """
    began = time.monotonic()
    report = StageReport("segment")
    with workspace.writing():
        done = {row["document"]: row["sha"] for row in workspace.rows(SEGMENTS.name, ["document", "sha"])}
        documents = workspace.documents().values()
        todo = [document for document in documents if done.get(document.id) != document.sha]
        report.unchanged = len(documents) - len(todo)
        sentences = tokens = 0
        for first in range(0, len(todo), _BATCH):
            batch = []
            for document in todo[first : first + _BATCH]:
                batch.append(segment(document))
                sentences += len(batch[-1].sentences)
                tokens += len(batch[-1].tokens)
                if progress:
                    progress(first + len(batch), len(todo))
            report.done += workspace.append(SEGMENTS, batch)
    report.notes = {"sentences": sentences, "tokens": tokens}
    report.seconds = time.monotonic() - began
    return report
