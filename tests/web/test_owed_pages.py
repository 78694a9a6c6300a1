"""What enforcement withheld: the pages say so while it is stopped and after, staff order it anew, and nothing is called closed before."""

import re

import pytest
from msgspec.structs import replace

from firm.commands import BridgeMode, EnforceAgain, EngageKillSwitch, KillSwitch, SetBridgeMode
from firm.ids import id_text
from firm.permissions import Scope
from firm.sentences.languages import Language
from web.observing import observing
from web.shell.speech import speech_of


def text_of(html: str) -> str:
    """The words on a page, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ").replace(" .", ".")


@pytest.fixture
def stopped(histories, tmp_path):
    """Enforcement was stopped before Ada won one account and lost another."""
    played = histories.enforcement_stopped(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
def released(histories, stopped):
    histories.enforcement_released(stopped)
    return stopped


@pytest.fixture
async def visit(stopped, visiting):
    """Somebody's browser in that firm."""
    async with visiting(stopped.firm) as visit:
        yield visit


async def words_of(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, path
    return text_of(answer.text)


def queued(stage):
    with stage.reader.connection() as book:
        return book.execute("SELECT count(*) FROM rm_command WHERE state != 'withheld'").fetchone()[0]


def next_of(stage, name):
    """The account that follows the one Ada won."""
    with stage.reader.connection() as book:
        sql = "SELECT account FROM rm_account WHERE phase = 1 AND challenge = (SELECT challenge FROM rm_account WHERE account = ?)"
        return book.execute(sql, (stage.accounts[name],)).fetchone()[0]


# --- what staff are told ---


SUMMARY = "1 breached account not closed and blocked, 1 passed account not closed and blocked, 1 not limited to closing, 1 never opened"


async def test_home_counts_what_is_owed_and_does_not_say_that_all_is_accounted_for(visit, released):
    page = await words_of(await visit("omar"), "/staff")
    assert f"4 accounts are owed what enforcement withheld: {SUMMARY}. See which" in page
    assert "Platform commands open 0 and 4 accounts owed, the oldest for 1 h 6 min" in page
    for wrong in ("all accounted for", "Nothing waits"):
        assert wrong not in page


async def test_controls_say_before_the_stop_and_before_the_release_what_it_leads_to(visit, stopped, histories):
    omar = await visit("omar")
    page = await words_of(omar, "/staff/controls")
    assert "What is withheld is never sent later, only ordered anew by a person." in page
    assert f"4 accounts are owed what was withheld: {SUMMARY}. See which" in page
    assert "The release sends nothing by itself." in page
    assert "Order it for" not in page
    histories.enforcement_released(stopped)
    assert "Order it for all 4" in await words_of(omar, "/staff/controls")


async def test_the_list_names_each_account_with_its_decision_and_the_button_that_fits(visit, released):
    omar = await visit("omar")
    html = (await omar.get("/staff/owed")).text
    rows = [text_of(row) for row in html.partition("<tbody>")[2].split("</tr>")]
    for name, said, button in (
        ("ada lost", "Breached account not closed and blocked", "Close and block it"),
        ("ben", "Not limited to closing", "Allow closing only"),
    ):
        [row] = [row for row in rows if id_text(released.accounts[name]) in row]
        assert said in row
        assert button in row
        assert re.search(r"decision \d+", row)
        assert "Enforcement was stopped" in row
    [row] = [row for row in rows if "Never opened" in row]
    assert "Open it on the platform" in row
    assert id_text(next_of(released, "ada won")) in row


async def test_withheld_commands_say_which_of_them_are_still_owed(visit, released):
    omar = await visit("omar")
    before = (await omar.get("/staff/commands?state=withheld")).text
    many = before.count("Still owed")
    assert many == before.count(">never sent<") > 8
    account = released.accounts["ada lost"]
    assert (await omar.send_form(f"/staff/accounts/{id_text(account)}/orders")).status_code == 303
    after = (await omar.get("/staff/commands?state=withheld")).text
    assert after.count(">never sent<") == many
    assert after.count("Still owed") == many - 4


async def test_where_a_bridge_only_observes_nothing_waits_and_nothing_can_be_ordered(visit, released, play):
    omar = await visit("omar")
    observing = SetBridgeMode(
        by=f"staff:{play.OMAR}", bridge="sim", mode=BridgeMode.OBSERVE, why="Beside the old system."
    )
    released.put(observing)
    released.settle()
    home = await words_of(omar, "/staff")
    assert "owed" not in home
    assert f"4 accounts lack what was withheld because the bridge only observes: {SUMMARY}. See which" in home
    assert "withheld from 4 accounts: the bridge only observes" in home
    assert "all accounted for" not in home
    html = (await omar.get("/staff/owed")).text
    assert text_of(html).count("The bridge only observes, so nothing is sent to it.") == 4
    assert "/orders" not in html
    answer = await omar.send_form(f"/staff/accounts/{id_text(released.accounts['ada lost'])}/orders")
    assert answer.status_code == 422
    assert "The bridge only observes, and nothing is sent to it; set it to enforce first." in text_of(answer.text)


async def test_home_and_controls_say_that_a_bridge_only_observes_and_how_it_may_act(visit, released, play):
    omar = await visit("omar")
    for path in ("/staff", "/staff/controls"):
        assert "only observe" not in await words_of(omar, path)
    by = f"staff:{play.OMAR}"
    released.put(SetBridgeMode(by=by, bridge="sim", mode=BridgeMode.OBSERVE, why="Beside the old system."))
    released.settle()
    home = (await omar.get("/staff")).text.partition("What to do next")[2].partition("</section>")[0]
    assert "sim only observes: no command goes to its platform." in text_of(home)
    assert "evenhand bridge mode sim enforce" in text_of(home)
    controls = await words_of(omar, "/staff/controls")
    assert "Enforcement Only observing" in controls
    assert "sim only observes: no command goes to that platform, also while this switch is released." in controls
    assert "4 accounts lack what was withheld: see which" in controls
    released.put(SetBridgeMode(by=by, bridge="sim", mode=BridgeMode.ENFORCE, why="It may act."))
    released.settle()
    for path in ("/staff", "/staff/controls"):
        assert "only observe" not in await words_of(omar, path)


async def test_whose_scope_is_limited_hears_of_the_bridges_of_accounts_that_are_there_for_them(released, monkeypatch):
    released.put(SetBridgeMode(by="console", bridge="sim", mode=BridgeMode.OBSERVE, why="Beside the old system."))
    released.settle()
    health = released.health()
    other = replace(health.bridges[0], bridge="other")
    monkeypatch.setattr(released.board, "health", lambda: replace(health, bridges=(*health.bridges, other)))
    everything = await observing(released.firm)
    assert (everything.bridges, everything.everywhere, len(everything.owed)) == (("other", "sim"), True, 4)
    with released.reader.connection() as book:
        [program] = {name for (name,) in book.execute("SELECT program FROM rm_challenge")}
    own = await observing(released.firm.seen_by(Scope(programs=(program,)), names_seen=True))
    assert (own.bridges, len(own.owed)) == (("sim",), 4)
    nothing = await observing(released.firm.seen_by(Scope(programs=("elsewhere",)), names_seen=True))
    assert (nothing.bridges, nothing.owed) == ((), ())


# --- ordering it anew ---


async def test_one_account_is_closed_by_a_new_command_and_its_page_says_what_the_button_does(visit, released, play):
    omar = await visit("omar")
    account = released.accounts["ada lost"]
    path = f"/staff/accounts/{id_text(account)}"
    page = await words_of(omar, path)
    assert "Owed to this account" in page
    assert "because enforcement was stopped, and never sent" in page
    assert "close every position at the prices of then, and block trading" in page
    assert (await omar.send_form(f"{path}/orders")).status_code == 303
    [ordered] = [one for one in released.asked if isinstance(one, EnforceAgain)]
    assert (ordered.account, ordered.by) == (account, f"staff:{play.OMAR}")
    page = await words_of(omar, path)
    assert "Owed to this account" not in page
    assert "The platform confirmed at" in page
    assert released.engine.account(account).positions == ()


async def test_all_are_ordered_by_one_form_and_a_second_click_orders_nothing(visit, released):
    omar = await visit("omar")
    before = queued(released)
    assert (await omar.send_form("/staff/owed/orders")).status_code == 303
    # Two are closed in four steps each, one is opened, one is limited to closing.
    assert queued(released) == before + 4 + 4 + 1 + 1
    assert len([one for one in released.asked if isinstance(one, EnforceAgain)]) == 4
    assert (await omar.send_form("/staff/owed/orders")).status_code == 303
    assert queued(released) == before + 10
    assert "Nothing is owed" in await words_of(omar, "/staff/owed")
    assert "owed what enforcement withheld" not in await words_of(omar, "/staff")
    following = released.engine.account(next_of(released, "ada won"))
    assert following.login


async def test_a_second_click_on_one_account_is_told_that_nothing_is_owed_any_more(visit, released):
    omar = await visit("omar")
    path = f"/staff/accounts/{id_text(released.accounts['ada lost'])}/orders"
    assert (await omar.send_form(path)).status_code == 303
    before = queued(released)
    answer = await omar.send_form(path)
    assert answer.status_code == 422
    assert "Nothing is owed to this account any more" in text_of(answer.text)
    assert queued(released) == before


async def test_while_enforcement_is_stopped_there_is_no_button_and_the_form_is_refused(visit, stopped):
    omar = await visit("omar")
    before, account = queued(stopped), id_text(stopped.accounts["ada lost"])
    for path in ("/staff/owed", f"/staff/accounts/{account}"):
        html = (await omar.get(path)).text
        assert "/orders" not in html
        assert "Enforcement is stopped, so it cannot be ordered now." in text_of(html)
    for path in ("/staff/owed/orders", f"/staff/accounts/{account}/orders"):
        answer = await omar.send_form(path)
        assert answer.status_code == 422
        assert "two people have to release it" in text_of(answer.text)
    assert queued(stopped) == before


async def test_an_account_that_does_not_exist_is_no_page_and_no_command(visit, released):
    omar = await visit("omar")
    assert (await omar.send_form(f"/staff/accounts/{id_text(12345)}/orders")).status_code == 404
    assert not released.asked


# --- what the trader is told ---


async def test_a_breach_that_the_platform_was_never_asked_to_close_is_not_called_closed(visit, released):
    ada, omar = await visit("ada"), await visit("omar")
    account = id_text(released.accounts["ada lost"])
    for client, path in ((ada, f"/accounts/{account}"), (omar, f"/staff/accounts/{account}")):
        page = await words_of(client, path)
        assert "Not yet closed on the platform: 2 positions open." in page
        assert "Balance after closing" not in page
        assert "Open positions 2 positions" in page
        assert "P7012" in page
    assert "Not yet closed on the platform: 2 positions open." in await words_of(ada, "/accounts")
    await omar.send_form(f"/staff/accounts/{account}/orders")
    page = await words_of(ada, f"/accounts/{account}")
    assert "Balance after closing" in page
    assert "Not yet closed" not in page


async def test_a_winner_reads_that_the_next_account_is_not_being_opened(visit, released):
    ada, omar = await visit("ada"), await visit("omar")
    following = id_text(next_of(released, "ada won"))
    said = "This account is not open on the platform yet."
    for path in ("/accounts", f"/accounts/{following}"):
        page = await words_of(ada, path)
        assert said in page
        assert "A person at the firm has to order it." in page
        assert "We are opening it on the platform." not in page
    won = await words_of(ada, f"/accounts/{id_text(released.accounts['ada won'])}")
    assert "Go to the account of Phase 2 : it is not open on the platform yet" in won
    await omar.send_form("/staff/owed/orders")
    page = await words_of(ada, f"/accounts/{following}")
    assert said not in page
    assert "Platform login" in page


async def test_an_account_that_waits_for_its_platform_in_the_usual_way_says_so_as_before(visit, released, play):
    released.waiting = []
    released.sell("ada fresh", play.ADA, 900)
    released.settle()
    assert "We are opening it on the platform." in await words_of(await visit("ada"), "/accounts")


async def test_a_stop_in_the_middle_of_ordering_all_ends_it_there(visit, released, monkeypatch):
    """Somebody stops enforcement again after the first command: the rest stays owed, and the page says why."""
    omar = await visit("omar")
    decide = released.ask

    async def stopping(command):
        decided = await decide(command)
        if len([one for one in released.asked if isinstance(one, EnforceAgain)]) == 1:
            await decide(EngageKillSwitch(by="console", switch=KillSwitch.ENFORCEMENT, why="Wait."))
        return decided

    monkeypatch.setitem(released.firm.__dict__, "ask", stopping)
    answer = await omar.send_form("/staff/owed/orders")
    assert answer.status_code == 422
    assert "Enforcement is stopped" in text_of(answer.text)
    assert len(released.board.owed()) == 3


def test_the_words_cover_whatever_can_be_withheld():
    from actors.enforcement_plans import PLANS
    from web import owed_view

    assert set(owed_view.ORDERS) == set(PLANS)
    assert all(speech_of(Language.ENGLISH).knows(f"owed.{purpose}") for purpose in PLANS)
    assert set(owed_view._SAID) == set(PLANS) - {"flatten"}
