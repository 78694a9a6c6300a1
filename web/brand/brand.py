"""Brand: what one firm's pages wear: read once, when the firm starts, and the same for everybody until it starts again."""

import hashlib
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from firm.accepted import AcceptedText
from firm.sentences.languages import Language
from web.brand.letters import Letters
from web.brand.pictures import Picture
from web.brand.sentences import FIRM, SUPPORT, Sentences

ACCEPTED = ("terms", "privacy", "risk")  # by whoever signs up
LEGAL = ("terms", "privacy", "imprint", "risk")
STYLESHEET = "/brand.css"
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True)
class LegalPage:
    """`name`: one of LEGAL. `address`: elsewhere, or ours, /legal/NAME, whose body is then `body`."""

    name: str
    address: str
    body: Markup | None = None

    @property
    def sha256(self) -> str:
        """Of the body as it is shown, in hex; "" of what lies elsewhere."""
        return "" if self.body is None else hashlib.sha256(self.body.encode()).hexdigest()


@dataclass(frozen=True)
class Brand:
    """`stylesheet`: tokens that replace ours; "" where none does. `support`: a mail address or an https address; "" where none is named.

    `legal_language`: of the legal pages' words, as a BCP 47 tag. `digest`: of all files that it was read from, in hex.
    """

    logo: Picture | None = None
    logo_dark: Picture | None = None
    stylesheet: str = ""
    support: str = ""
    small_print: str = ""
    legal: tuple[LegalPage, ...] = ()
    legal_language: str = "en"
    sentences: Sentences = field(default_factory=Sentences)
    letters: Letters = field(default_factory=Letters)
    digest: str = ""

    @property
    def stylesheet_hash(self) -> str:
        return hashlib.sha256(self.stylesheet.encode()).hexdigest()[:12]

    @property
    def stylesheet_address(self) -> str:
        """ "" where nothing replaces our tokens."""
        return f"{STYLESHEET}?v={self.stylesheet_hash}" if self.stylesheet else ""

    @property
    def support_link(self) -> str:
        return self.support if self.support.startswith("https://") else f"mailto:{self.support}"

    @property
    def legal_direction(self) -> str:
        return "rtl" if self.legal_language.partition("-")[0].lower() in RIGHT_TO_LEFT else "ltr"

    @property
    def accepted(self) -> tuple[AcceptedText, ...]:
        """What somebody accepts who signs up, in the version that is shown now."""
        shown = (page for page in self.legal if page.name in ACCEPTED)
        return tuple(AcceptedText(page.name, page.address, page.sha256) for page in shown)

    def picture(self, name: str) -> Picture | None:
        """By the last part of its address."""
        return next((each for each in (self.logo, self.logo_dark) if each is not None and each.name == name), None)

    def page(self, name: str) -> LegalPage | None:
        """Of those that are shown here, and not elsewhere."""
        return next((each for each in self.legal if each.name == name and each.body is not None), None)

    def say(self, name: str, firm_name: str, language: Language) -> Markup:
        """A sentence for a page in the reader's `language`; one in another says so, and which way it runs."""
        said = self.sentences.say(name, language)
        contact = Markup('<a href="{}" rel="noreferrer">{}</a>').format(self.support_link, self.support)
        text = escape(said.text).replace(SUPPORT, contact).replace(FIRM, escape(firm_name))
        if said.language is language:
            return text
        way = "rtl" if said.language.value in RIGHT_TO_LEFT else "ltr"
        return Markup('<span lang="{}" dir="{}">{}</span>').format(said.language.value, way, text)
