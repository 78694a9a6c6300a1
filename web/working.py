"""A decision's working as a table: each line a name, how it came about, and its value in the unit a trader reads.

Products that only change the unit (points x lots, minor x bp) are not lines of their own; they are told where they are
divided back. The complete list, one line for each operation, is in the evidence bundle.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from firm.arithmetic import Step
from firm.explain import position_in_words
from firm.money import MINUS, Money
from firm.sentences.speaker import POP_ISOLATE
from web import words
from web.rule_words import LEFT_TO_RIGHT
from web.shell.speech import ENGLISH, Speech

_COMPARED = frozenset({"is_below", "is_at_or_below", "is_above", "is_at_or_above"})
_OF_POSITION = re.compile(r"(?:(\S+ (?:bid|ask)) for |(.+) up to )?(\S+) position (\S+)(?: (.+))?")
_SO_FAR_KEYS = {"balance and profit": "step.profit_so_far", "balance, profit and swap": "step.swap_so_far"}

_SO_FAR = ("balance and profit up to ", "balance, profit and swap up to ")


class WorkingLine(msgspec.Struct, frozen=True):
    """One line. `decides` marks the comparison that gave the verdict; `row` is the ledger row a given value lies in, or 0.

    `as_named`: it bears the English name that it has in the evidence, for none in the reader's language.
    """

    name: str
    how: str
    value: str
    decides: bool
    row: int
    as_named: bool = False


def working_lines(
    steps: Sequence[Step],
    money: Money,
    digits: Mapping[str, int],
    times: Mapping[int, str],
    speech: Speech = ENGLISH,
    *,
    decided: bool = True,
) -> list[WorkingLine]:
    """The lines in the order in which they were worked out.

    `money` lends its currency, `digits` are by symbol, `times` say when each cited ledger row happened, and `decided`
    whether the last step gave the verdict.
    """
    sheet = _Sheet(steps, money, digits, times, speech)
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
        self,
        steps: Sequence[Step],
        money: Money,
        digits: Mapping[str, int],
        times: Mapping[int, str],
        speech: Speech,
    ) -> None:
        self._by_name = {step.name: step for step in steps}
        self._times = times
        self._speech, self._words = speech, speech.words
        self._money = money
        self._digits = digits

    def line(self, step: Step, *, decides: bool) -> WorkingLine:
        name = self._named(step.name)
        plain = _plain(step.name)
        as_named = not name and any(letter.isalpha() for letter in plain)
        return WorkingLine(
            name or plain, self._how(step), self._value(step), decides, cited_row(step), as_named=as_named
        )

    def _named(self, name: str) -> str:
        """A step's name in another language than English; "" where it has none there."""
        speech = self._speech
        if speech.is_english:
            return ""
        found = _OF_POSITION.fullmatch(name.removesuffix("_e8").replace(" points", " price change"))
        if found is None:
            return _known(f"step.{_slug(name)}", speech)
        rate, so_far, symbol, position, figure = found.groups()
        about = {"position": speech.of_rules.name(position), "symbol": speech.of_rules.name(symbol)}
        if so_far:
            return _known(_SO_FAR_KEYS.get(so_far, ""), speech)
        if rate:
            return speech("step.rate", rate=speech.of_rules.name(rate), **about)
        told = _known(f"step.of.{_slug(figure or '')}", speech)
        return speech("step.of_position", figure=told, **about) if told else ""

    def _called(self, name: str) -> str:
        return self._named(name) or self._speech.of_rules.name(_plain(name))

    def _how(self, step: Step) -> str:
        if step.op == "given":
            return self._origin(step)
        if step.op in ("lowest", "highest"):
            joined = self._speech("working.values_joined").join(self._arg(arg) for arg in step.args)
            return self._speech(f"working.{step.op}", values=joined)
        left, right = step.args
        if step.op in _COMPARED:
            sides = {"left": self._called(left), "right": self._called(right)}
            values = {"left_value": self._arg(left), "right_value": self._arg(right)}
            return self._speech(f"working.{step.op}", **sides, **values)
        if step.op in words.ROUNDINGS:
            return self._speech(f"working.{step.op}", sum=self._apart(self._quotient(left, right)))
        shown, sign = self._arg(right), words.OPERATIONS[step.op]
        bare = shown.lstrip(LEFT_TO_RIGHT)
        if step.op == "plus" and bare.startswith(MINUS):
            shown, sign = shown.replace(MINUS, "", 1), MINUS
        return self._apart(f"{self._arg(left)} {sign} {shown}")

    def _apart(self, sum_of: str) -> str:
        """A sum is read from left to right in every language."""
        is_turned = self._speech.direction == "rtl"
        return f"{LEFT_TO_RIGHT}{sum_of}{POP_ISOLATE}" if is_turned else sum_of

    def _origin(self, step: Step) -> str:
        if step.source.startswith("ruleset/"):
            return self._speech("working.from_rules")
        row = cited_row(step)
        if not row:
            return ""
        when = self._times.get(row)
        if when is None:
            return self._speech("working.from_row", row=str(row))
        return self._speech("working.from_row_at", row=str(row), when=when)

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
                return self._words.money(self._money.with_minor(step.value))
            case "bp":
                return self._words.percent(step.value)
            case "points" if symbol in self._digits:
                return self._words.price(step.value, self._digits[symbol])
            case "lots_e8":
                return self._speech.of_rules.name(self._speech("unit.lots", lots=self._words.lots(step.value)))
            case "contract_e8":
                return self._speech.of_rules.name(
                    self._speech("working.units_a_lot", units=self._words.units(step.value))
                )
            case "yes or no":
                return self._speech("working.yes" if step.value else "working.no")
            case "days" if not self._speech.is_english:
                return self._speech("unit.days", number=step.value)
            case unit:
                return self._speech.of_rules.name(f"{self._words.count(step.value)} {unit}")


def _slug(name: str) -> str:
    return name.replace("-", "_").replace(" ", "_")


def _known(key: str, speech: Speech) -> str:
    return speech(key) if speech.knows(key) else ""


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
