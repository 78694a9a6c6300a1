"""Programs in the backoffice: what is sold, what would change, and what is refused before anybody is sold it."""

import html
import re

import pytest
from msgspec.structs import replace

from firm.commands import PublishProgram, RetireProgram
from firm.facts import ProgramPublished, ProgramRetired
from firm.money import Money
from firm.platform_listing import PlatformListing
from firm.templates import template
from web.program_draft import checked

pytestmark = pytest.mark.anyio

SIM = {"sim": PlatformListing(connected=True)}
TEXT = (
    template("two_step_static").text.replace('bridge = "your-bridge"', 'bridge = "sim"').replace("your-group", "demo")
)
NEXT = TEXT.replace("accounts_max = 3", "accounts_max = 2").replace("bp = 500", "bp = 400", 1)


def plain(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text))).replace("\u00a0", " ")


def area(page):
    """What stands in the text area, as a browser would have it."""
    return html.unescape(re.search(r"<textarea[^>]*name=\"text\"[^>]*>\n(.*?)</textarea>", page, re.DOTALL)[1])


WHY = "The terms of the autumn."


def read_against(page):
    """What the preview's difference was shown against, as its form carries it."""
    return re.search(r'name="read_against" value="([^"]*)"', page)[1]


async def send_published(client, text, why=WHY):
    """Read before it is published, as the page has it."""
    preview = (await client.send_form("/staff/drafts", text=text)).text
    return await client.send_form("/staff/programs", text=text, why=why, read_against=read_against(preview))


async def publish(client, text):
    """Its page. What is on offer in these very words is published in others first: the stage is shared by these tests."""
    if "They say the same." in (await client.send_form("/staff/drafts", text=text)).text:
        await publish(client, text.replace("leverage = 100", "leverage = 30"))
    answer = await send_published(client, text)
    assert answer.status_code == 303, plain(answer.text)
    return answer.headers["location"]


async def test_the_list_has_what_is_sold_with_the_ids_of_its_rules_and_the_templates(omar, stage):
    page = (await omar.get("/staff/programs")).text
    [sold] = stage.engine.desk("catalogue").state.programs.values()
    assert "Two Step 100K" in plain(page)
    for phase in sold.phases:
        assert phase.ruleset.ruleset_id() in page
    assert "/staff/drafts?template=two_step_static" in page


async def test_what_an_older_release_published_is_shown_whatever_its_figures(omar, stage):
    sold = template("two_step_static").program
    odd = replace(
        sold,
        bridge="sim",
        title="Odd",
        size=Money(10_000_000, "USD", 40),
        price=Money(10**20, "<b>€", -3),
        leverage=10**18,
    )
    stage.put(PublishProgram(by="console", program=odd))
    stage.settle()
    page = await omar.get("/staff/programs")
    assert page.status_code == 200
    assert "Odd" in plain(page.text)
    seq = re.findall(r"/staff/programs/(\d+)", page.text)
    for address in {f"/staff/programs/{one}" for one in seq}:
        assert (await omar.get(address)).status_code == 200


async def test_a_draft_without_faults_is_read_in_words_before_it_is_published(omar, stage):
    asked = len(stage.asked)
    page = await omar.send_form("/staff/drafts", text=TEXT)
    said = plain(page.text)
    assert page.status_code == 200
    assert "Nothing is wrong with it" in said
    assert "In one trading day the account may lose at most 5 % of the initial balance." in said
    assert area(page.text) == TEXT
    assert len(stage.asked) == asked


async def test_what_is_wrong_is_told_by_its_path_and_the_text_is_kept(omar, stage):
    asked = len(stage.asked)
    wrong = TEXT.replace('zone = "Europe/Prague"', 'zone = "Europe/Prag"', 1).replace(
        'bridge = "sim"', 'bridge = "moon"'
    )
    for path in ("/staff/drafts", "/staff/programs"):
        page = await omar.send_form(path, text=wrong)
        said = plain(page.text)
        assert page.status_code == 422
        assert "phases[0].ruleset.calendar.zone" in said
        assert "bridge : no bridge is enrolled as moon. There is: sim" in said
        assert area(page.text) == wrong
    assert len(stage.asked) == asked


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("", "", "nothing is written here"),
        ("= 3", "", "it is no TOML"),
        ("{", "", "it is no JSON"),
        (TEXT.replace("accounts_max = 3\n", ""), "accounts_max", "it is missing"),
        (
            TEXT.replace("accounts_max = 3", "accounts_most = 3"),
            "accounts_most",
            "there is no such field: accounts_max is near",
        ),
        (TEXT.replace("bp = 500", "bp = 1000000000", 1), "phases[0].ruleset.terms[0].amount.bp", "is too much"),
    ],
)
async def test_what_cannot_be_read_is_a_fault_of_the_field(text, path, reason):
    draft = checked(text, SIM)
    assert draft.program is None
    problem = draft.problems[0]
    assert problem.path == path
    assert reason in problem.reason


