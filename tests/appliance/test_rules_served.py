"""`evenhand rules publish` and `retire` beside a firm that serves: through its control socket, decided by the engine that runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.console import CommandRefused
from firm.ruleset import Program
from firm.ruleset_text import json_of
from storage.reader import LedgerReader
from storage.readmodels.programs import ProgramLine, all_programs
from tests.appliance.test_rules_command import evenhand, firm, saved  # noqa: F401  (fixtures)
from tests.firm.ruleset_examples import program

OWN = {"bridge": "mt5-main", "group": "real"}


def sold(directory: Path) -> list[ProgramLine]:
    with LedgerReader(directory) as reader, reader.connection() as connection:
        return all_programs(connection, 10)


def test_a_serving_firm_publishes_refuses_and_retires(
    evenhand: Any,  # noqa: F811
    firm: Path,  # noqa: F811
    serving: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    served = serving(firm)
    assert served.process.poll() is None, served.log.read_text()
    file = saved(tmp_path / "program.json", json_of(program(OWN)))
    publish = ("publish", file, "--why", "the terms of autumn", "--data-dir", firm)
    status, told = evenhand(*publish)
    assert (status, told.splitlines()[0]) == (0, "Northlight 100K (northlight) is on offer")
    with pytest.raises(CommandRefused, match="northlight is on offer already just as this says it"):
        evenhand(*publish)
    assert evenhand("retire", "northlight", "--why", "sold out", "--data-dir", firm)[0] == 0
    with pytest.raises(CommandRefused, match="program 'northlight' is not sold any more"):
        evenhand("retire", "northlight", "--why", "sold out", "--data-dir", firm)
    assert evenhand(*publish)[0] == 0
    assert served.close() == 0
    [line] = sold(firm)
    assert (line.versions, line.newest.why, line.newest.who, line.retired) == (
        2,
        "the terms of autumn",
        "console",
        None,
    )
    assert isinstance(line.newest.sold, Program)
