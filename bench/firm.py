"""The benchmark's firm: its programs, its 30 symbols, paid orders that wait for a platform to open their accounts, and its people."""

import random
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.commands.bridge import key_file_for
from appliance.demo_firm import programs
from appliance.founding import found, staff_command, trader_command
from appliance.limit_settings import LimitSettings
from appliance.ports import free_port
from appliance.section import Section
from appliance.settings import FirmSettings, GatewaySettings, Settings, WebSettings
from bridges.enrolment import new_keypair
from firm.commands import Command, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.facts import Refused
from firm.ids import ID_BITS
from firm.needs import needs_of
from firm.ruleset import Program
from storage.files import FirmDirectory
from web.auth import SESSION_ID_BYTES
from web.cookies import LOOPBACK_COOKIE
from web.signed import Signed, written

BRIDGE = "sim"
HOST = "127.0.0.1"
KEY_FILE = "bridge.toml"
ORDERS_AT_ONCE = 100
NO_LIMITS = LimitSettings(
    address_per_minute=1_000_000, address_burst=100_000, stream_per_minute=1_000_000, stream_burst=100_000,
    account_per_minute=1_000_000, account_burst=100_000,
)  # fmt: skip
NO_PASSWORD = "!"


class Listed(NamedTuple):
    """A symbol of the benchmark. `bid` is where it starts, in points; contract in units."""

    symbol: str
    digits: int
    contract: int
    profit: str
    bid: int
    spread: int


# Quoted in dollars, as the accounts are kept: what their equity depends on is the symbol itself.
DIRECT = tuple(
    Listed(symbol, 5, 100_000, "USD", bid, spread)
    for symbol, bid, spread in (
        ("EURUSD", 108_350, 8), ("GBPUSD", 126_120, 11), ("AUDUSD", 65_410, 9), ("NZDUSD", 60_230, 13),
        ("SGDUSD", 74_120, 21), ("EURUSD.r", 108_352, 6), ("GBPUSD.r", 126_121, 9), ("AUDUSD.r", 65_411, 7),
        ("NZDUSD.r", 60_231, 11), ("SGDUSD.r", 74_121, 19),
    )
) + tuple(
    Listed(symbol, digits, contract, "USD", bid, spread)
    for symbol, digits, contract, bid, spread in (
        ("XAUUSD", 2, 100, 233_410, 22), ("XAGUSD", 4, 5_000, 289_010, 180), ("XPTUSD", 2, 100, 98_220, 140),
        ("XPDUSD", 2, 100, 101_340, 310), ("US30", 1, 1, 391_205, 21), ("US100", 1, 1, 182_314, 12), ("US500", 1, 10, 52_187, 5),
        ("US2000", 2, 10, 207_310, 38), ("USOIL", 3, 1_000, 81_410, 30), ("UKOIL", 3, 1_000, 86_120, 30),
        ("NATGAS", 4, 10_000, 17_830, 50), ("COPPER", 5, 10_000, 405_120, 120), ("BTCUSD", 1, 1, 671_240, 125),
        ("ETHUSD", 2, 10, 351_230, 180), ("SOLUSD", 3, 100, 186_410, 60), ("LTCUSD", 3, 100, 89_230, 50),
        ("XRPUSD", 5, 10_000, 61_320, 40), ("ADAUSD", 5, 10_000, 58_140, 40), ("DOTUSD", 4, 1_000, 91_240, 30),
        ("LINKUSD", 4, 1_000, 182_020, 60),
    )
)  # fmt: skip
# In place of the last six where conversions are asked for: profits in other currencies, and what converts them.
CONVERTED = tuple(
    Listed(symbol, digits, 100_000, profit, bid, spread)
    for symbol, digits, profit, bid, spread in (
        ("USDJPY", 3, "JPY", 151_210, 9), ("EURJPY", 3, "JPY", 163_840, 14), ("USDCHF", 5, "CHF", 90_310, 11),
        ("EURGBP", 5, "GBP", 85_910, 10), ("USDCAD", 5, "CAD", 135_620, 12), ("EURAUD", 5, "AUD", 165_210, 18),
    )
)  # fmt: skip


def listing(conversions: bool) -> tuple[Listed, ...]:
    """30 symbols; six of them need a conversion where `conversions`."""
    return (*DIRECT[: 30 - len(CONVERTED)], *CONVERTED) if conversions else DIRECT


