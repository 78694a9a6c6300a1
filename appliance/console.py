"""Console: bring a command to the firm from the command line, whether the appliance is serving or not.

While it serves, the command goes through its control socket; otherwise the firm is opened here, just for it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.arrival import Decided, Overloaded
from appliance.assembly import Machine
from appliance.control import ControlReply, ControlRequest, NotServing, call_control
from appliance.served_settings import digest_of
from appliance.settings_file import read_settings
from appliance.starting import require_own_name
from firm.bounds import BATCH_INPUTS_MAX
from firm.commands import Command
from firm.facts import Fact, Refused
from firm.kinds import BY_NAME, body_of, payload_of
from storage.errors import DiskRefused
from storage.files import is_mounted_read_only, open_firm_directory
from storage.secret_files import read_secrets

ASK = "ask"
PROGRESS = "progress"


class CommandRefused(Exception):
    """The firm said no."""


def open_machine(directory: Path) -> Machine:
    """The firm in this directory, recovered and writable; raises where anything is amiss, DiskRefused where nothing can be written."""
    files = open_firm_directory(directory)
    if is_mounted_read_only(directory):
        raise DiskRefused(
            f"{directory} lies on a file system that is mounted read-only: see in dmesg what its disk said, make it well, and mount it "
            "so that it can be written"
        )
    settings, secrets = read_settings(files.settings), read_secrets(directory)
    if files.ledger_db.exists():  # a missing one is told where it would be opened
        require_own_name(files, settings)
    return Machine(directory, settings, secrets)


def ask_firm(directory: Path, command: Command) -> list[Fact]:
    """The facts a command led to, durable. Raises CommandRefused where the answer is no, NoAnswer where there is none."""
    files = open_firm_directory(directory)
    try:
        reply = call_control(files.control_socket, _request(command))
    except NotServing:
        facts = _ask_offline(directory, command)
    else:
        if not reply.ok:
            raise CommandRefused(reply.problem)
        facts = [_fact(told) for told in reply.result]
    for fact in facts:
        if isinstance(fact, Refused):
            raise CommandRefused(fact.detail)
    return facts


def ask_firm_each(directory: Path, commands: Sequence[Command]) -> list[list[Fact]]:
    """What each command led to, in their order, durable; a no is among the facts. Raises CommandRefused where one could not be taken."""
    files = open_firm_directory(directory)
    told: list[list[Fact]] = []
    for command in commands:
        try:
            reply = call_control(files.control_socket, _request(command))
        except NotServing:
            return told + _decided_offline(directory, commands[len(told) :])
        if not reply.ok:
            raise CommandRefused(f"{len(told)} of {len(commands)} are done, then: {reply.problem}")
        told.append([_fact(one) for one in reply.result])
    return told


async def answer(machine: Machine, request: ControlRequest) -> ControlReply:
    """What the serving appliance says on its control socket."""
    match request.verb:
        case "ask":
            try:
                command = _command(request.arguments)
            except (KeyError, AttributeError, msgspec.DecodeError) as unreadable:
                problem = f"the command could not be read ({unreadable!r}): use the release that serves"
                return ControlReply(ok=False, problem=problem)
            try:
                return ControlReply(ok=True, result=_told(await machine.ask(command)))
            except Overloaded as full:  # its text says why, and what to make well
                problem = f"{type(command).__name__} was not taken: {full}; try again once that is over"
                return ControlReply(ok=False, problem=problem)
        case "alarms":
            return ControlReply(ok=True, result=msgspec.to_builtins(machine.alarms.standing()))
        case "progress":
            return ControlReply(ok=True, result=msgspec.to_builtins(machine.live.health()))
        case "settings":
            return ControlReply(ok=True, result=digest_of(machine.settings))
        case "brand":
            return ControlReply(ok=True, result=machine.brand.digest)
        case _:
            return ControlReply(ok=False, problem=f"{request.verb!r} is not something a running appliance is asked")


def _ask_offline(directory: Path, command: Command) -> list[Fact]:
    return _decided_offline(directory, [command])[0]


def _decided_offline(directory: Path, commands: Sequence[Command]) -> list[list[Fact]]:
    machine = open_machine(directory)
    decided: list[Decided] = []
    try:
        for first in range(0, len(commands), BATCH_INPUTS_MAX):
            decided += machine.decide_now(commands[first : first + BATCH_INPUTS_MAX])
        return [[fact for _, fact in one.facts] for one in decided]
    finally:
        machine.close()
        if machine.adopted:  # whoever opens the firm after a change, be it for one command, lets it in
            print(f"adopted from evenhand.toml: {', '.join(machine.adopted)}", file=sys.stderr)


def _request(command: Command) -> ControlRequest:
    payload = payload_of(command).decode()
    return ControlRequest(verb=ASK, arguments={"kind": type(command).__name__, "payload": payload})


def _command(arguments: dict[str, Any]) -> Command:
    body = body_of(arguments["kind"], arguments["payload"].encode())
    if not isinstance(body, Command):
        raise KeyError(f"{arguments['kind']} is no command")
    return body


def _told(decided: Decided) -> list[dict[str, str]]:
    return [{"kind": type(fact).__name__, "payload": payload_of(fact).decode()} for _, fact in decided.facts]


def _fact(told: dict[str, str]) -> Fact:
    assert told["kind"] in BY_NAME
    fact = body_of(told["kind"], told["payload"].encode())
    assert isinstance(fact, Fact)
    return fact
