"""Reading without models: offsets hold, sentences and words are sensible, and what is kept is read anew."""

from hypothesis import given, settings
from hypothesis import strategies as st

from annotators import light
from annotators.pipeline import load
from annotators.rules.chinese_body_names import _is_brand, is_brand
from corpus.document import Document


def test_english_sentences_end_where_it_is_sure_and_abbreviations_do_not() -> None:
    text = 'Dr. Li spoke. "He left," she said.\nU.S. rents fell 3.5% on Jan. 5. Wages rose!'
    assert [text[a:b] for a, b in light.english_sentences(text)] == [
        "Dr. Li spoke.",
        '"He left," she said.',
        "U.S. rents fell 3.5% on Jan. 5.",
        "Wages rose!",
    ]


def test_chinese_words_have_tags_and_a_surname_makes_a_person() -> None:
    text = "杭州市市长林岚3月来访，赵某未到。"
    found = {text[t.start : t.end]: t.tag for t in light.chinese_words(text, [(0, len(text))])[0]}
    assert found["杭州市"] == "LOC"
    assert found["林岚"] == "PER"


@given(st.text(alphabet="ab. A.\n王林在\t杭州“”!?'\U0001f600\ud800", max_size=60), st.sampled_from(["en", "zh"]))
@settings(deadline=None)
def test_sentences_and_words_cover_the_text_in_order(text: str, lang: str) -> None:
    segments = light.segment(Document("d", "", lang, text))  # type: ignore[arg-type]
    for ranges in (segments.sentences, [(t.start, t.end) for t in segments.tokens]):
        end = 0
        covered = set()
        for start, stop in ranges:
            assert end <= start < stop <= len(text)
            covered |= set(range(start, stop))
            end = stop
        assert all(n in covered or text[n].isspace() for n in range(len(text)))


def test_what_a_text_gave_without_models_is_not_kept_for_reading_with_them() -> None:
    documents = [
        Document("a.en", "a", "en", "Helen Marsh of Zebrona Corp. visited Norrland in March."),
        Document("a.zh", "a", "zh", "Helen Marsh 三月访问北地。"),
    ]
    fast, full = load(("rules-zh", "spacy-en"), True), load(("rules-zh", "spacy-en"))
    fast.annotate(fast.segmented(documents))
    layers = full.annotate(full.segmented(documents)).layers
    assert any(layer.entities for layer in layers if layer.source == "spacy-en")


def test_a_brand_without_models_is_asked_anew_with_them() -> None:
    names = ["滴滴出行", "顺丰", "旷视", "喜茶"]
    with light.reading():
        for name in names:
            is_brand(name)
    kept = [is_brand(name) for name in names]
    _is_brand.cache_clear()
    assert kept == [is_brand(name) for name in names]


def test_the_switch_goes_back_also_after_an_error() -> None:
    try:
        with light.reading():
            assert light.is_on()
            raise ValueError
    except ValueError:
        pass
    assert not light.is_on()
