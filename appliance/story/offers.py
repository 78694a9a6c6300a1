"""Offers: the program that a story sells, from a template or a file, in the size that it names."""

from pathlib import Path

from msgspec.structs import replace

from appliance.story.clock import Unclear
from appliance.story.refused import near
from bridges.simulator.catalogue import Catalogue
from bridges.simulator.symbols import LISTED
from firm.bounds import AMOUNT_MINOR_MAX
from firm.money import Money
from firm.ruleset import Phase, Program, Ruleset
from firm.ruleset_checks import problems_of_program
from firm.ruleset_text import RulesetRefused, read_json, read_toml
from firm.templates import template, templates

_CATALOGUE = Catalogue(tuple(LISTED.values()))
_READERS = {".toml": read_toml, ".json": read_json}
_SIZE_OF_A_RULESET = Money(10_000_000, "USD", 2)  # of rules alone, which say no size


def program_from_template(name: str, size: str) -> Program:
    """A ready program; `size` "" leaves it as it is."""
    try:
        program = template(name).program
    except LookupError:
        names = [known.name for known in templates()]
        raise Unclear(f"there is no template {name!r}{near(name, names)}") from None
    return _sized(program, size)


def program_from_file(path: Path, size: str) -> Program:
    """A program, or a ruleset as the only phase of one."""
    read = _READERS.get(path.suffix)
    if read is None:
        raise Unclear(f"{path.name} is called neither NAME.toml nor NAME.json")
    try:
        rules = read(path.read_text("utf-8"))
    except OSError as error:
        raise Unclear(f"{path} cannot be read ({error.strerror})") from error
    except RulesetRefused as refused:
        raise Unclear(f"{path}: {refused}") from refused
    return _sized(rules if isinstance(rules, Program) else _of_one_phase(path.stem, rules), size)


def _of_one_phase(name: str, ruleset: Ruleset) -> Program:
    return Program(
        program=name,
        title=ruleset.name,
        size=_SIZE_OF_A_RULESET,
        price=_SIZE_OF_A_RULESET.with_minor(0),
        bridge="platform",
        group="group",
        leverage=100,
        accounts_max=10,
        phases=(Phase(name=ruleset.name, ruleset=ruleset, funded=False),),
    )


def _sized(program: Program, size: str) -> Program:
    if size:
        number, _, currency = size.partition(" ")
        amount = Money.parse(number.replace(",", ""), currency or program.size.currency, program.size.exponent)
        if amount.minor > AMOUNT_MINOR_MAX:
            raise Unclear(f"{size} is more than any account holds")
        program = replace(program, size=amount)
    if not _CATALOGUE.serves(program.size.currency):
        raise Unclear(f"no account can be kept in {program.size.currency}: no symbol converts to it")
    problem = next(iter(problems_of_program(program)), None)
    if problem is not None:
        raise Unclear(f"{program.program} cannot be sold so: {problem}")
    return program
