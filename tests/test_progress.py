"""How far the annotation is, from the tables of a workspace: each number is one that can be counted by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from annotators.assign import ASSIGNMENTS, Assignment
from annotators.progress import ALL, Chosen, ProgressReport, progress
from annotators.progress.curve import curve_chart
from annotators.progress.gather import TaskId, Work
from annotators.progress.pace import forecast
from annotators.progress.page import progress_page
from annotators.progress.report import AcceptanceRow, PersonRow, StateRow
from annotators.progress.spans import EDITS as COSTS
from annotators.progress.spans import entity_marks
from annotators.progress.times import IMPOSSIBLE, NO_TIME, TOO_LONG, TOO_SHORT, time_row, timed
from annotators.studio.convert import prediction_of, shown_in, sources_of, task_of, without_texts
from annotators.studio.cut import all_parts, cut_name
from annotators.studio.edits import edits_of
from annotators.studio.layers import layers_of
from annotators.studio.tables import (
    ANNOTATIONS,
    DRAFTS,
    EDITS,
    PUSHED,
    SUBMITTED,
    Annotation,
    Draft,
    Edits,
    Pushed,
    Submitted,
)
from corpus.cli.root import root
from corpus.document import Claim, Document, Entity, Group, Item, Layer, Segments, Span
from corpus.errors import InputError
from corpus.metrics import count_edits
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace

URL = "http://localhost:8080"
EN = "Mayor Lin Yue of Qingpu will build 300 flats. The Harbour Bureau objects."
ZH = "青浦镇长林岳将建三百套住房。港务局表示反对。"
NAMES = {
    "en": (
        ("Lin Yue", "OFFICIAL", "rules-en"),
        ("Qingpu", "PLACE", "gazetteer"),
        ("Harbour Bureau", "AGENCY", "spacy-en"),
    ),
    "zh": (("林岳", "OFFICIAL", "rules-zh"), ("青浦", "PLACE", "gazetteer"), ("港务局", "AGENCY", "lac-zh")),
}
PROMISE = {"en": "will build 300 flats", "zh": "将建三百套住房"}

Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def texts(pair: str) -> tuple[Document, Document]:
    return Document(f"{pair}.en", pair, "en", EN), Document(f"{pair}.zh", pair, "zh", ZH)


def item(document: Document) -> Item:
    text, lang = document.text, document.lang
    marks = tuple(
        Entity(Span.of(text, text.index(name), text.index(name) + len(name)), label, 0.9, source)
        for name, label, source in NAMES[lang]
    )
    at = text.index(PROMISE[lang])
    who = marks[0]
    claim = Claim(
        Span.of(text, at, at + len(PROMISE[lang])),
        "commitment",
        "support",
        who.span.surface,
        "housing",
        claimant_span=(who.start, who.end),
        source="claim-cues",
    )
    ordered = tuple(sorted(marks, key=lambda e: e.start))
    return Item(document, Segments(document.id, document.sha, ()), ordered, (claim,))


@dataclass
class Bench:
    """Fills a workspace as push and pull do."""

    workspace: Workspace
    kept: bool = True
    """Whether what became of marks, and who proposed them, is kept beside them, as pull and push do now."""
    tasks: dict[str, tuple[Group, Pushed]] = field(default_factory=dict)
    number: int = 0

    def push(
        self, *documents: Document, version: str = "v1", project: int = 1, store: bool = True, task: int = 0
    ) -> str:
        if store:
            self.workspace.append(DOCUMENTS, documents)
        group = Group(tuple(map(item, documents)))
        data = task_of(group)
        prediction = prediction_of(group, (), version, self.workspace.scheme)
        task = task or 100 * project + len(self.tasks) + 1
        pushed = Pushed(
            data["key"],
            task,
            project,
            URL,
            data["pair"],
            tuple(d.id for d in documents),
            version,
            version,
            json.dumps(prediction["result"]),
            json.dumps(sources_of(group, prediction["result"])) if self.kept else "",
        )
        self.workspace.append(PUSHED, [pushed])
        layers = [Layer(i.document.id, i.document.sha, "combined", version, i.entities, i.claims) for i in group.items]
        self.workspace.append(layers_table("combined"), layers)
        self.tasks[f"{data['pair'] or documents[0].id} {project}"] = (group, pushed)
        return str(data["pair"] or documents[0].id)

    def submit(
        self,
        article: str,
        who: int = 1,
        change: Change = lambda result: result,
        *,
        at: str = "2025-03-03T10:00:00Z",
        updated: str = "",
        seconds: float = 60.0,
        skipped: bool = False,
        project: int = 1,
        version: str | None = None,
        withdrawn: bool = False,
    ) -> None:
        group, pushed = self.tasks[f"{article} {project}"]
        self.number += 1
        before = json.loads(pushed.result)
        after = change([dict(entry) for entry in before])
        scheme, documents = self.workspace.scheme, [i.document for i in group.items]
        version = pushed.model_version if version is None else version
        annotator = f"annotator:{who}"
        layers, problems = layers_of(after, documents, scheme, source=annotator)
        assert not [p for p in problems if not p.why.startswith("kept")]
        self.workspace.append(
            ANNOTATIONS,
            [
                Annotation(
                    layer,
                    self.number,
                    pushed.task,
                    project,
                    URL,
                    annotator,
                    at,
                    updated or at,
                    seconds,
                    skipped,
                    withdrawn,
                    7 if version else 0,
                    version,
                )
                for layer in layers
            ],
        )
        if self.kept and not skipped:
            made = edits_of(before if version else [], after, scheme, sources=json.loads(pushed.sources))
            self.workspace.append(
                EDITS,
                [
                    Edits(
                        URL,
                        project,
                        self.number,
                        d.id,
                        annotator,
                        updated or at,
                        seconds,
                        version,
                        tuple(made.get(d.lang, ())),
                    )
                    for d in documents
                ],
            )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "news")


@pytest.fixture
def bench(workspace: Workspace) -> Bench:
    return Bench(workspace)


def changed(result: list[dict[str, Any]], name: str, **value: Any) -> list[dict[str, Any]]:
    """The result with the mark of these words changed; with no value, without it."""
    ids = [e["id"] for e in result if e["type"] == "labels" and e["value"]["text"] == name]
    (id,) = ids
    if not value:
        return [e for e in result if id not in (e.get("id"), e.get("from_id"), e.get("to_id"))]
    return [
        {**e, "origin": "prediction-changed", "value": {**e["value"], **value}} if e.get("id") == id else e
        for e in result
    ]


def corrected(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """English: the label of Lin Yue changed, Harbour Bureau a word longer, a mark added. Chinese: a place deleted."""
    result = changed(result, "Lin Yue", labels=["PERSON"])
    at = EN.index("The Harbour")
    result = changed(result, "Harbour Bureau", start=at, text="The Harbour Bureau")
    result = changed(result, "青浦")
    at = EN.index("flats")
    value = {"start": at, "end": at + 5, "text": "flats", "labels": ["POLICY"]}
    return [
        *result,
        {"id": "new", "from_name": "label_en", "to_name": "en", "type": "labels", "origin": "manual", "value": value},
    ]


def demanded(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The English promise is a demand, of the author."""
    id = next(e["id"] for e in result if e["type"] == "choices" and e["to_name"] == "en")
    made = []
    for entry in result:
        if entry.get("from_id") == id:
            continue
        if entry.get("id") == id and entry["value"].get("choices") == ["commitment"]:
            entry = {**entry, "origin": "prediction-changed", "value": {**entry["value"], "choices": ["demand"]}}
        made.append(entry)
    return made


