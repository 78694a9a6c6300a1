"""What was withheld is owed: known by account with its decision, ordered anew by a person, and forgotten once it is served or moot."""

import pytest
from immutables import Map

from actors.effects import SendCommand
from actors.enforcement_plans import Owed
from actors.engine import Engine
from actors.owed import owed_after
from actors.states import readable_states, restore_states, state_bytes
from firm.commands import (
    BridgeMode,
    EnforceAgain,
    EngageKillSwitch,
    KillSwitch,
    MarkOrderPaid,
    PlaceOrder,
    RegisterTrader,
    ReleaseKillSwitch,
    ReviewOutcome,
    ReviewVerdict,
    SetBridgeMode,
)
from firm.facts import (
    AccountLinked,
    BreachDeclared,
    CommandQueued,
    CommandWithheld,
    DeskStopped,
    FlatConfirmed,
    PhasePassed,
    Refusal,
    Refused,
)
from firm.inputs import DealEntry, Side
from firm.phase import Standing

RUTH, OMAR = "staff:1", "staff:2"


def stop(stage):
    stage.put(EngageKillSwitch(by=RUTH, switch=KillSwitch.ENFORCEMENT, why="looks odd"))


def let_go_on(stage):
    for by in (RUTH, OMAR):
        stage.put(ReleaseKillSwitch(by=by, switch=KillSwitch.ENFORCEMENT, why="fine again"))


def mode(stage, mode):
    stage.put(SetBridgeMode(by=OMAR, bridge="sim", mode=mode, why="beside the old system"))


