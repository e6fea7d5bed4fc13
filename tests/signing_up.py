"""What a person does in a browser, by plain HTTP: sign up by an invitation link, and then annotate."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from annotators.studio.client import Studio
from annotators.studio.push import PushItem, push
from corpus.document import Document, Entity, Group, Item, Segments, Span
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

PASSWORD = "A-password-of-their-own-7"
EN = "Mayor Lin Yue of Qingpu said the town will build 300 flats."
ZH = "青浦镇长林岳表示，该镇将建设300套住房。"


def sign_up(link: str, email: str, password: str = PASSWORD) -> None:
    """Make an account by the form of the sign-up page; urllib's HTTPError where the link is not good."""
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    page = browser.open(link, timeout=30).read().decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    form = {"email": email, "password": password, "csrfmiddlewaretoken": token, "allow_newsletters": "false"}
    answer = browser.open(urllib.request.Request(link, urlencode(form).encode(), {"Referer": link}), timeout=30)
    assert "/user/signup" not in answer.url, re.findall(r"<li>(.*?)</li>", answer.read().decode())


def pushed(root: Path, studio: Studio, title: str, articles: int = 1) -> tuple[Workspace, list[int]]:
    """A workspace whose articles are on the server, and the numbers of their tasks."""
    workspace = Workspace.create(root)
    items = []
    for number in range(articles):
        en = Document(f"a{number}.en", f"a{number}", "en", f"{EN} No. {number}")
        zh = Document(f"a{number}.zh", f"a{number}", "zh", f"{ZH}第{number}号")
        workspace.append(DOCUMENTS, [en, zh])
        span = Span.of(en.text, en.text.index("Lin Yue"), en.text.index("Lin Yue") + 7)
        items.append(
            PushItem(
                Group(
                    (
                        Item(en, Segments(en.id, en.sha, ()), (Entity(span, "OFFICIAL"),)),
                        Item(zh, Segments(zh.id, zh.sha, ())),
                    )
                ),
                (),
                "v1",
            )
        )
    project: Any = push(workspace, studio, items, title=title).notes["project"]
    return workspace, sorted(task.id for task in studio.tasks(project))


def annotate(studio: Studio, project: int, task: int) -> None:
    """Submit what was predicted, as the browser does."""
    result = studio.predictions(project, task)[-1]["result"]
    studio.sdk.annotations.create(id=task, result=result, lead_time=9.0)
