"""`await_where_made`: await a coroutine once, where it is made, and use its result from then on.

Sites: the name that holds it, where it is used; the call that makes it.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.awaits import drop_await, put_await
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.names import bindings, reads
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def await_where_made(tree: Tree, request: FixRequest) -> Draft | None:
    """`c = f()` becomes `c = await f()`, and each `await c` becomes `c`."""
    name, made = tree.node(request.sites[0]), tree.node(request.sites[1])
    function = tree.function(name)
    if not isinstance(name, cst.Name) or function is None or not tree.can_await(made):
        return None
    targets = list(bindings(tree, name.value, function))
    if len(targets) != 1 or not isinstance(tree.parent(made), (cst.Assign, cst.AnnAssign)):
        return None
    edits: list[Edit] = list(put_await(tree, made))
    for node in reads(tree, name.value, function):
        above = tree.parent(node)
        if not isinstance(above, cst.Await):
            return None
        dropped, commented = drop_await(tree, above)
        if commented:
            return None
        edits += dropped
    return Draft(tuple(edits))
