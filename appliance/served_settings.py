"""Served settings: whether the firm that serves was started with what its settings file says now.

A changed file does nothing by itself: the process reads it once, when it starts.
"""

import hashlib

import msgspec

from appliance.control import ControlRequest, NoAnswer, NotServing, call_control
from appliance.finding import Finding, Level
from appliance.settings import Settings
from storage.files import FirmDirectory

CHECK = "served settings"
VERB = "settings"
ANSWER_DEADLINE_S = 10.0
RESTART = 'restart it: "systemctl restart evenhand.service"'


def digest_of(settings: Settings) -> str:
    """Of what they say: comments, and the order of keys, change nothing."""
    return hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest()


def check_served_settings(directory: FirmDirectory, settings: Settings, holder: int | None) -> Finding:
    """`settings`: as the file has them now."""
    served = served_digest(directory, holder, CHECK, VERB)
    if isinstance(served, Finding):
        return served
    if served != digest_of(settings):
        found = f"the firm that serves was started with other settings than {directory.settings} has now"
        return Finding(CHECK, Level.WARNING, found, RESTART)
    return Finding(CHECK, Level.OK, f"process {holder} was started with what the file says")


def served_digest(directory: FirmDirectory, holder: int | None, check: str, verb: str) -> str | Finding:
    """What the firm that serves was started with, asked by `verb`; why it cannot be asked, as a finding of `check`."""
    if holder is None or not directory.control_socket.is_socket():
        who = "nobody serves" if holder is None else f"process {holder} cannot be asked"
        return Finding(check, Level.OK, f"{who}: the next start reads the file")
    try:
        reply = call_control(directory.control_socket, ControlRequest(verb=verb), ANSWER_DEADLINE_S)
    except (NotServing, NoAnswer) as silent:
        what, _, following = str(silent).partition(": ")
        return Finding(check, Level.WARNING, what, following)
    if not reply.ok:
        return Finding(check, Level.WARNING, f"not known: {reply.problem}", "restart the firm, with this release")
    return str(reply.result)
