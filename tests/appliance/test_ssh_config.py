"""What ssh is told is taken from root, or from a person for themselves; never from a file that the service could write."""

import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.ssh_config import SERVICE, trusted_config
from backups.errors import BackupRefused

VAULT = "copies@vault.example:/srv/evenhand"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "ssh" / "config"
    path.parent.mkdir(mode=0o755)
    path.write_text("Host vault.example\n")
    path.chmod(0o644)
    return path


@pytest.fixture
def as_the_service(monkeypatch: pytest.MonkeyPatch) -> int:
    """This process is the user of the units, as far as it can tell; a file of root's is still root's."""
    uid = 12_345
    named = pwd.getpwuid
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(pwd, "getpwuid", lambda of: SimpleNamespace(pw_name=SERVICE) if of == uid else named(of))
    return uid


def test_a_file_of_ones_own_is_taken_by_a_person(config: Path) -> None:
    assert trusted_config(VAULT, str(config)) == str(config)
    link = config.with_name("link")
    link.symlink_to(config)
    assert trusted_config(VAULT, str(link)) == str(config), "so that a link that turns meanwhile leads nowhere else"


@pytest.mark.parametrize("part", ["ssh", "ssh/config"])
def test_what_others_may_write_is_not_taken(config: Path, part: str) -> None:
    config.parents[1].joinpath(part).chmod(0o775)
    with pytest.raises(BackupRefused, match=rf"others may write \S+/{part} \(mode 0775\): run .chmod go-w"):
        trusted_config(VAULT, str(config))


@needs_root
def test_a_file_of_somebody_else_is_not_taken(config: Path) -> None:
    os.chown(config, 12_346, 12_346)
    with pytest.raises(BackupRefused, match=r"/ssh/config belongs to uid 12346, who could have programs run by it"):
        trusted_config(VAULT, str(config))


@needs_root
@pytest.mark.parametrize("part", ["ssh", "ssh/config"])
def test_the_service_takes_roots_word_and_not_its_own(config: Path, as_the_service: int, part: str) -> None:
    assert trusted_config(VAULT, str(config)) == str(config)
    os.chown(config.parents[1] / part, as_the_service, -1)
    with pytest.raises(BackupRefused, match=rf"/{part} belongs to evenhand, .*: run .chown root "):
        trusted_config(VAULT, str(config))


def test_the_service_is_not_left_to_the_ssh_of_its_home_which_is_the_firms_directory(as_the_service: int) -> None:
    with pytest.raises(BackupRefused, match=r"set backups\.ssh_config to a file of root's"):
        trusted_config(VAULT, "")
    assert trusted_config("/mnt/copies", "") == ""


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert trusted_config(VAULT, "") == ""
    with pytest.raises(BackupRefused, match=r"/none cannot be read \(No such file or directory\): write it"):
        trusted_config(VAULT, str(tmp_path / "none"))
