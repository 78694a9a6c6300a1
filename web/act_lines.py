"""Act lines: the record of what staff did as files for programs, CSV and JSON lines. People are in them by their ids alone."""

import re

import msgspec

from firm.act_titles import title_of
from firm.commands import ChangeAddress, ConfirmAddress
from firm.ids import id_text
from firm.permissions import CONSOLE, STAFF
from storage.readmodels.act_lists import ActLine
from storage.readmodels.acts import PORTAL
from web import words
from web.csv_lines import as_text

COLUMNS = (
    "row", "at_utc", "who", "kind", "what", "account", "trader", "member", "about", "thing", "before", "after", "why", "refused",
    "came_by", "origin",
)  # fmt: skip
_STAFF = re.compile(rf"{STAFF}(\d+)")


def csv_row(act: ActLine) -> tuple[str, ...]:
    """One line of the file, under COLUMNS. `origin`: the commitment to the address and device, which the vault holds."""
    told = _told(act)
    return tuple(as_text(f"{told[name]}") for name in COLUMNS)


def json_line(act: ActLine) -> bytes:
    return msgspec.json.encode(_told(act)) + b"\n"


def came_by(who: str) -> str:
    """How it came to the firm: by its pages, or not."""
    return "page" if who.startswith(STAFF) else who


def came_in_words(act: ActLine) -> str:
    """The same for a page; "" for couriers, who bring what the settings say. Who opened a link in a mail had no session."""
    if act.who.startswith(STAFF):
        return "on a page"
    if act.who == PORTAL:
        linked = act.kind in (ChangeAddress.__name__, ConfirmAddress.__name__)
        return f"on a page, by {'a link that went to the address' if linked else 'somebody not signed in'}"
    return "on the machine" if act.who in ("", CONSOLE) else ""


def by_id(text: str) -> str:
    """With each member of staff by their id as pages show it."""
    return _STAFF.sub(lambda match: id_text(int(match[1])), text)


def _told(act: ActLine) -> dict[str, str | int]:
    return {
        "row": act.seq,
        "at_utc": words.iso(act.at_us),
        "who": by_id(act.who) or CONSOLE,
        "kind": act.kind,
        "what": title_of(act.kind),
        "account": _id(act.account),
        "trader": _id(act.trader),
        "member": _id(act.member),
        "about": act.about,
        "thing": by_id(act.subject),
        "before": act.before,
        "after": act.after,
        "why": act.why,
        "refused": act.refused,
        "came_by": came_by(act.who),
        "origin": act.whence,
    }


def _id(number: int) -> str:
    return id_text(number) if number else ""
