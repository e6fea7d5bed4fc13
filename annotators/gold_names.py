"""The annotator `gold-names:PATH`: names that annotators have confirmed, found again in the articles that come next.

What it knows follows from gold alone. The names of all gold articles are looked for in all of them, as they would be in
a new one, and a name is kept where gold agrees nearly every time: same edges, same label, never left unmarked. A name
of one article is therefore held against all others, and a word that annotators mark here and leave there drops out.

An article is never shown what is known from itself, from its other version or its near-duplicates alone, nor, as
`hemu retrain` writes the file, anything from the articles that models are judged by: what this annotator finds in gold
is what it would find in new articles.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from annotators.registry import Stage
from corpus.document import LANGUAGES, Document, Entity, Group, Lang, Layer, Token
from corpus.errors import InputError
from corpus.knowledge import Entry, KnowledgeBase, fold, knowledge
from corpus.script import simplified
from corpus.store import write_atomically
from corpus.stretches import Stretches

SOURCE = "gold-names"
FILE = "gold-names.json"
"""The file in the folder `models/` of a workspace."""

SURE, FAIR = 0.9, 0.7
_RULES = "1"
_LISTS = "gazetteer"
_DIGEST = re.compile(r"@[0-9a-f]{8}\Z")

# Of the places where a name stands, the part at most that gold may have otherwise.
_WRONG = 0.1
# A Chinese name of so many characters must begin and end where words do: a shorter one is easily cut out of a word.
_SHORT = 3
# From so many articles on that confirm it a name is sure.
_OFTEN = 2

Counts = dict[str, tuple[int, int]]
"""By article: how often a name stands there as a name with its label, and how often otherwise."""

Gold = tuple[Document, Layer, str]
"""A document, what is right in it, and its article: what it has in common with its other version and near-duplicates."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name as annotators confirmed it; `name` is folded and, in Chinese, Simplified."""

    lang: Lang
    name: str
    label: str
    link: str
    counts: Counts

    def without(self, article: str) -> tuple[int, int]:
        """How many other articles confirm it, and in 100 of the places there how many do not; (0, 100) for none."""
        rows = [row for where, row in self.counts.items() if where != article]
        right, wrong = sum(r for r, _ in rows), sum(w for _, w in rows)
        return sum(r > 0 for r, _ in rows), round(100 * wrong / (right + wrong)) if right else 100


def form(text: str, lang: Lang) -> str:
    """A text as names are compared, one character for each.

    >>> form("發改委", "zh"), form("the People’s Bank", "en")
    ('发改委', "the People's Bank")
    """
    return fold(simplified(text) if lang == "zh" else text)


def learn(gold: Iterable[Gold]) -> tuple[Name, ...]:
    """The names that gold confirms, by language and name; of a name with several labels, the most frequent one is held
    against all its places.

    >>> from corpus.document import Span
    >>> text = "吕梁杏协成立，张三任吕梁杏协会长"
    >>> document = Document("a", "", "zh", text)
    >>> marks = tuple(Entity(Span.of(text, at, at + 4), "ORG") for at in (0, 10))
    >>> [(n.name, n.label, n.counts) for n in learn([(document, Layer("a", document.sha, "gold", "", marks), "a")])]
    [('吕梁杏协', 'ORG', {'a': (2, 0)})]
    """
    gold = list(gold)
    labels: dict[tuple[Lang, str], Counter[str]] = {}
    links: dict[tuple[Lang, str], Counter[str]] = {}
    for document, layer, _ in gold:
        for e in layer.entities:
            key = document.lang, form(e.span.surface, document.lang)
            labels.setdefault(key, Counter())[e.label] += 1
            links.setdefault(key, Counter())[e.link] += 1
    chosen = {key: _most(found) for key, found in labels.items() if len(key[1]) > 1}
    counts = _counts(gold, chosen)
    # A longer name that does not hold must not hide a shorter one that does.
    chosen = {key: label for key, label in chosen.items() if not _doubtful(counts[key])}
    counts = _counts(gold, chosen)
    return tuple(
        Name(*key, label, next(iter(links[key])) if len(links[key]) == 1 else "", counts[key])
        for key, label in sorted(chosen.items())
        if not _doubtful(counts[key])
    )


def _most(found: Counter[str]) -> str:
    return min(found, key=lambda label: (-found[label], label))


def _doubtful(counts: Counts) -> bool:
    right, wrong = sum(r for r, _ in counts.values()), sum(w for _, w in counts.values())
    return wrong > _WRONG * (right + wrong)


def _counts(gold: Sequence[Gold], chosen: Mapping[tuple[Lang, str], str]) -> dict[tuple[Lang, str], Counts]:
    base = _base((lang, name, label, "") for (lang, name), label in chosen.items())
    result: dict[tuple[Lang, str], Counts] = {key: {} for key in chosen}
    for document, layer, article in gold:
        marks = {(e.start, e.end): e.label for e in layer.entities}
        for start, end, entry in _found(base, document, ()):
            key = document.lang, entry.names(document.lang)[0]
            right, wrong = result[key].get(article, (0, 0))
            good = marks.get((start, end)) == entry.label
            result[key][article] = (right + good, wrong + (not good))
    return result


