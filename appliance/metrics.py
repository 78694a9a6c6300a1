"""Metrics: everything that a machine measures of itself, named as Prometheus names things. docs/operating/metrics.md lists them.

Labels are bridges, kinds of desks, names of files and words of ours; never an account, a person or a symbol.
"""

import resource
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from actors.live import Health
from actors.meter import BATCH_BOUNDS, COMMIT_BOUNDS_US, Meter
from appliance.alarms.courier import Courier
from appliance.alarms.figures import Figures
from appliance.alarms.notice import Alarm, Standing
from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.exposition import Exposition, Labels, Number, by
from appliance.heartbeat import Heartbeat
from appliance.mail_courier import MailCourier, MailsSeen
from appliance.portal_door import PortalDoor, Turned
from appliance.release import RELEASE
from bridges.outbound.circuit import CircuitState
from bridges.outbound.client import DestinationSeen
from firm.instant import SECOND_US
from firm.letters import MailEnd
from web.machine import AskedTooMuch
from web.password_desk import unstarted

MS_PER_S = 1_000

_Bridge = TypeVar("_Bridge")


def metrics_text(
    machine: Machine,
    seen: Figures,
    couriers: Sequence[Courier],
    heartbeat: Heartbeat,
    *,
    live_pages: int,
    asked: AskedTooMuch,
    looks_failed: int,
) -> str:
    """The page: health as of now, files and bridges as of the last look."""
    page, health = Exposition(), machine.health.now()
    _add_process(page, health, live_pages)
    _add_portal(page, machine.door, asked)
    _add_engine(page, health, machine.meter)
    _add_desks(page, health)
    _add_bridges(page, health, seen)
    _add_files(page, seen)
    refused = {"vault": machine.vault.refusals, "front": machine.front.refusals}
    told_no = "Times that vault or front.db gave or took nothing, since start."
    page.counter("database_refusals_total", told_no, by("database", refused))
    why_not = "Documents that traders handed in and that were not taken, since start, by why."
    page.counter("documents_refused_total", why_not, by("reason", dict(machine.inspection.refused)))
    _add_alarms(page, machine.alarms.standing(), couriers)
    page.counter("looks_failed_total", "Looks at the machine that an error ended, since start.", looks_failed)
    page.counter("heartbeats_total", "Signs of life to the outside, by outcome.", by("outcome", heartbeat.told))
    _add_outbound(page, machine.outbound.seen())
    _add_mails(page, machine.mails)
    return page.text()


def read_only_text(
    health: Health,
    door: PortalDoor,
    standing: Sequence[Standing],
    couriers: Sequence[Courier],
    *,
    live_pages: int,
    asked: AskedTooMuch,
) -> str:
    """The page of a firm that is read-only: nothing comes in, and the disk, which is sick, is not asked."""
    page = Exposition()
    _add_process(page, health, live_pages)
    _add_portal(page, door, asked)
    page.gauge("ledger_rows", "Rows of the ledger.", health.ledger_size)
    _add_alarms(page, standing, couriers)
    return page.text()


def _add_alarms(page: Exposition, standing: Sequence[Standing], couriers: Sequence[Courier]) -> None:
    raised = {one.alarm for one in standing}
    page.gauge("alarm_raised", "1 while this alarm is raised.", by("alarm", {one: int(one in raised) for one in Alarm}))
    told = [((("courier", one.name), ("outcome", what)), many) for one in couriers for what, many in one.told.items()]
    page.counter("alarm_deliveries_total", "What became of notices of alarms, by courier.", told)
    page.gauge(
        "alarm_notices_waiting",
        "Notices that wait for a courier.",
        by("courier", {one.name: one.waiting for one in couriers}),
    )


def _add_outbound(page: Exposition, outside: Sequence[DestinationSeen]) -> None:
    """Destinations are words of ours, and appear with the first call."""
    told = [
        ((("destination", one.name), ("outcome", what)), many) for one in outside for what, many in one.outcomes.items()
    ]
    page.counter("outbound_tries_total", "Tries to call a destination outside, by outcome.", told)
    page.counter(
        "outbound_retries_total",
        "Tries that followed a failed one within the same call.",
        by("destination", {one.name: one.retries for one in outside}),
    )
    page.gauge(
        "outbound_circuit_open",
        "1 while a destination that failed in a row is left alone.",
        by("destination", {one.name: int(one.state is not CircuitState.CLOSED) for one in outside}),
    )


