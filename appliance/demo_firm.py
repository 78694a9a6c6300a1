"""Demo firm: what the throw-away firm sells, who works there and who trades there.

Three programs that differ where firms differ: a floor measured from the day's balance, one that trails every tick with a
soft daily limit, and one in euros. Traders get the tempers that the bundled simulator knows, in the order of its cast.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from bridges.simulator.tempers import BUNDLED_TROUPE, Troupe
from firm.ids import ID_BITS
from firm.money import Money
from firm.ruleset import LateBreach, Phase, Program, Ruleset
from firm.terms.losses import Checked, FloorReaches, Lock, LossLimit, Measured, OnPayout, Trail
from firm.terms.objectives import (
    ClockStart,
    DayCounts,
    Inactivity,
    MaximumDuration,
    ProfitTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.union import Term
from firm.terms.words import Action, Anchor, Boundary, Scope, Share, ShareOf
from firm.trading_day import DayLabel, LabelledCalendar

BRIDGE = "sim"
NETTING_BRIDGE = "sim-netting"
GROUPS = ("demo-usd=30,50,100,200", "demo-eur=30,50,100", "demo-slow=10,30,50,100,200")
"""Of accounts, at each platform: the last one is for whoever a rule moves there."""
PASSWORD = "correct horse battery"  # noqa: S105  (of a throw-away firm, printed by the demo)
OWNER_MAIL = "omar@demo.example"
REVIEWER_MAIL = "ruth@demo.example"
TRADER_MAIL = "ada@demo.example"

_NETTING_PROGRAMS = ("two-step-100k-netting", "trailing-100k-netting")
_PRAGUE = LabelledCalendar(zone="Europe/Prague", rollover="00:00", label=DayLabel.START, merged=())
_FIRST_NAMES = ("Ada", "Ben", "Chiara", "Dmitri", "Elena", "Farid", "Greta", "Hana", "Ivo", "Jana", "Kofi", "Lena")
_LAST_NAMES = ("Abara", "Brandt", "Costa", "Dvorak", "Engel", "Fischer", "Garcia", "Horvat", "Ito", "Jansen")


class DemoTrader(NamedTuple):
    """One trader of the demo."""

    number: int
    mail: str
    name: str
    temper: str
    program: str


def programs(platforms: int = 1) -> tuple[Program, ...]:
    """What the demo sells, on one platform or on two."""
    first = (_two_step(), _trailing(), _euro())
    return first if platforms == 1 else (*first, *map(_on_netting, first[:2]))


def traders(count: int, seed: int, troupes: Sequence[Troupe] = (BUNDLED_TROUPE,)) -> tuple[DemoTrader, ...]:
    """The cast, dealt to the platforms in turn; `troupes`: who may sit at each platform's accounts.

    Ids are drawn until the simulator gives each its temper: the firm itself never says how anyone trades.
    """
    dice = random.Random(seed)  # noqa: S311  (a demo's ids; real ones are drawn by the operating system)
    casts = [troupe.cast(count) for troupe in troupes]
    platforms = len(troupes)
    return tuple(
        _trader(place, casts[place % platforms][place // platforms], dice, troupes, place % platforms)
        for place in range(count)
    )


def _on_netting(program: Program) -> Program:
    """The same on the other platform."""
    return msgspec.structs.replace(
        program,
        program=f"{program.program}-netting",
        title=f"{program.title}, netting",
        bridge=NETTING_BRIDGE,
    )


def _trader(place: int, temper: str, dice: random.Random, troupes: Sequence[Troupe], platform: int) -> DemoTrader:
    number = dice.randrange(1 << ID_BITS)
    while troupes[platform].temper_of("", f"{number}") != temper:
        number = dice.randrange(1 << ID_BITS)
    name = f"{_FIRST_NAMES[place % len(_FIRST_NAMES)]} {_LAST_NAMES[place % len(_LAST_NAMES)]}"
    mail = TRADER_MAIL if place == 0 else f"trader{place + 1}@demo.example"
    program = _program_for(place // len(troupes), temper) if platform == 0 else _NETTING_PROGRAMS[place // 2 % 2]
    return DemoTrader(number, mail, name, temper, program)


def _program_for(place: int, temper: str) -> str:
    """Who carries a loser over midnight is measured from the balance; others are spread over the programs."""
    if temper in ("carry", "news_gambler", "swing"):
        return "two-step-100k"
    return ("two-step-100k", "trailing-100k", "euro-50k")[place % 3]


def _ruleset(name: str, *terms: Term) -> Ruleset:
    return Ruleset(
        name=name,
        calendar=_PRAGUE,
        late_breach=LateBreach.REVIEW,
        await_swap=False,
        failures_reviewed=False,
        overrides_by_two=False,
        terms=terms,
    )


def _daily(anchor: Anchor, loss_max_bp: int, on_breach: Action) -> LossLimit:
    return LossLimit(
        id="daily-loss",
        scope=Scope.DAY,
        amount=Share(bp=loss_max_bp, of=ShareOf.INITIAL),
        anchor=anchor,
        trail=Trail.STATIC,
        high=Anchor.EQUITY,
        lock=None,
        steps=(),
        checked=Checked.EVERY_TICK,
        measured=Measured.EQUITY,
        boundary=Boundary.TOUCHES,
        on_payout=OnPayout.NONE,
        warn_at_bp=(5_000, 7_000, 9_000),
        on_breach=(on_breach,),
        strikes_within=Scope.PHASE,
    )


def _maximum(loss_max_bp: int, trail: Trail, trails_on: Anchor, lock_at_bp: int | None) -> LossLimit:
    offset = None if lock_at_bp is None else Share(bp=lock_at_bp, of=ShareOf.INITIAL)
    return LossLimit(
        id="maximum-loss",
        scope=Scope.PHASE,
        amount=Share(bp=loss_max_bp, of=ShareOf.INITIAL),
        anchor=Anchor.INITIAL,
        trail=trail,
        high=trails_on,
        lock=None if offset is None else Lock(offset=offset, trigger=FloorReaches(), permanent=True),
        steps=(),
        checked=Checked.EVERY_TICK,
        measured=Measured.EQUITY,
        boundary=Boundary.TOUCHES,
        on_payout=OnPayout.NONE,
        warn_at_bp=(5_000, 7_000, 9_000),
        on_breach=(Action.FAIL,),
        strikes_within=Scope.PHASE,
    )


def _target(target_bp: int, days_min: int) -> tuple[Term, Term]:
    target = ProfitTarget(
        id="profit-target",
        amount=Share(bp=target_bp, of=ShareOf.INITIAL),
        measured=TargetMeasure.BALANCE,
        held_s=0,
        flat_required=True,
        latched=False,
        auto_close=False,
    )
    days = TradingDays(
        id="trading-days",
        days_min=days_min,
        counts=DayCounts.OPENED,
        profit_min=None,
        boundary=Boundary.TOUCHES,
        per=Scope.PHASE,
    )
    return target, days


def _clocks() -> tuple[MaximumDuration, Inactivity]:
    duration = MaximumDuration(id="duration", days_max=60, counted_from=ClockStart.FIRST_TRADE)
    inactivity = Inactivity(
        id="inactivity",
        days_max=30,
        counted_from=ClockStart.LAST_TRADE,
        open_position_counts=True,
        pending_order_counts=False,
        on_breach=(Action.FAIL,),
    )
    return duration, inactivity


def _two_step() -> Program:
    limits = (
        _daily(Anchor.BALANCE, 500, Action.FAIL),
        _maximum(1_000, Trail.STATIC, Anchor.BALANCE, None),
    )
    clocks = _clocks()
    return Program(
        program="two-step-100k",
        title="Two-step 100K",
        size=Money.parse("100_000.00", "USD"),
        price=Money.parse("499.00", "USD"),
        bridge=BRIDGE,
        group="demo-usd",
        leverage=200,
        accounts_max=1,
        phases=(
            Phase(
                name="Phase 1", ruleset=_ruleset("Two-step, phase 1", *limits, *_target(200, 2), *clocks), funded=False
            ),
            Phase(
                name="Phase 2", ruleset=_ruleset("Two-step, phase 2", *limits, *_target(500, 2), *clocks), funded=False
            ),
            Phase(name="Funded", ruleset=_ruleset("Two-step, funded", *limits, clocks[1]), funded=True),
        ),
    )


def _trailing() -> Program:
    limits = (
        _daily(Anchor.HIGHER, 300, Action.PAUSE),
        _maximum(600, Trail.EVERY_TICK, Anchor.EQUITY, 0),
    )
    return Program(
        program="trailing-100k",
        title="One-step trailing 100K",
        size=Money.parse("100_000.00", "USD"),
        price=Money.parse("389.00", "USD"),
        bridge=BRIDGE,
        group="demo-usd",
        leverage=100,
        accounts_max=1,
        phases=(
            Phase(name="Evaluation", ruleset=_ruleset("Trailing, evaluation", *limits, *_target(300, 2)), funded=False),
            Phase(name="Funded", ruleset=_ruleset("Trailing, funded", *limits), funded=True),
        ),
    )


def _euro() -> Program:
    limits = (
        _daily(Anchor.EQUITY, 400, Action.FAIL),
        _maximum(800, Trail.END_OF_DAY, Anchor.HIGHER, 0),
    )
    return Program(
        program="euro-50k",
        title="One-step 50K EUR",
        size=Money.parse("50_000.00", "EUR"),
        price=Money.parse("299.00", "EUR"),
        bridge=BRIDGE,
        group="demo-eur",
        leverage=100,
        accounts_max=1,
        phases=(
            Phase(name="Evaluation", ruleset=_ruleset("Euro, evaluation", *limits, *_target(250, 2)), funded=False),
            Phase(name="Funded", ruleset=_ruleset("Euro, funded", *limits), funded=True),
        ),
    )
