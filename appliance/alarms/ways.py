"""Ways: how a notice leaves the machine: by the couriers that the settings name, and always by the log."""

import logging
from collections.abc import Iterable, Mapping, Sequence

from appliance.alarms.courier import Courier
from appliance.alarms.limits import AlarmSettings
from appliance.alarms.mail import MailCourier
from appliance.alarms.notice import Notice, Saying
from appliance.alarms.secret_texts import SecretTexts
from appliance.alarms.webhook import WebhookCourier
from bridges.outbound.client import Outbound

_LOG = logging.getLogger("evenhand.alarms")


def couriers_for(alarms: AlarmSettings, texts: SecretTexts, outbound: Outbound) -> list[Courier]:
    """Those that the settings name."""
    couriers = []
    if alarms.mail.host:
        couriers.append(Courier("mail", MailCourier(alarms.mail, texts.alarm_mail_password).deliver))
    if alarms.webhook.url:
        webhook = WebhookCourier(alarms.webhook.url, texts.alarm_webhook_key, outbound)
        couriers.append(Courier("webhook", webhook.deliver))
    return couriers


def hand_over(undelivered: Mapping[str, Sequence[Notice]], couriers: Iterable[Courier]) -> None:
    """What couriers of before could not bring to an end goes on with those of the same name."""
    for courier in couriers:
        for notice in undelivered.get(courier.name, ()):
            courier.hand(notice)


def tell_log(notice: Notice) -> None:
    level = logging.INFO if notice.saying is Saying.OVER else logging.ERROR
    _LOG.log(level, "alarm %s %s: %s", notice.alarm, notice.saying, notice.text, extra={"runbook": notice.runbook})
