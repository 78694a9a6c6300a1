"""Ground for rot: a small whole firm that is closed, copies of it to be damaged, and what can be read or told of one.

What a flip did is decided by three things only: what `evenhand verify`, `evenhand doctor` or a start says; else whether
everything that can be read is what it was.
"""

import contextlib
import dataclasses
import logging
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import apsw
import msgspec
import pytest

from actors.recovery import all_rows
from appliance.commands.verify import report_text, verified
from appliance.console import open_machine
from appliance.doctor import run_doctor
from appliance.failing import KNOWN
from appliance.finding import Level
from appliance.settings_file import read_settings
from firm.commands import KeepDocument
from firm.documents import DocumentForm, DocumentKind
from storage.documents import packed
from storage.drafts import DraftStore
from storage.files import BALLAST_BYTES, FirmDirectory
from storage.front import FrontFile
from storage.people import DOCUMENTS, reference
from storage.reader import LedgerReader
from storage.readmodels.seals import all_seals
from storage.secret_files import read_secrets
from storage.sessions import SessionStore
from storage.throttles import Throttle
from storage.vault import Vault
from tests.loading import loaded

MAKING = Path(__file__).resolve().parents[1] / "golden" / "making.py"
LEDGER = "ledger.db"
DATABASES = ("keys.db", "vault.db", LEDGER)
# What may be lost without a word: it is laid out anew, and nothing else is kept in it.
SPARE = {"lock", "ballast", "front.db", "ledger.db-shm", "ledger.db-wal", "fingerprints", "acknowledged"}
OF_THE_BOOK = {LEDGER, "segments"}
VERIFY, DOCTOR, START = "verify", "doctor", "start"
# What an operator writes by hand has no second place that could contradict it. These decide nothing: what desks decide by
# becomes a row of the ledger when it changes.
OPERATORS_WORDS = {("firm", "name"), ("web",), ("gateway",), ("log",), ("clock",)}


class Told(NamedTuple):
    """Who noticed damage first, and what was said."""

    by: str
    text: str


class Ground:
    """One firm in its first state, and a copy of it that is damaged again and again."""

    spare = SPARE

    def __init__(self, whole: Path, scratch: Path, made: Any) -> None:
        self.whole, self.copy = whole, scratch / "firm"
        self._made = made
        self._files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
        self.copy.mkdir(mode=0o700)
        self.restore()
        assert self.noticed() is None
        self.restore()
        self.readable = self.read()
        self._front = self.read_front()
        assert self._front[0] is not None
        assert self._front[1] > 0
        assert self._front[2] is not None

    def files(self) -> list[Path]:
        """Every file of the firm, relative to it."""
        return list(self._files)

    def restore(self) -> None:
        """Lay the copy out anew."""
        shutil.rmtree(self.copy)
        shutil.copytree(self.whole, self.copy, ignore=shutil.ignore_patterns("ballast"))
        # A hole reads as the noughts that ballast is made of, and costs no copying.
        with (self.copy / "ballast").open("wb") as ballast:
            ballast.truncate(BALLAST_BYTES)
        (self.copy / "ballast").chmod(0o600)

    # --- how it came out ---

    def came_out(self, touched: str = "ledger.db") -> Told:
        """Who told of what was done to the copy; or "harmless", with nothing that reads otherwise; or "nobody", with what does.

        `touched`: the file's name, which says whom to ask first; in the end everyone was asked.
        """
        told = self.noticed((VERIFY,) if touched in OF_THE_BOOK else (DOCTOR,))
        if told is not None:
            return told
        differences = self.differences()
        if not differences:
            return Told("harmless", "")
        if differences == ["settings"] and self._only_operators_words():
            return Told("operator's word", "")
        return self.noticed() or Told("nobody", ", ".join(differences))

    def noticed(self, who: tuple[str, ...] = (VERIFY, DOCTOR, START)) -> Told | None:
        """The first who tells that something is wrong with the copy. Only an error of the house's own is telling it."""
        looks = {VERIFY: self._verify, DOCTOR: self._doctor, START: self._start}
        for by in who:
            look = looks[by]
            try:
                told = look()
            except KNOWN as refused:
                told = str(refused)
            if told is not None:
                assert told.strip(), f"{by} noticed and said nothing"
                return Told(by, told)
        return None

    def stays_calm(self) -> None:
        """Whoever looks at the copy, and a start on it, ends with a refusal of the house or goes on: never in a traceback."""
        for look in (self._verify, self._doctor, self._start):
            with contextlib.suppress(*KNOWN):
                look()

    def _verify(self) -> str | None:
        """As the command does it."""
        report = verified(self.copy)
        return None if report.is_sound and not report.notes else report_text(report)

    def _doctor(self) -> str | None:
        told = [
            f"{finding.check}: {finding.found}: {finding.next}"
            for finding in run_doctor(self.copy)
            # Ports, clock and disk are the machine's, whatever lies in the directory.
            if finding.level is Level.PROBLEM and finding.check not in ("clock", "disk")
            if not finding.check.startswith("port ")
        ]
        return "; ".join(told) or None

    def _start(self) -> str | None:
        """What a start refuses, or warns of in its log. It changes the copy."""
        heard = _Heard()
        logging.getLogger().addHandler(heard)
        try:
            open_machine(self.copy).close()
        finally:
            logging.getLogger().removeHandler(heard)
        return "; ".join(heard.told) or None

    # --- what can be read ---

    def read(self) -> dict[str, Any]:
        """Everything that the firm's programs ever read from the copy, by name."""
        secrets = read_secrets(self.copy)
        settings = read_settings(FirmDirectory(self.copy).settings)
        found: dict[str, Any] = {"settings": msgspec.to_builtins(settings), "secrets": dataclasses.asdict(secrets)}
        for name in DATABASES:
            found |= {f"{name} {what}": rows for what, rows in _tables(self.copy / name).items()}
        with LedgerReader(self.copy, secret=secrets.ledger_secret) as reader:
            found["rows"] = list(all_rows(reader, 0))
            found["root"] = reader.root()
            found["frames"] = [(row.seq, reader.frame(row.seq)) for row in found["rows"] if row.kind == "QuoteFrame"]
            found["notes"] = reader.checkpoints()
            found["snapshot"] = reader.newest_snapshot(reader.size())
            with reader.connection() as connection:
                seals = list(all_seals(connection))
        with contextlib.closing(Vault.open_for_reading(self.copy, secrets.vault_master)) as vault:
            found["vault"] = [(one, vault.open_value(one.commitment)) for one in seals]
        return found

    def differences(self) -> list[str]:
        """By name, what can be read otherwise than before."""
        now = self.read()
        differences = [name for name in self.readable if now.get(name) != self.readable[name]]
        # front.db may be lost: then nobody is signed in, nobody waits and nothing is drafted. It may never say anything else.
        session, wait_us, draft = self.read_front()
        lost = (None, 0, None)
        if any(
            one not in (gone, was) for one, gone, was in zip((session, wait_us, draft), lost, self._front, strict=True)
        ):
            differences.append("front.db")
        return differences

    def read_front(self) -> tuple[Any, int, Any]:
        """Ada's session, how long her address must wait before it may try to sign in again, and what Ruth has not finished writing."""
        with contextlib.closing(FrontFile.open(self.copy)) as front:
            throttle = Throttle(front, read_secrets(self.copy).front_pepper())
            session = SessionStore(front).get(self._made.session_id, self._made.wall_us)
            wait_us = throttle.wait_us(self._made.scope, self._made.address, self._made.limit, self._made.wall_us)
            return session, wait_us, DraftStore(front).draft(self._made.draft)

    def _only_operators_words(self) -> bool:
        before, after = self.readable["settings"], self.read()["settings"]
        changed = {
            (section, key) if (section, key) in OPERATORS_WORDS else (section,)
            for section in before
            for key in before[section]
            if before[section][key] != after[section][key]
        }
        return changed <= OPERATORS_WORDS


