"""Override view: of an account's exceptions those that wait for a second person."""

from firm.bounds import OVERRIDE_ASKED_DAYS
from firm.instant import DAY_US
from storage.readmodels.overrides import OverrideLine
from web.account_view import AccountView


def waiting_for_agreement(view: AccountView) -> list[OverrideLine]:
    """Asked for, not too long ago, and neither granted nor asked anew since; newest first."""
    oldest_us, later, waiting = view.now_us - OVERRIDE_ASKED_DAYS * DAY_US, [], []
    for line in view.overrides:
        if not line.granted and line.at_us >= oldest_us and line.override not in later:
            waiting.append(line)
        later.append(line.override)
    return waiting
