"""Arrivals: what follows once somebody has proven who they are: a session, the device they came from, and the page or form they wanted."""

from typing import Any

import anyio.to_thread
from litestar import Request
from litestar.response import Redirect, Response
from msgspec.structs import replace

from firm.commands import SecurityAct, StaffAct
from storage.devices import device_name
from web import auth
from web.acts import record_at_door
from web.device_words import device_words
from web.firm import Firm
from web.forms import Kept
from web.notes import note_at_sign_in
from web.render import page
from web.shell.speech import spoken
from web.signed import Elsewhere, Signed, signed_of, told_of
from web.visitor import Visitor, csrf_token_of, signed_in

AGAIN, PROVEN = "kept.again", "kept.proven"


async def arrived(
    request: Request[Any, Any, Any], person: str, since: str, *, factor: bool, wanted: str, kept: Kept | None
) -> Response[Any]:
    """Signed in: under a new session, from a device that is known from now on. `factor`: with a second one, or by a passkey.

    `since`: the mark of when the sign-in began. Raises SignInOver.
    """
    firm: Firm = request.app.state.firm
    words, now_us = device_words(request.headers.get("user-agent", "")), firm.wall_us()
    device = auth.device_in(firm, request) or auth.new_device()
    signed = Signed(factor=factor, proved_us=now_us, device=device_name(device), words=words)
    session = await auth.begin_session(firm, person, auth.session_id_in(firm, request), signed, since)
    session_id = str(session.value)

    def tell_others() -> bool:
        """Whether the device is new although this person came before, as far as anybody knows."""
        came_before = firm.devices.any_known(person)
        if not firm.devices.keep(person, device, words, now_us):
            return False
        firm.sessions.change_others(person, session_id, now_us, lambda held: told_of(held, Elsewhere(now_us, words)))
        return came_before

    # The one place that knows of a new device: whoever is to be told of it in another way than by the pages, is told from here.
    if await anyio.to_thread.run_sync(tell_others):
        await note_at_sign_in(request, person, SecurityAct.DEVICE_NEW)
    await record_at_door(request, person, StaffAct.SIGNED_IN)
    answer = goes_on(request, kept, session_id, AGAIN) if kept else Redirect(wanted, status_code=303)
    answer.set_cookie(session)
    answer.set_cookie(auth.device_cookie(firm, device))
    return answer


def goes_on(request: Request[Any, Any, Any], kept: Kept, session_id: str, heading: str) -> Response[Any]:
    """The form that was sent too early, for the person to look at and send now: we never send it by ourselves.

    What it is about is told by its address: the room of the backoffice with its end, or the end alone. `heading`: the name of a sentence.
    """
    parts = kept.action.strip("/").split("/")
    about = (f"waited.{parts[1]}-{parts[-1]}" if len(parts) > 2 else "", f"waited.{parts[-1]}")
    what = next(filter(spoken(request).knows, about), "waited.other")
    return page(request, "kept_form.html", kept=kept, what=what, heading=heading, token=csrf_token_of(session_id))


async def proven_again(request: Request[Any, Any, Any], **changes: Any) -> Any:
    """The cookie of the session's new id, after whoever sits there proved who they are or changed how they do; the page that is made
    after this is the new session's. `changes`: of what it remembers.
    """
    firm: Firm = request.app.state.firm
    visitor = signed_in(request)
    signed = replace(signed_of(request), proved_us=firm.wall_us(), challenge=b"", challenge_until_us=0, **changes)
    cookie = await auth.go_on_as(firm, visitor.session_id, signed)
    if cookie is not None:
        request.scope["user"] = renamed(visitor, str(cookie.value))
        request.scope["auth"] = signed
    return cookie


def renamed(visitor: Visitor, session_id: str) -> Visitor:
    """The same visitor under the session's new id."""
    return replace(visitor, session_id=session_id)
