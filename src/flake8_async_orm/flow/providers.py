"""Functions that provide sessions: what becomes of them where no framework, or the wrong one, calls them."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import ProviderUsed
from flake8_async_orm.flow import decorators
from flake8_async_orm.flow.awaits import describe
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import plain
from flake8_async_orm.knowledge import api, callables, names
from flake8_async_orm.lattice import without_none
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import (
    ApiObject,
    Callable,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    Site,
    Unknown,
    Value,
)

#: what is worth providing: sessions and connections of the asyncio extension
_PROVIDED = (names.SESSIONS | names.CONNECTIONS) & names.ASYNC_CLASSES


def is_depends(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether `node` is `Depends(...)` with an argument."""
    return type(node) is cst.Call and bool(node.args) and frame.program.is_depends(frame.module, node)


def declared(frame: Frame, definition: FunctionDefinition) -> None:
    """The dependencies that stand in the parameters of a function, as defaults or in `Annotated`."""
    for parameter in definition.parameters:
        for number in (parameter.default, parameter.annotation):
            if number is None:
                continue
            node: cst.CSTNode = frame.source.nodes[number]
            if type(node) is cst.Annotation:
                node = node.annotation
            if type(node) is cst.Call:
                _declared(frame, node)
            elif type(node) is cst.Subscript:
                annotated(frame, node)


def annotated(frame: Frame, node: cst.Subscript) -> None:
    """The dependencies in `Annotated[X, Depends(f)]`, in the place of an annotation or as the value of an alias."""
    for element in node.slice[1:]:
        if type(element.slice) is cst.Index:
            _declared(frame, element.slice.value)


def _declared(frame: Frame, node: cst.CSTNode) -> None:
    if is_depends(frame, node):
        assert type(node) is cst.Call
        target = node.args[0].value
        if isinstance(target, (cst.Name, cst.Attribute, cst.Call)):
            depended(frame, frame.program.evaluate(frame.module, frame.numbers[id(target)]), frame.site(target))


def depended(frame: Frame, target: Value, site: Site) -> None:
    """`Depends(target)` was written, `target` at `site`: what is no plain provider is a fact."""
    match target:
        case Function(name=name):
            found = frame.program.function_definition(name)
            if found is None or decorators.shape(frame.program, *found).style not in ("async-context", "context"):
                return

            given = project_calls.call_without_arguments(frame.program, target)
            form, provider = "context-manager", name
        case Callable(returns=ContextManager(callee=callee) as given) if callee:
            form, provider = "context-manager", callee
        case Generator(callee=callee) as given if callee:
            form, provider = "generator", callee
        case Coroutine(callee=callee) as given:
            form, provider = "coroutine", callee
        case _:
            return
    of = without_none(given.of) if isinstance(given, (ContextManager, Generator, Coroutine)) else Unknown()
    if isinstance(of, ApiObject) and of.cls in _PROVIDED:
        where = frame.program.function_site(provider)
        frame.state_fact(ProviderUsed(site, form, provider, describe(of), function=where))


def member_of_generator(frame: Frame, generator: Generator, name: str, site: Site) -> Value:
    """`name` is read on an async generator object: if it is one of the session that it yields, that is a fact.

    Gives what it would be read on if the generator had been driven.
    """
    of = without_none(generator.of)
    if not generator.callee or name in callables.GENERATOR_MEMBERS or not isinstance(of, ApiObject):
        return Unknown("a generator's own member")
    if of.cls not in _PROVIDED or not api.has_member(of.cls, name, frame.program.versions):
        return Unknown("a generator's own member")
    state_used(frame, generator, "attribute", name, site)
    return plain(of)


def state_used(frame: Frame, generator: Generator, use: str, detail: str, site: Site) -> None:
    """The object that `generator` is was used as what it yields; said once for each generator."""
    made = generator.site
    if made is not None and made in frame.misused:
        return
    if made is not None and not frame.muted:
        frame.misused.add(made)
    function = frame.program.function_site(generator.callee)
    if generator.callee in frame.left_alone:
        use, made = "fixture", None
    gives = describe(generator.of)
    frame.state_fact(ProviderUsed(site, use, generator.callee, gives, detail, frame.is_async, made, function))


def handed_over(frame: Frame, value: Value, declared: Value | None, parameter: str, site: Site) -> None:
    """`value` is given, at `site`, for a parameter of a project function that is declared so."""
    if not isinstance(value, Generator) or not value.is_async or not value.callee or declared is None:
        return
    bound, of = without_none(declared), without_none(value.of)
    if isinstance(bound, ApiObject) and isinstance(of, ApiObject) and bound.cls == of.cls and of.cls in _PROVIDED:
        state_used(frame, value, "argument", parameter, site)


def left_out(frame: Frame, module: str, definition: FunctionDefinition, given: set[str], touches: bool, site: Site) -> None:
    """A function of the project was called at `site` by hand: parameters that only a framework fills in hold a marker."""
    if not touches and definition.name != "__init__":
        return
    source = frame.program.project.source(module)
    for parameter in definition.parameters if source is not None else ():
        if parameter.default is None or parameter.name in given or source is None:
            continue
        provided = frame.program.provided_by(module, source.nodes[parameter.default])
        of = without_none(provided) if provided is not None else None
        if isinstance(of, ApiObject) and of.cls in _PROVIDED:
            callee = f"{module}.{definition.qualname}"
            where = frame.program.function_site(callee)
            fact = ProviderUsed(site, "left-out", callee, describe(of), parameter.name, function=where)
            frame.state_fact(fact, parameter.name)


# these need what is defined above
from flake8_async_orm.flow import project_calls  # noqa: E402
