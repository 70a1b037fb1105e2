"""`drop_argument`: take keyword arguments away. Sites: their values."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit, Safety
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest
from flake8_async_orm.source import Span


def drop_argument(tree: Tree, request: FixRequest) -> Draft | None:
    """`create_async_engine(url, poolclass=NullPool, pool_size=5)` loses its `pool_size=5`."""
    edits: list[Edit] = []
    grade: Safety = "safe"
    for site in request.sites:
        argument = tree.parent(tree.node(site))
        call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
        if not isinstance(argument, cst.Arg) or not isinstance(call, cst.Call) or argument.keyword is None:
            return None
        index = [one is argument for one in call.args].index(True)
        if index == 0:
            return None
        # from the end of the argument before, its comma included, to the end of this one
        start, end = tree.outer(call.args[index - 1].value).end, tree.outer(argument.value).end
        if tree.has_comment(start, end):
            lines = _lines(tree, argument)
            if lines is None:
                return None
            start, end = lines
            grade = "unsafe" if tree.has_comment(start, end) else grade
        edits.append(Edit(start, end, ""))
    return Draft(tuple(edits), grade)


def _lines(tree: Tree, argument: cst.Arg) -> Span | None:
    """The lines that hold the argument, its comma and a comment on it; None where they hold something else."""
    start, end = tree.span(argument).start, tree.outer(argument.value).end
    stop = tree.line_end(end)
    rest = tree.text[end:stop].strip()
    if not tree.begins_line(start) or not (rest == "," or rest.removeprefix(",").lstrip().startswith("#")):
        return None
    return None if tree.has_comment(start, end) else Span(tree.line_start(start), tree.next_line(stop))
