"""The project that adjudicators work in: the labels of the scheme, and how what is agreed or not taken looks beside them.

Each label has two more names in it, which no key sets: `FIRM=` is a mark that all annotators agree on, pale and locked;
`FIRM?` is one that is not taken, grey. To take it, one selects it and presses the label's key.
"""

from __future__ import annotations

from xml.etree import ElementTree

from annotators.studio.config import LABEL, labeling_config, relation_value
from corpus.scheme import RelationLabel, Scheme

AGREED, NOT_TAKEN = "=", "?"
"""What follows a label's name on what all annotators agree on, and on what is proposed and not taken."""

SUFFIX = " · disputes"
LONGEST = 50
_GREY = "#c8c8c8"
# Label Studio gives a key to each label that has none; this one nobody presses.
_NO_KEY = "ctrl+alt+shift+f12"

_STYLE = """
.hemu-disputes { flex: 0 0 300px; position: sticky; top: 0; max-height: 86vh; overflow-y: auto; padding: 4px 0 260px 12px;
  border-left: 1px solid #c8c8d4; font-size: 13px; line-height: 1.45; }
.hemu-disputes h4 { margin: 0 0 6px; font-size: 13px; opacity: .75; }
.hemu-disputes ol { margin: 0; padding: 0; list-style: none; }
.hemu-disputes ol li { padding: 6px 0; border-top: 1px solid #dcdce4; }
.hemu-disputes ul { margin: 2px 0 0; padding: 0; list-style: none; }
.hemu-disputes ul li { padding: 0 0 0 18px; border: 0; text-indent: -18px; }
.hemu-disputes .who { opacity: .65; }
.hemu-disputes .taken { font-weight: 600; }
.hemu-disputes .before { color: #8a5a00; }
.hemu-text .htx-highlight[data-label$="?"] { outline: 1px dashed #777; outline-offset: -1px; }
"""


def title_of(project: str) -> str:
    """The title of the project that holds what is in dispute about another one, of 50 characters at most.

    >>> title_of("news"), len(title_of("n" * 50))
    ('news · disputes', 50)
    """
    return project[: LONGEST - len(SUFFIX)].rstrip() + SUFFIX


def dispute_config(scheme: Scheme) -> str:
    """The configuration: that of the annotators' project, with a list of what is in dispute beside the texts.

    >>> from corpus.scheme import load_scheme
    >>> dispute_config(load_scheme()).count('alias="PLACE?"')
    2
    """
    root = ElementTree.fromstring(labeling_config(scheme))
    style = root.find("Style")
    assert style is not None
    style.text = f"{style.text}\n{_STYLE}{_hidden(scheme)}"
    for labels in root.iter("Labels"):
        if not labels.get("name", "").startswith(f"{LABEL}_"):
            continue
        for label in list(labels):
            for suffix, mark in ((AGREED, "✓"), (NOT_TAKEN, "?")):
                twin = {
                    "value": f"{label.get('value')} {mark}",
                    "alias": f"{label.get('alias')}{suffix}",
                    "background": pale(label.get("background") or _GREY) if suffix == AGREED else _GREY,
                    "hotkey": _NO_KEY,
                }
                ElementTree.SubElement(labels, "Label", twin)
    for relations in root.iter("Relations"):
        for relation in scheme.relations:
            ElementTree.SubElement(relations, "Relation", {"value": not_taken(relation)})
    columns = next(view for view in root.iter("View") if view.get("className") == "hemu-columns")
    panel = ElementTree.SubElement(columns, "View", {"className": "hemu-disputes"})
    ElementTree.SubElement(panel, "Markdown", {"value": "$disputes"})
    return ElementTree.tostring(root, encoding="unicode")


def _hidden(scheme: Scheme) -> str:
    """The buttons of the further labels come after those of the scheme, and are not shown."""
    return f".hemu-bar .lsf-labels .lsf-label:nth-of-type(n + {len(scheme.labels) + 2}) {{ display: none; }}"


def not_taken(relation: RelationLabel) -> str:
    """What a relation that is proposed and not taken is called.

    >>> not_taken(RelationLabel("same_as", "Same as", "同指", "entity", "entity"))
    'same_as 同指 ?'
    """
    return f"{relation_value(relation)} {NOT_TAKEN}"


def pale(colour: str) -> str:
    """A colour (`#rrggbb`) mixed with three parts of white; any other is left as it is.

    >>> pale("#ff0000"), pale("red")
    ('#ffbfbf', 'red')
    """
    if len(colour) != 7 or not colour.startswith("#"):
        return colour
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{(part + 3 * 255) // 4:02x}" for part in parts)


INSTRUCTION = (
    "<p>Pale marks with ✓ are what all annotators agree on; they are locked. Coloured marks are in dispute and taken as "
    "they are now; grey marks with ? are in dispute and not taken. The list on the right says who marked what.<br>"
    "To take a grey mark, click it and press its label's key: what it overlaps gives way. To leave out a coloured one, "
    "click it and press Backspace. You can also mark anew, change labels and set a claim's attributes. An arrow with ? "
    "is not taken: name it without ? to take it. Then submit: what you leave as it is counts as your decision too.</p>"
    "<p>带 ✓ 的浅色标注为各标注者一致的部分，已锁定。彩色标注有争议，目前采用；带 ? 的灰色标注有争议，目前不采用。右侧列出每处由谁标注。<br>"
    "要采用灰色标注，点选后按其标签的快捷键，与之重叠的标注自动让位；要去掉彩色标注，点选后按退格键。也可重新标注、改标签、填写主张的属性。"
    "带 ? 的连线不采用，改为不带 ? 的名称即采用。最后提交：未改动之处也算作您的裁定。</p>"
)
