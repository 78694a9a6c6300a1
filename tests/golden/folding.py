"""What folding is made of: the source of all that turns rows into states, so that no change of it goes unnoticed.

Of each file: state structs, functions and methods called `fold`, and whatever of the same file these call, but for docstrings and
lines that are comments. What the market desk decides is folded too, and guards and wakes know whose peak a price moves: they count whole.
"""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHOLE = (
    "firm/account.py", "firm/account_booked.py", "firm/account_deals.py", "firm/account_findings.py",
    "firm/account_fold.py", "firm/account_marks.py", "firm/account_outages.py", "firm/account_overrides.py",
    "firm/account_swaps.py", "firm/track.py", "firm/track_conduct.py", "firm/track_days.py", "firm/track_fold.py",
    "firm/track_orders.py", "firm/track_targets.py", "firm/equity.py", "firm/needs.py", "firm/price.py",
    "firm/quote_frame.py", "firm/trading_day.py",
    "actors/market_desk.py", "actors/price_trail.py", "actors/guards.py", "actors/wakes.py", "actors/routes.py", "actors/owed.py",
    "actors/enforcement_plans.py",
    "actors/bands.py", "actors/columns.py", "actors/column_groups.py", "actors/price_log.py", "actors/sanity.py",
)  # fmt: skip
ELSEWHERE = {"decide"}  # called so of the market desk, which counts whole
ROOTS = {"fold", "refold", "see_price", "note_peak", "restore"}

_Part = ast.FunctionDef | ast.ClassDef | ast.Module


def folding_digest() -> str:
    """Hex SHA-256, the same by whichever Python reads the source."""
    whole = hashlib.sha256()
    for path in sorted([*ROOT.glob("actors/*.py"), *(ROOT / name for name in WHOLE if name.startswith("firm/"))]):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        parts: list[_Part] = [tree] if name in WHOLE else _reached(tree)
        told = sorted(_bare(part, text.splitlines()) for part in parts)
        whole.update("\n".join([name, *told, ""]).encode() if told else b"")
    return whole.hexdigest()


def _reached(tree: ast.Module) -> list[_Part]:
    """State structs and fold, and what they call."""
    parts = {part.name: part for part in _parts(tree)}
    waiting = [
        name
        for name, part in parts.items()
        if name in ROOTS or (isinstance(part, ast.ClassDef) and name.endswith("State"))
    ]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for node in ast.walk(parts[name]):
            called = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            if called in parts.keys() - ELSEWHERE and not (
                isinstance(parts[called], ast.ClassDef) and called.endswith("Desk")
            ):
                waiting.append(called)
    return [parts[name] for name in reached]


def _parts(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from (each for each in node.body if isinstance(each, ast.FunctionDef))


def _bare(part: _Part, lines: list[str]) -> str:
    """Its lines, without docstrings and comments of their own."""
    first, last = (1, len(lines)) if isinstance(part, ast.Module) else (part.lineno, part.end_lineno or part.lineno)
    silent: set[int] = set()
    for node in ast.walk(part):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            silent |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    kept = (lines[number - 1].strip() for number in range(first, last + 1) if number not in silent)
    return "\n".join(line for line in kept if line and not line.startswith("#"))
