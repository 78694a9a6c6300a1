"""Sign-ups of a day: a thousand of everybody together, wherever they come from; then nobody is made until the day has passed."""

from collections.abc import Iterator
from typing import Any

import pytest

from firm.commands import JoinFirm
from firm.instant import DAY_US
from web import password_desk
from web.app import create_app
from web.bounds import JOINED_PER_DAY
from web.joining import count_joined

FORM = {"name": "Eve Lund", "country": "DK", "fresh": "seven green parrots", "again": "seven green parrots"}


@pytest.fixture
def shop(tmp_path: Any, play: Any) -> Iterator[Any]:
    """A firm where anybody may sign up; its hashes are made with little memory."""
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(password_desk, "TIME_COST", 1)
        quick.setattr(password_desk, "MEMORY_KIB", 8)
        opened = play.Stage(tmp_path / "firm")
        for name in ("mails", "sign_up"):
            object.__setattr__(opened.firm, name, True)
        yield opened
        opened.close()


@pytest.fixture
def shop_app(shop: Any) -> Any:
    return create_app(shop.firm)


async def joined(client: Any, shop: Any, number: int) -> tuple[int, bool]:
    """What they were told, and whether somebody was made."""
    mail = f"e{number}@example.org"
    client.headers["x-test-address"] = f"198.51.100.{number}"
    answer = await client.send_form("/join", mail=mail, **FORM)
    return answer.status_code, shop.vault.find_by_mail(mail) is not None


async def test_a_thousand_sign_ups_are_a_day_and_the_next_one_is_told_to_wait(shop, browse, monkeypatch):
    monkeypatch.setattr("web.auth.address_of", lambda request: request.headers["x-test-address"])
    for _ in range(JOINED_PER_DAY - 1):
        await count_joined(shop.firm)
    assert await joined(browse(), shop, 1) == (200, True)
    assert await joined(browse(), shop, 2) == (429, False)
    assert await joined(browse(), shop, 3) == (429, False)  # from elsewhere: it is everybody's day
    assert len([each for each in shop.asked if isinstance(each, JoinFirm)]) == 1
    shop.wall_us += DAY_US
    assert await joined(browse(), shop, 2) == (200, True)
