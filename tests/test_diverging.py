"""What one version claims and the other does not: found where it is so, and only there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from corpus.cli.diverging import list_diverging
from corpus.document import Alignment, Bead, Claim, Document, Entity, Layer, Ref, Relation, Span, Target
from corpus.look.diverging import CSV_COLUMNS, Divergence, divergence_cells, divergence_row, diverging
from corpus.schema import ALIGNMENTS, DOCUMENTS, GOLD, layers_table
from corpus.store import Workspace

EN = (
    "Hemu City will build 200,000 homes.",
    "The union called the plan unfair.",
    "Rents fell by 3 percent.",
    "Schools open in May.",
    "The mayor praised it.",
)
ZH = ("和睦市将建设30万套住房。", "工会称该计划不公。", "租金下降3%。", "学校五月开学。")


def joined(parts: tuple[str, ...], between: str) -> tuple[str, list[tuple[int, int]]]:
    ranges, text = [], ""
    for part in parts:
        text += between if text else ""
        ranges.append((len(text), len(text) + len(part)))
        text += part
    return text, ranges


EN_TEXT, EN_RANGES = joined(EN, " ")
ZH_TEXT, ZH_RANGES = joined(ZH, "")
BEADS = (*(Bead((e,), (z,), 0.9) for e, z in zip(EN_RANGES, ZH_RANGES, strict=False)), Bead((EN_RANGES[4],), (), 0.5))


def claim(text: str, surface: str, **attributes: Any) -> Claim:
    start = text.index(surface)
    values = {"type": "commitment", "stance": "support", "claimant": "author", "policy_area": "housing", **attributes}
    return Claim(Span.of(text, start, start + len(surface)), **values)


def entity(text: str, surface: str, link: str = "") -> Entity:
    start = text.index(surface)
    return Entity(Span.of(text, start, start + len(surface)), "PLACE", link=link)


def found(
    root: Path,
    en: list[Claim],
    zh: list[Claim],
    entities: tuple[tuple[Entity, ...], tuple[Entity, ...]] = ((), ()),
    relations: tuple[Relation, ...] = (),
    *,
    gold: bool = False,
) -> list[Divergence]:
    workspace = Workspace.create(root)
    a, b = Document("d.en", "d", "en", EN_TEXT), Document("d.zh", "d", "zh", ZH_TEXT)
    workspace.append(DOCUMENTS, [a, b])
    workspace.append(ALIGNMENTS, [Alignment("d", a.id, b.id, a.sha, b.sha, BEADS)])
    layers = [
        Layer(a.id, a.sha, "combined", "1", entities[0], tuple(en), relations),
        Layer(b.id, b.sha, "combined", "1", entities[1], tuple(zh)),
    ]
    workspace.append(GOLD if gold else layers_table("combined"), layers)
    return list(diverging(workspace, gold=gold))


HOMES_EN = claim(EN_TEXT, "will build 200,000 homes", targets=(Target("200,000", "homes"),))
HOMES_ZH = claim(ZH_TEXT, "将建设30万套住房", targets=(Target("30万", "套住房"),))
RENT_EN = claim(EN_TEXT, "Rents fell by 3 percent", type="effect", targets=(Target("3 percent"),))
RENT_ZH = claim(ZH_TEXT, "租金下降3%", type="effect", targets=(Target("3%"),))
UNFAIR_EN = claim(EN_TEXT, "called the plan unfair", type="evaluation", stance="oppose", claimant="The union")
UNFAIR_ZH = claim(ZH_TEXT, "该计划不公", type="evaluation", stance="oppose", claimant="工会")


def test_claims_that_say_the_same_do_not_diverge(workspace_root: Path) -> None:
    homes = replace(HOMES_ZH, targets=())
    assert found(workspace_root, [RENT_EN, UNFAIR_EN, HOMES_EN], [RENT_ZH, UNFAIR_ZH, homes]) == []


def test_other_numbers_of_one_claim_diverge(workspace_root: Path) -> None:
    [one] = found(workspace_root, [HOMES_EN], [HOMES_ZH])
    assert (one.kind, one.aspects, one.pair) == ("differs", ("targets",), "d")
    assert [str(q) for q in one.en.targets] == ["200000 home"]
    assert [str(q) for q in one.zh.targets] == ["300000 home"]
    assert (one.en.passage, one.zh.passage) == (EN[0], ZH[0])


def test_a_number_that_is_in_the_passage_does_not_diverge(workspace_root: Path) -> None:
    # The Chinese claim has another of its numbers marked: both are in both texts.
    other = replace(RENT_ZH, targets=(Target("3", "%"), Target("30", "%")))
    assert found(workspace_root / "a", [RENT_EN], [replace(RENT_ZH, targets=())]) == []
    [one] = found(workspace_root / "b", [RENT_EN], [other])
    assert one.aspects == ("targets",)


@pytest.mark.parametrize(
    ("change", "aspect"),
    [({"type": "action"}, "type"), ({"stance": "oppose"}, "stance"), ({"claimant": "和睦市"}, "claimant")],
)
def test_other_attributes_diverge(workspace_root: Path, change: dict[str, str], aspect: str) -> None:
    [one] = found(workspace_root, [RENT_EN], [replace(RENT_ZH, **change)])  # type: ignore[arg-type]
    assert (one.kind, one.aspects) == ("differs", (aspect,))


def test_a_claim_of_one_version_alone(workspace_root: Path) -> None:
    late = claim(EN_TEXT, "praised it", type="evaluation")
    one, two, three = found(workspace_root, [UNFAIR_EN, late], [RENT_ZH])
    assert (one.kind, one.side.lang, one.side.passage, one.zh.passage) == ("only", "en", EN[1], ZH[1])
    assert (two.kind, two.side.lang, two.en.passage, two.en.claim) == ("only", "zh", EN[2], None)
    # The last sentence has no translation.
    assert (three.kind, three.side.lang, three.zh.passage, three.score) == ("untranslated", "en", "", 0.5)


def test_one_claim_in_one_language_and_two_in_the_other_is_no_divergence(workspace_root: Path) -> None:
    first, second = claim(EN_TEXT, "Hemu City will build"), claim(EN_TEXT, "200,000 homes")
    assert found(workspace_root, [first, second], [replace(HOMES_ZH, targets=())]) == []


def test_claimants_are_compared_as_actors(workspace_root: Path) -> None:
    en, zh = entity(EN_TEXT, "Hemu City", "place/hemu"), entity(ZH_TEXT, "和睦市", "place/hemu")
    one, two = replace(RENT_EN, claimant="Hemu City"), replace(RENT_ZH, claimant="和睦市")
    assert found(workspace_root / "a", [one], [two], ((en,), (zh,))) == []
    elsewhere = replace(zh, link="place/elsewhere")
    [other] = found(workspace_root / "b", [one], [two], ((en,), (elsewhere,)))
    assert other.aspects == ("claimant",)
    # Not linked: nobody can tell, until a relation says that they are one or that one is another.
    loose = ((replace(en, link=""),), (replace(zh, link=""),))
    assert found(workspace_root / "c", [one], [two], loose) == []
    union = entity(ZH_TEXT, "工会")
    joins = Relation("same_as", Ref("d.en", "entity", en.start, en.end), Ref("d.zh", "entity", union.start, union.end))
    [told] = found(workspace_root / "d", [one], [two], (loose[0], (*loose[1], union)), (joins,))
    assert told.aspects == ("claimant",)


def test_gold_and_stale_texts(workspace_root: Path) -> None:
    assert len(found(workspace_root, [HOMES_EN], [HOMES_ZH], gold=True)) == 1
    workspace = Workspace.open(workspace_root)
    assert list(diverging(workspace)) == []
    workspace.append(DOCUMENTS, [Document("d.zh", "d", "zh", ZH_TEXT + "完。")])
    assert list(diverging(workspace, gold=True)) == []


def test_a_divergence_is_a_row_and_an_object(workspace_root: Path) -> None:
    rows = found(workspace_root, [HOMES_EN, UNFAIR_EN], [HOMES_ZH])
    for row in rows:
        assert len(divergence_cells(row)) == len(CSV_COLUMNS)
    one, two = (divergence_row(row) for row in rows)
    assert one["en"]["claim"]["targets"] == [{"value": "200,000", "unit": "homes", "by": "", "quantity": "200000 home"}]
    assert (two["kind"], two["zh"]["claim"], two["zh"]["passage"]) == ("only", None, ZH[1])
    cells = dict(zip(CSV_COLUMNS, divergence_cells(rows[0]), strict=True))
    assert (cells["aspects"], cells["en_targets"], cells["zh_targets"]) == ("targets", "200000 home", "300000 home")


def test_the_list_is_for_eyes_programs_and_spreadsheets(
    workspace_root: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    found(workspace_root, [HOMES_EN, UNFAIR_EN], [HOMES_ZH])
    workspace = Workspace.open(workspace_root)
    options: dict[str, Any] = {"gold": False, "limit": 0, "as_json": False, "table": None}
    list_diverging(workspace, **options)
    shown = capfdbinary.readouterr()
    assert "d · targets" in shown.out.decode()
    assert "300000 home" in shown.out.decode()
    assert b"2 diverging claims" in shown.err
    list_diverging(workspace, **{**options, "as_json": True, "claims": ["evaluation"]})
    [line] = capfdbinary.readouterr().out.decode().splitlines()
    assert json.loads(line)["en"]["claim"]["text"] == "called the plan unfair"
    list_diverging(workspace, **{**options, "table": str(tmp_path / "d.csv"), "limit": 1})
    assert b"1 more" in capfdbinary.readouterr().err
    [row] = csv.DictReader(io.StringIO((tmp_path / "d.csv").read_text("utf-8-sig")))
    assert (row["pair"], row["aspects"], row["en_targets"]) == ("d", "targets", "200000 home")
    list_diverging(workspace, **{**options, "documents": ["elsewhere"]})
    assert capfdbinary.readouterr().out == b""
