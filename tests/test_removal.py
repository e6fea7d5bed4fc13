"""A takedown: the text is gone from the disk, nothing else is, and an interruption at any point is made good."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from annotators.studio.tables import ANNOTATIONS, PUSHED, Annotation, Pushed
from corpus import removal
from corpus.cli.root import root
from corpus.document import (
    Alignment,
    Bead,
    Claim,
    Document,
    Entity,
    Layer,
    Origin,
    Ref,
    Relation,
    Segments,
    Span,
)
from corpus.errors import InputError, WorkspaceError
from corpus.removal import TaskRef, find, forget, pending, record, removed, sweep
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, ORIGINS, REMOVALS, SEGMENTS, layers_table
from corpus.segment import METHODS, segment_workspace
from corpus.store import Workspace

# Words that stand in one document each, so that a search of the disk finds what is left of it.
SECRET, SECRET_ZH = "Quillfeather", "翎羽"
URL = "http://127.0.0.1:9"


def layer(document: Document, source: str, *relations: Relation) -> Layer:
    start = document.text.index(" ") + 1 if document.lang == "en" else 0
    span = Span.of(document.text, start, start + 2)
    claim = Claim(Span.of(document.text, 0, len(document.text)), "action", "neutral", span.surface)
    return Layer(document.id, document.sha, source, "1", (Entity(span, "PERSON"),), (claim,), relations)


def fill(workspace: Workspace) -> list[Document]:
    """Three articles in every table, in several shards; the first in both languages and in two versions."""
    first = Document("one.en", "one", "en", f"{SECRET} saw the old mill")
    documents = [
        first,
        Document("one.zh", "one", "zh", f"{SECRET_ZH}看见磨坊"),
        Document("two.en", "two", "en", "Nobody was there"),
    ]
    workspace.append(DOCUMENTS, documents)
    newer = replace(first, text=f"{SECRET} saw the new mill")
    workspace.append(DOCUMENTS, [newer])
    workspace.append(DOCUMENTS, [Document("three.zh", "", "zh", "三号文章")])
    documents = list(workspace.documents().values())
    for document in documents:
        workspace.append(SEGMENTS, [Segments(document.id, document.sha, ((0, 3),))])
        workspace.append(ORIGINS, [Origin(document.id, document.sha, f"{document.id}.txt")])
    beads = (Bead(((0, 3),), ((0, 3),)),)
    workspace.append(ALIGNMENTS, [Alignment("one", "one.en", "one.zh", newer.sha, documents[1].sha, beads)])
    same = Relation("same_as", Ref("one.zh", "entity", 0, 2), Ref("one.en", "entity", 13, 15))
    own = Relation("same_as", Ref("one.zh", "entity", 0, 2), Ref("one.zh", "entity", 0, 2))
    by = Relation("claimant", Ref("one.zh", "claim", 0, 6), Ref("one.en", "entity", 13, 15))
    for table in (GOLD, layers_table("combined"), layers_table("rules")):
        rows = [layer(d, table.name, *([same, own, by] if d.id == "one.zh" else [])) for d in documents]
        rows[1] = replace(rows[1], claims=(replace(rows[1].claims[0], claimant=SECRET),))
        workspace.append(table, rows[:2])
        workspace.append(table, rows[2:])
        for number, row in enumerate(rows if table is GOLD else ()):
            workspace.append(ANNOTATIONS, [Annotation(row, number // 2, number // 2, 7, URL, "annotator:1")])
    for number, ids in enumerate((("one.en", "one.zh"), ("two.en",), ("three.zh",))):
        words = json.dumps([SECRET, SECRET_ZH] if number == 0 else ["Nobody"], ensure_ascii=False)
        workspace.append(PUSHED, [Pushed(f"k{number}", number, 7, URL, ids[0][:3], ids, "1", "1", words)])
    return documents


@pytest.fixture
def workspace(workspace_root: Path) -> Workspace:
    made = Workspace.create(workspace_root)
    fill(made)
    return made


def rows(workspace: Workspace, without: str) -> dict[str, list[Any]]:
    """All rows of all tables but those of one document, in order, and what refers to it."""
    found = {}
    for name in removal.table_names(workspace):
        there = list(workspace.rows(name))
        if name != "pushed":
            there = [r for r in there if without not in (r.get("id"), r.get("document"), r.get("en"), r.get("zh"))]
        for row in there:
            if "relations" in row:
                row["relations"] = [
                    r for r in row["relations"] if without not in (r["head"]["document"], r["tail"]["document"])
                ]
        found[name] = there
    return found


def on_disk(root: Path, words: str) -> list[str]:
    """The files that hold words, in Parquet files in whatever column."""
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            text = json.dumps(pq.read_table(path, partitioning=None).to_pylist(), ensure_ascii=False, default=repr)
        else:
            text = path.read_bytes().decode("utf-8", "replace")
        if words in text:
            found.append(str(path.relative_to(root)))
    return found


def test_the_text_is_gone_and_nothing_else(workspace: Workspace) -> None:
    assert len(on_disk(workspace.root, SECRET)) == 8
    before = rows(workspace, "one.en")
    (entry,) = record(workspace, ["one.en"], reason="asked for")
    swept = sweep(workspace, ["one.en"])
    assert on_disk(workspace.root, SECRET) == []
    after = rows(workspace, "one.en")
    pushed = before.pop("pushed")
    assert after.pop("pushed") == [{**pushed[0], "result": "[]"}, *pushed[1:]]
    assert after.pop("removals") == []
    for name, there in before.items():
        for row in there:
            # The name of a claimant that was taken from the withdrawn version goes as well.
            for claim in row.get("claims", ()):
                claim["claimant"] = claim["claimant"].replace(SECRET, "")
        assert after.get(name, []) == there, name
    assert swept.rows == {
        "documents": 2,
        "annotations": 1,
        "gold": 1,
        "layers/combined": 1,
        "layers/rules": 1,
        "originals": 1,
        "pairs": 1,
        "pushed": 1,
        "segments": 1,
    }
    assert (entry.document, entry.pair, entry.reason) == ("one.en", "one", "asked for")
    assert removed(workspace) == {"one.en": entry}
    assert list(workspace.documents()) == ["one.zh", "two.en", "three.zh"]
    assert set(Workspace.open(workspace.root).index(DOCUMENTS)) == {"one.zh", "two.en", "three.zh"}


def test_a_pair_goes_as_a_whole(workspace: Workspace) -> None:
    for name in ("one", "one.zh"):
        assert sorted(e.document for e, _ in find(workspace, [name], pair=True)) == ["one.en", "one.zh"]
    ids = [entry.document for entry in record(workspace, ["one"], pair=True)]
    sweep(workspace, ids)
    assert on_disk(workspace.root, SECRET) == on_disk(workspace.root, SECRET_ZH) == []
    assert list(workspace.documents()) == ["two.en", "three.zh"]
    # The command can be given again, by the same name.
    assert sorted(e.document for e, there in find(workspace, ["one"], pair=True) if there) == ["one.en", "one.zh"]


def test_rows_of_tasks_that_are_deleted_go_too(workspace: Workspace) -> None:
    record(workspace, ["one.en", "two.en"])
    sweep(workspace, ["one.en", "two.en"], deleted=[TaskRef(URL, 7, 0)])
    assert pending(workspace) == [TaskRef(URL, 7, 1)]
    with workspace.writing():
        # The server has given the number to a task of another article since.
        workspace.append(PUSHED, [Pushed("k9", 1, 7, URL, "", ("three.zh",), "1", "1", "[1]")])
        removal.settle(workspace, removed(workspace), pending(workspace))
    assert [row["key"] for row in workspace.rows("pushed")] == ["k2", "k9"]


class StopError(Exception):
    pass


def stopping(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Makes the `after`-th change to the disk fail before it happens, and all later ones."""
    left = iter(range(after))
    originals = {(owner, name): getattr(owner, name) for owner, name in ((Path, "replace"), (Path, "unlink"))}

    def guarded(original: Any) -> Any:
        def call(self: Path, *arguments: Any, **more: Any) -> Any:
            counts = original is originals[Path, "replace"] or not self.name.endswith(".tmp")
            if counts and next(left, None) is None:
                raise StopError
            return original(self, *arguments, **more)

        return call

    for (owner, name), original in originals.items():
        monkeypatch.setattr(owner, name, guarded(original))


