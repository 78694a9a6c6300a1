"""Translate: a journal event in the wire's words becomes an input in ours, or a refusal that keeps it.

An event that cannot be read or believed becomes EventRefused, one for a login that is no account of ours
UnknownAccountReported: nothing is lost and the lane flows on. A stop loss or take profit is a trader's own wish, on which no
decision stands: one that cannot be believed costs itself alone, never the swap or the size told beside it.

Addresses, devices and comments never reach the ledger: they are handed on beside the input, to be sealed, and so is the whole of
a refused event, because nobody knows where in it they are.
"""

import re
from collections.abc import Callable
from typing import NamedTuple, Protocol, assert_never

import msgspec

from bridges import events as wire
from bridges.belief import (
    Disbelief,
    Unbelievable,
    believe_closed,
    believe_contract,
    believe_count,
    believe_price,
    believe_sessions,
    believe_time,
    believe_volume,
    believe_zone,
    is_price,
)
from bridges.bounds import TEXT_LENGTH_MAX
from bridges.deals_told import Purse, told_deal, told_update
from firm import inputs, price
from firm.inputs import EventRefused, Input, LoginReported, UnknownAccountReported
from storage.readmodels.seals import SEALED_EVENT

_PERSONAL_FIELDS = ("ip", "client_type", "device", "comment")
# What msgspec quotes of an event, from the first quotation mark to the last: its own words have none.
_QUOTED = re.compile(r"""['"].*['"]""", re.DOTALL)
_TAG_FORM = re.compile(r"[a-z_]{1,32}")
_CURRENCY_CODE = re.compile(r"[A-Z]{3}")


class Accounts(Protocol):
    """Whose login this is, and what that account is kept in."""

    def account_of(self, bridge: str, login: str) -> int | None: ...

    def currency_of(self, account: int) -> tuple[str, int]: ...


class Translated(NamedTuple):
    """An input with its header. `refused` names the counter where the event was not believed or not ours, `left_out` the one where
    a part of it was not, and is absent from the input.

    `personal`: what is to be sealed; `body` then waits for its commitment (`sealed_as`).
    """

    body: Input
    account: int
    happened_us: int
    refused: str = ""
    personal: bytes = b""
    left_out: str = ""


class _Tag(msgspec.Struct, array_like=True):
    tag: str


_TAG = msgspec.msgpack.Decoder(_Tag)
_TAGS = frozenset(str(kind.__struct_config__.tag) for kind in wire.Event.__args__)
UNKNOWN_ACCOUNT = "unknown account"
PROTECTION_LEFT_OUT = "stop or target out of range"


def sealed_as(body: Input, commitment: str, whose: str) -> Input:
    """The input with the commitment to what is personal in it, and under whose key that lies, where it may be a trader's."""
    match body:
        case LoginReported():
            return msgspec.structs.replace(body, sealed=commitment, whose=whose)
        case UnknownAccountReported():
            return msgspec.structs.replace(body, sealed=commitment, whose=whose)
        case EventRefused():
            return msgspec.structs.replace(body, raw_hex=f"{SEALED_EVENT}{commitment}", whose=whose)
        case _:
            raise AssertionError(f"nothing of a {type(body).__name__} is sealed")


