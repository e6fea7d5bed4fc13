"""Against a real Label Studio: a project a person, what each is shown there, and in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotators.adjudicate import decide
from annotators.assign import ASSIGNMENTS, Plan, Undoing, assign, planted_left, withdraw
from annotators.bias import bias
from annotators.studio.client import Studio, connect
from annotators.studio.people import StoredItems, projects, push_plan
from annotators.studio.pull import pull
from annotators.studio.push import PushItem
from annotators.studio.server import Server
from annotators.studio.tables import ANNOTATIONS, PUSHED
from corpus.document import Document, Entity, Group, Item, Layer, Segments, Span
from corpus.schema import DOCUMENTS, SEGMENTS, layers_table
from corpus.store import Workspace

pytestmark = pytest.mark.studio

TOWNS = ("Qingpu", "Harrow", "Linde", "Marsk", "Tolna", "Verris", "Osby", "Dunmore", "Kestrel", "Ambry")
TOPICS = ("flats", "tariffs", "schools", "reactors", "orchards", "ferries", "clinics", "bridges", "taxes", "museums")


def article(number: int) -> Document:
    town, topic = TOWNS[number], TOPICS[number]
    text = (
        f"Mayor Lin Yue of {town} said the council will pay for {topic} and more {topic}. "
        f"The Harbour Board of {town} welcomed the promise while residents doubted it."
    )
    return Document(f"a{number}.en", f"a{number}", "en", text)


def item_of(document: Document, version: str = "v1", score: float = 0.9) -> PushItem:
    marks = []
    for words, label in (
        ("Lin Yue", "OFFICIAL"),
        ("Harbour Board", "AGENCY"),
        (document.text.split(" said")[0].split()[-1], "PLACE"),
    ):
        start = document.text.index(words)
        marks.append(Entity(Span.of(document.text, start, start + len(words)), label, score))
    return PushItem(Group((Item(document, Segments(document.id, document.sha, ()), tuple(marks)),)), (), version)


def layer_of(item: PushItem) -> Layer:
    (one,) = item.group.items
    return Layer(one.document.id, one.document.sha, "combined", item.version, one.entities, one.claims)


@pytest.fixture
def studio(studio_server: Server) -> Studio:
    return connect(studio_server.status().url, studio_server.token())


@pytest.fixture
def items() -> list[PushItem]:
    return [item_of(article(number)) for number in range(10)]


@pytest.fixture
def news(workspace_root: Path, items: list[PushItem], request: pytest.FixtureRequest) -> Workspace:
    workspace = Workspace.create(workspace_root)
    config = workspace.root / "hemu.toml"
    name = str(request.node.name)[5:35]
    config.write_text(config.read_text().replace('project = "news"', f'project = "{name}"'))
    workspace.append(DOCUMENTS, [item.group.items[0].document for item in items])
    workspace.append(layers_table("combined"), [layer_of(item) for item in items])
    return Workspace.open(workspace.root)


def submit(studio: Studio, task: int, result: list[Any]) -> int:
    return int(studio.sdk.annotations.create(id=task, result=result, lead_time=12.5).id)


def predicted(studio: Studio, project: int, task: int) -> dict[str, Any]:
    (prediction,) = studio.predictions(project, task)
    return prediction


def handed_out(studio: Studio, project: int) -> dict[str, Any]:
    """What Label Studio gives to somebody who presses "Label all tasks"."""
    return dict(studio.request("GET", f"/api/projects/{project}/next/"))


def test_each_person_has_a_project_with_what_the_plan_says(
    news: Workspace, studio: Studio, items: list[PushItem]
) -> None:
    assign(news, ["anna@example.org", "bo"], double=0.4, blind=0.2, planted=0.2)
    plan = Plan.of(news)
    reports = push_plan(news, studio, items)
    base = news.setting("studio", "project", "")
    assert [report.notes["of"] for report in reports] == [f"{base} · anna", f"{base} · bo"]
    assert studio.find_project(base) is None
    modes = set()
    for one in Plan.of(news).live:
        project = studio.find_project(one.title)
        assert (one.url, one.project) == (studio.url, project)
        assert project is not None
        there = {str(task.data["doc_en"]): task for task in studio.tasks(project)}
        assert set(there) == {d for other in plan.live if other.person == one.person for d in other.documents}
        (id,) = one.documents
        (stored,) = [item for item in items if item.group.items[0].document.id == id]
        pushed = next(p for p in news.read(PUSHED).values() if p.project == project and p.documents == (id,))
        prediction = predicted(studio, project, there[id].id)
        marks = {(r["value"]["start"], r["value"]["end"], *r["value"]["labels"]) for r in prediction["result"]}
        whole = {(e.start, e.end, e.label) for e in stored.group.items[0].entities}
        assert json.loads(pushed.result) == prediction["result"]
        modes.add(one.mode)
        if one.mode == "blind":
            assert marks == set()
        elif one.mode == "normal":
            assert marks == whole
            assert "planted" not in pushed.sources
        else:
            (error,) = one.planted
            wrong = (error.wrong_start, error.wrong_end, error.wrong_label)
            assert (wrong in marks) == (error.kind != "missing")
            assert ((error.start, error.end, error.label) in marks) is False
            assert ("planted" in pushed.sources) == (error.kind != "missing")
        # Nothing that an annotator can see says which is which.
        shown = json.dumps([there[id].data, prediction["result"], prediction["model_version"]], default=str)
        assert not any(word in shown for word in ("planted", "blind", "normal", "anna", "bo@"))
        assert prediction["model_version"] == "v1"
    assert modes == {"normal", "blind", "planted"}
    again = push_plan(news, studio, items)
    assert [(r.done, r.notes["new tasks"]) for r in again] == [(0, 0), (0, 0)]


def test_tasks_are_handed_out_in_our_order_and_anew_after_a_retrain(
    news: Workspace, studio: Studio, items: list[PushItem]
) -> None:
    assign(news, ["anna", "bo"], blind=0.2)
    (report, _) = push_plan(news, studio, items)
    project: Any = report.notes["project"]
    assert studio.sdk.projects.get(project).sampling == "Uncertainty sampling"
    tasks = {task.id: task for task in studio.tasks(project)}
    # Why blind tasks have a prediction: one without comes after all others, wherever it stands.
    (bare,) = studio.import_tasks(project, [{"data": {"text_en": "a", "text_zh": "b"}}])
    wanted = sorted(tasks, key=lambda id: predicted(studio, project, id)["score"])
    assert [predicted(studio, project, id)["score"] for id in wanted] == [0, 0.2, 0.4, 0.6, 0.8]
    came = []
    for _ in range(2):
        came.append(int(handed_out(studio, project)["id"]))
        submit(studio, came[-1], [])
    assert came == wanted[:2]
    pull(news, studio, titles=projects(news, studio))
    # The new version is unsure of what came last, in a blind task as well.
    order = {id: 1 - place / 10 for place, id in enumerate(wanted)}
    of_document = {str(task.data["doc_en"]): order[id] for id, task in tasks.items()}
    newer = [
        item_of(d, "v2", 0.5 + 0.5 * of_document.get(d.id, 0.9) ** 2)
        for d in (item.group.items[0].document for item in items)
    ]
    push_plan(news, studio, newer)
    scores = {id: studio.predictions(project, id)[-1]["score"] for id in tasks}
    rest = sorted((id for id in tasks if id not in came), key=lambda id: scores[id])
    assert rest == list(reversed(wanted[2:]))
    for id in rest:
        assert int(handed_out(studio, project)["id"]) == id
        submit(studio, id, [])
    assert int(handed_out(studio, project)["id"]) == bare


def test_what_was_planted_comes_back_is_reported_and_kept_from_gold(
    news: Workspace, studio: Studio, items: list[PushItem]
) -> None:
    assign(news, ["anna", "bo"], double=0.5, blind=0.3, planted=0.3)
    push_plan(news, studio, items)
    plan = Plan.of(news)
    for one in plan.live:
        for task in studio.tasks(one.project):
            if task.data["doc_en"] in one.documents:
                submit(studio, task.id, predicted(studio, one.project, task.id)["result"])
    report = pull(news, studio, titles=projects(news, studio))
    assert (report.done, report.skipped) == (len(list(plan.live)), [])
    planted = [one for one in plan.live if one.mode == "planted"]
    left = planted_left(news)
    assert [entry.error for entry in left] == [error for one in planted for error in one.planted] != []
    undo = Undoing(news)
    before = {item.group.items[0].document.id: item.group.items[0].entities for item in items}
    for annotation in news.read(ANNOTATIONS).values():
        whose = plan.of_annotation(annotation)
        assert whose is not None
        gold = decide([undo(annotation).layer]).layer
        expected = () if whose.mode == "blind" else before[annotation.layer.document]
        assert {(e.start, e.end, e.label) for e in gold.entities} == {(e.start, e.end, e.label) for e in expected}
    found = bias(news)
    everybody = next(row for row in found.planted if (row.annotator, row.kind) == ("", "all"))
    assert (everybody.shown, everybody.left) == (len(left), len(left))
    assert {(row.mode, row.seconds.value) for row in found.time} == {("blind", 12.5), ("pre-annotated", 12.5)}


def test_what_is_taken_back_goes_where_nobody_has_begun_it(
    news: Workspace, studio: Studio, items: list[PushItem]
) -> None:
    assign(news, ["anna"])
    (report,) = push_plan(news, studio, items)
    project: Any = report.notes["project"]
    first, second, *_ = studio.tasks(project)
    submit(studio, first.id, [])
    withdraw(news, articles=[str(first.data["doc_en"]), str(second.data["doc_en"])])
    (report,) = push_plan(news, studio, items)
    assert (report.notes["tasks taken back"], report.notes["articles that nobody has"]) == (1, 2)
    assert {task.id for task in studio.tasks(project)} >= {first.id}
    assert len(list(studio.tasks(project))) == 9
    assert len(news.read(ASSIGNMENTS)) == 10
    assign(news, ["anna"])
    push_plan(news, studio, items)
    assert len(list(studio.tasks(project))) == 10


def test_what_is_pushed_from_the_workspace_is_made_in_our_order(
    news: Workspace, studio: Studio, items: list[PushItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotators.studio.push.CHUNK", 3)
    news.append(SEGMENTS, [item.group.items[0].segments for item in items])
    # The last article of the workspace is the one to begin with.
    marks = [(number, item.group.items[0]) for number, item in enumerate(items)]
    news.append(
        layers_table("combined"),
        [layer_of(item_of(one.document, "v1", 1 - 0.05 * number)) for number, one in marks],
    )
    (report,) = push_plan(news, studio, StoredItems(news))
    assert report.done == len(items)
    project: Any = report.notes["project"]
    made = sorted(studio.tasks(project), key=lambda task: task.id)
    scores = [predicted(studio, project, task.id)["score"] for task in made]
    assert scores == sorted(scores) == [number / 10 for number in range(10)]
    assert made[0].data["doc_en"] == items[-1].group.items[0].document.id
    # Nothing of what waited on disk is left.
    assert not [path for path in news.root.iterdir() if path.name.startswith("tmp")]
    assign(news, ["anna", "bo"])
    reports = push_plan(news, studio, StoredItems(news))
    assert sum(report.done for report in reports) == len(items)
    for report in reports:
        title = str(report.notes["of"])
        mine = {id for one in Plan.of(news).live if one.title == title for id in one.documents}
        assert {str(task.data["doc_en"]) for task in studio.tasks(studio.find_project(title) or 0)} == mine


def test_without_a_plan_there_is_one_project(news: Workspace, studio: Studio, items: list[PushItem]) -> None:
    config = news.root / "hemu.toml"
    config.write_text(config.read_text().replace('order = "uncertainty"', 'order = "sequence"'))
    news = Workspace.open(news.root)
    (report,) = push_plan(news, studio, items)
    base = news.setting("studio", "project", "")
    assert report.notes["project"] == studio.find_project(base)
    assert studio.sdk.projects.get(report.notes["project"]).sampling == "Sequential sampling"
    assert projects(news, studio) == [base]
