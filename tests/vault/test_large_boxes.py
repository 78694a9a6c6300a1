"""Documents beside what is small: an erasure leaves no byte of either, touches no other document, and no page waits for it."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from storage.audit_vault import audit_vault
from storage.condition import Condition
from storage.copies import RestoredVault, copy_keys, copy_vault, read_values
from storage.errors import VaultDamaged
from storage.files import FirmDirectory, create_firm_directory
from storage.findings import Findings
from storage.readmodels.seals import Seal
from storage.secret_files import Secrets
from storage.vault import Vault
from storage.vault_boxes import SMALL_BYTES_MAX
from storage.vault_file import read_vault_file

ADA = "trader:1"
PIECE = 16
LARGE = b"a passport" * 1_000


@pytest.fixture
def pages(vault: Vault) -> Iterator[list[int]]:
    """How many pages the log of vault.db held after each commit."""
    seen: list[int] = []

    def note(_connection: apsw.Connection, _name: str, count: int) -> int:
        seen.append(count)
        return apsw.SQLITE_OK

    vault._connection.set_wal_hook(note)
    return seen


def boxes_of(firm: FirmDirectory) -> dict[str, list[bytes]]:
    """All that lies sealed, by person."""
    found: dict[str, list[bytes]] = {}
    with closing(read_vault_file(firm)) as connection:
        commitments = [said for (said,) in connection.execute("SELECT commitment FROM sealed_values")]
        for value in read_values(connection, commitments):
            found.setdefault(value.person, []).append(value.box)
    return found


def left_of(firm: FirmDirectory, boxes: list[bytes]) -> int:
    """How many boxes have any piece of them at any place of any file."""
    return len({number for path in firm.path.glob("*.db*") for number in found_in(path.read_bytes(), boxes)})


def found_in(content: bytes, boxes: list[bytes]) -> set[int]:
    """Which of them have any piece of them in it."""
    pieces = {
        box[at : at + PIECE]: number for number, box in enumerate(boxes) for at in range(0, len(box) - PIECE, PIECE)
    }
    places = (content[at : at + PIECE] for at in range(len(content)))
    return {pieces[piece] for piece in places if piece in pieces}


@pytest.mark.parametrize("size", [SMALL_BYTES_MAX - 71, 8_100, 30_000])
def test_no_piece_of_a_document_lies_where_sqlite_moves_rows(vault: Vault, firm: FirmDirectory, size: int) -> None:
    """On pages of the tree, of whose rows copies are left where it splits and joins them: none, whatever spills over and what not."""
    vault.seal_all(ADA, "documents", [random.Random(7).randbytes(size + number) for number in range(12)])
    vault._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    raw, boxes = firm.vault_db.read_bytes(), boxes_of(firm)[ADA]
    assert min(map(len, boxes)) > SMALL_BYTES_MAX
    sql = "SELECT pageno, pgsize FROM dbstat WHERE name = 'large_boxes' AND pagetype = ?"
    tree, beside = (
        b"".join(
            raw[(page - 1) * each : page * each] for page, each in vault._connection.execute(sql, (kind,)).fetchall()
        )
        for kind in ("leaf", "overflow")
    )
    assert (found_in(tree, boxes), found_in(beside, boxes)) == (set(), set(range(12)))


def test_of_documents_no_piece_is_left_in_whatever_order_they_go(vault: Vault, firm: FirmDirectory) -> None:
    """Where some rows go SQLite joins pages, and leaves copies of what it moved from them."""
    drawn = random.Random(7)
    edges = [(f"trader:{number}", drawn.randbytes(SMALL_BYTES_MAX - 75 + number)) for number in range(5)]
    values = edges + [(f"trader:{number}", drawn.randbytes(drawn.randrange(4_200, 6_000))) for number in range(5, 90)]
    drawn.shuffle(values)
    kept = vault.seal_each([(person, "documents", value) for person, value in values])
    boxes = boxes_of(firm)
    for first in range(0, 60, 5):
        assert vault.erase_values(kept[first : first + 5]) == 5
    assert vault.erase(values[60][0]) == 1
    assert left_of(firm, [boxes[person][0] for person, _ in values[:61]]) == 0
    assert [vault.open_value(said) for said in kept] == [None] * 61 + [value for _, value in values[61:]]
    assert left_of(firm, [boxes[person][0] for person, _ in values[61:]]) == 29, "the scan sees what is there"


@pytest.mark.parametrize(
    "erase",
    [
        pytest.param(lambda vault, said: vault.erase_values([said]), id="a value"),
        pytest.param(lambda vault, _: vault.erase(ADA, "address"), id="a class"),
        pytest.param(lambda vault, _: vault.unchange_mail(vault.change_mail("trader", 1, "b@example.org")[1]), id="an address"),
    ],
)  # fmt: skip
def test_an_erasure_writes_no_document_of_anybody_else_anew(
    vault: Vault, pages: list[int], erase: Callable[[Vault, str], object]
) -> None:
    vault.add_person("trader", 1, "ada@example.org", "Ada", "hash")
    vault.seal_all("trader:2", "documents", [bytes(2**20)] * 4)
    said = vault.seal(ADA, "address", b"Kestrel Street 17")
    statements: list[str] = []
    vault._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    vault._connection.exec_trace = lambda _cursor, sql, _bindings: statements.append(sql) is None
    pages.clear()
    erase(vault, said)
    assert any(sql.startswith("DELETE FROM main.sealed_values") for sql in statements)
    assert not [sql for sql in statements if "VACUUM" in sql]
    assert max(pages) < 40, "of the thousand pages that the documents are"


def test_whoever_is_looked_up_does_not_wait_for_whoever_writes(vault: Vault) -> None:
    vault.add_person("trader", 1, "ada@example.org", "Ada", "hash")
    said = vault.seal(ADA, "documents", LARGE)

    def asked() -> tuple[object, ...]:
        person = vault.person("trader", 1)
        return person, vault.find_by_mail("ada@example.org"), vault.open_value(said), vault.factors(ADA)

    with ThreadPoolExecutor(1) as others:
        # The work is done with the vault in hand, so whoever waited for it would wait for ever.
        found = vault.change_factors(ADA, lambda held: (held, others.submit(asked).result(timeout=20)))
    assert found == (vault.person("trader", 1), vault.person("trader", 1), LARGE, None)
    assert found[0] is not None


def test_a_key_that_is_drawn_while_somebody_reads_is_no_damage(vault: Vault) -> None:
    """The reader has the row of before and the key of after."""
    vault.add_person("trader", 1, "ada@example.org", "Ada", "hash")
    said = vault.seal(ADA, "address", b"Kestrel Street 17")
    reading = vault._beside._connection
    with reading:
        assert reading.execute("SELECT count(*) FROM sealed_values").fetchone() == (2,)
        vault._connection.execute("DELETE FROM sealed_values WHERE commitment = ?", (bytes.fromhex(said),))
        vault._keys.forget([(ADA, "address")])
        vault._keys.keys_made(ADA, "address")
        assert vault.open_value(said) is None
    assert vault.refusals == 0


def test_a_file_of_before_is_read_as_it_is_and_brought_to_today_s_by_a_start(
    vault: Vault, firm: FirmDirectory, secrets: Secrets
) -> None:
    large, small = vault.seal_all(ADA, "documents", [LARGE, b"a receipt"])
    as_before(vault, firm)
    raw = firm.vault_db.read_bytes()
    with closing(Vault.open_for_reading(firm.path, secrets.vault_master)) as reader:
        assert (reader.open_value(large), reader.open_value(small)) == (LARGE, b"a receipt")
    assert firm.vault_db.read_bytes() == raw
    with closing(Vault.open(firm.path, secrets.vault_master)) as today:
        assert (today.open_value(large), today.open_value(small)) == (LARGE, b"a receipt")
        boxes = boxes_of(firm)[ADA]
        today.erase(ADA)
        assert left_of(firm, boxes) == 0


def as_before(vault: Vault, firm: FirmDirectory) -> None:
    """Version 3 had no place of its own for what is large."""
    vault.close()
    with closing(apsw.Connection(str(firm.vault_db))) as connection:
        connection.execute(
            "UPDATE sealed_values SET box = large.box FROM large_boxes AS large WHERE large.commitment = sealed_values.commitment"
        )
        connection.execute("DROP TABLE large_boxes")
        connection.pragma("user_version", 3)


def test_a_large_value_comes_back_from_a_copy_and_stays_away_where_it_was_erased(
    vault: Vault, firm: FirmDirectory, secrets: Secrets, tmp_path: Path
) -> None:
    hers, his = vault.seal(ADA, "documents", LARGE), vault.seal("trader:2", "documents", LARGE)
    work = create_firm_directory(tmp_path / "work")
    copy_vault(firm.path, work.vault_db)
    with closing(read_vault_file(firm)) as connection:
        carried = read_values(connection, [bytes.fromhex(his)])
    boxes = boxes_of(firm)[ADA]
    vault.erase(ADA)
    copy_keys(firm.path, work.keys_db)
    with closing(RestoredVault(work.path)) as restored:
        restored.put(carried, [])
        assert restored.forget([(ADA, "documents"), ("trader:2", "documents")], secrets.vault_master) == 1
    assert left_of(work, boxes) == 0
    with closing(Vault.open(work.path, secrets.vault_master)) as back:
        assert (back.open_value(hers), back.open_value(his)) == (None, LARGE)


def test_a_large_box_that_is_lost_is_told_as_damage(vault: Vault) -> None:
    said = vault.seal(ADA, "documents", LARGE)
    vault._connection.execute("DELETE FROM large_boxes")
    assert vault.condition_of(ADA, "documents", said) is Condition.ALTERED
    with pytest.raises(VaultDamaged, match="the documents of trader:1"):
        vault.open_value(said)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE large_boxes SET padding = CAST(x'01' || substr(padding, 2) AS BLOB)", id="padding"),
        pytest.param("DELETE FROM sealed_values WHERE length(box) = 0", id="no value"),
        pytest.param("UPDATE sealed_values SET box = x'01' WHERE length(box) = 0", id="two boxes"),
    ],
)
def test_what_lies_among_large_boxes_and_nobody_reads_is_told(
    vault: Vault, sql: str, firm: FirmDirectory, secrets: Secrets
) -> None:
    seals = [
        Seal(vault.seal(ADA, "documents", LARGE), ADA, "documents"),
        Seal(vault.seal(ADA, "address", b"x"), ADA, "address"),
    ]
    vault.close()
    findings = Findings()
    assert audit_vault(firm.path, secrets.vault_master, seals, findings) == 2
    assert not findings.told
    with closing(apsw.Connection(str(firm.vault_db))) as connection:
        connection.execute(sql)
    audit_vault(firm.path, secrets.vault_master, seals, findings)
    assert "what lies in large_boxes" in str(findings.told[0])


def test_the_first_start_with_many_documents_takes_neither_their_memory_nor_their_room_twice(
    vault: Vault, firm: FirmDirectory, secrets: Secrets
) -> None:
    drawn = random.Random(7)
    documents = [drawn.randbytes(500_000) for _ in range(40)]
    kept = vault.seal_each([(ADA, "documents", each) for each in documents])
    as_before(vault, firm)
    with closing(apsw.Connection(str(firm.vault_db))) as connection:
        connection.execute("VACUUM")
    before, used = firm.vault_db.stat().st_size, apsw.memory_used()
    apsw.memory_high_water(reset=True)
    with closing(Vault.open(firm.path, secrets.vault_master)) as opened:
        peak = apsw.memory_high_water() - used
        assert [opened.open_value(each) for each in kept] == documents
    together = sum(map(len, documents))
    assert peak < together // 4
    assert firm.vault_db.stat().st_size < before + together // 4
