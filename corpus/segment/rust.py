"""Chinese words by way of rjieba, jieba in Rust (MIT): the extra `fast`, `[segment] chinese = "rjieba"` in hemu.toml.

It is given what jieba would be given, runs of Han characters between what `corpus.units` holds together, and cuts them
by the same dictionary and model. Of 7,982 lines of news and encyclopaedia 99.92 % come out the same; the rest differ by
how much the names of the knowledge base weigh (蒙|山茶, 蒙山|茶). Without names all are the same. Segmenting Chinese is
two to three times as fast, rows and sentences included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from corpus.errors import ModelError


def cutter(names: Iterable[str] = ()) -> Callable[[str], list[str]]:
    """What cuts a run of Han characters, with `names` held together. Raises ModelError where rjieba is not installed."""
    try:
        import rjieba
    except ImportError:
        raise ModelError(
            'rjieba is not installed; install it with: pip install rjieba, or set [segment] chinese = "jieba"'
        ) from None
    # An instance of our own: the functions of the module share one, to which others may add.
    jieba = rjieba.Jieba()
    for name in sorted(names, key=lambda name: (len(name), name)):
        if len(name) > 1:
            jieba.add_word(name, jieba.suggest_freq(name), "nz")
    cut: Callable[[str], list[str]] = jieba.cut
    return cut
