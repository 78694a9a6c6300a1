"""Outbox: a bridge's own journal on disk, which keeps each event until it is durable at the appliance, and 7 days longer.

Events, the bridge program's own state (`extra`) and command results are written in one transaction with synchronous=FULL:
what was published cannot be lost, and what was done for a command is never forgotten. The file belongs to the bridge
program, not to the firm's book, and stands wherever the trading platform does. One that an earlier release wrote is brought to
the format of now where it lies, in one transaction: it may hold what the firm has not heard.
"""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw
import msgspec

from bridges.bounds import EVENT_BYTES_MAX, RETENTION_US
from bridges.events import CmdAck, CmdResult, Event, UnreadableEvent, decode_event, encode_event
from bridges.wire import Cmd, Deadman
from firm.inputs import CommandState

_FORMAT = 2

_SCHEMA = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    acked_seq INTEGER NOT NULL,
    deadman BLOB
) STRICT;
CREATE TABLE extra (part TEXT NOT NULL UNIQUE, state BLOB NOT NULL) STRICT;
CREATE TABLE events (seq INTEGER PRIMARY KEY, after_qseq INTEGER NOT NULL, event BLOB NOT NULL) STRICT;
CREATE TABLE acknowledged (seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL) STRICT;
CREATE TABLE commands (
    seq INTEGER PRIMARY KEY,
    cmd_id TEXT NOT NULL UNIQUE,
    command BLOB NOT NULL,
    result BLOB,
    finished INTEGER NOT NULL DEFAULT 0
) STRICT;
"""

# Format 1 kept the program's whole state in one column. It stays one, under a name that only the program can take apart.
WHOLE_STATE = "whole"
_FROM_1 = """
CREATE TABLE extra (part TEXT NOT NULL UNIQUE, state BLOB NOT NULL) STRICT;
INSERT INTO extra (part, state) SELECT ?, extra FROM outbox WHERE extra IS NOT NULL;
ALTER TABLE outbox DROP COLUMN extra;
"""

# A command is finished once the platform's answer is known; UNKNOWN and ACKED are not answers.
_FINAL = frozenset({CommandState.APPLIED, CommandState.CONFIRMED, CommandState.FAILED})

_ENCODER = msgspec.msgpack.Encoder()
_CMD = msgspec.msgpack.Decoder(Cmd)
_DEADMAN = msgspec.msgpack.Decoder(Deadman)


class OutboxUnusable(Exception):
    """The outbox file cannot be used: what, which, what next."""


class Journalled(NamedTuple):
    """One event as it lies in the outbox: it came after tick `after_qseq` and before the next."""

    seq: int
    after_qseq: int
    event: bytes


class Outbox:
    """The journal in one SQLite file. One process at a time; synchronous calls, each one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = apsw.Connection(str(path))
            self._open()
        except (apsw.BusyError, apsw.CantOpenError, apsw.NotADBError, apsw.CorruptError) as error:
            raise OutboxUnusable(
                f"outbox {path} cannot be opened ({error}): stop the other bridge program that uses it, or name another file"
            ) from error
        row = self._db.execute("SELECT epoch, last_seq, acked_seq FROM outbox WHERE id = 1").get
        self.epoch: str = row[0]
        self.last_seq: int = row[1]
        self.acked_seq: int = row[2]
        self._swept_seq = 0

    def _open(self) -> None:
        # Exclusive: a second program on the same outbox would number its own events with our numbers.
        self._db.pragma("locking_mode", "EXCLUSIVE")
        self._db.pragma("journal_mode", "WAL")
        self._db.pragma("synchronous", "FULL")
        version = self._db.pragma("user_version")
        if version not in (0, 1, _FORMAT):
            raise OutboxUnusable(
                f"outbox {self._path} has format {version}, this program reads {_FORMAT}: use the release that wrote it"
            )
        with self._db:
            if version == 0:
                self._db.execute(_SCHEMA)
                self._db.pragma("user_version", _FORMAT)
                self._db.execute(
                    "INSERT INTO outbox (id, epoch, last_seq, acked_seq) VALUES (1, ?, 0, 0)", (secrets.token_hex(8),)
                )
            elif version == 1:
                self._db.execute(_FROM_1, (WHOLE_STATE,))
                self._db.pragma("user_version", _FORMAT)

    def close(self) -> None:
        self._db.close()

    @property
    def first_seq(self) -> int:
        """The oldest event that is still held; `last_seq` + 1 where none is."""
        oldest: int | None = self._db.execute("SELECT min(seq) FROM events").get
        return self.last_seq + 1 if oldest is None else oldest

    @property
    def extra(self) -> dict[str, bytes]:
        """The program's state by its parts, in the order in which they were first written.

        From format 1 it comes whole, as `WHOLE_STATE`, and stays there: a part that a program writes no more is passed over.
        """
        rows: list[tuple[str, bytes]] = self._db.execute("SELECT part, state FROM extra ORDER BY rowid").fetchall()  # type: ignore[assignment]
        return dict(rows)

    @property
    def depth(self) -> int:
        """How many events wait for their acknowledgement."""
        return self.last_seq - self.acked_seq

    def append(self, events: Sequence[Event], *, extra: Mapping[str, bytes] | None = None, after_qseq: int = 0) -> int:
        """Write events, the parts of the program's state that changed, and the results of commands together.

        Returns the last event's number.
        """
        rows = [(self.last_seq + n, after_qseq, _believable(event)) for n, event in enumerate(events, 1)]
        last_seq = self.last_seq + len(rows)
        with self._db:
            self._insert(rows, last_seq)
            for event in events:
                if isinstance(event, CmdResult):
                    self._remember(event)
            if extra:
                sql = "INSERT INTO extra (part, state) VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET state = excluded.state"
                self._db.executemany(sql, extra.items())
        self.last_seq = last_seq
        return last_seq

    def read(self, from_seq: int, limit: int) -> list[Journalled]:
        """Events from `from_seq` on, in order."""
        rows = self._db.execute(
            "SELECT seq, after_qseq, event FROM events WHERE seq >= ? ORDER BY seq LIMIT ?", (from_seq, limit)
        )
        return [Journalled(*row) for row in rows]

    def seq_before_tick(self, qseq: int) -> int:
        """The last event that came before tick `qseq`: the `after_seq` of that tick's frame."""
        seq: int | None = self._db.execute("SELECT max(seq) FROM events WHERE after_qseq < ?", (qseq,)).get
        return 0 if seq is None else seq

    def acknowledge(self, seq: int) -> None:
        """The appliance holds everything up to `seq`: less than before, where it was restored.

        Written with the next transaction: losing it costs a resend.
        """
        assert seq <= self.last_seq, f"acknowledged up to {seq}, but the outbox ends at {self.last_seq}"
        self.acked_seq = seq

    def sweep(self, now_us: int) -> None:
        """Let go of events that were acknowledged more than seven days ago."""
        with self._db:
            if self.acked_seq > self._swept_seq:
                self._db.execute("INSERT OR IGNORE INTO acknowledged VALUES (?, ?)", (self.acked_seq, now_us))
            old: int | None = self._db.execute(
                "SELECT max(seq) FROM acknowledged WHERE at_us < ?", (now_us - RETENTION_US,)
            ).get
            if old is not None:
                self._db.execute("DELETE FROM events WHERE seq <= ?", (min(old, self.acked_seq),))
                self._db.execute("DELETE FROM acknowledged WHERE seq <= ?", (old,))
            self._db.execute("UPDATE outbox SET acked_seq = ? WHERE id = 1", (self.acked_seq,))
        self._swept_seq = self.acked_seq

    def accept_commands(self, commands: Sequence[Cmd], *, now_us: int, after_qseq: int) -> list[Cmd]:
        """Journal commands with their cmd_ack before they are carried out; those that were not known already."""
        new: list[Cmd] = []
        for command in commands:
            if not self.knows_command(command.cmd_id) and all(command.cmd_id != other.cmd_id for other in new):
                new.append(command)
        if not new:
            return new
        acks = [_believable(CmdAck(each.cmd_id, each.acc, now_us)) for each in new]
        seqs = range(self.last_seq + 1, self.last_seq + 1 + len(new))
        with self._db:
            self._db.executemany(
                "INSERT INTO commands (seq, cmd_id, command) VALUES (?, ?, ?)",
                [(seq, each.cmd_id, _ENCODER.encode(each)) for seq, each in zip(seqs, new, strict=True)],
            )
            self._insert([(seq, after_qseq, ack) for seq, ack in zip(seqs, acks, strict=True)], seqs.stop - 1)
        self.last_seq += len(new)
        return new

    def unfinished_commands(self) -> list[Cmd]:
        """Commands that were accepted and have no final result, in order of their acceptance."""
        rows: list[tuple[bytes]] = self._db.execute(
            "SELECT command FROM commands WHERE finished = 0 ORDER BY seq"
        ).fetchall()  # type: ignore[assignment]
        return [_CMD.decode(command) for (command,) in rows]

    def knows_command(self, cmd_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM commands WHERE cmd_id = ?", (cmd_id,)).get is not None

    def command_result(self, cmd_id: str) -> CmdResult | None:
        """The last result that was journalled for a command."""
        raw: bytes | None = self._db.execute("SELECT result FROM commands WHERE cmd_id = ?", (cmd_id,)).get
        if raw is None:
            return None
        result = decode_event(raw)
        assert isinstance(result, CmdResult)
        return result

    def keep_deadman(self, signed: Deadman) -> None:
        with self._db:
            self._db.execute("UPDATE outbox SET deadman = ? WHERE id = 1", (_ENCODER.encode(signed),))

    def deadman(self) -> Deadman | None:
        """The last dead-man policy that was kept; verify it again before following it."""
        raw: bytes | None = self._db.execute("SELECT deadman FROM outbox WHERE id = 1").get
        return None if raw is None else _DEADMAN.decode(raw)

    def _insert(self, rows: Sequence[tuple[int, int, bytes]], last_seq: int) -> None:
        self._db.executemany("INSERT INTO events (seq, after_qseq, event) VALUES (?, ?, ?)", rows)
        self._db.execute("UPDATE outbox SET last_seq = ?, acked_seq = ? WHERE id = 1", (last_seq, self.acked_seq))

    def _remember(self, result: CmdResult) -> None:
        self._db.execute(
            "UPDATE commands SET result = ?, finished = max(finished, ?) WHERE cmd_id = ?",
            (encode_event(result), int(result.state in _FINAL), result.cmd_id),
        )


def _believable(event: Event) -> bytes:
    """A bridge never journals what the gateway could not read: better to fail where the event is made."""
    raw = encode_event(event)
    decode_event(raw)
    if len(raw) > EVENT_BYTES_MAX:
        raise UnreadableEvent(f"event of {len(raw)} bytes: a frame holds {EVENT_BYTES_MAX}")
    return raw
