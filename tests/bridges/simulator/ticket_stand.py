"""A platform that stands still, with Ada's and Ben's accounts and its ticket on a real socket. Time passes when a test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx

from bridges.events import Event
from bridges.simulator.answers import Retcode
from bridges.simulator.market_spec import read_market
from bridges.simulator.rehearsal import opening_commands
from bridges.simulator.replay import Market, Press, Replay
from bridges.simulator.state import State
from bridges.simulator.synthetic import SyntheticPrices
from bridges.simulator.ticket.keys import TicketKeys
from bridges.simulator.ticket.loopback import HOST, listen
from bridges.simulator.ticket.server import serve_ticket
from bridges.simulator.ticket.sessions import Sessions
from firm.instant import HOUR_US
from firm.quote_frame import Tick

ADA, BEN = "700001", "700002"
LOOKS_BACK_US = 2 * HOUR_US  # of prices behind the start, which every stand reads first


class Stand:
    """`told` is everything that went over the wire."""

    def __init__(
        self, market: str = "walk:EURUSD,XAUUSD;days=1", temper: str = "scalper", lasts_us: int = 14 * HOUR_US
    ) -> None:
        prices = SyntheticPrices(read_market(market))
        from_us = prices.first_us + LOOKS_BACK_US
        self.replay = Replay(Market(prices, from_us=from_us, to_us=from_us + lasts_us), 1)
        self.portal = ""
        self.told: list[Tick | Event] = []
        self.keys = TicketKeys(b"k" * 32)
        self.now_s = 1_000.0
        self.sessions = Sessions(lambda: self.now_s)
        self.port = 0
        for command in opening_commands([(temper, "USD", 100_000, 100), ("idle", "EUR", 50_000, 100)]):
            self.replay.carry_out(command)

    @property
    def state(self) -> State:
        return self.replay.state

    @property
    def prices_ended_us(self) -> int | None:
        return self.replay.now_us if self.replay.is_over else None

    async def by_hand(self, login: str, press: Press) -> Retcode:
        answer = self.replay.by_hand(login, press)
        self._take()
        return answer

    def play(self, slices: int) -> None:
        for _ in range(slices):
            self.replay.play_slice()
        self._take()

    def _take(self) -> None:
        for parcel in self.replay.hand_over():
            self.told += [*parcel.ticks, *parcel.events]

    def password(self, login: str) -> str:
        return self.keys.password_of(self.state.accounts[login].trader)


@asynccontextmanager
async def served(stand: Stand) -> AsyncIterator[str]:
    """Its address while its ticket is served."""
    listener = listen(0)
    stand.port = listener.getsockname()[1]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_ticket, stand, stand.keys, listener, stand.portal, stand.sessions)
        yield f"http://{HOST}:{stand.port}"
        tasks.cancel_scope.cancel()


class Trader(httpx.AsyncClient):
    """A browser without a screen that sends forms as one would from the ticket's own pages."""

    async def sign_in(self, login: str, password: str) -> httpx.Response:
        return await self.send_form("/session", account=login, password=password)

    async def form(self, path: str, **fields: str) -> httpx.Response:
        return await self.send_form(path, form_token=await self.new_form(), **fields)

    async def new_form(self) -> str:
        """What a form that was rendered just now carries."""
        page = (await self.get("/ticket")).text
        return page.partition('name="form_token" value="')[2].partition('"')[0]

    async def send_form(self, path: str, **fields: str) -> httpx.Response:
        return await self.post(path, data=fields, headers={"origin": str(self.base_url).rstrip("/")})
