"""What the settings of mails, webhooks and heartbeats accept can be called and written to; what cannot is refused, with what to do."""

from email.message import EmailMessage

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.alarms.limits import HeartbeatSettings, MailSettings
from appliance.alarms.mail import mail_of
from appliance.alarms.notice import Alarm, Notice, Saying
from appliance.settings_file import SettingsRefused, parse_settings

ADDRESS = 'must be one mail address such as "alarms@example.com"'
ADDRESSES = 'must be mail addresses such as "ops@example.com", with commas between them'
HOST = "must name a host"
PORT = "must have a port from 1 to 65535, or none"


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
    "url",
    [
        "https://hooks.example",
        "https://hooks.example:8443/a?b=c#d",
        "https://HOOKS.example./a",
        "https://under_score.internal/a",
        "https://xn--mnchen-3ya.example/a",
        "https://m\u00fcnchen.example/a",
        "https://192.0.2.7/a",
        "https://[2001:db8::7]:8443/a",
        "http://[::1]/a",
    ],
)
def test_a_url_that_can_be_called_is_taken(url: str) -> None:
    assert httpx.URL(HeartbeatSettings(url=url).url).host


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


@given(address=st.text(st.sampled_from('abé.@[]()<>"\\:;,-_!+= \t\r\n\u2028'), max_size=12))
def test_whatever_address_is_taken_a_mail_can_be_written_with_it(address: str) -> None:
    try:
        settings = MailSettings(host="mail.example", sender=address, to=address)
    except ValueError:
        return
    mail = mail_of(notice_of("Ada \u2028 & Sons"), settings)
    assert isinstance(mail, EmailMessage)
    assert [one.addr_spec for one in mail["To"].addresses] == list(settings.recipients)
    assert not [defect for name in ("From", "To", "Subject") for defect in mail[name].defects]
    assert address.strip().encode() in bytes(mail)


def notice_of(firm: str) -> Notice:
    return Notice(
        id="alarm_0", saying=Saying.RAISED, alarm=Alarm.DISK_LOW, subject="", text="so", since_us=1, at_us=2, firm=firm,
        runbook="docs/operating/runbooks.md#disk_low",
    )  # fmt: skip