class Translator:
    """`now_us` is firm time."""

    def __init__(self, accounts: Accounts, *, now_us: Callable[[], int]) -> None:
        self._accounts = accounts
        self._now_us = now_us

    def translate(self, bridge: str, seq: int, raw: bytes | msgspec.Raw) -> Translated:
        """Never raises for what a bridge sent."""
        try:
            event = wire.decode_event(raw)
        except wire.UnreadableEvent as error:
            tag = _tag_of(raw)
            if tag not in _TAGS:
                told = f": {tag}" if _TAG_FORM.fullmatch(tag) else ""
                return self._refused(bridge, seq, raw, Disbelief.UNKNOWN_TAG, told)
            return self._refused(bridge, seq, raw, Disbelief.UNREADABLE, f": {tag}: {_QUOTED.sub('…', str(error))}")
        try:
            return self._believed(bridge, seq, event)
        except Unbelievable as refusal:
            kind = event.__struct_config__.tag
            return self._refused(bridge, seq, raw, refusal.why, f": {kind}: {refusal.detail}")

    def _refused(self, bridge: str, seq: int, raw: bytes | msgspec.Raw, why: Disbelief, detail: str) -> Translated:
        """`detail` has figures and words of ours: no text that the event brought, which would stay in the ledger for ever."""
        body = EventRefused(bridge=bridge, seq=seq, reason=f"{why}{detail}"[:TEXT_LENGTH_MAX], raw_hex="")
        return Translated(body, 0, self._now_us(), why, bytes(raw))

    def _believed(self, bridge: str, seq: int, event: wire.Event) -> Translated:
        now_us = self._now_us()
        match event:
            # The order of the cases is how often they come.
            case (
                wire.Deal()
                | wire.Position()
                | wire.Order()
                | wire.Equity()
                | wire.Snapshot()
                | wire.Account()
                | wire.Cash()
            ):
                return self._believed_of(bridge, seq, event, now_us)
            case wire.Session() | wire.DealUpdate() | wire.DealDelete():
                return self._believed_of(bridge, seq, event, now_us)
            case wire.SymbolSpec():
                return Translated(_symbol(bridge, seq, event), 0, now_us)
            case wire.Platform():
                believe_time("since_us", event.since_us, now_us)
                return Translated(_platform(bridge, seq, event), 0, event.since_us)
            case wire.Gap() | wire.Backfilled():
                believe_time("from_us", event.from_us, now_us)
                believe_time("to_us", event.to_us, now_us)
                if event.to_us < event.from_us:
                    raise Unbelievable(Disbelief.ORDER_OF_TIMES, f"prices from {event.from_us} to {event.to_us}")
                return Translated(_stretch(bridge, seq, event), 0, event.to_us)
            case wire.CmdAck() | wire.CmdResult():
                believe_time("t_us", event.t_us, now_us)
                account = self._accounts.account_of(bridge, event.acc) if event.acc else 0
                return Translated(_command(bridge, seq, event), account or 0, event.t_us)
            case unknown:
                assert_never(unknown)

    def _believed_of(self, bridge: str, seq: int, event: "_AboutAccount", now_us: int) -> Translated:
        """What is said of an account."""
        account = self._accounts.account_of(bridge, event.acc)
        if account is None:
            return self._unknown(bridge, seq, event)
        believe_time("t_us", event.t_us, now_us)
        personal = _login_words(event) if type(event) is wire.Session else b""
        about = self._about(bridge, seq, event, account, now_us)
        happened_us = event.changed_us if type(event) is wire.DealUpdate else event.t_us
        left_out = "" if _is_protection_believable(event) else PROTECTION_LEFT_OUT
        return Translated(about, account, happened_us, personal=personal, left_out=left_out)

    def _about(self, bridge: str, seq: int, event: "_AboutAccount", account: int, now_us: int) -> Input:
        match event:
            case wire.Deal():
                return told_deal(bridge, seq, event, self._purse(event, account))
            case wire.Position():
                believe_time("t_open_us", event.t_open_us, now_us)
                return _position(bridge, seq, event, self._purse(event, account))
            case wire.Order():
                return _order(bridge, seq, event)
            case wire.Equity():
                return _equity(bridge, seq, event, self._purse(event, account))
            case wire.Snapshot():
                for position in event.positions:
                    believe_time("t_open_us", position.t_open_us, now_us)
                return _snapshot(bridge, seq, event, self._purse(event, account))
            case wire.Account():
                return _account(bridge, seq, event, self._purse(event, account))
            case wire.Cash():
                return _cash(bridge, seq, event, self._purse(event, account))
            case wire.DealUpdate():
                believe_time("changed_us", event.changed_us, now_us)
                return told_update(bridge, seq, event, self._purse(event, account))
            case wire.DealDelete():
                return inputs.DealDeleteReported(bridge=bridge, seq=seq, deal_id=event.deal_id, t_us=event.t_us)
            case wire.Session():
                return LoginReported(bridge=bridge, seq=seq, logged_in=event.logged_in, sealed="", t_us=event.t_us)
            case unknown:
                assert_never(unknown)

    def _unknown(self, bridge: str, seq: int, event: "_AboutAccount") -> Translated:
        fields = msgspec.structs.asdict(event)
        personal = {name: fields.pop(name) for name in _PERSONAL_FIELDS if fields.get(name)}
        words = msgspec.json.encode({"event": event.__struct_config__.tag, **fields}).decode()
        body = UnknownAccountReported(bridge=bridge, seq=seq, login=event.acc, event=words)
        return Translated(body, 0, self._now_us(), UNKNOWN_ACCOUNT, msgspec.json.encode(personal) if personal else b"")

    def _purse(self, event: "_InMoney", account: int) -> Purse:
        ours = self._accounts.currency_of(account)
        if (event.ccy, event.exponent) != ours:
            code = event.ccy if _CURRENCY_CODE.fullmatch(event.ccy) else "no code of three letters"
            theirs = f"{code} at {event.exponent} digits"
            raise Unbelievable(Disbelief.CURRENCY, f"{theirs}, the account is kept in {ours[0]} at {ours[1]}")
        return Purse(*ours)


