"""Sentences and tokens: every character that is not white space is in exactly one of each, and lines divide."""

import json
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.document import Block, Document, Lang
from corpus.language import LINE_BREAKS
from corpus.schema import DOCUMENTS, SEGMENTS
from corpus.segment import METHODS, Method, chinese, english, forget_names, segment, segment_text, segment_workspace
from corpus.store import Workspace

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("。！？；…“”（）\"'.!?,;:- \n\r\t\0\u2028\ud800\u200b\ufeff🙂一二万月日年 3.5%ABab"),
    ),
    max_size=60,
)


CASES = json.loads((Path(__file__).parent / "cases" / "sentences.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=f"{case['lang']} {case['what']}: {case['text'][:20]!r}",
            marks=pytest.mark.xfail(strict=True) if case.get("known_failure") else (),
        )
        for case in CASES
    ],
)
def test_sentences_of_hard_texts(case: dict[str, str]) -> None:
    text = case["text"].replace("‖", "")
    found = [text[start:end] for start, end in segment_text(text, "en" if case["lang"] == "en" else "zh")[0]]
    assert found == [sentence.strip() for sentence in case["text"].split("‖")]


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


@given(text=ANY_TEXT)
@settings(max_examples=100, deadline=None)
def test_the_outline_of_a_text_is_that_of_its_parse(text: str) -> None:
    assert english.outline(text) == english.outline_of(english.parse(text))


