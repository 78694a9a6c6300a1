"""The account's verdicts: breach, suspicion and pause, each with its exhibits and its working in one fact.

Hard failures are hard to reverse: one that rests on anything in doubt is only suspected (close-only), and every automatic one
asks the risk desk first. The comparison that decides is the last step of the working.
"""

from typing import NamedTuple, TypedDict

from actors import account_conduct as conduct
from actors.account_consequences import carry_out
from actors.account_doubts import OF_PRICES, price_doubts
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.exhibits import cite
from actors.messages import AskFailure, FailureAllowed, FailureHeld
from actors.names import RISK
from firm.account import AccountState
from firm.arithmetic import PLAIN, Step, Working
from firm.equity import Board, equity_of, symbols_needed
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    Doubt,
    LimitNeared,
)
from firm.money import Money
from firm.phase import ENDED, FREE, Standing
from firm.rules.floors import rests_on_adjusted
from firm.rules.limits import Limit, breaks, floor_of, has_closed_all, is_open_again, limits_of, measured_of
from firm.ruleset import Ruleset
from firm.terms.losses import Measured
from firm.terms.words import Action, Scope


class Seen(NamedTuple):
    """A limit seen broken: at which instant, at which prices, and whether something came late: then it is judged on the book of then."""

    limit: Limit
    at_us: int
    board: Board
    late: bool = False

    def book(self, state: AccountState) -> AccountState:
        then = state.as_of(self.at_us) if self.late else state
        assert then is not None, f"account {state.account} was judged at {self.at_us} on a book that is no longer known"
        return then


class Told(TypedDict):
    """What a declared and a suspected breach have in common."""

    rule: str
    rule_kind: str
    severity: str
    floor: Money
    observed: Money
    at_us: int
    late: bool
    quotes: tuple[int, ...]
    working: tuple[Step, ...]


# Standings in which a breach is an open question.
OPEN = frozenset({Standing.SUSPECTED, Standing.UNDER_REVIEW})
# What time and the bridge bring by themselves; anything else in doubt is for a person.
_WAITED_FOR = frozenset({Doubt.PROVISIONAL_ANCHOR, Doubt.BOOK_UNCONFIRMED})


def open_limits(state: AccountState, limits: tuple[Limit, ...], at_us: int) -> tuple[Limit, ...]:
    """Of its limits those that may be broken at an instant: not those that are an open question or were waived.

    Soft ones only pause a trader who is free: one that is paused or close-only already has nothing more to lose by them.
    """
    free = state.standing in FREE
    if free and not state.findings and not state.waived and not state.overrides.waivers and not state.track.strikes:
        return limits
    asked = {one.rule for one in state.findings if not is_open_again(state, one)}
    asked |= set(state.waived) | state.overrides.waived_at(at_us)
    return tuple(
        limit
        for limit in limits
        if limit.rule.id not in asked and (limit.hard or free) and not has_closed_all(state, limit)
    )


def break_limit(seat: AccountSeat, limit: Limit, at_us: int, turn: Turn) -> None:
    """Equity broke a limit at the prices on the board."""
    seen = Seen(limit, at_us, seat.board(turn))
    doubts = doubts_of(seat.held, limit, at_us, turn)
    if at_us < seat.held.book_since_us:
        # The newest price, yet older than the book: what is held now was not held then.
        doubts = tuple(doubt for doubt in Doubt if doubt in {*doubts, Doubt.LATE_DATA})
    if not limit.hard:
        # The next price that can be believed will tell; a balance is no matter of prices.
        if not limit.is_met_by_prices or not OF_PRICES.intersection(doubts):
            _strike(seat, seen, turn)
    elif doubts:
        suspect(seat, seen, doubts, turn)
    else:
        turn.send(RISK, AskFailure(account=seat.account, rule=limit.rule.id, at_us=at_us, settled=False))


