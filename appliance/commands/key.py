"""`evenhand key add|list|rotate|revoke`: keys with which machines ask the firm's API, from the console. A secret is printed once."""

import argparse
import sys
from contextlib import closing

import msgspec

from appliance.assembly import clock_of, draw_id
from appliance.commands.limits import add_limits, scope_of
from appliance.commands.options import Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm
from appliance.members import opened_vault
from appliance.settings_file import read_settings
from firm.api_keys import (
    DAYS_MAX,
    DAYS_USUAL,
    OPEN_TO_KEYS,
    OVERLAP_HOURS_MAX,
    OVERLAP_HOURS_USUAL,
)
from firm.commands import IssueApiKey, RevokeApiKey, RotateApiKey
from firm.ids import id_text, parse_id
from firm.instant import DAY_US, HOUR_US, utc_text
from firm.permissions import Scope, scope_words
from storage.files import open_firm_directory
from storage.front import FrontFile
from storage.keys_used import KeysUsed
from storage.people import API_KEY, key_reference
from storage.reader import LedgerReader
from storage.readmodels.api_keys import ApiKeyLine, all_api_keys
from web.api_secret import digest_of, new_word

LISTED_MAX = 1_000
_KEY = 'its id or its name as "evenhand key list" shows it'


class KeyShown(msgspec.Struct, frozen=True):
    """A key. `scope`, `regions`: programs and regions that it is limited to, none is all.

    `ended`: when it ended before its time, or ""; `used`: when it was last used, or "" where nobody knows.
    """

    id: str
    name: str
    owner: str
    permissions: tuple[str, ...]
    scope: tuple[str, ...]
    regions: tuple[str, ...]
    issued: str
    expires: str
    follower: str
    ended: str
    used: str
    good: bool


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs, "key", run_list, "give machines keys to the firm's API, and take them away", "evenhand key list"
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    once = "The key is printed once, as the only line of standard output, and is kept nowhere: put it where the machine reads it."
    example = "evenhand key add dashboard --may see_accounts --why 'the wall in the office'"
    add = verb(actions, "add", run_add, "give a machine a key", example, once)
    add.add_argument("name", metavar="NAME", type=plain_text, help="2 to 40 small letters, digits and dashes")
    add.add_argument(
        "--may", action="append", required=True, choices=[one.value for one in OPEN_TO_KEYS],
        help="what it may see; may be given again",
    )  # fmt: skip
    add_limits(add, "it is limited to")
    _add_days(add)
    add.add_argument("--why", type=plain_text, required=True, help="it is kept in the ledger")
    shown = verb(
        actions, "list", run_list, "list keys, what each may see, and when it was last used", "evenhand key list"
    )
    rotate = verb(actions, "rotate", run_rotate, "let a new key follow one", "evenhand key rotate dashboard", once)
    rotate.add_argument("key", metavar="KEY", help=_KEY)
    _add_days(rotate)
    rotate.add_argument(
        "--overlap-hours", type=int, default=OVERLAP_HOURS_USUAL, metavar="N",
        help=f"for how long both are good, 0 to {OVERLAP_HOURS_MAX} (default {OVERLAP_HOURS_USUAL})",
    )  # fmt: skip
    revoke = verb(actions, "revoke", run_revoke, "end a key at once", "evenhand key revoke dashboard --why 'it leaked'")
    revoke.add_argument("key", metavar="KEY", help=_KEY)
    revoke.add_argument("--why", type=plain_text, required=True, help="it is kept in the ledger")
    for each in (add, shown, rotate, revoke):
        add_directory(each)
    add_json(shown)


def _add_days(parser: argparse.ArgumentParser) -> None:
    told = f"for how many days it is good, 1 to {DAYS_MAX} (default {DAYS_USUAL})"
    parser.add_argument("--days", type=int, default=DAYS_USUAL, metavar="N", help=told)


def run_add(options: argparse.Namespace) -> int:
    key, scope = draw_id(), scope_of(options)
    expires_us = _now_us(options) + options.days * DAY_US
    word, sealed = _sealed(options, key)
    command = IssueApiKey(
        by="console", key=key, name=options.name, permissions=tuple(dict.fromkeys(options.may)), scope=scope,
        expires_us=expires_us, sealed=sealed, why=options.why,
    )  # fmt: skip
    ask_firm(options.data_dir, command)
    _tell_once(word, f"{options.name} ({id_text(key)}) is good until {utc_text(expires_us)[:16]} UTC")
    return 0


