"""Trace words: what each row of a desk's trace did, in one plain sentence with the row's own figures.

A kind that needs no figures of its own speaks with the first sentence of its entry in docs/reference.md.
"""

import inspect

from firm import commands as c
from firm import facts as f
from firm import inputs as i
from firm.account_fold import MARGIN
from firm.arithmetic import Unit
from firm.explain import consequence_in_words
from firm.ids import id_text
from firm.kinds import Body
from firm.money import Money
from firm.pass_words import conditions_in_words, counted_by
from web import judged_words, reasons, words
from web.trace_incidents import incident_said

_NO_MONEY = Money(0, "", 0)

OfSubject = f.RuleBroken | f.RuleSuspected | f.BreachWaived | f.RuleKeptAgain
"""Facts of a rule about a position, a day, a symbol, a release."""


def said(body: Body, about: str = "") -> str:
    """The sentence about a row. `about`: what a rule's row is about, in words."""
    if isinstance(body, c.Command):
        return _commanded(body) or _on_offer(body) or incident_said(body) or _from_reference(body)
    if isinstance(body, i.Input):
        return _reported(body) or _from_reference(body)
    tables = (_verdict, _ruled, _recorded, _on_offer, _looked_at, _enforced, incident_said)
    return _of_rule(body, about) or next(filter(None, (table(body) for table in tables)), "") or _from_reference(body)


def _from_reference(body: Body) -> str:
    text = " ".join((inspect.getdoc(type(body)) or "").split("\n\n")[0].split())
    return text.partition(". ")[0].rstrip(".") + "."


def _commanded(body: c.Command) -> str:  # noqa: C901  (a table of commands)
    by = words.upper_first(words.who(body.by))
    match body:
        case c.ReviewVerdict():
            return f"{by} said “{body.outcome.value}” to decision {body.decision}: {reasons.quoted(body.why)}"
        case c.PublishScore():
            return f"{_scored(body)}: {reasons.quoted(body.why)}"
        case c.GrantOverride():
            return f"{by} wants an exception from the rules: {reasons.quoted(body.why)}"
        case c.EngageKillSwitch():
            return f"{by} stopped {body.switch.value}: {reasons.quoted(body.why)}"
        case c.ReleaseKillSwitch():
            return f"{by} asked to let {body.switch.value} go on: {reasons.quoted(body.why)}"
        case c.ResetBreaker():
            return f"{by} asked to let automatic failures go on: {reasons.quoted(body.why)}"
        case c.MarkOrderPaid():
            return f"{by} saw the money for the order."
        case c.AdvanceChallenge():
            return f"{by} let the next phase begin although it was held: {reasons.quoted(body.why)}"
        case c.PlaceOrder():
            return f"{by} ordered {body.program}."
        case c.SettleCommand():
            return (
                f"{by} saw that the platform {'did' if body.happened else 'did not do'} it: {reasons.quoted(body.why)}"
            )
        case c.EnforceAgain():
            return f"{by} ordered anew what had been withheld."
        case c.ResumeDesk():
            return f"{by} asked to let the desk decide again: {reasons.quoted(body.why)}"
        case c.SetBridgeMode():
            return f"{by} asked for the bridge to {body.mode.value}: {reasons.quoted(body.why)}"
        case _:
            return ""


