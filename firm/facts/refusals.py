"""Refusals: a command that was answered with no, and why."""

from enum import StrEnum

from firm.facts.fact import Fact


class Refusal(StrEnum):
    """Why the firm said no to a command: an answer, not an error."""

    UNKNOWN_TRADER = "unknown_trader"
    UNKNOWN_PROGRAM = "unknown_program"
    PROGRAM_RETIRED = "program_retired"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_BRIDGE = "unknown_bridge"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_DECISION = "unknown_decision"
    UNKNOWN_COMMAND = "unknown_command"
    UNKNOWN_DESK = "unknown_desk"
    ID_TAKEN = "id_taken"
    ORDER_NOT_OPEN = "order_not_open"
    TOO_MANY_ACCOUNTS = "too_many_accounts"
    ALLOCATION_EXCEEDED = "allocation_exceeded"
    NOTHING_TO_DECIDE = "nothing_to_decide"
    SWITCH_NOT_ENGAGED = "switch_not_engaged"
    SAME_PERSON_TWICE = "same_person_twice"
    NAME_MISSING = "name_missing"
    DESK_NOT_STOPPED = "desk_not_stopped"
    DESK_NOT_RESUMED = "desk_not_resumed"
    NO_LONGER_WON = "no_longer_won"
    BREACH_IN_QUESTION = "breach_in_question"
    NOT_BROKEN = "not_broken"
    BRIDGE_REVOKED = "bridge_revoked"
    NOTHING_OWED = "nothing_owed"
    ENFORCEMENT_STOPPED = "enforcement_stopped"
    BRIDGE_OBSERVES = "bridge_observes"
    REASON_MISSING = "reason_missing"
    NOT_BREACHED = "not_breached"
    CHALLENGE_MOVED_ON = "challenge_moved_on"
    TOO_LONG_AGO = "too_long_ago"
    ACCOUNT_NOT_RUNNING = "account_not_running"
    UNKNOWN_RULE = "unknown_rule"
    NOTHING_TO_OVERRIDE = "nothing_to_override"
    OUT_OF_BOUNDS = "out_of_bounds"
    BAD_CALENDAR = "bad_calendar"
    CALENDAR_KNOWN = "calendar_known"
    UNKNOWN_BOARD = "unknown_board"
    SCORE_KNOWN = "score_known"
    UNKNOWN_INCIDENT = "unknown_incident"
    INCIDENT_GOES_ON = "incident_goes_on"
    INCIDENT_CLOSED = "incident_closed"
    WORDS_MISSING = "words_missing"
    PROGRAM_FAULTY = "program_faulty"
    PROGRAM_UNCHANGED = "program_unchanged"
    ANOTHER_VERSION = "another_version"
    ROLE_TOO_LOW = "role_too_low"
    WHY_MISSING = "why_missing"
    BREAKS_AT_ONCE = "breaks_at_once"
    ACCOUNTS_RUN = "accounts_run"
    NOTHING_TO_ERASE = "nothing_to_erase"
    TRADER_FORGOTTEN = "trader_forgotten"


class Refused(Fact, frozen=True, kw_only=True):
    """A command was understood and answered with no."""

    refusal: Refusal
    detail: str
