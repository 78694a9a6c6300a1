"""A firm that holds its keys and writes correct arithmetic over the wrong things is found out: the working is built anew."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.arithmetic import Step
from firm.facts import DayAnchored, DealIgnored, Doubt, SwapPosted, TradingDayCounted
from firm.inputs import DealReported, QuoteFrame, Side
from firm.price import Quote
from firm.quote_frame import Tick
from firm.terms.first import FirstAnchor, FirstTrail, MaximumLoss, OnDailyLoss
from firm.terms.words import Boundary
from storage.grounds import Grounds
from tests.evidence.checking import refused

Told = dict[str, Any]


pytestmark = pytest.mark.usefixtures("silent")


def holding(story: Any, *, provisional: bool = False) -> None:
    """Two lots of EURUSD at a price that has not moved."""
    story.both_open(provisional=provisional)
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 138_702, 138_704)


def said(field: str, value: object) -> Callable[[Told], object]:
    return lambda told: told.update({field: value})


# --- the working ---


def test_an_honest_valuation_is_no_decoy_for_another_profit(story: Any, verifier: ModuleType) -> None:
    """Every row that may be cited is cited, and what is added up is something else."""

    def alter(told: Told) -> None:
        steps = list(told["working"])
        place = next(place for place, step in enumerate(steps) if step.op == "divided_rounded_half_away")
        opened = next(step.source for step in steps if step.name == "initial balance")
        steps[place] = replace(steps[place], args=("much", "#10000"))
        steps[place:place] = [
            Step("sold", "given", (), 10_000_000, "minor", opened),
            Step("nothing", "minus", ("sold", "sold"), 0),
            Step("less", "minus", ("nothing", "sold"), -10_000_000),
            Step("much", "times", ("less", "#10000"), 0),
        ]
        told["working"] = tuple(steps)
        story.recomputed(told)

    story.alter = alter
    holding(story)
    refused(story, verifier, story.judge(story.ada, "daily"), r"step 10 of the working is sold = 10000000 minor")


def test_a_step_more_after_the_verdict_is_refused(story: Any, verifier: ModuleType) -> None:
    story.alter = lambda told: told.update(working=(*told["working"], replace(told["working"][0], name="more")))
    refused(story, verifier, story.ada_breaks_her_daily_loss(), "goes on after its last step")


def test_a_truth_is_no_number(verifier: ModuleType) -> None:
    step = {"name": "equity below the floor", "op": "is_below", "args": ["a", "b"], "value": 1, "unit": "yes or no"}
    verifier.require_same_working([step], [dict(step)])
    with pytest.raises(verifier.Refused, match="= True yes or no"):
        verifier.require_same_working([{**step, "value": True}], [step])


# --- a suspicion confirmed ---


def subtracting(seq: int, path: str, value: int) -> Callable[[Told], None]:
    """A made-up deal, taken off the equity that was observed."""

    def alter(told: Told) -> None:
        first, *rest = told["working"]
        late = Step("late deal #1", "given", (), value, "minor", f"{seq}/{path}")
        less = Step("equity with late deal #1", "minus", (first.name, late.name), first.value - value, "minor")
        last = replace(rest[-1], args=(less.name, rest[-1].args[1]), value=1)
        told["working"] = (first, late, less, *rest[:-1], last)
        told["observed"] = told["observed"].with_minor(less.value)

    return alter


def test_a_confirmation_takes_off_no_made_up_deal(story: Any, verifier: ModuleType) -> None:
    holding(story, provisional=True)
    story.price("EURUSD", 136_000, 136_002)
    suspicion = story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    floor = story.states[story.ada].findings[-1].floor
    story.anchor_day(story.ada)
    story.alter = subtracting(suspicion, "floor/minor", floor)
    refused(story, verifier, story.confirm(story.ada), "step 2 of the working is late deal #1")


def test_a_deal_of_after_the_suspicion_s_day_is_not_taken_into_it(story: Any, verifier: ModuleType) -> None:
    """Only deals of the day that ended belong into the equity that was seen; one of today does not."""
    holding(story, provisional=True)
    story.price("EURUSD", 136_000, 136_002)
    story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    booked = story.trade(story.ada, "p1", "EURUSD", Side.BUY, 0, 136_000, net="-5_404.00")
    story.anchor_day(story.ada)
    story.alter = subtracting(booked, "net/minor", -540_400)
    refused(story, verifier, story.confirm(story.ada), "step 2 of the working is late deal #1")


def test_a_deal_is_not_moved_into_the_day_that_ended(story: Any, verifier: ModuleType) -> None:
    """Booked as of yesterday, its loss would count twice: once as it floated, once as it was made."""
    holding(story, provisional=True)
    story.price("EURUSD", 136_000, 136_002)
    story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    deal = a_deal(story)
    story.report(deal, story.ada)
    now, story.at_us = story.at_us, story.states[story.ada].day.day.start_us - 10_000
    story.book(deal, story.ada)
    story.at_us = now
    story.anchor_day(story.ada)
    refused(story, verifier, story.confirm(story.ada), "is booked on another day than its report")


def test_cash_of_a_later_day_is_not_held_against_the_floor_of_the_earlier_one(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    story.judge(story.ada, "daily", (Doubt.DRIFT,))
    story.next_day()
    story.open_day(story.ada)
    booked = story.deposit(story.ada, "-1_000.00")
    story.alter = subtracting(booked, "amount/minor", -100_000)
    refused(story, verifier, story.confirm(story.ada), "step 2 of the working is late deal #1")


def test_a_confirmation_keeps_the_instant_of_its_suspicion(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    story.judge(story.ada, "daily", (Doubt.DRIFT,))
    story.alter = said("at_us", 7)
    refused(story, verifier, story.confirm(story.ada), "the decision says at_us 7")


def test_nobody_s_word_is_no_person_s(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    story.judge(story.ada, "daily", (Doubt.DRIFT,))
    story.alter = said("reviewed", True)
    refused(story, verifier, story.confirm(story.ada), "no person's word is in the file")


def test_a_breach_that_nobody_looked_at_is_not_said_to_be_reviewed(story: Any, verifier: ModuleType) -> None:
    story.alter = said("reviewed", True)
    refused(story, verifier, story.ada_breaks_her_daily_loss(), "says reviewed true, the rows and the rules give false")


def test_a_suspicion_that_was_taken_back_is_not_confirmed(story: Any, verifier: ModuleType) -> None:
    """What is left of it is judged anew, at the prices there are."""
    holding(story, provisional=True)
    story.price("EURUSD", 136_000, 136_002)
    suspicion = story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    story.anchor_day(story.ada)
    before = story.states[story.ada]
    story.correct(suspicion, story.ada)
    story.states[story.ada] = replace(story.states[story.ada], findings=before.findings)
    refused(story, verifier, story.confirm(story.ada), "has no cited price of its symbol")


# --- a pass ---


def test_the_days_that_a_pass_needs_are_not_held_against_themselves(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        need = "trading days needed"
        steps = [step for step in told["working"] if step.name != "trading days"]
        told["working"] = tuple(
            replace(one, args=(need, need)) if one.name == "enough trading days" else one for one in steps
        )

    story.alter = alter
    rules = replace(story.rules, terms=(*story.rules.terms[:3], replace(story.rules.terms[3], days_min=5)))
    story.both_open(rules)
    story.earn(story.ada, "8_100.00")
    story.states[story.ada] = replace(story.states[story.ada], days_traded=5)
    refused(story, verifier, story.win(story.ada), "'days' is not met: 1 of 5 days")


def test_a_pass_names_the_profit_target_and_no_other_rule(story: Any, verifier: ModuleType) -> None:
    story.alter = said("rule", "days")
    refused(story, verifier, story.ada_reaches_her_target(), "rule 'days' is not the phase's target")


def test_a_breach_names_a_limit(story: Any, verifier: ModuleType) -> None:
    story.alter = said("rule", "target")
    refused(story, verifier, story.ada_breaks_her_daily_loss(), "rule 'target' is no limit that can break")


def test_a_pass_says_the_trading_days_that_were_counted(story: Any, verifier: ModuleType) -> None:
    story.alter = said("trading_days", 4)
    refused(story, verifier, story.ada_reaches_her_target(), "says trading_days 4, the rows and the rules give 1")


def test_a_trading_day_is_not_counted_twice(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "8_100.00")
    story.add(TradingDayCounted(label="2014-05-02", count=3), story.ada)
    refused(story, verifier, story.win(story.ada), "counts a day on which nothing was opened")


# --- what follows from the rule ---


def test_a_limit_that_pauses_does_not_fail(story: Any, verifier: ModuleType) -> None:
    pauses = replace(story.rules.terms[0], on_breach=OnDailyLoss.PAUSE_UNTIL_ROLLOVER)
    story.alter = said("severity", "hard")
    story.both_open(replace(story.rules, terms=(pauses, *story.rules.terms[1:])))
    story.earn(story.ada, "-5_000.00")
    refused(
        story, verifier, story.judge(story.ada, "daily"), 'says severity "hard", the rows and the rules give "soft"'
    )


@pytest.mark.parametrize("field", ["observed", "floor"])
def test_a_figure_is_in_the_account_s_currency(story: Any, verifier: ModuleType, field: str) -> None:
    story.alter = lambda told: told.update({field: replace(told[field], exponent=3)})
    refused(story, verifier, story.ada_breaks_her_daily_loss(), f"the decision says {field}")


# --- bookings ---


def a_deal(story: Any, net: str = "-5_404.00", **other: Any) -> DealReported:
    """What closes the position of `holding`."""
    state = story.states[story.ada]
    nothing = state.money(0)
    told = {"deal_id": "d1", "order_id": "o", "position_id": "p1", "symbol": "EURUSD", "lots_e8": 200_000_000}
    told |= {"bridge": "sim", "seq": 1, "side": Side.SELL, "price": 136_000, "profit": nothing.parse(net, "USD")}
    told |= {"commission": nothing, "swap": nothing, "fee": nothing, "reason": "client", "t_us": story.at_us}
    return DealReported(**{**told, "entry": "out", **other})


def closed(story: Any, **told: Any) -> int:
    """A reported close, and a booking of it that says something else."""
    holding(story)
    deal = a_deal(story)
    story.report(deal, story.ada)
    story.book(deal, story.ada, **told)
    decision: int = story.judge(story.ada, "daily")
    return decision


def test_a_booking_that_nothing_caused_is_refused(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.clock()
    story.book(a_deal(story), story.ada)
    refused(story, verifier, story.judge(story.ada, "daily"), r"\(DealBooked\) has no report of the platform")


def test_cash_that_nobody_reported_is_refused(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.report = lambda *_: story.clock()
    story.deposit(story.ada, "-6_000.00")
    refused(story, verifier, story.judge(story.ada, "daily"), r"\(CashBooked\) has no report of the platform")


def test_a_swap_that_nobody_reported_is_refused(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.clock()
    story.add(SwapPosted(position_id="p1", swap=story.states[story.ada].money(-600_000)), story.ada)
    refused(story, verifier, story.judge(story.ada, "daily"), r"\(SwapPosted\) has no report of the platform")


BOOKINGS = [
    pytest.param({"net": -600_000}, "books -600000, the platform reported -540400", id="another net"),
    pytest.param({"deal_id": "d2"}, "has no report of the platform", id="another deal"),
    pytest.param({"lots_e8": 100_000_000}, "does not leave the position as the reported deal does", id="half closed"),
    pytest.param({"symbol": "USDJPY"}, "does not leave the position", id="another symbol"),
    pytest.param({"position_id": "p2"}, "does not leave the position", id="another position"),
    pytest.param({"opened_us": 1}, "does not leave the position", id="another age"),
    pytest.param({"balance": 1}, "do not make 1", id="another balance"),
]


@pytest.mark.parametrize(("told", "why"), BOOKINGS)
def test_a_deal_is_booked_as_it_was_reported(story: Any, verifier: ModuleType, told: Told, why: str) -> None:
    money = {name: story.initial.with_minor(value) for name, value in told.items() if name in ("net", "balance")}
    refused(story, verifier, closed(story, **{**told, **money}), why)


def test_a_deal_is_booked_in_the_account_s_currency(story: Any, verifier: ModuleType) -> None:
    holding(story)
    deal = a_deal(story)
    story.report(replace(deal, profit=replace(deal.profit, currency="JPY")), story.ada)
    story.book(deal, story.ada)
    refused(story, verifier, story.judge(story.ada, "daily"), "is in another currency than the account")


def test_an_opening_is_booked_at_the_price_that_was_reported(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.price("EURUSD", 138_702, 138_704)
    deal = a_deal(story, "0.00", entry="in", side=Side.BUY, price=138_704)
    story.report(deal, story.ada)
    story.book(deal, story.ada, price_open=144_000)
    refused(story, verifier, story.judge(story.ada, "daily"), "does not leave the position as the reported deal does")


def test_cash_is_booked_as_it_was_reported(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    report, story.report = story.report, lambda body, account: report(replace(body, amount=body.balance_after), account)
    story.deposit(story.ada, "-6_000.00")
    refused(story, verifier, story.judge(story.ada, "daily"), "books -600000, the platform reported 9400000")


def test_a_swap_is_posted_as_it_was_reported(story: Any, verifier: ModuleType) -> None:
    holding(story)
    zero = story.states[story.ada].money(1)
    report, story.report = story.report, lambda body, account: report(replace(body, swap=zero), account)
    story.swap(story.ada, "p1", "-6_000.00")
    refused(story, verifier, story.judge(story.ada, "daily"), "posts a swap of -600000, the platform reported 1")


def test_a_deal_is_not_booked_twice(story: Any, verifier: ModuleType) -> None:
    holding(story)
    for _ in range(2):
        deal = a_deal(story, "-3_000.00", lots_e8=100_000_000)
        story.report(deal, story.ada)
        story.book(deal, story.ada)
    refused(story, verifier, story.judge(story.ada, "daily"), "books d1 for the second time")


def test_a_deal_that_was_won_is_not_passed_over(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.report(a_deal(story, "9_000.00"), story.ada)
    story.price("EURUSD", 136_000, 136_002)
    story.clock()
    refused(story, verifier, story.judge(story.ada, "daily"), r"the report in row [0-9]+ was never booked")


def test_a_deal_that_was_won_is_not_ignored_as_one_that_does_not_fit(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.report(a_deal(story, "9_000.00"), story.ada)
    story.add(DealIgnored(deal_id="d1", why="does_not_fit"), story.ada)
    story.price("EURUSD", 136_000, 136_002)
    refused(story, verifier, story.judge(story.ada, "daily"), "ignores a deal that fits the book")


def test_a_deal_that_was_ignored_for_a_reason_that_cannot_be_seen_is_told(story: Any, verifier: ModuleType) -> None:
    holding(story)
    report = story.report(a_deal(story, "9_000.00"), story.ada)
    story.add(DealIgnored(deal_id="d1", why="already_booked"), story.ada)
    story.price("EURUSD", 136_000, 136_002)
    told = "\n".join(verifier.verify(story.bundle(story.judge(story.ada, "daily"))))
    assert f"NOT booked: the platform's reports in rows {report}" in told


# --- days and marks ---


def test_a_withdrawal_is_no_loss(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.deposit(story.ada, "-6_000.00", moves=False)
    refused(story, verifier, story.judge(story.ada, "daily"), "did not move the marks that are measured from")


def test_the_marks_move_at_once_with_cash(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.deposit(story.ada, "-6_000.00", moves=False)
    story.noise(story.ada, 2)
    refused(story, verifier, story.judge(story.ada, "daily"), "is no DayAnchored, with which cash must move the marks")


def trailing(story: Any) -> None:
    terms = MaximumLoss(
        id="overall", loss_max_bp=1_000, trail=FirstTrail.END_OF_DAY, trails_on=FirstAnchor.BALANCE, lock_at_bp=None,
        boundary=Boundary.TOUCHES,
    )  # fmt: skip
    story.both_open(replace(story.rules, terms=(terms,)))


def test_the_highest_mark_moves_by_what_was_deposited(story: Any, verifier: ModuleType) -> None:
    trailing(story)
    state = story.states[story.ada]
    higher = tuple(replace(high, minor=10_900_000) for high in state.track.highs)
    story.states[story.ada] = replace(state, track=replace(state.track, highs=higher))
    story.deposit(story.ada, "1.00")
    refused(
        story, verifier, story.judge(story.ada, "overall"), "moves the highest mark to 10900100, which is not by 100"
    )


def test_a_mark_of_an_earlier_day_is_of_the_kind_that_the_rule_names(story: Any, verifier: ModuleType) -> None:
    """Yesterday began with a higher equity; the floor follows the balance."""
    trailing(story)
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702, net="100.00")
    story.next_day()
    story.price("EURUSD", 141_000, 141_002)
    high = story.open_day(story.ada)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 0, 138_000, net="-1_000.00")
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-9_500.00")

    def alter(told: Told) -> None:
        altered = [
            replace(one, source=f"{high}/equity/minor") if one.name == "highest mark" else one
            for one in told["working"]
        ]
        told["working"] = tuple(altered)

    story.alter = alter
    refused(
        story, verifier, story.judge(story.ada, "overall"), f"the floor follows {high}/equity/minor, which is no mark"
    )


def test_a_day_s_start_moves_once_with_cash(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.deposit(story.ada, "6_000.00")
    state = story.states[story.ada]
    higher = {"balance": state.money(state.day.balance + 600_000), "equity": state.money(state.day.equity + 600_000)}
    story.add(DayAnchored(day=state.day.day, **higher, changed=True, priced=True), story.ada)
    refused(
        story,
        verifier,
        story.judge(story.ada, "daily"),
        "moves a mark, and no deposit, withdrawal or correction caused it",
    )


@pytest.mark.parametrize(("figure", "value"), [("balance", 10_600_000), ("equity", 10_600_000)])
def test_a_day_s_start_becomes_final_as_the_book_was(story: Any, verifier: ModuleType, figure: str, value: int) -> None:
    story.both_open(provisional=True)
    state = story.states[story.ada]
    figures = {"balance": state.money(10_000_000), "equity": state.money(10_000_000), figure: state.money(value)}
    story.clock()
    story.add(DayAnchored(day=state.day.day, **figures, changed=True, priced=True), story.ada)
    refused(story, verifier, story.judge(story.ada, "daily"), r"fixes the day's start at \[")


def test_a_day_begins_with_the_equity_that_its_prices_give(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.next_day()
    story.price("EURUSD", 138_702, 138_704)
    story.open_day(story.ada, equity=20_000_000)
    refused(
        story, verifier, story.judge(story.ada, "daily"), "begins the day with an equity of 20000000, it was 9999650"
    )


def test_a_day_does_not_begin_without_a_winning_position(story: Any, verifier: ModuleType) -> None:
    holding(story)
    yesterday = story.at_us
    story.next_day()
    story.states[story.ada] = replace(story.states[story.ada], positions=())
    story.open_day(story.ada)
    story.alter = said("at_us", yesterday)  # so that the bundle spans the rollover
    refused(
        story, verifier, story.judge(story.ada, "overall"), "begins the day with other positions than the book held"
    )


# --- prices ---


def test_a_tick_of_a_frame_that_does_not_exist_is_refused(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.board.quotes["EURUSD"] = Quote("EURUSD", story.at_us, 100_000, 100_002, story.ledger.size, 7)
    refused(story, verifier, story.judge(story.ada, "daily"), "which is no frame of prices in the file")


def test_a_tick_beyond_its_frame_is_refused(story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the frame's bytes have left the machine."""
    holding(story)
    monkeypatch.setattr(Grounds, "frames", lambda _: iter(()))
    story.board.quotes["EURUSD"] = replace(story.board.quotes["EURUSD"], bid=100_000, index=2)
    refused(story, verifier, story.judge(story.ada, "daily"), "copies tick 2 of row .*, which has no such tick")


