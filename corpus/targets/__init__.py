"""What the numbers in claims say, beside their text: number, unit, comparison, rate, direction and dates."""

from corpus.targets.quantity import Quantity, agree, normalise, quantity_row, targets_of

__all__ = ["Quantity", "agree", "normalise", "quantity_row", "targets_of"]
