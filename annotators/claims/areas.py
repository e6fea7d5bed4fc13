"""The policy area of a claim: keywords of the clause first, then of its sentence, then of the document."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources

from corpus.document import Lang

_CLAUSE, _SENTENCE, _TEXT, _HEADLINE = 1.0, 0.4, 1.0, 0.6
"""How much each part of a document says about the area of a clause."""

Table = Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]]


@cache
def area_table(lang: Lang) -> Table:
    """Area → (strong words, other words) as patterns over normalised text."""
    text = (resources.files("annotators") / "data" / "claims" / "areas.toml").read_text(encoding="utf-8")
    return {
        area: (_pattern(row["strong"][lang], lang), _pattern(row["words"][lang], lang))
        for area, row in tomllib.loads(text).items()
    }


def _pattern(words: list[str], lang: Lang) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    if lang == "zh":
        return re.compile("|".join(map(re.escape, longest_first)))
    return re.compile(
        r"(?<!\w)(?:"
        + "|".join(re.escape(w[:-1]) + r"(?!\w)" if w.endswith("$") else re.escape(w) for w in longest_first)
        + ")"
    )


def area_counts(text: str, lang: Lang) -> Counter[str]:
    """How strongly a normalised text speaks for each area; areas without a word are left out.

    >>> area_counts("subsidised rental apartments", "en").most_common(1)[0][0]
    'housing'
    >>> area_counts("推进疫苗接种", "zh").most_common(1)[0][0]
    'health'
    """
    counts: Counter[str] = Counter()
    for area, (strong, other) in area_table(lang).items():
        weight = 3 * len(strong.findall(text)) + len(other.findall(text))
        if weight:
            counts[area] = weight
    return counts


def topic(plain: str, lang: Lang) -> Counter[str]:
    """What a document is about: the shares of the areas in its text and, counted a little less, in its headline.

    The topics of the two versions of an article may be added. `plain` is the normalised text.

    >>> topic("Rents\\nThe city builds rental apartments.", "en").most_common(1)[0][0]
    'housing'
    """
    headline = plain.lstrip().split("\n", 1)[0]
    return _sum((area_counts(plain, lang), _TEXT), (area_counts(headline, lang), _HEADLINE))


def choose_area(clause: Counter[str], sentence: Counter[str], about: Counter[str]) -> str:
    """The area that a clause, its sentence and the topic of the document speak for; "" where none has a word.

    The document decides unless the clause is clear: an article is mostly about one area, and its clauses
    mention others in passing.
    """
    score = _sum((clause, _CLAUSE), (sentence, _SENTENCE))
    score.update(about)
    return min(score, key=lambda area: (-score[area], area)) if score else ""


def _sum(*parts: tuple[Counter[str], float]) -> Counter[str]:
    """The shares of the areas in several counts, weighted; few words count less than their share."""
    score: Counter[str] = Counter()
    for counts, weight in parts:
        total = sum(counts.values())
        for area, n in counts.items():
            score[area] += weight * n / total * min(1.0, total / 4)  # type: ignore[assignment]
    return score
