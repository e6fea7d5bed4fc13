"""What each paragraph of an article is: its story, or a headline, caption, pull quote, link, notice beside it.

Nothing is taken away: what is not the story is flagged, and a line that shows no sign of another kind is body. The
signs of each kind are in data/blocks.toml; pull quotes are found by quotes.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.cues import first_match, is_date, is_name, matches
from corpus.document import Block, BlockKind, Lang
from corpus.language import HAN, LINE_BREAKS, other_language
from corpus.quotes import find_repeats

_LINE = re.compile(rf"[^\s{LINE_BREAKS}](?:[^{LINE_BREAKS}]*[^\s{LINE_BREAKS}])?")
_STOP = re.compile(r"[.。；;…!?！？](?:[”’\"'」』）)\]】]*)\Z")
_FINAL_STOP = re.compile(r"[.。；;…](?:[”’\"'」』）)\]】]*)\Z")
_FIRST_MAX = {"en": 300, "zh": 80}
_HEADLINE_MAX = {"en": 150, "zh": 60}
_SHORT_MAX = {"en": 120, "zh": 50}
# A caption or a notice can be a few sentences long; a longer line is the story, whatever words it holds.
_NOTE_MAX = {"en": 400, "zh": 160}
# Agencies tell a whole story under a picture, and sign it.
_SIGNED_MAX = {"en": 1000, "zh": 400}
_SUBHEADING_MAX = {"en": 80, "zh": 30}
_PARAGRAPH_MIN = {"en": 80, "zh": 40}
# Lines above the story, and how many of them can be headlines.
_HEAD = 6
_HEADLINES = 3
_TAIL = 3
# Those who helped with a report can be many.
_BYLINE_MAX = {"en": 240, "zh": 100}
_CAPTION_LINES = 3
_NAME_WORDS = frozenset(["and", "in", "of", "at", "for", "the", "de", "van", "von", "la", "le", "del", "from"])


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    """As it is searched for signs: Traditional Chinese as Simplified."""
    lang: Lang
    kind: BlockKind | None = None
    repeats: tuple[int, int] | None = None
    credit: bool = False
    """Whether it says only whose picture it is."""

    @property
    def story(self) -> bool:
        return self.kind in (None, "body")

    @property
    def stopped(self) -> bool:
        return bool(_STOP.search(self.text[-12:]))


def find_blocks(text: str, lang: Lang) -> tuple[Block, ...]:
    """What each paragraph (each line that is not blank) of an article is, in order, without the white space around it.

    A pull quote (a line that repeats a passage of a longer paragraph, perhaps shortened, perhaps with who said it
    before or after it, or who said it on a line of its own below) points by `repeats` to the stretch that it repeats.
    A line between the paragraphs of the story that is short and no sentence is a headline too. Whatever shows no sign
    of another kind is body: a line flagged in vain costs more than one that was missed. `lang` of a block is set where
    it is plainly in the other language. Linear in the length of the text.

    >>> text = "河湾市扩大保障房供给\\n河湾市今年将新建保障房。\\n图为新建成的小区。 林岚 摄"
    >>> [block.kind for block in find_blocks(text, "zh")]
    ['headline', 'body', 'caption']
    """
    lines = _lines(text, lang)
    _head(lines)
    _tail(lines)
    _captions_above_credits(lines)
    _links(lines)
    _pull_quotes(text, lines)
    _subheadings(lines)
    return tuple(
        Block(line.start, line.end, line.kind or "body", line.repeats, None if line.lang == lang else line.lang)
        for line in lines
    )


def _lines(text: str, lang: Lang) -> list[_Line]:
    from corpus.script import simplified

    # Line by line: a phrase never crosses a line, and a paragraph of the story need not be searched for signs.
    found = []
    for match in _LINE.finditer(text):
        line = match[0]
        of = other_language(line, lang) or lang
        if of == "zh" and len(line) <= _SIGNED_MAX["zh"]:
            line = simplified(line)
        kind, credit = _kind_of_line(line, of), len(line) <= _SHORT_MAX[of] and matches(line, of, "credit")
        found.append(_Line(match.start(), match.end(), line, of, kind, credit=credit))
    return found


def _kind_of_line(text: str, lang: Lang) -> BlockKind | None:
    """The kind of a line by what it says, wherever it stands."""
    if len(text) > _NOTE_MAX[lang]:
        signed = len(text) <= _SIGNED_MAX[lang] and matches(text[-100:], lang, "signed")
        return "caption" if signed else None
    inner = re.fullmatch(r"[\[［]\s*(.+?)\s*[\]］]", text) if text[0] in "[［" else None
    if inner:
        if matches(inner[1], lang, "credit"):
            return "caption"
        within: tuple[BlockKind, ...] = ("caption", "boilerplate", "byline")
        kind = next((kind for kind in within if matches(inner[1], lang, kind)), None)
        if kind:
            return kind
    if is_date(text, lang):
        return "dateline"
    kinds: tuple[BlockKind, ...] = ("related-link", "caption", "boilerplate")
    return next((kind for kind in kinds if matches(text, lang, kind)), None)


def _head(lines: list[_Line]) -> None:
    """The lines above the story."""
    headlines = 0
    for index, line in enumerate(lines[:_HEAD]):
        kind = line.kind or _kind_in_head(line, first=headlines == 0)
        if kind == "headline":
            headlines += 1
            # Lines without a stop that no story follows are a list, or verse, or talk.
            if headlines > 1 and (
                headlines > _HEADLINES or not any(later.stopped for later in lines[index + 1 :][:_HEAD])
            ):
                return
        if kind is None and not (line.credit or _above_wire(lines, index)):
            return
        if kind is not None:
            lines[index] = replace(line, kind=kind)


def _kind_in_head(line: _Line, *, first: bool) -> BlockKind | None:
    """The kind of a line above the story; None where the story begins. `first`: no headline has come yet."""
    text, lang = line.text, line.lang
    if (_FINAL_STOP if first else _STOP).search(text[-12:]) and not (first and _is_title(text)):
        return None
    if len(text) <= _SHORT_MAX[lang]:
        if _is_dateline(text, lang, first=first):
            return "dateline"
        if _is_byline(text, lang, first=first):
            return "byline"
    if len(text) > (_FIRST_MAX if first else _HEADLINE_MAX)[lang] or matches(text, lang, "wire"):
        return None
    return None if re.search(r"[,，:：][”\"]?\Z", text) else "headline"


_ABBREVIATION = re.compile(r"\b([A-Z]\.[A-Z]|Inc|Corp|Ltd|Co|Jr|Sr|Bros)\.\Z")


def _is_title(text: str) -> bool:
    """Whether a line that ends in an abbreviation is written as English headlines are, With Capitals."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 3]
    return bool(_ABBREVIATION.search(text)) and 4 * sum(word[0].isupper() for word in words) >= 3 * len(words)


