"""Ingest of zip archives and gzip files: what is in them, and the archives that are made to do harm."""

import gzip
import io
import json
import struct
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.ingest import ingest
from corpus.ingest.archives import FREE
from corpus.schema import ORIGINS
from corpus.store import Workspace

ENGLISH = "The ferry sails at noon, said the harbour master."
CHINESE = "港务长说，渡轮中午开船。"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def taken(workspace: Workspace) -> dict[str, str]:
    return {d.id: d.text for d in workspace.documents().values()}


def why(workspace: Workspace, path: Path) -> dict[str, str]:
    return {s.what.removeprefix(str(path)): s.why for s in ingest(workspace, [path]).skipped}


def test_a_zip_is_a_folder(workspace: Workspace, tmp_path: Path) -> None:
    parquet = io.BytesIO()
    pq.write_table(pa.table({"id": ["p"], "text": ["From Parquet."]}), parquet)
    path = zipped(
        tmp_path / "batch.zip",
        {
            "f.en.txt": ENGLISH.encode(),
            "sub/f.zh.txt": CHINESE.encode("gb18030"),
            "rows.jsonl": json.dumps({"id": "r", "text": "One row."}).encode(),
            "rows.parquet": parquet.getvalue(),
            "__MACOSX/._f.en.txt": b"\0\5\x16",
            ".DS_Store": b"\0",
            "sub/": b"",
            "scan.tiff": b"II*\0",
        },
    )
    assert why(workspace, path).keys() == {"/scan.tiff"}
    assert taken(workspace) == {
        "batch/f.en": ENGLISH,
        "batch/sub/f.zh": CHINESE,
        "r": "One row.",
        "p": "From Parquet.",
    }
    assert workspace.document("batch/sub/f.zh").source == "batch/sub/f.zh.txt"
    assert workspace.read(ORIGINS)["batch/f.en"].file == "batch/f.en.txt"
    assert ingest(workspace, [path]).unchanged == 4


@pytest.mark.parametrize("name", ["f.en.txt", "f.jsonl", "f.csv", "f.parquet"])
def test_gzip(workspace: Workspace, tmp_path: Path, name: str) -> None:
    data = {
        "f.en.txt": ENGLISH.encode(),
        "f.jsonl": json.dumps({"id": "f.en", "text": ENGLISH}).encode(),
        "f.csv": f'id,text\nf.en,"{ENGLISH}"\n'.encode(),
    }
    if name == "f.parquet":
        pq.write_table(pa.table({"id": ["f.en"], "text": [ENGLISH]}), tmp_path / name)
        data[name] = (tmp_path / name).read_bytes()
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(data[name]))
    assert ingest(workspace, [path]).skipped == []
    assert taken(workspace) == {"f.en": ENGLISH}


def test_gzip_that_does_not_say_of_what(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"Text."))
    assert "does not say" in why(workspace, tmp_path / "a.gz")[""]


def test_names_lead_nowhere(workspace: Workspace, tmp_path: Path) -> None:
    names = ["../../etc/a.txt", "/abs/b.txt", "C:\\win\\c.txt", "..\\d.txt", "e\n\x1b[31m.txt", "..", "x/../../y.txt"]
    path = zipped(tmp_path / "bad.zip", {name: f"Text {n}.".encode() for n, name in enumerate(names)})
    ingest(workspace, [path])
    ids = sorted(taken(workspace))
    assert all(id.startswith("bad/") and ".." not in id and id.isprintable() for id in ids)
    assert {"bad/etc/a", "bad/abs/b", "bad/d", "bad/x/y"} <= set(ids)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.zip", "workspace"]


def test_names_as_a_chinese_system_writes_them(workspace: Workspace, tmp_path: Path) -> None:
    # Python writes such names as UTF-8, so a name of the same length in bytes is put in its place.
    name = "河湾新闻.zh.txt".encode("gbk")
    path = zipped(tmp_path / "a.zip", {"x" * len(name): CHINESE.encode()})
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name))
    ingest(workspace, [path])
    assert list(taken(workspace)) == ["a/河湾新闻.zh"]


