"""Ingest: what is taken, under which name, what is refused and why, and that a second run adds only what is new."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document
from corpus.errors import InputError, WorkspaceError
from corpus.ingest import ingest
from corpus.ingest.decode import NotTextError, decode
from corpus.ingest.names import Name, name_of, why_unsafe
from corpus.ingest.raw import RawDocument
from corpus.schema import DOCUMENTS
from corpus.store import Workspace

SIMPLIFIED = "县政府发布新规，推进农村道路建设。"
TRADITIONAL = "縣政府發布新規定，推進農村道路建設。"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def reasons(workspace: Workspace, folder: Path) -> dict[str, str]:
    return {PurePath(s.what).name: s.why for s in ingest(workspace, [folder]).skipped}


def test_a_folder(workspace: Workspace, articles: Path) -> None:
    write(
        articles,
        {
            "roads.en.txt": "County builds roads\r\n\r\nThe county builds roads.\r\n",
            "roads.zh.txt": SIMPLIFIED,
            "2024/bridges.txt": "The bridge stands.",
            "zh/ferries.txt": SIMPLIFIED + "渡口",
            "en/ferries.txt": "The ferry sails.",
            ".hidden.txt": "Hidden.",
            ".git/config.txt": "Hidden.",
        },
    )
    report = ingest(workspace, [articles])
    assert (report.done, report.unchanged, report.skipped) == (5, 0, [])
    assert report.notes == {"changed": 0, "cleaned": 1, "pairs": 2}
    documents = workspace.documents()
    assert {d.id: (d.pair, d.lang) for d in documents.values()} == {
        "2024/bridges": ("", "en"),
        "en/ferries": ("ferries", "en"),
        "zh/ferries": ("ferries", "zh"),
        "roads.en": ("roads", "en"),
        "roads.zh": ("roads", "zh"),
    }
    roads = documents["roads.en"]
    assert roads.text == "County builds roads\n\nThe county builds roads."
    assert [block.kind for block in roads.blocks] == ["headline", "body"]
    assert roads.source == "roads.en.txt"


def test_a_second_run_adds_what_is_new_or_changed(workspace: Workspace, articles: Path) -> None:
    write(articles, {"a.en.txt": "One.", "b.en.txt": "Two."})
    ingest(workspace, [articles])
    before = sorted(workspace.shards(DOCUMENTS.name))
    again = ingest(workspace, [articles])
    assert (again.done, again.unchanged) == (0, 2)
    assert sorted(workspace.shards(DOCUMENTS.name)) == before
    write(articles, {"b.en.txt": "Two, and more.", "c.en.txt": "Three."})
    third = ingest(workspace, [articles])
    assert (third.done, third.unchanged, third.notes["changed"]) == (2, 1, 1)
    assert third.notes["changed ids"] == "b.en"
    assert workspace.document("b.en").text == "Two, and more."
    assert list(workspace.documents()) == ["a.en", "b.en", "c.en"]


def test_other_articles_under_the_same_names_are_told(workspace: Workspace, tmp_path: Path) -> None:
    for month in ("jan", "feb"):
        write(tmp_path / month, {f"{n}.en.txt": f"Story {n} of {month}." for n in range(7)})
    assert "changed ids" not in ingest(workspace, [tmp_path / "jan"]).notes
    notes = ingest(workspace, [tmp_path / "feb"]).notes
    assert (notes["changed"], notes["changed ids"]) == (7, "0.en, 1.en, 2.en, 3.en, 4.en, …")


def test_what_is_refused(workspace: Workspace, articles: Path) -> None:
    write(
        articles,
        {
            "good.en.txt": "It is good.",
            "empty.en.txt": "",
            "blank.en.txt": "\ufeff \n\u3000\n",
            "binary.txt": b"\x89PNG\r\n\0\0\0",
            "control.txt": b"escape \x1b[31m red",
            "broken.txt": b"\xff\xfe\x00",
            "wrong.zh.txt": "This is English, whatever its name.",
            "wrong.en.txt": SIMPLIFIED,
            "sheet.xls": b"\xd0\xcf\x11\xe0",
        },
    )
    found = reasons(workspace, articles)
    assert list(workspace.documents()) == ["good.en"]
    assert found["empty.en.txt"] == found["blank.en.txt"] == "empty file"
    assert "binary" in found["binary.txt"]
    assert "binary" in found["control.txt"]
    assert "utf-16" in found["broken.txt"]
    assert "said to be Chinese" in found["wrong.zh.txt"]
    assert "said to be English" in found["wrong.en.txt"]
    assert ".xls" in found["sheet.xls"]
    assert len(found) == 8


def test_doubles_are_refused_by_name(workspace: Workspace, articles: Path) -> None:
    write(articles, {"x.en.md": "One.", "x.en.txt": "Two.", "x-en.txt": "Three."})
    found = reasons(workspace, articles)
    assert [d.text for d in workspace.documents().values()] == ["Three."]
    # "x-en" comes first by name, and so has the place of the English version of "x".
    assert set(found) == {"x.en.md", "x.en.txt"}
    assert "pair 'x'" in found["x.en.md"]
    assert "'x-en'" in found["x.en.md"]


def test_same_id_twice_in_a_run(workspace: Workspace, articles: Path) -> None:
    write(articles, {"x.md": "One.", "x.txt": "Two."})
    report = ingest(workspace, [articles])
    assert [PurePath(s.what).name for s in report.skipped] == ["x.txt"]
    assert "x.md" in report.skipped[0].why


def test_a_file_named_twice_is_read_once(workspace: Workspace, articles: Path) -> None:
    write(articles, {"a.en.txt": "One."})
    report = ingest(workspace, [articles, articles / "a.en.txt"])
    assert (report.done, report.skipped) == (1, [])


def test_the_workspace_itself_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a.en.txt": "One."})
    workspace = Workspace.create(tmp_path / "workspace")
    write(workspace.root, {"notes.txt": "Mine."})
    ingest(workspace, [tmp_path])
    assert list(workspace.documents()) == ["a.en"]


@pytest.mark.parametrize("given", [".", "documents", "documents/x.txt", "models/v1", "../link"])
def test_the_workspace_is_no_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    workspace = Workspace.create(tmp_path / "workspace")
    write(workspace.root, {"documents/x.txt": "Mine.", "models/v1/notes.txt": "Mine."})
    (tmp_path / "link").symlink_to(workspace.root)
    monkeypatch.chdir(workspace.root)
    with pytest.raises(InputError, match="the workspace") as refused:
        ingest(workspace, [given])
    assert "\n" not in str(refused.value)
    assert not workspace.documents()


def test_a_folder_of_articles_may_lie_in_the_workspace(workspace: Workspace) -> None:
    write(workspace.root, {"articles/a.en.txt": "One."})
    assert ingest(workspace, [workspace.root / "articles"]).done == 1


@pytest.mark.parametrize("name", ["x" * 300 + ".txt", "folder/" * 700, "nul\0.txt"])
def test_a_path_that_cannot_be(workspace: Workspace, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read") as refused:
        ingest(workspace, [name])
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


def test_what_is_no_regular_file(workspace: Workspace, articles: Path) -> None:
    write(articles, {"a.en.txt": "One."})
    os.mkfifo(articles / "pipe.txt")
    (articles / "loop.txt").symlink_to("loop.txt")
    (articles / "gone.txt").symlink_to("nowhere.txt")
    (articles / "device.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(articles / "socket.txt"))
    report = ingest(workspace, [articles, articles / "pipe.txt"])
    assert report.done == 1
    found = {PurePath(s.what).name: s.why for s in report.skipped}
    assert len(found) == len(report.skipped) == 5
    assert {name for name, why in found.items() if why == "is no regular file"} == {
        "pipe.txt",
        "device.txt",
        "socket.txt",
    }
    assert "cannot be read: Too many levels of symbolic links" in found["loop.txt"]
    assert "cannot be read: No such file" in found["gone.txt"]


def test_linked_folders_are_named(workspace: Workspace, articles: Path, tmp_path: Path) -> None:
    write(articles, {"a.en.txt": "One."})
    write(tmp_path / "more", {"b.en.txt": "Two."})
    (articles / "more").symlink_to(tmp_path / "more")
    (articles / "round").symlink_to(articles)
    (articles / ".hidden").symlink_to(tmp_path / "more")
    (articles / "work").symlink_to(workspace.root)
    report = ingest(workspace, [articles])
    assert [PurePath(s.what).name for s in report.skipped] == ["more", "round"]
    assert all("is a link to a folder" in s.why for s in report.skipped)
    assert ingest(workspace, [articles / "more"]).done == 1
    assert list(workspace.documents()) == ["a.en", "b.en"]


def test_folders_that_cannot_be_read_are_named(workspace: Workspace, articles: Path) -> None:
    write(articles, {"a.en.txt": "One."})
    # Deeper than any path can name: unreadable even for the superuser, whom permissions do not stop.
    here = os.open(articles, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    report = ingest(workspace, [articles])
    assert report.done == 1
    assert [s.why for s in report.skipped] == ["cannot be read: File name too long"]
    assert len(report.skipped[0].what) < 300


def test_folders_can_be_deeper_than_calls(workspace: Workspace, articles: Path) -> None:
    write(articles, {"a.en.txt": "One."})
    here = os.open(articles, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("b.en.txt", os.O_CREAT, dir_fd=here))
    os.close(here)
    report = ingest(workspace, [articles])
    # What clears up after tests calls itself for each level.
    subprocess.run(["rm", "-r", articles / "d"], check=True)
    assert report.done == 1
    assert [s.why for s in report.skipped] == ["empty file"]


def test_a_missing_path_stops_before_anything_is_written(workspace: Workspace, articles: Path) -> None:
    write(articles, {"a.en.txt": "One."})
    with pytest.raises(InputError, match=r"nowhere\.txt: no such file"):
        ingest(workspace, [articles, articles / "nowhere.txt"])
    assert not workspace.documents()


def test_jsonl(workspace: Workspace, articles: Path) -> None:
    rows = [
        {"id": "r.en", "text": "Roads.", "title": "On roads", "license": "CC0", "source": "Port Post", "words": 1},
        {"id": "r.zh", "pair": "r", "lang": "zh", "text": SIMPLIFIED, "date": 2024},
        {"text": "No id here."},
        {"id": "../up", "text": "Bad."},
        {"id": "s", "text": "Broken \ud800."},
        {"id": "t", "text": " "},
        {"id": "u", "lang": "fr", "text": "Bonjour."},
        ["no object"],
    ]
    lines = [json.dumps(row) for row in rows]
    write(articles, {"news.jsonl": "\ufeff" + "\n".join([*lines, "{", "", '{"id": "n", "text": "Nul \\u0000."}'])})
    report = ingest(workspace, [articles / "news.jsonl"])
    documents = workspace.documents()
    assert dict(documents["r.en"].meta) == {"title": "On roads", "licence": "CC0", "source": "Port Post"}
    assert (documents["r.en"].pair, documents["r.zh"].pair) == ("r", "r")
    assert dict(documents["r.zh"].meta) == {"date": "2024"}
    assert documents["n"].text == "Nul \0."
    assert [d.text for d in documents.values() if d.id.startswith("news-")] == ["No id here."]
    assert [s.what.rsplit(", ", 1)[-1] for s in report.skipped] == [f"line {n}" for n in (4, 5, 6, 7, 8, 9)]
    assert "line 5" in report.skipped[1].what
    assert "surrogate" in report.skipped[1].why


def test_a_number_that_is_too_long_is_a_bad_line(workspace: Workspace, articles: Path) -> None:
    write(articles, {"n.jsonl": '{"text": "One.", "words": ' + "9" * 5000 + '}\n{"text": "Two."}\n'})
    report = ingest(workspace, [articles])
    assert report.done == 1
    assert "line 1" in report.skipped[0].what
    assert "not JSON" in report.skipped[0].why


def test_a_row_without_id_keeps_its_id_wherever_it_stands(workspace: Workspace, articles: Path) -> None:
    write(articles, {"n.jsonl": '{"text": "One."}\n{"text": "Two."}\n'})
    ingest(workspace, [articles])
    write(articles, {"n.jsonl": '{"text": "Two."}\n{"text": "One."}\n'})
    assert ingest(workspace, [articles]).unchanged == 2


def test_markdown(workspace: Workspace, articles: Path) -> None:
    write(
        articles,
        {
            "a.en.md": '---\ntitle: "Roads"\nauthor: Dana\ndraft: true\n---\n\n# County *builds* roads\n\n'
            "The [county](https://example.org/c) builds **three** roads, 2 * 3 * 4 metres wide, says snake_case.\n\n"
            "![A road](road.jpg)\n\n> Nobody walks.\n"
        },
    )
    ingest(workspace, [articles])
    document = workspace.document("a.en")
    assert document.text == (
        "County builds roads\n\nThe county builds three roads, 2 * 3 * 4 metres wide, says snake_case.\n\n\n\n"
        "Nobody walks."
    )
    assert dict(document.meta) == {"title": "Roads", "author": "Dana"}


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("## Roads in C# ##  \r\nx", "Roads in C#\r\nx"),
        ("# C#", "C#"),
        ("# ##", ""),
        ("a **b __c__ d** e **f", "a b c d e **f"),
        ("***a*** and *b*", "a and b"),
        ("** a ** b", "** a ** b"),
        ("a<!-- b\n-->c<!-- d", "ac<!-- d"),
        ('[a](https://example.org/b_(c) "On (old) d") e', "a e"),
        ("[![a](b c.png)](d)e", "e"),
        ("[1] (see) [a] b", "[1] (see) [a] b"),
        ("a\r\n* * *\r\nb", "a\r\n\r\nb"),
    ],
)
def test_markdown_marks(marked: str, plain: str) -> None:
    from corpus.ingest.markdown import read_markdown

    (found,) = read_markdown(marked.encode(), PurePath("a.md"), "a.md")
    assert isinstance(found, RawDocument)
    assert found.text == plain


@pytest.mark.parametrize(
    "text",
    [
        *(
            part * 40000
            for part in ("__a ", "**a ", "*a ", "[a](", "![](", "![](a ", "![[", "<!--", '[a](b "', "[a](b(c)")
        ),
        *("# a" + part * 80000 + "x" for part in (" ", "#", " #")),
        "---\ntitle: a" + " " * 80000 + "x\n---\n",
        "- " * 80000 + "x",
    ],
    ids=lambda text: text[:8],
)
def test_markdown_takes_time_in_proportion_to_the_text(text: str) -> None:
    from corpus.ingest.markdown import read_markdown

    began = time.process_time()
    assert list(read_markdown(text.encode(), PurePath("a.md"), "a.md"))
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("first", "id"), [("{", "given"), ("T", "standard-input-")])
def test_standard_input(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, first: str, id: str) -> None:
    data = b'{"id": "given", "text": "One."}\n' if first == "{" else b"The text itself.\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert ingest(workspace, ["-"]).done == 1
    assert next(iter(workspace.documents())).startswith(id)


def test_closed_standard_input(workspace: Workspace, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(articles, {"a.en.txt": "One."})
    # What Python itself sets where a process starts without one.
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="standard input is closed"):
        ingest(workspace, [articles, "-"])
    assert not workspace.documents()


@pytest.mark.parametrize("mark", ["“”", "‘’", "’", "—", "……", "·", "，", "：", "《》", "￥", "（）", "“é”", "。\u3000"])
@pytest.mark.parametrize("frame", ["The mayor {}said the roads are fine{}.", "{}{}", "Roads {} and{}bridges\n{}"])
def test_english_typed_on_a_chinese_system(mark: str, frame: str) -> None:
    text = frame.format(mark, mark, mark)
    assert decode(text.encode("gb18030")) == (text, "gb18030")


@pytest.mark.parametrize(
    "text",
    [
        "“Roads,” he said, “are fine”—and left.",
        "the mayor’s",
        "A ‘new’ road: 2019–20…",
        "It costs £5 or €6, café “Été” §3 ½ ©",
        "¡Árbol! ¿Qué?",
        "’’ ““A”” ——",
    ],
)
def test_windows_1252_stays(text: str) -> None:
    text += " The rest of the text is plain, as it mostly is in English: letter by letter, line by line."
    assert decode(text.encode("cp1252")) == (text, "cp1252")


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (SIMPLIFIED.encode(), SIMPLIFIED, "utf-8"),
        (SIMPLIFIED.encode("utf-8-sig"), "\ufeff" + SIMPLIFIED, "utf-8"),
        (SIMPLIFIED.encode("utf-16"), SIMPLIFIED, "utf-16"),
        (b"\xfe\xff" + SIMPLIFIED.encode("utf-16-be"), SIMPLIFIED, "utf-16"),
        (SIMPLIFIED.encode("gb18030"), SIMPLIFIED, "gb18030"),
        (TRADITIONAL.encode("big5"), TRADITIONAL, "big5"),
        ("The mayor’s plan, he said, “is fine”.".encode("cp1252"), "The mayor’s plan, he said, “is fine”.", "cp1252"),
    ],
)
def test_encodings(data: bytes, text: str, encoding: str) -> None:
    assert decode(data) == (text, encoding)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text, _ = decode(data)
    except NotTextError:
        pass
    else:
        assert "\0" not in text
        text.encode()


def test_encoding_is_kept_in_meta(workspace: Workspace, articles: Path) -> None:
    write(articles, {"a.zh.txt": SIMPLIFIED.encode("gb18030")})
    ingest(workspace, [articles])
    assert dict(workspace.document("a.zh").meta) == {"encoding": "gb18030"}


def test_names() -> None:
    assert name_of(PurePath("a/b/rents.zh-TW.txt")) == Name("a/b/rents.zh-TW", "a/b/rents", "zh")
    assert name_of(PurePath("rents.txt")) == Name("rents", "", None)
    assert name_of(PurePath("x..y\n.txt")) == Name("x.y_", "", None)
    # Composed and decomposed file names (as macOS has them) are one id.
    assert name_of(PurePath("cafe\u0301.txt")).id == "café"


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40))
def test_ids_of_files_are_safe(name: str) -> None:
    assert why_unsafe(name_of(PurePath("folder") / name).id) is None


def test_a_broken_file_name(workspace: Workspace, articles: Path) -> None:
    path = os.fsencode(articles) + b"/bad\xff.en.txt"
    try:
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(b"Text.")
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    assert ingest(workspace, [articles]).done == 1
    assert list(workspace.documents()) == ["bad_.en"]


def test_progress_and_interruption(workspace: Workspace, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.ingest._BATCH", 2)
    write(articles, {f"{n}.en.txt": f"Text {n}." for n in range(5)})

    def stop(done: int, total: int | None) -> None:
        assert total == 5
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(workspace, [articles], progress=stop)
    assert list(workspace.documents()) == ["0.en", "1.en"]
    report = ingest(workspace, [articles])
    assert (report.done, report.unchanged) == (3, 2)


def test_two_at_a_time_are_refused(workspace: Workspace, articles: Path) -> None:
    with workspace.writing(), pytest.raises(WorkspaceError):
        ingest(workspace, [articles])


def test_a_pair_can_be_one_sided(workspace: Workspace, articles: Path) -> None:
    write(articles, {"only.zh.txt": SIMPLIFIED})
    assert ingest(workspace, [articles]).notes["pairs"] == 0
    assert isinstance(workspace.document("only.zh"), Document)
    assert workspace.document("only.zh").pair == "only"
