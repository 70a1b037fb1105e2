"""`with` and `async with`: what entering gives, and what leaving does."""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.facts import ContextEntered
from flake8_async_orm.flow import concurrency, coroutines, ends, ledgers, outliving, persistence, savepoints
from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.awaits import describe
from flake8_async_orm.flow.blocking import reached
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.starting import begun, made_by, started
from flake8_async_orm.flow.syntax import last_name
from flake8_async_orm.knowledge import api, callables, names
from flake8_async_orm.lattice import SessionState, State, one_of, without_none
from flake8_async_orm.values import (
    MADE,
    STARTED,
    ApiObject,
    BoundMember,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    Instance,
    Object,
    OneOf,
    Place,
    Site,
    Unknown,
    Value,
    replace,
)

#: names of what lets one task, or a few, into its block at a time
_LOCKS = re.compile(r"lock|sem(aphore)?$|semaphore|mutex|limit|throttl|condition", re.IGNORECASE)


def serializes(manager: Value, item: cst.BaseExpression) -> bool:
    """Whether the block of `manager`, written `item`, may keep other tasks out while one is in it."""
    match without_none(manager):
        case ApiObject() | ContextManager(of=ApiObject()):
            return False
        case Object(cls=cls) if _LOCKS.search(names.last(cls.name)):
            return True
        case _:
            node = item.func if isinstance(item, cst.Call) else item
            node = node.value if isinstance(node, cst.Subscript) else node
            return _LOCKS.search(last_name(node) or "") is not None


def entered(frame: Frame, value: Value, is_async: bool, site: Site, state: State) -> Value:
    """What entering `value` gives; entering what cannot be entered this way is a fact."""
    if frame.running and is_async and not _is_database(value):
        concurrency.waited(frame, state)
    match without_none(value):
        case ContextManager(of=of, is_async=manager_async) as manager:
            if manager_async != is_async and _is_ours(frame, manager):
                _state(frame, site, is_async, "manager", manager.callee, of, manager_async)
                if isinstance(of, ApiObject) and reached(of):
                    return Unknown("entered the wrong way")
            if isinstance(of, Unknown):
                return of
            given = placed(of, Place(site))
            if isinstance(given, ApiObject) and manager.awaitable:
                given = started(given)
                begun(state, manager, given)
                ledgers.connected(frame, state, manager, given, site)
            ledgers.entered(state, given)
            return given
        case ApiObject() as thing:
            ledgers.entered(state, thing)
            return _enter_api_object(frame, thing, is_async, site)
        case Generator(of=of, is_async=True, callee=callee):
            if callee:
                _state(frame, site, is_async, "generator", callee, of, None)
            return placed(of, Place(site))
        case Coroutine(of=of) as coroutine:
            if coroutine.ours and not _can_be_entered(of):
                with_ = "async with" if is_async else "with"
                return coroutines.used_as_value(frame, coroutine, site, site, "entering", with_)
            coroutines.consume(frame, coroutine)
            if coroutine.ours or isinstance(without_none(of), (ApiObject, ContextManager)):
                _state(frame, site, is_async, "coroutine", coroutine.callee, of, None)
            return Unknown("a coroutine, entered")
        case Object() as thing:
            return _enter_object(frame, thing, is_async, site, state)
        case BoundMember(receiver=ApiObject() as receiver, name=name):
            return _enter_uncalled(frame, receiver, name, is_async, site)
        case Function() as function:
            return _enter_function(frame, function, is_async, site)
        case OneOf(options=options):
            frame.muted += 1
            try:
                return one_of([entered(frame, option, is_async, site, state) for option in sorted(options, key=repr)])
            finally:
                frame.muted -= 1
        case other_value:
            coroutines.consume(frame, other_value)
            return Unknown(other_value.why if isinstance(other_value, Unknown) else "entered something unknown")


def _can_be_entered(of: Value) -> bool:
    """Whether `of`, which a coroutine gives, is an async context manager, and none that was begun before."""
    of = without_none(of)
    if isinstance(of, ApiObject):
        return api.has_member(of.cls, "__aenter__") and STARTED not in of.flags and of.cls not in names.RESULTS
    return not isinstance(of, (Constant, Instance, Collection))


