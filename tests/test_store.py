"""The workspace: what is written is read back, later shards win, and nothing is half-written."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import (
    Block,
    Claim,
    Document,
    Entity,
    Layer,
    Ref,
    Relation,
    Segments,
    Span,
    Target,
    Token,
    text_sha,
)
from corpus.errors import InputError, StaleTextError, WorkspaceError
from corpus.schema import DOCUMENTS, GOLD, SEGMENTS
from corpus.store import Workspace, check_sha, write_atomically

# Parquet strings are UTF-8, which has no lone surrogates; ingest refuses a text that holds one.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def test_documents_come_back_as_they_went_in(workspace: Workspace) -> None:
    text = "浙江推进共同富裕 😀\n图为杭州"
    document = Document(
        "a.zh",
        "a",
        "zh",
        text,
        (Block(0, 10, "headline"), Block(11, 15, "pull-quote", (0, 4))),
        "a.zh.txt",
        {"date": "x"},
    )
    workspace.append(DOCUMENTS, [document])
    assert workspace.documents() == {"a.zh": document}


@given(TEXT, st.data())
@settings(max_examples=30, deadline=None)
def test_layers_come_back_whatever_the_text(
    tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = Span.of(text, start, end)
    claim = Claim(span, "action", "support", text[:5], "housing", (Target("20万", "套", ""),), (start, end), 0.5, "s")
    relation = Relation("about", Ref("d", "claim", start, end), Ref("d", "entity", start, end), 0.25, "s")
    layer = Layer("d", "0" * 64, "s", "1", (Entity(span, "FIRM", 0.5, "s", "Q1"),), (claim,), (relation,))
    workspace = Workspace.create(tmp_path_factory.mktemp("w"))
    workspace.append(GOLD, [layer])
    assert workspace.read(GOLD) == {"d": layer}


def test_the_latest_of_a_key_counts_and_the_older_stays_on_disk(workspace: Workspace) -> None:
    for text in ("first", "second"):
        workspace.append(DOCUMENTS, [Document("a", "", "en", text)])
    assert workspace.document("a").text == "second"
    assert [row["text"] for row in workspace.rows("documents")] == ["first", "second"]


def test_segments_come_back(workspace: Workspace) -> None:
    segments = Segments("a", "0" * 64, ((0, 4), (5, 9)), (Token(0, 2, "n"), Token(2, 4)))
    workspace.append(SEGMENTS, [segments])
    assert workspace.read(SEGMENTS) == {"a": segments}


def test_a_folder_that_is_no_workspace_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="not a hemu workspace.*hemu init"):
        Workspace.open(tmp_path)


def test_a_folder_with_files_is_not_made_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(WorkspaceError, match="not empty"):
        Workspace.create(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.docx"]


def test_a_broken_configuration_is_named(workspace: Workspace) -> None:
    (workspace.root / "hemu.toml").write_text("[annotate\n")
    with pytest.raises(WorkspaceError, match=r"hemu\.toml"):
        Workspace.open(workspace.root)


def test_a_setting_of_the_wrong_kind_is_named(workspace: Workspace) -> None:
    (workspace.root / "hemu.toml").write_text('[annotate]\nannotators = "gazetteer"\n')
    with pytest.raises(WorkspaceError, match="expected a list"):
        Workspace.open(workspace.root).setting("annotate", "annotators", ["x"])


def test_an_unknown_document_is_named_with_those_there_are(workspace: Workspace) -> None:
    workspace.append(DOCUMENTS, [Document("a", "", "en", "x")])
    with pytest.raises(InputError, match="b: no such document.* a"):
        workspace.document("b")


def test_a_name_cannot_lead_out_of_the_workspace(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="out of the workspace"):
        workspace.folder("../elsewhere")


def test_two_processes_cannot_write_at_once(workspace: Workspace) -> None:
    code = "import sys; from pathlib import Path; from corpus.store import Workspace\nwith Workspace(Path(sys.argv[1])).writing(): pass"
    with workspace.writing():
        other = subprocess.run([sys.executable, "-c", code, str(workspace.root)], capture_output=True, text=True)
    assert other.returncode != 0
    assert "another hemu command" in other.stderr


def test_settings_and_scheme_may_begin_with_a_byte_order_mark(workspace: Workspace) -> None:
    for name in ("hemu.toml", "scheme.toml"):
        path = workspace.root / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    again = Workspace.open(workspace.root)
    assert again.setting("segment", "chinese", "") == "jieba"
    assert again.scheme == workspace.scheme


def test_a_file_system_without_locks_is_not_taken_for_another_command(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none_left)
    with pytest.raises(WorkspaceError, match=r"cannot be locked \(No locks available\)"), workspace.writing():
        pass


def test_one_document_is_read_without_the_others(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.append(DOCUMENTS, [Document("a", "", "en", "old"), Document("b", "", "en", "y")])
    workspace.append(DOCUMENTS, [Document("a", "", "en", "new")])
    monkeypatch.setattr(Workspace, "documents", None)
    assert workspace.document("a").text == "new"
    with pytest.raises(InputError, match=r"c: no such document in .*; it has: a, b$"):
        workspace.document("c")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_damaged_shard_is_named(workspace: Workspace) -> None:
    workspace.append(DOCUMENTS, [Document("a", "", "en", "x")])
    shard = workspace.shards("documents")[0]
    shard.write_bytes(shard.read_bytes()[:40])
    with pytest.raises(WorkspaceError, match=shard.name):
        workspace.documents()


def test_a_layer_of_another_text_is_refused() -> None:
    document = Document("a", "", "en", "new text")
    with pytest.raises(StaleTextError, match="a: its gold was made for another version"):
        check_sha(document, "0" * 64, "its gold")


def test_the_current_rows_are_streamed_and_fetched(workspace: Workspace) -> None:
    def document(id: str, text: str) -> Document:
        return Document(id, "", "en", text, (), f"{id}.txt", {"date": "2026"})

    workspace.append(DOCUMENTS, [document("a", "one"), document("b", "two")])
    assert list(workspace.index(DOCUMENTS)) == ["a", "b"]
    workspace.append(DOCUMENTS, [document("a", "one, changed"), document("c", "three")])
    # What was added since the first look is seen too.
    assert [d.text for d in workspace.current(DOCUMENTS)] == ["two", "one, changed", "three"]
    assert [d.id for d in workspace.current(DOCUMENTS, ["c", "b", "unknown"])] == ["b", "c"]
    assert workspace.fetch(DOCUMENTS, ["a"]) == {"a": document("a", "one, changed")}
    heads = {head.id: head for head in workspace.heads()}
    assert list(heads) == ["a", "b", "c"]
    assert (heads["a"].sha, heads["a"].meta) == (text_sha("one, changed"), {"date": "2026"})


def test_an_index_follows_shards_that_are_replaced(workspace: Workspace) -> None:
    rows = [Document(id, "", "en", id, (), "", {}) for id in "ab"]
    workspace.append(DOCUMENTS, rows)
    assert list(workspace.index(DOCUMENTS)) == ["a", "b"]
    (shard,) = workspace.shards("documents")
    shard.unlink()
    workspace.append(DOCUMENTS, rows[1:])
    assert [d.id for d in workspace.current(DOCUMENTS)] == ["b"]


def test_a_damaged_shard_is_named_while_streaming(workspace: Workspace) -> None:
    workspace.append(DOCUMENTS, [Document("a", "", "en", "one", (), "", {})])
    (shard,) = workspace.shards("documents")
    shard.write_bytes(shard.read_bytes()[:-20])
    for read in (lambda: list(workspace.current(DOCUMENTS)), lambda: workspace.documents()):
        with pytest.raises(WorkspaceError, match=shard.name):
            read()
