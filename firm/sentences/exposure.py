"""Exposure and risk in words: how much may be held at once, how much one idea may lose, which orders protect it."""

from collections.abc import Iterator

from firm.sentences.breaches import breach_sentences
from firm.sentences.speaker import Speaker, whether
from firm.terms.exposure import (
    AccountsTogether,
    AcrossAccounts,
    CountedOver,
    ExposureLimit,
    IdeaGrouping,
    IdeaRisk,
    Quantity,
    RiskReward,
    StopLossRequired,
)


def exposure_limit(term: ExposureLimit, say: Speaker) -> Iterator[str]:
    yield say(f"exposure_limit.counted.{term.counted}", limit=_quantity(term.quantity, term.limit, say))
    if term.symbols:
        yield say("exposure_limit.symbols", symbols=say.listed([say.name(one) for one in term.symbols], "and"))
    else:
        yield say("exposure_limit.all_symbols")
    if term.counted is not CountedOver.EACH_POSITION:
        yield say(f"exposure_limit.netted.{term.netted}")
    for tier in term.tiers:
        limit = _quantity(term.quantity, tier.limit, say)
        yield say("exposure_limit.tier", profit=say.money(tier.profit_from), limit=limit)
    yield say(f"boundary.{term.boundary}")
    yield from breach_sentences(term, say)


def _quantity(quantity: Quantity, limit: int, say: Speaker) -> str:
    match quantity:
        case Quantity.LOTS:
            return say.lots(limit)
        case Quantity.POSITIONS:
            return say("exposure_limit.quantity.positions", positions=limit)
        case Quantity.NOTIONAL | Quantity.MARGIN:
            return say(f"exposure_limit.quantity.{quantity}", share=say.percent(limit))


def idea_risk(term: IdeaRisk, say: Speaker) -> Iterator[str]:
    yield say("idea_risk.amount", amount=say.amount(term.amount))
    yield say(f"idea_risk.grouping.{term.grouping}")
    if term.grouping is not IdeaGrouping.POSITION:
        yield (
            say(f"idea_risk.gap.{term.gap_from}", time=say.seconds(term.gap_s))
            if term.gap_s
            else say("idea_risk.no_gap")
        )
    yield say(f"idea_risk.measured.{term.measured}")
    yield say(f"boundary.{term.boundary}")
    yield from breach_sentences(term, say)


def stop_loss_required(term: StopLossRequired, say: Speaker) -> Iterator[str]:
    if term.within_s:
        yield say("stop_loss_required.within", time=say.seconds(term.within_s))
    else:
        yield say("stop_loss_required.at_once")
    if term.risk_max is not None:
        yield say("stop_loss_required.risk", amount=say.amount(term.risk_max))
    yield from breach_sentences(term, say)


def risk_reward(term: RiskReward, say: Speaker) -> Iterator[str]:
    yield say("risk_reward.multiple", multiple=say.multiple(term.stop_to_target_max_bp))
    yield from breach_sentences(term, say)


def across_accounts(term: AcrossAccounts, say: Speaker) -> Iterator[str]:
    yield _together(term, say)
    yield say(f"accounts.funded_only.{whether(term.funded_only)}")
    yield say(f"accounts.same_program.{whether(term.same_program)}")
    yield from breach_sentences(term, say)


def _together(term: AcrossAccounts, say: Speaker) -> str:
    match term.measured:
        case AccountsTogether.ALLOCATION:
            return say("across_accounts.allocation", limit=say.money(term.limit))
        case AccountsTogether.ACCOUNTS:
            return say("across_accounts.accounts", accounts=term.limit)
        case AccountsTogether.OPPOSITE_POSITIONS if not term.limit:
            return say("across_accounts.no_opposite_positions")
        case AccountsTogether.LOTS | AccountsTogether.OPPOSITE_POSITIONS:
            return say(f"across_accounts.{term.measured}", limit=say.lots(term.limit))
