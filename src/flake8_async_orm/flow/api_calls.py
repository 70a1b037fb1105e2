"""Calls on SQLAlchemy's own objects: what they give, and what they do once awaited."""

from __future__ import annotations

import collections.abc

import libcst as cst

from flake8_async_orm.facts import LoadingAsked
from flake8_async_orm.flow import (
    autoflush,
    blocking,
    concurrency,
    consumption,
    coroutines,
    executions,
    flushing,
    instances,
    ledgers,
    loading,
    locks,
    merging,
    outliving,
    persistence,
    recovery,
    transactions,
    uniqueness,
)
from flake8_async_orm.flow.annotations import instance_of
from flake8_async_orm.flow.calls import Argument, take, unknown
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import held_by
from flake8_async_orm.knowledge import api, behaviour, names
from flake8_async_orm.lattice import SessionState, State, join, one_of, without_none
from flake8_async_orm.values import (
    MADE,
    NONE,
    ApiObject,
    Awaitable,
    Because,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    External,
    Function,
    Instance,
    LocalFunction,
    ModelAttribute,
    OneOf,
    Place,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
    replace,
)

#: settings of a session that are followed, with SQLAlchemy's defaults
OPTIONS: dict[str, object] = {"expire_on_commit": True, "autoflush": True}
Effect = collections.abc.Callable[[State], None]


def call_member(
    frame: Frame, state: State, receiver: ApiObject, name: str, arguments: list[Argument], node: cst.Call, site: Site
) -> Value:
    """`receiver.name(...)`."""
    if receiver.cls == "Query":
        take(frame, arguments)
        blocking.called(frame, receiver, name, site)
        frame.sync_calls.add(site)
        return Unknown(f"Query.{name}") if name in behaviour.BLOCKING["Query"] else receiver
    row = api.member(receiver.cls, name)
    if row is None:
        return unknown(frame, state, arguments, f"{names.shown(receiver.cls)}.{name}")
    kind = row.kind
    if receiver.cls in names.SESSIONS | names.CONNECTIONS | names.ENGINES:
        frame.touches = True
    elif receiver.flags and isinstance(node.func, cst.Attribute):
        uniqueness.fetched(frame, receiver, name, site, frame.site(node.func.value))
    take(frame, arguments)
    if receiver.cls in behaviour.BLOCKING:
        blocking.called(frame, receiver, name, site)
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
        if ledgers.surely_works(state, receiver, name, first) and receiver.place is not None:
            concurrency.works(frame, site, frozenset((ledgers.canonical(state, receiver.place),)))
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
        return Collection(value, "iterator")
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
    match gives:
        case "none":
            return NONE, effect
        case "bool":
            return Unknown("bool"), effect
        case "self":
            return replace(receiver, flags=receiver.flags | ledgers.options(arguments)), effect
        case "result" | "scalars" | "scalar" | "stream" | "stream-scalars" | "exec-result":
            return rows(frame, receiver, gives, first, site, effect)
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
            return ApiObject(cls, Place(site), flags=_seen(receiver)), effect
        case "transaction" | "nested":
            return _transaction(receiver, name, site), effect
        case "transaction-or-none":
            return Unknown("transaction"), effect
        case "connect" | "engine-begin":
            is_async = receiver.cls == "AsyncEngine"
            cls = "AsyncConnection" if is_async else "Connection"
            connection = ApiObject(cls, Place(site), flags=_seen(receiver) | ledgers.inherited(receiver))
            callee = f"{receiver.cls}.{name}"
            return ContextManager(connection, is_async, is_async and gives == "connect", callee, site), effect
        case "factory-begin":
            session = called_factory(receiver, [], site)
            return ContextManager(
                session, receiver.cls == "async_sessionmaker", False, f"{receiver.cls}.begin", site
            ), effect
        case "query" if receiver.cls not in names.ASYNC_CLASSES:
            return ApiObject("Query", receiver.place, flags=_seen(receiver)), effect
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


# -- rows -------------------------------------------------------------------------------------------------------------


