"""Phases: where an account stands, and the only ways from one standing to another."""

from enum import StrEnum


class Standing(StrEnum):
    """What the firm says of an account now."""

    PROVISIONING = "provisioning"  # sold; the platform has not opened it yet
    ACTIVE = "active"  # being evaluated (phase 1, phase 2, ...)
    FUNDED = "funded"  # the last phase, with profit shared
    PAUSED = "paused"  # a soft limit stopped it until the next rollover
    RESTRICTED = "restricted"  # a soft limit lets nothing be opened until the next rollover
    SUSPECTED = "suspected"  # a breach was seen that may yet prove wrong: close-only
    UNDER_REVIEW = "under_review"  # a person must decide
    BREACHED = "breached"
    PASSED = "passed"  # this phase is over; the next one has an account of its own
    CLOSED = "closed"


STANDINGS: dict[Standing, frozenset[Standing]] = {
    Standing.PROVISIONING: frozenset({Standing.ACTIVE, Standing.FUNDED, Standing.CLOSED}),
    Standing.ACTIVE: frozenset(
        {
            Standing.PAUSED,
            Standing.RESTRICTED,
            Standing.SUSPECTED,
            Standing.UNDER_REVIEW,
            Standing.BREACHED,
            Standing.PASSED,
            Standing.CLOSED,
        }
    ),
    Standing.FUNDED: frozenset(
        {
            Standing.PAUSED,
            Standing.RESTRICTED,
            Standing.SUSPECTED,
            Standing.UNDER_REVIEW,
            Standing.BREACHED,
            Standing.CLOSED,
        }
    ),
    Standing.PAUSED: frozenset(
        {
            Standing.ACTIVE,
            Standing.FUNDED,
            Standing.SUSPECTED,
            Standing.UNDER_REVIEW,
            Standing.BREACHED,
            Standing.CLOSED,
        }
    ),
    Standing.RESTRICTED: frozenset(
        {
            Standing.ACTIVE,
            Standing.FUNDED,
            Standing.PAUSED,
            Standing.SUSPECTED,
            Standing.UNDER_REVIEW,
            Standing.BREACHED,
            Standing.PASSED,
            Standing.CLOSED,
        }
    ),
    Standing.SUSPECTED: frozenset(
        {
            Standing.ACTIVE,
            Standing.FUNDED,
            Standing.PAUSED,
            Standing.RESTRICTED,
            Standing.UNDER_REVIEW,
            Standing.BREACHED,
            Standing.CLOSED,
        }
    ),
    Standing.UNDER_REVIEW: frozenset(
        {
            Standing.ACTIVE,
            Standing.FUNDED,
            Standing.PAUSED,
            Standing.RESTRICTED,
            Standing.SUSPECTED,
            Standing.BREACHED,
            Standing.PASSED,
            Standing.CLOSED,
        }
    ),
    Standing.BREACHED: frozenset(
        {Standing.CLOSED, Standing.UNDER_REVIEW, Standing.ACTIVE, Standing.FUNDED}
    ),  # reinstated
    Standing.PASSED: frozenset({Standing.CLOSED, Standing.UNDER_REVIEW}),
    Standing.CLOSED: frozenset(),
}

# Standings in which prices are still judged: an open question about one rule suspends no other.
JUDGED = frozenset(
    {Standing.ACTIVE, Standing.FUNDED, Standing.PAUSED, Standing.RESTRICTED, Standing.SUSPECTED, Standing.UNDER_REVIEW}
)
# Standings in which nothing but the rules holds the trader back.
FREE = frozenset({Standing.ACTIVE, Standing.FUNDED})
# Standings that are over for good unless a person reopens them.
ENDED = frozenset({Standing.BREACHED, Standing.PASSED, Standing.CLOSED})


def may_become(now: Standing, then: Standing) -> bool:
    return then in STANDINGS[now]
