"""The play: what happened on the stage before the curtain rises on 2 May 2014, a little after the payrolls release.

Loaded after `stage.py`, which the fixtures register as `web_stage`.
"""

from pathlib import Path

import msgspec
from msgspec.structs import replace
from web_stage import ADA, BEN, BRIDGE, CLEO, OLGA, OMAR, Stage

from firm.commands import EngageKillSwitch, KillSwitch, PublishProgram, ReleaseKillSwitch
from firm.inputs import ClockTicked, DealEntry, GapReported, Side
from firm.instant import MINUTE_US, SECOND_US, parse_utc
from firm.money import Money
from firm.phase import Standing
from firm.ruleset import AnyRuleset, FirstRuleset, LateBreach, Phase, Program, Ruleset
from firm.ruleset_text import read_toml
from firm.templates import template
from firm.terms.conduct import Hedging
from firm.terms.first import (
    AmountBase,
    DailyLoss,
    FirstAnchor,
    FirstProfitTarget,
    FirstTrail,
    MaximumLoss,
    MinimumTradingDays,
    OnDailyLoss,
)
from firm.terms.losses import Checked, LossLimit, Measured, OnPayout, Trail
from firm.terms.objectives import (
    ClockStart,
    Consistency,
    ConsistencyEffect,
    DayBasis,
    DayCounts,
    Denominator,
    FailsAt,
    MaximumDuration,
    MinimumTrades,
    Numerator,
    ProfitTarget,
    ScoreTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.union import Term
from firm.terms.words import Action, Anchor, Boundary, Scope, Share, ShareOf
from firm.trading_day import DayLabel, LabelledCalendar, TradingCalendar


def two_step() -> Program:
    """100 000.00 USD: 5 % a day, 10 % in all, 8 % then 5 % to win, over at least two days cut in Prague."""

    def rules(name: str, target_bp: int) -> FirstRuleset:
        return FirstRuleset(
            name=name,
            calendar=TradingCalendar("Europe/Prague", "00:00"),
            late_breach=LateBreach.REVIEW,
            await_swap=False,
            terms=(
                DailyLoss(
                    id="daily_loss",
                    loss_max_bp=500,
                    anchor=FirstAnchor.HIGHER,
                    base=AmountBase.INITIAL,
                    boundary=Boundary.TOUCHES,
                    on_breach=OnDailyLoss.FAIL,
                ),
                MaximumLoss(
                    id="maximum_loss",
                    loss_max_bp=1000,
                    trail=FirstTrail.STATIC,
                    trails_on=FirstAnchor.BALANCE,
                    lock_at_bp=None,
                    boundary=Boundary.TOUCHES,
                ),
                FirstProfitTarget(id="profit_target", target_bp=target_bp, flat_required=True),
                MinimumTradingDays(id="trading_days", days_min=2),
            ),
        )

    return Program(
        program="two-step-100k",
        title="Two Step 100K",
        size=Money.parse("100_000.00", "USD"),
        price=Money.parse("499.00", "USD"),
        bridge=BRIDGE,
        group="demo",
        leverage=100,
        accounts_max=200,
        phases=(
            Phase(name="Phase 1", ruleset=rules("Two Step 100K, phase 1", 800), funded=False),
            Phase(name="Phase 2", ruleset=rules("Two Step 100K, phase 2", 500), funded=False),
        ),
    )


def thirty_days(name: str, *, overrides_by_two: bool = False) -> Program:
    """The same, with a single phase of thirty days: 10 % in all, and nothing to win."""
    limit = LossLimit(
        id="maximum", scope=Scope.PHASE, amount=Share(bp=1_000, of=ShareOf.INITIAL), anchor=Anchor.INITIAL, trail=Trail.STATIC,
        high=Anchor.EQUITY, lock=None, steps=(), checked=Checked.EVERY_TICK, measured=Measured.EQUITY, boundary=Boundary.TOUCHES,
        on_payout=OnPayout.NONE, warn_at_bp=(), on_breach=(Action.FAIL,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    clock = MaximumDuration(id="duration", days_max=30, counted_from=ClockStart.ASSIGNMENT)
    rules = Ruleset(
        name=name, calendar=LabelledCalendar(zone="Europe/Prague", rollover="00:00", label=DayLabel.START, merged=()),
        late_breach=LateBreach.REVIEW, await_swap=False, failures_reviewed=False, overrides_by_two=overrides_by_two, terms=(limit, clock),
    )  # fmt: skip
    return replace(two_step(), phases=(Phase(name="Phase 1", ruleset=rules, funded=False),))


def played(path: Path, *, crowd: int = 60) -> Stage:
    """The stage with its history, and `crowd` accounts of Cleo's beside those of Ada and Ben."""
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_690, 1_284_200)
    ada, won, lost = stage.sell("ada", ADA, 101), stage.sell("ada won", ADA, 102), stage.sell("ada lost", ADA, 103)
    ben, suspected = stage.sell("ben", BEN, 104), stage.sell("ben suspected", BEN, 105)
    stage.wait(300)
    stage.prices_now(138_710, 1_284_000)
    stage.round_trip(ada, "P7001", Side.BUY, "2.00", "EURUSD", 64_000, 1500)
    stage.round_trip(ada, "P7002", Side.SELL, "1.50", "XAUUSD", -31_550, 900)
    stage.round_trip(won, "P7003", Side.BUY, "6.00", "XAUUSD", 411_000, 1200)
    stage.round_trip(lost, "P7004", Side.BUY, "3.00", "EURUSD", -42_000, 600)
    stage.deal(ben, "P7013", Side.SELL, "0.40", "EURUSD")  # carried over midnight
    _night(stage)
    stage.round_trip(ada, "P7005", Side.BUY, "2.50", "EURUSD", 93_250, 1700)
    stage.round_trip(ben, "P7006", Side.BUY, "1.00", "EURUSD", 12_000, 300)
    stage.deal(ada, "P7010", Side.BUY, "4.00", "EURUSD")
    stage.deal(ada, "P7011", Side.SELL, "1.00", "XAUUSD")
    stage.deal(lost, "P7012", Side.BUY, "9.00", "XAUUSD")
    stage.deal(suspected, "P7014", Side.BUY, "9.00", "XAUUSD")
    stage.round_trip(won, "P7015", Side.SELL, "8.00", "EURUSD", 412_000, 240)
    stage.reconcile(won)
    stage.prices_now(138_650, 1_281_000)
    for place in range(crowd):
        account = stage.sell(f"crowd {place}", CLEO, 200 + place)
        stage.deal(account, f"P{8000 + place}", Side.BUY if place % 3 else Side.SELL, f"{1 + place % 4}.00", "EURUSD")
    _release(stage, lost, ada)
    stage.settle(checkpoint=True)
    return stage


def _night(stage: Stage) -> None:
    """Ten-minute prices through Prague's midnight to the morning before the release."""
    step = 0
    while stage.now_us < parse_utc("2014-05-02T11:20:00"):
        stage.wait(900)
        step += 1
        wave = (step * 37 % 23) - 11
        stage.prices_now(138_700 + 6 * wave - step, 1_283_800 + 90 * wave - 20 * step)


def _release(stage: Stage, lost: int, ada: int) -> None:
    """12:30 UTC: gold and the euro fall at once. The one account was reconciled just before, the other was not."""
    while stage.now_us < parse_utc("2014-05-02T12:29:00"):
        stage.wait(120)
        stage.prices_now(138_600 + stage.now_us // MINUTE_US % 9 * 4, 1_281_000 + stage.now_us // MINUTE_US % 7 * 60)
    stage.now_us = parse_utc("2014-05-02T12:29:58")
    stage.prices_now(138_602, 1_281_240)
    stage.reconcile(lost)
    stage.reconcile(ada)
    stage.now_us = stage.now_us + 2_250_000
    stage.prices_now(138_390, 1_274_400)
    for step in range(20):
        stage.wait(15)
        stage.prices_now(138_390 + 9 * (step % 6) - 3 * step, 1_274_700 + 120 * (step % 5))


def carried_over_the_reset(path: Path) -> Stage:
    """Ada wins 2 210.00 and carries a loser over midnight in Prague: the new day's floor lies above her equity at once."""
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_690, 1_284_200)
    account = stage.sell("ada carried", ADA, 101)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    stage.round_trip(account, "P7001", Side.BUY, "1.00", "EURUSD", 225_200, 600)
    stage.deal(account, "P7002", Side.BUY, "10.00", "EURUSD")
    stage.now_us = parse_utc("2014-05-01T21:59:50")
    stage.prices_now(138_150, 1_284_200)
    stage.reconcile(account)
    for seconds, eurusd in (
        (5, 138_152),
        (6, 138_151),
        (5, 138_150),
    ):  # the first one past midnight comes a second late
        stage.wait(seconds)
        stage.prices_now(eurusd, 1_284_210)
    stage.settle(checkpoint=True)
    return stage


def breached_at_prices_that_never_met(path: Path, *, with_deposit: bool = False) -> Stage:
    """Gold falls, the euro seems to stand still, and Ada is out. Then the platform tells that the euro had risen before.

    `with_deposit`: money comes in before the platform has confirmed what she holds, and so before the breach is declared.
    """
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_600, 1_284_200)
    account = stage.sell("ada", ADA, 101)
    stage.wait(30)
    stage.prices_now(138_600, 1_284_200)
    stage.deal(account, "P7021", Side.BUY, "9.00", "XAUUSD")
    if with_deposit:
        stage.reconcile(account)
    stage.deal(account, "P7022", Side.BUY, "9.00", "EURUSD")
    if not with_deposit:
        stage.reconcile(account)
    stage.wait(10)
    stage.waiting = [] if with_deposit else None
    stage.prices_now(None, 1_278_600)
    stage.wait(2)
    if with_deposit:
        stage.deposit(account, 1_000_00)
        stage.reconcile(account)
    stage.wait(2)
    stage.prices_now(138_720, 1_278_650)
    stage.wait(1)
    stage.prices_now(138_715, 1_284_000, late_us=6 * SECOND_US)
    stage.settle(checkpoint=True)
    return stage


def sold_by_two(stage: Stage) -> int:
    """Another account of Ada's, under rules from which it takes two people to make an exception."""
    stage.put(PublishProgram(by=f"staff:{OMAR}", program=thirty_days("By two", overrides_by_two=True)))
    account = stage.sell("by two", ADA, 102)
    stage.settle()
    return account


def enforcement_stopped(path: Path) -> Stage:
    """Omar stops enforcement; then Ada wins one account and loses another, and Ben's is suspected. Nothing of it reaches the platform."""
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_690, 1_284_200)
    won, lost, suspected = (
        stage.sell("ada won", ADA, 101),
        stage.sell("ada lost", ADA, 102),
        stage.sell("ben", BEN, 103),
    )
    stage.wait(300)
    stage.prices_now(138_710, 1_284_000)
    stage.round_trip(won, "P7003", Side.BUY, "6.00", "XAUUSD", 411_000, 1200)
    _night(stage)
    stage.deal(lost, "P7012", Side.BUY, "9.00", "XAUUSD")
    stage.deal(lost, "P7016", Side.BUY, "1.00", "EURUSD")
    stage.deal(suspected, "P7014", Side.BUY, "9.00", "XAUUSD")
    stage.put(EngageKillSwitch(by=f"staff:{OMAR}", switch=KillSwitch.ENFORCEMENT, why="Prices look odd."))
    stage.round_trip(won, "P7015", Side.SELL, "8.00", "EURUSD", 412_000, 240)
    stage.reconcile(won)
    _release(stage, lost, won)
    stage.settle(checkpoint=True)
    return stage


