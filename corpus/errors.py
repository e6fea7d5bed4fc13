"""The exceptions that hemu raises on purpose: one tree, so that a caller can catch `HemuError`.

The command line turns any of them into one line on standard error and exit code 1. A message says what is
wrong, where (file and line, document id, offsets, surface), what was expected and what to do.
"""


class HemuError(Exception):
    """Anything that hemu refuses to do."""


class InputError(HemuError):
    """A file or a value given by the user cannot be used."""


class SpanError(HemuError, ValueError):
    """A span does not fit its text."""


class StaleTextError(HemuError):
    """Something refers to a version of a text that is no longer the stored one."""


class SchemeError(HemuError):
    """The label scheme is not well formed, or a label is not in it."""


class WorkspaceError(HemuError):
    """A folder is not a workspace, or is in use by another process."""


class StudioError(HemuError):
    """Label Studio could not be reached, refused, or answered something unexpected."""


class ModelError(HemuError):
    """A model could not be loaded or trained."""


class RegistryError(HemuError):
    """A name is not registered."""
