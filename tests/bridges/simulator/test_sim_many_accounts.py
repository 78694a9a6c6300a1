"""Many accounts: what happens to one of them costs no look at the others, and is saved without them; alarms miss nobody."""

import random

import pytest

from bridges.simulator.alarms import Alarms, Band
from bridges.simulator.books import Books
from bridges.simulator.rehearsal import opening_commands
from bridges.simulator.replay import Market, Replay
from bridges.simulator.state import Quoted
from bridges.simulator.ticks import tick_file
from bridges.simulator.valuation import (
    MARGIN_CALL_LEVEL_PERCENT,
    STOP_OUT_LEVEL_PERCENT,
    equity_minor,
    has_come_down_to,
    margin_minor,
)
from firm.inputs import Side
from firm.instant import parse_utc
from tests.bridges.simulator.desk import LOT, Desk

# --- alarms ---


@pytest.mark.parametrize("currency", ["USD", "EUR"])
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 32, 40])  # the last two see that a conversion moves, too
def test_within_its_bands_no_account_comes_to_a_margin_level_that_matters(currency: str, seed: int) -> None:
    """Bets near both levels on two symbols, in their own currency or not; every price within the bands leaves the level where it is."""
    dice = random.Random(f"{currency}{seed}")
    desk = Desk(currency=currency)
    for _ in range(dice.randrange(1, 5)):
        desk.open(dice.choice(list(Side)), dice.randrange(10, 60) * LOT)
        desk.open(dice.choice(list(Side)), dice.randrange(1, 30) * LOT, "XAUUSD")
    bid = desk.state.quotes["EURUSD"].bid
    tried = 0
    for _ in range(60):
        bid += dice.randrange(-60, 61)
        desk.price("EURUSD", bid, bid + 5)
        bands = {symbol: known["1"] for symbol, known in desk.platform._alarms._bands.items() if "1" in known}
        before, prices = levels(desk), dict(desk.state.quotes)
        for _ in range(30 if bands else 0):
            for symbol, band in bands.items():
                desk.state.quotes[symbol] = replaced(prices[symbol], dice, band)
            assert levels(desk) == before
            tried += 1
        desk.state.quotes.update(prices)
    assert tried


def levels(desk: Desk) -> list[bool]:
    state, account = desk.state, desk.account
    equity, margin = equity_minor(account, state), margin_minor(account, state)
    return [has_come_down_to(level, equity, margin) for level in (MARGIN_CALL_LEVEL_PERCENT, STOP_OUT_LEVEL_PERCENT)]


def replaced(quote: Quoted, dice: random.Random, band: Band) -> Quoted:
    """A price somewhere in a band, often at its very edge; the quote as it was where the band has no room."""
    bids, asks = range(band.bid_over + 1, band.bid_under), range(band.ask_over + 1, band.ask_under)
    if not bids or not asks:
        return quote
    bid, ask = (dice.choice((side[0], side[-1], dice.choice(side))) for side in (bids, asks))
    return Quoted(quote.t_us, bid, ask, 1)


def test_an_account_whose_profit_is_converted_sleeps_through_prices_that_do_not_matter(monkeypatch) -> None:
    desk = Desk(currency="EUR")
    desk.open(Side.BUY, LOT)
    woken: list[str] = []
    work_price = Books.work_price
    monkeypatch.setattr(
        Books,
        "work_price",
        lambda self, account, *more: (woken.append(account.login), work_price(self, account, *more)),
    )
    for step in range(100):
        desk.price("EURUSD", 138_600 + step % 50, 138_610 + step % 50)
    assert woken == []


# --- the price of one among many ---


@pytest.fixture
def replay(release_files) -> Replay:
    """200 accounts of all tempers before the release."""
    market = Market([tick_file(path) for path in release_files], from_us=parse_utc("2014-05-02T12:29:00"))
    replay = Replay(market, 1)
    replay.hand_over()
    for command in opening_commands([("idle", "USD", 100_000, 200)] * 200):
        replay.carry_out(command)
    return replay


def test_of_each_account_that_is_opened_only_that_one_is_saved(replay: Replay) -> None:
    parcels = replay.hand_over()
    assert len(parcels) == 200
    assert [sorted(parcel.saved or ()) for parcel in parcels] == [
        [f"account/{login}", "platform"] for login in replay.state.accounts
    ]
    sizes = [sum(len(part) for part in (parcel.saved or {}).values()) for parcel in parcels]
    assert max(sizes[100:]) < 1.1 * max(sizes[:100])


def test_a_price_that_concerns_nobody_looks_at_nobody(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody holds anything, and everybody has looked at the screen for this hour."""
    while min(account.look_us for account in replay.state.accounts.values()) < parse_utc("2014-05-02T12:40:00"):
        replay.play_slice()
        replay.hand_over()
    looked: list[str] = []

    class Watched(dict):
        def __getitem__(self, login):
            looked.append(login)
            return super().__getitem__(login)

        def values(self):
            looked.extend(self)
            return super().values()

    replay.state.accounts = Watched(replay.state.accounts)
    before = replay.state.clocks.ticks_told
    for _ in range(3):
        replay.play_slice()
    assert replay.state.clocks.ticks_told > before + 20
    assert looked == []


def test_outdated_bounds_do_not_pile_up() -> None:
    """An account that is drawn again and again leaves no more behind than a few entries a bound."""
    desk = Desk()
    desk.open(Side.BUY, LOT, stop=137_000, target=140_000)
    for _ in range(1_000):
        desk.platform.changed(desk.account)
    alarms: Alarms = desk.platform._alarms
    assert max(len(edge._heap) for edge in alarms._edges["EURUSD"]) < 80
