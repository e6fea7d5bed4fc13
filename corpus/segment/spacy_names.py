"""The names of an English Doc as spaCy's entity recogniser finds them, in half the time.

spaCy goes from word to word, and asks at each which of some seventy actions are allowed. Outside a name, what is decided
at a word does not depend on what came before: here that is worked out for all words at once, and only names are gone
through word by word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.tokens import Doc


def recognised(doc: Doc, recogniser: Any) -> Doc:
    """The Doc with its names set as `recogniser`, the component "ner" of a pipeline, would set them.

    The component itself is asked where it is built otherwise than in spaCy's English models, and where a name is set
    already.
    """
    found: Doc
    if not len(doc) or doc.has_annotation("ENT_IOB") or not usual(recogniser):
        found = recogniser(doc)
        return found
    from spacy.tokens import Span

    doc.set_ents([Span(doc, *name) for name in _Actions(recogniser).names(doc)], default="outside")
    return doc


def usual(recogniser: Any) -> bool:
    """Whether a recogniser decides from the word, the first word of an open name and the word before, without a beam."""
    if getattr(recogniser, "cfg", {}).get("beam_width") != 1 or not hasattr(recogniser, "moves"):
        return False
    model = recogniser.model
    if not model.attrs.get("has_upper") or model.attrs.get("unseen_classes"):
        return False
    lower = model.get_ref("lower")
    return bool(lower.get_dim("nF") == 3 and lower.get_dim("nP") >= 2)


class _Actions:
    """The actions of a recogniser by number: B, I, L, U with a label (the first, a middle, the last or the only word of a
    name), and O (outside)."""

    def __init__(self, recogniser: Any) -> None:
        import numpy

        self.model, moves = recogniser.model, recogniser.moves
        self.names_of: list[str] = [moves.get_class_name(i) for i in range(moves.n_moves)]
        kinds = numpy.array([name[0] for name in self.names_of])
        # Outside a name nothing goes on. "U-" is for words that are forbidden to be a name, of which there are none.
        self.never = numpy.isin(kinds, ["I", "L"]) | (numpy.array(self.names_of) == "U-")
        self.first, self.single = kinds == "B", kinds == "U"
        at = {name: i for i, name in enumerate(self.names_of)}
        self.open = {
            i: (name[2:], at[f"I-{name[2:]}"], at[f"L-{name[2:]}"])
            for i, name in enumerate(self.names_of)
            if name[0] == "B"
        }

    def names(self, doc: Doc) -> list[tuple[int, int, str]]:
        """The first word of each name, the one after its last, and its label."""
        import numpy

        upper, lower = self.model.get_ref("upper"), self.model.get_ref("lower")
        weights, bias = upper.get_param("W"), upper.get_param("b")
        # What each word brings in each of the three places; the first row stands for no word.
        parts = lower.predict(self.model.layers[0].predict([doc]))
        inner = lower.get_param("b")

        outside = (parts[1:, 0] + parts[0, 1] + parts[0, 2] + inner).max(-1)
        scores = self.model.ops.gemm(outside, weights, trans2=True) + bias
        columns: Any = doc.to_array(["SENT_START", "IS_SPACE"])
        # A name does not go on into the next sentence, nor begin with white space.
        ends = numpy.append(columns[1:, 0] == 1, True)
        spaces = columns[:, 1] == 1
        scores[:, self.never] = -numpy.inf
        scores[numpy.ix_(ends | spaces, self.first)] = -numpy.inf
        scores[numpy.ix_(spaces, self.single)] = -numpy.inf
        chosen: list[int] = scores.argmax(1).tolist()

        found: list[tuple[int, int, str]] = []
        start, length = 0, len(chosen)
        while start < length:
            action, end = chosen[start], start + 1
            if action in self.open:
                label, *on = self.open[action]
                while not ends[end]:
                    state = (parts[end + 1, 0] + parts[start + 1, 1] + parts[end, 2] + inner).max(-1)
                    inside, last = (weights[on] @ state + bias[on]).tolist()
                    end += 1
                    if last > inside:
                        break
                else:
                    end += 1
                found.append((start, end, label))
            elif self.single[action]:
                found.append((start, end, self.names_of[action][2:]))
            start = end
        return found
