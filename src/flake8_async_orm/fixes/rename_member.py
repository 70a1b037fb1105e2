"""`rename_member`: call another method with the same arguments.

Sites: the expression that reads the method. Words: the method to call; `await` where its call is to be awaited.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.awaits import await_around, drop_await, put_await
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def rename_member(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.bulk_save_objects(rows)` becomes `session.add_all(rows)`."""
    read = tree.node(request.sites[0])
    call = tree.parent(read)
    name, *rest = request.words
    if not isinstance(read, cst.Attribute) or not isinstance(call, cst.Call) or call.func is not read:
        return None
    if len(call.args) != 1 or call.args[0].star or call.args[0].keyword is not None:
        return None
    whole = await_around(tree, read)
    if whole is not None and whole.expression is not call:
        return None
    edits: list[Edit] = [Edit(*tree.span(read.attr), name)]
    if whole is not None and not rest:
        edits += drop_await(tree, whole)[0]
    if whole is None and rest:
        if not tree.can_await(call):
            return None
        edits += put_await(tree, call)
    return Draft(tuple(edits), "unsafe")
