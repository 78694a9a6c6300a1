"""Passwords: which nobody may choose, the list of leaked ones, a link to a new one, and hashes that grow with their time."""

import hashlib
import io
import random
import re
from pathlib import Path

import pytest

from firm.commands import SecurityAct
from firm.instant import HOUR_US, MINUTE_US
from storage.links import Purpose
from web import password_desk
from web.breached_list import BUNDLED, BreachedList, ListRefused, build_list, bundled
from web.password_desk import PasswordDesk, hash_password
from web.passwords import why_refused

ADA = "ada@example.org"
OWN = ("ada.marlow@trader.example", "Ada Marlow", "Northlight Trading")
GOOD = "seven green parrots"


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("short one", "at least 10"),
        ("x" * 257, "at most 256"),
        ("qwertyuiop", "have leaked"),
        ("QwertyUiop", "have leaked"),
        ("1234567890", "have leaked"),
        ("Ada.Marlow@trader.example", "strangers try it first"),
        ("ada-marlow-1990", "strangers try it first"),
        ("NorthlightTrading!!", "strangers try it first"),
        ("northlight2026", "strangers try it first"),
    ],
)
def test_what_nobody_may_choose(password, told):
    assert told in why_refused(password, bundled(), OWN)


@pytest.mark.parametrize(
    "password", [GOOD, "aQ3$kk_9-l", "ÄÖÜäöüß€漢字", "a" * 11 + "b" * 200, "          x", "ada loves seven parrots"]
)
def test_length_is_all_that_is_asked_of_their_making(password):
    assert why_refused(password, bundled(), OWN) is None


def test_the_list_that_comes_along_knows_more_than_the_three_thousand_that_are_asked_for():
    listed = bundled()
    assert listed.count > 40_000
    assert BUNDLED.stat().st_size == 24 + 5 * listed.count
    assert all(listed.has(each) for each in ("password123", "qwerty12345", "iloveyou123", "1q2w3e4r5t6y"))


def test_a_password_that_never_leaked_is_not_taken_for_one():
    """The rate is count / 2^40, twice with capital letters: of thousands none is expected, and none found."""
    drawn = random.Random(5)
    letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    assert bundled().count / 2**40 * 2 < 1e-7
    assert not [one for _ in range(4_000) if bundled().has(one := "".join(drawn.choices(letters, k=16)))]


def built(lines: list[bytes], tmp_path: Path, **options: int) -> BreachedList:
    target = io.BytesIO()
    build_list(lines, target, **options)
    file = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
    file.write_bytes(target.getvalue())
    return BreachedList(file)


def test_a_list_is_built_from_words_and_from_hashes_that_are_sorted(tmp_path):
    words = [f"leaked password {number}".encode() for number in range(500)]
    by_words = built([word + b"\n" for word in words] + [b"short\n"], tmp_path)
    assert by_words.count == 500
    hashes = sorted(hashlib.sha1(word).hexdigest().upper() for word in words)
    by_hashes = built([f"{each}:{number}\r\n".encode() for number, each in enumerate(hashes)], tmp_path, seen_min=100)
    assert by_hashes.count == 400
    assert all(by_words.has(word.decode()) for word in words)
    assert not by_words.has("short")
    with pytest.raises(ListRefused, match="out of order"):
        built([f"{each}:1\n".encode() for each in reversed(hashes)], tmp_path)
    with pytest.raises(ListRefused, match="no SHA-1"):
        built([f"{hashes[0]}:1\n".encode(), b"word\n"], tmp_path)


@pytest.mark.parametrize(
    "damage", [lambda held: held[:-1], lambda held: b"X" + held[1:], lambda held: held[:10], lambda _: b""]
)
def test_a_list_that_is_not_whole_is_refused(tmp_path, damage):
    (tmp_path / "list.bin").write_bytes(damage(BUNDLED.read_bytes()))
    with pytest.raises(ListRefused):
        BreachedList(tmp_path / "list.bin")


