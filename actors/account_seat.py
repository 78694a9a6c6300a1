"""Account seat: the state of one account and the few moves everything about an account is made of.

The account desk sits in it; its book and its verdicts are functions over it.
"""

from collections.abc import Mapping
from operator import is_

from msgspec.structs import replace

from actors.desk import Market, Turn, Watch
from actors.exhibits import cite_quotes
from actors.guards import FREE, Rooms, Stakes, contracts_of, stakes_of, watch_of
from actors.margin_bands import MarginRoom, margin_room
from actors.messages import AccountStood, Enforce, HoldingsChanged
from actors.names import enforcement_desk, key_id, order_desk, trader_desk
from firm.account import AccountState, EarlierBook, Position, with_price_peak
from firm.account_fold import fold, opened
from firm.account_marks import with_peak_of_day
from firm.arithmetic import Figure
from firm.equity import Board, lacks_prices
from firm.facts import AccountOpened, Fact, MarketDaysAdopted, PeakReached, StandingChanged
from firm.inputs import Input
from firm.needs import needs_of
from firm.phase import ENDED, JUDGED, Standing, may_become
from firm.price import SymbolSpec
from firm.rules.grounds import Grounds, grounds_of
from firm.rules.limits import Limit, has_same_floors, limits_at_new_peak, limits_of, watched_limits
from firm.rules.looks import (
    Glance,
    glance,
    limits_of_margin,
    rests_on_stops,
    rules_looked_at,
    slack,
)
from firm.rules.winning import equity_targets, is_barred, target_balance_of
from firm.ruleset import AnyRuleset, Rule
from firm.terms.words import Frequency

_Grounds = tuple[tuple[Position, ...], tuple[EarlierBook, ...], AnyRuleset, dict[str, SymbolSpec]]
"""What stakes are worked out from, compared by identity: each is replaced, never changed."""


