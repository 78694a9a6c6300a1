"""The firm's commands on the platform's books: each answered once, by a result that names what the platform then shows."""

import pytest

from bridges.bounds import NAME_LENGTH_MAX, TEXT_LENGTH_MAX
from bridges.events import Account, Cash, CmdResult, Deal, Event, Order, Position, Snapshot, decode_event, encode_event
from bridges.outbox import Outbox
from bridges.program import Identity, hello_of
from bridges.simulator.bars import Bars
from bridges.simulator.house import BUNDLED, House
from bridges.simulator.options import parser
from bridges.simulator.orders import Terms, Ticket
from bridges.simulator.platform import Platform, opening_state
from bridges.simulator.requests import Requests
from bridges.simulator.state import Account as Held
from bridges.simulator.state import OrderType, TradeMode
from bridges.simulator.tellings import Tellings
from bridges.wire import Cmd, Group, Hello, HelloWithGroups
from firm.inputs import CommandState, Side
from firm.instant import SECOND_US, parse_utc
from firm.quote_frame import Tick

NOON = parse_utc("2014-05-01T12:00:00")
LOT = 10**8
ADA = {
    "trader": "7K2MQ-9XW3F",
    "label": "idle",
    "group": "phase-1",
    "leverage": "100",
    "currency": "USD",
    "exponent": "2",
    "balance_minor": "10000000",
}


class Office:
    """A platform with two open markets, and the firm's commands carried out one after the other."""

    def __init__(self, house: House = BUNDLED) -> None:
        self.state = opening_state("market", 1, NOON)
        self.tellings = Tellings()
        self.platform = Platform(self.state, Bars(), self.tellings)
        self.requests = Requests(self.platform, self.tellings, house)
        self.platform.take_tick(Tick("EURUSD", NOON + SECOND_US, 138_600, 138_605))
        self.platform.take_tick(Tick("XAUUSD", NOON + SECOND_US, 1_284_000, 1_284_300))

    def ask(self, action: str, acc: str = "700001", **args: str) -> tuple[CmdResult, list[Event]]:
        self.tellings.events.clear()
        self.requests.carry_out(Cmd("c1", "k1", acc, action, args, "", 0))
        told = [decode_event(encode_event(event)) for event in self.tellings.events]
        self.tellings.events.clear()
        [result] = [event for event in told if isinstance(event, CmdResult)]
        return result, told

    def open_ada(self) -> Held:
        self.ask("create_account", "", **ADA)
        return self.state.accounts["700001"]

    def trade(self, account: Held, symbol: str = "EURUSD") -> None:
        assert self.platform.books.open_market(account, symbol, Side.BUY, LOT, 0, 0, NOON + SECOND_US) == "DONE"


def test_the_login_of_a_new_account_is_told_before_the_account_itself() -> None:
    result, told = Office().ask("create_account", "", **ADA)
    assert [type(event) for event in told] == [CmdResult, Account]
    assert (result.state, result.vendor_ref, result.acc) == (CommandState.APPLIED, "700001", "")
    assert (told[1].acc, told[1].balance, told[1].ccy, told[1].trading_allowed) == ("700001", 10_000_000, "USD", True)


@pytest.mark.parametrize(
    ("changed", "retcode"),
    [
        ({"balance_minor": "0"}, "INVALID_ARGS"),
        ({"balance_minor": "a lot"}, "INVALID_ARGS"),
        ({"leverage": "0"}, "INVALID_ARGS"),
        ({"exponent": "-1"}, "INVALID_ARGS"),
        ({"currency": "CHF"}, "INVALID_ARGS"),
        ({"trader": "x" * 1_000}, "INVALID_ARGS"),
    ],
)
def test_an_account_that_could_not_be_kept_is_refused(changed: dict[str, str], retcode: str) -> None:
    office = Office()
    result, told = office.ask("create_account", "", **{**ADA, **changed})
    assert (result.state, result.retcode, len(told)) == (CommandState.FAILED, retcode, 1)
    assert not office.state.accounts


