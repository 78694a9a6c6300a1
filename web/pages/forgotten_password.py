"""A forgotten password: whoever owns the mail address gets a link to a new one. The answer is the same whether anybody owns it or not."""

from typing import Any

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import NotFoundException
from litestar.response import Response

from firm.mail_address import normalised_mail
from web import auth
from web.firm import Firm
from web.forms import fields_of, text_in
from web.joining import count_reset, forget_password
from web.links import FORGOTTEN
from web.notes import require_taking
from web.pages.sign_in import wait_for
from web.render import page
from web.shell.speech import spoken
from web.visitor import Policy, firm_of


@get(FORGOTTEN, policy=Policy.PUBLIC)
async def forgotten_password(request: Request[Any, Any, Any]) -> Response[Any]:
    _require_mails(firm_of(request))
    return _form(request, {}, "", 200)


@post(FORGOTTEN, policy=Policy.PUBLIC)
async def ask_for_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """What depends on the address is done once the answer is out."""
    firm: Firm = firm_of(request)
    _require_mails(firm)
    require_taking(firm)
    mail = text_in(await fields_of(request), "mail")
    try:
        normalised_mail(mail)  # no more than that: who is known by another kind of address is found by it
    except ValueError:
        return _form(request, {"mail": spoken(request)("forgotten.no_mail")}, mail, 422)
    try:
        await count_reset(firm, auth.counted_as(request))
    except auth.TooManyGuesses as many:
        return _form(request, {"": wait_for(request, many)}, mail, 429)
    answer = page(request, "forgotten_answered.html")
    answer.background = BackgroundTask(forget_password, firm, mail, auth.device_in(firm, request))
    return answer


def _require_mails(firm: Firm) -> None:
    if not firm.mails:
        raise NotFoundException(detail="this firm writes no mails: ask it for a link to a new password")


def _form(request: Request[Any, Any, Any], wrong: dict[str, str], mail: str, status: int) -> Response[Any]:
    return page(request, "forgotten_password.html", status=status, wrong=wrong, mail=mail)


ROUTES = (forgotten_password, ask_for_password)
