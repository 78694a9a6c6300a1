"""Way out: by which a firm calls anything outside, as its settings allow."""

from appliance.release import RELEASE
from appliance.settings import Settings
from bridges.outbound.client import Outbound


def way_out(settings: Settings) -> Outbound:
    return Outbound(settings.outbound.rules(), f"evenhand/{RELEASE}")
