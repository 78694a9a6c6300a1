"""Mails through kill -9: the real process dies while it speaks with a mail server, at each step in turn, and no mail is lost."""

import email
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from appliance.founding import found
from appliance.mail_settings import PeopleMailSettings
from appliance.settings import ClockSettings
from appliance.smtp import MailTls
from firm.commands import JoinFirm
from firm.facts import MailEnded
from firm.letters import MailEnd
from storage.people import RESIDENCE
from tests.appliance.conftest import _until as until
from tests.appliance.conftest import small_settings
from tests.health import sinks
from tests.process.hands import Served, stored

EVE, MAIL = 2002, "eve@trader.example"


@pytest.mark.soak  # five starts of the real process; what it is about is held in tests/health/test_mail_courier.py, without processes
def test_a_process_that_is_killed_at_any_step_of_a_mail_loses_none(
    tmp_path: Path, serve: Callable[..., Served]
) -> None:
    firm, running = tmp_path / "firm", list[Served]()
    with sinks.running(sinks.MailSink(None)) as sink:
        mail = PeopleMailSettings(host="127.0.0.1", port=sink.port, tls=MailTls.NONE, sender="desk@northlight.example")
        machine = found(firm, replace(small_settings(), clock=ClockSettings(), mail=mail))
        sealed = machine.vault.add_person("trader", EVE, MAIL, "Eve", "no hash")
        residence = machine.vault.seal(f"trader:{EVE}", RESIDENCE, b'{"country":"CZ","language":"en"}')
        machine.decide_now([JoinFirm(by="portal", trader=EVE, sealed=sealed, residence=residence, accepted=())])
        machine.close()
        for step in ("EHLO", "RCPT", "DATA", "taken"):
            sink.before = {step: lambda: running[-1].process.kill()}
            running.append(serve(firm))
            until(lambda: running[-1].process.poll() is not None, f"the kill at {step}")
        sink.before = {}
        serve(firm)
        ended = until(lambda: [row.body for row in stored(firm) if isinstance(row.body, MailEnded)], "the mail's end")
        assert [one.end for one in ended] == [MailEnd.SENT]
    told = [email.message_from_string(each) for each in sink.mails]
    assert [each["To"] for each in told] == [
        MAIL,
        MAIL,
    ]  # the one that was taken as the process died, and the one after
    assert len({each["Message-ID"] for each in told}) == 1
