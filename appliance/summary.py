"""Summary: what happened in a firm so far, read from its ledger: passes, breaches, commands, and what the book holds."""

import json
from collections import Counter
from pathlib import Path

import msgspec

from actors.recovery import all_rows
from appliance.wording import counted
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    CommandAdvanced,
    CommandQueued,
    FlatConfirmed,
    PhasePassed,
    StandingChanged,
)
from firm.ids import id_text
from firm.inputs import CommandState
from firm.instant import utc_text
from firm.kinds import body_of
from storage.reader import LedgerReader
from storage.readmodels.decisions import decision_counts

_READ = frozenset(
    kind.__name__
    for kind in (
        BreachDeclared,
        BreachSuspected,
        CommandAdvanced,
        CommandQueued,
        FlatConfirmed,
        PhasePassed,
        StandingChanged,
    )
)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A breach, suspicion or pass. `floor` is the target of a pass; a `soft` breach only pauses until the rollover."""

    decision: int
    account: str
    kind: str
    rule: str
    severity: str
    at: str
    floor: str
    observed: str


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
    with LedgerReader(directory) as reader:
        for row in all_rows(reader, 0):
            kinds[row.kind] += 1
            if row.kind not in _READ:
                continue
            match body_of(row.kind, row.payload):
                case BreachDeclared() | BreachSuspected() as breach:
                    verdicts.append(_breach(row.seq, row.account, breach))
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
    soft = sum(verdict.kind == "BreachDeclared" and verdict.severity == "soft" for verdict in summary.verdicts)
    breaches = counted(kinds["BreachDeclared"], "breach", "breaches") + (f" ({soft} of them soft)" if soft else "")
    return f"{counted(kinds['PhasePassed'], 'phase')} passed, {breaches}, {summary.waiting} left to a person"


def _line(verdict: Verdict) -> str:
    return (
        f"{verdict.at[:23].replace('T', ' ')}  {verdict.account}  {verdict.kind:<16} {verdict.severity:<4} {verdict.rule:<14} "
        f"{verdict.observed:>16} against {verdict.floor:>16}   decision {verdict.decision}"
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


def _pass(seq: int, account: int, happened_us: int, fact: PhasePassed) -> Verdict:
    score = fact.score if fact.score is not None and fact.score.rule == fact.rule else None
    return Verdict(
        decision=seq,
        account=id_text(account),
        kind="PhasePassed",
        rule=fact.rule,
        severity="",
        at=utc_text(happened_us),
        floor=str(fact.target) if score is None else f"{score.asked:,}",
        observed=str(fact.observed) if score is None else f"{score.published:,}",
    )
