"""Trader views: staff who view the portal as a trader. Each view, and each page of it, is in the book before it is shown.

Which session looks, and until when, is kept at the border: this decides whether there is a trader to view as, and for how long.
"""

from typing import assert_never

from firm.bounds import ABOUT_LENGTH_MAX, STAFF_WORDS_MAX
from firm.commands import BeginView, EndView, SeePage
from firm.commands.acts import VIEW_SECONDS
from firm.facts import Fact, PageSeen, Refusal, Refused, ViewBegan, ViewEnded

Asked = BeginView | SeePage | EndView


def seen_as(asked: Asked, *, registered: bool, forgotten: bool) -> Fact:
    """What comes of it, for a trader who is registered, or was forgotten since. An end is taken in any case."""
    if isinstance(asked, EndView):
        return ViewEnded(trader=asked.trader, view=asked.view, by=asked.by, how=asked.how)
    if not registered:
        return Refused(refusal=Refusal.UNKNOWN_TRADER, detail="no trader has this id")
    if forgotten:
        return Refused(refusal=Refusal.TRADER_FORGOTTEN, detail="this trader asked to be forgotten")
    match asked:
        case BeginView():
            return _began(asked)
        case SeePage():
            if not 0 < len(asked.page) <= ABOUT_LENGTH_MAX:
                detail = f"the address of a page has 1 to {ABOUT_LENGTH_MAX} characters"
                return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
            return PageSeen(trader=asked.trader, view=asked.view, by=asked.by, page=asked.page)
        case unknown:
            assert_never(unknown)


def _began(asked: BeginView) -> Fact:
    if not 0 < len(asked.why.strip()) <= STAFF_WORDS_MAX:
        return Refused(refusal=Refusal.WHY_MISSING, detail="the trader is told why somebody looked")
    if not 0 < asked.seconds <= VIEW_SECONDS:
        return Refused(refusal=Refusal.VIEW_TOO_LONG, detail=f"a view lasts 1 to {VIEW_SECONDS} s")
    return ViewBegan(trader=asked.trader, by=asked.by, role=asked.role, why=asked.why, seconds=asked.seconds)
