"""Tries and the circuit, on a clock that passes when the firm waits: how often, after how long, and when not at all."""

import logging
from typing import Any

import anyio
import pytest

from bridges.outbound.circuit import Admitted, Circuit, CircuitState
from bridges.outbound.destination import Answer, Call
from bridges.outbound.errors import BadAnswer, CallFailed, CallRefused, CircuitOpen, NoAnswer
from bridges.outbound.repeats import wait_s

DATE = "Fri, 06 Jun 2025 12:00:00 GMT"


@pytest.fixture
def asked(firm: Any, provider: Any, outside: Any) -> Any:
    """Make calls, one after another; how many requests came, and what became of each call: a status or an error's kind."""

    async def made(
        answers: list[Any],
        calls: int = 1,
        call: dict[str, Any] | None = None,
        rules: dict[str, Any] | None = None,
        **how: Any,
    ) -> tuple[int, list[Any]]:
        site, came = outside.site(*answers), []
        async with outside.serving(site):
            url = f"http://127.0.0.1:{site.port}/"
            out = firm(url, **(rules or {}))
            for _ in range(calls):
                try:
                    came.append((await out.call(provider(**how), Call(url=url, **(call or {})))).status)
                except CallFailed as failed:
                    came.append(type(failed))
        made.out = out  # type: ignore[attr-defined]
        return site.connections, came

    return made


# --- tries ---


async def test_what_may_be_repeated_is_until_it_is_well(asked: Any, outside: Any, clock: Any) -> None:
    unwell = [outside.reply(503), b"", outside.reply(429), outside.reply(200)]
    assert await asked([outside.reply(503), outside.reply(429), outside.reply(200)], tries_max=4) == (3, [200])
    assert clock.waits == [0.5, 1.0]
    assert await asked(unwell, tries_max=4) == (2, [BadAnswer]), "what answers nonsense would do so again"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_the_last_answer_is_given_when_tries_are_over(status: int, asked: Any, outside: Any, clock: Any) -> None:
    assert await asked([outside.reply(status)], tries_max=3) == (3, [status])
    assert clock.waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 409, 410, 422, 501, 505])
async def test_an_answer_that_would_come_again_is_not_asked_for_again(status: int, asked: Any, outside: Any) -> None:
    assert await asked([outside.reply(status)], tries_max=3) == (1, [status])


@pytest.mark.parametrize(
    ("call", "tries"),
    [
        ({"method": "GET"}, 3),
        ({"method": "HEAD"}, 3),
        ({"method": "PUT"}, 3),
        ({"method": "DELETE"}, 3),
        ({"method": "POST"}, 1),
        ({"method": "PATCH"}, 1),
        ({"method": "POST", "idempotency_key": "i-7"}, 3),
        ({"method": "PATCH", "idempotency_key": "i-7"}, 3),
    ],
)
async def test_only_what_may_be_repeated_is(call: dict[str, Any], tries: int, asked: Any, outside: Any) -> None:
    assert await asked([outside.reply(503)], call=call, tries_max=3) == (tries, [503])


async def test_nobody_there_is_tried_again_and_one_that_is_refused_never(
    firm: Any, provider: Any, outside: Any, clock: Any, internet: Any
) -> None:
    with outside.listening() as gone:
        url = f"http://127.0.0.1:{gone.port}/"
    with pytest.raises(NoAnswer):
        await firm(url).call(provider(tries_max=3), Call(url=url))
    assert (len(internet["called"]), clock.waits) == (3, [0.5, 1.0])
    with pytest.raises(CallRefused):
        await firm().call(provider(tries_max=3), Call(url=url))
    assert (len(internet["called"]), clock.waits) == (3, [0.5, 1.0])


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry_after": "7"}, [7.0]),
        ({"retry_after": " 30 "}, [30.0]),
        ({"retry_after": "31"}, []),
        ({"retry_after": "999999999999999999999"}, []),
        ({"retry_after": "0"}, [0.5]),
        ({"retry_after": "-5"}, [0.5]),
        ({"retry_after": "1.5"}, [0.5]),
        ({"retry_after": "soon"}, [0.5]),
        ({"retry_after": "Fri, 06 Jun 2025 12:00:09 GMT", "date": DATE}, [9.0]),
        ({"retry_after": "Fri, 06 Jun 2025 11:59:00 GMT", "date": DATE}, [0.5]),
        ({"retry_after": "Fri, 06 Jun 2025 13:00:00 GMT", "date": DATE}, []),
        ({"retry_after": "Fri, 06 Jun 2025 12:00:09 GMT"}, [0.5]),
        ({"retry_after": "Fri, 99 Jun 2025 12:00:09 GMT", "date": DATE}, [0.5]),
    ],
)
async def test_who_asks_to_wait_is_waited_for_within_a_bound(
    headers: dict[str, str], waited: list[float], asked: Any, outside: Any, clock: Any
) -> None:
    requests, came = await asked([outside.reply(503, **headers), outside.reply(200)], tries_max=2, whole_s=60)
    assert (requests, came) == ((2, [200]) if waited else (1, [503]))
    assert clock.waits == waited


