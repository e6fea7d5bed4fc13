"""How a recogniser is trained: a configuration of spaCy, and beside it the section [hemu], how hemu goes through the gold.

    [hemu]
    epochs = 12               # how often gold is gone through
    min_steps = 300           # updates at least, however little gold there is
    most_steps = 8000         # updates at most, however much
    silver_epochs = 3         # how often silver and public sets are gone through before
    public_epochs = 3
    batch = 8                 # examples in an update; more, up to the largest, where most_steps asks for it
    largest_batch = 8
    stretch = 120             # characters of an example, which ends with a line
    misaligned_budget = 0.05  # the part of the entities that may have an edge inside a token
    general_english = false   # begin with the vectors and the tok2vec weights of the general English model

What a configuration does not name is as here. One without the section takes its batches from [training.batcher], and its
rounds and its updates at most from max_epochs and max_steps there. Documents are those of the workspace: [corpora] and what
concerns a development set (patience, eval_frequency) are not used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.document import LANGUAGES, Lang
from corpus.errors import InputError, ModelError

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Config

SECTION = "hemu"

DEFAULTS: Mapping[str, int | float | bool] = {
    "epochs": 12,
    "min_steps": 300,
    "most_steps": 8000,
    "silver_epochs": 3,
    "public_epochs": 3,
    "batch": 8,
    "largest_batch": 8,
    "stretch": 120,
    "misaligned_budget": 0.05,
    "general_english": False,
}


@dataclass(frozen=True)
class Recipe:
    """A configuration that has been read. `name` is where it is from; `settings` are those of [hemu], all of them.

    `own_batches` says that it has no section [hemu], so that spaCy's batcher and bounds hold.
    """

    name: str
    lang: Lang
    config: Config = field(repr=False)
    settings: Mapping[str, Any]
    own_batches: bool = False

    @property
    def text(self) -> str:
        """The whole configuration, its variables filled in: what a digest of the inputs of a training is made of."""
        return str(self.config.interpolate().to_str())


def shipped() -> list[str]:
    """The names of the configurations of recognisers that come with hemu."""
    folder = resources.files("models") / "configs"
    names = sorted(file.name.removesuffix(".cfg") for file in folder.iterdir() if file.name.endswith(".cfg"))
    return [name for name in names if name != "claims"]


def read_config(lang: Lang) -> Config:
    """The configuration of one language as it comes with hemu, `models/configs/<lang>.cfg`."""
    return read_recipe(lang).config


def read_recipe(name: Lang | str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The configuration in a file, or the one of that name that comes with hemu: "en", "zh", "en_transformer", …

    `overrides` are values by their place, {"paths.weights": "models/roberta"}, as `spacy train` takes them.

    >>> read_recipe("zh").settings["stretch"], read_recipe("zh", {"hemu.stretch": 60}).settings["stretch"]
    (30, 60)

    Raises InputError where there is none, ModelError where it is no configuration of a recogniser.
    """
    from spacy.util import CONFIG_SECTION_ORDER
    from thinc.api import Config

    text = _text(name)
    try:
        config = Config(section_order=CONFIG_SECTION_ORDER).from_str(
            text, interpolate=False, overrides=dict(overrides or {})
        )
        filled = config.interpolate()
        pipeline = list(filled["nlp"]["pipeline"])
        lang = filled["nlp"]["lang"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{name}: is not a configuration of spaCy ({_line(error)})") from None
    if lang not in LANGUAGES:
        raise ModelError(f"{name}: the configuration is for language {lang!r}; expected one of: {', '.join(LANGUAGES)}")
    if "ner" not in pipeline:
        raise ModelError(f"{name}: the pipeline has no component 'ner'; it has: {', '.join(pipeline) or 'none'}")
    given = filled.get(SECTION)
    return Recipe(str(name), lang, config, _settings(given or {}, name), own_batches=given is None)


def parse_overrides(given: Iterable[str]) -> dict[str, Any]:
    """The values in "key=value" by their keys, each read as JSON where it is, else as text; ~ is the home folder.

    >>> parse_overrides(["training.dropout=0.2", "paths.weights=roberta-base"])
    {'training.dropout': 0.2, 'paths.weights': 'roberta-base'}
    """
    found: dict[str, Any] = {}
    for entry in given:
        key, mark, value = entry.partition("=")
        if not mark or "." not in key:
            raise InputError(
                f"--set {entry}: expected the place of a value and the value, such as training.dropout=0.2"
            )
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = str(Path(value).expanduser()) if value.startswith("~") else value
    return found


def _text(name: str | Path) -> str:
    try:
        if isinstance(name, str) and name in shipped():
            return (resources.files("models") / "configs" / f"{name}.cfg").read_text(encoding="utf-8")
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{name}: cannot be read ({reason}); expected a file, or one of: {', '.join(shipped())}"
        ) from None


def _settings(given: Mapping[str, Any], name: str | Path) -> dict[str, Any]:
    for key, value in given.items():
        if key not in DEFAULTS:
            raise ModelError(f"{name}: [hemu] has no {key!r}; there are: {', '.join(DEFAULTS)}")
        default = DEFAULTS[key]
        kinds = (int, float) if isinstance(default, float) else (type(default),)
        if type(value) not in kinds or value < 0 or (key in ("batch", "largest_batch", "stretch") and value < 1):
            raise ModelError(f"{name}: [hemu] {key} = {value!r}; expected a value like {default!r}")
    return {**DEFAULTS, **given}


def make_pipeline(recipe: Recipe) -> tuple[Language, dict[str, Any]]:
    """The pipeline of a configuration, not trained yet, and its [training], with what is registered made.

    Raises ModelError, in one line, where the configuration does not hold, or names what is not installed.
    """
    import spacy.util
    from spacy.schemas import ConfigSchemaTraining

    import models.words  # noqa: F401  (registers the component that zh.cfg names)

    try:
        nlp = spacy.util.load_model_from_config(recipe.config, auto_fill=True, validate=True)
        training = nlp.config.interpolate()["training"]
        resolved = spacy.util.registry.resolve(training, schema=ConfigSchemaTraining)
    except Exception as error:  # spaCy, thinc, pydantic and what a configuration calls raise many kinds
        raise ModelError(f"{recipe.name}: {_reason(recipe, error)}") from None
    return nlp, resolved


def _reason(recipe: Recipe, error: Exception) -> str:
    import importlib.util

    named = "transformer" in str(error) and "spacy-transformers" in recipe.text
    if named and importlib.util.find_spec("spacy_transformers") is None:
        return 'needs spacy-transformers, which is not installed; run: pip install "hemu[transformers]"'
    return f"the configuration cannot be used ({_line(error)})"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
