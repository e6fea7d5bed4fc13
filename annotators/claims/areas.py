"""The policy area of a claim: keywords of the clause first, then of its sentence, then of the document."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources

from corpus.document import Lang

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


def choose_area(clause: Counter[str], sentence: Counter[str], document: Counter[str]) -> str:
    """The area that the three together speak for; "" where none has a word.

    The document decides unless the clause is clear: an article is mostly about one area, and its clauses
    mention others in passing.
    """
    score: Counter[str] = Counter()
    for counts, weight in ((clause, 1.0), (sentence, 0.4), (document, 1.6)):
        total = sum(counts.values())
        for area, n in counts.items():
            score[area] += weight * n / total * min(1.0, total / 4)  # type: ignore[assignment]
    return min(score, key=lambda area: (-score[area], area)) if score else ""
