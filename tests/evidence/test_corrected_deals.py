"""Deals that the platform changed or deleted: booked as it said of that very deal, at once and in its order, or the bundle is refused."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from actors.account_book import figures_of
from firm.facts import DayAnchored, DealCorrected, DealIgnored, Doubt, TradingDayCounted, TradingDayUncounted
from firm.inputs import DealDeleteReported, DealEntry, DealUpdateReported, Side
from firm.instant import DAY_US
from firm.terms.first import FirstAnchor, FirstTrail
from tests.evidence.conftest import RULES
from tests.evidence.test_without_a_deal import holding, listed, proven, refused, restated, told_of_position

WITHHELD = r"says that deal d\d+ was booked so already, it was another"
MISLAID = "corrects a deal of another position"
NOT_SO = "does not leave the position as its deals do"


def newest_deal(story: Any) -> str:
    deal_id: str = story.states[story.ada].deals_known[-1].deal_id
    return deal_id


def told_of_change(story: Any, deal_id: str, **said: Any) -> DealUpdateReported:
    """The platform's word of a deal as it reads now; what `said` does not name is as it was."""
    state = story.states[story.ada]
    known = state.known_deal(deal_id)
    report = DealUpdateReported(
        bridge="sim", seq=1, deal_id=deal_id, position_id=known.position_id, symbol=known.symbol,
        entry=DealEntry.IN if known.opens else DealEntry.OUT, side=known.side, lots_e8=known.lots_e8, price=known.price,
        profit=state.money(known.net - known.swap), commission=state.money(0), swap=state.money(known.swap),
        fee=state.money(0), deal_us=known.at_us, t_us=story.at_us,
    )  # fmt: skip
    report = replace(report, **said)
    story.report(report, story.ada)
    return report


def told_of_deletion(story: Any, deal_id: str) -> DealDeleteReported:
    report = DealDeleteReported(bridge="sim", seq=1, deal_id=deal_id, t_us=story.at_us)
    story.report(report, story.ada)
    return report


def corrected(story: Any, report: DealUpdateReported | DealDeleteReported, **told: Any) -> None:
    """The booking of it, for a position that this one deal makes, or made; `told`: what else it is, or what a dishonest firm writes."""
    state = story.states[story.ada]
    known, deleted = state.known_deal(report.deal_id), isinstance(report, DealDeleteReported)
    digits = told.get("digits", story.board.digits_of(told.get("symbol", known.symbol)))
    net = (0 if deleted else report.profit.minor + report.commission.minor + report.swap.minor) - known.net
    figures: dict[str, Any] = {
        "deal_id": known.deal_id, "position_id": known.position_id, "symbol": known.symbol, "side": known.side,
        "lots_e8": 0 if deleted else report.lots_e8, "price_open": known.price if deleted else report.price,
        "swap": state.money(0), "opened_us": known.at_us, "deal_us": known.at_us, "deleted": deleted,
        "net": state.money(net), "balance": state.money(state.balance + net),
        "told_us": report.t_us, "deal": None if isinstance(report, DealDeleteReported) else figures_of(report, digits),
        "digits": digits,
    }  # fmt: skip
    story.add(DealCorrected(**(figures | told)), story.ada)


def ignored(story: Any, deal_id: str, why: str = "already_booked") -> None:
    story.add(DealIgnored(deal_id=deal_id, why=why), story.ada)


def breach(story: Any, symbol: str = "EURUSD", bid: int = 134_000) -> int:
    """The market falls, and with it whoever is long."""
    story.price(symbol, bid, bid + 2)
    decision: int = story.judge(story.ada, "daily")
    return decision


# --- what an honest firm writes ---


def test_a_breach_by_a_changed_deal_is_proven(story: Any, verifier: ModuleType) -> None:
    """It was bought dearer than was told at first, and had cost six thousand."""
    holding(story)
    money = story.states[story.ada].money(-600_000)
    corrected(story, told_of_change(story, newest_deal(story), price=138_802, profit=money))
    decision = story.judge(story.ada, "daily")
    assert "NOT booked" not in proven(story, verifier, decision)


def test_a_position_whose_closing_deal_was_deleted_is_held_again(story: Any, verifier: ModuleType) -> None:
    holding(story)
    [held] = story.states[story.ada].positions
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 0, 138_702, net="0.00")
    again = {"lots_e8": held.lots_e8, "price_open": held.price_open, "opened_us": held.opened_us, "side": Side.BUY}
    corrected(story, told_of_deletion(story, newest_deal(story)), **again)
    assert "EURUSD #1 profit" in proven(story, verifier, breach(story))


