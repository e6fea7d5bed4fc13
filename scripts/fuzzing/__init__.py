"""What is fuzzed (the command is scripts/fuzz.py)."""
