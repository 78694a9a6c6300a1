"""Brand files: reads the pictures, texts and sentences that the settings name, and says which of them cannot be used, and why."""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from appliance.brand_settings import BrandSettings
from appliance.finding import Finding, Level
from appliance.pages import PAGES
from appliance.served_settings import RESTART, served_digest
from appliance.settings_file import SettingsRefused
from storage.files import FirmDirectory
from web.brand import colours, letters, pictures, prose, sentences
from web.brand.brand import LEGAL, Brand, LegalPage
from web.brand.faults import BrandFault
from web.brand.letters import Letters, read_letters
from web.brand.pictures import Picture, check_picture
from web.brand.prose import is_https, markdown, plain, read_text
from web.brand.sentences import Sentences, read_sentences

CHECK = "brand"
NEXT = f'{PAGES}/brand.md tells what is taken, "evenhand doctor" reads it again'

_Read = TypeVar("_Read")


def read_brand(directory: FirmDirectory, settings: BrandSettings) -> Brand:
    """What the firm's pages wear. Raises SettingsRefused, which names the setting and the file, where one cannot be used."""
    return _Reading(directory, settings).brand()


SUPPORT = 'set it to a mail address or https address that somebody reads, and run "evenhand serve" anew'


def check_brand(directory: FirmDirectory, settings: BrandSettings, holder: int | None) -> Finding:
    """The files are there and can be used, and are those that the firm that serves was started with."""
    try:
        brand = read_brand(directory, settings)
    except SettingsRefused as refused:
        what, _, remedy = str(refused).rpartition("; ")
        return Finding(CHECK, Level.PROBLEM, what, remedy)
    if not settings.support:
        return Finding(CHECK, Level.WARNING, "nobody can write to the firm: brand.support is empty", SUPPORT)
    served = served_digest(directory, holder, CHECK, CHECK)
    if isinstance(served, Finding):
        return served
    if served != brand.digest:
        found = f"files of the brand in {directory.path} have changed since process {holder} was started"
        return Finding(CHECK, Level.WARNING, found, RESTART)
    return Finding(CHECK, Level.OK, f"process {holder} was started with the files that are there")


class _Reading:
    """One look at the files: each is read once."""

    def __init__(self, directory: FirmDirectory, settings: BrandSettings) -> None:
        self._directory, self._settings = directory, settings
        self._digest = hashlib.sha256()

    def brand(self) -> Brand:
        settings = self._settings
        return Brand(
            logo=self._picture("logo", settings.logo),
            logo_dark=self._picture("logo_dark", settings.logo_dark),
            stylesheet=colours.stylesheet(settings.colours.palette()),
            support=settings.support,
            small_print=settings.small_print,
            legal=tuple(self._legal(name, place) for name in LEGAL if (place := getattr(settings.legal, name))),
            legal_language=settings.legal.language,
            sentences=self._sentences(settings.texts),
            letters=self._letters(settings.letters),
            digest=self._digest.hexdigest(),
        )

    def _picture(self, key: str, name: str) -> Picture | None:
        if not name:
            return None
        return self._judged(key, name, pictures.BYTES_MAX, lambda content: check_picture(name, content))

    def _legal(self, name: str, place: str) -> LegalPage:
        if is_https(place):
            return LegalPage(name, place)
        rendered = plain if place.lower().endswith(".txt") else markdown
        body = self._judged(f"legal.{name}", place, prose.BYTES_MAX, lambda content: rendered(read_text(content)))
        return LegalPage(name, f"/legal/{name}", body)

    def _sentences(self, name: str) -> Sentences:
        if not name:
            return Sentences()
        own = self._judged("texts", name, sentences.BYTES_MAX, read_sentences)
        if any("support" in told for told in own.own.values()) and not self._settings.support:
            raise self._refused("texts", name, "has a sentence about support, and brand.support names none: set it")
        return own

    def _letters(self, name: str) -> Letters:
        return Letters(self._judged("letters", name, letters.BYTES_MAX, read_letters)) if name else Letters()

    def _judged(self, key: str, name: str, bytes_max: int, judge: Callable[[bytes], _Read]) -> _Read:
        try:
            content = _read(self._directory, name, bytes_max)
            self._digest.update(f"{key}:{len(content)}:".encode() + content)
            return judge(content)
        except BrandFault as fault:
            raise self._refused(key, name, str(fault)) from fault

    def _refused(self, key: str, name: str, told: str) -> SettingsRefused:
        return SettingsRefused(f"{self._directory.settings}: brand.{key}: {self._directory.path / name} {told}; {NEXT}")


def _read(directory: FirmDirectory, name: str, bytes_max: int) -> bytes:
    """One byte more than may be, at most. A link is not followed: what is served lies in the firm's directory."""
    path = directory.path / name
    try:
        if path.is_symlink() or ("/" in name and path.parent.is_symlink()):
            raise BrandFault("lies behind a link: put the file itself there")
        if not path.exists():
            raise BrandFault("is missing: put it there, or empty the setting")
        if not path.is_file():
            raise BrandFault("is no file: put one there")
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as failed:
        raise BrandFault(f"cannot be read ({failed.strerror}): put it there again, as the firm's own") from failed
