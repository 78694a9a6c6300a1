"""Belief: what cannot be true of a price, a volume, a time or a symbol, whoever says it."""

from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridges.bounds import EARLIEST_US, FUTURE_MAX_US, LOTS_E8_MAX

_WEEK_MINUTES = 7 * 24 * 60


class Disbelief(StrEnum):
    """Why an event was refused: also the name of its counter."""

    UNREADABLE = "undecodable event"
    UNKNOWN_TAG = "unknown event"
    PRICE = "price is not positive"
    VOLUME = "volume out of range"
    FAR_PAST = "time before 2000"
    FAR_FUTURE = "time more than a day ahead"
    ORDER_OF_TIMES = "end before start"
    MONEY = "amount out of range"
    CURRENCY = "another currency than the account's"
    CONTRACT = "contract out of range"
    ZONE = "unknown time zone"
    SESSIONS = "sessions out of range"
    NEGATIVE = "negative count"


class Unbelievable(Exception):
    """An event says what cannot be."""

    def __init__(self, why: Disbelief, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why


def believe_time(field: str, t_us: int, now_us: int) -> None:
    if t_us < EARLIEST_US:
        raise Unbelievable(Disbelief.FAR_PAST, f"{field} = {t_us}")
    if t_us > now_us + FUTURE_MAX_US:
        raise Unbelievable(Disbelief.FAR_FUTURE, f"{field} = {t_us}")


def believe_price(field: str, points: int, *, may_be_absent: bool = False) -> None:
    if points < 0 or (points == 0 and not may_be_absent):
        raise Unbelievable(Disbelief.PRICE, f"{field} = {points}")


def believe_volume(field: str, lots_e8: int, *, may_be_none: bool = False) -> None:
    if not 0 <= lots_e8 <= LOTS_E8_MAX or (lots_e8 == 0 and not may_be_none):
        raise Unbelievable(Disbelief.VOLUME, f"{field} = {lots_e8}")


def believe_count(field: str, count: int) -> None:
    if count < 0:
        raise Unbelievable(Disbelief.NEGATIVE, f"{field} = {count}")


def believe_sessions(sessions: tuple[tuple[int, int], ...]) -> None:
    if not all(0 <= start < end <= _WEEK_MINUTES for start, end in sessions):
        raise Unbelievable(Disbelief.SESSIONS, f"{sessions}")


def believe_zone(name: str) -> None:
    if not _is_zone(name):
        raise Unbelievable(Disbelief.ZONE, name)


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
