"""Traders by a part of their name: for staff who see names and for their programs, on record, and in no address."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import EraseTrader, PublishProgram, RegisterTrader, StaffAct
from firm.ids import id_text
from firm.inputs import ErasureReported
from firm.personal import Destruction
from storage.errors import DiskRefused
from storage.people import IDENTITY, reference
from storage.readmodels.act_lists import ActFilter, acts_page
from web.bounds import NAMES_SHOWN, SEARCH_LENGTH_MAX
from web.pages.staff_traders import TOO_SHORT

OTHER = "autumn-100k"
PAGE = "/staff/traders"
ZELDA = 77_001


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, histories: Any, play: Any) -> Iterator[Any]:
    """Ada, Ben and Cleo of the first program, and Ben of another one, too."""
    played = histories.played(tmp_path_factory.mktemp("names") / "firm", crowd=2)
    program = played.engine.desk("catalogue").state.programs["two-step-100k"]
    played.put(PublishProgram(by="console", program=replace(program, program=OTHER, title="Autumn 100K")))
    played.sell("autumn", play.BEN, 990, OTHER)
    played.settle()
    yield played
    played.close()


@pytest.fixture(scope="module")
def sam(stage: Any, come_in: Any) -> Any:
    """Of support, for the whole firm."""
    return come_in(f"staff:{stage.employ('sam', 'support')}")


def listed(page: str) -> set[str]:
    """The ids of traders in the table."""
    return set(re.findall(r'data-th="Trader">([0-9A-Z-]+)<', page))


def register(stage: Any, number: int, name: str) -> None:
    sealed = stage.vault.add_person("trader", number, f"person.{number}@example.org", name, "no hash")
    stage.put(RegisterTrader(by="console", trader=number, sealed=sealed))
    stage.settle()


def sought_by(stage: Any, who: str) -> list[int]:
    with stage.reader.connection() as book:
        acts = acts_page(book, ActFilter(kind=StaffAct.PERSON_SOUGHT.value, who=who), None, 50).acts
    return [act.trader for act in acts]


async def test_a_part_of_a_name_finds_who_has_it_with_their_accounts(sam: Any, stage: Any, play: Any) -> None:
    name = stage.vault.person("trader", play.ADA).name
    answer = await sam.send_form(PAGE, name=name.upper()[:2])
    assert answer.status_code == 200
    assert id_text(play.ADA) in listed(answer.text)
    assert html.escape(name) in answer.text
    assert f'href="/staff/accounts?q={id_text(play.ADA)}"' in answer.text
    assert id_text(play.BEN) not in listed(answer.text)
    nobody = await sam.send_form(PAGE, name="nobody at all")
    assert "No trader is called so, or has this mail address or number." in nobody.text
    assert listed(nobody.text) == set()


async def test_a_whole_mail_address_or_number_finds_its_trader_and_stands_in_no_address(
    sam: Any, stage: Any, play: Any
) -> None:
    for typed in ("ADA@example.org", id_text(play.ADA).lower()):
        answer = await sam.send_form(PAGE, name=typed)
        assert listed(answer.text) == {id_text(play.ADA)}
    for typed in ("ad@example.org", "nobody@example.org", "ruth@example.org", "@"):
        assert listed((await sam.send_form(PAGE, name=typed)).text) == set()
    in_the_address = await sam.get("/staff/accounts?q=ada@example.org")
    assert in_the_address.status_code == 422
    assert "is asked under Traders" in in_the_address.text
    assert "ada@example.org" not in in_the_address.text.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("typed", ["", "a", " a b ", "%", "'"])
async def test_less_than_two_letters_are_not_looked_for(sam: Any, stage: Any, typed: str) -> None:
    await sam.send_form(PAGE, name="nobody at all")
    size = stage.engine.size
    answer = await sam.send_form(PAGE, name=typed)
    assert answer.status_code == 422
    assert TOO_SHORT in answer.text
    assert listed(answer.text) == set()
    assert stage.engine.size == size, "nobody was looked up"


async def test_whose_scope_is_one_program_finds_its_traders_alone(stage: Any, come_in: Any, play: Any) -> None:
    nora = come_in(f"staff:{stage.employ('nora', 'risk', (OTHER,))}")
    ben, ada = (stage.vault.person("trader", who).name for who in (play.BEN, play.ADA))
    page = (await nora.send_form(PAGE, name=ben)).text
    assert listed(page) == {id_text(play.BEN)}
    assert '<td class="num" data-th="Accounts">1</td>' in page
    page = (await nora.send_form(PAGE, name=ada)).text
    assert listed(page) == set()
    assert stage.vault.person("trader", play.ADA).mail not in page


async def test_where_no_trader_is_the_page_says_how_one_is_added(stage: Any, come_in: Any, sam: Any) -> None:
    assert "No traders are here yet." not in (await sam.get(PAGE)).text
    program = stage.engine.desk("catalogue").state.programs[OTHER]
    stage.put(PublishProgram(by="console", program=replace(program, program="unsold-100k", title="Unsold 100K")))
    page = (await come_in(f"staff:{stage.employ('una', 'risk', ('unsold-100k',))}").get(PAGE)).text
    assert "No traders are here yet." in page
    assert "evenhand person add MAIL --name NAME" in page
    accounts = (await come_in(f"staff:{stage.employ('uno', 'risk', ('unsold-100k',))}").get("/staff/accounts")).text
    assert "no page, command of the console or call of the API places an order or books its payment" in accounts
    home = (await come_in(f"staff:{stage.employ('ulf', 'risk', ('unsold-100k',))}").get("/staff")).text
    assert "Orders awaiting payment" not in home


async def test_who_has_no_account_is_not_told_to_buy_where_nothing_is_sold(stage: Any, come_in: Any) -> None:
    register(stage, 77_002, "Ida Ott")
    page = (await come_in("trader:77002").get("/accounts")).text
    assert "You have no accounts yet." in page
    assert "Nothing can be bought on these pages yet." in page
    assert "order" not in page.partition("<main")[2].partition("</main>")[0]


async def test_each_look_is_on_record_once_an_hour_with_whom_it_found(stage: Any, come_in: Any, play: Any) -> None:
    person = f"staff:{stage.employ('looker', 'compliance')}"
    client, ada = come_in(person), stage.vault.person("trader", play.ADA).name
    for _ in range(2):
        await client.send_form(PAGE, name=ada)
        await client.send_form(PAGE, name="nobody at all")
    assert sought_by(stage, person) == [0, play.ADA]
    with stage.reader.connection() as book:
        rows = b"".join(payload for (payload,) in book.execute("SELECT payload FROM ledger"))
    assert b"nobody at all" not in rows
    assert ada.encode() not in rows


async def test_what_cannot_be_put_on_record_is_not_shown(stage: Any, come_in: Any, play: Any) -> None:
    client = come_in(f"staff:{stage.employ('in-vain', 'support')}")
    ada = stage.vault.person("trader", play.ADA)

    async def refuse(command: Any) -> Any:
        from actors.arrival import Held

        raise Held("its disk is full")

    object.__setattr__(stage.firm, "ask", refuse)
    try:
        answer = await client.send_form(PAGE, name=ada.name)
    finally:
        object.__setattr__(stage.firm, "ask", stage.ask)
    assert answer.status_code == 503
    assert ada.mail not in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_may_not_see_names_finds_nobody(stage: Any, come_in: Any, method: str) -> None:
    client = come_in(f"staff:{stage.employ(f'looks-{method.lower()}', 'read_only')}")
    answer = await (client.get(PAGE) if method == "GET" else client.send_form(PAGE, name="ada"))
    assert answer.status_code == 403
    for path in ("/staff/accounts", "/find"):
        assert PAGE not in (await client.get(path)).text


async def test_no_page_sends_a_name_in_an_address(sam: Any) -> None:
    for path in (PAGE, "/staff/accounts", "/find"):
        page = (await sam.get(path)).text
        [form] = re.findall(rf'<form [^>]*action="{PAGE}"[^>]*>', page)
        assert 'method="post"' in form
        assert "hx-" not in form
    asked = await sam.get(f"{PAGE}?name=ada")
    assert listed(asked.text) == set()


async def test_who_comes_is_found_at_once_and_who_is_forgotten_is_not_and_leaves_nothing(sam: Any, stage: Any) -> None:
    register(stage, ZELDA, "Zelda Quixote")
    assert listed((await sam.send_form(PAGE, name="quix")).text) == {id_text(ZELDA)}
    assert stage.vault.change_mail("trader", ZELDA, "other@example.org")
    page = (await sam.send_form(PAGE, name="zel")).text
    assert "other@example.org" in page
    stage.vault.erase(reference("trader", ZELDA))
    erased = await sam.send_form(PAGE, name="quix")
    assert erased.status_code == 200
    assert listed(erased.text) == set(), "not even before the firm was told"
    known = len(stage.names)
    due = (Destruction(klass=IDENTITY, from_us=0),)
    stage.put(EraseTrader(by="console", trader=ZELDA, why="they asked", classes=due))
    stage.put(ErasureReported(trader=ZELDA, klass=IDENTITY, values=1, pooled=(), finished=True))
    stage.settle()
    stage.names.read_some(0)
    assert len(stage.names) == known - 1
    assert "quixote" not in repr(vars(stage.names._index))


async def test_more_than_a_page_holds_are_not_shown_and_it_says_so(sam: Any, stage: Any) -> None:
    for number in range(NAMES_SHOWN + 1):
        register(stage, 78_000 + number, f"Xaver Number{number}")
    page = (await sam.send_form(PAGE, name="xav")).text
    assert len(listed(page)) == NAMES_SHOWN
    assert "There are more" in page
    assert "There are more" not in (await sam.send_form(PAGE, name="xav number20")).text


async def test_while_names_are_read_the_page_says_how_many_wait(sam: Any, stage: Any) -> None:
    stage.names.begin([78_000, 78_001, 78_002])
    assert "3 names are still to be read" in (await sam.get(PAGE)).text
    stage.names.read_some(2)
    assert "1 name is still to be read" in (await sam.get(PAGE)).text
    stage.names.read_some(20)
    assert "still to be read" not in (await sam.get(PAGE)).text


async def test_a_disk_that_refuses_is_asked_again(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DiskRefused("no")

    register(stage, 79_000, "Ygor Late")
    with monkeypatch.context() as broken:
        broken.setattr(stage.vault, "person", refuse)
        with pytest.raises(DiskRefused):
            stage.names.matches("ygor")
    assert stage.names.matches("ygor").people == (79_000,)


async def test_markup_and_endless_text_are_what_was_typed(sam: Any) -> None:
    answer = await sam.send_form(PAGE, name="<script>alert(1)</script>" + "x" * 5_000)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "x" * SEARCH_LENGTH_MAX not in answer.text


async def test_a_firm_that_is_only_read_finds_nobody_and_says_why(sam: Any, stage: Any) -> None:
    object.__setattr__(stage.firm, "names", None)
    try:
        shown, sent = await sam.get(PAGE), await sam.send_form(PAGE, name="ada")
    finally:
        object.__setattr__(stage.firm, "names", stage.names)
    for page in (shown.text, sent.text):
        assert "Nobody is found by name while the firm is only read." in page
        assert f'action="{PAGE}"' not in page
        assert listed(page) == set()
