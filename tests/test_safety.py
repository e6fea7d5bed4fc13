"""Nothing that comes from outside does anything: hostile texts and names, in pages, in the terminal, on the disk."""

from __future__ import annotations

import base64
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from annotators.assign import ASSIGNMENTS, Assignment
from annotators.stage import layer_folder
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.cli.root import main
from corpus.document import Claim, Document, Entity, Layer, Span, Target
from corpus.errors import SchemeError, StudioError, WorkspaceError
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.scheme import default_scheme_text, load_scheme, parse_scheme
from corpus.store import Workspace, write_atomically
from corpus.terminal import harmless

# What does something in a page, and what does in a terminal; both begin as a formula does in a spreadsheet.
MARKUP = '=1+1"\'><img src=x onerror="window.owned=1"><script>alert(1)</script></style></title>{{7*7}}&lt;b>'
STEERS = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m\x7f"
HOSTILE = MARKUP + STEERS
# In every text one is a person's name, and one is what they say.
EN = f"Lanxi {HOSTILE} plans\n\nMayor {HOSTILE} of Lanxi will build 300 flats {HOSTILE} by 2027.\n\nThe Harbour Bureau objects."
ZH = f"兰溪{HOSTILE}计划\n\n兰溪市市长{HOSTILE}表示，到2027年将建设300套住房{HOSTILE}。\n\n港务局表示反对。"
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
PAIRS = 6


def span(text: str, words: str, after: int = 0) -> Span:
    at = text.index(words, after)
    return Span.of(text, at, at + len(words))


def documents() -> list[Document]:
    meta = {"title": HOSTILE, "author": HOSTILE, "source": HOSTILE, "date": "2025-03-01", "url": "javascript:alert(1)"}
    made = []
    for number in range(PAIRS):
        pair = f"../../{number}{HOSTILE}"
        made.append(Document(f"{pair}.en", pair, "en", f"{EN} {number}", (), f"../{HOSTILE}", meta))
        made.append(Document(f"{pair}.zh", pair, "zh", f"{ZH}{number}", (), f"../{HOSTILE}", meta))
    return made


def layer(document: Document, source: str, label: str = "OFFICIAL", type: str = "commitment") -> Layer:
    text = document.text
    name = span(text, HOSTILE, text.index("\n\n"))
    words = "will build 300 flats " if document.lang == "en" else "将建设300套住房"
    said = span(text, words + HOSTILE)
    entities = (Entity(name, label, 0.5, HOSTILE, HOSTILE),)
    target = Target(f"300 {HOSTILE}", HOSTILE, HOSTILE)
    claim = Claim(said, type, "support", HOSTILE, "housing", (target,), source=HOSTILE)
    return Layer(document.id, document.sha, source, HOSTILE, entities, (claim,))


