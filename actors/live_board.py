"""Live board: the engine's latest durable view, for pages. Published after each commit; a page never sees what may be lost.

Account states are immutable, so publishing one is keeping a reference; only the prices are copied.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from actors.batch import Batch
from actors.columns import Highs
from actors.enforcement_desk import EnforcementDesk
from actors.enforcement_plans import EnforcementState, why_withheld
from actors.engine import Engine
from actors.exposure import Holders
from actors.live import Health, LiveAccount, LiveOwed, LivePosition
from actors.market_state import MarketState
from actors.names import enforcement_desk, trader_desk
from actors.trader_accounts import Known
from actors.trader_desk import TraderDesk
from actors.urgent import OF_INCIDENTS, URGENT
from firm import facts as f
from firm.account import AccountState, Position, with_price_peak
from firm.arithmetic import PLAIN, Figure
from firm.equity import Board, equity_of, position_profit, symbols_needed, unpriced
from firm.exceptions_now import with_exceptions
from firm.ids import id_text
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.objective import Objective
from firm.objective_answers import answer_of
from firm.objective_rows import objectives_of
from firm.phase import ENDED
from firm.price import SymbolSpec
from firm.rules.across_accounts import Identity
from firm.rules.looks import glance
from firm.staff import NOBODY, Staff
from firm.terms.exposure import AcrossAccounts
from firm.terms.lifecycle import MaximumAllocation


class Grounds(NamedTuple):
    """What an account's live figures rest on: where these are the same, so are they. `as_of_s`: by the second, as pages tell it.

    `prices`: bid and ask of each of its symbols, None where one was never priced. `high`: one that its desk does not know yet.
    """

    state: AccountState
    specs: Mapping[str, SymbolSpec]
    symbols: tuple[str, ...]
    prices: tuple[tuple[int, int] | None, ...]
    high: int | None
    platform_up: bool
    gaps: frozenset[str]
    as_of_s: int


class LiveBoard:
    """What is durable now. `health` is asked of the machine when a page wants it."""

    def __init__(self, engine: Engine, health: Callable[[], Health]) -> None:
        self._engine = engine
        self._accounts: dict[int, AccountState] = {}
        self._holding: set[int] = (
            set()
        )  # with a position open: few of all accounts, and all that an exposure is made of
        self._boards: dict[str, Board] = {}
        self._markets: dict[str, MarketState] = {}
        self._as_of: dict[str, int] = {}
        self._highs: dict[str, Highs] = {}
        self._enforcement: dict[str, EnforcementState] = {}
        self._newest_rows: dict[int, int] = {}
        self._of_trader: dict[int, set[int]] = {}
        self._told: dict[int, list[Callable[[], None]]] = {}
        self._incidents_row = 0
        self._staff = NOBODY
        self._staff_heard: list[Callable[[], None]] = []
        self._left: Counter[str] = Counter()
        self.health = health

    def publish_all(self) -> None:
        """Everything, once, after recovery."""
        for desk in tuple(self._engine.desks.values()):
            state = desk.capture()
            if isinstance(state, AccountState):
                self._publish_account(state)
        for bridge in self._engine.own.state.bridges:
            self._publish_market(bridge)
        self._publish_enforcement()
        self._staff = self._engine.staff

    def publish(self, batch: Batch) -> None:
        """What a batch touched, now that it is durable."""
        for account in batch.accounts:
            state = self._engine.account(account)
            if state is not None:
                self._publish_account(state)
        for bridge in batch.bridges:
            self._publish_market(bridge)
        self._publish_enforcement()
        left = [
            body.before for row, body in batch.rows if not row.account and type(body) is f.TraderPlaced and body.before
        ]
        self._left.update(left)
        self._publish_staff(reaches_less=bool(left))
        self._newest_rows |= {row.account: row.seq for row, _ in batch.rows if row.account}
        of_incidents = (row.seq for row, body in batch.rows if not row.account and type(body) in OF_INCIDENTS)
        self._incidents_row = max(of_incidents, default=self._incidents_row)
        for account in {row.account for row, body in batch.rows if row.account in self._told and type(body) in URGENT}:
            for heard in self._told[account]:
                heard()

    def staff(self) -> Staff:
        """Everybody on the staff, and the firm's own roles."""
        return self._staff

    def tell_staff(self, heard: Callable[[], None]) -> None:
        """From now on call `heard` after a commit that changed who may do what, or took a trader out of a region. It must be quick."""
        self._staff_heard.append(heard)

    def departures(self, regions: Collection[str]) -> int:
        """How many traders have left any of these regions since the start."""
        return sum(self._left[region] for region in regions)

    def newest_row(self, account: int) -> int:
        """The account's last durable ledger row, where it has one since the start; else 0."""
        return self._newest_rows.get(account, 0)

    def incidents_row(self) -> int:
        """The last durable row since the start that changed what is said of incidents; 0 before there was one."""
        return self._incidents_row

    def accounts_counted(self, trader: int) -> int:
        """How many accounts of a trader count where another is ordered: those that run, are on order or are held."""
        desk = self._engine.desk(trader_desk(trader))
        assert isinstance(desk, TraderDesk)
        return desk.counted

    def is_unconfirmed(self, trader: int) -> bool:
        """Whether a trader who signed up by themselves has not confirmed their mail address yet. A look in memory."""
        desk = self._engine.desk(trader_desk(trader))
        assert isinstance(desk, TraderDesk)
        return desk.state.unconfirmed

    def documents_retained_us(self) -> int:
        """For how long after it was handed in nobody deletes proof of identity and of address; 0: for no time."""
        return self._engine.policy.documents_retained_us

    def tell_rows(self, account: int, heard: Callable[[], None]) -> None:
        """From now on call `heard` after a commit that brought urgent rows of the account. It must be quick."""
        self._told.setdefault(account, []).append(heard)

    def tell_no_more(self, account: int, heard: Callable[[], None]) -> None:
        self._told[account].remove(heard)
        if not self._told[account]:
            del self._told[account]

    def grounds(self, account: int, known: Grounds | None = None) -> Grounds | None:
        """What `account()` would rest on now, a small part of its cost; None where it is not known. `known`: what it rested on last."""
        state = self._accounts.get(account)
        if state is None:
            return None
        board, market = self._boards.get(state.bridge), self._markets.get(state.bridge)
        if board is None or market is None:
            return Grounds(state, {}, (), (), None, True, frozenset(), state.opened_us // SECOND_US)
        if known is not None and known.state is state and known.specs is board.specs:
            symbols = known.symbols
        else:
            symbols = symbols_needed(state, board) or tuple(sorted({held.symbol for held in state.positions}))
        quotes = [board.quotes.get(symbol) for symbol in symbols]
        return Grounds(
            state,
            board.specs,
            symbols,
            tuple([(quote.bid, quote.ask) if quote is not None else None for quote in quotes]),
            self._high(state),
            market.platform_up,
            market.gaps,
            max(self._as_of[state.bridge], state.opened_us) // SECOND_US,
        )

    def every_rule(self, account: int) -> tuple[Objective, ...]:
        """A row for every rule of the account, also for what `account()` leaves out: it costs more, and no price moves most of it.

        Empty where the account is unknown.
        """
        state = self._state(account)
        if state is None:
            return ()
        board = self._boards.get(state.bridge) or Board({}, {})
        equity = state.balance if unpriced(state, board) else equity_of(PLAIN, state, board)
        as_of_us = max(self._as_of.get(state.bridge, 0), state.opened_us)
        seen = glance(
            state,
            board,
            Figure(equity, ""),
            as_of_us,
            self._engine.policy.conversion_age_max_us,
            self._engine.market_days(),
        )
        moving = {row.rule: row for row in objectives_of(state, equity, as_of_us)}
        identity = self._identity(state)
        rows = tuple(moving.get(rule.id) or answer_of(rule, seen, identity) for rule in state.ruleset.rules)
        return with_exceptions(state, rows, as_of_us)

    def _identity(self, state: AccountState) -> Identity | None:
        """The running accounts of the account's trader, as far as they are durable; None where no rule of it asks for the others."""
        if not any(isinstance(rule.terms, AcrossAccounts | MaximumAllocation) for rule in state.ruleset.rules):
            return None
        desk = self._engine.desk(trader_desk(state.trader))
        assert isinstance(desk, TraderDesk)
        programs = {number: held.program for number, held in desk.state.accounts.items()}
        states = [self._accounts[number] for number in self._of_trader[state.trader]]
        running = sorted((one for one in states if one.standing not in ENDED), key=lambda one: one.opened_seq)
        accounts = tuple(Known(one, programs[one.account]).now for one in running)
        return Identity(programs[state.account], id_text(state.account), accounts)

    def account(self, account: int) -> LiveAccount | None:
        """The account at the last durable prices, or None where it is unknown or not open yet."""
        state = self._state(account)
        if state is None:
            return None
        board = self._boards.get(state.bridge) or Board({}, {})
        priced = not unpriced(state, board)
        equity = equity_of(PLAIN, state, board) if priced else state.balance
        as_of_us = max(self._as_of.get(state.bridge, 0), state.opened_us)
        objectives = with_exceptions(state, objectives_of(state, equity, as_of_us), as_of_us)
        nearest = _nearest(objectives)
        return LiveAccount(
            account=account,
            trader=state.trader,
            login=state.login,
            standing=state.standing,
            phase_name=state.phase_name,
            as_of_us=as_of_us,
            stale=not priced or self._stale(state, as_of_us),
            initial=state.initial,
            balance=state.money(state.balance),
            equity=state.money(equity),
            day=state.day.day if state.day is not None else None,
            day_is_final=state.day is not None and state.day.final,
            nearest=nearest.rule if nearest is not None else "",
            headroom=nearest.headroom if nearest is not None else None,
            objectives=objectives,
            positions=tuple(_position(state, held, board, place) for place, held in enumerate(state.positions, 1))
            if priced
            else (),
            positions_open=len(state.positions),
        )

    def holders(self, *, funded: bool) -> Holders:
        """Accounts with open positions, all of them or those that are funded, for sums that are made in a thread."""
        states = (self._accounts[account] for account in self._holding)
        # A way between currencies is remembered when it is first asked for: a thread remembers it in a copy.
        boards = {name: Board(board.specs, board.quotes, dict(board.paths)) for name, board in self._boards.items()}
        return Holders(tuple(state for state in states if state.funded or not funded), boards)

    def markets(self) -> dict[str, MarketState]:
        """Each bridge's market, by name: copies, so that a thread may read them."""
        return dict(sorted(self._markets.items()))

    def owed(self) -> tuple[LiveOwed, ...]:
        """What every account is owed, the oldest first."""
        accounts = [account for state in self._enforcement.values() for account in state.owed]
        found = [owed for account in accounts if (owed := self.owed_to(account)) is not None]
        return tuple(sorted(found, key=lambda one: (one.since_us, one.first_seq)))

    def owed_to(self, account: int) -> LiveOwed | None:
        """What one account is owed."""
        known = self._accounts.get(account)
        enforcement = self._enforcement.get(known.bridge) if known is not None else None
        if known is None or enforcement is None or account not in enforcement.owed:
            return None
        return _owed(enforcement, known)

    def _state(self, account: int) -> AccountState | None:
        """With the newest high that is durable, where columns keep it: what it rests on is for its desk alone."""
        state = self._accounts.get(account)
        high = self._high(state) if state is not None else None
        if state is None or high is None:
            return state
        return with_price_peak(state, high, self._as_of[state.bridge], ())

    def _high(self, state: AccountState) -> int | None:
        """The newest high that is durable, where columns keep it and it is above the one that its desk knows."""
        if state.peak is None or state.bridge not in self._highs:
            return None
        row = self._engine.market(state.bridge).wakes.columns.row_of(state.account)
        high = self._highs[state.bridge].of(state.account, row)
        return high if high is not None and high > state.peak.equity else None

    def _publish_account(self, state: AccountState) -> None:
        self._accounts[state.account] = state
        self._of_trader.setdefault(state.trader, set()).add(state.account)
        (self._holding.add if state.positions else self._holding.discard)(state.account)

    def _publish_staff(self, *, reaches_less: bool) -> None:
        before, self._staff = self._staff, self._engine.staff
        if reaches_less or self._staff is not before:
            for heard in self._staff_heard:
                heard()

    def _publish_enforcement(self) -> None:
        for bridge in self._engine.own.state.bridges:
            desk = self._engine.desk(enforcement_desk(bridge))
            assert isinstance(desk, EnforcementDesk)
            self._enforcement[bridge] = desk.state

    def _publish_market(self, bridge: str) -> None:
        market = self._engine.market(bridge)
        # Contracts rarely change and are replaced, not edited, so sharing their dict is safe within the loop.
        state = market.capture()
        self._markets[bridge] = state
        self._boards[bridge] = Board(market.board.specs, state.quotes, market.board.paths)
        self._as_of[bridge] = state.latest_us
        self._highs[bridge] = market.wakes.columns.published()

    def _stale(self, state: AccountState, as_of_us: int) -> bool:
        symbols = tuple({held.symbol for held in state.positions})
        doubts = self._engine.market(state.bridge).doubts_about(symbols, as_of_us, self._engine.policy.stale_after_us)
        return f.Doubt.STALE_QUOTE in doubts or f.Doubt.PLATFORM_DOWN in doubts


def _nearest(objectives: tuple[Objective, ...]) -> Objective | None:
    """The limit with the least headroom; money of one account compares."""
    limits = [row for row in objectives if row.headroom is not None]
    return min(limits, key=lambda row: row.headroom.minor if row.headroom is not None else 0, default=None)


def _owed(state: EnforcementState, known: AccountState) -> LiveOwed:
    held = state.owed[known.account]
    return LiveOwed(
        account=known.account,
        standing=known.standing,
        bridge=state.bridge,
        purpose=held.purpose,
        decision=held.decision,
        because=held.because,
        stopped=why_withheld(state),
        since_us=held.since_us,
        first_seq=held.first_seq,
        last_seq=held.last_seq,
    )


def _position(state: AccountState, held: Position, board: Board, place: int) -> LivePosition:
    quote, spec = board.quotes[held.symbol], board.specs[held.symbol]
    return LivePosition(
        position_id=held.position_id,
        symbol=held.symbol,
        side=held.side,
        lots_e8=held.lots_e8,
        price_open=held.price_open,
        price_close=quote.bid if held.side is Side.BUY else quote.ask,
        digits=spec.digits,
        profit=state.money(position_profit(PLAIN, state, held, board, f"{held.symbol} #{place}")),
        swap=state.money(held.swap),
        opened_us=held.opened_us,
    )