def enforcement_released(stage: Stage) -> None:
    """Omar and Olga let it go on."""
    for by in (OMAR, OLGA):
        stage.put(ReleaseKillSwitch(by=f"staff:{by}", switch=KillSwitch.ENFORCEMENT, why="They were right."))
    stage.settle()


def funded_and_not(path: Path) -> Stage:
    """Two funded accounts of Ada's and one of Ben's in the market, beside one of Cleo's that is still in its first phase."""
    stage = Stage(path)
    program = two_step()
    funded = msgspec.structs.replace(program.phases[0], name="Funded", funded=True)
    stage.open_shop(program)
    stage.prices_now(138_690, 1_284_200)
    cleo = stage.sell("cleo", CLEO, 101)
    paying = msgspec.structs.replace(program, title="Funded 100K", phases=(funded, *program.phases[1:]))
    stage.put(PublishProgram(by=f"staff:{OMAR}", program=paying))
    ada, other, ben = stage.sell("ada", ADA, 102), stage.sell("ada other", ADA, 103), stage.sell("ben", BEN, 104)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    stage.deal(ada, "P1", Side.BUY, "2.00", "EURUSD")
    stage.deal(ada, "P2", Side.BUY, "1.00", "EURUSD")
    stage.deal(other, "P3", Side.SELL, "1.50", "EURUSD")
    stage.deal(ben, "P4", Side.SELL, "0.50", "XAUUSD")
    stage.deal(cleo, "P5", Side.BUY, "7.00", "EURUSD")
    stage.wait(5)
    stage.prices_now(138_802, 1_285_000)
    stage.settle(checkpoint=True)
    return stage


