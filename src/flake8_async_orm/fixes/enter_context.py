"""`enter_context`: enter with `async with` what a name was bound to. Sites: the call that gives the context manager.

Words: `await`, where an `await` around the call stays, since the context manager is what it gives.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.fixes.wrap_async_context_manager import entered
from flake8_async_orm.rule import FixRequest


def enter_context(tree: Tree, request: FixRequest) -> Draft | None:
    """`conn = engine.begin()` and what follows become the body of `async with engine.begin() as conn:`."""
    call = tree.node(request.sites[0])
    if not isinstance(call, cst.Call):
        return None
    parent = tree.parent(call)
    bound = parent if isinstance(parent, cst.Await) else call
    awaited = "await " if bound is not call and request.words else ""
    moved = entered(tree, call, bound, awaited + tree.text[slice(*tree.outer(call.func))])
    return Draft((moved,), "unsafe") if moved is not None else None
