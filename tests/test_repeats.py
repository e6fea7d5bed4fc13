"""Pull quotes: what annotators see of a text, and how marks follow from the passage to its repetition."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotators.repeats import Shown, follow, follow_group, follow_relations, quotes, shown_text
from corpus.document import AUTHOR, Block, Claim, Document, Entity, Group, Item, Ref, Relation, Segments, Span
from corpus.errors import StaleTextError

QUOTE = "Mayor Lin Shu of Hewan sold the nets in May"
EN = f"River towns\n\n{QUOTE}\n\nOn the pier, {QUOTE}, and nobody wept.\n\nThe end came later."
QUOTE_ZH = "河湾镇长林舒说要在今年再建三百套住房"
ZH = f"河湾\n码头上，{QUOTE_ZH}，众人沉默。\n{QUOTE_ZH}"


def where(text: str, words: str, nth: int = 0) -> tuple[int, int]:
    start = -1
    for _ in range(nth + 1):
        start = text.index(words, start + 1)
    return start, start + len(words)


def quoting(text: str, quote: str, first: bool) -> Document:
    """A document with one pull quote, which is the first or the second time that it says `quote`."""
    line, passage = where(text, quote, not first), where(text, quote, first)
    return Document("a", "a", "en" if text.isascii() else "zh", text, (Block(*line, "pull-quote", passage),))


def entity(text: str, words: str, label: str, nth: int = 0) -> Entity:
    return Entity(Span.of(text, *where(text, words, nth)), label)


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        (quoting(EN, QUOTE, True), EN.replace(f"{QUOTE}\n\n", "", 1)),
        (quoting(ZH, QUOTE_ZH, False), ZH.removesuffix(f"\n{QUOTE_ZH}")),
        (quoting(f"{QUOTE}\n  \nNow {QUOTE}.", QUOTE, True), f"Now {QUOTE}."),
        (quoting(f"Now {QUOTE}.\n\n  {QUOTE}  ", QUOTE, False), f"Now {QUOTE}.  "),
    ],
)
def test_annotators_see_a_repeated_passage_once(document: Document, shown: str) -> None:
    assert shown_text(document).text == shown


def test_who_said_it_is_no_repetition() -> None:
    text = f"Now {QUOTE}, she said.\n“{QUOTE}”, Wen Bo, a fisher\nThe end."
    line = where(text, f"“{QUOTE}”, Wen Bo, a fisher")
    document = Document("a", "", "en", text, (Block(*line, "pull-quote", where(text, QUOTE)),))
    assert shown_text(document).text == f"Now {QUOTE}, she said.\n”, Wen Bo, a fisher\nThe end."
    bo, shu = entity(text, "Wen Bo", "PERSON"), entity(text, "Lin Shu", "OFFICIAL")
    entities, _ = follow(document, [bo, shu, entity(text, "Hewan", "FIRM", 1)], [])
    assert entities == (shu, entity(text, "Lin Shu", "OFFICIAL", 1), bo)


def test_what_is_no_pull_quote_is_shown() -> None:
    text = f"{QUOTE}\nNow {QUOTE}."
    line, passage = where(text, QUOTE), where(text, QUOTE, 1)
    for block in (
        Block(*line, "body", passage),
        Block(*line, "pull-quote"),
        Block(*line, "pull-quote", line),
        Block(*line, "pull-quote", (5, 9999)),
        Block(*line, "pull-quote", (passage[1], passage[0])),
        Block(-1, 9999, "pull-quote", passage),
    ):
        assert shown_text(Document("a", "", "en", text, (block,))) == (Shown(text, ((0, len(text)),)))


def test_of_two_that_repeat_one_another_one_is_shown() -> None:
    text = f"{QUOTE}\n{QUOTE}"
    one, two = where(text, QUOTE), where(text, QUOTE, 1)
    document = Document("a", "", "en", text, (Block(*one, "pull-quote", two), Block(*two, "pull-quote", one)))
    assert shown_text(document).text == QUOTE
    assert [quote.block.start for quote in quotes(document)] == [0]


def test_marks_follow_and_those_on_the_quote_itself_do_not_count() -> None:
    document = quoting(EN, QUOTE, True)
    shu = entity(EN, "Lin Shu", "OFFICIAL", 1)
    claim = Claim(
        Span.of(EN, *where(EN, "sold the nets", 1)), "action", "neutral", "Lin Shu", "", (), (shu.start, shu.end)
    )
    beyond = Claim(Span.of(EN, *where(EN, "nets in May, and nobody")), "action", "neutral", AUTHOR)
    wrong = entity(EN, "Lin", "PLACE", 0)
    entities, claims = follow(document, [wrong, shu], [claim, beyond])
    first = entity(EN, "Lin Shu", "OFFICIAL", 0)
    assert entities == (first, shu)
    assert [(c.span.surface, c.claimant_span) for c in claims] == [
        ("sold the nets", (first.start, first.end)),
        ("sold the nets", (shu.start, shu.end)),
        ("nets in May, and nobody", None),
    ]
    about = Relation("about", Ref("a", "claim", claim.start, claim.end), Ref("a", "entity", shu.start, shu.end))
    lost = Relation("same_as", Ref("a", "entity", wrong.start, wrong.end), Ref("b", "entity", 0, 2))
    across = Relation("same_as", Ref("a", "entity", shu.start, shu.end), Ref("b", "entity", 0, 2))
    copy = Relation(
        "about", Ref("a", "claim", claims[0].start, claims[0].end), Ref("a", "entity", first.start, first.end)
    )
    assert follow_relations(document, [about, lost, across], entities, claims) == (about, across, copy)


def test_a_claimant_that_was_on_the_quote_only_is_named_without_its_place() -> None:
    document = quoting(EN, QUOTE, True)
    wrong = entity(EN, "Hewan sold", "AGENCY", 0)
    claim = Claim(
        Span.of(EN, *where(EN, "The end came")), "effect", "neutral", "Hewan sold", "", (), (wrong.start, wrong.end)
    )
    _, (left,) = follow(document, [wrong], [claim])
    assert (left.claimant, left.claimant_span) == ("Hewan sold", None)


def test_following_twice_changes_nothing_more() -> None:
    document = quoting(ZH, QUOTE_ZH, False)
    once = follow(document, [entity(ZH, "林舒", "OFFICIAL")], [])
    assert [e.start for e in once[0]] == [where(ZH, "林舒")[0], where(ZH, "林舒", 1)[0]]
    assert follow(document, *once) == once


def test_a_group_without_pull_quotes_stays_as_it_is() -> None:
    document = Document("a", "", "en", EN)
    item = Item(document, Segments("a", document.sha, ()), (entity(EN, "Lin Shu", "OFFICIAL", 1),))
    relations = (Relation("same_as", Ref("a", "entity", 0, 1), Ref("b", "entity", 0, 1)),)
    assert follow_group(Group((item,)), relations) == (Group((item,)), relations)


TEXTS = st.text(
    st.one_of(st.sampled_from("ab林 \n\r\u2028，.“”😀"), st.characters(exclude_categories=[])), min_size=1, max_size=80
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any text, often one that repeats itself, with any blocks, fitting or not."""
    text = draw(TEXTS)
    if draw(st.booleans()):
        line = draw(st.sampled_from([QUOTE, QUOTE_ZH]))
        text = "\n".join(draw(st.permutations([text, line, f"“{line}” {draw(TEXTS)}", f"then {line}; so"])))
    at = st.integers(-2, len(text) + 2)
    blocks = [
        Block(draw(at), draw(at), "pull-quote", draw(st.none() | st.tuples(at, at)))
        for _ in range(draw(st.integers(0, 3)))
    ]
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start, start + len(line)))
        start += len(line) + 1
    for quote in (QUOTE, QUOTE_ZH):
        if quote in text:
            passage = draw(st.sampled_from([where(text, quote, n) for n in range(text.count(quote))]))
            blocks += [
                Block(*line, "pull-quote", passage) for line in draw(st.sets(st.sampled_from(lines), max_size=2))
            ]
    return Document("a", "a", "zh", text, tuple(blocks))


