"""Override view: what of an account's rules may be excepted, what an exception would do, and those that wait for a second person."""

import msgspec

from firm.account import AccountState
from firm.bounds import OVERRIDE_ASKED_DAYS
from firm.facts import FloorSet
from firm.grantable import adjustable, has_clock, waivable, why_not
from firm.instant import DAY_US
from firm.money import Money
from firm.override_effects import FloorMoved, floors_moved, mark_now
from firm.overrides import AdjustMark, Mark, Override
from firm.permissions import Permission
from firm.ruleset import Rule, rule_named
from firm.sentences.languages import Language
from firm.sentences.rule import title_of
from firm.staff import Staff
from storage.readmodels.overrides import OverrideLine
from web.account_view import AccountView


class Choices(msgspec.Struct, frozen=True):
    """What the forms offer. `waived`, `highs`: rules by id and title, these with the mark that is followed now; `breaches`: by decision.

    `balance`, `equity`: with which the day began; None where none has.
    """

    waived: tuple[tuple[str, str], ...] = ()
    highs: tuple[tuple[str, str, Money], ...] = ()
    balance: Money | None = None
    equity: Money | None = None
    breaches: tuple[tuple[int, str], ...] = ()
    has_clock: bool = False


class FloorShown(msgspec.Struct, frozen=True):
    """A floor that an exception moves. `stands`: what is held against it now; None where it has no price. `left`: to the new floor."""

    title: str
    before: Money
    after: Money
    stands: Money | None
    left: Money | None


class Preview(msgspec.Struct, frozen=True):
    """An exception before it is granted. `refused`: why it would not be; "" where nothing stands against it.

    `mark`: what it is now and would be, of an adjusted one.
    """

    override: Override
    refused: str
    mark: tuple[Money, Money] | None
    floors: tuple[FloorShown, ...]
    sets: tuple[FloorSet, ...]

    @property
    def of_day(self) -> bool:
        return isinstance(self.override, AdjustMark) and self.override.mark is not Mark.HIGH


def waiting_for_agreement(view: AccountView, staff: Staff) -> list[OverrideLine]:
    """Asked for, not too long ago, by somebody who still may, and neither granted nor asked anew since; newest first."""
    oldest_us, later, waiting = view.now_us - OVERRIDE_ASKED_DAYS * DAY_US, [], []
    for line in view.overrides:
        is_recent = line.at_us >= oldest_us and line.override not in later
        if not line.granted and is_recent and Permission.GRANT_OVERRIDES in staff.held_by(line.who):
            waiting.append(line)
        later.append(line.override)
    return waiting


def choices_of(state: AccountState | None) -> Choices:
    """`state`: the account's, None where nothing is known of it yet."""
    if state is None:
        return Choices()
    money = state.money
    highs = ((rule, mark_now(state, Mark.HIGH, rule.id)) for rule in adjustable(state))
    return Choices(
        waived=tuple((rule.id, _called(rule)) for rule in waivable(state.ruleset)),
        highs=tuple((rule.id, _called(rule), money(now)) for rule, now in highs if now is not None),
        balance=None if state.day is None else money(state.day.balance),
        equity=None if state.day is None else money(state.day.equity),
        breaches=tuple((one.seq, _rule_called(state, one.rule)) for one in state.findings if not one.doubts),
        has_clock=has_clock(state.ruleset),
    )


def preview_of(view: AccountView, state: AccountState | None, wanted: Override) -> Preview:
    """The same questions as when it is granted, at the prices of now."""
    if state is None:
        return Preview(wanted, "nothing is known of this account yet", None, (), ())
    equity = _equity_of(view)
    no = why_not(state, wanted, equity, view.now_us, view.now_us)
    refused = "" if no is None else no.detail
    if not isinstance(wanted, AdjustMark):
        return Preview(wanted, refused, None, (), ())
    moved = floors_moved(state, wanted, equity)
    now, money = mark_now(state, wanted.mark, wanted.rule), state.money
    return Preview(
        override=wanted,
        refused=refused,
        mark=None if now is None else (money(now), money(wanted.minor)),
        floors=tuple(_shown(state, one) for one in moved),
        sets=tuple(FloorSet(one.limit.rule.id, money(one.before), money(one.after)) for one in moved),
    )


def _equity_of(view: AccountView) -> int | None:
    live = view.live
    return None if live is None or len(live.positions) != live.positions_open else live.equity.minor


def _shown(state: AccountState, moved: FloorMoved) -> FloorShown:
    stands = None if moved.measured is None else state.money(moved.measured)
    before, after = state.money(moved.before), state.money(moved.after)
    return FloorShown(_called(moved.limit.rule), before, after, stands, None if stands is None else stands - after)


def _rule_called(state: AccountState, name: str) -> str:
    rule = rule_named(state.ruleset, name)
    return name if rule is None else _called(rule)


def _called(rule: Rule) -> str:
    """By its title, and by its id, as two rules may have one title."""
    return f"{title_of(rule, Language.ENGLISH)} ({rule.id})"
