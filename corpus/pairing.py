"""Pairing by content: which English and which Chinese articles are versions of one another.

Each article is taken apart into sentences; their embeddings (corpus/align/meaning.py), its numbers and Latin names
(corpus/align/evidence.py) and the known names in it (corpus/knowledge.py) are its profile. The nearest by the mean
of the embeddings are candidates; a candidate is judged by how well the sentences of either find a counterpart in the other,
by the numbers and names that both have, and by dates. Where several articles could be the partner the score is
shared among them, so that only a clear one is taken; copies of one text do not take from one another.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from corpus.align.evidence import keys, length
from corpus.align.meaning import Vectors, embed
from corpus.document import Document, Lang
from corpus.errors import ModelError
from corpus.knowledge import knowledge
from corpus.report import Progress

__all__ = ["LEAST", "Evidence", "Match", "Profile", "evidence", "match", "profiles"]

LEAST = 0.5
"""The score from which on two articles are taken for versions of one another."""

# Of a long article the beginning is read: characters, about as much in either language.
_READ = {"en": 7000, "zh": 2400}
# A sentence is as long as this at least and at most: shorter ones are joined to the next, longer ones cut.
_SHORT, _LONG = {"en": 40, "zh": 12}, {"en": 400, "zh": 140}
_END = re.compile(r"[。！？；]+[”’」』）\"]*|[.!?]+[”’\")]*(?=\s)")
_STORY = frozenset(["headline", "body", "dateline"])

# How many of the nearest are looked at closely.
_NEAREST = 12
_BLOCK = 1024
_EMBEDDED_AT_ONCE = 64
# From this likeness of their embeddings on two articles in one language say the same: copies, or two translations of one
# text (0.84 to 0.98 in WMT 2022 news; parts of one article have 0.80 at most).
_SAME = 0.88

# `Evidence.high` and `low` leave out this share of an article: what a version adds, or leaves out.
_FIFTH = 0.2
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What is kept of an article: a vector for each sentence and how much it counts, and what else it can be told by."""

    id: str
    sentences: Vectors
    weights: NDArray[np.float32]
    whole: Vectors
    marks: frozenset[str]
    day: date | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How alike an English and a Chinese article are.

    Each sentence has a likeness to its counterpart, the sentence of the other article that is most like it. `mean` is the
    mean of these, `high` what all but a fifth of the text reaches: both in the direction in which they are higher (an
    abridged version has a counterpart for all that it says); `low` like `high`, in the other direction. `head` is the
    likeness of the beginnings; `marks` how much of the numbers and names of the article with fewer both have, rare ones
    counting for more; `days` how far apart the dates are, None where either has none.
    """

    mean: float
    high: float
    low: float
    head: float
    marks: float
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Two documents by their ids, and how sure it is that they are versions of one another, from 0 to 1."""

    en: str
    zh: str
    score: float


def profiles(documents: Sequence[Document], progress: Progress | None = None) -> list[Profile]:
    """The profile of each document. Raises ModelError where the sentence encoder cannot be loaded."""
    found: list[Profile] = []
    for start in range(0, len(documents), _EMBEDDED_AT_ONCE):
        batch = documents[start : start + _EMBEDDED_AT_ONCE]
        stories = [_story(document) for document in batch]
        split = [_sentences(story, document.lang) for story, document in zip(stories, batch, strict=True)]
        vectors = embed([sentence for sentences in split for sentence in sentences])
        if vectors is None:
            raise ModelError("pairing by content needs the sentence encoder, which cannot be loaded; reinstall hemu")
        at = 0
        for document, story, sentences in zip(batch, stories, split, strict=True):
            own = vectors[at : at + len(sentences)]
            at += len(sentences)
            found.append(_profile(document, story, sentences, own))
        if progress:
            progress(len(found), len(documents))
    return found


