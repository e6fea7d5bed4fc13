"""What the language-model annotator is told: which server and model, how much at once, what it costs.

Settings stand in hemu.toml, `[llm]`; the key stands in the environment only (`HEMU_LLM_API_KEY`).
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from corpus.errors import InputError
from corpus.scheme import Scheme, load_scheme

if TYPE_CHECKING:
    from corpus.store import Workspace

KEY = "HEMU_LLM_API_KEY"
"""The environment variable that holds the key of a hosted server; none is needed for most local ones."""

SECTION = "llm"
ENTITIES, CLAIMS = "llm:", "llm-claims:"
"""What the names of the two annotators begin with; a workspace or URL#MODEL follows."""

_DIGEST = re.compile(r"@[0-9a-f]{8}\Z")
_SECRET = re.compile(r"key|token|secret|password", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Settings:
    """`timeout` is in seconds and for one request, `max_tokens` for one answer, `price_in` and `price_out` are for a
    million tokens, in whatever currency. `allow_http` lets articles and key travel unencrypted to another machine."""

    url: str
    model: str
    concurrency: int = 4
    timeout: float = 120.0
    max_tokens: int = 4096
    price_in: float = 0.0
    price_out: float = 0.0
    allow_http: bool = False
    scheme: Scheme = field(default_factory=load_scheme)

    @property
    def host(self) -> str:
        """The server as people may see it, in reports and errors."""
        return urlsplit(self.url).netloc

    @property
    def digest(self) -> str:
        """Changes with anything but the prices and the number of requests at once."""
        parts = (self.url, self.model, self.timeout, self.max_tokens, self.allow_http, self.scheme)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def checked(settings: Settings, where: str) -> Settings:
    """The settings with a tidy URL; InputError, beginning with `where`, for what cannot be used."""
    try:
        parts = urlsplit(settings.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InputError(f"{where}: url is no address; expected one like http://localhost:11434/v1") from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        # Not shown: it may hold a key.
        raise InputError(f"{where}: url holds more than an address; the key belongs in the environment variable {KEY}")
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\x00-\x20\x7f]", settings.url):
        raise InputError(f"{where}: url is {settings.url!r}; expected an address like http://localhost:11434/v1")
    if parts.scheme == "http" and not settings.allow_http and not is_loopback(host):
        raise InputError(
            f"{where}: {host} is another machine and http is not encrypted: articles and key could be read on the way; "
            "use https, or set allow_http = true for a network that you trust"
        )
    if not settings.model.strip():
        raise InputError(f"{where}: model is empty; name a model that the server has")
    for name, least in (("concurrency", 1), ("max_tokens", 64), ("timeout", 1), ("price_in", 0), ("price_out", 0)):
        if not least <= getattr(settings, name) <= 1_000_000:
            raise InputError(f"{where}: {name} is {getattr(settings, name)}; expected a number from {least} on")
    url = settings.url.rstrip("/").removesuffix("/chat/completions")
    return replace(settings, url=url)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1.example.com")
    (True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def settings_of(workspace: Workspace) -> Settings | None:
    """What `[llm]` in hemu.toml says; None where there is no such section.

    Raises InputError for a setting that is not known, of the wrong kind, or unsafe.
    """
    from corpus.store import CONFIG

    where = f"{workspace.root / CONFIG}: [{SECTION}]"
    table = workspace.config.get(SECTION)
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: expected settings, url and model at least")
    given: dict[str, Any] = {}
    kinds = {f.name: f.type for f in fields(Settings) if f.name != "scheme"}
    for name, value in table.items():
        if name not in kinds:
            if _SECRET.search(name):
                raise InputError(f"{where} {name}: a key belongs in the environment variable {KEY}, not in a file")
            raise InputError(f"{where} has {name!r}; expected: {', '.join(kinds)}")
        given[name] = _of_kind(value, str(kinds[name]), f"{where} {name}")
    if not {"url", "model"} <= given.keys():
        raise InputError(f'{where}: needs url and model, as in: url = "http://localhost:11434/v1"')
    return checked(Settings(**given, scheme=workspace.scheme), where)


def _of_kind(value: Any, kind: str, where: str) -> Any:
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value).__name__ != kind:
        # The value is not shown: somebody may have put a key there.
        raise InputError(f"{where}: expected {'text in quotes' if kind == 'str' else 'a value of kind ' + kind}")
    return value


def settings_named(name: str) -> Settings:
    """The settings for "llm:URL#MODEL" (the shipped label scheme), or "llm:FOLDER" of a workspace; "llm-claims:" too.

    >>> settings_named("llm:http://localhost:11434/v1#qwen3:8b").model
    'qwen3:8b'

    Raises InputError or WorkspaceError where the name leads to no settings.
    """
    from corpus.store import Workspace

    prefix = CLAIMS if name.startswith(CLAIMS) else ENTITIES
    rest = name.removeprefix(prefix)
    if rest.startswith(("http://", "https://")):
        url, _, model = rest.partition("#")
        return checked(Settings(url, model), prefix.rstrip(":"))
    folder = Path(_DIGEST.sub("", rest))
    found = settings_of(Workspace.open(folder))
    if found is None:
        raise InputError(f"{folder}: hemu.toml has no section [{SECTION}]; it needs url and model at least")
    return found


def names_of(workspace: Workspace) -> tuple[str, str]:
    """The names by which the registry makes both annotators of a workspace: of entities, and of claims.

    They change with the settings, so that nothing goes on with old ones. InputError where hemu.toml has no `[llm]`.
    """
    settings = settings_of(workspace)
    if settings is None:
        raise InputError(f"{workspace.root}: hemu.toml has no section [{SECTION}]; it needs url and model at least")
    place = f"{workspace.root.resolve()}@{settings.digest}"
    return ENTITIES + place, CLAIMS + place


def expanded(names: Sequence[str], workspace: Workspace, *, add: bool = False) -> tuple[str, ...]:
    """The names of annotators, with "llm" and "llm-claims" as the settings of a workspace say; where they are to be
    added and are not there, they come last, and so give way to all others.

    Reads the settings only where a name needs them.
    """
    wanted = [*names]
    short = [prefix.rstrip(":") for prefix in (ENTITIES, CLAIMS)]
    if add:
        wanted += [name for name, prefix in zip(short, (ENTITIES, CLAIMS), strict=True) if not _named(prefix, wanted)]
    if not any(name in wanted for name in short):
        return tuple(wanted)
    full = dict(zip(short, names_of(workspace), strict=True))
    return tuple(full.get(name, name) for name in wanted)


def _named(prefix: str, names: Sequence[str]) -> bool:
    return any(name == prefix.rstrip(":") or name.startswith(prefix) for name in names)


def api_key() -> str:
    """The key from the environment, or ""; InputError, which does not show it, where it cannot be sent."""
    key = os.environ.get(KEY, "").strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise InputError(f"{KEY}: holds characters that no key has; set it anew")
    return key
