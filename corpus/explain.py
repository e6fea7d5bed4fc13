"""What ingest made of an article, in lines for a terminal: `hemu ingest --explain`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

from corpus.clean import Change, Cleaned
from corpus.document import Block, Document, Lang
from corpus.language import runs
from corpus.script import script_of

_EXCERPT = 60
_LANGUAGES: dict[Lang, str] = {"en": "English", "zh": "Chinese"}
_SCRIPTS = {"hans": ", simplified characters", "hant": ", traditional characters", "": ""}
# So many switches inside paragraphs are listed; the others are counted.
_SWITCHES = 20


def explain(document: Document, cleaned: Cleaned) -> list[str]:
    """What cleaning changed, what each block is that is not the story, and where the language switches.

    The line numbers are those of the clean text, from 1. Control characters are written as escapes, so that the lines
    do a terminal no harm. Raises nothing.

    >>> from corpus.blocks import find_blocks
    >>> from corpus.clean import clean
    >>> cleaned = clean("河湾市扩大保障房供给\\r\\n河湾市今年将新建保障房。\\r\\n图为新建成的小区。 林岚 摄")
    >>> document = Document("rent.zh", "rent", "zh", cleaned.text, find_blocks(cleaned.text, "zh"))
    >>> print("\\n".join(explain(document, cleaned)))
    rent.zh: Chinese, simplified characters, 38 characters, 3 blocks (1 body, 1 caption, 1 headline)
      changed: 2 line ends (lines 1, 2)
      line 1, headline: 河湾市扩大保障房供给
      line 3, caption: 图为新建成的小区。 林岚 摄
    """
    breaks = [match.start() for match in re.finditer("\n", document.text)]
    lines = [_head(document)]
    lines += [f"  changed: {_change(change)}" for change in cleaned.changes] or ["  changed: nothing"]
    switches: list[str] = []
    for block in document.blocks:
        where = f"line {bisect_right(breaks, block.start) + 1}"
        told = f" in {_LANGUAGES[block.lang]}" if block.lang else ""
        if block.kind != "body" or told:
            lines.append(f"  {where}, {block.kind}{told}: {_excerpt(document.text, block.start, block.end)}")
        if block.repeats is not None:
            passage = f"line {bisect_right(breaks, block.repeats[0]) + 1}"
            lines.append(f"    repeats {passage}: {_excerpt(document.text, *block.repeats)}")
        switches += [f"  {where}, {switch}" for switch in _switches(document, block)]
    lines += switches[:_SWITCHES]
    if len(switches) > _SWITCHES:
        lines.append(f"  and {len(switches) - _SWITCHES} more switches of language")
    return lines


def _head(document: Document) -> str:
    script = _SCRIPTS[script_of(document.text)] if document.lang == "zh" else ""
    kinds = Counter(block.kind for block in document.blocks)
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    encoding = f", {_safe(said)}" if (said := document.meta.get("encoding")) else ""
    length = len(document.text)
    size = (
        f"{length:,} character{'s' * (length != 1)}, {len(document.blocks):,} block{'s' * (len(document.blocks) != 1)}"
    )
    return f"{_safe(document.id)}: {_LANGUAGES[document.lang]}{script}{encoding}, {size}" + (
        f" ({told})" if told else ""
    )


def _change(change: Change) -> str:
    what = change.what.removesuffix("s") if change.count == 1 else change.what.removesuffix("s") + "s"
    if not change.lines:
        return f"{change.count:,} {what}"
    named = ", ".join(map(str, change.lines))
    more = ", …" if change.count > len(change.lines) else ""
    return f"{change.count:,} {what} (line{'s' * (len(change.lines) > 1 or bool(more))} {named}{more})"


def _switches(document: Document, block: Block) -> list[str]:
    """The stretches inside a paragraph that are in the other language than the paragraph."""
    text = document.text[block.start : block.end]
    lang = block.lang or document.lang
    return [
        f"{_LANGUAGES[other]} inside {_LANGUAGES[lang]}: {_excerpt(text, start, end)}"
        for start, end, other in runs(text, lang)
        if other != lang
    ]


def _excerpt(text: str, start: int, end: int) -> str:
    if end - start <= _EXCERPT:
        return _safe(text[start:end])
    half = _EXCERPT // 2
    return f"{_safe(text[start : start + half])} … {_safe(text[end - half : end])}"


def _safe(text: str) -> str:
    """`text` with whatever a terminal would act on, or cannot show, as an escape."""
    return "".join(c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode("ascii") for c in text)
