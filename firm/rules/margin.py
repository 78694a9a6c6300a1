"""Margin: what each open position binds on its platform: lots x contract x opening price / leverage, in the account's currency.

Rounded as platforms do it: the worth half away from zero to the minor unit, the margin up. A worth in another currency is converted like a
loss, at the side at which the account would buy that currency. How long and short of one symbol are added is for the term to say.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec.structs import replace

from firm.account import AccountState, Position
from firm.arithmetic import PLAIN, Arithmetic
from firm.equity import Board
from firm.freshness import is_stale
from firm.inputs import Side
from firm.price import TEN_TO, Hop, floating_profit
from firm.ruleset import AnyRuleset, kept_with
from firm.terms.exposure import ExposureLimit, Quantity
from firm.track import HeldPosition


class Unknown(StrEnum):
    """Why nobody can say what margin is in use."""

    LEVERAGE = "leverage"  # the platform has not told the account's leverage
    CONTRACT = "contract"  # no contract of what is held, or no way to convert its worth
    RATE = "rate"  # an exchange rate was never seen, or is older than the policy allows
    DRIFT = "drift"  # the platform works it out otherwise


def limits_margin(ruleset: AnyRuleset) -> bool:
    """Whether a term is about margin."""
    return kept_with(ruleset, "limits margin", _has_margin)


def _has_margin(ruleset: AnyRuleset) -> bool:
    terms = (rule.terms for rule in ruleset.rules)
    return any(isinstance(term, ExposureLimit) and term.quantity is Quantity.MARGIN for term in terms)


def why_unknown(account: AccountState, board: Board, now_us: int, rate_age_max_us: int) -> Unknown | None:
    """What is missing; None where every margin can be worked out. `rate_age_max_us`: of an exchange rate; 0: any age."""
    if not account.positions:
        return None
    if account.margin_drifts:
        return Unknown.DRIFT
    return _missing(account, board, now_us, rate_age_max_us)


def _missing(account: AccountState, board: Board, now_us: int, rate_age_max_us: int) -> Unknown | None:
    if not account.leverage:
        return Unknown.LEVERAGE
    for symbol in sorted({held.symbol for held in account.positions}):
        hops = _hops(account, board, symbol)
        if hops is None:
            return Unknown.CONTRACT
        if any(_is_rate_missing(hop, board, now_us, rate_age_max_us) for hop in hops):
            return Unknown.RATE
    return None


def with_margins(
    calc: Arithmetic,
    account: AccountState,
    held: Sequence[HeldPosition],
    board: Board,
    now_us: int,
    rate_age_max_us: int,
) -> tuple[HeldPosition, ...]:
    """The account's positions with the margin of each; without any where one of them is not known (`why_unknown`)."""
    if why_unknown(account, board, now_us, rate_age_max_us) is not None:
        return tuple(held)
    return tuple(
        replace(one, margin=_margin_of(calc, account, position, board, f"{position.symbol} #{place}"))
        for place, (one, position) in enumerate(zip(held, account.positions, strict=True), start=1)
    )


def margins_in_use(account: AccountState, board: Board, now_us: int, rate_age_max_us: int) -> tuple[int, ...] | None:
    """All that is bound, in minor units: with longs and shorts added, the larger side of each symbol alone, and one side less the other.

    Platforms differ in which of them they do. None where it is not known; that the platform's is another does not matter here.
    """
    if account.positions and _missing(account, board, now_us, rate_age_max_us) is not None:
        return None
    sides: dict[str, dict[Side, int]] = {}
    for position in account.positions:
        margin = _margin_of(PLAIN, account, position, board, "")
        of = sides.setdefault(position.symbol, dict.fromkeys(Side, 0))
        of[position.side] += margin
    pairs = [(of[Side.BUY], of[Side.SELL]) for of in sides.values()]
    return (
        sum(long + short for long, short in pairs),
        sum(max(pair) for pair in pairs),
        sum(abs(long - short) for long, short in pairs),
    )


def _margin_of(calc: Arithmetic, account: AccountState, position: Position, board: Board, label: str) -> int:
    spec, hops = board.specs[position.symbol], _hops(account, board, position.symbol)
    assert hops is not None, f"{position.symbol} cannot be converted to {account.initial.currency}"
    booked = f"{position.seq}/{position.path}"
    lost = floating_profit(
        calc,
        label=f"{label} down to nothing",
        is_long=True,
        lots_e8=calc.given(f"{label} lots_e8", position.lots_e8, "lots_e8", f"{booked}lots_e8"),
        price_open=calc.given(f"{label} open price", position.price_open, "points", f"{booked}price_open"),
        price_close=0,
        contract_e8=calc.given(f"{label} contract_e8", spec.contract_e8, "contract_e8", ""),
        digits=spec.digits,
        exponent=account.initial.exponent,
        rates=tuple((hop, board.quotes[hop.symbol].bid, board.quotes[hop.symbol].ask, "") for hop in hops),
        ten_to=TEN_TO,
    )
    leverage = calc.given("leverage", account.leverage, "count", f"{account.leverage_seq}/leverage")
    return calc.divided_rounded_up(f"{label} margin", calc.minus(f"{label} worth", 0, lost), leverage, "minor")


def _hops(account: AccountState, board: Board, symbol: str) -> tuple[Hop, ...] | None:
    spec = board.specs.get(symbol)
    return None if spec is None else board.path(spec.currency_profit, account.initial.currency)


def _is_rate_missing(hop: Hop, board: Board, now_us: int, age_max_us: int) -> bool:
    quote = board.quotes.get(hop.symbol)
    return quote is None or (age_max_us > 0 and is_stale(quote, board.specs[hop.symbol], now_us, age_max_us))
