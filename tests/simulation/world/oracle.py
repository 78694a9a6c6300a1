"""Oracle: the same market and the same deals through a fresh engine, each at its own instant, with nothing late, lost or doubled.

It knows no network, no disk and no platform that answers: what the platform did is its history. Only the openings of
accounts are answered, because nobody trades on an account that is not there.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace
from world.firm_files import LINEAGE
from world.market import SOLD
from world.platform import Told

from actors.arrival import Arrival
from actors.directory import Directory
from actors.engine import Engine
from bridges.events import CmdAck, CmdResult, Event, encode_event
from bridges.translate import Translator, sealed_as
from firm import facts as f
from firm import inputs as i
from firm.account import AccountState
from firm.commands import Command
from firm.instant import DAY_US, SECOND_US
from firm.kinds import Body, body_of
from firm.phase import Standing
from firm.quote_frame import Tick, encode_quotes
from firm.rules.limits import limits_of
from storage.rows import StoredRow

OPEN = frozenset({Standing.SUSPECTED, Standing.UNDER_REVIEW})
ENDED = frozenset({Standing.BREACHED, Standing.CLOSED})
RUNNING = frozenset({Standing.ACTIVE, Standing.FUNDED, Standing.PAUSED})
TOLD_LATE_MAX_US = 60 * SECOND_US  # prices reach the firm within that, however late they are told
Verdict = tuple[str, str, int, int, int]
"""Kind, rule, instant, floor and observed equity in minor units."""


class Seen(NamedTuple):
    """What one account came to: where it stands, whether a pass of it is held, and every hard verdict.

    `suspected`: rules in question, `asked_us`: at which instants; `following`: rules with a floor that follows every tick;
    `paired`: a breach rests on the prices of more than one symbol; `undone`: a person is asked about one of those, because a price
    came late; `questioned`: a person had been asked something else about it when it was over.
    `passed_us`: the newest thing that was told when it passed, or 0. `day_us`: when its day began, or 0.
    """

    standing: Standing
    pass_held: bool
    verdicts: tuple[Verdict, ...]
    suspected: frozenset[str]
    asked_us: frozenset[int]
    following: frozenset[str]
    paired: bool
    undone: bool
    questioned: bool
    passed_us: int
    day_us: int

    @property
    def is_open(self) -> bool:
        """A person must settle something before anybody can say how it ends."""
        return self.standing in OPEN or self.pass_held

    @property
    def place(self) -> str:
        """A pause ends by itself at the next rollover; it is no verdict on the challenge."""
        return "running" if self.standing in RUNNING else self.standing.value

    @property
    def ended_us(self) -> int:
        """The instant of the first breach; 0 where there is none."""
        return min((at_us for kind, _, at_us, *_ in self.verdicts if kind == "breach"), default=0)

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(rule for _, rule, *_ in self.verdicts)


def seen(engine: Engine, rows: Sequence[tuple[int, Body]]) -> dict[int, Seen]:
    """Each first account of a challenge; `rows` are (account, body)."""
    found: dict[int, Seen] = {}
    for account in (sold.accounts[0] for sold in SOLD):
        state = engine.account(account)
        if state is not None:
            verdicts = tuple(told for of, body in rows if of == account and (told := _verdict(body)) is not None)
            asked = [body for of, body in rows if of == account and isinstance(body, f.BreachSuspected)]
            following = frozenset(limit.terms.id for limit in limits_of(state) if limit.follows_every_tick)
            paired = any(
                of == account and isinstance(body, f.BreachDeclared | f.BreachSuspected) and len(body.quotes) > 1
                for of, body in rows
            )
            undone = any(
                of == account and isinstance(body, f.VerdictCorrected) and body.verdict == "questioned"
                for of, body in rows
            )
            questioned = any(
                of == account and isinstance(body, f.StandingChanged) and body.before in OPEN and body.after in ENDED
                for of, body in rows
            )
            held = bool(state.pass_held_seq)
            passed_us = _passed_us(account, rows)
            day_us = state.day.day.start_us if state.day is not None else 0
            found[account] = Seen(
                state.standing, held, verdicts, frozenset(one.rule for one in asked),
                frozenset(one.at_us for one in asked), following, paired, undone, questioned, passed_us, day_us,
            )  # fmt: skip
    return found


def _passed_us(account: int, rows: Sequence[tuple[int, Body]]) -> int:
    newest_us = 0
    for of, body in rows:
        if of == account and isinstance(body, f.PhasePassed):
            return newest_us
        newest_us = max(newest_us, getattr(body, "t_us", 0) if of == account else 0)
    return 0


def floors_of(state: AccountState) -> dict[str, int]:
    """Where its floors lie now, but for those that follow every tick: a price that came late moved no peak."""
    if state.day is None or not state.day.final:
        return {}
    return {limit.terms.id: limit.floor for limit in limits_of(state) if not limit.follows_every_tick}


def differs(
    ours: Seen,
    theirs: Seen,
    *,
    in_order: bool,
    deals_late: bool,
    passed_over: Sequence[tuple[int, int]],
    pass_frozen: bool,
) -> str:
    """Why what the firm decided is not what the oracle decided; "" where it is.

    `passed_over`: stretches of prices that the firm does not look at again by the floor of then, before cash; and stamps that several
    symbols share, of which it looks at the last alone. `pass_frozen`: prices were really missing when the oracle passed, or after that.

    Where nothing was told late, verdicts are the same to the cent and the microsecond; but a price at which two rules are broken is
    looked at again when the day's start is final, which comes later here: the second rule, too, may then be a question. What comes in
    meanwhile, cash, moves the floor and the equity of such a breach by the same, and another rule may end the account first. Else
    the challenge ends the same way, except where the firm asks a person: it suspects, or holds the pass. No differences are then:

    - the rule that ended the account is another, which one side had only suspected by then (an open question about one rule
      suspends no other), or the oracle's breach came first (the price that shows it was told after the account was over)
    - a price that came late leaves the breach one, and with it another rule was broken at that instant too
    - an open question held a pass up, and what the trader held meanwhile ended the account
    - a pass waits for the end of an incident, of which the oracle knows none, and the trader may have traded on meanwhile
    - a pass waits: for the rollover that ends a pause, or for the platform's next figure after a deal that was told late, by
      when the trader may have traded on, and broken a limit with it
    - under a floor that follows every tick the firm lets an account go on that the oracle breaches, never the other way: a
      price that comes late moves no peak
    - the firm lets an account go on, or pass, that the oracle breaches shortly before a rollover, by a price that was told after it, or
      shortly before a withdrawal, which has moved the floor
    - a person is asked whether a breach stood at prices of several symbols, where the oracle breaches by another rule
    - the firm lets an account go on, or pass, that the oracle breaches, or suspects, between two prices of one stamp: looking again,
      it sees the prices of an instant together
    """
    if pass_frozen and theirs.place == "passed":
        return ""
    if in_order and (_only_asks(ours, theirs) or _only_asks(theirs, ours)):
        return ""
    if in_order:
        same = ours.verdicts == theirs.verdicts
        same = same or (ours.questioned and (_distances(ours) == _distances(theirs) or theirs.rules <= ours.suspected))
        return "" if same and ours.place == theirs.place else "not the same figures"
    if ours.is_open or _goes_on_unseen(ours, theirs, passed_over):
        return ""
    if ours.undone and not ours.rules & theirs.rules:
        return ""
    if theirs.place == "breached" and theirs.rules & theirs.following and not ours.rules & ours.following:
        return ""
    if ours.questioned and theirs.place == "passed":
        return ""
    if ours.place == "breached":
        if deals_late and 0 < theirs.passed_us < ours.ended_us:
            return ""
        same = ours.rules == theirs.rules or ours.rules <= theirs.suspected or theirs.rules <= ours.suspected
        same = same or theirs.ended_us < ours.ended_us or (theirs.ended_us == ours.ended_us and ours.paired)
        return "" if same and (theirs.place == "breached" or theirs.is_open) else "a breach that is none in order"
    waits = ours.standing is Standing.PAUSED or (deals_late and ours.place == "running")
    if waits and theirs.place == "passed":
        return ""
    return "" if ours.place == theirs.place else "another end, and nobody is asked"


def _goes_on_unseen(ours: Seen, theirs: Seen, passed_over: Sequence[tuple[int, int]]) -> bool:
    """Whether the firm never looked at what shows the oracle's breach."""
    if ours.place not in ("running", "passed"):
        return False
    after_rollover = 0 < ours.day_us - theirs.ended_us < TOLD_LATE_MAX_US
    behind = any(from_us <= theirs.ended_us <= to_us for from_us, to_us in passed_over if from_us < to_us)
    shown_us = {theirs.ended_us} if theirs.ended_us else theirs.asked_us if theirs.is_open else set()
    one_stamp = theirs.paired and bool(shown_us) and all((at_us, at_us) in passed_over for at_us in shown_us)
    return after_rollover or one_stamp or (behind and theirs.place == "breached")


