"""What a program names of its platform: a fault where a connected platform has it not, a remark where none can be asked."""

import pytest
from msgspec.structs import replace

from firm.checks.listing import listing_problems
from firm.platform_listing import PlatformGroup, PlatformListing
from firm.program_remarks import remarks_on
from firm.publishing import problems_before_sale
from firm.ruleset import Program
from tests.firm.ruleset_examples import program

SOLD = replace(program(), bridge="mt5", group="demo", leverage=100)
DEMO = PlatformGroup(group="demo", leverages=(30, 100))
SLOW = PlatformGroup(group="slow", leverages=(10, 100))


def listing(*groups: PlatformGroup, connected: bool = True) -> dict[str, PlatformListing]:
    return {"mt5": PlatformListing(connected=connected, groups=groups)}


def moving(*does: object) -> Program:
    """Whoever breaks the first rule of the first phase has this done."""
    return replace(
        program({"phases[0].ruleset.terms[0].on_breach": list(does)}), bridge="mt5", group="demo", leverage=100
    )


@pytest.mark.parametrize(
    ("sold", "groups", "told"),
    [
        pytest.param(SOLD, (DEMO,), [], id="both are there"),
        pytest.param(SOLD, (PlatformGroup(group="demo"),), [], id="a group in which any leverage will do"),
        pytest.param(SOLD, (SLOW,), ["group: mt5 has no group demo. It has: slow"], id="no such group"),
        pytest.param(
            replace(SOLD, leverage=50),
            (DEMO,),
            ["leverage: the group demo of mt5 has no 1:50. It has: 1:30, 1:100"],
            id="no such leverage",
        ),
        pytest.param(SOLD, (), [], id="a platform that never told its groups"),
    ],
)
def test_the_group_and_leverage_of_accounts(sold: Program, groups: tuple[PlatformGroup, ...], told: list[str]) -> None:
    assert list(map(str, listing_problems(sold, listing(*groups)))) == told


def test_what_a_breach_does_is_held_against_it_by_its_path() -> None:
    sold = moving({"type": "to_group", "group": "slow"}, {"type": "to_leverage", "leverage": 10})
    assert list(listing_problems(sold, listing(DEMO, SLOW))) == []
    alone = list(listing_problems(sold, listing(DEMO)))
    at = [one.path for one in alone]
    assert {path.rpartition("on_breach")[2] for path in at} == {"[0].group", "[1].leverage"}
    assert at[0].startswith("phases[0].ruleset.terms[")
    assert alone[0].reason == "mt5 has no group slow. It has: demo"
    assert alone[1].reason == "no group of mt5 that these accounts are in has 1:10. There is: 1:30, 1:100"


def test_of_hundreds_of_groups_some_are_named() -> None:
    [told] = listing_problems(SOLD, listing(*(PlatformGroup(group=f"g{number:03}") for number in range(300))))
    assert told.reason.endswith("g010, g011 and 288 more")


def test_it_keeps_a_program_from_being_sold() -> None:
    assert any(one.path == "group" for one in problems_before_sale(SOLD, listing(SLOW)))
    assert not any(one.path == "group" for one in problems_before_sale(SOLD, listing(DEMO)))


def remarks(sold: Program, listings: dict[str, PlatformListing] | None) -> list[str]:
    return [one for one in remarks_on(sold, calendars={"news"}, listings=listings) if "mt5" in one]


def test_where_no_platform_is_connected_it_is_a_remark() -> None:
    assert list(listing_problems(SOLD, listing(SLOW, connected=False))) == []
    assert remarks(SOLD, listing(SLOW, connected=False)) == [
        "group: as of its last connection, mt5 has no group demo. It has: slow"
    ]
    assert remarks(SOLD, listing(connected=False)) == [
        "mt5 is not connected: nobody can say whether it has the group demo, and what else is named of it"
    ]
    assert remarks(SOLD, listing(DEMO, connected=False)) == []
    assert remarks(SOLD, listing()) == [], "a bridge that tells no groups goes on as ever"


def test_without_a_firm_only_rules_that_name_something_are_remarked() -> None:
    assert remarks(SOLD, None) == []
    [told] = remarks(moving({"type": "to_group", "group": "slow"}), None)
    assert told == "groups and leverages that rules name are held against what mt5 has once it is published"
