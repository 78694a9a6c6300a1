"""The lab: goes through history, input after input, and keeps what became of each chosen account and what would have.

What is kept grows with the accounts that are chosen and the orders that were placed, not with the length of history. An account that
was stopped when the draft had not decided is unknown from there: its positions were closed by the firm, and nobody can tell what its
trader would have done. One that the draft stops ends there, whatever its trader did after.
"""

from collections.abc import Callable, Mapping

from actors.lab_found import Ending, Outcome
from actors.replay import Recorded
from appliance.lab.choice import Choice, Sale
from appliance.lab.counterparts import counterparts
from appliance.lab.engine import LabEngine, LabFact
from appliance.lab.reading import TELLING, Reading
from firm.facts import AccountOpened, DeskStopped, OrderPlaced
from firm.inputs import EpochOpened
from firm.kinds import body_of
from firm.ruleset import AnyRuleset, term_named
from firm.terms.exposure import AcrossAccounts
from firm.terms.lifecycle import MaximumAllocation
from storage.errors import PrunedByPolicy
from storage.rows import StoredRow

STOPPED, PRICES_GONE, DESK_STOPPED = "stopped_in_history", "prices_gone", "desk_stopped"
"""Why it cannot be known what an account would have come to."""


class Case:
    """One chosen account. `unknown`: the draft's outcome where it cannot be known any more.
    `called`: as `counterparts` of what it was sold and the draft.

    `apart_us`: when the firm and the draft first differed in whether the trader is held back. What its trader did after that was done
    under the one and is judged by the other.
    """

    def __init__(
        self, account: int, opened: AccountOpened, sale: Sale, opened_us: int, called: Mapping[str, str]
    ) -> None:
        self.account, self.sale, self.opened_us, self.called = account, sale, opened_us, called
        self.phase_name, self.initial = opened.phase_name, opened.initial
        self.before, self.after = Reading(opened.initial, opened_us), Reading(opened.initial, opened_us)
        self.unknown: Outcome | None = None
        self.apart_us: int | None = None

    @property
    def is_decided(self) -> bool:
        return self.after.has_ended or self.unknown is not None

    def outcome_after(self) -> Outcome:
        return self.unknown or self.after.outcome()

    def lose(self, why: str, at_us: int, row: int) -> None:
        """From here on nobody knows."""
        told = self.after.outcome()
        self.unknown = Outcome(
            ending=Ending.UNKNOWN,
            at_us=at_us,
            rule=why,
            row=row,
            profit=told.profit,
            paid=told.paid,
            strikes=told.strikes,
        )


class Lab:
    """Chosen accounts under other rules; under those that they were sold where `rules` is None.

    `engines`: the digests of the engines that decided history, the first one first: where an older release judged otherwise than
    this one does, a difference may be its own.
    """

    def __init__(self, choice: Choice, rules: AnyRuleset | None) -> None:
        self.choice, self.rules = choice, rules
        self.cases: dict[int, Case] = {}
        self.engines: list[str] = []
        self.upto_row = self.upto_us = self.inputs = 0
        self._engine = LabEngine()
        self._not_judged: set[str] = set()
        self._sales: dict[int, Sale] = {}
        self._called: dict[str, dict[str, str]] = {}  # by the id of what was sold

    @property
    def decided(self) -> int:
        return sum(case.is_decided for case in self.cases.values())

    @property
    def not_judged(self) -> tuple[str, ...]:
        """Rules of the draft that look at several accounts of one trader, where an account that they are tried on was not sold the same."""
        return tuple(sorted(self._not_judged))

    def take(self, recorded: Recorded, frame_of: Callable[[int], bytes]) -> None:
        """Go through one more input and what it led to."""
        row = recorded.input
        touched: set[int] = set()
        try:
            told = self._engine.follow(recorded, frame_of)
        except PrunedByPolicy:
            self._lose_prices(row)
            told = []
        for fact in told:
            self._decided(fact, touched)
        for fact_row in recorded.facts:
            self._recorded(fact_row, touched)
        for account in touched:
            self._compare(self.cases[account], row)
        if row.kind == EpochOpened.__name__:
            self._take_epoch(row)
        last = recorded.facts[-1] if recorded.facts else row
        self.upto_row, self.upto_us, self.inputs = last.seq, max(self.upto_us, row.received_us), self.inputs + 1

    # --- both ways of one account ---

    def _decided(self, told: LabFact, touched: set[int]) -> None:
        case = self.cases.get(told.account)
        if case is None:
            return
        if isinstance(told.fact, DeskStopped) and not case.is_decided:
            self._lose(case, DESK_STOPPED, told.at_us, told.row)
            return
        case.after.take(told.fact, told.row, told.at_us)
        touched.add(case.account)

    def _recorded(self, row: StoredRow, touched: set[int]) -> None:
        case = self.cases.get(row.account)
        if case is not None and row.kind in TELLING:
            case.before.take(body_of(row.kind, row.payload), row.seq, row.happened_us)  # type: ignore[arg-type]
            touched.add(case.account)
        elif row.kind == AccountOpened.__name__:
            self._open(row)
        elif row.kind == OrderPlaced.__name__:
            placed = body_of(row.kind, row.payload)
            assert isinstance(placed, OrderPlaced)
            self._sales[placed.order] = Sale(placed.program.program, row.happened_us)

    def _open(self, row: StoredRow) -> None:
        opened = body_of(row.kind, row.payload)
        assert isinstance(opened, AccountOpened)
        sale = self._sales[opened.challenge]
        if self.choice.takes(row.account, opened, sale):
            called = self._called_in(opened)
            self.cases[row.account] = Case(row.account, opened, sale, row.happened_us, called)
            self._engine.open(row, opened, self.rules)
            self._not_judged |= _across_accounts(opened.ruleset, self.rules)

    def _called_in(self, opened: AccountOpened) -> Mapping[str, str]:
        """The draft's names for rules that were sold under others, once for all accounts that were sold the same."""
        if opened.ruleset_id not in self._called:
            drafted = self.rules or opened.ruleset
            self._called[opened.ruleset_id] = counterparts(opened.ruleset, drafted)
        return self._called[opened.ruleset_id]

    def _compare(self, case: Case, row: StoredRow) -> None:
        """After an input that told of the account."""
        if case.is_decided:
            return
        if case.before.has_ended:
            self._lose(case, STOPPED, row.happened_us, row.seq)
        elif case.apart_us is None and case.before.standing is not case.after.standing:
            case.apart_us = row.happened_us

    # --- what cannot be known ---

    def _lose(self, case: Case, why: str, at_us: int, row: int) -> None:
        case.lose(why, at_us, row)
        self._engine.forget(case.account)

    def _lose_prices(self, row: StoredRow) -> None:
        """The prices have left the machine: an account that depended on them cannot be judged."""
        for case in self.cases.values():
            if not case.is_decided:
                self._lose(case, PRICES_GONE, row.happened_us, row.seq)

    def _take_epoch(self, row: StoredRow) -> None:
        opened = body_of(row.kind, row.payload)
        assert isinstance(opened, EpochOpened)
        if opened.engine not in self.engines:
            self.engines.append(opened.engine)


def _across_accounts(sold: AnyRuleset, rules: AnyRuleset | None) -> set[str]:
    """Rules across accounts that are other ones than were sold."""
    drafted = () if rules is None else rules.rules
    looked_at = (one for one in drafted if isinstance(one.terms, AcrossAccounts | MaximumAllocation))
    return {one.id for one in looked_at if term_named(sold, one.id) != one.terms}
