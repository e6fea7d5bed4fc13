"""The card, the datasheet, the Croissant metadata and the plots say what is in a dataset, and nothing in it does anything."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token as Piece

from annotators.agreement import AgreementReport
from annotators.bias import AgreementRow as BiasAgreement
from annotators.bias import BiasReport, Interval, PlantedRow
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.cli.dataset_agreement import agreement_figures, measured_agreement
from corpus.dataset import build
from corpus.dataset.about import FIELDS, about, creators, hub_licence, licence_url
from corpus.dataset.build import build_without_text
from corpus.dataset.card import write_card
from corpus.dataset.citation import citation
from corpus.dataset.datasheet import NOT_STATED, SECTIONS
from corpus.dataset.limits import limits
from corpus.dataset.manifest import (
    FORMAT,
    Annotators,
    File,
    Gold,
    Manifest,
    SchemeNames,
    SetAside,
    Split,
    Splits,
    Sums,
    read_manifest,
)
from corpus.dataset.markdown import clean, code, fenced, paragraphs, table, text
from corpus.document import (
    Alignment,
    Bead,
    Claim,
    Document,
    Entity,
    Layer,
    Ref,
    Relation,
    Segments,
    Span,
    Target,
    Token,
)
from corpus.errors import WorkspaceError
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, SEGMENTS
from corpus.scheme import Label, Scheme, load_scheme
from corpus.store import CONFIG, Workspace

SCHEME = load_scheme()
EVIL = 'x|y <script>alert(1)</script> ![i](http://e.example/i.png) [l](javascript:1) `c` **b**\n# h\n---\n- "z": {q}\x00\ud800\u202e'

EN, ZH = "Lanzhou will build homes. It must.", "兰州将建房。"


def rows() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Rows of every kind of column: classes, lists, structs, lists within lists, nulls."""

    def document(id: str, lang: str, words: str) -> dict[str, Any]:
        entity = {"start": 0, "end": 2, "text": words[:2], "label": "PLACE", "link": ""}
        claim = {
            "start": 0,
            "end": 4,
            "text": words[:4],
            "type": 0,
            "stance": 1,
            "targets": [{"value": "5", "unit": "%"}],
        }
        head = {"document": id, "kind": "claim", "start": 0, "end": 4}
        return {
            "id": id,
            "pair": "p",
            "lang": lang,
            "text": words,
            "sentences": [{"start": 0, "end": len(words)}],
            "entities": [entity, {**entity, "label": "FIRM"}],
            "claims": [claim],
            "relations": [{"label": "about", "head": head, "tail": {**head, "kind": "entity"}}],
            "meta": [],
            "provenance": {"source": "a.txt", "sha256": hashlib.sha256(words.encode()).hexdigest()},
        }

    def sentence(id: str, lang: str, tokens: list[str]) -> dict[str, Any]:
        return {"id": id, "lang": lang, "tokens": tokens, "ner_tags": [1, *[0] * (len(tokens) - 1)]}

    def claim(id: str, lang: str, type: int, stance: int) -> dict[str, Any]:
        quantities = [{"number": 5.0, "upper": None, "strict": False}, {"number": None, "upper": 2.5, "strict": True}]
        return {"id": id, "lang": lang, "text": "房", "type": type, "stance": stance, "quantities": quantities}

    return {
        "documents": {
            "train": [document("a.en", "en", EN), document("a.zh", "zh", ZH)],
            "test": [document("b.en", "en", "Rents fell in May.")],
        },
        "ner": {
            "train": [sentence("a.en#0", "en", EN.split()), sentence("a.zh#0", "zh", list(ZH))],
            "test": [sentence("b.en#0", "en", ["Rents", "fell"])],
        },
        "claims": {"train": [claim("a.en#0", "en", 0, 1), claim("a.zh#0", "zh", 2, 0)]},
    }


