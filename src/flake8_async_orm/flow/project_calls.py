"""Calls of the project's own functions: their outcomes, told in the caller's places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.flow import (
    absences,
    blocking,
    call_sites,
    concurrency,
    coroutines,
    decorators,
    event_loops,
    generics,
    handed_urls,
    instances,
    ledgers,
    nested,
    providers,
    transactions,
    type_variables,
)
from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.calls import Argument, take, unknown
from flake8_async_orm.flow.effects import transfer
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key, Omitted, Outcome, Substitution, plain, telling
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import (
    ObjectState,
    State,
    join,
    without_none,
)
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Awaitable,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    Instance,
    Keywords,
    LocalFunction,
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

_NOT_FOLLOWED = Outcome(Unknown("not followed"))


def written(frame: Frame, state: State, function: Function, arguments: list[Argument], site: Site) -> Value:
    """A call in the source. One that the function's parameters refuse is a call of something else, or fails."""
    found = frame.program.function_definition(function.name)
    if found is not None and not found[1].decorators and _refuses(frame, *found, function, arguments):
        take(frame, arguments)
        return unknown(frame, state, arguments, f"`{found[1].name}` does not take these arguments")
    return call(frame, state, function, arguments, site)


def call(frame: Frame, state: State, function: Function, arguments: list[Argument], site: Site) -> Value:
    """A project function is called with `arguments` at `site`."""
    found = frame.program.function_definition(function.name)
    if found is None:
        return unknown(frame, state, arguments, "function not found")
    module, definition = found
    shape = decorators.shape(frame.program, module, definition)
    take(frame, arguments)
    if shape.style == "unknown":
        return unknown(frame, state, arguments, f"`{definition.name}` is decorated by something unknown")
    if shape.leading:
        given_ahead = [Argument(Unknown("given by a decorator"), None, "", site)] * shape.leading
        arguments = [*given_ahead, *arguments]
    if not frame.follows:
        unknown(frame, state, arguments)
        return annotated(shape.style, definition, declared(frame, module, definition, function, _NOT_FOLLOWED))
    actuals, key = bind(frame, module, definition, function, arguments)
    if frame.shallow and shape.style == "plain" and not definition.is_async and definition.returns is not None:
        value = declared(frame, module, definition, function, Outcome(Unknown("not followed")))
        if is_plain_data(value) and not event_loops.may_run(frame.program, module, definition):
            unknown(frame, state, arguments)
            return placed(value, Place(site))
    matters = frame.program.reaches(module) or any(map(frame.program.concerns, actuals.values()))
    outcome = frame.program.outcome(key) if matters else Outcome(Unknown("has nothing to do with the database"))
    frame.touches = frame.touches or outcome.touches
    if outcome.urls:
        handed_urls.given(frame, module, definition, function, outcome.urls, arguments, site)
    for name in sorted(outcome.gathers & actuals.keys()):
        many = actuals[name]
        concurrency.together(frame, state, list(many.items) if isinstance(many, Tuple) else [many], site)
    if not shape.injects and not any(a.star for a in arguments):
        filled = {name for name, value in actuals.items() if not isinstance(value, Omitted)}
        providers.left_out(frame, module, definition, filled, outcome.touches, site)
    if outcome.unknown:
        unknown(frame, state, arguments)
    substitution = Substitution(actuals, site)
    if outcome.overlaps:
        concurrency.called(frame, state, outcome.overlaps, substitution, site)
    if shape.style == "plain" and not definition.is_async and not outcome.touches and type_variables.tells(outcome.returns):
        back = type_variables.given_back(frame.program, module, definition, actuals)
        if back is not None:
            transfer(frame, state, outcome, substitution, site)
            return placed(back, Place(site))
    returns = declared(frame, module, definition, function, outcome)
    return shaped(frame, state, module, definition, shape, outcome, returns, substitution, site)


def annotated(style: str, definition: FunctionDefinition, returns: Value) -> Value:
    """What a call gives by what the function is annotated with alone."""
    if definition.is_generator:
        if not isinstance(returns, Generator) or style not in ("async-context", "context"):
            return returns
        return ContextManager(returns.of, style == "async-context")
    return Awaitable(returns) if definition.is_async else returns


