"""`call_member`: call a method, a function or a factory that was only read.

Sites: the expression that reads it. Words: what to call it with or to call of it, `()` where there are none.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def call_member(tree: Tree, request: FixRequest) -> Draft | None:
    """`await session.commit` becomes `await session.commit()`."""
    node = tree.node(request.sites[0])
    if not isinstance(node, (cst.Attribute, cst.Name)):
        return None
    return Draft((inserted(tree.span(node).end, "".join(request.words) or "()"),))