def states(report: ProgressReport) -> dict[str, StateRow]:
    return {row.state: row for row in report.states}


def person(report: ProgressReport, name: str) -> PersonRow:
    return next(row for row in report.people if row.annotator == name)


def rows(report: ProgressReport, kind: str = "entity") -> Mapping[tuple[str, str, str], AcceptanceRow]:
    return {(r.source, r.label, r.lang): r for r in report.acceptance if r.kind == kind and r.annotator == ALL}


def run(*arguments: str) -> Any:
    return CliRunner().invoke(root, ["progress", *arguments], standalone_mode=False)


# ---- nothing there


def test_an_empty_workspace_is_one_line(workspace: Workspace, tmp_path: Path) -> None:
    result = run("-w", str(workspace.root))
    assert result.exception is None
    assert result.stderr.strip() == "progress: the workspace is empty; take articles in with: hemu ingest"
    assert result.stdout == ""
    workspace.append(DOCUMENTS, texts("a"))
    result = run("-w", str(workspace.root), "--html", str(tmp_path / "page.html"))
    assert "2 documents, of which none was pushed or annotated yet; push them with: hemu push" in result.stderr
    assert "none was pushed" in (tmp_path / "page.html").read_text()
    assert json.loads(run("-w", str(workspace.root), "--json").stdout)["states"] == []


