"""What one version of an article claims and the other does not, or otherwise.

Only what can be told from the texts and the annotation is listed: a claim whose translation holds no claim at all, and
two claims that translate one another and differ. That a clause is one claim in one language and two in the other is no
difference, nor is a number that the other version has in the same passage, whether or not it was marked as a target.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from corpus.claim_links import TRANSLATES, claim_pairs
from corpus.document import AUTHOR, Alignment, Claim, Document, Lang, Layer
from corpus.language import HAN
from corpus.network.actors import Actors, name_key
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace
from corpus.stretches import Stretches
from corpus.targets import Quantity, agree, targets_of
from corpus.targets.dates import published
from corpus.targets.numbers import numerals
from corpus.targets.quantity import TOLERANCE, plain
from corpus.targets.units import CLASSIFIER, kind_of

Aspect = Literal["type", "stance", "claimant", "targets"]
Kind = Literal["only", "untranslated", "differs"]

_COMBINED = "combined"
_HAN = re.compile(f"[{HAN}]")
_BATCH = 64
_Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Side:
    """One version in a divergence: its claim, where it has one, and the passage that the alignment puts beside it."""

    document: str
    lang: Lang
    passage: str
    sentences: tuple[_Range, ...] = ()
    claim: Claim | None = None
    claimant: str = ""
    """The claimant as it is resolved."""
    targets: tuple[Quantity | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Divergence:
    """A claim that the two versions do not share.

    `kind`: "only" one version makes it, though the passage is in both; "untranslated": the other version lacks the
    passage; "differs": both make it, and differ in `aspects`. `score` is that of the alignment, the lowest of its beads.
    """

    pair: str
    kind: Kind
    en: Side
    zh: Side
    aspects: tuple[Aspect, ...] = ()
    score: float = 1.0

    @property
    def side(self) -> Side:
        """The version that claims something; the English one where both do."""
        return self.en if self.en.claim else self.zh


def diverging(
    workspace: Workspace, gold: bool = False, *, progress: Callable[[int, int | None], None] | None = None
) -> Iterator[Divergence]:
    """Where the claims of the two versions of an article part, pair by pair, in the order of the English text.

    `gold` looks at the gold instead of the pre-annotation. Pairs whose alignment or annotation is missing, or was made
    for other texts, are passed over. A few pairs are held at a time.
    """
    table = GOLD if gold else layers_table(_COMBINED)
    keys = sorted(workspace.index(ALIGNMENTS))
    for first in range(0, len(keys), _BATCH):
        alignments = workspace.fetch(ALIGNMENTS, keys[first : first + _BATCH])
        ids = [id for alignment in alignments.values() for id in (alignment.en, alignment.zh)]
        documents, layers = workspace.fetch(DOCUMENTS, ids), workspace.fetch(table, ids)
        proposed = workspace.fetch(layers_table(_COMBINED), ids) if gold else {}
        for _, alignment in sorted(alignments.items()):
            en, zh = documents.get(alignment.en), documents.get(alignment.zh)
            if en is None or zh is None or (en.sha, zh.sha) != (alignment.en_sha, alignment.zh_sha):
                continue
            en_layer, zh_layer = layers.get(en.id), layers.get(zh.id)
            if en_layer is None or zh_layer is None or (en_layer.sha, zh_layer.sha) != (en.sha, zh.sha):
                continue
            if {en.pair, zh.pair} != {alignment.pair}:
                continue
            beside = [layer for d in (en, zh) if (layer := proposed.get(d.id)) and layer.sha == d.sha]
            yield from diverging_pair((en, en_layer), (zh, zh_layer), alignment, beside=beside)
        if progress:
            progress(min(first + _BATCH, len(keys)), len(keys))


def diverging_pair(
    en: tuple[Document, Layer],
    zh: tuple[Document, Layer],
    alignment: Alignment,
    *,
    beside: Sequence[Layer] = (),
) -> Iterator[Divergence]:
    """The divergences of one pair; `beside` are layers that lend their links (see `Actors.add`)."""
    actors = Actors()
    actors.add([en, zh], beside=beside)
    pair = _Pair(en, zh, alignment, actors)
    matched = pair.matches()
    partners = {("en", a): b for a, b in matched} | {("zh", b): a for a, b in matched}
    found: list[tuple[int, Divergence]] = []
    for a, b in matched:
        if aspects := pair.differences(a, b):
            found.append((pair.en[a].start, pair.divergence("differs", a, b, aspects)))
    for lang, claims, others in (("en", pair.en, pair.zh), ("zh", pair.zh, pair.en)):
        there = Stretches((claim.start, claim.end) for claim in others)
        for number in range(len(claims)):
            beads = pair.beads[lang, number]
            if (lang, number) in partners or not beads:
                continue
            other_side = [r for bead in beads for r in pair.ranges(bead, "zh" if lang == "en" else "en")]
            if any(there.meet(start, end) for start, end in other_side):
                continue
            kind: Kind = "only" if other_side else "untranslated"
            one, two = (number, None) if lang == "en" else (None, number)
            found.append((pair.place(lang, claims[number], beads), pair.divergence(kind, one, two)))
    # Sorted by place alone: what stands at one place keeps its order.
    yield from (divergence for _, divergence in sorted(found, key=lambda row: row[0]))


class _Pair:
    """Two versions with their claims and the beads between them."""

    def __init__(
        self, en: tuple[Document, Layer], zh: tuple[Document, Layer], alignment: Alignment, actors: Actors
    ) -> None:
        self.documents = {"en": en[0], "zh": zh[0]}
        self.layers = {"en": en[1], "zh": zh[1]}
        self.en, self.zh = en[1].claims, zh[1].claims
        self.alignment, self.actors = alignment, actors
        self.beads: dict[tuple[str, int], list[int]] = {}
        for lang, claims in (("en", self.en), ("zh", self.zh)):
            beads_of = self._beads_of(lang)
            for number, claim in enumerate(claims):
                self.beads[lang, number] = beads_of(claim)
        self.quantities = {
            "en": [targets_of(c, "en", published(en[0].meta.get("date", ""))) for c in self.en],
            "zh": [targets_of(c, "zh", published(zh[0].meta.get("date", ""))) for c in self.zh],
        }

    def ranges(self, bead: int, lang: str) -> tuple[_Range, ...]:
        found = self.alignment.beads[bead]
        return found.en if lang == "en" else found.zh

    def _beads_of(self, lang: str) -> Callable[[Claim], list[int]]:
        """What finds the beads whose sentences a claim shares something with. Sentences are never over one another."""
        sentences = sorted(
            (r, number) for number in range(len(self.alignment.beads)) for r in self.ranges(number, lang)
        )
        starts, ends = [start for (start, _), _ in sentences], [end for (_, end), _ in sentences]

        def beads_of(claim: Claim) -> list[int]:
            among = sentences[bisect_right(ends, claim.start) : bisect_left(starts, claim.end)]
            return sorted({number for _, number in among})

        return beads_of

    def place(self, lang: str, claim: Claim, beads: Sequence[int]) -> int:
        """Where it stands in the English text, or where its passage does, or what comes before."""
        if lang == "en":
            return claim.start
        for bead in range(beads[0], -1, -1):
            if ranges := self.ranges(bead, "en"):
                return ranges[0][0] if bead == beads[0] else ranges[-1][1]
        return -1

    def matches(self) -> list[tuple[int, int]]:
        """Claims that translate one another, by the relations that say so, else as `corpus.claim_links` finds them."""
        places = {
            (lang, claim.start, claim.end): number
            for lang, claims in (("en", self.en), ("zh", self.zh))
            for number, claim in enumerate(claims)
        }
        drawn: set[tuple[int | None, int | None]] = set()
        for layer in self.layers.values():
            for relation in layer.relations:
                if relation.label == TRANSLATES:
                    ends = {self._lang(ref.document): ref for ref in (relation.head, relation.tail)}
                    at = {lang: places.get((lang, ref.start, ref.end)) for lang, ref in ends.items()}
                    drawn.add((at.get("en"), at.get("zh")))
        if drawn:
            return sorted((a, b) for a, b in drawn if a is not None and b is not None)
        en, zh = (self.documents["en"], self.en), (self.documents["zh"], self.zh)
        found = claim_pairs(en, zh, self.alignment.beads, self._one_claimant)
        return [(a, b) for a, b, _ in found]

    def _lang(self, document: str) -> str:
        return "en" if document == self.documents["en"].id else "zh"

    def _one_claimant(self, one: Claim, other: Claim) -> bool:
        return self._actor("en", one) == self._actor("zh", other)

    def _actor(self, lang: str, claim: Claim) -> str:
        return self.actors.of_claim(claim, self.documents[lang], self.layers[lang]).id

    def differences(self, a: int, b: int) -> tuple[Aspect, ...]:
        one, two = self.en[a], self.zh[b]
        aspects: list[Aspect] = []
        if one.type != two.type:
            aspects.append("type")
        if one.stance != two.stance:
            aspects.append("stance")
        if self._other_claimant(one, two):
            aspects.append("claimant")
        if self._other_targets(a, b):
            aspects.append("targets")
        return tuple(aspects)

    def _other_claimant(self, one: Claim, two: Claim) -> bool:
        """Whether the two are said to be made by different ones, as far as that can be told.

        Two names that nothing joins may be one body in two languages: that is told apart only where both are linked, or
        one of them has a name in the other's language that is quite another one.
        """
        if AUTHOR in (one.claimant, two.claimant):
            return one.claimant != two.claimant
        first = self.actors.of_claim(one, self.documents["en"], self.layers["en"])
        second = self.actors.of_claim(two, self.documents["zh"], self.layers["zh"])
        if first.id == second.id:
            return False
        if first.linked and second.linked:
            return True
        return _unlike_zh(first.zh, second.zh) or _unlike_en(first.en, second.en)

    def _other_targets(self, a: int, b: int) -> bool:
        first, second = self.quantities["en"][a], self.quantities["zh"][b]
        if not any(first) or not any(second):
            return False
        return self._unmatched(first, second, "zh", self.beads["en", a]) or self._unmatched(
            second, first, "en", self.beads["zh", b]
        )

    def _unmatched(
        self, own: Sequence[Quantity | None], others: Sequence[Quantity | None], lang: Lang, beads: Sequence[int]
    ) -> bool:
        """Whether one's quantities have one that the other version has neither as a target nor in its passage."""
        left = [q for q in own if q and not _says_little(q) and not any(agree(q, other) for other in others if other)]
        if not left:
            return False
        text = self._text(lang, beads)
        said = [abs(float(n.value)) for n in numerals(plain(text, lang), lang)]
        said += [value / 100 for value in said]
        return any(not any(_near(abs(q.number), value) for value in said) for q in left)

    def _text(self, lang: str, beads: Sequence[int]) -> str:
        text = self.documents[lang].text
        return " … ".join(text[start:end] for bead in beads for start, end in self.ranges(bead, lang))

    def divergence(self, kind: Kind, a: int | None, b: int | None, aspects: tuple[Aspect, ...] = ()) -> Divergence:
        beads = sorted(
            set(self.beads["en", a] if a is not None else []) | set(self.beads["zh", b] if b is not None else [])
        )
        sides = {}
        langs: tuple[Lang, ...] = ("en", "zh")
        for lang, claims, number in zip(langs, (self.en, self.zh), (a, b), strict=True):
            claim = None if number is None else claims[number]
            sides[lang] = Side(
                self.documents[lang].id,
                lang,
                self._text(lang, beads),
                tuple(r for bead in beads for r in self.ranges(bead, lang)),
                claim,
                self.actors.of_claim(claim, self.documents[lang], self.layers[lang]).name if claim else "",
                tuple(self.quantities[lang][number]) if number is not None else (),
            )
        score = min((self.alignment.beads[bead].score for bead in beads), default=0.0)
        return Divergence(self.alignment.pair, kind, sides["en"], sides["zh"], aspects, score)


