"""What the model is asked: the guidelines in the language of the article, the label scheme, and the form of the answer."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from annotators.llm.pieces import Piece
from corpus.document import Lang
from corpus.scheme import Label, Scheme

Message = dict[str, str]


@lru_cache(maxsize=8)
def _parts(lang: Lang) -> Mapping[str, Any]:
    path = resources.files("annotators") / "data" / "llm" / f"prompt_{lang}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def guidelines(scheme: Scheme, lang: Lang) -> str:
    """The system prompt. It is the same for all articles of a language, so that servers need to read it once."""
    parts = _parts(lang)
    claim = scheme.claim.guideline_zh if lang == "zh" else scheme.claim.guideline_en
    stances, areas = (", ".join(value.name for value in values) for values in (scheme.stances, scheme.policy_areas))
    filled = [
        parts["task"],
        _fill(parts["entities"], labels=_listed(scheme.labels, parts["labels"], lang)),
        _fill(
            parts["claims"],
            claim=claim,
            types=_listed(scheme.claim_types, parts["types"], lang),
            stances=stances,
            areas=areas,
        ),
        parts["answer"],
    ]
    if _fits(json.loads(parts["example"]["reply"]), scheme):
        filled.append(_fill(parts["example_frame"], **parts["example"]))
    return "\n".join(part.strip() + "\n" for part in filled)


def _fill(text: str, /, **values: str) -> str:
    """`text` with each {name} replaced; what a value holds in braces is left as it is."""
    for n, name in enumerate(values):
        text = text.replace("{" + name + "}", f"\0{n}\0")
    for n, value in enumerate(values.values()):
        text = text.replace(f"\0{n}\0", value)
    return text


def _listed(values: Iterable[Label], notes: Mapping[str, str], lang: Lang) -> str:
    """A line for each value: its name, what it is called, its guideline in the scheme, and the note of the prompt."""
    lines = []
    for value in values:
        called, guideline = (value.zh, value.guideline_zh) if lang == "zh" else (value.en, value.guideline_en)
        said = [part for part in (guideline, notes.get(value.name, "")) if part] or [called]
        lines.append(f"- {value.name}: {' '.join(said)}")
    return "\n".join(lines)


def _fits(reply: Mapping[str, Any], scheme: Scheme) -> bool:
    names = [{value.name for value in values} for values in (scheme.labels, scheme.claim_types, scheme.stances)]
    areas = {value.name for value in scheme.policy_areas}
    return all(entity["label"] in names[0] for entity in reply["entities"]) and all(
        c["type"] in names[1] and c["stance"] in names[2] and c["policy_area"] in areas for c in reply["claims"]
    )


def messages(piece: Piece, scheme: Scheme, lang: Lang) -> list[Message]:
    """What is sent for one piece of an article.

    The text is fenced off by tags that hold a digest of it, so that no article can close them: it would have to hold
    its own digest. What an article says can spoil its own answer at most, of which only quotes and labels are read.
    """
    whole = "\0".join((piece.before, piece.text, piece.after))
    mark = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    fenced = [
        f"<{name}-{mark}>\n{_sendable(text)}\n</{name}-{mark}>"
        for name, text in (("before", piece.before), ("piece", piece.text), ("after", piece.after))
        if text
    ]
    return [
        {"role": "system", "content": guidelines(scheme, lang)},
        {"role": "user", "content": "\n".join([f"CODE = {mark}", *fenced])},
    ]


def _sendable(text: str) -> str:
    """What can go into a request: lone surrogates and controls become one replacement character each."""
    return "".join("�" if "\ud800" <= c <= "\udfff" or (c < " " and c not in "\n\r\t") else c for c in text)


@lru_cache(maxsize=8)
def answer_schema(scheme: Scheme) -> dict[str, Any]:
    """The JSON Schema of an answer, after the label scheme; strict, as servers want it: all is required."""
    text = {"type": "string"}
    quote = {"quote": text, "left": text, "right": text, "occurrence": {"type": "integer"}}
    target = _object({"value": text, "unit": text, "by": text})
    entity = _object({**quote, "label": _one_of(scheme.labels)})
    claim = _object(
        {
            **quote,
            "type": _one_of(scheme.claim_types),
            "stance": _one_of(scheme.stances),
            "claimant": text,
            "policy_area": _one_of(scheme.policy_areas),
            "targets": {"type": "array", "items": target},
        }
    )
    return _object({"entities": {"type": "array", "items": entity}, "claims": {"type": "array", "items": claim}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _one_of(values: Iterable[Label]) -> dict[str, Any]:
    return {"type": "string", "enum": [value.name for value in values]}


@lru_cache(maxsize=8)
def prompt_digest(scheme: Scheme) -> str:
    """Changes with the prompts of both languages and with the label scheme."""
    whole = [guidelines(scheme, "en"), guidelines(scheme, "zh"), json.dumps(answer_schema(scheme))]
    return hashlib.sha256("\0".join(whole).encode()).hexdigest()[:8]
