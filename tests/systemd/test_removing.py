"""Last of all that is tried in the Debian that boots, and so named that it runs last: the program installs itself again, and goes."""

from pathlib import Path
from typing import Any

import pytest

from appliance.installation.pieces import within

pytestmark = pytest.mark.soak
FIRM = Path("/var/lib/evenhand")


def test_the_installed_program_installs_itself_without_a_change_and_removes_all_but_the_firm(booted: Any) -> None:
    evenhand = "/usr/local/bin/evenhand"
    assert booted.inside(evenhand, "install", "--apply").startswith("nothing changed")
    told = booted.inside("/opt/evenhand/current/bin/python", "-P", "-m", "appliance", "install", "--remove")
    assert "stop what runs" in told
    assert booted.inside("systemctl", "list-unit-files", "evenhand*", "--no-legend", check=False).strip() == ""
    assert booted.inside("pgrep", "-u", "evenhand", check=False).strip() == ""
    assert not within(booted.root, Path("/opt/evenhand")).exists()
    assert within(booted.root, FIRM / "ledger.db").exists()