def drifting(path: Path) -> Stage:
    """The platform says 25.00 less of Ada's equity, said a cent more of Ben's balance for a while, and lacks Cleo's position."""
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_690, 1_284_200)
    ada, ben, cleo = stage.sell("ada", ADA, 101), stage.sell("ben", BEN, 102), stage.sell("cleo", CLEO, 103)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    for place, account in enumerate((ada, ben, cleo), start=1):
        stage.deal(account, f"P{place}", Side.BUY, "2.00", "EURUSD")
        stage.reconcile(account)
    stage.wait(5)
    stage.prices_now(138_702, 1_285_000)
    stage.reconcile(ada, equity_off=-25_00)
    stage.reconcile(ben, balance_off=1)
    stage.snapshot(cleo, lacking=1)
    stage.wait(600)
    stage.prices_now(138_704, 1_285_000)
    stage.reconcile(ben)
    stage.settle(checkpoint=True)
    return stage


def feed_in_trouble(path: Path) -> Stage:
    """The euro jumps by 5.3 %, gold comes merged for two seconds, and then the bridge says that it lacks three more of gold."""
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_690, 1_284_200)
    stage.wait(5)
    stage.prices_now(146_000, 1_284_300)
    for _ in range(2):
        stage.wait(1)
        stage.prices_now(None, 1_284_400, merged=True)
    stage.wait(3)
    gap = {"symbol": "XAUUSD", "from_us": stage.now_us - 3 * SECOND_US, "to_us": stage.now_us}
    stage.put(GapReported(bridge=BRIDGE, seq=stage.next_seq(), **gap))
    stage.settle(checkpoint=True)
    return stage


