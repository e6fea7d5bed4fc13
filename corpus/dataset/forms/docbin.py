"""spaCy's DocBin: `doc.text` is the text to the last character, entities are `doc.ents`, claims `doc.spans["claims"]`.

Tokens are those of `ner`, split at the edges of claims and sentences as well, and white space as spaCy has it: one space after a
token belongs to it, any other is a token. A claim's label is its type; what else is known of it is in `doc.user_data["claims"]`, in
the order of the spans.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset.forms.pieces import gaps, pieces, sentence_starts
from corpus.dataset.forms.source import Record, Source, Word, by_lang
from corpus.document import Claim
from corpus.errors import InputError

if TYPE_CHECKING:
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

PART = 400_000
"""Tokens of a file: spaCy holds those of a file in memory, while it writes and while it reads."""

_ATTRIBUTES = ("ORTH", "SPACY", "TAG", "SENT_START", "ENT_IOB", "ENT_TYPE", "ENT_KB_ID")


def write(source: Source, folder: Path) -> dict[str, int]:
    """`en/train.spacy` and so on; where it would be long, a folder of that name with files in it.

    spaCy's training reads either: `--paths.train OUT/en/train.spacy`.
    """
    figures = dict.fromkeys(("documents", "tokens", "entities", "claims", "misaligned"), 0)
    bins: dict[str, _Bin] = {}
    for name, record in by_lang(source.all(words=True)):
        if name not in bins:
            path = folder / record.document.lang / f"{record.split}.spacy"
            path.parent.mkdir(exist_ok=True)
            bins[name] = _Bin(path)
        doc = doc_of(record, bins[name].vocab())
        bins[name].add(doc)
        for key, number in (("documents", 1), ("tokens", len(doc)), ("entities", len(doc.ents))):
            figures[key] += number
        figures["claims"] += len(record.claims)
    for held in bins.values():
        held.close()
    return figures


@dataclass
class _Bin:
    """The file of one split and language, or its files."""

    path: Path
    part: int = 0
    tokens: int = 0
    held: DocBin | None = field(default=None, repr=False)
    words: Vocab | None = field(default=None, repr=False)

    def vocab(self) -> Vocab:
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab

        # A vocabulary for each file: it keeps every word that it has met.
        if self.words is None or self.held is None:
            self.words, self.held = Vocab(), DocBin(attrs=_ATTRIBUTES, store_user_data=True)
        return self.words

    def add(self, doc: Doc) -> None:
        assert self.held is not None
        _add(self.held, doc)
        self.tokens += len(doc)
        if self.tokens >= PART:
            self._put()

    def close(self) -> None:
        if self.held is not None:
            self._put()

    def _put(self) -> None:
        assert self.held is not None
        self.part += 1
        if self.part == 2:
            first = self.path.with_suffix(".first")
            self.path.replace(first)
            self.path.mkdir()
            shutil.move(first, self._name(1))
        (self.path if self.part == 1 else self._name(self.part)).write_bytes(self.held.to_bytes())
        self.held, self.words, self.tokens = None, None, 0

    def _name(self, part: int) -> Path:
        return self.path / f"{part:04}.spacy"


def _add(held: DocBin, doc: Doc) -> None:
    """`DocBin.add`, which looks at nine strings of each token; here each word is looked at once, and those alone that are kept."""
    import numpy as np
    import srsly  # type: ignore[import-untyped]
    from spacy.attrs import ENT_KB_ID, ENT_TYPE, ORTH, SPACY, TAG  # type: ignore[import-not-found]

    attributes: list[Any] = list(held.attrs)
    array = doc.to_array(attributes).reshape((len(doc), len(attributes)))
    held.tokens.append(array)
    held.spaces.append(np.asarray(doc.to_array(SPACY), dtype=bool).reshape((len(doc), 1)))
    held.flags.append({"has_unknown_spaces": doc.has_unknown_spaces})
    held.cats.append(doc.cats)
    held.user_data.append(srsly.msgpack_dumps(doc.user_data))
    held.span_groups.append(doc.spans.to_bytes())
    strings = doc.vocab.strings
    named = [attributes.index(name) for name in (ORTH, TAG, ENT_TYPE, ENT_KB_ID)]
    held.strings.update(strings[key] for column in named for key in np.unique(array[:, column]).tolist())
    held.strings.update(span.label_ for group in doc.spans.values() for span in group)


def doc_of(record: Record, vocab: Vocab) -> Doc:
    """The document as spaCy's. InputError where an entity or a claim is not made of whole tokens, which does not happen."""
    from spacy.tokens import Doc
    from spacy.util import filter_spans

    text = record.document.text
    spans = [mark.span for mark in record.entities] + [mark.span for mark in record.claims]
    starts = set(sentence_starts(record))
    opening, closing = starts | {span.start for span in spans}, {span.end for span in spans}
    tokens, spaces = _with_white_space(text, pieces(record, opening | closing), opening, closing)
    words = [text[start:end] for start, end, _ in tokens]
    if "".join(f"{word} " if space else word for word, space in zip(words, spaces, strict=True)) != text:
        raise InputError(f"{record.document.id}: its tokens are not its text; please report it")
    doc = Doc(
        vocab,
        words,
        spaces,
        tags=[tag for _, _, tag in tokens],
        sent_starts=[start in starts or number == 0 for number, (start, _, _) in enumerate(tokens)],
    )
    places = {start: i for i, (start, _, _) in enumerate(tokens)} | {len(text): len(tokens)}
    ends = {end: i + 1 for i, (_, end, _) in enumerate(tokens)}
    entities = [_span(doc, record, places, ends, e.start, e.end, e.label, e.link) for e in record.entities]
    if len(filter_spans(entities)) != len(entities):
        raise InputError(f"{record.document.id}: entities overlap, which spaCy cannot hold; correct the gold")
    doc.set_ents(entities)
    doc.spans["claims"] = [_span(doc, record, places, ends, c.start, c.end, c.type, "") for c in record.claims]
    doc.user_data = _user_data(record)
    return doc


