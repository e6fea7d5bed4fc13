"""The datasheet of a dataset, after Gebru et al. (2021), "Datasheets for Datasets", Communications of the ACM 64 (12).

Their seven sections and all their questions, in short. What the data say is answered from the manifest, what the makers know
from `[dataset.about]`, and of the rest it is said that they have not stated it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corpus.dataset.about import UNSTATED, about_of, creators, licence_url, said
from corpus.dataset.facts import (
    CONFIGS,
    documents,
    joined,
    langs_of,
    language,
    plural,
    splits_of,
    summary,
    total,
)
from corpus.dataset.limits import limits
from corpus.dataset.manifest import Manifest
from corpus.dataset.markdown import code, listed, paragraphs, text
from corpus.scheme import Scheme

DATASHEET = "DATASHEET.md"
NOT_STATED = "*Not stated by its makers.*"

Answer = Callable[[Manifest, Scheme], str]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, what the data answer ("" where nothing), and the fields of `[dataset.about]` that answer it."""

    asks: str
    answer: Answer | None = None
    fields: tuple[str, ...] = ()


def write_datasheet(folder: Path, manifest: Manifest, scheme: Scheme) -> None:
    """Write DATASHEET.md into `folder`."""
    (folder / DATASHEET).write_text(datasheet(manifest, scheme), encoding="utf-8")


def datasheet(manifest: Manifest, scheme: Scheme) -> str:
    """The datasheet as Markdown: every question, and its answer or that there is none."""
    about = about_of(manifest)
    parts = [
        f"# Datasheet of {text(said(about, 'title') or manifest.name)}",
        f"Version {code(manifest.version)}. The questions are those of Gebru et al., "
        "[Datasheets for Datasets](https://arxiv.org/abs/1803.09010) (2021), in short. Figures are in [README.md](README.md) "
        "and [dataset.json](dataset.json).",
    ]
    for section, questions in SECTIONS.items():
        parts.append(f"## {section}")
        for question in questions:
            stated = [paragraphs(said(about, name)) for name in question.fields]
            answers = [question.answer(manifest, scheme) if question.answer else "", *stated]
            parts += [f"**{question.asks}**", "\n\n".join(filter(None, answers)) or NOT_STATED]
    return "\n\n".join(parts) + "\n"


# ---- motivation


def _creators(manifest: Manifest, _: Scheme) -> str:
    return joined([text(name) for name, _ in creators(about_of(manifest))])


# ---- composition


def _instances(manifest: Manifest, _: Scheme) -> str:
    kinds = [f"{code(config)}: {CONFIGS.get(config, 'rows')}" for config in manifest.configs]
    return "Articles, in these forms:\n\n" + listed(kinds)


def _how_many(manifest: Manifest, _: Scheme) -> str:
    rows = [
        f"{code(config)}: {plural(sum(held.rows for held in sides.values()), 'row')}"
        for config, sides in manifest.configs.items()
    ]
    return text(summary(manifest)) + "\n\n" + listed(rows)


def _sample(manifest: Manifest, _: Scheme) -> str:
    aside = sum(len(one.documents) for one in manifest.splits.set_aside)
    kept = "The dataset has the documents of one workspace that have gold annotation"
    return kept + (f", but {plural(aside, 'document')} that were set aside (see Splits in the card)." if aside else ".")


def _consists(manifest: Manifest, _: Scheme) -> str:
    own = (
        "Text with " if manifest.text else "No text (it may not be passed on), but the SHA-256 of it, with offsets of "
    )
    return (
        own
        + "blocks, sentences and tokens; named entities and policy claims with their offsets; relations between them; "
        "metadata; and where it came from. All columns are described in croissant.json."
    )


def _labels(manifest: Manifest, scheme: Scheme) -> str:
    labels = ", ".join(f"{code(label.name)} ({text(label.en)})" for label in scheme.labels)
    types = ", ".join(code(value.name) for value in scheme.claim_types)
    stances = ", ".join(code(value.name) for value in scheme.stances)
    areas = "a policy area and " if scheme.policy_areas else ""
    return (
        f"Yes. Entities have one of the labels {labels}. Claims have a type ({types}), a stance ({stances}), a claimant, "
        f"{areas}targets. The label scheme is version {manifest.scheme.version}."
    )


