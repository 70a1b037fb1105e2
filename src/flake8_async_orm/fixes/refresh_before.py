"""`refresh_before`: load an attribute in the line ahead of the statement that reads it.

Sites: the attribute access, or the name of the instance. Words: the name that holds the session; the attribute, or nothing: then all columns.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.ahead import statement_of
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def refresh_before(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.refresh(user, ["posts"])` comes ahead of the statement that reads `user.posts`."""
    session, *named = request.words
    read = tree.node(request.sites[0])
    name = read.value if isinstance(read, cst.Attribute) else read
    if not isinstance(name, cst.Name):
        return None
    statement = statement_of(tree, read, name.value)
    if statement is None:
        return None
    start = tree.span(statement).start
    names = "".join(f', ["{attribute}"]' for attribute in named)
    text = f"{tree.margin(start)}await {session}.refresh({name.value}{names}){tree.newline(start)}"
    return Draft((inserted(tree.line_start(start), text),), "unsafe")
