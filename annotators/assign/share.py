"""Sharing articles out: who gets which, which two people get both, who sees what.

Articles are put into kinds (both versions, English, Chinese), and each kind is dealt out by length, so that everybody gets as
many of each kind, and as much text. What was assigned once stays where it is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from annotators.assign.plan import ASSIGNMENTS, KINDS, Assignment, Mode, Plan, Planted, group_name, title_for
from annotators.assign.plant import group_with, planted
from annotators.pipeline import COMBINED, groups_of
from annotators.studio.cut import CHINESE
from annotators.studio.tables import ANNOTATIONS
from corpus.document import Document
from corpus.errors import InputError
from corpus.removal import removed
from corpus.report import StageReport
from corpus.schema import DOCUMENTS, SEGMENTS, layers_table
from corpus.store import Workspace

Choose = Callable[[Collection[str], int], list[str]]
"""From the first documents of groups, the most useful ones, so many."""

# Of the articles that two people get, so many stay normal for both at least: the measure of all others.
_BLIND_OF_DOUBLE, _PLANTED_OF_DOUBLE = 1 / 2, 1 / 4


@dataclass(slots=True)
class _Group:
    name: str
    documents: tuple[str, ...]
    kind: str
    size: int
    people: list[str] = field(default_factory=list)
    modes: dict[str, Mode] = field(default_factory=dict)
    errors: tuple[Planted, ...] = ()

    @property
    def plain(self) -> bool:
        return not self.modes


def assign(
    workspace: Workspace,
    people: Sequence[str],
    *,
    double: float = 0.0,
    blind: float = 0.0,
    planted: float = 0.0,
    articles: int | None = None,
    seed: int = 0,
    choose: Choose | None = None,
) -> StageReport:
    """Share out the pre-annotated articles that nobody has, and nobody has annotated, among these people; adds to the table
    `assignments`.

    `double`, `blind` and `planted` are shares of all articles of the plan: those that two people get; those that somebody gets
    without the pre-annotation; those that somebody gets with a few wrong marks. Blind and planted ones are taken from the double
    ones first (half of them and a quarter at most), and only one of the two is shown that. With `articles`, only so many: the ones
    that `choose` takes, else by chance. The same call on the same workspace gives the same plan.
    Raises InputError for people or shares that cannot be.
    """
    started = time.monotonic()
    report = StageReport("assign")
    people = _checked(people, double, blind, planted)
    with workspace.writing():
        plan = Plan.of(workspace)
        new, waiting, annotated = _new(workspace, plan)
        new.sort(key=lambda group: group.name)
        chance = random.Random(f"{seed} {' '.join(group.name for group in new)}")
        if articles is not None and articles < len(new):
            firsts = {group.documents[0]: group for group in new}
            chosen = choose(list(firsts), articles) if choose else chance.sample(sorted(firsts), articles)
            new = sorted((firsts[id] for id in chosen[:articles]), key=lambda group: group.name)
        _deal(new, people, plan, workspace, chance)
        _twice(new, people, _wanted(plan, new, double, lambda n: len(n) > 1), chance)
        _show(new, people, "blind", _wanted(plan, new, blind, _has("blind")), _BLIND_OF_DOUBLE, chance)
        number = _wanted(plan, new, planted, _has("planted"))
        made = _plant(workspace, new, people, number, plan, chance)
        rows = list(_rows(workspace, plan, new))
        workspace.append(ASSIGNMENTS, rows)
    report.done, report.unchanged = len(new), len({one.group for one in plan.live})
    report.notes = {
        "people": len(people),
        "assignments": len(rows),
        "double": sum(len(group.people) > 1 for group in new),
        "blind": sum(row.mode == "blind" for row in rows),
        "planted": sum(row.mode == "planted" for row in rows),
        "planted errors": sum(len(row.planted) for row in rows),
    }
    if made < number:
        report.notes["planted fewer than asked for, no place in them"] = number - made
    if annotated:
        report.notes["annotated already"] = annotated
    if waiting:
        report.notes["not pre-annotated yet"] = waiting
    report.seconds = time.monotonic() - started
    return report


def _checked(people: Sequence[str], double: float, blind: float, planted: float) -> list[str]:
    names = list(dict.fromkeys(person.strip() for person in people))
    for name in names:
        if not name or not name.isprintable() or len(name) > 200:
            raise InputError(f"{name!r}: not a name or an address of a person")
    if not names:
        raise InputError("nobody to assign articles to; name people with --to")
    for what, share in (("double", double), ("blind", blind), ("planted", planted)):
        if not 0 <= share <= 1:
            raise InputError(f"--{what} {share:g}: a share is from 0 to 1")
    if blind + planted > 1:
        raise InputError("--blind and --planted together are more than all articles")
    if double and len(names) < 2:
        raise InputError("--double needs two people at least; name another one with --to")
    return names


def _new(workspace: Workspace, plan: Plan) -> tuple[list[_Group], int, int]:
    """The groups that nobody has yet; how many are left out as not pre-annotated, and how many as annotated already."""
    heads = {head.id: head for head in workspace.heads()}
    gone = {id for id, entry in removed(workspace).items() if id in heads and heads[id].sha == entry.sha}
    # Which documents make a group does not hang on their texts.
    plain = [Document(head.id, head.pair, head.lang, "") for id, head in heads.items() if id not in gone]
    ready = workspace.index(layers_table(COMBINED))
    said = {id for _, id in _annotated(workspace)}
    groups, waiting, annotated = [], 0, 0
    for members in groups_of(plain):
        ids = tuple(document.id for document in members)
        if plan.holding(ids):
            continue
        if not all(id in ready for id in ids):
            waiting += 1
            continue
        if not said.isdisjoint(ids):
            annotated += 1
            continue
        groups.append(_Group(group_name(members), ids, "+".join(sorted(d.lang for d in members)), 0))
    sizes = {
        document.id: len(document.text) * (CHINESE if document.lang == "zh" else 1)
        for document in workspace.current(DOCUMENTS, [id for group in groups for id in group.documents])
    }
    for group in groups:
        group.size = sum(sizes[id] for id in group.documents)
    return groups, waiting, annotated


def _deal(
    new: Sequence[_Group], people: Sequence[str], plan: Plan, workspace: Workspace, chance: random.Random
) -> None:
    """One person for each group. Of as many groups as there are people, the longest goes to whoever has least."""
    earlier = dict.fromkeys(people, 0)
    for one in plan.live:
        if one.person in earlier:
            earlier[one.person] += 1
    loads = dict.fromkeys(people, 0)
    counts = dict.fromkeys(people, 0)
    for kind in sorted({group.kind for group in new}):
        groups = [group for group in new if group.kind == kind]
        chance.shuffle(groups)
        groups.sort(key=lambda group: -group.size)
        for start in range(0, len(groups), len(people)):
            free = list(people)
            chance.shuffle(free)
            block = groups[start : start + len(people)]
            for group in block:
                if len(block) < len(people):
                    # The last ones: nobody gets two more than another over all kinds.
                    person = min(free, key=lambda p: (counts[p], earlier[p], loads[p]))
                else:
                    person = min(free, key=lambda p: (loads[p], counts[p], earlier[p]))
                free.remove(person)
                group.people.append(person)
                loads[person] += group.size
                counts[person] += 1


def _wanted(plan: Plan, new: Sequence[_Group], share: float, counts: Callable[[Sequence[Assignment]], bool]) -> int:
    """How many of the new groups bring the whole plan to a share; one at least where the plan has none yet."""
    if not share or not new:
        return 0
    before: dict[str, list[Assignment]] = {}
    for one in plan.live:
        before.setdefault(one.group, []).append(one)
    there = sum(counts(several) for several in before.values())
    number = int(share * (len(before) + len(new)) + 0.5) - there
    return min(len(new), max(number, 0 if there else 1))


def _has(mode: Mode) -> Callable[[Sequence[Assignment]], bool]:
    return lambda several: any(one.mode == mode for one in several)


def _twice(new: Sequence[_Group], people: Sequence[str], number: int, chance: random.Random) -> None:
    """A second person for so many groups of all kinds and lengths: whoever has fewest second ones, then the least text."""
    order = sorted(new, key=lambda group: (group.kind, -group.size, group.name))
    step = len(order) / number if number else 1.0
    loads = dict.fromkeys(people, 0)
    seconds = dict.fromkeys(people, 0)
    for group in new:
        loads[group.people[0]] += group.size
    for at in range(number):
        group = order[chance.randrange(int(at * step), max(int(at * step) + 1, int((at + 1) * step)))]
        others = [person for person in people if person not in group.people]
        chance.shuffle(others)
        person = min(others, key=lambda p: (seconds[p], loads[p]))
        group.people.append(person)
        seconds[person] += 1
        loads[person] += group.size


def _turns(
    new: Sequence[_Group], people: Sequence[str], number: int, of_double: float, chance: random.Random
) -> Iterable[tuple[_Group, str]]:
    """Groups that are still plain, with one of their people, everybody in turn; of double ones only a part."""
    room = int(of_double * sum(len(group.people) > 1 for group in new) + 0.5)
    order = list(new)
    chance.shuffle(order)
    turns = list(people)
    chance.shuffle(turns)
    while number > 0 and turns:
        for person in list(turns):
            mine = [group for group in order if person in group.people and group.plain]
            both = [group for group in mine if len(group.people) > 1] if room > 0 else []
            single = [group for group in mine if len(group.people) == 1]
            chosen = both or single or mine
            if not chosen:
                turns.remove(person)
                continue
            room -= len(chosen[0].people) > 1
            order.remove(chosen[0])
            yield chosen[0], person
            number -= not chosen[0].plain
            if number <= 0:
                return


def _show(
    new: Sequence[_Group], people: Sequence[str], mode: Mode, number: int, of_double: float, chance: random.Random
) -> None:
    for group, person in _turns(new, people, number, of_double, chance):
        group.modes[person] = mode


def _plant(
    workspace: Workspace, new: Sequence[_Group], people: Sequence[str], number: int, plan: Plan, chance: random.Random
) -> int:
    """Plant errors in so many groups; returns in how many there was a place."""
    labels = workspace.scheme.label_names
    counts = dict.fromkeys(KINDS, 0)
    for one in plan.all:
        for error in one.planted:
            counts[error.kind] += 1
    made = 0
    for group, person in _turns(new, people, number, _PLANTED_OF_DOUBLE, chance):
        documents = list(workspace.fetch(DOCUMENTS, group.documents).values())
        layers = workspace.fetch(layers_table(COMBINED), group.documents)
        if any(layers[d.id].sha != d.sha for d in documents):
            continue
        whole = group_with(documents, layers, workspace.fetch(SEGMENTS, group.documents))
        # The kinds that there are fewest of come first.
        kinds = sorted(KINDS, key=lambda kind: (counts[kind], chance.random()))
        group.errors = planted(whole, labels, kinds=kinds, seed=f"{chance.random()}")
        if group.errors:
            group.modes[person] = "planted"
            made += 1
            for error in group.errors:
                counts[error.kind] += 1
    return made


def _rows(workspace: Workspace, plan: Plan, new: Sequence[_Group]) -> Iterable[Assignment]:
    from annotators.adjudicate.config import title_of

    base = str(workspace.setting("studio", "project", "hemu"))
    titles = plan.titles
    other = {base, title_of(base)}
    before = {(one.group, one.person): one for one in plan.all}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for group in new:
        for person in group.people:
            if person not in titles:
                titles[person] = title_for(base, person, {*other, *titles.values()})
            if (old := before.get((group.name, person))) is not None:
                # Given back to whom it was taken from: they may have seen it, and see what they saw.
                yield replace(old, withdrawn=False, documents=group.documents)
                continue
            mode = group.modes.get(person, "normal")
            errors = group.errors if mode == "planted" else ()
            yield Assignment(group.name, person, titles[person], group.documents, mode, errors, now)


def withdraw(workspace: Workspace, *, people: Collection[str] = (), articles: Collection[str] = ()) -> StageReport:
    """Take articles back: those of these people, or these articles (ids of pairs or documents), or both.

    What they have annotated stays and counts, and so does the record of what they were shown. Articles that nobody has any
    more are shared out again by the next `assign`; from the server their tasks go with the next push, where nobody has begun them.
    Raises InputError where nothing is meant, or somebody or something has no assignment.
    """
    if not people and not articles:
        raise InputError("what is to be taken back? name people with --to, or articles with --article")
    report = StageReport("assign")
    with workspace.writing():
        chosen = _meant(Plan.of(workspace), people, articles)
        workspace.append(ASSIGNMENTS, [replace(one, withdrawn=True) for one in chosen])
    report.done = len({one.group for one in chosen})
    report.notes = {"withdrawn": len(chosen)}
    return report


def reviewed(workspace: Workspace, articles: Collection[str]) -> StageReport:
    """Note that somebody else has looked at these articles: what was planted in them needs no undoing any more.

    Raises InputError where one is not assigned to anybody.
    """
    report = StageReport("assign")
    with workspace.writing():
        chosen = _meant(Plan.of(workspace), (), articles)
        rows = [replace(one, reviewed=True) for one in chosen if not one.reviewed]
        workspace.append(ASSIGNMENTS, rows)
    report.done, report.unchanged = len({one.group for one in rows}), len(chosen) - len(rows)
    return report


def _meant(plan: Plan, people: Collection[str], articles: Collection[str]) -> list[Assignment]:
    live = list(plan.live)
    for person in people:
        if all(one.person != person for one in live):
            known = ", ".join(sorted({one.person for one in live})) or "nobody"
            raise InputError(f"{person}: has no articles; who has some: {known}")
    for article in articles:
        if all(article != one.group and article not in one.documents for one in live):
            raise InputError(f"{article}: is assigned to nobody; see: hemu assign --show")
    wanted = set(articles)
    return [
        one
        for one in live
        if (not people or one.person in people) and (not wanted or one.group in wanted or wanted & set(one.documents))
    ]


def progress_of(workspace: Workspace, plan: Plan) -> set[tuple[str, str]]:
    """The assignments (group, person) that are done: of which there is an annotation that counts."""
    found = (plan.of_task(url, project, id) for (url, project), id in _annotated(workspace))
    return {(one.group, one.person) for one in found if one is not None}


def _annotated(workspace: Workspace) -> set[tuple[tuple[str, int], str]]:
    """The project and the document of every annotation that counts."""
    latest = {}
    for row in workspace.rows(ANNOTATIONS.name, ["url", "id", "document", "project", "skipped", "withdrawn"]):
        latest[row["url"], row["id"], row["document"]] = row
    return {
        ((row["url"], row["project"]), row["document"])
        for row in latest.values()
        if not row["skipped"] and not row["withdrawn"]
    }


def by_person(plan: Plan) -> Mapping[str, list[Assignment]]:
    """The live assignments of each person; people without any are there with none."""
    found: dict[str, list[Assignment]] = {person: [] for person in plan.titles}
    for one in plan.live:
        found[one.person].append(one)
    return found
