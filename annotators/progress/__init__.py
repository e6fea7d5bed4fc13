"""How far the annotation is: done and to do, times, what became of the pre-annotation, and whether it saves more and more."""

from annotators.progress.gather import Chosen
from annotators.progress.measure import progress
from annotators.progress.report import ALL, ProgressReport

__all__ = ["ALL", "Chosen", "ProgressReport", "progress"]
