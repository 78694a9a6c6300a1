"""Bounds of the web room: sizes of pages, rates, lifetimes, and how much anybody may send or keep open."""

from firm.bounds import DOCUMENT_BYTES_MAX
from firm.instant import DAY_US, HOUR_US, MINUTE_US

ACCOUNTS_PER_PAGE = 50
TRADES_PER_PAGE = 25
TRACE_PER_PAGE = 50
TRACE_ON_ACCOUNT = 15  # rows on an account's page; its desk's trace has them all
TRACE_FILE_ROWS_MAX = 100_000
TRACE_FILE_AT_ONCE = 500  # read from the book for each piece of the file
TRACE_FILE_READS_MAX = 1_000  # however little each finds
COMMANDS_PER_PAGE = 50
DECISIONS_PER_PAGE = 50
DAYS_SHOWN = 14
DECISIONS_SHOWN = 20
OVERRIDES_SHOWN = 50
RELEASES_SHOWN = 20  # of a calendar in force, the next ones
RULE_TEXTS_KEPT = 96  # rulesets in words, each by size and language: as many as are read at once
NOTICES_SHOWN = 5  # on an account's page; all are on a page of their own
NOTICES_PER_PAGE = 50
TRADES_SHOWN = 10  # on an account's page; all are on a page of their own
COMMANDS_SHOWN = 50
OWED_SHOWN = 200
INCIDENTS_SHOWN = 200
INCIDENTS_ON_ACCOUNT = 20
IMPACTS_PER_PAGE = 100
INCIDENT_WORDS_SHOWN = 200
STATUS_DAYS = 90
STATUS_KEPT_SECONDS = 5.0  # what the status page says is as old as that, at the most, however many ask
STATUS_INCIDENTS_SHOWN = 200
PROGRAMS_SHOWN = 200
VERSIONS_SHOWN = 100  # of one program
HOLDERS_PER_PAGE = 50
DRIFTS_PER_PAGE = 50
LAB_ACCOUNTS_PER_PAGE = 50
LAB_VERSIONS_SHOWN = 100  # of all programs, the newest ones; each offers its phases to be tried
FEED_SYMBOLS_SHOWN = 200  # of one bridge; those with something wrong come first
ORDERED_AT_ONCE_MAX = 500  # accounts that one form orders anew; it says what is left, and can be sent again
CHART_COLUMNS = 420  # of each its first, lowest, highest and last mark are drawn
CHART_DAY_LINES_MAX = 31  # days whose beginning a chart marks; with more of them it marks the months
CHART_DAYS_MAX = 400  # trading days whose floors a chart steps through
CSV_TRADES_MAX = 100_000
CSV_TRADES_AT_ONCE = 500  # read from the book for each piece of the file

READERS = 4  # queries on the book at once, each on a connection of its own
STRANGERS_WAITING_MAX = 8  # for a hash, from devices that are not known; one is made at a time
KNOWN_WAITING_MAX = 64  # and of those from devices that are known as theirs, who go first; one place for each person
KNOWN_IN_A_ROW = (
    3  # then a stranger who waits has a turn: the last of them after 4 x STRANGERS_WAITING_MAX hashes at most
)
NO_ROOM_SECONDS = 5  # what whoever finds no room is told to wait
PASSWORD_LENGTH_MAX = 256
PASSWORD_LENGTH_MIN = 10
FORM_BYTES_MAX = 64 * 1024
DRAFT_BYTES_MAX = (
    1024 * 1024
)  # of a form with a program in it, which spells some characters with several; its text has a bound of its own
UPLOAD_WORDS_MAX = 4  # fields beside the file
UPLOAD_WHY_LENGTH_MAX = 160  # of the reason beside a file
UPLOAD_WORD_BYTES_MAX = 4 * UPLOAD_WHY_LENGTH_MAX  # of one of these fields: no letter has more bytes than four
UPLOAD_NAME_LENGTH_MAX = 120  # of the name that a file had where it came from
UPLOAD_BYTES_MAX = DOCUMENT_BYTES_MAX + FORM_BYTES_MAX  # of a form with a document in it
UPLOADS_AT_ONCE = 32  # of all traders; one of each
UPLOADS_BYTES_AT_ONCE = 64 * 2**20  # of them in memory together; the longest on its way gives way
UPLOADS_PER_HOUR = 20  # of one trader, also those that are refused
UPLOADS_IN_ALL_PER_HOUR = 500
DOCUMENTS_PER_PAGE = 50
NAMES_SHOWN = 20  # traders of a part of a name
WHY_LENGTH_MAX = 500
WHY_LENGTH_MIN = 10  # of the reason for stopping something or letting it go on: "ok" tells nobody anything
SEARCH_LENGTH_MAX = 100


