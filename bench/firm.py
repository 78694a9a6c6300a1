"""The benchmark's firm: its programs, its 30 symbols, and 2,000 paid orders that wait for a platform to open their accounts."""

import random
from pathlib import Path
from typing import NamedTuple

from appliance.assembly import Machine
from appliance.commands.bridge import key_file_for
from appliance.demo_firm import programs
from appliance.founding import found
from appliance.ports import free_port
from appliance.settings import FirmSettings, GatewaySettings, Settings, WebSettings
from bridges.enrolment import new_keypair
from firm.commands import Command, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.ids import ID_BITS
from firm.ruleset import MaximumLoss, Program, Trail
from storage.files import FirmDirectory

BRIDGE = "sim"
HOST = "127.0.0.1"
KEY_FILE = "bridge.toml"
ORDERS_AT_ONCE = 100


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


def found_firm(directory: Path, accounts: int, *, trailing: bool) -> Path:
    """Found it in `directory`; the bridge's key file."""
    settings = Settings(
        firm=FirmSettings(name="Bench", slug="bench"),
        web=WebSettings(host=HOST, port=free_port(HOST)),
        gateway=GatewaySettings(host=HOST, port=free_port(HOST)),
    )
    machine = found(directory / "firm", settings)
    try:
        pair = new_keypair()
        enrol = EnrolBridge(by="console", bridge=BRIDGE, public_key=pair.public, simulator=True)
        sold = programs_sold(trailing=trailing)
        machine.decide_now([enrol, *(PublishProgram(by="console", program=program) for program in sold)])
        _sell(machine, sold, accounts)
        key_file = directory / KEY_FILE
        key_file.write_text(key_file_for(BRIDGE, pair, FirmDirectory(machine.directory), machine.secrets))
    finally:
        machine.close()
    return key_file


def programs_sold(*, trailing: bool) -> tuple[Program, ...]:
    """The demo's programs in dollars: one with static floors, and where `trailing` one that trails on every tick."""
    return tuple(
        program
        for program in programs()
        if program.size.currency == "USD" and (trailing or not trails_every_tick(program))
    )


def trails_every_tick(program: Program) -> bool:
    terms = program.phases[0].ruleset.terms
    return any(isinstance(term, MaximumLoss) and term.trail is Trail.EVERY_TICK for term in terms)


def _sell(machine: Machine, sold: tuple[Program, ...], accounts: int) -> None:
    dice = random.Random(1)
    commands: list[Command] = []
    for place in range(accounts):
        program, trader, order = sold[place % len(sold)], dice.randrange(1 << ID_BITS), dice.randrange(1 << ID_BITS)
        ids = tuple(dice.randrange(1 << ID_BITS) for _ in program.phases)
        commands += [
            RegisterTrader(by="console", trader=trader, sealed=""),
            PlaceOrder(by="console", order=order, trader=trader, program=program.program, accounts=ids),
            MarkOrderPaid(by="console", order=order, reference="bench"),
        ]
    for start in range(0, len(commands), 3 * ORDERS_AT_ONCE):
        machine.decide_now(commands[start : start + 3 * ORDERS_AT_ONCE])
