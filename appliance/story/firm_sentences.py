"""Firm sentences: what a story tells beside verdicts: desks, bridges, switches, people's exceptions, days that end and marks that move.

A kind of fact that is in no table is told by the first sentence of its entry in docs/reference.md.
"""

import inspect
from collections.abc import Callable
from typing import Any, assert_never

from firm import facts as f
from firm.explain import lots_in_words
from firm.ids import id_text
from firm.inputs import Side
from firm.instant import SECOND_US, utc_text
from firm.overrides import AdjustMark, ExtendPhase, Override, Reinstate, WaiveRule
from firm.permissions import scope_words
from firm.regions import region_words


def by_reference(kind: type[f.Fact]) -> str:
    """What such a fact says, without figures of its own."""
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split()).partition(". ")[0].rstrip(".")
    assert text, f"{kind.__name__} says nowhere what it is"
    return text[:1].lower() + text[1:]


def _closed(fact: f.DayClosed) -> str:
    open_loss = f", {fact.open_loss} of it still open" if fact.open_loss.minor else ""
    changed = "not priced" if fact.equity is None else f"changed by {fact.equity}"
    traded = f"{_many(fact.openings, 'opening')} and {_many(fact.closings, 'closing')}"
    lots = f", {lots_in_words(fact.lots_opened_e8)} opened" if fact.lots_opened_e8 else ""
    return f"the day of {fact.label} ends: closed with {fact.closed}{open_loss}, equity {changed}, {traded}{lots}"


def _corrected(fact: f.DealCorrected) -> str:
    if fact.deleted:
        return f"the platform takes deal {fact.deal_id} back; balance {fact.balance}"
    return f"the platform corrects deal {fact.deal_id}: it brought {fact.net}; balance {fact.balance}"


def _restated(fact: f.PositionRestated) -> str:
    way = "long" if fact.side is Side.BUY else "short"
    return f"after a correction position {fact.position_id} is {way} {lots_in_words(fact.lots_e8)} {fact.symbol}"


def _exception(override: Override) -> str:
    match override:
        case Reinstate():
            return "the account is reinstated"
        case WaiveRule():
            return f"{override.rule} is waived until {utc_text(override.until_us)}"
        case ExtendPhase():
            return f"the phase is longer by {_many(override.days, 'day')}"
        case AdjustMark():
            return f"a mark is adjusted: {override.mark.value.replace('_', ' ')}"
        case unknown:
            assert_never(unknown)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _parked(fact: f.MessageParked) -> str:
    return f"a message to desk {fact.desk} waits until it goes on: {fact.message_kind}"


