"""Against a real Label Studio: articles in parts, drafts, edits, changed texts, and what a pull looks at."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from annotators.adjudicate import adjudicate
from annotators.studio import pull as pull_module
from annotators.studio.client import Studio, connect
from annotators.studio.edits import edits_by_source
from annotators.studio.pull import pull
from annotators.studio.push import PushItem, push
from annotators.studio.server import Server
from annotators.studio.tables import ANNOTATIONS, DRAFTS, EDITS, PUSHED, Annotation
from corpus.document import Bead, Block, Claim, Document, Entity, Group, Item, Lang, Ref, Relation, Segments, Span
from corpus.removal import record, sweep
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Workspace

pytestmark = pytest.mark.studio

EN = "Mayor Lin Yue of Qingpu said 👩‍👩‍👧 the town will build 300 flats.\r\nHis rival doubts it."
LINES = {"en": "Mayor Lin Yue promises {} flats 👩‍👩‍👧 to the town.", "zh": "林岳镇长承诺为该镇建{}套住房𠮷。"}
NAMES = {"en": "Lin Yue", "zh": "林岳"}


@pytest.fixture
def studio(studio_server: Server) -> Studio:
    return connect(studio_server.status().url, studio_server.token())


@pytest.fixture
def title(request: pytest.FixtureRequest) -> str:
    """A project for each test: the tests share one server."""
    return str(request.node.name)[:50]


@pytest.fixture
def news(workspace_root: Path) -> Workspace:
    return Workspace.create(workspace_root)


def length(workspace: Workspace, limit: int) -> None:
    """Set the length above which an article is cut."""
    config = workspace.root / "hemu.toml"
    lines = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("task_length")]
    at = lines.index("[studio]") + 1
    config.write_text("\n".join([*lines[:at], f"task_length = {limit}", *lines[at:]]) + "\n", encoding="utf-8")
    vars(workspace).pop("config", None)


def short(text: str = EN, version: str = "v1", id: str = "a.en", score: float | None = None) -> PushItem:
    document = Document(id, "", "en", text)
    at, town = text.index("Lin Yue"), text.index("Qingpu")
    marks = (
        Entity(Span.of(text, at, at + 7), "OFFICIAL", 0.9, "rules"),
        Entity(Span.of(text, town, town + 6), "PLACE", 0.5, "model"),
    )
    return PushItem(Group((Item(document, Segments(id, document.sha, ()), marks),)), (), version, score)


def side(lang: Lang, lines: int) -> Item:
    text = "\n\n".join(LINES[lang].format(number * 100) for number in range(lines))
    found, at = [], 0
    for line in text.split("\n\n"):
        found.append((at, at + len(line)))
        at += len(line) + 2
    document = Document(f"long.{lang}", "long", lang, text, tuple(Block(a, b, "body") for a, b in found))
    name = NAMES[lang]
    starts = [a + text[a:b].index(name) for a, b in found]
    marks = tuple(Entity(Span.of(text, at, at + len(name)), "OFFICIAL", 0.9, "rules") for at in starts[:-1])
    _, end = found[-1]
    claim = Claim(
        Span.of(text, end - 8, end), "commitment", "support", name, claimant_span=(starts[0], starts[0] + len(name))
    )
    return Item(document, Segments(document.id, document.sha, tuple(found)), marks, (claim,))


def long(lines: int = 9, version: str = "v1") -> PushItem:
    """An article whose last line is a claim of whom the first names, and whose mentions are joined across all of it."""
    en, zh = side("en", lines), side("zh", lines)
    beads = tuple(Bead((a,), (b,)) for a, b in zip(en.segments.sentences, zh.segments.sentences, strict=True))
    first, last = en.entities[0], zh.entities[-1]
    same = Relation(
        "same_as", Ref("long.en", "entity", first.start, first.end), Ref("long.zh", "entity", last.start, last.end)
    )
    return PushItem(Group((en, zh), beads), (same,), version)


def stored(workspace: Workspace, item: PushItem) -> PushItem:
    workspace.append(DOCUMENTS, [i.document for i in item.group.items])
    return item


def annotate(studio: Studio, task: int, result: list[Any], **more: Any) -> int:
    """What the browser sends when somebody submits."""
    return int(studio.sdk.annotations.create(id=task, result=result, lead_time=12.5, **more).id)


def accept(studio: Studio, project: int, task: int, result: list[Any] | None = None) -> int:
    """Submit the prediction as it is, or with this result."""
    prediction = studio.predictions(project, task)[-1]
    return annotate(
        studio, task, prediction["result"] if result is None else result, parent_prediction=prediction["id"]
    )


def post(server: Server, path: str, body: dict[str, Any]) -> int:
    """What the browser sends; returns the number of what it makes."""
    headers = {"Authorization": f"Token {server.token()}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.status().url}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["id"])


def draft(server: Server, task: int, result: list[Any]) -> int:
    """Work that is begun and not submitted."""
    return post(server, f"/api/tasks/{task}/drafts", {"result": result, "lead_time": 3.5})


def counting(workspace: Workspace) -> list[Annotation]:
    return [row for row in workspace.current(ANNOTATIONS) if row.counts]


class TestParts:
    def test_an_article_in_parts_comes_back_whole(self, news: Workspace, studio: Studio, title: str) -> None:
        item = stored(news, long())
        length(news, 0)
        whole: Any = push(news, studio, [item], title=f"{title[:44]} whole").notes["project"]
        accept(studio, whole, next(iter(studio.tasks(whole))).id)
        pull(news, studio, title=f"{title[:44]} whole")
        expected = {row.layer.document: row.layer for row in counting(news)}

        length(news, 200)
        report = push(news, studio, [item], title=title)
        project: Any = report.notes["project"]
        assert (report.done, report.notes["articles in parts"], report.skipped) == (3, 1, [])
        tasks = list(studio.tasks(project))
        assert [task.data["part"] for task in tasks] == ["1 of 3", "2 of 3", "3 of 3"]
        assert "".join(task.data["text_zh"] for task in tasks) == item.group.items[1].document.text
        assert push(news, studio, [item], title=title).unchanged == 3
        first, second = (accept(studio, project, task.id) for task in tasks[:2])
        report = pull(news, studio, title=title)
        assert (report.done, report.notes["articles annotated in part"]) == (2, 1)
        assert len(counting(news)) == 2
        accept(studio, project, tasks[2].id)
        report = pull(news, studio, title=title)
        assert (report.done, report.skipped) == (1, [])
        assert "articles annotated in part" not in report.notes
        mine = {row.layer.document: row for row in counting(news) if row.parts}
        assert {row.parts for row in mine.values()} == {"1-3 of 3"}
        assert {row.lead_time for row in mine.values()} == {37.5}
        for id, row in mine.items():
            assert row.id == first
            assert row.layer.entities == expected[id].entities
            assert row.layer.claims == expected[id].claims
            assert row.layer.relations == expected[id].relations
        assert pull(news, studio, title=title).done == 0
        # Where a part is taken back, the whole does not count any more.
        studio.sdk.annotations.delete(second)
        report = pull(news, studio, title=title)
        assert (report.notes["withdrawn"], report.notes["articles annotated in part"]) == (1, 1)
        assert [row for row in counting(news) if row.parts] == []

    def test_what_is_there_of_it_counts_where_that_is_asked_for(
        self, news: Workspace, studio: Studio, title: str
    ) -> None:
        length(news, 200)
        project: Any = push(news, studio, [stored(news, long())], title=title).notes["project"]
        tasks = list(studio.tasks(project))
        annotate(studio, tasks[0].id, [], was_cancelled=True)
        middle = accept(studio, project, tasks[1].id)
        assert counting(news) == []
        pull(news, studio, title=title)
        assert counting(news) == []
        pull(news, studio, title=title, partial=True)
        rows = counting(news)
        assert {(row.id, row.parts) for row in rows} == {(middle, "2 of 3")}
        start, end = 3 * 47, 6 * 47
        assert all(
            start <= e.start < end for row in rows if row.layer.document == "long.en" for e in row.layer.entities
        )
        first = accept(studio, project, tasks[0].id)
        accept(studio, project, tasks[2].id)
        pull(news, studio, title=title)
        assert {(row.id, row.parts) for row in counting(news)} == {(first, "1-3 of 3")}
        adjudicate(news)
        assert sorted(news.read(GOLD)) == ["long.en", "long.zh"]

    def test_another_length_cuts_anew_what_nobody_has_begun(self, news: Workspace, studio: Studio, title: str) -> None:
        item = stored(news, long())
        project: Any = push(news, studio, [item], title=title).notes["project"]
        assert len(list(studio.tasks(project))) == 1
        length(news, 200)
        report = push(news, studio, [item], title=title)
        assert (report.notes["new tasks"], report.notes["tasks of another cut deleted"]) == (3, 1)
        tasks = list(studio.tasks(project))
        assert len(tasks) == 3
        assert {pushed.task for pushed in news.read(PUSHED).values()} == {task.id for task in tasks}
        # With work on it, it stays as it is, also for a new pre-annotation.
        accept(studio, project, tasks[1].id)
        length(news, 300)
        report = push(news, studio, [long(version="v2")], title=title)
        assert (report.notes["new tasks"], report.notes["new predictions"]) == (0, 3)
        assert report.notes["articles that stay cut as they are, for the work on them"] == 1
        assert {task.id for task in studio.tasks(project)} == {task.id for task in tasks}
        accept(studio, project, tasks[0].id)
        accept(studio, project, tasks[2].id)
        pull(news, studio, title=title)
        assert {row.parts for row in counting(news)} == {"1-3 of 3"}

    def test_a_draft_is_work_as_well(self, news: Workspace, studio: Studio, studio_server: Server, title: str) -> None:
        item = stored(news, long())
        project: Any = push(news, studio, [item], title=title).notes["project"]
        (task,) = studio.tasks(project)
        draft(studio_server, task.id, [])
        length(news, 200)
        assert push(news, studio, [item], title=title).unchanged == 1
        assert [t.id for t in studio.tasks(project)] == [task.id]

    def test_what_was_said_of_one_version_counts_on_without_the_other(
        self, news: Workspace, studio: Studio, title: str
    ) -> None:
        length(news, 200)
        config = news.root / "hemu.toml"
        config.write_text(config.read_text().replace('project = "news"', f'project = "{title}"'))
        vars(news).pop("config", None)
        item = stored(news, long())
        project: Any = push(news, studio, [item]).notes["project"]
        for task in studio.tasks(project):
            accept(studio, project, task.id)
        pull(news, studio)
        record(news, ["long.en"])
        sweep(news, ["long.en"])
        push(news, studio, [])
        assert list(studio.tasks(project)) == []
        pull(news, studio, sweep=True)
        assert [row.layer.document for row in counting(news)] == ["long.zh"]


class TestPulling:
    def test_what_was_changed_deleted_and_added(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, [stored(news, short())], title=title).notes["project"]
        (task,) = studio.tasks(project)
        official, _ = studio.predictions(project, task.id)[-1]["result"]
        renamed = {**official, "value": {**official["value"], "labels": ["PERSON"]}, "origin": "prediction-changed"}
        start = EN.index("rival")
        new = {**official, "id": "new", "value": {"start": start, "end": start + 5, "labels": ["PERSON"]}}
        one = accept(studio, project, task.id, [renamed, new])
        report = pull(news, studio, title=title)
        assert {k: v for k, v in report.notes.items() if k.startswith("marks")} == {
            "marks changed": 1,
            "marks deleted": 1,
            "marks added": 1,
        }
        (edits,) = news.current(EDITS)
        assert (edits.id, edits.document, edits.model_version, edits.lead_time) == (one, "a.en", "v1", 12.5)
        assert [(m.outcome, m.source, m.label, m.new_label) for m in edits.marks] == [
            ("label", "rules", "OFFICIAL", "PERSON"),
            ("deleted", "model", "PLACE", ""),
            ("added", "", "", "PERSON"),
        ]
        assert edits_by_source(news) == {"rules": {"label": 1}, "model": {"deleted": 1}, "": {"added": 1}}

    def test_drafts_are_kept_apart(self, news: Workspace, studio: Studio, studio_server: Server, title: str) -> None:
        project: Any = push(news, studio, [stored(news, short())], title=title).notes["project"]
        (task,) = studio.tasks(project)
        result = studio.predictions(project, task.id)[-1]["result"]
        draft(studio_server, task.id, result[:1])
        report = pull(news, studio, title=title)
        assert (report.done, report.notes["drafts, kept apart"]) == (0, 1)
        (begun,) = news.current(DRAFTS)
        assert (begun.task, begun.documents, begun.gone, begun.lead_time) == (task.id, ("a.en",), False, 3.5)
        assert [entry["id"] for entry in json.loads(begun.result)] == [result[0]["id"]]
        assert "drafts, kept apart" not in pull(news, studio, title=title).notes
        submitted = {"result": result, "lead_time": 4.0, "draft_id": begun.id}
        one = post(studio_server, f"/api/tasks/{task.id}/annotations?project={project}", submitted)
        pull(news, studio, title=title)
        assert [row.gone for row in news.current(DRAFTS)] == [True]
        (row,) = counting(news)
        assert (row.id, row.annotator) == (one, begun.annotator)
        assert len(counting(news)) == 1

    def test_marks_are_placed_in_a_text_that_has_changed(self, news: Workspace, studio: Studio, title: str) -> None:
        project: Any = push(news, studio, [stored(news, short())], title=title).notes["project"]
        (task,) = studio.tasks(project)
        one = accept(studio, project, task.id)
        now = Document("a.en", "", "en", "News.\n" + EN.replace("Qingpu", "the town"))
        news.append(DOCUMENTS, [now])
        report = pull(news, studio, title=title)
        assert [problem.why for problem in report.skipped] == [
            "'Qingpu' cannot be placed for certain in the text as it is now; mark it there",
            "kept: the text has changed since; 1 marks were placed in that of now",
        ]
        (row,) = counting(news)
        assert (row.id, row.layer.sha) == (one, now.sha)
        assert [(e.start, e.span.surface) for e in row.layer.entities] == [(12, "Lin Yue")]

    def test_what_was_pulled_before_the_text_changed_is_placed_as_well(
        self, news: Workspace, studio: Studio, title: str
    ) -> None:
        project: Any = push(news, studio, [stored(news, short())], title=title).notes["project"]
        accept(studio, project, next(iter(studio.tasks(project))).id)
        pull(news, studio, title=title)
        now = Document("a.en", "", "en", EN + " And more.")
        news.append(DOCUMENTS, [now])
        pull(news, studio, title=title)
        (row,) = counting(news)
        assert row.layer.sha == now.sha
        assert [e.span.surface for e in row.layer.entities] == ["Lin Yue", "Qingpu"]

    def test_only_what_changed_is_exported(
        self, news: Workspace, studio: Studio, title: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        items = [stored(news, short(id=f"a{number}.en")) for number in range(3)]
        project: Any = push(news, studio, items, title=title).notes["project"]
        tasks = list(studio.tasks(project))
        made = [accept(studio, project, task.id) for task in tasks[:2]]
        asked: list[list[int]] = []
        export = Studio.export

        def listening(self: Studio, project: int, numbers: Any = None, **more: Any) -> Any:
            asked.append(list(numbers))
            return export(self, project, numbers, **more)

        monkeypatch.setattr(Studio, "export", listening)
        assert pull(news, studio, title=title).done == 2
        asked.clear()
        report = pull(news, studio, title=title)
        assert (report.done, report.unchanged) == (0, 2)
        assert asked == []
        third = accept(studio, project, tasks[2].id)
        assert pull(news, studio, title=title).done == 1
        assert asked == [[tasks[2].id]]
        # A deleted annotation is a change of its task; a deleted task is not, and is missed by the number of tasks.
        studio.sdk.annotations.delete(made[0])
        assert pull(news, studio, title=title).notes["withdrawn"] == 1
        studio.delete_task(tasks[1].id)
        assert pull(news, studio, title=title).notes["withdrawn"] == 1
        assert [row.id for row in counting(news)] == [third]

    def test_what_could_not_be_taken_over_is_tried_again(
        self, news: Workspace, studio: Studio, title: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pull_module, "_MARGIN", timedelta(0))
        item = short()
        project: Any = push(news, studio, [item], title=title).notes["project"]
        accept(studio, project, next(iter(studio.tasks(project))).id)
        for _ in range(2):
            (problem,) = pull(news, studio, title=title).skipped
            assert "is not in this workspace" in problem.why
        stored(news, item)
        assert pull(news, studio, title=title).done == 1

    def test_several_projects_at_once(self, news: Workspace, studio: Studio, title: str) -> None:
        titles = [f"{title[:40]} {number}" for number in range(2)]
        for number, name in enumerate(titles):
            item = stored(news, short(id=f"b{number}.en", score=0.25))
            project: Any = push(news, studio, [item], title=name).notes["project"]
            (task,) = studio.tasks(project)
            assert studio.predictions(project, task.id)[-1]["score"] == 0.25
            accept(studio, project, task.id)
        report = pull(news, studio, titles=titles)
        assert (report.done, report.unchanged, report.notes["annotators"]) == (2, 0, 1)
        assert {row.layer.document for row in counting(news)} == {"b0.en", "b1.en"}
        assert pull(news, studio, titles=titles).unchanged == 2


def test_a_task_that_is_there_twice_is_deleted_where_nobody_has_begun_it(
    news: Workspace, studio: Studio, title: str
) -> None:
    item = stored(news, short())
    project: Any = push(news, studio, [item], title=title).notes["project"]
    (task,) = studio.tasks(project)
    extra = studio.import_tasks(project, [{"data": dict(task.data)}] * 2)
    annotate(studio, extra[0], [])
    report = push(news, studio, [item], title=title)
    assert report.notes["spare tasks deleted"] == 2
    assert [t.id for t in studio.tasks(project)] == [extra[0]]
    assert {p.task for p in news.read(PUSHED).values()} == {extra[0]}