def _unlike_zh(a: str, b: str) -> bool:
    """Whether two Chinese names are there and neither is short for the other (进博会, 进口博览会)."""
    a, b = name_key(a, "zh"), name_key(b, "zh")
    if not _HAN.search(a) or not _HAN.search(b):
        return False
    return not _in_order(min(a, b, key=len), max(a, b, key=len))


def _unlike_en(a: str, b: str) -> bool:
    """Whether two English names are there, share no word, and neither is made of the initials of the other."""
    a, b = name_key(a, "en"), name_key(b, "en")
    if not a or not b or _HAN.search(a + b):
        return False
    if {w for w in a.split() if len(w) > 3} & {w for w in b.split() if len(w) > 3}:
        return False
    return not _in_order(min(a, b, key=len), max(a, b, key=len))


def _in_order(short: str, long: str) -> bool:
    rest = iter(long)
    return all(character in rest for character in short)


def _says_little(quantity: Quantity) -> bool:
    """One of something (一批, 一次, "one of the"): an article in the other language."""
    return abs(quantity.number) <= 1 and kind_of(quantity.unit) in ("", CLASSIFIER, "count")


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(a, b)


def divergence_row(divergence: Divergence) -> dict[str, Any]:
    """A divergence as an object for JSON."""
    return {
        "pair": divergence.pair,
        "kind": divergence.kind,
        "aspects": list(divergence.aspects),
        "score": round(divergence.score, 4),
        "en": _side_row(divergence.en),
        "zh": _side_row(divergence.zh),
    }


