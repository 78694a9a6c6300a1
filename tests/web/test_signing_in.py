"""Signing in and out: sessions, their cookie, guesses, and forms that come from elsewhere."""

import html
from dataclasses import replace

import apsw
import pytest

from firm.ids import id_text
from firm.instant import HOUR_US, MINUTE_US
from storage.errors import DiskRefused
from storage.files import FirmDirectory
from storage.people import Person
from web.auth import TooManyGuesses, recognise
from web.forms import path_of_ours
from web.password_desk import PasswordDesk, hash_password

SAME_SITE = {"sec-fetch-site": "same-origin"}


async def test_a_trader_and_a_reviewer_each_arrive_at_their_home(nobody, play):
    answer = await nobody.sign_in("ada@example.org", play.PASSWORD)
    assert answer.status_code == 303
    assert (await nobody.get("/")).headers["location"] == "/accounts"
    await nobody.send_form("/session/end")
    await nobody.sign_in("ruth@example.org", play.PASSWORD)
    assert (await nobody.get("/")).headers["location"] == "/staff"


async def test_where_no_mail_is_written_whoever_forgot_a_password_is_told_whom_to_ask(nobody, stage, visiting):
    said = "Forgotten your password? This firm writes no mails: ask it for a link to a new one."
    page = (await nobody.get("/sign-in")).text
    assert said in page
    assert 'href="/forgotten-password"' not in page
    async with visiting(replace(stage.firm, mails=True)) as visit:
        page = (await (await visit("")).get("/sign-in")).text
        assert said not in page
        assert 'href="/forgotten-password"' in page


async def test_a_wrong_password_and_a_stranger_are_told_the_same(nobody):
    wrong = await nobody.send_form("/session", mail="ada@example.org", password="not this one", next="/")
    stranger = await nobody.send_form("/session", mail="eve@example.org", password="not this one", next="/")
    assert wrong.status_code == stranger.status_code == 422
    assert "do not belong together" in wrong.text
    assert wrong.text.replace("ada@", "eve@") == stranger.text
    assert 'value="ada@example.org"' in wrong.text  # what was typed is kept, the password is not
    assert "not this one" not in wrong.text


async def test_guessing_one_account_is_stopped_before_any_hash_is_made(nobody, stage):
    for _ in range(10):
        assert (
            await nobody.send_form("/session", mail="olga@example.org", password="guess", next="/")
        ).status_code == 422
    held = await nobody.send_form("/session", mail=" OLGA@example.org", password="guess", next="/")
    assert held.status_code == 429
    assert "Please wait 15 minutes" in held.text
    stage.wall_us += HOUR_US // 2
    later = await nobody.send_form("/session", mail="olga@example.org", password="guess", next="/")
    stage.wall_us -= HOUR_US // 2
    assert later.status_code == 422


async def test_signing_in_with_the_right_password_is_no_guess(stage, play):
    desk = PasswordDesk()
    for _ in range(60):
        assert await recognise(stage.firm, desk, "ada@example.org", play.PASSWORD, "192.0.2.60")


async def test_a_password_is_kept_as_dear_to_guess_as_owasp_asks():
    kept = hash_password("long enough")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    person = Person(kind="trader", id=1, role="", name="Ada", mail="", commitment="", password_hash=kept)
    assert await PasswordDesk().opens(person, "long enough")
    assert not await PasswordDesk().opens(person, "long enough to guess")


async def test_a_sign_in_of_ones_own_gives_no_guess_at_others_back(stage, play):
    """Ben guesses at a hundred accounts and signs in between: his address has fifty guesses all the same."""
    desk, address = PasswordDesk(), "192.0.2.50"

    async def guess(number: int) -> None:
        stage.wall_us += 2
        await recognise(stage.firm, desk, f"someone{number}@example.org", "guess", address)

    for number in range(49):
        await guess(number)
        stage.wall_us += 2
        assert await recognise(stage.firm, desk, "ben@example.org", play.PASSWORD, address)
    await guess(49)
    with pytest.raises(TooManyGuesses):
        await guess(50)
    stage.wall_us -= 2 * (51 + 49)


