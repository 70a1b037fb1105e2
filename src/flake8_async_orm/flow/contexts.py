"""`with` and `async with`: what entering gives, and what leaving does."""

from __future__ import annotations

from flake8_async_orm.facts import ContextEntered
from flake8_async_orm.flow import coroutines, persistence
from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.expressions import describe
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import api, names
from flake8_async_orm.lattice import State, one_of, without_none
from flake8_async_orm.values import (
    ApiObject,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    Object,
    OneOf,
    Place,
    Site,
    Unknown,
    Value,
)


def entered(frame: Frame, value: Value, is_async: bool, site: Site, state: State) -> Value:
    """What entering `value` gives; entering what cannot be entered this way is a fact."""
    match without_none(value):
        case ContextManager(of=of, is_async=manager_async) as manager:
            if manager_async != is_async:
                _state(frame, site, is_async, "manager", manager.callee, of, manager_async)
            return of if isinstance(of, Unknown) else placed(of, Place(site))
        case ApiObject(cls=cls) as thing:
            enter, other = ("__aenter__", "__enter__") if is_async else ("__enter__", "__aenter__")
            if thing.subclass is None and api.has_class(cls) and not api.has_member(cls, enter):
                _state(
                    frame, site, is_async, "object", "", thing, (not is_async) if api.has_member(cls, other) else None
                )
            return thing
        case Generator(of=of, is_async=True, callee=callee):
            if callee:
                _state(frame, site, is_async, "generator", callee, of, None)
            return placed(of, Place(site))
        case Coroutine(of=of) as coroutine:
            coroutines.consume(frame, coroutine)
            if coroutine.ours or isinstance(without_none(of), (ApiObject, ContextManager)):
                _state(frame, site, is_async, "coroutine", coroutine.callee, of, None)
            return Unknown("a coroutine, entered")
        case Object() as thing:
            return _enter_object(frame, thing, is_async, site, state)
        case OneOf(options=options):
            frame.muted += 1
            try:
                return one_of([entered(frame, option, is_async, site, state) for option in sorted(options, key=repr)])
            finally:
                frame.muted -= 1
        case other_value:
            coroutines.consume(frame, other_value)
            return Unknown("entered something unknown")


def _enter_object(frame: Frame, thing: Object, is_async: bool, site: Site, state: State) -> Value:
    import flake8_async_orm.flow.project_calls as project_calls

    found = frame.program.method(thing.cls.name, "__aenter__" if is_async else "__enter__")
    if found is None:
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
    function = frame.program.function_site(provider) if entered_as in ("generator", "coroutine") else None
    frame.state_fact(ContextEntered(site, is_async, entered_as, provider, describe(gives), manager, function))


def left(frame: Frame, manager: Value, bound: Value, site: Site, state: State) -> None:
    """The block was left: sessions opened by it are closed, transactions committed."""
    match without_none(manager):
        case ApiObject(cls=cls, place=place) if cls in names.SESSIONS:
            persistence.close(state, place)
            if place is not None:
                frame.ended_with.add((place, "close"))
        case ContextManager(callee=callee, of=ApiObject(of=ApiObject() as session)) if (
            callee.endswith(".begin") and session.cls in names.SESSIONS
        ):
            persistence.commit(frame, state, session, site)
            if session.place is not None:
                frame.ended_with.add((session.place, "commit"))
        case ContextManager(callee=callee) if isinstance(bound, ApiObject) and bound.cls in names.SESSIONS:
            if callee.endswith("sessionmaker.begin"):
                persistence.commit(frame, state, bound, site)
            if _made_inside(bound.place, site):
                persistence.close(state, bound.place)
        case _:
            pass


def _made_inside(place: Place | None, site: Site) -> bool:
    """Whether the session was made by entering this very block, rather than handed through it."""
    if place is None:
        return False
    return place.root == site or (isinstance(place.root, tuple) and place.root[0] == site)
