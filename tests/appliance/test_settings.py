"""Settings: what an operator writes is what the firm does, and a slip of the finger is named with its remedy."""

from pathlib import Path

import msgspec
import pytest

from appliance.settings import (
    FIGURES,
    ClockSource,
    Figure,
    FirmSettings,
    LedgerSettings,
    RiskSettings,
    Settings,
    WebSettings,
    policy_changes,
)
from appliance.settings_file import (
    SETTINGS_BYTES_MAX,
    SettingsRefused,
    every_setting,
    new_settings,
    parse_settings,
    read_settings,
    settings_reference,
    settings_toml,
    slug_of,
    write_settings,
)
from firm.instant import HOUR_US, SECOND_US
from firm.policy import Policy
from storage.checkpoint import require_slug

FIRM = '[firm]\nname = "Acme Funding"\nslug = "acme"\n'
PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_reference_page_is_what_the_structs_say() -> None:
    assert PAGE.read_text() == settings_reference(), "write settings_reference() to docs/settings.md"


def test_what_init_writes_reads_back_with_every_default() -> None:
    settings = parse_settings(settings_toml(new_settings('Ada & "Sons" Ltd. \\ Praha', "--name")), "evenhand.toml")
    assert settings == Settings(firm=FirmSettings(name='Ada & "Sons" Ltd. \\ Praha', slug="ada-sons-ltd-praha"))


def test_the_written_file_explains_each_key_and_sets_only_what_differs() -> None:
    text = settings_toml(new_settings("Acme", "--name"))
    assert [line for line in text.splitlines() if line and line[0] not in "#["] == ['name = "Acme"', 'slug = "acme"']
    assert all(f"{setting.key} = " in text for setting in every_setting())


def test_changed_settings_read_back_from_the_written_file(tmp_path: Path) -> None:
    changed = Settings(
        firm=FirmSettings(name="Acme", slug="acme"),
        web=WebSettings(port=9_000, public_url="https://portal.example.com", tls_behind_proxy=True),
        clock=msgspec.structs.replace(
            Settings(firm=FirmSettings(name="a", slug="a")).clock, source=ClockSource.SIMULATED
        ),
        ledger=LedgerSettings(segments_keep_days=30),
    )
    write_settings(tmp_path / "evenhand.toml", changed)
    assert read_settings(tmp_path / "evenhand.toml") == changed


def test_defaults_are_the_policy_that_desks_assume() -> None:
    assert parse_settings(FIRM, "x").policy() == Policy()


def test_every_figure_of_the_policy_follows_a_setting() -> None:
    decides = [setting for setting in every_setting() if setting.path.startswith(("risk.", "ledger.", "documents."))]
    shifted = {setting.path: int(setting.default) + 1 for setting in decides if setting.default.isdecimal()}
    nested: dict = {"firm": {"name": "a", "slug": "a"}}
    for path, value in shifted.items():
        *sections, key = path.split(".")
        at = nested
        for section in sections:
            at = at.setdefault(section, {})
        at[key] = value
    policy = msgspec.structs.asdict(msgspec.convert(nested, Settings).policy())
    unmoved = [name for name, value in msgspec.structs.asdict(Policy()).items() if policy[name] == value]
    assert unmoved == []


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_change_of_policy_is_told_by_the_key_that_made_it_in_its_own_unit(figure: Figure) -> None:
    section, _, key = figure.key.rpartition(".")
    [default] = [int(setting.default) for setting in every_setting() if setting.path == figure.key]
    changed = parse_settings(f"{FIRM}[{section}]\n{key} = {default + 1}\n", "x").policy()
    assert policy_changes(Policy(), changed) == [f"{figure.key} {default} -> {default + 1}"]
    assert policy_changes(changed, changed) == []


