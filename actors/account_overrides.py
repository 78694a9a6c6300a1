"""The account and exceptions from its rules: what may be granted, by how many, and what follows from it.

Nothing is edited: an exception is a row, and what it changes is in rows of its own, each of a kind that there is anyway.
"""

from typing import assert_never

from msgspec.structs import replace

from actors import account_conduct as conduct
from actors.account_day import open_positions
from actors.account_days import close_day
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.messages import AskReopening
from actors.names import order_desk
from firm.bounds import (
    AMOUNT_MINOR_MAX,
    EXTENDED_DAYS_MAX,
    OVERRIDE_ASKED_DAYS,
    OVERRIDE_WORDS_MAX,
    REINSTATED_DAYS_MAX,
    WAIVED_DAYS_MAX,
)
from firm.commands import GrantOverride, is_named
from firm.facts import (
    DayAnchored,
    DayOpened,
    HighMoved,
    OverrideAsked,
    OverrideGranted,
    Refusal,
    Refused,
    VerdictCorrected,
)
from firm.instant import DAY_US, utc_text
from firm.needs import follows_prices, locking_keys, needs_of, trailed_keys
from firm.overrides import AdjustMark, AskedOverride, ExtendPhase, Mark, Reinstate, WaiveRule
from firm.phase import JUDGED, Standing
from firm.ruleset import Ruleset, term_named
from firm.terms.losses import LossLimit
from firm.terms.objectives import Inactivity, MaximumDuration
from firm.track import HighKey

_Clock = MaximumDuration | Inactivity


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
    asked = asked_before(seat, command, turn.header.happened_us)
    by_two = _wants_two(seat)
    wanted, why, evidence = command.override, command.why, command.evidence
    if by_two and asked is None:
        seat.record(OverrideAsked(override=wanted, by=command.by, why=why, evidence=evidence), turn)
    elif by_two and asked is not None and asked.by == command.by:
        detail = f"{asked.by} asked for it in row {asked.seq}: a second person must grant it"
        seat.record(Refused(refusal=Refusal.SAME_PERSON_TWICE, detail=detail), turn)
    else:
        granted = OverrideGranted(override=wanted, by=(command.by,), why=why, evidence=evidence)
        if by_two and asked is not None:
            first = {"asked_why": asked.why, "asked_evidence": asked.evidence}
            granted = replace(granted, by=(asked.by, command.by), **first)
        _carry_out(seat, granted, turn)
        seat.watch(turn)


def _wants_two(seat: AccountSeat) -> bool:
    return isinstance(seat.held.ruleset, Ruleset) and seat.held.ruleset.overrides_by_two


def asked_before(seat: AccountSeat, command: GrantOverride, now_us: int) -> AskedOverride | None:
    """The same exception, asked for not too long ago."""
    oldest_us = now_us - OVERRIDE_ASKED_DAYS * DAY_US
    asked = seat.held.overrides.asked
    named = (one for one in asked if is_named(one.by))  # who has no name may be the very person who agrees
    return next((one for one in named if one.override == command.override and one.at_us >= oldest_us), None)


# --- what is refused ---


def _why_not(seat: AccountSeat, command: GrantOverride, turn: Turn) -> Refused | None:
    if seat.state is None:
        return Refused(refusal=Refusal.UNKNOWN_ACCOUNT, detail=f"no account {command.account}")
    for name, text in (("why", command.why), ("evidence", command.evidence)):
        if not text.strip() or len(text) > OVERRIDE_WORDS_MAX:
            detail = f"{name}: say it in 1 to {OVERRIDE_WORDS_MAX} characters; this has {len(text.strip())}"
            return Refused(refusal=Refusal.REASON_MISSING, detail=detail)
    wanted = command.override
    if _wants_two(seat) and not is_named(command.by):
        detail = f"these rules want two people, and {command.by} says not who asks: do it on the account's page"
        return Refused(refusal=Refusal.NAME_MISSING, detail=detail)
    if isinstance(wanted, Reinstate):
        return _why_not_reinstate(seat, wanted, turn)
    if seat.held.standing not in JUDGED or seat.held.day is None:
        detail = f"the account is {seat.held.standing}: only one that is judged has rules to make an exception from"
        return Refused(refusal=Refusal.ACCOUNT_NOT_RUNNING, detail=detail)
    match wanted:
        case WaiveRule():
            return _why_not_waive(seat, wanted, turn.header.happened_us)
        case ExtendPhase():
            return _why_not_extend(seat, wanted)
        case AdjustMark():
            return _why_not_adjust(seat, wanted)
        case unknown:
            assert_never(unknown)


