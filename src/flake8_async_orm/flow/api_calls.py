"""Calls on SQLAlchemy's own objects: what they give, and what they do once awaited."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import (
    autoflush,
    binds,
    blocking,
    concurrency,
    consumption,
    coroutines,
    executions,
    flushing,
    instances,
    ledgers,
    locks,
    merging,
    origins,
    outliving,
    persistence,
    recovery,
    rowless,
    transactions,
    uniqueness,
    work,
)
from flake8_async_orm.flow.calls import Argument, take, unknown
from flake8_async_orm.flow.constructions import called_factory
from flake8_async_orm.flow.fetching import _anew, _attribute_names, _attributes_for_names, _got, _refresh
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.recovery import Effect
from flake8_async_orm.flow.rows import of_result, rows
from flake8_async_orm.knowledge import api, behaviour, names
from flake8_async_orm.lattice import SessionState, State
from flake8_async_orm.values import (
    LENT,
    MADE,
    NONE,
    ON_ENGINE,
    STARTED,
    ApiObject,
    Because,
    Collection,
    ContextManager,
    Coroutine,
    External,
    Function,
    LocalFunction,
    Place,
    Site,
    Statement,
    Unknown,
    Value,
    replace,
)


def call_member(
    frame: Frame, state: State, receiver: ApiObject, name: str, arguments: list[Argument], node: cst.Call, site: Site
) -> Value:
    """`receiver.name(...)`."""
    if receiver.cls in behaviour.OVER_SYNC:
        take(frame, arguments)
        blocking.called(frame, receiver, name, site)
        frame.sync_calls.add(site)
        asked = name in behaviour.BLOCKING[receiver.cls] or receiver.cls != "Query"
        return Unknown(f"{receiver.cls}.{name}") if asked else receiver
    row = api.member(receiver.cls, name, frame.program.versions)
    if row is None:
        return unknown(frame, state, arguments, f"{names.shown(receiver.cls)}.{name}")
    kind = row.kind
    if receiver.cls in names.SESSIONS | names.CONNECTIONS | names.ENGINES:
        frame.touches = True
    elif receiver.flags and isinstance(node.func, cst.Attribute):
        uniqueness.fetched(frame, receiver, name, site, frame.site(node.func.value))
        rowless.fetched(frame, receiver, name, site, frame.site(node.func.value))
    given = arguments[0].value if arguments and not arguments[0].star else None
    if isinstance(given, Coroutine) and name in behaviour.TAKES_VALUE and receiver.cls in names.SESSIONS | names.CONNECTIONS:
        coroutines.used_as_value(frame, given, arguments[0].site, site, "argument", name)
    if len(arguments) > 1 and name in behaviour.TAKES_STATEMENT and receiver.cls in names.SESSIONS | names.CONNECTIONS:
        given_values.needed(frame, arguments[1:2], name)
    take(frame, arguments)
    if receiver.cls in behaviour.BLOCKING:
        blocking.called(frame, receiver, name, site, work.behind(state, receiver, name))
    if name == "configure" and receiver.cls in names.FACTORIES:
        binds.given(frame, receiver.of, f"{receiver.cls}.configure", arguments, False)
    if name in behaviour.TAKES_STATEMENT and receiver.cls in names.SESSIONS | names.CONNECTIONS:
        executions.given(frame, receiver, name, arguments)
    gives = behaviour.gives(receiver.cls, name)
    value, effect = give(frame, state, receiver, name, gives, arguments, node, site)
    callee = f"{names.shown(receiver.cls)}.{name}"
    first = first_argument(arguments)
    effect = ledgers.follow(frame, receiver, name, first, len(arguments) > 0, site, effect)
    if receiver.cls == "AsyncEngine" and name == "dispose":
        frame.disposes = True
    effect = outliving.follow(frame, receiver, name, site, effect)
    if kind == "coroutine":
        if work.surely(state, receiver, name, first) and receiver.place is not None:
            here = origins.same(frame, ledgers.canonical(state, receiver.place))
            concurrency.works(frame, site, frozenset((here,)))
        if isinstance(value, ContextManager) and value.awaitable and value.site == site:
            # SQLAlchemy 1.4 has coroutine functions where what is given later can be entered as well
            value = value.of
        return coroutines.made(frame, site, callee, value, effect)
    if kind in ("startable", "context") and isinstance(value, ContextManager):
        return value
    if kind == "startable":
        return ContextManager(value, True, True, callee, site)
    if kind == "context":
        return ContextManager(value, receiver.cls in names.ASYNC_CLASSES, False, callee, site)
    if effect is not None:
        effect(state)
    if kind == "plain" and (receiver.cls in names.ASYNC_CLASSES or receiver.cls in names.RESULTS):
        frame.plain_calls[site] = callee
    elif receiver.cls not in names.ASYNC_CLASSES:
        frame.sync_calls.add(site)
    if kind == "async_generator":
        frame.plain_calls[site] = callee
        return Collection(value, "async iterator")
    return value


def first_argument(arguments: list[Argument]) -> Value | None:
    """What a member works on: its first argument, or the one of that name."""
    first = next((a.value for a in arguments if a.keyword is None and not a.star), None)
    if first is None:
        first = next((a.value for a in arguments if a.keyword in ("statement", "entity", "instance")), None)
    return first


def give(
    frame: Frame,
    state: State,
    receiver: ApiObject,
    name: str,
    gives: str,
    arguments: list[Argument],
    node: cst.Call,
    site: Site,
) -> tuple[Value, Effect | None]:
    """What a member gives, by the word that `knowledge.behaviour` has for it, and what it does."""
    first = first_argument(arguments)
    if receiver.cls in names.RESULTS:
        result = frame.site(node.func.value) if isinstance(node.func, cst.Attribute) else site
        run = lambda after: consumption.called(frame, after, receiver, name, site, result)  # noqa: E731
        return of_result(
            receiver, name, gives, arguments
        ), run if name in behaviour.EXHAUSTING | behaviour.ASKING else None
    effect = _one_after_other(
        transactions.effect(frame, receiver, name, site), _effect(frame, receiver, name, first, arguments, site)
    )
    effect = _one_after_other(recovery.effect(frame, receiver, name, site), effect)
    changes = rowless.kind(receiver, first, arguments) if name in behaviour.TAKES_STATEMENT else ""
    if changes and gives in rowless.AT_ONCE:
        rowless.asked(frame, site, site, "Result", name, changes, None)
    match gives:
        case "none":
            return NONE, effect
        case "bool":
            return Unknown("bool"), effect
        case "self":
            return replace(receiver, flags=receiver.flags | ledgers.options(arguments)), effect
        case "result" | "scalars" | "scalar" | "stream" | "stream-scalars" | "exec-result":
            given, effect = rows(frame, receiver, gives, first, site, effect)
            return rowless.marked(given, changes), effect
        case "core-result":
            return ApiObject("Result", Place(site)), effect
        case "column":
            return Unknown("column"), effect
        case "instance-or-none" | "instance":
            return _got(frame, receiver, first, arguments, site, gives == "instance-or-none", effect)
        case "merged":
            return merging.merged(frame, state, receiver, first, site, effect)
        case "connection":
            cls = "AsyncConnection" if receiver.cls in names.ASYNC_CLASSES else "Connection"
            lent = {STARTED, LENT} if cls == "AsyncConnection" else set()
            return ApiObject(cls, Place(site), flags=_seen(receiver) | lent), effect
        case "bind" if ON_ENGINE in receiver.flags and receiver.cls in names.ASYNC_SESSIONS:
            return ApiObject("Engine", Place(site), flags=frozenset({("reached_by", "get_bind()")})), effect
        case "transaction" | "nested":
            return _transaction(receiver, name, site), effect
        case "transaction-or-none":
            return Unknown("transaction"), effect
        case "connect" | "engine-begin":
            is_async = receiver.cls == "AsyncEngine"
            cls = "AsyncConnection" if is_async else "Connection"
            flags = _seen(receiver) | ledgers.inherited(receiver)
            # what `begin` gives is of no use where it has failed itself
            flags |= blocking.reached(receiver) if gives == "connect" else frozenset()
            connection = ApiObject(cls, Place(site), flags=flags)
            callee = f"{receiver.cls}.{name}"
            row = api.member(receiver.cls, name, frame.program.versions)
            awaitable = is_async and row is not None and row.kind == "startable"
            return ContextManager(connection, is_async, awaitable, callee, site), effect
        case "factory-begin":
            session = called_factory(receiver, [], site)
            return ContextManager(
                session, receiver.cls == "async_sessionmaker", False, f"{receiver.cls}.begin", site
            ), effect
        case "query" if receiver.cls not in names.ASYNC_CLASSES:
            return ApiObject("Query", receiver.place, flags=_seen(receiver) | blocking.reached(receiver)), effect
        case "run-sync":
            return _run_sync(frame, state, receiver, arguments, node, site), effect
        case _:
            return Unknown(f"{names.shown(receiver.cls)}.{name}"), effect


def _seen(receiver: ApiObject) -> frozenset[tuple[str, object]]:
    """What of its receiver's trail an object has: that it was seen being made."""
    return receiver.flags & {MADE}


