"""A workspace of made-up articles in both languages, annotated, and the same annotation as an export of Label Studio.

    python scripts/synthetic.py FOLDER 20000

writes FOLDER/w, a workspace with documents, sentences, sentence pairs, one person's annotations (every tenth article has
two), and gold; and FOLDER/export.json, one task a document, as Label Studio exports it. Sentences are filled with names,
figures and words drawn at random, so that no two articles are alike. The same number gives the same.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import (
    Alignment,
    Bead,
    Block,
    Claim,
    Document,
    Entity,
    Lang,
    Layer,
    Ref,
    Relation,
    Segments,
    Span,
    Target,
    Token,
    sorted_claims,
    sorted_entities,
)
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, SEGMENTS
from corpus.store import Workspace

LANGS: tuple[Lang, Lang] = ("en", "zh")

NAMES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "A": (
        "AGENCY",
        [
            ("Lanting Housing Bureau", "岚亭市住房局"),
            ("Ministry of River Works", "河务部"),
            ("Qiaoxi Port Authority", "桥西港务局"),
            ("Office for Fair Prices", "公平价格办公室"),
        ],
    ),
    "F": (
        "FIRM",
        [
            ("Yulin Steel", "玉林钢铁"),
            ("Baihe Power", "白鹤电力"),
            ("Sunning Freight", "新宁货运"),
            ("Tengyue Robotics", "腾岳机器人"),
        ],
    ),
    "P": (
        "PLACE",
        [("Lanting", "岚亭"), ("Qiaoxi", "桥西"), ("Greater Meizhou", "大梅洲"), ("Harbour District", "港湾区")],
    ),
    "O": (
        "OFFICIAL",
        [
            ("Mayor He Jianmin", "市长何建民"),
            ("Minister Lu Yiran", "部长陆怡然"),
            ("Deputy Governor Tan Wei", "副省长谭伟"),
        ],
    ),
    "L": (
        "POLICY",
        [
            ("Ten-Year Rental Plan", "十年租房规划"),
            ("Clean Rivers Act", "清水法"),
            ("Small Firms Charter", "小企业宪章"),
        ],
    ),
}

# {A} is a name, {n} a figure, {w} words, […] a claim; then the claim's type and stance.
SENTENCES = [
    (
        "{O} said that [{A} will build {n} flats for {w} in {P} under the {L}].",
        "{O}表示，[{A}将按照{L}在{P}为{w}建设{n}套住房]。",
        "commitment",
        "support",
    ),
    ("Last week {F} moved {n} workers from {P} to a yard near {w}.", "上周{F}把{n}名工人从{P}迁到{w}附近。", "", ""),
    (
        "{O} demanded that [{F} cut its charges for {w} by {n} percent before the summer].",
        "{O}要求[{F}在夏季之前把{w}的收费下调{n}%]。",
        "demand",
        "oppose",
    ),
    (
        "According to {A}, rents in {P} rose by {n} percent, and {w} were not surprised.",
        "据{A}介绍，{P}的租金上涨{n}%，{w}并不意外。",
        "",
        "",
    ),
    (
        "[The {L} has done little for {w}], {O} told reporters in {P}.",
        "{O}在{P}对记者说，[{L}对{w}作用不大]。",
        "evaluation",
        "oppose",
    ),
    (
        "The weather stayed mild, and {w} filled the market by the old bridge.",
        "天气温和，{w}把老桥旁的集市挤满。",
        "",
        "",
    ),
]

_PART = re.compile(r"\{(\w)\}|\[|\]|[^{}\[\]]+")
_WORDS = {"en": re.compile(r"\w+|[^\w\s]"), "zh": re.compile(r"[\u4e00-\u9fff]{1,2}|\d+|[^\s]")}
_BATCH = 500

CONFIG = """<View><Text name="text" value="$text"/><Labels name="label" toName="text"><Label value="OFFICIAL"/>
<Label value="FIRM"/><Label value="AGENCY"/><Label value="PLACE"/><Label value="POLICY"/></Labels>
<Labels name="claim" toName="text"><Label value="CLAIM"/></Labels>
<Choices name="type" toName="text" perRegion="true"><Choice value="commitment"/><Choice value="demand"/>
<Choice value="evaluation"/></Choices><Choices name="stance" toName="text" perRegion="true"><Choice value="support"/>
<Choice value="oppose"/></Choices></View>"""
"""The labelling configuration of export.json."""


def written(lang: int, pattern: str, drawn: dict[str, Any], at: int) -> tuple[str, dict[str, Entity], Claim | None]:
    """A sentence that begins at `at`, with its entities by their letters, and its claim without type or stance."""
    text, marks, begun, claim = "", {}, 0, None
    for part in _PART.finditer(pattern):
        if part[1] == "n":
            text += str(drawn["n"])
        elif part[1] == "w":
            text += drawn["w"][lang]
        elif part[1]:
            name = drawn[part[1]][lang]
            span = Span(at + len(text), at + len(text) + len(name), name)
            marks[part[1]] = Entity(span, NAMES[part[1]][0])
            text += name
        elif part[0] == "[":
            begun = len(text)
        elif part[0] == "]":
            claim = Claim(Span(at + begun, at + len(text), text[begun:]), "", "", policy_area="housing")
        else:
            text += part[0]
    return text, marks, claim


def article(number: int, draw: random.Random) -> tuple[list[tuple[Document, Segments, Layer]], Alignment]:
    """An article in both languages, its gold and its sentence pairs."""
    pair = f"a{number:06d}"
    ids = [f"{pair}.{lang}" for lang in LANGS]
    texts, sentences = ["", ""], ([], [])  # type: tuple[list[str], Any]
    entities: tuple[list[Entity], list[Entity]] = ([], [])
    claims: tuple[list[Claim], list[Claim]] = ([], [])
    same: list[Relation] = []
    for _ in range(draw.randint(10, 30)):
        *patterns, kind, stance = draw.choice(SENTENCES)
        drawn: dict[str, Any] = {letter: draw.choice(names) for letter, (_, names) in NAMES.items()}
        drawn["n"] = draw.randint(2, 90_000)
        words = " ".join("".join(draw.choices("abdegiklmnorstu", k=draw.randint(4, 8))) for _ in range(3))
        drawn["w"] = (words, "".join(chr(draw.randint(0x4E00, 0x8FFF)) for _ in range(6)))
        both = []
        for i, pattern in enumerate(patterns):
            texts[i] += " " if texts[i] and i == 0 else ""
            at = len(texts[i])
            text, marks, claim = written(i, pattern, drawn, at)
            texts[i] += text
            sentences[i].append((at, at + len(text)))
            entities[i].extend(marks.values())
            both.append(marks)
            if claim:
                who = marks["O"].span
                target = Target(str(drawn["n"]), "flats" if kind == "commitment" else "%")
                said = replace(claim, type=kind, stance=stance, claimant=who.surface)
                said = replace(said, claimant_span=(who.start, who.end))
                claims[i].append(replace(said, targets=(target,)) if "{n}" in pattern else said)
        for letter, one in both[0].items():
            ends = [Ref(id, "entity", e.start, e.end) for id, e in zip(ids, (one, both[1][letter]), strict=True)]
            same.append(Relation("same_as", ends[0], ends[1]))
    found = []
    for i, lang in enumerate(LANGS):
        day = f"20{draw.randint(10, 25)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
        blocks = (Block(0, len(texts[i]), "body"),)
        document = Document(ids[i], pair, lang, texts[i], blocks, f"{pair}.{lang}.txt", {"date": day})
        tokens = tuple(Token(*match.span()) for match in _WORDS[lang].finditer(texts[i]))
        gold = Layer(
            ids[i],
            document.sha,
            "gold",
            "1 annotator, 0123456789",
            sorted_entities(entities[i]),
            sorted_claims(claims[i]),
            tuple(same) if i == 0 else (),
        )
        found.append((document, Segments(ids[i], document.sha, tuple(sentences[i]), tokens), gold))
    beads = tuple(Bead((a,), (b,), 0.9) for a, b in zip(*sentences, strict=True))
    return found, Alignment(pair, ids[0], ids[1], found[0][0].sha, found[1][0].sha, beads)


def task(number: int, document: Document, gold: Layer, people: int) -> dict[str, Any]:
    """A task of Label Studio with its annotations."""
    marks: list[tuple[Span, str, str, str]] = [
        *((e.span, "label", "labels", e.label) for e in gold.entities),
        *((c.span, "claim", "labels", "CLAIM") for c in gold.claims),
        *((c.span, "type", "choices", c.type) for c in gold.claims),
        *((c.span, "stance", "choices", c.stance) for c in gold.claims),
    ]
    result = []
    for span, name, kind, chosen in marks:
        value = {"start": span.start, "end": span.end, "text": span.surface, kind: [chosen]}
        id = f"{'e' if name == 'label' else 'c'}{span.start}"
        result.append({"id": id, "from_name": name, "to_name": "text", "type": kind, "value": value})
    times = {"lead_time": 300.0, "created_at": "2025-01-02T03:04:05Z", "updated_at": "2025-01-02T03:14:05Z"}
    annotations = [
        {"id": 2 * number + i, "completed_by": i + 1, "result": result, "was_cancelled": False, **times}
        for i in range(people)
    ]
    data = {"text": document.text, "document": document.id, "pair": document.pair, "lang": document.lang}
    return {"id": number, "data": data, "annotations": annotations, "predictions": []}


def make(folder: Path, documents: int) -> None:
    """Write the workspace and the export."""
    workspace, draw, number = Workspace.create(folder / "w"), random.Random(0), 0
    with (folder / "export.json").open("w", encoding="utf-8") as stream:
        stream.write("[")
        for start in range(0, documents // 2, _BATCH):
            made = [article(n, draw) for n in range(start, min(documents // 2, start + _BATCH))]
            several = [parts for parts, _ in made]
            workspace.append(DOCUMENTS, [document for parts in several for document, _, _ in parts])
            workspace.append(SEGMENTS, [segments for parts in several for _, segments, _ in parts])
            workspace.append(ALIGNMENTS, [alignment for _, alignment in made])
            workspace.append(GOLD, [gold for parts in several for _, _, gold in parts])
            annotations = []
            for n, parts in enumerate(several):
                for document, _, gold in parts:
                    people = ["annotator:1", "annotator:2"][: 1 if n % 10 else 2]
                    for i, who in enumerate(people):
                        layer = replace(gold, source=who, version="")
                        where = (2 * number + i, number, 1, "http://localhost", who)
                        times = ("2025-01-02T03:04:05Z", "2025-01-02T03:14:05Z", 300.0)
                        annotations.append(Annotation(layer, *where, *times))
                    row = json.dumps(task(number, document, gold, len(people)), ensure_ascii=False)
                    stream.write((",\n" if number else "") + row)
                    number += 1
            workspace.append(ANNOTATIONS, annotations)
        stream.write("]")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write; FOLDER/w may not be there yet")
    parser.add_argument("documents", type=int, metavar="NUMBER", help="how many documents, two an article")
    given = parser.parse_args()
    make(given.folder, given.documents)
