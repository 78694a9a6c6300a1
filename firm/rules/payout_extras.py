"""Payout extras: the fee that comes back, bonuses, what is paid of a buffer when an account ends, what is salvaged after a soft breach.

All of them are paid to the trader and rounded down.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import assert_never

import msgspec

from firm.arithmetic import Arithmetic, Figure
from firm.instant import DAY_US
from firm.rules.judged import SILENT, Judged, Unit, kept
from firm.rules.payout_figures import asked_rounded_up, granted_rounded_down, share_rounded_down, total_of
from firm.ruleset import Rule
from firm.terms.payouts import Bonus, BonusFor, FeeRefund, FeeRefunded, InsideBuffer, Salvage
from firm.terms.words import ShareOf
from firm.track import Trade

CLAIMED_IN_TIME = "claimed in time"
STOP_LOSSES = "trades without a stop loss"
TRADE_LOSS = "largest loss of a trade"


class BonusGrounds(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a bonus may be earned by, in minor units.

    `number`: of this payout; `paid`: the trader's share of it. `profit`: made by the account. `withdrawn`: paid out in all, this payout
    with it. `targets`: the profit targets of the phases passed, added.
    """

    initial: Figure
    number: Figure
    paid: Figure
    profit: Figure
    withdrawn: Figure
    targets: Figure


def fee_refund_rounded_down(
    calc: Arithmetic, rule: Rule, number: int, purchase: Figure, resets: Sequence[Figure]
) -> int:
    """The fee that comes back with payout `number`, in minor units; 0 with any other. `resets`: fees paid, oldest first."""
    terms = rule.terms
    assert isinstance(terms, FeeRefund)
    if number != terms.with_payout:
        return 0
    match terms.fee:
        case FeeRefunded.PURCHASE:
            fee = purchase
        case FeeRefunded.LATEST:
            fee = resets[-1] if resets else purchase
        case unknown:
            assert_never(unknown)
    paid = calc.given("fee that was paid", fee.value, "minor", fee.source)
    return share_rounded_down(calc, rule, "share_bp", terms.share_bp, paid, "fee that comes back")


def bonus_rounded_down(calc: Arithmetic, rule: Rule, grounds: BonusGrounds) -> int:
    """The bonus that this payout brings, in minor units; 0 where it is not earned yet."""
    terms = rule.terms
    assert isinstance(terms, Bonus)
    match terms.earned_by:
        case BonusFor.LOYALTY:
            is_earned, of = _is_loyal(calc, rule, terms, grounds), ("this payout", grounds.paid)
        case BonusFor.PERFORMANCE:
            is_earned, of = (
                _is_reached(calc, rule, terms, grounds, "profit made", grounds.profit),
                ("this payout", grounds.paid),
            )
        case BonusFor.CHALLENGE_PROFIT:
            is_earned = _is_reached(calc, rule, terms, grounds, "withdrawn in all", grounds.withdrawn)
            of = ("targets of the phases passed", grounds.targets)
        case unknown:
            assert_never(unknown)
    if not is_earned:
        return 0
    name, figure = of
    whole = calc.given(name, figure.value, "minor", figure.source)
    return share_rounded_down(calc, rule, "share_bp", terms.share_bp, whole, "bonus")


def inside_buffer_rounded_down(calc: Arithmetic, rule: Rule, inside: Figure, age_days: Figure) -> int:
    """What is paid of the profit inside the buffer when the account ends, in minor units. `age_days`: calendar days since it was opened."""
    terms = rule.terms
    assert isinstance(terms, InsideBuffer)
    profit = calc.given("profit inside the buffer", inside.value, "minor", inside.source)
    age = calc.given("age of the account", age_days.value, "days", age_days.source)
    older_from = calc.given("older from", terms.days, "days", rule.cited("days"))
    is_older = calc.is_at_or_above("an older account", age, older_from)
    path, bp = ("older_bp", terms.older_bp) if is_older else ("younger_bp", terms.younger_bp)
    return share_rounded_down(calc, rule, path, bp, profit, "paid of the buffer")