def _is_ours(frame: Frame, manager: ContextManager) -> bool:
    """Whether the manager is the database's, and can surely be entered in one way only: its maker is in sight."""
    of = without_none(manager.of)
    own = manager.callee.partition(".")[0]
    if own == "contextlib":
        # `nullcontext` is entered in either way
        return False
    if not manager.callee and manager.is_async and isinstance(of, ApiObject) and of.cls in names.ASYNC_CLASSES:
        # by annotation: what gives an async session is entered in the async way alone
        return True
    if not manager.callee or not (api.has_class(own) or frame.program.concerns(of)):
        return False
    if not manager.is_async and isinstance(of, ApiObject) and api.has_class(own) and own not in names.ASYNC_CLASSES:
        # an engine that is only annotated as a sync one may well be async where `async with` is used on it
        return _surely_sync(of)
    return True


def _surely_sync(thing: ApiObject) -> bool:
    """Whether a sync object was seen being made, or reached from an async one; an annotation alone may be wrong."""
    return MADE in thing.flags or bool(reached(thing))


def _enter_api_object(frame: Frame, thing: ApiObject, is_async: bool, site: Site) -> Value:
    """An object of SQLAlchemy's itself stands as the item."""
    enter, other = ("__aenter__", "__enter__") if is_async else ("__enter__", "__aenter__")
    if not api.has_class(thing.cls) or (thing.subclass is not None and not _inherits(frame, thing.subclass, enter)):
        return thing
    if not api.has_member(thing.cls, enter, frame.program.versions):
        accepts = (not is_async) if api.has_member(thing.cls, other, frame.program.versions) else None
        doubtful = is_async and thing.cls not in names.ASYNC_CLASSES | names.RESULTS and not _surely_sync(thing)
        if accepts is not None and doubtful:
            return thing
        _state(frame, site, is_async, "object", "", thing, accepts)
        if accepts is None or reached(thing):
            return Unknown("entered what cannot be entered")
    elif is_async and STARTED in thing.flags:
        place = thing.place
        made = place.root if place is not None and isinstance(place.root, Site) and not place.path else None
        fact = ContextEntered(site, True, "started", made_by(thing), describe(thing), True, None, made)
        frame.state_fact(fact)
    return thing


def _inherits(frame: Frame, subclass: str, member: str) -> bool:
    """Whether a project class has `member` from SQLAlchemy's class, if that has it."""
    return frame.program.project.mro(subclass)[1] and frame.program.method(subclass, member) is None


def _enter_uncalled(frame: Frame, receiver: ApiObject, name: str, is_async: bool, site: Site) -> Value:
    """`async with engine.connect as conn`."""
    row = api.member(receiver.cls, name)
    if row is not None and row.kind in ("startable", "context"):
        _state(frame, site, is_async, "function", f"{names.shown(receiver.cls)}.{name}", receiver, None)
    return Unknown("a method, entered")


def _enter_function(frame: Frame, function: Function, is_async: bool, site: Site) -> Value:
    """`async with get_session as session`: a function of the project that was not called."""

    given = project_calls.call_without_arguments(frame.program, function)
    if isinstance(given, (ContextManager, Generator, Coroutine)):
        given = given.of
    if describe(given):
        _state(frame, site, is_async, "function", function.name, given, None)
    return Unknown("a function, entered")


def _enter_object(frame: Frame, thing: Object, is_async: bool, site: Site, state: State) -> Value:

    enter, other = ("__aenter__", "__enter__") if is_async else ("__enter__", "__aenter__")
    if thing.cls.name in callables.EXIT_STACKS or thing.cls.name in callables.SCHEDULERS:
        return thing
    found = frame.program.method(thing.cls.name, enter)
    if found is None:
        wrong = frame.program.method(thing.cls.name, other)
        if wrong is not None and _inherits(frame, thing.cls.name, enter) and frame.program.concerns(thing):
            _state(frame, site, is_async, "manager", thing.cls.name, thing, not is_async)
        return Unknown("entered something unknown")
    function = Function(f"{found[0]}.{found[2].qualname}", thing)
    value = project_calls.call(frame, state, function, [], site)
    if isinstance(value, Coroutine):
        coroutines.hand_on(frame, value, state)
        frame.made.pop(value.site, None)
        return value.of
    return value


