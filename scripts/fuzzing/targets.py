"""The targets: each takes bytes, does with them what hemu would, and proves what has to hold whatever they are."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path, PurePath
from typing import Any, cast

from corpus.document import Block, Claim, Document, Entity, Group, Item, Lang, Segments, Span, Target
from corpus.errors import HemuError

Run = Callable[[bytes], None]
ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "corpus" / "data" / "sample" / "articles"
PAGES = ROOT / "tests" / "cases" / "pages"
FORMATS = ("txt", "md", "html", "docx", "pdf", "csv", "tsv", "jsonl", "parquet", "zip", "txt.gz", "jsonl.gz")


class Wrong(AssertionError):  # noqa: N818
    """Something that has to hold does not."""


def must(holds: bool, what: str) -> None:
    """Raises Wrong unless it holds."""
    if not holds:
        raise Wrong(what)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _lang(data: bytes) -> Lang:
    return "zh" if data[:1] and data[0] & 1 else "en"


def readers(data: bytes, folder: Path) -> None:
    """A file of any format: the first byte says which."""
    from corpus.ingest import document_from
    from corpus.ingest.columns import Columns
    from corpus.ingest.find import File
    from corpus.ingest.readers import read
    from corpus.ingest.sources import sources_of
    from corpus.report import Skipped

    suffix = FORMATS[data[0] % len(FORMATS)] if data else "txt"
    name = f"a.en.{suffix}"
    path = folder / name
    path.write_bytes(data[1:])
    for source in sources_of(File(path, PurePath(name), name)):
        if isinstance(source, Skipped):
            continue
        for raw in read(source, Columns()):
            if isinstance(raw, Skipped):
                must("its reader failed" not in raw.why, raw.why)
                raw.why.encode()
                continue
            made = document_from(raw)
            if not isinstance(made, Skipped):
                made[0].text.encode()
                _check(made[0])


def _check(document: Document) -> None:
    for block in document.blocks:
        must(0 <= block.start <= block.end <= len(document.text), "a block lies outside of its text")


def cleaning(data: bytes, folder: Path) -> None:
    """Cleaning twice is cleaning once, and every offset leads back into the raw text."""
    from corpus.blocks import find_blocks
    from corpus.clean import clean, raw_span
    from corpus.language import detect_language

    raw = _text(data)
    once = clean(raw)
    must(clean(once.text).text == once.text, "cleaning what is clean changes it")
    size = len(once.text)
    for start in range(0, size, max(1, size // 8)):
        first, last = raw_span(once.offsets, start, min(size, start + 3))
        must(0 <= first <= last <= len(raw), "an offset leads out of the raw text")
    if once.text.strip():
        lang = detect_language(once.text)
        _check(Document("a", "", lang, once.text, find_blocks(once.text, lang)))


def segmentation(data: bytes, folder: Path) -> None:
    """Every character that is not white space is in exactly one sentence and one token."""
    from corpus.segment import segment

    text, lang = _text(data[1:]), _lang(data)
    half = len(text) // 2
    other: Lang = "en" if lang == "zh" else "zh"
    mixed = bool(data[:1] and data[0] & 2) and half > 0
    blocks = (Block(0, half, "paragraph", lang=other),) if mixed else ()
    found = segment(Document("a", "", lang, text, blocks))
    for what, ranges in (
        ("sentence", list(found.sentences)),
        ("token", [(token.start, token.end) for token in found.tokens]),
    ):
        end = 0
        for start, stop in ranges:
            must(end <= start < stop <= len(text), f"a {what} at {start}-{stop} is out of order")
            must(not text[end:start].strip(), f"text before the {what} at {start} is in none")
            must(bool(text[start:stop].strip()), f"the {what} at {start} is white space")
            end = stop
        must(not text[end:].strip(), f"text at the end is in no {what}")


@cache
def _scheme() -> Any:
    from corpus.scheme import load_scheme

    return load_scheme()


EN = "Mayor Lin Yue of Qingpu said the town will build 300 flats.\r\nHis rival 👩‍👩‍👧 doubts it."
ZH = "青浦镇长林岳表示，该镇将建设300套住房。𠮷\u2028对手质疑。"


def regions(data: bytes, folder: Path) -> None:
    """What a server sends as the result of an annotation."""
    from annotators.studio.edits import edits_of
    from annotators.studio.layers import layers_of, translated

    try:
        result = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(result, list):
        return
    documents = [Document("a.en", "a", "en", EN), Document("a.zh", "a", "zh", ZH)]
    layers, _ = layers_of(translated(result, {}, _scheme()), documents, _scheme(), source="annotator:1")
    for layer, document in zip(layers, documents, strict=True):
        for entity in layer.entities:
            must(document.text[entity.start : entity.end] == entity.span.surface, "an entity is not in its text")
    edits_of([], translated(result, {}, _scheme()), _scheme(), sources={}, places={})


def marks(data: bytes, folder: Path) -> None:
    """Marks into a prediction and back are the same marks."""
    from annotators.studio.convert import prediction_of
    from annotators.studio.layers import layers_of

    items, documents = [], []
    scheme = _scheme()
    source = Bytes(data)
    langs: tuple[Lang, Lang] = ("en", "zh")
    for lang in langs:
        text = source.text(60).replace("\0", " ")
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") or "a"
        document = Document(f"a.{lang}", "a", lang, text)
        spans = list(_spans(source, text))
        entities = tuple(Entity(span, source.one(scheme.label_names)) for span in spans[::2])
        claims = tuple(_claim(source, span) for span in spans[1::2])
        items.append(Item(document, Segments(document.id, document.sha, ()), entities, claims))
        documents.append(document)
    prediction = json.loads(json.dumps(prediction_of(Group(tuple(items)), (), "v", scheme)))
    layers, problems = layers_of(prediction["result"], documents, scheme, source="x")
    must(not problems, f"not taken back: {problems[:1]}")
    for layer, item in zip(layers, items, strict=True):
        mine = sorted((e.start, e.end, e.label) for e in item.entities)
        must(sorted((e.start, e.end, e.label) for e in layer.entities) == mine, "entities differ")
        said = sorted((c.span.start, c.span.end, c.type, c.stance, c.policy_area) for c in item.claims)
        back = sorted((c.span.start, c.span.end, c.type, c.stance, c.policy_area) for c in layer.claims)
        must(back == said, "claims differ")


def _spans(source: Bytes, text: str) -> Iterator[Span]:
    at = 0
    while at < len(text):
        start = at + source.number(5)
        end = start + 1 + source.number(6)
        if end > len(text):
            return
        if text[start:end] == text[start:end].strip():
            yield Span.of(text, start, end)
        at = end


def _claim(source: Bytes, span: Span) -> Claim:
    scheme = _scheme()
    areas = ("", *(label.name for label in scheme.policy_areas))
    return Claim(
        span,
        source.one([label.name for label in scheme.claim_types]),
        source.one([label.name for label in scheme.stances]),
        policy_area=source.one(areas),
        targets=tuple(Target(str(source.number(999)), "flats", "") for _ in range(source.number(2))),
    )


class Bytes:
    """Values drawn from bytes; zero when they are used up."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, most: int) -> int:
        """From 0 to `most`."""
        taken = self.data[self.at : self.at + (1 if most < 256 else 2)]
        self.at += len(taken)
        return int.from_bytes(taken, "little") % (most + 1)

    def text(self, most: int) -> str:
        """A text of up to so many bytes."""
        size = self.number(most)
        taken = self.data[self.at : self.at + size]
        self.at += size
        return _text(taken)

    def one(self, values: Any) -> Any:
        """One of these."""
        return values[self.number(len(values) - 1)]


