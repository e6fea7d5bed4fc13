"""Rules: what names look like and what stands beside them, for what no list holds."""
