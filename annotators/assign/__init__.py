"""Who annotates what: the plan, its sharing out, planted errors, and what becomes of these."""

from annotators.assign.plan import ASSIGNMENTS, Assignment, Kind, Mode, Plan, Planted
from annotators.assign.plant import Undoing, planted, planted_left, without_planted
from annotators.assign.share import assign, withdraw

__all__ = [
    "ASSIGNMENTS",
    "Assignment",
    "Kind",
    "Mode",
    "Plan",
    "Planted",
    "Undoing",
    "assign",
    "planted",
    "planted_left",
    "withdraw",
    "without_planted",
]
