"""A line ahead of the statement in which an instance's attribute is read."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.names import bindings
from flake8_async_orm.fixes.tree import Tree


def statement_of(tree: Tree, read: cst.CSTNode, name: str) -> cst.CSTNode | None:
    """The statement ahead of which something can be awaited that `read` of the instance `name` then finds done."""
    between: list[cst.CSTNode] = [read]
    statement: cst.CSTNode | None = None
    for above in tree.ancestors(read):
        if isinstance(above, (cst.BaseCompoundStatement, cst.SimpleStatementSuite, cst.SimpleStatementLine)):
            statement = above if _runs_first(tree, above, between[-1]) else None
            break
        if isinstance(above, (cst.IfExp, cst.BooleanOperation)):
            return None
        between.append(above)
    if statement is None or not tree.can_await(statement):
        return None
    if any(True for _ in bindings(tree, name, between[-1])):
        # the instance is only made in there: a comprehension's target, a lambda's parameter
        return None
    return statement


def _runs_first(tree: Tree, statement: cst.CSTNode, part: cst.CSTNode) -> bool:
    """Whether `part` runs once and first in `statement`, so that a line ahead of it runs just as often."""
    match statement:
        case cst.SimpleStatementLine():
            return len(statement.body) == 1
        case cst.For():
            return part is statement.iter
        case cst.If():
            return part is statement.test and not isinstance(tree.parent(statement), cst.If)
        case _:
            return False
