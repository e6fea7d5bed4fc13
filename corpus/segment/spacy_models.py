"""What every spaCy model in hemu needs: loading with a clear error, and texts that it can encode."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language

_SURROGATE = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """The text with halves of surrogate pairs, which spaCy cannot encode, replaced character for character.

    >>> len(encodable("房租\\ud83d"))
    3
    """
    return _SURROGATE.sub("\ufffd", text)


def load_model(folder: Path) -> Language:
    """The spaCy model in `folder`; ModelError in one line where it holds no whole model."""
    from corpus.segment.spacy_fast import import_spacy

    spacy = import_spacy()
    try:
        nlp: Language = spacy.load(folder)
    except Exception as error:  # spaCy raises many kinds for a folder that is no whole model
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{folder}: the model cannot be loaded ({reason}); train it again") from None
    return nlp
