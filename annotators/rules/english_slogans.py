"""Programmes in English that no capital letter shows: numbered slogans, doctrines, goals and named systems.

Translators write them in many ways ("Four Consciousnesses", "four-awareness", "the four matters of confidence"), so the
forms are patterns over word lists (annotators/data/english/slogans.toml).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from annotators.rules.english_lexicon import known_label, lexicon
from annotators.rules.english_text import Mention, Reading, fold

_QUOTED = re.compile(r"[“\"‘]([^“”\"‘’\n]{3,60}?)[,.]?[”\"’]")


@cache
def _lists() -> dict[str, Any]:
    path = resources.files("annotators") / "data" / "english" / "slogans.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _any(key: str) -> str:
    return "|".join(sorted(map(re.escape, _lists()[key]), key=len, reverse=True))


def slogans(reading: Reading) -> Iterator[Mention]:
    """All programmes of these kinds; they may overlap one another, the longest is meant.

    >>> from annotators.rules.english_text import read
    >>> text = "They keep to the “six-guarantee” and the first centenary goal."
    >>> sorted({text[m.start : m.end] for m in slogans(read(text))})
    ['first centenary goal', 'six-guarantee']
    """
    text = reading.text
    yield from _quoted_counts(text)
    yield from _quoted_systems(text)
    if _CHINA.search(text):
        for match in _VILLAGES.finditer(text):
            yield Mention(*match.span(), "POLICY", 0.75)
    for pattern in _patterns():
        for match in pattern.finditer(text):
            yield Mention(*match.span(1), "POLICY", 0.8)
    yield from _carried_out(text)
    yield from _treaties(text)


_CHINA = re.compile(
    r"\b(?:China|Chinese|CPC|Xi|Beijing|Party [Cc]ommittee|[A-Z][a-z]+ (?:[Pp]rovince|Autonomous Region|County|Prefecture))\b"
)
# 乡村振兴 and 脱贫攻坚 as translators put them; a bureau or a law of that name is another thing.
_VILLAGES = re.compile(
    r"(?<![\w-])(?:[Rr]ural (?:re)?vitali[sz]ation|(?:targeted |precise )?poverty (?:alleviation|relief|eradication))(?: strategy)?(?![\w-])"
    r"(?! (?:bureau|office|department|administration|law|fund|Bureau|Office|Department|Law))"
)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    numbers, ordinal = _any("numbers"), r"(?:first|second|two|1st|2nd)"
    era = r"(?: (?:for|in|of) (?:a|the) new era)?"
    socialism = r"socialism with chinese characteristics"
    return (
        # Four Consciousnesses, four-sphere confidence: what is counted shows the slogan.
        re.compile(
            rf"(?<![\w-])((?:{numbers})(?:[- ]?fold)?[- ](?:matters of |sphere[- ]|-)?(?:{_any('counted')}))(?![\w-])"
            r"(?! (?:in|of) the (?:\w+ )?(?:market|region|economy))(?=[”\"’]|,| and\b|\.|;|\n| (?:work|tasks?|polic)|$)",
            re.I,
        ),
        re.compile(
            r"(?<![\w-])(Xi Jinping(?:['’]s)?,? thoughts?(?: (?:on|of) (?:"
            rf"{socialism}{era}|ecological civili[sz]ation|diplomacy|economy|culture|the rule of law|strengthening the (?:military|army)))?)(?![\w-])",
            re.I,
        ),
        re.compile(
            rf"(?<![\w-])((?:the )?thought (?:on|of) {socialism}{era}|{socialism} of Xi Jinping{era})(?![\w-])", re.I
        ),
        re.compile(
            r"(?<![\w-])((?:Mao Zedong Thought|Deng Xiaoping Theory|(?:Theory|Thought) of Three Represents))(?![\w-])"
        ),
        re.compile(
            rf"(?<![\w-])((?:{ordinal} )(?:centenary|centennial|century|100[- ]year|hundred[- ]year)(?: \w+)? (?:{_any('goals')}))(?![\w-])",
            re.I,
        ),
        re.compile(
            r"(?<![\w-])(peak(?:ing)?(?: of)? carbon(?: dioxide)? emissions?|carbon(?: dioxide)?(?: emissions?)?[- ]peak(?:ing)?"
            r"|peak carbon(?: dioxide)?(?! emissions)|carbon neutrality(?: and carbon[- ]peak\w*(?= goals?))?)(?![\w-])(?! action plan)",
            re.I,
        ),
        re.compile(
            r"(?<![\w-])((?:seek(?:ing)?|mak(?:e|ing)|pursu(?:e|ing)|achiev(?:e|ing)) (?:for )?(?:steady )?(?:progress|improvements?|advances?)"
            r" (?:in|with|amid|amidst|(?:while|and) (?:maintaining|ensuring|keeping|preserving)) (?:overall )?stability)(?![\w-])",
            re.I,
        ),
        re.compile(
            r"(?<![\w-])((?:comprehensive(?:ly)? |finish(?:ing)? |complet(?:e|ing|ion of) (?:the )?)*(?:build(?:ing)? )(?:of )?a"
            r" moderately prosperous society(?: in all respects)?)(?![\w-])",
            re.I,
        ),
        re.compile(r"(?<![\w-])(new development (?:pattern|paradigm|philosophy|concepts?|dynamic))(?![\w-])", re.I),
        re.compile(rf"(?<![\w-])((?:{_any('chiefs_of')}) (?:{_any('chiefs')}) (?:system|scheme))(?![\w-])", re.I),
        re.compile(
            r"(?<![\w-])((?:(?:modern|enterprise|new-type|dual) )+apprenticeship (?:system|scheme))(?![\w-])", re.I
        ),
        re.compile(
            r"(?<![\w-])((?:new(?:-type)? )?rural co-?operative medical (?:scheme|system|insurance)|household contract responsibility system)(?![\w-])",
            re.I,
        ),
        re.compile(
            r"(?<![\w-])((?:dynamic )?zero[- ](?:covid|covid-19|tariff|case)(?:-19)?[- ](?:policy|strategy|approach))(?![\w-])",
            re.I,
        ),
        re.compile(
            rf"(?<![\w-])((?:(?:{numbers}|\d+)-point (?:decision|rules?|regulations?|frugality code|code|austerity rules?)"
            rf"|(?:{numbers}|\d+)-year fishing (?:ban|moratorium)))(?![\w-])",
            re.I,
        ),
        re.compile(
            r"(?<![\w-])((?:[A-Z][a-z]+ )?Bill (?:No\. ?)?(?:[A-Z]{1,2}-?)?\d{1,4}|Executive Order(?: No\.)? \d{4,5}|Proposition \d{1,3})(?![\w-])"
        ),
        re.compile(r"(?<![\w-])((?:UN |(?:UN )?Security Council |UNSC )?Resolution \d{3,4})(?![\w-])"),
        re.compile(
            r"(?<![\w-])((?:Outline|Proposals?|Recommendations?|Draft Outline) (?:of|for) the \d{1,2}th Five-Year Plan)(?![\w-])"
        ),
        re.compile(r"(?<![\w-])((?:Fit for 55|Vision 20\d\d|Agenda 20\d\d|(?:[A-Z][a-z]+ )+Vision 20\d\d))(?![\w-])"),
        re.compile(
            r"(?<![\w-])((?:first|second|third)[- ]pillar agreement|open[- ]door policy|Common Agricultural Policy)(?![\w-])",
            re.I,
        ),
    )


@cache
def _counted_words() -> re.Pattern[str]:
    return re.compile(rf"(?:{_any('numbers')})[- ](?P<rest>[A-Za-z][\w'’ ,-]*)", re.I)


_CUE_BEHIND = re.compile(
    r"\s*(?:policy|policies|strategy|goals?|targets?|principles?|work|tasks?|campaign|project|reform|initiative|concept|mechanism|approach|requirements|plan|theory)\b|,? (?:that is|namely|i\.e\.)",
    re.I,
)
_CUE_BEFORE = re.compile(
    r"\b(?:uphold\w*|implement\w*|strengthen\w*|boost\w*|adher\w+ to|carry\w* out|achiev\w+|deepen\w*|stick\w* to|advanc\w+|maintain\w*|reinforc\w+|enhanc\w+|follow\w*|practic\w+|practis\w+|pursu\w+|focus\w* on|put\w* forward|promot\w+|grasp\w*)"
    r"\s+(?:the\s+)?$",
    re.I,
)


def _quoted_counts(text: str) -> Iterator[Mention]:
    """What is quoted and counts: “three-high and four-new”; of one count, only what somebody upholds or carries out."""
    nothing = frozenset(_lists()["not_slogans"])
    numbers = frozenset(_lists()["numbers"])
    for match in _QUOTED.finditer(text):
        inner = _counted_words().fullmatch(match.group(1))
        if not inner:
            continue
        words = re.findall(r"[a-z'’]+", match.group(1).lower())
        counts = sum(word in numbers for word in words)
        if not 1 < len(words) <= 8 or nothing.intersection(words) or _VERBS.intersection(words):
            continue
        several = counts > 1 and words.count("one") < 2
        beside = words[0] != "one" and (
            _CUE_BEHIND.match(text, match.end()) or _CUE_BEFORE.search(text, max(0, match.start() - 30), match.start())
        )
        if several or beside:
            yield Mention(*match.span(1), "POLICY", 0.75)


_VERBS = frozenset({"is", "are", "was", "were", "to", "i", "we", "it", "he", "she", "they"})


@cache
def _doing() -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:{_any('carrying_out')})\b(?:\s+[\w-]+){{0,5}}\s+(?:the|a|an|its|this|what\s+\w+\s+calls?\s+the|so-called)?\s*$",
        re.I,
    )


def _quoted_systems(text: str) -> Iterator[Mention]:
    """A quoted system that somebody tries out or carries out, and the same words elsewhere in the text."""
    names: set[str] = set()
    for match in _QUOTED.finditer(text):
        name = match.group(1)
        words = name.split()
        if not 2 <= len(words) <= 6 or not re.search(r"(?:[a-z] |-)(?:system|mechanism|model|project|mode)$", name):
            continue
        if _doing().search(text, max(0, match.start() - 60), match.start()):
            names.add(name)
    for match in re.finditer(
        r"[“\"]([A-Z][\w'’-]*(?: [A-Z][\w'’-]*| of| and| for){1,5} (?:Project|Program|Programme|Scheme))[”\"]", text
    ):
        names.add(match.group(1))
    for name in sorted(names, key=len, reverse=True):
        for found in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.I):
            yield Mention(*found.span(), "POLICY", 0.75)


@cache
def _carrying() -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:{_any('carrying_out')}) (?:the )?(?P<name>(?:[A-Z][a-z]+ )?(?:[a-z]+(?:-[a-z]+)* ){{1,4}}?(?:{_any('programmes')}))(?![\w-])"
        r"(?! (?:of|for|to|that|which)\b)"
    )


def _carried_out(text: str) -> Iterator[Mention]:
    """A strategy in lower case that is carried out: "implement the talent development strategy", "Furong talent action plan"."""
    plain = frozenset(_lists()["plain"])
    lex = lexicon()
    for match in _carrying().finditer(text):
        start = match.start("name")
        words = match.group("name").split()
        head = 2 if words[-1] in ("plan", "program", "programme", "ban") else 1
        body = words[:-head]
        if not body or fold(body[0]) in lex.demonyms or fold(body[0]) in lex.places or set(body) & lex.function:
            continue
        if all(word in plain for word in body) or len(body) < 2 or set(body) & {"of", "its", "to", "by", "with"}:
            continue
        yield Mention(start, match.end("name"), "POLICY", 0.65)
    for match in _NAMED_PLAN.finditer(text):
        first = fold(match.group(1).split()[0])
        if first in lex.function | lex.demonyms | lex.places | lex.months or known_label(match.group(1).split()[0]):
            continue
        yield Mention(*match.span(1), "POLICY", 0.7)


_NAMED_PLAN = re.compile(
    r"(?<=[a-z,] )([A-Z][a-z]+ (?:[a-z]+ ){1,2}(?:action plan|action programme|action program|revitalization plan|talent plan|talent program))(?![\w-])"
)
_TREATY = re.compile(
    r"\b(?:the|a|an|new|their|signed|ratified) ((?:treaty|convention|protocol) (?:on|of|against|for) (?P<matter>[a-z][a-z,-]*(?: [a-z][a-z-]*){1,8}))"
)
_MATTER_ENDS = re.compile(
    r" (?:with|between|in|at|by|that|which|who|was|were|is|are|has|had|have|will|would|could|should|signed|from|after|before|when|while|as|to|during|on)\b.*$"
)


def _treaties(text: str) -> Iterator[Mention]:
    """A treaty in lower case that its matter names: "treaty on mutual legal assistance"."""
    for match in _TREATY.finditer(text):
        kind = match.start("matter") - match.start(1)
        name = match.group(1)[:kind] + _MATTER_ENDS.sub("", match.group("matter"))
        name = re.sub(r"(?: (?:and|or|of|the|a))+$", "", name).rstrip(",")
        if len(name.split()) >= 4:
            yield Mention(match.start(1), match.start(1) + len(name), "POLICY", 0.7)


_W = r"[A-Z][\w'’-]*"
_TITLE = re.compile(
    rf"(?<![\w-])(?P<name>(?:{_W} (?:and |& |(?:of|in|on|for|to|from|against) (?:the )?)?){{1,8}}(?P<head>Act|Bill|Directive|Regulation|Ordinance|Law|Agreement|Accord|Treaty|Pact|Initiative|Declaration|Action Plan|Strategy|Plan))(?![\w-])"
    r"(?! &)(?! (?:of|on|for|Enforcement|School|Firm|Society|Commission|Office|Department)\b)"
)
_WHO = frozenset(
    {
        "minister",
        "secretary",
        "parliament",
        "ministry",
        "department",
        "congress",
        "court",
        "president",
        "members",
        "member",
        "council",
        "bureau",
        "university",
    }
)


def act_titles(reading: Reading) -> Iterator[Mention]:
    """Acts and plans whose names hold small words or nothing but common ones: "Online News Act", "Markets in Data Regulation"."""
    lex, text = lexicon(), reading.text
    for match in _TITLE.finditer(text):
        start, name = match.start(), match.group("name")
        words = name.split()
        joined = bool(re.search(r" (?:in|to|from|against|&) ", name))
        strong = match.group("head") in ("Act", "Bill", "Directive", "Ordinance")
        while len(words) > 2 and (
            fold(words[0].rstrip(",")) in lex.function
            or (fold(words[0]),) in lex.titles
            or fold(words[0]) in lex.months
        ):
            start += len(words.pop(0)) + 1
            while text[start].isspace():
                start += 1
        name = text[start : match.end()]
        words = name.split()
        # Only what runs of capitals do not show: a name with a small word in it, or of common words alone.
        if (
            len(words) < 3
            or reading.in_title(start)
            or _WHO & {fold(w) for w in words[:-1]}
            or not text[start].isupper()
        ):
            continue
        if (
            "," in name
            or any((fold(w),) in lex.heads and lex.heads[fold(w),] == "POLICY" for w in words[:-2])
            or (joined and not strong and match.group("head") not in ("Regulation", "Initiative"))
        ):
            continue
        first = words[1] if words[0] == "The" else words[0]
        if joined and (
            fold(first) in lex.places or known_label(first) in ("PLACE", "OFFICIAL", "AGENCY", "FIRM", "ORG")
        ):
            continue
        if joined or strong:
            yield Mention(start, match.end(), "POLICY", 0.75)
    for match in _JOINED_PROGRAMME.finditer(text):
        if not reading.in_title(match.start()) and known_label(match.group(1).split()[0]) is None:
            yield Mention(*match.span(1), "POLICY", 0.7)


_JOINED_PROGRAMME = re.compile(
    rf"(?<=[a-z,] )({_W}(?: {_W}){{0,2}} (?:in|for|to|of) (?:the )?{_W}(?: {_W}){{0,3}}) (?:initiative|scheme|programme|program|campaign)(?![\w-])"
)