def is_plain_data(value: Value) -> bool:
    """Whether an annotation that gives `value` says all that matters here: of a session or a factory it does not."""
    match value:
        case Instance() | Constant():
            return True
        case Object(cls=cls):
            return names.api_class(cls.name) is None
        case Collection(of=of):
            return is_plain_data(of)
        case Tuple(items=items):
            return all(map(is_plain_data, items))
        case OneOf(options=options):
            return all(map(is_plain_data, options))
        case _:
            return False


def shaped(
    frame: Frame,
    state: State,
    module: str,
    definition: FunctionDefinition,
    shape: decorators.Shape,
    outcome: Outcome,
    returns: Value,
    substitution: Substitution,
    site: Site,
) -> Value:
    """What the call gives: a coroutine, a generator, a context manager, or the value itself."""
    if frame.loops:
        transactions.forget(state, site)
    callee = f"{module}.{definition.qualname}"
    if outcome.absences:
        absences.told(frame, state, outcome, substitution)
    if outcome.blocks is not None and (not definition.is_generator or shape.style == "context"):
        blocking.transferred(frame, outcome.blocks, callee, substitution.arguments, site)
    if definition.is_generator:
        yields = substitution.value(outcome.yields if outcome.yields is not None else Unknown("never yields"))
        if isinstance(yields, Unknown) and isinstance(returns, Generator):
            yields = returns.of
        if shape.style in ("async-context", "context"):
            transfer(frame, state, outcome, substitution, site)
            return ContextManager(yields, shape.style == "async-context", callee=callee, site=site)
        concurrency.works(frame, site, concurrency.of_callee(frame, state, outcome, substitution))
        return Generator(yields, callee, definition.is_async, site)
    value = ledgers.known_as(state, placed(substitution.value(returns), Place(site)))
    if definition.is_async:
        concurrency.works(frame, site, concurrency.of_callee(frame, state, outcome, substitution))
        if outcome.pools or outcome.disposes:
            frame.pooled[site] = (outcome.pools, outcome.disposes)
        made = coroutines.made(
            frame,
            site,
            callee,
            value,
            lambda after: transfer(frame, after, outcome, substitution, site),
            wrapper=True,
            ours=outcome.touches,
        )
        return made
    transfer(frame, state, outcome, substitution, site)
    if isinstance(value, Coroutine):
        concurrency.works(frame, site, concurrency.of_callee(frame, state, outcome, substitution))
        return coroutines.made(
            frame,
            site,
            callee,
            value.of,
            lambda after: transfer(frame, after, outcome, substitution, site),
            wrapper=True,
            ours=value.ours,
        )
    return value


def declared(frame: Frame, module: str, definition: FunctionDefinition, function: Function, outcome: Outcome) -> Value:
    """What a function returns: its outcome, or where that is not known its annotation. Of a generator only that tells what it yields."""
    known = not definition.is_generator and not isinstance(without_none(outcome.returns), Unknown)
    if known or definition.returns is None:
        return outcome.returns
    receiver = function.receiver
    cls = receiver.cls if isinstance(receiver, Object) else receiver if isinstance(receiver, Class) else None
    substitution: dict[str, Value] = {}
    if definition.cls is not None:
        defining = f"{module}.{definition.cls}"
        own = cls if cls is not None else Class(defining)
        substitution = {**frame.program.substitution(own, defining), "Self": own}
    return frame.program.annotation_at(module, definition.returns, substitution)


def _refuses(
    frame: Frame, module: str, definition: FunctionDefinition, function: Function, arguments: list[Argument]
) -> bool:
    """Whether a call with these arguments surely raises TypeError for its arguments alone."""
    if any(argument.star for argument in arguments):
        return False
    parameters = definition.parameters
    if function.receiver is not None and definition.cls is not None and not frame.program.is_static(module, definition):
        parameters = parameters[1:]
    kinds = {parameter.name: parameter.kind for parameter in parameters}
    places = [parameter for parameter in parameters if parameter.kind in ("positional", "positional-only")]
    named = {argument.keyword for argument in arguments if argument.keyword is not None}
    named |= {name for name, _ in function.given if isinstance(name, str)}
    count = sum(argument.keyword is None for argument in arguments)
    count += sum(isinstance(name, int) for name, _ in function.given)
    if count > len(places) and "star" not in kinds.values():
        return True
    if "double-star" not in kinds.values() and not named <= kinds.keys():
        return True
    filled = named | {parameter.name for parameter in places[:count]}
    required = (p for p in parameters if p.default is None and p.kind in ("positional", "positional-only", "keyword"))
    return any(parameter.name not in filled for parameter in required)


