"""Mutants: firms with a fault that loses what was acknowledged. The bed has teeth only as long as it catches each of them."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from firm.commands import RegisterTrader
from storage import vault as vault_module
from storage.commitment import SALT_BYTES, commitment_of
from storage.ledger import Ledger
from storage.people import Identity
from tests.faults.recovery import Tally, try_crashes
from tests.faults.scenes import SCENES, Player, Rows, Scene, Trace, play

IMAGES = 160  # of a scene: without a fault test_power_cut.py finds nothing in many more


def tally_of(trace: Trace, folders: Iterator[Path]) -> Tally:
    return try_crashes(trace, next(folders), Random(7), images_max=IMAGES, every=3)


def test_a_ledger_that_does_not_sync_each_commit_is_caught(
    folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import storage.ledger as module

    opening = module.open_for_writing

    def hasty(*arguments: Any, **more: Any) -> apsw.Connection:
        connection = opening(*arguments, **more)
        connection.pragma("synchronous", "NORMAL")
        return connection

    monkeypatch.setattr(module, "open_for_writing", hasty)
    trace = play(SCENES["trading"], next(folders) / "firm")
    monkeypatch.undo()
    monkeypatch.setattr("storage.schema.WAL_CHECKPOINT_PAGES", 20)
    tally = tally_of(trace, folders)
    assert tally.kinds["lost"] > 20
    assert not tally.kinds["unsound"]  # it loses commits, but keeps them in order


def test_a_disk_that_lies_about_syncing_is_caught(folders: Iterator[Path]) -> None:
    tally = tally_of(play(SCENES["trading"], next(folders) / "firm", lies=True), folders)
    assert tally.kinds["lost"] > 20
    assert (
        tally.total > tally.kinds["refused"] > 5
    )  # it damages the file as well, and that does not go unnoticed either


def test_an_acknowledgement_before_the_commit_is_caught(folders: Iterator[Path]) -> None:
    class Hurried(Player):
        def append(self, ledger: Ledger, rows: Rows, **more: object) -> None:
            self.tape.tell("acked", ledger.size + len(rows))
            super().append(ledger, rows, **more)

    trace = play(SCENES["trading"], next(folders) / "firm", player=Hurried)
    tally = tally_of(trace, folders)
    assert tally.kinds["lost"] > 20
    assert set(tally.kinds) == {"lost"}


def test_a_vault_that_is_written_after_the_ledger_is_caught(
    folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep_people_late(player: Player) -> None:
        vault, ledger = player.open_vault(), player.open()
        for number in range(1, 4):
            salt = Random(number).randbytes(SALT_BYTES)
            monkeypatch.setattr(vault_module, "random", lambda _, salt=salt: salt)
            mail = f"ada{number}@example.org"
            identity = Identity(kind="trader", id=number, role="", name="Ada", mail=mail)
            commitment = commitment_of(salt, "identity", vault_module.msgspec.json.encode(identity))
            player.trace.people[number] = commitment
            player.say(ledger, RegisterTrader(by="console", trader=number, sealed=commitment))
            assert vault.add_person("trader", number, mail, "Ada", "$argon2id$") == commitment

    tally = tally_of(play(Scene(keep_people_late), next(folders) / "firm"), folders)
    assert tally.kinds["unopened"] > 10
    assert tally.kinds["unsound"] > 10  # verify tells it as well
    assert not tally.kinds["lost"]
