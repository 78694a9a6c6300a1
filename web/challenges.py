"""Challenges: what a session's passkey is asked to sign, good for one try and a short time."""

from typing import Any

import anyio.to_thread
from litestar import Request
from msgspec.structs import replace

from storage.throttles import Limit
from web import auth
from web.bounds import GUESS_WINDOW_US, PASSKEYS_PER_ADDRESS
from web.firm import Firm
from web.passkeys import PasskeyRefused, signed_by
from web.signed import NOTHING, Signed, read_signed, written

_BY_ADDRESS = Limit(PASSKEYS_PER_ADDRESS, GUESS_WINDOW_US)


def keep_challenge(firm: Firm, session_id: str, challenge: bytes, until_us: int, since: str = "") -> bool:
    """In place of one before. False: the session has ended. `since`: the mark of now; a sign-in that waits for a factor began before."""

    def work(content: bytes) -> bytes:
        held = read_signed(content)
        began = held.since if held.waiting else since
        return written(replace(held, challenge=challenge, challenge_until_us=until_us, since=began))

    return firm.sessions.change(session_id, firm.wall_us(), work)


def take_challenge(firm: Firm, session_id: str) -> bytes | None:
    """What the session's passkey was asked to sign, once; None where nothing was, or too long ago."""
    taken: list[Signed] = []

    def work(content: bytes) -> bytes:
        held = read_signed(content)
        taken.append(held)
        return written(replace(held, challenge=b"", challenge_until_us=0))

    firm.sessions.change(session_id, firm.wall_us(), work)
    held = taken[0] if taken else NOTHING
    return held.challenge if held.challenge and firm.wall_us() <= held.challenge_until_us else None


async def signed_challenge(request: Request[Any, Any, Any], session_id: str, credential: str) -> str | None:
    """Whose passkey signed what this session asked for. Raises TooManyGuesses."""
    firm: Firm = request.app.state.firm

    def challenge() -> bytes | None:
        address, now_us = auth.counted_as(request), firm.wall_us()
        wait_us = firm.throttle.wait_us("passkeys by address", address, _BY_ADDRESS, now_us)
        if wait_us:
            raise auth.TooManyGuesses(wait_us)
        return take_challenge(firm, session_id) if session_id else None

    asked = await anyio.to_thread.run_sync(challenge)
    if asked is None:
        return None
    try:
        person = await signed_by(firm, credential, asked)
    except PasskeyRefused:
        return None
    await anyio.to_thread.run_sync(firm.throttle.forget, "passkeys by address", auth.counted_as(request))
    return person
