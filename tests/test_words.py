"""Chinese words: as jieba cuts them, with names, numbers and Latin words held together; offsets stay, whatever the text."""

import random
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Entity, Layer, Span
from corpus.errors import InputError, ModelError
from corpus.schema import GOLD
from corpus.script import simplified
from corpus.segment import chinese
from corpus.segment.cut import Cutter
from corpus.segment.words import gazetteer_words, read_words, workspace_words
from corpus.store import Workspace

SAMPLE = Path(__file__).parent.parent / "corpus" / "data" / "sample" / "articles"


def cut(text: str, *names: str, engine: str = "jieba") -> list[str]:
    return [text[t.start : t.end] for t in chinese.words(text, frozenset(names), engine)]


def test_runs_are_cut_as_jieba_cuts_them(cutter: Cutter) -> None:
    tokenizer = chinese._tokenizer()
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(SAMPLE.glob("*.zh.txt")))
    runs = re.findall("[\u4e00-\u9fd5]+", text)
    draw = random.Random(0)
    # Characters at random leave much to the hidden Markov model.
    runs += ["".join(draw.choices("".join(runs), k=draw.randint(1, 15))) for _ in range(2000)]
    assert [cutter.cut(run) for run in runs] == [list(tokenizer.cut(run)) for run in runs]


@pytest.fixture(scope="module")
def cutter() -> Cutter:
    tokenizer = chinese._tokenizer()
    return Cutter(tokenizer.FREQ, tokenizer.total)


@given(text=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FD5), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_run_is_cut_as_jieba_cuts_it(cutter: Cutter, text: str) -> None:
    assert cutter.cut(text) == list(chinese._tokenizer().cut(text))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("今年新建20万套住房", ["20万套"]),
        ("增长3.5%，达1,800万元", ["3.5%", "1,800万元"]),
        ("增长３．５％", ["３．５％"]),
        ("A股市场和B轮融资", ["A股", "B轮"]),
        ("2025年7月26日上午", ["2025年", "7月26日"]),
        ("2025年底前投入1.2亿元", ["2025年底", "1.2亿元"]),
        ("5G网络、COVID-19疫情、G20峰会、Wi-Fi信号", ["5G", "COVID-19", "G20", "Wi-Fi"]),
        ("第十四届会议，第14届会议", ["第十四届", "第14届"]),
        ("十月一日，二〇三五年，三百二十万元", ["十月一日", "二〇三五年", "三百二十万元"]),
        ("百分之三十五", ["百分之三十五"]),
        # What follows a number is not always its unit.
        ("10万人民币", ["10万", "人民币"]),
        ("3条例外，20个人，5家庭院", ["20个", "人"]),
        ("2011-2020年", ["2011", "-", "2020年"]),
        ("见https://example.cn/a?b=1。写信到li@example.cn。", ["https://example.cn/a?b=1", "li@example.cn"]),
        ("U.S.经济与e-mail", ["U.S.", "e-mail"]),
        ("会议10:30开始……散会——", ["10:30", "……", "——"]),
        ("笑了👨\u200d👩\u200d👧。", ["👨\u200d👩\u200d👧"]),
    ],
)
def test_what_belongs_together_is_held_together(text: str, whole: list[str]) -> None:
    found = cut(text)
    assert "".join(found) == text
    assert [word for word in found if word in whole] == whole


def test_traditional_text_is_cut_as_its_simplified_form() -> None:
    text = "浙江實現共同富裕，新建20萬套住房"
    assert [(t.start, t.end) for t in chinese.words(text)] == [
        (t.start, t.end) for t in chinese.words(simplified(text))
    ]
    assert "20萬套" in cut(text)


def test_names_are_held_together_but_not_across_words() -> None:
    assert cut("瀚海湾项目开工") != ["瀚海湾项目", "开工"]
    assert cut("瀚海湾项目开工", "瀚海湾项目") == ["瀚海湾项目", "开工"]
    # A name made of the edges of two words does not win over them.
    assert cut("中国人民生活", "国人民生") == cut("中国人民生活")
    assert cut("参加G60科创走廊论坛", "G60科创走廊") == ["参加", "G60科创走廊", "论坛"]


def test_names_of_the_knowledge_base_are_words() -> None:
    words = gazetteer_words()
    assert "国务院" in words
    # A name that is also a common word is not sure enough.
    assert "和平" not in words
    assert max(map(len, words)) <= 6


def test_words_of_a_workspace(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    assert workspace_words(workspace) == frozenset()
    (workspace.root / "words.txt").write_text("# comment\n\n瀚海灣\nLatin\n", encoding="utf-8")
    text = "王小舟在瀚海湾"
    layer = Layer("a.zh", "", "gold", "1", (Entity(Span.of(text, 0, 3), "PERSON"),))
    workspace.append(GOLD, [layer])
    assert workspace_words(workspace) == {"瀚海湾", "王小舟"}


def test_a_list_of_words_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match=r"words\.txt: not UTF-8 text \(byte 0\)"):
        read_words(tmp_path / "words.txt")
    with pytest.raises(InputError, match=r"cannot be read: Is a directory; expected a list of words"):
        read_words(tmp_path)


def test_the_fast_engine() -> None:
    pytest.importorskip("rjieba")
    text = (SAMPLE / "housing-rental.zh.txt").read_text(encoding="utf-8")
    fast, plain = cut(text, engine="rjieba"), cut(text)
    assert "".join(fast) == text
    assert len(set(fast) ^ set(plain)) <= len(set(plain)) // 50
    assert cut("瀚海湾项目开工", "瀚海湾项目", engine="rjieba") == ["瀚海湾项目", "开工"]


def test_an_engine_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    chinese._cutter.cache_clear()
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(ModelError, match="pip install rjieba"):
        chinese.words("浙江", engine="rjieba")
    with pytest.raises(ModelError, match="expected one of jieba, rjieba"):
        chinese.words("浙江", engine="other")


def test_jieba_of_others_is_left_alone() -> None:
    import jieba

    chinese.words("浙江")
    assert chinese._tokenizer() is not jieba.dt
    assert jieba.dt.initialized is False
