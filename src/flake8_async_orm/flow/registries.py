"""Registries of sessions that are made: what sessions they hold, and who shares one."""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.facts import SessionRegistryMade
from flake8_async_orm.flow import nested
from flake8_async_orm.flow.annotations import instance_of
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.evaluation import evaluate
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key
from flake8_async_orm.flow.syntax import dotted_name, last_name, literal
from flake8_async_orm.knowledge import callables, names
from flake8_async_orm.lattice import Binding, State, without_none
from flake8_async_orm.project.definitions import Assignment
from flake8_async_orm.project.names import ExternalName, Found
from flake8_async_orm.values import NONE, ApiObject, Callable, Class, External, Function, LocalFunction, Site, Value

#: attributes of a thread that tell it from others, and builtins that do so with anything
_OF_THREADS = frozenset({"ident", "native_id", "name"})
_TELLING = frozenset({"builtins.id", "builtins.hash", "builtins.str", "builtins.repr"})
_MAKING = frozenset({"async_scoped_session", "scoped_session", "async_sessionmaker", "sessionmaker"}) | {
    *("create_async_engine", "async_engine_from_config", "create_engine", "engine_from_config")
}
#: modules of tests, which run one after the other and may well share a session
_TESTS = re.compile(r"(^|\.)(tests?|testing|conftest|test_\w+|\w+_test)(\.|$)")

_Written = tuple[str, cst.BaseExpression, frozenset[str]]


def sessions(frame: Frame, arguments: list[Argument]) -> ApiObject | None:
    """A session of the registry that is called with `arguments`; None where it is not known."""
    factory = _given(arguments, 0, "session_factory")
    made: Value | None = None
    match without_none(factory.value) if factory is not None else None:
        case ApiObject(cls=cls, of=of) if cls in names.FACTORIES:
            made = of
        case Callable(returns=returns):
            made = returns
        case Class() as cls:
            made = instance_of(frame.program, cls)
        case LocalFunction(site=site):
            made = nested.outcome(frame, site).returns
        case Function(name=name, receiver=None):
            found = frame.program.function_definition(name)
            plain = found is not None and not (found[1].is_async or found[1].is_generator or found[1].decorators)
            made = frame.program.outcome(Key(name)).returns if plain else None
    return made if isinstance(made, ApiObject) and made.cls in names.SESSIONS else None


def made(frame: Frame, cls: Class, arguments: list[Argument], session: ApiObject | None, site: Site) -> None:
    """State that the registry `cls` was made at `site`."""
    if frame.muted or names.api_class(cls.name) is None or any(argument.star for argument in arguments):
        return
    if _TESTS.search(frame.module) is not None:
        return
    api_name = names.api_class(cls.name) or ""
    scope = _given(arguments, 1, "scopefunc")
    if scope is not None and scope.value == NONE:
        scope = None
    usual = "thread" if api_name == "scoped_session" else ""
    shared = _scope(frame, scope) if scope is not None else usual
    given = scope.site if scope is not None else None
    frame.state_fact(SessionRegistryMade(site, api_name, session.cls if session is not None else "", shared, given))


def in_class(frame: Frame, node: cst.ClassDef, state: State) -> None:
    """The registries, and the factories and engines that they are made of, among the attributes of a class."""
    inner: State | None = None
    for line in node.body.body:
        for part in line.body if type(line) is cst.SimpleStatementLine else ():
            target: cst.CSTNode | None = None
            value: cst.CSTNode | None = None
            # by exact type: LibCST's classes are abstract base classes, and an `isinstance` that fails is dear there
            if type(part) is cst.Assign:
                target, value = part.targets[0].target, part.value
            elif type(part) is cst.AnnAssign:
                target, value = part.target, part.value
            if type(value) is not cst.Call:
                continue
            called = value.func.value if type(value.func) is cst.Subscript else value.func
            if last_name(called) not in _MAKING:
                continue
            inner = inner or state.copy()
            made = evaluate(frame, value, inner)
            if type(target) is cst.Name:
                inner.names[target.value] = Binding(made)


def _given(arguments: list[Argument], position: int, keyword: str) -> Argument | None:
    positional = [argument for argument in arguments if argument.keyword is None and not argument.star]
    if len(positional) > position:
        return positional[position]
    return next((argument for argument in arguments if argument.keyword == keyword), None)


