"""Chinese words through jieba, with a tokenizer of our own: the global one, which others may change, is not touched."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from corpus.document import Token

# Numbers that jieba cuts: thousands ("1,800"), decimals before a unit sign ("3.5%"), full-width digits.
_NUMBER = re.compile(r"[0-9０-９]+(?:[,，][0-9０-９]{3})*(?:[.．][0-9０-９]+)?[%％‰]?")


def words(text: str) -> list[Token]:
    """The words of a Chinese text. Tokens partition the text: every character, white space too, is in exactly one.

    Word boundaries may cut through a name: tokens are a view of the text, never the address of an entity. A number
    is one token with its decimals, thousands and per cent sign.

    >>> ["浙江推进共同富裕"[t.start:t.end] for t in words("浙江推进共同富裕")]
    ['浙江', '推进', '共同富裕']
    """
    return _tokens(text, ((word, "") for word in _tokenizer().cut(text)))


def tagged(text: str) -> list[Token]:
    """Like `words`, with a part of speech as `tag` (jieba's, after the tags of ICTCLAS); boundaries may differ a little.

    >>> [t.tag for t in tagged("浙江推进共同富裕")][0]
    'ns'
    """
    return _tokens(text, ((word, tag) for word, tag in _tagger().cut(text)))


def _tokens(text: str, pieces: Iterable[tuple[str, str]]) -> list[Token]:
    numbers = {m.start(): m.end() for m in _NUMBER.finditer(text) if m.end() - m.start() > 1}
    tokens: list[Token] = []
    for start, end, tag in _located(pieces):
        if tokens and start < tokens[-1].end:
            # The rest of a number: what goes beyond it ("日" of "26日") stays a token of its own.
            if end > tokens[-1].end:
                tokens.append(Token(tokens[-1].end, end, tag))
            continue
        number_end = numbers.get(start, 0)
        tokens.append(Token(start, number_end, "m" if tag else "") if number_end > end else Token(start, end, tag))
    return tokens


def _located(pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    start = 0
    for word, tag in pieces:
        if word:
            yield start, start + len(word), tag
            start += len(word)


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    with warnings.catch_warnings():
        # jieba's regular expressions are not raw strings: SyntaxWarning when Python 3.12 first compiles them.
        warnings.simplefilter("ignore")
        import jieba

    logger = logging.getLogger("jieba")
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(cache_folder())
    tokenizer.cache_file = f"jieba-{jieba.__version__}.cache"
    # It would tell of the loading on standard error, and of a cache that cannot be written as if it were an error.
    disabled, logger.disabled = logger.disabled, True
    try:
        tokenizer.initialize()
    finally:
        logger.disabled = disabled
    return tokenizer


@lru_cache(maxsize=1)
def _tagger() -> Any:
    tokenizer = _tokenizer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba.posseg

    return jieba.posseg.POSTokenizer(tokenizer)


def cache_folder() -> Path:
    """A folder of this user's own for what can be made again; where none can be made, a temporary one.

    $XDG_CACHE_HOME/hemu or ~/.cache/hemu. jieba reads its prebuilt dictionary from here, so the folder must not be one
    into which others can write.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    folder = Path(base) / "hemu"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return _temporary_folder()


@lru_cache(maxsize=1)
def _temporary_folder() -> Path:
    import atexit
    import shutil

    folder = tempfile.mkdtemp(prefix="hemu-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
