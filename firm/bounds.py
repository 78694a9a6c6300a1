"""Bounds of the words: how much of anything one input, program or desk may hold."""

PHASES_MAX = 8  # of one program; as many account ids are drawn when an order is placed
MESSAGES_PER_INPUT_MAX = 100_000  # desk-to-desk messages one input may cause before it counts as a runaway
PARKED_PER_DESK_MAX = 100_000  # messages kept for a stopped desk; one that missed more is not resumed
BATCH_INPUTS_MAX = 1_000  # inputs decided and committed together
BATCH_TICKS_MAX = 20_000  # ticks decided and committed together: bounds how long a batch may hold the loop
POSITION_PARTS_MAX = 64  # of one position, each opened at its own instant; of more the two oldest count as one
POSITIONS_MAX = 500  # open at once on one account
DEAL_DAYS_KEPT = (
    8  # trading days whose deals an account knows again: bridges keep and may send again those of seven days
)
DEALS_KNOWN_MAX = 64  # of one account, the newest: those that a platform may still change or delete to the cent
DEALS_CORRECTED_DAYS = (
    7  # and so long after their trading day, once their position is closed: as long as bridges keep them
)
AMOUNT_MINOR_MAX = 10**15  # of one balance, deposit or deal; sums of very many still fit the 64 bits that are stored
EXPONENT_MAX = 8  # decimals of a currency in which accounts are sold
LEVERAGE_MAX = 2_000  # of an account
ACCOUNTS_OF_PROGRAM_MAX = 1_000  # of one program, that one trader may hold
EQUITY_MINOR_MAX = 2**62  # beyond it no figure of an account can be stored, and its desk stops
EARLIER_BOOKS_MAX = 16  # of one account: its book before recent changes, for prices that come late
CLOSED_STRETCH_MAX_US = (
    14 * 86_400 * 1_000_000
)  # the longest holidays have nine days: what is longer would hide an outage
LOOK_BACK_US = 60 * 1_000_000  # how far back of the newest price of its symbol one is kept, for what comes late
LOOK_BACK_PRICES_MAX = 256  # of one symbol
LOOKS_MAX = 512  # instants at which one account is looked at again for one thing that came late
TOGETHER_ASKED_MAX = (
    16  # of one trader, the newest breached accounts whose breach across accounts may yet be questioned
)
VALUED_MAX = 20_000  # positions valued meanwhile: some 20 ms; what lies after is passed over
LATE_PRICES_TOLD_MAX = 16  # of those that leave the answer about a breach as it was, rows that one breach may bring
PEAKS_DOUBTED_MAX = 16  # highs of one account and day; then none of that day is believed
LATE_ANSWERS_MAX = 256  # of those that turn it; then a question stays with a person
BACKFILLS_ASKED_MAX = 1_000  # stretches of prices that one bridge was asked for and has not answered
DAYS_TRACKED_MAX = 400  # finished trading days that rules can look at, of one account
TRADES_TRACKED_MAX = 1_000  # closed trades likewise; what counts all of more is a person's to judge
OPENINGS_TRACKED_MAX = 1_000  # of one account, the newest: more than a rule may allow in its time
CALENDARS_MAX = 16  # of economic news that a firm goes by, each with a name
SCORE_MAX = 10**12  # the highest that is published, and that a rule may ask for
SCORES_FILE_MAX = 10_000  # published from one file
ORDERS_TRACKED_MAX = 500  # waiting orders of one account
OVERRIDE_WORDS_MAX = 500  # characters of the reason for an exception, and of what names its evidence
OVERRIDES_ASKED_MAX = 16  # of one account that wait for a second person; the oldest is forgotten
OVERRIDE_ASKED_DAYS = 7  # for so long it waits for one
WAIVERS_ENDED_MAX = 32  # of one account that are over, and by which late deals are judged; the oldest is forgotten
WAIVED_DAYS_MAX = 366  # for how long a rule may be waived at once
MARK_TIMES_MAX = 2  # how far from all marks of an account a person may set one: half of the least, twice the most
EXTENDED_DAYS_MAX = 366  # by which a phase may be extended, all together
REINSTATED_DAYS_MAX = 92  # trading days after which a breached account is not taken up any more: each brings its rows
ORDERS_FILLED_KEPT = 16  # of one account, the newest: a platform tells the deals of a filled order right after it
INCIDENT_SYMBOLS_MAX = 200  # that one incident names; with more it counts for everything on its bridge
INCIDENTS_KEPT = 1_000  # the newest, of which people may still say something
APPEALS_OPEN_MAX = 20  # decisions of one trader that wait for a person's look
APPEALS_MAX = 1_000  # of one trader, ever
APPEAL_WORDS_MAX = 1_000  # characters of what a trader says of a decision
ANSWER_WORDS_MAX = 500  # characters of what a person answers
ERASURE_WORDS_MAX = 500  # characters of the reason for forgetting somebody
POOLED_TOLD_MAX = 500  # commitments that one report of an erasure names
INCIDENT_WORDS_MAX = 500  # characters of a note, a public sentence or a conclusion
BACKFILL_WAITED_US = 3_600 * 1_000_000  # after prices came back: then missing ones are taken for lost
QUEUE_INPUTS_MAX = 50_000  # inputs waiting at the engine's door before it says Overloaded
MARGIN_DRIFT_BP = (
    100  # of the platform's margin by which ours may differ: exchange rates move between its working and ours
)
ROLES_MAX = 50  # that a firm defines itself
ROLE_PERMISSIONS_MAX = 100  # of one of them
SCOPE_PROGRAMS_MAX = 200  # that one member of staff is limited to
SCOPE_REGIONS_MAX = 50  # likewise, and that a firm's settings name
API_KEYS_MAX = 100  # of the firm, that are good at once
STAFF_WORDS_MAX = 500  # characters of the reason for a change to somebody's role or scope
ABOUT_LENGTH_MAX = 200  # characters of what an act of staff is about
DOCUMENTS_MAX = 30  # that are kept of one trader at once
DOCUMENT_BYTES_MAX = 10 * 2**20  # of one of them, as it comes and as it is kept
DOCUMENTS_BYTES_MAX = 100 * 2**20  # of one trader's together
DOCUMENT_WORDS_MAX = 500  # characters of the reason for deleting one, or for handing one in in somebody's name
