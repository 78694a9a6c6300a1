"""How much anybody may ask: exact buckets, bounded in number."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.limit_settings import LimitSettings
from web import allowance as room
from web.allowance import Allowance, Counted, Limits, Rate, network_of

SECOND = 1_000_000
TABS, OF_A_PAGE = 10, 14  # requests of one page as a browser asks for it: itself, files of ours, a picture, a stream


class Clock:
    def __init__(self) -> None:
        self.us = 10**12

    def __call__(self) -> int:
        return self.us


def allowance(per_minute: int, burst: int) -> tuple[Allowance, Clock]:
    clock = Clock()
    return Allowance(Limits(address=Rate(per_minute, burst)), clock), clock


def asked(bucket: Allowance, times: int, subject: str = "ada") -> int:
    """How many of so many were let in."""
    return sum(not bucket.wait_us(Counted.ADDRESS, subject) for _ in range(times))


def test_a_burst_is_let_in_and_then_as_many_as_time_brings():
    bucket, clock = allowance(60, 5)
    assert asked(bucket, 9) == 5
    assert bucket.refused == {Counted.ADDRESS: 4}
    assert bucket.wait_us(Counted.ADDRESS, "ada") == SECOND
    clock.us += SECOND - 1
    assert asked(bucket, 3) == 0
    clock.us += 1
    assert asked(bucket, 3) == 1
    clock.us += 60 * SECOND
    assert asked(bucket, 9) == 5
    assert asked(bucket, 9, "ben") == 5


def test_who_was_let_by_at_a_look_has_their_room_until_they_are_counted():
    bucket, clock = allowance(60, 2)

    def looks() -> bool:
        return not bucket.wait_us(Counted.ADDRESS, "ada", look=True)

    with bucket.foreseen([(Counted.ADDRESS, "ada")]):
        assert looks()
        assert asked(bucket, 2, "ben") == 2  # who has a bucket of their own
        with bucket.foreseen([(Counted.ADDRESS, "ada")]):
            assert not looks()
            assert asked(bucket, 2) == 2  # whoever is counted took what was kept for them
        clock.us += 2 * SECOND
        assert looks()
    assert asked(bucket, 3) == 2
    assert not bucket._foreseen  # nothing is kept of who has gone


@given(st.lists(st.integers(0, 3 * SECOND), max_size=60))
def test_never_more_than_a_burst_and_what_time_has_brought(pauses):
    bucket, clock = allowance(120, 4)
    began = clock.us
    let_in = 0
    for pause in pauses:
        clock.us += pause
        let_in += asked(bucket, 2)
        assert let_in <= 4 + (clock.us - began) * 2 // SECOND


def test_as_many_buckets_as_there_may_be_and_the_longest_silent_goes_first(monkeypatch):
    monkeypatch.setattr(room, "SUBJECTS_MAX", 3)
    bucket, _ = allowance(60, 1)
    for subject in ("a", "b", "c", "d"):
        assert asked(bucket, 1, subject) == 1
    assert bucket.seen().counted["address"] == 3
    assert [asked(bucket, 1, subject) for subject in ("b", "d")] == [0, 0]
    assert asked(bucket, 1, "a") == 1  # it was forgotten: a full bucket, and no harm


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("not an address", "nor this", True),
    ],
)
def test_what_counts_as_one_address(one, other, alike):
    assert (network_of(one) == network_of(other)) is alike


def test_whoever_has_a_site_of_ipv6_has_not_as_many_allowances_as_there_are_networks_in_it():
    clock = Clock()
    bucket = Allowance(Limits(address=Rate(60, 5), stream=Rate(60, 5)), clock)

    def let_in(site: str, kind: Counted = Counted.ADDRESS) -> int:
        return sum(not bucket.wait_at_door_us(kind, f"{site}:{network:x}::1") for network in range(200))

    assert [let_in("2001:db8:1"), let_in("2001:db8:1", Counted.STREAM), let_in("2001:db8:2")] == [40, 0, 40]
    assert bucket.refused == {Counted.SITE: 160 + 200 + 160}
    assert +Counter(bucket.seen().counted) == {"address": 80, "site": 2}
    clock.us += SECOND
    assert let_in("2001:db8:1") == 8
    assert [bucket.wait_at_door_us(Counted.ADDRESS, f"192.0.2.{last}") for last in range(200)] == [0] * 200
    assert [bool(bucket.wait_at_door_us(Counted.ADDRESS, "2001:db8:3:1::1")) for _ in range(7)] == [False] * 5 + [
        True
    ] * 2


def test_a_person_with_ten_tabs_never_meets_the_limits_that_come_along():
    bucket, clock = Allowance(LimitSettings().limits(), Clock()), None
    for _ in range(4):  # all tabs reloaded four times in a row, without a pause
        assert not any(bucket.wait_us(Counted.ADDRESS, "home") for _ in range(TABS * OF_A_PAGE))
        assert not any(bucket.wait_us(Counted.STREAM, "home") for _ in range(TABS))
        assert not any(bucket.wait_us(Counted.ACCOUNT, "ada") for _ in range(TABS * 3))
    assert clock is None
