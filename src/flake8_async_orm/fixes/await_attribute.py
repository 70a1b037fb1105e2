"""`await_attribute`: read an attribute through `awaitable_attrs`. Sites: the attribute access."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.awaits import put_await
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def await_attribute(tree: Tree, request: FixRequest) -> Draft | None:
    """`user.posts` becomes `await user.awaitable_attrs.posts`."""
    node = tree.node(request.sites[0])
    if not isinstance(node, cst.Attribute) or not tree.can_await(node):
        return None
    attribute = inserted(tree.span(node.attr).start, "awaitable_attrs.")
    return Draft((*put_await(tree, node), attribute))
