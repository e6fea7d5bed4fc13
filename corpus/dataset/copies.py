"""Copies of articles as `hemu ingest` reads them, for joining them to a dataset without text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from corpus.clean import clean
from corpus.dataset.join import Article, articles_in
from corpus.ingest.columns import Columns
from corpus.ingest.find import find_files
from corpus.ingest.raw import RawDocument
from corpus.ingest.readers import read
from corpus.ingest.sources import sources_of
from corpus.report import Skipped
from corpus.store import CONFIG


def copies_in(
    paths: Iterable[Path | str], *, skipped: Callable[[Skipped], None] = lambda skipped: None
) -> Iterator[Article]:
    """The articles in files and folders of any format that hemu reads, with the text that `hemu ingest` would freeze.

    A workspace gives the documents that it has. `skipped` is called with what cannot be read, and why. Raises InputError
    where a path does not exist.
    """
    for path in paths:
        if (Path(path) / CONFIG).is_file():
            yield from articles_in(Path(path))
            continue
        for file in find_files([path]):
            for source in [file] if isinstance(file, Skipped) else sources_of(file):
                for found in [source] if isinstance(source, Skipped) else read(source, Columns()):
                    if isinstance(found, RawDocument):
                        yield _article(found)
                    else:
                        skipped(found)


def _article(raw: RawDocument) -> Article:
    return Article(raw.where, (raw.id,), clean(raw.text).text, dict(raw.meta), raw.file_sha)