def test_a_block_in_the_other_language_is_cut_by_its_own_means() -> None:
    text = "Rents fell. Wages rose.\n房租降了。工资涨了。\nThat is all."
    block = Block(24, 34, "body", lang="zh")
    segments = segment(Document("a.en", "", "en", text, (block,)))
    assert [text[start:end] for start, end in segments.sentences] == [
        "Rents fell.",
        "Wages rose.",
        "房租降了。",
        "工资涨了。",
        "That is all.",
    ]
    words = [text[token.start : token.end] for token in segments.tokens]
    assert words[6:14] == ["房租", "降", "了", "。", "工资", "涨", "了", "。"]
    turned = Document("b.zh", "", "zh", text, (Block(0, 23, "body", lang="en"), Block(35, 47, "body", lang="en")))
    assert segment(turned).sentences == segments.sentences
    assert [token.tag for token in segment(turned).tokens][:2] == ["NOUN", "VERB"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "unit", ['"', "()", "“", "a.", "。", "（。", "《？", "1,", "一十", "http://", "a@", "龘", "浙江推进"]
)
def test_time_is_linear_on_hostile_text(unit: str, lang: Lang) -> None:
    def seconds(size: int) -> float:
        began = time.process_time()
        segment_text(unit * (size // len(unit)), lang)
        return time.process_time() - began

    segment_text("warm up. 预热。", lang)
    short = min(seconds(1500), seconds(1500 - len(unit)))
    assert seconds(6000) < 8 * short + 0.3


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


@pytest.mark.slow
def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    documents = [Document(f"{i}.zh", f"{i}", "zh", f"房租降了{i}次。工资涨了。") for i in range(70)]
    documents.append(Document("a.en", "a", "en", "Rents fell. Wages rose."))
    tables = []
    for workers in (1, 2):
        workspace = Workspace.create(tmp_path / str(workers))
        workspace.append(DOCUMENTS, documents)
        assert segment_workspace(workspace, workers=workers).done == 71
        tables.append(workspace.read(SEGMENTS))
    assert tables[0] == tables[1]
    assert list(tables[0]) == [document.id for document in documents]
    assert tables[0]["3.zh"] == segment(documents[3])


def test_a_broken_off_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    workspace.append(DOCUMENTS, [Document(f"{i}.zh", f"{i}", "zh", "房租降了。") for i in range(100)])

    def stop(done: int, total: int | None) -> None:
        if done == 65:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        segment_workspace(workspace, stop, workers=1)
    report = segment_workspace(workspace)
    assert report.done + report.unchanged == 100
    assert report.unchanged >= 64


def test_a_changed_list_of_words_cuts_anew_what_holds_them(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    first = Document("a.zh", "a", "zh", "瀚海湾项目开工。")
    workspace.append(DOCUMENTS, [first, Document("b.zh", "b", "zh", "房租降了。")])
    segment_workspace(workspace)
    (workspace.root / "words.txt").write_text("# own names\n瀚海湾项目\n", encoding="utf-8")
    report = segment_workspace(workspace)
    assert (report.done, report.unchanged) == (1, 1)
    found = workspace.read(SEGMENTS)["a.zh"]
    assert found == segment(first, Method(frozenset({"瀚海湾项目"})))
    assert (found.tokens[0].start, found.tokens[0].end) == (0, 5)
    assert segment_workspace(workspace).done == 0


def test_a_list_that_was_taken_back_after_a_broken_off_run(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    workspace.append(DOCUMENTS, [Document(f"{i}.zh", "", "zh", "瀚海湾项目开工。") for i in range(100)])
    segment_workspace(workspace)
    plain = workspace.read(SEGMENTS)
    words = workspace.root / "words.txt"
    words.write_text("瀚海湾项目\n", encoding="utf-8")

    def stop(done: int, total: int | None) -> None:
        if done == 65:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        segment_workspace(workspace, stop, workers=1)
    assert workspace.read(SEGMENTS) != plain
    words.unlink()
    segment_workspace(workspace)
    assert workspace.read(SEGMENTS) == plain
    assert segment_workspace(workspace).done == 0


def test_names_that_went_are_forgotten_and_what_they_cut_is_cut_anew(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    workspace.append(DOCUMENTS, [Document("a.zh", "", "zh", "瀚海湾项目开工。")])
    (workspace.root / "words.txt").write_text("瀚海湾项目\n河湾\n", encoding="utf-8")
    segment_workspace(workspace)
    (workspace.root / "words.txt").write_text("河湾\n", encoding="utf-8")
    forget_names(workspace)
    kept = json.loads((workspace.folder("segments") / METHODS).read_text(encoding="utf-8"))
    assert [row["names"] for row in kept] == [["河湾"]]
    assert segment_workspace(workspace).done == 1
    assert segment_workspace(workspace).done == 0


def test_a_faster_pipeline_leaves_others_alone_and_can_be_pickled() -> None:
    from thinc.api import get_current_ops

    before = type(get_current_ops())
    copy = pickle.loads(pickle.dumps(english.pipeline()))
    assert type(get_current_ops()) is before
    text = "Rents fell by 3.5 percent. Mayor Lin Lan left early."
    assert [token.pos_ for token in copy(text)] == english.outline(text).tags


# Words of the patterns of spaCy's attribute ruler (some of two words), names within names' reach, and white space.
_TEXTS = (
    "There's an idea: y'all ain't gonna go, c'mon, I've gotta let's see 'em doin' nothin'; it is there, isn't it?",
    "Premier Li Qiang of China met Lin Lan in New York City on 3 May 2024\nand paid $ 4 billion to Rural  Bank Ltd.",
    "\n\n",
    "Paris",
    "In \n New York\n",
)


@pytest.mark.parametrize("text", _TEXTS)
def test_what_stands_in_for_components_of_spacy_gives_their_results(text: str) -> None:
    plain, fast = english.pipeline()(text), english._annotated(english.pipeline(), english.pipeline().make_doc(text))
    columns = ["TAG", "POS", "MORPH", "DEP", "HEAD", "LEMMA", "ENT_IOB", "ENT_TYPE", "SENT_START"]
    assert fast.to_array(columns).tolist() == plain.to_array(columns).tolist()
    assert [str(token.morph) for token in fast] == [str(token.morph) for token in plain]
    assert fast.has_annotation("ENT_IOB") == plain.has_annotation("ENT_IOB")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([w for text in _TEXTS[:2] for w in [*text.split(" "), "\n", "😀"]]), max_size=30))
def test_names_and_attributes_of_any_words_are_those_of_spacy(words: list[str]) -> None:
    test_what_stands_in_for_components_of_spacy_gives_their_results(" ".join(words))


def test_names_that_are_set_already_are_left_to_spacy() -> None:
    from spacy.tokens import Span

    nlp = english.pipeline()

    def with_a_name() -> Any:
        doc = nlp.make_doc("Lin Lan met Li Qiang.")
        doc.set_ents([Span(doc, 0, 3, label="ORG")], default="missing")
        return doc

    fast, plain = english._annotated(nlp, with_a_name()), nlp(with_a_name())
    assert [(e.text, e.label_) for e in fast.ents] == [(e.text, e.label_) for e in plain.ents]
    assert fast.ents[0].text == "Lin Lan met"


def test_spacy_is_imported_without_its_command_line_which_can_be_imported_later() -> None:
    code = """
import sys
from corpus.segment.spacy_fast import import_spacy
spacy = import_spacy()
print("spacy.cli" in sys.modules, hasattr(spacy, "cli"), import_spacy() is spacy)
print(spacy.info(silent=True)["spacy_version"] == spacy.__version__)
import spacy.cli
from spacy.cli.info import info
print(spacy.cli.info is info, spacy.cli.__file__.endswith("__init__.py"))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False", "True", "True", "True", "True"]


def test_lemmas_are_those_of_the_model_as_it_comes() -> None:
    import spacy

    text = "The leaders were meeting families, and better laws took effect; monies rose. He saw mice."
    plain = spacy.load(english.model_path())
    lemmas = {token.i: token.lemma_ for token in plain(text)}
    assert {token.i: token.lemma_ for token in english.parse(text)} == lemmas
