"""English claims: cases of our own, and what holds for any text."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators import registry
from annotators.claims import find_claims, group_topics
from annotators.claims.areas import Areas, area_counts, area_words, topic
from annotators.claims.cues import CLAIM_TYPES, cues, find, normal
from annotators.claims.find import about, pieces
from corpus.document import Bead, Claim, Document, Entity, Group, Item, Lang, Segments, Span
from corpus.scheme import load_scheme
from corpus.segment import segment_text

CASES = json.loads((Path(__file__).parent / "cases" / "claims.json").read_text(encoding="utf-8"))


def cases(lang: Lang) -> list[Any]:
    """The cases of a language; what is known to fail is marked, and must be unmarked when it passes."""
    return [
        pytest.param(
            c, id=c["note"], marks=[pytest.mark.xfail(reason=c["known_failure"])] if "known_failure" in c else []
        )
        for c in CASES
        if c["lang"] == lang
    ]


def item(text: str, lang: Lang, entities: list[tuple[str, str]], name: str = "doc") -> Item:
    document = Document(name, "pair", lang, text)
    mentions = [
        Entity(Span.of(text, m.start(), m.end()), label)
        for s, label in entities
        for m in re.finditer(re.escape(s), text)
    ]
    sentences, tokens = segment_text(text, lang)
    return Item(
        document, Segments(name, document.sha, sentences, tokens), tuple(sorted(mentions, key=lambda e: e.start))
    )


def found(case: dict[str, Any]) -> tuple[Claim, ...]:
    return find_claims(item(case["text"], case["lang"], [(s, label) for s, label in case["entities"]]))


@pytest.mark.parametrize("case", cases("en"))
def test_cases(case: dict[str, Any]) -> None:
    claims = found(case)
    seen = [(c.span.surface, c.type, c.stance, c.claimant) for c in claims]
    assert seen == [(c["text"], c["type"], c["stance"], c["claimant"]) for c in case["claims"]]
    for claim, expected in zip(claims, case["claims"], strict=True):
        assert claim.policy_area == expected.get("area", claim.policy_area)


def test_a_speaker_goes_on_speaking_and_a_narrated_judgement_does_not() -> None:
    text = (
        "Tom Weir said that the subsidy has reduced poverty in rural schools.\n"
        "The government should now extend the subsidy to all school districts.\n"
    )
    claims = find_claims(item(text, "en", [("Tom Weir", "PERSON")]))
    assert [c.claimant for c in claims] == ["Tom Weir", "Tom Weir"]
    assert all(c.claimant_span == (0, 8) for c in claims)


def test_a_quotation_takes_the_speaker_named_on_the_next_line() -> None:
    text = "“The city must protect its wetlands and publish its pollution data.”\nLin Tao, a biologist, said.\n"
    claims = find_claims(item(text, "en", [("Lin Tao", "PERSON")]))
    assert [(c.type, c.claimant) for c in claims] == [("demand", "Lin Tao")]


def test_the_two_versions_of_an_article_support_one_another() -> None:
    english = item(
        "The Education Bureau will repair the roofs of all schools.", "en", [("Education Bureau", "AGENCY")], "en"
    )
    chinese = item("市教育局将维修全市中小学校舍。", "zh", [("市教育局", "AGENCY")], "zh")
    beads = (Bead(english.segments.sentences, chinese.segments.sentences),)
    annotator = registry.make("claim-cues")
    (alone,) = annotator.annotate(Group((english,)))[0].claims
    layers = annotator.annotate(Group((english, chinese), beads))
    assert [layer.document for layer in layers] == ["en", "zh"]
    assert layers[0].claims[0].score > alone.score


def test_the_annotator_keeps_the_protocol_and_the_scheme() -> None:
    annotator = registry.make("claim-cues")
    text = "The Ministry of Health will build ten new hospitals for elderly patients."
    (layer,) = annotator.annotate(Group((item(text, "en", [("Ministry of Health", "AGENCY")]),)))
    assert (annotator.name, annotator.stage, layer.source) == ("claim-cues", "claims", "claim-cues")
    (claim,) = layer.claims
    load_scheme().check_claim(claim.type, claim.stance, claim.policy_area)
    assert 0 <= claim.score <= 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_cue_finds_its_example(lang: Lang) -> None:
    for cue in cues(lang):
        assert cue.pattern.search(cue.example.lower()), cue.example
        assert cue.type in {*CLAIM_TYPES, "background", "stance"}
        assert cue.stance in {"", "support", "oppose", "neutral"}


def test_the_areas_are_those_of_the_scheme() -> None:
    names = {area.name for area in load_scheme().policy_areas}
    assert {area for area, _, _ in area_words("en")} == {area for area, _, _ in area_words("zh")} == names
    assert area_counts("", "en") == {}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_area_finds_its_example(lang: Lang) -> None:
    source = Path(registry.__file__).parent / "data" / "claims" / "areas.toml"
    for area, row in tomllib.loads(source.read_text(encoding="utf-8")).items():
        assert area in area_counts(row["example"][lang].lower(), lang), area


# What breaks readers: quotes that never close, line ends of three kinds, characters outside the basic plane.
_PARTS = [
    "He said that ",
    "the city will build ",
    "“",
    "”",
    '"',
    ", ",
    ". ",
    "\r\n",
    "\n",
    "😀",
    "\x00",
    "\ud800",
    "Lin Tao",
    "should ",
    "200 ",
    "(",
    "according to ",
    "which ",
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(_PARTS), max_size=14).map("".join))
def test_any_text_gives_claims_that_do_not_overlap(text: str) -> None:
    claims = find_claims(item(text, "en", [("Lin Tao", "PERSON")]))
    end = 0
    for claim in claims:
        assert claim.span.surface == text[claim.start : claim.end]
        assert claim.start >= end
        end = claim.end


def test_attributions_inside_attributions_end() -> None:
    text = "He said that the mayor " * 400 + "will build a school."
    assert all(claim.end <= len(text) for claim in find_claims(item(text, "en", [])))


@pytest.mark.parametrize(
    ("text", "entities", "who"),
    [
        # he is the person named before in the same sentence, not the one of the sentence before
        (
            "Omar Feld left. In the case of Ivo Renn, he pledged to cut rents.",
            [("Omar Feld", "OFFICIAL"), ("Ivo Renn", "OFFICIAL")],
            "Ivo Renn",
        ),
        # an apposition names the holder of the office
        (
            "The Rail Board's president, Ana Brill, has opened a new line.",
            [("Rail Board", "AGENCY"), ("Ana Brill", "OFFICIAL")],
            "Ana Brill",
        ),
        # a notice speaks for the body that issued it, not for the one named last
        (
            "The Roads Board issued a notice on lorries. The Port Office was closed. The notice requires drivers to rest.",
            [("Roads Board", "AGENCY"), ("Port Office", "AGENCY")],
            "Roads Board",
        ),
    ],
)
def test_who_acts(text: str, entities: list[tuple[str, str]], who: str) -> None:
    document = item(text, "en", entities)
    last = pieces(document)[-1]
    assert last.actor is not None
    assert last.actor.span.surface == who


def test_what_was_learned_from_a_body_is_its_word() -> None:
    text = "A reporter learned from the Roads Board yesterday that forty bridges will be repaired."
    last = pieces(item(text, "en", [("Roads Board", "AGENCY")]))[-1]
    assert (last.reported, last.speaker and last.speaker.span.surface) == (True, "Roads Board")


def test_we_outside_a_quotation_is_nobody_named() -> None:
    text = "The Port Office was closed. We should now open new roads."
    assert pieces(item(text, "en", [("Port Office", "AGENCY")]))[-1].actor is None


def test_the_headline_says_what_an_article_is_about() -> None:
    text = "Rents in the city\nThe mayor visited a school. He met farmers."
    assert topic(normal(text, "en"), "en")["housing"] > 0
    assert topic("", "en") == {}


def test_names_of_places_and_organisations_tell_no_topic() -> None:
    text = "The League of Water Engineers met in Lake County. The Ministry of Health lowered the price of vaccines."
    found = item(text, "en", [("League of Water Engineers", "ORG"), ("Lake County", "PLACE")])
    assert "public-lands" in area_counts(normal(text, "en"), "en")
    assert set(about(found)) == {"health", "macroeconomics"}


@pytest.mark.parametrize(
    ("text", "lang", "areas"),
    [
        ("农民工", "zh", {"labor"}),  # a migrant worker is no farmer
        ("主队夺得冠军", "zh", set()),  # 军 in champion is no army
        ("greenhouse gases", "en", {"environment"}),  # no gas supply
    ],
)
def test_a_word_inside_a_longer_one_does_not_count(text: str, lang: Lang, areas: set[str]) -> None:
    assert set(area_counts(text, lang)) == areas


@pytest.mark.parametrize(
    ("clause", "kind", "cue"),
    [
        ("All drivers shall carry a vest", "demand", "must"),
        ("we shall rebuild the pier", "commitment", "will"),
        ("required schools, training centres and colleges of every level to publish their fees", "demand", "require"),
        ("to remind tenants to keep their receipts", "demand", "advise"),
        ("any further delay would have grave consequences", "effect", "outcome"),
        ("if the fee is scrapped", "effect", "condition"),
        ("the period of the rule runs until March", "definition", "define"),
        ("the ditch is a danger to children", "evaluation", "bad"),
    ],
)
def test_cues_of_each_type(clause: str, kind: str, cue: str) -> None:
    assert (cue, kind) in {(hit.cue.name, hit.cue.type) for hit in find(clause.lower(), "en")}


def test_the_two_versions_share_their_topic() -> None:
    english = item("Rental housing grows. The council met.", "en", [], "en")
    chinese = item("住房保障扩大。", "zh", [], "zh")
    beads = (Bead(english.segments.sentences, chinese.segments.sentences),)
    both = group_topics(Group((english, chinese), beads))
    assert both is not None
    assert both["housing"] > about(english)["housing"]
    assert group_topics(Group((english,))) is None


def test_a_notice_that_is_cited_is_its_issuers_word() -> None:
    text = "The Roads Board issued a notice on lorries. According to the notice, drivers shall rest after four hours."
    last = pieces(item(text, "en", [("Roads Board", "AGENCY")]))[-1]
    assert (last.reported, last.speaker and last.speaker.span.surface) == (True, "Roads Board")


def test_the_name_before_the_colon_of_a_headline_speaks() -> None:
    text = "Roads Board: bridges to be repaired by spring"
    (only,) = pieces(item(text, "en", [("Roads Board", "AGENCY")]))
    assert (only.reported, only.speaker and only.speaker.span.surface) == (True, "Roads Board")


def test_a_bare_quotation_is_of_the_person_just_told_of() -> None:
    text = "Ana Brill spoke to the Port Office. Sal Oram laid a wreath at the bridge.\n“We will never accept the new levy.”"
    entities = [("Ana Brill", "PERSON"), ("Port Office", "AGENCY"), ("Sal Oram", "PERSON")]
    claims = find_claims(item(text, "en", entities))
    assert [c.claimant for c in claims if "accept" in c.span.surface] == ["Sal Oram"]


def test_the_areas_of_a_stretch_are_those_of_its_words() -> None:
    plain = "free vaccines for all. rental apartments for nurses."
    areas = Areas.of(plain, "en")
    assert areas.between(0, 22) == area_counts(plain[:22], "en")
    assert areas.between(23, len(plain)) == area_counts(plain[23:], "en")
