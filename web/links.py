"""Links of mails: a session remembers at once which one it was, so that no address shows it any longer; a button uses it, never a look.

Programs that read mails follow their links before people do.
"""

from typing import Any

import anyio.to_thread
from litestar import Request
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect, Response
from msgspec.structs import replace

from storage.links import Purpose, digest_of
from web import auth
from web.firm import Firm
from web.forms import fields_of, text_in
from web.signed import Signed, read_signed, signed_of, written
from web.visitor import CSRF_FIELD, ForeignForm, csrf_token_of, is_token_of, visitor_of

CONFIRM = "/confirm-address"
FORGOTTEN = "/forgotten-password"


async def keep_link(request: Request[Any, Any, Any], token: str, page: str) -> Response[Any]:
    """Who is signed in stays so; who views as a trader is sent away. Nothing is used up."""
    firm: Firm = request.app.state.firm
    answer: Response[Any] = Redirect(page, status_code=303)
    link = digest_of(token)
    visitor = visitor_of(request)
    if visitor is None:
        answer.set_cookie(await auth.begin_session(firm, "", auth.session_id_in(firm, request), Signed(link=link)))
        return answer

    if visitor.behind is not None:
        raise PermissionDeniedException("end the view first: a link of a mail is for whoever it was sent to")

    def work(content: bytes) -> bytes:
        return written(replace(read_signed(content), link=link))

    await anyio.to_thread.run_sync(firm.sessions.change, visitor.session_id, firm.wall_us(), work)
    return answer


async def link_in(request: Request[Any, Any, Any]) -> str:
    """What the session of whoever asks keeps; "" where it keeps none."""
    if visitor_of(request) is not None:
        return signed_of(request).link
    return (await auth.unsigned_session(request.app.state.firm, request)).link


async def whose_link(request: Request[Any, Any, Any], purpose: Purpose) -> str | None:
    """Whose link the session keeps; None: it is good for nothing, or somebody else is signed in here."""
    firm: Firm = request.app.state.firm
    link, visitor = await link_in(request), visitor_of(request)
    held = await anyio.to_thread.run_sync(firm.links.read, purpose, link, firm.wall_us()) if link else None
    return held[0] if held is not None and (visitor is None or visitor.reference == held[0]) else None


async def require_own_form(request: Request[Any, Any, Any]) -> None:
    """Of somebody who is not signed in: the form is of the page that this session was shown. Raises ForeignForm."""
    if visitor_of(request) is not None:  # the guard has seen to it
        return
    session_id = auth.session_id_in(request.app.state.firm, request) or ""
    if not is_token_of(session_id, text_in(await fields_of(request), CSRF_FIELD)):
        raise ForeignForm("the form is from an earlier session: go back, reload the page, and send it again")


def form_token(request: Request[Any, Any, Any]) -> str:
    visitor = visitor_of(request)
    return visitor.csrf_token if visitor else csrf_token_of(auth.session_id_in(request.app.state.firm, request) or "")
