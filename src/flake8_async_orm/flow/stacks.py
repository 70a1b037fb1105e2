"""Exit stacks: what was entered on one is left with it, wherever it was entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.flow import contexts, coroutines, ledgers
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import callables
from flake8_async_orm.lattice import ObjectState, State, without_none
from flake8_async_orm.values import ApiObject, Awaitable, BoundMember, Object, Place, Site, Tuple, Unknown, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

#: methods by which a session's own end is put on a stack
_CLOSING = frozenset({"close", "aclose"})


def is_stack(value: Value) -> bool:
    return isinstance(value, Object) and value.cls.name in callables.EXIT_STACKS


def called(
    frame: Frame, state: State, receiver: Value, name: str, arguments: list[Argument], site: Site
) -> Value | None:
    """What `receiver.name(...)` gives, where that is a method of an exit stack's that matters here."""
    if name == "enter_async_context" and arguments:
        # nothing else has a method of this name
        given = contexts.entered(frame, arguments[0].value, True, arguments[0].site, state)
        _put(frame, state, receiver, arguments[0].value, given, site)
        return Awaitable(given)
    if not is_stack(receiver):
        return None
    if name == "enter_context" and arguments:
        given = contexts.entered(frame, arguments[0].value, False, arguments[0].site, state)
        _put(frame, state, receiver, arguments[0].value, given, site)
        return given
    if name == "push_async_exit" and arguments and isinstance(without_none(arguments[0].value), ApiObject):
        return _closed_later(frame, state, receiver, arguments[0].value, site)
    if name == "push_async_callback" and arguments:
        match arguments[0].value:
            case BoundMember(receiver=ApiObject() as session, name=method) if method in _CLOSING:
                return _closed_later(frame, state, receiver, session, site)
    if name == "pop_all":
        ledgers.share(state, receiver)
        if isinstance(receiver, Object) and receiver.place is not None:
            frame.doubted.add(receiver.place)
    if name == "aclose":
        left(frame, state, receiver, site, False)
    return None


def _closed_later(frame: Frame, state: State, stack: Value, session: Value, site: Site) -> Value:
    coroutines.consume(frame, session)
    ledgers.entered(state, without_none(session))
    _put(frame, state, stack, session, without_none(session), site)
    return Unknown("put on a stack")


def _put(frame: Frame, state: State, stack: Value, manager: Value, given: Value, site: Site) -> None:
    """`manager`, whose entering gave `given`, is on the stack."""
    place = stack.place if isinstance(stack, Object) else None
    if not is_stack(stack) or place is None or not isinstance(place.root, Site):
        # it is left elsewhere
        ledgers.share(state, given)
        return
    state.heap[place] = ObjectState({**_items(state, place), f"({site.node})": Tuple((manager, given))})


def _items(state: State, place: Place | None) -> dict[str, Value]:
    known = state.heap.get(place) if place is not None else None
    return dict(known.fields) if isinstance(known, ObjectState) else {}


def left(frame: Frame, state: State, stack: Value, site: Site, raised: bool) -> None:
    """The stack is left: what is on it is too, the last first."""
    place = stack.place if isinstance(stack, Object) else None
    items = _items(state, place)
    for name in reversed(list(items)):
        item = items[name]
        if isinstance(item, Tuple) and len(item.items) == 2 and name.startswith("("):
            contexts.left(frame, item.items[0], item.items[1], site, state, raised)
    if place is not None and place in state.heap:
        state.heap[place] = ObjectState({})