_InMoney = wire.Account | wire.Deal | wire.DealUpdate | wire.Position | wire.Cash | wire.Equity | wire.Snapshot
_AboutAccount = _InMoney | wire.DealDelete | wire.Order | wire.Session


def _symbol(bridge: str, seq: int, event: wire.SymbolSpec) -> Input:
    believe_contract(event.contract_e8, event.sanity_band_bp)
    believe_zone(event.zone)
    believe_sessions(event.sessions)
    believe_closed(event.closed)
    spec = price.SymbolSpec(
        symbol=event.sym,
        digits=event.digits,
        contract_e8=event.contract_e8,
        currency_base=event.ccy_base,
        currency_profit=event.ccy_profit,
        zone=event.zone,
        sessions=event.sessions,
        sanity_band_bp=event.sanity_band_bp,
        closed=event.closed,
        renamed_to=event.renamed_to,
    )
    return inputs.SymbolReported(bridge=bridge, seq=seq, spec=spec)


def _platform(bridge: str, seq: int, event: wire.Platform) -> Input:
    return inputs.PlatformReported(bridge=bridge, seq=seq, up=event.up, since_us=event.since_us, why=event.why)


def _stretch(bridge: str, seq: int, event: wire.Gap | wire.Backfilled) -> Input:
    sym, from_us, to_us = event.sym, event.from_us, event.to_us
    match event:
        case wire.Gap():
            return inputs.GapReported(bridge=bridge, seq=seq, symbol=sym, from_us=from_us, to_us=to_us)
        case wire.Backfilled():
            believe_count("ticks", event.ticks)
            return inputs.BackfillReported(
                bridge=bridge, seq=seq, symbol=sym, from_us=from_us, to_us=to_us, ticks=event.ticks
            )


def _command(bridge: str, seq: int, event: wire.CmdAck | wire.CmdResult) -> Input:
    match event:
        case wire.CmdAck():
            return inputs.CommandAcknowledged(bridge=bridge, seq=seq, command=event.cmd_id, t_us=event.t_us)
        case wire.CmdResult():
            return inputs.CommandReported(
                bridge=bridge,
                seq=seq,
                command=event.cmd_id,
                state=event.state,
                retcode=event.retcode,
                vendor_ref=event.vendor_ref,
                t_us=event.t_us,
            )


