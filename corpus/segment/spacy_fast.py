"""Parts of an English spaCy pipeline made faster without other results: start, matrix products, lemmas, attribute ruler."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from corpus.threads import products

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

# By which the patterns of a ruler may tell tokens, and what it may set.
_ATTRIBUTES = frozenset({"TAG", "LOWER", "DEP", "IS_SPACE"})
_SET: list[int | str] = ["POS", "TAG", "DEP", "MORPH", "LEMMA"]
_Kind = tuple[int, bool, bool, bool]
_NO_WORD: _Kind = (0, False, False, False)
_MOST_WORDS = 50_000


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
    too. The results are the same but for rounding.
    """
    import numpy
    from thinc.api import NumpyOps

    controller = products()

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
    """The universal part of speech of each token of a tagged and parsed Doc, as spaCy's attribute ruler gives it."""
    rows = _memory_of(ruler).rows(doc)
    if rows is None:
        return [token.pos_ for token in ruler(doc)]
    names = {row[0]: "" for row in rows}
    for part in names:
        names[part] = doc.vocab.strings[part]
    return [names[row[0]] for row in rows]


def ruled(doc: Doc, ruler: Any) -> Doc:
    """A tagged and parsed Doc with what spaCy's attribute ruler sets in it: parts of speech, forms, some lemmas."""
    found: Doc
    rows = _memory_of(ruler).rows(doc)
    if rows is None:
        found = ruler(doc)
    else:
        import numpy

        values: Any = numpy.array(rows, dtype="uint64").reshape(-1, len(_SET))
        found = doc.from_array(_SET, values)
    return found


class _Memory:
    """What an attribute ruler set in tokens.

    The ruler tries all its patterns at every token, a third of the time of a parse. What it sets follows from tag,
    dependency and (of the words that its patterns name) the word, the dependency of the token before and, in patterns
    of two words, the other word; it is remembered for these. A ruler with patterns of another kind is asked each time.
    """

    def __init__(self, ruler: Any) -> None:
        self.ruler = ruler
        self.known: dict[tuple[int, int, int, int, int], list[int]] = {}
        self.named, self.leading, self.following, self.depending = _Words(), _Words(), _Words(), _Words()
        self.kinds: dict[int, _Kind] = {}
        self.sure = True
        for rule in ruler.patterns:
            for pattern in rule["patterns"]:
                for token in pattern:
                    self.sure &= _ATTRIBUTES.issuperset(token)
                    self.sure &= self.named.learn(token)
                if len(pattern) == 2:
                    self._learn_two(pattern[0], pattern[1], rule["index"])
                self.sure &= len(pattern) <= 2

    def _learn_two(self, first: dict[str, Any], second: dict[str, Any], index: int) -> None:
        """A pattern of two tokens: the one beside that which is changed is told by its word, or goes before it and is told by
        its dependency."""
        self.sure &= "LOWER" in second
        if set(first) == {"DEP"} and index in (1, -1):
            self.depending.learn(second)
            return
        self.sure &= "LOWER" in first and set(second if index == 0 else first) == {"LOWER"}
        self.leading.learn(first)
        self.following.learn(second)

    def rows(self, doc: Doc) -> list[list[int]] | None:
        """For each token what the ruler sets, None where it is not foreseen."""
        # What an earlier component has said is no part of the key.
        if not self.sure or any(doc.has_annotation(name) for name in ("POS", "MORPH", "LEMMA")):
            return None
        rows: Any = doc.to_array(["LOWER", "TAG", "DEP", "IS_SPACE"]).tolist()
        kinds = [self.kinds.get(row[0]) or self._kind(doc, row[0]) for row in rows]
        keys, before, last = [], 0, _NO_WORD
        for (_, tag, dep, space), kind, after in zip(rows, kinds, (*kinds[1:], _NO_WORD), strict=True):
            word, leads, follows, depends = kind
            beside = last[0] if follows and last[1] else after[0] if leads and after[2] else 0
            keys.append((word or space, tag, dep, before if depends else 0, beside))
            before, last = dep, kind
        known = self.known
        missing = {key: i for i, key in enumerate(keys) if key not in known}
        if missing:
            known.update(zip(missing, self._ask(doc, list(missing.values())), strict=True))
        return [known[key] for key in keys]

    def _ask(self, doc: Doc, places: list[int]) -> list[list[int]]:
        """What the ruler sets in some tokens: it is given only these, each with its neighbours."""
        import numpy
        from spacy.tokens import Doc

        around = [j if j < len(doc) else -1 for i in places for j in (i - 1, i, i + 1, -1)]
        small = Doc(doc.vocab, words=["." if j < 0 else doc[j].text for j in around])
        columns: Any = doc.to_array(["TAG", "DEP"])[around]
        columns[numpy.array(around) < 0] = 0
        found: list[list[int]] = self.ruler(small.from_array(["TAG", "DEP"], columns)).to_array(_SET)[1::4].tolist()
        return found

    def _kind(self, doc: Doc, number: int) -> _Kind:
        """The number of a word if a pattern names it; whether it may be the first of two words, the second, or one after a
        certain dependency."""
        if len(self.kinds) > _MOST_WORDS:
            self.kinds.clear()
        word = doc.vocab.strings[number]
        known = number if word in self.named else 0
        found = (known, word in self.leading, word in self.following, word in self.depending)
        self.kinds[number] = found
        return found


class _Words:
    """The words that patterns name."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.shapes: list[re.Pattern[str]] = []

    def learn(self, token: dict[str, Any]) -> bool:
        """Note the word that a token of a pattern names; False where it is told in a way that is not known here."""
        word = token.get("LOWER", {})
        if isinstance(word, str):
            self.words.add(word)
            return True
        for how, value in word.items():
            if how == "REGEX":
                self.shapes.append(re.compile(value))
            elif how in ("IN", "NOT_IN"):
                self.words.update(value)
            else:
                return False
        return True

    def __contains__(self, word: str) -> bool:
        return word in self.words or any(shape.search(word) for shape in self.shapes)


def _memory_of(ruler: Any) -> _Memory:
    memory = _memories.get(ruler)
    if memory is None:
        memory = _memories[ruler] = _Memory(ruler)
    return memory


_memories: WeakKeyDictionary[Any, _Memory] = WeakKeyDictionary()
