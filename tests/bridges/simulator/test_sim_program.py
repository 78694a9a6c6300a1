"""The simulator as a program of its own against the real gateway: killed in the middle, it loses nothing and does nothing twice.

Behind the gateway stands a small firm that makes each arrival durable in order, opens the accounts, and closes one of
them when EURUSD falls below 1.38300, as a breach would.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import msgspec
import pytest

from actors.arrival import Arrival, Decided
from actors.effects import Effect, RequestSnapshot, SendCommand
from bridges.enrolment import KeyFile, KeyPair, key_file_text, new_keypair
from bridges.gateway import Gateway
from bridges.sealer import Personal, Sealed
from bridges.simulator.rehearsal import opening_commands
from firm.inputs import (
    BridgeConnected,
    BridgeDisconnected,
    CommandAcknowledged,
    CommandReported,
    CommandState,
    EventRefused,
    Input,
    PlatformReported,
    QuoteFrame,
    SnapshotReported,
    UnknownAccountReported,
    Watermark,
)
from firm.instant import parse_utc
from firm.quote_frame import Tick, split_frame

FROM, TO = "2014-05-02T12:29:55", "2014-05-02T12:30:12"
TEMPERS = ("news_gambler", "news_gambler", "martingale", "overtrader", "hedger")
DEADLINE_S = 60


class Firm:
    """Takes arrivals in order, remembers them, answers after they are durable."""

    def __init__(self, simulator: KeyPair) -> None:
        self.key = simulator.public
        self.epoch = ""
        self.seq = self.qseq = self.rows = 0
        self.bodies: list[Input] = []
        self.ticks: dict[int, Tick] = {}
        self.logins: dict[str, int] = {}
        self.snapshots_wanted = False
        self.progress = asyncio.Event()
        self.gateway: Gateway | None = None
        self.marks: list[tuple[int, int]] = [(0, 0)]
        self.dies_at_the_fall = False
        self.is_dead = False
        self.acts_on_the_fall = True
        self._open: dict[str, SendCommand] = {}
        self._openings = [_sent(command.cmd_id, "", command.action, command.args) for command in opening_commands(
            [(temper, "USD", 100_000, 100) for temper in TEMPERS]
        )]  # fmt: skip
        self._fell = False
        self._effects: list[Effect] = []

    # --- what the gateway asks ---

    def bridge_of_key(self, z85: str) -> str | None:
        return "sim" if z85 == self.key else None

    def is_revoked(self, bridge: str) -> bool:
        return False

    def journal_seq(self, bridge: str) -> int:
        return self.seq

    def quote_seq(self, bridge: str) -> int:
        return self.qseq

    def outbox_epoch(self, bridge: str) -> str:
        return self.epoch

    def account_of(self, bridge: str, login: str) -> int | None:
        return self.logins.get(login)

    def currency_of(self, account: int) -> tuple[str, int]:
        return "USD", 2

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        asyncio.get_running_loop().call_soon(self._commit, list(arrivals))

    def restore(self, qseq: int) -> None:
        """Be as an older backup had it: the last point at which no more than so many ticks were held."""
        self.qseq, self.seq = max(mark for mark in self.marks if mark[0] <= qseq)
        self.bodies = [body for body in self.bodies if body.seq <= self.seq]
        self.ticks = {number: tick for number, tick in self.ticks.items() if number <= self.qseq}

    def _commit(self, arrivals: list[Arrival]) -> None:
        assert self.gateway is not None
        if self.is_dead:
            return
        for arrival in arrivals:
            self.rows += 1
            self._decide(arrival)
            self.marks.append((self.qseq, self.seq))
        if self.dies_at_the_fall and self._fell:
            # Durable, but nobody was told: neither the bridge its acknowledgement nor the platform its command.
            self.is_dead = True
            self._effects.clear()
            self.progress.set()
            return
        effects, self._effects = self._effects, []
        for effect in effects:
            self.gateway.carry(effect)
        for arrival in arrivals:
            if arrival.on_durable is not None:
                arrival.on_durable(Decided(self.rows, ()))
        self.progress.set()
        self.progress = asyncio.Event()

    def _decide(self, arrival: Arrival) -> None:
        body = arrival.body
        match body:
            case BridgeConnected():
                self.epoch = body.outbox_epoch
                if not self.bodies and not self._open:
                    self._ask(self._openings)
                else:
                    self._effects += self._open.values()
            case QuoteFrame():
                assert arrival.attachment is not None
                for place, tick in enumerate(split_frame(arrival.attachment)[1]):
                    assert self.ticks.setdefault(body.qseq + place, tick) == tick
                    self._watch(tick)
                self.qseq = body.qseq + body.n - 1
            case BridgeDisconnected() | Watermark():
                pass
            case _:
                self._journal(body)

    def _journal(self, body: Input) -> None:
        assert body.seq == self.seq + 1, f"{type(body).__name__} {body.seq} after {self.seq}"
        self.seq = body.seq
        self.bodies.append(body)
        if isinstance(body, CommandReported) and body.state in (CommandState.APPLIED, CommandState.FAILED):
            asked = self._open.pop(body.command)
            if asked.action == "create_account":
                self.logins[body.vendor_ref] = len(self.logins) + 1
            elif asked.action == "close_only":
                self._ask([_sent("c2", asked.login, "close_all")])
            elif asked.action == "close_all":
                self._ask([_sent("c3", asked.login, "block")])
                if self.snapshots_wanted:
                    self._effects.append(RequestSnapshot(bridge="sim", login=asked.login))

    def _watch(self, tick: Tick) -> None:
        if tick.symbol == "EURUSD" and tick.bid < 138_300 and not self._fell and self.acts_on_the_fall:
            self._fell = True
            self._ask([_sent("c1", "700001", "close_only")])

    def _ask(self, commands: list[SendCommand]) -> None:
        self._open |= {command.command: command for command in commands}
        self._effects += commands

    # --- what the tests compare ---

    def story(self) -> list[dict[str, object]]:
        """Everything journalled, but for where an acknowledgement stands between the events."""
        told = [body for body in self.bodies if not isinstance(body, CommandAcknowledged)]
        return [{**msgspec.structs.asdict(body), "kind": type(body).__name__, "seq": 0} for body in told]


async def _seal(values: Sequence[Personal]) -> list[Sealed]:
    return [Sealed("", "")] * len(values)


def _sent(command: str, login: str, action: str, args: dict[str, str] | None = None) -> SendCommand:
    return SendCommand(
        bridge="sim", command=command, idem_key=command, login=login, action=action, args=args or {}, deadline_us=0
    )


class Stage:
    """A gateway with its firm, and the simulator's program beside it."""

    def __init__(self, folder: Path, files: list[Path]) -> None:
        self.folder, self.files = folder, files
        self._server, self._simulator = new_keypair(), new_keypair()
        self.firm = Firm(self._simulator)

    def gateway(self) -> Gateway:
        """The appliance's door; a new one is an appliance that was started again."""
        gateway = Gateway(
            offer=self.firm.offer,
            directory=self.firm,
            now_us=lambda: parse_utc(TO),
            seal=_seal,
            server_secret=self._server.secret,
            host="127.0.0.1",
            port=0,
            counters=Counter(),
        )
        self.firm.gateway, self.firm.is_dead = gateway, False
        return gateway

    async def simulator(self, port: int, *more: str) -> anyio.abc.Process:
        key = KeyFile(
            name="sim",
            endpoint=f"tcp://127.0.0.1:{port}",
            bridge_public=self._simulator.public,
            bridge_secret=self._simulator.secret,
            server_public=self._server.public,
            ledger_key="00" * 32,
        )
        (self.folder / "key.toml").write_text(key_file_text(key))
        return await anyio.open_process(
            [
                sys.executable, "-m", "bridges.simulator", "--key-file", str(self.folder / "key.toml"),
                "--data-dir", str(self.folder / "platform"), "--from", FROM, "--to", TO, "--wait-accounts", str(len(TEMPERS)),
                "--until-done", "--progress", "--ticks", *map(str, self.files), *more,
            ]
        )  # fmt: skip


