"""Keys: who may trade an account by hand: each trader's ticket password, sessions, and proof that a form is from our own page.

All follow from one secret that lies beside the platform's books, so nothing is kept: a password is the same in every run, and
whoever may read the secret may know them all. They are of a platform without money in it, on a machine's own loopback.
"""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

KEY_NAME = "ticket.key"
_KEY_BYTES = 32
_PASSWORD_LETTERS = 16  # 80 bits: nobody guesses that, so guesses are not counted
_NONCE_BYTES = 12


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

    def new_session(self, login: str) -> str:
        """A cookie's value that names one account."""
        named = base64.urlsafe_b64encode(login.encode()).decode().rstrip("=")
        body = f"{named}.{secrets.token_urlsafe(_NONCE_BYTES)}"
        return f"{body}.{self._mac('session', body).hex()}"

    def login_in(self, session: str) -> str | None:
        """The account that a cookie of ours names; None where it is none of ours."""
        body, _, mac = session.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac("session", body).hex().encode()):
            return None
        named = body.partition(".")[0]
        return base64.urlsafe_b64decode(named + "=" * (-len(named) % 4)).decode()

    def form_token(self, session: str) -> str:
        """What a form of this session carries; it says nothing about the session."""
        return self._mac("form", session).hex()

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._secret, f"{purpose}/{text}".encode(), hashlib.sha256).digest()


def ticket_keys(directory: Path) -> TicketKeys:
    """The keys of the platform whose books are in a directory; its secret is drawn where it has none yet."""
    path = directory / KEY_NAME
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_hex(_KEY_BYTES) + "\n")
    try:
        secret = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as unreadable:
        raise TicketKeyUnusable(
            f"{path} cannot be read ({unreadable}): remove it, and passwords are made anew"
        ) from None
    if len(secret) != _KEY_BYTES:
        raise TicketKeyUnusable(f"{path} holds no secret of {_KEY_BYTES} bytes: remove it, and passwords are made anew")
    return TicketKeys(secret)
