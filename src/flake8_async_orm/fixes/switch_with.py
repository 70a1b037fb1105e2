"""`switch_with`: make a `with` an `async with`, or the other way round.

Sites: the item of the statement. Words: `async` or `with`, what the statement is to begin with.
"""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest

_ASYNC_WITH = re.compile(r"async[ \t]+(?=with\b)")


def switch_with(tree: Tree, request: FixRequest) -> Draft | None:
    """`with factory() as session:` becomes `async with factory() as session:`."""
    item = tree.parent(tree.node(request.sites[0]))
    statement = tree.parent(item) if isinstance(item, cst.WithItem) else None
    if not isinstance(statement, cst.With):
        return None
    start = tree.span(statement).start
    if request.words == ("async",):
        # every item of the statement asks for the same edit
        allowed = statement.asynchronous is None and tree.can_await(statement)
        return Draft((inserted(start, "async ", mergeable=True),)) if allowed else None
    written = _ASYNC_WITH.match(tree.text, start)
    return Draft((Edit(start, written.end(), "", mergeable=True),)) if written else None
