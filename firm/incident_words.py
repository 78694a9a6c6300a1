"""Incident words: what prices were missing, what that meant for an account, and what is proposed, as people read it."""

from firm.incidents import Answer, Befell, IncidentCause, Needed, Proposal

CAUSES: dict[IncidentCause, str] = {
    IncidentCause.SILENT: "the bridge told nothing",
    IncidentCause.PLATFORM_DOWN: "the bridge had lost its platform",
    IncidentCause.GAP: "the bridge said that it had no prices",
}

NEEDED: dict[Needed, str] = {
    Needed.HELD: "held a position",
    Needed.CONVERTED: "converted its profit",
    Needed.ORDERED: "had an order waiting",
}

BEFELL: dict[Befell, str] = {
    Befell.BREACHED: "closed by a breach",
    Befell.SUSPECTED: "a breach was suspected",
    Befell.CLEARED: "what was suspected was none",
    Befell.STRUCK: "broke a rule that did not end it",
    Befell.PASS_HELD: "its pass was held",
    Befell.CLOSED: "positions were closed",
}

ANSWERS: dict[Answer, str] = {
    Answer.YES: "yes",
    Answer.NO: "no",
    Answer.UNKNOWN: "unknown",
}

# For the trader: whether a limit would have been broken had no price been missing.
ANSWERS_TOLD: dict[Answer, str] = {
    Answer.YES: "By the prices that came afterwards a limit would have been broken without the outage as well.",
    Answer.NO: "By the prices that came afterwards no limit would have been broken without the outage.",
    Answer.UNKNOWN: "Whether a limit would have been broken without the outage nobody can tell: not every price of that time is known, "
    "or the account changed meanwhile.",
}


def answer_in_words(answer: Answer, befell: tuple[Befell, ...], filled: bool | None) -> str:
    """For staff, with why nobody can tell. `filled`: whether every missing price came afterwards."""
    if answer is not Answer.UNKNOWN:
        return ANSWERS[answer]
    if not filled:
        return "unknown: not every missing price came"
    if Befell.BREACHED in befell or Befell.SUSPECTED in befell:
        return "unknown: what it broke is no loss limit, was settled since, or cannot be priced again"
    return (
        "unknown: its day or its book changed meanwhile, a floor follows every high, "
        "or what it held is hedged, converted or of symbols that the incident does not name"
    )


def proposal_in_words(proposal: Proposal, days: int) -> str:
    """What staff are asked to grant."""
    match proposal:
        case Proposal.NOTHING:
            return "nothing"
        case Proposal.EXTEND:
            return f"extend the phase by {days} day{'' if days == 1 else 's'}"
        case Proposal.REINSTATE:
            return "reinstate the account"
        case Proposal.LOOK:
            return "look at it: it is not certain"


def proposal_told(proposal: Proposal, days: int) -> str:
    """What the trader reads of it before anybody has granted it."""
    match proposal:
        case Proposal.NOTHING:
            return "Nothing about your account has to be put right."
        case Proposal.EXTEND:
            return f"Staff are asked to extend the phase by {days} day{'' if days == 1 else 's'}."
        case Proposal.REINSTATE:
            return "Staff are asked to reinstate the account."
        case Proposal.LOOK:
            return "Staff are asked to look at the account."


def befell_in_words(befell: tuple[Befell, ...]) -> str:
    """In the order in which it happened."""
    return ", ".join(BEFELL[one] for one in befell) or "nothing"


def symbols_in_words(symbols: tuple[str, ...], whole: bool, named_max: int = 8) -> str:
    """EURUSD, XAUUSD and 14 more; "and others" where not even their number is known."""
    more = len(symbols) - named_max
    named = ", ".join(symbols[:named_max])
    if whole:
        return f"{named} and others"
    return f"{named} and {more} more" if more > 0 else named
