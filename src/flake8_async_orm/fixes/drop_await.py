"""`drop_await`: take an `await` away.

Sites: the await expression; the call that has to be its operand, where that is asked for.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes import awaits
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def drop_await(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.add(x)` becomes `session.add(x)`."""
    node = tree.node(request.sites[0])
    if not isinstance(node, cst.Await):
        return None
    if len(request.sites) > 1 and node.expression is not tree.node(request.sites[1]):
        return None
    edits, commented = awaits.drop_await(tree, node)
    return Draft(edits, "unsafe" if commented else "safe")