@pytest.mark.parametrize("charset", ["nope", "hex", "utf-16", "punycode", "undefined"])
async def test_a_form_in_unknown_letters_is_a_mistake_of_its_sender(nobody, play, charset):
    body = (
        f'--x\r\ncontent-disposition: form-data; name="mail"\r\ncontent-type: text/plain; charset={charset}\r\n\r\n'
        "abc\r\n--x--\r\n"
    )
    headers = {"origin": str(nobody.base_url).rstrip("/"), "content-type": "multipart/form-data; boundary=x"}
    assert (await nobody.post("/session", content=body, headers=headers)).status_code in (400, 422)
    assert (await nobody.sign_in("ada@example.org", play.PASSWORD)).status_code == 303
    assert (await nobody.post("/session/end", content=body, headers=headers)).status_code in (400, 403)


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_new_at_each_sign_in(nobody, play):
    first = (await nobody.sign_in("ada@example.org", play.PASSWORD)).headers["set-cookie"]
    assert "HttpOnly" in first
    assert "SameSite=lax" in first
    before = nobody.cookies["evenhand"]
    await nobody.sign_in("ada@example.org", play.PASSWORD)
    assert nobody.cookies["evenhand"] != before
    nobody.cookies.clear()
    nobody.cookies.set("evenhand", before)
    assert (await nobody.get("/accounts")).status_code == 303  # the one before ended with it


