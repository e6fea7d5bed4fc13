"""The annotators there are, by name: registered by decorator, or by entry point in the group `hemu_annotators`.

An annotator is made by a factory and works on a group: one document, or the two versions of an article. Each writes
layers of its own. Those of stage "entities" come first, and their entities are combined into one pre-annotation. Those of
stage "links" join mentions of the two versions, and those of stage "claims" come last; both find the combined entities
in the items of the group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Literal, Protocol, TypeVar

from corpus.document import Group, Layer
from corpus.errors import RegistryError

Stage = Literal["entities", "links", "claims"]


class Annotator(Protocol):
    """What proposes annotations. `version` changes whenever what it proposes may change."""

    name: str
    version: str
    stage: Stage

    def annotate(self, group: Group) -> list[Layer]:
        """A layer for each document of the group that it can read; `source` of the layer is the name."""
        ...


Factory = Callable[[], Annotator]
F = TypeVar("F", bound=Factory)

GROUP = "hemu_annotators"

# Imported on use, so that a name costs nothing until somebody asks for it.
BUILT_IN: Mapping[str, str] = {
    "rules-en": "annotators.rules.english",
    "rules-zh": "annotators.rules.chinese",
    "gazetteer": "annotators.gazetteer",
    "spacy-en": "annotators.model",
    "lac-zh": "annotators.lac",
    "link": "annotators.link",
    "claim-cues": "annotators.claims",
}

DEFAULT: tuple[str, ...] = ("rules-en", "rules-zh", "gazetteer", "spacy-en", "lac-zh", "link", "claim-cues")
"""The annotators of a new workspace, in the order of priority."""

NEED_MODELS = frozenset({"spacy-en", "lac-zh", "claim-cues"})
"""What cannot work without a model: two are one, and claims rest on the parse of English and the tags of Chinese."""

_factories: dict[str, Factory] = {}


def annotator(name: str) -> Callable[[F], F]:
    """Register the decorated factory under `name`."""

    def register(factory: F) -> F:
        _factories[name] = factory
        return factory

    return register


def names() -> list[str]:
    """The names of all annotators: built in, registered, and from installed packages."""
    return sorted({*BUILT_IN, *_factories, *(point.name for point in entry_points(group=GROUP))})


_WITH_PATH = ("model:", "claims-model:", "names:", "gold-names:", "llm:", "llm-claims:")


def check(wanted: Iterable[str]) -> None:
    """Raises RegistryError where a name is not known; loads nothing, and does not look whether a path is there."""
    known = names()
    for name in wanted:
        if not name.startswith(_WITH_PATH) and name not in known:
            raise _unknown(name)


def _unknown(name: str) -> RegistryError:
    return RegistryError(
        f"no annotator {name!r}; there are: {', '.join(names())}, and with a path: "
        f"{', '.join(f'{prefix}PATH' for prefix in _WITH_PATH)}"
    )


def without_models(wanted: Iterable[str]) -> list[str]:
    """Those of the names that work without a model; annotators of other packages are taken to.

    >>> without_models(["rules-en", "spacy-en", "model:models/3f2a/en"])
    ['rules-en']
    """
    return [name for name in wanted if name not in NEED_MODELS and not name.startswith(("model:", "claims-model:"))]


def make(name: str) -> Annotator:
    """The annotator of that name. `model:PATH` is the trained spaCy model in the folder PATH, `claims-model:PATH` a
    trained spotter of claims, `names:PATH` a group's own names in a file of `hemu kb`, `gold-names:PATH` the names that gold
    has confirmed.

    Raises RegistryError, which lists the names there are.
    """
    if name.startswith("model:"):
        from annotators.model import trained

        return trained(name.removeprefix("model:"))
    if name.startswith("claims-model:"):
        from annotators.claims_model import trained_claims

        return trained_claims(name.removeprefix("claims-model:"))
    if name.startswith("names:"):
        from annotators.own_names import own_names

        return own_names(name)
    if name.startswith("gold-names:"):
        from annotators.gold_names import gold_names

        return gold_names(name)
    if name.startswith(("llm:", "llm-claims:")):
        from annotators.llm import from_name

        return from_name(name)
    if name not in _factories and name in BUILT_IN:
        import_module(BUILT_IN[name])
    if name not in _factories:
        for point in entry_points(group=GROUP, name=name):
            _factories[name] = point.load()
    if name not in _factories:
        raise _unknown(name)
    return _factories[name]()