def _reported(body: i.Input) -> str:  # noqa: C901  (a table of rows)
    match body:
        case i.DealReported():
            does = "opened" if body.entry is i.DealEntry.IN else "closed"
            return (
                f"The platform reported a deal: {body.side.value} {words.lots(body.lots_e8)} {body.symbol}, which "
                f"{does} position {body.position_id}."
            )
        case i.EquityReported():
            return f"The platform said that equity is {words.money(body.equity)}, and the balance {words.money(body.balance)}."
        case i.PositionReported():
            return (
                f"The platform {body.op} position {body.position_id}: {body.side.value} {words.lots(body.lots_e8)} "
                f"{body.symbol}."
            )
        case i.CashReported():
            return f"The platform reported a {body.cash_kind.value} of {words.money(body.amount)}."
        case i.SnapshotReported():
            held = words.plural(len(body.positions), "position", "positions")
            return f"The platform showed the account in full: equity {words.money(body.equity)}, {held}."
        case i.CommandReported():
            return f"The platform says of command {body.command}: {words.command_state(body.state.value)[0].lower()}."
        case i.CommandAcknowledged():
            return f"The bridge has written command {body.command} down, and will carry it out once."
        case i.QuoteFrame():
            merged = ", merged because the bridge was overloaded" if body.conflated else ""
            return f"{words.plural(body.n, 'price', 'prices')} came{merged}."
        case i.Watermark():
            return f"Everything stamped before {words.precise(body.t_us)} has come."
        case i.PlatformReported():
            return "The link to the platform is up." if body.up else f"The link to the platform is down: {body.why}."
        case i.GapReported():
            return f"Prices of {body.symbol} are missing from {words.precise(body.from_us)} to {words.precise(body.to_us)}."
        case i.BackfillReported():
            return f"{words.plural(body.ticks, 'missing price', 'missing prices')} of {body.symbol} came after all."
        case i.SymbolReported():
            return (
                f"The platform’s contract of {body.spec.symbol}: {body.spec.digits} digits, quoted in "
                f"{body.spec.currency_profit}."
            )
        case i.BridgeDisconnected():
            return f"The bridge’s session ended: {body.reason}."
        case i.ClockTicked():
            return f"Firm time is {words.precise(body.at_us)}."
        case _:
            return ""


def _verdict(body: Body) -> str:  # noqa: C901  (a table of rows)
    match body:
        case f.BreachDeclared():
            what = f"Equity of {words.money(body.observed)} reached the {_floor(body)}"
            if body.severity == "soft":
                return f"{what}: a soft limit, so trading pauses."
            if body.reviewed:
                return f"{what}: a person confirmed it, and it is final."
            return f"{what}. Asked the risk desk, which allowed the failure: it is final."
        case f.BreachSuspected():
            what = f"Equity of {words.money(body.observed)} seems to have reached the {_floor(body)}"
            return f"{what}, but not beyond doubt ({_doubts(body.doubts)}): close-only until it is settled."
        case f.VerdictCorrected():
            return f"A later word on decision {body.decision}: {body.verdict}."
        case f.OverrideAsked() | f.OverrideGranted():
            return _excepted(body)
        case f.ScorePublished():
            return f"{_scored(body)}: {reasons.quoted(body.why)}"
        case f.PhasePassed():
            return f"Won: {_won(body)}. Asked the risk desk, which allowed the pass."
        case f.PassHeld():
            return (
                f"The objectives look met at {words.money(body.observed)}, but not beyond doubt "
                f"({_doubts(body.doubts)}): held."
            )
        case f.AccountPaused():
            return f"{words.sentence(body.rule)} stopped trading until {words.moment(body.until_us)}."
        case f.StandingChanged():
            before, after = words.standing_word(body.before), words.standing_word(body.after)
            return f"From “{before}” to “{after}”: {reasons.because_of_standing(body.because)}."
        case f.BreakerTripped():
            lost = words.plural(body.failures, "failure", "failures")
            return (
                f"{lost} among {words.plural(body.accounts, 'account', 'accounts')} within "
                f"{words.span(body.window_us)}: automatic failures stop."
            )
        case _:
            return ""


def _ruled(body: Body) -> str:
    match body:
        case f.LimitNeared():
            used = f"{words.percent(body.share_bp)} of {words.sentence(body.rule)}"
            return f"Warned: {used} is used up; the floor is {words.money(body.floor)}."
        case f.TargetReached():
            return f"The target {words.sentence(body.rule)} is reached at {words.money(body.observed)}."
        case f.TargetLeft():
            return f"The target {words.sentence(body.rule)} is not reached any more, at {words.money(body.observed)}."
        case f.AccountRestricted():
            return f"{words.sentence(body.rule)} lets nothing be opened until {words.moment(body.until_us)}."
        case f.DayClosed():
            return f"Day {body.label} brought {words.change(body.closed)} by what was closed on it."
        case f.WeekStartMoved() | f.CycleStartMoved():
            of = "week" if isinstance(body, f.WeekStartMoved) else "payout cycle"
            return f"What the {of} is measured from was moved to a balance of {words.money(body.balance)}."
        case f.HighMoved():
            by = " by a person" if body.adjusted else ""
            return f"The high that a floor follows was moved to {words.money(body.high)}{by}."
        case f.PayoutBooked():
            return (
                f"Payout {body.number}: {words.money(body.profit)} of profit left the account, {words.money(body.paid)} of it the "
                f"trader’s; balance {words.money(body.balance)}."
            )
        case _:
            return ""


