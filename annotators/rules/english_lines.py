"""Datelines, bylines, sources and credits of English news: lines whose form says what their names are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotators.rules.english_heads import head_of
from annotators.rules.english_lexicon import lexicon
from annotators.rules.english_pinyin import is_chinese_name
from annotators.rules.english_text import Mention, Reading, fold

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|March|Mar\.?|April|Apr\.?|May|June|Jun\.?|July|Jul\.?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DATE = rf"(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}\s+{_MONTH})(?:,?\s+\d{{4}})?"
_DATELINE = re.compile(
    rf"^[ \t]*(?P<before>[A-Z][^\n():;]{{1,80}}?)[,.]?\s+{_DATE}\b\s*,?\s*(?:\((?P<inside>[^()\n]{{2,120}})\))?", re.M
)
_AGENCY_CITY = re.compile(
    rf"News Agency,?[ \t]+(?P<city>[A-Z][\w'’]+(?:[ \t][A-Z][\w'’]+)?),?[ \t]+(?:on[ \t]+)?{_DATE}\b"
)
_BARE_DATELINE = re.compile(rf"^[ \t]*{_DATE}\s*\((?P<inside>[^()\n]{{2,80}})\)", re.M)
_CITY_NEWS = re.compile(
    r"^[ \t]*\((?P<city>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,2}) News on the \d{1,2}(?:st|nd|rd|th)\)", re.M
)
_NAME = r"[A-Z][\w'’\-]*(?:[ \t](?:[A-Z]\.|[A-Z][\w'’\-]*|van|von|de|der|bin|al)){0,3}"
_CUE = re.compile(
    r"(?:^[ \t]*By\s+|\b(?:Photo(?:graph(?:s|ed|y)?)?s?|Picture|Reported|Written|Edited|Text|Video)\s+by[ \t]+|"
    r"\b(?:Reporters?|Journalists?|Correspondents?|Authors?|Editors?|Photograph(?:y|s|er|ers)?|Photos?|Writers?|Translators?|Proofreaders?)"
    r"(?:\s+engaging in (?:the|this) report)?\s*[:：][ \t]*|\breporters?[ \t]+(?=[A-Z]))",
    re.M,
)
_NAME_LIST = re.compile(rf"{_NAME}(?:(?:[ \t]*[,、/·][ \t]*|[ \t]+and[ \t]+){_NAME})*")
_TRAILING_SOURCE = re.compile(
    r"[ \t]*(?:--+|[—–|]|(?<=[ \w’'”\"])-)[ \t]*(?P<source>(?:www\.)?[A-Z][\w.&']*(?:[ \t][A-Z][\w.&']*){0,3})[ \t]*$"
)
_SOURCE = re.compile(rf"\b(?:Source|From|Origin)[ \t]*[:：][ \t]*(?P<source>{_NAME}|[\w.]+\.(?:com|cn|net|org))")
_DOMAIN = re.compile(
    r"(?<![\w@/.])(?:www\.)?[A-Za-z0-9][A-Za-z0-9\-]{0,62}(?:\.[A-Za-z0-9\-]{1,63})*\.(?:com|cn|net|org|gov|edu|hk|tv|io|me)(?:\.cn|\.hk|\.uk)?(?![\w/@])"
)
_NEWS = re.compile(r"news|xinhua|daily|times|people|press|media|post|tv|radio|online|net\b|gov|ecns|chin[ae]", re.I)
_NOT_SOURCE = {"by", "photo", "file", "reporter", "reporters", "journalist", "journalists", "correspondent", "edited"}


def line_mentions(reading: Reading) -> list[Mention]:
    """The mentions that the form of a line gives away."""
    found = [
        *_datelines(reading.text),
        *_headline_sources(reading.text),
        *_credits(reading.text),
        *_domains(reading.text),
    ]
    return sorted(found, key=lambda m: (m.start, -m.end))


def _pieces(text: str, start: int, end: int, pattern: str = r"[,/·、]|\band\b") -> Iterator[tuple[int, int]]:
    """The stretches between separators, without the white space around them."""
    position = start
    for match in [*re.finditer(pattern, text[start:end]), None]:
        stop = start + match.start() if match else end
        piece = text[position:stop]
        left = position + len(piece) - len(piece.lstrip())
        right = left + len(piece.strip())
        if left < right:
            yield left, right
        position = start + match.end() if match else end


def _is_media(name: str) -> bool:
    label, _ = head_of([fold(word) for word in name.split()], lexicon())
    return label == "ORG" or bool(_DOMAIN.fullmatch(name))


def _datelines(text: str) -> Iterator[Mention]:
    lex = lexicon()
    for match in _DATELINE.finditer(text):
        start, end = match.span("before")
        pieces = list(_pieces(text, start, end, r"[,/]"))
        plain = all(
            len(text[a:b].split()) <= 6
            and all(word[:1].isupper() or word in ("of", "and") for word in text[a:b].split())
            for a, b in pieces
        )
        function = {fold(word) for a, b in pieces for word in text[a:b].split()} & (lex.function - {"us", "of", "and"})
        inside = match.group("inside")
        if not plain or function or (len(pieces) == 1 and inside is None and text[end : end + 1] != ","):
            continue
        for a, b in pieces:
            yield from _dateline_piece(text, a, b)
        if inside:
            yield from _sources(text, *match.span("inside"))
    for match in _AGENCY_CITY.finditer(text):
        yield Mention(*match.span("city"), "PLACE", 0.85)
    for match in _CITY_NEWS.finditer(text):
        yield Mention(*match.span("city"), "PLACE", 0.85)
    for match in _BARE_DATELINE.finditer(text):
        yield from _sources(text, *match.span("inside"))


def _dateline_piece(text: str, start: int, end: int) -> Iterator[Mention]:
    """A place, a medium, or a medium and a place in one ("Yunzhou News Agency Harbin")."""
    name = text[start:end]
    if _is_media(name):
        yield Mention(start, end, "ORG", 0.9)
        return
    words = [(m.start(), m.end()) for m in re.finditer(r"\S+", name)]
    for cut in range(len(words) - 1, 0, -1):
        if cut >= 2 and _is_media(name[: words[cut - 1][1]]):
            yield Mention(start, start + words[cut - 1][1], "ORG", 0.85)
            yield Mention(start + words[cut][0], end, "PLACE", 0.85)
            return
    if is_chinese_name(name.split()):
        yield Mention(start, end, "PERSON", 0.7)
    elif len(words) <= 5 and (head_of([fold(word) for word in name.split()], lexicon())[0] or "PLACE") == "PLACE":
        yield Mention(start, end, "PLACE", 0.9)


def _sources(text: str, start: int, end: int) -> Iterator[Mention]:
    """What stands in the brackets of a dateline: a medium, then persons."""
    for number, (a, b) in enumerate(_pieces(text, start, end)):
        cue = re.match(
            r"(?:by\s+)?(?:[Rr]eporters?|[Jj]ournalists?|[Cc]orrespondents?|[Ee]ditors?)?\s*[:：]?\s*", text[a:b]
        )
        left = a + (cue.end() if cue else 0)
        name = text[left:b]
        if not name or (not name[0].isupper() and not _DOMAIN.fullmatch(name)) or len(name.split()) > 4:
            continue
        if any(fold(word) in _NOT_SOURCE for word in name.split()):
            continue
        person = left > a or number > 0 or is_chinese_name(name.split())
        yield Mention(left, b, "PERSON" if person and not _is_media(name) else "ORG", 0.9)


def _headline_sources(text: str) -> Iterator[Mention]:
    """The medium at the end of a headline, behind a dash."""
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        body = line.rstrip()
        match = _TRAILING_SOURCE.search(body)
        if match and match.start() > 10 and (number < 3 or len(body) < 200):
            name = match.group("source")
            media = _is_media(name) or bool(re.search(r"xinhua|news|daily|net\b|tv\b", name, re.I))
            if media:
                yield Mention(offset + match.start("source"), offset + match.end("source"), "ORG", 0.9)
        offset += len(line)
        if number >= 3:
            break
    for match in _SOURCE.finditer(text):
        name = match.group("source")
        # "Source: Economic Daily Author: ..." runs on: the next cue is no part of the name.
        cut = re.search(r"\s+(?:Author|Editor|Reporter|Journalist|Date|Time)s?$", name)
        end = match.start("source") + (cut.start() if cut else len(name))
        if end > match.start("source") and not is_chinese_name(text[match.start("source") : end].split()):
            yield Mention(match.start("source"), end, "ORG", 0.85)


def _credits(text: str) -> Iterator[Mention]:
    """Persons (and media) behind "By", "Photo by", "Reporters:" and the like."""
    lex = lexicon()
    for match in _CUE.finditer(text):
        names = _NAME_LIST.match(text, match.end())
        if not names:
            continue
        for a, b in _pieces(text, names.start(), names.end()):
            cut = re.search(r"\s+(?:Author|Editor|Reporter|Journalist|Source|Photo)s?$", text[a:b])
            end = a + (cut.start() if cut else b - a)
            words = text[a:end].split()
            if not words or fold(words[0]) in lex.function or any(fold(w) in lex.months for w in words):
                break
            is_photo = bool(re.match(r"photo|picture", match.group().strip(), re.I))
            agency = is_photo and (text[a - 1] == "/" or len(words) == 1) and not is_chinese_name(words)
            if _is_media(text[a:end]) or agency:
                yield Mention(a, end, "ORG", 0.85)
            elif len(words) >= 2 and head_of([fold(word) for word in words], lex)[0] is None:
                yield Mention(a, end, "PERSON", 0.85)


def _domains(text: str) -> Iterator[Mention]:
    """Names in the form of a web address: a medium at the head of an article or by its words, else a firm."""
    head = sum(len(line) for line in text.splitlines(keepends=True)[:2])
    for match in _DOMAIN.finditer(text):
        name = match.group()
        start = match.start()
        # A dash that joins the address to the word before it: "Rebuilding-News.example.com".
        joined = re.match(r"[A-Z][a-z]+-(?=[A-Z])", name)
        if joined:
            start, name = start + joined.end(), name[joined.end() :]
        if not name[0].isdigit():
            media = _NEWS.search(name.rsplit(".", 1)[0]) or (match.start() < head and name.startswith("www"))
            media = media or text[start - 1 : start] == "·"
            yield Mention(start, match.end(), "ORG" if media else "FIRM", 0.8)
