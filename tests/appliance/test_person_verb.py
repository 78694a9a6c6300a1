"""What is held about a trader: shown, handed out whole, and forgotten so that no byte of it is left in any file of the firm."""

import hashlib
import hmac
import json
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.console import open_machine
from appliance.documents.scanner import DocumentSettings
from appliance.erasing import forget
from appliance.founding import found, trader_command
from firm.commands import EraseTrader, KeepDocument, PlaceOrder
from firm.documents import DocumentForm, DocumentKind
from firm.facts import Refusal, Refused, ValuesForgotten
from firm.ids import id_text
from firm.personal import Destruction
from storage.devices import DeviceBook
from storage.documents import packed
from storage.front import FrontFile
from storage.people import DOCUMENTS, reference
from storage.readmodels.erasures import erasures_due, erasures_of

Run = Callable[..., Any]
ADA, BEN = "ada.lovelace@trader.example", "ben@trader.example"
NAME = "Augusta Ada Byron"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$never-shown"


@pytest.fixture
def firm(tmp_path: Path, settings: Any) -> Path:
    """Ada and Ben trade at Northlight; neither bought anything yet."""
    directory = tmp_path / "firm"
    with closing(found(directory, settings())) as machine:
        machine.decide_now(
            [trader_command(machine, 1001, ADA, NAME, HASH), trader_command(machine, 1002, BEN, "Ben", HASH)]
        )
    return directory


def test_what_is_held_is_shown_with_its_reason(firm: Path, run: Run) -> None:
    shown = json.loads(run("person", "show", ADA, "--json", "--data-dir", firm).stdout)
    assert (shown["id"], shown["name"], shown["mail"]) == (id_text(1001), NAME, ADA)
    assert [each["klass"] for each in shown["held"]] == ["credentials", "identity"]
    assert all(each["why"] and each["basis"] and each["state"] == "kept" for each in shown["held"])
    told = run("person", "show", id_text(1001), "--data-dir", firm).stdout
    assert NAME in told
    assert "argon2" not in told


