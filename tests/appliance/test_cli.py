"""The command line: every verb teaches by an example, and a firm is founded, served and kept with nothing else."""

import argparse
import io
import json
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.recovery import all_rows
from appliance.cli import main, parser
from appliance.commands.rebuild import NAMES
from appliance.doctor import run_doctor
from appliance.finding import Level
from appliance.release import RELEASE
from appliance.settings_file import read_settings, settings_toml
from appliance.verbs import VERBS
from bridges.enrolment import KeyFile, read_key_file
from firm.inputs import EpochOpened
from storage.files import FirmDirectory, replace_file
from storage.reader import LedgerReader
from storage.secret_files import read_secrets
from storage.vault import Vault

Said = Callable[..., Any]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    """Run a verb in this process: its exit status, standard output and standard error."""

    def ask(*arguments: object, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = main([*map(str, arguments)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return ask


@pytest.fixture
def firm(tmp_path: Path, said: Said, settings: Any) -> Path:
    """A firm with its owner Omar, on ports that are free."""
    directory = tmp_path / "firm"
    status, out, _ = said(
        "init", "--data-dir", directory, "--name", "Northlight & Sons", "--owner", "omar@northlight.example",
        stdin="a long enough password\n",
    )  # fmt: skip
    assert status == 0
    assert f"evenhand serve --data-dir {directory}" in out
    path, ports = directory / "evenhand.toml", settings()
    mine = msgspec.structs.replace(read_settings(path), web=ports.web, gateway=ports.gateway)
    replace_file(path, settings_toml(mine).encode())
    return directory


def parsers(root: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb and action with the words that lead to it."""
    for action in root._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield (*words, name), sub
                yield from parsers(sub, (*words, name))


EVERY = list(parsers(parser()))


@pytest.mark.parametrize(("words", "verb"), EVERY, ids=[" ".join(words) for words, _ in EVERY])
def test_the_help_of_every_verb_says_what_it_does_and_gives_an_example(words: tuple[str, ...], verb: Any) -> None:
    told = verb.format_help()
    assert "example: evenhand " in told
    assert f"evenhand {' '.join(words)}" in verb.epilog
    assert verb.description
    for action in verb._actions:
        assert action.help or action.choices or isinstance(action, argparse._SubParsersAction) or action.dest == "name"


def test_the_first_page_leads_to_the_demo_and_to_a_firm_of_one_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "evenhand demo" in told
    assert "evenhand init" in told
    assert "Exit status: 0 done, 1 checked and found wanting, 2 could not be done." in told
    for verb in VERBS:
        assert f"    {verb}" in told


@pytest.mark.parametrize("arguments", [[], ["fly"], ["bridge"], ["explain", "seven"], ["demo", "--accounts", "0"]])
def test_what_cannot_be_understood_ends_with_status_2_and_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: evenhand" in capsys.readouterr().err


def test_it_says_which_release_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"evenhand {RELEASE}\n")


def test_it_runs_as_a_program(run_apart: Any) -> None:
    told = run_apart("verify", "--data-dir", "/nowhere")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("evenhand: /nowhere is missing")


# --- a firm that is not serving ---


def test_a_firm_is_founded_once(firm: Path, said: Said) -> None:
    files = FirmDirectory(firm)
    assert all(file.exists() for file in files.databases())
    status, _, err = said(
        "init", "--data-dir", firm, "--name", "X", "--owner", "o@x.example", stdin="long enough, really\n"
    )
    assert (status, "is not an empty directory" in err) == (2, True)


def test_a_password_that_is_too_short_founds_nothing(tmp_path: Path, said: Said) -> None:
    arguments = ("init", "--data-dir", tmp_path / "f", "--name", "X", "--owner", "o@x.example")
    status, _, err = said(*arguments, stdin="short\n")
    assert (status, "Use at least 10 characters" in err) == (2, True)
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("name", ["", "x" * 81, "two\nlines", "\x7f"], ids=["none", "too long", "lines", "control"])
def test_a_name_that_settings_do_not_take_founds_nothing(name: str, tmp_path: Path, said: Said) -> None:
    """Settings are the judge: what they refuse at a start must not be what a firm is founded with."""
    directory = tmp_path / "f"
    status, out, err = said(
        "init", "--data-dir", directory, "--name", name, "--owner", "o@x.example", stdin="a long enough password\n"
    )
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith('evenhand: --name: "firm.name" must be text of 1 to 80 characters, not "')
    assert not directory.exists()


@pytest.mark.parametrize("name", ["x" * 80, 'Ada & "Sons" \\ Praha', "株式会社"])
def test_a_name_that_settings_take_founds_a_firm_that_starts(name: str, tmp_path: Path, said: Said) -> None:
    directory = tmp_path / "f"
    status, _, _ = said(
        "init", "--data-dir", directory, "--name", name, "--owner", "o@x.example", stdin="a long enough password\n"
    )
    assert (status, read_settings(directory / "evenhand.toml").firm.name) == (0, name)
    assert "evenhand.toml of " in said("doctor", "--data-dir", directory)[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("init", "--name", "a\udcff", "--owner", "o@x.example"),
        ("init", "--name", "a", "--owner", "o\udcff@x.example"),
        ("init", "--name", "a", "--owner", "o@x.example", "--owner-name", "\udcff"),
        ("staff", "add", "o@x.example", "--name", "\udcff"),
        ("bridge", "revoke", "mt5-main", "--why", "\udcff"),
        ("bridge", "mode", "mt5-main", "observe", "--why", "\udcff"),
    ],
    ids=["firm", "owner", "owner's name", "staff", "revoke", "mode"],
)
def test_bytes_that_are_no_text_are_refused_before_anything_is_made(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--data-dir", str(tmp_path / "f")])
    assert ended.value.code == 2
    assert "is not text in UTF-8: type it again" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "f").exists()


def test_a_replay_for_an_account_that_is_not_there_is_refused(firm: Path, said: Said) -> None:
    status, out, err = said("replay", "--account", "T41YY-PSMJX", "--data-dir", firm)
    assert (status, out) == (2, "")
    assert err == "evenhand: no such account: T41YY-PSMJX; its id is on its page and in the staff's list of accounts\n"


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 5_000])
@pytest.mark.parametrize("verb", [("explain",), ("evidence", "--out", "f")], ids=["explain", "evidence"])
def test_a_number_that_no_row_can_have_is_no_decision(
    verb: tuple[str, ...], number: str, firm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*verb, number, "--data-dir", str(firm)])
    assert ended.value.code == 2
    assert "is no decision" in capsys.readouterr().err


def test_staff_are_added_and_a_taken_address_is_refused(firm: Path, said: Said) -> None:
    add = ("staff", "add", "ruth@northlight.example", "--role", "risk", "--data-dir", firm)
    assert said(*add, stdin="a long enough password\n")[:2] == (0, "ruth@northlight.example may sign in as risk.\n")
    status, _, err = said(*add, stdin="another long password\n")
    assert (status, "somebody's already" in err) == (2, True)
    vault = Vault.open(firm, read_secrets(firm).vault_master)
    try:
        assert vault.find_by_mail("ruth@northlight.example") is not None
        assert vault.find_by_mail("omar@northlight.example") is not None
    finally:
        vault.close()


def test_a_key_file_that_is_written_is_private_and_only_kept_for_a_bridge_that_was_enrolled(
    firm: Path, said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "mt5-main.toml"
    add = ("bridge", "add", "mt5-main", "--data-dir", firm, "--out")
    status, out, _ = said(*add, file)
    assert (status, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600)
    key = read_key_file(file)
    assert (key.name, key.bridge_secret in out) == ("mt5-main", False)
    status, _, err = said(*add, file)
    assert (status, "exists already: name another file with --out" in err) == (2, True)
    status, _, err = said(*add, tmp_path / "again.toml")
    assert (status, "is enrolled; revoke it first" in err) == (2, True)
    assert not (tmp_path / "again.toml").exists()
    status, _, err = said(*add, tmp_path / "nowhere" / "key.toml")
    assert (status, "cannot be written (No such file or directory)" in err) == (2, True)
    assert read_key_file(file) == key


@pytest.mark.parametrize("quiet", [True, False], ids=["printed", "to a file"])
def test_a_key_file_that_works_on_this_machine_alone_says_so(
    quiet: bool, firm: Path, said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "mt5-main.toml"
    status, out, err = said("bridge", "add", "mt5-main", "--data-dir", firm, *(() if quiet else ("--out", file)))
    key = out if quiet else file.read_text()
    assert (status, 'endpoint = "tcp://127.0.0.1:' in key) == (0, True)
    assert err.count("\n") == 2
    assert "can be reached from this machine alone" in err
    assert "--endpoint tcp://HOST:PORT" in err


def test_a_key_file_names_the_address_by_which_the_bridge_reaches_the_firm(
    firm: Path, said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "mt5-main.toml"
    status, _, err = said(
        "bridge", "add", "mt5-main", "--data-dir", firm, "--out", file, "--endpoint", "tcp://firm.example:7411"
    )
    assert (status, read_key_file(file).endpoint) == (0, "tcp://firm.example:7411")
    assert "this machine alone" not in err


@pytest.mark.parametrize("quiet", [True, False], ids=["printed", "to a file"])
def test_whoever_enrols_a_bridge_is_told_that_it_only_observes_and_how_it_may_act(
    quiet: bool, firm: Path, said: Said, tmp_path: Path
) -> None:
    status, _, err = said(
        "bridge", "add", "mt5-main", "--data-dir", firm, *(() if quiet else ("--out", tmp_path / "key.toml"))
    )
    assert status == 0
    assert "mt5-main only observes: nothing is opened, closed or blocked on its platform" in err
    assert "evenhand bridge mode mt5-main enforce --why WHY" in err
    status, _, err = said("bridge", "add", "sim", "--simulator", "--data-dir", firm)
    assert (status, "only observes" in err) == (0, False)
    [line] = [one for one in run_doctor(firm) if one.check == "bridges"]
    assert (line.level, line.found.partition(":")[0]) == (Level.WARNING, "mt5-main only observes")
    assert 'run "evenhand bridge mode mt5-main enforce --why WHY"' in line.next
    assert said("bridge", "mode", "mt5-main", "enforce", "--why", "it may act", "--data-dir", firm)[0] == 0
    [line] = [one for one in run_doctor(firm) if one.check == "bridges"]
    assert (line.level, line.found) == (Level.OK, "2 bridges, and commands go to each")


@pytest.mark.parametrize(
    "endpoint",
    ["firm.example:7411", "tcp://firm.example", "tcp://firm.example:0", "tcp://firm.example:65536", "tcp://:7411",
     "tcp://*:7411", "tcp://0.0.0.0:7411", "tcp://[::]:7411", "udp://firm.example:7411", "tcp://a b:1", "tcp://a/b:1",
     "tcp://fe80::1:7411", "tcp://a@b:7411", 'tcp://a":1', ""],
)  # fmt: skip
def test_an_endpoint_that_no_bridge_can_connect_to_is_refused(
    endpoint: str, firm: Path, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bridge", "add", "mt5-main", "--data-dir", str(firm), f"--endpoint={endpoint}"])
    assert ended.value.code == 2
    assert "is no address of a gateway: write tcp://HOST:PORT" in " ".join(capsys.readouterr().err.split())
    assert bridges(said, firm) == {}


def enrolled(said: Said, firm: Path, name: str, tmp_path: Path) -> KeyFile:
    status, out, _ = said("bridge", "add", name, "--data-dir", firm)
    assert status == 0
    file = tmp_path / f"{name}.toml"
    file.touch(mode=0o600)
    file.write_text(out)
    return read_key_file(file)


def bridges(said: Said, firm: Path) -> dict[str, dict[str, Any]]:
    status, out, _ = said("bridge", "list", "--json", "--data-dir", firm)
    assert status == 0
    return {bridge["bridge"]: bridge for bridge in json.loads(out)}


def add_list_and_revoke(said: Said, firm: Path, tmp_path: Path) -> None:
    key = enrolled(said, firm, "mt5-main", tmp_path)
    assert key.name == "mt5-main"
    assert f":{read_settings(firm / 'evenhand.toml').gateway.port}" in key.endpoint
    known = bridges(said, firm)["mt5-main"]
    assert (known["public_key"], known["mode"], known["revoked"]) == (key.bridge_public, "observe", False)
    assert key.bridge_secret not in json.dumps(known)
    status, _, err = said("bridge", "add", "mt5-main", "--data-dir", firm)
    assert (status, "is enrolled; revoke it first" in err) == (2, True)
    assert said("bridge", "mode", "mt5-main", "enforce", "--why", "conformance run passed", "--data-dir", firm)[0] == 0
    assert bridges(said, firm)["mt5-main"]["mode"] == "enforce"
    assert said("bridge", "revoke", "mt5-main", "--why", "server sold", "--data-dir", firm)[0] == 0
    assert bridges(said, firm)["mt5-main"]["revoked"] is True
    assert "revoked" in said("bridge", "list", "--data-dir", firm)[1]
    status, _, err = said("bridge", "revoke", "mt5-main", "--why", "again", "--data-dir", firm)
    assert (status, "revoked" in err) == (2, True)
    status, _, err = said("bridge", "revoke", "nobody", "--why", "x", "--data-dir", firm)
    assert (status, "'nobody'" in err) == (2, True)


def test_bridges_are_enrolled_listed_and_revoked_while_nobody_serves(firm: Path, said: Said, tmp_path: Path) -> None:
    assert "No bridges yet: evenhand bridge add NAME" in said("bridge", "list", "--data-dir", firm)[1]
    add_list_and_revoke(said, firm, tmp_path)


@pytest.mark.parametrize("name", ["MT5", "mt5_main", "", "-x", "a" * 33, "a b"])
def test_a_name_that_no_bridge_can_have_is_refused(name: str, firm: Path, said: Said) -> None:
    status, out, err = said("bridge", "add", "--data-dir", firm, "--", name)
    assert (status, out) == (2, "")
    assert "cannot name a bridge: up to 32 small letters, digits and dashes" in err


def test_verify_replay_and_doctor_answer_in_json_and_in_words(firm: Path, said: Said) -> None:
    status, out, _ = said("verify", "--json", "--data-dir", firm)
    assert (status, json.loads(out)["sound"]) == (0, True)
    assert "The book is whole" in said("verify", "--data-dir", firm)[1]
    status, out, _ = said("replay", "--json", "--data-dir", firm)
    assert (status, json.loads(out)["identical"]) == (0, True)
    assert "all the same bytes" in said("replay", "--data-dir", firm)[1]
    status, out, _ = said("doctor", "--json", "--data-dir", firm)
    assert status in (0, 1)
    assert {finding["level"] for finding in json.loads(out)["findings"]} <= {"ok", "note", "warning", "problem"}
    assert said("doctor", "--data-dir", firm)[1].strip()


def test_read_models_are_folded_again_by_command(firm: Path, said: Said) -> None:
    status, out, _ = said("rebuild", "--data-dir", firm)
    assert (status, out.split()[0]) == (0, str(len(NAMES)))
    status, _, err = said("rebuild", "nosuch", "--data-dir", firm)
    assert (status, "no read model is called 'nosuch': name some of " in err) == (2, True)


# --- one that serves ---


def test_bridges_are_enrolled_listed_and_revoked_while_it_serves(
    firm: Path, said: Said, serving: Any, tmp_path: Path, settings: Any
) -> None:
    child = serving(firm)
    assert child.first_line.startswith("serving Northlight & Sons on http://127.0.0.1:")
    assert (firm / "control.sock").is_socket()
    add_list_and_revoke(said, firm, tmp_path)
    add = ("staff", "add", "ruth@northlight.example", "--role", "risk", "--data-dir", firm)
    assert said(*add, stdin="a long enough password\n")[0] == 0
    status, out, _ = said("verify", "--json", "--data-dir", firm)
    assert (status, json.loads(out)["sound"]) == (0, True)
    assert said("replay", "--data-dir", firm)[0] == 0
    status, _, err = said("rebuild", "--data-dir", firm)
    assert (status, "is in use by process" in err) == (2, True)
    gateway = read_settings(firm / "evenhand.toml").gateway
    assert (
        f"bridges connect to tcp://127.0.0.1:{gateway.port}; Ctrl-C or SIGTERM stops" in child.process.stdout.readline()
    )
    assert child.close() == 0
    log = (tmp_path / "serve0.log").read_text()
    assert log.index("stopping: SIGTERM came") < log.index("stopped: everything that was answered is in the ledger")
    assert not (firm / "control.sock").exists()
    assert said("verify", "--data-dir", firm)[0] == 0
    assert bridges(said, firm)["mt5-main"]["revoked"] is True


def test_what_was_asked_offline_is_one_epoch_with_what_is_served_later(firm: Path, said: Said, tmp_path: Path) -> None:

    for name in ("one", "two", "three"):
        enrolled(said, firm, name, tmp_path)
    with LedgerReader(firm) as reader:
        kinds = [row.kind for row in all_rows(reader, 0)]
    assert kinds.count(EpochOpened.__name__) == 1
    assert kinds.count("EngineResumed") == 3


def test_a_process_that_runs_out_of_memory_ends_with_a_line_that_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def starve(options: argparse.Namespace) -> int:
        raise MemoryError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", lambda *_: argparse.Namespace(run=starve))
    assert main(["verify"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("evenhand: memory ran out")


@pytest.mark.parametrize(("typed", "told"), [
    ("verifi", 'there is no verb "verifi": did you mean "verify"?'), ("fly", 'there is no verb "fly" ('),
])  # fmt: skip
def test_a_verb_that_there_is_not_is_told_with_the_nearest(
    typed: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([typed])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_whoever_asks_for_one_verb_does_not_wait_for_all_of_them() -> None:
    code = "import sys; from appliance.cli import parser; parser(['verify', '--json']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    brought = set(done.stdout.split())
    verbs = {f"appliance.commands.{verb}" for verb in VERBS} & brought
    assert verbs == {"appliance.commands.verify"}
    assert brought.isdisjoint({"appliance.failing", "actors.engine", "litestar"})
