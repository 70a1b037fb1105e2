"""`drop_statement`: take a statement away that is nothing but a call, awaited or not. Sites: the call."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def drop_statement(tree: Tree, request: FixRequest) -> Draft | None:
    """The line `await session.commit()` goes, with the comment on it; `pass` stays where it was alone in its block."""
    node = tree.node(request.sites[0])
    above = tree.parent(node)
    expression = above if isinstance(above, cst.Await) else node
    statement = tree.parent(expression)
    line = tree.line(node)
    if not isinstance(statement, cst.Expr) or line is None or len(line.body) != 1 or tree.parent(statement) is not line:
        return None
    start, end = tree.span(line).start, tree.outer(expression).end
    if not tree.begins_line(start):
        return None
    block = tree.parent(line)
    if isinstance(block, cst.IndentedBlock) and len(block.body) == 1:
        return Draft((Edit(start, end, "pass"),))
    return Draft((Edit(tree.line_start(start), tree.next_line(end), ""),))
