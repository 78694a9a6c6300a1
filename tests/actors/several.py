"""Several accounts of Ada's, on one platform or on two, under rules across them."""

from msgspec.structs import replace

from firm.commands import (
    EnrolBridge,
    MarkOrderPaid,
    PlaceOrder,
    PublishProgram,
)
from firm.facts import (
    CommandQueued,
)
from firm.inputs import (
    CommandAcknowledged,
    CommandReported,
    CommandState,
    DealEntry,
    DealReported,
    Side,
    SymbolReported,
    Watermark,
)
from firm.money import Money
from firm.phase import Standing
from firm.terms.exposure import AccountsTogether, AcrossAccounts
from firm.terms.objectives import ProfitTarget, TargetMeasure
from firm.terms.words import Action, Fixed, Scope
from tests.actors.conftest import ADA, EURUSD, XAUUSD, Stage, program
from tests.actors.test_conduct import MAXIMUM, rules_of
from tests.greeting import greeting

LOT = 10**8
OPPOSITE = AcrossAccounts(
    id="hedged", measured=AccountsTogether.OPPOSITE_POSITIONS, limit=0, funded_only=False, same_program=False,
    on_breach=(Action.REVIEW,), strikes_within=Scope.PHASE,
)  # fmt: skip
LOTS = replace(OPPOSITE, id="lots_together", measured=AccountsTogether.LOTS, limit=10 * LOT, on_breach=(Action.WARN,))


WON = ProfitTarget(
    id="target", amount=Fixed(minor=1_000_00), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True, latched=False,
    auto_close=False,
)  # fmt: skip


class Desk(Stage):
    """Ada's accounts, each on its platform."""

    bridges: dict[int, str]

    def offer(self, name, *terms, bridge="sim", **changes):
        rules = rules_of(MAXIMUM, *terms, **changes)
        offered = replace(program(rules, rules, name=name), bridge=bridge, accounts_max=9)
        self.put(PublishProgram(by="console", program=offered))

    def other_platform(self):
        self.put(EnrolBridge(by="console", bridge="other", public_key="o" * 40, simulator=True))
        self.put(greeting("other"))
        for spec in (EURUSD, XAUUSD):
            self.put(SymbolReported(bridge="other", seq=self.next_seq(), spec=spec))

    def deal_on(self, bridge, account, position, side, lots, *, entry=DealEntry.IN, at_us=None, deal=""):
        self.deals += 1
        zero = Money.parse("0.00", "USD")
        told = DealReported(
            bridge=bridge, seq=self.next_seq(), deal_id=deal or f"D{self.deals}", order_id="O", position_id=position,
            symbol="EURUSD", entry=entry, side=side, lots_e8=Money.parse(lots, "LOT", 8).minor, price=138_700, profit=zero,
            commission=zero, swap=zero, fee=zero, reason="client", t_us=self.now_us if at_us is None else at_us,
        )  # fmt: skip
        return self.put(told, account, happened_us=at_us)


def ada(*terms, count=2, name="together", trader=ADA, **changes):
    """A stage, and so many accounts of Ada's under these terms, with a price."""
    stage = Desk()
    stage.open_shop()
    stage.offer(name, *terms, **changes)
    accounts = [stage.sell(trader, 600 + n, (7_100 + 2 * n, 7_101 + 2 * n), name) for n in range(count)]
    stage.tick("EURUSD", 138_690, 138_700)
    return stage, accounts


def buy(stage, account, lots, position="P1", **how):
    stage.wait(1)
    return stage.deal(account, position, Side.BUY, lots, 138_700, **how)


def sell(stage, account, lots, position="P1", **how):
    stage.wait(1)
    return stage.deal(account, position, Side.SELL, lots, 138_690, **how)


def close(stage, account, lots, side=Side.SELL, position="P1", **how):
    stage.wait(1)
    return stage.deal(account, position, side, lots, 138_690, entry=DealEntry.OUT, **how)


def two_platforms(*terms, **changes):
    stage, (one,) = ada(*terms, count=1, **changes)
    stage.other_platform()
    stage.offer("elsewhere", *terms, bridge="other", **changes)
    stage.put(PlaceOrder(by="console", order=800, trader=ADA, program="elsewhere", accounts=(7_700, 7_701)))
    stage.put(MarkOrderPaid(by="console", order=800, reference="wire 2"))
    two = 7_700
    command = next(one for one in reversed(stage.facts(CommandQueued, two)) if one.action == "create_account").command
    stage.put(CommandAcknowledged(bridge="other", seq=stage.next_seq(), command=command, t_us=stage.now_us), two)
    stage.put(
        CommandReported(
            bridge="other", seq=stage.next_seq(), command=command, state=CommandState.APPLIED, retcode="", vendor_ref="X1",
            t_us=stage.now_us,
        ),
        two,
    )  # fmt: skip
    assert stage.account(two).standing is Standing.ACTIVE
    for bridge in ("sim", "other"):
        stage.put(Watermark(bridge=bridge, t_us=stage.now_us, seq=stage.seq, qseq=0 if bridge == "other" else 1))
    return stage, one, two