def _one_after_other(first: Effect | None, second: Effect | None) -> Effect | None:
    if first is None or second is None:
        return first or second

    def both(state: State) -> None:
        first(state)
        second(state)

    return both


def _transaction(receiver: ApiObject, name: str, site: Site) -> ContextManager:
    is_async = receiver.cls in names.ASYNC_CLASSES
    if receiver.cls in names.SESSIONS:
        cls = "AsyncSessionTransaction" if is_async else "SessionTransaction"
    else:
        cls = "AsyncTransaction" if is_async else "Transaction"
    flags = _seen(receiver) | ({("nested", True)} if name == "begin_nested" else set())
    of = ApiObject(cls, Place(site), of=receiver, flags=flags)
    return ContextManager(of, is_async, is_async, f"{names.shown(receiver.cls)}.{name}", site)


# -- instances ----------------------------------------------------------------------------------------------------------


def _effect(
    frame: Frame, receiver: ApiObject, name: str, first: Value | None, arguments: list[Argument], site: Site
) -> Effect | None:
    """What a session's member does to the instances that it holds."""
    word = behaviour.SESSION_EFFECTS.get(name) if receiver.cls in names.SESSIONS else None
    place = receiver.place

    def run(state: State) -> None:
        if place is not None and word in ("commit", "rollback", "close", "flush", "expire-all"):
            frame.ended_with.add((place, word))
        match word:
            case "commit":
                persistence.commit(frame, state, receiver, site)
                _used(state, place, False, word)
            case "rollback":
                persistence.rollback(state, receiver, site)
                _used(state, place, False, word)
            case "close":
                persistence.close(state, place, site)
                _used(state, place, False, word)
            case "flush" | "autoflush":
                # a flush that has nothing to send begins nothing
                sends = word != "flush" or flushing.may_send(state, place)
                if word == "flush":
                    flushing.flush(frame, state, place, site)
                else:
                    autoflush.asked(frame, state, receiver, name, first, site)
                _used(state, place, sends or state.session(place).used, word)
                changing = isinstance(first, Statement) and first.kind in ("update", "delete")
                if isinstance(first, Statement) and changing and "unsynchronized" not in first.flags:
                    for model in [flag.removeprefix("of:") for flag in first.flags if flag.startswith("of:")]:
                        persistence.statement_ran(frame, state, receiver, first.kind, model)
            case "refresh":
                _attributes_for_names(frame, arguments)
                autoflush.asked(frame, state, receiver, name, first, site)
                _refresh(frame, state, receiver, first, arguments)
                _used(state, place, True)
            case "add":
                if first is not None:
                    locks.added(frame, state, receiver, first, site)
                    persistence.added(frame, state, receiver, first)
            case "delete":
                if first is not None:
                    persistence.deleted(frame, state, receiver, first)
                _used(state, place, True)
            case "expire" | "expire-all":
                only, readable = _attribute_names(arguments)
                if readable and (first is not None or word == "expire-all"):
                    persistence.expire(frame, state, receiver, first, only, site)
                    _used(state, place, state.session(place).used, word)
                else:
                    instances.doubt(frame, state, first if first is not None else receiver)
            case "expunge":
                if first is not None:
                    persistence.expunged(frame, state, first, site)
            case "maybe-autoflush":
                autoflush.got(frame, state, receiver, first, _anew(arguments), site)
                _used(state, place, True)

    return run if word is not None else None