# ---- done and to do


def test_states_of_articles_tasks_and_texts(bench: Bench) -> None:
    for name in "abcde":
        bench.push(*texts(name))
    bench.workspace.append(DOCUMENTS, [Document("f.en", "", "en", EN)])
    bench.submit("a")
    bench.submit("a", 2)
    bench.submit("b", 2, skipped=True)
    bench.workspace.append(
        DRAFTS, [Draft(URL, 1, 1, 103, 0, ("c.en", "c.zh"), "annotator:1", "2025-03-04", 5.0, False, "[]")]
    )
    # Begun and thrown away; and a change of what was submitted.
    bench.workspace.append(
        DRAFTS, [Draft(URL, 1, 2, 104, 0, ("d.en", "d.zh"), "annotator:1", "2025-03-04", 5.0, True, "[]")]
    )
    bench.workspace.append(
        DRAFTS, [Draft(URL, 1, 3, 101, 1, ("a.en", "a.zh"), "annotator:1", "2025-03-04", 5.0, False, "[]")]
    )
    bench.workspace.append(GOLD, [Layer("a.en", texts("a")[0].sha, "gold", "", ())])
    report = progress(bench.workspace)
    found = states(report)
    assert {name: (row.articles, row.tasks) for name, row in found.items()} == {
        "done": (1, 1),
        "begun": (1, 1),
        "skipped": (1, 1),
        "to do": (2, 2),
        "of an earlier text": (0, 0),
        "not pushed": (1, 0),
    }
    assert found["to do"].documents == {"en": 2, "zh": 2}
    assert found["to do"].characters == {"en": 2 * len(EN), "zh": 2 * len(ZH)}
    one, two, everybody = person(report, "annotator:1"), person(report, "annotator:2"), person(report, ALL)
    assert (one.done, one.skipped, one.drafts, one.articles) == (1, 0, 1, 1)
    assert (two.done, two.skipped, two.drafts, two.articles) == (1, 1, 0, 1)
    assert (everybody.done, everybody.skipped, everybody.drafts, everybody.articles) == (1, 1, 1, 1)
    assert (everybody.documents, everybody.characters["zh"]) == ({"en": 1, "zh": 1}, len(ZH))
    assert report.gold == {"en": 1, "zh": 0}
    labels = {(row.label, row.lang): row for row in report.labels}
    place = labels["PLACE", "en"]
    # Two annotators have it; the drafted and two others are to do.
    assert (place.done, place.to_do, place.gold, place.annotators) == (2, 3, 0, {"annotator:1": 1, "annotator:2": 1})
    claims = labels[bench.workspace.scheme.claim.name, "zh"]
    assert (claims.done, claims.to_do) == (2, 3)
    assert (one.entities, one.claims, everybody.entities) == (6, 2, 12)
    assert "of 6 articles 1 done, 1 begun, 1 skipped, 2 to do, 1 not pushed; 2 annotators" in report.message


def test_what_was_made_again_or_taken_back(bench: Bench) -> None:
    for name in "ab":
        bench.push(*texts(name))
    bench.submit("a", skipped=True)
    bench.submit("a", at="2025-03-05T10:00:00Z")
    bench.submit("b", withdrawn=True)
    report = progress(bench.workspace)
    assert (states(report)["done"].tasks, states(report)["skipped"].tasks, states(report)["to do"].tasks) == (1, 0, 1)
    assert (person(report, "annotator:1").done, person(report, "annotator:1").skipped) == (1, 0)
    assert "1 annotations are gone from the server, and count nowhere" in report.notes


