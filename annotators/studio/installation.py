"""Where Label Studio is installed, which one it is, and where a server keeps its data."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from corpus.errors import StudioError

VERSION = "1.23.2"
"""The Label Studio that hemu is tested with; requirements/studio.in names the same."""

Progress = Callable[[str], None]

_UNFINISHED = "hemu-unfinished"


def home() -> Path:
    """The user's home folder; from the user database where HOME is empty or not set."""
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


def default_env() -> Path:
    """Where Label Studio is installed: HEMU_STUDIO_ENV, or `hemu/studio-env` in the user's data folder."""
    named = os.environ.get("HEMU_STUDIO_ENV")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or home() / ".local" / "share") / "hemu" / "studio-env"


def default_data(name: str = "default") -> Path:
    """The data folder of the server `name`, outside of any workspace: `hemu/studio/<name>` in the user's state folder.

    Raises StudioError for a name, which hemu.toml may say, that would lead elsewhere.
    """
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise StudioError(f"{name!r} cannot be the name of a server; use letters, digits, hyphens")
    return Path(os.environ.get("XDG_STATE_HOME") or home() / ".local" / "state") / "hemu" / "studio" / name


def installed(env: Path) -> bool:
    """Whether `env` holds a finished installation of Label Studio."""
    return (env / "bin" / "label-studio").is_file() and not (env / _UNFINISHED).exists()


def install(
    env: Path,
    *,
    requirements: Path | None = None,
    python: str = sys.executable,
    uv: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Make the environment `env` and install Label Studio (about 800 MB) into it.

    `requirements` is a locked list (requirements/studio.txt); without one the tested version is installed with whatever
    it pins. `uv` is the path of uv, which is several times faster than pip. An interrupted installation is done anew.

    Raises StudioError with the last line of what the installer said.
    """
    say = progress or (lambda _: None)
    what = ["-r", str(requirements.resolve())] if requirements else [f"label-studio=={VERSION}"]
    inside = str(env / "bin" / "python")
    try:
        if (env / _UNFINISHED).exists():
            shutil.rmtree(env)
        env.mkdir(parents=True, exist_ok=True)
        (env / _UNFINISHED).touch()
        say(f"installing Label Studio {VERSION} into {env}")
        if uv:
            _run([uv, "venv", "--quiet", "--allow-existing", "--python", python, str(env)])
            _run([uv, "pip", "install", "--quiet", "--python", inside, *what])
        else:
            _run([python, "-m", "venv", str(env)])
            _run([inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what])
        (env / _UNFINISHED).unlink()
    except OSError as error:
        raise StudioError(f"{env}: Label Studio cannot be installed here: {error}") from None


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise StudioError(f"Label Studio could not be installed: {' '.join(command[:3])} … said: {said}")


def program(env: Path) -> Path:
    if not installed(env):
        raise StudioError(
            f"{env}: Label Studio is not installed there; install it with: hemu studio install, "
            "or name its environment in HEMU_STUDIO_ENV"
        )
    return env / "bin" / "label-studio"


def installed_version(env: Path) -> str:
    """The version of the Label Studio that `env` holds, "" where that cannot be told."""
    found = sorted(env.glob("lib/python*/site-packages/label_studio-*.dist-info"))
    return found[-1].name.removeprefix("label_studio-").removesuffix(".dist-info") if found else ""
