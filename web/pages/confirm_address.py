"""Confirming a mail address: the page to which the link of a mail leads, and the only one that is open until its button was pressed."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.response import Redirect, Response

from actors.permitted import PORTAL
from firm.commands import ConfirmAddress
from storage.links import Purpose
from web import auth
from web.asking import ask
from web.auth import person_named
from web.firm import Firm
from web.forms import fields_of
from web.joining import confirm_again
from web.links import CONFIRM, form_token, keep_link, link_in, require_own_form, whose_link
from web.notes import require_taking
from web.pages.sign_in import wait_for
from web.render import page
from web.shell.speech import spoken
from web.visitor import Policy, firm_of, signed_in, visitor_of

GONE, TOO_MANY, NOT_ITS, SENT = "confirm.gone", "confirm.too_many", "confirm.not_its_password", "confirm.sent"


@get(CONFIRM, policy=Policy.PUBLIC)
async def confirm_address(request: Request[Any, Any, Any]) -> Response[Any]:
    token = request.query_params.get("token", "")
    return await keep_link(request, token, CONFIRM) if token else await _shown(request)


@post(CONFIRM, policy=Policy.PUBLIC)
async def address_confirmed(request: Request[Any, Any, Any]) -> Response[Any]:
    """The link is used up by the button, pressed by whoever knows the password of the sign-up.

    Somebody else may have signed up with this address, and would have whoever reads its mails open it for them.
    """
    firm: Firm = firm_of(request)
    require_taking(firm)
    person = await whose_link(request, Purpose.ADDRESS)
    if person is None:
        return await _shown(request, spoken(request)(GONE), 422)
    await require_own_form(request)
    try:
        if visitor_of(request) is None and not await _knows_password(request, person):
            return await _shown(request, spoken(request)(NOT_ITS), 422)
    except auth.TooManyGuesses as many:
        return await _shown(request, wait_for(request, many), 429)
    link = await link_in(request)
    if await anyio.to_thread.run_sync(firm.links.use, Purpose.ADDRESS, link, firm.wall_us()) != person:
        return await _shown(request, spoken(request)(GONE), 422)
    await confirm(request, person)
    if visitor_of(request):
        return Redirect("/", status_code=303)
    return page(request, "address_confirmed.html")


@post(f"{CONFIRM}/mails", policy=Policy.TRADER, unconfirmed=True)
async def confirm_once_more(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    person = await anyio.to_thread.run_sync(person_named, firm, visitor.reference)
    if person is None or not firm.live.is_unconfirmed(visitor.id):
        return Redirect("/", status_code=303)
    if not await confirm_again(firm, person):
        return await _shown(request, spoken(request)(TOO_MANY), 429)
    return await _shown(request, told=spoken(request)(SENT))


async def confirm(request: Request[Any, Any, Any], person: str) -> None:
    """Whoever holds a link that went to an address reads what is sent there."""
    kind, _, number = person.partition(":")
    if kind == "trader":
        await ask(request, ConfirmAddress(by=PORTAL, trader=int(number)))


async def _knows_password(request: Request[Any, Any, Any], reference: str) -> bool:
    """Guesses count as at the door. Raises TooManyGuesses and TooManySignIns."""
    firm, state = firm_of(request), request.app.state
    person = await anyio.to_thread.run_sync(person_named, firm, reference)
    if person is None:
        return False
    password, address = str((await fields_of(request)).get("password", "")), auth.counted_as(request)
    device = auth.device_in(firm, request)
    found = await auth.recognise(firm, state.passwords, person.mail, password, address, device, state.allowance)
    return found is not None and found.reference == reference


async def _shown(request: Request[Any, Any, Any], wrong: str = "", status: int = 200, told: str = "") -> Response[Any]:
    firm, visitor = firm_of(request), visitor_of(request)
    good = await whose_link(request, Purpose.ADDRESS) is not None
    waits = visitor is not None and visitor.kind == "trader" and firm.live.is_unconfirmed(visitor.id)
    if not good and not waits and not wrong:
        wrong, status = spoken(request)(GONE), 422
    return page(
        request,
        "confirm_address.html",
        status=status,
        wrong=wrong,
        told=told,
        good=good,
        asks=good and visitor is None,
        waits=waits,
        token=form_token(request),
    )


ROUTES = (confirm_address, address_confirmed, confirm_once_more)
