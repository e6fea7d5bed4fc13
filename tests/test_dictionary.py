"""Chinese words, tags and names by faster ways than those of the libraries: the same results."""

import random
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.rules import chinese_local
from corpus.segment import chinese
from corpus.segment.dictionary import dictionary

SAMPLE = Path(__file__).parent.parent / "corpus" / "data" / "sample" / "articles"
CHARACTERS = st.one_of(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FD5),
    st.sampled_from("习近平共同富裕浙江省龘々の・ａ１٣％"),
    st.sampled_from([".", "3.5", "AB", "+#", "_", "\r\n", " ", "T恤", "😀", "\x00"]),
)


@cache
def jiebas() -> Any:
    """jieba's own tagger, on its own reading of its dictionary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
        import jieba.posseg
    return jieba.posseg.POSTokenizer()


@pytest.mark.slow
def test_the_dictionary_is_that_of_jieba(tmp_path: Path) -> None:
    tagger = jiebas()
    own = tagger.tokenizer
    own.tmp_dir = str(tmp_path)
    own.initialize()
    assert dictionary().frequencies == own.FREQ
    assert dictionary().total == own.total
    assert dictionary().tags == tagger.word_tag_tab
    han = re.compile("[\u4e00-\u9fd5]+")
    assert set(dictionary().mixed) == {w for w, n in own.FREQ.items() if n and not han.fullmatch(w)}


def test_the_dictionary_of_frequent_words() -> None:
    few, all_ = dictionary(100), dictionary()
    assert {w for w, n in few.frequencies.items() if n} == set(few.tags)
    assert set(few.tags) == {w for w in all_.tags if all_.frequencies[w] >= 100 or len(w) == 1}
    assert few.total == sum(few.frequencies.values())
    assert all(word[:end] in few.frequencies for word in few.tags for end in range(1, len(word)))


@pytest.mark.slow
@given(text=st.lists(CHARACTERS, max_size=14).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_text_is_tagged_as_jieba_tags_it(text: str) -> None:
    assert list(chinese._tagger().cut(text)) == [tuple(pair) for pair in jiebas().cut(text)]


@pytest.mark.slow
def test_articles_and_unknown_words_are_tagged_as_jieba_tags_them() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SAMPLE.glob("*.zh.txt"))[:2]]
    draw = random.Random(0)
    han = "".join(re.findall("[\u4e00-\u9fd5]", "".join(texts)))
    texts += ["".join(draw.choices(han, k=draw.randint(1, 20))) for _ in range(100)]
    for text in texts:
        assert list(chinese._tagger().cut(text)) == [tuple(pair) for pair in jiebas().cut(text)]


def test_organs_are_those_of_one_long_pattern() -> None:
    levels, groups = chinese_local._organs()
    choices = (f"{level}(?:{'|'.join(sorted(names, key=len, reverse=True))})" for level, names in groups)
    pattern = re.compile("(?:" + "|".join(choices) + ")(?!员会|托|员|派|屈|以|任)")
    draw = random.Random(0)
    parts = [
        *(name for _, names in groups for name in sorted(names)[::7]),
        *"省市县区州委局员托以自治",
        "自治区",
        "员会",
        "的",
        "。",
    ]
    for _ in range(2000):
        text = "".join(draw.choice(parts) for _ in range(draw.randint(1, 9)))
        low, high = 0, draw.randint(0, len(text))
        assert list(chinese_local._organs_in(text, low, high)) == [m.span() for m in pattern.finditer(text, low, high)]
        assert levels.search("中央") is None
