"""Belief: what cannot be true of a price, a volume, an amount, a time or a symbol, whoever says it."""

from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridges.bounds import (
    BAND_BP_MAX,
    CONTRACT_E8_MAX,
    COUNT_MAX,
    EARLIEST_US,
    FUTURE_MAX_US,
    LATEST_US,
    LOTS_E8_MAX,
    MONEY_MINOR_MAX,
    PRICE_POINTS_MAX,
)

_WEEK_MINUTES = 7 * 24 * 60


class Disbelief(StrEnum):
    """Why an event was refused: also the name of its counter."""

    UNREADABLE = "undecodable event"
    UNKNOWN_TAG = "unknown event"
    PRICE = "price is not positive"
    PRICE_RANGE = "price out of range"
    VOLUME = "volume out of range"
    FAR_PAST = "time before 2000"
    FAR_FUTURE = "time more than a day ahead"
    ORDER_OF_TIMES = "end before start"
    MONEY = "amount out of range"
    CURRENCY = "another currency than the account's"
    CONTRACT = "contract out of range"
    ZONE = "unknown time zone"
    SESSIONS = "sessions out of range"
    COUNT = "count out of range"


class Unbelievable(Exception):
    """An event says what cannot be. `detail` stays in the ledger: figures and words of ours, no text of the event's."""

    def __init__(self, why: Disbelief, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail


def believe_time(field: str, t_us: int, now_us: int) -> None:
    if t_us < EARLIEST_US:
        raise Unbelievable(Disbelief.FAR_PAST, f"{field} = {t_us}")
    if t_us > now_us + FUTURE_MAX_US:
        raise Unbelievable(Disbelief.FAR_FUTURE, f"{field} = {t_us}")


def believe_price(field: str, points: int) -> None:
    if points <= 0:
        raise Unbelievable(Disbelief.PRICE, f"{field} = {points}")
    if points > PRICE_POINTS_MAX:
        raise Unbelievable(Disbelief.PRICE_RANGE, f"{field} = {points} points; at most {PRICE_POINTS_MAX}")


def is_price(points: int) -> bool:
    return 0 < points <= PRICE_POINTS_MAX


def believe_volume(field: str, lots_e8: int, *, may_be_none: bool = False) -> None:
    if not 0 <= lots_e8 <= LOTS_E8_MAX or (lots_e8 == 0 and not may_be_none):
        raise Unbelievable(Disbelief.VOLUME, f"{field} = {lots_e8}")


def believe_count(field: str, count: int) -> None:
    if not 0 <= count <= COUNT_MAX:
        raise Unbelievable(Disbelief.COUNT, f"{field} = {count}")


def believe_amount(minor: int) -> None:
    if abs(minor) > MONEY_MINOR_MAX:
        raise Unbelievable(Disbelief.MONEY, f"{minor} minor units; at most {MONEY_MINOR_MAX} either way")


def believe_contract(contract_e8: int, sanity_band_bp: int) -> None:
    if not (0 < contract_e8 <= CONTRACT_E8_MAX and 0 < sanity_band_bp <= BAND_BP_MAX):
        raise Unbelievable(Disbelief.CONTRACT, f"contract_e8 = {contract_e8}, sanity_band_bp = {sanity_band_bp}")


def believe_sessions(sessions: tuple[tuple[int, int], ...]) -> None:
    if not all(0 <= start < end <= _WEEK_MINUTES for start, end in sessions):
        raise Unbelievable(Disbelief.SESSIONS, f"{sessions}")


def believe_closed(closed: tuple[tuple[int, int], ...]) -> None:
    """Stretches ahead are the point of it: they are bounded by the calendar, not by firm time."""
    if not all(EARLIEST_US <= from_us < to_us <= LATEST_US for from_us, to_us in closed):
        raise Unbelievable(Disbelief.SESSIONS, f"closed {closed}")


def believe_zone(name: str) -> None:
    if not _is_zone(name):
        raise Unbelievable(Disbelief.ZONE, "zone is not in the zone database")


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
