"""The read models of this firm, in the order in which they are written."""

from storage.readmodels import ReadModel
from storage.readmodels.accounts import Accounts
from storage.readmodels.acts import Acts
from storage.readmodels.api_keys import ApiKeys
from storage.readmodels.appeals import Appeals
from storage.readmodels.bridges import Bridges
from storage.readmodels.calendars import Calendars
from storage.readmodels.commands import Commands
from storage.readmodels.controls import Controls
from storage.readmodels.days import Days
from storage.readmodels.decisions import Decisions
from storage.readmodels.desk_rows import DeskRows
from storage.readmodels.documents import Documents
from storage.readmodels.drifts import Drifts
from storage.readmodels.erasures import Erasures
from storage.readmodels.held_phases import HeldPhases
from storage.readmodels.incidents import Incidents
from storage.readmodels.mails import Mails
from storage.readmodels.marks import Marks
from storage.readmodels.notices import Notices
from storage.readmodels.overrides import AccountOverrides
from storage.readmodels.people import People
from storage.readmodels.person_rows import PersonRows
from storage.readmodels.programs import Programs
from storage.readmodels.seals import Seals
from storage.readmodels.security import Security
from storage.readmodels.staff import StaffList
from storage.readmodels.trades import Trades
from storage.readmodels.views import Views

READ_MODELS: tuple[ReadModel, ...] = (
    People(), Accounts(), Decisions(), Commands(), Trades(), Marks(), Days(), Controls(), Bridges(), Seals(),
    Drifts(), DeskRows(), AccountOverrides(), Calendars(), Programs(), HeldPhases(), Incidents(), Notices(),
    Erasures(), StaffList(), Security(), ApiKeys(), Mails(), Acts(), Views(),
    Appeals(), Documents(), PersonRows(),
)  # fmt: skip
