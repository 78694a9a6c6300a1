"""Account desk: one trading account, from its opening on the platform to its pass, breach or end.

Each thing that happens to an account arrives here as a message; each answer is a fact. What the platform's reports mean for
the book is in `actors/account_book.py`, verdicts are reached in `actors/account_verdicts.py`.
"""

from types import ModuleType

from actors import account_book as book
from actors import account_lateness as lateness
from actors import account_outages as outages
from actors import account_overrides as overrides
from actors import account_passes as passes
from actors import account_rollover as rollover
from actors import account_rules as rules
from actors import account_scores as scores
from actors import account_settling as settling
from actors import account_targets as targets
from actors import account_together as together
from actors import account_verdicts as verdicts
from actors.account_corrections import correct_deal
from actors.account_day import end_day, finalise_day
from actors.account_days import close_days_again
from actors.account_deeds import deeds_of_deal, deeds_of_report
from actors.account_exclusions import exclude_at_correction
from actors.account_looking_back import look_again_since
from actors.account_review import review
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.guards import breached_at, is_looked_at_by_the_minute
from actors.messages import (
    AccountProvisioned,
    ContractReported,
    DayEnded,
    DayFinal,
    FailureAllowed,
    FailureHeld,
    GivenUp,
    Judge,
    LatePrice,
    MarkDue,
    Message,
    OpenAccount,
    OutageOver,
    PassAllowed,
    PassDoubted,
    PeakDue,
    PriceReached,
    PricesFilled,
    PricesMissing,
    PricesOut,
    ReopeningAllowed,
    TogetherAsked,
    TogetherBroken,
    TogetherKept,
)
from firm.arithmetic import PLAIN
from firm.commands import GrantOverride, PublishScore, ReviewVerdict
from firm.deed import Deed
from firm.equity import Board, equity_of, lacks_prices, unpriced
from firm.exceptions_now import judged_at
from firm.facts import (
    AccountLinked,
    AccountOpened,
    ContractChanged,
    DayOpened,
    MarkTaken,
)
from firm.inputs import (
    AccountReported,
    CashKind,
    CashReported,
    DealDeleteReported,
    DealReported,
    DealUpdateReported,
    EquityReported,
    Input,
    LoginReported,
    OrderReported,
    PositionReported,
    SnapshotReported,
)
from firm.needs import needs_of
from firm.phase import ENDED, JUDGED, Standing
from firm.terms.words import Frequency

_BY_PRICE = (Frequency.TICK,)
_BY_REPORT = (Frequency.TICK, Frequency.TRADE)
_BY_REPORT_BEHIND_BANDS = (Frequency.TRADE,)


def _who_decides(answer: FailureAllowed | FailureHeld) -> ModuleType:
    """Where the question was asked that the risk desk answers."""
    if answer.at_rollover:
        return rollover
    return settling if answer.settled else verdicts


