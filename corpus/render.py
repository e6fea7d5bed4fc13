"""Annotated articles as HTML and for the terminal. All of hemu's HTML is made here, and all text in it is escaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from corpus.document import Claim, Entity, Group, Item, Lang
from corpus.scheme import Scheme

if TYPE_CHECKING:
    from rich.console import Group as RichGroup
    from rich.text import Text

LANGUAGE_NAMES: dict[Lang, str] = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text in which the marks do not change."""

    text: str
    entity: Entity | None
    claim: Claim | None
    starts_claim: bool
    ends_entity: bool


def pieces(item: Item, start: int, end: int) -> list[Piece]:
    """The text from `start` to `end`, cut wherever an entity or a claim begins or ends."""
    spans = [mark.span for mark in item.entities] + [mark.span for mark in item.claims]
    cuts = sorted({start, end, *(c for s in spans for c in (s.start, s.end) if start < c < end)})
    result = []
    for left, right in pairwise(cuts):
        entity = next((e for e in item.entities if e.start <= left and right <= e.end), None)
        claim = next((c for c in item.claims if c.start <= left and right <= c.end), None)
        starts, ends = claim is not None and claim.start == left, entity is not None and entity.end == right
        result.append(Piece(item.document.text[left:right], entity, claim, starts, ends))
    return result


def rows(group: Group) -> list[tuple[Item | None, list[tuple[int, int]], Item | None, list[tuple[int, int]]]]:
    """`(English item, its sentences, Chinese item, its sentences)`, a row a bead; a row a sentence for one version."""
    by_lang = {item.document.lang: item for item in group.items}
    en, zh = by_lang.get("en"), by_lang.get("zh")
    if en and zh and group.beads:
        return [(en, list(bead.en), zh, list(bead.zh)) for bead in group.beads]
    result: list[tuple[Item | None, list[tuple[int, int]], Item | None, list[tuple[int, int]]]] = []
    for item in group.items:
        for sentence in item.segments.sentences:
            row = (item, [sentence], None, []) if item is en else (None, [], item, [sentence])
            result.append(row)
    return result


def claim_note(claim: Claim) -> str:
    """The attributes of a claim in one line.

    >>> from corpus.document import Span
    >>> claim_note(Claim(Span(0, 2, "降息"), "demand", "support", "央行", "macroeconomics"))
    'demand · support · 央行 · macroeconomics'
    """
    targets = [" ".join(part for part in (t.value, t.unit, t.by) if part) for t in claim.targets]
    return " · ".join(part for part in (claim.type, claim.stance, claim.claimant, claim.policy_area, *targets) if part)


def render_html(groups: Sequence[Group], scheme: Scheme, *, title: str) -> str:
    """One self-contained HTML page: each article with both versions side by side, entities and claims marked."""
    return str(_template().render(title=title, scheme=scheme, articles=[_article(group) for group in groups]))


def _article(group: Group) -> dict[str, Any]:
    langs: list[Lang] = [lang for lang in ("en", "zh") if any(i.document.lang == lang for i in group.items)]
    lines = []
    for en, en_sentences, zh, zh_sentences in rows(group):
        cells = {"en": _cell(en, en_sentences), "zh": _cell(zh, zh_sentences)}
        lines.append([(lang, cells[lang]) for lang in langs])
    return {
        "id": group.items[0].document.pair or group.items[0].document.id,
        "langs": [(lang, LANGUAGE_NAMES[lang]) for lang in langs],
        "lines": lines,
        "claims": sum(len(item.claims) for item in group.items),
        "entities": sum(len(item.entities) for item in group.items),
    }


def _cell(item: Item | None, sentences: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    if item is None:
        return []
    return [
        {"piece": piece, "note": claim_note(piece.claim) if piece.claim else ""}
        for start, end in sentences
        for piece in pieces(item, start, end)
    ]


@cache
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("corpus", "data/templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("articles.html")


def render_terminal(group: Group, scheme: Scheme) -> RichGroup:
    """The same for a terminal: something that a rich console prints. Control characters are shown as symbols."""
    from rich import box
    from rich.console import Group as RichGroup
    from rich.table import Table
    from rich.text import Text

    colors = {label.name: label.color for label in scheme.labels}
    langs: list[Lang] = [lang for lang in ("en", "zh") if any(i.document.lang == lang for i in group.items)]
    table = Table(box=box.SIMPLE_HEAD, show_lines=True, expand=True)
    for lang in langs:
        table.add_column(LANGUAGE_NAMES[lang], ratio=1)
    for en, en_sentences, zh, zh_sentences in rows(group):
        cells = {"en": (en, en_sentences), "zh": (zh, zh_sentences)}
        table.add_row(*(_terminal_cell(*cells[lang], colors) for lang in langs))
    legend = Text("  ").join(Text(f" {label.name} ", style=f"bold {label.color} reverse") for label in scheme.labels)
    name = group.items[0].document.pair or group.items[0].document.id
    return RichGroup(Text(printable(name), style="bold"), legend, Text("claims are underlined", style="dim"), table)


def _terminal_cell(item: Item | None, sentences: Sequence[tuple[int, int]], colors: dict[str, str]) -> Text:
    from rich.text import Text

    text = Text()
    if item is None:
        return text
    notes = []
    for start, end in sentences:
        for piece in pieces(item, start, end):
            style = f"bold {colors.get(piece.entity.label, 'white')}" if piece.entity else ""
            if piece.claim:
                style += " underline"
            text.append(printable(piece.text), style=style.strip())
            if piece.entity and piece.ends_entity:
                text.append(f" {piece.entity.label}", style="dim")
            if piece.starts_claim and piece.claim:
                notes.append(claim_note(piece.claim))
        text.append(" ")
    for note in notes:
        text.append(f"\n→ {printable(note)}", style="dim italic")
    return text


def printable(text: str) -> str:
    """The text with what could steer a terminal (controls, bidirectional overrides) or cannot be printed replaced.

    >>> printable("a\\x1b[31mb")
    'a␛[31mb'
    """
    return "".join(_visible(c) for c in text)


def _visible(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    if ord(character) < 32:
        return chr(0x2400 + ord(character))
    # Joiners belong to emoji and to some scripts; overrides and surrogates do not belong in a terminal.
    return character if character in "\u200c\u200d\ufeff\u00ad" else "\ufffd"
