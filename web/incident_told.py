"""Incident told: missing prices as the trader of an account that they concerned reads of them, in the reader's language."""

from firm.incidents import Befell, Proposal
from web.shell.speech import Speech


def befell_told(befell: tuple[Befell, ...], speech: Speech) -> str:
    """What happened meanwhile, in its order."""
    told = [speech(f"incident.{one.value}") for one in befell]
    return speech.of_rules("list.comma").join(told) or speech("incident.nothing")


def proposal_told(proposal: Proposal, days: int, speech: Speech) -> str:
    """What is proposed, before anybody has granted it."""
    match proposal:
        case Proposal.NOTHING:
            return speech("incident.nothing_to_do")
        case Proposal.EXTEND:
            return speech("incident.extend", days=days)
        case Proposal.REINSTATE:
            return speech("incident.reinstate")
        case Proposal.LOOK:
            return speech("incident.look")
