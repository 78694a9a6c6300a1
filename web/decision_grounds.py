"""Decision grounds: the prices, positions and bookings on which an equity was seen, from the account's rows before it."""

from firm.explain import Breach, Decision
from firm.facts import BreachDeclared, BreachSuspected, QuoteUsed, RuleBroken, RuleSuspected
from firm.kinds import body_of
from firm.ruleset import AnyRuleset
from storage.bookings import DayBookings, day_bookings
from storage.held_then import open_positions, unchanged_since
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine
from web.bounds import POSITION_ROWS_MAX
from web.tick_trail import TrailTick, account_then, tick_trail


class Grounds:
    """Prices and positions on which an equity was seen: those of the suspicion, where a breach was declared from one."""

    def __init__(self, reader: LedgerReader, line: AccountLine, ruleset: AnyRuleset, seq: int, fact: Decision) -> None:
        self._reader, self._line, self._ruleset, self._fact = reader, line, ruleset, fact
        self._rows_back = reader.account_rows(line.account, from_seq=seq, limit=POSITION_ROWS_MAX)
        self.positions = open_positions(self._rows_back)
        self.ticks = ticks_of(reader, fact)
        self.balance = next((step.value for step in fact.working if step.name == "balance"), None)

    def bookings(self) -> DayBookings | None:
        """How the balance that was used came about; None where the rows do not add up to it."""
        told = day_bookings(self._rows_back) if self.balance is not None else None
        return told if told is not None and told.balance.minor == self.balance else None

    def trail(self) -> list[TrailTick]:
        balance = self.balance
        late = isinstance(self._fact, BreachDeclared | BreachSuspected) and self._fact.late
        if balance is None or late or not self.positions or isinstance(self._fact, RuleBroken | RuleSuspected):
            return []
        then = account_then(self._line, self._ruleset, balance, self.positions)
        exhibits = [tick for _, tick in self.ticks]
        return tick_trail(self._reader, then, exhibits, unchanged_since(self._rows_back), self._fact.observed.minor)


def ticks_of(reader: LedgerReader, fact: Decision) -> list[tuple[int, QuoteUsed]]:
    """The exhibits, oldest first. A pass rests on a balance and has none."""
    seqs = fact.quotes if isinstance(fact, Breach) else ()
    found = []
    for seq in seqs:
        row = reader.row(seq)
        body = body_of(row.kind, row.payload) if row is not None else None
        if isinstance(body, QuoteUsed):
            found.append((seq, body))
    return sorted(found, key=lambda each: each[1].t_us)
