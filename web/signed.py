"""Signed: what a session remembers beside whose it is: how it was proven, from what device, and what it waits for."""

from typing import Any

import msgspec
from litestar.connection import ASGIConnection

NOTICES_MAX = 5


class Elsewhere(msgspec.Struct, frozen=True):
    """Somebody signed in as the same person from a device that was not known. `at_us`: wall time."""

    at_us: int
    words: str


class View(msgspec.Struct, frozen=True):
    """A view of a trader's portal that this session is in. `view`: the row that asked for it; `account`: by which it was come to.

    `began_us`, `until_us`: wall time.
    """

    view: int
    trader: int
    account: int
    began_us: int
    until_us: int


class Signed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of a session. All instants are wall time, µs UTC.

    `factor`: it was begun with a second factor, or one was added in it. `proved_us`: when who sits there last proved who they are.
    `waiting`: the person whose password was right and who has to show a factor; nobody is signed in yet. `since`: the mark of when their
    sign-in, or one by passkey, began (`SessionStore.mark`). `link`: the digest of what a
    link of a mail held. `challenge`: what a passkey has to sign until `challenge_until_us`. `view`: the trader as whom a
    member of staff looks.
    """

    factor: bool = False
    proved_us: int = 0
    device: str = ""
    words: str = ""
    waiting: str = ""
    waiting_until_us: int = 0
    since: str = ""
    link: str = ""
    challenge: bytes = b""
    challenge_until_us: int = 0
    elsewhere: tuple[Elsewhere, ...] = ()
    view: View | None = None


NOTHING = Signed()


def read_signed(content: bytes) -> Signed:
    return msgspec.json.decode(content, type=Signed) if content else NOTHING


def written(signed: Signed) -> bytes:
    return msgspec.json.encode(signed)


def told_of(content: bytes, news: Elsewhere) -> bytes:
    """The same session, which has something to tell."""
    signed = read_signed(content)
    return written(msgspec.structs.replace(signed, elsewhere=(*signed.elsewhere, news)[-NOTICES_MAX:]))


def signed_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Signed:
    """What the session of whoever asks remembers; nothing where there is none."""
    found = connection.scope.get("auth")
    return found if isinstance(found, Signed) else NOTHING
