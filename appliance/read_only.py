"""Read-only: the pages of a firm that cannot be started: what is durable can be read, and nothing is taken.

So a firm comes back whose commit failed, for as long as its disk is not well, and one whose stored facts are not what this
engine decides again, until a person has looked. Bridges find no gateway and keep what they have; who signs in does so for this
stay only.
"""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio
from anyio import to_thread

from actors.arrival import Decided, Held
from actors.directory import Directory
from actors.engine import Engine
from actors.live_board import LiveBoard
from actors.meter import Meter
from actors.recovery import ReplayDiverged, recover
from appliance.alarms.notice import Alarm, Reading
from appliance.alarms.read_only_watch import ReadOnlyWatch, Told
from appliance.alarms.secret_texts import read_secret_texts
from appliance.assembly import alarm_desk, clock_of
from appliance.brand_files import read_brand
from appliance.clock import wall_us
from appliance.digest import engine_digest
from appliance.health import HealthBook
from appliance.notify import by_progress, tell
from appliance.page_settings import page_settings
from appliance.portal import Ready, address_of, serving_pages
from appliance.portal_door import PortalDoor, connections_allowed
from appliance.ports import portal_door
from appliance.serve import signals_to_stop
from appliance.settings_file import read_settings
from firm.commands import Command
from firm.instant import MINUTE_US
from storage.devices import DeviceBook
from storage.drafts import DraftStore
from storage.evidence import build_bundle
from storage.files import open_firm_directory, write_new
from storage.front import FrontFile
from storage.keys_used import KeysUsed
from storage.links import LinkBook
from storage.lock import writers_kept_out
from storage.reader import LedgerReader
from storage.secret_files import read_secrets
from storage.sessions import SessionStore
from storage.throttles import Throttle
from storage.vault import Vault
from web.firm import Firm

LOOK_EVERY_S = 5.0
LOOK_EVERY_MAX_S = 300.0
NO_ENGINE = ""
PROBE = ".probe"
PROBE_BYTES = 65_536