async def played(folder: Path, files: list[Path], *more: str, kill_after: Sequence[int] = ()) -> tuple[Firm, bytes]:
    """One whole replay; the simulator is killed once the firm holds so many ticks, each time, and started again."""
    stage = Stage(folder, files)
    stage.firm.snapshots_wanted = not kill_after
    with anyio.fail_after(DEADLINE_S):
        async with anyio.create_task_group() as tasks:
            port = await tasks.start(stage.gateway().serve)
            for ticks in kill_after:
                await killed(
                    await stage.simulator(port, *more), stage.firm, lambda firm, least=ticks: firm.qseq >= least
                )
            out = await done(await stage.simulator(port, *more))
            tasks.cancel_scope.cancel()
    return stage.firm, out


async def killed(victim: anyio.abc.Process, firm: Firm, when: Callable[[Firm], bool]) -> None:
    """kill -9, as soon as the firm has come so far."""
    while not when(firm):
        await firm.progress.wait()
    victim.kill()
    await victim.wait()
    await victim.aclose()


async def done(process: anyio.abc.Process) -> bytes:
    """What it printed until it ended well."""
    assert process.stdout is not None
    out = b"".join([chunk async for chunk in process.stdout])
    assert await process.wait() == 0
    await process.aclose()
    return out


def without_snapshots(firm: Firm) -> list[dict[str, object]]:
    return [told for told in firm.story() if told["kind"] != "SnapshotReported"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, release_files: list[Path]) -> tuple[Firm, bytes]:
    return anyio.run(played, tmp_path_factory.mktemp("whole"), release_files, "--speed", "max")


