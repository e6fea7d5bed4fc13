"""Tokens with BIO tags, such that no entity is lost: where a token goes over the edge of an entity it is split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from corpus.document import Entity, Lang, Token

Range = tuple[int, int]


def tag_names(labels: Iterable[str]) -> list[str]:
    """The tags of these labels: "O", then "B-" and "I-" of each.

    >>> tag_names(["PLACE"])
    ['O', 'B-PLACE', 'I-PLACE']
    """
    return ["O", *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def whole_sentences(sentences: Sequence[Range], entities: Sequence[Entity]) -> list[Range]:
    """The sentences, joined where an entity goes over the edge of one, and an entity outside any by itself.

    >>> from corpus.document import Span
    >>> whole_sentences([(0, 4), (4, 9)], [Entity(Span(3, 6, "共同富"), "POLICY")])
    [(0, 9)]
    """
    merged: list[Range] = []
    for start, end in sorted([*sentences, *((e.start, e.end) for e in entities)]):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def split_tokens(
    text: str, start: int, end: int, *, lang: Lang, tokens: Sequence[Token] = (), entities: Sequence[Entity] = ()
) -> list[Range]:
    """The tokens of `text[start:end]`: Chinese by character, English by `tokens` split at the edges of entities.

    White space is in no token; every other character is in exactly one, also where `tokens` leave it out.

    >>> text = "US-China talks"
    >>> from corpus.document import Span
    >>> [text[a:b] for a, b in split_tokens(text, 0, 14, lang="en", tokens=[Token(0, 8), Token(9, 14)],
    ...                                     entities=[Entity(Span(0, 2, "US"), "PLACE")])]
    ['US', '-China', 'talks']
    """
    if lang == "zh":
        return [(i, i + 1) for i in range(start, end) if not text[i].isspace()]
    cuts = {start, end}
    edges = [*((t.start, t.end) for t in tokens), *((e.start, e.end) for e in entities)]
    cuts.update(edge for pair in edges for edge in pair if start < edge < end)
    cuts.update(i for i in range(start + 1, end) if text[i].isspace() != text[i - 1].isspace())
    return [(a, b) for a, b in pairwise(sorted(cuts)) if not text[a:b].isspace()]


def encode(tokens: Sequence[Range], entities: Sequence[Entity]) -> list[str]:
    """The BIO tag of each token."""
    tags = ["O"] * len(tokens)
    starts = {start: i for i, (start, _) in enumerate(tokens)}
    for entity in entities:
        first = starts.get(entity.start)
        if first is None:
            continue
        last = first
        while last < len(tokens) and tokens[last][1] < entity.end:
            last += 1
        if last == len(tokens) or tokens[last][1] != entity.end:
            continue
        tags[first : last + 1] = [f"B-{entity.label}"] + [f"I-{entity.label}"] * (last - first)
    return tags


def decode(tokens: Sequence[Range], tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Start, end and label of each entity that the tags say, the way back from `encode`."""
    found: list[tuple[int, int, str]] = []
    for (start, end), tag in zip(tokens, tags, strict=True):
        prefix, _, label = tag.partition("-")
        if prefix == "B":
            found.append((start, end, label))
        elif prefix == "I" and found:
            found[-1] = (found[-1][0], end, label)
    return found
