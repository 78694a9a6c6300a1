"""The account's book: what a platform's report of a deal, a balance operation, swap or equity does to it.

The platform's own figures are compared with ours in the open: a difference beyond the tolerance is a fact (DriftFound),
and no hard failure or pass rests on an account that drifts.
"""

from actors.account_margin import compare_margin
from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account import AccountState, Position, cash_key
from firm.account_deals import price_after_adding
from firm.account_fold import ALREADY_BOOKED, POSITIONS
from firm.arithmetic import PLAIN
from firm.bounds import AMOUNT_MINOR_MAX, POSITIONS_MAX
from firm.equity import equity_of, unpriced
from firm.facts import (
    CashBooked,
    CycleStartMoved,
    DayAnchored,
    DayStartMoved,
    DealBooked,
    DealFigures,
    DealIgnored,
    DividendBooked,
    DriftCleared,
    DriftFound,
    HighMoved,
    PayoutBooked,
    PeakReached,
    PositionRestated,
    PositionsDrifted,
    SwapPosted,
    TradingDayCounted,
    WeekStartMoved,
)
from firm.inputs import (
    AccountReported,
    CashKind,
    CashReported,
    DealEntry,
    DealReported,
    DealUpdateReported,
    EquityReported,
    PositionReported,
    SnapshotReported,
)
from firm.money import Money
from firm.needs import follows_prices, needs_of
from firm.phase import JUDGED
from firm.rules.floors import high_after_payout, highs_before_payout
from firm.terms.losses import LossLimit
from firm.track import High


def book_deal(seat: AccountSeat, deal: DealReported, turn: Turn) -> None:
    """A fill changes a position and the balance, once. One that cannot be of this book is told, and leaves it in doubt."""
    state = seat.held
    net = deal.profit.minor + deal.commission.minor + deal.swap.minor + deal.fee.minor
    why = _why_ignored(state, deal, state.balance + net)
    if why:
        seat.record(DealIgnored(deal_id=deal.deal_id, why=why), turn)
        return
    after = _position_after(state.position(deal.position_id), deal)
    seat.record(
        DealBooked(
            deal_id=deal.deal_id,
            position_id=deal.position_id,
            symbol=deal.symbol,
            side=after.side,
            lots_e8=after.lots_e8,
            price_open=after.price_open,
            swap=state.money(after.swap),
            opened_us=after.opened_us,
            net=state.money(net),
            balance=state.money(state.balance + net),
            deal=figures_of(deal, seat.board(turn).digits_of(deal.symbol)),
        ),
        turn,
    )
    if deal.entry is DealEntry.IN:
        _count_day(seat, turn)


def figures_of(deal: DealReported | DealUpdateReported, digits: int | None) -> DealFigures:
    """A deal as it was reported, in points of `digits`."""
    return DealFigures(
        entry=deal.entry,
        side=deal.side,
        lots_e8=deal.lots_e8,
        price=deal.price,
        digits=digits,
        profit_minor=deal.profit.minor,
        commission_minor=deal.commission.minor,
        swap_minor=deal.swap.minor,
        fee_minor=deal.fee.minor,
        at_us=deal.t_us if isinstance(deal, DealReported) else deal.deal_us,
    )


def _why_ignored(state: AccountState, deal: DealReported, balance: int) -> str:
    if state.knows_deal(deal.deal_id):
        return ALREADY_BOOKED
    held = state.position(deal.position_id)
    if held is not None:
        closes = deal.entry is DealEntry.OUT
        fits = held.symbol == deal.symbol and (held.side is deal.side) is not closes
        if not fits or (closes and deal.lots_e8 > held.lots_e8):
            return "does_not_fit"
    elif deal.entry is DealEntry.OUT:
        return "does_not_fit"
    elif len(state.positions) >= POSITIONS_MAX:
        return "too_many_positions"
    return "" if abs(balance) <= AMOUNT_MINOR_MAX else "out_of_range"


def book_cash(seat: AccountSeat, cash: CashReported, turn: Turn) -> None:
    """A deposit, withdrawal or correction moves the balance without a trade, and with it what is measured from; a dividend is profit."""
    state = seat.held
    known = state.knows_deal(cash_key(cash.cash_id))
    if known or abs(state.balance + cash.amount.minor) > AMOUNT_MINOR_MAX:
        seat.record(DealIgnored(deal_id=cash.cash_id, why=ALREADY_BOOKED if known else "out_of_range"), turn)
        return
    balance = state.money(state.balance) + cash.amount
    if cash.cash_kind is CashKind.PAYOUT and cash.amount.minor < 0:
        _book_payout(seat, cash, balance, turn)
    elif cash.cash_kind is CashKind.DIVIDEND:
        seat.record(DividendBooked(cash_id=cash.cash_id, amount=cash.amount, balance=balance), turn)
    else:
        net = state.money(state.cash_net) + cash.amount
        seat.record(CashBooked(cash_id=cash.cash_id, amount=cash.amount, balance=balance, net=net), turn)
        _move_marks(seat, cash.amount.minor, turn)
    _compare(seat, "balance", seat.held.balance, cash.balance_after.minor, 0, turn)


