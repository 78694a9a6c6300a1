"""Bounds of the wire and of both its ends. Those under "wire" are part of protocol v1 and are in docs/wire-protocol.md."""

from firm.instant import DAY_US
from firm.quote_frame import FRAME_TICKS_MAX, SYMBOL_LENGTH_MAX

# --- the wire ---

TICKS_MAX = FRAME_TICKS_MAX  # entries of one QUOTES or CONFLATED frame
EVENTS_MAX = 256  # events of one JOURNAL frame
FRAME_BYTES_MAX = 256 * 1024  # of a body; longer ones are refused and counted
EVENT_BYTES_MAX = FRAME_BYTES_MAX - 16  # of one journal event, which must fit a frame
TRANSPORT_BYTES_MAX = 1024 * 1024  # libzmq itself drops a peer that sends more; between the two we can still say why
HEADER_BYTES_MAX = 256
NAME_LENGTH_MAX = SYMBOL_LENGTH_MAX  # logins, ids, symbols, codes
TEXT_LENGTH_MAX = 1_024  # free text: reasons, comments, what was observed
SYMBOLS_MAX = 2_000  # of one SUBSCRIBE
ARGS_MAX = 16  # of one CMD
CAPS_MAX = 64  # of one HELLO
GROUPS_MAX = 500  # of accounts, of one HELLO
GROUPS_BYTES_MAX = 48 * 1024  # of them together, as JSON: they are on the books with each session
LEVERAGES_MAX = 32  # of one group
SESSIONS_MAX = 100  # open stretches of a symbol's week
CLOSED_MAX = 200  # holidays and early closes of a symbol that are told ahead
POSITIONS_MAX = 500  # of one snapshot, as firm.bounds has it for an account
FLOORS_MAX = 2_000  # accounts in one dead-man policy
DIGITS_MAX = 12  # of a price
EXPONENT_MAX = 12  # of a currency

# --- what the gateway believes ---

EARLIEST_US = 946_684_800_000_000  # 2000-01-01T00:00:00Z: no platform of today kept books before
LATEST_US = 4_102_444_800_000_000  # 2100-01-01T00:00:00Z: no calendar is told that far ahead
FUTURE_MAX_US = DAY_US  # ahead of firm time: zones and slow clocks, never more
# Each of these is far beyond any market and far within 63 bits, so that no single figure can outgrow what the book stores.
# What they come to together is bounded where symbol, currency and conversion are known: in the desks.
PRICE_POINTS_MAX = 10**12
LOTS_E8_MAX = 10**6 * 10**8  # a million lots
CONTRACT_E8_MAX = 10**9 * 10**8  # a billion units a lot
BAND_BP_MAX = 10**6  # a hundred times the price
MONEY_MINOR_MAX = 10**15  # of one amount: ten trillion dollars is no trading account
COUNT_MAX = 10**15  # leverage, pending orders, ticks of a backfill, a journal number

# --- the gateway ---

IN_FLIGHT_MAX = 65_536  # events and ticks of one bridge that were taken and are not yet durable
HELD_FRAMES_MAX = 256  # quote frames and watermarks of one bridge that wait for a journal event
STRETCH_EVENTS_MAX = EVENTS_MAX  # of one bridge, translated and become durable together
SEAL_EVENTS_MAX = 4 * STRETCH_EVENTS_MAX  # in one transaction of the vault: some tens of milliseconds
SEAL_BYTES_MAX = 4 * FRAME_BYTES_MAX  # the same, of what is personal
STARTS_AT_ONCE_MAX = 5  # sessions of one key, as when a network flaps
START_EVERY_S = 1.0  # and one more for each such stretch of time
REST_MIN_S = 1.0  # a bridge waits so long after the vault took nothing of what it sent, doubled each time
REST_MAX_S = 60.0  # up to this
MESSAGES_PER_TURN_MAX = 16  # read before other work of the loop gets its turn: full, they are 4,096 events to translate
HEARTBEAT_S = 1.0
SILENCE_S = 10.0  # without a heartbeat the session ends
UNREAD_MAX = (
    131_072  # requests to one bridge that it has not read: a firm that begins asks for all its accounts at once
)
DOOR_RETRY_S = 0.02  # between two offers to an engine whose queue is full
FAREWELLS_MAX = 1_024  # routing ids that were told BYE and need not be told again
LINGER_MS = 200  # for the last words on a socket that closes

# --- the bridge side ---

RING_TICKS_MAX = 100_000  # kept until acknowledged; beyond it prices are conflated
WINDOW_TICKS_MAX = 16_384  # sent and not yet acknowledged
WINDOW_EVENTS_MAX = 8_192
CONFLATED_SYMBOLS_MAX = 10_000
COMMANDS_WAITING_MAX = 10_000
RETENTION_US = 7 * DAY_US  # acknowledged events stay this long, for an appliance that was restored
RECONNECT_MIN_S = 0.1
RECONNECT_MAX_S = 10.0
