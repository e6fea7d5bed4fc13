"""The command as a user meets it: one clear line and the right exit code for each thing that can go wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus.cli.root import COMMANDS

ENGLISH = "Lanxi opens night schools\nThe city of Lanxi will open 30 night schools by 2027, Mayor Guo Anmin said.\n"
CHINESE = "兰溪开办夜校\n兰溪市市长郭安民表示，到2027年全市将开办30所夜校。\n"


def hemu(
    *arguments: str | Path, input: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from corpus.cli import main; main()", *map(str, arguments)],
        input=input,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    assert hemu("init", tmp_path / "w").returncode == 0
    return tmp_path / "w"


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "night.en.txt").write_text(ENGLISH, encoding="utf-8")
    (folder / "night.zh.txt").write_text(CHINESE, encoding="utf-8")
    return folder


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """Exit code 1, one line, nothing on standard output."""
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("hemu: error: ")
    assert done.stderr.count("\n") == 1
    for part in said:
        assert part in done.stderr


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    done = hemu(name, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout


def test_a_wrong_command_line_is_2() -> None:
    assert hemu("anotate").returncode == 2
    assert hemu("annotate", "only-one").returncode == 2
    assert hemu("ingest").returncode == 2


def test_the_whole_text_side_and_a_second_run(workspace: Path, articles: Path) -> None:
    done = hemu("run", articles, "-w", workspace)
    assert done.returncode == 0, done.stderr
    assert "ingest: 2 done" in done.stderr
    again = hemu("run", articles, "-w", workspace)
    assert again.stderr.count("0 done") == 5, again.stderr
    shown = hemu("show", "night", "-w", workspace)
    assert "郭安民" in shown.stdout
    assert "Guo Anmin OFFICIAL" in " ".join(shown.stdout.split())
    page = hemu("show", "--html", "-", "-w", workspace)
    assert page.stdout.startswith("<!doctype html>")


def test_a_bad_file_among_good_ones_is_named(workspace: Path, articles: Path) -> None:
    (articles / "empty.en.txt").write_bytes(b"")
    (articles / "image.en.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\xff\xfe\x00")
    done = hemu("ingest", articles, "-w", workspace)
    assert done.returncode == 0
    assert "2 done" in done.stderr
    assert "empty.en.txt: " in done.stderr
    assert "image.en.txt: " in done.stderr
    assert hemu("ingest", articles, "-w", workspace, "--strict").returncode == 1


def test_an_article_in_one_language_is_no_error(workspace: Path, articles: Path) -> None:
    (articles / "night.zh.txt").unlink()
    done = hemu("run", articles, "-w", workspace, "--strict")
    assert done.returncode == 0, done.stderr


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    for command in ("segment", "align", "annotate", "run", "push", "pull", "adjudicate", "dataset", "retrain", "show"):
        refused(hemu(command, "-w", tmp_path), "not a hemu workspace", "hemu init")


def test_a_path_that_is_not_there(workspace: Path, tmp_path: Path) -> None:
    refused(hemu("ingest", tmp_path / "nowhere", "-w", workspace), "nowhere")
    refused(hemu("annotate", tmp_path / "nowhere.jsonl", "-"), "nowhere.jsonl: cannot be read")


def test_label_studio_is_not_running(workspace: Path, articles: Path, tmp_path: Path) -> None:
    hemu("run", articles, "-w", workspace)
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    for command in ("push", "pull"):
        refused(hemu(command, "-w", workspace, env=env), "not running", "hemu studio start")
    config = workspace / "hemu.toml"
    config.write_text(
        config.read_text().replace('# url = "https://label-studio.example.org"', 'url = "http://127.0.0.1:9"')
    )
    for command in ("push", "pull"):
        refused(hemu(command, "-w", workspace, env={**env, "LABEL_STUDIO_API_KEY": "x" * 40}), "127.0.0.1:9")


def test_the_pipe_by_command(tmp_path: Path) -> None:
    rows = [
        {"id": "n.en", "pair": "n", "lang": "en", "text": ENGLISH},
        {"id": "n.zh", "pair": "n", "lang": "zh", "text": CHINESE},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    done = hemu("annotate", "-", "-", input=lines)
    out = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["text"] for row in out] == [ENGLISH, CHINESE]
    assert {"OFFICIAL"} == {e["label"] for row in out for e in row["entities"] if e["text"] in ("Guo Anmin", "郭安民")}
    assert all(row["text"][e["start"] : e["end"]] == e["text"] for row in out for e in row["entities"] + row["claims"])
    (aligned,) = hemu("align", "-", "-", input=lines).stdout.splitlines()
    beads = json.loads(aligned)["beads"]
    assert [len(bead["en"]) for bead in beads] == [1, 1]
    (tmp_path / "bad.jsonl").write_text(lines + "{oops\n")
    refused(hemu("annotate", tmp_path / "bad.jsonl", tmp_path / "out.jsonl"), "bad.jsonl, line 3: not JSON")
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_stopped(workspace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(400):
        (folder / f"a{number}.en.txt").write_text(ENGLISH * 8 + str(number), encoding="utf-8")
    assert hemu("ingest", folder, "-w", workspace).returncode == 0
    assert hemu("segment", "-w", workspace).returncode == 0
    arguments = ["annotate", "-w", str(workspace), "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from corpus.cli import main; main()", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background of a shell, they are started with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not list((workspace / "layers" / "combined").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "interrupted" in said
    assert "Traceback" not in said
    report = json.loads(hemu(*arguments, "--json").stdout)
    assert report["done"] + report["unchanged"] == 400
    assert report["unchanged"] > 0


@pytest.mark.slow
def test_from_gold_to_a_model_in_use(workspace: Path, tmp_path: Path) -> None:
    sample = Path(__file__).parent.parent / "corpus" / "data" / "sample" / "gold.jsonl"
    some = ("elderly-care", "housing-rental", "platform-regulation")
    lines = [line for line in sample.read_text(encoding="utf-8").splitlines() if json.loads(line)["pair"] in some]
    done = hemu("gold", "import", "-", "-w", workspace, input="\n".join(lines))
    assert "6 done" in done.stderr, done.stderr
    assert hemu("run", "-w", workspace).returncode == 0
    assert json.loads(hemu("dataset", "-w", workspace, "--json").stdout)["notes"]["entities lost in ner"] == 0
    scores = json.loads(hemu("evaluate", "-w", workspace, "--json").stdout)
    assert scores["all"]["entities"]["effort_saved"] > 0.5
    trained = json.loads(hemu("retrain", "-w", workspace, "--json").stdout)
    assert trained["accepted"]
    assert set(trained["admitted"]) == {"en", "zh"}
    assert "annotate: 6 done" in hemu("run", "-w", workspace).stderr
    assert (workspace / "layers" / "model").is_dir()
    assert json.loads(hemu("retrain", "-w", workspace, "--json").stdout)["unchanged"]
    scheme = workspace / "scheme.toml"
    scheme.write_text(scheme.read_text().replace('name = "FIRM"', 'name = "COMPANY"'))
    refused(hemu("annotate", "-w", workspace), "trained for labels", "FIRM", "hemu retrain")
