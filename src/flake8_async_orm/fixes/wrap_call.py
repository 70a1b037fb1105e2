"""`wrap_call`: put an expression into a call of an imported function.

Sites: the expression. Words: the module and the function's name in it.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.imports import spelling
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def wrap_call(tree: Tree, request: FixRequest) -> Draft | None:
    """`execute("select 1")` becomes `execute(text("select 1"))`, with the import that it needs."""
    node = tree.node(request.sites[0])
    if not isinstance(node, cst.BaseExpression):
        return None
    module, name = request.words
    function = spelling(tree, module, name, node)
    if function is None:
        return None
    start, end = tree.outer(node)
    return Draft((*function.edits, inserted(start, f"{function.text}("), inserted(end, ")")))