def targets(data: bytes, folder: Path) -> None:
    """Numbers, units and dates in any words."""
    from annotators.claims.targets import targets as found_in
    from annotators.studio.convert import parse_target, target_line
    from corpus.targets import normalise, quantity_row
    from corpus.targets.dates import published

    source = Bytes(data)
    lang: Lang = source.one(("en", "zh"))
    value, unit, by, rest = (source.text(40) for _ in range(4))
    for target in [Target(value, unit, by), *found_in(f"{value} {unit} {by} {rest}", lang)]:
        quantity = normalise(
            target.value, target.unit, target.by, lang=lang, published=published("2024-05-06"), context=rest
        )
        row = quantity_row(quantity)
        json.dumps(row, default=date.isoformat)
        for cell in row.values():
            must(not isinstance(cell, float) or not math.isnan(cell), "a quantity is no number")
    parse_target(target_line(Target(value, unit, by)))
    parse_target(value)


def splitting(data: bytes, folder: Path) -> None:
    """The parts of a long article hold all of it, each character once."""
    from annotators.studio.convert import task_of
    from annotators.studio.cut import part_of, parts_of
    from corpus.blocks import find_blocks

    source = Bytes(data)
    items = []
    limit = 5 + source.number(60)
    langs: tuple[Lang, Lang] = ("en", "zh")
    for lang in langs[: 1 + source.number(1)]:
        text = source.text(250).replace("\0", " ").encode("utf-8", "replace").decode()
        document = Document(f"a.{lang}", "a", lang, text)
        if source.number(1):
            document = replace(document, blocks=find_blocks(text, lang))
        sentences = tuple(_lines(text))
        items.append(Item(document, Segments(document.id, document.sha, sentences, ())))
    group = Group(tuple(items))
    parts = parts_of(group, limit)
    for part in parts:
        task = task_of(group, part)
        back = part_of(json.loads(json.dumps(task)))
        must(back == part, "a part is another one when it is read back")


