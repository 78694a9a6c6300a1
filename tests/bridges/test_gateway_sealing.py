"""What is personal is in the vault before the engine hears of it: many values at a time, beside the loop, in the bridge's order."""

import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio
import msgspec
import pytest
from anyio import to_thread

from bridges import wire
from bridges.bounds import SEAL_BYTES_MAX, SEAL_EVENTS_MAX
from bridges.events import CmdResult, Platform, Session, encode_event
from bridges.sealer import Personal, Sealed
from firm.inputs import (
    BridgeConnected,
    BridgeDisconnected,
    CommandState,
    EventRefused,
    LoginReported,
    PlatformReported,
    QuoteFrame,
)
from firm.quote_frame import Tick, encode_quotes
from storage.errors import DiskRefused, VaultDamaged
from storage.files import create_firm_directory
from storage.people import LOGINS, SESSION
from storage.vault import Vault

NOW_US = 1_398_988_800_000_000
FRAME = 256


def login(number: int) -> bytes:
    return encode_event(Session("700001", True, f"192.0.2.{number % 250}", "desktop", f"device {number}", NOW_US))


def unheard_of(number: int) -> bytes:
    return msgspec.msgpack.encode(["diary", number])


def up(n: int) -> bytes:
    return encode_event(Platform(True, NOW_US, f"event {n}"))


async def acknowledged(bridge, seq: int) -> None:
    while (await bridge.hear(wire.Ack)).seq < seq:
        pass


class Gate:
    """A vault that does not answer until it is let."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.may_answer = anyio.Event()

    async def __call__(self, values: Sequence[bytes]) -> None:
        self.asked.append(len(values))
        await self.may_answer.wait()


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault.open(create_firm_directory(tmp_path / "firm").path, bytes(32))
    yield vault
    vault.close()


@pytest.fixture
def commits(world, vault: Vault) -> list[int]:
    """Which thread made each commit of vault.db, while what bridges send is sealed in it."""
    threads: list[int] = []

    async def seal(values: Sequence[Personal]) -> list[Sealed]:
        kept = [(LOGINS, SESSION, each.value) for each in values]
        return [Sealed(commitment, "") for commitment in await to_thread.run_sync(vault.seal_each, kept)]

    def note() -> bool:
        threads.append(threading.get_ident())
        return False  # which lets the commit be

    vault._connection.set_commit_hook(note)
    world.seal = seal
    return threads


@pytest.mark.parametrize("event", [login, unheard_of])
async def test_thousands_of_personal_events_cost_a_few_commits_of_the_vault(world, hands, vault, commits, event):
    count = 16 * FRAME
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        for first in range(1, count, FRAME):
            bridge.send_events(first, [event(number) for number in range(first, first + FRAME)])
        await acknowledged(bridge, count)
    assert world.engine.journal_seqs() == list(range(1, count + 1))
    assert 1 <= len(commits) <= 1 + count // FRAME
    assert threading.get_ident() not in commits
    said = world.engine.of(LoginReported) + world.engine.of(EventRefused)
    kept = [body.sealed if event is login else body.raw_hex.removeprefix("sealed:") for body in said]
    assert len(set(kept)) == count
    last = vault.open_value(kept[-1])
    assert last is not None
    assert (b"device %d" % count in last) if event is login else last == unheard_of(count)


async def test_what_waits_together_is_sealed_together_up_to_a_bound(world, hands):
    gate = world.before_seal = Gate()
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        bridge.send_events(1, [login(1)])
        await hands.until(lambda: gate.asked == [1])
        for first in range(2, 2 + 10 * FRAME, FRAME):
            bridge.send_events(first, [login(number) for number in range(FRAME)])
        await hands.until(lambda: world.gateway.health()[0].in_flight == 1 + 10 * FRAME)
        gate.may_answer.set()
        await acknowledged(bridge, 1 + 10 * FRAME)
    assert gate.asked == [1, SEAL_EVENTS_MAX, SEAL_EVENTS_MAX, 2 * FRAME]


async def test_a_turn_is_bounded_in_bytes_too(world, hands):
    gate = world.before_seal = Gate()
    large = [msgspec.msgpack.encode(["diary", "x" * 200_000 + str(number)]) for number in range(12)]
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        for seq, event in enumerate(large, 1):
            bridge.send_events(seq, [event])
        await hands.until(lambda: world.gateway.health()[0].in_flight == len(large))
        gate.may_answer.set()
        await acknowledged(bridge, len(large))
    assert sum(gate.asked) == len(large)
    assert max(gate.asked) == SEAL_BYTES_MAX // 200_020


async def test_what_is_let_go_at_once_is_sealed_in_turns_too(world, hands):
    """It all waited behind an account's opening, and together it is more than a turn may hold."""
    large = [msgspec.msgpack.encode(["diary", "x" * 200_000 + str(number)]) for number in range(12)]
    opened = CmdResult("c1", "", CommandState.APPLIED, "0", "700002", "", NOW_US)
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        bridge.send_events(1, [encode_event(opened)])
        for seq, event in enumerate(large, 2):
            bridge.send_events(seq, [event])
        with anyio.fail_after(20):
            await acknowledged(bridge, 1 + len(large))


