"""Cleaning changes little, says what, and knows the way back to the raw text."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.clean import Change, clean, raw_span
from corpus.errors import SpanError

# Whatever cleaning could stumble over: line ends, marks that compose or change places, Hangul letters, ideographs and
# signs with a twin, a mark whose class is 0, characters that come apart.
HARD = "\r\n\ufeffe\u0301\u0323q\u0307\u1112\u1161\u11ab\uf900\u212b\u0344\u0f73\u0958\u09c7\u09be\ud800\x00，。中a "
texts = st.text(st.one_of(st.sampled_from(HARD), st.characters()), max_size=30)


def test_every_change_is_told() -> None:
    cleaned = clean("\ufeff标题\r\n正文“引号”，cafe\u0301\r\n\r\n")
    assert cleaned.text == "标题\n正文“引号”，café"
    assert cleaned.changes == (
        Change("byte-order mark", 1, (1,)),
        Change("line ends", 3, (1, 2, 3)),
        Change("composed characters", 1, (2,)),
        Change("final line breaks", 2, (2,)),
    )


def test_ideographs_that_change_their_looks_are_told() -> None:
    # U+F9DC and U+2F81A are compatibility ideographs; the angstrom sign is a letter.
    cleaned = clean("隆\n5 \u212b\n\uf9dc中冬\U0002f81a")
    assert cleaned.text == "隆\n5 Å\n隆中冬冬"
    assert cleaned.changes == (
        Change("CJK compatibility ideographs", 2, (3,)),
        Change("equivalent characters", 1, (2,)),
    )


def test_the_first_lines_of_a_change_are_named() -> None:
    (change,) = clean("a\rb\rc\rd\re\rf\rg").changes
    assert change == Change("line ends", 6, (1, 2, 3, 4, 5))


def test_chinese_punctuation_and_spaces_stay() -> None:
    text = "\u3000\u3000“共同富裕”，——《规划》…… ﹏ ，ＡＢＣ１２３ "
    assert clean(text).text == text
    assert not clean(text).changes
    assert not clean(text).offsets


@pytest.mark.parametrize(
    ("raw", "surface", "origin"),
    [
        ("\ufeff标题\r\n正文", "标题", (1, 3)),
        ("\ufeff标题\r\n正文", "\n", (3, 5)),
        ("\ufeff标题\r\n正文", "正文", (5, 7)),
        ("cafe\u0301 noir\r\n", "café", (0, 5)),
        ("cafe\u0301 noir\r\n", "noir", (6, 10)),
        # Hangul syllables out of their letters.
        ("\u1112\u1161\u11ab국", "한", (0, 3)),
        ("\u1112\u1161\u11ab국", "국", (3, 4)),
        # NFC takes this one letter apart.
        ("\u0958x", "x", (1, 2)),
        ("\u0958x", "\u0915", (0, 1)),
        ("\u0958x", "\u093c", (0, 1)),
        # Two marks change places: neither is found alone.
        ("q\u0307\u0323!", "\u0323", (0, 3)),
        ("q\u0307\u0323!", "!", (3, 4)),
    ],
)
def test_origin(raw: str, surface: str, origin: tuple[int, int]) -> None:
    cleaned = clean(raw)
    start = cleaned.text.index(surface)
    assert cleaned.origin(start, start + len(surface)) == origin
    assert raw_span(cleaned.offsets, start, start + len(surface)) == origin


def test_origin_refuses_what_is_no_stretch() -> None:
    with pytest.raises(SpanError, match="no stretch"):
        clean("ab").origin(1, 3)


@given(texts)
@example("\u1112\u1161\r\n\ufeff")
def test_text_is_the_composed_raw_text(raw: str) -> None:
    expected = unicodedata.normalize("NFC", raw.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    assert clean(raw).text == expected.rstrip("\n")


@given(texts)
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    once = clean(raw)
    assert not clean(once.text).changes
    assert not clean(once.text).offsets
    assert (once.changes == ()) == (once.text == raw)


@given(texts, st.integers(0, 30), st.integers(0, 30))
@example("\ufeffe\u0301\r\n\u1112\u1161\u11ab", 1, 3)
def test_every_span_leads_back(raw: str, one: int, two: int) -> None:
    cleaned = clean(raw)
    size = len(cleaned.text)
    start, end = sorted((min(one, size), min(two, size)))
    at, to = cleaned.origin(start, end)
    assert 0 <= at <= to <= len(raw)
    inside = [place for place in (start, end) if len(set(cleaned.origin(place, place))) > 1]
    stretch = unicodedata.normalize("NFC", raw[at:to].replace("\r\n", "\n").replace("\r", "\n"))
    if inside:
        assert cleaned.text[start:end] in stretch
    else:
        assert cleaned.text[start:end] == stretch


@given(texts)
def test_only_marks_and_letters_of_hangul_are_inside_a_character(raw: str) -> None:
    cleaned = clean(raw)
    for place, character in enumerate(cleaned.text):
        if len(set(cleaned.origin(place, place))) > 1:
            assert unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


@pytest.mark.parametrize(
    "raw",
    ["a" + "\u0301\u0323" * 100_000, "\u0f73" * 100_000, "e\u0301\r\n" * 50_000, "\r" * 300_000, "\u1161" * 200_000],
)
def test_hostile_texts_take_linear_time(raw: str) -> None:
    began = time.monotonic()
    cleaned = clean(raw)
    cleaned.origin(0, len(cleaned.text))
    # A second or less here; sorting the marks one by one takes minutes.
    assert time.monotonic() - began < 15
