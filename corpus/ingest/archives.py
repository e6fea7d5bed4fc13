"""Zip archives and gzip files: what is in them, within bounds that no bomb gets past; nothing is written to disk.

A file in an archive is named as if the archive were a folder ("batch.zip" holding "a.en.txt": "batch/a.en"), so no
name in it can lead anywhere else. Archives in archives are left out.
"""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePath, PurePosixPath
from typing import BinaryIO, cast

from corpus.ingest.decode import NotTextError, decode
from corpus.ingest.names import printable, safe
from corpus.ingest.raw import Source
from corpus.report import Skipped

ARCHIVES = (".zip", ".gz")
FILES_MAX = 100_000
"""How many files of an archive are read."""
UNPACKED_MAX = 8 << 30
"""Bytes that an archive may unpack to."""
RATIO_MAX = 200
"""How many times its size a file may unpack to, above `FREE`; text is packed to a tenth or a twentieth."""
FREE = 16 << 20
_BOMB = f"unpacks to more than {RATIO_MAX} times its size, as no text does; unpack it first if it is one"


class UnpackError(OSError):
    """A file of an archive unpacks to more than is allowed; the message says so in a few words."""

    def __init__(self, why: str) -> None:
        super().__init__(0, why)


def is_archive(path: PurePath) -> bool:
    """Whether a name is that of an archive: .zip or .gz."""
    return path.suffix.lower() in ARCHIVES


def unpack(source: Source) -> Iterator[Source | Skipped]:
    """The files in an archive, each of which can be opened until the next one is asked for."""
    if source.relative.suffix.lower() == ".gz":
        name = source.relative.with_suffix("")
        if is_archive(name) or name.suffix.lower() in (".tar", ".tgz"):
            yield Skipped(source.shown, "an archive in an archive; unpack it first")
            return
        if not name.suffix:
            yield Skipped(source.shown, "its name does not say what is packed in it; name it .txt.gz or .jsonl.gz, say")
            return
        yield replace(source, relative=name, open=partial(_gunzip, source), size=0, path=None)
        return
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            yield from _members(archive, source)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        yield Skipped(source.shown, f"no zip archive that can be read ({str(error)[:80]})")


def _members(archive: zipfile.ZipFile, source: Source) -> Iterator[Source | Skipped]:
    # An entry without a name is not asked whether it is a folder: Python 3.11 cannot tell.
    members = [info for info in archive.infolist() if not info.filename or not info.is_dir()]
    # A file never unpacks to more than its entry says: zipfile stops there. The sum bounds entries that share bytes.
    unpacked = sum(info.file_size for info in members if not _is_bomb(info))
    if unpacked > UNPACKED_MAX or unpacked > max(RATIO_MAX * source.size, FREE):
        yield Skipped(source.shown, _BOMB if unpacked <= UNPACKED_MAX else f"unpacks to {unpacked >> 30} GiB")
        return
    folder = source.relative.with_suffix("")
    for info in members[:FILES_MAX]:
        name = _name(info)
        parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
        if any(part.startswith(".") or part == "__MACOSX" for part in parts):
            continue
        shown = f"{source.shown}/{printable(name)}"
        relative = folder.joinpath(*(safe(part) for part in parts or ["_"]))
        if is_archive(relative):
            yield Skipped(shown, "an archive in an archive; unpack it first")
        elif info.flag_bits & 1:
            yield Skipped(shown, "is encrypted; unpack the archive with its password first")
        elif _is_bomb(info):
            yield Skipped(shown, _BOMB)
        else:
            yield Source(relative, shown, partial(_open, archive, info), info.file_size)
    if len(members) > FILES_MAX:
        yield Skipped(source.shown, f"holds {len(members)} files; only the first {FILES_MAX} were read")


def _is_bomb(info: zipfile.ZipInfo) -> bool:
    return info.file_size > max(RATIO_MAX * info.compress_size, FREE)


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a file in a zip: one not marked as UTF-8 was often written in the encoding of a Chinese system."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    with suppress(UnicodeError, NotTextError):
        return decode(info.filename.encode("cp437"))[0]
    return info.filename


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    try:
        return cast(BinaryIO, io.BufferedReader(_Careful(cast(BinaryIO, archive.open(info)), info.file_size)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UnpackError(str(error)[:80]) from None


def _gunzip(source: Source) -> BinaryIO:
    bound = min(max(RATIO_MAX * source.size, FREE), UNPACKED_MAX)
    packed = source.open()
    unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=packed))
    return cast(BinaryIO, io.BufferedReader(_Careful(unpacked, bound, packed)))


class _Careful(io.RawIOBase):
    """A stream of unpacked bytes that ends in UnpackError where they are broken, or more than allowed."""

    def __init__(self, stream: BinaryIO, bound: int, packed: BinaryIO | None = None) -> None:
        self._stream, self._bound, self._packed = stream, bound, packed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 2:
            raise io.UnsupportedOperation("the end of a packed file is not known")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
            at = self._stream.tell()
        except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
            raise UnpackError(f"the archive is broken ({str(error)[:80]})") from None
        if at > self._bound:
            raise UnpackError(_BOMB)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        if self._packed:
            self._packed.close()
        super().close()


def on_disk(source: Source) -> BinaryIO:
    """The bytes of a packed file in a temporary file without a name, for formats that are not read from the front."""
    held = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        with source.open() as stream:
            while piece := stream.read(1 << 20):
                held.write(piece)
    except BaseException:
        held.close()
        raise
    held.seek(0)
    return cast(BinaryIO, held)
