"""CoNLL-2003: a token a line (token, part of speech, chunk, tag), a blank line after each sentence, `-DOCSTART-` before each document.

Tags are IOB2, which is what the field calls CoNLL-2003 (the first files were IOB1): every entity begins with B-. There are no
chunks: that column is O. A token whose part of speech is not known has -X-. White space and claims are not in this form.
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import IO

from corpus.dataset.forms.names import index
from corpus.dataset.forms.pieces import pieces, sentence_starts, solid
from corpus.dataset.forms.source import Record, Source, Word, by_lang
from corpus.document import Entity
from corpus.errors import InputError

START = "-DOCSTART-"
_HEAD = f"{START} -X- -X- O\n\n"
NO_TAG, NO_CHUNK = "-X-", "O"


def write(source: Source, folder: Path) -> dict[str, int]:
    """`train.en.conll` and so on, and `documents.csv`, which says what the documents of a file are, in their order."""
    figures = dict.fromkeys(("documents", "sentences", "tokens", "entities"), 0)
    with ExitStack() as stack:
        add = stack.enter_context(index(folder))
        files: dict[str, IO[str]] = {}
        for name, record in by_lang(source.all(words=True)):
            if name not in files:
                path = folder / f"{name}.conll"
                files[name] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            tokens, sentences, lines = _lines(record)
            files[name].write(lines)
            add(f"{name}.conll", record)
            for key, number in (("documents", 1), ("sentences", sentences), ("tokens", tokens)):
                figures[key] += number
            figures["entities"] += len(record.entities)
    return figures


def _lines(record: Record) -> tuple[int, int, str]:
    text = record.document.text
    marks = [(*solid(text, e.start, e.end), e) for e in record.entities]
    edges = {edge for start, end, _ in marks for edge in (start, end)}
    starts = sentence_starts(record)
    edges.update(starts)
    at = text.find(START)
    while at >= 0:
        # A word of the text that would be read as the start of a document is two tokens.
        edges.add(at + 1)
        at = text.find(START, at + 1)
    tokens = pieces(record, edges)
    tags = _tags(record.document.id, tokens, marks)
    lines = [
        f"{text[start:end]} {tag or NO_TAG} {NO_CHUNK} {label}\n"
        for (start, end, tag), label in zip(tokens, tags, strict=True)
    ]
    places = [start for start, _, _ in tokens]
    begins = {bisect_left(places, start) for start in starts} - {0, len(tokens)}
    cuts = [0, *sorted(begins), len(tokens)] if tokens else []
    sentences = ["".join([*lines[a:b], "\n"]) for a, b in pairwise(cuts)]
    return len(tokens), len(sentences), "".join([_HEAD, *sentences])


def _tags(id: str, tokens: list[Word], marks: list[tuple[int, int, Entity]]) -> list[str]:
    tags = ["O"] * len(tokens)
    first = {start: i for i, (start, _, _) in enumerate(tokens)}
    for start, end, entity in marks:
        at = first.get(start, len(tokens))
        begin = at
        if len(entity.label.split()) != 1:
            raise InputError(f"label {entity.label!r}: has a space, which CoNLL takes for the end of a column")
        while at < len(tokens) and tokens[at][1] <= end:
            if tags[at] != "O":
                break
            tags[at] = f"{'B' if at == begin else 'I'}-{entity.label}"
            at += 1
        if at == begin or tokens[at - 1][1] != end:
            raise InputError(
                f"{id} {entity.start}-{entity.end}: this {entity.label} overlaps another entity or is white space only; "
                "tags cannot say it: correct the gold"
            )
    return tags
