"""`drop_call`: name a function instead of calling it. Sites: the call, which has no arguments."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def drop_call(tree: Tree, request: FixRequest) -> Draft | None:
    """`Depends(get_session())` becomes `Depends(get_session)`."""
    call = tree.node(request.sites[0])
    if not isinstance(call, cst.Call) or call.args:
        return None
    start, end = tree.outer(call.func).end, tree.span(call).end
    return None if tree.has_comment(start, end) else Draft((Edit(start, end, ""),))