def test_units_reach_the_policy() -> None:
    text = FIRM + "[risk]\nstale_after_ms = 1_500\nreconcile_within_s = 3600\n[risk.breaker]\nwindow_s = 7\n"
    policy = parse_settings(text, "x").policy()
    assert (policy.stale_after_us, policy.reconcile_within_us, policy.breaker_window_us) == (
        1_500_000,
        HOUR_US,
        7 * SECOND_US,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            FIRM + "[web]\nprot = 1", 'unknown key "web.prot" (did you mean "web.port"?);', id="a typing error"
        ),
        pytest.param(
            FIRM + "[risk]\naccounts_max = 1", 'did you mean "risk.breaker.accounts_max"?', id="the wrong section"
        ),
        pytest.param(
            FIRM + "[rsik]\nprobes_max = 1", 'unknown key "rsik" (did you mean "risk"?);', id="an unknown section"
        ),
        pytest.param(FIRM + "[web]\nzzzzzzzzzz = 1", 'unknown key "web.zzzzzzzzzz";', id="nothing near"),
        pytest.param(
            FIRM + '[web]\nport = "80"',
            '"web.port" must be a whole number from 1 to 65535, not "80"',
            id="a text for a number",
        ),
        pytest.param(
            FIRM + "[web]\nport = 80.0", '"web.port" must be a whole number from 1 to 65535, not 80.0', id="a fraction"
        ),
        pytest.param(FIRM + "[web]\nport = 65536", '"web.port" must be a whole number', id="above its bound"),
        pytest.param(FIRM + "[risk.breaker]\nwindow_s = 0", '"risk.breaker.window_s" must be', id="below its bound"),
        pytest.param(
            FIRM + "[web]\ntls_behind_proxy = 1",
            '"web.tls_behind_proxy" must be true or false, not 1',
            id="one for true",
        ),
        pytest.param(FIRM + '[log]\nlevel = "loud"', '"log.level" must be one of "debug", "info"', id="no such level"),
        pytest.param('[firm]\nname = "A"', '"firm.slug" is missing', id="a required key"),
        pytest.param("", '"firm" is missing', id="an empty file"),
        pytest.param(
            '[firm]\nname = "A"\nslug = "Ä"', '"firm.slug" must be lower-case letters', id="a slug that is none"
        ),
        pytest.param('[firm]\nname = "A\\nB"\nslug = "a"', '"firm.name" must be', id="a line break in the name"),
        pytest.param("firm = 3", "[firm] Expected `object`", id="a section that is a number"),
        pytest.param("[firm", "is not TOML", id="no TOML"),
        pytest.param(
            FIRM + '[web]\npublic_url = "portal.example.com"',
            "web.public_url 'portal.example.com' must be",
            id="no scheme",
        ),
        pytest.param(FIRM + '[web]\npublic_url = "https://a.example/x"', "must be scheme and host alone", id="a path"),
        pytest.param(
            FIRM + '[web]\npublic_url = "https://a.example"',
            "web.tls_behind_proxy is true exactly when web.public_url",
            id="https without a proxy",
        ),
        pytest.param(
            FIRM + "[web]\ntls_behind_proxy = true",
            "web.tls_behind_proxy needs web.public_url",
            id="a proxy for nobody",
        ),
        pytest.param(
            FIRM + "[web]\nsession_idle_min = 800",
            "web.session_idle_min must not exceed web.session_absolute_min",
            id="idle longer than all",
        ),
        pytest.param(
            FIRM + '[web]\nstaff_second_factor = "demo"',
            'web.staff_second_factor may be "demo" only where clock.source is "simulated"',
            id="a real firm whose staff need no second factor",
        ),
        pytest.param(
            FIRM + '[web]\nhost = "0.0.0.0"\nstaff_second_factor = "demo"\n[clock]\nsource = "simulated"',
            "web.host is loopback",
            id="a demo that others reach",
        ),
    ],
)
def test_a_mistake_is_told_with_file_key_and_remedy(text: str, told: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        parse_settings(text, "evenhand.toml")
    message = str(refused.value)
    assert message.startswith("evenhand.toml")
    assert told in message
    assert message.endswith('; docs/settings.md lists every key, "evenhand doctor" reads the file again')


def test_a_missing_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r'evenhand\.toml is missing: run "evenhand init"'):
        read_settings(tmp_path / "evenhand.toml")


@pytest.mark.parametrize(
    ("content", "told"), [(b"\xff\xfe", "is not UTF-8"), (b"#" * (SETTINGS_BYTES_MAX + 1), "larger than")]
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "evenhand.toml").write_bytes(content)
    with pytest.raises(SettingsRefused, match=told):
        read_settings(tmp_path / "evenhand.toml")


@pytest.mark.parametrize("name", ["Ada & Sons Ltd.", "ÖÄÜ", "-", "x" * 80, "a" + "-" * 50 + "b", "株式会社"])
def test_a_slug_of_any_name_is_one_that_checkpoints_accept(name: str) -> None:
    require_slug(slug_of(name))


def test_units_are_in_the_names_of_all_numbers() -> None:
    counted = {
        "port",
        "accounts_max",
        "share_accounts_min",
        "probes_max",
        "checkpoint_rows",
        "snapshot_rows",
        "circuit_failures_max",
        "per_person_max",
        "per_minute_max",
    }
    counted |= {"queue_deep_inputs", "refused_max", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly"}
    counted |= {
        f"{whose}_{what}"
        for whose in ("address", "stream", "account", "key", "sign_in")
        for what in ("per_minute", "burst")
    }
    numbers = {setting.key for setting in every_setting() if setting.default.isdecimal()}
    assert {key for key in numbers if not key.endswith(("_ms", "_s", "_min", "_h", "_days", "_bp", "_mb"))} <= counted


def test_the_origin_of_forms_is_the_public_address_or_the_local_one() -> None:
    assert WebSettings().origin == "http://127.0.0.1:8080"
    assert WebSettings(public_url="http://portal.example.com").origin == "http://portal.example.com"


def test_nested_defaults_are_not_shared_by_accident() -> None:
    with pytest.raises(AttributeError):
        RiskSettings().breaker.window_s = 5  # type: ignore[misc]
