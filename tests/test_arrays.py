"""Rows as Arrow columns: those that pyarrow makes of the same rows."""

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.arrays import table_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
INNER = pa.struct([("start", pa.int32()), ("name", pa.string())])
FIELDS: list[tuple[str, Any]] = [
    ("id", pa.string()),
    ("text", pa.large_string()),
    ("score", pa.float32()),
    ("one", INNER),
    ("many", pa.list_(pa.struct([("inner", pa.list_(INNER)), ("score", pa.float32())]))),
    ("meta", pa.map_(pa.string(), pa.string())),
]
SCHEMA = pa.schema(FIELDS)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


NUMBER = maybe(st.floats(width=32, allow_nan=False))
PLACE = maybe(st.fixed_dictionaries({"start": maybe(st.integers(-(2**31), 2**31 - 1)), "name": maybe(TEXT)}))
MANY = maybe(st.lists(maybe(st.fixed_dictionaries({"inner": maybe(st.lists(PLACE, max_size=3)), "score": NUMBER}))))
ROW = st.fixed_dictionaries(
    {"id": maybe(TEXT), "text": maybe(TEXT)},
    optional={
        "score": NUMBER,
        "one": PLACE,
        "many": MANY,
        "meta": maybe(st.dictionaries(TEXT, maybe(TEXT), max_size=3)),
    },
)


@settings(deadline=None)
@given(rows=st.lists(ROW, max_size=12))
def test_rows_are_what_pyarrow_makes_of_them(rows: list[dict[str, Any]]) -> None:
    made = table_of(rows, SCHEMA)
    made.validate(full=True)
    expected = [{**row, "meta": list(row["meta"].items()) if row.get("meta") is not None else None} for row in rows]
    assert made.equals(pa.Table.from_pylist(expected, schema=SCHEMA))


def test_a_value_of_another_type_is_refused() -> None:
    for value in ("1", 2**31):
        with pytest.raises((TypeError, OverflowError)):
            table_of([{"n": value}], pa.schema([("n", pa.int32())]))


def test_writing_segmenting_and_finding_import_no_pandas(tmp_path: Any) -> None:
    pytest.importorskip("pandas")
    code = f"""
import sys
from pathlib import Path
from corpus.document import Document
from corpus.look.columns import Columns, lists
from corpus.schema import DOCUMENTS, SEGMENTS
from corpus.segment import segment_workspace
from corpus.store import Workspace
space = Workspace.create(Path({str(tmp_path / "w")!r}))
space.append(DOCUMENTS, [Document("a.zh", "a", "zh", "房租降了。")])
segment_workspace(space)
[table] = Columns(space, SEGMENTS, ["document", "sha", "sentences"]).take(["a.zh"])
assert lists(table, "sentences")[0].tolist() == [0, 1]
print(sum(1 for _ in space.current(DOCUMENTS)), "pandas" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "1 False\n"