def _scope(frame: Frame, given: Argument) -> str:
    """Who gets the same of the function `given`."""
    value = given.value
    if isinstance(value, External):
        return callables.SCOPES.get(value.name, "")
    written = _returned(frame, given)
    return _shared(frame, *written) if written is not None else ""


def _returned(frame: Frame, given: Argument) -> _Written | None:
    """The one expression that a function of the project returns, its module, and names that are not of that module."""
    match given.value:
        case LocalFunction(site=site) if site in frame.nested:
            node = frame.nested[site][0]
            return _of(frame.module, node, _around(frame))
        case Function(name=name, receiver=None, given=()):
            found = frame.program.function_definition(name)
            if found is None or found[1].cls is not None:
                return None
            module, number = found[0], found[1].node
        case Callable() if given.site.path == frame.path:
            assigned = _assigned(frame, frame.module, dotted_name(frame.source.nodes[given.site.node]))
            if assigned is None:
                return None
            module, number = assigned
        case _:
            return None
    source = frame.program.project.source(module)
    return _of(module, source.nodes[number], frozenset()) if source is not None else None


def _around(frame: Frame | None) -> frozenset[str]:
    """The names that are bound in the functions that a body stands in, its own among them."""
    found: frozenset[str] = frozenset()
    while frame is not None:
        if frame.function is not None:
            found |= frame.local_names
        frame = frame.outer_frame
    return found


def _of(module: str, node: cst.CSTNode, local: frozenset[str]) -> _Written | None:
    if isinstance(node, cst.Lambda):
        return module, node.body, local | _parameters(node.params)
    if not isinstance(node, cst.FunctionDef) or node.asynchronous is not None or node.decorators:
        return None
    body = node.body.body
    parts = [part for line in body if isinstance(line, cst.SimpleStatementLine) for part in line.body]
    if not parts or len(parts) < len(body) or not all(isinstance(part, cst.Expr) for part in parts[:-1]):
        return None
    last = parts[-1]
    if not isinstance(last, cst.Return) or last.value is None or any(_yields(part) for part in parts[:-1]):
        return None
    return module, last.value, local | _parameters(node.params)


def _yields(part: cst.CSTNode) -> bool:
    return isinstance(part, cst.Expr) and isinstance(part.value, cst.Yield)


def _parameters(given: cst.Parameters) -> frozenset[str]:
    stars = [star for star in (given.star_arg, given.star_kwarg) if isinstance(star, cst.Param)]
    return frozenset(p.name.value for p in [*given.posonly_params, *given.params, *given.kwonly_params, *stars])


def _shared(frame: Frame, module: str, node: cst.BaseExpression, local: frozenset[str]) -> str:
    """Who gets the same of the expression `node`."""
    if literal(node) is not ...:
        return "constant"
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Call) and node.attr.value in _OF_THREADS:
        shared = _shared(frame, module, node.value, local)
        return shared if shared == "thread" else ""
    if isinstance(node, cst.Call):
        name = dotted_name(node.func)
        called = frame.program.resolve(module, name) if name and name.partition(".")[0] not in local else None
        if not isinstance(called, ExternalName):
            return ""
        if called.name in _TELLING and len(node.args) == 1:
            return _shared(frame, module, node.args[0].value, local)
        return callables.SCOPES.get(called.name, "") if not node.args else ""
    name = dotted_name(node)
    if name is None or name.partition(".")[0] in local:
        return ""
    assigned = _assigned(frame, module, name)
    source = frame.program.project.source(assigned[0]) if assigned is not None else None
    if assigned is None or source is None:
        return ""
    bound = source.nodes[assigned[1]]
    # what begins as None is bound elsewhere
    known = literal(bound) not in (..., None) or (isinstance(bound, cst.Call) and dotted_name(bound.func) == "object")
    return "constant" if known else ""


def _assigned(frame: Frame, module: str, name: str | None) -> tuple[str, int] | None:
    """The module and the node of the value of a global that is bound once and for all."""
    found = frame.program.resolve(module, name) if name else None
    if not isinstance(found, Found) or not isinstance(found.binding, Assignment):
        return None
    definition = frame.program.project.definition(found.module)
    bindings = definition.bindings.get(found.binding.name, ()) if definition is not None else ()
    if len(bindings) != 1 or found.binding.unpacked or found.binding.function is not None or found.binding.value is None:
        return None
    return found.module, found.binding.value
