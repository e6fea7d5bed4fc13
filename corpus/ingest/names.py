"""What a file's name says: the id of its document, the pair it belongs to, its language."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePath

from corpus.document import Lang
from corpus.language import language_of_folder, split_name

MAX_ID = 200
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]+")


@dataclass(frozen=True, slots=True)
class Name:
    """The id, the pair ("" where the name has no language in it) and the language that a name says."""

    id: str
    pair: str
    lang: Lang | None


def name_of(path: PurePath) -> Name:
    """What the path of a file, relative to the folder that is ingested, says.

    The language is a suffix ("rents.zh.txt") or, where there is none, a folder ("zh/rents.txt"). Control characters in
    a name become "_", and runs of dots one dot, so that an id is safe to print and to make a path of.

    >>> name_of(PurePath("2024/rents.zh.txt"))
    Name(id='2024/rents.zh', pair='2024/rents', lang='zh')
    """
    stem = path.name[: -len(path.suffix)] if path.suffix else path.name
    folders = [safe(part) for part in path.parts[:-1] if part not in (".", "..", "/")]
    base, lang = split_name(safe(stem))
    id = "/".join([*folders, safe(stem)])
    if lang:
        return Name(id, "/".join([*folders, base]), lang)
    said = [(at, language) for at, part in enumerate(folders) if (language := language_of_folder(part))]
    if len(said) == 1:
        at, lang = said[0]
        return Name(id, "/".join([*folders[:at], *folders[at + 1 :], safe(stem)]), lang)
    return Name(id, "", None)


def safe(part: str) -> str:
    """A part of a path as part of an id: composed (NFC), without control characters, backslashes and runs of dots."""
    return re.sub(r"\.{2,}", ".", _UNSAFE.sub("_", unicodedata.normalize("NFC", part))).strip() or "_"


def why_unsafe(id: str) -> str | None:
    """Why a given id cannot be used, or None where it can."""
    if not id.strip():
        return "the id is empty"
    if len(id) > MAX_ID:
        return f"the id is longer than {MAX_ID} characters"
    if _UNSAFE.search(id):
        return "the id holds a control character, a backslash or a broken character"
    if id.startswith("/") or ".." in id.split("/"):
        return "the id is no plain name: it begins with '/' or has '..' in it"
    return None


def printable(name: str) -> str:
    """A file's name as it can be printed: bytes that are no text and control characters are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
