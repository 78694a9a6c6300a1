"""Trader looks: a trader's accounts held against the rules across them: who broke one, by whose deal, and who keeps one again.

A deal is looked at as of its own instant, with what every account held then, and so is each change that any of them has seen since: by
the platforms' stamps, not by the order in which the firm heard of them. A rule that several accounts were sold alike is one rule: it is
broken once, and written down on the account whose deal did it. Where that account was not sold the rule, it is written down on one that
was: of those that hold the symbol the one that dealt in it last.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from actors.account_conduct import is_let_off, striking
from actors.desk import Turn
from actors.messages import HoldingsChanged, TogetherAsked, TogetherBroken, TogetherKept
from actors.names import account_desk
from actors.trader_accounts import HeldAccount, Known, known_accounts, rules_of_deals
from firm.account import AccountState, Finding
from firm.arithmetic import PLAIN
from firm.bounds import LOOKS_MAX, TOGETHER_ASKED_MAX
from firm.facts import Doubt
from firm.ids import id_text
from firm.phase import Standing
from firm.rules.across_accounts import AccountOfTrader, Together, is_counted, judge_across_accounts, symbol_of
from firm.rules.consequences import consequence_of
from firm.rules.judged import Judged
from firm.ruleset import LateBreach, Rule, rule_named
from firm.terms.exposure import AcrossAccounts
from firm.terms.words import Action

_UNCERTAIN = frozenset({Doubt.LATE_DATA, Doubt.PLATFORM_DOWN, Doubt.DESK_STOPPED})
"""What lets a soft breach wait: when the doubt is over, whatever stands then is looked at again."""


class _Shared(NamedTuple):
    """One rule, and the accounts that were sold it, each with its own wording. `program`: of the first of them."""

    rule: Rule
    program: str
    holders: list[tuple[Known, Rule]]

    def judge(self, accounts: list[AccountOfTrader], subject: str | None = None) -> tuple[Judged, ...]:
        return judge_across_accounts(PLAIN, self.rule, self.program, accounts, subject=subject)

    def counts(self, account: AccountOfTrader) -> bool:
        assert isinstance(self.rule.terms, AcrossAccounts)
        return is_counted(self.rule.terms, account, self.program)

    def without_waived(self, running: list[Known], at_us: int) -> list[Known]:
        """What an account holds while a person has waived the rule for it is not counted against the others either."""
        waived = {held.state.account for held, rule in self.holders if rule.id in held.state.overrides.waived_at(at_us)}
        return [held for held in running if held.state.account not in waived] if waived else running

    @property
    def known(self) -> set[str]:
        """Subjects that are known to break it."""
        return {one.subject for held, rule in self.holders for one in held.state.track.broken if one.rule == rule.id}


def look(accounts: dict[int, HeldAccount], changed: HoldingsChanged, turn: Turn) -> None:
    """Tell accounts what they break together, what is kept again, and what was seen broken and was not."""
    running = known_accounts(accounts, turn)
    instants = _instants(running, changed.at_us)
    for shared in _shared(running):
        _tell_kept(shared, running, turn)
        _tell_broken(shared, running, instants, changed, turn)
    if changed.dealt:
        _ask_anew(accounts, running, changed, turn)


def _shared(running: list[Known]) -> list[_Shared]:
    found: dict[object, _Shared] = {}
    for held in running:
        for rule in rules_of_deals(held.state.ruleset):
            terms = rule.terms
            assert isinstance(terms, AcrossAccounts)
            program = held.program if terms.same_program else ""
            alike = (terms.measured, terms.limit, terms.funded_only, program)
            found.setdefault(alike, _Shared(rule, held.program, [])).holders.append((held, rule))
    return list(found.values())


def _instants(running: list[Known], since_us: int) -> list[int]:
    """When what stands together may have changed since: the last one is the present."""
    began = {us for held in running for us in _began(held.state) if us > since_us}
    return [since_us, *sorted(began)[-LOOKS_MAX:]]


def _began(state: AccountState) -> Iterator[int]:
    """When its book changed."""
    yield state.book_since_us
    for book in state.earlier:
        yield book.from_us


def _at(accounts: list[Known], at_us: int) -> list[AccountOfTrader] | None:
    """All of them as of an instant; None where one of them is not known as it was then."""
    seen = [held.at(at_us) for held in accounts]
    known = [one for one in seen if one is not None]
    return known if len(known) == len(seen) else None


def _tell_kept(shared: _Shared, running: list[Known], turn: Turn) -> None:
    if not shared.known:
        return
    seen = [held.now for held in running]
    broken = {answer.subject for answer in shared.judge(seen) if answer.is_broken}
    for held, rule in shared.holders:
        for one in held.state.track.broken:
            if one.rule == rule.id and one.subject not in broken:
                together = Together(held.program, one.subject, _holding(shared, seen, one.subject))
                turn.send(
                    account_desk(held.state.account), TogetherKept(rule=rule.id, subject=one.subject, together=together)
                )


def _holding(shared: _Shared, seen: list[AccountOfTrader], subject: str) -> tuple[AccountOfTrader, ...]:
    """Those that count and hold the subject's symbol, with what they hold of it."""
    symbol = symbol_of(subject)
    of_symbol = (replace(one, held=tuple(each for each in one.held if each.symbol == symbol)) for one in seen)
    return tuple(one for one in of_symbol if one.held and shared.counts(one))