class AccountSeat:
    """One account's place. While its market keeps its highs in columns, whoever reads the state is given the newest.

    Within an input a desk is touched before its state is read, or the highs of prices that are undone would stay.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.account = key_id(name)
        self._state: AccountState | None = None
        self._market: Market | None = None  # where it is a follower
        # Worked out from the state, and kept because most prices change nothing of them.
        self._watched: AccountState | None = None
        self._has_bands = False
        self._limits: tuple[AccountState | None, tuple[Limit, ...]] = (None, ())
        self._stakes: tuple[_Grounds, Stakes] | None = None
        self._seen: tuple[tuple[object, ...], Glance] | None = None
        self._grounds = Grounds((), (), ())
        self._grounded: AccountState | None = None  # the state whose grounds they are
        self._kept: dict[str, tuple[object, ...]] = {}
        self._barred: tuple[tuple[object, ...], bool] = ((), False)

    @property
    def state(self) -> AccountState | None:
        """None until the account is opened."""
        if self._market is not None:
            self._take_high(self._market)
        return self._state

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:
        if type(body) is AccountOpened:
            self._state = opened(body, account, seq, happened_us)
        elif (state := self.state) is not None:
            self._state = fold(state, body, seq, happened_us)

    def capture(self) -> AccountState | None:
        """As the input that is being decided found it."""
        state = self._state
        high = self._market.high_before(self.account) if self._market is not None else None
        return state if state is None or high is None else with_price_peak(state, *high)

    def restore(self, state: AccountState | None) -> None:
        self._state, self._market = state, None

    @property
    def held(self) -> AccountState:
        """The state of an account that is open."""
        state = self._state if self._market is None else self.state  # asked for so often that a call counts
        assert state is not None, f"{self.name} was sent a message before it was opened"
        return state

    def record(self, fact: Fact, turn: Turn, at_us: int | None = None) -> int:
        """Book a fact of this account; its seq."""
        return turn.record(fact, self.account, at_us)

    def board(self, turn: Turn) -> Board:
        return turn.market(self.held.bridge).board

    def limits(self) -> tuple[Limit, ...]:
        """As `limits_of` its state."""
        state, (known, limits) = self.held, self._limits
        if known is not state:
            limits = limits if known is not None and has_same_floors(known, state) else limits_of(state)
            self._limits = (state, limits)
        return limits

    def stakes(self, board: Board) -> Stakes:
        """As `stakes_of` its state."""
        state, known = self.held, self._stakes
        if known is not None:
            positions, earlier, ruleset, specs = known[0]
            same_book = positions is state.positions and earlier is state.earlier
            if same_book and ruleset is state.ruleset:
                if specs is board.specs:
                    return known[1]
                if known[1].contracts == contracts_of(state, board):  # another contract than its own was told
                    self._stakes = ((positions, earlier, ruleset, board.specs), known[1])
                    return known[1]
        stakes = stakes_of(state, board)
        self._stakes = ((state.positions, state.earlier, state.ruleset, board.specs), stakes)
        return stakes

    def glance(
        self,
        board: Board,
        equity: int,
        at_us: int,
        rate_age_max_us: int = 0,
        market_days: Mapping[str, MarketDaysAdopted] | None = None,
    ) -> Glance:
        """As `glance` of its state; what was worked out for the last one is not worked out again, where its contracts are known."""
        state, known, stakes = self.held, self._seen, self.stakes(board)
        legs = None if stakes.holdings is None else stakes.holdings.legs
        at = (state, board.specs, *map(board.quotes.get, stakes.needed or ()))
        if known is not None and legs is not None and _are_same(known[0], at):
            return known[1]._replace(
                now=Figure(at_us, ""), rate_age_max_us=rate_age_max_us, market_days=market_days or {}
            )
        seen = glance(state, board, Figure(equity, ""), at_us, rate_age_max_us, market_days or {}, legs)
        if known is not None and known[1].account.ruleset is state.ruleset:
            seen = seen._replace(
                ideas=known[1].ideas if _have_same_book(known[1].account, state) else {}, over=known[1].over
            )
        self._seen = (at, seen)
        return seen

    def grounds(self) -> Grounds:
        """As `grounds_of` its state: the very same ones while nothing of them was replaced."""
        state = self.held
        if self._grounded is not state:
            pairs = zip(self._grounds, grounds_of(state), strict=True)
            self._grounds = Grounds._make([known if _are_same(known, now) else now for known, now in pairs])
            self._grounded = state
        return self._grounds

    def is_known_kept(self, rule: Rule, grounds: Grounds) -> bool:
        """Whether nobody broke a rule when it was last looked at, by what it rests on now."""
        return self._kept.get(rule.id) is grounds.of(rule.terms)

    def know_kept(self, rule: Rule, grounds: Grounds) -> None:
        self._kept[rule.id] = grounds.of(rule.terms)

    def is_barred(self, at_us: int) -> bool:
        """As `is_barred` its state. The clock alone changes it while a rule is waived for a time."""
        state, known = self.held, self._barred
        if state.overrides.waivers:
            return is_barred(state, at_us)
        at = (self.grounds().book, state.waived, state.overrides, state.track.let_off)
        if not _are_same(known[0], at):
            known = self._barred = (at, is_barred(state, at_us))
        return known[1]

    def depends_otherwise(self, board: Board) -> bool:
        """Whether its equity depends on other contracts, or other conversions, than when that was last worked out."""
        known = self._stakes
        if known is None:
            return True
        return known[0][3] is not board.specs and known[1].contracts != contracts_of(self.held, board)

    @property
    def is_watched(self) -> bool:
        """Whether the market desk watches the account as its state is now."""
        return self.state is self._watched

    def watched(self, watch: Watch, market: Market) -> None:
        """The market desk was told."""
        self._watched = self.state
        self._has_bands = bool(watch.bands)
        self._market = market if watch.follower is not None else None

    def is_guarded_still(self) -> bool:
        """Whether nothing but stops was told since bands were set by prices that were known: one that could break anything had woken
        the account. Where what stops may lose is held against a rule, they are no such little thing.
        """
        known, state = self._watched, self._state
        if known is None or state is None or not self._has_bands or rests_on_stops(state.ruleset):
            return False
        return known is state or replace(known, track=replace(known.track, stops=state.track.stops)) == state

    def keep_guard(self) -> None:
        """The bands are as right as they were."""
        self._watched = self._state

    def stand(self, after: Standing, because: str, turn: Turn) -> int:
        """Change the standing by the table, and tell the order it belongs to; the fact's seq."""
        before = self.held.standing
        if not may_become(before, after):
            raise AssertionError(f"{self.name} cannot go from {before} to {after}")
        is_other = (before in ENDED) is not (after in ENDED)
        is_together = is_other and turn.platforms_together(self.held.trader) > 0
        seq = self.record(StandingChanged(before=before, after=after, because=because), turn)
        turn.send(order_desk(self.held.challenge), AccountStood(account=self.account, after=after))
        if is_together:  # it counts no more, or does again
            turn.send(
                trader_desk(self.held.trader), HoldingsChanged(account=self.account, at_us=turn.at_us, dealt=False)
            )
        self.watch(turn)
        return seq

    def enforce(self, purpose: str, decision: int, turn: Turn, args: dict[str, str] | None = None) -> None:
        """Ask for a purpose on the platform, on the strength of decision row `decision`."""
        order = Enforce(
            account=self.account, login=self.held.login, purpose=purpose, decision=decision, args=args or {}
        )
        turn.send(enforcement_desk(self.held.bridge), order)

    def watch(self, turn: Turn, equity: int | None = None) -> None:
        """Tell the market desk when to wake this account next; `equity` at the board's prices, if it can be priced."""
        market = turn.market(self.held.bridge)
        watch = self._watch(market, equity)
        turn.watch(self.held.bridge, watch)
        self.watched(watch, market)

    def watch_now(self, market: Market) -> Watch:
        """How it must be watched, worked out from its state and the prices there are."""
        state = self.held
        is_judged = state.standing in JUDGED and state.day is not None
        return self._watch(market, self.equity_now(market) if is_judged else None)

    def equity_now(self, market: Market) -> int | None:
        """Equity at the board's prices; None where something that is held has none."""
        stakes = self.stakes(market.board)
        if lacks_prices(stakes.needed, market.board):
            return None
        return stakes.equity_if_storable(self.held, market.board)

    def watch_unpriced(self, market: Market) -> Watch:
        """How it must be watched for days, marks and what comes late; every price that it depends on is to wake it."""
        return self._watch(market, None)

    def _watch(self, market: Market, equity: int | None) -> Watch:
        state, board = self.held, market.board
        limits = watched_limits(state, self.limits()) if state.standing in JUDGED else ()
        stakes = self.stakes(board)
        in_columns = market.has_columns and needs_of(state.ruleset).in_columns
        in_columns = in_columns and not market.is_off_market(stakes.needed or ())
        rooms = self._rooms(board, equity) if state.standing in JUDGED and equity is not None else FREE
        return watch_of(state, stakes, equity, limits, board, in_columns=in_columns, rooms=rooms)

    def _rooms(self, board: Board, equity: int) -> Rooms:
        """What prices may do before a rule beside the loss limits, or a target of equity, asks for a look."""
        state = self.held
        down, up = None, None
        if rules_looked_at(state.ruleset, Frequency.TICK):
            down = slack(self.glance(board, equity, 0))
        for rule in equity_targets(state.ruleset):
            target = target_balance_of(state, rule)
            if any(one.rule == rule.id for one in state.track.reached):
                down = equity - target if down is None else min(down, equity - target)
            else:
                up = target - 1 - equity if up is None else min(up, target - 1 - equity)
        return Rooms(down, up, self._margin_room(board, equity))

    def _margin_room(self, board: Board, equity: int) -> MarginRoom | None:
        state, holdings = self.held, self.stakes(board).holdings
        if holdings is None or not limits_of_margin(state.ruleset):
            return None
        return margin_room(self.glance(board, equity, 0), holdings.legs, equity)

    def _take_high(self, market: Market) -> None:
        high = market.take_high(self.account)
        if high is None or self._state is None:
            return
        before = self._state
        self._state = with_price_peak(before, *high)
        if self._limits[0] is before:
            self._limits = (self._state, limits_at_new_peak(self._limits[1], self._state))
        if self._watched is before:  # the market desk knew it first
            self._watched = self._state

    def note_peak(self, equity: int, at_us: int, turn: Turn) -> None:
        """Keep a new equity high that prices brought; it becomes a fact when a decision, a rollover or an epoch's end needs it.

        A price of before the newest deal brings none: at that price something else was held.
        """
        state = self.held
        if state.peak is None or equity <= state.peak.equity or at_us < state.book_since_us:
            return
        board = self.board(turn)
        stakes = self.stakes(board)
        if stakes.trails:
            quotes = tuple(board.quotes[symbol] for symbol in stakes.needed or ())
            limits = self.limits()
            off_market = turn.market(state.bridge).is_off_market(stakes.needed or ())
            risen = self._state = with_price_peak(state, equity, at_us, quotes, off_market)
            self._limits = (risen, limits_at_new_peak(limits, risen))

    def begin_peak(self, equity: int, at_us: int) -> None:
        """A day begins, of which no row is known yet."""
        self._state = with_peak_of_day(self.held, equity, at_us)

    def write_peak(self, turn: Turn) -> None:
        """Make the peak a fact, with the ticks it rested on."""
        state = self.held
        if state.peak is None or state.peak.seq or not self.stakes(self.board(turn)).trails:
            return
        peak = state.peak
        cited = cite_quotes(peak.quotes, self.board(turn).specs, self.account, turn)
        fact = PeakReached(
            equity=state.money(peak.equity),
            balance=state.money(peak.balance),
            at_us=peak.at_us,
            quotes=tuple(priced.seq for priced in cited.values()),
            in_doubt=peak.in_doubt,
            off_market=peak.off_market,
        )
        self.record(fact, turn, peak.at_us)


def _are_same(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    return len(before) == len(now) and all(map(is_, before, now))


def _have_same_book(before: AccountState, state: AccountState) -> bool:
    """Whether the ideas of both are the same."""
    return before.positions is state.positions and before.track.trades is state.track.trades
