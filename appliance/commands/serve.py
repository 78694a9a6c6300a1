"""`evenhand serve`: run the firm until SIGTERM."""

import argparse
import logging
import re
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import anyio

from actors.recovery import ReplayDiverged
from appliance.alarms.read_only_watch import Told
from appliance.assembly import Machine
from appliance.authorities import require_authorities
from appliance.commands.options import Verbs, add_directory, verb
from appliance.console import answer, open_machine
from appliance.copies_seen import why_unseen
from appliance.log import set_up_logging
from appliance.read_only import LOOK_EVERY_MAX_S, LOOK_EVERY_S, ReadOnlyFirm
from appliance.serve import serve
from appliance.space import make_room_to_start
from backups.source import clear_workshops
from storage.errors import DiskRefused

SWITCH_INTERVAL_S = (
    0.0005  # how soon the commit's thread gets the interpreter back from a busy loop; see docs/decisions
)

# No name before the host, no query, and nothing that a browser reads otherwise than we do, a backslash or a line's end say.
_URL_FORM = re.compile(r"[A-Za-z0-9:/._~\[\]-]+")

_LOG = logging.getLogger("evenhand.appliance")


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "serve",
        run,
        "run the firm: engine, gateway for bridges, portal and backoffice",
        "evenhand serve --data-dir /var/lib/evenhand",
    )
    add_directory(parser)
    parser.add_argument(
        "--ticket",
        type=_ticket,
        action="append",
        default=[],
        metavar="BRIDGE=URL",
        help="where accounts of a simulated platform are traded by hand, for a demo: their pages link there",
    )


def run(options: argparse.Namespace) -> int:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    told: Told | None = None
    for attempt in count():
        make_room_to_start(options.data_dir)
        try:
            machine = open_machine(options.data_dir)
        except DiskRefused as refused:
            # A disk that takes a probe and refuses a start is asked less and less often, so that pages stay up.
            look_every_s = min(LOOK_EVERY_S * 2 ** min(attempt, 10), LOOK_EVERY_MAX_S)
            is_well, told = _serve_read_only(options.data_dir, str(refused), look_every_s, told)
            if is_well:
                continue
            return 0
        except ReplayDiverged as diverged:
            # The same bytes before the same engine: only a person can change that, and whoever looks shall not lose the pages.
            why = f"row {diverged.difference.seq} is stored otherwise than this release decides it"
            _serve_read_only(options.data_dir, why, LOOK_EVERY_MAX_S, diverged=diverged)
            return 0
        break
    if told is not None:
        machine.alarms.go_on_from(told.book)  # whoever was told that it is read-only hears that it is over
        machine.undelivered = told.undelivered
    try:
        require_authorities("alarms.mail", machine.settings.alarms.mail)
        require_authorities("mail", machine.settings.mail)
        set_up_logging(machine.settings.log.level.value, (*machine.secrets.all(), *machine.secret_texts.all()))
        if machine.adopted:
            _LOG.info("adopted from evenhand.toml: %s", ", ".join(machine.adopted))
        clear_workshops(machine.directory)
        machine.copies_unseen = why_unseen(machine.directory, machine.settings.backups, machine.secrets)
        if machine.copies_unseen:
            _LOG.error("whether this is the newest ledger of this firm could not be seen: %s", machine.copies_unseen)
        anyio.run(_serve, machine, dict(options.ticket))
    except BaseExceptionGroup as group:
        raise _only(group) from group
    finally:
        machine.close()
    _LOG.info("stopped: everything that was answered is in the ledger")
    return 0


def _serve_read_only(
    directory: Path,
    why: str,
    look_every_s: float,
    told: Told | None = None,
    diverged: ReplayDiverged | None = None,
) -> tuple[bool, Told]:
    """Pages alone; whether the disk takes a write again that took none, and not that we were told to stop; and what people know."""
    with ReadOnlyFirm(directory, why, told, diverged=diverged) as firm:
        set_up_logging(firm.settings.log.level.value, (*firm.secrets.all(), *firm.secret_texts.all()))
        _LOG.error(
            "%s. Until then pages are read-only, nothing is taken, and bridges keep what they have", diverged or why
        )

        def ready(url: str) -> None:
            print(f"serving {firm.settings.firm.name} read-only on {url}", flush=True)

        try:
            is_well = anyio.run(firm.serve, ready, look_every_s)
        except BaseExceptionGroup as group:
            raise _only(group) from group
    _LOG.warning("the disk takes a write again: the firm starts" if is_well else "stopped")
    return is_well, firm.watch.told()


def _only(error: BaseException) -> BaseException:
    """What a task raised, out of the groups that task groups put around it; the group where there are several."""
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return _only(error.exceptions[0])
    return error


def _ticket(text: str) -> tuple[str, str]:
    bridge, _, url = text.partition("=")
    if not bridge or not _is_ticket(url):
        raise argparse.ArgumentTypeError(f"{text!r} names no ticket: write sim=http://127.0.0.1:8081")
    return bridge, url.rstrip("/")


def _is_ticket(url: str) -> bool:
    """Scheme, host, port and path alone: traders follow it. Without TLS it leads nowhere but to this machine."""
    if not _URL_FORM.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "http":
        return parts.hostname in ("127.0.0.1", "localhost") and port is not None
    return parts.scheme == "https" and bool(parts.hostname)


async def _serve(machine: Machine, tickets: Mapping[str, str]) -> None:
    def ready(url: str) -> None:
        gateway = machine.settings.gateway
        print(f"serving {machine.settings.firm.name} on {url}", flush=True)
        print(f"bridges connect to tcp://{gateway.host}:{gateway.port}; Ctrl-C or SIGTERM stops the firm", flush=True)

    await serve(machine, answer, ready=ready, tickets=tickets)
