"""From the bytes of a file to text: which encoding it is in, or why it is no text.

Where neither a mark nor the form of UTF-8 decides, each encoding that the bytes are valid in is tried, and the text that
comes out is weighed by how common its characters are (in bits, as in data compression: a text of common characters is
short). The right reading has to be a likely text in itself, and clearly more likely than any other; else the file is
refused, since a text in the wrong encoding would be worse than none.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

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
CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""A control character other than white space."""
_WIDE = re.compile(r"[^\x00-\x7f]+")
# What is looked at of a large file, from the line on in which something beside ASCII first stands.
_SAMPLE = 1 << 20

# Encodings that are tried; of a family, whose members hardly differ, the likeliest, or the first of equal ones.
_FAMILIES = (("gb18030",), ("big5", "cp950", "big5hkscs"), ("cp1252",), ("utf-16-le",), ("utf-16-be",))
# A likely text has at most so many bits a character that is not ASCII, and some more in all where it is short. Chinese
# news has 10; another script read as Chinese, 13 and more. In an English text the Chinese is names, which are rarer.
_BITS_MAX_WESTERN = 10.5
_BITS_MAX_CHINESE = 11.7
_BITS_MAX_NAMES = 13
_NAMES_SHARE = 0.2
_SLACK = 6
# By how many bits a reading has to be more likely than another; in Windows-1252, than one that is not likely itself.
_MARGIN = 9
_MARGIN_WESTERN = 5
# More characters than these are not valid UTF-8 by chance.
_CHANCE_MAX = 8
# In Windows-1252, a text is English with a few quotation marks and accents.
_CP1252_SHARE = 0.1


class NotTextError(ValueError):
    """The bytes are no text; the message says why in a few words."""


def decode(data: bytes) -> tuple[str, str]:
    """The text in `data` and the name of its encoding.

    A byte-order mark decides; else UTF-8 where it is that; else, of GB18030 (which holds GB2312 and GBK), Big5 (with
    the additions of Windows and Hong Kong), Windows-1252 and UTF-16, the one in which the text is clearly the most
    likely. The mark is kept as U+FEFF, save in UTF-16 and UTF-32, whose decoders take it.
    Raises NotTextError for binary data, for what is in none of these, and for what could be in two.

    >>> decode("浙江推进共同富裕".encode("gb18030"))
    ('浙江推进共同富裕', 'gb18030')
    """
    encoding = _encoding(data, final=True)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotTextError(f"begins in {encoding} but is not valid in it (byte {error.start})") from None
    return _checked(text), encoding


def decode_beginning(data: bytes) -> str:
    """The encoding of a file of rows that begins with `data`, which may end within a character.

    UTF-8 with a few broken characters counts as UTF-8, since they spoil single rows. Else raises as `decode` does.
    """
    try:
        encoding = _encoding(data, final=False)
    except NotTextError:
        if b"\0" in data or not _broken(data):
            raise
        encoding = "utf-8"
    _checked(codecs.getincrementaldecoder(encoding)("replace").decode(data))
    return encoding


def _encoding(data: bytes, *, final: bool) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            if not _valid(data, encoding, final=final):
                raise NotTextError(f"begins with the mark of {encoding} but is not valid in it")
            return encoding
    utf8 = b"\0" not in data and _valid(data, "utf-8", final=final)
    if utf8 and not _could_be_chance(data):
        return "utf-8"
    readings = _readings(data if final else data[: len(data) - len(data) % 2])
    likely = [reading for reading in readings if reading.likely]
    if utf8:
        if not likely or likely[0].bits >= _weighed(data.decode("utf-8", "ignore"), "utf-8").bits + _MARGIN:
            return "utf-8"
        raise NotTextError(f"too short to tell whether it is in UTF-8 or {likely[0].encoding}; save it as UTF-8")
    if likely:
        best = likely[0]
        others = [other for other in readings if other.text != best.text]
        if all(other.bits - best.bits >= _margin(best, other) for other in others):
            return best.encoding
        two = " or ".join(other.encoding for other in readings[:2])
        raise NotTextError(f"too short to tell whether it is in {two}; save it as UTF-8")
    if b"\0" in data:
        raise NotTextError("binary file (holds NUL bytes)")
    if broken := _broken(data):
        raise NotTextError(f"UTF-8 with {broken} broken character{'s' * (broken > 1)} in it; repair the text")
    raise NotTextError("not text in UTF-8, UTF-16, GB18030, Big5 or Windows-1252; save it as UTF-8")


def _margin(best: _Reading, other: _Reading) -> int:
    return _MARGIN_WESTERN if best.encoding == "cp1252" and not other.likely else _MARGIN


def _broken(data: bytes) -> int:
    """How many broken characters there are in bytes that are mostly UTF-8; 0 where they are not that."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return broken if broken * 4 <= sum(map(len, _WIDE.findall(text))) else 0


def _could_be_chance(data: bytes) -> bool:
    """Whether bytes that are valid UTF-8 may be so by chance: as a few characters that do not belong together."""
    wide = ""
    for run in _WIDE.finditer(data.decode("utf-8", "ignore")):
        wide += run[0]
        if len(wide) > _CHANCE_MAX:
            return False
    scripts = set()
    for character in wide:
        if _bits_of(character) >= _OTHER and character not in _WESTERN:
            category = unicodedata.category(character)
            if category in ("Co", "Cn"):
                return True
            if category[0] in "LM":
                # Of some scripts (Tangut, say) Python knows no names.
                scripts.add(unicodedata.name(character, "other").split()[0])
            elif character < "\u00c0":
                scripts.add("sign")
    return len(scripts) > 1


def _valid(data: bytes, encoding: str, *, final: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, final)
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text that the bytes may stand for, how unlikely it is (in bits), and whether it is likely at all."""

    bits: float
    encoding: str
    text: str
    likely: bool


