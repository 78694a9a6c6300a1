"""Assembly: from a firm's directory to a running machine: ledger, engine, couriers, gateway, vault, pages.

The one place where rooms are wired to each other. The ledger is recovered before anything listens, and the web room is
imported only after that, so that a restart is short.
"""

import logging
import secrets as random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import anyio
from zmq.utils import z85

from actors import fold
from actors.arrival import Arrival, Decided, Offer
from actors.batch import Batch
from actors.directory import Directory
from actors.effects import Effect
from actors.live_board import LiveBoard
from actors.meter import Meter
from actors.recovery import Recovered, recover
from actors.runner import Runner
from actors.states import hash_of
from appliance.alarms.book import AlarmBook
from appliance.alarms.notice import Notice
from appliance.alarms.secret_texts import read_secret_texts
from appliance.brand_files import read_brand
from appliance.clock import Clock, SimulatedClock, SystemClock, wall_us
from appliance.deadman import DeadmanPolicies
from appliance.digest import engine_digest
from appliance.documents.inspection import Inspection
from appliance.garbage import nothing_collected
from appliance.health import HealthBook
from appliance.keeping import LoginsKept
from appliance.lab.trials import Trials
from appliance.mail_courier import MailCourier
from appliance.notify import by_progress
from appliance.portal_door import PortalDoor, connections_allowed
from appliance.release import RELEASE
from appliance.rotations import rotation_to_tell
from appliance.settings import ClockSource, Settings, policy_changes
from appliance.subscriptions import Subscriptions
from appliance.way_out import way_out
from bridges.gateway import Gateway
from firm.ids import ID_BITS
from firm.inputs import ClockTicked, EngineResumed, EpochClosed, EpochOpened, Input, PolicyAdopted
from firm.instant import MINUTE_US
from storage.devices import DeviceBook
from storage.drafts import DraftStore
from storage.evidence import build_bundle
from storage.files import FirmDirectory
from storage.front import FrontFile
from storage.keys_used import KeysUsed
from storage.ledger import Ledger
from storage.links import LinkBook
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.readmodels.seals import any_sealed, is_sealed, seals_forgotten
from storage.secret_files import Secrets
from storage.sessions import SessionStore
from storage.throttles import Throttle
from storage.trader_names import TraderNames
from storage.vault import Vault

_LOG = logging.getLogger("evenhand.appliance")


def draw_id() -> int:
    """A fresh id, for whatever a command creates."""
    return random.randbelow(1 << ID_BITS)


