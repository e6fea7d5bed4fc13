"""The texts of the benchmarks: hemu's own sample articles, their sentences put together anew."""

from __future__ import annotations

import json
import random
import re
from importlib import resources
from itertools import count, pairwise
from pathlib import Path

from corpus.document import Document, Lang

Groups = list[list[Document]]
"""Articles: the versions of each."""

PARAGRAPHS = (5, 12)
"""The fewest and the most paragraphs of an article that is put together."""
SENTENCES = (2, 5)
"""The fewest and the most sentences of a paragraph."""

WORD = (re.compile(r"[a-z]{4,}"), re.compile(r"[\u4e00-\u9fff]{2}"))
"""The words of which `write_articles` puts others: English, Chinese."""


def sample() -> list[tuple[str, Lang, str]]:
    """The sample articles: name, language, text."""
    found: list[tuple[str, Lang, str]] = []
    folder = resources.files("corpus") / "data" / "sample" / "articles"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, lang, _ = file.name.split(".")
        found.append((name, "zh" if lang == "zh" else "en", file.read_text(encoding="utf-8")))
    return found


def pairs() -> list[tuple[str, str, str]]:
    """The sample articles that there are in both languages: name, English text, Chinese text."""
    texts = {(name, lang): text for name, lang, text in sample()}
    names = sorted({name for name, _ in texts})
    return [(n, texts[n, "en"], texts[n, "zh"]) for n in names if (n, "en") in texts and (n, "zh") in texts]


class Versions:
    """The pairs of the sample again and again. Every text ends otherwise than all before it, so that nothing that is kept
    by text helps whoever reads it a second time."""

    def __init__(self) -> None:
        self.pairs, self.numbers = pairs(), count()

    def some(self, number: int) -> Groups:
        """The next pairs, from the first of the sample on."""
        return [self._group(*self.pairs[i % len(self.pairs)]) for i in range(number)]

    def of_size(self, characters: int) -> Groups:
        """As many of the next pairs, from the first of the sample on, as make so many characters in English."""
        groups: Groups = []
        while characters > 0:
            name, en, zh = self.pairs[len(groups) % len(self.pairs)]
            groups.append(self._group(name, en, zh))
            characters -= len(en)
        return groups

    def _group(self, name: str, en: str, zh: str) -> list[Document]:
        number = next(self.numbers)
        texts: tuple[tuple[Lang, str], ...] = (("en", en), ("zh", zh))
        return [
            Document(f"{name}-{number}.{lang}", f"{name}-{number}", lang, f"{text}\n{number:08d}.\n")
            for lang, text in texts
        ]


def length(groups: Groups) -> int:
    """How many characters articles have."""
    return sum(len(document.text) for group in groups for document in group)


def articles(lang: Lang, characters: int) -> list[Document]:
    """Documents of about as many characters in all, of sentences of the sample drawn at random, the same each time."""
    from corpus.segment import segment_text

    sentences = [
        text[start:end] for _, own, text in sample() if own == lang for start, end in segment_text(text, lang)[0]
    ]
    draw, size = random.Random(0), 0
    found: list[Document] = []
    while size < characters:
        paragraphs = [
            ("" if lang == "zh" else " ").join(draw.choice(sentences) for _ in range(draw.randint(*SENTENCES)))
            for _ in range(draw.randint(*PARAGRAPHS))
        ]
        text = "\n".join(paragraphs)
        found.append(Document(f"{lang}-{len(found)}.{lang}", f"{lang}-{len(found)}", lang, text))
        size += len(text)
    return found


def write_articles(path: Path, number: int, paragraphs: tuple[int, int]) -> None:
    """As many documents, half of them in each language, as JSON Lines: aligned sentences of the sample drawn at random, the
    same each time. `paragraphs` are the fewest and the most of an article.

    Half of the small English words, and of the Chinese words of two characters, are others of the sample, and figures are
    others, the same on both sides: a large corpus of so few sentences would be one of near-duplicates.
    """
    from corpus.align import align
    from corpus.segment import segment_text

    beads: list[tuple[list[str], list[str]]] = []
    for _, en, zh in pairs():
        sentences, tokens = segment_text(zh, "zh")
        starts = {token.start for token in tokens}
        for bead in align(en, segment_text(en, "en")[0], zh, sentences):
            if bead.en and bead.zh:
                english = en[bead.en[0][0] : bead.en[-1][1]]
                start, end = bead.zh[0][0], bead.zh[-1][1]
                cuts = [start, *(at for at in range(start + 1, end) if at in starts), end]
                beads.append((re.split(r"(\W+)", english), [zh[i:j] for i, j in pairwise(cuts)]))
    words = [[word for bead in beads for word in bead[side] if WORD[side].fullmatch(word)] for side in (0, 1)]
    draw = random.Random(0)

    def sentence() -> tuple[str, str]:
        bead = draw.choice(beads)
        figures = {word: str(draw.randint(1, 10 ** len(word))) for word in bead[0] if word.isascii() and word.isdigit()}
        sides = [
            "".join(
                draw.choice(words[side])
                if WORD[side].fullmatch(word) and draw.random() < 0.5
                else figures.get(word, word)
                for word in bead[side]
            )
            for side in (0, 1)
        ]
        return sides[0], sides[1]

    with path.open("w", encoding="utf-8") as stream:
        for article in range(number // 2):
            made = [[sentence() for _ in range(draw.randint(*SENTENCES))] for _ in range(draw.randint(*paragraphs))]
            for side, (lang, space) in enumerate((("en", " "), ("zh", ""))):
                text = "\n".join(space.join(pair[side] for pair in paragraph) for paragraph in made)
                row = {"id": f"{article}.{lang}", "pair": str(article), "lang": lang, "text": text}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