def _state(
    frame: Frame, site: Site, is_async: bool, entered_as: str, provider: str, gives: Value, manager: bool | None
) -> None:
    function = frame.program.function_site(provider) if entered_as != "object" else None
    # what cannot be entered this way does no work either
    frame.blocking.pop(site, None)
    reached_by = str(dict(gives.flags).get("reached_by", "")) if isinstance(gives, ApiObject) else ""
    fact = ContextEntered(site, is_async, entered_as, provider, describe(gives), manager, function)
    frame.state_fact(replace(fact, reached_by=reached_by))


def beside(frame: Frame, sites: list[Site]) -> None:
    """The items of one statement: where some are entered rightly, what was stated of the others says so."""
    keys = [(ContextEntered, site, "") for site in sites]
    wrong = [key for key in keys if isinstance(fact := frame.facts.get(key), ContextEntered) and _other_way(fact)]
    if len(wrong) != len(keys):
        for key in wrong:
            fact = frame.facts[key]
            assert isinstance(fact, ContextEntered)
            frame.facts[key] = replace(fact, mixed=True)


def _other_way(fact: ContextEntered) -> bool:
    return fact.manager_async is not None and fact.manager_async != fact.is_async


def left(frame: Frame, manager: Value, bound: Value, site: Site, state: State, raised: bool = False) -> None:
    """The block was left: sessions opened by it are closed, transactions committed, or rolled back if it `raised`."""
    if not raised:
        outliving.left(frame, state, manager, bound, site)
        ledgers.left(frame, state, manager, bound, site)
        savepoints.flushed(frame, state, manager, site)
    if frame.running and not _is_database(manager):
        # whatever else is left may wait for its tasks
        concurrency.waited(frame, state)
    match without_none(manager):
        case Object() as stack if stacks.is_stack(stack):
            stacks.left(frame, state, stack, site, raised)
        case Object() as own:
            ends.exited(frame, state, own, site, raised)
        case ApiObject(cls=cls, place=place) if cls in names.SESSIONS:
            _close(frame, state, place, site)
        case ContextManager(callee=callee, of=ApiObject(of=ApiObject() as session)) if (
            callee.endswith(".begin") and session.cls in names.SESSIONS
        ):
            _finish(frame, state, session, site, raised)
        case ContextManager(callee=callee) if isinstance(bound, ApiObject) and bound.cls in names.SESSIONS:
            if callee.endswith("sessionmaker.begin"):
                _finish(frame, state, bound, site, raised)
            elif not raised:
                ends.left(frame, state, callee, bound, site)
            if _made_inside(bound.place, site):
                _close(frame, state, bound.place, site)
        case _:
            pass


def _is_database(manager: Value) -> bool:
    match without_none(manager):
        case ApiObject() | ContextManager(of=ApiObject()):
            return True
        case _:
            return False


def _close(frame: Frame, state: State, place: Place | None, site: Site) -> None:
    persistence.close(state, place, site)
    if place is not None:
        frame.ended_with.add((place, "close"))


def _finish(frame: Frame, state: State, session: ApiObject, site: Site, raised: bool) -> None:
    """The end of `async with session.begin()`."""
    if raised:
        persistence.rollback(state, session, site)
    else:
        persistence.commit(frame, state, session, site)
    if session.place is not None and not raised:
        frame.ended_with.add((session.place, "commit"))
        held = state.session(session.place)
        if isinstance(state.heap.get(session.place, held), SessionState):
            state.heap[session.place] = replace(held, used=False, done=held.done | {"commit"})


def _made_inside(place: Place | None, site: Site) -> bool:
    """Whether the session was made by entering this very block, rather than handed through it."""
    if place is None:
        return False
    return place.root == site or (isinstance(place.root, tuple) and place.root[0] == site)


# these need what is defined above
from flake8_async_orm.flow import project_calls, stacks  # noqa: E402