def _book_payout(seat: AccountSeat, cash: CashReported, balance: Money, turn: Turn) -> None:
    """Profit leaves the account; the highs that floors follow come down, begin anew or stay, as their limits say."""
    if highs_before_payout(seat.held) and _peak_after_payout(seat.held, -cash.amount.minor) is not None:
        seat.write_peak(turn)  # what it was is held against a lock yet, once it has come down
    number = len(seat.held.track.payouts) + 1
    profit = -cash.amount
    fact = PayoutBooked(cash_id=cash.cash_id, number=number, profit=profit, paid=profit, balance=balance)
    seat.record(fact, turn)
    state = seat.held
    for high in state.track.highs:
        after = high_after_payout(state, high.key.on_payout, high.minor, profit.minor)
        if after is not None:
            move_high(seat, high, after - high.minor, turn)
    _move_peak_by_payout(seat, profit.minor, turn)


def _move_peak_by_payout(seat: AccountSeat, profit: int, turn: Turn) -> None:
    state = seat.held
    after = _peak_after_payout(state, profit)
    if after is not None and state.peak is not None:
        for high, kept in highs_before_payout(state):
            move_high(seat, high, kept - high.minor, turn)
        _move_peak(seat, after - state.peak.equity, turn)


def _peak_after_payout(state: AccountState, profit: int) -> int | None:
    """None where it stays. Limits that follow every price treat payouts alike: a ruleset in which they do not is refused."""
    following = (
        rule.terms for rule in state.ruleset.rules if isinstance(rule.terms, LossLimit) and follows_prices(rule.terms)
    )
    terms = next(following, None)
    if terms is None or state.peak is None:
        return None
    return high_after_payout(state, terms.on_payout, state.peak.equity, profit)


def _move_marks(seat: AccountSeat, amount: int, turn: Turn) -> None:
    """Cash is neither profit nor loss: what day, week and payout cycle are measured from moves with it, and so do highs."""
    state = seat.held
    if state.day is not None:
        start = state.day
        marks = {"balance": state.money(start.balance + amount), "equity": state.money(start.equity + amount)}
        if start.final:
            seat.record(
                DayAnchored(day=start.day, **marks, changed=True, priced=start.priced, adjusted=start.adjusted), turn
            )
        else:
            seat.record(DayStartMoved(day=start.day, **marks, priced=start.priced), turn)
        if not (start.final and is_week_s_first(state)):  # with that row the week's start has moved already
            move_week(seat, amount, turn)
    move_cycle(seat, amount, turn)
    for high in state.track.highs:
        move_high(seat, high, amount, turn)
    if state.trails_every_tick:
        _move_peak(seat, amount, turn)


def _move_peak(seat: AccountSeat, amount: int, turn: Turn) -> None:
    state = seat.held
    if state.peak is None:
        return
    moved = PeakReached(
        equity=state.money(state.peak.equity + amount),
        balance=state.money(state.peak.balance + amount),
        at_us=state.peak.at_us,
        quotes=(),
        in_doubt=state.peak.in_doubt,
        off_market=state.peak.off_market,
    )
    seat.record(moved, turn)


def move_high(seat: AccountSeat, high: High, minor: int, turn: Turn) -> None:
    """A high that a floor follows comes to stand elsewhere, although nothing new was reached."""
    moved = seat.held.money(high.minor + minor)
    key = high.key
    seat.record(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=moved), turn)


def move_week(seat: AccountSeat, minor: int, turn: Turn, *, priced: bool = True) -> None:
    """What a weekly limit is measured from comes to stand elsewhere. `priced`: whether what was held then is still known."""
    state = seat.held
    week = state.track.week
    if week is None or not needs_of(state.ruleset).week:
        return
    marks = {"balance": state.money(week.balance + minor), "equity": state.money(week.equity + minor)}
    seat.record(WeekStartMoved(day=week.day, **marks, priced=week.priced and priced, was=week.seq), turn)


def move_cycle(seat: AccountSeat, minor: int, turn: Turn) -> None:
    """Likewise what a limit of the payout cycle is measured from, once one has begun with a payout."""
    state = seat.held
    cycle, payouts = state.track.cycle, state.track.payouts
    if cycle is None or not needs_of(state.ruleset).cycle:
        return
    balance, was = state.money(cycle.value + minor), int(cycle.source.partition("/")[0])
    seat.record(CycleStartMoved(number=payouts[-1].number, balance=balance, was=was), turn)


def is_week_s_first(state: AccountState) -> bool:
    """Whether the running day is the first of its week."""
    week, day = state.track.week, state.day
    return week is not None and day is not None and week.day.start_us == day.day.start_us


