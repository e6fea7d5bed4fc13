"""Splits that do not leak: what belongs together stays together, nobody changes sides, and the proof finds what is shared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.blocks import find_blocks
from corpus.dataset.balance import ALL, BOTH, Candidate, choose
from corpus.dataset.overlap import RUN, compared, prints_of, prove
from corpus.dataset.sides import SPLITS, Split, by_place, place
from corpus.dataset.splits import SIDES, SplitPlan, decide_splits, plan_splits, remember
from corpus.dedupe import CLUSTERS, Edge, Member
from corpus.document import Block, Document, Entity, Lang, Layer, Span
from corpus.errors import InputError
from corpus.removal import record, sweep
from corpus.schema import DOCUMENTS, GOLD
from corpus.shingles import units
from corpus.store import Workspace

SAMPLE = Path(__file__).parent.parent / "corpus" / "data" / "sample" / "articles"


def doc(id: str, lang: Lang = "en", pair: str = "", text: str = "", **meta: str) -> Document:
    text = text or f"Text of {id}."
    return Document(id, pair, lang, text, find_blocks(text, lang), meta=meta)


def alike(document: Document, *older: Document) -> Member:
    """The row that says that a document is like older ones."""
    edges = tuple(Edge(other.id, other.sha, "near-duplicate", 0.9, 0.9) for other in older)
    return Member(document.id, document.sha, document.id, 0.9, edges, "1 0.5", 0, b"", b"")


def add(workspace: Workspace, *documents: Document, like: Iterable[Document] = ()) -> None:
    """Add documents; the first one is like those in `like`."""
    workspace.append(DOCUMENTS, documents)
    workspace.append(CLUSTERS, [alike(d, *(like if d is documents[0] else ())) for d in documents])


def decide(workspace: Workspace, documents: Iterable[Document], **options: object) -> SplitPlan:
    plan = plan_splits(workspace, documents, **options)  # type: ignore[arg-type]
    remember(workspace, plan)
    return plan


def named(split: Split, count: int = 1, start: str = "n") -> list[str]:
    """Names that the hash puts into a split."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        if by_place(place(f"{start}{number}")) == split:
            found.append(f"{start}{number}")
        number += 1
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(["en", "zh"]),
        st.integers(0, 5),  # pair
        st.lists(st.integers(0, 30), max_size=2),  # like which of those before
        st.booleans(),  # gold at once, or only later
        st.sampled_from([False, False, True]),  # a build follows
        st.sampled_from(["", "", "", "report"]),  # part of
    ),
    min_size=4,
    max_size=24,
)