class ReadOnlyFirm:
    """A firm that is open for reading. `why`: what stands against a start, for staff."""

    def __init__(
        self, directory: Path, why: str, told: Told | None = None, *, diverged: ReplayDiverged | None = None
    ) -> None:
        """Raises as a start would where not even reading is possible.

        `told`: what a stay before this one told people. `diverged`: what time does not mend.
        """
        files = open_firm_directory(directory)
        self.directory, self.why, self._goes_on = directory, why, diverged is None
        self.settings = read_settings(files.settings)
        self.secrets = secrets = read_secrets(directory)
        self.secret_texts = read_secret_texts(directory, self.settings)
        self._door, web = PortalDoor(connections_allowed()), self.settings.web
        with ExitStack() as opened:
            # Nobody else begins to write, and whoever asks who has the directory is told.
            alone = opened.enter_context(writers_kept_out(files.lock))
            self._reader = opened.enter_context(LedgerReader(directory, secret=secrets.ledger_secret, still=alone))
            vault = Vault.open_for_reading(directory, secrets.vault_master, still=alone)
            opened.callback(vault.close)
            # The firm's own front.db cannot be written, and a full disk may be the one for temporary files, too.
            opened.callback((front := FrontFile.in_memory()).close)
            engine = self._engine(to_decide=self._goes_on)
            clock = clock_of(self.settings, self._reader)
            health = _health_of(engine, clock.now_us)
            last_us, reading = _last_received_us(self._reader), _reading_of(why, diverged)
            self.watch = ReadOnlyWatch(self.settings, self.secret_texts, reading, self._door, health.now, told)
            self.firm = Firm(
                **page_settings(self.settings),
                live=_board_of(engine, health),
                reader=self._reader,
                vault=vault,
                sessions=SessionStore(front, web.session_idle_min * MINUTE_US, web.session_absolute_min * MINUTE_US),
                drafts=DraftStore(front),
                throttle=Throttle(front, secrets.front_pepper()),
                devices=DeviceBook(front),
                keys_used=KeysUsed(front),
                links=LinkBook(front),
                ask=self._refuse,
                evidence=self._evidence,
                now_us=clock.now_us,
                wall_us=wall_us,
                streams_max=self._door.streams_max,
                machine=self.watch,
                held=lambda: why,
                held_since_us=lambda: last_us,
                goes_on=self._goes_on,
                brand=read_brand(files, self.settings.brand),
            )
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    async def serve(self, ready: Ready, look_every_s: float = LOOK_EVERY_S) -> bool:
        """Until the disk takes a write again (True), where that is what is wrong, or SIGTERM or SIGINT came (False)."""
        well = anyio.Event()
        with signals_to_stop() as told, portal_door(self.settings.web.host, self.settings.web.port) as listener:
            async with serving_pages(self.firm, self._door, listener):
                ready(address_of(listener))
                tell("READY=1")
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_feed_watchdog)
                    tasks.start_soon(self.watch.run)
                    if self._goes_on:
                        tasks.start_soon(self._wait_for_the_disk, well, look_every_s, tasks.cancel_scope)
                    await told()
                    tasks.cancel_scope.cancel()
        return well.is_set()

    def _engine(self, *, to_decide: bool) -> Engine:
        """Or what was stored as it stands: by a digest that is no engine's it is folded, and nothing decided again."""
        lineage = self._reader.lineages().newest.hex()
        digest = engine_digest() if to_decide else NO_ENGINE
        return recover(self._reader, lineage, digest, alarm_desk, by_progress()).engine

    async def _wait_for_the_disk(self, well: anyio.Event, look_every_s: float, until: anyio.CancelScope) -> None:
        while True:
            await anyio.sleep(look_every_s)
            # One that hangs is left behind: whoever stops the firm does not wait for a sick disk.
            if await to_thread.run_sync(takes_a_write, self.directory, abandon_on_cancel=True):
                well.set()
                until.cancel()
                return

    async def _refuse(self, command: Command) -> Decided:
        raise Held(f"{type(command).__name__} was not taken: {self.why}")

    def _evidence(self, decision: int, since: str | None = None) -> bytes:
        secrets = self.secrets
        return build_bundle(
            self._reader, decision, secret=secrets.ledger_secret, signing_seed=secrets.signing_seed, since=since
        )


def _board_of(engine: Engine, health: HealthBook) -> LiveBoard:
    live = LiveBoard(engine, health.now)
    live.publish_all()
    return live


def _health_of(engine: Engine, now_us: Callable[[], int]) -> HealthBook:
    """Nobody is connected, and nothing waits."""
    return HealthBook(
        engine=engine,
        meter=Meter(),
        sessions=lambda: (),
        directory=Directory(engine),
        counters=Counter(),
        queue_depth=lambda: 0,
        now_us=now_us,
        started_us=wall_us(),
    )


def _reading_of(why: str, diverged: ReplayDiverged | None) -> Reading:
    if diverged is None:
        text = f"the firm takes nothing, and its pages are read-only: {why}"
        return Reading(alarm=Alarm.READ_ONLY, is_bad=True, is_well=False, text=text)
    text = (
        f"this release decides row {diverged.difference.seq} otherwise than it is stored: the start was refused, pages are "
        "read-only, and no price is judged"
    )
    return Reading(alarm=Alarm.REPLAY_DIVERGED, is_bad=True, is_well=False, text=text)


def _last_received_us(reader: LedgerReader) -> int:
    """When the last row came: what came later was not judged."""
    last = reader.row(reader.size())
    return 0 if last is None else last.received_us


async def _feed_watchdog() -> None:
    """There is no engine to prove anything; that the loop turns is all that is promised here."""
    while True:
        tell("WATCHDOG=1")
        await anyio.sleep(LOOK_EVERY_S)


def takes_a_write(directory: Path) -> bool:
    """Whether a new file can be written there, synced and removed."""
    probe = directory / PROBE
    try:
        probe.unlink(missing_ok=True)
        write_new(probe, os.urandom(PROBE_BYTES))
        probe.unlink()
    except OSError:
        return False
    return True
