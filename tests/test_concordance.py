"""Concordances: what is found, where, and what stands beside it; a search that cannot hang, and output that does nothing."""

import csv
import io
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from corpus.cli.look import find
from corpus.document import Alignment, Bead, Block, Claim, Document, Entity, Layer, Ref, Relation, Segments, Span
from corpus.errors import HemuError, InputError
from corpus.look import query as query_module
from corpus.look.concordance import concordance
from corpus.look.hits import Hit, frequencies, hit_row, sorted_hits
from corpus.look.marks import Marks
from corpus.look.query import Query, folded, matcher
from corpus.render import render_hit
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, SEGMENTS, layers_table
from corpus.store import Workspace

EN = "Rents fall in Hemu\nHemu will build 2,000 rental flats. Mayor Lin said the People’s Bank backs different rents."
ZH = "和睦租金下降\n和睦将建设2000套租赁住房。林市长表示，人民银行支持不同租金。"
HANT = "和睦住房\n實現共同富裕，和睦將建設租賃住房。"


def entity(text: str, surface: str, label: str, link: str = "", nth: int = 0) -> Entity:
    start = -1
    for _ in range(nth + 1):
        start = text.index(surface, start + 1)
    return Entity(Span.of(text, start, start + len(surface)), label, link=link)


def document(id: str, lang: str, text: str, pair: str = "", **meta: str) -> Document:
    head = text.index("\n")
    blocks = (Block(0, head, "headline"), Block(head + 1, len(text), "body"))
    return Document(id, pair, lang, text, blocks, meta=meta)  # type: ignore[arg-type]


