"""Rotation: everything goes over to another master, whatever kills it on the way, and the one before opens nothing any more."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest

from backups.keys import digests_of
from storage.audit_vault import audit_vault
from storage.copies import RestoredVault, copy_keys, copy_vault, open_keys_to_copy, read_keys, write_keys
from storage.errors import VaultDamaged
from storage.files import FirmDirectory, create_firm_directory
from storage.findings import Findings
from storage.keys import KeyRing, WrongMaster
from storage.mail_index import MailIndex
from storage.master import opening_master, wrapping_key
from storage.readmodels.seals import Seal
from storage.rotation import rotate
from storage.sealing import SealBroken, key_place, unsealed
from storage.secret_files import (
    Secrets,
    SecretsRefused,
    put_master_in_place,
    put_next_master,
    read_next_master,
    read_secrets,
)
from storage.vault import Vault

BECOMES = bytes(range(32))
PEOPLE = 3
MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.rewrapping.BATCH", 3)
    monkeypatch.setattr("storage.mail_index.BATCH", 2)


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[FirmDirectory]:
    """In memory where the machine has such a place: each kill costs a firm's worth of syncs."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        yield create_firm_directory(Path(folder) / "firm")


@pytest.fixture
def seals(vault: Vault) -> list[Seal]:
    """Three people with three keys each; the vault is closed again."""
    kept = []
    for number in range(1, PEOPLE + 1):
        commitment = vault.add_person("trader", number, mail_of(number), "Ada", f"hash {number}")
        assert commitment is not None
        kept.append(Seal(commitment, f"trader:{number}", "identity"))
        kept.append(Seal(vault.seal(f"trader:{number}", "session", b"192.0.2.7"), f"trader:{number}", "session"))
    vault.close()
    return kept


def mail_of(number: int) -> str:
    return f"ada{number}@trader.example"


def rows(path: Path, sql: str) -> list[tuple[bytes, ...]]:
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        return list(connection.execute(sql))


def marks_of(firm: FirmDirectory) -> list[bytes]:
    """A piece of all that the master in force made: wrapped keys, the mark, hashes of mail addresses."""
    made = rows(firm.keys_db, "SELECT wrapped FROM wrapped_keys UNION ALL SELECT canary FROM origin")
    return [piece[:16] for (piece,) in made + rows(firm.vault_db, "SELECT mail_index FROM people")]


def require_whole(firm: FirmDirectory, master: bytes, seals: list[Seal]) -> None:
    with closing(Vault.open(firm.path, master, may_create=False)) as vault:
        for number in range(1, PEOPLE + 1):
            person = vault.find_by_mail(mail_of(number))
            assert person is not None
            assert (person.id, person.password_hash) == (number, f"hash {number}")
    findings = Findings()
    assert audit_vault(firm.path, master, seals, findings) == len(seals)
    assert not findings.told


def require_useless(firm: FirmDirectory, master: bytes, marks: list[bytes]) -> None:
    """No key opens under it, no mark of it, and nothing that it made lies in any file."""
    for person, klass, wrapped in rows(firm.keys_db, "SELECT person, class, wrapped FROM wrapped_keys"):
        with pytest.raises(SealBroken):
            unsealed(wrapping_key(master), wrapped, key_place(person, klass))
    assert opening_master(firm.keys_db, (master,)) is None
    content = b"".join(path.read_bytes() for path in firm.path.glob("*.db*"))
    assert len(marks) == 3 * PEOPLE + 1 + PEOPLE
    assert not [mark for mark in marks if mark in content]


