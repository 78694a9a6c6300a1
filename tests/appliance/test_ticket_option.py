"""`evenhand serve --ticket`: where traders are sent to is read as a browser reads it."""

from pathlib import Path

import pytest

from appliance.cli import main


def told(address: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `serve` says, in a directory in which there is no firm to serve."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["serve", "--ticket", address, "--data-dir", str(directory / "none")]))
    assert ended.value.code == 2
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "address",
    [
        "sim=http://127.0.0.1:8081@evil.example",
        "sim=http://127.0.0.1:8081@evil.example:80/",
        "sim=http://127.0.0.1:x@evil.example",
        "sim=http://127.0.0.1.evil.example:8081",
        "sim=http://127.0.0.1:8081\\@evil.example",
        "sim=http://evil.example:8081",
        "sim=http://127.0.0.1:99999",
        "sim=http://127.0.0.1",
        "sim=https://firm.example@evil.example",
        "sim=https://firm.example\\.evil.example",
        "sim=https://",
        "sim=https:///ticket",
        "sim=https://[",
        "sim=https://firm.example/?to=evil",
        "sim=https://firm.example/\n",
        "sim=javascript://127.0.0.1:8081",
        "=http://127.0.0.1:8081",
        "http://127.0.0.1:8081",
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "names no ticket: write sim=http://127.0.0.1:8081" in told(address, tmp_path, capsys)


@pytest.mark.parametrize(
    "address",
    [
        "sim=http://127.0.0.1:8081",
        "sim=http://127.0.0.1:8081/",
        "sim=http://localhost:8081",
        "sim=https://ticket.firm.example",
        "sim=https://ticket.firm.example:8443/sim",
    ],
)
def test_a_ticket_on_this_machine_or_behind_tls_is_taken(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is missing" in told(address, tmp_path, capsys)
