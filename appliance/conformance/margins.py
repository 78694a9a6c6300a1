"""Margins: vectors that tell lots, prices and leverage, and no margins: those are worked out as for any account."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from appliance.conformance.led import Led
from appliance.conformance.marked import BEGINS_US
from appliance.conformance.units import lots_e8_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector
from firm.account import Position
from firm.arithmetic import PLAIN
from firm.equity import Board
from firm.inputs import Side
from firm.money import Money
from firm.price import CONTRACT_SCALE, SymbolSpec
from firm.rules.holdings import positions_held
from firm.rules.margin import with_margins
from firm.ruleset import LateBreach, Ruleset
from firm.terms.exposure import ExposureLimit
from firm.track import HeldPosition
from firm.trading_day import DayLabel, LabelledCalendar

WORKED_OUT = frozenset({"leverage", "contract", "equity"})
"""Parameters of a vector whose margins are worked out."""
_DIGITS = 5


def held_with_margins(vector: Vector, terms: ExposureLimit) -> tuple[HeldPosition, ...]:
    """A position for each entry, in dollars at five digits, with the margin that it binds."""
    params = vector.params
    spec = SymbolSpec(
        symbol="X", digits=_DIGITS, contract_e8=int(params["contract"]) * CONTRACT_SCALE, currency_base="EUR",
        currency_profit="USD",
    )  # fmt: skip
    calendar = LabelledCalendar(zone="UTC", rollover="00:00", label=DayLabel.START, merged=())
    ruleset = Ruleset(
        name="vector", calendar=calendar, late_breach=LateBreach.ENFORCE, await_swap=False, failures_reviewed=False,
        overrides_by_two=False, terms=(terms,),
    )  # fmt: skip
    led = Led(ruleset, Money(minor_of(params["equity"]), "USD", 2), BEGINS_US)
    positions = tuple(_position(place, entry) for place, entry in enumerate(vector.timeline))
    account = replace(led.account, positions=positions, leverage=int(params["leverage"]))
    board = Board({spec.symbol: spec}, {})
    return with_margins(PLAIN, account, positions_held(account, board), board, 0, 0)


def _position(place: int, entry: dict[str, Any]) -> Position:
    points = Decimal(entry["price"]).scaleb(_DIGITS)
    if points != points.to_integral_value():
        raise CannotExpress(f"{entry['price']} has more than {_DIGITS} decimals")
    return Position(str(place), "X", Side(entry["side"]), lots_e8_of(entry["lots"]), int(points), 0, 0, "", 0, 0, "")
