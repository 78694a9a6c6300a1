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
from firm.mail_address import normalised_mail
from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from storage.people import RESIDENCE, Person, Residence, reference
from storage.throttles import Limit
from web.auth import TooManyGuesses
from web.bounds import JOINED_PER_DAY, JOINS_PER_ADDRESS, MAILS_PER_DAY, MAILS_PER_HOUR, RESETS_PER_ADDRESS
from web.firm import Firm

_BY_ADDRESS = Limit(JOINS_PER_ADDRESS, HOUR_US)
_RESETS_BY_ADDRESS = Limit(RESETS_PER_ADDRESS, HOUR_US)
_OF_ALL = Limit(JOINED_PER_DAY, DAY_US)
_MAILS = (("by hour", Limit(MAILS_PER_HOUR, HOUR_US)), ("by day", Limit(MAILS_PER_DAY, DAY_US)))
_AMISS = (Held, Overloaded, DiskRefused, FrontRefused, VaultDamaged)

_LOG = logging.getLogger(__name__)


class Joining(msgspec.Struct, frozen=True):
    """Who signs up. `password_hash`: the password itself is forgotten by now."""

    mail: str
    name: str
    password_hash: str
    residence: Residence
    accepted: tuple[AcceptedText, ...]


async def count_join(firm: Firm, address: str) -> int:
    """Before anything is done for this network address; at which instant. Raises TooManyGuesses."""
    now_us = firm.wall_us()
    await _require_none(lambda: firm.throttle.wait_us("join by address", address, _BY_ADDRESS, now_us))
    return now_us


async def uncount_join(firm: Firm, address: str, at_us: int) -> None:
    """It found no room, and was none."""
    await anyio.to_thread.run_sync(firm.throttle.give_back, "join by address", address, at_us)


async def count_joined(firm: Firm) -> None:
    """Among those of everybody today, of whom it keeps nobody out who found no room. Raises TooManyGuesses."""
    await _require_none(lambda: firm.throttle.wait_us("join of all", "", _OF_ALL, firm.wall_us()))


async def count_reset(firm: Firm, address: str) -> None:
    """Likewise, of those who have forgotten their password."""
    await _require_none(lambda: firm.throttle.wait_us("reset by address", address, _RESETS_BY_ADDRESS, firm.wall_us()))


async def _require_none(counted: Callable[[], int]) -> None:
    if wait_us := await anyio.to_thread.run_sync(counted):
        raise TooManyGuesses(wait_us)


async def join(firm: Firm, joining: Joining) -> None:
    """A new trader; or, where somebody has the address, a mail to them that says so. Nobody waits for it."""
    try:
        if not await anyio.to_thread.run_sync(few_mails, firm, joining.mail):
            return
        known = await anyio.to_thread.run_sync(firm.vault.find_by_mail, joining.mail)
        if known is None:
            await _register(firm, joining)
        else:
            await _owe(firm, known, _letter_to(firm, known))
    except _AMISS as amiss:
        _LOG.warning("somebody signed up in vain, and is not known: %s", amiss)


async def forget_password(firm: Firm, mail: str, device: str) -> None:
    """A mail with a link, to whoever has this address and may sign in. Nobody waits for it. `device`: the cookie, or ""."""
    try:
        known = await anyio.to_thread.run_sync(firm.vault.find_by_mail, mail)
        if not await anyio.to_thread.run_sync(_asked_rarely, firm, mail, known, device):
            return
        if known is not None and (known.kind == "trader" or firm.live.staff().working(known.reference) is not None):
            await _owe(firm, known, Letter.NEW_PASSWORD)
    except _AMISS as amiss:
        _LOG.warning("a new password was asked for in vain: %s", amiss)


async def confirm_again(firm: Firm, person: Person) -> bool:
    """Another mail to somebody who is signed in, and has not confirmed their address. False: too many lately.

    Counted by itself: strangers who ask about the address keep nobody from it.
    """
    if not await anyio.to_thread.run_sync(_is_rare, firm, "confirmation asked", person.reference):
        return False
    await _owe(firm, person, Letter.CONFIRM_ADDRESS)
    return True


def _letter_to(firm: Firm, known: Person) -> Letter:
    """Where nobody has confirmed the address, whoever signed up with it before may be somebody else: their password must not stay."""
    waits = known.kind == "trader" and firm.live.is_unconfirmed(known.id)
    return Letter.NEW_PASSWORD if waits else Letter.ADDRESS_KNOWN


async def _owe(firm: Firm, person: Person, letter: Letter) -> None:
    await firm.ask(OweMail(by=PORTAL, person=person.reference, letter=letter))


def _asked_rarely(firm: Firm, mail: str, known: Person | None, device: str) -> bool:
    """Whoever comes from a device that is known as the owner's is counted by themselves: strangers shut nobody out."""
    if known is not None and device and firm.devices.knows(known.reference, device, firm.wall_us()):
        return _is_rare(firm, "mail asked from known device", f"{known.reference} {device}")
    return few_mails(firm, mail)


def few_mails(firm: Firm, mail: str) -> bool:
    """Whoever asks again and again floods nobody: some mails an hour and a day for one mail address, whatever they are about.

    Counted whether somebody has the address or not: else the count would tell who is known.
    """
    return _is_rare(firm, "mail asked", normalised_mail(mail))


def _is_rare(firm: Firm, scope: str, subject: str) -> bool:
    now_us = firm.wall_us()
    return all(firm.throttle.wait_us(f"{scope} {by}", subject, limit, now_us) == 0 for by, limit in _MAILS)


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
    command = JoinFirm(
        by=PORTAL, trader=number, sealed=identity, residence=residence, accepted=joining.accepted,
        region=firm.regions.of(joining.residence.country),
    )  # fmt: skip
    joined = False
    try:
        answer = await firm.ask(command)
        joined = any(isinstance(fact, TraderJoined) for _, fact in answer.facts)
    except (Held, Overloaded) as refused:
        _LOG.warning("somebody signed up in vain, and is not known: %s", refused)
    if not joined:
        await anyio.to_thread.run_sync(firm.vault.erase, person)
