"""Serve: run a machine until it is told to stop: engine, clock, gateway, control socket and pages in one task group."""

import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import anyio
from anyio.abc import TaskGroup, TaskStatus

from appliance.alarms.watch import Watch
from appliance.alarms.ways import couriers_for, hand_over
from appliance.assembly import Machine
from appliance.calendar_courier import CalendarCourier
from appliance.clock import SystemClock, wall_us
from appliance.control import ControlReply, ControlRequest, serve_control
from appliance.erasing import forget_who_is_due
from appliance.errands import keep_house
from appliance.garbage import set_aside_what_stays
from appliance.name_reading import read_names
from appliance.notify import be_watched, inherited, tell
from appliance.page_settings import page_settings
from appliance.portal import STOP_SECONDS_MAX, Ready, address_of, serving_pages
from appliance.ports import portal_door
from appliance.post import mail_courier
from appliance.settings import ClockSource
from appliance.space import Space
from bridges.doorkeeper import NO_DOOR
from firm.inputs import ClockTicked
from firm.news import NEWS_NAME
from storage.errors import DiskRefused
from storage.files import FirmDirectory
from storage.sqlite_file import TracesRemain
from web.firm import Firm

NO_TICKETS: Mapping[str, str] = MappingProxyType({})

_LOG = logging.getLogger("evenhand.appliance")


async def serve(
    machine: Machine,
    handle: Callable[[Machine, ControlRequest], Awaitable[ControlReply]],
    *,
    ready: Ready,
    tickets: Mapping[str, str] = NO_TICKETS,
) -> None:
    """Until SIGTERM or SIGINT. `ready` is called with the portal's address once everything listens. `tickets`: as `Firm` has them."""
    with portal_door(machine.settings.web.host, machine.settings.web.port) as listener:
        space = Space(machine)
        space.look()
        _tidy(machine)
        await _serve_on(listener, machine, space, handle, ready, tickets)


def _tidy(machine: Machine) -> None:
    """Nothing waits for it: where the disk has no room for it, the next start tries again."""
    try:
        machine.tidy()
    except (DiskRefused, TracesRemain) as failed:
        _LOG.warning("what was sealed for rows that never came was not erased yet: %s", failed)


async def _serve_on(
    listener: socket.socket,
    machine: Machine,
    space: Space,
    handle: Callable[[Machine, ControlRequest], Awaitable[ControlReply]],
    ready: Ready,
    tickets: Mapping[str, str],
) -> None:
    couriers = couriers_for(machine.settings.alarms, machine.secret_texts, machine.outbound)
    hand_over(machine.undelivered, couriers)
    watch = Watch(machine, couriers)
    async with anyio.create_task_group() as tasks:
        await tasks.start(_run_engine, machine, tasks)
        gateway_door = inherited("gateway")
        await tasks.start(machine.gateway.serve, NO_DOOR if gateway_door is None else gateway_door.detach())
        tasks.start_soon(_tick, machine)
        tasks.start_soon(space.watch)
        tasks.start_soon(keep_house, machine)
        tasks.start_soon(forget_who_is_due, machine)
        tasks.start_soon(read_names, machine)
        tasks.start_soon(watch.run)
        tasks.start_soon(_calendar_courier(machine).run)
        machine.mails = mail_courier(machine)
        if machine.mails is not None:
            tasks.start_soon(machine.mails.run)
        path = FirmDirectory(machine.directory).control_socket
        await tasks.start(serve_control, path, lambda request: handle(machine, request))
        set_aside_what_stays()
        # Before anybody hears that it serves, so that whoever stops it at that word finds it listening.
        with signals_to_stop() as told:
            async with serving_pages(as_pages_see_it(machine, watch, tickets), machine.door, listener):
                ready(address_of(listener))
                tell("READY=1")
                tasks.start_soon(be_watched, machine.runner.prove_life_to, machine.runner.knock)
                await told()
        if machine.mails is not None:
            await machine.mails.stop()
        machine.runner.stop()


def _calendar_courier(machine: Machine) -> CalendarCourier:
    def version() -> str:
        adopted = machine.engine.calendar(NEWS_NAME)
        return "" if adopted is None else adopted.version

    def is_current() -> None:
        machine.calendar_current_us = wall_us()

    return CalendarCourier(machine.settings.calendar, version, machine.ask, machine.outbound, is_current)


def as_pages_see_it(machine: Machine, watch: Watch, tickets: Mapping[str, str]) -> Firm:
    """The machine as its pages see it."""
    return Firm(
        **page_settings(machine.settings),
        live=machine.live,
        reader=machine.reader,
        vault=machine.vault,
        names=machine.names,
        sessions=machine.sessions,
        drafts=machine.drafts,
        throttle=machine.throttle,
        devices=machine.devices,
        keys_used=machine.keys_used,
        links=machine.links,
        ask=machine.ask,
        evidence=machine.evidence,
        now_us=machine.clock.now_us,
        wall_us=wall_us,
        streams_max=machine.door.streams_max,
        machine=watch,
        held=lambda: machine.runner.held,
        held_since_us=lambda: machine.held_since_us,
        tickets=tickets,
        lab=machine.lab,
        inspector=machine.inspection,
        brand=machine.brand,
    )


async def _run_engine(
    machine: Machine, tasks: TaskGroup, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """The engine ends last: whatever still waits is made durable, then everything else is cancelled."""
    task_status.started()
    await machine.runner.run()
    tasks.cancel_scope.cancel()


async def _tick(machine: Machine) -> None:
    """The clock courier: desks learn the time as an input. In a simulation the platform's reports bring it instead."""
    if machine.settings.clock.source is ClockSource.SIMULATED:
        return
    assert isinstance(machine.clock, SystemClock)
    while True:
        await anyio.sleep(machine.settings.clock.tick_every_ms / 1_000)
        if not machine.runner.held:  # time that passes meanwhile is told by the first tick after it
            machine.put(ClockTicked(at_us=machine.clock.now_us()))


@contextmanager
def signals_to_stop() -> Iterator[Callable[[], Awaitable[None]]]:
    """What is given waits for SIGTERM or SIGINT, and tells whoever started us that we are about to end."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:

        async def told() -> None:
            came = await anext(aiter(signals))
            _LOG.info("stopping: %s came; open pages get up to %d s to end", came.name, STOP_SECONDS_MAX)
            tell("STOPPING=1")

        yield told
