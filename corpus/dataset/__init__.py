"""The gold corpus as a dataset that `datasets.load_dataset(folder, config)` reads as it is."""

from corpus.dataset.build import build
from corpus.dataset.splits import SPLITS, assign_splits

__all__ = ["SPLITS", "assign_splits", "build"]