def suspected_after_silence(path: Path) -> Stage:
    """Ada's platform says nothing of her account for ten minutes, then gold falls; it speaks half a minute later, and cancels her order."""
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_690, 1_284_200)
    account = stage.sell("ada", ADA, 101)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    stage.deal(account, "P7031", Side.BUY, "9.00", "XAUUSD")
    stage.wait(1)
    stage.reconcile(account)
    stage.wait(600)
    stage.prices_now(138_690, 1_283_000)
    stage.waiting = []
    stage.wait(2)
    stage.prices_now(138_690, 1_278_000)
    stage.wait(30)
    stage.prices_now(138_690, 1_278_100)
    stage.reconcile(account, equity_off=-3_00)
    stage.settle(checkpoint=True)
    return stage


def strict(path: Path) -> Stage:
    """Ada under a program with rules of every kind: she is warned of a hedge, holds too much, and hedges again, which a person decides."""
    stage = Stage(path)
    text = template("one_step_strict_conduct").text
    program = read_toml(text.replace('bridge = "your-bridge"', f'bridge = "{BRIDGE}"'))
    assert isinstance(program, Program)
    phases = tuple(msgspec.structs.replace(phase, ruleset=_hedging_reviewed(phase.ruleset)) for phase in program.phases)
    stage.open_shop(msgspec.structs.replace(program, program="two-step-100k", phases=phases))
    stage.prices_now(138_690, 1_284_200)
    ada = stage.sell("ada", ADA, 101)
    stage.sell("ben", BEN, 102)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    stage.deal(ada, "P1", Side.BUY, "2.00", "EURUSD")
    stage.deal(ada, "P2", Side.SELL, "1.50", "EURUSD")
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    stage.deal(ada, "P2", Side.BUY, "1.50", "EURUSD", DealEntry.OUT, profit=-20_00)
    stage.deal(ada, "P3", Side.BUY, "26.00", "EURUSD")
    stage.wait(60)
    stage.prices_now(138_691, 1_284_200)
    stage.deal(ada, "P4", Side.SELL, "0.40", "EURUSD")
    stage.wait(5)
    stage.prices_now(138_690, 1_284_200)
    stage.settle(checkpoint=True)
    return stage


def cup(path: Path) -> Stage:
    """Ada and Ben in a competition: 10 % may be lost, and the firm's score of 10 on its board wins."""
    return asking(path, "Spring cup", ScoreTarget(id="score", board="Spring cup", score_min=10))


def counted(path: Path) -> Stage:
    """Ada wins a phase that asks for a day and two trades alone, with a loss."""
    days = TradingDays(
        id="days", days_min=1, counts=DayCounts.OPENED, profit_min=None, boundary=Boundary.TOUCHES, per=Scope.PHASE
    )
    return traded(asking(path, "Two trades", days, MinimumTrades(id="trades", trades_min=2, per=Scope.PHASE)), -5_000)


