"""The label scheme: what annotators mark, as data (`corpus/data/scheme.toml`, or a workspace's own)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from corpus.errors import SchemeError


@dataclass(frozen=True, slots=True)
class Label:
    """A value that annotators choose: `name` is stored, `en` and `zh` are shown."""

    name: str
    en: str
    zh: str
    color: str = "#888888"
    hotkey: str = ""
    guideline_en: str = ""
    guideline_zh: str = ""


@dataclass(frozen=True, slots=True)
class RelationLabel:
    """A relation label and what it may join: `head` and `tail` are "claim" or "entity"."""

    name: str
    en: str
    zh: str
    head: str
    tail: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """Entity labels, the claim label with its attribute values, and relation labels."""

    version: int
    labels: tuple[Label, ...]
    claim: Label
    claim_types: tuple[Label, ...]
    stances: tuple[Label, ...]
    policy_areas: tuple[Label, ...]
    relations: tuple[RelationLabel, ...]

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    def check_label(self, name: str) -> str:
        """`name` if it is an entity label, else SchemeError with the names there are.

        >>> load_scheme().check_label("FIRM")
        'FIRM'
        """
        return _member("label", name, self.labels)

    def check_claim(self, type: str, stance: str, policy_area: str) -> None:
        """Raises SchemeError unless the three are values of the scheme (an empty policy area is allowed)."""
        _member("claim type", type, self.claim_types)
        _member("stance", stance, self.stances)
        if policy_area:
            _member("policy area", policy_area, self.policy_areas)


def _member(what: str, name: str, values: tuple[Label, ...]) -> str:
    if any(value.name == name for value in values):
        return name
    raise SchemeError(f"unknown {what} {name!r}; the scheme has: {', '.join(value.name for value in values)}")


def parse_scheme(text: str, where: str) -> Scheme:
    """The scheme written in the TOML `text`; `where` names it in errors.

    Raises SchemeError when it is not TOML, a field is missing or of another kind, or a name or hotkey is used twice.
    """
    try:
        # Some editors put a byte-order mark before a text.
        data = tomllib.loads(text.removeprefix("\ufeff"))
        claims = data["claims"]
        scheme = Scheme(
            version=int(data["version"]),
            labels=tuple(_label(row) for row in data["labels"]),
            claim=_label(claims),
            claim_types=tuple(_label(row) for row in claims["types"]),
            stances=tuple(_label(row) for row in claims["stances"]),
            policy_areas=tuple(_label(row) for row in claims["policy_areas"]),
            relations=tuple(
                RelationLabel(row["name"], row["en"], row["zh"], row["head"], row["tail"]) for row in data["relations"]
            ),
        )
    except tomllib.TOMLDecodeError as error:
        raise SchemeError(f"{where}: not a TOML file: {error}") from None
    except KeyError as error:
        raise SchemeError(
            f"{where}: not a label scheme: {error} is missing; compare with the one that hemu ships"
        ) from None
    except (TypeError, ValueError, AttributeError) as error:
        raise SchemeError(f"{where}: not a label scheme ({error}); compare with the one that hemu ships") from None
    _check_values(scheme, where)
    _check_unique(scheme, where)
    return scheme


def _label(row: Mapping[str, Any]) -> Label:
    guideline = row.get("guideline", {})
    return Label(
        name=row["name"],
        en=row.get("en", row["name"]),
        zh=row.get("zh", row["name"]),
        color=row.get("color", "#888888"),
        hotkey=row.get("hotkey", ""),
        guideline_en=guideline.get("en", ""),
        guideline_zh=guideline.get("zh", ""),
    )


_ENDS = ("claim", "entity")

# What is written into style sheets as it is.
_COLOR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]{1,30}|(?:rgb|hsl)a?\([\d.,%/ ]{1,60}\)")


def _check_values(scheme: Scheme, where: str) -> None:
    labels = (*scheme.labels, scheme.claim, *scheme.claim_types, *scheme.stances, *scheme.policy_areas)
    values: list[Label | RelationLabel] = [*labels, *scheme.relations]
    for value in values:
        for name in (field.name for field in fields(value)):
            if not isinstance(getattr(value, name), str):
                raise SchemeError(f"{where}: {name} of {value.name!r} is no text; write it in quotes")
        if not value.name.strip() or not value.name.isprintable():
            raise SchemeError(
                f"{where}: {value.name!r} cannot be a name: it is empty or holds a character out of sight"
            )
    for relation in scheme.relations:
        for end in (relation.head, relation.tail):
            if end not in _ENDS:
                raise SchemeError(
                    f"{where}: the relation {relation.name!r} joins {end!r}; expected {' or '.join(_ENDS)}"
                )
    for label in labels:
        if not _COLOR.fullmatch(label.color):
            raise SchemeError(f'{where}: the colour of {label.name!r} is {label.color!r}; expected one like "#1f77b4"')


def _check_unique(scheme: Scheme, where: str) -> None:
    groups = (scheme.labels + (scheme.claim,), scheme.claim_types, scheme.stances, scheme.policy_areas)
    for names in ([value.name for value in group] for group in (*groups, scheme.relations)):
        if twice := {name for name in names if names.count(name) > 1}:
            raise SchemeError(f"{where}: used twice: {', '.join(sorted(twice))}; each name must be unique in its list")
    keys = [label.hotkey for group in groups for label in group if label.hotkey]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise SchemeError(f"{where}: hotkey used twice: {', '.join(sorted(twice))}; give each label a key of its own")


@cache
def load_scheme(path: Path | None = None) -> Scheme:
    """The scheme in the file `path`, or the one that hemu ships.

    >>> load_scheme().label_names
    ('OFFICIAL', 'PERSON', 'FIRM', 'AGENCY', 'ORG', 'PLACE', 'POLICY')
    """
    if path is None:
        return parse_scheme(default_scheme_text(), "scheme.toml of hemu")
    try:
        return parse_scheme(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise SchemeError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SchemeError(f"{path}: not UTF-8 text; save it as UTF-8") from None


def default_scheme_text() -> str:
    """The text of the label scheme that hemu ships."""
    return (resources.files("corpus") / "data" / "scheme.toml").read_text(encoding="utf-8")
