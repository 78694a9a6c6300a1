"""Faults: how a file of the brand that cannot be used says so: what is wrong with it, and what would do."""


class BrandFault(ValueError):
    """What a picture, a text or a legal page must not be. Its words go on from the file's name: "is 900 pixels wide: ..."."""
