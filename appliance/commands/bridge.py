"""`evenhand bridge add|list|revoke`: which bridges may speak to this firm."""

import argparse

import nacl.signing
from zmq.utils import z85

from appliance.commands.options import Verbs, add_directory, add_json, tell, verb
from appliance.console import ask_firm
from appliance.settings_file import read_settings
from bridges.enrolment import KeyFile, KeyPair, key_file_text, new_keypair, public_of, require_name
from firm.commands import BridgeMode, EnrolBridge, RevokeBridge, SetBridgeMode
from firm.instant import utc_text
from storage.files import FirmDirectory, open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.bridges import BridgeLine, all_bridges
from storage.secret_files import Secrets, read_secrets


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "bridge",
        run_list,
        "enrol, list and revoke bridges to trading platforms",
        "evenhand bridge add mt5-main > mt5-main.toml",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = verb(
        actions, "add", run_add, "enrol a bridge and print its key file", "evenhand bridge add mt5-main > mt5-main.toml"
    )
    add.add_argument("name", help="up to 32 small letters, digits and dashes")
    add.add_argument("--simulator", action="store_true", help="the bundled simulator: enforced from the start")
    add_directory(add)
    shown = verb(actions, "list", run_list, "list bridges with mode and key", "evenhand bridge list")
    add_directory(shown)
    add_json(shown)
    revoke = verb(
        actions,
        "revoke",
        run_revoke,
        "never let a bridge in again",
        'evenhand bridge revoke mt5-main --why "server sold"',
    )
    revoke.add_argument("name")
    revoke.add_argument("--why", required=True, help="for the audit")
    add_directory(revoke)
    mode = verb(
        actions,
        "mode",
        run_mode,
        "observe (all verdicts, no commands) or enforce",
        'evenhand bridge mode mt5-main enforce --why "conformance run passed"',
    )
    mode.add_argument("name")
    mode.add_argument("mode", choices=[one.value for one in BridgeMode])
    mode.add_argument("--why", required=True, help="for the audit")
    add_directory(mode)


def run_add(options: argparse.Namespace) -> int:
    require_name(options.name)
    files = open_firm_directory(options.data_dir)
    pair = new_keypair()
    command = EnrolBridge(by="console", bridge=options.name, public_key=pair.public, simulator=options.simulator)
    ask_firm(options.data_dir, command)
    print(key_file_for(options.name, pair, files, read_secrets(options.data_dir)), end="")
    return 0


def run_list(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader, reader.connection() as connection:
        bridges = all_bridges(connection)
    head = f"{'bridge':<32} {'mode':<8} {'enrolled (UTC)':<20} public key"
    lines = [head, *(_line(bridge) for bridge in bridges)] if bridges else ["No bridges yet: evenhand bridge add NAME"]
    tell(options, bridges, "\n".join(lines))
    return 0


def run_revoke(options: argparse.Namespace) -> int:
    ask_firm(options.data_dir, RevokeBridge(by="console", bridge=options.name, why=options.why))
    print(f"{options.name} is revoked: its session has ended and its key opens no other.")
    return 0


def run_mode(options: argparse.Namespace) -> int:
    ask_firm(
        options.data_dir,
        SetBridgeMode(by="console", bridge=options.name, mode=BridgeMode(options.mode), why=options.why),
    )
    print(f"{options.name}: {options.mode}")
    return 0


def key_file_for(name: str, pair: KeyPair, files: FirmDirectory, secrets: Secrets) -> str:
    """What the bridge needs, as the TOML file it reads."""
    gateway = read_settings(files.settings).gateway
    key = KeyFile(
        name=name,
        endpoint=f"tcp://{gateway.host}:{gateway.port}",
        bridge_public=pair.public,
        bridge_secret=pair.secret,
        server_public=public_of(z85.encode(secrets.curve_server_key).decode()),
        ledger_key=nacl.signing.SigningKey(secrets.signing_seed).verify_key.encode().hex(),
    )
    return key_file_text(key)


def _line(bridge: BridgeLine) -> str:
    state = "revoked" if bridge.revoked else bridge.mode
    return (
        f"{bridge.bridge:<32} {state:<8} {utc_text(bridge.enrolled_us)[:19].replace('T', ' '):<20} {bridge.public_key}"
    )
