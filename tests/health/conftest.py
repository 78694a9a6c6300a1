"""Machines to look over: the hand-driven firm of the appliance's own tests, and a watch on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.lowlevel
import msgspec
import pytest

from appliance.alarms.notice import Alarm, Notice, Saying
from appliance.alarms.watch import Watch
from appliance.assembly import Machine
from appliance.settings import Settings
from bridges.outbound.address import read_address
from bridges.outbound.client import Outbound
from bridges.outbound.rules import Rules
from bridges.outbound.surroundings import Resolver, Surroundings
from tests.health import sinks as outside
from tests.loading import loaded

APPLIANCE = loaded("health_appliance", Path(__file__).parents[1] / "appliance" / "conftest.py")

shop, live, sold, serving = APPLIANCE.shop, APPLIANCE.live, APPLIANCE.sold, APPLIANCE.serving
bridge_hands, until, run = APPLIANCE.bridge_hands, APPLIANCE.until, APPLIANCE.run


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def appliance() -> Any:
    """Its hands and words: `Shop`, `small_settings`, `usd`, Ada."""
    return APPLIANCE


@pytest.fixture
def adjust() -> Callable[..., None]:
    """Other limits for a machine that is open: `look_every_s=0` makes two looks in a row count as a lasting fault."""

    def change(machine: Machine, **limits: int) -> None:
        alarms = msgspec.structs.replace(machine.settings.alarms, look_every_s=0, **limits)
        machine.settings = msgspec.structs.replace(machine.settings, alarms=alarms)
        machine.alarms._limits = alarms

    return change


class Overheard(Watch):
    """A watch that writes down what it says."""

    def __init__(self, machine: Machine, said: list[Notice]) -> None:
        super().__init__(machine, [])
        self._said = said

    async def look(self) -> list[Notice]:
        notices = await super().look()
        self._said += notices
        return notices


@pytest.fixture
def said_so_far() -> list[Notice]:
    """Everything that the watches of this test have said."""
    return []


@pytest.fixture
def watched(said_so_far: list[Notice]) -> Callable[[Machine], Watch]:
    return lambda machine: Overheard(machine, said_so_far)


@pytest.fixture(autouse=True)
def _held_to_the_alarm_it_is_to_fire(request: pytest.FixtureRequest, said_so_far: list[Notice]) -> Iterator[None]:
    yield
    raised = {notice.alarm for notice in said_so_far if notice.saying is Saying.RAISED}
    for marker in request.node.iter_markers("fires"):
        assert marker.args[0] in raised, f"{marker.args[0]} was never raised"


@pytest.fixture
def raised() -> Callable[..., list[Notice]]:
    """What was said about one alarm."""

    def only(notices: list[Notice], alarm: Alarm) -> list[Notice]:
        return [notice for notice in notices if notice.alarm is alarm]

    return only


@pytest.fixture
def on_the_clock(appliance: Any) -> Callable[..., Settings]:
    """Settings of a firm on the machine's own clock."""

    def settings(**sections: Any) -> Settings:
        plain = appliance.small_settings()
        return msgspec.structs.replace(plain, clock=appliance.ClockSettings(), **sections)

    return settings


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    """A way out that may call these URLs, though they are inside. Nobody waits between tries."""

    def to(*urls: str, **rules: Any) -> Outbound:
        around = Surroundings(Resolver(), sleep=lambda _: anyio.lowlevel.checkpoint())
        return Outbound(
            Rules(listed=frozenset(read_address(url).origin for url in urls), **rules), "evenhand/test", around
        )

    return to


@pytest.fixture(scope="session")
def sinks() -> Any:
    return outside


@pytest.fixture(scope="session")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make the mail server's certificate with")
    return outside.certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def notice() -> Notice:
    return Notice(
        id="alarm_0123456789abcdef",
        saying=Saying.RAISED,
        alarm=Alarm.FEED_SILENT,
        subject="sim",
        text="bridge sim has sent no price for 120 s while sessions are open",
        since_us=1_399_000_000_000_000,
        at_us=1_399_000_005_000_000,
        firm="Northlight",
        runbook="docs/operating/runbooks.md#feed_silent",
    )


@pytest.fixture
def look(watched: Any, raised: Any) -> Callable[..., Any]:
    """Look a machine over once, with a watch that stays; what is said about one alarm."""
    watches: dict[int, Any] = {}

    async def once(machine: Any, alarm: Alarm) -> list[Notice]:
        watch = watches.setdefault(id(machine), None) or watched(machine)
        watches[id(machine)] = watch
        return raised(await watch.look(), alarm)

    return once