def _used(state: State, place: Place | None, used: bool, word: str = "") -> None:
    if place is not None:
        held = state.session(place)
        if isinstance(state.heap.get(place, held), SessionState):
            state.heap[place] = replace(held, used=used, done=held.done | {word} if word else held.done)


def _run_sync(
    frame: Frame, state: State, receiver: ApiObject, arguments: list[Argument], node: cst.Call, site: Site
) -> Value:
    """`run_sync(f, ...)`: f runs with the sync twin, and may do I/O."""

    if not arguments:
        return Unknown("run_sync of nothing")
    run_sync.given(frame, node, arguments[0], site)
    twin = "Session" if receiver.cls in names.SESSIONS else "Connection"
    sync = ApiObject(twin, receiver.place)
    target = arguments[0].value
    rest = [argument.value for argument in arguments[1:] if argument.keyword is None and not argument.star]
    for argument in arguments[1:]:
        instances.doubt(frame, state, argument.value)
    instances.doubt(frame, state, receiver)
    if isinstance(target, LocalFunction):
        parameters = nested.parameter_names(frame, target.site)
        given = tuple(zip(parameters, [sync, *rest], strict=False))
        outcome = nested.outcome(frame, target.site, given, sync_land=True)
        run_sync.returned(frame, target, outcome.returns, site)
        return outcomes.plain(outcome.returns)
    if isinstance(target, Function):
        return _run_function(frame, state, target, Argument(sync, None, "", site), arguments[1:], site)
    if isinstance(target, External):
        return Unknown("returned by run_sync")
    return Unknown("run_sync of something unknown")