async def test_rules_of_one_phase_are_no_program():
    alone = TEXT[TEXT.index("semantics = 2") : TEXT.index("[[phases]]", TEXT.index("semantics = 2"))].replace(
        "phases.ruleset.", ""
    )
    [problem] = checked(alone, SIM).problems
    assert (problem.path, problem.reason) == ("phases", "these are the rules of one phase: a program has phases")


async def test_publishing_leads_to_the_programs_page_and_the_next_version_says_what_changed(omar, stage):
    home = await publish(omar, TEXT)
    assert isinstance(stage.asked[-1], PublishProgram)
    assert "Two steps, static limits" in plain((await omar.get(home)).text)
    preview = plain((await omar.send_form("/staff/drafts", text=NEXT)).text)
    newer = await publish(omar, NEXT)
    page = plain((await omar.get(newer)).text)
    for said in (preview, page):
        assert "Accounts max was 3, is 2" in said
        assert "Daily loss: amount was 5 % of the initial balance, is 4 % of the initial balance" in said
    assert newer != home
    assert "Omar Haddad" in page


async def test_any_two_versions_are_compared(omar):
    first, _, last = [await publish(omar, text) for text in (TEXT, NEXT, TEXT)]
    seq = first.rpartition("/")[2]
    assert "They say the same." in plain((await omar.get(f"{last}?before={seq}")).text)
    assert "Accounts max was 2, is 3" in plain((await omar.get(last)).text)


async def test_a_new_version_begins_with_the_text_of_what_is_sold(omar):
    home = await publish(omar, TEXT)
    editor = (await omar.get(f"/staff/drafts?version={home.rpartition('/')[2]}")).text
    assert checked(area(editor), SIM).program == checked(TEXT, SIM).program
    file = await omar.get(f"{home}/file")
    assert checked(file.text, SIM).problems == ()
    assert "attachment" in file.headers["content-disposition"]


async def test_a_file_goes_before_what_is_written(omar):
    headers = {"origin": str(omar.base_url).rstrip("/")}
    answer = await omar.post(
        "/staff/drafts",
        data={"csrf_token": omar.token, "text": "nonsense"},
        files={"file": ("program.toml", TEXT.replace("\n", "\r\n").encode())},
        headers=headers,
    )
    assert answer.status_code == 200
    assert area(answer.text) == TEXT


async def test_a_program_is_retired_with_a_reason_and_offered_again_by_publishing_it(omar, stage):
    home = await publish(omar, TEXT)
    page = await omar.send_form(f"{home}/retirement", why="no")
    assert page.status_code == 422
    assert "at least 10 characters" in plain(page.text)
    assert (await omar.send_form(f"{home}/retirement", why="Nobody understood it.")).status_code == 303
    assert isinstance(stage.asked[-1], RetireProgram)
    said = plain((await omar.get(home)).text)
    assert "Sold no more. Retired by Omar Haddad" in said
    assert "“Nobody understood it.”" in said
    again = await omar.send_form(f"{home}/retirement", why="Nobody understood it.")
    assert again.status_code == 422
    assert "This program is not sold any more." in plain(again.text)
    assert "On offer" in plain((await omar.get(await publish(omar, TEXT))).text)


async def test_traders_see_nothing_of_it(ada, omar):
    home = await publish(omar, TEXT)
    for path in ("/staff/programs", home, "/staff/drafts"):
        assert (await ada.get(path)).status_code == 403
    assert (await ada.send_form("/staff/programs", text=TEXT)).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/staff/programs/1",
        "/staff/drafts?version=1",
        "/staff/drafts?template=none",
        "/staff/programs/99999999999999999999",
    ],
)
async def test_what_was_never_published_is_not_there(omar, path):
    assert (await omar.get(path)).status_code == 404


