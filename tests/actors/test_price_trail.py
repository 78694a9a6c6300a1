"""The trail of prices: what stood at an instant, against a plain list of all that came; and what is no longer known."""

from random import Random

import pytest

from actors.price_trail import PriceTrail
from firm.bounds import LOOK_BACK_PRICES_MAX, LOOK_BACK_US
from firm.instant import SECOND_US
from firm.price import Quote


def price(t_us, frame=0):
    return Quote("EURUSD", t_us, 100, 101, frame, 0)


@pytest.mark.parametrize("seed", range(20))
def test_what_stood_at_an_instant_is_the_last_of_its_stamp_or_before_whatever_came_late(seed):
    drawn, trail, came = Random(seed), PriceTrail(), []
    now_us = 1_000 * SECOND_US
    for frame in range(150):
        now_us += drawn.randrange(3) * 100_000
        quote = price(now_us - drawn.choice((0, 0, 0, 250_000, 2_000_000)), frame)
        came.append(quote)
        trail.add(quote)
    since_us = max(min(quote.t_us for quote in came[:1]), now_us - LOOK_BACK_US)
    in_order = sorted(came, key=lambda one: one.t_us)
    for at_us in range(since_us, now_us + 1, 50_000):
        assert trail.at("EURUSD", at_us) == [one for one in in_order if one.t_us <= at_us][-1]
        later = [one.t_us for one in in_order if one.t_us > at_us]
        assert trail.next_us("EURUSD", at_us) == (later[0] if later else None)
    between = [one.t_us for one in in_order if since_us <= one.t_us < now_us]
    assert trail.stamps("EURUSD", since_us, now_us) == between


def test_only_so_many_are_kept_and_what_was_before_them_is_not_known():
    trail = PriceTrail()
    for n in range(3 * LOOK_BACK_PRICES_MAX):
        trail.add(price(n + 1))
    older, newer = trail.capture()["EURUSD"]
    assert LOOK_BACK_PRICES_MAX <= len(older) + len(newer) < LOOK_BACK_PRICES_MAX + 20
    assert trail.at("EURUSD", 5) is None
    trail.add(price(5))
    assert trail.at("EURUSD", 5) is None, "what came between it and the first that is kept is gone"


def test_a_price_that_stood_for_long_is_known_as_far_back_as_is_looked():
    trail = PriceTrail()
    for n in range(40):
        trail.add(price(n * 10 * SECOND_US))
    now_us = 390 * SECOND_US
    assert trail.at("EURUSD", now_us - LOOK_BACK_US) == price(now_us - LOOK_BACK_US)


def test_what_was_captured_stays_as_it_was():
    trail = PriceTrail()
    for n in range(20):
        trail.add(price(2 * n * SECOND_US))
    kept = trail.capture()
    trail.add(price(7 * SECOND_US))
    trail.add(price(100 * SECOND_US))
    trail.restore(kept)
    assert trail.at("EURUSD", 200 * SECOND_US) == price(38 * SECOND_US)
    assert trail.at("EURUSD", 7 * SECOND_US) == price(6 * SECOND_US)
