"""Faults put into real runs of hemu, and what is there afterwards (the command is scripts/faults.py)."""
