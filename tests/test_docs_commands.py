"""What README and docs/ tell people to type: every hemu command has these options, and what is safe to run here runs.

Links lead somewhere, and every picture is used.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from test_docs import folder  # noqa: F401  (a fixture: the workspace of the pages)

from corpus.cli.root import COMMANDS, root

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
SHELL = ("bash", "sh", "yaml")
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(hemu [^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
END = {"&&", "||", "|", ";", ";;", ">", ">>", "<", "2>"}
IMAGES = {path.name for path in (ROOT / "docs" / "images").glob("*")}


def commands(page: Path) -> Iterator[tuple[int, list[str]]]:
    """The line of the page and the words of each hemu command in its shell blocks and between backticks."""
    text = page.read_text(encoding="utf-8")
    for block in FENCE.finditer(text):
        if block["info"].split()[:1] and block["info"].split()[0] in SHELL:
            first = text[: block.start()].count("\n") + 2
            body = re.sub(r"\\\n\s*", lambda found: " ", block["body"])
            for number, line in enumerate(body.splitlines()):
                for words in _hemu(line):
                    yield first + number, words
    plain = FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)
    for found in INLINE.finditer(plain):
        for words in _hemu(found[1]):
            yield plain[: found.start()].count("\n") + 1, words


def _hemu(line: str) -> Iterator[list[str]]:
    """The hemu commands of a line of shell: their words, without hemu itself."""
    try:
        words = _split(line)
    except ValueError:
        words = line.split()
    while "hemu" in words:
        words = words[words.index("hemu") + 1 :]
        end = next((i for i, word in enumerate(words) if word in END), len(words))
        yield words[:end]
        words = words[end:]


def _split(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    return list(lexer)


def problem(words: list[str]) -> str:
    """Why hemu has no such command line, "" where it has. Placeholders in capitals and … stand for anything."""
    if not words or not words[0].isascii() or words[0].isupper() or words[0].startswith("-"):
        return ""
    command: click.Command = root
    context = click.Context(root, info_name="hemu")
    rest = words
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return f"no command {rest[0]!r}"
        command, rest = found, rest[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    options = {name: param for param in command.params for name in (*param.opts, *param.secondary_opts)}
    options |= {"--help": None, "-h": None}
    for number, word in enumerate(rest):
        if not word.startswith("-") or word == "-":
            continue
        name, _, given = word.partition("=")
        if name not in options:
            return f"hemu {command.name} has no option {name}"
        option = options[name]
        value = given or (rest[number + 1] if number + 1 < len(rest) else "")
        if isinstance(option, click.Option) and isinstance(option.type, click.Choice) and value.isascii():
            choices = [str(choice) for choice in option.type.choices]
            if value and not value.isupper() and value not in choices:
                return f"{name} {value}: expected one of {', '.join(choices)}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_are_there(page: Path) -> None:
    wrong = [
        f"{page.name}, line {line}: hemu {' '.join(words)}: {why}"
        for line, words in commands(page)
        if (why := problem(words))
    ]
    assert not wrong, "\n".join(wrong)


def test_commands_are_found_and_wrong_ones_are_seen() -> None:
    assert len(list(commands(ROOT / "README.md"))) > 20
    assert list(_hemu("hemu pull -w news && hemu find 'a b' # hemu x")) == [["pull", "-w", "news"], ["find", "a b"]]
    assert problem(["nonsense"]) == "no command 'nonsense'"
    assert problem(["push", "--nonsense"]) == "hemu push has no option --nonsense"
    assert problem(["dataset", "diff", "--html", "x", "3f2a"]) == ""
    assert problem(["find", "--sort", "middle"]).startswith("--sort middle: expected one of document")


def all_commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from all_commands(found, (*path, name))


@pytest.mark.parametrize("path", list(all_commands(root)), ids=" ".join)
def test_the_help_of_a_command_has_an_example_that_is_one(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(root, [*path, "--help"], terminal_width=400).output
    examples = [
        words for line in shown.partition("xample")[2].partition("Options:")[0].splitlines() for words in _hemu(line)
    ]
    assert examples, "no example"
    assert not [why for words in examples if (why := problem(words))]


def runnable(page: Path) -> Iterator[list[str]]:
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["info"].split() == ["sh", "run"]:
            for line in block["body"].splitlines():
                yield from _hemu(line)


RUN = [(page.name, words) for page in PAGES for words in runnable(page)]


@pytest.mark.parametrize(("page", "words"), RUN, ids=[f"{page}: {' '.join(words)}" for page, words in RUN])
def test_commands_that_are_marked_run(
    page: str,
    words: list[str],
    folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(root, words, standalone_mode=False, catch_exceptions=False)
    assert (done.exit_code, done.return_value or 0) == (0, 0), done.output


def test_some_commands_run() -> None:
    assert len(RUN) >= 5


def test_readme_names_every_guide_and_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in text]
    named = {words[0] for _, words in commands(ROOT / "README.md") if words}
    assert {"ingest", "run", "push", "pull", "adjudicate", "dataset", "retrain"} <= named <= set(COMMANDS) | {"COMMAND"}


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}; there are: {sorted(anchors(target))}"


def test_every_picture_is_shown_small_and_described() -> None:
    shown = set()
    for page in PAGES:
        for words, name in re.findall(r"!\[([^\]]*)\]\((?:docs/)?images/([^)]+)\)", page.read_text(encoding="utf-8")):
            assert words, f"{page.name}: {name} has no description"
            shown.add(name)
    assert shown == IMAGES
    assert not [name for name in IMAGES if (ROOT / "docs" / "images" / name).stat().st_size > 150_000]


def test_the_annotators_guides_say_the_same() -> None:
    english, chinese = (
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("annotators.md", "annotators.zh.md")
    )
    assert re.findall(r"images/([\w.-]+)", english) == re.findall(r"images/([\w.-]+)", chinese)
    assert len(re.findall("^#+ ", english, re.MULTILINE)) == len(re.findall("^#+ ", chinese, re.MULTILINE))
    assert [len(re.findall(rf"^\| {n} \| ", text, re.MULTILINE)) for text in (english, chinese) for n in (9, 10, 20)] == [
        2, 2, 1, 2, 2, 1,
    ]  # fmt: skip
