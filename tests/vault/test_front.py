"""front.db: sessions end when they should, throttles count what they should, and losing all of it harms nobody."""

from pathlib import Path

import apsw
import pytest

import storage.sessions
import storage.throttles
from firm.instant import HOUR_US, MINUTE_US, SECOND_US
from storage.devices import DeviceBook, device_name
from storage.errors import FrontRefused
from storage.files import FirmDirectory
from storage.front import FrontFile
from storage.sessions import ABSOLUTE_US, IDLE_US, SESSIONS_PER_PERSON_MAX, SessionStore, name_of
from storage.throttles import Limit, Throttle

NOW_US = 1_800_000_000 * SECOND_US
ADA, BEN = "trader:1", "trader:2"
TWICE_A_MINUTE = Limit(2, MINUTE_US)


@pytest.fixture
def throttle(front: FrontFile) -> Throttle:
    return Throttle(front, b"p" * 32)


def test_a_session_is_there_until_its_idle_time_is_over(sessions: SessionStore) -> None:
    sessions.set("s1", b"content", NOW_US, ADA)
    held = sessions.get("s1", NOW_US + IDLE_US - 1)
    assert held is not None
    assert (held.person, held.content, held.created_us) == (ADA, b"content", NOW_US)
    assert sessions.get("s1", NOW_US + IDLE_US) is None
    assert sessions.get("s2", NOW_US) is None


def test_use_prolongs_a_session_but_not_beyond_its_absolute_end(sessions: SessionStore) -> None:
    sessions.set("s1", b"", NOW_US, ADA)
    now_us = NOW_US
    while sessions.renew("s1", now_us) and now_us < NOW_US + 2 * ABSOLUTE_US:
        now_us += IDLE_US // 2
    assert now_us == NOW_US + ABSOLUTE_US


def test_new_content_does_not_prolong_a_session_for_ever(sessions: SessionStore) -> None:
    now_us = NOW_US
    sessions.set("s1", b"", now_us, ADA)
    while sessions.get("s1", now_us) and now_us < NOW_US + 2 * ABSOLUTE_US:
        sessions.set("s1", b"", now_us, ADA)
        now_us += IDLE_US // 2
    assert now_us == NOW_US + ABSOLUTE_US


def test_an_ended_session_is_not_brought_back_by_writing_to_it(sessions: SessionStore) -> None:
    sessions.set("s1", b"old", NOW_US, ADA)
    later_us = NOW_US + ABSOLUTE_US + HOUR_US
    assert not sessions.renew("s1", later_us)
    sessions.set("s1", b"new", later_us)
    held = sessions.get("s1", later_us)
    assert held is not None
    assert (held.person, held.created_us) == ("", later_us)


def test_a_disk_that_is_full_is_told_in_words_and_it_goes_on_once_there_is_room(
    front: FrontFile, sessions: SessionStore, throttle: Throttle
) -> None:
    sessions.set("s1", b"", NOW_US, ADA)
    assert front._connection is not None
    pages = front._connection.pragma("max_page_count")
    front._connection.pragma("max_page_count", 1)
    for write in (
        lambda: sessions.set("s2", b"x" * 50_000, NOW_US, ADA),
        lambda: [throttle.wait_us("sign-in", str(number), TWICE_A_MINUTE, NOW_US) for number in range(100)],
    ):
        with pytest.raises(FrontRefused, match=r"front.db cannot be read or written .* nothing was kept"):
            write()
    assert front.refusals == 2
    assert sessions.get("s1", NOW_US) is not None
    assert sessions.get("s2", NOW_US) is None
    front._connection.pragma("max_page_count", pages)
    sessions.set("s2", b"x" * 50_000, NOW_US, ADA)
    assert sessions.get("s2", NOW_US) is not None


def test_a_start_does_not_end_over_what_cannot_be_opened_and_goes_on_once_it_can(firm: FirmDirectory) -> None:
    firm.front_db.mkdir()
    front = FrontFile.open(firm.path)
    sessions = SessionStore(front)
    assert front.refusals == 1
    with pytest.raises(FrontRefused, match="make sure that it is a file"):
        sessions.get("s1", NOW_US)
    assert front.refusals == 2
    firm.front_db.rmdir()
    sessions.set("s1", b"content", NOW_US, ADA)
    assert sessions.get("s1", NOW_US) is not None
    front.close()


