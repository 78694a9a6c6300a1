"""Diagnosis: what the doctor says of alarms: those raised now, as the serving appliance tells them, and whether anybody hears of them."""

import msgspec

from appliance.alarms.notice import RUNBOOKS, Alarm, Standing
from appliance.alarms.remedies import REMEDIES
from appliance.alarms.secret_texts import read_secret_texts
from appliance.control import ControlReply, ControlRequest, NoAnswer, NotServing, call_control
from appliance.finding import Finding, Level
from appliance.settings import ClockSource, Settings
from appliance.wording import counted
from firm.instant import utc_text
from storage.files import FirmDirectory
from storage.secret_files import SecretsRefused

CHECK = "alarms"
VERB = "alarms"
ANSWER_DEADLINE_S = 10.0
# While one of these stands the firm does not keep its word; the others can wait until morning.
_PROBLEMS = frozenset({Alarm.DESK_STOPPED, Alarm.ENGINE_STANDS, Alarm.READ_MODEL_BEHIND, Alarm.VAULT_NOT_WRITABLE})


def check_alarms(directory: FirmDirectory, settings: Settings, holder: int | None) -> list[Finding]:
    """A finding for each alarm that is raised; one where there is none."""
    try:
        read_secret_texts(directory.path, settings)
    except SecretsRefused as refused:
        what, _, following = str(refused).partition(": ")
        return [Finding(CHECK, Level.PROBLEM, what, following)]
    if holder is not None and not directory.control_socket.is_socket():
        found = f"process {holder} cannot be asked which are raised: it has no control socket"
        return [Finding(CHECK, Level.WARNING, found, "look at its log, at its health page, and at what was sent")]
    if holder is None:
        return [Finding(CHECK, Level.OK, "nobody serves, so nothing is watched; " + _heard(settings))]
    try:
        reply = call_control(directory.control_socket, ControlRequest(verb=VERB), ANSWER_DEADLINE_S)
    except (NotServing, NoAnswer) as silent:
        what, _, following = str(silent).partition(": ")
        return [Finding(CHECK, Level.WARNING, what, following)]
    return _of(reply, settings)


def _of(reply: ControlReply, settings: Settings) -> list[Finding]:
    if not reply.ok:
        return [Finding(CHECK, Level.WARNING, reply.problem, "use the release that serves")]
    standing = msgspec.convert(reply.result, list[Standing])
    if standing:
        return [_told(one) for one in standing]
    if not _ways(settings) and settings.clock.source is ClockSource.SYSTEM:
        found = "none is raised, but nobody would hear of one: they are on the staff's health page alone"
        return [Finding(CHECK, Level.WARNING, found, "set alarms.mail or alarms.webhook in evenhand.toml")]
    return [Finding(CHECK, Level.OK, "none is raised; " + _heard(settings))]


def _told(one: Standing) -> Finding:
    level = Level.PROBLEM if one.alarm in _PROBLEMS else Level.WARNING
    found = f"{one.alarm}: {one.text} (since {utc_text(one.since_us)})"
    return Finding(CHECK, level, found, f"{REMEDIES[one.alarm]} More: {RUNBOOKS}#{one.alarm}")


def _ways(settings: Settings) -> list[str]:
    ways = {
        "mail": settings.alarms.mail.host,
        "webhook": settings.alarms.webhook.url,
        "heartbeat": settings.heartbeat.url,
    }
    return [name for name, where in ways.items() if where]


def _heard(settings: Settings) -> str:
    ways = _ways(settings)
    return (
        f"{counted(len(ways), 'way')} to be heard: {', '.join(ways)}"
        if ways
        else "no mail, webhook or heartbeat is set"
    )
