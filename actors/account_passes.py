"""The account's passes: asked for with each report, held while anything is in doubt, and given once the risk desk lets it.

What stands in its place where a share of the profit is too large that ends the account: that is looked at just here.
"""

from typing import TypedDict

from actors import account_conduct as conduct
from actors.account_doubts import OF_PRICES, price_doubts
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.messages import AskPass
from actors.names import RISK, trader_desk
from firm.account import AccountState
from firm.arithmetic import PLAIN, Figure, Step, Working
from firm.equity import equity_of, unpriced
from firm.facts import ConditionMet, Doubt, PassHeld, PhasePassed, ScoreMet
from firm.money import Money
from firm.phase import Standing
from firm.rules.consistency_limit import (
    condition_of,
    conditions_met,
    is_history_cut,
    pass_grounds,
    shares_at_target,
)
from firm.rules.winning import Moment, equity_targets, score_of, score_targets, target_of, told_by, won
from firm.terms.words import Frequency


class _Told(TypedDict):
    """What a pass that is given and one that is held have in common."""

    rule: str
    target: Money
    observed: Money
    working: tuple[Step, ...]
    score: ScoreMet | None
    conditions: tuple[ConditionMet, ...]


def ask_to_win(seat: AccountSeat, at_us: int, turn: Turn) -> None:
    """All objectives met? A pass needs the platform's own balance, and nothing in doubt."""
    state = seat.held
    if state.standing is not Standing.ACTIVE or state.reconciled_seq < state.last_trade_seq:
        return
    if (
        _fails_instead(seat, at_us, turn)
        or seat.is_barred(at_us)
        or not won(PLAIN, state, moment_of(seat, at_us, turn))
    ):
        return
    doubts = _pass_doubts(state, at_us, turn)
    if doubts:
        hold_pass(seat, doubts, at_us, turn)
    else:
        turn.send(RISK, AskPass(account=seat.account, at_us=at_us))


def is_won(seat: AccountSeat, at_us: int, turn: Turn) -> bool:
    """Whether a person may let it pass now: all is met, and no share is too large that would end the account."""
    return won(PLAIN, seat.held, moment_of(seat, at_us, turn)) and not any(
        conduct.breaks_anew(seat, rule, at_us, turn) for rule in shares_at_target(seat.held.ruleset)
    )


def win(seat: AccountSeat, at_us: int, turn: Turn) -> None:
    """The phase is passed; the platform account is flattened and the challenge moves on."""
    state = seat.held
    if state.standing in (Standing.PASSED, Standing.CLOSED, Standing.BREACHED):
        return
    moment = moment_of(seat, at_us, turn)
    assert won(PLAIN, state, moment), f"{seat.name} was let pass without having won"
    decision = seat.record(PhasePassed(**_told(state, moment), trading_days=state.days_traded), turn)
    seat.enforce("flatten", decision, turn)
    seat.stand(Standing.PASSED, "objectives_met", turn)


def hold_pass(seat: AccountSeat, doubts: tuple[Doubt, ...], at_us: int, turn: Turn) -> None:
    """Say once that a pass is held, and why; it is asked again with each report."""
    state = seat.held
    if not state.pass_held_seq:
        seat.record(PassHeld(**_told(state, moment_of(seat, at_us, turn)), doubts=doubts), turn)


def moment_of(seat: AccountSeat, at_us: int, turn: Turn) -> Moment:
    """When objectives are looked at, with the equity at the board's prices where one asks for it and all are known."""
    state, board = seat.held, seat.board(turn)
    if not equity_targets(state.ruleset) or unpriced(state, board):
        return Moment(at_us)
    return Moment(at_us, Figure(equity_of(PLAIN, state, board), ""))


def _told(state: AccountState, moment: Moment) -> _Told:
    calc = Working()
    grounds = pass_grounds(calc, state, moment)
    return _Told(
        rule=told_by(state.ruleset).id,
        target=state.money(target_of(state) or 0),
        observed=state.money(state.balance),
        working=tuple(calc.steps),
        score=_score_met(state),
        conditions=tuple(condition_of(rule, answer) for rule, answer in conditions_met(grounds)),
    )


def _score_met(state: AccountState) -> ScoreMet | None:
    """The score that the phase asks for besides or instead of money, with what was published; None where it asks for none."""
    for rule, terms in score_targets(state.ruleset):
        published = score_of(state, terms.board)
        assert published is not None, f"{rule.id} is met by a score that nobody published"
        return ScoreMet(rule=rule.id, board=terms.board, published=published.value, asked=terms.score_min)
    return None


def _pass_doubts(state: AccountState, at_us: int, turn: Turn) -> tuple[Doubt, ...]:
    doubts = price_doubts(state, at_us, turn)
    if state.drifting:
        doubts.add(Doubt.DRIFT)
    if turn.platforms_together(state.trader) and turn.is_stopped(trader_desk(state.trader)):
        doubts.add(Doubt.DESK_STOPPED)
    if state.outages:
        doubts.add(Doubt.FEED_OUTAGE)
    if is_history_cut(state):
        doubts.add(Doubt.HISTORY_CUT)
    return tuple(doubt for doubt in Doubt if doubt in doubts)


# --- shares that end the account in place of a pass ---


def _fails_instead(seat: AccountSeat, at_us: int, turn: Turn) -> bool:
    """Whether a share is too large where all else is met. Prices in doubt cannot tell that equity has reached a target: then it waits."""
    state = seat.held
    if not shares_at_target(state.ruleset) or _is_unknown(seat, turn):
        return False
    equity = conduct.equity_or_balance(seat, turn)
    broken = conduct.gravest_first(conduct.look_at(seat, (Frequency.REQUEST,), equity, at_us, turn))
    waits = equity_targets(state.ruleset) and OF_PRICES & price_doubts(state, at_us, turn)
    if broken and not waits:
        conduct.act_on(seat, broken[0], turn)
    return bool(broken)


def _is_unknown(seat: AccountSeat, turn: Turn) -> bool:
    """Whether equity must reach a target, and cannot be priced."""
    return bool(equity_targets(seat.held.ruleset)) and unpriced(seat.held, seat.board(turn))
