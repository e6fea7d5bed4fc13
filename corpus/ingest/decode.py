"""From the bytes of a file to text: which encoding it is in, or why it is no text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# UTF-32 before UTF-16, whose little-endian mark its own begins with.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters, tab, line ends and form feed being none; more than a stray one in a hundred is no text.
_CONTROL_MAX = 0.01
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
_HAN = re.compile("[\u4e00-\u9fff]")


class NotTextError(ValueError):
    """The bytes are no text; the message says why in a few words."""


def decode(data: bytes) -> tuple[str, str]:
    """The text in `data` and the name of its encoding.

    A byte-order mark decides; else UTF-8 where it is that; else GB18030 where all that is not ASCII is punctuation as
    typed on a Chinese system; else, of GB18030 and Big5, the one in which the Chinese characters are mostly common
    ones; else Windows-1252 where few bytes are not ASCII. The mark is kept as U+FEFF.
    Raises NotTextError for binary data and for what is in none of these.

    >>> decode("浙江推进共同富裕".encode("gb18030"))
    ('浙江推进共同富裕', 'gb18030')
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return _checked(data.decode(encoding)), encoding
            except UnicodeDecodeError:
                raise NotTextError(f"begins with the mark of {encoding} but is not valid in it") from None
    if b"\0" in data:
        raise NotTextError("binary file (holds NUL bytes)")
    try:
        return _checked(data.decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        pass
    typed = _typed_in_chinese(data)
    if typed is not None:
        return _checked(typed), "gb18030"
    share, encoding, text = max(_legacy(data), default=(0.0, "", ""))
    if share >= _COMMON_MIN:
        return _checked(text), encoding
    if sum(byte >= 0x80 for byte in data) <= len(data) * 0.1:
        try:
            return _checked(data.decode("cp1252")), "cp1252"
        except UnicodeDecodeError:
            pass
    raise NotTextError("not text in UTF-8, UTF-16, GB18030, Big5 or Windows-1252; save it as UTF-8")


def _bytes(first: int, last: int) -> frozenset[bytes]:
    return frozenset(bytes([value]) for value in range(first, last + 1))


# The legacy encodings of Chinese, the character set whose rows are ordered by how common characters are, and the lead
# bytes of its common half (level 1). Text read in the wrong one is full of rare characters.
_LEGACY = (("gb18030", "gb2312", _bytes(0xB0, 0xD7)), ("big5", "big5", _bytes(0xA4, 0xC6)))
_COMMON_MIN = 0.6


def _legacy(data: bytes) -> Iterator[tuple[float, str, str]]:
    """For each legacy encoding that `data` is valid in: the share of common characters, its name, the text."""
    for encoding, character_set, common in _LEGACY:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        han = _HAN.findall(text)
        found = sum(character.encode(character_set, "ignore")[:1] in common for character in han)
        yield found / len(han) if han else 0.0, encoding, text


# The marks that an English text typed on a Chinese system has beside ASCII, at least one of them; and what else may
# come along. In GB18030 each is two bytes that no Windows-1252 text has side by side: “ is "¡°", ’ is "¡¯", ， is "£¬".
# The other way round, a Windows-1252 quotation mark (0x91 to 0x94) begins a rare Han character or is no GB18030 at all.
_TYPED = re.compile("[“”‘’—…·、。《》〈〉「」『』【】￥\uff01-\uff5e]")
_ALSO_TYPED = re.compile("[\x00-\x7f×°±℃‰€→■●◆★\u3000āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]")


def _typed_in_chinese(data: bytes) -> str | None:
    """The text in GB18030 where there is no Han character in it but Chinese-typed punctuation, else None."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    marks = _TYPED.sub("", text)
    return text if len(marks) < len(text) and not _ALSO_TYPED.sub("", marks) else None


def _checked(text: str) -> str:
    if len(_CONTROL.findall(text)) > len(text) * _CONTROL_MAX:
        raise NotTextError("binary file (holds control characters)")
    return text
