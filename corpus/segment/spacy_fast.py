"""Two parts of an English spaCy pipeline made faster without other results: matrix products, and parts of speech."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_ATTRIBUTES = frozenset({"TAG", "LOWER", "DEP", "IS_SPACE"})


def import_spacy() -> Any:
    """The module spacy, without the half of its start that goes into its command line.

    `import spacy` loads spacy.cli with typer, weasel, requests and httpx for the one function `spacy.info`. While it is
    imported here, an empty package stands in for spacy.cli; it is taken away again, so that whoever imports spacy.cli
    later gets the real one, and `spacy.info` loads it when it is called.
    """
    if "spacy" in sys.modules:
        return sys.modules["spacy"]
    spec = importlib.util.find_spec("spacy")
    stands_in = {name: ModuleType(name) for name in ("spacy.cli", "spacy.cli.info")}
    stands_in["spacy.cli"].__path__ = [str(Path(f, "cli")) for f in (spec and spec.submodule_search_locations) or ()]
    stands_in["spacy.cli.info"].info = _info  # type: ignore[attr-defined]
    sys.modules.update(stands_in)
    try:
        import spacy
    finally:
        for name, module in stands_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
    # Importing it also made it an attribute of the package.
    if vars(spacy).get("cli") is stands_in["spacy.cli"]:
        delattr(spacy, "cli")
    return spacy


def _info(*args: Any, **options: Any) -> Any:
    from spacy.cli.info import info

    return info(*args, **options)


def faster_lemmas(nlp: Language) -> None:
    """Let the lemmatizer of `nlp` look up known forms in sets: spaCy's tables are lists, read from end to end each time."""
    for _, component in nlp.pipeline:
        lookups = getattr(component, "lookups", None)
        if lookups is not None and lookups.has_table("lemma_index"):
            table = lookups.get_table("lemma_index")
            for part in list(table):
                if isinstance(table[part], list):
                    table[part] = frozenset(table[part])


def use_numpy_products(nlp: Language) -> None:
    """Let the models of `nlp` multiply matrices with numpy, whose library is two to three times as fast as spaCy's.

    On one thread: a second one gains nothing with matrices of this size, and costs much where other processes work
    too. The results are the same but for rounding. Where threadpoolctl is not installed, nothing changes.
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return
    import numpy
    from thinc.api import NumpyOps

    controller = ThreadpoolController().select(user_api="blas")

    class Products(NumpyOps):  # type: ignore[misc]
        def gemm(self, x: Any, y: Any, out: Any = None, trans1: bool = False, trans2: bool = False) -> Any:
            with controller.limit(limits=1):
                return numpy.matmul(x.T if trans1 else x, y.T if trans2 else y, out=out)

        def __reduce__(self) -> Any:
            # A local class cannot be pickled; a pipeline can, and another process gets spaCy's own products.
            return NumpyOps, ()

    ops = Products()
    for _, component in nlp.pipeline:
        model = getattr(component, "model", None)
        for node in model.walk() if model is not None else ():
            if type(node.ops) is NumpyOps:
                node.ops = ops


def parts_of_speech(doc: Doc, ruler: Any) -> Sequence[str]:
    """The universal part of speech of each token of a tagged and parsed Doc, as spaCy's attribute ruler gives it.

    The ruler tries all its patterns at every token, a third of the time of a parse. What it finds follows from tag,
    dependency and (for the words that its patterns name) the word, and is remembered for these. A ruler with patterns
    of another kind is asked each time.
    """
    memory = _memories.get(ruler)
    if memory is None:
        memory = _memories[ruler] = _Memory(ruler)
    return memory.parts(doc)


class _Memory:
    def __init__(self, ruler: Any) -> None:
        self.ruler = ruler
        self.known: dict[tuple[int, int, int, int], str] = {}
        self.words: set[str] = set()
        self.sure = True
        for rule in ruler.patterns:
            if "POS" not in rule["attrs"] and "TAG" not in rule["attrs"] and "DEP" not in rule["attrs"]:
                continue
            for pattern in rule["patterns"]:
                index = rule["index"]
                # Of a pattern of two, the first may only say what the token before depends as.
                if len(pattern) > 2 or (len(pattern) == 2 and (index not in (1, -1) or set(pattern[0]) != {"DEP"})):
                    self.sure = False
                for token in pattern:
                    self._learn(token)

    def _learn(self, token: dict[str, Any]) -> None:
        if not _ATTRIBUTES.issuperset(token):
            self.sure = False
        word = token.get("LOWER", "")
        if isinstance(word, str):
            self.words.add(word)
        elif set(word) <= {"IN", "NOT_IN"}:
            self.words.update(*word.values())
        else:
            self.sure = False

    def parts(self, doc: Doc) -> list[str]:
        # What an earlier component has said of a part of speech is no part of the key.
        if not self.sure or doc.has_annotation("POS"):
            return [token.pos_ for token in self.ruler(doc)]
        named = {doc.vocab.strings[word] for word in self.words if word and word in doc.vocab.strings}
        keys, before = [], 0
        rows: Any = doc.to_array(["LOWER", "TAG", "DEP", "IS_SPACE"])
        for lower, tag, dep, space in rows.tolist():
            keys.append((lower if lower in named else space, tag, dep, before))
            before = dep
        known = self.known
        if any(key not in known for key in keys):
            for key, token in zip(keys, self.ruler(doc), strict=True):
                known[key] = token.pos_
        return [known[key] for key in keys]


_memories: WeakKeyDictionary[Any, _Memory] = WeakKeyDictionary()
