"""A watched account: what is made again when a price, a row or the time is another one, and what is left as it is."""

import re
from typing import Any

import pytest

from firm.inputs import Side
from firm.instant import MINUTE_US, SECOND_US
from tests.web.page_text import text_of
from web.account_view import account_view
from web.render import Pages
from web.watched_account import WatchedAccount


@pytest.fixture
def macros_called(monkeypatch) -> list[str]:
    """The pieces that were rendered, by their macros' names."""
    called: list[str] = []
    found = Pages.pieces

    class Counted:
        def __init__(self, module: Any) -> None:
            self._module = module

        def __getattr__(self, name: str) -> Any:
            macro = getattr(self._module, name)

            def counted(*given: Any) -> str:
                called.append(name)
                return macro(*given)

            return counted

    monkeypatch.setattr(Pages, "pieces", lambda pages, *asked: Counted(found(pages, *asked)))
    return called


@pytest.fixture
def account(stage, play) -> int:
    """An account of Ada's that holds euros and nothing else."""
    account = stage.sell(f"ada watched {len(stage.accounts)}", play.ADA, 950 + len(stage.accounts))
    stage.deal(account, f"P{account}", Side.BUY, "1.00", "EURUSD")
    stage.settle()
    return account


async def watched(stage: Any, account: int) -> WatchedAccount:
    found = WatchedAccount(stage.firm, Pages("Fairhaven"), await account_view(stage.firm, account), "")
    await again(found)
    return found


async def again(found: WatchedAccount) -> Any:
    """As a stream does when it is its turn."""
    if found.lacks():
        await found.gather()
    return found.parts()


def prices(stage: Any, eurusd: int, gold: int) -> None:
    stage.prices_now(eurusd, gold)
    stage.settle()


async def test_nothing_is_made_while_nothing_that_it_rests_on_has_changed(stage, account, macros_called):
    ada = await watched(stage, account)
    before = ada.parts()
    assert "figures" in macros_called
    macros_called.clear()
    assert not ada.changed()
    assert await again(ada) is before
    prices(
        stage, stage.prices["EURUSD"][0], stage.prices["XAUUSD"][0] + 100
    )  # within the same second, and she has no gold
    assert not ada.changed()
    assert await again(ada) is before
    assert macros_called == []


async def test_a_second_later_only_what_tells_the_time_is_made_again(stage, account, macros_called):
    ada = await watched(stage, account)
    before = ada.parts()["live"]
    macros_called.clear()
    stage.wait(1)
    prices(stage, *(stage.prices[name][0] for name in ("EURUSD", "XAUUSD")))
    assert ada.changed()
    after = (await again(ada))["live"]
    assert macros_called == ["asof", "figures"]
    assert moved(before, after) == {"asof", "figures"}
    assert text_of(before["asof"]) != text_of(after["asof"])


async def test_a_price_moves_its_figures_and_leaves_the_sentences(stage, account, macros_called):
    ada = await watched(stage, account)
    before = ada.parts()["live"]
    macros_called.clear()
    prices(stage, stage.prices["EURUSD"][0] - 1, stage.prices["XAUUSD"][0])
    assert ada.changed()
    after = (await again(ada))["live"]
    assert {"figures", "gauges", "positions"} <= moved(before, after) <= {
        "figures", "gauges", "positions", "have-daily_loss", "have-maximum_loss", "used-daily_loss", "used-maximum_loss",
    }  # fmt: skip
    assert not {"how", "need", "state", "asof", "zones", "opened", "since", "costs"} & set(macros_called)
    prices(stage, stage.prices["EURUSD"][0] + 1, stage.prices["XAUUSD"][0])


async def test_a_row_of_the_account_has_its_book_read_again_and_one_of_another_has_not(stage, account, play):
    ada = await watched(stage, account)
    before = ada.parts()
    other = stage.sell(f"ben beside {account}", play.BEN, 990 + len(stage.accounts))
    stage.deal(other, f"P{other}", Side.BUY, "1.00", "EURUSD")
    stage.settle()
    assert not ada.lacks()
    stage.deal(account, f"P{account}b", Side.SELL, "1.00", "XAUUSD")
    assert not ada.lacks(), "nobody is shown what is not durable yet"
    stage.settle()
    assert ada.lacks()
    assert ada.changed()
    after = await again(ada)
    assert not ada.changed()
    assert after["book"] != before["book"]
    assert f"P{account}b" in after["live"]["positions"]


async def test_a_mark_has_the_book_read_again_and_hurries_nobody(stage, account):
    ada = await watched(stage, account)
    heard: list[str] = []
    ada.heed(lambda: heard.append("hurry"))
    before = stage.board.newest_row(account)
    stage.wait(61)
    prices(stage, *(stage.prices[name][0] for name in ("EURUSD", "XAUUSD")))
    assert stage.board.newest_row(account) > before
    assert ada.lacks()
    assert heard == []
    ada.forget()


async def test_whoever_watches_an_account_is_told_of_its_own_rows_once_they_are_durable(stage, account, play):
    ada = await watched(stage, account)
    heard: list[int] = []
    ada.heed(lambda: heard.append(stage.engine.size))
    other = stage.sell(f"ben quiet beside {account}", play.BEN, 1_200 + len(stage.accounts))
    stage.settle()
    stage.deal(account, f"P{account}c", Side.SELL, "1.00", "XAUUSD")
    assert heard == []
    stage.settle()
    assert len(heard) == 1
    ada.forget()
    stage.deal(account, f"P{account}d", Side.SELL, "1.00", "XAUUSD")
    stage.deal(other, f"P{other}", Side.SELL, "1.00", "XAUUSD")
    stage.settle()
    assert len(heard) == 1


async def test_the_countdown_is_told_again_only_where_firm_time_does_not_run_as_a_clock_does(stage, account):
    ada = await watched(stage, account)
    before = ada.parts()["live"]["gauges"]
    stage.now_us += 30 * SECOND_US
    stage.wall_us += 30 * SECOND_US
    assert not ada.changed(), "the browser counts on by itself"
    stage.now_us += 30 * SECOND_US
    assert ada.changed()
    after = (await again(ada))["live"]["gauges"]
    assert after != before
    assert not ada.changed()


async def test_whoever_comes_later_is_told_of_which_instant_the_countdown_is(stage, account):
    """A second device of hers gets what was made for the first one, and counts on from when that was."""
    ada = await watched(stage, account)
    stage.now_us += 30 * MINUTE_US
    stage.wall_us += 30 * MINUTE_US
    assert not ada.changed(), "the browser counts on by itself"
    piece = ada.parts()["live"]["gauges"]
    told_ms, countdown_s = (int(re.search(rf'data-{name}="(\d+)"', piece)[1]) for name in ("told-ms", "countdown-s"))
    passed_s = (stage.wall_us // 1_000 - told_ms) / 1_000
    left_us = (await account_view(stage.firm, account)).reset.at_us - stage.now_us
    assert passed_s == pytest.approx(30 * 60)
    assert countdown_s - passed_s == pytest.approx(left_us / SECOND_US, abs=1)


async def test_what_the_firm_says_beside_prices_changes_the_parts_too(stage, account):
    ada = await watched(stage, account)
    stage.prices_ended_us = stage.now_us
    try:
        stage.firm.pulse.now()
        assert ada.changed()
        assert "The prices ended at" in text_of((await again(ada))["live"]["prices"])
    finally:
        stage.prices_ended_us = 0
        stage.firm.pulse.now()
    assert ada.changed()


def moved(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert before.keys() == after.keys()
    return {key for key, html in after.items() if html != before[key]}
