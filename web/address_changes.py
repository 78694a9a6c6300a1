"""Address changes: asked for few times, dropped by whoever is written to at the present address, and taken up with a link to the new one.

One is on its way at a time: the ledger refers to the address that is wanted, the vault has it, and a link is good for that one alone.
"""

import logging
from typing import Any

import anyio.to_thread
from litestar import Request
from litestar.exceptions import ServiceUnavailableException

from actors.arrival import Held, Overloaded
from actors.permitted import PORTAL
from firm.commands import AskAddressChange, ChangeAddress, DropAddressChange
from firm.facts import AddressChanged
from firm.instant import DAY_US, HOUR_US
from storage.errors import DiskRefused
from storage.links import Purpose
from storage.people import ADDRESS_WANTED, Person
from storage.readmodels.seals import only_seal
from storage.sqlite_file import TracesRemain
from storage.throttles import Limit
from storage.vault import Vault
from web.asking import ask
from web.bounds import ADDRESS_CHANGES_PER_DAY, ADDRESS_CHANGES_PER_HOUR
from web.firm import Firm
from web.joining import few_mails
from web.links import link_in, whose_link

_LIMITS = (
    ("address changes by hour", Limit(ADDRESS_CHANGES_PER_HOUR, HOUR_US)),
    ("address changes by day", Limit(ADDRESS_CHANGES_PER_DAY, DAY_US)),
)
_LOG = logging.getLogger(__name__)


def is_too_often(firm: Firm, person: str, mail: str) -> bool:
    """Whether this person asked too often, or strangers had that address written to too often. Counted in either case. In a thread."""
    now_us = firm.wall_us()
    if any(firm.throttle.wait_us(scope, person, limit, now_us) for scope, limit in _LIMITS):
        return True
    return not few_mails(firm, mail)


async def wanted_by(firm: Firm, person: str) -> str | None:
    """The commitment to the address that is to be theirs; None: no change is on its way."""
    found: str | None = await firm.book.read(lambda book: only_seal(book, person, ADDRESS_WANTED))
    return found


async def ask_change(request: Request[Any, Any, Any], person: str, mail: str) -> None:
    """In place of one that was asked for before, whose links are good for nothing and whose address is kept no longer."""
    firm: Firm = request.app.state.firm
    before = await wanted_by(firm, person)
    sealed = await anyio.to_thread.run_sync(firm.vault.seal, person, ADDRESS_WANTED, mail.encode())
    await anyio.to_thread.run_sync(firm.links.forget_purpose, person, Purpose.NEW_ADDRESS)
    await ask(request, AskAddressChange(by=person, person=person, sealed=sealed))
    if before is not None:
        await anyio.to_thread.run_sync(let_go, firm.vault, [before])


async def drop_change(request: Request[Any, Any, Any], person: str, by: str) -> None:
    """Links to the new address, the mail with one that is owed, and the address itself are gone. Nothing, where nothing was asked for.

    Whoever has just lost their session asks for none any more: end sessions first.
    """
    firm: Firm = request.app.state.firm
    await anyio.to_thread.run_sync(firm.links.forget_purpose, person, Purpose.NEW_ADDRESS)
    wanted = await wanted_by(firm, person)
    if wanted is None:
        return
    await ask(request, DropAddressChange(by=by, person=person))
    await anyio.to_thread.run_sync(let_go, firm.vault, [wanted])


async def change_held(request: Request[Any, Any, Any]) -> tuple[str, str] | None:
    """Whose link to a new address the session keeps, and the commitment to that address.

    None: it is good for nothing, somebody else is signed in here, or another address is wanted since.
    """
    firm: Firm = request.app.state.firm
    person = await whose_link(request, Purpose.NEW_ADDRESS)
    link, now_us = await link_in(request), firm.wall_us()
    held = await anyio.to_thread.run_sync(firm.links.read, Purpose.NEW_ADDRESS, link, now_us) if person else None
    if held is None or held[0] != person or held[1] != await wanted_by(firm, held[0]):
        return None
    return held


async def take_up(firm: Firm, person: Person, wanted: str) -> bool:
    """In the vault, then in the ledger; where that says no, not in the vault either. False: somebody has the address.

    Links that went to the address of before are forgotten before it changes, and once more after: a mail was perhaps being written.
    """

    def changed() -> tuple[str, str] | None:
        firm.links.forget_person(person.reference)
        mail = firm.vault.open_value(wanted)
        return firm.vault.change_mail(person.kind, person.id, mail.decode()) if mail else None

    def told(before: str) -> None:
        firm.links.forget_person(person.reference)
        let_go(firm.vault, [before, wanted])

    moved = await anyio.to_thread.run_sync(changed)
    if moved is None:
        return False
    before, after = moved
    command = ChangeAddress(by=PORTAL, person=person.reference, sealed=after)
    # However late the answer is: half a change would be told by nobody.
    try:
        answer = await firm.ask(command)
    except (Held, Overloaded) as refused:
        await anyio.to_thread.run_sync(_unchange, firm.vault, after)
        raise ServiceUnavailableException(f"{refused}: nothing was changed. Try again later") from refused
    assert any(isinstance(fact, AddressChanged) for _, fact in answer.facts), "the portal may ask for it"
    await anyio.to_thread.run_sync(told, before)
    return True


def let_go(vault: Vault, commitments: list[str]) -> None:
    """What the ledger refers to no more. What is done stays done: a start sweeps away whatever is left of it."""
    try:
        vault.erase_values(commitments)
    except (TracesRemain, DiskRefused) as unfinished:
        _LOG.warning("an address that is nobody's any more is not gone with all of its traces yet: %s", unfinished)


def _unchange(vault: Vault, commitment: str) -> None:
    try:
        vault.unchange_mail(commitment)
    except TracesRemain as unfinished:
        _LOG.warning("an address that was not taken up is gone, and not yet all of its traces: %s", unfinished)
