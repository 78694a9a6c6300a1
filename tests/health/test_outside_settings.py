"""What the settings of mails, webhooks and heartbeats accept can be called and written to; what cannot is refused, with what to do."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.alarms.limits import MailSettings
from appliance.alarms.mail import mail_of
from appliance.alarms.notice import Alarm, Notice, Saying
from appliance.settings_file import SettingsRefused, parse_settings
from appliance.way_out import way_out
from bridges.outbound.address import Origin
from bridges.outbound.rules import Rules

ADDRESS = 'must be one mail address such as "alarms@example.com"'
ADDRESSES = 'must be mail addresses such as "ops@example.com", with commas between them'
HOST = "must name a host"
PORT = "must have a port from 1 to 65535, or none"
OR_LISTED = "or be listed in outbound.inside with its reason"


def read(lines: str) -> None:
    parse_settings(f'[firm]\nname = "A"\nslug = "a"\n{lines}\n', "evenhand.toml")


@pytest.mark.parametrize("key", ["alarms.webhook.url", "heartbeat.url", "calendar.url"])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://localhost:99999/T0KEN", PORT),
        ("https://localhost:0/T0KEN", PORT),
        ("https://localhost:https/T0KEN", PORT),
        ("https://xn--/T0KEN", HOST),
        ("https://xn--a/T0KEN", HOST),
        ("https://a..b/T0KEN", HOST),
        ("https://.example/T0KEN", HOST),
        ("https://-a.example/T0KEN", HOST),
        (f"https://{'a' * 64}.example/T0KEN", HOST),
        (f"https://{'a.' * 130}example/T0KEN", HOST),
        ("https://[::1/T0KEN", HOST),
        ("https://[fe80::1%25eth0]/T0KEN", HOST),
        ("https://256.1.1.1/T0KEN", HOST),
        ("https://a\u2100b/T0KEN", HOST),
        ("https://a|b/T0KEN", HOST),
    ],
)
def test_a_url_that_cannot_be_called_is_refused(key: str, url: str, told: str) -> None:
    section, _, name = key.rpartition(".")
    with pytest.raises(SettingsRefused) as refused:
        read(f'[{section}]\n{name} = "{url}"')
    assert f"{key} {told}" in str(refused.value)
    assert "docs/settings.md" in str(refused.value)
    assert "T0KEN" not in str(refused.value)


@pytest.mark.parametrize(
    ("inside", "url"),
    [
        ("", "https://hooks.example"),
        ("", "https://hooks.example:8443/a?b=c#d"),
        ("", "https://HOOKS.example./a"),
        ("", "https://under_score.internal/a"),
        ("", "https://xn--mnchen-3ya.example/a"),
        ("", "https://m\u00fcnchen.example/a"),
        ("", "https://8.8.8.8/a"),
        ("", "https://[2606:4700::1111]:8443/a"),
        ("http://[::1] (the receiver, here)", "http://[::1]/a"),
        ("http://127.0.0.1:9000 (a), https://hooks.internal:9443 (b) ", "https://hooks.internal:9443/a"),
        ("http://hooks.example (it has no TLS)", "http://hooks.example:80/a"),
        ("https://10.0.0.7:443 (our own)", "https://10.0.0.7/a"),
    ],
)
@pytest.mark.parametrize("section", ["alarms.webhook", "heartbeat", "calendar"])
def test_a_url_that_can_be_called_is_taken(section: str, inside: str, url: str) -> None:
    read(f'[{section}]\nurl = "{url}"\n[outbound]\ninside = "{inside}"')


@pytest.mark.parametrize("key", ["alarms.webhook.url", "heartbeat.url", "calendar.url"])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://hooks.example/T0KEN", f"must begin with https://, {OR_LISTED}"),
        ("http://127.0.0.1:9000/T0KEN", f"must begin with https://, {OR_LISTED}"),
        ("https://localhost/T0KEN", f"must not lead to this machine, {OR_LISTED}"),
        ("https://127.0.0.2/T0KEN", f"must not lead to this machine, {OR_LISTED}"),
        ("https://[::1]/T0KEN", f"must not lead to this machine, {OR_LISTED}"),
        ("https://10.0.0.8/T0KEN", f"must not lead inside (private), {OR_LISTED}"),
        ("https://[fd00::1]/T0KEN", f"must not lead inside (unique-local), {OR_LISTED}"),
        ("https://169.254.169.254/T0KEN", "must not lead inside (link-local, where clouds have their metadata services)"),
        ("https://192.0.2.7/T0KEN", "must not lead inside (for documentation)"),
        ("https://hooks.example:25/T0KEN", "must have a port of outbound.ports (443, 8443)"),
    ],
)  # fmt: skip
def test_a_url_that_every_call_would_be_refused_to_is_refused_before(key: str, url: str, told: str) -> None:
    section, _, name = key.rpartition(".")
    with pytest.raises(SettingsRefused) as refused:
        read(f'[{section}]\n{name} = "{url}"\n[outbound]\ninside = "https://10.0.0.7 (another)"')
    assert f"{key} {told}" in str(refused.value)
    assert "T0KEN" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('inside = "http://127.0.0.1:9000"', "entry 1, must be an address and a reason in brackets"),
        ('inside = "http://127.0.0.1:9000 ()"', "entry 1, must be an address and a reason in brackets"),
        ('inside = "http://127.0.0.1:9000 ( )"', "entry 1, must be an address and a reason in brackets"),
        ('inside = "(reason) http://127.0.0.1:9000"', "entry 1, must be an address and a reason in brackets"),
        ('inside = "http://127.0.0.1:9000 (a) http://127.0.0.1:9001 (b)"', "entry 1, must be an address and a reason"),
        ('inside = "http://127.0.0.1:9000 (a), http://127.0.0.1:9001"', "entry 2, must be an address and a reason"),
        ('inside = "127.0.0.1:9000 (a)"', "entry 1, must begin with https:// and a host"),
        ('inside = "http://10.0.0.0/8 (all of it)"', "entry 1, must be scheme, host and port alone"),
        ('inside = "http://127.0.0.1:9000/alarms (a)"', "entry 1, must be scheme, host and port alone"),
        ('inside = "https://*.internal (a)"', "entry 1, must name a host"),
        ('inside = "http://169.254.169.254 (a)"', "entry 1, must not lead inside (link-local"),
        ('inside = "http://0.0.0.0:9000 (a)"', "entry 1, must not lead inside (unspecified)"),
        ('ports = ""', "outbound.ports must be numbers from 1 to 65535"),
        ('ports = "443, all"', "outbound.ports must be numbers from 1 to 65535"),
        ('ports = "443, 65536"', "outbound.ports must be numbers from 1 to 65535"),
        ("circuit_failures_max = 0", '"outbound.circuit_failures_max" must be a whole number from 1 to 100'),
    ],
)
def test_what_would_open_more_than_one_place_inside_is_refused(line: str, told: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read(f"[outbound]\n{line}")
    assert told in str(refused.value)


def test_what_the_settings_say_is_what_the_way_out_goes_by() -> None:
    lines = 'ports = "443,9443"\ninside = "http://localhost:9000 (a)"\ncircuit_failures_max = 2\ncircuit_open_s = 7\nretry_after_max_s = 3'
    settings = parse_settings(f'[firm]\nname = "A"\nslug = "a"\n[outbound]\n{lines}\n', "evenhand.toml")
    assert way_out(settings).rules == Rules(
        ports=frozenset({443, 9443}), listed=frozenset({Origin("http", "localhost", 9000)}), circuit_failures_max=2, circuit_open_s=7,
        retry_after_max_s=3,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("sender", "alarms@", ADDRESS),
        ("sender", "ops@[10.0.0.1", ADDRESS),
        ("sender", "@northlight.example", ADDRESS),
        ("sender", "alarms@north light.example", ADDRESS),
        ("sender", "alarms@xn--", ADDRESS),
        ("sender", "Evenhand <alarms@northlight.example>", ADDRESS),
        ("sender", "alarms@northlight.example, x@y.example", ADDRESS),
        ("sender", "\u00f6la@northlight.example", ADDRESS),
        ("to", "ops@northlight.example, omar@", ADDRESSES),
        ("to", "ops@[10.0.0.1", ADDRESSES),
        ("to", "a..b@northlight.example", ADDRESSES),
        ("host", "mail..example", HOST),
        ("host", "mail.example:25", HOST),
    ],
)
def test_a_mail_that_could_not_be_written_is_refused(key: str, value: str, told: str) -> None:
    keys = {"host": "mail.example", "sender": "alarms@northlight.example", "to": "ops@northlight.example", key: value}
    with pytest.raises(SettingsRefused) as refused:
        read("[alarms.mail]\n" + "\n".join(f'{name} = "{text}"' for name, text in keys.items()))
    assert f"alarms.mail.{key} {told}" in str(refused.value)


@pytest.mark.parametrize(
    "address", ["ops@10.0.0.1", "ops@mail_host.lan", "ops@northlight.example.", "root@localhost", "ops@Mail.LAN"]
)
def test_an_operator_is_written_to_wherever_their_own_server_delivers(address: str) -> None:
    people = f'[mail]\nhost = "mail.example"\nsender = "{address}"\n'
    read(
        f'{people}[alarms.mail]\nhost = "mail.example"\nsender = "{address}"\nto = "omar@northlight.example, {address}"'
    )


@given(address=st.text(st.sampled_from('abé.@[]()<>"\\:;,-_!+= \t\r\n\u2028'), max_size=12))
def test_whatever_address_is_taken_a_mail_can_be_written_with_it(address: str) -> None:
    try:
        settings = MailSettings(host="mail.example", sender=address, to=address)
    except ValueError:
        return
    mail = mail_of(notice_of("Ada \u2028 & Sons"), settings)
    assert isinstance(mail, EmailMessage)
    assert address.strip().encode() in bytes(mail)
    if address.strip().endswith(".") or ":" in address:
        return  # no header has such a host by RFC 5322; where the mail goes the server is told beside it
    assert [one.addr_spec for one in mail["To"].addresses] == list(settings.recipients)
    assert not [defect for name in ("From", "To", "Subject") for defect in mail[name].defects]


def notice_of(firm: str) -> Notice:
    return Notice(
        id="alarm_0", saying=Saying.RAISED, alarm=Alarm.DISK_LOW, subject="", text="so", since_us=1, at_us=2, firm=firm,
        runbook="docs/operating/runbooks.md#disk_low",
    )  # fmt: skip
