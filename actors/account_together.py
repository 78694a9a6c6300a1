"""The account and its trader's other accounts: it tells the trader's desk what changed of what it holds, and acts on what that desk found.

Only where a rule across accounts asks for it: nothing of this is on the way of a price. What the account's own rules say of a deal
comes first, then what all accounts say of it together. A phase is never won by a deal, only by the platform's word that comes after it.
"""

from typing import assert_never

from actors import account_conduct as conduct
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.messages import HoldingsChanged, TogetherAsked, TogetherBroken, TogetherKept
from actors.names import trader_desk
from firm.account import Position
from firm.arithmetic import Working
from firm.facts import Doubt, RuleKeptAgain, VerdictCorrected
from firm.ids import parse_id
from firm.phase import JUDGED, Standing
from firm.rules.across_accounts import judge_across_accounts
from firm.rules.consequences import consequence_of

FromTrader = TogetherBroken | TogetherKept | TogetherAsked


def tell_change(seat: AccountSeat, before: tuple[Position, ...], corrected_us: int, turn: Turn) -> None:
    """It may hold something else than `before`, which its trader's desk is told where a rule asks what all accounts hold together.

    `corrected_us`: when a deal was made that reads otherwise now; 0 where none does. What is held now may be the same with it.
    """
    now = seat.held.positions
    if not corrected_us and (now is before or _lots(now) == _lots(before)):
        return
    if turn.platforms_together(seat.held.trader):
        changed = HoldingsChanged(account=seat.account, at_us=corrected_us or turn.at_us, dealt=True)
        turn.send(trader_desk(seat.held.trader), changed)


def _lots(positions: tuple[Position, ...]) -> list[tuple[str, str, str, int]]:
    return [(one.position_id, one.symbol, one.side, one.lots_e8) for one in positions]


def tell_minute(seat: AccountSeat, at_us: int, turn: Turn) -> None:
    """A platform may have been behind when it was looked at: where accounts are on several, they are looked at by the minute."""
    state = seat.held
    if state.positions and turn.platforms_together(state.trader) > 1:
        turn.send(trader_desk(state.trader), HoldingsChanged(account=seat.account, at_us=at_us, dealt=False))


def take_from_trader(seat: AccountSeat, message: FromTrader, turn: Turn) -> None:
    """What the trader's desk found."""
    match message:
        case TogetherBroken():
            _break(seat, message, turn)
        case TogetherKept():
            _keep_again(seat, message, turn)
        case TogetherAsked():
            _ask_anew(seat, message, turn)
        case unknown:
            assert_never(unknown)


def _break(seat: AccountSeat, message: TogetherBroken, turn: Turn) -> None:
    """It may have been told before, or have ended meanwhile."""
    state, rule = seat.held, conduct.rule_named(seat, message.rule)
    assert rule is not None, f"{seat.name} has no rule {message.rule}"
    is_known = message.together.subject in conduct.subjects_known(state, rule)
    if state.standing not in JUDGED or is_known or conduct.is_let_off(state, rule, message.at_us):
        return
    does = consequence_of(state, rule.id, conduct.striking(rule))
    breach = conduct.broken_together(rule, message.together, does, message.at_us)
    if breach is not None:
        conduct.act_on(seat, breach, turn)
        seat.watch(turn)


def _keep_again(seat: AccountSeat, message: TogetherKept, turn: Turn) -> None:
    rule, together = conduct.rule_named(seat, message.rule), message.together
    assert rule is not None, f"{seat.name} has no rule {message.rule}"
    if message.subject not in conduct.subjects_known(seat.held, rule):
        return
    calc, holding = Working(), () if together is None else together.accounts
    if together is not None and holding:
        judge_across_accounts(calc, rule, together.program, holding, subject=message.subject)
    accounts = tuple(parse_id(one.account) for one in holding)
    fact = RuleKeptAgain(rule=rule.id, subject=message.subject, working=tuple(calc.steps), accounts=accounts)
    seat.record(fact, turn)


def _ask_anew(seat: AccountSeat, message: TogetherAsked, turn: Turn) -> None:
    """Put the breach before a person where it is none with what came late, or take the question back where it is one again."""
    finding = seat.held.finding_of(message.decision)
    if finding is None or finding.questioned is not bool(message.broken):
        return
    verdict = "withdrawn" if message.broken else "questioned"
    seat.record(VerdictCorrected(decision=message.decision, verdict=verdict, because=message.because), turn)
    if seat.held.standing is Standing.SUSPECTED:
        seat.stand(Standing.UNDER_REVIEW, Doubt.LATE_DATA.value, turn)
    seat.watch(turn)
