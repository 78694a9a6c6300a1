"""Copies over a real SSH: sent, cut off in the middle, gone on with, looked at, and brought back to the last fact."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.settings_file import write_settings
from backups.errors import DestinationFailed
from backups.rsync import RsyncDestination
from firm.inputs import LedgerForked
from storage.files import FirmDirectory
from tests.backups.conftest import PATIENCE_S
from tests.backups.sshd import HOST, RRSYNC, Sshd, why_no_ssh

pytestmark = pytest.mark.skipif(bool(why_no_ssh()), reason=why_no_ssh())
BOUND = pytest.param("rrsync", marks=pytest.mark.skipif(not RRSYNC, reason="no rrsync here: apt-get install rsync"))


@pytest.fixture
def vault(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sshd]:
    """Another machine, as far as SSH can tell. Its key is bound to `rrsync` where that is asked for."""
    bound = getattr(request, "param", "") == "rrsync"
    vault = Sshd(tmp_path / "vault", command=f"{RRSYNC} -no-lock {tmp_path}/copies" if bound else "")
    vault.start()
    yield vault
    vault.cut()


def place_of(vault: Sshd, folder: Path) -> RsyncDestination:
    return RsyncDestination(f"{vault.user}@{HOST}:{folder}", ssh_config=str(vault.config))


def send_to(firm: Any, vault: Sshd, folder: str) -> None:
    """The firm's settings name the place as an admin would."""
    backups = type(firm.settings.backups)(
        destination=f"{vault.user}@{HOST}:{folder}",
        ssh_config=str(vault.config),
        recipient=firm.recipient,
        ship_every_s=1,
    )
    settings = {name: getattr(firm.settings, name) for name in firm.settings.__struct_fields__}
    firm.settings = type(firm.settings)(**{**settings, "backups": backups})
    write_settings(FirmDirectory(firm.directory).settings, firm.settings)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.soak  # some sixty calls, each of which signs in anew
@pytest.mark.parametrize("vault", ["", BOUND], indirect=True, ids=["a shell", "rrsync"])
def test_over_ssh_and_a_link_that_was_cut_the_firm_comes_back_to_its_last_fact(
    firm: Any, vault: Sshd, started: Any, told: Any, request: pytest.FixtureRequest
) -> None:
    send_to(firm, vault, "/" if "rrsync" in request.node.callspec.id else str(firm.copies))
    shipping = started("backup", "--ship", "--json", "--data-dir", firm.directory)
    while json.loads(shipping.stdout.readline()).get("after_row") is None:
        pass
    firm.go_on_with(firm.directory)
    vault.cut()
    firm.register(1002, "ben@trader.example")
    firm.tick(20)
    while "trying again" not in shipping.stderr.readline():
        pass
    vault.start()
    size = len(firm.rows())
    while json.loads(shipping.stdout.readline()).get("last", 0) < size:
        pass
    told("backup", "--keys", "--data-dir", firm.directory)
    fresh = told("backup", "--check", "--data-dir", firm.directory)
    assert (fresh["problems"], fresh["shipped_through"], fresh["snapshots"]) == ([], size, 1)
    shipping.send_signal(signal.SIGTERM)
    assert shipping.wait(PATIENCE_S) == 0
    target = firm.folder / "again"
    restored = told(
        "restore", "--from", firm.settings.backups.destination, "--ssh-config", vault.config,
        "--identity", firm.identity_file, "--secrets", firm.directory / "secrets", "--data-dir", target,
    )  # fmt: skip
    assert restored["size"] == size
    before, after = firm.rows(), firm.rows_of(target)
    assert after[:size] == before
    assert next(row.kind for row in after[size:]) == LedgerForked.__name__


def test_a_host_key_that_changed_is_told_in_plain_words_and_nothing_is_sent(vault: Sshd, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    place = place_of(vault, tmp_path / "copies")
    vault.cut()
    vault.new_host_key()
    vault.start()
    with pytest.raises(DestinationFailed, match="its host key is not the one that is known"):
        place.put(tmp_path / "file", "newest")
    with pytest.raises(DestinationFailed, match="its host key is not the one that is known"):
        place.names("snapshots")
    vault.known_hosts.write_text("")
    with pytest.raises(DestinationFailed, match="its host key is not known here"):
        place.names("snapshots")
    assert not (tmp_path / "copies").exists()


def test_a_key_that_does_not_open_and_a_machine_that_is_away_are_told_apart(vault: Sshd, tmp_path: Path) -> None:
    place = place_of(vault, tmp_path / "copies")
    (vault.folder / "authorized_keys").write_text("")
    with pytest.raises(DestinationFailed, match="lets nobody in by the key"):
        place.names("snapshots")
    vault.cut()
    with pytest.raises(DestinationFailed, match="Connection refused"):
        place.names("snapshots")


@pytest.mark.skipif(not RRSYNC, reason="no rrsync here: apt-get install rsync")
def test_a_far_rrsync_that_lets_one_in_at_a_time_is_told_how_to_let_in_more(tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    vault = Sshd(tmp_path / "vault", command=f"{RRSYNC} {tmp_path}/copies")
    vault.start()
    held = os.open(tmp_path / "copies", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DestinationFailed, match="give it -no-lock"):
            place_of(vault, Path("/")).names("")
    finally:
        os.close(held)
        vault.cut()


@pytest.mark.parametrize("vault", [BOUND], indirect=True)
def test_a_far_key_that_is_bound_opens_its_folder_and_no_other(vault: Sshd, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "private").write_text("nobody's business")
    place = place_of(vault, Path("/"))
    (tmp_path / "local").write_bytes(b"1")
    place.put(tmp_path / "local", "tail/one/two")
    assert (tmp_path / "copies/tail/one/two").read_bytes() == b"1"
    assert place.names("nothing/here") == []
    assert place.sizes("") == {"tail/one/two": 1}
    place.remove("tail", ["one"])
    assert place.names("tail") == []
    with pytest.raises(DestinationFailed):
        place_of(vault, tmp_path).get("private", tmp_path / "got", 100)
