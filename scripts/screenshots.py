"""Make the pictures of docs/: a real Label Studio with sample articles, worked in by a real Chromium.

    HEMU_STUDIO_ENV=.label-studio .venv/bin/python scripts/screenshots.py               # all, into docs/images
    .venv/bin/python scripts/screenshots.py --only claim --folder out/screenshots --to out

Needs the dependency group `browser`, Chromium and its driver. With --folder, workspace, server data and accounts are kept there, and
the next run is faster. A picture of more than 150 kB is reduced to its 256 most frequent colours.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import signing_up  # noqa: E402
from test_studio_browser import Page  # noqa: E402

from annotators.studio.accounts import link_of  # noqa: E402
from annotators.studio.client import Studio, connect  # noqa: E402
from annotators.studio.server import (  # noqa: E402
    Server,
    default_data,
    free_port,
)
from annotators.studio.tables import ANNOTATIONS, Annotation  # noqa: E402
from corpus.document import Layer  # noqa: E402
from corpus.reading import annotated  # noqa: E402
from corpus.store import Workspace  # noqa: E402

SAMPLE = ROOT / "corpus" / "data" / "sample" / "articles"
ARTICLES = ("climate-carbon", "elderly-care", "housing-rental", "semiconductor-brief")
PROJECT, SERVER = "Policy news", "screenshots"
HOUSING = "Hangzhou turns idle offices"
ANNA, PASSWORD = "anna@example.org", "A-password-of-their-own-7"
WIDTH, HEIGHT, LIMIT = 1440, 860, 150_000
Box = tuple[float, float, float, float]

BADGE = """
const badge = document.createElement('div');
badge.textContent = arguments[2];
badge.className = 'guide-badge';
badge.style.cssText = 'position:fixed;z-index:99999;width:26px;height:26px;border-radius:13px;background:#c2185b;color:#fff;' +
  'font:bold 15px/26px sans-serif;text-align:center;box-shadow:0 0 0 2px #fff;pointer-events:none;' +
  `left:${arguments[0]}px;top:${arguments[1]}px`;