def _is_dateline(text: str, lang: Lang, *, first: bool) -> bool:
    """Whether a line says when (and where, and by whom) an article appeared, rather than what happened then."""
    found = first_match(text, lang, "dateline")
    if found is None:
        return False
    if lang == "zh":
        return not first or found.start() == 0
    rest = text[: found.start()] + " " + text[found.end() :]
    told = [word for word in re.findall(r"[^\W\d_]{3,}", rest) if word.islower() and word not in _NAME_WORDS]
    return len(told) < (1 if first else 3) and (not first or len(rest.split()) <= 6)


def _is_byline(text: str, lang: Lang, *, first: bool) -> bool:
    if first:
        # Above any headline only what can be nothing else.
        return bool(re.fullmatch(r"[Bb][Yy]( [A-Z][\w.’'-]+){2,4}", text)) if lang == "en" else False
    if matches(text, lang, "byline"):
        return True
    if lang == "en":
        words = text.split()
        names = [word for word in words if word not in _NAME_WORDS]
        return (
            len(names) >= 2
            and len(words) <= 8
            and all(re.match(r"[A-Z][\w.’'-]*[,|]?\Z", name) for name in names)
            and (len(names) <= 3 or len(names) < len(words) or "," in text)
        )
    parts = re.split(r"[\s　、，,]+", text)
    return len(parts) <= 4 and all(is_name(part) for part in parts)


