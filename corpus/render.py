"""Annotated articles as HTML and for the terminal. All of hemu's HTML is made here, and all text in it is escaped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from corpus.document import Claim, Entity, Group, Item, Lang, Target
from corpus.look.hits import Hit
from corpus.look.marks import Marks
from corpus.scheme import Scheme
from corpus.targets import Quantity, targets_of
from corpus.targets.dates import published
from corpus.targets.units import SHARE

if TYPE_CHECKING:
    from rich.console import Group as RichGroup
    from rich.text import Text

_DIGITS = re.compile(r"[\d.]+")
_BREAKS = re.compile(r"[^\S\n]*\n\s*")

LANGUAGE_NAMES: dict[Lang, str] = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text in which the marks do not change."""

    text: str
    entity: Entity | None
    claim: Claim | None
    starts_claim: bool
    ends_entity: bool


class Marked:
    """A document whose stretches are cut wherever an entity or a claim begins or ends."""

    def __init__(self, item: Item) -> None:
        self.text = item.document.text
        self.entities, self.claims = Marks(item.entities), Marks(item.claims)

    def pieces(self, start: int, end: int) -> list[Piece]:
        """The text from `start` to `end` in pieces."""
        entities, claims = self.entities.touching(start, end), self.claims.touching(start, end)
        spans = [e.span for e in entities] + [c.span for c in claims]
        cuts = sorted({start, end, *(c for s in spans for c in (s.start, s.end) if start < c < end)})
        result = []
        for left, right in pairwise(cuts):
            entity = next((e for e in entities if e.start <= left and right <= e.end), None)
            claim = next((c for c in claims if c.start <= left and right <= c.end), None)
            starts, ends = claim is not None and claim.start == left, entity is not None and entity.end == right
            result.append(Piece(self.text[left:right], entity, claim, starts, ends))
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


def claim_note(claim: Claim, lang: Lang | None = None, day: date | None = None) -> str:
    """The attributes of a claim in one line; a target is followed by what it says as a figure, where `lang` is given.

    `day` is that of publication, from which "next year" is told.

    >>> from corpus.document import Span, Target
    >>> claim_note(Claim(Span(0, 2, "降息"), "demand", "support", "央行", "macroeconomics"))
    'demand · support · 央行 · macroeconomics'
    >>> homes = Claim(Span(0, 7, "建30万套住房"), "action", "support", targets=(Target("30万", "套住房"),))
    >>> claim_note(homes, "zh")
    'action · support · author · 30万 套住房 (300000 home)'
    """
    figures = targets_of(claim, lang, day) if lang else (None,) * len(claim.targets)
    targets = [_target(t, figure) for t, figure in zip(claim.targets, figures, strict=True)]
    return " · ".join(part for part in (claim.type, claim.stance, claim.claimant, claim.policy_area, *targets) if part)


def _note(claim: Claim, item: Item) -> str:
    document = item.document
    return claim_note(claim, document.lang, published(document.meta.get("date", "")))


def _target(target: Target, figure: Quantity | None) -> str:
    """A target as the text has it, and the figure beside it where that has numbers that the text does not have."""
    words = " ".join(part for part in (target.value, target.unit, target.by) if part)
    if figure is None:
        return words
    if figure.unit == SHARE:
        upper = None if figure.upper is None else 100 * figure.upper
        figure = replace(figure, number=100 * figure.number, upper=upper, unit="%")
    shown = str(figure)
    return (
        words if set(_DIGITS.findall(shown)) <= set(_DIGITS.findall(words.replace(",", ""))) else f"{words} ({shown})"
    )


def render_html(groups: Sequence[Group], scheme: Scheme, *, title: str) -> str:
    """One self-contained HTML page: each article with both versions side by side, entities and claims marked."""
    articles = [_article(group) for group in groups]
    return str(template("articles.html").render(title=title, scheme=scheme, articles=articles))


def _article(group: Group) -> dict[str, Any]:
    langs: list[Lang] = [lang for lang in ("en", "zh") if any(i.document.lang == lang for i in group.items)]
    lines = []
    marked = {item.document.id: Marked(item) for item in group.items}
    for en, en_sentences, zh, zh_sentences in rows(group):
        cells = {"en": _cell(marked, en, en_sentences), "zh": _cell(marked, zh, zh_sentences)}
        lines.append([(lang, cells[lang]) for lang in langs])
    return {
        "id": group.items[0].document.pair or group.items[0].document.id,
        "langs": [(lang, LANGUAGE_NAMES[lang]) for lang in langs],
        "lines": lines,
        "claims": sum(len(item.claims) for item in group.items),
        "entities": sum(len(item.entities) for item in group.items),
    }