document.body.append(badge);
"""


def few(image: Image.Image) -> Image.Image:
    """The picture in its 256 most frequent colours: those of the surfaces stay as they are, which the usual methods shift."""
    colours = sorted(image.getcolors(maxcolors=2**24) or [], reverse=True)[:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for _, colour in colours for value in colour])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


class Camera:
    """A page, and the pictures that are taken of it."""

    def __init__(self, page: Page, url: str, to: Path) -> None:
        self.page, self.url, self.to, self.driver = page, url, to, page.driver
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def take(self, name: str, box: Box | None = None) -> None:
        """Write what the window shows, or its part `box` (left, top, right, bottom), as a small PNG."""
        time.sleep(0.5)
        image = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
        if box is not None:
            left, top, right, bottom = (round(side) for side in box)
            image = image.crop((max(0, left), max(0, top), min(image.width, right), min(image.height, bottom)))
        path = self.to / f"{name}.png"
        image.save(path, optimize=True)
        if path.stat().st_size > LIMIT:
            few(image).save(path, optimize=True)
        if path.stat().st_size > LIMIT:
            sys.exit(f"{path}: {path.stat().st_size} bytes; expected at most {LIMIT}")
        print(f"{path}: {image.width} × {image.height}, {path.stat().st_size / 1000:.0f} kB")
        self.driver.execute_script("document.querySelectorAll('.guide-badge').forEach(badge => badge.remove())")

    def box(self, css: str, number: int = 0) -> Box:
        element = [e for e in self.page.all(css) if e.is_displayed()][number]
        return self.box_of(element)

    def box_of(self, element: Any) -> Box:
        left, top, right, bottom = self.driver.execute_script(
            "const r = arguments[0].getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]", element
        )
        return left, top, right, bottom

    def badge(self, number: int, box: Box, right: bool = False) -> None:
        """A numbered disc left (or right) of a box."""
        x = box[2] + 4 if right else box[0] - 30
        self.driver.execute_script(BADGE, min(max(2, x), WIDTH - 32), max(2, (box[1] + box[3]) / 2 - 13), str(number))

    def button(self, text: str) -> Any:
        return self.page.wait(
            lambda: next((b for b in self.page.all("button") if b.text.strip() == text and b.is_displayed()), None),
            f"the button {text}",
        )

    def tab(self, text: str) -> None:
        next(t for t in self.page.all("[class*=tab]") if t.text.strip() == text).click()
        time.sleep(0.8)

    def alt(self, key: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        ActionChains(self.driver).key_down(Keys.ALT).send_keys(key).key_up(Keys.ALT).perform()
        time.sleep(0.5)

    def scroll_to(self, words: str) -> None:
        piece = next(e for e in self.page.all(".hemu-en .htx-highlight") if words in e.text)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", piece)
        time.sleep(0.3)

    def stream(self, project: int, begins: str) -> None:
        """The task that begins so, as it comes after `Label All Tasks`."""
        self.driver.get(f"{self.url}/projects/{project}/data")
        self.button("Label All Tasks").click()
        for _ in range(len(ARTICLES)):
            self.page.wait(lambda: self.page.settled(4), "marks")
            self.close_instructions()
            if begins in self.page.all(".hemu-en")[0].text:
                return
            self.page.all("[data-testid=next-task]")[0].click()
            time.sleep(3)
        sys.exit(f"no task begins with {begins!r}")

    def close_instructions(self) -> None:
        for button in self.page.all("button[aria-label='Close modal']"):
            button.click()
            time.sleep(1)


@dataclass(frozen=True)
class Set:
    """What the pictures are taken of."""

    camera: Camera
    workspace: Workspace
    studio: Studio
    link: str

    @property
    def project(self) -> int:
        found = self.studio.find_project(f"{PROJECT} · anna")
        assert found is not None
        return found

    def open(self, begins: str = HOUSING) -> None:
        self.camera.stream(self.project, begins)


def sign_up(scene: Set) -> None:
    camera, page = scene.camera, scene.camera.page
    camera.driver.get(scene.link)
    page.wait(lambda: page.all("[name=email]"), "the sign-up form")
    page.all("[name=email]")[0].send_keys(ANNA)
    page.all("[name=password]")[0].send_keys(PASSWORD)
    camera.driver.execute_script("document.querySelector('#allow_newsletters_visual').click()")
    left, top, right, bottom = camera.box("form")
    camera.take("sign-up", (left - 60, top - 80, right + 60, bottom + 70))
    page.all("[name=password]")[0].send_keys("\n")
    time.sleep(3)


def sign_in(camera: Camera) -> None:
    page = camera.page
    camera.driver.get(f"{camera.url}/user/login/")
    time.sleep(1)
    if not page.all("[name=email]"):
        return
    page.all("[name=email]")[0].send_keys(ANNA)
    page.all("[name=password]")[0].send_keys(PASSWORD + "\n")
    page.wait(lambda: "login" not in camera.driver.current_url, "the projects")


def forget_drafts(scene: Set) -> None:
    """Delete what an earlier run has left in the browser's name."""
    token = next(cookie["value"] for cookie in scene.camera.driver.get_cookies() if cookie["name"] == "csrftoken")
    for task in scene.studio.tasks(scene.project):
        scene.camera.driver.execute_async_script(
            """
            const [task, token, done] = arguments;
            fetch(`/api/tasks/${task}/drafts`).then(answer => answer.json()).then(drafts => Promise.all(drafts.map(draft =>
              fetch(`/api/drafts/${draft.id}/`, {method: 'DELETE', headers: {'X-CSRFToken': token}})))).then(all => done(all.length));
            """,
            task.id,
            token,
        )


def tasks(scene: Set) -> None:
    camera = scene.camera
    camera.driver.get(f"{camera.url}/projects/{scene.project}/data")
    button = camera.button("Label All Tasks")
    time.sleep(3)
    camera.badge(1, camera.box_of(button), right=True)
    camera.badge(
        2, next(camera.box_of(e) for e in camera.page.all("div") if e.text.strip() == "housing-rental"), right=True
    )
    camera.take("tasks", (0, 0, WIDTH, 380))