def _tell_broken(
    shared: _Shared, running: list[Known], instants: list[int], changed: HoldingsChanged, turn: Turn
) -> None:
    """The first instant counts at which a subject is seen to break the rule, and at which that can be acted on."""
    told = shared.known
    for at_us in instants:
        counted = shared.without_waived(running, at_us)
        seen = _at(counted, at_us)
        if seen is None:
            continue
        for answer in shared.judge(seen):
            if answer.is_broken and answer.subject not in told:
                moment = _Moment(answer, at_us, late=at_us < instants[-1])
                if _tell(shared, counted, moment, changed, turn):
                    told.add(answer.subject)


class _Moment(NamedTuple):
    """A rule seen broken. `late`: it is seen by looking back."""

    answer: Judged
    at_us: int
    late: bool


def _tell(shared: _Shared, running: list[Known], moment: _Moment, changed: HoldingsChanged, turn: Turn) -> bool:
    """Whether an account was told."""
    symbol, at_us = symbol_of(moment.answer.subject), moment.at_us
    concerned = []  # those that hold the symbol, each with what it held then
    for held in running:
        seen = held.at(at_us)
        if seen is not None and shared.counts(seen):
            in_symbol = tuple(one for one in seen.held if one.symbol == symbol)
            if in_symbol:
                concerned.append((held, replace(seen, held=in_symbol)))
    doer = _doer(concerned, at_us, changed)
    target, rule = _whose(shared, doer, concerned)
    state = target.state
    doubts = _doubts(state, [held for held, _ in concerned], moment, turn)
    is_soft = consequence_of(state, rule.id, striking(rule)) not in (Action.FAIL, Action.REVIEW)
    if is_let_off(state, rule, at_us) or (is_soft and (moment.late or _UNCERTAIN & set(doubts))):
        return False
    together = Together(target.program, moment.answer.subject, tuple(seen for _, seen in concerned), doubts)
    turn.send(account_desk(state.account), TogetherBroken(rule=rule.id, at_us=at_us, together=together))
    return True


_Concerned = list[tuple[Known, AccountOfTrader]]


def _doer(concerned: _Concerned, at_us: int, changed: HoldingsChanged) -> Known:
    """Whose deal did it: of those that hold the symbol the one that changed then, else the one that dealt in it last."""
    if changed.dealt and at_us == changed.at_us:
        for held, _ in concerned:
            if held.state.account == changed.account:
                return held
    then = [one for one in concerned if at_us in _began(one[0].state)]
    return _last_dealt(then or concerned)


def _whose(shared: _Shared, doer: Known, concerned: _Concerned) -> tuple[Known, Rule]:
    """On which account it is written down, with the rule as that one was sold it."""
    holders = {held.state.account: (held, rule) for held, rule in shared.holders}
    if doer.state.account in holders:
        return holders[doer.state.account]
    among = [one for one in concerned if one[0].state.account in holders]
    return holders[_last_dealt(among).state.account] if among else shared.holders[0]


def _last_dealt(concerned: _Concerned) -> Known:
    return max(concerned, key=lambda one: max(position.seq for position in one[1].held))[0]


def _doubts(told: AccountState, concerned: list[Known], moment: _Moment, turn: Turn) -> tuple[Doubt, ...]:
    """What is not certain of what the accounts held. That the account which is told drifts, it knows itself."""
    doubts: set[Doubt] = set()
    for held in concerned:
        state = held.state
        if state.drifting and state is not told:
            doubts.add(Doubt.DRIFT)
        if turn.is_stopped(account_desk(state.account)):
            doubts.add(Doubt.DESK_STOPPED)
        market = turn.market(state.bridge)
        doubts.update(market.doubts_about((), moment.at_us, 0))
        heard_us = moment.at_us - turn.policy.stale_after_us
        if market.latest_us < heard_us and not market.is_final(heard_us):
            doubts.add(Doubt.LATE_DATA)  # its platform has not told so far
    if moment.late and told.ruleset.late_breach is LateBreach.REVIEW:
        doubts.add(Doubt.LATE_DATA)
    return tuple(doubt for doubt in Doubt if doubt in doubts)


# --- what was seen broken, looked at again ---


def _ask_anew(accounts: dict[int, HeldAccount], running: list[Known], changed: HoldingsChanged, turn: Turn) -> None:
    """Something was told that had happened by then: was a rule broken that was seen broken?"""
    ended = known_accounts(accounts, turn, Standing.BREACHED)[-TOGETHER_ASKED_MAX:]
    for held in (*running, *ended):
        for finding in held.state.findings:
            if changed.account in finding.accounts and changed.at_us <= finding.at_us:
                because = (
                    f"what account {id_text(changed.account)} held then is known otherwise since row {turn.header.seq}"
                )
                broken = _was_broken(held, finding, accounts, turn)
                if broken is None:
                    because = f"{because}, and nobody can tell any more what all accounts held"
                if broken is not None or held.state.standing is Standing.BREACHED:
                    ask = TogetherAsked(decision=finding.seq, broken=broken, because=because)
                    turn.send(account_desk(held.state.account), ask)


def _was_broken(held: Known, finding: Finding, accounts: dict[int, HeldAccount], turn: Turn) -> bool | None:
    rule = rule_named(held.state.ruleset, finding.rule)
    assert rule is not None, f"account {held.state.account} has no rule {finding.rule}"
    states = {number: turn.account(number) for number in finding.accounts}
    then = [Known(state, accounts[number].program) for number, state in states.items() if state is not None]
    seen = _at(then, finding.at_us)
    if seen is None:
        return None
    answers = judge_across_accounts(PLAIN, rule, held.program, seen, subject=finding.subject)
    return any(answer.is_broken for answer in answers)
