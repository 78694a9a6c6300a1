"""Commands about what the firm sells, and about the days and news that its rules go by."""

import msgspec

from firm.commands.command import Command
from firm.market_days import MarketDays
from firm.news import NewsCalendar
from firm.ruleset import Program


class Publication(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What publishing asks of whom. `why`: for the audit, 1 to 500 characters. `role`: of the member of staff, as the border knew it.

    `read_against`: the fingerprint of what was on offer under this name when the draft was read; "" for nothing; None is not held to it.
    """

    why: str
    role: str
    read_against: str | None = None


class PublishProgram(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Offer a program. A program of the same name is replaced for new orders; accounts keep what they were sold.

    `publication` is None in commands of before it was asked for: they are decided as they were then, by the number of phases alone.
    """

    program: Program
    publication: Publication | None = None


class RetireProgram(Command, frozen=True, kw_only=True):
    """Offer a program no more. Accounts and orders keep what they were sold; publishing it again offers it again."""

    program: str
    why: str


class AdoptCalendar(Command, frozen=True, kw_only=True):
    """Go by this calendar of economic news from now on, in place of the one of its name: what somebody else published, as it was read."""

    calendar: NewsCalendar


class AdoptMarketDays(Command, frozen=True, kw_only=True):
    """Go by these days on which a market rests or closes early from now on, in place of those of their name, where a rule names them."""

    days: MarketDays
