"""Arrow columns to and from numpy, without a Python object a value, and a digest of what they hold.

`pyarrow.array` is not used: it imports pandas (see `corpus.arrays`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]
else:
    # numpy is imported where it is used.
    Numbers = Any


class Hash(Protocol):
    """What takes bytes, such as hashlib.sha256()."""

    def update(self, data: bytes, /) -> None: ...


def ints(values: Numbers, type: Any = None) -> Any:
    """Numbers as an Arrow array, of int32 unless another type is named."""
    import numpy as np

    type = type or pa.int32()
    flat = np.ascontiguousarray(values, dtype=type.to_pandas_dtype())
    return pa.Array.from_buffers(type, len(flat), [None, _buffer(flat)])


def _buffer(flat: Any) -> Any:
    return pa.py_buffer(flat)


def numbers(array: Any) -> Numbers:
    """An Arrow array of whole numbers without nulls as numpy, in int64."""
    import numpy as np

    return plain(array).astype(np.int64)


def plain(array: Any) -> Numbers:
    """What an Arrow array of numbers, or of true and false, holds, as numpy; where it is null, anything.

    Not `to_numpy`, which imports pandas.
    """
    import numpy as np

    array = one(array)
    data = array.buffers()[1]
    if not len(array) or data is None:
        return np.zeros(len(array), np.int64)
    if pa.types.is_boolean(array.type):
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[array.offset : array.offset + len(array)].astype(np.bool_)
    found: Numbers = np.frombuffer(data, array.type.to_pandas_dtype())[array.offset : array.offset + len(array)]
    return found


def filled(array: Any, value: int) -> Numbers:
    """Like `plain`, with this in place of nulls (not `fill_null`, which imports pandas)."""
    import numpy as np

    array = one(array)
    found = plain(array)
    return np.where(plain(array.is_valid()), found, value) if array.null_count else found


def one(column: Any) -> Any:
    """A column in one piece."""
    if isinstance(column, pa.ChunkedArray):
        if column.num_chunks == 1:
            return column.chunk(0)
        return column.combine_chunks() if column.num_chunks else empty(column.type)
    return column


def empty(type: Any) -> Any:
    """An array of no values."""
    from corpus.arrays import column

    return column([], type)


def lengths(lists: Any) -> Numbers:
    """How long each list of a list array is."""
    import numpy as np

    return np.diff(plain(lists.offsets)).astype(np.int64) if len(lists) else np.zeros(0, np.int64)


def offsets_of(counts: Numbers) -> Numbers:
    """Where each of lists of these lengths begins, and where the last one ends."""
    import numpy as np

    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def lists(counts: Numbers, values: Any) -> Any:
    """A list array of lists that are so long, of these values one after another."""
    return pa.ListArray.from_arrays(ints(offsets_of(counts)), one(values))


def fields(struct: Any) -> dict[str, Any]:
    """The columns of a struct array by name."""
    return dict(zip((field.name for field in struct.type), struct.flatten(), strict=True))


def struct(of: Mapping[str, Any]) -> Any:
    """A struct array of columns by name."""
    return pa.StructArray.from_arrays(list(of.values()), names=list(of))


def equals(texts: Any, value: str) -> Numbers:
    """Which of the texts of a column are this one."""
    import numpy as np
    import pyarrow.compute as pc

    if not len(texts):
        return np.zeros(0, np.bool_)
    return plain(pc.is_in(one(texts), value_set=column_of([value])))


def column_of(texts: Sequence[str]) -> Any:
    """Texts as a column."""
    import numpy as np

    whole = "".join(texts)
    if whole.isascii():
        data, wide = whole.encode(), map(len, texts)
    else:
        encoded = [text.encode() for text in texts]
        data, wide = b"".join(encoded), map(len, encoded)
    at = ints(offsets_of(np.fromiter(wide, np.int64, len(texts))))
    return pa.Array.from_buffers(pa.string(), len(texts), [None, at.buffers()[1], _buffer(data)])


def joined(first: Any, second: Any, between: str) -> Any:
    """The texts of two columns, one and the other, with a sign between them."""
    import numpy as np
    import pyarrow.compute as pc

    signs = column_of([between]).take(ints(np.zeros(len(first), np.int64)))
    return pc.binary_join_element_wise(first, second, signs)


def runs(starts: Numbers, counts: Numbers) -> Numbers:
    """The numbers start, start + 1, … of each run, one run after another."""
    import numpy as np

    total = int(counts.sum())
    begins = offsets_of(counts)[:-1]
    found: Numbers = np.repeat(starts - begins, counts) + np.arange(total)
    return found


def feed(digest: Hash, array: Any) -> None:
    """Add what an array holds to a digest, whatever the pieces or the memory that it lies in."""
    import numpy as np

    array, type = one(array), array.type
    digest.update(f"{type} {len(array)};".encode())
    if not len(array):
        return
    if array.null_count:
        digest.update(np.packbits(plain(array.is_valid())).tobytes())
    if pa.types.is_list(type):
        digest.update(lengths(array).tobytes())
        feed(digest, array.flatten())
    elif pa.types.is_struct(type):
        for child in array.flatten():
            feed(digest, child)
    elif pa.types.is_string(type):
        at = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
        digest.update(np.diff(at).tobytes())
        if data := array.buffers()[2]:
            digest.update(memoryview(data)[int(at[0]) : int(at[-1])])  # type: ignore[arg-type]
    else:
        digest.update(np.ascontiguousarray(filled(array, 0)).tobytes())


class Texts:
    """Texts one after another, such that stretches of them, in code points, become columns at once.

    A place in them is an offset in its text plus `base` of the text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        self.texts = texts
        whole = "".join(texts)
        self.points = np.frombuffer(whole.encode("utf-32-le"), np.uint32)
        self.base = offsets_of(np.fromiter(map(len, texts), np.int64, len(texts)))
        self.bytes = np.frombuffer(whole.encode("utf-8"), np.uint8)
        p = self.points
        wide = 1 + (p >= 0x80).astype(np.int64) + (p >= 0x800) + (p >= 0x10000)
        self._at = offsets_of(wide)
        self.space = np.isin(p, _spaces())

    def strings(self, starts: Numbers, ends: Numbers) -> Any:
        """The stretches as a column of texts."""
        import numpy as np

        first = self._at[starts]
        wide = self._at[ends] - first
        data = np.ascontiguousarray(self.bytes[runs(first, wide)])
        at = ints(offsets_of(wide))
        return pa.Array.from_buffers(pa.string(), len(wide), [None, at.buffers()[1], _buffer(data)])


@cache
def _spaces() -> Any:
    import numpy as np

    # U+3000 is the last character of white space that there is.
    return np.array([c for c in range(0x3001) if chr(c).isspace()], np.uint32)
