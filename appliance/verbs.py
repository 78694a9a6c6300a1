"""Verbs: what `evenhand` can be asked to do, in the order in which its help tells them. Each is a file of `appliance/commands`."""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

VERBS = (
    "init", "serve", "demo", "verify", "replay", "explain", "evidence", "rules", "lab", "story", "calendar", "bridge", "staff", "key",
    "person", "passwords", "vault", "override", "score", "incident", "audit", "rebuild", "doctor", "install", "backup", "restore",
    "rehearse",
)  # fmt: skip


def asked_for(arguments: Sequence[str]) -> tuple[str, ...]:
    """The verb that the arguments begin with; all of them where they begin with none, as for help."""
    return (arguments[0],) if arguments and arguments[0] in VERBS else VERBS


def verb_named(name: str) -> ModuleType:
    """Its file: importing all of them takes over a second, which whoever asks for one need not wait."""
    return import_module(f"appliance.commands.{name}")
