"""Payout floor: vectors about what a payout leaves between the account and its floor, and how much it may be.

The floor is the loss limit's own (`appliance.conformance.losses`); how much may leave is the payout terms'.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from appliance.conformance.losses import maximum_limit
from appliance.conformance.marked import Marked
from appliance.conformance.payout_terms import amount_term, as_asked, split_term, told
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import amount_of, bp_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN
from firm.bounds import AMOUNT_MINOR_MAX
from firm.rules.payout_amounts import Funds, leaves_room, payout_sum, withdrawable
from firm.rules.payout_figures import asked_rounded_up
from firm.terms.losses import Lock, LossLimit
from firm.terms.payouts import PayoutAmount
from firm.terms.words import BalanceGain, Fixed, Share, ShareOf
from firm.track import PayoutMade
from firm.trading_day import TradingCalendar

SMALLEST_SPREAD_MINOR = 1
_CALENDAR = TradingCalendar("UTC", "00:00")


def payout_floor(vector: Vector) -> dict[str, Any]:
    """A safety net above the drawdown, or marks and payouts under a loss limit."""
    require_known(
        vector.params,
        {"amount", "amount_base", "applies_to_payouts", "breach_when", "drawdown", "first_payout_cap_pct", "floor_locked",
         "hwm", "initial", "kind", "lock_at_offset", "lock_trigger", "min_profit_pct_to_request", "mode", "on_payout",
         "retain_pct", "safety_net_extra", "split"},
    )  # fmt: skip
    return _safety_net(vector) if "drawdown" in vector.params else _Account(vector).played()


def _safety_net(vector: Vector) -> dict[str, Any]:
    params = vector.params
    numbers = params.get("applies_to_payouts")
    if numbers is not None and numbers != list(range(1, len(numbers) + 1)):
        raise CannotExpress(f"no buffer holds for payouts {numbers}")
    term = amount_term(
        buffer=Fixed(minor=minor_of(params.get("safety_net_extra", 0))),
        buffer_payouts=None if numbers is None else len(numbers),
        drawdown=True,
    )
    kept, most = [], []
    for entry in vector.timeline:
        made = tuple(PayoutMade(number, 0, 0, 0, 0) for number in range(1, entry["payout_no"]))
        profit, nothing = told(minor_of(entry["profit"])), told(0)
        funds = Funds(
            initial=nothing,
            start=nothing,
            balance=profit,
            equity=profit,
            payouts=made,
            loss_allowed=told(minor_of(params["drawdown"])),
        )
        free = withdrawable(PLAIN, rule_of(term), funds)
        kept.append(amount_of(free.kept))
        most.append(amount_of(free.most))
    return {
        "safety_net_profit": as_asked(vector, "safety_net_profit", kept),
        "withdrawable": as_asked(vector, "withdrawable", most),
        "max_withdrawal": as_asked(vector, "max_withdrawal", most),
    }


class _Account:
    """An account under the vector's loss limit, and what is noted of it: `each` after every event, `after` every payout."""

    def __init__(self, vector: Vector) -> None:
        self.vector = vector
        self.initial = minor_of(vector.params["initial"])
        self.limit = _limit(vector)
        self.marked = Marked(self.limit, self.initial, _CALENDAR)
        self.amount = rule_of(_amount(vector.params))
        self.split = rule_of(split_term(bp_of(vector.params.get("split", 100))))
        self.payouts: list[PayoutMade] = []
        self.is_just_paid = False
        self.noted: dict[str, list[Any]] = {"floor_initial": [amount_of(self.marked.floor)]}

    def played(self) -> dict[str, Any]:
        """Every event in its order, and then all that was noted."""
        for entry in self.vector.timeline:
            match entry["ev"]:
                case "tick":
                    self.marked.tick(*_marks(entry))
                    self._note_next_spread()
                case "rollover":
                    self.marked.rollover(*_marks(entry))
                case "payout" | "request_payout":
                    self._pay(entry)
                case unknown:
                    raise CannotExpress(f"no event is {unknown}")
            self._note(floor=self.marked.floor, headroom=self.marked.headroom)
        truths = {"breached": [self.marked.is_broken]}
        return {key: as_asked(self.vector, key, values) for key, values in (self.noted | truths).items()}

    def _pay(self, entry: dict[str, Any]) -> None:
        self._note(floor_before=self.marked.floor, headroom_before=self.marked.headroom)
        balance = told(self.marked.balance)
        funds = Funds(
            initial=told(self.initial),
            start=told(self.initial),
            balance=balance,
            equity=balance,
            payouts=tuple(self.payouts),
            loss_allowed=None,
        )
        most = withdrawable(PLAIN, self.amount, funds).most if self._may_ask(balance.value) else 0
        asked = most if entry["amount"] == "max" else minor_of(entry["amount"])
        paid = payout_sum(PLAIN, self.amount, self.split, funds, (), asked)
        self.payouts.append(PayoutMade(funds.number, paid.withdrawn, paid.trader, 0, 0))
        self.marked.payout(paid.withdrawn)
        self._note(max_withdrawal=most, withdrawable=most, paid=paid.trader, balance_after=self.marked.balance)
        self._note(floor_after=self.marked.floor, headroom_after=self.marked.headroom, hwm_after=self.marked.high)
        self._note(buffer=self.marked.balance - self.marked.floor)
        self.noted.setdefault("breached_after_payout", []).append(self.marked.is_broken)
        room = leaves_room(PLAIN, self.limit.boundary, self.marked.balance, self.marked.floor, SMALLEST_SPREAD_MINOR)
        self.noted["breached_on_next_spread"] = [not room]
        self.is_just_paid = True

    def _may_ask(self, balance: int) -> bool:
        least = self.vector.params.get("min_profit_pct_to_request", 0)
        bases = {ShareOf.INITIAL: self.initial}
        share = Share(bp=bp_of(least), of=ShareOf.INITIAL)
        return balance - self.initial >= asked_rounded_up(PLAIN, self.amount, "", share, bases, "least profit")

    def _note(self, **amounts: int) -> None:
        for key, minor in amounts.items():
            self.noted.setdefault(key, []).append(amount_of(minor))

    def _note_next_spread(self) -> None:
        """The first price after a payout shows what was foreseen when it was made."""
        if self.is_just_paid:
            self.noted["breached_on_next_spread"] = [self.marked.is_broken]
        self.is_just_paid = False


