"""Figures of the program's form: typed as people write them, kept as the language's integers, and back without a difference."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firm.bounds import EXPONENT_MAX
from firm.form_figures import LOTS, PERCENT, read_money, typed_money, unit_of
from firm.money import Money
from firm.ruleset import Program
from firm.ruleset_form import KIND, MANY, Control, FormField, data_of, form_of, typed_of
from firm.ruleset_text import read_data, read_toml, toml_of
from firm.templates import template
from firm.terms.union import KINDS

TERMS = "phases[0].ruleset.terms"
WRITTEN_DOWN = ("_", "basis point", "minor unit", "null", "10^8", '["')


@pytest.mark.parametrize(
    ("text", "bp"), [("5", 500), ("5.00", 500), ("5 %", 500), ("5%", 500), (" 5.25 ", 525), ("0.01", 1), ("-0.5", -50)]
)
def test_a_percentage_is_kept_in_basis_points(text, bp):
    assert PERCENT.read(text) == bp


@pytest.mark.parametrize("text", ["five", "5.125", "5,25", "%", "", "1e2", "٥", "9" * 30])
def test_what_is_no_percentage_says_what_to_write(text):
    with pytest.raises(ValueError, match=r"is no percentage: write digits with at most 2 decimals, such as 5 or 5\.25"):
        PERCENT.read(text)


@pytest.mark.parametrize(
    ("text", "decimals", "money"),
    [
        ("100000.00 USD", "", Money(10_000_000, "USD", 2)),
        ("540 EUR", "", Money(54_000, "EUR", 2)),
        ("540.5EUR", "", Money(54_050, "EUR", 2)),
        ("100 000.00 USD", "", Money(10_000_000, "USD", 2)),
        ("1000000 JPY", "", Money(1_000_000, "JPY", 0)),
        ("1000000.00 JPY", "2", Money(100_000_000, "JPY", 2)),
        ("100.000 KWD", "", Money(100_000, "KWD", 3)),
        ("1.5 BTC", "8", Money(150_000_000, "BTC", 8)),
        ("-0.01 USD", "", Money(-1, "USD", 2)),
    ],
)
def test_an_amount_has_its_currency_in_the_same_field(text, decimals, money):
    assert read_money(text, decimals) == money


@pytest.mark.parametrize(
    ("text", "decimals", "said"),
    [
        ("100000.00", "", "is no amount with its currency: write both, such as 100000.00 USD"),
        ("USD", "", "is no amount with its currency"),
        ("100,000.00 USD", "", "write digits with at most 2 decimals and no commas, such as 100000.00 USD"),
        ("1.005 USD", "", "write digits with at most 2 decimals"),
        ("1.5 JPY", "", "write whole digits and no commas, such as 100000 JPY"),
        ("1 USD", "9", "a currency has 0 to 8 decimals"),
        ("1 USD", "x", "a currency has 0 to 8 decimals"),
        ("9" * 40 + " USD", "", "is no amount of USD"),
    ],
)
def test_what_is_no_amount_is_told_in_words(text, decimals, said):
    with pytest.raises(ValueError, match=said):
        read_money(text, decimals)


@given(
    st.integers(-(10**15), 10**15),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    st.integers(0, EXPONENT_MAX),
)
def test_an_amount_comes_back_as_it_was(minor, currency, exponent):
    amount = Money(minor, currency, exponent)
    typed = typed_money("size", amount)
    assert read_money(typed["size"], typed["size|decimals"]) == amount


@given(st.integers(-(10**15), 10**15), st.sampled_from([PERCENT, LOTS]))
def test_a_figure_comes_back_as_it_was(value, unit):
    assert unit.read(unit.text(value)) == value


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10**15),
    st.sampled_from(["USD", "JPY", "KWD", "BTC"]),
    st.integers(0, EXPONENT_MAX),
    st.integers(0, 10**6),
)
def test_text_to_form_to_text_says_the_same(minor, currency, exponent, bp):
    """Whatever the currency of the size: the amounts of all terms are in it."""
    program = template("two_step_static").program
    size = Money(minor, currency, exponent)
    changed = msgspec.structs.replace(program, size=size, price=size)
    raw = msgspec.to_builtins(changed)
    raw["phases"][0]["ruleset"]["terms"][0]["amount"]["bp"] = bp
    asked = read_data(raw)
    data, problems = data_of(Program, typed_of(Program, read_toml(toml_of(asked))))
    assert problems == ()
    assert read_data(data).fingerprint() == asked.fingerprint()
    assert toml_of(read_data(data)) == toml_of(asked)


@pytest.mark.parametrize(
    ("measured", "sign"),
    [
        ("quantity:lots", "lots"),
        ("quantity:positions", ""),
        ("quantity:notional", "%"),
        ("quantity:margin", "%"),
        ("measured:allocation", "USD"),
        ("measured:lots", "lots"),
        ("measured:accounts", ""),
        ("measured:opposite_positions", "lots"),
    ],
)
def test_a_limit_is_typed_in_what_it_measures(measured, sign):
    field, _, word = measured.partition(":")
    typed = {"size": "100000.00 USD", f"{TERMS}[0].{field}{KIND}": word}
    assert unit_of(f"{TERMS}[0].limit", typed).sign == sign
    if field == "quantity":
        assert unit_of(f"{TERMS}[0].tiers[1].limit", typed).sign == sign


def test_a_split_by_number_of_payouts_counts_and_is_no_money():
    typed = {"size": "100000.00 USD", f"{TERMS}[0].counted{KIND}": "payout_number"}
    assert unit_of(f"{TERMS}[0].tiers[0].up_to_minor", typed).sign == ""
    assert unit_of(f"{TERMS}[0].tiers[0].up_to_minor", {"size": "1.00 EUR"}).sign == "EUR"


@pytest.mark.parametrize("tag", KINDS)
def test_a_form_speaks_of_no_field_as_it_is_written_down(tag):
    """Every choice of a term's fields is opened once: labels and help are words, without units of the wire."""
    typed = {"phases" + MANY: "1", TERMS + MANY: "1", f"{TERMS}[0]{KIND}": tag}
    asked, done = list(_all(form_of(Program, typed))), set()
    while asked:
        field = asked.pop()
        said = (field.path, field.value)
        for word in WRITTEN_DOWN:
            assert word not in field.label, field
            assert word not in field.help, field
        if (
            field.control in (Control.CHOICE, Control.LIST)
            and said not in done
            and TERMS in field.path
            and len(field.path) > len(TERMS) + 3
        ):
            done.add(said)
            for choice in field.choices if field.control is Control.CHOICE else ("1",):
                opened = typed | {field.path + (KIND if field.control is Control.CHOICE else MANY): choice}
                asked += [
                    one
                    for one in _all(form_of(Program, opened))
                    if one.path.startswith(field.path) and one.path != field.path
                ]


def _all(fields: tuple[FormField, ...]) -> list[FormField]:
    return [found for field in fields for found in (field, *_all(field.fields))]
