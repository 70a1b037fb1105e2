"""`run_in_sync`: run a method that takes a sync connection by `run_sync`.

Sites: the call; the async engine or connection that it is given. Words: `engine` where that is an engine.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.awaits import await_around
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.names import free_name
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def run_in_sync(tree: Tree, request: FixRequest) -> Draft | None:
    """`metadata.create_all(conn)` becomes `await conn.run_sync(metadata.create_all)`."""
    if len(request.sites) < 2:
        return None
    call, given = tree.node(request.sites[0]), tree.node(request.sites[1])
    line = tree.line(call)
    if not isinstance(call, cst.Call) or line is None or not tree.can_await(call):
        return None
    whole = await_around(tree, call)
    statement = line.body[0]
    if not isinstance(statement, cst.Expr) or statement.value is not (whole or call):
        return None
    start, end = tree.span(statement)
    rest = [argument for argument in call.args if argument.value is not given]
    if len(rest) != len(call.args) - 1 or tree.has_comment(start, end) or any(a.keyword is None for a in rest):
        return None
    words = [tree.code(call.func)]
    words += [f"{a.keyword.value}={tree.text[slice(*tree.outer(a.value))]}" for a in rest if a.keyword is not None]
    bind = tree.text[slice(*tree.outer(given))]
    if request.words != ("engine",):
        return Draft((Edit(start, end, f"await {bind}.run_sync({', '.join(words)})"),))
    name = free_name(tree, call, ("conn", "connection", "db_connection"))
    if name is None:
        return None
    margin, unit = tree.margin(start), tree.unit(line)
    inside = f"{tree.newline(end)}{margin}{unit}await {name}.run_sync({', '.join(words)})"
    return Draft((Edit(start, end, f"async with {bind}.begin() as {name}:{inside}"),))