def _profile(document: Document, story: str, sentences: Sequence[str], vectors: Vectors) -> Profile:
    weights = np.sqrt([length(sentence, document.lang) + 1 for sentence in sentences]).astype(np.float32)
    total = (vectors * weights[:, None]).sum(0)
    whole = total / max(float(np.linalg.norm(total)), 1e-9)
    read = story[: _READ[document.lang]]
    firm, soft = keys(read, document.lang)
    names = {
        f"={entry.id}" for start, end, entries in knowledge().find(read, document.lang) for entry in entries
        if not entry.unsure(read[start:end])
    }  # fmt: skip
    return Profile(
        document.id,
        vectors.astype(np.float16),
        weights / max(float(weights.sum()), 1e-9),
        whole.astype(np.float32),
        firm | soft | names,
        _day(document.meta),
    )


def _day(meta: Mapping[str, str]) -> date | None:
    found = _DATE.match(meta.get("date", ""))
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _story(document: Document) -> str:
    parts = [document.text[block.start : block.end] for block in document.blocks if block.kind in _STORY]
    return "\n".join(parts) or document.text


def _sentences(text: str, lang: Lang) -> list[str]:
    """The sentences at the beginning of a text, roughly: short ones joined to the next, long ones cut."""
    found: list[str] = []
    for line in text[: _READ[lang]].splitlines():
        start = 0
        for end in [*(match.end() for match in _END.finditer(line)), len(line)]:
            if end - start >= _SHORT[lang] or end == len(line):
                found += _cut(line[start:end], _LONG[lang])
                start = end
    return found or [text[: _LONG[lang]]]


def _cut(sentence: str, most: int) -> list[str]:
    plain = sentence.strip()
    return [plain[start : start + most] for start in range(0, len(plain), most)]


def evidence(en: Profile, zh: Profile, rarity: Mapping[str, float]) -> Evidence:
    """How alike two articles are; `rarity` weighs what marks an article (see `rarities`)."""
    table = en.sentences.astype(np.float32) @ zh.sentences.astype(np.float32).T
    to_zh, to_en = table.max(1), table.max(0)
    reached = sorted((_reached(to_zh, en.weights), _reached(to_en, zh.weights)))
    shared = sum(rarity.get(mark, 0.0) for mark in en.marks & zh.marks)
    most = min(sum(rarity.get(mark, 0.0) for mark in profile.marks) for profile in (en, zh))
    days = abs((en.day - zh.day).days) if en.day and zh.day else None
    return Evidence(
        mean=float(max(to_zh @ en.weights, to_en @ zh.weights)),
        high=reached[1],
        low=reached[0],
        head=float(table[:2, :2].max()),
        marks=shared / most if most else 0.0,
        days=days,
    )


