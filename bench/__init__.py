"""Benchmarks: speed and memory against goals, as ratios measured in one run. No runtime code."""
