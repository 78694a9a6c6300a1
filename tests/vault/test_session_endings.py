"""Endings: no sign-in that began before a person's sessions were ended gives a session, whatever happened to front.db meanwhile."""

from time import perf_counter

import pytest

from firm.instant import DAY_US, HOUR_US, SECOND_US
from storage.endings import KEPT_US
from storage.files import FirmDirectory
from storage.front import FrontFile
from storage.links import HELD_US, LinkBook, Purpose
from storage.sessions import NOBODYS_MAX, UNSIGNED_US, SessionStore

NOW_US = 1_800_000_000 * SECOND_US
ADA, BEN = "trader:1", "trader:2"


def test_a_sign_in_from_before_an_ending_gives_no_session_and_one_from_after_does(sessions: SessionStore) -> None:
    before = sessions.mark()
    assert sessions.set("a1", b"", NOW_US, ADA, before)
    sessions.delete_person(ADA, except_id="a1")
    after = sessions.mark()
    assert (sessions.is_over(ADA, before), sessions.is_over(ADA, after)) == (True, False)
    assert not sessions.set("a2", b"", NOW_US, ADA, before)
    assert sessions.get("a2", NOW_US) is None
    assert sessions.get("a1", NOW_US) is not None
    assert sessions.set("a3", b"", NOW_US, ADA, after)
    assert sessions.set("b1", b"", NOW_US, BEN, before)  # whose sessions nobody ended
    sessions.delete_person(BEN)
    assert sessions.set("a4", b"", NOW_US, ADA, after)


def test_endings_are_told_apart_after_the_file_was_closed_and_opened(firm: FirmDirectory, front: FrontFile) -> None:
    before = SessionStore(front).mark()
    front.close()
    console = FrontFile.open(firm.path)
    SessionStore(console).delete_person(ADA)
    after = SessionStore(console).mark()
    console.close()
    again = FrontFile.open(firm.path)
    assert not SessionStore(again).set("a1", b"", NOW_US, ADA, before)
    assert SessionStore(again).set("a2", b"", NOW_US, ADA, after)
    again.close()


@pytest.mark.parametrize("mark", ["0", ".0", "00.1", "0123456789abcdef.x", "another.999"])
def test_a_mark_of_nothing_we_know_is_too_old(sessions: SessionStore, mark: str) -> None:
    assert sessions.is_over(ADA, mark)
    assert not sessions.set("a1", b"", NOW_US, ADA, mark)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param("DELETE FROM endings", id="the file was laid anew"),
        pytest.param("UPDATE endings SET number = 0 WHERE person = ''", id="a turned bit in the count"),
        pytest.param("UPDATE endings SET number = 0 WHERE person <> ''", id="a turned bit in an ending"),
    ],
)
def test_an_ending_that_was_lost_lets_nobody_in(front: FrontFile, sessions: SessionStore, harm: str) -> None:
    before = sessions.mark()
    sessions.delete_person(ADA)
    front.do(lambda connection: connection.execute(harm))
    assert not sessions.set("a1", b"", NOW_US, ADA, before)


def test_endings_are_kept_for_longer_than_any_sign_in_takes_and_no_longer(
    front: FrontFile, sessions: SessionStore
) -> None:
    before = sessions.mark()
    sessions.delete_person(ADA)
    sessions.purge(NOW_US)
    sessions.purge(NOW_US + KEPT_US - 1)
    assert sessions.is_over(ADA, before)
    sessions.delete_person(BEN)
    sessions.purge(NOW_US + KEPT_US)
    kept = front.do(lambda connection: connection.execute("SELECT person FROM endings ORDER BY person").fetchall())
    assert kept == [("",), (BEN,)]


def test_a_stranger_s_session_ends_soon_however_it_is_used(sessions: SessionStore) -> None:
    sessions.set("stranger", b"", NOW_US)
    last_us = NOW_US + UNSIGNED_US - 1
    assert sessions.renew("stranger", last_us)
    sessions.set("stranger", b"again", last_us)
    assert sessions.get("stranger", last_us) is not None
    assert sessions.get("stranger", NOW_US + UNSIGNED_US) is None


def test_strangers_who_fill_their_room_cost_the_next_page_less_than_a_millisecond(
    front: FrontFile, sessions: SessionStore
) -> None:
    for number in range(100):
        sessions.set(f"ada {number}", b"", NOW_US + number, f"trader:{number}")
    for number in range(NOBODYS_MAX):
        sessions.set(f"stranger {number}", b"{}", NOW_US + number)
    took = []
    for number in range(101):
        began = perf_counter()
        sessions.set(f"late {number}", b"{}", NOW_US + DAY_US + number)
        took.append(perf_counter() - began)
    # Of many, the one in the middle: another process may have had the processor for longer.
    assert sorted(took)[50] < 0.001
    held = front.do(
        lambda connection: connection.execute("SELECT count(*), min(created_us) FROM sessions WHERE person = ''").get
    )
    assert held == (NOBODYS_MAX, NOW_US + 101)  # the oldest went
    assert sessions.get("ada 0", NOW_US + 100) is not None
    plan = "EXPLAIN QUERY PLAN SELECT session FROM sessions WHERE person = '' ORDER BY expires_us LIMIT 1"
    told = front.do(lambda connection: str(connection.execute(plan).fetchall()))
    assert "sessions_by_person" in told
    assert "TEMP B-TREE" not in told


def test_removing_what_has_ended_takes_many_small_turns(sessions: SessionStore) -> None:
    for number in range(250):
        sessions.set(f"stranger {number}", b"", NOW_US)
    sessions.set("ada", b"", NOW_US, ADA)
    sessions.set("ben", b"", NOW_US + HOUR_US, BEN)
    assert sessions.purge(NOW_US + HOUR_US) == 251
    assert sessions.get("ben", NOW_US + HOUR_US) is not None


def test_a_link_that_somebody_uses_is_nobody_else_s_until_they_let_it_go_or_were_killed(front: FrontFile) -> None:
    links = LinkBook(front)
    for token in ("one", "two"):
        links.issue(ADA, Purpose.PASSWORD, token, NOW_US, HOUR_US)
    [one, two] = list(front.do(lambda connection: connection.execute("SELECT token FROM links").fetchall()))
    assert links.hold(Purpose.PASSWORD, one[0], NOW_US) == ADA
    assert [links.hold(Purpose.PASSWORD, each[0], NOW_US + 1) for each in (one, two)] == [None, None]
    assert links.use(Purpose.PASSWORD, two[0], NOW_US + 1) is None
    links.let_go(ADA)
    assert links.hold(Purpose.PASSWORD, two[0], NOW_US + 2) == ADA
    assert links.read(Purpose.PASSWORD, one[0], NOW_US + 1 + HELD_US) is None
    assert links.read(Purpose.PASSWORD, one[0], NOW_US + 2 + HELD_US) == (ADA, "")
