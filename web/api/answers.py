"""Answers: what the API says, field by field. Amounts are whole minor units of the account's currency; instants are UTC, RFC 3339.

Fields are only ever added: a reader passes over what it does not know.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from firm.ids import id_text
from firm.instant import utc_text
from firm.phase import Standing
from storage.readmodels.accounts import AccountLine
from storage.readmodels.decisions import DecisionLine
from storage.readmodels.programs import ProgramLine

Id = Annotated[str, Meta(description="Ten letters of base 32 in two groups.", examples=["7K2MQ-9XW3F"])]
Instant = Annotated[str, Meta(description="UTC, with microseconds.", examples=["2014-05-02T12:30:00.250000Z"])]
Minor = Annotated[int, Meta(description="In minor units of the account's currency.")]


class AnyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What all answers are: frozen, their fields by name."""


class KeySeen(AnyAnswer, frozen=True, kw_only=True):
    """The key that asked. `programs`, `regions`: what it is limited to, of traders by the firm's regions; null: all of them."""

    key: Id
    name: str
    permissions: list[str]
    programs: list[str] | None
    regions: list[str] | None
    expires_at: Instant


class HealthSeen(AnyAnswer, frozen=True, kw_only=True):
    """Whether the firm takes anything in, and who it believes to be asking. `held`: why it takes nothing just now, or ""."""

    firm: str
    firm_time: Instant
    ledger_rows: int
    held: str
    key: KeySeen


class AccountSeen(AnyAnswer, frozen=True, kw_only=True):
    """One trading account, at its last mark. `headroom_minor`: how far equity is above the nearest floor; null: no limit of losses."""

    account: Id
    trader: Id
    program: str
    phase: str
    funded: bool
    bridge: str
    login: str
    standing: Standing
    because: str
    currency: str
    exponent: Annotated[int, Meta(description="Decimals of the currency: 2 for cents.")]
    initial_minor: Minor
    balance_minor: Minor
    equity_minor: Minor
    headroom_minor: Minor | None
    days_traded: int
    opened_at: Instant
    marked_at: Instant
    decision: Annotated[int | None, Meta(description="The decision that its standing rests on.")]


class AccountsSeen(AnyAnswer, frozen=True, kw_only=True):
    """A page of accounts, in the order in which they were opened, the newest first. `next`: what to send as `after`; null: no more."""

    accounts: list[AccountSeen]
    next: str | None


class DecisionSeen(AnyAnswer, frozen=True, kw_only=True):
    """One verdict. `bound`: the floor or limit of a breach, or the target of a pass; `observed`: what was held against it; in `unit`.

    `settled`: what became of a suspicion or a held pass; "" while it is open. `severity`, `does`: "" for a pass.
    """

    decision: Annotated[int, Meta(description="Its row of the ledger.")]
    account: Id
    kind: str
    rule: str
    rule_kind: str
    severity: str
    does: str
    unit: str
    currency: str
    exponent: int
    bound: int
    observed: int
    subject: str
    decided_at: Instant
    settled: str
    because: str


class DecisionsSeen(AnyAnswer, frozen=True, kw_only=True):
    """Decisions of one account, the newest first. `next`: what to send as `before`; null: no more."""

    decisions: list[DecisionSeen]
    next: int | None


class DecisionTold(AnyAnswer, frozen=True, kw_only=True):
    """One verdict with its explanation: each paragraph in plain words, with the arithmetic and the rows that it rests on."""

    decision: DecisionSeen
    explanation: list[str]


class PhaseSeen(AnyAnswer, frozen=True, kw_only=True):
    """One phase. `ruleset`: the hash of its rules, which is what an account keeps."""

    name: str
    ruleset: str


class ProgramSeen(AnyAnswer, frozen=True, kw_only=True):
    """A program as it is sold now, or was last. `version`: the row that published it. `retired_at`: null while it is on offer."""

    program: str
    title: str
    version: int
    versions: int
    published_at: Instant
    retired_at: Instant | None
    phases: list[PhaseSeen]


class ProgramsSeen(AnyAnswer, frozen=True, kw_only=True):
    """What is on offer first, then what was retired."""

    programs: list[ProgramSeen]


# --- from what the read models say ---


def account_seen(line: AccountLine) -> AccountSeen:
    return AccountSeen(
        account=id_text(line.account),
        trader=id_text(line.trader),
        program=line.program,
        phase=line.phase_name,
        funded=line.funded,
        bridge=line.bridge,
        login=line.login,
        standing=line.standing,
        because=line.because,
        currency=line.currency,
        exponent=line.exponent,
        initial_minor=line.initial,
        balance_minor=line.balance,
        equity_minor=line.equity,
        headroom_minor=line.headroom,
        days_traded=line.days_traded,
        opened_at=utc_text(line.opened_us),
        marked_at=utc_text(line.marked_us),
        decision=line.decision,
    )


def decision_seen(line: DecisionLine) -> DecisionSeen:
    return DecisionSeen(
        decision=line.decision,
        account=id_text(line.account),
        kind=line.kind,
        rule=line.rule,
        rule_kind=line.rule_kind,
        severity=line.severity,
        does=line.does,
        unit=line.unit.value,
        currency=line.currency,
        exponent=line.exponent,
        bound=line.bound,
        observed=line.observed,
        subject=line.subject,
        decided_at=utc_text(line.at_us),
        settled=line.settled,
        because=line.because,
    )


def program_seen(line: ProgramLine) -> ProgramSeen:
    newest = line.newest
    return ProgramSeen(
        program=newest.program,
        title=newest.title,
        version=newest.seq,
        versions=line.versions,
        published_at=utc_text(newest.at_us),
        retired_at=utc_text(line.retired.at_us) if line.retired else None,
        phases=[PhaseSeen(name=name, ruleset=ruleset) for name, ruleset in newest.ruleset_ids],
    )
