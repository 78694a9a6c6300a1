"""The brand's settings and files: a mistake stops the start in one line with what next, and the doctor sees it before and after."""

from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from appliance import brand_files
from appliance.brand_files import check_brand, read_brand
from appliance.brand_settings import BrandSettings, LegalSettings
from appliance.console import open_machine
from appliance.control import ControlReply, ControlRequest, serve_control
from appliance.finding import Level
from appliance.founding import found
from appliance.settings import Settings
from appliance.settings_file import SettingsRefused, new_settings, parse_settings, settings_toml, write_settings
from storage.files import FirmDirectory, create_firm_directory
from tests.web.brand_files import png, svg

FIRM = '[firm]\nname = "Acme"\nslug = "acme"\n'
WHOLE = BrandSettings(
    logo="brand/logo.svg",
    logo_dark="dark.png",
    support="help@acme.example",
    texts="brand/texts.toml",
    legal=LegalSettings(terms="brand/terms.md", risk="risk.txt", privacy="https://acme.example/p"),
)


@pytest.fixture
def firm(tmp_path: Path) -> FirmDirectory:
    """A directory with every file of a brand in it."""
    firm = create_firm_directory(tmp_path / "firm")
    (firm.path / "brand").mkdir(mode=0o700)
    (firm.path / "brand/logo.svg").write_bytes(svg())
    (firm.path / "dark.png").write_bytes(png())
    (firm.path / "brand/terms.md").write_text("# Terms\n\nBe fair.")
    (firm.path / "risk.txt").write_text("You can lose.")
    (firm.path / "brand/texts.toml").write_text('[en]\nsupport = "Write to {support}."')
    return firm


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[brand]\nlogo = "/etc/passwd.svg"', "brand.logo must be the name of a .png or .svg file"),
        ('[brand]\nlogo = "../logo.svg"', "brand.logo must be"),
        ('[brand]\nlogo = "a/b/logo.svg"', "brand.logo must be"),
        ('[brand]\nlogo = "secrets/logo.svg"', "brand.logo must be"),
        ('[brand]\nlogo = "ledger.db"', "brand.logo must be"),
        ('[brand]\nlogo = ".logo.svg"', "brand.logo must be"),
        ('[brand]\nlogo_dark = "a.svg"', "brand.logo_dark needs brand.logo"),
        ('[brand]\ntexts = "texts.md"', "brand.texts must be the name of a .toml file"),
        ('[brand]\nsupport = "javascript:alert(1)"', "brand.support must be a mail address or"),
        ('[brand]\nsupport = "http://acme.example"', "brand.support must be"),
        ('[brand]\nsupport = "help@acme"', "brand.support must be"),
        ('[brand]\nsmall_print = "a\\nb"', '"brand.small_print" must be'),
        ('[brand]\nlgo = "a.svg"', 'unknown key "brand.lgo" (did you mean "brand.logo"?)'),
        ('[brand.legal]\nterms = "http://acme.example"', "brand.legal.terms must be an https address or the name of"),
        ('[brand.legal]\nterms = "terms.html"', "brand.legal.terms must be"),
        ('[brand.legal]\nterms = "https://a@b.example"', "brand.legal.terms must be"),
        ('[brand.legal]\nlanguage = "English!"', "brand.legal.language must be a tag"),
        ('[brand.colours]\naccent_light = "red"', 'brand.colours.accent_light must be a colour such as "#0b6650"'),
        ('[brand.colours]\naccent_light = "#FF0000"', "brand.colours.accent_light must be a colour"),
        ('[brand.colours]\naccent_light = "#ff0000"', 'brand.colours.accent_light "#ff0000" has a contrast of 3.'),
        ('[brand.colours]\naccent_ink_dark = "#ffffff"', 'on the accent #63cfac, and text needs 4.5: "#'),
    ],
)
def test_a_mistake_in_the_settings_is_told_in_one_line_with_what_next(text: str, told: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        parse_settings(FIRM + text, "evenhand.toml")
    assert told in str(refused.value)
    assert str(refused.value).endswith('"evenhand doctor" reads the file again')
    assert "\n" not in str(refused.value)


def test_a_brand_survives_being_written_and_read() -> None:
    settings = Settings(firm=new_settings("Acme", "--name").firm, brand=WHOLE)
    assert parse_settings(settings_toml(settings), "evenhand.toml") == settings


def test_every_file_is_read_and_put_where_pages_look(firm: FirmDirectory) -> None:
    brand = read_brand(firm, WHOLE)
    assert brand.logo is not None
    assert brand.logo.content == svg()
    assert brand.logo_dark is not None
    assert [(page.name, page.address, page.body is None) for page in brand.legal] == [
        ("terms", "/legal/terms", False),
        ("privacy", "https://acme.example/p", True),
        ("risk", "/legal/risk", False),
    ]
    assert brand.stylesheet == ""


def test_a_file_that_cannot_be_used_is_named_with_its_setting_and_what_would_do(firm: FirmDirectory) -> None:
    def told(name: str, content: bytes) -> str:
        before = (firm.path / name).read_bytes()
        (firm.path / name).write_bytes(content)
        with pytest.raises(SettingsRefused) as refused:
            read_brand(firm, WHOLE)
        (firm.path / name).write_bytes(before)
        assert str(firm.path / name) in str(refused.value)
        assert str(refused.value).endswith(brand_files.NEXT)
        return str(refused.value)

    assert "brand.logo: " in told("brand/logo.svg", svg("<script/>"))
    assert "brand.logo_dark: " in told("dark.png", b"x" * 300_000)
    assert "brand.legal.terms: " in told("brand/terms.md", b"<b>")
    assert "brand.legal.risk: " in told("risk.txt", b"")
    assert "brand.texts: " in told("brand/texts.toml", b'[en]\nfoter = "x"')


def test_a_missing_file_a_link_and_a_folder_are_refused(firm: FirmDirectory, tmp_path: Path) -> None:
    logo = firm.path / "brand/logo.svg"
    logo.unlink()
    with pytest.raises(SettingsRefused, match=r"logo\.svg is missing: put it there, or empty the setting"):
        read_brand(firm, WHOLE)
    (tmp_path / "elsewhere.svg").write_bytes(svg())
    logo.symlink_to(tmp_path / "elsewhere.svg")
    with pytest.raises(SettingsRefused, match="lies behind a link"):
        read_brand(firm, WHOLE)
    logo.unlink()
    logo.mkdir()
    with pytest.raises(SettingsRefused, match="is no file"):
        read_brand(firm, WHOLE)
    logo.rmdir()
    (firm.path / "brand").rename(tmp_path / "brand")
    (firm.path / "brand").symlink_to(tmp_path / "brand")
    with pytest.raises(SettingsRefused, match="lies behind a link"):
        read_brand(firm, WHOLE)


def test_words_about_support_need_someone_to_write_to(firm: FirmDirectory) -> None:
    with pytest.raises(SettingsRefused, match=r"brand\.support names none: set it"):
        read_brand(firm, BrandSettings(texts="brand/texts.toml"))


def test_a_start_with_a_faulty_brand_is_refused_and_nothing_is_opened(tmp_path: Path) -> None:
    settings = new_settings("Acme", "--name")
    found(tmp_path / "firm", settings).close()
    directory = FirmDirectory(tmp_path / "firm")
    write_settings(directory.settings, Settings(firm=settings.firm, brand=BrandSettings(logo="logo.svg")))
    with pytest.raises(SettingsRefused, match=r"brand\.logo: .*logo\.svg is missing"):
        open_machine(directory.path)
    (directory.path / "logo.svg").write_bytes(svg())
    machine = open_machine(directory.path)
    assert machine.brand.logo is not None
    machine.close()


def test_the_doctor_tells_what_is_wrong_with_the_files(firm: FirmDirectory) -> None:
    assert check_brand(firm, WHOLE, None).level is Level.OK
    (firm.path / "dark.png").write_bytes(png() + b"\0" * 300_000)
    finding = check_brand(firm, WHOLE, None)
    assert (finding.check, finding.level, finding.next) == ("brand", Level.PROBLEM, brand_files.NEXT)
    assert "dark.png has 262145 bytes, and a PNG may have 262144" in finding.found
    (firm.path / "dark.png").unlink()
    assert "dark.png is missing" in check_brand(firm, WHOLE, None).found


async def test_the_doctor_sees_that_files_have_changed_since_the_start(firm: FirmDirectory) -> None:
    started = read_brand(firm, WHOLE).digest

    async def answers(request: ControlRequest) -> ControlReply:
        assert request.verb == "brand"
        return ControlReply(ok=True, result=started)

    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, firm.control_socket, answers)
        before = await anyio.to_thread.run_sync(check_brand, firm, WHOLE, 7)
        (firm.path / "risk.txt").write_text("You can lose all of it.")
        after = await anyio.to_thread.run_sync(check_brand, firm, WHOLE, 7)
        tasks.cancel_scope.cancel()
    assert before.level is Level.OK
    assert (after.level, after.next) == (Level.WARNING, 'restart it: "systemctl restart evenhand.service"')
    assert "have changed since process 7 was started" in after.found
