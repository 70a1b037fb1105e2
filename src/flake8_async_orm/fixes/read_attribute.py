"""`read_attribute`: read an attribute of an expression. Sites: the expression. Words: what to put behind it."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def read_attribute(tree: Tree, request: FixRequest) -> Draft | None:
    """`event.listens_for(engine, "connect")` becomes `event.listens_for(engine.sync_engine, "connect")`."""
    node = tree.node(request.sites[0])
    if not isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Subscript)):
        return None
    return Draft((inserted(tree.span(node).end, request.words[0]),))
