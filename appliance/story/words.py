"""Words of a story: what its lines say, read and checked, before anything is played.

Money is in minor units of the program's currency, prices in points of their symbol, volumes in lots times 10^8, instants in UTC.
"""

import msgspec

from firm.facts import Doubt
from firm.inputs import CashKind, Side
from firm.phase import Standing
from firm.ruleset import Program


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a line says."""


# --- what happens ---


class Bought(Word, frozen=True, kw_only=True):
    """A trader buys the program that is on offer; the account is called `account` from then on."""

    trader: str
    account: str


class Published(Word, frozen=True, kw_only=True):
    """The program on offer is another from now on."""

    program: Program


class Priced(Word, frozen=True, kw_only=True):
    """The market's price."""

    symbol: str
    bid: int
    ask: int


class Opened(Word, frozen=True, kw_only=True):
    """A trader's order is filled. `price` None: at the market. `stop`, `target`: 0 for none. `commission`: what it costs."""

    account: str
    position: str
    side: Side
    lots_e8: int
    symbol: str
    price: int | None
    stop: int
    target: int
    commission: int


class Filled(Word, frozen=True, kw_only=True):
    """Another part of the order that opened a position is filled."""

    position: str
    lots_e8: int
    price: int | None


class Closed(Word, frozen=True, kw_only=True):
    """A trader closes a position. `lots_e8` None: all that is left; `half`: half of that."""

    account: str
    position: str
    lots_e8: int | None
    half: bool
    price: int | None


class Swapped(Word, frozen=True, kw_only=True):
    """The platform charges or pays for a night, on top of what it did before."""

    position: str
    minor: int


class Moved(Word, frozen=True, kw_only=True):
    """Money is paid in or out."""

    account: str
    kind: CashKind
    minor: int


class ToldTwice(Word, frozen=True, kw_only=True):
    """The platform tells a position's newest fill again."""

    position: str


class Shown(Word, frozen=True, kw_only=True):
    """The platform shows an account in full."""

    account: str


class FellSilent(Word, frozen=True, kw_only=True):
    """Nothing comes over the bridge any more; the platform goes on."""


class CameBack(Word, frozen=True, kw_only=True):
    """The bridge is there again and tells what it kept, each with its own stamp."""


class MarksStopped(Word, frozen=True, kw_only=True):
    """The bridge does not say any more that it has told everything."""


class Marked(Word, frozen=True, kw_only=True):
    """The bridge says that it has told everything up to now. `goes_on`: and says so from now on."""

    goes_on: bool


class Reviewed(Word, frozen=True, kw_only=True):
    """A person settles what is asked about a rule."""

    by: str
    account: str
    rule: str
    confirms: bool
    why: str


class Announced(Word, frozen=True, kw_only=True):
    """The firm's calendar comes to know of a release of high impact, so many minutes from now."""

    title: str
    currency: str
    minutes: int


class Scored(Word, frozen=True, kw_only=True):
    """The firm publishes an account's score on a board."""

    account: str
    board: str
    score: int
    by: str
    why: str


class TimePassed(Word, frozen=True, kw_only=True):
    """Time goes by."""


class Deed(Word, frozen=True, kw_only=True):
    """What else happens: such words carry themselves out; they are in `dealing.py` and `granting.py`."""


ByPlatform = Priced | Opened | Filled | Closed | Swapped | Moved | ToldTwice | Shown
"""What the platform tells of, so that it may be heard later than it happens."""
Happening = (
    Deed
    | ByPlatform
    | Bought
    | Published
    | FellSilent
    | CameBack
    | MarksStopped
    | Marked
    | Reviewed
    | Scored
    | Announced
    | TimePassed
)


# --- what is expected ---


class Nothing(Word, frozen=True, kw_only=True):
    """No verdict, and no other standing."""


class Broken(Word, frozen=True, kw_only=True):
    """A breach was declared. What is None is not asked."""

    rule: str
    observed: int | None
    floor: int | None


class Suspected(Word, frozen=True, kw_only=True):
    """A breach was seen that is not final. `rule` "": of any rule; `doubts` empty: for any reasons."""

    rule: str
    observed: int | None
    floor: int | None
    doubts: frozenset[Doubt]


class Won(Word, frozen=True, kw_only=True):
    """The phase was passed."""

    balance: int | None


class WinHeld(Word, frozen=True, kw_only=True):
    """The phase looked passed, and was held."""

    doubts: frozenset[Doubt]


class Corrected(Word, frozen=True, kw_only=True):
    """A later word was said on a decision."""

    verdict: str


class Warned(Word, frozen=True, kw_only=True):
    """The trader was told how much of a limit is used."""

    rule: str
    share_bp: int


class Stands(Word, frozen=True, kw_only=True):
    """Where the account stands now."""

    standing: Standing


class FloorIs(Word, frozen=True, kw_only=True):
    """Where a limit's floor is now."""

    rule: str
    minor: int


class BalanceIs(Word, frozen=True, kw_only=True):
    """The account's balance now."""

    minor: int


class EquityIs(Word, frozen=True, kw_only=True):
    """The account's equity now."""

    minor: int


class DayBegan(Word, frozen=True, kw_only=True):
    """What the running day is measured from. `final` None: not asked."""

    balance: int
    equity: int | None
    final: bool | None


class DayLasts(Word, frozen=True, kw_only=True):
    """How long the running day is."""

    hours: int


class DaysTraded(Word, frozen=True, kw_only=True):
    """How many days count as traded."""

    count: int


class IsFlat(Word, frozen=True, kw_only=True):
    """The account holds nothing."""


class Refused(Word, frozen=True, kw_only=True):
    """The platform, or the firm, said no to what was last asked: its answer, as in "no_money"."""

    answer: str


class Recorded(Word, frozen=True, kw_only=True):
    """A fact of this kind was recorded."""

    kind: str


OfFacts = Nothing | Broken | Suspected | Won | WinHeld | Corrected | Warned | Recorded
OfState = Stands | FloorIs | BalanceIs | EquityIs | DayBegan | DayLasts | DaysTraded | IsFlat
Expectation = OfFacts | OfState | Refused


class Expected(Word, frozen=True, kw_only=True):
    """An expectation of an account."""

    account: str
    what: Expectation


class Line(Word, frozen=True, kw_only=True):
    """A line of the story. `told_us`: when the firm hears of it, where that is later than it happens."""

    number: int
    text: str
    at_us: int
    does: Happening | Expected
    told_us: int | None = None


class Story(Word, frozen=True, kw_only=True):
    """A story that can be played. `zone`: in which its times are. `tells_swap`: it says itself what nights cost."""

    program: Program
    zone: str
    lines: tuple[Line, ...]
    tells_swap: bool