def test_a_task_of_an_earlier_text_is_not_to_do(bench: Bench) -> None:
    bench.push(Document("a.en", "", "en", EN))
    bench.submit("a.en")
    changed_text = Document("a.en", "", "en", f"{EN} It is late.")
    bench.workspace.append(DOCUMENTS, [changed_text])
    report = progress(bench.workspace)
    assert (states(report)["done"].articles, states(report)["not pushed"].articles) == (0, 1)
    bench.push(changed_text, store=False)
    report = progress(bench.workspace)
    assert (states(report)["done"].tasks, states(report)["to do"].tasks, states(report)["to do"].articles) == (1, 1, 1)
    bench.push(Document("b.en", "", "en", EN))
    bench.workspace.append(DOCUMENTS, [Document("b.en", "", "en", "Something else.")])
    assert states(progress(bench.workspace))["of an earlier text"].tasks == 1


def test_a_new_prediction_makes_no_new_task(bench: Bench) -> None:
    en, zh = texts("a")
    bench.push(en, zh)
    bench.push(en, zh, version="v2", store=False, task=101)
    assert states(progress(bench.workspace))["to do"].tasks == 1


def test_parts_of_a_long_article(bench: Bench) -> None:
    text = f"{EN}\n\n{EN}"
    document = Document("long.en", "", "en", text)
    bench.workspace.append(DOCUMENTS, [document])
    whole = item(document)
    group, scheme = Group((whole,)), bench.workspace.scheme
    parts = all_parts({"en": (len(EN) + 2,)})
    for part in parts:
        data = task_of(group, part)
        shown = {"long.en": shown_in(data, document)}
        prediction = prediction_of(group, (), "v1", scheme, shown=shown)
        sources = json.dumps(sources_of(group, prediction["result"]))
        result = json.dumps(prediction["result"])
        pushed = Pushed(data["key"], part.number, 1, URL, "", ("long.en",), "v1", "v1", result, sources)
        bench.workspace.append(PUSHED, [pushed])
    assert states(progress(bench.workspace))["to do"].tasks == 2

    def submit(number: int, minute: int) -> None:
        part = parts[number - 1]
        data = task_of(group, part)
        shown = {"long.en": shown_in(data, document)}
        result = prediction_of(group, (), "v1", scheme, shown=shown)["result"]
        after = changed(result, "Qingpu") if number == 1 else result
        at = f"2025-03-03T10:{minute:02d}:00Z"
        made = Submitted(
            URL,
            1,
            number,
            number,
            data["key"],
            data["article"],
            cut_name(part),
            number,
            2,
            ("long.en",),
            "annotator:1",
            at,
            at,
            120.0,
            False,
            False,
            7,
            "v1",
            json.dumps(without_texts(data)),
            json.dumps(after),
        )
        bench.workspace.append(SUBMITTED, [made])
        marks = tuple(edits_of(result, after, scheme, sources=sources_of(group, result)).get("en", ()))
        bench.workspace.append(EDITS, [Edits(URL, 1, number, "long.en", "annotator:1", at, 120.0, "v1", marks)])

    submit(1, 10)
    report = progress(bench.workspace)
    assert {name: row.tasks for name, row in states(report).items() if row.tasks} == {"done": 1, "to do": 1}
    assert states(report)["begun"].articles == 1
    submit(2, 20)
    layer = Layer("long.en", document.sha, "annotator:1", "", whole.entities[1:], whole.claims)
    joined = Annotation(
        layer, 1, 1, 1, URL, "annotator:1", "2025-03-03T10:10:00Z", "", 240.0, False, False, 7, "v1", "1-2 of 2"
    )
    bench.workspace.append(ANNOTATIONS, [joined])
    report = progress(bench.workspace)
    assert (states(report)["done"].articles, states(report)["done"].tasks) == (1, 2)
    row = person(report, "annotator:1")
    assert (row.done, row.articles, row.entities) == (2, 1, 2)
    (times,) = report.times
    # Two tasks of two minutes; the second half has two characters less than the first.
    assert (times.tasks, times.median) == (2, 120.0)
    assert times.per_thousand == pytest.approx(500 * (120 / (len(EN) + 2) + 120 / len(EN)))
    (article,) = report.articles
    assert (article.edits, article.blank, article.characters) == (1, 2, len(text))


