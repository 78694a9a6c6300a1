"""Vault audit: what the ledger refers to opens, was erased, or is told with whose it is; and nothing sealed is ever shown."""

import re

import apsw
import pytest

from storage.audit_vault import audit_vault
from storage.files import FirmDirectory
from storage.findings import Findings
from storage.readmodels.seals import Seal
from storage.secret_files import Secrets
from storage.vault import Vault

ADA, BEN = "trader:1", "trader:2"
ADDRESS, MAIL = b"192.0.2.7", "ada@example.com"


@pytest.fixture
def seals(vault: Vault) -> list[Seal]:
    """Ada signs in, from an address; Ben has an address too."""
    identity = vault.add_person("trader", 1, MAIL, "Ada", "$argon2id$hash")
    assert identity is not None
    return [
        Seal(identity, ADA, "identity"),
        Seal(vault.seal(ADA, "address", ADDRESS), ADA, "address"),
        Seal(vault.seal(BEN, "address", b"192.0.2.8"), BEN, "address"),
    ]


def audited(firm: FirmDirectory, secrets: Secrets, seals: list[Seal]) -> tuple[int, Findings]:
    findings = Findings()
    opened = audit_vault(firm.path, secrets.vault_master, seals, findings)
    said = repr(findings.told) + repr(findings.notes)
    assert all(secret not in said for secret in (ADDRESS.decode(), MAIL, "argon2id"))
    return opened, findings


def tampered(firm: FirmDirectory, database: str, sql: str) -> None:
    connection = apsw.Connection(str(firm.path / database))
    connection.execute(sql)
    assert connection.changes()
    connection.close()


def test_a_whole_vault_opens_beside_the_firm_that_writes_it(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    opened, findings = audited(firm, secrets, seals)
    assert (opened, findings.told, findings.notes) == (3, [], [])


def test_what_was_erased_is_counted_and_no_fault(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    vault.erase(ADA)
    opened, findings = audited(firm, secrets, seals)
    assert (opened, findings.told) == (1, [])
    assert findings.notes == ["sealed values that were erased, with their keys, without a row that says so: 2"]


def test_what_a_row_says_was_forgotten_may_be_gone_and_may_not_be_there(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    vault.erase(ADA)
    forgotten = [seal._replace(erased=True) for seal in seals]
    opened, findings = audited(firm, secrets, forgotten)
    assert opened == 0
    assert findings.notes == ["sealed values that were forgotten, as the ledger says: 2"]
    [told] = findings.told
    assert told.what.startswith(f"the address of {BEN}")
    assert told.what.endswith("was forgotten by a row of the ledger, and lies in the vault")


def test_a_single_value_goes_and_others_under_its_key_stay(vault: Vault, firm: FirmDirectory, secrets: Secrets) -> None:
    gone, kept = vault.seal_all(BEN, "address", [ADDRESS, b"192.0.2.9"])
    assert vault.erase_values([gone]) == 1
    assert (vault.open_value(gone), vault.open_value(kept)) == (None, b"192.0.2.9")
    raw = b"".join((firm.path / name).read_bytes() for name in ("vault.db", "keys.db"))
    assert bytes.fromhex(gone) not in raw
    _, findings = audited(firm, secrets, [Seal(gone, BEN, "address", erased=True), Seal(kept, BEN, "address")])
    assert findings.told == []


def test_who_may_no_longer_sign_in_is_no_fault(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    vault.erase(ADA, "credentials")
    opened, findings = audited(firm, secrets, seals)
    assert (opened, findings.told) == (3, [])


@pytest.mark.parametrize(
    ("database", "sql", "said"),
    [
        pytest.param(
            "vault.db", "DELETE FROM sealed_values WHERE class = 'address' AND person = 'trader:1'",
            "the address of trader:1 .* is gone from the vault", id="a value that is gone",
        ),
        pytest.param(
            "vault.db", "UPDATE sealed_values SET box = zeroblob(99) WHERE class = 'address' AND person = 'trader:1'",
            "the address of trader:1 .* does not open", id="a value that was altered",
        ),
        pytest.param(
            "vault.db", "UPDATE sealed_values SET person = 'trader:2' WHERE class = 'address' AND person = 'trader:1'",
            "the address of trader:1 .* under another person", id="a value that was given to Ben",
        ),
        pytest.param(
            "vault.db", "UPDATE sealed_values SET class = 'identity' WHERE class = 'address' AND person = 'trader:1'",
            "the address of trader:1 .* or class", id="a value of another class",
        ),
        pytest.param(
            "keys.db", "DELETE FROM wrapped_keys WHERE class = 'address' AND person = 'trader:1'",
            "the address of trader:1 .* without its key", id="a key that is gone",
        ),
        pytest.param(
            "keys.db", "UPDATE wrapped_keys SET wrapped = zeroblob(72) WHERE class = 'address' AND person = 'trader:1'",
            "the address of trader:1 .* does not open", id="a key that was altered",
        ),
        pytest.param("vault.db", "DELETE FROM people", "the identity of trader:1 .* mail address", id="no sign-in"),
        pytest.param(
            "vault.db", "UPDATE people SET mail_index = zeroblob(32)",
            "the identity of trader:1 .* mail address", id="another mail address",
        ),
        pytest.param(
            "vault.db", "UPDATE people SET credentials = zeroblob(80)",
            "the identity of trader:1 .* password hash", id="another password",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_altered_or_foreign_is_told(
    firm: FirmDirectory, secrets: Secrets, seals: list[Seal], database: str, sql: str, said: str
) -> None:
    tampered(firm, database, sql)
    _, findings = audited(firm, secrets, seals)
    [finding] = findings.told
    assert re.search(said, finding.what), finding.what
    assert finding.next == "restore keys.db and vault.db together, from one backup"


@pytest.mark.parametrize("name", ["keys.db", "vault.db"])
def test_a_lost_file_is_one_finding_and_not_made_anew(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, seals: list[Seal], name: str
) -> None:
    vault.close()
    (firm.path / name).unlink()
    opened, findings = audited(firm, secrets, seals)
    [finding] = findings.told
    assert opened == 0
    assert f"{firm.path / name} is missing or empty" in finding.what
    assert not (firm.path / name).exists()


def test_noise_in_the_vaults_place_is_one_finding(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, seals: list[Seal]
) -> None:
    vault.close()
    firm.vault_db.write_bytes(b"noise" * 2_000)
    _, findings = audited(firm, secrets, seals)
    [finding] = findings.told
    assert finding.what.startswith("the vault cannot be read")


def test_a_firm_that_sealed_nothing_needs_no_vault(firm: FirmDirectory, secrets: Secrets) -> None:
    assert audited(firm, secrets, [])[0] == 0
    assert not firm.vault_db.exists()
