"""Rule grounds: how far back a decision looks in its account, and the rows of no account that a rule about conduct rests on."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from firm.explain import Decision
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    CalendarAdopted,
    DayOpened,
    MarketDaysAdopted,
    PassHeld,
    PhasePassed,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    StandingChanged,
)
from firm.inputs import DealReported, OrderReported, PositionReported, SymbolReported
from firm.kinds import Body, body_of
from firm.pass_words import counted_by
from firm.phase import Standing
from firm.rules.consistency import is_limit
from firm.ruleset import AnyRuleset, Rule, rule_named
from firm.terms.conduct import HoldingLimit, NewsSymbols, NewsWindow
from firm.terms.losses import LossLimit
from firm.terms.objectives import Consistency, FailsAt, MinimumTrades, ProfitTarget, ScoreTarget
from firm.terms.words import RuleTerm, Scope
from storage.reader import LedgerReader
from storage.readmodels.calendars import all_calendars
from storage.rows import StoredRow

SOUGHT_ROWS_MAX = 200_000  # ledger rows before a decision in which a contract or a calendar is looked for
CONTRACTS_MAX = 5_000  # reports of contracts among them

CLOCKS = frozenset({"maximum_duration", "inactivity"})

RuleFact = RuleBroken | RuleSuspected | RuleKeptAgain


def is_end_by_clock(fact: StandingChanged) -> bool:
    """Whether a clock of the phase ended the account, which is a decision by a rule."""
    return fact.after is Standing.CLOSED and fact.because in CLOCKS


def looks_back(fact: Decision | RuleFact | StandingChanged, sold: Callable[[], AnyRuleset]) -> Scope:
    """Over what of its account a decision rests: that day alone, its week, or all of it. `sold`: the account's rules.

    A rule about conduct counts strikes, trades and who breaks it already; a loss limit with several consequences counts its strikes, and
    one that is held against the marks of a rollover goes by the floor with which the day before ended. A pass may count from the start.
    """
    if isinstance(fact, RuleFact | StandingChanged):
        return Scope.PHASE
    if isinstance(fact, PhasePassed | PassHeld):
        return Scope.PHASE if counts_since_the_start(fact, sold) else Scope.DAY
    if any("/checked/" in step.source for step in fact.working):
        return Scope.PHASE
    rule = rule_named(sold(), fact.rule)
    if rule is None or not isinstance(rule.terms, LossLimit) or len(rule.terms.on_breach) == 1:
        return Scope.DAY
    return rule.terms.strikes_within


def counts_since_the_start(fact: PhasePassed | PassHeld, sold: Callable[[], AnyRuleset]) -> bool:
    """Whether a pass rests on trades, on a share that ends accounts, or on days alone: all rows are there to count them.

    By the rules that were sold, so that what a pass says of itself takes nothing away.
    """
    rules = sold().rules
    is_aimed_at = any(isinstance(rule.terms, ProfitTarget | ScoreTarget) for rule in rules)
    return counted_by(fact) is not None or not is_aimed_at or any(_counts_in_a_pass(rule) for rule in rules)


def _counts_in_a_pass(rule: Rule) -> bool:
    match rule.terms:
        case MinimumTrades():
            return rule.terms.per is Scope.PHASE
        case Consistency():
            return is_limit(rule.terms) and rule.terms.fails_at is not FailsAt.CLOSE
        case _:
            return False


def cites_each_trade(fact: Decision | RuleFact | StandingChanged, sold: Callable[[], AnyRuleset]) -> bool:
    """Whether a working cites each trade of its scope, so that those of before are rows of their own."""
    if isinstance(fact, PhasePassed | PassHeld):
        return counts_since_the_start(fact, sold)
    return isinstance(fact, RuleFact)


def begins_another_week(
    row: StoredRow, fact: Decision | RuleFact | StandingChanged, sold: Callable[[], AnyRuleset]
) -> bool:
    """Whether this DayOpened row is of an earlier calendar week than the decision: then the rows show where its week began."""
    body = body_of(row.kind, row.payload)
    if not isinstance(body, DayOpened) or not isinstance(fact, BreachDeclared | BreachSuspected):
        return False
    judged = sold().calendar.day_at(fact.at_us).label
    return _week(body.day.label) != _week(judged)


def contract_rows(
    reader: LedgerReader, terms: RuleTerm, bridge: str, bodies: Mapping[int, Body], before: int
) -> Iterator[int]:
    """The newest contract of each symbol of the account, for rules that rest on sessions or currencies."""
    of_currency = isinstance(terms, NewsWindow) and terms.symbols is NewsSymbols.CURRENCY
    if not of_currency and not isinstance(terms, HoldingLimit):
        return
    wanted = {symbol for body in bodies.values() for symbol in _symbols(body)}
    for row in reader.newest_of_kind(
        SymbolReported.__name__, before=before, among=SOUGHT_ROWS_MAX, limit=CONTRACTS_MAX
    ):
        body = body_of(row.kind, row.payload)
        if isinstance(body, SymbolReported) and body.bridge == bridge and body.spec.symbol in wanted:
            wanted.remove(body.spec.symbol)
            yield row.seq
        if not wanted:
            return


def calendar_row(reader: LedgerReader, terms: RuleTerm, fact: RuleFact, before: int) -> Iterator[int]:
    """The row with the very calendar, of news or of market days, whose version a breach names.

    A rule that is kept again names none: then it is the newest of the market days that the rule goes by.
    """
    of_days = isinstance(terms, HoldingLimit)
    name = terms.calendar if isinstance(terms, HoldingLimit) else None
    version = "" if isinstance(fact, RuleKeptAgain) else fact.calendar
    if not version and (name is None or not isinstance(fact, RuleKeptAgain)):
        return
    kind = (MarketDaysAdopted if of_days else CalendarAdopted).__name__
    for row in reader.newest_of_kind(kind, before=before, among=SOUGHT_ROWS_MAX, limit=CONTRACTS_MAX):
        if _is_meant(row, name, version):
            yield row.seq
            return
    with reader.connection() as book:
        lines = [line for line in all_calendars(book) if line.seq < before]
    yield from (line.seq for line in lines if (line.version == version if version else line.calendar == name))


def _is_meant(row: StoredRow, name: str | None, version: str) -> bool:
    if version:
        return version in row.payload[:100].decode("utf-8", "replace")
    body = body_of(row.kind, row.payload)
    return isinstance(body, MarketDaysAdopted) and body.days.name == name


def rests_besides(
    fact: Decision | RuleFact | StandingChanged, ruleset: AnyRuleset, bodies: Mapping[int, Body], decision: int
) -> Iterator[str]:
    """Which rows a breach rests on that no figure of its working names: strikes, and the calendar of news."""
    if not isinstance(fact, BreachDeclared | RuleBroken | RuleSuspected):
        return
    rule = rule_named(ruleset, fact.rule)
    if rule is not None and len(getattr(rule.terms, "on_breach", ())) > 1:
        before = ((seq, body) for seq, body in sorted(bodies.items()) if seq < decision)
        struck = [
            str(seq) for seq, body in before if isinstance(body, BreachDeclared | RuleBroken) and body.rule == fact.rule
        ]
        if struck:
            within = f"what a breach does goes by how often, within the {_within(rule.terms)}"
            yield f"The rule was broken before in ledger rows {', '.join(struck)}; {within}."
    version = "" if isinstance(fact, BreachDeclared) else fact.calendar
    for seq, body in bodies.items():
        if isinstance(body, CalendarAdopted | MarketDaysAdopted) and body.version == version:
            of = (
                "calendar of news that it goes by is"
                if isinstance(body, CalendarAdopted)
                else "market days that it goes by are"
            )
            yield f"The {of} in ledger row {seq}, version {version}."
            return


def _within(terms: RuleTerm) -> str:
    return str(getattr(terms, "strikes_within", Scope.PHASE))


def _symbols(body: Body) -> Iterator[str]:
    match body:
        case DealReported() | PositionReported() | OrderReported():
            yield body.symbol
        case DayOpened():
            yield from (held.symbol for held in body.positions)
        case _:
            return


def _week(label: str) -> tuple[int, int]:
    return date.fromisoformat(label).isocalendar()[:2]