def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Lines, and in them what ends with a full stop."""
    cuts, start = [], 0
    for at, character in enumerate(text):
        if character in "\n。" or text[at : at + 2] in (". ", "."):
            end = at if character == "\n" else at + 1
            cuts.append((start, end))
            start = end + (1 if text[end : end + 1] in (" ", "\n") else 0)
    return tuple(cut for cut in cuts if cut[0] < cut[1])


@pytest.fixture
def workspace(workspace_root: Path) -> Workspace:
    made = Workspace.create(workspace_root)
    en, zh = document("flats.en", "en", EN, "flats", date="2021-08-17"), document("flats.zh", "zh", ZH, "flats")
    other = document("more.zh", "zh", HANT, date="2022年1月", source="=河湾日报")
    made.append(DOCUMENTS, [en, other])
    made.append(DOCUMENTS, [zh])
    made.append(SEGMENTS, [Segments(d.id, d.sha, sentences(d.text)) for d in (en, zh, other)])
    beads = tuple(Bead((e,), (z,), 0.9) for e, z in zip(sentences(EN), sentences(ZH), strict=True))
    made.append(ALIGNMENTS, [Alignment("flats", en.id, zh.id, en.sha, zh.sha, beads)])
    bank, yinhang = (
        entity(EN, "People’s Bank", "AGENCY", "agency/pboc"),
        entity(ZH, "人民银行", "AGENCY", "agency/pboc"),
    )
    claim = Claim(Span.of(EN, 19, 53), "commitment", "support", "Hemu", "housing")
    same = Relation(
        "same_as", Ref(en.id, "entity", bank.start, bank.end), Ref(zh.id, "entity", yinhang.start, yinhang.end)
    )
    places = [entity(EN, "Hemu", "PLACE", nth=n) for n in (0, 1)]
    layers = [
        Layer(en.id, en.sha, "combined", "1", (*places, entity(EN, "Lin", "OFFICIAL"), bank), (claim,), (same,)),
        Layer(zh.id, zh.sha, "combined", "1", (entity(ZH, "和睦", "PLACE"), yinhang)),
        Layer(other.id, other.sha, "combined", "1", (entity(HANT, "共同富裕", "POLICY"),)),
    ]
    made.append(layers_table("combined"), layers)
    return made


def found(workspace: Workspace, **asked: object) -> list[str]:
    return [f"{h.document} {h.match}" for h in concordance(workspace, Query(**asked))]  # type: ignore[arg-type]


def test_a_hit_has_its_context_its_sentence_and_the_aligned_passage(workspace: Workspace) -> None:
    [hit] = concordance(workspace, Query("people's bank"), width=10)
    assert (hit.left, hit.match, hit.right) == (" said the ", "People’s Bank", " backs dif")
    assert EN[hit.start : hit.end] == hit.match
    assert hit.sentence == sentences(EN)[2]
    assert hit.kind == "body"
    assert hit.partner is not None
    assert (hit.partner.document, hit.partner.text) == ("flats.zh", "林市长表示，人民银行支持不同租金。")
    assert [hit.partner.text[a:b] for a, b in hit.partner.marks] == ["人民银行"]
    assert [ZH[a:b] for a, b in hit.partner.sentences] == [hit.partner.text]


def test_chinese_leads_to_english(workspace: Workspace) -> None:
    [hit] = concordance(workspace, Query("人民银行"))
    assert hit.partner is not None
    assert hit.partner.text == "Mayor Lin said the People’s Bank backs different rents."
    assert [hit.partner.text[a:b] for a, b in hit.partner.marks] == ["People’s Bank"]


def test_a_hit_over_two_sentences_has_the_passages_of_both(workspace: Workspace) -> None:
    [hit] = concordance(workspace, Query("flats. Mayor"))
    assert hit.partner is not None
    assert hit.partner.text == ZH[ZH.index("\n") + 1 :]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"text": "rents"}, ["flats.en Rents", "flats.en rents"]),
        ({"text": "rents", "case": True}, ["flats.en rents"]),
        ({"text": "rent"}, []),  # neither "Rents" nor "different"
        ({"text": "rent", "parts": True}, ["flats.en Rent", "flats.en rent", "flats.en rent", "flats.en rent"]),
        ({"text": r"rent\w*", "regex": True}, ["flats.en Rents", "flats.en rental", "flats.en rents"]),
        ({"text": r"^\p{Han}{4}$", "regex": True}, ["more.zh 和睦住房"]),  # a line, which ^ and $ are the ends of
        ({"text": "实现共同富裕"}, ["more.zh 實現共同富裕"]),  # Simplified finds Traditional
        ({"text": "租賃"}, ["flats.zh 租赁", "more.zh 租賃"]),  # and Traditional both
        ({"text": "和睦", "kinds": ("headline",)}, ["flats.zh 和睦", "more.zh 和睦"]),
        ({"text": "和睦", "documents": ("flats",)}, ["flats.zh 和睦", "flats.zh 和睦"]),
        ({"text": "hemu", "lang": "zh"}, []),
        ({"labels": ("PLACE",)}, ["flats.en Hemu", "flats.en Hemu", "flats.zh 和睦"]),
        ({"labels": ("any",), "text": "富裕"}, ["more.zh 共同富裕"]),  # the entity in which the text is
        ({"link": "agency/pboc"}, ["flats.en People’s Bank", "flats.zh 人民银行"]),
        ({"labels": ("PLACE",), "claims": ("commitment",)}, ["flats.en Hemu"]),
        ({"text": "flats", "areas": ("housing",)}, ["flats.en flats"]),
        ({"claimant": "hemu"}, ["flats.en " + EN[19:53]]),
        ({"claimant": "author"}, []),
        ({"stances": ("support",), "lang": "en"}, ["flats.en " + EN[19:53]]),
    ],
)
def test_what_is_found(workspace: Workspace, asked: dict[str, object], expected: list[str]) -> None:
    # Documents come in the order in which they came into the workspace.
    assert sorted(found(workspace, **asked)) == sorted(expected)


def test_gold_is_searched_instead_of_the_pre_annotation(workspace: Workspace) -> None:
    assert found(workspace, labels=("POLICY",), gold=True) == []
    sha = workspace.document("more.zh").sha
    workspace.append(GOLD, [Layer("more.zh", sha, "gold", "1", (entity(HANT, "和睦", "PLACE"),))])
    assert found(workspace, labels=("any",), gold=True) == ["more.zh 和睦"]
    assert found(workspace, text="和睦", gold=True) == ["more.zh 和睦"] * 2


def test_what_was_made_for_another_text_is_passed_over(workspace: Workspace) -> None:
    text = EN.replace("2,000", "3,000")
    workspace.append(DOCUMENTS, [document("flats.en", "en", text, "flats")])
    [hit] = concordance(workspace, Query("3,000"))
    assert (hit.sentence, hit.partner, hit.claim, hit.entities) == (None, None, None, ())
    assert "flats.en Hemu" not in found(workspace, labels=("PLACE",))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "nothing to look for"),
        ({"text": " \n"}, "only white space"),
        ({"text": "a(", "regex": True}, r"'a\(' is no regular expression: .* at character"),
        ({"text": "a)(b", "regex": True}, "no regular expression"),
        ({"text": "(" * 20_000, "regex": True}, "no regular expression: nested too deeply"),
        ({"labels": ("POLICE",)}, "unknown entity label 'POLICE'; there are: any, OFFICIAL"),
        ({"claims": ("promise",)}, "unknown claim type"),
        ({"text": "x", "documents": ("nowhere",)}, "nowhere: no such document or pair"),
    ],
)
def test_what_cannot_be_asked_is_said_before_the_search(
    workspace: Workspace, asked: dict[str, object], message: str
) -> None:
    with pytest.raises(HemuError, match=message):
        concordance(workspace, Query(**asked))  # type: ignore[arg-type]


def test_a_pattern_that_would_run_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_module, "PATIENCE", 0.2)
    began = time.monotonic()
    with pytest.raises(InputError, match=r"takes too long on a\.en"):
        matcher(r"(a|a)*b(.|\w)*zzz$", regex=True).find("a" * 60 + "b" * 60, "a.en")
    assert time.monotonic() - began < 5


@given(st.text(max_size=40))
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(folded(text)) == len(text)


@given(st.text(min_size=1, max_size=12), st.text(max_size=20), st.text(max_size=20))
def test_a_text_is_found_in_itself(word: str, before: str, after: str) -> None:
    if not word.split():
        return
    spans = matcher(word, parts=True).find(f"{before} {word} {after}", "a text")
    assert spans
    assert all(0 <= start < end for start, end in spans)


@given(st.text(max_size=12), st.text(max_size=40))
def test_any_pattern_is_refused_or_runs(pattern: str, text: str) -> None:
    try:
        spans = matcher(pattern, regex=True).find(text, "a text")
    except InputError:
        return
    assert all(0 <= start < end <= len(text) for start, end in spans)


def test_order(workspace: Workspace) -> None:
    hits = list(concordance(workspace, Query("hemu")))
    assert [h.right.split()[0] for h in sorted_hits(hits, "right")] == ["Hemu", "will"]
    assert [h.start for h in sorted_hits(hits, "left")] == [19, 14]  # "… Hemu" before "… in"
    assert [h.start for h in sorted_hits(hits, "left", 1)] == [19]
    assert [h.start for h in sorted_hits(hits, "document", 1)] == [14]


def test_frequencies_are_of_hits_and_documents(workspace: Workspace) -> None:
    counted = frequencies(concordance(workspace, Query("租金"), aligned=False), "language", "year")
    assert [(f.value, f.hits, f.documents) for f in counted["language"]] == [("zh", 2, 1)]
    assert [f.value for f in counted["year"]] == [""]
    surfaces = frequencies(concordance(workspace, Query("rents")), "surface")["surface"]
    assert [(f.hits, f.documents) for f in surfaces] == [(2, 1)]  # "Rents" and "rents" are one
    years = frequencies(concordance(workspace, Query("和睦|Hemu", regex=True)), "year")["year"]
    assert [(f.value, f.hits) for f in years] == [("", 2), ("2021", 2), ("2022", 2)]


def test_a_row_goes_through_json(workspace: Workspace) -> None:
    [hit] = concordance(workspace, Query("flats"))
    row = json.loads(json.dumps(hit_row(hit)))
    assert row["claim"]["type"] == "commitment"
    assert row["partner"]["text"] == "和睦将建设2000套租赁住房。"


def shown(hit: Hit, columns: int = 60) -> list[str]:
    console = Console(file=io.StringIO(), width=columns, color_system=None)
    console.print(render_hit(hit, columns))
    return str(console.file.getvalue()).split("\n")  # type: ignore[attr-defined]


def test_hits_stand_below_one_another_in_both_languages() -> None:
    zh = Hit("a.zh", "", "zh", 9, 13, "推进区域协调发展，扎实推动" * 3, "共同富裕", "，让成果惠及全体人民" * 3)
    en = Hit("a.en", "", "en", 9, 13, "a project that " * 5, "common prosperity", " which two years ago " * 5)
    columns = []
    for hit in (zh, en):
        line = shown(hit)[0]
        assert cell_len(line) <= 60
        columns.append(cell_len(line[: line.index(hit.match)]))
    assert columns[0] == columns[1]


def test_what_steers_a_terminal_is_shown_not_done() -> None:
    hit = Hit("a\x1b[2J", "", "en", 0, 3, "x\x1b]0;t\x07\r\n", "\x9b31m", "\u202eabc\x08")
    assert not set("\x1b\x07\x9b\x08\r\u202e") & set("".join(shown(hit)))


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(find, args, standalone_mode=False)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return int(result.return_value or 0), result.stdout, result.stderr


def test_the_command(workspace: Workspace, tmp_path: Path) -> None:
    root = str(workspace.root)
    code, out, err = run("rents", "-w", root, "--limit", "1")
    assert (code, "Rents" in out) == (0, True)
    assert "1 hit; there are more" in err
    code, out, err = run("nothing", "-w", root)
    assert (code, out) == (0, "")
    assert err.startswith("find: no hits")
    lines = run("和睦", "--json", "-w", root)[1].splitlines()
    assert len(lines) == len([json.loads(line) for line in lines]) == 4
    counted = json.loads(run("和睦", "--count", "document", "--json", "-w", root)[1])
    assert {row["value"]: row["hits"] for row in counted["document"]} == {"flats.zh": 2, "more.zh": 2}
    with pytest.raises(InputError, match="no regular expression"):
        run("a(", "--regex", "-w", root)


def test_a_table_opens_in_a_spreadsheet_and_runs_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "hits.csv"
    run("共同富裕", "--csv", str(path), "-w", str(workspace.root))
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert row["match"] == "共同富裕"
    assert row["source"] == "'=河湾日报"  # a formula otherwise


def test_a_page_shows_markup_as_text(workspace: Workspace, tmp_path: Path) -> None:
    text = "Title\nA <script>alert(1)</script> flats <b>tag</b>."
    workspace.append(DOCUMENTS, [document("<i>x</i>", "en", text)])
    path = tmp_path / "hits.html"
    run("alert", "--html", str(path), "-w", str(workspace.root))
    page = path.read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<i>" not in page


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=12),
    st.tuples(st.integers(0, 40), st.integers(1, 9)),
)
def test_marks_are_found_where_they_are(places: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    text = "x" * 60
    marks = sorted((Entity(Span.of(text, a, a + n), f"L{i}") for i, (a, n) in enumerate(places)), key=lambda e: e.start)
    start, end = asked[0], sum(asked)
    found = Marks(marks)
    assert list(found.touching(start, end)) == [e for e in marks if e.start < end and start < e.end]
    assert found.around(start, end) == next((e for e in marks if e.start <= start and end <= e.end), None)


def test_time_is_linear_in_hits_and_marks(workspace_root: Path) -> None:
    made = Workspace.create(workspace_root)
    text = "Hemu pays. " * 10_000
    long = Document("long.en", "", "en", text, (Block(0, len(text), "body"),))
    spans = [Span.of(text, at, at + 4) for at in range(0, len(text), 11)]
    claims = tuple(Claim(Span.of(text, s.start, s.end + 5), "action", "support") for s in spans)
    layer = Layer(long.id, long.sha, "combined", "1", tuple(Entity(s, "PLACE") for s in spans), claims)
    made.append(DOCUMENTS, [long])
    made.append(layers_table("combined"), [layer])
    began = time.monotonic()
    hits = list(concordance(made, Query(text="pays", claims=("action",))))
    assert len(hits) == 10_000
    assert hits[-1].claim == claims[-1]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Lin"], "find: 1 hit\n"),
        (["zebra"], "whole words"),
        (["--entity", "FIRM"], "find: no hits; hemu report"),
        (["斑马"], "find: no hits; hemu report"),
        (["rents", "--gold"], "no hits in the gold"),
    ],
)
def test_what_was_found_is_said(workspace: Workspace, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(find, [*arguments, "-w", str(workspace.root)], standalone_mode=False)
    assert said in result.stderr
