"""Which term of which template says what a published example rests on: one vector of each mirrored firm at least.

A template is so held against the numbers that were published, and not against our reading of them.
"""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

VECTORS = Path(__file__).resolve().parents[2] / "docs" / "conformance" / "vectors.jsonl"


class Mirrored(NamedTuple):
    """The vector of that id is the firm's, and the term of the template's phase says its figures; without a term, its calendar does.

    `but`: figures that the template has otherwise; docs/templates.md says so.
    """

    firm: str
    vector: str
    template: str
    phase: int
    term: str | None
    but: tuple[str, ...] = ()


FIRST, FUNDED = 0, -1

MIRRORED = (
    Mirrored("FTMO", "ftmo-mdl-formula", "two_step_static", FIRST, "daily_loss"),
    Mirrored("FTMO", "ftmo-ml-static-2000", "two_step_static", FIRST, "maximum_loss"),
    Mirrored("FTMO", "ftmo-news-edge-inclusive", "two_step_static", FUNDED, "news"),
    Mirrored("FTMO", "ftmo-scaling-400k", "two_step_static", FUNDED, "scaling"),
    Mirrored("FTMO", "ftmo-dst-2023-spring", "two_step_static", FIRST, None),
    Mirrored("FTMO", "ftmo-1step-mll-nolock", "one_step_end_of_day_trailing", FIRST, "maximum_loss"),
    Mirrored("FTMO", "ftmo-ml-static-2001", "swing_holding", FIRST, "maximum_loss"),
    Mirrored("BrightFunded", "brightfunded-inactive-open", "two_step_static", FIRST, "inactivity"),
    Mirrored("BrightFunded", "brightfunded-inactive-pending", "two_step_static", FIRST, "inactivity"),
    Mirrored("FundedNext", "fundednext-dll-intraday-profit", "two_step_salvage", FIRST, "daily_loss"),
    Mirrored("FundedNext", "fundednext-dll-salvage", "two_step_salvage", FUNDED, "salvage"),
    Mirrored("FundedNext", "fundednext-fee-refund-reset", "two_step_salvage", FUNDED, "fee_refund"),
    Mirrored("FundedNext", "fundednext-stellar1-cycle", "one_step_weekly_cycle", FUNDED, "payout_cycle"),
    Mirrored("FundingPips", "fundingpips-idea-750", "two_step_higher_anchor", FIRST, "idea_risk"),
    Mirrored("FundingPips", "fundingpips-idea-750", "instant_funding", FUNDED, "idea_risk"),
    Mirrored("FundingPips", "merge-fundingpips", "two_step_higher_anchor", FUNDED, "merge"),
    Mirrored("FundingPips", "utcplus3-fixed", "two_step_higher_anchor", FIRST, None),
    Mirrored("FundingPips", "fundingpips-dailylots-carry", "three_step", FUNDED, "lots_a_day"),
    Mirrored("Aeon Funded", "aeon-daily-trail", "instant_share_of_peak", FUNDED, "daily_loss"),
    Mirrored("Alpha Capital", "alphacap-mdl-float-profit", "two_step_share_of_day", FIRST, "daily_loss"),
    Mirrored("Alpha Capital", "alphacap-lots-ok", "two_step_share_of_day", FIRST, "lots_held"),
    Mirrored("Alpha Capital", "alphacap-2min", "two_step_share_of_day", FUNDED, "trade_duration"),
    Mirrored("Alpha Capital", "alphacap-tradingday", "two_step_share_of_day", FIRST, "trading_days"),
    Mirrored("Fortuna Funded", "fortuna-mdl-1", "two_step_share_of_day", FIRST, "daily_loss"),
    Mirrored("FXIFY", "fxify-scaling-400k", "three_step", FUNDED, "scaling"),
    Mirrored("FXIFY", "fxify-withdraw-all", "instant_locked_by_payout", FUNDED, "maximum_loss"),
    Mirrored("BEM Funding", "bem-classic-swing", "swing_holding", FIRST, "daily_loss"),
    Mirrored("Fund Your Edge", "reset-before-deadline", "swing_holding", FIRST, "reset"),
    Mirrored("Siegfund", "siegfund-1step-1", "one_step_weekly_cycle", FIRST, "daily_loss"),
    Mirrored("E8 Markets", "e8one-trailing", "one_step_closed_trailing", FIRST, "maximum_loss"),
    Mirrored("E8 Markets", "e8one-40-a", "one_step_closed_trailing", FUNDED, "consistency"),
    Mirrored("Funded Engineer", "fundedengineer-payout-3", "one_step_equity_target", FIRST, "maximum_loss"),
    Mirrored("Funded Engineer", "target-equity-autoclose", "one_step_equity_target", FIRST, "profit_target"),
    Mirrored("FunderPro", "funderpro-45-fail", "one_step_equity_target", FIRST, "consistency"),
    Mirrored("FunderPro", "funderpro-day-profit-b", "one_step_equity_target", FIRST, None),
    Mirrored("Top One Funding", "toponefunding-idea-550", "one_step_strict_conduct", FIRST, "idea_risk"),
    Mirrored("SecureTheBag", "securethebag-group-5", "one_step_strict_conduct", FIRST, "index_lots"),
    Mirrored("Pro Trader Fund", "ptf-weekend-autoclose", "one_step_strict_conduct", FIRST, "weekend"),
    Mirrored("Light Speed Funded", "lotrange-lightspeedfunded", "one_step_strict_conduct", FUNDED, "lot_range"),
    Mirrored("Earn2Trade", "earn2trade-50k", "intraday_trailing_with_lock", FIRST, "maximum_loss"),
    Mirrored("CK Capital", "ck-instant-1", "instant_share_of_peak", FUNDED, "maximum_loss", ("on_payout",)),
    Mirrored("Funded Trader Markets", "ftm-first10k-100", "instant_share_of_peak", FUNDED, "profit_split"),
    Mirrored("Funded Trader Markets", "nitrox-payout-1", "instant_share_of_peak", FUNDED, "payout_amount"),
    Mirrored("Instant Funding", "instantfunding-smart-dd", "instant_smart_steps", FUNDED, "maximum_loss"),
    Mirrored("Topstep", "topstep-mll-50k", "futures_end_of_day_with_consistency", FIRST, "maximum_loss"),
    Mirrored("Topstep", "topstepx-trailing-pdll", "futures_end_of_day_with_consistency", FUNDED, "personal_daily_loss"),
    Mirrored("Topstep", "topstep-live-start-2", "futures_end_of_day_with_consistency", FUNDED, "live_start"),
    Mirrored("Alpha Futures", "alphafutures-mll-50k", "futures_end_of_day_with_consistency", FIRST, "maximum_loss"),
    Mirrored("E8 Futures", "e8f-40-s1", "futures_end_of_day_with_consistency", FIRST, "consistency"),
    Mirrored("E8 Futures", "e8f-40-target-raise", "futures_end_of_day_with_consistency", FIRST, "consistency"),
    Mirrored("FundedNext Futures", "fnfutures-40-ex1", "futures_end_of_day_with_consistency", FUNDED, "consistency"),
    Mirrored(
        "FundedNext Futures",
        "fnfutures-15pct-challenge-reward",
        "futures_end_of_day_with_consistency",
        FUNDED,
        "evaluation_bonus",
    ),
    Mirrored("Apex Trader Funding", "apex-legacy-lock", "futures_intraday_with_safety_net", FUNDED, "maximum_loss"),
    Mirrored(
        "Apex Trader Funding", "apex-min-balance-table", "futures_intraday_with_safety_net", FUNDED, "maximum_loss"
    ),
    Mirrored("Apex Trader Funding", "apex-30-1000-fail", "futures_intraday_with_safety_net", FUNDED, "consistency"),
    Mirrored("Apex Trader Funding", "apex-mae-30", "futures_intraday_with_safety_net", FUNDED, "adverse_excursion"),
    Mirrored("Apex Trader Funding", "apex-rr-5to1", "futures_intraday_with_safety_net", FUNDED, "risk_reward"),
    Mirrored("Apex Trader Funding", "apex3-safety-net", "futures_intraday_with_safety_net", FUNDED, "payout_amount"),
    Mirrored("Apex Trader Funding", "apex-legacy-tier", "futures_intraday_with_safety_net", FUNDED, "profit_split"),
    Mirrored("Tradeify", "tradeify-dll-stepup", "futures_daily_pause_step_up", FUNDED, "daily_loss"),
    Mirrored("Blue Guardian Futures", "bgf-lock-50k", "futures_daily_pause_step_up", FUNDED, "maximum_loss"),
    Mirrored("HyroTrader", "hyro-daily-trail-3", "crypto_daily_trail", FIRST, "daily_loss"),
    Mirrored("HyroTrader", "hyro-40-cap-discard", "crypto_daily_trail", FIRST, "consistency"),
    Mirrored("BullRush", "bullrush-payout", "competition_by_score", FUNDED, "maximum_loss"),
)


@cache
def vectors() -> dict[str, dict[str, Any]]:
    """By id, numbers exact."""
    lines = VECTORS.read_text(encoding="utf-8").splitlines()
    return {vector["id"]: vector for vector in (json.loads(line, parse_float=Decimal) for line in lines)}
