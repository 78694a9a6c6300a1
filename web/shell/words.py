"""Words: the catalog of the shell in each language, written like those of the rules (`firm/sentences/catalog.py`)."""

from functools import cache
from importlib import resources

from firm.sentences.catalog import Catalog, read_catalog
from firm.sentences.languages import Language


@cache
def shell_catalog(language: Language) -> Catalog:
    text = resources.files(__package__).joinpath("catalog", f"{language}.toml").read_text(encoding="utf-8")
    return read_catalog(language, text)
