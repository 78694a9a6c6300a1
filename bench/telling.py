"""Telling: how each benchmark is asked, and how it says what it found: words, or one JSON object for whoever collects them."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """`doc`: the benchmark's own, whose first line says what it measures."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")
    return parser


def tell(result: Mapping[str, Any], options: argparse.Namespace, text_of: Callable[[Any], str]) -> int:
    """What the process may end with: 1 where a goal is missed."""
    sys.stdout.write((json.dumps(result) if options.json else text_of(result)) + "\n")
    return 0 if result.get("goals_met", True) else 1


def in_a_line(result: Mapping[str, Any]) -> str:
    return "  ".join(f"{key} {value}" for key, value in result.items())
