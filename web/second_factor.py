"""Second factor: codes of an authenticator app (RFC 6238) and recovery codes, each good for one use, and how they are drawn.

A code is used where it is taken: `Vault.change_factors` lets nobody between looking and marking it.
"""

import secrets
from base64 import b32encode
from hmac import compare_digest
from urllib.parse import quote

import anyio.to_thread
import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from markupsafe import Markup
from msgspec.structs import replace

from firm.instant import DAY_US, HOUR_US, SECOND_US
from storage.errors import DiskRefused
from storage.factors import RECOVERY_CODES, Factors, Recovery, Totp, read_factors, written
from storage.throttles import Limit
from web.auth import TooManyGuesses
from web.bounds import CODES_PER_DAY, CODES_PER_WINDOW, CODES_RENEWED_PER_HOUR, GUESS_WINDOW_US, OFFERED_US
from web.firm import Firm
from web.password_desk import SALT_BYTES, PasswordDesk

STEP_US = 30 * SECOND_US
STEPS_AROUND = 1  # before and after the present one: clocks differ
DIGITS = 6
SECRET_BYTES = 20
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none looks like another
CODE_LENGTH = 10  # 50 bits

_WINDOWS = (
    ("codes in a while", Limit(CODES_PER_WINDOW, GUESS_WINDOW_US)),
    ("codes in a day", Limit(CODES_PER_DAY, DAY_US)),
)
_RENEWED = Limit(CODES_RENEWED_PER_HOUR, HOUR_US)


# --- looking ---


async def factors_of(firm: Firm, person: str) -> Factors:
    return read_factors(await anyio.to_thread.run_sync(firm.vault.factors, person))


# --- proving ---


async def proven_by_code(firm: Firm, desk: PasswordDesk, person: str, typed: str, device: str) -> str | None:
    """ "totp" or "recovery": what this was a code of, now used; None: of nothing. Raises TooManyGuesses.

    `device`: the cookie that the browser came with; a device that is known has a count of its own.
    """
    code = "".join(each for each in typed.upper() if each.isalnum())
    now_us = firm.wall_us()
    subject = await anyio.to_thread.run_sync(_counted, firm, person, device, now_us)
    if len(code) == DIGITS and code.isdecimal():
        how = "totp" if await anyio.to_thread.run_sync(_use_totp, firm, person, code, now_us) else None
    else:
        how = "recovery" if await _use_recovery(firm, desk, person, code) else None
    if how:
        await anyio.to_thread.run_sync(_forgive, firm, subject)
    return how


def _counted(firm: Firm, person: str, device: str, now_us: int) -> str:
    """Where this try counts. Raises TooManyGuesses."""
    known = bool(device) and firm.devices.knows(person, device, now_us)
    subject = f"{person} {device}" if known else person
    for scope, limit in _WINDOWS:
        wait_us = firm.throttle.wait_us(scope, subject, limit, now_us)
        if wait_us:
            raise TooManyGuesses(wait_us)
    return subject


def _forgive(firm: Firm, subject: str) -> None:
    for scope, _ in _WINDOWS:
        firm.throttle.forget(scope, subject)


def _use_totp(firm: Firm, person: str, code: str, now_us: int) -> bool:
    """Each step counts once: a code that somebody looked over the shoulder is worth nothing after it was used, nor is an older one."""

    taken: list[int] = []

    def work(held: bytes | None) -> tuple[bytes | None, bool]:
        factors = read_factors(held)
        step = None if factors.totp is None else step_of(factors.totp.secret, code, now_us)
        if factors.totp is None or step is None or step <= max(factors.totp.used_step, firm.used_steps.get(person, 0)):
            return held, False
        firm.used_steps[person] = step
        taken.append(step)
        return written(replace(factors, totp=replace(factors.totp, used_step=step))), True

    try:
        return firm.vault.change_factors(person, work)
    except DiskRefused:
        if not firm.held():
            raise
        return bool(taken)  # where pages can only be read, it is enough that this process remembers it
    except KeyError:  # erased a moment ago
        return False