async def test_the_rows_of_a_program_are_in_the_catalogues_trace(omar, stage):
    home = await publish(omar, TEXT)
    await omar.send_form(f"{home}/retirement", why="Nobody understood it.")
    said = plain((await omar.get("/staff/trace?desk=catalogue")).text)
    assert "Two steps, static limits (two_step_static) is on offer" in said
    assert "took two_step_static from the shelf" in said
    with stage.reader.connection() as book:
        kinds = {kind for (kind,) in book.execute("SELECT kind FROM rm_desk_row WHERE desk = 'catalogue'")}
    assert {ProgramPublished.__name__, ProgramRetired.__name__} <= kinds


async def test_a_stale_draft_is_not_published_over_a_newer_version_unseen(omar, stage):
    home = await publish(omar, TEXT)
    form = (await omar.get(f"/staff/drafts?version={home.rpartition('/')[2]}")).text
    begun_from = re.search(r'name="begun_from" value="([^"]*)"', form)[1]
    preview = (await omar.send_form("/staff/drafts", text=NEXT, begun_from=begun_from)).text
    assert "Another version was published since" not in plain(preview)
    other = TEXT.replace("accounts_max = 3", "accounts_max = 7")
    await publish(omar, other)
    stale = {"text": NEXT, "why": WHY, "read_against": read_against(preview), "begun_from": begun_from}
    page = await omar.send_form("/staff/programs", **stale)
    assert page.status_code == 422
    said = plain(page.text)
    assert "Another version was published since you read this" in said
    assert "Accounts max was 7, is 2" in said
    assert stage.engine.desk("catalogue").state.programs["two_step_static"].accounts_max == 7
    again = await omar.send_form("/staff/programs", **stale | {"read_against": read_against(page.text)})
    assert again.status_code == 303
    late = plain((await omar.send_form("/staff/drafts", text=TEXT, begun_from=begun_from)).text)
    assert "Another version was published since this draft was begun." in late


async def test_the_form_carries_what_it_was_begun_from_through_every_step(omar):
    home = await publish(omar, TEXT)
    first = (await omar.get(f"/staff/drafts/form?version={home.rpartition('/')[2]}")).text
    begun_from = re.search(r'name="begun_from" value="([0-9a-f]{64})"', first)[1]
    next_one = (await omar.send_form("/staff/drafts/form", text=TEXT, begun_from=begun_from)).text
    assert f'name="begun_from" value="{begun_from}"' in next_one


async def test_publishing_needs_a_reason_that_the_program_shows(omar, stage):
    asked = len(stage.asked)
    page = await send_published(omar, TEXT, why="")
    assert page.status_code == 422
    assert area(page.text) == TEXT
    assert len(stage.asked) == asked
    assert f"“{WHY}”" in plain((await omar.get(await publish(omar, TEXT))).text)


async def test_what_is_on_offer_already_is_not_published_once_more(omar, stage):
    await publish(omar, TEXT)
    page = await send_published(omar, TEXT)
    assert page.status_code == 422
    assert "It says what is on offer already" in plain(page.text)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("price = { minor = 54_000", "price = { minor = 4_000", "this changes the price"),
        ("accounts_max = 3", "accounts_max = 2", "how many accounts a trader may hold"),
    ],
)
async def test_what_is_sold_and_for_how_much_is_an_owners_to_change(omar, ruth, stage, before, after, said):
    await publish(omar, TEXT)
    assert before in TEXT
    changed = TEXT.replace(before, after)
    preview = (await ruth.send_form("/staff/drafts", text=changed)).text
    assert said in plain(preview).lower()
    sent = {
        "text": changed,
        "why": WHY,
        "read_against": stage.engine.desk("catalogue").state.programs["two_step_static"].fingerprint(),
    }
    page = await ruth.send_form("/staff/programs", **sent)
    assert page.status_code == 422
    assert "which an owner decides" in plain(page.text)
    assert (await omar.send_form("/staff/programs", **sent)).status_code == 303


async def test_risk_publishes_other_rules_at_the_same_price(omar, ruth):
    await publish(omar, TEXT)
    await publish(ruth, TEXT.replace("bp = 500", "bp = 400", 1))


async def test_a_templates_placeholders_are_sold_to_nobody(omar):
    page = await omar.send_form("/staff/drafts", text=TEXT.replace('group = "demo"', 'group = "your-group"'))
    assert page.status_code == 422
    assert "group : your-group is the template's placeholder" in plain(page.text)
