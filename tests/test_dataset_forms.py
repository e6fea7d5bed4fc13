"""The dataset in other forms, each read back by a tool that is not ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotators.studio import export_form
from annotators.studio.client import connect
from annotators.studio.config import labeling_config
from annotators.studio.layers import layers_of
from annotators.studio.server import Server
from corpus.arrays import table_of
from corpus.cli.dataset_forms import export as export_command
from corpus.dataset.features import arrow_schemas
from corpus.dataset.forms import Record, Source, brat, docbin, export, tables, web_annotation, writer
from corpus.dataset.forms.names import file_name
from corpus.dataset.manifest import FORMAT, File, Gold, Manifest, SchemeNames, Split, Splits, Sums, write_manifest
from corpus.document import Claim, Document, Entity, Ref, Relation, Span, Target
from corpus.errors import HemuError, InputError, StaleTextError
from corpus.scheme import Scheme, load_scheme

SCHEME = load_scheme()


def at(text: str, words: str, start: int = 0) -> Span:
    start = text.index(words, start)
    return Span.of(text, start, start + len(words))


def record(
    id: str,
    lang: Any,
    text: str,
    entities: Sequence[tuple[str, str]] = (),
    claims: Sequence[Claim] = (),
    *,
    pair: str = "",
    split: str = "train",
    relations: Sequence[Relation] = (),
    **more: Any,
) -> Record:
    """A record with the first place of each of these words as an entity; a line is a sentence, what is between spaces a word."""
    marks = tuple(Entity(at(text, words), label) for words, label in entities)
    lines = [(m.start, m.end, m.surface) for m in _stretches(text, "\n")]
    words = [(m.start, m.end, "NN") for m in _stretches(text, " ")]
    document = Document(id, pair, lang, text, (), "a.txt", {"title": "=Rents"})
    shown = [(start, end) for start, end, _ in lines]
    return Record(split, document, "1 annotator", marks, tuple(claims), tuple(relations), shown, words, **more)


def _stretches(text: str, separator: str) -> Iterable[Span]:
    start = 0
    for part in text.split(separator):
        if part.strip():
            yield Span.of(text, start, start + len(part))
        start += len(part) + len(separator)


EN = "Lanzhou-based Yulin Steel praised the plan. 👩‍👩‍👧 Rents at the Bank of\n  Gansu will fall by 5%, Mayor Lin Yue said."
ZH = "兰州的玉林钢铁称赞该计划。𠮷\u2028甘肃\n银行的房租将下降5%，林岳市长表示。"
LINK = Ref("p1.en", "entity", 14, 25)


def articles() -> list[Record]:
    """An article in both languages, and documents that are hard to hold."""
    lin = at(EN, "Lin Yue")
    fall = at(EN, "Rents at the Bank of\n  Gansu will fall by 5%")
    claims = (
        Claim(fall, "commitment", "support", "Lin Yue", "housing", (Target("5", "%", ""),), (lin.start, lin.end)),
        Claim(at(EN, "Gansu will fall by 5%, Mayor Lin Yue said"), "effect", "neutral", "the mayor"),
    )
    same = Relation("same_as", LINK, Ref("p1.zh", "entity", 3, 7))
    about = Relation("about", Ref("p1.en", "claim", fall.start, fall.end), LINK)
    en = record(
        "p1.en",
        "en",
        EN,
        [("Lanzhou", "PLACE"), ("Yulin Steel", "FIRM"), ("Bank of\n  Gansu", "FIRM"), ("Lin Yue", "OFFICIAL")],
        claims,
        pair="p1",
        relations=[same, about],
    )
    en = replace(en, entities=(replace(en.entities[0], link="place/cn-620100"), *en.entities[1:]))
    zh = record(
        "p1.zh",
        "zh",
        ZH,
        [("兰州", "PLACE"), ("玉林钢铁", "FIRM"), ("甘肃\n银行", "FIRM"), ("林岳", "OFFICIAL")],
        [Claim(at(ZH, "房租将下降5%"), "commitment", "support", policy_area="housing")],
        pair="p1",
    )
    hant = "臺灣的證券交易所表示：「房價將下跌」。\r\n臺北市長。"
    return [
        en,
        record("empty", "en", "", split="test"),
        record("en/CRLF Über", "en", "Acme Ltd.\r\nof Bern\rsaid -DOCSTART- no.", [("Acme Ltd.\r\nof Bern", "FIRM")]),
        record("hant.zh", "zh", hant, [("臺灣", "PLACE"), ("證券交易所", "ORG"), ("臺北", "PLACE")], split="test"),
        record("=1+1", "en", "=HYPERLINK(1) 'tis  \t Basel", [("Basel", "PLACE")], split="validation"),
        zh,
    ]


def dataset(folder: Path, records: Sequence[Record], scheme: Scheme = SCHEME, **more: Any) -> Path:
    """The folder of a dataset of these records, as building one leaves it."""
    import pyarrow.parquet as pq

    schema = arrow_schemas(scheme)["documents"]
    splits = {}
    (folder / "documents").mkdir(parents=True)
    for split in ("train", "validation", "test"):
        rows = [_row(r, scheme) for r in records if r.split == split]
        if rows:
            pq.write_table(table_of(rows, schema), folder / "documents" / f"{split}.parquet")
            splits[split] = Split((File(f"documents/{split}.parquet", 0, ""),), len(rows))
    lists = (scheme.labels, scheme.claim_types, scheme.stances, scheme.policy_areas)
    names = SchemeNames(scheme.version, "0", *(tuple(v.name for v in values) for values in lists))
    gold, counts = Gold("0", len(records)), Sums()
    manifest = Manifest(
        *(FORMAT, "0123456789ab", "news", "cc-by-4.0", "", True, "0.1", "0", names, gold),
        *(None, None, {}, {"documents": splits}, Splits(), counts),
    )
    write_manifest(folder, replace(manifest, **more))
    return folder


def _row(r: Record, scheme: Scheme) -> dict[str, Any]:
    def span(s: Span) -> dict[str, Any]:
        return {"start": s.start, "end": s.end, "text": s.surface}

    def ref(r: Ref) -> dict[str, Any]:
        return {"document": r.document, "kind": r.kind, "start": r.start, "end": r.end}

    types, stances = ([v.name for v in values] for values in (scheme.claim_types, scheme.stances))
    d = r.document
    return {
        **{"id": d.id, "pair": d.pair, "lang": d.lang, "text": d.text},
        "sentences": [{"start": a, "end": b} for a, b in r.sentences],
        "tokens": [{"start": a, "end": b, "tag": tag} for a, b, tag in r.words],
        "entities": [{**span(e.span), "label": e.label, "link": e.link} for e in r.entities],
        "claims": [
            {
                **span(c.span),
                "type": types.index(c.type),
                "stance": stances.index(c.stance),
                "claimant": c.claimant,
                "claimant_start": (c.claimant_span or (-1, -1))[0],
                "claimant_end": (c.claimant_span or (-1, -1))[1],
                "policy_area": c.policy_area,
                "targets": [{"value": t.value, "unit": t.unit, "by": t.by} for t in c.targets],
            }
            for c in r.claims
        ],
        "relations": [{"label": x.label, "head": ref(x.head), "tail": ref(x.tail)} for x in r.relations],
        "meta": [{"key": key, "value": value} for key, value in d.meta.items()],
        "provenance": {"source": d.source, "sha256": d.sha, "gold": r.gold},
    }


def written(form: str, folder: Path, records: Sequence[Record], write: Any = None) -> Path:
    source = Source.open(dataset(folder / "dataset", records))
    out = folder / form
    export(form, write or writer(form), source, out)
    return out


@pytest.fixture
def hard(tmp_path: Path) -> Path:
    return dataset(tmp_path / "dataset", articles())


# Any text that Arrow holds, rich in what readers of lines, columns and formulas stumble over.
HARD = st.text(
    st.one_of(
        st.sampled_from("ab浙江臺灣𠮷👩\u200d\n\r\t \u2028\x85\x0b\x1c\u3000\xa0\x00\ufeff\u0301=+-@'\"|,;:#"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=40,
)


@st.composite
def documents(draw: st.DrawFn, overlapping: bool = False, without: str = "") -> list[Record]:
    """Up to three documents of any text, with entities and claims anywhere in them."""
    words = HARD.map(lambda text: text.translate({ord(c): None for c in without}))
    made = []
    for number in range(draw(st.integers(1, 3))):
        text, lang = draw(words), draw(st.sampled_from(["en", "zh"]))
        place = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).filter(lambda p: p[0] < p[1])
        places = draw(st.lists(place, max_size=5)) if text else []
        marks: list[Entity] = []
        for start, end in places:
            mark = Entity(Span.of(text, start, end), draw(st.sampled_from(SCHEME.label_names)))
            if mark.span.surface.strip() and (overlapping or not any(m.span.overlaps(mark.span) for m in marks)):
                marks.append(mark)
        claims = [
            Claim(Span.of(text, start, end), "action", "oppose", draw(words), targets=(Target(draw(words), "%"),))
            for start, end in (draw(st.lists(place, max_size=3)) if text else [])
            if text[start:end].strip()
        ]
        made.append(record(f"{number}{draw(words)}".replace("\0", ""), lang, text, (), claims))
        made[-1] = replace(made[-1], entities=tuple(sorted(marks, key=lambda e: e.start)))
    return made


anything = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fresh(tmp_path: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=tmp_path))


# spaCy


def read_docbin(folder: Path) -> dict[str, Any]:
    import spacy
    from spacy.tokens import DocBin

    docs = {}
    for path in sorted(folder.rglob("*.spacy")):
        if path.is_file():
            vocab = spacy.blank(path.relative_to(folder).parts[0]).vocab
            docs |= {doc.user_data["id"]: doc for doc in DocBin().from_disk(path).get_docs(vocab)}
    return docs


def check_docs(docs: dict[str, Any], records: Sequence[Record]) -> None:
    assert docs.keys() == {r.document.id for r in records}
    for r in records:
        doc = docs[r.document.id]
        assert doc.text == r.document.text
        assert [(e.start_char, e.end_char, e.label_, e.kb_id_) for e in doc.ents] == [
            (e.start, e.end, e.label, e.link) for e in r.entities
        ]
        assert [(s.start_char, s.end_char, s.label_) for s in doc.spans["claims"]] == [
            (c.start, c.end, c.type) for c in r.claims
        ]
        assert [c["claimant"] for c in doc.user_data["claims"]] == [c.claimant for c in r.claims]


def test_spacy_reads_entities_claims_and_sentences_of_its_docbin(tmp_path: Path) -> None:
    out = written("docbin", tmp_path, articles())
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*.spacy")) == [
        *("en/test.spacy", "en/train.spacy", "en/validation.spacy", "zh/test.spacy", "zh/train.spacy"),
    ]
    docs = read_docbin(out)
    check_docs(docs, articles())
    english = docs["p1.en"]
    # Split at the edge of the entity, and at that of the sentence that ends within no entity.
    assert [t.text for t in english][:3] == ["Lanzhou", "-based", "Yulin"]
    # A sentence that would begin within an entity does not.
    assert [s.start_char for s in english.sents] == [0]
    assert english[0].tag_ == "NN"
    assert [t.text for t in docs["p1.zh"]][:4] == ["兰", "州", "的", "玉"]
    claim = english.user_data["claims"][0]
    assert (claim["stance"], claim["policy_area"], claim["targets"][0]["value"]) == ("support", "housing", "5")
    assert claim["claimant_span"] == (EN.index("Lin Yue"), EN.index("Lin Yue") + 7)
    assert json.loads((out / "export.json").read_text())["holds"]["misaligned"] == 0


def test_spacy_trains_from_a_docbin_of_one_file_or_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import spacy
    from spacy.training import Corpus

    nlp = spacy.blank("en")
    for size, parts in ((10**6, 1), (1, 2)):
        monkeypatch.setattr(docbin, "PART", size)
        out = written("docbin", tmp_path / str(size), articles()) / "en" / "train.spacy"
        assert len(list(out.glob("*.spacy"))) == (parts if parts > 1 else 0)
        examples = list(Corpus(out)(nlp))
        assert {e.reference.text for e in examples} == {r.document.text for r in articles() if _is(r, "en", "train")}
        assert all(e.get_aligned_ner().count(None) == 0 for e in examples)


def _is(r: Record, lang: str, split: str) -> bool:
    return (r.document.lang, r.split) == (lang, split)


@given(documents())
@anything
def test_docbin_holds_any_text(tmp_path: Path, records: list[Record]) -> None:
    check_docs(read_docbin(written("docbin", fresh(tmp_path), records)), records)


def test_a_space_belongs_to_the_token_before_it_unless_a_name_begins_or_ends_with_it() -> None:
    from spacy.vocab import Vocab

    from corpus.dataset.forms.docbin import doc_of

    def words(*names: tuple[int, int]) -> list[str]:
        text = "New York is big "
        document = Document("a", "", "en", text)
        marks = tuple(Entity(document.span(*name), "PLACE") for name in names)
        cut = [(0, 3, "NN"), (4, 8, "NN"), (9, 11, "NN"), (12, 15, "NN")]
        record = Record("train", document, "1 annotator", marks, (), (), [(0, len(text))], cut)
        doc = doc_of(record, Vocab())
        assert doc.text == text
        assert [(e.start_char, e.end_char) for e in doc.ents] == list(names)
        return [token.text for token in doc]

    assert words((0, 8)) == ["New", "York", "is", "big"]
    assert words((12, 16)) == ["New", "York", "is", "big", " "]
    assert words((8, 11)) == ["New", "York", " ", "is", "big"]


# CoNLL-2003


def read_conll(folder: Path) -> dict[str, list[list[tuple[str, ...]]]]:
    """The documents of each file by NLTK, each a list of tokens with their columns; None where a sentence ends."""
    import nltk
    from nltk.corpus.reader import ConllCorpusReader

    documents: dict[str, list[list[tuple[str, ...]]]] = {}
    for path in sorted(folder.glob("*.conll")):
        with pytest.MonkeyPatch.context() as patch:
            # It opens files in its own folders only.
            patch.setattr(nltk.data, "path", [str(folder)])
            reader = ConllCorpusReader(str(folder), path.name, ("words", "pos", "chunk", "ne"), separator=" ")
            # The columns of each sentence; its public views leave out that of the names.
            grids = list(reader._grids())
        for grid in grids:
            # NLTK takes the line -DOCSTART- away, and leaves a sentence of nothing.
            if not grid:
                documents.setdefault(path.stem, []).append([])
            else:
                documents[path.stem][-1] += [*map(tuple, grid), ()]
    return documents


def marks_of(tokens: Iterable[tuple[str, ...]]) -> list[tuple[int, int, str]]:
    """The entities that IOB2 tags say, in characters that are no white space."""
    found: list[tuple[int, int, str]] = []
    place = 0
    for token in tokens:
        if token:
            prefix, _, label = token[3].partition("-")
            end = place + len(token[0])
            if prefix == "B":
                found.append((place, end, label))
            elif prefix == "I":
                assert (found[-1][1], found[-1][2]) == (place, label)
                found[-1] = (found[-1][0], end, label)
            place = end
    return found


def check_conll(folder: Path, records: Sequence[Record]) -> None:
    import pandas

    read = read_conll(folder)
    index = pandas.read_csv(folder / "documents.csv", dtype=str, keep_default_na=False)
    by_id = {r.document.id: r for r in records}
    for file, rows in groupby(sorted(index.itertuples(), key=lambda row: row.file), key=lambda row: row.file):
        for row, tokens in zip(rows, read.pop(file.removesuffix(".conll")), strict=True):
            r = by_id.pop(row.id)
            text = r.document.text
            assert "".join(t[0] for t in tokens if t) == "".join(text.split())

            def bare(place: int, text: str = text) -> int:
                return len("".join(text[:place].split()))

            assert marks_of(tokens) == [(bare(e.start), bare(e.end), e.label) for e in r.entities]
    assert not read
    assert not by_id


def test_nltk_reads_tokens_and_entities_of_the_conll_files(tmp_path: Path) -> None:
    out = written("conll", tmp_path, articles())
    check_conll(out, articles())
    lines = (out / "train.en.conll").read_text().split("\n")
    assert lines[:6] == [
        *(
            "-DOCSTART- -X- -X- O",
            "",
            "Lanzhou NN O B-PLACE",
            "-based NN O O",
            "Yulin NN O B-FIRM",
            "Steel NN O I-FIRM",
        ),
    ]
    # By character, without parts of speech.
    assert (out / "train.zh.conll").read_text().split("\n")[2:4] == ["兰 -X- O B-PLACE", "州 -X- O I-PLACE"]
    # The words of a text never begin a document.
    assert "-DOCSTART-" in articles()[2].document.text
    assert (out / "train.en.conll").read_text().count("-DOCSTART-") == 2


def test_spacy_converts_the_conll_files(tmp_path: Path) -> None:
    from spacy.training.converters import conll_ner_to_docs

    out = written("conll", tmp_path, articles())
    (doc,) = conll_ner_to_docs((out / "train.zh.conll").read_text(), no_print=True)
    assert [(e.text.replace(" ", ""), e.label_) for e in doc.ents] == [
        *(("兰州", "PLACE"), ("玉林钢铁", "FIRM"), ("甘肃银行", "FIRM"), ("林岳", "OFFICIAL")),
    ]


@given(documents())
@anything
def test_conll_holds_any_text(tmp_path: Path, records: list[Record]) -> None:
    check_conll(written("conll", fresh(tmp_path), records), records)


# brat

# The parser and the checks of brat itself; in a process of its own, because its modules have names such as `common`.
BRAT = """
import json, sys
from pathlib import Path
root = Path(sys.argv[1])
sys.path[:0] = [sys.argv[2] + part for part in ("/server/src", "/server/lib", "", "server")]
import config
config.BASE_DIR = str(root)  # Above which it looks for no annotation.conf.
import annotation
# Its mode "rU" is one that Python does not have any more.
annotation.open_textfile = lambda name, mode="r": open(name, encoding="utf-8")
from annotation import TextAnnotations
from message import Messager
from projectconfig import ProjectConfiguration
from verify_annotations import verify_annotation
def where(a):
    return [a.type, [list(s) for s in a.spans], a.text]