def _with_white_space(
    text: str, tokens: Sequence[Word], opening: set[int], closing: set[int]
) -> tuple[list[Word], list[bool]]:
    """The tokens with those of white space between them, and which of them a space follows that belongs to it.

    `opening` and `closing` are the edges of what has to be whole tokens: a space that such a thing begins or ends with is one.
    """
    edges = opening | closing
    found: list[Word] = []
    spaces: list[bool] = []
    for (start, end), token in zip(gaps(text, [(a, b) for a, b, _ in tokens]), (*tokens, None), strict=True):
        if found and start < end and text[start] == " " and start not in opening and start + 1 not in closing:
            spaces[-1] = True
            start += 1
        cuts = [start, *sorted(edge for edge in edges if start < edge < end), end] if start < end else []
        for a, b in pairwise(cuts):
            found.append((a, b, ""))
            spaces.append(False)
        if token is not None:
            found.append(token)
            spaces.append(False)
    return found, spaces


def _span(
    doc: Doc, record: Record, places: dict[int, int], ends: dict[int, int], start: int, end: int, label: str, link: str
) -> Any:
    from spacy.tokens import Span

    try:
        return Span(doc, places[start], ends[end], label=label, kb_id=link)
    except KeyError:
        raise InputError(f"{record.document.id} {start}-{end}: is not made of whole tokens; please report it") from None


def _user_data(record: Record) -> dict[str, Any]:
    document = record.document
    return {
        "id": document.id,
        "pair": document.pair,
        "lang": document.lang,
        "split": record.split,
        "source": document.source,
        "meta": dict(document.meta),
        "claims": [_claim(claim) for claim in record.claims],
        "relations": [asdict(relation) for relation in record.relations],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "start": claim.start,
        "end": claim.end,
        "type": claim.type,
        "stance": claim.stance,
        "claimant": claim.claimant,
        "claimant_span": list(claim.claimant_span or ()),
        "policy_area": claim.policy_area,
        "targets": [asdict(target) for target in claim.targets],
    }
