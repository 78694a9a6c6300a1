"""Policy: the operating figures by which desks decide, beside each account's frozen ruleset.

They come from the settings file and enter the ledger as an input, so that a replay decides by what was in force.
"""

import msgspec

from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Times in microseconds of firm time, shares in basis points.

    Breaker: automatic failures stop after more than `breaker_accounts_max` accounts, or more than `breaker_share_max_bp` of
    all judged ones (and at least `breaker_share_accounts_min`), failed within `breaker_window_us`.
    Drift: our equity and the platform's may differ by `drift_tolerance_bp` of the initial balance.
    `reconcile_within_us`: a hard failure needs a platform figure at most this old.
    `stale_after_us`: a symbol silent for longer while its session is open is stale. `conversion_age_max_us`: an exchange rate that is
    older, while its session is open, decides no hard failure and no pass.
    `incident_after_us`: prices that are missing for longer while their market is open are an incident, and so long they must have come
    again before it is over.
    `far_past_us`, `far_future_us`: a tick stamped further from firm time than this is refused. Of another input's stamp no more
    than `far_future_us` ahead is believed.
    `order_lapse_us`: so long an order waits for its money. `documents_retained_us`: so long proof of identity and of address is kept.
    `mark_every_us`: equity marks for charts. `command_deadline_us`: after it a command without a result is asked about,
    at most `probes_max` times; `close_retry_us`: positions that would not close (market closed) are tried again.
    """

    breaker_window_us: int = MINUTE_US
    breaker_accounts_max: int = 25
    breaker_share_max_bp: int = 2_000
    breaker_share_accounts_min: int = 10
    drift_tolerance_bp: int = 1
    reconcile_within_us: int = 2 * MINUTE_US
    stale_after_us: int = 5 * MINUTE_US
    far_past_us: int = 24 * HOUR_US
    far_future_us: int = 10 * SECOND_US
    mark_every_us: int = MINUTE_US
    command_deadline_us: int = 10 * SECOND_US
    probes_max: int = 5
    close_retry_us: int = MINUTE_US
    checkpoint_rows: int = 1_000
    checkpoint_every_us: int = MINUTE_US
    snapshot_rows: int = 50_000
    conversion_age_max_us: int = 5 * MINUTE_US
    incident_after_us: int = 5 * MINUTE_US
    order_lapse_us: int = 30 * DAY_US
    documents_retained_us: int = 0

    def believed_us(self, stamped_us: int, received_us: int) -> int:
        """When an input happened: of a stamp further ahead of firm time than a tick may have, no more than that is believed."""
        return min(stamped_us, received_us + self.far_future_us)
