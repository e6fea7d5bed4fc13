"""A group's own names: taken in whole or not at all, checked, and believed before what hemu ships."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from annotators.own_names import own_names
from corpus.cli.kb import kb
from corpus.document import Document, Group, Item, Lang, Segments
from corpus.errors import HemuError, InputError
from corpus.knowledge import COLUMNS, knowledge
from corpus.own_names import FILE, annotator_name, check, common_word, make_row, put, read_rows, read_table, search
from corpus.segment.words import workspace_words
from corpus.store import Workspace

LABELS = ("OFFICIAL", "PERSON", "FIRM", "AGENCY", "ORG", "PLACE", "POLICY")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "news")


def hemu_kb(workspace: Workspace, *arguments: str | Path) -> Result:
    return CliRunner().invoke(kb, [*map(str, arguments), "-w", str(workspace.root)], standalone_mode=False)


def marked(workspace: Workspace, *texts: tuple[str, Lang]) -> list[tuple[str, str, str]]:
    name = annotator_name(workspace)
    assert name
    items = []
    for text, lang in texts:
        document = Document(f"a.{lang}", "a", lang, text)
        items.append(Item(document, Segments(document.id, document.sha, ())))
    layers = own_names(name).annotate(Group(tuple(items)))
    return [(e.span.surface, e.label, e.link) for layer in layers for e in layer.entities]


def test_add_writes_a_row_with_traditional_names(workspace: Workspace) -> None:
    done = hemu_kb(
        workspace, "add", "agency/lanxi-tea", "--label", "AGENCY", "--en", "Lanxi Tea Office", "--zh", "兰溪茶叶办", "--alias",
        "LTO", "--alias", "兰溪茶办",
    )  # fmt: skip
    assert done.exception is None
    [row] = read_rows(workspace.root / FILE)
    assert (row["en_aliases"], row["zh_aliases"], row["traditional"]) == ("LTO", "兰溪茶办", "蘭谿茶葉辦|蘭谿茶辦")
    assert marked(workspace, ("The LTO met.", "en"), ("兰溪茶办发文。", "zh")) == [
        ("LTO", "AGENCY", "agency/lanxi-tea"),
        ("兰溪茶办", "AGENCY", "agency/lanxi-tea"),
    ]


def test_add_refuses_an_unknown_label_and_an_id_that_is_there(workspace: Workspace) -> None:
    arguments = ("add", "x/y", "--en", "Lanxi Y", "--label")
    assert "the scheme has" in str(hemu_kb(workspace, *arguments, "TOWN").exception)
    assert hemu_kb(workspace, *arguments, "ORG").exception is None
    assert "--replace" in str(hemu_kb(workspace, *arguments, "FIRM").exception)
    assert hemu_kb(workspace, *arguments, "FIRM", "--replace").exception is None
    assert [row["label"] for row in read_rows(workspace.root / FILE)] == ["FIRM"]


def test_labels_are_those_of_the_workspace(workspace: Workspace) -> None:
    scheme = (workspace.root / "scheme.toml").read_text(encoding="utf-8")
    (workspace.root / "scheme.toml").write_text(scheme.replace('name = "POLICY"', 'name = "LAW"'), encoding="utf-8")
    assert hemu_kb(workspace, "add", "law/x", "--label", "LAW", "--zh", "兰溪茶法").exception is None
    assert marked(workspace, ("通过兰溪茶法。", "zh")) == [("兰溪茶法", "LAW", "law/x")]


def test_import_takes_all_rows_or_none(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text("en,zh,label,aliases\nLanxi Tea,兰溪茶业,FIRM,LT|兰茶\n,,FIRM,\nX,,TOWN,\n", encoding="utf-8")
    done = hemu_kb(workspace, "import", file)
    assert done.return_value == 1
    assert "line 3: no name" in done.stderr
    assert "line 4: unknown label 'TOWN'" in done.stderr
    assert not (workspace.root / FILE).exists()
    file.write_text("label,zh,en,alias 1,alias 2\r\nFIRM,兰溪茶业,Lanxi Tea,LT,兰茶\r\n", encoding="utf-8-sig")
    assert hemu_kb(workspace, "import", file, "--json").stdout == '{"new": 1, "replaced": 0, "bad": []}\n'
    assert hemu_kb(workspace, "import", file, "--json").stdout == '{"new": 0, "replaced": 1, "bad": []}\n'
    [row] = read_rows(workspace.root / FILE)
    assert (row["id"], row["en_aliases"], row["zh_aliases"]) == ("firm/lanxi-tea", "LT", "兰茶")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n", "expected the columns"),
        ("", "expected the columns"),
        ('en,label\n"Lanxi,FIRM\n', "not CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=why):
        read_table(tmp_path / "x.csv", LABELS)
    with pytest.raises(InputError, match=r"none\.csv"):
        read_table(tmp_path / "none.csv", LABELS)


@pytest.mark.parametrize("name", ["a\x00b", "a|b", "a\ud800", "—", "a?b"])
def test_a_name_that_cannot_be_stored_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be a name"):
        make_row("FIRM", name, labels=LABELS)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (make_row("ORG", "Hangzhou", labels=LABELS), "two labels"),
        (make_row("FIRM", "Lanxi Tea", "和平", labels=LABELS), "common word"),
        (make_row("FIRM", "Apple", labels=LABELS), "common word"),
        (make_row("AGENCY", "State Council", labels=LABELS, id="own/x"), "duplicate"),
        ({**make_row("FIRM", zh="兰溪茶业", labels=LABELS), "traditional": ""}, "no Traditional form"),
        (make_row("TOWN", "Lanxi X", labels=["TOWN"]), "unknown label"),
        (make_row("FIRM", zh="兰溪茶业", labels=LABELS, pinyin="Lanxi Gongsi"), "pinyin of another name"),
        ({**make_row("FIRM", zh="兰溪茶业", labels=LABELS), "pinyin": ""}, "no pinyin"),
        ({**make_row("FIRM", "Lanxi Tea", labels=LABELS), "en": ""}, "no name"),
        ({**make_row("FIRM", "Lanxi Tea", labels=LABELS), "en": "?"}, "no name"),
    ],
)
def test_check_finds(row: dict[str, str], kind: str) -> None:
    assert kind in [finding.kind for finding in check([row], labels=LABELS)]


def test_check_is_content_with_a_good_row_and_with_a_marked_word() -> None:
    assert check([make_row("FIRM", "Lanxi Tea Works", "兰溪茶厂", ["?和平"], labels=LABELS)], labels=LABELS) == []
    assert not common_word("Xiaomi")


def test_check_command_names_two_labels_within_a_file(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text("en,zh,label,id\nLanxi Qq,,FIRM,a\nLanxi Qq,,ORG,b\n", encoding="utf-8")
    done = hemu_kb(workspace, "check", file)
    assert done.return_value == 1
    assert "b: two labels: Lanxi Qq: ORG here, FIRM in a" in done.stderr


def test_own_names_win_over_shipped_ones(workspace: Workspace) -> None:
    put(workspace, [make_row("FIRM", "Hangzhou", "杭州", labels=LABELS, id="firm/hz")])
    base = knowledge(workspace.root / FILE)
    assert [entry.label for entry in base.lookup("杭州", "zh")] == ["FIRM"]
    assert [entry.label for entry in base.lookup("杭州市", "zh")] == ["PLACE"]
    assert [entry.label for entry in knowledge().lookup("杭州", "zh")] == ["PLACE"]
    assert marked(workspace, ("He left Hangzhou.", "en")) == [("Hangzhou", "FIRM", "firm/hz")]


def test_a_longer_shipped_name_is_left_to_the_gazetteer(workspace: Workspace) -> None:
    put(workspace, [make_row("FIRM", "State Tea", "国务", labels=LABELS)])
    assert marked(workspace, ("国务院今日开会。", "zh")) == []


def test_a_name_that_needs_support_gets_it_from_the_other_version(workspace: Workspace) -> None:
    put(workspace, [make_row("FIRM", "Lanxi Harvest", "兰溪丰收", ["?Harvest"], labels=LABELS)])
    assert marked(workspace, ("Harvest rose.", "en")) == []
    assert marked(workspace, ("Harvest rose.", "en"), ("兰溪丰收上涨。", "zh"))[0][0] == "Harvest"


def test_a_file_that_a_spreadsheet_has_saved_is_read_everywhere(workspace: Workspace) -> None:
    put(workspace, [make_row("FIRM", "Lanxi Harvest", "兰溪丰收", labels=LABELS)])
    file = workspace.root / FILE
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().partition(b"\n")[2])
    assert [row["zh"] for row in read_rows(file)] == ["兰溪丰收"]
    assert marked(workspace, ("兰溪丰收上涨。", "zh"))[0][0] == "兰溪丰收"
    assert "兰溪丰收" in workspace_words(workspace)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"id,label\xff", "cannot be read as a UTF-8 CSV file"),
        (",".join(COLUMNS).encode() + b'\n"' + b"x" * 200_000, "not (CSV|a row)"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_by_all_who_read_it(workspace: Workspace, data: bytes, why: str) -> None:
    (workspace.root / FILE).write_bytes(data)
    for read in (lambda: read_rows(workspace.root / FILE), lambda: workspace_words(workspace)):
        with pytest.raises(InputError, match=rf"{FILE}: {why}"):
            read()


def test_the_annotator_changes_with_the_file(workspace: Workspace) -> None:
    assert annotator_name(workspace) is None
    seen = set()
    for name in ("Lanxi A", "Lanxi B"):
        put(workspace, [make_row("FIRM", name, labels=LABELS, id="firm/a")])
        given = annotator_name(workspace)
        assert given
        seen.add((given, own_names(given).version))
        assert marked(workspace, (f"{name} grew.", "en")) == [(name, "FIRM", "firm/a")]
    assert len(seen) == 2
    with pytest.raises(HemuError, match="gone"):
        own_names("names:gone.csv")


def test_pinyin_is_made_or_taken_and_listed(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text("en,zh,label,pinyin\nLanxi Tea,兰溪茶业,FIRM,\nHe Le,乐和,PERSON,Yue He\n", encoding="utf-8")
    assert hemu_kb(workspace, "import", file).exception is None
    assert [row["pinyin"] for row in read_rows(workspace.root / FILE)] == ["Lanxi Chaye", "Yue He"]
    assert "Lanxi Chaye" in hemu_kb(workspace, "list").stdout
    assert json.loads(hemu_kb(workspace, "list", "--label", "PERSON", "--json").stdout)["pinyin"] == "Yue He"
    arguments = ("add", "firm/b", "--label", "FIRM", "--zh", "兰溪重业", "--pinyin", "Lanxi Zhongye")
    assert hemu_kb(workspace, *arguments).exception is None
    assert json.loads(hemu_kb(workspace, "search", "lanxizhongye", "--json").stdout)["pinyin"] == ["Lanxi Zhongye"]


def test_a_file_without_pinyin_is_read_and_written_with_it(workspace: Workspace) -> None:
    old = "id,label,en,en_aliases,zh,zh_aliases,traditional,from,to,source\nfirm/a,FIRM,Lanxi A,,兰溪甲业,,蘭谿甲業,,,own\n"
    (workspace.root / FILE).write_text(old, encoding="utf-8")
    assert marked(workspace, ("兰溪甲业上涨。", "zh")) == [("兰溪甲业", "FIRM", "firm/a")]
    assert [finding.kind for finding in check(read_rows(workspace.root / FILE), labels=LABELS)] == ["no pinyin"]
    put(workspace, [make_row("FIRM", "Lanxi B", "兰溪乙业", labels=LABELS)])
    assert [row["pinyin"] for row in read_rows(workspace.root / FILE)] == ["", "Lanxi Yiye"]


@pytest.mark.parametrize("words", ["gongtong fuyu", "gongtongfuyu", "GongTong FùYù", "gong tong fu yu"])
def test_search_by_pinyin(words: str) -> None:
    assert search(knowledge(), words)[0].id == "policy/common-prosperity"


def test_list_and_search(workspace: Workspace) -> None:
    put(workspace, [make_row("FIRM", "Lanxi Tea", "兰溪茶业", labels=LABELS)])
    assert hemu_kb(workspace, "list").stdout.startswith("firm/lanxi-tea  FIRM  Lanxi Tea, 兰溪茶业")
    assert hemu_kb(workspace, "list", "--label", "ORG").stdout == ""
    assert json.loads(hemu_kb(workspace, "search", "溪茶业", "--json").stdout)["id"] == "firm/lanxi-tea"
    assert "agency/state-council" in hemu_kb(workspace, "search", "国务院").stdout
    assert hemu_kb(workspace, "search", "no such name at all").return_value == 1
    assert search(knowledge(), "STATE COUNCIL")[0].id == "agency/state-council"
