"""The updates of a training: which examples come in which batch, and how a batch changes the weights."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from itertools import count as count_up
from typing import TYPE_CHECKING, Any

from corpus.report import Progress
from models.examples import shuffled

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example
    from thinc.api import Optimizer

Update = Callable[["list[Example]", float], None]


def updater(nlp: Language, optimizer: Optimizer, how: Mapping[str, Any]) -> Update:
    """One update by a batch, as `spacy train` makes it.

    spaCy copies and aligns all examples anew each time, for the sake of components that annotate what others learn from.
    Where there are none but those that have done so already (`models.examples.prepared`), the components are
    told directly.
    """
    from spacy.training import loop

    divided: Any = loop.subdivide_batch
    step: Any = optimizer.step_schedules
    frozen, accumulate = set(how["frozen_components"]), how["accumulate_gradient"]
    learning: list[tuple[str, Any]] = [
        (name, component)
        for name, component in nlp.pipeline
        if name not in frozen and getattr(component, "is_trainable", False)
    ]
    annotating = {name for name, _ in learning} & set(how["annotating_components"])
    made = count_up()

    def update(batch: list[Example], dropout: float) -> None:
        if how["before_update"]:
            how["before_update"](nlp, {"step": next(made), "epoch": 0})
        for part in divided(batch, accumulate) if accumulate > 1 else (batch,):
            losses: dict[str, float] = {}
            if annotating:
                nlp.update(part, drop=dropout, losses=losses, sgd=False, exclude=frozen, annotates=annotating)  # type: ignore[arg-type]
                continue
            for _, component in learning:
                component.update(part, drop=dropout, sgd=None, losses=losses)
        for _, component in learning:
            component.finish_update(optimizer)
        step()

    return update


def run_updates(
    nlp: Language,
    optimizer: Optimizer,
    phases: Iterable[tuple[Sequence[Example], int]],
    settings: dict[str, Any],
    *,
    seed: int,
    max_steps: int | None,
    progress: Progress | None,
) -> int:
    """Update `nlp` with the examples of each phase in turn, so many rounds of each; how many updates that were."""

    def update(batch: list[Example], dropout: float) -> None:
        nlp.update(batch, sgd=optimizer, drop=dropout)

    steps, _ = go_through(phases, settings, update, seed=seed, max_steps=max_steps, progress=progress)
    return steps


def go_through(
    phases: Iterable[tuple[Sequence[Example], int]],
    settings: Mapping[str, Any],
    update: Update,
    *,
    seed: int,
    max_steps: int | None,
    progress: Progress | None,
    first: int = 0,
    after: Callable[[int], None] | None = None,
) -> tuple[int, int]:
    """Update with the batches of all phases but the `first` ones; how many updates and words the whole training is.

    `after` is told the number of updates after each.
    """
    total, batches = _batches(phases, settings, random.Random(seed), max_steps)
    steps = words = 0
    for batch in batches:
        steps += 1
        words += sum(map(len, batch))
        if steps <= first:
            continue
        update(batch, settings["dropout"])
        if after:
            after(steps)
        if progress:
            progress(steps, total)
    return steps, words


def _batches(
    phases: Iterable[tuple[Sequence[Example], int]],
    settings: Mapping[str, Any],
    rng: random.Random,
    max_steps: int | None,
) -> tuple[int | None, Iterator[list[Example]]]:
    """How many batches there are, where that is known, and the batches: the same for the same generator."""
    found = [(examples, epochs) for examples, epochs in phases if examples]
    if settings.get("batcher"):
        most = [n for n in (max_steps, settings["max_steps"]) if n]
        if found and settings["max_epochs"] > 0:
            found[-1] = (found[-1][0], settings["max_epochs"])
        rounds = chain.from_iterable(
            settings["batcher"](whole)
            for examples, epochs in found
            for _ in range(epochs)
            for whole in shuffled(examples, len(examples), rng)
        )
        return None, islice((list(batch) for batch in rounds), min(most, default=None))
    plan = [(examples, *updates(len(examples), epochs, settings)) for examples, epochs in found]
    if plan:
        # A few articles are few updates a round: they are gone through more often.
        examples, size, count = plan[-1]
        a_round = -(-len(examples) // size)
        plan[-1] = (examples, size, max(count, -(-settings["min_steps"] // a_round) * a_round))
    total = sum(count for _, _, count in plan)
    total = total if max_steps is None else min(total, max_steps)

    def forever(examples: Sequence[Example], size: int) -> Iterator[list[Example]]:
        return chain.from_iterable(shuffled(examples, size, rng) for _ in count_up())

    return total, islice(
        chain.from_iterable(islice(forever(examples, size), count) for examples, size, count in plan), total
    )


def updates(examples: int, epochs: int, settings: Mapping[str, Any]) -> tuple[int, int]:
    """The size of a batch and the number of updates for so many examples, by the settings of a language.

    A few articles take small batches and all rounds. A set of thousands of sentences would take hours so: there the
    batches grow up to "largest_batch", and then the updates end at "most_steps".

    >>> settings = {"batch": 4, "largest_batch": 32, "most_steps": 1000}
    >>> updates(100, 10, settings), updates(2000, 10, settings), updates(10000, 10, settings)
    ((4, 250), (20, 1000), (32, 1000))
    """
    most = settings["most_steps"]
    size = min(settings["largest_batch"], max(settings["batch"], -(-examples * epochs // most)))
    return size, min(most, -(-examples // size) * epochs)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers follow from `seed` while the block lasts; those of others do not change by it."""
    import numpy
    from thinc.api import fix_random_seed

    # spaCy and thinc draw from the global generators; what others draw after us should not be ours.
    state, numbers = random.getstate(), numpy.random.get_state()
    fix_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
        numpy.random.set_state(numbers)