def test_where_a_damaged_one_cannot_be_replaced_it_is_tried_again_until_it_can(
    firm: FirmDirectory, front: FrontFile, sessions: SessionStore
) -> None:
    sessions.set("s1", b"", NOW_US, ADA)
    other = apsw.Connection(str(firm.front_db))  # what it takes over into the file makes the first one read anew
    other.execute("DELETE FROM throttles; PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    firm.front_db.write_bytes(b"no database at all" * 1_000)
    firm.front_db.chmod(0o600)
    log = firm.front_db.with_name("front.db-wal")
    log.unlink()
    log.mkdir()  # which no file of this name can be put over
    for refusals in (1, 2):
        with pytest.raises(FrontRefused):
            sessions.get("s1", NOW_US)
        assert front.refusals == refusals
    log.rmdir()
    assert sessions.get("s1", NOW_US) is None
    sessions.set("s1", b"", NOW_US, ADA)
    assert sessions.get("s1", NOW_US) is not None


def test_signing_out_everywhere_spares_the_session_it_is_asked_from(sessions: SessionStore) -> None:
    for name, person in (("a1", ADA), ("a2", ADA), ("a3", ADA), ("b1", BEN)):
        sessions.set(name, name.encode(), NOW_US, person)
    sessions.delete("a3")
    assert live(sessions, "a1", "a2", "a3", "b1") == ["a1", "a2", "b1"]
    sessions.delete_person(ADA, except_id="a1")
    assert live(sessions, "a1", "a2", "b1") == ["a1", "b1"]
    sessions.delete_person(ADA)
    assert live(sessions, "a1", "b1") == ["b1"]


def live(sessions: SessionStore, *names: str) -> list[str]:
    return [name for name in names if sessions.get(name, NOW_US + 100)]


def test_ending_and_forgetting_say_whether_there_was_something(sessions: SessionStore, front: FrontFile) -> None:
    devices = DeviceBook(front)
    sessions.set("a1", b"", NOW_US, ADA)
    sessions.set("a2", b"", NOW_US, ADA)
    devices.keep(ADA, "laptop", "Firefox on Linux", NOW_US)
    assert [sessions.end_named(who, name_of("a2")) for who in (BEN, ADA, ADA)] == [False, True, False]
    assert [devices.forget(who, device_name("laptop")) for who in (BEN, ADA, ADA)] == [False, True, False]
    assert [sessions.delete_person(ADA, except_id) for except_id in ("a1", "", "")] == [False, True, False]


def test_session_ids_and_addresses_are_not_in_the_file(
    sessions: SessionStore, throttle: Throttle, firm: FirmDirectory
) -> None:
    sessions.set("canary-session-id", b"", NOW_US, "trader:77")
    throttle.wait_us("sign-in", "192.0.2.77", TWICE_A_MINUTE, NOW_US)
    disk = b"".join(path.read_bytes() for path in firm.path.glob("front.db*"))
    assert b"trader:77" in disk  # the scan sees what is there
    assert b"canary-session-id" not in disk
    assert b"192.0.2.77" not in disk


def test_purging_removes_only_what_has_ended(sessions: SessionStore) -> None:
    sessions.set("old", b"", NOW_US, ADA)
    sessions.set("new", b"", NOW_US + IDLE_US, ADA)
    assert sessions.purge(NOW_US + IDLE_US) == 1
    assert sessions.get("new", NOW_US + IDLE_US)


def test_one_person_holds_a_bounded_number_of_sessions(sessions: SessionStore) -> None:
    names = [f"s{number}" for number in range(SESSIONS_PER_PERSON_MAX + 3)]
    for number, name in enumerate(names):
        sessions.set(name, b"", NOW_US + number, ADA)
    assert live(sessions, *names) == names[3:]


def test_a_flood_of_strangers_signs_nobody_out(sessions: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.sessions, "NOBODYS_MAX", 9)
    sessions.set("ada", b"", NOW_US, ADA)
    for number in range(30):
        sessions.set(f"stranger {number}", b"", NOW_US + number)
    assert sessions.get("ada", NOW_US + 100)
    assert sum(sessions.get(f"stranger {number}", NOW_US + 100) is not None for number in range(30)) == 9


def test_the_third_try_in_a_minute_waits_until_the_first_has_left_the_window(throttle: Throttle) -> None:
    tries = [throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + second * SECOND_US) for second in (0, 20, 30)]
    assert tries == [0, 0, 30 * SECOND_US]
    assert throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + MINUTE_US - 1) == 1
    assert throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + MINUTE_US) == 0
    assert throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + MINUTE_US) == 20 * SECOND_US