def hostile_scheme() -> str:
    """The scheme with a name, two shown names and guidelines that carry markup."""
    quoted = json.dumps(MARKUP)
    added = (
        f"[[labels]]\nname = {quoted}\nen = {quoted}\nzh = {quoted}\nguideline.en = {quoted}\nguideline.zh = {quoted}\n"
    )
    relation = f'[[relations]]\nname = {quoted}\nen = {quoted}\nzh = {quoted}\nhead = "claim"\ntail = "entity"\n'
    text = default_scheme_text().replace('zh = "企业"', f"zh = {quoted}", 1)
    return text.replace("[[labels]]", f"{added}\n[[labels]]", 1) + "\n" + relation


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace.create(tmp_path_factory.mktemp("hostile") / "news<script>alert(1)")
    (made.root / "scheme.toml").write_text(hostile_scheme(), encoding="utf-8")
    settings = (made.root / "hemu.toml").read_text(encoding="utf-8")
    name = json.dumps(MARKUP)
    settings = re.sub(r'(?m)^(project|name|licence) = ".*"$', lambda m: f"{m[1]} = {name}", settings)
    (made.root / "hemu.toml").write_text(
        settings.replace("annotators = []", 'annotators = ["rules-en"]'), encoding="utf-8"
    )
    made = Workspace.open(made.root)
    both = documents()
    made.append(DOCUMENTS, both)
    run("segment", "-w", made.root)
    run("align", "-w", made.root)
    made.append(GOLD, [layer(d, HOSTILE) for d in both])
    made.append(layers_table("combined"), [layer(d, "combined", "PERSON", "demand") for d in both])
    made.append(layers_table(layer_folder(HOSTILE)), [layer(d, HOSTILE) for d in both])
    opinions = []
    for number, (who, label) in enumerate(((HOSTILE, "OFFICIAL"), (f"b{HOSTILE}", "PERSON"))):
        for place, d in enumerate(both):
            one = layer(d, who, label, "demand" if number else "commitment")
            opinions.append(
                Annotation(
                    one, 100 * number + place, place, 1, "http://localhost", who, "2025-03-03T10:00:00Z", "", 60.0
                )
            )
    made.append(ANNOTATIONS, opinions)
    made.append(ASSIGNMENTS, [Assignment(both[0].pair, HOSTILE, HOSTILE, (both[0].id, both[1].id))])
    columns = "id,label,en,en_aliases,zh,zh_aliases,traditional,pinyin,from,to,source"
    row = ",".join(
        '"' + value.replace('"', '""') + '"'
        for value in (MARKUP, "FIRM", MARKUP, "", "兰溪<b>", "", "", "", "", "", MARKUP)
    )
    (made.root / "knowledge.csv").write_text(f"{columns}\n{row}\n", encoding="utf-8")
    return made


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """The command line in this process: its exit code, and what it prints to two pipes."""
    before = sys.stdout, sys.stderr, sys.argv
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True) for _ in range(2))
    sys.stdout, sys.stderr, sys.argv = out, err, ["hemu", *map(str, arguments)]
    try:
        main()
    except SystemExit as stop:
        code = int(str(stop.code or 0))
    finally:
        sys.stdout, sys.stderr, sys.argv = before
    said, told = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    assert "internal error" not in told, told
    return code, said, told


PRINTED = {
    "show": (),
    "show ../../0": ("layer", HOSTILE),
    "find": ("Lanxi",),
    "find by": ("Lanxi", "--count", "surface", "--count", "document", "--count", "source", "--count", "label"),
    "find diverging": ("--diverging",),
    "report json": ("--json",),
    "annotators": (),
    "kb list": (),
    "agreement": ("--resamples", "0"),
    "agreement bias": ("--bias",),
    "progress": (),
    "assign": ("--show",),
    "evaluate": ("--draws", "0"),
    "pair": (),
    "dedupe": (),
    "adjudicate": ("--dry-run",),
    "dataset": (),
    "dataset versions": (),
    "push": (),
}
REFUSED = {
    "find document": ("Lanxi", "--document", HOSTILE),
    "show name": (HOSTILE,),
    "show layer": ("--layer", HOSTILE),
    "kb add": ("--label", HOSTILE, "x"),
    "ingest": (HOSTILE,),
    "remove none": (HOSTILE,),
    "train": ("--lang", HOSTILE),
    "gold import": (HOSTILE,),
    "migrate": (HOSTILE,),
    "dataset diff": (HOSTILE, HOSTILE),
    HOSTILE: (),
}
_SUBCOMMANDS = {"kb", "dataset", "gold"}


def command_of(name: str, rest: tuple[str, ...]) -> list[str]:
    first, _, second = name.partition(" ")
    return [first, second, *rest] if first in _SUBCOMMANDS and second else [name if name == HOSTILE else first, *rest]


@pytest.mark.parametrize("name", [*PRINTED, *REFUSED])
def test_nothing_that_is_printed_steers_a_terminal(workspace: Workspace, name: str) -> None:
    arguments = command_of(name, (PRINTED | REFUSED)[name])
    place = [] if name in ("annotators", HOSTILE) else ["-w", str(workspace.root)]
    code, out, err = run(*arguments, *place)
    assert code == 0 or name in REFUSED or name.split()[0] in ("show", "push"), err
    assert out or err
    # JSON is read by programs, to which an escape is the character itself.
    for printed in (out, err):
        assert not FORBIDDEN.search(printed), printed[max(0, FORBIDDEN.search(printed).start() - 60) :][:120]  # type: ignore[union-attr]


