"""Commands about incidents: what is written, published and ended."""

from firm.commands.command import Command


class NoteIncident(Command, frozen=True, kw_only=True):
    """Write something down about an incident, for staff."""

    incident: int
    note: str


class PublishIncident(Command, frozen=True, kw_only=True):
    """Have the public status page say this of an incident, in place of what it said. Without `shown` it is taken off the page."""

    incident: int
    sentence: str
    shown: bool


class CloseIncident(Command, frozen=True, kw_only=True):
    """Everything about an incident was looked at; this is the conclusion."""

    incident: int
    conclusion: str
