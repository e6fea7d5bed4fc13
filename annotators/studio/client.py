"""A thin layer over label_studio_sdk, which only this module imports: projects, tasks, predictions, export.

There is one writer at a time, and nothing that writes is tried again by the SDK: on SQLite, imports side by side lose
predictions without an error, and a repeated request makes tasks twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from annotators.studio.tokens import TOKEN_VARIABLES as TOKEN_VARIABLES
from annotators.studio.tokens import check_token, refused, signer
from annotators.studio.tokens import find_token as find_token
from corpus.errors import StudioError

Json = dict[str, Any]

CHUNK = 250
# So many items of a list in a row may have come before.
_AGAIN = 1000
_ONCE = {"max_retries": 0, "timeout_in_seconds": 600}


@dataclass(frozen=True, slots=True)
class RemoteTask:
    """A task on the server: its number, its data, and the model versions of its predictions."""

    id: int
    data: Mapping[str, Any]
    versions: frozenset[str]
    annotations: int = 0
    touched: bool = False
    """Whether anybody has submitted, skipped or begun it."""

    @property
    def key(self) -> str:
        return str(self.data.get("key") or "")


# What the data manager counts of the work on a task.
_WORK = ("total_annotations", "cancelled_annotations", "draft_exists")


@dataclass(frozen=True, slots=True)
class Look:
    """When a task was last changed, whether it has annotations (skipped ones too), and whether it has drafts."""

    id: int
    updated: datetime | None
    annotated: bool
    drafted: bool


@dataclass(frozen=True)
class Studio:
    """A Label Studio that answers and knows the token; make one with `connect`."""

    url: str
    sdk: Any = field(repr=False)
    http: Any = field(default=None, repr=False)
    """An httpx client that signs its requests, for what the SDK does not have."""

    def request(self, method: str, path: str, data: Json | None = None, doing: str = "") -> Any:
        """The JSON that the server answers to one request, which is not tried again: to a GET an object.

        StudioError where it refuses, or answers something else.
        """
        from label_studio_sdk.core.api_error import ApiError

        with _telling(self.url, doing):
            answer = self.http.request(method, f"{self.url}{path}", json=data)
            try:
                body = answer.json() if answer.content else None
            except ValueError:
                body = answer.text
            if answer.is_error:
                raise ApiError(status_code=answer.status_code, body=body)
            if method == "GET" and not isinstance(body, dict):
                raise TypeError("no object")
        return body

    def find_project(self, title: str) -> int | None:
        """The number of the project of that title; the oldest where there are several, None where there is none."""
        with _telling(self.url):
            found = [p.id for p in _each(self.sdk.projects.list(include="id,title", title=title)) if p.title == title]
        return min(found, default=None)

    def has_project(self, project: int) -> bool:
        """Whether there is a project of that number."""
        from label_studio_sdk.core.api_error import ApiError

        with _telling(self.url):
            try:
                self.sdk.projects.get(project)
            except ApiError as error:
                if error.status_code == 404:
                    return False
                raise
        return True

    def find_or_create_project(self, title: str, label_config: str, instruction: str) -> int:
        """The project of that title with that configuration, made or brought up to date where needed.

        Raises StudioError where Label Studio refuses the configuration, as it does when annotations would not fit it.
        """
        project = self.find_project(title)
        with _telling(self.url, f"project {title!r}"):
            if project is None:
                return int(
                    self.sdk.projects.create(
                        title=title,
                        label_config=label_config,
                        expert_instruction=instruction,
                        show_instruction=True,
                        show_skip_button=True,
                        enable_empty_annotation=True,
                        show_collab_predictions=True,
                        request_options=_ONCE,
                    ).id
                )
            stored = self.sdk.projects.get(project)
            if stored.label_config != label_config or stored.expert_instruction != instruction:
                self.sdk.projects.update(
                    project, label_config=label_config, expert_instruction=instruction, request_options=_ONCE
                )
            return project

    def hide_columns(self, project: int, fields: Sequence[str]) -> None:
        """Leave these fields out of the list of tasks (the data manager), with the columns that it hides by itself.

        Nothing is done where the list was set up already, as Label Studio does when somebody first opens it.
        """
        doing = "setting up the list of tasks"
        with _telling(self.url, doing):
            if list(self.sdk.views.list(project=project)):
                return
            columns = self.request("GET", f"/api/dm/columns?project={project}", doing=doing)["columns"]
            hidden = {
                place: [f"tasks:data.{name}" for name in fields]
                + [f"tasks:{c['id']}" for c in columns if not c.get("visibility_defaults", {}).get(place, True)]
                # The list by itself, and beside a task that is open.
                for place in ("explore", "labeling")
            }
        view = {"title": "Default", "type": "list", "target": "tasks", "hiddenColumns": hidden}
        self.request("POST", "/api/dm/views/", {"project": project, "data": view}, doing)

    def tasks(self, project: int) -> Iterator[RemoteTask]:
        """All tasks of a project, without their annotations."""
        wanted = ["id", "data", "predictions_model_versions", *_WORK]
        with _telling(self.url):
            for task in _each(self.sdk.tasks.list(project=project, include=wanted, page_size=500)):
                row = task.dict() if hasattr(task, "dict") else dict(task)
                versions = str(row.get("predictions_model_versions") or "")
                yield RemoteTask(
                    int(row["id"]),
                    row.get("data") or {},
                    frozenset(v.strip() for v in versions.split(",") if v.strip()),
                    int(row.get("total_annotations") or 0),
                    any(row.get(column) for column in _WORK),
                )

    def looks(self, project: int, since: str = "") -> Iterator[Look]:
        """All tasks of a project, or those that changed since then (ISO 8601, UTC): whether there is work on them, and when.

        A task changes when somebody submits, changes or deletes something on it, or begins a draft.
        """
        query = None
        if since:
            changed = {"filter": "filter:tasks:updated_at", "operator": "greater_or_equal", "type": "Datetime"}
            query = json.dumps({"filters": {"conjunction": "and", "items": [{**changed, "value": since}]}})
        with _telling(self.url):
            columns = ["id", "updated_at", *_WORK]
            for task in _each(self.sdk.tasks.list(project=project, include=columns, page_size=500, query=query)):
                work = bool(task.total_annotations or task.cancelled_annotations)
                yield Look(int(task.id), task.updated_at, work, bool(task.draft_exists))

    def task_count(self, project: int) -> int:
        """How many tasks a project has."""
        with _telling(self.url):
            return int(self.sdk.projects.get(project).task_number or 0)

    def import_tasks(self, project: int, tasks: Sequence[Json]) -> list[int]:
        """Import tasks (`{"data", "predictions"}`) in one request and return their numbers, in order.

        Raises StudioError where the server refuses them (then none is stored), or stored fewer tasks.
        """
        with _telling(self.url, "importing tasks"):
            answer = self.sdk.projects.import_tasks(
                project, request=list(tasks), return_task_ids=True, request_options=_ONCE
            )
            ids = [int(id) for id in answer.task_ids or []]
            predictions = int(answer.prediction_count or 0)
        if len(ids) != len(tasks):
            raise StudioError(
                f"{self.url}: {len(tasks)} tasks were sent, {len(ids)} stored; push again to complete them"
            )
        expected = sum(len(task.get("predictions", ())) for task in tasks)
        if predictions != expected:
            self._repair(project, ids, tasks)
        return ids

    def _repair(self, project: int, ids: Sequence[int], tasks: Sequence[Json]) -> None:
        # The server counts fewer predictions than it was sent, and says nothing of it otherwise.
        for id, task in zip(ids, tasks, strict=True):
            with _telling(self.url):
                there = {p.model_version for p in self.sdk.predictions.list(task=id)}
            lost = [p for p in task.get("predictions", ()) if p["model_version"] not in there]
            self.import_predictions(project, [{"task": id, **prediction} for prediction in lost])

    def import_predictions(self, project: int, predictions: Sequence[Json]) -> None:
        """Add predictions (`{"task", "model_version", "score", "result"}`) to tasks that are there, in one request.

        Raises StudioError where the server refuses them or stores fewer.
        """
        if not predictions:
            return
        with _telling(self.url, "importing predictions"):
            answer = self.sdk.projects.import_predictions(project, request=list(predictions), request_options=_ONCE)
            created = int(answer.created or 0)
        if created != len(predictions):
            raise StudioError(
                f"{self.url}: {len(predictions)} predictions were sent, {created} stored; push again to complete them"
            )

    def predictions(self, project: int, task: int) -> list[Json]:
        """The predictions of one task, oldest first."""
        with _telling(self.url):
            found = self.sdk.predictions.list(task=task, project=project)
            return sorted((dict(p.dict()) for p in found), key=lambda p: int(p["id"]))

    def annotations(self, task: int) -> dict[int, datetime | None]:
        """The annotations of one task, skipped ones too: when each was last changed, by its number."""
        with _telling(self.url):
            return {int(entry.id): entry.updated_at for entry in self.sdk.annotations.list(task)}

    def users(self) -> dict[str, int]:
        """The numbers of all users by their addresses, which drafts are signed with."""
        with _telling(self.url):
            return {str(user.email): int(user.id) for user in self.sdk.users.list()}

    def label_config(self, project: int) -> str:
        """The configuration of a project as it is."""
        with _telling(self.url):
            return str(self.sdk.projects.get(project).label_config)

    def update_annotation(self, annotation: int, result: Sequence[Json]) -> None:
        """Give an annotation another result. It stays its annotator's."""
        with _telling(self.url, f"updating annotation {annotation}"):
            self.sdk.annotations.update(annotation, result=list(result), request_options=_ONCE)

    def delete_task(self, task: int) -> bool:
        """Delete a task with all that people have made of it; False where it was not there any more."""
        from label_studio_sdk.core.api_error import ApiError

        with _telling(self.url, f"deleting task {task}"):
            try:
                self.sdk.tasks.delete(str(task), request_options=_ONCE)
            except ApiError as error:
                if error.status_code == 404:
                    return False
                raise
        return True

    def use_version(self, project: int, model_version: str) -> None:
        """Annotators begin from the predictions of this model version; Label Studio shows those of one version only."""
        with _telling(self.url):
            self.sdk.projects.update(project, model_version=model_version, request_options=_ONCE)

    def shown_version(self, project: int) -> str:
        """The model version whose predictions annotators are shown; "" where none is chosen."""
        with _telling(self.url):
            return str(self.sdk.projects.get(project).model_version or "")

    def connect_backend(self, project: int, url: str, title: str, user: str, password: str) -> int:
        """Register the ML backend at `url`, or bring up to date the one of that title or address; returns its number.

        The server asks it at once, with the password. Raises StudioError where it refuses the address, as it does those of
        loopback, or the backend does not answer.
        """
        same = {"url": url, "title": title, "auth_method": "BASIC_AUTH", "basic_auth_user": user}
        what: Json = {**same, "basic_auth_pass": password, "is_interactive": False, "request_options": _ONCE}
        with _telling(self.url, "connecting the backend"):
            found = [b.id for b in self.sdk.ml.list(project=project) if title == b.title or url == b.url]
            if found:
                return int(self.sdk.ml.update(min(found), project=project, **what).id)
            return int(self.sdk.ml.create(project=project, **what).id)

    def connect_webhook(self, project: int, url: str, actions: Sequence[str], headers: Mapping[str, str]) -> int:
        """Have the server tell `url` of these actions; returns the webhook's number.

        Of several to that address, or with the same headers to another, one is left.
        """
        what: Json = {"url": url, "actions": list(actions), "headers": dict(headers), "is_active": True}
        what |= {"send_payload": False, "send_for_all_actions": False, "request_options": _ONCE}
        with _telling(self.url, "connecting the webhook"):
            there = self.sdk.webhooks.list(project=str(project))
            found = sorted(w.id for w in there if w.url == url or (w.headers and w.headers == what["headers"]))
            for number in found[1:]:
                self.sdk.webhooks.delete(number, request_options=_ONCE)
            if found:
                self.sdk.webhooks.update(found[0], **what)
                return int(found[0])
            return int(self.sdk.webhooks.create(project=project, **what).id)

    def retrieve_predictions(self, project: int, tasks: Sequence[int]) -> None:
        """Have the server ask its ML backend for predictions of these tasks, which it stores; waits for them.

        Tasks that have one of the backend's version are passed over. Where the backend fails the server says nothing.
        """
        chosen = {"all": False, "included": list(tasks)}
        with _telling(self.url, "retrieving predictions"):
            self.sdk.actions.create(
                id="retrieve_tasks_predictions", project=project, selected_items=chosen, request_options=_ONCE
            )

    def export(self, project: int, tasks: Sequence[int] | None = None, *, unfinished: bool = False) -> list[Json]:
        """The tasks that have annotations, with all of them in full, skipped ones and drafts too; of `tasks` only, where given.

        With `unfinished` those without annotations are among them. The content of predictions is only there as an annotation's
        parent. The server keeps a copy of each export in its folder.
        """
        options: Json = {"timeout_in_seconds": 600}
        if tasks is not None:
            options["additional_query_parameters"] = {"ids[]": list(tasks)}
        with _telling(self.url, "exporting"):
            chunks = self.sdk.projects.exports.download_sync(
                project, export_type="JSON", download_all_tasks=unfinished, request_options=options
            )
            data = b"".join(chunks)
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            raise StudioError(f"{self.url}: the export of project {project} is not JSON; try again") from None
        if not isinstance(found, list) or not all(map(_is_task, found)):
            raise StudioError(f"{self.url}: the export of project {project} is no list of tasks; try again")
        return found