def test_scopes_and_subjects_do_not_count_for_each_other(throttle: Throttle) -> None:
    for scope, subject in (("sign-in", "ada"), ("sign-in", "ben"), ("mail", "ada")):
        assert [throttle.wait_us(scope, subject, TWICE_A_MINUTE, NOW_US) for _ in range(3)] == [0, 0, MINUTE_US]


def test_a_success_forgets_the_tries(throttle: Throttle) -> None:
    assert [throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US) for _ in range(2)] == [0, 0]
    throttle.forget("sign-in", "ada")
    assert throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US) == 0


def test_one_try_that_is_given_back_leaves_all_others_counted(throttle: Throttle) -> None:
    assert [throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + at_us) for at_us in (0, 5)] == [0, 0]
    throttle.give_back("sign-in", "ada", NOW_US + 5)
    throttle.give_back("sign-in", "ada", NOW_US + 5)  # it is gone, and no other goes in its place
    throttle.give_back("sign-in", "ben", NOW_US)
    assert throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + 6) == 0
    assert throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + 7) == MINUTE_US - 7


def test_a_clock_that_was_set_back_bars_nobody(throttle: Throttle) -> None:
    assert [throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US + HOUR_US) for _ in range(2)] == [0, 0]
    assert throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US) == 0


def test_counters_are_bounded_and_the_longest_silent_go_first(
    throttle: Throttle, front: FrontFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.throttles, "SUBJECTS_PER_SCOPE_MAX", 10)
    for number in range(30):
        throttle.wait_us("sign-in", f"192.0.2.{number}", Limit(1, HOUR_US), NOW_US + number)
    assert front.do(lambda file: file.execute("SELECT count(*) FROM throttles").fetchone()) == (10,)
    assert throttle.wait_us("sign-in", "192.0.2.29", Limit(1, HOUR_US), NOW_US + 30) > 0
    assert throttle.wait_us("sign-in", "192.0.2.0", Limit(1, HOUR_US), NOW_US + 30) == 0


def test_old_counters_are_purged(throttle: Throttle, front: FrontFile) -> None:
    throttle.wait_us("sign-in", "ada", TWICE_A_MINUTE, NOW_US)
    throttle.purge(NOW_US + 23 * HOUR_US)
    assert front.do(lambda file: file.execute("SELECT count(*) FROM throttles").fetchone()) == (1,)
    throttle.purge(NOW_US + 25 * HOUR_US)
    assert front.do(lambda file: file.execute("SELECT count(*) FROM throttles").fetchone()) == (0,)


def foreign_database(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE something (else_ TEXT)")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "is_told"),
    [
        pytest.param(lambda path: path.write_bytes(b"not a database " * 500), True, id="garbage"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:5000]), True, id="cut off"),
        pytest.param(lambda path: path.unlink() or foreign_database(path), True, id="another program's"),
        pytest.param(lambda path: path.unlink(), False, id="missing"),
    ],
)
def test_a_spoilt_front_file_starts_anew(
    firm: FirmDirectory, spoil, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    front = FrontFile.open(firm.path)
    SessionStore(front).set("s1", b"x" * 20_000, NOW_US, ADA)
    front.close()
    spoil(firm.front_db)
    front = FrontFile.open(firm.path)
    sessions = SessionStore(front)
    assert sessions.get("s1", NOW_US) is None
    sessions.set("s1", b"", NOW_US, ADA)
    assert sessions.get("s1", NOW_US)
    assert firm.front_db.stat().st_mode & 0o777 == 0o600
    assert ("starts anew" in caplog.text) == is_told
    front.close()


def test_damage_in_the_middle_of_work_loses_sessions_but_no_request(
    front: FrontFile, sessions: SessionStore, firm: FirmDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(200):
        sessions.set(f"s{number}", b"x" * 500, NOW_US, f"trader:{number}")
    front.do(lambda file: None)
    front._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    front._connection.pragma("cache_size", 0)
    front._connection.execute("PRAGMA shrink_memory")
    size = firm.front_db.stat().st_size
    with firm.front_db.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    assert sessions.get("s7", NOW_US) is None
    assert "starts anew" in caplog.text
    sessions.set("s7", b"again", NOW_US, ADA)
    assert sessions.get("s7", NOW_US)


def test_kept_in_memory_it_refuses_what_is_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.front.MEMORY_BYTES_MAX", 2**17)
    front = FrontFile.in_memory()
    sessions = SessionStore(front)
    sessions.set("s0", b"content", NOW_US, ADA)
    with pytest.raises(FrontRefused, match="nothing was kept"):
        sessions.set("s1", bytes(2**17), NOW_US, BEN)
    assert sessions.get("s0", NOW_US) is not None
    front.close()
