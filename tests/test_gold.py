"""Gold goes into a workspace and comes out as it was; what does not fit is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.document import Document
from corpus.errors import InputError
from corpus.gold import export_gold, import_gold
from corpus.jsonl import dump_row
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Workspace

ZH = "玉林市将新建5万套住房。"
ROW: dict[str, Any] = {
    "id": "homes.zh",
    "pair": "homes",
    "lang": "zh",
    "text": ZH,
    "entities": [{"start": 0, "end": 3, "label": "PLACE", "text": "玉林市"}],
    "claims": [
        {
            "start": 3,
            "end": 11,
            "text": "将新建5万套住房",
            "type": "commitment",
            "stance": "support",
            "claimant": "玉林市",
            "policy_area": "housing",
            "targets": [{"value": "5万", "unit": "套", "by": ""}],
        }
    ],
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(dump_row(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_round_trip(workspace: Workspace, tmp_path: Path) -> None:
    source = write(tmp_path / "gold.jsonl", ROW, {**ROW, "id": "b", "pair": "", "claims": []})
    report = import_gold(workspace, source)
    assert (report.done, report.notes["documents added"], report.notes["entities"]) == (2, 2, 2)
    document = workspace.document("homes.zh")
    assert (document.text, document.source, len(document.blocks)) == (ZH, "gold.jsonl", 1)
    export_gold(workspace, str(tmp_path / "out.jsonl"))
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "gold.jsonl").read_bytes()


def test_again_changes_nothing_and_changed_gold_replaces(workspace: Workspace, tmp_path: Path) -> None:
    import_gold(workspace, write(tmp_path / "gold.jsonl", ROW))
    shards = len(workspace.shards("gold"))
    again = import_gold(workspace, str(tmp_path / "gold.jsonl"))
    assert (again.done, again.unchanged, len(workspace.shards("gold"))) == (0, 1, shards)
    changed = import_gold(workspace, write(tmp_path / "gold.jsonl", {**ROW, "entities": []}))
    assert (changed.done, changed.notes["gold replaced"]) == (1, 1)
    assert workspace.read(GOLD)["homes.zh"].entities == ()


def test_another_text_or_language_under_the_same_id_is_named(workspace: Workspace, tmp_path: Path) -> None:
    workspace.append(DOCUMENTS, [Document("homes.zh", "homes", "zh", ZH + "\n"), Document("b", "", "en", ZH)])
    report = import_gold(
        workspace,
        write(tmp_path / "gold.jsonl", ROW, {**ROW, "id": "b"}, {**ROW, "id": "c", "pair": "c"}, {**ROW, "id": "d"}),
    )
    assert {s.what: s.why.split(",")[0] for s in report.skipped} == {
        "homes.zh": "the workspace has another text under this id",
        "b": "the workspace has it as 'en'",
        "d": "homes.zh is the 'zh' version of the pair 'homes' already; give one of them another pair",
    }
    assert (report.done, list(workspace.read(GOLD))) == (1, ["c"])


def test_half_a_surrogate_pair_is_named(workspace: Workspace, tmp_path: Path) -> None:
    row = {"id": "a", "lang": "en", "text": "Rents\ud83d fell"}
    report = import_gold(workspace, write(tmp_path / "gold.jsonl", row, ROW))
    assert [s.what for s in report.skipped] == ["a"]
    assert "half a surrogate pair" in report.skipped[0].why
    assert report.done == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entities": [{"start": 0, "end": 3, "label": "TOWN"}]}, "line 2, bad: unknown label 'TOWN'"),
        ({"entities": [{"start": 0, "end": 3, "label": "PLACE", "text": "玉林"}]}, "line 2, bad: span 0-3 holds"),
        ({"id": "homes.zh"}, "line 2: the id 'homes.zh' came before"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    workspace: Workspace, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    source = write(tmp_path / "gold.jsonl", ROW, {**ROW, "id": "bad", **change})
    with pytest.raises(InputError, match=message):
        import_gold(workspace, source)
    assert not workspace.documents()
    assert not workspace.read(GOLD)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60), data=st.data())
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("any")
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    mark = {"start": start, "end": end, "label": "FIRM", "text": text[start:end]}
    row = {"id": "x", "pair": "", "lang": "en", "text": text, "entities": [mark], "claims": []}
    workspace = Workspace.create(folder / "w")
    import_gold(workspace, write(folder / "in.jsonl", row))
    export_gold(workspace, str(folder / "out.jsonl"))
    assert json.loads((folder / "out.jsonl").read_text(encoding="utf-8")) == row
