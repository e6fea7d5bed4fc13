"""Back up and restore a server of hemu's own: its database, what was uploaded, its login and its secret key.

A backup is one gzipped tar file, readable by its owner alone: it holds the server's password, its API token, the key that
signs sessions and tokens, and the accounts. Its last member says what should be in it, so that a broken one is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from annotators.studio import postgres
from annotators.studio.installation import installed_version
from annotators.studio.settings import SQLITE, Database, database
from corpus.errors import StudioError

if TYPE_CHECKING:
    from annotators.studio.server import Server

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"

# What a start makes anew, or would be wrong elsewhere.
_LEFT_OUT = (SQLITE, f"{SQLITE}-journal", f"{SQLITE}-wal", f"{SQLITE}-shm", "server.json", "server.log")
_HIDDEN = (".env",)


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: `files` gives the size and the SHA-256 of each, `port` where the server answered."""

    label_studio: str
    database: str
    port: int
    created: str
    hemu: str = ""
    format: int = FORMAT
    files: dict[str, tuple[int, str]] = field(default_factory=dict)


def default_file(data: Path, when: float | None = None) -> Path:
    """Where a backup of the server in `data` goes by default: beside its folder, named by the time (UTC).

    >>> default_file(Path("studio/team"), 0.0)
    PosixPath('studio/team.backups/team-19700101T000000Z.tar.gz')
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(when))
    return data.with_name(f"{data.name}.backups") / f"{data.name}-{stamp}.tar.gz"


def has_data(data: Path) -> bool:
    """Whether there is a database, in the folder or on the PostgreSQL server that the environment names."""
    base = database()
    if base.kind == "sqlite":
        return base.file(data).exists()
    return postgres.has_tables(base)


def back_up(server: Server, file: Path | None = None) -> Path:
    """Write a backup of the server, which may be running, and return its path (mode 600).

    The database is copied as it is at one moment; what is uploaded while it is written may be missing. `file` may be a
    folder, and must not be there otherwise.

    Raises StudioError where there is nothing to back up, the environment names another database than the server's, or
    pg_dump is missing or fails.
    """
    base = database()
    server.check_database(base)
    if not has_data(server.data):
        raise StudioError(f"{server.data}: there is no database to back up; start the server first: hemu studio start")
    target = file or _unused(server.data)
    if target.is_dir():
        target = target / default_file(server.data).name
    if target.exists():
        raise StudioError(f"{target}: is there already; name another file")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if file is None:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".hemu-backup-") as folder:
            name = SQLITE if base.kind == "sqlite" else DUMP
            staged = Path(folder) / name
            if base.kind == "sqlite":
                _copy_sqlite(base.file(server.data), staged)
            else:
                postgres.dump(base, staged)
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as tar:
                    files = {name: _add(tar, staged, name)}
                    for path in _files(server.data):
                        inside = path.relative_to(server.data).as_posix()
                        try:
                            files[inside] = _add(tar, path, inside)
                        except FileNotFoundError:
                            continue
                    _add_manifest(tar, _manifest(server, base, files))
                out.flush()
                os.fsync(out.fileno())
        temporary.rename(target)
    except OSError as error:
        raise StudioError(f"{target}: the backup cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)
    return target


def read_manifest(file: Path) -> Manifest:
    """What a backup says that it holds; reads it to its end. StudioError where it is none, or broken off."""
    with _opened(file) as tar:
        for member in tar:
            if member.name == MANIFEST:
                return _parsed(file, tar, member)
    raise StudioError(f"{file}: is no backup of hemu's, or broken off: it has no {MANIFEST}")


def restore(server: Server, file: Path, *, force: bool = False) -> Path | None:
    """Put a backup in the place of the server, which must not be running; it is checked wholly before that.

    With `force` a server that has data is backed up and replaced; returns that backup. The next start is on the port of
    the backup, and migrates the database where Label Studio is newer.

    Raises StudioError where the backup is damaged, of another kind of database than the environment names, or of a newer
    Label Studio than is installed; where the server runs, or has data and `force` is false. Nothing is changed then.
    """
    base = database()
    manifest = read_manifest(file)
    if manifest.database != base.kind:
        raise StudioError(
            f"{file}: is of {_KINDS.get(manifest.database, manifest.database)}, but the environment names {base}; "
            "set DJANGO_DB and POSTGRE_* to a database of that kind"
        )
    now = installed_version(server.environment)
    if _numbers(manifest.label_studio) > _numbers(now) and now:
        raise StudioError(
            f"{file}: is of Label Studio {manifest.label_studio}, and {now} is installed, which is older: install that one first"
        )
    with server.stopped(), tempfile.TemporaryDirectory(dir=server.data.parent, prefix=".hemu-restore-") as folder:
        occupied = has_data(server.data) or server.credentials.exists()
        if occupied and not force:
            raise StudioError(
                f"{server.data}: has data already; restore under another name with --name, or replace it with --force, "
                "which backs it up first"
            )
        staged, replaced = Path(folder) / "new", Path(folder) / "old"
        _extract(file, manifest, staged)
        if base.kind == "sqlite":
            _check_sqlite(file, staged / SQLITE)
        (staged / "server.json").write_text(json.dumps({"port": manifest.port}))
        made = {"label_studio": manifest.label_studio, "database": base.place}
        (staged / "made.json").write_text(json.dumps(made))
        before = back_up(server) if occupied and has_data(server.data) else None
        _swap(staged, server.data, replaced, staged / DUMP, base)
    return before


_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _swap(staged: Path, data: Path, replaced: Path, dump: Path, base: Database) -> None:
    """Take the old files out, put the new ones in; all as it was where that fails. The lock stays."""
    replaced.mkdir()
    moved: list[tuple[Path, Path]] = []
    outside = base.kind == "sqlite" and base.name

    def move(path: Path, target: Path) -> None:
        shutil.move(path, target)
        moved.append((path, target))

    try:
        for path in [p for p in data.iterdir() if p.name != ".lock"]:
            move(path, replaced / path.name)
        for old in map(Path, (base.name, f"{base.name}-journal", f"{base.name}-wal") if outside else ()):
            # A journal would be applied to the new database.
            if old.exists():
                move(old, replaced / f"database{old.name}")
        for path in [p for p in staged.iterdir() if p.name != DUMP]:
            move(path, Path(base.name) if outside and path.name == SQLITE else data / path.name)
        if base.kind == "postgresql":
            # Last, as it is done wholly or not at all.
            postgres.restore(base, dump)
    except BaseException:
        for path, target in reversed(moved):
            shutil.move(target, path)
        raise


def _unused(data: Path) -> Path:
    when = time.time()
    while (file := default_file(data, when)).exists():
        when += 1
    return file


def _manifest(server: Server, base: Database, files: dict[str, tuple[int, str]]) -> Manifest:
    try:
        hemu = version("hemu")
    except PackageNotFoundError:
        hemu = ""
    made = str(server.made.get("label_studio") or installed_version(server.environment))
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Manifest(made, base.kind, int(server.status().url.rpartition(":")[2]), created, hemu, FORMAT, files)


def _files(data: Path) -> Iterator[Path]:
    """The files of a server beside its database; no links, and nothing hidden but its key."""
    for folder, names, files in os.walk(data):
        names[:] = sorted(name for name in names if not name.startswith("."))
        top = Path(folder) == data
        for name in sorted(files):
            if (top and name in _LEFT_OUT) or (name.startswith(".") and not (top and name in _HIDDEN)):
                continue
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _copy_sqlite(source: Path, target: Path) -> None:
    """By SQLite's own means, which give one moment of a database that is being written to."""
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as one,
            closing(sqlite3.connect(target)) as other,
        ):
            one.backup(other)
    except sqlite3.Error as error:
        raise StudioError(f"{source}: the database cannot be copied: {error}") from None
    _check_sqlite(source, target)


