"""Keys: who may trade an account by hand: each trader's ticket password, and proof that a form is from our own page.

All follow from one secret that lies beside the platform's books, so nothing is kept: a password is the same in every run, and
whoever may read the secret may know them all. They are of a platform without money in it, on a machine's own loopback.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
from pathlib import Path

from storage.files import sync_directory, write_new

KEY_NAME = "ticket.key"
_KEY_BYTES = 32
_PASSWORD_LETTERS = 16  # 80 bits: nobody guesses that, so guesses are not counted
_NUMBER_BYTES = 12


class TicketKeyUnusable(OSError):
    """The secret is there and no secret: what, which, what next."""


class TicketKeys:
    """Everything that is derived from one platform's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def password_of(self, trader: str) -> str:
        """The ticket password of all accounts of a trader, in groups of four letters and digits."""
        text = base64.b32encode(self._mac("password", trader)).decode().lower()[:_PASSWORD_LETTERS]
        return "-".join(text[at : at + 4] for at in range(0, _PASSWORD_LETTERS, 4))

    def is_password(self, trader: str, given: str) -> bool:
        return hmac.compare_digest(self.password_of(trader).encode(), given.strip().lower().encode())

    def new_form(self, session: str) -> str:
        """What one form on one page of this session carries: a number of its own, and proof that it was drawn here."""
        number = secrets.token_urlsafe(_NUMBER_BYTES)
        return f"{number}.{self._proof(session, number)}"

    def form_number(self, session: str, given: str) -> str | None:
        """The number of a form of this session; None where it is none of this session's."""
        number, _, proof = given.partition(".")
        return number if hmac.compare_digest(proof.encode(), self._proof(session, number).encode()) else None

    def _proof(self, session: str, number: str) -> str:
        return self._mac("form", f"{session}/{number}").hex()

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._secret, f"{purpose}/{text}".encode(), hashlib.sha256).digest()


def ticket_keys(directory: Path) -> TicketKeys:
    """The keys of the platform whose books are in a directory; its secret is drawn where it has none yet."""
    path = directory / KEY_NAME
    if not path.exists():
        _draw(path)
    try:
        secret = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as unreadable:
        raise TicketKeyUnusable(
            f"{path} cannot be read ({unreadable}): remove it, and passwords are made anew"
        ) from None
    if len(secret) != _KEY_BYTES:
        raise TicketKeyUnusable(f"{path} holds no secret of {_KEY_BYTES} bytes: remove it, and passwords are made anew")
    return TicketKeys(secret)


def _draw(path: Path) -> None:
    """Whole or not at all, for good; whoever starts at the same time and is later takes the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{KEY_NAME}.{secrets.token_hex(8)}")
    try:
        write_new(fresh, f"{secrets.token_hex(_KEY_BYTES)}\n".encode())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
    sync_directory(path.parent)
