#!/usr/bin/env python3
"""Put the texts of articles back into a dataset that came without them.

The folder that this script lies in holds everything of a dataset but the articles: offsets, labels, and the SHA-256 of
each text. Whoever has copies of the articles gets the whole dataset back, every row as it was:

    pip install pyarrow
    python join.py ARTICLES OUT            # then: datasets.load_dataset("OUT", "ner")

ARTICLES is a folder of .txt files (named by the ids of the documents, or in any other way: a text is known by its
SHA-256), JSON Lines or Parquet with the columns "id" and "text", or a workspace of hemu. Web pages, Word and PDF files
are read by hemu itself: `hemu dataset join`.

Nothing is written unless every document has its text (or --partial is given), and nothing is left half-written.
Exit codes: 0 written; 1 not written, and why; 2 wrong command line.

The script needs Python 3.10 and pyarrow, and nothing of hemu. MIT licence.

It is one file, although it is long, because it lies in every dataset without texts: whoever gets such a dataset can read
what they are about to run from top to bottom, and there is nothing to install or to put together. In hemu it is a module
like any other (`corpus.dataset.join`). Its parts, in this order:

    Strings    what stands in the place of a string, and the string again
    Rows       the rules of a dataset by column, and rows restored by them
    Texts      the texts that were found, and the forms of a text that are tried
    Articles   the copies in ARTICLES, read
    Dataset    what the dataset wants, and which copy answers to it
    Joining    the dataset written with its texts
    Command line
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import unicodedata
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

FORMAT = 1
JOIN, MANIFEST = "join.json", "dataset.json"
WITHHELD = "?"
"""What stands for a string that is no stretch of an article (a title, say) and is not given away."""

Row = dict[str, Any]
TextOf = Callable[[str], str]

_SHOWN = 50
"""Documents without their text that are named, at most."""
_KEPT = 64
"""Texts, or rows, that are held in memory at a time."""
_BEGINNINGS = 400
"""Lines of a copy at which the wanted text is looked for, at most: each costs a SHA-256."""
_PIECE = re.compile(r'\[(\d+):(\d+)( lower)?(?: of ("(?:[^"\\]|\\.)*"))?\]|("(?:[^"\\]|\\.)*")')
_TEXT_COLUMNS = ("text", "content", "body", "article", "正文")
_UNREAD = {".html", ".htm", ".xhtml", ".md", ".markdown", ".docx", ".pdf", ".csv", ".tsv", ".zip", ".gz"}


class JoinError(Exception):
    """Why nothing is written, in one line."""


# ---- Strings: what stands in their place, and the string again


def decoded(value: str, document: str, text_of: TextOf) -> str:
    """The string that a value in the notation of places stands for.

    `[4:8]` is a stretch of the document's text (code points, half-open), `[4:8 of "id"]` one of another document,
    `[4:8 lower]` one in lower case, `"..."` a piece as it is; pieces stand side by side. A value that begins with none
    of these is itself. What was withheld is "".

    >>> decoded('[0:2]"-"[5:8 lower]', "a", lambda id: "US trade NOW")
    'US-ade'
    """
    if value == WITHHELD:
        return ""
    if not value or value[0] not in '["?':
        return value
    pieces, at = [], 0
    while at < len(value):
        match = _PIECE.match(value, at)
        if match is None:
            raise JoinError(f"{document}: {value[:40]!r} is in no notation that this script knows")
        start, end, lower, other, literal = match.groups()
        if literal is not None:
            pieces.append(json.loads(literal))
        else:
            text = text_of(json.loads(other) if other else document)
            if not text:
                return ""  # A dataset of some of the documents only: the other one is not among them.
            stretch = text[int(start) : int(end)]
            pieces.append(stretch.lower() if lower else stretch)
        at = match.end()
    return "".join(pieces)


# ---- Rows: the rules of a dataset by column, and rows restored by them


@dataclass(frozen=True)
class Rule:
    """How a string comes back. `document` is the column with the id of its document, `origin` that with the offset which
    offsets count from ("" where they count from the beginning of the text).

    `rule` is "text" (all of it), "slice" (by `start` and `end` beside it), "tokens" (by `starts` and `ends`),
    "stretch" (by the columns `<name>_start` and `<name>_end`), "place" (see `decoded`).
    """

    rule: str
    document: str
    origin: str = ""


Tree = Mapping[str, Any]
"""Rules by column, and below a column that is nested by field."""


def tree_of(rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Rules by dotted path as a tree."""
    tree: dict[str, Any] = {}
    for path, rule in rules.items():
        *above, leaf = path.split(".")
        node = tree
        for name in above:
            node = node.setdefault(name, {})
        node[leaf] = rule
    return tree