def test_of_two_deals_that_made_a_position_the_one_that_is_left_does(story: Any, verifier: ModuleType) -> None:
    holding(story)
    first = story.states[story.ada].deals_known[-1]
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 500_000_000, 138_752)
    left = {"lots_e8": first.lots_e8, "price_open": first.price, "opened_us": first.at_us}
    corrected(story, told_of_deletion(story, newest_deal(story)), **left)
    assert proven(story, verifier, breach(story))


@pytest.mark.parametrize("older_us", [0, 5])
def test_what_is_known_already_or_was_said_before_the_newest_word_is_rightly_ignored(
    story: Any, verifier: ModuleType, older_us: int
) -> None:
    """`older_us` 0: the platform repeats itself. Else it is an older word that comes late, of other figures."""
    holding(story)
    newest = told_of_change(story, newest_deal(story), profit=story.states[story.ada].money(0))
    corrected(story, newest)
    said = {"profit": story.states[story.ada].money(-600_000), "t_us": newest.t_us - older_us} if older_us else {}
    told_of_change(story, newest.deal_id, **said)
    ignored(story, newest.deal_id)
    assert "NOT booked" not in proven(story, verifier, breach(story))


def test_a_deal_that_is_deleted_twice_is_deleted_once(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 200_000_000, 138_704)
    deal = newest_deal(story)
    corrected(story, told_of_deletion(story, deal))
    told_of_deletion(story, deal)
    ignored(story, deal)
    assert "NOT booked" not in proven(story, verifier, breach(story))


# --- a correction that is booked on something else ---


@pytest.mark.parametrize(
    ("told", "why"),
    [
        pytest.param({"symbol": "EURUSD.r"}, MISLAID, id="another symbol"),
        pytest.param({"position_id": "p2"}, MISLAID, id="another position"),
        pytest.param({"side": Side.SELL}, NOT_SO, id="the other side"),
        pytest.param({"price_open": 138_000}, NOT_SO, id="another price"),
        pytest.param({"opened_us": 1}, NOT_SO, id="another age"),
    ],
)
def test_a_correction_is_of_the_deal_s_own_position(
    story: Any, verifier: ModuleType, told: dict[str, Any], why: str
) -> None:
    """A harmless one, of a commission, would turn a winning long into a losing short or have it valued by another market."""
    holding(story)
    report = told_of_change(story, newest_deal(story), profit=story.states[story.ada].money(0))
    corrected(story, report, **told)
    symbol = told.get("symbol", "EURUSD")
    listed(story, symbol, 5)
    refused(story, verifier, breach(story, symbol, 150_000 if "side" in told else 134_000), why)


def test_a_deletion_does_not_spare_the_position_that_loses(story: Any, verifier: ModuleType) -> None:
    """The platform deletes what opened p1; the firm takes it from p2, and keeps p1."""
    holding(story)
    deal = newest_deal(story)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 1_000_000, 138_704)
    other = story.states[story.ada].position("p2")
    report = told_of_deletion(story, deal)
    corrected(story, report, position_id="p2", lots_e8=other.lots_e8, price_open=other.price_open)
    refused(story, verifier, breach(story), MISLAID)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"position_id": "p2"}, id="another position"),
        pytest.param({"side": Side.SELL}, id="the other side"),
        pytest.param({"entry": DealEntry.OUT}, id="a close"),
    ],
)
def test_a_change_that_is_of_no_such_deal_is_not_booked(story: Any, verifier: ModuleType, said: dict[str, Any]) -> None:
    holding(story)
    corrected(story, told_of_change(story, newest_deal(story), profit=story.states[story.ada].money(-600_000), **said))
    refused(story, verifier, breach(story), r"corrects deal d\d+ by the word of another")


def test_a_deleted_deal_is_not_changed(story: Any, verifier: ModuleType) -> None:
    holding(story)
    report = told_of_deletion(story, newest_deal(story))
    corrected(story, report)
    uncounted(story)
    corrected(story, told_of_change(story, report.deal_id, profit=story.states[story.ada].money(-600_000)))
    refused(story, verifier, story.judge(story.ada, "daily"), r"corrects deal d\d+ by the word of another")