class Machine:
    """A firm that is open. `close` releases everything in reverse order."""

    def __init__(self, directory: Path, settings: Settings, secrets: Secrets, start_us: int = 0) -> None:
        """`start_us`: where simulated time begins in a firm that has no past."""
        self.directory = directory
        self._start_us = start_us
        self.settings = settings
        self.secrets = secrets
        self.door = PortalDoor(connections_allowed())
        self.outbound = way_out(settings)
        self.adopted: list[str] = []  # which settings desks decide by from this start on, and before it otherwise
        self.copies_unseen = ""  # why a start could not look for newer copies
        self.calendar_current_us = wall_us()  # when it was last known that no newer calendar of news is published
        self.held_since_us = 0  # firm time at which the engine was last held
        self.undelivered: Mapping[
            str, Sequence[Notice]
        ] = {}  # by courier, what a read-only stay before could not tell to its end
        self.files_unseen = ""  # why the last looks could not see the firm's files
        self.mails: MailCourier | None = None  # while people are written to
        self.space_unseen = ""  # why nobody can say how much is free on the firm's disk
        self._open = ExitStack()
        try:
            with nothing_collected():
                self._open_files()
                self._assemble()
        except BaseException:
            self._open.close()
            raise

    def close(self) -> None:
        self._open.close()

    def _open_files(self) -> None:
        secrets = self.secrets
        self.brand = read_brand(FirmDirectory(self.directory), self.settings.brand)
        self.secret_texts = read_secret_texts(self.directory, self.settings)
        self.ledger = self._open.enter_context(
            Ledger.open(
                self.directory,
                secret=secrets.ledger_secret,
                signing_seed=secrets.signing_seed,
                read_models=READ_MODELS,
            )
        )
        self.reader = self._open.enter_context(LedgerReader(self.directory, secret=secrets.ledger_secret))
        with self.reader.connection() as connection:
            is_fresh = not any_sealed(connection)
        self.vault = Vault.open(self.directory, secrets.vault_master, may_create=is_fresh)
        self._open.callback(self.vault.close)
        self.names = TraderNames(self.vault)
        self.front = FrontFile.open(self.directory)
        self._open.callback(self.front.close)
        web = self.settings.web
        self.sessions = SessionStore(self.front, web.session_idle_min * MINUTE_US, web.session_absolute_min * MINUTE_US)
        self.drafts = DraftStore(self.front)
        self.throttle = Throttle(self.front, secrets.front_pepper())
        self.keys_used = KeysUsed(self.front)
        self.devices, self.links = DeviceBook(self.front), LinkBook(self.front)

    def _assemble(self) -> None:
        self.lab = Trials(self.directory)
        self._open.callback(self.lab.close)
        self.alarms = AlarmBook(self.settings.alarms, self.settings.firm.name)
        self.started_us = wall_us()
        self._ticked_us = 0
        self.digest = engine_digest()
        self.recovered = recover(self.reader, self.ledger.lineage.hex(), self.digest, alarm_desk, by_progress())
        _tell_passed_over(self.recovered)
        self.engine = self.recovered.engine
        self.clock = clock_of(self.settings, self.reader, self._start_us)
        self.meter = Meter()
        self.counters: Counter[str] = Counter()
        self.inspection = Inspection(self.settings.documents)
        self.directory_of_bridges = Directory(self.engine)
        self.gateway = self._gateway()
        self.deadman_policies = DeadmanPolicies(
            self.engine, self.gateway, self.settings.gateway, self.secrets.signing_seed
        )
        self.subscriptions = Subscriptions(self.engine, self.gateway)
        self.health = HealthBook(
            engine=self.engine,
            meter=self.meter,
            sessions=self.gateway.health,
            directory=self.directory_of_bridges,
            counters=self.counters,
            queue_depth=lambda: self.runner.queue_depth,
            now_us=self.clock.now_us,
            started_us=self.started_us,
        )
        self.live = LiveBoard(self.engine, self.health.now)
        self.live.publish_all()
        self.runner = Runner(self.engine, self.ledger, self._publish, self._carry, self.clock.now_us, self.meter)
        if self.engine.size and not self.recovered.epoch_open:
            self.runner.snapshot()
        self.runner.push(self._opening())

    def tidy(self) -> None:
        """Before anything is admitted: forget what was sealed for rows that never came."""
        with self.reader.connection() as connection:
            swept = self.vault.sweep_orphans(partial(is_sealed, connection))
            forgotten = seals_forgotten(connection)
        if swept:
            _LOG.warning("%d sealed values had no row in the ledger and were erased", swept)
        if back := self.vault.erase_values(forgotten):  # an older vault was put back
            _LOG.warning("%d sealed values of people who were forgotten lay in the vault again, and were erased", back)

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        """The door that bridges use: in a simulation their reports also move the clock."""
        if isinstance(self.clock, SimulatedClock):
            arrivals = self._timed(arrivals)
        self.runner.offer(arrivals)

    def put(self, body: Input) -> None:
        """Queue an input of the machine's own, stamped with firm time."""
        self.runner.push([self._stamped(body)])

    def _stamped(self, body: Input, on_durable: Callable[[Decided], None] | None = None) -> Arrival:
        now_us = self.clock.now_us()
        return Arrival(body, now_us, now_us, getattr(body, "account", 0), None, on_durable)

    def decide_now(self, bodies: Sequence[Input]) -> list[Decided]:
        """Decide and commit at once, in this thread: for a firm that is open but not serving."""
        decided: list[Decided] = []
        for body in bodies:
            self.runner.offer([self._stamped(body, decided.append)])
        self.runner.run_dry()
        return decided

    async def ask(self, command: Input) -> Decided:
        """Bring a command, or what a courier reports, to the engine; answers once what it led to is durable."""
        answered = anyio.Event()
        answer: list[Decided] = []

        def on_durable(decided: Decided) -> None:
            answer.append(decided)
            answered.set()

        self.runner.offer([self._stamped(command, on_durable)])
        await answered.wait()
        return answer[0]

    def evidence(self, decision: int, since: str | None = None) -> bytes:
        """The bundle of a decision, tied to the checkpoint that its reader holds, if any."""
        secrets = self.secrets
        return build_bundle(
            self.reader, decision, secret=secrets.ledger_secret, signing_seed=secrets.signing_seed, since=since
        )

    # --- parts ---

    def _gateway(self) -> Gateway:
        settings = self.settings.gateway
        offer: Offer = self.offer
        return Gateway(
            offer=offer,
            directory=self.directory_of_bridges,
            now_us=self.clock.now_us,
            seal=LoginsKept(self.engine, self.vault, self.clock.now_us).seal,
            server_secret=z85.encode(self.secrets.curve_server_key).decode(),
            host=settings.host,
            port=settings.port,
            counters=self.counters,
        )

    def _opening(self) -> list[Arrival]:
        """What a start says to the ledger: the epoch goes on, or a new one begins from the state as it is."""
        bodies: list[Input] = []
        if self.recovered.epoch_open:
            bodies.append(EngineResumed(engine=self.digest))
        else:
            state_hash = hash_of(self.engine.capture()) if self.engine.size else ""
            if self.engine.own.state.engine:
                before = self.engine.own.state.engine
                bodies.append(EpochClosed(engine=before, state_hash=state_hash))
            bodies.append(EpochOpened(engine=self.digest, release=RELEASE, state_hash=state_hash))
        policy = self.settings.policy()
        if policy != self.engine.policy:
            self.adopted = policy_changes(self.engine.policy, policy)
            bodies.append(PolicyAdopted(policy=policy))
        if ended := rotation_to_tell(self.reader, self.secrets.vault_master):
            bodies.append(ended)
        now_us = self.clock.now_us()
        return [Arrival(body, now_us, now_us) for body in bodies]

    def _publish(self, batch: Batch) -> None:
        self.live.publish(batch)
        self.directory_of_bridges.learn(batch)
        self.deadman_policies.learn(batch)
        self.subscriptions.learn(batch)
        self.names.learn(batch.rows)

    def _carry(self, effect: Effect) -> None:
        """Effects go to the bridge they are for. One that is absent gets its commands when it connects again."""
        self.gateway.carry(effect)

    def _timed(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        timed: list[Arrival] = []
        for arrival in arrivals:
            self.clock.advance(arrival.happened_us)
            arrival.received_us = self.clock.now_us()
            timed.append(arrival)
        if self.clock.now_us() - self._ticked_us >= self.settings.clock.tick_every_ms * 1_000:
            self._ticked_us = self.clock.now_us()
            timed.append(Arrival(ClockTicked(at_us=self._ticked_us), self._ticked_us, self._ticked_us))
        return timed


def _tell_passed_over(recovered: Recovered) -> None:
    if recovered.passed_over:
        told = ", ".join(f"of row {one.of_seq} (way {one.fold})" for one in recovered.passed_over)
        _LOG.warning(
            "snapshots were passed over, because this release folds rows another way (%d) or cannot read them: %s; "
            "%d rows were folded instead, once",
            *(fold.FOLD, told, recovered.rows),
        )


def clock_of(settings: Settings, reader: LedgerReader, start_us: int = 0) -> Clock:
    """Firm time goes on where the ledger ends."""
    last = reader.row(reader.size())
    last_us = last.received_us if last is not None else start_us
    return SimulatedClock(last_us) if settings.clock.source is ClockSource.SIMULATED else SystemClock(last_us)


def alarm_desk(desk: str, error: BaseException) -> None:
    """A desk stopped: the traceback is for the log alone; the ledger names the exception's class."""
    _LOG.error("desk %s stopped", desk, exc_info=error)
