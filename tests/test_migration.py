"""A workspace moves to a changed label scheme: nothing is left in the old names, and nothing goes without being said."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from annotators.adjudicate import adjudicate
from annotators.studio.layers import translated
from annotators.studio.tables import ANNOTATIONS, Annotation
from corpus.cli.root import root
from corpus.document import Claim, Document, Entity, Layer, Ref, Relation, Span
from corpus.errors import InputError, SchemeError
from corpus.migration import FOLDER, Name, migrate, names_of, renamed, renames, used_names
from corpus.schema import DOCUMENTS, GOLD, layers_table
from corpus.scheme import default_scheme_text, load_scheme, parse_scheme
from corpus.store import Workspace

EN, ZH = "Lin and Bao Steel promised homes in Hewan", "宝钢承诺在河湾建房"
RULES, COMBINED = layers_table("rules"), layers_table("combined")


def changed(*edits: tuple[str, str]) -> str:
    """The scheme that hemu ships, with names changed."""
    text = default_scheme_text()
    for old, new in edits:
        assert f'name = "{old}"' in text
        text = text.replace(f'name = "{old}"', f'name = "{new}"')
    return text


def without(text: str, name: str) -> str:
    """A scheme without one of its values."""
    lines = text.split("\n")
    at = lines.index(f'name = "{name}"')
    start = max(n for n in range(at) if lines[n].startswith("[["))
    end = next((n for n in range(at, len(lines)) if lines[n].startswith(("[", "#"))), len(lines))
    return "\n".join(lines[:start] + lines[end:])


COMPANY = changed(("FIRM", "COMPANY"), ("commitment", "pledge"))
MAPS = ("FIRM=COMPANY", "type:commitment=pledge")


def marks(document: Document, source: str, *, claim: str = "commitment") -> Layer:
    text = document.text
    firm = Span.of(text, *((8, 17) if document.lang == "en" else (0, 2)))
    place = Span.of(text, *((36, 41) if document.lang == "en" else (5, 7)))
    promise = Span.of(text, firm.end, len(text))
    ref = Ref(document.id, "entity", firm.start, firm.end)
    return Layer(
        document.id,
        document.sha,
        source,
        "v",
        (Entity(firm, "FIRM", 0.5, source, "Q1"), Entity(place, "PLACE", 1.0, source)),
        (Claim(promise, claim, "support", firm.surface, "housing", (), (firm.start, firm.end), 0.75, source),),
        (
            Relation("claimant", Ref(document.id, "claim", promise.start, promise.end), ref, 0.5, source),
            Relation("same_as", ref, Ref("a.zh", "entity", 0, 2), 0.5, source),
        ),
    )


@pytest.fixture
def workspace(workspace_root: Path) -> Workspace:
    made = Workspace.create(workspace_root)
    documents = [Document("a.en", "a", "en", EN), Document("a.zh", "a", "zh", ZH)]
    made.append(DOCUMENTS, documents)
    for document in documents:
        for table in (RULES, COMBINED):
            made.append(table, [marks(document, table.name)])
        rows = [Annotation(marks(document, f"annotator:{n}"), n, 1, 1, "u", f"annotator:{n}") for n in (1, 2)]
        made.append(ANNOTATIONS, rows)
    adjudicate(made)
    return made


@pytest.fixture
def new(tmp_path: Path) -> Path:
    file = tmp_path / "new.toml"
    file.write_text(COMPANY, encoding="utf-8")
    return file


def everything(workspace: Workspace) -> list[Layer]:
    """The current layers of all tables."""
    layers = [layer for table in (RULES, COMBINED, GOLD) for layer in workspace.read(table).values()]
    return layers + [annotation.layer for annotation in workspace.read(ANNOTATIONS).values()]


def snapshot(workspace: Workspace) -> dict[str, bytes]:
    return {
        str(path.relative_to(workspace.root)): path.read_bytes()
        for path in sorted(workspace.root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_what_nobody_decided_on_is_listed_and_nothing_written(workspace: Workspace, new: Path) -> None:
    before = snapshot(workspace)
    result = migrate(workspace, new, maps=["FIRM=COMPANY"])
    # 2 documents in 2 layers, gold, and 2 annotations each.
    assert result.undecided == {"type:commitment": 10}
    assert migrate(workspace, new).undecided == {"label:FIRM": 10, "type:commitment": 10}
    assert migrate(workspace, new, maps=MAPS, dry_run=True).mapped == {
        "label:FIRM": {"to": "COMPANY", "count": 10},
        "type:commitment": {"to": "pledge", "count": 10},
    }
    assert snapshot(workspace) == before


def test_what_is_mapped_is_mapped_everywhere_and_the_rest_is_as_it_was(workspace: Workspace, new: Path) -> None:
    before = everything(workspace)
    old = (workspace.root / "scheme.toml").read_text(encoding="utf-8")
    result = migrate(workspace, new, maps=MAPS)
    assert result.rows == {"gold": 2, "layers/combined": 2, "layers/rules": 2, "annotations": 4}
    after = everything(workspace)
    assert {name for layer in after for name in used_names(layer)} <= names_of(parse_scheme(COMPANY, "new"))
    for one, two in zip(before, after, strict=True):
        back = replace(
            two,
            entities=tuple(replace(e, label=e.label.replace("COMPANY", "FIRM")) for e in two.entities),
            claims=tuple(replace(c, type=c.type.replace("pledge", "commitment")) for c in two.claims),
        )
        assert back == one
    assert (workspace.root / "scheme.toml").read_text(encoding="utf-8") == COMPANY
    assert (workspace.root / result.kept_as).read_text(encoding="utf-8") == old
    assert workspace.scheme.label_names == Workspace.open(workspace.root).scheme.label_names
    assert "COMPANY" in workspace.scheme.label_names
    assert migrate(workspace, new, maps=MAPS).unchanged
    assert len(list(workspace.folder(FOLDER).iterdir())) == 2


def test_what_is_dropped_goes_with_all_that_hangs_on_it(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "less.toml"
    file.write_text(without(without(default_scheme_text(), "FIRM"), "housing"), encoding="utf-8")
    result = migrate(workspace, file, drops=["FIRM", "area:housing"])
    assert result.dropped == {"area:housing": 10, "label:FIRM": 10}
    # Every layer has two relations to a firm; that from the English to the Chinese one is held by the English document.
    assert (result.lost_claims, result.lost_relations) == (0, 20)
    for layer in everything(workspace):
        assert [e.label for e in layer.entities] == ["PLACE"]
        assert [(c.policy_area, c.claimant_span, c.claimant != "") for c in layer.claims] == [("", None, True)]
        assert layer.relations == ()


def test_a_relation_from_the_other_version_goes_with_its_end(workspace: Workspace, tmp_path: Path) -> None:
    """The Chinese mention alone has the label that goes."""
    document = workspace.document("a.zh")
    odd = marks(document, "gold")
    workspace.append(GOLD, [replace(odd, entities=(replace(odd.entities[0], label="ORG"),), relations=())])
    file = tmp_path / "less.toml"
    file.write_text(without(default_scheme_text(), "ORG"), encoding="utf-8")
    result = migrate(workspace, file, drops=["ORG"])
    assert (result.rows, result.lost_relations) == ({"gold": 2}, 1)
    gold = workspace.read(GOLD)
    assert [r.label for r in gold["a.en"].relations] == ["claimant"]
    assert [len(layer.relations) for layer in workspace.read(COMBINED).values()] == [2, 2]


def test_a_claim_goes_with_its_type(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "less.toml"
    file.write_text(without(default_scheme_text(), "commitment"), encoding="utf-8")
    assert migrate(workspace, file, drops=["commitment"]).lost_claims == 10
    assert all(layer.claims == () and len(layer.relations) == 1 for layer in everything(workspace))


def test_names_that_have_become_the_same_are_one_mark() -> None:
    document = Document("a.en", "a", "en", EN)
    span = Span.of(EN, 8, 17)
    layer = Layer("a.en", document.sha, "s", "v", (Entity(span, "FIRM", 0.5), Entity(span, "ORG", 0.9)))
    both = renamed(layer, {Name("label", "FIRM"): "BODY", Name("label", "ORG"): "BODY"})
    assert both.entities == (Entity(span, "BODY", 0.5),)


def test_gold_that_was_imported_over_annotations_stays(workspace: Workspace, new: Path) -> None:
    gold = workspace.read(GOLD)["a.en"]
    better = replace(gold, version="imported", entities=gold.entities[:1], relations=())
    workspace.append(GOLD, [better])
    assert adjudicate(workspace).unchanged == 2
    code, _, _ = run(str(new), "--map", MAPS[0], "--map", MAPS[1], "-w", str(workspace.root))
    assert code == 0
    report = adjudicate(workspace)
    assert (report.done, report.unchanged) == (0, 2)
    assert [e.label for e in workspace.read(GOLD)["a.en"].entities] == ["COMPANY"]


class StopError(Exception):
    pass


def test_stopped_anywhere_it_can_be_finished(workspace: Workspace, new: Path, tmp_path: Path) -> None:
    gold = workspace.read(GOLD)["a.en"]
    workspace.append(GOLD, [replace(gold, version="imported", entities=gold.entities[:1], relations=())])
    arguments = (str(new), "--map", MAPS[0], "--map", MAPS[1])
    wanted: Any = None
    for after in range(30):
        copy = tmp_path / f"copy-{after}"
        shutil.copytree(workspace.root, copy)
        left = iter(range(after))
        original = Path.replace

        def stopping(self: Path, target: Any, left: Any = left, original: Any = original) -> Any:
            if next(left, None) is None:
                raise StopError
            return original(self, target)

        finished = False
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", stopping)
            try:
                run(*arguments, "-w", str(copy))
                finished = True
            except StopError:
                old = (copy / "scheme.toml").read_text(encoding="utf-8")
                assert old == default_scheme_text()
        load_scheme.cache_clear()
        assert run(*arguments, "-w", str(copy))[0] == 0
        again = Workspace.open(copy)
        state = (everything(again), renames(again), [row["version"] for row in again.rows("gold")][-3:])
        wanted = wanted or state
        assert state == wanted
        assert adjudicate(again).done == 0
        assert len(list((copy / FOLDER).glob("*.json"))) == 1
        if finished:
            break
    assert finished
    assert after > 5


@pytest.mark.parametrize(
    ("maps", "drops", "why"),
    [
        (["FIRM"], [], "expected OLD=NEW"),
        (["FIRM="], [], "expected OLD=NEW"),
        (["FIRM=CO"], [], "the new scheme has no label 'CO'; it has: AGENCY, COMPANY, "),
        (["PLACE=COMPANY"], [], "the new scheme has it still"),
        (["RIVER=PLACE"], [], "neither the scheme nor anything"),
        (["type:FIRM=COMPANY"], [], "neither the scheme nor anything"),
        (["FIRM=COMPANY", "FIRM=ORG"], [], "cannot be split into two"),
        (["FIRM=COMPANY"], ["FIRM"], "say one of the two"),
    ],
)
def test_a_mapping_that_says_nothing_is_refused(
    workspace: Workspace, new: Path, maps: list[str], drops: list[str], why: str
) -> None:
    before = snapshot(workspace)
    with pytest.raises(InputError, match=why):
        migrate(workspace, new, maps=maps, drops=drops)
    assert snapshot(workspace) == before


def test_an_ambiguous_name_needs_its_kind(workspace: Workspace, tmp_path: Path) -> None:
    scheme = workspace.root / "scheme.toml"
    scheme.write_text(changed(("FIRM", "x"), ("housing", "x")), encoding="utf-8")
    file = tmp_path / "new.toml"
    file.write_text(default_scheme_text(), encoding="utf-8")
    with pytest.raises(InputError, match="x: is several names; say which: area:x, label:x"):
        migrate(workspace, file, maps=["x=FIRM"])
    assert migrate(workspace, file, maps=["label:x=FIRM", "area:x=area:housing"]).undecided == {}


def test_a_file_that_is_no_scheme(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    file.write_text("labels = 3")
    with pytest.raises(SchemeError, match="not a label scheme: 'claims' is missing"):
        migrate(workspace, file)
    text = default_scheme_text()
    file.write_text(text.replace('head = "entity"', 'head = "entities"'), encoding="utf-8")
    with pytest.raises(SchemeError, match="joins 'entities'; expected claim or entity"):
        migrate(workspace, file)
    file.write_text(text.replace('"same_as"', '"about"'), encoding="utf-8")
    with pytest.raises(SchemeError, match="used twice: about"):
        migrate(workspace, file)
    with pytest.raises(SchemeError, match="cannot be read"):
        migrate(workspace, tmp_path / "none.toml")


def test_what_annotators_propose_beside_the_scheme_needs_no_decision(workspace: Workspace, new: Path) -> None:
    document = workspace.document("a.en")
    river = replace(marks(document, "rules"), entities=(Entity(Span.of(EN, 0, 3), "RIVER"),), relations=())
    workspace.append(RULES, [river])
    assert migrate(workspace, new, maps=MAPS).undecided == {}
    assert workspace.read(RULES)["a.en"].entities == river.entities


def test_names_are_followed_through_several_migrations(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    for text, maps, drops in (
        (COMPANY, MAPS, ()),
        (changed(("FIRM", "BUSINESS"), ("commitment", "pledge"), ("CLAIM", "STATEMENT")), ("COMPANY=BUSINESS",), ()),
        (without(changed(("FIRM", "BUSINESS"), ("CLAIM", "STATEMENT")), "commitment"), (), ("pledge",)),
    ):
        file.write_text(text, encoding="utf-8")
        result = migrate(workspace, file, maps=maps, drops=drops)
        assert result.undecided == {}
    assert renames(workspace) == {
        Name("label", "FIRM"): "BUSINESS",
        Name("label", "COMPANY"): "BUSINESS",
        Name("type", "commitment"): None,
        Name("type", "pledge"): None,
        Name("claim", "CLAIM"): "STATEMENT",
    }
    # Back again: what the scheme has now is nobody's former name.
    file.write_text(default_scheme_text(), encoding="utf-8")
    migrate(workspace, file, maps=["BUSINESS=FIRM"])
    assert renames(workspace)[Name("label", "COMPANY")] == "FIRM"
    assert Name("label", "FIRM") not in renames(workspace)


NAMES = {
    Name("label", "FIRM"): "COMPANY",
    Name("label", "ORG"): None,
    Name("type", "commitment"): "pledge",
    Name("stance", "oppose"): None,
    Name("area", "housing"): "homes",
    Name("area", "energy"): None,
    Name("relation", "about"): "on",
    Name("relation", "same_as"): None,
    Name("claim", "CLAIM"): "STATEMENT",
}


def region(id: str, name: str, kind: str, value: Any) -> dict[str, Any]:
    return {
        "id": id,
        "from_name": f"{name}_en",
        "to_name": "en",
        "type": kind,
        "value": {"start": 0, "end": 1, kind: [value]},
    }


def test_what_label_studio_kept_is_read_in_the_new_names() -> None:
    text = default_scheme_text().replace('name = "about"', 'name = "on"')
    scheme = parse_scheme(text, "new")
    firm, org = region("f", "label", "labels", "FIRM"), region("o", "label", "labels", "ORG")
    claim = [
        region("c", "label", "labels", "CLAIM"),
        region("c", "type", "choices", "commitment"),
        region("c", "area", "taxonomy", ["housing"]),
        region("c", "targets", "textarea", "FIRM"),
    ]
    against = [region("d", "label", "labels", "CLAIM"), region("d", "stance", "choices", "oppose")]
    about = {"type": "relation", "from_id": "c", "to_id": "f", "labels": ["about 涉及"]}
    others = [{**about, "to_id": "o"}, {**about, "labels": ["same_as 同指"]}, {**about, "from_id": "d"}]
    out = translated([firm, org, *claim, *against, about, *others, "junk"], NAMES, scheme)
    values = [entry["value"][entry["type"]][0] for entry in out if isinstance(entry, dict) and "value" in entry]
    assert values == ["COMPANY", "STATEMENT", "pledge", ["homes"], "FIRM"]
    assert out[-2:] == [{**about, "labels": ["on 涉及"]}, "junk"]
    assert translated([region("c", "area", "taxonomy", ["energy"]), firm], NAMES, scheme) == [
        region("f", "label", "labels", "COMPANY")
    ]
    assert translated([firm, org], {}, scheme) == [firm, org]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "type", "from_name", "value", "labels"]),
            st.none()
            | st.text()
            | st.lists(st.text() | st.integers())
            | st.sampled_from(["labels", "label_en", "relation"]),
        )
    )
)
def test_no_answer_of_a_server_breaks_the_translation(result: list[Any]) -> None:
    assert len(translated(result, NAMES, load_scheme())) <= len(result)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(root, ["migrate", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout, result.stderr


def test_the_command(workspace: Workspace, new: Path) -> None:
    folder = str(workspace.root)
    code, _, said = run(str(new), "-w", folder)
    assert code == 1
    assert "label:FIRM  10 times" in said
    model = workspace.root / "models" / "m1"
    model.mkdir(parents=True)
    (model / "model.json").write_text(json.dumps({"labels": ["FIRM", "PLACE"]}))
    (model.parent / "accepted").write_text("m1\n")
    arguments = (str(new), "--map", MAPS[0], "--map", MAPS[1], "-w", folder)
    code, _, said = run(*arguments, "--dry-run")
    assert (code, "would change 10 rows" in said) == (0, True)
    code, _, said = run(*arguments)
    assert code == 0
    assert "changed 10 rows (gold 2, layers/combined 2, layers/rules 2, annotations 4)" in said
    assert "label:FIRM → COMPANY: 10 times" in said
    assert "the model in use was trained for labels that the new scheme lacks (FIRM): remove " in said
    assert "next: hemu annotate, then hemu push" in said
    code, out, _ = run(*arguments, "--json")
    assert json.loads(out)["unchanged"] is True


def test_a_workspace_that_is_named_from_where_one_is(
    workspace: Workspace, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.root)
    result = migrate(Workspace.open(Path()), new.resolve(), maps=MAPS)
    assert Path(result.kept_as).is_file()
    assert not Path(result.kept_as).is_absolute()
