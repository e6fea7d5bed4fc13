"""Disputes and verdicts against a real Label Studio: by its API, and in a real Chromium."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from annotators.adjudicate import VERDICTS, adjudicate, pull_verdicts, push_disputes, tally
from annotators.adjudicate.asked import ASKED
from annotators.studio.client import Studio, connect
from annotators.studio.server import Server
from annotators.studio.tables import ANNOTATIONS, Annotation
from annotators.studio.withdraw import withdraw
from corpus.cli.root import root
from corpus.document import (
    AUTHOR,
    Claim,
    Document,
    Entity,
    Lang,
    Layer,
    Ref,
    Relation,
    Span,
    sorted_entities,
)
from corpus.errors import StudioError
from corpus.removal import record
from corpus.schema import DOCUMENTS, GOLD
from corpus.store import Workspace

pytestmark = pytest.mark.studio

EN = (
    "Qingpu plans 300 flats 👩‍👩‍👧\r\n\r\nMayor Lin Yue of Qingpu said the town will build 300 flats. "
    "Harbour Homes, a builder, welcomed it.\r\n\r\nThe rents of East Qingpu District <b>fall</b>."
)
ZH = "青浦计划建房300套𠮷\n\n青浦镇长林岳表示，该镇将建设300套住房。\u2028港湾置业对此表示欢迎。\n\n东青浦区的房租已经下降。"
TEXTS: dict[Lang, str] = {"en": EN, "zh": ZH}
Marks = list[tuple[str, str]]


def document(lang: Lang) -> Document:
    return Document(f"flats.{lang}", "flats", lang, TEXTS[lang])


def at(lang: Lang, words: str) -> Span:
    start = TEXTS[lang].index(words)
    return Span.of(TEXTS[lang], start, start + len(words))


def claim(lang: Lang, words: str, type: str, who: str = "") -> Claim:
    mention = at(lang, who) if who else None
    span = (mention.start, mention.end) if mention else None
    return Claim(at(lang, words), type, "support", who or AUTHOR, "housing", claimant_span=span)


def layer(lang: Lang, marks: Marks, *claims: Claim) -> Layer:
    one = document(lang)
    arrows = tuple(
        Relation("claimant", Ref(one.id, "claim", c.start, c.end), Ref(one.id, "entity", *c.claimant_span))
        for c in claims
        if c.claimant_span
    )
    entities = sorted_entities(Entity(at(lang, words), label) for words, label in marks)
    return Layer(one.id, one.sha, "x", "", entities, claims, arrows)


def said(number: int, layer: Layer, updated: str = "2026-01-01T00:00:00Z") -> Annotation:
    return Annotation(layer, number, 1, 1, "http://x", f"annotator:{number}", updated, updated, 60.0)


TOWN, LIN, FIRM = ("Qingpu", "PLACE"), ("Lin Yue", "OFFICIAL"), ("Harbour Homes", "FIRM")
EAST, DISTRICT = ("East Qingpu District", "PLACE"), ("Qingpu District", "PLACE")
PLAN = claim("en", "will build 300 flats", "commitment", "Lin Yue")
DONE = claim("en", "will build 300 flats", "action", "Lin Yue")
WELCOME = claim("en", "welcomed it", "evaluation", "Harbour Homes")
TOWN_ZH, LIN_ZH, FIRM_ZH = ("青浦", "PLACE"), ("林岳", "OFFICIAL"), ("港湾置业", "FIRM")
PLAN_ZH = claim("zh", "将建设300套住房", "commitment", "林岳")
SHORT_ZH = claim("zh", "建设300套住房", "commitment", "林岳")


@pytest.fixture
def news(workspace_root: Path) -> Workspace:
    """Three people have annotated an article, and they do not agree."""
    workspace = Workspace.create(workspace_root)
    workspace.append(DOCUMENTS, [document("en"), document("zh")])
    workspace.append(
        ANNOTATIONS,
        [
            said(11, layer("en", [TOWN, LIN, FIRM, EAST], PLAN)),
            said(12, layer("en", [TOWN, LIN, FIRM], DONE, WELCOME)),
            said(13, layer("en", [TOWN, LIN, ("Harbour Homes", "ORG"), DISTRICT], PLAN)),
            said(11, layer("zh", [TOWN_ZH, LIN_ZH, FIRM_ZH], PLAN_ZH)),
            said(12, layer("zh", [TOWN_ZH, LIN_ZH, FIRM_ZH], SHORT_ZH)),
            said(13, layer("zh", [TOWN_ZH, LIN_ZH], PLAN_ZH)),
        ],
    )
    return workspace


@pytest.fixture
def studio(studio_server: Server) -> Studio:
    return connect(studio_server.status().url, studio_server.token())


@pytest.fixture
def title(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)[:50]


def the_task(studio: Studio, title: str) -> tuple[int, int]:
    project = studio.find_project(title)
    assert project is not None
    (task,) = studio.tasks(project)
    return project, task.id


def decided(studio: Studio, project: int, task: int, change: Callable[[list[Any]], None]) -> list[Any]:
    """What the page submits: the prediction with what somebody changes in it."""
    result = [{**entry, "origin": "prediction"} for entry in studio.predictions(project, task)[-1]["result"]]
    change(result)
    return result


def relabel(result: list[Any], words: str, label: str) -> None:
    for entry in result:
        if entry["type"] == "labels" and entry["value"]["text"] == words:
            entry["value"]["labels"], entry["origin"] = [label], "prediction-changed"


def words(workspace: Workspace, lang: Lang) -> list[tuple[str, str]]:
    return [(e.span.surface, e.label) for e in workspace.read(GOLD)[f"flats.{lang}"].entities]


def test_verdicts_come_into_gold_with_their_history(news: Workspace, studio: Studio, title: str) -> None:
    adjudicate(news)
    assert words(news, "en") == [TOWN, LIN, FIRM, EAST]
    dry = push_disputes(news, studio, title=title, dry_run=True)
    assert (dry.done, studio.find_project(title), news.shards(ASKED.name)) == (1, None, [])
    report = push_disputes(news, studio, title=title)
    assert (report.done, report.skipped, report.notes["disputed places"]) == (1, [], 7)
    assert push_disputes(news, studio, title=title).unchanged == 1
    project, task = the_task(studio, title)

    def decide(result: list[Any]) -> None:
        relabel(result, "Qingpu District", "PLACE")
        relabel(result, "welcomed it", "CLAIM")
        # What all agree on is deleted, and a mark is added that nobody made.
        result[:] = [e for e in result if not (e["type"] == "labels" and e["value"].get("text") == "Qingpu")]
        start = EN.index("builder")
        value = {"start": start, "end": start + 7, "text": "builder", "labels": ["ORG"]}
        result.append(
            {
                "id": "new",
                "from_name": "label_en",
                "to_name": "en",
                "type": "labels",
                "origin": "manual",
                "value": value,
            }
        )

    result = decided(studio, project, task, decide)
    number = int(studio.sdk.annotations.create(id=task, result=result, lead_time=9.0).id)
    dry = pull_verdicts(news, studio, title=title, dry_run=True)
    assert (dry.done, news.shards(VERDICTS.name)) == (1, [])
    report = pull_verdicts(news, studio, title=title)
    assert (report.done, report.notes["verdicts"], report.notes["other than the majority"]) == (1, 8, 4)
    assert [skipped.why for skipped in report.skipped] == ["kept as it was: all annotators agree on it"]

    assert words(news, "en") == [TOWN, LIN, FIRM, ("builder", "ORG"), DISTRICT]
    gold = news.read(GOLD)["flats.en"]
    assert [(c.span.surface, c.type, c.claimant) for c in gold.claims] == [
        ("will build 300 flats", "commitment", "Lin Yue"),
        ("welcomed it", "evaluation", "Harbour Homes"),
    ]
    assert len(gold.relations) == 2
    verdicts = {(v.document, v.kind, v.start): v for v in news.read(VERDICTS).values()}
    place = verdicts["flats.en", "entity", EN.index("East")]
    assert [(v.annotators, [m.surface for m in v.what if not isinstance(m, Claim)]) for v in place.versions] == [  # type: ignore[union-attr]
        (("annotator:11",), ["East Qingpu District"]),
        (("annotator:13",), ["Qingpu District"]),
        (("annotator:12",), []),
    ]
    assert (place.sides_with, place.changed, place.annotation) == (("annotator:13",), True, number)
    assert place.adjudicator in gold.version
    assert place.time in gold.version

    # Nothing is done twice, and the majority does not take it back.
    assert (pull_verdicts(news, studio, title=title).unchanged, adjudicate(news).unchanged) == (1, 2)
    assert push_disputes(news, studio, title=title).notes["disputed places"] == 0

    # The adjudicator thinks again: the later verdict counts, the earlier one stays in the table.
    again = [entry for entry in result if entry.get("id") != "new"]
    relabel(again, "Qingpu District", "PLACE?")
    studio.update_annotation(number, again)
    pull_verdicts(news, studio, title=title)
    assert words(news, "en") == [TOWN, LIN, FIRM, EAST]
    assert len(news.read(VERDICTS)) == 16
    assert (tally(news).places, tally(news).changed) == (8, 3)


def test_changed_annotations_ask_again(news: Workspace, studio: Studio, title: str) -> None:
    push_disputes(news, studio, title=title)
    project, task = the_task(studio, title)
    # Nobody has begun it: it is replaced.
    news.append(ANNOTATIONS, [said(13, layer("zh", [TOWN_ZH, LIN_ZH, FIRM_ZH], PLAN_ZH), "2026-02-01T00:00:00Z")])
    report = push_disputes(news, studio, title=title)
    assert (report.done, report.notes["tasks of earlier annotations, deleted"]) == (1, 1)
    project, task = the_task(studio, title)
    result = decided(studio, project, task, lambda result: relabel(result, "Qingpu District", "PLACE"))
    studio.sdk.annotations.create(id=task, result=result)
    # Somebody says something new of the firm before the verdict is fetched: the push fetches it, and asks for that alone.
    changed = layer("en", [TOWN, LIN, ("Harbour Homes", "AGENCY"), DISTRICT], PLAN)
    news.append(ANNOTATIONS, [said(13, changed, "2026-03-01T00:00:00Z")])
    report = push_disputes(news, studio, title=title)
    assert (report.done, report.notes["disputed places"]) == (1, 1)
    assert report.notes["submitted meanwhile, fetched"] == 1
    assert report.notes["tasks of earlier annotations, begun"] == 1
    tasks = sorted(studio.tasks(project), key=lambda one: one.id)
    assert [one.annotations for one in tasks] == [1, 0]
    shown = [e for e in studio.predictions(project, tasks[1].id)[-1]["result"] if e["type"] == "labels"]
    labels = {e["value"]["text"]: e["value"]["labels"] for e in shown}
    assert (labels["Qingpu District"], labels["East Qingpu District"]) == (["PLACE"], ["PLACE?"])
    assert labels["Harbour Homes"] == ["FIRM"]
    adjudicate(news)
    assert words(news, "en") == [TOWN, LIN, FIRM, DISTRICT]


def test_a_task_that_is_begun_while_it_is_replaced_stays(news: Workspace, studio: Studio, title: str) -> None:
    push_disputes(news, studio, title=title)
    project, task = the_task(studio, title)
    news.append(ANNOTATIONS, [said(13, layer("zh", [TOWN_ZH, LIN_ZH, FIRM_ZH], PLAN_ZH), "2026-02-01T00:00:00Z")])

    def begin(_: int) -> None:
        studio.sdk.annotations.create(id=task, result=[])

    report = push_disputes(news, studio, title=title, progress=begin)
    assert report.notes["tasks of earlier annotations, begun"] == 1
    assert "tasks of earlier annotations, deleted" not in report.notes
    assert {one.id: one.annotations for one in studio.tasks(project)}[task] == 1


def test_a_withdrawn_article_goes_from_there_too(news: Workspace, studio: Studio, title: str) -> None:
    push_disputes(news, studio, title=title)
    record(news, ["flats.en"])
    assert [task.task for task in withdraw(news, studio, ["flats.en"]).tasks] == [the_number(news)]
    assert list(studio.tasks(studio.find_project(title) or 0)) == []


def the_number(workspace: Workspace) -> int:
    (task,) = workspace.read(ASKED).values()
    return task.task


def test_what_this_workspace_did_not_ask_is_named(news: Workspace, studio: Studio, title: str) -> None:
    with pytest.raises(StudioError, match="make it with: hemu adjudicate push"):
        pull_verdicts(news, studio, title=title)
    push_disputes(news, studio, title=title)
    _, task = the_task(studio, title)
    studio.sdk.annotations.create(id=task, result=[])
    for shard in news.shards(ASKED.name):
        shard.unlink()
    report = pull_verdicts(Workspace.open(news.root), studio, title=title)
    assert (report.done, ["this workspace did not ask for it" in s.why for s in report.skipped]) == (0, [True])


def test_from_the_command_line(
    news: Workspace, studio: Studio, studio_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = news.root / "hemu.toml"
    text = config.read_text(encoding="utf-8").replace("[studio]\n", f'[studio]\nurl = "{studio.url}"\n')
    config.write_text(text, encoding="utf-8")
    monkeypatch.setenv("HEMU_STUDIO_TOKEN", studio_server.token())

    def run(*words: str) -> Any:
        outcome = CliRunner().invoke(
            root, ["adjudicate", *words, "--json", "-w", str(news.root)], standalone_mode=False
        )
        assert outcome.exception is None, outcome.output
        return json.loads(outcome.stdout)

    assert run()["notes"]["disputed and decided by an adjudicator"] == 0
    assert run("push", "--dry-run")["done"] == 1
    pushed = run("push", "--anonymous")
    assert (pushed["done"], pushed["notes"]["project"]) == (1, "news · disputes")
    project, task = the_task(studio, "news · disputes")
    data = next(iter(studio.tasks(project))).data
    assert "annotator" not in json.dumps(data)
    assert '<span class="who">A, C</span>' in data["disputes"]
    studio.sdk.annotations.create(id=task, result=decided(studio, project, task, lambda result: None))
    assert run("pull")["notes"]["verdicts"] == 7
    assert run()["unchanged"] == 2


class TestInTheBrowser:
    pytestmark = pytest.mark.browser

    @pytest.fixture
    def page(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
        pytest.importorskip("selenium", reason="the dependency group 'browser' is not installed")
        import test_studio_browser

        yield from test_studio_browser.page.__wrapped__(tmp_path_factory)  # type: ignore[attr-defined]

    def test_one_decides_with_the_keys(
        self, page: Any, news: Workspace, studio: Studio, studio_server: Server, title: str
    ) -> None:
        push_disputes(news, studio, title=title)
        project, task = the_task(studio, title)
        page.sign_in(studio_server)
        page.open_task(studio.url, project, task, 12)
        marks = page.marks()
        assert ("en", "Place ✓", "Qingpu") in marks
        assert ("en", "Place ?", "Qingpu District") in marks
        assert ("zh", "企业", "港湾置业") in marks
        rows = [row.text.split("\n") for row in page.all(".hemu-disputes ol li")]
        assert ["EN Harbour Homes", "● Firm annotator:11, annotator:12", "○ Organisation annotator:13"] in rows
        assert not any(" ✓" in label.text or " ?" in label.text for label in page.all(".hemu-bar .lsf-label"))
        # What is agreed is locked against keys.
        page.click_mark("zh", "林岳")
        page.press("3", "\ue003", "u")
        assert ("zh", "官员 ✓", "林岳") in page.marks()
        page.click_mark("en", "welcomed it")
        page.press("8", "u")
        page.click_mark("en", "Qingpu District")
        page.press("6", "u")
        page.click_mark("zh", "港湾置业")
        page.press("\ue003", "u")
        page.submit()
        page.wait(lambda: len(studio.sdk.annotations.list(task)) == 1, "the annotation")
        time.sleep(0.5)
        report = pull_verdicts(news, studio, title=title)
        assert (report.done, report.skipped) == (1, [])
        assert words(news, "en") == [TOWN, LIN, FIRM, DISTRICT]
        assert words(news, "zh") == [TOWN_ZH, LIN_ZH]
        gold = news.read(GOLD)["flats.en"]
        assert [(c.type, c.claimant) for c in gold.claims] == [
            ("commitment", "Lin Yue"),
            ("evaluation", "Harbour Homes"),
        ]
