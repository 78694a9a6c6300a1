"""Enforcement over a line that loses things: in the end the platform is as ordered, and nothing is sent that nobody orders any more."""

import random
from dataclasses import dataclass, field

import pytest

from actors.effects import QueryCommand, RequestSnapshot, SendCommand
from actors.enforcement_plans import NEVER_RECEIVED, RETRY_WAIT_MAX_US
from firm.facts import CommandAdvanced, CommandProbed, CommandQueued, FlatConfirmed
from firm.inputs import BridgeDisconnected, CommandReported, CommandState, DealEntry, Side
from firm.instant import SECOND_US
from firm.phase import Standing
from firm.policy import Policy
from tests.greeting import greeting

DAY_S = 24 * 3_600


def running(stage, account, action):
    return [fact for fact in stage.facts(CommandQueued, account) if fact.action == action][-1]


def breach(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 137_000, 137_010)
    return account


def said(stage, account, command, state, retcode=""):
    told = CommandReported(
        bridge="sim",
        seq=stage.next_seq(),
        command=command,
        state=state,
        retcode=retcode,
        vendor_ref="",
        t_us=stage.now_us,
    )
    stage.put(told, account)


def sent_since(stage, batch):
    return [effect.action for one in stage.batches[batch:] for effect in one.effects if isinstance(effect, SendCommand)]


def reconnect(stage):
    stage.put(BridgeDisconnected(bridge="sim", session="s1", reason="cable"))
    stage.put(greeting(session="s2", last_seq=stage.seq))


@pytest.fixture
def paused(hands):
    """A pause of which cancel and close were lost on the way; the trader closed by hand, and midnight has let the account go on."""
    soft = hands.ruleset(hands.daily_loss(on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER))
    stage = hands.Stage()
    stage.open_shop(hands.program(soft, soft))
    account = breach(stage)
    stage.applied(running(stage, account, "close_only").command, "", account)
    stage.wait(11)
    stage.clock()
    stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-1_700.00")
    stage.wait(DAY_S)
    for _ in range(2):
        stage.tick("EURUSD", 137_000, 137_010)
        stage.watermark()
    assert stage.account(account).standing is Standing.ACTIVE
    stage.applied(running(stage, account, "unblock").command, "", account)
    return stage, account


@pytest.mark.parametrize("how", ["asked", "reconnected"])
def test_what_a_release_has_taken_the_place_of_closes_nothing_that_is_lawful(paused, how):
    stage, account = paused
    lost = [running(stage, account, action).command for action in ("cancel_orders", "close_all")]
    since = len(stage.batches)
    if how == "reconnected":
        reconnect(stage)
    for command in lost:
        said(stage, account, command, CommandState.UNKNOWN, NEVER_RECEIVED)
    assert sent_since(stage, since) == []
    ended = {fact.command: fact.state for fact in stage.facts(CommandAdvanced)}
    assert [ended[command] for command in lost] == [CommandState.FAILED] * 2


def test_a_lost_close_only_does_not_lift_the_block_that_came_after_it(stage):
    account = breach(stage)
    for action in ("cancel_orders", "close_all"):
        stage.applied(running(stage, account, action).command, "", account)
    stage.wait(11)
    stage.clock()
    stage.flat(account, trading_allowed=True)
    stage.applied(running(stage, account, "block").command, "", account)
    stage.flat(account, trading_allowed=False)
    assert stage.facts(FlatConfirmed, account)
    since = len(stage.batches)
    said(stage, account, running(stage, account, "close_only").command, CommandState.UNKNOWN, NEVER_RECEIVED)
    assert sent_since(stage, since) == []


def test_what_is_never_answered_is_ended_by_what_the_platform_shows(stage):
    """Nobody says whether the order was cancelled; it was filled."""
    account = breach(stage)
    for action in ("close_only", "close_all"):
        stage.applied(running(stage, account, action).command, "", account)
    stage.wait(11)
    stage.clock()
    stage._snapshot(account, (), trading_allowed=False, orders=1)
    for _ in range(Policy().probes_max):
        stage.wait(11)
        stage.clock()
    stage.snapshot(account)
    stage.wait(61)
    stage.clock()
    assert sent_since(stage, -1) == ["cancel_orders", "close_all"]


def test_whoever_never_answers_is_asked_again_every_half_hour(stage):
    account = breach(stage)
    for _ in range(20):
        stage.wait(11)
        stage.clock()
    asked = len(stage.facts(CommandProbed, account))
    stage.wait(RETRY_WAIT_MAX_US / SECOND_US - 60)
    stage.clock()
    stage.wait(61)
    stage.clock()
    assert len(stage.facts(CommandProbed, account)) == asked + 3
    held = stage.engine.desk("enforcement/sim").state.commands
    assert all(stage.now_us - one.since_us > RETRY_WAIT_MAX_US for one in held.values()), "asking is no news"


# --- any line ---


@dataclass
class LossyPlatform:
    """It does what reaches it, once for each command, and answers; for a while the line loses a quarter of everything."""

    stage: object
    account: int
    dice: random.Random
    refuses_close_only: bool
    orders: int = 1
    position: bool = True
    mode: str = "full"
    loses: bool = True
    answers: dict = field(default_factory=dict)
    place: int = 0

    def work_off(self):
        while self.place < len(self.stage.batches):
            batch, self.place = self.stage.batches[self.place], self.place + 1
            for effect in batch.effects:
                if self.loses and self.dice.random() < 0.25:
                    continue
                match effect:
                    case SendCommand() if effect.command not in self.answers:
                        self.answers[effect.command] = self._do(effect.action)
                        self._answer(effect.command)
                    case QueryCommand():
                        self._answer(effect.command)
                    case RequestSnapshot():
                        self._show()

    def _do(self, action):
        match action:
            case "close_only" if self.refuses_close_only:
                return CommandState.FAILED
            case "close_only":
                self.mode = "close_only"
            case "block":
                self.mode = "block"
            case "cancel_orders":
                self.orders = 0
            case "close_all" if self.loses and self.dice.random() < 0.3:
                return CommandState.FAILED
            case "close_all":
                self.position = False
        return CommandState.APPLIED

    def _answer(self, command):
        if not (self.loses and self.dice.random() < 0.25):
            state = self.answers.get(command)
            word = (CommandState.UNKNOWN, NEVER_RECEIVED) if state is None else (state, "")
            said(self.stage, self.account, command, *word)

    def _show(self):
        allowed = self.mode == "full"
        if self.position:
            self.stage.snapshot(self.account, trading_allowed=allowed, orders=self.orders)
        else:
            self.stage._snapshot(self.account, (), trading_allowed=allowed, orders=self.orders)

    def fill(self):
        """An order that still waits becomes a position, unless trading is blocked."""
        if self.orders and self.mode != "block" and self.dice.random() < 0.15:
            self.orders, self.position = self.orders - 1, True


@pytest.mark.parametrize("seed", range(60))
def test_however_much_is_lost_the_account_is_flat_and_blocked_in_the_end(stage, seed):
    account = breach(stage)
    platform = LossyPlatform(stage, account, random.Random(seed), refuses_close_only=seed % 3 == 0)
    platform.place = len(stage.batches) - 1
    for step in range(140):
        platform.loses = step < 60
        platform.work_off()
        platform.fill()
        stage.wait(platform.dice.choice((5, 11, 20) if platform.loses else (11, 61, 600)))
        stage.clock()
    assert (platform.mode, platform.position, platform.orders) == ("block", False, 0)
    assert stage.facts(FlatConfirmed, account)
    assert account not in stage.engine.desk("enforcement/sim").state.plans