def warn(seat: AccountSeat, limits: tuple[Limit, ...], equity: int, at_us: int, turn: Turn, *, by_price: bool) -> None:
    """Tell the trader of limits of which so much is used; once a day for each share, and not by prices that may be wrong.

    What prices cannot break they warn of neither.
    """
    state = seat.held
    for limit in limits:
        if by_price and not limit.is_met_by_prices:
            continue
        measured = measured_of(PLAIN, limit, equity, state.balance)
        used_bp = max((share_bp for level, share_bp in limit.warns if measured <= level), default=0)
        if not used_bp:
            continue
        doubts = price_doubts(state, at_us, turn) if limit.is_met_by_prices else set()
        if not OF_PRICES.intersection(doubts):
            floor, observed = state.money(limit.floor), state.money(measured)
            fact = LimitNeared(rule=limit.rule.id, share_bp=used_bp, floor=floor, observed=observed, at_us=at_us)
            seat.record(fact, turn, at_us)


def fail(seat: AccountSeat, allowed: FailureAllowed, turn: Turn) -> None:
    """The risk desk let an automatic failure through. Another rule may have ended the account in the same input."""
    limit, rule = limit_named(seat.held, allowed.rule), conduct.rule_named(seat, allowed.rule)
    if rule is not None:
        conduct.fail(seat, rule, allowed, turn)
    elif limit is not None and seat.held.standing not in ENDED:
        _declare(seat, _seen(seat, limit, allowed.at_us, allowed.late, turn), turn)


def hold_failure(seat: AccountSeat, held: FailureHeld, turn: Turn) -> None:
    """The risk desk wants a person to look."""
    limit, rule = limit_named(seat.held, held.rule), conduct.rule_named(seat, held.rule)
    if rule is not None:
        conduct.hold(seat, rule, held, turn)
    elif limit is not None and seat.held.standing not in ENDED:
        suspect(seat, _seen(seat, limit, held.at_us, held.late, turn), (held.doubt,), turn)


def _seen(seat: AccountSeat, limit: Limit, at_us: int, late: bool, turn: Turn) -> Seen:
    """What was asked about: the board as it is, or as it stood at an instant that is looked at again."""
    return seen_then(seat, limit, at_us, turn) if late else Seen(limit, at_us, seat.board(turn))


def seen_then(seat: AccountSeat, limit: Limit, at_us: int, turn: Turn) -> Seen:
    """With the book and the prices of an instant that has passed."""
    market, then = turn.market(seat.held.bridge), seat.held.as_of(at_us)
    assert then is not None, f"{seat.name} was judged at {at_us} on a book that is no longer known"
    prices = market.prices_at(symbols_needed(then, market.board) or (), at_us)
    assert prices is not None, f"{seat.name} was judged at {at_us} at prices that are no longer known"
    return Seen(limit, at_us, market.board.at(prices), late=True)


def let_go_on(seat: AccountSeat, because: str, decision: int, turn: Turn) -> None:
    """No question is open any more: the account trades on, or waits out its pause."""
    paused = seat.held.paused_until_us > turn.header.happened_us
    seat.stand(Standing.PAUSED if paused else seat.held.running, because, turn)
    if not paused:
        seat.enforce("release", decision, turn)


def limit_named(state: AccountState, rule: str) -> Limit | None:
    return next((limit for limit in limits_of(state) if limit.rule.id == rule), None)


def doubts_of(state: AccountState, limit: Limit, at_us: int, turn: Turn) -> tuple[Doubt, ...]:
    """What a hard failure under this limit would rest on that is not certain."""
    doubts = price_doubts(state, at_us, turn)
    if state.drifting:
        doubts.add(Doubt.DRIFT)
    if abs(at_us - state.reconciled_us) > turn.policy.reconcile_within_us:
        doubts.add(Doubt.NOT_RECONCILED)
    elif state.reconciled_seq < state.last_trade_seq:
        doubts.add(Doubt.BOOK_UNCONFIRMED)
    if limit.follows_every_tick and state.is_peak_in_doubt:
        doubts.add(Doubt.LATE_DATA)
    if limit.follows_every_tick and state.peak is not None and state.peak.off_market:
        doubts.add(Doubt.OUTSIDE_SANITY_BAND)
    if limit.does is Action.REVIEW or is_reviewed(state):
        doubts.add(Doubt.REVIEW_REQUIRED)
    if rests_on_adjusted(state, limit.terms):
        doubts.add(Doubt.ADJUSTED_MARK)
    if limit.is_measured_from_day and state.day is not None:
        doubts |= {Doubt.PROVISIONAL_ANCHOR} if not state.day.final else set()
        doubts |= {Doubt.NO_QUOTE} if not _is_start_priced(state, limit.terms.scope) else set()
    return tuple(doubt for doubt in Doubt if doubt in doubts)


