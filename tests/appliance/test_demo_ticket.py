"""A demo's ticket, served by the platform's own process: it knows when the prices ended, and where the firm's portal is."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from appliance.demo import Demo
from appliance.demo_platforms import DemoOptions, first_password, platform_command
from appliance.ports import free_port


def test_once_the_prices_ended_the_ticket_says_when_and_fills_nothing(
    tmp_path: Path, until: Callable[..., Any]
) -> None:
    options = DemoOptions(
        directory=tmp_path / "demo", accounts=1, speed="max", from_text="2014-05-02T12:10:00", to_text="2014-05-02T12:10:20",
        port=free_port("127.0.0.1"), ticket=True,
    )  # fmt: skip
    demo = Demo(options)
    demo.prepare()
    with demo.running():
        until(lambda: demo.market.get("done"), "the end of the prices", 90)
        url = demo.platforms[0].ticket_url
        with httpx.Client(base_url=url, headers={"origin": url}, follow_redirects=True, timeout=60) as ada:
            login = {"account": "700001", "password": first_password(options.directory)}
            page = ada.post("/session", data=login).text
            assert "The prices ended at 2 May 2014, 12:10:" in page
            token = re.search(r'name="form_token" value="([^"]+)"', page)
            assert token is not None
            order = {"form_token": token[1], "symbol": "EURUSD", "type": "market", "lots": "0.10", "side": "buy"}
            answer = ada.post("/orders", data=order)
            assert answer.status_code == 422
            assert "Nothing was done: there are no prices any more." in answer.text


def test_the_platform_is_told_where_the_portal_is(tmp_path: Path) -> None:
    demo = Demo(DemoOptions(directory=tmp_path / "demo", port=free_port("127.0.0.1"), ticket=True))
    demo.claim()
    command = platform_command(demo.options, demo.platforms[0], demo.platforms)
    assert command[command.index("--portal") + 1] == f"http://127.0.0.1:{demo.options.port}"
    assert demo.claimed is not None
    demo.claimed.release()