def _run_function(
    frame: Frame, state: State, target: Function, sync: Argument, rest: list[Argument], site: Site
) -> Value:
    """A function of the project runs in sync land, with the sync object ahead of its arguments."""

    before = frame.sync_land
    frame.sync_land = True
    try:
        value = project_calls.call(frame, state, target, [sync, *rest], site)
    finally:
        frame.sync_land = before
    if isinstance(value, Coroutine):
        frame.made.pop(value.site, None)
        return Unknown("a coroutine out of run_sync")
    return outcomes.plain(value)


def call_object(frame: Frame, state: State, callee: ApiObject, arguments: list[Argument], site: Site) -> Value:
    """A factory or a scoped session is called."""
    take(frame, arguments)
    if frame.loops:
        transactions.forget(state, site)
    if callee.cls in names.FACTORIES:
        session = called_factory(callee, arguments, site)
        binds.given(frame, session, callee.cls, arguments, False)
        ledgers.made(frame, state, session, site)
        return session
    if callee.cls == "async_scoped_session":
        return ApiObject("AsyncSession", Place(site), flags=callee.flags, because=Because("factory", site))
    if callee.cls == "scoped_session":
        return ApiObject("Session", Place(site), flags=callee.flags, because=Because("factory", site))
    return unknown(frame, state, arguments)


# these need what is defined above
from flake8_async_orm.flow import given_values, nested, outcomes, project_calls, run_sync  # noqa: E402