def _why_published(body: c.PublishProgram) -> str:
    return "." if body.publication is None else f": {reasons.quoted(body.publication.why)}"


def _of_rule(body: Body, about: str) -> str:
    """A rule that is no loss limit."""
    match body:
        case f.RuleBroken():
            return (
                f"{_rule(body, about)} was broken{_measured(body)}{_together(body)}. {consequence_in_words(body.does)}"
            )
        case f.RuleSuspected():
            what = f"{_rule(body, about)} looks broken{_measured(body)}{_together(body)}"
            return f"{what} ({_doubts(body.doubts)}): close-only until a person decides."
        case f.BreachWaived():
            return f"{_rule(body, about)} was broken while a person had waived it{_measured(body)}: that stays without effect."
        case f.RuleKeptAgain():
            return f"{_rule(body, about)} is kept again."
        case _:
            return ""


def _on_offer(body: Body) -> str:
    match body:
        case c.PublishProgram():
            return f"{words.upper_first(words.who(body.by))} published {body.program.title} ({body.program.program}){_why_published(body)}"
        case c.RetireProgram():
            return f"{words.upper_first(words.who(body.by))} took {body.program} from the shelf: {reasons.quoted(body.why)}"
        case f.ProgramPublished():
            return f"{body.program.title} ({body.program.program}) is on offer, under {', '.join(one[:12] for one in body.ruleset_ids)}."
        case f.ProgramRetired():
            return f"{body.program} is on offer no more: {reasons.quoted(body.why)}"
        case _:
            return ""


def _recorded(body: Body) -> str:
    match body:
        case f.DayOpened():
            start = "not final yet" if body.provisional else "final"
            return (
                f"Day {body.day.label} began with a balance of {words.money(body.balance)} and equity of "
                f"{words.money(body.equity)}, {start}."
            )
        case f.DayAnchored():
            return _anchored(body)
        case f.DealBooked() if body.lots_e8:
            return (
                f"Booked: position {body.position_id} is {body.side.value} {words.lots(body.lots_e8)} {body.symbol}; "
                f"balance {words.money(body.balance)}."
            )
        case f.DealBooked():
            return (
                f"Booked: position {body.position_id} in {body.symbol} is closed; balance {words.money(body.balance)}."
            )
        case f.CashBooked():
            return f"Booked {words.change(body.amount)}; balance {words.money(body.balance)}. Floors and targets move with it."
        case f.AccountOpened():
            return f"Opened with {words.money(body.initial)}, {body.phase_name}, under the rules “{body.ruleset.name}”."
        case f.AccountLinked():
            return f"The platform opened it under login {body.login}."
        case f.OrderPlaced():
            return f"{body.program.title} was ordered for {words.money(body.price)}, and waits for payment."
        case f.OrderPaid():
            return f"Order {id_text(body.order)} is paid: its account is opened."
        case f.ChallengeAdvanced():
            return f"The challenge moved on to phase {body.phase + 1}."
        case f.ChallengeHeld():
            return f"Phase {body.phase + 1} is reached, and its account waits for a person: {reasons.quoted(body.why)}"
        case _:
            return ""


def _looked_at(body: Body) -> str:
    match body:
        case f.MarkTaken():
            left = f", {words.money(body.headroom)} above the nearest floor" if body.headroom else ""
            return f"Equity {words.money(body.equity)}{left}."
        case f.PeakReached():
            return f"The highest equity so far: {words.money(body.equity)}."
        case f.TradingDayCounted():
            return f"{body.label} counts as trading day {body.count}."
        case f.DriftFound():
            rests = "no rule about margin is judged" if body.what == MARGIN else "no hard failure rests on it"
            return (
                f"Our {words.sentence(body.what).lower()} is {words.money(body.computed)}, the platform’s "
                f"{words.money(body.reported)}: {rests} meanwhile."
            )
        case f.DriftCleared():
            return f"Our {words.sentence(body.what).lower()} and the platform’s agree again."
        case f.DealIgnored():
            return f"Deal {body.deal_id} was left out of the book: {words.sentence(body.why).lower()}."
        case f.QuotesRefused():
            return (
                f"{words.plural(len(body.refused), 'price', 'prices')} of the frame may not be used: "
                f"{', '.join(sorted({why for _, why in body.refused}))}."
            )
        case f.SanityBandLeft():
            return (
                f"A price of {body.symbol} jumped by more than {words.percent(body.band_bp)}: no hard failure rests "
                "on it alone."
            )
        case f.DeskStopped():
            return f"The desk failed on row {body.input} ({body.exception}) and is stopped; what comes for it is kept."
        case f.MessageParked():
            return f"Kept for the stopped desk: {body.message_kind}."
        case _:
            return ""


