"""Requests: what desks want done at a platform, in the wire's words."""

from actors.effects import Effect, QueryCommand, RequestBackfill, RequestSnapshot, SendCommand, Subscribe
from bridges import wire


def request_of(effect: Effect) -> tuple[str, wire.Message] | None:
    """The bridge and the message; None for an effect that is no bridge's business."""
    match effect:
        case SendCommand():
            return effect.bridge, wire.Cmd(
                cmd_id=effect.command,
                idem_key=effect.idem_key,
                acc=effect.login,
                action=effect.action,
                args=effect.args,
                expect="",
                deadline_us=effect.deadline_us,
            )
        case QueryCommand():
            return effect.bridge, wire.CmdQuery(effect.command)
        case RequestSnapshot():
            return effect.bridge, wire.SnapshotReq(effect.login)
        case RequestBackfill():
            return effect.bridge, wire.BackfillReq(effect.symbol, effect.from_us, effect.to_us)
        case Subscribe():
            return effect.bridge, wire.Subscribe(effect.symbols)
        case _:
            return None
