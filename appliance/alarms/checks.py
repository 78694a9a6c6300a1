"""Checks: which figures call for a person. Each takes one look's figures and the limits, and says what is bad and what is well."""

from collections import Counter
from collections.abc import Callable, Iterator

import msgspec

from appliance.alarms.figures import Figures
from appliance.alarms.limits import AlarmSettings
from appliance.alarms.notice import Alarm, Reading
from appliance.wording import counted
from bridges.outbound.circuit import CircuitState
from firm.instant import HOUR_US, SECOND_US

MB = 1_000_000
US_PER_MS = 1_000
# A figure is well again below four fifths of its limit, or with a fifth to spare above it: trembling around a limit is one alarm.
WELL_PERCENT = 80

Check = Callable[[Figures, AlarmSettings], Iterator[Reading]]


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A check, and for how long what it finds must last before it is an alarm; what cannot pass by itself need not last."""

    check: Check
    hold_s: Callable[[AlarmSettings], int]


def _feed_silent(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    for bridge in seen.bridges:
        if bridge.silent_ms is not None:
            text = f"bridge {bridge.bridge} has sent no price for {bridge.silent_ms // 1_000} s while sessions are open"
            yield _at_most(Alarm.FEED_SILENT, bridge.bridge, bridge.silent_ms, limits.feed_silent_s * 1_000, text)


def _bridge_away(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    for bridge in seen.bridges:
        what = "is not connected" if not bridge.connected else "is connected, but its platform is down"
        text = f"bridge {bridge.bridge} {what} for {limits.bridge_away_s} s or longer"
        yield _is(Alarm.BRIDGE_AWAY, bridge.bridge, bridge.was_here and not bridge.platform_up, text)


def _bridge_refused(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    text = f"{seen.refused} times within five minutes the gateway refused what came to it"
    yield _at_most(Alarm.BRIDGE_REFUSED, "", seen.refused, limits.refused_max + 1, text)


def _calendar_old(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    if seen.calendar_us is not None:
        age_us = seen.at_us - seen.calendar_us
        text = f"whether the calendar of news is the newest has not been known for {age_us // HOUR_US} hours"
        yield _at_most(Alarm.CALENDAR_OLD, "", age_us, limits.calendar_old_h * HOUR_US, text)


def _command_waits(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    for bridge in seen.bridges:
        text = f"a command to bridge {bridge.bridge} has had no end for {bridge.command_ms // 1_000} s"
        yield _at_most(Alarm.COMMAND_WAITS, bridge.bridge, bridge.command_ms, limits.command_waits_s * 1_000, text)


def _enforcement_fails(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001
    for bridge in seen.bridges:
        text = f"what was ordered for {counted(bridge.failing, 'account')} at bridge {bridge.bridge} failed again and again"
        yield _is(Alarm.ENFORCEMENT_FAILS, bridge.bridge, bool(bridge.failing), text)


def _enforcement_owed(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001
    for bridge in seen.bridges:
        many = counted(bridge.owed, "account")
        text = f"enforcement at bridge {bridge.bridge} goes on, but what was withheld from {many} is not ordered anew"
        yield _is(Alarm.ENFORCEMENT_OWED, bridge.bridge, bool(bridge.owed) and bridge.enforced, text)


def _queue_deep(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    depth = seen.health.queue_depth
    yield _at_most(
        Alarm.QUEUE_DEEP, "", depth, limits.queue_deep_inputs, f"{counted(depth, 'input')} wait for the engine"
    )


def _commits_slow(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    text = f"half of the latest commits took {seen.commit_us // US_PER_MS} ms or longer"
    yield _at_most(Alarm.COMMITS_SLOW, "", seen.commit_us, limits.commit_slow_ms * US_PER_MS, text)


def _engine_stands(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    waiting, limit_ms = seen.health.queue_depth, limits.engine_stands_s * 1_000
    # A commit that took so long stood as well, though it came to an end between two looks.
    longest_ms = seen.commit_max_us // US_PER_MS
    stood_ms = max(seen.idle_ms if waiting else 0, longest_ms)
    why = seen.held or f"{counted(waiting, 'input')} wait, and nothing was committed for {stood_ms // 1_000} s"
    yield Reading(
        alarm=Alarm.ENGINE_STANDS,
        is_bad=bool(seen.held) or (waiting > 0 and stood_ms >= limit_ms),
        is_well=not seen.held and stood_ms * 100 < limit_ms * WELL_PERCENT,
        text=f"the engine has stopped: {why}",
    )


def _desk_stopped(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001  (every check is asked alike)
    # By kind alone: the name of an account's desk is the account's.
    for kind, many in Counter(desk.partition("/")[0] for desk in seen.health.stopped_desks).items():
        yield _is(Alarm.DESK_STOPPED, kind, True, f"{counted(many, 'desk')} of kind {kind} stopped")


def _destination_away(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001
    for one in seen.outside:
        text = f"destination {one.name} failed {counted(one.failures, 'time')} in a row, and is left alone between single tries"
        yield _is(Alarm.DESTINATION_AWAY, one.name, one.state is not CircuitState.CLOSED, text)


def _breaker_tripped(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001
    text = "too many accounts failed at once: automatic failures are stopped"
    yield _is(Alarm.BREAKER_TRIPPED, "", seen.health.breaker_tripped, text)


def _disk_low(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    free, least = seen.files.disk_free, limits.disk_free_low_mb * MB
    text = f"{free // MB} MB are free under the firm's directory"
    is_well = free * WELL_PERCENT >= least * 100
    if free >= 0:
        yield Reading(alarm=Alarm.DISK_LOW, is_bad=free < least, is_well=is_well, text=text)
    yield _is(Alarm.DISK_LOW, "unseen", bool(seen.space_unseen), seen.space_unseen)
    text = f"the firm's files cannot be looked at ({seen.files_unseen}): what alarms say of them is of before"
    yield _is(Alarm.DISK_LOW, "files", bool(seen.files_unseen), text)


def _wal_large(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    for name, size in seen.files.wal_sizes.items():
        text = f"the write-ahead log of {name} has {size // MB} MB"
        yield _at_most(Alarm.WAL_LARGE, name, size, limits.wal_large_mb * MB, text)


def _checkpoint_old(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    health = seen.health
    unsigned = health.ledger_size - health.last_checkpoint_size
    # Before the first checkpoint the first row is what has gone unsigned for longest.
    since_us = health.last_checkpoint_us or seen.files.first_row_us
    age_us = (
        health.firm_time_us - since_us if unsigned and since_us else 0
    )  # the file may have been seen before its first row
    text = f"the last signed checkpoint is {age_us // SECOND_US} s old, and {counted(unsigned, 'row')} came since"
    if not health.last_checkpoint_us:
        text = (
            f"no checkpoint was ever signed, and the first of {counted(unsigned, 'row')} is {age_us // SECOND_US} s old"
        )
    yield _at_most(Alarm.CHECKPOINT_OLD, "", age_us, limits.checkpoint_old_s * SECOND_US, text)


def _backup_old(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    if not seen.backups_wanted:
        return  # whoever keeps no copies any more is not told for ever how old the last one is
    if not seen.files.backup_us:
        yield _is(Alarm.BACKUP_OLD, "", True, "no backup was ever made, though backups.destination is set")
        return
    age_us = seen.at_us - seen.files.backup_us
    text = f"the last good backup is {age_us // HOUR_US} hours old"
    yield _at_most(Alarm.BACKUP_OLD, "", age_us, limits.backup_old_h * HOUR_US, text)


def _copies_behind(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    """What the last check found; that nobody checks; and that a start could not look whether it began on an old ledger."""
    check, alarm, wanted = seen.files.copies_check, Alarm.COPIES_BEHIND, seen.backups_wanted
    yield _is(
        alarm, "", wanted and bool(check.problems), f"the copies are not as they should be: {'; '.join(check.problems)}"
    )
    age_us = seen.at_us - check.at_us
    looked = f"looked for {age_us // HOUR_US} hours" if check.at_us else "ever looked"
    late = wanted and age_us >= limits.copies_check_old_h * HOUR_US
    yield _is(alarm, "check", late, f"nobody {looked} whether the copies are fresh")
    text = f"whether this is the newest ledger could not be seen at the start: {seen.copies_unseen}"
    yield _is(alarm, "start", wanted and bool(seen.copies_unseen), text)


def _clock_stepped(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    off_ms = abs(seen.clock_off_ms)
    side = "ahead of" if seen.clock_off_ms > 0 else "behind"
    text = f"the machine's clock is {off_ms} ms {side} firm time: it was stepped"
    yield _at_most(Alarm.CLOCK_STEPPED, "", off_ms, limits.clock_off_ms, text)


def _read_model_behind(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001
    behind = seen.files.models_behind
    text = f"read models that do not follow the ledger: {', '.join(behind)}"
    yield _is(Alarm.READ_MODEL_BEHIND, "", bool(behind), text)


def _vault_not_writable(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001
    times = counted(seen.vault_refused, "time")
    text = (
        f"{times} within five minutes the vault gave or took nothing: bridges send again later, and nobody new is known"
    )
    yield _is(Alarm.VAULT_NOT_WRITABLE, "", bool(seen.vault_refused), text)


def _mail_waits(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:
    """The oldest speaks for all: where a server takes nothing, it takes none of them."""
    waiting, oldest_ms = seen.mails.waiting, seen.mails.oldest_ms
    text = f"{counted(waiting, 'mail')} to people wait, the oldest for {oldest_ms // 1_000} s: no mail server took it"
    if seen.mails.let_go:
        text += f"; {counted(seen.mails.let_go, 'mail')} were never brought because too many waited"
    yield _at_most(Alarm.MAIL_WAITS, "", oldest_ms, limits.mail_waits_s * 1_000, text)


def _never_here(seen: Figures, limits: AlarmSettings) -> Iterator[Reading]:  # noqa: ARG001
    """A firm that is watched was started: what refuses its start is told by `read_only_watch`."""
    yield from ()


def _at_most(alarm: Alarm, subject: str, found: int, limit: int, text: str) -> Reading:
    """Bad from the limit on."""
    is_well = found * 100 < limit * WELL_PERCENT
    return Reading(alarm=alarm, subject=subject, is_bad=found >= limit, is_well=is_well, text=text)


def _is(alarm: Alarm, subject: str, is_bad: bool, text: str) -> Reading:
    return Reading(alarm=alarm, subject=subject, is_bad=is_bad, is_well=not is_bad, text=text)


def _at_once(limits: AlarmSettings) -> int:  # noqa: ARG001
    return 0


def _twice_seen(limits: AlarmSettings) -> int:
    """One slow moment is none: the next look must find it, too."""
    return limits.look_every_s


WATCHED: dict[Alarm, Watched] = {
    Alarm.BACKUP_OLD: Watched(check=_backup_old, hold_s=_at_once),
    Alarm.BREAKER_TRIPPED: Watched(check=_breaker_tripped, hold_s=_at_once),
    Alarm.BRIDGE_AWAY: Watched(check=_bridge_away, hold_s=lambda limits: limits.bridge_away_s),
    Alarm.BRIDGE_REFUSED: Watched(check=_bridge_refused, hold_s=_at_once),
    Alarm.CALENDAR_OLD: Watched(check=_calendar_old, hold_s=_at_once),
    Alarm.CHECKPOINT_OLD: Watched(check=_checkpoint_old, hold_s=_at_once),
    Alarm.CLOCK_STEPPED: Watched(check=_clock_stepped, hold_s=_at_once),
    Alarm.COMMAND_WAITS: Watched(check=_command_waits, hold_s=_at_once),
    Alarm.COMMITS_SLOW: Watched(check=_commits_slow, hold_s=_twice_seen),
    Alarm.COPIES_BEHIND: Watched(check=_copies_behind, hold_s=_at_once),
    Alarm.DESK_STOPPED: Watched(check=_desk_stopped, hold_s=_at_once),
    Alarm.DESTINATION_AWAY: Watched(check=_destination_away, hold_s=_at_once),
    Alarm.DISK_LOW: Watched(check=_disk_low, hold_s=_at_once),
    Alarm.ENFORCEMENT_FAILS: Watched(check=_enforcement_fails, hold_s=_at_once),
    Alarm.ENFORCEMENT_OWED: Watched(check=_enforcement_owed, hold_s=_at_once),
    Alarm.ENGINE_STANDS: Watched(check=_engine_stands, hold_s=_at_once),
    Alarm.FEED_SILENT: Watched(check=_feed_silent, hold_s=_at_once),
    Alarm.MAIL_WAITS: Watched(check=_mail_waits, hold_s=_at_once),
    Alarm.QUEUE_DEEP: Watched(check=_queue_deep, hold_s=_twice_seen),
    Alarm.READ_MODEL_BEHIND: Watched(check=_read_model_behind, hold_s=_at_once),
    Alarm.REPLAY_DIVERGED: Watched(check=_never_here, hold_s=_at_once),
    Alarm.READ_ONLY: Watched(check=_never_here, hold_s=_at_once),
    Alarm.VAULT_NOT_WRITABLE: Watched(check=_vault_not_writable, hold_s=_at_once),
    Alarm.WAL_LARGE: Watched(check=_wal_large, hold_s=_twice_seen),
}


def look_over(seen: Figures, limits: AlarmSettings) -> list[Reading]:
    """Everything that this look found, bad and well."""
    return [reading for watched in WATCHED.values() for reading in watched.check(seen, limits)]
