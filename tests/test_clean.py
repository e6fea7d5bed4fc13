"""Cleaning changes little and says what; each line of an article is of a kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.clean import Change, clean, find_blocks
from corpus.document import Lang


def kinds(text: str, lang: Lang) -> list[str]:
    return [block.kind for block in find_blocks(text, lang)]


def test_every_change_is_told() -> None:
    cleaned = clean("\ufeff标题\r\n正文“引号”，cafe\u0301\r\n\r\n")
    assert cleaned.text == "标题\n正文“引号”，café"
    assert cleaned.changes == (
        Change("byte-order mark", 1),
        Change("line ends", 3),
        Change("lines with composed characters", 1),
        Change("final line breaks", 2),
    )


def test_chinese_punctuation_and_spaces_stay() -> None:
    text = "\u3000\u3000“共同富裕”，——《规划》…… ﹏ ，ＡＢＣ１２３ "
    assert clean(text).text == text
    assert clean(text).changes == ()


@given(st.text(st.one_of(st.characters(), st.sampled_from("\r\n\ufeffe\u0301"))))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once.text).changes == ()
    assert (once.changes == ()) == (once.text == text)


ENGLISH = """\
Harbour city drops parking fees for nurses
By Dana Whitlock
Port Ellery, 4 May 2023

The council voted on Tuesday to drop parking fees for hospital staff, a change that nurses had sought for a decade.

“We are not asking for a gift, we are asking to get to work,” said Ines Marlowe, who leads the nurses' union. She said 900 people signed.

We are not asking for a gift, we are asking to get to work Ines Marlowe, union leader

Nurses wait outside the town hall. Photography: Ole Brandt/Port Post

[ Ellery's ferry turns fifty ]
Related: How other ports pay for parking

Opponents say that the lost fees, about 300,000 a year, must come from somewhere. A photograph of the empty till, posted online, drew laughter.

Copyright 2023 Port Post. All rights reserved.
"""

CHINESE = """\
港城取消护士停车费
本报记者 丁兰
2023年5月4日 08:30 来源：港城晚报

港城市政府5日宣布，取消医院职工的停车费，护士们为此呼吁了十年。

“我们不是要照顾，只是要按时上班。”护士协会会长马莉说，已有九百人联名。

我们不是要照顾，只是要按时上班

图为护士在市政厅外等候。 欧立 摄
港城市政厅外的停车场。（港城晚报记者 欧立/摄）

【相关阅读】其他港口城市如何解决停车难

反对者认为，每年三十万元的收入缺口总要有人来补。他多年来坚持在街头摄影。

（责任编辑：丁兰）
"""


def test_english_article() -> None:
    assert kinds(ENGLISH, "en") == [
        "headline",
        "byline",
        "dateline",
        "body",
        "body",
        "pull-quote",
        "caption",
        "related-link",
        "related-link",
        "body",
        "boilerplate",
    ]


def test_chinese_article() -> None:
    assert kinds(CHINESE, "zh") == [
        "headline",
        "byline",
        "dateline",
        "body",
        "body",
        "pull-quote",
        "caption",
        "caption",
        "related-link",
        "body",
        "boilerplate",
    ]


@pytest.mark.parametrize(("text", "lang"), [(ENGLISH, "en"), (CHINESE, "zh")])
def test_a_pull_quote_points_to_what_it_repeats(text: str, lang: Lang) -> None:
    quote = next(block for block in find_blocks(text, lang) if block.kind == "pull-quote")
    assert quote.repeats is not None
    repeated = text[slice(*quote.repeats)]
    assert text[quote.start : quote.end].startswith(repeated)
    assert quote.repeats[1] < quote.start


def test_a_pull_quote_may_leave_out_a_middle() -> None:
    passage = (
        "Nobody here wants to sell the land, he says. We have tried for years. It is where our parents are buried."
    )
    quote = "Nobody here wants to sell the land. It is where our parents are buried Farmer Tom Oduya"
    blocks = find_blocks(f"{passage}\nAnother paragraph stands here.\n{quote}", "en")
    assert [block.kind for block in blocks] == ["body", "body", "pull-quote"]
    assert blocks[2].repeats == (0, len(passage) - 1)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        # The same beginning, but another statement.
        (
            "The council will build 200 flats near the port by May.\nThe council will build 200 flats for teachers.",
            "en",
        ),
        ("市政府将在港口附近新建住房二百套。\n市政府将在港口附近新建学校，明年开学。", "zh"),
        (
            "The image: of the city as a port is fading, he said, and nobody knows what comes next for its people.\nYes.",
            "en",
        ),
        ("他说这张照片是十年前拍摄的，当时村里还没有通路，大家都靠船出行。\n是的。", "zh"),
    ],
)
def test_a_story_is_a_story(text: str, lang: Lang) -> None:
    assert set(kinds(text, lang)) == {"body"}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Photo: Lin Shu", "caption"),
        ("Workers in Wuhan (Photo by Lin Shu/Xinhua)", "caption"),
        ("A street in Leeds. Getty Images", "caption"),
        ("Read more: what the budget means for you", "related-link"),
        ("Sign up for our weekly newsletter", "boilerplate"),
    ],
)
def test_english_lines(line: str, kind: str) -> None:
    assert kinds(f"Headline\nThe story is short, but it is one.\n{line}", "en")[-1] == kind


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("图片来源：视觉中国", "caption"),
        ("村民在收割水稻。新华社发（林树 摄）", "caption"),
        ("摄影：林树", "caption"),
        ("延伸阅读：预算案说了什么", "related-link"),
        ("［老街往事］", "related-link"),
        ("本文来源：港城晚报", "boilerplate"),
        ("未经授权不得转载", "boilerplate"),
    ],
)
def test_chinese_lines(line: str, kind: str) -> None:
    assert kinds(f"标题\n这是一篇很短的报道。\n{line}", "zh")[-1] == kind


@given(
    st.text(st.one_of(st.characters(), st.sampled_from("\n\r\u2028 ab。[]")), max_size=80),
    st.sampled_from(["en", "zh"]),
)
def test_blocks_are_the_lines(text: str, lang: Lang) -> None:
    blocks = find_blocks(text, lang)
    expected = [line.strip() for line in text.splitlines() if line.strip()]
    assert [text[block.start : block.end] for block in blocks] == expected
