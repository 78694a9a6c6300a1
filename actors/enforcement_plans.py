"""Enforcement plans: which actions serve which purpose, in which order, how often they are tried, and what is kept of them."""

import msgspec
from immutables import Map
from msgspec.structs import replace

from actors.effects import SendCommand
from actors.messages import Enforce
from firm.commands import BridgeMode
from firm.facts import CommandQueued
from firm.inputs import AccountReported, CommandState
from firm.instant import MINUTE_US

PLANS: dict[str, tuple[str, ...]] = {
    "provision": ("create_account",),
    "close_only": ("close_only",),
    "pause": ("close_only", "cancel_orders", "close_all"),
    "flatten": ("close_only", "cancel_orders", "close_all", "block"),
    "release": ("unblock",),
    "close": ("close_all",),
    "regroup": ("set_group",),
    "releverage": ("set_leverage",),
}
# Sent together, in the plan's order: a bridge works off one request after the other, and an account in breach loses more with each
# look at the platform between them. What is left of a plan waits until the platform shows all of these done.
_AT_ONCE = frozenset({"close_only", "cancel_orders", "close_all"})
# A plan is replaced only by a stronger one, or by another of its strength.
_STRENGTH = {
    "provision": 0,
    "regroup": 1,
    "releverage": 1,
    "close": 1,
    "release": 1,
    "close_only": 1,
    "pause": 2,
    "flatten": 3,
}
FINAL = frozenset({CommandState.CONFIRMED, CommandState.FAILED})
_UNANSWERED = frozenset({CommandState.QUEUED, CommandState.ACKED})
NEVER_RECEIVED = "never_received"  # a bridge's word on a command that is not in its outbox
REPLACED = "replaced by a later order"  # a command that worked, whose work was undone before anybody saw it
TRIES_MAX = 5
CLOSE_TRIES_MAX = 200  # at half an hour each: longer than any market is closed
RETRY_WAIT_MAX_US = 30 * MINUTE_US


class OpenCommand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A command whose end is not known yet. `since_us`: when it was last sent or advanced; `probes`: how often it was asked about since
    it was queued, the last time at `asked_us`, or 0."""

    account: int
    queued: CommandQueued
    state: CommandState
    since_us: int
    probes: int = 0
    asked_us: int = 0

    @property
    def waits_from_us(self) -> int:
        """When something last happened about it, on either side."""
        return max(self.since_us, self.asked_us)


class Plan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is being done about an account.

    `waiting`: the steps that were sent and whose end is not known, each with its command; `through`: the last one that was sent.
    `failed`: those that failed since, and `failed_us` when the last of them did, or 0: they are tried again together. `failures`: in how
    many rounds some have failed since those that went out together were got past; each wait is twice as long as the one before, and
    there is an end. `failed_step`: up to which step it must come to be past what failed: some go back before they are tried again.
    """

    login: str
    purpose: str
    decision: int
    args: dict[str, str]
    waiting: tuple[tuple[int, str], ...] = ()
    through: int = -1
    failed: tuple[int, ...] = ()
    failed_us: int = 0
    failures: int = 0
    failed_step: int = 0


