"""`drop_argument`: take keyword arguments away. Sites: their values."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def drop_argument(tree: Tree, request: FixRequest) -> Draft | None:
    """`create_async_engine(url, poolclass=NullPool, pool_size=5)` loses its `pool_size=5`."""
    edits: list[Edit] = []
    for site in request.sites:
        argument = tree.parent(tree.node(site))
        call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
        if not isinstance(argument, cst.Arg) or not isinstance(call, cst.Call) or argument.keyword is None:
            return None
        index = [one is argument for one in call.args].index(True)
        if index == 0:
            return None
        # from the end of the argument before, its comma included, to the end of this one
        start, end = tree.outer(call.args[index - 1].value).end, tree.outer(argument.value).end
        if tree.has_comment(start, end):
            return None
        edits.append(Edit(start, end, ""))
    return Draft(tuple(edits))