def _is_start_priced(state: AccountState, scope: Scope) -> bool:
    """Whether all that was held had a price where the day began, and where the week did for a limit of it."""
    starts = (state.day, state.track.week) if scope is Scope.WEEK else (state.day,)
    return all(start.priced for start in starts if start is not None)


def _strike(seat: AccountSeat, seen: Seen, turn: Turn) -> None:
    """A breach that does not end the account: it is written down, and does what the term says it does this time."""
    decision = _judged(seat, seen, (), turn)
    carry_out(seat, seen.limit.rule.id, seen.limit.does, decision, turn)


def _declare(seat: AccountSeat, seen: Seen, turn: Turn) -> None:
    seat.write_peak(turn)  # the last one: what prices bring after the breach is no high of this account
    end_by(seat, seen.limit, _judged(seat, seen, (), turn), turn)


def end_by(seat: AccountSeat, limit: Limit, decision: int, turn: Turn) -> None:
    """A declared breach ends the account."""
    seat.enforce("flatten", decision, turn)
    seat.stand(Standing.BREACHED, limit.rule.id, turn)


def suspect(seat: AccountSeat, seen: Seen, doubts: tuple[Doubt, ...], turn: Turn) -> None:
    """Close-only until data (a final day start, the full prices of a merged window) or a person settles it."""
    stand_suspected(seat, seen.limit, doubts, _judged(seat, seen, doubts, turn), turn)


def stand_suspected(seat: AccountSeat, limit: Limit, doubts: tuple[Doubt, ...], decision: int, turn: Turn) -> None:
    """A suspected breach holds the account."""
    waits_for_data = _WAITED_FOR.issuperset(doubts) or doubts == (Doubt.CONFLATED_PRICES,)
    after = Standing.SUSPECTED if waits_for_data else Standing.UNDER_REVIEW
    if seat.held.standing not in (after, Standing.UNDER_REVIEW):
        seat.stand(after, limit.rule.id, turn)
    seat.enforce("close_only", decision, turn)


def _judged(seat: AccountSeat, seen: Seen, doubts: tuple[Doubt, ...], turn: Turn) -> int:
    """Write the verdict with its exhibits and its working; the seq of the decision."""
    limit = seen.limit
    if limit.follows_every_tick:
        seat.write_peak(turn)
    state = seen.book(seat.held)
    cited = cite(state, seen.board, turn)
    calc = Working()
    observed = equity_of(calc, state, seen.board, cited)
    if limit.terms.measured is not Measured.EQUITY:
        balance = calc.given("balance", state.balance, "minor", state.balance_source)
        observed = measured_of(calc, limit, observed, balance)
    floor = floor_of(calc, state, limit)
    assert breaks(calc, limit.terms, observed, floor), f"{seat.name}: the working of {limit.rule.id} breaks nothing"
    verdict = Told(
        rule=limit.rule.id,
        rule_kind=kind_of(limit),
        severity="hard" if limit.hard else "soft",
        floor=state.money(int(floor)),
        observed=state.money(int(observed)),
        at_us=seen.at_us,
        late=seen.late,
        quotes=tuple(priced.seq for priced in cited.values()),
        working=tuple(calc.steps),
    )
    if doubts:
        return seat.record(BreachSuspected(**verdict, doubts=doubts), turn, seen.at_us)
    return seat.record(
        BreachDeclared(**verdict, reviewed=False, does=Action.FAIL if limit.hard else limit.does), turn, seen.at_us
    )


def kind_of(limit: Limit) -> str:
    """The name of its kind, as decisions have it."""
    return _KINDS[limit.terms.scope]


_KINDS = {Scope.DAY: "daily_loss", Scope.WEEK: "weekly_loss", Scope.CYCLE: "cycle_loss", Scope.PHASE: "maximum_loss"}


def is_reviewed(state: AccountState) -> bool:
    """Whether a person looks at every failure of the account before it is declared."""
    return isinstance(state.ruleset, Ruleset) and state.ruleset.failures_reviewed
