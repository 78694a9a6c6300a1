"""Second factors: an app's code counts once, a recovery code counts once, and staff without one do nothing but add one."""

import re

import msgspec
import pytest

from firm.commands import SecurityAct
from firm.instant import MINUTE_US, SECOND_US
from storage.factors import read_factors
from tests.web import authenticator
from web.app import policies
from web.bounds import CODES_RENEWED_PER_HOUR
from web.visitor import May, Policy

ADA, RUTH = "ada@example.org", "ruth@example.org"


def held(shop, play, who="ADA", kind="trader"):
    return read_factors(shop.vault.factors(f"{kind}:{getattr(play, who)}"))


def test_the_phone_of_these_tests_shows_what_rfc_6238_says():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, shown in ((59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")):
        assert authenticator.code_at(secret, seconds * SECOND_US) == shown[2:]


async def test_ada_adds_an_app_and_signs_in_with_its_code(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    secret, codes = await authenticator.enrolled(ada, shop)
    assert len(set(codes)) == 10
    shown = (await ada.get("/security")).text
    assert "In use" in shown
    assert "Nothing new is taken" not in shown
    assert not [told for told in (secret, "Totp", "Recovery(", "secret=", *codes) if told in shown]

    again = browse()
    asked = await authenticator.past_password(again, ADA, play.PASSWORD)
    assert "One more step" in asked.text
    assert (await again.get("/accounts")).headers["location"].startswith("/sign-in")  # not signed in yet
    answer = await again.send_form(
        "/session/factor", code=authenticator.code_at(secret, shop.wall_us), next="/accounts"
    )
    assert answer.headers["location"] == "/accounts"
    assert (await again.get("/accounts")).status_code == 200


async def test_an_app_is_in_use_only_after_a_code_of_it(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    secret = await authenticator.offered_secret(ada)
    wrong = await ada.send_form("/security/totp/confirmation", code="000000")
    assert wrong.status_code == 422
    assert secret in wrong.text  # the same one, so that nobody reads it in again
    assert not held(shop, play).any
    shop.wall_us += 11 * MINUTE_US
    assert (
        await ada.send_form("/security/totp/confirmation", code=authenticator.code_at(secret, shop.wall_us))
    ).status_code != 201
    assert not held(shop, play).any


async def test_a_code_is_good_for_one_use_and_so_is_every_older_one(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    secret, _ = await authenticator.enrolled(ada, shop)
    shop.wall_us += MINUTE_US
    code = authenticator.code_at(secret, shop.wall_us)
    older = authenticator.code_at(secret, shop.wall_us, -1)
    first, second, third = browse(), browse(), browse()
    for browser in (first, second, third):
        await authenticator.past_password(browser, ADA, play.PASSWORD)
    assert (await first.send_form("/session/factor", code=code)).status_code == 303
    assert (await second.send_form("/session/factor", code=code)).status_code == 422
    assert (await third.send_form("/session/factor", code=older)).status_code == 422
    newer = authenticator.code_at(secret, shop.wall_us, 1)
    assert (await second.send_form("/session/factor", code=newer)).status_code == 303


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_clocks_may_differ_by_one_step(browse, shop, play, steps, taken):
    ada, again = browse(), browse()
    await ada.sign_in(ADA, play.PASSWORD)
    secret, _ = await authenticator.enrolled(ada, shop)
    shop.wall_us += 2 * MINUTE_US
    answer = await authenticator.signed_in_with_code(again, shop, ADA, play.PASSWORD, secret, steps)
    assert answer.status_code == (303 if taken else 422)


async def test_a_recovery_code_signs_in_once(browse, shop, play):
    ada, second, third = browse(), browse(), browse()
    await ada.sign_in(ADA, play.PASSWORD)
    _, codes = await authenticator.enrolled(ada, shop)
    await authenticator.past_password(second, ADA, play.PASSWORD)
    assert (await second.send_form("/session/factor", code=codes[3].lower())).status_code == 303
    await authenticator.past_password(third, ADA, play.PASSWORD)
    assert (await third.send_form("/session/factor", code=codes[3])).status_code == 422
    assert held(shop, play).codes_left == 9
    assert SecurityAct.CODE_USED in [each.act for each in shop.noted]


async def test_new_recovery_codes_end_those_of_before(browse, shop, play):
    ada, second = browse(), browse()
    await ada.sign_in(ADA, play.PASSWORD)
    _, codes = await authenticator.enrolled(ada, shop)
    shown = await ada.send_form("/security/recovery-codes")
    fresh = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", shown.text)
    assert not set(fresh) & set(codes)
    await authenticator.past_password(second, ADA, play.PASSWORD)
    assert (await second.send_form("/session/factor", code=codes[0])).status_code == 422
    assert (await second.send_form("/session/factor", code=fresh[0])).status_code == 303


async def test_recovery_codes_are_made_anew_a_few_times_an_hour_and_those_of_before_stay_good(browse, shop, play):
    ada, second = browse(), browse()
    await ada.sign_in(ADA, play.PASSWORD)
    await authenticator.enrolled(ada, shop)  # which makes the first ones
    for _ in range(CODES_RENEWED_PER_HOUR - 1):
        shown = await ada.send_form("/security/recovery-codes")
        assert shown.status_code == 200
    kept = held(shop, play).recovery
    often = await ada.send_form("/security/recovery-codes")
    assert often.status_code == 429
    assert "Please wait 60 minutes" in often.text
    assert held(shop, play).recovery == kept
    await authenticator.past_password(second, ADA, play.PASSWORD)
    [code, *_] = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", shown.text)
    assert (await second.send_form("/session/factor", code=code)).status_code == 303


async def test_whoever_takes_a_factor_away_and_adds_it_again_and_again_has_codes_made_no_more_often(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    for _ in range(CODES_RENEWED_PER_HOUR):
        await authenticator.enrolled(ada, shop)
        assert (await ada.send_form("/security/totp/removal")).status_code == 303
        ada.take_token(await ada.get("/security"))
    secret = await authenticator.offered_secret(ada)
    added = await ada.send_form("/security/totp/confirmation", code=authenticator.code_at(secret, shop.wall_us))
    assert (added.status_code, added.headers["location"]) == (303, "/security")
    assert held(shop, play).totp is not None
    assert held(shop, play).recovery is None
    assert "/security/recovery-codes" in (await ada.get("/security")).text  # where they are made later


async def test_wrong_codes_are_stopped_and_the_owner_at_a_known_device_is_not(browse, shop, play):
    ada, thief = browse(), browse()
    await ada.sign_in(ADA, play.PASSWORD)
    secret, _ = await authenticator.enrolled(ada, shop)
    await authenticator.past_password(thief, ADA, play.PASSWORD)
    told = [(await thief.send_form("/session/factor", code=f"{each:06d}")).status_code for each in range(8)]
    assert told == [422] * 5 + [429] * 3
    await ada.send_form("/session/end")
    assert (await authenticator.signed_in_with_code(ada, shop, ADA, play.PASSWORD, secret)).status_code == 303


async def test_the_second_step_is_of_the_session_whose_password_was_right(browse, shop, play):
    ada, other = browse(), browse()
    await ada.sign_in(ADA, play.PASSWORD)
    secret, _ = await authenticator.enrolled(ada, shop)
    code = authenticator.code_at(secret, shop.wall_us)
    assert (await other.send_form("/session/factor", code=code)).status_code == 422  # no password was shown
    await authenticator.past_password(other, ADA, play.PASSWORD)
    other.token = "0" * 48
    assert (await other.send_form("/session/factor", code=code)).status_code == 403
    await authenticator.past_password(other, ADA, play.PASSWORD)
    shop.wall_us += 11 * MINUTE_US
    late = await other.send_form("/session/factor", code=authenticator.code_at(secret, shop.wall_us))
    assert late.status_code == 422
    assert "That took too long" in late.text


async def test_staff_without_a_factor_open_nothing_but_where_they_add_one(browse, shop, shop_app, play):
    omar = browse()  # an owner, whom no permission keeps out
    await omar.sign_in("omar@example.org", play.PASSWORD)
    for path, method, policy in policies(shop_app):
        if not (isinstance(policy, May) or policy is Policy.SIGNED_IN) or path.startswith("/static"):
            continue
        if path in ENROLLING:
            assert method == "POST" or (await omar.get(path)).status_code == 200, path
            continue
        path = re.sub(r"\{\w+:int\}", "1", re.sub(r"\{\w+:str\}", "none", path))
        answer = await (omar.get(path) if method == "GET" else omar.send_form(path))
        assert (answer.status_code, answer.headers["location"]) == (303, "/security"), f"{method} {path}"
    assert "Add a second factor first" in (await omar.get("/security")).text
    assert not shop.asked


ENROLLING = {
    "/security", "/security/totp", "/security/totp/confirmation", "/security/proof", "/security/passkeys/new",
    "/security/passkeys/options", "/security/passkeys", "/security/password", "/security/elsewhere/dismissal",
}  # fmt: skip


async def test_staff_go_on_once_they_have_one_and_keep_the_last(browse, shop, play):
    ruth = browse()
    await ruth.sign_in(RUTH, play.PASSWORD)
    before = ruth.cookies["evenhand"]
    await authenticator.enrolled(ruth, shop)
    assert ruth.cookies["evenhand"] != before
    assert (await ruth.get("/staff")).status_code == 200
    kept = await ruth.send_form("/security/totp/removal")
    assert kept.status_code == 422
    assert "Staff need a second factor" in kept.text
    assert held(shop, play, "RUTH", "staff").any


async def test_ada_may_go_back_to_the_password_alone(browse, shop, play):
    ada, again = browse(), browse()
    await ada.sign_in(ADA, play.PASSWORD)
    await authenticator.enrolled(ada, shop)
    assert (await ada.send_form("/security/totp/removal")).status_code == 303
    assert held(shop, play) == read_factors(None)  # recovery codes go with the last factor
    await again.sign_in(ADA, play.PASSWORD)
    assert (await again.get("/accounts")).status_code == 200


async def test_an_owner_takes_the_lost_factor_of_another_with_a_reason(browse, shop, play):
    ruth, omar = browse(), browse()
    await ruth.sign_in(RUTH, play.PASSWORD)
    await authenticator.enrolled(ruth, shop)
    await omar.sign_in("omar@example.org", play.PASSWORD)
    await authenticator.enrolled(omar, shop)
    reset = f"/staff/security/{play.RUTH}/reset"
    assert (await omar.send_form(f"/staff/security/{play.OMAR}/reset", why="I lost my own phone")).status_code == 403
    assert (
        await ruth.send_form(f"/staff/security/{play.OMAR}/reset", why="He asked me on the phone")
    ).status_code == 403
    assert (await omar.send_form(reset, why="ok")).status_code == 422
    assert held(shop, play, "RUTH", "staff").any
    assert (await omar.send_form(reset, why="She lost her phone; I saw her passport")).status_code == 303
    assert not held(shop, play, "RUTH", "staff").any
    assert (await ruth.get("/staff")).headers["location"].startswith("/sign-in")
    noted = shop.noted[-1]
    assert (noted.by, noted.act, noted.why) == (
        f"staff:{play.OMAR}", SecurityAct.FACTORS_RESET, "She lost her phone; I saw her passport",
    )  # fmt: skip


async def test_codes_and_secrets_are_in_no_file_and_no_log(browse, shop, play, caplog):
    caplog.set_level("DEBUG")
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    secret, codes = await authenticator.enrolled(ada, shop)
    await ada.send_form("/security/totp/removal")
    shop.settle()
    plain = secret.replace(" ", "")
    canaries = [
        plain.encode(),
        authenticator.b32decode(plain),
        *(code.replace("-", "").encode() for code in codes),
        *map(str.encode, codes),
    ]
    canaries += [play.PASSWORD.encode(), ada.cookies["evenhand"].encode(), ada.cookies["evenhand-device"].encode()]
    files = [each for each in shop.path.rglob("*") if each.is_file()]
    assert len(files) > 5
    for file in files:
        kept = file.read_bytes()
        assert not [canary for canary in canaries if canary in kept], file
    assert not [canary for canary in canaries if canary in caplog.text.encode()]


async def test_printing_factors_shows_nothing_of_them(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    await authenticator.enrolled(ada, shop)
    factors = held(shop, play)
    for each in (factors, factors.totp, factors.recovery):
        assert not re.search(r"b'|\\x", repr(each))


async def test_the_vault_forgets_factors_with_their_person(browse, shop, play):
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    await authenticator.enrolled(ada, shop)
    box = shop.vault.factors(f"trader:{play.ADA}")
    assert msgspec.json.decode(box)["totp"]
    shop.vault.erase(f"trader:{play.ADA}")
    assert shop.vault.factors(f"trader:{play.ADA}") is None
    assert shop.vault.with_factors() == []