def test_a_hinted_login_is_used_once() -> None:
    office = Office()
    assert office.ask("create_account", "", **ADA, login_hint="700001")[0].vendor_ref == "700001"
    assert office.ask("create_account", "", **ADA, login_hint="700001")[0].retcode == "LOGIN_TAKEN"
    assert office.ask("create_account", "", **ADA)[0].vendor_ref == "700002"


@pytest.mark.parametrize(
    ("action", "mode", "allowed"),
    [
        ("block", TradeMode.BLOCKED, False),
        ("close_only", TradeMode.CLOSE_ONLY, False),
        ("unblock", TradeMode.FULL, True),
    ],
)
def test_rights_change_is_seen_in_the_account_before_the_result(action: str, mode: TradeMode, allowed: bool) -> None:
    office = Office()
    account = office.open_ada()
    result, told = office.ask(action)
    assert [type(event) for event in told] == [Account, CmdResult]
    assert (account.mode, told[0].trading_allowed, result.state) == (mode, allowed, CommandState.APPLIED)


def test_close_all_shows_every_deal_and_then_says_done() -> None:
    office = Office()
    account = office.open_ada()
    office.trade(account)
    office.trade(account, "XAUUSD")
    result, told = office.ask("close_all")
    assert [event.reason for event in told if isinstance(event, Deal)] == ["dealer", "dealer"]
    assert [event.vol for event in told if isinstance(event, Position)] == [0, 0]
    assert told[-1] is result
    assert not account.positions


def test_gold_at_its_rest_does_not_close_and_says_why() -> None:
    office = Office()
    account = office.open_ada()
    office.trade(account)
    office.trade(account, "XAUUSD")
    office.platform.pass_time(parse_utc("2014-05-01T21:30:00"))
    result, _ = office.ask("close_all")
    assert (result.state, result.retcode) == (CommandState.FAILED, "MARKET_CLOSED")
    assert [held.symbol for held in account.positions.values()] == ["XAUUSD"]
    office.platform.pass_time(parse_utc("2014-05-01T22:00:01"))
    assert office.ask("close_all")[0].state is CommandState.APPLIED
    assert not account.positions


