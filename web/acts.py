"""Acts: what staff do that no command says goes into the book before it happens, and with it from where they act, sealed as theirs.

A route says `records=` of itself, or a handler calls `record`. Where a member of staff acts from another address or device than at
their act before, that is noted first: so each act in the book comes from where its author was last noted.
"""

import logging
from collections import OrderedDict
from typing import Any, Generic, TypeVar

import anyio.to_thread
import apsw
import msgspec
from litestar.background_tasks import BackgroundTask
from litestar.connection import ASGIConnection, Request
from litestar.exceptions import ServiceUnavailableException
from litestar.handlers.base import BaseRouteHandler

from firm.commands import NoteAct, StaffAct
from firm.facts import StaffActed
from firm.ids import parse_id
from firm.instant import DAY_US
from firm.permissions import Permission
from storage.errors import DiskRefused
from storage.people import WHENCE
from storage.readmodels.accounts import account_line
from storage.readmodels.act_lists import whence_last
from storage.readmodels.decisions import decision_line
from storage.throttles import Limit
from web.asking import ask
from web.auth import address_of
from web.bounds import ACTS_REMEMBERED_MAX, FAILURES_NOTED_PER_DAY, NAMES_NOTED_EVERY_US
from web.device_words import device_words
from web.firm import Firm
from web.notes import Whence
from web.visitor import UNSAFE, Visitor, firm_of, signed_in, visitor_of

_LOG = logging.getLogger(__name__)
_FAILURES = Limit(FAILURES_NOTED_PER_DAY, DAY_US)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Remembered(OrderedDict[_Key, _Value], Generic[_Key, _Value]):
    """The newest so many; what is forgotten is noted once more."""

    def keep(self, key: _Key, value: _Value) -> None:
        self[key] = value
        self.move_to_end(key)
        if len(self) > ACTS_REMEMBERED_MAX:
            self.popitem(last=False)


class ActsNoted:
    """What this program has noted already: from where each member of staff acts, and what they looked at lately (wall time)."""

    def __init__(self) -> None:
        self.whence: Remembered[str, Whence] = Remembered()
        self.lately: Remembered[tuple[str, ...], int] = Remembered()

    def is_news(self, key: tuple[str, ...], now_us: int, every_us: int) -> bool:
        """Whether it was not noted within that time. A clock that was set back makes it news."""
        at_us = self.lately.get(key)
        return at_us is None or not 0 <= now_us - at_us < every_us


