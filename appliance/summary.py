"""Summary: what happened in a firm so far, read from its ledger: passes, breaches, commands, and what the book holds."""

import json
from collections import Counter
from pathlib import Path

import msgspec

from actors.recovery import all_rows
from appliance.wording import counted
from firm.explain import measured_in_words
from firm.facts import (
    AccountOpened,
    BreachDeclared,
    BreachSuspected,
    CommandAdvanced,
    CommandQueued,
    FlatConfirmed,
    PhasePassed,
    RuleBroken,
    RuleSuspected,
    StandingChanged,
)
from firm.ids import id_text
from firm.inputs import CommandState
from firm.instant import utc_text
from firm.kinds import body_of
from firm.money import Money
from firm.pass_words import counted_by
from firm.terms.words import Action
from storage.reader import LedgerReader
from storage.readmodels.decisions import decision_counts, name_of

_READ = frozenset(
    kind.__name__
    for kind in (
        AccountOpened,
        BreachDeclared,
        BreachSuspected,
        CommandAdvanced,
        CommandQueued,
        FlatConfirmed,
        PhasePassed,
        RuleBroken,
        RuleSuspected,
        StandingChanged,
    )
)
_BREACHES = ("BreachDeclared", "RuleBroken")


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A breach, suspicion or pass. `floor` is the target of a pass, and of a rule that is no loss limit what is allowed.

    A `soft` breach does not end the account; `does` says what follows of it where its fact does. `subject`: which position, symbol or
    day such a rule is about, or "".
    """

    decision: int
    account: str
    kind: str
    rule: str
    severity: str
    at: str
    floor: str
    observed: str
    does: str = ""
    subject: str = ""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts, and each verdict in ledger order. `waiting`: suspicions and held passes that nothing has settled yet."""

    rows: int
    quote_frames: int
    deals: int
    waiting: int
    verdicts: tuple[Verdict, ...]
    commands_queued: int
    commands_confirmed: int
    commands_open: int
    flat_confirmed: int
    standings: dict[str, int]


def summarise(directory: Path) -> Summary:
    """Read the whole ledger once."""
    kinds: Counter[str] = Counter()
    verdicts: list[Verdict] = []
    queued: set[str] = set()
    ended: Counter[CommandState] = Counter()
    standings: dict[int, str] = {}
    initial: dict[int, Money] = {}
    with LedgerReader(directory) as reader:
        for row in all_rows(reader, 0):
            kinds[row.kind] += 1
            if row.kind not in _READ:
                continue
            match body_of(row.kind, row.payload):
                case AccountOpened() as opened:
                    initial[row.account] = opened.initial
                case BreachDeclared() | BreachSuspected() as breach:
                    verdicts.append(_breach(row.seq, row.account, breach))
                case RuleBroken() | RuleSuspected() as broken:
                    verdicts.append(_rule(row.seq, row.account, broken, initial[row.account]))
                case PhasePassed() as passed:
                    verdicts.append(_pass(row.seq, row.account, row.happened_us, passed))
                case CommandQueued() as command:
                    queued.add(command.command)
                case CommandAdvanced() as advanced if advanced.state in (CommandState.CONFIRMED, CommandState.FAILED):
                    queued.discard(advanced.command)
                    ended[advanced.state] += 1
                case StandingChanged() as changed:
                    standings[row.account] = changed.after.value
        with reader.connection() as connection:
            waiting = decision_counts(connection, since_us=0).waiting
    return Summary(
        rows=sum(kinds.values()),
        quote_frames=kinds["QuoteFrame"],
        deals=kinds["DealReported"],
        waiting=waiting,
        verdicts=tuple(verdicts),
        commands_queued=kinds["CommandQueued"],
        commands_confirmed=ended[CommandState.CONFIRMED],
        commands_open=len(queued),
        flat_confirmed=kinds["FlatConfirmed"],
        standings=dict(sorted(Counter(standings.values()).items())),
    )


def summary_json(summary: Summary) -> str:
    return json.dumps(msgspec.to_builtins(summary), ensure_ascii=False)


def summary_text(summary: Summary) -> str:
    """For a terminal."""
    enforced = (
        f"{counted(summary.commands_queued, 'command')} to the platform, {summary.commands_confirmed} confirmed by what it "
        f"then showed, {summary.commands_open} open; {counted(summary.flat_confirmed, 'account')} seen flat and blocked."
    )
    lines = [
        f"{counted(summary.rows, 'row')}: {counted(summary.quote_frames, 'quote frame')}, {counted(summary.deals, 'deal')}.",
        enforced,
        f"Verdicts: {tally(summary)}.",
        "Accounts: " + ", ".join(f"{count} {standing}" for standing, count in summary.standings.items()),
        "",
        *(_line(verdict) for verdict in summary.verdicts),
    ]
    return "\n".join(lines)


def tally(summary: Summary) -> str:
    """How many passed, how many failed and how many wait for a person, in one phrase."""
    kinds = Counter(verdict.kind for verdict in summary.verdicts)
    soft = sum(verdict.kind in _BREACHES and verdict.severity == "soft" for verdict in summary.verdicts)
    breaches = counted(sum(kinds[kind] for kind in _BREACHES), "breach", "breaches") + (
        f" ({soft} of them soft)" if soft else ""
    )
    return f"{counted(kinds['PhasePassed'], 'phase')} passed, {breaches}, {summary.waiting} left to a person"


def _line(verdict: Verdict) -> str:
    about = "".join(f"   {word}" for word in (verdict.subject, verdict.does) if word)
    return (
        f"{verdict.at[:23].replace('T', ' ')}  {verdict.account}  {verdict.kind:<16} {verdict.severity:<4} {verdict.rule:<14} "
        f"{verdict.observed:>16} against {verdict.floor:>16}   decision {verdict.decision}{about}"
    )


def _breach(seq: int, account: int, fact: BreachDeclared | BreachSuspected) -> Verdict:
    return Verdict(
        decision=seq,
        account=id_text(account),
        kind=type(fact).__name__,
        rule=fact.rule,
        severity=fact.severity,
        at=utc_text(fact.at_us),
        floor=str(fact.floor),
        observed=str(fact.observed),
    )


def _rule(seq: int, account: int, fact: RuleBroken | RuleSuspected, money: Money) -> Verdict:
    does = fact.does if isinstance(fact, RuleBroken) else Action.FAIL
    return Verdict(
        decision=seq,
        account=id_text(account),
        kind=type(fact).__name__,
        rule=fact.rule,
        severity="hard" if does is Action.FAIL else "soft",
        at=utc_text(fact.at_us),
        floor=measured_in_words(fact.limit, fact.unit, money),
        observed=measured_in_words(fact.observed, fact.unit, money),
        does=name_of(fact.does) if isinstance(fact, RuleBroken) else "",
        subject=fact.subject,
    )


def _pass(seq: int, account: int, happened_us: int, fact: PhasePassed) -> Verdict:
    score = fact.score if fact.score is not None and fact.score.rule == fact.rule else None
    floor = str(fact.target) if score is None else f"{score.asked:,}"
    observed = str(fact.observed) if score is None else f"{score.published:,}"
    if (by := counted_by(fact)) is not None:
        floor, observed = (measured_in_words(figure, by.unit, fact.observed) for figure in (by.asked, by.observed))
    return Verdict(
        decision=seq,
        account=id_text(account),
        kind="PhasePassed",
        rule=fact.rule,
        severity="",
        at=utc_text(happened_us),
        floor=floor,
        observed=observed,
    )
