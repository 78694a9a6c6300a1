"""Random histories under rules about conduct: what is held and traded, its stops, orders, news, sessions, and people who answer.

What happens comes from the seed alone. The firm is the real engine; the platform is played as in `tests/worlds`.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from actors.batch import Batch
from firm.commands import AdoptCalendar, AdoptMarketDays, GrantOverride, ReviewOutcome, ReviewVerdict
from firm.inputs import DealEntry, DealReported, Input, OrderReported, PositionReported, Side, SymbolReported
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US, datetime_of
from firm.market_days import MarketDay, market_days
from firm.news import NEWS_NAME, NewsItem, news_calendar
from firm.overrides import Reinstate, WaiveRule
from firm.phase import Standing
from firm.ruleset import LateBreach, Ruleset
from firm.terms.conduct import (
    AdverseExcursion,
    AutomationUse,
    Closure,
    Grid,
    Hedging,
    HighFrequency,
    HoldingLimit,
    Impact,
    Martingale,
    NewsAction,
    NewsSymbols,
    NewsWindow,
    OneSided,
    TradeDuration,
    TradingHours,
)
from firm.terms.exposure import (
    CountedOver,
    ExposureLimit,
    GapFrom,
    IdeaGrouping,
    IdeaMeasure,
    IdeaRisk,
    Netted,
    Quantity,
    RiskReward,
    StopLossRequired,
    Tier,
)
from firm.terms.objectives import LotConsistency, PartialCloses
from firm.terms.union import Term
from firm.terms.words import Action, Boundary, Fixed, Scope, Share, ShareOf, ToLeverage
from firm.trading_day import DayLabel, LabelledCalendar
from tests.worlds import world as worlds
from tests.worlds.changes import BRIDGE
from tests.worlds.world import START_US, SYMBOLS, World

REASONS = ("", "client", "client", "expert", "copier", "sl", "tp", "dealer")
LOT = 10**8
DAYS_NAMED, NEWS_NAMED = "house-days", "house-news"
DAY_ONE = datetime_of(START_US).date()
CONSEQUENCES: tuple[tuple[Any, ...], ...] = (
    (Action.WARN,), (Action.WARN,), (Action.WARN, Action.RESTRICT), (Action.WARN, Action.WARN, Action.FAIL), (Action.REVIEW,),
    (Action.WARN, Action.REVIEW), (ToLeverage(leverage=30), Action.PAUSE), (Action.CLOSE_POSITIONS,), (Action.FAIL,),
)  # fmt: skip


def rules_of_conduct(dice: random.Random, name: str) -> Ruleset:
    """Five kinds of rules, each with words of its own."""
    kinds = dice.sample(KINDS, 5)
    terms: tuple[Term, ...] = tuple(
        kind(dice, f"{kind.__name__.strip('_')}-{place}") for place, kind in enumerate(kinds)
    )
    return Ruleset(
        name=name, calendar=LabelledCalendar(zone="Europe/Prague", rollover="00:00", label=DayLabel.START, merged=()),
        late_breach=LateBreach.ENFORCE, await_swap=False, failures_reviewed=dice.random() < 0.2, overrides_by_two=False, terms=terms,
    )  # fmt: skip


def _struck(dice: random.Random) -> dict[str, Any]:
    return {"on_breach": dice.choice(CONSEQUENCES), "strikes_within": dice.choice(list(Scope))}


def _exposure(dice: random.Random, name: str) -> Term:
    quantity = dice.choice((Quantity.LOTS, Quantity.LOTS, Quantity.POSITIONS, Quantity.NOTIONAL))
    limit = {Quantity.LOTS: dice.choice((LOT, 4 * LOT)), Quantity.POSITIONS: dice.choice((1, 3))}.get(quantity, 50_000)
    tiers = (Tier(profit_from=dice.choice((0, 100_00)), limit=limit + 1),) if dice.random() < 0.3 else ()
    return ExposureLimit(
        id=name, quantity=quantity, limit=limit, symbols=dice.choice(((), (), ("EURUSD", "USDJPY"))),
        counted=dice.choice(list(CountedOver)), netted=dice.choice(list(Netted)), tiers=tiers, boundary=dice.choice(list(Boundary)),
        **_struck(dice),
    )  # fmt: skip


def _idea(dice: random.Random, name: str) -> Term:
    amount = dice.choice((Share(bp=dice.choice((20, 100)), of=ShareOf.INITIAL), Fixed(minor=20_000)))
    idea = IdeaRisk(
        id=name, amount=amount, grouping=dice.choice(list(IdeaGrouping)), gap_s=dice.choice((0, 300)),
        measured=dice.choice(list(IdeaMeasure)), boundary=dice.choice(list(Boundary)), **_struck(dice),
    )  # fmt: skip
    is_by_closing = idea.gap_s and idea.grouping is IdeaGrouping.SYMBOL
    return replace(idea, gap_from=GapFrom.LAST_CLOSING) if is_by_closing else idea


def _deep(dice: random.Random, name: str) -> Term:
    return AdverseExcursion(
        id=name, share_bp=dice.choice((20, 100)), of_profit=dice.random() < 0.5, minimum_minor=dice.choice((0, 1_000)),
        boundary=dice.choice(list(Boundary)), **_struck(dice),
    )  # fmt: skip


def _stop(dice: random.Random, name: str) -> Term:
    risk = dice.choice((None, Share(bp=50, of=ShareOf.INITIAL), Fixed(minor=5_000)))
    return StopLossRequired(id=name, within_s=dice.choice((0, 60, 600)), risk_max=risk, **_struck(dice))


def _reward(dice: random.Random, name: str) -> Term:
    return RiskReward(id=name, stop_to_target_max_bp=dice.choice((5_000, 20_000)), **_struck(dice))


def _holding(dice: random.Random, name: str) -> Term:
    return HoldingLimit(
        id=name, over=dice.choice(list(Closure)), zone=dice.choice(("Europe/Prague", "America/New_York")),
        cutoff=dice.choice(("21:30", "23:45", "15:55")), early_close_minutes=dice.choice((0, 15)), break_s=dice.choice((1_800, 7_200)),
        pending_orders=dice.random() < 0.5, calendar=dice.choice((None, DAYS_NAMED)), **_struck(dice),
    )  # fmt: skip


def _hours(dice: random.Random, name: str) -> Term:
    opens, closes = dice.choice((("23:00", "23:20"), ("08:00", "20:00"), ("22:00", "02:00")))
    return TradingHours(id=name, zone="Europe/Prague", opens=opens, closes=closes, **_struck(dice))


def _duration(dice: random.Random, name: str) -> Term:
    longer = dice.random() < 0.5
    return TradeDuration(
        id=name, seconds_min=dice.choice((None, 120)), average_s_min=dice.choice((None, 300)), longer_s=120 if longer else None,
        share_of_longer_bp=8_000 if longer else None, per=dice.choice(list(Scope)), **_struck(dice),
    )  # fmt: skip


def _lot_range(dice: random.Random, name: str) -> Term:
    return LotConsistency(
        id=name, min_bp=5_000, max_bp=15_000, partial_closes=dice.choice(list(PartialCloses)), per=dice.choice(list(Scope)),
        **_struck(dice),
    )  # fmt: skip


def _hedging(dice: random.Random, name: str) -> Term:
    return Hedging(id=name, lots_e8_max=dice.choice((None, LOT // 2)), **_struck(dice))


def _grid(dice: random.Random, name: str) -> Term:
    return Grid(
        id=name, positions_max=1, within_s=dice.choice((600, 7_200)), losing_only=dice.random() < 0.5, **_struck(dice)
    )


def _martingale(dice: random.Random, name: str) -> Term:
    return Martingale(id=name, factor_bp=11_000, repeats=1, same_symbol=dice.random() < 0.3, **_struck(dice))


def _one_sided(dice: random.Random, name: str) -> Term:
    return OneSided(
        id=name, trades_from=2, share_max_bp=dice.choice((4_000, 9_000)), per=dice.choice(list(Scope)), **_struck(dice)
    )


def _frequent(dice: random.Random, name: str) -> Term:
    return HighFrequency(
        id=name,
        openings_max=dice.choice((2, 4)),
        within_s=dice.choice((300, 3_600)),
        boundary=dice.choice(list(Boundary)),
        **_struck(dice),
    )


def _news(dice: random.Random, name: str) -> Term:
    return NewsWindow(
        id=name, before_s=dice.choice((120, 600)), after_s=dice.choice((60, 600)), inclusive=dice.random() < 0.5,
        impacts=(Impact.HIGH, Impact.MEDIUM), symbols=dice.choice(list(NewsSymbols)),
        actions=dice.choice((tuple(NewsAction), (NewsAction.OPEN, NewsAction.CLOSE), (NewsAction.HOLD,))),
        all_day_counts=dice.random() < 0.3, exempt_opened_before_s=dice.choice((None, 900)),
        calendar=dice.choice((None, None, NEWS_NAMED)), **_struck(dice),
    )  # fmt: skip


def _software(dice: random.Random, name: str) -> Term:
    return AutomationUse(id=name, experts_allowed=dice.random() < 0.5, copiers_allowed=False, **_struck(dice))


KINDS = (
    _exposure, _exposure, _idea, _deep, _stop, _reward, _holding, _hours, _duration, _lot_range, _hedging, _grid, _martingale, _one_sided,
    _frequent, _news, _news, _software,
)  # fmt: skip


class ConductWorld(World):
    """A world whose accounts were sold rules about conduct, over some days."""

    sells_together = False

    def __init__(self, seed: int, steps: int) -> None:
        self._more = random.Random(f"conduct {seed}")
        with selling(rules_of_conduct):
            super().__init__(seed // 16 * 32 + 16 + seed % 16, steps)  # one of those that speak today

    def put(self, body: Input, account: int = 0, frame: bytes | None = None, at_us: int | None = None) -> Batch:
        if isinstance(body, DealReported):
            body = replace(body, reason=self._more.choice(REASONS), order_id=f"O{self._more.randrange(6)}")
        return super().put(body, account, frame, at_us)

    def _open(self) -> None:
        super()._open()
        self._adopt()
        self._adopt(NEWS_NAMED)
        self._rest()
        for symbol in ("EURUSD", "XAUUSD", "DE40"):
            spec = self.engine.market(BRIDGE).board.specs[symbol]
            week = tuple((day * 1_440 + 60, day * 1_440 + 1_380) for day in range(5))
            holiday = ((START_US + 20 * HOUR_US, START_US + 30 * HOUR_US),)
            spec = replace(spec, zone="Europe/Berlin", sessions=week, closed=holiday)
            self.put(SymbolReported(bridge=BRIDGE, seq=self.next_seq(), spec=spec))

    def _adopt(self, name: str = NEWS_NAME) -> None:
        dice, items = self._more, []
        for number in range(40):
            at_us = START_US + dice.randrange(3 * 24 * 60) * MINUTE_US
            lasts = dice.choice((0, 0, 0, HOUR_US))
            all_day = dice.random() < 0.1
            items.append(
                NewsItem(
                    id=f"n{number}", title=f"Release {number}", currency=dice.choice(("USD", "EUR", "JPY", "")),
                    impact=dice.choice((Impact.HIGH, Impact.HIGH, Impact.LOW)), at_us=at_us,
                    until_us=at_us + (DAY_US if all_day else lasts), all_day=all_day,
                )
            )  # fmt: skip
        self.put(AdoptCalendar(by="console", calendar=news_calendar(name, items)))

    def _step(self, step: int) -> None:
        super()._step(step)
        dice, account = self._more, self._more.choice(sorted(self._held))
        if dice.random() < 0.5:
            self._stops(account)
        if dice.random() < 0.1:
            self._order(account)
        if dice.random() < 0.04:
            self.now_us += dice.choice((1, 7, 15)) * HOUR_US
        if dice.random() < 0.02:
            self._adopt(dice.choice((NEWS_NAME, NEWS_NAMED)))
        if dice.random() < 0.3:
            self._answer(account)
        if dice.random() < 0.03:
            self._waive(account)
        if dice.random() < 0.2:
            self._add(account, step)
        if dice.random() < 0.02:
            self._rest()
        if dice.random() < 0.1:
            self._reinstate(account)

    def _add(self, account: int, step: int) -> None:
        """Lots are added to an open position, now and then told late, and some of them are closed again."""
        dice, held = self._more, self._held[account]
        state = self.engine.account(account)
        known = {one.position_id: one for one in state.positions} if state is not None else {}
        open_ones = [one for one in held if one.position in known]
        if state is None or not open_ones:
            return
        position, nothing = dice.choice(open_ones), state.money(0)
        lots_e8, closes = dice.choice((LOT // 4, LOT)), dice.random() < 0.4
        if closes:
            lots_e8 = min(lots_e8, position.lots_e8 - 1)
        side = position.side if not closes else Side.SELL if position.side is Side.BUY else Side.BUY
        late_us = dice.choice((0, 0, 0, 5, 90, 400)) * SECOND_US
        if lots_e8 <= 0 or self.now_us - late_us <= known[position.position].opened_us:
            return
        held[held.index(position)] = position._replace(lots_e8=position.lots_e8 + (-lots_e8 if closes else lots_e8))
        deal = DealReported(
            bridge=BRIDGE, seq=self.next_seq(), deal_id=f"A{step}", order_id="", position_id=position.position,
            symbol=position.symbol, entry=DealEntry.OUT if closes else DealEntry.IN, side=side, lots_e8=lots_e8,
            price=self._prices[position.symbol], profit=nothing, commission=nothing, swap=nothing, fee=nothing, reason="",
            t_us=self.now_us - late_us,
        )  # fmt: skip
        self.put(deal, account, at_us=self.now_us - late_us)

    def _rest(self) -> None:
        """The market's own days are told, or told otherwise."""
        dice = self._more
        days = tuple(
            MarketDay(date=DAY_ONE + timedelta(days=ahead), name=f"Rest {ahead}", closes=dice.choice(("00:00", "13:00")), reopens="00:00")
            for ahead in sorted(dice.sample(range(6), 3))
        )  # fmt: skip
        told = market_days(DAYS_NAMED, dice.choice(("Europe/Berlin", "America/New_York")), (), days)
        self.put(AdoptMarketDays(by="console", days=told))

    def _stops(self, account: int) -> None:
        state, dice = self.engine.account(account), self._more
        if state is None or not state.positions:
            return
        held = dice.choice(state.positions)
        way = (1 if held.side is Side.BUY else -1) * max(1, held.price_open // dice.choice((50, 200, 1_000)))
        stop = max(1, held.price_open - way * dice.choice((1, 3))) if dice.random() < 0.8 else 0
        target = max(1, held.price_open + way) if dice.random() < 0.7 else 0
        told = PositionReported(
            bridge=BRIDGE, seq=self.next_seq(), position_id=held.position_id, op="changed", symbol=held.symbol, side=held.side,
            lots_e8=held.lots_e8, price_open=held.price_open, stop_loss=stop, take_profit=target, swap=state.money(held.swap),
            opened_us=held.opened_us, t_us=self.now_us,
        )  # fmt: skip
        self.put(told, account)

    def _order(self, account: int) -> None:
        dice = self._more
        told = OrderReported(
            bridge=BRIDGE, seq=self.next_seq(), order_id=f"O{dice.randrange(6)}", symbol=dice.choice(list(SYMBOLS)), side=Side.BUY,
            order_type="limit", lots_e8=LOT, price=1_000, state=dice.choice(("placed", "placed", "filled", "cancelled")), t_us=self.now_us,
        )  # fmt: skip
        self.put(told, account)

    def _answer(self, account: int) -> None:
        """Somebody settles what is open."""
        state, dice = self.engine.account(account), self._more
        for finding in state.findings if state is not None else ():
            if finding.doubts:
                outcome = dice.choice((ReviewOutcome.CONFIRM, ReviewOutcome.DISMISS, ReviewOutcome.DISMISS))
                said = ReviewVerdict(by="console", account=account, decision=finding.seq, outcome=outcome, why="seen")
                self.put(said, account)
                return

    def _reinstate(self, account: int) -> None:
        state = self.engine.account(account)
        if state is not None and state.standing is Standing.BREACHED:
            wanted = Reinstate(decision=state.findings[0].seq)
            self.put(
                GrantOverride(by="console", account=account, override=wanted, why="ours", evidence="ticket 5"),
                account,
            )

    def _waive(self, account: int) -> None:
        state = self.engine.account(account)
        if state is not None:
            rule = self._more.choice(state.ruleset.rules).id
            waive = WaiveRule(rule=rule, until_us=self.now_us + 600 * SECOND_US)
            self.put(
                GrantOverride(by="console", account=account, override=waive, why="ours", evidence="ticket 4"),
                account,
            )


@contextmanager
def selling(rules: Any) -> Iterator[None]:
    """Whoever opens an account meanwhile is sold these rules."""
    usual, worlds.rules_of_today = worlds.rules_of_today, rules  # type: ignore[attr-defined]
    try:
        yield
    finally:
        worlds.rules_of_today = usual  # type: ignore[attr-defined]
