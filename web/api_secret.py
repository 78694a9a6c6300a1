"""API secret: what a machine is given once: 256 random bits between a mark for leak scanners and a checksum, all in one word.

    evh_ + ten letters of the key's id + 52 letters of the secret + 7 letters of the CRC-32 of what stands before

in Crockford's base 32, so that `evh_[0-9A-HJKMNP-TV-Z]{69}` finds it wherever it leaked to. A word that is mistyped or of another
program fails its checksum, and no vault is asked. What is kept is a BLAKE2b of the secret under the key's own id, sealed in the vault:
of so many random bits a fast hash is enough.
"""

import hashlib
import re
import secrets
import zlib
from typing import NamedTuple

from firm.ids import ID_BITS

MARK = "evh_"
SECRET_BITS = 256
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID, _SECRET, _CHECK = 10, 52, 7  # letters of five bits
_WORD = re.compile(rf"{MARK}[{_ALPHABET}]{{{_ID + _SECRET + _CHECK}}}")


class Spelled(NamedTuple):
    """The id in a word, and the hash of its secret."""

    key: int
    digest: bytes


def new_word(key: int) -> str:
    """For the key of this id."""
    body = f"{MARK}{_letters(key, _ID)}{_letters(secrets.randbits(SECRET_BITS), _SECRET)}"
    return body + _check(body)


def spelled(word: str) -> Spelled | None:
    """None: no word of ours, or one that is not whole."""
    if not _WORD.fullmatch(word) or _check(word[:-_CHECK]) != word[-_CHECK:]:
        return None
    key, secret = _number(word[len(MARK) : len(MARK) + _ID]), _number(word[len(MARK) + _ID : -_CHECK])
    if key >> ID_BITS or secret >> SECRET_BITS:
        return None
    salt = key.to_bytes(8, "big")
    digest = hashlib.blake2b(secret.to_bytes(32, "big"), salt=salt, person=b"evenhand-api-1", digest_size=32).digest()
    return Spelled(key, digest)


def digest_of(word: str) -> bytes:
    """What is kept of a word that was just made."""
    found = spelled(word)
    assert found is not None
    return found.digest


def _check(body: str) -> str:
    return _letters(zlib.crc32(body.encode()), _CHECK)


def _letters(number: int, count: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | _ALPHABET.index(letter)
    return number
