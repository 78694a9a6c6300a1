"""Verbs: what `evenhand` can be asked to do, in the order in which its help tells them. Each is a file of `appliance/commands`."""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

VERBS = (
    "init", "serve", "demo", "verify", "replay", "explain", "evidence", "rules", "lab", "story", "calendar", "bridge", "staff", "key",
    "person", "passwords", "vault", "override", "score", "incident", "audit", "rebuild", "doctor", "install", "backup", "restore",
    "rehearse",
)  # fmt: skip


def asked_for(arguments: Sequence[str]) -> tuple[str, ...]:
    """The verb that the arguments begin with; all of them where they begin with none, as for help; none for one that is not."""
    if not arguments or arguments[0].startswith("-"):
        return VERBS
    return (arguments[0],) if arguments[0] in VERBS else ()


def why_unknown(arguments: Sequence[str]) -> str:
    """What is wrong with the verb that they begin with; "" where nothing is."""
    if asked_for(arguments):
        return ""
    close = get_close_matches(arguments[0], VERBS, n=1)
    meant = f': did you mean "{close[0]}"?' if close else ""
    return f'there is no verb "{arguments[0]}"{meant} ("evenhand --help" lists them)'


def verb_named(name: str) -> ModuleType:
    """Its file: importing all of them takes over a second, which whoever asks for one need not wait."""
    return import_module(f"appliance.commands.{name}")
