"""What an annotator sees and does, in a real Chromium: every mark in its place, and what is changed comes back."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotators.studio.client import Studio, connect
from annotators.studio.pull import pull
from annotators.studio.push import PushItem, push
from annotators.studio.server import Server
from annotators.studio.tables import ANNOTATIONS, EDITS
from corpus.document import (
    AUTHOR,
    Claim,
    Document,
    Entity,
    Group,
    Item,
    Lang,
    Ref,
    Relation,
    Segments,
    Span,
    Target,
)
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

selenium = pytest.importorskip("selenium", reason="the dependency group 'browser' is not installed")

pytestmark = [pytest.mark.studio, pytest.mark.browser]

EN = (
    "Qingpu plans 300 flats 👩‍👩‍👧\r\n\r\nMayor Lin Yue of Qingpu said the town will build 300 flats. "
    "Harbour Homes, a builder, welcomed it.\r\n\r\nThe rents <b>fall</b> &amp; stay low."
)
ZH = "青浦计划建房300套𠮷\n\n青浦镇长林岳表示，该镇将建设300套住房。\u2028港湾置业对此表示欢迎。\n\n房租已经下降。"


def at(text: str, words: str) -> Span:
    start = text.index(words)
    return Span.of(text, start, start + len(words))


def document(lang: Lang, text: str) -> Document:
    return Document(f"flats.{lang}", "flats", lang, text)


def item_of() -> PushItem:
    en, zh = document("en", EN), document("zh", ZH)
    town, town_zh = Entity(at(EN, "Qingpu"), "PLACE", link="Q11"), Entity(at(ZH, "青浦"), "PLACE")
    lin, lin_zh = Entity(at(EN, "Lin Yue"), "OFFICIAL", 0.9), Entity(at(ZH, "林岳"), "OFFICIAL")
    # Deliberately wrong: the annotator of the test puts it right.
    firm = Entity(at(EN, "Harbour Homes"), "ORG", 0.4)
    plan = Claim(
        at(EN, "will build 300 flats"),
        "commitment",
        "support",
        "Lin Yue",
        "housing",
        (Target("300", "flats"),),
        (lin.start, lin.end),
    )
    plan_zh = Claim(at(ZH, "将建设300套住房"), "demand", "support", AUTHOR, "housing")
    same = Relation("same_as", Ref(en.id, "entity", lin.start, lin.end), Ref(zh.id, "entity", lin_zh.start, lin_zh.end))
    group = Group(
        (
            Item(en, Segments(en.id, en.sha, ()), (town, lin, firm), (plan,)),
            Item(zh, Segments(zh.id, zh.sha, ()), (town_zh, lin_zh), (plan_zh,)),
        )
    )
    return PushItem(group, (same,), "v1")


class Page:
    """A task in the browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def all(self, css: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", css))

    def wait(self, until: Callable[[], Any], what: str, seconds: float = 40) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := until():
                return found
            time.sleep(0.1)
        raise AssertionError(f"the page never showed {what}; it shows: {self.driver.title}")

    def sign_in(self, server: Server) -> None:
        account = json.loads(server.credentials.read_text())
        self.driver.get(f"{server.status().url}/user/login/")
        self.wait(lambda: self.all("[name=email]"), "the login")
        self.all("[name=email]")[0].send_keys(account["username"])
        self.all("[name=password]")[0].send_keys(account["password"] + "\n")
        self.wait(lambda: "login" not in self.driver.current_url, "the projects")

    def open_task(self, url: str, project: int, task: int, marks: int) -> None:
        self.driver.get(f"{url}/projects/{project}/data?task={task}")
        # Submit shows before the pre-annotation does: only the marks tell that a task is ready.
        self.wait(lambda: self.settled(marks), f"{marks} marks")

    def settled(self, marks: int) -> bool:
        """Whether the marks are there and stay: the page may draw the task twice while it loads."""
        for _ in range(4):
            if len(self.marks()) < marks:
                return False
            time.sleep(0.25)
        return True

    def marks(self) -> list[tuple[str, str, str]]:
        """(language, label, words) of each mark; the label stands in its last piece, the words may be in several."""
        return [
            tuple(mark)
            for mark in self.driver.execute_script("""
            const found = {};
            for (const lang of ['en', 'zh'])
              for (const piece of document.querySelectorAll('.hemu-' + lang + ' .htx-highlight')) {
                const id = [...piece.classList].find(c => c.startsWith('htx-highlight-'));
                const mark = found[id] ??= [lang, '', ''];
                mark[1] = (piece.dataset.label || mark[1]).replace(/^\\d+:/, '');
                mark[2] += piece.textContent;
              }
            return Object.values(found);
            """)
        ]

    def click_mark(self, lang: Lang, words: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        piece = self.wait(
            lambda: next((e for e in self.all(f".hemu-{lang} .htx-highlight") if words in e.text), None), words
        )
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", piece)
        time.sleep(0.3)
        ActionChains(self.driver).move_to_element(piece).click().perform()
        time.sleep(0.5)

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()
            time.sleep(0.4)

    def edges(self, lang: Lang, words: str) -> tuple[int, int, int, int]:
        """Where words begin on the screen, and where they end (they may run into the next line): x and y of each."""
        return tuple(
            self.driver.execute_script(
                """
            const walk = document.createTreeWalker(
              document.querySelector('.hemu-' + arguments[0] + ' .lsf-richtext__container'), NodeFilter.SHOW_TEXT);
            const range = document.createRange();
            for (let node; (node = walk.nextNode()); ) {
              const start = node.textContent.indexOf(arguments[1]);
              if (start < 0) continue;
              range.setStart(node, start);
              range.setEnd(node, start + arguments[1].length);
              node.parentElement.scrollIntoView({block: 'center'});
              const boxes = [...range.getClientRects()].filter(box => box.width);
              const first = boxes[0], last = boxes[boxes.length - 1];
              return [first.left + 1, first.top + first.height / 2, last.right - 1, last.top + last.height / 2]
                .map(Math.round);
            }
            """,
                lang,
                words,
            )
        )

    def select(self, lang: Lang, words: str) -> None:
        """Drag the mouse over words."""
        x, y, to_x, to_y = self.edges(lang, words)
        self.drag(x, y, to_x, to_y)

    def drag_edge(self, side: str, lang: Lang, words: str) -> None:
        """Drag the handle at the left or right edge of the selected mark to the far end of words."""
        x, y, to_x, to_y = self.edges(lang, words)
        (handle,) = self.all(f".hemu-{lang} .htx-highlight .__resize_{side}")
        box = handle.rect
        scrolled = self.driver.execute_script("return [scrollX, scrollY]")
        from_x, from_y = box["x"] + box["width"] / 2 - scrolled[0], box["y"] + box["height"] / 2 - scrolled[1]
        self.drag(round(from_x), round(from_y), *((x, y) if side == "left" else (to_x, to_y)))

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> None:
        from selenium.webdriver.common.actions.action_builder import ActionBuilder

        actions = ActionBuilder(self.driver)
        pointer = actions.pointer_action
        pointer.move_to_location(x, y)
        pointer.pointer_down()
        pointer.move_to_location(x + (4 if to_x > x else -4), y)
        pointer.move_to_location(to_x, to_y)
        pointer.pointer_up()
        actions.perform()
        time.sleep(0.6)

    def checked(self) -> set[str]:
        """The attributes that are ticked in the panel in sight."""
        panels = [panel for panel in self.all(".hemu-claim") if panel.is_displayed()]
        return {e.get_attribute("name") for p in panels for e in p.find_elements("css selector", "input:checked")}

    def submit(self) -> None:
        self.wait(lambda: self.all("[data-testid=bottombar-submit-button]"), "the button Submit")[0].click()
        time.sleep(1)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.fail("no Chromium with its driver: install the packages chromium and chromium-driver", pytrace=False)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1600,1000",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=Service(driver))
    yield Page(browser)
    browser.quit()


@pytest.fixture
def news(workspace_root: Path) -> Workspace:
    workspace = Workspace.create(workspace_root)
    workspace.append(DOCUMENTS, [document("en", EN), document("zh", ZH)])
    return workspace


def opened(
    page: Page, studio_server: Server, news: Workspace, title: str, scheme_marks: int = 7
) -> tuple[Studio, int, int]:
    studio = connect(studio_server.status().url, studio_server.token())
    project: Any = push(news, studio, [item_of()], title=title).notes["project"]
    task = next(iter(studio.tasks(project))).id
    if "/projects" not in page.driver.current_url:
        page.sign_in(studio_server)
    page.open_task(studio.url, project, task, scheme_marks)
    return studio, project, task


def test_every_mark_is_in_its_place(page: Page, studio_server: Server, news: Workspace) -> None:
    opened(page, studio_server, news, "places")
    assert sorted(page.marks()) == sorted(
        [
            ("en", "Place", "Qingpu"),
            ("en", "Official", "Lin Yue"),
            ("en", "Organisation", "Harbour Homes"),
            ("en", "Claim", "will build 300 flats"),
            ("zh", "地点", "青浦"),
            ("zh", "官员", "林岳"),
            ("zh", "政策主张", "将建设300套住房"),
        ]
    )
    # Markup in a text is shown as it stands there.
    assert "The rents <b>fall</b> &amp; stay low." in page.all(".hemu-en")[0].text
    buttons = [label.text.split("\n") for label in page.all(".hemu-bar .lsf-label")]
    assert buttons[2] == ["Firm 企业", "3"]
    assert buttons[10] == ["企业 Firm", "3"]
    assert not any(panel.is_displayed() for panel in page.all(".hemu-claim"))


def test_labels_and_attributes_stay_in_sight(page: Page, studio_server: Server, news: Workspace) -> None:
    opened(page, studio_server, news, "in sight")
    page.wait(lambda: page.all(".hemu-text"), "the text")
    page.driver.execute_script("arguments[0].style.paddingBottom = '3000px'", page.all(".hemu-text")[0])
    page.click_mark("en", "will build 300 flats")
    assert page.checked() == {"Commitment 承诺", "Support 支持"}
    panel = next(p for p in page.all(".hemu-claim") if p.is_displayed())
    assert "Housing 住房" in panel.text
    assert "300 | flats" in panel.text
    page.driver.execute_script("document.querySelector('.lsf-main-content').scrollTop = 1500")
    time.sleep(0.5)
    height = page.driver.execute_script("return innerHeight")
    for element in (page.all(".hemu-bar")[0], panel):
        top = page.driver.execute_script("return arguments[0].getBoundingClientRect().top", element)
        assert 0 < top < height, element.get_attribute("class")


def test_an_annotator_s_work_comes_back(page: Page, studio_server: Server, news: Workspace) -> None:
    studio, _, task = opened(page, studio_server, news, "at work")
    page.click_mark("en", "Harbour Homes")
    page.press("3", "u")
    assert ("en", "Firm", "Harbour Homes") in page.marks()
    # The same keys, in the other language.
    page.press("3")
    page.select("zh", "港湾置业")
    assert ("zh", "企业", "港湾置业") in page.marks()
    page.press("u")
    page.click_mark("zh", "将建设300套住房")
    page.press("q", "d")
    assert page.checked() == {"承诺 Commitment", "中立 Neutral", "Author 作者"}
    page.press("u")
    page.click_mark("en", "Qingpu")
    page.press("\ue003", "u")
    assert ("en", "Place", "Qingpu") not in page.marks()
    # A claim without a type is not let through: it is selected, and the keys set what it lacks.
    page.press("8")
    page.select("zh", "房租已经下降")
    page.press("u")
    page.submit()
    page.wait(lambda: page.all(".ant-modal-wrap button"), "what is missing")[-1].click()
    time.sleep(1)
    page.press("r", "a", "z")
    page.submit()
    page.wait(lambda: len(studio.sdk.annotations.list(task)) == 1, "the annotation")

    report = pull(news, studio, title="at work")
    assert (report.done, report.skipped) == (1, [])
    rows = {row.layer.document: row for row in news.read(ANNOTATIONS).values()}
    en, zh = rows["flats.en"].layer, rows["flats.zh"].layer
    assert [(e.span, e.label) for e in en.entities] == [
        (at(EN, "Lin Yue"), "OFFICIAL"),
        (at(EN, "Harbour Homes"), "FIRM"),
    ]
    assert [(e.span, e.label) for e in zh.entities] == [
        (at(ZH, "青浦"), "PLACE"),
        (at(ZH, "林岳"), "OFFICIAL"),
        (at(ZH, "港湾置业"), "FIRM"),
    ]
    (plan,) = en.claims
    assert (plan.span.surface, plan.claimant, plan.targets) == (
        "will build 300 flats",
        "Lin Yue",
        (Target("300", "flats"),),
    )
    assert [(c.span, c.type, c.stance, c.claimant, c.policy_area) for c in zh.claims] == [
        (at(ZH, "将建设300套住房"), "commitment", "neutral", AUTHOR, "housing"),
        (at(ZH, "房租已经下降"), "effect", "support", AUTHOR, ""),
    ]
    assert {r.label for r in en.relations} == {"claimant", "same_as"}
    assert rows["flats.en"].model_version == "v1"
    assert rows["flats.en"].lead_time > 0


def test_a_relation_and_a_link(page: Page, studio_server: Server, news: Workspace) -> None:
    studio, _, task = opened(page, studio_server, news, "joined")
    page.click_mark("zh", "将建设300套住房")
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(page.driver).key_down(Keys.ALT).send_keys("r").key_up(Keys.ALT).perform()
    time.sleep(0.5)
    page.click_mark("zh", "林岳")
    page.press("u")
    page.submit()
    page.wait(lambda: len(studio.sdk.annotations.list(task)) == 1, "the annotation")
    report = pull(news, studio, title="joined")
    # Nobody named the arrow: between a claim and a mention it says who makes the claim.
    assert [problem.why for problem in report.skipped] == ["kept as the claimant: the arrow has no name"]
    rows = {row.layer.document: row.layer for row in news.read(ANNOTATIONS).values()}
    assert [(c.claimant, c.claimant_span) for c in rows["flats.zh"].claims] == [
        ("林岳", (ZH.index("林岳"), ZH.index("林岳") + 2))
    ]
    assert [e.link for e in rows["flats.en"].entities] == ["Q11", "", ""]


def test_the_list_of_tasks_shows_no_keys_and_hashes(page: Page, studio_server: Server, news: Workspace) -> None:
    studio, project, _ = opened(page, studio_server, news, "listed")
    page.driver.get(f"{studio.url}/projects/{project}/data")

    def columns() -> set[str]:
        return {column.text for column in page.all("[class*=table-head] [class*=th-], .lsf-table-head__column")}

    page.wait(lambda: "text_en" in columns(), "the list of tasks")
    shown = columns()
    assert {"ID", "Completed", "text_en", "text_zh", "pair", "doc_en", "doc_zh"} <= shown
    assert shown.isdisjoint({"key", "article", "sha_en", "sha_zh", "Inner ID", "Prediction results"})
    # A second push leaves the list as somebody has set it up.
    (view,) = studio.sdk.views.list(project=project)
    studio.request("PATCH", f"/api/dm/views/{view.id}/", {"project": project, "data": {"title": "Mine"}})
    push(news, studio, [item_of()], title="listed")
    assert [view.data["title"] for view in studio.sdk.views.list(project=project)] == ["Mine"]


def test_an_edge_that_is_dragged_lengthens_a_mark(page: Page, studio_server: Server, news: Workspace) -> None:
    studio, _, task = opened(page, studio_server, news, "dragged")
    page.click_mark("en", "Lin Yue")
    page.drag_edge("left", "en", "Mayor")
    page.press("u")
    page.click_mark("en", "Harbour Homes")
    page.drag_edge("right", "en", ", a builder")
    page.press("u")
    page.click_mark("zh", "林岳")
    page.drag_edge("left", "zh", "镇长")
    assert {
        ("en", "Official", "Mayor Lin Yue"),
        ("en", "Organisation", "Harbour Homes, a builder"),
        ("zh", "官员", "镇长林岳"),
    } <= set(page.marks())
    page.press("u")
    page.submit()
    page.wait(lambda: len(studio.sdk.annotations.list(task)) == 1, "the annotation")
    report = pull(news, studio, title="dragged")
    assert (report.done, report.skipped) == (1, [])
    rows = {row.layer.document: row.layer for row in news.read(ANNOTATIONS).values()}
    en, zh = rows["flats.en"].entities, rows["flats.zh"].entities
    assert [(e.span, e.label) for e in en[1:]] == [
        (at(EN, "Mayor Lin Yue"), "OFFICIAL"),
        (at(EN, "Harbour Homes, a builder"), "ORG"),
    ]
    assert [(e.span, e.label) for e in zh[1:]] == [(at(ZH, "镇长林岳"), "OFFICIAL")]
    marks = [mark for edits in news.read(EDITS).values() for mark in edits.marks if mark.kind == "entity"]
    assert sorted(mark.outcome for mark in marks) == ["boundary", "boundary", "boundary", "kept", "kept"]