def _side_row(side: Side) -> dict[str, Any]:
    claim = side.claim
    return {
        "document": side.document,
        "sentences": [list(sentence) for sentence in side.sentences],
        "passage": side.passage,
        "claim": claim
        and {
            "start": claim.start,
            "end": claim.end,
            "text": claim.span.surface,
            "type": claim.type,
            "stance": claim.stance,
            "claimant": claim.claimant,
            "actor": side.claimant,
            "policy_area": claim.policy_area,
            "targets": [
                {"value": t.value, "unit": t.unit, "by": t.by, "quantity": str(quantity) if quantity else ""}
                for t, quantity in zip(claim.targets, side.targets, strict=True)
            ],
        },
    }


CSV_COLUMNS = ("pair", "kind", "aspects", "score") + tuple(
    f"{lang}_{name}"
    for lang in ("en", "zh")
    for name in ("document", "start", "end", "claim", "type", "stance", "claimant", "policy_area", "targets", "passage")
)


def divergence_cells(divergence: Divergence) -> list[str | int | float]:
    """A divergence as a row of `CSV_COLUMNS`."""
    cells: list[str | int | float] = [
        divergence.pair,
        divergence.kind,
        " ".join(divergence.aspects),
        round(divergence.score, 3),
    ]
    for side in (divergence.en, divergence.zh):
        claim = side.claim
        cells.append(side.document)
        if claim is None:
            cells += ["", "", "", "", "", "", "", "", side.passage]
            continue
        shown = "; ".join(str(quantity) for quantity in side.targets if quantity)
        cells += [claim.start, claim.end, claim.span.surface, claim.type, claim.stance]
        cells += [side.claimant, claim.policy_area, shown, side.passage]
    return cells
