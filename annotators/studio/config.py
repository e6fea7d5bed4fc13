"""The labelling configuration of Label Studio (XML) and the project's instruction, made from a label scheme.

The controls of a language are named after it (`label_en`, `type_zh`). A label, choice or area has the scheme's name as
`alias`, which is what Label Studio stores and exports, and is shown by its names in both languages.

Three habits of Label Studio decide the rest:

* A control belongs to one text, so that each language has its own; both get the same hotkeys, of which the one that
  belongs to the selected region takes effect. The other leaves a result without meaning on a claim of the other
  language, which `annotators.studio.convert` passes over.
* A choice without a hotkey is given one, and hotkeys also act on choices out of sight. The policy areas are a
  taxonomy for that reason: its items have none. `whenLabelValue` on each attribute keeps it off entities.
* `alias` decides what is exported only after a change: a prediction must hold the alias as well, never the shown name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from xml.sax.saxutils import quoteattr

from corpus.document import AUTHOR, Lang
from corpus.scheme import Label, RelationLabel, Scheme

VERSION = 1
"""Changes whenever the names of controls do."""

LANGUAGE_NAMES: dict[Lang, str] = {"en": "English 英文", "zh": "中文 Chinese"}

LABEL, TYPE, STANCE, AREA, VOICE, CLAIMANT, TARGETS = "label", "type", "stance", "area", "voice", "claimant", "targets"
"""The controls of a language; their names in the configuration end in `_en` or `_zh`."""

VOICE_HOTKEY = "z"


def control(name: str, lang: Lang) -> str:
    """The name of a control of one language.

    >>> control(LABEL, "zh")
    'label_zh'
    """
    return f"{name}_{lang}"


def shown(label: Label | RelationLabel, lang: Lang = "en") -> str:
    """Both names of a label, the one in `lang` first.

    >>> shown(Label("FIRM", "Firm", "企业"), "zh")
    '企业 Firm'
    """
    first, second = (label.en, label.zh) if lang == "en" else (label.zh, label.en)
    return first if first == second else f"{first} {second}"


def relation_value(relation: RelationLabel) -> str:
    """What Label Studio shows and stores for a relation label, which can have no alias: its name and its Chinese name.

    >>> relation_value(RelationLabel("same_as", "Same as", "同指", "entity", "entity"))
    'same_as 同指'
    """
    return relation.name if relation.zh in ("", relation.name) else f"{relation.name} {relation.zh}"


def labeling_config(scheme: Scheme, langs: Sequence[Lang] = ("en", "zh")) -> str:
    """The configuration for articles in `langs`, side by side in that order.

    >>> labeling_config(_example(), ["zh"]).count("<Text ")
    1
    """
    lines = [
        '<View className="hemu">',
        f"<Style>{escape(_style(), quote=False)}</Style>",
        '<View className="hemu-columns">',
        *(line for lang in langs for line in _column(scheme, lang)),
        "</View>",
        *(line for lang in langs for line in _claim_panel(scheme, lang)),
        "<Relations>",
        *(_tag("Relation", value=relation_value(relation)) for relation in scheme.relations),
        "</Relations>",
        "</View>",
    ]
    return "\n".join(lines)


def _style() -> str:
    return (resources.files("annotators.studio") / "style.css").read_text(encoding="utf-8").strip()


def _column(scheme: Scheme, lang: Lang) -> Iterable[str]:
    yield '<View className="hemu-column">'
    yield '<View className="hemu-bar">'
    yield _tag("Header", value=LANGUAGE_NAMES[lang], size="4")
    yield _open("Labels", name=control(LABEL, lang), toName=lang, choice="single", showInline="true")
    for label in (*scheme.labels, scheme.claim):
        yield _tag(
            "Label",
            # What stands beside a marked word: short, and in the language of the text.
            value=label.en if lang == "en" else label.zh,
            alias=label.name,
            html=escape(shown(label, lang)),
            hint="\n".join(text for text in (label.guideline_en, label.guideline_zh) if text),
            hotkey=label.hotkey,
            background=label.color,
        )
    yield "</Labels>"
    yield "</View>"
    yield f'<View className="hemu-text hemu-{lang}">'
    yield _tag("Text", name=lang, value=f"$text_{lang}", granularity="symbol", showLabels="true")
    yield "</View>"
    yield "</View>"


def _claim_panel(scheme: Scheme, lang: Lang) -> Iterable[str]:
    claim = scheme.claim
    region = {"toName": lang, "perRegion": "true", "whenLabelValue": claim.name}
    yield _open(
        "View",
        className="hemu-claim",
        visibleWhen="region-selected",
        whenTagName=control(LABEL, lang),
        whenLabelValue=claim.name,
    )
    for name, title, values in (
        (TYPE, "Type 类型", scheme.claim_types),
        (STANCE, "Stance 立场", scheme.stances),
    ):
        yield from _row(title)
        yield _open(
            "Choices",
            name=control(name, lang),
            choice="single-radio",
            showInline="true",
            # Submitting a claim without it selects that claim and says so.
            required="true",
            requiredMessage=f"This claim needs: {title}  请填写该主张的{title.split()[-1]}",
            **region,
        )
        for value in values:
            yield _tag("Choice", value=shown(value, lang), alias=value.name, hotkey=value.hotkey)
        yield "</Choices>"
        yield "</View>"
    yield from _row("Claimant 主张者")
    yield _open("Choices", name=control(VOICE, lang), choice="multiple", showInline="true", **region)
    yield _tag("Choice", value="Author 作者", alias=AUTHOR, hotkey=VOICE_HOTKEY)
    yield "</Choices>"
    yield _note(
        CLAIMANT,
        lang,
        "or an arrow to the mention (Alt+R), or in words 或按 Alt+R 连至提及处，或写明",
        maxSubmissions="1",
        **region,
    )
    yield "</View>"
    yield from _row("Area 领域")
    yield _open(
        "Taxonomy",
        name=control(AREA, lang),
        maxUsages="1",
        leafsOnly="true",
        placeholder="Policy area 政策领域",
        **region,
    )
    for value in scheme.policy_areas:
        yield _tag("Choice", value=shown(value, lang), alias=value.name)
    yield "</Taxonomy>"
    yield _header("Targets 目标")
    yield _note(TARGETS, lang, "value | unit | by   数值 | 单位 | 期限", **region)
    yield "</View>"
    yield "</View>"


def _row(title: str) -> Iterable[str]:
    yield '<View className="hemu-row">'
    yield _header(title)


def _header(title: str) -> str:
    return _tag("Header", value=title, size="5")


def _note(name: str, lang: Lang, placeholder: str, **region: str) -> str:
    return _tag("TextArea", name=control(name, lang), rows="1", editable="true", placeholder=placeholder, **region)


def instruction(scheme: Scheme) -> str:
    """What annotators read before they begin, in English and Chinese (HTML).

    >>> "企业" in instruction(_example())
    True
    """
    rows = "".join(
        f"<tr><td><b>{escape(label.hotkey)}</b></td><td><b>{escape(label.en)}</b> {escape(label.zh)}</td>"
        f"<td>{escape(label.guideline_en)}<br>{escape(label.guideline_zh)}</td></tr>"
        for label in (*scheme.labels, scheme.claim)
    )
    relations = "; ".join(
        f"<b>{escape(relation_value(r))}</b>: {escape(r.head)} → {escape(r.tail)}" for r in scheme.relations
    )
    types = ", ".join(f"{escape(t.hotkey)} {escape(shown(t))}" for t in scheme.claim_types)
    stances = ", ".join(f"{escape(s.hotkey)} {escape(shown(s))}" for s in scheme.stances)
    return (
        "<p>Correct what is marked already, add what is missing, then submit. Press a label's key, then select the "
        "words; to change a mark, click it and press another key; Backspace deletes it.<br>"
        "请改正已有标注，补上遗漏，然后提交。先按标签快捷键，再选中文字；要修改标注，点选后按另一快捷键；退格键删除。</p>"
        f"<table>{rows}</table>"
        "<p>Click a claim to set its attributes. 点选政策主张后填写其属性。<br>"
        f"Type 类型: {types}. Stance 立场: {stances}.<br>"
        "Claimant: a relation to the mention, or the author's own voice. 主张者：连线到所提及者，或选“作者自述”。</p>"
        f"<p>Relations: click the first mark, press Alt+R, click the second. 连线：点选起点，按 Alt+R，再点选终点。<br>{relations}</p>"
    )


def _open(tag: str, **attributes: str) -> str:
    return f"<{tag}{_attributes(attributes)}>"


def _tag(tag: str, **attributes: str) -> str:
    return f"<{tag}{_attributes(attributes)}/>"


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(
        f" {name}={quoteattr(value, {chr(10): '&#10;'})}" for name, value in attributes.items() if value != ""
    )


def _example() -> Scheme:
    from corpus.scheme import load_scheme

    return load_scheme()
