"""Passwords: changed by whoever knows the present one, or set anew by a link that came by mail or that the firm's console made."""

from contextlib import suppress
from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.response import Redirect, Response

from actors.permitted import PORTAL
from firm.commands import SecurityAct
from storage.errors import DiskRefused
from storage.links import Purpose
from storage.people import Person
from web import auth
from web.address_changes import drop_change
from web.arrivals import proven_again
from web.firm import Firm
from web.forms import fields_of
from web.links import form_token, keep_link, link_in, require_own_form, whose_link
from web.notes import note, require_taking
from web.pages.confirm_address import confirm
from web.pages.security_factors import NO_PASSWORD, whose_password
from web.pages.sign_in import wait_for
from web.passwords import why_refused
from web.proof_page import SECURITY
from web.render import page
from web.shell.speech import spoken
from web.shell.toasts import told
from web.visitor import Policy, firm_of, signed_in

CHANGE = "/security/password"
RESET = "/new-password"
LINK_GONE = "password.link_gone"


@get(CHANGE, policy=Policy.SIGNED_IN, enrolling=True, fresh=True)
async def security_password(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "password.html", wrong={})


@post(CHANGE, policy=Policy.SIGNED_IN, enrolling=True, fresh=True, resume=CHANGE)
async def security_change_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """All other sessions end with it."""
    firm, visitor, fields = firm_of(request), signed_in(request), await fields_of(request)
    require_taking(firm)
    try:
        proven = await whose_password(request, str(fields.get("present", "")))
    except auth.TooManyGuesses as guesses:
        return page(request, "password.html", status=429, wrong={"": wait_for(request, guesses)})
    person = await anyio.to_thread.run_sync(firm.vault.person, visitor.kind, visitor.id)
    wrong = _wrong_words(request, person, str(fields.get("fresh", "")), str(fields.get("again", "")))
    if proven is None:
        wrong["present"] = spoken(request)(NO_PASSWORD)
    if wrong or proven is None:
        return page(request, "password.html", status=422, wrong=wrong)
    hashed = await request.app.state.passwords.hashed(str(fields.get("fresh", "")), whose=visitor.reference)
    if not await _set(
        firm, proven, hashed, instead_of=proven.password_hash
    ):  # another was set while this one was looked at
        return page(request, "password.html", status=422, wrong={"present": spoken(request)(NO_PASSWORD)})
    cookie = await proven_again(request)
    await anyio.to_thread.run_sync(
        firm.sessions.delete_person, visitor.reference, str(cookie.value) if cookie else visitor.session_id
    )
    await drop_change(request, visitor.reference, visitor.reference)
    await note(request, visitor.reference, SecurityAct.PASSWORD_CHANGED)
    answer = told(request, Redirect(SECURITY, status_code=303), "password_changed")
    if cookie is not None:
        answer.set_cookie(cookie)
    return answer


@get(RESET, policy=Policy.PUBLIC)
async def new_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """A session remembers at once what the link holds, so that no address shows it any longer. Who is signed in stays so."""
    token = request.query_params.get("token", "")
    if token:
        return await keep_link(request, token, RESET)
    good = await _link_held(request) is not None
    return _reset_page(request, {} if good else _gone(request), 200 if good else 422, good=good)


@post(RESET, policy=Policy.PUBLIC)
async def set_new_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """The link is used up only by a password that was set. Second factors stay as they are, and are asked for at the next sign-in."""
    firm, fields = firm_of(request), await fields_of(request)
    require_taking(firm)
    whose = await _link_held(request)
    if whose is None:
        return _reset_page(request, _gone(request), 422, good=False)
    person, purpose = whose
    await require_own_form(request)
    wrong = _wrong_words(request, person, str(fields.get("fresh", "")), str(fields.get("again", "")))
    if wrong:
        return _reset_page(request, wrong, 422, good=True)
    hashed = await request.app.state.passwords.hashed(str(fields.get("fresh", "")), whose=person.reference)
    link = await link_in(request)
    if await anyio.to_thread.run_sync(firm.links.hold, purpose, link, firm.wall_us()) != person.reference:
        return _reset_page(request, _gone(request), 422, good=False)
    try:
        await _set(firm, person, hashed)
    except BaseException:  # whatever it was, and whoever went away: their links are as good as before
        with anyio.CancelScope(shield=True), suppress(DiskRefused):
            await anyio.to_thread.run_sync(firm.links.let_go, person.reference)
        raise
    await anyio.to_thread.run_sync(firm.sessions.delete_person, person.reference)  # before anything is open to them
    if purpose is Purpose.PASSWORD_MAILED:
        await _open(request, person)
    await drop_change(request, person.reference, PORTAL)
    await note(request, person.reference, SecurityAct.PASSWORD_RESET)
    answer = told(request, Redirect("/sign-in", status_code=303), "password_set")
    answer.set_cookie(await auth.end_session(firm, auth.session_id_in(firm, request)))
    return answer


async def _link_held(request: Request[Any, Any, Any]) -> tuple[Person, Purpose] | None:
    """Whose link the session keeps, and whether it came by mail or from the console."""
    for purpose in (Purpose.PASSWORD, Purpose.PASSWORD_MAILED):
        reference = await whose_link(request, purpose)
        person = await anyio.to_thread.run_sync(auth.person_named, firm_of(request), reference) if reference else None
        if person is not None:
            return person, purpose
    return None


async def _open(request: Request[Any, Any, Any], person: Person) -> None:
    """Whoever has the link reads the mails of the address. Where nobody had confirmed it, whoever signed up may have been somebody else."""
    firm: Firm = firm_of(request)

    def forgotten() -> None:
        with suppress(KeyError):  # erased a moment ago
            firm.vault.change_factors(person.reference, lambda held: (None, None))  # noqa: ARG005
        firm.devices.forget_person(person.reference)

    if person.kind == "trader" and firm.live.is_unconfirmed(person.id):
        await anyio.to_thread.run_sync(forgotten)
    await confirm(request, person.reference)


async def _set(firm: Firm, person: Person, hashed: str, instead_of: str = "") -> bool:
    """Links of before go with the password of before: whoever knew that one may have asked for them. False: see the vault."""
    taken = await anyio.to_thread.run_sync(firm.vault.change_password_hash, person.kind, person.id, hashed, instead_of)
    if taken:
        await anyio.to_thread.run_sync(firm.links.forget_person, person.reference)
    return taken


def _gone(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {"": spoken(request)(LINK_GONE)}


def _wrong_words(request: Request[Any, Any, Any], person: Person | None, fresh: str, again: str) -> dict[str, str]:
    firm, speak = firm_of(request), spoken(request)
    own_words = (person.mail, person.name, firm.name) if person else (firm.name,)
    refused = why_refused(fresh, firm.breached, own_words, speak)
    if refused:
        return {"fresh": refused}
    return {"again": speak("password.not_the_same")} if fresh != again else {}


def _reset_page(request: Request[Any, Any, Any], wrong: dict[str, str], status: int, *, good: bool) -> Response[str]:
    return page(request, "new_password.html", status=status, wrong=wrong, good=good, token=form_token(request))


ROUTES = (security_password, security_change_password, new_password, set_new_password)
