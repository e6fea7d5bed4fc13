"""What is done and what is to do: states of tasks, documents and articles; marks by label; the plan of who has what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from annotators.pipeline import COMBINED
from annotators.progress.gather import Chosen, Gathered, TaskId, Text, natural
from annotators.progress.report import (
    APART,
    BEGUN,
    DONE,
    OUTDATED,
    SKIPPED,
    STATES,
    TODO,
    AssignedRow,
    LabelRow,
    PersonRow,
    StateRow,
)
from annotators.studio.tables import ANNOTATIONS
from corpus.document import LANGUAGES, Lang
from corpus.look.columns import Columns, lists, made_for
from corpus.schema import GOLD, Table, layers_table
from corpus.store import Workspace

_BATCH = 500
_MARKS = ["document", "sha", "entities.list.element.label", "claims.list.element.type"]


def task_states(gathered: Gathered) -> dict[TaskId, str]:
    """The state of every task that was pushed or worked on."""
    states = {id: OUTDATED if task.outdated else TODO for id, task in gathered.tasks.items()}
    order = {state: number for number, state in enumerate((DONE, BEGUN, SKIPPED, TODO, OUTDATED))}
    said = [(work.task, SKIPPED if work.skipped else DONE) for work in gathered.works]
    said += [(id, BEGUN) for id, _ in gathered.drafts]
    for id, state in said:
        known = states.get(id)
        if known == OUTDATED and state != DONE:
            continue
        if known is None or order[state] < order[known]:
            states[id] = state
    return states


def document_states(gathered: Gathered) -> dict[str, str]:
    """The state of every document of the workspace, whoever worked on it."""
    states = dict.fromkeys(gathered.texts, APART)

    def say(ids: Iterable[str], state: str) -> None:
        states.update((id, state) for id in ids if id in states)

    for task in gathered.tasks.values():
        if not task.outdated:
            say(task.documents, TODO)
    for work in gathered.works:
        if work.skipped:
            say((id for id, sha in work.documents.items() if _same(gathered, id, sha)), SKIPPED)
    for work in gathered.works:
        if work.part and not work.skipped:
            say((id for id, sha in work.documents.items() if _same(gathered, id, sha)), BEGUN)
    say((id for task, _ in gathered.drafts if task in gathered.tasks for id in gathered.tasks[task].documents), BEGUN)
    say((id for (id, _), opinion in gathered.opinions.items() if opinion.whole and opinion.current), DONE)
    return states


def _same(gathered: Gathered, id: str, sha: str) -> bool:
    return id in gathered.texts and gathered.texts[id].sha == sha


def state_rows(gathered: Gathered) -> list[StateRow]:
    """A row for each state."""
    rows = {state: StateRow(state, documents=_zeros(), characters=_zeros()) for state in STATES}
    articles: dict[str, set[str]] = {}
    for id, state in document_states(gathered).items():
        text = gathered.texts[id]
        rows[state].documents[text.lang] += 1
        rows[state].characters[text.lang] += text.characters
        articles.setdefault(text.article, set()).add(state)
    for states in articles.values():
        rows[_of_article(states)].articles += 1
    for state in task_states(gathered).values():
        rows[state].tasks += 1
    return list(rows.values())


def _of_article(states: set[str]) -> str:
    if len(states) == 1:
        return next(iter(states))
    return BEGUN if states & {DONE, BEGUN} else SKIPPED if SKIPPED in states else TODO


def _zeros() -> dict[Lang, int]:
    return dict.fromkeys(LANGUAGES, 0)


def person_rows(gathered: Gathered, chosen: Chosen) -> list[PersonRow]:
    """What each annotator has done, and then everybody; without times and edits."""
    rows = {name: PersonRow(name, documents=_zeros(), characters=_zeros()) for name in gathered.people}
    rows = {name: row for name, row in rows.items() if not chosen.annotators or name in chosen.annotators}
    everybody = PersonRow("all", documents=_zeros(), characters=_zeros())
    done: dict[str, set[TaskId]] = {}
    skipped: dict[str, set[TaskId]] = {}
    for work in gathered.works:
        if chosen(work.annotator, work.time):
            (skipped if work.skipped else done).setdefault(work.annotator, set()).add(work.task)
            for row in (rows[work.annotator], everybody):
                row.first, row.last = min(row.first or work.time, work.time), max(row.last, work.time)
    for name, row in rows.items():
        row.done = len(done.get(name, ()))
        row.skipped = len(skipped.get(name, set()) - done.get(name, set()))
    for (_, name), time in gathered.drafts.items():
        if chosen(name, time):
            rows[name].drafts += 1
            everybody.drafts += 1
    everybody.done = len(set().union(*done.values()))
    everybody.skipped = len(set().union(*skipped.values()) - set().union(*done.values()))
    articles: dict[str, set[str]] = {}
    counted: set[str] = set()
    for (id, name), opinion in gathered.opinions.items():
        text = gathered.texts.get(id)
        if text is None or not (opinion.chosen and opinion.whole and opinion.current):
            continue
        articles.setdefault(name, set()).add(text.article)
        for row in (rows[name], everybody) if id not in counted else (rows[name],):
            row.documents[text.lang] += 1
            row.characters[text.lang] += text.characters
        counted.add(id)
    for name, row in rows.items():
        row.articles = len(articles.get(name, ()))
    everybody.articles = len(set().union(*articles.values()))
    return [*rows.values(), everybody]


def assigned_rows(gathered: Gathered) -> list[AssignedRow]:
    """By person, what became of the articles that they were assigned, whoever worked in their project."""
    places: dict[tuple[str, int], set[str]] = {}
    states: dict[tuple[str, int, str], set[str]] = {}
    for work in gathered.works:
        where = (work.task.url, work.task.project)
        places.setdefault(where, set()).add(work.annotator)
        for id, sha in work.documents.items():
            if _same(gathered, id, sha):
                state = SKIPPED if work.skipped else BEGUN if work.part else DONE
                states.setdefault((*where, id), set()).add(state)
    whole = {_place(opinion.key) for opinion in gathered.opinions.values() if opinion.whole and opinion.current}
    parts = {
        (*work.task[:2], id)
        for work in gathered.works
        if work.part
        for id in work.documents
        if (work.task.url, work.id, id) in whole
    }
    for place in parts:
        states.setdefault(place, set()).add(DONE)
    for task, _ in gathered.drafts:
        for document in gathered.tasks[task].documents if task in gathered.tasks else ():
            states.setdefault((task.url, task.project, document), set()).add(BEGUN)
    rows = []
    for person, title in gathered.plan.titles.items():
        mine = [one for one in gathered.plan.live if one.person == person]
        counts: Counter[str] = Counter()
        characters = 0
        who: set[str] = set()
        for one in mine:
            who |= places.get((one.url, one.project), set())
            ids = [id for id in one.documents if id in gathered.texts]
            each = [states.get((one.url, one.project, id), set()) for id in ids]
            best = [next((s for s in (DONE, BEGUN, SKIPPED) if s in there), TODO) for there in each]
            counts[_of_article(set(best)) if best else OUTDATED] += 1
            left = [id for id, state in zip(ids, best, strict=True) if state in (TODO, BEGUN)]
            characters += sum(gathered.texts[id].characters for id in left)
        found = tuple(sorted(who, key=natural))
        done, begun, skipped, to_do = (counts[state] for state in (DONE, BEGUN, SKIPPED, TODO))
        rows.append(AssignedRow(person, title, found, len(mine), done, begun, skipped, to_do, characters))
    return rows


def _place(key: str) -> tuple[str, int, str]:
    url, id, document = key.split(" ", 2)
    return url, int(id), document


def label_rows(workspace: Workspace, gathered: Gathered, people: dict[str, PersonRow]) -> list[LabelRow]:
    """Marks by label and language; fills in how many entities and claims `people` have."""
    done: Counter[tuple[str, str]] = Counter()
    of_person: Counter[tuple[str, str, str]] = Counter()
    claim = workspace.scheme.claim.name
    for annotator in people:
        keys = {
            opinion.key: gathered.texts[id]
            for (id, name), opinion in gathered.opinions.items()
            if name == annotator and opinion.chosen and opinion.current and id in gathered.texts
        }
        of_id = {text.id: text for text in keys.values()}
        for id, labels, claims in _labels(workspace, ANNOTATIONS, list(keys)):
            lang = of_id[id].lang
            people[annotator].entities += len(labels)
            people[annotator].claims += claims
            for label, count in [*Counter(labels).items(), (claim, claims)]:
                of_person[annotator, label, lang] += count
                done[label, lang] += count
    left = {id for id, state in document_states(gathered).items() if state in (TODO, BEGUN)}
    to_do = _by_label(workspace, layers_table(COMBINED), gathered.texts, left, claim)
    gold = _by_label(workspace, GOLD, gathered.texts, gathered.gold, claim)
    names = [*workspace.scheme.label_names, claim]
    names += sorted({label for label, _ in done | to_do | gold} - set(names))
    return [
        LabelRow(
            label,
            lang,
            done[label, lang],
            to_do[label, lang],
            gold[label, lang],
            {name: of_person[name, label, lang] for name in people if of_person[name, label, lang]},
        )
        for label in dict.fromkeys(names)
        for lang in LANGUAGES
    ]


def _by_label(
    workspace: Workspace, table: Table[Any], texts: Mapping[str, Text], ids: set[str], claim: str
) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for id, labels, claims in _labels(workspace, table, sorted(ids), {id: texts[id].sha for id in ids}):
        lang = texts[id].lang
        for label, count in [*Counter(labels).items(), (claim, claims)]:
            found[label, lang] += count
    return found


def _labels(
    workspace: Workspace, table: Table[Any], keys: list[str], shas: Mapping[str, str] | None = None
) -> Iterator[tuple[str, list[str], int]]:
    """Document, labels of the entities and number of claims of each row; with `shas`, of those made for that text."""
    columns = Columns(workspace, table, _MARKS)
    for start in range(0, len(keys), _BATCH):
        for part in columns.take(keys[start : start + _BATCH]):
            places, values = lists(part, "entities")
            claimed, _ = lists(part, "claims")
            labels = values.field("label").to_pylist()
            for row, (id, sha) in enumerate(made_for(part)):
                if shas is None or shas[id] == sha:
                    yield id, labels[places[row] : places[row + 1]], int(claimed[row + 1] - claimed[row])
