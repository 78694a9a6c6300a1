"""The firm's directory and its secrets: private, whole, and written so that they last."""

import os
import re
import stat
from pathlib import Path

import pytest

from storage.files import (
    BALLAST_BYTES,
    DirectoryRefused,
    FirmDirectory,
    create_firm_directory,
    drop_ballast,
    lay_ballast,
    open_firm_directory,
    replace_file,
    write_new,
)
from storage.secret_files import SECRET_BYTES, SecretsRefused, create_secrets, read_secrets


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def firm(tmp_path: Path) -> FirmDirectory:
    return create_firm_directory(tmp_path / "firm")


def test_a_new_directory_and_its_secrets_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        firm = create_firm_directory(tmp_path / "firm")
        create_secrets(firm.path)
        write_new(firm.path / "note", b"x")
    finally:
        os.umask(before)
    assert [mode(folder) for folder in firm.folders()] == [0o700] * 3
    assert {mode(path) for path in firm.path.rglob("*") if path.is_file()} == {0o600}


def test_a_new_firm_is_not_made_where_something_lies(firm: FirmDirectory) -> None:
    with pytest.raises(DirectoryRefused, match="not an empty directory: choose another"):
        create_firm_directory(firm.path)


def test_a_missing_directory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DirectoryRefused, match='is missing: run "evenhand init"'):
        open_firm_directory(tmp_path / "nowhere")


def test_a_folder_that_is_no_firm_s_is_told_so_whoever_may_read_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(DirectoryRefused, match=r"is missing: run .evenhand init., or name the right directory"):
        open_firm_directory(tmp_path)


def test_a_directory_that_others_may_read_is_refused(firm: FirmDirectory) -> None:
    firm.segments.chmod(0o755)
    with pytest.raises(DirectoryRefused, match=r"segments is open to others \(mode 0755\): run \"chmod 0700"):
        open_firm_directory(firm.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_directory_of_another_user_is_refused(firm: FirmDirectory) -> None:
    os.chown(firm.path, 65534, -1)
    told = 'belongs to nobody, and root runs this: put "runuser -u nobody --" before the command'
    with pytest.raises(DirectoryRefused, match=re.escape(told)):
        open_firm_directory(firm.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_root_founds_no_firm_in_the_directory_of_the_service(tmp_path: Path) -> None:
    empty = tmp_path / "of the service"
    empty.mkdir()
    os.chown(empty, 65534, -1)
    with pytest.raises(DirectoryRefused, match="belongs to nobody, and root runs this"):
        create_firm_directory(empty)
    assert list(empty.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_single_file_of_another_user_is_named_for_what_it_is(firm: FirmDirectory) -> None:
    os.chown(firm.segments, 65534, -1)
    with pytest.raises(
        DirectoryRefused, match=r"segments belongs to uid 65534, not to uid 0 who runs this: run .chown"
    ):
        open_firm_directory(firm.path)


def test_secrets_read_back_as_they_were_drawn_and_differ_from_each_other(firm: FirmDirectory) -> None:
    drawn = create_secrets(firm.path)
    assert read_secrets(firm.path) == drawn
    assert len(set(drawn.all())) == 4
    assert {len(secret) for secret in drawn.all()} == {SECRET_BYTES}


def test_secrets_are_never_replaced(firm: FirmDirectory) -> None:
    drawn = create_secrets(firm.path)
    with pytest.raises(SecretsRefused, match="holds secrets already"):
        create_secrets(firm.path)
    assert read_secrets(firm.path) == drawn


def test_secrets_that_a_crash_left_half_drawn_are_drawn_anew(firm: FirmDirectory) -> None:
    (firm.path / ".secrets.new").mkdir()
    (firm.path / ".secrets.new" / "ledger_secret").write_bytes(b"half")
    assert create_secrets(firm.path) == read_secrets(firm.path)


def test_secrets_are_not_in_their_repr(firm: FirmDirectory) -> None:
    assert repr(create_secrets(firm.path)) == "Secrets()"


def test_a_missing_secret_is_named(firm: FirmDirectory) -> None:
    create_secrets(firm.path)
    (firm.secrets / "signing_seed").unlink()
    with pytest.raises(SecretsRefused, match="signing_seed is missing: restore it"):
        read_secrets(firm.path)


def test_a_cut_secret_is_named_with_its_size(firm: FirmDirectory) -> None:
    create_secrets(firm.path)
    (firm.secrets / "vault_master").write_bytes(b"\x00" * 31)
    with pytest.raises(SecretsRefused, match="vault_master has 31 bytes, not 32: restore"):
        read_secrets(firm.path)


def test_a_secret_that_others_may_read_is_refused(firm: FirmDirectory) -> None:
    create_secrets(firm.path)
    (firm.secrets / "ledger_secret").chmod(0o640)
    with pytest.raises(SecretsRefused, match=r"ledger_secret is open to others \(mode 0640\): run \"chmod 0600"):
        read_secrets(firm.path)


def test_a_secret_behind_a_link_is_refused(firm: FirmDirectory, tmp_path: Path) -> None:
    create_secrets(firm.path)
    elsewhere = (firm.secrets / "ledger_secret").rename(tmp_path / "elsewhere")
    (firm.secrets / "ledger_secret").symlink_to(elsewhere)
    with pytest.raises(SecretsRefused, match="open to others"):
        read_secrets(firm.path)


def test_a_new_file_never_overwrites(firm: FirmDirectory) -> None:
    write_new(firm.path / "note", b"first")
    with pytest.raises(FileExistsError):
        write_new(firm.path / "note", b"second")
    assert (firm.path / "note").read_bytes() == b"first"


def test_a_replaced_file_is_new_or_old_but_never_half(firm: FirmDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    note = firm.path / "note"
    write_new(note, b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match="No space"):
            replace_file(note, b"new and longer")
    assert note.read_bytes() == b"old"
    replace_file(note, b"new")
    assert (note.read_bytes(), mode(note)) == (b"new", 0o600)


def test_ballast_takes_real_space_and_gives_it_back(firm: FirmDirectory) -> None:
    lay_ballast(firm)
    lay_ballast(firm)
    assert firm.ballast.stat().st_blocks * 512 >= BALLAST_BYTES
    drop_ballast(firm)
    drop_ballast(firm)
    assert not firm.ballast.exists()