def test_a_deal_of_before_the_rows_is_of_the_position_that_the_platform_names(story: Any, verifier: ModuleType) -> None:
    """What it had been is not in the file; to which position it belongs, the report says."""
    holding(story)
    deal = newest_deal(story)
    story.next_day()
    story.open_day(story.ada)
    story.price("EURUSD", 138_702, 138_704)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 1_000_000, 138_704)
    other = story.states[story.ada].position("p2")
    report = told_of_change(story, deal)
    told = {"position_id": "p2", "lots_e8": other.lots_e8, "price_open": other.price_open}
    corrected(story, report, **told, deal_us=story.at_us)
    refused(story, verifier, breach(story), MISLAID)


# --- a correction that is withheld, and a stale one that is not ---


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"price": 134_000}, id="bought cheaper"),
        pytest.param({"profit": 700_000}, id="seven thousand more"),
        pytest.param({"lots_e8": 1_000_000}, id="a hundredth of the lots"),
    ],
)
def test_a_change_is_not_withheld(story: Any, verifier: ModuleType, said: dict[str, Any]) -> None:
    holding(story)
    money = {name: story.states[story.ada].money(value) for name, value in said.items() if name == "profit"}
    ignored(story, told_of_change(story, newest_deal(story), **(said | money)).deal_id)
    refused(story, verifier, breach(story), WITHHELD)


def test_a_deletion_is_not_withheld(story: Any, verifier: ModuleType) -> None:
    holding(story)
    ignored(story, told_of_deletion(story, newest_deal(story)).deal_id)
    refused(story, verifier, breach(story), WITHHELD)


def test_a_change_that_fits_is_not_said_not_to(story: Any, verifier: ModuleType) -> None:
    holding(story)
    ignored(story, told_of_change(story, newest_deal(story), price=134_000).deal_id, "does_not_fit")
    refused(story, verifier, breach(story), r"ignores a change that fits deal d\d+")


def test_an_older_word_is_not_taken_for_a_new_one(story: Any, verifier: ModuleType) -> None:
    """The commission fell away; the firm then books what the platform had said before that."""
    holding(story)
    money = story.states[story.ada].money
    newest = told_of_change(story, newest_deal(story), profit=money(0))
    corrected(story, newest)
    corrected(story, told_of_change(story, newest.deal_id, profit=money(-600_000), t_us=newest.t_us - 5))
    refused(story, verifier, story.judge(story.ada, "daily"), r"by an older word than the newest")


# --- after a position went on under another name, or in other points ---


@pytest.mark.parametrize(("symbol", "digits", "shown"), [("EURUSD.r", 5, 138_702), ("EURUSD", 3, 1_387)])
def test_a_correction_follows_the_name_and_the_points_of_its_position(
    story: Any, verifier: ModuleType, symbol: str, digits: int, shown: int
) -> None:
    holding(story)
    listed(story, symbol, digits)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 500_000_000, 138_702)
    first, second = story.states[story.ada].deals_known[-2:]
    restated(story, told_of_position(story, symbol=symbol, price_open=shown))
    left = {"lots_e8": first.lots_e8, "opened_us": first.at_us, "swap": story.states[story.ada].money(-700)}
    corrected(story, told_of_deletion(story, second.deal_id), **left, symbol=symbol, price_open=shown)
    decision = breach(story, symbol, shown - 4 * 10 ** (digits - 2))
    assert "other points" not in proven(story, verifier, decision)


@pytest.mark.parametrize(
    ("symbol", "digits", "shown", "why"), [("EURUSD.r", 5, 138_702, MISLAID), ("EURUSD", 3, 1_387, NOT_SO)]
)
def test_a_correction_takes_back_no_restatement(
    story: Any, verifier: ModuleType, symbol: str, digits: int, shown: int, why: str
) -> None:
    """In EURUSD of before the rename, or a hundred times as dear as the market since."""
    holding(story)
    listed(story, symbol, digits)
    [deal] = story.states[story.ada].deals_known
    restated(story, told_of_position(story, symbol=symbol, price_open=shown))
    money = story.states[story.ada].money
    report = told_of_change(story, deal.deal_id, symbol=symbol, price=shown, profit=money(0))
    corrected(story, report, symbol="EURUSD", price_open=138_702, swap=money(-700))
    refused(story, verifier, breach(story, "EURUSD", shown - 4 * 10 ** (digits - 2)), why)