def judge_salvage(
    calc: Arithmetic, rule: Rule, broken: str, broken_us: Figure, now_us: int, initial: Figure, trades: Sequence[Trade]
) -> tuple[Judged, ...]:
    """Whether profit is paid after the breach of the term `broken`: claimed in time, every trade protected, none with too large a loss.

    Silent where that breach salvages nothing.
    """
    terms = rule.terms
    assert isinstance(terms, Salvage)
    if broken not in terms.after:
        return (SILENT,)
    answers = [_claimed_in_time(calc, rule, terms, broken_us, now_us)]
    if terms.stop_losses_required:
        bare = calc.given(STOP_LOSSES, sum(not trade.had_stop for trade in trades), "count", "")
        answers.append(kept(bare, 0, Unit.COUNT, STOP_LOSSES, broken=calc.is_above("a trade without one", bare, 0)))
    if terms.trade_loss_max is not None:
        bases = {ShareOf.INITIAL: calc.given("initial balance that was sold", initial.value, "minor", initial.source)}
        most = granted_rounded_down(
            calc, rule, "trade_loss_max", terms.trade_loss_max, bases, "most that a trade may lose"
        )
        worst = _largest_loss(calc, trades)
        too_large = calc.is_above("a trade lost more", worst, most)
        answers.append(kept(worst, most, Unit.MINOR, TRADE_LOSS, broken=too_large))
    return tuple(answers)


def salvage_rounded_down(calc: Arithmetic, rule: Rule, balance: Figure, start: Figure) -> int:
    """What is paid of the profit that is left after the breach, in minor units."""
    terms = rule.terms
    assert isinstance(terms, Salvage)
    now = calc.given("balance", balance.value, "minor", balance.source)
    gain = calc.minus("gain", now, calc.given("starting balance", start.value, "minor", start.source))
    return share_rounded_down(
        calc, rule, "share_bp", terms.share_bp, calc.highest("profit", gain, 0), "salvaged profit"
    )


def _is_loyal(calc: Arithmetic, rule: Rule, terms: Bonus, grounds: BonusGrounds) -> bool:
    assert terms.after_payouts is not None, f"term {terms.id}: loyalty to how many payouts?"
    number = calc.given("number of this payout", grounds.number.value, "count", grounds.number.source)
    need = calc.given("payouts needed", terms.after_payouts, "count", rule.cited("after_payouts"))
    return calc.is_at_or_above("enough payouts", number, need)


def _is_reached(calc: Arithmetic, rule: Rule, terms: Bonus, grounds: BonusGrounds, name: str, reached: Figure) -> bool:
    assert terms.after is not None, f"term {terms.id}: from how much {name} on?"
    bases = {
        ShareOf.INITIAL: calc.given(
            "initial balance that was sold", grounds.initial.value, "minor", grounds.initial.source
        ),
        ShareOf.TARGET: calc.given(
            "targets of the phases passed", grounds.targets.value, "minor", grounds.targets.source
        ),
    }
    have = calc.given(name, reached.value, "minor", reached.source)
    need = asked_rounded_up(calc, rule, "after", terms.after, bases, f"{name} from which a bonus is due")
    return calc.is_at_or_above("enough for a bonus", have, need)


def _claimed_in_time(calc: Arithmetic, rule: Rule, terms: Salvage, broken_us: Figure, now_us: int) -> Judged:
    begin = calc.given("instant of the breach", broken_us.value, "us", broken_us.source)
    days = calc.given("days to claim in", terms.claim_days, "days", rule.cited("claim_days"))
    end = calc.plus("end of the claim", begin, calc.times("time to claim in", days, DAY_US, "us"))
    is_late = calc.is_at_or_above("too late for a claim", calc.given("now", now_us, "us", ""), end)
    return kept((now_us - broken_us.value) // DAY_US, terms.claim_days, Unit.DAYS, CLAIMED_IN_TIME, broken=is_late)


def _largest_loss(calc: Arithmetic, trades: Sequence[Trade]) -> int:
    """The most that a whole position lost, however it was closed, in minor units; 0 where none lost."""
    positions = defaultdict[str, list[Trade]](list)
    for trade in trades:
        positions[trade.position_id].append(trade)
    worst = min(positions.values(), key=lambda parts: sum(part.net for part in parts), default=[])
    nets = [calc.given("net of the worst trade", part.net, "minor", f"{part.seq}/net/minor") for part in worst]
    lost = calc.minus("loss of the worst trade", 0, total_of(calc, "net of its parts", nets))
    return calc.highest(TRADE_LOSS, lost, 0)
