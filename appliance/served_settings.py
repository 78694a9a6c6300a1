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


def digest_of(settings: Settings) -> str:
    """Of what they say: comments, and the order of keys, change nothing."""
    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()


def check_served_settings(directory: FirmDirectory, settings: Settings, holder: int | None) -> Finding:
    """`settings`: as the file has them now."""
    if holder is None or not directory.control_socket.is_socket():
        who = "nobody serves" if holder is None else f"process {holder} cannot be asked"
        return Finding(CHECK, Level.OK, f"{who}: the next start reads the file")
    try:
        reply = call_control(directory.control_socket, ControlRequest(verb=VERB), ANSWER_DEADLINE_S)
    except (NotServing, NoAnswer) as silent:
        what, _, following = str(silent).partition(": ")
        return Finding(CHECK, Level.WARNING, what, following)
    if not reply.ok:
        return Finding(CHECK, Level.WARNING, f"not known: {reply.problem}", "restart the firm, with this release")
    if reply.result != digest_of(settings):
        found = f"the firm that serves was started with other settings than {directory.settings} has now"
        return Finding(CHECK, Level.WARNING, found, 'restart it: "systemctl restart evenhand.service"')
    return Finding(CHECK, Level.OK, f"process {holder} was started with what the file says")
