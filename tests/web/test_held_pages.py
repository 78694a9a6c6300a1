"""Pages while the firm takes nothing: since when prices are not judged, what is true of positions, and no advice to trade."""

import pytest

from firm.ids import id_text

SINCE_US = 1_399_035_600_000_000  # 2 May 2014, 13:00:00 UTC


@pytest.fixture
def held(stage, monkeypatch):
    """The disk of the firm is full."""
    monkeypatch.setitem(stage.firm.__dict__, "held", lambda: "the firm's disk has only 12 MB free")
    monkeypatch.setitem(stage.firm.__dict__, "held_since_us", lambda: SINCE_US)


async def test_a_trader_reads_since_when_and_what_becomes_of_positions(ada, held):
    page = (await ada.get("/accounts")).text
    assert "prices cannot be judged since" in page
    assert "2 May 2014, 13:00:00 UTC" in page
    assert "Positions stay on the platform; what happens there meanwhile is judged when the firm is back" in page
    assert "12 MB" not in page, "the reason is for staff"


async def test_nobody_is_told_to_trade_by_a_plan_while_nothing_is_judged(ada, stage, held):
    page = (await ada.get("/accounts")).text
    assert "Trade by your plan" not in page
    assert "Your positions stay on the platform. What happens there meanwhile is judged" in page
    assert "Stale: data as of 2 May 2014, " in page
    own = (await ada.get(f"/accounts/{id_text(stage.accounts['ada'])}")).text
    assert "Stale: data as of 2 May 2014, <time" in own


async def test_with_the_firm_back_pages_read_as_ever(ada):
    page = (await ada.get("/accounts")).text
    assert "Trade by your plan" in page
    assert "cannot be judged" not in page


async def test_the_time_of_a_page_is_told_as_firm_time(ada):
    assert "Page made at firm time 2 May 2014" in (await ada.get("/accounts")).text
