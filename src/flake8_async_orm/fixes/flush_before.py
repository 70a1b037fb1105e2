"""`flush_before`: send what was added in the line ahead of the statement that reads what comes of it.

Sites: the attribute access. Words: the name that holds the session.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.ahead import statement_of
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def flush_before(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.flush()` comes ahead of the statement that reads `user.id`."""
    read = tree.node(request.sites[0])
    if not isinstance(read, cst.Attribute) or not isinstance(read.value, cst.Name):
        return None
    statement = statement_of(tree, read, read.value.value)
    if statement is None:
        return None
    start = tree.span(statement).start
    text = f"{tree.margin(start)}await {request.words[0]}.flush(){tree.newline(start)}"
    return Draft((inserted(tree.line_start(start), text),), "unsafe")
