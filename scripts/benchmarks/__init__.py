"""The benchmarks of scripts/bench.py, a module each: its docstring is what the page of results says of it, and its
`run(options)` gives the rows, one when it is measured."""
