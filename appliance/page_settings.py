"""Page settings: what of the settings file the pages go by."""

from pathlib import Path
from typing import TypedDict

from appliance.settings import Settings, StaffFactor
from firm.regions import Regions
from web.allowance import Limits
from web.breached_list import BreachedList, bundled


class PageSettings(TypedDict):
    """By the names that the pages have for them; see `web.firm.Firm`."""

    name: str
    https: bool
    origin: str
    staff_factor: bool
    mails: bool
    sign_up: bool
    breached: BreachedList
    limits: Limits
    regions: Regions


def page_settings(settings: Settings) -> PageSettings:
    """Raises ListRefused where a file of leaked passwords is named that is none."""
    web = settings.web
    return PageSettings(
        name=settings.firm.name,
        https=web.tls_behind_proxy,
        origin=web.origin,
        staff_factor=web.staff_second_factor is StaffFactor.REQUIRED,
        mails=bool(settings.mail.host),
        sign_up=bool(settings.mail.host) and web.sign_up,
        breached=breached_list_of(settings),
        limits=web.limits.limits(),
        regions=settings.placing,
    )


def breached_list_of(settings: Settings) -> BreachedList:
    """The firm's own list of leaked passwords, or the one that comes along."""
    own = settings.web.breached_passwords
    return BreachedList(Path(own)) if own else bundled()
