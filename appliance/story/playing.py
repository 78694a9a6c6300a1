"""Playing: a story's lines carried out in their order in its world, and each expectation held when it is read."""

from typing import NamedTuple, assert_never

from appliance.story.clock import Unclear
from appliance.story.deeds import SceneDeed
from appliance.story.holding import missed
from appliance.story.office import NotBelieved, Office, Recorded
from appliance.story.refused import StoryRefused
from appliance.story.scene import PlayedScene
from appliance.story.words import (
    Announced,
    Bought,
    CameBack,
    Closed,
    Deed,
    Expected,
    FellSilent,
    Filled,
    Happening,
    Line,
    Marked,
    MarksStopped,
    Moved,
    Opened,
    Priced,
    Published,
    Refused,
    Reviewed,
    Scored,
    Shown,
    Story,
    Swapped,
    TimePassed,
    ToldTwice,
)
from appliance.story.world import World
from bridges.simulator.answers import Retcode
from bridges.simulator.matching import LOTS_STEP_E8
from firm.commands import (
    AdoptCalendar,
    MarkOrderPaid,
    PlaceOrder,
    PublishProgram,
    PublishScore,
    RegisterTrader,
    ReviewOutcome,
    ReviewVerdict,
)
from firm.facts import Refused as RefusedByFirm
from firm.instant import MINUTE_US
from firm.news import NEWS_NAME, NewsItem, news_calendar
from firm.terms.conduct import Impact

FIRST_TRADER, FIRST_ORDER, FIRST_ACCOUNT = 1_001, 501, 7_001
ACCOUNTS_APART = 100  # more than a program has phases


class Entry(NamedTuple):
    """What a line, or the time before it (None), brought: facts in their order, and how the platform refused it, if it did.

    `missed`: what there is instead of what was expected; "" where that was met, or nothing was expected.
    """

    line: Line | None
    at_us: int
    recorded: tuple[Recorded, ...]
    refused: str = ""
    missed: str = ""


class Played(NamedTuple):
    """A story that was played. `accounts`, `positions`: what the story calls those of these numbers."""

    story: Story
    entries: tuple[Entry, ...]
    office: Office
    accounts: dict[int, str]
    positions: dict[str, str]


def play(story: Story) -> Played:
    """Play it to its end. StoryRefused where a line asks for what cannot be done by then. The same story gives the same rows."""
    return _Play(story).whole()


