"""`evenhand person add|show|place|export|erase|erasures|reset-link|…`: traders, and what is held about them, from the console."""

import argparse
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from appliance.clock import wall_us
from appliance.commands import person_add, person_back, person_place
from appliance.commands.options import Verbs, add_directory, add_json, agreed, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm, open_machine
from appliance.erasing import forget, forget_documents
from appliance.members import opened_vault, trader_named
from appliance.settings_file import read_settings
from firm.commands import EraseTrader, NoteAct, StaffAct
from firm.facts import ErasureOrdered
from firm.ids import id_text
from firm.instant import utc_text
from firm.personal import BY_NAME, destructions
from firm.phase import ENDED
from firm.regions import NO_REGION, region_words
from storage.devices import DeviceBook
from storage.drafts import DraftStore
from storage.errors import LedgerInUse
from storage.files import open_firm_directory
from storage.front import FrontFile
from storage.people import reference
from storage.person_export import export_pieces
from storage.reader import LedgerReader
from storage.readmodels.accounts import accounts_of_trader
from storage.readmodels.erasures import Erasure, all_erasures, erasures_of
from storage.readmodels.people import has_regions, region_of
from storage.sessions import SessionStore
from web.front_told import front_told

ERASURES_SHOWN = 200
FILE_MODE = 0o600


class Held(msgspec.Struct, frozen=True):
    """A class of values that the vault holds of somebody, or held."""

    klass: str
    what: str
    why: str
    basis: str
    state: str


class Shown(msgspec.Struct, frozen=True):
    """A trader. `name` and `mail` are "" where they were erased, `region` where they are in none."""

    id: str
    name: str
    mail: str
    region: str
    held: tuple[Held, ...]


def add_to(verbs: Verbs) -> None:
    example = "evenhand person show ada@trader.example"
    parser = verb(verbs, "person", run_erasures, "show, hand out and forget what is held about a trader", example)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    shown = verb(actions, "show", run_show, "what is held about a trader, and why", example)
    _add_person(shown)
    add_json(shown)
    example = "evenhand person export ada@trader.example --out ada.zip"
    note = "The file is for this person alone: it opens their sealed values. It is written readable by its owner only."
    out = verb(actions, "export", run_export, "everything about a trader, in one ZIP", example, note)
    _add_person(out)
    out.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")
    example = 'evenhand person erase 7K2MQ-9XW3F --why "asked for it, ticket 118"'
    note = (
        "Their accounts must be over, or given up with --gives-up. Keys and values leave the disk, copies of the keys within 30 days; "
        "the ledger keeps what happened under a pseudonym that no longer leads to anybody. It cannot be undone."
    )
    erase = verb(actions, "erase", run_erase, "forget a trader", example, note)
    _add_person(erase)
    erase.add_argument("--yes", action="store_true", help="do not ask once more, as in a script")
    erase.add_argument(
        "--gives-up",
        action="store_true",
        help="they know that what still runs is closed and forfeited, that orders lapse and open questions are dropped",
    )
    erase.add_argument("--why", type=plain_text, required=True, help="kept in the ledger: name nobody in it")
    listed = verb(actions, "erasures", run_erasures, "who was forgotten, or is to be", "evenhand person erasures")
    add_directory(listed)
    add_json(listed)
    person_add.add_to(actions)
    person_place.add_to(actions)
    person_back.add_to(actions)


