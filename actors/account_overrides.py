"""The account and exceptions from its rules: what may be granted, by how many, and what follows from it.

Nothing is edited: an exception is a row, and what it changes is in rows of its own, each of a kind that there is anyway.
"""

from typing import assert_never

from msgspec.structs import replace

from actors.account_day import open_positions
from actors.account_days import close_day
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.messages import AskReopening
from actors.names import order_desk
from firm.bounds import OVERRIDE_ASKED_DAYS, OVERRIDE_WORDS_MAX
from firm.commands import GrantOverride, is_named
from firm.facts import (
    DayOpened,
    OverrideAsked,
    OverrideGranted,
    Refusal,
    Refused,
    VerdictCorrected,
)
from firm.grantable import why_not
from firm.instant import DAY_US
from firm.override_effects import floors_set, rows_of_adjustment
from firm.overrides import AdjustMark, AskedOverride, ExtendPhase, Reinstate, WaiveRule
from firm.permissions import MEANS, Permission
from firm.ruleset import Ruleset


def override(seat: AccountSeat, command: GrantOverride, turn: Turn) -> None:
    """Somebody wants an exception. What cannot be granted is refused before anybody is asked to agree to it."""
    no = _why_not(seat, command, turn)
    if no is not None:
        seat.record(no, turn)
    elif isinstance(command.override, Reinstate):
        turn.send(order_desk(seat.held.challenge), AskReopening(account=seat.account, command=command))
    else:
        grant(seat, command, turn)


def grant(seat: AccountSeat, command: GrantOverride, turn: Turn) -> None:
    """Nothing stands against it: carry it out, or note that a second person has to agree."""
    asked = asked_before(seat, command, turn)
    by_two = _wants_two(seat)
    wanted, why, evidence = command.override, command.why, command.evidence
    agrees = by_two and asked is not None and asked.by != command.by
    needed = Permission.AGREE_TO_OVERRIDES if agrees else Permission.GRANT_OVERRIDES
    if not turn.holds(command.by, needed):
        detail = f"{command.by} may not {MEANS[needed]}"
        seat.record(Refused(refusal=Refusal.NOT_PERMITTED, detail=detail), turn)
    elif by_two and asked is None:
        seat.record(OverrideAsked(override=wanted, by=command.by, why=why, evidence=evidence), turn)
    elif by_two and asked is not None and asked.by == command.by:
        detail = f"{asked.by} asked for it in row {asked.seq}: a second person must grant it"
        seat.record(Refused(refusal=Refusal.SAME_PERSON_TWICE, detail=detail), turn)
    else:
        floors = floors_set(seat.held, wanted)
        granted = OverrideGranted(override=wanted, by=(command.by,), why=why, evidence=evidence, floors=floors)
        if by_two and asked is not None:
            first = {"asked_why": asked.why, "asked_evidence": asked.evidence}
            granted = replace(granted, by=(asked.by, command.by), **first)
        _carry_out(seat, granted, turn)
        seat.watch(turn)


def _wants_two(seat: AccountSeat) -> bool:
    return isinstance(seat.held.ruleset, Ruleset) and seat.held.ruleset.overrides_by_two


def asked_before(seat: AccountSeat, command: GrantOverride, turn: Turn) -> AskedOverride | None:
    """The same exception, asked for not too long ago, by somebody who may still ask for it."""
    oldest_us = turn.header.happened_us - OVERRIDE_ASKED_DAYS * DAY_US
    alike = (one for one in seat.held.overrides.asked if one.override == command.override and one.at_us >= oldest_us)
    return next((one for one in alike if _still_asks(one.by, turn)), None)


def _still_asks(by: str, turn: Turn) -> bool:
    """Who has no name may be the very person who agrees, and who was let go since is none of the firm's two people."""
    return is_named(by) and turn.holds(by, Permission.GRANT_OVERRIDES)


# --- what is refused ---


def _why_not(seat: AccountSeat, command: GrantOverride, turn: Turn) -> Refused | None:
    if seat.state is None:
        return Refused(refusal=Refusal.UNKNOWN_ACCOUNT, detail=f"no account {command.account}")
    for name, text in (("why", command.why), ("evidence", command.evidence)):
        if not text.strip() or len(text) > OVERRIDE_WORDS_MAX:
            detail = f"{name}: say it in 1 to {OVERRIDE_WORDS_MAX} characters; this has {len(text.strip())}"
            return Refused(refusal=Refusal.REASON_MISSING, detail=detail)
    if _wants_two(seat) and not is_named(command.by):
        detail = f"these rules want two people, and {command.by} says not who asks: do it on the account's page"
        return Refused(refusal=Refusal.NAME_MISSING, detail=detail)
    equity = seat.equity_now(turn.market(seat.held.bridge))
    return why_not(seat.held, command.override, equity, turn.header.happened_us, _now_us(seat, turn))


# --- what follows ---


def _carry_out(seat: AccountSeat, granted: OverrideGranted, turn: Turn) -> None:
    seat.record(granted, turn)
    match granted.override:
        case Reinstate():
            _reinstate(seat, granted.override.decision, granted, turn)
        case AdjustMark():
            _adjust(seat, granted.override, turn)
        case WaiveRule() | ExtendPhase():
            return  # the row itself is what the rules are read with
        case unknown:
            assert_never(unknown)


def _reinstate(seat: AccountSeat, decision: int, granted: OverrideGranted, turn: Turn) -> None:
    """What was closed stays closed. The account goes on from its balance, in the running day."""
    because = f"{' and '.join(granted.by)}: {granted.reasons}"
    seat.record(VerdictCorrected(decision=decision, verdict="overridden", because=because), turn)
    _begin_days(seat, turn)
    seat.stand(seat.held.running, "reinstated", turn)
    seat.enforce("release", decision, turn)


def _begin_days(seat: AccountSeat, turn: Turn) -> None:
    """The days that went by while the account was closed: nothing was looked at in them, but one follows the other."""
    calendar, now_us = seat.held.ruleset.calendar, _now_us(seat, turn)
    while (day := seat.held.day) is not None and day.day.end_us <= now_us:
        at_us, board = day.day.end_us, seat.board(turn)
        close_day(seat, board, None, turn)
        state = seat.held
        opened = DayOpened(
            day=calendar.day_at(at_us),
            balance=state.money(state.balance),
            equity=state.money(state.balance),
            positions=open_positions(state),
            quotes=(),
            provisional=False,
            priced=not state.positions,
        )
        seat.record(opened, turn, at_us)


def _now_us(seat: AccountSeat, turn: Turn) -> int:
    return max(turn.header.happened_us, turn.market(seat.held.bridge).latest_us)


def _adjust(seat: AccountSeat, wanted: AdjustMark, turn: Turn) -> None:
    """By the row that says it of every other cause too. What is measured from the mark moves at the next look."""
    for row in rows_of_adjustment(seat.held, wanted):
        seat.record(row, turn)
