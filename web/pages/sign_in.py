"""The front door: signing in with a password or a passkey, signing out, and where each kind of visitor begins."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.commands import SecurityAct, StaffAct, ViewEnd
from firm.instant import MINUTE_US
from storage.factors import read_factors
from storage.people import Person
from storage.sessions import UNSIGNED_US
from web import auth
from web.acts import failed_as, record_at_door
from web.arrivals import arrived
from web.bounds import CHALLENGE_US
from web.challenges import keep_challenge, signed_challenge
from web.firm import Firm
from web.forms import Kept, SignIn, Wrong, fields_of, path_of_ours, read_kept, read_sign_in, text_in
from web.notes import note_at_sign_in
from web.passkeys import asked_to_sign, new_challenge, site_of
from web.password_desk import PasswordDesk
from web.render import page
from web.second_factor import proven_by_code
from web.shell.speech import spoken
from web.shell.toasts import told
from web.signed import Signed, signed_of
from web.visitor import CSRF_FIELD, ForeignForm, Policy, csrf_token_of, firm_of, is_token_of, visitor_of

HOMES = {"trader": "/accounts", "staff": "/staff"}
# Names of sentences in the shell's catalog.
NOT_THESE = "sign_in.not_these"
NO_SUCH_CODE = "sign_in.no_such_code"
NO_PASSKEY = "sign_in.no_passkey"
TOO_LATE = "sign_in.too_late"


@get("/", policy=Policy.PUBLIC)
async def front_door(request: Request[Any, Any, Any]) -> Redirect:
    visitor = visitor_of(request)
    return Redirect(HOMES[visitor.kind] if visitor else "/sign-in", status_code=303)


@get("/sign-in", policy=Policy.PUBLIC)
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[Any]:
    if visitor_of(request):
        return Redirect("/", status_code=303)
    wanted = path_of_ours(request.query_params.get("next", ""))
    return _door(request, None, 200, {"mail": "", "next": wanted}, None)


@post("/session", policy=Policy.PUBLIC)
async def sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, state = firm_of(request), request.app.state
    desk: PasswordDesk = state.passwords
    device = auth.device_in(firm, request)
    fields = await fields_of(request)
    asked, kept = read_sign_in(fields), read_kept(fields)
    if isinstance(asked, Wrong):
        speak = spoken(request)
        said = {name: speak(key) for name, key in asked.errors.items()}
        return _again(request, Wrong(said, asked.typed), 422, kept)
    address, since = auth.counted_as(request), await auth.begins(firm)
    try:
        person = await auth.recognise(firm, desk, asked.mail, asked.password, address, device, state.allowance)
    except auth.TooManyGuesses as guesses:
        return _again(request, Wrong({"": wait_for(request, guesses)}, {"mail": asked.mail}), 429, kept)
    if person is None:
        answer = _again(
            request, Wrong({"": spoken(request)(NOT_THESE)}, {"mail": asked.mail, "next": asked.next}), 422, kept
        )
        answer.background = failed_as(request, asked.mail)
        return answer
    held = read_factors(await anyio.to_thread.run_sync(firm.vault.factors, person.reference))
    if held.any:
        return await _ask_for_factor(request, person, since, asked, kept)
    return await _arrive(request, person.reference, since, factor=False, wanted=asked.next, kept=kept)


@post("/session/factor", policy=Policy.PUBLIC)
async def sign_in_factor(request: Request[Any, Any, Any]) -> Response[Any]:
    """After the password: a code of the app, a recovery code, or a passkey."""
    firm, desk, fields = firm_of(request), request.app.state.passwords, await fields_of(request)
    waits, kept, wanted = (
        await auth.unsigned_session(firm, request),
        read_kept(fields),
        path_of_ours(text_in(fields, "next")),
    )
    session_id = auth.session_id_in(firm, request) or ""
    if await _is_over(firm, waits):
        return _again(request, Wrong({"": spoken(request)(TOO_LATE)}, {"next": wanted}), 422, kept)
    if not is_token_of(session_id, text_in(fields, CSRF_FIELD)):
        raise ForeignForm("the form is from an earlier session: go back, reload the page, and send it again")
    credential = text_in(fields, "credential")
    try:
        if credential:
            how = "passkey" if await signed_challenge(request, session_id, credential) == waits.waiting else None
        else:
            device = auth.device_in(firm, request)
            how = await proven_by_code(firm, desk, waits.waiting, text_in(fields, "code"), device)
    except auth.TooManyGuesses as guesses:
        return _factor_page(request, session_id, wanted, kept, wait_for(request, guesses), 429)
    if how is None:
        why = spoken(request)(NO_PASSKEY if credential else NO_SUCH_CODE)
        answer = _factor_page(request, session_id, wanted, kept, why, 422)
        answer.background = failed_as(request, "", waits.waiting)
        return answer
    if how == "recovery":
        await note_at_sign_in(request, waits.waiting, SecurityAct.CODE_USED)
    return await _arrive(request, waits.waiting, waits.since, factor=True, wanted=wanted, kept=kept)


@post("/session/passkey", policy=Policy.PUBLIC)
async def sign_in_passkey(request: Request[Any, Any, Any]) -> Response[Any]:
    """A passkey alone: it names its person. Wrong passwords for that person do not count against it."""
    firm, fields = firm_of(request), await fields_of(request)
    kept, wanted = read_kept(fields), path_of_ours(text_in(fields, "next"))
    since = await _passkey_began(request)
    try:
        person = await signed_challenge(request, auth.session_id_in(firm, request) or "", text_in(fields, "credential"))
    except auth.TooManyGuesses as guesses:
        return _again(request, Wrong({"": wait_for(request, guesses)}, {"next": wanted}), 429, kept)
    known = await anyio.to_thread.run_sync(auth.person_named, firm, person) if person else None
    if known is None:
        return _again(request, Wrong({"": spoken(request)(NO_PASSKEY)}, {"next": wanted}), 422, kept)
    return await _arrive(request, known.reference, since, factor=True, wanted=wanted, kept=kept)


@post("/passkey-challenge", policy=Policy.PUBLIC, enrolling=True, status_code=200)
async def passkey_challenge(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """What a passkey is to sign, as JSON for the browser: kept in the session, also of somebody who is not signed in yet."""
    firm: Firm = firm_of(request)
    if site_of(firm) is None:
        return Response({}, status_code=404)
    challenge, until_us, since = new_challenge(), firm.wall_us() + CHALLENGE_US, await auth.begins(firm)
    session_id = auth.session_id_in(firm, request) or ""
    answer: Response[dict[str, Any]] = Response(asked_to_sign(firm, challenge))
    went_on: bool = await anyio.to_thread.run_sync(keep_challenge, firm, session_id, challenge, until_us, since)
    if went_on:
        return answer
    signed = Signed(challenge=challenge, challenge_until_us=until_us, since=since)
    answer.set_cookie(await auth.begin_session(firm, "", None, signed))
    return answer


@post("/session/end", policy=Policy.PUBLIC, ends_view=ViewEnd.SIGNED_OUT)
async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    """Also where the session has ended already: nobody signs in to sign out."""
    firm, visitor = firm_of(request), visitor_of(request)
    if visitor is not None:
        await record_at_door(request, visitor.reference, StaffAct.SIGNED_OUT)
    answer: Response[Any] = Redirect("/sign-in", status_code=303)
    answer.set_cookie(await auth.end_session(firm, auth.session_id_in(firm, request)))
    return told(request, answer, "signed_out")


# --- shared with the pages of security ---


def wait_for(request: Request[Any, Any, Any], guesses: auth.TooManyGuesses) -> str:
    return spoken(request)("sign_in.wait", count=-(-guesses.wait_us // MINUTE_US))


async def _arrive(
    request: Request[Any, Any, Any], person: str, since: str, *, factor: bool, wanted: str, kept: Kept | None
) -> Response[Any]:
    try:
        return await arrived(request, person, since, factor=factor, wanted=wanted, kept=kept)
    except auth.SignInOver:
        return _again(request, Wrong({"": spoken(request)(TOO_LATE)}, {"next": wanted}), 422, kept)


async def _passkey_began(request: Request[Any, Any, Any]) -> str:
    """When the challenge was asked for, as a rule; a session that was told of none has to be live when it is answered."""
    firm: Firm = firm_of(request)
    return signed_of(request).since or (await auth.unsigned_session(firm, request)).since or await auth.begins(firm)


async def _is_over(firm: Firm, waits: Signed) -> bool:
    """Whether no second factor is waited for any more: none was, it took too long, or all sessions were ended meanwhile."""
    if not waits.waiting or firm.wall_us() > waits.waiting_until_us:
        return True
    return await anyio.to_thread.run_sync(firm.sessions.is_over, waits.waiting, waits.since)


async def _ask_for_factor(
    request: Request[Any, Any, Any], person: Person, since: str, asked: SignIn, kept: Kept | None
) -> Response[Any]:
    firm: Firm = firm_of(request)
    waits = Signed(waiting=person.reference, waiting_until_us=firm.wall_us() + UNSIGNED_US, since=since)
    session = await auth.begin_session(firm, "", auth.session_id_in(firm, request), waits)
    answer = _factor_page(request, str(session.value), asked.next, kept, "", 200)
    answer.set_cookie(session)
    return answer


def _factor_page(
    request: Request[Any, Any, Any], session_id: str, wanted: str, kept: Kept | None, wrong: str, status: int
) -> Response[Any]:
    return page(
        request,
        "sign_in_factor.html",
        status=status,
        wrong=wrong,
        wanted=wanted,
        kept=kept,
        token=csrf_token_of(session_id),
        passkeys=site_of(firm_of(request)) is not None,
    )


def _again(request: Request[Any, Any, Any], wrong: Wrong, status: int, kept: Kept | None) -> Response[Any]:
    return _door(request, wrong.errors, status, {"mail": "", "next": "/"} | wrong.typed, kept)


def _door(
    request: Request[Any, Any, Any], wrong: dict[str, str] | None, status: int, typed: dict[str, str], kept: Kept | None
) -> Response[Any]:
    passkeys = site_of(firm_of(request)) is not None
    return page(request, "sign_in.html", status=status, wrong=wrong, typed=typed, kept=kept, passkeys=passkeys)


ROUTES = (front_door, sign_in_page, sign_in, sign_in_factor, sign_in_passkey, passkey_challenge, sign_out)
