"""Restoring beside a firm that ships all the while: what was signed and shipped meanwhile is no loss, and accuses nobody."""

from collections.abc import Callable
from typing import Any

import pytest

from backups.errors import RestoreRefused
from backups.restore import restore


@pytest.fixture
def living(house: Any) -> Any:
    """A sealed day, a snapshot, and a tail file after it."""
    house.tick(12)
    house.next_day()
    house.tick(2)
    house.snapshot()
    house.tick(2)
    house.ship()
    return house


def once_at(words: str, house: Any, number: int = 1002) -> tuple[Callable[[str], None], list[str]]:
    """Somebody signs up and prices come, all of it shipped, when that is being done for the first time."""
    did: list[str] = []

    def progress(said: str) -> None:
        if said.startswith(words) and not did:
            did.append(said)
            house.register(number, f"{number}@trader.example")
            house.tick(2)
            house.ship()

    return progress, did


@pytest.mark.parametrize("moment", ["fetching ledger.db", "fetching 0", "row ", "checking row"])
def test_a_rehearsal_is_of_what_lay_there_when_it_began(living: Any, moment: str) -> None:
    meanwhile, did = once_at(moment, living)
    restored = restore(living.wanted(keep=False), meanwhile)
    assert did
    assert restored.older == ()
    assert restored.size <= len(living.rows())


@pytest.mark.parametrize("moment", ["row ", "checking row"])
def test_a_firm_that_goes_on_while_it_is_restored_is_to_be_stopped_first(living: Any, moment: str) -> None:
    meanwhile, did = once_at(moment, living)
    wanted = living.wanted()
    with pytest.raises(RestoreRefused, match=r"has gone on meanwhile.*rows are missing.*stop it.*--accept-older"):
        restore(wanted, meanwhile)
    assert did
    assert not wanted.target.exists()
    meanwhile, did = once_at(moment, living, 1003)
    assert "rows are missing" in restore(living.wanted(accept_older=True), meanwhile).older[0]


def test_whoever_signs_up_while_the_keys_are_read_accuses_nobody_of_removing_any(living: Any) -> None:
    meanwhile, did = once_at("listed", living)
    sizes = living.destination.sizes

    def listed(folder: str) -> dict[str, int]:
        found: dict[str, int] = sizes(folder)
        if folder == "keys":
            meanwhile("listed keys/")
        return found

    living.destination.sizes = listed
    assert restore(living.wanted(keep=False)).older == ()
    assert did
