"""The results of an adjudicator's annotation as those of an annotation like any other: what is not taken goes, what all
annotators agree on stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotators.adjudicate.config import AGREED, NOT_TAKEN
from annotators.adjudicate.task import AGREED_STATE, OPEN, OWN, STATE
from annotators.studio.config import LABEL, relation_value
from annotators.studio.convert import CLAIMANT_RELATION
from corpus.report import Skipped
from corpus.scheme import Scheme

Json = dict[str, Any]


def settled(
    result: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]], scheme: Scheme
) -> tuple[list[Json], list[Skipped]]:
    """The results that count, in the names of the scheme, and what is to be told of them.

    `kept` is what was pushed, with the state of each result. Of marks that overlap, one that the adjudicator has made or
    changed wins over one that was left as it was. A claim that was taken from what was not gets what is missing of its
    attributes and its claimant from what was pushed.
    """
    problems: list[Skipped] = []
    pushed = _by_id(kept)
    given = _by_id(result)
    states = {id: entries[0][STATE] for id, entries in pushed.items()}
    out: dict[str, list[Json]] = {}
    for id, entries in pushed.items():
        if states[id] == AGREED_STATE:
            out[id] = [_plain(entry) for entry in entries]
            if not _same(entries, given.get(id, [])):
                value = entries[0]["value"]
                where = f"{entries[0]['to_name']} {value['start']}-{value['end']}"
                problems.append(Skipped(where, "kept as it was: all annotators agree on it"))
    for id, entries in given.items():
        label = _label(entries)
        if id in out or label.endswith(NOT_TAKEN):
            continue
        if label.endswith(AGREED):
            problems.append(Skipped(f"region {id}", "is marked as agreed, but was not; mark it with a label itself"))
            continue
        out[id] = [dict(entry) for entry in entries]
        if label == scheme.claim.name and states.get(id) == OPEN:
            there = {entry.get("from_name") for entry in entries}
            out[id] += [_plain(entry) for entry in pushed[id] if entry["from_name"] not in there]
    for id in _overlapped(out, states, scheme, problems):
        del out[id]
    return [entry for entries in out.values() for entry in entries] + _relations(result, kept, out, scheme), problems


def _by_id(result: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for entry in result:
        if isinstance(entry, Mapping) and entry.get("type") != "relation":
            found.setdefault(str(entry.get("id")), []).append(entry)
    # The result that says the label comes first.
    for entries in found.values():
        entries.sort(key=lambda entry: entry.get("type") != "labels")
    return found


def _plain(entry: Mapping[str, Any]) -> Json:
    return {key: value for key, value in entry.items() if key not in (STATE, OWN)}


def _label(entries: Sequence[Mapping[str, Any]]) -> str:
    for entry in entries:
        if str(entry.get("from_name")).startswith(f"{LABEL}_") and isinstance(entry.get("value"), Mapping):
            labels = entry["value"].get("labels")
            return str(labels[0]) if isinstance(labels, list) and labels else ""
    return ""


def _same(pushed: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a locked mark came back as it was sent."""
    if not given or _label(given) != f"{_label(pushed)}{AGREED}":
        return False
    before, after = pushed[0]["value"], given[0].get("value") or {}
    return bool((before["start"], before["end"]) == (after.get("start"), after.get("end")))


def _overlapped(
    out: Mapping[str, Sequence[Json]], states: Mapping[str, str], scheme: Scheme, problems: list[Skipped]
) -> set[str]:
    """The marks that give way to others: entities that overlap, and claims that share half of their words."""
    gone: set[str] = set()
    taken: dict[str, set[int]] = {}
    claims: list[tuple[str, int, int]] = []
    rows = []
    for id, entries in out.items():
        first = entries[0]
        value = first.get("value")
        start, end = (value.get("start"), value.get("end")) if isinstance(value, Mapping) else (None, None)
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
            continue  # It is named where its offsets are proved.
        by_hand = first.get("origin") in ("manual", "prediction-changed")
        rank = 0 if states.get(id) == AGREED_STATE else 1 if by_hand else 2
        rows.append((rank, start - end, start, id, end, str(first.get("to_name"))))
    for rank, _, start, id, end, lang in sorted(rows):
        if _label(out[id]) == scheme.claim.name:
            if rank == 2 and any(to == lang and _half((start, end), (s, e)) for to, s, e in claims):
                gone.add(id)
            else:
                claims.append((lang, start, end))
            continue
        stretch, mine = range(start, end), taken.setdefault(lang, set())
        if mine.isdisjoint(stretch):
            mine.update(stretch)
            continue
        gone.add(id)
        if rank == 1:
            problems.append(Skipped(f"{lang} {start}-{end}", "overlaps a mark that is agreed on, or a longer one"))
    return gone


def _half(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return 2 * (min(a[1], b[1]) - max(a[0], b[0])) >= max(a[1], b[1]) - min(a[0], b[0])


def _relations(
    result: Sequence[Mapping[str, Any]],
    kept: Sequence[Mapping[str, Any]],
    out: Mapping[str, Sequence[Json]],
    scheme: Scheme,
) -> list[Json]:
    """The arrows between what is left, without those that are not taken."""
    made: list[Json] = []
    ends: set[tuple[str, str]] = set()
    for entry in result:
        if not isinstance(entry, Mapping) or entry.get("type") != "relation":
            continue
        labels = [label for label in entry.get("labels") or () if not str(label).endswith(NOT_TAKEN)]
        named = bool(labels) or not entry.get("labels")
        if named and str(entry.get("from_id")) in out and str(entry.get("to_id")) in out:
            made.append({**entry, "labels": labels})
            ends |= {(str(entry.get("from_id")), label) for label in map(str, labels)}
    claimant = next((relation_value(r) for r in scheme.relations if r.name == CLAIMANT_RELATION), "")
    there = {(str(m["from_id"]), str(m["to_id"]), label) for m in made for label in m["labels"]}
    for entry in kept:
        if entry.get("type") != "relation" or not {entry["from_id"], entry["to_id"]} <= out.keys():
            continue
        key = (entry["from_id"], entry["to_id"], entry["labels"][0])
        own = entry[OWN] and entry["labels"][0] == claimant and (entry["from_id"], claimant) not in ends
        if key not in there and (entry[STATE] == AGREED_STATE or own):
            made.append(_plain(entry))
    return made
