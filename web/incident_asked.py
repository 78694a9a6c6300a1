"""Incident asked: what the forms of an incident's page say, in our words or with what is wrong with them."""

from collections.abc import Mapping
from typing import Any

from firm.bounds import INCIDENT_WORDS_MAX
from firm.commands import CloseIncident, GrantOverride, NoteIncident, PublishIncident
from firm.incidents import Befell, Proposal, evidence_of
from firm.overrides import ExtendPhase, Override, Reinstate
from storage.readmodels.incidents import Impact
from web.forms import Wrong, text_in

Said = NoteIncident | PublishIncident | CloseIncident
_FIELDS = {"note": "note", "publication": "sentence", "withdrawal": "sentence", "conclusion": "conclusion"}


def read_said(fields: Mapping[str, Any], kind: str, incident: int, by: str) -> Said | Wrong:
    """What somebody says of an incident, by the kind of its form."""
    name = _FIELDS[kind]
    text = text_in(fields, name)
    if not text or len(text) > INCIDENT_WORDS_MAX:
        return Wrong({name: f"Say it in 1 to {INCIDENT_WORDS_MAX} characters; this has {len(text)}."}, {name: text})
    match kind:
        case "note":
            return NoteIncident(by=by, incident=incident, note=text)
        case "conclusion":
            return CloseIncident(by=by, incident=incident, conclusion=text)
        case _:
            return PublishIncident(by=by, incident=incident, sentence=text, shown=kind == "publication")


def granting(impact: Impact, by: str, why: str) -> GrantOverride | None:
    """The exception that a proposal stands for; None where none is left to grant. Of what is uncertain a person may reinstate."""
    wanted = _wanted(impact)
    if wanted is None or impact.granted is not None:
        return None
    evidence = evidence_of(impact.incident)
    return GrantOverride(by=by, account=impact.account, override=wanted, why=why, evidence=evidence)


def _wanted(impact: Impact) -> Override | None:
    match impact.proposal:
        case Proposal.EXTEND:
            return ExtendPhase(days=impact.days)
        case Proposal.REINSTATE | Proposal.LOOK if Befell.BREACHED in impact.befell and impact.decision:
            return Reinstate(decision=impact.decision)
        case _:
            return None
