"""The read model of API keys, and when each was used last."""

from contextlib import closing

import apsw

from firm.facts import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated, Fact, StaffLeft
from firm.instant import MINUTE_US
from firm.permissions import Scope
from storage.front import FrontFile
from storage.keys_used import KeysUsed
from storage.readmodels.api_keys import ApiKeys, all_api_keys, api_key_line
from tests.storage.projected import projected

BY = {"by": "staff:1", "why": "as agreed"}
ISSUED = {"permissions": ("see_accounts",), "scope": Scope(programs=("two-step",)), "expires_us": 1_000, "sealed": "00"}


def told(*facts: Fact) -> apsw.Connection:
    return projected(ApiKeys(), *facts)


def test_a_key_that_was_rotated_names_the_one_that_follows_and_ends_sooner():
    book = told(
        ApiKeyIssued(key=7, name="feed", **ISSUED, **BY),
        ApiKeyRotated(key=7, follower=8, until_us=500, expires_us=2_000, sealed="01", by="staff:2"),
    )
    new, old = all_api_keys(book, 10, 0)
    assert (old.key, old.follower, old.expires_us, old.owner) == (7, 8, 500, "staff:1")
    assert (new.key, new.follower, new.expires_us, new.owner, new.name) == (8, 0, 2_000, "staff:2", "feed")
    assert new.scope == old.scope == ISSUED["scope"]
    assert (old.is_good(499), old.is_good(500)) == (True, False)


def test_a_key_ends_when_it_is_revoked_and_when_who_answers_for_it_leaves():
    book = told(
        ApiKeyIssued(key=7, name="feed", **ISSUED, **BY),
        ApiKeyIssued(key=8, name="wall", **ISSUED, **BY),
        ApiKeyIssued(key=9, name="desk", **ISSUED, by="console", why="as agreed"),
        ApiKeyRevoked(key=7, by="staff:2", why="it leaked"),
        StaffLeft(staff=1, by="staff:2", why="their last day"),
    )
    lines = {line.key: line for line in all_api_keys(book, 10, 60)}
    assert (lines[7].ended_us, lines[7].ended_by, lines[7].why_ended) == (50, "staff:2", "it leaked")
    assert (lines[8].ended_us, lines[8].why_ended) == (60, "their last day")
    assert lines[9].is_good(60)
    assert next(iter(all_api_keys(book, 10, 60))).key == 9


def test_good_keys_come_before_newer_ones_that_are_over_and_each_is_found_by_its_id():
    issued = {**ISSUED, **BY, "name": "feed"}
    book = told(
        ApiKeyIssued(key=7, **{**issued, "expires_us": 5_000}),
        ApiKeyIssued(key=8, **issued),
        ApiKeyIssued(key=9, **issued),
        ApiKeyRevoked(key=9, by="staff:2", why="it leaked"),
    )
    assert [line.key for line in all_api_keys(book, 10, 999)] == [8, 7, 9]
    assert [line.key for line in all_api_keys(book, 10, 1_000)] == [7, 8, 9]
    assert api_key_line(book, 8) == all_api_keys(book, 2, 1_000)[1]
    assert api_key_line(book, 6) is None


def test_the_last_use_is_kept_over_a_restart_and_written_once_a_minute(tmp_path):
    with closing(FrontFile(tmp_path / "front.db")) as front:
        used = KeysUsed(front)
        used.note(7, MINUTE_US)
        used.note(7, 2 * MINUTE_US - 1)
        assert used.all() == {7: MINUTE_US}
        used.note(7, 2 * MINUTE_US)
        used.note(8, 2 * MINUTE_US)
    with closing(FrontFile(tmp_path / "front.db")) as front:
        assert KeysUsed(front).all() == {7: 2 * MINUTE_US, 8: 2 * MINUTE_US}


def test_a_use_whose_row_was_altered_counts_as_unknown(tmp_path):
    with closing(FrontFile(tmp_path / "front.db")) as front:
        used = KeysUsed(front)
        used.note(7, MINUTE_US)
        front.do(lambda book: book.execute("UPDATE keys_used SET api_key = 8"))
        assert used.all() == {}
