"""The staff's health page shows the alarms that are raised, and what their texts hold is never markup."""

from typing import Any

import anyio

from appliance.alarms.book import AlarmBook
from appliance.alarms.limits import AlarmSettings
from appliance.alarms.notice import Alarm, Reading
from web.machine import Unwatched


class Watched(Unwatched):
    """A machine with one alarm in its book."""

    def __init__(self) -> None:
        self.book = AlarmBook(AlarmSettings(), "Fairhaven")
        text = "bridge <sim> has sent no price for 120 s while sessions are open"
        reading = Reading(alarm=Alarm.FEED_SILENT, subject="sim", is_bad=True, is_well=False, text=text)
        self.book.learn([reading], 0, 1_772_442_000_000_000)

    def alarms(self) -> Any:
        return self.book.standing()


async def test_alarms_are_on_the_health_page_and_in_its_stream(ruth: Any, stage: Any, monkeypatch: Any) -> None:
    assert "None is raised." in (await ruth.get("/staff/health")).text
    monkeypatch.setitem(stage.firm.__dict__, "machine", Watched())
    page = (await ruth.get("/staff/health")).text
    card = page.partition('data-live="alarms"')[2].partition("</section>")[0]
    assert "Feed silent" in card
    assert "<code>feed_silent</code>" in card
    assert "Bridge &lt;sim&gt; has sent no price" in card
    assert "09:00" in card
    async with ruth.stream("GET", "/staff/health/live") as answer:
        with anyio.fail_after(5):
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and "feed_silent" in line:
                    break
