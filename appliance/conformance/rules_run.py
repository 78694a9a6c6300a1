"""Rules run: a ruleset over a history of marks: day by day what each of its rules says, and what broke or won when.

An account is led through the history by the ledger's own rows, and looked at by the very functions that judge accounts. There are no
prices: rules that value positions, and loss limits of late data, have nothing to go by and say so.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from actors.account_conduct import consequence_now, subjects_known
from actors.account_conduct import kind_of as kind_of_rule
from actors.account_verdicts import kind_of, open_limits
from appliance.conformance.history import (
    Close,
    Day,
    Entry,
    HistoryRefused,
    Open,
    Payout,
    Rollover,
    Score,
    Tick,
    Told,
    minor_of,
    units_of,
)
from appliance.conformance.led import Led
from appliance.conformance.marked import BEGINS_US
from firm.arithmetic import PLAIN, Figure
from firm.equity import Board
from firm.explain import consequence_in_words, measured_in_words
from firm.facts import (
    BreachDeclared,
    RuleBroken,
    RuleKeptAgain,
    ScorePublished,
    StandingChanged,
    TargetLeft,
    TargetReached,
    TradingDayCounted,
)
from firm.inputs import Side
from firm.money import Money
from firm.objective import Objective
from firm.objective_answers import answer_of
from firm.objective_rows import objectives_of
from firm.pass_words import conditions_in_words
from firm.phase import Standing
from firm.price import LOTS_SCALE
from firm.rules.consequences import gravity
from firm.rules.consistency_limit import condition_of, conditions_met, pass_grounds, shares_at_target
from firm.rules.endings import is_over
from firm.rules.judged import Judged, Unit, Verdict
from firm.rules.limits import Limit, first_broken, limits_of, measured_of
from firm.rules.looks import Glance, glance, is_look, look
from firm.rules.winning import Moment, noted_targets, target_balance_of, won
from firm.ruleset import Rule, Ruleset
from firm.terms.objectives import ProfitTarget, TargetMeasure
from firm.terms.words import Action, Consequence

DAYS_MAX = 4_000
_BOARD = Board({}, {})


class Happened(msgspec.Struct, frozen=True):
    """What a line brought about. `rule` "" where it is the phase that is won."""

    line: int
    rule: str
    what: str
    text: str


class RuleStands(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule at the end of a day: figures of money as text with their currency, others in `unit`."""

    rule: str
    kind: str
    progress: str
    sentence: str
    how: str
    used_bp: int
    floor: str | None = None
    headroom: str | None = None
    target: str | None = None
    current: str | None = None
    observed: int | None = None
    limit: int | None = None
    unit: Unit | None = None


class RunDay(msgspec.Struct, frozen=True):
    """A trading day of the history, with its marks at its end (or where the history ends). Lines are 0 of one of which none tells."""

    day: str
    first_line: int
    last_line: int
    balance: str
    equity: str
    happened: tuple[Happened, ...]
    rules: tuple[RuleStands, ...]


class Ran(msgspec.Struct, frozen=True):
    """The whole run. `ended`: by what the phase was over before the history was; None where it was not."""

    ruleset: str
    ruleset_id: str
    initial: str
    days: tuple[RunDay, ...]
    ended: Happened | None


def run(ruleset: Ruleset, initial: Money, history: Iterable[Told], path: str) -> Ran:
    """Raises HistoryRefused with the line and the field of what cannot have happened."""
    told = tuple(history)
    first = next((one for one in told if one.at_us is not None), None)
    begins_us = BEGINS_US if first is None or first.at_us is None else first.at_us - isinstance(first.entry, Rollover)
    runner = _Runner(ruleset, initial, begins_us)
    for one in told:
        if runner.ended is not None:
            break
        try:
            runner.take(one)
        except ValueError as wrong:
            raise HistoryRefused(f"{path}, line {one.line}, {wrong}") from wrong
    if runner.has_unwritten:
        runner.write_day()
    return Ran(ruleset.name, ruleset.ruleset_id(), str(initial), tuple(runner.days), runner.ended)


