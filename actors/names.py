"""Names: how desks are addressed. A name is "kind/key", and stays the same for ever: it is part of facts and snapshots."""

from functools import lru_cache

from firm.ids import id_text, parse_id

COURIER = "courier"  # no desk: whoever carries what the settings have brought, as commands name it
ENGINE = "engine"
CATALOGUE = "catalogue"
CALENDARS = "calendars"
RISK = "risk"
STAFF = "staff"
SECURITY = "security"
INCIDENTS = "incidents"


@lru_cache(maxsize=65_536)  # asked for at every price that wakes an account
def account_desk(account: int) -> str:
    return f"account/{id_text(account)}"


@lru_cache(maxsize=65_536)  # at every deal
def trader_desk(trader: int) -> str:
    return f"trader/{id_text(trader)}"


def appeals_desk(trader: int) -> str:
    return f"appeals/{id_text(trader)}"


def order_desk(order: int) -> str:
    return f"order/{id_text(order)}"


def market_desk(bridge: str) -> str:
    return f"market/{bridge}"


def bridge_desk(bridge: str) -> str:
    return f"bridge/{bridge}"


def enforcement_desk(bridge: str) -> str:
    return f"enforcement/{bridge}"


def key_id(name: str) -> int:
    """The id in the name of an account, trader, appeals or order desk."""
    return parse_id(name.partition("/")[2])
