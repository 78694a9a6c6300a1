"""Facts of staff acts: what staff did that no desk decides, and viewing the portal as a trader."""

from firm.commands.acts import StaffAct, ViewEnd
from firm.facts.fact import Fact


class StaffActed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A member of staff did something that no desk decides, or did it as far as the pages could see: a file was asked for, and may not
    have come through. `about`, `on` and `trader` as they were asked. It changes no desk's state.
    """

    act: StaffAct
    by: str
    about: str = ""
    on: int = 0
    trader: int = 0


class ViewBegan(Fact, frozen=True, kw_only=True):
    """A member of staff views the portal as a trader from now on, for at most `seconds`. The row that it follows from
    names the view."""

    trader: int
    by: str
    role: str
    why: str
    seconds: int


class PageSeen(Fact, frozen=True, kw_only=True):
    """A page was shown to a member of staff as the trader sees it, in the view that row `view` asked for."""

    trader: int
    view: int
    by: str
    page: str


class ViewEnded(Fact, frozen=True, kw_only=True):
    """They view as the trader no more. A view without this row was over with its time, or when they left."""

    trader: int
    view: int
    by: str
    how: ViewEnd