class Owed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What enforcement withheld from an account and the platform still lacks: the strongest purpose, and what it rests on.

    `because`: kill_switch or observe_mode. `first_seq` to `last_seq`: the rows that withheld it.
    """

    login: str
    purpose: str
    decision: int
    args: dict[str, str]
    because: str
    since_us: int
    first_seq: int
    last_seq: int


class EnforcementState(msgspec.Struct, frozen=True, kw_only=True):
    """One bridge's open commands by id, plans by account, whose account each login is, and what is owed by account.

    Maps, of which another that differs in one place costs no copy: each row about any of thousands of accounts makes a new state.
    They go through their keys in an order that is another in each process: sort before anything follows from it.
    """

    bridge: str
    mode: BridgeMode = BridgeMode.OBSERVE
    halted: bool = False
    connected: bool = False
    commands: Map[str, OpenCommand] = Map()
    plans: Map[int, Plan] = Map()
    logins: Map[str, int] = Map()
    owed: Map[int, Owed] = Map()


def are_answered(state: EnforcementState, answered: OpenCommand) -> bool:
    """Whether the bridge has spoken of all that was sent together with a command, and said yes to some of it."""
    plan = state.plans.get(answered.account)
    commands = {command for _, command in plan.waiting} if plan is not None else set()
    states = {
        held.state for one in (*commands, answered.queued.command) if (held := state.commands.get(one)) is not None
    }
    return CommandState.APPLIED in states and not states & _UNANSWERED


def may_be_asked(held: OpenCommand, now_us: int, probes_max: int) -> bool:
    """A few times at each deadline; then seldom, for a bridge that comes to its senses: a position may be open for it."""
    return held.probes < probes_max or now_us - held.waits_from_us >= RETRY_WAIT_MAX_US


def is_asked_about(state: EnforcementState, plan: Plan, probes_max: int) -> bool:
    """Whether something that was sent may still come to an end by itself: then what failed is not yet tried again."""
    return any(state.commands[command].probes < probes_max for _, command in plan.waiting)


def why_withheld(state: EnforcementState) -> str:
    """Why nothing is sent to the platform now: kill_switch or observe_mode; "" while commands go out."""
    if state.halted:
        return "kill_switch"
    return "observe_mode" if state.mode is BridgeMode.OBSERVE else ""


def is_covered(order: Enforce, running: Plan) -> bool:
    """Whether what runs already does what is asked, or more. A release undoes anything but a flattening."""
    if order.purpose == "release":
        return running.purpose in ("release", "flatten")
    return order.purpose == running.purpose or _STRENGTH[order.purpose] < _STRENGTH[running.purpose]


def is_replaced(owed: str, ordered: str) -> bool:
    """Whether ordering one purpose leaves nothing to do of another that is owed."""
    if owed in ("provision", "flatten") or ordered == "provision":
        return owed == ordered
    return "release" in (owed, ordered) or _STRENGTH[ordered] >= _STRENGTH[owed]


def plan_of(owed: Owed) -> Plan:
    """The whole of it, from its first step: each step changes nothing where it was taken already."""
    return Plan(login=owed.login, purpose=owed.purpose, decision=owed.decision, args=owed.args)


def sent_together(purpose: str, step: int) -> range:
    """The steps that go out with one: to the last one before which nothing has to be seen."""
    actions, end = PLANS[purpose], step + 1
    while end < len(actions) and actions[end - 1] in _AT_ONCE and actions[end] in _AT_ONCE:
        end += 1
    return range(step, end)


def taken_up(before: Plan | None, fact: CommandQueued) -> Plan:
    """The plan with a step that was queued. Until all that went out with the one that failed is got past, its failures are kept."""
    told = {"login": fact.login, "purpose": fact.purpose, "decision": fact.for_decision, "args": fact.args}
    mine = (fact.step, fact.command)
    if before is None or before.purpose != fact.purpose:
        return Plan(**told, waiting=(mine,), through=fact.step)  # type: ignore[arg-type]
    waiting = (*(other for other in before.waiting if other[0] != fact.step), mine)
    plan = replace(before, **told, waiting=waiting, through=fact.step, failed=(), failed_us=0)
    is_past = fact.step > sent_together(plan.purpose, plan.failed_step)[-1]
    return replace(plan, failures=0, failed_step=0) if is_past else plan


def is_waited_for(plan: Plan | None, queued: CommandQueued) -> bool:
    """Whether the plan waits for this very command, and not for one that has taken its place."""
    return plan is not None and plan.purpose == queued.purpose and (queued.step, queued.command) in plan.waiting


def is_seen_already(plan: Plan | None, action: str) -> bool:
    """Whether a step was sent, and seen done."""
    if plan is None or action not in PLANS[plan.purpose]:
        return False
    step = PLANS[plan.purpose].index(action)
    return step <= plan.through and step not in _open_steps(plan)


def is_wanted(state: EnforcementState, held: OpenCommand) -> bool:
    """Whether a command that was lost should still be carried out."""
    plan = state.plans.get(held.account)
    return plan is not None and is_waited_for(plan, held.queued) and not is_overtaken(plan, held.queued.step)


def may_be_seen(held: OpenCommand, probes_max: int) -> bool:
    """Whether what the platform shows ends a command: it said yes, or was asked often enough. A login is the platform's to say."""
    is_past_asking = held.state is CommandState.UNKNOWN and held.probes >= probes_max
    return held.state is CommandState.APPLIED or (is_past_asking and held.queued.action != "create_account")


