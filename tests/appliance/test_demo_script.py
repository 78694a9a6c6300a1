"""A demo with a script: the example of the documentation befalls the demo's market, and the firm hears of it."""

from pathlib import Path
from typing import Any

import pytest

from actors.recovery import all_rows
from appliance.cli import main
from appliance.commands.demo import prices
from appliance.demo import Demo
from appliance.demo_platforms import DemoOptions
from firm.inputs import PlatformReported
from firm.instant import utc_text
from firm.kinds import body_of
from storage.reader import LedgerReader

ROOT = Path(__file__).parents[2]
FAULTS = ROOT / "docs" / "examples" / "faults.toml"
STRETCH = ("--from", "2014-05-02T12:08:00", "--to", "2014-05-02T12:20:00", "--accounts", "2", "--speed", "max")


def test_the_example_s_outage_is_heard_by_the_firm(demos: Any, tmp_path: Path) -> None:
    demos.start(tmp_path / "demo", "--script", str(FAULTS), *STRETCH)
    played = demos.ended(tmp_path / "demo")
    with LedgerReader(played.firm) as reader:
        told = [(row.happened_us, body_of(row.kind, row.payload)) for row in all_rows(reader, 0)]
    links = [(utc_text(at_us)[:19], body.up) for at_us, body in told if isinstance(body, PlatformReported)]
    assert links[-2:] == [("2014-05-02T12:10:00", False), ("2014-05-02T12:12:00", True)]


def test_the_demo_says_that_it_plays_one_and_where_and_the_pages_how_to(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    assert "what befalls the first platform, and it alone, besides prices" in " ".join(capsys.readouterr().out.split())
    said = prices(Demo(DemoOptions(directory=Path(), script=FAULTS)))
    assert f"  Outages, spikes and the like: from {FAULTS}, on sim." in said
    for page in ("README.md", "docs/simulator.md", "docs/examples/faults.toml"):
        assert "evenhand demo --script docs/examples/faults.toml" in (ROOT / page).read_text("utf-8")
