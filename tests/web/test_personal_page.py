"""A trader's own data: shown and handed out to them alone; and who is forgotten is signed out, once their accounts are over."""

import io
import json
import zipfile

from firm.ids import id_text, parse_id


async def test_what_is_held_is_said_with_its_reason(ada):
    shown = await ada.get("/my-data")
    assert shown.status_code == 200
    for said in (
        "Name and mail address",
        "The password, as a hash",
        "contract (6.1.b)",
        "right that a person looks at it",
    ):
        assert said in shown.text


async def test_the_file_is_of_who_asks_and_of_nobody_else(ada, ben, stage):
    taken = await ada.get("/my-data.zip")
    assert taken.headers["content-type"] == "application/zip"
    assert taken.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    rows = [json.loads(line) for line in files["ledger.jsonl"].splitlines()]
    accounts = {row["account"] for row in rows} - {None}
    with stage.reader.connection() as book:
        sql = "SELECT account FROM rm_account WHERE trader = ?"
        trader = json.loads(files["person.json"])["trader"]
        hers = {id_text(account) for (account,) in book.execute(sql, (parse_id(trader),))}
        counted = sum(
            book.execute("SELECT count(*) FROM ledger WHERE account = ?", (parse_id(account),)).fetchone()[0]
            for account in hers
        )
    assert accounts == hers
    assert sum(row["account"] is not None for row in rows) == counted
    assert "ada@example.org" in files["person.json"]
    assert "ben@example.org" not in "".join(files.values())
    assert "argon2" not in "".join(files.values())


async def test_who_is_not_a_trader_has_no_such_page(ruth, nobody):
    assert (await ruth.get("/my-data")).status_code == 403
    assert (await nobody.get("/my-data.zip")).status_code == 303


async def test_nobody_is_forgotten_by_a_slip_or_while_an_account_runs(ada):
    slip = await ada.send_form("/my-data/erasure", typed="forget")
    assert slip.status_code == 422
    assert "cannot be undone" in slip.text
    runs = await ada.send_form("/my-data/erasure", typed="Forget me")
    assert runs.status_code == 422
    assert "an account of yours still runs" in runs.text
    assert (await ada.get("/my-data")).status_code == 200