def _add_mails(page: Exposition, mails: MailCourier | None) -> None:
    seen, told = (MailsSeen(), Counter[str]()) if mails is None else (mails.seen, mails.told)
    page.gauge("mails_waiting", "Mails to people that wait.", seen.waiting)
    page.gauge("mail_age_seconds", "How long the oldest of them has waited, in firm time.", seen.oldest_ms / MS_PER_S)
    page.counter("mails_let_go_total", "Mails to people that were never brought because too many waited.", seen.let_go)
    kinds = ("failed_tries", *MailEnd)
    page.counter(
        "mails_total", "What became of mails to people since start.", by("outcome", dict.fromkeys(kinds, 0) | told)
    )


def _add_process(page: Exposition, health: Health, live_pages: int) -> None:
    page.gauge("build_info", "Release and digest of the engine; always 1.", [
        ((("release", RELEASE), ("engine", health.epoch_engine[:16])), 1)
    ])  # fmt: skip
    page.gauge("start_time_seconds", "When the process started, by the machine's clock.", health.started_us / SECOND_US)
    page.gauge("firm_time_seconds", "Firm time, by which everything is stamped.", health.firm_time_us / SECOND_US)
    used = resource.getrusage(resource.RUSAGE_SELF)
    page.counter("cpu_seconds_total", "Processor time of the process.", used.ru_utime + used.ru_stime)
    page.gauge("memory_peak_bytes", "The most memory the process ever held.", used.ru_maxrss * 1_024)
    page.gauge("live_pages", "Pages that are open and kept up to date.", live_pages)


def _add_portal(page: Exposition, door: PortalDoor, asked: AskedTooMuch) -> None:
    page.gauge("portal_connections", "Connections to the portal that are open.", len(door))
    page.gauge("portal_connections_max", "How many may be open at once.", door.connections_max)
    turned = {one.value: door.turned[one] for one in Turned}
    page.counter("portal_turned_total", "Connections turned away or cut since start, by reason.", by("reason", turned))
    told = "Requests answered 429 since start, by whose allowance was used up."
    page.counter("requests_refused_total", told, by("allowance", asked.refused))
    told = "How often no process for password hashes could be started, so that they were made beside prices."
    page.counter("hashing_unstarted_total", told, unstarted())
    page.gauge("allowances_counted", "Addresses, accounts and keys that are counted.", by("allowance", asked.counted))


def _add_engine(page: Exposition, health: Health, meter: Meter) -> None:
    page.gauge("ledger_rows", "Rows of the ledger.", health.ledger_size)
    page.gauge("queue_inputs", "Inputs that wait for the engine.", health.queue_depth)
    page.counter("inputs_total", "Inputs decided since start.", health.inputs)
    page.counter("facts_total", "Facts recorded since start.", health.facts)
    page.counter("ticks_total", "Prices taken since start.", health.ticks)
    page.counter("account_wakes_total", "Accounts that a price made look since start.", health.wakes)
    sizes = "Inputs decided and committed together."
    page.histogram("batch_inputs", sizes, BATCH_BOUNDS, meter.batch_counts, meter.inputs)
    bounds = [bound / SECOND_US for bound in COMMIT_BOUNDS_US]
    page.histogram(
        "commit_duration_seconds",
        "How long commits took.",
        bounds,
        meter.commit_counts,
        meter.commit_us_sum / SECOND_US,
    )
    page.gauge("checkpoint_rows", "Rows under the last signed checkpoint.", health.last_checkpoint_size)
    if health.last_checkpoint_us:
        age_us = health.firm_time_us - health.last_checkpoint_us
        page.gauge("checkpoint_age_seconds", "Age of the last signed checkpoint, in firm time.", age_us / SECOND_US)
    page.counter(
        "refusals_total", "What the gateway refused since start, by reason.", by("reason", dict(health.refusals))
    )


