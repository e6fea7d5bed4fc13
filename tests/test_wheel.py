"""What a user installs: the wheel, in a fresh environment, runs the command and a pipe."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, input: str | None = None, cwd: Path) -> str:
    done = subprocess.run([str(c) for c in command], input=input, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_runs_in_a_fresh_environment(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("hemu-*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    install = (
        [uv, "pip", "install", "--quiet", "--python", python] if uv else [python, "-m", "pip", "install", "--quiet"]
    )
    run(*install, "--constraint", ROOT / "requirements" / "hemu.txt", wheel, cwd=tmp_path)
    hemu = tmp_path / "env" / "bin" / "hemu"
    assert "annotate" in run(hemu, "--help", cwd=tmp_path)
    rows = [
        {"id": "a.en", "pair": "a", "lang": "en", "text": "Premier Li Qiang said China will build 200,000 flats."},
        {"id": "a.zh", "pair": "a", "lang": "zh", "text": "国务院总理李强表示，中国将建设20万套住房。"},
    ]
    shown = run(hemu, "annotate", "-", "-", input="\n".join(map(json.dumps, rows)), cwd=tmp_path)
    out = [json.loads(line) for line in shown.splitlines()]
    assert [r["text"] for r in out] == [r["text"] for r in rows]
    assert {e["text"]: e["label"] for r in out for e in r["entities"]}.items() >= {
        "李强": "OFFICIAL",
        "Li Qiang": "OFFICIAL",
    }.items()
