"""What only the makers of a dataset know: `[dataset.about]` of hemu.toml, and the licences that have an address.

    [dataset.about]
    creators = ["Li Wen", "{Policy Lab, University of Somewhere}"]
    contact = "li.wen@example.org"
    motivation = "To compare what is promised at home and abroad."

Nothing of it must be there. The card and the datasheet say what is, and "not stated by its makers" of what is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from corpus.dataset.manifest import Manifest
from corpus.errors import WorkspaceError
from corpus.store import CONFIG, Workspace

FIELDS: Mapping[str, str] = {
    "title": "What the dataset is called where people read, if not by its name.",
    "description": "A sentence or two on what it is.",
    "creators": "Who made it: a list of people; a group in braces, as in BibTeX.",
    "contact": "Whom to write to.",
    "url": "Where it is published.",
    "doi": "Its DOI.",
    "published": "The day of publication (2025-03-01).",
    "publisher": "Who publishes it.",
    "motivation": "What it was made for, and which gap it fills.",
    "funding": "Who paid for it.",
    "collection": "How the articles were obtained.",
    "sampling": "Which articles were chosen, of which, and how.",
    "timeframe": "When the articles were collected and annotated.",
    "annotator_background": "Who the annotators are: training, languages; never names.",
    "guidelines": "Where the annotation guidelines are.",
    "pay": "How annotators were paid.",
    "review": "Ethical review: by whom, with what outcome.",
    "consent": "Whether those whom the texts name, and the publishers, know and agree.",
    "impact": "What the dataset may do to people whom it names, and what was weighed.",
    "confidential": "Whether anything in it is confidential.",
    "offensive": "Whether anything in it may offend.",
    "sensitive": "Whether it tells sensitive things of people.",
    "missing": "What is missing, and why.",
    "raw": "Whether the articles as they were obtained are kept, and where.",
    "used": "What it has been used for.",
    "papers": "Where papers that use it are listed.",
    "uses": "What else it can be used for.",
    "unsuitable": "What it should not be used for.",
    "distribution": "To whom it is given, and how.",
    "restrictions": "Rights of others, export controls, and the like.",
    "maintenance": "Who keeps it, and where.",
    "errata": "Where errors are listed.",
    "updates": "Whether and how often it is updated, and how users learn of it.",
    "retention": "How long it may be kept, and who sees to that.",
    "contributions": "How others can extend it.",
}

About = Mapping[str, str | list[str]]


def about(workspace: Workspace) -> dict[str, str | list[str]]:
    """`[dataset.about]` of a workspace, checked; it goes into `Manifest.extra["about"]`.

    Raises WorkspaceError where a name is none of `FIELDS`, or a value is of the wrong kind.
    """
    where = f"{workspace.root / CONFIG}: [dataset.about]"
    section = workspace.config.get("dataset", {})
    given = section.get("about", {}) if isinstance(section, Mapping) else {}
    if not isinstance(given, Mapping):
        raise WorkspaceError(f"{where} is {given!r}; expected a table")
    found: dict[str, str | list[str]] = {}
    for name, value in given.items():
        if name not in FIELDS:
            raise WorkspaceError(f"{where} {name}: no such field; there are: {', '.join(FIELDS)}")
        found[name] = _checked(f"{where} {name}", name, value)
    return {name: value for name, value in sorted(found.items()) if value}


def about_of(manifest: Manifest) -> dict[str, str | list[str]]:
    """What the manifest has of `[dataset.about]`."""
    given = manifest.extra.get("about")
    return {str(k): v for k, v in given.items() if v} if isinstance(given, Mapping) else {}


def said(about: About, name: str) -> str:
    """A field as one text, "" where it is not stated."""
    value = about.get(name, "")
    return value if isinstance(value, str) else "; ".join(value)


def creators(about: About) -> list[tuple[str, bool]]:
    """The name of each creator, and whether it is a group (which is in braces)."""
    value = about.get("creators", [])
    names = [value] if isinstance(value, str) else value
    stripped = [name.strip() for name in names]
    return [(name.strip("{}").strip(), name.startswith("{")) for name in stripped if name.strip("{} ")]


def _checked(where: str, name: str, value: Any) -> str | list[str]:
    if name == "creators":
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise WorkspaceError(f'{where} is {value!r}; expected a list of names, such as ["Li Wen"]')
        return list(values)
    if name == "published":
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if not isinstance(value, str) or not _is_day(value):
            raise WorkspaceError(f'{where} is {value!r}; expected a day, such as "2025-03-01"')
    if not isinstance(value, str):
        raise WorkspaceError(f"{where} is {value!r}; expected text in quotes")
    if name == "url" and not re.fullmatch(r"https?://[^\s<>\"']+", value):
        raise WorkspaceError(f'{where} is {value!r}; expected an address, such as "https://example.org/data"')
    return value


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


# ---- licences

# As the Hugging Face Hub writes them: as SPDX does. Those that datasets come under; others are named in full.
_SPDX = {
    name.lower(): name
    for name in (
        *("CC0-1.0", "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0"),
        *("CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0"),
        *("CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "PDDL-1.0", "ODbL-1.0", "ODC-By-1.0"),
        *("CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "MIT", "Apache-2.0", "BSD-3-Clause"),
        *("GPL-3.0-only", "AGPL-3.0-only", "Unlicense"),
    )
}
# The Hub's own names where they are not those of SPDX.
_HUB = {
    "pddl-1.0": "pddl",
    "odbl-1.0": "odbl",
    "odc-by-1.0": "odc-by",
    "gpl-3.0-only": "gpl-3.0",
    "agpl-3.0-only": "agpl-3.0",
}
_FROM_HUB = {hub: spdx for spdx, hub in _HUB.items()}
UNSTATED = ("", "other", "unknown")


def hub_licence(licence: str) -> str:
    """The licence as the Hub names it, "other" where it has no name there.

    >>> hub_licence("CC-BY-4.0"), hub_licence("ours")
    ('cc-by-4.0', 'other')
    """
    name = licence.strip().lower()
    name = _FROM_HUB.get(name, name)
    return _HUB.get(name, name) if name in _SPDX else "other"


def licence_url(licence: str) -> str:
    """Where the licence can be read: the address that it is, its page at SPDX, or "".

    >>> licence_url("cc-by-4.0")
    'https://spdx.org/licenses/CC-BY-4.0.html'
    """
    name = licence.strip()
    if re.fullmatch(r"https?://[^\s<>\"'()]+", name):
        return name
    name = _FROM_HUB.get(name.lower(), name.lower())
    return f"https://spdx.org/licenses/{_SPDX[name]}.html" if name in _SPDX else ""
