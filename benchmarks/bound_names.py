"""Which names of a function hold what an awaited call gave, by `ast` alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from syntax_tree import File, Function, Tree, last, own_nodes, parameters

OF_RESULTS = frozenset("scalars mappings all first one one_or_none scalar scalar_one scalar_one_or_none fetchall fetchone unique".split())
_QUERIES = frozenset("execute scalar scalars get get_one exec stream stream_scalars".split())


def bound(function: Function, wanted: Callable[[ast.Call], bool]) -> set[str]:
    """The names that hold what an awaited call that is `wanted` gave, or parts of it."""
    names: set[str] = set()
    for node in own_nodes(function):
        target: ast.AST | None = None
        value: ast.expr | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            target, value = node.target, node.value
        elif isinstance(node, ast.For | ast.comprehension):
            target, value = node.target, node.iter
        if value is None or not isinstance(target, ast.Name):
            continue
        awaited = [one.value for one in ast.walk(value) if isinstance(one, ast.Await)]
        if any(isinstance(one, ast.Call) and wanted(one) for one in awaited) or (not awaited and _is_plain(value, names)):
            names.add(target.id)
    return names


def queries(node: ast.Call) -> bool:
    """Whether a call is named like one that asks a session or connection."""
    return isinstance(node.func, ast.Attribute) and node.func.attr in _QUERIES


def asks(function: Function) -> bool:
    """Whether a function itself awaits a query."""
    return any(isinstance(node, ast.Await) and isinstance(node.value, ast.Call) and queries(node.value) for node in own_nodes(function))


def _is_plain(value: ast.expr, names: set[str]) -> bool:
    """`result.scalars().all()`, `rows[0]`, `list(rows)`: the instance or what holds it."""
    while not isinstance(value, ast.Name):
        if isinstance(value, ast.Call) and last(value.func) in ("list", "set", "tuple", "sorted", "reversed") and value.args:
            value = value.args[0]
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in OF_RESULTS:
            value = value.func.value
        elif isinstance(value, ast.Subscript):
            value = value.value
        else:
            return False
    return value.id in names


def handed(tree: Tree, function: Function, names: set[str]) -> Iterator[tuple[File, Function, str]]:
    """The functions of the tree that get one of `names` as an argument, and the parameter it is there."""
    for node in own_nodes(function):
        known = tree.functions.get(last(node.func), []) if isinstance(node, ast.Call) else []
        if not isinstance(node, ast.Call) or len(known) != 1:
            continue
        file, callee = known[0]
        taken = [one.arg for one in parameters(callee)]
        taken = taken[1:] if taken[:1] in (["self"], ["cls"]) else taken
        for index, argument in enumerate(node.args):
            if isinstance(argument, ast.Name) and argument.id in names and index < len(taken):
                yield file, callee, taken[index]
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Name) and keyword.value.id in names and keyword.arg in taken:
                yield file, callee, keyword.arg