async def test_a_replay_reaches_its_end_with_every_word_believed(undisturbed: tuple[Firm, bytes]) -> None:
    firm, out = undisturbed
    assert not [body for body in firm.bodies if isinstance(body, EventRefused | UnknownAccountReported)]
    assert sorted(firm.ticks) == list(range(1, len(firm.ticks) + 1))
    last = msgspec.json.decode(out.splitlines()[-1])
    assert last["done"] is True
    assert (last["ticks"], last["accounts"], last["commands"]) == (len(firm.ticks), len(TEMPERS), len(TEMPERS) + 3)


async def test_commands_of_a_breach_are_done_before_the_market_moves_on(undisturbed: tuple[Firm, bytes]) -> None:
    firm, _ = undisturbed
    results = [body for body in firm.bodies if isinstance(body, CommandReported) and body.command in ("c1", "c2", "c3")]
    assert [result.command for result in results] == ["c1", "c2", "c3"]
    assert len({result.t_us for result in results}) == 1
    [snapshot] = [body for body in firm.bodies if isinstance(body, SnapshotReported)]
    assert (snapshot.as_of_seq, snapshot.positions) == (snapshot.seq - 1, ())


OUTAGE = """
[[outage]]
from = 2014-05-02T12:29:58Z
to = 2014-05-02T12:30:01Z
why = "a new version"

[[late_prices]]
symbol = "XAUUSD"
from = 2014-05-02T12:30:02Z
to = 2014-05-02T12:30:04Z
by_s = 2
"""


@pytest.mark.parametrize("kill_after", [(), (60, 700)])
async def test_a_script_of_faults_is_told_to_its_end_over_any_kill(
    tmp_path: Path, release_files: list[Path], kill_after: tuple[int, ...]
) -> None:
    (tmp_path / "faults.toml").write_text(OUTAGE)
    script = ("--speed", "max", "--script", str(tmp_path / "faults.toml"))
    firm, _ = await played(tmp_path, release_files, *script, kill_after=kill_after)
    links = [(body.up, body.why) for body in firm.bodies if isinstance(body, PlatformReported)]
    assert links[1:] == [(False, "a new version"), (True, "it was down since 2014-05-02T12:29:58.000000Z")]
    back = next(
        n for n, body in enumerate(firm.bodies) if isinstance(body, PlatformReported) and "was down" in body.why
    )
    shown = [body.login for body in firm.bodies[back:] if isinstance(body, SnapshotReported)]
    assert set(shown) == set(firm.logins)
    down = [parse_utc("2014-05-02T12:29:58"), parse_utc("2014-05-02T12:30:01")]
    assert not [tick for tick in firm.ticks.values() if down[0] <= tick.t_us < down[1]]
    gold = [tick.t_us for _, tick in sorted(firm.ticks.items())]
    assert gold != sorted(gold)


