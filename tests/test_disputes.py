"""What is in dispute goes before an adjudicator, and the verdicts come back into gold and stay there (without a server)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.adjudicate import VERDICTS, Verdict, adjudicate, decide, made_of, tally
from annotators.adjudicate.asked import ASKED, Task, asked_of
from annotators.adjudicate.config import dispute_config, title_of
from annotators.adjudicate.decide import Adjudicated
from annotators.adjudicate.places import Drawn, Mark
from annotators.adjudicate.settle import settled
from annotators.adjudicate.task import Built, Said, build
from annotators.adjudicate.verdicts import Version, in_names, unwritten, written
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.document import Claim, Document, Entity, Layer, Ref, Relation, Span, Target, sorted_entities
from corpus.migration import Name
from corpus.schema import DOCUMENTS, GOLD
from corpus.scheme import load_scheme
from corpus.store import Workspace

TEXT = "玉林市政府承诺新建住房，何平表示欢迎。<b>_陈_</b>"
DOCUMENT = Document("homes.zh", "homes", "zh", TEXT)
SCHEME = load_scheme()
WHO = ("anna", "bo", "chen")


def at(surface: str) -> Span:
    start = TEXT.index(surface)
    return Span.of(TEXT, start, start + len(surface))


def layer(*marks: tuple[str, str], claims: tuple[Claim, ...] = (), relations: tuple[Relation, ...] = ()) -> Layer:
    entities = sorted_entities(Entity(at(words), label) for words, label in marks)
    return Layer(DOCUMENT.id, DOCUMENT.sha, "x", "", entities, claims, relations)


def mark(surface: str, label: str) -> Mark:
    span = at(surface)
    return Mark(span.start, span.end, label, surface)


CITY, PLACE, HE = ("玉林市政府", "AGENCY"), ("玉林市", "PLACE"), ("何平", "PERSON")
PROMISE = Claim(at("承诺新建住房"), "commitment", "support", "玉林市政府", "housing", (), (0, 5))
SAID_BY = Relation("claimant", Ref("homes.zh", "claim", 5, 11), Ref("homes.zh", "entity", 0, 5))


def verdict(kind: Any, versions: Any, decision: Any, time: str = "2026-01-01", by: str = "annotator:9") -> Verdict:
    said = tuple(Version((f"w{number}",), what) for number, what in enumerate(versions))
    ends = [one for what in (*versions, decision) for one in what]
    start = min((one.start for one in ends if not isinstance(one, Drawn)), default=0)
    return Verdict(
        "homes.zh", DOCUMENT.sha, kind, start, start + 1, said, (), decision, by, time, "", "http://x", 1, 1, 5
    )


def marks(made: Adjudicated) -> list[tuple[str, str]]:
    return [(e.span.surface, e.label) for e in made.layer.entities]


class TestVerdicts:
    def test_a_verdict_wins_over_the_majority(self) -> None:
        given = verdict("entity", [(mark(*CITY),), (mark(*PLACE),)], (mark(*PLACE),))
        made = decide([layer(CITY, HE), layer(CITY, HE), layer(PLACE, HE)], verdicts=[given])
        assert marks(made) == [PLACE, HE]
        assert [(d.what, d.votes, d.kept, d.by) for d in made.disputes] == [
            ("PLACE", 1, True, "annotator:9"),
            ("AGENCY", 2, False, "annotator:9"),
        ]
        assert made.verdicts == [given]

    def test_a_later_verdict_wins_over_an_earlier_one(self) -> None:
        versions = [(mark(*CITY),), (mark(*PLACE),)]
        first, second = (verdict("entity", versions, what, when) for what, when in ((versions[1], "1"), ((), "2")))
        assert marks(decide([layer(CITY), layer(PLACE)], verdicts=[first, second])) == []
        assert marks(decide([layer(CITY), layer(PLACE)], verdicts=[second, first])) == [PLACE]

    def test_one_more_vote_changes_nothing_but_something_new_reopens(self) -> None:
        given = verdict("entity", [(mark(*HE),), ()], ())
        assert marks(decide([layer(HE), layer(HE), layer()], verdicts=[given])) == []
        made = decide([layer(HE), layer(HE), layer(("何平", "OFFICIAL"))], verdicts=[given])
        assert (marks(made), made.reopened) == ([HE], 1)

    def test_what_all_say_needs_no_verdict(self) -> None:
        given = verdict("entity", [(mark(*HE),), ()], ())
        assert marks(decide([layer(HE), layer(HE)], verdicts=[given])) == [HE]

    def test_a_verdict_on_another_text_does_not_count(self) -> None:
        given = replace(verdict("entity", [(mark(*HE),), ()], (mark(*HE),)), sha="0" * 64)
        assert marks(decide([layer(HE), layer()], verdicts=[given])) == []

    def test_what_was_added_stays_until_somebody_marks_there(self) -> None:
        added = verdict("entity", [()], (mark(*HE),))
        assert marks(decide([layer(CITY), layer(CITY)], verdicts=[added])) == [CITY, HE]
        assert marks(decide([layer(CITY), layer(CITY, ("何平", "FIRM"))], verdicts=[added])) == [CITY]
        taken_back = replace(verdict("entity", [()], (), "2026-02-02"), proposed=added.decision)
        assert marks(decide([layer(CITY), layer(CITY)], verdicts=[added, taken_back])) == [CITY]

    def test_claims_and_their_relations_follow_the_verdict(self) -> None:
        action = replace(PROMISE, type="action")
        several = [layer(CITY, claims=(c,), relations=(SAID_BY,)) for c in (PROMISE, PROMISE, action)]
        given = verdict("claim", [(PROMISE,), (action,)], (action,))
        made = decide(several, verdicts=[given])
        assert [(c.type, c.score) for c in made.layer.claims] == [("action", 1.0)]
        assert [(r.label, r.score) for r in made.layer.relations] == [("claimant", 1.0)]
        # The adjudicator gives it other ends: the arrow goes with it.
        shorter = replace(PROMISE, span=at("新建住房"))
        made = decide(several, verdicts=[verdict("claim", [(PROMISE,), (action,)], (shorter,))])
        assert [(r.head.start, r.head.end) for r in made.layer.relations] == [(shorter.start, shorter.end)]
        made = decide(several, verdicts=[verdict("claim", [(PROMISE,), (action,)], ())])
        assert (made.layer.claims, made.layer.relations) == ((), ())

    def test_a_relation_that_one_has_drawn(self) -> None:
        several = [layer(CITY, claims=(PROMISE,), relations=r) for r in ((SAID_BY,), (), ())]
        drawn = (Drawn(SAID_BY.label, SAID_BY.head, SAID_BY.tail),)
        assert decide(several).layer.relations == ()
        made = decide(several, verdicts=[verdict("relation", [drawn, ()], drawn)])
        assert [(r.label, r.head, r.tail) for r in made.layer.relations] == list(drawn)

    def test_they_are_written_and_read(self, tmp_path: Path) -> None:
        workspace = Workspace.create(tmp_path / "w")
        several = [
            verdict("entity", [(mark(*CITY), mark(*HE)), ()], (mark(*HE),)),
            verdict("claim", [(replace(PROMISE, targets=(Target("300", "套"),)),), ()], ()),
            verdict("relation", [(Drawn(SAID_BY.label, SAID_BY.head, SAID_BY.tail),), ()], ()),
        ]
        workspace.append(VERDICTS, several)
        workspace.append(VERDICTS, [replace(several[0], decision=(), time="2026-02-02")])
        assert list(workspace.read(VERDICTS).values())[:3] == several
        assert (len(workspace.read(VERDICTS)), len(workspace.index(VERDICTS))) == (4, 4)
        assert (tally(workspace).places, tally(workspace).documents, tally(workspace).changed) == (3, 1, 0)

    def test_they_speak_the_names_of_a_changed_scheme(self) -> None:
        given = verdict("entity", [(mark(*CITY),), (mark(*PLACE),)], (mark(*PLACE),))
        now = in_names(given, {Name("label", "PLACE"): "SPOT", Name("label", "AGENCY"): None})
        assert now.decision == (mark("玉林市", "SPOT"),)
        assert [v.what for v in now.versions] == [(), now.decision]


WHATS = st.lists(st.tuples(st.integers(0, 99), st.integers(1, 9), st.text("A𠮷\n\"'", max_size=3)), max_size=3)


@given(WHATS)
def test_what_is_said_can_be_any_text(drawn: list[tuple[int, int, str]]) -> None:
    what = tuple(Mark(start, start + length, "X", text) for start, length, text in drawn)
    assert unwritten("entity", written(what)) == what


class TestTask:
    def built(self, *layers: Layer, verdicts: tuple[Verdict, ...] = ()) -> Built:
        made = decide(layers, verdicts=verdicts)
        return build([Said(DOCUMENT, WHO[: len(layers)], "v1", made)], SCHEME, {name: name for name in WHO})

    def shown(self, built: Built) -> dict[str, str]:
        return {e["id"]: e["value"]["labels"][0] for e in built.prediction["result"] if e["type"] == "labels"}

    def test_agreed_marks_are_locked_and_disputed_ones_can_be_chosen(self) -> None:
        built = self.built(layer(CITY, HE), layer(CITY, HE), layer(PLACE, HE))
        assert self.shown(built) == {"e-zh-0-5": "AGENCY", "e-zh-0-3": "PLACE?", "e-zh-12-14": "PERSON="}
        assert {e["id"]: e.get("readonly") for e in built.prediction["result"]} == {
            "e-zh-0-5": None,
            "e-zh-0-3": None,
            "e-zh-12-14": True,
        }
        assert not any("hemu" in e for e in built.prediction["result"])
        noted = next(e["meta"]["text"] for e in built.prediction["result"] if e["id"] == "e-zh-0-3")
        assert noted == ["anna, bo: 玉林市政府 机构 | chen: 玉林市 地点".replace("机构", SCHEME.labels[3].zh)]

    def test_two_labels_on_the_same_words_are_one_mark(self) -> None:
        built = self.built(layer(HE), layer(("何平", "OFFICIAL")), layer(HE))
        assert self.shown(built) == {"e-zh-12-14": "PERSON"}

    def test_what_was_decided_before_is_taken_at_first(self) -> None:
        before = verdict("entity", [(mark(*CITY),), (mark(*PLACE),)], (mark(*PLACE),))
        assert self.shown(self.built(layer(CITY), layer(CITY), layer(), verdicts=(before,))) == {
            "e-zh-0-5": "AGENCY?",
            "e-zh-0-3": "PLACE",
        }

    def test_the_list_holds_text_as_text(self) -> None:
        panel = self.built(layer(("<b>_陈_</b>", "PERSON")), layer()).data["disputes"]
        assert "<b>_" not in panel
        assert "&#60;b&#62;&#95;陈&#95;" in panel

    def test_the_key_is_that_of_texts_and_annotations(self) -> None:
        made = decide([layer(HE), layer()])
        keys = {
            build([Said(DOCUMENT, WHO[:2], version, made)], SCHEME, {name: name for name in WHO}).key
            for version in ("v1", "v1", "v2")
        }
        assert len(keys) == 2

    def test_the_configuration_has_every_name_that_is_used(self) -> None:
        config = dispute_config(SCHEME)
        for label in (*SCHEME.labels, SCHEME.claim):
            assert config.count(f'alias="{label.name}="') == config.count(f'alias="{label.name}?"') == 2
        assert "hotkey" in config.split('alias="PLACE?"')[1].split(">")[0]
        assert len(title_of("x" * 60)) == 50

    def test_it_is_kept(self, tmp_path: Path) -> None:
        workspace = Workspace.create(tmp_path / "w")
        made = decide([layer(CITY, HE, claims=(PROMISE,), relations=(SAID_BY,)), layer(HE)])
        assert made.locked is not None
        asked = asked_of(WHO[:2], "v1", [ruled.place for ruled in made.places], made.locked)
        task = Task("k", "http://x", 1, 2, ("homes.zh",), (asked,), ({"id": "e", "hemu": "open"},))
        workspace.append(ASKED, [task])
        assert list(workspace.read(ASKED).values()) == [task]


class TestSettled:
    KEPT = TestTask().built(layer(CITY, HE, claims=(PROMISE,), relations=(SAID_BY,)), layer(CITY, HE), layer(PLACE, HE))

    def result(self, **labels: str) -> list[dict[str, Any]]:
        """The prediction as it comes back, with these labels changed by hand."""
        found = []
        for entry in self.KEPT.prediction["result"]:
            if entry["type"] == "labels":
                name = entry["id"].replace("-", "_")
                changed = name in labels
                value = {**entry["value"], "labels": [labels[name]]} if changed else entry["value"]
                entry = {**entry, "value": value, "origin": "prediction-changed" if changed else "prediction"}
            elif entry["type"] != "relation":
                continue  # Label Studio leaves out the attributes of what is not labelled as a claim.
            found.append(entry)
        return found

    def labels(self, result: list[dict[str, Any]]) -> tuple[dict[str, str], list[Any], list[str]]:
        entries, problems = settled(result, self.KEPT.kept, SCHEME)
        named = {e["id"]: e["value"]["labels"][0] for e in entries if e.get("type") == "labels"}
        return named, [e.get("type") for e in entries if e.get("type") != "labels"], [p.why for p in problems]

    def test_left_as_it_is_the_majority_is_taken(self) -> None:
        assert self.labels(self.result()) == ({"e-zh-12-14": "PERSON", "e-zh-0-5": "AGENCY"}, [], [])

    def test_what_is_taken_by_hand_wins_over_what_it_overlaps(self) -> None:
        assert self.labels(self.result(e_zh_0_3="PLACE"))[0] == {"e-zh-12-14": "PERSON", "e-zh-0-3": "PLACE"}

    def test_a_claim_that_is_taken_has_its_attributes_and_its_claimant(self) -> None:
        named, others, problems = self.labels(self.result(c_zh_5_11="CLAIM"))
        assert named["c-zh-5-11"] == "CLAIM"
        assert (sorted(others), problems) == (["choices", "choices", "relation", "taxonomy"], [])

    def test_what_all_agree_on_stays_whatever_is_done_to_it(self) -> None:
        moved = [
            {**e, "value": {**e["value"], "end": 13}} if e["id"] == "e-zh-12-14" else e
            for e in self.result()
            if "id" in e
        ]
        for result in ([], moved, self.result(e_zh_12_14="FIRM"), self.result(e_zh_12_14="PERSON?")):
            named, _, problems = self.labels(result)
            assert named["e-zh-12-14"] == "PERSON"
            assert problems == ["kept as it was: all annotators agree on it"]

    @given(
        st.lists(
            st.dictionaries(st.sampled_from(["id", "type", "value", "labels", "from_name"]), st.none() | st.text())
        )
    )
    def test_any_result_is_survived(self, result: list[dict[str, Any]]) -> None:
        assert "e-zh-12-14" in self.labels(result)[0]


def said(annotator: str, layer: Layer, updated: str = "2026-01-01T00:00:00Z") -> Annotation:
    return Annotation(layer, int(annotator[-1]), 1, 1, "http://x", annotator, updated, updated, 60.0)


class TestGold:
    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Workspace:
        made = Workspace.create(tmp_path / "w")
        made.append(DOCUMENTS, [DOCUMENT])
        made.append(ANNOTATIONS, [said("a:1", layer(CITY)), said("a:2", layer(CITY)), said("a:3", layer(PLACE))])
        return made

    def gold(self, workspace: Workspace) -> tuple[list[str], str]:
        stored = workspace.read(GOLD)["homes.zh"]
        return [e.span.surface for e in stored.entities], stored.version

    def test_a_verdict_makes_gold_anew_and_stays(self, workspace: Workspace) -> None:
        adjudicate(workspace)
        words, version = self.gold(workspace)
        assert words == ["玉林市政府"]
        workspace.append(VERDICTS, [verdict("entity", [(mark(*CITY),), (mark(*PLACE),)], (mark(*PLACE),))])
        assert adjudicate(workspace, dry_run=True).done == 1
        assert self.gold(workspace)[0] == ["玉林市政府"]
        report = adjudicate(workspace)
        assert (report.done, report.notes["disputed and decided by an adjudicator"]) == (1, 2)
        assert self.gold(workspace) == (["玉林市"], f"{version}; 1 verdict of annotator:9, 2026-01-01")
        assert made_of(self.gold(workspace)[1]) == version
        assert adjudicate(workspace).unchanged == 1

    def test_changed_annotations_reopen_it_and_that_is_said(self, workspace: Workspace) -> None:
        workspace.append(VERDICTS, [verdict("entity", [(mark(*CITY),), (mark(*PLACE),)], (mark(*PLACE),))])
        adjudicate(workspace)
        workspace.append(ANNOTATIONS, [said("a:3", layer(("玉林", "PLACE")), "2026-02-01T00:00:00Z")])
        report = adjudicate(workspace)
        assert self.gold(workspace)[0] == ["玉林市政府"]
        assert ["1 place was decided on before" in skipped.why for skipped in report.skipped] == [True]
        # Back to what the adjudicator knew: the verdict counts again.
        workspace.append(ANNOTATIONS, [said("a:3", layer(PLACE), "2026-04-01T00:00:00Z")])
        adjudicate(workspace)
        assert self.gold(workspace)[0] == ["玉林市"]
