"""Settings file: reads `evenhand.toml`, says precisely what is wrong with it, and writes it and its reference page.

Every text here comes from the structs in `appliance/settings.py`: file, page and error cannot disagree.
"""

import difflib
import json
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import msgspec
from msgspec import inspect

from appliance import region_settings
from appliance.section import Section
from appliance.settings import Settings
from storage.files import FirmDirectory, replace_file

SETTINGS_BYTES_MAX = 256 * 1024
SLUG_LENGTH_MAX = 40
COMMENT_WIDTH = 110
NEXT = 'docs/settings.md lists every key, "evenhand doctor" reads the file again'


class SettingsRefused(ValueError):
    """The settings file cannot be used as it is."""


class Setting(NamedTuple):
    """One key as people read of it. `default` is TOML, or "" where the key is required."""

    section: str
    key: str
    default: str
    allowed: str
    meaning: str

    @property
    def path(self) -> str:
        return f"{self.section}.{self.key}"


def read_settings(path: Path) -> Settings:
    try:
        content = path.read_bytes()
    except FileNotFoundError as missing:
        raise SettingsRefused(f"{path} is missing: {_whence(path)}") from missing
    if len(content) > SETTINGS_BYTES_MAX:
        raise SettingsRefused(
            f"{path} is larger than {SETTINGS_BYTES_MAX} bytes: it is not a settings file; put the right one back"
        )
    try:
        return parse_settings(content.decode(), str(path))
    except UnicodeDecodeError as broken:
        raise SettingsRefused(f"{path} is not UTF-8 (byte {broken.start}): save it as UTF-8; {NEXT}") from broken


def _whence(path: Path) -> str:
    """Where a missing settings file comes from."""
    if FirmDirectory(path.parent).ledger_db.exists():
        return "put back the copy that was kept of it; the firm's ledger is still here"
    return 'run "evenhand init", or name the right directory with --data-dir'


def parse_settings(text: str, name: str) -> Settings:
    """Read TOML; `name` is what errors call the file."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as broken:  # numbers without end and brackets without end are no TOML either
        raise SettingsRefused(f"{name} is not TOML: {broken}; {NEXT}") from broken
    for path in _keys(raw):
        if path not in _KNOWN:
            raise SettingsRefused(f'{name}: unknown key "{path}"{_nearest(path)}; {NEXT}')
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as wrong:
        raise SettingsRefused(f"{name}: {_explained(str(wrong), raw)}; {NEXT}") from wrong


def new_settings(firm_name: str, option: str) -> Settings:
    """Settings of a firm that is about to be founded, judged as its file will be at every start; `option` brought the name."""
    raw = {"firm": {"name": firm_name, "slug": slug_of(firm_name)}}
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as wrong:
        raise SettingsRefused(f"{option}: {_explained(str(wrong), raw)}; nothing was made") from wrong


def settings_toml(settings: Settings) -> str:
    """The file that reads back as `settings`: each key with its meaning, those at their default commented out."""
    chosen = msgspec.to_builtins(settings)
    parts = [f"# Settings of {settings.firm.name}: a key that is commented out has the value shown.\n# {NEXT}.\n"]
    section = ""
    for setting in every_setting():
        if setting.section != section:
            section = setting.section
            parts.append(f"\n[{section}]\n")
        value = _toml(_at(chosen, setting.path))
        allowed = f"{setting.meaning} Allowed: {setting.allowed}."
        parts.append(textwrap.fill(allowed, COMMENT_WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n")
        parts.append(f"{'# ' if value == setting.default else ''}{setting.key} = {value}\n")
    meaning = textwrap.fill(region_settings.MEANING, COMMENT_WIDTH, initial_indent="# ", subsequent_indent="# ")
    parts += [f"\n[{region_settings.SECTION}]\n{meaning}\n", region_settings.regions_toml(settings.regions)]
    return "".join(parts)


def write_settings(path: Path, settings: Settings) -> None:
    replace_file(path, settings_toml(settings).encode())


def slug_of(firm_name: str) -> str:
    """The firm's name as it can stand in a checkpoint: "Ada & Sons Ltd." is ada-sons-ltd."""
    return re.sub(r"[^a-z0-9]+", "-", firm_name.lower())[:SLUG_LENGTH_MAX].strip("-") or "firm"


