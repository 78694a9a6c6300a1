"""Messages: what desks tell each other within one input. Frozen, and written as JSON when a stopped desk's are parked."""

import msgspec

from firm.commands import GrantOverride
from firm.deed import Deed
from firm.facts import Doubt
from firm.incidents import Hole, Incident
from firm.phase import Standing
from firm.price import Quote
from firm.rules.across_accounts import Together
from firm.ruleset import Phase, Program


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """From one desk to another."""


# --- prices and time, from the market desk to account desks ---


class PriceReached(Message, frozen=True, kw_only=True):
    """A price left the account's bands: judge it now."""

    at_us: int


class LatePrice(Message, frozen=True, kw_only=True):
    """A tick older than the one already used arrived: judge the account as it would have stood at it."""

    quote: Quote


class PricesFilled(Message, frozen=True, kw_only=True):
    """Every price of `symbol` in [from_us, to_us) has been seen by now: what a merged window left open is settled."""

    symbol: str
    from_us: int
    to_us: int


class PricesMissing(Message, frozen=True, kw_only=True):
    """The platform cannot give the prices of `symbol` in [from_us, to_us): a person must look at what rests on them."""

    symbol: str
    from_us: int
    to_us: int


class ContractReported(Message, frozen=True, kw_only=True):
    """A symbol the account depends on has another contract, and no price yet.

    `held`: its equity depends on it, or did today. Else only a breach or a high did, of which prices may have brought another one since.
    """

    symbol: str
    held: bool = True


class DayEnded(Message, frozen=True, kw_only=True):
    """The account's day ended at `at_us`; these are the last prices before it, as far as they have come."""

    at_us: int
    quotes: dict[str, Quote]


class DayFinal(Message, frozen=True, kw_only=True):
    """Everything stamped before `at_us` has arrived; these are the last prices before it."""

    at_us: int
    quotes: dict[str, Quote]


class MarkDue(Message, frozen=True, kw_only=True):
    """The account's mark is due."""

    at_us: int


class PeakDue(Message, frozen=True, kw_only=True):
    """An epoch begins: a peak that only prices brought becomes a fact, for the newer engine to start from."""


# --- sale, from catalogue to trader to order to account ---


class OrderWanted(Message, frozen=True, kw_only=True):
    """A program was found for an order: may the trader have another account?"""

    order: int
    trader: int
    accounts: tuple[int, ...]
    program: Program


class OrderAllowed(Message, frozen=True, kw_only=True):
    """The trader may."""

    order: int
    trader: int
    accounts: tuple[int, ...]
    program: Program


class OpenAccount(Message, frozen=True, kw_only=True):
    """Open the account of phase number `place` of a challenge."""

    trader: int
    challenge: int
    place: int
    phase: Phase
    program: Program


class RoomWanted(Message, frozen=True, kw_only=True):
    """Phase number `place` of a challenge is reached: may the trader be given its account?"""

    order: int
    place: int
    program: Program


class GivenUp(Message, frozen=True, kw_only=True):
    """To an account or an order: its trader is to be forgotten and has given it up."""


class RoomAnswered(Message, frozen=True, kw_only=True):
    """To the order. `why_not`: the rule that would be passed, how much stands together and what is allowed; "" where the trader may."""

    place: int
    why_not: str


class AccountProvisioned(Message, frozen=True, kw_only=True):
    """The platform created the account under this login."""

    login: str
    at_us: int


class AccountStood(Message, frozen=True, kw_only=True):
    """An account's standing changed: to its order."""

    account: int
    after: Standing


class AskReopening(Message, frozen=True, kw_only=True):
    """May this account, by whose breach its challenge ended, go on? `command`: what asks for it."""

    account: int
    command: GrantOverride


class ReopeningAllowed(Message, frozen=True, kw_only=True):
    """Yes: no other account of the challenge has come since."""

    command: GrantOverride


# --- incidents, from the incident desk to account desks ---


class PricesOut(Message, frozen=True, kw_only=True):
    """Prices that the account may need are missing."""

    incident: Incident


