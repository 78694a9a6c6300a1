"""Words: what the pages say in each language, a folder of `catalog/` for each subject, written like those of the rules
(`firm/sentences/catalog.py`). Together they are one catalog: a key or a noun stands in one of them.
"""

from functools import cache
from importlib import resources

from firm.sentences.catalog import Catalog, read_catalog
from firm.sentences.languages import Language


@cache
def shell_catalog(language: Language) -> Catalog:
    subjects = sorted(resources.files(__package__).joinpath("catalog").iterdir(), key=lambda folder: folder.name)
    read = [
        read_catalog(language, subject.joinpath(f"{language}.toml").read_text(encoding="utf-8")) for subject in subjects
    ]
    messages = {key: text for each in read for key, text in each.messages.items()}
    nouns = {noun: forms for each in read for noun, forms in each.nouns.items()}
    assert len(messages) == sum(len(each.messages) for each in read), "a key stands in two subjects"
    assert len(nouns) == sum(len(each.nouns) for each in read), "a noun stands in two subjects"
    return Catalog(language, messages, nouns)
