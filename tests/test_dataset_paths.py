"""Paths that a dataset, a workspace or a model from elsewhere names stay where they belong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.dataset.join import JoinError, read_spec
from corpus.dataset.manifest import File
from corpus.dataset.versions import latest
from corpus.errors import InputError
from corpus.store import Workspace
from models.versions import accepted


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.parquet", "ner/../../x.parquet", "ner\\x.parquet"])
def test_a_manifest_names_files_of_its_folder_only(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="leads out of the folder"):
        File(path, 1, "0" * 64)
    (tmp_path / "join.json").write_text(json.dumps({"format": 1}))
    held = {"files": [{"path": path, "bytes": 1, "sha256": "0" * 64}], "rows": 1}
    (tmp_path / "dataset.json").write_text(json.dumps({"configs": {"ner": {"train": held}}}))
    with pytest.raises(JoinError, match="names a file outside of it"):
        read_spec(tmp_path)


def test_a_version_is_a_name_and_no_path(tmp_path: Path) -> None:
    news = Workspace.create(tmp_path / "news")
    (news.root / "datasets").mkdir()
    (news.root / "models").mkdir()
    for room, file, holds in (("datasets", "latest", "dataset.json"), ("models", "accepted", "model.json")):
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        (tmp_path / "elsewhere" / holds).write_text("{}")
        (news.root / room / file).write_text("../../elsewhere\n")
    assert latest(news.root) is None
    assert accepted(news) is None