def run_rotate(options: argparse.Namespace) -> int:
    line, follower, now_us = _named(options), draw_id(), _now_us(options)
    until_us, expires_us = now_us + options.overlap_hours * HOUR_US, now_us + options.days * DAY_US
    word, sealed = _sealed(options, follower)
    command = RotateApiKey(
        by="console", key=line.key, follower=follower, until_us=until_us, expires_us=expires_us, sealed=sealed
    )
    ask_firm(options.data_dir, command)
    until = utc_text(min(until_us, line.expires_us))[:16]
    _tell_once(word, f"{line.name} goes on as {id_text(follower)}; the one before it is good until {until} UTC")
    return 0


def run_revoke(options: argparse.Namespace) -> int:
    line = _named(options)
    ask_firm(options.data_dir, RevokeApiKey(by="console", key=line.key, why=options.why))
    print(f"{line.name} ({id_text(line.key)}) is good no more.")
    return 0


def run_list(options: argparse.Namespace) -> int:
    lines, now_us = _lines(options), _now_us(options)
    with closing(FrontFile.open(options.data_dir)) as front:
        used = KeysUsed(front).all()
    shown = [_as_shown(line, used.get(line.key, 0), now_us) for line in lines]
    head = f"{'id':<12} {'name':<20} {'standing':<26} {'last used':<17} may see"
    text = (
        "\n".join([head, *map(_line, shown)])
        if shown
        else "No keys yet: evenhand key add NAME --may see_accounts --why …"
    )
    tell(options, shown, text)
    return 0


def _tell_once(word: str, told: str) -> None:
    print(f"{told}. This is the key; it is not shown again:", file=sys.stderr)
    print(word)


def _sealed(options: argparse.Namespace, key: int) -> tuple[str, str]:
    """A new word for this key, and the commitment to what is kept of it."""
    word = new_word(key)
    with opened_vault(options.data_dir) as vault:
        return word, vault.seal(key_reference(key), API_KEY, digest_of(word))


def _now_us(options: argparse.Namespace) -> int:
    """Firm time, by which keys end."""
    settings = read_settings(open_firm_directory(options.data_dir).settings)
    with LedgerReader(options.data_dir) as reader:
        return clock_of(settings, reader).now_us()


def _lines(options: argparse.Namespace) -> list[ApiKeyLine]:
    now_us = _now_us(options)
    with LedgerReader(options.data_dir) as reader, reader.connection() as book:
        return all_api_keys(book, LISTED_MAX, now_us)


def _named(options: argparse.Namespace) -> ApiKeyLine:
    """The key that is meant; of those of one name the one that no other follows."""
    try:
        number: int | None = parse_id(options.key)
    except ValueError:
        number = None
    for line in _lines(options):
        if line.key == number or (line.name == options.key and not line.follower and not line.ended_us):
            return line
    raise CommandRefused(f"no key is called {options.key!r}: evenhand key list shows them")


def _as_shown(line: ApiKeyLine, used_us: int, now_us: int) -> KeyShown:
    return KeyShown(
        id=id_text(line.key),
        name=line.name,
        owner=line.owner,
        permissions=line.permissions,
        scope=line.scope.programs or (),
        regions=line.scope.regions or (),
        issued=utc_text(line.issued_us),
        expires=utc_text(line.expires_us),
        follower=id_text(line.follower) if line.follower else "",
        ended=utc_text(line.ended_us) if line.ended_us else "",
        used=utc_text(used_us) if used_us else "",
        good=line.is_good(now_us),
    )


def _line(shown: KeyShown) -> str:
    standing = f"good until {shown.expires[:10]}" if shown.good else f"over since {(shown.ended or shown.expires)[:10]}"
    scope = Scope(programs=shown.scope or None, regions=shown.regions or None)
    may = ", ".join(shown.permissions) + (f"; only {scope_words(scope)}" if scope.is_limited else "")
    used = shown.used[:16].replace("T", " ") or "not known"
    return f"{shown.id:<12} {shown.name:<20} {standing:<26} {used:<17} {may}"
