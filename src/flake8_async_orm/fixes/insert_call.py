"""`insert_call`: call a method on an expression, ahead of what is done with it. Sites: the expression. Words: the method."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.awaits import PRIMARIES
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree, parentheses
from flake8_async_orm.rule import FixRequest


def insert_call(tree: Tree, request: FixRequest) -> Draft | None:
    """`result.all()` becomes `result.unique().all()`, `await run()` becomes `(await run()).unique()`."""
    node = tree.node(request.sites[0])
    if not isinstance(node, cst.BaseExpression) or isinstance(tree.parent(node), (cst.AssignTarget, cst.StarredElement)):
        return None
    call = f".{request.words[0]}()"
    start, end = tree.outer(node)
    if isinstance(node, PRIMARIES) or parentheses(node):
        return Draft((inserted(end, call),))
    return Draft((inserted(start, "("), inserted(end, ")" + call)))