def rows(
    frame: Frame, receiver: ApiObject, gives: str, statement: Value | None, site: Site, effect: Effect | None
) -> tuple[Value, Effect | None]:
    """The result of running a statement, and the loading of its instances."""
    is_session = receiver.cls in names.SESSIONS
    row: Value | None = None
    load: Effect | None = None
    flags = uniqueness.NOTHING
    if isinstance(statement, Statement) and statement.entities and is_session:
        items = tuple(_entity(frame, entity, Place(site, (str(i),))) for i, entity in enumerate(statement.entities))
        row = Tuple(items, row=True, names=tuple(_label(entity) for entity in statement.entities))
        flags = uniqueness.flags_of(frame, statement)
        load = _loading(frame, receiver, statement, items, site)

    def both(state: State) -> None:
        if effect is not None:
            effect(state)
        if load is not None:
            load(state)

    first = row.items[0] if isinstance(row, Tuple) and row.items else None
    match gives:
        case "scalars":
            return ApiObject("ScalarResult", Place(site), of=first, flags=flags), both
        case "scalar":
            return one_of([first, NONE]) if first is not None else Unknown("scalar"), both
        case "stream":
            return ContextManager(
                ApiObject("AsyncResult", Place(site), of=row), True, True, f"{names.shown(receiver.cls)}.stream", site
            ) if receiver.cls == "AsyncConnection" else ApiObject("AsyncResult", Place(site), of=row, flags=flags), both
        case "stream-scalars":
            return ApiObject("AsyncScalarResult", Place(site), of=first, flags=flags), both
        case "exec-result" if isinstance(row, Tuple) and len(row.items) == 1:
            return ApiObject("ScalarResult", Place(site), of=first, flags=flags), both
        case _:
            return ApiObject("Result", Place(site), of=row, flags=flags), both


def _label(entity: Value) -> str:
    """The name under which a row has an entity or a column."""
    match entity:
        case Class(name=name):
            return names.last(name)
        case ModelAttribute(name=name):
            return name
        case _:
            return ""


def _entity(frame: Frame, entity: Value, place: Place) -> Value:
    if isinstance(entity, Class) and frame.program.project.mapped(entity.name) is not None:
        return Instance(entity.name, place)
    if isinstance(entity, ModelAttribute):
        return Unknown("column")
    return Unknown("column")


def _loading(frame: Frame, receiver: ApiObject, statement: Statement, items: tuple[Value, ...], site: Site) -> Effect:
    models = [item.model for item in items if isinstance(item, Instance)]

    def load(state: State) -> None:
        for item in items:
            if isinstance(item, Instance) and item.place is not None:
                mine = tuple(
                    load
                    for load in statement.loads
                    if load.model is None or _root(frame, load.model, item.model, len(items))
                )
                # a RETURNING clause loads nothing eagerly in a joined or subquery load: leave those in doubt
                complete = statement.complete and "returning" not in statement.flags
                loading.loaded(
                    frame,
                    state,
                    item.place,
                    item.model,
                    receiver,
                    mine,
                    complete,
                    site,
                    "loaded here",
                    statement.last if statement.kind == "select" else None,
                    beside=frozenset(models) - {item.model} if len(models) > 1 else frozenset(),
                    anew="populate_existing" in statement.flags,
                )
                if "locks" in statement.flags:
                    locks.read(state, receiver.place, item.place, site)

    return load


def _root(frame: Frame, wanted: str, model: str, entities: int) -> bool:
    """Whether an option on `wanted` applies to the entity `model` (inheritance in both directions)."""
    if wanted == model or entities == 1:
        return True
    return wanted in frame.program.project.mro(model)[0] or model in frame.program.project.mro(wanted)[0]


def of_result(result: ApiObject, name: str, gives: str, arguments: list[Argument]) -> Value:
    """What a member of a result gives. `of` of a Result is a row, of a ScalarResult the scalar."""
    row = result.of
    scalar = row.items[0] if isinstance(row, Tuple) and row.items else Unknown("column")
    is_scalar = "Scalar" in result.cls
    item: Value = row if row is not None else Unknown("row")
    prefix = "Async" if result.cls.startswith("Async") else ""
    match gives:
        case "rows":
            return Collection(item, "list")
        case "rows-of-rows":
            return Collection(item, "list")
        case "row-or-none":
            return one_of([item, NONE])
        case "row":
            return item
        case "first-column":
            return item if is_scalar else scalar
        case "first-column-or-none":
            return one_of([item if is_scalar else scalar, NONE])
        case "scalars":
            index = arguments[0].value if arguments else Constant(0)
            if isinstance(row, Tuple) and isinstance(index, Constant) and isinstance(index.value, int):
                scalar = row.items[index.value] if index.value < len(row.items) else Unknown("column")
            elif arguments:
                scalar = Unknown("column")
            return ApiObject(f"{prefix}ScalarResult", result.place, of=scalar, flags=result.flags)
        case "mappings":
            return ApiObject(f"{prefix}MappingResult", result.place, of=Unknown("mapping"), flags=result.flags)
        case "columns":
            return replace(result, of=None)
        case "self":
            flags = uniqueness.made_unique(result, name)
            return replace(result, flags=flags) if flags != result.flags else result
        case "none":
            return NONE
        case _:
            return Unknown("of a result")