_PLAIN = frozenset({Constant, Omitted})


def bind(
    frame: Frame, module: str, definition: FunctionDefinition, function: Function, arguments: list[Argument]
) -> tuple[dict[str, Value], Key]:
    """The actual value of every parameter, and the key under which the outcome is asked."""
    parameters = list(definition.parameters)
    actuals: dict[str, Value] = {}
    receiver = function.receiver
    if (
        receiver is not None
        and parameters
        and definition.cls is not None
        and not frame.program.is_static(module, definition)
    ):
        actuals[parameters.pop(0).name] = receiver
    positional = [p for p in parameters if p.kind in ("positional", "positional-only")]
    given = [a for a in arguments if a.keyword is None and not a.star]
    splat = any(a.star for a in arguments)
    for position, value in [(i, v) for i, v in function.given if isinstance(i, int)]:
        if position < len(positional):
            actuals[positional[position].name] = value
    offset = sum(1 for i, _ in function.given if isinstance(i, int))
    for parameter, argument in zip(positional[offset:], given, strict=False):
        actuals[parameter.name] = argument.value
    by_name = {p.name for p in parameters} if function.given or any(a.keyword for a in arguments) else set()
    for keyword, value in [(k, v) for k, v in function.given if isinstance(k, str)]:
        if keyword in by_name:
            actuals[keyword] = value
    for argument in arguments:
        if argument.keyword is not None and argument.keyword in by_name:
            actuals[argument.keyword] = argument.value
    rest = [a.value for a in given[len(positional) - offset :]]
    key_arguments: list[tuple[str, Value]] = []
    for parameter in parameters:
        if parameter.kind == "star":
            actuals[parameter.name] = Tuple(tuple(rest)) if not splat else Unknown("starred")
        elif parameter.kind == "double-star":
            extra = [(a.keyword, a.value) for a in arguments if a.keyword is not None and a.keyword not in by_name]
            actuals[parameter.name] = (
                Unknown("keywords") if splat else Keywords(tuple(sorted(extra, key=lambda e: e[0])))
            )
        elif parameter.name not in actuals:
            if splat or parameter.default is None:
                continue
            actuals[parameter.name] = frame.program.default(module, parameter.default)
        value = actuals[parameter.name]
        if parameter.annotation is None:
            call_sites.note(frame, function.name, definition, parameter, value)
        if type(value) is Generator:
            site = next((a.site for a in arguments if a.value is value), None)
            annotated = frame.program.parameter_annotation(module, parameter.annotation)
            if site is not None:
                providers.handed_over(frame, value, annotated, parameter.name, site)
        if type(value) in _PLAIN and parameter.name not in frame.program.decisive(module, definition):
            continue
        told = telling(value, frame.program.parameter_annotation(module, parameter.annotation))
        if told is not None:
            key_arguments.append((parameter.name, told))
    own = plain(receiver) if receiver is not None else None
    return actuals, Key(function.name, own, tuple(key_arguments), frame.sync_land)


# -- local functions, constructors, providers ---------------------------------------------------------------------------


