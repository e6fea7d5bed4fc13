"""Which encoding a text is in: right, or refused, never wrong."""

import random
from itertools import product

import pytest

from corpus.ingest.decode import NotTextError, decode, decode_beginning

CHINESE = (
    "河湾市政府昨天宣布，今年将投入三十亿元改造老旧小区，惠及十二万户居民。市长在会上表示：“住房是最大的民生，"
    "我们不能让任何一个家庭掉队。”根据方案，全市将新建保障性租赁住房八千套，其中一半面向刚毕业的年轻人。"
    "有居民说，电梯装了三年还没有动静；也有专家认为，资金从哪里来，才是关键问题。财政局回应称，省里的专项债券已经到位，"
    "银行贷款正在审批。记者在现场看到，工人们冒着雨安装管道，附近的学校、医院和菜市场都照常开放。"
)
TRADITIONAL = (
    "河灣市政府昨天宣布，今年將投入三十億元改造老舊小區，惠及十二萬戶居民。市長在會上表示：「住房是最大的民生，"
    "我們不能讓任何一個家庭掉隊。」根據方案，全市將新建保障性租賃住房八千套，其中一半面向剛畢業的年輕人。"
    "有居民說，電梯裝了三年還沒有動靜；也有專家認為，資金從哪裡來，才是關鍵問題。財政局回應稱，省裡的專項債券已經到位，"
    "銀行貸款正在審批。記者在現場看到，工人們冒著雨安裝管道，附近的學校、醫院和菜市場都照常開放。"
)
ENGLISH = (
    "The city said on Monday that it would spend 3 billion yuan on old housing. “No family must be left behind,” the "
    "mayor said — and then, asked about money, “the bonds are there”. Residents’ groups were less sure… The lifts, they "
    "say, have been promised for three years. A spokesman for the finance bureau said the loans were being examined."
)
MIXED = ENGLISH.replace("city", "city (河湾市)").replace("mayor", "mayor, 张伟,")


def pieces(text: str, length: int, count: int) -> list[str]:
    picks = random.Random(length)
    return [text[at : at + length] for at in (picks.randrange(len(text) - length + 1) for _ in range(count))]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *product([CHINESE, MIXED], ["gb18030", "gbk", "utf-8", "utf-16-le", "utf-16-be"]),
        *product([TRADITIONAL], ["big5", "big5hkscs", "cp950", "gb18030", "utf-16-le"]),
        *product([ENGLISH], ["cp1252", "gb18030", "big5", "utf-8", "utf-16-le", "utf-16-be"]),
    ],
    ids=lambda value: value[:12],
)
def test_right_or_refused(text: str, encoding: str) -> None:
    right = refused = 0
    for length in (10, 20, 50, 100, 200):
        for piece in pieces(text, length, 20):
            try:
                found, _ = decode(piece.encode(encoding))
            except NotTextError:
                refused += 1
                assert length < 200
            else:
                assert found == piece
                right += 1
    assert refused <= 0.12 * right


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("我哋喺香港嘅屋邨度，瞓得唔係好好。", "big5hkscs"),
        ("“Rents fell,” he said. The bureau agreed, and nobody else was asked about it.", "big5"),
        ("The bureau’s plan — if it is one — was late… Nobody else was asked about it.", "big5"),
        ("朱镕基同志在会上说。", "gb18030"),
    ],
)
def test_hard_ones(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == (text, encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("정부는 올해 하반기 경제 성장률이 크게 둔화될 것이라고 밝혔다.", "euc_kr"),
        ("政府は今年度の経済成長率が下半期に大きく減速するとの見通しを示した。", "shift_jis"),
        ("政府は今年度の経済成長率が下半期に大きく減速するとの見通しを示した。", "euc_jp"),
        ("Правительство сообщило, что рост экономики замедлится.", "cp1251"),
        ("Правительство сообщило, что рост экономики замедлится.", "utf-16-le"),
    ],
)
def test_other_languages_do_not_become_chinese(text: str, encoding: str) -> None:
    with pytest.raises(NotTextError):
        decode(text.encode(encoding))


@pytest.mark.parametrize("cut", [slice(1, None), slice(None, -1), slice(40, -50)])
def test_utf8_that_was_cut_within_a_character(cut: slice) -> None:
    data = ("a" + CHINESE).encode()[cut]
    if cut.start == 1:
        data = data[1:]
    with pytest.raises(NotTextError, match="UTF-8 with . broken"):
        decode(data)
    assert decode_beginning(data) == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le", "big5"])
def test_a_beginning_may_end_within_a_character(encoding: str) -> None:
    data = (TRADITIONAL if encoding == "big5" else CHINESE).encode(encoding)
    assert {decode_beginning(data[:end]) for end in range(100, 108)} == {encoding}


def test_what_is_not_ascii_may_come_late_in_a_large_file() -> None:
    text = "Plain lines of English.\n" * 60_000 + CHINESE + "\n" + "More of it.\n" * 1000
    assert decode(text.encode("gb18030")) == (text, "gb18030")
    text += "Yet more of it.\n" * 80_000
    with pytest.raises(NotTextError, match="begins in gb18030 but is not valid in it"):
        decode(text.encode("gb18030") + b"\xff\xff")


def test_a_script_without_names_of_characters() -> None:
    assert decode("The sign read \U00017000.".encode()) == ("The sign read \U00017000.", "utf-8")


def test_a_likely_text_is_chosen_only_where_it_is_clear() -> None:
    # A name of two characters can be one in either encoding.
    with pytest.raises(NotTextError, match="too short to tell"):
        decode("He met 丁巍 there.".encode("gb18030"))
