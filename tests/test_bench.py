"""scripts/bench.py: what its rows and pages say, the texts that it makes, and that costs are those of the whole command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

import bench
from benchmarks.measuring import command
from benchmarks.page import page
from benchmarks.scale import make_claims
from benchmarks.texts import Versions, length, write_articles

from corpus.document import Document
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Workspace

COMPARED = {"name": "cut", "hemu": 1400, "bare": 1000, "ratio": 1.4, "against": "jieba.cut", "unit": "characters"}
COST = {"name": "ingest, 1000 documents", "seconds": 1.2, "peak MB": 60}


def test_a_page_has_comparisons_and_costs_in_tables_of_their_own() -> None:
    made = page({"cores": 2}, {"segment": "Against\njieba.\n\nMore."}, {"segment": [COMPARED, COST]}).splitlines()
    at = made.index("## segment")
    assert made[at + 2 : at + 5] == ["Against jieba.", "", "More."]
    assert made[at + 8 :] == [
        "| cut | 1,400 characters/s | 1,000 characters/s | jieba.cut | 1.4 |",
        "",
        "|  | seconds | peak MB |",
        "| --- | --- | --- |",
        "| ingest, 1000 documents | 1.2 | 60 |",
    ]


def test_rows_are_written_as_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, there = tmp_path / "bench.json", []

    class Module:
        __doc__ = "About."

        @staticmethod
        def run(options: object) -> object:
            yield COMPARED
            there.append(json.loads(out.read_text("utf-8"))["results"])
            yield COST

    monkeypatch.setattr(bench, "import_module", lambda name: Module)
    monkeypatch.setattr(sys, "argv", ["bench.py", "segment", "--out", str(out)])
    bench.main()
    assert there == [{"segment": [COMPARED]}]
    assert json.loads(out.read_text("utf-8"))["results"] == {"segment": [COMPARED, COST]}
    assert "1.40 against jieba.cut" in capsys.readouterr().out


def test_the_results_of_other_benchmarks_are_kept_those_of_another_machine_refused(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    assert bench.earlier(out, {"cores": 2}) == {}
    out.write_text(json.dumps({"machine": {"cores": 2}, "results": {"segment": [COMPARED], "gone": [COST]}}), "utf-8")
    assert bench.earlier(out, {"cores": 2}) == {"segment": [COMPARED]}
    with pytest.raises(SystemExit, match=r"bench.json has results of another machine"):
        bench.earlier(out, {"cores": 4})


def test_costs_are_of_the_command_and_its_children_and_much_on_standard_error_stops_nothing() -> None:
    work = "import sys; sum(range(10**7)); x = b'x' * (64 << 20); sys.stderr.write('x' * 10**6); import time; time.sleep(0.5)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    cost = command([sys.executable, "-c", child])
    assert cost.seconds > 0.5
    assert cost.processor > 0.05
    assert cost.peak > 64
    with pytest.raises(SystemExit, match="failed:\nno such thing"):
        command([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_articles_have_as_many_paragraphs_as_asked_for_and_are_the_same_each_time(tmp_path: Path) -> None:
    write_articles(tmp_path / "a.jsonl", 40, (2, 3))
    write_articles(tmp_path / "b.jsonl", 40, (2, 3))
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert [(row["pair"], row["lang"]) for row in rows[:3]] == [("0", "en"), ("0", "zh"), ("1", "en")]
    assert len({row["text"] for row in rows}) == len(rows) == 40


def test_versions_never_give_a_text_twice() -> None:
    versions = Versions()
    groups = [*versions.some(3), *versions.some(3), *versions.of_size(3000)]
    texts = [document.text for group in groups for document in group]
    assert len(set(texts)) == len(texts)
    assert length(groups) == sum(map(len, texts))
    assert sum(len(group[0].text) for group in groups[6:]) >= 3000


def test_made_up_claims_lie_on_paragraphs(tmp_path: Path) -> None:
    space = Workspace.create(tmp_path / "w")
    space.append(DOCUMENTS, [Document("a.en", "a", "en", "One.\n\nTwo two.")])
    make_claims(space)
    (layer,) = space.read(GOLD).values()
    assert [claim.span.surface for claim in layer.claims] == ["One.", "Two two."]
