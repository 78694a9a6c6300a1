"""Notes: what changes in how somebody signs in goes into the book, under their pseudonym; where it came from is sealed as theirs."""

import logging
from typing import Any

import anyio.to_thread
import msgspec
from litestar import Request
from litestar.exceptions import ServiceUnavailableException
from msgspec.structs import replace

from actors.permitted import TRADER
from firm.commands import NoteSecurity, SecurityAct
from firm.facts import Fact, Refused, SecurityNoted
from firm.instant import DAY_US
from storage.errors import DiskRefused
from storage.people import WHENCE
from storage.throttles import Limit
from web.asking import ask
from web.auth import address_of
from web.bounds import SECURITY_NOTED_PER_DAY, SIGN_INS_NOTED_PER_DAY
from web.device_words import device_words
from web.firm import Firm

_LOG = logging.getLogger(__name__)
_AT_SIGN_IN = Limit(SIGN_INS_NOTED_PER_DAY, DAY_US)
_OF_A_KIND = Limit(SECURITY_NOTED_PER_DAY, DAY_US)


class Whence(msgspec.Struct, frozen=True):
    """The sealed value of class `whence`, as JSON in this order."""

    address: str
    device: str


def require_taking(firm: Firm) -> None:
    """Before anything changes that has to be noted: a firm that takes nothing for now could not."""
    held = firm.held()
    if held:
        raise ServiceUnavailableException(f"{held}: nothing was changed. Try again later")


async def note(request: Request[Any, Any, Any], person: str, act: SecurityAct) -> None:
    """What a person did themselves, and is done. Durable when this returns, but of a trader no more of a kind than so many a day."""
    firm: Firm = request.app.state.firm
    if await anyio.to_thread.run_sync(_is_one_of_few, firm, person, act):
        await _put_down(request, NoteSecurity(by=person, person=person, act=act))


async def note_first(
    request: Request[Any, Any, Any], person: str, act: SecurityAct, *, by: str, why: str
) -> Refused | None:
    """What somebody else is about to do to how a person signs in: None once it is on record, or why the engine says no.

    Raises ServiceUnavailableException where it cannot be put on record.
    """
    facts = await _put_down(request, NoteSecurity(by=by, person=person, act=act, why=why))
    no = next((fact for fact in facts if isinstance(fact, Refused)), None)
    if no is None and not any(isinstance(fact, SecurityNoted) for fact in facts):
        # A desk that is stopped keeps it for later: then nothing happens yet.
        raise ServiceUnavailableException("this cannot be put on record just now: nothing was done. Try again later")
    return no


async def note_at_sign_in(request: Request[Any, Any, Any], person: str, act: SecurityAct) -> None:
    """A sign-in goes on without: what cannot be noted for now is in the log, without a word about whose it was."""
    firm: Firm = request.app.state.firm

    def few() -> bool:
        return firm.throttle.wait_us("noted at sign-in", person, _AT_SIGN_IN, firm.wall_us()) == 0

    try:
        if not firm.held() and await anyio.to_thread.run_sync(few):
            await note(request, person, act)
    except (ServiceUnavailableException, DiskRefused) as refused:
        _LOG.warning("a sign-in was not noted (%s): %s", act, refused)


def _is_one_of_few(firm: Firm, person: str, act: SecurityAct) -> bool:
    """Each kind is counted by itself: by ending sessions nobody keeps a new password off the record. Of staff all is noted."""
    if not person.startswith(TRADER):
        return True
    return firm.throttle.wait_us("noted of traders", f"{person} {act}", _OF_A_KIND, firm.wall_us()) == 0


async def _put_down(request: Request[Any, Any, Any], command: NoteSecurity) -> list[Fact]:
    """With where it comes from."""
    firm: Firm = request.app.state.firm
    whence = Whence(address_of(request), device_words(request.headers.get("user-agent", "")))
    sealed = await anyio.to_thread.run_sync(firm.vault.seal, command.by, WHENCE, msgspec.json.encode(whence))
    facts = (await ask(request, replace(command, sealed=sealed))).facts
    request.app.state.acts.whence.keep(command.by, whence)
    return [fact for _, fact in facts]
