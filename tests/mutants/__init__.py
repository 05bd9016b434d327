"""Small breaks made by hand, each of which a fast test must notice: `python -m tests.mutants`."""