def test_one_position_can_be_closed_in_part() -> None:
    office = Office()
    account = office.open_ada()
    office.trade(account)
    [position_id] = account.positions
    assert office.ask("close_pos", position=position_id, lots_e8=str(LOT // 4))[0].state is CommandState.APPLIED
    assert account.positions[position_id].lots_e8 == LOT * 3 // 4
    assert office.ask("close_pos", position="999")[0].retcode == "UNKNOWN_POSITION"
    assert office.ask("close_pos")[0].retcode == "INVALID_ARGS"
    assert office.ask("close_pos", position=position_id, lots_e8=str(LOT))[0].retcode == "INVALID_VOLUME"


def test_pending_orders_are_cancelled() -> None:
    office = Office()
    account = office.open_ada()
    books, now = office.platform.books, NOON + SECOND_US
    books.orders.place(account, Ticket("EURUSD", Side.BUY, OrderType.LIMIT, LOT, Terms(138_000)), now)
    _, told = office.ask("cancel_orders")
    assert [event.state for event in told if isinstance(event, Order)] == ["cancelled"]
    assert not account.orders


def test_money_moves_and_never_below_the_margin() -> None:
    office = Office()
    account = office.open_ada()
    _, told = office.ask("balance", amount_minor="-100000", kind="withdrawal", comment="payout 7")
    assert [(event.amount, event.balance_after) for event in told if isinstance(event, Cash)] == [(-100_000, 9_900_000)]
    office.trade(account)
    assert office.ask("balance", amount_minor="-9900000", kind="withdrawal")[0].retcode == "NO_MONEY"
    assert office.ask("balance", amount_minor="100", kind="withdrawal")[0].retcode == "INVALID_ARGS"
    assert office.ask("balance", amount_minor="100", kind="gift")[0].retcode == "INVALID_ARGS"


def test_group_and_leverage_are_changed_and_told() -> None:
    office = Office()
    account = office.open_ada()
    assert office.ask("set_group", group="phase-2")[1][0].group == "phase-2"
    assert office.ask("set_leverage", leverage="30")[1][0].leverage == 30
    assert (account.group, account.leverage, account.version) == ("phase-2", 30, 3)
    assert office.ask("set_leverage", leverage="5000")[0].retcode == "INVALID_ARGS"


@pytest.mark.parametrize(
    ("action", "acc", "retcode"),
    [
        ("close_all", "999", "UNKNOWN_ACCOUNT"),
        ("set_password", "700001", "UNKNOWN_ACTION"),
        ("", "700001", "UNKNOWN_ACTION"),
    ],
)
def test_what_cannot_be_done_is_answered_not_raised(action: str, acc: str, retcode: str) -> None:
    office = Office()
    office.open_ada()
    assert office.ask(action, acc)[0].retcode == retcode


def test_an_answer_always_fits_the_wire() -> None:
    office = Office()
    office.open_ada()
    result, _ = office.ask("set_leverage", leverage="9" * TEXT_LENGTH_MAX)
    assert result.retcode == "INVALID_ARGS"
    result, _ = office.ask("x" * NAME_LENGTH_MAX)
    assert result.retcode == "UNKNOWN_ACTION"


def test_a_snapshot_is_the_account_as_of_the_event_before_it() -> None:
    office = Office()
    account = office.open_ada()
    office.ask("create_account", "", **{**ADA, "trader": "ben"})
    office.trade(account)
    office.tellings.events.clear()
    office.requests.snapshot("", 41)
    first, second = office.tellings.events
    assert isinstance(first, Snapshot)
    assert isinstance(second, Snapshot)
    assert (first.acc, first.as_of_seq, second.acc, second.as_of_seq) == ("700001", 41, "700002", 42)
    assert (len(first.positions), second.positions, second.equity) == (1, (), 10_000_000)
    office.tellings.events.clear()
    office.requests.snapshot("700002", 50)
    assert [event.acc for event in office.tellings.events] == ["700002"]


def test_a_platform_with_groups_takes_accounts_into_those_alone_and_gives_no_leverage_besides_theirs() -> None:
    office = Office(House(groups=(Group("phase-1", (50, 100)), Group("slow", (30, 100)), Group("any"))))
    for wrong in ({"group": "vip"}, {"leverage": "30"}):
        result, _ = office.ask("create_account", "", **{**ADA, **wrong})
        assert (result.state, result.retcode) == (CommandState.FAILED, "INVALID_ARGS"), wrong
    ada = office.open_ada()
    for action, args in (("set_group", {"group": "vip"}), ("set_leverage", {"leverage": "30"})):
        result, told = office.ask(action, **args)
        assert (result.retcode, len(told), ada.group, ada.leverage) == ("INVALID_ARGS", 1, "phase-1", 100)
    assert office.ask("set_leverage", leverage="50")[0].retcode == "DONE"
    assert office.ask("set_group", group="slow")[0].retcode == "INVALID_ARGS", "it has no 1:50"
    assert office.ask("set_group", group="any")[0].retcode == "DONE"
    assert office.ask("set_leverage", leverage="7")[0].retcode == "DONE"


def test_groups_are_written_with_their_leverages_and_a_bridge_that_has_some_tells_them(tmp_path, capsys) -> None:
    asked = ["--key-file", "k", "--data-dir", "d"]
    options = parser().parse_args([*asked, "--group", "demo=30,100", "--group", "slow"])
    assert options.group == [Group("demo", (30, 100)), Group("slow")]
    for wrong in ("demo=", "demo=x", "=30", "demo=0"):
        with pytest.raises(SystemExit):
            parser().parse_args([*asked, "--group", wrong])
        assert "is no group" in capsys.readouterr().err
    outbox = Outbox(tmp_path / "outbox.db")
    plain = Identity(plugin="p", plugin_version="1", platform="x")
    told = hello_of(
        Identity(plugin="p", plugin_version="1", platform="x", groups=tuple(options.group)), outbox, 7, NOON
    )
    assert type(hello_of(plain, outbox, 7, NOON)) is Hello
    assert isinstance(told, HelloWithGroups)
    assert (told.groups, told.first_qseq, told.outbox_epoch) == (tuple(options.group), 7, outbox.epoch)
    outbox.close()
