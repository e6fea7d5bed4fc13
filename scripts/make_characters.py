#!/usr/bin/env python3
"""Write corpus/data/characters.txt: how common each Chinese character is, for telling encodings apart.

Counted in the word frequencies of jieba's dictionary (MIT), whose words OpenCC (Apache-2.0) also turns into Traditional.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import jieba
import opencc

ROOT = Path(__file__).resolve().parent.parent
# Rarer characters, of a share below two to the minus this, are left out.
RAREST = 17
CANTONESE, CANTONESE_BITS = "嘅咗喺佢哋嚟啲冇嘢瞓唔嗰咁乜晒畀揾睇攞噉嗌", 13
HEADER = """\
# How common Chinese characters are: bits (minus the binary logarithm of the share) and the characters of that many.
# Counted in the word frequencies of jieba 0.42.1 (dict.txt, MIT licence); traditional forms by way of OpenCC
# (Apache-2.0). Of a character that is in both scripts the more frequent use counts; rarer ones are left out.
# Added by hand, as of 13 bits: the characters of written Cantonese.
"""


def shares() -> dict[str, float]:
    """The share of each Han character among all, in Simplified or in Traditional, whichever is more."""
    lines = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    words = [(word, int(count)) for word, count, _ in (line.split(" ") for line in lines)]
    traditional = opencc.OpenCC("s2tw").convert("\n".join(word for word, _ in words)).split("\n")
    result: dict[str, float] = {}
    for forms in ([word for word, _ in words], traditional):
        counts: Counter[str] = Counter()
        for form, (_, count) in zip(forms, words, strict=True):
            for character in form:
                if "\u3400" <= character <= "\u9fff" or character == "〇":
                    counts[character] += count
        total = counts.total()
        for character, count in counts.items():
            result[character] = max(result.get(character, 0.0), count / total)
    return result


def main() -> None:
    """Write the file."""
    by_bits: dict[int, set[str]] = defaultdict(set)
    for character, share in shares().items():
        bits = math.ceil(-math.log2(share))
        if character in CANTONESE:
            bits = min(bits, CANTONESE_BITS)
        if bits <= RAREST:
            by_bits[bits].add(character)
    by_bits[CANTONESE_BITS] |= set(CANTONESE) - {c for bits in by_bits for c in by_bits[bits]}
    lines = [f"{bits} {''.join(sorted(by_bits[bits]))}\n" for bits in sorted(by_bits)]
    (ROOT / "corpus" / "data" / "characters.txt").write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
