"""Serve: run a machine until it is told to stop: engine, clock, gateway, control socket and pages in one task group."""

import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import anyio
import uvicorn
from anyio.abc import TaskGroup, TaskStatus

from appliance.alarms.watch import Watch, couriers_of
from appliance.assembly import Machine
from appliance.clock import SystemClock, wall_us
from appliance.control import ControlReply, ControlRequest, serve_control
from appliance.errands import keep_house
from appliance.notify import be_watched, inherited, tell
from appliance.ports import portal_door
from appliance.settings import ClockSource
from appliance.space import Space
from bridges.doorkeeper import NO_DOOR
from firm.inputs import ClockTicked
from storage.files import FirmDirectory

# States are values without cycles and die by reference count: what a collector could find is the little that pages leave.
GARBAGE_THRESHOLDS = (2_000, 50, 50)
STOP_SECONDS_MAX = 10  # how long open pages may take to end
LAST_WORD_S = 0.25  # from a connection to its request: more than a round trip to the proxy

_LOG = logging.getLogger("evenhand.appliance")


class _Pages(uvicorn.Server):
    """Uvicorn without signal handlers of its own: this program stops it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def let_nobody_in(self) -> None:
        """Whoever comes now waits at the door for the next process; who came in a moment ago still gets to say what for."""
        for server in self.servers:
            server.close()
        await anyio.sleep(LAST_WORD_S)


async def serve(
    machine: Machine,
    handle: Callable[[Machine, ControlRequest], Awaitable[ControlReply]],
    *,
    ready: Callable[[str], None],
) -> None:
    """Until SIGTERM or SIGINT. `ready` is called with the portal's address once everything listens."""
    with portal_door(machine.settings.web.host, machine.settings.web.port) as listener:
        space = Space(machine)
        space.look()
        machine.tidy()
        await _serve_on(listener, machine, space, handle, ready)


async def _serve_on(
    listener: socket.socket,
    machine: Machine,
    space: Space,
    handle: Callable[[Machine, ControlRequest], Awaitable[ControlReply]],
    ready: Callable[[str], None],
) -> None:
    watch = Watch(machine, couriers_of(machine))
    pages, end_streams = _pages(machine, watch)
    async with anyio.create_task_group() as tasks:
        await tasks.start(_run_engine, machine, tasks)
        gateway_door = inherited("gateway")
        await tasks.start(machine.gateway.serve, NO_DOOR if gateway_door is None else gateway_door.detach())
        tasks.start_soon(_tick, machine)
        tasks.start_soon(space.watch)
        tasks.start_soon(keep_house, machine)
        tasks.start_soon(watch.run)
        path = FirmDirectory(machine.directory).control_socket
        await tasks.start(serve_control, path, lambda request: handle(machine, request))
        _set_aside_what_stays()
        served = anyio.Event()
        tasks.start_soon(_serve_pages, pages, listener, served)
        host, port = listener.getsockname()[:2]
        # Who is told that the firm is ready may stop it at once.
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            ready(f"http://{host}:{port}")
            tell("READY=1")
            tasks.start_soon(be_watched, machine.runner.prove_life_to, machine.runner.knock)
            told = await anext(aiter(signals))
        _LOG.info("stopping: %s came; open pages get up to %d s to end", told.name, STOP_SECONDS_MAX)
        tell("STOPPING=1")
        await pages.let_nobody_in()
        end_streams()
        pages.should_exit = True
        await served.wait()
        machine.runner.stop()


def _set_aside_what_stays() -> None:
    """Code and recovered accounts live as long as the process: a full garbage collection among prices shall not walk them."""
    gc.collect()
    gc.freeze()
    gc.collect()  # so that the collector reckons its share from what is left
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _pages(machine: Machine, watch: Watch) -> tuple[_Pages, Callable[[], None]]:
    """The web room is imported here, after recovery: it takes longer than everything else together."""
    from web.app import create_app, end_streams
    from web.firm import Firm

    web = machine.settings.web
    firm = Firm(
        name=machine.settings.firm.name,
        live=machine.live,
        reader=machine.reader,
        vault=machine.vault,
        sessions=machine.sessions,
        throttle=machine.throttle,
        ask=machine.ask,
        evidence=machine.evidence,
        now_us=machine.clock.now_us,
        wall_us=wall_us,
        https=web.tls_behind_proxy,
        machine=watch,
    )
    app = create_app(firm)
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="asyncio",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level=logging.WARNING,
        server_header=False,
        proxy_headers=web.tls_behind_proxy,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )
    return _Pages(config), partial(end_streams, app)


async def _serve_pages(pages: _Pages, listener: socket.socket, served: anyio.Event) -> None:
    await pages.serve(sockets=[listener])
    if not pages.should_exit:
        raise RuntimeError("the web server ended by itself: see the log above")
    served.set()


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
