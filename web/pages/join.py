"""Joining: somebody signs up as a trader by themselves. The answer is the same whether we know their mail address or not."""

from typing import Any

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response

from firm.instant import SECOND_US
from storage.people import Residence
from web import auth
from web.bounds import NO_ROOM_SECONDS
from web.firm import Firm
from web.forms import Wrong, fields_of
from web.join_form import Join, read_join
from web.joining import Joining, count_join, count_joined, join, uncount_join
from web.locale_figures import countries
from web.notes import require_taking
from web.pages.sign_in import wait_for
from web.password_desk import STRANGER, NoRoom
from web.passwords import why_refused
from web.render import page
from web.shell.speech import spoken
from web.too_much import TooManySignIns
from web.visitor import Policy, firm_of, visitor_of

NOTHING_TYPED = {"mail": "", "name": "", "country": "", "accepted": ""}


@get("/join", policy=Policy.PUBLIC)
async def join_page(request: Request[Any, Any, Any]) -> Response[Any]:
    _require_open(firm_of(request))
    if visitor_of(request):
        return Redirect("/", status_code=303)
    return _form(request, {}, NOTHING_TYPED, 200)


@post("/join", policy=Policy.PUBLIC)
async def join_firm(request: Request[Any, Any, Any]) -> Response[Any]:
    """What depends on the address is done once the answer is out."""
    firm: Firm = firm_of(request)
    _require_open(firm)
    require_taking(firm)
    speak = spoken(request)
    asked = read_join(await fields_of(request), speak, with_terms=bool(firm.brand.accepted))
    if isinstance(asked, Wrong):
        return _form(request, asked.errors, asked.typed, 422)
    refused = why_refused(asked.password, firm.breached, (asked.mail, asked.name, firm.name), speak)
    if refused:
        return _form(request, {"fresh": refused}, _typed(asked), 422)
    try:
        password_hash = await _given_room(request, asked.password)
    except auth.TooManyGuesses as many:
        return _form(request, {"": wait_for(request, many)}, _typed(asked), 429)
    joining = Joining(
        mail=asked.mail,
        name=asked.name,
        password_hash=password_hash,
        residence=Residence(country=asked.country, language=speak.language.value),
        accepted=firm.brand.accepted,
    )
    answer = page(request, "join_answered.html")
    answer.background = BackgroundTask(join, firm, joining)
    return answer


async def _given_room(request: Request[Any, Any, Any], password: str) -> str:
    """The hash. Strangers wait in the strangers' line, and count among those of today once they have passed it.

    Raises TooManyGuesses.
    """
    firm, desk, address = firm_of(request), request.app.state.passwords, auth.counted_as(request)
    at_us = await count_join(firm, address)
    try:
        auth.require_room(request.app.state.allowance, desk, address)
        password_hash: str = await desk.hashed(password, whose=STRANGER)
    except (TooManySignIns, NoRoom) as full:
        await uncount_join(firm, address, at_us)
        wait_us = full.wait_us if isinstance(full, TooManySignIns) else NO_ROOM_SECONDS * SECOND_US
        raise auth.TooManyGuesses(wait_us) from full
    await count_joined(firm)
    return password_hash


def _require_open(firm: Firm) -> None:
    if not firm.sign_up:
        raise NotFoundException(detail="this firm adds its traders itself: ask it")


def _typed(asked: Join) -> dict[str, str]:
    return {"mail": asked.mail, "name": asked.name, "country": asked.country, "accepted": "yes"}


def _form(request: Request[Any, Any, Any], wrong: dict[str, str], typed: dict[str, str], status: int) -> Response[Any]:
    return page(
        request,
        "join.html",
        status=status,
        wrong=wrong,
        typed=typed,
        accepted=firm_of(request).brand.accepted,
        countries=countries(spoken(request).language),
    )


ROUTES = (join_page, join_firm)