def _cell(
    marked: Mapping[str, Marked], item: Item | None, sentences: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    if item is None:
        return []
    return [
        {"piece": piece, "note": _note(piece.claim, item) if piece.claim else ""}
        for start, end in sentences
        for piece in marked[item.document.id].pieces(start, end)
    ]


def render_hits(hits: Iterable[Hit], *, title: str, note: str = "") -> str:
    """A concordance as one self-contained HTML page; `note` is a line below the title."""
    return str(template("concordance.html").render(title=title, note=note, hits=[_hit(hit) for hit in hits]))


def _hit(hit: Hit) -> dict[str, Any]:
    return {"hit": hit, "details": hit_details(hit), "partner": _passage(hit)}


def _passage(hit: Hit) -> list[tuple[str, bool]]:
    """The aligned passage in pieces; True where a counterpart of the hit is."""
    if hit.partner is None:
        return []
    pieces, text, at = [], hit.partner.text, 0
    for start, end in hit.partner.marks:
        if start >= at:
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
    return [*pieces, (text[at:], False)]


def hit_details(hit: Hit) -> str:
    """The entity and the claim of a hit in one line: "PLACE 浙江 · commitment, support, author"."""
    parts = [" ".join(part for part in (e.label, e.span.surface, e.link) if part) for e in hit.entities[:4]]
    return " · ".join([*parts, *([claim_note(hit.claim, hit.lang)] if hit.claim else [])])


def render_report(view: Mapping[str, Any]) -> str:
    """The page of `hemu report`. Everything in `view` is escaped but the charts that `corpus.plots` has drawn."""
    return str(template("report.html").render(**view))


@cache
def template(name: str) -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("corpus", "data/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


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
    marked = {item.document.id: Marked(item) for item in group.items}
    for en, en_sentences, zh, zh_sentences in rows(group):
        cells = {"en": (en, en_sentences), "zh": (zh, zh_sentences)}
        table.add_row(*(_terminal_cell(marked, *cells[lang], colors) for lang in langs))
    legend = Text("  ").join(Text(f" {label.name} ", style=f"bold {label.color} reverse") for label in scheme.labels)
    name = group.items[0].document.pair or group.items[0].document.id
    return RichGroup(Text(printable(name), style="bold"), legend, Text("claims are underlined", style="dim"), table)


def _terminal_cell(
    marked: Mapping[str, Marked], item: Item | None, sentences: Sequence[tuple[int, int]], colors: dict[str, str]
) -> Text:
    from rich.text import Text

    text = Text()
    if item is None:
        return text
    notes = []
    for start, end in sentences:
        for piece in marked[item.document.id].pieces(start, end):
            style = f"bold {colors.get(piece.entity.label, 'white')}" if piece.entity else ""
            if piece.claim:
                style += " underline"
            text.append(printable(piece.text), style=style.strip())
            if piece.entity and piece.ends_entity:
                text.append(f" {piece.entity.label}", style="dim")
            if piece.starts_claim and piece.claim:
                notes.append(_note(piece.claim, item))
        text.append(" ")
    for note in notes:
        text.append(f"\n→ {printable(note)}", style="dim italic")
    return text


def render_hit(hit: Hit, columns: int) -> RichGroup:
    """A hit for a terminal of `columns` cells: one line in which hits stand below one another, then where it is, then
    the aligned passage. A Chinese character takes two cells there."""
    from rich.cells import cell_len
    from rich.console import Group as RichGroup
    from rich.padding import Padding
    from rich.text import Text

    room = max(30, columns) - 2
    left_room = room * 2 // 5
    left = _fitted(one_line(hit.left), left_room, keep_end=True)
    match = _fitted(one_line(hit.match), room // 2)
    right = _fitted(one_line(hit.right), max(0, room - left_room - cell_len(match)))
    line = Text(" " * (left_room - cell_len(left)) + left + " ", no_wrap=True, overflow="crop")
    line.append(match, style="bold reverse").append(" " + right)
    below = Text(one_line(" ".join(p for p in (f"{hit.document}:{hit.start}", hit.date, hit.kind) if p)), style="cyan")
    if details := hit_details(hit):
        below.append(f"  {one_line(details)}", style="dim")
    if hit.partner:
        below.append("\n")
        for text, marked in _passage(hit):
            below.append(one_line(text), style="bold default" if marked else "default")
    return RichGroup(line, Padding(below, (0, 0, 1, 4)))


def one_line(text: str) -> str:
    """`printable`, in one line: the end of a paragraph is shown as ¶.

    >>> one_line("共同\\n\\n富裕")
    '共同¶富裕'
    """
    return _BREAKS.sub("¶", printable(text).replace("\t", " "))


def _fitted(text: str, cells: int, *, keep_end: bool = False) -> str:
    """As much of a text as fits in so many cells of a terminal, with an ellipsis where it was cut."""
    from rich.cells import cell_len

    if cell_len(text) <= cells:
        return text
    kept, used = [], 1
    for character in reversed(text) if keep_end else text:
        used += cell_len(character)
        if used > cells:
            break
        kept.append(character)
    return "…" + "".join(reversed(kept)) if keep_end else "".join(kept) + "…"


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