def restored(row: Row, tree: Tree, text_of: TextOf) -> Row:
    """The columns of `tree` as they were in the dataset with text; `row` has all columns that they need."""

    def below(value: Any, node: Any, name: str, beside: Row) -> Any:
        if isinstance(node, Rule):
            return _leaf(value, node, name, beside, row, text_of)
        if isinstance(value, list):
            return [below(each, node, name, beside) for each in value]
        if not isinstance(value, dict):
            return value
        return {**value, **{key: below(value.get(key), sub, key, value) for key, sub in node.items()}}

    return {column: below(row.get(column), node, column, row) for column, node in tree.items()}


def _leaf(value: Any, rule: Rule, name: str, beside: Row, row: Row, text_of: TextOf) -> Any:
    document = row[rule.document]
    if rule.rule == "place":
        if isinstance(value, list):
            return [decoded(each, document, text_of) if each is not None else None for each in value]
        return decoded(value, document, text_of) if value is not None else None
    text = text_of(document)
    if rule.rule == "text":
        return text
    if rule.rule == "tokens":
        return [text[start:end] for start, end in zip(row["starts"], row["ends"], strict=True)]
    if rule.rule == "stretch":
        return text[row[f"{name}_start"] : row[f"{name}_end"]]
    if rule.rule == "slice":
        origin = row[rule.origin] if rule.origin else 0
        return text[origin + beside["start"] : origin + beside["end"]]
    raise JoinError(
        f"{JOIN} has a rule {rule.rule!r}, which this script does not know; take the join.py of the dataset"
    )


def needed_columns(tree: Tree, names: Sequence[str]) -> list[str]:
    """Of the columns of a table those that `restored` has to see."""
    wanted = set(tree)
    for column, node in tree.items():
        if isinstance(node, Rule):
            wanted |= {f"{column}_start", f"{column}_end", "start", "end", "starts", "ends"}
        nodes = [node]
        while nodes:
            each = nodes.pop()
            if isinstance(each, Rule):
                wanted |= {each.document, each.origin}
            else:
                nodes += each.values()
    return [name for name in names if name in wanted]


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def row_bytes(columns: Mapping[str, Any]) -> bytes:
    """The restored columns of a row as bytes for a digest."""
    line = _ENCODER.encode([columns[name] for name in sorted(columns)])
    return line.encode("utf-8", "surrogatepass") + b"\n"


# ---- Texts: those that were found, and the forms of a text that are tried


def sha(text: str) -> str:
    """SHA-256 of a text, as the dataset has it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Texts:
    """Texts by the id of their document, in a file, so that memory does not grow with them."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._places: dict[str, tuple[int, int]] = {}
        self._recent: OrderedDict[str, str] = OrderedDict()

    def __contains__(self, id: object) -> bool:
        return id in self._places

    def __len__(self) -> int:
        return len(self._places)

    def add(self, text: str, ids: Iterable[str]) -> None:
        """Keep a text, for one or more documents."""
        data = text.encode("utf-8", "surrogatepass")
        place = (self._file.seek(0, os.SEEK_END), len(data))
        self._file.write(data)
        self._places.update(dict.fromkeys(ids, place))

    def text(self, id: str) -> str:
        """The text of a document, "" where there is none."""
        if id not in self._places:
            return ""
        if id not in self._recent:
            start, length = self._places[id]
            self._file.seek(start)
            self._recent[id] = self._file.read(length).decode("utf-8", "surrogatepass")
            if len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        self._recent.move_to_end(id)
        return self._recent[id]

    def close(self) -> None:
        self._file.close()


