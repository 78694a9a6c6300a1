"""Every page: one of each template that a firm's pages are made from, as somebody is shown it.

Routes are followed by their links until each template has been met, so that a new page is found when it comes. What no link leads to is
asked for by a form, in `FORMS`; what a stage cannot show is in `ELSEWHERE`, with the reason.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import web
from tests.web.authenticator import code_at
from web.app import policies

TEMPLATES = Path(web.__file__).parent / "templates"
LINK = re.compile(r'<a [^>]*?href="(/[^"#]*)')
TRIES_MAX = 3  # links of one route, where the first lead to a refusal
ELSEWHERE = {
    "staff_trial.html": "a trial is a process of its own",
}


class Shown(NamedTuple):
    """A page: who saw it, where, and its markup. `who`: a person's reference, "" for nobody."""

    who: str
    address: str
    html: str


def whole_pages() -> frozenset[str]:
    """The templates of whole pages, and not those that such pages have in common."""
    whole = ('{% extends "base.html" %}', '{% extends "_account_page.html" %}')
    return frozenset(
        path.name
        for path in TEMPLATES.glob("*.html")
        if not path.name.startswith("_") and path.read_text(encoding="utf-8").startswith(whole)
    )


class Spectator:
    """Notes which template each page of an application was made from."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.shown: dict[str, Shown] = {}
        self._made = ""
        self._text = app.state.pages.text
        app.state.pages.text = self._noted

    def _noted(self, template: str, *given: Any) -> str:
        self._made = template
        return str(self._text(template, *given))

    def keep(self, who: str, answer: Any) -> None:
        """The page of an answer, where it is one and its template is new."""
        if self._made and "<html" in answer.text:
            self.shown.setdefault(self._made, Shown(who, str(answer.url.raw_path.decode()), answer.text))
        self._made = ""

    async def follow(self, client: Any, who: str, starts: list[str]) -> None:
        """From the routes that need no words, and from `starts`, along links until each route has answered once."""
        routes = [path for path, method, _ in policies(self.app) if method == "GET" and not path.startswith("/static")]
        plain = [path for path in routes if "{" not in path]
        wanted = {path: re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)) + "$") for path in routes}
        order = sorted(routes, key=lambda path: "{" in path)
        tried: dict[str, int] = {}
        waiting = [*starts, *plain]
        for link in waiting:  # which grows while it is walked
            path = link.partition("?")[0]
            route = next((each for each in order if wanted[each].match(path)), None)
            if route is None or tried.get(route, 0) >= TRIES_MAX or route.endswith(("/live", ".csv", ".zip", ".jsonl")):
                continue
            answer = await client.get(link)
            tried[route] = TRIES_MAX if answer.status_code == 200 else tried.get(route, 0) + 1
            if "html" in answer.headers.get("content-type", ""):
                self.keep(who, answer)
                waiting += [each.replace("&amp;", "&") for each in LINK.findall(answer.text)]

    async def add_app(self, client: Any, who: str, stage: Any) -> str:
        """Somebody adds an authenticator app: its page, and that of the recovery codes. The app's secret."""
        offered = await client.send_form("/security/totp")
        self.keep(who, offered)
        secret = str(re.search(r'id="secret">([A-Z2-7 ]+)<', offered.text)[1])  # type: ignore[index]
        self.keep(who, await client.send_form("/security/totp/confirmation", code=code_at(secret, stage.wall_us, -1)))
        return secret

    async def send(self, client: Any, who: str, path: str, **fields: str) -> None:
        self.keep(who, await client.send_form(path, **fields))
