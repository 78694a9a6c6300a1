"""The outbox keeps what was published, over kill -9 too, and lets go of nothing too early."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import msgspec
import pytest

from bridges.bounds import RETENTION_US
from bridges.events import CmdAck, CmdResult, Deal, Platform, UnreadableEvent, decode_event, encode_event
from bridges.outbox import _FROM_1, WHOLE_STATE, Outbox, OutboxUnusable
from bridges.wire import Cmd
from firm.inputs import CommandState

NOW_US = 1_398_988_800_000_000

WRITER = """
import sys
from pathlib import Path
from bridges.events import Platform
from bridges.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
while True:
    n = outbox.last_seq + 1
    outbox.append([Platform(True, 1, str(n)), Platform(True, 1, str(n + 1))], extra={"books": str(n + 1).encode()}, after_qseq=n)
    print(outbox.last_seq, flush=True)
"""


def up(n: int) -> Platform:
    return Platform(True, NOW_US, f"event {n}")


def command(name: str) -> Cmd:
    return Cmd(name, f"k-{name}", "700001", "close_all", {}, "", 0)


@pytest.fixture
def outbox(tmp_path) -> Outbox:
    return Outbox(tmp_path / "outbox.db")


def test_what_was_published_survives_kill_9(tmp_path):
    path = tmp_path / "outbox.db"
    told = 0
    for _ in range(3):
        root = Path(__file__).parents[2]
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=root)
        for _ in range(25):
            told = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        told = max([told, *(int(line) for line in child.stdout.read().split(b"\n")[:-1] if line)])
        child.stdout.close()
        child.wait()
    outbox = Outbox(path)
    assert outbox.last_seq >= told >= 150
    rows = outbox.read(1, 1_000_000)
    assert [row.seq for row in rows] == list(range(1, outbox.last_seq + 1))
    assert [decode_event(row.event).why for row in rows] == [str(row.seq) for row in rows]
    assert outbox.extra == {"books": str(outbox.last_seq).encode()}


def test_numbers_state_and_epoch_are_the_same_after_a_restart(tmp_path):
    first = Outbox(tmp_path / "outbox.db")
    first.append([up(1), up(2)], extra={"books": b"all", "b": b"1", "a": b"1"}, after_qseq=5)
    first.acknowledge(1)
    first.append([up(3)], extra={"a": b"2", "c": b"1"}, after_qseq=9)
    epoch = first.epoch
    first.close()
    second = Outbox(tmp_path / "outbox.db")
    assert (second.epoch, second.first_seq, second.last_seq, second.acked_seq, second.extra) == (
        epoch,
        1,
        3,
        1,
        {"books": b"all", "b": b"1", "a": b"2", "c": b"1"},
    )
    assert list(second.extra) == ["books", "b", "a", "c"]
    assert [second.seq_before_tick(qseq) for qseq in (5, 6, 9, 10)] == [0, 2, 2, 3]


def test_acknowledged_events_stay_for_seven_days(outbox):
    outbox.append([up(n) for n in range(1, 6)])
    outbox.acknowledge(3)
    outbox.sweep(NOW_US)
    outbox.sweep(NOW_US + RETENTION_US)
    assert outbox.first_seq == 1
    outbox.sweep(NOW_US + RETENTION_US + 1)
    assert (outbox.first_seq, outbox.last_seq) == (4, 5)
    outbox.acknowledge(5)
    outbox.sweep(NOW_US + RETENTION_US + 2)
    outbox.sweep(NOW_US + 3 * RETENTION_US)
    assert (outbox.first_seq, outbox.last_seq, outbox.depth) == (6, 5, 0)


def test_a_command_is_journalled_once_and_its_result_is_remembered(outbox):
    first, second = command("c1"), command("c2")
    assert outbox.accept_commands([first], now_us=NOW_US, after_qseq=0) == [first]
    assert outbox.accept_commands([first, second, second], now_us=NOW_US, after_qseq=0) == [second]
    assert outbox.accept_commands([second], now_us=NOW_US, after_qseq=0) == []
    told = [decode_event(row.event) for row in outbox.read(1, 9)]
    assert told == [CmdAck(each.cmd_id, each.acc, NOW_US) for each in (first, second)]
    assert outbox.last_seq == 2
    assert outbox.unfinished_commands() == [first, second]
    waiting = CmdResult("c1", "700001", CommandState.UNKNOWN, "timeout", "", "", NOW_US)
    outbox.append([waiting])
    assert outbox.unfinished_commands() == [first, second]
    done = CmdResult("c1", "700001", CommandState.APPLIED, "0", "ref", "", NOW_US)
    outbox.append([done])
    assert outbox.unfinished_commands() == [second]
    assert outbox.command_result("c1") == done
    assert outbox.command_result("c2") is None


def test_an_event_that_the_gateway_could_not_read_is_refused_where_it_is_made(outbox):
    bad = Deal("", "d", "o", "p", "EURUSD", "buy", "in", 1, 1, "USD", 2, 0, 0, 0, 0, "", NOW_US)
    with pytest.raises(UnreadableEvent):
        outbox.append([up(1), bad], extra={"books": b"half"})
    assert (outbox.last_seq, outbox.extra, outbox.read(1, 10)) == (0, {}, [])


def test_two_programs_cannot_share_an_outbox(outbox, tmp_path):
    code = f"from pathlib import Path; from bridges.outbox import Outbox; Outbox(Path({str(tmp_path / 'outbox.db')!r}))"
    second = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert second.returncode == 1
    assert "stop the other bridge program that uses it" in second.stderr


def test_a_file_that_is_no_outbox_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database " * 100)
    with pytest.raises(OutboxUnusable, match="cannot be opened"):
        Outbox(tmp_path / "notes.txt")


FORMAT_1 = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    acked_seq INTEGER NOT NULL,
    extra BLOB,
    deadman BLOB
) STRICT;
CREATE TABLE events (seq INTEGER PRIMARY KEY, after_qseq INTEGER NOT NULL, event BLOB NOT NULL) STRICT;
CREATE TABLE acknowledged (seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL) STRICT;
CREATE TABLE commands (
    seq INTEGER PRIMARY KEY,
    cmd_id TEXT NOT NULL UNIQUE,
    command BLOB NOT NULL,
    result BLOB,
    finished INTEGER NOT NULL DEFAULT 0
) STRICT;
PRAGMA user_version = 1;
"""


