"""Mail courier: brings people the mails that the ledger says are owed to them, and tells the ledger what became of each.

The outbox is the read model `mails`: whom, and what about. The address is read from the vault, and a link drawn, at the moment of sending:
neither is kept anywhere else. A mail that a server took when the process died before the ledger knew goes out once more, under the same
Message-ID: SMTP has no way to ask. Nobody's mail waits for another's, but for one's own: those go in order.
"""

import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from email.message import EmailMessage

import anyio
import msgspec
from anyio import to_thread

from actors.arrival import Decided, Overloaded
from appliance.mail_settings import PeopleMailSettings
from appliance.mail_writing import MailWriter, Unwritable
from appliance.seam import why_it_failed
from appliance.smtp import MailFailed, ServerFailed, Smtp
from firm.inputs import MailReported
from firm.instant import HOUR_US, MINUTE_US
from firm.letters import Letter, MailEnd
from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from storage.reader import LedgerReader
from storage.readmodels.mails import OwedMail, mails_let_go, mails_waiting, owed_mails
from storage.throttles import Limit, Throttle

LOOK_EVERY_S = 1.0
AT_ONCE = 100  # mails of one look; the next one follows
RETRY_FIRST_S, RETRY_MAX_S = 10.0, 900.0
JITTER = (0.5, 1.5)
ASKED_FOR_US = HOUR_US  # who asked for a link asks again by then
STOP_SECONDS_MAX = 5.0  # how long a stop waits for the mail that is under way
_SOON = frozenset({Letter.NEW_PASSWORD, Letter.ADDRESS_KNOWN})

_LOG = logging.getLogger("evenhand.mail")


class MailsSeen(msgspec.Struct, frozen=True):
    """What the last look saw: how many mails wait, and for how long the oldest has, in firm time.

    `let_go`: how many were never brought because too many waited, ever.
    """

    waiting: int = 0
    oldest_ms: int = 0
    let_go: int = 0


class _Retry:
    """When the next try may be, on the machine's own clock: later after each failure, and never at the same moment for all."""

    def __init__(self) -> None:
        self.tries = 0
        self.not_before_s = 0.0

    def failed(self, now_s: float, chance: random.Random) -> float:
        self.tries += 1
        wait_s = min(RETRY_MAX_S, RETRY_FIRST_S * 2 ** min(self.tries - 1, 10))
        wait_s *= chance.uniform(*JITTER)
        self.not_before_s = now_s + wait_s
        return float(wait_s)