def run_show(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with opened_vault(options.data_dir) as vault, LedgerReader(options.data_dir) as reader:
        trader = trader_named(vault, options.person)
        person, classes = vault.person("trader", trader), vault.classes_of(reference("trader", trader))
        with reader.connection() as book:
            going = {each.klass: each for each in erasures_of(book, trader)}
            region = (region_of(book, trader) if has_regions(book) else None) or NO_REGION
    held = tuple(_held(klass, going.get(klass)) for klass in sorted(set(classes) | set(going)))
    shown = Shown(id_text(trader), person.name if person else "", person.mail if person else "", region, held)
    called = f"{shown.id}  {shown.name or 'no name'}  {shown.mail or 'no mail address'}  {region_words(region)}"
    lines = [called, *map(_held_line, held)]
    tell(options, shown, "\n".join(lines if held else [*lines, "Nothing is held in the vault."]))
    return 0


def run_export(options: argparse.Namespace) -> int:
    files = open_firm_directory(options.data_dir)
    firm = read_settings(files.settings).firm.name
    with opened_vault(options.data_dir) as vault:
        trader = trader_named(vault, options.person)
    ask_firm(
        options.data_dir,
        NoteAct(by="console", act=StaffAct.PERSON_TAKEN, trader=trader, about="evenhand person export"),
    )
    mine = _in_front(options.data_dir, trader)
    with opened_vault(options.data_dir) as vault, LedgerReader(options.data_dir) as reader:
        try:
            descriptor = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
        except OSError as failed:
            raise CommandRefused(f"{options.out} cannot be made ({failed.strerror}): name a new file") from failed
        with os.fdopen(descriptor, "wb") as out:
            out.writelines(export_pieces(reader, vault, trader, firm=firm, now_us=wall_us(), signed_in=mine))
    print(f"{options.out} holds everything about {id_text(trader)}: give it to them alone.")
    return 0


def run_erase(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with opened_vault(options.data_dir) as vault:
        trader = trader_named(vault, options.person)
        person = vault.person("trader", trader)
    whom = (
        f"{id_text(trader)}, {person.name}, {person.mail}" if person else f"{id_text(trader)}, who has no name any more"
    )
    if not options.gives_up:
        _require_none_runs(options.data_dir, trader)
    if not options.yes and not agreed(f"Forget {whom}? It cannot be undone."):
        raise CommandRefused("nobody was forgotten")
    asked = EraseTrader(
        by="console", trader=trader, why=options.why, classes=destructions(wall_us()), gives_up=options.gives_up
    )
    if not any(isinstance(fact, ErasureOrdered) for fact in ask_firm(options.data_dir, asked)):
        raise CommandRefused("the trader's desk is stopped: nothing is ordered yet; let it go on first (/staff/health)")
    print(f"{id_text(trader)} is to be forgotten. {_carried_out(options.data_dir)}")
    return 0


def _require_none_runs(directory: Path, trader: int) -> None:
    """Before anybody is asked whether they are sure. The trader's desk decides it, and counts orders, too."""
    with LedgerReader(directory) as reader, reader.connection() as book:
        running = sum(line.standing not in ENDED for line in accounts_of_trader(book, trader))
    if running:
        told = "1 account of theirs still runs" if running == 1 else f"{running} accounts of theirs still run"
        raise CommandRefused(
            f"{told}: wait for the end, or add --gives-up, where they know that what runs is forfeited"
        )


def run_erasures(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader, reader.connection() as book:
        found = all_erasures(book, ERASURES_SHOWN)
    tell(options, [_as_shown(each) for each in found], "\n".join(map(_line, found)) or "Nobody was to be forgotten.")
    return 0


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person", metavar="WHO", help="a trader's id as pages show it, or their mail address")
    add_directory(parser)


def _in_front(directory: Path, trader: int) -> dict[str, Any]:
    with closing(FrontFile.open(directory)) as front:
        stores = SessionStore(front), DeviceBook(front), DraftStore(front)
        return front_told(*stores, reference("trader", trader), wall_us())


def _carried_out(directory: Path) -> str:
    """A firm that serves does it by itself."""
    try:
        machine = open_machine(directory)
    except LedgerInUse:
        return "The firm that serves does it within seconds: evenhand person erasures shows when it is done."
    with closing(machine):
        reports: Sequence[object] = machine.decide_now([*forget_documents(machine), *forget(machine)])
    return f"It is done, class by class ({len(reports)} reports)."


def _held(klass: str, going: Erasure | None) -> Held:
    known = BY_NAME[klass]
    return Held(klass, known.what, known.why, known.basis, "kept" if going is None else _state(going))


def _held_line(held: Held) -> str:
    return f"  {held.klass:<14} {held.what}. {held.why} Basis: {held.basis}. {held.state}"


def _state(each: Erasure) -> str:
    if each.erased_us is not None:
        return f"forgotten on {utc_text(each.erased_us)[:16].replace('T', ' at ')} UTC"
    return f"to be forgotten from {utc_text(each.from_us)[:10]} on" if each.from_us else "to be forgotten at once"


def _as_shown(each: Erasure) -> dict[str, object]:
    done = None if each.erased_us is None else utc_text(each.erased_us)
    ordered, due = utc_text(each.ordered_us), utc_text(each.from_us) if each.from_us else None
    return {"trader": id_text(each.trader), "class": each.klass, "ordered": ordered, "from": due, "done": done}


def _line(each: Erasure) -> str:
    return f"{id_text(each.trader):<12} {each.klass:<14} {_state(each)}"