def lucky(path: Path) -> Stage:
    """Ada makes more than half of her target on one day, which ends her account."""
    target = ProfitTarget(
        id="target", amount=Share(bp=800, of=ShareOf.INITIAL), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True,
        latched=False, auto_close=False,
    )  # fmt: skip
    share = Consistency(
        id="lucky_day", best=Numerator.BEST_DAY, of=Denominator.TARGET, day_basis=DayBasis.CLOSE, caps_bp=(5_000,),
        boundary=Boundary.CROSSES, effect=ConsistencyEffect.FAIL, per=Scope.PHASE, fails_at=FailsAt.CLOSE,
    )  # fmt: skip
    return traded(asking(path, "No lucky day", share, target), 250_000)


def traded(stage: Stage, profit: int) -> Stage:
    """Two trades of Ada's that made so much each, in minor units, and the platform's word on it."""
    ada = stage.accounts["ada"]
    for number in (1, 2):
        if stage.board_account(ada).standing is Standing.ACTIVE:
            stage.round_trip(ada, f"p{number}", Side.BUY, "1", "EURUSD", profit, 60)
    stage.reconcile(ada)
    stage.settle(checkpoint=True)
    return stage


def asking(path: Path, name: str, *terms: Term) -> Stage:
    """Ada and Ben in a program of one phase that asks for this, and lets 10 % be lost."""
    stage = Stage(path)
    program = two_step()
    limit = LossLimit(
        id="maximum", scope=Scope.PHASE, amount=Share(bp=1000, of=ShareOf.INITIAL), anchor=Anchor.INITIAL, trail=Trail.STATIC,
        high=Anchor.BALANCE, lock=None, steps=(), checked=Checked.EVERY_TICK, measured=Measured.EQUITY, boundary=Boundary.TOUCHES,
        on_payout=OnPayout.NONE, warn_at_bp=(), on_breach=(Action.FAIL,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    rules = Ruleset(
        name=name, calendar=LabelledCalendar(zone="UTC", rollover="00:00", label=DayLabel.START, merged=()),
        late_breach=LateBreach.REVIEW, await_swap=False, failures_reviewed=False, overrides_by_two=False, terms=(limit, *terms),
    )  # fmt: skip
    phases = (msgspec.structs.replace(program.phases[0], ruleset=rules),)
    stage.open_shop(msgspec.structs.replace(program, phases=phases))
    stage.prices_now(138_690, 1_284_200)
    stage.sell("ada", ADA, 101)
    stage.sell("ben", BEN, 102)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    stage.settle(checkpoint=True)
    return stage


def _hedging_reviewed(rules: AnyRuleset) -> AnyRuleset:
    """A first hedge is warned of, and a person looks at the second."""
    assert isinstance(rules, Ruleset)
    terms = tuple(
        msgspec.structs.replace(term, on_breach=(Action.WARN, Action.REVIEW)) if isinstance(term, Hedging) else term
        for term in rules.terms
    )
    return msgspec.structs.replace(rules, terms=terms)


def prices_missing(path: Path) -> Stage:
    """Ada and Cleo hold euros under a clock of thirty days when the platform is silent for ten minutes; Ben holds gold, and nothing of it
    is missing but what he needs. It is over, and nobody has looked at it."""
    stage = Stage(path)
    stage.open_shop(two_step())
    stage.prices_now(138_690, 1_284_200)
    stage.put(PublishProgram(by=f"staff:{OMAR}", program=thirty_days("Thirty days")))
    ada, cleo, ben = stage.sell("ada", ADA, 101), stage.sell("cleo", CLEO, 102), stage.sell("ben", BEN, 103)
    lost = stage.sell("ada lost", ADA, 104)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    for place, account in enumerate((ada, cleo, lost)):
        stage.deal(account, f"P{9000 + place}", Side.BUY, "2.00" if account != lost else "10.00", "EURUSD")
    stage.put(ClockTicked(at_us=stage.now_us))
    stage.reconcile(lost)
    stage.wait(600)
    stage.put(ClockTicked(at_us=stage.now_us))
    stage.sell("late", BEN, 105)
    stage.reconcile(lost)
    stage.prices_now(137_600, 1_284_200)
    stage.settle()
    assert ben
    return stage


def comes_to_its_end(stage: Stage) -> None:
    """Prices come for as long as it takes, and those that were asked for never do."""
    market = stage.engine.market(BRIDGE).capture()
    for symbol, from_us, to_us in sorted(market.asked):
        stage.put(GapReported(bridge=BRIDGE, seq=stage.next_seq(), symbol=symbol, from_us=from_us, to_us=to_us))
    for _ in range(6):
        stage.wait(60)
        stage.prices_now(138_690, 1_284_200)
    stage.settle()
