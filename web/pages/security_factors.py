"""Second factors, for whoever is signed in: an authenticator app, recovery codes that are shown once, and proving again."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.response import Redirect, Response
from msgspec.structs import replace

from firm.commands import SecurityAct, StaffAct
from storage.factors import Factors, read_factors, written
from storage.people import Person
from web import auth
from web.acts import record_at_door
from web.arrivals import PROVEN, goes_on, proven_again
from web.bounds import DRAFT_BYTES_MAX
from web.challenges import signed_challenge
from web.firm import Firm
from web.forms import fields_of, path_of_ours, read_kept, text_in
from web.notes import note, require_taking
from web.pages.security import security_page
from web.pages.sign_in import NO_PASSKEY, NO_SUCH_CODE, wait_for
from web.password_desk import NoRoom
from web.proof_page import PROOF, SECURITY, proof_page
from web.render import page
from web.second_factor import (
    confirm_totp,
    factors_of,
    offer_totp,
    picture_of,
    proven_by_code,
    renew_codes,
    secret_text,
)
from web.shell.speech import spoken
from web.shell.toasts import told
from web.signed import signed_of
from web.visitor import Policy, firm_of, signed_in

LAST_OF_STAFF = "security.last_of_staff"
NO_PASSWORD = "proof.not_yours"  # noqa: S105  (the name of a sentence about one)


# --- an authenticator app ---


@post("/security/totp", policy=Policy.SIGNED_IN, enrolling=True, fresh=True, resume=SECURITY, status_code=200)
async def security_offer_totp(request: Request[Any, Any, Any]) -> Response[str]:
    firm: Firm = firm_of(request)
    require_taking(firm)
    secret = await offer_totp(firm, signed_in(request).reference)
    return await _totp_page(request, secret, "", 200)


@post("/security/totp/confirmation", policy=Policy.SIGNED_IN, enrolling=True, fresh=True, resume=SECURITY)
async def security_confirm_totp(request: Request[Any, Any, Any]) -> Response[Any]:
    """With the first code of the app: from then on it is asked for."""
    firm, visitor, fields = firm_of(request), signed_in(request), await fields_of(request)
    require_taking(firm)
    before = await factors_of(firm, visitor.reference)
    if await confirm_totp(firm, visitor.reference, text_in(fields, "code")):
        return await added(request, SecurityAct.TOTP_ADDED, before)
    offered = before.offered if firm.wall_us() < before.offered_until_us else b""
    if not offered:
        return await security_page(request, spoken(request)("totp.too_late"), 422)
    return await _totp_page(request, offered, spoken(request)("totp.not_of_it"), 422)


@post("/security/totp/removal", policy=Policy.SIGNED_IN, fresh=True)
async def security_remove_totp(request: Request[Any, Any, Any]) -> Response[Any]:
    return await removed(request, SecurityAct.TOTP_REMOVED, lambda held: replace(held, totp=None))


@post("/security/recovery-codes", policy=Policy.SIGNED_IN, fresh=True)
async def security_renew_codes(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    if not (await factors_of(firm, visitor.reference)).any:
        return await security_page(request, spoken(request)("codes.need_factor"), 422)
    try:
        codes = await renew_codes(firm, request.app.state.passwords, visitor.reference)
    except auth.TooManyGuesses as often:
        return await security_page(request, wait_for(request, often), 429)
    await note(request, visitor.reference, SecurityAct.CODES_RENEWED)
    return page(request, "recovery_codes.html", codes=codes, first=False)


# --- proving again ---


@get(PROOF, policy=Policy.SIGNED_IN, enrolling=True)
async def security_proof(request: Request[Any, Any, Any]) -> Response[str]:
    return proof_page(request, None, path_of_ours(request.query_params.get("next", "")))


@post(PROOF, policy=Policy.SIGNED_IN, enrolling=True, request_max_body_size=DRAFT_BYTES_MAX)
async def security_prove(request: Request[Any, Any, Any]) -> Response[Any]:
    """Then the page that was wanted, or the form that waits; we never send it by ourselves."""
    fields = await fields_of(request)
    kept, wanted = read_kept(fields), path_of_ours(text_in(fields, "next"))
    try:
        wrong = await _wrong_proof(
            request, str(fields.get("password", "")), text_in(fields, "code"), text_in(fields, "credential")
        )
    except auth.TooManyGuesses as guesses:
        return proof_page(request, kept, wanted, wait_for(request, guesses), 429)
    proven = StaffAct.PROOF_FAILED if wrong else StaffAct.PROVEN
    await record_at_door(request, signed_in(request).reference, proven)
    if wrong:
        return proof_page(request, kept, wanted, spoken(request)(wrong), 422)
    cookie = await proven_again(request)
    if cookie is None:
        return Redirect("/sign-in", status_code=303)
    answer = goes_on(request, kept, str(cookie.value), PROVEN) if kept else Redirect(wanted, status_code=303)
    answer.set_cookie(cookie)
    return answer


async def _wrong_proof(request: Request[Any, Any, Any], password: str, code: str, credential: str) -> str:
    """The name of a sentence, or "" where it is right. Who has a second factor shows it: a password alone is not enough then.

    Raises TooManyGuesses.
    """
    firm, desk, visitor = firm_of(request), request.app.state.passwords, signed_in(request)
    has = (await factors_of(firm, visitor.reference)).any
    if has and credential:
        proven = await signed_challenge(request, visitor.session_id, credential) == visitor.reference
        return "" if proven else NO_PASSKEY
    if has:
        how = await proven_by_code(firm, desk, visitor.reference, code, auth.device_in(firm, request))
        if how == "recovery":
            await note(request, visitor.reference, SecurityAct.CODE_USED)
        return "" if how else NO_SUCH_CODE
    return "" if await whose_password(request, password) else NO_PASSWORD


async def whose_password(request: Request[Any, Any, Any], password: str) -> Person | None:
    """The visitor, where it is theirs, with the hash that it was held against; guesses count as at the door. Raises TooManyGuesses."""
    firm, desk, visitor = firm_of(request), request.app.state.passwords, signed_in(request)
    person = await anyio.to_thread.run_sync(firm.vault.person, visitor.kind, visitor.id)
    if person is None:
        return None
    address, device = auth.counted_as(request), auth.device_in(firm, request)
    allowance = request.app.state.allowance
    found = await auth.recognise(firm, desk, person.mail, password, address, device, allowance, signed_in=True)
    return found if found is not None and found.reference == visitor.reference else None


# --- what all factors share ---


async def added(request: Request[Any, Any, Any], act: SecurityAct, before: Factors) -> Response[Any]:
    """A factor was: the session goes on under a new id. With the first one all other sessions end, and recovery codes are shown."""
    firm, reference = firm_of(request), signed_in(request).reference
    cookie = await proven_again(request, factor=True)
    if cookie is None:
        return Redirect("/sign-in", status_code=303)
    if not before.any:
        await anyio.to_thread.run_sync(firm.sessions.delete_person, reference, str(cookie.value))
    await note(request, reference, act)
    answer = await _codes_shown(request, reference) if not before.any else None
    answer = answer or told(request, Redirect(SECURITY, status_code=303), "factor_added")
    answer.set_cookie(cookie)
    return answer


async def _codes_shown(request: Request[Any, Any, Any], person: str) -> Response[Any] | None:
    """With the first factor. None: they took it away and added it so often that codes have to wait; the page of security offers them."""
    try:
        codes = await renew_codes(firm_of(request), request.app.state.passwords, person)
    except (auth.TooManyGuesses, NoRoom):
        return None
    return page(request, "recovery_codes.html", codes=codes, first=True)


async def removed(request: Request[Any, Any, Any], act: SecurityAct, less: Any) -> Response[Any]:
    """A factor was, if there was one, unless it is the last of somebody who needs one. `less`: what is left of what there was."""
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    needs_one = visitor.kind == "staff" and firm.staff_factor

    def work(held: bytes | None) -> tuple[bytes | None, tuple[Factors, bool] | None]:
        before = read_factors(held)
        left = less(before)
        if needs_one and not left.any:
            return held, None
        if left == before:
            return held, (left, False)
        left = left if left.any else replace(left, recovery=None)  # codes stand in for a factor, and are none
        return written(left), (left, True)

    done = await anyio.to_thread.run_sync(firm.vault.change_factors, visitor.reference, work)
    if done is None:
        return await security_page(request, spoken(request)(LAST_OF_STAFF), 422)
    left, is_less = done
    cookie = await proven_again(request, factor=left.any)
    if is_less:
        await note(request, visitor.reference, act)
    answer = told(request, Redirect(SECURITY, status_code=303), act.value)
    if cookie is not None:
        answer.set_cookie(cookie)
    return answer


async def _totp_page(request: Request[Any, Any, Any], secret: bytes, wrong: str, status: int) -> Response[str]:
    firm, visitor = firm_of(request), signed_in(request)
    person = await anyio.to_thread.run_sync(firm.vault.person, visitor.kind, visitor.id)
    mail = person.mail if person else visitor.name
    return page(
        request,
        "totp.html",
        status=status,
        picture=picture_of(secret, firm.name, mail),
        secret=secret_text(secret),
        wrong=wrong,
        renewing=signed_of(request).factor,
    )


ROUTES = (
    security_offer_totp,
    security_confirm_totp,
    security_remove_totp,
    security_renew_codes,
    security_proof,
    security_prove,
)
