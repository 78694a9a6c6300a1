"""`evenhand bridge add|list|revoke|mode`: which bridges may speak to this firm."""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nacl.signing
from zmq.utils import z85

from appliance.commands.options import Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm
from appliance.settings_file import read_settings
from bridges.enrolment import KeyFile, KeyPair, key_file_text, new_keypair, public_of, require_name
from bridges.outbound.address import is_loopback
from firm.commands import BridgeMode, EnrolBridge, RevokeBridge, SetBridgeMode
from firm.instant import utc_text
from storage.files import FirmDirectory, open_firm_directory, write_new
from storage.reader import LedgerReader
from storage.readmodels.bridges import BridgeLine, all_bridges
from storage.secret_files import Secrets, read_secrets

PORT_MAX = 65_535
EVERYWHERE = "0.0.0.0"  # noqa: S104  (told, not listened on)
_ENDPOINT = re.compile(r"tcp://(?P<host>[A-Za-z0-9_.-]+):(?P<port>[0-9]{1,5})")


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "bridge",
        run_list,
        "enrol, list and revoke bridges to trading platforms, and say what each may do",
        "evenhand bridge add mt5-main --out mt5-main.toml",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_add(actions)
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
    revoke.add_argument("name", help="as bridge list shows it")
    revoke.add_argument("--why", type=plain_text, required=True, help="for the audit")
    add_directory(revoke)
    mode = verb(
        actions,
        "mode",
        run_mode,
        "observe (all verdicts, no commands) or enforce",
        'evenhand bridge mode mt5-main enforce --why "conformance run passed"',
    )
    mode.add_argument("name", help="as bridge list shows it")
    mode.add_argument("mode", choices=[one.value for one in BridgeMode], help="observe never touches an account")
    mode.add_argument("--why", type=plain_text, required=True, help="for the audit")
    add_directory(mode)


def _add_add(actions: Verbs) -> None:
    add = verb(
        actions,
        "add",
        run_add,
        "enrol a bridge and write its key file",
        "evenhand bridge add mt5-main --out mt5-main.toml",
        "Whoever holds the key file can speak for the bridge: --out makes it readable by you alone.",
    )
    add.add_argument("name", help="up to 32 small letters, digits and dashes")
    add.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write the key file; printed where none is named"
    )
    add.add_argument(
        "--endpoint",
        type=_endpoint,
        metavar="tcp://HOST:PORT",
        help="the gateway's address as the bridge reaches it; that of the settings where none is given",
    )
    add.add_argument("--simulator", action="store_true", help="the bundled simulator: enforced from the start")
    add_directory(add)


def run_add(options: argparse.Namespace) -> int:
    require_name(options.name)
    files = open_firm_directory(options.data_dir)
    pair = new_keypair()
    command = EnrolBridge(by="console", bridge=options.name, public_key=pair.public, simulator=options.simulator)
    endpoint = options.endpoint or _own_endpoint(files)
    key_file = key_file_for(options.name, pair, files, read_secrets(options.data_dir), endpoint)
    if options.out is None:
        ask_firm(options.data_dir, command)
        print(key_file, end="")
    else:
        with _written(options.out, key_file):
            ask_firm(options.data_dir, command)
        print(
            f"{options.name} is enrolled. Its key file is {options.out}: bring it to the bridge, and keep no copy here."
        )
    if not options.simulator:
        print(
            f"{options.name} only observes: nothing is opened, closed or blocked on its platform. Once it may act: "
            f"evenhand bridge mode {options.name} enforce --why WHY",
            file=sys.stderr,
        )
    if _is_local(endpoint):
        print(
            f"{endpoint} can be reached from this machine alone: for a bridge elsewhere let gateway.host listen there, "
            "and write the address into the key file's endpoint line, or enrol it with --endpoint tcp://HOST:PORT",
            file=sys.stderr,
        )
    return 0


def run_list(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader, reader.connection() as connection:
        bridges = all_bridges(connection)
    head = f"{'bridge':<32} {'mode':<8} {'enrolled (UTC)':<20} public key"
    lines = (
        [head, *(_line(bridge) for bridge in bridges)]
        if bridges
        else ["No bridges yet: evenhand bridge add NAME --out FILE"]
    )
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


def key_file_for(name: str, pair: KeyPair, files: FirmDirectory, secrets: Secrets, endpoint: str = "") -> str:
    """What the bridge needs, as the TOML file it reads. It connects to where the gateway listens, unless told otherwise."""
    key = KeyFile(
        name=name,
        endpoint=endpoint or _own_endpoint(files),
        bridge_public=pair.public,
        bridge_secret=pair.secret,
        server_public=public_of(z85.encode(secrets.curve_server_key).decode()),
        ledger_key=nacl.signing.SigningKey(secrets.signing_seed).verify_key.encode().hex(),
    )
    return key_file_text(key)


def _own_endpoint(files: FirmDirectory) -> str:
    gateway = read_settings(files.settings).gateway
    return f"tcp://{gateway.host}:{gateway.port}"


def _endpoint(text: str) -> str:
    """An address that somebody can connect to, for argparse."""
    parts = _ENDPOINT.fullmatch(text)
    if parts is None or not 1 <= int(parts["port"]) <= PORT_MAX or parts["host"] == EVERYWHERE:
        raise argparse.ArgumentTypeError(f"{text!r} is no address of a gateway: write tcp://HOST:PORT")
    return text


def _is_local(endpoint: str) -> bool:
    host = endpoint.removeprefix("tcp://").rpartition(":")[0]
    return host == EVERYWHERE or is_loopback(host)  # who connects to everywhere comes to itself


@contextmanager
def _written(path: Path, key_file: str) -> Iterator[None]:
    """The key file first, so that no bridge is enrolled whose key is lost; it goes again where the firm says no."""
    try:
        write_new(path, key_file.encode())
    except FileExistsError as there:
        raise CommandRefused(f"{path} exists already: name another file with --out, or move it away") from there
    except OSError as error:
        raise CommandRefused(f"{path} cannot be written ({error.strerror}): name another file with --out") from error
    try:
        yield
    except CommandRefused:
        path.unlink()
        raise


def _line(bridge: BridgeLine) -> str:
    state = "revoked" if bridge.revoked else bridge.mode
    return (
        f"{bridge.bridge:<32} {state:<8} {utc_text(bridge.enrolled_us)[:19].replace('T', ' '):<20} {bridge.public_key}"
    )
