"""Rows as Arrow columns, built from buffers.

`pyarrow.array` and all that calls it import pandas, where it is installed, to look whether what they are given is a series:
half a second in a command that has nothing to do with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa

_NUMBERS = {"int32": "i", "int64": "q", "float": "f", "double": "d"}


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """The table of the rows; what a row does not have is null.

    >>> table_of([{"id": "a"}, {}], pa.schema([("id", pa.string())])).to_pylist()
    [{'id': 'a'}, {'id': None}]
    """
    columns = [column([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def column(values: Sequence[Any], type: Any) -> Any:
    """The values as an Arrow array of that type: text, numbers, true and false, and lists, structs and maps of these.

    Raises what Python raises for a value of another type: TypeError, ValueError, AttributeError or OverflowError.
    """
    size, validity = len(values), _validity(values)
    if pa.types.is_string(type) or pa.types.is_large_string(type):
        encoded = [b"" if value is None else value.encode("utf-8") for value in values]
        offsets = _offsets(map(len, encoded), "q" if pa.types.is_large_string(type) else "i")
        return pa.Array.from_buffers(type, size, [validity, offsets, pa.py_buffer(b"".join(encoded))])
    if (code := _NUMBERS.get(str(type))) is not None:
        numbers = array(code, [0 if value is None else value for value in values])
        return pa.Array.from_buffers(type, size, [validity, pa.py_buffer(numbers)])
    if pa.types.is_boolean(type):
        return pa.Array.from_buffers(type, size, [validity, _bits(values)])
    if pa.types.is_struct(type):
        children = [column([None if v is None else v.get(field.name) for v in values], field.type) for field in type]
        return pa.Array.from_buffers(type, size, [validity], children=children)
    if pa.types.is_list(type) or pa.types.is_map(type):
        lists = [() if value is None else value for value in values]
        offsets = _offsets(map(len, lists), "i")
        if pa.types.is_map(type):
            items = [pair for each in lists for pair in (each.items() if isinstance(each, Mapping) else each)]
            pairs = pa.struct([type.key_field, type.item_field])
            keys, found = column([k for k, _ in items], type.key_type), column([v for _, v in items], type.item_type)
            child = pa.Array.from_buffers(pairs, len(items), [None], children=[keys, found])
        else:
            child = column([value for each in lists for value in each], type.value_type)
        return pa.Array.from_buffers(type, size, [validity, offsets], children=[child])
    return pa.array(values, type)


def _validity(values: Sequence[Any]) -> Any:
    """The bits that say which values there are; None where all are."""
    there = [value is not None for value in values]
    return None if all(there) else _bits(there)


def _bits(values: Sequence[Any]) -> Any:
    """A bit for each value: whether it is true."""
    bits = bytearray((len(values) + 7) // 8)
    for i, value in enumerate(values):
        if value:
            bits[i >> 3] |= 1 << (i & 7)
    return pa.py_buffer(bytes(bits))


def _offsets(lengths: Any, code: str) -> Any:
    return pa.py_buffer(array(code, accumulate(lengths, initial=0)))
