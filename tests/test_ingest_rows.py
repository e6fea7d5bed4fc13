"""Ingest of rows: JSON Lines, CSV, Parquet and datasets on disk; their columns, their faults, their size."""

import csv
import datetime
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.ingest import ingest
from corpus.ingest.columns import Columns, field_of, written
from corpus.ingest.rows import documents_in
from corpus.report import Skipped
from corpus.schema import ORIGINS
from corpus.store import Workspace

ENGLISH = "The ferry sails at noon, said the harbour master."
CHINESE = "港务长说，渡轮中午开船。"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


def table(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def taken(workspace: Workspace) -> dict[str, tuple[str, str, str]]:
    return {d.id: (d.pair, d.lang, d.text) for d in workspace.documents().values()}


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("text", ("text", None)),
        ("Article_Body", ("text", None)),
        ("正文", ("text", None)),
        ("headline", ("title", None)),
        ("published_at", ("date", None)),
        ("License", ("licence", None)),
        ("doc-id", ("id", None)),
        ("text_en", ("text", "en")),
        ("zh_text", ("text", "zh")),
        ("text.zh-CN", ("text", "zh")),
        ("title_zh_Hans", ("title", "zh")),
        ("en", ("text", "en")),
        ("中文", ("text", "zh")),
        ("url_zh", ("url", "zh")),
        ("sentiment", ("", None)),
        ("text_fr", ("", None)),
        ("", ("", None)),
    ],
)
def test_columns_by_their_usual_names(column: str, field: tuple[str, str | None]) -> None:
    assert field_of(column) == field


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2024, "2024"),
        (2024.0, "2024"),
        (0.5, "0.5"),
        (float("nan"), ""),
        (10**30, str(10**30)),
        (Decimal("12.50"), "12.50"),
        (True, "true"),
        (None, ""),
        (datetime.date(2024, 3, 1), "2024-03-01"),
        (datetime.datetime(2024, 3, 1), "2024-03-01"),
        (datetime.datetime(2024, 3, 1, 8, 30, tzinfo=datetime.UTC), "2024-03-01T08:30:00+00:00"),
        (["Li Wei", "王芳"], "Li Wei, 王芳"),
        ("文".encode(), "文"),
        (b"\xff", ""),
        ({"a": 1}, ""),
    ],
)
def test_values_as_text(value: Any, text: str) -> None:
    assert written(value) == text


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_any_value_is_written(value: Any) -> None:
    assert isinstance(written(value, date=True), str)


@given(
    st.dictionaries(
        st.sampled_from(["text", "id", "pair", "lang", "en", "zh", "text_en", "translation", "title", "Title", "x"]),
        st.none() | st.text(max_size=5) | st.integers() | st.floats() | st.dictionaries(st.text(max_size=2), st.text())
        | st.lists(st.text(max_size=3), max_size=2) | st.sampled_from(["en", "zh", CHINESE]),
    )
)  # fmt: skip
def test_any_row_is_documents_or_a_reason(row: dict[str, Any]) -> None:
    found = list(documents_in(row, PurePath("rows.jsonl"), "here", Columns()))
    assert found
    assert all(isinstance(each, Skipped) or each.text.strip() for each in found)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_a_table_of_articles(workspace: Workspace, tmp_path: Path, suffix: str) -> None:
    rows = [
        {"doc_id": "f.en", "headline": "Ferry", "content": ENGLISH, "language": "English", "published": "2024-03-01"},
        {"doc_id": "f.zh", "headline": "渡轮", "content": CHINESE + "\n\n完。", "language": "中文", "published": ""},
    ]
    path = tmp_path / f"news.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        delimiter = "," if suffix == "csv" else "\t"
        path.write_text(table([list(rows[0]), *(list(row.values()) for row in rows)], delimiter), "utf-8-sig")
    report = ingest(workspace, [path])
    assert report.skipped == []
    assert taken(workspace) == {"f.en": ("f", "en", ENGLISH), "f.zh": ("f", "zh", CHINESE + "\n\n完。")}
    assert dict(workspace.document("f.en").meta) == {"title": "Ferry", "date": "2024-03-01"}
    assert dict(workspace.document("f.zh").meta) == {"title": "渡轮"}
    origin = workspace.read(ORIGINS)["f.zh"]
    assert (origin.file, origin.reader) == (f"news.{suffix}", suffix.replace("tsv", "csv"))
    assert len(origin.file_sha) == 64
    assert ingest(workspace, [path]).unchanged == 2


