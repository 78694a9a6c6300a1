"""Changes: what becomes of listings, positions and orders when a symbol's contract changes or it is called otherwise.

The contract is told first, then each open position and pending order that looks otherwise now; the last price, in the new points
or under the new name, follows in the quote lane. What dealers may correct later goes by the new name and points too.
"""

from collections.abc import Callable

from msgspec.structs import replace

from bridges.events import Deal
from bridges.simulator.script import Contract, Rename
from bridges.simulator.state import Pending, Position, Quoted, State
from bridges.simulator.symbols import Listing
from bridges.simulator.tellings import Tellings
from firm.instant import instant_of
from firm.price import CONTRACT_SCALE, rescaled


def change_contract(state: State, tell: Tellings, line: Contract, t_us: int) -> None:
    """From now on the symbol has what the line names. With other digits every price of it is put in the new points."""
    before = state.listing(line.symbol)
    after = _changed(before, line)
    state.catalogue = state.catalogue.with_listing(after, line.symbol)
    tell.symbol(after)
    shift = after.spec.digits - before.spec.digits
    if not shift:
        return
    quote = state.quotes.get(line.symbol)
    if quote is not None:
        state.quotes[line.symbol] = Quoted(
            quote.t_us, rescaled(quote.bid, shift), rescaled(quote.ask, shift), quote.burst,
            quote.bid_taken_e8, quote.ask_taken_e8,
        )  # fmt: skip

    def in_points(one: Position | Pending) -> None:
        one.stop_loss, one.take_profit = rescaled(one.stop_loss, shift), rescaled(one.take_profit, shift)
        if isinstance(one, Position):
            one.price_open, one.trail_points = rescaled(one.price_open, shift), rescaled(one.trail_points, shift)
        else:
            one.price, one.limit_price = rescaled(one.price, shift), rescaled(one.limit_price, shift)

    _restate(state, tell, line.symbol, in_points, t_us)
    _relist(state, line.symbol, lambda deal: replace(deal, px=rescaled(deal.px, shift)))


def rename(state: State, tell: Tellings, line: Rename, t_us: int) -> None:
    """From now on the symbol is called otherwise; under the old name it is told for the last time."""
    before = state.listing(line.symbol)
    after = replace(before, spec=replace(before.spec, symbol=line.becomes))
    state.catalogue = state.catalogue.with_listing(after, line.symbol)
    tell.symbol(after)
    tell.symbol(before, renamed_to=line.becomes)
    quote = state.quotes.pop(line.symbol, None)
    if quote is not None:
        state.quotes[line.becomes] = quote

    def called(one: Position | Pending) -> None:
        one.symbol = line.becomes

    _restate(state, tell, line.symbol, called, t_us)
    _relist(state, line.symbol, lambda deal: replace(deal, sym=line.becomes))


def _restate(
    state: State, tell: Tellings, symbol: str, restated: Callable[[Position | Pending], None], t_us: int
) -> None:
    for account in state.accounts.values():
        for position in [held for held in account.positions.values() if held.symbol == symbol]:
            restated(position)
            tell.position(account, position, "changed", state, t_us)
        for order in [held for held in account.orders.values() if held.symbol == symbol]:
            restated(order)
            tell.order(account, order, "changed", t_us)


def _relist(state: State, symbol: str, listed: Callable[[Deal], Deal]) -> None:
    """Deals that may still be corrected go by the name and points of now; nobody is told."""
    for account in state.accounts.values():
        account.deals = {name: listed(deal) if deal.sym == symbol else deal for name, deal in account.deals.items()}


def _changed(before: Listing, line: Contract) -> Listing:
    spec = before.spec
    digits = spec.digits if line.digits is None else line.digits
    shift = digits - spec.digits
    return replace(
        before,
        spec=replace(
            spec,
            digits=digits,
            contract_e8=spec.contract_e8 if line.contract is None else line.contract * CONTRACT_SCALE,
            sessions=spec.sessions if line.sessions is None else line.sessions,
            closed=spec.closed
            if line.closed is None
            else tuple((instant_of(a), instant_of(b)) for a, b in line.closed),
        ),
        swap_long=rescaled(before.swap_long, shift) if line.swap_long is None else line.swap_long,
        swap_short=rescaled(before.swap_short, shift) if line.swap_short is None else line.swap_short,
        dividends=tuple((day, rescaled(points, shift)) for day, points in before.dividends),
    )