def columns() -> dict[str, Any]:
    from datasets import ClassLabel, Features, List, Value

    string, number = Value("string"), Value("int32")
    offsets = {"start": number, "end": number}
    types = ClassLabel(names=[t.name for t in SCHEME.claim_types])
    stances = ClassLabel(names=[s.name for s in SCHEME.stances])
    ref = {"document": string, "kind": string, **offsets}
    return {
        "documents": Features(
            {
                **dict.fromkeys(("id", "pair", "lang", "text"), string),
                "sentences": List(offsets),
                "entities": List({**offsets, "text": string, "label": string, "link": string}),
                "claims": List(
                    {**offsets, "text": string, "type": types, "stance": stances}
                    | {"targets": List({"value": string, "unit": string})}
                ),
                "relations": List({"label": string, "head": ref, "tail": ref}),
                "meta": List({"key": string, "value": string}),
                "provenance": {"source": string, "sha256": string},
            }
        ),
        "ner": Features(
            {"id": string, "lang": string, "tokens": List(string)}
            | {"ner_tags": List(ClassLabel(names=["O", "B-PLACE", "I-PLACE"]))}
        ),
        "claims": Features(
            {"id": string, "lang": string, "text": string, "type": types, "stance": stances}
            | {"quantities": List({"number": Value("float64"), "upper": Value("float64"), "strict": Value("bool")})}
        ),
    }


