"""Which functions a web framework calls for each request, at the same time as for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import frameworks, names
from flake8_async_orm.project import ExternalName
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import Class, Object

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program


def is_handler(program: Program, module: str, definition: FunctionDefinition) -> bool:
    """Whether a decorator registers the function as a handler of requests."""
    source = program.project.source(module)
    if source is None or not definition.is_async:
        return False
    return any(_registers(program, module, source.nodes[number]) for number in definition.decorators)


def _registers(program: Program, module: str, node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Decorator):
        node = node.decorator
    name = dotted_name(node.func) if isinstance(node, cst.Call) else None
    if name is None:
        return False
    found = program.resolve(module, name)
    if isinstance(found, ExternalName):
        return found.name in frameworks.ROUTE_DECORATORS
    owner, _, method = name.rpartition(".")
    if method not in frameworks.ROUTE_METHODS or not owner:
        return False
    router = program.global_value(module, owner)
    cls = router.cls if isinstance(router, Object) else None
    return (
        isinstance(cls, Class)
        and cls.name.partition(".")[0] in frameworks.WEB
        and names.last(cls.name) in (frameworks.ROUTERS)
    )
