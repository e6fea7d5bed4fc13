"""Fixtures of the tests that talk to a real Label Studio: one server of its own for the whole run, then stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from annotators.studio.server import Server, default_env, free_port, installed


@pytest.fixture
def port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    return free_port()


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with an empty database."""
    if not installed(default_env()):
        pytest.fail(
            f"no Label Studio in {default_env()}: run the tests with scripts/test, which installs it, "
            "or name its environment in HEMU_STUDIO_ENV",
            pytrace=False,
        )
    server = Server(tmp_path_factory.mktemp("studio"))
    said: list[str] = []
    server.start(free_port(), progress=said.append)
    assert any("first time" in line for line in said)
    yield server
    server.stop()


@pytest.fixture
def workspace_root(tmp_path: Path) -> Path:
    return tmp_path / "news"
