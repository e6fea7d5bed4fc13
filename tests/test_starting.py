"""What finds many words at once finds what each pattern by itself finds."""

import re

from hypothesis import given
from hypothesis import strategies as st

from annotators.claims.areas import Areas, area_words
from annotators.claims.cues import cues, find
from annotators.rules.english_text import standing

SENTENCES = (
    "the ministry pledged to halve waiting times, but it won't; the plan is going to fail",
    "do not buy: 5% growth of rents since 2021, according to the bureau, has not had any impact on wages",
    "he's been urged to resign and they'll appeal against taxes on farms, hospitals and high-speed railways",
)


def texts() -> st.SearchStrategy[str]:
    words = st.sampled_from([word for sentence in SENTENCES for word in sentence.split()])
    return st.lists(st.one_of(words, st.text(max_size=4)), max_size=15).map(" ".join)


@given(texts())
def test_cues_are_those_of_each_pattern_by_itself(text: str) -> None:
    alone = sorted((m.start(), m.end(), cue.name) for cue in cues("en") for m in cue.pattern.finditer(text))
    assert sorted((hit.start, hit.end, hit.cue.name) for hit in find(text, "en")) == alone


@given(texts())
def test_areas_are_those_of_each_pattern_by_itself(text: str) -> None:
    alone = []
    for area, _, words in area_words("en"):
        longest_first = sorted(words, key=lambda word: -len(word.removesuffix("$")))
        choice = "|".join(re.escape(w.removesuffix("$")) + r"(?!\w)" * w.endswith("$") for w in longest_first)
        alone += [(m.start(), m.end(), area) for m in re.finditer(rf"(?<!\w)(?:{choice})", text)]
    outer = [
        (start, end, area)
        for start, end, area in alone
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b, _ in alone)
    ]
    found = Areas.of(text, "en")
    assert sorted(
        (start, end, area) for start, (end, area, _) in zip(found.starts, found.words, strict=True)
    ) == sorted(outer)


@given(st.text("ab -A", max_size=30), st.text("ab A", min_size=1, max_size=4))
def test_words_stand_where_a_pattern_with_them_matches(text: str, words: str) -> None:
    before, after = r"(?<![\w\-])", r"(?!\w|-[a-z]*[A-Z])"
    alone = [m.span() for m in re.finditer(before + re.escape(words) + after, text)]
    assert list(standing(text, words, re.compile(before), re.compile(after))) == alone
