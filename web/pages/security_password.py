"""Passwords: changed by whoever knows the present one, or set anew by a link that came by mail or that the firm's console made."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.commands import SecurityAct
from storage.links import Purpose, digest_of
from storage.people import Person
from web import auth
from web.arrivals import proven_again
from web.firm import Firm
from web.forms import fields_of, text_in
from web.notes import note, require_taking
from web.pages.confirm_address import confirm
from web.pages.security_factors import NO_PASSWORD, is_password_of
from web.pages.sign_in import wait_for
from web.passwords import why_refused
from web.proof_page import SECURITY
from web.render import page
from web.shell.speech import spoken
from web.shell.toasts import told
from web.signed import Signed
from web.visitor import CSRF_FIELD, ForeignForm, Policy, csrf_token_of, firm_of, signed_in

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
        is_theirs = await is_password_of(request, str(fields.get("present", "")))
    except auth.TooManyGuesses as guesses:
        return page(request, "password.html", status=429, wrong={"": wait_for(request, guesses)})
    person = await anyio.to_thread.run_sync(firm.vault.person, visitor.kind, visitor.id)
    wrong = _wrong_words(request, person, str(fields.get("fresh", "")), str(fields.get("again", "")))
    if not is_theirs:
        wrong["present"] = spoken(request)(NO_PASSWORD)
    if wrong or person is None:
        return page(request, "password.html", status=422, wrong=wrong)
    await _set(request, person, str(fields.get("fresh", "")))
    cookie = await proven_again(request)
    await anyio.to_thread.run_sync(
        firm.sessions.delete_person, visitor.reference, str(cookie.value) if cookie else visitor.session_id
    )
    await note(request, visitor.reference, SecurityAct.PASSWORD_CHANGED)
    answer = told(request, Redirect(SECURITY, status_code=303), "password_changed")
    if cookie is not None:
        answer.set_cookie(cookie)
    return answer


@get(RESET, policy=Policy.PUBLIC)
async def new_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """What the link holds goes into a session of its own at once, so that no address shows it any longer."""
    firm: Firm = firm_of(request)
    token = request.query_params.get("token", "")
    if token:
        session = await auth.begin_session(firm, "", auth.session_id_in(firm, request), Signed(link=digest_of(token)))
        answer: Response[Any] = Redirect(RESET, status_code=303)
        answer.set_cookie(session)
        return answer
    good = await _whose_link(firm, (await auth.unsigned_session(firm, request)).link) is not None
    return _reset_page(request, {} if good else _gone(request), 200 if good else 422, good=good)


@post(RESET, policy=Policy.PUBLIC)
async def set_new_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """The link is used up only by a password that is taken. Second factors stay as they are, and are asked for at the next sign-in."""
    firm, fields = firm_of(request), await fields_of(request)
    require_taking(firm)
    held, session_id = await auth.unsigned_session(firm, request), auth.session_id_in(firm, request) or ""
    whose = await _whose_link(firm, held.link)
    if whose is None:
        return _reset_page(request, _gone(request), 422, good=False)
    person, purpose = whose
    if text_in(fields, CSRF_FIELD) != csrf_token_of(session_id):
        raise ForeignForm("the form is from an earlier session: go back, reload the page, and send it again")
    wrong = _wrong_words(request, person, str(fields.get("fresh", "")), str(fields.get("again", "")))
    if wrong:
        return _reset_page(request, wrong, 422, good=True)
    if await anyio.to_thread.run_sync(firm.links.use, purpose, held.link, firm.wall_us()) != person.reference:
        return _reset_page(request, _gone(request), 422, good=False)
    await _set(request, person, str(fields.get("fresh", "")))
    if purpose is Purpose.PASSWORD_MAILED:
        await confirm(request, person.reference)
    await anyio.to_thread.run_sync(firm.sessions.delete_person, person.reference)
    await note(request, person.reference, SecurityAct.PASSWORD_RESET)
    answer = told(request, Redirect("/sign-in", status_code=303), "password_set")
    answer.set_cookie(await auth.end_session(firm, session_id))
    return answer


async def _whose_link(firm: Firm, link: str) -> tuple[Person, Purpose] | None:
    """Whose it is, and whether it came by mail or from the console."""

    def found() -> tuple[Person, Purpose] | None:
        for purpose in (Purpose.PASSWORD, Purpose.PASSWORD_MAILED):
            reference = firm.links.person_of(purpose, link, firm.wall_us()) if link else None
            person = auth.person_named(firm, reference) if reference else None
            if person is not None:
                return person, purpose
        return None

    return await anyio.to_thread.run_sync(found)


async def _set(request: Request[Any, Any, Any], person: Person, password: str) -> None:
    """Links of before go with the password of before: whoever knew that one may have asked for them."""
    firm: Firm = firm_of(request)
    fresh = await request.app.state.passwords.hashed(password)
    await anyio.to_thread.run_sync(firm.vault.change_password_hash, person.kind, person.id, fresh)
    await anyio.to_thread.run_sync(firm.links.forget_person, person.reference)


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
    session_id = auth.session_id_in(firm_of(request), request) or ""
    return page(request, "new_password.html", status=status, wrong=wrong, good=good, token=csrf_token_of(session_id))


ROUTES = (security_password, security_change_password, new_password, set_new_password)