def cleaned(text: str) -> tuple[str, str]:
    """`(what was changed, text)`: a text as hemu freezes it, and what that took.

    >>> cleaned("房租\\r\\n")
    ('line ends (CRLF), final line breaks', '房租')
    """
    done = []
    for what, change in (
        ("byte-order mark", lambda t: t.lstrip("\ufeff")),
        ("line ends (CRLF)", lambda t: t.replace("\r\n", "\n").replace("\r", "\n")),
        ("composed characters (NFC)", lambda t: unicodedata.normalize("NFC", t)),
        ("final line breaks", lambda t: t.rstrip("\n")),
    ):
        changed = change(text)
        if changed != text:
            done.append(what)
        text = changed
    return ", ".join(done), text


_FURTHER: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("no-break spaces", lambda t: t.replace("\u00a0", " ").replace("\u202f", " ")),
    ("characters of no width", lambda t: re.sub("[\u200b\u2060\ufeff\u00ad]", "", t)),
    ("blanks at the ends of lines", lambda t: re.sub(r"[^\S\n]+(?=\n|\Z)", "", t)),
    ("blanks at the beginnings of lines", lambda t: re.sub(r"(?m)^[^\S\n]+", "", t)),
    ("empty lines", lambda t: re.sub(r"\n{2,}", "\n", t)),
    ("empty lines", lambda t: re.sub(r"\n{3,}", "\n\n", t)),
    ("empty lines", lambda t: re.sub(r"\n+", "\n\n", t)),
    ("blanks around the text", lambda t: t.strip()),
)


def versions_of(text: str, *, all_ways: bool = True) -> Iterator[tuple[str, str]]:
    """`(what was changed, text)`: the text as it is, as hemu freezes it, and forms that other programs make of a text.

    Without `all_ways` only the most frequent of the last.
    """
    yield "", text
    done, plain = cleaned(text)
    seen = {text, plain}
    if done:
        yield done, plain
    ways = (
        [way for n in range(1, len(_FURTHER) + 1) for way in combinations(_FURTHER, n)] if all_ways else [_FURTHER[2:3]]
    )
    for way in ways:
        changed, names = plain, [done] if done else []
        for what, change in way:
            after = change(changed)
            if after != changed:
                names.append(what)
            changed = after
        if changed not in seen:
            seen.add(changed)
            yield ", ".join(names), changed


# ---- Articles: the copies in ARTICLES, read


@dataclass(frozen=True)
class Article:
    """A copy of an article as it was found; `ids` are those that its name says, `text` None where it was not read."""

    where: str
    ids: tuple[str, ...]
    text: str | None
    meta: Mapping[str, str] = field(default_factory=dict)
    file_sha256: str = ""


def articles_in(path: Path) -> Iterator[Article]:
    """The articles at `path`: a folder of .txt files and of files of rows, one such file, or a workspace of hemu."""
    if not path.exists():
        raise JoinError(f"{path}: no such file or folder")
    if path.is_dir() and (path / "hemu.toml").is_file():
        for shard in sorted((path / "documents").glob("*.parquet")):
            yield from _parquet(shard)
        return
    files = [path]
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path)))
    for file in files:
        name = file.name.lower()
        if name.endswith((".txt", ".text")):
            yield _text_file(file, file.relative_to(path) if path.is_dir() else Path(file.name))
        elif name.endswith((".jsonl", ".ndjson", ".jsonl.gz")):
            yield from _json_lines(file)
        elif name.endswith(".parquet"):
            yield from _parquet(file)
        elif file.suffix.lower() in _UNREAD:
            yield Article(
                str(file), _ids(file.relative_to(path) if path.is_dir() else Path(file.name)), None, {}, file_sha(file)
            )


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _ids(path: Path) -> tuple[str, ...]:
    plain = path.as_posix()[: -len(path.suffix)] if path.suffix else path.as_posix()
    return tuple(dict.fromkeys(unicodedata.normalize("NFC", id) for id in (plain, path.as_posix(), Path(plain).name)))


