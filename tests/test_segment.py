"""Sentences and tokens: every character that is not white space is in exactly one of each, and lines divide."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus import chinese, english
from corpus.document import Document, Lang
from corpus.language import LINE_BREAKS
from corpus.schema import DOCUMENTS, SEGMENTS
from corpus.segment import chinese_sentences, segment, segment_text, segment_workspace
from corpus.store import Workspace

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("。！？；…“”（）\"'.!?,;:- \n\r\t\0\u2028\ud800\u200b\ufeff🙂一二万月日年 3.5%ABab"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("房租降了。工资涨了！真的吗？真的；好。", ["房租降了。", "工资涨了！", "真的吗？", "真的；", "好。"]),
        ("“钱够用了。”他说，明年再看。", ["“钱够用了。”", "他说，明年再看。"]),
        ("（记者注：见上文。）下一句。", ["（记者注：见上文。）", "下一句。"]),
        # Spaces before the closing quotation mark, as some sites set it.
        ("“明年再看。 ”他说。", ["“明年再看。 ”", "他说。"]),
        ("等等……然后呢？", ["等等……", "然后呢？"]),
        ("苹果、梨……等水果涨价。", ["苹果、梨……等水果涨价。"]),
        ("标题没有句号\n正文第一句。第二句", ["标题没有句号", "正文第一句。", "第二句"]),
        ("见 https://example.cn/a?b=1;c 网页。", ["见 https://example.cn/a?b=1;c 网页。"]),
        ('他说"好!"然后走了。', ['他说"好!"', "然后走了。"]),
        # What has no word in it stays with its neighbour.
        ("好。——。！ 走吧。", ["好。——。！", "走吧。"]),
        ("同比增长3.5%。", ["同比增长3.5%。"]),
        ("\u3000\u3000缩进。\u3000", ["缩进。"]),
    ],
)
def test_chinese_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in chinese_sentences(text)] == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Rents fell. Wages rose.", ["Rents fell.", "Wages rose."]),
        ('"Go," I said. "Go!" she said.', ['"Go," I said.', '"Go!" she said.']),
        ("The U.S. Treasury agreed. Mr. Li did not.", ["The U.S. Treasury agreed.", "Mr. Li did not."]),
        ("A headline without stop\nThe city's plan grew", ["A headline without stop", "The city's plan grew"]),
        ("(It did.) Then it rained.", ["(It did.)", "Then it rained."]),
        # No sentence ends inside a line without a stop, however long the list.
        (
            "Coal, steel, cement and glass Zhang Wei chairman Hebei",
            ["Coal, steel, cement and glass Zhang Wei chairman Hebei"],
        ),
    ],
)
def test_english_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in segment_text(text, "en")[0]] == sentences


@pytest.mark.parametrize("lang", ["en", "zh"])
@given(text=ANY_TEXT)
@settings(max_examples=120, deadline=None)
@example(text="")
@example(text="\r\n \n")
@example(text="a\ud800\udc00 b\0c.\u2028 D")
def test_every_character_is_in_one_sentence_and_one_token(lang: Lang, text: str) -> None:
    sentences, tokens = segment_text(text, lang)
    for ranges in (sentences, [(token.start, token.end) for token in tokens]):
        covered = [i for start, end in ranges for i in range(start, end)]
        assert covered == sorted(set(covered))
        assert {i for i, c in enumerate(text) if not c.isspace()} <= set(covered)
        assert all(start < end and not text[start].isspace() and not text[end - 1].isspace() for start, end in ranges)
    for start, end in sentences:
        assert not set(text[start:end]) & set(LINE_BREAKS)


@given(text=ANY_TEXT)
@settings(max_examples=120, deadline=None)
def test_parse_keeps_the_text(text: str) -> None:
    doc = english.parse(text)
    assert len(doc.text) == len(text)
    assert doc.text == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    for token in doc:
        assert doc.text[token.idx : token.idx + len(token.text)] == token.text
    # A name never holds a line break.
    assert not [e for e in doc.ents if set(e.text) & set(LINE_BREAKS)]


@given(text=ANY_TEXT)
@settings(max_examples=120, deadline=None)
def test_words_partition_the_text(text: str) -> None:
    for tokens in (chinese.words(text), chinese.tagged(text)):
        assert "".join(text[t.start : t.end] for t in tokens) == text
        assert [t.start for t in tokens] == [0, *(t.end for t in tokens)][: len(tokens)]


def test_numbers_are_one_word() -> None:
    text = "增长3.5%，达1,800万元"
    assert {"3.5%", "1,800"} <= {text[t.start : t.end] for t in chinese.words(text)}


def test_pieces_join_to_the_text_and_keep_to_size() -> None:
    text = "One two three.\nFour five.\n\nSix" + "x" * 50
    pieces = list(english.pieces(text, 20))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 20
    assert pieces[0] == "One two three.\n"


def test_long_texts_are_parsed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(english, "_CHUNK", 40)
    text = "Li Qiang spoke in Wuhan. He left.\n" * 5
    english._parse.cache_clear()
    doc = english.parse(text)
    assert doc.text == text
    assert len(list(doc.sents)) == 10
    assert [e.text for e in doc.ents].count("Wuhan") == 5
    english._parse.cache_clear()


def test_one_parse_is_shared() -> None:
    assert english.parse("The same text.") is english.parse("The same text.")


def test_jieba_of_others_is_left_alone() -> None:
    import jieba

    chinese.words("浙江")
    assert chinese._tokenizer() is not jieba.dt
    assert jieba.dt.initialized is False


def test_a_cache_that_cannot_be_written_does_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = chinese.cache_folder()
    assert folder.is_dir()
    assert tmp_path not in folder.parents


def test_workspace_segments_what_is_new_or_changed(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    first, second = Document("a.zh", "a", "zh", "房租降了。"), Document("a.en", "a", "en", "Rents fell.")
    workspace.append(DOCUMENTS, [first, second])
    calls: list[tuple[int, int | None]] = []
    report = segment_workspace(workspace, lambda done, total: calls.append((done, total)))
    assert (report.done, report.unchanged) == (2, 0)
    assert calls == [(1, 2), (2, 2)]
    assert workspace.read(SEGMENTS)["a.zh"] == segment(first)
    assert segment_workspace(workspace).unchanged == 2
    workspace.append(DOCUMENTS, [Document("a.en", "a", "en", "Rents fell. Again.")])
    report = segment_workspace(workspace)
    assert (report.done, report.unchanged) == (1, 1)
    assert len(workspace.read(SEGMENTS)["a.en"].sentences) == 2