def call_local(frame: Frame, state: State, function: LocalFunction, arguments: list[Argument], site: Site) -> Value:
    """A nested function or a lambda of this body is called."""
    take(frame, arguments)
    parameters = nested.parameter_names(frame, function.site)
    given = [a for a in arguments if a.keyword is None and not a.star]
    actuals = {name: a.value for name, a in zip(parameters, given, strict=False)}
    actuals.update({a.keyword: a.value for a in arguments if a.keyword is not None})
    told = tuple((name, told) for name, value in actuals.items() if (told := telling(value, None)) is not None)
    outcome = nested.outcome(frame, function.site, told)
    for name in nested.captured(frame, function.site) & state.names.keys():
        instances.doubt(frame, state, state.names[name].value)
    own = frozenset(nested.all_parameters(frame, function.site))
    substitution = Substitution(actuals, site, own)
    definition = nested.definition_of(frame, function.site)
    if definition is None:
        # a lambda stands in the function that knows: what it reads is reported where it reads it
        transfer(frame, state, outcome, substitution, site, at_read=True)
        return placed(substitution.value(outcome.returns), Place(site))
    shape = decorators.shape(frame.program, frame.module, definition)
    if shape.style == "unknown":
        return unknown(frame, state, arguments)
    return shaped(frame, state, frame.module, definition, shape, outcome, outcome.returns, substitution, site)


def construct(frame: Frame, state: State, cls: Class, arguments: list[Argument], site: Site) -> Value:
    """A project class is called: its fields are what `__init__` puts into them."""
    place = Place(site)
    found = frame.program.method(cls.name, "__init__")
    if found is not None and not cls.args and frame.program.type_parameters(cls.name):
        function = Function(f"{found[0]}.{found[2].qualname}", Object(cls))
        actuals, _ = bind(frame, found[0], found[2], function, arguments)
        cls = generics.given(frame.program, cls, found[0], found[2], actuals)
    made = Object(cls, place)
    state.heap[place] = ObjectState({})
    if found is None:
        take(frame, arguments)
        fields = frame.program.fields(cls.name)
        values = {a.keyword: a.value for a in arguments if a.keyword is not None}
        positional = [a.value for a in arguments if a.keyword is None and not a.star]
        values.update(zip(fields, positional, strict=False))
        for argument in arguments:
            ledgers.share(state, argument.value)
        state.heap[place] = ObjectState(
            {name: v for name, v in values.items() if name in fields and not isinstance(v, Unknown)}
        )
        return made
    call(frame, state, Function(f"{found[0]}.{found[2].qualname}", made), arguments, site)
    return made


def call_without_arguments(program: Program, target: Value) -> Value:
    """What a framework gets that calls `target` itself, filling in its parameters."""
    match target:
        case Function(name=name):
            found = program.function_definition(name)
        case Class():

            return instance_of(program, target)
        case Object(cls=cls):
            method = program.method(cls.name, "__call__")
            found = (method[0], method[2]) if method is not None else None
        case Callable(returns=returns):
            return returns
        case ApiObject(cls=cls_name) if cls_name in names.FACTORIES:

            return constructions.called_factory(target, [], Site("", 0))
        case _:
            return Unknown("provider not known")
    if found is None:
        return Unknown("provider not found")
    module, definition = found
    receiver = target.receiver if isinstance(target, Function) else target
    shape = decorators.shape(program, module, definition)
    own = plain(receiver) if receiver is not None else None
    outcome = program.outcome(Key(f"{module}.{definition.qualname}", own))
    if shape.style == "unknown":
        return Unknown("decorated provider")
    source = program.project.source(module)
    annotated: Value = Unknown("not annotated")
    if definition.returns is not None and source is not None:
        annotated = program.annotation(module, source.nodes[definition.returns])
    if definition.is_generator:
        yields = plain(outcome.yields) if outcome.yields is not None else Unknown("never yields")
        if isinstance(yields, Unknown) and isinstance(annotated, Generator):
            yields = annotated.of
        if shape.style in ("async-context", "context"):
            return ContextManager(yields, shape.style == "async-context", callee=f"{module}.{definition.qualname}")
        return Generator(yields, f"{module}.{definition.qualname}", definition.is_async)
    returns = plain(outcome.returns)
    value = annotated if isinstance(without_none(returns), Unknown) else returns
    return Coroutine(value, f"{module}.{definition.qualname}", Site("", 0), True) if definition.is_async else value


# these need what is defined above
from flake8_async_orm.flow import constructions  # noqa: E402
from flake8_async_orm.flow.annotations import instance_of  # noqa: E402

__all__ = ["NONE", "call", "call_local", "call_without_arguments", "construct", "join"]
