"""The status page: read once for all who ask within some seconds, and anew as soon as an incident changes."""

import dataclasses
from types import SimpleNamespace

import anyio
import httpx
import pytest

import web.status_told
from web.app import create_app
from web.bounds import STATUS_KEPT_SECONDS
from web.firm import Firm
from web.status_told import StatusTold

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock(monkeypatch):
    """What the house tells as monotonic time, moved by hand."""
    told = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(web.status_told, "monotonic", lambda: told.now)
    return told


@pytest.fixture
def counted(stage):
    """The stage's firm, and how often the book was asked."""
    firm: Firm = dataclasses.replace(stage.firm)
    asked = []
    look = firm.book.look

    async def counting(question):
        asked.append(question)
        return await look(question)

    firm.book.look = counting
    return firm, asked


async def test_however_many_ask_at_once_the_book_is_read_once(counted, clock, new_client):
    firm, asked = counted
    app = create_app(firm)
    async with new_client(httpx.ASGITransport(app)) as client:
        answers = []

        async def ask():
            answers.append(await client.get("/status"))

        async with anyio.create_task_group() as tasks:
            for _ in range(40):
                tasks.start_soon(ask)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert "Price feed sim" in answers[0].text
        assert len(asked) == 1


async def test_it_is_read_anew_after_some_seconds_and_not_before(counted, clock):
    firm, asked = counted
    told = StatusTold(firm)
    first = await told.lately()
    clock.now += STATUS_KEPT_SECONDS - 0.001
    assert await told.lately() is first
    clock.now += 0.001
    assert await told.lately() is not first
    assert len(asked) == 2


async def test_a_commit_about_an_incident_ends_what_was_kept(counted, clock, stage, monkeypatch):
    firm, asked = counted
    told = StatusTold(firm)
    first = await told.lately()
    stage.wait(1)
    stage.prices_now(138_690, 1_284_200)
    stage.settle()
    assert await told.lately() is first, "prices change nothing of it"
    monkeypatch.setattr(stage.board, "incidents_row", lambda: stage.engine.size)
    assert await told.lately() is not first
    assert len(asked) == 2
