"""Feed, for staff: each bridge's prices by symbol, how old they are, and what is wrong with them; live while it is watched."""

from typing import Any

import anyio.to_thread
import msgspec
from litestar import Request, get
from litestar.response import Response, Stream

from actors.feed import Feed, SymbolFeed, feed_of
from actors.live import BridgeHealth
from actors.market_state import MarketState
from firm.permissions import Permission
from web.bounds import FEED_SYMBOLS_SHOWN
from web.firm import Firm
from web.pages.account import event_stream
from web.render import page
from web.sse import Parts
from web.visitor import firm_of, may


class BridgeFeed(msgspec.Struct, frozen=True):
    """A bridge's card: the symbols that are shown, those with something wrong first, and how many are left out.

    `unpriced`: symbols that never had a price and have nothing wrong besides; they are named alone.
    """

    feed: Feed
    health: BridgeHealth
    symbols: tuple[SymbolFeed, ...]
    wrong: int
    left_out: int
    unpriced: tuple[str, ...]


@get("/staff/feed", policy=may(Permission.SEE_FEED))
async def staff_feed(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "staff_feed.html", **await _feed(firm_of(request)))


@get("/staff/feed/live", policy=may(Permission.SEE_FEED))
async def staff_feed_live(request: Request[Any, Any, Any]) -> Stream:
    state, firm = request.app.state, firm_of(request)

    async def render() -> Parts:
        shown = await _feed(firm)
        return {"live": await anyio.to_thread.run_sync(state.pages.text, "_feed_live.html", shown)}

    return event_stream(state.streams, request, "feed", render)


async def _feed(firm: Firm) -> dict[str, Any]:
    """Gathered in a thread: a platform may name thousands of symbols."""
    markets, now_us = firm.live.markets(), firm.now_us()
    healths = [each for each in firm.live.health().bridges if each.bridge in markets and each.mode != "revoked"]
    feeds = await anyio.to_thread.run_sync(_cards, markets, healths, now_us)
    return {"feeds": feeds, "now_us": now_us, "unpriced_max": FEED_SYMBOLS_SHOWN}


def _cards(markets: dict[str, MarketState], healths: list[BridgeHealth], now_us: int) -> list[BridgeFeed]:
    cards = []
    for health in healths:
        feed = feed_of(health.bridge, markets[health.bridge], now_us)
        wrong = [each for each in feed.symbols if each.doubtful or each.symbol in health.stale_symbols]
        known = {each.symbol for each in wrong}
        others = [each for each in feed.symbols if each.symbol not in known]
        ordered = (*wrong, *(each for each in others if each.bid is not None))
        unpriced = tuple(each.symbol for each in others if each.bid is None)
        shown = ordered[:FEED_SYMBOLS_SHOWN]
        cards.append(BridgeFeed(feed, health, shown, len(wrong), len(ordered) - len(shown), unpriced))
    return cards


ROUTES = (staff_feed, staff_feed_live)
