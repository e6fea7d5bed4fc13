"""The edges: gold rows in and out, and one clear line for what is wrong."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Claim, Document, Entity, Span, Target
from corpus.errors import InputError
from corpus.jsonl import document_of, dump_row, layer_of, output, read_rows, row_of
from corpus.scheme import load_scheme


def row(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"id": "a.zh", "pair": "a", "lang": "zh", "text": "浙江推进共同富裕"}
    return {**base, **changes}


@given(st.text(min_size=1), st.data())
def test_an_annotated_document_survives_the_way_out_and_in(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = Span.of(text, start, end)
    document = Document("x", "p", "en", text)
    entities = (Entity(span, "FIRM", source="s"),)
    claims = (Claim(span, "effect", "neutral", text, "health", (Target("3", "%", "2025"),), source="s"),)
    again = json.loads(dump_row(row_of(document, entities, claims)))
    assert document_of(again, "line 1") == document
    layer = layer_of(again, document, "line 1", scheme=load_scheme(), source="s")
    assert (layer.entities, layer.claims) == (entities, claims)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": None}, "'id' is missing"),
        ({"id": ""}, "id is empty"),
        ({"text": 5}, "'text' is missing or no string"),
        ({"lang": "fr"}, "'fr'; expected 'en' or 'zh'"),
        ({"pair": 3}, "'pair' is no string"),
    ],
)
def test_a_row_that_is_no_document_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"f.jsonl, line 7: .*{message}"):
        document_of(row(**changes), "f.jsonl, line 7")


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        ({"start": 0, "end": 2, "label": "CITY"}, "unknown label 'CITY'; the scheme has: OFFICIAL"),
        ({"start": 0, "end": 99, "label": "PLACE"}, "0-99"),
        ({"start": 0, "end": 2, "label": "PLACE", "text": "江苏"}, "'浙江', expected '江苏'"),
        ({"start": "0", "end": 2, "label": "PLACE"}, "no integers"),
        ({"label": "PLACE"}, "not well formed"),
        ("PLACE", "not well formed"),
    ],
)
def test_a_bad_entity_is_named(entity: Any, message: str) -> None:
    document = document_of(row(), "f")
    with pytest.raises(InputError, match=message):
        layer_of(row(entities=[entity]), document, "f.jsonl, line 1", scheme=load_scheme(), source="s")


@pytest.mark.parametrize(
    ("claimant", "span", "message"),
    [
        (5, None, "claimant 5 is no string"),
        ("杭州", [1], "no pair"),
        ("杭州", "ab", "no pair"),
        ("杭州", [0, 99], "0-99"),
    ],
)
def test_a_bad_claimant_is_named(claimant: Any, span: Any, message: str) -> None:
    claim = {"start": 0, "end": 2, "type": "action", "stance": "support", "claimant": claimant, "claimant_span": span}
    with pytest.raises(InputError, match=message):
        layer_of(row(claims=[claim]), document_of(row(), "f"), "f, line 1", scheme=load_scheme(), source="s")


def test_overlapping_entities_are_refused() -> None:
    spans = [{"start": 0, "end": 3, "label": "PLACE"}, {"start": 2, "end": 4, "label": "PLACE"}]
    with pytest.raises(InputError, match="entities overlap: 0-3 and 2-4"):
        layer_of(row(entities=spans), document_of(row(), "f"), "f, line 1", scheme=load_scheme(), source="s")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{oops", "line 1: not JSON"),
        (b"\xff\xfe\x00", "line 1: not UTF-8"),
        (b"[1, 2]", "line 1: expected a JSON object, found list"),
        (b"[" * 100_000, "line 1: not JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", "line 1: not JSON .*too long a number"),
    ],
)
def test_a_line_that_is_no_object_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "f.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(read_rows(str(tmp_path / "f.jsonl")))


def test_a_byte_order_mark_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n  \n{"a": 2}\n')
    assert [r for _, r in read_rows(str(tmp_path / "f.jsonl"))] == [{"a": 1}, {"a": 2}]


def test_an_output_that_fails_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    with pytest.raises(RuntimeError), output(str(target)) as stream:
        stream.write("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_pipe_and_a_link_stay_what_they_are(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        with output(str(tmp_path / "pipe")) as stream:
            stream.write("共同富裕")
        assert reader.communicate()[0] == "共同富裕"
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with output(str(tmp_path / "link")) as stream:
        stream.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    with pytest.raises(InputError, match="is a folder"), output(str(tmp_path)):
        pass


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"), output(str(tmp_path / "no" / "out.jsonl")):
        pass