def test_who_was_assigned_what(bench: Bench) -> None:
    for name in "abc":
        bench.push(*texts(name), project=5)
    bench.submit("a", 3, project=5)
    bench.submit("b", 3, skipped=True, project=5)
    rows = [
        Assignment(name, "ann@example.org", "news · ann", (f"{name}.en", f"{name}.zh"), url=URL, project=5)
        for name in "abcd"
    ]
    bench.workspace.append(DOCUMENTS, texts("d"))
    bench.workspace.append(ASSIGNMENTS, [*rows, replace(rows[0], group="e", documents=("e.en",), withdrawn=True)])
    (row,) = progress(bench.workspace).assigned
    assert (row.person, row.project, row.annotators) == ("ann@example.org", "news · ann", ("annotator:3",))
    assert (row.articles, row.done, row.begun, row.skipped, row.to_do) == (4, 1, 0, 1, 2)
    assert row.characters_to_do == 2 * (len(EN) + len(ZH))


# ---- what became of the pre-annotation


@pytest.mark.parametrize("kept", [True, False], ids=["from the table edits", "from the marks"])
def test_what_became_of_proposed_marks(workspace: Workspace, kept: bool) -> None:
    bench = Bench(workspace, kept)
    for name in "ab":
        bench.push(*texts(name))
    bench.submit("a", change=corrected)
    bench.submit("b", change=demanded)
    report = progress(workspace)
    found = rows(report)
    assert (found["rules-en", "OFFICIAL", "en"].kept, found["rules-en", "OFFICIAL", "en"].label_changed) == (1, 1)
    assert (found["spacy-en", "AGENCY", "en"].kept, found["spacy-en", "AGENCY", "en"].boundary) == (1, 1)
    assert (found["gazetteer", "PLACE", "zh"].kept, found["gazetteer", "PLACE", "zh"].deleted) == (1, 1)
    assert found["gazetteer", "PLACE", "en"].accepted == 1.0
    assert found[ALL, "POLICY", "en"].added == 1
    total = found[ALL, ALL, ALL]
    assert (total.proposed, total.kept, total.added, total.survived) == (12, 9, 1, pytest.approx(11 / 12))
    assert report.relabelled == [("en", "OFFICIAL", "PERSON", 1)]
    claims = rows(report, "claim")["claim-cues", ALL, "en"]
    assert (claims.proposed, claims.kept, claims.attributes) == (2, 1, 1)
    attributes = {(row.source, row.lang): row for row in report.attributes}
    english = attributes["claim-cues", "en"]
    assert (english.claims, english.whole) == (2, 1)
    assert english.kept == {"type": 1, "stance": 2, "claimant": 1, "policy_area": 2, "targets": 2}
    assert attributes["claim-cues", "zh"].whole == attributes["claim-cues", "zh"].claims == 2
    first, second = report.articles
    # A label, a boundary, a deletion and an addition; six marks in the end.
    assert (first.article, first.edits, first.blank, first.claim_edits) == ("a", 4, 6, 0)
    assert (second.edits, second.claim_edits) == (0, 1)
    assert first.characters == len(EN) + len(ZH)
    assert person(report, "annotator:1").edits == 2.0
    assert person(report, "annotator:1").kept == pytest.approx(0.75)


def test_a_table_of_edits_that_is_older_than_the_sources_finds_them(workspace: Workspace) -> None:
    bench = Bench(workspace)
    bench.push(*texts("a"))
    group, pushed = bench.tasks["a 1"]
    bench.tasks["a 1"] = (group, replace(pushed, sources="{}"))
    workspace.append(PUSHED, [replace(pushed, sources="")])
    bench.submit("a", change=corrected)
    assert rows(progress(workspace))["gazetteer", "PLACE", "zh"].deleted == 1


def test_sources_that_nobody_knows_are_said_to_be_unknown(workspace: Workspace) -> None:
    bench = Bench(workspace, kept=False)
    bench.push(*texts("a"))
    layers = [Layer(d.id, d.sha, "combined", "v9", ()) for d in texts("a")]
    workspace.append(layers_table("combined"), layers)
    bench.submit("a")
    assert rows(progress(workspace))["", "PLACE", "en"].kept == 1


def test_the_prediction_that_a_push_carried_over(workspace: Workspace) -> None:
    """Only another task got a new prediction, and this one a copy of its own under the new version."""
    bench = Bench(workspace, kept=False)
    bench.push(*texts("a"))
    bench.push(*texts("b"), version="v2")
    bench.push(*texts("a"), version="v3", store=False, task=101)
    bench.submit("a", version="v2")
    report = progress(workspace)
    assert rows(report)[ALL, ALL, ALL].kept == 6
    assert [row.name for row in report.versions] == ["v2"]


