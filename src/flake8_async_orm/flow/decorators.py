"""What decorators make of a function: what a call of it gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.scopes import walk
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import callables, names
from flake8_async_orm.project import ExternalName, Found
from flake8_async_orm.project.definitions import Assignment, ClassDefinition, FunctionDefinition
from flake8_async_orm.records import record
from flake8_async_orm.values import Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program


@record
class Shape:
    """How a decorated function is called. `style`: plain, property, async-context, context, unknown.

    `injects`: a decorator's wrapper may give arguments of its own, so a call may leave some out; `leading`: how many it gives
    ahead of the caller's.
    """

    style: str
    injects: bool = False
    leading: int = 0


@record
class Kind:
    """What a decorator is put on. `managed`: a function that gives a context manager."""

    is_async: bool
    is_generator: bool
    is_method: bool
    managed: bool = False


PLAIN = Shape("plain")
#: the parameters that a decorator fills in which gives sessions
_SESSION_NAME = re.compile(r"session|conn|engine|\bdb\b|_db\b|\bdb_", re.IGNORECASE)


def shape(program: Program, module: str, definition: FunctionDefinition) -> Shape:
    """The shape of a function after all its decorators."""
    if not definition.decorators:
        return PLAIN
    return program.once(
        ("shape", module, definition.qualname, definition.node), lambda: _shape(program, module, definition), PLAIN
    )


def _shape(program: Program, module: str, definition: FunctionDefinition) -> Shape:
    style, injects, leading = "plain", False, 0
    source = program.project.source(module)
    if source is None:
        return Shape("unknown")
    for number in reversed(definition.decorators):
        node: cst.CSTNode = source.nodes[number]
        if isinstance(node, cst.Decorator):
            node = node.decorator
        found = _one(program, module, node, _kind(definition, style))
        if found == "unknown":
            return Shape("unknown")
        if isinstance(found, int):
            injects, leading = True, leading + found
        elif found != "plain":
            style = found
    return Shape(style, injects, leading)


def _kind(definition: FunctionDefinition, style: str) -> Kind:
    """What a decorator meets that stands above others, which have made `style` of the function."""
    if style == "plain":
        return Kind(definition.is_async, definition.is_generator, definition.cls is not None)
    return Kind(False, False, definition.cls is not None, managed=style in ("async-context", "context"))


def _one(program: Program, module: str, node: cst.CSTNode, definition: Kind) -> str | int:
    """What one decorator makes of the function: a style, or how many arguments its wrapper gives ahead of the caller's."""
    called = isinstance(node, cst.Call)
    target = node.func if isinstance(node, cst.Call) else node
    name = dotted_name(target)
    if name is None:
        return "unknown"
    found = program.resolve(module, name)
    if isinstance(found, ExternalName | Found) and program.settings.how(found.name) == "decorator":
        return "injects"
    match found:
        case ExternalName(name=dotted):
            return _external(dotted)
        case Found(module=where, binding=FunctionDefinition() as decorator):
            return _wrapper(program, where, decorator, definition, called)
        case Found(module=where, binding=ClassDefinition() as cls):
            call = cls.methods.get("__call__")
            if call and not called:
                return _forwards(program, where, call[-1])
            return _wrapper(program, where, call[-1], definition, False, skip=1) if call else "unknown"
        case Found(module=where, binding=Assignment() as assignment) if "." not in name:
            return _alias(program, where, assignment)
    last = names.last(name)
    if last in ("setter", "getter", "deleter", "expression", "inplace", "update_expression", "comparator"):
        return "property"
    return "plain" if last in callables.ROUTE_METHODS else "unknown"


def injected(program: Program, module: str, definition: FunctionDefinition, parameter: str) -> Value | None:
    """What a decorator that the settings name hands over as `parameter`; None where none does."""
    if not program.settings.providers or not _SESSION_NAME.search(parameter):
        return None
    for name in definition.decorator_names:
        found = program.resolve(module, name) if name else None
        if isinstance(found, ExternalName | Found) and program.settings.how(found.name) == "decorator":
            return program.settings.given(found.name)
    return None


def _alias(program: Program, module: str, assignment: Assignment) -> str:
    """`actxmgr = asynccontextmanager`."""
    source = program.project.source(module)
    if source is None or assignment.value is None:
        return "unknown"
    name = dotted_name(source.nodes[assignment.value])
    found = program.resolve(module, name) if name else None
    return _external(found.name) if isinstance(found, ExternalName) else "unknown"


def _external(dotted: str) -> str:
    if dotted in callables.CONTEXT_MANAGERS:
        return "async-context" if callables.CONTEXT_MANAGERS[dotted] else "context"
    if dotted in callables.PROPERTIES or dotted in callables.HYBRIDS:
        return "property"
    if callables.keeps_signature(dotted) or names.last(dotted) in callables.ROUTE_METHODS:
        return "plain"
    return "unknown"