def settings_reference() -> str:
    """docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "`evenhand.toml` lies in the firm's directory. A key that is absent has its default. Units are in the names: `_ms`, `_s`,",
        "`_min`, `_h`, `_days`, `_mb`; `_bp` is hundredths of a percent. The file is read at start; a wrong or unknown key stops the start",
        "and is named.",
        "What desks decide by (`risk`, and the rhythm of `ledger`) becomes a row of the ledger when it changes.",
        "",
        "This page is generated from `appliance/settings.py`; a test compares them.",
    ]
    section = ""
    for setting in every_setting():
        if setting.section != section:
            section = setting.section
            meaning = _SECTIONS[section].__doc__
            lines += [
                "",
                f"## [{section}]",
                "",
                f"{meaning}",
                "",
                "| key | default | allowed | meaning |",
                "|---|---|---|---|",
            ]
        default = f"`{setting.default}`" if setting.default else "required"
        lines.append(f"| `{setting.key}` | {default} | {setting.allowed} | {setting.meaning} |")
    lines += ["", f"## [{region_settings.SECTION}]", "", region_settings.MEANING, "", *region_settings.table()]
    return "\n".join(lines) + "\n"


def every_setting() -> tuple[Setting, ...]:
    """In the order of the file: a section's own keys before its sub-sections."""
    return tuple(setting for section, struct in _SECTIONS.items() for setting in _settings_of(section, struct))


def _sections_of(struct: type[Section], prefix: str) -> Iterator[tuple[str, type[Section]]]:
    for key, hint in get_type_hints(struct).items():
        if isinstance(hint, type) and issubclass(hint, Section):
            yield f"{prefix}{key}", hint
            yield from _sections_of(hint, f"{prefix}{key}.")


def _settings_of(section: str, struct: type[Section]) -> Iterator[Setting]:
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    for found in described.fields:
        if isinstance(found.type, inspect.Metadata):
            meaning = (found.type.extra_json_schema or {})["description"]
            default = "" if found.required else _toml(found.default)
            yield Setting(section, found.name, default, _allowed(found.type.type), meaning)


def _allowed(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType():
            return f"a whole number from {kind.ge} to {kind.le}"
        case inspect.BoolType():
            return "true or false"
        case inspect.EnumType():
            return "one of " + ", ".join(f'"{member.value}"' for member in kind.cls)
        case inspect.StrType(pattern=str()) if kind.max_length is None:
            return "lower-case letters, digits and dashes, at most 63"
        case inspect.StrType():
            return f"text of {kind.min_length or 0} to {kind.max_length} characters"
        case _:
            raise TypeError(f"a setting cannot be of type {kind}: teach appliance/settings_file.py to describe it")


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case StrEnum() | str():
            # JSON's string is a TOML string; settings hold no control characters.
            return json.dumps(str(value), ensure_ascii=False)
        case _:
            raise TypeError(f"{value!r} is no setting")


def _keys(raw: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in raw.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict) and f"{prefix}{key}" in _SECTIONS:
            yield from _keys(value, f"{prefix}{key}.")


def _at(raw: Any, path: str) -> Any:
    for key in path.split("."):
        raw = raw[key]
    return raw


def _nearest(path: str) -> str:
    """A typing error is near the whole path; a key in the wrong section has the right last name."""
    named = [known for known in _KNOWN if known.rpartition(".")[2] == path.rpartition(".")[2]]
    close = named or difflib.get_close_matches(path, _KNOWN, n=1, cutoff=0.5)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _explained(wrong: str, raw: Mapping[str, Any]) -> str:
    """msgspec's words name a path; the key's own allowed values say more than a type."""
    told, _, path = wrong.partition(" - at `$.")
    path = path.removesuffix("`")
    if missing := re.search(r"missing required field `(\w+)`", told):
        return f'"{".".join(filter(None, (path, missing[1])))}" is missing'
    for setting in every_setting():
        if setting.path == path:
            found = json.dumps(_at(raw, path), ensure_ascii=False, default=str)
            return f'"{path}" must be {setting.allowed}, not {found}'
    return f"[{path}] {told}" if path else told


_SECTIONS: dict[str, type[Section]] = dict(_sections_of(Settings, ""))
_KNOWN = (*_SECTIONS, *(setting.path for setting in every_setting()), region_settings.SECTION)