def _why_not_reinstate(seat: AccountSeat, wanted: Reinstate, turn: Turn) -> Refused | None:
    state = seat.held
    if state.standing is not Standing.BREACHED or state.finding_of(wanted.decision) is None:
        detail = f"decision {wanted.decision} is no breach by which this account is closed: name the one that is"
        return Refused(refusal=Refusal.NOT_BREACHED, detail=detail)
    if state.day is None or _now_us(seat, turn) - state.day.day.end_us > REINSTATED_DAYS_MAX * DAY_US:
        detail = f"it was closed more than {REINSTATED_DAYS_MAX} days ago: give the trader another account instead"
        return Refused(refusal=Refusal.TOO_LONG_AGO, detail=detail)
    return None


def _why_not_waive(seat: AccountSeat, wanted: WaiveRule, now_us: int) -> Refused | None:
    terms = term_named(seat.held.ruleset, wanted.rule)
    if terms is None:
        names = ", ".join(rule.id for rule in seat.held.ruleset.rules)
        return Refused(
            refusal=Refusal.UNKNOWN_RULE, detail=f"{wanted.rule!r} is no rule of this account: it has {names}"
        )
    if not isinstance(terms, LossLimit | _Clock) and conduct.rule_named(seat, wanted.rule) is None:
        detail = f"{wanted.rule} is nothing that an account breaks while it trades: there is nothing to waive"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    if not now_us < wanted.until_us <= now_us + WAIVED_DAYS_MAX * DAY_US:
        detail = f"until {utc_text(wanted.until_us)}: name an instant within the next {WAIVED_DAYS_MAX} days"
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
    return None


def _why_not_extend(seat: AccountSeat, wanted: ExtendPhase) -> Refused | None:
    if not any(isinstance(rule.terms, _Clock) for rule in seat.held.ruleset.rules):
        detail = "no clock ends this phase: there is nothing to extend"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    left = EXTENDED_DAYS_MAX - seat.held.overrides.days
    if not 1 <= wanted.days <= left:
        detail = f"{wanted.days} days: name 1 to {left}, as a phase is extended by {EXTENDED_DAYS_MAX} days at most"
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
    return None


def _why_not_adjust(seat: AccountSeat, wanted: AdjustMark) -> Refused | None:
    state = seat.held
    if abs(wanted.minor) > AMOUNT_MINOR_MAX:
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=f"no account holds as much as {state.money(wanted.minor)}")
    if wanted.mark is not Mark.HIGH:
        if state.closing is None:
            return None
        detail = "the day's start is not final yet: adjust it when it is"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    if term_named(state.ruleset, wanted.rule) is None:
        detail = f"{wanted.rule!r} is no rule of this account: name one whose floor follows a high"
        return Refused(refusal=Refusal.UNKNOWN_RULE, detail=detail)
    if not _highs(seat, wanted.rule):
        detail = f"the floor of {wanted.rule} follows no high of bookings or rollovers: waive it instead"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    return None


def _highs(seat: AccountSeat, rule: str) -> list[HighKey]:
    """The highs that a rule's floor follows; none where prices bring new ones at any time."""
    terms = term_named(seat.held.ruleset, rule)
    if not isinstance(terms, LossLimit) or follows_prices(terms):
        return []
    return [*trailed_keys(terms, peak_of_day=needs_of(seat.held.ruleset).peak_of_day), *locking_keys(terms)]


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
    state = seat.held
    assert state.day is not None
    if wanted.mark is Mark.HIGH:
        for key in _highs(seat, wanted.rule):
            high = state.money(wanted.minor)
            seat.record(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=high), turn)
        return
    balance = wanted.minor if wanted.mark is Mark.DAY_BALANCE else state.day.balance
    equity = wanted.minor if wanted.mark is Mark.DAY_EQUITY else state.day.equity
    anchored = DayAnchored(
        day=state.day.day,
        balance=state.money(balance),
        equity=state.money(equity),
        changed=True,
        priced=state.day.priced,
    )
    seat.record(anchored, turn)
