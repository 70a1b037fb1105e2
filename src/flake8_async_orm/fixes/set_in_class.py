"""`set_in_class`: give a class an attribute, on a line ahead of its first one that is no docstring and no `__tablename__`.

Sites: the class. Words: the attribute's name; the value's text.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.names import bindings
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def set_in_class(tree: Tree, request: FixRequest) -> Draft | None:
    """`__mapper_args__ = {"eager_defaults": True}` comes behind `__tablename__`."""
    cls = tree.node(request.sites[0])
    if not isinstance(cls, cst.ClassDef) or not isinstance(cls.body, cst.IndentedBlock) or len(request.words) != 2:
        return None
    name, value = request.words
    if any(True for _ in bindings(tree, name, cls.body)):
        return None
    place = next((one for one in cls.body.body if not _is_head(one)), None)
    if place is None:
        return None
    first = tree.span(place).start
    start = tree.line_start(first)
    return Draft((inserted(start, f"{tree.margin(first)}{name} = {value}{tree.newline(start)}"),))


def _is_head(statement: cst.CSTNode) -> bool:
    """Whether `statement` is a docstring or what names the table."""
    match statement:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]):
            return True
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))])]):
            return name == "__tablename__"
    return False
