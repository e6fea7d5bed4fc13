"""What hemu asks of PostgreSQL itself: is there something, dump it, restore it.

The password goes by a file that only its owner reads: not by the command line, which all users of the machine see.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from annotators.studio.settings import Database
from corpus.errors import StudioError

_DEBIAN = Path("/usr/lib/postgresql")


def has_tables(base: Database) -> bool:
    """Whether Label Studio's tables are in the database; StudioError where it does not answer."""
    said = _run(base, "psql", "-XAtq", "-c", "SELECT to_regclass('htx_user') IS NOT NULL")
    return said.strip() == "t"


def available() -> bool:
    """Whether the programs of PostgreSQL's client are installed."""
    return bool(_found("psql") and _found("pg_dump"))


def dump(base: Database, file: Path) -> None:
    """Write the database as it is at one moment, in pg_dump's own format; nobody is kept waiting."""
    _run(base, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")


def restore(base: Database, file: Path) -> None:
    """Put a dump in the place of the tables that are in it, all or nothing. Other tables are not touched."""
    _run(
        base,
        "pg_restore",
        *("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"),
        str(file),
    )


def _found(name: str) -> str | None:
    """The newest of that name: an older pg_dump refuses a newer server."""
    found = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))])
    return str(found[-1]) if found else shutil.which(name)


def _program(name: str) -> str:
    program = _found(name)
    if not program:
        raise StudioError(f"{name} is not installed; install the client of PostgreSQL (Debian: postgresql-client)")
    return program


def _run(base: Database, name: str, *arguments: str) -> str:
    where = ["--host", base.host, "--port", str(base.port), "--username", base.user, "--no-password"]
    where += ["--dbname", base.name]
    with tempfile.TemporaryDirectory(prefix="hemu-") as folder:
        secret = Path(folder) / "pgpass"
        escaped = base.password.replace("\\", "\\\\").replace(":", "\\:")
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"*:*:*:*:{escaped}\n")
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "PGSSLMODE", "PGSSLROOTCERT", "TMPDIR")}
        done = subprocess.run(
            [_program(name), *where, *arguments],
            env={**kept, "PGPASSFILE": str(secret), "PGCONNECT_TIMEOUT": "15", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        raise StudioError(f"{base}: {name} said: {said[0].removeprefix(f'{name}: ').removeprefix('error: ')}")
    return done.stdout