FIRM_SENTENCES: dict[type[f.Fact], Callable[[Any], str]] = {
    f.DeskStopped: lambda fact: f"desk {fact.desk} is stopped by what it could not decide: {fact.exception}",
    f.InputRejected: lambda fact: f"what came cannot be taken in, and changes nothing: {fact.exception}",
    f.MessageParked: _parked,
    f.DeskResumed: lambda fact: f"desk {fact.desk} goes on; {_many(fact.parked, 'message')} had waited",
    f.QuotesRefused: lambda fact: f"{_many(len(fact.refused), 'price')} of {fact.bridge} cannot be read",
    f.SanityBandLeft: lambda fact: f"a price of {fact.symbol} is too far from the last one to decide a failure",
    f.BridgeEnrolled: lambda fact: f"bridge {fact.bridge} is enrolled: {fact.mode.value}",
    f.BridgeRevoked: lambda fact: f"bridge {fact.bridge} is enrolled no more",
    f.BridgeModeChanged: lambda fact: f"bridge {fact.bridge} is now to {fact.mode.value}",
    f.StaffAdded: lambda fact: f"somebody joins the staff as {fact.role}",
    f.StaffRoleSet: lambda fact: f"somebody of the staff is {fact.role} from now on: {fact.why}",
    f.StaffScopeSet: lambda fact: f"somebody of the staff works on {scope_words(fact.scope)} from now on: {fact.why}",
    f.StaffLeft: lambda fact: f"somebody leaves the staff: {fact.why}",
    f.RoleDefined: lambda fact: f"the role {fact.role} holds {_many(len(fact.permissions), 'permission')}: {fact.why}",
    f.RoleRetired: lambda fact: f"the role {fact.role} is no more: {fact.why}",
    f.ApiKeyIssued: lambda fact: f"a machine has the key {fact.name}: {fact.why}",
    f.ApiKeyRotated: lambda fact: f"key {id_text(fact.follower)} follows key {id_text(fact.key)}",
    f.ApiKeyRevoked: lambda fact: f"key {id_text(fact.key)} is good no more: {fact.why}",
    f.ProgramRetired: lambda fact: f"{fact.program} is on offer no more: {fact.why}",
    f.CalendarAdopted: lambda fact: f"calendar {fact.calendar.name} counts from now on, version {fact.version[:12]}",
    f.OrderPlaced: lambda fact: f"{fact.program.title} is ordered for {fact.price}",
    f.OrderPaid: lambda fact: f"order {id_text(fact.order)} is paid",
    f.ChallengeOpened: lambda fact: f"a challenge of {fact.program} begins",
    f.ChallengeAdvanced: lambda fact: f"the challenge is in its phase {fact.phase + 1}",
    f.ChallengeReopened: lambda _: "the challenge goes on",
    f.TraderRegistered: lambda _: "a trader is registered",
    f.TraderPlaced: lambda fact: f"a trader is in {region_words(fact.region)} from now on",
    f.AccountLinked: lambda fact: f"the platform calls the account {fact.login}",
    f.PeakDoubted: lambda fact: f"the high of {fact.equity} is in doubt",
    f.PeakReached: lambda fact: f"equity has been at {fact.equity} at its highest",
    f.RolloverHighMoved: lambda fact: f"the high at the day's end is now {fact.high}",
    f.HighMoved: lambda fact: f"the high that a limit follows is now {fact.high}",
    f.DayClosed: _closed,
    f.MarkTaken: lambda fact: f"balance {fact.balance}, equity {fact.equity}",
    f.TradingDayUncounted: lambda fact: f"{fact.label} counts no more; {_many(fact.count, 'trading day')} are left",
    f.DealCorrected: _corrected,
    f.PayoutBooked: lambda fact: (
        f"payout {fact.number} takes {fact.profit} of profit, of which {fact.paid} is paid; balance {fact.balance}"
    ),
    f.DividendBooked: lambda fact: f"a dividend of {fact.amount} is booked; balance {fact.balance}",
    f.PositionRestated: _restated,
    f.OverrideAsked: lambda fact: f"{fact.by} asks for an exception: {_exception(fact.override)}; {fact.why}",
    f.OverrideGranted: lambda fact: (
        f"{' and '.join(fact.by)} grant an exception: {_exception(fact.override)}; {fact.why}"
    ),
    f.RuleKeptAgain: lambda fact: f"{fact.rule} is kept again{f' ({fact.subject})' if fact.subject else ''}",
    f.ProfitExcluded: lambda fact: (
        f"{fact.rule} takes {fact.profit} from what counts of position {fact.position_id}; {fact.total} in all"
    ),
    f.TargetReached: lambda fact: f"{fact.rule} is reached at {fact.observed}, and must be held",
    f.TargetLeft: lambda fact: f"{fact.rule} is left again at {fact.observed}",
    f.ContractChanged: lambda fact: f"the platform's contract of {fact.symbol} is another",
    f.QuoteUsed: lambda fact: f"a price of {fact.symbol} is kept, because a decision rests on it",
    f.CommandQueued: lambda fact: f"the platform is told to {fact.action.replace('_', ' ')}",
    f.CommandAdvanced: lambda fact: f"a command to the platform is {fact.state.value.replace('_', ' ')}",
    f.CommandProbed: lambda fact: f"the platform is asked what became of a command, for the {fact.attempt}. time",
    f.CommandWithheld: lambda fact: (
        f"the platform is not told to {fact.action.replace('_', ' ')}: {fact.because.replace('_', ' ')}"
    ),
    f.BreakerTripped: lambda fact: (
        f"automatic failures stop: {fact.failures} of {_many(fact.accounts, 'account')} "
        f"within {fact.window_us // SECOND_US} s"
    ),
    f.BreakerReset: lambda fact: f"automatic failures go on: {fact.why}",
    f.KillSwitchEngaged: lambda fact: f"{fact.by} stops {fact.switch.value}: {fact.why}",
    f.KillSwitchReleaseAsked: lambda fact: f"{fact.by} asks to let {fact.switch.value} go on: {fact.why}",
    f.KillSwitchReleased: lambda fact: f"{' and '.join(fact.by)} let {fact.switch.value} go on: {fact.why}",
}
