"""Trained models as annotators: "spacy-en", the general English model with its labels mapped, and any model that
hemu has trained, named by its folder ("model:PATH")."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from annotators.lists import lists_digest
from annotators.registry import Stage, annotator
from annotators.rules.english import silent_spans
from annotators.rules.english_edges import pieces_of, trimmed
from annotators.rules.english_heads import label_of_name
from annotators.rules.english_lexicon import NONE, Lexicon, known_label, lexicon
from annotators.rules.english_mentions import occurrences
from annotators.rules.english_pinyin import is_chinese_name
from annotators.rules.english_text import Reading, fold, read, standing
from corpus.document import Entity, Group, Lang, Layer, Segments, Span, without_overlaps
from corpus.errors import ModelError
from corpus.model_folder import locate, read_meta
from corpus.segment.spacy_models import encodable, load_model

if TYPE_CHECKING:
    from spacy.language import Language

SPACY_EN = "spacy-en"
_MAPPING = "2"

_LABELS = {"PERSON": "PERSON", "GPE": "PLACE", "LOC": "PLACE", "FAC": "PLACE", "ORG": "ORG", "LAW": "POLICY"}
# Of the labels that are not mapped, those whose spans may still hold a name when the head word says so.
_ONLY_BY_HEAD = {"EVENT", "PRODUCT", "WORK_OF_ART", "NORP"}
_SCORE = 0.6
_TRAINED_SCORE = 0.8
# A stretch of sentences that a trained model reads at once, in characters.
_STRETCH = 2000


@lru_cache(maxsize=16)
def map_entities(text: str) -> tuple[Entity, ...]:
    """The entities of the general English model, with edges cleaned and labels mapped to the scheme.

    A name with several labels in one text takes the most frequent one. OFFICIAL is never proposed: that is for rules.

    >>> [(e.span.surface, e.label) for e in map_entities("She left the United States for Canada's Yukon.")][:2]
    [('United States', 'PLACE'), ('Canada', 'PLACE')]
    """
    if not text.strip():
        return ()
    reading = read(text)
    lex = lexicon()
    silent = silent_spans(text)
    found: list[tuple[int, int, str]] = []
    for mention in reading.model:
        mapped = _LABELS.get(mention.label)
        if mapped is None and mention.label not in _ONLY_BY_HEAD:
            continue
        for start, end in pieces_of(text, *trimmed(text, mention.start, mention.end)):
            name = text[start:end]
            low = fold(name)
            if not any(c.isupper() for c in name) or low in lex.demonyms or low in lex.months or low in lex.generic:
                continue
            # "the ABC news agency": the common noun behind a name is no part of it.
            while " " in name and (name.rsplit(" ", 1)[1].islower() or fold(name.rsplit(" ", 1)[1]) in lex.not_names):
                name = name.rsplit(" ", 1)[0].rstrip()
                end = start + len(name)
            label = _label(name, mapped)
            if label == "FIRM" and (_is_common(reading, start, name) or _is_bare_acronym(name)):
                continue
            if not label or any(a < end and start < b for a, b in silent):
                continue
            # Capitals say nothing in a headline in title case: there only what stands elsewhere too, and places.
            if reading.in_title(start) and mention.label not in ("GPE", "PERSON") and text.count(name) < 2:
                continue
            found.append((start, end, label))
    full = [text[start:end] for start, end, label in found if label == "PERSON" and " " in text[start:end]]
    people = {word for name in full for word in name.split()}
    people |= {text[a:b] for a, b, _ in found if fold(text[a:b]) in lex.surnames - lex.doubtful_surnames}
    # One word alone that the model takes for a person is mostly something else, unless the text has the full name.
    found = [f for f in found if f[2] != "PERSON" or " " in text[f[0] : f[1]] or text[f[0] : f[1]] in people]
    votes: dict[str, Counter[str]] = {}
    for start, end, label in found:
        votes.setdefault(text[start:end], Counter())[label] += 1
    best = {name: count.most_common(1)[0][0] for name, count in votes.items()}
    proposed = [(start, end, best[text[start:end]]) for start, end, _ in found]
    # The model misses some mentions of a name that it knows elsewhere in the text.
    sure = [
        name
        for name, label in best.items()
        if votes[name].total() > 1 or (label == "PLACE" and fold(name) in lex.places)
    ]
    for name in sorted(sure, key=len, reverse=True):
        for start, end in occurrences(reading, name):
            if not any(a < end and start < b for a, b in silent):
                proposed.append((start, end, best[name]))
    return without_overlaps([Entity(Span.of(text, a, b), label, _SCORE, SPACY_EN) for a, b, label in proposed])


def _label(name: str, mapped: str | None) -> str | None:
    """The label of one name: its head word first, then small lists, then the mapped label of the model."""
    lex = lexicon()
    low = fold(name)
    if low in lex.bodies:
        return "AGENCY"
    if low in lex.places:
        return "PLACE"
    if low.removeprefix("the ") in {"the", ""} or (low,) in lex.titles:
        return None
    by_head = label_of_name(name)
    if by_head == NONE:
        return None
    if is_chinese_name(name.split()):
        return "PERSON"
    if by_head and not (mapped == "PERSON" and len(name.split()) <= 2):
        return by_head
    words = low.split()
    if low in lex.not_names or all(
        (w,) in lex.heads or w in lex.generic or w in lex.topics or (w,) in lex.titles for w in words
    ):
        return None
    if mapped == "PERSON" and len(words) == 1 and _two_syllables(low, lex):
        # The model takes many Chinese places of one word for persons, whose names have two.
        return "PLACE"
    if mapped == "POLICY" and (len(words) == 1 or any(c.isdigit() for c in low)):
        return None  # "Article 5", "Class 2"
    # Agencies and other bodies mostly say what they are; a body without a head word is mostly a firm.
    return "FIRM" if mapped == "ORG" else mapped


_WORD_BEGINS, _WORD_ENDS = re.compile(r"(?<!\w)"), re.compile(r"(?!\w)")


def _is_common(reading: Reading, start: int, name: str) -> bool:
    """Whether a name without a head word is a common noun that begins a sentence, or stands in lower case elsewhere."""
    if name.isupper() or (not name[1:].islower() and " " not in name):
        return False
    return any(standing(reading.text, name.lower(), _WORD_BEGINS, _WORD_ENDS)) or (
        " " not in name
        and start in {reading.words[i].start for i in reading.initial}
        and reading.tags.get(start, "NNP") not in ("NNP", "NNPS")
    )


def _is_bare_acronym(name: str) -> bool:
    """Whether a name is an acronym that no list has: as often a law, a party or a thing as a firm."""
    return name.isalpha() and name.isupper() and len(name) < 7 and known_label(name) != "FIRM"


def _two_syllables(low: str, lex: Lexicon) -> bool:
    return bool(lex.syllable.fullmatch(low)) and low not in lex.surnames and len(low) > 4


@dataclass
class GeneralEnglish:
    """The general English model as an annotator."""

    version: str
    name: str = SPACY_EN
    stage: Stage = "entities"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each English document of the group."""
        return [
            Layer(d.id, d.sha, self.name, self.version, map_entities(d.text))
            for d in (item.document for item in group.items)
            if d.lang == "en"
        ]