def on_a_terminal(*arguments: str | Path) -> str:
    """What a command writes to a real terminal."""
    main_end, other_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from corpus.cli import main; main()", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=other_end,
        stderr=other_end,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"},
    )
    os.close(other_end)
    found = b""
    while True:
        try:
            piece = os.read(main_end, 65536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    os.close(main_end)
    process.wait()
    return found.decode("utf-8", "replace")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [("find", "Lanxi"), ("find", "Lanxi", "--count", "document"), ("find", "Lanxi", "--csv", "-"), ("show",)],
)
def test_a_real_terminal_gets_its_own_codes_and_none_of_a_text(
    workspace: Workspace, arguments: tuple[str, ...]
) -> None:
    shown = on_a_terminal(*arguments, "-w", workspace.root)
    assert "owned" in shown
    for code in ("\x1b]", "\x07", "\x1b[2J", "\u202e", "\x9b"):
        assert code not in shown
    if arguments[-1] == "document":
        # rich draws: the codes of a bar come through.
        assert "\x1b[" in shown


def test_what_is_shown_as_an_escape_is_the_same_to_a_reader_of_json() -> None:
    line = json.dumps({"text": f"{HOSTILE}\r\n\t共同富裕\r"}, ensure_ascii=False)
    assert not FORBIDDEN.search(harmless(line))
    assert json.loads(harmless(line)) == json.loads(line)
    assert harmless("a\r\nb\tc\n") == "a\r\nb\tc\n"


# ---- pages


def curve() -> str:
    """The page of `hemu curve`, whose models would take minutes to train, with hostile names of labels and workspace."""
    from models.curve_fit import Curve, LabelCurve
    from models.curve_page import curve_page

    empty = LabelCurve(HOSTILE, (), None)
    return curve_page([Curve("en", 3, 1, 1, empty, (empty,), 1.0)], HOSTILE)


@pytest.fixture(scope="module")
def pages(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "show": ["show", "--html"],
        "gold": ["show", "--layer", "gold", "--html"],
        "find": ["find", "Lanxi", "--html"],
        "report": ["report", "-o"],
        "agreement": ["agreement", "--resamples", "0", "--html"],
        "progress": ["progress", "--html"],
        "errors": ["evaluate", "--draws", "0", "--html"],
    }
    for name, command in made.items():
        code, _, err = run(*command, folder / f"{name}.html", "-w", workspace.root)
        assert code == 0, err
    assert run("network", "-o", folder / "network", "-w", workspace.root)[0] == 0
    (folder / "curve.html").write_text(curve(), encoding="utf-8", errors="replace")
    versions = []
    for label in ("OFFICIAL", "AGENCY"):
        workspace.append(GOLD, [layer(d, HOSTILE, label) for d in documents()])
        code, out, err = run("dataset", "-w", workspace.root, "--json")
        assert code == 0, err
        versions.append(json.loads(out)["notes"]["version"])
    code, _, err = run("dataset", "diff", *versions, "--html", folder / "difference.html", "-w", workspace.root)
    assert code == 0, err
    drawn = sorted((workspace.root / "datasets" / versions[-1]).rglob("*.svg"))
    return [*sorted(folder.rglob("*.html")), *drawn]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="the dependency group 'browser' is not installed")
    from selenium.webdriver.chrome.service import Service

    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.fail("no Chromium with its driver: install the packages chromium and chromium-driver", pytrace=False)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    for argument in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1600,1000"),
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    made = webdriver.Chrome(options=options, service=Service(driver))
    yield made
    made.quit()


_LOOK = """
const elements = [...document.querySelectorAll('*')];
return {
  owned: window.owned ?? null,
  scripts: document.scripts.length + elements.filter(e => e.localName === 'script').length,
  handlers: elements.filter(e => [...e.attributes].some(a => /^on/i.test(a.name) || /^\\s*javascript:/i.test(a.value)))
    .map(e => e.outerHTML.slice(0, 200)),
  loading: elements.filter(e => /^(img|iframe|object|embed|form|base|audio|video|image|use|foreignObject)$/.test(e.localName)
    || (e.localName === 'meta' && /refresh/i.test(e.httpEquiv))).map(e => e.outerHTML.slice(0, 200)),
  styles: elements.filter(e => e.localName === 'style').length,
}
"""


def alerted(browser: Any) -> bool:
    from selenium.common.exceptions import NoAlertPresentException

    try:
        browser.switch_to.alert.dismiss()
    except NoAlertPresentException:
        return False
    return True


