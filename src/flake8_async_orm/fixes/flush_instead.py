"""`flush_instead`: send what is pending, and leave the commit to whom it belongs. Sites: the call of `commit()`."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def flush_instead(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.commit()` becomes `await session.flush()`."""
    call = tree.node(request.sites[0])
    if not isinstance(call, cst.Call) or call.args or not isinstance(call.func, cst.Attribute):
        return None
    return Draft((Edit(*tree.span(call.func.attr), "flush"),), "unsafe")
