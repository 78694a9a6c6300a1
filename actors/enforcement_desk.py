"""Enforcement desk: what must happen on one bridge's platform, in steps, each seen on the platform before the plan is done.

A purpose is a plan of actions. An action is a command with a life: QUEUED, ACKED by the bridge's journal, APPLIED by the
platform, CONFIRMED by what the platform itself then shows. Where nobody can say, the bridge is asked; nothing is resent blindly.
Order and checks: close-only, cancel and close go out together, in this order; see flat, block, see flat.
"""

from immutables import Map
from msgspec.structs import replace

from actors import enforcement_plans as plans
from actors.desk import Turn
from actors.effects import QueryCommand, RequestSnapshot
from actors.enforcement_plans import (
    FINAL,
    NEVER_RECEIVED,
    PLANS,
    REPLACED,
    EnforcementState,
    OpenCommand,
    Plan,
)
from actors.messages import AccountProvisioned, Enforce, Message
from actors.names import account_desk
from actors.owed import is_served, owed_after, shows_flat
from actors.unfinished import Unfinished, oldest_first
from firm.commands import EnforceAgain, KillSwitch, SettleCommand
from firm.facts import (
    AccountLinked,
    BridgeEnrolled,
    BridgeModeChanged,
    CommandAdvanced,
    CommandProbed,
    CommandQueued,
    CommandWithheld,
    Fact,
    FlatConfirmed,
    KillSwitchEngaged,
    KillSwitchReleased,
    OverrideGranted,
    Refusal,
    Refused,
)
from firm.ids import id_text
from firm.inputs import (
    AccountReported,
    BridgeConnected,
    BridgeDisconnected,
    ClockTicked,
    CommandAcknowledged,
    CommandReported,
    CommandState,
    Input,
    SnapshotReported,
)

_ANSWERS = frozenset({CommandState.APPLIED, CommandState.FAILED, CommandState.UNKNOWN})
_STOPPED = {"kill_switch": Refusal.ENFORCEMENT_STOPPED, "observe_mode": Refusal.BRIDGE_OBSERVES}


