"""What whoever makes copies or needs one is told: first what is wrong, then what to do, and never a key."""

import errno
from pathlib import Path
from typing import Any

import pyrage
import pytest

from backups.envelope import Identity, Recipient
from backups.errors import BackupRefused, DestinationFailed, NoRoom, RestoreRefused, WrongIdentity, WrongSecrets
from backups.restore import restore
from backups.wanted import Until


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


def test_the_secrets_of_another_firm_are_told_first_and_alone(house: Any, tmp_path: Path) -> None:
    house.snapshot()
    house.snapshot()
    (tmp_path / "other").mkdir()
    other = type(house)(tmp_path / "other")
    with pytest.raises(WrongSecrets) as refused:
        house.restore(secrets=other.directory / "secrets")
    other.machine.close()
    said = str(refused.value)
    assert said.startswith(f"{other.directory / 'secrets'} holds another firm's secrets than these copies have")
    assert "no whole snapshot" not in said


def test_a_disk_that_is_too_small_is_told_as_that_and_ends_it_at_once(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.snapshot()
    house.snapshot()
    monkeypatch.setattr("backups.told_first.free_bytes", lambda _: 6_000)
    told: list[str] = []
    with pytest.raises(
        NoRoom, match=r"^not enough room: \d+ MB needed in .*, 0 MB free; the copies are fine"
    ) as refused:
        restore(house.wanted(), told.append)
    assert str(house.folder) in str(refused.value)
    assert not [line for line in told if line.startswith("passing over")]


@pytest.mark.parametrize("full", ["backups.fetching.digest_of", "backups.restore.write_keys", "backups.restore.verify"])
def test_a_disk_that_fills_up_meanwhile_is_told_as_that(house: Any, monkeypatch: pytest.MonkeyPatch, full: str) -> None:
    house.snapshot()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(full, fail)
    with pytest.raises(NoRoom, match=r"^not enough room: .*; the copies are fine"):
        house.restore()


def test_a_destination_file_that_finds_no_room_here_blames_no_copy(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.snapshot()
    get = house.destination.get

    def fail(path: str, local: Path, bytes_max: int) -> None:
        if path.endswith("vault.db.age"):
            try:
                raise OSError(errno.ENOSPC, "No space left on device", str(local))
            except OSError as failed:
                raise DestinationFailed(f"{path}: see that it is there") from failed
        get(path, local, bytes_max)

    house.destination.get = fail
    with pytest.raises(NoRoom):
        house.restore()


def test_copies_of_two_recipients_say_that_one_file_with_both_keys_opens_them(house: Any) -> None:
    """An erasure of before is kept for ever, and with it the key that opens it."""
    house.register(1002, "ben@trader.example")
    house.snapshot()
    house.machine.vault.erase("trader:1002")
    house.tick(2)
    house.ship()
    identity = pyrage.x25519.Identity.generate()
    house.recipient = str(identity.to_public())
    house.snapshot()
    house.tick(2)
    house.ship()
    new, both = house.folder / "new.key", house.folder / "both.key"
    new.write_text(f"{identity}\n")
    both.write_text(f"{house.identity_file.read_text()}# made later\n{identity}\n")
    for one in (house.identity_file, new):
        with pytest.raises(
            WrongIdentity, match=r"put the keys of all of them, old and new, into one file, a line each"
        ):
            house.restore(identity=Identity(one))
    assert house.restore(identity=Identity(both))[1].size == len(house.rows())


def test_a_place_that_cannot_be_replaced_is_refused_before_anything_is_fetched(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk's own folder, or a link: at the end nothing can be put under its name."""
    house.snapshot()
    said: list[str] = []
    disk, link = tmp_path / "disk", tmp_path / "link"
    disk.mkdir()
    link.symlink_to(disk)
    with pytest.raises(RestoreRefused, match=rf"{link} is a link.*name what it leads to, {disk}"):
        restore(house.wanted(target=link), said.append)
    monkeypatch.setattr(Path, "is_mount", lambda path: path == disk)
    with pytest.raises(
        RestoreRefused, match=rf"{disk} is a disk's own folder.*name a folder in it, such as {disk}/firm"
    ):
        restore(house.wanted(target=disk), said.append)
    assert said == []
    assert not [path for path in tmp_path.iterdir() if "restoring" in path.name]
    assert restore(house.wanted(target=disk / "firm")).size == len(house.rows())


def test_a_folder_that_is_bound_to_another_place_is_told_when_it_will_not_be_replaced(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that lies on the same disk looks like any other until then."""
    house.snapshot()
    (tmp_path / "bound").mkdir()
    rmdir = Path.rmdir

    def busy(path: Path) -> None:
        if path == tmp_path / "bound":
            raise OSError(errno.EBUSY, "Device or resource busy")
        rmdir(path)

    monkeypatch.setattr(Path, "rmdir", busy)
    with pytest.raises(RestoreRefused, match=r"bound cannot be replaced .*name another place"):
        restore(house.wanted(target=tmp_path / "bound"))


def test_an_upgrade_restarts_everything_that_runs_all_the_time() -> None:
    """What ships is a process of its own: it goes on as the old release until it is restarted."""
    page = (Path(__file__).resolve().parents[2] / "docs/operating/install.md").read_text(encoding="utf-8")
    upgrade = page[page.index("## Upgrade, remove") :]
    assert "systemctl restart evenhand.service evenhand-ship.service" in upgrade
