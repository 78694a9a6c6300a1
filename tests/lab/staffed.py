"""A staffed world: people review what is in question, make exceptions, use switches, and reset a breaker that trips easily."""

import random
from typing import Any

from msgspec.structs import replace

from firm.commands import (
    AddStaff,
    EngageKillSwitch,
    EnrolBridge,
    GrantOverride,
    KillSwitch,
    PublishScore,
    ReleaseKillSwitch,
    ResetBreaker,
    ReviewOutcome,
    ReviewVerdict,
)
from firm.inputs import Input, PolicyAdopted
from firm.instant import HOUR_US
from firm.overrides import AdjustMark, Mark, Override, Reinstate, WaiveRule
from tests.worlds.terms import BOARD
from tests.worlds.world import World

SWITCHES = (KillSwitch.FAILURES, KillSwitch.PASSES)


class Staffed(World):
    def __init__(self, seed: int, steps: int) -> None:
        self._whim = random.Random(f"staff {seed}")
        self._engaged: set[KillSwitch] = set()
        super().__init__(seed, steps)

    def put(self, body: Input, account: int = 0, frame: bytes | None = None, at_us: int | None = None) -> Any:
        if isinstance(body, PolicyAdopted):
            body = replace(body, policy=replace(body.policy, breaker_accounts_max=1))
        if isinstance(body, EnrolBridge):
            for number in (1, 2):
                super().put(AddStaff(by="console", staff=number, role="owner", sealed=""))
        return super().put(body, account, frame, at_us)

    def _step(self, step: int) -> None:
        super()._step(step)
        whim = self._whim.random()
        if whim < 0.5:
            self._review()
        elif whim < 0.55:
            self.put(ResetBreaker(by="staff:1", why="the prices were looked at"))
        elif whim < 0.6:
            self._switch(self._whim.choice(SWITCHES))
        elif whim < 0.75:
            self._make_an_exception()
        elif whim < 0.85:
            self._publish()

    def _review(self) -> None:
        for account in sorted(self._held):
            state = self.engine.account(account)
            assert state is not None
            for decision in [finding.seq for finding in state.findings] + [state.pass_held_seq] * bool(
                state.pass_held_seq
            ):
                outcome = self._whim.choice(list(ReviewOutcome))
                command = ReviewVerdict(
                    by="staff:1", account=account, decision=decision, outcome=outcome, why="looked at it"
                )
                self.put(command, account)
                return

    def _make_an_exception(self) -> None:
        account = self._whim.choice(sorted(self._held))
        state = self.engine.account(account)
        assert state is not None
        rule = self._whim.choice(state.ruleset.rules).id
        override: Override = WaiveRule(rule=rule, until_us=self.now_us + HOUR_US)
        if state.findings:
            override = Reinstate(decision=state.findings[-1].seq)
        elif self._whim.random() < 0.3:
            override = AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=state.initial.minor)
        command = GrantOverride(
            by="staff:1", account=account, override=override, why="the feed was wrong", evidence="ticket 7"
        )
        self.put(command, account)

    def _publish(self) -> None:
        account = self._whim.choice(sorted(self._held))
        board, score = self._whim.choice((BOARD, BOARD, "another")), self._whim.choice((4, 9, 10))
        self.put(PublishScore(by="staff:1", account=account, board=board, score=score, why="the cup"), account)

    def _switch(self, switch: KillSwitch) -> None:
        if switch not in self._engaged:
            self._engaged.add(switch)
            self.put(EngageKillSwitch(by="staff:1", switch=switch, why="the feed looks wrong"))
            return
        self._engaged.remove(switch)
        for by in ("staff:1", "staff:2"):
            self.put(ReleaseKillSwitch(by=by, switch=switch, why="the feed is right"))
