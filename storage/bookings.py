"""Bookings: how the balance that a decision rests on came about, booking by booking since the trading day began, and which of
the platform's positions each step of a working is about. Read from the rows themselves.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from firm.arithmetic import Step
from firm.explain import lots_in_words
from firm.facts import CashBooked, DayOpened, DealBooked, DealCorrected, DividendBooked, PositionRestated
from firm.instant import utc_text
from firm.kinds import Body, body_of
from firm.money import Money
from storage.rows import StoredRow

BOOKINGS_SHOWN_MAX = 20  # the newest; what came before them is told as a number and a sum
CASH = "deposit or withdrawal"
_KINDS = frozenset(kind.__name__ for kind in (CashBooked, DayOpened, DealBooked, DealCorrected, DividendBooked))


class Booking(msgspec.Struct, frozen=True):
    """What one row added to the balance; `position` is empty for cash, and `what` then says which.

    `left_e8`: the lots of the position that were open then. `corrects`: a deal that reads otherwise since, or (`deleted`) was never made.
    """

    seq: int
    at_us: int
    symbol: str
    position: str
    net: Money
    what: str = ""
    corrects: str = ""
    left_e8: int = 0
    deleted: bool = False

    @property
    def in_words(self) -> str:
        """A deal in a position and what of that was open after it, a deal that is another since, or cash."""
        if not self.position:
            return self.what
        position = f"position {self.position} ({self.symbol})"
        after = f"{lots_in_words(self.left_e8)} open" if self.left_e8 else "nothing open"
        if not self.corrects:
            return f"a deal in {position}, {after} after it"
        done = "deleted" if self.deleted else "corrected"
        return f"deal {self.corrects} in {position}, {done} by the platform, {after} after that"


class DayBookings(msgspec.Struct, frozen=True, kw_only=True):
    """From the balance a trading day began with (row `start_seq`) to the one that was used, `balance`.

    `opened`: the account itself was opened then. `shown`: oldest first; `more` others came before them, `more_net` together.
    """

    label: str
    start_seq: int
    start_us: int
    start: Money
    opened: bool
    shown: tuple[Booking, ...]
    more: int
    more_net: Money
    balance: Money


def day_bookings(rows_back: Iterable[StoredRow]) -> DayBookings | None:
    """From an account's rows, newest first. None where they do not reach back to a day's start.

    Where nothing was booked since the day began, as at a reset, the day that had just ended is told.
    """
    booked: list[Booking] = []
    start: tuple[StoredRow, DayOpened] | None = None
    for row in rows_back:
        if row.kind not in _KINDS:
            continue
        body = body_of(row.kind, row.payload)
        if isinstance(body, DayOpened):
            enough = bool(booked) or start is not None
            start = (row, body)
            if enough:
                break
        elif isinstance(body, DealBooked):
            what = (body.symbol, body.position_id, body.net)
            booked.append(Booking(row.seq, row.happened_us, *what, left_e8=body.lots_e8))
        elif isinstance(body, DealCorrected):
            what = (body.symbol, body.position_id, body.net)
            booking = Booking(row.seq, row.happened_us, *what, corrects=body.deal_id, left_e8=body.lots_e8)
            booked.append(replace(booking, deleted=body.deleted))
        elif isinstance(body, CashBooked):
            booked.append(Booking(row.seq, row.happened_us, "", "", body.amount, CASH))
        elif isinstance(body, DividendBooked):
            booked.append(Booking(row.seq, row.happened_us, "", "", body.amount, "dividend"))
    return None if start is None else _told(*start, booked)


def _told(row: StoredRow, day: DayOpened, newest_first: Sequence[Booking]) -> DayBookings:
    shown, before = newest_first[:BOOKINGS_SHOWN_MAX], newest_first[BOOKINGS_SHOWN_MAX:]
    nothing = day.balance.with_minor(0)
    return DayBookings(
        label=day.day.label,
        start_seq=row.seq,
        start_us=row.happened_us,
        start=day.balance,
        opened=began_with_its_account(row, day),
        shown=tuple(reversed(shown)),
        more=len(before),
        more_net=sum((each.net for each in before), nothing),
        balance=sum((each.net for each in newest_first), day.balance),
    )


def began_with_its_account(row: StoredRow, day: DayOpened) -> bool:
    """An account's first day begins when the platform opened it, not at the last reset."""
    return row.happened_us != day.day.start_us


def bookings_in_words(told: DayBookings) -> str:
    """A paragraph for `evenhand explain`."""
    began = "the account was opened" if told.opened else f"the trading day {told.label} began"
    lines = [f"  {told.start} when {began}, {utc_text(told.start_us)} [ledger row {told.start_seq}]"]
    if told.more:
        lines.append(f"  {_signed(told.more_net)}: {told.more} bookings before these")
    lines += [
        f"  {_signed(each.net)}: {each.in_words}, {utc_text(each.at_us)} [ledger row {each.seq}]" for each in told.shown
    ]
    lines.append(f"  {told.balance}: the balance that was used")
    return "Where the balance comes from:\n" + "\n".join(lines)


def _signed(amount: Money) -> str:
    return f"+{amount}" if amount.minor > 0 else f"{amount}"


def with_positions_named(steps: Sequence[Step], bodies: Mapping[int, Body]) -> list[Step]:
    """The steps with the platform's position numbers for the places that the working gave to positions.

    Only for reading aloud: a decision is kept, hashed and checked with the names that it was worked out with.
    """
    names = {}
    for step in steps:
        if step.unit == "lots_e8" and step.source:
            label, position = step.name.removesuffix(" lots_e8"), _position_cited(step.source, bodies)
            if position and " #" in label:  # other workings name positions themselves
                names[label] = f"{label.rpartition(' #')[0]} position {position}"
    if not names:
        return list(steps)
    pattern = re.compile(f"({'|'.join(re.escape(label) for label in names)})(?!\\d)")

    def named(text: str) -> str:
        return pattern.sub(lambda found: names[found[1]], text)

    return [replace(step, name=named(step.name), args=tuple(map(named, step.args))) for step in steps]


def _position_cited(source: str, bodies: Mapping[int, Body]) -> str:
    seq, *path = source.split("/")
    match bodies.get(int(seq)) if seq.isdigit() else None:
        case DealBooked() | DealCorrected() | PositionRestated() as booked:
            return booked.position_id
        case DayOpened() as day if path[0] == "positions":
            return day.positions[int(path[1])].position_id
        case _:
            return ""
