"""Ways: each page that a reader may go to by name: for the navigation, the keys and the palette, from one list.

A way is shown to whoever its page lets in, and to nobody else; tests hold each permission to the route's own.
"""

from collections.abc import Iterator

import msgspec

from firm.permissions import Permission
from web.visitor import Visitor

P = Permission


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """`name`: of its words, `nav.NAME` in the catalog. `key`: the letter after g, "" for none. `permission`: None for all of its kind.

    `exact`: it is marked as where one is on this very page alone. `listed`: it stands in the navigation, and not in the palette alone.
    `verb`: one goes there to do it.
    """

    name: str
    href: str
    key: str = ""
    permission: P | None = None
    exact: bool = False
    listed: bool = True
    verb: bool = False

    def leads_to(self, path: str) -> bool:
        """Whether who is at `path` is where this leads."""
        return path == self.href or (not self.exact and path.startswith(f"{self.href}/"))


TRADERS = (
    Way(name="accounts", href="/accounts", key="a"),
    Way(name="documents", href="/documents", key="d", listed=False),
    Way(name="data", href="/my-data", listed=False),
)
STAFF = (
    Way(name="home", href="/staff", key="h", permission=P.ENTER, exact=True),
    Way(name="accounts", href="/staff/accounts", key="a", permission=P.SEE_ACCOUNTS),
    Way(name="decisions", href="/staff/decisions", key="d", permission=P.SEE_DECISIONS),
    Way(name="programs", href="/staff/programs", key="p", permission=P.SEE_PROGRAMS),
    Way(name="exposure", href="/staff/exposure", key="e", permission=P.SEE_EXPOSURE),
    Way(name="drift", href="/staff/drift", key="r", permission=P.SEE_DRIFT),
    Way(name="feed", href="/staff/feed", key="f", permission=P.SEE_FEED),
    Way(name="incidents", href="/staff/incidents", key="i", permission=P.SEE_INCIDENTS),
    Way(name="commands", href="/staff/commands", key="c", permission=P.SEE_COMMANDS),
    Way(name="trace", href="/staff/trace", key="t", permission=P.SEE_TRACE),
    Way(name="lab", href="/staff/lab", key="l", permission=P.USE_LAB),
    Way(name="controls", href="/staff/controls", key="k", permission=P.SEE_CONTROLS),
    Way(name="health", href="/staff/health", key="s", permission=P.SEE_HEALTH),
    Way(name="audit", href="/staff/audit", key="u", permission=P.SEE_ACTS),
    Way(name="documents", href="/staff/documents", key="o", permission=P.SEE_DOCUMENTS),
    Way(name="team", href="/staff/team", key="m", permission=P.SEE_STAFF),
    Way(name="owed", href="/staff/owed", permission=P.SEE_COMMANDS, listed=False),
    Way(name="traders", href="/staff/traders", permission=P.SEE_NAMES, listed=False),
    Way(name="calendars", href="/staff/calendars", permission=P.SEE_CALENDARS, listed=False),
    Way(name="roles", href="/staff/roles", permission=P.SEE_STAFF, listed=False),
    Way(name="api_keys", href="/staff/api-keys", permission=P.SEE_STAFF, listed=False),
    Way(name="factors", href="/staff/security", permission=P.SEE_STAFF, listed=False),
    Way(name="components", href="/staff/components", permission=P.SEE_HEALTH, listed=False),
    Way(name="draft", href="/staff/drafts/form", permission=P.DRAFT_PROGRAMS, listed=False, verb=True),
    Way(name="review", href="/staff/decisions?show=waiting", permission=P.REVIEW_DECISIONS, listed=False, verb=True),
    Way(name="stop", href="/staff/controls", permission=P.ENGAGE_SWITCHES, listed=False, verb=True),
    Way(name="order", href="/staff/owed", permission=P.ORDER_ENFORCEMENT, listed=False, verb=True),
)
EVERYBODY = (
    Way(name="security", href="/security", listed=False),
    Way(name="status", href="/status", listed=False),
    Way(name="password", href="/security/password", listed=False, verb=True),
)
SEARCH = "/staff/accounts"
"""Where an account or a trader is looked for by number, login or mail address."""
BY_NAME = "/staff/traders"
"""Where a trader is looked for by a part of their name, which no address may hold."""


def ways_of(visitor: Visitor | None) -> tuple[Way, ...]:
    """Those that are open to this reader, in the order in which they are shown."""
    return tuple(_open_to(visitor)) if visitor is not None else ()


def _open_to(visitor: Visitor) -> Iterator[Way]:
    for way in (*(STAFF if visitor.kind == "staff" else TRADERS), *EVERYBODY):
        if visitor.behind is not None and way.href.startswith("/security"):
            continue  # who views as a trader does not see how they sign in
        if way.permission is None or visitor.may(way.permission):
            yield way
