"""The stage, served on a real socket for the whole room's tests, and browsers (httpx) signed in to it."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest
import uvicorn

from tests.loading import loaded
from web import password_desk
from web.app import create_app, end_streams
from web.visitor import csrf_token_of

STAGE = loaded("web_stage", Path(__file__).with_name("stage.py"))
PLAY = loaded("web_play", Path(__file__).with_name("play.py"))


# Whose tests are about hashes, which are the firm's own there.
OF_HASHES = {"test_hashing", "test_login_floods", "test_passwords", "test_signing_in"}


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def play() -> ModuleType:
    """The words of the stage: people, password."""
    return STAGE


@pytest.fixture(scope="session")
def histories() -> ModuleType:
    """The histories that a stage can be given."""
    return PLAY


@pytest.fixture(scope="session")
def new_client() -> Any:
    """A browser for an application without a socket."""
    return lambda transport: Client(base_url="http://127.0.0.1", transport=transport)


@pytest.fixture(scope="session")
def visiting() -> Any:
    """Of a firm that is a test's own: `async with visiting(firm) as visit`, then `await visit("ada")` is her browser, without a socket."""

    @asynccontextmanager
    async def visiting(firm: Any) -> AsyncIterator[Any]:
        app = create_app(firm)
        async with AsyncExitStack() as browsers:

            async def visit(name: str) -> Client:
                """Somebody's browser; a name of nobody is not signed in."""
                transport = httpx.ASGITransport(app)
                client = await browsers.enter_async_context(Client(base_url="http://127.0.0.1", transport=transport))
                if name:
                    answer = await client.sign_in(f"{name}@example.org", STAGE.PASSWORD)
                    assert answer.status_code == 303, f"{name} could not sign in"
                return client

            yield visit

    return visiting


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    played = PLAY.played(tmp_path_factory.mktemp("stage") / "firm", crowd=55)
    yield played
    played.close()


def _hash_quickly(quick: pytest.MonkeyPatch) -> None:
    """As the stage does: or each sign-in would hash the password anew, as one that was hashed with too little."""
    quick.setattr(password_desk, "TIME_COST", 1)
    quick.setattr(password_desk, "MEMORY_KIB", 8)


@pytest.fixture(scope="module", autouse=True)
def quick_hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever opens a firm of their own hashes quickly too, but for the files that look at what the firm's own hashes cost."""
    with pytest.MonkeyPatch.context() as quick:
        if request.path.stem not in OF_HASHES:
            _hash_quickly(quick)
        yield


@pytest.fixture(scope="module")
def app(stage: Any) -> Any:
    with pytest.MonkeyPatch.context() as quick:
        _hash_quickly(quick)
        return create_app(stage.firm)


@pytest.fixture(scope="module")
async def base_url(app: Any) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2, timeout_keep_alive=120
    )
    server = _Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        with anyio.fail_after(5):
            while not server.started:  # noqa: ASYNC110  (uvicorn has a flag and no event)
                await anyio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        end_streams(app)
        server.should_exit = True


UPLOADS = {"/documents", "/staff/documents"}  # forms with a file in them
PATIENCE_S = 60  # on a busy machine; httpx gives up after five


class Client(httpx.AsyncClient):
    """A browser without a screen: it keeps cookies, and sends forms as one would from our own pages."""

    token: str = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(timeout=PATIENCE_S, **options)

    async def send_form(self, path: str, **fields: str) -> httpx.Response:
        if path in UPLOADS:
            return await self.send_file(path, **fields)
        headers = {"origin": str(self.base_url).rstrip("/")}
        return await self.post(path, data={"csrf_token": self.token, **fields}, headers=headers)

    async def send_file(self, path: str, **fields: str) -> httpx.Response:
        headers = {"origin": str(self.base_url).rstrip("/")}
        files = {"file": ("passport.pdf", b"%PDF-", "application/pdf")}
        return await self.post(path, data={"csrf_token": self.token, **fields}, files=files, headers=headers)

    async def sign_in(self, mail: str, password: str) -> httpx.Response:
        answer = await self.send_form("/session", mail=mail, password=password, next="/")
        self.take_token(await self.get("/", follow_redirects=True))
        return answer

    def take_token(self, page: httpx.Response) -> None:
        """As a browser does that shows a page: its forms are of the session of now."""
        mark = 'name="csrf_token" value="'
        self.token = page.text.partition(mark)[2].partition('"')[0]


