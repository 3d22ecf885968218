"""Benchmarks: each figure stands beside what the machine can do without us, in the same run."""