async def recorded(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The last guard: whoever may come here does, and what they do of which no command tells is in the book first."""
    visitor, act = visitor_of(connection), handler.opt.get("records")
    if visitor is None or visitor.kind != "staff" or not isinstance(connection, Request):
        return
    if act is StaffAct.NAMES_SEEN:
        await _names_seen(connection, visitor)
    elif act is not None:
        await record(connection, act)
    elif connection.method in UNSAFE and not firm_of(connection).held():
        await _came_from(connection, visitor)


async def record(request: Request[Any, Any, Any], act: StaffAct, about: str = "", trader: int = 0) -> None:
    """Durable when this returns; raises ServiceUnavailableException where it cannot be. `about`: the page's address where not given."""
    visitor = signed_in(request)
    on, holder = await _concerned(request)
    sealed, whence = await _sealed(request, visitor.reference)
    command = NoteAct(
        by=visitor.reference, act=act, about=about or request.url.path, on=on, trader=trader or holder, sealed=sealed
    )
    await _durable(request, command)
    request.app.state.acts.whence.keep(visitor.reference, whence)


async def record_at_door(request: Request[Any, Any, Any], person: str, act: StaffAct) -> None:
    """Signing in and out goes on without: what cannot be noted for now is in the log, without a word about whose it was."""
    firm: Firm = request.app.state.firm
    if not person.startswith("staff:"):
        return
    try:
        if not firm.held():
            sealed, whence = await _sealed(request, person)
            await _durable(request, NoteAct(by=person, act=act, sealed=sealed))
            request.app.state.acts.whence.keep(person, whence)
    except (ServiceUnavailableException, DiskRefused) as refused:
        _LOG.warning("an act of staff was not noted (%s): %s", act, refused)


def failed_as(request: Request[Any, Any, Any], mail: str, person: str = "") -> BackgroundTask:
    """To be noted once the answer has gone out: so it says nothing about whether there is such a member of staff."""
    return BackgroundTask(_note_failure, request, mail, person)


async def _note_failure(request: Request[Any, Any, Any], mail: str, person: str) -> None:
    """Where it came from is whoever tried it, and not where the person acts from: it is sealed with this row alone."""
    firm: Firm = request.app.state.firm

    def whose() -> str:
        found = None if person else firm.vault.find_by_mail(mail)
        named = person or (found.reference if found else "")
        is_staff = named.startswith("staff:") and firm.live.staff().working(named) is not None
        few = is_staff and firm.throttle.wait_us("failures noted", named, _FAILURES, firm.wall_us()) == 0
        return named if few else ""

    try:
        named = "" if firm.held() else await anyio.to_thread.run_sync(whose)
        if named:
            sealed = await _seal(firm, named, _whence_of(request))
            await _durable(request, NoteAct(by=named, act=StaffAct.SIGN_IN_FAILED, sealed=sealed))
    except ValueError:  # not a mail address: nobody's
        return
    except (ServiceUnavailableException, DiskRefused) as refused:
        _LOG.warning("a sign-in that failed was not noted: %s", refused)


async def _names_seen(request: Request[Any, Any, Any], visitor: Visitor) -> None:
    """Once in a while, however often the list is looked at; a firm that only reads shows it all the same."""
    firm: Firm = request.app.state.firm
    if visitor.may(Permission.SEE_NAMES) and not firm.held():
        await sought(request, (visitor.reference, StaffAct.NAMES_SEEN, request.url.path), StaffAct.NAMES_SEEN)


async def sought(request: Request[Any, Any, Any], key: tuple[str, ...], act: StaffAct, trader: int = 0) -> None:
    """Recorded, unless this very thing was within the hour: lists ask for themselves anew."""
    acts: ActsNoted = request.app.state.acts
    now_us = request.app.state.firm.wall_us()
    if acts.is_news(key, now_us, NAMES_NOTED_EVERY_US):
        await record(request, act, trader=trader)
        acts.lately.keep(key, now_us)


async def _came_from(request: Request[Any, Any, Any], visitor: Visitor) -> None:
    sealed, whence = await _sealed(request, visitor.reference)
    if sealed:
        await _durable(request, NoteAct(by=visitor.reference, act=StaffAct.CAME_FROM, sealed=sealed))
        request.app.state.acts.whence.keep(visitor.reference, whence)


async def _sealed(request: Request[Any, Any, Any], person: str) -> tuple[str, Whence]:
    """The commitment to where this comes from, "" where it is as at their act before; and where that is."""
    whence = _whence_of(request)
    known = request.app.state.acts.whence.get(person) or await _noted_last(request.app.state.firm, person)
    if known == whence:
        request.app.state.acts.whence.keep(person, whence)
        return "", whence
    return await _seal(request.app.state.firm, person, whence), whence


async def _noted_last(firm: Firm, person: str) -> Whence | None:
    """What the book knows of it, for a program that has begun anew. None: it knows nothing, or that was forgotten."""
    commitment = await firm.book.read(lambda book: whence_last(book, person))
    value = await anyio.to_thread.run_sync(firm.vault.open_value, commitment) if commitment else None
    return msgspec.json.decode(value, type=Whence) if value else None


async def _seal(firm: Firm, person: str, whence: Whence) -> str:
    commitment: str = await anyio.to_thread.run_sync(firm.vault.seal, person, WHENCE, msgspec.json.encode(whence))
    return commitment


def _whence_of(request: Request[Any, Any, Any]) -> Whence:
    return Whence(address_of(request), device_words(request.headers.get("user-agent", "")))


async def _durable(request: Request[Any, Any, Any], command: NoteAct) -> None:
    """A desk that is stopped keeps it for later: then nothing happens yet."""
    facts = (await ask(request, command)).facts
    if not any(isinstance(fact, StaffActed) for _, fact in facts):
        raise ServiceUnavailableException("this cannot be put on record just now: nothing was done. Try again later")


async def _concerned(request: Request[Any, Any, Any]) -> tuple[int, int]:
    """The account and the trader of what the path names; 0 for none."""
    params = request.path_params

    def question(book: apsw.Connection) -> tuple[int, int]:
        account = 0
        if "account" in params:
            try:
                account = parse_id(params["account"])
            except ValueError:
                return 0, 0
        elif "decision" in params:
            decided = decision_line(book, params["decision"])
            account = decided.account if decided else 0
        line = account_line(book, account) if account else None
        return (0, 0) if line is None else (account, line.trader)

    if not {"account", "decision"} & set(params):
        return 0, 0
    return await firm_of(request).book.read(question)