def stops() -> Iterator[int]:
    yield from range(40)


def test_stopped_anywhere_it_can_be_finished(workspace: Workspace, tmp_path: Path) -> None:
    wanted = None
    finished = 0
    for after in stops():
        copy = tmp_path / f"copy-{after}"
        shutil.copytree(workspace.root, copy)
        victim = Workspace.open(copy)
        with pytest.MonkeyPatch.context() as patch:
            stopping(patch, after)
            try:
                record(victim, ["one.en"])
                sweep(victim, ["one.en"])
                finished += 1
            except StopError:
                pass
        # A reader in between: the newer version or none, and every other document.
        between = Workspace.open(copy).documents()
        assert between.keys() - {"one.en"} == {"one.zh", "two.en", "three.zh"}
        assert "one.en" not in between or "new mill" in between["one.en"].text
        again = Workspace.open(copy)
        record(again, ["one.en"])
        sweep(again, ["one.en"])
        assert on_disk(copy, SECRET) == []
        assert not list(copy.rglob(".*.tmp"))
        left = rows(again, "one.en")
        left.pop("removals")
        wanted = wanted or left
        assert left == wanted
        if finished:
            break
    assert finished == 1
    assert after > 15


def test_what_a_killed_writer_left_behind_goes_too(workspace: Workspace) -> None:
    shard = workspace.shards("documents")[0]
    (shard.parent / f".{shard.name}.123.tmp").write_bytes(shard.read_bytes())
    half = workspace.folder("layers") / "gone"
    half.mkdir()
    (half / ".000000-abc.parquet.7.tmp").write_text(SECRET)
    record(workspace, ["one.en"])
    sweep(workspace, ["one.en"])
    assert on_disk(workspace.root, SECRET) == []
    assert not list(workspace.root.rglob(".*.tmp"))


