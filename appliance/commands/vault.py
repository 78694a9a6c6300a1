"""`evenhand vault show|rotate`: which master the vault is under, and another one in its place."""

import argparse
from contextlib import closing
from pathlib import Path

import msgspec

from appliance.assembly import Machine
from appliance.commands.options import Verbs, add_directory, add_json, agreed, progress, tell, verb
from appliance.console import CommandRefused, open_machine
from appliance.firm_checks import check_lock
from appliance.rotations import Told, open_rotation, rotations
from appliance.wording import counted
from firm.inputs import MasterRotationBegun, MasterRotationEnded
from firm.instant import utc_text
from storage.errors import LedgerInUse
from storage.files import credentials, open_firm_directory
from storage.master import master_id
from storage.reader import LedgerReader
from storage.rotation import Rotated, rotate
from storage.secret_files import put_master_in_place, put_next_master, read_key_file, read_next_master, read_secrets

SERVES = "the firm serves: stop it, then run this again, then start it"


class Shown(msgspec.Struct, frozen=True):
    """Ids of masters. `file`: of the file that was asked about; `next`: of one that lies there for a rotation; "" where there is none."""

    master: str
    next: str
    file: str
    rotations: tuple[Told, ...]


def add_to(verbs: Verbs) -> None:
    example = "evenhand vault show"
    parser = verb(verbs, "vault", run_show, "see which master the vault is under, and give it another", example)
    parser.set_defaults(json=False, master=None)
    add_directory(parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    note = "Masters are called by an id from which nothing of them follows."
    shown = verb(actions, "show", run_show, "which master the vault is under, and which it was before", example, note)
    add_directory(shown)
    shown.add_argument("--master", type=Path, metavar="FILE", help="say the id of the master in this file, too")
    add_json(shown)
    note = (
        "The firm must be stopped meanwhile: whoever serves holds the master in memory. Every person's keys are wrapped anew; the values "
        "themselves are not touched. Cut short at any moment, it is taken up by the next call. Afterwards the old master opens "
        "nothing here; copies of the keys from before need it until they are gone: keep a copy of it apart for 30 days, then destroy it."
    )
    renew = verb(
        actions, "rotate", run_rotate, "put another master in place of the vault's", "evenhand vault rotate", note
    )
    add_directory(renew)
    renew.add_argument(
        "--new", type=Path, metavar="FILE", help="32 bytes drawn elsewhere; without it they are drawn here"
    )
    renew.add_argument("--yes", action="store_true", help="do not ask once more, as in a script")


def run_show(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    secrets, lying = read_secrets(options.data_dir), read_next_master(options.data_dir)
    asked = master_id(read_key_file(options.master)) if options.master else ""
    with LedgerReader(options.data_dir) as reader:
        told = tuple(rotations(reader))
    shown = Shown(master_id(secrets.vault_master), master_id(lying) if lying else "", asked, told)
    lines = [f"The vault is under master {shown.master}.", *map(_line, told)]
    if lying:
        lines.append(f'secrets/vault_master.next is master {shown.next}: "evenhand vault rotate" goes on with it.')
    if asked:
        lines.append(f"{options.master} is master {asked}.")
    tell(options, shown, "\n".join(lines))
    return 0


def run_rotate(options: argparse.Namespace) -> int:
    directory = open_firm_directory(options.data_dir)
    if credentials() is not None:
        raise CommandRefused(
            "the secrets are credentials here, which nobody can change: run it as in docs/operating/privacy.md"
        )
    given = read_key_file(options.new) if options.new else None
    if check_lock(directory)[0] is not None:
        raise CommandRefused(SERVES)
    if not options.yes and not agreed("Is a copy of secrets/ kept apart? Put another master in place of the vault's?"):
        raise CommandRefused("the master stays as it is")
    try:
        machine = open_machine(options.data_dir)
    except LedgerInUse as serving:
        raise CommandRefused(SERVES) from serving
    with closing(machine):
        rotated = _rotated(machine, given)
    now = master_id(read_secrets(options.data_dir).vault_master)
    what = (
        "was so already"
        if rotated is None
        else f"{counted(rotated.keys, 'key')}, {counted(rotated.mails, 'mail address', 'mail addresses')}"
    )
    print(f"The vault is under master {now} ({what}). Copy secrets/ apart now, and start the firm.")
    return 0


def _rotated(machine: Machine, given: bytes | None) -> Rotated | None:
    """None: a call before this one was cut short after everything was under the new master."""
    master, becomes = machine.secrets.vault_master, put_next_master(machine.directory, given)
    rotated = None
    if becomes != master:
        begun = open_rotation(machine.reader)
        if begun is None or (begun.was, begun.becomes) != (master_id(master), master_id(becomes)):
            machine.decide_now([MasterRotationBegun(was=master_id(master), becomes=master_id(becomes))])
        rotated = rotate(machine.directory, master, becomes, lambda done: progress(f"{done:,} keys"))
        progress("")
        machine.decide_now([MasterRotationEnded(master=master_id(becomes))])
    put_master_in_place(machine.directory)
    return rotated


def _line(told: Told) -> str:
    ended = f"ended {utc_text(told.ended_us)[:16]}" if told.ended_us else "not ended"
    return f"  from {told.was} to {told.becomes}: begun {utc_text(told.begun_us)[:16]}, {ended}"
