"""The annotators "llm:…" and "llm-claims:…", and the stage that asks a model about many documents at once."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

from annotators.llm.oracle import Asked, Oracle, oracle
from annotators.llm.prompt import guidelines
from annotators.llm.settings import CLAIMS, Settings, settings_named
from annotators.registry import Stage
from corpus.document import Document, Group, Layer
from corpus.errors import ModelError
from corpus.report import Progress, Skipped, StageReport
from corpus.script import simplified

# Failures one after another that are taken as chance.
_ROW = 4

# Tokens for a character of text, roughly, and for what is asked and answered beside it.
_TOKENS = {"en": 0.25, "zh": 0.8}
_ANSWERED = {"en": 0.35, "zh": 1.0}


@dataclass(slots=True)
class LlmAnnotator:
    """Entities or claims from a language model; make one with `from_name`. Both ask once: the second finds the answers
    of the first in the cache."""

    oracle: Oracle
    name: str
    version: str
    stage: Stage

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each document of the group. ModelError where the server cannot be used."""
        layers = []
        for item in group.items:
            document = item.document
            found = self.oracle.ask(document).found
            if self.stage == "entities":
                entities = tuple(replace(e, source=self.name) for e in found.entities)
                layers.append(Layer(document.id, document.sha, self.name, self.version, entities))
            else:
                claims = tuple(replace(c, source=self.name) for c in found.claims)
                layers.append(Layer(document.id, document.sha, self.name, self.version, claims=claims))
        return layers


def from_name(name: str) -> LlmAnnotator:
    """The annotator for "llm:URL#MODEL", "llm:WORKSPACE" (its `[llm]`), or the same with "llm-claims:".

    Its layers are called after the model, so that two models stand beside one another. Asks nothing yet. Raises
    InputError or WorkspaceError where there are no settings that can be used.

    >>> made = from_name("llm-claims:http://localhost:8000/v1#qwen3")
    >>> made.name, made.stage
    ('llm-claims:qwen3', 'claims')
    """
    settings = settings_named(name)
    asked = oracle(settings)
    if name.startswith(CLAIMS):
        return LlmAnnotator(asked, f"llm-claims:{settings.model}", asked.version, "claims")
    return LlmAnnotator(asked, f"llm:{settings.model}", asked.version, "entities")


def ask_documents(
    documents: Iterable[Document],
    settings: Settings,
    *,
    progress: Progress | None = None,
    total: int | None = None,
    pause: float = 1.0,
) -> StageReport:
    """Ask a model about documents, several at once, and keep the answers for the annotators.

    The report counts documents, requests, tokens, what they cost, and what became of every quote; documents whose every
    answer was there already are `unchanged`. A document about which the server does not answer is left out and named.
    ModelError where it cannot be used at all, or fails for one after another; what was answered is kept in any case.
    `total`, how many documents there are, is handed to `progress`; `pause` is the first wait before a retry, in seconds.
    """
    started = time.monotonic()
    report = StageReport("ask")
    asking = Oracle(settings, pause=pause)
    counts: Counter[str] = Counter()
    tokens_in = tokens_out = failed = 0
    # Closed here and not by the collector of garbage: so no thread asks on after an error.
    with closing(_concurrently(asking, documents, settings.concurrency)) as answers:
        for document, asked in answers:
            if isinstance(asked, ModelError):
                report.skipped.append(Skipped(document.id, str(asked)))
                failed += 1
                # The first of all, or one after another: it is the server, not the article.
                if failed > (_ROW if report.done else 0):
                    raise asked
                continue
            failed = failed + 1 if asked.why else 0
            if failed > _ROW:
                raise ModelError(f"{settings.host}: refuses one article after another: {asked.why[0]}")
            fresh = bool(asked.counts["answers"] or asked.counts["answers refused"])
            report.done += fresh
            report.unchanged += not fresh
            counts.update(asked.counts)
            tokens_in, tokens_out = tokens_in + asked.tokens_in, tokens_out + asked.tokens_out
            report.skipped.extend(Skipped(document.id, f"a part has no answer: {why}") for why in asked.why)
            if progress:
                progress(report.done + report.unchanged, total)
    report.notes = {"server": settings.host, "model": settings.model, **_sorted(asking.requests)}
    report.notes |= {"tokens in": tokens_in, "tokens out": tokens_out}
    if settings.price_in or settings.price_out:
        report.notes["cost"] = cost(settings, tokens_in, tokens_out)
    report.notes |= _sorted(counts)
    report.seconds = time.monotonic() - started
    return report


def cost(settings: Settings, tokens_in: float, tokens_out: float) -> float:
    """What so many tokens cost by the prices of the settings.

    >>> cost(Settings("http://localhost/v1", "m", price_in=2.0, price_out=8.0), 500_000, 250_000)
    3.0
    """
    return round((tokens_in * settings.price_in + tokens_out * settings.price_out) / 1_000_000, 6)


def estimate(documents: Iterable[Document], settings: Settings) -> StageReport:
    """What `ask_documents` would do, roughly: requests, tokens and cost; asks nothing. Good to a factor of two."""
    report = StageReport("estimate")
    asking = Oracle(settings)
    requests = tokens_in = tokens_out = 0.0
    for document in map(_as_read, documents):
        waiting = asking.waiting(document)
        report.done += bool(waiting)
        report.unchanged += not waiting
        requests += len(waiting)
        lang = document.lang
        for piece in waiting:
            prompt = len(guidelines(settings.scheme, lang)) + len(piece.before) + len(piece.text) + len(piece.after)
            tokens_in += prompt * _TOKENS[lang]
            tokens_out += min(settings.max_tokens, len(piece.text) * _ANSWERED[lang])
    report.notes = {"requests": int(requests), "tokens in": int(tokens_in), "tokens out": int(tokens_out)}
    if settings.price_in or settings.price_out:
        report.notes["cost"] = cost(settings, tokens_in, tokens_out)
    return report


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {name: number for name, number in sorted(counts.items()) if number}


def _as_read(document: Document) -> Document:
    """The document as annotators read it: Chinese in Simplified characters."""
    text = simplified(document.text) if document.lang == "zh" else document.text
    return document if text == document.text else replace(document, text=text)


def _concurrently(
    asking: Oracle, documents: Iterable[Document], concurrency: int
) -> Generator[tuple[Document, Asked | ModelError], None, None]:
    """Each document with what became of it, in order; few are held at once."""
    _ = asking.client
    waiting: deque[tuple[Document, Future[Asked]]] = deque()
    left = map(_as_read, documents)
    pool = ThreadPoolExecutor(concurrency)
    try:
        first = list(islice(left, 4 * concurrency))
        threads = max(1, concurrency // max(1, len(first)))
        waiting.extend((document, pool.submit(asking.ask, document, threads)) for document in first)
        while waiting:
            document, future = waiting.popleft()
            try:
                yield document, future.result()
            except ModelError as error:
                yield document, error
            waiting.extend((document, pool.submit(asking.ask, document, threads)) for document in islice(left, 1))
    except BaseException:
        asking.client.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        asking.client.close()
