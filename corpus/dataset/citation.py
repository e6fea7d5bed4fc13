"""How a version of the dataset, and hemu, are cited: BibTeX."""

from __future__ import annotations

import re

from corpus.dataset.about import About, about_of, creators, said
from corpus.dataset.manifest import Manifest
from corpus.dataset.markdown import clean

_SPECIAL = {
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{character: f"\\{character}" for character in "&%$#_"},
    **{"{": r"\{", "}": r"\}"},
}


def citation(manifest: Manifest) -> str:
    """The citation that the settings give, or one made of what they say."""
    if manifest.citation.strip():
        return manifest.citation.strip()
    about = about_of(manifest)
    fields = {
        "title": bib_text(said(about, "title") or manifest.name),
        "author": _authors(about),
        "year": said(about, "published")[:4],
        "version": bib_text(manifest.version),
        "publisher": bib_text(said(about, "publisher")),
        "doi": bib_text(said(about, "doi")),
        "url": said(about, "url").replace("{", "%7B").replace("}", "%7D"),
        "note": "A dataset made with hemu",
    }
    return _entry("misc", f"{_key(manifest.name)}-{_key(manifest.version)}", fields)


def hemu_citation(manifest: Manifest) -> str:
    """How to cite the programme."""
    fields = {
        "title": "hemu: A bilingual English-Chinese corpus and annotation toolkit for policy news",
        "author": "{The hemu developers}",
        "version": bib_text(manifest.hemu),
    }
    return _entry("software", "hemu", fields)


def bib_text(value: str) -> str:
    """Text as a BibTeX value: what TeX would act upon is escaped.

    >>> bib_text("R&D {50 %}")
    'R\\\\&D \\\\{50 \\\\%\\\\}'
    """
    return "".join(_SPECIAL.get(character, character) for character in clean(value))


def _authors(about: About) -> str:
    return " and ".join(f"{{{bib_text(name)}}}" if group else bib_text(name) for name, group in creators(about))


def _key(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "dataset"


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