async def test_over_https_the_cookie_belongs_to_this_host_alone(nobody, stage, play, monkeypatch):
    monkeypatch.setitem(stage.firm.__dict__, "https", True)
    answer = await nobody.send_form("/session", mail="ada@example.org", password=play.PASSWORD, next="/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-evenhand=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


async def test_a_planted_session_id_is_not_taken_over(nobody, play):
    nobody.cookies.set("evenhand", "planted")
    answer = await nobody.send_form("/session", mail="ada@example.org", password=play.PASSWORD, next="/")
    assert "planted" not in answer.headers["set-cookie"]


async def test_signing_out_ends_the_session_on_the_server(nobody, play):
    await nobody.sign_in("ada@example.org", play.PASSWORD)
    kept = nobody.cookies["evenhand"]
    assert (await nobody.send_form("/session/end")).status_code == 303
    nobody.cookies.clear()
    nobody.cookies.set("evenhand", kept)
    assert (await nobody.get("/accounts")).headers["location"] == "/sign-in?next=%2Faccounts"


async def test_a_session_ends_when_nobody_uses_it(nobody, stage, play):
    await nobody.sign_in("ada@example.org", play.PASSWORD)
    stage.wall_us += 2 * HOUR_US
    ended = await nobody.get("/accounts")
    stage.wall_us -= 2 * HOUR_US
    assert ended.status_code == 303


async def test_after_signing_in_one_is_back_on_the_very_page(nobody):
    answer = await nobody.get("/staff/accounts?standing=breached&sort=equity")
    assert answer.headers["location"] == "/sign-in?next=%2Fstaff%2Faccounts%3Fstanding%3Dbreached%26sort%3Dequity"
    piece = {"hx-request": "true", "hx-current-url": "http://x/staff/accounts?q=1"}
    assert (await nobody.get("/staff/accounts", headers=piece)).headers["hx-redirect"] == (
        "/sign-in?next=%2Fstaff%2Faccounts%3Fq%3D1"
    )


async def test_what_was_typed_outlives_the_session_and_is_sent_by_the_person(nobody, stage, play, decisions):
    review = f"/staff/decisions/{decisions['BreachSuspected']}/review"
    ended = await nobody.send_form(review, outcome="dismiss", why='One "bad" <print>.')
    assert ended.status_code == 401
    assert "Your session has ended" in ended.text
    kept = {"kept": review, "kept.outcome": "dismiss", "kept.why": 'One "bad" <print>.'}
    for name, value in kept.items():
        assert f'name="{name}" value="{html.escape(value).replace("&quot;", "&#34;")}"' in ended.text
    wrong = await nobody.send_form("/session", mail="ruth@example.org", password="not this one", next="/", **kept)
    assert wrong.status_code == 422
    assert 'name="kept.why"' in wrong.text
    before = len(stage.asked)
    again = await nobody.send_form("/session", mail="ruth@example.org", password=play.PASSWORD, next="/", **kept)
    assert again.status_code == 200
    assert f'action="{review}"' in again.text
    assert "not sent yet: your word on a decision" in again.text
    assert "One &#34;bad&#34; &lt;print&gt;." in again.text
    assert len(stage.asked) == before  # nothing is sent before she says so
    token = again.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    nobody.token = token
    empty = await nobody.send_form(review, outcome="dismiss", why="")
    assert empty.status_code == 422  # the token is one of the new session: the form itself is looked at


async def test_a_form_that_waits_for_a_sign_in_never_goes_elsewhere(nobody, play):
    fields = {"kept": "https://elsewhere.example/", "kept.why": "x", "next": "/"}
    answer = await nobody.send_form("/session", mail="ada@example.org", password=play.PASSWORD, **fields)
    assert answer.status_code == 303
    assert "elsewhere" not in answer.text + answer.headers["location"]


async def test_a_live_page_is_told_that_the_session_has_ended(nobody, stage):
    answer = await nobody.get(f"/accounts/{id_text(stage.accounts['ada'])}/live")
    assert answer.status_code == 401
    assert "Your session has ended" in answer.text
    assert 'href="/sign-in"' in answer.text


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        pytest.param({"origin": "https://elsewhere.example"}, True, id="another origin"),
        pytest.param({"sec-fetch-site": "cross-site"}, True, id="the browser says cross-site"),
        pytest.param({}, True, id="nothing says where it came from"),
        pytest.param(SAME_SITE, False, id="no token of this session"),
    ],
)
async def test_a_form_that_did_not_come_from_our_page_does_nothing(nobody, play, headers, token):
    await nobody.sign_in("ada@example.org", play.PASSWORD)
    fields = {"csrf_token": nobody.token if token else "0" * 48}
    assert (await nobody.post("/session/end", data=fields, headers=headers)).status_code == 403
    assert (await nobody.get("/accounts")).status_code == 200


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/accounts", "/accounts"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("https://elsewhere.example", "/"),
        ("/\nx", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_is_never_led_elsewhere(asked, led):
    assert path_of_ours(asked) == led


async def test_a_sign_in_that_cannot_be_kept_is_a_page_with_words_and_who_is_inside_goes_on(
    nobody, ada, stage, play, caplog
):
    form = {"mail": "ada@example.org", "password": play.PASSWORD, "next": "/"}
    before = stage.front.refusals
    stage.front._connection.set_busy_timeout(1)
    other = apsw.Connection(str(FirmDirectory(stage.path).front_db))
    other.execute("BEGIN IMMEDIATE")
    for path, told in (
        ("/session", "Signing in has to be saved, and the firm’s disk has no room for it at the moment"),
        ("/session/end", "This cannot be saved just now: nothing of it was kept"),
    ):
        who = nobody if path == "/session" else ada
        refused = await who.send_form(path, **form)
        assert refused.status_code == 503
        assert told in refused.text
        assert ("“evenhand doctor” on its machine" in refused.text) == (path == "/session")
        assert "front.db" not in refused.text
    assert "front.db cannot be read or written" in caplog.text
    assert "Traceback" not in caplog.text
    stage.wall_us += 2 * MINUTE_US  # so that a page would prolong the session
    assert (await ada.get("/accounts")).status_code == 200
    assert stage.front.refusals - before == 3
    stage.wall_us -= 2 * MINUTE_US
    other.execute("ROLLBACK")
    other.close()
    assert (await nobody.send_form("/session", **form)).status_code == 303


async def test_a_damaged_vault_is_a_page_with_words(nobody, stage, caplog):
    shell, before = apsw.Connection(str(FirmDirectory(stage.path).vault_db)), stage.vault.refusals
    whole = shell.execute("SELECT credentials, person FROM people").fetchall()
    shell.execute("UPDATE people SET credentials = zeroblob(60)")
    answer = await nobody.send_form("/session", mail="ada@example.org", password="whatever", next="/")
    shell.executemany("UPDATE people SET credentials = ? WHERE person = ?", whole)
    shell.close()
    assert answer.status_code == 503
    assert "What we know of people cannot be read" in answer.text
    assert "vault damaged: the credentials of trader:" in caplog.text
    assert "Traceback" not in caplog.text
    assert stage.vault.refusals - before == 1


async def test_a_vault_that_cannot_be_used_is_a_page_with_words(nobody, ada, stage, monkeypatch):
    def refuse(*_):
        raise DiskRefused("vault.db or keys.db cannot be read or written: make room")

    monkeypatch.setattr(stage.vault, "find_by_mail", refuse)
    monkeypatch.setattr(stage.vault, "person", refuse)
    form = await nobody.send_form("/session", mail="ada@example.org", password="whatever", next="/")
    for answer in (form, await ada.get("/accounts")):
        assert answer.status_code == 503
        assert "We cannot answer right now" in answer.text
        assert "nothing of this was kept" in answer.text
        assert "vault.db" not in answer.text  # that is for the log
