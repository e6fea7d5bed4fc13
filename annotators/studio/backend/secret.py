"""The shared secret of the backend: who does not know it is not answered."""

from __future__ import annotations

import base64
import hmac
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from annotators.studio.server import default_data, write_private
from corpus.errors import StudioError

USER = "hemu"
"""The name that goes with the secret where a name is wanted, as in basic authentication."""


@dataclass(frozen=True)
class Secret:
    """A secret, and what it lets in: all with basic authentication, webhooks also with a key that is made from it.

    Label Studio hides the password of a backend, but shows the headers of a webhook to all its users: with the key of the
    webhook nobody can ask for predictions.

    >>> secret = Secret("s" * 43)
    >>> secret.admits("/webhook", f"Bearer {secret.webhook_key}"), secret.admits("/predict", f"Bearer {secret.webhook_key}")
    (True, False)
    """

    value: str = field(repr=False)

    @property
    def webhook_key(self) -> str:
        return hmac.new(self.value.encode(), b"hemu webhook", "sha256").hexdigest()

    @property
    def basic(self) -> str:
        """The Authorization header of basic authentication."""
        return "Basic " + base64.b64encode(f"{USER}:{self.value}".encode()).decode()

    def admits(self, path: str, authorization: str) -> bool:
        """Whether a request with that Authorization header may go on."""
        given = authorization.strip().encode("utf-8", "replace")
        allowed = [self.basic]
        if path == "/webhook":
            allowed.append(f"Bearer {self.webhook_key}")
        return any(hmac.compare_digest(given, one.encode()) for one in allowed)


def default_file(name: str = "default") -> Path:
    """Where the secret for the server `name` is: `hemu/backend/<name>.secret` in the user's state folder."""
    return default_data(name).parent.parent / "backend" / f"{name}.secret"


def read_or_make(path: Path) -> Secret:
    """The secret in a file, which is made (mode 600) where it is not there.

    Raises StudioError where others than its owner may read it, or what it holds is too short to be a secret.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, secrets.token_urlsafe(32) + "\n")
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise StudioError(f"{path}: holds a secret, but others may read it; make it private with: chmod 600 {path}")
        value = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"{path}: the secret cannot be kept there: {error}") from None
    if len(value) < 20 or not value.isprintable() or ":" in value:
        raise StudioError(
            f"{path}: expected a secret of 20 characters or more, without a colon; delete it for a new one"
        )
    return Secret(value)