async def test_a_finite_speed_tells_the_same_story(
    tmp_path: Path, release_files: list[Path], undisturbed: tuple[Firm, bytes]
) -> None:
    firm, _ = await played(tmp_path, release_files, "--speed", "20")
    assert firm.story() == undisturbed[0].story()
    assert firm.ticks == undisturbed[0].ticks


@pytest.mark.parametrize("kill_after", [(5, 300, 900), (120, 1_500, 2_100)])
async def test_killed_and_started_again_it_tells_the_same_story(
    tmp_path: Path, release_files: list[Path], undisturbed: tuple[Firm, bytes], kill_after: tuple[int, ...]
) -> None:
    firm, _ = await played(tmp_path, release_files, "--speed", "max", kill_after=kill_after)
    assert without_snapshots(firm) == without_snapshots(undisturbed[0])
    assert firm.ticks == undisturbed[0].ticks


async def test_when_both_die_over_a_breach_its_commands_still_come_after_the_price_that_led_to_them(
    tmp_path: Path, release_files: list[Path], undisturbed: tuple[Firm, bytes]
) -> None:
    """The fall is durable, the command was not sent, and the platform's last saved state is older than the fall."""
    stage = Stage(tmp_path, release_files)
    stage.firm.dies_at_the_fall = True
    with anyio.fail_after(DEADLINE_S):
        async with anyio.create_task_group() as tasks:
            port = await tasks.start(stage.gateway().serve)
            await killed(await stage.simulator(port, "--speed", "max"), stage.firm, lambda firm: firm.is_dead)
            tasks.cancel_scope.cancel()
        stage.firm.dies_at_the_fall = False
        async with anyio.create_task_group() as tasks:
            port = await tasks.start(stage.gateway().serve)
            await done(await stage.simulator(port, "--speed", "max"))
            tasks.cancel_scope.cancel()
    assert without_snapshots(stage.firm) == without_snapshots(undisturbed[0])
    assert stage.firm.ticks == undisturbed[0].ticks


async def test_an_appliance_restored_from_an_older_backup_is_told_everything_again(
    tmp_path: Path, release_files: list[Path]
) -> None:
    """Prices that the ring no longer holds are read from the tick files once more, cut where events came between them."""
    stage = Stage(tmp_path, release_files)
    stage.firm.acts_on_the_fall = False
    with anyio.fail_after(DEADLINE_S):
        async with anyio.create_task_group() as tasks:
            port = await tasks.start(stage.gateway().serve)
            await killed(await stage.simulator(port, "--speed", "max"), stage.firm, lambda firm: firm.qseq >= 900)
            tasks.cancel_scope.cancel()
        bodies, ticks = list(stage.firm.bodies), dict(stage.firm.ticks)
        stage.firm.restore(5)  # the first deals came after tick 18
        assert stage.firm.qseq <= 5
        assert len(stage.firm.logins) == len(TEMPERS)  # an older backup, but not one from before the accounts
        async with anyio.create_task_group() as tasks:
            port = await tasks.start(stage.gateway().serve)
            await done(await stage.simulator(port, "--speed", "max"))
            tasks.cancel_scope.cancel()
    assert stage.firm.bodies[: len(bodies)] == bodies
    assert ticks.items() <= stage.firm.ticks.items()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--key-file", "nowhere.toml"], "key file nowhere.toml cannot be read"),
        (["--ticks", "audusd_tick_20140502.zip"], "symbol AUDUSD is not listed here"),
        (["--speed", "fast"], "'fast' is no speed"),
        (["--from", "noon"], "'noon' is no instant"),
        (["--portal", "javascript:alert(1)"], "is no portal: write https://portal.example"),
        (["--script", "nowhere.toml"], "nowhere.toml: cannot be read"),
    ],
)
async def test_what_cannot_be_used_is_named_and_ends_with_status_2(
    tmp_path: Path, release_files: list[Path], arguments: list[str], complaint: str
) -> None:
    stage = Stage(tmp_path, release_files)
    with anyio.fail_after(DEADLINE_S):
        process = await stage.simulator(1, *arguments)
        assert process.stderr is not None
        said = b"".join([chunk async for chunk in process.stderr]).decode()
        assert await process.wait() == 2
        await process.aclose()
    assert complaint in said
