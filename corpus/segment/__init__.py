"""Sentences and tokens of a document.

Sentences: in order, not overlapping, within one line, without the white space around them; every character that is
not white space is in exactly one. Tokens: in order, not overlapping; every character that is not white space is in
exactly one, and none is white space alone. A block in the other language (`Block.lang`) is cut by its own language's
means: jieba and the stops for Chinese, spaCy for English.
"""

from __future__ import annotations

from corpus.segment.cutting import Method, segment, segment_text
from corpus.segment.sentences import chinese_sentences
from corpus.segment.stage import METHODS, forget_names, segment_workspace

__all__ = ["METHODS", "Method", "chinese_sentences", "forget_names", "segment", "segment_text", "segment_workspace"]
