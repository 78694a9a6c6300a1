"""Release: which version this is, as written into each epoch."""

from importlib.metadata import version

RELEASE = version("evenhand")