def test_everything_opens_under_the_new_master_and_nothing_under_the_old(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    marks, boxes = marks_of(firm), rows(firm.vault_db, "SELECT * FROM sealed_values ORDER BY 1")
    heard: list[int] = []
    rotated = rotate(firm.path, secrets.vault_master, BECOMES, heard.append)
    assert rotated == (3 * PEOPLE, PEOPLE)
    assert heard == [3, 6, 9]
    require_useless(firm, secrets.vault_master, marks)
    require_whole(firm, BECOMES, seals)
    assert rows(firm.vault_db, "SELECT * FROM sealed_values ORDER BY 1") == boxes, (
        "the values themselves are not touched"
    )
    with pytest.raises(WrongMaster):
        Vault.open(firm.path, secrets.vault_master)


def test_no_trace_of_the_old_master_stays_in_a_log_that_somebody_keeps_open(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.rewrapping.BATCH", 1_000)  # or it writes over all of the log
    with closing(Vault.open(firm.path, secrets.vault_master)) as beside:
        for number in range(30):
            beside.seal(f"trader:{9 + number}", "address", b"somewhere")  # whose key lies in the log as it is
        marks = marks_of(firm)
        rotate(firm.path, secrets.vault_master, BECOMES)
        content = b"".join(path.read_bytes() for path in firm.path.glob("*.db*"))
    assert len(marks) == 4 * PEOPLE + 31
    assert not [mark for mark in marks if mark in content]


def in_a_child_killed_at(commit: int, work: Callable[[], object]) -> bool:
    """Whether it was killed: just before this commit of any connection, and not because the work was done before."""
    pid = os.fork()
    if not pid:
        left = [commit]

        def count() -> bool:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return False

        apsw.connection_hooks.append(lambda connection: connection.set_commit_hook(count))
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_before_each_commit_it_is_taken_up_and_ends(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    marks = marks_of(firm)
    files = {path: path.read_bytes() for path in (firm.keys_db, firm.vault_db)}
    commit, under = 1, set()
    while in_a_child_killed_at(commit, lambda: rotate(firm.path, secrets.vault_master, BECOMES)):
        in_force = opening_master(firm.keys_db, (secrets.vault_master, BECOMES))
        assert in_force is not None
        under.add(in_force)
        reading = Findings()
        assert audit_vault(firm.path, in_force, seals, reading) == len(seals)
        assert not reading.told
        if in_force != BECOMES:
            require_whole(firm, in_force, seals)
            rotate(firm.path, in_force, BECOMES)
        require_whole(firm, BECOMES, seals)
        require_useless(firm, secrets.vault_master, marks)
        for path in firm.path.glob("*.db-*"):
            path.unlink()
        for path, content in files.items():
            path.write_bytes(content)
        commit += 1
    assert under == {secrets.vault_master, BECOMES}
    assert commit > 9


def test_who_is_forgotten_while_it_rests_does_not_come_back(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    with closing(KeyRing.open(firm.keys_db, secrets.vault_master)) as keys:
        rewrapping = keys.rewrapping(BECOMES)
        rewrapping.begin()
        while rewrapping.prepare_some():
            pass
    with closing(Vault.open(firm.path, secrets.vault_master)) as vault:
        vault.erase("trader:1")
        vault.seal("trader:0", "address", b"made while it rested, and before all others by name")
    assert rotate(firm.path, secrets.vault_master, BECOMES).keys == 3 * (PEOPLE - 1) + 1
    with closing(Vault.open(firm.path, BECOMES)) as vault:
        assert vault.classes_of("trader:1") == ()
        assert vault.find_by_mail(mail_of(1)) is None
        assert vault.person("trader", 2) is not None


def test_a_turned_bit_in_what_was_prepared_never_takes_a_key_s_place(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    with closing(KeyRing.open(firm.keys_db, secrets.vault_master)) as keys:
        keys.rewrapping(BECOMES).begin()
        keys.rewrapping(BECOMES).prepare_some()
    rows(firm.keys_db, "UPDATE rewrapped SET wrapped = zeroblob(72) WHERE class = 'identity'")
    rotate(firm.path, secrets.vault_master, BECOMES)
    require_whole(firm, BECOMES, seals)


def test_a_damaged_key_stops_it_before_anything_has_changed(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    rows(firm.keys_db, "UPDATE wrapped_keys SET wrapped = zeroblob(72) WHERE person = 'trader:3' AND class = 'session'")
    with pytest.raises(VaultDamaged):
        rotate(firm.path, secrets.vault_master, BECOMES)
    with closing(Vault.open(firm.path, secrets.vault_master)) as vault:
        assert vault.find_by_mail(mail_of(3)) is not None


def test_whoever_had_the_vault_open_makes_no_key_that_nobody_could_open(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    with closing(Vault.open(firm.path, secrets.vault_master)) as beside:
        rotate(firm.path, secrets.vault_master, BECOMES)
        with pytest.raises(WrongMaster):
            beside.seal("trader:9", "address", b"somewhere")
        with pytest.raises(WrongMaster):
            beside.person("trader", 1)


def test_copies_see_the_same_keys_and_an_older_vault_is_found_in_again(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal], tmp_path: Path
) -> None:
    def held():
        with closing(open_keys_to_copy(firm.path)) as connection:
            return read_keys(connection)

    before = held()
    work = FirmDirectory(tmp_path / "older")
    work.path.mkdir(mode=0o700)
    copy_vault(firm.path, work.vault_db)
    rotate(firm.path, secrets.vault_master, BECOMES)
    assert digests_of(held()) == digests_of(before), "nobody's key was drawn anew"
    assert held().canary != before.canary
    write_keys(work.path, held())
    RestoredVault(work.path).close()
    findings = Findings()
    assert audit_vault(work.path, BECOMES, seals, findings) == len(seals)
    assert not findings.told
    require_whole(work, BECOMES, seals)
    copy_keys(firm.path, tmp_path / "keys.copy")
    with closing(Vault.open(firm.path, BECOMES)) as vault:
        vault.erase("trader:1", "session")
        vault.seal("trader:1", "session", b"192.0.2.9")
    changed = {owner for owner, digest in digests_of(held()).items() if digests_of(before)[owner] != digest}
    assert changed == {("trader:1", "session")}


def test_a_vault_of_an_earlier_release_goes_over_too(firm: FirmDirectory, secrets: Secrets, seals: list[Seal]) -> None:
    rows(firm.vault_db, "DROP TABLE large_boxes; DROP TABLE mail_index_of; PRAGMA user_version = 2")
    rows(firm.keys_db, "DROP TABLE rotation; DROP TABLE rewrapped; DROP TABLE first_wrapped; PRAGMA user_version = 1")
    findings = Findings()
    assert audit_vault(firm.path, secrets.vault_master, seals, findings) == len(seals)
    assert not findings.told
    require_whole(firm, secrets.vault_master, seals)
    rotate(firm.path, secrets.vault_master, BECOMES)
    require_whole(firm, BECOMES, seals)


def test_the_new_master_takes_the_old_one_s_name_and_each_step_can_be_the_last(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put_next_master(firm.path, BECOMES) == put_next_master(firm.path) == BECOMES
    with pytest.raises(SecretsRefused, match="another master"):
        put_next_master(firm.path, bytes(32))
    assert read_secrets(firm.path) == secrets, "until the keys are under it, the old one is in force"
    rotate(firm.path, secrets.vault_master, BECOMES)
    assert read_secrets(firm.path).vault_master == BECOMES

    def power_goes(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("storage.secret_files.sync_directory", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(step, power_goes)
            with pytest.raises(KeyboardInterrupt):
                put_master_in_place(firm.path)
        assert read_secrets(firm.path).vault_master == BECOMES
    put_master_in_place(firm.path)
    put_master_in_place(firm.path)
    assert read_secrets(firm.path).vault_master == firm.secret("vault_master").read_bytes() == BECOMES
    assert read_next_master(firm.path) is None
    assert len(firm.secret("fingerprints").read_text().splitlines()) == 4
    firm.secret("vault_master").write_bytes(secrets.vault_master)
    with pytest.raises(SecretsRefused, match="has not the SHA-256"):
        read_secrets(firm.path)


def test_mail_addresses_are_hashed_under_the_master_in_force(secrets: Secrets) -> None:
    assert MailIndex(secrets.vault_master).of("A@b.example") == MailIndex(secrets.vault_master).of("a@B.example")
    assert MailIndex(secrets.vault_master).of("a@b.example") != MailIndex(BECOMES).of("a@b.example")
