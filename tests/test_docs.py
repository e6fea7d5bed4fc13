"""What the pages of docs/ show: blocks marked `run` run, in the order of the page, and print what the page says they print.

A page is one session, in a folder that has a workspace `news`. A block of `text` after a runnable one is what it prints,
where … stands for anything.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from doctest import ELLIPSIS, Example, OutputChecker
from pathlib import Path
from typing import Any

import pytest

import annotators
import corpus
import models
from annotators.stage import annotate_workspace
from corpus.align import align_workspace
from corpus.document import Document
from corpus.errors import InputError, RegistryError, StaleTextError
from corpus.gold import import_gold
from corpus.ingest import ingest
from corpus.jsonl import dump_row, read_rows
from corpus.schema import DOCUMENTS
from corpus.segment import segment_workspace
from corpus.store import CONFIG, Workspace

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "corpus" / "data" / "sample"
ARTICLES = ("climate-carbon", "housing-rental")
BLOCK = re.compile(r"^```(?P<info>[a-z]*[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A runnable block: the line of the page where it begins, its code, and what it is to print (None: not said)."""

    line: int
    code: str
    output: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(BLOCK.finditer(text))
    result = []
    for number, block in enumerate(found):
        if block["info"].split() != ["python", "run"]:
            continue
        after = found[number + 1] if number + 1 < len(found) else None
        said = after and after["info"] == "text" and not text[block.end() : after.start()].strip()
        line = text[: block.start()].count("\n") + 2
        result.append(Block(line, block["body"], after["body"] if after and said else None))
    return result


PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if blocks(page)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the workspace `news`: sample articles, pre-annotated by what needs no model, and with their gold."""
    folder = tmp_path_factory.mktemp("docs")
    news = Workspace.create(folder / "news")
    config = news.root / CONFIG
    config.write_text(config.read_text(encoding="utf-8").replace("encoder = true", "encoder = false"), encoding="utf-8")
    news = Workspace.open(news.root)
    ingest(news, [SAMPLE / "articles" / f"{name}.{lang}.txt" for name in ARTICLES for lang in ("en", "zh")])
    rows = [row for _, row in read_rows(str(SAMPLE / "gold.jsonl")) if row["pair"] in ARTICLES]
    (folder / "gold.jsonl").write_text("".join(f"{dump_row(row)}\n" for row in rows), encoding="utf-8")
    assert import_gold(news, str(folder / "gold.jsonl")).done == 4
    segment_workspace(news)
    align_workspace(news)
    annotate_workspace(news, names=annotators.DEFAULT, fast=True)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page_run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_HOME", str(folder / "hf"))
    session: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        printed = io.StringIO()
        # With the line of the page in what a failure shows.
        code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, session)
        if block.output is not None:
            wanted = block.output.replace("…", "...")
            if not OutputChecker().check_output(wanted, printed.getvalue(), ELLIPSIS):
                pytest.fail(
                    f"{page.name}, line {block.line}:\n"
                    + OutputChecker().output_difference(Example("", wanted), printed.getvalue(), ELLIPSIS)
                )


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_other_python_on_a_page_is_python(page: Path) -> None:
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["info"].split()[:1] == ["python"]:
            compile(block["body"], str(page), "exec")


def test_there_is_a_page_that_runs_and_a_wrong_output_is_seen() -> None:
    assert "python.md" in [page.name for page in PAGES]
    assert not OutputChecker().check_output("a ... c\n", "a b d\n", ELLIPSIS)


@pytest.mark.parametrize("package", [corpus, annotators, models], ids=lambda package: package.__name__)
def test_all_that_a_package_offers_is_there_and_imported_on_use(package: Any) -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
        assert name in dir(package)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = package.nonsense
    code = f"import sys, {package.__name__}; print([m for m in ('numpy', 'pyarrow', 'spacy', 'click') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
    # A name that is also that of a module would be the one or the other, by what was imported before.
    own = Path(package.__file__).parent
    assert not [name for name in package.__all__ if (own / name).exists() or (own / f"{name}.py").exists()]


def test_what_is_not_there_is_said(folder: Path, tmp_path: Path) -> None:
    news = corpus.open_workspace(folder / "news")
    with pytest.raises(InputError, match="nobody: no such document"):
        list(corpus.documents(news, ["nobody"]))
    with pytest.raises(InputError, match="there are: gold, combined"):
        list(corpus.annotated(news, "anna"))
    assert corpus.sources(Workspace.create(tmp_path / "empty")) == []
    with pytest.raises(RegistryError, match="nonsense"):
        annotators.annotate("Text.", annotators=["nonsense"])
    twice = [corpus.make_document("A text.", id="a")] * 2
    with pytest.raises(InputError, match="a: comes twice"):
        list(annotators.annotate_all(twice, fast=True))


def test_a_layer_for_another_text_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "news", tmp_path / "copy")
    copy = corpus.open_workspace(str(tmp_path / "copy"))
    old = copy.document("housing-rental.en")
    copy.append(DOCUMENTS, [Document(old.id, old.pair, old.lang, f"{old.text} More.")])
    with pytest.raises(StaleTextError, match=re.escape("housing-rental.en: its layer 'gold' was made for another")):
        list(corpus.annotated(copy, "gold"))
    with pytest.raises(StaleTextError, match="hemu align"):
        list(corpus.aligned(copy))


def test_many_documents_come_back_in_their_order_with_their_partners() -> None:
    texts = [("en", f"The State Council sent team {n} to Zhejiang.") for n in range(300)]
    documents = [corpus.make_document(text, lang="en", id=f"{n}") for n, (_, text) in enumerate(texts)]
    documents[270:270] = [corpus.make_document("国务院派第7组赴浙江。", id="7.zh", pair="seven")]
    documents[280:280] = [corpus.make_document("The State Council sent team 7.", id="7.en", pair="seven")]
    layers = list(annotators.annotate_all(iter(documents), annotators=["rules-en", "gazetteer", "link"], fast=True))
    assert [layer.document for layer in layers] == [document.id for document in documents]
    assert [layer.sha for layer in layers] == [document.sha for document in documents]
    assert {relation.label for layer in layers for relation in layer.relations} == {"same_as"}
