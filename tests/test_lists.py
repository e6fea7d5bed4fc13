"""The version of an annotator follows its lists."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from annotators import lists, registry


@pytest.mark.parametrize("name", ["rules-en", "rules-zh", "gazetteer", "spacy-en", "lac-zh", "link", "claim-cues"])
def test_a_changed_list_is_a_new_version(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = registry.make(name).version
    assert registry.make(name).version == before
    shutil.copytree(Path(str(resources.files("annotators"))) / "data", tmp_path / "data")
    for file in (tmp_path / "data").rglob("*.toml"):
        file.write_text(file.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    lists.lists_digest.cache_clear()
    try:
        monkeypatch.setattr(lists.resources, "files", lambda package: tmp_path)
        assert registry.make(name).version != before
    finally:
        lists.lists_digest.cache_clear()


@pytest.mark.parametrize("name", ["rules-en", "rules-zh", "gazetteer", "spacy-en", "lac-zh", "link"])
def test_a_changed_knowledge_base_is_a_new_version(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = registry.make(name).version
    lists.lists_digest.cache_clear()
    try:
        monkeypatch.setattr(lists, "shipped_digest", lambda: "another")
        assert registry.make(name).version != before
    finally:
        lists.lists_digest.cache_clear()
