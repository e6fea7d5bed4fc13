"""A new model is taken into use by a rule; what it is judged by is pinned, and grows, but never shrinks unsaid."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from test_train import annotated, workspace_of

from corpus.cli.retrain import retrain as command
from corpus.document import LANGUAGES, Document, Entity, Lang, Layer, Span
from corpus.errors import HemuError, InputError, WorkspaceError
from corpus.schema import DOCUMENTS, GOLD
from corpus.segment import segment_workspace
from corpus.store import Workspace
from models.card import card
from models.counts import Counts, names_of, read_names
from models.evaluate import scored
from models.examples import Annotated
from models.gate import Pin, Rule, check_pin, evaluation_digests, judge, read_pin, read_rule, write_pin
from models.plan import make_plan
from models.public import Named, named_sets, read_sets
from models.retrain import retrain
from models.sources import Copies
from models.versions import accepted

TEXT = "玉林" * 10


def article(number: int, lang: Lang = "zh", labels: Sequence[str] = ("PLACE",) * 10) -> Annotated:
    marks = tuple(Entity(Span.of(TEXT, n, n + 1), label) for n, label in enumerate(labels))
    document = Document(f"{number}.{lang}", f"pair{number}", lang, TEXT)
    return document, Layer(document.id, document.sha, "gold", "", marks)


def predicted(gold: Annotated, right: int, wrong: int = 0) -> Layer:
    layer = gold[1]
    others = tuple(Entity(Span.of(TEXT, n, n + 1), "FIRM") for n in range(10, 10 + wrong))
    return replace(layer, entities=layer.entities[:right] + others)


def counted(gold: Sequence[Annotated], *right: Sequence[int]) -> list[Counts]:
    """The counts of predictions that find so many of the entities of each document."""
    articles = {document.id: document.pair for document, _ in gold}
    layers = [[predicted(one, n) for one, n in zip(gold, each, strict=True)] for each in right]
    return scored(gold, *layers, articles=articles)


def two(after: Sequence[int], before: Sequence[int], lang: Lang = "zh") -> tuple[Counts, Counts]:
    one, other = counted([article(n, lang) for n in range(len(after))], after, before)
    return one, other


def test_a_model_must_not_be_worse_than_the_one_in_use() -> None:
    for after, before, better in ((5, 5, True), (6, 5, True), (4, 5, False)):
        fair = two([after], [before])
        verdict = judge(fair[0], fair)
        assert verdict.accepted is better, verdict.reason
    assert "lower than before" in verdict.reason
    assert verdict.reason.endswith("the model in use stays")


def test_the_first_model_must_find_something() -> None:
    assert judge(two([1], [0])[0]).accepted
    assert not judge(two([0], [0])[0]).accepted
    assert "no document with gold was held out" in judge(counted([], [])[0]).reason


def test_nothing_to_compare_on_says_what_to_do() -> None:
    (after,) = counted([article(0)], [5])
    one, other = counted([], [], [])
    assert "--held-out" in judge(after, (one, other)).reason


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        (Rule(), True),
        (Rule(min_gain=0.01), True),
        (Rule(min_gain=0.05), False),
        (Rule(confidence=0.6), True),
        (Rule(confidence=0.99), False),
        (Rule(floors={"all": 0.6, "zh/PLACE": 0.6}), True),
        (Rule(floors={"PLACE": 0.9}), False),
        (Rule(floors={"FIRM": 0.9, "en": 0.9}), True),
        (Rule(metric="macro", min_gain=0.01), True),
    ],
    ids=str,
)
def test_the_rule_decides(rule: Rule, accepted: bool) -> None:
    # Better in four of seven articles, worse in two.
    fair = two([6, 6, 6, 6, 4, 4, 5], [5, 5, 5, 5, 5, 5, 5])
    verdict = judge(fair[0], fair, rule=rule)
    assert verdict.accepted is accepted, verdict.reason
    assert verdict.difference is not None
    assert verdict.difference.better is not None
    assert 0.6 < verdict.difference.better < 0.99


def test_what_gold_does_not_have_is_said_not_to_be_judged() -> None:
    checks = judge(two([5], [5])[0], rule=Rule(floors={"FIRM": 0.9})).checks
    assert [check.said for check in checks if check.what == "floor FIRM"] == [
        "the floor of FIRM was not judged: no gold has it"
    ]


def test_one_article_shows_no_confidence() -> None:
    fair = two([9], [1])
    verdict = judge(fair[0], fair, rule=Rule(confidence=0.9))
    assert "one article cannot show" in verdict.reason


def test_one_language_or_label_may_not_pay_for_another() -> None:
    labels = ("PLACE",) * 5 + ("FIRM",) * 5
    gold = [article(0, "en", labels), article(0, "zh", labels)]
    fair = tuple(counted(gold, [3, 10], [5, 5]))
    assert len(fair) == 2
    verdict = judge(fair[0], fair)
    assert not verdict.accepted
    assert verdict.reason.startswith("en loses 0.")
    assert judge(fair[0], fair, rule=Rule(language_loss=1)).accepted
    verdict = judge(fair[0], fair, rule=Rule(language_loss=1, label_loss=0.1))
    assert verdict.reason.startswith("en/PLACE loses 0.")


def with_rule(folder: Path, text: str) -> Workspace:
    workspace = Workspace.create(folder) if not folder.exists() else Workspace.open(folder)
    file = folder / "hemu.toml"
    # What the section says already, or how it would look, is replaced.
    before = re.split(r"^(?:# )?\[retrain\]", file.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[0]
    file.write_text(f"{before}[retrain]\n{text}\n", encoding="utf-8")
    return Workspace.open(workspace.root)


def test_the_rule_is_read_from_hemu_toml(tmp_path: Path) -> None:
    assert read_rule(Workspace.create(tmp_path / "a")) == Rule()
    workspace = with_rule(tmp_path / "w", 'metric = "macro"\nmin_gain = 0\nfloors = { "zh/FIRM" = 0.5, all = 1 }')
    assert read_rule(workspace) == Rule("macro", 0.0, floors={"zh/FIRM": 0.5, "all": 1.0})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("min_gian = 0.1", "has min_gian; it may have: confidence"),
        ('metric = "f2"', "expected one of: exact"),
        ("confidence = 95", "expected a number from 0 to 1"),
        ("confidence = true", "expected a number from 0 to 1"),
        ("floors = { FIRMS = 0.5 }", "floors has FIRMS; expected all, en, zh"),
        ("floors = 0.5", "expected a table"),
    ],
)
def test_a_rule_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WorkspaceError, match=said):
        read_rule(with_rule(tmp_path / "w", text))


def digests(*numbers: int) -> Mapping[str, str]:
    return evaluation_digests([article(n) for n in numbers])


def test_more_to_judge_by_is_welcome_less_is_not() -> None:
    pin = Pin(Rule(), digests(1, 2))
    assert check_pin(pin, Rule(), digests(1, 2, 3)).added == ("3.zh",)
    with pytest.raises(InputError, match=r"1 gone \(2\.zh\) of 2 documents .* --new-evaluation"):
        check_pin(pin, Rule(), digests(1, 3))
    assert check_pin(pin, Rule(), digests(1, 3), new_evaluation=True).removed == ("2.zh",)
    other = {**digests(1), **evaluation_digests([article(2, labels=["FIRM"])])}
    with pytest.raises(InputError, match=r"1 with other gold \(2\.zh\)"):
        check_pin(pin, Rule(), other)
    assert check_pin(pin, Rule(), other, new_evaluation=True).changed == ("2.zh",)


def test_who_made_the_gold_is_no_matter() -> None:
    document, layer = article(1)
    again = replace(layer, version="later", entities=tuple(replace(e, score=0.5) for e in reversed(layer.entities)))
    assert evaluation_digests([(document, again)]) == digests(1)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule("exact", 0.01, 0.9, 0.0, 0.3, {"all": 0.5}), ""),
        (Rule("exact", 0.02, 0.95, 0.0, 0.2, {"all": 0.6, "FIRM": 0.1}), ""),
        (Rule("exact", 0.01, 0.9, 0.0, 0.3, {"all": 0.4}), "the floor of all would fall from 0.5 to 0.4"),
        (Rule("exact", 0.01, 0.9, 0.0, 0.3), "the floor of all would fall from 0.5 to none"),
        (Rule("exact", 0.0, 0.9, 0.0, 0.3, {"all": 0.5}), "min_gain 0 instead of 0.01"),
        (Rule("exact", 0.01, 0.9, 0.1, 0.3, {"all": 0.5}), "language_loss 0.1 instead of 0"),
        (Rule("overlap", 0.01, 0.9, 0.0, 0.3, {"all": 0.5}), "metric overlap instead of exact"),
    ],
)
def test_a_weaker_rule_takes_a_flag(rule: Rule, said: str) -> None:
    pin = Pin(Rule("exact", 0.01, 0.9, 0.0, 0.3, {"all": 0.5}), digests(1))
    if not said:
        assert check_pin(pin, rule, digests(1)).weaker == ()
        return
    with pytest.raises(InputError, match=f"{said}.*--lower-floors"):
        check_pin(pin, rule, digests(1))
    assert check_pin(pin, rule, digests(1), lower_floors=True).weaker == (said,)


def test_the_pin_keeps_its_history(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    assert read_pin(workspace) is None
    (tmp_path / "w" / "models").mkdir()
    pin = None
    for number, version in enumerate(("one", "two"), 1):
        documents = digests(*range(number))
        changes = check_pin(pin, Rule(), documents)
        write_pin(workspace, pin, Rule(), documents, changes, version=version, accepted=number == 1)
        pin = read_pin(workspace)
        assert pin is not None
        assert pin.documents == documents
    assert pin is not None
    assert [(row["version"], row["accepted"], row["added"]) for row in pin.history] == [
        ("one", True, ["0.zh"]),
        ("two", False, ["1.zh"]),
    ]
    (tmp_path / "w" / "models" / "gate.json").write_text("{}")
    with pytest.raises(WorkspaceError, match="restore it, or remove it"):
        read_pin(workspace)


# ---- public sets


def public_file(path: Path, texts: Sequence[str]) -> Path:
    rows = []
    for number, text in enumerate(texts):
        entities = [{"start": 0, "end": 2, "label": "PERSON"}]
        rows.append({"id": f"p{number}", "lang": "zh", "text": text, "entities": entities, "claims": []})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_public_set_teaches_nothing_of_what_is_judged_by(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w")
    plan = make_plan(workspace, seed=0, held_out=frozenset({"pair0"}), silver=False, max_steps=None)
    judged = next(document.text for document, _ in plan.test if document.lang == "zh")
    own = Document("own", "", "zh", "王维写字。")
    gold = [(own, Layer("own", own.sha, "gold", "", ()))]
    sentence = judged.split("\n")[0]
    file = public_file(tmp_path / "set.jsonl", [judged, sentence, own.text, "李白写诗。", "杜甫也写诗。", "李白写诗。"])
    (found,) = read_sets([Named(file)], scheme=workspace.scheme, gold=gold, test=plan.test)
    assert [document.id for document, _ in found.gold["zh"]] == ["p3", "p4"]
    assert (found.left_out, found.repeated, found.name) == (2, 2, "set")
    other = make_plan(
        workspace, seed=0, held_out=frozenset({"pair0"}), silver=False, max_steps=None, public=[Named(file)]
    )
    assert other.version != plan.version
    assert {"p3", "p4"} <= {document.id for document, _ in other.learnt()}
    with pytest.raises(InputError, match="no document to learn from"):
        read_sets([Named(public_file(file, [judged]))], scheme=workspace.scheme, test=plan.test)


def test_what_is_put_together_of_several_documents_to_judge_by_is_a_copy() -> None:
    one, two, own = "李白在长安的酒楼里写下了许多诗。", "杜甫在成都的草堂里写下了许多诗。", "今天下雨，明天也许会放晴。"
    copies = Copies([Document("g", "", "zh", own)], [Document("1", "", "zh", one), Document("2", "", "zh", two)])
    both = copies.of(Document("x", "", "zh", f"{one[:12]}\n{two[:12]}\n{own}"), Path("set.jsonl"))
    assert both is not None
    assert (both.leaks, "which is kept apart" in both.why) == (True, True)
    copy = copies.of(Document("y", "", "zh", own), Path("set.jsonl"))
    assert (copy and copy.leaks, copy and copy.why) == (False, "has the text of g, which is gold of the workspace")


def test_sets_are_named_in_hemu_toml(tmp_path: Path) -> None:
    workspace = with_rule(
        tmp_path / "w", 'public = ["a.jsonl", { file = "sets/b.jsonl", name = "B", licence = "CC BY 4.0" }]'
    )
    assert read_rule(workspace) == Rule()
    assert named_sets(workspace, [Path("c.jsonl")]) == [
        Named(workspace.root / "a.jsonl"),
        Named(workspace.root / "sets" / "b.jsonl", "B", "CC BY 4.0"),
        Named(Path("c.jsonl")),
    ]
    with pytest.raises(WorkspaceError, match="expected a path"):
        named_sets(with_rule(tmp_path / "w", 'public = [{ path = "a.jsonl" }]'))


# ---- the whole way


def add(workspace: Workspace, *numbers: int) -> None:
    pairs = []
    for number in numbers:
        for lang in LANGUAGES:
            document, layer = annotated(lang, number % 6)
            text = document.text + f"{number}\n"
            document = Document(f"{number}.{lang}", f"pair{number}", lang, text)
            pairs.append((document, replace(layer, document=document.id, sha=document.sha)))
    workspace.append(DOCUMENTS, [document for document, _ in pairs])
    workspace.append(GOLD, [layer for _, layer in pairs])


@pytest.mark.slow
def test_what_models_are_judged_by_only_grows(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", count=3)
    first = retrain(workspace, max_steps=40)
    pinned = set(first["held_out"])
    # As the corpus grows, the splits are drawn anew; what was held out stays so, and what comes is added.
    add(workspace, *range(6, 26))
    workspace = Workspace.open(workspace.root)
    second = retrain(workspace, max_steps=2)
    assert pinned < set(second["held_out"])
    assert set(second["gate"]["changes"]["added"]) == set(second["held_out"]) - pinned
    assert not second["accepted"]
    # Other gold of what is judged by is refused before anything is trained, until it is meant.
    id = sorted(pinned)[0]
    layer = workspace.read(GOLD)[id]
    workspace.append(GOLD, [replace(layer, entities=layer.entities[1:])])
    before = {path.name for path in (workspace.root / "models").iterdir()}
    with pytest.raises(InputError, match="--new-evaluation"):
        retrain(workspace, max_steps=2)
    assert {path.name for path in (workspace.root / "models").iterdir()} == before
    third = retrain(workspace, max_steps=2, new_evaluation=True)
    assert id in third["gate"]["changes"].get("changed", ()) or id in third["gate"]["changes"]["removed"]
    assert third["gate"]["flags"] == ["--new-evaluation"]
    pin = read_pin(workspace)
    assert pin is not None
    assert [row["version"] for row in pin.history] == [first["version"], second["version"], third["version"]]
    # Then it holds: the next call needs no flag.
    assert retrain(workspace, max_steps=2)["unchanged"]


@pytest.mark.slow
def test_a_floor_keeps_a_model_aside_and_is_lowered_by_a_flag_only(tmp_path: Path) -> None:
    workspace_of(tmp_path / "w", count=3)
    workspace = with_rule(tmp_path / "w", "floors = { zh = 1.0 }")
    refused = retrain(workspace, max_steps=2)
    assert not refused["accepted"]
    assert "its floor is 1.000" in refused["reason"]
    assert accepted(workspace) is None
    workspace = with_rule(tmp_path / "w", "floors = { zh = 0.0 }")
    with pytest.raises(InputError, match="the floor of zh would fall from 1 to 0"):
        retrain(workspace, max_steps=2)
    # Nothing is trained again; the verdict before stays on record.
    judged = retrain(workspace, max_steps=2, lower_floors=True)
    assert judged["unchanged"]
    assert judged["gate"]["flags"] == ["--lower-floors"]
    assert [row["reason"] for row in judged["judged_before"]] == [refused["reason"]]
    assert "its floor" not in judged["reason"]
    assert (Path(judged["path"]) / "README.md").read_text(encoding="utf-8").count("The rule was weakened by hand") == 1


@pytest.mark.slow
def test_an_interrupted_training_goes_on(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", count=3)
    whole = workspace_of(tmp_path / "other", count=3)
    trainings = 0

    def interrupt(done: int, total: int | None) -> None:
        nonlocal trainings
        trainings += done == 1
        if trainings == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retrain(workspace, max_steps=20, progress=interrupt)
    assert accepted(workspace) is None
    said: list[str] = []
    result = retrain(workspace, max_steps=20, tell=said.append)
    assert result["resumed"] == ["en"]
    assert "en learnt from 2 documents (finished before the interruption)" in said
    straight = retrain(whole, max_steps=20)
    assert straight["resumed"] == []
    assert straight["version"] == result["version"]
    assert straight["figures"] == result["figures"]
    left = {path.name for path in (workspace.root / "models").iterdir()}
    assert left - {result["version"]} <= {"accepted", "gate.json"}


@pytest.mark.slow
def test_the_card_says_what_a_model_is(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w")
    add(workspace, 6, 7)
    poems = public_file(tmp_path / "poems.jsonl", ["李白写诗，杜甫也写诗。", "苏轼在黄州种地。"])
    result = retrain(workspace, max_steps=40, public=[Named(poems, "poems", "CC0-1.0")])
    folder = Path(result["path"])
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("---\nlibrary_name: spacy\n")
    assert "| poems | CC0-1.0 | 2 | 2 | 0 |" in text
    assert result["gold"]["digest"] in text
    assert "Verdict: accepted" in text
    assert f"version {result['version']}" in text
    assert (folder / "labels.svg").read_text(encoding="utf-8").startswith("<svg")
    import yaml

    head = yaml.safe_load(text.split("---")[1])
    assert head["language"] == ["en", "zh"]
    metrics = {m["type"]: m["value"] for m in head["model-index"][1]["results"][0]["metrics"]}
    assert metrics["f1"] == result["figures"]["zh"]["entities"]["exact"]["f1"]["value"]
    names = read_names(folder)
    plan = make_plan(workspace, seed=0, held_out=frozenset(), silver=False, max_steps=40)
    assert names is not None
    assert names_of(pair for pairs in plan.gold.values() for pair in pairs) <= names
    parts = result["figures"]["zh"]["entities"]
    assert parts["seen"]["f1"]["value"] is not None


@pytest.mark.slow
def test_the_command_says_in_json_and_by_its_exit_code_what_became_of_the_model(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "w", count=3)
    segment_workspace(workspace)
    file = workspace.root / "hemu.toml"
    file.write_text(file.read_text().replace("annotators = []", 'annotators = ["link"]'))
    poems = public_file(tmp_path / "poems.jsonl", ["李白写诗，杜甫也写诗。"])
    arguments = ["-w", str(workspace.root), "--json", "--gold", str(poems)]

    def run(*more: str) -> tuple[int, dict[str, Any], str]:
        done = CliRunner().invoke(command, [*arguments, *more], standalone_mode=False, catch_exceptions=False)
        return done.return_value, json.loads(done.stdout), done.stderr

    code, result, said = run("--max-steps", "40")
    assert (code, result["accepted"], result["unchanged"]) == (0, True, False)
    assert "judging on 2 documents held out" in said
    assert result["public"][0]["name"] == "poems"
    assert result["languages"]["zh"]["public_documents"] == 1
    code, result, _ = run("--max-steps", "1")
    assert (code, result["accepted"]) == (3, False)
    with_rule(workspace.root, "min_gain = -1\nlanguage_loss = 1")
    with pytest.raises(InputError, match="--lower-floors"):
        run("--max-steps", "1")
    code, result, _ = run("--max-steps", "1", "--lower-floors")
    assert (code, result["accepted"], result["unchanged"]) == (0, True, True)
    assert accepted(workspace) == Path(result["path"])


def test_any_record_has_a_card() -> None:
    assert "Entity recognisers" in card({"version": "x", "languages": {}})


def test_what_is_refused_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(HemuError) as caught:
        read_rule(with_rule(tmp_path / "w", "x = 1"))
    assert "\n" not in str(caught.value)
