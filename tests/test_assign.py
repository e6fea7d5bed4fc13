"""Who annotates what: sharing out, planted errors, and taking them out again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.adjudicate import decide
from annotators.adjudicate.config import title_of
from annotators.assign import (
    ASSIGNMENTS,
    Assignment,
    Plan,
    Planted,
    Undoing,
    assign,
    planted,
    planted_left,
    withdraw,
    without_planted,
)
from annotators.assign.plan import KINDS, title_for
from annotators.assign.plant import is_corrected, is_left, with_planted
from annotators.assign.share import reviewed
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.cli.assign import assign as command
from corpus.document import Block, Claim, Document, Entity, Group, Item, Lang, Layer, Ref, Relation, Segments, Span
from corpus.errors import InputError
from corpus.migration import migrate
from corpus.removal import record, sweep
from corpus.schema import DOCUMENTS, layers_table
from corpus.segment import segment
from corpus.store import Workspace

EN = (
    "Mayor Lin Yue of Qingpu said the council would build three hundred flats by the harbour. "
    "Harbour Homes, a builder from Linde Province, welcomed the Housing Plan, while residents of Qingpu doubted it. "
    "Officials of the Transport Bureau said buses would run every morning."
)
ZH = "青浦镇长林岳表示，镇政府将在港口附近建设三百套住房。港湾置业公司欢迎住房计划，青浦居民表示怀疑。交通局官员说公共汽车每天早晨运行。"
NAMES: dict[Lang, dict[str, str]] = {
    "en": {
        "Lin Yue": "OFFICIAL",
        "Qingpu": "PLACE",
        "Harbour Homes": "FIRM",
        "Linde Province": "PLACE",
        "Housing Plan": "POLICY",
        "Transport Bureau": "AGENCY",
    },
    "zh": {"林岳": "OFFICIAL", "青浦": "PLACE", "港湾置业公司": "FIRM", "住房计划": "POLICY", "交通局": "AGENCY"},
}


def marked(document: Document) -> tuple[Entity, ...]:
    text = document.text
    found = []
    for words, label in NAMES[document.lang].items():
        start = text.find(words)
        while start >= 0:
            found.append(Entity(Span.of(text, start, start + len(words)), label, 0.9))
            start = text.find(words, start + 1)
    return tuple(sorted(found, key=lambda e: e.start))


def group_of(*documents: Document) -> Group:
    return Group(tuple(Item(d, segment(d), marked(d)) for d in documents))


def layer_of(document: Document, source: str = "combined", entities: tuple[Entity, ...] | None = None) -> Layer:
    return Layer(document.id, document.sha, source, "v1", marked(document) if entities is None else entities)


PAIR = (Document("a.en", "a", "en", EN), Document("a.zh", "a", "zh", ZH))
LABELS = ("OFFICIAL", "PERSON", "FIRM", "AGENCY", "ORG", "PLACE", "POLICY")


def corpus(count: int, start: int = 0) -> list[Document]:
    """Pairs, English and Chinese ones in turn, of very different lengths."""
    made = []
    for number in range(start, start + count):
        pair = f"p{number:03}" if number % 3 == 0 else ""
        tail = f" No. {number}." * (1 + (number * 37) % 60)
        if number % 3 != 2:
            made.append(Document(f"d{number:03}.en", pair, "en", EN + tail))
        if number % 3 != 1:
            made.append(Document(f"d{number:03}.zh", pair, "zh", ZH + tail))
    return made


def add(workspace: Workspace, documents: list[Document]) -> None:
    workspace.append(DOCUMENTS, documents)
    workspace.append(layers_table("combined"), [layer_of(d) for d in documents])


@pytest.fixture
def news(workspace_root: Path) -> Workspace:
    workspace = Workspace.create(workspace_root)
    add(workspace, corpus(60))
    return workspace


def annotation(one: Assignment, layer: Layer, id: int = 1, **more: object) -> Annotation:
    return Annotation(layer, id, id, one.project, one.url, f"annotator:{id}", updated="2026-01-01", **more)  # type: ignore[arg-type]


class TestSharingOut:
    def test_everybody_gets_as_much_of_each_kind(self, news: Workspace) -> None:
        report = assign(news, ["anna", "bo", "chen"])
        assert (report.done, report.notes["assignments"]) == (60, 60)
        plan, sizes = Plan.of(news), {d.id: len(d.text) * (3 if d.lang == "zh" else 1) for d in corpus(60)}
        people = {person: [one for one in plan.live if one.person == person] for person in ("anna", "bo", "chen")}
        for mine in people.values():
            kinds = Counter("pair" if len(one.documents) == 2 else one.documents[0][-2:] for one in mine)
            assert sorted(kinds.values()) in ([6, 7, 7], [6, 6, 8], [7, 7, 7], [6, 6, 7])
        loads = [sum(sizes[id] for one in mine for id in one.documents) for mine in people.values()]
        assert max(loads) < 1.05 * min(loads)
        assert {len(mine) for mine in people.values()} <= {19, 20, 21}
        assert {one.title for one in plan.all} == {"news · anna", "news · bo", "news · chen"}

    def test_nobody_s_project_is_the_one_of_disputes(self, news: Workspace) -> None:
        assign(news, ["disputes"])
        assert title_of("news") not in Plan.of(news).titles.values()

    def test_the_same_seed_gives_the_same_plan(self, news: Workspace, tmp_path: Path) -> None:
        other = Workspace.create(tmp_path / "other" / "news")
        add(other, corpus(60))
        for workspace, seed in ((news, 1), (other, 1)):
            assign(workspace, ["anna", "bo"], double=0.3, blind=0.1, planted=0.1, seed=seed)
        one, two = ([replace(a, created="") for a in Plan.of(w).all] for w in (news, other))
        assert one == two
        third = Workspace.create(tmp_path / "third" / "news")
        add(third, corpus(60))
        assign(third, ["anna", "bo"], double=0.3, blind=0.1, planted=0.1, seed=2)
        assert [replace(a, created="") for a in Plan.of(third).all] != one

    def test_shares_and_who_sees_what(self, news: Workspace) -> None:
        report = assign(news, ["anna", "bo"], double=0.4, blind=0.2, planted=0.1)
        assert [report.notes[name] for name in ("double", "blind", "planted")] == [24, 12, 6]
        by_group: dict[str, list[Assignment]] = {}
        for one in Plan.of(news).live:
            by_group.setdefault(one.group, []).append(one)
        double = [several for several in by_group.values() if len(several) == 2]
        assert len(double) == 24
        assert all(several[0].person != several[1].person for several in double)
        modes = Counter(frozenset(one.mode for one in several) for several in double)
        assert modes == {
            frozenset({"normal"}): 6,
            frozenset({"normal", "blind"}): 12,
            frozenset({"normal", "planted"}): 6,
        }
        each = Counter((one.person, one.mode) for one in Plan.of(news).live)
        assert (each["anna", "blind"], each["bo", "blind"]) == (6, 6)
        assert (each["anna", "planted"], each["bo", "planted"]) == (3, 3)
        kinds = Counter(error.kind for one in Plan.of(news).live for error in one.planted)
        assert max(kinds.values()) - min(kinds[kind] for kind in KINDS) <= 2
        assert all(bool(one.planted) == (one.mode == "planted") for one in Plan.of(news).all)

    def test_what_is_assigned_never_moves(self, news: Workspace) -> None:
        assign(news, ["anna", "bo"], double=0.2, blind=0.1)
        before = Plan.of(news).all
        assert assign(news, ["anna", "bo", "chen"], double=0.2, blind=0.1).done == 0
        add(news, corpus(30, start=60))
        report = assign(news, ["bo", "chen"], double=0.2, blind=0.1)
        after = Plan.of(news).all
        assert after[: len(before)] == before
        assert report.done == 30
        # The shares are those of the whole plan.
        assert report.notes["double"] == 6
        assert {one.person for one in after[len(before) :]} == {"bo", "chen"}

    def test_a_version_that_comes_later_comes_to_whoever_has_the_article(self, news: Workspace) -> None:
        add(news, [Document("x.en", "x", "en", EN)])
        assign(news, ["anna", "bo"])
        (before,) = Plan.of(news).holding(["x.en"])
        add(news, [Document("x.zh", "x", "zh", ZH)])
        assert assign(news, ["anna", "bo"]).done == 0
        assert list(Plan.of(news).holding(["x.en", "x.zh"])) == [before]

    def test_so_many_articles_only(self, news: Workspace) -> None:
        asked: list[int] = []

        def choose(firsts: object, number: int) -> list[str]:
            asked.append(number)
            return sorted(firsts)[:number]  # type: ignore[call-overload, no-any-return]

        assert assign(news, ["anna", "bo"], articles=7, choose=choose).done == 7
        assert asked == [7]
        assert {one.documents[0][:4] for one in Plan.of(news).all} == {f"d00{n}" for n in range(7)}
        assert assign(news, ["anna"], articles=5).done == 5

    def test_what_is_not_pre_annotated_waits(self, news: Workspace) -> None:
        news.append(DOCUMENTS, [Document("later", "", "en", EN)])
        assert assign(news, ["anna"]).notes["not pre-annotated yet"] == 1
        assert "later" not in {id for one in Plan.of(news).all for id in one.documents}

    def test_what_is_annotated_already_is_nobody_s_work_again(self, news: Workspace) -> None:
        one = Assignment("d001.en", "x", "news", ("d001.en",), url="http://ls", project=1)
        (document,) = [d for d in corpus(3) if d.id == "d001.en"]
        news.append(ANNOTATIONS, [annotation(one, layer_of(document, "annotator:1"))])
        report = assign(news, ["anna"])
        assert (report.done, report.notes["annotated already"]) == (59, 1)

    @pytest.mark.parametrize(
        ("people", "shares", "said"),
        [
            ([], {}, "nobody to assign"),
            (["anna"], {"double": 0.2}, "needs two people"),
            (["a\nb"], {}, "not a name"),
            (["anna", "bo"], {"blind": 0.6, "planted": 0.6}, "more than all"),
            (["anna", "bo"], {"blind": 1.5}, "from 0 to 1"),
        ],
    )
    def test_what_cannot_be(self, news: Workspace, people: list[str], shares: dict[str, float], said: str) -> None:
        with pytest.raises(InputError, match=said):
            assign(news, people, **shares)  # type: ignore[arg-type]
        assert Plan.of(news).all == []

    def test_taking_back_and_giving_again(self, news: Workspace) -> None:
        assign(news, ["anna", "bo"], blind=0.2, planted=0.2)
        plan = Plan.of(news)
        anna = [one for one in plan.live if one.person == "anna"]
        assert withdraw(news, people=["anna"]).notes["withdrawn"] == len(anna)
        assert {one.person for one in Plan.of(news).live} == {"bo"}
        assert assign(news, ["anna"]).done == len(anna)
        # They may have seen it: they see what they saw.
        again = {one.group: one for one in Plan.of(news).live if one.person == "anna"}
        assert {g: (one.mode, one.planted) for g, one in again.items()} == {
            one.group: (one.mode, one.planted) for one in anna
        }
        with pytest.raises(InputError, match="who has some: anna, bo"):
            withdraw(news, people=["chen"])
        with pytest.raises(InputError, match="assigned to nobody"):
            withdraw(news, articles=["nowhere"])
        with pytest.raises(InputError, match="what is to be taken back"):
            withdraw(news)

    def test_the_record_outlives_a_withdrawn_version(self, news: Workspace) -> None:
        assign(news, ["anna"], planted=1.0)
        before = Plan.of(news).all
        record(news, ["d000.en"])
        sweep(news, ["d000.en"])
        assert Plan.of(news).all == before
        assert EN[:20].encode() not in b"".join(p.read_bytes() for p in news.shards(ASSIGNMENTS.name))


class TestTitles:
    @given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=8))
    def test_they_fit_and_differ(self, base: str, people: list[str]) -> None:
        titles: list[str] = []
        for person in people:
            titles.append(title_for(base, person, {base, *titles}))
            assert 3 <= len(titles[-1]) <= 50
        assert len({title.casefold() for title in titles}) == len(titles)

    def test_people_of_one_name(self) -> None:
        people = ["li@a.example", "li@b.example", "Li"]
        titles: list[str] = []
        for person in people:
            titles.append(title_for("news", person, titles))
        assert titles == ["news · li", "news · li@b.example", "news · Li 2"]


class TestPlanting:
    @settings(deadline=None, max_examples=50)
    @given(st.permutations(KINDS), st.integers(0, 10_000))
    def test_errors_are_valid_and_plausible(self, kinds: list[str], seed: int) -> None:
        group = group_of(*PAIR)
        errors = planted(group, LABELS, kinds=kinds, seed=str(seed))  # type: ignore[arg-type]
        assert [error.kind for error in errors] == kinds[: len(errors)]
        assert 1 <= len(errors) <= 2
        texts = {d.id: d for d in PAIR}
        right = {d.id: {(e.start, e.end, e.label) for e in marked(d)} for d in PAIR}
        for error in errors:
            document = texts[error.document]
            mark = (error.start, error.end, error.label)
            if error.kind == "invented":
                assert mark == (-1, -1, "")
                words = document.text[error.wrong_start : error.wrong_end]
                assert words.islower() or "\u4e00" <= words[0] <= "\u9fff"
                assert not any(a < error.wrong_end and error.wrong_start < b for a, b, _ in right[document.id])
                continue
            assert mark in right[document.id]
            if error.kind == "missing":
                assert (error.wrong_start, error.wrong_end, error.wrong_label) == (-1, -1, "")
            elif error.kind == "label":
                assert (error.wrong_start, error.wrong_end) == mark[:2]
                assert error.wrong_label in LABELS
                assert error.wrong_label != error.label
            else:
                wrong = document.text[error.wrong_start : error.wrong_end]
                assert wrong == wrong.strip() != document.text[error.start : error.end]
                assert error.wrong_label == error.label
                assert max(error.start, error.wrong_start) < min(error.end, error.wrong_end)

    @settings(deadline=None, max_examples=50)
    @given(st.integers(0, 10_000))
    def test_whoever_lets_them_pass_loses_nothing_but_them(self, seed: int) -> None:
        group = group_of(*PAIR)
        errors = planted(group, LABELS, kinds=KINDS[seed % 4 :] + KINDS[: seed % 4], seed=str(seed))
        shown = with_planted(group, errors)
        assert shown != group
        for item, before in zip(shown.items, group.items, strict=True):
            layer = layer_of(item.document, "annotator:1", item.entities)
            for start, end, label in ((e.start, e.end, e.label) for e in item.entities):
                assert label in LABELS
                assert item.document.text[start:end].strip()
            mended, left = without_planted(layer, errors, item.document)
            assert left == tuple(error for error in errors if error.document == item.document.id)
            assert [(e.span, e.label) for e in mended.entities] == [(e.span, e.label) for e in before.entities]
            # Whoever puts them right keeps what they said.
            said = layer_of(item.document, "annotator:1")
            assert without_planted(said, errors, item.document) == (said, ())
            assert all(is_corrected(error, said) and not is_left(error, said) for error in left)

    def test_a_mark_that_has_grown_leaves_no_room_for_an_invented_one(self) -> None:
        text = "青浦区，" * 15 + "青浦区居民。"
        document = Document("a.zh", "", "zh", text)
        marks = tuple(Entity(Span.of(text, at, at + 3), "PLACE", 0.9) for at in range(0, len(text) - 3, 4))
        group = Group((Item(document, segment(document), marks),))
        (error,) = planted(group, LABELS, kinds=("boundary", "invented"))
        assert text[error.wrong_start : error.wrong_end] == "青浦区居民"
        (error,) = planted(group, LABELS, kinds=("invented", "boundary"))
        assert text[error.wrong_start : error.wrong_end] == "居民"

    def test_a_new_pre_annotation_shows_the_same_errors(self) -> None:
        document = PAIR[0]
        start = EN.index("Qingpu")
        error = Planted("boundary", "a.en", document.sha, start, start + 6, "PLACE", start - 3, start + 6, "PLACE")
        newer = Group(
            (Item(document, segment(document), (Entity(Span.of(EN, start, start + 6), "ORG", 0.4, link="Q7"),)),)
        )
        (item,) = with_planted(newer, [error]).items
        assert [(e.span.surface, e.label, e.score, e.source, e.link) for e in item.entities] == [
            ("of Qingpu", "PLACE", 0.4, "planted", "Q7")
        ]
        mended, _ = without_planted(layer_of(document, "annotator:1", item.entities), [error], document)
        assert [(e.span.surface, e.link) for e in mended.entities] == [("Qingpu", "Q7")]
        # In another text they stand nowhere.
        other = replace(error, sha="0" * 64)
        assert with_planted(newer, [other]) == newer

    def test_an_article_without_marks_or_words(self) -> None:
        bare = Document("b", "", "en", "1 2 3 …")
        assert planted(Group((Item(bare, Segments("b", bare.sha, ())),)), LABELS) == ()
        empty = Document("c", "", "zh", "")
        assert planted(Group((Item(empty, Segments("c", empty.sha, ())),)), LABELS) == ()

    def test_a_claimant_s_mention_is_left_alone(self) -> None:
        start = EN.index("Lin Yue")
        only = Entity(Span.of(EN, start, start + 7), "OFFICIAL")
        claim = Claim(Span.of(EN, 0, 40), "commitment", "support", "Lin Yue", claimant_span=(start, start + 7))
        group = Group((Item(PAIR[0], segment(PAIR[0]), (only,), (claim,)),))
        assert [e.kind for e in planted(group, LABELS, kinds=("missing", "label", "boundary", "invented"))] == [
            "invented"
        ]

    def test_relations_follow(self) -> None:
        document = PAIR[0]
        start, second = EN.index("Lin Yue"), EN.index("Qingpu")
        wrong = Planted("boundary", "a.en", document.sha, start, start + 7, "OFFICIAL", start, start + 3, "OFFICIAL")
        invented = Planted(
            "invented", "a.en", document.sha, wrong_start=second, wrong_end=second + 6, wrong_label="ORG"
        )
        claim = Claim(Span.of(EN, 40, 80), "commitment", "support", "Lin", claimant_span=(start, start + 3))
        head = Ref("a.en", "claim", 40, 80)
        layer = Layer(
            "a.en",
            document.sha,
            "annotator:1",
            "",
            (Entity(document.span(start, start + 3), "OFFICIAL"), Entity(document.span(second, second + 6), "ORG")),
            (claim,),
            (
                Relation("claimant", head, Ref("a.en", "entity", start, start + 3)),
                Relation("about", head, Ref("a.en", "entity", second, second + 6)),
            ),
        )
        mended, left = without_planted(layer, [wrong, invented], document)
        assert left == (wrong, invented)
        assert [(e.start, e.end) for e in mended.entities] == [(start, start + 7)]
        assert mended.claims[0].claimant_span == (start, start + 7)
        assert [(r.label, r.tail.end) for r in mended.relations] == [("claimant", start + 7)]

    def test_pull_quotes_follow(self) -> None:
        text = "Lin Yue sold the boats in May\n\nIn May Lin Yue sold the boats in May, she said."
        again = text.rindex("Lin Yue")
        document = Document("q", "", "en", text, (Block(0, 29, "pull-quote", (again, again + 29)),))
        error = Planted("missing", "q", document.sha, again, again + 7, "OFFICIAL")
        mended, _ = without_planted(Layer("q", document.sha, "annotator:1", ""), [error], document)
        assert [e.start for e in mended.entities] == [0, again]
        group = Group((Item(document, segment(document), (Entity(Span.of(text, 0, 7), "OFFICIAL"),)),))
        assert "missing" not in {e.kind for e in planted(group, LABELS, kinds=("missing",))}


class TestUndoing:
    @pytest.fixture
    def one(self, news: Workspace) -> Assignment:
        assign(news, ["anna", "bo"], planted=0.2)
        chosen = next(one for one in Plan.of(news).live if one.mode == "planted")
        pushed = replace(chosen, url="http://ls", project=7)
        news.append(ASSIGNMENTS, [pushed])
        return pushed

    def swallowed(self, news: Workspace, one: Assignment) -> list[Annotation]:
        documents = news.documents()
        group = with_planted(group_of(*(documents[id] for id in one.documents)), one.planted)
        return [annotation(one, layer_of(i.document, "annotator:1", i.entities)) for i in group.items]

    def test_gold_has_none_of_it(self, news: Workspace, one: Assignment) -> None:
        annotations = self.swallowed(news, one)
        news.append(ANNOTATIONS, annotations)
        assert [left.error for left in planted_left(news)] == list(one.planted)
        assert {left.person for left in planted_left(news)} == {one.person}
        undo = Undoing(news)
        for entry in annotations:
            gold = decide([undo(entry).layer]).layer
            right = marked(news.documents()[entry.layer.document])
            assert [(e.span, e.label) for e in gold.entities] == [(e.span, e.label) for e in right]

    def test_what_was_reviewed_stays(self, news: Workspace, one: Assignment) -> None:
        news.append(ANNOTATIONS, self.swallowed(news, one))
        assert reviewed(news, [one.documents[0]]).done == 1
        assert planted_left(news) == []
        assert reviewed(news, [one.documents[0]]).unchanged == 1

    def test_one_on_another_text_does_not_count(self, news: Workspace, one: Assignment) -> None:
        (error, *_) = one.planted
        document = news.documents()[error.document]
        news.append(DOCUMENTS, [replace(document, text=document.text + " More.")])
        undo = Undoing(news)
        entry = next(a for a in self.swallowed(news, one) if a.layer.document == error.document)
        assert undo(entry).counts is False
        assert undo.stale == [entry]

    def test_after_a_change_of_the_scheme(self, news: Workspace, one: Assignment, tmp_path: Path) -> None:
        text = (news.root / "scheme.toml").read_text(encoding="utf-8")
        file = tmp_path / "new.toml"
        for label in LABELS:
            text = text.replace(f'name = "{label}"', f'name = "NEW_{label}"')
        file.write_text(text, encoding="utf-8")
        migrate(news, file, maps=[f"{label}=NEW_{label}" for label in LABELS])
        moved = Workspace.open(news.root)
        labels = {x for a in Plan.of(moved).all for e in a.planted for x in (e.label, e.wrong_label) if x}
        assert labels
        assert all(label.startswith("NEW_") for label in labels)

    def test_others_are_passed_through(self, news: Workspace, one: Assignment) -> None:
        entry = self.swallowed(news, one)[0]
        elsewhere = replace(entry, project=8)
        assert Undoing(news)(elsewhere) is elsewhere
        assert Plan.of(news).of_annotation(elsewhere) is None


class TestCommand:
    def test_plan_and_show(self, news: Workspace) -> None:
        run = CliRunner()
        where = ["-w", str(news.root)]
        done = run.invoke(
            command,
            [
                "--to",
                "anna@example.org",
                "--to",
                "bo",
                "--double",
                "0.2",
                "--blind",
                "0.1",
                "--planted",
                "0.05",
                *where,
            ],
            standalone_mode=False,
        )
        assert done.return_value == 0
        assert "60 done" in done.output
        shown = run.invoke(command, ["--show", *where], standalone_mode=False)
        assert "news · anna" in shown.output
        rows = json.loads(run.invoke(command, ["--show", "--json", *where], standalone_mode=False).output)
        assert len(rows["assignments"]) == 72
        assert rows["people"] == {"anna@example.org": "news · anna", "bo": "news · bo"}
        back = run.invoke(command, ["--withdraw", "--article", "d001.en", *where], standalone_mode=False)
        assert back.return_value == 0
        assert "d001.en" not in {one.group for one in Plan.of(news).live}

    @pytest.mark.parametrize(
        "wrong",
        [[], ["--show", "--withdraw"], ["--article", "a", "--to", "b"], ["--reviewed"], ["--to", "a", "--blind", "2"]],
    )
    def test_a_wrong_command_line(self, news: Workspace, wrong: list[str]) -> None:
        assert CliRunner().invoke(command, [*wrong, "-w", str(news.root)]).exit_code == 2
