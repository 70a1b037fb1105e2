"""`enter_connection`: do in a connection or session of its own what an engine or a factory cannot do itself.

Sites: the engine or factory; the call on it.
Words: how the thing is opened, as what follows the receiver's text (`.begin()`, `()`); then names for what it
gives, the best first.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.awaits import await_around, called_last, drop_await, put_await
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.layout import reindented
from flake8_async_orm.fixes.names import free_name
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest

_SIMPLE = (cst.Expr, cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Return)


def enter_connection(tree: Tree, request: FixRequest) -> Draft | None:
    """The statement moves into `async with engine.begin() as conn:`, and `engine.execute` becomes `conn.execute`."""
    receiver, call = tree.node(request.sites[0]), tree.node(request.sites[1])
    opening, *names = request.words
    line = tree.line(call)
    if line is None or not isinstance(line.body[0], _SIMPLE) or not tree.can_await(call):
        return None
    name = free_name(tree, call, names)
    if name is None or (called_last(call) or "").startswith("stream"):
        # what is streamed is read after the statement, when the connection would be closed
        return None
    opened = receiver
    if isinstance(receiver, cst.Attribute) and receiver.attr.value == "sync_engine":
        opened = receiver.value
    start, end = tree.outer(receiver)
    if tree.has_comment(start, end) or tree.newline(start) in tree.text[start:end]:
        return None
    whole = await_around(tree, call)
    edits = [Edit(start, end, name)]
    if whole is None or whole.expression is not call:
        if whole is not None:
            edits += drop_await(tree, whole)[0]
        edits += put_await(tree, call)
    margin, unit = tree.margin(tree.span(line).start), tree.unit(line)
    first, last = tree.line_start(tree.span(line).start), tree.line_end(tree.span(line).end)
    header = f"{margin}async with {tree.text[slice(*tree.outer(opened))]}{opening} as {name}:{tree.newline(last)}"
    return Draft((Edit(first, last, header + reindented(tree, first, last, unit, edits)),), "unsafe")
