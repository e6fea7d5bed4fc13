"""The stages that are hit: what stands before each, its command, and what it should leave behind undisturbed."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from faulting import sample
from faulting.runs import Ran, forked
from faulting.shim import AFTER, BEFORE, HALF, Arm
from faulting.state import State, state_of

PAIRS = 9
ZERO = State()


@dataclass(frozen=True)
class Stage:
    """`command` is run beside the folder `before` of the `Bench`, and what it does below `watched` counts."""

    name: str
    before: str
    command: tuple[str, ...]
    watched: str = "w"
    files_only: bool = False
    prepare: Callable[[Path], None] | None = None
    removes: bool = False
    """Whether it takes away what was there on purpose."""


def _names(folder: Path) -> None:
    rows = [f"firm/f{n},Faultless Works {n},无误厂{'甲乙丙丁'[n]},FIRM,\n" for n in range(4)]
    (folder / "names.csv").write_text("id,en,zh,label,aliases\n" + "".join(rows), encoding="utf-8")


def _scheme(folder: Path) -> None:
    text = (folder / "w" / "scheme.toml").read_text(encoding="utf-8")
    (folder / "scheme-2.toml").write_text(text.replace('"AGENCY"', '"BODY"'), encoding="utf-8")


STAGES = (
    Stage("init", "nothing", ("init", "w")),
    Stage("ingest", "empty", ("ingest", "{in}", "-w", "w")),
    Stage("dedupe", "ingested", ("dedupe", "-w", "w")),
    Stage("segment", "ingested", ("segment", "--workers", "1", "-w", "w")),
    Stage("align", "segmented", ("align", "--workers", "1", "-w", "w")),
    Stage("annotate", "aligned", ("annotate", "--workers", "1", "-w", "w")),
    Stage("run", "empty", ("run", "{in}", "--workers", "1", "-w", "w")),
    Stage("annotate as a pipe", "gold", ("annotate", "gold.jsonl", "out.jsonl", "--fast"), "", True),
    Stage("kb import", "annotated", ("kb", "import", "names.csv", "-w", "w"), prepare=_names),
    Stage("assign", "annotated", ("assign", "--to", "anna", "--to", "bo", "--double", "0.3", "-w", "w")),
    Stage("adjudicate", "told", ("adjudicate", "-w", "w")),
    Stage("gold import", "to import", ("gold", "import", "gold.jsonl", "-w", "w")),
    Stage("migrate", "gold", ("migrate", "scheme-2.toml", "--map", "AGENCY=BODY", "-w", "w"), "w", False, _scheme),
    Stage("remove", "gold", ("remove", "--pair", "a003", "-w", "w"), removes=True),
    Stage("dataset", "gold", ("dataset", "--workers", "1", "-w", "w")),
    Stage("train", "gold", ("train", "m", "--lang", "zh", "--max-steps", "8", "-w", "w"), "m"),
    Stage("bulk", "nothing", ("bulk", "{in}", "shards", "--fast", "--workers", "1"), "shards"),
    Stage("collect", "shards", ("collect", "shards", "-w", "w")),
)


class Bench:
    """A folder with a workspace as it stands before each stage, made once, and copied for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.articles = sample.articles(folder / "in", PAIRS)
        self._count = 0

    def hemu(self, command: tuple[str, ...], beside: Path, **options: object) -> Ran:
        """One command in a fork."""
        return forked([part.replace("{in}", str(self.articles)) for part in command], beside, **options)  # type: ignore[arg-type]

    def _must(self, command: str, beside: Path) -> None:
        ran = self.hemu(tuple(command.split()), beside)
        if ran.code:
            raise SystemExit(f"faults: hemu {command} fails undisturbed: {ran.said.strip()}")

    @functools.cache  # noqa: B019  (one bench a run)
    def before(self, name: str) -> Path:
        """The folder that holds the workspace `w` as it stands then."""
        place = self.folder / "before" / name
        earlier = {
            "ingested": ("empty", "ingest {in} -w w"),
            "segmented": ("ingested", "segment --workers 1 -w w"),
            "aligned": ("segmented", "align --workers 1 -w w"),
            "annotated": ("aligned", "annotate --workers 1 -w w"),
            "shards": ("empty", "bulk {in} shards --fast --workers 1"),
        }
        if name in earlier:
            shutil.copytree(self.before(earlier[name][0]), place)
            self._must(earlier[name][1], place)
        elif name == "nothing":
            place.mkdir(parents=True)
        elif name == "empty":
            place.mkdir(parents=True)
            self._must("init w", place)
            sample.fast(place / "w")
        elif name == "told":
            shutil.copytree(self.before("annotated"), place)
            sample.annotated_by_two(place / "w")
        elif name == "to import":
            shutil.copytree(self.before("annotated"), place)
            shutil.copy(self.before("gold") / "gold.jsonl", place)
        else:
            shutil.copytree(self.before("told"), place)
            self._must("adjudicate -w w", place)
            self._must("gold export gold.jsonl -w w", place)
        return place

    def copy(self, stage: Stage) -> Path:
        """A copy of what stands before the stage."""
        self._count += 1
        place = self.folder / f"run-{self._count}"
        shutil.copytree(self.before(stage.before), place)
        if stage.prepare:
            stage.prepare(place)
        return place


@dataclass(frozen=True)
class Reference:
    """A stage undisturbed: the state before and after, the calls that change something, and files that always differ."""

    before: State
    after: State
    calls: tuple[str, ...]
    masked: frozenset[str]
    seconds: float


def state(stage: Stage, place: Path, masked: frozenset[str] = frozenset()) -> State:
    """What there is below the watched folder."""
    watched = place / stage.watched
    return state_of(watched, masked) if watched.exists() else ZERO


def reference(bench: Bench, stage: Stage) -> Reference:
    """Run the stage twice undisturbed: the second run says what differs anyway."""
    first, second = bench.copy(stage), bench.copy(stage)
    before = state(stage, first)
    trace = first / ".trace"
    ran = bench.hemu(stage.command, first, arm=Arm(first / stage.watched, trace=trace))
    if ran.code:
        raise SystemExit(f"faults: hemu {' '.join(stage.command)} fails undisturbed: {ran.said.strip()}")
    bench.hemu(stage.command, second)
    one, two = state(stage, first), state(stage, second)
    masked = frozenset(name for name in one.files if one.files[name] != two.files.get(name))
    calls = tuple(trace.read_text(errors="replace").splitlines())
    for place in (first, second):
        shutil.rmtree(place)
    after = State(one.rows, {k: v for k, v in one.files.items() if k not in masked}, one.shards, one.left, one.stored)
    return Reference(before, after, calls, masked, ran.seconds)


def points(calls: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Every place to be killed at: before each call that changes something, half-way in each write, and after the last."""
    for number, call in enumerate(calls, 1):
        yield number, BEFORE
        if call.startswith("write"):
            yield number, HALF
    if calls:
        yield len(calls), AFTER
