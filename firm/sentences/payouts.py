"""Payouts in words: when a trader may be paid, how much of the profit, and what is added, kept back or returned."""

from collections.abc import Iterator
from typing import assert_never

from firm.sentences.speaker import Speaker, whether
from firm.terms.payouts import (
    Bonus,
    BonusFor,
    FeeRefund,
    InsideBuffer,
    Monthly,
    PayoutAmount,
    PayoutConditions,
    PayoutCycle,
    PayoutSchedule,
    ProfitSplit,
    ResetPenalty,
    Salvage,
    SplitCounted,
    Tier,
    Wait,
    Weekly,
)
from firm.terms.words import Amount, Share


def payout_schedule(term: PayoutSchedule, say: Speaker) -> Iterator[str]:
    yield say("payout_schedule.first", wait=_wait(term.first, say))
    yield say("payout_schedule.then", wait=_wait(term.then, say))
    if term.windows:
        yield say("payout_schedule.windows", windows=say.listed([_window(one, say) for one in term.windows], "or"))
    if any(isinstance(window, Weekly) for window in term.windows):
        yield say("payout_schedule.zone")


def _wait(wait: Wait, say: Speaker) -> str:
    after = say(f"payout_schedule.counted_from.{wait.counted_from}")
    if not wait.days:
        return say("payout_schedule.at_once", after=after)
    return say(f"payout_schedule.days.{wait.day_kind}", days=wait.days, after=after)


def _window(window: Weekly | Monthly, say: Speaker) -> str:
    match window:
        case Weekly():
            weekday = say(f"weekday.{window.weekday}")
            return say("payout_schedule.weekly", weekday=weekday, at=say.name(window.at))
        case Monthly() if window.from_day == window.to_day:
            return say("payout_schedule.monthly_day", day=window.from_day)
        case Monthly():
            return say("payout_schedule.monthly", first=window.from_day, last=window.to_day)
        case unknown:
            assert_never(unknown)


def payout_conditions(term: PayoutConditions, say: Speaker) -> Iterator[str]:
    yield say("payout_conditions.asked")
    if term.flat_required:
        yield say("payout_conditions.flat")
    if term.no_pending_orders:
        yield say("payout_conditions.no_pending_orders")
    if term.kyc_required:
        yield say("payout_conditions.kyc")
    if term.profit_min is not None:
        yield say(f"payout_conditions.profit.{term.boundary}", amount=say.amount(term.profit_min))
    if term.trader_share_min is not None:
        amount = _trader_share(term, term.trader_share_min, say)
        yield say(f"payout_conditions.trader_share.{term.boundary}", amount=amount)
    if term.needs:
        yield say("payout_conditions.needs", rules=say.rules(term.needs))


def _trader_share(term: PayoutConditions, least: Amount, say: Speaker) -> str:
    if isinstance(least, Share) and term.share_of is not None:
        return say("payout_conditions.share_of", share=say.percent(least.bp), rule=say.rules([term.share_of]))
    return say.amount(least)


def payout_amount(term: PayoutAmount, say: Speaker) -> Iterator[str]:
    yield say(f"payout_amount.measured.{term.measured}")
    yield from _kept_back(term, say)
    if term.balance_share_bp is not None:
        yield say("payout_amount.balance_share", share=say.percent(term.balance_share_bp))
    if term.minimum_minor:
        yield say("payout_amount.minimum", amount=say.money(term.minimum_minor))
    caps = [say.amount(cap) for cap in term.caps]
    if len(caps) == 1:
        yield say(f"payout_amount.cap.{term.capped}", amount=caps[0])
    elif caps:
        yield say(f"payout_amount.caps.{term.capped}", caps=say.by_payout(caps))
    else:
        yield say("payout_amount.no_cap")
    yield say(f"payout_amount.resets_balance.{whether(term.resets_balance)}")


def _kept_back(term: PayoutAmount, say: Speaker) -> Iterator[str]:
    if term.buffer is not None:
        yield say("payout_amount.buffer", amount=say.amount(term.buffer))
    if term.buffer_plus_drawdown is not None:
        added = "payout_amount.drawdown_added" if term.buffer is not None else "payout_amount.drawdown_buffer"
        yield say(added, rule=say.rules([term.buffer_plus_drawdown]))
    is_kept = term.buffer is not None or term.buffer_plus_drawdown is not None
    if is_kept and term.buffer_payouts is not None:
        yield say("payout_amount.buffer_payouts", payouts=term.buffer_payouts)
    if term.retain_bp:
        yield say("payout_amount.retain", share=say.percent(term.retain_bp))


def profit_split(term: ProfitSplit, say: Speaker) -> Iterator[str]:
    if len(term.tiers) == 1 and term.tiers[0].up_to_minor is None:
        yield say("profit_split.share", share=say.percent(term.tiers[0].trader_bp))
    else:
        tiers = say("list.semicolon").join(_tier(term.counted, tier, say) for tier in term.tiers)
        yield say(f"profit_split.counted.{term.counted}", tiers=tiers)
    for penalty in term.reset_penalties:
        yield _penalty(penalty, say)
    if len(term.reset_penalties) > 1:
        yield say("profit_split.largest_penalty")


def _penalty(penalty: ResetPenalty, say: Speaker) -> str:
    phase, share = say.quoted(penalty.phase), say.percent(penalty.bp)
    if penalty.payouts is None:
        return say("profit_split.reset_penalty", phase=phase, share=share)
    return say("profit_split.reset_penalty_payouts", phase=phase, share=share, payouts=penalty.payouts)


def _tier(counted: SplitCounted, tier: Tier, say: Speaker) -> str:
    share = say.percent(tier.trader_bp)
    if tier.up_to_minor is None:
        return say("profit_split.above", share=share)
    if counted is SplitCounted.PAYOUT_NUMBER:
        return say("profit_split.up_to_payout", number=tier.up_to_minor, share=share)
    return say("profit_split.up_to", amount=say.money(tier.up_to_minor), share=share)


def fee_refund(term: FeeRefund, say: Speaker) -> Iterator[str]:
    yield say(f"fee_refund.fee.{term.fee}", number=term.with_payout, share=say.percent(term.share_bp))


def bonus(term: Bonus, say: Speaker) -> Iterator[str]:
    share = say.percent(term.share_bp)
    if term.earned_by is BonusFor.LOYALTY:
        assert term.after_payouts is not None, f"bonus {term.id} for loyalty names no number of payouts"
        yield say("bonus.loyalty", payouts=term.after_payouts, share=share)
    else:
        assert term.after is not None, f"bonus {term.id} names no amount after which it is due"
        yield say(f"bonus.{term.earned_by}", amount=say.amount(term.after), share=share)


def inside_buffer(term: InsideBuffer, say: Speaker) -> Iterator[str]:
    younger, older = say.percent(term.younger_bp), say.percent(term.older_bp)
    yield say("inside_buffer.shares", days=term.days, younger=younger, older=older)


def salvage(term: Salvage, say: Speaker) -> Iterator[str]:
    yield say("salvage.share", rules=say.rules(term.after, "or"), share=say.percent(term.share_bp))
    yield say("salvage.claim", days=term.claim_days)
    if term.stop_losses_required:
        yield say("salvage.stop_losses")
    if term.trade_loss_max is not None:
        yield say("salvage.trade_loss", amount=say.amount(term.trade_loss_max))


def payout_cycle(term: PayoutCycle, say: Speaker) -> Iterator[str]:
    yield say(f"payout_cycle.{term.day_kind}", days=term.days)