async def test_a_new_password_needs_the_present_one_and_is_looked_at(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    for fields, told in (
        ({"present": "not this one", "fresh": GOOD, "again": GOOD}, "This is not your password"),
        ({"present": play.PASSWORD, "fresh": "qwertyuiop", "again": "qwertyuiop"}, "have leaked"),
        ({"present": play.PASSWORD, "fresh": GOOD, "again": GOOD + "!"}, "not the same"),
        ({"present": play.PASSWORD, "fresh": "fairhaven-2026", "again": "fairhaven-2026"}, "strangers try it first"),
    ):
        answer = await ada.send_form("/security/password", **fields)
        assert answer.status_code == 422
        assert told in answer.text
        assert GOOD not in answer.text
    assert (await ada.send_form("/security/password", present=play.PASSWORD, fresh=GOOD, again=GOOD)).status_code == 303
    assert shop.noted[-1].act is SecurityAct.PASSWORD_CHANGED


async def test_guesses_at_the_present_password_count_as_at_the_door(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    wrong = {"present": "not this one", "fresh": GOOD, "again": GOOD}
    told = [(await ada.send_form("/security/password", **wrong)).status_code for _ in range(11)]
    assert told == [422] * 10 + [429]


async def test_a_link_sets_a_new_password_once_and_within_an_hour(browse, shop, play):
    firm, person = shop.firm, f"trader:{play.ADA}"
    inside = browse()
    await inside.sign_in(ADA, play.PASSWORD)
    firm.links.issue(person, Purpose.PASSWORD, "an-older-link", shop.wall_us, HOUR_US)
    firm.links.issue(person, Purpose.PASSWORD, "the-link", shop.wall_us, HOUR_US, alone=True)
    older, ada = browse(), browse()
    await older.get("/new-password?token=an-older-link")
    assert "used already" in (await older.get("/new-password")).text
    led = await ada.get("/new-password?token=the-link")
    assert (led.status_code, led.headers["location"]) == (303, "/new-password")  # no address holds it any longer
    ada.take_token(await ada.get("/new-password"))
    refused = await ada.send_form("/new-password", fresh="qwertyuiop", again="qwertyuiop")
    assert refused.status_code == 422
    foreign = await browse().send_form("/new-password", fresh=GOOD, again=GOOD)
    assert foreign.status_code == 422
    ada.token, kept = "0" * 48, ada.token
    assert (await ada.send_form("/new-password", fresh=GOOD, again=GOOD)).status_code == 403
    ada.token = kept
    assert (await ada.send_form("/new-password", fresh=GOOD, again=GOOD)).headers["location"] == "/sign-in"
    assert (await ada.send_form("/new-password", fresh=GOOD, again=GOOD)).status_code == 422
    await ada.get("/new-password?token=the-link")
    assert "used already" in (await ada.get("/new-password")).text
    assert (await inside.get("/accounts")).status_code == 303
    assert (await browse().send_form("/session", mail=ADA, password=GOOD, next="/")).status_code == 303
    assert SecurityAct.PASSWORD_RESET in [each.act for each in shop.noted]
    firm.links.issue(person, Purpose.PASSWORD, "late", shop.wall_us, HOUR_US)
    shop.wall_us += 61 * MINUTE_US
    await older.get("/new-password?token=late")
    assert "too old" in (await older.get("/new-password")).text


async def test_who_is_signed_in_stays_so_whatever_link_leads_them_there(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    await ada.get("/new-password?token=anything")
    assert "used already" in (await ada.get("/new-password")).text
    assert (await ada.get("/accounts")).status_code == 200
    shop.firm.links.issue(f"trader:{play.BEN}", Purpose.PASSWORD, "of-ben", shop.wall_us, HOUR_US)
    await ada.get("/new-password?token=of-ben")
    assert (await ada.send_form("/new-password", fresh=GOOD, again=GOOD)).status_code == 422  # another's
    shop.firm.links.issue(f"trader:{play.ADA}", Purpose.PASSWORD, "of-ada", shop.wall_us, HOUR_US)
    await ada.get("/new-password?token=of-ada")
    ada.take_token(await ada.get("/new-password"))
    assert (await ada.send_form("/new-password", fresh=GOOD, again=GOOD)).headers["location"] == "/sign-in"
    assert (await ada.get("/accounts")).status_code == 303  # signed out, as everywhere
    assert (await browse().send_form("/session", mail=ADA, password=GOOD, next="/")).status_code == 303


async def test_a_password_is_hashed_anew_when_more_is_asked_of_hashes(shop, play, monkeypatch):
    before = shop.vault.find_by_mail(ADA).password_hash
    assert "m=8," in before
    monkeypatch.setattr(password_desk, "MEMORY_KIB", 16)
    desk, ada = PasswordDesk(), shop.vault.find_by_mail(ADA)
    await desk.renew(shop.vault, ada, play.PASSWORD)
    after = shop.vault.find_by_mail(ADA)
    assert "m=16," in after.password_hash
    assert await desk.opens(after, play.PASSWORD)
    await desk.renew(shop.vault, after, play.PASSWORD)
    assert shop.vault.find_by_mail(ADA).password_hash == after.password_hash


def test_hashes_are_made_with_what_owasp_asks_for():
    found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", hash_password(GOOD))
    memory, passes, lanes = map(int, found.groups())
    assert memory >= 19 * 1024
    assert passes >= 2
    assert lanes == 1
