"""Asks a model about whole documents: pieces, cache, parts of what was too long, and what is left of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

from annotators.llm.answers import Found, read_answers
from annotators.llm.cache import Answer, has_answered, keep, key_of, note_answer, recall
from annotators.llm.client import Client, RefusedError
from annotators.llm.pieces import Piece, halves, pieces
from annotators.llm.prompt import answer_schema, messages, prompt_digest
from annotators.llm.settings import Settings
from corpus.document import Document
from corpus.errors import ModelError

VERSION = "1"

_DEPTH = 3


@dataclass(slots=True)
class Asked:
    """What became of a document: what was found, what the new answers took, and why parts of it have none."""

    found: Found
    tokens_in: int = 0
    tokens_out: int = 0
    why: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        return self.found.counts


@dataclass(frozen=True, slots=True)
class _Row:
    """An answer about a piece; `why` says why it is none. `in_parts`: its parts were asked about instead."""

    piece: Piece
    answer: Answer
    fresh: bool
    why: str = ""
    in_parts: bool = False


class Oracle:
    """Asks one model; `pause` is the first wait before a retry, in seconds."""

    def __init__(self, settings: Settings, *, pause: float = 1.0) -> None:
        self.settings = settings
        self.version = f"{VERSION}-{prompt_digest(settings.scheme)}-{key_of([settings.model, settings.max_tokens])[:6]}"
        self._pause = pause
        self._client: Client | None = None
        self._refused: dict[str, str] = {}

    @property
    def client(self) -> Client:
        """The connection, which is made when there is something to ask."""
        if self._client is None:
            self._client = Client(self.settings, pause=self._pause)
        return self._client

    @property
    def requests(self) -> Counter[str]:
        """What was sent so far, and what went wrong with it."""
        return self._client.counts if self._client else Counter()

    def waiting(self, document: Document) -> list[Piece]:
        """The pieces of a document that are still to be asked about, parts of those that were too long left out."""
        return [p for p in pieces(document) if recall(document.sha, self._key(document, p)) is None]

    def ask(self, document: Document, threads: int = 0) -> Asked:
        """The entities and claims of a document, from the cache where they are there.

        Up to `threads` pieces are asked about at once, as many as the settings allow if 0. Raises ModelError where the
        server cannot be used; what it answered until then is kept.
        """
        whole = pieces(document)
        threads = min(threads or self.settings.concurrency, len(whole))
        if threads > 1 and self.waiting(document):
            # One client for all threads.
            _ = self.client
            with ThreadPoolExecutor(threads) as pool:
                rows = [row for found in pool.map(lambda p: list(self._answers(document, p)), whole) for row in found]
        else:
            rows = [row for piece in whole for row in self._answers(document, piece)]
        said = [(row.piece, row.answer.content) for row in rows if not row.why and not row.in_parts]
        asked = Asked(read_answers(document, self.settings.scheme, said), why=[row.why for row in rows if row.why])
        for row in rows:
            asked.counts[
                "answers kept from before" if not row.fresh else "answers refused" if row.why else "answers"
            ] += 1
            if row.fresh:
                asked.tokens_in += row.answer.tokens_in
                asked.tokens_out += row.answer.tokens_out
        return asked

    def _answers(self, document: Document, piece: Piece, depth: int = 0) -> Iterator[_Row]:
        """What was answered about a piece, and about its parts where it was too long."""
        key = self._key(document, piece)
        answer = recall(document.sha, key)
        fresh = answer is None
        if answer is None:
            answer = self._fresh(document, piece, key)
        if answer.finish in ("length", "too long") and depth < _DEPTH and (parts := halves(document, piece)):
            yield _Row(piece, answer, fresh, in_parts=True)
            for part in parts:
                yield from self._answers(document, part, depth + 1)
        else:
            why = "" if answer.finish in ("stop", "length") else self._refused.get(key, answer.finish)
            yield _Row(piece, answer, fresh, why)

    def _fresh(self, document: Document, piece: Piece, key: str) -> Answer:
        if key in self._refused:
            return Answer("", "refused")
        settings = self.settings
        try:
            answer = self.client.ask(messages(piece, settings.scheme, document.lang), answer_schema(settings.scheme))
            note_answer(settings.host, settings.model)
        except RefusedError as error:
            if error.too_long:
                answer = Answer("", "too long")
            elif not has_answered(settings.host, settings.model):
                # More likely the server or a setting than this one text.
                raise ModelError(f"{settings.host}: answers nothing that can be used: {error}") from None
            else:
                self._refused[key] = str(error)
                return Answer("", "refused")
        keep(document.sha, key, answer)
        return answer

    def _key(self, document: Document, piece: Piece) -> str:
        asked = messages(piece, self.settings.scheme, document.lang)
        schema = answer_schema(self.settings.scheme)
        return key_of([VERSION, self.settings.model, self.settings.max_tokens, asked, schema])


@lru_cache(maxsize=4)
def oracle(settings: Settings) -> Oracle:
    """The one oracle of a process for these settings: the annotators of entities and of claims ask it in turn."""
    return Oracle(settings)