def _text_file(file: Path, relative: Path) -> Article:
    data = file.read_bytes()
    text = None
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    return Article(str(file), _ids(relative), text, {}, hashlib.sha256(data).hexdigest())


def _json_lines(file: Path) -> Iterator[Article]:
    number = 0
    try:
        with gzip.open(file, "rb") if file.suffix.lower() == ".gz" else file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield from _of_row(json.loads(line.decode("utf-8-sig")), f"{file}, line {number}")
    except (ValueError, RecursionError):
        raise JoinError(f"{file}, line {number}: not JSON; expected one object with id and text a line") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise JoinError(f"{file}: cannot be unpacked after line {number} ({error}); get or pack it again") from None


def _parquet(file: Path) -> Iterator[Article]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=_KEPT):
                for row in batch.to_pylist():
                    yield from _of_row(row, str(file))
    except pa.ArrowInvalid as error:
        raise JoinError(f"{file}: cannot be read ({error})") from None


def _of_row(row: Any, where: str) -> Iterator[Article]:
    if not isinstance(row, dict):
        return
    text = next((row[name] for name in _TEXT_COLUMNS if isinstance(row.get(name), str)), None)
    if text is not None:
        given = {**row, **_meta(row.get("meta"))}
        ids = tuple(str(row[name]) for name in ("id", "document", "doc_id") if row.get(name) is not None)
        yield Article(
            where, ids, text, {k: v for k, v in given.items() if isinstance(v, str) and k not in _TEXT_COLUMNS}
        )


def _meta(meta: Any) -> Row:
    """Metadata as a mapping: it may be one, a column of maps (pairs), or of structs with "key" and "value"."""
    if isinstance(meta, list):
        pairs = [(each.get("key"), each.get("value")) if isinstance(each, dict) else each for each in meta]
        meta = {pair[0]: pair[1] for pair in pairs if isinstance(pair, tuple) and isinstance(pair[0], str)}
    return meta if isinstance(meta, dict) else {}


def file_sha(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


# ---- Dataset: what it wants, and which copy answers to it


@dataclass(frozen=True)
class Wanted:
    """A document whose text is wanted."""

    sha: str
    characters: int
    file_sha: str = ""


@dataclass
class Found:
    """What became of the documents. A document is in `exact`, `changed`, `other` or `missing`."""

    documents: int = 0
    exact: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    """Found in a copy that agrees after the changes named."""
    other: dict[str, str] = field(default_factory=dict)
    """There is a copy, but its text is another one: in what way."""
    missing: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    filled: int = 0
    """Values that are in no article's text and were taken from the copies' own metadata."""
    withheld: int = 0
    """Values that are in no article's text and stay empty."""
    verified: bool | None = None
    """Whether every row is what it was, metadata included; None where not all documents are there."""

    @property
    def agreeing(self) -> int:
        return len(self.exact) + len(self.changed)

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "exact": len(self.exact), "agreeing": self.agreeing}

    def lines(self) -> list[str]:
        """What a person wants to know, a line each."""
        lines = [f"{self.agreeing} of {self.documents} documents have their text"]
        ways: dict[str, list[str]] = {}
        for id, what in self.changed.items():
            ways.setdefault(what, []).append(id)
        lines += [f"  {_named(ids)}: agree after a change: {what}" for what, ids in sorted(ways.items())]
        lines += _cut([f"  {id}: {why}" for id, why in self.other.items()])
        lines += _cut([f"  {id}: missing" for id in self.missing])
        if self.rows:
            lines.append("rows: " + ", ".join(f"{config} {rows}" for config, rows in self.rows.items()))
        if self.verified:
            lines.append("every row is as it was")
        if self.filled:
            known = "" if self.verified else ", and need not be those of the dataset"
            lines.append(f"{self.filled} values that are not in the texts are from your copies' metadata{known}")
        if self.withheld:
            lines.append(f"{self.withheld} values that are not in the texts stay empty (authors and the like)")
        return lines


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")


