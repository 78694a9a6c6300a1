"""Urgent: rows of which whoever watches must not be told late."""

from firm import facts as f
from firm.kinds import Body

URGENT: frozenset[type[Body]] = frozenset(
    {
        f.AccountLinked,
        f.AccountOpened,
        f.AccountPaused,
        f.AccountRestricted,
        f.BreachDeclared,
        f.BreachSuspected,
        f.BreachWaived,
        f.CashBooked,
        f.ChallengeHeld,
        f.CommandAdvanced,
        f.CommandQueued,
        f.CommandWithheld,
        f.DayOpened,
        f.DealBooked,
        f.DealCorrected,
        f.DividendBooked,
        f.FlatConfirmed,
        f.LimitNeared,
        f.OverrideAsked,
        f.OverrideGranted,
        f.PassHeld,
        f.PhasePassed,
        f.PayoutBooked,
        f.PositionRestated,
        f.RuleBroken,
        f.RuleKeptAgain,
        f.RuleSuspected,
        f.StandingChanged,
        f.VerdictCorrected,
    }
)
"""Of an account: where it stands, what was judged, traded, paid and ordered, and its new day.

Marks, peaks and what a platform reports of itself come for every account each minute: were they urgent, nothing would be.
"""

OF_INCIDENTS: frozenset[type[Body]] = frozenset(
    {
        f.IncidentClosed,
        f.IncidentEnded,
        f.IncidentExtended,
        f.IncidentOpened,
        f.IncidentPublished,
        f.PricesReturned,
    }
)
"""What changes the words about an incident that anybody may read."""