def _only_asks(one: Seen, other: Seen) -> bool:
    """Whether the one asks a person about what ended the account of the other, where one was asked about something else first.

    When the platform last told its equity is not the same for both at a rollover: the oracle's day ends before anything else is told.
    """
    return one.is_open and other.questioned and other.rules <= one.suspected


def _distances(seen: Seen) -> list[tuple[str, str, int, int]]:
    return [(kind, rule, at_us, observed - floor) for kind, rule, at_us, floor, observed in seen.verdicts]


def _verdict(body: Body) -> Verdict | None:
    match body:
        case f.BreachDeclared() if body.severity == "hard":
            return "breach", body.rule, body.at_us, body.floor.minor, body.observed.minor
        case f.PhasePassed():
            return "pass", body.rule, 0, body.target.minor, body.observed.minor
        case _:
            return None


class Oracle:
    """An engine that is told everything in order. `logins`: the account that each login of the platform was opened for."""

    def __init__(self, logins: dict[str, int]) -> None:
        self.engine = Engine(LINEAGE.hex())
        self.rows: list[tuple[int, Body]] = []
        self._directory = Directory(self.engine)
        self._logins = logins
        self._now_us = 0
        self._seq = 0
        self._qseq = 1
        self._translator = Translator(self._directory, now_us=lambda: self._now_us)

    def hear(self, rows: Sequence[StoredRow], history: Sequence[Told]) -> None:
        for at_us, what in _in_order(rows, history):
            if at_us > self._now_us and self._seq:
                self._now_us = at_us
                self._put(i.Watermark(bridge="sim", t_us=at_us, seq=self._seq, qseq=self._qseq - 1))
            self._now_us = max(self._now_us, at_us)
            match what:
                case i.PolicyAdopted():
                    policy = replace(what.policy, incident_after_us=DAY_US)  # in order no price is missing
                    self._put(i.PolicyAdopted(policy=policy))
                case i.Input():
                    self._put(what, getattr(what, "account", 0))
                case list():
                    self._quote(what)
                case CmdResult():
                    self._open(what)
                case CmdAck():
                    pass
                case _:
                    self._report(what)

    def _put(self, body: i.Input, account: int = 0, happened_us: int = 0, frame: bytes | None = None) -> None:
        batch = self.engine.decide([Arrival(body, happened_us or self._now_us, self._now_us, account, frame)])
        self.rows.extend((row.account, body) for row, body in batch.rows)
        self._directory.learn(batch)

    def _quote(self, ticks: list[Tick]) -> None:
        """Of one instant, in the platform's order."""
        raw = encode_quotes(self._seq, ticks)
        digest = hashlib.sha256(raw).hexdigest()
        at_us = ticks[0].t_us
        frame = i.QuoteFrame(
            bridge="sim", qseq=self._qseq, after_seq=self._seq, n=len(ticks), first_us=at_us, last_us=at_us,
            conflated=False, sha256=digest,
        )  # fmt: skip
        self._qseq += len(ticks)
        self._put(frame, frame=raw, happened_us=at_us)

    def _report(self, event: Event) -> None:
        self._seq += 1
        said = self._translator.translate("sim", self._seq, encode_event(event))
        body = sealed_as(said.body, hashlib.sha256(said.personal).hexdigest(), "") if said.personal else said.body
        self._put(body, said.account, said.happened_us)

    def _open(self, result: CmdResult) -> None:
        account = self._logins.get(result.vendor_ref, 0) if result.acc == "" else 0
        queued = [body for of, body in self.rows if of == account and isinstance(body, f.CommandQueued)]
        wanted = [body for body in queued if body.action == "create_account"]
        if account and wanted:
            self._seq += 1
            self._put(
                i.CommandReported(
                    bridge="sim", seq=self._seq, command=wanted[-1].command, state=i.CommandState.APPLIED, retcode="",
                    vendor_ref=result.vendor_ref, t_us=self._now_us,
                ),
                account,
            )  # fmt: skip


def _in_order(rows: Sequence[StoredRow], history: Sequence[Told]) -> Iterator[tuple[int, Any]]:
    """What the firm's people did and what the platform did, by instant; the people first. Prices of one instant come together."""
    ours = [(row.received_us, 0, row.seq, body_of(row.kind, row.payload)) for row in rows if row.cause == 0]
    people = [one for one in ours if isinstance(one[3], Command | i.PolicyAdopted | i.ClockTicked)]
    theirs = [(told.at_us, 1, told.order, told.what) for told in history]
    ticks: list[Tick] = []
    for at_us, _, _, what in sorted([*people, *theirs], key=lambda one: one[:3]):
        if ticks and not (isinstance(what, Tick) and what.t_us == ticks[0].t_us):
            yield ticks[0].t_us, ticks
            ticks = []
        if isinstance(what, Tick):
            ticks.append(what)
        else:
            yield at_us, what
    if ticks:
        yield ticks[0].t_us, ticks
