"""Sentences: each fact of a story as one sentence. Verdicts, days and deals are worded here, all else in `firm_sentences`."""

from collections.abc import Callable
from typing import Any

from appliance.story.firm_sentences import FIRM_SENTENCES, by_reference
from firm.arithmetic import Unit
from firm.doubt_words import DOUBTS
from firm.explain import consequence_in_words, lots_in_words, percent
from firm.facts import (
    AccountLinked,
    AccountOpened,
    AccountPaused,
    AccountRestricted,
    BreachDeclared,
    BreachSuspected,
    CashBooked,
    ChallengeAdvanced,
    ChallengeEnded,
    ChallengeHeld,
    ChallengeOpened,
    CommandAdvanced,
    CommandProbed,
    CommandQueued,
    CycleStartMoved,
    DayAnchored,
    DayOpened,
    DayStartMoved,
    DealBooked,
    DealIgnored,
    Doubt,
    DriftCleared,
    DriftFound,
    Fact,
    FlatConfirmed,
    IncidentEnded,
    IncidentExtended,
    IncidentOpened,
    LimitNeared,
    MarkTaken,
    OrderPaid,
    OrderPlaced,
    OutageAssessed,
    PassesFrozen,
    PassHeld,
    PeakReached,
    PhasePassed,
    PositionsDrifted,
    PricesReturned,
    ProgramPublished,
    QuoteUsed,
    Refusal,
    Refused,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    ScorePublished,
    StaffAdded,
    StandingChanged,
    SwapPosted,
    TraderRegistered,
    TradingDayCounted,
    VerdictCorrected,
    WeekStartMoved,
)
from firm.ids import id_text
from firm.incident_words import ANSWERS, CAUSES, NEEDED, befell_in_words, proposal_in_words, symbols_in_words
from firm.inputs import Side
from firm.pass_words import conditions_in_words, counted_by
from firm.refusal_words import REFUSALS
from firm.terms.words import Action, Consequence

_VERDICTS = (
    BreachDeclared, BreachSuspected, PhasePassed, PassHeld, VerdictCorrected, AccountPaused, AccountRestricted, DriftFound,
    PositionsDrifted, RuleBroken, RuleSuspected,
)  # fmt: skip
QUIET = (
    QuoteUsed, MarkTaken, CommandQueued, CommandAdvanced, CommandProbed, TraderRegistered, OrderPlaced, OrderPaid,
    ChallengeOpened, ChallengeAdvanced, AccountLinked, PeakReached, StaffAdded,
)  # fmt: skip
"""What a reader of a story is not told: exhibits, marks, and the steps between the firm and its platform."""


def is_verdict(fact: Fact) -> bool:
    """Whether it says that something was decided, or is in doubt, about an account."""
    return isinstance(fact, _VERDICTS)


def sentence_of(fact: Fact) -> str:
    """One sentence, without who and when."""
    tell = _SENTENCES.get(type(fact)) or FIRM_SENTENCES.get(type(fact))
    return by_reference(type(fact)) if tell is None else tell(fact)


def _judged(fact: BreachDeclared | BreachSuspected) -> str:
    return f"{fact.observed} against a floor of {fact.floor}"


def _broken(fact: BreachDeclared) -> str:
    late = ", seen by what came late" if fact.late else ""
    reviewed = ", confirmed by a person" if fact.reviewed else ""
    soft = "" if fact.severity == "hard" else " (it does not end the account)"
    return f"{fact.rule} is broken: {_judged(fact)}{late}{reviewed}{soft}"


def _suspected(fact: BreachSuspected) -> str:
    return f"{fact.rule} looks broken: {_judged(fact)}; it is not final because {_because(fact.doubts)}"


def _rule(fact: RuleBroken | RuleSuspected) -> str:
    observed, limit = (_counted(figure, fact.unit) for figure in (fact.observed, fact.limit))
    subject = f" ({fact.subject})" if fact.subject else ""
    accounts = ", ".join(f"account {id_text(account)}" for account in fact.accounts)
    together = f", held by {accounts}" if accounts else ""
    return f"{observed} against {limit}{subject}{together}"


def _follows(does: Consequence) -> str:
    """A word where a word is all of it, as rulesets have it; a sentence where there is more to say."""
    if isinstance(does, Action):
        return f"what follows: {does.value}"
    return consequence_in_words(does).rstrip(".")


def _counted(figure: int, unit: Unit) -> str:
    match unit:
        case Unit.LOTS_E8:
            return lots_in_words(figure)
        case Unit.BP:
            return percent(figure)
        case _:
            return f"{figure:,} {unit.value}"


def _won(fact: PhasePassed) -> str:
    if counted_by(fact) is not None:
        return f"{'; '.join(conditions_in_words(fact.conditions, fact.observed))}; balance {fact.observed}"
    balances = f"balance {fact.observed}, target {fact.target}"
    if fact.score is None:
        return balances
    scored = f"a score of {fact.score.published:,} on {fact.score.board}, where {fact.score.asked:,} is asked"
    return scored if fact.score.rule == fact.rule else f"{balances}, and {scored}"


def _because(doubts: tuple[Doubt, ...]) -> str:
    return "; and because ".join(DOUBTS[doubt] for doubt in doubts) or "a person must look at it"