def harm_of(browser: Any, page: Path) -> list[str]:
    """What a page does that a page of hemu's never should."""
    browser.get_log("performance")
    browser.get(page.as_uri())
    time.sleep(0.3)
    if alerted(browser):
        return ["an alert"]
    found = []
    for entry in browser.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent" and event["params"]["request"]["url"] != page.as_uri():
            found.append(f"asks for {event['params']['request']['url'][:200]}")
    if browser.current_url != page.as_uri():
        found.append(f"leads to {browser.current_url}")
    seen = browser.execute_script(_LOOK)
    found += [f"{what}: {seen[what]}" for what in ("owned", "scripts", "handlers", "loading") if seen[what]]
    if seen["styles"] > 1:
        found.append(f"{seen['styles']} style sheets")
    return found


@pytest.mark.browser
def test_no_page_runs_or_fetches_anything(browser: Any, pages: list[Path], tmp_path: Path) -> None:
    names = {page.stem for page in pages}
    assert {
        "show",
        "gold",
        "find",
        "report",
        "agreement",
        "progress",
        "errors",
        "network",
        "curve",
        "difference",
    } <= names
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert harm_of(browser, page) == [], page
        if page.suffix == ".html":
            assert "owned" in text, f"{page}: nothing hostile has come here"
            assert "49" not in re.findall(r"\{\{7\*7\}\}|&gt;49|}49", text)
    # The test sees what it looks for.
    bad = tmp_path / "bad.html"
    bad.write_text(f"<title>x</title><p>{MARKUP.replace('alert(1)', 'window.owned=2')}")
    told = " ".join(harm_of(browser, bad))
    for what in ("owned", "scripts", "handlers", "loading", "asks for"):
        assert what in told


@pytest.mark.browser
@pytest.mark.studio
def test_label_studio_shows_what_is_hostile_and_does_nothing(browser: Any, studio_server: Any, tmp_path: Path) -> None:
    import test_studio_browser

    from annotators.studio.client import connect
    from annotators.studio.push import PushItem, push
    from corpus.document import Group, Item, Segments

    news = Workspace.create(tmp_path / "news")
    (news.root / "scheme.toml").write_text(hostile_scheme(), encoding="utf-8")
    news = Workspace.open(news.root)
    both = documents()[:2]
    news.append(DOCUMENTS, both)
    layers = {d.id: layer(d, "x", MARKUP) for d in both}
    items = [Item(d, Segments(d.id, d.sha, ()), layers[d.id].entities, layers[d.id].claims) for d in both]
    studio = connect(studio_server.status().url, studio_server.token())
    title = '"><img src=x onerror="window.owned=1">'
    report = push(news, studio, [PushItem(Group(tuple(items)), (), f"v{MARKUP}"[:60])], title=title)
    assert report.done == 1, report
    project = studio.find_project(title)
    assert project is not None
    (task,) = studio.tasks(project)
    me = studio.request("GET", "/api/current-user/whoami")
    studio.request("PATCH", f"/api/users/{me['id']}/", {"first_name": title, "last_name": title})

    page = test_studio_browser.Page(browser)
    page.sign_in(studio_server)
    url = studio.url

    def look(where: str) -> None:
        assert not alerted(browser), where
        assert browser.execute_script("return window.owned ?? null") is None, where
        assert browser.execute_script("return document.querySelectorAll('img[onerror], img[src=x]').length") == 0, where

    for path in ("/projects", f"/projects/{project}/data", "/organization", f"/projects/{project}/settings/labeling"):
        browser.get(f"{url}{path}")
        time.sleep(2)
        look(path)
    page.open_task(url, project, task.id, 4)
    look("the task")
    marks = page.marks()
    assert {label for _, label, _ in marks} >= {MARKUP} or any("owned" in words for _, _, words in marks)
    page.click_mark("en", "will build")
    look("the panel of a claim")
    browser.execute_script(
        "[...document.querySelectorAll('button')].find(b => /nstruction/.test(b.ariaLabel || b.textContent))?.click()"
    )
    page.wait(lambda: "Correct what is marked already" in browser.page_source, "the instruction")
    look("the instruction")


# ---- the disk


