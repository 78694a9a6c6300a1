"""Poison: a deal on which an account's desk raises, after it has already written into its state. No known deal does; one day one may."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from actors import account_book

POISON = "poison"


class Poisoned(Exception):
    """What the desk raises."""


@contextmanager
def poison_works() -> Iterator[None]:
    sound = account_book.book_deal

    def book_deal(seat: Any, deal: Any, turn: Any) -> None:
        sound(seat, deal, turn)
        if deal.reason == POISON:
            raise Poisoned(deal.deal_id)

    with patch("actors.account_book.book_deal", book_deal):
        yield
