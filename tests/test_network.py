"""Discourse networks: who is who, the networks as Discourse Network Analyzer computes them, and the files."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import click
import networkx
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from corpus.cli.network import network
from corpus.document import Alignment, Bead, Claim, Document, Entity, Lang, Layer, Ref, Relation, Span, Target
from corpus.errors import InputError
from corpus.network import Actor, Actors, networks, statements, write_network
from corpus.network.actors import name_key
from corpus.network.graph import Networks, Statement
from corpus.network.page import network_page
from corpus.network.write import FILES, actor_graphml, affiliation_graphml, graphml
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace

EN = "The People’s Bank of China will cut rents. Bayside Union opposes the rent plan. Rents fell by 3%. 😀 Mayor Lin backs it."
ZH = "人民银行将降低租金。河湾工会反对租金方案。租金下降3%。林市长支持。"
LATER = "河湾工会支持新学校。人民银行反对新学校。"


def entity(text: str, surface: str, label: str, link: str = "") -> Entity:
    start = text.index(surface)
    return Entity(Span.of(text, start, start + len(surface)), label, link=link)


def claim(text: str, surface: str, type: str, stance: str, claimant: str, area: str, **more: Any) -> Claim:
    start = text.index(surface)
    return Claim(Span.of(text, start, start + len(surface)), type, stance, claimant, area, **more)


def same(a: tuple[str, Entity], b: tuple[str, Entity]) -> Relation:
    return Relation("same_as", *(Ref(id, "entity", e.start, e.end) for id, e in (a, b)))  # type: ignore[arg-type]


@pytest.fixture
def workspace(workspace_root: Path) -> Workspace:
    made = Workspace.create(workspace_root)
    en = Document("rents.en", "rents", "en", EN, meta={"date": "2026-03-10", "title": "=Rents"})
    zh = Document("rents.zh", "rents", "zh", ZH, meta={"date": "2026年3月10日"})
    later = Document("schools.zh", "", "zh", LATER, meta={"date": "2026-05-01"})
    made.append(DOCUMENTS, [en, zh, later])
    union_en, union_zh = entity(EN, "Bayside Union", "ORG"), entity(ZH, "河湾工会", "ORG")
    lin_en, lin_zh = entity(EN, "Lin", "OFFICIAL"), entity(ZH, "林", "OFFICIAL")
    claims_en = (
        claim(EN, "will cut rents", "commitment", "support", "The People’s Bank of China", "housing"),
        claim(EN, "opposes the rent plan", "evaluation", "oppose", "Bayside Union", "housing"),
        claim(EN, "Rents fell by 3%", "effect", "neutral", "author", "housing", targets=(Target("3%"),)),
        claim(EN, "backs it", "evaluation", "support", "Lin", "housing"),
    )
    claims_zh = (
        claim(ZH, "将降低租金", "commitment", "support", "人民银行", "housing"),
        claim(ZH, "反对租金方案", "evaluation", "oppose", "河湾工会", "housing"),
        claim(ZH, "租金下降3%", "effect", "neutral", "author", "housing", targets=(Target("3%"),)),
        claim(ZH, "支持", "evaluation", "support", "林", "housing"),
    )
    claims_later = (
        claim(LATER, "支持新学校", "evaluation", "support", "河湾工会", "education"),
        claim(LATER, "反对新学校", "evaluation", "oppose", "人民银行", "education"),
    )
    bank_en = entity(EN, "People’s Bank of China", "AGENCY", "agency/people-s-bank-of-china")
    made.append(
        layers_table("combined"),
        [
            Layer(
                en.id, en.sha, "combined", "1", (bank_en, union_en, lin_en), claims_en,
                (same((en.id, union_en), (zh.id, union_zh)), same((en.id, lin_en), (zh.id, lin_zh))),
            ),
            Layer(
                zh.id, zh.sha, "combined", "1",
                (entity(ZH, "人民银行", "AGENCY", "agency/people-s-bank-of-china"), union_zh, lin_zh), claims_zh,
            ),
            Layer(
                later.id, later.sha, "combined", "1",
                (entity(LATER, "河湾工会", "ORG"), entity(LATER, "人民银行", "AGENCY")), claims_later,
            ),
        ],
    )  # fmt: skip
    return made


def by_name(found: list[Statement]) -> dict[str, list[tuple[str, str, str]]]:
    result: dict[str, list[tuple[str, str, str]]] = {}
    for statement in found:
        name = statement.actor.zh or statement.actor.en
        result.setdefault(name, []).append((statement.document, statement.concept, statement.claim.stance))
    return result


def test_an_actor_is_one_in_both_languages_and_all_articles(workspace: Workspace) -> None:
    found = by_name(statements(workspace))
    assert {name: len(rows) for name, rows in found.items()} == {"中国人民银行": 3, "河湾工会": 3, "作者": 2, "林": 2}
    [union] = {s.actor for s in statements(workspace) if s.actor.zh == "河湾工会"}
    assert (union.en, union.label, union.linked) == ("Bayside Union", "ORG", False)
    banks = {s.actor.id for s in statements(workspace) if s.actor.zh == "中国人民银行"}
    assert len(banks) == 1


def test_a_name_of_several_entries_joins_nothing(workspace: Workspace) -> None:
    one, two = Document("a.zh", "", "zh", "河湾局称赞。"), Document("b.zh", "", "zh", "河湾局反对。")
    three = Document("c.zh", "", "zh", "河湾局支持。")
    layers = [
        Layer(d.id, d.sha, "combined", "1", (entity(d.text, "河湾局", "AGENCY", link),),
              (claim(d.text, d.text[3:5], "evaluation", "support", "河湾局", "health"),))
        for d, link in ((one, "agency/x-one"), (two, "agency/x-two"), (three, ""))
    ]  # fmt: skip
    workspace.append(DOCUMENTS, [one, two, three])
    workspace.append(layers_table("combined"), layers)
    found = {s.document: s.actor.id for s in statements(workspace, areas=["health"])}
    assert found == {"a.zh": "agency/x-one", "b.zh": "agency/x-two", "c.zh": "name/zh/河湾局"}


def test_statements_are_chosen_by_language_area_and_day(workspace: Workspace) -> None:
    from datetime import date

    def count(**asked: Any) -> int:
        return len(statements(workspace, **asked))

    assert count() == 10
    assert (count(lang="en"), count(lang="zh")) == (4, 6)
    assert (count(areas=["education"]), count(since=date(2026, 4, 1)), count(until=date(2026, 3, 10))) == (2, 2, 8)
    workspace.append(DOCUMENTS, [Document("schools.zh", "", "zh", LATER)])
    assert count(since=date(2000, 1, 1)) == 8
    with pytest.raises(InputError, match="gardens"):
        count(areas=["gardens"])


def test_concepts_are_areas_types_or_what_claims_name(workspace: Workspace) -> None:
    assert {s.concept for s in statements(workspace)} == {"housing", "education"}
    assert "evaluation: education" in {s.concept for s in statements(workspace, concept="type")}
    document = Document("p.zh", "", "zh", "河湾工会反对河湾租房计划和河湾局。")
    plan, body = entity(document.text, "河湾租房计划", "POLICY"), entity(document.text, "河湾局", "AGENCY")
    made = claim(document.text, "反对河湾租房计划和河湾局", "evaluation", "oppose", "河湾工会", "housing")
    layer = Layer(document.id, document.sha, "combined", "1", (plan, body), (made,))
    workspace.append(DOCUMENTS, [document])
    workspace.append(layers_table("combined"), [layer])
    assert [s.concept for s in statements(workspace, concept="entity") if s.document == "p.zh"] == ["河湾租房计划"]
    about = Relation("about", Ref("p.zh", "claim", made.start, made.end), Ref("p.zh", "entity", body.start, body.end))
    workspace.append(
        layers_table("combined"),
        [Layer(*(getattr(layer, n) for n in ("document", "sha", "source", "version", "entities", "claims")), (about,))],
    )
    assert [s.concept for s in statements(workspace, concept="entity") if s.document == "p.zh"] == ["河湾局"]


def test_gold_borrows_links_from_the_pre_annotation(workspace: Workspace) -> None:
    document = workspace.document("rents.zh")
    gold = Layer(
        document.id, document.sha, "gold", "1", (entity(ZH, "人民银行", "AGENCY"),),
        (claim(ZH, "将降低租金", "commitment", "support", "人民银行", "housing"),),
    )  # fmt: skip
    workspace.append(GOLD, [gold])
    [found] = statements(workspace, gold=True)
    assert (found.actor.id, found.actor.linked) == ("agency/people-s-bank-of-china", True)


def made_of(rows: list[tuple[str, str, str]]) -> Any:
    """Networks of (actor, concept, stance)."""
    span = Span(0, 1, "x")
    return networks(
        [
            Statement(Actor(a, a), c, Claim(span, "action", s, a, c), f"d{n}", "", "en")
            for n, (a, c, s) in enumerate(rows)
        ]
    )


def test_congruence_and_conflict_are_those_of_leifeld() -> None:
    made = made_of(
        [
            ("A", "tax", "support"), ("A", "tax", "support"), ("A", "rent", "oppose"), ("A", "road", "support"),
            ("B", "tax", "support"), ("B", "rent", "support"),
            ("C", "tax", "neutral"), ("C", "road", "oppose"),
        ]
    )  # fmt: skip
    # A: tax+, rent-, road+ (3); B: tax+, rent+ (2); C: road- (1); a concept said twice counts once, neutral not at all.
    assert made.congruence == {("A", "B"): (1, pytest.approx(1 / 2.5))}
    assert made.conflict == {("A", "B"): (1, pytest.approx(1 / 2.5)), ("A", "C"): (1, pytest.approx(1 / 2))}
    assert made.table["A", "tax", "support"] == (2, 2)


@given(
    st.lists(
        st.tuples(st.sampled_from("ABCD"), st.sampled_from("xyz"), st.sampled_from(["support", "oppose", "neutral"]))
    )
)
def test_networks_are_what_the_definition_says(rows: list[tuple[str, str, str]]) -> None:
    made = made_of(rows)
    sides = {actor: {(c, s) for a, c, s in rows if a == actor and s != "neutral"} for actor in "ABCD"}
    flip = {"support": "oppose", "oppose": "support"}
    for n, a in enumerate("ABCD"):
        for b in "ABCD"[n + 1 :]:
            agree = len(sides[a] & sides[b])
            against = len({(c, flip[s]) for c, s in sides[a]} & sides[b])
            mean = (len(sides[a]) + len(sides[b])) / 2
            assert made.congruence.get((a, b), (0, 0.0)) == (agree, pytest.approx(agree / mean) if agree else 0.0)
            assert made.conflict.get((a, b), (0, 0.0)) == (against, pytest.approx(against / mean) if against else 0.0)
    assert sum(number for number, _ in made.table.values()) == len(rows)


def test_only_the_most_active_are_joined() -> None:
    rows = [(a, "tax", "support") for a in "AABBC"]
    span = Span(0, 1, "x")
    found = [Statement(Actor(a, a), c, Claim(span, "action", s, a, c), "d", "", "en") for a, c, s in rows]
    made = networks(found, most=2)
    assert set(made.congruence) == {("A", "B")}
    assert set(made.actors) == {"A", "B", "C"}
    assert set(networks(found, without=["A"]).actors) == {"B", "C"}


NAMES = st.text(max_size=12) | st.sampled_from(["<b>&\"'", "\x00\x1b", "\ud800", "和睦 😀", "]]>"])


@given(st.lists(st.tuples(NAMES, NAMES, st.sampled_from(["support", "oppose", "neutral"])), max_size=8))
def test_graphml_is_read_back_by_another_tool(rows: list[tuple[str, str, str]]) -> None:
    made = made_of(rows)
    graph = networkx.MultiGraph(networkx.parse_graphml(affiliation_graphml(made)))
    assert graph.number_of_nodes() == len(made.actors) + len(made.concepts)
    assert graph.number_of_edges() == len(made.table)
    kinds = networkx.get_node_attributes(graph, "kind")
    names = networkx.get_node_attributes(graph, "name_en")
    back: dict[tuple[str, str], int] = {}
    for a, b, data in graph.edges(data=True):
        actor = a if kinds[a] == "actor" else b
        back[names[actor], data["stance"]] = back.get((names[actor], data["stance"]), 0) + data["weight"]
    if all(c.isprintable() for row in rows for c in row[0]) and len({a for a, _, _ in rows}) == len(made.actors):
        expected: dict[tuple[str, str], int] = {}
        for actor, _, stance in rows:
            expected[actor, stance] = expected.get((actor, stance), 0) + 1
        if all(name == name.strip() and name for name, _ in expected):
            assert back == expected
    ties = networkx.parse_graphml(actor_graphml(made, made.congruence))
    assert ties.number_of_edges() == len(made.congruence)
    assert sorted(round(d["weight"], 9) for _, _, d in ties.edges(data=True)) == sorted(
        round(weight, 9) for _, weight in made.congruence.values()
    )


def test_a_claim_of_both_versions_counts_once_where_that_is_asked(workspace: Workspace, tmp_path: Path) -> None:
    sentences = [((0, 39), (0, 10)), ((40, 75), (10, 20)), ((76, 93), (20, 27)), ((94, len(EN)), (27, len(ZH)))]
    en, zh = (workspace.documents()[id] for id in ("rents.en", "rents.zh"))
    beads = tuple(Bead((a,), (b,)) for a, b in sentences)
    workspace.append(ALIGNMENTS, [Alignment("rents", en.id, zh.id, en.sha, zh.sha, beads)])
    twice, once = statements(workspace), statements(workspace, once=True)
    assert len([s for s in twice if s.pair]) == 8
    assert [(s.document, s.claim.span.surface) for s in once if s.pair] == [
        (s.document, s.claim.span.surface) for s in twice if s.document == "rents.en"
    ]
    assert [s for s in once if not s.pair] == [s for s in twice if not s.pair], "a document alone keeps its claims"
    result = run(workspace, tmp_path, "--once", "--json")
    assert json.loads(result.stdout)["statements"] == 6
    with pytest.raises(click.UsageError):
        run(workspace, tmp_path, "--once", "--lang", "en")


def test_less_than_a_full_name_is_whoever_the_article_names_so(workspace_root: Path) -> None:
    text = "Ana Brill of the Ministry of Trade spoke. Brill said so. She and the ministry will act. Ben Brand left; Brand too. Cole Brand."
    document = Document("a", "", "en", text)
    names = {"Ana Brill": "OFFICIAL", "Ministry of Trade": "AGENCY", "Ben Brand": "PERSON", "Cole Brand": "PERSON"}
    marks = [entity(text, name, label) for name, label in names.items()]
    marks += [Entity(document.span(42, 47), "OFFICIAL"), Entity(document.span(104, 109), "PERSON")]
    claims = tuple(
        claim(text, "will act", "action", "support", who, "") for who in ("She", "the ministry", "Brill", "Brand")
    )
    layer = Layer("a", document.sha, "x", "1", tuple(sorted(marks, key=lambda e: e.start)), claims)
    actors = Actors()
    actors.add([(document, layer)])
    assert [actors.of_claim(c, document, layer).en for c in claims] == [
        "Ana Brill", "Ministry of Trade", "Ana Brill", "Brand",
    ]  # fmt: skip


def test_graphml_of_nothing_is_a_graph() -> None:
    assert networkx.parse_graphml(graphml({}, [])).number_of_nodes() == 0


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def run(workspace: Workspace, tmp_path: Path, *options: str) -> Any:
    arguments = ["-w", str(workspace.root), "-o", str(tmp_path / "out"), *options]
    return CliRunner().invoke(network, arguments, standalone_mode=False, catch_exceptions=False)


def test_one_command_writes_all_files(workspace: Workspace, tmp_path: Path) -> None:
    result = run(workspace, tmp_path, "--json")
    figures = json.loads(result.stdout)
    assert figures["statements"] == 10
    assert (figures["actors"], figures["linked"], figures["concepts"]) == (4, 1, 2)
    assert (figures["congruence"], figures["conflict"]) == (1, 2)
    assert figures["files"] == [str(tmp_path / "out" / name) for name in FILES]
    table = read(tmp_path / "out" / "table.csv")
    bank = [row for row in table if row["name_zh"] == "中国人民银行"]
    assert [(r["concept"], r["stance"], r["statements"], r["articles"]) for r in bank] == [
        ("housing", "support", "2", "1"),
        ("education", "oppose", "1", "1"),
    ]
    graph = networkx.read_graphml(tmp_path / "out" / "conflict.graphml")
    assert {frozenset(graph.nodes[n]["name_zh"] for n in edge) for edge in graph.edges} == {
        frozenset({"中国人民银行", "河湾工会"}),
        frozenset({"林", "河湾工会"}),
    }


def test_what_discourse_network_analyzer_takes(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, tmp_path)
    documents = {row["document_id"]: row for row in read(tmp_path / "out" / "dna" / "documents.csv")}
    rows = read(tmp_path / "out" / "dna" / "statements.csv")
    assert list(rows[0])[:8] == ["ID", "document_id", "start", "stop", "person", "organization", "concept", "agreement"]
    assert {(r["stance"], r["agreement"]) for r in rows} == {("support", "1"), ("oppose", "0"), ("neutral", "")}
    for row in rows:
        # Java counts UTF-16 units: the emoji before "backs it" is two.
        units = documents[row["document_id"]]["text"].encode("utf-16-le")
        assert units[2 * int(row["start"]) : 2 * int(row["stop"])].decode("utf-16-le") == row["text"]
    assert {r["person"] for r in rows if "Lin" in r["organization"]} == {"Lin 林"}
    assert {d["date_time"] for d in documents.values()} == {"2026-03-10 00:00:00", "2026-05-01 00:00:00"}
    script = (tmp_path / "out" / "dna" / "import.R").read_text()
    assert "dna_addDocuments(" in script
    assert "dna_addStatement(" in script


def test_options_reach_the_export(workspace: Workspace, tmp_path: Path) -> None:
    for options, number in (
        (("--lang", "en"), 4),
        (("--area", "education"), 2),
        (("--until", "2026-03"), 8),
        (("--until", "2026"), 10),
        (("--since", "2026-05-01"), 2),
        (("--without-author",), 8),
        (("--gold",), 0),
    ):
        assert json.loads(run(workspace, tmp_path, "--json", *options).stdout)["statements"] == number, options
    page = (tmp_path / "out" / "network.html").read_text("utf-8")
    assert "No statements" in page
    wrong = CliRunner().invoke(network, ["-w", str(workspace.root), "--since", "spring"])
    assert wrong.exit_code == 2
    assert "spring" in wrong.output
    assert CliRunner().invoke(network, ["-w", str(workspace.root), "--since", "2027", "--until", "2026"]).exit_code == 2


def test_the_same_export_twice_is_the_same(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, tmp_path)
    first = {name: (tmp_path / "out" / name).read_bytes() for name in FILES}
    run(workspace, tmp_path)
    assert first == {name: (tmp_path / "out" / name).read_bytes() for name in FILES}


@given(st.lists(st.tuples(NAMES, NAMES, st.sampled_from(["support", "oppose"])), max_size=6), NAMES)
def test_the_page_holds_names_as_text_alone(rows: list[tuple[str, str, str]], title: str) -> None:
    from lxml import html

    page = network_page(made_of(rows), title=title)
    tree = html.fromstring(page.encode("utf-8", "replace"))
    assert {element.tag for element in tree.iter() if isinstance(element.tag, str)} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "h1",
            "h2",
            "p",
            "dl",
            "div",
            "dt",
            "dd",
            "section",
        ),
        *(
            "span",
            "i",
            "figure",
            "svg",
            "path",
            "circle",
            "rect",
            "text",
            "g",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        ),
    }
    assert not tree.xpath("//@onclick|//@onload|//script")


def test_a_spreadsheet_runs_nothing(workspace: Workspace, tmp_path: Path) -> None:
    span = Span.of(EN, 0, 3)
    actor = Actor("name/en/=1+1", "=1+1")
    found = [Statement(actor, "@housing", Claim(span, "action", "support"), "rents.en", "rents", "en")]
    write_network(workspace, found, networks(found), tmp_path / "o", title="t")
    [row] = read(tmp_path / "o" / "table.csv")
    assert (row["name_en"], row["concept"]) == ("'=1+1", "'@housing")


@pytest.mark.parametrize(
    ("a", "b", "lang"),
    [("The  People’s Bank", "people's bank", "en"), ("國務院", "国务院", "zh"), ("Li Na’s", "Li Na", "en")],
)
def test_names_compare(a: str, b: str, lang: Lang) -> None:
    assert name_key(a, lang) == name_key(b, lang)


def test_tables_of_nothing_have_their_columns(workspace: Workspace, tmp_path: Path) -> None:
    write_network(workspace, [], networks([]), tmp_path / "none", title="t")
    write_network(workspace, found := statements(workspace), networks(found), tmp_path / "some", title="t")
    for name in ("table.csv", "dna/documents.csv", "dna/statements.csv"):
        with (tmp_path / "none" / name).open(encoding="utf-8-sig", newline="") as file:
            (header,) = csv.reader(file)
        with (tmp_path / "some" / name).open(encoding="utf-8-sig", newline="") as file:
            assert next(csv.reader(file)) == header


def test_the_page_of_many_actors_does_not_count_the_table_for_each() -> None:
    table = {(f"a{n}", f"c{n % 7}", "support"): (1, 1) for n in range(20_000)}
    made = Networks({f"a{n}": Actor(f"a{n}") for n in range(20_000)}, tuple(f"c{n}" for n in range(7)), table)
    began = time.monotonic()
    assert sum(map(made.total, made.actors)) == 20_000
    assert time.monotonic() - began < 10


def test_the_folder_must_be_one(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="-o"):
        write_network(workspace, [], networks([]), tmp_path / "file", title="t")