def back_again(story: Any, price_open: int, digits: int | None) -> None:
    """The deal that closed the position was never made. `digits`: those that the symbol has by then, as the row says."""
    [held] = story.states[story.ada].positions
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 0, 138_702, net="0.00")
    again = {"lots_e8": held.lots_e8, "opened_us": held.opened_us, "side": Side.BUY, "price_open": price_open}
    corrected(story, told_of_deletion(story, newest_deal(story)), **again, digits=digits)


@pytest.mark.parametrize(
    ("price", "digits", "why"),
    [
        pytest.param(138_702, 5, "opened at 138702, its price is in other points", id="those of before"),
        pytest.param(13_870, 4, "opened at 13870, its price is in other points", id="neither's"),
        pytest.param(13_870, 5, NOT_SO, id="another price than its deal's"),
        pytest.param(138_702, 3, NOT_SO, id="the deal's figure in points of now"),
    ],
)
def test_a_closed_position_comes_back_in_the_points_of_now(
    story: Any, verifier: ModuleType, price: int, digits: int, why: str
) -> None:
    holding(story)
    listed(story, "EURUSD", 3)
    back_again(story, price, digits)
    refused(story, verifier, breach(story, bid=1_340), why)


@pytest.mark.parametrize("told", [13_870, 138_702])
def test_where_no_row_says_the_points_a_price_of_another_size_is_not_believed(
    story: Any, verifier: ModuleType, told: int
) -> None:
    """Rows of before said nothing of a symbol's digits."""
    holding(story)
    listed(story, "EURUSD", 3)
    back_again(story, told, None)
    refused(story, verifier, breach(story, bid=1_340), f"opened at {told}, its price is in other points")


def test_points_that_only_the_firm_s_row_says_make_no_price_of_another_size(story: Any, verifier: ModuleType) -> None:
    """The correction and the price agree, and the deal's own row said otherwise: its price is a hundredth of what the market was."""
    holding(story)
    listed(story, "EURUSD", 3)
    back_again(story, 1_387, 3)
    refused(story, verifier, breach(story, bid=134_000), "opened at 1387, its price is in other points")


def test_a_closed_position_that_comes_back_in_other_points_is_told(story: Any, verifier: ModuleType) -> None:
    holding(story)
    listed(story, "EURUSD", 3)
    back_again(story, 1_387, 3)
    assert "NOT shown: that the symbol had other points" in proven(story, verifier, breach(story, bid=1_340))


def test_a_market_that_leapt_has_no_other_points(story: Any, verifier: ModuleType) -> None:
    """What was bought at 1.38702 comes back when it is worth a sixth, in the same five digits."""
    holding(story)
    back_again(story, 138_702, 5)
    said = proven(story, verifier, breach(story, bid=23_000))
    assert "other points" not in said


# --- days that count ---


def uncounted(story: Any, label: str = "") -> None:
    state = story.states[story.ada]
    story.add(TradingDayUncounted(label=label or state.day.day.label, count=state.days_traded - 1), story.ada)


def test_a_day_on_which_nothing_is_left_that_was_opened_counts_no_more(story: Any, verifier: ModuleType) -> None:
    holding(story)
    corrected(story, told_of_deletion(story, newest_deal(story)))
    uncounted(story)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 200_000_000, 138_704)
    assert proven(story, verifier, breach(story))


def test_a_day_does_not_count_on_after_its_only_deal_is_deleted(story: Any, verifier: ModuleType) -> None:
    holding(story)
    corrected(story, told_of_deletion(story, newest_deal(story)))
    story.deposit(story.ada, "-6_000.00", moves=False)
    refused(story, verifier, story.judge(story.ada, "daily"), "is no TradingDayUncounted")


def test_nor_where_the_decision_follows_at_once(story: Any, verifier: ModuleType) -> None:
    """Eight thousand were won before it: deleted, and the day goes on counting towards the pass."""
    story.both_open()
    story.earn(story.ada, "8_000.00")
    holds = story.states[story.ada].deals_known[-2]
    left = {"net": story.states[story.ada].money(0), "balance": story.states[story.ada].money(10_800_000)}
    corrected(story, told_of_deletion(story, holds.deal_id), **left)
    refused(story, verifier, story.win(story.ada), "still counts")


