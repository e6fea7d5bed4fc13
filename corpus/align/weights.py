"""What each piece of evidence counts.

Learnt as a log-linear model over whole alignments on three in five of the documents of the general test of WMT 2022,
in both directions (136; news, shops, customer service, social media), as they are, with lines joined and dropped, and
cut and joined as free translators do; those of paragraphs were chosen by hand.
scripts/measure_alignment.py --test measures on the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

WITH_MODEL: Mapping[str, float] = {
    "meaning": 2.58,
    "meaning_once": 1.2,
    "meaning_weakest": 2.7,
    "length": 0.91,
    "shared": 0.94,
    "missing": 1.11,
    "words_en": 0.29,
    "words_zh": 0.22,
    "question": 1.0,
    "exclamation": 0.4,
    "speech": 1.18,
    "paragraph": 0.6,
    "paragraph_inner": 0.6,
    "pair": -0.79,
    "extra_en": 1.2,
    "extra_zh": 1.26,
    "both": 1.23,
    "many": 0.68,
    "alone_en": -4.04,
    "alone_zh": -3.98,
    "alone_like": 0.78,
    "alone_length": 1.03,
}
"""With sentence embeddings."""

WITHOUT_MODEL: Mapping[str, float] = {
    "length": 1.0,
    "shared": 1.69,
    "missing": 1.39,
    "words_en": 0.48,
    "words_zh": 0.37,
    "question": 1.0,
    "exclamation": 0.4,
    "speech": 0.86,
    "paragraph": 0.6,
    "paragraph_inner": 0.6,
    "pair": 0.19,
    "extra_en": 1.31,
    "extra_zh": 1.36,
    "both": 0.98,
    "many": 0.73,
    "alone_en": -4.72,
    "alone_zh": -4.67,
    "alone_length": 1.08,
}
"""Where there are none."""