def write_format_1(path: Path, extra: bytes | None) -> None:
    """As the first release wrote it: three events, the newest not acknowledged, and a command that is under way."""
    db = apsw.Connection(str(path))
    db.pragma("journal_mode", "WAL")
    db.execute(FORMAT_1)
    db.execute("INSERT INTO outbox VALUES (1, '00c0ffee00c0ffee', 3, 2, ?, NULL)", (extra,))
    events = [
        (1, 0, encode_event(up(1))),
        (2, 5, encode_event(CmdAck("c1", "700001", NOW_US))),
        (3, 9, encode_event(up(3))),
    ]
    db.executemany("INSERT INTO events VALUES (?, ?, ?)", events)
    db.execute("INSERT INTO acknowledged VALUES (2, ?)", (NOW_US,))
    db.execute("INSERT INTO commands VALUES (2, 'c1', ?, NULL, 0)", (msgspec.msgpack.encode(command("c1")),))
    db.close()


@pytest.mark.parametrize("extra", [b"books and all", None])
def test_an_outbox_of_the_first_format_goes_on_where_it_was(tmp_path, extra):
    write_format_1(tmp_path / "outbox.db", extra)
    for _ in range(2):  # as it is brought over, and once it was
        outbox = Outbox(tmp_path / "outbox.db")
        assert (outbox.epoch, outbox.first_seq, outbox.last_seq, outbox.acked_seq) == ("00c0ffee00c0ffee", 1, 3, 2)
        assert outbox.extra == ({WHOLE_STATE: extra} if extra else {})
        assert [decode_event(row.event) for row in outbox.read(1, 9)] == [up(1), CmdAck("c1", "700001", NOW_US), up(3)]
        assert outbox.unfinished_commands() == [command("c1")]
        assert outbox.seq_before_tick(9) == 2
        assert outbox._db.pragma("user_version") == 2
        outbox.close()
    outbox = Outbox(tmp_path / "outbox.db")
    assert outbox.append([up(4)], extra={"books": b"all"}) == 4
    assert outbox.accept_commands([command("c1")], now_us=NOW_US, after_qseq=9) == []
    assert outbox.extra["books"] == b"all"
    outbox.sweep(NOW_US + RETENTION_US + 1)
    assert outbox.first_seq == 3


def test_an_outbox_that_is_killed_on_its_way_to_this_format_is_one_of_the_first_still(tmp_path, monkeypatch):
    """The last statement of the way fails, as if there were no room for it."""
    path = tmp_path / "outbox.db"
    write_format_1(path, b"books and all")
    with monkeypatch.context() as cut:
        cut.setattr("bridges.outbox._FROM_1", f"{_FROM_1}; INSERT INTO events VALUES (1, 0, x'');")
        with pytest.raises(apsw.ConstraintError):
            Outbox(path)
    db = apsw.Connection(str(path))
    assert db.pragma("user_version") == 1
    assert db.execute("SELECT extra FROM outbox").get == b"books and all"
    db.close()
    assert Outbox(path).extra == {WHOLE_STATE: b"books and all"}


def test_an_outbox_of_a_later_format_is_refused(tmp_path):
    outbox = Outbox(tmp_path / "outbox.db")
    outbox._db.pragma("user_version", 9)
    outbox.close()
    with pytest.raises(OutboxUnusable, match="has format 9, this program reads 2"):
        Outbox(tmp_path / "outbox.db")