def test_a_tick_of_another_bridge_is_refused(story: Any, verifier: ModuleType) -> None:
    holding(story)
    add = story.add
    story.add = lambda body, account=0: add(
        replace(body, bridge="other") if isinstance(body, QuoteFrame) else body, account
    )
    story.price("EURUSD", 136_000, 136_002)
    story.add = add
    refused(story, verifier, story.judge(story.ada, "daily"), "which has no such tick for this account")


def test_a_price_cited_for_an_earlier_judgement_does_not_serve_again(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    story.judge(story.ada, "daily", (Doubt.DRIFT,))
    earlier = story.states[story.ada].findings[-1].seq - 1
    story.price("EURUSD", 138_700, 138_702)
    story.states[story.ada] = replace(story.states[story.ada], findings=())

    def alter(told: Told) -> None:
        cited = told["quotes"][0]
        steps = [replace(one, source=one.source.replace(f"{cited}/", f"{earlier}/")) for one in told["working"]]
        told.update(quotes=(earlier,), working=tuple(steps))

    story.alter = alter
    refused(story, verifier, story.judge(story.ada, "overall"), f"row {earlier} is no price that was cited for this")


def test_the_cited_prices_are_those_that_are_needed_in_order(story: Any, verifier: ModuleType) -> None:
    story.alter = lambda told: told.update(quotes=told["quotes"][::-1])
    refused(
        story,
        verifier,
        story.ada_breaks_her_daily_loss(),
        r"of \['USDJPY', 'EURUSD'\], needed are \['EURUSD', 'USDJPY'\]",
    )


def test_calling_a_price_late_excuses_no_older_price_of_another_symbol(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("USDJPY", 102_800, 102_804)
    story.trade(story.ada, "p2", "USDJPY", Side.SELL, 50_000_000, 102_300)
    newer = story.show(Tick("USDJPY", story.at_us, 99_000, 99_003))
    t_us = story.at_us
    seq = story.show(Tick("EURUSD", t_us, 136_000, 136_005))
    late = Quote("EURUSD", t_us, 136_000, 136_005, seq, 0)
    decision = story.judge(story.ada, "daily", late=late)
    refused(story, verifier, decision, f"tick 0 of row {newer} is a newer price of USDJPY")


def test_an_earlier_instant_excuses_no_older_price(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    seen_us = story.at_us
    story.show(Tick("EURUSD", story.at_us + 1, 138_700, 138_702))
    cause = story.report(story.equity_report(), story.ada)
    story.alter = said("at_us", seen_us)
    why = rf"judges instant {seen_us}, which is not that of row {cause} \(EquityReported\)"
    refused(story, verifier, story.judge(story.ada, "daily"), why)
