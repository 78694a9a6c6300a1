"""Permissions: what members of staff may do, one by one, and the roles of which every firm has the same."""

from enum import StrEnum

import msgspec

from firm.regions import listed

STAFF = "staff:"
CONSOLE = "console"  # whoever has the machine has the firm


class Permission(StrEnum):
    """One thing that a member of staff may see or do. The values are written into the ledger and never change."""

    ENTER = "enter"
    SEE_ACCOUNTS = "see_accounts"
    SEE_NAMES = "see_names"
    EXPORT_TRADES = "export_trades"
    PUBLISH_SCORES = "publish_scores"
    ADVANCE_PHASES = "advance_phases"
    BOOK_PAYMENTS = "book_payments"
    REGISTER_TRADERS = "register_traders"
    ERASE_TRADERS = "erase_traders"
    SEE_DOCUMENTS = "see_documents"
    OPEN_DOCUMENTS = "open_documents"
    HAND_IN_DOCUMENTS = "hand_in_documents"
    DELETE_DOCUMENTS = "delete_documents"
    SEE_DECISIONS = "see_decisions"
    SEE_EVIDENCE = "see_evidence"
    REVIEW_DECISIONS = "review_decisions"
    GRANT_OVERRIDES = "grant_overrides"
    AGREE_TO_OVERRIDES = "agree_to_overrides"
    SEE_PROGRAMS = "see_programs"
    DRAFT_PROGRAMS = "draft_programs"
    PUBLISH_PROGRAMS = "publish_programs"
    SET_PRICES = "set_prices"
    RETIRE_PROGRAMS = "retire_programs"
    USE_LAB = "use_lab"
    SEE_CALENDARS = "see_calendars"
    ADOPT_CALENDARS = "adopt_calendars"
    SEE_EXPOSURE = "see_exposure"
    SEE_DRIFT = "see_drift"
    SEE_FEED = "see_feed"
    SEE_CONTROLS = "see_controls"
    ENGAGE_SWITCHES = "engage_switches"
    RELEASE_SWITCHES = "release_switches"
    RESET_BREAKER = "reset_breaker"
    SEE_COMMANDS = "see_commands"
    SETTLE_COMMANDS = "settle_commands"
    ORDER_ENFORCEMENT = "order_enforcement"
    SEE_INCIDENTS = "see_incidents"
    WRITE_INCIDENTS = "write_incidents"
    PUBLISH_INCIDENTS = "publish_incidents"
    SEE_HEALTH = "see_health"
    RESUME_DESKS = "resume_desks"
    MANAGE_BRIDGES = "manage_bridges"
    SEE_TRACE = "see_trace"
    EXPORT_TRACE = "export_trace"
    SEE_STAFF = "see_staff"
    SEE_AUDIT = "see_audit"
    SEE_ACTS = "see_acts"
    EXPORT_ACTS = "export_acts"
    VIEW_AS = "view_as"
    MANAGE_STAFF = "manage_staff"
    MANAGE_ROLES = "manage_roles"
    MANAGE_API_KEYS = "manage_api_keys"


P = Permission

