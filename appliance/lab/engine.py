"""Lab engine: the engine on inputs that it was not the one to decide, with other rules for some accounts.

Prices, days and what the platform reported reach chosen accounts as they once did, and their desks decide. Everybody else says what
the ledger has them say: which accounts were opened and when, under which login, which kill switches stood and when the breaker was
tripped. So one account under a draft changes nothing for another, and no more than its own verdicts are asked about.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.arrival import Arrival
from actors.desk import Desk, Header, Turn, Watch
from actors.engine import Engine
from actors.guards import is_looked_at_by_the_minute
from actors.incident_desk import IncidentDesk
from actors.market_desk import MarketDesk
from actors.messages import AccountProvisioned, AskFailure, AskPass, AskReopening, Message, ReopeningAllowed
from actors.names import INCIDENTS, RISK, account_desk, key_id
from actors.permitted import OF_WHO_ASKED
from actors.replay import Recorded, arrival_of
from actors.risk_desk import RiskDesk
from actors.turn import House, WorkingTurn
from appliance.lab.from_traders import ASKED_BY_TRADERS, KINDS_OF_TRADERS, OfTrader, may_be_told
from firm.commands import Command, GrantOverride, KillSwitch, ReviewVerdict
from firm.facts import (
    AccountLinked,
    AccountOpened,
    BreachDeclared,
    BreakerReset,
    BreakerTripped,
    BridgeEnrolled,
    DeskStopped,
    Doubt,
    Fact,
    IncidentEnded,
    IncidentExtended,
    IncidentOpened,
    KillSwitchEngaged,
    KillSwitchReleaseAsked,
    KillSwitchReleased,
    OverrideAsked,
    OverrideGranted,
    PricesReturned,
    Refused,
    RuleBroken,
    RuleSuspected,
    StandingChanged,
    VerdictCorrected,
)
from firm.incidents import Incident
from firm.inputs import Input
from firm.kinds import body_of
from firm.overrides import Reinstate
from firm.permissions import Permission
from firm.rules.across_accounts import is_traded
from firm.ruleset import AnyRuleset, term_named
from firm.terms.words import Action
from storage.rows import StoredRow

BETWEEN_ROWS = 1 << 20
"""So many numbers lie between those of two rows here: what history did not decide has its place in the order, and takes no row's."""

_OF_INCIDENTS = frozenset(kind.__name__ for kind in (IncidentOpened, IncidentExtended, IncidentEnded))

_TAKEN_FROM_HISTORY = frozenset(
    kind.__name__
    for kind in (
        BridgeEnrolled,
        BreakerTripped,
        BreakerReset,
        KillSwitchEngaged,
        KillSwitchReleaseAsked,
        KillSwitchReleased,
        IncidentOpened,
        IncidentExtended,
        PricesReturned,
        IncidentEnded,
    )
)


class LabFact(NamedTuple):
    """What was decided of an account: `row` is the ledger's where history decided it too, else the last one before."""

    account: int
    row: int
    at_us: int
    fact: Fact