def _above_wire(lines: Sequence[_Line], index: int) -> bool:
    """Whether an agency's opening follows within the next few lines, with a credit before it: a picture's caption."""
    for below in range(index + 1, min(index + 1 + _CAPTION_LINES, len(lines))):
        if lines[below].credit:
            return below + 1 < len(lines) and matches(lines[below + 1].text[:200], lines[below + 1].lang, "wire")
    return False


def _tail(lines: list[_Line]) -> None:
    """Who wrote and helped, below the story; and a list of other stories at the very end."""
    left = _TAIL
    for index in range(len(lines) - 1, 0, -1):
        line = lines[index]
        if line.kind is None and len(line.text) <= _BYLINE_MAX[line.lang] and matches(line.text, line.lang, "byline"):
            lines[index] = replace(line, kind="byline")
        elif line.kind is None and _is_item(line) and (_is_item(lines[index - 1]) or _is_item_link(lines, index + 1)):
            lines[index] = replace(line, kind="related-link")
        elif line.kind is None:
            left -= 1
            if not left:
                return


def _is_item(line: _Line) -> bool:
    """Whether a line is an item of a list without being a sentence: a link to another story, at the end."""
    return line.text.startswith(("- ", "• ", "· ", "* ", "●", "■")) and not line.stopped


def _is_item_link(lines: Sequence[_Line], index: int) -> bool:
    return index < len(lines) and lines[index].kind == "related-link" and _is_item(lines[index])


_LABEL_MAX = 30


def _links(lines: list[_Line]) -> None:
    """What stands below a label such as "Read more": the next line, or all of them where no sentence follows."""
    labels = [index for index, line in enumerate(lines) if _is_label(line)]
    if not labels:
        return
    # From `end` on there are only links.
    end = next((at + 1 for at in range(len(lines) - 1, -1, -1) if not _is_link(lines[at])), 0)
    for index in labels:
        # In the middle of a story the second line may be a headline of its own.
        below = lines[index + 1 : index + 2] if index + 1 < end else lines[index + 1 :]
        for at, line in enumerate(below, index + 1):
            if _is_link(line):
                lines[at] = replace(line, kind=line.kind or "related-link")
        if index + 1 >= end:
            return


def _is_label(line: _Line) -> bool:
    return (
        line.kind == "related-link"
        and not line.text.endswith(("]", "］"))
        and len(line.text) <= _LABEL_MAX
        and bool(re.fullmatch(r"[^\w]*[\w .’']+[^\w]*", line.text))
    )


def _is_link(line: _Line) -> bool:
    return line.kind is not None or (
        not _FINAL_STOP.search(line.text[-12:]) and len(line.text) <= _HEADLINE_MAX[line.lang]
    )


def _captions_above_credits(lines: list[_Line]) -> None:
    """What stands above a line that is only a credit, where it reads like a caption or comes before the story."""
    for index, line in enumerate(lines):
        if not line.credit or line.kind not in (None, "caption", "byline"):
            continue
        lines[index] = replace(line, kind="caption")
        opening = index + 1 < len(lines) and matches(lines[index + 1].text[:200], lines[index + 1].lang, "wire")
        for above in range(index - 1, max(index - 1 - _CAPTION_LINES, -1), -1):
            if lines[above].kind is not None or not (opening or _reads_like_caption(lines[above])):
                break
            lines[above] = replace(lines[above], kind="caption")
            if not opening:
                break