class EnforcementDesk:
    """One bridge's enforcement."""

    def __init__(self, name: str, bridge: str) -> None:
        self.name = name
        self.bridge = bridge
        self.restore(EnforcementState(bridge=bridge))

    def capture(self) -> EnforcementState:
        return self.state

    def restore(self, state: EnforcementState) -> None:
        self.state = state
        self._unfinished = Unfinished(state.commands, state.plans)

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:
        self._fold_plans(body, account, happened_us)
        owed = owed_after(self.state.owed, body, seq, account, happened_us)
        if owed is not self.state.owed:
            self.state = replace(self.state, owed=owed)

    def _fold_plans(self, body: Input | Fact, account: int, happened_us: int) -> None:
        state = self.state
        match body:
            case BridgeEnrolled() | BridgeModeChanged():
                self.state = replace(state, mode=body.mode)
            case KillSwitchEngaged() | KillSwitchReleased() if body.switch is KillSwitch.ENFORCEMENT:
                self.state = replace(state, halted=isinstance(body, KillSwitchEngaged))
            case BridgeConnected():
                commands = Map({key: replace(held, since_us=happened_us) for key, held in state.commands.items()})
                self.restore(replace(state, connected=True, commands=commands))
            case BridgeDisconnected():
                self.state = replace(state, connected=False)
            case AccountLinked():
                self.state = replace(state, logins=state.logins.set(body.login, account))
            case CommandQueued():
                self._fold_queued(body, account, happened_us)
            case CommandAdvanced():
                self._fold_advanced(body, happened_us)
            case CommandProbed():
                self._fold_probed(body, happened_us)
            case FlatConfirmed() | CommandWithheld() | OverrideGranted():
                self._plan(account, None)
            case AccountReported() | SnapshotReported():
                plan = state.plans.get(account)
                if plan is not None and plans.is_given_up(plan) and is_served(plan, body):  # by somebody's hand
                    self._plan(account, None)

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case Enforce():
                self._start(message, turn)
            case CommandAcknowledged():
                self._advance(message.command, CommandState.ACKED, "", turn)
            case CommandReported():
                self._hear(message, turn)
            case AccountReported():
                self._see_account(message, turn)
            case SnapshotReported():
                self._see_snapshot(message, turn)
            case BridgeConnected():
                self._resume(turn)
            case ClockTicked():
                self._watch_the_clock(message.at_us, turn)
            case SettleCommand():
                self._settle(message, turn)
            case EnforceAgain():
                self._enforce_again(message, turn)
            case BridgeDisconnected():
                return
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    # --- plans ---

    def _start(self, order: Enforce, turn: Turn) -> None:
        running = self.state.plans.get(order.account)
        if running is not None and plans.is_covered(order, running):
            return
        plan = Plan(login=order.login, purpose=order.purpose, decision=order.decision, args=order.args)
        self._go_on(order.account, plan, 0, turn)

    def _enforce_again(self, command: EnforceAgain, turn: Turn) -> None:
        """What was withheld stays unsent: this is a new order, on the strength of the same decision."""
        owed, stopped = self.state.owed.get(command.account), plans.why_withheld(self.state)
        if owed is not None and not stopped:
            self._go_on(command.account, plans.plan_of(owed), 0, turn)
            return
        refusal = Refusal.NOTHING_OWED if owed is None else _STOPPED[stopped]
        detail = f"account {id_text(command.account)} on bridge {self.bridge}"
        turn.record(Refused(refusal=refusal, detail=detail), command.account)

    def _withhold(self, account: int, plan: Plan, step: int, turn: Turn) -> None:
        """Observe mode reaches all verdicts; what it would have done is said, and never done later."""
        because = plans.why_withheld(self.state)
        for action in PLANS[plan.purpose][step:]:
            turn.record(
                CommandWithheld(
                    bridge=self.bridge,
                    login=plan.login,
                    action=action,
                    args=plan.args,
                    because=because,
                    for_decision=plan.decision,
                ),
                account,
            )

    def _go_on(self, account: int, plan: Plan, step: int, turn: Turn) -> None:
        """Send a step of the plan and those that go with it, in their order; or withhold what is left."""
        if plans.why_withheld(self.state):
            self._withhold(account, plan, step, turn)
            return
        for one in plans.sent_together(plan.purpose, step):
            self._queue(account, plan, one, turn)

    def _queue(self, account: int, plan: Plan, step: int, turn: Turn) -> None:
        """Write the intent with its key, once, then let the courier send it after the commit."""
        command = f"{turn.lineage[:8]}-{turn.next_seq}"
        queued = CommandQueued(
            command=command,
            idem_key=f"eh-{command}",
            bridge=self.bridge,
            login=plan.login,
            action=PLANS[plan.purpose][step],
            args=plan.args,
            deadline_us=turn.header.received_us + turn.policy.command_deadline_us,
            for_decision=plan.decision,
            purpose=plan.purpose,
            step=step,
        )
        turn.record(queued, account)
        turn.effect(plans.sending(queued))

    # --- what the bridge says ---

    def _hear(self, report: CommandReported, turn: Turn) -> None:
        held = self.state.commands.get(report.command)
        if held is None:
            return
        # A bridge may say "confirmed"; it is the platform's word all the same, and what it shows is looked at here.
        said = CommandState.APPLIED if report.state is CommandState.CONFIRMED else report.state
        if (
            held.queued.action == "create_account"
            and said is CommandState.APPLIED
            and not self._is_its_login(report, held)
        ):
            detail = f"login {report.vendor_ref!r} is empty or another account's"
            self._advance(report.command, CommandState.UNKNOWN, detail, turn)
            return
        self._advance(report.command, said, report.retcode or report.vendor_ref, turn)
        if said is CommandState.UNKNOWN and report.retcode == NEVER_RECEIVED:
            self._send_again(held, turn)
        match held.queued.action:
            case "close_all" | "cancel_orders" | "block" | "unblock" | "close_only":
                if said in _ANSWERS and plans.are_answered(self.state, held):
                    # The platform's yes is not yet the state we want: look, once for all that was sent together.
                    turn.effect(RequestSnapshot(bridge=self.bridge, login=held.queued.login))
            case _ if said is not CommandState.APPLIED:
                return
            case "create_account":
                provisioned = AccountProvisioned(login=report.vendor_ref, at_us=turn.header.happened_us)
                turn.send(account_desk(held.account), provisioned)
            case _:
                self._confirm(report.command, turn)

    def _send_again(self, held: OpenCommand, turn: Turn) -> None:
        """It was lost on the way. The bridge knows commands by id: should it come after all, the second one changes nothing.

        What no plan waits for any more is not sent: it would undo what was ordered since, or take what is lawful again.
        """
        if not plans.is_wanted(self.state, held):
            self._advance(held.queued.command, CommandState.FAILED, REPLACED, turn)
        elif held.state in (CommandState.QUEUED, CommandState.UNKNOWN) and not plans.why_withheld(self.state):
            turn.effect(plans.sending(held.queued))

    def _is_its_login(self, report: CommandReported, held: OpenCommand) -> bool:
        """New, or told again: a bridge that is asked repeats what it said."""
        return bool(report.vendor_ref) and self.state.logins.get(report.vendor_ref, held.account) == held.account

    def _see_account(self, report: AccountReported, turn: Turn) -> None:
        for command, held in self._to_be_seen(turn):
            if plans.is_seen_on(report, held.queued):
                self._confirm(command, turn)

    def _see_snapshot(self, report: SnapshotReported, turn: Turn) -> None:
        left = "positions_left" if report.positions else "orders_left" if report.pending_orders else ""
        account = turn.header.account
        owed, plan = self.state.owed.get(account), self.state.plans.get(account)
        given_up = plan if plan is not None and plans.is_given_up(plan) else None
        if shows_flat(owed, report) or shows_flat(given_up, report):
            turn.record(FlatConfirmed(bridge=self.bridge, login=report.login), account)
        for command, held in self._to_be_seen(turn):
            match held.queued.action:
                case "cancel_orders" if report.positions and plans.is_seen_already(
                    self.state.plans.get(account), "close_all"
                ):
                    # An order was filled after closing and before it could be cancelled: both again.
                    self._advance(command, CommandState.FAILED, left, turn)
                case "cancel_orders" if not report.pending_orders:
                    self._confirm(command, turn)
                case "close_all" if not report.positions:
                    self._confirm(command, turn)
                case "cancel_orders" | "close_all":
                    self._advance(command, CommandState.FAILED, left, turn)
                case "block" if not (left or report.trading_allowed or self._is_replaced(account, held)):
                    self._confirm(command, turn)
                    turn.record(FlatConfirmed(bridge=self.bridge, login=report.login), account)
                case "block" if left:
                    # Something was placed or filled before the block: cancel and close again, then block again.
                    self._advance(command, CommandState.FAILED, left, turn)
                case "close_only" | "unblock" as action if report.trading_allowed == (action == "unblock"):
                    self._confirm(command, turn)
                case "close_only" | "unblock" if self._is_replaced(account, held):
                    self._advance(command, CommandState.FAILED, REPLACED, turn)
                case "close_only" | "block" | "unblock" if held.probes >= turn.policy.probes_max:
                    # It does not stand: an earlier command may have been carried out after it.
                    self._advance(command, CommandState.FAILED, "not_in_effect", turn)

    def _is_replaced(self, account: int, held: OpenCommand) -> bool:
        """Another purpose is under way, and what the platform shows is its work."""
        plan = self.state.plans.get(account)
        return plan is not None and plan.purpose != held.queued.purpose

    def _confirm(self, command: str, turn: Turn) -> None:
        self._advance(command, CommandState.CONFIRMED, "", turn)

    def _advance(self, command: str, state: CommandState, detail: str, turn: Turn) -> None:
        held = self.state.commands.get(command)
        if held is None or held.state is state:
            return
        was_waited_for = plans.is_waited_for(self.state.plans.get(held.account), held.queued)
        turn.record(CommandAdvanced(bridge=self.bridge, command=command, state=state, detail=detail), held.account)
        plan = self.state.plans.get(held.account)
        if state in FINAL and was_waited_for and plan is not None and plans.is_passed(plan):
            self._go_on(held.account, plan, plan.through + 1, turn)

    def _to_be_seen(self, turn: Turn) -> list[tuple[str, OpenCommand]]:
        """The account's commands that the platform said yes to, or says nothing of any more, oldest first."""
        found = [(command, self.state.commands[command]) for command in self._unfinished.of(turn.header.account)]
        return [(command, held) for command, held in found if plans.may_be_seen(held, turn.policy.probes_max)]

    # --- time and doubt ---

    def _resume(self, turn: Turn) -> None:
        """A bridge came back: what it may not have got is sent again under the same id, what it had is asked about."""
        for command, held in oldest_first(self.state.commands):
            if (
                held.state is CommandState.QUEUED
                and plans.is_wanted(self.state, held)
                and not plans.why_withheld(self.state)
            ):
                turn.effect(plans.sending(held.queued))
            else:
                turn.effect(QueryCommand(bridge=self.bridge, command=command))

    def _watch_the_clock(self, now_us: int, turn: Turn) -> None:
        if not self.state.connected:
            return
        sent_before_us = now_us - turn.policy.command_deadline_us
        for command in self._unfinished.waiting_since_before(sent_before_us, self.state.commands):
            held = self.state.commands[command]
            if plans.may_be_asked(held, now_us, turn.policy.probes_max):
                self._probe(command, held, turn)
        for account in self._unfinished.failed():
            plan = self.state.plans[account]
            waited = now_us - plan.failed_us > plans.wait_us(plan, turn.policy.close_retry_us)
            if (
                waited
                and not plans.is_asked_about(self.state, plan, turn.policy.probes_max)
                and not plans.is_given_up(plan)
            ):
                self._go_on(account, plan, plans.step_again(plan), turn)

    def _probe(self, command: str, held: OpenCommand, turn: Turn) -> None:
        if held.state is CommandState.APPLIED:
            turn.record(CommandProbed(bridge=self.bridge, command=command, attempt=held.probes + 1), held.account)
            turn.effect(RequestSnapshot(bridge=self.bridge, login=held.queued.login))
            return
        self._advance(command, CommandState.UNKNOWN, "no result by the deadline", turn)
        turn.record(CommandProbed(bridge=self.bridge, command=command, attempt=held.probes + 1), held.account)
        turn.effect(QueryCommand(bridge=self.bridge, command=command))

    def _settle(self, command: SettleCommand, turn: Turn) -> None:
        held = self.state.commands.get(command.command)
        if held is None:
            detail = f"command {command.command} is not open on {self.bridge}"
            turn.record(Refused(refusal=Refusal.UNKNOWN_COMMAND, detail=detail))
            return
        if command.happened:
            self._confirm(command.command, turn)
        else:
            self._advance(command.command, CommandState.FAILED, f"{command.by}: {command.why}", turn)

    # --- folding ---

    def _fold_queued(self, fact: CommandQueued, account: int, happened_us: int) -> None:
        held = OpenCommand(account=account, queued=fact, state=CommandState.QUEUED, since_us=happened_us)
        self.state = replace(self.state, commands=self.state.commands.set(fact.command, held))
        self._unfinished.opened(fact.command, held)
        self._plan(account, plans.taken_up(self.state.plans.get(account), fact))

    def _fold_advanced(self, fact: CommandAdvanced, happened_us: int) -> None:
        held = self.state.commands.get(fact.command)
        if held is None:
            return
        if fact.state not in FINAL:
            self._keep(fact.command, replace(held, state=fact.state, since_us=happened_us))
            return
        plan = self.state.plans.get(held.account)
        if plan is not None and plans.is_waited_for(plan, held.queued):
            if fact.state is CommandState.FAILED and not plans.is_overtaken(plan, held.queued.step):
                self._plan(held.account, plans.failed(plan, held.queued.step, happened_us))
            else:
                then = plans.seen(plan, held.queued.step)
                self._plan(held.account, None if plans.is_done(then) else then)
        self.state = replace(self.state, commands=self.state.commands.delete(fact.command))
        self._unfinished.ended(fact.command, held)

    def _fold_probed(self, fact: CommandProbed, happened_us: int) -> None:
        held = self.state.commands.get(fact.command)
        if held is not None:
            self._keep(fact.command, replace(held, probes=fact.attempt, asked_us=happened_us))

    def _keep(self, command: str, held: OpenCommand) -> None:
        """An open command, advanced."""
        self.state = replace(self.state, commands=self.state.commands.set(command, held))
        self._unfinished.advanced(command, held)

    def _plan(self, account: int, plan: Plan | None) -> None:
        """What is now being done about an account; None for nothing more."""
        known = self.state.plans
        if plan is not None or account in known:
            self.state = replace(self.state, plans=known.delete(account) if plan is None else known.set(account, plan))
            self._unfinished.planned(account, plan)