def _cut(lines: list[str]) -> list[str]:
    return lines[:_SHOWN] + (
        [f"  … and {len(lines) - _SHOWN} more; --json names them all"] if len(lines) > _SHOWN else []
    )


def read_spec(folder: Path) -> dict[str, Any]:
    """What `join.json` says; JoinError where the folder is no dataset without text, or its files are damaged."""
    try:
        spec = json.loads((folder / JOIN).read_text(encoding="utf-8"))
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise JoinError(f"{folder}: no dataset without text (no {Path(error.filename).name})") from None
    except (OSError, ValueError) as error:
        raise JoinError(f"{folder}: cannot be read ({error})") from None
    if spec.get("format") != FORMAT:
        raise JoinError(
            f"{folder / JOIN}: form {spec.get('format')!r}; this script reads {FORMAT}; use that of the folder"
        )
    for sides in manifest["configs"].values():
        for held in sides.values():
            for file in held["files"]:
                path = folder / file["path"]
                if not _stays(file["path"]):
                    raise JoinError(
                        f"{folder}: names a file outside of it ({file['path']!r}); this is no dataset to trust"
                    )
                if not path.is_file():
                    raise JoinError(f"{path}: missing; download the dataset again")
                if file_sha(path) != file["sha256"]:
                    raise JoinError(f"{path}: is damaged (its SHA-256 is another); download the dataset again")
    return {**spec, "files": manifest["configs"]}


def _stays(path: object) -> bool:
    """Whether a path of the manifest leads to a place below the folder."""
    return isinstance(path, str) and not path.startswith("/") and "\\" not in path and ".." not in path.split("/")


def rules_of(spec: Mapping[str, Any], config: str) -> dict[str, Any]:
    """The tree of rules of a configuration."""
    return tree_of({path: Rule(*rule) for path, rule in spec["configs"][config]["rules"].items()})


def wanted_of(folder: Path, spec: Mapping[str, Any]) -> dict[str, Wanted]:
    """The documents of the dataset."""
    import pyarrow.parquet as pq

    wanted = {}
    for held in spec["files"]["documents"].values():
        for file in held["files"]:
            with pq.ParquetFile(folder / file["path"]) as parquet:
                for batch in parquet.iter_batches(columns=["id", "characters", "provenance"]):
                    for row in batch.to_pylist():
                        at = row["provenance"]
                        wanted[row["id"]] = Wanted(at["sha256"], row["characters"], at.get("file_sha256") or "")
    return wanted


def gather(wanted: Mapping[str, Wanted], articles: Iterable[Article], texts: Texts) -> tuple[Found, dict[str, Row]]:
    """Take the texts that are wanted out of `articles`; also the metadata of their copies, by document."""
    by_sha: dict[str, list[str]] = {}
    by_file: dict[str, list[str]] = {}
    for id, each in wanted.items():
        by_sha.setdefault(each.sha, []).append(id)
        if each.file_sha:
            by_file.setdefault(each.file_sha, []).append(id)
    found = Found(len(wanted))
    meta: dict[str, Row] = {}
    how: dict[str, str] = {}
    for article in articles:
        named = [id for id in article.ids if id in wanted]
        meant = [id for id in dict.fromkeys([*named, *by_file.get(article.file_sha256, ())]) if how.get(id) != ""]
        if article.text is None:
            for id in meant:
                why = "this is its file, but" if wanted[id].file_sha == article.file_sha256 else "such a file"
                found.other.setdefault(
                    id, f"{article.where}: {why} is not read by this script; hemu dataset join reads it"
                )
            continue
        for what, text in _candidates(article.text, [wanted[id] for id in meant]):
            ids = [id for id in by_sha.get(sha(text), ()) if how.get(id) != ""]
            if ids:
                texts.add(text, [id for id in ids if id not in texts])
                for id in ids:
                    # An exact copy goes before one that has to be changed.
                    if not what or id not in how:
                        how[id] = what
                        meta[id] = dict(article.meta)
                break
        else:
            for id in named:
                length = f"{len(article.text)} characters, expected {wanted[id].characters}"
                found.other.setdefault(id, f"{article.where}: another text ({length})")
    for id in wanted:
        if id in how:
            found.other.pop(id, None)
            if how[id]:
                found.changed[id] = how[id]
            else:
                found.exact.append(id)
        elif id not in found.other:
            found.missing.append(id)
    return found, meta


