"""Notes: what changes in how somebody signs in goes into the book, under their pseudonym; where it came from is sealed as theirs."""

import logging
from typing import Any

import anyio.to_thread
import msgspec
from litestar import Request
from litestar.exceptions import ServiceUnavailableException

from firm.commands import NoteSecurity, SecurityAct
from firm.instant import DAY_US
from storage.errors import DiskRefused
from storage.people import WHENCE
from storage.throttles import Limit
from web.asking import ask
from web.auth import address_of
from web.bounds import SIGN_INS_NOTED_PER_DAY
from web.device_words import device_words
from web.firm import Firm

_LOG = logging.getLogger(__name__)
_AT_SIGN_IN = Limit(SIGN_INS_NOTED_PER_DAY, DAY_US)


class Whence(msgspec.Struct, frozen=True):
    """The sealed value of class `whence`, as JSON in this order."""

    address: str
    device: str


def require_taking(firm: Firm) -> None:
    """Before anything changes that has to be noted: a firm that takes nothing for now could not."""
    held = firm.held()
    if held:
        raise ServiceUnavailableException(f"{held}: nothing was changed. Try again later")


async def note(
    request: Request[Any, Any, Any], person: str, act: SecurityAct, *, by: str | None = None, why: str = ""
) -> None:
    """Durable when this returns. `by`: who did it, where that is somebody else than the person."""
    firm: Firm = request.app.state.firm
    who = by or person
    whence = Whence(address_of(request), device_words(request.headers.get("user-agent", "")))
    sealed = await anyio.to_thread.run_sync(firm.vault.seal, who, WHENCE, msgspec.json.encode(whence))
    await ask(request, NoteSecurity(by=who, person=person, act=act, sealed=sealed, why=why))
    request.app.state.acts.whence.keep(who, whence)


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
