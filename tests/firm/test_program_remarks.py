"""Program remarks: what is worth knowing before somebody is sold a program, though nothing is wrong with it."""

from msgspec.structs import replace

from firm.platform_listing import PlatformListing
from firm.program_remarks import remarks_on
from firm.templates import template

SOLD = template("two_step_static").program
CHALLENGE = replace(SOLD, phases=SOLD.phases[:2])


def dearer(minor: int):
    return replace(CHALLENGE, price=CHALLENGE.price.with_minor(minor))


def test_a_price_that_falls_below_a_tenth_is_remarked_and_a_tenth_is_not() -> None:
    assert remarks_on(dearer(54_00), dearer(540_00)) == ()
    [remark] = remarks_on(dearer(53_99), dearer(540_00))
    assert remark == "the price falls below a tenth: it was 540.00 USD, and is 53.99 USD"


def test_a_rule_about_news_forbids_nothing_without_a_calendar() -> None:
    told = remarks_on(SOLD, calendars=())
    assert any(one.startswith("Funded: news forbids nothing yet: the firm has no calendar 'news'") for one in told)
    assert not any("news" in one for one in remarks_on(SOLD, calendars={"news"}))
    assert any("as long as the firm has no calendar" in one for one in remarks_on(SOLD))


def test_rules_that_nobody_asks_yet_are_named() -> None:
    [told] = remarks_on(SOLD, calendars={"news"})
    assert told.startswith("Funded: nothing follows from payout_schedule, payout_conditions,")
    assert "allocation" not in told


def test_a_platform_to_which_nothing_is_sent_is_told_before_a_program_is_sold_on_it() -> None:
    acts = {CHALLENGE.bridge: PlatformListing(connected=True)}
    only_looks = {CHALLENGE.bridge: PlatformListing(connected=True, observes=True)}
    assert remarks_on(CHALLENGE, listings=acts) == ()
    [told] = remarks_on(CHALLENGE, listings=only_looks)
    assert told.startswith(f"{CHALLENGE.bridge} only observes: no account that is sold is opened there")
    assert f"`evenhand bridge mode {CHALLENGE.bridge} enforce`" in told
