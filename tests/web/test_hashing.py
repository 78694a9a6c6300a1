"""Hashes in a process that yields: one at a time, those who are known first, and strangers only so many."""

import asyncio
import os
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import anyio
import argon2
import pytest

import web
from storage.own_program import own_program
from storage.people import Person
from web import password_desk
from web.bounds import KNOWN_IN_A_ROW, KNOWN_WAITING_MAX, STRANGERS_WAITING_MAX
from web.hashing import AGAIN_AFTER_SECONDS, ANSWER_SECONDS, PROGRAM, YIELDS, Derive, Hash, Verify, Worker, worked_out
from web.password_desk import STRANGER, NoRoom, PasswordDesk

QUICK = {"time_cost": 1, "memory_kib": 8, "lanes": 1}
KEPT = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a long enough password")


def trader(number: int) -> Person:
    return Person(kind="trader", id=number, role="", name="", mail="", commitment="", password_hash=KEPT)


ADA, BEN = trader(1), trader(2)


def test_the_process_says_what_would_be_said_here_and_yields_to_all_others():
    worker, derive = Worker(), Derive(("code", "another"), b"s" * 16, length=32, **QUICK)
    assert worker.work_out(Verify(KEPT, "a long enough password")) is True
    assert worker.work_out(Verify(KEPT, "another one")) is False
    assert worker.work_out(Verify("no hash", "another one")) is False
    assert worker.work_out(derive) == worked_out(derive)
    made = worker.work_out(Hash("fresh words of mine", **QUICK))
    assert worker.work_out(Verify(made, "fresh words of mine")) is True
    fields = Path(f"/proc/{worker._process.pid}/stat").read_text().rpartition(")")[2].split()
    assert int(fields[16]) == max(YIELDS, os.nice(0))
    assert os.getsid(worker._process.pid) == worker._process.pid  # or all that share its session would yield, too
    share = Path(f"/proc/{worker._process.pid}/autogroup")  # what is left where a unit refuses the other
    if share.exists():
        assert share.read_text().endswith(f" nice {YIELDS}\n")


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


def test_where_none_can_be_started_it_is_told_once_counted_and_waited_before_the_next_try(monkeypatch, caplog):
    worker, now_s = Worker(), time.monotonic()
    monkeypatch.setattr("web.hashing.PROGRAM", "raise SystemExit(1)")
    monkeypatch.setattr("web.hashing.time.monotonic", lambda: now_s)
    for _ in range(3):
        assert worker.work_out(Verify(KEPT, "a long enough password"))
    assert worker.unstarted == 1
    now_s += AGAIN_AFTER_SECONDS
    assert worker.work_out(Verify(KEPT, "a long enough password"))
    assert worker.unstarted == 2
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    now_s += AGAIN_AFTER_SECONDS
    monkeypatch.setattr("web.hashing.PROGRAM", PROGRAM)
    assert worker.work_out(Verify(KEPT, "a long enough password"))
    assert (worker.unstarted, worker._process is None) == (2, False)


def test_the_process_is_of_this_tree_whatever_else_is_installed(tmp_path, monkeypatch):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "__init__.py").write_text("raise SystemExit('another copy')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    told = subprocess.run(own_program("import web; print(web.__file__)"), capture_output=True, text=True, check=True)
    assert told.stdout.strip() == web.__file__
    worker = Worker()
    assert worker.work_out(Verify(KEPT, "a long enough password"))
    assert (worker.unstarted, worker._process is None) == (0, False)


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


async def test_a_stranger_who_waits_has_a_turn_after_a_few_who_are_known(held):
    desk = PasswordDesk()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.opens, ADA, "first")
        await anyio.wait_all_tasks_blocked()
        for number in range(2):
            tasks.start_soon(desk.opens, ADA, f"stranger {number}")
        for number in range(3 * KNOWN_IN_A_ROW):
            tasks.start_soon(partial(desk.opens, trader(number), "known", known=True))
        await anyio.wait_all_tasks_blocked()
        held.go_on.set()
    row = ["known"] * KNOWN_IN_A_ROW
    assert held.asked == ["first", *row, "stranger 0", *row, "stranger 1", *row]


async def test_one_person_has_one_place_in_the_line_of_those_who_are_known(held):
    desk, refused = PasswordDesk(), []

    async def ask(person: Person, word: str) -> None:
        try:
            await desk.opens(person, word, known=True)
        except NoRoom:
            refused.append(word)

    async with anyio.create_task_group() as tasks:
        for word in ("in hand", "waits", "one more", "and another"):
            tasks.start_soon(ask, ADA, word)
            await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5), pytest.raises(NoRoom):
            await desk.derived(("a code",), b"s" * 16, whose=ADA.reference)
        with anyio.fail_after(5), pytest.raises(NoRoom):
            await desk.hashed("a fresh password", whose=ADA.reference)
        tasks.start_soon(ask, BEN, "ben")
        await anyio.wait_all_tasks_blocked()
        held.go_on.set()
    assert (held.asked, refused) == (["in hand", "waits", "ben"], ["one more", "and another"])


async def test_ten_codes_are_one_turn(monkeypatch):
    turns = []

    class Watched(Worker):
        def work_out(self, request):
            turns.append(request)
            return super().work_out(request)

    monkeypatch.setattr(password_desk, "_WORKER", Watched())
    monkeypatch.setattr(password_desk, "MEMORY_KIB", 8)
    desk, codes = PasswordDesk(), tuple(f"code {number}" for number in range(10))
    derived = await desk.derived(codes, b"s" * 16, whose=ADA.reference)
    assert len(turns) == 1
    assert derived == worked_out(turns[0])
    assert len(set(derived)) == 10


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


async def test_only_so_many_wait_who_are_known(held):
    desk, refused = PasswordDesk(), []

    async def ask(number: int) -> None:
        try:
            await desk.opens(trader(number), str(number), known=True)
        except NoRoom:
            refused.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(KNOWN_WAITING_MAX + 2):
            tasks.start_soon(ask, number)
        await anyio.wait_all_tasks_blocked()
        assert (desk.has_room(known=True), desk.has_room(known=False)) == (False, True)
        held.go_on.set()
    assert refused == [KNOWN_WAITING_MAX + 1]


async def test_whoever_is_called_as_they_leave_hands_their_turn_on(held):
    desk = PasswordDesk()
    held.go_on.set()
    with anyio.fail_after(5):
        async with asyncio.TaskGroup() as tasks:  # whose tasks can be cancelled between the call and their next step
            async with desk._turn(STRANGER):
                leaving = tasks.create_task(desk.opens(ADA, "leaving"))
                tasks.create_task(desk.opens(ADA, "staying"))
                await anyio.wait_all_tasks_blocked()
            leaving.cancel()
    assert held.asked == ["staying"]
    assert await desk.opens(ADA, "next")