@given(ARRIVALS)
@settings(max_examples=25, deadline=None)
def test_as_a_corpus_grows_nobody_changes_sides_and_nothing_crosses(
    arrivals: list[tuple[Lang, int, list[int], bool, bool, str]],
) -> None:
    with TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "w")
        documents: list[Document] = []
        edges: list[tuple[str, str]] = []
        with_gold: list[Document] = []
        later: list[Document] = []
        rows: list[Member] = []
        stood: dict[str, Split] = {}
        for number, (lang, pair, like, gold, build, work) in enumerate(arrivals):
            free = not any((d.pair, d.lang) == (f"p{pair}", lang) for d in documents)
            meta = {"part_of": work} if work else {}
            new = doc(f"d{number}", lang, f"p{pair}" if free and pair else "", **meta)
            older = [documents[at] for at in sorted(set(like)) if at < len(documents)]
            rows.append(alike(new, *older))
            documents.append(new)
            edges += [(other.id, new.id) for other in older]
            (with_gold if gold else later).append(new)
            if not build and number + 1 < len(arrivals):
                continue
            workspace.append(DOCUMENTS, documents[-len(rows) :])
            workspace.append(CLUSTERS, rows)
            rows = []
            plan = decide(workspace, with_gold)
            aside = {id for entry in plan.set_aside for id in entry.documents}
            assert plan.of.keys() | aside == {d.id for d in with_gold}
            assert not plan.of.keys() & aside
            assert all(plan.of[id] == split for id, split in stood.items() if id in plan.of)
            assert all(plan.of[a] == plan.of[b] for a, b in edges if a in plan.of and b in plan.of)
            for one, other in combinations([d for d in with_gold if d.id in plan.of], 2):
                if one.pair == other.pair != "" or (work and one.meta == other.meta == meta):
                    assert plan.of[one.id] == plan.of[other.id]
            again = plan_splits(workspace, reversed(with_gold))
            assert (again.of, again.set_aside, again.new) == (plan.of, plan.set_aside, ())
            assert plan.proof["across"] == {"articles": [], "works": [], "near_duplicates": []}
            stood |= plan.of
            # Gold comes for documents that have long been there.
            with_gold += later[: len(later) // 2]
            later = later[len(later) // 2 :]


def test_a_newcomer_that_joins_two_sides_is_set_aside_with_its_other_version(workspace: Workspace) -> None:
    train, test = doc(named("train")[0]), doc(named("test")[0])
    others = [doc(name) for name in [*named("train", 9, "t"), *named("validation", 1, "v")]]
    add(workspace, train, test, *others)
    first = decide(workspace, [train, test, *others])
    assert (first.of[train.id], first.of[test.id]) == ("train", "test")
    bridge, version = doc("bridge.en", pair="bridge"), doc("bridge.zh", "zh", "bridge")
    add(workspace, bridge, version, like=[train, test])
    plan = decide(workspace, [train, test, *others, bridge, version])
    (aside,) = plan.set_aside
    assert aside.documents == ("bridge.en", "bridge.zh")
    assert aside.why == f"bridge.en like {train.id}, which is in train, and bridge.en like {test.id}, which is in test"
    assert plan.of == first.of
    assert plan.proof["set_aside"] == 2
    # Named for test, it is taken with all that it joins.
    held = plan_splits(workspace, [train, test, *others, bridge, version], held_out=frozenset({"bridge"}))
    assert {held.of[id] for id in ("bridge.en", "bridge.zh", train.id, test.id)} == {"test"}
    assert held.moved == {train.id: ("train", "test")}
    assert held.set_aside == ()


def test_what_stood_on_two_sides_and_turns_out_alike_is_parted_from_the_newer(workspace: Workspace) -> None:
    older, newer = doc(named("train")[0]), doc(named("test")[0])
    add(workspace, older, newer)
    decide(
        workspace,
        [
            older,
            newer,
        ],
    )
    workspace.append(CLUSTERS, [alike(newer, older)])  # near-duplicates were looked for only now
    plan = decide(workspace, [older, newer])
    assert plan.of == {older.id: "train"}
    assert [entry.documents for entry in plan.set_aside] == [(newer.id,)]
    assert f"{newer.id} was in test before" in plan.set_aside[0].why


def test_new_articles_that_only_join_one_another_are_not_lost(workspace: Workspace) -> None:
    a, b = doc(named("train")[0]), doc(named("test")[0])
    add(workspace, a, b)
    c = doc("c")
    add(workspace, c, like=[a, b])
    plan = plan_splits(workspace, [a, b, c])
    assert plan.set_aside == ()
    assert len(set(plan.of.values())) == 1
    assert plan.proof["units_of_several_articles"] == 1


def test_sides_stay_where_the_oldest_is_withdrawn_a_text_changes_or_a_pair_is_made(workspace: Workspace) -> None:
    oldest, copy = doc(named("test")[0]), doc(named("train")[0])
    rest = [doc(name) for name in named("train", 8, "r")]
    add(workspace, oldest, *rest)
    add(workspace, copy, like=[oldest])
    plan = decide(workspace, [oldest, copy, *rest])
    assert plan.of[copy.id] == "test"
    record(workspace, [oldest.id])
    sweep(workspace, [oldest.id])
    assert oldest.id not in {side.document for side in workspace.read(SIDES).values()}
    changed = replace(copy, text="Another text.", pair="now-in-a-pair")
    workspace.append(DOCUMENTS, [changed])
    assert plan_splits(workspace, [changed, *rest]).of[copy.id] == "test"


def test_held_out_articles_are_test_for_one_build_and_nobody_else_moves(workspace: Workspace) -> None:
    documents = [doc(f"a{n}.{lang}", lang, f"a{n}") for n in range(12) for lang in ("en", "zh")]
    add(workspace, *documents)
    before = decide(workspace, documents)
    name = next(d.pair for d in documents if before.of[d.id] == "train")
    held = decide(workspace, documents, held_out=frozenset({name}))
    assert held.moved == {f"{name}.en": ("train", "test"), f"{name}.zh": ("train", "test")}
    assert held.proof["moved_by_held_out"] == {f"{name}.en": "train", f"{name}.zh": "train"}
    assert held.proof["held_out"] == [name]
    assert {id: split for id, split in held.of.items() if not id.startswith(f"{name}.")} == {
        id: split for id, split in before.of.items() if not id.startswith(f"{name}.")
    }
    assert decide(workspace, documents).of == before.of
    with pytest.raises(InputError, match="nowhere"):
        plan_splits(workspace, documents, held_out=frozenset({"nowhere"}))


def test_held_out_from_the_first_build_leaves_something_to_learn_from(workspace: Workspace) -> None:
    documents = [doc(f"a{n}") for n in range(4)]
    add(workspace, *documents)
    for held in combinations([d.id for d in documents], 2):
        of = plan_splits(workspace, documents, held_out=frozenset(held)).of
        assert {of[id] for id in held} == {"test"}
        assert sorted(of[d.id] for d in documents if d.id not in held) == ["train", "validation"]


@pytest.mark.parametrize(("count", "expected"), [(1, ["train"]), (2, ["test", "train"]), (3, sorted(SPLITS))])
def test_few_articles_leave_no_side_empty(workspace: Workspace, count: int, expected: list[str]) -> None:
    documents = [doc(name) for name in named("train", count)]
    add(workspace, *documents)
    assert sorted(decide(workspace, documents).of.values()) == expected


def test_what_is_filled_stays_filled_as_the_corpus_grows(workspace: Workspace) -> None:
    documents: list[Document] = []
    stood: dict[str, Split] = {}
    for step in range(6):
        new = [doc(f"s{step}-{n}") for n in range(5)]
        add(workspace, *new)
        documents += new
        plan = decide(workspace, documents)
        assert all(plan.of[id] == split for id, split in stood.items())
        stood = plan.of
    assert {split: plan.proof["documents"][split] > 0 for split in SPLITS} == dict.fromkeys(SPLITS, True)


def labelled(workspace: Workspace, count: int, rare: int) -> list[Document]:
    """Articles of which every third is Chinese, with a label that all have and one that every `rare`-th has."""
    documents = []
    for n in range(count):
        document = doc(f"m{n}", "zh" if n % 3 == 0 else "en")
        labels = ["PLACE", *(["POLICY"] if n % rare == 0 else [])]
        entities = tuple(Entity(Span.of(document.text, at, at + 1), label) for at, label in enumerate(labels))
        workspace.append(GOLD, [Layer(document.id, document.sha, "gold", "", entities)])
        documents.append(document)
    add(workspace, *documents)
    return documents


def test_languages_and_rare_labels_are_on_every_side(workspace: Workspace) -> None:
    documents = labelled(workspace, 40, 8)
    plan = plan_splits(workspace, documents)
    for trait in ("en", "zh", "en PLACE", "zh PLACE", "en POLICY"):
        assert all(share > 0 for share in plan.proof["shares"][trait].values()), trait
    assert plan.proof["shares"]["en"]["test"] == pytest.approx(0.1, abs=0.05)
    assert plan.proof["shares"]["en"]["train"] == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_of_many_articles_the_hash_decides_and_shares_are_kept(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"{seed}-{n}" for n in range(3000)]
    units_ = []
    for name in names:
        own = {ALL, *(["en", "zh", BOTH] if random.random() < 0.6 else ["en"])}
        own |= {label for label, share in (("A", 0.5), ("B", 0.1), ("C", 0.02)) if random.random() < share}
        units_.append(Candidate(place(name), None, frozenset(own)))
    sides, moved = choose(units_)
    assert len(moved) <= 5
    for split, wanted in (("train", 0.8), ("validation", 0.1), ("test", 0.1)):
        for trait, off in ((ALL, 0.25), ("zh", 0.25), ("A", 0.5), ("C", 0.6)):
            own = [side for side, unit in zip(sides, units_, strict=True) if trait in unit.traits]
            assert own.count(split) / len(own) == pytest.approx(wanted, rel=off)
    # The half that was there first, by itself: but for the few that were moved, all stand where they stand now.
    first, moved_first = choose(units_[:1500])
    other = sum(a != b for a, b in zip(first, sides[:1500], strict=True))
    assert other <= len(moved) + len(moved_first)


def dated(count: int) -> list[Document]:
    return [doc(f"t{n:02}", date=f"2021-{1 + n // 2:02}-{1 + n % 2:02}") for n in range(count)]


def test_by_time_train_is_before_and_test_after(workspace: Workspace) -> None:
    documents = dated(20)
    add(workspace, *documents)
    plan = decide(workspace, documents, by="time")
    assert plan.until is not None
    dates = {split: [d.meta["date"] for d in documents if plan.of[d.id] == split] for split in SPLITS}
    assert max(dates["train"]) == plan.until[0] < min(dates["validation"])
    assert max(dates["validation"]) == plan.until[1] < min(dates["test"])
    assert {split: len(own) for split, own in dates.items()} == {"train": 16, "validation": 2, "test": 2}
    # Later articles are test, by the days of the first time; one without a date and one that joins two sides are named.
    late, none = doc("late", date="2023年5月1日"), doc("none", date="last spring")
    copy = doc("copy", date="2023-06-01")
    both = doc("both", date="2023-06-01")
    add(workspace, late, none)
    add(workspace, copy, like=[documents[0]])
    add(workspace, both, like=[documents[0], documents[-1]])
    grown = decide(workspace, [*documents, late, none, copy, both], by="time")
    assert grown.until == plan.until
    assert (grown.of["late"], grown.of["copy"]) == ("test", "train")
    assert {entry.documents[0]: entry.why.split(",")[0] for entry in grown.set_aside} == {
        "none": "no day of publication can be read from its metadata (date)",
        "both": "like t00",
    }
    assert all(grown.of[id] == split for id, split in plan.of.items())
    # By hash they stand somewhere else, and that is remembered apart.
    decide(workspace, documents)
    assert decide(workspace, documents, by="time").of == plan.of
    other = plan_splits(workspace, documents, by="time", until=("2021-02-01", "2021-03-01"))
    # By other days nothing was decided yet, so that `both` joins what it is like: the last article is of the first day too.
    assert other.proof["documents"] == {"train": 4, "validation": 2, "test": 14}


def test_by_time_needs_days(workspace: Workspace) -> None:
    documents = [doc("a"), doc("b", date="2021-03-01")]
    add(workspace, *documents)
    with pytest.raises(InputError, match="1 day of publication"):
        plan_splits(workspace, documents, by="time")
    with pytest.raises(InputError, match="2021-13-01"):
        plan_splits(workspace, documents, by="time", until=("2021-01-01", "2021-13-01"))


def test_near_duplicates_are_looked_for_and_the_proof_reads_the_texts(workspace: Workspace) -> None:
    documents = []
    for path in sorted(SAMPLE.glob("*.txt")):
        pair, lang = path.stem.split(".")
        documents.append(doc(path.stem, "en" if lang == "en" else "zh", pair, path.read_text(encoding="utf-8")))
    workspace.append(DOCUMENTS, documents)
    first = decide_splits(workspace, documents)
    copies = [doc(f"copy-{d.id}", d.lang, "", f"{d.text}\nMore follows / 待续。") for d in documents]
    workspace.append(DOCUMENTS, copies)
    plan = decide_splits(workspace, [*documents, *copies])
    assert all(plan.of[f"copy-{id}"] == split == plan.of[id] for id, split in first.of.items())
    texts = prove(workspace, plan.of)
    for pair in ("train, validation", "train, test", "validation, test"):
        assert (texts[pair]["runs"], texts[pair]["sentences"], texts[pair]["mostly_shared"]) == (0, 0, [])
    # Sides that nobody should have: the proof says so.
    wrong = {
        **plan.of,
        **{id: "test" if split == "train" else "train" for id, split in plan.of.items() if "copy" in id},
    }
    texts = prove(workspace, wrong)["train, test"]
    assert texts["sentences"] > 50
    assert len(texts["mostly_shared"]) == len([id for id, split in plan.of.items() if split != "validation"])
    assert texts["longest_in"][0].removeprefix("copy-") == texts["longest_in"][1].removeprefix("copy-")


def test_a_sentence_in_a_long_article_is_found_and_boilerplate_is_not() -> None:
    shared = "The mayor promised four thousand new flats for young families by next June."
    long = "\n".join([*(f"Paragraph number {n} says something of its own." for n in range(50)), shared])
    about = "About us: the Hewan Herald is printed every weekday and read in forty countries of the world."
    documents = []
    for id, text in (("short", f"Council news.\n{shared}\n{about}"), ("long", f"{long}\n{about}")):
        story = Block(0, text.rindex("\n"), "body"), Block(text.rindex("\n") + 1, len(text), "boilerplate")
        documents.append(Document(id, "", "en", text, story))
    found = compared(zip(documents, ("test", "train"), strict=True))["train, test"]
    assert (found["sentences"], found["longest_passage"]) == (1, 13)
    assert found["longest_in"] == ["long", "short"]
    assert found["mostly_shared"] == ["short"]
    # In full width and Traditional characters it is the same passage: "the council will build more rental housing".
    simplified, traditional = (
        "市议会将在明年底之前增建四千套保障性租赁住房",
        "市議會將在明年底之前增建四千套保障性租賃住房",
    )
    pair = [Document("a", "", "zh", f"据悉，{simplified}。"), Document("b", "", "zh", f"（{traditional}）")]
    assert compared(zip(pair, ("test", "train"), strict=True))["train, test"]["longest_passage"] == len(simplified)


TEXT = st.lists(
    st.sampled_from(["cat", "Dog", "三", "五年", "A股", "3.5", ". ", "。", "\n", "，", " ", "-", "é"]), max_size=60
)


@given(st.lists(st.tuples(TEXT, st.sampled_from(["en", "zh"]), st.sampled_from(SPLITS)), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_shared_runs_are_those_that_a_plain_comparison_finds(entries: list[tuple[list[str], Lang, Split]]) -> None:
    entries = sorted(entries, key=lambda entry: SPLITS.index(entry[2]), reverse=True)
    documents = [Document(f"{n}", "", lang, "".join(parts)) for n, (parts, lang, _) in enumerate(entries)]
    runs: dict[Split, set[tuple[str, ...]]] = {}
    for document, (_, lang, split) in zip(documents, entries, strict=True):
        words = units(document.text)
        own = [tuple(words[at : at + RUN[lang]]) for at in range(len(words) - RUN[lang] + 1)]
        assert len(prints_of([document])[0].runs) == len(own)
        runs.setdefault(split, set()).update(own)
    found = compared(zip(documents, (entry[2] for entry in entries), strict=True))
    for one, other in combinations([split for split in SPLITS if split in runs], 2):
        assert found[f"{one}, {other}"]["runs"] == len(runs[one] & runs[other])
