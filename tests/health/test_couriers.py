"""Mail and webhook, over real sockets: what arrives, what is tried again, what is given up, and that nobody waits for it."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import msgspec
import pytest

from appliance.alarms.courier import WAITING_MAX, Courier, DeliveryFailed
from appliance.alarms.limits import MailSettings
from appliance.alarms.mail import MailCourier
from appliance.alarms.notice import Saying
from appliance.alarms.webhook import WebhookCourier
from appliance.settings_file import SettingsRefused, parse_settings
from appliance.smtp import MailTls

PASSWORD = "correct-horse-battery"
KEY = "a-key-that-the-receiver-has-too"


def mail_settings(port: int, **more: Any) -> MailSettings:
    told = {"host": "127.0.0.1", "port": port, "sender": "evenhand@northlight.example", "user": "evenhand"}
    return MailSettings(**told, to="ops@northlight.example, omar@northlight.example", **more)


@pytest.fixture
def tls(own_certificate: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate.certificate, own_certificate.key)
    return context


@pytest.fixture
def hook(sinks: Any) -> Iterator[Any]:
    with sinks.running(sinks.HttpSink([])) as sink:
        yield sink


@asynccontextmanager
async def carrying(courier: Courier) -> Any:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(courier.run)
        yield
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("way", [MailTls.STARTTLS, MailTls.IMPLICIT])
async def test_a_mail_arrives_over_tls_with_the_password_never_in_the_clear(
    sinks: Any, tls: ssl.SSLContext, own_certificate: Any, notice: Any, way: MailTls
) -> None:
    with sinks.running(sinks.MailSink(tls, implicit=way is MailTls.IMPLICIT)) as sink:
        settings = mail_settings(sink.port, tls=way, ca_file=str(own_certificate.certificate))
        await MailCourier(settings, PASSWORD).deliver(notice)
    mail = email.message_from_string(sink.mails[0], policy=email.policy.default)
    assert mail["Subject"] == "[Northlight] ALARM feed_silent (sim)"
    assert mail["To"] == "ops@northlight.example, omar@northlight.example"
    assert notice.text in mail.get_content()
    assert "docs/operating/runbooks.md#feed_silent" in mail.get_content()
    assert base64.b64encode(f"\0evenhand\0{PASSWORD}".encode()).decode() in sink.signed_in[0]
    in_the_clear = " ".join(sink.talks[0])
    assert "AUTH" not in in_the_clear
    assert "MAIL" not in in_the_clear
    assert PASSWORD not in sink.mails[0]


async def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(
    sinks: Any, tls: ssl.SSLContext, notice: Any
) -> None:
    with sinks.running(sinks.MailSink(tls)) as sink, pytest.raises(DeliveryFailed, match="SSLCertVerificationError"):
        await MailCourier(mail_settings(sink.port), PASSWORD).deliver(notice)
    assert (sink.signed_in, sink.mails) == ([], [])


async def test_a_server_without_tls_gets_neither_password_nor_mail(sinks: Any, notice: Any) -> None:
    with sinks.running(sinks.MailSink(None)) as sink, pytest.raises(DeliveryFailed, match="SMTPNotSupportedError"):
        await MailCourier(mail_settings(sink.port), PASSWORD).deliver(notice)
    assert (sink.signed_in, sink.mails) == ([], [])


async def test_a_mail_that_is_turned_away_is_tried_again_and_no_address_is_logged(
    sinks: Any, tls: ssl.SSLContext, own_certificate: Any, notice: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with sinks.running(sinks.MailSink(tls, refusals=2)) as sink:
        settings = mail_settings(sink.port, ca_file=str(own_certificate.certificate))
        courier = Courier("mail", MailCourier(settings, PASSWORD).deliver, (0, 0, 0))
        courier.hand(notice)
        async with carrying(courier):
            await sinks.soon(lambda: courier.told["delivered"])
    assert len(sink.mails) == 1
    assert courier.told == {"failed_tries": 2, "delivered": 1}
    assert "the mail server answered 451" in caplog.text
    assert "northlight.example" not in caplog.text


async def test_a_mail_that_is_refused_for_one_recipient_is_tried_again_for_that_one_alone(
    sinks: Any, tls: ssl.SSLContext, own_certificate: Any, notice: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with sinks.running(sinks.MailSink(tls)) as sink:
        sink.unknown = ["omar@northlight.example"]
        settings = mail_settings(sink.port, ca_file=str(own_certificate.certificate))
        courier = Courier("mail", MailCourier(settings, PASSWORD).deliver, (0,))
        courier.hand(notice)
        async with carrying(courier):
            await sinks.soon(lambda: courier.told["given_up"])
            assert len(sink.mails) == 1
            assert "the mail server refused 1 of 2 recipients" in caplog.text
            assert "the mail server refused 1 of 1 recipients" in caplog.text
            sink.unknown = []
            courier.hand(msgspec.structs.replace(notice, id="alarm_second"))
            await sinks.soon(lambda: courier.told["delivered"])
    assert courier.told == {"failed_tries": 2, "given_up": 1, "delivered": 1}
    assert sink.asked_for == ["ops", "omar", "omar", "ops", "omar"]
    assert "northlight.example" not in caplog.text


async def test_a_mail_server_that_says_nothing_holds_nobody_up(sinks: Any, notice: Any) -> None:
    """It takes the connection and never answers: the loop turns on meanwhile, and the try can be ended."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        courier = MailCourier(mail_settings(deaf.getsockname()[1], tls=MailTls.STARTTLS), PASSWORD)
        turns, before = 0, time.monotonic()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(courier.deliver, notice)
            while turns < 50:
                await anyio.sleep(0.001)
                turns += 1
            tasks.cancel_scope.cancel()
        assert time.monotonic() - before < 5