def test_a_day_is_not_taken_back_while_another_deal_opened_something_on_it(story: Any, verifier: ModuleType) -> None:
    holding(story)
    deal = newest_deal(story)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 200_000_000, 138_704)
    corrected(story, told_of_deletion(story, deal))
    uncounted(story)
    refused(story, verifier, breach(story), "takes a day back whose deals were not deleted")


def test_another_day_than_the_deal_s_is_not_taken_back(story: Any, verifier: ModuleType) -> None:
    holding(story)
    first = story.states[story.ada].day.day.label
    story.next_day()
    story.open_day(story.ada)
    story.price("EURUSD", 138_702, 138_704)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 1_000_000, 138_704)
    corrected(story, told_of_deletion(story, newest_deal(story)))
    uncounted(story, first)
    story.trade(story.ada, "p3", "EURUSD", Side.BUY, 200_000_000, 138_704)
    refused(story, verifier, breach(story), "takes a day back whose deals were not deleted")


def test_a_day_is_not_counted_twice(story: Any, verifier: ModuleType) -> None:
    holding(story)
    day = story.states[story.ada].day.day.label
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 1_000_000, 138_704)
    story.add(TradingDayCounted(label=day, count=2), story.ada)
    refused(story, verifier, breach(story), f"counts day {day} again")


# --- a day's start that is not final yet ---


ON_EQUITY = replace(RULES.terms[0], anchor=FirstAnchor.EQUITY)
TRAILING = replace(RULES.terms[1], trail=FirstTrail.END_OF_DAY, trails_on=FirstAnchor.EQUITY)


def corrected_overnight(story: Any, term: Any = ON_EQUITY) -> None:
    """Of two longs of yesterday one is deleted while today's start is provisional; then it is final."""
    story.both_open(replace(RULES, terms=(term,)))
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    deal = newest_deal(story)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 138_602, 138_604)
    story.next_day()
    story.open_day(story.ada, provisional=True)
    corrected(story, told_of_deletion(story, deal))
    story.anchor_day(story.ada)


def test_the_equity_of_a_final_start_is_said_to_be_the_firm_s_word(story: Any, verifier: ModuleType) -> None:
    """No row names its prices, nor, of a deal that was booked before the rows, what it leaves of the position."""
    corrected_overnight(story)
    told = proven(story, verifier, breach(story))
    start = next(line for line in told.splitlines() if "NOT shown: the prices of the final equity" in line)
    assert "nor what was held then" in start
    assert start.endswith("it is the firm's word")


def test_so_is_a_highest_mark_that_cash_has_moved_since(story: Any, verifier: ModuleType) -> None:
    """The account's whole life is in the file: what was held is known, and its prices are not."""
    story.at_us -= DAY_US
    story.open_account(story.ada, replace(RULES, terms=(TRAILING,)))
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    deal = newest_deal(story)
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 139_702, 139_704)
    story.next_day()
    story.open_day(story.ada, provisional=True)
    corrected(story, told_of_deletion(story, deal))
    story.anchor_day(story.ada)
    story.deposit(story.ada, "300.00")
    story.price("EURUSD", 129_000, 129_002)
    decision = story.judge(story.ada, "overall")
    told = proven(story, verifier, decision)
    assert "(HighMoved) was reached" in told


@pytest.mark.parametrize(("equity", "holds"), [(0, True), (2_000_00, False)])
def test_a_start_with_nothing_held_is_its_balance(story: Any, verifier: ModuleType, equity: int, holds: bool) -> None:
    """All that was held at the day's first instant is deleted before the start is final: what is left is the balance alone."""
    story.both_open(provisional=True)
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    deal = newest_deal(story)
    story.price("EURUSD", 134_000, 134_002)
    story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    story.next_day()
    story.open_day(story.ada, provisional=True)
    state = story.states[story.ada]
    corrected(story, told_of_deletion(story, deal), net=state.money(350), balance=state.money(10_000_000))
    uncounted(story, state.traded[-1].label)
    start = story.states[story.ada]
    final = DayAnchored(
        day=start.day.day,
        balance=start.money(10_000_000),
        equity=start.money(10_000_000 + equity),
        changed=True,
        priced=True,
    )
    story.add(final, story.ada)
    decision = story.confirm(story.ada)
    if holds:
        assert proven(story, verifier, decision)
    else:
        refused(story, verifier, decision, "fixes the day's start at")