def connect(url: str, token: str) -> Studio:
    """The Label Studio at `url`, after it has answered and taken the token (a legacy or a personal access token).

    Raises StudioError in one line when nothing answers, when it is no Label Studio, or when the token is refused.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        # The address is shown in messages and stored in the workspace.
        raise StudioError("the address of Label Studio holds a user name or password; leave out all before the @")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StudioError(f"{url}: not the address of a Label Studio; expected one like http://127.0.0.1:8080")
    check_token(token)
    import httpx
    import label_studio_sdk

    make: Any = label_studio_sdk.LabelStudio
    url = url.rstrip("/")
    loopback = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
    # Loopback is never reached through a proxy.
    http = httpx.Client(timeout=120, follow_redirects=True, trust_env=not loopback, auth=signer(url, token))
    with _telling(url):
        answer = http.get(f"{url}/api/version", timeout=15, auth=None)
    try:
        about = answer.json()
    except ValueError:
        about = None
    is_studio = isinstance(about, dict) and "label-studio-os-package" in about
    if not is_studio:
        raise StudioError(f"{url}: something answers there, but it is no Label Studio; name its address and port")
    if answer.history and answer.url.copy_with(raw_path=b"/") != httpx.URL(url).copy_with(raw_path=b"/"):
        # A redirected POST arrives as a GET, and the token has gone in the clear before.
        real = str(answer.url).removesuffix("/api/version")
        raise StudioError(f"{url}: leads to {real}; write that address instead, in hemu.toml ([studio] url)")
    with _telling(url, "signing in"):
        # The client signs; the SDK is given something to put where the signature goes.
        sdk = make(base_url=url, api_key="-", httpx_client=http)
        sdk.users.whoami()
    return Studio(url, sdk, http)


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Lists of up to `size` values, in order."""
    chunk: list[Any] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@contextmanager