def take_position(seat: AccountSeat, report: PositionReported, turn: Turn) -> None:
    """A position as the platform has it now: its swap, and where a symbol was renamed or has other digits its name and price.

    Where that cannot be taken, our book is not the platform's.
    """
    held = seat.held.position(report.position_id)
    if held is None:
        return
    if _is_restated(seat.held, held, report):
        seat.record(
            PositionRestated(
                position_id=report.position_id,
                symbol=report.symbol,
                side=held.side,
                lots_e8=held.lots_e8,
                price_open=report.price_open,
                swap=report.swap,
                opened_us=held.opened_us,
                digits=seat.board(turn).digits_of(report.symbol),
            ),
            turn,
        )
    elif held.swap != report.swap.minor:
        seat.record(SwapPosted(position_id=report.position_id, swap=report.swap), turn)
    if _differs(seat.held, report) and POSITIONS not in seat.held.drifting:
        seat.record(PositionsDrifted(missing=1, unknown=1), turn)


def _differs(state: AccountState, report: PositionReported) -> bool:
    """Whether the position has another name or price than ours, by a word that is not older than its own newest deal. Of another
    volume it may be told before the deal that made it so.
    """
    held = state.position(report.position_id)
    assert held is not None
    dealt = (deal.at_us for deal in state.deals_known if deal.position_id == held.position_id)
    same = (held.side, held.lots_e8) == (report.side, report.lots_e8)
    ours, theirs = ((one.symbol, one.price_open) for one in (held, report))
    return same and ours != theirs and report.t_us >= max(dealt, default=held.opened_us)


def _is_restated(state: AccountState, held: Position, report: PositionReported) -> bool:
    """Deals alone change what is held: only the very same volume may have another name or price, and not as of before the newest deal."""
    same = (held.side, held.lots_e8) == (report.side, report.lots_e8) and report.t_us >= state.book_since_us
    return same and (held.symbol, held.price_open) != (report.symbol, report.price_open)


def reconcile(seat: AccountSeat, report: EquityReported | AccountReported | SnapshotReported, turn: Turn) -> None:
    """Hold the platform's figures against ours: balance to the cent, equity within the tolerance, positions one by one."""
    state = seat.held
    _compare(seat, "balance", state.balance, report.balance.minor, 0, turn)
    if isinstance(report, AccountReported):
        return
    board = seat.board(turn)
    if not unpriced(state, board):
        tolerance = state.initial.minor * turn.policy.drift_tolerance_bp // 10_000
        _compare(seat, "equity", equity_of(PLAIN, state, board), report.equity.minor, tolerance, turn)
    if isinstance(report, SnapshotReported):
        _compare_positions(seat, report, turn)
    else:
        compare_margin(seat, report, board, turn)


def _position_after(held: Position | None, deal: DealReported) -> Position:
    """The position as it is once the deal, which fits it, is in it."""
    if deal.entry is DealEntry.IN or held is None:
        return _opened_or_added(held, deal)
    left = held.lots_e8 - deal.lots_e8
    # The deal realised its share of the swap; what is left stays with the rest of the position.
    swap = held.swap - deal.swap.minor if left else 0
    return Position(held.position_id, held.symbol, held.side, left, held.price_open, held.opened_us, 0, "", swap, 0, "")


def _opened_or_added(held: Position | None, deal: DealReported) -> Position:
    if held is None:
        return Position(deal.position_id, deal.symbol, deal.side, deal.lots_e8, deal.price, deal.t_us, 0, "", 0, 0, "")
    lots_e8 = held.lots_e8 + deal.lots_e8
    price_open = price_after_adding((held.lots_e8, held.price_open), (deal.lots_e8, deal.price))
    return Position(
        held.position_id, held.symbol, held.side, lots_e8, price_open, held.opened_us, 0, "", held.swap, 0, ""
    )


def _count_day(seat: AccountSeat, turn: Turn) -> None:
    """A trading day is one on which a position was opened; adding to one counts as opening."""
    state = seat.held
    if state.day is None or state.standing not in JUDGED or state.last_day_traded == state.day.day.label:
        return
    seat.record(TradingDayCounted(label=state.day.day.label, count=state.days_traded + 1), turn)


def _compare_positions(seat: AccountSeat, report: SnapshotReported, turn: Turn) -> None:
    ours = {(held.position_id, held.symbol, held.side, held.lots_e8) for held in seat.held.positions}
    theirs = {(held.position_id, held.symbol, held.side, held.lots_e8) for held in report.positions}
    drifted = POSITIONS in seat.held.drifting
    if ours != theirs and not drifted:
        seat.record(PositionsDrifted(missing=len(ours - theirs), unknown=len(theirs - ours)), turn)
    elif drifted and ours == theirs:
        seat.record(DriftCleared(what=POSITIONS), turn)


def _compare(seat: AccountSeat, what: str, computed: int, reported: int, tolerance: int, turn: Turn) -> None:
    state = seat.held
    drifts, drifted = abs(computed - reported) > tolerance, what in state.drifting
    if drifts and not drifted:
        seat.record(
            DriftFound(
                what=what,
                computed=state.money(computed),
                reported=state.money(reported),
                tolerance=state.money(tolerance),
            ),
            turn,
        )
    elif drifted and not drifts:
        seat.record(DriftCleared(what=what), turn)
