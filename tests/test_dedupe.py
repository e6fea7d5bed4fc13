"""Near-duplicates: what is one text, what is not, and that clusters hold as a corpus grows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.blocks import find_blocks
from corpus.dedupe import clusters, compare, dedupe, groups, split_keys
from corpus.document import Document, Lang
from corpus.schema import DOCUMENTS
from corpus.shingles import fingerprint, shingle_set, shingles, sketch, units
from corpus.store import Workspace

SAMPLE = Path(__file__).parent.parent / "corpus" / "data" / "sample" / "articles"

ABOUT = {
    "en": "About us: the Hewan Herald is published every weekday by the Hewan Press Group and reaches readers in forty "
    "countries. Reproduction without written permission is not allowed, and opinions are those of their authors.",
    # About the newspaper; not to be reprinted; opinions are the author's.
    "zh": "关于我们：河湾日报由河湾报业集团主办，每个工作日出版，读者遍及四十个国家和地区。未经书面许可不得转载，"
    "文章仅代表作者本人观点，与本报立场无关。",
}
BYLINE = {"en": "By our staff reporter in Hewan", "zh": "（河湾社记者 林岚）"}


def doc(id: str, lang: Lang, text: str, pair: str = "") -> Document:
    return Document(id, pair, lang, text, find_blocks(text, lang))


def articles() -> dict[str, tuple[Lang, list[str]]]:
    """The sample articles: name, language, paragraphs."""
    found: dict[str, tuple[Lang, list[str]]] = {}
    for path in sorted(SAMPLE.glob("*.txt")):
        lang: Lang = "en" if path.stem.endswith(".en") else "zh"
        found[path.stem] = lang, [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return found


def other_numbers(text: str) -> str:
    return re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), text)


def variants(lang: Lang, paragraphs: list[str], foreign: list[str]) -> dict[str, list[str]]:
    """What becomes of a story: under a new headline, by another agency, updated, shortened."""
    head, *body = paragraphs
    third = len(body) // 3
    return {
        "headline": [foreign[0], *body],
        "byline": [head, BYLINE[lang], *body],
        "numbers": [other_numbers(paragraph) for paragraph in paragraphs],
        "dropped": [head, *body[: third or 1], *body[2 * third or 1 :]],
        "updated": [foreign[0], foreign[1], *body, foreign[2]],
        "short": [head, *body[: max(1, len(body) // 2)]],
    }


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def test_copies_and_updates_are_found_and_unlike_articles_are_not(workspace: Workspace) -> None:
    originals = articles()
    names = list(originals)
    documents, story = [], {}
    for name, (lang, paragraphs) in originals.items():
        # The paragraphs that an update adds are from no other article of the collection.
        words = ("night market opens", "a quiet week", "rain") if lang == "en" else ("夜市", "平静", "雨")
        foreign = [f"{word} {name} {word}" for word in words]
        for kind, text in {"original": paragraphs, **variants(lang, paragraphs, foreign)}.items():
            documents.append(doc(f"{name}/{kind}", lang, "\n".join([*text, ABOUT[lang]])))
            story[f"{name}/{kind}"] = name
    workspace.append(DOCUMENTS, documents)
    report = dedupe(workspace)
    found = clusters(workspace)
    missed = [id for id, name in story.items() if found[id] != found[f"{name}/original"]]
    false = [(id, oldest) for id, oldest in found.items() if story[id] != story[oldest]]
    # Where all numbers of a short text change, little of it stays.
    assert len(missed) <= len(story) // 50, missed
    assert not false
    assert report.notes["clusters"] == len(names)


def test_one_paragraph_that_all_articles_have_makes_no_cluster(workspace: Workspace) -> None:
    # A quoted slogan, longer than what each article says itself: "The meeting stressed that …".
    slogan = (
        "会议强调，要坚持以人民为中心的发展思想，统筹推进高质量发展，扎实推动共同富裕，让改革发展成果更多更公平惠及全体人民，"
        "不断增强人民群众的获得感、幸福感、安全感，为全面建设现代化河湾而团结奋斗。"
    )
    first = [paragraphs[1][:60] for lang, paragraphs in articles().values() if lang == "zh"]
    documents = [doc(f"{n}", "zh", f"{own}\n{slogan}") for n, own in enumerate(first)]
    assert compare(documents[0], documents[1]) is not None  # two alone cannot be told from copies
    workspace.append(DOCUMENTS, documents)
    dedupe(workspace)
    assert groups(workspace) == []


def test_kinds() -> None:
    lang, paragraphs = articles()["housing-rental.en"]
    text = "\n".join(paragraphs)
    whole = doc("a", lang, text)
    same = compare(whole, doc("b", lang, text.upper().replace(",", " ;")))
    near = compare(whole, doc("b", lang, "\n".join(["Something else altogether", *paragraphs[1:]])))
    part = compare(whole, doc("b", lang, "\n".join(paragraphs[:3])))
    assert same is not None
    assert (same.kind, same.jaccard) == ("same text", 1.0)
    assert near is not None
    assert near.kind == "near-duplicate"
    assert part is not None
    assert part.kind == "contained"
    assert part.containment == 1.0
    assert compare(whole, doc("b", "en", "\n".join(articles()["trade-tariffs.en"][1]))) is None


def test_traditional_and_simplified_are_one_text() -> None:
    simplified = doc("a", "zh", "河湾市扩大保障性住房供给，推动国企与银行合作，让更多家庭实现安居。")
    # The same, in Traditional characters.
    traditional = doc("b", "zh", "河灣市擴大保障性住房供給，推動國企與銀行合作，讓更多家庭實現安居。")
    likeness = compare(simplified, traditional)
    assert likeness is not None
    assert likeness.kind == "same text"


def test_a_cluster_joins_both_languages_through_the_pair(workspace: Workspace) -> None:
    sample = articles()
    en, zh = "\n".join(sample["climate-carbon.en"][1]), "\n".join(sample["climate-carbon.zh"][1])
    workspace.append(
        DOCUMENTS,
        [
            doc("alone", "zh", "\n".join(sample["school-meals.zh"][1])),
            doc("a.en", "en", en, "a"),
            doc("a.zh", "zh", zh, "a"),
            doc("copy of en", "en", f"Updated\n{en}"),
            doc("b.zh", "zh", f"{zh}\n（完）", "b"),
            doc("b.en", "en", "\n".join(sample["trade-tariffs.en"][1]), "b"),
        ],
    )
    assert clusters(workspace)["copy of en"] == "copy of en"  # nothing is known before `dedupe`
    dedupe(workspace)
    found = clusters(workspace)
    assert {id for id, oldest in found.items() if oldest == "a.en"} == {"a.en", "a.zh", "copy of en", "b.zh", "b.en"}
    assert found["alone"] == "alone"
    (cluster,) = groups(workspace)
    assert cluster.members == ("a.en", "a.zh", "copy of en", "b.zh", "b.en")
    keys = split_keys(workspace)
    assert {keys[id] for id in cluster.members} == {"a"}
    assert keys["alone"] == "alone"


def test_a_second_run_reads_only_what_is_new_and_names_stay(workspace: Workspace) -> None:
    _, paragraphs = articles()["elderly-care.zh"]
    text = "\n".join(paragraphs)
    workspace.append(DOCUMENTS, [doc("1", "zh", text), doc("2", "zh", "\n".join(articles()["trade-tariffs.zh"][1]))])
    assert dedupe(workspace).done == 2
    workspace.append(DOCUMENTS, [doc("3", "zh", "\n".join(paragraphs[1:])), doc("4", "zh", text)])
    report = dedupe(workspace)
    assert (report.done, report.unchanged) == (2, 2)
    assert clusters(workspace) == {"1": "1", "2": "2", "3": "1", "4": "1"}
    before = workspace.shards("clusters")
    assert dedupe(workspace).unchanged == 4
    assert workspace.shards("clusters") == before
    # Another text under the same id: what was found for the old one no longer holds.
    workspace.append(DOCUMENTS, [doc("1", "zh", "\n".join(articles()["school-meals.zh"][1]))])
    assert clusters(workspace)["1"] == "1"
    assert clusters(workspace)["3"] == "3"
    dedupe(workspace)
    assert clusters(workspace) == {"1": "1", "2": "2", "3": "3", "4": "3"}


def test_another_threshold_is_worked_out_anew(workspace: Workspace) -> None:
    _, paragraphs = articles()["trade-tariffs.en"]
    half = len(paragraphs) // 2
    first, second = "\n".join(paragraphs), "\n".join([*paragraphs[:half], *articles()["elderly-care.en"][1][:half]])
    workspace.append(DOCUMENTS, [doc("1", "en", first), doc("2", "en", second)])
    dedupe(workspace, threshold=0.95)
    assert groups(workspace) == []
    assert dedupe(workspace, threshold=0.2).done == 2
    assert len(groups(workspace)) == 1


def test_many_copies_of_one_text(workspace: Workspace) -> None:
    _, paragraphs = articles()["rural-revitalisation.zh"]
    documents = [doc(f"{n:03}", "zh", "\n".join([f"第{n}号转载稿，编辑{n * 7919}", *paragraphs])) for n in range(120)]
    workspace.append(DOCUMENTS, documents)
    dedupe(workspace)
    assert set(clusters(workspace).values()) == {"000"}


@pytest.mark.parametrize(
    "text", ["", "🙂", "a", "好", "\ud800\x00", "的" * 100_000, "buffalo " * 50_000, "１２３\r\n\r\n"]
)
def test_hostile_texts(workspace: Workspace, text: str) -> None:
    a = Document("a", "", "zh", text)
    made = sketch(a)
    assert len(made.fingerprint) <= max(1, len(text))
    assert compare(a, replace(a, id="b")) is None or units(text)


def test_texts_without_a_word_are_not_one_text(workspace: Workspace) -> None:
    workspace.append(DOCUMENTS, [Document("a", "", "en", "🙂"), Document("b", "", "en", "—…—")])
    dedupe(workspace)
    assert groups(workspace) == []


@given(st.lists(st.sampled_from("一二三四五六七八九十甲乙丙丁"), min_size=20, max_size=60), st.text(max_size=30))
@settings(max_examples=50, deadline=None)
def test_a_shared_passage_shares_a_fingerprint(passage: list[str], before: str) -> None:
    alone = set(fingerprint(shingles(passage, "zh")).tolist())
    # 20 characters hold 16 shingles: one of them at least is chosen wherever they stand.
    within = set(fingerprint(shingles([*units(before), *passage, "戊", "己"], "zh")).tolist())
    assert alone & within


@given(st.text(max_size=80))
def test_any_text_is_like_itself(text: str) -> None:
    document = Document("a", "", "en", text)
    likeness = compare(document, replace(document, id="b"))
    assert (likeness is not None) == bool(units(text))
    assert len(shingle_set(document)) <= max(1, len(text))


def test_command(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    text = "\n".join(articles()["youth-employment.en"][1])
    workspace.append(DOCUMENTS, [doc("a", "en", text), doc("b", "en", f"{text}\nMore follows.")])
    call = [sys.executable, "-c", "from corpus.cli import main; main()", "dedupe", "-w", str(workspace.root)]
    done = subprocess.run([*call, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["found"][0]["members"] == ["a", "b"]
    shown = subprocess.run(call, capture_output=True, text=True, check=True)
    assert "near-duplicate" in shown.stdout
    assert "1" in shown.stderr
