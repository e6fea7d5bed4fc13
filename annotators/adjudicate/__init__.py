"""From what several annotators say of a document to one gold layer.

What a majority marked is gold. Where annotators differ, the majority decides and the difference is reported, until
somebody looks at it: `push_disputes` puts what is in dispute before an adjudicator in Label Studio, `pull_verdicts` takes
the decisions, which then count for more than any majority.
"""

from annotators.adjudicate.decide import Adjudicated, Dispute, decide
from annotators.adjudicate.gold import (
    SAME_AS,
    adjudicate,
    annotations_version,
    disputes,
    latest_annotations,
    made_of,
)
from annotators.adjudicate.pull import pull_verdicts
from annotators.adjudicate.push import push_disputes
from annotators.adjudicate.verdicts import VERDICTS, Tally, Verdict, tally

__all__ = [
    "SAME_AS",
    "VERDICTS",
    "Adjudicated",
    "Dispute",
    "Tally",
    "Verdict",
    "adjudicate",
    "annotations_version",
    "decide",
    "disputes",
    "latest_annotations",
    "made_of",
    "pull_verdicts",
    "push_disputes",
    "tally",
]