def make(folder: Path, **changes: Any) -> Manifest:
    """A small dataset in `folder`, without a card, and its manifest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    features, configs = columns(), {}
    for config, sides in rows().items():
        configs[config] = {}
        for split, held in sides.items():
            # The documents of train are in two files.
            parts = [held[:1], held[1:]] if (config, split) == ("documents", "train") else [held]
            files = []
            for number, part in enumerate(parts):
                shard = f"-{number:05d}-of-{len(parts):05d}" if len(parts) > 1 else ""
                path = f"{config}/{split}{shard}.parquet"
                (folder / config).mkdir(parents=True, exist_ok=True)
                encoded = [features[config].encode_example(row) for row in part]
                pq.write_table(pa.Table.from_pylist(encoded, schema=features[config].arrow_schema), folder / path)
                data = (folder / path).read_bytes()
                files.append(File(path, len(data), hashlib.sha256(data).hexdigest()))
            configs[config][split] = Split(tuple(files), len(held))
    side = {"documents": 1, "characters": 30, "sentences": 2, "tokens": 8, "entities": 2, "claims": 1}
    counts = Sums(
        documents={"train": {"en": side, "zh": side}, "test": {"en": side | {"claims": 0}}},
        entities={"train": {"en": {"PLACE": 60, "FIRM": 1}, "zh": {"PLACE": 70}}, "test": {"en": {"FIRM": 2}}},
        types={"train": {"en": {"commitment": 1}, "zh": {"demand": 1}}},
        stances={"train": {"en": {"support": 1}, "zh": {"oppose": 1}}},
        areas={"train": {"en": {"housing": 1}}},
        pairs={"train": 1},
        sources={"a.txt": 2, "": 1},
        years={"2021": 1, "2024": 1, "": 1},
    )
    names = SchemeNames(
        SCHEME.version,
        "0123456789ab",
        SCHEME.label_names,
        tuple(t.name for t in SCHEME.claim_types),
        tuple(s.name for s in SCHEME.stances),
        tuple(a.name for a in SCHEME.policy_areas),
    )
    manifest = Manifest(
        format=FORMAT,
        version="abcdef012345",
        name="news",
        licence="cc-by-4.0",
        citation="",
        text=True,
        hemu="0.1.0",
        code="112233445566",
        scheme=names,
        gold=Gold("aabbccddeeff", 3, {"1 annotator": 1, "2 annotators": 2}),
        annotators=Annotators(2, 1, 2, 5),
        agreement=None,
        settings={"by": "hash", "held_out": []},
        configs=configs,
        splits=Splits({"articles on two sides": 0}, (SetAside(("c.en", "c.zh"), "would bridge test and train"),)),
        counts=counts,
    )
    return replace(manifest, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "v"


def written(folder: Path, scheme: Scheme = SCHEME, **changes: Any) -> tuple[Manifest, str]:
    folder.mkdir(exist_ok=True)
    manifest = make(folder, **changes)
    write_card(folder, manifest, scheme)
    return manifest, (folder / "README.md").read_text(encoding="utf-8")


def front(readme: str) -> dict[str, Any]:
    _, block, _ = readme.split("---\n", 2)
    read: dict[str, Any] = yaml.safe_load(block)
    return read


# ---- the card


def test_load_dataset_reads_every_configuration_and_split_by_the_card(folder: Path) -> None:
    from datasets import load_dataset

    written(folder)
    for config, sides in rows().items():
        loaded = load_dataset(str(folder), config, cache_dir=str(folder / "cache"))
        assert {split: held["id"] for split, held in loaded.items()} == {
            split: [row["id"] for row in held] for split, held in sides.items()
        }
        streamed = load_dataset(str(folder), config, streaming=True)
        assert {split: list(held) for split, held in streamed.items()} == {k: list(v) for k, v in loaded.items()}
    assert load_dataset(str(folder), cache_dir=str(folder / "cache"))["test"][0]["id"] == "b.en"


def test_the_hub_reads_the_front_matter(folder: Path) -> None:
    from huggingface_hub import DatasetCard

    _, readme = written(folder)
    data = DatasetCard(readme).data.to_dict()
    assert data == front(readme)
    assert (data["license"], data["language"], data["size_categories"]) == ("cc-by-4.0", ["en", "zh"], ["n<1K"])
    assert data["task_categories"] == ["token-classification", "text-classification"]
    assert data["configs"][0] == {
        "config_name": "documents",
        "default": True,
        "data_files": [
            {"split": "train", "path": [f"documents/train-0000{n}-of-00002.parquet" for n in (0, 1)]},
            {"split": "test", "path": "documents/test.parquet"},
        ],
    }


def test_a_licence_that_the_hub_does_not_know_is_named(folder: Path) -> None:
    data = front(written(folder, licence="Ours, for research")[1])
    assert (data["license"], data["license_name"]) == ("other", "Ours, for research")
    data = front(written(folder, licence="https://example.org/terms")[1])
    assert (data["license"], data["license_link"]) == ("other", "https://example.org/terms")
    unstated = written(folder, licence="other")[1]
    assert "license_name" not in front(unstated)
    assert "No licence is stated by the makers." in unstated


def test_figures_are_those_of_the_manifest(folder: Path) -> None:
    _, readme = written(folder)
    lines = readme.splitlines()
    assert "| `train` | English | 1 | 30 | 2 | 8 | 2 | 1 |" in lines
    assert any(line.startswith("| `PLACE` | 地点 |") and line.endswith("| 60 | 70 | 0 | 130 |") for line in lines)
    assert any(line.startswith("| `claims` |") and line.endswith("| 2 | 0 |") for line in lines)
    assert "| `c.en`, `c.zh` | would bridge test and train |" in lines
    assert "2 people annotated, in 5 annotations of a document: 1 document by one, 2 by several." in readme


def test_the_same_data_make_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for one in (folder, tmp_path / "again"):
        written(one)
    for path in sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file()):
        assert (folder / path).read_bytes() == (tmp_path / "again" / path).read_bytes(), path


def test_the_proof_of_the_splits_is_shown(folder: Path) -> None:
    shared = {
        "sentences": 3,
        "runs": 7,
        "documents": 2,
        "longest_passage": 21,
        "longest_in": ["a", "b"],
        "mostly_shared": [],
    }
    proof = {
        "by": "time",
        "until": ["2020-12-31", "2021-06-30"],
        "articles": {"train": 1, "validation": 0, "test": 1},
        "near_duplicates": 4,
        "across": {"articles": [], "works": ["w"], "near_duplicates": [["b", "c"]]},
        "decided": {"kin": 1, "hash": 2},
        "shares": {"en PLACE": {"train": 0.75, "validation": 0.0, "test": 0.25}},
        "texts": {"run": {"en": 8, "zh": 16}, "train, test": shared},
    }
    _, readme = written(folder, splits=Splits(proof))
    for line in (
        "The last day of train is 2020-12-31, that of validation 2021-06-30.",
        "| articles | 1 | 1 |",
        "- works on two sides: 1 (`w`)",
        "- near duplicates on two sides: 1 (`b / c`)",
        "- pairs of near-duplicates among the documents: 4",
        "- documents by how their split was decided: with others that had one 1, by the hash 2",
        "| `en PLACE` | 75 % | 25 % |",
        "| train, test | 3 | 7 | 2 | 21 | 0 |",
        "Nothing was set aside.",
        "- The splits leak: 2 articles or pairs of near-duplicates on two sides.",
    ):
        assert line in readme.splitlines()
    assert "(8 in English, 16 in Chinese):" in readme


# ---- nothing in names does anything

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
DOES_SOMETHING = {"html_inline", "html_block", "image", "link_open"}


def tokens(markdown: str) -> Iterator[Piece]:
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


@given(st.text())
def test_text_stays_text(value: str) -> None:
    found = [
        (t.type, t.content)
        for t in tokens(text(value))
        if t.type not in ("inline", "paragraph_open", "paragraph_close")
    ]
    assert "".join(content for _, content in found) == " ".join(clean(value).split())
    assert {kind for kind, _ in found} <= {"text"}


@given(st.lists(st.text(st.sampled_from("a`|\\<>*_[]()! \n\x00")), min_size=1, max_size=3))
def test_a_cell_is_one_cell_whatever_is_in_it(values: list[str]) -> None:
    made = table(["a", "b"], [[code(value), text(value)] for value in values], left=2)
    found = [t for t in tokens(made) if t.type in ("code_inline", "td_open", "tr_open")]
    assert sum(t.type == "tr_open" for t in found) == 1 + len(values)
    assert sum(t.type == "td_open" for t in found) == 2 * len(values)
    shown = [clean(value) for value in values if clean(value)]
    assert [t.content for t in found if t.type == "code_inline"] == shown


@given(st.text(st.sampled_from("a`~\n ")))
def test_a_block_of_code_ends_where_it_ends(block: str) -> None:
    found = [t for t in tokens(f"{fenced(block, 'bibtex')}\n\nafter") if t.type in ("fence", "text")]
    assert [t.type for t in found] == ["fence", "text"]


def test_addresses_are_links_only_where_people_wrote_them() -> None:
    address = "see https://example.org/a_b, www.example.org, li@example.org"
    assert text(address) == r"see https\://example.org/a_b, www\.example.org, li\@example.org"
    assert paragraphs(f"{address}\n\n<b>") == f"{address}\n\n&lt;b&gt;"


def evil() -> dict[str, Any]:
    about_fields = {name: EVIL for name in FIELDS if name not in ("creators", "url", "published")}
    sums = Sums(
        documents={"train": {"en": {"documents": 2, "entities": 1}}},
        entities={"train": {"en": {EVIL: 3, "PLACE": 1}}},
        types={"train": {"en": {EVIL: 1}}},
        areas={"train": {"en": {EVIL: 1}}},
        sources={EVIL: 2, "b": 1},
        years={EVIL: 1, "2020": 2},
    )
    figure = {"value": 0.5, "low": None, "high": None}
    return {
        "name": EVIL,
        "licence": EVIL,
        "citation": EVIL,
        "hemu": EVIL,
        "counts": sums,
        "gold": Gold("0" * 12, 2, {EVIL: 2}),
        "settings": {EVIL: EVIL, "held_out": [EVIL]},
        "splits": Splits(
            {EVIL: EVIL, "across": {EVIL: [EVIL]}, "shares": {EVIL: {"train": 1.0}}}, (SetAside((EVIL,), EVIL),)
        ),
        "agreement": {
            "documents": 2,
            "annotators": 2,
            "entities": {EVIL: {"exact": figure}},
            "labels": {EVIL: {"alpha": figure}},
            "claims": {EVIL: {"match": figure, "agreed": {EVIL: figure}, "alpha": {EVIL: figure}}},
            "relations": {EVIL: {"exact": figure}},
            "bias": {"message": EVIL, "planted": {}, "agreement": [{"other": EVIL, "mode": EVIL, "f1": figure}]},
        },
        "extra": {"about": {**about_fields, "creators": [EVIL, "{" + EVIL + "}"], "url": "https://example.org"}},
    }


def test_hostile_names_do_nothing(folder: Path) -> None:
    label = Label(EVIL, EVIL, EVIL, guideline_en=EVIL)
    hostile = replace(SCHEME, labels=(label, *SCHEME.labels), claim_types=(label,), stances=(label,))
    _, readme = written(folder, hostile, **evil())
    assert front(readme)["pretty_name"] == clean(EVIL)
    sheet = (folder / "DATASHEET.md").read_text(encoding="utf-8")
    for page in (readme.split("---\n", 2)[2], sheet):
        found = list(tokens(page))
        links = {str(t.attrs.get("href") or t.attrs.get("src")) for t in found if t.type in ("link_open", "image")}
        assert links <= {
            *("DATASHEET.md", "README.md", "croissant.json", "dataset.json", "https://arxiv.org/abs/1803.09010"),
            *(f"plots/{name}.svg" for name in ("labels", "lengths", "claims", "years", "sources")),
        }
        assert not any(t.type.startswith("html") for t in found)
        # What is a heading or in bold is ours.
        marked = {t.content for before, t in pairwise(found) if before.type in ("heading_open", "strong_open")}
        assert not marked & {"h", "b"}
        assert "\u202e" not in page
        assert "\x00" not in page
    for path in (folder / "plots").iterdir():
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()}
        assert tags <= {"svg", "rect", "text", "title", "line", "g"}
    json.loads((folder / "croissant.json").read_bytes())


# ---- plots


def test_every_plot_is_in_the_card_with_words_for_who_cannot_see_it(folder: Path) -> None:
    _, readme = written(folder)
    shown = {str(t.attrs["src"]): t.content for t in tokens(readme) if t.type == "image"}
    assert set(shown) == {str(path.relative_to(folder)) for path in (folder / "plots").iterdir()}
    assert shown["plots/labels.svg"].endswith("The most are PLACE (130 of 133).")
    assert shown["plots/claims.svg"].startswith("Bars: how many claims of each type there are, by stance.")
    svg = (folder / "plots" / "claims.svg").read_text(encoding="utf-8")
    assert "demand, support: 1" in svg
    assert "demand, oppose" not in svg


def test_what_is_not_there_is_not_plotted(folder: Path) -> None:
    written(folder, configs={}, counts=Sums(documents={"train": {"zh": {"documents": 1}}}))
    assert list((folder / "plots").iterdir()) == []
    assert "![" not in (folder / "README.md").read_text(encoding="utf-8")


# ---- limits


def limit_of(folder: Path, **changes: Any) -> str:
    folder.mkdir(exist_ok=True)
    return "\n".join(limits(make(folder, **changes)))


def test_limits_are_found_in_the_figures(folder: Path) -> None:
    found = limit_of(folder)
    assert "FIRM (3 in English, 0 in Chinese)" in found
    assert "PLACE (" not in found
    assert "Nothing at all is marked with the labels OFFICIAL, PERSON, AGENCY, ORG and POLICY." in found
    assert "The test split has no example of PLACE" in found
    assert "The languages are not balanced: 2 documents in English, 1 in Chinese." in found
    assert "There is no validation split" in found
    assert "Agreement between annotators was not measured" in found
    assert "One person annotated everything" in limit_of(folder, annotators=Annotators(1, 3, 0, 3))
    unknown = limit_of(folder, annotators=None)
    assert "How many people annotated is not recorded." in unknown
    assert "whose word is taken as it is: 1 document (33 %)" in unknown
    assert "The texts are not in the files" in limit_of(folder, text=False)
    leaking = Splits({"across": {"articles": ["a"], "works": [], "near_duplicates": [["b", "c"]]}})
    assert "The splits leak: 2 articles" in limit_of(folder, splits=leaking)
    alike = Splits({"texts": {"run": {"en": 8}, "train, test": {"mostly_shared": ["a", "b"]}}})
    assert "Most of their text stands in another split, too: 2 documents." in limit_of(folder, splits=alike)


def test_what_is_no_limit_is_not_said(folder: Path) -> None:
    side = {"documents": 200, "entities": 900, "claims": 300}
    many = dict.fromkeys(SCHEME.label_names, 90)
    types = dict.fromkeys((t.name for t in SCHEME.claim_types), 60)
    stances = dict.fromkeys((s.name for s in SCHEME.stances), 100)

    def everywhere(row: dict[str, int]) -> Any:
        return {split: {"en": row, "zh": row} for split in ("train", "validation", "test")}

    counts = Sums(
        *(everywhere(row) for row in (side, many, types, stances, {"housing": 300})),
        pairs=dict.fromkeys(("train", "validation", "test"), 200),
        sources={"a": 600, "b": 600},
        years={"2020": 600, "2021": 600},
    )
    figure = {"value": 0.9, "low": 0.8, "high": 1.0}
    agreement = {
        "documents": 400,
        "labels": {name: {"alpha": figure} for name in SCHEME.label_names},
        "bias": {"message": "", "planted": {}, "agreement": [{"f1": figure}]},
    }
    found = limit_of(
        folder,
        counts=counts,
        agreement=agreement,
        annotators=Annotators(3, 0, 1200, 3000),
        splits=Splits({"across": {}}),
    )
    assert (
        found == "Annotators corrected a pre-annotation; the gold leans towards it as far as the figures of bias say."
    )


# ---- the datasheet, and what only the makers know

ABOUT: dict[str, Any] = {name: f"what {name} says" for name in FIELDS} | {
    "creators": ["Li Wen", "{Policy Lab}"],
    "url": "https://example.org/news",
    "published": "2025-03-01",
}


def test_every_question_is_answered_or_said_to_be_open(folder: Path) -> None:
    written(folder)
    bare = (folder / "DATASHEET.md").read_text(encoding="utf-8")
    written(folder, extra={"about": ABOUT})
    full = (folder / "DATASHEET.md").read_text(encoding="utf-8")
    asked = [question for questions in SECTIONS.values() for question in questions]
    assert bare.count(NOT_STATED) == sum(q.answer is None or q.asks.startswith("Who created") for q in asked)
    assert NOT_STATED not in full
    assert len(SECTIONS) == 7
    both = full + (folder / "README.md").read_text(encoding="utf-8")
    for name in FIELDS:
        assert name == "creators" or ABOUT[name] in both, name
    assert "Made by Li Wen, Policy Lab." in both


def test_settings_of_the_makers_are_read_and_checked(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    path = workspace.root / CONFIG
    before = path.read_text()

    def read(lines: str) -> dict[str, Any]:
        path.write_text(f"{before}\n[dataset.about]\n{lines}\n")
        return about(Workspace(workspace.root))

    assert about(workspace) == {}
    said = read('creators = ["Li Wen", "{Policy Lab}"]\npublished = 2025-03-01\nmotivation = ""')
    assert said == {"creators": ["Li Wen", "{Policy Lab}"], "published": "2025-03-01"}
    assert creators(said) == [("Li Wen", False), ("Policy Lab", True)]
    for lines, why in (
        ('motto = "x"', "motto: no such field; there are: title,"),
        ("creators = 3", "expected a list of names"),
        ('published = "March"', "expected a day"),
        ('url = "javascript:alert(1)"', "expected an address"),
        ("contact = 3", "expected text in quotes"),
    ):
        with pytest.raises(WorkspaceError, match=why):
            read(lines)


def test_the_documentation_has_every_field() -> None:
    written_down = (Path(__file__).parent.parent / "docs" / "card.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", written_down, re.MULTILINE))
    assert rows == dict(FIELDS)


def test_citations(folder: Path) -> None:
    folder.mkdir()
    manifest = make(folder, extra={"about": ABOUT | {"title": "R&D_{news}"}})
    made = citation(manifest)
    assert "author = {Li Wen and {Policy Lab}}" in made
    assert r"title = {R\&D\_\{news\}}" in made
    assert "year = {2025}" in made
    own = "@article{x,\n  title = {``News''},\n}"
    assert citation(replace(manifest, citation=own)) == own
    assert own in written(folder, citation=own)[1]


def test_licences() -> None:
    assert hub_licence("ODbL-1.0") == "odbl"
    assert licence_url("odbl") == "https://spdx.org/licenses/ODbL-1.0.html"
    assert licence_url("https://example.org/terms") == "https://example.org/terms"
    assert licence_url("javascript:alert(1)") == ""


# ---- agreement


def test_figures_of_agreement_go_into_the_card_without_names(folder: Path, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    assert measured_agreement(workspace) is None
    zh = Document("homes.zh", "homes", "zh", "何平欢迎玉林市的计划。")
    workspace.append(DOCUMENTS, [zh])

    def said(who: str, end: int) -> Annotation:
        spans = Span.of(zh.text, 0, 2), Span.of(zh.text, 4, end)
        entities = Entity(spans[0], "PERSON"), Entity(spans[1], "PLACE")
        claim = Claim(Span.of(zh.text, 2, 8), "evaluation", "support")
        layer = Layer(zh.id, zh.sha, "x", "", entities, (claim,))
        return Annotation(layer, end, 1, 1, "http://localhost", who, "2025-01-01T00:00:00Z")

    workspace.append(ANNOTATIONS, [said("secretive-ann", 7), said("secretive-bo", 6)])
    made = measured_agreement(workspace)
    assert made is not None
    assert (made["documents"], made["annotators"], made["bias"]) == (1, 2, None)
    assert made["entities"]["all"]["exact"] == {"value": 0.5, "low": None, "high": None}
    assert made["entities"]["zh"]["overlap"]["value"] == 1
    assert made["labels"]["PERSON"]["alpha"]["value"] == pytest.approx(1)
    assert made["claims"]["all"]["agreed"]["type"]["value"] == 1
    assert "secretive" not in json.dumps(made)
    assert json.loads(json.dumps(made)) == made
    _, readme = written(folder, agreement=made)
    assert any(line.startswith("| all | 50.0 | 100.0 |") for line in readme.splitlines())
    assert "On 1 document that both annotators have annotated" in readme


def test_bias_is_taken_over_for_everybody_alone() -> None:
    interval = Interval(0.25, 0.1, 0.5)
    report = BiasReport(
        "Annotators left 2 of 8 standing.",
        (PlantedRow("", "all", 8, 2, 6, interval), PlantedRow("ann", "all", 8, 2, 6, interval)),
        (
            BiasAgreement("", "gold", "blind", 3, 9, 8, interval),
            BiasAgreement("ann", "gold", "blind", 3, 9, 8, interval),
        ),
    )
    made = agreement_figures(AgreementReport("none", 0, {}), report)
    assert made is not None
    assert made["bias"]["planted"] == {
        "all": {"shown": 8, "left": 2, "share": {"value": 0.25, "low": 0.1, "high": 0.5}}
    }
    assert [row["other"] for row in made["bias"]["agreement"]] == ["gold"]
    assert "ann" not in json.dumps(made["bias"]["agreement"])


# ---- Croissant


def test_croissant_says_every_file_and_column(folder: Path) -> None:
    manifest, _ = written(folder)
    said = json.loads((folder / "croissant.json").read_bytes())
    assert said["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    files = {one["contentUrl"]: one for one in said["distribution"] if one["@type"] == "cr:FileObject"}
    assert set(files) == {file.path for file in manifest.files()}
    for path, one in files.items():
        data = (folder / path).read_bytes()
        assert (one["sha256"], one["contentSize"]) == (hashlib.sha256(data).hexdigest(), f"{len(data)} B")
    sets = {one["@id"]: one for one in said["recordSet"]}
    assert {"splits", *rows()} <= set(sets)
    assert {field["name"] for field in sets["documents"]["field"]} == {"split", *rows()["documents"]["train"][0]}
    assert sets["documents"]["description"].endswith("but are no fields here: claims.targets.")
    assert [one["ner.ner_tags/name"] for one in sets["ner.ner_tags"]["data"]] == ["O", "B-PLACE", "I-PLACE"]
    assert said["license"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert said["citeAs"].startswith("@misc{news-abcdef012345,")
    ids = re.findall(r'"@type": "cr:\w+",\s+"@id": "([^"]+)"', json.dumps(said, indent=1))
    assert len(ids) == len(set(ids))


# Run where mlcroissant is: all records of all record sets as JSON, and what it finds wrong.
_READ = """
import json, logging, sys
logging.disable(logging.CRITICAL)
import mlcroissant

