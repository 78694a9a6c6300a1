"""Market: what is sold, how prices wander and jump, and what the traders want, all from the seed."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from firm.inputs import Side
from firm.instant import SECOND_US
from firm.money import Money
from firm.policy import Policy
from firm.price import SymbolSpec
from firm.ruleset import FirstRuleset, LateBreach, Phase, Program
from firm.terms.first import (
    AmountBase,
    DailyLoss,
    FirstAnchor,
    FirstProfitTarget,
    FirstTerm,
    FirstTrail,
    MaximumLoss,
    MinimumTradingDays,
    OnDailyLoss,
)
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar

SPECS = {
    spec.symbol: spec
    for spec in (
        SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD"),
        SymbolSpec(symbol="XAUUSD", digits=3, contract_e8=100 * 10**8, currency_base="XAU", currency_profit="USD"),
    )
}
OPENING = {"EURUSD": 138_700, "XAUUSD": 1_290_000}

# Sizes and shares that do not divide evenly, so that a rounding the wrong way is a cent somebody can point at.
_DAILY = DailyLoss(
    id="daily", loss_max_bp=333, anchor=FirstAnchor.BALANCE, base=AmountBase.INITIAL, boundary=Boundary.TOUCHES,
    on_breach=OnDailyLoss.FAIL,
)  # fmt: skip
_MAXIMUM = MaximumLoss(
    id="maximum", loss_max_bp=777, trail=FirstTrail.STATIC, trails_on=FirstAnchor.BALANCE, lock_at_bp=None,
    boundary=Boundary.TOUCHES,
)  # fmt: skip
_DAYS = MinimumTradingDays(id="days", days_min=1)


def _changed(terms: DailyLoss | MaximumLoss, **changes: object) -> DailyLoss | MaximumLoss:
    fields = {name: getattr(terms, name) for name in terms.__struct_fields__}
    return type(terms)(**{**fields, **changes})


STATIC: tuple[FirstTerm, ...] = (
    _DAILY,
    _MAXIMUM,
    FirstProfitTarget(id="target", target_bp=150, flat_required=True),
    _DAYS,
)
END_OF_DAY: tuple[FirstTerm, ...] = (
    _changed(_DAILY, anchor=FirstAnchor.EQUITY, boundary=Boundary.CROSSES),
    _changed(_MAXIMUM, trail=FirstTrail.END_OF_DAY, trails_on=FirstAnchor.HIGHER, loss_max_bp=301),
    FirstProfitTarget(id="target", target_bp=150, flat_required=False),
    _DAYS,
)
TRAILING: tuple[FirstTerm, ...] = (
    _changed(_DAILY, on_breach=OnDailyLoss.PAUSE_UNTIL_ROLLOVER, loss_max_bp=151, anchor=FirstAnchor.HIGHER),
    _changed(_MAXIMUM, trail=FirstTrail.EVERY_TICK, loss_max_bp=407, lock_at_bp=0),
    FirstProfitTarget(id="target", target_bp=150, flat_required=True),
    _DAYS,
)
# As the one before, with a floor that stays: a late price must be judged for an account that is paused, too.
PAUSING: tuple[FirstTerm, ...] = (TRAILING[0], _changed(_MAXIMUM, loss_max_bp=407), *TRAILING[2:])
POLICY = Policy(
    checkpoint_rows=150,
    snapshot_rows=150,
    stale_after_us=30 * SECOND_US,
    incident_after_us=20 * SECOND_US,
    conversion_age_max_us=30 * SECOND_US,
    reconcile_within_us=90 * SECOND_US,
    mark_every_us=180 * SECOND_US,
    close_retry_us=20 * SECOND_US,
    breaker_accounts_max=50,
    breaker_share_accounts_min=50,
)


def programs(late: LateBreach, *, floors_stay: bool) -> dict[str, Program]:
    trailing = PAUSING if floors_stay else TRAILING
    kinds = {"static": (STATIC, "USD"), "end-of-day": (END_OF_DAY, "USD"), "trailing": (trailing, "USD"),
             "euro": (STATIC, "EUR")}  # fmt: skip
    return {name: _program(name, terms, currency, late) for name, (terms, currency) in kinds.items()}


def _program(name: str, terms: tuple[FirstTerm, ...], currency: str, late: LateBreach) -> Program:
    rules = FirstRuleset( name=name, calendar=TradingCalendar("Europe/Prague", "00:00"), late_breach=late,
        await_swap=False, terms=terms,
    )  # fmt: skip
    return Program(
        program=name, title=name, size=Money.parse("100_000.37", currency), price=Money.parse("499.00", "USD"),
        bridge="sim", group="demo", leverage=100, accounts_max=3,
        phases=tuple(Phase(name=f"Phase {n}", ruleset=rules, funded=False) for n in (1, 2)),
    )  # fmt: skip


class Sold(NamedTuple):
    """A challenge: who, what, and the ids of its two accounts."""

    trader: int
    order: int
    program: str
    accounts: tuple[int, int]


SOLD = tuple(
    Sold(1001 + n, 501 + n, name, (7001 + 2 * n, 7002 + 2 * n))
    for n, name in enumerate(("static", "end-of-day", "trailing", "euro", "end-of-day"))
)


class Move(NamedTuple):
    """After so many seconds: prices of these symbols, then perhaps something that a trader or the platform does."""

    wait_s: float
    prices: tuple[tuple[str, int, int], ...]
    act: str
    place: int
    symbol: str
    side: Side
    lots: int


def moves(dice: random.Random, steps: int) -> Iterator[Move]:
    """The script of a run: it never depends on what the firm decides."""
    prices, spikes = dict(OPENING), dict[str, int]()
    silent, silent_for = "", 0
    for _ in range(steps):
        if not silent_for and dice.random() < 0.06:
            silent, silent_for = dice.choice(list(prices)), dice.randint(4, 8)
        silent_for = max(0, silent_for - 1)
        quoted = []
        for symbol in prices:
            if dice.random() < 0.25 or (silent_for and symbol == silent):
                continue
            if symbol in spikes:
                prices[symbol] = spikes.pop(symbol)
            elif dice.random() < 0.08:
                # There and back: who misses the one price in between misses all of it.
                spikes[symbol] = prices[symbol]
                prices[symbol] += dice.choice((-1, 1)) * prices[symbol] // dice.randint(100, 300)
            else:
                scale = prices[symbol] // (250 if dice.random() < 0.12 else 2_000)
                prices[symbol] += dice.randint(-scale, scale)
            quoted.append((symbol, prices[symbol], prices[symbol] + prices[symbol] // 12_000))
        act = dice.choices(("none", "open", "close", "equity", "snapshot", "cash"), (18, 36, 22, 14, 4, 6))[0]
        yield Move(
            dice.choice((2.0, 5.0, 9.0, 14.0)), tuple(quoted), act, dice.randrange(len(SOLD)),
            dice.choice(list(prices)), dice.choice(list(Side)), dice.randint(2, 11),
        )  # fmt: skip
