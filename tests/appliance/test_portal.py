"""Who is believed when they say from where somebody comes: a proxy of this machine, whatever the environment says."""

from typing import Any

import pytest

from appliance.portal import page_config


@pytest.mark.parametrize(
    ("https", "peer", "said"),
    [
        pytest.param(True, "127.0.0.1", "192.0.2.7", id="a proxy of this machine"),
        pytest.param(True, "::1", "192.0.2.7", id="likewise"),
        pytest.param(True, "198.51.100.3", "198.51.100.3", id="a stranger"),
        pytest.param(False, "127.0.0.1", "127.0.0.1", id="no proxy"),
    ],
)
async def test_only_a_proxy_of_this_machine_says_from_where_somebody_comes(
    monkeypatch: pytest.MonkeyPatch, peer: str, said: str, *, https: bool
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    heard: list[str] = []

    async def app(scope: dict[str, Any], _receive: object, _send: object) -> None:
        heard.append(scope["client"][0])

    config = page_config(app, https=https)
    config.load()
    scope = {"type": "http", "client": (peer, 4711), "scheme": "http", "headers": [(b"x-forwarded-for", b"192.0.2.7")]}
    loaded: Any = config.loaded_app
    await loaded(scope, None, None)
    assert heard == [said]
