"""How old a position is that was added to: what was added last is closed first, so that nothing hides behind an old position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.bounds import POSITION_PARTS_MAX
from firm.facts import RuleBroken
from firm.inputs import DealEntry
from firm.instant import SECOND_US
from firm.position_parts import added, taken
from firm.terms.conduct import NewsAction, TradeDuration
from firm.terms.words import Action, Scope
from firm.track import Part
from tests.actors.conftest import Stage
from tests.actors.dealer import delete, update
from tests.actors.test_conduct import MAXIMUM, buy, close, trading
from tests.actors.test_news_and_deeds import HOLDING, WINDOW, at, minutes, ready

DURATION = TradeDuration(
    id="duration", seconds_min=120, average_s_min=None, longer_s=None, share_of_longer_bp=None, per=Scope.PHASE,
    on_breach=(Action.WARN,), strikes_within=Scope.PHASE,
)  # fmt: skip


def broken(stage: Stage, account: int) -> list[tuple[str, int]]:
    return [(fact.subject, fact.observed) for fact in stage.facts(RuleBroken, account)]


def told_alike(stage: Stage, account: int) -> bool:
    return stage.refolded().account(account) == stage.account(account)


def added_to(stage: Stage) -> tuple[int, int]:
    """Ten lots are added to an hour-old hundredth of one and closed after twenty seconds: the account, and the row that added them."""
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "0.01")
    stage.wait(3_600)
    buy(stage, account, "10")
    added_seq = stage.account(account).last_trade_seq
    stage.wait(20)
    close(stage, account, "10")
    return account, added_seq


def test_lots_added_to_an_old_position_must_last_by_themselves(stage):
    account, added_seq = added_to(stage)
    assert broken(stage, account) == [("P1", 20)]
    [fact] = stage.facts(RuleBroken, account)
    [opening] = [step for step in fact.working if step.name == "opening of P1"]
    assert opening.source == f"{added_seq}/deal/at_us"
    assert told_alike(stage, account)
    close(stage, account, "0.01")
    assert [trade.began_us == trade.opened_us for trade in stage.account(account).track.trades] == [False, True]
    assert stage.account(account).track.parts == ()
    assert told_alike(stage, account)


def test_lots_that_lasted_are_closed_after_those_that_were_added(stage):
    account = trading(stage, MAXIMUM, DURATION)
    for seconds in (0, 300, 300):
        stage.wait(seconds)
        buy(stage, account, "1")
    stage.wait(120)
    close(stage, account, "2")
    close(stage, account, "1")
    assert broken(stage, account) == []
    ages = [(trade.closed_us - trade.began_us) // SECOND_US for trade in stage.account(account).track.trades]
    assert ages == [120, 720]


@pytest.mark.parametrize("late", ["opening", "closing"])
def test_a_deal_that_is_told_late_is_as_old_as_it_is(stage, late):
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "1")
    stage.wait(600)
    added_us = stage.now_us
    if late == "closing":
        buy(stage, account, "1")
    stage.wait(300)
    if late == "closing":
        buy(stage, account, "1")
        close(stage, account, "1", at_us=added_us + 60 * SECOND_US)
        assert broken(stage, account) == [("P1", 60)]
    else:
        close(stage, account, "0.5")
        assert broken(stage, account) == []
        buy(stage, account, "1", at_us=stage.now_us - 60 * SECOND_US)
        assert broken(stage, account) == [("P1", 60)]
    assert told_alike(stage, account)


def test_what_a_platform_takes_back_makes_nothing_younger(stage):
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "1", deal="D1")
    stage.wait(600)
    buy(stage, account, "1", deal="D2")
    stage.wait(20)
    delete(stage, account, "D2")
    close(stage, account, "1")
    assert broken(stage, account) == []
    assert told_alike(stage, account)


def test_more_lots_than_were_told_make_a_closing_younger(stage):
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "2", deal="D1")
    stage.wait(600)
    buy(stage, account, "1", deal="D2")
    stage.wait(600)
    close(stage, account, "1", deal="D3")
    stage.wait(1)
    close(stage, account, "1", deal="D4")
    assert [bool(trade.took) for trade in stage.account(account).track.trades] == [True, False]
    update(stage, account, "D2", lots="2", commission="0.00")
    assert [bool(trade.took) for trade in stage.account(account).track.trades] == [True, True]
    assert told_alike(stage, account)


# --- news ---


@pytest.mark.parametrize("action", [NewsAction.CLOSE, NewsAction.STOP_LOSS])
def test_what_was_added_shortly_before_the_release_is_not_exempt(stage, action):
    account = ready(stage, replace(WINDOW, actions=(action,), exempt_opened_before_s=400))
    buy(stage, account, "0.01")
    at(stage, -200)
    buy(stage, account, "5")
    at(stage, 10)
    close(stage, account, "5", reason="client" if action is NewsAction.CLOSE else "sl")
    close(stage, account, "0.01", reason="client" if action is NewsAction.CLOSE else "sl")
    assert [subject for subject, _ in broken(stage, account)] == ["P1 nfp"]


def test_the_old_lots_alone_are_exempt(stage):
    account = ready(stage, replace(WINDOW, actions=(NewsAction.CLOSE,), exempt_opened_before_s=400))
    buy(stage, account, "1")
    at(stage, -200)
    buy(stage, account, "1")
    at(stage, -150)
    close(stage, account, "1")
    at(stage, 10)
    close(stage, account, "1")
    assert broken(stage, account) == []


def test_a_stop_of_what_was_added_lately_may_not_be_moved(stage):
    account = ready(stage, replace(WINDOW, actions=(NewsAction.MODIFY,), exempt_opened_before_s=400))
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_000)
    at(stage, 5)
    stage.position(account, "P1", stop_loss=138_100)
    assert broken(stage, account) == []
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_200, price_open=138_700)
    assert [subject for subject, _ in broken(stage, account)] == ["P1 nfp"]


@pytest.mark.parametrize(("added_s", "exempt"), [(-500, True), (-200, False), (60, False), (180, True)])
def test_holding_is_exempt_by_what_was_held_in_the_window(stage, added_s, exempt):
    account = ready(stage, replace(HOLDING, exempt_opened_before_s=400))
    buy(stage, account, "1")
    for minute in range(-9, 20):
        at(stage, 60 * minute)
        if 60 * minute <= added_s < 60 * (minute + 1):
            at(stage, added_s)
            buy(stage, account, "1")
        stage.clock()
    assert broken(stage, account) == [] if exempt else broken(stage, account)[0][0] == "P1 nfp"


def test_the_youngest_of_what_was_added_decides(stage):
    account = ready(stage, replace(HOLDING, exempt_opened_before_s=400))
    buy(stage, account, "1")
    for offset_s in (-500, -200):
        at(stage, offset_s)
        buy(stage, account, "1")
    minutes(stage, -3, 3)
    assert [subject for subject, _ in broken(stage, account)] == ["P1 nfp"]


def test_lots_added_and_closed_within_a_minute_were_held(stage):
    account = ready(stage, replace(HOLDING, exempt_opened_before_s=400, before_s=1, after_s=1))
    buy(stage, account, "1")
    at(stage, -20)
    buy(stage, account, "1")
    at(stage, 20)
    close(stage, account, "1")
    minutes(stage, 1, 3)
    assert [subject for subject, _ in broken(stage, account)] == ["P1 nfp"]


def test_two_closings_of_one_instant_keep_their_own_ages_and_figures(stage):
    """When the position's deals are gone through anew, and when one of the two is corrected."""
    account = trading(stage, MAXIMUM, DURATION)
    for deal, seconds in (("A", 3_600), ("B", 10), ("C", 10)):
        buy(stage, account, "1", deal=deal)
        stage.wait(seconds)
    close(stage, account, "1", deal="X")
    close(stage, account, "1", deal="Y")
    buy(stage, account, "0.01", deal="L", at_us=stage.now_us - 3_000 * SECOND_US)
    update(stage, account, "Y", entry=DealEntry.OUT, price=138_690, profit="5.00", commission="0.00")
    first, second = stage.account(account).track.trades
    assert [(one.closed_us - one.began_us) // SECOND_US for one in (first, second)] == [10, 20]
    assert (first.net, second.net) == (0, 5_00)
    delete(stage, account, "X")
    assert [trade.seq for trade in stage.account(account).track.trades] == [second.seq]
    assert told_alike(stage, account)


# --- parts ---


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 1_000)), min_size=1, max_size=90), st.data())
def test_no_lots_are_lost_and_the_youngest_go_first(openings, data):
    parts: tuple[Part, ...] = ()
    for seq, (lots, at_us) in enumerate(openings, start=1):
        parts = added(parts, Part(lots, at_us, seq, seq))
    total = sum(lots for lots, _ in openings)
    assert sum(part.lots_e8 for part in parts) == total
    assert len(parts) <= POSITION_PARTS_MAX
    closing = data.draw(st.integers(1, total))
    left, took = taken(parts, closing, 1_000)
    assert sum(part.lots_e8 for part in left) == total - closing
    assert sum(part.lots_e8 for part in took) == closing
    youngest = took[0]
    assert youngest.opened_us == max(at_us for _, at_us in openings)
    assert all(part.opened_us <= youngest.opened_us for part in left)