def _candidates(text: str, meant: Sequence[Wanted]) -> Iterator[tuple[str, str]]:
    """The forms of a text; for documents that it is meant for also stretches of it that are as long as theirs."""
    yield from versions_of(text, all_ways=bool(meant))
    _, plain = cleaned(text)
    for each in meant:
        starts = [0, *(match.end() for match in re.finditer(r"\n\s*", plain))]
        for start in starts[:_BEGINNINGS]:
            stretch = plain[start : start + each.characters]
            if len(stretch) == each.characters < len(plain):
                yield f"what stands around it left out ({len(plain) - each.characters} characters)", stretch


# ---- Joining: the dataset written with its texts


def join(folder: Path, articles: Iterable[Article], out: Path, *, partial: bool = False) -> Found:
    """Write the dataset in `folder` with its texts to `out`, a new folder that appears whole or not at all.

    Without `partial`, nothing is written unless every document has its text: see `Found.other` and `Found.missing`.
    JoinError where the dataset is damaged, `out` is there already, or the rows come out other than they were.
    """
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise JoinError(f"{out}: is there already; name a new folder")
    spec = read_spec(folder)
    texts = Texts()
    try:
        found, meta = gather(wanted_of(folder, spec), articles, texts)
        if not found.agreeing or (found.agreeing < found.documents and not partial):
            return found
        temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
        try:
            temporary.mkdir(parents=True)
            _write(folder, temporary, spec, texts, meta, found)
            if out.exists():
                out.rmdir()
            temporary.rename(out)
        except OSError as error:
            raise JoinError(f"{out}: cannot be written: {error.strerror}") from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    finally:
        texts.close()
    return found