def _reached(likeness: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    """What all but a fifth of the sentences, by weight, reach."""
    order = np.argsort(likeness)
    at = int(np.searchsorted(np.cumsum(weights[order]), _FIFTH))
    return float(likeness[order[min(at, len(order) - 1)]])


def rarities(en: Iterable[Profile], zh: Iterable[Profile]) -> dict[str, float]:
    """How much each mark that occurs in both languages says: the rarer it is in the collection, the more."""
    in_en: Counter[str] = Counter(mark for profile in en for mark in profile.marks)
    in_zh: Counter[str] = Counter(mark for profile in zh for mark in profile.marks)
    return {m: 1.0 / (1.0 + math.log(n * in_zh[m]) / 2) for m, n in in_en.items() if m in in_zh}


# What the evidence weighs: logistic regression (scripts/measure_pairing.py --fit) on WMT 2022 articles and on own ones, with
# articles cut to 60 % among the pairs, and those that hold a third or a half of another story among what is none.
_CONSTANT = -20.5
_WEIGHTS = {"mean": 15.13, "high": 11.59, "low": 16.88, "head": 3.27, "marks": 4.2}
# A translation comes out within days; one that is dated weeks away is of another story.
_DAYS_NEAR, _DAYS_FAR, _DATED_FAR = 3, 21, -3.0


def odds(found: Evidence) -> float:
    """The natural logarithm of the odds that two articles are versions of one another."""
    total: float = _CONSTANT + sum(weight * getattr(found, name) for name, weight in _WEIGHTS.items())
    if found.days is not None:
        far = (found.days - _DAYS_NEAR) / (_DAYS_FAR - _DAYS_NEAR)
        total += _DATED_FAR * min(max(far, 0.0), 1.0)
    return total


def match(
    en: Sequence[Document],
    zh: Sequence[Document],
    *,
    least: float = LEAST,
    progress: Progress | None = None,
) -> list[Match]:
    """The English and Chinese articles that are versions of one another, one to one, the surest first.

    An article whose partner is not there is in no match. The score is the probability that two are versions of one
    another and neither has a better partner. Takes about 0.05 s an article, nearly all of it for the embeddings.
    Raises ModelError where the sentence encoder cannot be loaded.

    >>> rents = "Hewan will build 4,000 homes for rent by 2027, Mayor Lin Lan said. Rents rose by 12.5% last year."
    >>> wheat = "The wheat harvest in the north reached a record of 3.1 million tonnes. Farmers still earn little."
    >>> zh = "河湾市市长林岚表示，到2027年将新建4000套租赁住房。去年房租上涨12.5%。"
    >>> [(m.en, m.zh) for m in match([Document("a", "", "en", wheat), Document("b", "", "en", rents)],
    ...                              [Document("c", "", "zh", zh)])]
    [('b', 'c')]
    """
    if not en or not zh:
        return []
    total = len(en) + len(zh)
    left = profiles(en, _part(progress, 0, total))
    right = profiles(zh, _part(progress, len(en), total))
    rarity = rarities(left, right)
    logits = {(i, j): odds(evidence(left[i], right[j], rarity)) for i, j in nearest(left, right)}
    scores = _shared_out(logits, left, right)
    found: list[Match] = []
    taken_en, taken_zh = set(), set()
    for i, j in sorted(scores, key=lambda at: (-round(scores[at], 6), -logits[at], at)):
        if scores[i, j] >= least and i not in taken_en and j not in taken_zh:
            taken_en.add(i)
            taken_zh.add(j)
            found.append(Match(en[i].id, zh[j].id, round(scores[i, j], 4)))
    return found


def _part(progress: Progress | None, before: int, total: int) -> Progress | None:
    return (lambda done, _: progress(before + done, total)) if progress else None


def nearest(en: Sequence[Profile], zh: Sequence[Profile]) -> list[tuple[int, int]]:
    """For each article of either language the nearest of the other by their embeddings, as pairs of numbers."""
    left, right = _centred(en), _centred(zh)
    found: set[tuple[int, int]] = set()
    for rows, columns, turned in ((left, right, False), (right, left, True)):
        count = min(_NEAREST, len(columns))
        for start in range(0, len(rows), _BLOCK):
            likeness = rows[start : start + _BLOCK] @ columns.T
            best = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
            for row, others in enumerate(best.tolist(), start):
                found |= {(other, row) if turned else (row, other) for other in others}
    return sorted(found)


def _centred(some: Sequence[Profile]) -> Vectors:
    """The vectors of articles without what all of them have in common: their language, and what the news is about."""
    vectors = np.stack([profile.whole for profile in some])
    if len(some) >= _NEAREST:
        vectors = vectors - vectors.mean(0)
    centred: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return centred


def _shared_out(
    logits: Mapping[tuple[int, int], float], en: Sequence[Profile], zh: Sequence[Profile]
) -> dict[tuple[int, int], float]:
    """The probability of each candidate, beside its rivals on either side and having no partner at all."""
    odds_of = {at: math.exp(min(value, 30.0)) for at, value in logits.items()}
    by_en: dict[int, list[int]] = {}
    by_zh: dict[int, list[int]] = {}
    for i, j in odds_of:
        by_en.setdefault(i, []).append(j)
        by_zh.setdefault(j, []).append(i)
    scores = {}
    for (i, j), own in odds_of.items():
        right = sum(odds_of[i, k] for k in by_en[i] if k != j and float(zh[k].whole @ zh[j].whole) < _SAME)
        left = sum(odds_of[k, j] for k in by_zh[j] if k != i and float(en[k].whole @ en[i].whole) < _SAME)
        scores[i, j] = own / (1.0 + own + max(left, right))
    return scores
