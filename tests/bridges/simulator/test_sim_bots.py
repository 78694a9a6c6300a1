"""Bots from a user's own file: they trade like the bundled ones, and what is wrong with them is told with file and line."""

import re
from pathlib import Path

import pytest

from bridges.simulator.__main__ import main
from bridges.simulator.bots import BotsUnusable, read_bots
from bridges.simulator.house import House
from bridges.simulator.market_spec import read_market
from bridges.simulator.rehearsal import Rehearsal, opening_commands
from bridges.simulator.replay import Market, Replay
from bridges.simulator.state import StateUnusable, encode_state
from bridges.simulator.synthetic import SyntheticPrices
from bridges.simulator.tempers import VARIED_TROUPE
from firm.instant import HOUR_US, SECOND_US

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text("utf-8")
EXAMPLE = next(block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "TEMPERS" in block)


def written(folder: Path, text: str) -> Path:
    path = folder / "bots.py"
    path.write_text(text)
    return path


def rehearse(path: Path, label: str = "", hours: int = 12) -> Rehearsal:
    prices = SyntheticPrices(read_market("trend+jumps:EURUSD,XAUUSD;days=1;ticks_per_minute=6"))
    market = Market(prices, to_us=prices.first_us + hours * HOUR_US)
    [opening] = opening_commands([(label, "USD", 100_000, 100)])
    rehearsal = Rehearsal(market, 1, [(market.from_us, opening)], House(read_bots(path)))
    rehearsal.play(keep=False)
    return rehearsal


def test_the_bot_of_the_documentation_trades(tmp_path: Path) -> None:
    rehearsal = rehearse(written(tmp_path, EXAMPLE))
    assert rehearsal.accounts()["700001"].temper == "dip_buyer"
    assert rehearsal.courses["700001"].deals >= 2


def test_bundled_tempers_can_be_named_beside_one_s_own(tmp_path: Path) -> None:
    path = written(tmp_path, EXAMPLE + 'WHEEL = ("grid", "dip_buyer")\n')
    assert read_bots(path).wheel == ("grid", "dip_buyer")
    assert rehearse(path, label="overtrader").accounts()["700001"].temper == "overtrader"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("def x(seat)\n", r"bots.py line 1: does not load \(SyntaxError", id="no Python"),
        pytest.param("\n1 / 0\n", r"bots.py line 2: does not load \(ZeroDivisionError", id="raises as it loads"),
        pytest.param("import nothing_like_it\n", r"line 1: does not load \(ModuleNotFoundError", id="lacks a module"),
        pytest.param("x = 1\n", r"bots.py: has no TEMPERS", id="no tempers"),
        pytest.param("TEMPERS = {}\n", r"has no TEMPERS", id="none of them"),
        pytest.param("TEMPERS = {'Big One': len}\n", r"'Big One' is no name for a bot", id="a name with a space"),
        pytest.param("TEMPERS = {'a': 3}\n", r"a is no function", id="no function"),
        pytest.param(
            "TEMPERS = {'a': len}\nWHEEL = ('b',)\n", r"WHEEL must list names of TEMPERS", id="a wheel of others"
        ),
        pytest.param("TEMPERS = {'a': len}\nWHEEL = 'a'\n", r"WHEEL must list", id="a wheel that is a text"),
    ],
)
def test_a_file_that_is_of_no_use_says_why(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BotsUnusable, match=complaint):
        read_bots(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_python_is_told(tmp_path: Path) -> None:
    with pytest.raises(BotsUnusable, match="does not load"):
        read_bots(tmp_path / "none.py")
    with pytest.raises(BotsUnusable, match="is no Python file"):
        read_bots(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("    return seat.nothing()", "bots.py line 2: mine failed .AttributeError"),
        ("    pass", "mine returned None: return whole seconds"),
        ("    return 0", "mine returned 0: return whole seconds"),
    ],
)
def test_a_bot_that_fails_at_its_seat_is_told_with_its_line(tmp_path: Path, body: str, complaint: str) -> None:
    path = written(tmp_path, f"def mine(seat):\n{body}\n\nTEMPERS = {{'mine': mine}}\n")
    with pytest.raises(BotsUnusable, match=complaint):
        rehearse(path, hours=1)


def test_a_platform_does_not_go_on_without_the_bots_it_began_with(tmp_path: Path) -> None:
    prices = SyntheticPrices(read_market("walk:EURUSD;days=1;ticks_per_minute=1"))
    house = House(read_bots(written(tmp_path, EXAMPLE)))
    replay = Replay(Market(prices), 1, house=house)
    replay.carry_out(opening_commands([("", "USD", 100_000, 100)])[0])
    saved = encode_state(replay.state)
    assert Replay(Market(prices), 1, saved, house).state.accounts
    with pytest.raises(StateUnusable, match="dip_buyer: give the same --bots"):
        Replay(Market(prices), 1, saved)


def test_the_program_refuses_such_a_file_with_2(
    tmp_path: Path, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bots = written(tmp_path, "TEMPERS = 3\n")
    assert main(["--key-file", str(key_file), "--data-dir", str(tmp_path / "sim"), "--bots", str(bots)]) == 2
    assert f"simulator: {bots}: has no TEMPERS" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(6))
def test_nobody_needs_a_price_that_has_not_come_yet(seed: int) -> None:
    """From the first price on, in every currency: what converts a profit may be quoted later than what makes it."""
    prices = SyntheticPrices(read_market(f"walk+jumps;days=1;seed={seed}"))
    replay = Replay(Market(prices), seed, house=House(VARIED_TROUPE))
    crowd = [
        (temper, currency, 100_000, 100)
        for temper in VARIED_TROUPE.wheel
        for currency in ("USD", "EUR", "GBP", "JPY", "CZK")
    ]
    for command in opening_commands(crowd):
        replay.carry_out(command)
    began = replay.now_us
    while replay.now_us < began + 120 * SECOND_US:
        replay.play_slice()
        replay.hand_over()
    assert replay.state.counters.deal > 1