class OutageOver(Message, frozen=True, kw_only=True):
    """They have come again. `filled`: every missing one was sent after all.

    `holes`: by symbol of the incident, what came of the prices that had to be asked for; None where none had to be.
    """

    incident: int
    from_us: int
    until_us: int
    filled: bool
    holes: dict[str, Hole | None]


# --- failures and passes, between account desks and the risk desk ---


class AskFailure(Message, frozen=True, kw_only=True):
    """May this account be failed automatically?

    `settled`: its breach was suspected before and is now beyond doubt. `late`: something that came late showed it. `at_rollover`: it is
    of a limit that only the marks of a rollover can break. `deed`: what broke a rule about deeds. `together`: what broke one across a
    trader's accounts.
    """

    account: int
    rule: str
    at_us: int
    settled: bool
    late: bool = False
    at_rollover: bool = False
    deed: Deed | None = None
    together: Together | None = None


class FailureAllowed(Message, frozen=True, kw_only=True):
    """Yes."""

    rule: str
    at_us: int
    settled: bool
    late: bool = False
    at_rollover: bool = False
    deed: Deed | None = None
    together: Together | None = None


class FailureHeld(Message, frozen=True, kw_only=True):
    """Not automatically, for this reason."""

    rule: str
    at_us: int
    settled: bool
    doubt: Doubt
    late: bool = False
    at_rollover: bool = False
    deed: Deed | None = None
    together: Together | None = None


class AskPass(Message, frozen=True, kw_only=True):
    """May this account be passed automatically?"""

    account: int
    at_us: int


class PassAllowed(Message, frozen=True, kw_only=True):
    """Yes."""

    at_us: int


class PassDoubted(Message, frozen=True, kw_only=True):
    """Not now, for this reason."""

    at_us: int
    doubt: Doubt


# --- a trader's accounts together, between account desks and their trader's desk ---


class HoldingsChanged(Message, frozen=True, kw_only=True):
    """What the trader's accounts hold is to be looked at. To the trader's desk, where a rule across accounts asks for it.

    `at_us`: since when. `dealt`: what `account` holds was changed by something that happened then; else it stands otherwise, or it is
    time.
    """

    account: int
    at_us: int
    dealt: bool


class TogetherBroken(Message, frozen=True, kw_only=True):
    """A rule of the account is broken by what its trader's accounts held together at `at_us`."""

    rule: str
    at_us: int
    together: Together


class TogetherKept(Message, frozen=True, kw_only=True):
    """A rule of the account is kept again by a subject. `together`: what the accounts hold now; None in one kept by earlier releases."""

    rule: str
    subject: str
    together: Together | None = None


class TogetherAsked(Message, frozen=True, kw_only=True):
    """What came late, or was corrected, tells something else of what stood together at decision `decision` of the account.

    `broken`: whether the rule was broken with it; None where nobody can tell any more.
    """

    decision: int
    broken: bool | None
    because: str


# --- enforcement ---


class Enforce(Message, frozen=True, kw_only=True):
    """Carry out a purpose on the platform: provision, close_only, flatten (close, then block) or release.

    `decision`: the ledger seq it follows from, 0 for none. `args`: what provisioning needs.
    """

    account: int
    login: str
    purpose: str
    decision: int
    args: dict[str, str]


class Judge(Message, frozen=True, kw_only=True):
    """Look at the account again with the prices there are: after a desk was resumed."""

    at_us: int


MESSAGES: tuple[type[Message], ...] = (
    PriceReached,
    LatePrice,
    PricesFilled,
    PricesMissing,
    ContractReported,
    DayEnded,
    DayFinal,
    MarkDue,
    PeakDue,
    OrderWanted,
    OrderAllowed,
    OpenAccount,
    RoomWanted,
    RoomAnswered,
    GivenUp,
    AccountProvisioned,
    AccountStood,
    AskReopening,
    ReopeningAllowed,
    AskFailure,
    FailureAllowed,
    FailureHeld,
    AskPass,
    PassAllowed,
    PassDoubted,
    HoldingsChanged,
    TogetherBroken,
    TogetherKept,
    TogetherAsked,
    Enforce,
    Judge,
    PricesOut,
    OutageOver,
)