async def test_while_the_vault_syncs_other_bridges_are_heard(world, hands):
    """Here the vault syncs until the other bridge was acknowledged: on the loop that would be never."""
    gate = world.before_seal = Gate()
    async with world.gateway_serving():
        slow, quick = hands.bare(world.enrol("slow")), hands.bare(world.enrol("quick"))
        await slow.greet()
        await quick.greet()
        slow.send_events(1, [login(1)])
        await hands.until(lambda: gate.asked == [1])
        quick.send_events(1, [up(1)])
        await acknowledged(quick, 1)
        assert not world.engine.of(LoginReported)
        gate.may_answer.set()
        await acknowledged(slow, 1)


async def test_one_login_does_not_wait_for_all_of_anothers_flood(world, hands):
    gate = world.before_seal = Gate()
    async with world.gateway_serving():
        flood, calm = hands.bare(world.enrol("flood")), hands.bare(world.enrol("calm"))
        await flood.greet()
        await calm.greet()
        for first in range(1, 1 + 20 * FRAME, FRAME):
            flood.send_events(first, [login(number) for number in range(FRAME)])
        await hands.until(lambda: sum(one.in_flight for one in world.gateway.health()) == 20 * FRAME)
        calm.send_events(1, [login(1)])
        await hands.until(lambda: sum(one.in_flight for one in world.gateway.health()) == 20 * FRAME + 1)
        gate.may_answer.set()
        await acknowledged(flood, 20 * FRAME)
    order = [body.bridge for body in world.engine.of(LoginReported)]
    assert order.index("calm") <= 2 * SEAL_EVENTS_MAX


async def test_what_follows_a_personal_event_waits_behind_it(world, hands):
    gate = world.before_seal = Gate()
    async with world.gateway_serving():
        key = world.enrol("sim")
        bridge = hands.bare(key)
        await bridge.greet()
        bridge.send_events(1, [up(1)])
        await acknowledged(bridge, 1)
        bridge.send_events(2, [login(2), up(3)])
        bridge.send_events(4, [up(4)])
        bridge.send(wire.quotes(bridge.session, 1, 1, encode_quotes(4, [Tick("EURUSD", NOW_US, 1, 2)])))
        bridge.say(wire.Bye("for now"))
        await hands.until(lambda: not world.gateway.health()[0].connected)
        assert world.engine.journal_seqs() == [1]
        gate.may_answer.set()
        await hands.until(lambda: bool(world.engine.of(BridgeDisconnected)))
    kinds = [type(arrival.body) for arrival in world.engine.arrivals[1:]]
    assert kinds == [
        PlatformReported,
        LoginReported,
        PlatformReported,
        PlatformReported,
        QuoteFrame,
        BridgeDisconnected,
    ]


