"""Choice: whose rules are exchanged: accounts of a program, of a phase, bought in a span of time, or named."""

from typing import NamedTuple

import apsw
import msgspec

from firm.facts import AccountOpened
from firm.ids import id_text
from firm.instant import datetime_of
from storage.reader import LedgerReader
from storage.readmodels.account_lists import has_lists, phases_sold, programs_and_bridges


class ChoiceRefused(ValueError):
    """There is nothing of that name to choose; the text says what there is."""


class Sale(NamedTuple):
    """An order: of which program, and when it was placed."""

    program: str
    bought_us: int

    @property
    def cohort(self) -> str:
        """The week of the purchase, by ISO 8601 and in UTC."""
        year, week, _ = datetime_of(self.bought_us).isocalendar()
        return f"{year}-W{week:02}"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts that are as each of these says. "" and None say nothing; bought in [from_us, until_us)."""

    program: str = ""
    phase: str = ""
    from_us: int | None = None
    until_us: int | None = None
    accounts: frozenset[int] = frozenset()

    def takes(self, account: int, opened: AccountOpened, sale: Sale) -> bool:
        return (
            self.program in ("", sale.program)
            and self.phase in ("", opened.phase_name)
            and (self.from_us is None or sale.bought_us >= self.from_us)
            and (self.until_us is None or sale.bought_us < self.until_us)
            and (not self.accounts or account in self.accounts)
        )


def require_known(reader: LedgerReader, choice: Choice) -> None:
    """Raises ChoiceRefused where a program, a phase or an account is not of this firm: a slip must not be told as "no difference"."""
    for account in sorted(choice.accounts):
        if not reader.account_rows(account, limit=1):
            raise ChoiceRefused(
                f"no such account: {id_text(account)}; its id is on its page and in the staff's list of accounts"
            )
    if choice.program or choice.phase:
        with reader.connection() as book:
            _require_sold(book, choice)


def _require_sold(book: apsw.Connection, choice: Choice) -> None:
    if not has_lists(book):
        raise ChoiceRefused('this firm\'s lists are those of another release: run "evenhand rebuild", or serve it once')
    programs = sorted({program for program, _ in programs_and_bridges(book)[0]})
    if choice.program and choice.program not in programs:
        raise ChoiceRefused(f"no program {choice.program!r} was sold; sold were: {', '.join(programs) or 'none yet'}")
    phases = phases_sold(book, choice.program)
    if choice.phase and choice.phase not in phases:
        of = f" of {choice.program}" if choice.program else ""
        raise ChoiceRefused(f"no phase{of} is called {choice.phase!r}; there are: {', '.join(phases) or 'none yet'}")
