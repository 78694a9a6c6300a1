"""What only alarms look at refuses no start: a note that cannot be read is told as such, and so are files that cannot be looked at."""

import errno
import os
from typing import Any

import pytest

from appliance.alarms import watch as watching
from appliance.alarms.backup_age import NAME, last_backup_us
from appliance.alarms.checks import look_over
from appliance.alarms.copies_check import NAME as CHECK_NAME
from appliance.alarms.notice import Alarm, Saying


@pytest.mark.parametrize("name", [NAME, CHECK_NAME])
async def test_a_folder_in_the_place_of_a_note_refuses_no_start(shop: Any, watched: Any, name: str) -> None:
    (shop.directory / name).mkdir()
    await watched(shop.machine).look()
    assert shop.machine.files_unseen == ""


def test_a_note_that_cannot_be_opened_is_as_old_as_can_be(tmp_path: Any) -> None:
    assert last_backup_us(tmp_path) == 0
    (tmp_path / NAME).mkdir()
    assert last_backup_us(tmp_path) == 1


@pytest.mark.fires(Alarm.DISK_LOW)
async def test_files_that_cannot_be_looked_at_refuse_no_start_and_are_told(
    shop: Any, watched: Any, adjust: Any, raised: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    adjust(shop.machine, disk_free_low_mb=20)
    look = watching.file_figures

    def refused(*_: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(watching, "file_figures", refused)
    watch = watched(shop.machine)
    assert "evenhand_disk_free_bytes" not in watch.metrics(0)
    bad = {one.alarm for one in look_over(watch.figures, shop.machine.settings.alarms) if one.is_bad}
    assert Alarm.DISK_LOW not in bad
    assert Alarm.BACKUP_OLD not in bad
    notices = [notice for _ in range(4) for notice in raised(await watch.look(), Alarm.DISK_LOW)]
    [told] = notices
    assert (told.saying, told.subject) == (Saying.RAISED, "files")
    assert "cannot be looked at (Input/output error)" in told.text
    monkeypatch.setattr(watching, "file_figures", look)
    assert [one.saying for one in raised(await watch.look(), Alarm.DISK_LOW)] == [Saying.OVER]
    assert "evenhand_disk_free_bytes" in watch.metrics(0)