async def _use_recovery(firm: Firm, desk: PasswordDesk, person: str, code: str) -> bool:
    recovery = (await factors_of(firm, person)).recovery
    if recovery is None or len(code) != CODE_LENGTH:
        return False
    (derived,) = await desk.derived((code,), recovery.salt, whose=person)

    def work(held: bytes | None) -> tuple[bytes | None, bool]:
        factors = read_factors(held)
        if factors.recovery is None or not any(compare_digest(derived, each) for each in factors.recovery.hashes):
            return held, False
        left = tuple(each for each in factors.recovery.hashes if not compare_digest(derived, each))
        return written(replace(factors, recovery=replace(factors.recovery, hashes=left))), True

    return await anyio.to_thread.run_sync(firm.vault.change_factors, person, work)


def step_of(secret: bytes, code: str, now_us: int) -> int | None:
    """The half minute, the present one or one beside it, whose code this is."""
    present = now_us // STEP_US
    app = HOTP(secret, DIGITS, SHA1())  # noqa: S303  (RFC 6238's default, and the one that all apps know)
    steps = range(max(0, present - STEPS_AROUND), present + STEPS_AROUND + 1)
    found = [step for step in steps if compare_digest(app.generate(step), code.encode())]
    return found[-1] if found else None


# --- enrolling ---


async def offer_totp(firm: Firm, person: str) -> bytes:
    """A fresh secret that waits for its first code, in place of one that waited before. What is used stays until then."""
    secret = secrets.token_bytes(SECRET_BYTES)
    until_us = firm.wall_us() + OFFERED_US

    def work(held: bytes | None) -> tuple[bytes | None, None]:
        return written(replace(read_factors(held), offered=secret, offered_until_us=until_us)), None

    await anyio.to_thread.run_sync(firm.vault.change_factors, person, work)
    return secret


async def confirm_totp(firm: Firm, person: str, typed: str) -> bool:
    """Take the offered secret into use, if this is a code of it."""
    now_us, code = firm.wall_us(), "".join(each for each in typed if each.isalnum())

    def work(held: bytes | None) -> tuple[bytes | None, bool]:
        factors = read_factors(held)
        step = step_of(factors.offered, code, now_us) if factors.offered and now_us < factors.offered_until_us else None
        if step is None:
            return held, False
        totp = Totp(secret=factors.offered, used_step=step, added_us=now_us)
        return written(replace(factors, totp=totp, offered=b"", offered_until_us=0)), True

    return await anyio.to_thread.run_sync(firm.vault.change_factors, person, work)


async def renew_codes(firm: Firm, desk: PasswordDesk, person: str) -> tuple[str, ...]:
    """Ten fresh recovery codes, to be shown once; those of before are good for nothing. Raises TooManyGuesses: they are made rarely."""
    wait_us = await anyio.to_thread.run_sync(firm.throttle.wait_us, "codes renewed", person, _RENEWED, firm.wall_us())
    if wait_us:
        raise TooManyGuesses(wait_us)
    codes = tuple("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES))
    salt = secrets.token_bytes(SALT_BYTES)
    recovery = Recovery(salt=salt, hashes=await desk.derived(codes, salt, whose=person), made_us=firm.wall_us())

    def work(held: bytes | None) -> tuple[bytes | None, None]:
        return written(replace(read_factors(held), recovery=recovery)), None

    await anyio.to_thread.run_sync(firm.vault.change_factors, person, work)
    return tuple(f"{code[:5]}-{code[5:]}" for code in codes)


def secret_text(secret: bytes) -> str:
    """The secret as people type it: base 32, in groups of four."""
    text = b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def picture_of(secret: bytes, firm_name: str, mail: str) -> Markup:
    """The same as a picture for the app's camera: an SVG that stands in the page."""
    label, issuer = quote(f"{firm_name}:{mail}", safe=""), quote(firm_name, safe="")
    plain = b32encode(secret).decode().rstrip("=")
    address = f"otpauth://totp/{label}?secret={plain}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period=30"
    return Markup(segno.make(address, error="m").svg_inline(border=4, light="#fff", omitsize=True))  # noqa: S704  (its own drawing)