def _deal(fact: DealBooked) -> str:
    held = f"{'long' if fact.side is Side.BUY else 'short'} {lots_in_words(fact.lots_e8)} {fact.symbol}"
    if fact.lots_e8 == 0:
        return f"position {fact.position_id} is closed with {fact.net}; balance {fact.balance}"
    brought = f" with {fact.net}" if fact.net.minor else ""
    return f"a deal is booked{brought}: position {fact.position_id} is {held}; balance {fact.balance}"


def _day(fact: DayOpened) -> str:
    provisional = "; not final yet" if fact.provisional else ""
    return f"the day of {fact.day.label} begins: balance {fact.balance}, equity {fact.equity}{provisional}"


def _anchored(fact: DayAnchored) -> str:
    marks = f"balance {fact.balance}, equity {fact.equity}"
    if fact.adjusted:
        return f"a person moves the day's start: {marks}"
    if fact.changed:
        return f"the day's start is final, moved by what came late, cash or a correction: {marks}"
    return f"the day's start is final, as it was: {marks}"


def _why(fact: Refused) -> str:
    """Where figures say more than the kind of refusal."""
    return f" ({fact.detail})" if fact.refusal is Refusal.ALLOCATION_EXCEEDED else ""


def _stood(fact: StandingChanged) -> str:
    before, after = (standing.value.replace("_", " ") for standing in (fact.before, fact.after))
    return f"now {after}, before {before} ({fact.because.replace('_', ' ')})"


_SENTENCES: dict[type[Fact], Callable[[Any], str]] = {
    AccountOpened: lambda fact: f"an account of {fact.initial} opens: {fact.phase_name}",
    StandingChanged: _stood,
    AccountPaused: lambda fact: f"{fact.rule} stops trading until the day ends",
    AccountRestricted: lambda fact: f"{fact.rule} lets nothing be opened until the day ends",
    DayOpened: _day,
    DayAnchored: _anchored,
    WeekStartMoved: lambda fact: f"the week's start moves: balance {fact.balance}, equity {fact.equity}",
    CycleStartMoved: lambda fact: f"the payout cycle's start moves: balance {fact.balance}",
    DayStartMoved: lambda fact: f"cash moves the day's start: balance {fact.balance}, equity {fact.equity}",
    TradingDayCounted: lambda fact: f"{fact.label} counts as trading day {fact.count}",
    DealBooked: _deal,
    DealIgnored: lambda fact: f"deal {fact.deal_id} is left out: {fact.why.replace('_', ' ')}",
    CashBooked: lambda fact: f"{fact.amount} is booked; balance {fact.balance}",
    SwapPosted: lambda fact: f"position {fact.position_id} has cost or brought {fact.swap} in nights",
    BreachDeclared: _broken,
    BreachSuspected: _suspected,
    RuleBroken: lambda fact: f"{fact.rule} is broken: {_rule(fact)}; {_follows(fact.does)}",
    RuleSuspected: lambda fact: (
        f"{fact.rule} looks broken: {_rule(fact)}; it is not final because {_because(fact.doubts)}"
    ),
    RuleKeptAgain: lambda fact: f"{fact.rule} is kept again{f' ({fact.subject})' if fact.subject else ''}",
    LimitNeared: lambda fact: (
        f"the trader is warned: {percent(fact.share_bp)} of {fact.rule} is used, at {fact.observed}"
    ),
    PhasePassed: lambda fact: f"the phase is passed: {_won(fact)}",
    ScorePublished: lambda fact: f"a score of {fact.score:,} on {fact.board} is published by {fact.by}: {fact.why}",
    PassHeld: lambda fact: f"the phase looks passed; it is not final because {_because(fact.doubts)}",
    VerdictCorrected: lambda fact: f"decision {fact.decision} is {fact.verdict}: {fact.because}",
    DriftFound: lambda fact: f"{fact.what} is {fact.computed} by our book and {fact.reported} by the platform's",
    DriftCleared: lambda fact: f"{fact.what} agrees with the platform's again",
    PositionsDrifted: lambda _: "the platform's positions are not ours",
    FlatConfirmed: lambda _: "the platform shows the account flat and blocked",
    ChallengeHeld: lambda fact: f"phase {fact.phase + 1} is reached, and its account waits for a person: {fact.why}",
    ChallengeEnded: lambda fact: f"the challenge is over: {fact.standing.value}",
    ProgramPublished: lambda fact: f"{fact.program.title} is on offer",
    Refused: lambda fact: f"the firm refuses: {REFUSALS[fact.refusal]}{_why(fact)}",
    IncidentOpened: lambda fact: (
        f"incident {fact.incident}: prices of {symbols_in_words(fact.symbols, fact.whole)} are missing, {CAUSES[fact.cause]}"
    ),
    IncidentExtended: lambda fact: (
        f"incident {fact.incident} goes on: prices of {symbols_in_words(fact.symbols, fact.whole)} are missing"
    ),
    PricesReturned: lambda fact: f"incident {fact.incident}: prices come again",
    IncidentEnded: lambda fact: (
        f"incident {fact.incident} is over; "
        f"{'every missing price came' if fact.filled else 'not every missing price came'} afterwards"
    ),
    PassesFrozen: lambda fact: f"nothing is passed before incident {fact.incident} is over: it {NEEDED[fact.needed]}",
    OutageAssessed: lambda fact: (
        f"in incident {fact.incident}: {befell_in_words(fact.befell)}; a limit broken without it: {ANSWERS[fact.answer]}; "
        f"proposed: {proposal_in_words(fact.proposal, fact.days)}"
    ),
}
