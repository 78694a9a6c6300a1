"""Mail addresses: which ones are taken from people and settings, and when two spellings are the same address.

Whoever gives a new address is held to `is_mail_address`; where strangers type theirs, to `is_public_mail_address`. Looking for somebody
asks for less (`normalised_mail`): who is known by an address that would not be taken today must still be found by it. An operator's own
addresses, in the settings, may be at any host that can be named (`host_written_to`): who names them knows what their server delivers.
"""

import re
import unicodedata

MAIL_LENGTH_MAX = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets

# What any mail server takes: RFC 5321's Dot-string at a host by name, whose last label is no number (RFC 3696, section 2). A name
# beside it, quotes and comments are for letters; nothing of it could end a header or begin another.
_LOCAL = r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST_LABEL = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@(?P<above>(?:{_LABEL}\.)*){_LAST_LABEL}")
_AT_ANY_HOST = re.compile(rf"{_LOCAL}@(?P<host>.+)", re.DOTALL)


def is_mail_address(text: str) -> bool:
    """Whether a mail can be sent there as it stands: one address alone, of letters that every server knows."""
    return _found(text) is not None


def is_public_mail_address(text: str) -> bool:
    """The same at a host that others find, too: root@localhost is somebody on this machine, ada@gmail a slip."""
    found = _found(text)
    return found is not None and found["above"] != ""


def host_written_to(text: str) -> str | None:
    """What follows the @, where any server takes what stands before it; else None. Whether it is a host is not said."""
    found = _AT_ANY_HOST.fullmatch(text)
    return None if found is None else found["host"]


def normalised_mail(mail: str) -> str:
    """The form in which two spellings of one address are the same: NFKC, no surrounding space, no case. Raises ValueError.

    The part before the @ may by RFC 5321 differ by case; no provider of note does, and people forget how they typed it.
    """
    normal = unicodedata.normalize("NFKC", mail.strip()).casefold()
    local, at, domain = normal.rpartition("@")
    if not (local and at and domain) or len(mail) > MAIL_LENGTH_MAX or any(letter.isspace() for letter in normal):
        raise ValueError(
            f"not a mail address: one @ with something on both sides, at most {MAIL_LENGTH_MAX} characters, no space"
        )
    return normal


def _found(text: str) -> re.Match[str] | None:
    return _ADDRESS.fullmatch(text) if len(text) <= MAIL_LENGTH_MAX else None
