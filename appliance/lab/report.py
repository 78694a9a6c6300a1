"""Report: what the lab found so far, account by account and cohort by cohort."""

from collections import Counter
from collections.abc import Iterable

from actors.lab_found import AccountLine, CohortLine, Ending, Outcome, Report, Tally
from appliance.lab.lab import Case, Lab
from firm.ids import id_text


def report_of(lab: Lab) -> Report:
    """As far as the lab has come: accounts in the order in which they were opened."""
    lines = tuple(_line(case) for case in lab.cases.values())
    return Report(
        ruleset="" if lab.rules is None else lab.rules.name,
        ruleset_id="" if lab.rules is None else lab.rules.ruleset_id(),
        upto_row=lab.upto_row,
        upto_us=lab.upto_us,
        inputs=lab.inputs,
        engines=tuple(lab.engines),
        cohorts=tuple(_cohorts(lines)),
        accounts=lines,
        not_judged=lab.not_judged,
    )


def _line(case: Case) -> AccountLine:
    after = case.outcome_after()
    return AccountLine(
        account=id_text(case.account),
        program=case.sale.program,
        phase=case.phase_name,
        cohort=case.sale.cohort,
        opened_us=case.opened_us,
        currency=case.initial.currency,
        exponent=case.initial.exponent,
        initial=case.initial.minor,
        before=case.before.outcome(),
        after=after,
        apart_us=case.apart_us,
        sold_as=case.called.get(after.rule, ""),
    )


def _cohorts(lines: tuple[AccountLine, ...]) -> Iterable[CohortLine]:
    groups: dict[tuple[str, str, str, str, int], list[AccountLine]] = {}
    for line in lines:
        groups.setdefault((line.cohort, line.program, line.phase, line.currency, line.exponent), []).append(line)
    for (cohort, program, phase, currency, exponent), members in sorted(groups.items()):
        yield CohortLine(
            cohort=cohort,
            program=program,
            phase=phase,
            currency=currency,
            exponent=exponent,
            accounts=len(members),
            differing=sum(line.differs for line in members),
            before=_tally([line.before for line in members]),
            after=_tally([line.after for line in members]),
        )


def _tally(outcomes: list[Outcome]) -> Tally:
    counted = Counter(outcome.ending for outcome in outcomes)
    rules = Counter(outcome.rule for outcome in outcomes if outcome.ending is Ending.BREACHED)
    return Tally(
        endings={ending: counted[ending] for ending in Ending if counted[ending]},
        breached_by=dict(sorted(rules.items())),
        profit=sum(outcome.profit for outcome in outcomes),
        paid=sum(outcome.paid for outcome in outcomes),
    )
