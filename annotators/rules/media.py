"""Platforms as a mere medium: what somebody posts on Instagram (在微博上) is no mention of a firm."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources

Spans = tuple[tuple[int, int], ...]


@cache
def _names(lang: str) -> frozenset[str]:
    path = resources.files("annotators") / "data" / "gazetteer.toml"
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8"))[lang]["platforms"])


@cache
def platforms() -> frozenset[str]:
    """The platforms of both lists."""
    return _names("zh") | _names("en")


def _platforms(lang: str) -> str:
    return "|".join(sorted(map(re.escape, _names(lang)), key=len, reverse=True))


@cache
def _chinese() -> re.Pattern[str]:
    names = f"(?:{_platforms('zh')}|{_platforms('en')})"
    quoted = rf"[“「《]?\s?(?P<name>{names})\s?[”」》]?\s?"
    place = r"(?:社交(?:媒体|平台|网站|软件)|短视频平台|电商平台|视频网站|平台|个人|官方|自己的|其)?\s?"
    return re.compile(
        rf"(?:在|于|通过|从|用|经由|借助|转至){place}{quoted}(?:个人|官方)?(?:账号|账户|帐号|帐户|平台|主页|直播间|朋友圈|页面)?"
        r"(?:上|里|中|发|写|直播|开直播|晒|留言|回应|分享|表示|宣布|卖|搜索|看到|转发|公布|呼吁|找|联系|了解|得知|曝|传|联络|聊|订|下单|买|销|学|结识|认识)"
        rf"|通过{place}[“「《]?(?P<by>{names})[”」》]?(?!公司|集团|母公司|股份|的母公司)",
        re.IGNORECASE,
    )


@cache
def _english() -> re.Pattern[str]:
    # A ban on TikTok, pressure on Facebook: the firm is meant.
    meant = (
        r"(?<!\bban )(?<!\bbans )(?<!\bfine )(?<!\bfines )(?<!\btax )(?<!\bpressure )(?<!\battack )(?<!\bimposed )"
        r"(?<!restrictions )(?<!\bcrackdown )(?<!\bblock )(?<!sanctions )(?<!\blevied )(?<!\bfocus )(?<!\brules )(?<!lawsuit )(?<!limits )"
    )
    return re.compile(
        rf"{meant}\b(?:[Oo]n|[Vv]ia|[Oo]ver)\s+(?:(?:his|her|its|their|the|official|social media platforms?|platforms?|China['’]s|messaging app)\s+){{0,3}}"
        rf"[“\"]?(?P<name>{_platforms('en')})[”\"]?(?![\w-]|['’]s\s+(?!(?:page|account)))(?!\s+(?:Inc|to\s|for\s))"
    )


@lru_cache(maxsize=16)
def medium_spans(text: str, lang: str) -> Spans:
    """Where a platform is no more than the medium of what is said, in "en" or "zh".

    >>> text = "She wrote on Twitter that Twitter had sacked her."
    >>> [text[a:b] for a, b in medium_spans(text, "en")], medium_spans(text, "en")[0][0]
    (['Twitter'], 13)
    """
    pattern = _chinese() if lang == "zh" else _english()
    return tuple(match.span("name") if match.group("name") else match.span("by") for match in pattern.finditer(text))