@pytest.mark.parametrize(
    "row",
    [
        {"id": "f", "text_en": ENGLISH, "text_zh": CHINESE, "title_en": "Ferry", "title_zh": "渡轮"},
        {"id": "f", "en": ENGLISH, "zh": CHINESE, "title": {"en": "Ferry", "zh-CN": "渡轮"}},
        {"id": "f", "translation": {"en": ENGLISH, "zh": CHINESE}, "title_en": "Ferry", "title_zh": "渡轮"},
        {"id": "f", "text": {"English": ENGLISH, "中文": CHINESE}, "title_en": "Ferry", "title_zh": "渡轮"},
        {"pair": "f", "id_en": "f.en", "id_zh": "f.zh", "en_body": ENGLISH, "zh_body": CHINESE, "title_en": "Ferry",
         "zh_title": "渡轮"},
    ],
)  # fmt: skip
def test_a_row_with_both_versions(workspace: Workspace, tmp_path: Path, row: dict[str, Any]) -> None:
    (tmp_path / "wide.jsonl").write_text(json.dumps({**row, "date": 2024}))
    assert ingest(workspace, [tmp_path / "wide.jsonl"]).notes["pairs"] == 1
    assert taken(workspace) == {"f.en": ("f", "en", ENGLISH), "f.zh": ("f", "zh", CHINESE)}
    assert dict(workspace.document("f.en").meta) == {"title": "Ferry", "date": "2024"}
    assert dict(workspace.document("f.zh").meta) == {"title": "渡轮", "date": "2024"}