def test_what_was_not_begun_from_the_pre_annotation_does_not_judge_it(bench: Bench) -> None:
    for name, project in (("a", 1), ("b", 2), ("c", 3)):
        bench.push(*texts(name), project=project)
    bench.workspace.append(
        ASSIGNMENTS,
        [
            Assignment("b", "bo", "bo", ("b.en", "b.zh"), "blind", url=URL, project=2),
            Assignment("c", "cy", "cy", ("c.en", "c.zh"), "planted", url=URL, project=3),
        ],
    )
    bench.submit("a", version="")
    bench.submit("b", project=2)
    bench.submit("c", project=3)
    report = progress(bench.workspace)
    assert (report.acceptance, report.articles) == ([], [])
    assert person(report, "annotator:1").done == 3
    assert [note for note in report.notes if "not judged" in note] == [
        "1 tasks are not judged: begun without the pre-annotation",
        "1 tasks are not judged: blind: shown without the pre-annotation",
        "1 tasks are not judged: shown with planted errors",
    ]


def test_of_two_submissions_of_one_task_the_later_counts(bench: Bench) -> None:
    bench.push(*texts("a"))
    bench.submit("a", change=corrected)
    bench.submit("a", at="2025-03-04T10:00:00Z")
    bench.submit("a", 2, change=corrected)
    report = progress(bench.workspace)
    assert [(a.annotator, a.edits) for a in report.articles] == [("annotator:2", 4), ("annotator:1", 0)]
    people = {r.annotator: r.accepted for r in report.acceptance if r.kind == "entity" and r.annotator != ALL}
    assert people == {"annotator:1": 1.0, "annotator:2": 0.5}


def test_which_source_s_spans_are_in_the_annotation(bench: Bench) -> None:
    bench.push(*texts("a"))
    en, _ = texts("a")
    spans = {
        name: Span.of(EN, EN.index(name), EN.index(name) + len(name))
        for name in ("Lin Yue", "Qingpu", "Mayor", "Harbour")
    }
    said = {
        "rules-en": (("Lin Yue", "OFFICIAL"), ("Mayor", "PERSON"), ("Harbour", "AGENCY")),
        "spacy-en": (("Lin Yue", "OFFICIAL"),),
    }
    for source, marks in said.items():
        entities = tuple(Entity(spans[name], label, source=source) for name, label in marks)
        bench.workspace.append(layers_table(source), [Layer("a.en", en.sha, source, "1", entities)])
    bench.workspace.append(
        layers_table("old"), [Layer("a.en", "0" * 64, "old", "1", (Entity(spans["Qingpu"], "PLACE"),))]
    )
    bench.submit("a")
    found = {row.source: row for row in progress(bench.workspace).sources}
    assert set(found) == {"rules-en", "spacy-en"}
    row = found["rules-en"]
    assert (row.proposed, row.chosen, row.right, row.near, row.alone, row.alone_right) == (3, 1, 1, 2, 2, 0)
    assert (found["spacy-en"].right, found["spacy-en"].alone) == (1, 0)


marks = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 6), st.sampled_from("ABC")), max_size=9, unique_by=lambda m: m[:2]
)


@given(marks, marks)
def test_edits_are_those_of_the_metrics(before: list[tuple[int, int, str]], after: list[tuple[int, int, str]]) -> None:
    text = "x" * 40
    was, now = ([Entity(Span.of(text, s, s + n), label) for s, n, label in some] for some in (before, after))
    told = list(entity_marks(was, now))
    as_marks = [[(e.start, e.end, e.label) for e in some] for some in (now, was)]
    assert sum(COSTS[mark.outcome] for mark in told) == count_edits(*as_marks)
    assert sum(mark.outcome != "added" for mark in told) == len(was)
    assert sum(mark.outcome != "deleted" for mark in told) == len(now)


# ---- time


def work(
    number: int, at: float, seconds: float, *, reopened: float = 0.0, characters: int = 1000, skipped: bool = False
) -> Work:
    start = datetime(2025, 3, 3, 9, tzinfo=UTC)
    created, updated = start + timedelta(seconds=at), start + timedelta(seconds=at + reopened)
    id = TaskId(URL, 1, number)
    return Work(
        id,
        number,
        "annotator:1",
        created.isoformat(),
        updated.isoformat(),
        seconds,
        skipped,
        7,
        "v1",
        {},
        characters=characters,
        kind="en",
    )