def screen(scene: Set) -> None:
    scene.open()
    camera, page = scene.camera, scene.camera.page
    camera.take("studio-task")
    for number, bar in ((1, 0), (2, 1)):
        left, top, right, _ = camera.box(".hemu-bar", bar)
        camera.badge(number, (left + 150, top + 6, right, top + 22))
    mark = next(e for e in page.all(".hemu-en .htx-highlight") if "Fuyang" in e.text)
    camera.badge(3, camera.box_of(mark))
    for number, name in ((4, "Info"), (5, "Regions")):
        camera.badge(number, camera.box_of(next(t for t in page.all("[class*=tab]") if t.text.strip() == name)))
    camera.badge(6, camera.box_of(camera.button("Instructions")))
    for number, css in (
        (7, "[data-testid=bottombar-undo-button]"),
        (8, "[data-testid=next-task]"),
        (9, "[data-testid=bottombar-skip-button]"),
        (10, "[data-testid=bottombar-submit-button]"),
    ):
        left, top, right, _ = camera.box(css)
        camera.badge(number, ((left + right) / 2 + 17, top - 26, right, top - 2))
    camera.take("screen")


def marks(scene: Set) -> None:
    """A firm that was missed in Chinese, being marked; and a mark that is too long, clicked."""
    camera, page = scene.camera, scene.camera.page
    scene.open()
    page.press("3")
    dragged(page, "zh", "安栖公寓")
    left, top, _, _ = camera.box(".hemu-column")
    right = camera.box(".hemu-column", 1)[2]
    camera.take("select", (left - 8, top - 8, right + 8, HEIGHT - 60))
    scene.open()
    page.click_mark("zh", "临潮苑11楼")
    camera.take("selected", (left - 8, 0, WIDTH, 500))


def claim(scene: Set) -> None:
    scene.open()
    scene.camera.page.click_mark("en", "subsidised rental units")
    scene.camera.take("studio-claim")


def arrow(scene: Set) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    scene.open()
    camera, page = scene.camera, scene.camera.page
    camera.tab("Relations")
    before = len(page.all(".lsf-relations__item"))
    page.click_mark("en", "reference rent")
    camera.alt("r")
    page.click_mark("en", "housing is for living in")
    page.wait(lambda: len(page.all(".lsf-relations__item")) > before, "the arrow")
    page.press("u")
    item = page.all(".lsf-relations__item")[-1]
    camera.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", item)
    ActionChains(camera.driver).move_to_element(item).perform()
    time.sleep(0.5)
    item.find_element("css selector", "button[aria-label='Show Relation Labels']").click()
    time.sleep(0.8)
    item.find_elements("css selector", "button")[-1].click()
    time.sleep(0.8)
    camera.take("arrow", (camera.box(".hemu-column")[0] - 8, 0, WIDTH, HEIGHT))


def missing(scene: Set) -> None:
    """A claim without type and stance is not let through."""
    scene.open()
    camera, page = scene.camera, scene.camera.page
    page.press("8")
    page.select("en", "The rent is 1,150 yuan a month")
    page.press("u")
    page.submit()
    page.wait(lambda: page.all(".ant-modal-wrap button"), "what is missing")
    time.sleep(1)
    left, top, right, bottom = camera.box(".ant-modal")
    camera.take("missing", (left - 40, top - 20, right + 40, bottom + 30))


def update(scene: Set) -> None:
    """An article that was submitted and opened again, and a mark in it changed."""
    scene.open("Steel towns")
    camera, page = scene.camera, scene.camera.page
    page.submit()
    time.sleep(3)
    task = next(task.id for task in scene.studio.tasks(scene.project) if task.data["pair"] == "climate-carbon")
    page.open_task(camera.url, scene.project, task, 4)
    camera.close_instructions()
    page.click_mark("en", "Ruifeng Special Steel")
    page.press("3", "u")
    page.click_mark("zh", "瑞丰特钢")
    page.press("3", "u")
    camera.take("update")


def dispute(scene: Set) -> None:
    """Two people differ about an article; a third decides."""
    camera, page, workspace = scene.camera, scene.camera.page, scene.workspace
    for _, layer in annotated(workspace, "combined", ids=["climate-carbon.en", "climate-carbon.zh"]):
        for number, one in ((901, layer), (902, _otherwise(layer))):
            when = "2026-01-01T00:00:00Z"
            row = Annotation(
                replace(one, source="x", relations=()),
                number,
                1,
                1,
                "http://x",
                f"annotator:{number}",
                when,
                when,
                60.0,
            )
            workspace.append(ANNOTATIONS, [row])
    hemu("adjudicate", "push", "--anonymous", "-w", workspace.root)
    project = scene.studio.find_project(f"{PROJECT} · disputes")
    assert project is not None
    (task,) = scene.studio.tasks(project)
    page.open_task(camera.url, project, task.id, 4)
    camera.close_instructions()
    camera.take("dispute")


