"""Regions in an operator's hands: named in the settings, mistakes told by their path, and traders and staff placed from the console."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from appliance.console import open_machine
from appliance.finding import Level
from appliance.founding import trader_command
from appliance.region_check import check_regions
from appliance.settings import Settings
from appliance.settings_file import SettingsRefused, parse_settings, read_settings, settings_toml, write_settings
from firm.bounds import SCOPE_REGIONS_MAX
from firm.commands import JoinFirm
from firm.ids import id_text
from storage.files import FirmDirectory
from storage.people import RESIDENCE, Residence, reference
from storage.reader import LedgerReader
from storage.readmodels.people import region_of

Run = Callable[..., Any]
FIRM = '[firm]\nname = "A"\nslug = "a"\n'
DACH = 'dach = ["DE", "AT", "CH"]'
ADA, BEN, CLEO, DORA = 1001, 1002, 1003, 1004
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$never-shown"
WHY = ("--why", "as agreed, ticket 118")


def read(text: str) -> Settings:
    return parse_settings(f"{FIRM}[regions]\n{text}\n", "evenhand.toml")


def test_a_country_is_in_the_region_that_names_it_and_others_are_in_none():
    placing = read(f'{DACH}\nnorth = ["SE"]').placing
    assert placing.names == ("dach", "north")
    assert [placing.of(country) for country in ("DE", "CH", "SE", "FR", "", "de")] == [
        "dach",
        "dach",
        "north",
        "",
        "",
        "",
    ]
    assert parse_settings(FIRM, "x").placing.names == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param('Dach = ["DE"]', "regions.'Dach': a region's name has 2 to 40 small letters", id="a capital"),
        pytest.param('"" = ["DE"]', "regions.'': a region's name", id="no name"),
        pytest.param('d = ["DE"]', "regions.'d': a region's name", id="too short a name"),
        pytest.param(f'{"d" * 41} = ["DE"]', "a region's name has", id="too long a name"),
        pytest.param('dach = "DE"', "regions.dach must be a list of 1 to 300 countries", id="one country and no list"),
        pytest.param("dach = []", "regions.dach must be a list of 1 to 300 countries", id="nowhere"),
        pytest.param(f"dach = {json.dumps(['DE'] * 301)}", "regions.dach must be a list", id="more than there are"),
        pytest.param('dach = ["DE", "at"]', "regions.dach[1] must be a country's two capital letters", id="small letters"),
        pytest.param('dach = ["DEU"]', 'two capital letters by ISO 3166-1, not "DEU"', id="three letters"),
        pytest.param('dach = ["EU"]', "regions.dach[0] must be", id="no country"),
        pytest.param("dach = [49]", "regions.dach[0] must be a country's two capital letters by ISO 3166-1, not 49", id="a number"),
        pytest.param('dach = [["DE"]]', "regions.dach[0] must be", id="a list in a list"),
        pytest.param('dach = ["DE", "DE"]', "regions.dach[1]: DE is in regions.dach already", id="twice"),
        pytest.param(f'{DACH}\nnorth = ["SE", "AT"]', "regions.north[1]: AT is in regions.dach already", id="in two regions"),
        pytest.param(
            "\n".join(f'r{number} = ["DE"]' for number in range(SCOPE_REGIONS_MAX + 1)),
            f"[regions] names {SCOPE_REGIONS_MAX + 1} regions: {SCOPE_REGIONS_MAX} at most",
            id="too many regions",
        ),
        pytest.param('[regions.dach]\nDE = true', "regions.dach must be a list", id="a section of its own"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_path(text, told):
    with pytest.raises(SettingsRefused) as refused:
        read(text)
    assert told in str(refused.value)
    assert str(refused.value).startswith("evenhand.toml: ")


def test_regions_that_are_no_section_are_refused():
    with pytest.raises(SettingsRefused, match="regions"):
        parse_settings(f"regions = 3\n{FIRM}", "evenhand.toml")


@pytest.mark.parametrize("text", ["", DACH, f'{DACH}\nnorth = ["SE", "NO"]'])
def test_the_file_that_is_written_reads_back_as_it_was(text):
    settings = read(text)
    again = parse_settings(settings_toml(settings), "evenhand.toml")
    assert (again, again.placing) == (settings, settings.placing)
    assert ("# dach = [" in settings_toml(settings)) is (not text), "an example stands where none is named"


@pytest.mark.parametrize(
    ("text", "level", "told"),
    [
        ("", Level.OK, "no country is in a region"),
        (DACH, Level.OK, "1 region, each of several countries"),
        (f'{DACH}\nmalta = ["MT"]', Level.WARNING, "whose country it is: malta"),
    ],
)
def test_the_doctor_warns_of_a_region_that_tells_the_country(text, level, told):
    finding = check_regions(read(text))
    assert (finding.level, told in finding.found, bool(finding.next)) == (level, True, level is Level.WARNING)


# --- from the console ---


@pytest.fixture
def firm(tmp_path: Path, settings: Any, founded_with_programs: Any) -> Path:
    """Ada and Ben were added by the firm; Cleo signed up from Austria before any region was named. Then the settings name two."""
    directory = tmp_path / "firm"
    founded = settings()
    with closing(founded_with_programs(directory, founded)) as machine:
        machine.decide_now(
            [trader_command(machine, number, f"{number}@trader.example", "N", HASH) for number in (ADA, BEN)]
        )
        join_from_austria(machine, CLEO, region="")
    regions = {"dach": ["DE", "AT", "CH"], "north": ["SE", "NO"]}
    write_settings(FirmDirectory(directory).settings, msgspec.structs.replace(founded, regions=regions))
    return directory


def join_from_austria(machine: Any, trader: int, region: str) -> None:
    sealed = machine.vault.add_person("trader", trader, f"{trader}@trader.example", "N", HASH)
    country = msgspec.json.encode(Residence(country="AT", language="de"))
    residence = machine.vault.seal(reference("trader", trader), RESIDENCE, country)
    joined = JoinFirm(by="portal", trader=trader, sealed=sealed, residence=residence, accepted=(), region=region)
    machine.decide_now([joined])


def name_regions(firm: Path, regions: dict[str, list[str]]) -> None:
    file = FirmDirectory(firm).settings
    write_settings(file, msgspec.structs.replace(read_settings(file), regions=regions))


def where(firm: Path, trader: int) -> str | None:
    with LedgerReader(firm) as reader, reader.connection() as book:
        return region_of(book, trader)


def test_a_trader_is_placed_and_shown_there(firm, run):
    placed = run("person", "place", id_text(ADA), "--region", "north", *WHY, "--data-dir", firm)
    assert (placed.returncode, placed.stdout) == (0, f"{id_text(ADA)} is in north from now on.\n")
    assert where(firm, ADA) == "north"
    assert json.loads(run("person", "show", id_text(ADA), "--json", "--data-dir", firm).stdout)["region"] == "north"
    out = run("person", "place", f"{ADA}@trader.example", "--no-region", *WHY, "--data-dir", firm)
    assert (out.returncode, where(firm, ADA)) == (0, "")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--region", "nroth"), "there is no region 'nroth': dach, north"),
        (("--no-region",), "they are in no region already"),
    ],
)
def test_where_nobody_can_be_placed_the_console_says_why(firm, run, asked, told):
    refused = run("person", "place", id_text(ADA), *asked, *WHY, "--data-dir", firm)
    assert (refused.returncode, told in refused.stderr) == (2, True)
    assert where(firm, ADA) == ""


def test_everybody_who_signed_up_before_is_placed_by_their_country_and_nobody_else(firm, run):
    placed = run("person", "place-all", *WHY, "--data-dir", firm)
    assert (placed.returncode, placed.stdout) == (0, "1 trader placed; 0 refused; 0 passed over, placed by hand.\n")
    assert [where(firm, trader) for trader in (ADA, BEN, CLEO)] == ["", "", "dach"]
    again = run("person", "place-all", *WHY, "--data-dir", firm).stdout
    assert again == "0 traders placed; 0 refused; 0 passed over, placed by hand.\n"
    with LedgerReader(firm) as reader:
        rows = b"".join(row.payload for row in reader.rows(0, 1_000))
    assert b'"AT"' not in rows
    assert rows.count(b'"dach"') == 2, "what was asked, and what came of it"


@pytest.mark.parametrize(
    ("asked", "region"), [(("--region", "north"), "north"), (("--no-region",), "")], ids=["in another", "in none"]
)
def test_whom_somebody_placed_by_hand_stays_there(firm, run, asked, region):
    run("person", "place-all", *WHY, "--data-dir", firm)
    run("person", "place", id_text(CLEO), *asked, "--why", "moved, ticket 118", "--data-dir", firm)
    placed = run("person", "place-all", *WHY, "--data-dir", firm)
    assert (placed.returncode, placed.stdout) == (0, "0 traders placed; 0 refused; 1 passed over, placed by hand.\n")
    assert where(firm, CLEO) == region


def test_whom_the_settings_placed_follows_when_they_change(firm, run):
    with closing(open_machine(firm)) as machine:
        join_from_austria(machine, DORA, region="dach")
    run("person", "place-all", *WHY, "--data-dir", firm)
    name_regions(firm, {"alps": ["AT", "CH"], "north": ["SE", "NO"]})
    placed = run("person", "place-all", *WHY, "--data-dir", firm)
    assert placed.stdout == "2 traders placed; 0 refused; 0 passed over, placed by hand.\n"
    assert [where(firm, trader) for trader in (CLEO, DORA)] == ["alps", "alps"]


def test_where_the_settings_name_no_region_nobody_is_put_out_of_theirs(firm, run):
    run("person", "place-all", *WHY, "--data-dir", firm)
    name_regions(firm, {})
    refused = run("person", "place-all", *WHY, "--data-dir", firm)
    assert (refused.returncode, "[regions] in the settings names none" in refused.stderr) == (2, True)
    assert where(firm, CLEO) == "dach"


def test_a_firm_that_no_release_with_regions_has_opened_says_so(firm, run):
    with closing(apsw.Connection(str(FirmDirectory(firm).ledger_db))) as book:
        book.execute("DROP INDEX rm_trader_region; ALTER TABLE rm_trader DROP COLUMN region")
    for asked in (("place", id_text(ADA), "--region", "north"), ("place-all",)):
        refused = run("person", *asked, *WHY, "--data-dir", firm)
        assert (refused.returncode, "start it once" in refused.stderr) == (2, True)
    assert json.loads(run("person", "show", id_text(ADA), "--json", "--data-dir", firm).stdout)["region"] == ""


def test_a_trader_whom_the_firm_adds_is_placed_with_their_registration(firm, run):
    added = run("person", "add", "dora@trader.example", "--region", "dach", "--data-dir", firm)
    assert added.returncode == 0, added.stderr
    assert (
        json.loads(run("person", "show", "dora@trader.example", "--json", "--data-dir", firm).stdout)["region"]
        == "dach"
    )
    refused = run("person", "add", "eve@trader.example", "--region", "atlantis", "--data-dir", firm)
    assert (refused.returncode, "there is no region 'atlantis'" in refused.stderr) == (2, True)
    assert "no trader" in run("person", "show", "eve@trader.example", "--data-dir", firm).stderr


def test_staff_and_keys_are_limited_to_regions_and_listed_so(firm, run):
    ruth = ("ruth@northlight.example", "--data-dir", firm)
    run("staff", "add", ruth[0], "--name", "Ruth", "--role", "risk", *ruth[1:], stdin="a long enough password\n")
    scoped = run("staff", "scope", *ruth, "--region", "north", "--region", "dach", "--program", "two-step-100k", *WHY)
    assert scoped.stdout == "ruth@northlight.example works on two-step-100k in the regions dach, north from now on.\n"
    [member] = json.loads(run("staff", "list", "--json", "--data-dir", firm).stdout)
    assert (member["scope"], member["regions"]) == (["two-step-100k"], ["dach", "north"])
    assert "only two-step-100k in the regions dach, north" in run("staff", "list", "--data-dir", firm).stdout
    for slip in ((), ("--whole-firm", "--region", "dach")):
        refused = run("staff", "scope", *ruth, *slip, *WHY)
        assert (refused.returncode, "--whole-firm alone" in refused.stderr) == (2, True)
    assert "the whole firm" in run("staff", "scope", *ruth, "--whole-firm", *WHY).stdout
    added = run("key", "add", "wall", "--may", "see_accounts", "--region", "dach", *WHY, "--data-dir", firm)
    assert added.returncode == 0, added.stderr
    [key] = json.loads(run("key", "list", "--json", "--data-dir", firm).stdout)
    assert (key["scope"], key["regions"]) == ([], ["dach"])
    assert "only the region dach" in run("key", "list", "--data-dir", firm).stdout