MEANS: dict[Permission, str] = {
    P.ENTER: "enter the backoffice",
    P.SEE_ACCOUNTS: "see accounts, their trades and their rules",
    P.SEE_NAMES: "see names and mail addresses",
    P.EXPORT_TRADES: "take trades away as a file",
    P.PUBLISH_SCORES: "publish scores",
    P.ADVANCE_PHASES: "open a phase that is held",
    P.BOOK_PAYMENTS: "book the payment of an order",
    P.REGISTER_TRADERS: "register traders",
    P.ERASE_TRADERS: "have a trader forgotten",
    P.SEE_DOCUMENTS: "see which documents traders handed in, and who opened them",
    P.OPEN_DOCUMENTS: "open what traders handed in",
    P.HAND_IN_DOCUMENTS: "hand in a document in a trader’s name",
    P.DELETE_DOCUMENTS: "delete a document of a trader",
    P.SEE_DECISIONS: "see decisions",
    P.SEE_EVIDENCE: "take evidence away",
    P.REVIEW_DECISIONS: "review decisions",
    P.GRANT_OVERRIDES: "grant exceptions, or ask for them where two people must",
    P.AGREE_TO_OVERRIDES: "agree to an exception that somebody else asked for",
    P.SEE_PROGRAMS: "see programs",
    P.DRAFT_PROGRAMS: "draft programs",
    P.PUBLISH_PROGRAMS: "publish programs",
    P.SET_PRICES: "decide what is sold, at which price and size",
    P.RETIRE_PROGRAMS: "retire programs",
    P.USE_LAB: "try drafts in the lab",
    P.SEE_CALENDARS: "see calendars",
    P.ADOPT_CALENDARS: "adopt calendars",
    P.SEE_EXPOSURE: "see the exposure",
    P.SEE_DRIFT: "see drift",
    P.SEE_FEED: "see the feed",
    P.SEE_CONTROLS: "see the controls",
    P.ENGAGE_SWITCHES: "engage a kill switch",
    P.RELEASE_SWITCHES: "release a kill switch, as one of two",
    P.RESET_BREAKER: "reset the breaker",
    P.SEE_COMMANDS: "see platform commands, and what is owed",
    P.SETTLE_COMMANDS: "settle commands of unknown outcome",
    P.ORDER_ENFORCEMENT: "order anew what enforcement withheld",
    P.SEE_INCIDENTS: "see incidents",
    P.WRITE_INCIDENTS: "write about incidents, and close them",
    P.PUBLISH_INCIDENTS: "publish words about incidents",
    P.SEE_HEALTH: "see the system’s health",
    P.RESUME_DESKS: "resume a stopped desk",
    P.MANAGE_BRIDGES: "enrol, revoke and switch bridges",
    P.SEE_TRACE: "see the trace and every row",
    P.EXPORT_TRACE: "take the trace away as a file",
    P.SEE_STAFF: "see the team and its roles",
    P.SEE_AUDIT: "see who changed roles, and why",
    P.SEE_ACTS: "see what staff did, from where and why",
    P.EXPORT_ACTS: "take the record of what staff did away as a file",
    P.VIEW_AS: "view the portal as a trader sees it",
    P.MANAGE_STAFF: "give roles, set scopes and let people go",
    P.MANAGE_ROLES: "define and retire roles",
    P.MANAGE_API_KEYS: "issue, rotate and revoke API keys",
}  # fmt: skip
"""Each permission as the end of "you may …"."""

FIRM_WIDE = frozenset(
    {
        P.REGISTER_TRADERS, P.ERASE_TRADERS, P.SEE_DOCUMENTS, P.OPEN_DOCUMENTS, P.HAND_IN_DOCUMENTS, P.DELETE_DOCUMENTS,
        P.USE_LAB, P.ADOPT_CALENDARS, P.ENGAGE_SWITCHES, P.RELEASE_SWITCHES, P.RESET_BREAKER,
        P.WRITE_INCIDENTS, P.PUBLISH_INCIDENTS, P.SEE_HEALTH, P.RESUME_DESKS, P.MANAGE_BRIDGES, P.SEE_STAFF, P.SEE_AUDIT,
        P.MANAGE_STAFF, P.MANAGE_ROLES, P.MANAGE_API_KEYS,
    }
)  # fmt: skip
"""What reaches the whole firm at once: nobody whose scope is limited holds it, whatever their role says."""

REGION_WIDE = frozenset({P.PUBLISH_PROGRAMS, P.SET_PRICES, P.RETIRE_PROGRAMS})
"""What reaches every region of a program at once: nobody who is limited to regions holds it either."""

ALL = frozenset(Permission)
_NAMED = {one.value: one for one in Permission}
READING = frozenset(one for one in ALL if one.startswith(("see_", "export_"))) | {P.ENTER}
OWNER, READ_ONLY = "owner", "read_only"


class BuiltIn(msgspec.Struct, frozen=True):
    """A role that every firm has. `why`: whom it is for, and why it holds no more."""

    permissions: frozenset[Permission]
    why: str


