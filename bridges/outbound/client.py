"""Outbound: makes a call to a destination: checks where it leads, follows a redirect where allowed, tries again where that can help."""

import logging
import ssl
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from types import ModuleType
from urllib.parse import urljoin

import anyio
import msgspec
from anyio import to_thread

from bridges.outbound.address import Address, BadAddress, read_address
from bridges.outbound.circuit import Admitted, Circuit, CircuitState
from bridges.outbound.destination import HEAD_BYTES_MAX, Answer, Call, Destination, Outcome
from bridges.outbound.errors import BadAnswer, CallFailed, CallRefused, CircuitOpen, NoAnswer
from bridges.outbound.repeats import is_worth_repeating, says_unwell, wait_s
from bridges.outbound.rules import Rules
from bridges.outbound.surroundings import Resolver, Surroundings

_REDIRECTS = {301, 302, 303, 307, 308}
_READS = {"GET", "HEAD"}
# All that another origin is told of the caller's headers: whatever else is there may be a credential, by whatever name.
_TELLABLE = {"accept", "accept-language", "accept-encoding", "user-agent"}
_OURS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent", "upgrade", "te"}

_LOG = logging.getLogger("evenhand.outbound")


class DestinationSeen(msgspec.Struct, frozen=True):
    """How calls to a destination have gone since start. `outcomes` counts tries; `failures`: in a row, up to now."""

    name: str
    state: CircuitState
    failures: int
    retries: int
    outcomes: Mapping[str, int]


