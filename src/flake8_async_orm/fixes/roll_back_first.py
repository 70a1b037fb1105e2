"""`roll_back_first`: a handler begins with the rollback of a session.

Sites: the `except` clause. Words: what the session is called there.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def roll_back_first(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.rollback()` becomes the first statement of the handler, or its only one where it had none."""
    handler = tree.node(request.sites[0])
    if not isinstance(handler, cst.ExceptHandler | cst.ExceptStarHandler):
        return None
    if not isinstance(handler.body, cst.IndentedBlock) or not tree.can_await(handler):
        return None
    first = handler.body.body[0]
    call = f"await {request.words[0]}.rollback()"
    if isinstance(first, cst.SimpleStatementLine) and len(first.body) == 1:
        only = first.body[0]
        ellipsis = isinstance(only, cst.Expr) and isinstance(only.value, cst.Ellipsis)
        if len(handler.body.body) == 1 and (isinstance(only, cst.Pass) or ellipsis):
            return Draft((Edit(*tree.span(only), call),), "unsafe")
    start = tree.span(first).start
    return Draft((inserted(tree.line_start(start), f"{tree.margin(start)}{call}{tree.newline(start)}"),), "unsafe")
