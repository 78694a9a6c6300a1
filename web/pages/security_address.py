"""Another mail address: asked for by whoever proved a moment ago who they are, told to the present one, and confirmed at the new one."""

from typing import Any

import anyio.to_thread
import apsw
from litestar import Request, get, post
from litestar.exceptions import ServiceUnavailableException
from litestar.response import Response

from actors.arrival import Held, Overloaded
from actors.permitted import PORTAL
from firm.commands import AskAddressChange, ChangeAddress
from firm.facts import AddressChanged
from storage.links import Purpose
from storage.people import ADDRESS_WANTED, Person
from storage.readmodels.seals import only_seal
from web.asking import ask
from web.auth import person_named
from web.firm import Firm
from web.forms import fields_of, text_in
from web.join_form import is_mail
from web.joining import few_mails
from web.links import form_token, keep_link, link_in, require_own_form, whose_link
from web.notes import require_taking
from web.render import page
from web.visitor import Policy, firm_of, signed_in

CHANGE, NEW = "/security/address", "/new-address"
GONE = "This link was used already, or is too old. Sign in and ask for the change once more."
TAKEN = "Somebody signs in with this mail address already: nothing was changed."
TOO_MANY = "Several mails went to this address lately. Try again in an hour."
NO_MAILS = "This firm writes no mails, so an address cannot be confirmed: ask it."


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
    if not is_mail(mail):
        return _form(request, mail, "Enter a mail address, such as ada@example.org.", 422)
    if not await anyio.to_thread.run_sync(few_mails, firm, mail):
        return _form(request, mail, TOO_MANY, 429)
    sealed = await anyio.to_thread.run_sync(firm.vault.seal, visitor.reference, ADDRESS_WANTED, mail.encode())
    await ask(request, AskAddressChange(by=visitor.reference, person=visitor.reference, sealed=sealed))
    return page(request, "address_asked.html")


@get(NEW, policy=Policy.PUBLIC)
async def new_address(request: Request[Any, Any, Any]) -> Response[Any]:
    token = request.query_params.get("token", "")
    return await keep_link(request, token, NEW) if token else await _shown(request)


@post(NEW, policy=Policy.PUBLIC)
async def address_taken_up(request: Request[Any, Any, Any]) -> Response[Any]:
    """The link is used up by the button. Links that went to the address of before are good for nothing any more."""
    firm: Firm = firm_of(request)
    require_taking(firm)
    reference = await whose_link(request, Purpose.NEW_ADDRESS)
    if reference is None:
        return await _shown(request, GONE, 422)
    await require_own_form(request)
    link = await link_in(request)
    used = await anyio.to_thread.run_sync(firm.links.use, Purpose.NEW_ADDRESS, link, firm.wall_us())
    person = await anyio.to_thread.run_sync(person_named, firm, reference)
    wanted = await firm.book.read(lambda book: _wanted(book, reference))
    if used != reference or person is None or wanted is None:
        return await _shown(request, GONE, 422)
    if not await _change(request, person, wanted):
        return await _shown(request, TAKEN, 422)
    await anyio.to_thread.run_sync(firm.links.forget_person, reference)
    return page(request, "new_address.html", wrong="", good=False, done=True, token="")  # nosec B106  (there is none)


async def _change(request: Request[Any, Any, Any], person: Person, wanted: str) -> bool:
    """In the vault, then in the ledger; where that says no, not in the vault either. False: somebody has the address."""
    firm: Firm = firm_of(request)

    def changed() -> tuple[str, str] | None:
        mail = firm.vault.open_value(wanted)
        return firm.vault.change_mail(person.kind, person.id, mail.decode()) if mail else None

    moved = await anyio.to_thread.run_sync(changed)
    if moved is None:
        return False
    before, after = moved
    command = ChangeAddress(by=PORTAL, person=person.reference, sealed=after)
    # However late the answer is: half a change would be told by nobody.
    try:
        answer = await firm.ask(command)
    except (Held, Overloaded) as refused:
        await anyio.to_thread.run_sync(firm.vault.unchange_mail, after)
        raise ServiceUnavailableException(f"{refused}: nothing was changed. Try again later") from refused
    assert any(isinstance(fact, AddressChanged) for _, fact in answer.facts), "the portal may ask for it"
    await anyio.to_thread.run_sync(firm.vault.erase_values, [before, wanted])
    return True


def _wanted(book: apsw.Connection, reference: str) -> str | None:
    return only_seal(book, reference, ADDRESS_WANTED)


def _form(request: Request[Any, Any, Any], mail: str, wrong: str, status: int) -> Response[str]:
    return page(request, "address.html", status=status, mail=mail, wrong=wrong)


async def _shown(request: Request[Any, Any, Any], wrong: str = "", status: int = 200) -> Response[Any]:
    good = not wrong and await whose_link(request, Purpose.NEW_ADDRESS) is not None
    wrong, status = (wrong, status) if good or wrong else (GONE, 422)
    return page(
        request, "new_address.html", status=status, wrong=wrong, good=good, done=False, token=form_token(request)
    )


ROUTES = (security_address, security_change_address, new_address, address_taken_up)
