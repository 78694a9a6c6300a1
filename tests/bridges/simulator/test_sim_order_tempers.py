"""The traders of made-up markets: between them they use every kind of order, on hedging and netting accounts alike."""

import ast
import inspect
from collections import Counter

import pytest

from bridges.events import Deal, Order, Position
from bridges.simulator import order_tempers, tempers
from bridges.simulator.house import House
from bridges.simulator.market_spec import read_market
from bridges.simulator.rehearsal import Rehearsal, opening_commands
from bridges.simulator.replay import Market
from bridges.simulator.state import Execution, PositionMode
from bridges.simulator.synthetic import SyntheticPrices
from bridges.simulator.tempers import BUNDLED_TROUPE, TEMPERS, VARIED_TROUPE, cast, temper_of
from firm.instant import HOUR_US
from firm.quote_frame import Tick

THEIRS = ("grid", "breakout", "reverter", "follower", "scaler", "pyramider")


def rehearse(house: House) -> Rehearsal:
    """Two of each on the busy half of a made-up day."""
    prices = SyntheticPrices(read_market("jumps+bursts+trend:EURUSD,XAUUSD;days=1;ticks_per_minute=6"))
    market = Market(prices, from_us=prices.first_us + 8 * HOUR_US, to_us=prices.first_us + 18 * HOUR_US)
    openings = opening_commands([(temper, "USD", 100_000, 100) for temper in THEIRS for _ in range(2)])
    rehearsal = Rehearsal(market, 1, [(market.from_us, command) for command in openings], house)
    rehearsal.play()
    return rehearsal


@pytest.fixture(scope="module")
def hedging() -> Rehearsal:
    return rehearse(House(VARIED_TROUPE))


@pytest.fixture(scope="module")
def netting() -> Rehearsal:
    return rehearse(House(VARIED_TROUPE, PositionMode.NETTING, Execution.EXCHANGE))


def orders(rehearsal: Rehearsal) -> Counter[tuple[str, str, str]]:
    told = [event for event in rehearsal.told if isinstance(event, Order)]
    return Counter((rehearsal.accounts()[each.acc].temper, each.order_type, each.state) for each in told)


def reasons(rehearsal: Rehearsal) -> Counter[tuple[str, str]]:
    told = [event for event in rehearsal.told if isinstance(event, Deal)]
    return Counter((rehearsal.accounts()[each.acc].temper, each.reason) for each in told)


@pytest.mark.parametrize("way", ["hedging", "netting"])
def test_each_uses_the_orders_that_it_is_there_for(way: str, request: pytest.FixtureRequest) -> None:
    rehearsal = request.getfixturevalue(way)
    seen, why = orders(rehearsal), reasons(rehearsal)
    assert seen["grid", "limit", "filled"] > 0
    assert seen["grid", "limit", "cancelled"] > 0
    assert why["grid", "tp"] > 0
    assert seen["breakout", "stop_limit", "expired"] > 0
    assert seen["breakout", "limit", "changed"] > 0  # a stop-limit that was reached
    assert seen["breakout", "limit", "filled"] > 0
    assert seen["reverter", "limit", "expired"] > 0
    assert why["reverter", "client"] > 0
    assert why["follower", "sl"] > 0


def test_the_follower_s_stop_trails_the_price(hedging: Rehearsal) -> None:
    mine = {login for login, account in hedging.accounts().items() if account.temper == "follower"}
    moved: dict[str, list[int]] = {}
    for event in hedging.told:
        if isinstance(event, Position) and event.acc in mine and event.op == "changed":
            moved.setdefault(event.pos_id, []).append(event.sl)
    assert max(map(len, moved.values())) > 5
    assert all(stops in (sorted(stops), sorted(stops, reverse=True)) for stops in moved.values())


def test_the_scaler_lets_go_by_thirds_and_then_risks_nothing(hedging: Rehearsal) -> None:
    mine = {login for login, account in hedging.accounts().items() if account.temper == "scaler"}
    deals: dict[str, list[int]] = {}
    for event in hedging.told:
        if isinstance(event, Deal) and event.acc in mine:
            deals.setdefault(event.pos_id, []).append(event.vol)
    parts = [volumes for volumes in deals.values() if len(volumes) == 4]  # opened, a third, half of the rest, the rest
    assert parts
    assert all(volumes[0] == sum(volumes[1:]) for volumes in parts)
    stops = [
        event for event in hedging.told if isinstance(event, Position) and event.acc in mine and event.op == "changed"
    ]
    assert any(event.sl == event.px_open for event in stops)


def test_on_a_netting_account_the_pyramider_has_one_position_that_grows_and_shrinks(netting: Rehearsal) -> None:
    mine = {login for login, account in netting.accounts().items() if account.temper == "pyramider"}
    sizes: dict[str, set[int]] = {}
    open_now: dict[tuple[str, str], set[str]] = {}
    for event in netting.told:
        if isinstance(event, Position) and event.acc in mine:
            sizes.setdefault(event.pos_id, set()).add(event.vol)
            held = open_now.setdefault((event.acc, event.sym), set())
            (held.discard if event.op == "closed" else held.add)(event.pos_id)
            assert len(held) <= 1
    assert max(map(len, sizes.values())) > 3


def test_the_index_holder_buys_the_index_in_a_bracket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridges.simulator.seat._INDEX", "forex")  # the pair, taken for an index
    prices = SyntheticPrices(read_market("walk:EURUSD,XAUUSD;days=1;ticks_per_minute=6"))
    market = Market(prices, to_us=prices.first_us + 3 * HOUR_US)
    [opening] = opening_commands([("index_holder", "USD", 100_000, 100)])
    rehearsal = Rehearsal(market, 1, [(market.from_us, opening)], House(VARIED_TROUPE))
    rehearsal.play()
    [held] = rehearsal.accounts()["700001"].positions.values()
    assert (held.symbol, held.stop_loss < held.price_open < held.take_profit) == ("EURUSD", True)


def test_the_same_market_and_seed_give_the_same_trades(hedging: Rehearsal) -> None:
    again = rehearse(House(VARIED_TROUPE))
    assert [told for told in again.told if not isinstance(told, Tick)] == [
        told for told in hedging.told if not isinstance(told, Tick)
    ]


def test_made_up_markets_get_another_table_and_the_bundled_days_keep_theirs() -> None:
    assert cast(10) == (
        "swing", "news_gambler", "carry", "scalper", "martingale", "swing", "drifter", "straddler", "overtrader", "hedger",
    )  # fmt: skip
    assert set(VARIED_TROUPE.wheel) | set(BUNDLED_TROUPE.wheel) == set(TEMPERS)
    assert not {"carry", "news_gambler", "straddler"} & set(cast(100, VARIED_TROUPE))
    assert temper_of("breakout", "ada") == temper_of("breakout", "ada", VARIED_TROUPE) == "breakout"


@pytest.mark.parametrize("module", [tempers, order_tempers], ids=["tempers", "order_tempers"])
def test_a_temper_is_at_most_thirty_lines(module: object) -> None:
    for node in ast.parse(inspect.getsource(module)).body:  # type: ignore[arg-type]
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 30, node.name
