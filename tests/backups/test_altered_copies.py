"""Copies that were altered, mixed up, or belong to others: each is refused and said, an older good one is used, nothing is damaged."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backups.envelope import Identity, Recipient
from backups.errors import BackupRefused, RestoreRefused
from backups.names import TAIL, tail_named
from backups.records import Erasure, Tail, bytes_of, read_record
from backups.snapshot import take_snapshot
from storage.checkpoint import Signer
from storage.secret_files import SECRET_BYTES, read_secrets
from storage.segments import file_digest

SIGNER = Signer(bytes(range(32)))


def flipped(content: bytes, bit: int) -> bytes:
    altered = bytearray(content)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


@pytest.fixture
def copied(house: Any) -> Any:
    house.tick(12)
    house.next_day()
    house.snapshot()
    house.tick(4)
    house.ship()
    return house


def tails_of(house: Any) -> list[Path]:
    return sorted((house.copies / TAIL).rglob("*.age"))


def resealed(house: Any, path: Path, change: Any, signer: Signer | None = None) -> None:
    """A tail file as somebody would write it who has the recipient's public key and, where given, a key to sign with."""
    signer = signer or Signer(read_secrets(house.directory).signing_seed)
    own = Signer(read_secrets(house.directory).signing_seed).public_key
    tail = read_record(Tail, path.name, Identity(house.identity_file).open(path.name, path.read_bytes()), own)
    sealed = Recipient(house.recipient).seal(bytes_of(change(tail), signer))
    name = tail_named(path.name)
    assert name is not None
    path.unlink()
    path.with_name(name._replace(size_bytes=len(sealed)).name).write_bytes(sealed)