def plain(value):
    if isinstance(value, bytes): return value.decode()
    if isinstance(value, dict): return {k.rsplit("/", 1)[-1]: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)): return [plain(v) for v in value]
    return value.item() if hasattr(value, "item") else value

dataset = mlcroissant.Dataset(sys.argv[1])
issues = dataset.metadata.ctx.issues
records = {one.uuid: [plain(row) for row in dataset.records(one.uuid)] for one in dataset.metadata.record_sets}
filtered = [plain(row) for row in dataset.records("ner", filters={"ner/split": "test"})]
print(json.dumps({"issues": sorted(issues.errors | issues.warnings), "records": records, "filtered": filtered}))
"""


def mlcroissant(folder: Path) -> dict[str, Any]:
    """What mlcroissant reads: in this environment, or in the one whose Python HEMU_MLCROISSANT names."""
    python = os.environ.get("HEMU_MLCROISSANT", "")
    if not python:
        pytest.importorskip(
            "mlcroissant", reason="mlcroissant is neither here nor named by HEMU_MLCROISSANT (its Python)"
        )
        python = sys.executable
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CROISSANT_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [python, "-c", _READ, str(folder / "croissant.json")], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr[-2000:]
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return read


def as_croissant(row: dict[str, Any], split: str) -> dict[str, Any]:
    """A row as mlcroissant gives it: what is below a list in a list is left out, a struct in a list is turned outside in."""
    made = {**row, "split": split}
    if "relations" in made:
        for part in ("head", "tail"):
            ends = [relation[part] for relation in made["relations"]]
            made[part] = {key: [end[key] for end in ends] for key in ends[0]}
        made["relations"] = [{"label": relation["label"]} for relation in made["relations"]]
        made["claims"] = [{k: v for k, v in claim.items() if k != "targets"} for claim in made["claims"]]
    return made


def test_mlcroissant_finds_nothing_wrong_and_reads_every_record(folder: Path) -> None:
    written(folder, extra={"about": ABOUT})
    read = mlcroissant(folder)
    assert read["issues"] == []
    for config, sides in rows().items():
        expected = [as_croissant(row, split) for split, held in sides.items() for row in held]
        found = read["records"][config]
        assert sorted(found, key=lambda row: row["id"]) == sorted(expected, key=lambda row: row["id"])
    assert [row["id"] for row in read["filtered"]] == ["b.en#0"]
    assert [row["name"] for row in read["records"]["splits"]] == ["train", "test"]
    assert [row["name"] for row in read["records"]["claims.stance"]] == [s.name for s in SCHEME.stances]


def test_mlcroissant_reads_hostile_names_too(folder: Path) -> None:
    written(folder, **evil())
    assert len(mlcroissant(folder)["records"]["documents"]) == 3


# ---- what is really built


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A version that `build` made of three articles in both languages, of which people annotated one."""
    workspace = Workspace.create(tmp_path / "w")
    with (workspace.root / CONFIG).open("a") as settings:
        settings.write(
            'citation = "@misc{homes}"\n[dataset.about]\npublished = "2025-03-01"\nmotivation = "To know."\n'
        )
    en_text, zh_text = "Lanzhou will build 500 homes. Rents fell.", "兰州将建500套住房。房租下降了。"
    for pair in ("p1", "p2", "p3"):
        en = Document(f"{pair}.en", pair, "en", en_text + pair, source="a.txt", meta={"date": "2021-05-01"})
        zh = Document(f"{pair}.zh", pair, "zh", zh_text + pair, source="b.txt")
        workspace.append(DOCUMENTS, [en, zh])
        words = tuple(Token(m.start(), m.end()) for m in re.finditer(r"\w+|[^\w\s]", en.text))
        cuts = {"en": ((0, 29), (30, 41)), "zh": ((0, 11), (11, 17))}
        workspace.append(SEGMENTS, [Segments(d.id, d.sha, cuts[d.lang], words if d is en else ()) for d in (en, zh)])
        beads = tuple(Bead((a,), (b,), 0.9) for a, b in zip(cuts["en"], cuts["zh"], strict=True))
        workspace.append(ALIGNMENTS, [Alignment(pair, en.id, zh.id, en.sha, zh.sha, beads)])
        for document, end in ((en, 7), (zh, 2)):
            place = Entity(Span.of(document.text, 0, end), "PLACE", source="gold")
            targets = (Target("500", "homes" if document is en else "套"),)
            said = Claim(Span.of(document.text, 0, 10), "commitment", "support", targets=targets)
            about_it = Relation("about", Ref(document.id, "claim", 0, 10), Ref(document.id, "entity", 0, end))
            gold = Layer(document.id, document.sha, "gold", "2 annotators, 01", (place,), (said,), (about_it,))
            workspace.append(GOLD, [gold])
    return Path(str(build(workspace).notes["path"]))