def test_restored_it_can_come_again(workspace: Workspace) -> None:
    record(workspace, ["one.en", "two.en"])
    sweep(workspace, ["one.en", "two.en"])
    assert forget(workspace, ["one.en", "nobody"]) == 1
    assert list(removed(workspace)) == ["two.en"]
    workspace.append(DOCUMENTS, [Document("one.en", "one", "en", "It is back")])
    # Withdrawn once more, it is another record.
    (entry,) = record(workspace, ["one.en"])
    assert entry.sha == workspace.document("one.en").sha


def test_an_unknown_name_changes_nothing(workspace: Workspace) -> None:
    before = {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}
    for names, pair, why in (
        (["nobody.en"], False, "nobody.en: no such document in "),
        (["two.en", "one"], False, "one: no such document in .* that is a pair: add --pair"),
        (["nobody"], True, "nobody: no such pair or document"),
    ):
        with pytest.raises(InputError, match=why):
            record(workspace, names, pair=pair)
    with pytest.raises(InputError, match="two.en: not recorded as withdrawn"):
        sweep(workspace, ["two.en"])
    after = {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} <= {workspace.root / ".lock"}


def test_an_empty_name_is_not_that_of_all_articles_without_a_pair(workspace: Workspace) -> None:
    workspace.append(
        DOCUMENTS, [Document("alone.en", "", "en", "No partner"), Document("also.en", "", "en", "Nor here")]
    )
    with pytest.raises(InputError, match="'': no such pair or document"):
        record(workspace, [""], pair=True)
    assert [entry.document for entry, _ in find(workspace, ["alone.en"], pair=True)] == ["alone.en"]


def test_it_waits_for_nobody(workspace: Workspace) -> None:
    with workspace.writing(), pytest.raises(WorkspaceError, match="another hemu command"):
        record(Workspace.open(workspace.root), ["one.en"])
    assert not workspace.shards(REMOVALS.name)


