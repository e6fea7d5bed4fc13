"""Small workspaces to hurt: short made-up articles in both languages, and what stands in a workspace before each stage."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

WHO = [
    ("the Ministry of Finance", "财政部"),
    ("the State Council", "国务院"),
    ("Huawei", "华为"),
    ("the Ministry of Commerce", "商务部"),
    ("the People's Bank of China", "中国人民银行"),
]
WHERE = [("Beijing", "北京"), ("Shanghai", "上海"), ("Guangdong", "广东"), ("Chengdu", "成都")]
WHAT = [
    ("will build {} rental flats by 2030", "将在2030年前建设{}套租赁住房"),
    ("has spent {} million yuan on clinics", "已为诊所投入{}百万元"),
    ("wants {} new railway stations", "希望新建{}座火车站"),
    ("doubts that {} jobs are enough", "怀疑{}个岗位不够"),
]
SETTINGS = "\n[annotate]\nfast = true\n"


def articles(folder: Path, pairs: int, seed: int = 0) -> Path:
    """Write so many articles in both languages, the same ones for the same seed."""
    folder.mkdir(parents=True)
    draw = random.Random(seed)
    for number in range(pairs):
        en, zh = [], []
        for _ in range(draw.randint(2, 4)):
            who, where, what = draw.choice(WHO), draw.choice(WHERE), draw.choice(WHAT)
            figure = draw.randint(2, 9999)
            en.append(f"In {where[0]}, {who[0]} {what[0].format(figure)}.")
            zh.append(f"在{where[1]}，{who[1]}{what[1].format(figure)}。")
        (folder / f"a{number:03}.en.txt").write_text("\n".join(en) + "\n", encoding="utf-8")
        (folder / f"a{number:03}.zh.txt").write_text("\n".join(zh) + "\n", encoding="utf-8")
    return folder


def fast(root: Path) -> None:
    """Have the workspace annotate without models."""
    text = (root / "hemu.toml").read_text(encoding="utf-8")
    text = text.replace("[annotate]\n", "[annotate]\nfast = true\n", 1) if "[annotate]\n" in text else text + SETTINGS
    (root / "hemu.toml").write_text(text, encoding="utf-8")


def annotated_by_two(root: Path) -> None:
    """Two people's annotations of every pre-annotated document: one as proposed, one without the first entity."""
    from annotators.studio.tables import ANNOTATIONS, Annotation
    from corpus.schema import layers_table
    from corpus.store import Workspace

    workspace = Workspace.open(root)
    made = []
    for number, layer in enumerate(workspace.current(layers_table("combined"))):
        for person in (1, 2):
            entities = layer.entities[person - 1 :]
            mine = replace(layer, source=f"annotator:{person}", version=str(number), entities=entities, relations=())
            moment = f"2026-01-0{person}T00:00:00Z"
            made.append(
                Annotation(
                    *(mine, 2 * number + person, number, 1, "http://127.0.0.1:1", f"annotator:{person}"),
                    created=moment,
                    updated=moment,
                    lead_time=3.0,
                )
            )
    workspace.append(ANNOTATIONS, made)


def smaller_batches() -> None:
    """Have this process, and its forks, store a few documents or updates at a time, so that there are more places to hit."""
    import annotators.stage as stage
    import corpus.ingest as ingest
    import corpus.segment.stage as segment
    from models.checkpoint import Checkpoints

    ingest._BATCH = 8
    segment._BATCH = 8
    stage._HELD = 8
    # folder, seconds, steps, fresh: what a training is saved by unless told otherwise.
    Checkpoints.__init__.__defaults__ = (None, 0.0, 3, False)