def _check_sqlite(named: Path, file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise StudioError(f"{named}: the database in it is damaged: {said}; take an earlier backup")


class _Hashed:
    """A file that notes the digest of what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.digest.update(block)
        return block


def _add(tar: tarfile.TarFile, path: Path, name: str) -> tuple[int, str]:
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = os.fstat(file.fileno()).st_size, 0o600, int(path.stat().st_mtime)
        hashed: Any = _Hashed(file)
        tar.addfile(info, hashed)
    return info.size, hashed.digest.hexdigest()


def _add_manifest(tar: tarfile.TarFile, manifest: Manifest) -> None:
    content = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode("utf-8", "surrogateescape")
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mode, info.mtime = len(content), 0o600, int(time.time())
    tar.addfile(info, BytesIO(content))


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:gz") as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise StudioError(f"{file}: is no backup of hemu's, or broken off ({error or 'it ends early'})") from None
    except OSError as error:
        raise StudioError(f"{file}: cannot be read: {error.strerror or error}") from None


def _parsed(file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Manifest:
    content = tar.extractfile(member)
    try:
        values = json.loads(content.read(1 << 26).decode("utf-8", "surrogateescape")) if content else {}
        if values["format"] != FORMAT:
            raise StudioError(f"{file}: is of a newer hemu (format {values['format']}); restore it with that one")
        files = {str(name): (int(size), str(digest)) for name, (size, digest) in values["files"].items()}
        manifest = Manifest(
            str(values["label_studio"]),
            str(values["database"]),
            int(values["port"]),
            str(values["created"]),
            files=files,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StudioError(f"{file}: is no backup of hemu's: its {MANIFEST} cannot be read") from None
    if (SQLITE if manifest.database == "sqlite" else DUMP) not in files or "credentials.json" not in files:
        raise StudioError(f"{file}: is no backup of hemu's: there is no database or no login in it")
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or path.as_posix() != name:
            raise StudioError(f"{file}: is no backup of hemu's: it holds a file named {name!r}")
    return manifest


def _extract(file: Path, manifest: Manifest, folder: Path) -> None:
    """The files that the manifest names, each compared with it; whatever else is in the archive is passed over."""
    missing = dict(manifest.files)
    folder.mkdir(mode=0o700)
    with _opened(file) as tar:
        for member in tar:
            size, digest = missing.get(member.name, (-1, ""))
            source = tar.extractfile(member) if member.isreg() and member.size == size else None
            if source is None:
                continue
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            hashed: Any = _Hashed(source)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                shutil.copyfileobj(hashed, out, 1 << 20)
            if hashed.digest.hexdigest() != digest:
                raise StudioError(
                    f"{file}: is damaged: {member.name} is not what was backed up; take an earlier backup"
                )
            del missing[member.name]
    if missing:
        raise StudioError(f"{file}: is damaged: {min(missing)} is missing; take an earlier backup")


def _numbers(label_studio: str) -> list[int]:
    return [int(part) for part in label_studio.split(".") if part.isdecimal()]