def versions(workspace: Workspace) -> None:
    """Two versions of a dataset, of which one holds the first article, and two models."""
    import pyarrow as pa

    for version, ids in (("aaa", ["one.en", "two.en"]), ("bbb", ["two.en"])):
        folder = workspace.root / "datasets" / version
        for config, column in (("documents", "id"), ("ner", "document")):
            (folder / config).mkdir(parents=True)
            words = [SECRET if id == "one.en" else "x" for id in ids]
            pq.write_table(pa.table({column: ids, "text": words}), folder / config / "train.parquet")
        (folder / "README.md").write_text("card")
    (workspace.root / "datasets" / "latest").write_text("aaa\n")
    for model, known in (
        ("m1", {"learnt_from": ["one.en"]}),
        ("m2", {"learnt_from": ["two.en"]}),
        ("m3", {}),
        ("m4", 3),
    ):
        (workspace.root / "models" / model).mkdir(parents=True)
        (workspace.root / "models" / model / "model.json").write_text(json.dumps(known))


def test_datasets_and_models_are_named_and_only_datasets_deleted_when_asked(workspace: Workspace) -> None:
    versions(workspace)
    record(workspace, ["one.en"])
    swept = sweep(workspace, ["one.en"])
    assert (swept.datasets, swept.deleted_datasets, swept.models) == (["aaa"], [], ["m1"])
    assert (workspace.root / "datasets" / "latest").exists()
    swept = sweep(workspace, ["one.en"], datasets=True)
    assert (swept.datasets, swept.deleted_datasets) == ([], ["aaa"])
    assert sorted(path.name for path in (workspace.root / "datasets").iterdir()) == ["bbb"]
    assert on_disk(workspace.root, SECRET) == []


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(root, ["remove", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout, result.stderr


def test_the_command_says_what_it_did_and_what_is_left(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    # No server of the user's is touched: this one runs nowhere.
    monkeypatch.setenv("XDG_STATE_HOME", str(workspace.root.parent))
    versions(workspace)
    code, out, said = run("one.en", "--reason", "asked for", "-w", str(workspace.root))
    assert (code, out) == (0, "")
    assert "remove: one.en withdrawn; 10 rows taken out from documents, " in said
    assert (
        "these versions of the dataset still hold the text: aaa; delete them with: hemu remove one.en --datasets"
        in said
    )
    assert "these models learnt from it: m1" in said
    assert "Label Studio could not be asked (Label Studio is not running" in said
    code, out, _ = run("one.en", "--datasets", "--json", "-w", str(workspace.root))
    told = json.loads(out)
    assert (code, told["rows"], told["deleted_datasets"]) == (0, {}, ["aaa"])
    assert told["removed"][0]["reason"] == "asked for"
    assert told["studio"]["left"] == [{"url": URL, "project": 7, "task": 0}]


def test_the_command_refuses_what_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="nobody: no such document .* nothing was removed"):
        run("nobody", "-w", str(workspace.root))


def test_a_workspace_that_was_never_pushed_asks_no_server(workspace_root: Path) -> None:
    workspace = Workspace.create(workspace_root)
    workspace.append(DOCUMENTS, [Document("a", "", "en", SECRET)])
    code, _, said = run("a", "-w", str(workspace_root))
    assert (code, said.strip()) == (0, "remove: a withdrawn; 1 rows taken out from documents")
    assert on_disk(workspace_root, SECRET) == []


def test_names_of_the_gold_go_from_what_segmentation_remembers(workspace_root: Path) -> None:
    made = Workspace.create(workspace_root)
    text = "瀚海湾项目开工。"
    gone, stays = Document("a.zh", "", "zh", text), Document("b.zh", "", "zh", "房租降了。")
    made.append(DOCUMENTS, [gone, stays])
    made.append(GOLD, [Layer(gone.id, gone.sha, "gold", "1", (Entity(Span.of(text, 0, 5), "POLICY"),))])
    segment_workspace(made)
    assert "瀚海湾项目" in (made.folder("segments") / METHODS).read_text("utf-8").encode().decode("unicode_escape")
    record(made, ["a.zh"])
    sweep(made, ["a.zh"])
    assert json.loads((made.folder("segments") / METHODS).read_text("utf-8"))[0]["names"] == []
    assert segment_workspace(made).done == 1
