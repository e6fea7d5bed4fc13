"""Pages and terminal output: every mark is there, nothing in a text does anything."""

import io
import re
import time
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from corpus.document import Bead, Claim, Document, Entity, Group, Item, Segments, Span, Target
from corpus.render import Marked, claim_note, printable, render_html, render_terminal
from corpus.scheme import load_scheme

EN = "Hangzhou will build 20,000 flats. <script>alert(1)</script>"
ZH = "杭州将建2万套住房。"


def item(id: str, text: str, lang: str = "en", marks: bool = True) -> Item:
    end = text.find("flats") + 5 if lang == "en" else len(text) - 1
    start = 9 if lang == "en" else 2
    entity = Entity(Span.of(text, 0, 8 if lang == "en" else 2), "PLACE", source="gazetteer")
    claim = Claim(Span.of(text, start, end), "commitment", "support", entity.span.surface, "housing", (Target("2"),))
    document = Document(id, "a", lang, text)  # type: ignore[arg-type]
    segments = Segments(id, document.sha, ((0, len(text)),))
    return Item(document, segments, (entity,) if marks else (), (claim,) if marks else ())


def group() -> Group:
    return Group((item("a.en", EN), item("a.zh", ZH, "zh")), (Bead(((0, len(EN)),), ((0, len(ZH)),), 0.9),))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_both_versions_stand_in_one_row_with_their_marks() -> None:
    page = render_html([group()], load_scheme(), title="t")
    body = page[page.index("<tbody>") :]
    assert body.count("<tr>") == 1
    assert re.findall(r'<mark class="PLACE"[^>]*>([^<]*)', body) == ["Hangzhou", "杭州"]
    assert "commitment · support · Hangzhou · housing · 2" in body


def test_markup_in_a_text_stays_text() -> None:
    page = render_html([group()], load_scheme(), title="<b>t</b>")
    parser = Tags()
    parser.feed(page)
    assert "script" not in parser.tags
    assert "b" not in parser.tags
    assert "&lt;script&gt;" in page


@given(st.text(min_size=1, max_size=40), st.lists(st.tuples(st.integers(0, 39), st.integers(1, 9)), max_size=4))
def test_pieces_rejoin_to_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    entities = tuple(Entity(Span.of(text, s, min(s + n, len(text))), "FIRM") for s, n in spans if s < len(text))
    document = Document("a", "", "en", text)
    got = Marked(Item(document, Segments("a", document.sha, ()), entities)).pieces(0, len(text))
    assert "".join(piece.text for piece in got) == text


def test_a_document_in_one_language_has_one_column() -> None:
    page = render_html([Group((item("a.zh", ZH, "zh"),))], load_scheme(), title="t")
    assert page.count("<th ") == 1
    assert "中文" in page


def test_the_terminal_shows_labels_and_claims_and_no_escape_of_the_text() -> None:
    text = EN.replace("20,000", "\x1b[31m")
    one = Group((item("a.en", text),))
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(render_terminal(one, load_scheme()))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Hangzhou PLACE" in shown
    assert "commitment · support" in shown
    assert "\x1b" not in shown


def test_what_steers_a_terminal_is_shown_as_a_symbol() -> None:
    assert printable("a\x1b\u202eb\x9b\ud800") == "a␛�b��"
    assert printable("家\u3000👩\u200d🌾\n") == "家\u3000👩\u200d🌾\n"


def test_time_is_linear_in_sentences_and_marks() -> None:
    text = "Hemu pays. " * 10_000
    starts = range(0, len(text), 11)
    document = Document("a", "", "en", text)
    segments = Segments("a", document.sha, tuple((at, at + 10) for at in starts))
    claims = tuple(Claim(Span.of(text, at, at + 9), "action", "support") for at in starts)
    entities = tuple(Entity(Span.of(text, at, at + 4), "PLACE") for at in starts)
    began = time.monotonic()
    page = render_html([Group((Item(document, segments, entities, claims),))], load_scheme(), title="t")
    assert page.count('<mark class="PLACE"') >= 10_000
    assert time.monotonic() - began < 5


def test_a_target_is_shown_with_its_figure_where_that_says_more() -> None:
    text = "新建住房30万套，贷款利率降至3%"
    made = Claim(Span.of(text, 0, len(text)), "action", "support", targets=(Target("30万", "套"), Target("3%")))
    assert claim_note(made, "zh").split(" · ")[3:] == ["30万 套 (300000 套)", "3%"]
    assert claim_note(made).split(" · ")[3:] == ["30万 套", "3%"]
    item = Item(Document("a", "", "zh", text), Segments("a", "", ((0, len(text)),)), (), (made,))
    assert "300000" in render_html([Group((item,))], load_scheme(), title="x")
