"""Connections and transactions that are begun by `await` or `async with`, once."""

from __future__ import annotations

from flake8_async_orm.facts import MemberReadBeforeEntering
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.scopes import mentioned
from flake8_async_orm.knowledge import api, names
from flake8_async_orm.lattice import ObjectState, State
from flake8_async_orm.values import LENT, STARTED, ApiObject, ContextManager, Site, Unknown, Value, replace


def started(thing: ApiObject) -> ApiObject:
    """A connection or transaction that has been begun; a savepoint may be entered once more."""
    if thing.cls not in names.STARTED_ONCE or ("nested", True) in thing.flags:
        return thing
    return replace(thing, flags=thing.flags | {STARTED})


def begun(state: State, manager: ContextManager, given: Value) -> None:
    """`manager` has been awaited or entered: whatever holds it holds from now on what it gave."""
    for name, binding in state.names.items():
        if type(binding.value) is ContextManager and binding.value == manager:
            state.names[name] = replace(binding, value=given)
    for place, known in state.heap.items():
        if isinstance(known, ObjectState) and manager in known.fields.values():
            fields = {name: given if value == manager else value for name, value in known.fields.items()}
            state.heap[place] = ObjectState(fields)


def made_by(thing: ApiObject) -> str:
    """The member that a started object came from."""
    if thing.cls == "AsyncConnection":
        return "AsyncSession.connection" if LENT in thing.flags else "AsyncEngine.connect"
    owner = thing.of.cls if isinstance(thing.of, ApiObject) else "AsyncSession"
    return f"{names.shown(owner)}.begin"


def lost_sight(state: State, manager: Value) -> None:
    """`manager` went somewhere that may begin it: nothing is known any more of what holds it."""
    if type(manager) is ContextManager:
        begun(state, manager, Unknown("handed on"))


def at_a_distance(value: Value) -> Value:
    """`value` where others may have begun it in the meantime: an attribute, a name of an enclosing function."""
    return replace(value, site=None) if type(value) is ContextManager else value


def member_before(frame: Frame, manager: ContextManager, name: str, site: Site, receiver: Site, state: State) -> Value:
    """`name` is read on a context manager. Gives what it would be read on if the manager had been entered.

    What an `async with` or `await` is missing for is a fact, said once; the manager counts as entered from there on.
    """
    of = manager.of
    if manager.site is None or not manager.callee or not isinstance(of, ApiObject) or of.cls not in names.ASYNC_CLASSES:
        return Unknown("not entered")
    if name.startswith("__") or (manager.awaitable and name in names.WITHOUT_START.get(of.cls, frozenset())):
        return Unknown("not entered")
    if not api.has_member(of.cls, name, frame.program.versions):
        return Unknown("not entered")
    held_by = {held for held, binding in state.names.items() if binding.value == manager}
    if any(held_by & mentioned(nested) for nested, _ in frame.nested.values()):
        return Unknown("may be entered by a nested function")
    begun(state, manager, given := started(of))
    direct = receiver == manager.site
    call = frame.calls.get(site)
    frame.state_fact(
        MemberReadBeforeEntering(
            site, manager.site, manager.callee, names.shown(of.cls), name, manager.awaitable, frame.is_async, direct, call
        )
    )
    return given
