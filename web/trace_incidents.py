"""Trace words of incidents: prices that were missing, and what that meant for an account."""

from firm import commands as c
from firm import facts as f
from firm import incident_words as told
from firm.kinds import Body
from web import reasons, words


def incident_said(body: Body) -> str:
    """The sentence about a row; "" where it is of something else."""
    return _of_incident(body) or _of_people(body)


def _of_incident(body: Body) -> str:
    match body:
        case f.IncidentOpened():
            missing = told.symbols_in_words(body.symbols, body.whole)
            return f"Prices of {missing} are missing since {words.precise(body.from_us)}: {told.CAUSES[body.cause]}."
        case f.IncidentExtended():
            missing = told.symbols_in_words(body.symbols, body.whole)
            return f"Incident {body.incident} goes on: prices of {missing} are missing since {words.precise(body.from_us)}."
        case f.PricesReturned():
            return f"Prices came again at {words.precise(body.back_us)}. Incident {body.incident} is over once they have for long enough."
        case f.IncidentEnded():
            rest = "every missing price came afterwards" if body.filled else "not every missing price came afterwards"
            return f"Incident {body.incident} is over; {rest}."
        case f.PassesFrozen():
            return (
                f"It {told.NEEDED[body.needed]} by {told.symbols_in_words(body.symbols, whole=False)}, of which prices are "
                f"missing: no pass before incident {body.incident} is over."
            )
        case f.OutageAssessed():
            proposal = told.proposal_in_words(body.proposal, body.days)
            return (
                f"Incident {body.incident} is over. What happened to it: {told.befell_in_words(body.befell)}. A limit broken "
                f"without the outage: {told.ANSWERS[body.answer]}. Proposed: {proposal}."
            )
        case _:
            return ""


def _of_people(body: Body) -> str:
    match body:
        case c.NoteIncident():
            return f"{_by(body.by)} wrote a note about incident {body.incident}: {reasons.quoted(body.note)}"
        case c.PublishIncident() if body.shown:
            return f"{_by(body.by)} had the public read of incident {body.incident}: {reasons.quoted(body.sentence)}"
        case c.PublishIncident():
            return f"{_by(body.by)} took incident {body.incident} off the public page."
        case c.CloseIncident():
            return f"{_by(body.by)} closed incident {body.incident}: {reasons.quoted(body.conclusion)}"
        case f.IncidentNoted():
            return f"Noted about incident {body.incident}: {reasons.quoted(body.note)}"
        case f.IncidentPublished():
            what = "The public reads" if body.shown else "The public reads no more"
            return f"{what} of incident {body.incident}: {reasons.quoted(body.sentence)}"
        case f.IncidentClosed():
            return f"Incident {body.incident} is closed: {reasons.quoted(body.conclusion)}"
        case _:
            return ""


def _by(reference: str) -> str:
    return words.upper_first(words.who(reference))
