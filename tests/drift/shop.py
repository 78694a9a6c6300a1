"""What is sold in these histories: accounts in several currencies and exponents, under rules of every kind."""

import random

from firm.money import Money
from firm.ruleset import FirstRuleset, LateBreach, Phase, Program
from firm.terms.first import AmountBase, DailyLoss, FirstAnchor, FirstProfitTarget, FirstTrail, MaximumLoss, OnDailyLoss
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar

SIZES = (
    ("USD", 2, 100_000),
    ("EUR", 2, 50_000),
    ("GBP", 2, 80_000),
    ("JPY", 0, 9_000_000),
    ("USD", 4, 200_000),
    ("JPY", 2, 9_000_000),
)


def program(dice: random.Random, number: int, *, calm: bool) -> Program:
    """`calm`: limits so far away that the account trades to the end."""
    currency, exponent, size = dice.choice(SIZES)
    loss_max_bp = 9_900 if calm else dice.choice((300, 600, 1_200))
    daily = DailyLoss(
        id="daily", loss_max_bp=loss_max_bp, anchor=dice.choice(list(FirstAnchor)), base=dice.choice(list(AmountBase)),
        boundary=dice.choice(list(Boundary)), on_breach=dice.choice(list(OnDailyLoss)),
    )  # fmt: skip
    maximum = MaximumLoss(
        id="maximum", loss_max_bp=loss_max_bp, trail=dice.choice(list(FirstTrail)), trails_on=dice.choice(list(FirstAnchor)),
        lock_at_bp=None, boundary=Boundary.TOUCHES,
    )  # fmt: skip
    target = FirstProfitTarget(id="target", target_bp=90_000 if calm else 800, flat_required=dice.choice((True, False)))
    calendar = TradingCalendar(dice.choice(("Europe/Prague", "America/New_York")), dice.choice(("00:00", "17:00")))
    rules = FirstRuleset( name="dice", calendar=calendar,
        late_breach=dice.choice(list(LateBreach)), await_swap=dice.choice((True, False)), terms=(daily, maximum, target),
    )  # fmt: skip
    phases = tuple(
        Phase(name=name, ruleset=rules, funded=funded) for name, funded in (("Evaluation", False), ("Funded", True))
    )
    return Program(
        program=f"dice-{number}", title="Dice", size=Money(size * 10**exponent, currency, exponent),
        price=Money(100, "USD", 2), bridge="sim", group="demo", leverage=dice.choice((30, 100, 500)), accounts_max=3,
        phases=phases,
    )  # fmt: skip