def _lines(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if bare:
            start = at + line.index(bare)
            yield start, start + len(bare)
        at += len(line)


def pipe(data: bytes, folder: Path) -> None:
    """JSON Lines: what is read is written and read again as it was."""
    from corpus.jsonl import dump_row, layer_of, read_documents, row_of

    path = folder / "in.jsonl"
    path.write_bytes(data)
    for where, row, document in read_documents(str(path)):
        try:
            layer = layer_of(row, document, where, scheme=_scheme(), source="gold")
        except HemuError:
            continue
        again = json.loads(dump_row(row_of(document, layer.entities, layer.claims)))
        second = layer_of(again, document, where, scheme=_scheme(), source="gold")
        must(second == layer, "a layer is another one when it is read back")


def files(data: bytes, folder: Path) -> None:
    """Files of a workspace, a dataset, a bulk run, that somebody may have edited: the first byte says which."""
    from annotators.bulk.places import Place
    from annotators.bulk.work import read_record
    from corpus.dataset.manifest import read_manifest
    from corpus.ingest.mapping import read_mapping
    from corpus.knowledge import read_entries
    from corpus.own_names import read_table
    from corpus.scheme import parse_scheme
    from corpus.segment.words import read_words
    from corpus.store import Workspace

    which, rest = (data[0] % 8, data[1:]) if data else (0, b"")
    names = ("dataset.json", "done.json", "pairs.csv", "names.csv", "words.txt", "hemu.toml", "scheme.toml", "kb.csv")
    path = folder / names[which]
    path.write_bytes(rest)
    try:
        if which == 0:
            read_manifest(folder)
        elif which == 1:
            read_record(Place(str(folder.parent)), folder.name)
        elif which == 2:
            read_mapping(path)
        elif which == 3:
            read_table(path, _scheme().label_names)
        elif which == 4:
            read_words(path)
        elif which == 5:
            workspace = Workspace.open(folder)
            workspace.setting("annotate", "fast", False)
            workspace.setting("annotate", "annotators", [])
        elif which == 6:
            parse_scheme(rest.decode("utf-8", "replace"), "scheme.toml")
        else:
            list(read_entries(rest.decode("utf-8", "replace"), "kb.csv"))
    finally:
        path.unlink()


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "readers": readers,
    "cleaning": cleaning,
    "segmentation": segmentation,
    "regions": regions,
    "marks": marks,
    "targets": targets,
    "splitting": splitting,
    "pipe": pipe,
    "files": files,
}
LONGEST = {"readers": 8192, "segmentation": 400, "cleaning": 2048, "targets": 200, "splitting": 600, "marks": 300}


def seeds(name: str) -> Iterator[bytes]:
    """What a target begins from: small files of each format, made here, and pieces of the sample articles."""
    texts = [path.read_bytes()[:1500] for path in sorted(SAMPLES.glob("*.txt"))[:6]]
    if name == "readers":
        yield from _files(texts)
    elif name == "cleaning":
        yield from texts
    elif name == "segmentation":
        for first in range(4):
            yield from (bytes([first]) + text[:300] for text in texts)
    elif name in ("regions", "pipe"):
        yield from _annotated(name)
    elif name == "files":
        yield from _settings()
    elif name == "targets":
        for lang, values in (
            (0, ("3.5 million", "flats", "by 2030", "at least 3.5 million flats by 2030")),
            (1, ("三百五十万", "套", "到2030年底", "到2030年底建设不少于三百五十万套")),
        ):
            yield bytes([lang]) + b"".join(bytes([len(v.encode())]) + v.encode() for v in values)
    else:
        for text in texts:
            yield bytes([20, 1, 200]) + text[:200] + bytes([1, 200]) + text[-200:] + bytes(range(40))