def test_the_export_holds_everything_and_proves_its_values(firm: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ada.zip"
    with closing(FrontFile.open(firm)) as front:
        for number, words in ((1001, "Firefox on Linux"), (1002, "Safari on macOS")):
            DeviceBook(front).keep(reference("trader", number), f"cookie {number}", words, wall_us())
    assert run("person", "export", ADA, "--out", out, "--data-dir", firm).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(files) == {"about.json", "person.json", "sealed.jsonl", "ledger.jsonl", "signed-in.json"}
    assert [each["device"] for each in json.loads(files["signed-in.json"])["devices"]] == ["Firefox on Linux"]
    [value] = [json.loads(line) for line in files["sealed.jsonl"].splitlines()]
    assert (value["class"], value["value"]["name"], value["value"]["mail"]) == ("identity", NAME, ADA)
    rows = [json.loads(line) for line in files["ledger.jsonl"].splitlines()]
    assert [row["kind"] for row in rows] == ["RegisterTrader", "TraderRegistered", "NoteAct", "StaffActed"]
    opened = b"identity\0" + json.dumps(value["value"], separators=(",", ":")).encode()
    assert hmac.new(bytes.fromhex(value["salt"]), opened, hashlib.sha256).hexdigest() == rows[0]["payload"]["sealed"]
    assert BEN not in "".join(files.values())
    assert "argon2" not in "".join(files.values())


def test_an_export_writes_over_nothing(firm: Path, run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("mine")
    refused = run("person", "export", ADA, "--out", kept, "--data-dir", firm)
    assert (refused.returncode, kept.read_text()) == (2, "mine")
    assert "name a new file" in refused.stderr


def test_who_is_forgotten_leaves_no_byte_in_any_file(firm: Path, run: Run) -> None:
    asked = ("person", "erase", ADA, "--why", "asked for it, ticket 118", "--data-dir", firm)
    for slip in ("", "no\n", "y\n"):
        kept = run(*asked, stdin=slip)
        assert (kept.returncode, f"{NAME}, {ADA}? It cannot be undone" in kept.stderr) == (2, True)
    done = run(*asked, stdin="yes\n")
    assert done.returncode == 0, done.stderr
    for trace in (ADA, NAME, "lovelace"):
        assert not [path for path in firm.rglob("*") if path.is_file() and trace.encode() in path.read_bytes()]
    shown = json.loads(run("person", "show", id_text(1001), "--json", "--data-dir", firm).stdout)
    assert (shown["name"], shown["mail"]) == ("", "")
    assert {each["state"][:9] for each in shown["held"]} == {"forgotten"}
    assert run("person", "show", ADA, "--data-dir", firm).returncode == 2
    assert run("person", "show", BEN, "--data-dir", firm).returncode == 0
    verified = run("verify", "--data-dir", firm)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "forgotten, as the ledger says: 1" in verified.stdout
    assert run("replay", "--data-dir", firm).returncode == 0


def test_whose_account_runs_is_told_so_before_anybody_is_asked(shop: Any, run: Run) -> None:
    shop.machine.close()
    asked = ("person", "erase", id_text(1001), "--why", "asked for it", "--data-dir", shop.directory)
    for words in ((), ("--yes",)):
        told = run(*asked, *words, stdin="yes\n")
        assert (told.returncode, "It cannot be undone" in told.stderr) == (2, False)
        assert "1 account of theirs still runs: wait for the end, or add --gives-up" in told.stderr


def test_a_refusal_counts_as_one_counts(shop: Any) -> None:
    asked = EraseTrader(by="console", trader=1001, why="asked for it", classes=(Destruction("identity", 0),))
    [(_, refused)] = shop.put(asked).facts
    assert (refused.refusal, refused.detail) == (
        Refusal.ACCOUNTS_RUN, "1 account runs or is on order: first it ends, or the trader gives up what runs",
    )  # fmt: skip


def test_a_firm_that_stands_still_destroys_at_once_what_no_law_keeps_beside_the_proof(
    tmp_path: Path, settings: Any, run: Run
) -> None:
    directory = tmp_path / "retaining"
    with closing(found(directory, replace(settings(), documents=DocumentSettings(retained_days=10)))) as machine:
        machine.decide_now([trader_command(machine, 1001, ADA, NAME, HASH)])
        sealed = {
            kind: keep_document(machine, number, kind)
            for number, kind in enumerate((DocumentKind.IDENTITY, DocumentKind.EVIDENCE))
        }
    assert run("person", "erase", ADA, "--why", "asked for it", "--yes", "--data-dir", directory).returncode == 0
    with closing(found_again(directory)) as machine:
        left = {kind for kind, commitment in sealed.items() if machine.vault.open_value(commitment) is not None}
    assert left == {DocumentKind.IDENTITY}


def keep_document(machine: Machine, number: int, kind: DocumentKind) -> str:
    sealed = machine.vault.seal(reference("trader", 1001), DOCUMENTS, packed("a.pdf", b"%PDF"))
    kept = KeepDocument(
        by="trader:1001", trader=1001, document=number, document_kind=kind, form=DocumentForm.PDF, size_bytes=4,
        sealed=sealed,
    )  # fmt: skip
    machine.decide_now([kept])
    return sealed


def test_a_value_that_is_there_against_the_ledger_is_a_finding(firm: Path, run: Run, tmp_path: Path) -> None:
    before = {name: (firm / name).read_bytes() for name in ("keys.db", "vault.db")}
    assert run("person", "erase", ADA, "--why", "asked for it", "--yes", "--data-dir", firm).returncode == 0
    for name, content in before.items():
        (firm / name).write_bytes(content)
    verified = run("verify", "--data-dir", firm)
    assert verified.returncode == 1
    assert f"the identity of trader:{1001}" in verified.stdout
    assert "was forgotten by a row of the ledger" in verified.stdout


def test_nobody_is_forgotten_twice_or_without_a_reason_and_nothing_is_sold_to_them(firm: Path, settings: Any) -> None:
    classes = (Destruction("identity", 0),)
    with closing(found_again(firm)) as machine:
        asked = EraseTrader(by="console", trader=1001, why="asked", classes=classes)
        answers = machine.decide_now(
            [
                EraseTrader(by="console", trader=1001, why=" ", classes=classes),
                EraseTrader(by="console", trader=9, why="asked", classes=classes),
                asked,
                asked,
                PlaceOrder(by="console", order=5, trader=1001, program="none", accounts=(7,)),
            ]
        )
    refused = [[fact.refusal for _, fact in one.facts if isinstance(fact, Refused)] for one in answers]
    assert refused[:4] == [[Refusal.REASON_MISSING], [Refusal.UNKNOWN_TRADER], [], [Refusal.NOTHING_TO_ERASE]]


def test_what_the_law_keeps_goes_on_its_day(firm: Path) -> None:
    with closing(found_again(firm)) as machine:
        now_us = machine.clock.now_us()
        later = (Destruction("credentials", 0), Destruction("identity", now_us + 10**9))
        machine.decide_now([EraseTrader(by="console", trader=1001, why="asked", classes=later)])
        told = machine.decide_now(forget(machine))
        assert [fact.klass for one in told for _, fact in one.facts if isinstance(fact, ValuesForgotten)] == [
            "credentials"
        ]
        with machine.reader.connection() as book:
            assert [(each.klass, each.erased_us is None) for each in erasures_of(book, 1001)] == [
                ("credentials", False),
                ("identity", True),
            ]
            assert [each.klass for each in erasures_due(book, now_us + 10**9, 9)] == ["identity"]


def test_a_courier_that_was_cut_short_begins_anew(firm: Path) -> None:
    with closing(found_again(firm)) as machine:
        machine.decide_now([EraseTrader(by="console", trader=1001, why="asked", classes=(Destruction("identity", 0),))])
        lost = forget(machine)  # erased, and nobody was told
        again = machine.decide_now([*forget(machine), *lost])
        erased = [fact for one in again for _, fact in one.facts if isinstance(fact, ValuesForgotten)]
        assert len(lost) == len(erased) == 1
        with machine.reader.connection() as book:
            assert not erasures_due(book, machine.clock.now_us(), 9)


def found_again(firm: Path) -> Machine:
    return open_machine(firm)


def test_the_firm_adds_a_trader_itself_and_nobody_twice(firm: Path, run: Run) -> None:
    cleo = "cleo@trader.example"
    assert "is a trader" in run("person", "add", cleo, "--name", "Cleo", "--data-dir", firm).stdout
    shown = json.loads(run("person", "show", cleo, "--json", "--data-dir", firm).stdout)
    assert (shown["name"], shown["mail"]) == ("Cleo", cleo)
    again = run("person", "add", cleo.upper(), "--data-dir", firm)
    assert (again.returncode, "somebody's already" in again.stderr) == (2, True)
    with closing(open_machine(firm)) as machine:
        person = machine.vault.find_by_mail(cleo)
        assert person is not None
        assert not machine.live.is_unconfirmed(person.id)


@pytest.mark.parametrize(
    "mail", ["cleo@", "cl\u00e9o@trader.example", "Cleo <cleo@trader.example>", "cleo@trader.example\n"]
)
def test_an_address_that_no_mail_could_go_to_is_given_to_nobody(firm: Path, run: Run, mail: str) -> None:
    told = run("person", "add", mail, "--name", "Cleo", "--data-dir", firm)
    assert (told.returncode, "is no mail address that a server takes" in told.stderr) == (2, True)


def test_who_has_an_address_that_is_not_given_out_any_more_is_found_by_it(firm: Path, run: Run) -> None:
    with closing(open_machine(firm)) as machine:
        machine.vault.add_person("trader", 7007, "\u00f6la@trader.example", "\u00d6la", "no hash")
    asked = ("person", "reset-link", "\u00d6LA@trader.example", "--why", "Lost her password", "--data-dir", firm)
    assert "/new-password?token=" in run(*asked).stdout