@given(documents(), st.data())
@settings(max_examples=300, deadline=None)
def test_offsets_go_both_ways_and_nothing_is_lost(document: Document, data: st.DataObject) -> None:
    text, shown = document.text, shown_text(document)
    assert shown.text == "".join(text[start:end] for start, end in shown.pieces)
    assert all(one[1] < two[0] for one, two in pairwise(shown.pieces))
    hidden = set(range(len(text))).difference(*(range(*piece) for piece in shown.pieces))
    # Only what the passage says as well is hidden, and what stands between: no letter goes that is nowhere else.
    same = {q + n for quote in quotes(document) for q, _, length in quote.stretches for n in range(length)}
    gaps = {n for q in quotes(document) for n in range(q.stretches[0][0], q.stretches[-1][0] + q.stretches[-1][2])}
    assert not any(text[n].isalnum() for n in hidden - same - gaps)
    assert all(
        p + n not in hidden for quote in quotes(document) for _, p, length in quote.stretches for n in range(length)
    )
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    inside = shown.inward(start, end)
    if inside is not None:
        assert shown.text[inside[0] : inside[1]] == text[start:end]
        assert shown.outward(*inside) == (start, end)
    else:
        assert not hidden.isdisjoint(range(start, end))
    if shown.text:
        start = data.draw(st.integers(0, len(shown.text) - 1))
        end = data.draw(st.integers(start + 1, len(shown.text)))
        outside = shown.outward(start, end)
        if outside is not None:
            assert text[outside[0] : outside[1]] == shown.text[start:end]
            assert shown.inward(*outside) == (start, end)


@given(documents(), st.data())
@settings(max_examples=200, deadline=None)
def test_what_follows_fits_the_text_and_is_the_same_again(document: Document, data: st.DataObject) -> None:
    text, marks = document.text, []
    for _ in range(4):
        start = data.draw(st.integers(0, len(text) - 1))
        marks.append(Span.of(text, start, data.draw(st.integers(start + 1, len(text)))))
    entities = [Entity(span, label) for span, label in zip(marks, ("FIRM", "PLACE", "ORG", "PERSON"), strict=True)]
    claims = [Claim(marks[0], "action", "neutral", "x", "", (), (marks[1].start, marks[1].end))]
    once = follow(document, entities, claims)
    assert all(text[e.start : e.end] == e.span.surface for e in once[0])
    assert all(text[c.start : c.end] == c.span.surface for c in once[1])
    cuts = [quote.cut for quote in quotes(document)]
    kept = [e for e in entities if not any(e.start < b and a < e.end for a, b in cuts)]
    assert set(kept) <= set(once[0])
    assert follow(document, *once) == once


@pytest.mark.parametrize("pieces", [[(3, 2)], [(0, 99)], [(0, 2), (2, 4)], [(4, 6), (0, 2)], [(0, 0)], [(-3, -1)]])
def test_stretches_that_are_none_of_the_text_are_refused(pieces: list[tuple[int, int]]) -> None:
    with pytest.raises(StaleTextError, match="is none of a text of 8 characters"):
        Shown.of("河湾，12345", pieces)