def test_times_that_cannot_be_are_set_aside() -> None:
    found, notes = timed(
        [
            work(1, 0, 100),
            work(2, 200, 150),
            work(3, 300, 5000),
            work(4, 400, -1),
            work(5, 500, 0.2),
            work(6, 90_000, 20_000),
            work(7, 90_100, float("nan")),
            # It was opened again for five minutes.
            work(8, 90_200, 390, reopened=300),
        ]
    )
    assert [(row.seconds, row.why) for row in found] == [
        (100, ""),
        (150, ""),
        (None, IMPOSSIBLE),
        (None, NO_TIME),
        (None, TOO_SHORT),
        (None, TOO_LONG),
        (None, NO_TIME),
        (390, ""),
    ]
    assert notes == []
    row = time_row("annotator:1", ALL, found)
    assert (row.tasks, row.used, row.median) == (8, 3, 150)
    assert row.set_aside == {NO_TIME: 2, IMPOSSIBLE: 1, TOO_SHORT: 1, TOO_LONG: 1}


def test_doubled_times_are_not_believed() -> None:
    found, (note,) = timed([work(n, 100 * n, 200) for n in range(1, 8)])
    assert "annotator:1: most times of the server are longer than the clock allows (2.0 times as long)" in note
    row = time_row("annotator:1", ALL, found)
    assert (row.median, row.used, row.clock) == (100, 6, 100)
    assert row.set_aside == {"not believed, and no submission within the hour before": 1}


def test_a_skipped_task_takes_time_off_the_clock() -> None:
    found, _ = timed([work(1, 0, 50), work(2, 100, 90, skipped=True), work(3, 200, 95)])
    assert [row.clock for row in found] == [None, 100]


def test_the_mean_is_winsorised_and_the_rate_is_for_a_thousand_characters() -> None:
    works = [work(n, 4000 * n, 3000 if n == 20 else 1 if n == 1 else 100, characters=500) for n in range(1, 21)]
    row = time_row("annotator:1", ALL, timed(works)[0])
    assert (row.winsorised, row.median, row.per_thousand, row.per_thousand_mean) == (100, 100, 200, 200)
    # 500 characters in a second.
    assert row.hurried == 1


def test_kinds_of_text_have_their_own_times(bench: Bench) -> None:
    bench.push(*texts("a"))
    bench.push(Document("b.en", "", "en", EN))
    bench.submit("a", seconds=90)
    bench.submit("b.en", seconds=30, at="2025-03-03T11:00:00Z")
    found = {row.kind: row.median for row in progress(bench.workspace).times}
    assert found == {ALL: 60, "en": 30, "en+zh": 90}


# ---- pace


NOW = datetime(2025, 3, 28, 18, tzinfo=UTC)


def test_a_forecast_goes_by_all_days_of_two_weeks() -> None:
    days = {"2025-03-01": 500, **{f"2025-03-{day}": 4 for day in range(15, 29, 2)}}
    found = forecast(days, 20, NOW)
    assert (found.per_day, found.days, found.done) == (2.0, 10.0, "2025-04-07")
    assert found.earliest < found.done < found.latest
    assert "20 tasks left; at the 2.0 a day of the last 14 days" in found.message


@pytest.mark.parametrize(
    ("days", "left", "said"),
    [
        ({}, 3, "3 tasks left; none is done yet"),
        ({"2025-03-27": 40}, 3, "40 in 2 days are too few"),
        ({"2025-03-26": 1, "2025-03-27": 1, "2025-03-28": 1}, 3, "3 in 3 days are too few"),
        ({"2025-01-02": 90}, 3, "none was finished since 2025-01-02"),
        ({"2025-03-27": 40}, 0, "nothing is left to do"),
    ],
)
def test_no_forecast_where_there_can_be_none(days: dict[str, int], left: int, said: str) -> None:
    found = forecast(days, left, NOW)
    assert said in found.message
    assert (found.done, found.latest) == ("", "")


