"""`first_where_made`: keep the first row of a result instead of the result.

Sites: the name that holds the result, where it is used.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.awaits import PRIMARIES
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.names import bindings, reads
from flake8_async_orm.fixes.tree import Tree, parentheses
from flake8_async_orm.knowledge import api
from flake8_async_orm.rule import FixRequest

_TESTS = (cst.If, cst.IfExp, cst.While, cst.Assert, cst.UnaryOperation, cst.BooleanOperation, cst.Comparison)


def first_where_made(tree: Tree, request: FixRequest) -> Draft | None:
    """`row = await session.execute(q)` becomes `row = (await session.execute(q)).first()`, if `row` is used as one."""
    name = tree.node(request.sites[0])
    function = tree.function(name)
    if not isinstance(name, cst.Name) or function is None:
        return None
    targets = list(bindings(tree, name.value, function))
    statement = tree.parent(targets[0]) if len(targets) == 1 else None
    if isinstance(statement, cst.AssignTarget):
        statement = tree.parent(statement)
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None
    if not all(_as_row(tree, node) for node in reads(tree, name.value, function)):
        return None
    value = statement.value
    start, end = tree.outer(value)
    if isinstance(value, PRIMARIES) or parentheses(value):
        return Draft((inserted(end, ".first()"),), "unsafe")
    return Draft((inserted(start, "("), inserted(end, ").first()")), "unsafe")


def _as_row(tree: Tree, node: cst.Name) -> bool:
    """Whether a use of the name is one that a row, or None, allows and a result does not need."""
    match tree.parent(node):
        case cst.Subscript(value=value, slice=[cst.SubscriptElement(slice=cst.Index())]):
            return value is node
        case cst.Attribute(value=value, attr=cst.Name(value=attribute)):
            return value is node and not api.has_member("Result", attribute) and not attribute.startswith("_")
        case above:
            return isinstance(above, _TESTS)