def test_an_encrypted_zip(workspace: Workspace, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"secret.txt": ENGLISH.encode()})
    data = bytearray(path.read_bytes())
    # The flag that says so, in the local and in the central header.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "is encrypted" in why(workspace, path)["/secret.txt"]


def test_archives_in_archives(workspace: Workspace, tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.txt": b"A."}).read_bytes()
    path = zipped(tmp_path / "outer.zip", {"inner.zip": inner, "b.txt.gz": gzip.compress(b"B."), "c.txt": b"C."})
    assert why(workspace, path) == dict.fromkeys(
        ["/inner.zip", "/b.txt.gz"], "an archive in an archive; unpack it first"
    )
    assert list(taken(workspace)) == ["outer/c"]
    (tmp_path / "t.zip.gz").write_bytes(gzip.compress(inner))
    assert "archive in an archive" in why(workspace, tmp_path / "t.zip.gz")[""]


def test_bombs(workspace: Workspace, tmp_path: Path) -> None:
    began = time.process_time()
    zeros = b" " * (80 << 20)
    bomb = zipped(tmp_path / "bomb.zip", {"a.txt": zeros, "b.jsonl": zeros})
    assert bomb.stat().st_size < 400_000
    left = why(workspace, bomb)
    assert left.keys() == {"/a.txt", "/b.jsonl"}
    assert all("times its size" in each for each in left.values())
    # What is beside a bomb goes in.
    bomb = zipped(tmp_path / "beside.zip", {"a.jsonl": zeros, "c.txt": b"C."})
    assert "times its size" in why(workspace, bomb)["/a.jsonl"]
    assert list(taken(workspace)) == ["beside/c"]
    # Entries that share their bytes, none of which is a bomb by itself.
    path = zipped(tmp_path / "shared.zip", {"a.txt": bytes(range(32, 96)) * (1 << 17)})
    with zipfile.ZipFile(path, "a") as archive:
        (info,) = archive.infolist()
        assert info.file_size <= FREE
        archive.filelist += [info] * 9
        archive._didModify = True
    assert "times its size" in why(workspace, path)[""]
    for name in ("g.txt.gz", "g.jsonl.gz", "g.csv.gz", "g.parquet.gz"):
        (tmp_path / name).write_bytes(gzip.compress(zeros, 6))
        assert "times its size" in why(workspace, tmp_path / name)[""]
    assert time.process_time() - began < 10


def test_a_header_that_lies_about_the_size(workspace: Workspace, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.txt": b" " * (80 << 20)})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(data)
    assert "broken" in why(workspace, path)["/a.txt"]


def test_more_files_than_anybody_reads(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.ingest.archives.FILES_MAX", 3)
    path = zipped(tmp_path / "a.zip", {f"{n}.txt": f"Text {n}.".encode() for n in range(5)})
    assert "holds 5 files" in why(workspace, path)[""]
    assert len(taken(workspace)) == 3


@pytest.mark.parametrize("suffix", ["zip", "txt.gz", "jsonl.gz"])
@pytest.mark.parametrize("broken", ["empty", "noise", "cut", "flipped"])
def test_broken_archives(workspace: Workspace, tmp_path: Path, suffix: str, broken: str) -> None:
    path = tmp_path / f"a.{suffix}"
    good = b'{"id": "a", "text": "' + ENGLISH.encode() * 3 + b'"}\n'
    data = zipped(path, {"a.txt": good}).read_bytes() if suffix == "zip" else gzip.compress(good)
    flipped = bytearray(data)
    flipped[45] ^= 0xFF
    path.write_bytes({"empty": b"", "noise": b"\x93" * 300, "cut": data[:40], "flipped": bytes(flipped)}[broken])
    assert why(workspace, path)
    assert not taken(workspace)
