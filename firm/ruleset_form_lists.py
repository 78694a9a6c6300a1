"""Lists of a ruleset form: an item more, one less, or another order, on what is typed by path. Nothing that was typed is lost."""

import re

from firm.ruleset_form import ITEMS_MAX, KIND, MANY

_ITEM = re.compile(r"(?P<list>.*)\[(?P<place>\d{1,4})\]", re.DOTALL)


def with_item(typed: dict[str, str], path: str, kind: str) -> dict[str, str]:
    """One more at the end of the list at `path`. `kind`: which, where there are several."""
    many = _many(typed, path)
    if many >= ITEMS_MAX:
        return typed
    added = {path + MANY: str(many + 1)}
    return typed | added | ({f"{path}[{many}]{KIND}": kind} if kind else {})


def without_item(typed: dict[str, str], path: str) -> dict[str, str]:
    """Without the item at `path`; those behind it come forward."""
    place = _place(typed, path)
    if place is None:
        return typed
    parent, at, many = place
    order = [*range(at), *range(at + 1, many)]
    return _in_order(typed, parent, order)


def with_item_moved(typed: dict[str, str], path: str, by: int) -> dict[str, str]:
    """The item at `path` earlier or later; at an end it stays."""
    place = _place(typed, path)
    if place is None or not 0 <= place[1] + by < place[2]:
        return typed
    parent, at, many = place
    order = list(range(many))
    order[at], order[at + by] = order[at + by], order[at]
    return _in_order(typed, parent, order)


def _many(typed: dict[str, str], path: str) -> int:
    text = typed.get(path + MANY, "")
    return min(int(text), ITEMS_MAX) if re.fullmatch(r"\d{1,4}", text) else 0


def _place(typed: dict[str, str], path: str) -> tuple[str, int, int] | None:
    """The list that an item belongs to, its place, and how many there are."""
    found = _ITEM.fullmatch(path)
    if found is None:
        return None
    parent, at = found["list"], int(found["place"])
    many = _many(typed, parent)
    return (parent, at, many) if at < many else None


def _in_order(typed: dict[str, str], parent: str, order: list[int]) -> dict[str, str]:
    """The list's items as `order` names them by their old places."""
    heads = {f"{parent}[{old}]": f"{parent}[{new}]" for new, old in enumerate(order)}
    item = re.compile(rf"{re.escape(parent)}\[\d+\]")
    kept: dict[str, str] = {}
    for name, value in typed.items():
        found = item.match(name)
        if found is None:
            kept[name] = value
        elif found[0] in heads:
            kept[heads[found[0]] + name[found.end() :]] = value
    return kept | {parent + MANY: str(len(order))}
