"""`evenhand rules`: a firm checks, shows and compares its rules as files, before anybody is sold them."""

import argparse
import json
from itertools import takewhile
from pathlib import Path

import pytest

from appliance.commands import rules
from appliance.console import CommandRefused, open_machine
from appliance.founding import found
from firm.commands import EnrolBridge
from firm.inputs import BridgeConnected, BridgeDisconnected
from firm.platform_listing import PlatformGroup
from firm.ruleset_schema import SCHEMA_ID
from firm.ruleset_text import json_of, read_json, read_toml, toml_of
from firm.term_words import kind_of, label
from storage.reader import LedgerReader
from storage.readmodels.programs import ProgramLine, all_programs
from tests.firm.ruleset_examples import program, ruleset


@pytest.fixture
def evenhand(capsys: pytest.CaptureFixture[str]):
    def run(*arguments: object) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        rules.add_to(parser.add_subparsers())
        options = parser.parse_args(["rules", *map(str, arguments)])
        return options.run(options), capsys.readouterr().out

    return run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "northlight.toml"
    file.write_text(toml_of(ruleset()), "utf-8")
    return file


def saved(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_a_good_ruleset_and_a_good_program_pass_the_check(evenhand, good: Path, tmp_path: Path) -> None:
    sold = saved(tmp_path / "program.json", json_of(program()))
    assert evenhand("check", good) == (0, f"{good}: nothing is wrong with it\n")
    status, told = evenhand("check", sold)
    assert (status, told.splitlines()[0]) == (0, f"{sold}: nothing is wrong with it")
    assert "worth knowing: Funded: news forbids nothing as long as the firm has no calendar 'news'" in told


def test_all_contradictions_are_printed_with_the_paths_of_their_fields(evenhand, tmp_path: Path) -> None:
    file = saved(tmp_path / "bad.toml", toml_of(ruleset({"calendar.zone": "Europe/Praha", "daily_loss.amount.bp": 0})))
    status, told = evenhand("check", file)
    assert status == 1
    assert [line.split(":")[0] for line in told.splitlines()] == ["calendar.zone", "terms[0].amount.bp"]
    status, told = evenhand("check", file, "--json")
    assert [one["path"] for one in json.loads(told)] == ["calendar.zone", "terms[0].amount.bp"]


def test_a_missing_field_is_printed_with_why_it_matters(evenhand, good: Path) -> None:
    saved(good, good.read_text("utf-8").replace('boundary = "touches"\n', "", 1))
    status, told = evenhand("check", good)
    assert status == 1
    assert told.startswith("terms[0].boundary: it is missing, and nothing stands for it. Whether touching the limit")


def test_contradictions_of_a_program_are_those_of_its_phases(evenhand, tmp_path: Path) -> None:
    file = saved(tmp_path / "program.toml", toml_of(program({"phases[0].funded": True})))
    assert evenhand("check", file) == (1, "phases[0].funded: the funded phase is the last one\n")


def test_a_ruleset_is_shown_in_words_with_its_id(evenhand, good: Path) -> None:
    status, told = evenhand("show", good)
    assert status == 0
    assert f"id {ruleset().ruleset_id()}\n" in told
    assert "  zone: Europe/Prague\n" in told
    assert "  Daily loss (daily_loss, loss limit): In one trading day the account may lose at most 5 %" in told
    assert "    scope: day\n    amount: 5 % of the anchor\n" in told
    assert "    limit: 5 lots\n" in told


def test_a_program_is_shown_with_its_price_and_phases(evenhand, tmp_path: Path) -> None:
    status, told = evenhand("show", saved(tmp_path / "program.json", json_of(program())))
    assert status == 0
    assert told.startswith(
        "Northlight 100K (northlight): 100,000.00 USD for 499.00 USD\n"
        "One trader may hold at most 3 accounts of this program.\n\nEvaluation\n"
    )
    assert "\nFunded\n" in told


def test_what_is_shown_as_toml_or_json_reads_back_the_same(evenhand, good: Path) -> None:
    assert read_toml(evenhand("show", good, "--as", "toml")[1]) == ruleset()
    assert read_json(evenhand("show", good, "--as", "json")[1]) == ruleset()


def test_what_differs_between_two_versions_is_told_in_words(evenhand, good: Path, tmp_path: Path) -> None:
    next_one = saved(tmp_path / "next.json", json_of(ruleset({"daily_loss.amount.bp": 400})))
    assert evenhand("diff", good, next_one) == (1, "Daily loss: amount was 5 % of the anchor, is 4 % of the anchor\n")
    assert evenhand("diff", good, good) == (0, "they say the same\n")
    [change] = json.loads(evenhand("diff", good, next_one, "--json")[1])
    assert (change["subject"], change["field"], change["happened"]) == ("daily_loss", "amount", "changed")


def test_two_programs_are_compared_and_a_program_with_a_ruleset_is_not(evenhand, good: Path, tmp_path: Path) -> None:
    sold = saved(tmp_path / "a.json", json_of(program()))
    dearer = saved(tmp_path / "b.json", json_of(program({"price.minor": 59_900})))
    assert evenhand("diff", sold, dearer) == (1, "price was 499.00 USD, is 599.00 USD\n")
    with pytest.raises(CommandRefused, match="one is a program, the other a ruleset"):
        evenhand("diff", sold, good)


def test_the_schema_is_printed(evenhand) -> None:
    status, told = evenhand("schema")
    assert (status, json.loads(told)["$id"]) == (0, SCHEMA_ID)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("rules.txt", b"", "neither TOML nor JSON"),
        ("rules.toml", b"a =", "it is no TOML"),
        ("rules.json", b"\xff", "it is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(evenhand, tmp_path, name, content, told) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandRefused, match=told):
        evenhand("show", tmp_path / name)


def test_a_file_that_is_not_there_is_refused(evenhand, tmp_path: Path) -> None:
    for verb in (("check",), ("show",), ("conform",), ("diff", tmp_path / "a.toml")):
        with pytest.raises(CommandRefused, match="No such file"):
            evenhand(*verb, tmp_path / "none.toml")


def test_a_name_that_toml_cannot_write_is_refused(evenhand, tmp_path: Path) -> None:
    file = saved(tmp_path / "a.json", json_of(ruleset({"conditions.share_of": "null"})))
    with pytest.raises(CommandRefused, match="means nothing in TOML"):
        evenhand("show", file, "--as", "toml")


def test_a_vector_that_fails_is_counted_and_ends_with_status_1(evenhand, tmp_path: Path) -> None:
    vector = {
        "id": "v",
        "firm": "",
        "rule": "unheard_of",
        "params": {},
        "timeline": [],
        "expect": {"a": 1},
        "source": "",
    }
    file = saved(tmp_path / "vectors.jsonl", json.dumps(vector))
    told = "v FAIL expected {a: 1} got no adapter for the rule unheard_of\n1 vectors, 0 ok, 1 failed\n"
    assert evenhand("conform", file) == (1, told)
    [result] = json.loads(evenhand("conform", file, "--json")[1])
    assert result["id"] == "v"


# --- selling ---


@pytest.fixture
def firm(tmp_path: Path, settings) -> Path:
    """Northlight, with a bridge to sell on."""
    directory = tmp_path / "firm"
    machine = found(directory, settings())
    try:
        machine.decide_now([EnrolBridge(by="console", bridge="mt5-main", public_key="k" * 40, simulator=True)])
    finally:
        machine.close()
    return directory


def sold(firm: Path) -> list[ProgramLine]:
    with LedgerReader(firm) as reader, reader.connection() as book:
        return all_programs(book, 10)


def connected(firm: Path, settings, *, still: bool) -> None:
    """The bridge tells the groups of its platform; and goes again, unless it is `still` there."""
    told = BridgeConnected(
        bridge="mt5-main", session="s", plugin="p", plugin_version="", platform="mt5", server="", outbox_epoch="e", first_seq=1,
        last_seq=0, groups=(PlatformGroup(group="demo", leverages=(30,)),),
    )  # fmt: skip
    machine = open_machine(firm)
    try:
        gone = [] if still else [BridgeDisconnected(bridge="mt5-main", session="s", reason="it stops")]
        machine.decide_now([told, *gone])
    finally:
        machine.close()


@pytest.mark.parametrize("verb", ["check", "publish"])
def test_a_group_or_leverage_that_the_connected_platform_has_not_is_a_fault(
    evenhand, firm: Path, tmp_path: Path, settings, verb: str
) -> None:
    connected(firm, settings, still=True)
    file = saved(tmp_path / "program.json", json_of(program({"bridge": "mt5-main", "group": "vip"})))
    why = ("--why", "autumn") if verb == "publish" else ()
    assert evenhand(verb, file, "--data-dir", firm, *why) == (1, "group: mt5-main has no group vip. It has: demo\n")
    file = saved(tmp_path / "program.json", json_of(program({"bridge": "mt5-main"})))
    status, told = evenhand(verb, file, "--data-dir", firm, *why)
    assert (status, told) == (1, "leverage: the group demo of mt5-main has no 1:100. It has: 1:30\n")
    assert sold(firm) == []


def test_where_the_platform_is_gone_it_is_worth_knowing(evenhand, firm: Path, tmp_path: Path, settings) -> None:
    connected(firm, settings, still=False)
    file = saved(tmp_path / "program.json", json_of(program({"bridge": "mt5-main", "group": "vip"})))
    status, told = evenhand("check", file, "--data-dir", firm)
    assert status == 0
    assert "worth knowing: group: as of its last connection, mt5-main has no group vip. It has: demo" in told


def test_a_program_is_published_for_the_bridge_that_is_named(evenhand, firm: Path, tmp_path: Path) -> None:
    file = saved(tmp_path / "program.json", json_of(program()))
    status, told = evenhand(
        "publish", file, "--bridge", "mt5-main", "--group", "real", "--why", "autumn", "--data-dir", firm
    )
    assert status == 0
    assert told.startswith("Northlight 100K (northlight) is on offer\n")
    [line] = sold(firm)
    assert (line.newest.sold.bridge, line.newest.sold.group, line.newest.who) == ("mt5-main", "real", "console")
    for name, ruleset_id in line.newest.ruleset_ids:
        assert f"  {name}: {ruleset_id}\n" in told


def test_nothing_is_published_while_something_is_wrong(evenhand, firm: Path, tmp_path: Path) -> None:
    file = saved(tmp_path / "program.json", json_of(program({"phases[0].funded": True})))
    status, told = evenhand("publish", file, "--bridge", "moon", "--why", "autumn", "--data-dir", firm)
    assert status == 1
    assert told == (
        "phases[0].funded: the funded phase is the last one\n"
        "bridge: no bridge is enrolled as moon. There is: mt5-main\n"
    )
    assert sold(firm) == []


def test_the_rules_of_one_phase_are_not_sold(evenhand, firm: Path, good: Path) -> None:
    with pytest.raises(CommandRefused, match="has the rules of one phase: a program has phases"):
        evenhand("publish", good, "--bridge", "mt5-main", "--why", "autumn", "--data-dir", firm)


def test_a_program_is_retired_by_its_name_and_only_once(evenhand, firm: Path, tmp_path: Path) -> None:
    file = saved(tmp_path / "program.json", json_of(program()))
    evenhand("publish", file, "--bridge", "mt5-main", "--why", "autumn", "--data-dir", firm)
    assert evenhand("retire", "northlight", "--why", "sold out", "--data-dir", firm)[0] == 0
    [line] = sold(firm)
    assert line.retired is not None
    assert (line.retired.who, line.retired.why) == ("console", "sold out")
    with pytest.raises(CommandRefused, match="program 'northlight' is not sold any more"):
        evenhand("retire", "northlight", "--why", "sold out", "--data-dir", firm)


def test_rules_are_shown_with_every_field_of_theirs_even_where_it_is_none(evenhand, tmp_path: Path) -> None:
    """Nothing is by default, so that nothing goes without saying."""
    whole = ruleset()
    _, told = evenhand("show", saved(tmp_path / "a.json", json_of(whole)))
    for term in whole.terms:
        _, _, shown = told.partition(f" ({term.id}, {kind_of(term)}): ")
        lines = list(takewhile(lambda line: line.startswith("    "), shown.split("\n")[1:]))
        assert [line.strip().partition(":")[0] for line in lines] == [
            label(name) for name in term.__struct_fields__ if name != "id"
        ]
    assert "    on payout: none\n" in told
