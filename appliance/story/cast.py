"""Cast: who and what a story has named so far, so that a name which nobody has is found where it is read."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from appliance.story.clock import Unclear
from appliance.story.refused import near
from bridges.belief import is_price
from bridges.simulator.symbols import LISTED
from firm.bounds import AMOUNT_MINOR_MAX
from firm.money import MINUS, Money
from firm.price import LOTS_SCALE
from firm.ruleset import Program

_LOTS_DIGITS = len(str(LOTS_SCALE)) - 1
_LOTS_STEP_DIGITS = 2


class Held(NamedTuple):
    """A position that the story has named."""

    account: str
    symbol: str


def _no_time(text: str) -> int:
    raise Unclear(f"no day stands above {text}: write one, such as “Monday 2 June 2025”")


class Cast:
    """Names are given once and kept: a position that was closed lends its name to no other."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.accounts: dict[str, str] = {}  # their traders
        self.upcoming_us: Callable[[str], int] = _no_time
        """The instant of a time that has not been yet on the day of the line which is being read."""
        self._positions: dict[str, Held] = {}
        self._rules = {rule.id for phase in program.phases for rule in phase.ruleset.rules}

    # --- who ---

    def buys(self, trader: str, account: str) -> None:
        if account in self.accounts:
            raise Unclear(f"{account} has an account already: “{trader} buys the program as {account}-2” gives another")
        self.accounts[account] = trader

    def account(self, name: str) -> str:
        """One that was bought; "" means the only one there is."""
        if name in self.accounts:
            return name
        if name:
            raise Unclear(f"nobody called {name} has bought{near(name, self.accounts)}")
        if len(self.accounts) != 1:
            raise Unclear(f"say of whom{near('', self.accounts)}")
        return next(iter(self.accounts))

    # --- what ---

    def opens(self, name: str, account: str, symbol: str) -> None:
        if name in self._positions:
            raise Unclear(f"a position called {name} was opened before: give each its own name")
        self._positions[name] = Held(account, self.symbol(symbol))

    def held(self, name: str) -> Held:
        if name not in self._positions:
            raise Unclear(f"no position is called {name}{near(name, self._positions)}")
        return self._positions[name]

    def symbol(self, name: str) -> str:
        if name not in LISTED:
            raise Unclear(f"no symbol is called {name}{near(name, LISTED)}")
        return name

    def rule(self, name: str) -> str:
        """The id of a term; a hyphen is as good as an underscore."""
        for known in self._rules:
            if known.replace("-", "_") == name.replace("-", "_"):
                return known
        raise Unclear(f"no rule is called {name}{near(name, self._rules)}")

    def sells(self, program: Program) -> None:
        """Other rules are on offer from here on."""
        self.program = program
        self._rules |= {rule.id for phase in program.phases for rule in phase.ruleset.rules}

    # --- figures ---

    def minor(self, text: str) -> int:
        """Money of the program's currency, in minor units."""
        number, _, currency = text.partition(" ")
        size = self.program.size
        if currency not in ("", size.currency):
            raise Unclear(f"{currency} is not what the account is kept in: that is {size.currency}")
        plain = number.replace(",", "").replace(MINUS, "-").removeprefix("+")
        minor = Money.parse(plain, size.currency, size.exponent).minor
        if abs(minor) > AMOUNT_MINOR_MAX:
            raise Unclear(f"{text} is more than any account holds")
        return minor

    def points(self, symbol: str, text: str) -> int:
        """A price, in the points of its symbol."""
        digits = LISTED[self.symbol(symbol)].spec.digits
        try:
            points = Money.parse(text.replace(",", ""), symbol, digits).minor
        except ValueError:
            raise Unclear(f"{text} is no price of {symbol}, which has {digits} decimals") from None
        if not is_price(points):
            raise Unclear(f"{text} is no price: one is above zero, and has an end")
        return points

    def lots_e8(self, text: str) -> int:
        """A volume, in lots times 10^8."""
        plain = text.replace(",", "")
        if not re.fullmatch(rf"\d+(\.\d{{1,{_LOTS_STEP_DIGITS}}})?", plain) or not re.search("[1-9]", plain):
            raise Unclear(f"{text} is no volume: the smallest is 0.01 lots")
        return Money.parse(plain, "lots", _LOTS_DIGITS).minor
