"""The vault: what is personal is sealed, proven by a commitment, and gone for good once erased."""

import hashlib
import hmac
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt

from storage.commitment import commitment_of
from storage.errors import DiskRefused, VaultDamaged
from storage.files import FirmDirectory, create_firm_directory
from storage.keys import KeyRing, WrongMaster
from storage.sealing import SealBroken, bound_to, draw_key, sealed, unsealed
from storage.secret_files import Secrets
from storage.sqlite_file import FileRefused, TracesRemain
from storage.vault import VALUE_BYTES_MAX, Vault
from storage.vault_people import owners

ADA, BEN = "trader:1", "trader:2"
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"


def bytes_on_disk(firm: FirmDirectory) -> bytes:
    return b"".join(path.read_bytes() for path in firm.path.rglob("*.db*"))


def tampered(firm: FirmDirectory, database: str, sql: str) -> None:
    connection = apsw.Connection(str(firm.path / database))
    connection.execute(sql)
    assert connection.changes()
    connection.close()


def test_a_sealed_value_opens_after_a_restart(vault: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    commitment = vault.seal(ADA, "address", "Příkop 1, Brno".encode())
    vault.close()
    again = Vault.open(firm.path, secrets.vault_master)
    assert again.open_value(commitment) == "Příkop 1, Brno".encode()
    again.close()


def test_a_stranger_checks_an_opening_with_nothing_but_hmac(vault: Vault) -> None:
    commitment = vault.seal(ADA, "address", b"192.0.2.7")
    opening = vault.prove(commitment)
    assert opening is not None
    assert hmac.new(opening.salt, b"address\x00192.0.2.7", hashlib.sha256).hexdigest() == commitment
    assert len(opening.salt) == 32


def test_the_same_value_commits_differently_each_time(vault: Vault) -> None:
    assert vault.seal(ADA, "address", b"192.0.2.7") != vault.seal(ADA, "address", b"192.0.2.7")


def test_class_and_value_cannot_be_shifted_into_each_other() -> None:
    assert commitment_of(b"s" * 32, "name", b"x") != commitment_of(b"s" * 32, "nam", b"e\x00x")


def test_nothing_of_a_value_or_its_salt_lies_open_on_the_disk(vault: Vault, firm: FirmDirectory) -> None:
    vault.add_person("trader", 1, "ada.kestrel@example.com", "Ada Kestrel-Lovelace", HASH)
    commitment = vault.seal(ADA, "address", b"kestrel street 17")
    opening = vault.prove(commitment)
    assert opening is not None
    disk = bytes_on_disk(firm)
    assert commitment.encode() not in disk
    assert bytes.fromhex(commitment) in disk  # the scan sees what is there
    for canary in (b"kestrel", b"Kestrel", b"example.com", b"argon2id", opening.salt):
        assert canary not in disk


def test_files_of_the_vault_are_private(vault: Vault, firm: FirmDirectory) -> None:
    vault.seal(ADA, "address", b"x")
    assert {path.name: path.stat().st_mode & 0o777 for path in firm.path.glob("*.db*")} == {
        name + suffix: 0o600 for name in ("keys.db", "vault.db") for suffix in ("", "-wal", "-shm")
    }


def test_erasing_leaves_no_byte_of_key_salt_or_ciphertext(vault: Vault, firm: FirmDirectory) -> None:
    people = range(1, 91)
    for number in people:
        vault.add_person("trader", number, f"person{number}@example.com", f"Person {number}", HASH)
        vault.seal(f"trader:{number}", "address", b"street %d " % number * (number % 7 * 60 + 1))
    keyed = {row[0]: row[1] for row in vault._keys._connection.execute("SELECT wrapped, person FROM wrapped_keys")}
    boxes = {row[0]: row[1] for row in vault._connection.execute("SELECT box, person FROM sealed_values")}
    boxes |= {row[0]: row[1] for row in vault._connection.execute("SELECT credentials, person FROM people")}
    boxes |= {row[0]: row[1] for row in vault._connection.execute("SELECT mail_index, person FROM people")}
    gone = {f"trader:{number}" for number in people if number % 3}
    for person in sorted(gone):
        assert vault.erase(person) == 2
    disk = bytes_on_disk(firm)
    left = {True: 0, False: 0}
    for secret, person in (keyed | boxes).items():
        pieces = [secret[start : start + 16] for start in range(0, len(secret) - 15, 16)]
        left[person in gone] += any(piece in disk for piece in pieces)
    assert left == {True: 0, False: 30 * (3 + 2 + 2)}
    assert (firm.path / "vault.db-wal").stat().st_size == (firm.path / "keys.db-wal").stat().st_size == 0


def test_an_opening_given_before_the_erasure_still_proves_the_commitment(vault: Vault) -> None:
    commitment = vault.seal(ADA, "address", b"192.0.2.7")
    opening = vault.prove(commitment)
    vault.erase(ADA)
    assert opening is not None
    assert commitment_of(*opening) == commitment
    assert (vault.prove(commitment), vault.open_value(commitment)) == (None, None)


def test_erasing_ada_leaves_ben(vault: Vault) -> None:
    vault.add_person("trader", 1, "ada@example.com", "Ada", HASH)
    vault.add_person("trader", 2, "ben@example.com", "Ben", HASH)
    bens = vault.seal(BEN, "address", b"Ben's")
    vault.erase(ADA)
    assert vault.person("trader", 1) is None
    assert vault.find_by_mail("ada@example.com") is None
    assert vault.find_by_mail("ben@example.com") == vault.person("trader", 2) is not None
    assert vault.open_value(bens) == b"Ben's"
    assert vault.add_person("trader", 3, "ada@example.com", "Another Ada", HASH)


def test_erasing_one_class_leaves_the_others(vault: Vault) -> None:
    address, device = vault.seal(ADA, "address", b"192.0.2.7"), vault.seal(ADA, "device", b"phone")
    assert vault.erase(ADA, "address") == 1
    assert (vault.open_value(address), vault.open_value(device)) == (None, b"phone")
    assert vault.erase(ADA, "address") == 0


def test_an_erasure_that_a_crash_cut_short_is_finished_at_the_next_start(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    commitment = vault.seal(ADA, "address", b"192.0.2.7")

    def power_cut(_ring: KeyRing, _owners: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(KeyRing, "forget", power_cut)
        with pytest.raises(SystemExit):
            vault.erase(ADA)
    assert vault.open_value(commitment) == b"192.0.2.7"
    vault.close()
    again = Vault.open(firm.path, secrets.vault_master)
    assert again.open_value(commitment) is None
    assert again._keys.owners() == set()
    again.close()


def test_a_reader_that_keeps_old_pages_alive_is_told_not_hidden(
    vault: Vault, firm: FirmDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.seal(ADA, "address", b"192.0.2.7")
    reader = apsw.Connection(str(firm.vault_db))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sealed_values").fetchone()
    vault._connection.set_busy_timeout(1)
    with pytest.raises(TracesRemain, match="end other processes that read it"):
        vault.erase(ADA)
    reader.close()
    assert vault.erase(ADA) == 0


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE sealed_values SET box = zeroblob(length(box)) WHERE person = 'trader:1'", "zeroes"),
        ("UPDATE sealed_values SET box = (SELECT box FROM sealed_values WHERE person = 'trader:2')", "another's box"),
        ("UPDATE sealed_values SET person = 'trader:2' WHERE person = 'trader:1'", "another's name"),
        ("UPDATE sealed_values SET class = 'device' WHERE person = 'trader:1'", "another class"),
        ("UPDATE sealed_values SET box = x'00' WHERE person = 'trader:1'", "a stump"),
    ],
)
def test_a_value_that_was_changed_or_moved_does_not_open(
    vault: Vault, firm: FirmDirectory, sql: str, what: str
) -> None:
    commitment = vault.seal(ADA, "address", b"192.0.2.7")
    vault.seal(BEN, "address", b"192.0.2.8")
    vault.seal(ADA, "device", b"phone")
    tampered(firm, "vault.db", sql)
    with pytest.raises(VaultDamaged, match="does not open; restore"):
        vault.open_value(commitment)


def test_two_values_of_one_person_and_class_cannot_be_exchanged(vault: Vault, firm: FirmDirectory) -> None:
    first, second = vault.seal(ADA, "address", b"192.0.2.7"), vault.seal(ADA, "address", b"192.0.2.8")
    seconds = f"(SELECT box FROM sealed_values WHERE commitment = x'{second}')"
    tampered(firm, "vault.db", f"UPDATE sealed_values SET box = {seconds} WHERE commitment = x'{first}'")
    with pytest.raises(VaultDamaged):
        vault.prove(first)
    assert vault.open_value(second) == b"192.0.2.8"


def test_the_files_are_as_the_page_says(vault: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    """A stranger's reader, written from docs/vault.md with libsodium and SQL alone: these bytes are on people's disks."""
    commitment = vault.seal(ADA, "address", b"192.0.2.7")
    vault.add_person("trader", 1, "Ada@example.com", "Ada", HASH)

    def opened(box: bytes, key: bytes, *parts: bytes) -> bytes:
        place = b"".join(struct.pack(">I", len(part)) + part for part in parts)
        return crypto_aead_xchacha20poly1305_ietf_decrypt(box[24:], place, box[:24], key)

    def derived(name: bytes) -> bytes:
        return hashlib.blake2b(b"", key=secrets.vault_master, person=name, digest_size=32).digest()

    def column(database: Path, sql: str) -> list[bytes]:
        connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
        return [value for row in connection.execute(sql) for value in row]

    (pair, canary), (theirs,) = (
        column(firm.keys_db, "SELECT pair, canary FROM origin"),
        column(firm.vault_db, "SELECT pair FROM origin"),
    )
    assert opened(canary, derived(b"evenhand-wrap-1"), b"evenhand canary 1") == pair == theirs
    (wrapped,) = column(firm.keys_db, "SELECT wrapped FROM wrapped_keys WHERE class = 'address'")
    key = opened(wrapped, derived(b"evenhand-wrap-1"), b"evenhand key 1", b"trader:1", b"address")
    raw, box = column(firm.vault_db, "SELECT commitment, box FROM sealed_values WHERE class = 'address'")
    content = opened(box, key, b"evenhand value 1", b"trader:1", b"address", raw)
    assert raw.hex() == commitment
    assert content[32:] == b"192.0.2.7"
    (mail_index,) = column(firm.vault_db, "SELECT mail_index FROM people")
    assert mail_index == hmac.digest(derived(b"evenhand-mail-1"), b"ada@example.com", "sha256")
    (wrapped,) = column(firm.keys_db, "SELECT wrapped FROM wrapped_keys WHERE class = 'credentials'")
    key = opened(wrapped, derived(b"evenhand-wrap-1"), b"evenhand key 1", b"trader:1", b"credentials")
    identity, box = column(firm.vault_db, "SELECT identity, credentials FROM people")
    assert opened(box, key, b"evenhand value 1", b"trader:1", b"credentials", identity) == HASH.encode()
    opening = vault.prove(identity.hex())
    assert opening is not None
    assert opening.value == b'{"kind":"trader","id":1,"role":"","name":"Ada","mail":"Ada@example.com"}'


def test_a_key_that_was_moved_does_not_open(vault: Vault, firm: FirmDirectory) -> None:
    commitment = vault.seal(ADA, "address", b"192.0.2.7")
    vault.seal(BEN, "address", b"192.0.2.8")
    bens = "(SELECT wrapped FROM wrapped_keys WHERE person = 'trader:2')"
    tampered(firm, "keys.db", f"UPDATE wrapped_keys SET wrapped = {bens} WHERE person = 'trader:1'")
    with pytest.raises(VaultDamaged):
        vault.open_value(commitment)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(min_value=0))
def test_no_bit_of_a_box_can_be_turned(content: bytes, where: int) -> None:
    key, place = draw_key(), bound_to(b"here")
    box = bytearray(sealed(key, content, place))
    assert unsealed(key, bytes(box), place) == content
    box[where // 8 % len(box)] ^= 1 << where % 8
    with pytest.raises(SealBroken):
        unsealed(key, bytes(box), place)


def test_places_do_not_run_into_each_other() -> None:
    assert bound_to(b"ab", b"c") != bound_to(b"a", b"bc")


def test_another_master_is_refused(vault: Vault, firm: FirmDirectory) -> None:
    with pytest.raises(WrongMaster, match="put back the secrets/vault_master"):
        Vault.open(firm.path, b"\x01" * 32)


def test_lost_keys_are_not_silently_made_anew(vault: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    vault.seal(ADA, "address", b"192.0.2.7")
    vault.close()
    firm.keys_db.unlink()
    with pytest.raises(VaultDamaged, match=r"keys.db is missing beside a vault: restore it"):
        Vault.open(firm.path, secrets.vault_master)
    assert not firm.keys_db.exists()


def test_a_lost_vault_is_not_silently_made_anew(vault: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    vault.seal(ADA, "address", b"192.0.2.7")
    vault.close()
    firm.vault_db.unlink()
    with pytest.raises(VaultDamaged, match=r"vault.db is missing or empty beside keys"):
        Vault.open(firm.path, secrets.vault_master)


def test_keys_and_vault_of_different_firms_are_refused(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, tmp_path: Path
) -> None:
    other = create_firm_directory(tmp_path / "other")
    Vault.open(other.path, secrets.vault_master).close()
    vault.close()
    other.keys_db.replace(firm.keys_db)
    with pytest.raises(VaultDamaged, match="do not belong together"):
        Vault.open(firm.path, secrets.vault_master)


def test_a_file_of_a_newer_release_is_refused(vault: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    vault.close()
    connection = apsw.Connection(str(firm.vault_db))
    connection.pragma("user_version", 5)
    connection.close()
    with pytest.raises(FileRefused, match="version 5"):
        Vault.open(firm.path, secrets.vault_master)


def test_ada_is_found_however_she_types_her_mail(vault: Vault) -> None:
    commitment = vault.add_person("trader", 1, " Ada@Example.com ", "Ada", HASH)
    found = vault.find_by_mail("ADA@example.COM")
    assert found is not None
    assert (found.kind, found.id, found.role, found.name, found.mail) == ("trader", 1, "", "Ada", "Ada@Example.com")
    assert (found.password_hash, found.commitment) == (HASH, commitment)
    assert vault.find_by_mail("ada@example.org") is None
    assert "Ada" not in repr(found)


def test_staff_have_a_role(vault: Vault) -> None:
    vault.add_person("staff", 1, "ruth@example.com", "Ruth", HASH, "reviewer")
    ruth = vault.person("staff", 1)
    assert ruth is not None
    assert (ruth.role, ruth.reference) == ("reviewer", "staff:1")
    assert vault.person("trader", 1) is None


def test_one_mail_is_one_person_even_when_two_ask_at_once(vault: Vault) -> None:
    answers: list[str | None] = []
    start = threading.Barrier(4)

    def register(number: int) -> None:
        start.wait()
        answers.append(vault.add_person("trader", number, "Ada@example.com", "Ada", HASH))

    threads = [threading.Thread(target=register, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer is not None for answer in answers) == 1


def test_a_changed_password_hash_replaces_the_old_one(vault: Vault) -> None:
    commitment = vault.add_person("trader", 1, "ada@example.com", "Ada", HASH)
    assert vault.change_password_hash("trader", 1, "$argon2id$new")
    ada = vault.person("trader", 1)
    assert ada is not None
    assert (ada.password_hash, ada.commitment) == ("$argon2id$new", commitment)
    assert not vault.change_password_hash("trader", 9, "$argon2id$new")


def test_credentials_cannot_be_swapped_between_people(vault: Vault, firm: FirmDirectory) -> None:
    vault.add_person("trader", 1, "ada@example.com", "Ada", HASH)
    vault.add_person("trader", 2, "ben@example.com", "Ben", "$argon2id$bens")
    tampered(
        firm, "vault.db", "UPDATE people SET credentials = (SELECT credentials FROM people WHERE person = 'trader:2')"
    )
    with pytest.raises(VaultDamaged, match="credentials of trader:1"):
        vault.find_by_mail("ada@example.com")


def test_orphans_are_swept_and_what_the_ledger_knows_stays(vault: Vault) -> None:
    known = {vault.add_person("trader", 1, "ada@example.com", "Ada", HASH), vault.seal(ADA, "address", b"192.0.2.7")}
    orphan = vault.add_person("trader", 2, "ben@example.com", "Ben", HASH)
    assert orphan is not None
    assert vault.sweep_orphans(known.__contains__) == 1
    assert vault.open_value(orphan) is None
    assert vault.find_by_mail("ben@example.com") is None
    assert vault._keys.owners() == {(ADA, "identity"), (ADA, "credentials"), (ADA, "address")}
    assert vault.sweep_orphans(known.__contains__) == 0
    assert vault.add_person("trader", 3, "ben@example.com", "Ben", HASH)


@pytest.mark.parametrize(
    ("person", "klass"), [("ada", "address"), ("trader:1\x00", "address"), (ADA, "Address"), (ADA, "a\x00b"), (ADA, "")]
)
def test_words_that_could_be_confused_are_refused(vault: Vault, person: str, klass: str) -> None:
    with pytest.raises(ValueError, match=r"is no (pseudonym|class)"):
        vault.seal(person, klass, b"x")


def test_a_value_beyond_the_bound_is_refused(vault: Vault) -> None:
    with pytest.raises(ValueError, match="too large for the vault"):
        vault.seal(ADA, "document", bytes(VALUE_BYTES_MAX + 1))


def test_many_values_are_sealed_in_one_transaction(vault: Vault) -> None:
    commits: list[str] = []
    vault.seal(ADA, "address", b"the key is drawn")
    for name, connection in (("vault", vault._connection), ("keys", vault._keys._connection)):
        connection.set_commit_hook(lambda name=name: bool(commits.append(name)))
    values = [b"192.0.2.%d" % number for number in range(1_000)]
    sealed_as = vault.seal_all(ADA, "address", values)
    assert commits == ["vault"]
    assert [vault.open_value(commitment) for commitment in sealed_as] == values
    assert vault.seal_all(ADA, "address", []) == []


def test_of_values_that_are_sealed_together_all_are_kept_or_none(vault: Vault) -> None:
    before = owners(vault._connection)
    with pytest.raises(ValueError, match="too large for the vault"):
        vault.seal_all(ADA, "document", [b"small", bytes(VALUE_BYTES_MAX + 1)])
    assert owners(vault._connection) == before


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda vault: vault.seal(BEN, "address", bytes(200_000)), id="sealing"),
        pytest.param(
            lambda vault: vault.add_person("trader", 2, "ben@example.com", "B" * 200_000, HASH), id="a person"
        ),
        pytest.param(lambda vault: vault.change_password_hash("trader", 1, "$" * 200_000), id="a password"),
    ],
)
def test_a_disk_that_is_full_is_told_in_words_and_the_vault_goes_on_once_there_is_room(
    vault: Vault, write: Callable[[Vault], object]
) -> None:
    vault.add_person("trader", 1, "ada@example.com", "Ada", HASH)
    pages = vault._connection.pragma("max_page_count")
    vault._connection.pragma("max_page_count", 1)
    with pytest.raises(DiskRefused, match=r"vault.db or keys.db cannot be .* nothing was kept; .* then try again"):
        write(vault)
    vault._connection.pragma("max_page_count", pages)
    assert vault.refusals == 1
    assert vault.person("trader", 2) is None
    assert write(vault)


def test_a_vault_that_another_program_holds_is_told_in_words(vault: Vault, firm: FirmDirectory) -> None:
    vault._connection.set_busy_timeout(1)
    other = apsw.Connection(str(firm.vault_db))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DiskRefused, match="no other program holds the files"):
        vault.seal(ADA, "address", b"192.0.2.7")
    other.execute("ROLLBACK")
    other.close()
    assert vault.seal(ADA, "address", b"192.0.2.7")


def test_many_threads_seal_at_once(vault: Vault) -> None:
    sealed_by: dict[str, bytes] = {}

    def seal(number: int) -> None:
        for turn in range(10):
            value = b"%d %d" % (number, turn)
            sealed_by[vault.seal(f"trader:{number}", "address", value)] = value

    threads = [threading.Thread(target=seal, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sealed_by) == 40
    assert all(vault.open_value(commitment) == value for commitment, value in sealed_by.items())