def _enforced(body: Body) -> str:
    match body:
        case f.CommandQueued():
            step = f"{words.sentence(body.purpose).lower()}, step {body.step}"
            why = f" Because of decision {body.for_decision}." if body.for_decision else ""
            return f"To be asked of the platform: {words.action(body.action).lower()} ({step}).{why}"
        case f.CommandAdvanced():
            detail = f" ({body.detail})" if body.detail else ""
            return f"Command {body.command}: {words.command_state(body.state.value)[0].lower()}{detail}."
        case f.CommandProbed():
            return (
                f"Nobody can say what became of command {body.command}: the bridge was asked, attempt {body.attempt}."
            )
        case f.CommandWithheld():
            return (
                f"Never sent: {words.action(body.action).lower()}, because of {words.sentence(body.because).lower()}."
            )
        case f.KillSwitchEngaged():
            return f"{words.sentence(body.switch.value)} stopped."
        case f.KillSwitchReleased():
            return f"{words.sentence(body.switch.value)} goes on, released by two people."
        case f.KillSwitchReleaseAsked():
            return f"The first of two releases of {body.switch.value}."
        case f.BridgeModeChanged():
            return f"From now on the bridge is to {body.mode.value}."
        case _:
            return ""


def _scored(body: c.PublishScore | f.ScorePublished) -> str:
    by = words.upper_first(words.who(body.by))
    says = "wants" if isinstance(body, c.PublishScore) else "published"
    return f"{by} {says} a score of {words.count(body.score)} on “{body.board}”"


def _won(body: f.PhasePassed) -> str:
    if counted_by(body) is not None:
        return "; ".join(conditions_in_words(body.conditions, body.observed))
    met = f"{words.money(body.observed)} meets the target of {words.money(body.target)}"
    if body.score is None:
        return met
    scored = (
        f"a score of {words.count(body.score.published)} on “{body.score.board}” meets {words.count(body.score.asked)}"
    )
    return scored if body.score.rule == body.rule else f"{met}, and {scored}"


def _excepted(body: f.OverrideAsked | f.OverrideGranted) -> str:
    if isinstance(body, f.OverrideAsked):
        by = words.upper_first(words.who(body.by))
        return f"{by} asked for an exception, and a second person has to agree: {reasons.quoted(body.why)}"
    by = words.upper_first(" and ".join(map(words.who, body.by)))
    return f"{by} granted an exception from the rules: {reasons.quoted(body.reasons)}"


def _floor(body: f.BreachDeclared | f.BreachSuspected) -> str:
    return f"{words.rule_kind(body.rule_kind).lower()} floor of {words.money(body.floor)}"


def _rule(body: OfSubject, about: str) -> str:
    about = about or body.subject
    return f"{words.sentence(body.rule)}{f' ({about})' if about else ''}"


def _measured(body: f.RuleBroken | f.RuleSuspected | f.BreachWaived) -> str:
    """Amounts of money are in the row's fields: it does not say of which currency."""
    if body.unit is Unit.MINOR:
        return ""
    observed, limit = (judged_words.measure(value, body.unit, _NO_MONEY) for value in (body.observed, body.limit))
    return f": {observed} against {limit}"


def _together(body: f.RuleBroken | f.RuleSuspected) -> str:
    """Of a rule across accounts, which they are."""
    return f", held by {', '.join(map(id_text, body.accounts))}" if body.accounts else ""


def _doubts(doubts: tuple[f.Doubt, ...]) -> str:
    return ", ".join(reasons.DOUBT_NAMES[doubt] for doubt in doubts)


def _anchored(body: f.DayAnchored) -> str:
    marks = f"balance {words.money(body.balance)}, equity {words.money(body.equity)}"
    if body.adjusted:
        return f"A person moved the start of day {body.day.label}: {marks}."
    moved = ", moved by what came late, cash or a correction" if body.changed else ""
    return f"The start of day {body.day.label} is final{moved}: {marks}."
