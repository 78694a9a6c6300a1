"""A decision's working as a table: each line a name, how it came about, and its value in the unit a trader reads.

Products that only change the unit (points x lots, minor x bp) are not lines of their own; they are told where they are
divided back. The complete list, one line for each operation, is in the evidence bundle.
"""

from collections.abc import Mapping, Sequence

import msgspec

from firm.arithmetic import Step
from firm.explain import position_in_words
from firm.money import MINUS, Money
from web import words

_COMPARED = {
    "is_below": "is below",
    "is_at_or_below": "is at or below",
    "is_above": "is above",
    "is_at_or_above": "is at or above",
}

_SO_FAR = ("balance and profit up to ", "balance, profit and swap up to ")


class WorkingLine(msgspec.Struct, frozen=True):
    """One line. `decides` marks the comparison that gave the verdict; `row` is the ledger row a given value lies in, or 0."""

    name: str
    how: str
    value: str
    decides: bool
    row: int


def working_lines(
    steps: Sequence[Step], money: Money, digits: Mapping[str, int], times: Mapping[int, str], *, decided: bool = True
) -> list[WorkingLine]:
    """The lines in the order in which they were worked out.

    `money` lends its currency, `digits` are by symbol, `times` say when each cited ledger row happened, and `decided`
    whether the last step gave the verdict.
    """
    sheet = _Sheet(steps, money, digits, times)
    shown = [step for step in steps if step.op == "given" or not _is_scale(step)]
    return [sheet.line(step, decides=decided and step is steps[-1]) for step in shown if not _said_before(step, steps)]


def cited_row(step: Step) -> int:
    """The ledger row a given value lies in; 0 where it lies in none."""
    row = step.source.partition("/")[0]
    return int(row) if row.isdigit() else 0


def _said_before(step: Step, steps: Sequence[Step]) -> bool:
    """The same value of the same place under another name: one line says it."""
    first = next(each for each in steps if each is step or (each.source == step.source and each.value == step.value))
    return bool(step.source) and first is not step


def _is_scale(step: Step) -> bool:
    return step.unit == "scaled" or " x " in step.unit


class _Sheet:
    """The steps by name, so that a line can show the values it was made from."""

    def __init__(
        self, steps: Sequence[Step], money: Money, digits: Mapping[str, int], times: Mapping[int, str]
    ) -> None:
        self._by_name = {step.name: step for step in steps}
        self._times = times
        self._money = money
        self._digits = digits

    def line(self, step: Step, *, decides: bool) -> WorkingLine:
        return WorkingLine(_plain(step.name), self._how(step), self._value(step), decides, cited_row(step))

    def _how(self, step: Step) -> str:
        if step.op == "given":
            return self._origin(step)
        if step.op in ("lowest", "highest"):
            return f"the {step.op} of {' and '.join(self._arg(arg) for arg in step.args)}"
        left, right = step.args
        if step.op in _COMPARED:
            return f"{_plain(left)} {self._arg(left)} {_COMPARED[step.op]} {_plain(right)} {self._arg(right)}"
        if step.op in words.ROUNDINGS:
            return f"{self._quotient(left, right)}, {words.ROUNDINGS[step.op]}"
        if step.op == "plus" and self._arg(right).startswith(MINUS):
            return f"{self._arg(left)} {MINUS} {self._arg(right).removeprefix(MINUS)}"
        return f"{self._arg(left)} {words.OPERATIONS[step.op]} {self._arg(right)}"

    def _origin(self, step: Step) -> str:
        if step.source.startswith("ruleset/"):
            return "from the rules sold with the account"
        row = cited_row(step)
        if not row:
            return ""
        return f"from ledger row {row}" + (f", {self._times[row]}" if row in self._times else "")

    def _quotient(self, left: str, right: str) -> str:
        above, below = " × ".join(self._factors(left)), " ÷ ".join(self._factors(right))
        return f"{above} ÷ {below}" if below else above

    def _factors(self, arg: str) -> list[str]:
        """The values a product was made of; bare constants only change units and are left out."""
        step = self._by_name.get(arg)
        if step is None:
            return []
        if step.op == "times" and _is_scale(step):
            return [factor for inner in step.args for factor in self._factors(inner)]
        return [self._value(step)]

    def _arg(self, arg: str) -> str:
        step = self._by_name.get(arg)
        return arg.removeprefix("#") if step is None else self._value(step)

    def _value(self, step: Step) -> str:
        symbol = step.name.partition(" ")[0]
        match step.unit:
            case "minor":
                return words.money(self._money.with_minor(step.value))
            case "bp":
                return words.percent(step.value)
            case "points" if symbol in self._digits:
                return words.price(step.value, self._digits[symbol])
            case "lots_e8":
                return f"{words.lots(step.value)} lots"
            case "contract_e8":
                return f"{words.units(step.value)} units a lot"
            case "yes or no":
                return "yes" if step.value else "no"
            case unit:
                return f"{words.count(step.value)} {unit}"


def _plain(name: str) -> str:
    """A step's name as a line has it: without the unit in which the machine counts it, and not to be read as a figure itself."""
    if name.startswith("#"):
        return name.removeprefix("#")
    plain = _of_position(name.removesuffix("_e8").replace(" points", " price change"))
    return plain[:1].upper() + plain[1:] if plain[:1].islower() else plain


def _of_position(name: str) -> str:
    """ "XAUUSD position 126 lots" reads as 126 lots: what it is of stands behind it."""
    if name.startswith(_SO_FAR):
        return f"{name.partition(' up to ')[0].replace('balance and', 'balance with the').replace('balance,', 'balance with')} so far"
    return position_in_words(name)
