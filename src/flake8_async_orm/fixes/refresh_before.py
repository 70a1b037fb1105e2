"""`refresh_before`: load an attribute in the line ahead of the statement that reads it.

Sites: the attribute access. Words: the name that holds the session; the attribute, or nothing: then all columns.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.names import bindings
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def refresh_before(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.refresh(user, ["posts"])` comes ahead of the statement that reads `user.posts`."""
    session, *named = request.words
    read = tree.node(request.sites[0])
    if not isinstance(read, cst.Attribute) or not isinstance(read.value, cst.Name):
        return None
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
    if any(True for _ in bindings(tree, read.value.value, between[-1])):
        # the instance is only made in there: a comprehension's target, a lambda's parameter
        return None
    start = tree.span(statement).start
    names = "".join(f', ["{attribute}"]' for attribute in named)
    text = f"{tree.margin(start)}await {session}.refresh({read.value.value}{names}){tree.newline(start)}"
    return Draft((inserted(tree.line_start(start), text),), "unsafe")


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