async def test_a_vault_that_cannot_be_written_ends_the_session_and_nothing_is_lost(world, hands, caplog):
    async def refuse(values: Sequence[bytes]) -> None:
        raise DiskRefused("vault.db cannot be written (FullError: database or disk is full): make room")

    async with world.gateway_serving():
        key = world.enrol("sim")
        bridge, other = hands.bare(key), hands.bare(world.enrol("other"))
        await bridge.greet()
        await other.greet()
        bridge.send_events(1, [up(1)])
        await acknowledged(bridge, 1)
        world.before_seal = refuse
        new_account = encode_event(CmdResult("c1", "", CommandState.APPLIED, "0", "700002", "", NOW_US))
        bridge.send_events(2, [up(2), login(3), new_account, up(5)])
        bye = await bridge.hear(wire.Bye)
        assert "the vault cannot be written" in bye.reason
        assert "vault.db" not in bye.reason  # which file it is, is the firm's own business
        assert "make room" in caplog.text
        assert world.engine.journal_seqs() == [1]
        assert world.gateway.health()[1].in_flight == 0
        other.send_events(1, [up(1)])
        await acknowledged(other, 1)

        world.before_seal = world._at_once
        again = hands.bare(key)
        assert (await again.greet(last_seq=5)).resume_after == 1
        again.send_events(2, [up(2), login(3), new_account, up(5)])
        await acknowledged(again, 5)
    assert world.counters == {"vault not writable": 1}
    told = [
        arrival.body.seq
        for arrival in world.engine.arrivals
        if getattr(arrival.body, "bridge", "") == "sim" and hasattr(arrival.body, "seq")
    ]
    assert told == [1, 2, 3, 4, 5]
    assert len(world.engine.of(LoginReported)) == 1


class HandTurned:
    """A clock that stands still until a test turns it."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_vault_that_stays_damaged_costs_a_bounded_number_of_rows_an_hour(world, hands):
    async def refuse(values: Sequence[bytes]) -> None:
        raise VaultDamaged("vault.db or keys.db is damaged: restore both")

    world.now_s = clock = HandTurned()
    world.before_seal = refuse
    waits = []
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        while clock.now_s < 1_000 + 3_600:
            bridge.say(bridge.hello(last_seq=1))
            # A session that opens ends with the login that comes in it; one that must wait is told so once a heartbeat.
            before = sum(world.counters.values())
            await hands.until(
                lambda before=before: (
                    world.engine.of(BridgeConnected)[len(waits) :] or sum(world.counters.values()) > before
                )
            )
            if len(world.engine.of(BridgeConnected)) > len(waits):
                bridge.session = (await bridge.hear(wire.Welcome)).session
                bridge.send_events(1, [login(1)])
                reason = ""
                while "connect again in" not in reason:
                    reason = (await bridge.hear(wire.Bye)).reason
                waits.append(int(re.search(r"connect again in (\d+) s", reason)[1]))
                bridge.session = ""
            clock.now_s += 5.0
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert world.counters["waits for the vault"] > 500
    assert len(world.engine.arrivals) == 2 * len(waits) <= 2 * (3_600 / 60 + 10)


async def test_a_bridge_that_waits_for_the_vault_is_told_how_long_and_another_does_not_wait(world, hands):
    async def refuse(values: Sequence[bytes]) -> None:
        raise VaultDamaged("vault.db or keys.db is damaged: restore both")

    world.now_s = clock = HandTurned()
    world.before_seal = refuse
    async with world.gateway_serving():
        key, late = world.enrol("sim"), None
        for wait_s in (1, 2):
            bridge = hands.bare(key)
            await bridge.greet(last_seq=1)
            bridge.send_events(1, [login(1)])
            assert f"connect again in {wait_s} s" in (await bridge.hear(wire.Bye)).reason
            late = hands.bare(key)
            late.say(late.hello(last_seq=1))
            assert f"say HELLO again in {wait_s} s" in (await late.hear(wire.Bye)).reason
            clock.now_s += wait_s
        await hands.bare(world.enrol("calm")).greet()
        world.before_seal = world._at_once
        await late.greet(last_seq=1)
        late.send_events(1, [login(1)])
        await acknowledged(late, 1)
        # Minutes later a failure is another one, and not the same that lasts.
        clock.now_s += 1_000.0
        world.before_seal = refuse
        late.send_events(2, [login(2)])
        assert "connect again in 1 s" in (await late.hear(wire.Bye)).reason
    assert world.counters == {"vault not writable": 3, "waits for the vault": 2}


async def test_the_engine_hears_of_nothing_that_is_not_in_the_vault_yet(world, hands, vault, commits):
    missing: list[str] = []
    world.engine.on_commit = lambda arrival: (
        missing.append(arrival.body.sealed)
        if isinstance(arrival.body, LoginReported) and vault.open_value(arrival.body.sealed) is None
        else None
    )
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        bridge.send_events(1, [login(number) for number in range(FRAME)])
        await acknowledged(bridge, FRAME)
    assert len(world.engine.of(LoginReported)) == FRAME
    assert not missing
