"""The backoffice's first page: what waits for a person, and how the firm is."""

from typing import Any

import apsw
from litestar import Request, get
from litestar.response import Response

from firm.permissions import Permission
from storage.readmodels.accounts import count_breached_in_doubt, count_by_standing
from storage.readmodels.appeals import count_waiting_appeals
from storage.readmodels.commands import count_commands
from storage.readmodels.controls import control_states
from storage.readmodels.decisions import decision_counts, latest_decisions, open_decisions
from storage.readmodels.drifts import count_drifting
from storage.readmodels.held_phases import held_phases
from storage.readmodels.people import count_traders, unpaid_orders
from web import owed_view
from web.account_view import prices_ended_us
from web.bounds import COUNTED_SINCE_US, DECISIONS_SHOWN
from web.observing import observing
from web.render import page
from web.visitor import firm_of, may


@get("/staff", policy=may(Permission.ENTER))
async def staff_home(request: Request[Any, Any, Any]) -> Response[str]:
    firm = firm_of(request)
    now_us = firm.now_us()

    def question(book: apsw.Connection) -> dict[str, Any]:
        return {
            "standings": count_by_standing(book),
            "in_doubt": count_breached_in_doubt(book),
            "counts": decision_counts(book, now_us - COUNTED_SINCE_US),
            "waiting": open_decisions(book, DECISIONS_SHOWN),
            "latest": latest_decisions(book, None, DECISIONS_SHOWN),
            "appeals": count_waiting_appeals(book),
            "commands": count_commands(book),
            "unpaid": unpaid_orders(book),
            "traders": count_traders(book),
            "controls": control_states(book),
            "drifting": count_drifting(book),
            "held_phases": held_phases(book, DECISIONS_SHOWN),
        }

    health, owed = firm.live.health(), owed_view.waits(await firm.owed())
    told: dict[str, Any] = {
        "health": health,
        "alarms": firm.machine.alarms(),
        "owed": owed,
        "observing": await observing(firm),
        "prices_ended_us": prices_ended_us(health),
        "releasing": len(firm.live.staff().who_may(Permission.RELEASE_SWITCHES)),
    }
    return page(request, "staff_home.html", **told, **await firm.book.read(question))


ROUTES = (staff_home,)
