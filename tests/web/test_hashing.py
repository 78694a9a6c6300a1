"""Hashes in a process that yields: one at a time, those who are known first, and strangers only so many."""

import os
import signal
from pathlib import Path
from typing import Any

import anyio
import argon2
import httpx
import pytest

from storage.people import Person
from web import password_desk
from web.app import create_app
from web.bounds import STRANGERS_WAITING_MAX
from web.hashing import ANSWER_SECONDS, YIELDS, Derive, Hash, Verify, Worker, worked_out
from web.password_desk import NoRoom, PasswordDesk

QUICK = {"time_cost": 1, "memory_kib": 8, "lanes": 1}
KEPT = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a long enough password")
ADA = Person(kind="trader", id=1, role="", name="Ada", mail="", commitment="", password_hash=KEPT)


def test_the_process_says_what_would_be_said_here_and_yields_to_all_others():
    worker, derive = Worker(), Derive("code", b"s" * 16, length=32, **QUICK)
    assert worker.work_out(Verify(KEPT, "a long enough password")) is True
    assert worker.work_out(Verify(KEPT, "another one")) is False
    assert worker.work_out(Verify("no hash", "another one")) is False
    assert worker.work_out(derive) == worked_out(derive)
    made = worker.work_out(Hash("fresh words of mine", **QUICK))
    assert worker.work_out(Verify(made, "fresh words of mine")) is True
    fields = Path(f"/proc/{worker._process.pid}/stat").read_text().rpartition(")")[2].split()
    assert int(fields[16]) == max(YIELDS, os.nice(0))


def test_one_that_died_is_started_again_and_where_none_can_be_it_is_done_here(monkeypatch):
    worker = Worker()
    assert worker.work_out(Verify(KEPT, "a long enough password"))
    first = worker._process.pid
    os.kill(first, signal.SIGKILL)
    worker._process.wait()
    assert worker.work_out(Verify(KEPT, "a long enough password"))
    assert worker._process.pid != first
    worker._stop()
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert worker.work_out(Verify(KEPT, "a long enough password"))
    assert worker._process is None


def test_one_that_was_stopped_and_is_not_dead_keeps_nobody_waiting_for_long(monkeypatch):
    assert ANSWER_SECONDS <= 5
    monkeypatch.setattr("web.hashing.ANSWER_SECONDS", 0.1)
    worker = Worker()
    stopped = worker._started()
    os.kill(stopped.pid, signal.SIGSTOP)
    assert worker.work_out(Verify(KEPT, "a long enough password"))
    assert stopped.returncode == -signal.SIGKILL
    assert worker._process is None


class Held:
    """A worker that works nothing out until it is let go on, and says in which order it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go_on = anyio.Event()

    def work_out(self, request: Verify) -> bool:
        self.asked.append(request.password)
        anyio.from_thread.run(self.go_on.wait)
        return True


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    worker = Held()
    monkeypatch.setattr(password_desk, "_WORKER", worker)
    return worker


async def test_only_so_many_strangers_wait_and_whoever_is_known_goes_first(held):
    desk, refused = PasswordDesk(), []

    async def ask(word: str, known: bool) -> None:
        try:
            await desk.opens(ADA, word, known=known)
        except NoRoom:
            refused.append(word)

    async with anyio.create_task_group() as tasks:
        for number in range(STRANGERS_WAITING_MAX + 3):
            tasks.start_soon(ask, f"stranger {number}", False)
        await anyio.wait_all_tasks_blocked()
        assert not desk.has_room(known=False)
        tasks.start_soon(ask, "ada", True)
        await anyio.wait_all_tasks_blocked()
        held.go_on.set()
    assert refused == [f"stranger {number}" for number in (STRANGERS_WAITING_MAX + 1, STRANGERS_WAITING_MAX + 2)]
    assert held.asked[:3] == ["stranger 0", "ada", "stranger 1"]
    assert desk.hashes == STRANGERS_WAITING_MAX + 2


async def test_whoever_goes_away_while_they_wait_leaves_their_turn_to_the_next(held):
    desk = PasswordDesk()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.opens, ADA, "first")
        await anyio.wait_all_tasks_blocked()
        with anyio.CancelScope() as leaving:
            async with anyio.create_task_group() as others:
                others.start_soon(desk.opens, ADA, "gone")
                await anyio.wait_all_tasks_blocked()
                leaving.cancel()
        tasks.start_soon(desk.opens, ADA, "last")
        await anyio.wait_all_tasks_blocked()
        held.go_on.set()
    assert held.asked == ["first", "last"]
    assert desk.has_room(known=False)


async def test_a_full_desk_sends_strangers_away_before_their_form_is_read(tmp_path, histories):
    played = histories.breached_at_prices_that_never_met(tmp_path / "firm")
    try:
        app: Any = create_app(played.firm)
        app.state.passwords.has_room = lambda *, known: known
        client = httpx.AsyncClient(base_url="http://127.0.0.1", transport=httpx.ASGITransport(app))
        form = {"data": {"mail": "ada@example.org", "password": "guess"}, "headers": {"origin": "http://127.0.0.1"}}
        away = await client.post("/session", **form)
        assert (away.status_code, away.headers["retry-after"]) == (429, "5")
        assert "you go first" in away.text
        client.cookies.set("evenhand-device", "some cookie that nobody knows")
        again = await client.post("/session", **form)  # looked at, found to be nobody's, and sent away too
        assert (again.status_code, again.headers["retry-after"]) == (429, "5")
        assert app.state.passwords.hashes == 0
        played.firm.devices.keep(f"trader:{histories.ADA}", "her cookie", "a phone", played.wall_us)
        client.cookies.set("evenhand-device", "her cookie")
        assert (await client.post("/session", **form)).status_code == 422  # a wrong password, and looked at
        assert app.state.allowance.seen().refused["sign_in"] == 2
    finally:
        played.close()
