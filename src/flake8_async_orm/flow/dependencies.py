"""What a framework hands to a function whose parameters say `Depends(f)`: it has called `f`, and what `f` asks for in turn.

A route, or a dependency of one, begins with instances in the state in which its dependencies left them. One request calls each dependency
once: they share what they depend on, the session above all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow import decorators
from flake8_async_orm.flow.annotations import Reader, placed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Substitution, plain
from flake8_async_orm.flow.syntax import dotted_name, string_value
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import Binding, State, may_be_none, without_none
from flake8_async_orm.project import Found
from flake8_async_orm.project.definitions import Assignment, FunctionDefinition, Parameter, TypeAlias
from flake8_async_orm.values import (
    ApiObject,
    Class,
    Collection,
    Function,
    Instance,
    Object,
    OneOf,
    Place,
    Site,
    Tuple,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

#: aliases of aliases, and dependencies of dependencies, that are followed
DEEP = 6
_NAMES = frozenset({cst.Name, cst.Attribute})


def driven(program: Program, module: str, definition: FunctionDefinition) -> bool:
    """Whether a framework calls the function with instances, or with objects, that its dependencies give."""
    if not definition.parameters:
        return False
    key = ("driven", module, definition.node)
    return program.once(key, lambda: any(_gives(program, module, one) for one in definition.parameters), False)


def _gives(program: Program, module: str, parameter: Parameter) -> bool:
    found = provider(program, module, parameter)
    return found is not None and _matters(program.provides(found[0]))


def _matters(value: Value) -> bool:
    match value:
        case Instance() | Object():
            return True
        case Collection(of=of):
            return _matters(of)
        case Tuple(items=items):
            return any(map(_matters, items))
        case OneOf(options=options):
            return any(map(_matters, options))
        case _:
            return False


def provider(program: Program, module: str, parameter: Parameter) -> tuple[Value, Site] | None:
    """The `f` of the `Depends(f)` at a parameter, and where that stands; as a default, in `Annotated`, or behind a name."""
    if parameter.default is None and parameter.annotation is None:
        return None
    nothing: tuple[Value, Site] | None = None
    key = ("provider", module, parameter.default, parameter.annotation)
    return program.once(key, lambda: _provider(program, module, parameter), nothing)


def _provider(program: Program, module: str, parameter: Parameter) -> tuple[Value, Site] | None:
    found = _asked(program, module, parameter)
    source = program.project.source(found[0]) if found is not None else None
    if found is None or source is None:
        return None
    where, call, cls = found
    target = next((arg.value for arg in call.args if arg.keyword is None or arg.keyword.value == "dependency"), None)
    if target is not None:
        if not isinstance(target, (cst.Name, cst.Attribute, cst.Call)):
            return None
        return program.evaluate(where, source.number(target)), Site(source.path, source.number(call))
    if cls is None and parameter.annotation is not None:
        cls = source.nodes[parameter.annotation]
    named = Reader(program, where).type_of(cls.annotation if isinstance(cls, cst.Annotation) else cls) if cls else None
    return (named, Site(source.path, source.number(call))) if isinstance(named, Class) else None


def scope(program: Program, module: str, parameter: Parameter) -> str | None:
    """What the `Depends(...)` at a parameter says of its `scope`: an empty string for nothing, None for what cannot be read."""
    given = _said(program, module, parameter, "scope")
    return string_value(given) if given is not None else ""


def _said(program: Program, module: str, parameter: Parameter, keyword: str) -> cst.BaseExpression | None:
    """What the `Depends(...)` at a parameter is given by `keyword`."""
    found = _asked(program, module, parameter)
    given = [one.value for one in found[1].args if one.keyword is not None and one.keyword.value == keyword] if found else []
    return given[0] if given else None


def _anew(program: Program, module: str, parameter: Parameter) -> bool:
    """Whether what a parameter depends on is called for it alone: `Depends(..., use_cache=False)`."""

    def compute() -> bool:
        given = _said(program, module, parameter, "use_cache")
        return given is not None and not (type(given) is cst.Name and given.value == "True")

    return program.once(("called anew", module, parameter.default, parameter.annotation), compute, False)


def _asked(program: Program, module: str, parameter: Parameter) -> tuple[str, cst.Call, cst.CSTNode | None] | None:
    numbers = [number for number in (parameter.default, parameter.annotation) if number is not None]
    return next((found for number in numbers if (found := _depends(program, module, number, 0)) is not None), None)


def _depends(
    program: Program, module: str, number: int, depth: int
) -> tuple[str, cst.Call, cst.CSTNode | None] | None:
    """The module in which a `Depends(...)` stands, the call, and the class that it stands beside in `Annotated`."""
    source = program.project.source(module)
    node: cst.CSTNode | None = source.nodes[number] if source is not None else None
    if type(node) is cst.Annotation:
        node = node.annotation
    if type(node) is cst.Call:
        return (module, node, None) if program.is_depends(module, node) else None
    if type(node) is cst.Subscript:
        if names.last(dotted_name(node.value) or "") != "Annotated":
            return None
        first, *others = [element.slice.value for element in node.slice if type(element.slice) is cst.Index]
        for inner in others:
            if type(inner) is cst.Call and program.is_depends(module, inner):
                return module, inner, first
        return None
    written = dotted_name(node) if node is not None and type(node) in _NAMES else None
    found = program.resolve(module, written) if written is not None and depth < DEEP else None
    if isinstance(found, Found) and isinstance(found.binding, Assignment | TypeAlias):
        value = found.binding.value
        return _depends(program, found.module, value, depth + 1) if value is not None else None
    return None


def hand_over(frame: Frame, state: State, definition: FunctionDefinition) -> None:
    """Bind the parameters of a function that a framework calls to what its dependencies give in one request."""
    request = Request(frame, state)
    found = [(p, at) for p in definition.parameters if (at := provider(frame.program, frame.module, p)) is not None]
    for parameter, (target, _) in found:
        value = state.names[parameter.name].value
        if isinstance(without_none(value), ApiObject) and not _anew(frame.program, frame.module, parameter):
            request.known.setdefault(plain(target), value)
    frame.muted += 1
    try:
        for parameter, (target, site) in found:
            given = request.given(target, site, _anew(frame.program, frame.module, parameter))
            declared = state.names[parameter.name].value
            if isinstance(given, Object) and isinstance(declared, Object) and not given.cls.args:
                # made without a word of what it is generic over
                given = Object(declared.cls, given.place) if given.cls.name == declared.cls.name else given
            if given is not None and _matters(given) and _within(given, declared):
                state.names[parameter.name] = Binding(given if may_be_none(declared) else without_none(given))
    finally:
        frame.muted -= 1


def _within(value: Value, declared: Value) -> bool:
    """Whether an annotation does not say otherwise."""
    value, declared = without_none(value), without_none(declared)
    if isinstance(value, Instance) and isinstance(declared, Instance):
        return value.model == declared.model
    if isinstance(value, Object) and isinstance(declared, Object):
        return value.cls.name == declared.cls.name
    return type(value) is type(declared) or isinstance(declared, Unknown)


@dataclass(slots=True)
class Request:
    """One call of a function by a framework: `known` is what each dependency has given already."""

    frame: Frame
    state: State
    known: dict[Value, Value | None] = field(default_factory=dict)
    depth: int = 0

    def given(self, target: Value, site: Site, anew: bool = False) -> Value | None:
        """What the dependency `target`, asked for at `site`, gives; None where that is not followed. `anew`: once more."""
        identity = Tuple((plain(target), Tuple((), names=(repr(site),)))) if anew else plain(target)
        if identity not in self.known and self.depth < DEEP:
            self.known[identity] = None
            self.depth += 1
            self.known[identity] = self._called(target, site)
            self.depth -= 1
        return self.known.get(identity)

    def _called(self, target: Value, site: Site) -> Value | None:
        program = self.frame.program
        match target:
            case Function(name=name):
                found = program.function_definition(name)
                return self._function(target, *found, site) if found is not None else None
            case Object(cls=cls):
                method = program.method(cls.name, "__call__")
                if method is None:
                    return None
                module, _, definition = method
                return self._function(Function(f"{module}.{definition.qualname}", target), module, definition, site)
            case Class(name=name) if program.class_definition(name) is not None:
                return self._object(target, site)
            case _:
                return None

    def _object(self, cls: Class, site: Site) -> Value | None:
        made = self.frame.program.provides(cls)
        if not isinstance(made, Object):
            return made
        found = self.frame.program.method(cls.name, "__init__")
        arguments = self._arguments(found[0], found[2], True) if found is not None else []
        return project_calls.construct(self.frame, self.state, cls, arguments, site)

    def _function(self, function: Function, module: str, definition: FunctionDefinition, site: Site) -> Value | None:
        program = self.frame.program
        shape = decorators.shape(program, module, definition)
        if shape.style != "plain" or shape.leading:
            return None
        gives = program.provides(function)
        if definition.is_generator or isinstance(without_none(gives), ApiObject):
            number = sum(value is not None for value in self.known.values())
            return placed(gives, Place(f"param:request {number}")) if isinstance(gives, ApiObject) else None
        arguments = self._arguments(module, definition, function.receiver is not None)
        actuals, key = project_calls.bind(self.frame, module, definition, function, arguments)
        outcome = program.outcome(key)
        if outcome.unknown:
            return None
        substitution = Substitution(actuals, site)
        value = substitution.value(project_calls.declared(self.frame, module, definition, function, outcome))
        effects.transfer(self.frame, self.state, outcome, substitution, site)
        return placed(value, Place(site))

    def _arguments(self, module: str, definition: FunctionDefinition, bound: bool) -> list[Argument]:
        """What the parameters of a dependency get from their own dependencies."""
        arguments: list[Argument] = []
        for parameter in definition.parameters[1:] if bound else definition.parameters:
            found = provider(self.frame.program, module, parameter)
            anew = found is not None and _anew(self.frame.program, module, parameter)
            value = self.given(*found, anew) if found is not None else None
            if found is not None and value is not None:
                arguments.append(Argument(value, parameter.name, "", found[1]))
        return arguments


# these need what is defined above
from flake8_async_orm.flow import effects, project_calls  # noqa: E402
from flake8_async_orm.flow.calls import Argument  # noqa: E402
