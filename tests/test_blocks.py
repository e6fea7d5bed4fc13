"""Each line of an article is of a kind; pull quotes lead to their passage; nothing is taken away."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.blocks import find_blocks
from corpus.clean import clean
from corpus.document import Block, Document, Lang
from corpus.explain import explain
from corpus.quotes import stretches


def kinds(text: str, lang: Lang) -> list[str]:
    return [block.kind for block in find_blocks(text, lang)]


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
        # A credit is all that tells the agency's captions.
        ("Villagers dry corn in Linxia, northwest China, Oct. 3, 2021. (Xinhua/Lin Shu)", "caption"),
        ("Villagers dry corn in Linxia on Oct. 3. [Photo/Xinhua]", "caption"),
        ("Photo taken on Oct. 3, 2021 shows the new bridge of Linxia.", "caption"),
        ("This aerial photo shows the new bridge of Linxia.", "caption"),
        ("The new bridge of Linxia, photographed at dusk on Oct. 3, 2021.", "caption"),
        ("[Photo/Xinhua]", "caption"),
        ("[ Editor: Lin Shu ]", "boilerplate"),
        ("Editor's note: This is the third part of a series.", "boilerplate"),
        ("Our Standards: The Gazette Trust Principles.", "boilerplate"),
        (
            "(Journalists who took part: Lin Shu, Ma Li, Ding Lan, Ou Li, Wei Ran, Zhou Qi, Tang Yi, Lu Min, Xu Jia, He Wen)",
            "byline",
        ),
        ("Additional reporting by Lin Shu", "byline"),
        ("[Applause]", "body"),
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
        ("新华社记者林树摄", "caption"),
        ("这是临夏新建的大桥（无人机照片）。新华社记者 林树 摄", "caption"),
        ("临夏大桥一角（2021年10月3日摄）。", "caption"),
        ("临夏新桥通车。图为孩子们走过大桥。", "caption"),
        ("圖為臨夏新橋。記者林樹攝", "caption"),
        ("資料圖片", "caption"),
        ("責任編輯：丁蘭", "boilerplate"),
        ("監製：丁蘭", "byline"),
        ("（参与记者：林树、马莉）", "byline"),
        ("（完）", "boilerplate"),
        ("他每年都到这座桥上拍摄。", "body"),
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


def test_what_stands_above_a_credit_is_its_caption() -> None:
    story = "The county opened a bridge on Monday, and people came from far to see it with their own eyes."
    caption = "Workers assembling solar panels at a plant in Linxia."
    assert kinds(f"Bridge opens\n{story}\n{caption}\nPhoto: Lin Shu\n{story}", "en")[2:4] == ["caption", "caption"]
    # A sentence of the story above a credit stays one.
    assert kinds(f"Bridge opens\n{story}\n{story}\nPhoto: Lin Shu\n{story}", "en")[2:4] == ["body", "caption"]
    # Without a credit nothing says that it is no sentence that lacks its verb.
    assert kinds(f"Bridge opens\n{story}\n{caption}\n{story}", "en")[2] == "body"


def test_what_stands_between_headline_and_agency_is_the_caption() -> None:
    text = (
        "临夏新桥通车\n10月3日，临夏新桥通车，孩子们走过大桥，老人们说从没见过这么多人。\n"
        "受前几日大雨影响，通车比原计划晚了两天。\n本报记者 林树 摄\n中新网临夏10月3日电(林树)临夏新桥3日通车。"
    )
    assert kinds(text, "zh") == ["headline", "caption", "caption", "caption", "body"]


@pytest.mark.parametrize(
    ("heading", "lang"),
    [
        ("A village learns to wait", "en"),
        ("“Nobody asked us”", "en"),
        ("数字让乡村更近", "zh"),
        ("一、怎样留住年轻人", "zh"),
        ("新桥：十年等待", "zh"),
        # No heading: talk, a list item, a sentence that goes on.
        ("Lin Shu said", "en:body"),
        ("And then came the rain,", "en:body"),
        ("the bridge is open", "en:body"),
        ("林树介绍说", "zh:body"),
        ("这里是临夏——", "zh:body"),
    ],
)
def test_headings_inside_a_story(heading: str, lang: str) -> None:
    en = "The county opened a bridge on Monday, and people came from far to see it with their own eyes."
    zh = "县里的新桥星期一通车，人们从很远的地方赶来，想亲眼看一看这座等了十年的大桥究竟是什么样子。"
    story = en if lang.startswith("en") else zh
    expected = "body" if lang.endswith("body") else "headline"
    assert kinds(f"{story}\n{heading}\n{story}", "en" if lang.startswith("en") else "zh")[1] == expected


def test_items_of_a_list_are_no_headings() -> None:
    story = "The county opened a bridge on Monday, and people came from far to see it with their own eyes."
    assert set(kinds(f"{story}\nOne bridge\nTwo schools\nThree clinics\n{story}", "en")) == {"body"}


def test_links_below_their_label() -> None:
    story = "The county opened a bridge on Monday, and people came from far to see it with their own eyes."
    assert (
        kinds(f"Bridge opens\n{story}\nRead more\nWhy bridges are late\nWho pays\n- Third", "en")[2:]
        == ["related-link"] * 4
    )
    assert kinds(f"Bridge opens\n{story}\nRead more\nWhy bridges are late\n{story}", "en")[2:] == [
        "related-link",
        "related-link",
        "body",
    ]
    # The link is no label in its turn.
    assert kinds(f"Bridge opens\n{story}\nRead more\nWho pays\nThe long way\n{story}", "en")[4] != "related-link"


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("Bridge opens\nLin Shu and Ma Li in Linxia\nThe bridge is open.", "en", "byline"),
        ("Bridge opens\nOct. 3rd, 2021\nThe bridge is open.", "en", "dateline"),
        ("Bridge opens\nNew fees from July 1 worry drivers in the county\nThe bridge is open.", "en", "headline"),
        ("Bridge opens\nIs it safe?\nThe bridge is open.", "en", "body"),
        ("新桥通车\n林树 马莉\n大桥通车了。", "zh", "byline"),
        ("新桥通车\n经济观察\n大桥通车了。", "zh", "headline"),
        ("新桥通车\n2024年1月1日起收费\n大桥通车了。", "zh", "headline"),
    ],
)
def test_above_the_story(text: str, lang: Lang, expected: str) -> None:
    assert kinds(text, lang)[1] == expected


def test_a_headline_may_end_in_an_abbreviation() -> None:
    assert kinds("Harbour City Opens Ferry Line to the U.S.\nThe ferry left at noon.", "en") == ["headline", "body"]
    assert kinds("The ferry left at noon for its first trip to the U.S.\nIt was full.", "en") == ["body", "body"]


PASSAGE = "“We sold the boats years ago, and nobody missed them,” says Ole Brandt. “The harbour was never ours.”"


@pytest.mark.parametrize(
    ("quote", "repeated"),
    [
        ("We sold the boats years ago, and nobody missed them", "We sold the boats years ago, and nobody missed them"),
        ("‘WE SOLD THE BOATS YEARS AGO’", "We sold the boats years ago"),
        # An editor's word for the speaker's.
        (
            "We sold the boats years ago, and nobody ever missed them, says Ole Brandt",
            "We sold the boats years ago, and nobody missed them,” says Ole Brandt",
        ),
        ("Ole Brandt: We sold the boats years ago", "We sold the boats years ago"),
        ("We sold the boats years ago Ole Brandt, fisherman", "We sold the boats years ago"),
        (
            "We sold the boats years ago. The harbour was never ours Ole Brandt",
            "We sold the boats years ago, and nobody missed them,” says Ole Brandt. “The harbour was never ours",
        ),
    ],
)
def test_ways_of_a_pull_quote(quote: str, repeated: str) -> None:
    text = f"{PASSAGE}\nThe town has changed since then, and so have its people.\n{quote}"
    block = find_blocks(text, "en")[2]
    assert block.kind == "pull-quote"
    assert block.repeats is not None
    assert text[slice(*block.repeats)] == repeated
    found = stretches(text, block)
    assert sum(length for _, _, length in found) >= 24
    for start, other, length in found:
        assert text[start : start + length].casefold() == text[other : other + length].casefold()


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        # A term or a title that the story uses too is a heading or an item, whatever follows it.
        ("村里的老人都记得和平共处互利共赢原则是怎样写进章程的。\n和平共处互利共赢原则", "zh"),
        ("县里公布了《关于我们在乡村修建大桥的意见》，共十二条。\n关于我们在乡村修建大桥的意见", "zh"),
        ("他把一生都献给了河湾市公共卫生事业发展的基金会。\n河湾市公共卫生事业发展委员会", "zh"),
        ("The fund for the bridges of the valley was founded in 1990 by a nurse.\nThe fund for the bridges", "en"),
        # The words go on, but otherwise.
        (
            "“We sold the boats years ago,” he says, and laughs.\nWe sold the boats years ago to pay for the school",
            "en",
        ),
        # Somebody says the same thing twice.
        ("“We will get through this, we will,” she said on Monday.\n“We will get through this.”", "en"),
    ],
)
def test_what_is_repeated_need_not_be_a_pull_quote(text: str, lang: Lang) -> None:
    assert "pull-quote" not in kinds(f"{text}\nThe end came late. 结局来得很晚。", lang)


def test_who_said_it_below_a_pull_quote_belongs_to_it() -> None:
    text = f"{PASSAGE}\nWe sold the boats years ago\nOle Brandt, Fisherman\nThe town has changed since then."
    blocks = find_blocks(text, "en")
    assert [block.kind for block in blocks] == ["body", "pull-quote", "pull-quote", "body"]
    assert blocks[1].repeats == blocks[2].repeats
    assert stretches(text, blocks[2]) == ()


def test_a_name_is_carried_from_the_passage_to_the_quote() -> None:
    passage = "马莉说：“我们在和平路等了十年，大家都不容易，终于等到了新桥。”"
    quote = "我们在和平路等了十年，终于等到了新桥"
    text = f"{passage}\n{quote}"
    block = find_blocks(text, "zh")[1]
    assert block.kind == "pull-quote"
    name = text.index("和平路")
    start, other, _ = next(s for s in stretches(text, block) if s[1] <= name < s[1] + s[2])
    assert text[start + name - other :].startswith("和平路")


words = st.lists(
    st.sampled_from(
        [
            "the",
            "Boats",
            "we",
            "sold",
            "it’s",
            "it's",
            "port,",
            "again.",
            "“now”",
            "é",
            "ß",
            "İ",
            "船",
            "我们",
            "。",
            "，",
        ]
    ),
    max_size=30,
)


@given(words, words, st.sampled_from(["en", "zh"]))
def test_stretches_are_the_same_on_both_sides(one: list[str], two: list[str], lang: Lang) -> None:
    quote = " ".join(one)
    text = f"{quote} {' '.join(two)} {quote}\n{quote}"
    for block in find_blocks(text, lang):
        assert (block.repeats is not None) == (block.kind == "pull-quote")
        last = block.start
        for start, other, length in stretches(text, block):
            assert block.repeats is not None
            assert last <= start < start + length <= block.end
            assert block.repeats[0] <= other < other + length <= block.repeats[1]
            same = zip(text[start : start + length], text[other : other + length], strict=True)
            assert all(a.casefold().replace("’", "'") == b.casefold().replace("’", "'") for a, b in same)
            last = start + length


@given(st.text(), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_stretches_of_anything(text: str, a: int, b: int, c: int, d: int) -> None:
    size = len(text)
    start, end = sorted((min(a, size), min(b, size)))
    block = Block(start, end, "pull-quote", (min(c, d, size), min(max(c, d), size)))
    for quote, passage, length in stretches(text, block):
        assert text[quote : quote + length].casefold().replace("’", "'") == text[
            passage : passage + length
        ].casefold().replace("’", "'")


def test_a_paragraph_in_the_other_language() -> None:
    text = (
        "Bridge opens in Linxia\nThe county opened a bridge on Monday.\n县里的新桥星期一通车，人们从很远的地方赶来。\n"
        "记者 林树 摄\nPeople call it 同心桥 (Bridge of One Heart)."
    )
    blocks = find_blocks(text, "en")
    assert [block.lang for block in blocks] == [None, None, "zh", None, None]
    chinese = (
        "临夏新桥通车\nThe county opened a bridge on Monday, and it is the longest.\niPhone 15 Pro Max\n新桥通车了。"
    )
    assert [block.lang for block in find_blocks(chinese, "zh")] == [None, "en", None, None]


def test_explain() -> None:
    raw = (
        f"Harbour sells its boats\r\n{PASSAGE}\r\nHe told us: “我们不会再回到海上去了，海已经不是我们的了。” Then he left.\r\n"
        "We sold the boats years ago\r\nPhoto: Ole\x1b[31m Brandt\r\n"
    )
    cleaned = clean(raw)
    document = Document("boats.en", "boats", "en", cleaned.text, find_blocks(cleaned.text, "en"))
    lines = explain(document, cleaned)
    assert lines[0].startswith("boats.en: English, ")
    assert lines[1:] == [
        "  changed: 5 line ends (lines 1, 2, 3, 4, 5)",
        "  changed: 1 final line break (line 5)",
        "  line 1, headline: Harbour sells its boats",
        "  line 4, pull-quote: We sold the boats years ago",
        "    repeats line 2: We sold the boats years ago",
        "  line 5, caption: Photo: Ole\\x1b[31m Brandt",
        "  line 3, Chinese inside English: “我们不会再回到海上去了，海已经不是我们的了。”",
    ]


@given(st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\u202e\ud800\r\n中 a。")), max_size=60))
def test_explain_is_safe_for_a_terminal(raw: str) -> None:
    cleaned = clean(raw)
    document = Document(raw[:5], "", "zh", cleaned.text, find_blocks(cleaned.text, "zh"))
    for line in explain(document, cleaned):
        assert all(character.isprintable() or character == "\u3000" for character in line)


ENGLISH_LINES = [f"we said the same thing again and again {'once more ' * (index % 7)}" for index in range(6000)]


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("\n".join(ENGLISH_LINES), "en"),
        ("we said the same thing again and again once\n" * 5000 + "we said the same thing again and " * 9000, "en"),
        ("\n".join("a b c d " * 12 + str(index) for index in range(3000)) + "\n" + "a b c d " * 30000, "en"),
        ("省委省政府决定推进示范区建设" * 20000 + "\n省委省政府决定推进示范区建设" * 3000, "zh"),
        ("we said it all again" + "." * 300_000 + "x", "en"),
        (("记者摄（" * 20 + "\n") * 3000, "zh"),
        ("相关阅读：\n" * 20_000, "zh"),
        ("Read more\nShare\nRents rise.\n" * 5000, "en"),
        (("share " * 60 + "x\n") * 50, "en"),
    ],
)
def test_hostile_texts_take_linear_time(text: str, lang: Lang) -> None:
    began = time.monotonic()
    blocks = find_blocks(text, lang)
    for block in blocks[:50]:
        stretches(text, block)
    # About a second here; what is quadratic takes minutes.
    assert time.monotonic() - began < 20