class MailCourier:
    """`ask` brings what became of a mail to the engine; `now_us` is firm time, `wall_us` the time by which mails are counted.

    `told` counts what became of mails and tries: by MailEnd, and "failed_tries".
    """

    def __init__(
        self,
        settings: PeopleMailSettings,
        smtp: Smtp,
        writer: MailWriter,
        reader: LedgerReader,
        throttle: Throttle,
        ask: Callable[[MailReported], Awaitable[Decided]],
        held: Callable[[], str],
        now_us: Callable[[], int],
        wall_us: Callable[[], int],
    ) -> None:
        self.told: Counter[str] = Counter()
        self.seen = MailsSeen()
        self._settings, self._smtp, self._writer, self._reader, self._throttle = (
            settings,
            smtp,
            writer,
            reader,
            throttle,
        )
        self._ask, self._held, self._now_us, self._wall_us = ask, held, now_us, wall_us
        # The commit has its own threads: a mail server that hangs must never take one of them.
        self._thread = anyio.CapacityLimiter(1)
        self._server, self._mails = _Retry(), dict[int, _Retry]()
        self._chance = random.Random()  # noqa: S311  (spreads load, guards nothing)
        self._untold: dict[
            int, MailReported
        ] = {}  # what ended, and the ledger does not know yet: never sent again by this process
        self._stopping = False
        self._idle = anyio.Event()
        self._idle.set()
        self._last_told = ""

    async def run(self) -> None:
        """Until cancelled, or stopped."""
        while not self._stopping:
            await self.run_once()
            await anyio.sleep(LOOK_EVERY_S)

    async def run_once(self) -> None:
        """A look, whatever comes of it."""
        self._idle = anyio.Event()
        try:
            why = await why_it_failed(self.look, DiskRefused, FrontRefused, VaultDamaged, Overloaded)
        finally:
            self._idle.set()
        if why and why != self._last_told:
            _LOG.error("mails wait, which is tried again: %s", why)
        self._last_told = why

    async def stop(self) -> None:
        """The mail that is under way is told to the ledger before this returns, if it ends in time."""
        self._stopping = True
        with anyio.move_on_after(STOP_SECONDS_MAX):
            await self._idle.wait()

    async def look(self) -> None:
        """Bring what can be brought now."""
        for report in list(self._untold.values()):
            await self._tell(report)
        waiting, oldest_us, let_go, owed = await to_thread.run_sync(self._owed)
        self.seen = MailsSeen(waiting, max(0, self._now_us() - oldest_us) // 1_000 if waiting else 0, let_go)
        known = {mail.seq for mail in owed}
        self._mails = {seq: retry for seq, retry in self._mails.items() if seq in known}
        for mail in owed:
            if self._stopping or self._held() or anyio.current_time() < self._server.not_before_s:
                return
            if mail.seq not in self._untold and anyio.current_time() >= self._retry(mail).not_before_s:
                await self._bring(mail)

    def _owed(self) -> tuple[int, int, int, list[OwedMail]]:
        with self._reader.connection() as book:
            return *mails_waiting(book), mails_let_go(book), owed_mails(book, AT_ONCE)

    def _retry(self, mail: OwedMail) -> _Retry:
        return self._mails.get(mail.seq) or self._mails.setdefault(mail.seq, _Retry())

    async def _bring(self, mail: OwedMail) -> None:
        if self._is_late(mail):
            await self._end(mail, MailEnd.TOO_LATE)
            return
        if await to_thread.run_sync(self._must_wait, mail):
            return
        try:
            letter, address = await to_thread.run_sync(self._writer.write, mail)
            await to_thread.run_sync(self._hand, letter, address, limiter=self._thread, abandon_on_cancel=True)
        except Unwritable as never:
            await self._end(mail, never.end)
        except MailFailed as refused:
            if refused.permanent:
                await self._end(mail, MailEnd.REFUSED)
            else:
                self._fail(mail, self._retry(mail), str(refused))
        except ServerFailed as failed:
            self._fail(mail, self._server, str(failed))
        else:
            self._server = _Retry()
            await self._end(mail, MailEnd.SENT)

    def _hand(self, letter: EmailMessage, address: str) -> None:
        self._smtp.hand(letter, [address])

    def _is_late(self, mail: OwedMail) -> bool:
        age_us = self._now_us() - mail.owed_us
        return age_us >= (ASKED_FOR_US if mail.letter in _SOON else self._settings.tried_for_h * HOUR_US)

    def _must_wait(self, mail: OwedMail) -> bool:
        """By how many went lately; one that goes is counted. Counts outlive the process."""
        now_us = self._wall_us()
        if self._throttle.wait_us("mail of all", "", Limit(self._settings.per_minute_max, MINUTE_US), now_us):
            return True
        # A link to a new password is counted by itself: what somebody else causes in a person's name must not keep it back.
        scope = "new password by person" if mail.letter is Letter.NEW_PASSWORD else "mail by person"
        wait_us = self._throttle.wait_us(scope, mail.person, Limit(self._settings.per_person_max, HOUR_US), now_us)
        if wait_us:
            self._throttle.give_back("mail of all", "", now_us)
        return bool(wait_us)

    def _fail(self, mail: OwedMail, retry: _Retry, why: str) -> None:
        self.told["failed_tries"] += 1
        wait_s = retry.failed(anyio.current_time(), self._chance)
        _LOG.warning("mail %d (%s): %s; again in %d s", mail.seq, mail.letter, why, wait_s)

    async def _end(self, mail: OwedMail, end: MailEnd) -> None:
        tries = self._retry(mail).tries + (end is not MailEnd.TOO_LATE)
        self._mails.pop(mail.seq, None)
        self.told[end.value] += 1
        if end is not MailEnd.SENT:
            _LOG.warning("mail %d (%s) was given up: %s", mail.seq, mail.letter, end)
        report = MailReported(mail=mail.seq, person=mail.person, letter=mail.letter, end=end, tries=tries)
        self._untold[mail.seq] = report
        await self._tell(report)

    async def _tell(self, report: MailReported) -> None:
        """Shielded: what a server took shall not go out again because somebody stops the firm just then."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(STOP_SECONDS_MAX):
            await self._ask(report)
            del self._untold[report.mail]