def _write(
    folder: Path, out: Path, spec: Mapping[str, Any], texts: Texts, meta: Mapping[str, Row], found: Found
) -> None:
    whole = found.agreeing == found.documents
    manifest = spec["manifest"]
    configs: dict[str, Any] = {}
    # The digests of what is no text are seeded with the texts: without them, short strings could be guessed.
    seed = b""
    unlike = 0
    for config in sorted(spec["files"], key=lambda name: name != "documents"):
        for split, held in spec["files"][config].items():
            digest, as_it_was = hashlib.sha256(seed), hashlib.sha256(seed)
            files, rows = [], 0
            for file in held["files"]:
                number = _restore_file(folder, out, file["path"], spec, config, texts, meta, found, (digest, as_it_was))
                if number:
                    path = out / file["path"]
                    files.append({"path": file["path"], "bytes": path.stat().st_size, "sha256": file_sha(path)})
                rows += number
            expected = spec["digests"][f"{config}/{split}"]
            if whole and digest.hexdigest() != expected[0]:
                raise JoinError(f"{config}/{split}: the rows come out other than they were; please report this to hemu")
            unlike += as_it_was.hexdigest() != expected[1]
            if rows:
                configs.setdefault(config, {})[split] = {"files": files, "rows": rows}
            if config == "documents":
                seed += digest.digest()
        found.rows[config] = sum(held["rows"] for held in configs.get(config, {}).values())
    found.verified = not unlike if whole else None
    if not whole:
        note = {"of": manifest["version"], "documents": found.agreeing, "of_documents": found.documents}
        manifest = {
            **manifest,
            "version": f"{manifest['version']}-part",
            "extra": {**manifest["extra"], "joined": note},
        }
        manifest["counts"] = {name: {} for name in manifest["counts"]}
    (out / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (out / "README.md").write_text(_readme(manifest, found), encoding="utf-8")


def _restore_file(
    folder: Path, out: Path, name: str, spec: Mapping[str, Any], config: str, texts: Texts,
    meta: Mapping[str, Row], found: Found, digests: tuple[Any, Any],
) -> int:  # fmt: skip
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(spec["configs"][config]["schema"])))
    tree = rules_of(spec, config)
    ids = ["id" if config == "documents" else "document", "en_document", "zh_document"]
    target, rows = out / name, 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetFile(folder / name) as source, pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for group in range(source.num_row_groups):
            table = source.read_row_group(group)
            of = [column for column in ids if column in table.column_names]
            kept = [
                all(id in texts for id in row) for row in zip(*(table.column(c).to_pylist() for c in of), strict=True)
            ]
            if not all(kept):
                table = table.filter(pa.array(kept))
            new: dict[str, list[Any]] = {column: [] for column in tree}
            for row in table.select(needed_columns(tree, table.column_names)).to_pylist():
                back = restored(row, tree, texts.text)
                line = row_bytes(back)
                digests[0].update(line)
                if config == "documents" and _fill(back, row, meta.get(row["id"], {}), found):
                    line = row_bytes(back)
                digests[1].update(line)
                for column, value in back.items():
                    new[column].append(value)
            columns = [
                pa.array(new[each.name], each.type) if each.name in new else table.column(each.name) for each in schema
            ]
            if table.num_rows:
                writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=table.num_rows)
            rows += table.num_rows
    if not rows:
        # A file without rows is one that `load_dataset` cannot read.
        target.unlink()
    return rows


def _fill(back: Row, row: Row, meta: Mapping[str, str], found: Found) -> bool:
    """Put in metadata that is in no text, from that of the copy; returns whether there was any to put in."""
    before = found.filled
    for entry, place in zip(back.get("meta") or (), row.get("meta") or (), strict=True):
        if place["value"] == WITHHELD:
            entry["value"] = meta.get(entry["key"], "")
            found.filled += bool(entry["value"])
            found.withheld += not entry["value"]
    return found.filled > before


def _readme(manifest: Mapping[str, Any], found: Found) -> str:
    lines = ["---", "configs:"]
    for config, sides in manifest["configs"].items():
        lines += [f"- config_name: {config}", "  data_files:"]
        for split, held in sides.items():
            lines += [
                f"  - split: {split}",
                "    path:",
                *(f"    - {json.dumps(file['path'])}" for file in held["files"]),
            ]
    part = "" if found.agreeing == found.documents else f", with {found.agreeing} of {found.documents} documents"
    lines += ["---", "", f"# {manifest['name']}", ""]
    lines += [f"Version {manifest['version']}, put together from a dataset without text and the articles{part}."]
    return "\n".join(
        [*lines, f"Licence of the annotations: {manifest['licence']}. The articles have terms of their own.", ""]
    )


# ---- Command line


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the beginning of this file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("articles", type=Path, metavar="ARTICLES", help="your copies: a folder, JSON Lines, Parquet")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write, which may not be there yet")
    parser.add_argument(
        "--dataset", type=Path, default=Path(__file__).resolve().parent, help="default: that of the script"
    )
    parser.add_argument(
        "--partial", action="store_true", help="write the documents whose text is there, without the others"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    given = parser.parse_args(arguments)
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        sys.stderr.write("join.py: needs pyarrow: pip install pyarrow\n")
        return 1
    try:
        found = join(given.dataset, articles_in(given.articles), given.out, partial=given.partial)
    except (JoinError, OSError) as error:
        sys.stderr.write(f"join.py: {error}\n")
        return 1
    if given.json:
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False) + "\n")
    for line in found.lines():
        sys.stderr.write(f"{line}\n")
    if not found.rows:
        sys.stderr.write(
            "join.py: nothing written: some documents are without their text; --partial writes the others\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
