"""`map_write_only`: let a dynamic relationship be a write-only one. Sites: its declaration."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.imports import spelling
from flake8_async_orm.fixes.tree import Tree, last_name
from flake8_async_orm.flow.syntax import string_value
from flake8_async_orm.rule import FixRequest


def map_write_only(tree: Tree, request: FixRequest) -> Draft | None:
    """`DynamicMapped[Post]` becomes `WriteOnlyMapped[Post]`, `lazy="dynamic"` becomes `lazy="write_only"`."""
    declared = tree.node(request.sites[0])
    edits: list[Edit] = []
    for node in (declared, *tree.below(declared)):
        if isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value == "lazy":
            if not isinstance(node.value, cst.SimpleString) or string_value(node.value) != "dynamic":
                return None
            edits.append(Edit(*tree.span(node.value), f"{node.value.quote}write_only{node.value.quote}"))
        elif isinstance(node, cst.Subscript) and last_name(node.value) == "DynamicMapped":
            written = spelling(tree, "sqlalchemy.orm", "WriteOnlyMapped", node.value)
            if written is None:
                return None
            edits += [*written.edits, Edit(*tree.span(node.value), written.text)]
    return Draft(tuple(edits)) if edits else None
