"""Enrolment: the keys by which a bridge and the appliance know each other, and the file that carries them to the bridge."""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import msgspec
import zmq

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
_Z85_KEY = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z")
_ENDPOINT = re.compile(r"tcp://[^\s\"\\/]+:\d{1,5}\Z")
_LEDGER_KEY = re.compile(r"[0-9a-f]{64}\Z")


class KeyPair(NamedTuple):
    """A CURVE key pair in Z85, 40 characters each."""

    public: str
    secret: str


class KeyFileUnusable(Exception):
    """The key file cannot be used: what, which, what next."""


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bridge needs to reach its appliance. `ledger_key`: the Ed25519 key that signs dead-man policies, in hex."""

    name: str
    endpoint: str
    bridge_public: str
    bridge_secret: str
    server_public: str
    ledger_key: str


def require_name(name: str) -> str:
    """A name that a bridge may have, or KeyFileUnusable."""
    if not _NAME.match(name):
        raise KeyFileUnusable(f"{name!r} cannot name a bridge: up to 32 small letters, digits and dashes")
    return name


def new_keypair() -> KeyPair:
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode())


def public_of(secret: str) -> str:
    return zmq.curve_public(secret.encode()).decode()


def key_file_text(key: KeyFile) -> str:
    """The TOML that `evenhand bridge add` prints."""
    _check(key, "the new key file")
    fields = "".join(f'{name} = "{getattr(key, name)}"\n' for name in key.__struct_fields__)
    return (
        f"# Key file of bridge {key.name}. Whoever holds it can speak for this bridge: keep it readable by the bridge only.\n"
        f'# Lost or copied? Run "evenhand bridge revoke {key.name} --why lost" and enrol the bridge again.\n'
        f"{fields}"
    )


def read_key_file(path: Path) -> KeyFile:
    try:
        key = msgspec.convert(tomllib.loads(path.read_text("utf-8")), KeyFile)
    except OSError as error:
        raise KeyFileUnusable(
            f"key file {path} cannot be read ({error.strerror}): check the path and its owner"
        ) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # no UTF-8, no TOML, numbers or brackets without end, or not these fields
        raise KeyFileUnusable(
            f'key file {path} is damaged ({error}): write the output of "evenhand bridge add" to it again'
        ) from error
    _check(key, f"key file {path}")
    return key


def _check(key: KeyFile, where: str) -> None:
    shapes = {
        "name": (_NAME, "up to 32 small letters, digits and dashes"),
        "endpoint": (_ENDPOINT, "tcp://HOST:PORT"),
        "bridge_public": (_Z85_KEY, "40 characters of Z85"),
        "bridge_secret": (_Z85_KEY, "40 characters of Z85"),
        "server_public": (_Z85_KEY, "40 characters of Z85"),
        "ledger_key": (_LEDGER_KEY, "64 hexadecimal digits"),
    }
    for field, (shape, words) in shapes.items():
        if not shape.match(getattr(key, field)):
            raise KeyFileUnusable(
                f'{where}: {field} is not {words}: write the output of "evenhand bridge add" to it again'
            )
    if public_of(key.bridge_secret) != key.bridge_public:
        raise KeyFileUnusable(
            f"{where}: bridge_public and bridge_secret are not a pair: do not edit the file, enrol again"
        )
