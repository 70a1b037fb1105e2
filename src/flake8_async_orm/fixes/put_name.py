"""`put_name`: put an imported name in the place of an expression, or add an argument that is one.

Sites: the expression to replace; or a call. Words: the module and the name; then, for a call, the argument's keyword.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.imports import spelling
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def put_name(tree: Tree, request: FixRequest) -> Draft | None:
    """`poolclass=QueuePool` becomes `poolclass=AsyncAdaptedQueuePool`."""
    node = tree.node(request.sites[0])
    if len(request.words) < 2 or not isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Lambda)):
        return None
    module, name, *keyword = request.words
    found = spelling(tree, module, name, node)
    if found is None:
        return None
    if not keyword:
        return Draft((*found.edits, Edit(*tree.span(node), found.text)))
    if not isinstance(node, cst.Call) or not node.args:
        return None
    end = max(tree.span(node.args[-1].value).end, tree.outer(node.args[-1].value).end)
    return Draft((*found.edits, inserted(end, f", {keyword[0]}={found.text}")))
