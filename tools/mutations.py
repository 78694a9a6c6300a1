"""Mutations: every comparison of a file, with what it may be turned into, and how a running process takes one on.

A rule compares by `calc.is_below(...)` where Python has `<`: those calls are turned likewise, as are sums, the higher and the lower,
roundings, and conditions that are a bare value. `mutants.py` runs them.
"""

import ast
import copy
import gc
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

TURNED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
CALLED = {
    "is_below": ("is_at_or_below", "is_at_or_above"), "is_at_or_below": ("is_below", "is_above"),
    "is_above": ("is_at_or_above", "is_at_or_below"), "is_at_or_above": ("is_above", "is_below"),
    "plus": ("minus",), "minus": ("plus",), "lowest": ("highest",), "highest": ("lowest",),
    "min": ("max",), "max": ("min",), "any": ("all",), "all": ("any",),
    "divided_rounded_down": ("divided_rounded_up",), "divided_rounded_up": ("divided_rounded_down",),
    "divided_rounded_half_away": ("divided_rounded_down", "divided_rounded_up"),
}  # fmt: skip
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add}


class Mutant(NamedTuple):
    """`place`: which node of the file's tree is replaced by `now`."""

    path: Path
    lines: range
    place: int
    was: str
    now: ast.expr

    def __str__(self) -> str:
        return f"{self.path.name}:{self.lines.start}  {self.was}  ->  {ast.unparse(self.now)}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All of one file, in a fixed order."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    asked = {id(test) for node in nodes for test in _conditions(node)}
    for place, node in enumerate(nodes):
        if isinstance(node, ast.expr):
            for now in (*_turned(node), *_denied(node, is_asked=id(node) in asked)):
                assert node.end_lineno is not None, "nodes that were parsed have lines"
                yield Mutant(path, range(node.lineno, node.end_lineno + 1), place, ast.unparse(node), now)


def _conditions(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If() | ast.IfExp() | ast.While():
            return [node.test]
        case ast.comprehension():
            return node.ifs
        case ast.match_case(guard=ast.expr() as guard):
            return [guard]
        case _:
            return []


def _turned(node: ast.expr) -> Iterator[ast.expr]:
    """The node with one operator, or the operation that it calls, exchanged."""
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in TURNED[type(operator)]:
                    yield _with(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])
        case ast.BoolOp(op=operator) | ast.BinOp(op=operator) if type(operator) in SWAPPED:
            yield _with(node, op=SWAPPED[type(operator)]())
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Call(func=ast.Attribute(attr=name)) if name in CALLED:
            for other in CALLED[name]:
                yield _with(node, func=_with(node.func, attr=other))
        case ast.Call(func=ast.Name(id=name)) if name in CALLED:
            for other in CALLED[name]:
                yield _with(node, func=_with(node.func, id=other))


def _denied(node: ast.expr, *, is_asked: bool) -> Iterator[ast.expr]:
    """The opposite of a condition that holds no operator to turn."""
    if is_asked and next(_turned(node), None) is None:
        yield ast.copy_location(ast.UnaryOp(ast.Not(), node), node)


def _with(node: Any, **fields: object) -> Any:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


class _Replacing(ast.NodeTransformer):
    def __init__(self, node: ast.AST, now: ast.expr) -> None:
        self._node, self._now = node, now

    def visit(self, node: ast.AST) -> ast.AST:
        return self._now if node is self._node else super().visit(node)


def become(mutant: Mutant) -> None:
    """Exchange the code of all live functions of the file, in this process."""
    tree = ast.parse(mutant.path.read_text())
    tree = ast.fix_missing_locations(_Replacing(list(ast.walk(tree))[mutant.place], mutant.now).visit(tree))
    codes = {_key(code): code for code in _codes(compile(tree, str(mutant.path), "exec"))}
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == str(mutant.path):
            function.__code__ = codes[_key(function.__code__)]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes(const)


def _key(code: CodeType) -> tuple[str, int, tuple[str, ...]]:
    return code.co_qualname, code.co_firstlineno, code.co_varnames