@pytest.fixture
def webhook(hook: Any, outbound: Any) -> Callable[[str], WebhookCourier]:
    return lambda path: WebhookCourier(f"{hook.url}{path}", KEY, outbound(hook.url))


async def test_a_webhook_is_signed_so_that_its_receiver_can_check(hook: Any, notice: Any, webhook: Any) -> None:
    await webhook("/alarms").deliver(notice)
    [heard] = hook.heard
    signed = f"{notice.id}.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    expected = base64.b64encode(hmac.digest(KEY.encode(), signed, hashlib.sha256)).decode()
    assert heard.headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(heard.headers["webhook-timestamp"]) - time.time()) < 60
    assert (heard.method, heard.path, heard.headers["webhook-id"]) == ("POST", "/alarms", notice.id)
    told = json.loads(heard.body)
    assert (told["type"], told["data"]["alarm"], told["data"]["subject"]) == ("alarm.raised", "feed_silent", "sim")
    assert KEY not in str(heard)


async def test_a_webhook_that_fails_is_tried_again_with_the_same_id_and_then_given_up(
    hook: Any, notice: Any, sinks: Any, webhook: Any
) -> None:
    hook.answers = [500, 302, 200, 503, 503, 503, 503]
    courier = Courier("webhook", webhook("/").deliver, (0, 0, 0))
    courier.hand(notice)
    courier.hand(msgspec.structs.replace(notice, id="alarm_second", saying=Saying.OVER))
    async with carrying(courier):
        await sinks.soon(lambda: courier.told["given_up"])
    assert courier.told == {"failed_tries": 6, "delivered": 1, "given_up": 1}
    assert [heard.headers["webhook-id"] for heard in hook.heard] == [notice.id] * 3 + ["alarm_second"] * 4
    assert {heard.path for heard in hook.heard} == {"/"}, "a redirect was followed"


async def test_notices_that_nobody_takes_are_bounded_and_the_newest_stay(notice: Any) -> None:
    async def never(_: Any) -> None:
        raise DeliveryFailed("nobody is there")

    courier = Courier("webhook", never)
    for number in range(WAITING_MAX + 5):
        courier.hand(msgspec.structs.replace(notice, id=f"alarm_{number}"))
    assert courier.waiting == WAITING_MAX
    assert courier.told["pushed_out"] == 5
    assert courier._waiting[-1].id == f"alarm_{WAITING_MAX + 4}"


async def test_an_address_with_a_token_in_it_is_never_logged(
    notice: Any, caplog: pytest.LogCaptureFixture, hook: Any, sinks: Any, webhook: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    courier = Courier("webhook", webhook("/T0KEN-of-the-hook").deliver, ())
    hook.answers = [204, 500]
    for _ in range(2):
        courier.hand(notice)
    async with carrying(courier):
        await sinks.soon(lambda: courier.told["given_up"])
    assert [heard.path for heard in hook.heard] == ["/T0KEN-of-the-hook"] * 2
    assert "T0KEN" not in caplog.text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('[alarms.webhook]\nurl = "http://hooks.example/x"', "must begin with https://"),
        ('[alarms.webhook]\nurl = "https://me:pw@hooks.example/x"', "no user name and no password"),
        ('[heartbeat]\nurl = "ftp://hooks.example"', "must begin with https://"),
        ('[alarms.mail]\nhost = "mail.example"', "needs alarms.mail.sender"),
        ('[alarms.mail]\nhost = "mail.example"\nsender = "a@b"\nto = "c@d"\ntls = "none"', "on this machine alone"),
        ('[alarms.mail]\nhost = "mail.example"\nsender = "a@b\\nBcc: x@y"\nto = "c@d"', "must be one mail address"),
    ],
)
def test_settings_that_would_tell_strangers_are_refused(line: str, told: str) -> None:
    with pytest.raises(SettingsRefused, match=told):
        parse_settings(f'[firm]\nname = "A"\nslug = "a"\n{line}\n', "evenhand.toml")
