"""Names: what people read and write: something to be seen, no longer than a line, and nothing in it that nobody sees."""

import re
from enum import Enum

from firm.bounds import ACCOUNTS_OF_PROGRAM_MAX, AMOUNT_MINOR_MAX, EXPONENT_MAX, LEVERAGE_MAX
from firm.checks.problem import Problem, Problems, below
from firm.money import Money
from firm.ruleset import Program
from firm.terms.words import Words
from firm.unseen import unseen_in

NAME_MAX = 64
TITLE_MAX = 120
_CURRENCY = re.compile(r"[A-Z]{3}")


def text_problems(path: str, value: object) -> Problems:
    """Of every text anywhere in a term or ruleset; words of the language itself are what they are."""
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield from name_problems(path, value, NAME_MAX)
    elif isinstance(value, Words):
        for name in value.__struct_fields__:
            yield from text_problems(f"{path}.{name}" if path else name, getattr(value, name))
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from text_problems(f"{path}[{place}]", item)


def name_problems(path: str, name: str, length_max: int = NAME_MAX) -> Problems:
    unseen = unseen_in(name)
    if not name.strip():
        yield Problem(path, "it must be said")
    elif len(name) > length_max:
        yield Problem(path, f"it has {len(name)} characters, and {length_max} are the most")
    elif unseen:
        yield Problem(path, f"it holds the character {unseen}, which nobody sees: leave it out")
    elif name != name.strip():
        yield Problem(path, "it begins or ends with a blank: leave that out")


def figure_problems(program: Program) -> Problems:
    """What a program is called, how large it is and what it costs: figures that accounts can have and pages can show."""
    for name, length_max in (("program", NAME_MAX), ("title", TITLE_MAX), ("bridge", NAME_MAX), ("group", NAME_MAX)):
        yield from name_problems(name, getattr(program, name), length_max)
    for name, most in (("leverage", LEVERAGE_MAX), ("accounts_max", ACCOUNTS_OF_PROGRAM_MAX)):
        if not 1 <= getattr(program, name) <= most:
            yield Problem(name, f"at least 1 and at most {most}")
    yield from below("size", _money_problems(program.size))
    yield from below("price", _money_problems(program.price))
    if program.size.minor <= 0:
        yield Problem("size.minor", "an account begins with some money")
    if program.price.minor < 0:
        yield Problem("price.minor", "nobody is paid for buying")


def _money_problems(money: Money) -> Problems:
    if money.minor > AMOUNT_MINOR_MAX:
        yield Problem("minor", f"no account holds more than {AMOUNT_MINOR_MAX} minor units")
    if not _CURRENCY.fullmatch(money.currency):
        yield Problem("currency", "three capital letters, such as EUR")
    if not 0 <= money.exponent <= EXPONENT_MAX:
        yield Problem("exponent", f"a currency has 0 to {EXPONENT_MAX} decimals")
