"""`drop_decorator`: take a decorator away. Sites: the function. Words: the last name of the decorator."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree, last_name
from flake8_async_orm.rule import FixRequest


def drop_decorator(tree: Tree, request: FixRequest) -> Draft | None:
    """A function decorated with `asynccontextmanager` becomes a plain generator function.

    Refused where its file calls the function, or where a comment stands behind the decorator.
    """
    function = tree.node(request.sites[0])
    if not isinstance(function, cst.FunctionDef):
        return None
    found = [one for one in function.decorators if last_name(one.decorator) in request.words]
    if len(found) != 1 or _is_entered(tree, function.name.value):
        return None
    start, end = tree.span(found[0].decorator)
    first, after = tree.line_start(start), tree.next_line(tree.line_end(end))
    if tree.text[first:start].strip() != "@" or tree.text[end : tree.line_end(end)].strip():
        return None
    return Draft((Edit(first, after, ""),), "unsafe")


def _is_entered(tree: Tree, name: str) -> bool:
    """Whether something calls `name`, as it is done to enter what it gives."""
    return any(isinstance(node, cst.Call) and last_name(node.func) == name for node in tree.below(tree.source.module))