# -- instances ----------------------------------------------------------------------------------------------------------


def _option_loads(arguments: list[Argument]) -> tuple[Statement, bool]:
    """The `options=` of `get` and `merge` as those of a statement."""

    options = next((a.value for a in arguments if a.keyword == "options"), None)
    statement = Statement("select")
    if options is None or options == NONE:
        return statement, False
    return queries.with_options(statement, [options], [], Site("", 0)), True


def _got(
    frame: Frame,
    receiver: ApiObject,
    model: Value | None,
    arguments: list[Argument],
    site: Site,
    optional: bool,
    effect: Effect | None,
) -> tuple[Value, Effect | None]:
    if not isinstance(model, Class) or frame.program.project.mapped(model.name) is None:
        return Unknown("instance of an unknown class"), effect
    place = Place(site, ("0",))
    statement, _ = _option_loads(arguments)
    locking = any(a.keyword == "with_for_update" and a.value not in (NONE, Constant(False)) for a in arguments)
    # without it `options` are ignored for a row that the session holds already
    anew = _anew(arguments)
    name = model.name
    asked = [a.value for a in arguments if a.keyword is None and not a.star][1:2]
    asked = asked or [a.value for a in arguments if a.keyword == "ident"]
    key = repr(asked[0].value) if asked and isinstance(asked[0], Constant) else ""

    def load(state: State) -> None:
        # what the flush inserts is met by the query, as it was not there when it was looked for
        waits = any(known.life in ("pending", "unknown") for _, known in held_by(state, receiver.place))
        if effect is not None:
            effect(state)
        loading.loaded(
            frame,
            state,
            place,
            name,
            receiver,
            statement.loads,
            statement.complete,
            site,
            "loaded here",
            # the call itself takes the options that a statement would
            site,
            key=key,
            anew=anew,
            got=not waits,
        )
        if locking:
            locks.read(state, receiver.place, place, site)

    instance = Instance(name, place)
    return (one_of([instance, NONE]) if optional else instance), load


def _anew(arguments: list[Argument]) -> bool:
    """Whether a `get` is to load its row in any case."""
    return any(a.keyword == "populate_existing" and a.value == Constant(True) for a in arguments)


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
                if word == "flush":
                    flushing.flush(frame, state, place, site)
                else:
                    autoflush.asked(frame, state, receiver, name, first, site)
                _used(state, place, True, word)
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


def _attribute_names(arguments: list[Argument]) -> tuple[list[str] | None, bool]:
    """The names that `refresh` and `expire` are given (None: none), and whether they can be read."""
    wanted = next((a.value for a in arguments if a.keyword == "attribute_names"), None)
    positional = [a for a in arguments if a.keyword is None and not a.star]
    if wanted is None and len(positional) > 1:
        wanted = positional[1].value
    if any(a.star for a in arguments):
        return None, False
    if wanted is None or wanted == NONE:
        return None, True
    if isinstance(wanted, Tuple) and all(isinstance(i, Constant) and isinstance(i.value, str) for i in wanted.items):
        return [str(i.value) for i in wanted.items if isinstance(i, Constant)], True
    return None, False


def _attributes_for_names(frame: Frame, arguments: list[Argument]) -> None:
    """`refresh(user, [User.posts])` is a fact: names are wanted there."""
    positional = [a for a in arguments if a.keyword is None and not a.star][1:2]
    for argument in positional or [a for a in arguments if a.keyword == "attribute_names"]:
        items = argument.value.items if isinstance(argument.value, Tuple) else ()
        named = tuple(item.name for item in items if isinstance(item, ModelAttribute))
        if named and len(named) == len(items):
            frame.state_fact(LoadingAsked(argument.site, "attribute-names", named))


def _refresh(frame: Frame, state: State, receiver: ApiObject, first: Value | None, arguments: list[Argument]) -> None:
    only, readable = _attribute_names(arguments)
    for instance in instances.instances_in(first) if first is not None else []:
        persistence.refresh(frame, state, receiver, instance, only, readable)


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
        return _detached(outcome.returns)
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
    return _detached(value)


def _detached(value: Value) -> Value:

    return outcomes.plain(value)


# -- making sessions and factories -------------------------------------------------------------------------------------


