"""Another mail address: asked for by whoever proved a moment ago who they are, told to the present one, and confirmed at the new one."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.mail_address import is_public_mail_address
from storage.links import Purpose
from web.address_changes import ask_change, change_held, drop_change, is_too_often, take_up
from web.auth import person_named
from web.firm import Firm
from web.forms import fields_of, text_in
from web.links import form_token, keep_link, link_in, require_own_form
from web.notes import require_taking
from web.proof_page import SECURITY
from web.render import page
from web.shell.speech import spoken
from web.shell.toasts import told
from web.visitor import Policy, firm_of, signed_in

CHANGE, NEW = "/security/address", "/new-address"
NO_MAIL, NO_MAILS, TOO_MANY = "address.no_mail", "address.no_mails", "address.too_many"
GONE, TAKEN = "new_address.gone", "new_address.taken"


@get(CHANGE, policy=Policy.SIGNED_IN, fresh=True)
async def security_address(request: Request[Any, Any, Any]) -> Response[str]:
    return _form(request, "", "", 200)


@post(CHANGE, policy=Policy.SIGNED_IN, fresh=True)
async def security_change_address(request: Request[Any, Any, Any]) -> Response[str]:
    """Whether somebody has the address already is seen when it is confirmed, by whoever reads its mails."""
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    mail = text_in(await fields_of(request), "mail")
    if not firm.mails:
        return _form(request, mail, NO_MAILS, 422)
    if not is_public_mail_address(mail):
        return _form(request, mail, NO_MAIL, 422)
    if await anyio.to_thread.run_sync(is_too_often, firm, visitor.reference, mail):
        return _form(request, mail, TOO_MANY, 429)
    await ask_change(request, visitor.reference, mail)
    return page(request, "address_asked.html")


@post(f"{CHANGE}/removal", policy=Policy.SIGNED_IN)
async def security_drop_address(request: Request[Any, Any, Any]) -> Redirect:
    """The change that is on its way; without a proof, as ending sessions: it only leaves things as they are."""
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    await drop_change(request, visitor.reference, visitor.reference)
    return told(request, Redirect(SECURITY, status_code=303), "address_dropped")


@get(NEW, policy=Policy.PUBLIC)
async def new_address(request: Request[Any, Any, Any]) -> Response[Any]:
    token = request.query_params.get("token", "")
    return await keep_link(request, token, NEW) if token else await _shown(request)


@post(NEW, policy=Policy.PUBLIC)
async def address_taken_up(request: Request[Any, Any, Any]) -> Response[Any]:
    """The link is used up by the button. Links that went to the address of before are good for nothing any more."""
    firm: Firm = firm_of(request)
    require_taking(firm)
    held = await change_held(request)
    if held is None:
        return await _shown(request, GONE, 422)
    await require_own_form(request)
    reference, wanted = held
    link = await link_in(request)
    used = await anyio.to_thread.run_sync(firm.links.use, Purpose.NEW_ADDRESS, link, firm.wall_us(), wanted)
    person = await anyio.to_thread.run_sync(person_named, firm, reference)
    if used != reference or person is None:
        return await _shown(request, GONE, 422)
    if not await take_up(firm, person, wanted):
        return await _shown(request, TAKEN, 422)
    return page(request, "new_address.html", wrong="", good=False, done=True, token="")  # nosec B106  (there is none)


def _form(request: Request[Any, Any, Any], mail: str, wrong: str, status: int) -> Response[str]:
    """`wrong`: the name of a sentence, or ""."""
    return page(request, "address.html", status=status, mail=mail, wrong=wrong and spoken(request)(wrong))


async def _shown(request: Request[Any, Any, Any], wrong: str = "", status: int = 200) -> Response[Any]:
    """`wrong`: the name of a sentence, or ""."""
    good = not wrong and await change_held(request) is not None
    wrong, status = (wrong, status) if good or wrong else (GONE, 422)
    said, token = wrong and spoken(request)(wrong), form_token(request)
    return page(request, "new_address.html", status=status, wrong=said, good=good, done=False, token=token)


ROUTES = (security_address, security_change_address, security_drop_address, new_address, address_taken_up)
