"""The documentation says what the code does: every word of the ledger is in it, every link and command in it is real."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from appliance import cli, region_settings
from appliance.settings import Settings
from firm.commands import Commanded
from firm.doubt_words import DOUBTS
from firm.facts import FACTS, Doubt, Refusal
from firm.inputs import Arriving
from firm.policy import Policy
from firm.refusal_words import REFUSALS
from tests import soaked

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if "vendor" not in page.parts and ".venv" not in page.parts
)
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
KINDS = [*get_args(Arriving), *get_args(Commanded), *FACTS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_input_command_and_fact_is_in_the_reference_and_says_what_it_is(kind: type) -> None:
    assert f"### {kind.__name__}\n" in REFERENCE
    assert "__doc__" in vars(kind)
    assert kind.__doc__


def test_the_reference_is_what_the_code_says_now() -> None:
    told = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference.py", "--check"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_every_refusal_and_every_doubt_has_words_for_people() -> None:
    assert set(REFUSALS) == set(Refusal)
    assert set(DOUBTS) == set(Doubt)
    for each in (*Refusal, *Doubt):
        assert f"| `{each.value}` |" in REFERENCE


def test_every_figure_of_the_policy_is_in_the_reference() -> None:
    for field in msgspec.structs.fields(Policy):
        assert f"`{field.name}`" in REFERENCE


def _keys(section: type[msgspec.Struct]) -> Iterator[str]:
    for field in msgspec.structs.fields(section):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _keys(field.type)
        elif field.name == region_settings.SECTION:
            yield region_settings.NAME  # its keys are the firm's own
        else:
            yield field.name


def test_every_setting_is_in_its_page() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for key in _keys(Settings):
        assert f"| `{key}` |" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"


def _anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as sites that show Markdown spell them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower())) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_into_a_page_lead_to_a_heading_of_it(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        led_to = page.parent / target if target else page
        assert anchor in _anchors(led_to), f"{page.name} links to {target}#{anchor}, and there is no such heading"


def test_the_glossary_has_each_word_once_and_in_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [
        re.sub(r"[^a-z0-9 ]", "", row.lower()).strip() for row in re.findall(r"^\| (\*\*[^|]*)\|", text, re.MULTILINE)
    ]
    assert len(words) > 100
    assert words == sorted(set(words))


def test_files_that_the_pages_name_exist() -> None:
    rooms = "firm|storage|actors|web|bridges|backups|appliance|tools|docs|tests|bench|systemd"
    for page in PAGES:
        if page.name == "STYLE.md":  # its samples are of a tone, not of this tree
            continue
        for name in re.findall(rf"`((?:{rooms})/[\w./-]*)`", page.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{page.relative_to(ROOT)} names {name}, which does not exist"


@pytest.mark.parametrize("verb", ["install", "backup", "rehearse", "restore"])
def test_readme_leads_to_the_operators_verbs_and_pages(verb: str) -> None:
    assert re.search(rf"^\| [^|]+ \| `\.venv/bin/evenhand {verb} [^|]+\|$", README, re.MULTILINE)
    assert "](docs/operating)" in README


def test_what_readme_tells_to_make_can_be_made() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        told = set(
            re.findall(r"\bmake ([a-z]+)\b", (ROOT / page).read_text(encoding="utf-8").replace("make PYTHON", ""))
        )
        assert {name for name in told if f"`make {name}" in README or f"\nmake {name}\n" in README} <= targets


def test_ci_runs_the_commands_that_readme_names() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    run = re.findall(r"^make ([a-z]+)$", ci, re.MULTILINE)
    assert run == ["check", "test"]
    for target in run:
        assert f"`make {target}`" in README
    assert "\nmake demo\n" in README
    assert "\nmake test\n" in README


def test_every_make_target_says_what_it_is_for() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    for target in phony.group(1).split():
        assert re.search(rf"^{target}:.*## \w", MAKEFILE, re.MULTILINE), f"make {target} has no line of help"


def test_decisions_give_context_choice_and_what_would_change_our_mind() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for part in ("**Context.**", "**Choice.**", "**What would change our mind.**"):
            assert part in text, f"{page.name} lacks {part}"


def _subcommands(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from re.findall(r"evenhand ([a-z]+)(?: [a-zA-Z-]|`|\")", line)


def test_commands_that_the_pages_name_are_commands() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "appliance", "--help"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert told.returncode == 0, told.stderr
    for page in PAGES:
        if page.name in ("STYLE.md", "CHANGELOG.md"):
            continue
        for name in _subcommands(page.read_text(encoding="utf-8")):
            assert re.search(rf"\b{name}\b", told.stdout), (
                f"{page.relative_to(ROOT)} names evenhand {name}: no such command"
            )


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The verbs of a command line, or the actions of a verb."""
    actions = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: below for action in actions for name, below in action.choices.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_actions_and_options_of_commands_that_the_pages_give_are_there(page: Path) -> None:
    verbs = _below(cli.parser())
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for told in re.findall(r"evenhand ([a-z]+ [^`\n“”]+)", text):
        verb, *rest = told.partition(" # ")[0].split()
        if page.name == "STYLE.md" or verb not in verbs:
            continue
        found = verbs[verb]
        if rest and (actions := _below(found)):
            names = [name for name in rest[0].rstrip(".,:;").split("|") if re.fullmatch(r"[a-z-]+", name)]
            assert set(names) <= set(actions), f"{page.name} has evenhand {told}: no such action"
            found = actions[names[0]] if names else found
        known = {option for action in found._actions for option in action.option_strings}
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", " ".join(rest)):
            assert option in known, f"{page.name} has evenhand {told}: no option {option}"


def test_the_figures_of_the_soaks_are_those_that_were_kept() -> None:
    page = soaked.PAGE.read_text("utf-8")
    assert soaked.written(page) == page, "write them with: python -m tests.soaked"


def _variables_read() -> set[str]:
    """What programs, tests and scripts take from the environment: a string of Python's, a ${NAME} of a shell's."""
    read = {"*.py": r'"(EVENHAND_[A-Z_]+)"', "*.sh": r"\$\{(EVENHAND_[A-Z_]+)"}
    return {
        name
        for files, pattern in read.items()
        for path in ROOT.rglob(files)
        if ".venv" not in path.parts
        for name in re.findall(pattern, path.read_text(encoding="utf-8"))
    }


def test_variables_that_the_pages_name_are_read_by_something() -> None:
    known = _variables_read()
    for page in PAGES:
        for name in re.findall(r"EVENHAND_[A-Z_]+", page.read_text(encoding="utf-8")):
            assert name in known, f"{page.relative_to(ROOT)} names {name}, which nothing reads"