def seen(plan: Plan, step: int) -> Plan:
    """The platform shows a step done."""
    return replace(plan, waiting=_without(plan, step))


def failed(plan: Plan, step: int, at_us: int) -> Plan:
    """A step failed. What fails on the way back to one that failed before counts with it, and so does what was sent with it."""
    return replace(
        plan,
        waiting=_without(plan, step),
        failed=(*plan.failed, step),
        failed_us=at_us,
        failures=plan.failures + (not plan.failed),
        failed_step=max(step, plan.failed_step),
    )


def is_overtaken(plan: Plan, step: int) -> bool:
    """Whether how a step ends matters no more: a block that is out does what close-only would have done."""
    actions = PLANS[plan.purpose]
    return actions[step] == "close_only" and "block" in actions[: plan.through + 1]


def _without(plan: Plan, step: int) -> tuple[tuple[int, str], ...]:
    return tuple(other for other in plan.waiting if other[0] != step)


def _open_steps(plan: Plan) -> set[int]:
    return {step for step, _ in plan.waiting} | set(plan.failed)


def is_passed(plan: Plan) -> bool:
    """All of what was sent that something rests on is seen done. Where a block comes, nothing rests on close-only: it does more."""
    actions = PLANS[plan.purpose]
    return all(actions[step] == "close_only" and "block" in actions for step in _open_steps(plan))


def is_done(plan: Plan) -> bool:
    """All of it was sent, and is seen done."""
    return is_passed(plan) and plan.through + 1 == len(PLANS[plan.purpose])


def step_again(plan: Plan) -> int:
    """Where a plan goes on of which steps failed: what blocking found left must be cancelled and closed first."""
    steps, first = PLANS[plan.purpose], min(plan.failed)
    return steps.index("cancel_orders") if steps[first] == "block" else first


def tries_of(plan: Plan) -> int:
    """How often steps are tried: closing waits for a market to open; what a platform refuses otherwise, a person looks at."""
    patient = {"cancel_orders", "close_all", "block"}.intersection(PLANS[plan.purpose][step] for step in plan.failed)
    return CLOSE_TRIES_MAX if patient else TRIES_MAX


def is_given_up(plan: Plan) -> bool:
    """Nothing more is sent for it; it stands until the platform shows it done, by whomever, or something stronger is ordered."""
    return bool(plan.failed) and plan.failures >= tries_of(plan)


def keeps_failing(plan: Plan) -> bool:
    """For half an hour or longer, by the usual wait: whatever is tried on, a person must know."""
    return plan.failures >= TRIES_MAX


def wait_us(plan: Plan, retry_us: int) -> int:
    """Each wait is twice as long as the one before, up to half an hour: a weekend is long."""
    return min(retry_us << min(plan.failures - 1, 10), RETRY_WAIT_MAX_US)


def sending(queued: CommandQueued) -> SendCommand:
    return SendCommand(
        bridge=queued.bridge,
        command=queued.command,
        idem_key=queued.idem_key,
        login=queued.login,
        action=queued.action,
        args=queued.args,
        deadline_us=queued.deadline_us,
    )


def is_seen_on(report: AccountReported, queued: CommandQueued) -> bool:
    """Whether what the platform tells of an account shows that a command was carried out."""
    match queued.action:
        case "create_account":
            return bool(report.login)
        case "set_group":
            return report.group == queued.args["group"]
        case "set_leverage":
            return f"{report.leverage}" == queued.args["leverage"]
        case _:
            return False
