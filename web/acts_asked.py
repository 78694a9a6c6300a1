"""Acts asked: what the URL of the record of what staff did asks for, or what is wrong with it. An absence says something here, too."""

from collections.abc import Mapping
from typing import Any

import msgspec

from firm.act_titles import KINDS
from firm.permissions import CONSOLE, STAFF
from storage.readmodels.act_lists import ActFilter
from web.bounds import SEARCH_LENGTH_MAX
from web.forms import Wrong, text_in
from web.lists_asked import id_in
from web.reading_asked import rows_asked

WHO = {CONSOLE: "the machine’s console", "courier": "the firm’s couriers", "portal": "somebody not signed in"}
_FIELDS = ("who", "kind", "account", "trader", "member", "q", "from", "to", "before")


class ActsAsked(msgspec.Struct, frozen=True):
    """The record as its URL asks for it. `before`: the row from which it goes on, None for the newest."""

    filter: ActFilter
    before: int | None
    typed: dict[str, str]

    def query(self, **changes: str) -> dict[str, str]:
        return {name: value for name, value in (self.typed | {"before": ""} | changes).items() if value}


def read_acts_asked(query: Mapping[str, Any]) -> ActsAsked | Wrong:
    """Raises nothing: what cannot be read is said."""
    typed = {name: text_in(query, name) for name in _FIELDS}
    errors: dict[str, str] = {}
    who = _who(typed["who"])
    if typed["who"] and who is None:
        errors["who"] = "Name who it was by their id, such as 7K2MQ-9XW3F, or as console, courier or portal."
    if typed["kind"] and typed["kind"] not in KINDS:
        errors["kind"] = "There is no such kind of act. Choose one of the list."
    ids = {name: id_in(typed[name]) or None for name in ("account", "trader", "member")}
    for name, number in ids.items():
        if typed[name] and number is None:
            errors[name] = f"The id after “{name}” has to be written like 7K2MQ-9XW3F."
    if len(typed["q"]) > SEARCH_LENGTH_MAX:
        errors["q"] = f"Search for at most {SEARCH_LENGTH_MAX} characters of a reason."
    rows = rows_asked(typed, errors)
    if errors:
        return Wrong(errors, typed)
    wanted = ActFilter(
        who=who,
        kind=typed["kind"] or None,
        account=ids["account"],
        trader=ids["trader"],
        member=ids["member"],
        text=typed["q"] or None,
        since_us=rows.since_us,
        until_us=rows.until_us,
    )
    return ActsAsked(wanted, rows.before, typed)


def _who(text: str) -> str | None:
    """As the ledger names whoever acts; people give an id as pages show it."""
    if text in WHO:
        return text
    number = id_in(text.removeprefix(STAFF))
    return f"{STAFF}{number}" if number else None