def _missing(manifest: Manifest, _: Scheme) -> str:
    found = []
    if undated := manifest.counts.years.get("", 0):
        found.append(f"the date of {plural(undated, 'document')}")
    if unnamed := manifest.counts.sources.get("", 0):
        found.append(f"the source of {plural(unnamed, 'document')}")
    alone = documents(manifest) - 2 * sum(manifest.counts.pairs.values())
    if manifest.counts.pairs and alone > 0:
        found.append(f"the version in the other language of {plural(alone, 'document')}")
    if not manifest.text:
        found.append("all text")
    return f"Missing: {joined(found)}." if found else "Dates, sources and versions are complete."


def _relationships(manifest: Manifest, _: Scheme) -> str:
    return (
        "Yes: `pair` joins the two versions of an article, `parallel` their sentences and entities; relations join claims and "
        "entities by document and offsets; `provenance` names the file that a document was read from."
    )


def _splits(manifest: Manifest, _: Scheme) -> str:
    counts = joined([f"{code(split)} ({documents(manifest, split=split):,})" for split in splits_of(manifest)])
    return f"Yes: {counts}, in documents. How they were made, and what shows that they do not leak, is in the card."


def _errors(manifest: Manifest, _: Scheme) -> str:
    return listed(text(limit) for limit in limits(manifest)) or "The figures show none."


def _self_contained(manifest: Manifest, _: Scheme) -> str:
    if manifest.text:
        return "It is self-contained: nothing outside is needed."
    return "It relies on the articles, which it does not contain. Nobody guarantees that they stay available."


def _people(manifest: Manifest, _: Scheme) -> str:
    return f"Yes. The articles are about people among others; {_persons(manifest)}"


def _persons(manifest: Manifest) -> str:
    counts = manifest.counts.entities
    found = [f"{total(counts, name):,} as {code(name)}" for name in ("OFFICIAL", "PERSON") if total(counts, name)]
    return (
        f"mentions of people are marked ({joined(found)})." if found else "no label of this scheme is for people alone."
    )


def _subpopulations(_: Manifest, __: Scheme) -> str:
    return "No: what is marked of people is their name and, where the scheme has it, whether they hold an office."


def _identify(manifest: Manifest, _: Scheme) -> str:
    where = "the texts name them" if manifest.text else "the articles name them, and offsets say where"
    return f"Yes: {where}. Nothing is anonymised. Annotators are not named; their own annotations, where they are given, have a label without a name."


# ---- collection


def _acquired(manifest: Manifest, _: Scheme) -> str:
    return (
        "Text was read from files; labels were put by people, who corrected what programmes had proposed or marked blind, and "
        "validated as far as agreement and adjudication go (see the card)."
    )


def _mechanism(manifest: Manifest, _: Scheme) -> str:
    return (
        f"Files were read and cleaned by hemu {text(manifest.hemu)}; annotation was done in Label Studio, or imported."
    )


def _involved(manifest: Manifest, _: Scheme) -> str:
    people = manifest.annotators
    if people is None:
        return "How many people annotated is not recorded."
    return f"{plural(people.people, 'person', 'people')} annotated, in {plural(people.annotations, 'annotation')} of a document."


def _timeframe(manifest: Manifest, _: Scheme) -> str:
    years = sorted(year for year in manifest.counts.years if year)
    if not years:
        return ""
    span = text(years[0]) if len(years) == 1 else f"{text(years[0])} to {text(years[-1])}"
    return f"The dated articles are of {span}."


def _third_parties(_: Manifest, __: Scheme) -> str:
    return "Not from the people whom they are about, but from what was written of them."


def _revoke(_: Manifest, __: Scheme) -> str:
    return "An article is withdrawn from the workspace by `hemu remove`, and from the next version; not from copies of this one."


def _bearing(manifest: Manifest, scheme: Scheme) -> str:
    number = len(limits(manifest))
    return f"Yes: the {plural(number, 'limit')} above, under Composition." if number else "The figures show nothing."


# ---- preprocessing, uses, distribution, maintenance


def _preprocessing(manifest: Manifest, _: Scheme) -> str:
    tokens = "words of English and characters of Chinese"
    return (
        "Yes. Articles were stripped of what is not their text and then frozen; sentences and tokens were found, the two "
        f"versions aligned, tokens split at the edges of entities ({tokens} in `ner`)."
    )


def _software(manifest: Manifest, _: Scheme) -> str:
    return f"Yes: hemu {text(manifest.hemu)} (MIT licence), code {code(manifest.code)}."


def _tasks(manifest: Manifest, _: Scheme) -> str:
    langs = joined([language(lang) for lang in langs_of(manifest)])
    both = ", and alignment of sentences and entities" if "parallel" in manifest.configs else ""
    return f"What its configurations are made for: recognising named entities and policy claims in {langs}{both}."


