"""Doubt words: why a verdict is not final, as half a sentence in plain English."""

from firm.facts import Doubt

DOUBTS: dict[Doubt, str] = {
    Doubt.STALE_QUOTE: "a price it rests on was older than its symbol allows",
    Doubt.STALE_CONVERSION: "an exchange rate it rests on was too old",
    Doubt.NO_QUOTE: "a price that it needs had not been received",
    Doubt.OUTSIDE_SANITY_BAND: "a price jumped further than its symbol does in a second and must be confirmed",
    Doubt.CONFLATED_PRICES: "the platform's bridge was overloaded and merged prices; the full prices are awaited",
    Doubt.DRIFT: "the equity that we compute and the one that the platform reports differ by more than the tolerance",
    Doubt.NOT_RECONCILED: "the platform has not confirmed the account's equity or balance recently enough",
    Doubt.BOOK_UNCONFIRMED: "the platform has not confirmed the account's equity since its last deal",
    Doubt.PROVISIONAL_ANCHOR: "the day's starting figures were not final yet",
    Doubt.MASS_BREACH: "many accounts failed at once, so automatic failures are stopped until a person has looked",
    Doubt.KILL_SWITCH: "the firm has stopped automatic decisions of this kind",
    Doubt.LATE_DATA: "it rests on data that arrived late",
    Doubt.DESK_STOPPED: "the part of the firm that decides about this account was stopped by a fault",
    Doubt.PLATFORM_DOWN: "the link to the trading platform was down",
    Doubt.FEED_OUTAGE: "prices that it needs were missing, and the incident is not over",
    Doubt.REVIEW_REQUIRED: "the rules have a person look at every failure of this kind",
    Doubt.ADJUSTED_MARK: "the floor is measured from a figure that a person set",
    Doubt.HISTORY_CUT: "it weighs the account's days or trades, and there were more of them than the firm keeps at hand",
}
