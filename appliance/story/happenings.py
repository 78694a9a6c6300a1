"""Happenings: the shapes of the lines that say what traders, markets, platforms and people do."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from appliance.story.cast import Cast
from appliance.story.clock import Unclear
from appliance.story.dealing import DEALING
from appliance.story.forms import Blanks, Form, filled
from appliance.story.granting import GRANTING
from appliance.story.offers import program_from_file, program_from_template
from appliance.story.words import (
    Announced,
    Bought,
    CameBack,
    Closed,
    FellSilent,
    Filled,
    Happening,
    Marked,
    MarksStopped,
    Moved,
    Opened,
    Priced,
    Published,
    Reviewed,
    Scored,
    Shown,
    Swapped,
    TimePassed,
    ToldTwice,
)
from firm.inputs import CashKind, Side
from firm.ruleset import Program
from firm.sessions import DAY_MINUTES

_SIDES = {"buys": Side.BUY, "sells": Side.SELL}


def happening_in(text: str, cast: Cast) -> Happening | None:
    """What a line says happens; None where it has no shape that is known. Unclear for a name or figure that cannot be."""
    for form in HAPPENINGS:
        found = filled(form, text)
        if found is not None:
            does: Happening = form.read(found, cast)
            return does
    return None


def _bought(said: Blanks, cast: Cast) -> Bought:
    account = said["name"] or said["who"]
    cast.buys(said["who"], account)
    return Bought(trader=said["who"], account=account)


def _published(program_of: Callable[[Blanks, Cast, str], Program], said: Blanks, cast: Cast) -> Published:
    """The name stays: whoever buys it from now on is sold what is on offer then, in the size of before."""
    sold = cast.program
    anew = program_of(said, cast, f"{sold.size.decimal()} {sold.size.currency}")
    program = replace(sold, title=anew.title, phases=anew.phases)
    cast.sells(program)
    return Published(program=program)


def _from_template(said: Blanks, _: Cast, size: str) -> Program:
    return program_from_template(said["template"], size)


def _from_file(said: Blanks, cast: Cast, size: str) -> Program:
    return program_from_file(cast.folder / said["file"], size)


def _priced(said: Blanks, cast: Cast) -> Priced:
    symbol = said["symbol"]
    bid, ask = cast.points(symbol, said["bid"]), cast.points(symbol, said["ask"])
    if bid > ask:
        raise Unclear(
            "the first price is what the market bids, the second what it asks: the first is not above the second"
        )
    return Priced(symbol=symbol, bid=bid, ask=ask)


def _opened(said: Blanks, cast: Cast) -> Opened:
    account, symbol = cast.account(said["who"]), said["symbol"]
    cast.opens(said["position"], account, symbol)
    return Opened(
        account=account,
        position=said["position"],
        side=_SIDES[said["side"]],
        lots_e8=cast.lots_e8(said["lots"]),
        symbol=symbol,
        price=cast.points(symbol, said["price"]) if said["price"] else None,
        stop=cast.points(symbol, said["stop"]) if said["stop"] else 0,
        target=cast.points(symbol, said["target"]) if said["target"] else 0,
        commission=cast.minor(said["cost"]) if said["cost"] else 0,
    )


def _filled(said: Blanks, cast: Cast) -> Filled:
    held = cast.held(said["position"])
    price = cast.points(held.symbol, said["price"]) if said["price"] else None
    return Filled(position=said["position"], lots_e8=cast.lots_e8(said["lots"]), price=price)


def _closed(said: Blanks, cast: Cast, *, half: bool = False) -> Closed:
    held, account = cast.held(said["position"]), cast.account(said["who"])
    if held.account != account:
        raise Unclear(f"{said['position']} is held by {held.account}, not by {account}")
    price = cast.points(held.symbol, said["price"]) if said["price"] else None
    lots_e8 = cast.lots_e8(said["lots"]) if said.get("lots") else None
    return Closed(account=account, position=said["position"], lots_e8=lots_e8, half=half, price=price)


def _swapped(said: Blanks, cast: Cast) -> Swapped:
    cast.held(said["position"])
    return Swapped(position=said["position"], minor=cast.minor(said["money"]))


def _deposited(said: Blanks, cast: Cast) -> Moved:
    return Moved(account=cast.account(said["who"]), kind=CashKind.DEPOSIT, minor=_positive(said, cast))


def _withdrawn(said: Blanks, cast: Cast) -> Moved:
    return Moved(account=cast.account(said["who"]), kind=CashKind.WITHDRAWAL, minor=-_positive(said, cast))


def _positive(said: Blanks, cast: Cast) -> int:
    minor = cast.minor(said["money"])
    if minor <= 0:
        raise Unclear("an amount is above zero: deposit pays in, withdrawal pays out")
    return minor


def _paid_out(said: Blanks, cast: Cast) -> Moved:
    """As who runs the platform books it: nobody asks the firm for one yet."""
    return Moved(account=cast.account(said["who"]), kind=CashKind.PAYOUT, minor=-_positive(said, cast))


def _told_twice(said: Blanks, cast: Cast) -> ToldTwice:
    cast.held(said["position"])
    return ToldTwice(position=said["position"])


def _reviewed(said: Blanks, cast: Cast) -> Reviewed:
    return Reviewed(
        by=said["who"],
        account=cast.account(said["name"]),
        rule=cast.rule(said["rule"]),
        confirms=said["word"] == "confirms",
        why=said["why"] or "seen by a person",
    )


DAYS_AHEAD_MAX = 7


def _announced(said: Blanks, _: Cast) -> Announced:
    minutes = int(said["count"])
    if not 0 < minutes <= DAYS_AHEAD_MAX * DAY_MINUTES:
        raise Unclear(f"a release is announced for a time within the next {DAYS_AHEAD_MAX} days")
    return Announced(title=said["title"], currency=said["currency"], minutes=minutes)


def _scored(said: Blanks, cast: Cast) -> Scored:
    return Scored(
        account=cast.account(said["who"]),
        board=said["board"],
        score=int(said["score"].replace(",", "")),
        by=said["name"] or "ruth",
        why=said["why"] or "as the board has it",
    )


HAPPENINGS = (
    Form("WHO buys the program[ as NAME]", _bought),
    Form("the program is published anew as TEMPLATE", partial(_published, _from_template)),
    Form("the program is published anew with rules FILE", partial(_published, _from_file)),
    Form("SYMBOL BID / ASK", _priced),
    Form(
        "WHO SIDE LOTS lot[s] SYMBOL as POSITION[ at PRICE][, stop STOP][, target TARGET][, commission COST]",
        _opened,
    ),
    Form("POSITION is filled with LOTS lot[s] more[ at PRICE]", _filled),
    Form("WHO closes LOTS lot[s] of POSITION[ at PRICE]", _closed),
    Form("WHO closes half of POSITION[ at PRICE]", partial(_closed, half=True)),
    Form("WHO closes POSITION[ at PRICE]", _closed),
    Form("swap of POSITION MONEY", _swapped),
    Form("deposit MONEY[ to WHO]", _deposited),
    Form("withdrawal MONEY[ from WHO]", _withdrawn),
    Form("payout MONEY[ to WHO]", _paid_out),
    Form("fill of POSITION is told twice", _told_twice),
    Form("the platform shows the account[ of WHO]", lambda said, cast: Shown(account=cast.account(said["who"]))),
    Form("the bridge falls silent", lambda *_: FellSilent()),
    Form("the bridge comes back and tells", lambda *_: CameBack()),
    Form("watermarks stop", lambda *_: MarksStopped()),
    Form("watermarks go on", lambda *_: Marked(goes_on=True)),
    Form("watermark", lambda *_: Marked(goes_on=False)),
    Form("WHO WORD the breach of RULE[ by NAME][, because WHY]", _reviewed),
    Form("TITLE of CURRENCY is released in COUNT minute[s]", _announced),
    Form("score SCORE on BOARD is published of WHO[ by NAME][, because WHY]", _scored),
    *DEALING,
    *GRANTING,
    Form("nothing happens", lambda *_: TimePassed()),
)