def hold(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    return account


def crash(stage):
    stage.tick("EURUSD", 137_000, 137_010)


def breach_unenforced(stage):
    account = hold(stage)
    stop(stage)
    crash(stage)
    return account


def suspect_unenforced(stage):
    """Its figures are too old to fail it by itself: close-only is what is withheld."""
    account = hold(stage)
    stage.wait(121)
    stop(stage)
    crash(stage)
    return account


def owed(stage, account):
    return stage.engine.desk("enforcement/sim").state.owed.get(account)


def again(stage, account, bridge="sim"):
    return stage.put(EnforceAgain(by=OMAR, bridge=bridge, account=account), account)


def refusals(answer):
    return [fact.refusal for _, fact in answer.facts if isinstance(fact, Refused)]


def seq_of(stage, kind):
    [seq] = [
        row.seq for batch in stage.batches for row, body in batch.rows if isinstance(body, kind)
    ]  # fmt: skip
    return seq


def carry_out(stage, account):
    """The platform does what is asked, step by step, to the plan's end."""
    while commands := stage.engine.desk("enforcement/sim").state.commands:
        for command, held in sorted(commands.items()):
            if held.queued.action == "close_all":
                stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-17_000.00")
            stage.applied(command, "", account)
        stage.flat(account, trading_allowed=False)


# --- known ---


def test_a_breach_that_nobody_enforced_is_owed_with_its_decision(stage):
    account = breach_unenforced(stage)
    let_go_on(stage)
    debt = owed(stage, account)
    assert (debt.purpose, debt.decision, debt.because) == ("flatten", seq_of(stage, BreachDeclared), "kill_switch")
    assert debt.last_seq - debt.first_seq == 3
    assert debt.login == stage.account(account).login


def test_a_winner_is_owed_the_closing_of_one_account_and_the_opening_of_the_next(stage):
    account = stage.sell()
    stop(stage)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.deal(account, "P1", Side.SELL, "10", 138_900, entry=DealEntry.OUT, profit="2_000.00")
    stage.equity(account, "102_000.00", "102_000.00")
    stage.equity(account, "102_000.00", "102_000.00")
    assert stage.facts(PhasePassed)
    assert owed(stage, account).purpose == "flatten"
    following = owed(stage, account + 1)
    assert (following.purpose, following.decision, following.args["balance_minor"]) == ("provision", 0, "10000000")


def test_a_plan_that_was_stopped_half_way_is_owed_as_a_whole(stage):
    account = hold(stage)
    crash(stage)
    stop(stage)
    for command in stage.facts(CommandQueued, account)[1:]:
        stage.applied(command.command, "", account)
    stage.flat(account, trading_allowed=False)
    assert [fact.action for fact in stage.facts(CommandWithheld)] == ["block"]
    assert owed(stage, account).purpose == "flatten"


def test_a_suspicion_that_is_confirmed_is_owed_the_whole_flattening(stage):
    account = suspect_unenforced(stage)
    assert owed(stage, account).purpose == "close_only"
    decision = stage.account(account).findings[-1].seq
    stage.put(
        ReviewVerdict(by=RUTH, account=account, decision=decision, outcome=ReviewOutcome.CONFIRM, why="so"), account
    )
    debt = owed(stage, account)
    assert (debt.purpose, debt.decision) == ("flatten", seq_of(stage, BreachDeclared))


def test_a_flattening_that_is_owed_does_not_become_less(stage, monkeypatch):
    """The account's desk stops: that it is to be close-only is withheld too, and takes nothing away."""
    account = breach_unenforced(stage)
    debt = owed(stage, account)

    def cursed(*_):
        raise KeyError("cursed")

    monkeypatch.setattr("actors.account_book.book_deal", cursed)
    stage.deal(account, "P2", Side.BUY, "1", 137_000)
    assert stage.facts(DeskStopped)
    assert stage.facts(CommandWithheld)[-1].action == "close_only"
    assert owed(stage, account) == debt
    let_go_on(stage)
    again(stage, account)
    assert stage.facts(CommandQueued, account)[-1].purpose == "flatten"


def test_an_account_that_is_on_the_platform_is_owed_no_opening():
    debt = Owed(
        login="", purpose="provision", decision=0, args={}, because="kill_switch", since_us=1, first_seq=5, last_seq=5
    )
    linked = AccountLinked(login="L7001")
    assert owed_after(Map({7001: debt}), linked, 6, 7001, 2) == Map()
    assert owed_after(Map({7001: debt}), linked, 6, 7002, 2) == Map({7001: debt})


def test_what_is_owed_survives_a_restart(stage):
    account = breach_unenforced(stage)
    captured = stage.engine.capture()
    written = {name: state_bytes(captured.states[name]) for name in sorted(captured.states)}
    second = Engine("0" * 32)
    restore_states(second, captured.of_seq, readable_states(written))
    assert second.desk("enforcement/sim").state.owed == Map({account: owed(stage, account)})


# --- ordered anew ---


def test_what_is_owed_is_ordered_anew_on_the_same_decision_and_the_withheld_stays_unsent(stage):
    account = breach_unenforced(stage)
    let_go_on(stage)
    withheld = stage.facts(CommandWithheld)
    answer = again(stage, account)
    queued = [fact for _, fact in answer.facts if isinstance(fact, CommandQueued)]
    assert [(one.purpose, one.step, one.action) for one in queued] == [
        ("flatten", 0, "close_only"),
        ("flatten", 1, "cancel_orders"),
        ("flatten", 2, "close_all"),
    ]
    assert {one.for_decision for one in queued} == {seq_of(stage, BreachDeclared)}
    sent = [effect for effect in stage.batches[-1].effects if isinstance(effect, SendCommand)]
    assert [one.command for one in sent] == [one.command for one in queued]
    assert owed(stage, account) is None
    carry_out(stage, account)
    assert stage.facts(FlatConfirmed)
    assert stage.facts(CommandWithheld) == withheld


def test_an_account_that_was_never_opened_is_opened(stage):
    stop(stage)
    stage.put(RegisterTrader(by="console", trader=1001, sealed="c0ffee"))
    stage.put(PlaceOrder(by="trader:1001", order=501, trader=1001, program="two-step", accounts=(7001, 7002)))
    stage.put(MarkOrderPaid(by=OMAR, order=501, reference="wire 1"))
    let_go_on(stage)
    again(stage, 7001)
    stage.provision(7001)
    assert stage.account(7001).standing is Standing.ACTIVE
    assert owed(stage, 7001) is None


def test_a_second_click_orders_nothing(stage):
    account = breach_unenforced(stage)
    let_go_on(stage)
    again(stage, account)
    queued = len(stage.facts(CommandQueued))
    assert refusals(again(stage, account)) == [Refusal.NOTHING_OWED]
    assert len(stage.facts(CommandQueued)) == queued


def test_nothing_is_ordered_while_the_switch_is_engaged_or_the_bridge_observes(stage):
    account = breach_unenforced(stage)
    assert refusals(again(stage, account)) == [Refusal.ENFORCEMENT_STOPPED]
    let_go_on(stage)
    mode(stage, BridgeMode.OBSERVE)
    assert refusals(again(stage, account)) == [Refusal.BRIDGE_OBSERVES]
    mode(stage, BridgeMode.ENFORCE)
    assert refusals(again(stage, account)) == []


@pytest.mark.parametrize("account", [7001, 9999])
def test_where_nothing_is_owed_nothing_is_ordered(stage, account):
    stage.sell()
    assert refusals(again(stage, account)) == [Refusal.NOTHING_OWED]


# --- served otherwise, or no longer wanted ---


def test_an_account_that_somebody_closed_on_the_platform_is_confirmed_and_owed_nothing(stage):
    account = breach_unenforced(stage)
    stage.flat(account, trading_allowed=True)
    assert owed(stage, account).purpose == "flatten"
    stage.flat(account, trading_allowed=False)
    [flat] = stage.facts(FlatConfirmed)
    assert flat.login == stage.account(account).login
    assert owed(stage, account) is None


def test_a_suspicion_that_is_dismissed_is_owed_its_release_until_the_platform_shows_trading_allowed(stage):
    account = suspect_unenforced(stage)
    stage.tick("EURUSD", 138_690, 138_700)
    decision = stage.account(account).findings[-1].seq
    stage.put(
        ReviewVerdict(by=RUTH, account=account, decision=decision, outcome=ReviewOutcome.DISMISS, why="no"), account
    )
    assert owed(stage, account).purpose == "release"
    stage.snapshot(account, trading_allowed=True)
    assert owed(stage, account) is None


def test_a_suspicion_dismissed_after_the_switch_was_released_leaves_nothing_owed(stage):
    account = suspect_unenforced(stage)
    let_go_on(stage)
    stage.tick("EURUSD", 138_690, 138_700)
    decision = stage.account(account).findings[-1].seq
    stage.put(
        ReviewVerdict(by=RUTH, account=account, decision=decision, outcome=ReviewOutcome.DISMISS, why="no"), account
    )
    assert stage.facts(CommandQueued, account)[-1].action == "unblock"
    assert owed(stage, account) is None


def test_close_only_is_served_where_the_platform_lets_nobody_trade(stage):
    account = suspect_unenforced(stage)
    stage.snapshot(account, trading_allowed=True)
    assert owed(stage, account).purpose == "close_only"
    stage.snapshot(account, trading_allowed=False)
    assert owed(stage, account) is None


def test_a_breach_enforced_later_takes_the_place_of_what_was_owed(stage):
    account = suspect_unenforced(stage)
    let_go_on(stage)
    decision = stage.account(account).findings[-1].seq
    stage.put(
        ReviewVerdict(by=RUTH, account=account, decision=decision, outcome=ReviewOutcome.CONFIRM, why="so"), account
    )
    assert stage.facts(CommandQueued, account)[-1].purpose == "flatten"
    assert owed(stage, account) is None
