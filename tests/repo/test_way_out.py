"""One way out: nothing of the product opens connections to the outside but the files that are made for it."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.repo.test_repository import ROOT, RUNTIME, named

# Modules that call the outside, and who may.
CALLERS = {
    "httpcore": {"bridges/outbound/exchange.py"},
    "smtplib": {"appliance/smtp.py"},  # mail: a relay is inside as a rule, and the operator's alone
}
BANNED = {
    "urllib.request", "urllib3", "http.client", "httpx", "requests", "aiohttp", "pycurl", "ftplib", "poplib", "imaplib", "telnetlib",
    "xmlrpc", "h11", "h2", "websockets", "httptools",
}  # fmt: skip
# Functions that open a connection, by whatever module they are reached; a socket's own `connect` as well.
CONNECTING = {
    "create_connection",
    "open_connection",
    "connect_tcp",
    "connect_ex",
    "open_unix_connection",
    "getaddrinfo",
    "gethostbyname",
}
CONNECTING_ALLOWED = {
    ("appliance/machine_checks.py", "create_connection"),  # to our own ports: whether anybody answers there
    ("bridges/outbound/exchange.py", "connect_tcp"),  # of what was checked
    ("bridges/outbound/surroundings.py", "getaddrinfo"),  # whose answer is checked
}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def is_of(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def problems(path: str, tree: ast.AST) -> Iterator[str]:
    for name in imported(tree):
        if any(is_of(name, module) for module in BANNED):
            yield f"{path} imports {name}"
        for module, callers in CALLERS.items():
            if is_of(name, module) and path not in callers:
                yield f"{path} imports {name}"
    for node in ast.walk(tree):
        called = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if called in CONNECTING and (path, called) not in CONNECTING_ALLOWED:
            yield f"{path} names {called}"


# Of the hundreds of files few have to be read as a tree: those in which such a word stands at all.
SUSPECT = re.compile("|".join(sorted(CONNECTING | CALLERS.keys() | {name.rpartition(".")[2] for name in BANNED})))


def test_the_outside_is_called_by_one_way_alone() -> None:
    found = []
    for path in RUNTIME:
        text = path.read_text(encoding="utf-8")
        if SUSPECT.search(text):
            found += problems(named(path), ast.parse(text))
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "import urllib.request", "from urllib import request", "from urllib.request import urlopen", "import http.client as c",
        "import httpx", "from http import client", "import httpcore", "from httpcore import Request", "import smtplib",
        "import requests.adapters",
        "import socket\nsocket.create_connection(('a', 1))", "from socket import create_connection\ncreate_connection(('a', 1))",
        "import asyncio\nasyncio.open_connection('a', 1)", "import anyio\nanyio.connect_tcp('a', 1)", "loop.create_connection(x)",
    ],
)  # fmt: skip
def test_another_way_would_be_seen(line: str) -> None:
    assert list(problems("web/new.py", ast.parse(line)))


def test_what_is_allowed_is_there() -> None:
    """A file that is gone, or calls nobody any more, is taken off the list."""
    for module, callers in CALLERS.items():
        for caller in callers:
            assert any(is_of(name, module) for name in imported(ast.parse((ROOT / caller).read_text(encoding="utf-8"))))
    for caller, called in CONNECTING_ALLOWED:
        assert f"{called}(" in (ROOT / caller).read_text(encoding="utf-8")