async def test_a_wait_that_would_outlast_the_whole_is_not_begun(asked: Any, outside: Any, clock: Any) -> None:
    again = outside.reply(503, retry_after="9")
    assert await asked([again], tries_max=5, whole_s=20, rules={"circuit_failures_max": 9}) == (3, [503])
    assert clock.waits == [9.0, 9.0]


def test_waits_double_up_to_a_bound_and_are_spread() -> None:
    unwell = Answer(503, {}, b"")
    assert [wait_s(tries, unwell, 1.0, 30) for tries in range(1, 8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert [wait_s(tries, unwell, 0.0, 30) for tries in (1, 2, 7)] == [0.25, 0.5, 4.0]


# --- the circuit ---


def admitted(circuit: Circuit, now_s: float) -> Admitted:
    let = circuit.admits(now_s)
    assert let is not None
    return let


def test_a_circuit_opens_closes_and_lets_one_through_between() -> None:
    circuit = Circuit(3, 60)
    first = [admitted(circuit, 0) for _ in range(5)]
    assert [circuit.failed(each, now_s) for each, now_s in zip(first[:2], (1, 2), strict=True)] == [False, False]
    assert circuit.succeeded() is False
    opened = [circuit.failed(each, now_s) for each, now_s in zip(first[2:], (3, 4, 5), strict=True)]
    assert opened == [False, False, True], "only those in a row count"
    assert (circuit.state(64.9), circuit.admits(64.9), circuit.closed_in_s(35)) == (CircuitState.OPEN, None, 30)
    single = admitted(circuit, 65)
    assert (circuit.state(65), circuit.admits(65)) == (CircuitState.HALF_OPEN, None)
    circuit.given_up(single)
    assert circuit.failed(admitted(circuit, 66), 67) is True, "the single try failed: open anew"
    assert circuit.admits(126.9) is None
    assert admitted(circuit, 127)
    assert circuit.succeeded() is True
    assert (circuit.state(128), circuit.failures) == (CircuitState.CLOSED, 0)
    assert admitted(circuit, 128) is not admitted(circuit, 128)


def test_what_began_before_it_opened_and_fails_after_does_not_hold_it_open() -> None:
    circuit = Circuit(1, 60)
    began = [admitted(circuit, 0) for _ in range(3)]
    opened = [circuit.failed(each, now_s) for each, now_s in zip(began, (0, 50, 59), strict=True)]
    assert opened == [True, False, False]
    assert circuit.admits(60) is not None


def test_what_began_before_it_opened_and_ends_during_the_single_try_is_not_taken_for_it() -> None:
    circuit = Circuit(1, 60)
    late, later = admitted(circuit, 0), admitted(circuit, 0)
    circuit.failed(admitted(circuit, 0), 1)
    single = admitted(circuit, 61)
    circuit.given_up(late)
    assert circuit.admits(62) is None, "the single try goes on"
    assert circuit.failed(later, 63) is False
    assert (circuit.state(64), circuit.admits(64)) == (CircuitState.HALF_OPEN, None)
    assert circuit.failed(single, 65) is True
    assert circuit.closed_in_s(65) == 60


async def test_a_destination_that_fails_is_left_alone_then_tried_once_then_called_again(
    firm: Any, provider: Any, outside: Any, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = outside.site(outside.reply(500))
    async with outside.serving(site):
        url = f"http://127.0.0.1:{site.port}/T0KEN"
        out = firm(url, circuit_failures_max=3, circuit_open_s=60)

        async def call(name: str = "provider") -> int:
            return (await out.call(provider(name=name), Call(url=url))).status

        assert [await call() for _ in range(3)] == [500] * 3
        clock.s += 20
        with pytest.raises(
            CircuitOpen, match=r"^provider is left alone for 40 s more, because it failed 3 times in a row$"
        ):
            await call()
        assert (site.connections, await call("other")) == (3, 500), "another destination is another circuit"
        clock.s += 40
        assert [one.state for one in out.seen()] == [CircuitState.CLOSED, CircuitState.HALF_OPEN]
        assert await call() == 500
        with pytest.raises(CircuitOpen):
            await call()
        clock.s += 60
        site.answers = [outside.reply(200)]
        assert [await call() for _ in range(4)] == [200] * 4
    _, seen = out.seen()
    assert (seen.name, seen.state, seen.failures, seen.retries) == ("provider", CircuitState.CLOSED, 0, 0)
    assert seen.outcomes == {"error_status": 4, "circuit_open": 2, "answered": 4}
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert told == [
        "provider failed 3 times in a row: nothing is sent there for 60 s",
        "provider failed 4 times in a row: nothing is sent there for 60 s",
        "provider answers again",
    ]
    assert "T0KEN" not in caplog.text


async def test_tries_stop_where_the_circuit_opens_and_say_what_went_wrong(asked: Any, outside: Any) -> None:
    requests, came = await asked([outside.reply(502)], 2, rules={"circuit_failures_max": 2}, tries_max=5)
    assert (requests, came) == (2, [502, CircuitOpen])


@pytest.mark.parametrize(
    ("answer", "opens"), [(b"HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n", False), (b"SMTP\r\n", True)]
)
async def test_only_what_is_unwell_opens_it(answer: bytes, opens: bool, asked: Any) -> None:
    requests, _ = await asked([answer], 5, rules={"circuit_failures_max": 2})
    assert requests == (2 if opens else 5)


async def test_what_the_firm_refuses_itself_says_nothing_of_the_destination(firm: Any, provider: Any) -> None:
    out = firm(circuit_failures_max=1)
    for _ in range(3):
        with pytest.raises(CallRefused):
            await out.call(provider(), Call(url="https://127.0.0.1/"))
    [seen] = out.seen()
    assert (seen.state, seen.outcomes) == (CircuitState.CLOSED, {"refused": 3})


async def test_a_caller_that_does_not_wait_for_the_end_leaves_the_single_try_to_the_next(
    firm: Any, provider: Any, outside: Any, clock: Any
) -> None:
    async def never(*_: Any) -> None:
        await anyio.sleep_forever()

    site = outside.site(outside.reply(500), never, outside.reply(200))
    async with outside.serving(site):
        url = f"http://127.0.0.1:{site.port}/"
        out = firm(url, circuit_failures_max=1, circuit_open_s=60)
        await out.call(provider(), Call(url=url))
        clock.s += 60
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(out.call, provider(), Call(url=url))
            while len(site.heard) < 2:  # noqa: ASYNC110
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
        assert (await out.call(provider(), Call(url=url))).status == 200
    [seen] = out.seen()
    assert seen.outcomes == {"error_status": 1, "given_up": 1, "answered": 1}


async def test_of_many_at_once_one_alone_tries_what_was_left_alone(
    firm: Any, provider: Any, outside: Any, clock: Any
) -> None:
    site = outside.site(outside.reply(500), outside.reply(200))
    async with outside.serving(site):
        url = f"http://127.0.0.1:{site.port}/"
        out = firm(url, circuit_failures_max=1, circuit_open_s=60)
        await out.call(provider(), Call(url=url))
        clock.s += 60
        came: list[Any] = []

        async def one() -> None:
            try:
                came.append((await out.call(provider(), Call(url=url))).status)
            except CircuitOpen:
                came.append("open")

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(one)
    assert sorted(map(str, came)) == ["200", *["open"] * 4]
    assert site.connections == 2
