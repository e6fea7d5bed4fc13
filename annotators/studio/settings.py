"""What a server is told by its environment: its account, its database, and what it stays away from."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from corpus.errors import StudioError

# Label Studio reads a setting X from the variables LABEL_STUDIO_X, HEARTEX_X and X, so that a HOST, DEBUG or CI of
# the user's shell would change it: it is given these variables and no others.
_PASSED_ON = ("PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "PGSSLMODE", "PGSSLROOTCERT")
_PASSED_ON_PREFIXES = ("LC_", "LABEL_STUDIO_", "HEARTEX_", "POSTGRE_")

SQLITE = "label_studio.sqlite3"


@dataclass(frozen=True, slots=True)
class Database:
    """The database of a server. Of SQLite, `name` is the file, "" for the one in the data folder.

    >>> str(Database("postgresql", "labels", "127.0.0.1", 5432, "hemu", "secret"))
    'PostgreSQL hemu@127.0.0.1:5432/labels'
    """

    kind: str
    name: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        if self.kind == "sqlite":
            return f"SQLite {self.name}".strip()
        return f"PostgreSQL {self.user}@{self.host}:{self.port}/{self.name}"

    @property
    def place(self) -> list[str | int]:
        """What tells it from another database, without anything secret."""
        return [self.kind, self.name, self.host, self.port]

    def file(self, data: Path) -> Path:
        """The file of an SQLite database."""
        return Path(self.name) if self.name else data / SQLITE


def setting(name: str, default: str = "") -> str:
    """A setting of Label Studio in the environment, "" like one that is not there."""
    for variable in (f"LABEL_STUDIO_{name}", f"HEARTEX_{name}", name):
        if os.environ.get(variable):
            return os.environ[variable]
    return default


def database() -> Database:
    """The database that the environment names; SQLite in the data folder where it names none.

    Raises StudioError where it is of a kind that hemu does not know, or its port is no number.
    """
    kind = setting("DJANGO_DB", "sqlite")
    if kind == "sqlite":
        return Database("sqlite", os.environ.get("LABEL_STUDIO_DATABASE_NAME", ""))
    if kind not in ("default", "postgresql"):
        raise StudioError(f"DJANGO_DB is {kind!r} in the environment: expected sqlite or postgresql")
    port = setting("POSTGRE_PORT", "5432")
    if not port.isdecimal():
        raise StudioError(f"POSTGRE_PORT is {port!r} in the environment: expected a number like 5432")
    return Database(
        "postgresql",
        setting("POSTGRE_NAME", "postgres"),
        setting("POSTGRE_HOST", "localhost"),
        int(port),
        setting("POSTGRE_USER", "postgres"),
        setting("POSTGRE_PASSWORD", "postgres"),
    )


def public_address() -> str:
    """The address by which others reach the server, LABEL_STUDIO_HOST, "" where none is named.

    Raises StudioError where it is no address: Label Studio would pass over it without a word.
    """
    address = os.environ.get("LABEL_STUDIO_HOST", "").rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise StudioError(
            f"LABEL_STUDIO_HOST is {address!r} in the environment: expected an address like https://labels.example.org"
        )
    return address


def environment(data: Path, account: dict[str, str]) -> dict[str, str]:
    """All that a server of hemu's own is given, secrets included: others cannot read the environment of a process."""
    kept = {k: v for k, v in os.environ.items() if k in _PASSED_ON or k.startswith(_PASSED_ON_PREFIXES)}
    folder = str(data.resolve())
    return {
        "PATH": os.defpath,
        **_behind_a_proxy(),
        **kept,
        "DJANGO_DB": database().kind,
        "HOME": folder,
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "LABEL_STUDIO_BASE_DATA_DIR": folder,
        "LABEL_STUDIO_USERNAME": account["username"],
        "LABEL_STUDIO_PASSWORD": account["password"],
        "LABEL_STUDIO_USER_TOKEN": account["token"],
        # Counts only while the organisation is made, that is on the first start.
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "LABEL_STUDIO_SENTRY_DSN": "",
        "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
        "LABEL_STUDIO_LOG_LEVEL": "WARNING",
        "LOG_LEVEL": "WARNING",
        # Refuse predictions that do not fit the configuration, which the server otherwise stores.
        "fflag_feat_utc_210_prediction_validation_15082025": "true",
    }


def _behind_a_proxy() -> dict[str, str]:
    """What Label Studio needs to be told where people reach it by https, and it is reached by the proxy in plain HTTP."""
    parts = urlsplit(public_address())
    if parts.scheme != "https":
        return {}
    # Without the first, nobody can sign in: the form comes from https, and Label Studio takes itself for http.
    return {
        "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": f"https://{parts.netloc}",
        "LABEL_STUDIO_SESSION_COOKIE_SECURE": "1",
    }


# What Label Studio does not connect to (`validate_ip` in its core/utils/io.py), without 127.0.0.0/8.
_BLOCKED = (
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,"
    "198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,233.252.0.0/24,240.0.0.0/4,255.255.255.255/32,"
    "::/128,::1/128,::ffff:0:0/96,::ffff:0:0:0/96,64:ff9b::/96,64:ff9b:1::/48,100::/64,2001:0000::/32,2001:20::/28,"
    "2001:db8::/32,2002::/16,fc00::/7,fe80::/10,ff00::/8"
)


def blocking(loopback_backend: bool) -> dict[str, str]:
    """The settings that say where Label Studio connects to, whatever the user's shell says of them."""
    settings = {
        "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "true",
        "LABEL_STUDIO_ML_BLOCK_LOCAL_IP": "true",
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "true",
    }
    if loopback_backend:
        # The same list but for one line, rather than no list at all: the network of this machine stays out of reach.
        more = os.environ.get("LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS", "")
        settings["LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS"] = "false"
        settings["LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"] = ",".join(filter(None, (_BLOCKED, more)))
    return settings
