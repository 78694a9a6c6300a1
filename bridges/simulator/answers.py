"""Answers: what the platform says to a request, and why it did a deal."""

from enum import StrEnum


class Retcode(StrEnum):
    """The platform's answer to a request."""

    DONE = "DONE"
    DONE_PARTIAL = "DONE_PARTIAL"
    REQUOTE = "REQUOTE"
    NO_LIQUIDITY = "NO_LIQUIDITY"
    MARKET_CLOSED = "MARKET_CLOSED"
    NO_MONEY = "NO_MONEY"
    NO_PRICES = "NO_PRICES"
    NO_CONVERSION = "NO_CONVERSION"
    NO_CONNECTION = "NO_CONNECTION"
    TRADE_DISABLED = "TRADE_DISABLED"
    CLOSE_ONLY = "CLOSE_ONLY"
    INVALID_VOLUME = "INVALID_VOLUME"
    INVALID_PRICE = "INVALID_PRICE"
    INVALID_STOPS = "INVALID_STOPS"
    INVALID_EXPIRY = "INVALID_EXPIRY"
    INVALID_ARGS = "INVALID_ARGS"
    LIMIT_REACHED = "LIMIT_REACHED"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    UNKNOWN_POSITION = "UNKNOWN_POSITION"
    UNKNOWN_DEAL = "UNKNOWN_DEAL"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    UNKNOWN_ACTION = "UNKNOWN_ACTION"
    LOGIN_TAKEN = "LOGIN_TAKEN"


class Reason(StrEnum):
    """Why a deal was done."""

    CLIENT = "client"
    STOP_LOSS = "sl"
    TAKE_PROFIT = "tp"
    STOP_OUT = "stop_out"
    DEALER = "dealer"
