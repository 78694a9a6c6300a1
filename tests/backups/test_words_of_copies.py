"""What whoever makes copies or needs one is told: first what is wrong, then what to do, and never a key."""

from pathlib import Path
from typing import Any

import pyrage
import pytest

from backups.envelope import Identity, Recipient
from backups.errors import BackupRefused, RestoreRefused, WrongIdentity
from backups.replaying import Until


def test_a_private_key_in_the_settings_is_refused_and_not_repeated() -> None:
    secret = str(pyrage.x25519.Identity.generate())
    for spelled in (secret, secret.lower()):
        with pytest.raises(BackupRefused, match=r"holds a private key.*remove it") as refused:
            Recipient(spelled)
        assert spelled[20:] not in str(refused.value)


def test_a_recipient_that_is_not_set_is_told_as_that() -> None:
    with pytest.raises(BackupRefused, match="is not set: make a key with"):
        Recipient("")


def test_a_key_that_opens_nothing_is_told_first(house: Any, tmp_path: Path) -> None:
    house.snapshot()
    other = tmp_path / "other.key"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    with pytest.raises(WrongIdentity) as refused:
        house.restore(identity=Identity(other))
    assert str(refused.value).startswith(f"{other} does not open these copies")


def test_rows_that_no_copy_has_are_not_passed_over_in_silence(house: Any) -> None:
    house.snapshot()
    rows = len(house.rows())
    with pytest.raises(RestoreRefused, match=f"the copies end at row {rows}, and rows up to {rows + 9} were asked for"):
        house.restore(until=Until(seq=rows + 9))
    _, restored = house.restore(until=Until(seq=rows + 9), accept_older=True)
    assert restored.older == (f"the copies end at row {rows}, and rows up to {rows + 9} were asked for",)
