"""`scope_by_task`: make a sync registry of sessions one of asyncio, with a session for each task.

Sites: the call that makes it; then the function that tells scopes apart, where one is given.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.imports import spelling
from flake8_async_orm.fixes.layout import appended
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def scope_by_task(tree: Tree, request: FixRequest) -> Draft | None:
    """`scoped_session(factory)` becomes `async_scoped_session(factory, scopefunc=current_task)`."""
    call = tree.node(request.sites[0])
    if not isinstance(call, cst.Call) or not isinstance(call.func, (cst.Name, cst.Attribute)) or not call.args:
        return None
    registry = spelling(tree, "sqlalchemy.ext.asyncio", "async_scoped_session", call)
    task = spelling(tree, "asyncio", "current_task", call)
    if registry is None or task is None:
        return None
    edits = [*task.edits, *registry.edits, Edit(*tree.span(call.func), registry.text)]
    given = tree.node(request.sites[1]) if len(request.sites) > 1 else None
    if given is not None:
        return Draft((*edits, Edit(*tree.outer(given), task.text)))
    last = call.args[-1]
    comma = isinstance(last.comma, cst.Comma)
    start, end = tree.span(last).start, tree.outer(last.value).end
    return Draft((*edits, *appended(tree, start, end, comma, f"scopefunc={task.text}")))
