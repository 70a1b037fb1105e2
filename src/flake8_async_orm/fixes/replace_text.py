"""`replace_text`: change a piece of a string literal.

Sites: the literal. Words: what stands in it, and what is to stand there; then `mine` where other readers of a variable
that holds the literal may need it as it is. Where the first word ends in `://` and the literal is a scheme alone, the
rest of the first is meant.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree, last_name
from flake8_async_orm.flow.syntax import string_value
from flake8_async_orm.rule import FixRequest


def replace_text(tree: Tree, request: FixRequest) -> Draft | None:
    """`"postgres://db/shop"` becomes `"postgresql+asyncpg://db/shop"`."""
    node = tree.node(request.sites[0])
    if not isinstance(node, (cst.SimpleString, cst.FormattedString)) or not request.words[0]:
        return None
    old, new, *rest = request.words
    if string_value(node) == old.removesuffix("://"):
        old, new = old.removesuffix("://"), new.removesuffix("://")
    start, end = tree.span(node)
    found = tree.text.find(old, start, end)
    if found < 0:
        return None
    return Draft((Edit(found, found + len(old), new),), "suggestion" if rest and _shared(tree, node) else "unsafe")


def _shared(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether the literal is a variable's, and what stands around reads that in several places."""
    for above in tree.ancestors(node):
        match above:
            case cst.Assign(targets=[cst.AssignTarget(target=target), *_]) | cst.AnnAssign(target=target):
                name = last_name(target)
                within = tree.function(node) or tree.source.module
                return sum(isinstance(one, cst.Name) and one.value == name for one in tree.below(within)) > 2
            case cst.Call(func=func) if (last_name(func) or "").endswith(("engine", "engine_from_config")):
                return False
            case cst.BaseSmallStatement() | cst.BaseCompoundStatement():
                return False
    return False
