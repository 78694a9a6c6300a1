"""Joining: what is done about a mail address that somebody typed who is not signed in: after they were answered, and bounded.

Whether an address is known must not be read off an answer, nor off how long it takes: so the answer is given first, and is the same; what
depends on the address follows it. Who owns the address learns by mail what was asked for.
"""

import logging
import secrets
from collections.abc import Callable

import anyio.to_thread
import msgspec

from actors.arrival import Held, Overloaded
from actors.permitted import PORTAL
from firm.accepted import AcceptedText
from firm.commands import JoinFirm, OweMail
from firm.facts import TraderJoined
from firm.ids import ID_BITS
from firm.instant import DAY_US, HOUR_US
from firm.letters import Letter
from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from storage.people import RESIDENCE, Person, Residence, normalised_mail, reference
from storage.throttles import Limit
from web.auth import TooManyGuesses
from web.bounds import JOINED_PER_DAY, JOINS_PER_ADDRESS, MAILS_PER_DAY, MAILS_PER_HOUR, RESETS_PER_ADDRESS
from web.firm import Firm

_BY_ADDRESS = Limit(JOINS_PER_ADDRESS, HOUR_US)
_RESETS_BY_ADDRESS = Limit(RESETS_PER_ADDRESS, HOUR_US)
_OF_ALL = Limit(JOINED_PER_DAY, DAY_US)
_MAILS = (("mail asked by hour", Limit(MAILS_PER_HOUR, HOUR_US)), ("mail asked by day", Limit(MAILS_PER_DAY, DAY_US)))
_AMISS = (Held, Overloaded, DiskRefused, FrontRefused, VaultDamaged)

_LOG = logging.getLogger(__name__)


class Joining(msgspec.Struct, frozen=True):
    """Who signs up. `password_hash`: the password itself is forgotten by now."""

    mail: str
    name: str
    password_hash: str
    residence: Residence
    accepted: tuple[AcceptedText, ...]


async def count_join(firm: Firm, address: str) -> None:
    """Before anything is done. Raises TooManyGuesses: for this network address, or for everybody today."""

    def counted() -> int:
        now_us = firm.wall_us()
        wait_us = firm.throttle.wait_us("join by address", address, _BY_ADDRESS, now_us)
        return wait_us or firm.throttle.wait_us("join of all", "", _OF_ALL, now_us)

    await _require_none(counted)


async def count_reset(firm: Firm, address: str) -> None:
    """Likewise, of those who have forgotten their password."""
    await _require_none(lambda: firm.throttle.wait_us("reset by address", address, _RESETS_BY_ADDRESS, firm.wall_us()))


async def _require_none(counted: Callable[[], int]) -> None:
    if wait_us := await anyio.to_thread.run_sync(counted):
        raise TooManyGuesses(wait_us)


async def join(firm: Firm, joining: Joining) -> None:
    """A new trader; or, where somebody has the address, a mail to them that says so. Nobody waits for it."""
    try:
        known = await anyio.to_thread.run_sync(firm.vault.find_by_mail, joining.mail)
        if known is not None:
            await _tell_owner(firm, known, _letter_to(firm, known))
        elif await anyio.to_thread.run_sync(few_mails, firm, joining.mail):
            await _register(firm, joining)
    except _AMISS as amiss:
        _LOG.warning("somebody signed up in vain, and is not known: %s", amiss)


async def forget_password(firm: Firm, mail: str) -> None:
    """A mail with a link, to whoever has this address and may sign in. Nobody waits for it."""
    try:
        known = await anyio.to_thread.run_sync(firm.vault.find_by_mail, mail)
        if known is not None and (known.kind == "trader" or firm.live.staff().working(known.reference) is not None):
            await _tell_owner(firm, known, Letter.NEW_PASSWORD)
    except _AMISS as amiss:
        _LOG.warning("a new password was asked for in vain: %s", amiss)


async def confirm_again(firm: Firm, person: Person) -> bool:
    """Another mail to somebody who has not confirmed their address. False: too many lately."""
    return await _tell_owner(firm, person, Letter.CONFIRM_ADDRESS)


def _letter_to(firm: Firm, known: Person) -> Letter:
    waits = known.kind == "trader" and firm.live.is_unconfirmed(known.id)
    return Letter.CONFIRM_ADDRESS if waits else Letter.ADDRESS_KNOWN


async def _tell_owner(firm: Firm, person: Person, letter: Letter) -> bool:
    if not await anyio.to_thread.run_sync(few_mails, firm, person.mail):
        return False
    await firm.ask(OweMail(by=PORTAL, person=person.reference, letter=letter))
    return True


def few_mails(firm: Firm, mail: str) -> bool:
    """Whoever asks again and again floods nobody: some mails an hour and a day for one mail address, whatever they are about."""
    subject, now_us = normalised_mail(mail), firm.wall_us()
    return all(firm.throttle.wait_us(scope, subject, limit, now_us) == 0 for scope, limit in _MAILS)


async def _register(firm: Firm, joining: Joining) -> None:
    """As the console does it: sealed in the vault, then told to the ledger; who is refused there is forgotten here."""
    number = secrets.randbelow(1 << ID_BITS)
    person = reference("trader", number)

    def sealed() -> tuple[str | None, str]:
        vault = firm.vault
        identity = vault.add_person("trader", number, joining.mail, joining.name, joining.password_hash)
        return identity, vault.seal(person, RESIDENCE, msgspec.json.encode(joining.residence)) if identity else ""

    identity, residence = await anyio.to_thread.run_sync(sealed)
    if identity is None:  # somebody was quicker with the same address, a moment ago
        return
    command = JoinFirm(by=PORTAL, trader=number, sealed=identity, residence=residence, accepted=joining.accepted)
    joined = False
    try:
        answer = await firm.ask(command)
        joined = any(isinstance(fact, TraderJoined) for _, fact in answer.facts)
    except (Held, Overloaded) as refused:
        _LOG.warning("somebody signed up in vain, and is not known: %s", refused)
    if not joined:
        await anyio.to_thread.run_sync(firm.vault.erase, person)
