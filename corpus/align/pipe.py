"""The pipe `hemu align`: documents as JSON Lines in, the sentence beads of each pair as JSON Lines out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from corpus.align import align
from corpus.document import Bead, Document, Lang
from corpus.engine import map_batches
from corpus.errors import InputError
from corpus.jsonl import dump_row, output, read_documents, refuse_same_file
from corpus.report import Progress, StageReport

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Version:
    """A document, its sentences where the input gives them, and the pair that it is a version of ("": of none)."""

    document: Document
    sentences: tuple[Range, ...] | None
    pair: str


def align_rows(
    input_path: str, output_path: str, *, progress: Progress | None = None, workers: int | None = None
) -> StageReport:
    """Align the pairs among documents `{"id", "pair", "lang", "text", "sentences"?}`, "-" being the standard streams.

    `sentences`, offsets `[[start, end], ...]`, are kept as given; without them the text is segmented here. Writes one
    line for each pair, as soon as both versions have been read: `{"pair", "beads": [{"en": [[start, end], ...],
    "zh": [...], "score"}]}`; then one for each document without a partner, all its beads with one side empty.
    A document that has no pair stands alone under its id, and so does the second one of a pair in the same language.
    `workers` processes share the work, one by default; the lines are the same.
    Raises InputError, naming the line, for what is not well formed and for an id that comes twice.
    """
    began = time.monotonic()
    report = StageReport("align")
    beads = alone = 0
    refuse_same_file(input_path, output_path)
    with output(output_path) as stream:
        pairs = map_batches(_aligned, _pairs(input_path), workers=workers or 1)
        for count, (name, versions, found) in enumerate(pairs, 1):
            row = {"pair": name, "beads": [{"en": b.en, "zh": b.zh, "score": b.score} for b in found]}
            stream.write(dump_row(row) + "\n")
            report.done += 1
            beads += len(found)
            alone += versions == 1
            if progress:
                progress(count, None)
    report.notes = {"beads": beads, "without_partner": alone}
    report.seconds = time.monotonic() - began
    return report


def _pairs(path: str) -> Iterator[tuple[str, list[_Version]]]:
    """Pairs as they become complete, then the documents that are left alone, in the order of the input."""
    waiting: dict[tuple[str, str], _Version] = {}
    taken: set[tuple[str, Lang]] = set()
    for where, row, document in read_documents(path):
        version = _Version(document, sentences_of(row, document.text, where), document.pair)
        if (document.pair, document.lang) in taken:
            # As where articles are annotated: the first one in a language is the version of the pair.
            version = replace(version, pair="")
        if not version.pair:
            waiting["id", document.id] = version
            continue
        taken.add((version.pair, document.lang))
        partner = waiting.pop(("pair", version.pair), None)
        if partner:
            yield version.pair, [partner, version]
        else:
            waiting["pair", version.pair] = version
    for version in waiting.values():
        yield version.pair or version.document.id, [version]


def sentences_of(row: Mapping[str, Any], text: str, where: str) -> tuple[Range, ...] | None:
    """The sentences given in a row, None where it gives none.

    Raises InputError where they are no offsets into the text, or not in order, or overlap.
    """
    given = row.get("sentences")
    if given is None:
        return None
    if not isinstance(given, list):
        raise InputError(f"{where}: 'sentences' is no list; expected [[start, end], ...]")
    found: list[Range] = []
    for entry in given:
        if not (isinstance(entry, list) and len(entry) == 2 and all(type(offset) is int for offset in entry)):
            raise InputError(f"{where}: sentence {entry!r} is no pair of integers; expected [start, end]")
        start, end = entry
        if not 0 <= start < end <= len(text):
            raise InputError(f"{where}: sentence {start}-{end} is no stretch of a text of {len(text)} characters")
        if found and start < found[-1][1]:
            before = f"{found[-1][0]}-{found[-1][1]}"
            raise InputError(f"{where}: sentence {start}-{end} overlaps {before} or stands before it; sort them")
        found.append((start, end))
    return tuple(found)


def _aligned(pair: tuple[str, list[_Version]]) -> tuple[str, int, tuple[Bead, ...]]:
    """The name of a pair, how many versions there are of it, and its beads."""
    name, versions = pair
    by_lang = {version.document.lang: version for version in versions}
    en, zh = by_lang.get("en"), by_lang.get("zh")
    return name, len(versions), align(*_text_and_sentences(en), *_text_and_sentences(zh))


def _text_and_sentences(version: _Version | None) -> tuple[str, tuple[Range, ...]]:
    from corpus.segment import segment_text

    if version is None:
        return "", ()
    if version.sentences is not None:
        return version.document.text, version.sentences
    return version.document.text, segment_text(version.document.text, version.document.lang)[0]
