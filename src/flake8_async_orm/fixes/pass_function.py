"""`pass_function`: hand a function over instead of calling it.

Sites: the call. Words: `drop` to leave its only argument out as well.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def pass_function(tree: Tree, request: FixRequest) -> Draft | None:
    """`run_sync(create_all())` becomes `run_sync(create_all)`."""
    node = tree.node(request.sites[0])
    if not isinstance(node, cst.Call) or (node.args and request.words != ("drop",)):
        return None
    start, end = tree.outer(node.func).end, tree.span(node).end
    return Draft((Edit(start, end, ""),)) if not tree.has_comment(start, end) else None
