"""Conduct in words: when and how may be traded."""

from collections.abc import Iterator

from firm.sentences.breaches import breach_sentences
from firm.sentences.speaker import Speaker, whether
from firm.terms.conduct import (
    AdverseExcursion,
    AutomationUse,
    Closure,
    Grid,
    Hedging,
    HighFrequency,
    HoldingLimit,
    Martingale,
    NewsWindow,
    OneSided,
    TradeDuration,
    TradingHours,
)


def news_window(term: NewsWindow, say: Speaker) -> Iterator[str]:
    yield _window(term, say)
    yield say(
        "news_window.actions", actions=say.listed([say(f"news_window.action.{one}") for one in term.actions], "and")
    )
    yield say(
        "news_window.impacts", impacts=say.listed([say(f"news_window.impact.{one}") for one in term.impacts], "and")
    )
    yield say(f"news_window.symbols.{term.symbols}")
    yield say(f"news_window.inclusive.{whether(term.inclusive)}")
    yield say(f"news_window.all_day.{whether(term.all_day_counts)}")
    if term.exempt_opened_before_s is not None:
        yield say("news_window.exempt", time=say.seconds(term.exempt_opened_before_s))
    if term.calendar is not None:
        yield say("news_window.calendar", calendar=say.quoted(term.calendar))
    yield from breach_sentences(term, say)


def _window(term: NewsWindow, say: Speaker) -> str:
    before, after = say.seconds(term.before_s), say.seconds(term.after_s)
    match bool(term.before_s), bool(term.after_s):
        case True, True:
            return say("news_window.window.around", before=before, after=after)
        case True, False:
            return say("news_window.window.before", before=before)
        case False, True:
            return say("news_window.window.after", after=after)
        case _:
            return say("news_window.window.release")


def holding_limit(term: HoldingLimit, say: Speaker) -> Iterator[str]:
    lasting = {"time": say.seconds(term.break_s)} if term.over is Closure.LONG_BREAK else {}
    yield say(f"holding_limit.over.{term.over}", cutoff=say.name(term.cutoff), zone=say.name(term.zone), **lasting)
    if term.early_close_minutes:
        yield say("holding_limit.early_close", time=say("time.minutes", number=term.early_close_minutes))
    else:
        yield say("holding_limit.at_early_close")
    if term.calendar is not None:
        yield say("holding_limit.calendar", calendar=say.quoted(term.calendar))
    yield say(f"holding_limit.pending_orders.{whether(term.pending_orders)}")
    yield from breach_sentences(term, say)


def trading_hours(term: TradingHours, say: Speaker) -> Iterator[str]:
    until = "next_day" if term.closes < term.opens else "same_day"
    opens, closes = say.name(term.opens), say.name(term.closes)
    yield say(f"trading_hours.{until}", opens=opens, closes=closes, zone=say.name(term.zone))
    yield say("opening.added")
    yield from breach_sentences(term, say)


def trade_duration(term: TradeDuration, say: Speaker) -> Iterator[str]:
    within = say(f"within.{term.per}")
    if term.seconds_min is not None:
        yield say("trade_duration.each", time=say.seconds(term.seconds_min))
    if term.average_s_min is not None:
        yield say("trade_duration.average", time=say.seconds(term.average_s_min), within=within)
    if term.share_of_longer_bp is not None and term.longer_s is not None:
        share, longer = say.percent(term.share_of_longer_bp), say.seconds(term.longer_s)
        yield say("trade_duration.share", share=share, time=longer, within=within)
    yield say("trade_duration.parts")
    yield from breach_sentences(term, say)


def hedging(term: Hedging, say: Speaker) -> Iterator[str]:
    if term.lots_e8_max is None:
        yield say("hedging.none")
    else:
        yield say("hedging.lots", lots=say.lots(term.lots_e8_max))
    yield from breach_sentences(term, say)


def grid(term: Grid, say: Speaker) -> Iterator[str]:
    yield say("grid.positions", positions=term.positions_max, time=say.seconds(term.within_s))
    yield say(f"grid.losing_only.{whether(term.losing_only)}")
    yield say("opening.added")
    yield from breach_sentences(term, say)


def martingale(term: Martingale, say: Speaker) -> Iterator[str]:
    yield say("martingale.factor", multiple=say.multiple(term.factor_bp))
    yield say("martingale.repeats", raises=term.repeats)
    yield say(f"martingale.same_symbol.{whether(term.same_symbol)}")
    yield say("opening.added")
    yield from breach_sentences(term, say)


def one_sided(term: OneSided, say: Speaker) -> Iterator[str]:
    yield say("one_sided.share", share=say.percent(term.share_max_bp), within=say(f"within.{term.per}"))
    yield say("one_sided.trades_from", trades=term.trades_from)
    yield from breach_sentences(term, say)


def high_frequency(term: HighFrequency, say: Speaker) -> Iterator[str]:
    yield say("high_frequency.openings", positions=term.openings_max, time=say.seconds(term.within_s))
    yield say(f"boundary.{term.boundary}")
    yield say("opening.added")
    yield from breach_sentences(term, say)


def adverse_excursion(term: AdverseExcursion, say: Speaker) -> Iterator[str]:
    yield say(f"adverse_excursion.of_profit.{whether(term.of_profit)}", share=say.percent(term.share_bp))
    if term.minimum_minor:
        yield say("adverse_excursion.minimum", amount=say.money(term.minimum_minor))
    yield say(f"boundary.{term.boundary}")
    yield from breach_sentences(term, say)


def automation_use(term: AutomationUse, say: Speaker) -> Iterator[str]:
    yield say(f"automation_use.experts.{whether(term.experts_allowed)}")
    yield say(f"automation_use.copiers.{whether(term.copiers_allowed)}")
    yield from breach_sentences(term, say)
