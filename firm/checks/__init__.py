"""Checks: what contradicts itself in a ruleset although each of its fields is well-formed, one family of terms a file."""
