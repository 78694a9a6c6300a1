"""What the forms of exceptions offer, and what they say that one would do before it is granted: the same as when it is."""

import pytest

from firm.commands import GrantOverride
from firm.ids import id_text
from tests.web.page_text import text_of
from web.account_view import account_view
from web.render import Pages
from web.watched_account import WatchedAccount

REASON = {"why": "Our feed failed.", "evidence": "ticket 7"}


@pytest.fixture
def account(stage, play) -> int:
    """An account of Ada's that holds nothing, on a day whose start is final."""
    account = stage.sell(f"ada excepted {len(stage.accounts)}", play.ADA, 1950 + len(stage.accounts))
    stage.settle()
    return account


@pytest.fixture
async def ruth(stage, visiting):
    async with visiting(stage.firm) as visit:
        yield await visit("ruth")


def forms(page: str) -> str:
    return page.partition('id="overrides"')[2].partition("</section>")[0]


async def previewed(ruth, account: int, **fields: str) -> str:
    path = f"/staff/accounts/{id_text(account)}/overrides"
    answer = await ruth.send_form(path, **fields, step="preview", **REASON)
    assert answer.status_code == 200
    return forms(answer.text)


def adjusted(amount: str, mark: str = "day_balance") -> dict[str, str]:
    return {"override": "adjust_mark", "mark": mark, "rule": "", "amount": amount}


async def test_a_preview_says_which_floor_moves_from_where_to_where_and_what_is_left(ruth, account, stage):
    told = await previewed(ruth, account, **adjusted("100500.00"))
    assert "The mark is 100,000.00" in told.replace("\u00a0", " ")
    assert "would be 100,500.00" in told.replace("\u00a0", " ")
    row = told.partition("<tbody>")[2].partition("</tr>")[0]
    assert "(daily_loss)" in row
    figures = [cell.partition("</td>")[0].partition(">")[2] for cell in row.split("<td")[2:]]
    assert figures == ["95,000.00", "95,500.00", "100,000.00", "4,500.00"]
    assert "The trader will read:" in told
    assert "no high of the week or the phase" in told
    assert not any(isinstance(each, GrantOverride) for each in stage.asked)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("150000.00", "it would be broken at once"),
        ("-5", "a slip of the pen it seems"),
        ("0.00", "a slip of the pen it seems"),
        ("100000.00", "no floor of this account would move"),
    ],
)
async def test_what_would_be_refused_is_previewed_as_refused_and_is(ruth, account, amount, said):
    told = await previewed(ruth, account, **adjusted(amount))
    assert "This would be refused:" in told
    assert said in told
    assert "The trader will read:" not in told
    path = f"/staff/accounts/{id_text(account)}/overrides"
    answer = await ruth.send_form(path, **adjusted(amount), step="grant", **REASON)
    assert answer.status_code == 422
    assert said in forms(answer.text)


async def test_a_rule_that_cannot_be_waived_is_not_offered_and_not_previewed_as_granted(ruth, account):
    page = forms((await ruth.get(f"/staff/accounts/{id_text(account)}")).text)
    waived = page.partition("Waive a rule")[2].partition("</select>")[0]
    assert [part.partition('"')[0] for part in waived.split('<option value="')[1:]] == ["daily_loss", "maximum_loss"]
    assert "Extend the phase" not in page
    assert "Rule, of a high" not in page
    fields = {"override": "waive_rule", "rule": "profit_target", "until": "2099-05-03T22:00"}
    told = await previewed(ruth, account, **fields)
    assert "This would be refused:" in told
    assert "there is nothing to waive" in told


async def test_the_form_shows_the_present_marks(ruth, account):
    page = forms((await ruth.get(f"/staff/accounts/{id_text(account)}")).text)
    assert "Balance with which the day began, now 100,000.00" in page
    assert "Equity with which the day began, now 100,000.00" in page


async def test_whoever_looks_at_the_page_reads_of_an_exception_when_it_is_granted(ruth, account, stage):
    def found(room: str, view, names=None) -> WatchedAccount:
        return WatchedAccount(stage.firm, Pages("Fairhaven"), view, room, names)

    view = await account_view(stage.firm, account)
    readers = {room: found(room, view) for room in ("", "/staff")}
    for reader in readers.values():
        await reader.gather()
        assert "set the balance" not in reader.parts()["book"]
    path = f"/staff/accounts/{id_text(account)}/overrides"
    answer = await ruth.send_form(path, **adjusted("100500.00"), step="grant", **REASON)
    assert answer.status_code == 303
    stage.settle()
    told = {}
    for room, reader in readers.items():
        assert reader.lacks()
        await reader.gather()
        told[room] = reader.parts()["book"].partition('data-book="exceptions"')[2].partition("</section>")[0]
        assert "set the balance with which the day began to 100,500.00" in told[room].replace("\u00a0", " ")
        assert "The floor of the rule “daily_loss” moves from 95,000.00 USD to 95,500.00 USD." in text_of(told[room])
    assert "Ruth Vale, risk" in told["/staff"]
    assert "The firm’s risk staff" in told[""]
    [line] = (await account_view(stage.firm, account)).granted
    assert [one.floor.minor for one in line.floors] == [95_500_00]
