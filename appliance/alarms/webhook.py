"""Webhook courier: a notice as JSON, posted with a signature that its receiver can check (the Standard Webhooks scheme, HMAC-SHA256)."""

import base64
import hashlib
import hmac
import time

import msgspec

from appliance.alarms.courier import DeliveryFailed
from appliance.alarms.notice import Notice
from bridges.outbound.client import Outbound
from bridges.outbound.destination import Call, Destination
from bridges.outbound.errors import CallFailed
from firm.instant import utc_text

# The courier tries again by itself, and for longer than a call may last.
_DESTINATION = Destination(name="alarm_webhook", whole_s=20)


class WebhookCourier:
    """`key`: what signs, shared with the receiver."""

    def __init__(self, url: str, key: str, outbound: Outbound) -> None:
        self._url = url
        self._key = key.encode()
        self._outbound = outbound

    async def deliver(self, notice: Notice) -> None:
        """Raises DeliveryFailed unless the answer is 2xx. The same `webhook-id` may come twice: it is one notice."""
        body = body_of(notice)
        headers = signed_headers(self._key, notice.id, int(time.time()), body)
        try:
            answer = await self._outbound.call(
                _DESTINATION, Call(url=self._url, method="POST", headers=headers, body=body)
            )
        except CallFailed as failed:
            raise DeliveryFailed(f"the webhook could not be called: {failed}") from failed
        if answer.status // 100 != 2:
            raise DeliveryFailed(f"the webhook answered {answer.status}")


def body_of(notice: Notice) -> bytes:
    return msgspec.json.encode(
        {
            "type": f"alarm.{notice.saying}",
            "timestamp": utc_text(notice.at_us),
            "data": {
                "firm": notice.firm,
                "alarm": notice.alarm,
                "subject": notice.subject,
                "text": notice.text,
                "since": utc_text(notice.since_us),
                "runbook": notice.runbook,
            },
        }
    )


def signed_headers(key: bytes, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks: what is signed is `id.timestamp.body`."""
    signed = b".".join((message_id.encode(), str(at_s).encode(), body))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{signature}",
    }