class Sold(NamedTuple):
    """A paid order: who placed it, and the account of its first phase."""

    trader: int
    account: int


class Founded(NamedTuple):
    """The bridge's key file, and the orders that wait for it, oldest first."""

    key_file: Path
    sold: list[Sold]


def settings_of(**sections: Section) -> Settings:
    """Of a firm of this machine alone, on free ports. `sections`: what else differs from the defaults.

    All readers come from this machine: what they cost is measured, and not how soon they are sent away.
    """
    named: dict[str, Any] = {"firm": FirmSettings(name="Bench", slug="bench"), **sections}
    named["web"] = replace(named.get("web", WebSettings(limits=NO_LIMITS)), host=HOST, port=free_port(HOST))
    named["gateway"] = GatewaySettings(host=HOST, port=free_port(HOST))
    return Settings(**named)


def found_firm(directory: Path, accounts: int, *, trailing: bool) -> Path:
    """Found it in `directory`; the bridge's key file."""
    machine = found(directory / "firm", settings_of())
    try:
        return sell_to(machine, directory, programs_sold(trailing=trailing), accounts).key_file
    finally:
        machine.close()


def sell_to(machine: Machine, directory: Path, sold: Sequence[Program], accounts: int, people: int = 0) -> Founded:
    """Enrol the programs' bridge and sell so many accounts on it. The first `people` of their traders can have a session."""
    pair, bridge = new_keypair(), sold[0].bridge
    enrol = EnrolBridge(by="console", bridge=bridge, public_key=pair.public, simulator=True)
    machine.decide_now([enrol, *(PublishProgram(by="console", program=program) for program in sold)])
    orders = _sell(machine, sold, accounts, people)
    key_file = directory / KEY_FILE
    key_file.write_text(key_file_for(bridge, pair, FirmDirectory(machine.directory), machine.secrets))
    return Founded(key_file, orders)


def hire(machine: Machine) -> int:
    """A member of staff, who can have a session; their number."""
    command = staff_command(machine, "ruth@bench.example", "Ruth Vale", "risk", NO_PASSWORD)
    [added] = machine.decide_now([command])
    assert not any(isinstance(fact, Refused) for _, fact in added.facts), f"nobody was hired: {added.facts}"
    return command.staff


def session_of(machine: Machine, person: str) -> str:
    """The cookie of somebody who has signed in. `person`: such as trader:7."""
    session_id = secrets.token_urlsafe(SESSION_ID_BYTES)
    machine.sessions.set(session_id, written(Signed(factor=True)), wall_us(), person)
    return f"{LOOPBACK_COOKIE}={session_id}"


def programs_sold(*, trailing: bool) -> tuple[Program, ...]:
    """The demo's programs in dollars: one with static floors, and where `trailing` one that trails on every tick."""
    return tuple(
        program
        for program in programs()
        if program.size.currency == "USD" and (trailing or not trails_every_tick(program))
    )


def trails_every_tick(program: Program) -> bool:
    return needs_of(program.phases[0].ruleset).follows_prices


def _sell(machine: Machine, sold: Sequence[Program], accounts: int, people: int) -> list[Sold]:
    dice = random.Random(sold[0].bridge)  # other ids on each bridge
    commands: list[Command] = []
    orders: list[Sold] = []
    for place in range(accounts):
        program, trader, order = sold[place % len(sold)], dice.randrange(1 << ID_BITS), dice.randrange(1 << ID_BITS)
        ids = tuple(dice.randrange(1 << ID_BITS) for _ in program.phases)
        orders.append(Sold(trader, ids[0]))
        commands += [
            _register(machine, trader, place) if place < people else _nameless(trader),
            PlaceOrder(by="console", order=order, trader=trader, program=program.program, accounts=ids),
            MarkOrderPaid(by="console", order=order, reference="bench"),
        ]
    for start in range(0, len(commands), 3 * ORDERS_AT_ONCE):
        machine.decide_now(commands[start : start + 3 * ORDERS_AT_ONCE])
    return orders


def _register(machine: Machine, trader: int, place: int) -> RegisterTrader:
    return trader_command(machine, trader, f"trader{place}@bench.example", f"Trader {place}", NO_PASSWORD)


def _nameless(trader: int) -> RegisterTrader:
    return RegisterTrader(by="console", trader=trader, sealed="")
