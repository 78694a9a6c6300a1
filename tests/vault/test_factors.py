"""Factors in the vault: sealed as their person's, read from a vault of an earlier release as none, and told where damaged."""

from contextlib import closing

import apsw
import pytest

from storage.audit_vault import audit_vault
from storage.copies import PersonRow, RestoredVault, copy_keys, copy_vault, read_people
from storage.errors import VaultDamaged
from storage.factors import Factors, Passkey, Totp, read_factors, written
from storage.files import FirmDirectory
from storage.findings import Findings
from storage.readmodels.seals import Seal
from storage.secret_files import Secrets
from storage.vault import Vault
from storage.vault_file import VERSION

ADA = "trader:1"
FACTORS = Factors(
    totp=Totp(secret=b"the secret of her app", used_step=7),
    passkeys=(Passkey(credential=b"which", public_key=b"public", sign_count=3, name="Laptop", added_us=1),),
)


def put(vault: Vault, factors: Factors = FACTORS) -> None:
    vault.change_factors(ADA, lambda _: (written(factors), None))


@pytest.fixture
def held(vault: Vault) -> Vault:
    vault.add_person("trader", 1, "ada@example.org", "Ada", "hash")
    put(vault)
    return vault


def as_before(firm: FirmDirectory) -> None:
    """The file as an earlier release left it."""
    with closing(apsw.Connection(str(firm.vault_db))) as connection:
        connection.execute("DROP TABLE factors; DROP TABLE mail_index_of; DROP TABLE large_boxes")
        connection.pragma("user_version", 1)


def test_what_was_put_is_there_again_and_nowhere_in_the_file(held: Vault, firm: FirmDirectory) -> None:
    assert read_factors(held.factors(ADA)) == FACTORS
    assert held.factors("trader:2") is None
    held.close()
    kept = b"".join(path.read_bytes() for path in firm.path.glob("*.db*"))
    assert b"the secret of her app" not in kept
    assert b"Laptop" not in kept


def test_nobody_comes_between_looking_and_changing(held: Vault) -> None:
    def work(before: bytes | None) -> tuple[bytes | None, bool]:
        return before, read_factors(before) == FACTORS

    assert held.change_factors(ADA, work)
    with pytest.raises(KeyError):
        held.change_factors("trader:2", work)
    held.change_factors(ADA, lambda _: (None, None))
    assert held.factors(ADA) is None


@pytest.mark.parametrize("klass", [None, "factors", "credentials"])
def test_they_are_erased_with_the_person(held: Vault, klass: str | None) -> None:
    held.erase(ADA, klass)
    assert held.factors(ADA) is None
    assert held.with_factors() == []


def test_a_vault_of_an_earlier_release_opens_and_has_none(held: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    held.close()
    as_before(firm)
    with closing(Vault.open_for_reading(firm.path, secrets.vault_master)) as reading:
        assert reading.factors(ADA) is None
        assert reading.with_factors() == []
        person = reading.person("trader", 1)
        assert person is not None
        findings = Findings()
        audit_vault(firm.path, secrets.vault_master, [Seal(person.commitment, ADA, "identity")], findings)
        assert not findings.told
    with closing(Vault.open(firm.path, secrets.vault_master)) as opened:
        assert opened.factors(ADA) is None
        put(opened)
        assert read_factors(opened.factors(ADA)) == FACTORS
    with closing(apsw.Connection(str(firm.vault_db))) as connection:
        assert connection.pragma("user_version") == VERSION


def test_a_copy_of_an_earlier_vault_is_restored_as_one_of_today(held: Vault, firm: FirmDirectory, tmp_path) -> None:
    held.close()
    as_before(firm)
    work = FirmDirectory(tmp_path / "copy")
    work.path.mkdir(mode=0o700)
    copy_vault(firm.path, work.vault_db)
    copy_keys(firm.path, work.keys_db)
    RestoredVault(work.path).close()
    with closing(apsw.Connection(str(work.vault_db))) as connection:
        assert connection.pragma("user_version") == VERSION


def test_what_was_shipped_of_them_comes_back_and_goes_with_an_erasure(
    held: Vault, firm: FirmDirectory, secrets: Secrets, tmp_path
) -> None:
    with closing(apsw.Connection(str(firm.vault_db))) as connection:
        [shipped] = read_people(connection).values()
    assert shipped.factors
    assert PersonRow(*shipped[:4]).factors == b""  # a row of an earlier release
    work = FirmDirectory(tmp_path / "copy")
    work.path.mkdir(mode=0o700)
    held.change_factors(ADA, lambda _: (None, None))
    copy_vault(firm.path, work.vault_db)
    copy_keys(firm.path, work.keys_db)
    with closing(RestoredVault(work.path)) as restored:
        restored.put([], [shipped])
        restored.forget([(ADA, "address")], secrets.vault_master)
        with closing(apsw.Connection(str(work.vault_db))) as connection:
            assert connection.execute("SELECT count(*) FROM factors").fetchone() == (1,)
    held.erase(ADA, "factors")
    work.keys_db.unlink()
    copy_keys(firm.path, work.keys_db)
    with closing(RestoredVault(work.path)) as restored:
        assert (ADA, "factors") in restored.keyless()
        restored.forget([(ADA, "factors")], secrets.vault_master)
        with closing(apsw.Connection(str(work.vault_db))) as connection:
            assert connection.execute("SELECT count(*) FROM factors").fetchone() == (0,)


def test_a_box_that_was_moved_or_altered_is_told(held: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    held.add_person("trader", 2, "ben@example.org", "Ben", "hash")
    with closing(apsw.Connection(str(firm.vault_db))) as connection:
        connection.execute("INSERT INTO factors SELECT 'trader:2', box FROM factors")
    held.change_factors("trader:1", lambda before: (before, None))
    ben = held.person("trader", 2)
    assert ben is not None
    held._keys.keys_made("trader:2", "factors")
    with pytest.raises(VaultDamaged, match="factors of trader:2"):
        held.factors("trader:2")
    findings = Findings()
    audit_vault(firm.path, secrets.vault_master, [Seal(ben.commitment, "trader:2", "identity")], findings)
    assert "trader:2 signs in with" in findings.told[0].what
