"""The places of the knowledge base that have a source: China's by code, cities and subdivisions of the world."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from knowledge_inputs import (
    INPUTS,
    Row,
    common_word,
    converter,
    general_names,
    marked,
    rows,
    tsv,
    unsure_english,
)

from corpus.pinyin import place_pinyin

LONG_NATIONS = (
    "满族|蒙古族|回族|藏族|苗族|彝族|壮族|侗族|瑶族|白族|傣族|黎族|畲族|水族|土族|羌族|怒族|土家族|布依族|哈尼族|傈僳族|拉祜族|佤族|纳西族|"
    "景颇族|布朗族|仡佬族|仫佬族|毛南族|撒拉族|保安族|东乡族|裕固族|哈萨克|哈萨克族|柯尔克孜|锡伯|塔吉克|达斡尔族|鄂温克族|鄂伦春族?|朝鲜族|"
    "独龙族|普米族|各族|联合|蒙古"
)
PEOPLES = re.compile(f"(?:{LONG_NATIONS})+$")


def short_name(name: str) -> str:
    """杭州 for 杭州市, 延边 for 延边朝鲜族自治州; "" where only one character would be left."""
    if name.endswith("林区") and name != "神农架林区":
        return name[:-1]
    if name.endswith("新区") and len(name) == 3:  # 清新区 is no new area
        return name[:-1]
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
KINDS_READ = {"市": "shi", "县": "xian", "区": "qu", "旗": "qi", "盟": "meng", "州": "zhou", "省": "sheng"}
REGIONS = {"15": "内蒙古", "45": "广西", "54": "西藏", "64": "宁夏", "65": "新疆"}


@cache
def exonyms() -> dict[str, list[str]]:
    """English names that are not pinyin, by short Chinese name, and those of provinces by their code."""
    with (INPUTS / "english_names.csv").open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {row["key"]: row["names"].split("|") for row in rows}


def china(sources: Path) -> Iterator[Row]:
    """Provinces, prefectures and counties by their codes (GB/T 2260), with English names from pinyin."""
    folder = sources / "cn_admin_geo"
    written = {name: english for _, name, _, english in tsv(folder / "admin_codes_zh_pinyin_en.tsv")}
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
        if name in ("市辖区", "县", "城区", "郊区", "矿区") or name.endswith("行政区划"):
            continue
        short, city = short_name(name), code.endswith("00")
        en, aliases = english_names(name, short, written.get(name, ""), city)
        unsure = bool(short) and (common_word(short) or (not city and (name[-1] == "区" or seen[short] > 1)))
        # A district name such as 和平区 or 新华区 is shared by many towns but is a name all the same.
        yield {
            "id": f"place/cn-{code}", "label": "PLACE", "en": en, "en_aliases": "|".join(aliases), "zh": name,
            "zh_aliases": ("?" if unsure else "") + short if short and short != name else "", "source": source,
        }  # fmt: skip


def english_names(name: str, short: str, written: str, city: bool) -> tuple[str, list[str]]:
    """The English name of a Chinese city or county and its other forms; short forms of counties need support."""
    if not short and "自治" in name:  # 鄂伦春自治旗 is the people's name and nothing more
        return written, []
    # 忠县 is Zhongxian or Zhong County
    bases = exonyms().get(short) or [place_pinyin(short) if short else place_pinyin(name)[: -len(KINDS_READ[name[-1]])]]
    if "自治" in name:
        kind = {"州": "Autonomous Prefecture", "县": "Autonomous County", "旗": "Autonomous Banner"}[name[-1]]
        formal = [f"{base} {kind}" for base in bases]
        if written.endswith(kind):
            formal.insert(0, written)
        loose = [f"{base} {kind.split()[1]}" for base in bases]
    else:
        longer = {"地区": "Prefecture", "林区": "Forestry District", "新区": "New Area"}.get(name.removeprefix(short))
        kind = longer or KINDS.get(name[-1], "")
        formal, loose = [f"{base} {kind}" for base in bases if kind], []
    mark = "" if city or name.endswith("市") else "?"
    shorts = [f"{mark}{base}" for base in bases] if short else []
    if not short:
        formal.insert(0, place_pinyin(name))
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