class _Play:
    """`_told_of`: how many facts are in entries; `_since`, `_looked`: from which on, and up to which, expectations were held last."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._on_offer = story.program
        self._world = World(story.program, story.lines[0].at_us, tells_swap=story.tells_swap)
        self._venue, self._office = self._world.venue, self._world.office
        self._traders: dict[str, int] = {}
        self._scene = PlayedScene(self._world)
        self._entries: list[Entry] = []
        self._told_of = self._since = self._looked = len(self._office.recorded)
        self._refused: tuple[int, str] | None = None  # the entry whose line was refused, and how

    def whole(self) -> Played:
        for line in self._story.lines:
            try:
                self._take(line)
            except (NotBelieved, Unclear) as beyond:
                raise StoryRefused(line.number, line.text, str(beyond)) from beyond
        self._miss_refusal()
        numbers = {number: name for name, numbers in self._world.accounts.items() for number in numbers}
        return Played(self._story, tuple(self._entries), self._office, numbers, self._scene.named)

    def _take(self, line: Line) -> None:
        if not isinstance(line.does, Expected):
            self._since = self._looked
            self._miss_refusal()
        if line.at_us > self._world.now_us:
            self._world.pass_to(line.at_us)
            self._enter(None)
        match line.does:
            case Expected():
                self._hold(line, line.does)
            case happening:
                answer = self._do(line, happening)
                self._world.settle(line.told_us)
                self._enter(line, "" if answer is Retcode.DONE else answer.value.lower())

    # --- lines ---

    def _do(self, line: Line, does: Happening) -> Retcode:  # noqa: C901  (a table of happenings)
        """Carry a line out; the platform's answer, DONE also where it was not asked."""
        venue = self._venue
        match does:
            case Bought():
                self._buy(does)
            case Published():
                self._on_offer = does.program
                self._office.put(PublishProgram(by="console", program=does.program))
            case Priced():
                venue.price(does.symbol, does.bid, does.ask, stands=line.told_us is None)
            case Opened():
                return self._open(does)
            case Filled() | Closed() | Swapped() | ToldTwice():
                return self._change(does)
            case Moved():
                return venue.pay(self._scene.account(does.account), does.kind, does.minor)
            case Shown():
                venue.snapshot(self._scene.account(does.account).login, self._office.journal_seq)
            case FellSilent():
                self._world.fall_silent()
            case CameBack():
                self._world.come_back()
            case MarksStopped():
                self._world.stop_marks()
            case Marked():
                self._world.mark(goes_on=does.goes_on)
            case Reviewed():
                self._review(line, does)
            case Announced():
                self._announce(line, does)
            case Scored():
                self._score(does)
            case SceneDeed():
                return does.carry_out(self._scene)
            case TimePassed():
                pass
            case Deed():
                raise AssertionError(f"{does} does not say how it is carried out")
            case unknown:
                assert_never(unknown)
        return Retcode.DONE

    def _buy(self, does: Bought) -> None:
        office, sold = self._office, self._world.accounts
        if does.trader not in self._traders:
            self._traders[does.trader] = FIRST_TRADER + len(self._traders)
            office.put(RegisterTrader(by="console", trader=self._traders[does.trader], sealed=""))
        trader, order = self._traders[does.trader], FIRST_ORDER + len(sold)
        first, program = FIRST_ACCOUNT + ACCOUNTS_APART * len(sold), self._on_offer
        accounts = tuple(first + place for place, _ in enumerate(program.phases))
        sold[does.account] = accounts
        office.put(
            PlaceOrder(by=f"trader:{trader}", order=order, trader=trader, program=program.program, accounts=accounts)
        )
        office.put(MarkOrderPaid(by="console", order=order, reference="story"))

    def _open(self, does: Opened) -> Retcode:
        account = self._scene.account(does.account)
        stops = does.stop, does.target
        opened = self._venue.open(account, does.symbol, does.side, does.lots_e8, does.price, stops, does.commission)
        if isinstance(opened, Retcode):
            return opened
        self._scene.opened(does.position, does.account, opened.position_id)
        return Retcode.DONE

    def _change(self, does: Filled | Closed | Swapped | ToldTwice) -> Retcode:
        """Something about a position that was opened, and may be closed by now."""
        if isinstance(does, ToldTwice):
            traded = self._scene.traded(does.position)
            if traded is None:
                return Retcode.UNKNOWN_POSITION
            self._venue.tell_again(traded[1])
            return Retcode.DONE
        found = self._scene.held(does.position)
        if found is None:
            return Retcode.UNKNOWN_POSITION
        account, position = found
        match does:
            case Filled():
                return self._venue.add(account, position, does.lots_e8, does.price)
            case Closed():
                lots_e8 = _half_e8(position.lots_e8) if does.half else does.lots_e8 or position.lots_e8
                return self._venue.close(account, position, lots_e8, does.price)
            case Swapped():
                self._venue.swap(account, position, does.minor)
                return Retcode.DONE

    def _review(self, line: Line, does: Reviewed) -> None:
        state = self._scene.state(does.account)
        asked = next((finding.seq for finding in state.findings if finding.rule == does.rule), None)
        if asked is None:
            raise StoryRefused(line.number, line.text, f"nothing is asked about {does.rule} by then")
        outcome = ReviewOutcome.CONFIRM if does.confirms else ReviewOutcome.DISMISS
        verdict = ReviewVerdict(
            by=self._office.member(does.by), account=state.account, decision=asked, outcome=outcome, why=does.why
        )
        self._office.put(verdict, state.account)

    def _announce(self, line: Line, does: Announced) -> None:
        at_us = line.at_us + does.minutes * MINUTE_US
        number = f"{len(self._scene.news) + 1}"
        self._scene.news.append(
            NewsItem(
                id=f"{does.title.lower()}-{number}", title=does.title, currency=does.currency, impact=Impact.HIGH, at_us=at_us,
                until_us=at_us, all_day=False,
            )
        )  # fmt: skip
        self._office.put(AdoptCalendar(by="console", calendar=news_calendar(NEWS_NAME, self._scene.news)))

    def _score(self, does: Scored) -> None:
        state = self._scene.state(does.account)
        published = PublishScore(
            by=self._office.member(does.by), account=state.account, board=does.board, score=does.score, why=does.why
        )
        self._office.put(published, state.account)

    # --- the ledger of it ---

    def _enter(self, line: Line | None, refused: str = "", missed: str = "") -> None:
        recorded = tuple(self._office.recorded[self._told_of :])
        self._told_of = len(self._office.recorded)
        by_firm = (one.fact.refusal.value for one in recorded if isinstance(one.fact, RefusedByFirm))
        if line is not None and (answer := refused or next(by_firm, "")):
            self._refused = (len(self._entries), answer)
        if line is not None or recorded:
            self._entries.append(Entry(line, self._venue.now_us, recorded, refused, missed))

    def _hold(self, line: Line, expected: Expected) -> None:
        """Hold an expectation against the facts since those before it were looked at, and against the account as it is."""
        what = expected.what
        if isinstance(what, Refused):
            answer = self._refused[1] if self._refused is not None else ""
            self._refused = None
            told = "" if answer == what.answer else f"the answer was {_words(answer) or 'no refusal'}"
        else:
            numbers = self._world.accounts[expected.account]
            facts = [one.fact for one in self._office.recorded[self._since :] if one.account in numbers]
            state = self._scene.state(expected.account)
            told = missed(what, facts, state, self._office.engine.market(state.bridge).board)
        self._looked = len(self._office.recorded)
        self._enter(line, missed=told)

    def _miss_refusal(self) -> None:
        """The platform or the firm refused what a line asked for, and no line expected that."""
        if self._refused is not None:
            place, answer = self._refused
            self._refused = None
            told = f"refused, which no line expects: “expect refused because {_words(answer)}” would"
            self._entries[place] = self._entries[place]._replace(missed=told)


def _half_e8(lots_e8: int) -> int:
    """Half of a volume in whole steps, the smaller one where it cannot be parted evenly."""
    return lots_e8 // 2 // LOTS_STEP_E8 * LOTS_STEP_E8


def _words(answer: str) -> str:
    return answer.replace("_", " ")
