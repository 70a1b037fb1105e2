"""Calls of functions outside the project: SQLAlchemy's, asyncio's, the builtins'."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import (
    api_functions,
    awaiting,
    concurrency,
    coroutines,
    crossings,
    dumps,
    event_loops,
    imports,
    outliving,
    providers,
    scheduling,
    serialization,
)
from flake8_async_orm.flow.annotations import instance_of, parsed, placed
from flake8_async_orm.flow.calls import Argument, is_logging, take, unknown
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import plain
from flake8_async_orm.knowledge import callables, names, serializers, templating
from flake8_async_orm.lattice import State
from flake8_async_orm.values import (
    ApiObject,
    Awaitable,
    BoundMember,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    Object,
    Place,
    Site,
    Tuple,
    Unknown,
    Value,
    replace,
)


def call(frame: Frame, state: State, dotted: str, arguments: list[Argument], node: cst.Call, site: Site) -> Value:
    """A function known by its dotted name is called."""
    name = names.last(dotted)
    if name in crossings.EXTERNAL:
        crossings.external(frame, dotted, name, arguments, node, site)
    if names.is_sqlalchemy(dotted):
        found = api_functions.call(frame, state, dotted, name, arguments, node, site)
        if found is not None:
            return found
    if dotted in callables.NEVER_RETURN:
        take(frame, arguments)
        frame.diverged = True
        return Unknown("never returns")
    given = frame.program.settings.given(dotted)
    if given is not None:
        # of all ways only an awaited provider comes here
        take(frame, arguments)
        return coroutines.made(frame, site, dotted, placed(given, Place(site)), wrapper=True)
    if dotted in callables.SCHEDULERS:
        return Object(Class(callables.SCHEDULERS[dotted]), Place(site))
    if dotted in callables.RUNNERS:
        awaiting.handed(frame, node, state, name)
        if dotted.startswith("asyncio."):
            scheduling.scheduled(frame, node, arguments, name)
        if dotted in callables.TOGETHER and frame.function is not None:
            concurrency.gathering(frame, state, node)
        if callables.RUNNERS[dotted] == "calls" and arguments and isinstance(arguments[0].value, Function):
            rest = [argument for argument in arguments[1:] if argument.keyword is None]
            return foreign.in_a_loop(frame, state, arguments[0].value, rest, node, site)
        return _runner(frame, state, dotted, arguments, site)
    if dotted in callables.TO_SYNC and arguments and isinstance(arguments[0].value, Function):
        take(frame, arguments)
        return BoundMember(arguments[0].value, callables.IN_A_LOOP)
    if dotted == "importlib.import_module" and len(arguments) == 1:
        return imports.by_text(frame, arguments[0].value)
    if dotted in callables.SEES_THROUGH and arguments:
        return _cast(frame, dotted, arguments)
    if dotted.startswith("itertools."):
        iterator = builtin_calls.iterators(frame, state, name, arguments, site)
        if iterator is not None:
            return iterator
    if dotted in templating.FUNCTIONS:
        return templates.function_called(frame, state, dotted, arguments, site)
    if dotted in serializers.LOADED_ONLY and arguments:
        take(frame, arguments)
        if not arguments[0].star:
            dumps.dumped(frame, state, arguments[0].value, dotted, arguments[0].site)
        return Unknown("written out")
    if dotted in serializers.CONVERTING:
        return serialization.converted(frame, state, arguments, serializers.CONVERTING[dotted])
    if dotted in callables.TAKING_APART and arguments:
        take(frame, arguments)
        if not arguments[0].star:
            representation.taken_apart(frame, state, arguments[0].value, site)
        return Collection(Unknown("a field"), "dict")
    if dotted == "functools.partial" and arguments:
        return _partial(frame, arguments)
    if dotted.startswith("builtins."):
        return builtin_calls.call(frame, state, dotted, arguments, node, site)
    if dotted in callables.CONTEXT_MANAGERS and arguments:
        return _as_context_manager(frame, arguments[0].value, callables.CONTEXT_MANAGERS[dotted])
    if dotted in ("contextlib.aclosing", "contextlib.closing", "contextlib.nullcontext") and arguments:
        take(frame, arguments)
        is_async = dotted != "contextlib.closing"
        return ContextManager(arguments[0].value, is_async, callee=dotted)
    if name in callables.DEPENDS and arguments:
        providers.depended(frame, arguments[0].value, arguments[0].site)
        return frame.program.provides(arguments[0].value)
    if dotted in callables.REFUSING and arguments and isinstance(coroutine := arguments[0].value, Coroutine):
        return coroutines.used_as_value(frame, coroutine, arguments[0].site, site, "argument", name)
    if dotted in callables.REFUSING and node.args and isinstance(node.args[0].value, (cst.Dict, cst.List)):
        for coroutine in coroutines.in_value(arguments[0].value):
            coroutines.used_as_value(frame, coroutine, coroutine.site, coroutine.site, "argument", name)
    if is_logging(node):
        take(frame, arguments)
        return Constant(None)
    return unknown(frame, state, arguments, f"called {dotted}")


def _gathered(arguments: list[Argument], results: list[Value]) -> Value:
    """What `gather` gives: one result for each argument, or a list of what each of many coroutines gives."""
    if not any(argument.star for argument in arguments):
        return Tuple(tuple(results))
    many = [argument.value for argument in arguments if argument.keyword is None]
    told = all(argument.keyword is None or argument.keyword == "return_exceptions" for argument in arguments)
    plain = not any(a.keyword == "return_exceptions" and a.value != Constant(False) for a in arguments)
    match many:
        case [Collection(of=Coroutine(of=of) | Awaitable(of=of))] if told and plain:
            return Collection(of, "list")
    return Unknown("gathered")


def _runner(frame: Frame, state: State, dotted: str, arguments: list[Argument], site: Site) -> Value:
    """`gather` and its kin: what they are given is awaited."""
    gives = callables.RUNNERS[dotted]
    results: list[Value] = []
    if dotted in callables.TOGETHER:
        concurrency.together(frame, state, [a.value for a in arguments if a.keyword is None], site)
    if dotted in callables.STARTERS and arguments:
        return start(frame, state, arguments[0].value, site)
    if gives == "now" and arguments:
        event_loops.ran(frame, state, arguments[0].value, site)
    for argument in arguments:
        if argument.keyword is not None:
            coroutines.consume(frame, argument.value)
            continue
        coroutines.hand_on(frame, argument.value, state)
        value = argument.value
        results.append(value.of if isinstance(value, (Coroutine, Awaitable)) else Unknown("scheduled"))
    if gives == "list":
        return Awaitable(_gathered(arguments, results))
    if gives == "first" and results:
        return Awaitable(results[0])
    if gives == "now" and results:
        return results[0]
    return Unknown("scheduled")


def start(frame: Frame, state: State, value: Value, site: Site) -> Value:
    """A task that runs `value` beside whatever follows."""
    task = concurrency.started(frame, state, value, site)
    coroutines.hand_on(frame, value, state)
    return Awaitable(value.of if isinstance(value, (Coroutine, Awaitable)) else Unknown("scheduled"), task)


def _cast(frame: Frame, dotted: str, arguments: list[Argument]) -> Value:
    """`cast(T, x)`: the type says what it is, unless x is known better."""
    if not dotted.endswith("cast"):
        return arguments[0].value
    value = arguments[-1].value
    if len(arguments) < 2:
        return value
    target = arguments[0].value
    if isinstance(target, Class) and target.name in ("typing.Any", "typing_extensions.Any"):
        return Unknown("cast to Any")
    told = instance_of(frame.program, target) if isinstance(target, Class) else None
    if isinstance(told, ApiObject) and isinstance(value, ApiObject) and told.subclass is not None:
        return replace(value, subclass=told.subclass)
    if not isinstance(value, (Unknown, BoundMember)):
        return value
    if told is not None:
        return told
    if isinstance(target, Constant) and isinstance(target.value, str):
        expression = parsed(target.value)
        return value if expression is None else frame.program.annotation(frame.module, expression, frame.type_arguments)
    return value


def _partial(frame: Frame, arguments: list[Argument]) -> Value:
    target = arguments[0].value
    take(frame, arguments)
    if isinstance(target, ApiObject) and target.cls in names.FACTORIES:
        return Callable(plain(constructions.called_factory(target, arguments[1:], arguments[0].site)))
    if not isinstance(target, Function):
        return Unknown("partial")
    given = tuple(
        (argument.keyword or index, argument.value) for index, argument in enumerate(arguments[1:]) if not argument.star
    )
    return Function(target.name, target.receiver, target.given + given)


def _as_context_manager(frame: Frame, target: Value, is_async: bool) -> Value:
    """`asynccontextmanager(f)` called on a generator function, outside a decorator."""

    made = project_calls.call_without_arguments(frame.program, target)
    if isinstance(made, Generator):
        return Callable(ContextManager(plain(made.of), is_async, callee=made.callee))
    return Unknown("context manager of something unknown")


def construct(
    frame: Frame, state: State, cls: Class, arguments: list[Argument], site: Site, node: cst.Call | None = None
) -> Value:
    """A class outside the project is called."""
    name = names.last(cls.name)
    if names.is_sqlalchemy(cls.name):
        found = api_functions.call(frame, state, cls.name, name, arguments, None, site)
        if found is not None:
            return found
    if cls.name.startswith("builtins.") or name in ("list", "set", "tuple", "dict"):
        return builtin_calls.construct(frame, state, cls.name, arguments, site)
    if cls.name in serializers.ADAPTERS:
        return serialization.adapter(frame, cls, arguments, site)
    if node is not None:
        outliving.constructed(frame, state, cls.name, arguments, node, site)
    unknown(frame, state, arguments)
    if name.endswith(("Mock", "MagicMock", "Mocker")):
        return Unknown("a mock")
    return Object(cls, Place(site))


# these need what is defined above
from flake8_async_orm.flow import (  # noqa: E402
    builtin_calls,
    constructions,
    foreign,
    project_calls,
    representation,
    templates,
)