def _account(bridge: str, seq: int, event: wire.Account, purse: Purse) -> Input:
    believe_count("leverage", event.leverage)
    return inputs.AccountReported(
        bridge=bridge,
        seq=seq,
        login=event.acc,
        group=event.group,
        leverage=event.leverage,
        trading_allowed=event.trading_allowed,
        balance=purse.of(event.balance),
        credit=purse.of(event.credit),
        t_us=event.t_us,
    )


def _position(bridge: str, seq: int, event: wire.Position, purse: Purse) -> Input:
    believe_price("px_open", event.px_open)
    believe_volume("vol", event.vol, may_be_none=True)
    return inputs.PositionReported(
        bridge=bridge,
        seq=seq,
        position_id=event.pos_id,
        op=event.op,
        symbol=event.sym,
        side=event.side,
        lots_e8=event.vol,
        price_open=event.px_open,
        stop_loss=_protection(event.sl),
        take_profit=_protection(event.tp),
        swap=purse.of(event.swap),
        opened_us=event.t_open_us,
        t_us=event.t_us,
    )


def _order(bridge: str, seq: int, event: wire.Order) -> Input:
    believe_price("px", event.px)
    believe_volume("vol", event.vol, may_be_none=True)
    return inputs.OrderReported(
        bridge=bridge,
        seq=seq,
        order_id=event.order_id,
        symbol=event.sym,
        side=event.side,
        order_type=event.order_type,
        lots_e8=event.vol,
        price=event.px,
        state=event.state,
        t_us=event.t_us,
    )


def _is_protection_believable(event: "_AboutAccount") -> bool:
    if type(event) is not wire.Position and type(event) is not wire.Order:
        return True
    return _protection(event.sl) == event.sl and _protection(event.tp) == event.tp


def _protection(points: int) -> int:
    """A stop loss or take profit in points; 0, which is none, where no price lies."""
    return points if is_price(points) else 0


def _cash(bridge: str, seq: int, event: wire.Cash, purse: Purse) -> Input:
    return inputs.CashReported(
        bridge=bridge,
        seq=seq,
        cash_id=event.cash_id,
        cash_kind=event.kind,
        amount=purse.of(event.amount),
        balance_after=purse.of(event.balance_after),
        t_us=event.t_us,
    )


def _equity(bridge: str, seq: int, event: wire.Equity, purse: Purse) -> Input:
    return inputs.EquityReported(
        bridge=bridge,
        seq=seq,
        equity=purse.of(event.equity),
        balance=purse.of(event.balance),
        margin=purse.of(event.margin),
        t_us=event.t_us,
    )


def _snapshot(bridge: str, seq: int, event: wire.Snapshot, purse: Purse) -> Input:
    believe_count("as_of_seq", event.as_of_seq)
    believe_count("pending_orders", event.pending_orders)
    return inputs.SnapshotReported(
        bridge=bridge,
        seq=seq,
        as_of_seq=event.as_of_seq,
        login=event.acc,
        trading_allowed=event.trading_allowed,
        balance=purse.of(event.balance),
        equity=purse.of(event.equity),
        positions=tuple(_snapshot_position(position, purse) for position in event.positions),
        pending_orders=event.pending_orders,
        t_us=event.t_us,
    )


def _snapshot_position(position: wire.SnapshotPosition, purse: Purse) -> inputs.SnapshotPosition:
    believe_price("px_open", position.px_open)
    believe_volume("vol", position.vol)
    return inputs.SnapshotPosition(
        position_id=position.pos_id,
        symbol=position.sym,
        side=position.side,
        lots_e8=position.vol,
        price_open=position.px_open,
        swap=purse.of(position.swap),
        opened_us=position.t_open_us,
    )


def _login_words(event: wire.Session) -> bytes:
    return msgspec.json.encode({"ip": event.ip, "client_type": event.client_type, "device": event.device})


def _tag_of(raw: bytes | msgspec.Raw) -> str:
    try:
        return _TAG.decode(raw).tag
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
