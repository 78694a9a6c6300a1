"""Granting: lines about exceptions that people make from an account's rules, and about news that the firm's calendar announces."""

from collections.abc import Callable

from appliance.story.cast import Cast
from appliance.story.clock import Unclear
from appliance.story.deeds import Scene, SceneDeed
from appliance.story.forms import Blanks, Form
from appliance.story.office import Office
from bridges.simulator.answers import Retcode
from firm.account import AccountState
from firm.bounds import EXTENDED_DAYS_MAX, WAIVED_DAYS_MAX
from firm.commands import AdoptCalendar, GrantOverride
from firm.facts import BreachDeclared, RuleBroken
from firm.instant import DAY_US
from firm.news import NEWS_NAME, NewsItem, news_calendar
from firm.overrides import AdjustMark, ExtendPhase, Mark, Override, Reinstate, WaiveRule
from firm.terms.conduct import Impact
from firm.terms.words import Action

_WHY, _EVIDENCE = "as the story has it", "story"


class Listed(SceneDeed, frozen=True, kw_only=True):
    """The firm's calendar has a release. `currency` "": it concerns all."""

    title: str
    currency: str
    impact: Impact
    at_us: int

    def carry_out(self, scene: Scene) -> Retcode:
        scene.news.append(
            NewsItem(
                id=f"{self.title.lower().replace(' ', '-')}-{len(scene.news) + 1}",
                title=self.title,
                currency=self.currency,
                impact=self.impact,
                at_us=self.at_us,
                until_us=self.at_us,
                all_day=False,
            )
        )
        scene.office.put(AdoptCalendar(by="console", calendar=news_calendar(NEWS_NAME, scene.news)))
        return Retcode.DONE


class Granted(SceneDeed, frozen=True, kw_only=True):
    """A person asks for an exception, or agrees to one. `days`: how long a waiver lasts, where `override` does not say until when."""

    by: str
    account: str
    why: str
    override: Override | None  # None: reinstated, after the breach that ended the account
    days: int = 0

    def carry_out(self, scene: Scene) -> Retcode:
        state, wanted = scene.state(self.account), self.override
        if wanted is None:
            wanted = Reinstate(decision=_ended_by(scene.office, state))
        elif isinstance(wanted, WaiveRule) and self.days:
            wanted = WaiveRule(rule=wanted.rule, until_us=scene.office.now_us + self.days * DAY_US)
        by = "console" if self.by == "console" else scene.office.member(self.by)
        command = GrantOverride(by=by, account=state.account, override=wanted, why=self.why, evidence=_EVIDENCE)
        scene.office.put(command, state.account)
        return Retcode.DONE


def _ended_by(office: Office, state: AccountState) -> int:
    """The breach by which an account ended; 0, which the firm refuses, where there is none."""
    found = (one for one in reversed(office.recorded) if one.account == state.account)
    return next(
        (
            one.seq
            for one in found
            if (isinstance(one.fact, BreachDeclared) and one.fact.severity == "hard")
            or (isinstance(one.fact, RuleBroken) and one.fact.does is Action.FAIL)
        ),
        0,
    )


def _announced(said: Blanks, cast: Cast) -> Listed:
    code = said["code"]
    return Listed(
        title=said["event"],
        currency="" if code == "all" else code,
        impact=Impact(said["impact"]),
        at_us=cast.upcoming_us(said["clock"]),
    )


def _granted(wanted: Callable[[Blanks, Cast], Override | None]) -> Callable[[Blanks, Cast], Granted]:
    def read(said: Blanks, cast: Cast) -> Granted:
        return Granted(
            by=said["who"],
            account=cast.account(said["name"]),
            why=said["why"] or _WHY,
            override=wanted(said, cast),
            days=_days(said["days"], WAIVED_DAYS_MAX) if said.get("days") else 0,
        )

    return read


def _days(text: str, most: int) -> int:
    if not 0 < int(text) <= most:
        raise Unclear(f"{text} days are not granted: from 1 to {most} are")
    return int(text)


def _waived_until(said: Blanks, cast: Cast) -> Override:
    return WaiveRule(rule=cast.rule(said["rule"]), until_us=cast.upcoming_us(said["clock"]))


def _waived_for(said: Blanks, cast: Cast) -> Override:
    return WaiveRule(rule=cast.rule(said["rule"]), until_us=0)


def _extended(said: Blanks, _: Cast) -> Override:
    return ExtendPhase(days=_days(said["count"], EXTENDED_DAYS_MAX))


def _adjusted(said: Blanks, cast: Cast) -> Override:
    return AdjustMark(mark=Mark(f"day_{said['mark']}"), rule="", minor=cast.minor(said["money"]))


def _raised(said: Blanks, cast: Cast) -> Override:
    return AdjustMark(mark=Mark.HIGH, rule=cast.rule(said["rule"]), minor=cast.minor(said["money"]))


GRANTING = (
    Form("news CODE IMPACT EVENT at CLOCK", _announced),
    Form("WHO waives RULE[ of NAME] until CLOCK[, because WHY]", _granted(_waived_until)),
    Form("WHO waives RULE[ of NAME] for DAYS day[s][, because WHY]", _granted(_waived_for)),
    Form("WHO reinstates NAME[, because WHY]", _granted(lambda *_: None)),
    Form("WHO extends the phase[ of NAME] by COUNT day[s][, because WHY]", _granted(_extended)),
    Form("WHO adjusts the day's MARK[ of NAME] to MONEY[, because WHY]", _granted(_adjusted)),
    Form("WHO adjusts the high of RULE[ of NAME] to MONEY[, because WHY]", _granted(_raised)),
)
