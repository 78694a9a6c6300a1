"""Trader accounts: what a trader's desk keeps of each account and order of one identity, and as what rules across accounts see them.

What an account holds is not kept here: its own state is the one place for that, and is read as it is.
"""

import msgspec

from actors.desk import Turn
from firm.account import AccountState, Position
from firm.arithmetic import Figure
from firm.facts import AccountOpened
from firm.ids import id_text
from firm.money import Money
from firm.phase import ENDED, Standing
from firm.rules.across_accounts import AccountOfTrader, is_traded
from firm.ruleset import AnyRuleset, Phase, Program, Rule, kept_with
from firm.terms.exposure import AccountsTogether, AcrossAccounts
from firm.track import HeldPosition


class OnOrder(msgspec.Struct, frozen=True, gc=False):
    """An account that is ordered, or held, and not open yet. `program`: by name."""

    program: str
    size: Money
    funded: bool


class HeldAccount(msgspec.Struct, frozen=True, gc=False):
    """An account. `traded`: what its rules add up of what several accounts hold."""

    challenge: int
    program: str
    size: Money
    funded: bool
    bridge: str
    standing: Standing
    traded: tuple[AccountsTogether, ...]


def on_order(program: Program, phase: Phase) -> OnOrder:
    return OnOrder(program.program, program.size, phase.funded)


def account_opened(fact: AccountOpened, program: str) -> HeldAccount:
    """As its row tells it. `program`: of its challenge."""
    return HeldAccount(
        challenge=fact.challenge,
        program=program,
        size=fact.initial,
        funded=fact.funded,
        bridge=fact.bridge,
        standing=Standing.PROVISIONING,
        traded=_traded(fact.ruleset),
    )


def _traded(ruleset: AnyRuleset) -> tuple[AccountsTogether, ...]:
    found = {rule.terms.measured for rule in ruleset.rules if isinstance(rule.terms, AcrossAccounts)}
    return tuple(one for one in AccountsTogether if one in found and one in _OF_DEALS)


_OF_DEALS = frozenset({AccountsTogether.LOTS, AccountsTogether.OPPOSITE_POSITIONS})


def platforms_of(accounts: dict[int, HeldAccount]) -> int:
    """On how many platforms the accounts are, where one of them has a rule that their deals can break; else 0.

    One account alone holds nothing against another, but may hold too many lots. A breached one may yet be told otherwise.
    """
    looked_at = [one for one in accounts.values() if one.standing not in (Standing.PASSED, Standing.CLOSED)]
    asked = {measured for one in looked_at for measured in one.traded}
    if AccountsTogether.LOTS in asked or (asked and len(looked_at) > 1):
        return len({one.bridge for one in looked_at})
    return 0


def currency_of(size: Money) -> str:
    """What amounts must have in common to be added."""
    return f"{size.currency}/{size.exponent}"


class Known(msgspec.Struct, frozen=True, gc=False):
    """An account as its desk has it, with the program that it was sold in."""

    state: AccountState
    program: str

    def at(self, at_us: int) -> AccountOfTrader | None:
        """With what it held at an instant; None where that is not known any more."""
        then = self.state.as_of(at_us)
        return None if then is None else self._seen(then.positions)

    @property
    def now(self) -> AccountOfTrader:
        return self._seen(self.state.positions)

    def _seen(self, positions: tuple[Position, ...]) -> AccountOfTrader:
        state = self.state
        return AccountOfTrader(
            account=id_text(state.account),
            program=self.program,
            funded=state.funded,
            initial=Figure(state.initial.minor, f"{state.opened_seq}/initial/minor"),
            held=tuple(_held(position) for position in positions),
            currency=currency_of(state.initial),
        )


def known_accounts(accounts: dict[int, HeldAccount], turn: Turn, *standings: Standing) -> list[Known]:
    """Those of these standings (of none: all that run), in the order in which they were opened."""
    found = []
    for number, held in accounts.items():
        if held.standing in standings if standings else held.standing not in ENDED:
            state = turn.account(number)
            assert state is not None, f"account {id_text(number)} is its trader's, and was never opened"
            found.append(Known(state, held.program))
    return sorted(found, key=lambda one: one.state.opened_seq)


def _held(position: Position) -> HeldPosition:
    """Without what needs a price: lots have none."""
    return HeldPosition(
        position_id=position.position_id,
        symbol=position.symbol,
        side=position.side,
        lots_e8=position.lots_e8,
        price_open=position.price_open,
        opened_us=position.opened_us,
        floating=None,
        stop_loss=0,
        take_profit=0,
        stop_risk=None,
        target_gain=None,
        notional=None,
        margin=None,
        seq=position.seq,
        path=position.path,
    )


def rules_of_deals(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    """Its rules across accounts that deals can break."""
    return kept_with(
        ruleset, "across accounts", lambda rules: tuple(one for one in rules.rules if is_traded(one.terms))
    )


def counted_words(number: int) -> str:
    """So many accounts count, as a refusal says it."""
    return "1 account runs or is on order" if number == 1 else f"{number} accounts run or are on order"
