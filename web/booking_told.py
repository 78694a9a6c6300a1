"""Booking told: what one row added to a balance, in the reader's language."""

from storage.bookings import CASH, Booking
from web.shell.speech import Speech


def booking_told(booked: Booking, speech: Speech) -> str:
    """A deal in a position and what of that was open after it, a deal that is another since, or cash."""
    if not booked.position:
        return speech("bookings.cash" if booked.what == CASH else "bookings.dividend")
    lots = speech("unit.lots", lots=speech.words.lots(booked.left_e8))
    after = speech("bookings.left_open", lots=lots) if booked.left_e8 else speech("bookings.left_nothing")
    name = speech.of_rules.name
    about = {"position": name(booked.position), "symbol": name(booked.symbol), "after": after}
    if not booked.corrects:
        return speech("bookings.deal", **about)
    return speech("bookings.deleted" if booked.deleted else "bookings.corrected", deal=name(booked.corrects), **about)