def _otherwise(layer: Layer) -> Layer:
    """What somebody else might have marked: another label, a mark less, a claim of another type."""
    firms = [e for e in layer.entities if e.label == "FIRM"]
    entities = tuple(replace(e, label="ORG") if e in firms[:1] else e for e in layer.entities if e not in firms[1:2])
    first, *others = layer.claims
    return replace(layer, entities=entities, claims=(replace(first, type="evaluation"), *others[:-1]))


def dragged(page: Page, lang: str, words: str) -> None:
    """Press the mouse button at the beginning of words and move it to their end."""
    from selenium.webdriver.common.actions.action_builder import ActionBuilder

    x, y, to_x, to_y = page.driver.execute_script(
        """
        const walk = document.createTreeWalker(
          document.querySelector(`.hemu-${arguments[0]} .lsf-richtext__container`), NodeFilter.SHOW_TEXT);
        for (let node; (node = walk.nextNode()); ) {
          const start = node.textContent.indexOf(arguments[1]);
          if (start < 0) continue;
          const range = document.createRange();
          range.setStart(node, start);
          range.setEnd(node, start + arguments[1].length);
          node.parentElement.scrollIntoView({block: 'center'});
          const boxes = [...range.getClientRects()].filter(box => box.width), first = boxes[0], last = boxes[boxes.length - 1];
          return [first.left + 1, first.top + first.height / 2, last.right - 1, last.top + last.height / 2];
        }
        """,
        lang,
        words,
    )
    actions = ActionBuilder(page.driver)
    pointer = actions.pointer_action
    pointer.move_to_location(int(x), int(y))
    pointer.pointer_down()
    pointer.move_to_location(int(x) + 4, int(y))
    pointer.move_to_location(round(to_x), int(to_y))
    actions.perform()


SCENES = (sign_up, tasks, screen, marks, claim, arrow, missing, update, dispute)


def hemu(*arguments: str | Path) -> None:
    code = "from corpus.cli import main; main()"
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True)


def prepare(folder: Path) -> Workspace:
    """A workspace with articles, pre-annotated, of which one is anna's work and another in dispute."""
    root = folder / "news"
    if not root.exists():
        hemu("init", root)
        config = root / "hemu.toml"
        lines = config.read_text(encoding="utf-8").replace('server = "default"', f'server = "{SERVER}"').splitlines()
        lines = [f'project = "{PROJECT}"' if line.startswith("project = ") else line for line in lines]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        hemu("run", *sorted(f for name in ARTICLES for f in SAMPLE.glob(f"{name}.*")), "-w", root)
        hemu("assign", "--to", ANNA, "-w", root)
    return Workspace.open(root)


@contextmanager
def browser(url: str, to: Path) -> Iterator[Camera]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not chromium or not driver:
        sys.exit("no Chromium with its driver: install the packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory() as profile:
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-sync", "lang=en-US", "no-first-run"):
            options.add_argument(f"--{argument}")
        options.add_argument(f"--user-data-dir={profile}")
        opened = webdriver.Chrome(options=options, service=Service(driver))
        try:
            yield Camera(Page(opened), url, to)
        finally:
            opened.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", action="append", choices=[scene.__name__ for scene in SCENES], help="these scenes only"
    )
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images", help="the folder of the pictures")
    parser.add_argument("--folder", type=Path, help="keep workspace and server data here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        workspace = prepare(folder)
        server = Server(default_data(SERVER))
        server.start(free_port())
        try:
            studio = connect(server.status().url, server.token())
            hemu("push", "-w", workspace.root)
            with browser(studio.url, arguments.to) as camera:
                scene = Set(camera, workspace, studio, link_of(studio))
                wanted = [one for one in SCENES if not arguments.only or one.__name__ in arguments.only]
                if sign_up not in wanted:
                    # On a new server the account is not there yet; on one that was kept, the form says so.
                    with suppress(AssertionError):
                        signing_up.sign_up(scene.link, ANNA, PASSWORD)
                    sign_in(camera)
                    forget_drafts(scene)
                for one in wanted:
                    one(scene)
                    if one is sign_up:
                        sign_in(camera)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
