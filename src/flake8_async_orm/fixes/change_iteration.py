"""`change_iteration`: iterate over a result in the way that it allows.

Sites: the iterable.
Words: `async` or `plain`, what the iteration is to become.
"""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.awaits import PRIMARIES, put_await
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree, parentheses
from flake8_async_orm.rule import FixRequest


def change_iteration(tree: Tree, request: FixRequest) -> Draft | None:
    """`for` becomes `async for` or the other way round; `list(rows)` becomes `list(await rows.all())`."""
    node = tree.node(request.sites[0])
    above = tree.parent(node)
    if request.words == ("plain",):
        return _plain(tree, above) if isinstance(above, (cst.For, cst.CompFor)) and above.iter is node else None
    if isinstance(above, (cst.For, cst.CompFor)) and above.iter is node:
        return _asynchronous(tree, above)
    if not tree.can_await(node) or not (isinstance(node, PRIMARIES) or parentheses(node)):
        return None
    return Draft(put_await(tree, node, behind=".all()"))


def _plain(tree: Tree, loop: cst.For | cst.CompFor) -> Draft | None:
    if loop.asynchronous is None:
        return None
    start = _start(tree, loop)
    written = re.match(r"async[ \t]+(?=for\b)", tree.text[start:])
    return Draft((Edit(start, start + written.end(), ""),)) if written is not None else None


def _asynchronous(tree: Tree, loop: cst.For | cst.CompFor) -> Draft | None:
    """Only in an `async def`, and not in a generator expression, which would become another kind of thing; nor in a
    comprehension inside another one, where only Python 3.11 and later allow it."""
    function = tree.function(loop)
    if function is None or function.asynchronous is None:
        return None
    path: list[cst.CSTNode] = [loop]
    comprehensions = 0
    for above in tree.ancestors(loop):
        if above is function:
            break
        if isinstance(above, (cst.GeneratorExp, cst.Lambda)):
            return None
        if isinstance(above, cst.BaseComp):
            # what the first iterable of a comprehension holds runs around it
            first = isinstance(path[-1], cst.CompFor) and len(path) > 1 and path[-2] is path[-1].iter
            comprehensions += not first
        path.append(above)
    if comprehensions > 1:
        return None
    return Draft((inserted(_start(tree, loop), "async "),))


def _start(tree: Tree, loop: cst.For | cst.CompFor) -> int:
    """Where the loop's first word stands: the range of a clause of a comprehension begins with the blanks ahead of it."""
    start = tree.span(loop).start
    while True:
        while tree.text[start] in " \t\f\r\n\\":
            start += 1
        if tree.text[start] != "#":
            return start
        start = tree.line_end(start)
