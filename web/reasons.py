"""Reasons: why something was closed, corrected, doubted, not taken or stands as it does, in the words that a page has room for."""

from firm.facts import Doubt
from storage.errors import NoteFault
from web.words import upper_first

REASONS: dict[str, str] = {
    "client": "by the trader",
    "expert": "by a program of the trader",
    "sl": "at the stop loss",
    "tp": "at the take profit",
    "so": "stopped out by the platform",
    "stop_out": "stopped out by the platform",
    "dealer": "by the firm",
    "command": "by the firm",
}

BY_THE_FIRM = frozenset(name for name, told in REASONS.items() if told == "by the firm")


def reason(name: str) -> str:
    """Why a trade was closed, from the platform's word for it."""
    return REASONS.get(name, name.replace("_", " "))


def because(text: str) -> tuple[str, str]:
    """Why a verdict was corrected, as (author, what was said): "staff:12: looked at it" has an author."""
    author, colon, said = text.partition(": ")
    return (author, said) if colon and author.startswith("staff:") else ("", f"{upper_first(text)}.")


def quoted(text: str) -> str:
    """What a person wrote, as a sentence in quotes: with one full stop, theirs or ours."""
    said = text.strip()
    return f"“{said}”" if said.endswith((".", "!", "?", "…")) else f"“{said}”."


# A doubt in a list, where its whole sentence has no room.
DOUBT_NAMES: dict[Doubt, str] = {
    Doubt.STALE_QUOTE: "old price",
    Doubt.STALE_CONVERSION: "old exchange rate",
    Doubt.NO_QUOTE: "price missing",
    Doubt.OUTSIDE_SANITY_BAND: "price jumped",
    Doubt.CONFLATED_PRICES: "merged prices",
    Doubt.DRIFT: "differs from the platform",
    Doubt.NOT_RECONCILED: "not confirmed by the platform",
    Doubt.BOOK_UNCONFIRMED: "no word from the platform since the last deal",
    Doubt.PROVISIONAL_ANCHOR: "day’s start not final",
    Doubt.MASS_BREACH: "many breaches at once",
    Doubt.KILL_SWITCH: "automatic decisions stopped",
    Doubt.LATE_DATA: "late data",
    Doubt.DESK_STOPPED: "desk was stopped",
    Doubt.PLATFORM_DOWN: "platform was down",
    Doubt.FEED_OUTAGE: "prices were missing",
    Doubt.REVIEW_REQUIRED: "a person must look",
    Doubt.ADJUSTED_MARK: "measured from a figure that a person set",
    Doubt.HISTORY_CUT: "more days or trades than are kept",
}


def doubt_list(doubts: str) -> str:
    """The short names of doubts, as a list keeps them."""
    return ", ".join(DOUBT_NAMES[Doubt(name)] for name in doubts.split())


_REASONS_TO_STAND: dict[str, str] = {
    "platform_opened": "the platform opened it",
    "rollover": "a new trading day began",
    "objectives_met": "all objectives are met",
    "exonerated": "a suspected breach was none",
    "dismissed": "a person dismissed a suspected breach",
    "reinstated": "a person reinstated it",
}


def because_of_standing(because: str) -> str:
    """Why an account stands where it does: from a doubt, a rule, or what happened to it."""
    if because in set(Doubt):
        return DOUBT_NAMES[Doubt(because)]
    return _REASONS_TO_STAND.get(because, because.replace("_", " ").replace("-", " "))


# What a trader can do about a checkpoint that was not taken: they have these pages, and no console.
NOTE_FAULTS: dict[NoteFault, str] = {
    NoteFault.UNREADABLE: (
        "This is not a whole checkpoint. Paste all of it, from the first line to the last, or choose the file as it was saved."
    ),
    NoteFault.UNSIGNED: (
        "This checkpoint does not bear our ledger’s signature, so it was altered or is somebody else’s. Give the one that you "
        "saved from this page."
    ),
    NoteFault.OTHER_LEDGER: (
        "This checkpoint is of another ledger, or ours was restored from an older copy since you saved it. If you saved it "
        "from this page, keep it and ask us what was lost. The evidence without it can be downloaded above."
    ),
    NoteFault.OTHER_ROOT: (
        "This checkpoint says something else about our ledger than we say now: rows were altered. Keep it, download the evidence "
        "and the newest checkpoint above, and ask us for the reason; whoever checks them for you needs all three."
    ),
}
