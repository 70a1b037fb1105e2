"""`name_attributes`: attributes of a class in a list become their names.

Sites: the list or tuple.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def name_attributes(tree: Tree, request: FixRequest) -> Draft | None:
    """`[User.posts]` becomes `["posts"]`."""
    listed = tree.node(request.sites[0])
    if not isinstance(listed, (cst.List, cst.Tuple)):
        return None
    edits: list[Edit] = []
    for element in listed.elements:
        if not isinstance(element.value, cst.Attribute):
            return None
        span = tree.span(element.value)
        edits.append(Edit(span.start, span.end, f'"{element.value.attr.value}"'))
    return Draft(tuple(edits))