def _tables(path: Path) -> dict[str, Any]:
    """Each table's rows read from the table, and once more by way of each of its indexes; and the schema itself."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    with contextlib.closing(connection):
        found: dict[str, Any] = {
            "schema": list(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))
        }
        found["check"] = list(connection.execute("PRAGMA integrity_check"))
        for kind, name, table, sql in found["schema"]:
            if kind == "table" and not name.startswith("sqlite_"):
                found[name] = list(connection.execute(f'SELECT * FROM "{name}" NOT INDEXED'))
            elif kind == "index" and sql is not None and " WHERE " not in sql:  # a partial one is for its own question
                by_index = f'SELECT * FROM "{table}" INDEXED BY "{name}"'
                found[f"by {name}"] = list(connection.execute(by_index))
    return found


class _Heard(logging.Handler):
    """What a start said at warning or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "actors.engine":
            self.told.append(record.getMessage())


@pytest.fixture(scope="session")
def making() -> ModuleType:
    """What makes the firm, loaded by its path."""
    return loaded("golden_making", MAKING)


def _hand_in(firm: Path) -> None:
    """A document of Ada's, of more pages of the file than one."""
    with contextlib.closing(open_machine(firm)) as machine:
        machine.runner.run_dry()
        with machine.reader.connection() as book:
            [trader] = book.execute("SELECT min(trader) FROM rm_trader").fetchone()
        content = bytes(9_000)
        sealed = machine.vault.seal(reference("trader", trader), DOCUMENTS, packed("passport.pdf", content))
        machine.decide_now(
            [
                KeepDocument(
                    by=f"trader:{trader}", trader=trader, document=1, document_kind=DocumentKind.IDENTITY, form=DocumentForm.PDF,
                    size_bytes=len(content), sealed=sealed,
                )
            ]
        )  # fmt: skip


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory, making: ModuleType) -> Ground:
    """The firm with its vault, front, keys, segments, snapshots and checkpoints; closed, its logs in its files."""
    folder = tmp_path_factory.mktemp("rot")
    made = making.make_firm(folder / "whole", small=True)
    _hand_in(folder / "whole")
    making.close_up(folder / "whole")
    return Ground(folder / "whole", folder, made)
