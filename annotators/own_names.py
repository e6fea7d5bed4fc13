"""The annotator `names:PATH`: a group's own names, the file of `hemu kb`, which win over every other annotator.

What it proposes is what the file says. A name in a longer name of the knowledge base is left to the gazetteer, a Chinese
one that is cut out of a word of the dictionary is left out, and one with a question mark counts only where another
name of the same entity stands in the article.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotators.registry import Stage
from corpus.document import Entity, Group, Item, Layer
from corpus.errors import InputError
from corpus.knowledge import Entry, KnowledgeBase, knowledge, read_entries

SOURCE = "own-names"
SURE, SUPPORTED = 0.95, 0.6
_DIGEST = re.compile(r"@[0-9a-f]{8}\Z")


@dataclass(slots=True)
class OwnNames:
    """Proposes the names of a file; make one with `own_names`."""

    base: KnowledgeBase
    ids: frozenset[str]
    version: str
    name: str = SOURCE
    stage: Stage = "entities"

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each document of the group."""
        found = [(item, self._matches(item)) for item in group.items]
        sure = {entry.id for _, matches in found for _, _, surface, entry in matches if not entry.unsure(surface)}
        return [
            Layer(
                item.document.id,
                item.document.sha,
                SOURCE,
                self.version,
                tuple(
                    Entity(
                        item.document.span(start, end),
                        entry.label,
                        SUPPORTED if entry.unsure(surface) else SURE,
                        SOURCE,
                        entry.id,
                    )
                    for start, end, surface, entry in matches
                    if not entry.unsure(surface) or entry.id in sure
                ),
            )
            for item, matches in found
        ]

    def _matches(self, item: Item) -> list[tuple[int, int, str, Entry]]:
        text, lang = item.document.text, item.document.lang
        words = _words(item) if lang == "zh" else frozenset()

        def accept(start: int, end: int, entries: Sequence[Entry]) -> bool:
            return lang == "en" or end - start > 3 or (start in words and end in words)

        result = []
        for start, end, entries in self.base.find(text, lang, accept):
            entry = next((entry for entry in entries if entry.id in self.ids), None)
            if entry is not None:
                result.append((start, end, text[start:end], entry))
        return result


def _words(item: Item) -> frozenset[int]:
    """Where words begin and end."""
    from corpus.segment.chinese import words

    tokens = item.segments.tokens or words(item.document.text)
    return frozenset(at for token in tokens for at in (token.start, token.end))


def own_names(name: str) -> OwnNames:
    """The annotator for `names:PATH`, or `names:PATH@DIGEST`. Raises InputError where the file will not do."""
    path = Path(_DIGEST.sub("", name.removeprefix("names:")))
    try:
        text = path.read_bytes()
        ids = frozenset(entry.id for entry in read_entries(text.decode("utf-8"), str(path), None))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a UTF-8 CSV file: {error}") from None
    return OwnNames(knowledge(path, None), ids, f"1-{hashlib.sha256(text).hexdigest()[:8]}")
