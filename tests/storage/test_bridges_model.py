"""Bridges, as a read model: what each last told of its platform, and whether it is connected."""

import apsw
import pytest

from firm.commands import BridgeMode
from firm.facts import BridgeEnrolled, BridgeModeChanged, BridgeRevoked
from firm.inputs import BridgeConnected, BridgeDisconnected, EngineResumed
from firm.kinds import Body
from firm.platform_listing import PlatformGroup, PlatformListing
from storage.readmodels.bridges import Bridges, listings
from storage.rows import Row

GROUPS = (PlatformGroup(group="demo", leverages=(30, 100)), PlatformGroup(group="slow"))
ENROLLED = BridgeEnrolled(bridge="mt5", public_key="k" * 40, mode=BridgeMode.ENFORCE)


def connected(session: str, groups: tuple[PlatformGroup, ...] = GROUPS) -> BridgeConnected:
    return BridgeConnected(
        bridge="mt5", session=session, plugin="p", plugin_version="1", platform="mt5", server="", outbox_epoch="e", first_seq=1,
        last_seq=0, groups=groups,
    )  # fmt: skip


def left(session: str) -> BridgeDisconnected:
    return BridgeDisconnected(bridge="mt5", session=session, reason="it stops")


@pytest.mark.parametrize(
    ("bodies", "told"),
    [
        pytest.param([], PlatformListing(connected=False), id="never there"),
        pytest.param([connected("a")], PlatformListing(connected=True, groups=GROUPS), id="there"),
        pytest.param([connected("a"), left("a")], PlatformListing(connected=False, groups=GROUPS), id="gone"),
        pytest.param(
            [connected("a"), connected("b"), left("a")], PlatformListing(connected=True, groups=GROUPS), id="superseded"
        ),
        pytest.param(
            [connected("a"), left("")], PlatformListing(connected=True, groups=GROUPS), id="another was turned away"
        ),
        pytest.param(
            [connected("a"), EngineResumed(engine="e")],
            PlatformListing(connected=False, groups=GROUPS),
            id="the firm was started again",
        ),
        pytest.param(
            [connected("a"), connected("b", ())], PlatformListing(connected=True), id="it tells none any more"
        ),
    ],
)
def test_what_is_known_of_a_platform(bodies: list[Body], told: PlatformListing) -> None:
    assert folded(ENROLLED, *bodies) == {"mt5": told}


def test_one_to_which_nothing_is_sent_is_known_as_such() -> None:
    observing = BridgeModeChanged(bridge="mt5", mode=BridgeMode.OBSERVE)
    assert folded(ENROLLED, connected("a"), observing)["mt5"].observes
    assert not folded(ENROLLED, observing, BridgeModeChanged(bridge="mt5", mode=BridgeMode.ENFORCE))["mt5"].observes


def test_one_that_was_revoked_is_left_out() -> None:
    assert folded(ENROLLED, connected("a"), BridgeRevoked(bridge="mt5")) == {}


def folded(*bodies: Body) -> dict[str, PlatformListing]:
    connection, model = apsw.Connection(":memory:"), Bridges()
    connection.execute(model.schema)
    rows = [(_row(seq, body), body) for seq, body in enumerate(bodies, 1)]
    assert {row.kind for row, _ in rows} <= model.kinds
    model.project(connection, rows)
    return listings(connection)


def _row(seq: int, body: Body) -> Row:
    return Row(seq, type(body).__name__, seq, seq, 0, 0, b"")