@pytest.fixture
async def nobody(base_url: str) -> AsyncIterator[Client]:
    async with Client(base_url=base_url) as client:
        yield client


async def _signed_in(base_url: str, mail: str) -> AsyncIterator[Client]:
    async with Client(base_url=base_url) as client:
        answer = await client.sign_in(mail, STAGE.PASSWORD)
        assert answer.status_code == 303
        yield client


@pytest.fixture(scope="module")
async def ada(base_url: str) -> AsyncIterator[Client]:
    async for client in _signed_in(base_url, "ada@example.org"):
        yield client


@pytest.fixture(scope="module")
async def ben(base_url: str) -> AsyncIterator[Client]:
    async for client in _signed_in(base_url, "ben@example.org"):
        yield client


@pytest.fixture(scope="module")
async def ruth(base_url: str) -> AsyncIterator[Client]:
    async for client in _signed_in(base_url, "ruth@example.org"):
        yield client


@pytest.fixture(scope="module")
async def omar(base_url: str) -> AsyncIterator[Client]:
    async for client in _signed_in(base_url, "omar@example.org"):
        yield client


@pytest.fixture(scope="module")
def ralph(stage: Any, come_in: Any) -> Any:
    """Of risk, for the whole firm."""
    return come_in(f"staff:{stage.employ('ralph', 'risk')}")


@pytest.fixture(scope="module")
def come_in(app: Any, stage: Any) -> Any:
    """A browser in this process, signed in as whoever the reference means."""

    def signed_in(person: str) -> Client:
        session = stage.session_of(person)
        client = Client(base_url="http://127.0.0.1", transport=httpx.ASGITransport(app), cookies={"evenhand": session})
        client.token = csrf_token_of(session)
        return client

    return signed_in


@pytest.fixture(scope="module")
def decisions(stage: Any) -> dict[str, int]:
    """Ada's breach and pass and Ben's suspected breach, by ledger row."""
    with stage.reader.connection() as book:
        rows = book.execute("SELECT kind, decision FROM rm_decision ORDER BY decision")
        return dict(rows.fetchall())


@pytest.fixture
def carried(tmp_path: Path) -> Iterator[Any]:
    """Another firm, in which a day's beginning broke a limit."""
    played = PLAY.carried_over_the_reset(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
async def carrier(carried: Any, visiting: Any) -> AsyncIterator[Client]:
    """Ada in that firm."""
    async with visiting(carried.firm) as visit:
        yield await visit("ada")


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Any]:
    """A firm of its own for a test, in which a late price put Ada's breach in question."""
    played = PLAY.breached_at_prices_that_never_met(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
def firm_with_deposit(tmp_path: Path) -> Iterator[Any]:
    """The same, where money came in between the prices that showed it and the decision."""
    played = PLAY.breached_at_prices_that_never_met(tmp_path / "deposited", with_deposit=True)
    yield played
    played.close()


@pytest.fixture
def decision(firm: Any) -> int:
    """Her breach, by ledger row."""
    with firm.reader.connection() as book:
        [found] = book.execute("SELECT decision FROM rm_decision WHERE kind = 'BreachDeclared'").fetchall()
    return int(found[0])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A firm of its own with people and a program, whose staff need a second factor. Its hashes are made with little memory."""
    _hash_quickly(monkeypatch)
    opened = STAGE.Stage(tmp_path / "firm")
    opened.open_shop(PLAY.two_step())
    opened.settle()
    object.__setattr__(opened.firm, "staff_factor", True)
    yield opened
    opened.close()


@pytest.fixture
def shop_app(shop: Any) -> Any:
    return create_app(shop.firm)


@pytest.fixture
async def browse(shop_app: Any) -> AsyncIterator[Any]:
    """Makes a browser for that firm, with nothing in it."""
    opened: list[Client] = []

    def browse(agent: str = "Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/140.0") -> Client:
        transport = httpx.ASGITransport(shop_app, raise_app_exceptions=False)
        client = Client(base_url="http://127.0.0.1", transport=transport, headers={"user-agent": agent})
        opened.append(client)
        return client

    yield browse
    for client in opened:
        await client.aclose()