def _marks(entry: dict[str, Any]) -> tuple[int, int]:
    return minor_of(entry["balance"]), minor_of(entry.get("equity", entry["balance"]))


def _amount(params: dict[str, Any]) -> PayoutAmount:
    """A cap of the first payout alone leaves those after it free."""
    cap = params.get("first_payout_cap_pct")
    free = Fixed(minor=AMOUNT_MINOR_MAX)
    return amount_term(
        retain_bp=bp_of(params.get("retain_pct", 0)),
        caps=() if cap is None else (Share(bp=bp_of(cap), of=ShareOf.INITIAL), free),
    )


# --- the loss limit ---

_OF_THE_LIMIT = frozenset(
    {"amount", "amount_base", "breach_when", "hwm", "kind", "lock_at_offset", "lock_trigger", "mode", "on_payout"}
)


def _limit(vector: Vector) -> LossLimit:
    """These vectors leave out of their limit what does not bear on what they show.

    Without an amount, a floor that locks at the start once so much was gained trailed by so much, and one that is locked by other means
    was told of nowhere before: it lay at nothing. Touching is a breach where nothing else is said.
    """
    params = vector.params
    whole = next(iter(params.get("lock_trigger", {}).values()), 100)
    has_days = any(entry["ev"] == "rollover" for entry in vector.timeline)
    unsaid = {"amount": {"pct": whole}, "breach_when": "le", "mode": "eod" if has_days else "closed"}
    limit = maximum_limit(unsaid | {key: value for key, value in params.items() if key in _OF_THE_LIMIT})
    return replace(limit, lock=_locked_at(params)) if "floor_locked" in params else limit


def _locked_at(params: dict[str, Any]) -> Lock:
    above = minor_of(params["floor_locked"]) - minor_of(params["initial"])
    if above < 0:
        raise CannotExpress("no floor is locked below the initial balance")
    return Lock(offset=Fixed(minor=above), trigger=BalanceGain(gain=Fixed(minor=0)), permanent=True)


FAMILIES: dict[str, Callable[[Vector], dict[str, Any]]] = {"payout_floor": payout_floor}
