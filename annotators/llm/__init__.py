"""Entities and claims from a language model behind an OpenAI-compatible server; off unless a workspace asks for it.

A document is cut into pieces (`pieces`), the guidelines and the label scheme become a prompt (`prompt`), the server is
asked (`client`) unless the answer is kept already (`cache`), answers are validated (`answers`) and their quotes anchored
to the text (`anchor`). What comes out is one more layer, in its place in the order of priority like any other.
"""

from annotators.llm.annotator import LlmAnnotator, ask_documents, cost, estimate, from_name
from annotators.llm.cache import forget
from annotators.llm.settings import CLAIMS, ENTITIES, KEY, Settings, expanded, names_of, settings_named, settings_of

__all__ = [
    "CLAIMS",
    "ENTITIES",
    "KEY",
    "LlmAnnotator",
    "Settings",
    "ask_documents",
    "cost",
    "estimate",
    "expanded",
    "forget",
    "from_name",
    "names_of",
    "settings_named",
    "settings_of",
]
