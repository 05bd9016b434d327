"""Benchmarks: every measured figure of the project, each beside its baselines."""
