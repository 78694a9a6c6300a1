"""Accounts, as lists show them: one row for each with where it stands, what it is worth, and how far its nearest floor is.

Equity and headroom are those of the last mark, and a list prints the very figures it is sorted by; an account's own page
takes them from the live board. An account that never traded has the headroom with which it was opened.
"""

from collections.abc import Sequence

import apsw
import msgspec
from msgspec.structs import replace

from firm.account_fold import opened
from firm.facts import (
    AccountLinked,
    AccountOpened,
    BreachDeclared,
    BreachSuspected,
    CashBooked,
    DayOpened,
    DealBooked,
    DealCorrected,
    DividendBooked,
    FlatConfirmed,
    MarkTaken,
    OrderPlaced,
    PhasePassed,
    RuleBroken,
    RuleSuspected,
    StandingChanged,
    TradingDayCounted,
    TradingDayUncounted,
)
from firm.kinds import Body
from firm.money import Money, divided_rounded_down
from firm.phase import ENDED, Standing
from firm.rules.limits import limits_of
from firm.rules.winning import target_of
from firm.ruleset import AnyRuleset
from firm.terms.words import Action
from firm.track import DayStart
from firm.trading_day import TradingDay
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_challenge (
    challenge INTEGER PRIMARY KEY, program TEXT NOT NULL, title TEXT NOT NULL
) STRICT;
CREATE TABLE rm_challenge_program (program TEXT NOT NULL, title TEXT NOT NULL, PRIMARY KEY (program, title)) STRICT, WITHOUT ROWID;
CREATE TABLE rm_account_bridge (bridge TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE rm_account (
    account INTEGER PRIMARY KEY, trader INTEGER NOT NULL, challenge INTEGER NOT NULL, phase INTEGER NOT NULL,
    phase_name TEXT NOT NULL, funded INTEGER NOT NULL, bridge TEXT NOT NULL, login TEXT NOT NULL, standing TEXT NOT NULL,
    because TEXT NOT NULL, currency TEXT NOT NULL, exponent INTEGER NOT NULL, initial INTEGER NOT NULL,
    balance INTEGER NOT NULL, equity INTEGER NOT NULL, headroom INTEGER, allowed INTEGER, days_traded INTEGER NOT NULL,
    opened_us INTEGER NOT NULL, opened_seq INTEGER NOT NULL,
    traded_us INTEGER, marked_us INTEGER NOT NULL, standing_us INTEGER NOT NULL, decision INTEGER,
    flat_us INTEGER, ruleset TEXT NOT NULL, to_win INTEGER, cash_net INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_account_trader ON rm_account (trader);
CREATE INDEX rm_account_login ON rm_account (login);
"""

_SET_MARK = "UPDATE rm_account SET balance = ?, equity = ?, headroom = ?, marked_us = ? WHERE account = ?"
_SET_DAY = "UPDATE rm_account SET balance = ?, equity = ?, marked_us = ? WHERE account = ?"
_SET_CASH = "UPDATE rm_account SET cash_net = ? WHERE account = ?"
_SET_BALANCE = "UPDATE rm_account SET balance = ?, traded_us = coalesce(?, traded_us) WHERE account = ?"


class Accounts:
    """The `accounts` read model."""

    name = "accounts"
    version = 7
    schema = SCHEMA
    kinds = kinds_of(
        OrderPlaced,
        AccountOpened,
        AccountLinked,
        StandingChanged,
        DealBooked,
        DealCorrected,
        CashBooked,
        DividendBooked,
        DayOpened,
        MarkTaken,
        TradingDayCounted,
        TradingDayUncounted,
        BreachDeclared,
        BreachSuspected,
        RuleBroken,
        RuleSuspected,
        PhasePassed,
        FlatConfirmed,
    )

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        """What comes in numbers, deals and each minute's marks, is gathered and written in one call."""
        gathered = _Gathered(connection)
        for row, body in rows:
            match body:
                case DealBooked():
                    gathered.balance(row.account, body.balance.minor, row.happened_us)
                case DealCorrected() | DividendBooked():
                    gathered.balance(row.account, body.balance.minor, None)
                case CashBooked():
                    gathered.balance(row.account, body.balance.minor, None)
                    gathered.cash[row.account] = (body.net.minor, row.account)
                case MarkTaken():
                    headroom = None if body.headroom is None else body.headroom.minor
                    figures = (body.balance.minor, body.equity.minor, headroom, row.happened_us, row.account)
                    gathered.mark(row.account, figures)
                case _:
                    gathered.write()
                    _apply(connection, row, body)
        gathered.write()


class _Gathered:
    """The last figures of each account in a batch. An account has a balance or a mark here: whichever comes second waits
    until the first is written, because the last row that set a figure is the one that holds."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._balances: dict[int, tuple[int, int | None, int]] = {}
        self._marks: dict[int, tuple[int, int, int | None, int, int]] = {}
        self.cash: dict[int, tuple[int, int]] = {}

    def balance(self, account: int, balance: int, traded_us: int | None) -> None:
        if account in self._marks:
            self.write()
        if traded_us is None and account in self._balances:
            traded_us = self._balances[account][1]
        self._balances[account] = (balance, traded_us, account)

    def mark(self, account: int, figures: tuple[int, int, int | None, int, int]) -> None:
        if account in self._balances:
            self.write()
        self._marks[account] = figures

    def write(self) -> None:
        if self._balances:
            self._connection.executemany(_SET_BALANCE, self._balances.values())
            self._balances.clear()
        if self._marks:
            self._connection.executemany(_SET_MARK, self._marks.values())
            self._marks.clear()
        if self.cash:
            self._connection.executemany(_SET_CASH, self.cash.values())
            self.cash.clear()


def _apply(connection: apsw.Connection, row: Row, body: Body) -> None:
    account, now = row.account, row.happened_us
    match body:
        case OrderPlaced():
            # A challenge has its order's number, and the program as it was sold with it.
            connection.execute(
                "INSERT INTO rm_challenge (challenge, program, title) VALUES (?, ?, ?)",
                (body.order, body.program.program, body.program.title),
            )
            connection.execute(
                "INSERT OR IGNORE INTO rm_challenge_program (program, title) VALUES (?, ?)",
                (body.program.program, body.program.title),
            )
        case AccountOpened():
            _open(connection, row, body)
        case AccountLinked():
            connection.execute("UPDATE rm_account SET login = ? WHERE account = ?", (body.login, account))
        case StandingChanged():
            connection.execute(
                "UPDATE rm_account SET standing = ?, because = ?, standing_us = ? WHERE account = ?",
                (body.after.value, body.because, now, account),
            )
            if (
                body.before in ENDED and body.after not in ENDED
            ):  # reinstated: what was confirmed of its closing is past
                connection.execute("UPDATE rm_account SET flat_us = NULL WHERE account = ?", (account,))
        case DayOpened():
            connection.execute(_SET_DAY, (body.balance.minor, body.equity.minor, now, account))
        case TradingDayCounted() | TradingDayUncounted():
            connection.execute("UPDATE rm_account SET days_traded = ? WHERE account = ?", (body.count, account))
        case BreachDeclared() | BreachSuspected():
            connection.execute(
                "UPDATE rm_account SET decision = ?, equity = ?, headroom = ?, marked_us = ? WHERE account = ?",
                (row.seq, body.observed.minor, body.observed.minor - body.floor.minor, body.at_us, account),
            )
        case RuleSuspected() | RuleBroken() if isinstance(body, RuleSuspected) or body.does is Action.FAIL:
            connection.execute("UPDATE rm_account SET decision = ? WHERE account = ?", (row.seq, account))
        case PhasePassed():
            # A phase is won by its balance: what a last mark said before the last close no longer holds.
            connection.execute(
                "UPDATE rm_account SET decision = ?, equity = balance, marked_us = ? WHERE account = ?",
                (row.seq, now, account),
            )
        case FlatConfirmed():
            connection.execute("UPDATE rm_account SET flat_us = ? WHERE account = ?", (now, account))
        case _:
            pass


def _open(connection: apsw.Connection, row: Row, fact: AccountOpened) -> None:
    initial, allowed = fact.initial.minor, _allowed(fact)
    connection.execute("INSERT OR IGNORE INTO rm_account_bridge (bridge) VALUES (?)", (fact.bridge,))
    connection.execute(
        "INSERT INTO rm_account (account, trader, challenge, phase, phase_name, funded, bridge, login, standing, because,"
        " currency, exponent, initial, balance, equity, headroom, allowed, days_traded,"
        " opened_us, opened_seq, traded_us, marked_us, standing_us, decision, flat_us, ruleset, to_win, cash_net)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, '', ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, NULL, ?, ?, NULL, NULL, ?, ?, 0)",
        (
            row.account,
            fact.trader,
            fact.challenge,
            fact.phase,
            fact.phase_name,
            int(fact.funded),
            fact.bridge,
            Standing.PROVISIONING.value,
            fact.initial.currency,
            fact.initial.exponent,
            initial,
            initial,
            initial,
            allowed,
            allowed,
            row.happened_us,
            row.seq,
            row.happened_us,
            row.happened_us,
            fact.ruleset.canonical().decode(),
            _to_win(fact),
        ),
    )


def _allowed(fact: AccountOpened) -> int | None:
    """The smallest loss that its rules allow, which is also how far the nearest floor is before the first trade."""
    account = opened(fact, 0, 0, 0)
    begins = DayStart(TradingDay("", 0, 0), account.balance, account.balance, seq=0, final=True)
    begun = replace(account, day=begins, track=replace(account.track, week=begins))
    return min((limit.begins - limit.floor for limit in limits_of(begun)), default=None)


def _to_win(fact: AccountOpened) -> int | None:
    """The profit that wins the phase, by the same rounding that judges it."""
    target = target_of(opened(fact, 0, 0, 0))
    return None if target is None else target - fact.initial.minor


# --- questions ---

COLUMNS = (
    "a.account, a.trader, a.challenge, coalesce(c.program, ''), coalesce(c.title, ''), a.phase, a.phase_name, a.funded,"
    " a.bridge, a.login, a.standing, a.because, a.currency, a.exponent, a.initial, a.balance, a.equity,"
    " a.headroom, a.allowed, a.days_traded, a.opened_us, a.opened_seq, a.traded_us, a.marked_us, a.standing_us, a.decision, a.flat_us,"
    " a.to_win, a.cash_net,"
    " coalesce((SELECT d.settled FROM rm_decision d WHERE d.decision = a.decision), '') AS verdict"
)
FROM = "FROM rm_account a LEFT JOIN rm_challenge c ON c.challenge = a.challenge"


class AccountLine(msgspec.Struct, frozen=True):
    """One account in a list. Amounts are minor units of `currency` at `exponent`; `headroom` is None without a loss limit.

    `allowed`: the smallest loss that its rules allow; `left_bp`: the share of it that is left, in basis points.
    `to_win`: the profit that wins the phase, None where nothing is to be won. `cash_net`: deposits less withdrawals.
    `traded_us` is None until the first deal. `verdict`: the last word on `decision`, "" while it is open.
    """

    account: int
    trader: int
    challenge: int
    program: str
    title: str
    phase: int
    phase_name: str
    funded: bool
    bridge: str
    login: str
    standing: Standing
    because: str
    currency: str
    exponent: int
    initial: int
    balance: int
    equity: int
    headroom: int | None
    allowed: int | None
    days_traded: int
    opened_us: int
    opened_seq: int
    traded_us: int | None
    marked_us: int
    standing_us: int
    decision: int | None
    flat_us: int | None
    to_win: int | None
    cash_net: int
    verdict: str

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency, self.exponent)

    @property
    def left_bp(self) -> int | None:
        if self.headroom is None or not self.allowed:
            return None
        return divided_rounded_down(self.headroom * 10_000, self.allowed)

    @property
    def room_bp(self) -> int | None:
        """The headroom as a share of the account's size."""
        return None if self.headroom is None else divided_rounded_down(self.headroom * 10_000, self.initial)

    @property
    def made(self) -> int:
        """The profit of closed trades, which alone wins a phase."""
        return self.balance - self.initial - self.cash_net

    @property
    def won_bp(self) -> int | None:
        """How much of its target a phase has reached; None where it has none."""
        return None if not self.to_win else divided_rounded_down(self.made * 10_000, self.to_win)


def account_line(connection: apsw.Connection, account: int) -> AccountLine | None:
    row = connection.execute(f"SELECT {COLUMNS} {FROM} WHERE a.account = ?", (account,)).fetchone()
    return None if row is None else _line_of(row)


def accounts_known(connection: apsw.Connection, asked: Sequence[int]) -> frozenset[int]:
    """Those of the accounts that there are."""
    sql = "SELECT a.account FROM json_each(?) j JOIN rm_account a ON a.account = j.value"
    return frozenset(account for (account,) in connection.execute(sql, (msgspec.json.encode(asked).decode(),)))


def ruleset_of(connection: apsw.Connection, account: int) -> AnyRuleset | None:
    """The rules as they were sold with the account."""
    row = connection.execute("SELECT ruleset FROM rm_account WHERE account = ?", (account,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=AnyRuleset)


def accounts_of_trader(connection: apsw.Connection, trader: int) -> list[AccountLine]:
    """All of a trader's accounts, newest first; a trader holds tens of them, not thousands."""
    sql = f"SELECT {COLUMNS} {FROM} WHERE a.trader = ? ORDER BY a.opened_us DESC, a.account LIMIT 500"
    return [_line_of(row) for row in connection.execute(sql, (trader,))]


def account_of_phase(connection: apsw.Connection, challenge: int, phase: int) -> AccountLine | None:
    """The account on which a challenge goes through one of its phases; None where it never came so far."""
    sql = f"SELECT {COLUMNS} {FROM} WHERE a.challenge = ? AND a.phase = ?"
    row = connection.execute(sql, (challenge, phase)).fetchone()
    return None if row is None else _line_of(row)


def count_by_standing(connection: apsw.Connection) -> dict[Standing, int]:
    rows = connection.execute("SELECT standing, count(*) FROM rm_account GROUP BY standing")
    return {Standing(standing): count for standing, count in rows}


def count_breached_in_doubt(connection: apsw.Connection) -> int:
    """Breached accounts whose breach is in question or was dismissed."""
    found = connection.execute(
        "SELECT count(*) FROM rm_account a JOIN rm_decision d ON d.decision = a.decision"
        " WHERE a.standing = 'breached' AND d.settled IN ('', 'dismissed')"
    ).fetchone()
    return 0 if found is None else int(found[0])


def _line_of(row: Sequence[object]) -> AccountLine:
    named = dict(zip(AccountLine.__struct_fields__, row, strict=True))
    return msgspec.convert(named | {"funded": bool(named["funded"])}, AccountLine)
