"""The staff's health page shows the alarms that are raised, and what their texts hold is never markup."""

from typing import Any

import anyio

from appliance.alarms.book import AlarmBook
from appliance.alarms.limits import AlarmSettings
from appliance.alarms.notice import Alarm, Reading
from appliance.alarms.remedies import REMEDIES
from firm.instant import HOUR_US, MINUTE_US
from web.machine import CopiesSeen, Unwatched

NINE_US = 1_772_442_000_000_000


class Watched(Unwatched):
    """A machine with one alarm in its book."""

    def __init__(self) -> None:
        self.book = AlarmBook(AlarmSettings(), "Fairhaven")
        text = "bridge <sim> has sent no price for 120 s while sessions are open; another is silent, too"
        reading = Reading(alarm=Alarm.FEED_SILENT, subject="sim", is_bad=True, is_well=False, text=text)
        self.book.learn([reading], 0, NINE_US)

    def alarms(self) -> Any:
        return self.book.standing()

    def first_step(self, alarm: str) -> str:
        return REMEDIES[Alarm(alarm)]

    def copies(self) -> CopiesSeen:
        """Looked at an hour ago by the machine's clock, which stands at 9:00."""
        problems = ('4 rows are not shipped: see that "evenhand backup --ship" runs', "no copy of the keys")
        return CopiesSeen(
            wanted=True, snapshot_us=NINE_US - 7 * HOUR_US, checked_us=NINE_US - HOUR_US, problems=problems
        )


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


async def test_each_alarm_says_what_to_do_first_and_each_finding_has_a_line(
    ruth: Any, stage: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(stage.firm.__dict__, "machine", Watched())
    page = (await ruth.get("/staff/health")).text
    card = page.partition('data-live="alarms"')[2].partition("</section>")[0]
    assert REMEDIES[Alarm.FEED_SILENT] in card
    assert '<span class="line">Another is silent, too</span>' in card


async def test_an_alarm_is_counted_on_every_page_of_the_staff_and_is_what_to_do_next(
    ruth: Any, ada: Any, stage: Any, monkeypatch: Any
) -> None:
    calm = (await ruth.get("/staff")).text
    assert "alarm raised" not in calm
    assert "What to do next" not in calm
    monkeypatch.setitem(stage.firm.__dict__, "machine", Watched())
    for path in ("/staff", "/staff/accounts", "/staff/decisions", "/staff/nothing-here"):
        assert '<span class="unseen"> 1 alarm raised</span>' in (await ruth.get(path)).text, path
    home = (await ruth.get("/staff")).text.partition('id="next-title"')[2].partition("</section>")[0]
    assert "1 alarm is raised:</b> feed silent." in home
    assert "alarm" not in (await ada.get("/accounts")).text


async def test_copies_are_told_with_their_ages_and_a_line_for_each_finding(
    ruth: Any, stage: Any, monkeypatch: Any
) -> None:
    assert "Nobody looks at them at the moment." in (await ruth.get("/staff/health")).text
    machine = Watched()
    monkeypatch.setitem(stage.firm.__dict__, "machine", machine)
    unset = CopiesSeen(wanted=False, snapshot_us=0, checked_us=0, problems=())
    with monkeypatch.context() as nowhere:
        nowhere.setattr(machine, "copies", lambda: unset)
        assert "<code>backups.destination</code> is not set" in (await ruth.get("/staff/health")).text
    monkeypatch.setitem(stage.firm.__dict__, "wall_us", lambda: NINE_US + MINUTE_US)
    card = (await ruth.get("/staff/health")).text.partition('id="copies-title"')[2].partition("</section>")[0]
    assert "7\xa0h 1\xa0min old" in card
    assert "1\xa0h 1\xa0min ago" in card
    assert card.count("<li>") == 2
    assert "see what the last check found" in card