class AccountDesk(AccountSeat):
    """One account's decisions."""

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case Message():
                self._decide_message(message, turn)
            case ReviewVerdict():
                if review(self, message, turn):
                    self.judge(turn, turn.header.happened_us)
            case GrantOverride():
                overrides.override(self, message, turn)
            case PublishScore():
                if scores.publish(self, message, turn):
                    self.judge(turn, turn.header.happened_us)
            case _:
                self._decide_report(message, turn)
                outages.look_for_incident(self, turn)

    def _decide_message(self, message: Message, turn: Turn) -> None:  # noqa: C901  (a table of messages)
        match message:
            case PriceReached():
                self.judge(turn, message.at_us, by_price=True)
            case Judge():
                self.judge(turn, message.at_us)
            case OpenAccount():
                self._open(message, turn)
            case AccountProvisioned():
                self._link(message, turn)
            case GivenUp():
                self._give_up(turn)
            case DayEnded():
                if end_day(self, message, turn):
                    self.judge(turn, message.at_us)
            case DayFinal():
                if finalise_day(self, message, turn):
                    self.judge(turn, turn.header.happened_us)
            case MarkDue():
                self._let_minute_pass(message.at_us, turn)
            case PeakDue():
                self.write_peak(turn)
            case LatePrice():
                lateness.judge_late(self, message.quote, turn)
            case PricesFilled():
                lateness.settle_filled(self, message, turn)
            case PricesMissing():
                lateness.give_up_waiting(self, message, turn)
            case ContractReported():
                self._take_contract(message, turn)
            case PricesOut():
                outages.hear_of(self, message, turn)
            case OutageOver():
                outages.assess(self, message, turn)
            case FailureAllowed():
                _who_decides(message).fail(self, message, turn)
            case FailureHeld():
                _who_decides(message).hold_failure(self, message, turn)
            case PassAllowed():
                passes.win(self, message.at_us, turn)
            case ReopeningAllowed():
                overrides.grant(self, message.command, turn)
            case PassDoubted():
                passes.hold_pass(self, (message.doubt,), message.at_us, turn)
            case TogetherBroken() | TogetherKept() | TogetherAsked():
                together.take_from_trader(self, message, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _decide_report(self, report: Input, turn: Turn) -> None:
        """A platform's report. One for an account that is not open yet changes nothing here; the snapshot will bring it."""
        if self.state is None:
            return
        source, holding, corrected_us = self.state.balance_source, self.state.positions, 0
        done: tuple[Deed, ...] = ()
        match report:
            case DealReported():
                was = self.state
                book.book_deal(self, report, turn)
                if self.held.last_trade_seq != was.last_trade_seq:
                    done = deeds_of_deal(self, report, was, turn)
                    booked = f"deal booked in row {self.held.last_trade_seq}"
                    lateness.question_by_booking(self, turn.at_us, booked, turn)
                    look_again_since(self, turn.at_us, turn)
            case OrderReported() | LoginReported():
                return
            case DealUpdateReported() | DealDeleteReported():
                deal = correct_deal(self, report, turn)
                if deal is not None:
                    corrected_us = deal.at_us
                    corrected = f"deal corrected in row {self.held.last_trade_seq}"
                    exclude_at_correction(self, deal, turn)
                    lateness.question_by_booking(self, deal.at_us, corrected, turn)
                    look_again_since(self, deal.at_us, turn)
            case CashReported():
                book.book_cash(self, report, turn)
                if report.cash_kind is CashKind.DIVIDEND and self.held.balance_source != source:
                    booked = f"dividend booked in row {self.held.balance_source.partition('/')[0]}"
                    lateness.question_by_booking(self, turn.at_us, booked, turn)
                    look_again_since(self, turn.at_us, turn)
            case PositionReported():
                before = self.state.position(report.position_id)
                book.take_position(self, report, turn)
                done = deeds_of_report(self, report, before, turn)
            case EquityReported() | AccountReported() | SnapshotReported():
                book.reconcile(self, report, turn)
                settling.settle(self, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(report).__name__}")
        close_days_again(self, turn)
        if self.held.balance_source != source and not self.held.positions:
            # An account that holds nothing gets no mark by the minute: this one stands until it trades again. Never before
            # the newest price, or a close that is told late would be overtaken by a mark with the position still in it.
            self._mark(max(turn.at_us, turn.market(self.held.bridge).latest_us), turn)
        self.judge(turn, turn.at_us, done=done)
        together.tell_change(self, holding, corrected_us, turn)

    # --- judging ---

    def judge(self, turn: Turn, at_us: int, *, by_price: bool = False, done: tuple[Deed, ...] = ()) -> None:
        """Look at the account with the prices on the board: note a new peak, find a broken limit or a won phase, set the guard.

        Only prices bring a peak: what a report changed is worth what the next price says. Prices alone win nothing: when a
        desk is woken by one must make no difference. `done`: what the report did to positions.
        """
        if self.held.standing not in JUDGED or self.held.day is None:
            self.watch(turn)
            return
        board = self.board(turn)
        stakes = self.stakes(board)
        if lacks_prices(stakes.needed, board):
            rules.hold_deeds_against(self, done, turn)
            self.watch(turn)
            return
        equity = stakes.equity(self.held, board)
        if by_price:
            self.note_peak(equity, at_us, turn)
        reached = targets.note(self, equity, at_us, turn)
        guarded = not by_price and self.is_guarded_still()
        looked_at = _BY_PRICE if by_price else _BY_REPORT_BEHIND_BANDS if guarded else _BY_REPORT
        is_broken = rules.hold_against_all(self, looked_at, done, equity, at_us, turn)
        if not is_broken and (reached or not by_price):
            passes.ask_to_win(self, at_us, turn)
        if guarded and self.is_guarded_still():
            self.keep_guard()
        else:
            self.watch(turn, equity)

    def _take_contract(self, message: ContractReported, turn: Turn) -> None:
        """What positions are worth changed without a price: nothing hard rests on it until the platform's equity agrees."""
        if not message.held and message.symbol not in breached_at(self.held):
            return  # the market desk knew it by a high that another one has replaced
        self.record(ContractChanged(symbol=message.symbol), turn)
        self.judge(turn, turn.header.happened_us)

    def see_price(self, turn: Turn, at_us: int) -> bool:
        """Note the peak that a price brought, and nothing else: for folding. Whether it was looked at, and is to be watched anew."""
        board = self.board(turn)
        if self.held.standing not in JUDGED or self.held.day is None:
            return False
        stakes = self.stakes(board)
        equity = None if lacks_prices(stakes.needed, board) else stakes.equity_if_storable(self.held, board)
        if equity is not None:
            self.note_peak(equity, at_us, turn)
        return equity is not None

    def see_day_end(self, at_us: int, board: Board) -> bool:
        """Let a high that begins anew each day do so, for folding. Whether there is one, and the account is to be watched anew."""
        state = self.held
        if state.standing not in JUDGED or state.day is None or not needs_of(state.ruleset).peak_of_day:
            return False
        equity = state.balance if unpriced(state, board) else equity_of(PLAIN, state, board)
        self.begin_peak(equity, at_us)
        return True

    # --- opening ---

    def _open(self, message: OpenAccount, turn: Turn) -> None:
        program, phase = message.program, message.phase
        turn.record(
            AccountOpened(
                trader=message.trader,
                challenge=message.challenge,
                phase=message.place,
                phase_name=phase.name,
                funded=phase.funded,
                bridge=program.bridge,
                initial=program.size,
                ruleset_id=phase.ruleset.ruleset_id(),
                ruleset=phase.ruleset,
            ),
            self.account,
        )
        args = {
            "trader": f"{message.trader}",
            "group": program.group,
            "leverage": f"{program.leverage}",
            "currency": program.size.currency,
            "exponent": f"{program.size.exponent}",
            "balance_minor": f"{program.size.minor}",
        }
        self.enforce("provision", 0, turn, args)

    def _link(self, message: AccountProvisioned, turn: Turn) -> None:
        """The account exists on its platform: its first day begins where it starts, not at the last rollover."""
        if self.held.login:
            return
        turn.record(AccountLinked(login=message.login), self.account)
        if self.held.standing is not Standing.PROVISIONING:  # given up before it was there
            self.enforce("flatten", self.held.opened_seq, turn)
            return
        self.stand(self.held.running, "platform_opened", turn)
        state = self.held
        at_us = max(message.at_us, turn.market(state.bridge).latest_us)
        turn.record(
            DayOpened(
                day=state.ruleset.calendar.day_at(at_us),
                balance=state.money(state.balance),
                equity=state.money(state.balance),
                positions=(),
                quotes=(),
                provisional=False,
                priced=True,
            ),
            self.account,
        )
        self.watch(turn)

    def _give_up(self, turn: Turn) -> None:
        """Its trader is to be forgotten: it is closed, whatever was open about it, and nothing is owed for it."""
        if self.state is None or self.held.standing in ENDED:
            return
        seq = self.stand(Standing.CLOSED, "given_up", turn)
        if self.held.login:
            self.enforce("flatten", seq, turn)

    def _let_minute_pass(self, at_us: int, turn: Turn) -> None:
        """Take a mark, and look at what time can change; not before a day that a person opened again ahead of the platform's clock."""
        day = self.held.day
        if day is not None and at_us < day.day.start_us:
            return
        self._mark(at_us, turn)
        if is_looked_at_by_the_minute(self.held):
            rules.look_by_the_minute(self, at_us, turn)
            if self.held.track.reached:
                passes.ask_to_win(self, at_us, turn)
        together.tell_minute(self, at_us, turn)

    def _mark(self, at_us: int, turn: Turn) -> None:
        state = self.held
        board = self.board(turn)
        stakes = self.stakes(board)
        if state.standing not in JUDGED or lacks_prices(stakes.needed, board):
            return
        equity = stakes.equity(state, board)
        headroom = min((equity - limit.floor for limit in judged_at(state, self.limits(), at_us)), default=None)
        turn.record(
            MarkTaken(
                balance=state.money(state.balance),
                equity=state.money(equity),
                headroom=None if headroom is None else state.money(headroom),
            ),
            self.account,
            at_us,
        )
