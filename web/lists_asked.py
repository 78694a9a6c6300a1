"""Lists asked: what the URL of a list asks for.

Accounts in another order than was asked for would be believed, so a list of them that cannot be meant is said to be none. In smaller
lists what cannot be read is not asked for.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from firm.ids import id_text, parse_id
from firm.inputs import Side
from firm.phase import Standing
from storage.rows import INTEGER_MAX
from web.bounds import SEARCH_LENGTH_MAX
from web.forms import Wrong, choice_in, text_in

ALL_PHASES = "all"
SORT_CHOICE = "Sort by one of these: {}."
ACCOUNT_SORTS = {
    "headroom": "Closest to a limit",
    "room": "Least headroom",
    "target": "Closest to the target",
    "activity": "Last trade",
    "opened": "Newest",
    "equity": "Highest equity",
    "balance": "Highest balance",
}


class AccountsAsked(msgspec.Struct, frozen=True):
    """The list of accounts as its URL asks for it. `after` is the place the page begins behind, `seen` how many came before.

    `wrong`: what of it cannot be meant; nothing is listed then.
    """

    search: str
    standing: Standing | None
    program: str
    bridge: str
    region: str
    sort: str
    after: tuple[int, int] | None
    seen: int
    wrong: Wrong | None = None

    def query(self, **changes: str) -> dict[str, str]:
        """The URL's parameters with some changed; empty ones are left out."""
        asked = {
            "q": self.search,
            "standing": self.standing.value if self.standing else "",
            "program": self.program,
            "bridge": self.bridge,
            "region": self.region,
            "sort": "" if self.sort == "headroom" else self.sort,
        } | changes
        return {name: value for name, value in asked.items() if value}


class HoldersAsked(msgspec.Struct, frozen=True):
    """The holders of a symbol as their URL asks for them; `side` None is either. `after`: lots and account of the last one seen."""

    bridge: str
    symbol: str
    side: Side | None
    funded: bool
    after: tuple[int, int] | None

    def query(self, **changes: str) -> dict[str, str]:
        asked = {
            "bridge": self.bridge,
            "symbol": self.symbol,
            "side": self.side.value if self.side else "",
            "phases": "" if self.funded else ALL_PHASES,
        } | changes
        return {name: value for name, value in asked.items() if value}


class DriftAsked(msgspec.Struct, frozen=True):
    """What is asked of drift: of one account, or of all: what lasts, or with `over` what ever was. `before` as in other lists."""

    account: int | None
    over: bool
    before: int | None

    @property
    def address(self) -> str:
        """The query that asks the same from the newest on."""
        if self.account is not None:
            return f"?account={id_text(self.account)}"
        return "?show=all" if self.over else ""


def read_accounts_asked(query: Mapping[str, Any], regions: Collection[str]) -> AccountsAsked:
    """`regions`: those that are offered; one that the reader does not work on is told as one that there is not."""
    sort, standing, after, region = (text_in(query, name) for name in ("sort", "standing", "after", "region"))
    errors = {}
    if sort and sort not in ACCOUNT_SORTS:
        errors["sort"] = f"There is no such order of accounts. {SORT_CHOICE.format(choices(ACCOUNT_SORTS))}"
    if standing and choice_in(Standing, standing) is None:
        errors["standing"] = "There is no such standing. Choose one of the list."
    if region and region not in regions:
        errors["region"] = "There is no such region. Choose one of the list, or show all accounts."
    if after and place_in(after) is None:
        errors["after"] = "The place in the list cannot be read. Begin from the start."
    search = text_in(query, "q")[:SEARCH_LENGTH_MAX]
    if "@" in search:
        errors["q"], search = (
            "Whose mail address it is, is asked under Traders: here it would stand in the page’s address.",
            "",
        )
    return AccountsAsked(
        search=search,
        standing=choice_in(Standing, standing),
        program=text_in(query, "program"),
        bridge=text_in(query, "bridge"),
        region=region if region in regions else "",
        sort=sort if sort in ACCOUNT_SORTS else "headroom",
        after=place_in(after),
        seen=whole_in(text_in(query, "seen")) or 0,
        wrong=Wrong(errors, {}) if errors else None,
    )


def choices(named: Mapping[str, str]) -> str:
    """Choices as a form words them, for a sentence."""
    return ", ".join(text.lower() for text in named.values())


def read_funded(query: Mapping[str, Any]) -> bool:
    """Whether funded accounts alone are asked for, as they are unless all phases are."""
    return text_in(query, "phases") != ALL_PHASES


def read_holders_asked(query: Mapping[str, Any]) -> HoldersAsked:
    side, after = choice_in(Side, text_in(query, "side")), place_in(text_in(query, "after"))
    return HoldersAsked(text_in(query, "bridge"), text_in(query, "symbol"), side, read_funded(query), after)


def read_drift_asked(query: Mapping[str, Any]) -> DriftAsked:
    return DriftAsked(id_in(text_in(query, "account")), text_in(query, "show") == "all", read_before(query))


def read_before(query: Mapping[str, Any]) -> int | None:
    """The ledger seq below which a list goes on."""
    return whole_in(text_in(query, "before"))


def id_in(text: str) -> int | None:
    """An id as people type it, or None."""
    try:
        return parse_id(text)
    except ValueError:
        return None


def whole_in(text: str) -> int | None:
    """A whole number that fits a ledger seq, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def place_in(text: str) -> tuple[int, int] | None:
    """A place in a sorted list, "VALUE~ID"; one that no row can have is no place."""
    left, _, right = text.partition("~")
    try:
        place = int(left), int(right)
    except ValueError:
        return None
    return place if all(abs(number) <= INTEGER_MAX for number in place) else None
