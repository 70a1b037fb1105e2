"""Where the value of a column's default comes from: Python, or the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.project.definitions import Assignment, ClassDefinition, FunctionDefinition
from flake8_async_orm.project.names import ExternalName, Found
from flake8_async_orm.project.syntax import head_name, literal

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

_DATABASES = ("sqlalchemy", "sqlmodel", "sqlalchemy_utils", "advanced_alchemy", "geoalchemy2")
_SEES_THROUGH = (cst.Attribute, cst.Call, cst.Subscript)


def origin_of_value(project: Project, module: str, node: cst.BaseExpression, depth: int = 0) -> str:
    """`python`, `sql` or `unknown`: what evaluates the value `node`, written in `module`."""
    if literal(node) is not ... or isinstance(
        node, (cst.Lambda, cst.List, cst.Dict, cst.Set, cst.Tuple, cst.FormattedString, cst.Float, cst.UnaryOperation)
    ):
        return "python"
    if isinstance(node, cst.BinaryOperation):
        sides = {origin_of_value(project, module, side, depth) for side in (node.left, node.right)}
        return "sql" if "sql" in sides else "unknown" if "unknown" in sides else "python"
    written = head_name(_root(node))
    found = project.resolve(module, written) if written else None
    match found:
        case ExternalName(name=name):
            return "sql" if name.partition(".")[0] in _DATABASES else "python"
        case Found(binding=FunctionDefinition()):
            return "unknown" if isinstance(node, cst.Call) else "python"
        case Found(binding=ClassDefinition()) as cls:
            foreign = (base.partition(".")[0] in _DATABASES for base in project.mro(cls.name)[0])
            return "sql" if any(foreign) else "python"
        case Found(binding=Assignment(value=int(value)), module=home) if depth < 4 and written == head_name(node):
            source = project.source(home)
            assigned = None if source is None else source.nodes[value]
            if isinstance(assigned, cst.BaseExpression):
                return origin_of_value(project, home, assigned, depth + 1)
    return "unknown"


def _root(node: cst.BaseExpression) -> cst.BaseExpression:
    """The innermost dotted name of a chain: `func.now` of `func.now().op("+")(1)`."""
    while isinstance(node, _SEES_THROUGH) and head_name(node) is None:
        node = node.func if isinstance(node, cst.Call) else node.value
    return node