def _telling(url: str, doing: str = "") -> Iterator[None]:
    """Turns what the SDK raises into one line."""
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    what = f" while {doing}" if doing and not doing.startswith("project") else f" ({doing})" if doing else ""
    try:
        yield
    except ApiError as error:
        if error.status_code == 401:
            raise refused(url, _reason(error.body)) from None
        raise StudioError(f"{url}: Label Studio refused{what}: {error.status_code} {_reason(error.body)}") from None
    except httpx.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise StudioError(
                f"{url}: its certificate is not trusted here; name the file of its authority in SSL_CERT_FILE"
            ) from None
        raise StudioError(f"{url}: nothing answers there; start Label Studio with: hemu studio start") from None
    except httpx.HTTPError as error:
        raise StudioError(f"{url}: the connection failed{what} ({type(error).__name__}); try again") from None
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # A page of something between, half an answer, or values that the SDK did not expect.
        raise StudioError(
            f"{url}: what was answered{what} is no answer of Label Studio's ({type(error).__name__}); try again"
        ) from None


def _each(found: Iterable[Any]) -> Iterator[Any]:
    """What a list of several pages holds. ValueError where the pages have no end: something answers the same to each."""
    seen: set[int] = set()
    again = 0
    for item in found:
        number = int(item.id)
        # A task that is made meanwhile moves others to the next page, where they come once more.
        again = again + 1 if number in seen else 0
        if again > _AGAIN:
            raise ValueError("the same page again and again")
        seen.add(number)
        yield item


def _is_task(task: Any) -> bool:
    """Whether this can be a task of an export: with a number, and lists of annotations and drafts that have numbers too."""
    if not isinstance(task, dict) or type(task.get("id")) is not int or not isinstance(task.get("data") or {}, dict):
        return False
    entries = [task.get(name) or [] for name in ("annotations", "drafts")]
    return all(
        isinstance(several, list) and all(isinstance(one, dict) and type(one.get("id")) is int for one in several)
        for several in entries
    )


def _reason(body: Any) -> str:
    """The first line of what the server says, as short as it can be."""
    if isinstance(body, Mapping):
        errors = body.get("validation_errors") or body.get("detail") or body
        while isinstance(errors, (Mapping, list)) and errors:
            errors = next(iter(errors.values())) if isinstance(errors, Mapping) else errors[0]
        body = errors
    lines = [line.strip() for line in str(body).splitlines() if line.strip()]
    return (lines[1] if len(lines) > 1 and lines[0].endswith(":") else lines[0] if lines else "no reason given")[:300]
