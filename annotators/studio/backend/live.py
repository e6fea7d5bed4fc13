"""What goes on beside the answers: a newly accepted model is taken in, annotations are pulled, predictions kept up to date.

Each is a thread that looks for itself every so often. A webhook only makes it look sooner, so that one that is lost, or
sent twice, changes nothing. Whatever fails is logged and tried again; the backend goes on answering.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from annotators.studio.backend.http import Backend
from annotators.studio.backend.predict import Predictor, Recipe
from annotators.studio.backend.secret import USER, Secret
from annotators.studio.client import Studio, chunks
from corpus.errors import HemuError, StudioError, WorkspaceError
from corpus.report import StageReport
from corpus.store import Workspace

log = logging.getLogger("hemu.backend")

TITLE = "hemu"
"""The name of the backend in Label Studio. It is never a model version, so that annotators are shown stored predictions."""

ACTIONS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")

_CHUNK = 10
# Of the time, at most one part in so many goes into looking: an export of 10,000 tasks takes a quarter of a minute.
_SHARE = 10


class Repeated(threading.Thread):
    """Calls `step` every `every` seconds, and `pause` seconds after `wake`; never twice at a time.

    What takes long is done less often: after a step it rests at least nine times as long as that took, at most `every`
    seconds where it was woken.
    """

    def __init__(self, name: str, step: Callable[[], None], every: float, *, pause: float = 1.0) -> None:
        super().__init__(name=f"hemu-{name}", daemon=True)
        self.step, self.every, self.pause = step, every, pause
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._said = ""

    def wake(self) -> None:
        """Look soon. Returns at once; any number of calls before the next step are one."""
        self._woken.set()

    def stop(self, timeout: float = 10) -> None:
        """End after the step that goes on now."""
        self._stopped.set()
        self._woken.set()
        if self.is_alive():
            self.join(timeout)

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def run(self) -> None:
        """Until stopped."""
        took = 0.0
        while not self.stopped:
            if self._woken.wait(max(self.every, (_SHARE - 1) * took)):
                # More hints come in the wake of the first.
                self._stopped.wait(max(self.pause, min(self.every, (_SHARE - 1) * took)))
            if self.stopped:
                return
            self._woken.clear()
            started = time.monotonic()
            self._try()
            took = time.monotonic() - started

    def _try(self) -> None:
        try:
            self.step()
            said = ""
        except HemuError as error:
            said = str(error)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            log.debug("%s", self.name, exc_info=True)
        if said and said != self._said:
            log.warning("%s; tried again in %.0f s", said, self.every)
        elif self._said and not said:
            log.info("%s: works again", self.name.removeprefix("hemu-"))
        self._said = said


class Models:
    """Takes in what the workspace uses now: `recipe` says what that is, `load` makes a predictor of it."""

    def __init__(
        self,
        backend: Backend,
        recipe: Callable[[], Recipe],
        load: Callable[[Recipe], Predictor],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.backend, self.recipe, self.load, self.changed = backend, recipe, load, changed
        self._failed: Recipe | None = None

    def step(self) -> None:
        """Where the recipe has changed: load, then put the new predictor in the place of the old one in one assignment.

        A batch that is being read is finished by the one that began it. One that cannot be loaded is left until there is
        another, and the one in use stays.
        """
        recipe = self.recipe()
        if recipe in (self.backend.predictor.recipe, self._failed):
            return
        try:
            predictor = self.load(recipe)
        except Exception as error:
            self._failed = recipe
            log.warning("the annotators that the workspace names now cannot be loaded, those in use stay: %s", error)
            return
        self._failed = None
        self.backend.predictor = predictor
        log.info("now serving %s", predictor.version)
        self.changed()


class Puller:
    """Pulls what people have submitted. `studio` connects, `pull` is `annotators.studio.pull.pull` with a workspace."""

    def __init__(
        self,
        studio: Callable[[], Studio],
        pull: Callable[[Studio], StageReport],
        workspace: Workspace,
        *,
        stopped: Callable[[], bool] = lambda: False,
        patience: float = 60,
    ) -> None:
        self.studio, self.pull, self.workspace = studio, pull, workspace
        self.stopped, self.patience = stopped, patience
        self._connected: Studio | None = None

    def step(self) -> None:
        """Pull once, after whoever is writing to the workspace; where that takes too long, the next time will do."""
        studio = self._connected or self.studio()
        self._connected = None
        if not wait_for(self.workspace, self.stopped, self.patience):
            return
        report = self.pull(studio)
        self._connected = studio
        if report.done or report.notes.get("withdrawn"):
            log.info("pulled %d annotations, %d left out", report.done, len(report.skipped))


class Refresher:
    """Sees to it that all tasks of the project have a prediction of the version that is served, and shows that one.

    Label Studio asks the backend for them and stores them, a few tasks at a time. Annotators are shown the version before
    until the last task has one: never a task without.
    """

    def __init__(
        self,
        backend: Backend,
        studio: Callable[[], Studio],
        workspace: Workspace,
        *,
        stopped: Callable[[], bool] = lambda: False,
        patience: float = 60,
    ) -> None:
        self.backend, self.studio, self.workspace = backend, studio, workspace
        self.stopped, self.patience = stopped, patience

    def step(self) -> None:
        """Do what is missing. Raises HemuError where it cannot be done now."""
        studio, version = self.studio(), self.backend.predictor.version
        project = project_of(studio, self.workspace)
        missing = [task.id for task in studio.tasks(project) if version not in task.versions]
        for chunk in chunks(missing, _CHUNK):
            if self.stopped() or self.backend.predictor.version != version:
                return
            # No push may go on: on SQLite two writers lose predictions without a word.
            if not wait_for(self.workspace, self.stopped, self.patience):
                return
            studio.retrieve_predictions(project, chunk)
        there = list(studio.tasks(project))
        if not there or self.backend.predictor.version != version:
            return
        if without := [task.id for task in there if version not in task.versions]:
            raise StudioError(
                f"{studio.url}: {len(without)} of {len(there)} tasks got no prediction of {version} "
                f"(the first is task {without[0]}); annotators go on with the version before"
            )
        if studio.shown_version(project) != version:
            studio.use_version(project, version)
        if missing:
            log.info("%d tasks got predictions of %s", len(missing), version)


def wait_for(workspace: Workspace, stopped: Callable[[], bool], seconds: float) -> bool:
    """Wait until nobody writes to the workspace; False where it was stopped. WorkspaceError after that many seconds."""
    end = time.monotonic() + seconds
    while not stopped():
        try:
            with workspace.writing():
                return True
        except WorkspaceError:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)
    return False


def project_of(studio: Studio, workspace: Workspace) -> int:
    """The project of the workspace on the server. StudioError where there is none."""
    title = workspace.setting("studio", "project", "hemu")
    project = studio.find_project(title)
    if project is None:
        raise StudioError(f"{studio.url}: there is no project {title!r}; make it with: hemu push")
    return project


def register(studio: Studio, project: int, url: str, secret: Secret) -> None:
    """Connect the backend at `url` with a project, and its webhook, or bring both up to date. The backend must answer.

    The webhook comes first: Label Studio would otherwise make one of its own, without the key.
    """
    headers = {"Authorization": f"Bearer {secret.webhook_key}"}
    studio.connect_webhook(project, f"{url.rstrip('/')}/webhook", ACTIONS, headers)
    studio.connect_backend(project, url, TITLE, USER, secret.value)
