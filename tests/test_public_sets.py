"""Public sets become gold of hemu: forms are read, types mapped, and what a set cannot tell is left out."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import InputError
from corpus.gold import import_gold
from corpus.store import Workspace

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "public_sets.py"


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("public_sets", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["public_sets"] = module
    spec.loader.exec_module(module)
    return module


SETS = loaded()


@pytest.fixture
def script() -> Any:
    return SETS


def bio(*parts: tuple[str, str]) -> str:
    """A sentence of characters with BIO tags, from stretches of text and their types."""
    rows = []
    for text, type in parts:
        rows += [f"{c} {'O' if not type else ('B-' if at == 0 else 'I-') + type}" for at, c in enumerate(text)]
    return "\n".join(rows) + "\n\n"


def read(script: Any, name: str, folder: Path, part: str) -> list[Any]:
    return list(script.read_sentences(script.read_table()[name], folder, part))


def surfaces(entities: Any) -> list[tuple[str, str]]:
    return [(e.span.surface, e.label) for e in entities]


def test_every_type_of_the_table_has_a_treatment(script: Any) -> None:
    table = script.read_table()
    assert {name for name, source in table.items() if source.pass_on} == {
        "uner_Chinese-GSDSIMP",
        "uner_English-EWT",
        "crossner_politics",
    }
    for source in table.values():
        assert source.silent <= script.LABELS
        assert source.licence
        for what in source.types.values():
            kind, _, label = what.partition(" ")
            assert kind in script.LABELS | {"person", "body", "title", "none", "drop"}
            assert not label or (kind == "body" and label in script.LABELS)


def test_the_form_of_cluener_counts_the_last_character_in(script: Any, tmp_path: Path) -> None:
    text = "玉林钢铁总经理何平说"
    row = {"text": text, "label": {"company": {"玉林钢铁": [[0, 3]]}, "name": {"何平": [[7, 8]]}}}
    (tmp_path / "train.json").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    (sentence,) = read(script, "cluener2020", tmp_path, "train")
    assert [(sentence.text[s:e], type) for s, e, type in sentence.marks] == [("玉林钢铁", "company"), ("何平", "name")]
    found = script.convert(script.read_table()["cluener2020"], sentence)
    assert surfaces(found) == [("玉林钢铁", "FIRM"), ("何平", "PERSON")]


def test_columns_bmes_and_words_with_their_text(script: Any, tmp_path: Path) -> None:
    (tmp_path / "dev.char.bmes").write_text("何 B-NAME\n小 M-NAME\n平 E-NAME\n， O\n男 O\n\n", encoding="utf-8")
    (sentence,) = read(script, "resume_ner", tmp_path, "dev")
    assert (sentence.text, sentence.marks) == ("何小平，男", ((0, 3, "NAME"),))
    rows = ["# sent_id = 1", "# text = Ann Reed (of Yulin) left.", "1\tAnn\tB-PER\t-\t-", "2\tReed\tI-PER\t-\t-"]
    rows += [
        "3\t(\tO\t-\t-",
        "4\tof\tO\t-\t-",
        "5\tYulin\tB-LOC\t-\t-",
        "6\t)\tO\t-\t-",
        "7\tleft\tO\t-\t-",
        "8\t.\tO\t-\t-",
    ]
    (tmp_path / "en_ewt-ud-dev.iob2").write_text("\n".join(rows) + "\n\n", encoding="utf-8")
    (sentence,) = read(script, "uner_English-EWT", tmp_path, "dev")
    assert sentence.text == "Ann Reed (of Yulin) left."
    assert [sentence.text[s:e] for s, e, _ in sentence.marks] == ["Ann Reed", "Yulin"]
    (tmp_path / "dev.txt").write_text("Ann\tB-person\nReed\tI-person\n's\tO\nvote\tO\n.\tO\n", encoding="utf-8")
    (sentence,) = read(script, "crossner_politics", tmp_path, "dev")
    assert (sentence.text, sentence.marks) == ("Ann Reed's vote.", ((0, 8, "person"),))


def test_what_a_set_pools_is_told_apart_or_left_out(script: Any) -> None:
    source = script.read_table()["msra_ner"]

    def of(*parts: tuple[str, str]) -> Any:
        text, marks = "", []
        for piece, type in parts:
            if type:
                marks.append((len(text), len(text) + len(piece), type))
            text += piece
        return script.convert(source, script.Sentence(text, tuple(marks)))

    assert surfaces(of(("江西省财政厅", "ORG"), ("表示", ""))) == [("江西省财政厅", "AGENCY")]
    assert surfaces(of(("玉林理工大学", "ORG"), ("成立", ""))) == [("玉林理工大学", "ORG")]
    assert surfaces(of(("远山证券有限公司", "ORG"), ("成立", ""))) == [("远山证券有限公司", "FIRM")]
    assert of(("晨光", "ORG"), ("表示反对", "")) == "unknown body"
    # The set marks no policies: a sentence with one would teach that it is none.
    assert of(("国务院", "ORG"), ("公布《湿地保护条例》。", "")) == "unmarked label"
    # Edges are those of the guidelines: the levels of an address apart.
    assert surfaces(of(("四川省乐山市", "LOC"), ("下雨", ""))) == [("四川省", "PLACE"), ("乐山市", "PLACE")]
    # In office where a title beside the name says so, else not.
    assert surfaces(of(("财政部", "ORG"), ("部长", ""), ("何小平", "PER"), ("说", "")))[1] == ("何小平", "OFFICIAL")
    assert surfaces(of(("画家", ""), ("何小平", "PER"), ("说", ""))) == [("何小平", "PERSON")]


@given(st.text(st.sampled_from("《》（）“”()  一二a"), max_size=12), st.data())
def test_trimmed_edges_stay_inside_and_hold_no_white_space(text: str, data: Any) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = SETS.trimmed(text, start, end)
    assert start <= first <= last <= end
    surface = text[first:last]
    assert surface == surface.strip()
    assert not (surface.startswith("《") and surface.endswith("》"))


def test_documents_go_into_a_workspace_as_gold(script: Any, tmp_path: Path) -> None:
    sentences = bio(("何平", "PER"), ("在", ""), ("玉林", "LOC"), ("。", "")) * 3
    (tmp_path / "dev.char.bio.txt").write_text(sentences, encoding="utf-8")
    source = script.read_table()["msra_ner"]
    counts: Counter[str] = Counter()
    made = list(script.documents(source, script.read_sentences(source, tmp_path, "dev"), "dev", 2, counts))
    assert [document.id for document, _ in made] == ["msra_ner-dev-00001.zh", "msra_ner-dev-00002.zh"]
    assert made[0][0].text == "何平在玉林。\n" * 2
    assert counts["sentences"] == 3
    out = tmp_path / "out.jsonl"
    done = subprocess.run(
        [sys.executable, SCRIPT, "msra_ner", tmp_path, out, "--part", "dev", "--lines", "2"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    workspace = Workspace.create(tmp_path / "w")
    assert import_gold(workspace, str(out)).notes["entities"] == 6


def test_errors_are_one_line_and_name_what_is_wrong(script: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file for part 'train' of msra_ner"):
        read(script, "msra_ner", tmp_path, "train")
    (tmp_path / "dev.char.bio.txt").write_text("何 B-PER\n平 Z\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: expected a token and its tag"):
        read(script, "msra_ner", tmp_path, "dev")
    (tmp_path / "train.json").write_text("{}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1: not in the form of CLUENER2020"):
        read(script, "cluener2020", tmp_path, "train")
    done = subprocess.run(
        [sys.executable, SCRIPT, "msra_ner", tmp_path, tmp_path / "o", "--only-free"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "must not be passed on" in done.stderr
    assert not (tmp_path / "o").exists()