def _wrapper(
    program: Program,
    module: str,
    decorator: FunctionDefinition,
    decorated: Kind,
    called: bool,
    skip: int = 0,
) -> str | int:
    """Judge a decorator of the project by what its wrapper does: it must call the function and be called the same way."""
    source = program.project.source(module)
    if source is None:
        return "unknown"
    node = source.nodes[decorator.node]
    if not isinstance(node, cst.FunctionDef):
        return "unknown"
    if called:
        inner = [n for n in _functions(node) if any(True for _ in _functions(n))]
        if inner:
            node = inner[-1]
    parameters = [p.name.value for p in [*node.params.posonly_params, *node.params.params]][skip:]
    wrappers = list(_functions(node))
    if not wrappers:
        if bool(parameters) and _returns_name(node, parameters[0]):
            return "plain"
        held = _returned_holder(program, module, node, parameters)
        return _forwards(program, *held) if held is not None else "unknown"
    if not parameters:
        return "unknown"
    for wrapper in wrappers:
        calls = [c for c in _calls(wrapper) if dotted_name(c.func) == parameters[0]]
        if not calls:
            continue
        gives = wrapper.asynchronous is None and _returns_call(wrapper, parameters[0])
        if decorated.managed and not gives:
            continue
        if decorated.is_generator and not gives and not _yields(wrapper):
            continue
        if (wrapper.asynchronous is not None) != decorated.is_async and not (
            decorated.is_async and _returns_call(wrapper, parameters[0])
        ):
            continue
        taken = len(wrapper.params.posonly_params) + len(wrapper.params.params)
        ahead = _leading(calls[0]) - taken
        if ahead > 0 and taken > decorated.is_method:
            return "unknown"
        return max(ahead, 0)
    return "unknown"


def _returned_holder(
    program: Program, module: str, decorator: cst.FunctionDef, parameters: list[str]
) -> tuple[str, FunctionDefinition] | None:
    """The `__call__` of the class in an instance of which a decorator wraps the function: `return Wrapper(function)`."""
    for value in _returned(decorator):
        if not isinstance(value, cst.Call) or len(value.args) != 1 or not parameters:
            continue
        name = dotted_name(value.func)
        found = program.resolve(module, name) if name and dotted_name(value.args[0].value) == parameters[0] else None
        if isinstance(found, Found) and isinstance(found.binding, ClassDefinition):
            method = program.method(f"{found.module}.{found.binding.qualname}", "__call__")
            return (method[0], method[2]) if method is not None else None
    return None


def _forwards(program: Program, module: str, method: FunctionDefinition) -> str | int:
    """Judge the `__call__` of a wrapper by whether it returns a call with all that it was given itself."""
    source = program.project.source(module)
    node = source.nodes[method.node] if source is not None else None
    if not isinstance(node, cst.FunctionDef) or method.is_async or method.is_generator:
        return "unknown"
    star, stars = node.params.star_arg, node.params.star_kwarg
    if not isinstance(star, cst.Param) or stars is None or len(node.params.params) != 1:
        return "unknown"
    for value in _returned(node):
        if isinstance(value, cst.Call):
            passed = [(a.star, a.value.value) for a in value.args if isinstance(a.value, cst.Name) and a.star]
            if passed == [("*", star.name.value), ("**", stars.name.value)]:
                return _leading(value)
    return "unknown"


def _leading(call: cst.Call) -> int:
    """How many arguments a wrapper gives ahead of those that it was given itself."""
    stars = [index for index, argument in enumerate(call.args) if argument.star == "*"]
    ahead = call.args[: stars[0]] if stars else ()
    return sum(1 for argument in ahead if argument.keyword is None)


def _functions(node: cst.FunctionDef) -> list[cst.FunctionDef]:
    return [found for found in walk(node.body, into_scopes=False) if type(found) is cst.FunctionDef]


def _calls(node: cst.CSTNode) -> list[cst.Call]:
    return [found for found in walk(node) if type(found) is cst.Call]


def _returned(node: cst.FunctionDef) -> list[cst.BaseExpression]:
    return [found.value for found in walk(node.body) if type(found) is cst.Return and found.value is not None]


def _yields(node: cst.FunctionDef) -> bool:
    return any(type(found) is cst.Yield for found in walk(node.body, into_scopes=False))


def _returns_name(node: cst.FunctionDef, name: str) -> bool:
    return any(isinstance(value, cst.Name) and value.value == name for value in _returned(node))


def _returns_call(node: cst.FunctionDef, name: str) -> bool:
    return any(isinstance(value, cst.Call) and dotted_name(value.func) == name for value in _returned(node))