BUILT_IN: dict[str, BuiltIn] = {
    OWNER: BuiltIn(ALL, "Holds everything: prices, and what roles may do, are an owner’s alone."),
    "admin": BuiltIn(
        ALL - {P.SET_PRICES, P.MANAGE_ROLES},
        "Runs the firm and appoints people. Nobody gives what they do not hold, so it holds what all roles below it do.",
    ),
    "risk": BuiltIn(
        ALL
        - {
            P.BOOK_PAYMENTS, P.REGISTER_TRADERS, P.ERASE_TRADERS, P.OPEN_DOCUMENTS, P.HAND_IN_DOCUMENTS, P.DELETE_DOCUMENTS,
            P.SET_PRICES, P.MANAGE_BRIDGES,
            P.SEE_STAFF, P.SEE_AUDIT, P.SEE_ACTS, P.EXPORT_ACTS, P.VIEW_AS, P.MANAGE_STAFF, P.MANAGE_ROLES, P.MANAGE_API_KEYS,
        },
        "Judges accounts, publishes rules and stops what goes wrong. Money, bridges and people are others’.",
    ),
    "compliance": BuiltIn(
        READING
        | {
            P.OPEN_DOCUMENTS, P.HAND_IN_DOCUMENTS, P.DELETE_DOCUMENTS, P.AGREE_TO_OVERRIDES, P.ENGAGE_SWITCHES,
            P.WRITE_INCIDENTS, P.PUBLISH_INCIDENTS,
        },
        "Sees everything, stops at once, is the second person, and words what the public reads. It decides nothing alone.",
    ),
    "finance": BuiltIn(
        frozenset(
            {
                P.ENTER, P.SEE_ACCOUNTS, P.SEE_NAMES, P.EXPORT_TRADES, P.BOOK_PAYMENTS, P.SEE_DECISIONS, P.SEE_PROGRAMS,
                P.SEE_EXPOSURE, P.SEE_INCIDENTS,
            }
        ),
        "Books money and reconciles it, so it sees accounts and people. It judges nobody and enforces nothing.",
    ),
    "support": BuiltIn(
        frozenset(
            {
                P.ENTER, P.SEE_ACCOUNTS, P.SEE_NAMES, P.SEE_DECISIONS, P.SEE_EVIDENCE, P.SEE_PROGRAMS, P.SEE_CALENDARS,
                P.SEE_INCIDENTS, P.VIEW_AS,
            }
        ),
        "Answers traders: sees who they are, what they see, what happened and why. It writes nothing.",
    ),
    READ_ONLY: BuiltIn(
        READING
        - {P.SEE_NAMES, P.EXPORT_TRADES, P.SEE_TRACE, P.EXPORT_TRACE, P.SEE_STAFF, P.SEE_AUDIT, P.SEE_ACTS, P.EXPORT_ACTS},
        "Looks on: everybody by pseudonym, no files of trades, no rows. Roles that nobody knows any more come to this.",
    ),
    "auditor": BuiltIn(READING, "Sees everything, the acts of staff too, takes it away, and writes nothing."),
}  # fmt: skip


WHOLE_FIRM = "the whole firm"


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of the firm somebody works on: accounts of these programs, of traders in these regions; both by name, None is all of them.

    A further limit is a further field whose None is all: rows that were written without it keep their meaning.
    """

    programs: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None

    @property
    def is_limited(self) -> bool:
        return self.programs is not None or self.regions is not None

    @property
    def withheld(self) -> frozenset[Permission]:
        """What nobody who works on this holds, whatever their role says."""
        if self.regions is not None:
            return FIRM_WIDE | REGION_WIDE
        return FIRM_WIDE if self.programs is not None else frozenset()

    def holds(self, program: str) -> bool:
        return self.programs is None or program in self.programs

    def reaches(self, region: str) -> bool:
        """Whether a trader in this region is there. One who is in none is there for those alone whom no region limits."""
        return self.regions is None or region in self.regions


EVERYTHING = Scope()


def scope_words(scope: Scope) -> str:
    """A scope as the end of "they work on …"."""
    limits = [] if scope.programs is None else [", ".join(scope.programs)]
    limits += [] if scope.regions is None else [listed(scope.regions)]
    return " in ".join(limits) or WHOLE_FIRM


def known(permissions: tuple[str, ...]) -> frozenset[Permission]:
    """Those of them that this release knows: what another one wrote beside gives nothing."""
    return frozenset(_NAMED[one] for one in permissions if one in _NAMED)


def role_word(role: str) -> str:
    """A role in words: "read-only"."""
    return role.replace("_", "-")