def test_a_built_version_has_its_card(built: Path) -> None:
    manifest = read_manifest(built)
    readme = (built / "README.md").read_text(encoding="utf-8")
    assert [one["config_name"] for one in front(readme)["configs"]] == list(manifest.configs)
    assert "3 articles in both languages" in readme
    assert any(line.startswith("| `PLACE` |") and line.endswith(" 6 |") for line in readme.splitlines())
    assert "@misc{homes}" in readme
    assert "To know." in (built / "DATASHEET.md").read_text(encoding="utf-8")
    assert "| `train` | Chinese |" in readme
    for name in re.findall(r"\]\((?!https?:)([^)]+)\)", readme):
        assert (built / name).is_file(), name


@pytest.mark.parametrize("texts", [True, False])
def test_mlcroissant_reads_a_built_version(built: Path, texts: bool) -> None:
    from datasets import load_dataset

    if not texts:
        built = built.parent / build_without_text(Workspace(built.parent.parent), built.name)
        assert "**The texts are not in the files.**" in (built / "README.md").read_text(encoding="utf-8")
    read = mlcroissant(built)
    assert read["issues"] == []
    for config, sides in read_manifest(built).configs.items():
        loaded = load_dataset(str(built), config, cache_dir=str(built.parent / "cache"))
        found = read["records"][config]
        assert len(found) == sum(held.rows for held in sides.values()) > 0
        for split, held in loaded.items():
            rows = [row for row in found if row["split"] == split]
            for name in (
                "id",
                "lang",
                "text",
                "tokens",
                "ner_tags",
                "entities",
                "quantities",
                "links",
                "zh_entities",
                "meta",
            ):
                if name in held.features:
                    assert [row[name] for row in rows] == list(held[name]), (config, name)