def call_object(frame: Frame, state: State, callee: ApiObject, arguments: list[Argument], site: Site) -> Value:
    """A factory or a scoped session is called."""
    take(frame, arguments)
    if frame.loops:
        transactions.forget(state, site)
    if callee.cls in names.FACTORIES:
        session = called_factory(callee, arguments, site)
        ledgers.made(frame, state, session, site)
        return session
    if callee.cls == "async_scoped_session":
        return ApiObject("AsyncSession", Place(site), flags=callee.flags, because=Because("factory", site))
    if callee.cls == "scoped_session":
        return ApiObject("Session", Place(site), flags=callee.flags, because=Because("factory", site))
    return unknown(frame, state, arguments)


def called_factory(factory: ApiObject, arguments: list[Argument], site: Site) -> Value:
    """The session that a factory makes at `site`."""
    made = factory.of
    if not isinstance(made, ApiObject):
        return Unknown("factory of something unknown")
    flags = settings(arguments, dict(factory.flags)) | ledgers.bound_to(arguments)
    return replace(made, place=Place(site), flags=flags, because=Because("factory", site, factory.place))


def settings(arguments: list[Argument], inherited: dict[str, object]) -> frozenset[tuple[str, object]]:
    """What of `OPTIONS` the keyword arguments and what they override say; None where that cannot be read."""
    known = dict(inherited)
    for argument in arguments:
        if argument.keyword in OPTIONS:
            value = argument.value.value if isinstance(argument.value, Constant) else None
            known[argument.keyword] = value if isinstance(value, bool) else None
        elif argument.star == "**":
            known.update(dict.fromkeys(OPTIONS))
    return frozenset(known.items())


def construct(frame: Frame, state: State, cls: Class, api_name: str, arguments: list[Argument], site: Site) -> Value:
    """A class of SQLAlchemy's API, or a subclass of one, is called."""
    take(frame, arguments)
    if frame.loops:
        transactions.forget(state, site)
    subclass = cls.name if names.api_class(cls.name) is None else None
    if api_name in names.FACTORIES:
        return _factory(frame, cls, api_name, arguments, site)
    if api_name in ("async_scoped_session", "scoped_session"):
        return _registry(frame, cls, api_name, arguments, site)
    if api_name in names.SESSIONS:
        flags = settings(arguments, OPTIONS if subclass is None else dict.fromkeys(OPTIONS)) | _made(api_name)
        flags |= ledgers.bound_to(arguments)
        made = ApiObject(api_name, Place(site), flags=flags, because=Because("constructor", site), subclass=subclass)
        ledgers.made(frame, state, made, site)
        return made
    flags = _made(api_name)
    return ApiObject(api_name, Place(site), flags=flags, because=Because("constructor", site), subclass=subclass)


def _registry(frame: Frame, cls: Class, api_name: str, arguments: list[Argument], site: Site) -> Value:

    session = registries.sessions(frame, arguments)
    registries.made(frame, cls, arguments, session, site)
    if api_name == "scoped_session" and session is not None and session.cls in names.ASYNC_SESSIONS:
        # its members hand on what the async session's give, but for `remove`
        return Callable(session)
    factory = without_none(arguments[0].value) if arguments else None
    flags = factory.flags if isinstance(factory, ApiObject) else frozenset()
    of = factory.of if isinstance(factory, ApiObject) else None
    return ApiObject(api_name, Place(site), of=of, flags=flags)


def _made(api_name: str) -> frozenset[tuple[str, object]]:
    """The flag of sync objects that are made here; of async ones nobody doubts what they are."""
    return frozenset() if api_name in names.ASYNC_CLASSES else frozenset({MADE})


def _factory(frame: Frame, cls: Class, api_name: str, arguments: list[Argument], site: Site) -> Value:
    wanted = next((a.value for a in arguments if a.keyword == "class_"), None)
    splat = any(a.star == "**" for a in arguments)
    if isinstance(wanted, Class):
        made: Value = instance_of(frame.program, wanted)
    elif wanted is not None or (splat and api_name == "sessionmaker"):
        made = Unknown("class_ not known")
    elif cls.args and isinstance(cls.args[0], Class):
        made = instance_of(frame.program, cls.args[0])
    else:
        made = ApiObject("AsyncSession" if api_name == "async_sessionmaker" else "Session")
    flags = settings(arguments, OPTIONS)
    if isinstance(made, ApiObject):
        flags |= _made(made.cls)
    flags |= ledgers.bound_to(arguments)
    return ApiObject(api_name, Place(site), of=made, flags=flags, because=Because("constructor", site))


# these need what is defined above
from flake8_async_orm.flow import nested, outcomes, project_calls, queries, registries, run_sync  # noqa: E402

__all__ = ["Awaitable", "OneOf", "call_member", "call_object", "called_factory", "construct", "join"]
