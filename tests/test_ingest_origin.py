"""The way back: from a span of a frozen text to the file that it came from."""

import gzip
import json
import unicodedata
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.clean import clean
from corpus.document import Origin
from corpus.errors import InputError, StaleTextError
from corpus.ingest import ingest
from corpus.ingest.decode import decode
from corpus.ingest.origin import locate, source_text
from corpus.schema import ORIGINS
from corpus.store import Workspace

RAW = "\ufeff河湾市修路\r\nCafe\u0301 and rail\r\n市长说：“好。”\r\n\r\n"
CLEAN = "河湾市修路\nCafé and rail\n市长说：“好。”"

raw_texts = (
    st.text(st.sampled_from("a é e\u0301\r\n\ufeff中文加\u0323\u0307豈\u1100\u1161 \u3000"), max_size=30) | st.text()
)


@given(raw_texts, st.data())
def test_any_span_leads_back(raw: str, data: st.DataObject) -> None:
    cleaned = clean(raw)
    origin = Origin("a", "", "a.txt", offsets=cleaned.offsets)
    start = data.draw(st.integers(0, len(cleaned.text)))
    end = data.draw(st.integers(start, len(cleaned.text)))
    raw_start, raw_end = locate(origin, start, end)
    assert 0 <= raw_start <= raw_end <= len(raw)
    # The bar keeps line breaks at the end, which cleaning drops from the end of a text. A span that begins or ends
    # within a changed character leads to the whole of it.
    there = clean(raw[raw_start:raw_end] + "|").text.removesuffix("|").removeprefix("\ufeff")
    assert cleaned.text[start:end].removeprefix("\ufeff") in there
    if not any(joins(cleaned.text[at : at + 1]) for at in (start, end)):
        assert cleaned.text[start:end].removeprefix("\ufeff") == there


def joins(character: str) -> bool:
    return character != "" and (unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


def check(workspace: Workspace, path: Path) -> Origin:
    report = ingest(workspace, [path])
    assert (report.done, report.skipped) == (1, [])
    (document,) = workspace.documents().values()
    origin = workspace.read(ORIGINS)[document.id]
    assert (document.text, origin.sha) == (CLEAN, document.sha)
    start = CLEAN.index("Café")
    raw = source_text(path, origin)
    raw_start, raw_end = locate(origin, start, start + len("Café and"))
    assert raw[raw_start:raw_end] == "Cafe\u0301 and"
    return origin


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_text_file(workspace: Workspace, tmp_path: Path, encoding: str) -> None:
    raw = RAW if encoding == "utf-8" else RAW.removeprefix("\ufeff")
    path = tmp_path / "a.zh.txt"
    path.write_bytes(raw.encode(encoding))
    origin = check(workspace, path)
    assert (origin.file, origin.encoding, origin.reader) == ("a.zh.txt", encoding, "text")
    start = CLEAN.index("市长")
    begin, end = locate(origin, start, start + 2)
    assert decode(path.read_bytes())[0][begin:end] == "市长"
    path.write_text("Another text.")
    with pytest.raises(StaleTextError, match="a.zh"):
        source_text(path, origin)
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        source_text(path, origin)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.zip", "a.txt.gz", "a.jsonl.gz"])
def test_a_row_or_a_file_in_an_archive(workspace: Workspace, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    line = json.dumps({"id": "a", "text": RAW}).encode()
    if name.endswith(".jsonl"):
        path.write_bytes(line)
    elif name == "a.csv":
        path.write_bytes(b'id,text\na,"' + RAW.encode() + b'"\n')
    elif name == "a.parquet":
        pq.write_table(pa.table({"id": ["a"], "text": [RAW]}), path)
    elif name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("other.xyz", "x")
            archive.writestr("a.txt", RAW)
        assert len(ingest(workspace, [path], dry_run=True).skipped) == 1
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", RAW)
    else:
        path.write_bytes(gzip.compress(line if "jsonl" in name else RAW.encode()))
    origin = check(workspace, path)
    assert len(origin.file_sha) == 64


def test_a_page(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    text = "<p>The ferry sails at noon, said the harbour master, who has kept the times for twenty years and more.</p>"
    more = "<p>Nobody else was asked. The next boat is due on Tuesday, weather permitting, from the old quay.</p>"
    path.write_text(f"<!doctype html><html><body><article><h1>Ferry</h1>{text}{more}</article></body></html>")
    assert ingest(workspace, [path]).done == 1
    document = workspace.document("a")
    origin = workspace.read(ORIGINS)["a"]
    start = document.text.index("harbour")
    begin, end = locate(origin, start, start + 7)
    assert source_text(path, origin)[begin:end] == "harbour"
    assert origin.reader == "html"
