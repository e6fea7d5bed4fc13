"""Foreign persons in Chinese right behind their office, where LAC cuts the name in pieces or takes it for a firm."""

from __future__ import annotations

from annotators.rules.chinese_lexicon import title_endings, titles, transliteration, words
from annotators.rules.chinese_places import known_label
from annotators.rules.chinese_words import Sentence

Found = tuple[int, int, str]


def _pieces_of_name(text: str, sentence: Sentence, i: int) -> int:
    """The end of a foreign name behind the title `i` that LAC cuts in pieces: 总统 | 林 | 德勒 | 苏赫; 0 for no such name."""
    named, end = False, 0
    for j in range(i + 1, min(i + 5, len(sentence))):
        token = sentence[j]
        surface = text[token.start : token.end]
        if not set(surface) <= transliteration() or token.tag not in ("PER", "LOC", "nz", "n", "v", "ORG", "a"):
            break
        if token.tag == "v" and len(surface) > 1:
            break
        named = named or token.tag == "PER"
        end = token.end
    size = end - sentence[i + 1].start
    several = end > sentence[i + 1].end
    return end if named and several and 4 <= size <= 8 else 0


def foreign_after(text: str, sentence: Sentence, i: int) -> Found | None:
    """A transliterated name right behind an office that LAC takes for a firm or a place: 劳工部长 + 海尔."""
    token, following = sentence[i], sentence[i + 1]
    title, name = text[token.start : token.end], text[following.start : following.end]
    kind = titles().get(title_endings().find(title, whole=True) if len(title) > 2 else title, "")
    if kind == "official" and (end := _pieces_of_name(text, sentence, i)):
        return (following.start, end, "PERSON")
    if kind != "official" or following.tag not in ("ORG", "LOC", "nz", "n", "nw") or not 2 <= len(name) <= 5:
        return None
    if not all(char in transliteration() for char in name) or known_label(name) in ("PLACE", "AGENCY"):
        return None
    after = text[sentence[i + 2].start : sentence[i + 2].end] if i + 2 < len(sentence) else "。"
    if (
        after.startswith("对")
        or after in words("titles", "speech")
        or after in ("，", "、", "对", "在", "将", "则", "也", "和", "于", "日前", "近日")
    ):
        return (following.start, following.end, "PERSON")
    return None
