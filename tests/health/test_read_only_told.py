"""A firm that is read-only: a person is told by the same couriers, once, and hears when it is over; nothing says that it is well."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx
import msgspec
import pytest

from appliance.alarms.book import OVER_AFTER_S
from appliance.alarms.limits import MailSettings
from appliance.alarms.notice import Alarm, Notice, Saying
from appliance.alarms.read_only_watch import ReadOnlyWatch, Told
from appliance.alarms.watch import Watch
from appliance.alarms.ways import couriers_for, hand_over
from appliance.clock import wall_us
from appliance.outbound_settings import OutboundSettings
from appliance.ports import free_port
from appliance.read_only import ReadOnlyFirm
from appliance.settings_file import settings_toml
from appliance.smtp import MailTls
from tests.health.test_metrics import Families
from web.app import create_app

WHY = "/var/lib/evenhand/ledger.db cannot be written (disk I/O error)"
KEY, TOKEN = "a-key-that-the-receiver-has-too", "t" * 32
PATIENCE_S, FOR_EVER_S = 20, 1_000.0


@pytest.fixture
def sick(shop: Any, sinks: Any) -> Iterator[tuple[Any, Any]]:
    """A firm that lies on a disk which takes nothing; and where its webhook and its heartbeat go to."""
    with sinks.running(sinks.HttpSink([])) as sink:
        plain = shop.settings
        webhook = msgspec.structs.replace(plain.alarms.webhook, url=f"{sink.url}/alarms")
        shop.settings = msgspec.structs.replace(
            plain,
            alarms=msgspec.structs.replace(plain.alarms, webhook=webhook, look_every_s=1),
            heartbeat=msgspec.structs.replace(plain.heartbeat, url=f"{sink.url}/alive"),
            outbound=OutboundSettings(inside=f"{sink.url} (the test's own)"),
        )
        shop.files.settings.write_text(settings_toml(shop.settings))
        for name, text in {"alarm_webhook_key": KEY, "metrics_token": TOKEN}.items():
            path = shop.files.secrets / name
            path.write_text(text)
            path.chmod(0o600)
        shop.machine.close()
        yield shop, sink


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch, said_so_far: list[Notice]) -> list[Notice]:
    """What any stay says."""
    look = ReadOnlyWatch.look

    async def aloud(watch: ReadOnlyWatch) -> list[Notice]:
        notices = await look(watch)
        said_so_far.extend(notices)
        return notices

    monkeypatch.setattr(ReadOnlyWatch, "look", aloud)
    return said_so_far


async def stay(firm: ReadOnlyFirm, enough: Callable[[], Any]) -> None:
    """It is served on a disk that stays sick, until the test has seen enough."""
    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(firm.serve, lambda _: None, FOR_EVER_S)
            while not enough():  # noqa: ASYNC110
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()


@pytest.mark.fires(Alarm.READ_ONLY)
async def test_it_is_told_by_webhook_and_no_heartbeat_says_that_all_is_well(
    sick: tuple[Any, Any], overheard: list[Notice]
) -> None:
    shop, sink = sick
    with ReadOnlyFirm(shop.directory, WHY) as firm:
        await stay(firm, lambda: sink.heard and firm.watch.couriers[0].told["delivered"])
        [standing] = firm.firm.machine.alarms()
    [heard] = sink.heard
    told = json.loads(heard.body)
    assert (heard.path, told["type"], told["data"]["alarm"]) == ("/alarms", "alarm.raised", "read_only")
    assert told["data"]["text"] == f"the firm takes nothing, and its pages are read-only: {WHY}" == standing.text
    assert [notice.saying for notice in overheard] == [Saying.RAISED]


async def test_one_outage_is_told_once_however_often_the_firm_tries_to_start_and_the_firm_that_serves_says_that_it_is_over(
    sick: tuple[Any, Any], overheard: list[Notice]
) -> None:
    shop, sink = sick
    with ReadOnlyFirm(shop.directory, WHY) as firm:
        await stay(firm, lambda: sink.heard and firm.watch.couriers[0].told["delivered"])
    told = firm.watch.told()
    with ReadOnlyFirm(shop.directory, WHY, told) as again:
        looks: list[int] = []
        await stay(again, lambda: looks.append(1) or len(looks) > 50)
        [standing] = again.watch.alarms()
        told = again.watch.told()
    assert told.undelivered == {"webhook": ()}
    assert [notice.saying for notice in overheard] == [Saying.RAISED]
    machine = shop.reopen()
    machine.alarms.go_on_from(told.book)
    assert machine.alarms.standing() == (standing,)
    now_s = time.monotonic()
    assert machine.alarms.learn([], now_s, wall_us()) == []
    [over] = machine.alarms.learn([], now_s + OVER_AFTER_S, wall_us())
    assert (over.alarm, over.saying, over.since_us) == (Alarm.READ_ONLY, Saying.OVER, standing.since_us)


async def test_what_a_stay_could_not_tell_is_told_by_the_next(sick: tuple[Any, Any], overheard: list[Notice]) -> None:
    shop, sink = sick
    sink.answers[:] = [503]
    with ReadOnlyFirm(shop.directory, WHY) as firm:
        await stay(firm, lambda: sink.heard)
    told = firm.watch.told()
    [notice] = told.undelivered["webhook"]
    with ReadOnlyFirm(shop.directory, WHY, told) as again:
        await stay(again, lambda: again.watch.couriers[0].told["delivered"])
    assert [heard.headers["webhook-id"] for heard in sink.heard] == [notice.id, notice.id]
    assert [notice.saying for notice in overheard] == [Saying.RAISED]


async def test_with_one_of_two_couriers_down_the_other_says_it_once_and_both_say_when_it_is_over(
    sick: tuple[Any, Any], overheard: list[Notice], sinks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server takes no connection for as long as the firm is read-only."""
    shop, sink = sick
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    mail = MailSettings(
        host="127.0.0.1", port=free_port("127.0.0.1"), sender="a@b.example", to="c@d.example", tls=MailTls.NONE
    )
    alarms = msgspec.structs.replace(shop.settings.alarms, mail=mail)
    shop.settings = msgspec.structs.replace(shop.settings, alarms=alarms)
    shop.files.settings.write_text(settings_toml(shop.settings))
    told: Told | None = None
    for _ in range(3):
        with ReadOnlyFirm(shop.directory, WHY, told) as firm:
            post, hook = firm.watch.couriers
            is_told = told is not None
            await stay(
                firm,
                lambda: (is_told or hook.told["delivered"]) and post.told["failed_tries"],  # noqa: B023
            )
        told = firm.watch.told()
    assert told is not None
    assert hooked(sink) == ["alarm.raised"]

    mailed: list[Saying] = []

    async def deliver(_: Any, notice: Notice) -> None:
        mailed.append(notice.saying)

    monkeypatch.setattr("appliance.alarms.mail.MailCourier.deliver", deliver)
    machine = shop.reopen()
    machine.alarms.go_on_from(told.book)
    couriers = couriers_for(machine.settings.alarms, machine.secret_texts, machine.outbound)
    hand_over(told.undelivered, couriers)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Watch(machine, couriers).run)
        await sinks.soon(lambda: len(hooked(sink)) == 2 and len(mailed) == 2)
        tasks.cancel_scope.cancel()
    assert hooked(sink) == ["alarm.raised", "alarm.over"]
    assert mailed == [Saying.RAISED, Saying.OVER]


def hooked(sink: Any) -> list[str]:
    """What the webhook was told of it."""
    told = [json.loads(heard.body) for heard in sink.heard if heard.path == "/alarms"]
    return [one["type"] for one in told if one["data"]["alarm"] == "read_only"]


async def test_figures_can_be_read_with_the_token_and_say_it(sick: tuple[Any, Any]) -> None:
    shop, _ = sick
    with ReadOnlyFirm(shop.directory, WHY) as firm:
        await firm.watch.look()
        stranger = httpx.ASGITransport(create_app(firm.firm), client=("192.0.2.7", 40_000))
        async with httpx.AsyncClient(transport=stranger, base_url="http://portal.example") as asking:
            assert (await asking.get("/metrics")).status_code == 403
            answer = await asking.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    page = Families(answer.text)
    assert page.series['evenhand_alarm_raised{alarm="read_only"}'] == 1
    assert page.series["evenhand_ledger_rows"] > 0
    assert page.of("evenhand_alarm_raised").keys() == {f'evenhand_alarm_raised{{alarm="{one}"}}' for one in Alarm}
