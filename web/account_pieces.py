"""Account pieces: what of an account's page moves with prices, by the key of each piece; one is made anew when what it rests on is other.

The macros of `_account_pieces.html` are the pieces, and the page is laid out with them.
"""

from collections.abc import Callable
from typing import Any

from actors.live import LiveAccount
from firm.instant import SECOND_US
from web.account_view import AccountView
from web.bounds import PARTS_KEPT_MAX
from web.objectives_view import ObjectiveRow, objective_row, used_up
from web.render import Pages
from web.shell.speech import ENGLISH, Speech


class AccountPieces:
    """The pieces of one account as one kind of reader sees it (`room`: "" or "/staff"), in one language; its terms never change."""

    def __init__(self, pages: Pages, room: str, speech: Speech = ENGLISH) -> None:
        self._pages = pages
        self._room = room
        self._speech = speech
        self._macros = pages.pieces("_account_pieces.html", speech)
        self._parts = pages.pieces("_parts.html", speech)
        self._kept: dict[str, tuple[Any, str]] = {}
        self._kept_rows: dict[str, tuple[Any, dict[str, str]]] = {}

    def of(self, view: AccountView, *, countdown_is_off: bool) -> dict[str, str]:
        """Every piece. `countdown_is_off`: the browser, which counts on by itself, is told the time to the reset again."""
        macros, piece, line = self._macros, self._piece, view.line
        pieces = {
            "standing": piece("standing", (line.standing, line.decision, line.verdict), self._standing, view),
            "note": piece("note", (line, view.next_phase, *_closing(view)), self._note, view),
            "prices": piece("prices", (view.prices_ended_us, view.ended), macros.prices, view),
            "asof": piece("asof", (_age(view), view.ended), macros.asof, view),
            "figures": piece("figures", (_sums(view), _closing(view)), macros.figures, view),
        }
        if not view.ended:
            if countdown_is_off:
                self._kept.pop("gauges", None)
            limits = (view.gauges, view.reset, view.floors_after_reset)
            pieces["gauges"] = piece("gauges", limits, macros.gauges, view, piece)
        if view.live is not None:
            pieces |= self._rows(view, view.live)
        if view.watched:
            held = (view.live.positions, view.live.positions_open) if view.live is not None else None
            pieces["positions"] = piece("positions", (held, view.costs), macros.positions, view, piece)
        # What nobody sees any more, a position that was closed say, is not kept either.
        if len(self._kept) > len(pieces) + PARTS_KEPT_MAX:
            self._kept = {name: kept for name, kept in self._kept.items() if name in pieces}
        return pieces

    def _rows(self, view: AccountView, live: LiveAccount) -> dict[str, str]:
        """The pieces of each rule's row. Most rules stay as they are from one price to the next."""
        pieces: dict[str, str] = {}
        idle = used_up(live, view.ruleset)
        for objective in view.rules_now:
            paused = objective.rule in idle
            rests_on = (objective, live.standing, paused, view.ending)
            kept = self._kept_rows.get(objective.rule)
            if kept is None or kept[0] != rests_on:
                row = objective_row(objective, live, view.ruleset, view.ending, self._speech, paused=paused)
                kept = self._kept_rows[objective.rule] = (rests_on, self._row(row))
            pieces |= kept[1]
        return pieces

    def _row(self, row: ObjectiveRow) -> dict[str, str]:
        return {
            f"{name}-{row.rule}": self._piece(f"{name}-{row.rule}", rests_on, getattr(self._macros, name), row)
            for name, rests_on in (
                ("how", row.how),
                ("need", row.required),
                ("have", row.current),
                ("used", (row.used_bp, row.used, row.tone)),
                ("state", (row.state, row.tone, row.picture)),
            )
        }

    def _piece(self, name: str, rests_on: Any, macro: Callable[..., str], *given: Any) -> str:
        """A piece, or a part of one that stays where the rest of it moves: the one of before while what it rests on is the same."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == rests_on:
            return kept[1]
        html = macro(*given)
        self._kept[name] = (rests_on, html)
        return html

    def _standing(self, view: AccountView) -> str:
        return f'<span data-live="standing">{self._parts.standing(view.line)}</span>'

    def _note(self, view: AccountView) -> str:
        return self._pages.text("_account_note.html", {"view": view, "room": self._room}, self._speech)


def _closing(view: AccountView) -> tuple[Any, ...]:
    """How an account ended, and how much of that the platform has confirmed."""
    return view.ended, view.ending, view.closing, view.closed, view.not_closed, view.owed, view.next_owed


def _age(view: AccountView) -> tuple[Any, ...]:
    stale = view.live is None or view.live.stale
    return view.as_of_us // SECOND_US, stale, view.prices_ended_us, view.held_since_us


def _sums(view: AccountView) -> tuple[Any, ...]:
    """The instant by the second, as it is told: the curve takes a point of each."""
    nearest, final = view.nearest, view.live is not None and view.live.day_is_final
    limit = (nearest.headroom, nearest.floor, nearest.title) if nearest is not None else None
    return view.as_of_us // SECOND_US, view.equity, view.balance, limit, final, view.paused, view.not_judged
