"""Placeholders: names that a template holds open, and that nobody has filled in: no platform has a group called "your-group"."""

from firm.checks.problem import Problem, Problems
from firm.ruleset import Program, Ruleset
from firm.terms.words import ToGroup

MARK = "your-"
"""What the names begin with that templates leave to the firm."""


def placeholder_problems(program: Program) -> Problems:
    """Where a name of the template still stands; templates themselves are full of them, so that only publishing asks."""
    for field in ("bridge", "group"):
        yield from _filled(field, getattr(program, field))
    for place, phase in enumerate(program.phases):
        if isinstance(phase.ruleset, Ruleset):
            for at, term in enumerate(phase.ruleset.terms):
                for step, does in enumerate(getattr(term, "on_breach", ())):
                    if isinstance(does, ToGroup):
                        path = f"phases[{place}].ruleset.terms[{at}].on_breach[{step}].group"
                        yield from _filled(path, does.group)


def _filled(path: str, name: str) -> Problems:
    if name.startswith(MARK):
        yield Problem(path, f"{name} is the template's placeholder: write the name that your platform has")