def _licence(manifest: Manifest, _: Scheme) -> str:
    name, url = manifest.licence.strip(), licence_url(manifest.licence)
    if name.lower() in UNSTATED:
        return "No licence is stated by its makers."
    return f"[{text(name)}]({url})" if url else text(name)


def _rights(_: Manifest, __: Scheme) -> str:
    return "The rights in the articles stay with their publishers."


def _older(_: Manifest, __: Scheme) -> str:
    return (
        "Each version has a folder of its own, named after its content, and stays as it is; `hemu dataset diff` says what "
        "differs between two. Whether older ones are kept where this one is published is for its makers to say."
    )


_Q = Question

SECTIONS: dict[str, tuple[Question, ...]] = {
    "Motivation": (
        _Q("For what purpose was the dataset created? Which task, which gap?", fields=("motivation",)),
        _Q("Who created it, and on behalf of whom?", _creators),
        _Q("Who funded it?", fields=("funding",)),
    ),
    "Composition": (
        _Q("What do the instances represent?", _instances),
        _Q("How many instances are there, of each type?", _how_many),
        _Q("Does it contain all possible instances, or a sample?", _sample, ("sampling",)),
        _Q("What data does each instance consist of?", _consists),
        _Q("Is there a label or target with each instance?", _labels),
        _Q("Is information missing from individual instances?", _missing, ("missing",)),
        _Q("Are relationships between instances explicit?", _relationships),
        _Q("Are there recommended splits?", _splits),
        _Q("Are there errors, noise or redundancies?", _errors),
        _Q("Is it self-contained, or does it rely on external resources?", _self_contained),
        _Q("Does it contain data that might be considered confidential?", fields=("confidential",)),
        _Q("Does it contain data that may offend, threaten or cause anxiety?", fields=("offensive",)),
        _Q("Does it relate to people?", _people),
        _Q("Does it identify subpopulations, such as by age or gender?", _subpopulations),
        _Q("Can individuals be identified from it?", _identify),
        _Q("Does it contain data that might be considered sensitive?", fields=("sensitive",)),
    ),
    "Collection process": (
        _Q("How was the data of each instance acquired, and how validated?", _acquired, ("collection",)),
        _Q("What mechanisms or procedures were used to collect it?", _mechanism),
        _Q("If it is a sample, what was the sampling strategy?", fields=("sampling",)),
        _Q("Who was involved, and how were they paid?", _involved, ("annotator_background", "pay")),
        _Q("Over what timeframe was it collected?", _timeframe, ("timeframe",)),
        _Q("Were ethical review processes conducted?", fields=("review",)),
        _Q("Was it collected from the individuals directly, or from third parties?", _third_parties),
        _Q("Were the individuals notified, and did they consent?", fields=("consent",)),
        _Q("Can consent be revoked?", _revoke),
        _Q("Was the potential impact on those whom it is about analysed?", fields=("impact",)),
    ),
    "Preprocessing, cleaning, labelling": (
        _Q("Was anything preprocessed, cleaned or labelled?", _preprocessing),
        _Q("Was the raw data saved as well?", fields=("raw",)),
        _Q("Is the software available?", _software),
    ),
    "Uses": (
        _Q("Has it been used already?", fields=("used",)),
        _Q("Is there a repository of papers or systems that use it?", fields=("papers",)),
        _Q("What other tasks could it be used for?", _tasks, ("uses",)),
        _Q("Does anything in its composition or making bear on future uses?", _bearing),
        _Q("Are there tasks for which it should not be used?", fields=("unsuitable",)),
    ),
    "Distribution": (
        _Q("Will it be distributed to third parties?", fields=("distribution",)),
        _Q("How will it be distributed? Has it a DOI?", fields=("url", "doi", "publisher")),
        _Q("When will it be distributed?", fields=("published",)),
        _Q("Under which licence or terms?", _licence),
        _Q(
            "Have third parties rights in it? Do export controls or other restrictions apply?",
            _rights,
            ("restrictions",),
        ),
    ),
    "Maintenance": (
        _Q("Who supports, hosts and maintains it?", fields=("maintenance",)),
        _Q("How can its makers be reached?", fields=("contact",)),
        _Q("Is there an erratum?", fields=("errata",)),
        _Q("Will it be updated, by whom, and how will users learn of it?", fields=("updates",)),
        _Q("Are there limits on how long the data may be kept?", fields=("retention",)),
        _Q("Will older versions be supported?", _older),
        _Q("Can others extend or contribute to it?", fields=("contributions",)),
    ),
}
