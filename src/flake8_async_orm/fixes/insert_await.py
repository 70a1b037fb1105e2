"""`insert_await`: await an expression.

Sites: the expression; the `await` around the whole chain that begins with it, or None; the name that holds the
coroutine, where it is used, when the expression is the call that made it, or None.
Words: names of methods whose call is to be awaited even after the expression has been. An `await` around the chain
stays when the chain ends with one of them or the only word is `*`, else it moves.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from flake8_async_orm.edits import Safety
from flake8_async_orm.fixes.awaits import called_last, drop_await, put_await
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.names import reads
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest

#: a coroutine handed on by its name may be awaited there
_HANDED_ON = (cst.Arg, cst.Element, cst.DictElement, cst.Return, cst.Yield, cst.StarredElement)


def insert_await(tree: Tree, request: FixRequest) -> Draft | None:
    """`session.execute(q).scalars()` becomes `(await session.execute(q)).scalars()`."""
    return awaited(tree, request)


def awaited(tree: Tree, request: FixRequest, becoming: Iterable[cst.FunctionDef] = ()) -> Draft | None:
    """The same, with functions that are `becoming` asynchronous."""
    first, whole_site, use = (*request.sites, None, None)[:3]
    node = tree.node(first)
    if not tree.can_await(node, becoming) or isinstance(node, cst.Await) or isinstance(tree.parent(node), cst.Await):
        return None
    grade: Safety = "safe"
    if use is not None:
        others = _other_uses(tree, tree.node(use))
        if any(isinstance(other, cst.Await) for other in others):
            return None
        if any(isinstance(other, _HANDED_ON) for other in others):
            grade = "unsafe"
    whole = tree.node(whole_site) if whole_site is not None else None
    if not isinstance(whole, cst.Await) or request.words == ("*",) or called_last(whole.expression) in request.words:
        return Draft(put_await(tree, node), grade)
    dropped, commented = drop_await(tree, whole)
    return Draft((*dropped, *put_await(tree, node)), "unsafe" if commented else grade)


def _other_uses(tree: Tree, use: cst.CSTNode) -> list[cst.CSTNode]:
    """What stands around the other places of the function where the name `use` is read."""
    function = tree.function(use)
    if not isinstance(use, cst.Name) or function is None:
        return []
    return [
        above
        for node in reads(tree, use.value, function)
        if node is not use and (above := tree.parent(node)) is not None
    ]