def test_the_pace_of_a_workspace(bench: Bench) -> None:
    for number in range(20):
        bench.push(*texts(f"n{number:02d}"))
    for number in range(12):
        bench.submit(f"n{number:02d}", at=f"2025-03-{10 + number // 3:02d}T10:{number:02d}:00Z", seconds=30)
    bench.submit("n00", 2, at="2025-03-14T10:00:00Z")
    report = progress(bench.workspace, now=datetime(2025, 3, 13, 20, tzinfo=UTC))
    assert report.days == {f"2025-03-{day}": 3 for day in (10, 11, 12, 13)}
    assert report.forecast is not None
    assert (report.forecast.left, report.forecast.per_day, report.forecast.done) == (8, 3.0, "2025-03-16")
    # Eight tasks; all but one took thirty seconds, which the mean makes 30 + 30 / 13.
    assert report.forecast.hours == pytest.approx(8 * (30 + 30 / 13) / 3600)
    until = progress(bench.workspace, Chosen(until="2025-03-11"))
    assert until.days == {"2025-03-10": 3, "2025-03-11": 3}
    assert person(until, ALL).articles == 6
    only = progress(bench.workspace, Chosen(annotators=("annotator:2",), since="2025-03-14"))
    assert [row.annotator for row in only.people] == ["annotator:2", ALL]
    assert (only.people[0].done, only.days) == (1, {"2025-03-14": 1})
    with pytest.raises(InputError, match="annotator:9: no such annotator .* there are: annotator:1, annotator:2"):
        progress(bench.workspace, Chosen(annotators=("annotator:9",)))


# ---- the learning curve


def test_the_curve_falls_and_says_where_the_model_changed(bench: Bench) -> None:
    for number in range(40):
        name = f"n{number:02d}"
        bench.push(*texts(name), version="v1" if number < 20 else "v2")
        bench.submit(
            name,
            change=corrected if number < 20 else lambda result: result,
            at=f"2025-03-03T{number // 4:02d}:{number % 4}0:00Z",
        )
    report = progress(bench.workspace)
    curve = [row for row in report.curve if row.annotator == ALL]
    assert [(row.first, row.last) for row in curve[:2]] == [(1, 2), (3, 4)]
    assert [row.edits for row in curve] == [4.0] * 10 + [0.0] * 10
    first, second = report.versions
    assert (first.name, first.first, first.edits, first.saved) == ("v1", 1, 4.0, pytest.approx(1 - 4 / 6))
    assert (second.name, second.first, second.edits, second.saved) == ("v2", 21, 0.0, 1.0)
    assert first.per_thousand == pytest.approx(4000 / (len(EN) + len(ZH)))
    page = progress_page(bench.workspace, report)
    assert "from article 21 on v2" in page


def test_a_chart_survives_any_names() -> None:
    chart = curve_chart([1, 2], {"<b>": [(1, 1), (2, 2)]}, {2: 'v"\x00<'}, title="&", x_label="x", y_label="y")
    HTMLParser().feed(chart)
    assert "<b>" not in chart
    assert "\x00" not in chart


# ---- the command


def test_the_command_in_its_three_forms(bench: Bench, tmp_path: Path) -> None:
    name = '<img src=x onerror="alert(1)">'
    for article in ("a", name):
        bench.push(*texts(article), version=name)
        bench.submit(article, change=corrected, version=name)
    bench.workspace.append(ASSIGNMENTS, [Assignment(name, name, name, (f"{name}.en",), url=URL, project=1)])
    folder = str(bench.workspace.root)
    result = run("-w", folder)
    assert result.exception is None
    for title in (
        "Done and to do",
        "By annotator",
        "Time per task",
        "What became of the pre-annotation",
        "Edits per article",
    ):
        assert title in result.stdout
    assert "of 2 articles 2 done" in result.stderr
    told = json.loads(run("-w", folder, "--json").stdout)
    assert told["acceptance"][0]["proposed"] == 12
    assert told["states"][0] == {
        "state": "done",
        "articles": 2,
        "tasks": 2,
        "documents": {"en": 2, "zh": 2},
        "characters": {"en": 2 * len(EN), "zh": 2 * len(ZH)},
    }
    page = tmp_path / "page.html"
    assert run("-w", folder, "--html", str(page)).exception is None
    html = page.read_text(encoding="utf-8")
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert not re.search(r"<script|\bsrc=\"|href=\"http|url\(", html)
    assert html.count("<svg") == 5
    assert (
        run("-w", folder, "--json", "--html", "-").exit_code != 0
        or run("-w", folder, "--json", "--html", "-").exception
    )
