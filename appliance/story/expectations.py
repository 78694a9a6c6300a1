"""Expectations: the shapes of the lines that say what must come of it."""

import re

from appliance.story.cast import Cast
from appliance.story.clock import Unclear
from appliance.story.forms import Blanks, Form, filled, nearest
from appliance.story.refused import near
from appliance.story.words import (
    BalanceIs,
    Broken,
    Corrected,
    DayBegan,
    DayLasts,
    DaysTraded,
    EquityIs,
    Expected,
    FloorIs,
    IsFlat,
    Nothing,
    Recorded,
    Refused,
    Stands,
    Suspected,
    Warned,
    WinHeld,
    Won,
)
from bridges.simulator.answers import Retcode
from firm.facts import FACTS, Doubt, Refusal
from firm.phase import Standing

EXPECT = re.compile(r"expect\b")
_EXPECTED = re.compile(r"expect(?: of ([A-Za-z][\w-]*):)? (.*)")
_VERDICTS = ("exonerated", "questioned", "withdrawn", "dismissed", "upheld", "overridden")


def expectation_in(text: str, cast: Cast) -> Expected:
    """What a line expects. Unclear where it has no shape that is known, or a name or figure that cannot be."""
    found = _EXPECTED.fullmatch(text)
    if found is None:
        raise Unclear("say what is expected, such as “expect standing active”")
    account = cast.account(found[1] or "")
    for form in EXPECTATIONS:
        said = filled(form, found[2])
        if said is not None:
            return Expected(account=account, what=form.read(said, cast))
    raise Unclear(f"nothing of this shape can be expected: “expect {nearest(found[2], EXPECTATIONS)}” is near")


def _money(said: Blanks, blank: str, cast: Cast) -> int | None:
    return cast.minor(said[blank]) if said[blank] else None


def _broken(said: Blanks, cast: Cast) -> Broken:
    return Broken(
        rule=cast.rule(said["rule"]), observed=_money(said, "equity", cast), floor=_money(said, "floor", cast)
    )


def _suspected(said: Blanks, cast: Cast) -> Suspected:
    return Suspected(
        rule=cast.rule(said["rule"]) if said["rule"] else "",
        observed=_money(said, "equity", cast),
        floor=_money(said, "floor", cast),
        doubts=_doubts(said["reasons"]),
    )


def _doubts(reasons: str) -> frozenset[Doubt]:
    """ "drift and late data": each by its name, with spaces."""
    names = re.split(r", | and ", reasons) if reasons else []
    return frozenset(Doubt(_named(name, tuple(Doubt), "doubt")) for name in names)


def _named(said: str, known: tuple[str, ...], what: str) -> str:
    word = said.strip().replace(" ", "_").replace("-", "_")
    if word not in known:
        raise Unclear(f"there is no {what} {said!r}{near(word, known)}")
    return word


def _stands(said: Blanks, _: Cast) -> Stands:
    return Stands(standing=Standing(_named(said["standing"], tuple(Standing), "standing")))


def _day_began(said: Blanks, cast: Cast) -> DayBegan:
    final = None if not said["final"] else said["final"] == "final"
    return DayBegan(balance=cast.minor(said["money"]), equity=_money(said, "equity", cast), final=final)


def _warned(said: Blanks, cast: Cast) -> Warned:
    whole, _, part = said["percent"].partition(".")
    return Warned(rule=cast.rule(said["rule"]), share_bp=int(whole) * 100 + int(part.ljust(2, "0")))


def _recorded(said: Blanks, _: Cast) -> Recorded:
    kinds = [kind.__name__ for kind in FACTS]
    if said["kind"] not in kinds:
        raise Unclear(f"no fact is called {said['kind']}{near(said['kind'], kinds)}")
    return Recorded(kind=said["kind"])


def _corrected(said: Blanks, _: Cast) -> Corrected:
    return Corrected(verdict=_named(said["verdict"], _VERDICTS, "later word"))


def _refused(said: Blanks, _: Cast) -> Refused:
    known = (*(code.value.lower() for code in Retcode), *Refusal)
    return Refused(answer=_named(said["reasons"], known, "answer"))


EXPECTATIONS = (
    Form("nothing", lambda *_: Nothing()),
    Form("breach of RULE[ at equity EQUITY][, floor FLOOR]", _broken),
    Form("suspected[ breach of RULE][ at equity EQUITY][, floor FLOOR][ because REASONS]", _suspected),
    Form("passed[ with balance MONEY]", lambda said, cast: Won(balance=_money(said, "money", cast))),
    Form("pass held[ because REASONS]", lambda said, _: WinHeld(doubts=_doubts(said["reasons"]))),
    Form("decision VERDICT", _corrected),
    Form("warning of RULE at PERCENT %", _warned),
    Form("standing STANDING", _stands),
    Form(
        "floor of RULE MONEY", lambda said, cast: FloorIs(rule=cast.rule(said["rule"]), minor=cast.minor(said["money"]))
    ),
    Form("balance MONEY", lambda said, cast: BalanceIs(minor=cast.minor(said["money"]))),
    Form("equity MONEY", lambda said, cast: EquityIs(minor=cast.minor(said["money"]))),
    Form("day begins with balance MONEY[, equity EQUITY][, FINAL]", _day_began),
    Form("day of COUNT hours", lambda said, _: DayLasts(hours=int(said["count"]))),
    Form("COUNT trading days", lambda said, _: DaysTraded(count=int(said["count"]))),
    Form("flat", lambda *_: IsFlat()),
    Form("refused because REASONS", _refused),
    Form("fact KIND", _recorded),
)
