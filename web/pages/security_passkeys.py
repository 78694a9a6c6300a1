"""Passkeys, for whoever is signed in: made with a name, listed, and removed."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response
from msgspec.structs import replace

from firm.commands import SecurityAct
from storage.factors import PASSKEYS_MAX
from web.bounds import CHALLENGE_US, PASSKEY_NAME_LENGTH_MAX
from web.challenges import keep_challenge, take_challenge
from web.device_words import device_words
from web.firm import Firm
from web.forms import fields_of, text_in
from web.notes import require_taking
from web.pages.security import security_page
from web.pages.security_factors import added, removed
from web.passkeys import PasskeyRefused, asked_to_make, keep_made, new_challenge, site_of
from web.render import page
from web.second_factor import factors_of
from web.shell.speech import spoken
from web.visitor import Policy, firm_of, signed_in

NEW = "/security/passkeys/new"


@get(NEW, policy=Policy.SIGNED_IN, enrolling=True, fresh=True)
async def security_new_passkey(request: Request[Any, Any, Any]) -> Response[str]:
    firm: Firm = firm_of(request)
    if site_of(firm) is None:
        raise NotFoundException("passkeys need a name in the address, not a number: the firm’s web.public_url has none")
    held = await factors_of(firm, signed_in(request).reference)
    return _page(request, "", 200, full=len(held.passkeys) >= PASSKEYS_MAX)


@post("/security/passkeys/options", policy=Policy.SIGNED_IN, enrolling=True, fresh=True, resume=NEW, status_code=200)
async def security_passkey_options(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """What the browser's authenticator is asked to make, as JSON."""
    firm, visitor = firm_of(request), signed_in(request)
    person = await anyio.to_thread.run_sync(firm.vault.person, visitor.kind, visitor.id)
    if person is None or site_of(firm) is None:
        raise NotFoundException("there can be no passkey here")
    challenge, until_us = new_challenge(), firm.wall_us() + CHALLENGE_US
    await anyio.to_thread.run_sync(keep_challenge, firm, visitor.session_id, challenge, until_us)
    return Response(asked_to_make(firm, person, await factors_of(firm, visitor.reference), challenge))


@post("/security/passkeys", policy=Policy.SIGNED_IN, enrolling=True, fresh=True, resume=NEW)
async def security_add_passkey(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, visitor, fields = firm_of(request), signed_in(request), await fields_of(request)
    require_taking(firm)
    name = text_in(fields, "name")[:PASSKEY_NAME_LENGTH_MAX] or device_words(request.headers.get("user-agent", ""))
    challenge = await anyio.to_thread.run_sync(take_challenge, firm, visitor.session_id)
    before = await factors_of(firm, visitor.reference)
    try:
        await keep_made(firm, visitor.reference, text_in(fields, "credential"), challenge, name)
    except PasskeyRefused:
        return _page(request, spoken(request)("passkey.not_taken"), 422, full=False)
    return await added(request, SecurityAct.PASSKEY_ADDED, before)


@post("/security/passkeys/{handle:str}/removal", policy=Policy.SIGNED_IN, fresh=True)
async def security_remove_passkey(request: Request[Any, Any, Any], handle: FromPath[str]) -> Response[Any]:
    held = await factors_of(firm_of(request), signed_in(request).reference)
    if not any(each.handle == handle for each in held.passkeys):
        return await security_page(request, spoken(request)("passkey.gone"), 422)
    return await removed(
        request,
        SecurityAct.PASSKEY_REMOVED,
        lambda held: replace(held, passkeys=tuple(each for each in held.passkeys if each.handle != handle)),
    )


def _page(request: Request[Any, Any, Any], wrong: str, status: int, *, full: bool) -> Response[str]:
    suggested = device_words(request.headers.get("user-agent", ""))
    return page(request, "passkey_new.html", status=status, wrong=wrong, full=full, suggested=suggested)


ROUTES = (security_new_passkey, security_passkey_options, security_add_passkey, security_remove_passkey)
