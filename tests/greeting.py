"""A platform's greeting, as the gateway hands it to the firm: what a desk must have heard before a bridge tells it anything."""

from firm.inputs import BridgeConnected


def greeting(bridge: str = "sim", session: str = "s1", last_seq: int = 0) -> BridgeConnected:
    """`last_seq`: up to where its journal has come; 0 where it begins."""
    return BridgeConnected(
        bridge=bridge, session=session, plugin="t", plugin_version="1", platform="t", server="t",
        outbox_epoch="e1", first_seq=1, last_seq=last_seq,
    )  # fmt: skip
