"""Alone: the desks of which a firm has one, by their names."""

from collections.abc import Callable

from actors.calendar_desk import CalendarDesk
from actors.catalogue_desk import CatalogueDesk
from actors.desk import Desk
from actors.incident_desk import IncidentDesk
from actors.names import CALENDARS, CATALOGUE, INCIDENTS, RISK, SECURITY, STAFF
from actors.risk_desk import RiskDesk
from actors.security_desk import SecurityDesk
from actors.staff_desk import StaffDesk

ALONE: dict[str, Callable[[str], Desk]] = {
    CATALOGUE: CatalogueDesk,
    CALENDARS: CalendarDesk,
    RISK: RiskDesk,
    STAFF: StaffDesk,
    SECURITY: SecurityDesk,
    INCIDENTS: IncidentDesk,
}
