"""Greeting: whether a HELLO may open a session, and what is noted of it. In doubt it may not: a wrong outbox loses or mixes up events."""

import msgspec

from bridges.bounds import GROUPS_BYTES_MAX
from bridges.lanes import Lanes
from bridges.wire import VERSION, HelloWithGroups
from firm.inputs import BridgeConnected
from firm.platform_listing import PlatformGroup


def objection_to(hello: HelloWithGroups, lanes: Lanes) -> tuple[str, str] | None:
    """The counter's name and the sentence for the bridge's operator, or None where the session may open."""
    held, name = lanes.durable.seq, lanes.bridge
    if not hello.ver_min <= VERSION <= hello.ver_max:
        return (
            "no common version",
            f"{name} speaks protocol {hello.ver_min} to {hello.ver_max}, this appliance speaks {VERSION}: update the older one",
        )
    if (told := len(msgspec.json.encode(_groups_of(hello)))) > GROUPS_BYTES_MAX:
        return (
            "too much of groups",
            (
                f"{name} tells {told} bytes of groups, at most {GROUPS_BYTES_MAX} are taken: "
                "tell those alone that the firm sells accounts of"
            ),
        )
    if hello.last_seq + 1 < hello.first_seq:
        return "outbox out of order", f"{name}'s outbox says it holds {hello.first_seq} to {hello.last_seq}: repair it"
    if held and lanes.epoch and hello.outbox_epoch != lanes.epoch:
        return (
            "another outbox",
            (
                f"{name} comes with outbox {hello.outbox_epoch}, its events so far came from {lanes.epoch}: "
                "restore that outbox, or revoke this bridge and enrol it under a new name"
            ),
        )
    if hello.first_seq > held + 1:
        return (
            "outbox starts too late",
            (
                f"{name}'s outbox starts at {hello.first_seq}, expected {held + 1}: "
                "restore the outbox, or revoke this bridge and enrol it under a new name"
            ),
        )
    if hello.last_seq < held:
        return (
            "outbox ends too early",
            (
                f"{name}'s outbox ends at {hello.last_seq}, but {held} is already on the books: "
                "restore the newer outbox, or revoke this bridge and enrol it under a new name"
            ),
        )
    return None


def connected(session: str, bridge: str, hello: HelloWithGroups) -> BridgeConnected:
    return BridgeConnected(
        bridge=bridge,
        session=session,
        plugin=hello.plugin,
        plugin_version=hello.plugin_version,
        platform=hello.platform,
        server=hello.server,
        outbox_epoch=hello.outbox_epoch,
        first_seq=hello.first_seq,
        last_seq=hello.last_seq,
        groups=_groups_of(hello),
    )


def _groups_of(hello: HelloWithGroups) -> tuple[PlatformGroup, ...]:
    return tuple(PlatformGroup(group=one.group, leverages=one.leverages) for one in hello.groups)