@annotator(SPACY_EN)
def spacy_en() -> GeneralEnglish:
    """The general English model of spaCy, its labels mapped to the scheme by head words."""
    from corpus.segment.english import model_name

    return GeneralEnglish(f"{model_name()}-{_MAPPING}-{lists_digest('english')}")


@dataclass
class TrainedModel:
    """A spaCy model with the labels of the scheme as an annotator; documents of another language are left out."""

    nlp: Language
    lang: Lang
    version: str
    labels: frozenset[str]
    name: str = "model"
    stage: Stage = "entities"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each document of the group in the model's language."""
        return [
            Layer(d.id, d.sha, self.name, self.version, self.entities(d.text, item.segments))
            for item in group.items
            if (d := item.document).lang == self.lang
        ]

    def entities(self, text: str, segments: Segments | None = None) -> tuple[Entity, ...]:
        """The entities of a text, read in stretches of whole sentences where these are given."""
        if not self.labels:
            return ()
        stretches = list(_stretches(text, segments.sentences if segments else ()))
        docs = self.nlp.pipe(encodable(text[start:end]) for start, end in stretches)
        found: list[Entity] = []
        for (start, end), doc in zip(stretches, docs, strict=True):
            for ent in doc.ents:
                first, last = start + ent.start_char, min(start + ent.end_char, end)
                while first < last and text[first].isspace():
                    first += 1
                while first < last and text[last - 1].isspace():
                    last -= 1
                if first < last and ent.label_ in self.labels:
                    found.append(Entity(Span.of(text, first, last), ent.label_, _TRAINED_SCORE, self.name))
        return without_overlaps(found)


def _stretches(text: str, sentences: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches of about `_STRETCH` characters that begin and end between sentences, else between lines."""
    if not text:
        return
    cuts = [end for _, end in sentences] or [i + 1 for i, c in enumerate(text) if c == "\n"]
    start = 0
    for before, cut in zip([0, *cuts], [*cuts, len(text)], strict=False):
        if cut - start > _STRETCH and before > start:
            yield start, before
            start = before
    if start < len(text):
        yield start, len(text)


def trained(path: str) -> TrainedModel:
    """The spaCy model in the folder `path`, as `hemu train` writes it, or in the installed package of that name.

    Where its meta data names the labels that the gate admitted, it proposes those only. Raises ModelError, in one line,
    where there is no model of spaCy or it may not be loaded (see `corpus.model_folder`), or it has no entity recogniser.
    """
    folder = locate(path)
    meta = read_meta(folder)
    lang, pipes = meta["lang"], meta["pipeline"]
    if "ner" not in pipes:
        raise ModelError(f"{path}: the model has no entity recogniser ('ner'); it has: {', '.join(map(str, pipes))}")
    nlp = load_model(folder)
    admitted = meta.get("hemu", {}).get("admitted")
    labels = frozenset(nlp.pipe_labels.get("ner", ()) if admitted is None else admitted)
    return TrainedModel(nlp, lang, f"{folder.name}-{_digest(folder)}", labels)


def _digest(folder: Path) -> str:
    """A digest of the model's meta data and of its recogniser, so that a model trained again is a new version."""
    digest = hashlib.sha256((folder / "meta.json").read_bytes())
    for path in sorted(path for path in (folder / "ner").rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