def _add_desks(page: Exposition, health: Health) -> None:
    stopped = Counter(desk.partition("/")[0] for desk in health.stopped_desks)
    # All of them, so that a kind that stops is a change and no new series.
    kinds = ("account", "trader", "order", "market", "bridge", "enforcement", "catalogue", "risk", "staff")
    page.gauge("desks_stopped", "Desks that stopped, by kind.", by("kind", dict.fromkeys(kinds, 0) | stopped))
    page.gauge("commands_open", "Commands to platforms whose end is not known yet.", health.open_commands)
    page.gauge("breaker_tripped", "1 while automatic failures are stopped.", int(health.breaker_tripped))
    page.gauge("kill_switches_engaged", "Kill switches that are engaged.", len(health.kill_switches))


def _add_bridges(page: Exposition, health: Health, seen: Figures) -> None:
    told = {one.bridge: one for one in health.bridges}
    page.gauge("bridge_connected", "1 while the bridge has a session.", _of(told, lambda one: int(one.connected)))
    page.gauge(
        "bridge_platform_up", "1 while the platform behind it is up.", _of(told, lambda one: int(one.platform_up))
    )
    page.gauge(
        "bridge_feed_lag_seconds",
        "How far the bridge's watermark is behind firm time.",
        _of(told, lambda one: one.lag_ms / MS_PER_S if one.watermark_us else None),
    )
    page.gauge(
        "bridge_stale_symbols",
        "Symbols silent while their session is open.",
        _of(told, lambda one: len(one.stale_symbols)),
    )
    page.gauge(
        "bridge_outbox_events", "Events that the bridge still keeps for us.", _of(told, lambda one: one.outbox_depth)
    )
    page.counter(
        "bridge_journal_events_total", "Durable events of its journal.", _of(told, lambda one: one.journal_seq)
    )
    page.counter("bridge_quotes_total", "Durable prices of the bridge.", _of(told, lambda one: one.quote_seq))
    looked = {one.bridge: one for one in seen.bridges}
    page.gauge(
        "bridge_feed_silence_seconds",
        "Since the newest price; absent while no session is open.",
        _of(looked, lambda one: None if one.silent_ms is None else one.silent_ms / MS_PER_S),
    )
    page.gauge(
        "outbox_age_seconds",
        "How long the oldest open command to the bridge has had no news.",
        _of(looked, lambda one: one.command_ms / MS_PER_S),
    )
    page.gauge(
        "owed_accounts",
        "Accounts that are owed what enforcement at the bridge withheld.",
        _of(looked, lambda one: one.owed),
    )


def _of(bridges: Mapping[str, _Bridge], figure: Callable[[_Bridge], Number | None]) -> list[tuple[Labels, Number]]:
    """A series for each bridge that has the figure."""
    told = {name: figure(bridge) for name, bridge in bridges.items()}
    return by("bridge", {name: value for name, value in told.items() if value is not None})


def _add_files(page: Exposition, seen: Figures) -> None:
    files = seen.files
    page.gauge("database_bytes", "Size of each database.", by("database", files.sizes))
    page.gauge("wal_bytes", "Size of each write-ahead log.", by("database", files.wal_sizes))
    if files.disk_free >= 0:
        page.gauge("disk_free_bytes", "What may still be written under the firm's directory.", files.disk_free)
    page.gauge("read_models_behind", "Read models that do not follow the ledger.", len(files.models_behind))
    page.gauge(
        "engine_held", "1 while the engine takes nothing, because the disk is nearly full.", int(bool(seen.held))
    )
    page.gauge(
        "clock_offset_seconds", "How far the machine's clock is ahead of firm time.", seen.clock_off_ms / MS_PER_S
    )
    page.gauge("look_age_seconds", "Since the machine was last looked over.", (wall_us() - seen.at_us) / SECOND_US)
    if files.backup_us:
        age_us = wall_us() - files.backup_us
        page.gauge("backup_age_seconds", "Age of the last good backup.", age_us / SECOND_US)
