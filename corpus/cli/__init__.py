"""The command `hemu`. The root names its commands as strings and imports a command's module when it is used."""

from corpus.cli.root import main

__all__ = ["main"]