def _files(texts: list[bytes]) -> Iterator[bytes]:
    import gzip
    import io
    import zipfile

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"id": "a", "lang": "en", "text": "Rents fell in Qingpu.", "title": "Rents", "date": "2024-05-06"},
        {"id": "b", "lang": "zh", "text": "青浦租金下降。", "title": "租金", "date": "2024年5月6日"},
    ]
    lines = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    table = b'id,lang,text\na,en,"Rents fell,\nthey say"\nb,zh,\xe9\x9d\x92\xe6\xb5\xa6\xe7\xa7\x9f\xe9\x87\x91\n'
    sink, zipped, word = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.en.txt", texts[0][:200])
        archive.writestr("b/a.zh.txt", texts[1][:200])
    body = "<w:p><w:r><w:t>Rents fell.</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>"
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    with zipfile.ZipFile(word, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {space}><w:body>{body}</w:body></w:document>")
    pdf = (
        b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        b"4 0 obj<</Length 44>>stream\nBT /F 12 Tf 10 100 Td (Rents fell again.) Tj ET\nendstream endobj\n"
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>"
    )
    pages = [path.read_bytes()[:6000] for path in sorted(PAGES.glob("*.html"))]
    markdown = b"---\ntitle: Rents\ndate: 2024-05-06\n---\n# Rents\n\n> quote\n\n- [a](b)\n\n| a | b |\n|--|--|\n"
    made = {
        "txt": [texts[0], texts[1], texts[1].decode("utf-8", "ignore").encode("gb18030")],
        "md": [markdown, texts[2]],
        "html": pages,
        "docx": [word.getvalue()],
        "pdf": [pdf],
        "csv": [table],
        "tsv": [table.replace(b",", b"\t")],
        "jsonl": [lines],
        "parquet": [sink.getvalue()],
        "zip": [zipped.getvalue()],
        "txt.gz": [gzip.compress(texts[0][:300])],
        "jsonl.gz": [gzip.compress(lines)],
    }
    for suffix, several in made.items():
        yield from (bytes([FORMATS.index(suffix)]) + one for one in several)


def _annotated(name: str) -> Iterator[bytes]:
    gold = (ROOT / "corpus" / "data" / "sample" / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    if name == "pipe":
        for line in gold[:2]:
            row = json.loads(line)
            row = {
                **row,
                "text": row["text"][:300],
                "entities": [e for e in row["entities"] if e["end"] <= 300],
                "claims": [c for c in row["claims"] if c["end"] <= 300 and not c.get("claimant_span")],
            }
            yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
        return
    from annotators.studio.convert import prediction_of

    at = EN.index("Lin Yue")
    claim = EN.index("will build 300 flats")
    items = []
    for document in (Document("a.en", "a", "en", EN), Document("a.zh", "a", "zh", ZH)):
        entities = (Entity(Span.of(EN, at, at + 7), "OFFICIAL"),) if document.lang == "en" else ()
        claims = (
            (
                Claim(
                    Span.of(EN, claim, claim + 20),
                    "commitment",
                    "support",
                    "Lin Yue",
                    "housing",
                    (Target("300", "flats"),),
                    (at, at + 7),
                ),
            )
            if document.lang == "en"
            else ()
        )
        items.append(Item(document, Segments(document.id, document.sha, ()), entities, claims))
    result = cast(list[Any], prediction_of(Group(tuple(items)), (), "v", _scheme())["result"])
    yield json.dumps(result, ensure_ascii=False).encode()
    yield from (json.dumps([one], ensure_ascii=False).encode() for one in result)


def _settings() -> Iterator[bytes]:
    from corpus.scheme import default_scheme_text
    from corpus.store import DEFAULT_CONFIG

    manifest = {
        "format": 1,
        "version": "0123456789ab",
        "name": "a",
        "licence": "x",
        "citation": "",
        "text": True,
        "hemu": "0",
        "code": "0",
        "scheme": {"version": 1},
        "gold": {"digest": "x", "documents": 1, "made": {}},
        "annotators": None,
        "agreement": None,
        "settings": {},
        "configs": {"ner": {"train": {"files": [{"path": "ner/train.parquet", "bytes": 1, "sha256": "x"}], "rows": 1}}},
        "splits": {},
        "counts": {},
        "lost_entities": 0,
    }
    for number in (1, 2, 3, 4):
        yield bytes([0]) + json.dumps({**manifest, "format": number}).encode()
    yield bytes([1]) + json.dumps({"format": 1, "recipe": "x", "mark": "y", "files": {"a": "b"}, "counts": {}}).encode()
    yield bytes([2]) + b"en,zh,score\na.en,a.zh,0.9\nb,c,\n"
    yield bytes([3]) + "en,zh,label,aliases\nLanxi Office,兰溪办,AGENCY,Office|兰办\n".encode()
    yield bytes([4]) + "兰溪办\n# a comment\n".encode()
    yield bytes([5]) + DEFAULT_CONFIG.replace("{annotators}", "[]").replace("{name}", "a").encode()
    yield bytes([6]) + default_scheme_text().encode()[:3000]
    yield bytes([6]) + default_scheme_text().encode()
    yield bytes([7]) + "agency/a,Lanxi Office,兰溪办,AGENCY,Office|兰办\n".encode()
