"""Envelope: copies are encrypted to an age recipient whose identity is not on this machine; only a restore needs that one."""

from pathlib import Path

import pyrage  # type: ignore[import-untyped]

from backups.errors import BackupRefused, RestoreRefused, WrongIdentity

IDENTITY_BYTES_MAX = 64 * 1024
_PRIVATE = "AGE-SECRET-KEY-"
_MAKE_A_KEY = 'make a key with "age-keygen" (Debian\'s package age) on a machine that is not this one, and put its public key, age1…, there'


class Recipient:
    """Whom copies are encrypted to: age1…"""

    def __init__(self, text: str) -> None:
        if not text:
            raise BackupRefused(f"the setting backups.recipient is not set: {_MAKE_A_KEY}")
        if text.upper().startswith(_PRIVATE):  # which no message repeats: it would end up in a log
            raise BackupRefused(
                "the setting backups.recipient holds a private key, which opens every copy: remove it from this machine and from "
                f"evenhand.toml, take it for known to others, and {_MAKE_A_KEY}"
            )
        try:
            self._recipients = [pyrage.x25519.Recipient.from_str(text)]
        except pyrage.RecipientError as unreadable:
            raise BackupRefused(
                f'the setting backups.recipient, "{text}", is no age recipient ({unreadable}): {_MAKE_A_KEY}'
            ) from unreadable

    def seal_file(self, plain: Path, sealed: Path) -> None:
        """Encrypt a file of any size; `sealed` must not exist."""
        try:
            pyrage.encrypt_file(str(plain), str(sealed), self._recipients)
        except (pyrage.EncryptError, OSError) as failed:
            raise BackupRefused(
                f"{plain.name} could not be encrypted to {sealed} ({failed}): make room there"
            ) from failed

    def seal(self, content: bytes) -> bytes:
        return bytes(pyrage.encrypt(content, self._recipients))


class Identity:
    """The offline key, from the file that age-keygen wrote; several, a line each, where the recipient was changed."""

    def __init__(self, path: Path) -> None:
        self._identities = _identities(path)
        self._path = path

    def open_file(self, name: str, sealed: Path, plain: Path) -> None:
        """Decrypt a file of any size. `name`: what it is called at the destination."""
        try:
            pyrage.decrypt_file(str(sealed), str(plain), self._identities)
        except (pyrage.DecryptError, OSError) as failed:
            raise self._refusal(name, failed) from failed

    def open(self, name: str, content: bytes) -> bytes:
        try:
            return bytes(pyrage.decrypt(content, self._identities))
        except pyrage.DecryptError as failed:
            raise self._refusal(name, failed) from failed

    def _refusal(self, name: str, failed: Exception) -> RestoreRefused:
        if "No matching keys" in str(
            failed
        ):  # pyrage has one error for all, and says this where the header names others
            return WrongIdentity(
                f"{self._path} does not open these copies: they were encrypted to another key (seen at {name}). Name the file with "
                "the key that belongs to backups.recipient of that time, with --identity; where backups.recipient was changed, put the "
                "keys of all of them, old and new, into one file, a line each: erasures are kept for ever, and need the old one"
            )
        return RestoreRefused(
            f"{name} does not open with {self._path} ({failed}): name the identity that belongs to the recipient of these "
            "copies; where it is the right one the file is damaged, take another copy"
        )


def _identities(path: Path) -> list[pyrage.x25519.Identity]:
    try:
        lines = path.read_bytes()[:IDENTITY_BYTES_MAX].decode("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise RestoreRefused(
            f"the identity file {path} cannot be read ({unreadable}): name it with --identity"
        ) from unreadable
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(f"{_PRIVATE}1")]
    except pyrage.IdentityError as wrong:  # whose text does not repeat the key
        raise RestoreRefused(f"{path} holds an identity that age does not know: put the right file back") from wrong
    if not found:
        raise RestoreRefused(
            f"{path} holds no line AGE-SECRET-KEY-1…: name the file that age-keygen wrote, with --identity"
        )
    return found