def _readings(data: bytes) -> list[_Reading]:
    """The texts that the bytes may stand for, the likeliest first."""
    # Whole lines, so that a sample begins and ends with a whole character; in UTF-16 an even number of bytes does it.
    wide = re.search(rb"[\x80-\xff]", data)
    begin = data.rfind(b"\n", 0, wide.start()) + 1 if wide else 0
    sample = data[begin:]
    if len(sample) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n", 0, _SAMPLE) + 1 or _SAMPLE]
    found = []
    for family in _FAMILIES:
        sixteen = family[0].startswith("utf-16")
        if sixteen and len(data) % 2:
            continue
        # The beginning, which has the same length: bits can only be compared for as many bytes.
        piece = data[: len(sample) - len(sample) % 2] if sixteen else sample
        members = []
        for encoding in family:
            try:
                text = codecs.getincrementaldecoder(encoding)().decode(piece)
            except UnicodeDecodeError:
                continue
            members.append(_weighed(text, encoding))
        if members:
            found.append(min(members, key=lambda reading: reading.bits))
    return sorted(found, key=lambda reading: reading.bits)


# Bits of a character that is not in the list of common Chinese ones. In Chinese, and (below) in Windows-1252.
_ASCII = 5
_RARE_HAN = 20
_OTHER = 18
_PRIVATE = 30
_MARKS_BITS = {
    6: "，。“”、",
    8: "‘’—…：；！？（）《》·「」『』　",
    10: "【】〈〉～％０１２３４５６７８９￥－．•●■◆★→℃",
    13: "①②③④⑤⑥⑦⑧⑨⑩×°±‰€＋／＆＄＝［］〔〕﹁﹂﹃﹄‧–○△□▲▼",
    18: "｛｝＂＇＿＜＞｜＠＃＊﹝﹞′″※§",
}
_LETTERS = re.compile("[\uff21-\uff3a\uff41-\uff5aāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüⅠ-Ⅻのァ-ヶぁ-ん]")
_WESTERN_BITS = {6: "“”‘’", 8: "—–…é•", 10: "£€§©®°·½\xa0àáèêëíîïñóôöúüçäåãøÉ™¼¾±¡¿"}


@lru_cache(maxsize=1)
def _bits() -> dict[str, int]:
    """How unlikely each character is in a Chinese text."""
    bits: dict[str, int] = {}
    for line in (resources.files("corpus") / "data" / "characters.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            number, characters = line.split(" ", 1)
            bits |= dict.fromkeys(characters, int(number))
    return bits | {mark: number for number, marks in _MARKS_BITS.items() for mark in marks}


_WESTERN = {mark: number for number, marks in _WESTERN_BITS.items() for mark in marks}


def _weighed(text: str, encoding: str) -> _Reading:
    runs = _WIDE.findall(text)
    counts = Counter("".join(runs))
    wide = counts.total()
    if encoding == "cp1252":
        # Characters that are not ASCII stand alone in English, but for a quotation mark beside a dash.
        bits = sum(count * _WESTERN.get(character, 13) for character, count in counts.items()) + 4 * (wide - len(runs))
        bits += 6 * len(_SYMBOL_IN_WORD.findall(text))
        most = _BITS_MAX_WESTERN if wide <= _CP1252_SHARE * len(text) else 0
    else:
        bits = sum(count * _bits_of(character) for character, count in counts.items())
        # A Han character beside a small letter is rare in Chinese, and the rule where it is an accented letter.
        bits += 3 * len(_HAN_AT_LETTER.findall(text))
        most = _BITS_MAX_NAMES if wide <= _NAMES_SHARE * len(text) else _BITS_MAX_CHINESE
    controls = len(CONTROL.findall(text))
    likely = "\0" not in text and controls <= len(text) * _CONTROL_MAX and bits <= most * wide + _SLACK
    return _Reading(bits + _ASCII * (len(text) - wide) + _PRIVATE * controls, encoding, text, likely)


_SYMBOL_IN_WORD = re.compile("(?<=[A-Za-z])[\xa1-\xbf×÷](?=[a-z])")
_HAN_AT_LETTER = re.compile("[\u4e00-\u9fff](?=[a-z])|[a-z](?=[\u4e00-\u9fff])")


def _bits_of(character: str) -> int:
    known = _bits().get(character)
    if known is not None:
        return known
    if "\u4e00" <= character <= "\u9fff":
        return _RARE_HAN
    if _LETTERS.match(character):
        return 14
    if "\ue000" <= character <= "\uf8ff" or character >= "\U00010000" or not character.isprintable():
        return _PRIVATE
    return _OTHER


def _checked(text: str) -> str:
    if len(CONTROL.findall(text)) > len(text) * _CONTROL_MAX:
        raise NotTextError("binary file (holds control characters)")
    return text