def test_what_a_workspace_names_stays_in_it(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w")
    outside = tmp_path / "outside.toml"
    outside.write_text(default_scheme_text(), encoding="utf-8")
    for name in ("../outside.toml", str(outside)):
        text = (made.root / "hemu.toml").read_text().replace('file = "scheme.toml"', f'file = "{name}"')
        other = Workspace.create(tmp_path / f"w{len(name)}")
        (other.root / "hemu.toml").write_text(text)
        with pytest.raises(WorkspaceError, match="leads out of the workspace"):
            _ = Workspace.open(other.root).scheme
    (made.root / "scheme.toml").unlink()
    (made.root / "scheme.toml").symlink_to(outside)
    with pytest.raises(WorkspaceError, match="leads out of the workspace"):
        _ = Workspace.open(made.root).scheme
    (made.root / "gold").symlink_to(tmp_path)
    with pytest.raises(WorkspaceError, match="leads out of the workspace"):
        made.append(GOLD, [layer(documents()[0], "x")])
    assert layer_folder("../../etc/passwd") == "-..-etc-passwd"
    assert layer_folder("..") == "unnamed"


def test_no_link_in_a_workspace_has_a_file_elsewhere_overwritten(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w")
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (made.root / ".lock").symlink_to(precious)
    with pytest.raises(WorkspaceError, match="cannot be written"), made.writing():
        pass
    (made.root / f".words.txt.{os.getpid()}.tmp").symlink_to(precious)
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(made.root / "words.txt", b"theirs")
    assert precious.read_text() == "mine"


def test_the_name_of_a_server_leads_nowhere_else() -> None:
    from annotators.studio.backend.secret import default_file
    from annotators.studio.installation import default_data

    for name in ("../../x", "/etc", "", ".", "a/b", "a\nb"):
        with pytest.raises(StudioError, match="cannot be the name of a server"):
            default_data(name)
        with pytest.raises(StudioError, match="cannot be the name of a server"):
            default_file(name)
    assert default_data("team.2").name == "team.2"


def test_a_scheme_says_colours_and_names_and_nothing_else() -> None:
    good = default_scheme_text()
    for color in ("red;}body{display:none", "url(http://x.test/)", "#12", "rgb(1,2,3);x:y"):
        with pytest.raises(SchemeError, match="the colour of"):
            parse_scheme(good.replace('color = "#D55E00"', f"color = {json.dumps(color)}"), "x")
    for color in ("#1f77b4", "teal", "rgb(1, 2, 3)"):
        parse_scheme(good.replace('color = "#D55E00"', f'color = "{color}"'), "x")
    with pytest.raises(SchemeError, match="cannot be a name"):
        parse_scheme(good.replace('name = "OFFICIAL"', 'name = "a\\u001b[2J"'), "x")
    with pytest.raises(SchemeError, match="is no text"):
        parse_scheme(good.replace('en = "Official"', "en = 5"), "x")


_WATCHED = """
import os, sys
seen = []
def watch(event, arguments):
    if event in ("pickle.find_class", "marshal.load", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        seen.append((event, str(arguments)[:200]))
    elif event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        seen.append(("written", os.path.abspath(arguments[0])))
sys.addaudithook(watch)
from corpus.cli import main
try:
    main()
finally:
    print("\\n".join(map(repr, seen)), file=open(os.environ["SEEN"], "w"))
"""


@pytest.mark.slow
def test_a_run_reads_no_pickle_asks_no_network_and_writes_only_its_workspace(tmp_path: Path) -> None:
    """Also where somebody has put caches, which are read by name, into the folder for temporary files."""
    articles, seen = tmp_path / "articles", tmp_path / "seen"
    articles.mkdir()
    (articles / "night.en.txt").write_text(
        "Lanxi opens schools\nLanxi will open 30 night schools by 2027, Mayor Guo Anmin said.\n"
    )
    (articles / "night.zh.txt").write_text("兰溪开办夜校\n兰溪市市长郭安民表示，到2027年全市将开办30所夜校。\n")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    (temporary / "jieba.cache").write_bytes(b"not what it seems")
    assert run("init", tmp_path / "w")[0] == 0
    environment = {**os.environ, "TMPDIR": str(temporary), "SEEN": str(seen), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, "run", str(articles), "-w", str(tmp_path / "w")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "annotate: 2 done" in done.stderr, done.stderr
    found = [line for line in seen.read_text().splitlines() if "/dev/null" not in line]
    inside = f"('written', '{tmp_path / 'w'}/"
    assert sum(line.startswith(inside) for line in found) > 4
    assert [line for line in found if not line.startswith(inside) and str(seen) not in line] == []


# ---- secrets


class _Echo(BaseHTTPRequestHandler):
    """A server that says again what it was told, key and all."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"error": {"message": f"bad: {self.headers.get('Authorization')}"}}).encode()
        self.send_response(500 if self.path.startswith("/500") else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


SECRETS = {
    "HEMU_LLM_API_KEY": "sk-llm-5b1f0c9ae8",
    "HEMU_STUDIO_TOKEN": "5f1c0f7d3f0f4a5d8e1b2c3d4e5f60718293a4b5",
    "HF_TOKEN": "hf_QmVyTmVpblNlY3JldA",
    "POSTGRE_PASSWORD": "pg-secret-77aa",
    "AWS_SECRET_ACCESS_KEY": "aws-secret-99bb",
}


def test_secrets_are_neither_printed_nor_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import logging

    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DJANGO_DB", "default")
    monkeypatch.setenv("POSTGRE_PORT", "1")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = HTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    root = tmp_path / "w"
    assert run("init", root)[0] == 0
    made = Workspace.open(root)
    made.append(DOCUMENTS, [Document("a.en", "", "en", "Lanxi will open 30 night schools.")])
    settings = (root / "hemu.toml").read_text()
    printed = io.StringIO()
    handler = logging.StreamHandler(printed)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    inline = "anna:in-the-url-31"
    try:
        for studio, llm in (
            (f"http://{inline}@{address}", f"http://{inline}@{address}/v1"),
            (f"http://{address}", f"http://{address}/v1"),
            (f"http://{address}", f"http://{address}/v1?key=in-the-url-31"),
        ):
            text = settings.replace('order = "uncertainty"', f'order = "uncertainty"\nurl = "{studio}"')
            (root / "hemu.toml").write_text(f'{text}\n[llm]\nurl = "{llm}"\nmodel = "m"\n')
            for command in (
                ["segment"],
                ["annotate", "--llm"],
                ["push"],
                ["pull"],
                ["progress"],
                ["report", "-o", str(root / "report.html")],
                ["dataset"],
                ["assign", "--show"],
            ):
                _, out, err = run(*command, "-w", root)
                printed.write(f"{command}: {out}{err}\n")
        for command in (["studio", "status"], ["studio", "backup"]):
            _, out, err = run(*command)
            printed.write(f"{command}: {out}{err}\n")
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
        server.shutdown()
    said = printed.getvalue()
    assert "push" in said
    assert "llm" in said
    secrets = [*SECRETS.values(), "in-the-url-31"]
    for secret in secrets:
        for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("=")):
            assert form not in said, said[max(0, said.find(form) - 300) :][:400]
            for file in root.rglob("*"):
                if file.is_file() and file.name != "hemu.toml":
                    assert form.encode() not in file.read_bytes(), file


# ---- bounds


def pdf(content: bytes, packed: int) -> bytes:
    """A PDF of one page, whose content is packed so many times."""
    import zlib

    for _ in range(packed):
        content = zlib.compress(content, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter[%s]>>stream\n%s\nendstream" % (len(content), b"/Fl#61teDecode " * packed, content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, object in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, object)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(data),
    )


def test_what_unfolds_without_end_is_left_out(tmp_path: Path) -> None:
    import gzip
    import zipfile

    articles = tmp_path / "articles"
    articles.mkdir()
    with zipfile.ZipFile(articles / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.en.txt", b"a" * (64 << 20))
        archive.writestr("../../../escape.en.txt", "The town of Lanxi will build flats.")
    with gzip.open(articles / "bomb.txt.gz", "wb") as packed:
        packed.write(b"a" * (64 << 20))
    (articles / "deep.jsonl").write_text('{"id": "a", "text": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
    (articles / "digits.jsonl").write_text('{"id": ' + "9" * 100_000 + ', "text": "x"}\n')
    said = b"BT /F1 9 Tf 1 0 0 1 10 700 Tm (The town of Lanxi will build flats.) Tj ET\n"
    for packed in (1, 2):
        (articles / f"bomb{packed}.en.pdf").write_bytes(pdf(said * 400_000, packed))
        (articles / f"good{packed}.en.pdf").write_bytes(pdf(said, packed))
    (articles / "deep.html").write_text("<html>" + "<div>" * 50_000 + "text")
    (articles / "front.en.md").write_text("---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\nLanxi.\n")
    (articles / "toml.en.md").write_text("+++\na = " + "[" * 50_000 + "\n+++\nLanxi.\n")
    entities = "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};&l{n - 1};&l{n - 1};&l{n - 1};">' for n in range(1, 15))
    body = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol"><!ENTITY f SYSTEM "file:///etc/passwd">{entities}]>'
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body += f'<w:document xmlns:w="{space}"><w:body><w:p><w:r><w:t>&l14;&f;</w:t></w:r></w:p></w:body></w:document>'
    kinds = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    with zipfile.ZipFile(articles / "laughs.en.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", kinds)
        archive.writestr("word/document.xml", body)
    began = time.monotonic()
    code, _, err = run("init", tmp_path / "w")
    assert code == 0, err
    code, out, _ = run("ingest", articles, "-w", tmp_path / "w", "--json")
    assert code == 0
    assert time.monotonic() - began < 20
    left_out = {Path(row["what"].split(",")[0]).name for row in json.loads(out)["skipped"]}
    assert {"a.en.txt", "bomb.txt.gz", "deep.jsonl", "deep.html", "laughs.en.docx"} <= left_out
    assert {name for name in left_out if name.endswith("pdf")} == {"bomb1.en.pdf", "bomb2.en.pdf"}
    texts = [d.text for d in Workspace.open(tmp_path / "w").documents().values()]
    assert not any("root:" in text or "lollol" in text for text in texts)
    assert sorted(path.name for path in tmp_path.rglob("*escape*")) == []
    assert all(".." not in d.id for d in Workspace.open(tmp_path / "w").documents().values())


def test_a_table_whose_rows_unfold_is_read_in_bounds(tmp_path: Path) -> None:
    import random

    import pyarrow as pa
    import pyarrow.parquet as pq

    from corpus.ingest.columns import Columns
    from corpus.ingest.find import File
    from corpus.ingest.readers import read
    from corpus.ingest.sources import sources_of
    from corpus.report import Skipped

    def found(name: str, texts: list[str], **options: Any) -> Iterator[Any]:
        table = pa.table({"id": [f"r{n}" for n in range(len(texts))], "text": texts})
        pq.write_table(table, tmp_path / name, compression="zstd", **options)
        (source,) = sources_of(File(tmp_path / name, Path(name), name))
        return read(source, Columns())  # type: ignore[arg-type]

    (bomb,) = found("bomb.parquet", ["flats " * (8 << 20)], use_dictionary=False)
    assert "unpacks to more than 200 times its size" in bomb.why
    # One text, written once, and pointed to by every row.
    rows = found("folded.parquet", ["flats " * 500_000] * 200, dictionary_pagesize_limit=8 << 20)
    assert (tmp_path / "folded.parquet").stat().st_size < 100_000
    lengths = set()
    for number, row in enumerate(rows):
        lengths.add(len(row.text))
        assert pa.total_allocated_bytes() < 200 << 20
        if number == 20:
            break
    assert lengths == {3_000_000}
    long = "".join(random.Random(1).choices("abcdefgh ", k=17 << 20))
    too_long, short = found("long.parquet", [long, "Lanxi builds flats."])
    assert isinstance(too_long, Skipped)
    assert "a row of more than 16 million characters" in too_long.why
    assert short.text == "Lanxi builds flats."


def test_a_model_with_a_pickle_in_it_is_refused(tmp_path: Path) -> None:
    import pickle

    from corpus.errors import ModelError
    from corpus.model_folder import read_meta

    (tmp_path / "meta.json").write_text(json.dumps({"lang": "en", "pipeline": ["ner"], "name": "x"}))
    assert read_meta(tmp_path)["lang"] == "en"
    (tmp_path / "ner").mkdir()
    for protocol in range(2, 6):
        (tmp_path / "ner" / "cfg").write_bytes(pickle.dumps(SimpleNamespace, protocol))
        with pytest.raises(ModelError, match="is a pickle"):
            read_meta(tmp_path)


def test_servers_listen_on_this_machine_only_unless_told() -> None:
    from annotators.studio.backend.http import HOST as BACKEND
    from annotators.studio.server import HOST as STUDIO
    from corpus.cli.serve import serve_model

    assert (BACKEND, STUDIO) == ("127.0.0.1", "127.0.0.1")
    assert next(option.default for option in serve_model.params if option.name == "host") == "127.0.0.1"


def test_the_scheme_that_hemu_ships_passes_its_own_checks() -> None:
    assert load_scheme().labels
    assert replace(load_scheme().labels[0], color="teal").color == "teal"