class _Runner(Led):
    def __init__(self, ruleset: Ruleset, initial: Money, at_us: int) -> None:
        self.days: list[RunDay] = []
        self.ended: Happened | None = None
        self._happened: list[Happened] = []
        self._line = self._first_line = self._last_line = self._told_us = 0
        super().__init__(ruleset, initial, at_us)
        self.fold(StandingChanged(before=Standing.PROVISIONING, after=Standing.ACTIVE, because="history"))

    @property
    def has_unwritten(self) -> bool:
        return self._first_line > 0 or bool(self._happened)

    # --- a line ---

    def take(self, told: Told) -> None:
        """Raises ValueError, which begins with the field."""
        self._line = told.line
        at_us = told.at_us
        assert self.account.day is not None
        if at_us is not None and at_us < self.account.day.day.start_us:
            self._say("", "late", "came after its day was over, and changes nothing")
            return
        if at_us is not None and at_us < self._told_us:
            raise ValueError("t: it is before the line above: write what happened in its order")
        self._told_us = self._told_us if at_us is None else at_us
        is_end = isinstance(told.entry, Rollover) and at_us == self.day_end_us
        if at_us is not None and not is_end:
            self._pass_to(at_us)
        if self.ended is None:
            self._first_line, self._last_line = self._first_line or told.line, told.line
            self._happen(told.entry, at_us)

    def _pass_to(self, at_us: int) -> None:
        """Days that end before an entry end with the marks that stood."""
        while at_us >= self.day_end_us and self.ended is None:
            self.rollover(self.balance, self.equity)
        self.at_us = max(self.at_us, at_us) if self.ended is None else self.at_us

    def _happen(self, entry: Entry, at_us: int | None) -> None:
        match entry:
            case Tick():
                self.tick(*self._marks(entry), self.at_us if at_us is not None else None)
            case Rollover():
                if at_us is not None and at_us != self.day_end_us:
                    raise ValueError(f"t: by the ruleset's calendar the day of {self._label} ends at another instant")
                self.rollover(*self._marks(entry))
            case Day():
                self._step(at_us)
                self._trade_a_day(minor_of(entry.pnl, self._initial, "pnl"))
            case Payout():
                amount = minor_of(entry.amount, self._initial, "amount")
                if amount <= 0:
                    raise ValueError("amount: a payout is above zero")
                self.payout(amount)
            case Open():
                self._step(at_us)
                self._open(entry)
            case Close():
                self._step(at_us)
                self._close(entry)
            case Score():
                self._step(at_us)
                self.fold(ScorePublished(board=entry.board, score=entry.score, by="history", why="history"))
                self.judge(at_rollover=False)

    def _step(self, at_us: int | None) -> None:
        """What names no instant happens right after what was before it."""
        if at_us is None:
            self.at_us += 1

    def _marks(self, entry: Tick | Rollover) -> tuple[int, int]:
        balance = minor_of(entry.balance, self._initial, "balance")
        return balance, balance if entry.equity is None else minor_of(entry.equity, self._initial, "equity")

    def _trade_a_day(self, pnl: int) -> None:
        name = f"day {self._line}"
        self._count_day()
        self.deal(name, "X", Side.BUY, LOTS_SCALE, 0, opens=True, net=0)
        self.at_us += 1
        floating = self.equity - self.balance
        self.deal(name, "X", Side.BUY, LOTS_SCALE, 0, opens=False, net=pnl)
        self.equity = self.balance + floating
        self.judge(at_rollover=False)
        if self.ended is None:
            self.rollover(self.balance, self.equity)

    def _open(self, entry: Open) -> None:
        lots_e8 = self._lots(entry.lots)
        held, side = self.account.position(entry.pos), Side(entry.side)
        if held is not None and (held.symbol, held.side) != (entry.symbol, side):
            raise ValueError(f"pos: {entry.pos} is held in {held.symbol}, {held.side}")
        self._count_day()
        self.deal(entry.pos, entry.symbol, side, lots_e8, 0, opens=True, net=0)
        self.judge(at_rollover=False)

    def _close(self, entry: Close) -> None:
        held = self.account.position(entry.pos)
        if held is None:
            raise ValueError(f"pos: nothing called {entry.pos} is open")
        lots_e8 = held.lots_e8 if entry.lots is None else self._lots(entry.lots)
        if lots_e8 > held.lots_e8:
            raise ValueError(f"lots: {entry.pos} has no more than {held.lots_e8} lots times 10^8")
        pnl = minor_of(entry.pnl, self._initial, "pnl")
        self.deal(entry.pos, held.symbol, held.side, lots_e8, 0, opens=False, net=pnl)
        self.equity = self.balance if not self.account.positions else self.equity
        self.judge(at_rollover=False)

    def _lots(self, lots: Decimal) -> int:
        lots_e8 = units_of(lots, LOTS_SCALE, "lots")
        if lots_e8 <= 0:
            raise ValueError("lots: a volume is above zero")
        return lots_e8

    def _count_day(self) -> None:
        if self.account.last_day_traded != self._label:
            self.fold(TradingDayCounted(label=self._label, count=self.account.days_traded + 1))

    # --- judging ---

    def rollover(self, balance: int, equity: int, at_us: int | None = None) -> None:
        if len(self.days) >= DAYS_MAX:
            raise ValueError(f"t: that is more than {DAYS_MAX} days after the first")
        super().rollover(balance, equity, at_us)
        if self.ended is None:
            for rule in self.account.ruleset.rules:
                if self.ended is None and is_over(PLAIN, self.account, rule, self.at_us):
                    self._end(rule.id, "over", "the phase has run out of time")

    def _close_day(self) -> None:
        """What the rules say at the day's end is said before the next one begins."""
        self.write_day()
        super()._close_day()

    def judge(self, *, at_rollover: bool) -> None:
        if self.ended is not None:
            return
        self._note_targets()
        limits = open_limits(self.account, limits_of(self.account), self.at_us)
        broken = first_broken(limits, self.equity, self.balance, at_rollover=at_rollover)
        # At a day's last instant nothing is looked at yet but what stands in the place of a pass.
        ruleset = self.account.ruleset
        looked_at = (
            shares_at_target(ruleset) if at_rollover else [rule for rule in ruleset.rules if is_look(rule.terms)]
        )
        rules = self._rules_broken(looked_at)
        rules.sort(key=lambda found: (-gravity(found[2]), found[0].place))
        if rules and (broken is None or gravity(rules[0][2]) > gravity(broken.does)):
            self._break_rule(*rules.pop(0))
        if broken is not None and self.ended is None:
            self._break_limit(broken)
        for found in rules:
            if self.ended is None:
                self._break_rule(*found)
        if broken is None and self.ended is None and won(PLAIN, self.account, Moment(self.at_us, self._figure)):
            self._end("", "passed", self._won_in_words())

    def _note_targets(self) -> None:
        """Since when one stands where it must, for those that must be held or that latch."""
        for rule in noted_targets(self.account.ruleset):
            assert isinstance(rule.terms, ProfitTarget)
            measured = self.equity if rule.terms.measured is TargetMeasure.EQUITY else self.balance
            is_known = any(one.rule == rule.id for one in self.account.track.reached)
            is_reached = measured >= target_balance_of(self.account, rule)
            if is_reached != is_known:
                kind = TargetReached if is_reached else TargetLeft
                self.fold(kind(rule=rule.id, observed=self.money(measured), at_us=self.at_us))

    def _break_limit(self, limit: Limit) -> None:
        observed, floor = self.money(measured_of(PLAIN, limit, self.equity, self.balance)), self.money(limit.floor)
        self.fold(
            BreachDeclared(
                rule=limit.rule.id, rule_kind=kind_of(limit), severity="hard" if limit.hard else "soft", floor=floor,
                observed=observed, at_us=self.at_us, late=False, reviewed=False, quotes=(), working=(), does=limit.does,
            )
        )  # fmt: skip
        text = f"{observed} against a floor of {floor}. {consequence_in_words(limit.does)}"
        self._end(limit.rule.id, "broken", text) if limit.does is Action.FAIL else self._say(
            limit.rule.id, "broken", text
        )

    def _won_in_words(self) -> str:
        """With all that won it: where days or trades alone do, no target tells of it."""
        grounds = conditions_met(pass_grounds(PLAIN, self.account, Moment(self.at_us, self._figure)))
        conditions = conditions_in_words((condition_of(*one) for one in grounds), self._initial)
        return f"the phase is passed with a balance of {self.money(self.balance)}: {'; '.join(conditions)}"

    def _rules_broken(self, looked_at: Iterable[Rule]) -> list[tuple[Rule, Judged, Consequence]]:
        """Rules that are no loss limits, of subjects that did not break them before."""
        seen = self._glance()
        found: list[tuple[Rule, Judged, Consequence]] = []
        for rule in looked_at:
            answers = look(PLAIN, rule, seen)
            known, broken = subjects_known(self.account, rule), {one.subject for one in answers if one.is_broken}
            for subject in sorted(known - broken):
                self.fold(RuleKeptAgain(rule=rule.id, subject=subject))
            does = consequence_now(self.account, rule)
            found += [(rule, one, does) for one in answers if one.is_broken and one.subject not in known]
        return found

    def _break_rule(self, rule: Rule, answer: Judged, does: Consequence) -> None:
        self.fold(
            RuleBroken(
                rule=rule.id, rule_kind=kind_of_rule(rule), does=does, unit=answer.unit, limit=answer.limit,
                observed=answer.observed, subject=answer.subject, at_us=self.at_us, reviewed=False, calendar="", working=(),
            )
        )  # fmt: skip
        figures = (measured_in_words(value, answer.unit, self._initial) for value in (answer.observed, answer.limit))
        about = f" ({answer.subject})" if answer.subject else ""
        text = f"{' against '.join(figures)}{about}. {consequence_in_words(does)}"
        self._end(rule.id, "broken", text) if does is Action.FAIL else self._say(rule.id, "broken", text)

    # --- telling ---

    @property
    def _label(self) -> str:
        assert self.account.day is not None
        return self.account.day.day.label

    @property
    def _figure(self) -> Figure:
        return Figure(self.equity, "")

    def _glance(self) -> Glance:
        return glance(self.account, _BOARD, self._figure, self.at_us)

    def _say(self, rule: str, what: str, text: str) -> Happened:
        happened = Happened(self._line, rule, what, text)
        self._happened.append(happened)
        return happened

    def _end(self, rule: str, what: str, text: str) -> None:
        self.ended = self._say(rule, what, text)

    def write_day(self) -> None:
        """The day as it stands."""
        seen = self._glance()
        moving = {row.rule: row for row in objectives_of(self.account, self.equity, self.at_us)}
        rows = (moving.get(rule.id) or answer_of(rule, seen) for rule in self.account.ruleset.rules)
        marks = str(self.money(self.balance)), str(self.money(self.equity))
        lines = (self._first_line, self._last_line) if self._first_line else (0, 0)
        self.days.append(RunDay(self._label, *lines, *marks, tuple(self._happened), tuple(map(_stands, rows))))
        self._happened, self._first_line = [], 0


def _stands(row: Objective) -> RuleStands:
    told = RuleStands(
        rule=row.rule,
        kind=row.kind,
        progress=row.progress.value,
        sentence=row.sentence,
        how=row.how,
        used_bp=row.used_bp,
        floor=_text(row.floor),
        headroom=_text(row.headroom),
        target=_text(row.target),
        current=_text(row.current),
    )
    judged = row.judged
    if judged is None or judged.verdict is Verdict.SILENT:
        return told
    return replace(told, observed=judged.observed, limit=judged.limit, unit=judged.unit)


def _text(money: Money | None) -> str | None:
    return None if money is None else str(money)
