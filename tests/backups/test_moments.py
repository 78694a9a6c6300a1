"""The moment that a person asks for: in reach or not, and what is said of it, always in UTC."""

from typing import Any

import pytest

from backups.errors import RestoreRefused
from backups.names import wall_us
from backups.wanted import Until
from firm.instant import DAY_US, SECOND_US, utc_text


def test_a_moment_before_every_snapshot_is_told_with_those_that_are_in_reach(house: Any) -> None:
    house.tick(3)
    first = (len(house.rows()), house.now_us)
    house.snapshot()
    house.tick(3)
    second = (len(house.rows()), house.now_us)
    house.snapshot()
    house.tick(2)
    house.ship()
    asked = house.now_us - DAY_US
    with pytest.raises(RestoreRefused) as refused:
        house.restore(until=Until(instant_us=asked))
    said = str(refused.value)
    assert f"no whole snapshot up to {utc_text(asked)}, 2 lie there in all" in said
    assert f"from {utc_text(first[1])} (row {first[0]}) to {utc_text(second[1])} (row {second[0]}), UTC" in said
    assert f"up to row {len(house.rows())}; name a moment in it" in said
    assert "an earlier moment" not in said


def test_a_moment_in_the_future_is_refused_as_a_row_is(house: Any) -> None:
    house.snapshot()
    future = wall_us() + DAY_US
    with pytest.raises(
        RestoreRefused, match=rf"copies end at row \d+.*{utc_text(future)}, in the future.*--accept-older"
    ):
        house.restore(until=Until(instant_us=future))
    _, restored = house.restore(until=Until(instant_us=future), accept_older=True)
    assert "in the future" in restored.older[0]


def test_an_earlier_moment_says_that_it_always_leaves_what_came_after(house: Any) -> None:
    house.snapshot()
    house.tick(5)
    house.ship()
    with pytest.raises(RestoreRefused, match=r"An earlier moment than the newest always leaves.*--accept-older"):
        house.restore(until=Until(instant_us=house.now_us - 2 * SECOND_US))


def test_a_restore_says_up_to_which_instant_it_came(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    where = ("--from", firm.copies, "--identity", firm.identity_file, "--secrets", firm.directory / "secrets")
    text = run("restore", *where, "--data-dir", firm.folder / "again").stdout
    assert f"rows, up to {utc_text(firm.now_us)}, restored and verified" in text
    words = " ".join(run("restore", "--help").stdout.split())
    assert "earlier than the newest needs --accept-older" in words


@pytest.mark.parametrize("accepted", [False, True])
def test_a_file_that_is_no_checkpoint_of_this_firm_tells_of_no_loss(house: Any, tmp_path: Any, accepted: bool) -> None:
    house.snapshot()
    (tmp_path / "other").mkdir()
    other = type(house)(tmp_path / "other")
    other.open_for_business()
    anothers = other.machine.reader.checkpoint().note
    other.machine.close()
    for note in ("09:12:01 INFO serving Northlight\n", anothers):
        with pytest.raises(RestoreRefused, match="is no checkpoint of this firm") as refused:
            house.restore(notes=(note,), accept_older=accepted)
        assert "newer checkpoint is known" not in str(refused.value)


def test_a_log_that_is_named_as_a_checkpoint_is_told_by_its_name(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    log = firm.folder / "evenhand.log"
    log.write_text("09:12:01 INFO serving Northlight\n")
    where = ("--from", firm.copies, "--identity", firm.identity_file, "--secrets", firm.directory / "secrets")
    refused = run("restore", *where, "--data-dir", firm.folder / "again", "--newer-checkpoint", log, status=2)
    assert f"{log} is no signed checkpoint" in refused.stderr
    assert "--accept-older" not in refused.stderr


def test_one_snapshot_that_is_too_young_lies_there(house: Any) -> None:
    house.tick(3)
    house.snapshot()
    with pytest.raises(RestoreRefused, match=", 1 lies there in all"):
        house.restore(until=Until(instant_us=house.now_us - DAY_US))