def _base(names: Iterable[tuple[Lang, str, str, str]]) -> KnowledgeBase:
    return KnowledgeBase(
        Entry(link or f"gold/{lang}/{name}", label, (name,) if lang == "en" else (), (name,) if lang == "zh" else ())
        for lang, name, label, link in names
    )


def _found(
    base: KnowledgeBase, document: Document, tokens: Sequence[Token], refused: Collection[str] = ()
) -> list[tuple[int, int, Entry]]:
    """Where the names of `base` stand as names of their own: not in a word, nor in a longer name of the knowledge base.

    Those `refused` do not count; a shorter one at their place may.
    """
    lang, text = document.lang, document.text
    if lang == "zh":
        text = simplified(text)
    edges: frozenset[int] | None = None
    longer = _known(text, lang)

    def accept(start: int, end: int, entries: Sequence[Entry]) -> bool:
        nonlocal edges
        if entries[0].names(lang)[0] in refused:
            return False
        if any(a <= start and end <= b and b - a > end - start for a, b in longer.get(start // _CELL, ())):
            return False
        if lang == "en":
            return _stands_alone(text, start, end)
        if end - start > _SHORT:
            return True
        edges = _edges(text, tokens) if edges is None else edges
        return start in edges and end in edges

    return [(start, end, entries[0]) for start, end, entries in base.find(text, lang, accept)]


_CELL = 64
_BEFORE = re.compile(r"[^\W\d_]+[ ]\Z")
_AFTER = re.compile(r"[ ]([^\W\d_]+)")


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether an English name of one word is not a part of a longer run of words with capitals."""
    if " " in text[start:end]:
        return True
    after = _AFTER.match(text, end)
    return not (after and after[1][0].isupper())


def _edges(text: str, tokens: Sequence[Token]) -> frozenset[int]:
    from corpus.segment.chinese import words

    return frozenset(at for token in tokens or words(text) for at in (token.start, token.end))


@lru_cache(maxsize=256)
def _known(text: str, lang: Lang) -> Mapping[int, Sequence[tuple[int, int]]]:
    """The names of the knowledge base in a text, by the stretch of 64 characters that they touch."""
    return _cells(
        (start, end)
        for start, end, entries in knowledge().find(text, lang)
        if not all(entry.unsure(text[start:end]) for entry in entries)
    )


def _cells(spans: Iterable[tuple[int, int]]) -> Mapping[int, Sequence[tuple[int, int]]]:
    cells: dict[int, list[tuple[int, int]]] = {}
    for start, end in spans:
        for cell in range(start // _CELL, (end - 1) // _CELL + 1):
            cells.setdefault(cell, []).append((start, end))
    return cells


class GoldNames:
    """Proposes the names that annotators confirmed; make one from a file with `gold_names`."""

    name = SOURCE
    stage: Stage = "entities"

    def __init__(
        self,
        names: Iterable[Name],
        articles: Mapping[str, str],
        version: str = "",
        *,
        admitted: Mapping[Lang, Collection[str]] | None = None,
    ) -> None:
        """`articles`: to which article each gold document belongs; `admitted`: the labels to propose (None: all)."""
        kept = (n for n in names if admitted is None or n.label in admitted.get(n.lang, ()))
        self.names = {(n.lang, n.name): n for n in kept}
        self.articles = articles
        self.version = version
        self._base = _base((n.lang, n.name, n.label, n.link) for n in self.names.values())
        self._from: dict[str, list[Name]] = {}
        for name in self.names.values() if articles else ():
            for article in name.counts:
                self._from.setdefault(article, []).append(name)

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each document of the group."""
        return [
            Layer(d.id, d.sha, SOURCE, self.version, self.entities(d, item.segments.tokens))
            for item in group.items
            for d in (item.document,)
        ]

    def entities(self, document: Document, tokens: Sequence[Token] = ()) -> tuple[Entity, ...]:
        """The names in a document, without what is known from its own article alone."""
        lang, article = document.lang, self.articles.get(document.id, "")
        refused = {n.name for n in self._from.get(article, ()) if n.lang == lang and not _holds(n.without(article))}
        found = []
        for start, end, entry in _found(self._base, document, tokens, refused):
            name = self.names[lang, entry.names(lang)[0]]
            score = SURE if name.without(article)[0] >= _OFTEN else FAIR
            found.append(Entity(document.span(start, end), name.label, score, SOURCE, name.link))
        return tuple(found)


def _holds(evidence: tuple[int, int]) -> bool:
    return evidence[0] > 0 and evidence[1] <= 100 * _WRONG


def yielding(layers: Sequence[Layer]) -> list[Layer]:
    """The layers of a group, that of the confirmed names without those in a longer proposal of another annotator.

    They go before the others, since what annotators decided stands; but a longer name is another name. Where the gazetteer
    takes part, names that it knows with the same label are left to it: if it does not propose one at a place, or
    another label has won there, that was for what stands around it.
    """
    if not any(layer.source == SOURCE for layer in layers):
        return list(layers)
    lists = any(layer.source == _LISTS for layer in layers)
    spans: dict[str, list[tuple[int, int]]] = {}
    for layer in layers:
        if layer.source != SOURCE:
            spans.setdefault(layer.document, []).extend((e.start, e.end) for e in layer.entities)
    longer = {document: _cells(found) for document, found in spans.items()}
    return [
        replace(
            layer,
            entities=tuple(
                e
                for e in layer.entities
                if not _inside(e, longer.get(layer.document, {})) and not (lists and _listed(e.span.surface, e.label))
            ),
        )
        if layer.source == SOURCE
        else layer
        for layer in layers
    ]


def _listed(name: str, label: str) -> bool:
    """Whether the knowledge base has a name, for sure and with that label."""
    base = knowledge()
    found = [entry for lang in LANGUAGES for entry in base.lookup(form(name, lang), lang) if not entry.unsure(name)]
    return any(entry.label == label for entry in found)


def _inside(e: Entity, longer: Mapping[int, Sequence[tuple[int, int]]]) -> bool:
    near = longer.get(e.start // _CELL, ())
    return any(a <= e.start and e.end <= b and b - a > e.end - e.start for a, b in near)


def balance(gold: Iterable[Entity], without: Iterable[Entity], given: Iterable[Entity]) -> Counter[str]:
    """By label of the confirmed names: how many more marks are right with them than without, in one document.

    `given` is the pre-annotation with them, `without` the one without. A right mark that one of them takes the place of
    counts against it, a wrong one for it.

    >>> from corpus.document import Span
    >>> text = "吕梁杏协成立"
    >>> name, place = Entity(Span.of(text, 0, 4), "ORG", 0.9, SOURCE), Entity(Span.of(text, 0, 2), "PLACE")
    >>> balance([name], [place], [name])
    Counter({'ORG': 2})
    """
    right = {(e.start, e.end, e.label) for e in gold}
    before = list(without)
    had = {(e.start, e.end, e.label) for e in before}
    spans = Stretches([(e.start, e.end) for e in before])
    result: Counter[str] = Counter()
    for e in given:
        mark = e.start, e.end, e.label
        if e.source != SOURCE or mark in had:
            continue
        result[e.label] += 1 if mark in right else -1
        if spans.meet(e.start, e.end):
            gone = [(o.start, o.end, o.label) for o in before if o.span.overlaps(e.span)]
            result[e.label] += sum(-1 if other in right else 1 for other in gone)
    return result


def labels_in_favour(balances: Mapping[Lang, Counter[str]], labels: Iterable[str]) -> dict[Lang, list[str]]:
    """The labels to propose: all but those with which articles that have gold would be worse than without."""
    names = sorted(labels)
    return {lang: [label for label in names if counts[label] >= 0] for lang, counts in balances.items()}


def write(
    path: Path,
    names: Iterable[Name],
    articles: Mapping[str, str],
    admitted: Mapping[Lang, Collection[str]] | None = None,
) -> str:
    """Write names to a file, and return the annotator `gold-names:PATH@DIGEST` that reads it.

    `articles` and `admitted` are those of `GoldNames`. The same names give the same file.
    """
    data = {
        "names": [
            {"lang": n.lang, "name": n.name, "label": n.label, "link": n.link, "counts": n.counts} for n in names
        ],
        "articles": dict(articles),
        "admitted": None if admitted is None else {lang: sorted(labels) for lang, labels in admitted.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # Names may hold lone surrogates, as texts may: JSON writes them as escapes.
    write_atomically(path, json.dumps(data, sort_keys=True).encode())
    return annotator_name(path) or ""


def annotator_name(path: Path) -> str | None:
    """The name under which the annotators read the file, `gold-names:PATH@DIGEST`; None where there is none.

    It changes with the file, so that articles are annotated anew with what was confirmed since.
    """
    if not path.is_file():
        return None
    return f"{SOURCE}:{path.resolve()}@{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"


def gold_names(name: str) -> GoldNames:
    """The annotator for `gold-names:PATH`, or `gold-names:PATH@DIGEST`. Raises InputError where the file will not do."""
    path = Path(_DIGEST.sub("", name.removeprefix(f"{SOURCE}:")))
    try:
        raw = path.read_bytes()
        data: dict[str, Any] = json.loads(raw)
        names = [_name(row) for row in data["names"]]
        articles = {str(id): str(article) for id, article in data["articles"].items()}
        admitted = data["admitted"]
        if admitted is not None:
            admitted = {lang: frozenset(map(str, admitted.get(lang, ()))) for lang in LANGUAGES}
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; write it with: hemu retrain") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is no file of confirmed names ({error}); write it with: hemu retrain") from None
    return GoldNames(names, articles, f"{_RULES}-{hashlib.sha256(raw).hexdigest()[:8]}", admitted=admitted)


def _name(row: Mapping[str, Any]) -> Name:
    if row["lang"] not in LANGUAGES:
        raise ValueError(f"language {row['lang']!r}")
    counts = {str(where): (int(right), int(wrong)) for where, (right, wrong) in row["counts"].items()}
    return Name(row["lang"], str(row["name"]), str(row["label"]), str(row["link"]), counts)
