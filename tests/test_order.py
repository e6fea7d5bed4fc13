"""In which order articles are worth annotating."""

from __future__ import annotations

import random
import time

import pytest

from annotators.order import Articles, scores
from corpus.document import Document, Entity, Group, Item, Lang, Segments, Span

NOUNS = [
    f"{a}{b}"
    for a in ("har", "lin", "mar", "tol", "ver", "os", "dun", "kes")
    for b in ("bour", "den", "sk", "na", "ris")
]


def group(id: str, text: str, marks: list[float], lang: Lang = "en") -> Group:
    document = Document(id, "", lang, text)
    entities = tuple(Entity(Span.of(text, at, at + 1), "PLACE", score) for at, score in enumerate(marks))
    return Group((Item(document, Segments(id, document.sha, ()), entities),))


def story(topic: int, seed: int) -> str:
    """A text on a topic: three words that only this topic has, again and again, among words that all have."""
    chance = random.Random(seed)
    own = [
        f"topic{topic}{end}".replace(str(topic), NOUNS[topic % len(NOUNS)] + "abcdefghij"[topic // len(NOUNS)])
        for end in "xyz"
    ]
    return " ".join(chance.choice(own if chance.random() < 0.4 else NOUNS) for _ in range(150))


def test_the_unsure_come_first_however_long_they_are() -> None:
    sure = group("sure", "one two three four five six seven " * 40, [0.99] * 60)
    unsure = group("unsure", "eight nine ten eleven twelve", [0.5] * 6)
    middle = group("middle", "red green blue yellow white", [0.8] * 6)
    lucky = group("lucky", "cat dog cow hen pig", [0.5])
    articles = Articles()
    for one in (sure, unsure, middle, lucky):
        articles.add(one)
    assert articles.order() == ["unsure", "middle", "lucky", "sure"]


def test_an_article_without_marks_is_in_the_middle() -> None:
    turns = scores(
        [group("a", "one two six", [0.99] * 9), group("b", "three four", []), group("c", "five seven", [0.5] * 9)]
    )
    assert sorted(turns, key=turns.__getitem__) == ["c", "b", "a"]
    assert sorted(turns.values()) == [0, 1 / 3, 2 / 3]


def test_the_first_ones_are_not_all_alike() -> None:
    """Ten topics of thirty stories; one topic is the unsure one, by far: alone, uncertainty would give thirty of it."""
    articles = Articles()
    for number in range(300):
        topic = number % 10
        articles.add(group(f"{topic}-{number}", story(topic, number), [0.5 if topic == 0 else 0.75] * 10))
    order = articles.order()
    assert sorted(order) == sorted(articles.names)
    first = {name.split("-")[0] for name in order[:20]}
    assert len(first) == 10
    assert order[0].startswith("0-")
    # Uncertainty counts all the same.
    assert sum(name.startswith("0-") for name in order[:60]) >= 8


def test_copies_come_last() -> None:
    texts = {f"s{number}": story(number, number) for number in range(30)}
    articles = Articles()
    for id, text in texts.items():
        articles.add(group(id, text, [0.6]))
        for copy in range(3):
            articles.add(group(f"{id}c{copy}", text.replace("bour", "bour", 1) + f" {NOUNS[copy]}", [0.5]))
    order = articles.order()
    assert len({name.split("c")[0] for name in order[:30]}) == 30
    # So do the members of a cluster that `hemu dedupe` found, whatever their words are.
    known = Articles({f"s{number}": f"s{number // 2}" for number in range(20)})
    for id, text in list(texts.items())[:20]:
        known.add(group(id, text, [0.6]))
    assert len({int(name[1:]) // 2 for name in known.order()[:10]}) == 10


def test_what_is_like_something_annotated_waits() -> None:
    articles = Articles()
    for number in range(40):
        articles.add(group(f"{number % 4}-{number}", story(number % 4, number), [0.7] * 5))
    done = {name for name in articles.names if name.startswith("2-") and name != "2-2"}
    order = [name for name in articles.order(done=done) if name not in done]
    assert {name.split("-")[0] for name in order[:3]} == {"0", "1", "3"}
    assert articles.order({"1-1", "3-3"}, done={"1-1"}) == ["1-1", "3-3"]


def test_chinese_is_read_by_twos_and_traditional_as_simplified() -> None:
    articles = Articles()
    for id, text in (
        ("a", "镇政府将建设保障性住房三百套"),
        ("b", "鎮政府將建設保障性住房三百套"),
        ("c", "港口贸易今年增长迅速"),
    ):
        articles.add(group(id, text, [0.6], "zh"))
    assert articles.order() == ["a", "c", "b"]


@pytest.mark.parametrize("text", ["", "\x00\ud800", "1 2 3", "共"])
def test_any_text(text: str) -> None:
    assert set(scores([group("a", text, []), group("b", "words here", [float("nan")] if text else [])])) == {"a", "b"}
    assert Articles().order() == []


@pytest.mark.slow
def test_ten_thousand_articles_take_seconds() -> None:
    articles = Articles()
    chance = random.Random(1)
    for number in range(10_000):
        articles.add(group(f"{number}", story(number % 400, number), [chance.random()] * 5))
    start = time.perf_counter()
    assert len(articles.order()) == 10_000
    assert time.perf_counter() - start < 60