_FINITE = re.compile(
    r"\b(is|are|was|were|has|have|had|will|would|can|could|may|might|must|should|do|does|did|said|says|told|tells|"
    r"added|believes?|thinks?|announced|i|we|he|she|they)\b",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(
    r"\A[^,;:]{2,80}?(?<!\bbe )\b(?!during\b|according\b|including\b|following\b|spring\b|evening\b|morning\b|building\b)[a-z]{2,}ing\b"
)
_PLACE_AND_DATE = re.compile(
    r"\b(on|in) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?( \d{1,2})?(, \d{4}| \d{4})?\.?\Z|"
    r", (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? \d{1,2}, \d{4}\.?\Z"
)


def _reads_like_caption(line: _Line) -> bool:
    """Whether a line above a credit describes a picture: one sentence without a finite verb, or with a date at its end.

    "Workers assembling solar panels at a plant in Hefei."
    """
    if line.lang == "zh":
        return (
            len(line.text) <= 60
            and not line.text.endswith(("”", "」"))
            and line.text.count("。") <= 1
            and not re.search(r"说|表示|指出|认为|介绍|记者|“", line.text)
        )
    if len(line.text) > 250 or re.search(r"[.!?] [A-Z“\"]", line.text) or re.search(r"[“\"]", line.text):
        return False
    if _PLACE_AND_DATE.search(line.text):
        return True
    return not _FINITE.search(line.text) and (bool(_PARTICIPLE.search(line.text)) or not line.stopped)


_NUMBER = re.compile(r"\A[（(]?[一二三四五六七八九十\d]{1,3}[、）)]")


def _pull_quotes(text: str, lines: list[_Line]) -> None:
    spans = [(line.start, line.end) for line in lines]
    for index, passage in find_repeats(text, spans, [line.story for line in lines]).items():
        if _NUMBER.match(lines[index].text):
            # A heading that a table of contents has too.
            continue
        lines[index] = replace(lines[index], kind="pull-quote", repeats=passage)
        below = index + 1
        if below < len(lines) - 1 and lines[below].kind is None and _is_speaker(lines[below]):
            lines[below] = replace(lines[below], kind="pull-quote", repeats=passage)


def _is_speaker(line: _Line) -> bool:
    """Whether a line below a pull quote is who said it: “Lin Shu, village head”."""
    plain = line.text.lstrip("—–-―─ ")
    if line.stopped or re.search(r"[,:，：]\Z", plain):
        return False
    if line.lang == "zh":
        return len(plain) <= 16 and (plain != line.text or is_name(re.split(r"[\s　，,]", plain)[-1]))
    words = plain.split()
    capitals = sum(word[0].isupper() for word in words)
    return len(words) <= 10 and (plain != line.text or (capitals >= 2 and 2 * capitals >= len(words)))


_SAYING = re.compile(r"(说|表示|称|指出|认为|介绍|道|透露|强调|回忆|坦言|解释)\Z")


def _subheadings(lines: list[_Line]) -> None:
    found = [index for index in range(1, len(lines) - 1) if _is_subheading(lines, index)]
    asking = [index for index in found if lines[index].text.endswith(("?", "？"))]
    for index in found:
        # One question by itself can be the author's; a row of them is an explainer.
        if index not in asking or len(asking) > 1:
            dated = _is_dateline(lines[index].text, lines[index].lang, first=True)
            lines[index] = replace(lines[index], kind="dateline" if dated else "headline")


def _is_subheading(lines: Sequence[_Line], index: int) -> bool:
    """Whether a line is a short one, and no sentence, between paragraphs of the story."""
    line, before, after = lines[index], lines[index - 1], lines[index + 1]
    text, lang = line.text, line.lang
    if line.kind is not None or len(text) > _SUBHEADING_MAX[lang] or line.lang != after.lang:
        return False
    if not (after.story and after.stopped and after.end - after.start >= max(_PARAGRAPH_MIN[lang], 2 * len(text))):
        return False
    # After a line without a stop it is one of a list.
    if (before.story and not before.stopped) or before.kind == "headline":
        return False
    if lang == "zh":
        # “一、” and one colon are a heading's own.
        plain = _NUMBER.sub("", text).replace("：", "", 1)
        return (
            bool(re.search(rf"[{HAN}].*[{HAN}]", plain))
            and not re.search(r"[。；;，,：:、…!！.]|[—–-]\Z", plain)
            and (text[-1] not in "”’」』" or text[0] in "“‘「『")
            and not text.endswith(("：", ":"))
            and not _SAYING.search(text)
        )
    words = text.split()
    return (
        len(words) <= 12
        and (words[0][0].isupper() or words[0][0].isdigit() or words[0][0] in "‘“'\"")
        and bool(re.search(r"[A-Za-z]{2}", text))
        and not re.search(r"[.,;:!…–—-][”’\"')]*\Z|\. |https?:|www\.|[@#=|]|\b(said|says|told|added)\b", text)
        and not (text[-1] in '”"’' and text[0] not in "“\"‘'")
    )
