"""Upload a version of the dataset to the Hugging Face Hub: one commit, and a tag with the version's name.

The token is that of the environment variable HF_TOKEN, or the one that `hf auth login` has stored. hemu neither asks for
it nor shows it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset.join import JOIN, file_sha
from corpus.dataset.manifest import Manifest, read_manifest
from corpus.errors import HemuError, InputError
from corpus.store import CONFIG, Workspace

if TYPE_CHECKING:
    from huggingface_hub import HfApi

NO_TEXT = "none"
"""The value of `[dataset] text` in hemu.toml that forbids to publish texts."""

# What an earlier version has left in the repository and this one does not have; other files there are left alone.
_OURS = re.compile(rf"[\w-]+/[\w-]+\.parquet|plots/[^/]+\.svg|croissant\.json|DATASHEET\.md|{re.escape(JOIN)}|join\.py")
_GOOD_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class Upload:
    """What would be sent where: `files` are paths in the folder with their bytes."""

    repository: str
    folder: Path
    version: str
    text: bool
    private: bool
    files: tuple[tuple[str, int], ...]
    telling_names: int = 0
    """Documents of a version without text whose ids, file names or addresses repeat their text."""

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "folder": str(self.folder), "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What was made: the address of the dataset, the commit, the tag, and how many files of earlier versions went."""

    url: str
    commit: str
    tag: str
    removed: int


def prepare(folder: Path, repository: str, *, private: bool = True, workspace: Workspace | None = None) -> Upload:
    """What an upload of the dataset in `folder` would send; nothing is sent, and nothing asked of the network.

    Raises InputError where the folder holds no dataset or one that is damaged, the name is not OWNER/NAME, or texts
    would be published though `[dataset] text = "none"` in hemu.toml of the workspace (that which the folder lies in,
    where none is given) says that they may not be.
    """
    if not _GOOD_NAME.fullmatch(repository) or re.search(r"--|\.\.|\.git$", repository) or len(repository) > 96:
        raise InputError(f"{repository!r} is no name of a dataset; expected OWNER/NAME of letters, digits, - _ and .")
    manifest = read_manifest(folder)
    _check_text(folder, manifest, workspace or _around(folder))
    for file in manifest.files():
        path = folder / file.path
        if not path.is_file() or file_sha(path) != file.sha256:
            raise InputError(f"{path}: is missing or damaged; build the dataset again")
    files = sorted(
        path.relative_to(folder)
        for path in folder.rglob("*")
        # A link may lead anywhere.
        if path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    sizes = tuple((path.as_posix(), (folder / path).stat().st_size) for path in files)
    telling = 0 if manifest.text else int(manifest.extra.get("telling_names", 0))
    return Upload(repository, folder, manifest.version, manifest.text, private, sizes, telling)


def _around(folder: Path) -> Workspace | None:
    for above in folder.resolve().parents:
        if (above / CONFIG).is_file():
            return Workspace.open(above)
    return None


def _check_text(folder: Path, manifest: Manifest, workspace: Workspace | None) -> None:
    if workspace is None:
        return
    allowed = workspace.setting("dataset", "text", "full")
    if allowed not in ("full", NO_TEXT):
        raise InputError(f'{workspace.root / CONFIG}: [dataset] text is {allowed!r}; expected "full" or "{NO_TEXT}"')
    if allowed == NO_TEXT and (manifest.text or _holds_text(folder, manifest)):
        raise InputError(
            f'{folder.name}: holds the texts, and [dataset] text = "{NO_TEXT}" in {CONFIG} says that they may not be passed '
            "on; build a version without them: hemu dataset --no-text"
        )


def _holds_text(folder: Path, manifest: Manifest) -> bool:
    import pyarrow.parquet as pq

    return any("text" in pq.read_schema(folder / file.path).names for file in manifest.files("documents"))


def push(upload: Upload) -> Uploaded:
    """Send it: the repository is made where there is none, and what is in it becomes this version, in one commit.

    Parquet files of an earlier version are removed from the head of the repository (the tag of that version keeps them);
    files that hemu has not made stay. Raises InputError, in one line, where the Hub cannot be reached or refuses, where
    there is no token, or where a repository is public and `private` is wanted.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

    if not get_token():
        raise InputError("no token of the Hugging Face Hub: set HF_TOKEN, or run: hf auth login")
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    names = {name for name, _ in upload.files}
    with _told(upload.repository):
        made = api.create_repo(upload.repository, repo_type="dataset", private=upload.private, exist_ok=True)
        info = api.dataset_info(upload.repository)
        if upload.private and info.private is False:
            raise InputError(f"{upload.repository}: is there already and is public; say --public if that is meant")
        old = [file.rfilename for file in info.siblings or () if _OURS.fullmatch(file.rfilename)]
        gone = [name for name in old if name not in names]
        adds = [CommitOperationAdd(name, upload.folder / name) for name, _ in upload.files]
        commit = api.create_commit(
            upload.repository,
            operations=[*adds, *(CommitOperationDelete(name, is_folder=False) for name in gone)],
            commit_message=f"Version {upload.version}",
            repo_type="dataset",
        )
        _tag(api, upload, commit.oid)
    return Uploaded(str(made), commit.oid, upload.version, len(gone))


def _tag(api: HfApi, upload: Upload, commit: str) -> None:
    api.create_tag(upload.repository, tag=upload.version, revision=commit, repo_type="dataset", exist_ok=True)


_MEANING = {
    401: "the token is not valid, or is needed; set HF_TOKEN to one that may write, or run: hf auth login",
    403: "the token may not write there; use one with write access to {owner}",
    404: "no such place, or the token may not see it; check the name, and that {owner} exists",
    409: "was changed by somebody else meanwhile; try again",
    413: "too large for the Hub",
    429: "too many requests; try again later",
}


@contextmanager
def _told(repository: str) -> Iterator[None]:
    """Errors of the Hub and of the network as one line, which never holds the token."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        meaning = _MEANING.get(status, "the Hub failed; try again later" if status >= 500 else "the Hub refused")
        said = _plain(error.server_message or "")
        owner = repository.partition("/")[0]
        line = f"{repository}: {meaning.format(owner=owner)} (HTTP {status}{': ' + said if said else ''})"
        raise InputError(line) from None
    except OfflineModeIsEnabled:
        raise InputError("HF_HUB_OFFLINE is set: nothing can be uploaded; unset it") from None
    except HemuError:
        raise
    except Exception as error:
        # Versions of huggingface_hub use different HTTP clients, each with errors of its own.
        raise InputError(f"{repository}: cannot be uploaded: {_plain(str(error) or type(error).__name__)}") from None


def _plain(message: str) -> str:
    from huggingface_hub import get_token

    token = get_token()
    line = " ".join(message.split())
    return (line.replace(token, "***") if token else line)[:300]
