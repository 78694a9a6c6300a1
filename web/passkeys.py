"""Passkeys: what a browser is asked to make or to sign, and whether what comes back is by the person it says (WebAuthn level 3).

Every passkey verifies its user (a finger, a face, a PIN), so that one alone is two factors. It names its person itself: nobody types a
mail address. Whose site this is comes from the settings alone; browsers take no address of numbers for one.
"""

import json
import secrets
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
import msgspec
import webauthn
from msgspec.structs import replace
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from storage.errors import DiskRefused
from storage.factors import PASSKEYS_MAX, Factors, Passkey, read_factors, written
from storage.people import Person
from web.firm import Firm

CHALLENGE_BYTES = 32
CREDENTIAL_LENGTH_MAX = 16 * 1024
_UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


class PasskeyRefused(Exception):
    """What came back is no passkey of this site, of this person, or for this challenge."""


def site_of(firm: Firm) -> str | None:
    """The name that passkeys are made for; None where this address can have none: one of numbers, or unknown."""
    host = urlsplit(firm.origin).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host or None
    return None


def new_challenge() -> bytes:
    return secrets.token_bytes(CHALLENGE_BYTES)


# --- making one ---


def asked_to_make(firm: Firm, person: Person, held: Factors, challenge: bytes) -> dict[str, Any]:
    """What the browser's authenticator is asked for, as JSON. Those that the person has are named, so that none makes a second."""
    site = site_of(firm)
    assert site is not None, "the page offers no passkey where there can be none"
    options = webauthn.generate_registration_options(
        rp_id=site,
        rp_name=firm.name,
        user_id=person.reference.encode(),
        user_name=person.mail,
        user_display_name=person.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in held.passkeys],
    )
    return _as_json(webauthn.options_to_json(options))


async def keep_made(firm: Firm, person: str, credential: str, challenge: bytes | None, name: str) -> None:
    """`challenge`: None where nothing was asked for. Raises PasskeyRefused."""
    if challenge is None:
        raise PasskeyRefused("nothing was asked for, or too long ago")
    made = _made(firm, credential, challenge, name)

    def work(held: bytes | None) -> tuple[bytes | None, bool]:
        factors = read_factors(held)
        if len(factors.passkeys) >= PASSKEYS_MAX or any(
            each.credential == made.credential for each in factors.passkeys
        ):
            return held, False
        return written(replace(factors, passkeys=(*factors.passkeys, made))), True

    if not await anyio.to_thread.run_sync(firm.vault.change_factors, person, work):
        raise PasskeyRefused("there already, or too many")


def _made(firm: Firm, credential: str, challenge: bytes, name: str) -> Passkey:
    try:
        verified = webauthn.verify_registration_response(
            credential=_plain(credential),
            expected_challenge=challenge,
            expected_rp_id=site_of(firm) or "",
            expected_origin=firm.origin,
            require_user_verification=True,
        )
    except _UNREADABLE as wrong:
        raise PasskeyRefused(str(wrong)) from wrong
    return Passkey(
        credential=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        name=name,
        added_us=firm.wall_us(),
    )


# --- signing with one ---


def asked_to_sign(firm: Firm, challenge: bytes) -> dict[str, Any]:
    """Any passkey of this site: which one, the person chooses on their own device."""
    site = site_of(firm)
    assert site is not None, "the page offers no passkey where there can be none"
    options = webauthn.generate_authentication_options(
        rp_id=site, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _as_json(webauthn.options_to_json(options))


async def signed_by(firm: Firm, credential: str, challenge: bytes) -> str:
    """Whose passkey signed the challenge, as "trader:123"; its count is kept. Raises PasskeyRefused."""
    try:
        said = _plain(credential)
        person = base64url_to_bytes(said["response"]["userHandle"]).decode()
        number = base64url_to_bytes(said["rawId"])
    except _UNREADABLE as wrong:
        raise PasskeyRefused("it names nobody") from wrong
    held = await anyio.to_thread.run_sync(_of_person, firm, person)
    passkey = next((each for each in held.passkeys if each.credential == number), None)
    if passkey is None:
        raise PasskeyRefused("it is nobody's here, or was removed")
    try:
        verified = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=site_of(firm) or "",
            expected_origin=firm.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _UNREADABLE as wrong:
        raise PasskeyRefused(str(wrong)) from wrong
    await anyio.to_thread.run_sync(_keep_count, firm, person, number, verified.new_sign_count)
    return person


def _of_person(firm: Firm, person: str) -> Factors:
    return read_factors(firm.vault.factors(person))


def _keep_count(firm: Firm, person: str, credential: bytes, count: int) -> None:
    """The challenge is good for one use already; the count tells a copied authenticator."""

    def work(held: bytes | None) -> tuple[bytes | None, None]:
        factors = read_factors(held)
        kept = tuple(
            replace(each, sign_count=count, used_us=firm.wall_us()) if each.credential == credential else each
            for each in factors.passkeys
        )
        return written(replace(factors, passkeys=kept)), None

    try:
        firm.vault.change_factors(person, work)
    except DiskRefused:
        if not firm.held():  # where pages can only be read, nothing is kept
            raise
    except KeyError as gone:
        raise PasskeyRefused("its person was erased a moment ago") from gone


def _plain(credential: str) -> dict[str, Any]:
    if len(credential) > CREDENTIAL_LENGTH_MAX:
        raise ValueError("too long")
    said = msgspec.json.decode(credential)
    if not isinstance(said, dict):
        raise TypeError("no credential")
    return said


def _as_json(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text)
    return told
