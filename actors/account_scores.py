"""The account and scores that the firm publishes of it: on which boards, by whom, and when one is no news.

A score decides nothing by itself: whether the phase is won is asked as after any report, with all that a pass asks for besides. One that is
published again corrects the one before; a pass that rested on that one stands, as with any correction.
"""

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.bounds import OVERRIDE_WORDS_MAX, SCORE_MAX
from firm.commands import PublishScore
from firm.facts import Refusal, Refused, ScorePublished
from firm.phase import JUDGED, Standing
from firm.rules.winning import score_of, score_targets


def publish(seat: AccountSeat, command: PublishScore, turn: Turn) -> bool:
    """Whether it is published; else it is refused."""
    no = _why_not(seat, command)
    if no is not None:
        seat.record(no, turn)
        return False
    seat.record(ScorePublished(board=command.board, score=command.score, by=command.by, why=command.why), turn)
    return True


def _why_not(seat: AccountSeat, command: PublishScore) -> Refused | None:
    state = seat.state
    if state is None:
        return Refused(refusal=Refusal.UNKNOWN_ACCOUNT, detail=f"no account {command.account}")
    if not command.why.strip() or len(command.why) > OVERRIDE_WORDS_MAX:
        detail = f"why: say it in 1 to {OVERRIDE_WORDS_MAX} characters; this has {len(command.why.strip())}"
        return Refused(refusal=Refusal.REASON_MISSING, detail=detail)
    if not 0 <= command.score <= SCORE_MAX:
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=f"a score of {command.score}: name 0 to {SCORE_MAX}")
    boards = [terms.board for _, terms in score_targets(state.ruleset)]
    if command.board not in boards:
        asked = f"its rules ask for {', '.join(boards)}" if boards else "none of its rules asks for a score"
        return Refused(refusal=Refusal.UNKNOWN_BOARD, detail=f"{command.board!r} is no board of this account: {asked}")
    if state.standing not in JUDGED and state.standing is not Standing.PASSED:
        detail = f"the account is {state.standing}: a score is published of one that is judged, or has passed"
        return Refused(refusal=Refusal.ACCOUNT_NOT_RUNNING, detail=detail)
    known = score_of(state, command.board)
    if known is not None and known.value == command.score:
        detail = f"{command.score} on {command.board} is published already, in row {known.source.partition('/')[0]}"
        return Refused(refusal=Refusal.SCORE_KNOWN, detail=detail)
    return None