def test_every_file_of_the_copies_is_missed_or_found_out_when_a_bit_of_it_turns(copied: Any) -> None:
    copied.machine.vault.erase("trader:1001")
    copied.tick()
    copied.ship()
    chance = random.Random(3)
    whole = copied.restore()[1].size
    for path in sorted(path for path in copied.copies.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.write_bytes(flipped(content, chance.randrange(len(content) * 8)))
        with pytest.raises(RestoreRefused) as refused:
            copied.restore()
        assert path.name.removesuffix(".age")[:12] in str(refused.value) or "checkpoint" in str(refused.value), path
        path.write_bytes(content)
    assert copied.restore()[1].size == whole


def test_a_snapshot_that_is_damaged_is_passed_over_for_the_one_before_and_its_tail(copied: Any) -> None:
    copied.snapshot()
    newest = max((copied.copies / "snapshots").iterdir())
    ledger = newest / "ledger.db.age"
    ledger.write_bytes(flipped(ledger.read_bytes(), 8_000))
    _, restored = copied.restore()
    assert restored.size == len(copied.rows())
    [why] = restored.passed_over
    assert "is not what its manifest names" in why


def test_a_snapshot_that_was_never_finished_is_none(copied: Any) -> None:
    copied.snapshot()
    newest = max((copied.copies / "snapshots").iterdir())
    (newest / "manifest").unlink()
    assert newest.name not in copied.restore()[1].snapshot


def test_rows_that_somebody_else_signed_are_refused(copied: Any) -> None:
    [path] = tails_of(copied)
    resealed(copied, path, lambda tail: tail, SIGNER)
    with pytest.raises(RestoreRefused, match="is not signed by the ledger's key"):
        copied.restore()


def test_a_row_that_was_altered_does_not_hash_to_what_was_signed_over_it(copied: Any) -> None:
    """Even by somebody who has the signing key: the checkpoints were signed over the true rows."""
    [path] = tails_of(copied)

    def alter(tail: Tail) -> Tail:
        last = tail.rows[-1]
        return msgspec.structs.replace(tail, rows=[*tail.rows[:-1], last._replace(received_us=last.received_us + 1)])

    resealed(copied, path, alter)
    with pytest.raises(RestoreRefused, match="do not hash to"):
        copied.restore()


def test_a_checkpoint_that_is_not_the_one_that_was_published_stops_the_restore(copied: Any) -> None:
    copied.tick(15)
    copied.ship()
    path = tails_of(copied)[-1]

    def alter(tail: Tail) -> Tail:
        first = tail.checkpoints[0]
        return msgspec.structs.replace(tail, checkpoints=[first._replace(note=first.note + " "), *tail.checkpoints[1:]])

    resealed(copied, path, alter)
    with pytest.raises(RestoreRefused, match="do not hash to the checkpoints that were signed over them"):
        copied.restore()


def test_a_sealed_value_that_was_swapped_stops_the_restore(copied: Any) -> None:
    copied.register(1002, "ben@trader.example")
    copied.ship()
    path = tails_of(copied)[-1]

    def alter(tail: Tail) -> Tail:
        assert tail.values
        return msgspec.structs.replace(tail, values=[tail.values[0]._replace(box=b"x" * 80), *tail.values[1:]])

    resealed(copied, path, alter)
    with pytest.raises(RestoreRefused, match=r"not sound.*identity of trader:1002"):
        copied.restore()


def test_a_tail_file_under_another_name_is_refused(copied: Any) -> None:
    [path] = tails_of(copied)
    name = tail_named(path.name)
    assert name is not None
    path.rename(path.with_name(name._replace(last=name.last + 5).name))
    with pytest.raises(RestoreRefused, match="other rows than its name says"):
        copied.restore()


def test_another_firms_secrets_open_nothing(copied: Any, tmp_path: Path) -> None:
    others = tmp_path / "secrets"
    others.mkdir()
    for name in ("ledger_secret", "signing_seed", "vault_master", "curve_server_key"):
        (others / name).write_bytes(random.Random(name).randbytes(SECRET_BYTES))
    with pytest.raises(RestoreRefused, match="another firm's"):
        copied.restore(secrets=others)


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1NOTONE", "hello", "\xff"])
def test_a_file_that_holds_no_identity_is_told_without_repeating_what_is_in_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "identity"
    path.write_text(text, "latin-1")
    with pytest.raises(RestoreRefused) as refused:
        Identity(path)
    assert "NOTONE" not in str(refused.value)


@pytest.mark.parametrize("text", ["age1", "ssh-ed25519 AAAA"])
def test_a_recipient_that_is_none_is_told(text: str) -> None:
    with pytest.raises(BackupRefused, match="is no age recipient"):
        Recipient(text)


def test_a_firm_that_is_damaged_is_not_copied_over_its_good_copies(copied: Any) -> None:
    there = [path.name for path in (copied.copies / "snapshots").iterdir()]
    [segment] = (copied.directory / "segments").iterdir()
    content = segment.read_bytes()
    segment.write_bytes(flipped(content, 4_000))
    with pytest.raises(BackupRefused, match=r"the copy is not sound .*the older copies stay"):
        take_snapshot(copied.source)
    assert [path.name for path in (copied.copies / "snapshots").iterdir()] == there
    assert file_digest(segment)


def test_a_segment_goes_once_and_never_again(copied: Any) -> None:
    [sealed] = (copied.copies / "segments").iterdir()
    before = sealed.stat().st_mtime_ns
    assert copied.snapshot().segments == 1
    assert sealed.stat().st_mtime_ns == before


STAMP = "20260101T000000000000Z"
RECORD = bytes_of(Erasure(chain=STAMP, number=1, before="", stamp=STAMP, owners=[("trader:1", "identity")]), SIGNER)


@settings(deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=400), st.integers(0, len(RECORD) * 8 - 1).map(lambda bit: flipped(RECORD, bit))
    )
)
def test_bytes_that_are_no_record_are_refused_and_crash_nothing(content: bytes) -> None:
    with pytest.raises(RestoreRefused):
        read_record(Erasure, "erasures/one", content, SIGNER.public_key)


def test_a_record_has_one_spelling() -> None:
    assert read_record(Erasure, "one", RECORD, SIGNER.public_key).owners == [("trader:1", "identity")]
    for cut in range(len(RECORD)):
        with pytest.raises(RestoreRefused):
            read_record(Erasure, "one", RECORD[:cut], SIGNER.public_key)