GUESSES_PER_ACCOUNT = 10  # wrong passwords for one mail address within the window, from all devices that are not known
GUESSES_PER_DEVICE = 10  # for one account from a device that is known as its owner's
GUESSES_PER_ADDRESS = 50  # from one network address, of devices that are not known
GUESSES_PER_SITE = 8 * GUESSES_PER_ADDRESS  # from a /48 of IPv6, likewise
CODES_PER_WINDOW = 5  # wrong codes for one person within the same window
CODES_PER_DAY = 20  # at three codes in a million that are good at a time
CODES_RENEWED_PER_HOUR = 3  # that one person has recovery codes made anew: each time costs ten hashes
PASSKEYS_PER_ADDRESS = 50  # tries with a passkey from one network address, likewise
JOINS_PER_ADDRESS = 10  # sign-ups from one network address within an hour
JOINED_PER_DAY = 1_000  # sign-ups of all within a day
RESETS_PER_ADDRESS = 10  # new passwords that one network address may ask for within an hour, whoever's
MAILS_PER_HOUR = 3  # that strangers may cause to one mail address: whoever owns it must not be flooded
MAILS_PER_DAY = 6
ADDRESS_CHANGES_PER_HOUR = 3  # that one person may ask for
ADDRESS_CHANGES_PER_DAY = 6
NAME_LENGTH_MAX = 80
GUESS_WINDOW_US = 15 * MINUTE_US
FRESH_US = 5 * MINUTE_US  # how long ago who does something grave may have proved who they are
CHALLENGE_US = 5 * MINUTE_US  # how long a passkey may take to sign
OFFERED_US = 10 * MINUTE_US  # how long a secret for an app waits for its first code
DEVICE_COOKIE_SECONDS = 400 * 24 * 3_600  # more is cut down by browsers
FIND_LENGTH_MAX = 100  # characters of what is typed to go to a page
LANGUAGE_COOKIE_SECONDS = 365 * 86_400
SIGN_INS_NOTED_PER_DAY = (
    20  # from new devices and with recovery codes, of one person, in the ledger; sessions are told of all
)
SECURITY_NOTED_PER_DAY = 20  # changes of one kind in how one trader signs in, in the ledger; all are made
SECURITY_EVENTS_SHOWN = 20
PASSKEY_NAME_LENGTH_MAX = 40
ASK_SECONDS = 10  # how long a form waits for the engine's durable answer

STREAM_INTERVAL_SECONDS = 0.5  # a live page changes at most twice a second
LISTED_FIGURES_SECONDS = 0.5  # figures of accounts that move are as old as that in lists, at the most
STREAM_SHARE = 0.15  # of the loop's time, which is the engine's too, that all live pages together may take
STREAM_SAVED_SECONDS = 0.02  # for how long back they may still take what they did not need
STREAM_SENDING_SECONDS_MAX = (
    0.001  # of an event's sending that is charged: the rest is waiting for a browser that reads slowly
)
STREAM_LOOK_SECONDS = 0.000_25  # how long is looked who has something new, before others have the loop
PARTS_KEPT_MAX = 200  # of the pieces of one page that is watched: a few of each position
STREAM_PING_SECONDS = 5.0
STREAM_RECHECK_SECONDS = 15.0  # how soon, give or take a ping, a stream notices that its session has ended
STREAMS_PER_PERSON_MAX = 12
DOWNLOADS_PER_ACCOUNT_MAX = 2  # files of one account's trades that are on their way at once

COUNTED_SINCE_US = DAY_US  # "today" on the home page: the last 24 hours of firm time
TRAIL_TICKS_SHOWN = 8
TRAIL_ROWS_MAX = 1_000  # rows walked back from the deciding tick, to find those before it
POSITION_ROWS_MAX = 5_000  # rows walked back from a decision to its day's start, to show what was open
CANCELLED_SHOWN = 50  # pending orders that a decision had cancelled
TRACE_AROUND_US = 2 * MINUTE_US  # before and after a decision, where its page leads into the trace
STAFF_ACTS_SHOWN = 200
API_KEYS_SHOWN = 300
API_PAGE_MAX = 200  # of what the API lists, in one answer
API_PAGE_USUAL = 50
ACTS_PER_PAGE = 50
ACTS_FILE_MAX = 100_000
ACTS_FILE_AT_ONCE = 500  # read from the book for each piece of the file
ACTS_FILE_READS_MAX = 1_000  # however little each finds
ACTS_REMEMBERED_MAX = 4_096  # of what staff were noted to do lately: what is forgotten is noted once more
NAMES_NOTED_EVERY_US = HOUR_US  # that somebody looks at a list with names
FAILURES_NOTED_PER_DAY = 20  # sign-ins as one member of staff, in the ledger; all are counted by throttles
PAGES_NOTED_EVERY_US = MINUTE_US  # of one page that is looked at as a trader
PAGES_PER_VIEW = 300
VIEWS_SHOWN = 20
VIEWS_OVER_KEPT = 1_000  # of which live pages are told that they are over; a page asks its session, too
