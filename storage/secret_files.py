"""Secret files: the four keys a firm is born with, each 32 random bytes in a private file under `secrets/`.

They are drawn once, but for `vault_master`, which can be renewed: the one to come lies beside it until keys.db is under that one.
A firm that loses `ledger_secret` can no longer open the leaves of its past, one that loses
`vault_master` can read nobody's name: they are backed up apart from what they protect. Their SHA-256 lie beside them, because
nothing else would notice a turned bit in `curve_server_key`: bridges would merely stay away.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import nacl.utils

from storage.files import (
    DIRECTORY_MODE,
    FILE_MODE,
    FirmDirectory,
    credentials,
    replace_file,
    sync_directory,
    why_not_private,
    write_new,
)
from storage.master import opening_master

SECRET_BYTES = 32
FINGERPRINTS = "fingerprints"
MASTER = "vault_master"
NEXT_MASTER = "vault_master.next"


class SecretsRefused(OSError):
    """The secrets are missing, damaged or exposed."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Raw bytes, never shown: `repr` has names only.

    `ledger_secret` keys the salts of the leaves; `signing_seed` is the Ed25519 seed of checkpoints and evidence;
    `vault_master` wraps every person's keys; `curve_server_key` is the gateway's Curve25519 secret key.
    """

    ledger_secret: bytes = field(repr=False)
    signing_seed: bytes = field(repr=False)
    vault_master: bytes = field(repr=False)
    curve_server_key: bytes = field(repr=False)

    def front_pepper(self) -> bytes:
        """What front.db hashes addresses and account names with. It may change: then throttles start anew."""
        return hashlib.blake2b(key=self.vault_master, person=b"evenhand-front-1", digest_size=32).digest()

    def all(self) -> tuple[bytes, ...]:
        """Every secret, for the log to know what it must never write."""
        return tuple(getattr(self, one.name) for one in fields(self))


def create_secrets(path: Path) -> Secrets:
    """Draw the secrets of a new firm into its directory: all of them or none. Existing ones are never replaced."""
    directory = FirmDirectory(path)
    if directory.secrets.exists() and any(directory.secrets.iterdir()):
        raise SecretsRefused(f"{directory.secrets} holds secrets already: a firm keeps those it was born with")
    # All four appear with one rename: a crash in between must not leave a firm with half its keys.
    fresh = path / ".secrets.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=DIRECTORY_MODE)
    secrets = Secrets(**{one.name: nacl.utils.random(SECRET_BYTES) for one in fields(Secrets)})
    for one in fields(secrets):
        write_new(fresh / one.name, getattr(secrets, one.name))
    write_new(fresh / FINGERPRINTS, _fingerprints(secrets).encode())
    fresh.replace(directory.secrets)
    sync_directory(path)
    return secrets


def read_secrets(path: Path) -> Secrets:
    """The secrets of the firm in directory `path`."""
    directory = FirmDirectory(path)
    if (
        credentials() is None
        and directory.secrets.is_dir()
        and (why := why_not_private(directory.secrets, DIRECTORY_MODE))
    ):
        raise SecretsRefused(why)
    secrets = Secrets(**{one.name: _read(directory.secret(one.name)) for one in fields(Secrets)})
    _require_fingerprints(directory.secret(FINGERPRINTS), secrets)
    becomes = read_next_master(path)
    if becomes is not None and opening_master(directory.keys_db, (secrets.vault_master, becomes)) == becomes:
        return replace(secrets, vault_master=becomes)
    return secrets


def read_next_master(path: Path) -> bytes | None:
    """The master that a rotation goes over to; None: there is none."""
    file = FirmDirectory(path).secret(NEXT_MASTER)
    return _read(file) if file.exists() else None


def put_next_master(path: Path, content: bytes | None = None) -> bytes:
    """Lay the master beside the one in force that takes its place; where one lies there already, that is the one.

    `content`: one that was drawn elsewhere. Raises SecretsRefused where another lies there.
    """
    directory = FirmDirectory(path)
    there = read_next_master(path)
    if there is None:
        there = nacl.utils.random(SECRET_BYTES) if content is None else content
        assert len(there) == SECRET_BYTES
        replace_file(directory.secrets / NEXT_MASTER, there)
    elif content is not None and content != there:
        raise SecretsRefused(
            f"{directory.secrets / NEXT_MASTER} is another master than the one given: a rotation to it was begun; "
            "end that one first, without naming a master"
        )
    return there


def put_master_in_place(path: Path) -> None:
    """Once keys.db is under the master to come: it gets the name of the one before, which is gone then. May be begun again."""
    directory = FirmDirectory(path)
    fingerprints, before = directory.secrets / FINGERPRINTS, _read(directory.secrets / MASTER)
    secrets = read_secrets(path)
    if fingerprints.exists() and before != secrets.vault_master:
        # Between the next two steps either master is the right one.
        both = _fingerprints(secrets) + _fingerprints(replace(secrets, vault_master=before))
        replace_file(fingerprints, both.encode())
    if read_next_master(path) == secrets.vault_master:
        (directory.secrets / NEXT_MASTER).replace(directory.secrets / MASTER)
        sync_directory(directory.secrets)
    if fingerprints.exists():
        replace_file(fingerprints, _fingerprints(secrets).encode())


def read_key_file(path: Path) -> bytes:
    """A master that somebody keeps as a file. Raises SecretsRefused."""
    return _read(path)


def _fingerprints(secrets: Secrets) -> str:
    """As sha256sum prints them: of 32 random bytes a hash gives nothing away."""
    return "".join(f"{hashlib.sha256(getattr(secrets, one.name)).hexdigest()}  {one.name}\n" for one in fields(secrets))


def _require_fingerprints(path: Path, secrets: Secrets) -> None:
    """A firm of an earlier release has none, and is believed."""
    if not path.exists():
        return
    text, wanted = path.read_bytes(), _fingerprints(secrets).encode()
    if text == wanted or (len(text) == 2 * len(wanted) and wanted in (text[: len(wanted)], text[len(wanted) :])):
        return  # twice as long: while a master takes the place of another
    said, found = text.split(b"\n"), wanted.split(b"\n")
    odd = next(
        (one.name for one, is_, was in zip(fields(secrets), found, said, strict=False) if is_ != was), "a secret"
    )
    raise SecretsRefused(
        f"{path.parent / odd} has not the SHA-256 that {path.name} says, one of the two is damaged: "
        "restore both from the backup of this firm's secrets"
    )


def _read(path: Path) -> bytes:
    try:
        why = why_not_private(path, FILE_MODE)
    except FileNotFoundError as missing:
        raise SecretsRefused(
            f'{path} is missing: restore it from the backup of this firm\'s secrets; for a new firm run "evenhand init"'
        ) from missing
    if why:
        raise SecretsRefused(why)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with open(descriptor, "rb") as file:  # noqa: PTH123  (opened by descriptor, so that a link is refused)
        content = file.read(SECRET_BYTES + 1)
    if len(content) != SECRET_BYTES:
        size = path.stat().st_size
        raise SecretsRefused(
            f"{path} has {size} bytes, not {SECRET_BYTES}: restore it from the backup of this firm's secrets"
        )
    return content
