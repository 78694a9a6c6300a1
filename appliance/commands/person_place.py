"""`evenhand person place|place-all`: in which of the firm's regions a trader is, from the console."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import msgspec

from actors.names import trader_desk
from appliance.commands.options import Verbs, add_directory, plain_text, verb
from appliance.console import CommandRefused, ask_firm, ask_firm_each
from appliance.members import opened_vault, trader_named
from appliance.settings_file import read_settings
from appliance.wording import counted
from firm.commands import PlaceTrader
from firm.facts import TraderPlaced
from firm.ids import id_text
from firm.kinds import body_of
from firm.regions import NO_REGION, Regions, region_words
from storage.files import open_firm_directory
from storage.people import RESIDENCE, Residence, reference
from storage.reader import LedgerReader
from storage.readmodels.desk_rows import seqs_back
from storage.readmodels.people import has_regions, region_of, regions_taken, traders_registered
from storage.readmodels.seals import only_seal


def add_to(actions: Verbs) -> None:
    example = 'evenhand person place ada@trader.example --region dach --why "moved, ticket 118"'
    note = (
        "Whoever works on some regions alone sees traders of these, and nobody who is in none. The region stands in the ledger and stays "
        "there; the country never does."
    )
    place = verb(actions, "place", run_place, "put a trader into a region, or into none", example, note)
    place.add_argument("person", metavar="WHO", help="a trader's id as pages show it, or their mail address")
    where = place.add_mutually_exclusive_group(required=True)
    where.add_argument("--region", metavar="NAME", type=plain_text, help="one of [regions] in the settings")
    where.add_argument("--no-region", action="store_true", help="in none")
    example = "evenhand person place-all --why 'regions as of June'"
    note = (
        "By the country that each trader gave when they signed up, and the [regions] of now. Those whom the firm added itself, and those "
        "who were forgotten, stay where they are: no country of theirs is known. So do those whom somebody placed by hand, here or on "
        "their page: it says how many it passed over."
    )
    everybody = verb(actions, "place-all", run_place_all, "put every trader where the settings say", example, note)
    for parser in (place, everybody):
        parser.add_argument(
            "--why", type=plain_text, required=True, help="kept in the ledger: name nobody, and no country, in it"
        )
        add_directory(parser)


def run_place(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    region = NO_REGION if options.no_region else known_region(options.data_dir, options.region)
    with opened_vault(options.data_dir) as vault:
        trader = trader_named(vault, options.person)
    facts = ask_firm(options.data_dir, PlaceTrader(by="console", trader=trader, region=region, why=options.why))
    if not any(isinstance(fact, TraderPlaced) for fact in facts):
        raise CommandRefused("the trader's desk is stopped: let it go on first (/staff/health)")
    print(f"{id_text(trader)} is in {region_words(region)} from now on.")
    return 0


def run_place_all(options: argparse.Namespace) -> int:
    regions = read_settings(open_firm_directory(options.data_dir).settings).placing
    if not regions.names:
        raise CommandRefused(
            "[regions] in the settings names none, and everybody would be in none: name regions first, or put single traders into none "
            "(evenhand person place WHO --no-region)"
        )
    elsewhere, passed_over = _elsewhere(options.data_dir, regions)
    asked = [
        PlaceTrader(by="console", trader=trader, region=region, why=options.why, by_country=True)
        for trader, region in elsewhere
    ]
    told = ask_firm_each(options.data_dir, asked)
    placed = sum(isinstance(fact, TraderPlaced) for facts in told for fact in facts)
    refused = len(asked) - placed
    print(f"{counted(placed, 'trader')} placed; {refused} refused; {passed_over} passed over, placed by hand.")
    return 0 if placed == len(asked) else 1


def known_region(directory: Path, name: str) -> str:
    """A region of the settings, or one that a trader is in. Raises CommandRefused: a name that was mistyped would be in the ledger."""
    regions = read_settings(open_firm_directory(directory).settings).placing
    with _placed(directory) as reader, reader.connection() as book:
        known = sorted({*regions.names, *(region for region, _ in regions_taken(book))})
    if name not in known:
        raise CommandRefused(
            f"there is no region {name!r}: {', '.join(known) or '[regions] in the settings names none'}"
        )
    return name


@contextmanager
def _placed(directory: Path) -> Iterator[LedgerReader]:
    """The book, where it says where traders are."""
    with LedgerReader(directory) as reader:
        with reader.connection() as book:
            if not has_regions(book):
                raise CommandRefused("no release with regions has opened this firm yet: start it once, then ask again")
        yield reader


def _elsewhere(directory: Path, regions: Regions) -> tuple[list[tuple[int, str]], int]:
    """Traders whose country is in another region than they are, with that region; and how many more were put there by hand."""
    found, by_hand = [], 0
    with opened_vault(directory) as vault, _placed(directory) as reader, reader.connection() as book:
        for trader in traders_registered(book):
            sealed = only_seal(book, reference("trader", trader), RESIDENCE)
            value = vault.open_value(sealed) if sealed else None
            if value is None:
                continue
            region = regions.of(msgspec.json.decode(value, type=Residence).country)
            if region == region_of(book, trader):
                continue
            if _is_by_hand(reader, book, trader):
                by_hand += 1
            else:
                found.append((trader, region))
    return found, by_hand


def _is_by_hand(reader: LedgerReader, book: apsw.Connection, trader: int) -> bool:
    """Whether somebody chose where this trader is. What came with their registration has no reason."""
    newest = seqs_back(book, trader_desk(trader), TraderPlaced.__name__, 0, reader.size() + 1, 1)
    row = reader.row(newest[0]) if newest else None
    placed = None if row is None else body_of(row.kind, row.payload)
    return isinstance(placed, TraderPlaced) and bool(placed.why) and not placed.by_country
