"""Requests: the firm's commands carried out on the books, each answered by one cmd_result in the same breath as its effects.

A command's effects are told before its result, so that who reads the result has seen what it did. Only a new account
is told after its result, which names the login that the account event then uses.
"""

from collections.abc import Callable, Mapping

from bridges.events import CmdResult
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.books import Books
from bridges.simulator.house import BUNDLED, House
from bridges.simulator.platform import Platform
from bridges.simulator.state import Account, Execution, PositionMode, TradeMode
from bridges.simulator.tellings import Tellings
from bridges.wire import Cmd
from firm.inputs import CashKind, CommandState
from firm.instant import SECOND_US

LEVERAGE_MAX = 1_000
EXPONENT_MAX = 8
NAME_MAX = 64
OBSERVED_MAX = 500
FIRST_LOOK_WITHIN_S = 30

_Action = Callable[[Account, Mapping[str, str], int], Retcode]
_LEAVES = frozenset({CashKind.WITHDRAWAL, CashKind.PAYOUT})


class Requests:
    """Carries out commands at the platform's present instant."""

    def __init__(self, platform: Platform, tellings: Tellings, house: House = BUNDLED) -> None:
        self._platform = platform
        self._books: Books = platform.books
        self._tell = tellings
        self._house = house
        self._actions: dict[str, _Action] = {
            "block": self._block,
            "close_only": self._close_only,
            "unblock": self._unblock,
            "cancel_orders": self._cancel_orders,
            "close_all": self._close_all,
            "close_pos": self._close_position,
            "set_group": self._set_group,
            "set_leverage": self._set_leverage,
            "balance": self._balance,
        }

    def carry_out(self, command: Cmd) -> None:
        """Do it and tell the result. A command that cannot be understood fails; it never raises."""
        state = self._platform.state
        t_us = state.clocks.now_us
        state.counters.commands_done += 1
        if state.is_down:
            self._result(command, Retcode.NO_CONNECTION, t_us, observed="the platform is down")
            return
        if command.action == "create_account":
            self._create(command, t_us)
            return
        account = state.accounts.get(command.acc)
        action = self._actions.get(command.action)
        if action is None:
            self._result(command, Retcode.UNKNOWN_ACTION, t_us, observed=f"no action {command.action!r} here")
        elif account is None:
            self._result(command, Retcode.UNKNOWN_ACCOUNT, t_us, observed=f"no account {command.acc!r} here")
        else:
            try:
                retcode = action(account, command.args, t_us)
            except (KeyError, ValueError) as wrong:
                self._result(command, Retcode.INVALID_ARGS, t_us, observed=f"{command.action}: {wrong!r}")
                return
            self._platform.changed(account)
            self._result(command, retcode, t_us, observed=_seen(account))

    def snapshot(self, login: str, last_seq: int) -> None:
        """Tell one account in full, or every account where `login` is "". `last_seq`: the journal's last event so far.

        A platform that is down tells all of them when it is back.
        """
        state = self._platform.state
        if state.is_down:
            state.clocks.snapshot_owed = True
            return
        for account in state.accounts.values():
            if login in ("", account.login):
                as_of_seq = last_seq + len(self._tell.events)
                self._tell.snapshot(account, state, as_of_seq, state.clocks.now_us)

    def _create(self, command: Cmd, t_us: int) -> None:
        state = self._platform.state
        try:
            account = self._new_account(command.args)
        except (KeyError, ValueError) as wrong:
            self._result(command, Retcode.INVALID_ARGS, t_us, observed=f"create_account: {wrong!r}")
            return
        if account.login in state.accounts:
            self._result(command, Retcode.LOGIN_TAKEN, t_us, observed=f"login {account.login} exists")
            return
        state.accounts[account.login] = account
        account.look_us = t_us + (1 + self._books.draw(account, FIRST_LOOK_WITHIN_S)) * SECOND_US
        self._result(command, Retcode.DONE, t_us, vendor_ref=account.login, observed=account.temper)
        self._tell.account(account, t_us)
        self._platform.changed(account)

    def _new_account(self, args: Mapping[str, str]) -> Account:
        leverage, exponent, balance = int(args["leverage"]), int(args["exponent"]), int(args["balance_minor"])
        currency, trader = args["currency"], args["trader"]
        if not 1 <= leverage <= LEVERAGE_MAX or not 0 <= exponent <= EXPONENT_MAX or balance <= 0:
            raise ValueError(f"leverage {leverage}, exponent {exponent}, balance_minor {balance}: one is out of range")
        if not self._platform.state.catalogue.serves(currency):
            raise ValueError(f"currency {currency!r}: no listed symbol converts to it")
        for name in ("trader", "group", "login_hint"):
            if len(args.get(name, "")) > NAME_MAX:
                raise ValueError(f"{name} is longer than {NAME_MAX} characters")
        self._house.require(args["group"], leverage)
        return Account(
            login=args.get("login_hint") or self._next_login(),
            trader=trader,
            temper=self._house.troupe.temper_of(args.get("label", ""), trader),
            group=args["group"],
            leverage=leverage,
            currency=currency,
            exponent=exponent,
            balance_minor=balance,
            initial_minor=balance,
            position_mode=PositionMode(args.get("position_mode", self._house.position_mode)),
            execution=Execution(args.get("execution", self._house.execution)),
        )

    def _next_login(self) -> str:
        state = self._platform.state
        login = str(state.counters.login)
        state.counters.login += 1
        return login if login not in state.accounts else self._next_login()

    def _result(self, command: Cmd, retcode: Retcode, t_us: int, *, vendor_ref: str = "", observed: str = "") -> None:
        done = CommandState.APPLIED if retcode is Retcode.DONE else CommandState.FAILED
        acc = "" if command.action == "create_account" else command.acc
        self._tell.event(CmdResult(command.cmd_id, acc, done, retcode.value, vendor_ref, observed[:OBSERVED_MAX], t_us))

    # --- the actions ---

    def _block(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:  # noqa: ARG002  (one shape for all)
        self._books.change_mode(account, TradeMode.BLOCKED, t_us)
        return Retcode.DONE

    def _close_only(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:  # noqa: ARG002
        self._books.change_mode(account, TradeMode.CLOSE_ONLY, t_us)
        return Retcode.DONE

    def _unblock(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:  # noqa: ARG002
        self._books.change_mode(account, TradeMode.FULL, t_us)
        return Retcode.DONE

    def _cancel_orders(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:  # noqa: ARG002
        for order in list(account.orders.values()):
            self._books.orders.cancel(account, order, t_us)
        return Retcode.DONE

    def _close_all(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:  # noqa: ARG002
        """Close what can be closed; the first refusal is the answer, for the firm to come back later."""
        answers = [
            self._books.close(account, position, t_us, Reason.DEALER) for position in list(account.positions.values())
        ]
        return next((answer for answer in answers if answer is not Retcode.DONE), Retcode.DONE)

    def _close_position(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:
        position = account.positions.get(args["position"])
        if position is None:
            return Retcode.UNKNOWN_POSITION
        lots_e8 = int(args["lots_e8"]) if "lots_e8" in args else None
        return self._books.close(account, position, t_us, Reason.DEALER, lots_e8)

    def _set_group(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:
        self._house.require(args["group"], account.leverage)
        account.group = args["group"]
        self._books.record_changed(account, t_us)
        return Retcode.DONE

    def _set_leverage(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:
        leverage = int(args["leverage"])
        if not 1 <= leverage <= LEVERAGE_MAX:
            raise ValueError(f"leverage {leverage} is not in 1..{LEVERAGE_MAX}")
        self._house.require(account.group, leverage)
        account.leverage = leverage
        self._books.record_changed(account, t_us)
        return Retcode.DONE

    def _balance(self, account: Account, args: Mapping[str, str], t_us: int) -> Retcode:
        """Pay in or out; a withdrawal that would leave less than the bound margin is refused."""
        amount, kind = int(args["amount_minor"]), CashKind(args["kind"])
        if kind is CashKind.DIVIDEND:
            raise ValueError("a dividend is the platform's own")
        if amount == 0 or (kind is CashKind.DEPOSIT and amount < 0) or (kind in _LEAVES and amount > 0):
            raise ValueError(f"amount_minor {amount} does not fit kind {kind.value}")
        if not self._books.can_pay(account, amount):
            return Retcode.NO_MONEY
        self._books.move_cash(account, amount, kind, args.get("comment", "")[:OBSERVED_MAX], t_us)
        return Retcode.DONE


def _seen(account: Account) -> str:
    return f"{account.mode.value}, {len(account.positions)} open, {len(account.orders)} pending"
