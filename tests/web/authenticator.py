"""An authenticator app on somebody's phone, written from RFC 6238 alone, and the way to a second factor on our pages."""

import hmac
import re
import struct
from base64 import b32decode
from typing import Any

STEP_US = 30_000_000


def code_at(secret: str, now_us: int, steps: int = 0) -> str:
    """What the app shows, `steps` half minutes from now."""
    key = b32decode(secret.replace(" ", ""))
    mac = hmac.digest(key, struct.pack(">Q", now_us // STEP_US + steps), "sha1")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


async def offered_secret(browser: Any) -> str:
    """What the page of a new app says."""
    page = await browser.send_form("/security/totp")
    assert page.status_code == 200, page.text
    return re.search(r'id="secret">([A-Z2-7 ]+)<', page.text)[1]


async def enrolled(browser: Any, shop: Any) -> tuple[str, list[str]]:
    """Adds an app as somebody does: its secret, and the recovery codes that were shown."""
    secret = await offered_secret(browser)
    shown = await browser.send_form("/security/totp/confirmation", code=code_at(secret, shop.wall_us, -1))
    assert shown.status_code == 200, shown.text
    browser.take_token(await browser.get("/security"))
    return secret, re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", shown.text)


async def past_password(browser: Any, mail: str, password: str) -> Any:
    """The page that asks for the second factor."""
    page = await browser.send_form("/session", mail=mail, password=password, next="/")
    browser.take_token(page)
    return page


async def signed_in_with_code(browser: Any, shop: Any, mail: str, password: str, secret: str, steps: int = 0) -> Any:
    await past_password(browser, mail, password)
    answer = await browser.send_form("/session/factor", code=code_at(secret, shop.wall_us, steps))
    browser.take_token(await browser.get("/security"))
    return answer