class Outbound:
    """One firm's way out. `agent`: what calls itself so at the other side."""

    def __init__(self, rules: Rules, agent: str, around: Surroundings | None = None) -> None:
        self.rules = rules
        self._agent = agent
        self._around = Surroundings(Resolver()) if around is None else around
        self._circuits: dict[str, Circuit] = {}
        self._outcomes: dict[str, Counter[str]] = {}
        self._retries: Counter[str] = Counter()
        self._ready: tuple[ModuleType, ssl.SSLContext] | None = None

    def seen(self) -> tuple[DestinationSeen, ...]:
        """Of each destination that was called, by name."""
        now_s = self._around.now_s()
        return tuple(
            DestinationSeen(
                name, circuit.state(now_s), circuit.failures, self._retries[name], dict(self._outcomes[name])
            )
            for name, circuit in sorted(self._circuits.items())
        )

    async def call(self, destination: Destination, call: Call) -> Answer:
        """The last answer, whatever its status. Raises CallFailed, in one of its kinds, where there was none.

        Cancelling passes. No redirect is followed but for reading, and only where the destination allows it.
        """
        circuit = self._circuits.setdefault(
            destination.name, Circuit(self.rules.circuit_failures_max, self.rules.circuit_open_s)
        )
        self._outcomes.setdefault(destination.name, Counter())
        started_s, tries = self._around.now_s(), 0
        while True:
            tries += 1
            came = await self._try(destination, circuit, call, started_s)
            pause_s = self._pause_s(destination, circuit, call, came, tries, started_s)
            if pause_s is None:
                if isinstance(came, CallFailed):
                    raise came
                return came
            self._retries[destination.name] += 1
            await self._around.sleep(pause_s)

    def _pause_s(
        self,
        destination: Destination,
        circuit: Circuit,
        call: Call,
        came: Answer | CallFailed,
        tries: int,
        started_s: float,
    ) -> float | None:
        """Before the next try; None where there is none."""
        now_s = self._around.now_s()
        if tries >= destination.tries_max or not call.is_repeatable or not is_worth_repeating(came):
            return None
        if circuit.state(now_s) is not CircuitState.CLOSED:
            return None
        pause_s = wait_s(tries, came, self._around.chance(), self.rules.retry_after_max_s)
        left_s = destination.whole_s - (now_s - started_s)
        return None if pause_s is None or pause_s >= left_s else pause_s

    # --- one try ---

    async def _try(
        self, destination: Destination, circuit: Circuit, call: Call, started_s: float
    ) -> Answer | CallFailed:
        """What came of it, counted."""
        now_s = self._around.now_s()
        admitted = circuit.admits(now_s)
        if admitted is None:
            self._note(destination, Outcome.CIRCUIT_OPEN)
            left_s = circuit.closed_in_s(now_s)
            return CircuitOpen(
                f"{destination.name} is left alone for {left_s:.0f} s more, because it failed {circuit.failures} times in a row"
            )
        came: Answer | CallFailed | None = None
        try:
            with anyio.fail_after(destination.whole_s - (now_s - started_s)):
                came = await self._follow(destination, call)
        except TimeoutError:
            came = NoAnswer(f"{destination.name} gave no whole answer within {destination.whole_s:g} s: try later")
        except CallFailed as failed:
            came = failed
        finally:
            self._learn(destination, circuit, admitted, came)
        assert came is not None
        return came

    def _learn(
        self, destination: Destination, circuit: Circuit, admitted: Admitted, came: Answer | CallFailed | None
    ) -> None:
        self._note(destination, _outcome_of(came))
        if came is None or isinstance(came, CallRefused):
            circuit.given_up(admitted)
        elif says_unwell(came):
            if circuit.failed(admitted, self._around.now_s()):
                told = "%s failed %d times in a row: nothing is sent there for %g s"
                _LOG.warning(told, destination.name, circuit.failures, self.rules.circuit_open_s)
        elif circuit.succeeded():
            _LOG.info("%s answers again", destination.name)

    def _note(self, destination: Destination, outcome: Outcome) -> None:
        self._outcomes[destination.name][outcome.value] += 1
        _LOG.debug("%s: %s", destination.name, outcome.value)

    async def _follow(self, destination: Destination, call: Call) -> Answer:
        """To the end of the redirects that are allowed."""
        address, headers, body = _read(destination, call.url), self._headers_of(destination, call), call.body
        passed, may_be_listed = {address}, True
        while True:
            if why := self.rules.why_not(address.origin, may_be_listed=may_be_listed):
                raise CallRefused(f"the address of {destination.name} {why}")
            wire, trust = await self._prepared()
            way = wire.Way(self.rules, self._around.resolve, trust, may_be_listed)
            answer: Answer = await wire.exchange(destination, way, address, call.method, headers, body)
            onward = _onward(destination, address, call.method, answer)
            if onward is None:
                return answer
            if onward in passed or len(passed) > destination.redirects_max:
                raise BadAnswer(f"{destination.name} leads on and on: see whether its address is right")
            passed.add(onward)
            if onward.origin != address.origin:
                # What an operator listed is for who names it, never for who is led there, not even by a detour.
                may_be_listed, body = False, b""
                headers = {name: value for name, value in headers.items() if name in _TELLABLE}
            address = onward

    async def _prepared(self) -> tuple[ModuleType, ssl.SSLContext]:
        """In a thread, once, and late: importing httpcore takes long, and a start shall not wait for it."""
        if self._ready is None:
            self._ready = await to_thread.run_sync(lambda: (_wire(), self._around.trust()))
        return self._ready

    def _headers_of(self, destination: Destination, call: Call) -> dict[str, str]:
        """CallRefused where what is to be sent is too large, or could be read as something else."""
        headers = {name.lower(): value for name, value in call.headers.items()}
        assert not headers.keys() & _OURS
        if call.idempotency_key:
            headers["idempotency-key"] = call.idempotency_key
        texts = [*headers, *headers.values()]
        if len(call.body) > destination.sent_bytes_max or sum(map(len, texts)) > HEAD_BYTES_MAX:
            raise CallRefused(f"what was to be sent to {destination.name} is too large: nothing was sent")
        if not all(text.isascii() and text.isprintable() for text in texts):
            raise CallRefused(f"a header for {destination.name} holds what no header may: nothing was sent")
        # What is packed may be any size once it is not, and costs time; who packs all the same is unpacked within bounds.
        return {**headers, "user-agent": self._agent, "accept-encoding": "identity"}


def _wire() -> ModuleType:
    from bridges.outbound import exchange

    return exchange


def _read(destination: Destination, url: str) -> Address:
    try:
        return read_address(url)
    except BadAddress as bad:
        raise CallRefused(f"the address of {destination.name} {bad}") from None


def _onward(destination: Destination, here: Address, method: str, answer: Answer) -> Address | None:
    """Where a redirect leads that is to be followed. It comes from outside: what urljoin would silently mend is refused before."""
    location = answer.headers.get("location", "")
    if not destination.redirects_max or answer.status not in _REDIRECTS or method not in _READS or not location:
        return None
    if location.isascii() and location.isprintable():
        with suppress(BadAddress, ValueError):
            return read_address(urljoin(str(here), location))
    raise CallRefused(f"{destination.name} leads on to what is no address: see whether its own is right")


def _outcome_of(came: Answer | CallFailed | None) -> Outcome:
    match came:
        case None:
            return Outcome.GIVEN_UP
        case Answer():
            return Outcome.ERROR_STATUS if says_unwell(came) else Outcome.ANSWERED
        case CallRefused():
            return Outcome.REFUSED
        case BadAnswer():
            return Outcome.BAD_ANSWER
        case _:
            return Outcome.NO_ANSWER