found = {}
for path in sorted(root.rglob("*.txt")):
    text = path.read_bytes().decode()
    source = path.with_suffix(".ann").read_bytes().decode()
    ann = TextAnnotations(text=text, source=source)
    problems = [str(p) for p in verify_annotation(ann, ProjectConfiguration(str(path.parent)))]
    messages = {}
    Messager.output_json(messages)
    marks = {a.id: a for a in ann.get_textbounds()}
    found[str(path.relative_to(root))] = {
        "text": text, "problems": problems + ann.failed_lines + [m[0] for m in messages.get("messages", [])],
        "marks": [where(a) for a in marks.values()],
        "attributes": [[where(marks[a.target]), a.type, a.value] for a in ann.get_attributes()],
        "relations": [[r.type, where(marks[r.arg1]), where(marks[r.arg2])] for r in ann.get_relations()],
        "links": [[where(marks[n.target]), n.refid] for n in ann.get_normalizations()],
        "notes": [[where(marks[c.target]), json.loads(c.tail)] for c in ann.get_oneline_comments()],
    }
print(json.dumps(found))
"""


def read_brat(folder: Path) -> dict[str, Any]:
    spec = find_spec("brat")
    assert spec is not None
    assert spec.submodule_search_locations
    command = [sys.executable, "-c", BRAT, str(folder), next(iter(spec.submodule_search_locations))]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "BRAT_AUTH_ENABLED": "no"})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check_brat(found: dict[str, Any], folder: Path, records: Sequence[Record]) -> None:
    import pandas

    files = pandas.read_csv(folder / "documents.csv", dtype=str, keep_default_na=False).set_index("id")["file"]
    assert len(found) == len(records)
    for r in records:
        read = found[files[r.document.id]]
        assert read["problems"] == []
        assert read["text"] == r.document.text
        exact = {json.dumps(mark): note for mark, note in read["notes"] if "start" in note}
        places = []
        for mark in read["marks"]:
            label, spans, _ = mark
            note = exact.get(json.dumps(mark), {"start": spans[0][0], "end": spans[-1][1]})
            places.append((note["start"], note["end"], label))
        assert places == [
            *((e.start, e.end, e.label) for e in r.entities),
            *((c.start, c.end, "CLAIM") for c in r.claims),
        ]


def test_brat_reads_and_verifies_its_standoff(tmp_path: Path) -> None:
    out = written("brat", tmp_path, articles())
    found = read_brat(out)
    check_brat(found, out, articles())
    en = found["train/en/p1.en.txt"]
    bank = ["FIRM", [[63, 70], [71, 78]], "Bank of   Gansu"]
    assert bank in en["marks"]
    fall = next(mark for mark in en["marks"] if mark[0] == "CLAIM")
    assert fall[1] == [[50, 70], [71, 94]]
    assert [value for mark, *value in en["attributes"] if mark == fall] == [
        *(["Type", "commitment"], ["Stance", "support"], ["Area", "housing"]),
    ]
    assert [[label, tail[2]] for label, head, tail in en["relations"] if head == fall] == [
        *(["claimant", "Lin Yue"], ["about", "Yulin Steel"]),
    ]
    assert [link for _, link in en["links"]] == ["place/cn-620100"]
    notes = [note for _, note in en["notes"]]
    assert {"targets": [{"value": "5", "unit": "%", "by": ""}]} in notes
    assert {"claimant": "the mayor"} in notes
    (across,) = (note["relations"] for note in notes if "relations" in note)
    assert across == [{"label": "same_as", "document": "p1.zh", "kind": "entity", "start": 3, "end": 7}]


@given(st.lists(documents(overlapping=True), min_size=8, max_size=8))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_brat_holds_any_text(tmp_path: Path, drawn: list[list[Record]]) -> None:
    records = [
        replace(r, document=replace(r.document, id=f"{i}{r.document.id}")) for i, some in enumerate(drawn) for r in some
    ]
    out = written("brat", fresh(tmp_path), records)
    check_brat(read_brat(out), out, records)


def test_brat_refuses_a_mark_of_line_breaks_only(tmp_path: Path) -> None:
    text = "a\n\nb"
    made = replace(record("a", "en", text), entities=(Entity(Span.of(text, 1, 3), "FIRM"),))
    with pytest.raises(InputError, match="a 1-3: only white space is marked"):
        written("brat", tmp_path, [made])
    assert not (tmp_path / "brat").exists()


# W3C Web Annotation

# What the terms of the Web Annotation Data Model stand for, by its vocabulary; the standard's own context has more.
OA, AS, DC, RDF = (
    *("http://www.w3.org/ns/oa#", "http://www.w3.org/ns/activitystreams#", "http://purl.org/dc/elements/1.1/"),
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
)
_LINKS = {"body": "hasBody", "target": "hasTarget", "source": "hasSource", "selector": "hasSelector"}
CONTEXT = {
    "id": "@id",
    "type": "@type",
    "AnnotationCollection": f"{AS}OrderedCollection",
    "AnnotationPage": f"{AS}OrderedCollectionPage",
    "Text": "http://purl.org/dc/dcmitype/Text",
    **{name: OA + name for name in ("Annotation", "TextualBody", "SpecificResource")},
    **{name: OA + name for name in ("TextQuoteSelector", "TextPositionSelector")},
    **{name: OA + name for name in ("classifying", "tagging", "describing", "linking", "identifying")},
    **{name: OA + name for name in ("start", "end", "exact", "prefix", "suffix")},
    **{name: {"@id": OA + term, "@type": "@id"} for name, term in _LINKS.items()},
    **{name: {"@id": AS + name, "@type": "@id"} for name in ("partOf", "first", "last", "next", "prev")},
    "motivation": {"@id": f"{OA}motivatedBy", "@type": "@vocab"},
    "purpose": {"@id": f"{OA}hasPurpose", "@type": "@vocab"},
    "items": {"@id": f"{AS}items", "@type": "@id", "@container": "@list"},
    "total": f"{AS}totalItems",
    "startIndex": f"{AS}startIndex",
    "format": f"{DC}format",
    "language": f"{DC}language",
    "value": f"{RDF}value",
    "label": "http://www.w3.org/2000/01/rdf-schema#label",
}


def expanded(path: Path, base: str = "https://example.org/news/") -> dict[str, Any]:
    """A file as PyLD understands it. Nothing of it may be left out: a term that the context does not have would be."""
    from pyld import jsonld

    def load(url: str, _: Any) -> dict[str, Any]:
        assert url == "http://www.w3.org/ns/anno.jsonld"
        return {"contextUrl": None, "documentUrl": url, "document": {"@context": CONTEXT}}

    raw = json.loads(path.read_bytes())
    options = {"base": base + path.name, "documentLoader": load}
    (node,) = jsonld.expand(raw, options)
    back = jsonld.compact(node, raw["@context"], options)
    assert _sorted(back) == _sorted(raw)
    found: dict[str, Any] = node
    return found


def _sorted(value: Any) -> Any:
    """Without the ids, which expansion makes absolute, and with a list of one as that one."""
    if isinstance(value, dict):
        paths = ("id", "source", "partOf", "next", "prev", "first", "last")
        return {key: _sorted(v) for key, v in value.items() if key not in paths or not isinstance(v, str)}
    if isinstance(value, list):
        return _sorted(value[0]) if len(value) == 1 else [_sorted(v) for v in value]
    return value


def one(node: dict[str, Any], term: str) -> Any:
    (value,) = node[term]
    return value.get("@value", value.get("@id", value)) if isinstance(value, dict) else value


def read_pages(folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """What the collection says it holds, and the annotations of its pages, from one to the next."""
    base = "https://example.org/news/"
    collection = expanded(folder / "collection.json")
    found: list[dict[str, Any]] = []
    url = one(collection, f"{AS}first") if f"{AS}first" in collection else ""
    before = ""
    while url:
        page = expanded(folder / url.removeprefix(base))
        assert page["@type"] == [f"{AS}OrderedCollectionPage"]
        assert one(page, f"{AS}partOf") == collection["@id"]
        assert (one(page, f"{AS}prev") if before else "") == before
        assert one(page, f"{AS}startIndex") == len(found)
        found += page[f"{AS}items"][0]["@list"]
        before, url = url, one(page, f"{AS}next") if f"{AS}next" in page else ""
    if before:
        assert before == one(collection, f"{AS}last")
    return one(collection, f"{AS}totalItems"), found


def check_web_annotation(folder: Path, records: Sequence[Record]) -> list[dict[str, Any]]:
    import pandas

    total, found = read_pages(folder)
    assert total == len(found) == len({node["@id"] for node in found})
    files = pandas.read_csv(folder / "documents.csv", dtype=str, keep_default_na=False).set_index("file")["id"]
    by_id = {r.document.id: r for r in records}
    read: dict[str, list[tuple[int, int, str]]] = {id: [] for id in by_id}
    for node in found:
        assert node["@type"] == [f"{OA}Annotation"]
        if one(node, f"{OA}motivatedBy") == f"{OA}linking":
            continue
        (target,) = node[f"{OA}hasTarget"]
        (source,) = target[f"{OA}hasSource"]
        path = unquote(source["@id"].removeprefix("https://example.org/news/"))
        text, r = (folder / path).read_bytes().decode(), by_id[files[path]]
        assert (text, one(source, f"{DC}language")) == (r.document.text, r.document.lang)
        place, words = target[f"{OA}hasSelector"]
        start, end = one(place, f"{OA}start"), one(place, f"{OA}end")
        exact, prefix, suffix = (one(words, f"{OA}{name}") for name in ("exact", "prefix", "suffix"))
        assert text[start:end] == exact
        assert text[:start].endswith(prefix)
        assert text[end:].startswith(suffix)
        label = next(one(b, f"{RDF}value") for b in node[f"{OA}hasBody"] if one(b, f"{OA}hasPurpose").endswith("fying"))
        read[r.document.id].append((start, end, label))
    for r in records:
        expected = [(e.start, e.end, e.label) for e in r.entities] + [(c.start, c.end, "CLAIM") for c in r.claims]
        assert read[r.document.id] == expected
    return found


def test_pyld_reads_the_web_annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_annotation, "PAGE", 4)
    out = written("w3c", tmp_path, articles())
    found = check_web_annotation(out, articles())
    assert len(list(out.glob("*-*.json"))) > 3
    by_id = {node["@id"]: node for node in found}
    links = [node for node in found if one(node, f"{OA}motivatedBy") == f"{OA}linking"]
    ends = []
    for link in links:
        label, to = link[f"{OA}hasBody"]
        head, tail = by_id[one(link, f"{OA}hasTarget")], by_id[one(to, f"{OA}hasSource")]
        quotes = (one(n[f"{OA}hasTarget"][0][f"{OA}hasSelector"][1], f"{OA}exact") for n in (head, tail))
        ends.append((one(label, f"{RDF}value"), *quotes))
    # Also to the other version.
    assert ends == [
        *(("same_as", "Yulin Steel", "玉林钢铁"), ("about", articles()[0].claims[0].span.surface, "Yulin Steel")),
    ]
    said = [json.loads(one(b, f"{RDF}value")) for n in found for b in n[f"{OA}hasBody"] if f"{DC}format" in b]
    assert (said[0]["stance"], said[0]["targets"][0]["value"], said[1]["claimant"]) == ("support", "5", "the mayor")
    linked = [one(b, f"{RDF}value") for n in found for b in n[f"{OA}hasBody"] if "identifying" in str(b)]
    assert linked == ["place/cn-620100"]


@given(documents(overlapping=True))
@anything
def test_web_annotations_hold_any_text(tmp_path: Path, records: list[Record]) -> None:
    check_web_annotation(written("w3c", fresh(tmp_path), records), records)


# CSV


def check_tables(folder: Path, records: Sequence[Record]) -> None:
    import pandas

    def read(name: str) -> list[dict[str, str]]:
        frame = pandas.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        return [{str(key): tables.unescape(cell) for key, cell in row.items()} for row in frame.to_dict("records")]

    found = {name: read(name) for name in tables.COLUMNS}
    assert [(row["id"], row["text"], row["sha256"]) for row in found["documents"]] == [
        (r.document.id, r.document.text, r.document.sha) for r in records
    ]
    assert [json.loads(row["meta"]) for row in found["documents"]] == [dict(r.document.meta) for r in records]
    assert [(row["document"], int(row["start"]), int(row["end"]), row["text"]) for row in found["entities"]] == [
        (r.document.id, e.start, e.end, e.span.surface) for r in records for e in r.entities
    ]
    claims = [(r.document.id, c) for r in records for c in r.claims]
    assert [(row["document"], row["text"], row["claimant"]) for row in found["claims"]] == [
        (id, c.span.surface, c.claimant) for id, c in claims
    ]
    for row, (_, claim) in zip(found["claims"], claims, strict=True):
        assert json.loads(row["targets"] or "[]") == [
            {"value": t.value, "unit": t.unit, "by": t.by} for t in claim.targets
        ]


def test_pandas_reads_the_tables_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    out = written("csv", tmp_path, articles())
    check_tables(out, sorted(articles(), key=lambda r: ("train", "validation", "test").index(r.split)))
    raw = (out / "documents.csv").read_bytes()
    assert raw.startswith("\ufeffid,pair".encode())
    assert b"\r\n'=1+1," in raw
    assert "'=HYPERLINK(1)" in raw.decode()


@given(documents(overlapping=True, without="\0"))
@anything
def test_tables_hold_any_text(tmp_path: Path, records: list[Record]) -> None:
    check_tables(written("csv", fresh(tmp_path), records), records)


def test_what_pandas_would_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nul: holds the character U\+0000"):
        written("csv", tmp_path, [record("nul", "en", "a\0b")])


@given(HARD)
def test_escaping_can_be_undone_and_leaves_no_formula(text: str) -> None:
    assert tables.unescape(tables.escape(text)) == text
    assert not tables.escape(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


# Label Studio


def task_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if path.name != "export.json")


def tasks_of(folder: Path) -> list[dict[str, Any]]:
    return [task for path in task_files(folder) for task in json.loads(path.read_bytes())]


def check_tasks(tasks: Iterable[dict[str, Any]], records: Sequence[Record]) -> None:
    """That the annotation of each task says what the records do, as `hemu pull` reads it."""
    by_id = {r.document.id: r for r in records}
    for task in tasks:
        some = [by_id.pop(task["data"][f"doc_{lang}"]) for lang in ("en", "zh") if task["data"][f"doc_{lang}"]]
        (annotation,) = task["annotations"]
        layers, problems = layers_of(
            annotation["result"], [r.document for r in some], SCHEME, source="gold", version="", shown=None
        )
        assert [p for p in problems if "overlaps" not in str(p)] == []
        for layer, r in zip(layers, some, strict=True):
            assert [(e.span, e.label, e.link) for e in layer.entities] == [
                (e.span, e.label, e.link) for e in r.entities
            ]
            assert [(c.span, c.type, c.stance, c.policy_area, c.targets, c.claimant) for c in layer.claims] == [
                (c.span, c.type, c.stance, c.policy_area, c.targets, c.claimant) for c in r.claims
            ]
            assert {r for r in layer.relations if r.label != "claimant"} == {
                replace(r, source="gold") for r in r.relations if r.label != "claimant"
            }
    assert not by_id


def test_label_studio_tasks_fit_the_configuration_and_hold_everything(tmp_path: Path) -> None:
    from label_studio_sdk.label_interface import LabelInterface

    out = written("label-studio", tmp_path, articles(), export_form.write)
    config = (out / "labeling_config.xml").read_text()
    assert config == labeling_config(SCHEME) + "\n"
    tasks = tasks_of(out)
    # Both versions of an article in one task, also where they stand apart.
    assert [t["data"]["pair"] for t in tasks].count("p1") == 1
    assert len(tasks) == len(articles()) - 1
    interface = LabelInterface(config)
    for task in tasks:
        assert interface.validate_task({"data": task["data"]})
        for annotation in task["annotations"]:
            assert interface.validate_annotation(annotation)
            assert interface.validate_prediction({**annotation, "model_version": "1"}, return_errors=True) == []
    check_tasks(tasks, articles())


def test_label_studio_own_converter_reads_the_tasks(tmp_path: Path) -> None:
    from label_studio_sdk.converter import Converter

    out = written("label-studio", tmp_path, articles(), export_form.write)
    given = tmp_path / "exported.json"
    # The converter wants tasks with their annotations numbered, as the server exports them.
    numbered = [{"id": i, **task} for i, task in enumerate(tasks_of(out))]
    for task in numbered:
        task["annotations"] = [{"id": task["id"], **a} for a in task["annotations"]]
    given.write_text(json.dumps(numbered))
    converter = Converter(config=(out / "labeling_config.xml").read_text(), project_dir=None)
    converter.convert_to_json(str(given), str(tmp_path / "made"), is_dir=False)
    made = json.loads((tmp_path / "made" / "result.json").read_text())
    words = {
        region["value"]["text"]
        for task in made
        for region in task["annotations"][0]["result"]
        if "value" in region and isinstance(region["value"].get("text"), str)
    }
    assert {"Yulin Steel", "玉林钢铁", "證券交易所", "Bank of\n  Gansu"} <= words


@given(documents(overlapping=True, without="\0"))
@anything
def test_label_studio_tasks_hold_any_text(tmp_path: Path, records: list[Record]) -> None:
    def plain(r: Record) -> Record:
        # What is marked twice alike is taken over once.
        claims = {c.span: replace(c, claimant="author", targets=()) for c in r.claims}
        entities = {(e.span, e.label): e for e in r.entities}
        order = sorted(entities.values(), key=lambda e: (e.start, e.end, e.label))
        return replace(r, entities=tuple(order), claims=tuple(claims[span] for span in sorted(claims)))

    records = [plain(r) for r in records]
    check_tasks(tasks_of(written("label-studio", fresh(tmp_path), records, export_form.write)), records)


def test_a_text_that_label_studio_cannot_hold_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nul: Label Studio cannot hold the character U\+0000 at 1"):
        written("label-studio", tmp_path, [record("nul", "en", "a\0b")], export_form.write)
    assert not (tmp_path / "label-studio").exists()


def test_relations_that_a_form_cannot_draw_are_counted(tmp_path: Path) -> None:
    en = articles()[0]
    here, gone = en.relations[0].head, Ref("p1.en", "entity", 0, 3)
    more = [
        Relation("translates", here, here),
        Relation("about", gone, here),
        Relation("same_as", here, replace(here, document="x")),
    ]
    source = Source.open(
        dataset(tmp_path / "dataset", [replace(en, relations=(*en.relations, *more)), *articles()[1:]])
    )
    assert export("label-studio", export_form.write, source, tmp_path / "ls").notes["relations left out"] == 3
    report = export("brat", writer("brat"), source, tmp_path / "brat")
    # The one that begins at nothing; what leads elsewhere is a note.
    assert report.notes["relations left out"] == 1
    assert {path.name for path in (tmp_path / "brat" / "train" / "en").iterdir()} > {"p1.en.txt", "p1.en.ann"}


def test_one_language_of_label_studio_has_one_column(tmp_path: Path, hard: Path) -> None:
    export("label-studio", export_form.write, Source.open(hard, langs=["zh"]), tmp_path / "out")
    assert "$text_en" not in (tmp_path / "out" / "labeling_config.xml").read_text()
    tasks = tasks_of(tmp_path / "out")
    assert sorted(t["data"]["doc_zh"] for t in tasks) == ["hant.zh", "p1.zh"]
    check_tasks(tasks, [r for r in articles() if r.document.lang == "zh"])


def test_long_label_studio_files_are_divided(tmp_path: Path, hard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_form, "PART", 1)
    export("label-studio", export_form.write, Source.open(hard), tmp_path / "out")
    assert {"train.json", "train-2.json"} <= {path.name for path in (tmp_path / "out").iterdir()}
    check_tasks(tasks_of(tmp_path / "out"), articles())


@pytest.mark.studio
def test_label_studio_imports_the_tasks_and_exports_them_alike(tmp_path: Path, studio_server: Server) -> None:
    out = written("label-studio", tmp_path, articles(), export_form.write)
    studio = connect(studio_server.status().url, studio_server.token())
    project = studio.find_or_create_project("dataset form", (out / "labeling_config.xml").read_text(), "")
    for path in task_files(out):
        studio.sdk.projects.import_tasks(id=project, request=json.loads(path.read_bytes()))
    exported = list(studio.export(project))
    assert all(task["annotations"][0]["ground_truth"] for task in exported)
    check_tasks(exported, articles())


# The folder


def test_what_is_there_is_left_alone_unless_it_is_an_earlier_export(tmp_path: Path, hard: Path) -> None:
    source, out = Source.open(hard), tmp_path / "deep" / "out"
    first = export("csv", writer("csv"), source, out)
    assert (first.done, first.unchanged) == (6, 0)
    again = export("csv", writer("csv"), source, out)
    assert (again.done, again.unchanged) == (0, 6)
    with pytest.raises(InputError, match="holds another export"):
        export("conll", writer("conll"), source, out)
    with pytest.raises(InputError, match="holds another export"):
        export("csv", writer("csv"), Source.open(hard, langs=["zh"]), out)
    (out / "claims.csv").write_text("mine")
    with pytest.raises(InputError, match="has been changed"):
        export("csv", writer("csv"), source, out)
    assert (out / "claims.csv").read_text() == "mine"
    assert export("conll", writer("conll"), source, out, force=True).done == 6
    assert not (out / "claims.csv").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is no export"):
        export("csv", writer("csv"), source, mine, force=True)
    assert (mine / "thesis.txt").read_text() == "years of work"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dataset", "deep", "mine"]


def test_nothing_half_written_is_left(tmp_path: Path, hard: Path) -> None:
    def fail(source: Source, folder: Path) -> dict[str, int]:
        (folder / "half").write_text("x")
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        export("csv", fail, Source.open(hard), tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["dataset"]


def test_a_dataset_without_texts_or_with_others_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="hemu dataset join"):
        Source.open(dataset(tmp_path / "without", articles(), text=False))
    made = articles()[0]
    folder = dataset(tmp_path / "other", [made])
    import pyarrow.parquet as pq

    path = folder / "documents" / "train.parquet"
    rows = pq.read_table(path).to_pylist()
    rows[0]["text"] = rows[0]["text"].replace("Rents", "Taxes")
    pq.write_table(table_of(rows, arrow_schemas(SCHEME)["documents"]), path)
    with pytest.raises(StaleTextError, match=r"p1\.en"):
        list(Source.open(folder).all())
    with pytest.raises(InputError, match="no configuration `documents`"):
        Source.open(dataset(tmp_path / "claims", [made], configs={}))
    with pytest.raises(InputError, match="no split 'dev'; it has: train"):
        Source.open(folder, splits=["dev"])


def test_overlapping_entities_are_refused_where_tags_cannot_say_them(tmp_path: Path) -> None:
    text = "Bank of Gansu"
    marks = tuple(Entity(at(text, words), "FIRM") for words in ("Bank of Gansu", "Gansu"))
    made = [replace(record("a", "en", text), entities=marks)]
    for form in ("docbin", "conll"):
        with pytest.raises(HemuError, match=r"a\b.*overlap"):
            written(form, tmp_path / form, made)
    for form in ("brat", "w3c", "csv"):
        written(form, tmp_path / form, made)


@given(st.lists(st.text(max_size=30) | st.text("𠮷浙", min_size=60, max_size=120), unique=True, max_size=20))
def test_names_of_files_are_those_of_every_system_and_never_shared(ids: list[str]) -> None:
    held = [id for id in ids if not any("\ud800" <= c <= "\udfff" for c in id)]
    names = [file_name(id) for id in held]
    assert len({name.casefold() for name in names}) == len(held)
    assert all(not set(name) & set('/\\:*?"<>|\0\n') and len(name.encode()) < 250 for name in names)
    assert not {"", ".", "..", "con", "nul"} & {name.split(".")[0] if name.strip(".") else name for name in names}


def test_names_that_brat_cannot_have_are_written_by_their_code_points() -> None:
    scheme = replace(SCHEME, labels=(replace(SCHEME.labels[0], name="公司 A"), *SCHEME.labels[1:]))
    assert "_516C__53F8__20_A\n" in brat.annotation_conf(scheme)


# The command line


def test_the_command_writes_a_form_of_a_version_or_of_a_folder(tmp_path: Path, hard: Path) -> None:
    done = CliRunner().invoke(
        export_command,
        ["csv", str(tmp_path / "out"), "--version", str(hard), "--lang", "zh", "--json"],
        standalone_mode=False,
    )
    assert done.exception is None
    report = json.loads(done.stdout)
    assert (report["done"], report["notes"]["entities"], report["notes"]["version"]) == (2, 7, "0123456789ab")
    from corpus.store import Workspace

    workspace = Workspace.create(tmp_path / "news")
    arguments = ["conll", str(tmp_path / "latest"), "-w", str(workspace.root)]
    empty = CliRunner().invoke(export_command, arguments, standalone_mode=False)
    assert "hemu dataset" in str(empty.exception)
    folder = workspace.folder("datasets")
    dataset(folder / "0123456789ab", articles())
    (folder / "latest").write_text("0123456789ab\n")
    assert CliRunner().invoke(export_command, arguments, standalone_mode=False).exception is None
    check_conll(tmp_path / "latest", articles())
    unknown = CliRunner().invoke(export_command, [*arguments, "--version", "x"], standalone_mode=False)
    assert "there are: 0123456789ab" in str(unknown.exception)