def test_a_wide_row_without_id_or_with_one_version(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text(table([["en", "zh"], [ENGLISH, CHINESE], ["Only English.", ""], ["", ""]]))
    assert ingest(workspace, [tmp_path / "wide.csv"]).notes["pairs"] == 1
    pairs = [pair for pair, _, _ in taken(workspace).values()]
    assert len(set(pairs)) == 2
    assert all(id == f"{pair}.{lang}" for id, (pair, lang, _) in taken(workspace).items())
    assert ingest(workspace, [tmp_path / "wide.csv"]).unchanged == 3


def test_columns_that_the_user_names(workspace: Workspace, tmp_path: Path) -> None:
    rows = [
        ["nr", "what", "tongue", "group", "text"],
        ["7", ENGLISH, "EN", "g", "no"],
        ["8", CHINESE, "zh-CN", "g", ""],
    ]
    path = tmp_path / "odd.csv"
    path.write_text(table(rows))
    named = {"text_column": "what", "id_column": "nr", "pair_column": "group", "lang_column": "tongue"}
    assert ingest(workspace, [path], **named).skipped == []  # type: ignore[arg-type]
    assert taken(workspace) == {"7": ("g", "en", ENGLISH), "8": ("g", "zh", CHINESE)}
    (missing,) = ingest(workspace, [path], text_column="nowhere").skipped
    assert "no column named 'nowhere'; it has: nr, what" in missing.why


def test_both_versions_under_one_id(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(table([["id", "lang", "text"], ["7", "en", ENGLISH], ["7", "zh", CHINESE]]))
    (double,) = ingest(workspace, [path], dry_run=True).skipped
    assert "name the column of ids as that of the pair" in double.why
    ingest(workspace, [path], pair_column="id")
    assert taken(workspace) == {"7.en": ("7", "en", ENGLISH), "7.zh": ("7", "zh", CHINESE)}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separators(workspace: Workspace, tmp_path: Path, delimiter: str) -> None:
    text = 'Commas, semicolons; "quotes",\nlines | and tabs\t: all are text.'
    (tmp_path / "a.csv").write_text("\n\n" + table([["id", "text"], ["a", text]], delimiter), newline="")
    ingest(workspace, [tmp_path / "a.csv"])
    assert workspace.document("a").text == text


def test_faults_of_a_csv(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,text\na," + CHINESE.encode() + b'\nb,Two, three.\nc\nd,Four \xff.\n\ne,\nf,Six.\ng,"Seven\n')
    skipped = {s.what.rsplit(" ", 1)[-1]: s.why for s in ingest(workspace, [path]).skipped}
    assert list(taken(workspace)) == ["a", "f", "g"]
    assert skipped.keys() == {"3", "4", "5", "7"}
    assert "3 cells, but the header has 2" in skipped["3"]
    assert "not valid" in skipped["5"]
    assert skipped["4"] == skipped["7"] == "empty text"
    path.write_text("id,text,Text,text\na,One.,,Two.\n")
    (left,) = ingest(workspace, [path]).skipped
    assert "two columns are named 'text'" in left.why


def test_a_row_without_text_is_left_out_alone(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "text": [None, ENGLISH]}), path)
    (left,) = ingest(workspace, [path]).skipped
    assert (left.what, left.why) == (f"{path}, row 1", "empty text")
    assert list(taken(workspace)) == ["b"]
    (tmp_path / "b.jsonl").write_text('{"id": "c", "text": null}\n{"id": "d", "text": 5}\n')
    assert [s.why for s in ingest(workspace, [tmp_path / "b.jsonl"]).skipped] == ["empty text", "its text is no string"]


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "utf-8"])
def test_a_file_that_was_cut_within_a_character(workspace: Workspace, tmp_path: Path, encoding: str) -> None:
    rows = [f'{{"id": "{n}", "text": "{CHINESE}"}}' for n in range(3)]
    (tmp_path / "a.jsonl").write_bytes("\n".join([*rows, '{"id": "3", "text": "港']).encode(encoding)[:-1])
    (left,) = ingest(workspace, [tmp_path / "a.jsonl"]).skipped
    assert left.what.endswith("line 4")
    assert left.why == f"not valid {encoding} text"
    assert list(taken(workspace)) == ["0", "1", "2"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_that_is_not_there_is_told_once(workspace: Workspace, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(f"key,text\na,{ENGLISH}\nb,More.\n".replace("noon,", "noon"))
    else:
        pq.write_table(pa.table({"key": ["a", "b"], "text": [ENGLISH, "More."]}), path)
    (left,) = ingest(workspace, [path], id_column="name").skipped
    assert (left.what, left.why) == (str(path), "has no column named 'name'; it has: key, text")


def test_a_quotation_mark_that_swallows_the_rows_below(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\na,One.\nb,"Two.\nc,Three.\nd,Four.')
    (left,) = ingest(workspace, [tmp_path / "a.csv"]).skipped
    assert left.what.endswith("line 3")
    assert "nothing closes" in left.why
    assert list(taken(workspace)) == ["a"]


def test_a_quotation_mark_that_nothing_closes(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = csv.field_size_limit(50_000)
    monkeypatch.setattr("corpus.ingest.tables.LINE_MAX", 50_000)
    (tmp_path / "a.csv").write_text('id,text\na,One.\nb,"Two.\n' + "c,Three.\n" * 10_000)
    (left,) = ingest(workspace, [tmp_path / "a.csv"]).skipped
    csv.field_size_limit(before)
    assert left.what.endswith("line 3")
    assert "nothing closes" in left.why
    assert list(taken(workspace)) == ["a"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_without_a_column_of_text(workspace: Workspace, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text("id,score\n" + "a,1\n" * 1000)
    else:
        pq.write_table(pa.table({"id": ["a"] * 1000, "score": [1] * 1000}), path)
    (left,) = ingest(workspace, [path]).skipped
    assert left.what == str(path)
    assert "has no column of text" in left.why
    assert "id" in left.why


def test_a_long_line_and_many_bad_ones(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.ingest.tables.LINE_MAX", 1000)
    lines = ['{"text": "' + "long " * 1000 + '"}', '{"id": "a", "text": "One."}', *["{"] * 1500]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    skipped = ingest(workspace, [tmp_path / "a.jsonl"]).skipped
    assert list(taken(workspace)) == ["a"]
    assert "a line of more than" in skipped[0].why
    assert len(skipped) == 1001
    assert skipped[-1].why.startswith("501 more rows")


def test_bytes_that_are_no_text_spoil_one_row(workspace: Workspace, tmp_path: Path) -> None:
    # Most of the file is UTF-8: one bad byte does not change that.
    (tmp_path / "a.jsonl").write_bytes(
        (CHINESE * 50).join(['{"id": "b", "text": "', '"}\n']).encode() + b'{"text": "\xff"}'
    )
    (left,) = ingest(workspace, [tmp_path / "a.jsonl"]).skipped
    assert left.what.endswith("line 2")
    column = pa.array([b"One.", b"\xff\xfe", b"Three."]).view(pa.string())
    pq.write_table(pa.table({"id": ["x", "y", "z"], "text": column}), tmp_path / "a.parquet")
    (left,) = ingest(workspace, [tmp_path / "a.parquet"]).skipped
    assert left.what.endswith("row 2")
    assert list(taken(workspace)) == ["b", "x", "z"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_rows_in_other_encodings(workspace: Workspace, tmp_path: Path, encoding: str, suffix: str) -> None:
    rows = [["id", "text"], ["a", CHINESE], ["b", CHINESE + "\r\n完。"]]
    lines = [json.dumps({"id": id, "text": text}, ensure_ascii=False) + "\n" for id, text in rows[1:]]
    (tmp_path / f"a.{suffix}").write_bytes((table(rows) if suffix == "csv" else "".join(lines)).encode(encoding))
    report = ingest(workspace, [tmp_path / f"a.{suffix}"])
    assert (report.done, report.skipped) == (2, [])
    assert workspace.document("b").text == CHINESE + "\n完。"
    plain = encoding.removesuffix("-sig")
    assert report.notes.get("encodings") == (None if plain == "utf-8" else f"{plain} 2")
    assert workspace.read(ORIGINS)["a"].encoding == plain


def test_types_of_parquet(workspace: Workspace, tmp_path: Path) -> None:
    when = datetime.datetime(2024, 3, 1, 8, 30)
    rows = pa.table(
        {
            "id": pa.array([1, 2], pa.int64()),
            "text": pa.array([ENGLISH, CHINESE], pa.large_string()).dictionary_encode(),
            "date": pa.array([when, None], pa.timestamp("ns")),
            "author": pa.array([["Li Wei", "王芳"], []], pa.list_(pa.string())),
            "vector": pa.array([[0.5] * 8] * 2),
        }
    )
    pq.write_table(rows, tmp_path / "a.parquet")
    assert ingest(workspace, [tmp_path / "a.parquet"]).done == 2
    assert dict(workspace.document("1").meta) == {"date": "2024-03-01T08:30:00", "author": "Li Wei, 王芳"}
    assert dict(workspace.document("2").meta) == {}


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"\xff" * 1000])
def test_no_parquet(workspace: Workspace, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    (left,) = ingest(workspace, [tmp_path / "a.parquet"]).skipped
    assert "no Parquet file" in left.why


def test_datasets_on_disk(workspace: Workspace, tmp_path: Path) -> None:
    import datasets

    features = datasets.Features(
        {
            "id": datasets.Value("string"),
            "text": datasets.Value("large_string"),
            "lang": datasets.ClassLabel(names=["zh", "en"]),
            "vector": datasets.Sequence(datasets.Value("float32")),
        }
    )
    train = datasets.Dataset.from_dict(
        {"id": ["f.en", "f.zh"], "text": [ENGLISH, CHINESE], "lang": [1, 0], "vector": [[1.0], [2.0]]},
        features=features,
    )
    test = datasets.Dataset.from_list([{"translation": {"en": "A road.", "zh": "一条路。"}}])
    (tmp_path / "in").mkdir()
    datasets.DatasetDict({"train": train, "test": test}).save_to_disk(tmp_path / "in" / "news")
    train.select([1]).save_to_disk(tmp_path / "one", num_shards=1)
    report = ingest(workspace, [tmp_path / "in"])
    assert (report.done, report.skipped, report.notes["pairs"]) == (4, [], 2)
    assert taken(workspace)["f.zh"] == ("f", "zh", CHINESE)
    assert {d.source for d in workspace.documents().values()} == {"news/test", "news/train"}
    assert len(workspace.read(ORIGINS)["f.en"].file_sha) == 64
    # Whether the folder above, the folder of several or one of them is named: the ids are the same.
    assert ingest(workspace, [tmp_path / "in" / "news"]).unchanged == 4
    assert ingest(workspace, [tmp_path / "one"]).unchanged == 1
    assert workspace.document("f.zh").source == "news/train"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ('{"_data_files": [{"filename": "../secret.arrow"}]}', "outside its folder"),
        ('{"_data_files": [{"filename": "gone.arrow"}]}', "no Arrow file"),
        ('{"_data_files": [], "_indices_data_files": [{"filename": "i.arrow"}]}', "index"),
        ("{", "save_to_disk"),
        ("[]", "save_to_disk"),
    ],
)
def test_broken_datasets(workspace: Workspace, tmp_path: Path, state: str, why: str) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "state.json").write_text(state)
    (folder / "dataset_info.json").write_text("{}")
    (left,) = ingest(workspace, [folder]).skipped
    assert why in left.why


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    """300 MB of articles are read in a process that holds a good deal less."""
    path = tmp_path / f"large.{suffix}"
    rows = [{"id": f"a{n}", "text": f"Article {n}. " + ENGLISH * 400} for n in range(15_000)]
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, compression="none", use_dictionary=False)
    else:
        with path.open("w") as file:
            lines = csv.writer(file)
            if suffix == "csv":
                lines.writerow(["id", "text"])
            for row in rows:
                file.write(json.dumps(row) + "\n") if suffix == "jsonl" else lines.writerow(row.values())
    code = (
        "import sys, resource, corpus.ingest.readers as r, corpus.ingest.columns as c\n"
        "from corpus.ingest.raw import Source\nfrom pathlib import Path, PurePath\nfrom functools import partial\n"
        "import pyarrow.parquet\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "p = Path(sys.argv[1])\ns = Source(PurePath(p.name), str(p), partial(p.open, 'rb'), p.stat().st_size, p)\n"
        "print(sum(1 for _ in r.read(s, c.Columns())), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert path.stat().st_size > 280_000_000
    assert count == 15_000
    assert grown * (1 if sys.platform == "darwin" else 1024) < 120_000_000