class LabEngine(Engine):
    """The desks of chosen accounts and their markets; those that are not here are heard through the ledger."""

    def __init__(self) -> None:
        super().__init__(lineage="")  # parts of commands' names, and none is given
        self._recorded: Recorded | None = None
        self._sold: dict[int, AnyRuleset] = {}

    @property
    def recorded(self) -> Recorded:
        """The input that is being decided, and what it once led to."""
        assert self._recorded is not None, "nothing has been followed yet"
        return self._recorded

    def follow(self, recorded: Recorded, frame_of: Callable[[int], bytes]) -> list[LabFact]:
        """Decide an input again, for the accounts that are here. May raise PrunedByPolicy, and has then changed nothing."""
        arrival = _renumbered(arrival_of(recorded, frame_of))
        self._recorded = recorded
        self.size = numbered(recorded.input.seq) - 1
        turn = self.take(arrival)
        assert isinstance(turn, LabTurn)
        for desk, _ in turn.touched.values():
            if isinstance(desk, MarketDesk):
                desk.settle()
        for row in recorded.facts:
            if row.kind in _TAKEN_FROM_HISTORY:
                self.fold(body_of(row.kind, row.payload), numbered(row.seq), row.account, row.happened_us)
        told = [*self._decided(turn, arrival), *self._taken_from_traders()]
        return [fact for _, fact in sorted(told, key=lambda one: one[0])]

    def _decided(self, turn: "LabTurn", arrival: Arrival) -> list[tuple[int, LabFact]]:
        """Each with its number here."""
        return [
            (number, LabFact(concerned, number // BETWEEN_ROWS, at_us, fact))
            for number, (account, at_us, fact) in zip(turn.numbers, turn.facts, strict=True)
            if (concerned := account or _stopped_here(fact, arrival))
        ]

    def _taken_from_traders(self) -> list[tuple[int, LabFact]]:
        """What rules across accounts led to, for accounts that have the same ones here: their traders' desks are not here to say it."""
        taken = []
        for row, said in self._said_by_traders():
            state = self.account(row.account)
            if state is None or not may_be_told(state, said):
                continue
            if isinstance(said, VerdictCorrected):
                said = replace(said, decision=numbered(said.decision))
            self.fold(said, numbered(row.seq), row.account, row.happened_us)
            self.indexing.index_named(account_desk(row.account))
            taken.append((numbered(row.seq), LabFact(row.account, row.seq, row.happened_us, said)))
        return taken

    def _said_by_traders(self) -> Iterator[tuple[StoredRow, OfTrader]]:
        for row in self.recorded.facts:
            if row.kind in KINDS_OF_TRADERS:
                said = body_of(row.kind, row.payload)
                assert isinstance(said, OfTrader)
                if self._is_across(row.account, said):
                    yield row, said

    def _is_across(self, account: int, said: OfTrader) -> bool:
        """Whether it is of a rule across accounts that the account was sold and has here."""
        state = self.account(account)
        if state is None:
            return False
        if isinstance(said, VerdictCorrected):
            finding = state.finding_of(numbered(said.decision))
            return finding is not None and bool(finding.accounts) and said.verdict in ASKED_BY_TRADERS
        rule = said.because if isinstance(said, StandingChanged) else said.rule
        terms = term_named(state.ruleset, rule)
        return terms is not None and is_traded(terms) and terms == term_named(self._sold[account], rule)

    def is_stopped_together(self, account: int) -> bool:
        """Whether a rule across accounts ends or holds the account on this input: that counts before a pass."""
        said = (one for row, one in self._said_by_traders() if row.account == account)
        return any(
            isinstance(one, RuleSuspected) or (isinstance(one, RuleBroken) and one.does is Action.FAIL) for one in said
        )

    def open(self, row: StoredRow, opened: AccountOpened, rules: AnyRuleset | None) -> None:
        """An account is opened as it once was, under these rules in place of those that it was sold."""
        self._sold[row.account] = opened.ruleset
        if rules is not None:
            opened = replace(opened, ruleset=rules, ruleset_id=rules.ruleset_id())
        name = account_desk(row.account)
        desk = self.desks[name] = AccountDesk(name)
        desk.fold(opened, numbered(row.seq), row.account, row.happened_us)
        self.indexing.index_named(name)

    def forget(self, account: int) -> None:
        """Nothing more is asked about an account: no price wakes it, and no report is its."""
        desk = self.desks[account_desk(account)]
        assert isinstance(desk, AccountDesk)
        self.watch(desk.held.bridge, Watch(account=account))
        self.desks[desk.name] = HeardThroughLedger(desk.name)

    # --- the engine's own ways ---

    def watch(self, bridge: str, watch: Watch) -> None:
        """Without marks by the minute where they are for charts alone."""
        if watch.marked:
            state = self.account(watch.account)
            if state is None or not is_looked_at_by_the_minute(state):
                watch = replace(watch, marked=False)
        super().watch(bridge, watch)

    def refused(self, command: Command) -> Refused | None:  # noqa: ARG002  (who may ask was settled then)
        """What was refused then for who asked it is refused here, and nothing else for that reason."""
        said = (body_of(row.kind, row.payload) for row in self.recorded.facts if row.kind == Refused.__name__)
        return next((no for no in said if isinstance(no, Refused) and no.refusal in OF_WHO_ASKED), None)

    def holds(self, by: str, permission: Permission) -> bool:  # noqa: ARG002  (likewise)
        return True

    def new_turn(self, header: Header, stopping: tuple[str, ...]) -> WorkingTurn:
        return LabTurn(self, header, stopping, self.recorded.facts)

    def new_desk(self, name: str) -> Desk:
        match name.partition("/")[0]:
            case "market" | "calendars":
                return super().new_desk(name)
            case "order":
                return OrderAsItWas(name, self)
            case "enforcement":
                return EnforcementAsItWas(name, self)
            case _ if name == RISK:
                return RiskAsItWas(name, self)
            case _ if name == INCIDENTS:
                return IncidentsAsTheyWere(name, self)
            case _:
                return HeardThroughLedger(name)


class LabTurn(WorkingTurn):
    """A turn whose facts are numbered as the ledger's rows where it has the same: so what people later said of one finds it."""

    def __init__(self, house: House, header: Header, stopping: tuple[str, ...], rows: list[StoredRow]) -> None:
        super().__init__(house, header, (), stopping)
        self.numbers: list[int] = []
        self._rows: dict[int, list[StoredRow]] = {}
        for row in reversed(rows):
            self._rows.setdefault(row.account, []).append(row)
        self._last = header.seq

    def record(self, fact: Fact, account: int = 0, at_us: int | None = None) -> int:
        number = self._number(type(fact).__name__, account)
        happened_us = self.at_us if at_us is None else at_us
        self.facts.append((account, happened_us, fact))
        self.numbers.append(number)
        self._house.fold(fact, number, account, happened_us, self)
        return number

    def _number(self, kind: str, account: int) -> int:
        """The number of the account's next row of this kind; else the next one that no row has."""
        rows = self._rows.get(account, [])  # the next one last
        place = next((place for place in range(len(rows) - 1, -1, -1) if rows[place].kind == kind), None)
        if place is None:
            self._last += 1
            assert self._last % BETWEEN_ROWS, (
                f"input {self.header.seq // BETWEEN_ROWS} led to more than can be numbered"
            )
            return self._last
        number = numbered(rows[place].seq)
        del rows[place:]
        self._last = max(self._last, number)
        return number


class HeardThroughLedger:
    """A desk that decides nothing here: what it said lies in the ledger, and whoever needs it is given it from there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:
        """It keeps nothing."""

    def decide(self, message: Message | Input, turn: Turn) -> None:
        """It says nothing."""

    def capture(self) -> Any:
        return None

    def restore(self, state: Any) -> None:
        """There is nothing to take back."""


class OrderAsItWas(HeardThroughLedger):
    """An order: whether one of its accounts may be reinstated is what was once said."""

    def __init__(self, name: str, engine: LabEngine) -> None:
        super().__init__(name)
        self._engine = engine

    def decide(self, message: Message | Input, turn: Turn) -> None:
        if not isinstance(message, AskReopening):
            return
        said = (OverrideAsked.__name__, OverrideGranted.__name__)
        if any(row.kind in said and row.account == message.account for row in self._engine.recorded.facts):
            turn.send(account_desk(message.account), ReopeningAllowed(command=message.command))


class EnforcementAsItWas(HeardThroughLedger):
    """A bridge's enforcement: it tells accounts under which login the platform opened them, and carries nothing out."""

    def __init__(self, name: str, engine: LabEngine) -> None:
        super().__init__(name)
        self._engine = engine

    def decide(self, message: Message | Input, turn: Turn) -> None:
        if not isinstance(message, Input):
            return
        for row in self._engine.recorded.facts:
            if row.kind == AccountLinked.__name__:
                linked = body_of(row.kind, row.payload)
                assert isinstance(linked, AccountLinked)
                provisioned = AccountProvisioned(login=linked.login, at_us=turn.header.happened_us)
                turn.send(account_desk(row.account), provisioned)


class IncidentsAsTheyWere(IncidentDesk):
    """The incident desk as history has it: it tells the accounts that are here what it then told those that there were."""

    def __init__(self, name: str, engine: LabEngine) -> None:
        super().__init__(name)
        self._engine = engine

    def decide(self, message: Message | Input, turn: Turn) -> None:  # noqa: ARG002
        for row in self._engine.recorded.facts:
            if row.kind not in _OF_INCIDENTS:
                continue
            match body_of(row.kind, row.payload):
                case IncidentOpened() as opened:
                    self.tell(
                        Incident(opened.incident, opened.bridge, opened.symbols, opened.whole, opened.from_us), turn
                    )
                case IncidentExtended() as more if (known := self.state.open.get(more.bridge)) is not None:
                    self.tell(replace(known, symbols=more.symbols, whole=more.whole, from_us=more.from_us), turn)
                case IncidentEnded() as ended if (known := self.state.open.get(ended.bridge)) is not None:
                    self.tell_over(ended, known.from_us, turn)


class RiskAsItWas(RiskDesk):
    """The risk desk with the switches and the breaker as they once stood: what a draft fails trips no breaker."""

    def __init__(self, name: str, engine: LabEngine) -> None:
        super().__init__(name)
        self._engine = engine

    def decide(self, message: Message | Input, turn: Turn) -> None:
        if isinstance(message, AskPass) and self._engine.is_stopped_together(message.account):
            return
        if isinstance(message, AskFailure | AskPass):
            super().decide(message, turn)

    def why_not_fail(self, ask: AskFailure, turn: Turn) -> Doubt | None:  # noqa: ARG002
        if KillSwitch.FAILURES in self.state.engaged:
            return Doubt.KILL_SWITCH
        if self.state.tripped or (self._trips_now() and not self._is_let_through(ask.account)):
            return Doubt.MASS_BREACH
        return None

    def _trips_now(self) -> bool:
        return any(row.kind == BreakerTripped.__name__ for row in self._engine.recorded.facts)

    def _is_let_through(self, account: int) -> bool:
        """Of the accounts that broke a limit on the input that tripped the breaker, the first were failed."""
        rows = self._engine.recorded.facts
        return any(row.kind == BreachDeclared.__name__ and row.account == account for row in rows)


def numbered(seq: int) -> int:
    """A row's number here."""
    return seq * BETWEEN_ROWS


def _stopped_here(fact: Fact, arrival: Arrival) -> int:
    """The account whose desk stopped now and did not then; 0 where the fact says no such thing."""
    if not isinstance(fact, DeskStopped) or not fact.desk.startswith("account/"):
        return 0
    return 0 if fact.desk in {stopped.desk for stopped in arrival.stopped} else key_id(fact.desk)


def _renumbered(arrival: Arrival) -> Arrival:
    """A person names a decision by its row."""
    body = arrival.body
    if isinstance(body, ReviewVerdict):
        arrival.body = replace(body, decision=numbered(body.decision))
    elif isinstance(body, GrantOverride) and isinstance(body.override, Reinstate):
        arrival.body = replace(body, override=Reinstate(decision=numbered(body.override.decision)))
    return arrival
